"""p-values adjusted for the number of tests."""

import numpy as np

from cxstats.arrays import Floats


def holm(p_values: Floats) -> Floats:
    """Holm's step-down adjustment: the smallest level at which each test of the family rejects.

    Holm (1979). Scand. J. Stat. 6, 65-70. Controls the chance of any false rejection whatever the
    dependence between the tests.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted
