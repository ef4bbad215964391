"""The model of an outcome with all touchpoints: their slopes, standardised and not, with the influence of each row."""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats
from cxstats.errors import TooFewError, number, rows
from cxstats.numerics.importance import UserMoments, standardised_slopes, user_moments
from cxstats.numerics.linear import fit_linear, sd_influence
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.used_or_not import code_touchpoints
from cxstats.outcomes import Ordered, good_is_high
from cxstats.roles import Binary
from cxstats.shared.crossfitted import ROWS_PER_COEFFICIENT
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT
from cxstats.shared.touchpoint_rows import TouchpointRows


@dataclass(frozen=True)
class TouchpointSlopes:
    """Of p touchpoints, each influence (K, p) that of one row of each cell.

    Attributes
    ----------
    slope, slope_influence : arrays
        Per point of each touchpoint's own scale, up is good; in units of the outcome, or in log-odds.
    theta, influence : arrays
        Per standard deviation among users; of an outcome that is not binary in its standard deviations.
    moments : UserMoments
        Of the ratings among users, up is good.
    """

    slope: Floats
    slope_influence: Floats
    theta: Floats
    influence: Floats
    moments: UserMoments


def touchpoint_slopes(found: TouchpointRows, target: Ordered) -> TouchpointSlopes:
    """Fit a logistic model for a binary outcome, else least squares; refuse too few rows for it."""
    kept, at = found.cells, slice(1, 1 + len(found.names))
    coded = code_touchpoints(found.values, found.mass, kept.count, found.names)
    _refuse_few(found, target, coded.columns.shape[1])
    design = np.column_stack([np.ones(kept.n_cells), coded.columns])
    labels, owners = (("(intercept)", *part) for part in (coded.labels, coded.owners))
    y = good_is_high(target, kept[target.column])
    response = None
    if isinstance(target, Binary):
        logistic = fit_logistic(design, y > 0, kept.count, kept.row_weight, labels, owners)
        b, influence = logistic.coefficients[at], logistic.influence[:, at]
    else:
        linear = fit_linear(design, y, kept.count, kept.row_weight, labels)
        b, influence = linear.coefficients[at], linear.influence[:, at]
        response = sd_influence(y, kept.count, kept.row_weight)
    moments = user_moments(found.values, kept.count, kept.row_weight)
    return TouchpointSlopes(b, influence, *standardised_slopes(b, influence, moments, response), moments)


def _refuse_few(found: TouchpointRows, target: Ordered, coefficients: int) -> None:
    """An outcome that varies, and enough of it per coefficient."""
    weighed = found.cells.row_weight > 0
    count, y = found.cells.count[weighed], found.cells[target.column][weighed]
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{target.column}' must take at least two values, but all {rows(int(count.sum()))} hold "
            f"{number(float(y[0]))}.\nThere is nothing to explain."
        )
    if isinstance(target, Binary):
        good = int(count[y == target.good].sum())
        have, per, what = min(good, int(count.sum()) - good), EVENTS_PER_COEFFICIENT, "events (the rarer outcome)"
    else:
        have, per, what = int(count.sum()), ROWS_PER_COEFFICIENT, "rows"
    if have < per * coefficients:
        raise TooFewError(
            f"At least {per} {what} per coefficient are needed, {per * coefficients:,} for {len(found.names)} "
            f"touchpoints and {coefficients - len(found.names)} indicators of use, but there are {have:,}."
            "\nUse fewer touchpoints, or collect more answers."
        )
