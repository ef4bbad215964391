"""Linear regression with normal intercepts per person, or crossed per person and stimulus, by restricted likelihood.

The outcome's covariance, divided by the residual variance, is H = I + r1 Z1 Z1' + r2 Z2 Z2': r are ratios of variances,
and the first grouping is that with more levels. A look at the likelihood costs nothing in the number of rows:

- The first grouping leaves a' H1^-1 b = (products of deviations from its levels' means) + sum over its levels of
  (sum of a)(sum of b) / (size (1 + r1 size)). Nothing is subtracted, so that no digits are lost where a column does not
  vary within levels. Levels of one size share a weight: their products are added up beforehand.
- The second grouping goes out by a Schur complement: Henderson's equations, absorbed.
- Coefficients and residual variance have closed forms. What is left is a search over one or two ratios.

Bates et al. (2015), doi:10.18637/jss.v067.i01; degrees of freedom: Kuznetsova et al. (2017), doi:10.18637/jss.v082.i13.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from cxstats.arrays import Floats, Ints
from cxstats.errors import ColumnError, SeparationError, TooFewError, number, rows
from cxstats.numerics.design import column_names, standardise

_MOST = 2_000  # levels of the smaller grouping: its block is dense, and is solved at every look
_KNOWN = 1e-10  # share of the outcome's variance that is left open: less is rounding
_GRID = (0.0, 0.3, 1.0, 2.5)  # where to start: log(1 + ratio times mean size)
_FAR = 25.0  # the search stays below; outcomes with so little residual variance are refused before
_REACH, _POLISH, _SETTLED = 0.5, 30, 1e-12  # Newton's last steps: the longest, how many, the shortest
_STEP = 1e-5  # of differences of the slope

_Names: TypeAlias = Sequence[str]
_Down: TypeAlias = Callable[[Floats], tuple[float, Floats]]  # minus the log-likelihood and its slope, by place


@dataclass(frozen=True)
class InterceptSums:
    """What the likelihood needs of the rows: of c columns, which are the s levels of the second grouping, X and y.

    X is turned to orthogonal columns, and y is what least squares leaves, with variance 1.

    Attributes
    ----------
    n, levels, order : int, and int arrays, shape (G,)
        Rows; levels of each grouping as given; the groupings from that with most levels on.
    size, number : arrays, shape (D,)
        The distinct sizes of the first grouping's levels, and how many levels have each.
    within : array, shape (c, c)
        Products of deviations from means of the first grouping's levels.
    between, between_size : arrays, shape (L, c) and (L,)
        Sums per level of the first grouping; of a size that many have, c rows with the same products.
    back, start, unit : arrays, shape (q, q) and (q,), and float
        Coefficients of the given columns are start + unit back (those of the turned ones).
    """

    n: int
    levels: Ints
    order: Ints
    size: Floats
    number: Ints
    within: Floats
    between: Floats
    between_size: Floats
    back: Floats
    start: Floats
    unit: float


@dataclass(frozen=True)
class CrossedIntercepts:
    """The fit at the ratios of the largest restricted likelihood.

    Attributes
    ----------
    coefficients, covariance : arrays, shape (q,) and (q, q)
        The covariance holds if the model does, and takes the ratios as known.
    variances : array, shape (G,)
        Of the intercepts of each grouping, in the order given; exactly 0 where the likelihood has its top there.
    residual_variance, log_likelihood, n : float, float, int
        The likelihood is the restricted one, with all constants; n counts rows.
    slope, information : arrays, shape (G,) and (G, G)
        First, and minus the second, derivatives of the log-likelihood in the ratios.
    covariance_slope : array, shape (G, q, q)
        Derivatives of the covariance in the ratios, residual variance included.
    """

    coefficients: Floats
    covariance: Floats
    variances: Floats
    residual_variance: float
    log_likelihood: float
    n: int
    slope: Floats
    information: Floats
    covariance_slope: Floats

    @property
    def df(self) -> Floats:
        """Satterthwaite's degrees of freedom of each coefficient, shape (q,)."""
        return satterthwaite(self, np.eye(len(self.coefficients)))


