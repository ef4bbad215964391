"""The kernel of moments against nls in R, loops in plain Python, finite differences, and simulations."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares
from scipy.stats import chi2
from scipy.stats import f as f_distribution

import cxstats as cx
from cxstats.numerics.equal_weights import equal_sides, equal_weights
from cxstats.numerics.influence import covariance
from cxstats.numerics.kernel_weights import (
    KernelRows,
    intensity_curve,
    kernel_rows,
    laid_out,
    recency_curve,
    weighted_means,
)
from cxstats.numerics.moment_kernel import BOUND, MomentKernelFit, fit_moment_kernel
from cxstats.numerics.moments import Moments

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-12
# nls stops at 1e-9 of its own criterion, with slopes by central differences.
AGAINST_NLS = 1e-7
# Central differences with steps of 1e-5, of what is itself right to 1e-16.
DIFFERENCES = 1e-8
# least_squares stops where the sum of squares or the parameters change by 1e-15; its slopes are differences.
AGAINST_SCIPY = 1e-6
# Differences with steps of 0.04 and 0.02, their leading error removed, of fits that are right to 1e-8 or so.
RICHARDSON = 1e-4
# -2 log likelihood: a valley missed by less is of no consequence beside the 3.84 of an interval.
SLIVER = 0.5
MONTE_CARLO = 4.0  # standard errors


def moments_of(sequences: list[list[float]]) -> Moments:
    """Sequences of moments one unit of time apart."""
    n = [len(sequence) for sequence in sequences]
    time = np.concatenate([np.arange(k, dtype=float) for k in n])
    return Moments(np.concatenate(sequences).astype(float), time, np.concatenate([[0], np.cumsum(n)]))


def stored() -> tuple[Moments, np.ndarray, np.ndarray]:
    """The moments, remembered ratings and persons of the reference."""
    rows = pd.read_csv(REFERENCES / "moment_kernel_data.csv", comment="#")
    once = rows.drop_duplicates("sequence")
    moments = moments_of([part.to_list() for _, part in rows.groupby("sequence").value])
    return moments, once.remembered.to_numpy(), once.person.to_numpy()


def slow_mean(values: list[float], places: list[float], good: float, bad: float, beta: float) -> float:
    """One sequence's weighted mean in plain Python, neutral at 0; not safe against large parameters."""
    weight = [math.exp((good if x > 0 else bad) * abs(x) + beta * s) for x, s in zip(values, places, strict=True)]
    return sum(w * x for w, x in zip(weight, values, strict=True)) / sum(weight)


def slow_means(moments: Moments, good: float, bad: float, beta: float) -> np.ndarray:
    """Every sequence's."""
    ends = list(zip(moments.first[:-1], moments.first[1:], strict=True))
    return np.array([slow_mean(list(moments.value[i:j]), list(moments.place[i:j]), good, bad, beta) for i, j in ends])


