"""Does the journey as a whole predict better than its touchpoints, and what can such a percentage mean?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.cells import IntoCells
from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks, touchpoint_benchmarks
from cxstats.numerics.resample import seeded
from cxstats.results import Backend
from cxstats.roles import Binary, Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.journeys import journey_rows
from cxstats.studies.journey_parts import JourneyParts, ask_all
from cxstats.studies.journey_words import sentences, verdict_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class JourneyOrTouchpoint:
    """The journey rating against four touchpoint benchmarks, and what else must be known to judge it.

    Attributes
    ----------
    benchmarks : TouchpointBenchmarks
        Held-out indices of the journey, the average and the best single touchpoint, their mean, all of them.
    parts : JourneyParts
        The other analyses: the increment with and without measurement error, reliability, which touchpoints
        matter, scores made from them, compounding.
    same_sitting : bool
        Whether outcome and ratings come from one questionnaire: then only the direction can be told.
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    """

    benchmarks: TouchpointBenchmarks
    parts: JourneyParts
    same_sitting: bool
    seed: int | None

    def to_frame(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """The indices of the journey and of every benchmark, and their differences."""
        return self.benchmarks.to_frame(backend, level)

    def verdict(self) -> str:
        """The answer in one or two sentences, with the index that the percentage is on."""
        return verdict_in_words(self.benchmarks, self.parts, same_sitting=self.same_sitting)

    def answers(self) -> tuple[str, ...]:
        """What each further analysis adds."""
        return sentences(self.parts)

    def summary(self) -> str:
        """The verdict, what each analysis adds, what cannot be told, then the table of the benchmarks."""
        untold = [f"Cannot be told ({title}): {why.splitlines()[0]}" for title, why in self.parts.not_told.items()]
        return "\n".join([self.verdict(), *self.answers(), *untold, "", self.benchmarks.summary()])

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(line)}</p>" for line in (self.verdict(), *self.answers()))
        return said + self.benchmarks._repr_html_()

    def plot(self, ax: Any = None) -> "Axes":
        """The benchmarks side by side, with their intervals."""
        from cxstats.figures.benchmarks import benchmarks

        return benchmarks(self.benchmarks, ax)


def journey_or_touchpoint(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | None = None,
    journey: Mapping[str, Scale] | str | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    poor: float | None = None,
    same_sitting: bool = False,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[str], None] | None = None,
) -> JourneyOrTouchpoint:
    """Find out whether the rating of a journey predicts better than the ratings of its touchpoints.

    Use it for the published "35% more predictive of satisfaction, 32% of churn": it says on which index a
    percentage is, measures it on customers held out, and says when it cannot be known. It describes
    associations: that a journey rating predicts does not say that redesigning journeys would pay.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating or Continuous
        Churn or repurchase; satisfaction, recommendation, spend.
    journey : mapping of one column to its Scale
        The rating of the journey as a whole. For Cells its name suffices.
    touchpoints : mapping from column to Scale
        Two or more, in their order. Missing means not used. For Cells names suffice.
    poor : float, optional
        At or below this value a touchpoint was poor: then compounding is told, too.
    same_sitting : bool
        Whether outcome and ratings come from one questionnaire.
    controls : list of columns
        What is known without asking: in every model, the baseline too.
    cluster : str, optional
        Column with what makes rows dependent; whole clusters are held out.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds, repeats : int
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the folds; without one, the seed drawn is kept in the result.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    JourneyOrTouchpoint
        ``benchmarks``, ``parts``, ``verdict()``, ``plot()``.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints, ratings of one level, too few rows or events.
    ColumnError
        A touchpoint repeats the journey rating, or the journey rating was computed from the touchpoints.
    RoleError, ScaleError, SeparationError
        As for `touchpoint_benchmarks`.

    Notes
    -----
    The verdict rests on the mean of the touchpoints and on all of them together, penalised: a single
    touchpoint is beaten by any mean of several, because a mean is more reliable, journey or not. What stops
    another part leaves its reason in ``parts.not_told``. All parts use one seed. With many touchpoints nearly every
    journey is different, so that cells save nothing: for millions of those, `cross_products` keeps what the linear
    models need and forgets the rows.

    References
    ----------
    .. [1] Rawson, Duncan & Jones (2013). Harvard Business Review 91(9), 90-98.
    .. [2] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> import cxstats as cx
    >>> journeys = cx.simulate.journeys(3000, rng=1)
    >>> result = cx.journey_or_touchpoint(
    ...     journeys,
    ...     outcome=cx.Rating("satisfaction", cx.CSAT5),
    ...     journey={"journey": cx.CSAT5},
    ...     touchpoints={"touchpoint_1": cx.CSAT5, "touchpoint_2": cx.CSAT5, "touchpoint_3": cx.CSAT5},
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> result.benchmarks.primary
    'r'
    """
    tell = progress or (lambda _part: None)
    draws = seeded(rng)
    again = draws.rng if draws.seed is None else draws.seed
    found = journey_rows(
        data, outcome=outcome, journey=journey, touchpoints=touchpoints, controls=controls, cluster=cluster, count=count
    )
    cells, names = found.cells, found.touchpoints
    tell("benchmarks")
    compared = touchpoint_benchmarks(
        cells, journey=found.journey, touchpoints=names, folds=folds, repeats=repeats, rng=again
    )
    parts = ask_all(cells, found.journey, names, poor=poor, folds=folds, repeats=repeats, rng=again, tell=tell)
    return JourneyOrTouchpoint(benchmarks=compared, parts=parts, same_sitting=same_sitting, seed=draws.seed)
