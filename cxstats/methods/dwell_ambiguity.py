"""Is a long stay a good sign where the task succeeded, and a bad one where it failed?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells
from cxstats.errors import RoleError, SeparationError, TooFewError, listed, rows
from cxstats.methods.two_lines import SHARE, TwoLines
from cxstats.numerics.dwell import GROUPS, checked_times, latent_slopes, observed_slopes
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.intention import is_rating
from cxstats.numerics.observed import Observed, observe, refuse_flat, refuse_thin, refuse_unmarked, share_at_top
from cxstats.numerics.parts import Part
from cxstats.numerics.two_lines import robin_hood
from cxstats.numerics.wow_attempts import refuse_repeated
from cxstats.numerics.zero_one import zero_one
from cxstats.roles import Continuous, Rating, Roles
from cxstats.shared.along import along
from cxstats.shared.parts_result import JointParts, stacked


@dataclass(frozen=True, kw_only=True, eq=False)
class DwellAmbiguity(JointParts):
    """Slopes of an outcome on dwell time: ``failed``, ``succeeded``, ``succeeded - failed``.

    Part ``slope``: standard deviations of the outcome, up is good, per standard deviation of the logarithm of the
    time. Part ``latent slope`` for a rating: the same behind it (ordered probit), which a ceiling does not bend.

    Attributes
    ----------
    pleasure : Effect
        Slope where the task succeeded: above 0 where long stays go with a better outcome.
    lost : Effect
        Minus the slope where it failed: above 0 where long stays go with a worse outcome. Dwell time is ambiguous
        where both are above the smallest effect of interest.
    difference : Effect
    latent_pleasure, latent_lost : Effect or None
        None for another outcome than a rating, or where the ordered probit has no fit.
    turn : TwoLines or None
        Two lines of the outcome on the logarithm, over all visits and without controls; None where times vary too
        little.
    rows : (int, int)
        Visits that failed, and that succeeded.
    share_at_top : float
        For a rating: share of the best value. Else NaN.
    controls : tuple of str
    """

    turn: TwoLines | None
    rows: tuple[int, int]
    share_at_top: float
    controls: tuple[str, ...]
    outcome: str
    dwell: str

    method: ClassVar[str] = "Interaction of log dwell time with task success; two lines over all visits"
    reference: ClassVar[str] = "Simonsohn (2018), doi:10.1177/2515245918805755"

    @property
    def pleasure(self) -> Effect:
        """Slope where the task succeeded."""
        return _effect(self.parts[0], 1)

    @property
    def lost(self) -> Effect:
        """Minus the slope where it failed."""
        return _effect(self.parts[0], 0, -1.0)

    @property
    def difference(self) -> Effect:
        """Slope where it succeeded minus where it failed."""
        return _effect(self.parts[0], 2)

    @property
    def latent_pleasure(self) -> Effect | None:
        """``pleasure`` behind a rating."""
        return _effect(self.parts[1], 1) if len(self.parts) > 1 else None

    @property
    def latent_lost(self) -> Effect | None:
        """``lost`` behind a rating."""
        return _effect(self.parts[1], 0, -1.0) if len(self.parts) > 1 else None

    def footer(self) -> str:
        """Units and groups, then what two lines say of all visits together."""
        mix = f"at equal {listed(self.controls)}" if self.controls else "not adjusted for anything"
        unit = f"SDs of '{self.outcome}' (up is good) per SD of the logarithm of '{self.dwell}', {mix}"
        lines = [f"{unit}: {self.rows[0]:,} visits failed, {self.rows[1]:,} succeeded."]
        if self.turn is not None:
            lines.append(f"Both together, by two lines and without controls: {self.turn.verdict}")
        return "\n".join([*lines, super().footer()])


def dwell_ambiguity(
    data: IntoCells,
    *,
    outcome: Rating | Continuous | None = None,
    dwell: str,
    success: str,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> DwellAmbiguity:
    """Is a long stay a good sign where the task succeeded, and a bad one where it failed?

    Use it before dwell time is reported as engagement, or as friction: a long visit may be pleasure, or being lost.
    Success must be known otherwise (the order was placed, the answer was found), not be read from satisfaction. It
    describes an association; a hard task takes longer and pleases less, so that the task belongs in ``controls``.

    Parameters
    ----------
    data : dataframe or Cells
        One row per visit. Cells must have dwell and success among their strata.
    outcome : Rating or Continuous
        Satisfaction with the visit; turned so that up is good.
    dwell : str
        Column with the time spent, above 0, in any unit.
    success : str
        Column with 1 where the task succeeded and 0 where it failed.
    controls : sequence of str
        Device, kind of task, first visit. Numbers enter as they are, text by its levels.
    cluster : str, optional
        Column with what makes visits dependent, as a rule the visitor.
    weight, count : str, optional
        As in `delong`.

    Returns
    -------
    DwellAmbiguity
        Slopes in standard deviations per standard deviation; ``pleasure`` and ``lost`` for the joint question.

    Raises
    ------
    ColumnError
        A time of 0 or less, or text; a success that is not 0, 1 or missing; as for `tally`.
    TooFewError
        Fewer than 30 visits that failed or that succeeded; a time that does not vary among them; a constant
        outcome; fewer than 20 clusters; no complete row.
    RoleError, ScaleError
        No rating or measured outcome; one column in two parts; as for `tally`.

    Notes
    -----
    y = a + s + b0 (1 - s) log t + b1 s log t + z'c, with s success and z the controls: least squares. The slopes are
    b SD(log t) / SD(y), both deviations over all visits, so that the groups share a unit. Dwell time is called
    ambiguous where b1 is above and b0 below 0 by more than the smallest effect: two tests that must both
    reject, so that neither needs a correction. A mean slope, or a U, over all visits mixes the groups: the two
    lines [1]_ are on log t and without controls. One independent unit is a row, or a cluster; variances are those of
    influence values, standard deviations included. Success may itself depend on the time spent; then the slopes
    compare visits, not what more time would do. Rows that lack a value are left out and counted in ``n_missing``.

    References
    ----------
    .. [1] Simonsohn (2018). Advances in Methods and Practices in Psychological Science 1, 538-555.
       doi:10.1177/2515245918805755

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> visits = pd.DataFrame({"found": rng.integers(0, 2, 800), "seconds": np.exp(rng.normal(4, 0.7, 800))})
    >>> way = np.where(visits["found"] == 1, 0.5, -0.7) * (np.log(visits["seconds"]) - 4)
    >>> visits["stars"] = np.clip(np.round(3 + visits["found"] / 2 + way + rng.normal(0, 0.9, 800)), 1, 5)
    >>> result = cx.dwell_ambiguity(
    ...     visits, outcome=cx.Rating("stars", cx.CSAT5), dwell="seconds", success="found"
    ... )
    >>> result.to_frame()[["part", "term", "estimate", "ci_low", "ci_high"]].round(2)
               part                term  estimate  ci_low  ci_high
    0         slope              failed     -0.42   -0.51    -0.34
    1         slope           succeeded      0.26    0.17     0.35
    2         slope  succeeded - failed      0.68    0.56     0.80
    3  latent slope              failed     -0.45   -0.53    -0.36
    4  latent slope           succeeded      0.27    0.17     0.36
    5  latent slope  succeeded - failed      0.71    0.59     0.84
    """
    named = {"dwell": dwell, "success": success}
    refuse_repeated(named)
    roles = Roles(
        outcome=outcome,
        strata=() if is_cells(data) else (dwell, success),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    target = _measured(cells.roles.outcome)
    refuse_unmarked(named, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in (dwell, success))
    kept = _complete(cells, target.column, dwell, success, adjusted)
    group, log_time = kept[success].astype(np.int64), np.log(kept[dwell])
    everyone = np.ones(kept.n_cells, dtype=bool)
    given, _ = observe(target, adjusted, everyone, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    refuse_thin(group, GROUPS, given, target.column)
    refuse_flat(dwell, log_time, group, GROUPS, kept.count)
    parts, notes = _slopes(target, log_time, group, given)
    turn, untold = _turn(kept, dwell)
    return DwellAmbiguity(
        **stacked(parts),
        turn=turn,
        rows=(int(kept.count[group == 0].sum()), int(kept.count[group == 1].sum())),
        share_at_top=share_at_top(target, given),
        controls=adjusted,
        outcome=target.column,
        dwell=dwell,
        n=kept.n,
        n_missing=cells.n - kept.n,
        n_cells=kept.n_cells,
        notes=(*notes, *untold),
    )


def _effect(part: Part, at: int, sign: float = 1.0) -> Effect:
    return Effect(a=sign * float(part.estimate[at]), var_a=float(part.std_error[at]) ** 2, df=part.df)


def _measured(outcome: object) -> Rating | Continuous:
    if isinstance(outcome, Rating | Continuous):
        return outcome
    what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"A rating or a measured outcome is needed, but {what}."
        '\nPass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
    )


def _complete(cells: Cells, outcome: str, dwell: str, success: str, controls: Sequence[str]) -> Cells:
    """The visits of which everything is known, after times and success were looked at."""
    columns = (outcome, dwell, success, *controls)
    needed = cells.select(*columns)
    checked_times(dwell, needed[dwell], needed.count)
    zero_one(success, needed[success], needed.count, "the task succeeded", "it failed")
    kept = needed.where(needed.observed(columns) & (needed.row_weight > 0))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined."
        )
    return kept


def _slopes(
    target: Rating | Continuous, log_time: Floats, group: Ints, data: Observed
) -> tuple[tuple[Part, ...], list[str]]:
    """The slopes, for a rating also behind it; and notes."""
    observed, few = observed_slopes(log_time, group, data)
    parts, notes = [observed], list(few)
    if isinstance(target, Rating) and is_rating(target.scale):
        try:
            parts.append(latent_slopes(log_time, group, data)[0])
        except SeparationError as reason:
            first = str(reason).split("\n")[0]
            notes.append(f"There is no effect on the latent scale, for the ordered probit has no fit: {first}")
    return tuple(parts), notes


def _turn(kept: Cells, dwell: str) -> tuple[TwoLines | None, list[str]]:
    """Two lines on the logarithm of the time, over all visits; or why there are none."""
    try:
        found = along(kept, dwell, SHARE)
    except TooFewError as reason:
        return None, [f"There are no two lines: {str(reason).split(chr(10))[0]}"]
    cells = found.cells
    fit = robin_hood(np.log(found.x), found.y, cells.count, cells.row_weight, np.log(found.values), found.may)
    spread = covariance(fit.influence, cells.count, cells.cluster_codes)
    turn = TwoLines(
        estimate=fit.slopes,
        std_error=np.sqrt(np.diag(spread.matrix)),
        predictor=f"log {dwell}",
        breakpoint=fit.breakpoint,
        flat=fit.flat,
        df=spread.df,
        share_at_top=found.share_at_top,
        n=cells.n,
        n_missing=found.n_missing,
        n_cells=cells.n_cells,
        notes=spread.notes,
    )
    return turn, []
