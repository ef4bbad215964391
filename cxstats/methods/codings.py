"""Codings of a metric: what is lost or won by top boxes, classes and nets, apart from the metric itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.coding import FULL as FULL
from cxstats.coding import KNOTS, Coding, CodingList, codings_of
from cxstats.numerics.held_out import Choice, Model
from cxstats.numerics.nested import ClusteredRows, NestedTest, nested_test
from cxstats.numerics.resample import seeded
from cxstats.roles import Binary, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import binary_outcome
from cxstats.shared.crossfitted import (
    CrossFitted,
    CrossRows,
    cross_fit,
    cross_rows,
    group_model,
    linear_model,
    model_of,
    refuse_few,
    standardised_columns,
)
from cxstats.shared.index_rows import IndexRow, area_row, loss_row
from cxstats.wald import WaldResult

CHOSEN = "chosen in the folds"


@dataclass(frozen=True, kw_only=True, eq=False)
class Codings(WaldResult):
    """How well each coding of each metric predicts customers held out, and what it gains over the full scale.

    For each metric and coding the frame has the AUC and the log-loss gain over no metric at all, and, but for
    the full scale itself, the differences ``"<coding> - full scale"`` of both.

    Attributes
    ----------
    metric, coding, index : tuple of str
    df : float
        Degrees of freedom of the intervals: clusters minus one, or infinite.
    chosen : mapping from metric to mapping from coding to float
        How often the training sets found each coding the best.
    left_out : mapping from metric to mapping from coding to str
        Codings that are not listed, with the reason: the same as another on the levels that occur, one
        value only, or too few levels.
    curved : mapping from metric to NestedTest
        Whether a curve (a spline) fits the whole data better than the straight line over the full scale.
    folds, repeats : int
    seed : int or None
    """

    metric: tuple[str, ...]
    coding: tuple[str, ...]
    index: tuple[str, ...]
    chosen: Mapping[str, Mapping[str, float]]
    left_out: Mapping[str, Mapping[str, str]]
    curved: Mapping[str, NestedTest]
    folds: int
    repeats: int
    seed: int | None

    method: ClassVar[str] = "Codings of a metric compared on rows held out"
    reference: ClassVar[str] = "Cohen (1983), doi:10.1177/014662168300700301"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """Metric, coding or difference of codings, index."""
        return {"metric": self.metric, "coding": self.coding, "index": self.index}

    def row(self, metric: str, coding: str, index: str) -> int:
        """The number of a row of the frame."""
        return list(zip(self.metric, self.coding, self.index, strict=True)).index((metric, coding, index))

    def footer(self) -> str:
        """How it was held out, what the folds chose, what was left out, whether curves fit better; then rows."""
        chosen = [f"{m}: {c} {share:.0%}" for m, shares in self.chosen.items() for c, share in shares.items() if share]
        left_out = [f"{m}: {c} ({why})" for m, reasons in self.left_out.items() for c, why in reasons.items()]
        curved = [
            f"{m} chi-square {t.chi_square:.1f} on {t.degrees}, p {t.p_value:.2g}" for m, t in self.curved.items()
        ]
        told = {
            "Best coding by the training folds": chosen,
            "Left out": left_out,
            "A curve instead of a straight line, on all rows": curved,
        }
        lines = [f"{self.folds} folds, repeated {self.repeats} times, seed {self.seed}."]
        lines += [f"{what}: {'; '.join(parts)}." for what, parts in told.items() if parts]
        return "\n".join([*lines, super().footer()])

    @property
    def null(self) -> Floats:
        """.5 for areas, 0 for gains and differences."""
        areas = [i == "AUC" and " - " not in c for c, i in zip(self.coding, self.index, strict=True)]
        return np.where(areas, 0.5, 0.0)


def codings(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> Codings:
    """Compare the codings of each metric: the full scale, boxes, classes, net, levels and a curve.

    Use it before a top-two score is held against a full scale: of a straight-line relation a cut keeps
    less than the whole, so a metric may win or lose by its coding alone. Where a cut predicts better than
    the full scale, the relation has a threshold, or it is noise: ``curved`` tells. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells.
    cluster : str, optional
        Column with what makes rows dependent.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds : int
        Parts into which the customers are dealt.
    repeats : int, optional
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    Codings
        Per metric and coding AUC and log-loss gain (per customer) on customers held out, and differences to
        the full scale; the last coding is the one that each training set finds best.

    Raises
    ------
    TooFewError, SeparationError, ColumnError
        As for `held_out`.
    RoleError
        An outcome that is not binary; cells with a survey weight.

    Notes
    -----
    All scores are turned so that up is good. Top box is the best value, top two the best two, bottom two
    the worst two against the rest; net is 1, 0, -1 for promoters (9-10), passives and detractors (0-6) of a
    0-10 scale, three classes the same without equal steps; saturated a rate for every level; the spline a
    natural cubic one, whose knots (one fewer than levels, at most 5) are spread over the levels that occur.
    Full scale, net and spline enter a logistic regression; the others are rates per group, each drawn to the
    overall rate as by one customer. What is the same as another coding on the levels that occur, or puts all
    customers together, is left out and named in ``left_out``. Cutting a normal variable in two at its middle
    multiplies its correlations by .798 [1]_. Intervals as in `held_out`.

    References
    ----------
    .. [1] Cohen (1983). Applied Psychological Measurement 7, 249-253. doi:10.1177/014662168300700301
    .. [2] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.codings(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"csat": cx.CSAT5},
    ...     count="n",
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> frame = result.to_frame()
    >>> frame[frame["index"] == "AUC"][["coding", "estimate"]].head(4).round(3)
                    coding  estimate
    0           full scale     0.652
    2              top box     0.607
    4  top box - full scale    -0.045
    6              top two     0.599
    """
    declared, names = metric_names(data, metrics)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, count=count))
    binary_outcome(cells)
    draws = seeded(rng)
    found = cross_rows(cells, names)
    refuse_few(found, KNOTS - 1)
    listed = {name: codings_of(found.cells.roles.metrics[name], found.predictors[name].values) for name in names}
    models = {name: _models(found, name, listed[name]) for name in names}
    every = [model_of(found, "nothing", ()), *(model for name in names for model in models[name])]
    fit = cross_fit(found, every, folds=folds, repeats=repeats, draws=draws)
    lines = [line for name in names for line in _lines(fit, name, [model.name for model in models[name]])]
    curved = {name: test for name in names if (test := _curved(found, name, listed[name])) is not None}
    spread = fit.spread(np.column_stack([line.influence for _, _, line in lines]))
    return Codings(
        metric=tuple(metric for metric, _, _ in lines),
        coding=tuple(coding for _, coding, _ in lines),
        index=tuple(line.index for _, _, line in lines),
        estimate=np.array([line.estimate for _, _, line in lines]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        df=spread.df,
        chosen={name: shares for name in names if (shares := _chosen(fit, name, listed[name]))},
        left_out={name: listed[name].left_out for name in names},
        curved=curved,
        folds=folds,
        repeats=fit.repeats,
        seed=draws.seed,
        n=found.n,
        n_missing=found.n_missing,
        n_cells=found.cells.n_cells,
        notes=spread.notes,
    )


def _models(found: CrossRows, metric: str, listed: CodingList) -> list[Model | Choice]:
    """One model per coding, named ``metric: coding``; where there are several, the one that the folds choose."""
    models = [_coded(found, metric, coding) for coding in listed.codings]
    return [*models, Choice(f"{metric}: {CHOSEN}", tuple(models))] if len(models) > 1 else [*models]


def _coded(found: CrossRows, metric: str, coding: Coding) -> Model:
    """Boxes and classes by the rate of each group, which also exists where a box holds one outcome only."""
    columns = coding.columns(found.predictors[metric].values)
    if coding.grouped:
        return group_model(f"{metric}: {coding.name}", columns)
    labels = [f"{metric} ({coding.name})"] * columns.shape[1]
    return linear_model(found, f"{metric}: {coding.name}", [columns], labels)


def _chosen(fit: CrossFitted, metric: str, listed: CodingList) -> dict[str, float]:
    """How often the training sets chose each coding; empty where there is nothing to choose."""
    if len(listed.codings) == 1:
        return {}
    shares = fit.held.chosen[fit.at(f"{metric}: {CHOSEN}")]
    return {coding.name: float(share) for coding, share in zip(listed.codings, shares, strict=True)}


def _lines(fit: CrossFitted, metric: str, models: Sequence[str]) -> list[tuple[str, str, IndexRow]]:
    """The rows of one metric: each coding, and its differences to the full scale."""
    full = models[0]
    lines: list[IndexRow] = []
    for name in models:
        coding = name.removeprefix(f"{metric}: ")
        at = fit.at(name)
        area = IndexRow(coding, "AUC", float(fit.held.auc[at]), fit.held.auc_influence[:, at])
        lines += [area, loss_row(fit, name, fit.names[0], coding)]
        if name != full:
            difference = f"{coding} - {FULL}"
            lines += [area_row(fit, name, full, difference), loss_row(fit, name, full, difference)]
    return [(metric, line.model, line) for line in lines]


def _curved(found: CrossRows, metric: str, listed: CodingList) -> NestedTest | None:
    """The test of the spline's curved columns over the straight line; None where the levels are too few."""
    values = found.predictors[metric].values
    spline = next((coding for coding in listed.codings if coding.name == "spline"), None)
    if spline is None:
        return None
    columns = spline.columns(values)
    bends = columns.shape[1] - 1
    design = standardised_columns(found, [columns], [f"{metric} (spline)"] * (bends + 1))
    cells = ClusteredRows(found.joint, found.cells.count, found.cells.cluster_codes)
    return nested_test(design, bends, found.y, found.count, found.family, cells)
