"""The slope of a journey rating beside touchpoints freed of noise, in simulation with known truth."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from cxstats.numerics.common_factor import CommonFactor
from cxstats.numerics.disattenuation import Estimate
from cxstats.numerics.journey_slopes import Journeys, factor_slope, measured, rated_slope
from cxstats.shared.journeys import code_touchpoints

MC_ERRORS = 4
REPLICATIONS, N = 160, 800
LOADINGS = np.array([1.0, 0.8, 1.2, 0.9])
NAMES = ("a", "b", "c", "d")
NORMAL_95 = 1.959963984540054
Array = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """A journey rating with a part of its own, whose slope beside the feeling that touchpoints share is known."""

    own: float
    binary: bool
    unused: float

    @property
    def truth(self) -> float:
        """Per SD of the journey rating, whose variance is 2.25, or 1.25 at equal feeling."""
        if self.binary:
            return self.own * 1.5
        return self.own / 1.25 * 1.5 / np.sqrt(0.6**2 + self.own**2 + 1)

    def drawn(self, rng: np.random.Generator) -> Journeys:
        feeling, part = rng.normal(size=(2, N))
        ratings = np.outer(feeling, LOADINGS) + rng.normal(size=(N, 4))
        ratings[rng.random((N, 4)) < self.unused] = np.nan
        overall = feeling + part + 0.5 * rng.normal(size=N)
        if self.binary:
            y = (rng.logistic(size=N) < 0.6 * feeling + self.own * overall).astype(float)
        else:
            y = 0.6 * feeling + self.own * part + rng.normal(size=N)
        some = np.isfinite(ratings).any(axis=1)
        ratings, overall, y = ratings[some], overall[some], y[some]
        ones = np.ones(len(y))
        coded = code_touchpoints(ratings, ones, ones, NAMES)
        return Journeys(
            overall,
            ratings,
            coded.columns,
            y,
            self.binary,
            np.ones(len(y), dtype=np.int64),
            ("overall", *coded.labels),
            ("overall", *coded.owners),
        )


def error(found: Estimate) -> float:
    n = len(found.influence)
    return float(np.sqrt(found.influence @ found.influence * n / (n - 1)))


def repeated(world: World, seed: int) -> tuple[Array, Array]:
    """Slopes and standard errors: beside touchpoints as they were rated, and freed of noise."""
    rng, slopes, errors = np.random.default_rng(seed), [], []
    for _ in range(REPLICATIONS):
        journeys = world.drawn(rng)
        assert isinstance(journeys.factor, CommonFactor)
        freed = factor_slope(journeys, journeys.factor)
        assert freed is not None
        both = (rated_slope(journeys, measured(journeys)), freed)
        slopes.append([each.estimate for each in both])
        errors.append([error(each) for each in both])
    return np.array(slopes), np.array(errors)


WORLDS = [(False, 0.0), (True, 0.0), (False, 0.3), (True, 0.3)]


@pytest.mark.parametrize(("binary", "unused"), WORLDS)
def test_no_journey_effect_in_simulation(binary: bool, unused: float) -> None:
    """A journey rating that repeats what touchpoints share adds to them as rated, and nothing to what they share."""
    slopes, errors = repeated(World(0.0, binary, unused), seed=31)
    rated, freed = np.mean(np.abs(slopes) > NORMAL_95 * errors, axis=0)
    tolerance = MC_ERRORS * np.sqrt(0.05 * 0.95 / REPLICATIONS)
    assert rated > 0.05 + tolerance
    assert freed == pytest.approx(0.05, abs=tolerance)
    assert abs(slopes[:, 1].mean()) < MC_ERRORS * slopes[:, 1].std() / np.sqrt(REPLICATIONS)


@pytest.mark.parametrize(("binary", "unused"), WORLDS)
def test_a_journey_effect_in_simulation(binary: bool, unused: float) -> None:
    """It is found with its size; of a binary outcome regression calibration understates it by about 2%."""
    world = World(0.3, binary, unused)
    slopes, errors = repeated(world, seed=32)
    rated, freed = slopes.T
    held = np.mean(np.abs(freed - world.truth) < NORMAL_95 * errors[:, 1])
    assert held == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS))
    understated = 0.04 * world.truth if binary else 0.0
    assert abs(freed.mean() - world.truth) < MC_ERRORS * freed.std() / np.sqrt(REPLICATIONS) + understated
    assert rated.mean() > world.truth + MC_ERRORS * rated.std() / np.sqrt(REPLICATIONS)
