"""Do people remember the peak and the end of an experience, or all of it?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.methods.memory_contest import MemoryContest, memory_contest
from cxstats.moments.roles import SameTime
from cxstats.moments.sequences import IntoSequences
from cxstats.numerics.fan import Fan, fan
from cxstats.numerics.resample import seeded
from cxstats.results import Backend
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.remembered import MemoryRoles, in_sequences
from cxstats.studies.memory_parts import MemoryParts, ask_all, refuse_turned
from cxstats.studies.memory_words import sentences, verdict_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class WhatIsRemembered:
    """The peak-end rule among its rivals, and what else must be known to judge it.

    Attributes
    ----------
    contest : MemoryContest
        Every model on people held out.
    parts : MemoryParts
        The other analyses: shares, the kernel, what counts beyond peak and end, correlations, a changed end.
    fan : Fan
        The experiences laid over each other.
    value : str
    turned : bool
        Whether up is bad on the scale of the moments: in the fan, and with ``neutral``, up is good all the same.
    neutral : float
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    """

    contest: MemoryContest
    parts: MemoryParts
    fan: Fan
    value: str
    turned: bool
    neutral: float
    seed: int | None

    def to_frame(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """The contest."""
        return self.contest.to_frame(backend, level)

    def verdict(self) -> str:
        """The answer in one or two sentences."""
        return verdict_in_words(self.contest, self.parts.effects)

    def answers(self) -> tuple[str, ...]:
        """What each further analysis adds."""
        return sentences(self.parts)

    def summary(self) -> str:
        """The verdict, what each analysis adds, what cannot be told, then the table of the contest."""
        untold = [f"Cannot be told ({title}): {why.splitlines()[0]}" for title, why in self.parts.not_told.items()]
        return "\n".join([self.verdict(), *self.answers(), *untold, "", self.contest.summary()])

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(line)}</p>" for line in (self.verdict(), *self.answers()))
        return said + self.contest._repr_html_()

    def plot(self, ax: Any = None) -> "Axes":
        """The contest: every model with its interval."""
        axes: Axes = self.contest.plot(ax)
        return axes

    def figure(self) -> "Figure":
        """The experiences, the shares, the weights of moments and the contest, on one page."""
        from cxstats.figures.what_is_remembered import what_is_remembered as page

        figure: Figure = page(self)
        return figure


def what_is_remembered(
    data: IntoSequences,
    *,
    sequence: str | Sequence[str] | None = None,
    order: str | None = None,
    value: str | None = None,
    overall: str | Rating | Continuous,
    neutral: float | None = None,
    person: str | None = None,
    scale: Scale | None = None,
    stimulus: str | None = None,
    treated: str | None = None,
    cluster: str | None = None,
    end: float = 1,
    same_time: SameTime = "raise",
    folds: int = 10,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[str], None] | None = None,
) -> WhatIsRemembered:
    """Find out whether people remember the peak and the end of an experience, or all of it alike.

    Use it where experiences (visits, journeys, days) were rated moment by moment and as a whole afterwards. It
    describes associations: that the end predicts memory does not say that a better end would be remembered, for which
    some ends must have been changed by lot (``treated``).

    Parameters
    ----------
    data : dataframe or Sequences
        One row per moment; the overall rating stands in each row of its sequence (or in one of them).
    sequence : str or list of str
        The columns that together name an experience: a visit; or a person and a day.
    order : str
        When the moment was: numbers, days or moments in time.
    value : str
        What was felt.
    overall : str, Rating or Continuous
        How the whole was rated afterwards; of a mere column, up is good.
    neutral : float
        The value that is neither good nor bad, in the unit of ``value``.
    person : str, optional
        Who had the experience. People are then compared with themselves.
    scale : Scale, optional
        Of ``value``; without one any number is a value and up is good.
    stimulus : str, optional
        What was experienced, where several people experienced the same.
    treated : str, optional
        Column of 1 (the end was changed) and 0.
    cluster : str, optional
        What makes experiences dependent, if it is not the person.
    end, same_time : various
        As for `sequence_features`.
    folds : int
        As for `memory_contest`.
    rng : int or numpy Generator, optional
        Seed of folds and bootstrap; without one, the seed drawn is kept in the result.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    WhatIsRemembered
        ``contest``, ``parts``, ``verdict()``, ``plot()``, ``figure()``.

    Raises
    ------
    TooFewError
        No experience of three moments or more; too few of them.
    ColumnError, ScaleError, RoleError
        As for `sequences` and `memory_contest`; better moments go with a worse overall rating.

    Notes
    -----
    The verdict compares peak and end, each with a weight of its own, with the mean of the moments, on people held
    out: within people where ``person`` is declared. Where both correlate by .95 or more it is that nothing can be
    told. What stops another part leaves its reason in ``parts.not_told``. In the published evidence peak-end
    correlates .58 with memory, about as the mean does [1]_.

    References
    ----------
    .. [1] Alaybek et al. (2022). Organ. Behav. Hum. Decis. Process. 170, 104149.

    Examples
    --------
    >>> import cxstats as cx
    >>> visits = cx.simulate.visits(400, rng=1, weights={"peak": 0.5, "end": 0.5})
    >>> result = cx.what_is_remembered(
    ...     visits,
    ...     sequence="visit",
    ...     order="minute",
    ...     value="mood",
    ...     overall="memory",
    ...     neutral=5,
    ...     person="guest",
    ...     rng=1,
    ... )
    >>> result.verdict().split(":")[0]
    'Peak and end predict what is remembered better than the mean of all moments'
    """
    tell = progress or (lambda _part: None)
    draws = seeded(rng)
    again = draws.rng if draws.seed is None else draws.seed
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
        treated=treated,
        same_time=same_time,
    )
    tell("sequences")
    found = in_sequences(data, roles)
    refuse_turned(found, roles)
    tell("contest")
    contest = memory_contest(found, overall=overall, person=person, cluster=cluster, end=end, folds=folds, rng=again)
    parts = ask_all(found, roles, end=end, rng=again, tell=tell)
    return WhatIsRemembered(
        contest=contest,
        parts=parts,
        fan=fan(found.moments),
        value=found.roles.value,
        turned=found.roles.scale is not None and not found.roles.scale.higher_is_better,
        neutral=found.neutral,
        seed=draws.seed,
    )
