"""Do several metrics together predict better than the best one, and which of them are enough?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from cxstats.arrays import Bools, Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError
from cxstats.numerics.effect import Effect
from cxstats.numerics.held_out import Choice, Model
from cxstats.numerics.influence import Covariance
from cxstats.numerics.intervals import upper_tail
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
    model_of,
    nested_design,
    refuse_few,
)
from cxstats.shared.index_rows import IndexRow, area_row, loss_row
from cxstats.wald import WaldResult

MOST_METRICS = 8
COMBINED = "all, penalised"
BEST = "best single, chosen in the folds"
GAIN = f"{COMBINED} - {BEST}"
# Penalties among which each training set chooses, in rows: 0 is the plain fit, 1,000 all but flattens it.
RIDGES = (0.0, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Combination(WaldResult):
    """How well every subset of the metrics predicts customers held out, and what the combination gains.

    The frame has for each model the AUC and the log-loss gain over no metric (the controls alone), then
    the differences of the combination, ``"all, penalised - nps"`` and so on for every single metric, and
    ``"all, penalised - best single, chosen in the folds"``.

    Attributes
    ----------
    model, index : tuple of str
    subsets : tuple of tuples of str
        Every subset of the metrics, smaller ones first.
    enough : tuple of str
        The smallest subset whose area is shown to lie less than ``smallest`` below that of the combination;
        of several the one with the largest area. All metrics where no subset is shown to.
    short : bool array, shape (subsets,)
        Which subsets are shown to be enough in that sense.
    smallest : float
    gains : mapping from metric to Effect
        Area of the combination minus that of each single metric.
    gain : Effect
        Of these the one with the lowest limit, at 5% on one side: the combination is better than the best
        single metric, whichever that is, where it is better than every one.
    joint : NestedTest
        Whether the other metrics add anything to the best one, on all rows.
    resampled_p : float
        Of the gain over the best one as chosen in the folds, by the corrected resampled t-test.
    chosen : mapping from metric to float
        How often the training sets chose each metric as the best single one.
    folds, repeats : int
    seed : int or None
    """

    model: tuple[str, ...]
    index: tuple[str, ...]
    subsets: tuple[tuple[str, ...], ...]
    enough: tuple[str, ...]
    short: Bools
    smallest: float
    gains: Mapping[str, Effect]
    gain: Effect
    joint: NestedTest
    resampled_p: float
    chosen: Mapping[str, float]
    folds: int
    repeats: int
    seed: int | None

    method: ClassVar[str] = "All subsets of the metrics compared on rows held out"
    reference: ClassVar[str] = "Nadeau & Bengio (2003), doi:10.1023/A:1024068626366"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The model, or the pair, and the index."""
        return {"model": self.model, "index": self.index}

    def row(self, model: str, index: str) -> int:
        """The number of a row of the frame."""
        return list(zip(self.model, self.index, strict=True)).index((model, index))

    def footer(self) -> str:
        """The answer, how it was held out, then rows and method."""
        joint = self.joint
        told = ", ".join(f"{name} {share:.0%}" for name, share in self.chosen.items())
        than = f"shown to lie less than {self.smallest:g} of AUC below all of them"
        enough = f"{' + '.join(self.enough)} ({than})" if self.short.any() else f"no subset is {than}"
        return (
            f"Enough: {enough}.\n"
            f"The others add to the best single metric: chi-square {joint.chi_square:.1f} on {joint.degrees}, "
            f"p {joint.p_value:.2g} ({joint.kind}).\nBest single metric by the training folds: {told}.\n"
            f"{self.folds} folds, repeated {self.repeats} times, seed {self.seed}.\n{super().footer()}"
        )

    @property
    def null(self) -> Floats:
        """.5 for areas, 0 for gains and differences."""
        null = np.zeros(len(self.estimate))
        null[: 2 * (len(self.subsets) + 2) : 2] = 0.5  # area and log-loss gain in turn; then the differences
        return null


