"""Does delight pay, and does effort cost?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cxstats.cells import IntoCells
from cxstats.errors import TooFewError
from cxstats.methods.asymmetry import Asymmetry
from cxstats.methods.expectation_levels import ExpectationLevels
from cxstats.numerics.resample import seeded
from cxstats.outcomes import Ordered
from cxstats.results import SCHEMA, Backend, build_frame
from cxstats.roles import Roles
from cxstats.scales import Scale
from cxstats.studies.delight_gains import CEILING_FROM as CEILING_FROM
from cxstats.studies.delight_gains import SMALLEST, every_gain
from cxstats.studies.delight_parts import (
    LEVELS,
    SHAPES,
    SLOPES,
    DelightParts,
    DelightRoles,
    ask_all,
    columns_of,
    delight_cells,
    scores,
)
from cxstats.studies.delight_words import held_in_words as held_in_words
from cxstats.studies.delight_words import ratio_in_words as ratio_in_words
from cxstats.studies.delight_words import sentences, verdict_in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True, eq=False)
class StopDelighting:
    """Whether delight pays and effort costs, and what else must be known to judge it.

    Attributes
    ----------
    parts : DelightParts
        Every analysis that was declared; None where it was not, or where ``parts.not_told`` has the reason.
    seed : int or None
        Passed as ``rng`` it gives the same numbers again.
    """

    parts: DelightParts
    seed: int | None

    @property
    def levels(self) -> ExpectationLevels | None:
        """Loyalty below, at and above expectation; None where it cannot be told."""
        return self.parts.levels

    @property
    def slopes(self) -> Asymmetry | None:
        """Slopes below and above, their difference and ratio; None where it cannot be told."""
        return self.parts.slopes

    @property
    def ceiling(self) -> bool:
        """For a rating: whether 30% or more of the customers whose expectations were met gave the best value already.

        Delight could then hardly show.
        """
        return self.levels is not None and self.levels.share_at_top >= CEILING_FROM

    @property
    def notes(self) -> tuple[str, ...]:
        """Why levels or slopes cannot be told, and what else must be known."""
        return self.parts.notes

    def to_frame(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """Every gain on the scale that decides, with the question it belongs to and how it was judged.

        ``verdict`` is ``"more"`` or ``"less"`` than ``smallest_effect``, or ``"untold"``. Relative gains have no
        standard error: their limits are Fieller's.
        """
        gains = every_gain(self.parts)
        limits = [gain.effect.interval(level) for _, gain in gains]
        numbers = {
            "estimate": [gain.effect.estimate for _, gain in gains],
            "ci_low": [low for low, _ in limits],
            "ci_high": [high for _, high in limits],
        }
        none = [np.nan] * len(gains)
        labels: dict[str, Any] = {
            "question": [question for question, _ in gains],
            "term": [gain.name for _, gain in gains],
            "unit": ["relative" if gain.relative else "standard deviations" for _, gain in gains],
            "verdict": [gain.judged for _, gain in gains],
            "smallest_effect": [SMALLEST] * len(gains),
        }
        return build_frame(labels | {name: numbers.get(name, none) for name in SCHEMA}, backend)

    def verdict(self) -> str:
        """A sentence on delight and one on effort: effect and interval first, then whether it pays, or costs."""
        return "\n".join(verdict_in_words(self.parts))

    def answers(self) -> tuple[str, ...]:
        """What each analysis adds, in a sentence or two."""
        return sentences(self.parts)

    def summary(self) -> str:
        """The verdict, what each analysis adds, what cannot be told, then the main tables."""
        reasons = self.parts.not_told
        stopped = [reasons[title] for title in (LEVELS, SLOPES) if title in reasons]
        notes = [f"Note: {note}" for note in self.notes if note not in stopped]
        untold = [f"Cannot be told ({title}): {why.splitlines()[0]}" for title, why in reasons.items()]
        tables = [result.summary() for result in self.parts.main]
        return "\n\n".join(["\n".join([self.verdict(), *self.answers(), *notes, *untold]), *tables])

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        lines = (*self.verdict().splitlines(), *self.answers(), *self.notes)
        said = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return said + "".join(result._repr_html_() for result in self.parts.main)

    def plot(self, ax: Any = None) -> "Axes":
        """The main panel: loyalty by tier, or by level of expectation; without these, what effort goes with."""
        from cxstats.figures.stop_delighting import main_panel

        axes: Axes = main_panel(self, ax)
        return axes

    def figure(self) -> "Figure":
        """The verdict over a panel for each question that was asked; a panel that was refused says why."""
        from cxstats.figures.stop_delighting import stop_delighting as page

        figure: Figure = page(self)
        return figure


def stop_delighting(
    data: IntoCells,
    *,
    outcome: Ordered | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    expected: Mapping[str, Scale] | str | None = None,
    performed: Mapping[str, Scale] | str | None = None,
    tiers: Mapping[str, float] | None = None,
    effort: Mapping[str, Scale] | str | None = None,
    objective: Sequence[str] = (),
    problem: str | None = None,
    complained: str | None = None,
    recovered: str | None = None,
    attempt: str | None = None,
    failure: str | None = None,
    cost: str | None = None,
    handling: str | None = None,
    wait: str | None = None,
    attributes: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
    rng: int | np.random.Generator | None = None,
    progress: Callable[[str], None] | None = None,
) -> StopDelighting:
    """Find out whether exceeding expectations pays here, and whether effort costs here.

    Use it with an outcome that came after the experience, at best something customers did. Only what is declared is
    asked. It describes associations: customers who were delighted, or had an easy time, may have been more loyal
    before, and of what was known before only ``controls`` are taken into account.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer (or contact). Cells must have the columns of ``objective``, of problems and of attempts
        among their strata.
    outcome : Binary, Rating, Continuous or Count
        Loyalty, with the value or end that is good for the firm declared.
    disconfirmation : str, optional
        Column with received minus expected; above 0 is better than expected. An answer of "below", "met" or
        "exceeded" is -1, 0 or 1.
    met : (low, high)
        The range of the gap, ends included, that counts as met.
    expected, performed : mapping of one column to its Scale, optional
        Expectation and performance, asked on the same scale: looked at together, not as their difference.
    tiers : mapping from tier to number, optional
        Where each tier begins on the disconfirmation, ascending: ``{"meet": 0, "exceed": 1, "delight": 3}``.
    effort : mapping of one column to its Scale, optional
        One effort score of either direction: `EFFORT5` (up is bad), `EASE7` (up is good).
    objective : list of columns
        Effort that was recorded, more is worse: transfers, repeated calls, minutes. Needs ``effort``.
    problem : str, optional
        Column with 1 for customers who met a problem and 0 for those who did not.
    complained, recovered : str, optional
        Columns with 1 where they complained, and where the problem was put right. Need ``problem``.
    attempt : str, optional
        Column with 1 for contacts in which staff tried to wow and 0 for others.
    failure : str, optional
        Column with 1 where something went wrong in the contact. Needs ``attempt``, as the next three do.
    cost, handling : str, optional
        Cost of the contact and its handling time, above 0.
    wait : str, optional
        How long others waited meanwhile.
    attributes : mapping from two or more columns to Scales, optional
        Ratings of single attributes: what low answers cost against what high ones earn.
    controls : list of columns
        What customers were before: past orders, tenure. Not what follows from the experience.
    cluster : str, optional
        Column with what makes rows dependent.
    weight : str, optional
        Survey weight. Parts that draw samples of rows refuse it, and say so.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    rng : int or numpy Generator, optional
        Seed of the bootstraps; without one, the seed drawn is kept in the result.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    StopDelighting
        ``parts``, ``levels``, ``slopes``, ``verdict()``, ``answers()``, ``to_frame()``, ``plot()``, ``figure()``.

    Raises
    ------
    TooFewError
        No question can be answered: too few customers or events; the message says so for each.
    RoleError
        Nothing was asked; a column that means nothing without another; ``met`` is no range; as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    The verdict compares exceeded with met, and low with high effort: for a binary outcome the relative gain p1 / p0 - 1
    (where p0 > .5 of the bad share, q0 / q1 - 1), else standard deviations of the outcome. It pays, or costs, where a
    one-sided test at 2.5% rejects gains up to .10, and adds less where one rejects gains from .10 on; else neither can
    be told. With ``controls`` exceeded and met are means standardised over these (`loyalty_ladder`), and customers
    alike before are compared besides (`overlap_weights`, with an E-value). Two artefacts make "delight does not pay"
    out of nothing: a small group of delighted customers (the interval tells) and the end of the scale. So for a rating
    the verdict must hold on the scale behind it too (ordered probit), and where 30% or more of the met customers gave
    the best value, "adds less" is never said. That every tier gains is judged on the same rows with the same smallest
    effect, by all steps (an intersection-union test). Intervals are 95%, the two verdicts not adjusted for each other.
    Whether two slopes predict better than one line is told of customers held out (`bend_gain`). What stops a part
    leaves its reason in ``parts.not_told``.

    References
    ----------
    .. [1] Dixon, Freeman & Toman (2010). Harvard Business Review 88(7/8), 116-122.
    .. [2] Anderson & Sullivan (1993). Marketing Science 12, 125-143. doi:10.1287/mksc.12.2.125

    Examples
    --------
    >>> import cxstats as cx
    >>> cohort = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.stop_delighting(
    ...     cohort,
    ...     outcome=cx.Binary("repurchase"),
    ...     disconfirmation="days_early",
    ...     effort={"ease": cx.EASE7},
    ...     count="n",
    ...     rng=1,
    ... )
    >>> result.levels.levels
    ('below', 'met', 'exceeded')
    >>> for line in result.verdict().splitlines():
    ...     print(line.split("; ")[1])
    delight adds less than the smallest effect that counts (10%).
    effort costs, by more than the smallest effect that counts (10%).
    """
    draws = seeded(rng)
    found = DelightRoles(
        met=met,
        tiers=tiers,
        effort=scores(data, effort, "effort"),
        expected=scores(data, expected, "expected"),
        performed=scores(data, performed, "performed"),
        attributes=scores(data, attributes, "attributes", several=True),
        objective=columns_of(objective),
        problem=problem,
        complained=complained,
        recovered=recovered,
        attempt=attempt,
        failure=failure,
        cost=cost,
        handling=handling,
        wait=wait,
    )
    roles = Roles(
        outcome=outcome,
        disconfirmation=disconfirmation,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = delight_cells(data, roles, found)
    again = draws.rng if draws.seed is None else draws.seed
    parts = ask_all(cells, found, rng=again, tell=progress or (lambda _part: None))
    if not parts.answered:
        raise TooFewError("\n".join(dict.fromkeys(why for title, why in parts.not_told.items() if title not in SHAPES)))
    return StopDelighting(parts=parts, seed=draws.seed)
