"""How the mean of an answer bends along a score: overall, at the top, and on the latent scale.

The overall bend is a correlation with the curved part of the score: its square, freed of the straight line.
Below 0 the mean flattens towards the top, above 0 it steepens. A straight line has none, however steep it is.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.correlation import standard_scores
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised


@dataclass(frozen=True)
class Bend:
    """Bends of q answers over one score.

    Attributes
    ----------
    estimate : array, shape (q,)
    influence : array, shape (K, q)
        Of one row of each of K cells, survey weights included.
    """

    estimate: Floats
    influence: Floats


def curved_part(line: Floats, mass: Floats) -> Floats:
    """The square of a standard score (K,), freed of mean and line, as a standard score; three values are needed."""
    share = mass / mass.sum()
    curve = line**2 - (share @ line**3) * line
    scores: Floats = standard_scores(curve[:, None], mass)[:, 0]
    return scores


def overall_bend(line: Floats, curve: Floats, answers: Floats, mass: Floats, weight: Floats) -> Bend:
    """Correlations b of the curved part c with q answers y, all as standard scores.

    The influence of a row is c (y - r z) - b (c^2 + y^2) / 2, z being the line and r its correlation with y:
    that the line itself is estimated shows in y - r z, the answer freed of it.
    """
    total = mass.sum()
    bend, slope = mass @ (curve[:, None] * answers) / total, mass @ (line[:, None] * answers) / total
    freed = answers - slope * line[:, None]
    values = curve[:, None] * freed - bend * (curve[:, None] ** 2 + answers**2) / 2
    return Bend(bend, values * (weight / total)[:, None])


def top_bend(score: Floats, top: float, answers: Floats, mass: Floats, weight: Floats) -> Bend:
    """Mean answers at the top, minus twice those one below, plus those two below: their second difference."""
    estimate, influence = np.zeros(answers.shape[1]), np.zeros(answers.shape)
    for below, factor in enumerate((1.0, -2.0, 1.0)):
        at = score == top - below
        total = mass[at].sum()
        mean = mass[at] @ answers[at] / total
        estimate += factor * mean
        influence[at] = factor * (weight[at] / total)[:, None] * (answers[at] - mean)
    return Bend(estimate, influence)


def latent_bend(line: Floats, curve: Floats, answer: Floats, count: Ints, weight: Floats) -> Bend:
    """The bend of what lies behind a rating, by ordered probit: latent deviations per deviation of the curve.

    On the scale of `overall_bend`, which is what least squares give for the same coefficient. The curve is
    estimated too: only its standard deviation matters, since what else moves it moves along line and constant.

    Raises
    ------
    SeparationError
        Score and rating are ordered so alike that no finite fit exists.
    """
    on = weight > 0  # a level that only rows without weight have is none
    design = np.column_stack([line, curve])[on]
    code = np.unique(answer[on], return_inverse=True)[1].astype(np.int64)
    fit = fit_ordered_probit(design, code, count[on], weight[on], names=("line", "curve"))
    bend, values = standardised(fit, np.array([0.0, 1.0]), design, count[on], weight[on])
    influence = np.zeros((len(on), 1))
    by_curve = bend * weight[on] * (curve[on] ** 2 - 1) / (2 * (count[on] @ weight[on]))
    influence[on, 0] = values + by_curve
    return Bend(np.array([bend]), influence)
