"""What a metric adds to what is known already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.errors import RoleError
from cxstats.numerics.intervals import symmetric
from cxstats.numerics.nested import ClusteredRows, NestedTest, likelihood_ratio, nested_test
from cxstats.numerics.resample import seeded
from cxstats.results import ConfidenceInterval, checked_level
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.crossfitted import (
    CrossFitted,
    CrossRows,
    cross_fit,
    cross_rows,
    model_of,
    nested_design,
    refuse_few,
)
from cxstats.shared.held_out_result import HeldOutResult, dealt
from cxstats.shared.index_rows import IndexRow, area_row, gain_rows

OTHERS = "other metrics"


@dataclass(frozen=True, kw_only=True, eq=False)
class AddedValue(HeldOutResult):
    """What each metric adds on customers the models have not seen, and the test of whether it adds anything.

    ``statistic`` (a chi-square with ``degrees``) and ``p_value`` belong to the test of the metric in the
    larger model, the same for every index of a metric; the interval belongs to the gain.

    Attributes
    ----------
    metric, over, index : tuple of str
        What each row is about: the metric, what it is added to, and the index that gains.
    chi_square, p : array
    degrees : int array
    df : float
        Degrees of freedom of the intervals: clusters minus one, or infinite.
    test : {"likelihood-ratio", "robust Wald"}
    folds, repeats : int
    seed : int or None
    """

    metric: tuple[str, ...]
    over: tuple[str, ...]
    index: tuple[str, ...]
    chi_square: Floats
    p: Floats
    degrees: Ints
    df: float
    test: str

    method: ClassVar[str] = "Added value of a metric: test in nested models, gain on rows held out"
    reference: ClassVar[str] = "Demler, Pencina & D'Agostino (2012), doi:10.1002/sim.5328"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """Metric, what it is added to, index."""
        return {"metric": self.metric, "over": self.over, "index": self.index}

    @property
    def statistic(self) -> Floats:
        """Chi-square of the metric in the larger model."""
        return self.chi_square

    @property
    def p_value(self) -> Floats:
        """Of no added value in the larger model."""
        return self.p

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits of the gains."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def row(self, metric: str, over: str, index: str) -> int:
        """The number of a row of the frame."""
        return list(zip(self.metric, self.over, self.index, strict=True)).index((metric, over, index))

    def footer(self) -> str:
        """How it was tested and held out, then rows and method."""
        return (
            f"statistic and p: {self.test} test of the metric in the larger model.\nestimate and interval: gain on "
            f"customers held out ({self._dealt}).\n"
            f"{super().footer()}"
        )


def added_value(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> AddedValue:
    """Find out what each metric tells beyond past behaviour, and beyond the other metrics.

    Use it with controls: loyal customers both give high scores and come back, so that a score may go with
    repurchase and yet add nothing to what the records say. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        As in `held_out`.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells.
    controls : list of columns
        What is known without asking: recency, orders, spend, tenure. With a single metric they are required.
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
    AddedValue
        For each metric over the controls, and over the other metrics with the controls: the gain in log-loss
        (per customer), IPA and AUC of customers held out. A gain below 0 means that what the metric adds is
        less than the noise of estimating it.

    Raises
    ------
    TooFewError, SeparationError, ColumnError
        As for `held_out`.
    RoleError
        Neither controls nor a second metric; cells with a survey weight.

    Notes
    -----
    The test compares the two nested models on all rows: of a binary outcome by the ratio of their
    likelihoods; with clusters, and for all other outcomes, whose variance a model rarely gets right, by
    Wald's test with influence values (summed per cluster) [2]_, times n / (n - 1) or G / (G - 1). The areas
    of two nested models fitted on the same rows are not compared by DeLong's test: where the metric adds
    nothing their difference is not normal, and the test all but never rejects [1]_.
    The gains are those of rows held out, with intervals as in `held_out`. Whether a metric adds anything is
    for the test to say: where it adds nothing, a gain is the noise of fitting, and mostly below 0. In
    simulations the 95% interval held the gain of models fitted to so many customers in 93% where chi-square
    was about 30, in 90% where it was 9; nearly all misses lay below, so that small gains are understated.

    References
    ----------
    .. [1] Demler, Pencina & D'Agostino (2012). Stat. Med. 31, 2577-2587. doi:10.1002/sim.5328
    .. [2] Liang & Zeger (1986). Biometrika 73, 13-22. doi:10.1093/biomet/73.1.13

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.added_value(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7},
    ...     count="n",
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> frame = result.to_frame()
    >>> frame[frame["index"] == "AUC"][["metric", "over", "estimate"]].round(3)
      metric           over  estimate
    2    nps  other metrics     0.009
    5   csat  other metrics     0.045
    8   ease  other metrics     0.002
    """
    declared, names = metric_names(data, metrics)
    roles = Roles(
        outcome=outcome,
        metrics=declared,
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        count=count,
    )
    found = cross_rows(as_cells(data, roles), names)
    steps = _steps(found)
    if not steps:
        raise RoleError(
            "Added value needs something to be added to, but there are no controls and "
            f"'{names[0]}' is the only metric."
            '\nPass controls=["tenure", ...] or a second metric.'
        )
    draws = seeded(rng)
    needed = dict.fromkeys(terms for step in steps for terms in (step.smaller, step.larger))
    models = {terms: model_of(found, " + ".join(terms), terms) for terms in needed}
    refuse_few(found, max(model.patterns.design.shape[1] for model in models.values()) - 1)
    base = model_of(found, "(nothing)", ())
    fit = cross_fit(found, [base, *models.values()], folds=folds, repeats=repeats, draws=draws)
    lines: list[tuple[_Step, IndexRow, NestedTest]] = []
    for step in steps:
        larger, smaller = models[step.larger].name, models[step.smaller].name
        tested = _tested(fit, step, larger, smaller)
        gains = gain_rows(fit, larger, smaller, step.metric)
        if found.binary:
            gains.append(area_row(fit, larger, smaller, step.metric))
        lines += [(step, gain, tested) for gain in gains]
    spread = fit.spread(np.column_stack([gain.influence for _, gain, _ in lines]))
    return AddedValue(
        metric=tuple(step.metric for step, _, _ in lines),
        over=tuple(step.over for step, _, _ in lines),
        index=tuple(gain.index for _, gain, _ in lines),
        estimate=np.array([gain.estimate for _, gain, _ in lines]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        chi_square=np.array([tested.chi_square for _, _, tested in lines]),
        p=np.array([tested.p_value for _, _, tested in lines]),
        degrees=np.array([tested.degrees for _, _, tested in lines]),
        df=spread.df,
        test=lines[0][2].kind,
        **dealt(fit, draws.seed),
        notes=spread.notes,
    )


@dataclass(frozen=True)
class _Step:
    """A metric, what it is added to in words, and the terms of the smaller and the larger model."""

    metric: str
    over: str
    smaller: tuple[str, ...]
    larger: tuple[str, ...]


def _steps(found: CrossRows) -> list[_Step]:
    steps = []
    for metric in found.metrics:
        if found.controls:
            steps.append(_Step(metric, "controls", found.controls, (*found.controls, metric)))
        others = tuple(name for name in found.metrics if name != metric)
        if others:
            over = f"controls and {OTHERS}" if found.controls else OTHERS
            every = (*found.controls, *found.metrics)
            steps.append(_Step(metric, over, (*found.controls, *others), every))
    return steps


def _tested(fit: CrossFitted, step: _Step, larger: str, smaller: str) -> NestedTest:
    """The test of the metric in the larger model, on all rows."""
    found, likelihood = fit.rows, fit.held.log_likelihood
    added = len(found.predictors[step.metric].terms)
    if found.binary and found.cells.cluster_codes is None:  # both models were fitted to all rows already
        return likelihood_ratio(float(likelihood[fit.at(larger)]), float(likelihood[fit.at(smaller)]), added)
    design = nested_design(found, (*step.smaller, step.metric))
    cells = ClusteredRows(found.joint, found.cells.count, found.cells.cluster_codes)
    return nested_test(design, added, found.y, found.count, found.family, cells)
