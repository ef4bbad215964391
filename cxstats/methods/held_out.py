"""How well metrics predict customers that the model has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells, metric_names
from cxstats.numerics.held_out import Choice, Model
from cxstats.numerics.resample import seeded
from cxstats.results import Backend, build_frame
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.calibrated import CalibrationCurve, calibration_curve
from cxstats.shared.crossfitted import CrossFitted, CrossRows, cross_fit, cross_rows, model_of, refuse_few
from cxstats.shared.held_out_result import HeldOutIndices, dealt
from cxstats.shared.index_rows import index_rows, pair_rows

BASELINE = "no metric"
ALL, CHOSEN = "all metrics", "best metric, chosen in the folds"

# Index -> the value at which a model says nothing, or at which its predictions can be taken at their word.
NULLS = {
    "log-loss": np.nan,
    "log-loss gain": 0.0,
    "Brier": np.nan,
    "mean squared error": np.nan,
    "IPA": 0.0,
    "R2": 0.0,
    "AUC": 0.5,
    "calibration intercept": 0.0,
    "calibration slope": 1.0,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutComparison(HeldOutIndices):
    """Indices of each model on customers it was not fitted on, then the differences of all pairs of models.

    Attributes
    ----------
    models : tuple of str
        The baseline (no metric, the controls alone where there are any), each metric, all metrics together,
        and the best metric as each training set chose it.
    model, index : tuple of str
        What each row of the frame is about.
    df : float
        Degrees of freedom of the intervals: clusters minus one, or infinite.
    chosen : mapping from metric to float
        How often the training sets chose each metric as the best.
    resampled_p : array
        Of gains and differences, two-sided p-values of the corrected resampled t-test; NaN elsewhere.
    curves : mapping from model to CalibrationCurve
        Predicted against observed in groups of customers, of every model that is no choice and predicts more
        than one value.
    folds, repeats : int
    seed : int or None
        Passed as ``rng`` it gives the same folds again.
    """

    models: tuple[str, ...]
    chosen: Mapping[str, float]
    resampled_p: Floats
    curves: Mapping[str, CalibrationCurve]

    method: ClassVar[str] = "Repeated cross-validation, intervals from influence values"
    reference: ClassVar[str] = "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035"

    def row(self, model: str, index: str) -> int:
        """The number of a row of the frame."""
        return list(zip(self.model, self.index, strict=True)).index((model, index))

    def resampled(self, backend: Backend = "pandas") -> Any:
        """The differences with the corrected resampled t-test of Nadeau and Bengio (2003) beside our p-value."""
        kept = [i for i, name in enumerate(self.model) if name not in self.models]
        columns: dict[str, Any] = {
            "model": [self.model[i] for i in kept],
            "index": [self.index[i] for i in kept],
            "estimate": self.estimate[kept],
            "p_value": self.p_value[kept],
            "p_resampled": self.resampled_p[kept],
        }
        return build_frame(columns, backend)

    def footer(self) -> str:
        """How the rows were held out, what the folds chose, then rows and method."""
        told = ", ".join(f"{name} {share:.0%}" for name, share in self.chosen.items())
        lines = [f"{self._dealt}."]
        if told:
            lines.append(f"Best metric by the training folds: {told}.")
        return "\n".join([*lines, super().footer()])

    @property
    def null(self) -> Floats:
        """The value of an empty, or of a perfectly calibrated model; 0 for differences."""
        rows = zip(self.model, self.index, strict=True)
        return np.array([NULLS[index] if name in self.models else 0.0 for name, index in rows])


def held_out(
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
) -> HeldOutComparison:
    """Compare how well metrics predict customers that the models have not seen.

    Use it wherever something is fitted: several metrics at once, a spline, a choice among metrics. A model
    always looks best on the customers that it was fitted on, the more so the more it can bend. For single
    raw scores `delong` needs no folds. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer.
    outcome : Binary, Rating, Continuous or Count
        A binary outcome is modelled by logistic regression, a count by Poisson regression, a rating or a
        measured outcome by least squares.
    metrics : mapping from column to Scale
        Names suffice where ``data`` are Cells. Each enters on its full scale, up is good.
    controls : list of columns
        What is known without asking (recency, orders, spend, tenure): in every model, the baseline too.
    cluster : str, optional
        Column with what makes rows dependent: whole clusters are held out, and intervals sum influence
        values per cluster.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds : int
        Parts into which the customers are dealt.
    repeats : int, optional
        How often they are dealt anew: 10, or once where there are more than 100,000 distinct rows and the
        luck of the deal no longer matters.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    HeldOutComparison
        Per model log-loss (per customer) and its gain over the baseline, Brier score, IPA (1 - Brier / that of
        the baseline), AUC, calibration intercept (0 is right) and slope (1 is right; below 1, predictions are
        too extreme). Of other outcomes mean squared error (of ratings and measured ones in squared SD) and R2
        stand in the place of Brier score and IPA; there is no AUC, and log-loss only of counts. Then the
        differences ``"a - b"`` of gains.

    Raises
    ------
    TooFewError
        Fewer than 100 good or 100 bad outcomes, or than 10 per coefficient; for other outcomes fewer than 20
        rows per coefficient; a constant predictor; fewer than 20 clusters; folds that hold one outcome only.
    RoleError
        Cells with a survey weight; folds or repeats that are none; no outcome, or one of survival.
    SeparationError
        Predictors tell the outcomes apart, in all rows or without one of the folds, or hold the outcome.
    ColumnError
        Predictors repeat each other, or do not vary without one of the folds; also as for `tally`.

    Notes
    -----
    The counts of the cells are dealt to folds by multivariate hypergeometric draws, good and bad outcomes
    apart, which is the random deal of the rows themselves. Each customer is predicted by models fitted
    without the customer's fold. Every index is a mean over customers (the AUC over pairs within folds
    [1]_), and its standard error comes from influence values with the predictions held fixed. The interval
    is about models fitted to that many customers, which predict a little worse than those of endless data.
    It rests on the models differing: a gain far below any that counts (two models that predict nearly
    alike) is smaller than the luck of fitting them, and its interval may miss.
    Gains and differences have a second p-value from the corrected resampled t-test [2]_, whose variance is
    that over the folds times 1 / J + 1 / (folds - 1) for J folds in all. The best metric is chosen in each
    training set by its likelihood there. Rows that lack the outcome, a metric or a control are left out and
    counted in ``n_missing``.

    References
    ----------
    .. [1] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035
    .. [2] Nadeau & Bengio (2003). Machine Learning 52, 239-281. doi:10.1023/A:1024068626366
    .. [3] Kattan & Gerds (2018). Diagn. Progn. Res. 2, 7. doi:10.1186/s41512-018-0029-2

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.held_out(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     metrics={"nps": cx.NPS, "csat": cx.CSAT5},
    ...     count="n",
    ...     repeats=2,
    ...     rng=1,
    ... )
    >>> result.chosen
    {'nps': 0.0, 'csat': 1.0}
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
    draws = seeded(rng)
    every = model_of(found, ALL, (*found.controls, *names))
    refuse_few(found, every.patterns.design.shape[1] - 1)
    models = _models(found, every)
    fit = cross_fit(found, models, folds=folds, repeats=repeats, draws=draws)
    return _compared(fit, _curves(fit, models), draws.seed)


