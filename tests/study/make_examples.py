"""Writes the data files of the three example studies (simulated; no real customer is behind any number)."""

import csv
import json
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "examples"
WORDS = "Strongly disagree,Disagree,Slightly disagree,Neither,Slightly agree,Agree,Strongly agree"
AGREE = dict(enumerate(WORDS.split(","), start=1))


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Rows as csv, with an empty cell for None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def one_file(rng: np.random.Generator) -> None:
    """Everything in one table, as counts, with survey blanks coded 0 and 99."""
    rows: list[dict[str, object]] = []
    for i in range(150):
        quality = rng.normal()
        rows.append(
            {
                "firm": f"firm {rng.integers(1, 31)}",
                "recommend": int(np.clip(round(7 + 2 * quality), 0, 10)) if rng.random() > 0.1 else 99,
                "satisfied": int(np.clip(round(3.5 + quality), 1, 5)) if rng.random() > 0.1 else 0,
                "ease": rng.choice([*AGREE.values(), ""]) if rng.random() > 0.3 else AGREE[int(rng.integers(4, 8))],
                "ease_question": "ces2",
                "promised": (promised := int(rng.integers(1, 10))),
                "taken": promised + int(rng.integers(-3, 4)),
                "returned": "yes" if rng.random() < 1 / (1 + np.exp(-quality)) else "no",
                "spend": round(float(np.exp(3 + 0.3 * quality + rng.normal())), 2),
                "n": int(rng.integers(0, 4)),
                "channel": ["shop", "web", "phone", None][i % 4],
                "industry": ["airline", "retail", "telecoms"][i % 3],
            }
        )
    write(HERE / "one_file" / "customers.csv", rows)


def three_tables(rng: np.random.Generator) -> None:
    """Customers, their answers one below the other with repeats, and what they did later."""
    customers, responses, orders = [], [], []
    for i in range(120):
        key = f"C{i:03d}"
        customers.append(
            {
                "customer_id": key,
                "firm": f"F{i % 25:02d}",
                "status": rng.choice(["active", "active", "active", "test"]),
                "window_start": (date(2018, 4, 1) + timedelta(days=int(rng.integers(0, 30)))).isoformat(),
                "days_early": int(rng.integers(-4, 6)) if rng.random() > 0.05 else None,
                "days_early_raw": int(rng.integers(-9, 12)),
                "on_time_region": str(rng.choice(["north", "south"])),
                "tenure": int(rng.integers(0, 60)),
                "prior_orders": int(rng.integers(0, 9)),
                "overall": int(rng.integers(1, 6)),
                "checkin": int(rng.integers(1, 6)),
                "security": int(rng.integers(1, 6)),
                "boarding": int(rng.integers(1, 6)),
            }
        )
    for i in rng.permutation(np.repeat(np.arange(130), 2)):  # ten keys are of no known customer
        for metric in ("nps", "csat", "ces"):
            if rng.random() < 0.6:
                day = date(2018, 1, 1) + timedelta(days=int(rng.integers(0, 100)))
                answered = datetime.combine(day, datetime.min.time()) + timedelta(seconds=int(rng.integers(0, 86400)))
                value = {"nps": rng.integers(0, 11), "csat": rng.integers(1, 6), "ces": rng.integers(1, 8)}[metric]
                responses.append(
                    {
                        "customer_id": f"C{i:03d}",
                        "answered_at": answered.isoformat(sep=" "),
                        "metric": metric,
                        "value": int(value) if rng.random() > 0.05 else int(rng.choice([98, 99])),
                    }
                )
    for i in rng.permutation(110):
        days = int(rng.integers(1, 200))
        orders.append(
            {
                "customer": f"C{i:03d}",
                "enter": int(rng.integers(0, 5)),
                "days": 5 + days,
                "cancelled": int(rng.random() < 0.3),
                "bought_again": str(rng.choice(["true", "false", ""], p=[0.5, 0.4, 0.1])),
                "source": str(rng.choice(["shop", "web"])),
            }
        )
    folder = HERE / "three_tables"
    write(folder / "customers.csv", customers)
    write(folder / "responses.csv", responses)
    write(folder / "orders.csv", orders)
    moment = {"visit_id": "v1", "who": "p1", "verdict": 6}
    write(folder / "moments.csv", [{**moment, "minute": m, "valence": 5 + m % 3} for m in range(5)])
    visit = {"customer_id": "C001", "stars": 4}
    write(folder / "encounters.csv", [{**visit, "date": f"2018-01-0{d}", "upgrade": d % 2} for d in range(1, 6)])