def combination(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    smallest: float = 0.01,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> Combination:
    """Find out whether several metrics together beat the best one, and which of them are enough.

    Use it before adding another question to a survey. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary
        0 or 1, with the value that is good for the firm declared.
    metrics : mapping from column to Scale
        From 2 to 8. Names suffice where ``data`` are Cells.
    controls : list of columns
        What is known without asking: in every model.
    cluster : str, optional
        Column with what makes rows dependent.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    smallest : float
        The smallest difference of areas that counts, for ``enough``.
    folds : int
        Parts into which the customers are dealt.
    repeats : int, optional
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    Combination
        AUC and log-loss gain (per customer) of every subset on customers held out, of all metrics with a
        penalty, and of the best single metric; then what all of them gain over each single one and over the
        best.

    Raises
    ------
    TooFewError
        Fewer than two metrics; also as for `held_out`.
    SeparationError, ColumnError
        As for `held_out`.
    RoleError
        More than 8 metrics, an outcome that is not binary, a cell weight, a smallest difference that is none.

    Notes
    -----
    Each training set chooses the best single metric by its likelihood, and the ridge penalty by Akaike's
    criterion with the effective number of parameters, so that neither choice has seen the customers it is
    judged on. Intervals come from influence values, with predictions and choices held fixed. Where metrics are
    about equally good, the training sets of one deal choose different ones, and each time one that happens to
    do worse on the customers held out: the interval of the gain over the best one as chosen in the folds is
    then too narrow (a note says so), and ``gain`` rests on the differences from the single metrics instead.
    ``resampled_p`` is that of the corrected resampled t-test [1]_. ``joint`` adds the other metrics, on all
    rows, to the one with the smallest log-loss on customers held out: since that one was chosen on the same
    rows, the test errs on the side of finding too little. ``enough`` is descriptive: it tests many subsets
    without adjustment.

    References
    ----------
    .. [1] Nadeau & Bengio (2003). Machine Learning 52, 239-281. doi:10.1023/A:1024068626366
    .. [2] le Cessie & van Houwelingen (1992). Applied Statistics 41, 191-201. doi:10.2307/2347628

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.combination(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> result.chosen["csat"]
    1.0
    """
    declared, names = metric_names(data, metrics)
    _refuse_number(len(names))
    _refuse_difference(smallest)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        count=count,
    )
    cells = as_cells(data, roles)
    binary_outcome(cells)
    found = cross_rows(cells, names)
    subsets = tuple(subset for size in range(1, len(names) + 1) for subset in combinations(names, size))
    draws = seeded(rng)
    # Models go by their number, since a column may be called as two others together.
    singles = [model_of(found, f"{i}", (*found.controls, *subset)) for i, subset in enumerate(subsets, start=1)]
    refuse_few(found, singles[-1].patterns.design.shape[1] - 1)
    penalised = [model_of(found, f"ridge {ridge:g}", (*found.controls, *names), ridge) for ridge in RIDGES]
    every: list[Model | Choice] = [
        model_of(found, "0", found.controls),
        *singles,
        Choice(COMBINED, tuple(penalised)),
        Choice(BEST, tuple(singles[: len(names)])),
    ]
    fit = cross_fit(found, every, folds=folds, repeats=repeats, draws=draws)
    lines = _lines(fit, [*(" + ".join(subset) for subset in subsets), COMBINED, BEST])
    chosen = {name: float(share) for name, share in zip(names, fit.held.chosen[-1], strict=True)}
    spread = fit.spread(np.column_stack([line.influence for line in lines]))
    short = _short(fit, len(subsets), smallest)
    gains = _gains(lines, names, spread)
    return Combination(
        model=tuple(line.model for line in lines),
        index=tuple(line.index for line in lines),
        estimate=np.array([line.estimate for line in lines]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        df=spread.df,
        subsets=subsets,
        enough=_enough(fit, subsets, short),
        short=short,
        smallest=smallest,
        gains=gains,
        gain=min(gains.values(), key=lambda gain: gain.interval(0.9)[0]),
        joint=_joint_test(found, fit),
        resampled_p=lines[-2].resampled_p,
        chosen=chosen,
        folds=folds,
        repeats=fit.repeats,
        seed=draws.seed,
        n=found.n,
        n_missing=found.n_missing,
        n_cells=found.cells.n_cells,
        notes=(*spread.notes, *_unsettled(chosen)),
    )


def _lines(fit: CrossFitted, labels: Sequence[str]) -> list[IndexRow]:
    """AUC and log-loss gain of every model, then what the combination gains over the single metrics and the best."""
    lines = []
    for at, label in enumerate(labels, start=1):
        area = IndexRow(label, "AUC", float(fit.held.auc[at]), fit.held.auc_influence[:, at])
        lines += [area, loss_row(fit, fit.names[at], fit.names[0], label)]
    for at, name in enumerate(fit.rows.metrics, start=1):
        gained = f"{COMBINED} - {name}"
        lines += [area_row(fit, COMBINED, fit.names[at], gained), loss_row(fit, COMBINED, fit.names[at], gained)]
    return [*lines, area_row(fit, COMBINED, BEST, GAIN), loss_row(fit, COMBINED, BEST, GAIN)]


def _gains(lines: Sequence[IndexRow], names: Sequence[str], spread: Covariance) -> dict[str, Effect]:
    """The area gained over each single metric: the differences stand last but for the one over the best."""
    first = len(lines) - 2 * (len(names) + 1)
    places = {name: first + 2 * i for i, name in enumerate(names)}
    variance = np.diag(spread.matrix)
    return {name: Effect(a=lines[at].estimate, var_a=float(variance[at]), df=spread.df) for name, at in places.items()}


def _unsettled(chosen: Mapping[str, float]) -> tuple[str, ...]:
    """A note where the training sets did not agree."""
    if max(chosen.values()) == 1:
        return ()
    return (f"The training folds chose different single metrics: the interval of '{GAIN}' is too narrow.",)


def _short(fit: CrossFitted, subsets: int, smallest: float) -> Bools:
    """Which subsets are shown to fall short of the combination by less than the smallest difference that counts."""
    combined = fit.at(COMBINED)
    of_subsets = slice(1, 1 + subsets)
    short = fit.held.auc[combined] - fit.held.auc[of_subsets]
    influence = fit.held.auc_influence[:, [combined]] - fit.held.auc_influence[:, of_subsets]
    spread = fit.spread(influence)
    error = np.sqrt(np.diag(spread.matrix))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(error > 0, (smallest - short) / error, np.where(short < smallest, np.inf, -np.inf))
    enough: Bools = upper_tail(distance, spread.df) < 0.05
    return enough


def _enough(fit: CrossFitted, subsets: Sequence[tuple[str, ...]], short: Bools) -> tuple[str, ...]:
    """The smallest subset that is enough; of several the one with the largest area; else all metrics."""
    candidates = [(len(subset), -float(fit.held.auc[1 + i]), i) for i, subset in enumerate(subsets) if short[i]]
    return subsets[min(candidates)[2]] if candidates else subsets[-1]


def _joint_test(found: CrossRows, fit: CrossFitted) -> NestedTest:
    """Whether, on all rows, the other metrics add to the one that predicts best on rows held out."""
    best = found.metrics[int(np.argmin(fit.held.loss[1 : 1 + len(found.metrics)]))]
    others = tuple(name for name in found.metrics if name != best)
    design = nested_design(found, (*found.controls, best, *others))
    cells = ClusteredRows(found.joint, found.cells.count, found.cells.cluster_codes)
    return nested_test(design, len(others), found.y, found.count, found.family, cells)


def _refuse_number(p: int) -> None:
    if p < 2:
        raise TooFewError(f"A combination needs at least two metrics, but {p} was given.\nUse cx.held_out for one.")
    if p > MOST_METRICS:
        raise RoleError(
            f"At most {MOST_METRICS} metrics can be combined, since every subset is a model of its own, but {p} were "
            f"given: {(1 << p) - 1:,} models.\nChoose among them, or average those that ask for the same thing."
        )


def _refuse_difference(smallest: object) -> None:
    if not isinstance(smallest, int | float) or not 0 < smallest < 0.5:
        raise RoleError(f"smallest must be a difference of areas between 0 and 0.5, but {smallest!r} was given.")
