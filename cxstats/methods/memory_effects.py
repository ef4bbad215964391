"""What counts in memory beyond peak and end: the mean, the duration, the start, good against bad moments, the trend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import CxStatsError, TooFewError
from cxstats.methods.moment_weights import SEQUENCES_PER_COEFFICIENT, refuse_few
from cxstats.moments.roles import SameTime
from cxstats.moments.sequence_features import checked_end
from cxstats.moments.sequences import IntoSequences
from cxstats.numerics.intervals import symmetric, two_sided
from cxstats.numerics.memory_slopes import MixedSlope, Slope, mixed_slope, robust_slope
from cxstats.numerics.sequence_features import SequenceFeatures, middle_moment, sequence_features
from cxstats.numerics.within import within
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.memory_result import MemoryResult, left_out_lines, spread_or_none, used
from cxstats.shared.remembered import MemoryRoles, Remembered, remembered

ROBUST, MIXED, BETWEEN = "robust", "random intercepts", "between people"
FEWEST_PEOPLE = 10  # from which a variance between people can be estimated at all
TREND_MOMENTS = 4  # fewer moments have no trend apart from their start, end and mean


@dataclass(frozen=True)
class _Question:
    """A slope, or a difference of slopes, in a model with several features; ``unit`` has the standard deviation."""

    features: tuple[str, ...]
    contrast: Mapping[str, float]
    unit: tuple[str, ...]


def _alone(features: tuple[str, ...], name: str) -> _Question:
    return _Question(features, {name: 1.0}, (name,))


def _against(features: tuple[str, ...], more: str, less: str) -> _Question:
    return _Question(features, {more: 1.0, less: -1.0}, (more, less))


_RULE = ("peak", "end", "mean")
QUESTIONS: Mapping[str, _Question] = {
    "peak": _alone(_RULE, "peak"),
    "end": _alone(_RULE, "end"),
    "mean": _alone(_RULE, "mean"),
    "log duration": _alone((*_RULE, "log duration"), "log duration"),
    "end - start": _against(("start", "middle", "end"), "end", "start"),
    "end - middle": _against(("start", "middle", "end"), "end", "middle"),
    "worst - best": _against(("worst", "best"), "worst", "best"),
    "bad peak - good peak": _against(("bad peak", "good peak", "end", "mean"), "bad peak", "good peak"),
    "bad end - good end": _against(("peak", "bad end", "good end", "mean"), "bad end", "good end"),
    "trend": _alone((*_RULE, "trend"), "trend"),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryEffects(MemoryResult):
    """Standardised slopes and differences of slopes, robust and with random intercepts.

    Attributes
    ----------
    term, model : tuple of str
        What each row is about. ``"mean"``, ``"peak"``, ``"end"`` are each beyond the two others, ``"log duration"`` and
        ``"trend"`` are beyond all three.
    degrees : array
        Degrees of freedom of each row: clusters less one, or Satterthwaite's; infinite for the normal.
    left_out : mapping from term to str
        What could not be estimated, and why; ``"mean (random intercepts)"`` could be without them.
    """

    term: tuple[str, ...]
    model: tuple[str, ...]
    degrees: Floats
    left_out: Mapping[str, str]

    method: ClassVar[str] = "Standardised least squares, robust; restricted maximum likelihood with random intercepts"
    reference: ClassVar[str] = "Mundlak (1978), doi:10.2307/1913646"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term and the model of each row."""
        return {"term": self.term, "model": self.model}

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.degrees)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits with each row's own degrees of freedom."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.degrees)
        return ConfidenceInterval(limits.low, limits.high, level)

    def row(self, term: str, model: str = ROBUST) -> int:
        """The number of a row of the frame."""
        return list(zip(self.term, self.model, strict=True)).index((term, model))

    def footer(self) -> str:
        """What was left out, then what it stands on."""
        return "\n".join([*left_out_lines(self.left_out), super().footer()])


