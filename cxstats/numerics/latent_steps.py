"""Steps between tiers of experience on the scale behind a rating: there the end of the rating does not count."""

from collections.abc import Sequence

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.numerics.design import Predictor, build_design
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.ordered_probit import fit_ordered_probit, standardised


def latent_steps(
    group: Ints,
    names: Sequence[str],
    controls: Sequence[Predictor],
    y: Floats,
    count: Ints,
    weight: Floats,
    cluster: Ints | None,
) -> tuple[Effect, ...]:
    """Each tier less the one below, in standard deviations of the latent rating (ordered probit).

    Parameters
    ----------
    group : int array, shape (K,)
        Number of each cell's tier, the lowest first.
    names : sequence of str
        Of the tiers.
    y : array, shape (K,)
        The rating, up is good.
    """
    code = np.unique(y, return_inverse=True)[1].astype(np.int64)
    member = (group[:, None] == np.arange(1, len(names))).astype(np.float64)
    more = build_design(controls, intercept=False) if controls else None
    design = member if more is None else np.column_stack([member, more.matrix])
    terms = [*names[1:], *([] if more is None else more.terms)]
    fit = fit_ordered_probit(design, code, count, weight, names=terms)
    steps = np.zeros((len(names) - 1, design.shape[1]))
    for j in range(len(names) - 1):
        steps[j, j] = 1.0
        if j:
            steps[j, j - 1] = -1.0
    found = [standardised(fit, step, design, count, weight) for step in steps]
    spread = covariance(np.column_stack([values for _, values in found]), count, cluster)
    return tuple(Effect(a=theta, var_a=float(spread.matrix[j, j]), df=spread.df) for j, (theta, _) in enumerate(found))