def centred(columns: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Less the mean of each person."""
    frame = pd.DataFrame(columns)
    return (frame - frame.groupby(person).transform("mean")).to_numpy()


def simulated(
    rng: np.random.Generator, sequences: int, theta: tuple[float, float] = (0.0, 0.0), noise: float = 0.7, n: int = 6
) -> tuple[Moments, np.ndarray]:
    """Independent sequences; remembered = 5 + 0.8 weighted mean + noise, whose size grows with the mean."""
    value = rng.normal(0.3, 1.2, size=(sequences, n))
    moments = moments_of(value.tolist())
    place = np.arange(n) / (n - 1)
    weight = np.exp(theta[0] * np.abs(value) + theta[1] * place)
    mean = (weight * value).sum(axis=1) / weight.sum(axis=1)
    spread = noise * np.sqrt(0.5 + 0.5 * np.abs(mean))
    return moments, 5 + 0.8 * mean + spread * rng.normal(size=sequences)


# --- the fit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["plain", "sides", "person"])
def test_coefficients_and_errors_against_nls(case: str) -> None:
    moments, remembered, person = stored()
    expected = pd.read_csv(REFERENCES / "moment_kernel.csv", comment="#").query("case == @case")
    rows = kernel_rows(moments, 0.0, sides=case == "sides")
    fit = fit_moment_kernel(rows, remembered, person if case == "person" else None)
    assert fit.converged
    assert fit.runaway == ()
    assert fit.terms == tuple(expected.term)
    assert fit.coefficients == pytest.approx(expected.estimate.to_numpy(), rel=AGAINST_NLS)
    assert np.sqrt(np.diag(fit.model_covariance)) == pytest.approx(expected.std_error.to_numpy(), rel=AGAINST_NLS)
    assert fit.degrees == expected.degrees.iloc[0]
    assert fit.residuals @ fit.residuals == pytest.approx(expected.rss.iloc[0], rel=AGAINST_NLS)


@pytest.mark.parametrize("with_person", [False, True])
def test_fit_against_scipy_on_loops(with_person: bool) -> None:
    """Differences instead of slopes, a loop over moments instead of blocks, all coefficients at once."""
    moments, remembered, person = stored()
    each = person if with_person else np.zeros(60)

    def misfit(at: np.ndarray) -> np.ndarray:
        apart = centred(np.column_stack([remembered, slow_means(moments, at[1], at[1], at[2])]), each)
        return apart[:, 0] - at[0] * apart[:, 1]

    found = min(
        (
            least_squares(misfit, [1, a, b], jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
            for a in (0, 1)
            for b in (0, 2)
        ),
        key=lambda end: end.cost,
    )
    fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered, person if with_person else None)
    assert fit.coefficients[-3:] == pytest.approx(found.x, rel=AGAINST_SCIPY)
    assert fit.residuals == pytest.approx(misfit(found.x), abs=AGAINST_SCIPY)
    assert fit.r2 == pytest.approx(1 - 2 * found.cost / (centred(remembered, each) ** 2).sum(), rel=AGAINST_SCIPY)


def test_weighted_means_and_their_slopes_against_loops_and_differences() -> None:
    """Long and short sequences in one order; slopes and curvature by central differences."""
    rng = np.random.default_rng(3)
    moments = moments_of([list(rng.normal(size=k)) for k in (4, 1, 9, 17, 2, 5, 4, 40, 5, 6)])
    rows = kernel_rows(moments, 0.0, sides=True)
    unit, at = np.array([0.5, 2.0, 1.5]), np.array([0.4, -0.8, 1.1])
    blocks = laid_out(rows, unit)
    found = weighted_means(blocks, at, 2)
    assert found[0] == pytest.approx(slow_means(moments, 0.8, -0.4, 1.1 / 1.5), rel=ROUNDING)
    step = 1e-5
    ahead, back = ([weighted_means(blocks, at + sign * step * e, 1) for e in np.eye(3)] for sign in (1, -1))
    differences = [(a - b) / (2 * step) for a, b in zip(ahead, back, strict=True)]
    for j in range(3):
        assert found[1 + j] == pytest.approx(differences[j][0], rel=DIFFERENCES, abs=DIFFERENCES)
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    for row, (j, k) in enumerate(pairs):
        assert found[4 + row] == pytest.approx(differences[j][1 + k], rel=DIFFERENCES, abs=DIFFERENCES)


@pytest.mark.parametrize("with_person", [False, True])
def test_influence_against_repeated_sequences(with_person: bool) -> None:
    """A sequence that counts a little more moves each estimate by its influence: the whole Hessian is in it."""
    moments, remembered, person = stored()
    rows, given = kernel_rows(moments, 0.0), person if with_person else None
    fit = fit_moment_kernel(rows, remembered, given)
    each = np.unique(person, return_inverse=True)[1] if with_person else np.zeros(60, dtype=int)
    for unit in range(1, 1 + each.max()) if with_person else range(0, 60, 7):
        chosen = each == unit if with_person else np.arange(60) == unit
        wide, narrow = (_moved(moments, remembered, each, chosen, h) for h in (0.04, 0.02))
        moved = (4 * narrow - wide) / 3
        expected = fit.influence[chosen].sum(axis=0)
        assert expected[-3:] == pytest.approx(moved[1:], rel=RICHARDSON, abs=1e-6)
        if not with_person:
            assert expected[0] == pytest.approx(moved[0], rel=RICHARDSON, abs=1e-6)


def _moved(moments: Moments, remembered: np.ndarray, each: np.ndarray, chosen: np.ndarray, h: float) -> np.ndarray:
    """Change of the estimates per weight of the sequences chosen."""
    ends = [_weighted_fit(moments, remembered, each, np.where(chosen, 1 + step, 1.0)) for step in (h, -h)]
    moved: np.ndarray = (ends[0] - ends[1]) / (2 * h)
    return moved


def _weighted_fit(moments: Moments, remembered: np.ndarray, each: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Level of the first group, slope, intensity, recency, with weights constant within persons."""

    def apart(column: np.ndarray) -> np.ndarray:
        sums = np.bincount(each, weights=weight * column) / np.bincount(each, weights=weight)
        return column - sums[each]

    def misfit(at: np.ndarray) -> np.ndarray:
        m = weighted_means(blocks, at[1:], 0)[0]
        return np.sqrt(weight) * (apart(remembered) - at[0] * apart(m))

    blocks = laid_out(kernel_rows(moments, 0.0), np.ones(2))
    x = least_squares(misfit, [0.9, 0.2, 1.3], jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    level = remembered - x[0] * weighted_means(blocks, x[1:], 0)[0]
    return np.append(weight @ level / weight.sum(), x)


def test_units_and_levels_do_not_matter() -> None:
    moments, remembered, _ = stored()
    plain = fit_moment_kernel(kernel_rows(moments, 0.0), remembered)
    far = Moments(1e4 + 20 * moments.value, 3600 * moments.time, moments.first)
    turned = fit_moment_kernel(kernel_rows(far, 1e4), 7 - 100 * remembered)
    intercept, slope, intensity, recency = plain.coefficients
    assert turned.coefficients == pytest.approx(
        [7 - 100 * intercept + 1e4 * 5 * slope, -5 * slope, intensity / 20, recency], rel=1e-7
    )


def test_the_best_of_several_valleys_against_a_fine_grid() -> None:
    """Nothing to find: the surface has many valleys; the fit must be in the deepest, or in one hardly less deep."""
    fine, missed = np.linspace(-1, 1, 41), np.empty(25)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        moments, _ = simulated(rng, 40, n=4)
        remembered = rng.normal(size=40)
        rows = kernel_rows(moments, 0.0)
        fit = fit_moment_kernel(rows, remembered)
        blocks = laid_out(rows, 1 / fit.bound)
        means = [weighted_means(blocks, np.array([a, b]), 0)[0] for a in fine for b in fine]
        lowest = 1 - max(np.corrcoef(m, remembered)[0, 1] ** 2 for m in means)
        missed[seed] = 40 * np.log((1 - fit.r2) / lowest)
    assert missed.max() < SLIVER
    assert (missed <= 1e-6).mean() >= 0.9


def test_many_sequences_against_all_starts_on_all() -> None:
    """Above 20,000 sequences the valleys are looked for in a part of them: the end must be the same."""
    rng = np.random.default_rng(8)
    moments, remembered = simulated(rng, 60_000, (0.4, 1.0), n=3)
    rows = kernel_rows(moments, 0.0)
    fit = fit_moment_kernel(rows, remembered)
    blocks = laid_out(rows, np.ones(2))
    at, slopes = fit.coefficients[2:], weighted_means(blocks, fit.coefficients[2:], 1)
    assert fit.converged
    assert np.corrcoef(slopes[1:], fit.residuals)[:2, 2] == pytest.approx([0, 0], abs=1e-8)
    errors = np.sqrt(np.diag(covariance(fit.influence, np.ones(60_000, dtype=np.int64)).matrix))
    assert np.abs(at - (0.4, 1.0)).max() < MONTE_CARLO * errors[2:].max()
    person = np.repeat(np.arange(20_000), 3)
    apart = fit_moment_kernel(rows, remembered + rng.normal(size=20_000)[person], person)
    assert apart.coefficients[1:] == pytest.approx([0.4, 1.0], abs=0.1)


# --- what cannot be estimated ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "runaway"), [("peak", "intensity"), ("end", "recency"), ("start", "recency")])
def test_a_pure_peak_or_end_runs_away(kind: str, runaway: str) -> None:
    rng = np.random.default_rng(2)
    size = rng.uniform(0.5, 2, size=(200, 1))
    value = rng.permuted(np.tile([0.5, 1.0, 1.5, 2.0, 2.5], (200, 1)), axis=1) * rng.choice([-1, 1], (200, 5)) * size
    moments = moments_of(value.tolist())
    at = {"peak": np.abs(value).argmax(axis=1), "end": 4, "start": 0}[kind]
    remembered = value[np.arange(200), at]
    fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered)
    assert runaway in fit.runaway
    position = fit.terms.index(runaway)
    assert abs(fit.coefficients[position]) == pytest.approx(abs(fit.bound[position - 2]))
    assert np.isnan(fit.influence[:, position]).all()
    assert np.sign(fit.coefficients[position]) == (-1 if kind == "start" else 1)
    assert fit.r2 > 0.99


def test_two_moments_against_linear_regression() -> None:
    """Two moments, one three times as far, and noise: a model that is linear in one weight for each order of them.

    With h the far moment's share of the slope, y = a + b near + h (far - near); h / b is its weight, whose log-odds
    are twice the intensity (the far moment is farther by 2), plus the recency if it came last, else minus. Where least
    squares finds weights outside 0 to 1, there is no estimate.
    """
    rng, outside = np.random.default_rng(6), 0
    for _ in range(40):
        value = rng.permuted(np.tile([1.0, 3.0], (300, 1)), axis=1) * rng.choice([-1.0, 1.0], (300, 2))
        last = np.abs(value[:, 1]) > 2
        far, near = np.where(last, value[:, 1], value[:, 0]), np.where(last, value[:, 0], value[:, 1])
        remembered = 4 + far + 0.5 * rng.normal(size=300)
        fit = fit_moment_kernel(kernel_rows(moments_of(value.tolist()), 0.0), remembered)
        columns = np.column_stack([np.ones(300), near, last * (far - near), ~last * (far - near)])
        a, b, *h = np.linalg.lstsq(columns, remembered, rcond=None)[0]
        weight = np.array(h) / b
        if (weight < 1).all():
            odds = np.log(weight / (1 - weight))
            assert (fit.converged, fit.runaway) == (True, ())
            assert fit.coefficients == pytest.approx([a, b, odds.sum() / 4, (odds[0] - odds[1]) / 2], rel=1e-6)
            assert np.isfinite(fit.influence).all()
        else:
            outside += 1
            assert "intensity" in fit.runaway
            assert np.isnan(fit.influence[:, 2]).all()
    assert 5 < outside < 35


def test_what_does_not_vary_is_refused() -> None:
    one = kernel_rows(moments_of([[1.0], [2.0], [3.0], [5.0], [4.0]]), 0.0)
    with pytest.raises(
        cx.TooFewError,
        match=r"^'intensity' and 'recency' must vary within some sequences, but they vary within none of 5 sequences\."
        r"\nSequences need two moments or more, some of them farther from the neutral point than others\.$",
    ):
        fit_moment_kernel(one, np.arange(5.0))
    good = kernel_rows(
        moments_of([[1.0, 2.0, 4.0], [2.0, 1.0], [3.0, 1.0], [5.0, 2.0], [4.0, 4.5]] * 2), 0.0, sides=True
    )
    with pytest.raises(
        cx.TooFewError,
        match=r"^'intensity_bad' must vary within some sequences, but it varies within none of 10 sequences\."
        r"\nSequences need two moments or more, some of them farther from the neutral point than others\.$",
    ):
        fit_moment_kernel(good, np.arange(10.0))
    ramp = kernel_rows(moments_of([[1.0, 2.0, 3.0]] * 3 + [[2.0, 3.0, 4.0]] * 4), 0.0)
    with pytest.raises(
        cx.TooFewError,
        match=r"^'intensity' and 'recency' must not follow from each other, but within sequences they are collinear "
        r"\(every moment is farther from the neutral point the later it is, or the reverse\)\.\n"
        r"Their weights cannot be told apart here: compare the sequences' peak, end and mean instead\.$",
    ):
        fit_moment_kernel(ramp, np.arange(7.0))


def test_too_few_sequences_and_no_variation_are_refused() -> None:
    rng = np.random.default_rng(1)
    moments, remembered = simulated(rng, 30)
    rows = kernel_rows(moments, 0.0)
    with pytest.raises(
        cx.TooFewError,
        match=r"^There must be more sequences than coefficients \(4\), but there are 4 sequences\.\nCollect more\.$",
    ):
        fit_moment_kernel(kernel_rows(moments.of_sequences(np.arange(4)), 0.0), remembered[:4])
    with pytest.raises(
        cx.TooFewError,
        match=r"^There must be more sequences than coefficients \(3\) and persons \(30\), but there are 30 sequences\."
        r"\nCollect more, or do not compare persons with themselves\.$",
    ):
        fit_moment_kernel(rows, remembered, np.arange(30))
    with pytest.raises(
        cx.TooFewError,
        match=r"^Remembered ratings must vary, but all 30 sequences hold the same\.\nThere is nothing to explain\.$",
    ):
        fit_moment_kernel(rows, np.full(30, 3.0))
    with pytest.raises(
        cx.TooFewError,
        match=r"^Remembered ratings must vary within persons, but none of 15 persons gave two that differ\."
        r"\nThere is nothing to explain\.$",
    ):
        fit_moment_kernel(rows, np.repeat(np.arange(15.0), 2), np.repeat(np.arange(15), 2))


odd = st.lists(
    st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=7),
    min_size=8,
    max_size=25,
)


