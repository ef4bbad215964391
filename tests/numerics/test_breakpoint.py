"""The estimated breakpoint against least squares on a fine grid of rows, and the size of the test of no bend."""

import math

import numpy as np
import pytest

from cxstats.arrays import Floats, Ints
from cxstats.numerics import max_t
from cxstats.numerics.breakpoint import Broken, broken_influence, fit_broken, may_break, no_bend

ROUNDING = 1e-9  # sums of squares by prefix sums against orthogonal factors
DERIVATIVE = 1e-4  # central differences of the estimates in the weight of a row


def answers(n: int, seed: int, *, whole: bool) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 11, n).astype(np.float64) if whole else rng.uniform(-30, 50, n)
    c, step = (4.4, 1.0) if whole else (12.0, 0.1)
    return x, 3 + step * (0.2 * np.minimum(x - c, 0) + 0.9 * np.maximum(x - c, 0)) + rng.standard_normal(n)


def fitted(x: Floats, y: Floats, times: Ints | None = None, low: float = -np.inf, high: float = np.inf) -> Broken:
    values, place = np.unique(x, return_inverse=True)
    times = np.ones((1, len(x)), dtype=np.int64) if times is None else times
    mass, total = (
        np.array([np.bincount(place, weights=line, minlength=len(values)) for line in part])
        for part in (times.astype(np.float64), times * y)
    )
    return fit_broken(values, mass, total, max(low, values[2]), min(high, values[-3]))


def on_rows(x: Floats, y: Floats, c: float) -> tuple[Floats, float]:
    """Height, slopes and the sum of squares at a given breakpoint, by orthogonal factors."""
    design = np.column_stack([np.ones(len(x)), np.minimum(x - c, 0), np.maximum(x - c, 0)])
    solved, *_ = np.linalg.lstsq(design, y, rcond=None)
    return solved, float(((y - design @ solved) ** 2).sum())


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_breakpoint_against_a_fine_grid_on_rows(seed: int, whole: bool) -> None:
    x, y = answers(60 + 20 * seed, seed, whole=whole)
    fit = fitted(x, y)
    c = float(fit.breakpoint[0])
    solved, rss = on_rows(x, y, c)
    assert [fit.level[0], fit.below[0], fit.above[0]] == pytest.approx(solved, rel=ROUNDING)
    values, place = np.unique(x, return_inverse=True)
    within = sum(((y[place == g] - y[place == g].mean()) ** 2).sum() for g in range(len(values)))
    assert fit.rss[0] + within == pytest.approx(rss, rel=ROUNDING)
    grid = np.concatenate([np.linspace(values[2], values[-3], 2001), c + np.linspace(-0.01, 0.01, 201)])
    grid = grid[(grid >= values[2]) & (grid <= values[-3])]
    assert rss <= min(on_rows(x, y, one)[1] for one in grid) * (1 + ROUNDING)


def test_many_samples_against_one_at_a_time() -> None:
    x, y = answers(80, 7, whole=True)
    times = np.random.default_rng(8).multinomial(80, np.full(80, 1 / 80), size=50)
    together = fitted(x, y, times, low=3, high=8)
    for b in range(50):
        alone = fitted(np.repeat(x, times[b]), np.repeat(y, times[b]), low=3, high=8)
        for name in ("below", "above", "breakpoint", "level"):
            assert getattr(together, name)[b] == pytest.approx(getattr(alone, name)[0], rel=1e-7), name


def test_a_sample_without_rows_on_one_side_has_no_fit() -> None:
    x = np.arange(10.0)
    times = np.array([np.ones(10), x >= 7], dtype=np.int64)
    fit = fitted(x, np.sin(x), times, low=3, high=6)
    assert np.isnan(fit.breakpoint).tolist() == [False, True]
    assert np.isnan(fit.below).tolist() == [False, True]


def test_influence_against_the_infinitesimal_jackknife() -> None:
    """Where the breakpoint lies between values, the influence is the derivative in the weight of a row."""
    x, y = answers(90, 2, whole=True)
    fit = fitted(x, y)
    assert 5.1 < fit.breakpoint[0] < 5.9
    influence = broken_influence(x, y, np.ones(90, dtype=np.int64), fit)
    values, place = np.unique(x, return_inverse=True)
    for row in range(0, 90, 9):
        found = []
        for step in (1e-4, -1e-4):
            weight = np.ones(90)
            weight[row] += step
            mass, total = (
                np.bincount(place, weights=part)[None, :].astype(np.float64) for part in (weight, weight * y)
            )
            moved = fit_broken(values, mass, total, 2.0, 8.0)
            found.append([moved.below[0], moved.above[0]])
        assert influence[row] == pytest.approx((np.array(found[0]) - found[1]) / 2e-4, rel=DERIVATIVE, abs=1e-7)


