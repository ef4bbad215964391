"""Linear models from cross-products: coefficients, and how well the models predict groups held out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import ColumnError, RoleError, listed, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.held_products import LinearModel, hold_out_groups
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.results import ConfidenceInterval, Result, checked_level

if TYPE_CHECKING:
    from cxstats.products.crossproducts import CrossProducts

COMPOSITE, AVERAGE = "composite of touchpoints", "average touchpoint"
BEST, ALL = "best touchpoint, chosen in the folds", "all touchpoints"
PENALTIES = tuple(np.geomspace(1e-6, 10, 22).tolist())

_COLLINEAR = 1e-10  # eigenvalue of a correlation matrix below which columns repeat each other
_INVOLVED = 1e-3  # part in the direction of such an eigenvalue from which a column is named


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductsResult(Result):
    """Estimates whose standard errors come from the sums of influence values per group.

    Attributes
    ----------
    influence : array, shape (G, q)
        Sum over the rows of each group of their influence on each of the q estimates.
    covariance : array, shape (q, q)
    df : float
        Groups that hold rows, minus one.
    n, n_left_out : int
    """

    influence: Floats
    covariance: Floats
    df: float
    n: int
    n_left_out: int

    @property
    def statistic(self) -> Floats:
        """Estimate over standard error."""
        return ratio_to_error(self.estimate, self.std_error)

    @property
    def p_value(self) -> Floats:
        """Two-sided, not adjusted for the number of rows."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, by Student's t with groups minus one degrees of freedom."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def footer(self) -> str:
        """Rows and groups, then the method."""
        left_out = f", {self.n_left_out:,} left out with a missing value" if self.n_left_out else ""
        return f"{rows(self.n)} used{left_out}; {len(self.influence):,} groups.\n{super().footer()}"


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearProducts(ProductsResult):
    """Coefficients of least squares: the intercept, then the columns that ``terms`` names.

    In units of the outcome per whole length of a rating's scale; for an indicator, per having used the touchpoint
    (with the mean rating of those who did).
    """

    terms: tuple[str, ...]

    method: ClassVar[str] = "Least squares from cross-products, errors robust to dependence within groups"
    reference: ClassVar[str] = "Liang & Zeger (1986), doi:10.1093/biomet/73.1.13"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": self.terms}


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutProducts(ProductsResult):
    """Held-out correlation (``r``) and explained share (``R2``) of each model, with intervals.

    Attributes
    ----------
    models : tuple of str, length m
        The journey rating; the composite, the mean of the touchpoints used; the average of all touchpoints alone;
        the best touchpoint alone, as each training set chose it; all touchpoints by ridge regression; then every
        touchpoint alone. The rows are r of every model, then R2 of every model.
    best : mapping from touchpoint to int
        In how many training sets each touchpoint was the best.
    penalty : array, shape (folds,)
        Chosen in each training set.
    folds : int
    """

    models: tuple[str, ...]
    best: Mapping[str, int]
    penalty: Floats
    folds: int

    method: ClassVar[str] = "Cross-validation on cross-products of groups, intervals from influence values"
    reference: ClassVar[str] = "Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The model and the index of each row."""
        m = len(self.models)
        return {"model": (*self.models, *self.models), "index": ("r",) * m + ("R2",) * m}

    @property
    def r(self) -> Floats:
        """Correlation (m,) of held-out prediction and outcome over all rows."""
        return self.estimate[: len(self.models)]

    @property
    def r2(self) -> Floats:
        """Share (m,) by which the squared error is below that of predicting the mean of the training set."""
        return self.estimate[len(self.models) :]

    @property
    def r_influence(self) -> Floats:
        """Influence sums (G, m) of the correlations."""
        return self.influence[:, : len(self.models)]

    @property
    def r2_influence(self) -> Floats:
        """Influence sums (G, m) of the explained shares."""
        return self.influence[:, len(self.models) :]

    def row(self, model: str, index: str = "r") -> int:
        """The number of a row of the frame."""
        if model not in self.models or index not in ("r", "R2"):
            raise RoleError(
                f"model must be one of {listed(self.models, 30)}, and index 'r' or 'R2', but {model!r} and {index!r} "
                "were given."
            )
        return self.models.index(model) + (len(self.models) if index == "R2" else 0)

    def difference(self, model: str, over: str, index: str = "r") -> Effect:
        """By how much a model's index exceeds that of another."""
        a, b = self.row(model, index), self.row(over, index)
        var = self.covariance[a, a] - 2 * self.covariance[a, b] + self.covariance[b, b]
        return Effect(a=float(self.estimate[a] - self.estimate[b]), var_a=float(max(var, 0.0)), df=self.df)

    def share_more(self, model: str, over: str, index: str = "r") -> Effect:
        """The same relative to the other: .35 is "35% more predictive". Its interval is Fieller's set."""
        a, b = self.row(model, index), self.row(over, index)
        gain = self.difference(model, over, index)
        cov = float(self.covariance[a, b] - self.covariance[b, b])
        return Effect(
            a=gain.a,
            var_a=gain.var_a,
            b=float(self.estimate[b]),
            cov=cov,
            var_b=float(self.covariance[b, b]),
            df=self.df,
        )

    def footer(self) -> str:
        """How groups were held out and what the folds chose, then rows and method."""
        told = ", ".join(f"{name} in {times}" for name, times in self.best.items())
        low, high = self.penalty.min(), self.penalty.max()
        return (
            f"{self.folds} folds of whole groups. Best touchpoint: {told} of {self.folds} training sets. "
            f"Penalties {low:.2g} to {high:.2g}.\n{super().footer()}"
        )


