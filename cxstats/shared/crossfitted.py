"""The rows on which models are compared by cross-validation, the models themselves, and their held-out indices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells
from cxstats.coding import upward
from cxstats.columns import codes
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.design import Predictor, predictor, standardise
from cxstats.numerics.distinct import combinations, levels
from cxstats.numerics.estimable import refuse_known
from cxstats.numerics.folds import deal_clusters, deal_rows
from cxstats.numerics.held_out import Choice, HeldOut, Model, hold_out
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.resample import Seeded
from cxstats.numerics.training import BINOMIAL, GAUSSIAN, POISSON, Family, Patterns
from cxstats.roles import Binary, Continuous, Count, Rating, Survival
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, FEWEST_EVENTS

ROWS_PER_COEFFICIENT = 20
MANY_ROWS = 100_000  # distinct rows from which one repeat says as much as ten, and takes a tenth of the time


@dataclass(frozen=True)
class CrossRows:
    """Complete rows, put together where all predictors and the outcome agree.

    Attributes
    ----------
    cells : Cells
        Complete on the outcome, every metric and every control.
    outcome : Binary, Rating, Continuous or Count
    family : Family
    metrics, controls : tuple of str
    predictors : mapping from name to Predictor, with one value per joint row
    levels : mapping from name to int array, shape (J,)
        The number of the value of each joint row, so that models need not sort the values again.
    y : array, shape (J,)
        Outcome of each joint row: 1 for a good binary one; a measured one with mean 0 and SD 1.
    count : int array, shape (J,)
    joint : int array, shape (K,)
        The joint row of each cell: its own, unless clusters tell cells apart.
    n_missing : int
    """

    cells: Cells
    outcome: Binary | Rating | Continuous | Count
    family: Family
    metrics: tuple[str, ...]
    controls: tuple[str, ...]
    predictors: dict[str, Predictor]
    levels: dict[str, Ints]
    y: Floats
    count: Ints
    joint: Ints
    n_missing: int

    @property
    def binary(self) -> bool:
        """Whether the outcome is 0 or 1."""
        return self.family is BINOMIAL

    @property
    def has_likelihood(self) -> bool:
        """Whether the log-loss is one: least squares has a squared error instead."""
        return self.family is not GAUSSIAN

    @property
    def n(self) -> int:
        """Rows used."""
        return self.cells.n


@dataclass(frozen=True)
class CrossFitted:
    """Held-out indices of models, with what is needed for their intervals.

    ``names`` are those of the models, in the order of the columns of ``held``.
    """

    names: tuple[str, ...]
    rows: CrossRows
    held: HeldOut
    folds: int
    repeats: int

    def spread(self, influence: Floats) -> Covariance:
        """Covariance of estimates from the influence of each joint row on them, shape (J, q)."""
        cells = self.rows.cells
        # Without clusters every cell is its own joint row, and large arrays need not be copied.
        of_cells = influence if cells.cluster_codes is None else influence[self.rows.joint]
        return covariance(of_cells, cells.count, cells.cluster_codes)

    def at(self, name: str) -> int:
        """The column of a model."""
        return self.names.index(name)


def cross_rows(cells: Cells, metrics: Sequence[str]) -> CrossRows:
    """Choose the complete rows; refuse what cannot be cross-validated."""
    outcome = _outcome(cells)
    if cells.roles.weight is not None:
        raise RoleError(
            "Survey weights cannot be used by cross-validation on counted rows (a row of weight 2 is not two rows that "
            f"may fall into different folds), but the cells have the weight '{cells.roles.weight}'."
            "\nLeave the weight out, or use cx.logistic and cx.delong, which take it."
        )
    controls = cells.roles.controls
    columns = (outcome.column, *metrics, *controls)
    needed = cells.select(*columns)
    kept = needed.where(needed.observed(columns))
    if kept.n == 0:
        raise TooFewError(
            f"At least one row must have all of {listed(columns)}, but none of {rows(cells.n)} has."
            "\nCheck how the tables were joined, or use fewer predictors."
        )
    joint, first = _joint(kept, columns)
    count = np.bincount(joint, weights=kept.count).astype(np.int64)
    y = _response(kept, outcome)
    predictors = {name: _predictor(kept, name, first) for name in (*metrics, *controls)}
    return CrossRows(
        cells=kept,
        outcome=outcome,
        family=_family(outcome),
        metrics=tuple(metrics),
        controls=controls,
        predictors=predictors,
        levels={name: levels(part.values) for name, part in predictors.items()},
        y=y[first],
        count=count,
        joint=joint,
        n_missing=cells.n - kept.n,
    )


def refuse_few(found: CrossRows, coefficients: int) -> None:
    """Refuse fewer events, or rows, than the largest model and its folds need."""
    column = found.outcome.column
    if not found.binary:
        needed = ROWS_PER_COEFFICIENT * (coefficients + 1)
        if found.n < needed:
            raise TooFewError(
                f"At least {ROWS_PER_COEFFICIENT} rows per coefficient are needed, {needed:,} for {coefficients} and "
                f"an intercept, but there are {found.n:,}.\nUse fewer predictors, or collect more answers."
            )
        return
    good, bad = good_and_bad(found)
    needed = max(FEWEST_EVENTS, EVENTS_PER_COEFFICIENT * coefficients)
    if min(good, bad) < needed:
        raise TooFewError(
            f"At least {needed:,} good and {needed:,} bad outcomes are needed ({FEWEST_EVENTS} to compare models on "
            f"rows held out, {EVENTS_PER_COEFFICIENT} per coefficient, of which there are up to {coefficients}), but "
            f"of the outcomes '{column}' {good:,} are good and {bad:,} bad."
            "\nUse fewer predictors, or wait for more outcomes."
        )


def good_and_bad(found: CrossRows) -> tuple[int, int]:
    """Rows with the good and with the bad outcome."""
    good = int(found.count[found.y == 1].sum())
    return good, found.n - good


def linear_model(found: CrossRows, name: str, columns: Sequence[Floats], labels: Sequence[str]) -> Model:
    """A model that is linear in the columns given, each of shape (J, q); ``labels`` name them in messages."""
    design = np.hstack(columns)
    pattern, first = combinations([levels(column) for column in design.T])
    return _model(found, name, design[first], pattern, labels, labels, 0.0)


def group_model(name: str, columns: Floats) -> Model:
    """A rate of its own for every distinct row of the columns (J, q)."""
    pattern, first = combinations([levels(column) for column in columns.T])
    return Model(name, Patterns(np.ones((len(first), 1)), pattern), saturated=True)


def model_of(found: CrossRows, name: str, terms: Sequence[str], ridge: float = 0.0) -> Model:
    """A model that is linear in the metrics and controls named; of none, the mean of all."""
    if not terms:
        return Model(name, Patterns(np.ones((1, 1)), np.zeros(len(found.y), dtype=np.int64)))
    pattern, first = combinations([found.levels[term] for term in terms])
    design, labels, owners = _columns(found, terms)
    return _model(found, name, design[first], pattern, labels, owners, ridge)


def _columns(found: CrossRows, terms: Iterable[str]) -> tuple[Floats, list[str], list[str]]:
    """The columns (J, q) of metrics and controls, the name of each, and the metric or control it comes from."""
    parts = [found.predictors[term] for term in terms]
    labels = [label for part in parts for label in part.terms]
    return np.hstack([part.columns for part in parts]), labels, [part.name for part in parts for _ in part.terms]


def _model(
    found: CrossRows,
    name: str,
    design: Floats,
    pattern: Ints,
    labels: Sequence[str],
    owners: Sequence[str],
    ridge: float,
) -> Model:
    mass = np.bincount(pattern, weights=found.count).astype(np.float64)
    z = standardise(design, mass, labels).matrix
    patterns = Patterns(np.hstack([np.ones((len(z), 1)), z]), pattern)
    return Model(name, patterns, ridge=ridge, terms=tuple(labels), owners=tuple(owners))


def nested_design(found: CrossRows, terms: Sequence[str]) -> Floats:
    """The standardised design (J, 1 + q) of a model that is linear in the terms, column of ones first."""
    columns, labels, _ = _columns(found, terms)
    return standardised_columns(found, [columns], labels)


def standardised_columns(found: CrossRows, columns: Sequence[Floats], labels: Sequence[str]) -> Floats:
    """The same for columns given, each of shape (J, q)."""
    z = standardise(np.hstack(columns), found.count.astype(np.float64), labels).matrix
    return np.hstack([np.ones((len(z), 1)), z])


def cross_fit(
    found: CrossRows, models: Sequence[Model | Choice], *, folds: int, repeats: int | None, draws: Seeded
) -> CrossFitted:
    """Deal the rows into folds, fit every model without each, and score it there."""
    folds, chosen = _checked(folds, repeats, found)
    names = tuple(model.name for model in models)
    if len(set(names)) < len(names):
        twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        raise RoleError(
            f"Models must have different names, but {listed(twice)} is the name of two.\nRename the column."
        )
    cells = found.cells
    if not found.binary:
        columns, labels, owners = _columns(found, found.predictors)
        refuse_known(columns, found.y, found.count, labels, owners, found.outcome.column)
    if cells.cluster_codes is None:
        stratum = found.y.astype(np.int64) if found.binary else np.zeros(len(found.y), dtype=np.int64)
        splits = deal_rows(found.count, stratum, folds, chosen, draws.rng)
    else:
        splits = deal_clusters(
            cells.count, found.joint, cells.cluster_codes, len(found.count), folds, chosen, draws.rng
        )
    held = hold_out(models, found.y, found.count, splits, folds, found.family)
    return CrossFitted(names, found, held, folds, chosen)


def _checked(folds: object, repeats: object, found: CrossRows) -> tuple[int, int]:
    """Both numbers, after they were found to make sense."""
    most, what = _most_folds(found)
    if not _whole(folds) or not 2 <= folds <= most:
        raise RoleError(f"folds must be a whole number from 2 to the {most:,} {what}, but {folds!r} was given.")
    if repeats is None:
        return int(folds), 10 if len(found.count) <= MANY_ROWS else 1
    if not _whole(repeats) or repeats < 1:
        raise RoleError(f"repeats must be a whole number from 1 up, but {repeats!r} was given.")
    return int(folds), int(repeats)


def _most_folds(found: CrossRows) -> tuple[int, str]:
    """How many folds can be had: each gets a cluster, or a row of either outcome."""
    if found.cells.cluster_codes is not None:
        return len(np.unique(found.cells.cluster_codes)), "clusters"
    if not found.binary:
        return found.n, "rows"
    good, bad = good_and_bad(found)
    return (good, "good outcomes") if good <= bad else (bad, "bad outcomes")


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _outcome(cells: Cells) -> Binary | Rating | Continuous | Count:
    outcome = cells.roles.outcome
    if outcome is None or isinstance(outcome, Survival):
        what = "none was declared" if outcome is None else "Survival was given"
        raise RoleError(f'An outcome is needed, but {what}.\nPass for example outcome=cx.Binary("column", good=1).')
    return outcome


def _family(outcome: Binary | Rating | Continuous | Count) -> Family:
    if isinstance(outcome, Binary):
        return BINOMIAL
    return POISSON if isinstance(outcome, Count) else GAUSSIAN


def _response(kept: Cells, outcome: Binary | Rating | Continuous | Count) -> Floats:
    values = kept[outcome.column]
    if values.min() == values.max():
        held = number(float(values[0]))
        raise TooFewError(
            f"The outcome '{outcome.column}' must take at least two values, but all {rows(kept.n)} hold {held}."
            "\nThere is nothing to predict."
        )
    if isinstance(outcome, Binary):
        return np.asarray(values == outcome.good, dtype=np.float64)
    if isinstance(outcome, Count):
        return values
    share = kept.count / kept.n
    centred = values - share @ values
    scaled: Floats = centred / np.sqrt(share @ centred**2)
    return scaled


def _predictor(kept: Cells, name: str, first: Ints) -> Predictor:
    """A predictor with one value per joint row; a metric is turned so that up is good."""
    values = kept[name]
    if (values == values[0]).all():
        held = f"'{values[0]}'" if isinstance(values[0], str) else number(float(values[0]))
        raise TooFewError(
            f"The predictor '{name}' must take at least two values, but all {rows(kept.n)} hold {held}."
            "\nA constant predicts nothing: leave it out."
        )
    if name in kept.roles.metrics:
        values = upward(kept.roles.metrics[name], values)
    made = predictor(name, values, np.ones(len(values), dtype=bool))
    return Predictor(made.name, made.values[first], made.levels)


def _joint(kept: Cells, columns: Sequence[str]) -> tuple[Ints, Ints]:
    """The joint row of each cell over these columns, and a cell of each joint row."""
    if kept.cluster_codes is None:
        every = np.arange(kept.n_cells)
        return every, every
    return combinations([codes(kept[name])[0] for name in columns])
