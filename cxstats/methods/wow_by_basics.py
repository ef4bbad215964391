"""Does an effort to wow go with loyalty only where the basics are right, and does it make up for errors?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.cells import IntoCells, as_cells, is_cells
from cxstats.errors import number
from cxstats.numerics.effect import Effect
from cxstats.numerics.intention import is_rating
from cxstats.numerics.observed import (
    Measured,
    measured,
    observe,
    outcome_line,
    refuse_unmarked,
    share_at_top,
)
from cxstats.numerics.wow_by_basics import (
    checked_errors,
    checked_wow,
    places,
    refuse_bare_ends,
    refuse_small,
    wow_effects,
)
from cxstats.roles import Binary, Rating, Roles
from cxstats.shared.parts_result import JointParts, stacked
from cxstats.shared.predictors import complete


@dataclass(frozen=True, kw_only=True, eq=False)
class WowByBasics(JointParts):
    """Loyalty with and without wow, at few and at many errors.

    Rows: ``outcome`` with the adjusted share of good outcomes, or mean, of ``few errors, no wow``, ``few errors,
    wow``, ``many errors, no wow`` and ``many errors, wow``; ``difference`` with wow against none at few and at many
    errors, the first minus the second, and few errors without wow minus many with; ``latent`` with the same
    differences for a rating as outcome.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts.
    gain_few, gain_many : Effect
        Wow against none at few and at many errors, up is good: of a binary outcome the relative gain p1 / p0 - 1
        (where p0 > .5 that of the bad share, q0 / q1 - 1), else standard deviations of the outcome.
    interaction : Effect
        By how much wow goes with more at few errors than at many; of a binary outcome the difference of both
        differences in units of the share that `gain_few` is relative to.
    shortfall : Effect
        Few errors without wow against many errors with wow: above 0, wow does not make up for errors.
    latent_gain_few, latent_gain_many, latent_interaction, latent_shortfall : Effect or None
        The same behind a rating (ordered probit), where there is no ceiling: a claim needs both.
    no_wow, wow, few_errors, many_errors : float
        The values that stand for these words.
    share_at_top : float
        For a rating as outcome: share of customers who gave the best value. Else NaN.
    outcome : Binary, Rating, Continuous or Count
    controls : tuple of str
    """

    gain_few: Effect
    gain_many: Effect
    interaction: Effect
    shortfall: Effect
    latent_gain_few: Effect | None = None
    latent_gain_many: Effect | None = None
    latent_interaction: Effect | None = None
    latent_shortfall: Effect | None = None
    no_wow: float
    wow: float
    few_errors: float
    many_errors: float
    share_at_top: float
    outcome: Measured
    columns_named: tuple[str, str]
    controls: tuple[str, ...]

    method: ClassVar[str] = "Adjusted outcomes from a model with wow, errors and their product"
    reference: ClassVar[str] = "VanderWeele & Knol (2014), doi:10.1515/em-2013-0005"

    def _least(self) -> Mapping[str, float]:
        return {"outcome": 0.0} if isinstance(self.outcome, Binary) else {}

    def footer(self) -> str:
        """What outcome, wow and errors are, then as for any result."""
        wow, errors = self.columns_named
        groups = (
            f"Wow is '{wow}' {number(self.wow)}, none is {number(self.no_wow)}; few errors are '{errors}' "
            f"{number(self.few_errors)}, many are {number(self.many_errors)}."
        )
        lines = [outcome_line(self.outcome, self.controls), groups]
        if self.latent_interaction is not None:
            lines.append(f"Latent: in SDs of what lies behind '{self.outcome.column}', which a ceiling does not bend.")
        return "\n".join([*lines, super().footer()])


def wow_by_basics(
    data: IntoCells,
    *,
    outcome: Measured | None = None,
    wow: str,
    errors: str,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> WowByBasics:
    """Does wow go with more loyalty only where the basics are consistent, and does it make up for errors?

    Use it where it is known of each customer whether staff ever tried to wow (or how often), and how often things
    went wrong. Who meets staff more often has more of both: adjust for the number of contacts. Nobody drew lots for
    wow: differences may have been there before.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have ``wow`` and ``errors`` among their strata.
    outcome : Binary, Rating, Continuous or Count
        Loyalty after the history. Binary is the share with the good value; a rating is turned so that up is good.
    wow : str
        Column with 1 for wow and 0 for none, or with the share of contacts that had it, 0 to 1.
    errors : str
        Column with the number or the share of failures in the customer's history, 0 or more.
    controls : sequence of str
        What was there before: the number of contacts, tenure, earlier loyalty, segment.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    WowByBasics
        Adjusted shares in [0, 1], or means in units of the outcome, and their differences.

    Raises
    ------
    ColumnError
        Wow outside 0 to 1, or negative errors, or text; as for `tally`.
    TooFewError
        Wow or errors that do not differ between their 10% and 90% quantiles; fewer than 10 customers with or without
        wow at few or at many errors; fewer than 10 events (rows of another outcome) per coefficient;
        fewer than 20 clusters.
    RoleError, ScaleError, SeparationError
        As for `tally` and `logistic`.

    Notes
    -----
    The model, logistic for a binary outcome and else linear, has wow, errors, their product, the square of each of
    the two that has three values or more, and the controls. Without the squares, an effect of errors that levels off
    would pass as a product wherever wow and errors go together [2]_. Few and many errors are the 10% and the 90%
    quantile, taken as known; of a column of 0 and 1 they are 0 and 1. So is wow that is a share. A mean is what the
    model predicts if every row had these values and kept its controls, averaged over all rows. Whether two
    differences differ depends on the scale [1]_: here differences of shares decide, divided by one share, since
    ratios may say the opposite of good and of bad outcomes. One independent unit is a row, or a cluster; variances
    are those of influence values, averaging included. Rows that lack a value are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] VanderWeele & Knol (2014). Epidemiologic Methods 3, 33-72. doi:10.1515/em-2013-0005
    .. [2] Ganzach (1997). Psychological Methods 2, 235-247. doi:10.1037/1082-989X.2.3.235

    Examples
    --------
    >>> import pandas as pd, cxstats as cx
    >>> guests = pd.DataFrame({
    ...     "wow":    [0, 0, 1, 1, 0, 0, 1, 1],
    ...     "errors": [0, 0, 0, 0, 1, 1, 1, 1],
    ...     "stayed": [1, 0, 1, 0, 1, 0, 1, 0],
    ...     "guests": [240, 160, 80, 20, 60, 140, 33, 67],
    ... })
    >>> result = cx.wow_by_basics(
    ...     guests, outcome=cx.Binary("stayed"), wow="wow", errors="errors", count="guests"
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].round(2)
                                        term  estimate  ci_low  ci_high
    0                     few errors, no wow      0.60    0.55     0.65
    1                        few errors, wow      0.80    0.72     0.88
    2                    many errors, no wow      0.30    0.24     0.36
    3                       many errors, wow      0.33    0.24     0.42
    4                      wow at few errors      0.20    0.11     0.29
    5                     wow at many errors      0.03   -0.08     0.14
    6                at few - at many errors      0.17    0.03     0.31
    7  few errors, no wow - many errors, wow      0.27    0.17     0.37
    """
    roles = Roles(
        outcome=outcome,
        strata=() if is_cells(data) else (wow, errors),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    target = measured(cells.roles.outcome)
    refuse_unmarked({"wow": wow, "errors": errors}, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in (wow, errors))
    kept = complete(cells, target.column, (wow, errors))
    kept = kept.where(kept.row_weight > 0)
    tried, failed = checked_wow(wow, kept[wow], kept.count), checked_errors(errors, kept[errors], kept.count)
    on = np.ones(kept.n_cells, dtype=bool)
    rest, _ = observe(target, adjusted, on, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    at = places((wow, errors), tried, failed, rest)
    refuse_small(len(at.names) + rest.controls.shape[1], rest, target.column)
    refuse_bare_ends((wow, errors), tried, failed, at, rest)
    found = wow_effects(tried, failed, at, rest, latent=isinstance(target, Rating) and is_rating(target.scale))
    return WowByBasics(
        **stacked(found.parts),
        no_wow=at.no_wow,
        wow=at.wow,
        few_errors=at.few,
        many_errors=at.many,
        share_at_top=share_at_top(target, rest),
        outcome=target,
        columns_named=(wow, errors),
        controls=adjusted,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=found.notes,
        **found.effects,
    )