@settings(max_examples=60)
@given(sequences=odd, seed=st.integers(0, 1000))
def test_odd_sequences_end_in_a_fit_or_a_refusal(sequences: list[list[float]], seed: int) -> None:
    """One moment, equal values, ties: no warning, no NaN but for what is named, never worse than the plain mean."""
    rows, y = kernel_rows(moments_of(sequences), 0.0), np.random.default_rng(seed).normal(size=len(sequences))
    try:
        fit = fit_moment_kernel(rows, y)
        p = equal_weights(rows, y, np.arange(len(y)) // 2).p_value
    except cx.TooFewError:
        return
    assert np.isnan(p) or 0 <= p <= 1
    mean = np.array([np.mean(sequence) for sequence in sequences])
    plain = np.corrcoef(mean, y)[0, 1] ** 2 if np.ptp(mean) > 0 else 0.0
    assert fit.r2 >= plain - ROUNDING
    named = np.isin(fit.terms, fit.runaway)
    if fit.converged:
        assert np.isfinite(fit.coefficients).all()
        assert np.isfinite(fit.influence[:, ~named]).all()
        assert fit.influence[:, ~named].sum(axis=0) == pytest.approx(0, abs=1e-5)


def test_huge_parameters_against_the_peak_and_the_end() -> None:
    moments, _, _ = stored()
    first = moments.first
    ends = moments.value[first[1:] - 1]
    blocks = laid_out(kernel_rows(moments, 0.0), np.ones(2))
    assert weighted_means(blocks, np.array([0.0, 1e6]), 2)[0] == pytest.approx(ends, abs=ROUNDING)
    peak = np.array([np.abs(part).max() for part in np.split(moments.value, first[1:-1])])
    assert (np.abs(weighted_means(blocks, np.array([1e6, 1.0]), 0)[0]) <= peak * (1 + ROUNDING)).all()


# --- curves ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [-900.0, -2.0, 0.0, 1e-9, 3.0, 900.0])
def test_curves_against_integrals(beta: float) -> None:
    s = np.linspace(0, 1, 2_000_001)
    curve = recency_curve(beta, s)
    assert np.trapezoid(curve, s) == pytest.approx(1, rel=1e-6)
    relative = intensity_curve(beta, np.array([0.0, 0.5, 2.0]))
    assert relative.mean() == pytest.approx(1)
    if abs(beta) < 10:
        assert curve[-1] == pytest.approx(curve[0] * np.exp(beta))
        assert relative[2] == pytest.approx(relative[0] * np.exp(2 * beta))


# --- simulations -------------------------------------------------------------------------------------------------


def test_recovery_and_coverage_in_simulation() -> None:
    """500 sequences, noise that grows with the mean: unbiased, and the sandwich covers 95%."""
    rng, runs, truth = np.random.default_rng(50), 300, np.array([5.0, 0.8, 0.5, 2.0])
    estimates, errors = np.empty((runs, 4)), np.empty((runs, 4))
    for run in range(runs):
        moments, remembered = simulated(rng, 500, (0.5, 2.0), noise=0.5)
        fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered)
        assert fit.converged
        assert fit.runaway == ()
        estimates[run] = fit.coefficients
        errors[run] = np.sqrt(np.diag(covariance(fit.influence, np.ones(500, dtype=np.int64)).matrix))
    bias = (estimates.mean(axis=0) - truth) / (estimates.std(axis=0) / runs**0.5)
    covered = (np.abs(estimates - truth) < 1.96 * errors).mean(axis=0)
    assert np.abs(bias).max() < MONTE_CARLO
    assert np.abs(covered - 0.95).max() < MONTE_CARLO * (0.95 * 0.05 / runs) ** 0.5


