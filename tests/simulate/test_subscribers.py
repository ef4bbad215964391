"""Subscribers who cancel: the truth against R on the whole population, draws against it by brute force."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import cxstats as cx
from cxstats import simulate

REFERENCES = Path(__file__).parents[1] / "references"
# R adds up in an order of its own, and integrates over what the scores share by another rule.
SUMMED = 1e-11
FITTED = 1e-10  # iteratively reweighted least squares, on shares that are integrals
ROUNDING = 1e-12
ERRORS = 4.0
N = 60_000
METRICS = ("nps", "csat", "ease")
VALUES = {"nps": np.arange(11.0), "csat": np.arange(1.0, 6), "ease": np.arange(1.0, 8)}
CASES: dict[str, dict[str, Any]] = {
    "usual": {"hazard_ratio": {"nps": 0.85, "csat": 0.7, "ease": 0.9}, "monthly": 0.03, "shape": 0.8, "lost": 0.01},
    "signup": {
        "hazard_ratio": {"nps": 0.6, "ease": 1.2}, "months": 6, "monthly": 0.2, "shape": 1.0, "lost": 0.0,
        "late_entry": False, "halo": 0.0,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> pd.Series:
    """What R says, by case, quantity and metric."""
    frame = pd.read_csv(REFERENCES / "subscribers.csv", comment="#", keep_default_na=False)
    return frame.set_index(["case", "what", "metric"])["value"].sort_index()


@pytest.fixture(scope="module", params=CASES)
def drawn(request: pytest.FixtureRequest) -> tuple[simulate.SubscribersTruth, pd.DataFrame]:
    """A truth, and many customers from its population."""
    options = CASES[request.param]
    return simulate.subscribers_truth(**options), simulate.subscribers(N, rng=20261128, **options)


# --- the truth -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_concordance_against_survival(case: str, reference: pd.Series) -> None:
    truth = simulate.subscribers_truth(**CASES[case])
    expected = reference[case, "concordance"]
    for metric in METRICS:
        assert truth.concordance[metric] == pytest.approx(expected[metric], abs=SUMMED)
    assert truth.everything == pytest.approx(expected["all"], abs=SUMMED)
    assert truth.cancelled == pytest.approx(reference[case, "cancelled", ""], abs=SUMMED)
    assert truth.best == {"usual": "csat", "signup": "nps"}[case]


@pytest.mark.parametrize("case", CASES)
def test_hazard_ratios_against_person_months_in_R(case: str, reference: pd.Series) -> None:
    truth = simulate.subscribers_truth(**CASES[case])
    for metric in METRICS:
        expected = reference[case, "log hazard ratio", metric]
        assert truth.log_hazard[metric] == pytest.approx(expected, abs=FITTED)
    for month, name in ((0, "first month"), (-1, "last month")):
        chance = 1 - np.exp(-np.exp(reference[case, name, ""]))
        assert truth.baseline[month] == pytest.approx(chance, abs=FITTED)


def test_the_usual_case_is_the_default() -> None:
    given, default = simulate.subscribers_truth(**CASES["usual"]), simulate.subscribers_truth()
    assert given is default  # computed once


def test_truth_against_its_parameters() -> None:
    ratio = {"nps": 0.8, "ease": 1.1}
    truth = simulate.subscribers_truth(hazard_ratio=ratio, monthly=0.05, shape=0.7, months=10)
    assert dict(truth.hazard_ratio) == {"nps": 0.8, "csat": 1.0, "ease": 1.1}
    assert truth.log_hazard["csat"] == 0
    assert truth.baseline[0] == pytest.approx(0.05, abs=ROUNDING)
    assert len(truth.baseline) == 22  # months 1 to 12 + 10
    assert (np.diff(truth.baseline) < 0).all()
    for axis, (metric, values) in enumerate(VALUES.items()):
        share = truth.joint.sum(axis=tuple(j for j in range(3) if j != axis))
        spread = np.sqrt((values - values @ share) ** 2 @ share)
        assert np.exp(truth.log_hazard[metric] * spread) == pytest.approx(truth.hazard_ratio[metric], abs=ROUNDING)


def test_without_censoring_by_months_everybody_cancels_or_is_lost() -> None:
    kept = simulate.subscribers_truth(hazard_ratio={}, monthly=0.1, shape=1.0, lost=0.0, months=20, late_entry=False)
    assert kept.cancelled == pytest.approx(1 - 0.9**20, abs=ROUNDING)
    lost = simulate.subscribers_truth(hazard_ratio={}, monthly=0.1, shape=1.0, lost=0.3, months=20, late_entry=False)
    assert lost.cancelled == pytest.approx(0.1 * (1 - 0.63**20) / 0.37, abs=ROUNDING)


def test_scores_that_tell_nothing_are_at_one_half() -> None:
    none = simulate.subscribers_truth(hazard_ratio={}, halo=0.3)
    assert [*none.concordance.values(), none.everything] == pytest.approx([0.5] * 4, abs=ROUNDING)
    assert none.best is None
    # With one ratio the others predict nevertheless, through what they share with it, and only so.
    one = simulate.subscribers_truth(hazard_ratio={"csat": 0.6})
    assert one.everything == pytest.approx(one.concordance["csat"], abs=ROUNDING)
    assert 0.5 < one.concordance["nps"] < one.concordance["csat"]
    assert simulate.subscribers_truth(hazard_ratio={"csat": 0.6}, halo=0.0).concordance["nps"] == pytest.approx(0.5)


# --- the rows against the truth --------------------------------------------------------------------------------------


def concordance_of_pairs(frame: pd.DataFrame, metric: str) -> tuple[float, float]:
    """Concordance and its standard error, from all pairs of distinct rows written out."""
    cells = frame.groupby([metric, "entered", "months", "cancelled"]).size().reset_index(name="n")
    x, entered, months, cancelled, n = (cells[name].to_numpy() for name in cells)
    outlives = (months > months[:, None]) | ((months == months[:, None]) & (cancelled == 0))
    usable = (cancelled[:, None] == 1) & (entered < months[:, None]) & outlives
    right = usable * (0.5 + 0.5 * np.sign(x - x[:, None]))
    usable_of, right_of = (pairs @ n + n @ pairs for pairs in (usable, right))
    value = (n @ right_of) / (n @ usable_of)
    # A row moves the value by 2 (its right pairs - value times its usable pairs) / all usable pairs of rows.
    influence = 2 * (right_of - value * usable_of) / (n @ usable_of)
    return float(value), float(np.sqrt(n @ influence**2))


def person_months(frame: pd.DataFrame) -> pd.DataFrame:
    """Customers at risk and cancelling in each month since signup, per combination of scores."""
    last = frame["months"].max()
    pieces = []
    for month in range(1, last + 1):
        there = frame[(frame["entered"] < month) & (frame["months"] >= month)]
        goes = (there["months"] == month) & (there["cancelled"] == 1)
        counted = there.assign(goes=goes).groupby(list(METRICS))["goes"].agg(["sum", "size"]).reset_index()
        pieces.append(counted.assign(month=month))
    return pd.concat(pieces)


def test_concordance_of_pairs_in_simulation(drawn: tuple[simulate.SubscribersTruth, pd.DataFrame]) -> None:
    truth, frame = drawn
    for metric in METRICS:
        value, error = concordance_of_pairs(frame, metric)
        assert error < 0.01
        assert abs(value - truth.concordance[metric]) < ERRORS * error


def test_hazards_by_statsmodels_in_simulation(drawn: tuple[simulate.SubscribersTruth, pd.DataFrame]) -> None:
    """The complementary log-log model of person-months is exactly that of proportional hazards in whole months."""
    truth, frame = drawn
    counted = person_months(frame)
    month = pd.get_dummies(counted["month"], dtype=float)
    mean = {m: VALUES[m] @ truth.joint.sum(axis=tuple(j for j in range(3) if METRICS[j] != m)) for m in METRICS}
    scores = np.column_stack([counted[m] - mean[m] for m in METRICS])
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    outcome = np.column_stack([counted["sum"], counted["size"] - counted["sum"]])
    fit = sm.GLM(outcome, np.column_stack([month, scores]), family).fit()
    expected = np.r_[np.log(-np.log1p(-truth.baseline)), [truth.log_hazard[m] for m in METRICS]]
    assert len(fit.params) == len(expected)
    assert (np.abs(fit.params - expected) < ERRORS * fit.bse).all()


def test_shares_in_simulation(drawn: tuple[simulate.SubscribersTruth, pd.DataFrame]) -> None:
    truth, frame = drawn
    spread = np.sqrt(truth.cancelled * (1 - truth.cancelled) / N)
    assert abs(frame["cancelled"].mean() - truth.cancelled) < ERRORS * spread
    for axis, (metric, values) in enumerate(VALUES.items()):
        share = truth.joint.sum(axis=tuple(j for j in range(3) if j != axis))
        found = np.array([(frame[metric] == value).mean() for value in values])
        assert (np.abs(found - share) < ERRORS * np.sqrt(share * (1 - share) / N)).all()


def test_who_is_lost_does_not_hang_on_the_scores_in_simulation() -> None:
    frame = simulate.subscribers(N, rng=3, hazard_ratio={"csat": 0.5}, lost=0.2, monthly=1e-9, months=12)
    assert frame["cancelled"].sum() == 0
    watched = frame["months"] - frame["entered"]
    share = 0.2 * 0.8 ** np.arange(12)
    share[-1] = 0.8**11  # to the end
    found = np.array([(watched == month).mean() for month in range(1, 13)])
    assert (np.abs(found - share) < ERRORS * np.sqrt(share * (1 - share) / N)).all()
    assert abs(np.corrcoef(watched, frame["csat"])[0, 1]) < ERRORS / np.sqrt(N)


# --- the rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("late_entry", "lost"), list(product((True, False), (0.0, 0.05))))
def test_rows_are_as_described(late_entry: bool, lost: float) -> None:
    frame = simulate.subscribers(20_000, rng=1, late_entry=late_entry, lost=lost, months=9)
    assert list(frame.columns) == ["nps", "csat", "ease", "entered", "months", "cancelled"]
    assert (frame.dtypes == np.int64).all()
    watched = frame["months"] - frame["entered"]
    assert set(watched) == set(range(1, 10))
    assert set(frame["entered"]) == (set(range(13)) if late_entry else {0})
    assert set(frame["cancelled"]) == {0, 1}
    short = frame.loc[watched < 9, "cancelled"]
    assert short.all() == (lost == 0)  # without loss, who is not watched to the end has cancelled
    outcome = cx.Survival("months", "cancelled", entry="entered", good=0)
    assert cx.tally(frame, outcome=outcome, metrics={"csat": cx.CSAT5}).n == 20_000


def test_extreme_parameters_stay_finite() -> None:
    for options in ({"monthly": 0.999999, "shape": 4.9}, {"monthly": 1.1e-12}, {"months": 240, "shape": 0.21}):
        frame = simulate.subscribers(500, rng=1, hazard_ratio={"nps": 0.11, "csat": 9.9}, **options)  # type: ignore[arg-type]
        assert (frame["months"] > frame["entered"]).all()
        truth = simulate.subscribers_truth(hazard_ratio={"nps": 0.11, "csat": 9.9}, **options)  # type: ignore[arg-type]
        assert all(0 <= value <= 1 for value in truth.concordance.values())


def test_same_seed_gives_same_frame() -> None:
    first, second = simulate.subscribers(300, rng=7), simulate.subscribers(300, rng=np.random.default_rng(7))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(simulate.subscribers(300, rng=8))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"hazard_ratio": {"ces": 0.9}},
            cx.RoleError,
            r"^hazard_ratio may name 'nps', 'csat', 'ease', but it names 'ces'\.$",
        ),
        (
            {"hazard_ratio": 0.9},
            cx.RoleError,
            r'^hazard_ratio must be a mapping such as \{"csat": 0\.3\}, but 0\.9 was given\.$',
        ),
        (
            {"hazard_ratio": {"nps": -0.5}},
            cx.RoleError,
            r"^hazard_ratio\['nps'\]=-0\.5 must lie strictly between 0\.1 and 10\.$",
        ),
        (
            {"hazard_ratio": {"nps": 0.0}},
            cx.RoleError,
            r"^hazard_ratio\['nps'\]=0 must lie strictly between 0\.1 and 10\.$",
        ),
        ({"months": 0}, cx.TooFewError, r"^months must be a whole number from 1 up, but 0 was given\.$"),
        ({"months": 2.5}, cx.TooFewError, r"^months must be a whole number from 1 up, but 2\.5 was given\.$"),
        ({"months": 241}, cx.RoleError, r"^months=241 must lie from 1 up to, but not including, 241\.$"),
        ({"monthly": 1.0}, cx.RoleError, r"^monthly=1 must lie strictly between 1e-12 and 1\.$"),
        ({"shape": 0.0}, cx.RoleError, r"^shape=0 must lie strictly between 0\.2 and 5\.$"),
        ({"lost": 1.0}, cx.RoleError, r"^lost=1 must lie from 0 up to, but not including, 1\.$"),
        ({"late_entry": 3}, cx.RoleError, r"^late_entry must be one of 'True', 'False', but 3 was given\.$"),
        ({"halo": 1.0}, cx.RoleError, r"^halo=1 must lie from 0 up to, but not including, 0\.9\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        simulate.subscribers(10, rng=1, **options)
    with pytest.raises(error, match=message):
        simulate.subscribers_truth(**options)


def test_no_customers_are_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but 0 was given\.$"):
        simulate.subscribers(0, rng=1)
