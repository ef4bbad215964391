"""Chances and needed units against statsmodels, numerical integration, the verdicts' own rule, and in simulation."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi, nct, norm, t
from statsmodels.stats.power import NormalIndPower, TTestPower

from cxstats.claims.verdict import Component, needed_n
from cxstats.numerics.effect import Effect
from cxstats.numerics.power import Aim, aims, chance_with, needed_units

# The same integral by another rule, or the same root by another search: both stop near 1e-10.
SEARCHED = 1e-8
# Closed formulas on both sides.
ROUNDING = 1e-12
DRAWS, MC_ERRORS = 40_000, 4

SPREAD, DIFFERENCE, SMALLEST, ALPHA = 0.4, 0.02, 0.01, 0.05
AIMS = aims(DIFFERENCE, SMALLEST, ALPHA)
over_aims = pytest.mark.parametrize("aim", AIMS.values(), ids=list(AIMS))


@pytest.mark.parametrize("chance", [0.06, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_normal_needs_against_statsmodels(chance: float, alpha: float) -> None:
    # With ratio=0 there is one sample, whose mean is tested against 0.
    by = NormalIndPower()
    for distance, aim, sides in (
        (DIFFERENCE, aims(DIFFERENCE, SMALLEST, alpha)["differs"], "two-sided"),
        (DIFFERENCE - SMALLEST, aims(DIFFERENCE, SMALLEST, alpha)["exceeds"], "larger"),
    ):
        one = alpha if sides == "two-sided" else alpha / 2
        wanted = by.solve_power(distance / SPREAD, alpha=one, power=chance, ratio=0, alternative=sides)
        assert needed_units(aim, SPREAD, chance, clustered=False) == pytest.approx(wanted, rel=SEARCHED)
        for units in (30.0, 4321.0):
            wanted = by.power(distance / SPREAD, units, one, ratio=0, alternative=sides)
            assert chance_with(aim, SPREAD, units, clustered=False) == pytest.approx(wanted, rel=ROUNDING)


@pytest.mark.parametrize("chance", [0.3, 0.8, 0.99])
@pytest.mark.parametrize("spread", [0.05, 0.4])
def test_cluster_needs_against_statsmodels(chance: float, spread: float) -> None:
    by = TTestPower()
    for distance, aim, sides, one in (
        (DIFFERENCE, AIMS["differs"], "two-sided", ALPHA),
        (DIFFERENCE - SMALLEST, AIMS["exceeds"], "larger", ALPHA / 2),
    ):
        units = needed_units(aim, spread, chance, clustered=True)
        found = by.power(distance / spread, units, one, alternative=sides)
        if units == 20:
            assert found >= chance
        else:
            assert found == pytest.approx(chance, rel=SEARCHED)


@pytest.mark.parametrize("units", [20.0, 33.5, 400.0, 1e6])
@pytest.mark.parametrize("spread", [0.01, 0.1, 1.0, 10.0])
def test_cluster_chances_against_the_noncentral_t(units: float, spread: float) -> None:
    at, df = t.ppf(0.975, units - 1), units - 1
    away = 0.02 * math.sqrt(units) / spread
    wanted = nct.sf(at, df, away) + nct.cdf(-at, df, away)
    assert chance_with(AIMS["differs"], spread, units, clustered=True) == pytest.approx(wanted, abs=SEARCHED)


@pytest.mark.parametrize("units", [20.0, 33.5, 400.0])
@pytest.mark.parametrize("spread", [0.01, 0.02, 0.03, 0.1])
def test_cluster_equivalence_against_integration(units: float, spread: float) -> None:
    df, away = units - 1, SMALLEST * math.sqrt(units) / spread
    at = t.ppf(0.95, df)

    def within(error: float) -> float:
        """The chance where the standard error came out as ``error`` times the true one."""
        return float(chi.pdf(error * math.sqrt(df), df) * math.sqrt(df) * (2 * norm.cdf(away - at * error) - 1))

    wanted = quad(within, 0, away / at, points=[1] if away > at else None, epsabs=1e-12, limit=200)[0]
    assert chance_with(AIMS["equivalent"], spread, units, clustered=True) == pytest.approx(wanted, abs=SEARCHED)


@over_aims
@pytest.mark.parametrize("clustered", [False, True])
def test_chances_in_simulation(aim: Aim, clustered: bool) -> None:
    units, away = 25, 2.6
    spread = aim.distance * math.sqrt(units) / away
    rng = np.random.default_rng(5)
    # The mean of 25 normal units with its standard error, estimated from them (clusters) or known.
    found = rng.normal(size=DRAWS) / away
    error = np.sqrt(rng.chisquare(units - 1, DRAWS) / (units - 1)) if clustered else np.ones(DRAWS)
    half = error / away * (t(units - 1) if clustered else norm).ppf(0.5 + aim.level / 2)
    if aim is AIMS["differs"]:
        share = (np.abs(found + 1) > half).mean()
    elif aim is AIMS["exceeds"]:
        share = (found + 1 - half > 0).mean()
    else:
        share = ((found - half > -1) & (found + half < 1)).mean()
    chance = chance_with(aim, spread, units, clustered)
    assert share == pytest.approx(chance, abs=MC_ERRORS * math.sqrt(chance * (1 - chance) / DRAWS))


@over_aims
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("chance", [0.0501, 0.5, 0.8, 0.999999])
def test_the_needed_units_have_the_chance(aim: Aim, clustered: bool, chance: float) -> None:
    units = needed_units(aim, SPREAD, chance, clustered)
    if clustered and units == 20:
        assert chance_with(aim, SPREAD, units, clustered) >= chance
    else:
        assert chance_with(aim, SPREAD, units, clustered) == pytest.approx(chance, rel=SEARCHED)
        assert chance_with(aim, SPREAD, 0.99 * units, clustered) < chance


def test_needs_against_the_rule_of_the_verdicts() -> None:
    """What an inconclusive verdict says it would take: for a difference twice the smallest, with a chance of 80%."""
    effect = Effect(a=0.003, var_a=SPREAD**2 / 700)
    for aim, kind in ((AIMS["exceeds"], "superiority"), (AIMS["equivalent"], "equivalence")):
        component = Component(name="d", effect=effect, kind=kind, smallest=SMALLEST)  # type: ignore[arg-type]
        assert needed_units(aim, SPREAD, 0.8, clustered=False) == pytest.approx(needed_n(component, 700), rel=SEARCHED)


def test_what_no_number_shows() -> None:
    for difference, smallest, name in ((0.01, 0.01, "exceeds"), (0.01, 0.02, "exceeds"), (0.01, 0.0, "equivalent")):
        aim = aims(difference, smallest, ALPHA)[name]
        for clustered in (False, True):
            assert needed_units(aim, SPREAD, 0.8, clustered) == math.inf
    assert chance_with(aims(0.01, 0.02, ALPHA)["exceeds"], SPREAD, 1e6, clustered=False) < ALPHA / 2
    assert chance_with(aims(0.01, 0.0, ALPHA)["equivalent"], SPREAD, 1e6, clustered=True) == 0
    for clustered in (False, True):
        assert needed_units(aims(1e-200, 0.0, ALPHA)["differs"], SPREAD, 0.8, clustered) == math.inf


def test_fewer_than_twenty_clusters_are_never_told() -> None:
    for aim in AIMS.values():
        assert needed_units(aim, 1e-4, 0.8, clustered=True) == 20
