"""Which summary of an experience predicts how it is remembered, for people who were not used to fit it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import RoleError, warn
from cxstats.methods.moment_weights import TOO_ALIKE, refuse_few
from cxstats.moments.roles import SameTime
from cxstats.moments.sequence_features import checked_end
from cxstats.moments.sequences import IntoSequences
from cxstats.numerics.correlation import correlation_matrix, standard_scores
from cxstats.numerics.intervals import symmetric, two_sided
from cxstats.numerics.memory_contest import deal_groups
from cxstats.numerics.resample import Seeded, seeded
from cxstats.numerics.sequence_features import SequenceFeatures, sequence_features
from cxstats.numerics.within import within
from cxstats.results import ConfidenceInterval, checked_level, shown
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.memory_models import ACROSS as ACROSS
from cxstats.shared.memory_models import ALL as ALL
from cxstats.shared.memory_models import HALVES as HALVES
from cxstats.shared.memory_models import KERNEL as KERNEL
from cxstats.shared.memory_models import MEAN as MEAN
from cxstats.shared.memory_models import RULE as RULE
from cxstats.shared.memory_models import WITHIN as WITHIN
from cxstats.shared.memory_models import Level, contest_at, contest_columns
from cxstats.shared.memory_result import MemoryResult, left_out_lines, used
from cxstats.shared.remembered import MemoryRoles, Remembered, remembered

EACH = 50  # people up to which each is left out in turn


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryContest(MemoryResult):
    """Indices of every model on sequences held out, then differences.

    Attributes
    ----------
    models : tuple of str
        ``"mean"``, ``"peak + end"`` (each with a weight of its own), ``"(peak + end) / 2"``, what is added to them,
        rivals alone, and ``"kernel"``; those that could be fitted at the level that decides.
    model, index, level : tuple of str
        What each row is about: ``"R2"`` (share of squared error saved; below 0 where the model is worse than the
        mean rating of all) or ``"r"``; of all differences, or of each person's own (``"within people held out"``).
    correlation : float
        Of peak-end (halves) with the mean of the moments, of each person's own deviations where people were declared.
    left_out : mapping from model to str
        Models that could not be fitted, and why; ``"trend (within people held out)"`` could be across people only.
    degrees : array
        Degrees of freedom of each row: people or clusters less one; within people only those with two sequences or
        more count. ``df`` is that of the level that decides.
    folds, repeats : int
    in_turn : bool
        Whether each person (or cluster) was left out in turn; nothing is drawn then.
    seed : int or None
    """

    models: tuple[str, ...]
    model: tuple[str, ...]
    index: tuple[str, ...]
    level: tuple[str, ...]
    correlation: float
    left_out: Mapping[str, str]
    degrees: Floats
    folds: int
    repeats: int
    in_turn: bool
    seed: int | None

    method: ClassVar[str] = "Models of the overall rating compared on people held out, intervals from influence values"
    reference: ClassVar[str] = "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The model or the pair, the index, and between whom."""
        return {"model": self.model, "index": self.index, "level": self.level}

    @property
    def null(self) -> Floats:
        """0 for differences; that a single model knows nothing is not tested, since its index may be below 0."""
        return np.array([0.0 if " vs " in name else np.nan for name in self.model])

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.degrees)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits with each row's own degrees of freedom."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.degrees)
        return ConfidenceInterval(limits.low, limits.high, level)

    @property
    def alike(self) -> bool:
        """Whether peak-end goes so closely with the mean that nothing can be told apart."""
        return self.correlation >= TOO_ALIKE

    def row(self, model: str, index: str = "R2", level: str = ACROSS) -> int:
        """The number of a row of the frame."""
        return list(zip(self.model, self.index, self.level, strict=True)).index((model, index, level))

    @property
    def decisive(self) -> str:
        """The level that decides: within people, where they were declared."""
        return WITHIN if WITHIN in self.level else ACROSS

    def plot(self, ax: Any = None) -> Any:
        """Draw the R2 of every model at the level that decides."""
        from cxstats.figures.memory_contest import memory_contest as contest

        return contest(self, ax=ax)

    def footer(self) -> str:
        """The correlation on which all hangs, how people were held out, then what it stands on."""
        alike = f"Peak-end correlates {shown(self.correlation, 3)} with the mean of the moments"
        apart = ": nothing can be told apart." if self.alike else f"; from {TOO_ALIKE:g} on nothing can be told apart."
        return "\n".join([alike + apart, self._held(), *left_out_lines(self.left_out), super().footer()])

    def _held(self) -> str:
        if self.in_turn:
            return (
                f"Each of {self.folds} {'people' if self.folds == self.n_people else 'clusters'} was held out in turn."
            )
        dealt = f", dealt {self.repeats} times" if self.repeats > 1 else ""
        return f"{self.folds} folds{dealt}{'' if self.seed is None else f', seed {self.seed}'}."