def fit_crossed_intercepts(
    design: Floats,
    response: Floats,
    count: Ints,
    groups: Sequence[Ints],
    names: _Names | None = None,
    groupings: _Names = ("person", "stimulus"),
) -> CrossedIntercepts:
    """Fit by restricted maximum likelihood.

    Parameters
    ----------
    design, response, count : arrays, shape (K, q), (K,) and (K,)
        The first column of the design is the column of ones; count holds integers from 1 on.
    groups : one or two int arrays, shape (K,)
        Number of each cell's level, 0 to the number of levels - 1, all of which occur.
    names, groupings : sequences of str
        Of the q columns and of the groups, for messages.

    Raises
    ------
    TooFewError
        Too few levels, or rows; the outcome is constant.
    ColumnError
        A column is constant or collinear; groupings are confounded, or both have too many levels.
    SeparationError
        Predictors, and indicators of all levels, leave nothing of the outcome open.
    """
    names = names or ("(intercept)", *column_names(design.shape[1] - 1))
    sums = intercept_sums(design, response, count, groups, names, groupings)
    spacing = sums.levels / sums.n

    def down(place: Floats) -> tuple[float, Floats]:
        found = profile(sums, np.expm1(place) * spacing)
        return -found.log_likelihood, -found.slope * np.exp(place) * spacing

    place = _polished(down, _searched(down, len(groups)))
    stretch = np.exp(place) * spacing
    information = _curvature(down, place) / np.outer(stretch, stretch)
    return replace(profile(sums, np.expm1(place) * spacing), information=information)


def satterthwaite(fit: CrossedIntercepts, contrasts: Floats) -> Floats:
    """Degrees of freedom of contrasts (R, q), shape (R,): 2 V^2 / (variance of estimated V); ratios of 0 are known."""
    on = fit.variances > 0
    variance = np.einsum("rj,jk,rk->r", contrasts, fit.covariance, contrasts)
    relative = np.einsum("rj,fjk,rk->fr", contrasts, fit.covariance_slope[on], contrasts) / variance
    by_ratios = (relative * np.linalg.solve(2 * fit.information[np.ix_(on, on)], relative)).sum(axis=0)
    # The part of V's relative variance that is due to the residual variance adds to it.
    return np.asarray(1 / (1 / (fit.n - len(fit.coefficients)) + by_ratios))


def intercept_sums(
    design: Floats, response: Floats, count: Ints, groups: Sequence[Ints], names: _Names, groupings: _Names
) -> InterceptSums:
    """The sums over the rows; parameters and errors as in `fit_crossed_intercepts`."""
    from scipy.sparse import csr_array, hstack

    n, q, mass = int(count.sum()), design.shape[1], count.astype(np.float64)
    if n <= q:
        raise TooFewError(f"There must be more rows than coefficients, but there are {rows(n)} for {q} coefficients.")
    levels = np.array([int(group.max()) + 1 for group in groups])
    _refuse_levels(levels, n, groupings)
    turned, back, start, unit = _turned(design, response, mass, names)
    order = np.argsort(-levels, kind="stable")
    first, *others = (groups[at] for at in order)
    totals = [_totals(np.column_stack([turned, np.ones(len(first))]), mass, group) for group in (first, *others)]
    # Rows per level of the first and of the second grouping; without a second one it has no columns.
    table = csr_array((mass, (first, others[0] if others else first)))[:, : levels.min() if others else 0]
    _refuse_confounded(table, totals, n, groupings)
    total, size = totals[0][:, :-1], totals[0][:, -1]
    deviations = turned - (total / size[:, None])[first]
    within = (deviations * mass[:, None]).T @ deviations
    if others:
        own = np.diag(totals[1][:, -1]) - _squared(table * (1 / np.sqrt(size))[:, None])
        across = _totals(deviations, mass, others[0])
        within = np.block([[own, across], [across.T, within]])
    _refuse_no_residual(within, n, groupings[: len(groups)])
    wide = hstack([table, csr_array(total)], format="csr")
    sizes, code, number_of = np.unique(size, return_inverse=True, return_counts=True)
    blocks = [_condensed(wide[np.flatnonzero(code == k)]) for k in range(len(sizes))]
    between_size = np.repeat(sizes, [len(block) for block in blocks])
    return InterceptSums(n, levels, order, sizes, number_of, within, np.vstack(blocks), between_size, back, start, unit)


