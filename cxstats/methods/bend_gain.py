"""Do two slopes, below and above expectation, predict new customers better than one straight line?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import Cells, IntoCells, as_cells
from cxstats.errors import RoleError, TooFewError, number, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.held_out import Model
from cxstats.numerics.natural_spline import FEWEST_KNOTS, knots_at, natural_basis
from cxstats.numerics.resample import seeded
from cxstats.roles import Binary, Continuous, Count, Outcome, Rating, Roles, Survival
from cxstats.shared.crossfitted import CrossFitted, CrossRows, cross_fit, cross_rows, linear_model, model_of, refuse_few
from cxstats.shared.disconfirmed import FEWEST_EVENTS, FEWEST_ROWS, checked_met
from cxstats.shared.held_out_result import HeldOutIndices, dealt
from cxstats.shared.index_rows import IndexRow, area_row, loss_row, share_row

STRAIGHT, BENT, SPLINE = "one line", "two slopes", "spline"
MEAN = "(mean)"
LOG_LOSS, EXPLAINED, SAVED, AREA = "log-loss gain", "R2", "mean squared error saved", "AUC"
FEWEST_VALUES = 3  # through two values every line is straight, and through three the two slopes are every curve


@dataclass(frozen=True, kw_only=True, eq=False)
class BendGain(HeldOutIndices):
    """What two slopes gain over one line on customers held out, and what a smooth curve gains over two slopes.

    The frame has the gains ``"two slopes - one line"`` and ``"spline - two slopes"`` (above 0 the first of the two
    models predicts better), then each model alone. The index that decides is ``"R2"``, for a binary outcome
    ``"log-loss gain"`` (per customer; of a model alone over the mean of all). Beside it stand the ``"mean squared
    error saved"`` (in squared standard deviations of the outcome), or the ``"AUC"``.

    Attributes
    ----------
    model, index : tuple of str
        What each row of the frame is about.
    gain : Effect
        Of two slopes over one line, on the index that decides.
    spline_gain : Effect or None
        Of the spline over two slopes, on the same index; None where there is no spline.
    knots : tuple of float
        Of the spline; empty where the gap takes three values only, or its quantiles fall on one or two.
    share_at_top : float
        For a rating: share of all customers who gave the best value. The end of a scale alone bends a line. Else NaN.
    folds, repeats : int
    seed : int or None
        Passed as ``rng`` it gives the same folds again.
    """

    gain: Effect
    spline_gain: Effect | None
    knots: tuple[float, ...]
    share_at_top: float

    method: ClassVar[str] = "One line, two slopes and a spline, cross-validated; intervals from influence values"
    reference: ClassVar[str] = "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035"

    @property
    def null(self) -> Floats:
        """.5 for the area of a model alone, else 0."""
        rows = zip(self.model, self.index, strict=True)
        return np.array([0.5 if index == AREA and " - " not in model else 0.0 for model, index in rows])

    def footer(self) -> str:
        """How the rows were held out, where the knots are, then rows and method."""
        held = f"{self._dealt}."
        knots = f"Knots of the spline: {', '.join(map(number, self.knots))}."
        if not self.knots:
            knots = "No spline: the gap takes too few values to bend further."
        return f"{held}\n{knots}\n{super().footer()}"


def bend_gain(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | None = None,
    disconfirmation: str | None = None,
    met: tuple[float, float] = (0, 0),
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> BendGain:
    """Compare two slopes, below and above expectation, with one straight line on customers the models have not seen.

    Use it beside `asymmetry`: a difference of slopes that is real may be too small to matter for prediction, and
    where a smooth curve predicts better than two slopes, the bend lies elsewhere. On a rating the end of the scale
    alone bends a line, so that a gain is no sign of loss aversion. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating or Continuous
        A binary outcome is modelled by logistic regression (straight on the log-odds), others by least squares.
    disconfirmation : str
        Column with received minus expected; above 0 is better than expected.
    met : (low, high)
        The range of the gap, ends included, in which the bent line is flat.
    controls : list of columns
        In every model.
    cluster : str, optional
        Column with what makes rows dependent: whole clusters are held out, and intervals sum influence values per
        cluster.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds, repeats : int
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    BendGain
        Gains of log-loss in nats per customer, of R2 and AUC as differences; then R2, or log-loss gain and AUC, of
        each model.

    Raises
    ------
    TooFewError
        Below or above: fewer than 10 good or 10 bad outcomes, or fewer than 30 customers; fewer than three values of
        the gap; as for `held_out`.
    RoleError
        Another outcome; no disconfirmation; ``met`` is no range; cells with a survey weight.
    SeparationError, ScaleError, ColumnError
        As for `held_out` and `tally`.

    Notes
    -----
    One line: a + b gap. Two slopes: a + b1 min(gap - low, 0) + b2 max(gap - high, 0). The spline is a natural cubic
    one with knots at the 5, 27.5, 50, 72.5 and 95% quantiles of the gap [2]_, of the distinct ones among these. Folds,
    indices and intervals are those of `held_out` [1]_: predictions cross-fitted and held fixed, influence values per
    row, or summed per cluster. R2 is 1 minus the squared error over that of the mean alone, both on rows held out.

    Where the truth is straight, the second slope fits luck: the gain is then a little below 0 on average, and its
    interval lies above 0 more rarely than its level says. A gain far below any that counts is as small as the luck
    of fitting, and its interval may miss. Rows that lack the outcome, the gap or a control are left out and counted
    in ``n_missing``.

    References
    ----------
    .. [1] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035
    .. [2] Harrell (2015). Regression Modeling Strategies, 2nd ed. Springer. Section 2.4.
       doi:10.1007/978-3-319-19425-7

    Examples
    --------
    >>> import cxstats as cx
    >>> orders = cx.datasets.load("olist_deliveries").frame
    >>> result = cx.bend_gain(
    ...     orders,
    ...     outcome=cx.Rating("stars", cx.CSAT5),
    ...     disconfirmation="days_early",
    ...     count="n",
    ...     repeats=2,
    ...     rng=1,
    ... )
    >>> frame = result.to_frame()
    >>> frame[frame["index"] == "R2"][["model", "estimate"]].round(3)
                       model  estimate
    0  two slopes - one line     0.075
    2    spline - two slopes     0.000
    4               one line     0.083
    5             two slopes     0.158
    6                 spline     0.158
    """
    met = checked_met(met)
    roles = Roles(
        outcome=outcome,
        disconfirmation=disconfirmation,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        count=count,
    )
    cells = as_cells(data, roles)
    gap = _gap(cells)
    found = cross_rows(cells, (gap,))
    _refuse_thin(found, gap, met)
    models, knots = _models(found, gap, met)
    refuse_few(found, max(model.patterns.design.shape[1] for model in models) - 1)
    draws = seeded(rng)
    fit = cross_fit(found, models, folds=folds, repeats=repeats, draws=draws)
    return _compared(fit, knots, draws.seed)


def _gap(cells: Cells) -> str:
    """The column with the gap, after outcome and gap were found to suit."""
    outcome: Outcome | None = cells.roles.outcome
    if isinstance(outcome, Count | Survival):
        raise RoleError(
            f"The outcome must be Binary, Rating or Continuous, but {type(outcome).__name__} was given."
            "\nTurn it into whether anything happened, or into an amount."
        )
    if cells.roles.disconfirmation is None:
        raise RoleError(
            "A disconfirmation column is needed: what was received minus what was expected, above 0 is better."
            '\nPass for example disconfirmation="days_early".'
        )
    return cells.roles.disconfirmation


def _refuse_thin(found: CrossRows, gap: str, met: tuple[float, float]) -> None:
    """Refuse where a side, and so a slope, rests on too little."""
    values = found.predictors[gap].values
    low, high = met
    places = np.unique(values)
    if len(places) < FEWEST_VALUES:
        raise TooFewError(
            f"Two slopes need at least {FEWEST_VALUES} distinct values of '{gap}', but there are {len(places)}: "
            f"{', '.join(number(float(value)) for value in places)}.\nCompare the groups with cx.mean_score instead."
        )
    for side, here in ((f"below {number(low)}", values < low), (f"above {number(high)}", values > high)):
        _refuse_side(found, f"'{gap}' {side}", here)


def _refuse_side(found: CrossRows, side: str, here: Bools) -> None:
    n = int(found.count[here].sum())
    if found.binary:
        good = int(found.count[here & (found.y == 1)].sum())
        if min(good, n - good) < FEWEST_EVENTS:
            raise TooFewError(
                f"At least {FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes are needed among the customers with "
                f"{side}, but of {rows(n)} {good:,} are good and {n - good:,} bad."
                "\nWait for more outcomes, or change the range that counts as met."
            )
    elif n < FEWEST_ROWS:
        raise TooFewError(
            f"At least {FEWEST_ROWS} customers are needed with {side}, but there are {n:,}."
            "\nCollect more answers, or change the range that counts as met."
        )


def _models(found: CrossRows, gap: str, met: tuple[float, float]) -> tuple[list[Model], Floats]:
    """The mean alone, one line, two slopes and, where the gap can bend further, the spline with its knots."""
    values = np.asarray(found.predictors[gap].values, dtype=np.float64)
    known = [found.predictors[name] for name in found.controls]
    labels = [label for part in known for label in part.terms]

    def curve(name: str, columns: Floats) -> Model:
        own = [f"{gap} ({name} {j})" for j in range(1, columns.shape[1] + 1)]
        return linear_model(found, name, [*(part.columns for part in known), columns], [*labels, *own])

    bent = np.column_stack([np.minimum(values - met[0], 0.0), np.maximum(values - met[1], 0.0)])
    models = [model_of(found, MEAN, ()), model_of(found, STRAIGHT, (*found.controls, gap)), curve(BENT, bent)]
    knots = knots_at(values, found.count.astype(np.float64))
    if len(knots) < FEWEST_KNOTS or len(np.unique(values)) <= FEWEST_VALUES:
        return models, np.empty(0)
    return [*models, curve(SPLINE, natural_basis(values, knots))], knots


def _compared(fit: CrossFitted, knots: Floats, seed: int | None) -> BendGain:
    pairs = [(BENT, STRAIGHT), *([(SPLINE, BENT)] if len(knots) else [])]
    gains = [row for model, over in pairs for row in _gains(fit, model, over)]
    lines = [*gains, *(row for name in fit.names if name != MEAN for row in _alone(fit, name))]
    spread = fit.spread(np.column_stack([row.influence for row in lines]))
    variance = np.diag(spread.matrix)
    decides = [
        Effect(a=row.estimate, var_a=float(variance[at]), df=spread.df)
        for at, row in enumerate(gains)
        if row.index in (LOG_LOSS, EXPLAINED)
    ]
    found = fit.rows
    return BendGain(
        model=tuple(row.model for row in lines),
        index=tuple(row.index for row in lines),
        estimate=np.array([row.estimate for row in lines]),
        std_error=np.sqrt(variance),
        df=spread.df,
        gain=decides[0],
        spline_gain=decides[1] if len(decides) > 1 else None,
        knots=tuple(knots.tolist()),
        share_at_top=_share_at_top(found),
        **dealt(fit, seed),
        notes=spread.notes,
    )


def _gains(fit: CrossFitted, model: str, over: str) -> list[IndexRow]:
    """The gain that decides, and beside it that of the area or of the squared error."""
    label = f"{model} - {over}"
    if fit.rows.binary:
        return [loss_row(fit, model, over, label), area_row(fit, model, over, label)]
    held, at, other = fit.held, fit.at(model), fit.at(over)
    less = float(held.squared_error[other] - held.squared_error[at])
    influence = held.squared_error_influence[:, other] - held.squared_error_influence[:, at]
    return [share_row(fit, model, over, label), IndexRow(label, SAVED, less, influence)]


def _alone(fit: CrossFitted, name: str) -> list[IndexRow]:
    """The index that decides of one model, over the mean of all, and its area."""
    if not fit.rows.binary:
        return [share_row(fit, name, MEAN, name)]
    at = fit.at(name)
    area = IndexRow(name, AREA, float(fit.held.auc[at]), fit.held.auc_influence[:, at])
    return [loss_row(fit, name, MEAN, name), area]


def _share_at_top(found: CrossRows) -> float:
    outcome, cells = found.outcome, found.cells
    if not isinstance(outcome, Rating):
        return math.nan
    best = outcome.scale.high if outcome.scale.higher_is_better else outcome.scale.low
    return float(cells.count[cells[outcome.column] == best].sum() / cells.n)
