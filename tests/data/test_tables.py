"""The bundled tables against the figures stated for the original data."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats import simulate
from cxstats.simulate.journeys import journeys_truth
from cxstats.simulate.service import service_truth

DATA = Path(__file__).resolve().parents[2] / "data"
TABLES = ("olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service")
OF_CONTACT = ("ease", "transfers", "repeats", "attempt", "failure", "cost", "handling", "wait")
TOUCHPOINTS = ("order", "delivery", "setup", "support")
COLUMNS = {
    "olist_deliveries": ["stars", "days_early", "days_early_unclipped", "answered_after_delivery", "reordered", "n"],
    "sfo_2017": ["nps", "overall", "ease", "problem", "first_visit", "n"],
    "simulated_cohort": ["nps", "csat", "ease", "days_early", "repurchase", "n"],
    "simulated_journeys": ["branch", *TOUCHPOINTS, "journey", "satisfaction", "churn", "n"],
    "simulated_service": [
        "tenure", "gap", "problem", "complained", "recovered", "contact", "before", "after", *OF_CONTACT, "csat",
        "repurchase", "n",
    ],
}  # fmt: skip
# Bytes; with a branch and seven ratings, or eighteen columns, few rows are alike.
LARGEST = {"simulated_journeys": 110_000, "simulated_service": 300_000}
# The stated figures are printed to two (means) and three (slopes) decimals; one of them, .004 for .0045,
# was cut rather than rounded.
MEAN_PRINTED, SLOPE_PRINTED = 0.005, 0.0006
ERRORS = 4.0  # how far a sample may lie from the truth, in standard errors


def table(name: str) -> pd.DataFrame:
    return pd.read_csv(DATA / f"{name}.csv")


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """The deliveries with one line per order."""
    counted = table("olist_deliveries")
    return counted.loc[counted.index.repeat(counted["n"])].drop(columns="n")


def slopes(gap: pd.Series, outcome: pd.Series) -> np.ndarray:
    """Least squares of two lines that meet at 0: slope below, slope above."""
    design = np.column_stack([np.ones(len(gap)), np.minimum(gap, 0), np.maximum(gap, 0)])
    return np.linalg.lstsq(design, outcome.to_numpy(dtype=float), rcond=None)[0][1:]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_sorted_counts_without_ids(name: str) -> None:
    content = (DATA / f"{name}.csv").read_bytes()
    assert len(content) < LARGEST.get(name, 60_000)
    lines = content.decode("ascii").split("\n")
    assert lines[0].split(",") == COLUMNS[name]
    assert lines[-1] == ""
    # Short whole numbers or nothing: no key, date or text has room in that.
    assert all(re.fullmatch(r"(-?\d{1,3})?(,(-?\d{1,3})?)+,\d{1,4}", line) for line in lines[1:-1])
    frame = table(name)
    keys = COLUMNS[name][:-1]
    assert (frame["n"] >= 1).all()
    assert not frame.duplicated(keys).any()
    assert frame.equals(frame.sort_values(keys, na_position="last").reset_index(drop=True))


@pytest.mark.parametrize("name", TABLES)
def test_readme_states_rows_and_cells(name: str) -> None:
    frame = table(name)
    (row,) = [
        x for x in (DATA / "README.md").read_text(encoding="utf-8").splitlines() if x.startswith(f"| `{name}.csv`")
    ]
    stated = [int(number.replace(",", "")) for number in re.findall(r"(?<=\| )[\d,]+", row)]
    assert stated == [frame["n"].sum(), len(frame), (frame["n"] == 1).sum()]


def test_olist_orders_and_clip(orders: pd.DataFrame) -> None:
    gap = orders["days_early_unclipped"]
    assert len(orders) == 14_448
    assert set(orders["stars"]) == {1, 2, 3, 4, 5}
    assert orders["days_early"].equals(gap.clip(-11, 20))
    note = tomllib.loads((DATA / "olist_deliveries.toml").read_text(encoding="utf-8"))["study"]["note"]
    assert f"{(gap < -11).sum():,} orders that came later" in note
    assert f"{(gap > 20).sum():,} that came earlier" in note


def test_olist_mean_stars_against_stated_figures(orders: pd.DataFrame) -> None:
    gap = orders["days_early_unclipped"]
    groups = {"late": gap < 0, "day": gap == 0, "week": gap.between(1, 7), "more": gap >= 8}
    means = {name: orders.loc[rows, "stars"].mean() for name, rows in groups.items()}
    assert means == pytest.approx({"late": 2.27, "day": 4.18, "week": 4.22, "more": 4.30}, abs=MEAN_PRINTED)


def test_olist_slopes_against_stated_figures(orders: pd.DataFrame) -> None:
    after = orders[orders["answered_after_delivery"] == 1]
    clipped = slopes(orders["days_early"], orders["stars"])
    unclipped = slopes(orders["days_early_unclipped"], orders["stars"])
    answered_after = slopes(after["days_early_unclipped"], after["stars"])
    np.testing.assert_allclose(clipped, [0.254, 0.012], atol=SLOPE_PRINTED)
    np.testing.assert_allclose(unclipped, [0.069, 0.020], atol=SLOPE_PRINTED)
    np.testing.assert_allclose(answered_after, [0.160, 0.004], atol=SLOPE_PRINTED)


def test_olist_reviews_before_delivery_against_stated_figures(orders: pd.DataFrame) -> None:
    late, after = orders["days_early_unclipped"] < 0, orders["answered_after_delivery"] == 1
    assert after.sum() == 13_758
    assert (late & after).sum() == 283
    assert (late & ~after).sum() / late.sum() == pytest.approx(0.70, abs=MEAN_PRINTED)


def test_olist_reorders_against_stated_figures(orders: pd.DataFrame) -> None:
    assert orders["reordered"].notna().sum() == 12_695
    assert orders["reordered"].sum() == 27
    assert set(orders["reordered"].dropna()) == {0, 1}


def test_sfo_codes_against_stated_figures() -> None:
    frame = table("sfo_2017")
    rows = frame.loc[frame.index.repeat(frame["n"])]
    assert len(rows) == 2_831
    scales = {"nps": range(11), "overall": range(1, 6), "ease": range(1, 6), "problem": (0, 1), "first_visit": (0, 1)}
    for column, values in scales.items():
        assert set(rows[column].dropna()) == set(values)
    assert (rows["nps"] == 0).sum() > 0
    # 84 guests have the code 11, one gave no answer at all.
    assert rows["nps"].isna().sum() == 84 + 1
    assert (rows["first_visit"] == 1).sum() == 599


def test_simulated_cohort_against_truth() -> None:
    truth, frame = simulate.truth(), table("simulated_cohort")
    rows = frame.loc[frame.index.repeat(frame["n"])]
    assert len(rows) == 40_000
    events = rows["repurchase"].sum()
    assert min(events, len(rows) - events) >= 100
    good = rows["repurchase"] == 1
    error = np.sqrt(1 / (12 * good.sum()) + 1 / (12 * (~good).sum()))
    for metric, area in truth.auc.items():
        ranks = rows[metric].rank()
        found = (ranks[good].mean() - (good.sum() + 1) / 2) / (~good).sum()
        assert abs(found - area) < ERRORS * error
    rate = rows.groupby(np.sign(rows["days_early"]))["repurchase"].agg(["mean", "size"])
    expected = np.array([truth.late_rate, truth.met_rate, truth.exceeded_rate])
    assert (np.abs(rate["mean"] - expected) < ERRORS * np.sqrt(expected * (1 - expected) / rate["size"])).all()


def test_simulated_journeys_against_truth() -> None:
    truth = journeys_truth(
        own=0.35, satisfaction_ratio=1.35, churn_ratio=1.32, unused=(0.0, 0.1, 0.25, 0.4), unused_slope=0.3
    )
    frame = table("simulated_journeys")
    rows = frame.loc[frame.index.repeat(frame["n"])]
    n = len(rows)
    assert n == 6_000
    assert set(rows["branch"]) == set(range(1, 61))
    assert rows[[*TOUCHPOINTS]].notna().any(axis=1).all()
    good = rows["churn"] == 0
    # Branches of 100 that share a tenth of the factor: the ratings' own correlation in a branch is at most .05, and
    # that of a share or a product of two ratings far lower, so that sqrt(1 + 99 * .02) covers it.
    wider = np.sqrt(1 + 99 * 0.02)
    assert abs((~good).mean() - truth.rate) < ERRORS * wider * np.sqrt(0.2 * 0.8 / n)
    for column, name in {"journey": "journey", **dict(zip(TOUCHPOINTS, truth.touchpoints, strict=True))}.items():
        used = rows[column].notna()
        unused = truth.unused.get(name, 0.0)
        assert abs((~used).mean() - unused) <= ERRORS * wider * np.sqrt(unused * (1 - unused) / n)
        r = rows.loc[used, column].corr(rows.loc[used, "satisfaction"])
        assert abs(r - truth.r[name]) < ERRORS * wider / np.sqrt(used.sum())
        bad = (used & ~good).sum()
        ranks = rows.loc[used, column].rank()[good[used]]
        found = (ranks.mean() - (len(ranks) + 1) / 2) / bad
        error = np.sqrt(1 / (12 * len(ranks)) + 1 / (12 * bad))
        assert abs(found - truth.auc[name]) < ERRORS * wider * error


def test_simulated_journeys_state_their_truth() -> None:
    truth = journeys_truth(
        own=0.35, satisfaction_ratio=1.35, churn_ratio=1.32, unused=(0.0, 0.1, 0.25, 0.4), unused_slope=0.3
    )
    assert truth.none_used == 0
    r, auc = ({k: f"{v:.3f}"[1:] for k, v in index.items()} for index in (truth.r, truth.auc))
    study = tomllib.loads((DATA / "simulated_journeys.toml").read_text(encoding="utf-8"))
    note = study["study"]["note"]
    assert f"1.35 times that of all touchpoints together ({r['journey']} and {r['all']})" in note
    assert f"by 1.32 times as much ({auc['journey']} and {auc['all']})" in note
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert ", ".join(r[name] for name in truth.touchpoints) in readme
    assert f"satisfaction {r['journey']}: 1.35 times that of the four together ({r['all']})" in readme
    assert f"{auc['journey']} for `journey`, {auc['all']} for the four together: 1.32 times" in readme
    assert study["journey"]["rating"] == "journey"
    assert study["journey"]["touchpoints"] == [*TOUCHPOINTS]


def test_simulated_journeys_can_be_validated() -> None:
    validation = cx.validate(cx.Study.read(DATA / "simulated_journeys.toml"), rng=1)
    assert len(validation.findings) > 0


def test_simulated_visits_against_truth() -> None:
    """Peak and end by hand of every visit: their least squares are the truth, and beyond them there is noise."""
    frame = table("simulated_visits")
    assert list(frame) == ["visit", "guest", "minute", "mood", "memory", "treated"]
    assert (len(frame), frame["visit"].nunique(), frame["guest"].nunique()) == (5_178, 800, 200)
    assert frame["mood"].between(0, 10).all()
    rows = []
    for _, moments in frame.groupby("visit"):
        mood = moments["mood"].tolist()
        assert 4 <= len(mood) <= 9
        assert moments["minute"].is_monotonic_increasing
        assert moments[["guest", "memory", "treated"]].drop_duplicates().shape[0] == 1
        peak = max(enumerate(mood), key=lambda moment: (abs(moment[1] - 5), moment[0]))[1]
        rows.append((peak, mood[-1], np.mean(mood), *moments.iloc[0][["guest", "memory", "treated"]]))
    visits = pd.DataFrame(rows, columns=["peak", "end", "mean", "guest", "memory", "treated"])
    assert visits["treated"].sum() == 400
    own = visits - visits.groupby("guest").transform("mean")
    design = own[["peak", "end", "mean"]].to_numpy()
    found, (squares,), *_ = np.linalg.lstsq(design, own["memory"].to_numpy(), rcond=None)
    degrees = 800 - 200 - 3
    error = np.sqrt(squares / degrees * np.linalg.inv(design.T @ design).diagonal())
    assert (np.abs(found - [0.5, 0.5, 0.0]) < ERRORS * error).all()
    # Noise of .4, and .03 by rounding.
    assert abs(squares / degrees / 0.16 - 1) < ERRORS * np.sqrt(2 / degrees) + 0.01


def test_simulated_service_against_truth() -> None:
    """Shares by hand; what the methods find is compared with the truth where the verdicts are."""
    truth, counted = service_truth(), table("simulated_service")
    frame = counted.loc[counted.index.repeat(counted["n"])].reset_index(drop=True)
    assert len(frame) == 10_000
    had, met = frame["contact"] == 1, frame["problem"] == 1
    assert all(frame[column].notna().equals(had) for column in OF_CONTACT)
    assert all(frame[column].notna().equals(met) for column in ("complained", "recovered"))
    tried = frame["attempt"] == 1
    fell, rose, _ = truth.moved["contact"]
    shares = [
        (frame["repurchase"], 0.55),
        (met, 0.3),
        (1 - frame.loc[met, "complained"], truth.silent),
        (frame.loc[had, "attempt"], truth.attempt),
        (frame.loc[tried, "failure"], truth.failure["attempt"]),
        (frame.loc[had & ~tried, "failure"], truth.failure["no attempt"]),
        (frame.loc[had, "after"] < frame.loc[had, "before"], fell),
        (frame.loc[had, "after"] > frame.loc[had, "before"], rose),
        (frame["gap"] >= 3, truth.tier_share["delight"]),
    ]
    for found, share in shares:
        assert abs(found.mean() - share) < ERRORS * np.sqrt(share * (1 - share) / len(found))
    for column, ratio in (("cost", truth.cost_ratio), ("handling", truth.handling_ratio)):
        logs = [np.log(frame.loc[on, column].to_numpy()) for on in (had & ~tried, had & tried)]
        error = np.sqrt(sum(one.var() / len(one) for one in logs))
        assert abs(logs[1].mean() - logs[0].mean() - np.log(ratio)) < ERRORS * error


def test_simulated_service_states_its_truth() -> None:
    truth, study = service_truth(), tomllib.loads((DATA / "simulated_service.toml").read_text(encoding="utf-8"))
    note, readme = study["study"]["note"], (DATA / "README.md").read_text(encoding="utf-8")
    recovery, tiers = ({k: f"{v:.0%}" for k, v in rates.items()} for rates in (truth.recovery, truth.tier_rate))
    much, little = (f"{share:.0%}" for share in truth.disloyal.values())
    slopes = {name: f"{slope:.2f}"[1:] for name, slope in truth.slopes.items()}
    for told in (
        f"{truth.silent:.0%} of the customers with a problem do not complain",
        f"without a problem {recovery['no problem']} come back",
        f"where one was put right {recovery['recovered']}, where it was not {recovery['unrecovered']}",
        f"{much} after much effort, {little} after little",
        f"{truth.harm:.2f} times as often",
        f"{truth.attempt:.0%} of the contacts, fail in {truth.failure['attempt']:.0%} instead of",
        f"instead of {truth.failure['no attempt']:.0%}, cost {truth.cost_ratio:.2f} times as much",
        f"others wait {truth.wait:.0f} minutes more",
        f"{tiers['fail']} (fail), {tiers['meet']}, {tiers['exceed']} and {tiers['delight']} (delight) come back",
        f"log-odds {slopes['problem']} per SD, {slopes['no problem']} without",
    ):
        assert told in note
    exact = [
        *truth.recovery.values(), *truth.tier_rate.values(), *truth.disloyal.values(), *truth.slopes.values(),
        *truth.per_sd.values(),
    ]  # fmt: skip
    assert all(f"{value:.3f}"[1:] in readme for value in exact)
    assert f"same without one: {truth.harm:.2f} |" in readme
    assert f"means {truth.cost_ratio:.3f} and {truth.handling_ratio:.3f} times" in readme
    assert f"wait {truth.wait:.2f} minutes longer" in readme


def test_simulated_service_declares_every_key() -> None:
    study = tomllib.loads((DATA / "simulated_service.toml").read_text(encoding="utf-8"))
    declared = study["service"]
    assert set(declared) == {
        "problem", "complained", "recovered", "contact", "attempt", "failure", "cost", "handling", "wait", "objective",
        "before", "after",
    }  # fmt: skip
    metrics = {name: section["column"] for name, section in study["metric"].items()}
    named = [*(value for key, value in declared.items() if key != "objective"), *declared["objective"]]
    named += [*metrics.values(), study["expectation"]["disconfirmation"], *study["controls"]["columns"]]
    assert {*named, study["outcome"]["repurchase"]["column"], "n"} == set(COLUMNS["simulated_service"])
    assert {declared["before"], declared["after"]} <= set(metrics)


@pytest.mark.parametrize("name", TABLES)
def test_study_file_names_columns_that_exist(name: str) -> None:
    study = tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))
    (single,) = study["table"].values()
    assert single["file"] == f"{name}.csv"
    sections = [*study.get("metric", {}).values(), *study["outcome"].values()]
    named = [section["column"] for section in sections]
    if "expectation" in study:
        named.append(study["expectation"]["disconfirmation"])
    for other in study.get("sensitivity", []):
        named += [other["disconfirmation"], *other.get("where", {})]
    assert set(named) <= set(COLUMNS[name])
    assert study["study"]["count"] == "n"
    assert study["study"]["evidence"] == ("simulated" if name.startswith("simulated_") else "real")


def test_past_behaviour_is_not_declared_as_later() -> None:
    study = tomllib.loads((DATA / "sfo_2017.toml").read_text(encoding="utf-8"))
    assert not {"after", "starts"} & set(study["outcome"]["visited_before"])