def linear_products(products: "CrossProducts", terms: tuple[str, ...]) -> LinearProducts:
    """Least squares of the outcome on the terms."""
    at = [1 + column for column in products.columns_of(*terms)]
    labels = tuple(products.names[column - 1] for column in at)
    sums, design = products.sums, [0, *at]
    total = sums.sum(axis=0)
    sd = np.sqrt(np.diag(total)[at])
    _refuse_collinear(total[np.ix_(at, at)] / np.outer(sd, sd), labels)
    scale = np.concatenate([[1 / np.sqrt(total[0, 0])], 1 / sd])  # solved in units in which every column has length 1
    square = np.linalg.inv(total[np.ix_(design, design)] * np.outer(scale, scale)) * np.outer(scale, scale)
    slopes = square @ total[design, 1]
    influence = (sums[:, design, 1] - sums[:, design][:, :, design] @ slopes) @ square
    mean = products.mean[[column - 1 for column in at]]
    influence[:, 0] -= influence[:, 1:] @ mean  # from the overall means back to 0
    slopes[0] += products.mean[0] - slopes[1:] @ mean
    spread = _spread(products, influence)
    return LinearProducts(
        estimate=slopes,
        std_error=np.sqrt(np.diag(spread.matrix)),
        influence=influence,
        covariance=spread.matrix,
        df=spread.df,
        n=products.n,
        n_left_out=products.n_missing + products.n_unused,
        notes=spread.notes,
        terms=("(intercept)", *labels),
    )


def held_out_products(products: "CrossProducts", folds: object, penalties: Floats) -> HeldOutProducts:
    """Deal the groups to folds, fit every model without each, and score it there."""
    whole = isinstance(folds, int | np.integer) and not isinstance(folds, bool)
    if not whole or not 3 <= int(folds) <= products.n_groups:  # type: ignore[call-overload]
        raise RoleError(
            f"folds must be a whole number from 3 to the {products.n_groups:,} groups that hold rows, but {folds!r} "
            "was given."
        )
    number = int(folds)  # type: ignore[call-overload]
    names = (products.journey, COMPOSITE, BEST, ALL, *products.touchpoints)
    _refuse_names((*names, AVERAGE))
    of = {name: tuple(1 + c for c in products.columns_of(name)) for name in (*names[:2], *products.touchpoints)}
    single = tuple(of[name] for name in products.touchpoints)
    models = [
        LinearModel(of[products.journey]),
        LinearModel(of[COMPOSITE]),
        LinearModel(candidates=single),
        LinearModel(sum(single, ()), penalised=True),
        *(LinearModel(columns) for columns in single),
    ]
    fold = np.arange(products.n_groups) % number
    held = hold_out_groups(products.sums, 1, models, fold, number, penalties)
    averaging = _averaging(len(models), len(single))
    influence = np.hstack([held.r_influence @ averaging.T, held.r2_influence @ averaging.T])
    spread = _spread(products, influence)
    times = np.bincount(held.chosen, minlength=len(single)).tolist()
    return HeldOutProducts(
        estimate=np.concatenate([averaging @ held.r, averaging @ held.r2]),
        std_error=np.sqrt(np.diag(spread.matrix)),
        influence=influence,
        covariance=spread.matrix,
        df=spread.df,
        n=products.n,
        n_left_out=products.n_missing + products.n_unused,
        notes=spread.notes,
        models=(*names[:2], AVERAGE, *names[2:]),
        best={name: n for name, n in zip(products.touchpoints, times, strict=True) if n},
        penalty=held.penalty,
        folds=number,
    )


def checked_penalties(penalties: Sequence[float]) -> Floats:
    """The penalties as numbers, if they are some."""
    try:
        found = np.array(penalties, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != 1 or not len(found) or not (np.isfinite(found) & (found >= 0)).all():
        raise RoleError(
            f"penalties must be a list of finite numbers from 0 up, but {penalties!r} was given."
            "\nPass for example penalties=[0.001, 0.01, 0.1, 1]."
        )
    return found


def _averaging(models: int, touchpoints: int) -> Floats:
    """Puts the average of the touchpoints, the last models, after the first two."""
    average = np.zeros((1, models))
    average[0, -touchpoints:] = 1 / touchpoints
    every = np.eye(models)
    return np.vstack([every[:2], average, every[2:]])


def _spread(products: "CrossProducts", influence: Floats) -> Covariance:
    n = products.coded.n
    return covariance(influence / n[:, None], n, np.arange(len(n)))


def _refuse_names(names: tuple[str, ...]) -> None:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise RoleError(
            f"Models must have different names, but {listed(twice)} is the name of two.\nRename the column."
        )


def _refuse_collinear(correlation: Floats, names: tuple[str, ...]) -> None:
    values, vectors = np.linalg.eigh(correlation)
    involved = np.abs(vectors[:, values < _COLLINEAR]).max(axis=1, initial=0.0) > _INVOLVED
    if involved.any():
        repeated = [name for name, part in zip(names, involved, strict=True) if part]
        raise ColumnError(
            f"The predictors must not repeat each other, but {listed(repeated)} are collinear: each follows exactly "
            "from the others.\nLeave one of them out, or use the ridge path."
        )
