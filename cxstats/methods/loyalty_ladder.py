"""Does loyalty rise with every tier of experience: fail, meet, exceed, delight, amaze?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.jonckheere import Jonckheere, jonckheere
from cxstats.numerics.ladder import (
    Gains,
    Plateau,
    RiseTest,
    gains_of,
    group_means,
    plateau,
    refuse_small,
    rise_test,
)
from cxstats.numerics.latent_steps import latent_steps
from cxstats.numerics.linear import sd_influence
from cxstats.outcomes import Ordered, good_is_high
from cxstats.results import shown_p
from cxstats.roles import Binary, Rating, Roles
from cxstats.shared.predictors import complete, predictors_of
from cxstats.shared.tiers import declared_tiers
from cxstats.wald import WaldResult


@dataclass(frozen=True, kw_only=True, eq=False)
class LoyaltyLadder(WaldResult):
    """Loyalty per tier, the lowest first, then each step from a tier to the next (``"meet - fail"``).

    Loyalty is the share of good outcomes, or the mean outcome turned so that up is good.

    Attributes
    ----------
    tiers, rows : tuples of length J
        Their names, and the customers on each.
    controls : tuple of str
        What the means are standardised over; none if they are plain means.
    gains : Gains
        Every tier against every lower one on the scale that decides: for a binary outcome the relative gain
        p1 / p0 - 1 (where p0 > .5, of the bad share: q0 / q1 - 1), else the difference in standard deviations.
    rise : RiseTest
        Whether loyalty rises anywhere along the tiers.
    jonckheere : Jonckheere
        The same by ranks, without the controls.
    latent_steps : tuple of Effect, or None
        For a rating: the steps in standard deviations of the latent scale (ordered probit), where the end of the
        rating's scale does not count. None for other outcomes.
    share_at_top : float
        For a rating: share of the best value on the tier below the highest; else NaN.
    """

    tiers: tuple[str, ...]
    rows: tuple[int, ...]
    controls: tuple[str, ...]
    gains: Gains
    rise: RiseTest
    jonckheere: Jonckheere
    latent_steps: tuple[Effect, ...] | None
    share_at_top: float
    is_share: bool

    method: ClassVar[str] = "Means per tier with influence-function variances; largest of change-point contrasts"
    reference: ClassVar[str] = "Bretz & Hothorn (2002), doi:10.1002/sim.1324"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The tier, or the step, of each row."""
        return {"tier": [*self.tiers, *(f"{high} - {low}" for low, high in pairwise(self.tiers))]}

    @property
    def is_step(self) -> Bools:
        """Which rows are steps."""
        return np.arange(len(self.estimate)) >= len(self.tiers)

    @property
    def null(self) -> Floats:
        """0 for the steps; the tiers are not tested."""
        return np.where(self.is_step, 0.0, np.nan)

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """0 to 1 for shares, steps from -1."""
        return (np.where(self.is_step, -1.0, 0.0), 1.0) if self.is_share else (-np.inf, np.inf)

    @property
    def steps(self) -> tuple[Effect, ...]:
        """The gain of each step, on the scale that decides."""
        next_ones = np.flatnonzero(self.gains.higher == self.gains.lower + 1).tolist()
        return tuple(map(self.gains.effect, next_ones))

    def steps_above(self, delta: float) -> float:
        """One-sided p-value of "some step gains ``delta`` or less": small where every step gains more.

        An intersection-union test: the largest p-value of the steps. ``delta`` is on the scale of ``gains``.
        """
        return max(step.p_not_above(delta) for step in self.steps)

    def plateau(self, delta: float, level: float = 0.95) -> Plateau:
        """The lowest tier from which on no gain is told, and whether gains of ``delta`` are ruled out there.

        All pairs are compared at once, by one-sided limits that hold together at the level (above .5). That no gain is
        told is no evidence that there is none: ``flat`` asks for upper limits below ``delta``.
        """
        return plateau(self.gains, self.tiers, delta, level)

    def footer(self) -> str:
        """Customers per tier, and the tests of a rise."""
        sizes = ", ".join(f"{tier} {n:,}" for tier, n in zip(self.tiers, self.rows, strict=True))
        adjusted = f"standardised over {listed(self.controls)}" if self.controls else "not adjusted"
        return (
            f"Customers per tier: {sizes}; {adjusted}.\nOne-sided tests of a rise: p {shown_p(self.rise.p_value)} "
            f"(change points); p {shown_p(self.jonckheere.p_value)} (Jonckheere, without controls).\n{super().footer()}"
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the tiers as steps of a stair, each with its interval; returns the Axes."""
        from cxstats.figures.ladder import ladder

        return ladder(self, ax=ax)


def loyalty_ladder(
    data: IntoCells,
    *,
    outcome: Ordered | None = None,
    disconfirmation: str | None = None,
    cuts: Mapping[str, float] | None = None,
    tier: Mapping[str, Sequence[str | float]] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> LoyaltyLadder:
    """Compare loyalty from one tier of experience to the next: fail, meet, exceed, delight, amaze.

    Use it to ask whether every tier goes with more loyalty than the one below, and from where on no more is gained.
    It describes an association: who was delighted may have been loyal before. Past behaviour belongs in ``controls``,
    what follows from the experience does not. Where only met and exceeded matter, `expectation_levels` is enough.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        Loyalty.
    disconfirmation : str
        Column with received minus expected; above 0 is better than expected.
    cuts : mapping from tier to number
        Where each tier begins on the disconfirmation, that value included, ascending:
        ``{"meet": 0, "exceed": 1, "delight": 3, "amaze": 5}``. Whatever lies below the first is ``"fail"``.
    tier : mapping from column to list of tiers
        In place of both: the one column that holds the tiers, and all of them, the lowest first:
        ``{"tier": ["fail", "meet", "exceed"]}``. Cells must hold the column among their strata.
    controls : list of columns
        Past behaviour and other differences between customers. Numbers enter as they are, text by its levels.
    cluster, weight, count : str, optional
        As in `delong`; survey weights are taken as fixed.

    Returns
    -------
    LoyaltyLadder
        Means per tier and steps, in units of the outcome; ``steps_above`` and ``plateau`` for the joint questions.

    Raises
    ------
    TooFewError
        A tier with fewer than 10 good or 10 bad outcomes (30 rows where the outcome is not binary), fewer than 10
        events per coefficient where there are controls, a constant outcome or control, fewer than 20 clusters.
    SeparationError, ColumnError, RoleError, ScaleError
        Controls that tell the outcomes apart perfectly, or repeat each other; tiers declared wrongly, a cut point
        beyond all gaps; as for `tally`.

    Notes
    -----
    Without controls a tier has its plain mean. With them a logistic model (linear where the outcome is not binary) of
    tiers and controls, without interactions, predicts every customer's outcome in each tier, and the tier has the mean
    prediction over all customers (g-computation [1]_). Standard errors come from influence values, those of the
    coefficients included, summed per cluster where there are clusters: the unit is a row, or a cluster.

    ``rise`` tests that all tiers are alike by the largest t statistic of the mean of the tiers above each cut minus
    that below, weighted by size, against its joint normal (or t) distribution [2]_. ``jonckheere`` does so by ranks
    [3]_: its variance is that under permutation, ties corrected; with weights or clusters that of the share of pairs
    won, from influence values. A rise is not a rise at every step: ``steps_above`` tests that, by the largest of the
    steps' p-values [4]_. A gain p1 / p0 - 1 > delta is tested as p1 - (1 + delta) p0 > 0, one in standard deviations
    likewise. A step that is not told above 0 may still be one: see ``plateau``. A rating with many answers at its top
    flattens the upper tiers: prefer what customers did. Rows without outcome, tier or control are left out, counted.

    References
    ----------
    .. [1] Snowden, Rose & Mortimer (2011). American J. Epidemiology 173, 731-738. doi:10.1093/aje/kwq472
    .. [2] Bretz & Hothorn (2002). Statistics in Medicine 21, 3325-3335. doi:10.1002/sim.1324
    .. [3] Jonckheere (1954). Biometrika 41, 133-145. doi:10.1093/biomet/41.1-2.133
    .. [4] Berger (1982). Technometrics 24, 295-300. doi:10.1080/00401706.1982.10487790

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> tiers = {"meet": 0, "exceed": 1, "delight": 7}
    >>> result = cx.loyalty_ladder(
    ...     orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="days_early", cuts=tiers, count="n"
    ... )
    >>> result.to_frame()[["tier", "estimate"]].round(2).tail(3)
                   tier  estimate
    4       meet - fail      1.90
    5     exceed - meet      0.03
    6  delight - exceed      0.09
    """
    kind = declared_tiers(disconfirmation, cuts, tier)
    roles = Roles(
        outcome=outcome,
        disconfirmation=disconfirmation,
        strata=_strata(data, kind.column),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    kept, found = _complete(cells, kind.column)
    names, binary = kind.names, isinstance(found, Binary)
    y = good_is_high(found, kept[found.column])
    on = kind.of(kept[kind.column or kept.roles.disconfirmation or ""], kept.count)
    refuse_small(on, names, y, binary, kept.count)
    means = group_means(on, names, predictors_of(kept, ()), y, binary, kept.count, kept.row_weight)
    sd, sd_values = sd_influence(y, kept.count, kept.row_weight)
    spread = covariance(np.column_stack([means.influence, sd_values]), kept.count, kept.cluster_codes)
    inner = spread.matrix[:-1, :-1]
    mass = np.bincount(on, weights=kept.count * kept.row_weight).astype(np.float64)
    lines = np.vstack([np.eye(len(names)), np.diff(np.eye(len(names)), axis=0)])
    return LoyaltyLadder(
        tiers=names,
        rows=tuple(np.bincount(on, weights=kept.count).astype(int).tolist()),
        controls=kept.roles.controls,
        estimate=lines @ means.mean,
        std_error=np.sqrt(np.diag(lines @ inner @ lines.T)),
        df=spread.df,
        gains=gains_of(means.mean, sd, spread.matrix, spread.df, relative=binary),
        rise=rise_test(means.mean, inner, mass, spread.df),
        jonckheere=jonckheere(on, y, kept.count, kept.row_weight if kept.roles.weight else None, kept.cluster_codes),
        latent_steps=_latent(on, names, kept, found, y),
        share_at_top=_share_at_top(on, y, kept, found),
        is_share=binary,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _strata(data: IntoCells, column: str | None) -> tuple[str, ...]:
    """The strata to declare; for cells none, since theirs are fixed."""
    if column is None or not is_cells(data):
        return () if column is None else (column,)
    known = data.roles.strata
    if column not in known:
        raise RoleError(
            f"tier must be among the strata of the cells, but '{column}' is not among {listed(known) or 'none'}."
            f'\nTally the data with strata=["{column}"].'
        )
    return ()


def _complete(cells: Cells, column: str | None) -> tuple[Cells, Ordered]:
    """The rows that have outcome, tier and controls, and a weight above 0."""
    outcome, column = cells.roles.outcome, column or cells.roles.disconfirmation
    if not isinstance(outcome, Ordered):
        what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
        raise RoleError(
            f"An outcome of one moment is needed, but {what}."
            '\nPass for example outcome=cx.Binary("stayed", good=1) or cx.Rating("stars", cx.CSAT5).'
        )
    if column is None:
        raise RoleError('cuts need a disconfirmation, but none was declared.\nPass for example disconfirmation="gap".')
    kept = complete(cells, outcome.column, [column])
    kept = kept.where(kept.row_weight > 0)
    values = kept[outcome.column]
    if kept.n == 0 or np.ptp(values) == 0:
        held = f"all {rows(kept.n)} hold {number(float(values[0]))}" if kept.n else "no row has a weight above 0"
        raise TooFewError(f"The outcome '{outcome.column}' must vary, but {held}.")
    return kept, outcome


def _latent(on: Ints, names: tuple[str, ...], kept: Cells, outcome: Ordered, y: Floats) -> tuple[Effect, ...] | None:
    """The steps of a rating on the scale behind it."""
    if not isinstance(outcome, Rating):
        return None
    controls = predictors_of(kept, ())
    return latent_steps(on, names, controls, y, kept.count, kept.row_weight, kept.cluster_codes)


def _share_at_top(on: Ints, y: Floats, kept: Cells, outcome: Ordered) -> float:
    """How many of those on the last tier but one gave the best value: whoever is above cannot show it."""
    if not isinstance(outcome, Rating):
        return float("nan")
    below = (on == on.max() - 1) * kept.count * kept.row_weight
    return float(below[y == outcome.scale.high].sum() / below.sum())