def memory_contest(
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
    end: float = 1,
    same_time: SameTime = "raise",
    folds: int = 10,
    repeats: int = 1,
    rng: int | np.random.Generator | None = None,
) -> MemoryContest:
    """Compare the peak-end rule with its rivals on people who were not used to fit them.

    Use it to find out whether peak and end tell more about how an experience is remembered than the plain mean of
    its moments does. Where peak-end and the mean go together by .95 or more, it says that nothing can be told apart.
    Not with survey weights.

    Parameters
    ----------
    data, sequence, order, value, overall, neutral, scale, person, cluster, end, same_time : various
        As for `moment_weights`. Without ``person``, every sequence (or cluster) is taken for somebody else's.
    folds : int
        Parts into which people are dealt; up to 50 people each is left out in turn.
    repeats : int
        How often people are dealt anew.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    MemoryContest
        R2 and r of every model on people held out, then differences ``"peak + end vs mean"`` and so on; with
        ``person``, the same of deviations from each person's own mean.

    Raises
    ------
    TooFewError, ColumnError, ScaleError, RoleError
        As for `moment_weights`.

    Notes
    -----
    Every model is least squares of the overall rating on its features (`sequence_features`), the kernel that of
    `moment_kernel`. Each fold of people is predicted by the model fitted to all others. R2 is 1 less the squared
    error over the squared deviation from the mean rating; r correlates predictions with ratings. Intervals treat the
    predictions as fixed and use influence values [1]_, summed by person (or cluster), with Student's t; below 20
    of them there is no interval. Within people, ratings and features are deviations from the person's own mean, so that
    one who rates everything high counts for no model. That a rule predicts as well as the mean proves little where both
    hang together [2]_: look at ``correlation`` first, and at what peak and end add to the mean in `memory_effects`.

    References
    ----------
    .. [1] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035
    .. [2] Cojuharenco & Ryvkin (2008). Journal of Mathematical Psychology 52, 326-335.

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.visits(200, rng=1, weights={"peak": 0.5, "end": 0.5})
    >>> result = cx.memory_contest(
    ...     visits, sequence="visit", order="minute", value="mood", overall="memory", neutral=5, person="guest", rng=1
    ... )
    >>> bool(result.estimate[result.row("peak + end vs mean")] > 0)
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
    found, end = remembered(data, roles), checked_end(end)
    refuse_few(found, 3)
    return _result(found, end, _Deal(_whole("folds", folds, 2), _whole("repeats", repeats, 1), seeded(rng)))


@dataclass(frozen=True)
class _Deal:
    folds: int
    repeats: int
    draws: Seeded


def _result(found: Remembered, end: float, deal: _Deal) -> MemoryContest:
    features = sequence_features(found.moments, found.neutral, end=end)
    dealt = _folds(found, deal)
    levels = [ACROSS] if found.person is None else [ACROSS, WITHIN]
    told: list[Level] = []
    for level in levels:
        few = bool(told) and bool(np.isnan(told[0].moved.matrix).all())
        told.append(contest_at(found, level, contest_columns(features), dealt.fold, few=few))
    rows = [row for one in told for row in one.rows]
    ruled = np.column_stack([features.peak_end, features.mean])
    return MemoryContest(
        models=told[-1].models,
        model=tuple(name for name, _, _ in rows),
        index=tuple(index for _, index, _ in rows),
        level=tuple(level for _, _, level in rows),
        estimate=np.concatenate([one.estimate for one in told]),
        std_error=np.concatenate([np.sqrt(one.moved.matrix.diagonal()) for one in told]),
        degrees=np.concatenate([np.full(len(one.rows), one.moved.df) for one in told]),
        df=told[-1].moved.df,
        correlation=_correlation(within(ruled, found.person)),
        left_out=_left_out(told),
        folds=dealt.folds,
        repeats=dealt.repeats,
        in_turn=dealt.in_turn,
        seed=deal.draws.seed,
        notes=(*dict.fromkeys(note for one in told for note in one.moved.notes), *_wrong_way(found, features)),
        **used(found, features.peak_ties),
    )


def _wrong_way(found: Remembered, features: SequenceFeatures) -> tuple[str, ...]:
    """A note where better moments clearly go with a worse rating: models turn that round by themselves."""
    mean, rated = within(features.mean, found.person), within(found.overall, found.person)
    if mean @ rated >= -2 / np.sqrt(found.n) * np.sqrt((mean @ mean) * (rated @ rated)):
        return ()
    told = f"Better moments go with a worse '{found.name}': the direction of one of the two scales may be wrong."
    return (warn(told),)


def _left_out(told: Sequence[Level]) -> dict[str, str]:
    """What could not be fitted anywhere, and what only across people."""
    everywhere = dict(told[0].left_out)
    apart = {f"{name} ({WITHIN})": why for name, why in told[-1].left_out.items() if name not in everywhere}
    return {**everywhere, **apart}


@dataclass(frozen=True)
class _Dealt:
    folds: int
    repeats: int
    in_turn: bool
    fold: list[Ints]


def _folds(found: Remembered, deal: _Deal) -> _Dealt:
    """The fold of each sequence, once per repeat."""
    group = np.arange(found.n) if found.cluster is None else found.cluster
    groups = int(group.max()) + 1
    if found.cluster is not None and groups <= EACH:
        return _Dealt(groups, 1, True, [group])
    folds = min(deal.folds, groups)
    dealt = [deal_groups(groups, folds, deal.draws.rng)[group] for _ in range(deal.repeats)]
    return _Dealt(folds, deal.repeats, False, dealt)


def _whole(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise RoleError(f"{name} must be a whole number from {least} up, but {value!r} was given.")
    return value


def _correlation(columns: Floats) -> float:
    ones = np.ones(len(columns))
    return float(correlation_matrix(standard_scores(columns, ones), ones)[0, 1])
