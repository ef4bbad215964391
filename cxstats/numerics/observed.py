"""An outcome and what it is adjusted for, on complete cells, ready for a logistic or a linear model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Column, Floats, Ints
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.design import Predictor, build_design, predictor
from cxstats.numerics.influence import Covariance, covariance
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.logistic import fit_logistic
from cxstats.roles import Binary, Continuous, Count, Rating

Measured = Binary | Rating | Continuous | Count
FEWEST_EVENTS = 10  # of the rarer value of a binary outcome, per group and per coefficient
FEWEST_ROWS = 30  # of any other outcome, per group
_EXACT = 1e-12  # 1 - |r| below which only rounding keeps two columns apart


@dataclass(frozen=True)
class Observed:
    """An outcome and what it is adjusted for, on K complete cells.

    Attributes
    ----------
    y : array, shape (K,)
        In its own units; of a binary outcome 1 for the good value.
    binary : bool
        Whether a logistic model is fitted, else a linear one.
    sign : float
        -1 where a low value is the good one, else 1.
    controls : array, shape (K, c)
    terms, owners : tuple of str, length c
        Of each column of the controls, and of the column of the data that it comes from.
    count : int array, shape (K,)
    weight : array, shape (K,)
        Survey weight of each row of the cell, above 0.
    cluster : int array, shape (K,), or None
    """

    y: Floats
    binary: bool
    sign: float
    controls: Floats
    terms: tuple[str, ...]
    owners: tuple[str, ...]
    count: Ints
    weight: Floats
    cluster: Ints | None

    @property
    def turned(self) -> Floats:
        """The outcome turned so that up is good."""
        return self.sign * self.y

    @property
    def share(self) -> Floats:
        """Share of each cell in the sum of weights."""
        mass = self.count * self.weight
        shares: Floats = mass / mass.sum()
        return shares

    def spread(self, influence: Floats) -> Covariance:
        """Covariance of what has these influence values, shape (K, q)."""
        return covariance(influence, self.count, self.cluster)

    def fit(self, columns: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Coefficients (1 + q + c) of intercept, columns (K, q) and controls, and influence of one row of each cell.

        Log-odds of a binary outcome; else the outcome as it is, not turned.
        """
        design = np.hstack([np.ones((len(self.y), 1)), columns, self.controls])
        terms = ("(intercept)", *names, *self.terms)
        if self.binary:
            owners = ("(intercept)", *names, *self.owners)
            logistic = fit_logistic(design, self.y > 0.5, self.count, self.weight, terms, owners)
            return logistic.coefficients, logistic.influence
        linear = fit_linear(design, self.y, self.count, self.weight, terms)
        return linear.coefficients, linear.influence


def measured(outcome: object) -> Measured:
    """The outcome, if it is one of a moment."""
    if isinstance(outcome, Binary | Rating | Continuous | Count):
        return outcome
    what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"An outcome of one moment is needed, but {what}."
        '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Rating("nps", cx.NPS).'
    )


def refuse_unmarked(named: Mapping[str, str], strata: Sequence[str], controls: Sequence[str]) -> None:
    """Refuse cells that do not have the columns which play these roles."""
    known = [*strata, *controls]
    absent = [column for column in named.values() if column not in known]
    if absent:
        asked = ", ".join(f'"{column}"' for column in named.values())
        raise RoleError(
            f"{_and(tuple(named))} must be among the strata or controls of the cells, but {listed(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} not among {listed(known) or 'none'}."
            f"\nTally the data with strata=[{asked}]."
        )


def _and(names: tuple[str, ...]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def observe(
    outcome: Measured,
    controls: Sequence[str],
    on: Bools,
    columns: Mapping[str, Column],
    count: Ints,
    weight: Floats,
    cluster: Ints | None,
) -> tuple[Observed, list[Predictor]]:
    """The outcome and its controls on the cells that are used, all of a weight above 0 and complete."""
    if not on.any():
        raise TooFewError(
            f"At least one row must have all of {listed([outcome.column, *controls])} and the columns compared, but "
            f"none of {rows(int(count.sum()))} has.\nCheck how the tables were joined."
        )
    y = _own_units(outcome, columns[outcome.column][on])
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{outcome.column}' must take at least two values, but all {rows(int(count[on].sum()))} hold "
            f"{number(float(columns[outcome.column][on][0]))}.\nWhat does not vary tells nothing: take another outcome."
        )
    parts = [predictor(name, columns[name][on], weight[on] > 0) for name in controls]
    low = isinstance(outcome, Continuous | Count) and outcome.good == "low"
    matrix, terms, owners = _columns(parts, len(y))
    data = Observed(
        y=y,
        binary=isinstance(outcome, Binary),
        sign=-1.0 if low else 1.0,
        controls=matrix,
        terms=terms,
        owners=owners,
        count=count[on],
        weight=weight[on],
        cluster=None if cluster is None else cluster[on],
    )
    return data, parts


def _columns(parts: Sequence[Predictor], rows_used: int) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """The controls side by side, their terms, and the columns of the data that they come from."""
    if not parts:
        return np.empty((rows_used, 0)), (), ()
    design = build_design(parts, intercept=False)
    return design.matrix, design.terms, design.predictors


