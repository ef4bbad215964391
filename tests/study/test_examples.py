"""The three example studies against joins made by hand with the csv module."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import cxstats as cx
from cxstats.study.parts import TableAccount

EXAMPLES = Path(__file__).parent / "examples"
AGREE = ["Strongly disagree", "Disagree", "Slightly disagree", "Neither", "Slightly agree", "Agree", "Strongly agree"]


def lines(path: str, skip: int = 0) -> list[dict[str, str]]:
    with (EXAMPLES / path).open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1 + skip :]]


def number(text: str | None, missing: Sequence[str] = ()) -> float | None:
    return None if text in (None, "", *missing) else float(str(text))


def tallied(cells: cx.Cells, columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    """Rows per distinct combination, with None for missing."""
    found: Counter[tuple[Any, ...]] = Counter()
    for i, n in enumerate(cells.count):
        values = [cells[column][i] for column in columns]
        found[tuple(None if v is None or v != v else v for v in values)] += int(n)
    return found


def by_hand(rows: Iterable[Sequence[Any]]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row) for row in rows)


def test_one_file_by_hand() -> None:
    study = cx.Study.read(EXAMPLES / "one_file" / "study.toml")
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in lines("one_file/customers.csv"):
        csat = number(row["satisfied"], ["0"])
        scores = (number(row["recommend"], ["99"]), csat, None if row["ease"] == "" else 1.0 + AGREE.index(row["ease"]))
        gap = float(row["promised"]) - float(row["taken"])
        outcomes = (float(row["returned"] == "yes"), float(row["spend"]), csat)
        expected[(row["firm"], gap, *scores, *outcomes)] += int(row["n"])
    found: Counter[tuple[Any, ...]] = Counter()
    for i, name in enumerate(["repurchase", "spend", "says"]):
        cells = study.cells(name, metrics=["nps", "csat", "ease"], disconfirmation=True)
        found = tallied(cells, ["cluster", "disconfirmation", "nps", "csat", "ease", name])
        narrowed: Counter[tuple[Any, ...]] = Counter()
        for key, n in expected.items():
            narrowed[(*key[:5], key[5 + i])] += n
        assert found == +narrowed  # rows that stand for nobody are not there
    customers = sum(int(row["n"]) for row in lines("one_file/customers.csv"))
    assert study.tables_account == (TableAccount(table="customers", read=150, used=150, stands_for=customers),)
    assert study.title == "Customers of thirty firms <b>2018</b>"
    assert study.met == (-1, 1)
    assert {name: study.timing(name).status for name in study.outcomes} == {
        "repurchase": "declared",
        "spend": "undeclared",
        "says": "undeclared",
    }


def answers_by_hand(metric: str) -> dict[str, tuple[datetime, float | None]]:
    """The last answer of each customer to one question."""
    last: dict[str, tuple[datetime, float | None]] = {}
    for row in lines("three_tables/responses.csv"):
        at = datetime.fromisoformat(row["answered_at"])
        if row["metric"] == metric and (row["customer_id"] not in last or last[row["customer_id"]][0] < at):
            last[row["customer_id"]] = (at, number(row["value"], ["98", "99"]))
    return last


def test_three_tables_by_hand() -> None:
    study = cx.Study.read(EXAMPLES / "three_tables" / "study.toml")
    answers = {"nps": answers_by_hand("nps"), "csat": answers_by_hand("csat"), "ease": answers_by_hand("ces")}
    orders = {row["customer"]: row for row in lines("three_tables/orders.csv")}
    churn, again, gaps, north, late = [], [], [], [], 0
    for row in lines("three_tables/customers.csv"):
        if row["status"] != "active":
            continue
        given = {name: by_key.get(row["customer_id"]) for name, by_key in answers.items()}
        scores = [None if answer is None else answer[1] for answer in given.values()]
        order = orders.get(row["customer_id"], {})
        begins = datetime.fromisoformat(row["window_start"])
        too_late = any(a is not None and a[1] is not None and a[0] >= begins for a in given.values())
        event = [number(order.get(key)) for key in ("enter", "cancelled", "days")]
        if too_late and None not in event:
            late += 1
            event = [None, None, None]
        bought = {"true": 1.0, "false": 0.0}.get(order.get("bought_again", ""))
        churn.append((row["firm"], *scores, *event))
        again.append((row["firm"], *scores, bought if order.get("source") == "shop" else None))
        gaps.append((row["firm"], number(row["days_early"]), *event))
        if row["on_time_region"] == "north":
            north.append(gaps[-1])
    metrics, event_columns = ["nps", "csat", "ease"], ["churn.entry", "churn.event", "churn.time"]
    cells = study.cells("churn", metrics=metrics)
    assert tallied(cells, ["cluster", *metrics, *event_columns]) == by_hand(churn)
    assert tallied(study.cells("again", metrics=metrics), ["cluster", *metrics, "again"]) == by_hand(again)
    main = study.cells("churn", disconfirmation=True)
    assert tallied(main, ["cluster", "disconfirmation", *event_columns]) == by_hand(gaps)
    other = study.cells("churn", disconfirmation=True, sensitivity=1)
    assert tallied(other, ["cluster", "disconfirmation", *event_columns]) == by_hand(north)
    raw = Counter(
        number(row["days_early_raw"]) for row in lines("three_tables/customers.csv") if row["status"] == "active"
    )
    unclipped = tallied(study.cells(None, disconfirmation=True, sensitivity=0), ["disconfirmation"])
    assert unclipped == Counter({(gap,): n for gap, n in raw.items()})
    assert late > 0
    assert study.timing("churn").n_late == study.n_late("churn") == late
    assert study.timing("churn").status == "checked"
    assert study.unused == ("journey",)
    assert (study.controls, study.segments, study.firm) == (("tenure", "prior_orders"), ("on_time_region",), "firm")
    assert study.smallest_effect == {"auc": 0.02}
    assert [s.title for s in study.sensitivities] == ["gap as recorded", "north only"]


def test_three_tables_account_by_hand() -> None:
    study = cx.Study.read(EXAMPLES / "three_tables" / "study.toml")
    active = {row["customer_id"] for row in lines("three_tables/customers.csv") if row["status"] == "active"}
    responses = lines("three_tables/responses.csv")
    of_active = [row for row in responses if row["customer_id"] in active]
    used = len({(row["customer_id"], row["metric"]) for row in of_active})
    orders = lines("three_tables/orders.csv")
    matched = sum(row["customer"] in active for row in orders)
    assert study.tables_account == (
        TableAccount(table="customers", read=120, used=len(active), filtered=120 - len(active)),
        TableAccount(
            table="responses",
            read=len(responses),
            used=used,
            superseded=len(of_active) - used,
            unmatched=len(responses) - len(of_active),
        ),
        TableAccount(table="orders", read=110, used=matched, unmatched=110 - matched),
        TableAccount(table="moments", read=5, used=5),
        TableAccount(table="encounters", read=5, used=5),
    )


def finished_waves() -> tuple[int, list[dict[str, str]], dict[str, dict[str, str]]]:
    """How many answers were exported, those that were finished, and the last of each customer."""
    exported = [row for wave in (1, 2) for row in lines(f"qualtrics/wave{wave}.csv", skip=2)]
    finished = [row for row in exported if row["Finished"] == "True"]
    by_time = sorted(finished, key=lambda row: row["RecordedDate"])
    return len(exported), finished, {row["ExternalReference"]: row for row in by_time}


def test_qualtrics_by_hand() -> None:
    study = cx.Study.read(EXAMPLES / "qualtrics" / "study.toml")
    exported, finished, last = finished_waves()
    bought = {row["customer"]: row for row in lines("qualtrics/purchases.csv")}
    expected = [
        (
            number(row["Q1_NPS"]),
            None if row["Q2"] == "" else 1.0 + AGREE.index(row["Q2"]),
            number(bought.get(key, {}).get("again")),
            number(bought.get(key, {}).get("orders")),
        )
        for key, row in last.items()
    ]
    for i, name in enumerate(["again", "orders"]):
        cells = study.cells(name, metrics=["nps", "ease"])
        assert tallied(cells, ["nps", "ease", name]) == by_hand((*row[:2], row[2 + i]) for row in expected)
    survey, purchases, contacts = study.tables_account
    assert (survey.read, survey.used) == (120, len(last))
    assert survey.filtered == exported - len(finished)
    assert survey.superseded == len(finished) - len(last)
    assert purchases.used == len(last.keys() & bought.keys())
    assert purchases.unmatched == len(bought.keys() - last.keys())
    served = {row["customer"] for row in lines("qualtrics/contacts.csv")}
    assert (contacts.used, contacts.unmatched) == (len(last.keys() & served), len(served - last.keys()))
    assert contacts.unmatched > 0


def test_qualtrics_contacts_by_hand() -> None:
    """What the service section names, the scores before and after, and the gap, joined to the last answers."""
    study = cx.Study.read(EXAMPLES / "qualtrics" / "study.toml")
    served = {row["customer"]: row for row in lines("qualtrics/contacts.csv")}
    columns = {
        "problem": "trouble", "complained": "complained", "recovered": "solved", "contact": "called", "attempt": "wow",
        "failure": "failed", "cost": "euros", "handling": "minutes", "wait": "queue",
        "objective.transfers": "transfers", "objective.repeats": "repeats",
    }  # fmt: skip
    keys = [key for key in columns if "." not in key]
    cells = study.cells("again", metrics=["spring", "autumn"], service=(*keys, "objective"), disconfirmation=True)
    bought = {row["customer"]: row for row in lines("qualtrics/purchases.csv")}
    expected = []
    for customer in finished_waves()[2]:
        row = served.get(customer, {})
        values = [number(row.get(column)) for column in columns.values()]
        scores = (number(row.get("spring")), number(row.get("autumn"), ["99"]), number(row.get("gap")))
        expected.append((*values, *scores, number(bought.get(customer, {}).get("again"))))
    names = [*(f"service.{key}" for key in columns), "spring", "autumn", "disconfirmation", "again"]
    assert tallied(cells, names) == by_hand(expected)
    assert study.service is not None
    assert (study.service.before, study.service.after, study.service.same_sitting) == ("spring", "autumn", True)
    assert study.expectation is not None
    assert dict(study.expectation.tiers) == {"meet": 0, "exceed": 1, "delight": 3}


@pytest.mark.parametrize("name", ["one_file", "three_tables", "qualtrics"])
def test_accounts_add_up(name: str) -> None:
    for account in cx.Study.read(EXAMPLES / name / "study.toml").tables_account:
        assert account.read == account.used + account.filtered + account.superseded + account.unmatched
