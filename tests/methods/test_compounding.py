"""How many journeys meet a poor touchpoint, against independence."""

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

import cxstats as cx
from cxstats.errors import CxStatsError
from cxstats.methods.compounding import Compounding, compounding

if TYPE_CHECKING:
    from collections.abc import Callable

# Sums in another order.
ROUNDING = 1e-10
# A jackknife and the influence values differ by terms of order 1 / clusters.
JACKKNIFE = 0.03
REPLICATIONS, MC_ERRORS = 600, 4

SCALES = {"search": cx.CSAT5, "effort": cx.EFFORT5, "store": cx.CSAT7}
POOR = {"search": 2, "effort": 2, "store": 3}  # on the scale of effort: the answers 4 and 5
Array = NDArray[np.float64]


def journeys(seed: int, n: int = 600, clusters: int = 60) -> pd.DataFrame:
    """Ratings that hang together; a store, and now and then a search, that not every journey used."""
    rng = np.random.default_rng(seed)
    customer = rng.integers(0, clusters, n)
    mood = rng.normal(size=clusters)[customer] + rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "customer": [f"c{i}" for i in customer],
            "search": np.clip(np.round(3.5 + mood + rng.normal(size=n)), 1, 5),
            "effort": np.clip(np.round(2.5 - mood + rng.normal(size=n)), 1, 5),
            "store": np.clip(np.round(4.5 + mood + rng.normal(size=n)), 1, 7),
            "weight": rng.choice([0.5, 1.0, 2.5], n),
            "times": rng.integers(0, 4, n),
        }
    )
    frame.loc[rng.random(n) < 0.5, "store"] = np.nan
    frame.loc[rng.random(n) < 0.2, "search"] = np.nan
    return frame


