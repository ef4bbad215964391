"""Weights of moments by intensity and recency: scipy on loops, the numerics called directly, and simulations."""

import io
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, TooFewError
from cxstats.methods.moment_kernel import MomentKernel, moment_kernel
from cxstats.numerics.equal_weights import equal_sides, equal_weights
from cxstats.numerics.kernel_weights import kernel_rows
from cxstats.numerics.moment_kernel import fit_moment_kernel
from cxstats.numerics.moments import Moments

ROUNDING = 1e-9
# least_squares stops where the sum of squares or the parameters change by 1e-15; its slopes are differences.
SEARCHED = 1e-6
# The Hessian of the loop's sum of squares by differences with steps of 1e-4.
DIFFERENCES = 1e-4
MC_ERRORS = 4
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}
Array = NDArray[np.float64]
Felt = list[tuple[list[float], list[float]]]  # of each visit, moods and the share of time that has passed


def by_loops(frame: pd.DataFrame) -> tuple[Felt, Array, NDArray[np.int64]]:
    """Of each visit: its moods with their places; its memory; its guest."""
    felt, memory, guest = [], [], []
    for _, part in frame.sort_values(["visit", "minute"]).groupby("visit"):
        time = [float(one) for one in part.minute]
        felt.append(([float(one) for one in part.mood], [(one - time[0]) / (time[-1] - time[0]) for one in time]))
        memory.append(part.memory.iloc[0])
        guest.append(part.guest.iloc[0])
    return felt, np.array(memory), np.array(guest)


def weighted_mean(moods: list[float], places: list[float], good: float, bad: float, beta: float) -> float:
    heavy = [
        math.exp((good if mood > 5 else bad) * abs(mood - 5) + beta * place)
        for mood, place in zip(moods, places, strict=True)
    ]
    return sum(w * mood for w, mood in zip(heavy, moods, strict=True)) / sum(heavy)


def less_own_mean(values: Array, guest: NDArray[np.int64] | None) -> Array:
    return values if guest is None else values - pd.Series(values).groupby(guest).transform("mean").to_numpy()


def residuals(
    theta: Array, felt: Felt, memory: Array, guest: NDArray[np.int64] | None, sides: bool = False
) -> Array:  # fmt: skip
    """y - a - b m; theta is (a, b, alpha, beta), or (a, b, good, bad, beta)."""
    a, b, *rest = (float(one) for one in theta)
    good, bad, beta = rest if sides else (rest[0], *rest)
    means = np.array([weighted_mean(moods, places, good, bad, beta) for moods, places in felt])
    return less_own_mean(memory - b * means, guest) - a


DESIGNS: dict[str, dict[str, Any]] = {
    "person": {"person": "guest"},
    "person in town": {"person": "guest", "cluster": "town"},
    "cluster": {"cluster": "guest"},
    "sequences": {},
}


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.visits(322, rng=1, kernel=(0.5, 2.0), noise=0.7, guest_memory=1)
    return frame.assign(town=frame.guest // 2).sample(frac=1, random_state=1)


@pytest.fixture(scope="module")
def loops(visits: pd.DataFrame) -> tuple[Felt, Array, NDArray[np.int64]]:
    return by_loops(visits)


def summed(influence: Array, cluster: NDArray[np.int64] | None) -> Array:
    """G / (G - 1) times the sum of squared sums, cluster by cluster."""
    sums: dict[int, Array] = {}
    numbers = range(len(influence)) if cluster is None else cluster
    for number, row in zip(numbers, influence, strict=True):
        sums[number] = sums.get(number, np.zeros(influence.shape[1])) + row
    total = sum((np.outer(one, one) for one in sums.values()), np.zeros((influence.shape[1],) * 2))
    return total * len(sums) / (len(sums) - 1)


# --- against loops and against the numerics --------------------------------------------------------------------------


@pytest.mark.parametrize("design", ["person", "sequences"])
def test_estimates_against_scipy_on_loops(
    visits: pd.DataFrame, loops: tuple[Felt, Array, NDArray[np.int64]], design: str
) -> None:
    result = moment_kernel(visits, **ROLES, **DESIGNS[design])
    felt, memory, guest = loops
    who = guest if design == "person" else None
    known = least_squares(residuals, [0, 1, 0.3, 1.5], args=(felt, memory, who), xtol=1e-15, ftol=1e-15, gtol=1e-15)
    apart = least_squares(
        residuals, [0, 1, 0.3, 0.3, 1.5], args=(felt, memory, who, True), xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert result.term == ("intensity", "recency", "intensity_good", "intensity_bad", "intensity_bad - intensity_good")
    assert result.estimate[:2] == pytest.approx(known.x[2:], rel=SEARCHED)
    assert result.total.estimate == pytest.approx(known.x[1], rel=SEARCHED)
    assert result.estimate[2:] == pytest.approx([apart.x[2], apart.x[3], apart.x[3] - apart.x[2]], rel=SEARCHED)
    around = less_own_mean(memory, who)
    spread = ((around - around.mean()) ** 2).sum()
    assert result.r2 == pytest.approx(1 - 2 * known.cost / spread, rel=SEARCHED)
    assert result.last_to_first == pytest.approx(math.exp(known.x[3]), rel=10 * SEARCHED)
    assert result.per_point == pytest.approx(math.exp(known.x[2]), rel=10 * SEARCHED)


def test_standard_errors_against_the_differences_of_the_loop(
    visits: pd.DataFrame, loops: tuple[Felt, Array, NDArray[np.int64]]
) -> None:
    """The sandwich H^-1 S H^-1 of the loop's own sum of squares: H and the scores of all visits by differences."""
    result = moment_kernel(visits, **ROLES)
    felt, memory, _ = loops
    best = least_squares(residuals, [0, 1, 0.3, 1.5], args=(felt, memory, None), xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    steps = 1e-4 * np.eye(4)

    def scores(at: Array) -> Array:
        """Of each visit: the derivative of half its squared residual."""
        here = residuals(at, felt, memory, None)
        ahead = [residuals(at + step, felt, memory, None) - residuals(at - step, felt, memory, None) for step in steps]
        return np.column_stack([here * one / 2e-4 for one in ahead])

    hessian = np.array([(scores(best + one) - scores(best - one)).sum(axis=0) / 2e-4 for one in steps])
    each = scores(best) @ np.linalg.inv(hessian)
    covariance = summed(each, None)
    assert result.covariance == pytest.approx(covariance[2:, 2:], rel=DIFFERENCES)
    assert result.std_error[:2] == pytest.approx(np.sqrt(covariance.diagonal()[2:]), rel=DIFFERENCES)
    assert result.total.var_a == pytest.approx(covariance[1, 1], rel=DIFFERENCES)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_field_against_the_numerics(visits: pd.DataFrame, design: str) -> None:
    more = DESIGNS[design]
    result = moment_kernel(visits, **ROLES, **more)
    ordered = visits.sort_values(["visit", "minute"])
    first = np.concatenate([[0], np.cumsum(ordered.groupby("visit").size())])
    moments = Moments(ordered.mood.to_numpy(float), ordered.minute.to_numpy(float), first)
    once = ordered.drop_duplicates("visit")
    y = once.memory.to_numpy()
    person = once.guest.to_numpy() - 1 if "person" in more else None
    named = more.get("cluster", more.get("person"))
    cluster = None if named is None else np.unique(once[named], return_inverse=True)[1]
    one, two = (kernel_rows(moments, 5.0, sides=sides) for sides in (False, True))
    fit, both = (fit_moment_kernel(rows, y, person) for rows in (one, two))
    columns = np.column_stack([fit.influence[:, -3:], both.influence[:, -3:-1]])
    columns = np.column_stack([columns, both.influence[:, -2] - both.influence[:, -3]])
    covariance = summed(columns, cluster)
    good, bad = both.coefficients[-3:-1]
    assert result.estimate == pytest.approx([*fit.coefficients[-2:], good, bad, bad - good], rel=ROUNDING)
    assert result.std_error == pytest.approx(np.sqrt(covariance.diagonal()[1:]), rel=ROUNDING)
    assert result.covariance == pytest.approx(covariance[1:3, 1:3], rel=ROUNDING)
    assert (result.total.a, math.sqrt(result.total.var_a)) == pytest.approx(
        (fit.coefficients[-3], math.sqrt(covariance[0, 0])), rel=ROUNDING
    )
    df = np.inf if cluster is None else len(np.unique(cluster)) - 1
    reach = norm.ppf(0.9) if cluster is None else t.ppf(0.9, df)
    limits = result.confidence_interval(0.8)
    assert (result.df, result.total.df) == (df, df)
    assert result.estimate - limits.low == pytest.approx(reach * result.std_error, rel=ROUNDING)
    assert result.equal == equal_weights(one, y, person, cluster)
    assert result.sides == equal_sides(two, fit, y, person, cluster)
    assert result.r2 == fit.r2
    assert (result.n, result.n_moments, result.n_missing, result.notes) == (322, len(visits), 0, ())
    far = np.abs(visits.mood - 5)
    assert result.distances == pytest.approx(np.quantile(far, np.linspace(0, 1, 101)))
    told = str(result)
    assert f"the last moment weighs {result.last_to_first:.3g} times what the first does" in told
    assert f"one point farther from neutral weighs {result.per_point:.3g} times as much" in told


def test_guests_with_one_visit_add_nothing_and_are_no_clusters(visits: pd.DataFrame) -> None:
    """They are compared with nobody: estimates, errors and degrees are those without them."""
    alone = visits.assign(guest=visits.guest.where(visits.visit > 40, 1000 + visits.visit))
    result, without = (
        moment_kernel(alone, **ROLES, person="guest"),
        moment_kernel(visits[visits.visit > 40], **ROLES, person="guest"),
    )
    assert result.n_alone == 40
    assert result.estimate == pytest.approx(without.estimate, rel=SEARCHED)
    assert result.std_error == pytest.approx(without.std_error, rel=SEARCHED)
    assert result.df == without.df
    assert (result.equal.p_value, result.sides.p_value) == pytest.approx(
        (without.equal.p_value, without.sides.p_value), rel=SEARCHED
    )


# --- known truth -----------------------------------------------------------------------------------------------------


def test_the_truth_lies_within_the_intervals_in_simulation() -> None:
    """Intensity .5 and recency 2: the intervals hold them as often as they should, within four Monte Carlo errors."""
    runs = 32
    inside, truth = np.zeros(2), np.array([0.5, 2.0])
    for seed in range(runs):
        frame = cx.simulate.visits(160, rng=seed, kernel=(0.5, 2.0), guest_memory=1)
        limits = moment_kernel(frame, **ROLES, person="guest").confidence_interval()
        inside += (limits.low[:2] < truth) & (limits.high[:2] > truth)
    assert (inside / runs >= 0.95 - MC_ERRORS * math.sqrt(0.95 * 0.05 / runs)).all()


def test_where_all_moments_weigh_alike_one_study_in_twenty_says_otherwise_in_simulation() -> None:
    """With traits of persons in mood and in memory; the test holds its level though weights are not estimable."""
    runs = 90
    p = []
    for seed in range(runs):
        frame = cx.simulate.visits(120, rng=seed, kernel=(0.0, 0.0), guest_memory=2, moments=(3, 6))
        with warnings.catch_warnings():  # weights that run away have no estimate; the test has a p-value all the same
            warnings.simplefilter("ignore", CxStatsWarning)
            p.append(moment_kernel(frame, **ROLES, person="guest").equal.p_value)
    share = float((np.array(p) < 0.05).mean())
    assert abs(share - 0.05) < MC_ERRORS * math.sqrt(0.05 * 0.95 / runs)


def test_where_memory_is_the_end_alone_recency_has_no_estimate_and_a_note_says_so() -> None:
    frame = cx.simulate.visits(400, rng=1, weights={"end": 1}, noise=0.01)
    with pytest.warns(CxStatsWarning) as told:
        result = moment_kernel(frame, **ROLES)
    why = "weights go to one moment alone, or it makes no difference."
    assert result.notes == (
        f"No estimate of 'recency': {why}",
        f"No estimate where good and bad moments are apart of 'recency': {why}",
    )
    assert tuple(str(one.message) for one in told) == result.notes
    assert np.isnan(result.estimate[1])
    assert np.isnan(result.std_error[1])
    assert np.isfinite(result.equal.p_value)
    assert "nan" not in str(result)
    assert "Good and bad alike: not tested." in str(result)


# --- the figure ------------------------------------------------------------------------------------------------------


def test_each_curve_is_1_on_average_and_has_its_labels(visits: pd.DataFrame) -> None:
    result = moment_kernel(visits, **ROLES, person="guest")
    ax = result.plot()
    figure = ax.figure
    assert isinstance(figure, Figure)
    late, intense = figure.axes
    assert ax is late
    assert (late.get_title(loc="left"), intense.get_title(loc="left")) == (
        "When: same intensity",
        "How intense: same time",
    )
    assert [text.get_text() for text in late.get_xticklabels()] == [
        "first\nmoment",
        "half of\nthe time",
        "last\nmoment",
    ]
    assert intense.get_xlabel() == "points away from neutral"
    for panel in (late, intense):
        assert panel.get_ylabel() == "weight of a moment\n(1: all weigh alike)"
        curve = np.asarray(panel.lines[1].get_ydata())
        assert curve.min() < 1 < curve.max()
    curve = np.asarray(late.lines[1].get_ydata())
    assert curve.mean() == pytest.approx(1)
    assert curve[-1] / curve[0] == pytest.approx(result.last_to_first, rel=ROUNDING)
    x, y = (np.asarray(data) for data in intense.lines[1].get_data())
    assert np.interp(result.distances, x, y).mean() == pytest.approx(1, rel=1e-2)  # linear between points of a curve
    assert np.log(y[-1] / y[0]) / x[-1] == pytest.approx(result.estimate[0], rel=ROUNDING)


def test_the_figure_is_drawn_without_estimates() -> None:
    frame = cx.simulate.visits(400, rng=1, weights={"end": 1}, noise=0.01)
    with pytest.warns(CxStatsWarning):
        result = moment_kernel(frame, **ROLES)
    figure = result.plot().figure
    assert isinstance(figure, Figure)
    figure.savefig(io.BytesIO(), format="png")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no estimate:\nall weight on one moment"]
    given = Figure().subplots()
    assert result.plot(given) is given


# --- refusals --------------------------------------------------------------------------------------------------------

DOWN = (
    "^Better moments must go with a better overall rating, but one point more in all moments goes with -[0-9.]+ "
    r"\(95% -[0-9.]+ to -[0-9.]+\) points of 'memory'\.\nDeclare the direction of both: "
    r"scale=cx\.Scale\(0, 10, higher_is_better=False\), overall=cx\.Rating\(column, scale\)\.$"
)
NOTHING = (
    "^There is nothing to share out: one point more in all moments goes with -?[0-9.]+ "
    r"\(95% -[0-9.]+ to [0-9.]+\) points of 'memory', which cannot be told from none\.\n"
    r"Collect more sequences, or check that the rating is of these moments\.$"
)
SHORT = (
    "^At least one sequence of 3 or more moments with an overall rating is needed, but of 322 sequences there is "
    r"none\.\nWith fewer moments, peak, end and mean are nearly the same, and no rule can be told from another\.$"
)
REFUSED: dict[str, tuple[Any, dict[str, Any], type[CxStatsError], str]] = {
    "down": (
        lambda d: d.assign(memory=-d.memory),
        {},
        RoleError,
        DOWN,
    ),
    "nothing": (
        lambda d: d.assign(memory=np.random.default_rng(1).normal(size=400)[d.visit]),
        {},
        TooFewError,
        NOTHING,
    ),
    "few people": (
        lambda d: d[d.visit <= 76],
        {"person": "guest"},
        TooFewError,
        "^At least 20 clusters are needed for an interval, but there are 19\\.\n",
    ),
    "short": (
        lambda d: d.groupby("visit").head(2),
        {},
        TooFewError,
        SHORT,
    ),
    "constant": (
        lambda d: d.assign(mood=7),
        {},
        TooFewError,
        "must vary",
    ),
    "unknown": (
        lambda d: d.rename(columns={"guest": "guests"}),
        {"person": "guest"},
        ColumnError,
        "'guest'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_kernel_is_refused(visits: pd.DataFrame, case: str) -> None:
    spoil, more, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        moment_kernel(spoil(visits), **{**ROLES, **more})


def test_a_scale_on_which_up_is_bad_turns_all(visits: pd.DataFrame) -> None:
    pain = visits.assign(mood=10 - visits.mood, memory=-visits.memory)
    turned: MomentKernel = moment_kernel(
        pain, **{**ROLES, "overall": cx.Continuous("memory", good="low")}, scale=cx.Scale(0, 10, higher_is_better=False)
    )
    assert turned.estimate == pytest.approx(moment_kernel(visits, **ROLES).estimate, rel=SEARCHED)