def persons_at_the_null(rng: np.random.Generator, persons: int, each: int) -> tuple[Moments, np.ndarray, np.ndarray]:
    """Each person has a level and a trend of the moments, and a level of ratings; all moments weigh alike."""
    person = np.repeat(np.arange(persons), each)
    level, trend, rated = rng.normal(size=(3, persons))
    place = np.linspace(0, 1, 5)
    value = level[person, None] + 2 * trend[person, None] * (place - 0.5) + rng.normal(size=(len(person), 5))
    remembered = 5 + 0.8 * value.mean(axis=1) + rated[person] + 0.5 * rng.normal(size=len(person))
    return moments_of(value.tolist()), remembered, person


def test_equal_weights_with_person_effects_in_simulation() -> None:
    """Score test and Wald's reject a true null in 5% of runs; a likelihood ratio that knows no persons in far more."""
    rng, runs = np.random.default_rng(51), 400
    p = np.empty((runs, 3))
    for run in range(runs):
        moments, remembered, person = persons_at_the_null(rng, 60, 6)
        rows = kernel_rows(moments, 0.0)
        p[run, 0] = equal_weights(rows, remembered, person).p_value
        p[run, 1] = _wald(fit_moment_kernel(rows, remembered, person), person)
        mean = slow_pooled(moments)
        ratio = np.log((1 - np.corrcoef(mean, remembered)[0, 1] ** 2) / (1 - fit_moment_kernel(rows, remembered).r2))
        p[run, 2] = chi2.sf(len(remembered) * ratio, 2)
    error = (0.05 * 0.95 / runs) ** 0.5
    rejected = (p < 0.05).mean(axis=0)
    assert np.abs(rejected[:2] - 0.05).max() < MONTE_CARLO * error
    assert rejected[2] > 0.05 + 2 * MONTE_CARLO * error