def brute_force(rows: pd.DataFrame, weight: str | None = None) -> dict[str, float]:
    """Journey by journey, in plain Python."""
    bad: dict[str, Callable[[float], bool]] = {
        "search": lambda v: v <= 2,
        "effort": lambda v: v >= 4,
        "store": lambda v: v <= 3,
    }
    records = [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
    kept = [row for row in records if sum(not np.isnan(row[name]) for name in bad) >= 2]
    mass = [row[weight] if weight else 1 for row in kept]
    share = {}
    for name, is_bad in bad.items():
        used = [(w, row[name]) for w, row in zip(mass, kept, strict=True) if row[name] == row[name]]
        share[name] = sum(w for w, v in used if is_bad(v)) / sum(w for w, _ in used)
    good = expected = 0.0
    for w, row in zip(mass, kept, strict=True):
        chance, fine = 1.0, True
        for name, is_bad in bad.items():
            if row[name] == row[name]:
                chance *= 1 - share[name]
                fine = fine and not is_bad(row[name])
        good, expected = good + w * fine, expected + w * chance
    good, expected = good / sum(mass), expected / sum(mass)
    return {
        "any poor": 1 - good,
        "any poor if independent": 1 - expected,
        "difference": expected - good,
        "dependence ratio": good / expected,
        **{f"poor: {name}": value for name, value in share.items()},
    }


def estimates(result: Compounding) -> dict[str, float]:
    return dict(zip(result.terms, result.estimate, strict=True))


def test_six_contacts_at_95_percent_against_published() -> None:
    """Independent by construction, 19 good ones to a poor one: .95^6 = .735, so 26.5% meet at least one poor."""
    names = [f"contact {i}" for i in range(6)]
    patterns = pd.DataFrame(list(product([0, 1], repeat=6)), columns=names)
    patterns["n"] = 19 ** patterns[names].sum(axis=1)
    assert patterns["n"].sum() == 20**6
    result = compounding(patterns, touchpoints=dict.fromkeys(names, cx.Scale(0, 1)), poor=0, count="n")
    found = estimates(result)
    assert found["any poor"] == pytest.approx(0.265, abs=0.0005)  # as printed
    assert found["any poor"] == pytest.approx(1 - 0.95**6, rel=ROUNDING)
    assert found["any poor if independent"] == pytest.approx(1 - 0.95**6, rel=ROUNDING)
    assert found["dependence ratio"] == pytest.approx(1, rel=ROUNDING)
    assert [found[f"poor: {name}"] for name in names] == pytest.approx([0.05] * 6, rel=ROUNDING)
    assert result.p_value[2] > 0.999
    assert (result.n, result.mean_used) == (20**6, 6)


def test_shares_against_rows() -> None:
    rows = journeys(1)
    result = compounding(rows, touchpoints=SCALES, poor=POOR)
    assert estimates(result) == pytest.approx(brute_force(rows), rel=ROUNDING)
    used = rows[list(SCALES)].notna().sum(axis=1)
    assert (result.n, result.n_missing) == (int((used >= 2).sum()), int((used < 2).sum()))
    assert result.mean_used == pytest.approx(used[used >= 2].mean(), rel=ROUNDING)
    weighted = compounding(rows, touchpoints=SCALES, poor=POOR, weight="weight")
    assert estimates(weighted) == pytest.approx(brute_force(rows, "weight"), rel=ROUNDING)
    counted = compounding(rows, touchpoints=SCALES, poor=POOR, count="times")
    assert estimates(counted) == pytest.approx(brute_force(rows, "times"), rel=ROUNDING)


def test_shares_of_each_touchpoint_against_wilson() -> None:
    """Everything used, rows independent: the textbook interval, but for n / (n - 1) in the variance."""
    rows = journeys(2).dropna()
    result = compounding(rows, touchpoints=SCALES, poor=POOR)
    limits, z, n = result.confidence_interval(0.9), norm.ppf(0.95), len(rows)
    for at in (0, 4, 5, 6):
        p = result.estimate[at]
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        assert (limits.low[at], limits.high[at]) == pytest.approx((centre - half, centre + half), abs=1 / n**1.5)
        assert result.std_error[at] == pytest.approx(np.sqrt(p * (1 - p) / (n - 1)), rel=ROUNDING)


@pytest.mark.parametrize("weight", [None, "weight"])
def test_standard_errors_against_leaving_one_out(weight: str | None) -> None:
    rows = journeys(3, n=900, clusters=150)
    result = compounding(rows, touchpoints=SCALES, poor=POOR, cluster="customer", weight=weight)
    every = rows["customer"].unique()
    g = len(every)
    without = np.array([list(brute_force(rows[rows["customer"] != one], weight).values()) for one in every])
    jackknife = np.sqrt((g - 1) / g * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert result.std_error == pytest.approx(jackknife, rel=JACKKNIFE)
    assert result.df == g - 1


def test_ratio_against_fieller() -> None:
    """The limits are where (good - t product) over its standard error meets the normal quantile."""
    rows = journeys(4)
    result = compounding(rows, touchpoints=SCALES, poor=POOR)
    ratio = result.ratio
    at = result.terms.index("dependence ratio")
    assert ratio.estimate == pytest.approx(result.estimate[at], rel=ROUNDING)
    limits = result.confidence_interval()
    for end in (limits.low[at], limits.high[at]):
        variance = ratio.var_a - 2 * end * ratio.cov + end**2 * ratio.var_b
        assert abs(ratio.a - end * ratio.b) / np.sqrt(variance) == pytest.approx(norm.ppf(0.975), rel=1e-8)
    # At 1 the ratio and the difference ask the same.
    assert result.statistic[at] == pytest.approx(-result.statistic[at - 1], rel=ROUNDING)
    assert result.p_value[at] == pytest.approx(2 * ratio.p_not_above(1.0), rel=1e-8)
    assert np.isnan(result.statistic[[0, 1, 4, 5, 6]]).all()


def days(rng: np.random.Generator, n: int, dependent: bool) -> pd.DataFrame:
    """Four touchpoints, each used by 8 journeys in 10; on half of the days 2 in 10 are poor, else 2 in 100."""
    bad = rng.random((n, 1)) < 0.5
    poor = rng.random((n, 4)) < (np.where(bad, 0.2, 0.02) if dependent else 0.11)
    ratings = np.where(poor, 1.0, 2.0)
    ratings[rng.random((n, 4)) < 0.2] = np.nan
    return pd.DataFrame(ratings, columns=list("abcd"))


@pytest.mark.parametrize("dependent", [False, True])
def test_coverage_in_simulation(dependent: bool) -> None:
    from scipy.stats import binom

    m = np.arange(2, 5)
    chance = binom.pmf(m, 4, 0.8) / binom.sf(1, 4, 0.8)
    product_ = float(chance @ 0.89**m)
    good = float(chance @ (0.98**m + 0.8**m) / 2) if dependent else product_
    truth = np.array([1 - good, 1 - product_, product_ - good, good / product_, *[0.11] * 4])
    rng = np.random.default_rng(5)
    hits = np.zeros(len(truth))
    for _ in range(REPLICATIONS):
        result = compounding(days(rng, 500, dependent), touchpoints=dict.fromkeys("abcd", cx.Scale(1, 2)), poor=1)
        limits = result.confidence_interval()
        hits += (limits.low <= truth) & (truth <= limits.high)
    error = MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.full(len(truth), 0.95), abs=error)


def test_a_touchpoint_that_never_was_poor_has_an_upper_limit() -> None:
    """Nobody of n: Wilson's upper limit is z^2 / (n + z^2), with the clusters for n where there are some."""
    rows = journeys(6).fillna({"store": 6.0})
    rows["store"] = rows["store"].clip(lower=5)
    z2 = norm.ppf(0.975) ** 2
    result = compounding(rows, touchpoints=SCALES, poor=POOR)
    limits = result.confidence_interval()
    assert (limits.low[-1], limits.high[-1]) == (0, pytest.approx(z2 / (600 + z2), rel=ROUNDING))
    clustered = compounding(rows, touchpoints=SCALES, poor=POOR, cluster="customer")
    assert clustered.n_effective[-1] == rows["customer"].nunique()


def test_one_number_serves_touchpoints_on_one_scale() -> None:
    rows = journeys(7)
    two = {"search": cx.CSAT5, "effort": cx.EFFORT5}
    once = compounding(rows, touchpoints=two, poor=2)
    each = compounding(rows, touchpoints=two, poor={"search": 2, "effort": 2.0})
    assert np.array_equal(once.estimate, each.estimate)
    assert once.poor == (2.0, 2.0)
    assert "Poor at or below, up is good: search 2, effort 2.\n2 of 2 touchpoints used per journey." in str(once)


def refused(error: type[CxStatsError], message: str, rows: pd.DataFrame, **given: Any) -> None:
    keys = {"touchpoints": SCALES, "poor": POOR, **given}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        compounding(rows, **keys)


def test_thresholds_that_are_none_are_refused_in_full() -> None:
    rows = journeys(8)
    refused(
        cx.RoleError,
        "poor must say of every touchpoint at or below which rating it was poor, but not of 'effort', 'store'."
        '\nPass poor={"effort": ..., ...}: what is poor is never guessed.',
        rows,
        poor={"search": 2},
    )
    refused(
        cx.ColumnError,
        "'shop' is not a column of the touchpoints, which holds 'search', 'effort', 'store'.",
        rows,
        poor={**POOR, "shop": 1},
    )
    refused(
        cx.RoleError,
        "One number for poor serves touchpoints on one scale only, but there are '1-5', '1-7'."
        '\nPass a number for each: poor={"search": ..., ...}.',
        rows,
        poor=2,
    )
    for value in (5, 0.5, True, "2", float("nan"), None):
        refused(
            cx.RoleError,
            "The rating at or below which 'search' was poor must be a number from 1 to below 5 (CSAT, turned so that "
            f"up is good), but {value!r} was given.",
            rows,
            poor={**POOR, "search": value},
        )


def test_too_few_journeys_are_refused_in_full() -> None:
    rows = journeys(9)
    refused(
        cx.TooFewError,
        "At least two touchpoints are needed, but 1 was given: 'search'."
        "\nName every touchpoint of the journey that was rated.",
        rows,
        touchpoints={"search": cx.CSAT5},
    )
    refused(
        cx.TooFewError,
        "At least one journey must have 2 or more of the touchpoints 'search', 'effort', 'store', but none of 600 rows "
        "has.\nCheck how the tables were joined.",
        rows.assign(search=np.nan, store=np.nan),
    )
    best = rows.assign(search=5 - (np.arange(600) % 2), effort=1 + (np.arange(600) % 2), store=6 + (np.arange(600) % 2))
    best.loc[:3, "search"] = 1
    refused(
        cx.TooFewError,
        "At least 10 journeys with and 10 without a poor touchpoint are needed, but 4 have one and 596 have none."
        "\nCheck the thresholds of poor, or collect more answers.",
        best,
    )


def test_names_are_enough_for_cells() -> None:
    rows = journeys(10)
    cells = cx.tally(rows, metrics=SCALES, outcome=None)
    whole = compounding(rows, touchpoints=SCALES, poor=POOR)
    found = compounding(cells, touchpoints=list(SCALES), poor=POOR)
    assert np.array_equal(whole.estimate, found.estimate)
