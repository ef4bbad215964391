"""Does delight pay, does falling short cost?"""

import math
from dataclasses import dataclass

from cxstats.cells import IntoCells, as_cells
from cxstats.errors import SeparationError, TooFewError
from cxstats.methods.asymmetry import Asymmetry, asymmetry
from cxstats.methods.expectation_levels import ExpectationLevels, expectation_levels
from cxstats.results import shown
from cxstats.roles import Binary, Rating, Roles

CEILING_FROM = 0.30  # share of the met customers at the top of the scale from which delight cannot show


@dataclass(frozen=True, kw_only=True)
class StopDelighting:
    """Loyalty by level of expectation, and its slopes on either side.

    Attributes
    ----------
    levels : ExpectationLevels or None
        Loyalty below, at and above expectation; None where it cannot be told.
    slopes : Asymmetry or None
        Slopes below and above, their difference and ratio; None where it cannot be told.
    ceiling : bool
        For a rating: whether 30% or more of the customers whose expectations were met gave the best
        value already, so that delight could not show.
    notes : tuple of str
        Why something cannot be told, and what else must be known.
    """

    levels: ExpectationLevels | None
    slopes: Asymmetry | None
    ceiling: bool
    notes: tuple[str, ...]

    def answers(self) -> tuple[str, ...]:
        """Both questions answered in a sentence each, or why they cannot be."""
        said = []
        if self.levels is not None:
            rows = self.levels.columns()
            at = list(rows["level"]).index("exceeded - met")
            low, value, high = (shown(float(rows[c][at]), 3) for c in ("ci_low", "estimate", "ci_high"))
            said.append(f"Exceeded minus met: {value} (95% {low} to {high}).")
        if self.slopes is not None:
            below, above = (shown(float(s), 3) for s in self.slopes.estimate[:2])
            said.append(
                f"Per unit of the gap: {below} below expectation, {above} above; {ratio_in_words(self.slopes)}."
            )
        if self.ceiling and self.levels is not None:
            said.append(
                f"Ceiling: {100 * self.levels.share_at_top:.0f}% of those whose expectations were met gave the best "
                "rating already, so delight could not show: look at the latent rows, or at what customers did."
            )
        return tuple(said)

    def summary(self) -> str:
        """The answers, then the tables they come from."""
        parts = [*self.answers(), *(f"Note: {note}" for note in self.notes)]
        tables = [result.summary() for result in (self.levels, self.slopes) if result is not None]
        return "\n\n".join(["\n".join(parts), *tables])

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        said = "".join(f"<p>{escape(line)}</p>" for line in (*self.answers(), *self.notes))
        return said + "".join(r._repr_html_() for r in (self.levels, self.slopes) if r is not None)


def ratio_in_words(slopes: Asymmetry) -> str:
    """The ratio of the slopes with its interval, or why there is none."""
    low, high = slopes.ratio.interval()
    if not math.isfinite(low):
        return "their ratio cannot be told, because the slope above may be 0"
    return f"ratio {shown(slopes.ratio.estimate, 3)} (95% {shown(low, 3)} to {shown(high, 3)})"


def stop_delighting(
    data: IntoCells,
    *,
    outcome: Binary | Rating | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> StopDelighting:
    """Find out whether exceeding expectations goes with more loyalty, and missing them with less.

    Use it with an outcome that came after the experience, at best something customers did. It describes
    associations; nothing is adjusted for.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary or Rating
        Loyalty.
    disconfirmation : str
        Column with received minus expected; above 0 is better than expected.
    met : (low, high)
        The range of the gap, ends included, that counts as met.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    StopDelighting
        With `levels` and `slopes`; either is None, with the reason in `notes`, where it cannot be told.

    Raises
    ------
    TooFewError
        Neither question can be answered: too few customers or events below, at and above expectation.
    RoleError, ScaleError, ColumnError
        As for `tally`; also where ``met`` is no range.

    Notes
    -----
    See `expectation_levels` and `asymmetry`. Two artefacts make "delight does not pay" out of nothing: a
    small group of delighted customers (look at the interval), and the end of the scale (``ceiling``).

    References
    ----------
    .. [1] Anderson & Sullivan (1993). Marketing Science 12, 125-143. doi:10.1287/mksc.12.2.125

    Examples
    --------
    >>> import cxstats as cx
    >>> cohort = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.stop_delighting(
    ...     cohort, outcome=cx.Binary("repurchase"), disconfirmation="days_early", count="n"
    ... )
    >>> result.levels.levels
    ('below', 'met', 'exceeded')
    """
    cells = as_cells(
        data,
        Roles(outcome=outcome, disconfirmation=disconfirmation, cluster=cluster, weight=weight, count=count),
    )
    notes: list[str] = []
    levels: ExpectationLevels | None = None
    slopes: Asymmetry | None = None
    try:
        levels = expectation_levels(cells, met=met)
    except (TooFewError, SeparationError) as reason:
        notes.append(str(reason))
    try:
        slopes = asymmetry(cells, met=met)
    except (TooFewError, SeparationError) as reason:
        notes.append(str(reason))
    if levels is None and slopes is None:
        raise TooFewError("\n".join(dict.fromkeys(notes)))
    for result in (levels, slopes):
        notes += [] if result is None else [n for n in result.notes if n not in notes]
    return StopDelighting(
        levels=levels,
        slopes=slopes,
        ceiling=levels is not None and levels.share_at_top >= CEILING_FROM,
        notes=tuple(notes),
    )