def slow_pooled(moments: Moments) -> np.ndarray:
    """The plain mean of each sequence."""
    return np.array([part.mean() for part in np.split(moments.value, moments.first[1:-1])])


def _wald(fit: MomentKernelFit, cluster: np.ndarray) -> float:
    """Intensity and recency against 0, as Hotelling's."""
    spread = covariance(fit.influence, np.ones(len(cluster), dtype=np.int64), cluster)
    at = fit.coefficients[-2:]
    wald = float(at @ np.linalg.solve(spread.matrix[-2:, -2:], at))
    return float(f_distribution.sf(wald * (spread.df - 1) / (2 * spread.df), 2, spread.df - 1))


def test_equal_sides_in_simulation() -> None:
    rng, runs = np.random.default_rng(52), 400
    p = np.empty(runs)
    for run in range(runs):
        moments, remembered = simulated(rng, 150, (0.5, 1.0))
        fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered)
        p[run] = equal_sides(kernel_rows(moments, 0.0, sides=True), fit, remembered).p_value
    assert abs((p < 0.05).mean() - 0.05) < MONTE_CARLO * (0.05 * 0.95 / runs) ** 0.5


# --- score tests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clusters", ["none", "person", "pairs of persons"])
def test_equal_weights_against_rows(clusters: str) -> None:
    """Slopes at equal weights by differences of loops, partialled by regression; Hotelling's test on cluster sums."""
    moments, remembered, person = stored()
    given = None if clusters == "none" else person
    cluster = {"none": np.arange(60), "person": person, "pairs of persons": (person + 1) // 2}[clusters]
    found = equal_weights(
        kernel_rows(moments, 0.0), remembered, given, cluster if clusters == "pairs of persons" else None
    )
    h = 1e-5
    slopes = [
        (slow_means(moments, h * a, h * a, h * b) - slow_means(moments, -h * a, -h * a, -h * b)) / (2 * h)
        for a, b in ((1, 0), (0, 1))
    ]
    each = np.zeros(60) if given is None else person
    table = centred(np.column_stack([remembered, slow_means(moments, 0, 0, 0), *slopes]), each)
    left = table - np.outer(table[:, 1], table[:, 1] @ table / (table[:, 1] @ table[:, 1]))
    sums = pd.DataFrame(left[:, [0]] * left[:, 2:]).groupby(cluster).sum().to_numpy()
    groups = len(sums)
    mean = sums.mean(axis=0)
    hotelling = groups * mean @ np.linalg.solve(np.cov(sums.T), mean)
    assert found.statistic == pytest.approx(hotelling, rel=1e-6)
    assert (found.degrees, found.clusters) == (2, groups)
    scaled = hotelling * (groups - 2) / (2 * (groups - 1))
    assert found.p_value == pytest.approx(f_distribution.sf(scaled, 2, groups - 2), rel=1e-5)


def test_equal_sides_against_rows() -> None:
    """Slopes at the fit of one intensity by differences of loops; what they explain is taken out."""
    moments, remembered, person = stored()
    fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered, person)
    at, h = fit.coefficients[[1, 1, 2]], 1e-5
    shifts = [np.array([h, h, 0]), np.array([0, 0, h]), np.array([h, 0, 0])]
    slopes = [(slow_means(moments, *(at + e)) - slow_means(moments, *(at - e))) / (2 * h) for e in shifts]
    table = centred(np.column_stack([remembered, slow_means(moments, *at), *slopes]), person)
    known = table[:, 1:4]
    residual = table[:, 0] - known @ np.linalg.solve(known.T @ known, known.T @ table[:, 0])
    tested = table[:, 4] - known @ np.linalg.solve(known.T @ known, known.T @ table[:, 4])
    sums = pd.Series(residual * tested).groupby(person).sum()
    found = equal_sides(kernel_rows(moments, 0.0, sides=True), fit, remembered, person)
    assert found.statistic == pytest.approx(12 * sums.mean() ** 2 / sums.var(), rel=1e-6)
    assert found.p_value == pytest.approx(f_distribution.sf(found.statistic, 1, 11))