def test_may_break_by_hand() -> None:
    count = np.array([9, 1, 1, 70, 9, 10])
    # Below the third value lie ten rows, above the fourth nineteen, above the fifth ten.
    assert may_break(count, count * 1.0, 0.1).tolist() == [False, False, True, True, True, False]
    assert may_break(count, count * 1.0, 0.15).tolist() == [False, False, False, False, False, False]
    # By weight: the first value holds nearly everything.
    assert may_break(count, np.array([990.0, 1, 1, 1, 1, 10]), 0.1).tolist() == [False] * 6
    # The second value leaves one row and one other value below.
    assert may_break(np.array([10, 1, 20, 20]), np.array([10.0, 1, 20, 20]), 0.1).tolist() == [
        False, False, True, False,
    ]  # fmt: skip


def test_no_bend_against_multipliers_on_rows() -> None:
    """The p-value against the share of sums with normal multipliers that are as large: Hansen's (1996) way."""
    rng = np.random.default_rng(4)
    n, cuts = 200, np.arange(2.0, 9.0)
    x = rng.integers(0, 11, n).astype(np.float64)
    y = 0.3 * x + 0.3 * np.maximum(x - 6, 0) + rng.standard_normal(n) * (0.5 + x / 10)
    firm = np.arange(n) % 50
    for cluster in (None, firm):
        found = no_bend(x, y, np.ones(n, dtype=np.int64), cluster, cuts)
        line = np.column_stack([np.ones(n), x])
        project = np.eye(n) - line @ np.linalg.pinv(line)
        parts = np.array([(project @ np.maximum(x - c, 0)) * (project @ y) for c in cuts])
        unit = np.arange(n) if cluster is None else firm
        sums = np.array([[part[unit == u].sum() for u in np.unique(unit)] for part in parts])
        units = sums.shape[1]
        error = np.sqrt((sums**2).sum(axis=1) * units / (units - 1))
        t = np.abs(sums.sum(axis=1)) / error
        assert found.statistic == pytest.approx(t.max(), rel=ROUNDING)
        assert found.at == cuts[t.argmax()]
        draws = np.random.default_rng(5).standard_normal((20_000, units))
        if cluster is not None:  # Student's t: the variance of the clusters is estimated
            draws /= np.sqrt(np.random.default_rng(6).chisquare(units - 1, (20_000, 1)) / (units - 1))
        beyond = np.abs(draws @ (sums / np.sqrt((sums**2).sum(axis=1))[:, None]).T).max(axis=1) >= t.max()
        share = beyond.mean()
        assert 0.01 < share < 0.5
        assert found.p_value == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 20_000))


def test_size_of_no_bend_in_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A straight line with unequal spread: 5% at most; the usual t at the fitted breakpoint errs oftener."""
    monkeypatch.setattr(
        max_t, "DIRECTIONS", 2_000
    )  # the error of each p-value is then still far below that of the runs
    rng = np.random.default_rng(9)
    runs, n, valid, naive = 400, 200, 0, 0
    one = np.ones(n, dtype=np.int64)
    for _ in range(runs):
        x = rng.integers(0, 11, n).astype(np.float64)
        y = 0.5 * x + rng.standard_normal(n) * (0.3 + x / 5)
        valid += no_bend(x, y, one, None, np.arange(1.0, 10.0)).p_value < 0.05
        c = float(fitted(x, y, low=1, high=9).breakpoint[0])
        design = np.column_stack([np.ones(n), x, np.maximum(x - c, 0)])
        bread = np.linalg.inv(design.T @ design)
        residual = y - design @ (bread @ design.T @ y)
        error = math.sqrt((bread @ (design.T * residual**2) @ design @ bread)[2, 2])
        naive += abs((bread @ design.T @ y)[2]) > 1.96 * error
    assert valid / runs < 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
    assert naive / runs > 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