def _turned(design: Floats, response: Floats, mass: Floats, names: _Names) -> tuple[Floats, Floats, Floats, float]:
    """Orthogonal columns beside what they leave of the outcome (K, q + 1); back, start and unit of the sums."""
    n = int(mass.sum())
    if response.min() == response.max():
        raise TooFewError(f"The outcome must vary, but it is {number(float(response[0]))} in all {rows(n)}.")
    mapped, mean = standardise(design[:, 1:], mass, names[1:]), float(mass @ response / n)
    root = np.sqrt(mass / n)
    basis, triangle = np.linalg.qr(np.hstack([design[:, :1], mapped.matrix]) * root[:, None])
    back = mapped.to_given @ np.linalg.inv(triangle)
    columns, slopes = basis / root[:, None], basis.T @ ((response - mean) * root)
    left = response - mean - columns @ slopes
    variance = float(mass @ left**2 / n)
    if variance <= _KNOWN * float(mass @ (response - mean) ** 2 / n):
        raise SeparationError(
            f"No predictors may hold the outcome, but it follows exactly from them in all {rows(n)}.\nLeave out those "
            "that were not measured before the outcome, or computed from it."
        )
    start = back @ slopes + mean * (np.arange(len(back)) == 0)
    return np.column_stack([columns, left / np.sqrt(variance)]), back, start, variance**0.5


def _totals(columns: Floats, mass: Floats, group: Ints) -> Floats:
    """Sums of columns (K, p) per level."""
    return np.column_stack([np.bincount(group, weights=mass * column) for column in columns.T])


def _squared(table: Any) -> Floats:
    return np.asarray((table.T @ table).toarray())


def _condensed(block: Any) -> Floats:
    """No more rows than columns, with the same products."""
    if block.shape[0] <= block.shape[1]:
        return np.asarray(block.toarray())
    values, vectors = np.linalg.eigh(_squared(block))
    return np.asarray(np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T)


def profile(sums: InterceptSums, ratios: Floats) -> CrossedIntercepts:
    """The best fit at given ratios (G,); of their information it says nothing."""
    q, residual_df, given = len(sums.start), sums.n - len(sums.start), np.argsort(sums.order)
    E, dE, logs, logs_slope = _absorbed(sums, ratios[sums.order])
    inverse = np.linalg.inv(E[:q, :q])
    turned = inverse @ E[:q, q]
    residual = np.append(-turned, 1.0)
    rest, rest_slope = float(residual @ E @ residual), dE @ residual @ residual
    variance = rest * sums.unit**2 / residual_df
    logs += np.linalg.slogdet(E[:q, :q])[1] - 2 * np.linalg.slogdet(sums.back)[1]
    logs_slope += np.einsum("jk,gkj->g", inverse, dE[:, :q, :q]) + residual_df * rest_slope / rest
    half = sums.back @ inverse
    covariance = variance * half @ sums.back.T
    covariance_slope = (rest_slope / rest)[:, None, None] * covariance - variance * half @ dE[:, :q, :q] @ half.T
    return CrossedIntercepts(
        coefficients=sums.start + sums.unit * sums.back @ turned,
        covariance=(covariance + covariance.T) / 2,
        variances=ratios * variance,
        residual_variance=variance,
        log_likelihood=-float(logs + residual_df * (1 + np.log(2 * np.pi * variance))) / 2,
        n=sums.n,
        slope=-logs_slope[given] / 2,
        information=np.full((len(ratios),) * 2, np.nan),
        covariance_slope=covariance_slope[given],
    )


def _absorbed(sums: InterceptSums, ratios: Floats) -> tuple[Floats, Floats, float, Floats]:
    """E = (X, y)' H^-1 (X, y) and log |H|, each with its derivatives in the ratios (of the larger grouping first)."""
    s = len(sums.within) - len(sums.start) - 1
    first, second = (*ratios, 0.0)[:2]
    grown = 1 + first * sums.between_size
    A = sums.within + (sums.between / (sums.between_size * grown)[:, None]).T @ sums.between
    dA = -(sums.between / grown[:, None] ** 2).T @ sums.between
    M = np.eye(s) + second * A[:s, :s]
    solved = np.linalg.solve(M, np.hstack([A[:s], dA[:s, :s]]))
    J, moved = solved[:, s : len(A)], solved[:, len(A) :]
    across = dA[s:, :s] @ J
    by_first = dA[s:, s:] - second * (across + across.T) + second**2 * J.T @ dA[:s, :s] @ J
    logs = float(sums.number @ np.log1p(first * sums.size) + np.linalg.slogdet(M)[1])
    first_log = sums.number @ (sums.size / (1 + first * sums.size)) + second * np.trace(moved)
    slope = np.array([first_log, np.trace(solved[:, :s])])[: len(ratios)]
    return A[s:, s:] - second * A[s:, :s] @ J, np.array([by_first, -J.T @ J])[: len(ratios)], logs, slope