def _models(found: CrossRows, every: Model) -> list[Model | Choice]:
    """The baseline, each metric, all together, and the best of them as the folds choose it."""
    alone = tuple(model_of(found, name, (*found.controls, name)) for name in found.metrics)
    base = model_of(found, base_name(found), found.controls)
    if len(alone) < 2:
        return [base, *alone]
    return [base, *alone, every, Choice(CHOSEN, alone)]


def base_name(found: CrossRows) -> str:
    """How the model without metrics is called."""
    return "controls alone" if found.controls else BASELINE


def _curves(fit: CrossFitted, models: Sequence[Model | Choice]) -> dict[str, CalibrationCurve]:
    return {
        model.name: calibration_curve(fit, at, model.patterns.pattern)
        for at, model in enumerate(models)
        if isinstance(model, Model) and not np.isnan(fit.held.slope[at])
    }


def _compared(fit: CrossFitted, curves: Mapping[str, CalibrationCurve], seed: int | None) -> HeldOutComparison:
    single = [index_rows(fit, name, fit.names[0]) for name in fit.names]
    # Not with the best metric as the folds choose it: where they disagree, its interval would be far too narrow.
    fixed = [at for at, name in enumerate(fit.names) if at and name != CHOSEN]
    pairs = [pair_rows(fit, a, b) for a, b in combinations(fixed, 2)]
    lines = [row for block in (*single, *pairs) for row in block]
    spread = fit.spread(np.column_stack([row.influence for row in lines]))
    shares = next((c for c, name in zip(fit.held.chosen, fit.names, strict=True) if name == CHOSEN), ())
    rows = fit.rows
    return HeldOutComparison(
        models=fit.names,
        model=tuple(row.model for row in lines),
        index=tuple(row.index for row in lines),
        estimate=np.array([row.estimate for row in lines]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        df=spread.df,
        chosen={name: float(share) for name, share in zip(rows.metrics, shares, strict=False)},
        resampled_p=np.array([row.resampled_p for row in lines]),
        curves=MappingProxyType(dict(curves)),
        **dealt(fit, seed),
        notes=spread.notes,
    )
