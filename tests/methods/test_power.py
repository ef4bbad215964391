"""The plan of a comparison: numbers against statsmodels and `delong`, what they promise in simulation, words."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.power import NormalIndPower, TTestPower

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError
from cxstats.methods.power import Power, power

# The same root by another search, which stops near 1e-10.
SEARCHED = 1e-8
# The same closed numbers by another way.
ROUNDING = 1e-9
# A factor m / (m - 1) per class, between 40 and 400 rows of the rarer outcome.
SMALL_SAMPLE = 0.02
# Samples of the size that was planned, and how many Monte Carlo standard errors the share may be off.
SAMPLES, MC_ERRORS = 300, 4

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5}
BACK = cx.Binary("repurchase")
PILOT = cx.simulate.cohort(1200, rng=1)


def plan(data: Any = PILOT, **settings: Any) -> Power:
    return power(data, **{"outcome": BACK, "metrics": METRICS, **settings})


@pytest.mark.parametrize("tests", [1, 3])
def test_rows_needed_against_statsmodels(tests: int) -> None:
    s = float(cx.delong(PILOT, outcome=BACK, metrics=METRICS).std_error[2])
    spread, by, alpha = s * math.sqrt(1200), NormalIndPower(), 0.05 / tests
    found = plan(difference=0.03, smallest=0.01, chance=0.9, tests=tests)
    wanted = by.solve_power(0.03 / spread, alpha=alpha, power=0.9, ratio=0)
    assert found.n_differs == pytest.approx([wanted], rel=SEARCHED)
    wanted = by.solve_power(0.02 / spread, alpha=alpha / 2, power=0.9, ratio=0, alternative="larger")
    assert found.n_exceeds == pytest.approx([wanted], rel=SEARCHED)
    # Of two one-sided tests around a true 0 each is passed with (1 + .9) / 2: the same root, another chance.
    wanted = by.solve_power(0.01 / spread, alpha=alpha, power=0.95, ratio=0, alternative="larger")
    assert found.n_equivalent == pytest.approx([wanted], rel=SEARCHED)
    assert found.chance_differs == pytest.approx([by.power(0.03 / spread, 1200, alpha, ratio=0)], rel=ROUNDING)


def test_clusters_needed_against_statsmodels() -> None:
    data = cx.simulate.clustered(90, rng=2, answers=4)
    s = float(cx.delong(data, outcome=BACK, metrics=METRICS, cluster="customer").std_error[2])
    found, by, effect = plan(data, cluster="customer", difference=0.05), TTestPower(), 0.05 / (s * math.sqrt(90))
    assert found.n_clusters == 90
    assert by.power(effect, float(found.n_differs[0]) / 4, 0.05) == pytest.approx(0.8, rel=SEARCHED)
    assert found.chance_differs == pytest.approx([by.power(effect, 90, 0.05)], rel=SEARCHED)
    at = found.at(400)
    assert at["chance_differs"].tolist() == pytest.approx([by.power(effect, 100, 0.05)], rel=SEARCHED)


def test_pairs_and_their_errors_against_delong() -> None:
    three = {**METRICS, "ease": cx.EASE7}
    found, pilot = plan(metrics=three), cx.delong(PILOT, outcome=BACK, metrics=three)
    assert list(found.terms) == list(pilot.terms[3:])
    for name in ("estimate", "std_error", "ci_low", "ci_high", "p_value"):
        assert found.to_frame()[name].tolist() == pilot.to_frame()[name].tolist()[3:]
    for i, pair in enumerate((("nps", "csat"), ("nps", "ease"), ("csat", "ease"))):
        alone = plan(metrics={name: three[name] for name in pair})
        assert found.n_differs[i] == pytest.approx(alone.n_differs[0], rel=ROUNDING)


@pytest.mark.parametrize(
    "outcome", [cx.Continuous("spend"), cx.Count("spend"), cx.Rating("spend", cx.Scale(0, 6, higher_is_better=True))]
)
def test_other_outcomes_against_concordance(outcome: Any) -> None:
    data = PILOT.assign(spend=PILOT.repurchase * (1 + np.arange(1200) % 3 + PILOT.csat % 3))
    pilot = cx.concordance(data, outcome=outcome, metrics=METRICS)
    found = plan(data, outcome=outcome)
    assert found.std_error == pytest.approx(pilot.std_error[2:], rel=ROUNDING)
    wanted = NormalIndPower().solve_power(0.02 / (found.std_error[0] * math.sqrt(1200)), alpha=0.05, power=0.8, ratio=0)
    assert found.n_differs == pytest.approx([wanted], rel=SEARCHED)
    assert found.n_least == 100


def test_times_until_an_event_against_concordance() -> None:
    data = PILOT.assign(time=1 + np.arange(1200) % 7, left=1 - PILOT.repurchase)
    outcome = cx.Survival("time", "left")
    pilot = cx.concordance(data, outcome=outcome, metrics=METRICS)
    found = plan(data, outcome=outcome)
    assert found.std_error == pytest.approx(pilot.std_error[2:], rel=ROUNDING)
    assert found.n_least == pytest.approx(100 * 1200 / data.left.sum(), rel=ROUNDING)


def share_shown(
    draw: Callable[[int], Any], shows: Callable[[float, float, float], bool], level: float, **roles: Any
) -> float:
    """Of samples, the share whose interval of the first difference shows what it was planned to show."""
    told = 0
    for seed in range(SAMPLES):
        result = cx.delong(draw(seed), outcome=BACK, metrics=METRICS, **roles)
        limits = result.confidence_interval(level)
        told += shows(float(result.estimate[2]), float(limits.low[2]), float(limits.high[2]))
    return told / SAMPLES


def assert_chance(share: float, chance: float) -> None:
    assert share == pytest.approx(chance, abs=MC_ERRORS * math.sqrt(chance * (1 - chance) / SAMPLES))


# The areas of `simulate.cohort` are parameters, so that the true difference is known.
UNEQUAL, TRUE = {"nps": 0.70, "csat": 0.62}, 0.08
EQUAL = {"nps": 0.66, "csat": 0.66}


def test_n_differs_in_simulation() -> None:
    pilot = cx.simulate.cohort(100_000, rng=11, **UNEQUAL)
    n = math.ceil(plan(pilot, difference=TRUE, chance=0.7).n_differs[0])
    assert_chance(
        share_shown(
            lambda seed: cx.simulate.cohort(n, rng=seed, **UNEQUAL), lambda _, low, high: low > 0 or high < 0, 0.95
        ),
        0.7,
    )


def test_n_exceeds_in_simulation() -> None:
    pilot = cx.simulate.cohort(100_000, rng=12, **UNEQUAL)
    n = math.ceil(plan(pilot, difference=TRUE, smallest=0.03, chance=0.8).n_exceeds[0])
    assert_chance(
        share_shown(lambda seed: cx.simulate.cohort(n, rng=seed, **UNEQUAL), lambda _, low, high: low > 0.03, 0.95), 0.8
    )


def test_n_equivalent_in_simulation() -> None:
    pilot = cx.simulate.cohort(100_000, rng=13, **EQUAL)
    n = math.ceil(plan(pilot, smallest=0.05, chance=0.6).n_equivalent[0])
    assert_chance(
        share_shown(
            lambda seed: cx.simulate.cohort(n, rng=seed, **EQUAL), lambda _, low, high: -0.05 < low <= high < 0.05, 0.9
        ),
        0.6,
    )


def test_n_differs_of_clusters_in_simulation() -> None:
    people, roles = cx.simulate.truth(**UNEQUAL), {"cluster": "customer"}
    pilot = cx.simulate.clustered(20_000, rng=14, answers=4, people=people)
    found = plan(pilot, difference=TRUE, chance=0.7, **roles)
    customers = math.ceil(found.n_differs[0] / 4)
    assert customers < 250
    assert_chance(
        share_shown(
            lambda seed: cx.simulate.clustered(customers, rng=seed, answers=4, people=people),
            lambda _, low, high: low > 0 or high < 0,
            0.95,
            **roles,
        ),
        0.7,
    )


def test_a_longer_pilot_of_the_same_customers_needs_as_many() -> None:
    once, twice = plan(PILOT), plan(pd.concat([PILOT, PILOT]))
    for name in ("n_differs", "n_exceeds", "n_equivalent"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name), rel=SMALL_SAMPLE)
    assert twice.n_least == once.n_least
    assert once.at(2400)["chance_differs"].tolist() == pytest.approx(twice.chance_differs.tolist(), rel=SMALL_SAMPLE)


def test_the_numbers_needed_have_the_chance_wanted() -> None:
    found = plan(chance=0.9)
    for name in ("differs", "exceeds", "equivalent"):
        at = found.at(float(getattr(found, f"n_{name}")[0]))
        assert at[f"chance_{name}"].tolist() == pytest.approx([0.9], rel=SEARCHED)
    assert found.at(1200).iloc[0, 1:].tolist() == pytest.approx(found.to_frame().iloc[0, -3:].tolist(), rel=ROUNDING)


def test_the_frame_has_labels_first_and_nothing_rounded() -> None:
    frame = plan().to_frame()
    assert list(frame.columns[:7]) == ["term", "estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"]
    assert list(frame.columns[7:10]) == ["n_differs", "n_exceeds", "n_equivalent"]
    assert list(frame.columns[10:]) == ["chance_differs", "chance_exceeds", "chance_equivalent"]
    assert frame.n_differs[0] % 1 != 0


def test_the_summary_in_words() -> None:
    assert str(plan()) == (
        "pair        pilot, 95%  to tell 0.02  to show above 0.01  to show within 0.01\n"
        "─────────────────────────────────────────────────────────────────────────────\n"
        "nps - csat      ±0.029   5,223 (27%)        20,889 (10%)         22,792 (<1%)\n"
        "Rows needed for a chance of 80%; in brackets the chance with the pilot's 1,200 rows.\n"
        "To tell a difference of 0.02 between nps and csat, about 5,300 customers like these are needed "
        "(pilot: 1,200).\n"
        "To show that such a difference exceeds 0.01: about 21,000 customers like these.\n"
        "To show that it lies within 0.01 either way, where there is none: about 23,000 customers like these.\n"
        "1,200 rows used; 84 cells.\n"
        "Power of intervals and of two one-sided tests, from the pilot's standard errors. "
        "Phillips (1990), doi:10.1007/BF01063556"
    )
    assert "<td>5,223 (27%)</td>" in plan()._repr_html_()


def test_many_pairs_clusters_and_gaps_in_words() -> None:
    data = cx.simulate.clustered(60, rng=1)
    data["csat"] = data.csat.astype(float).where(data.index > 9)
    found = plan(data, metrics={**METRICS, "ease": cx.EASE7}, cluster="customer", difference=0.04)
    tell, exceed, alike, adjusted, complete = found.sentences()
    assert tell == (
        "To tell a difference of 0.04 between any two of nps, csat, ease, each pair by itself, about 2,100 rows in 410 "
        "clusters like these are needed (pilot: 290 in 58)."
    )
    assert exceed == "To show that such a difference exceeds 0.01: about 3,700 rows in 730 clusters like these."
    assert alike == (
        "To show that it lies within 0.01 either way, where there is none: about 36,000 rows in 7,100 clusters like "
        "these."
    )
    assert adjusted == ("To name the best of them takes more: p-values are then adjusted over 3 pairs (tests=3).")
    assert complete == "These are complete rows; of the pilot's 300 rows 290 were complete."
    assert "the chance with the pilot's 290 rows in 58 clusters." in found.summary()
    adjusted_too = plan(data, metrics={**METRICS, "ease": cx.EASE7}, cluster="customer", tests=3)
    assert "for a chance of 80%, p-values adjusted over 3 tests; in brackets" in str(adjusted_too)
    assert not any("To name the best" in text for text in adjusted_too.sentences())


def test_what_no_number_of_customers_shows_in_words() -> None:
    first, exceeds, _ = plan(difference=0.01).sentences()
    assert first.startswith("To tell a difference of 0.01 between nps and csat, about 21,000 customers")
    assert exceeds == (
        "No number of customers shows that a difference of 0.01 exceeds 0.01: only a larger one can be shown to exceed "
        "it."
    )
    found = plan(difference=0.3, smallest=0)
    assert found.sentences()[2:] == (
        "No number of customers shows that a difference is exactly 0: a margin above 0 can be shown.",
        "Whatever they differ by, cx.league_table compares metrics from about 220 rows like these up.",
    )
    assert found.n_equivalent.tolist() == [math.inf]
    assert "no number (<1%)" in str(found)


def test_metrics_that_order_alike_have_no_plan() -> None:
    found = plan(PILOT.assign(twin=PILOT.nps), metrics={**METRICS, "twin": cx.NPS})
    assert np.isnan(found.n_differs).tolist() == [False, True, False]
    assert np.isnan(found.at(5000)["chance_differs"]).tolist() == [False, True, False]
    assert found.notes == (
        "No plan for 'nps - twin': both order the customers alike, and their difference does not vary.",
    )
    assert "– (–)" in str(found)
    alone = plan(PILOT.assign(twin=PILOT.nps), metrics={"nps": cx.NPS, "twin": cx.NPS})
    assert alone.sentences() == ()


def test_few_outcomes_are_said_to_be_few() -> None:
    with pytest.warns(CxStatsWarning) as heard:
        found = plan(PILOT.head(150))
    bad = int((PILOT.head(150).repurchase == 0).sum())
    assert [str(one.message) for one in heard] == list(found.notes)
    (note,) = found.notes
    assert note == (
        f"The pilot has {bad} bad outcomes, fewer than 100: its standard errors are uncertain themselves, and with "
        "them the numbers needed."
    )
    with pytest.warns(CxStatsWarning, match=r"^The pilot has 99 rows, fewer than 100: its standard errors are "):
        plan(PILOT.head(99), outcome=cx.Continuous("days_early"))


@pytest.mark.parametrize(
    ("name", "value", "must"),
    [
        *(
            ("difference", v, "above 0 and below 1, such as 0.02")
            for v in (0, -0.02, 1, math.nan, math.inf, True, "2%", None)
        ),
        *(("smallest", v, "from 0 up to below 1, such as 0.01") for v in (-0.01, 1.0, math.nan, False, "0.01", 1j)),
        *(("chance", v, "above 0.05 and below 1; 80% is 0.8") for v in (80, 1, 0.05, 0, math.nan, True, "high")),
        *(("tests", v, "that is whole, from 1 up") for v in (0, 1.5, -1, math.nan, math.inf, True, "3")),
    ],
)
def test_settings_that_are_none_are_refused(name: str, value: Any, must: str) -> None:
    with pytest.raises(RoleError) as caught:
        plan(**{name: value})
    assert str(caught.value) == f"{name} must be a number {must}, but {value!r} was given."


@pytest.mark.parametrize("n", [0, -5, math.nan, math.inf, True, "many"])
def test_rows_that_are_none_are_refused(n: Any) -> None:
    with pytest.raises(RoleError) as caught:
        plan().at(n)
    assert str(caught.value) == f"n must be a number of rows from 1 up, but {n!r} was given."


def test_too_few_are_refused() -> None:
    found = plan(cx.simulate.clustered(60, rng=1), cluster="customer")
    with pytest.raises(RoleError) as caught:
        found.at(99)
    assert str(caught.value) == "n must be a number of rows from 100 up, those of 20 clusters, but 99 was given."
    with pytest.raises(TooFewError, match=r"^A comparison needs at least two metrics, but 1 was given\.$"):
        plan(metrics={"nps": cx.NPS})
    with pytest.raises(
        TooFewError, match=r"^At least 20 clusters are needed for an interval, but there are 11\.\nWith"
    ):
        plan(cluster="days_early")
    with pytest.raises(
        RoleError, match=r'^An outcome is needed\.\nPass for example outcome=cx\.Continuous\("spend"\)\.$'
    ):
        plan(outcome=None)