def _searched(down: _Down, G: int) -> Floats:
    """The places log(1 + ratio times mean size), 0 or above, of the top: from the best of a grid."""
    from scipy.optimize import minimize

    start = min((np.array(corner) for corner in product(_GRID, repeat=G)), key=lambda place: down(place)[0])
    bounds, fine = [(0.0, _FAR)] * G, 1e-15
    found = minimize(down, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": fine, "gtol": fine})
    return np.asarray(found.x)


def _polished(down: _Down, place: Floats) -> Floats:
    """Newton's steps on the slope, which is right to more digits than the likelihood can tell."""
    for _ in range(_POLISH):
        slope = down(place)[1]
        free = (place > 0) | (slope < 0)
        curvature = _curvature(down, place)[np.ix_(free, free)]
        if (np.linalg.eigvalsh(curvature) <= 0).any():
            break
        step = np.zeros_like(place)
        step[free] = np.clip(np.linalg.solve(curvature, slope[free]), -_REACH, _REACH)
        before, place = place, np.maximum(place - step, 0.0)
        if np.abs(place - before).max() <= _SETTLED * (1 + place.max()):
            break
    return place


def _curvature(down: _Down, place: Floats) -> Floats:
    """By differences of the slope that stay at 0 or above."""
    ends = [(place + step, np.maximum(place - step, 0.0)) for step in np.eye(len(place)) * _STEP]
    matrix = np.array([(down(up)[1] - down(low)[1]) / (up - low).sum() for up, low in ends])
    return np.asarray((matrix + matrix.T) / 2)


def _refuse_levels(levels: Ints, n: int, groupings: _Names) -> None:
    for name, there in zip(groupings, levels, strict=False):
        if not 2 <= there < n:
            found = f"it has {there:,} in {rows(n)}"
            raise TooFewError(
                f"'{name}' must have at least 2 levels, some of them with several rows, but {found}.\nLeave it out."
            )
    if len(levels) == 2 and levels.min() > _MOST:
        raise ColumnError(
            f"Of two crossed groupings the smaller may have up to {_MOST:,} levels, but '{groupings[0]}' has "
            f"{levels[0]:,} and '{groupings[1]}' {levels[1]:,}.\nLeave one of them out."
        )


def _refuse_confounded(table: Any, totals: Sequence[Floats], n: int, groupings: _Names) -> None:
    """Without what X says, I, Z1 Z1' and Z2 Z2' must not be sums of each other: by their inner products."""
    columns, sizes = [total[:, :-2] for total in totals], [total[:, -1] for total in totals]
    squares = [part.T @ part / n for part in columns]
    inner = np.diag([n - columns[0].shape[1], *[0.0] * len(totals)])
    for g, (part, size, square) in enumerate(zip(columns, sizes, squares, strict=True), start=1):
        inner[0, g] = inner[g, 0] = n - np.trace(square)
        inner[g, g] = size @ size - 2 * (size @ part**2).sum() / n + (square**2).sum()
    if len(totals) == 2:
        both = (table.data**2).sum() - 2 * (columns[0] * (table @ columns[1])).sum() / n
        inner[1, 2] = inner[2, 1] = both + (squares[0] * squares[1]).sum()
    scale = np.sqrt(np.array([n, *(float(size @ size) for size in sizes)]))
    if np.linalg.eigvalsh(inner / np.outer(scale, scale))[0] < _KNOWN:
        names = ", ".join(f"'{name}'" for name in groupings[: len(totals)])
        raise ColumnError(
            f"The variances of {names} and within them must be distinct, but cannot be told apart in {rows(n)}: levels "
            "of a grouping follow from the predictors, or are those of the other grouping.\nLeave one of them out."
        )


def _refuse_no_residual(within: Floats, n: int, groupings: _Names) -> None:
    """What the columns and all levels as fixed effects leave of the outcome, which has variance 1."""
    scale = np.sqrt(np.maximum(np.diag(within), _KNOWN))
    scaled = within / np.outer(scale, scale)
    rest, y = scaled[:-1, :-1], scaled[:-1, -1]
    left = (scaled[-1, -1] - y @ np.linalg.pinv(rest, rcond=_KNOWN, hermitian=True) @ y) * scale[-1] ** 2
    if left <= _KNOWN * n:
        names = " and ".join(f"'{name}'" for name in groupings)
        raise SeparationError(
            f"Levels of {names} and predictors must leave something of the outcome open, but give it exactly in all "
            f"{rows(n)}: there is no residual variance.\nLeave a grouping out, or have more rows for its levels."
        )