def memory_effects(
    data: IntoSequences,
    *,
    sequence: str | Sequence[str] | None = None,
    order: str | None = None,
    value: str | None = None,
    overall: str | Rating | Continuous,
    neutral: float | None = None,
    scale: Scale | None = None,
    person: str | None = None,
    stimulus: str | None = None,
    cluster: str | None = None,
    end: float = 1,
    same_time: SameTime = "raise",
) -> MemoryEffects:
    """Find out what goes with memory beyond peak and end: the mean, the duration, the start, bad moments, the trend.

    Use it to test single statements about memory ("length does not matter") by their intervals: that a slope cannot
    be told from 0 does not show that it is 0. To compare whole rules on people held out, use `memory_contest`. Slopes
    are associations. Not with survey weights.

    Parameters
    ----------
    data, sequence, order, value, overall, neutral, scale, person, cluster, end, same_time : various
        As for `moment_weights`.
    stimulus : str, optional
        What was experienced (the film, the branch), where several people experienced the same: it has a random
        intercept beside that of the person. The robust rows know nothing of it.

    Returns
    -------
    MemoryEffects
        Standard deviations of the overall rating per standard deviation of the feature: ``"peak"``, ``"end"`` and
        ``"mean"`` in one model; ``"log duration"`` beyond the three; ``"end - start"`` and ``"end - middle"`` (by
        how much the last moment counts more than the first, and than the one in the middle of the time); ``"worst -
        best"`` (by how much the lowest moment counts more than the highest); ``"bad peak - good peak"`` and ``"bad
        end - good end"`` (by how much a point counts more below the neutral point than above); ``"trend"`` beyond
        peak, end and mean. With ``person`` or ``stimulus`` the same with random intercepts, unless a ``cluster`` above
        the people was declared, of which these know nothing. With ``person`` besides ``"peak"``, ``"end"`` and
        ``"mean"`` between people: who had the better experiences on average, in standard deviations between people.

    Raises
    ------
    TooFewError, ColumnError, ScaleError, RoleError
        As for `moment_weights`; but where single features do not vary, or repeat each other, their rows are left out
        and named in ``left_out``.

    Notes
    -----
    Robust rows: with ``person``, rating and features are deviations from the person's own mean (and so is the unit);
    covariances are sums of squared influence values by person or cluster, that of the standard deviations included,
    with Student's t; below 20 clusters they have no interval. Slopes that are compared have one unit, the root of
    their mean variance. Rows with random intercepts hold the person's mean of each feature beside the deviation from
    it, so that what goes on between people does not mix in [1]_; intercepts of persons and of stimuli are normal,
    estimates by restricted maximum likelihood, degrees of freedom after Satterthwaite, standard deviations as known.
    Without the mean beside them, ``log duration`` and ``bad peak - good peak`` would not be 0 where memory is the mean.
    ``end - middle`` is below 0 there all the same, since the middle stands for its neighbours on both sides.
    ``worst - best`` does not say whether the rule holds alike for good and bad: where most peaks are good, the highest
    moment counts more under the very same rule. ``bad peak - good peak`` does. ``trend`` needs four moments; shorter
    sequences are left out there.

    References
    ----------
    .. [1] Mundlak (1978). Econometrica 46, 69-85. doi:10.2307/1913646

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.visits(400, rng=1, weights={"peak": 0.5, "end": 0.5})
    >>> result = cx.memory_effects(
    ...     visits, sequence="visit", order="minute", value="mood", overall="memory", neutral=5, person="guest"
    ... )
    >>> bool(result.p_value[result.row("end")] < 0.001)
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
        stimulus=stimulus,
        cluster=cluster,
        same_time=same_time,
    )
    found = remembered(data, roles)
    refuse_few(found, 4)
    return _result(found, sequence_features(found.moments, found.neutral, end=checked_end(end)))


@dataclass(frozen=True)
class _Fitted:
    """The slopes of the terms that could be estimated: robust, with random intercepts, between people; and the rest."""

    robust: dict[str, Slope]
    mixed: dict[str, MixedSlope]
    between: dict[str, MixedSlope]
    left_out: dict[str, str]


def _result(found: Remembered, features: SequenceFeatures) -> MemoryEffects:
    fitted = _fitted(found, _columns(found, features))
    robust = tuple(fitted.robust.values())
    moved = spread_or_none(found, np.column_stack([one.influence for one in robust]), within=True)
    mixed = (*fitted.mixed.values(), *fitted.between.values())
    errors = [*np.sqrt(moved.matrix.diagonal()), *(one.std_error for one in mixed)]
    return MemoryEffects(
        term=(*fitted.robust, *fitted.mixed, *fitted.between),
        model=(ROBUST,) * len(robust) + (MIXED,) * len(fitted.mixed) + (BETWEEN,) * len(fitted.between),
        estimate=np.array([*(one.estimate for one in robust), *(one.estimate for one in mixed)]),
        std_error=np.array(errors),
        degrees=np.array([moved.df] * len(robust) + [one.df for one in mixed]),
        df=moved.df,
        left_out=fitted.left_out,
        notes=moved.notes,
        **used(found, features.peak_ties),
    )


def _fitted(found: Remembered, columns: Mapping[str, Floats]) -> _Fitted:
    """Every question answered, or left out with the reason."""
    made = _Fitted({}, {}, {}, {})
    groups = _groups(found)
    for term, asked in QUESTIONS.items():
        kept = found.moments.n >= (TREND_MOMENTS if term == "trend" else 0)
        at = term
        try:
            _refuse_few_kept(found, kept, len(asked.features))
            made.robust[term] = _robust(found, asked, columns, kept)
            at = f"{term} ({MIXED})"
            if groups:
                made.mixed[term] = _mixed(found, asked, columns, kept, groups)
                if found.person is not None and asked.features == _RULE:
                    made.between[term] = _mixed(found, asked, columns, kept, groups, between=True)
        except CxStatsError as reason:
            made.left_out[at] = str(reason).splitlines()[0].rstrip(".")
    if not made.robust:
        raise TooFewError(f"Nothing could be estimated. {'. '.join(dict.fromkeys(made.left_out.values()))}.")
    return made


def _refuse_few_kept(found: Remembered, kept: Bools, coefficients: int) -> None:
    """Ten sequences per coefficient among those that are long enough."""
    many, least = int((kept & found.compared).sum()), SEQUENCES_PER_COEFFICIENT * coefficients
    if many < least:
        raise TooFewError(
            f"At least {least} sequences of {TREND_MOMENTS} or more moments are needed, but there are {many}"
        )


def _columns(found: Remembered, features: SequenceFeatures) -> dict[str, Floats]:
    """The features that questions are about, shape (S,) each."""
    peak, end = features.peak - found.neutral, features.end - found.neutral
    return {
        "peak": features.peak,
        "end": features.end,
        "mean": features.mean,
        "log duration": np.log(features.duration),
        "start": features.first,
        "middle": middle_moment(found.moments),
        "worst": features.min,
        "best": features.max,
        "bad peak": np.minimum(peak, 0.0),
        "good peak": np.maximum(peak, 0.0),
        "bad end": np.minimum(end, 0.0),
        "good end": np.maximum(end, 0.0),
        "trend": features.trend,
    }


def _asked(asked: _Question, columns: Mapping[str, Floats], kept: Bools) -> tuple[Floats, Floats, list[int]]:
    """Columns, contrast and the columns whose unit counts."""
    names = asked.features
    contrast = np.array([asked.contrast.get(name, 0.0) for name in names])
    return np.column_stack([columns[name][kept] for name in names]), contrast, [names.index(one) for one in asked.unit]


def _robust(found: Remembered, asked: _Question, columns: Mapping[str, Floats], kept: Bools) -> Slope:
    values, contrast, unit = _asked(asked, columns, kept)
    person = None if found.person is None else found.person[kept]
    slope = robust_slope(within(values, person), contrast, unit, within(found.overall[kept], person), asked.features)
    influence = np.zeros(found.n)
    influence[kept] = slope.influence
    return Slope(slope.estimate, influence)


def _mixed(
    found: Remembered,
    asked: _Question,
    columns: Mapping[str, Floats],
    kept: Bools,
    groups: Sequence[Ints],
    *,
    between: bool = False,
) -> MixedSlope:
    values, contrast, unit = _asked(asked, columns, kept)
    numbered = [np.unique(group[kept], return_inverse=True)[1] for group in groups]
    person = None if found.person is None else found.person[kept]
    return mixed_slope(values, contrast, unit, found.overall[kept], numbered, person, asked.features, between=between)


def _groups(found: Remembered) -> list[Ints]:
    """What has random intercepts: persons, if there are enough of them, and stimuli; not where clusters lie above."""
    groups = [group for group in (found.person, found.stimulus) if group is not None]
    above = found.cluster is not None and (found.person is None or not np.array_equal(found.cluster, found.person))
    few = found.person is not None and int(found.person.max()) + 1 < FEWEST_PEOPLE
    return [] if above or few else groups