def qualtrics(rng: np.random.Generator) -> None:
    """Two waves of an export with three header rows, and a table of later purchases."""
    texts = {
        "RecordedDate": "Recorded Date",
        "Finished": "Finished",
        "ExternalReference": "External Data Reference",
        "Q1_NPS": "How likely is it that you would recommend us,\nall in all?",
        "Q2": 'The company made it "easy" for me\nto handle my issue',
    }
    folder = HERE / "qualtrics"
    folder.mkdir(parents=True, exist_ok=True)
    for wave in (1, 2):
        with (folder / f"wave{wave}.csv").open("w", newline="", encoding="utf-8-sig") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(texts)
            writer.writerow(texts.values())
            writer.writerow([json.dumps({"ImportId": name}) for name in texts])
            for i in rng.permutation(80)[:60]:
                minute = int(rng.integers(0, 40_000))
                at = datetime(2018, 2 * wave, 1) + timedelta(minutes=minute)  # noqa: DTZ001  # local time, as exported
                done = rng.random() > 0.2
                nps = rng.integers(0, 11) if done or rng.random() > 0.5 else ""
                ease = AGREE[int(rng.integers(1, 8))] if done and rng.random() > 0.1 else ""
                writer.writerow([at.isoformat(sep=" "), str(done), int(1000 + i), nps, ease])
    purchases = [
        {
            "customer": 1000 + i,
            "spend": round(float(rng.gamma(2, 20)), 2),
            "orders": int(rng.poisson(1.5)),
            "again": int(rng.random() < 0.6),
        }
        for i in range(75)
    ]
    write(folder / "purchases.csv", purchases)


def contacts(rng: np.random.Generator) -> None:
    """What the same customers met and told, and how they were served; some of them are in no wave."""
    rows: list[dict[str, object]] = []
    for i in rng.permutation(90)[:75]:
        problem, called = int(rng.random() < 0.4), int(rng.random() < 0.5)
        spring = int(rng.integers(2, 11))
        rows.append(
            {
                "customer": 1000 + int(i),
                "gap": int(rng.integers(-3, 5)) if rng.random() > 0.1 else None,
                "trouble": problem,
                "complained": int(rng.random() < 0.3) if problem else None,
                "solved": int(rng.random() < 0.5) if problem else None,
                "called": called,
                "wow": int(rng.random() < 0.2) if called else None,
                "failed": int(rng.random() < 0.1) if called else None,
                "euros": round(float(rng.gamma(4, 3)), 2) if called else None,
                "minutes": int(rng.integers(2, 30)) if called else None,
                "queue": int(rng.poisson(4)) if called else None,
                "transfers": int(rng.poisson(0.6)) if called else None,
                "repeats": int(rng.poisson(0.4)) if called else None,
                "spring": spring,
                "autumn": int(np.clip(spring + rng.integers(-3, 3), 0, 10)) if rng.random() > 0.2 else 99,
            }
        )
    write(HERE / "qualtrics" / "contacts.csv", rows)


if __name__ == "__main__":
    one_file(np.random.default_rng(20180101))
    three_tables(np.random.default_rng(20180102))
    qualtrics(np.random.default_rng(20180103))
    contacts(np.random.default_rng(20180104))
