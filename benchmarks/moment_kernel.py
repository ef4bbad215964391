"""How fast is the kernel of moments fitted to many sequences, against least squares with numeric slopes.

    python benchmarks/moment_kernel.py [--sequences 1000000] [--moments 9] [--part 50000]

Prints seconds and ratios. The usual way is scipy's `least_squares` with 2-point differences on ragged NumPy arrays
(`np.add.reduceat`); it is run on a part from one start and extrapolated in proportion, to one start and to nine. Ours
looks for the deepest of several valleys and returns influence and covariance; laying out the moments is counted.
"""

import argparse
import time

import numpy as np
from scipy.optimize import least_squares

from cxstats.numerics.equal_weights import equal_weights
from cxstats.numerics.kernel_weights import kernel_rows
from cxstats.numerics.moment_kernel import fit_moment_kernel
from cxstats.numerics.moments import Moments

INTENSITY, RECENCY = 0.5, 2.0
STARTS = 9


def sequences(n: int, moments: int, seed: int = 1) -> tuple[Moments, np.ndarray, np.ndarray]:
    """Sequences of ``moments`` moments, give or take four; persons with five sequences each."""
    rng = np.random.default_rng(seed)
    person = np.arange(n) // 5
    length = rng.integers(moments - 4, moments + 5, n)
    first = np.concatenate([[0], np.cumsum(length)])
    mood = rng.normal(0.3, 1, size=person[-1] + 1)[person]
    given = Moments(
        rng.normal(0, 1.2, first[-1]) + np.repeat(mood, length),
        np.arange(first[-1]) - np.repeat(first[:-1], length),
        first,
    )
    remembered = 5 + 0.8 * weighted(given, given.place, INTENSITY, RECENCY) + 0.8 * rng.normal(size=n)
    return given, remembered, person


def weighted(moments: Moments, place: np.ndarray, alpha: float, beta: float) -> np.ndarray:
    """The weighted mean of each sequence, the usual way."""
    start = moments.first[:-1]
    weight = np.exp(alpha * np.abs(moments.value) + beta * place)
    return np.add.reduceat(weight * moments.value, start) / np.add.reduceat(weight, start)


def usual(moments: Moments, remembered: np.ndarray) -> tuple[float, np.ndarray]:
    """Seconds of one start by scipy, and where it ends."""
    start = time.perf_counter()
    place = moments.place
    found = least_squares(
        lambda at: at[0] + at[1] * weighted(moments, place, at[2], at[3]) - remembered, [0.0, 1.0, 0.0, 0.0]
    )
    return time.perf_counter() - start, found.x


def main() -> None:
    """Run every measurement and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=1_000_000)
    parser.add_argument("--moments", type=int, default=9)
    parser.add_argument("--part", type=int, default=50_000)
    given = parser.parse_args()
    moments, remembered, person = sequences(given.sequences, given.moments)
    some = moments.of_sequences(np.arange(min(2000, given.sequences)))
    fit_moment_kernel(kernel_rows(some, 0.0), remembered[: len(some.n)])  # imports are warm
    part = min(given.part, given.sequences)
    small = moments.of_sequences(np.arange(part))
    slow, end = usual(small, remembered[:part])
    slow *= given.sequences / part
    print(f"{given.sequences:,} sequences of about {given.moments} moments")
    print(
        f"  scipy, numeric slopes, no errors, extrapolated from {part:,}: {slow:.1f} s from one start, "
        f"{STARTS * slow:.1f} s from {STARTS}"
    )
    for label, sides, whom in (("all", False, None), ("within persons", False, person), ("two sides", True, None)):
        start = time.perf_counter()
        rows = kernel_rows(moments, 0.0, sides=sides)
        fit = fit_moment_kernel(rows, remembered, whom)
        seconds = time.perf_counter() - start
        ratio = slow / seconds
        at = ", ".join(f"{term} {value:.3f}" for term, value in zip(fit.terms, fit.coefficients, strict=True))
        print(
            f"  {label}: {seconds:.2f} s; scipy takes {ratio:.1f} times as long from one start, "
            f"{STARTS * ratio:.0f} times from {STARTS}"
        )
        print(f"    {at}")
    start = time.perf_counter()
    equal_weights(kernel_rows(moments, 0.0), remembered, person)
    print(f"  test of equal weights within persons: {time.perf_counter() - start:.2f} s")
    fit = fit_moment_kernel(kernel_rows(small, 0.0), remembered[:part])
    print(f"  largest difference from scipy's end on {part:,}: {np.abs(fit.coefficients - end).max():.1e}")


if __name__ == "__main__":
    main()