def test_equal_sides_against_the_fit_of_both() -> None:
    """Far from equal, the score test and the fit with two intensities agree that they differ."""
    moments, remembered, person = stored()
    single = fit_moment_kernel(kernel_rows(moments, 0.0), remembered, person)
    both = kernel_rows(moments, 0.0, sides=True)
    assert equal_sides(both, single, remembered, person).p_value < 0.05
    fit = fit_moment_kernel(both, remembered, person)
    cov = np.cov(fit.influence[:, 1], fit.influence[:, 2])
    assert fit.coefficients[2] - fit.coefficients[1] > 2 * (60 * (cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])) ** 0.5


def test_equal_sides_without_an_estimate_is_nan() -> None:
    rng = np.random.default_rng(4)
    value = rng.normal(size=(100, 4))
    rows = kernel_rows(moments_of(value.tolist()), 0.0)
    fit = fit_moment_kernel(rows, value[:, -1])
    assert "recency" in fit.runaway
    found = equal_sides(kernel_rows(moments_of(value.tolist()), 0.0, sides=True), fit, value[:, -1])
    assert np.isnan(found.p_value)


def test_equal_weights_without_anything_to_test_is_nan() -> None:
    """Ratings that are the plain mean; slopes that are the same in all sequences of a person."""
    moments, remembered, _ = stored()
    rows = kernel_rows(moments, 0.0)
    assert np.isnan(equal_weights(rows, slow_means(moments, 0, 0, 0)).p_value)
    twice = moments.of_sequences(np.repeat(np.arange(2, 60, 5), 3))
    assert np.isnan(equal_weights(kernel_rows(twice, 0.0), remembered[:36], np.repeat(np.arange(12), 3)).p_value)
    assert np.isnan(equal_weights(rows, remembered, None, np.arange(60) // 30).p_value)


def test_bounds_are_a_ratio_of_weights() -> None:
    """In a sequence of average range, the weights of its extremes are e^20 apart at the bound."""
    rows = KernelRows(np.array([1.0, 2, 3, 5]), np.array([0, 2, 4]), np.array([[0.0], [4.0], [1.0], [3.0]]), ("d",))
    moments, remembered, _ = stored()
    fit = fit_moment_kernel(kernel_rows(moments, 0.0), remembered)
    assert fit.bound[1] == pytest.approx(BOUND)
    assert laid_out(rows).unit == pytest.approx([3.0])