def _own_units(outcome: Measured, values: Floats) -> Floats:
    """1 for the good value of a binary outcome, a rating turned so that up is good, else as it is."""
    if isinstance(outcome, Binary):
        return np.where(values == outcome.good, 1.0, 0.0)
    if isinstance(outcome, Rating) and not outcome.scale.higher_is_better:
        return outcome.scale.low + outcome.scale.high - values
    return values


def share_at_top(outcome: Measured, data: Observed) -> float:
    """Share with the best value of a rating; NaN for any other outcome."""
    return float(data.share @ (data.y == outcome.scale.high)) if isinstance(outcome, Rating) else np.nan


def outcome_line(outcome: Measured, controls: Sequence[str], *, bad: bool = False) -> str:
    """What the rows of an adjusted outcome are, for a summary; of a binary one the good or the bad share."""
    if isinstance(outcome, Binary):
        what = f"share of customers with the {'bad' if bad else 'good'} outcome '{outcome.column}'"
    elif isinstance(outcome, Rating):
        turned = "" if outcome.scale.higher_is_better else ", turned so that up is good"
        what = f"mean of '{outcome.column}' ({outcome.scale}){turned}"
    else:
        what = f"mean of '{outcome.column}', of which a {outcome.good} value is good"
    what += ", an intention" if outcome.kind == "intention" else ""
    mix = f", as if all groups had the same mix of {listed(controls)}" if controls else ", not adjusted for anything"
    return f"Outcome: {what}{mix}."


def refuse_copy(metric: str, rating: Floats, outcome: str, data: Observed) -> None:
    """Refuse the outcome under another name."""
    share = data.share
    x, y = (values - share @ values for values in (rating, data.turned))
    r = float(share @ (x * y)) / float(np.sqrt((share @ x**2) * (share @ y**2)))
    if 1 - abs(r) < _EXACT:
        raise RoleError(
            f"The metric must not be the outcome '{outcome}' itself, but '{metric}' is the same in every row, up to "
            f"the unit (r = {number(round(r))}).\nLeave it out, or take the outcome from another source."
        )


def refuse_flat(metric: str, values: Floats, group: Ints, names: tuple[str, ...], count: Ints) -> None:
    """Refuse a score of which everybody in some group gave the same value: there it has no slope."""
    for j, name in enumerate(names):
        held = values[group == j]
        if held.min() == held.max():
            raise TooFewError(
                f"The metric '{metric}' must take at least two values in each group, but all "
                f"{rows(int(count[group == j].sum()))} in '{name}' hold the same.\nLeave it out, or ask more people."
            )


def refuse_unknown(column: str, known: int, total: int) -> None:
    """Refuse a column that no row with a weight above 0 has."""
    if known == 0:
        raise TooFewError(
            f"At least one row must have '{column}' and a weight above 0, but none of {rows(total)} has."
            "\nCheck how the tables were joined."
        )


def refuse_thin(group: Ints, names: tuple[str, ...], data: Observed, outcome: str) -> None:
    """Refuse groups with too few rows or events, and too few events for so many coefficients."""
    parts = [group == j for j in range(len(names))]
    held = [_held(data.y[on], data.count[on]) for on in parts]
    if data.binary:
        thin = [j for j, (good, bad) in enumerate(held) if min(good, bad) < FEWEST_EVENTS]
        found = "; ".join(f"'{names[j]}' has {held[j][0]:,} good and {held[j][1]:,} bad" for j in thin)
        least = f"{FEWEST_EVENTS} good and {FEWEST_EVENTS} bad outcomes '{outcome}'"
    else:
        thin = [j for j, on in enumerate(parts) if data.count[on].sum() < FEWEST_ROWS]
        found = "; ".join(f"'{names[j]}' has {int(data.count[parts[j]].sum()):,}" for j in thin)
        least = f"{FEWEST_ROWS} rows with '{outcome}'"
    if thin:
        raise TooFewError(
            f"Every group must have at least {least}, but {found}."
            "\nUse a longer window, more customers, or fewer groups."
        )
    if data.binary:
        refuse_few_events(len(names) - 1 + data.controls.shape[1], data, outcome)


def refuse_few_events(coefficients: int, data: Observed, outcome: str) -> None:
    """Refuse a logistic model with fewer than ten events per coefficient."""
    good, bad = _held(data.y, data.count)
    if min(good, bad) < FEWEST_EVENTS * coefficients:
        raise TooFewError(
            f"At least {FEWEST_EVENTS} events per coefficient are needed, {FEWEST_EVENTS * coefficients:,} for "
            f"{coefficients:,}, but of the outcomes '{outcome}' {good:,} are good and {bad:,} bad: "
            f"{min(good, bad):,} events.\nUse fewer controls, merge their levels, or wait for more outcomes."
        )


def _held(y: Floats, count: Ints) -> tuple[int, int]:
    return int(count[y > 0.5].sum()), int(count[y <= 0.5].sum())
