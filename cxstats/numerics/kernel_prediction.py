"""What the kernel, fitted to some sequences, predicts for the others."""

from collections.abc import Callable

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.kernel_weights import KernelRows, kernel_rows, laid_out, weighted_means
from cxstats.numerics.moment_kernel import fit_moment_kernel
from cxstats.numerics.moments import Moments
from cxstats.numerics.within import within


def kernel_prediction(moments: Moments, neutral: float, y: Floats, person: Ints | None) -> Callable[[Bools], Floats]:
    """A function from the sequences to fit (S,) to the predictions for the others.

    With persons (S,), ``y`` and predictions are deviations from the person's own mean.
    """

    def predict(fitted: Bools) -> Floats:
        rows, others = (kernel_rows(moments.of_sequences(np.flatnonzero(at)), neutral) for at in (fitted, ~fitted))
        fit = fit_moment_kernel(rows, y[fitted], None if person is None else person[fitted])
        mean = _means(others, fit.coefficients[-len(rows.names) :])
        if person is None:
            whole: Floats = fit.coefficients[0] + fit.coefficients[1] * mean
            return whole
        own: Floats = fit.coefficients[0] * within(mean, person[~fitted])
        return own

    return predict


def _means(rows: KernelRows, theta: Floats) -> Floats:
    mean: Floats = weighted_means(laid_out(rows, np.ones(len(theta))), theta, 0)[0]
    return mean
