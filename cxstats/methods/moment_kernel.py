"""Which moments of an experience weigh most in memory: the intense ones, the late ones, or all alike."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import listed, warn
from cxstats.methods.moment_weights import refuse_few
from cxstats.moments.roles import SameTime
from cxstats.moments.sequences import IntoSequences
from cxstats.numerics.effect import Effect
from cxstats.numerics.equal_weights import ScoreTest, equal_sides, equal_weights
from cxstats.numerics.kernel_weights import BAD, GOOD, INTENSITY, RECENCY, kernel_rows
from cxstats.numerics.moment_kernel import MomentKernelFit, fit_moment_kernel
from cxstats.numerics.sequence_features import sequence_features
from cxstats.results import shown, shown_p
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.memory_result import MemoryResult, refuse_no_slope, spread, used
from cxstats.shared.remembered import MemoryRoles, Remembered, remembered

SLOPE = "slope"
SIDES = f"{BAD} - {GOOD}"


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentKernel(MemoryResult):
    """How weights grow with intensity and recency; 0 where all moments weigh alike.

    Attributes
    ----------
    term : tuple of str
        ``"intensity"`` and ``"recency"``, then, from a model of its own, ``"intensity_good"`` and ``"intensity_bad"``
        (of moments above and below the neutral point) and their difference.
    total : Effect
        b: points of the overall rating per point of all moments.
    covariance : array, shape (2, 2)
        Of intensity and recency.
    equal : ScoreTest
        Whether all moments weigh alike.
    sides : ScoreTest
        Whether good and bad moments weigh alike.
    r2 : float
        Share of the variance of the overall rating explained; of each person's own, where people were declared.
    distances : array
        Distances from the neutral point at every hundredth of their distribution, for the curve.
    """

    term: tuple[str, ...]
    total: Effect
    covariance: Floats
    equal: ScoreTest
    sides: ScoreTest
    r2: float
    distances: Floats

    method: ClassVar[str] = "Least squares on weighted means of moments, robust; score tests of equal weights"
    reference: ClassVar[str] = "Golub & Pereyra (1973), doi:10.1137/0710036"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.term}

    @property
    def last_to_first(self) -> float:
        """How many times the last moment weighs what the first does, at the same intensity."""
        return float(np.exp(self.estimate[self.term.index(RECENCY)]))

    @property
    def per_point(self) -> float:
        """How many times a moment weighs what one a point nearer to the neutral point does, at the same time."""
        return float(np.exp(self.estimate[self.term.index(INTENSITY)]))

    def footer(self) -> str:
        """What the weights mean, the tests, then what it stands on."""
        late, intense = shown(self.last_to_first, 3), shown(self.per_point, 3)
        lines = [
            f"At the same intensity the last moment weighs {late} times what the first does.",
            f"At the same time a moment one point farther from neutral weighs {intense} times as much.",
            f"All moments weigh alike: {_told(self.equal)}. Good and bad alike: {_told(self.sides)}.",
        ]
        return "\n".join([*lines, super().footer()])

    def plot(self, ax: Any = None) -> Any:
        """Draw the weight of a moment by when it was and by how intense it was, with bands."""
        from cxstats.figures.weight_curve import weight_curve

        return weight_curve(self, ax=ax)


def _told(test: ScoreTest) -> str:
    return f"p {shown_p(test.p_value)}" if np.isfinite(test.p_value) else "not tested"


def moment_kernel(
    data: IntoSequences,
    *,
    sequence: str | Sequence[str] | None = None,
    order: str | None = None,
    value: str | None = None,
    overall: str | Rating | Continuous,
    neutral: float | None = None,
    scale: Scale | None = None,
    person: str | None = None,
    cluster: str | None = None,
    same_time: SameTime = "raise",
) -> MomentKernel:
    """Find out whether intense moments, or late ones, weigh more in memory than others.

    Use it for a soft version of the peak-end rule: it asks of every moment how much it weighs, and has the plain mean
    as the case in which all weigh alike. The peak alone and the end alone are its far corners; the peak-end rule is a
    mixture of the two and no member of the family, so for that `moment_weights`. Not with survey weights.

    Parameters
    ----------
    data, sequence, order, value, overall, neutral, scale, person, cluster, same_time : various
        As for `moment_weights`.

    Returns
    -------
    MomentKernel
        ``"intensity"`` (alpha, per point of distance from the neutral point) and ``"recency"`` (beta, from the first
        moment to the last), then intensity of good and of bad moments apart, and their difference.

    Raises
    ------
    TooFewError, ColumnError, ScaleError, RoleError
        As for `moment_weights`; also features of moments that do not vary, or follow from each other.

    Notes
    -----
    Moment t of a sequence weighs w_t, proportional to exp(alpha |x_t - neutral| + beta s_t), s_t from 0 to 1 the
    share of the time that has passed, and y = a + b sum_t w_t x_t. With alpha = beta = 0 that is the mean; a large
    alpha leaves the peak, a large beta the end, a negative one the start. For given weights a and b follow by
    regression, so only alpha and beta are searched for [1]_, from several starts, with exact derivatives. With
    ``person``, rating and weighted mean are deviations from the person's own mean. Intervals use influence values
    summed by person or cluster, with Student's t. The tests of equal weights are score tests on the same sums, with
    Hotelling's F: they need no estimate of alpha and beta, and hold their level whatever b is. A term whose weights
    run away to a corner has no estimate, and a note says so.

    References
    ----------
    .. [1] Golub & Pereyra (1973). SIAM J. Numer. Anal. 10, 413-432. doi:10.1137/0710036

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.visits(400, rng=1, kernel=(0.5, 2.0))
    >>> result = cx.moment_kernel(
    ...     visits, sequence="visit", order="minute", value="mood", overall="memory", neutral=5, person="guest"
    ... )
    >>> bool(result.equal.p_value < 0.001)
    True
    """
    roles = MemoryRoles(
        sequence=sequence,
        order=order,
        value=value,
        overall=overall,
        neutral=neutral,
        scale=scale,
        person=person,
        cluster=cluster,
        same_time=same_time,
    )
    return _result(remembered(data, roles))


def _result(found: Remembered) -> MomentKernel:
    refuse_few(found, 4)
    compared = _compared(found)
    y, person = compared.overall, compared.person
    one, two = (kernel_rows(compared.moments, compared.neutral, sides=sides) for sides in (False, True))
    fit, both = (fit_moment_kernel(rows, y, person) for rows in (one, two))
    at, apart = ({name: k for k, name in enumerate(part.terms)} for part in (fit, both))
    influence = np.column_stack(
        [
            *(fit.influence[:, at[name]] for name in (SLOPE, INTENSITY, RECENCY)),
            *(both.influence[:, apart[name]] for name in (GOOD, BAD)),
            both.influence[:, apart[BAD]] - both.influence[:, apart[GOOD]],
        ]
    )
    moved = spread(compared, influence)
    total = Effect(a=float(fit.coefficients[at[SLOPE]]), var_a=float(moved.matrix[0, 0]), df=moved.df)
    refuse_no_slope(found, total)
    one_of, two_of = _estimates(fit), _estimates(both)
    estimate = [one_of[INTENSITY], one_of[RECENCY], two_of[GOOD], two_of[BAD], two_of[BAD] - two_of[GOOD]]
    return MomentKernel(
        term=(INTENSITY, RECENCY, GOOD, BAD, SIDES),
        estimate=np.array(estimate),
        std_error=np.sqrt(moved.matrix.diagonal()[1:]),
        df=moved.df,
        total=total,
        covariance=moved.matrix[1:3, 1:3],
        equal=equal_weights(one, y, person, compared.cluster),
        sides=equal_sides(two, fit, y, person, compared.cluster),
        r2=fit.r2,
        distances=np.quantile(np.abs(found.moments.value - found.neutral), np.linspace(0, 1, 101)),
        notes=(*moved.notes, *_runaway(fit), *_runaway(both, " where good and bad moments are apart")),
        **used(found, sequence_features(found.moments, found.neutral).peak_ties),
    )


def _compared(found: Remembered) -> Remembered:
    """Without people who have one sequence only: they are compared with nobody, and are no clusters of a test."""
    if found.compared.all():
        return found
    kept = np.flatnonzero(found.compared)
    person, cluster = (None if codes is None else codes[kept] for codes in (found.person, found.cluster))
    moments = found.moments.of_sequences(kept)
    return replace(
        found,
        moments=moments,
        overall=found.overall[kept],
        person=person,
        cluster=cluster,
        stimulus=None,
        treated=None,
    )


def _estimates(fit: MomentKernelFit) -> dict[str, float]:
    """Coefficients by name; NaN where weights ran away."""
    found = dict(zip(fit.terms, map(float, fit.coefficients), strict=True))
    return {name: np.nan if name in fit.runaway else value for name, value in found.items()}


def _runaway(fit: MomentKernelFit, where: str = "") -> tuple[str, ...]:
    """A note on what has no estimate."""
    if not fit.runaway and fit.converged:
        return ()
    if not fit.runaway:
        return (warn(f"The weights{where} did not settle: take them for a rough picture only."),)
    told = f"No estimate{where} of {listed(fit.runaway)}: weights go to one moment alone, or it makes no difference."
    return (warn(told),)
