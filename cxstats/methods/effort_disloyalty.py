"""How much more often are customers disloyal after much effort, and does ever less effort pay ever less?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools
from cxstats.cells import IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, listed, number
from cxstats.numerics.adjusted_means import uncovered
from cxstats.numerics.effect import Effect
from cxstats.numerics.effort_disloyalty import (
    GROUPS,
    ODDS,
    Gap,
    checked_objective,
    effort_gap,
    effort_slopes,
    gaps_to_published,
    levels_told,
    thirds,
)
from cxstats.numerics.effort_saturation import checked_knee, effort_saturation
from cxstats.numerics.intention import is_rating
from cxstats.numerics.observed import (
    Measured,
    measured,
    observe,
    outcome_line,
    refuse_copy,
    refuse_few_events,
    refuse_thin,
    refuse_unmarked,
    share_at_top,
)
from cxstats.roles import Binary, Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.parts_result import SeparateParts, stacked
from cxstats.shared.predictors import complete
from cxstats.shared.scored import refuse_constant


@dataclass(frozen=True, kw_only=True, eq=False)
class EffortDisloyalty(SeparateParts):
    """Loyalty after much and after little effort; in all differences and slopes more effort is worse if above 0.

    Rows: ``effort`` with the adjusted share of the bad outcome (or mean outcome) after ``high effort`` and ``low
    effort``; ``difference`` between the two, adjusted and not; ``odds ratio per SD`` (``fall per SD`` where the
    outcome is not binary) of the reported effort and of each objective one; ``saturation`` with the slopes of
    loyalty on ease below and above the knee, their difference and that standardised; ``latent saturation`` for a
    rating as outcome.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts.
    gain : Effect
        Low against high effort on the scale on which claims are decided: of a binary outcome the relative gain
        p1 / p0 - 1 (where p0 > .5 that of the bad share), else standard deviations of the outcome.
    risk : Effect
        The adjusted difference of the shares, or means.
    per_sd : Effect
        Per standard deviation of reported effort: log-odds of the bad outcome, else the fall of the outcome in its
        own standard deviations.
    objective : mapping from column to Effect
        The same of each objective effort, in the same model, on the same rows.
    saturation, latent_saturation : Effect or None
        Slope below the knee minus slope above, in SDs of the outcome (of what lies behind a rating) per SD of ease.
    published_gap : mapping from statement to Effect, or None
        The unadjusted difference less each published one; only for an intention, which is what was published.
    why_no_published_gap : str
    knee : float
        Where the slope may change, on the scale as asked.
    high_effort, low_effort : str
        The answers that make up the two groups.
    share_at_top : float
        For a rating as outcome: share of customers who gave the best value. Else NaN.
    outcome : Binary, Rating, Continuous or Count
    metric : str
    controls : tuple of str
    """

    gain: Effect
    risk: Effect
    per_sd: Effect
    objective: Mapping[str, Effect]
    saturation: Effect | None
    latent_saturation: Effect | None
    published_gap: Mapping[str, Effect] | None
    why_no_published_gap: str
    knee: float
    high_effort: str
    low_effort: str
    share_at_top: float
    outcome: Measured
    metric: str
    controls: tuple[str, ...]

    method: ClassVar[str] = "Adjusted outcomes after much and little effort, slopes per SD, two joined lines"
    reference: ClassVar[str] = "Bieler et al. (2010), doi:10.1093/aje/kwp440"

    @property
    def _tested(self) -> Bools:
        return ~self._in("effort")

    @property
    def _ratios(self) -> Bools:
        return self._in(ODDS)

    def _least(self) -> Mapping[str, float]:
        return {"effort": 0.0, "difference": -1.0} if isinstance(self.outcome, Binary) else {}

    def footer(self) -> str:
        """What the groups and the rows are, then as for any result."""
        groups = (
            f"Effort by '{self.metric}': high is {self.high_effort}; low is {self.low_effort}. A difference or a fall "
            "above 0, or odds above 1, mean that more effort goes with less loyalty."
        )
        lines = [outcome_line(self.outcome, self.controls, bad=True), groups]
        if self.saturation is not None:
            lines.append(f"Saturation: loyalty per point of ease, below and above {number(self.knee)}; then in SDs.")
        return "\n".join([*lines, super().footer()])


def effort_disloyalty(
    data: IntoCells,
    *,
    outcome: Measured | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    objective: Sequence[str] = (),
    knee: float | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> EffortDisloyalty:
    """How much more often do customers leave who had much effort, and does the gain from less effort level off?

    Use it where effort was asked after a contact and loyalty is known from records later. Do not adjust for what
    effort works through, such as satisfaction: that takes away what is asked about. Adjust for what makes contacts
    hard in the first place: whether the problem was solved, how bad it was, earlier loyalty.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have the objective columns among their strata.
    outcome : Binary, Rating, Continuous or Count
        Loyalty, with the value or end that is good for the firm declared.
    metrics : mapping from column to Scale
        One effort score of either direction: `EFFORT5` (up is bad) or `EASE7` (up is good).
    controls : sequence of str
        What was there before the effort, or caused it.
    objective : sequence of str
        Columns with effort that was recorded, 0 or more, more is worse: transfers, repeat contacts, minutes.
    knee : float, optional
        The answer at which the slope may change, as asked. By default one step on the easy side of the middle: 5 on
        `EASE7`, 2 on `EFFORT5`. It must be declared before the data are seen: `segmented` searches for it.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    EffortDisloyalty
        Adjusted shares (or means), their difference, odds ratios (or falls in SDs) per SD of effort, and slopes.

    Raises
    ------
    TooFewError
        Fewer than 10 good or 10 bad outcomes (30 rows of another outcome) with high or with low effort; fewer than
        10 events per coefficient; fewer than 20 clusters.
    RoleError
        Not exactly one metric, or one that is the outcome; a knee outside the scale; also as for `tally`.
    ColumnError, ScaleError, SeparationError
        An objective effort that is text or negative; also as for `tally` and `logistic`.

    Notes
    -----
    High and low effort are the worst and the best third of the scale's levels, to the nearest whole number (2 of 5,
    2 of 7, 4 of 11), fixed before the data are seen. Their means are adjusted as in `problem_recovery` [1]_, on the
    rows of these two groups. Such extremes exaggerate; the slope per standard deviation uses everybody. Every
    objective effort takes the place of the reported one in the same model on the same rows: a bad mood raises
    both reported effort and stated disloyalty, but no count of transfers. Saturation is b1 - b2 of loyalty =
    a + b1 min(ease - knee, 0) + b2 max(ease - knee, 0) + controls, by least squares (a share for a binary
    outcome). The published 96% against 9% and their like are intentions of extreme groups in one survey, so that
    only intentions are compared with them. Rows that lack a value are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Bieler, Brown, Williams & Brogan (2010). Am. J. Epidemiology 171, 618-623. doi:10.1093/aje/kwp440
    .. [2] de Haan, Verhoef & Wiesel (2015), who found that effort alone hardly predicts retention. International
       Journal of Research in Marketing 32, 195-206. doi:10.1016/j.ijresmar.2015.02.004
    .. [3] Dixon, Freeman & Toman (2010), with whom the published gaps began. Harvard Business Review 88(7/8), 116-122.

    Examples
    --------
    >>> import cxstats as cx, pandas as pd
    >>> calls = pd.DataFrame({
    ...     "effort": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...     "stayed": [1, 0, 1, 0, 1, 0, 1, 0, 1, 0],
    ...     "calls":  [90, 10, 176, 24, 160, 40, 72, 28, 60, 40],
    ... })
    >>> result = cx.effort_disloyalty(
    ...     calls, outcome=cx.Binary("stayed"), metrics={"effort": cx.EFFORT5}, count="calls"
    ... )
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].head(4).round(2)
                    term  estimate  ci_low  ci_high
    0        high effort      0.34    0.27     0.41
    1         low effort      0.11    0.08     0.15
    2  high - low effort      0.23    0.15     0.30
    3             effort      1.83    1.51     2.23
    """
    declared, names = metric_names(data, metrics)
    _refuse_several(names)
    recorded = _column_names(objective)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        strata=() if is_cells(data) else recorded,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells, metric = as_cells(data, roles), names[0]
    target, scale = measured(cells.roles.outcome), cells.roles.metrics[metric]
    for column in recorded:
        refuse_unmarked({"objective": column}, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in recorded)
    turned, ends = checked_knee(knee, scale), thirds(scale)
    kept = complete(cells, target.column, (metric, *recorded))
    kept = kept.where(kept.row_weight > 0)
    refuse_constant(kept, metric)
    ease = upward(scale, kept[metric])
    group = ends.group(ease)
    given = (kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    every, _ = observe(target, adjusted, np.ones(len(ease), dtype=bool), *given)
    refuse_thin(group, GROUPS, every, target.column)
    outer, parts = observe(target, adjusted, group >= 0, *given)
    for rows_used in (every, outer):
        if rows_used.binary:
            refuse_few_events(1 + rows_used.controls.shape[1], rows_used, target.column)
    refuse_copy(metric, ease, target.column, every)
    efforts = {metric: -ease, **{c: checked_objective(c, kept[c], kept.count) for c in recorded}}
    gap = effort_gap(group[group >= 0], outer)
    slopes, effects = effort_slopes(efforts, every)
    bent = effort_saturation(ease, turned, every, latent=isinstance(target, Rating) and is_rating(target.scale))
    rows = (*gap.parts, slopes, *bent.parts)
    published, why = _published(gap, target)
    return EffortDisloyalty(
        **stacked(rows),
        gain=gap.gain,
        risk=gap.risk,
        per_sd=effects.pop(metric),
        objective=effects,
        saturation=bent.effect,
        latent_saturation=bent.latent,
        published_gap=published,
        why_no_published_gap=why,
        knee=turned if scale.higher_is_better else scale.low + scale.high - turned,
        high_effort=levels_told(scale, scale.low, ends.worst_to),
        low_effort=levels_told(scale, ends.best_from, scale.high),
        share_at_top=share_at_top(target, every),
        outcome=target,
        metric=metric,
        controls=adjusted,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*every.spread(ease[:, None]).notes, *uncovered(group[group >= 0], GROUPS, parts), *bent.notes),
    )


def _column_names(objective: object) -> tuple[str, ...]:
    if isinstance(objective, str) or not isinstance(objective, Sequence):
        raise RoleError(
            f"objective must be a list of column names, but {objective!r} was given.\nPass objective=[{objective!r}]."
        )
    return tuple(objective)


def _refuse_several(names: tuple[str, ...]) -> None:
    if len(names) > 1:
        raise RoleError(
            f"One effort score can be asked about at a time, but {len(names)} were given: {listed(names)}."
            "\nCall effort_disloyalty once for each; effort that was recorded goes into objective=."
        )


def _published(gap: Gap, target: Measured) -> tuple[Mapping[str, Effect] | None, str]:
    """The gap less the published ones where it is of the same kind, else why not."""
    if not isinstance(target, Binary):
        return None, f"The published gaps are differences of two shares, and '{target.column}' is not binary."
    if target.kind != "intention":
        return None, (
            "The published gaps are between intentions, stated in the survey in which effort was asked, and "
            f"'{target.column}' is declared {'a behaviour' if target.kind == 'behaviour' else 'an attitude'}."
        )
    return gaps_to_published(gap.plain), ""
