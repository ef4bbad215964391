"""Expectation and performance apart: the surface that loyalty forms over both, instead of their difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
from scipy.special import expit

from cxstats.arrays import Floats, Ints
from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.coding import upward
from cxstats.errors import RoleError, ScaleError, TooFewError, number, rows
from cxstats.numerics.effect import Effect
from cxstats.numerics.influence import covariance
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.nested import NestedTest
from cxstats.numerics.response_surface import TERMS, PrincipalAxis, quadratic, surface_shape
from cxstats.outcomes import good_is_high
from cxstats.results import ConfidenceInterval, shown, shown_p
from cxstats.roles import Binary, Continuous, Outcome, Rating, Roles
from cxstats.scales import Scale
from cxstats.shared.crossfitted import ROWS_PER_COEFFICIENT
from cxstats.shared.predictors import EVENTS_PER_COEFFICIENT, complete
from cxstats.wald import WaldResult

Target: TypeAlias = Binary | Rating | Continuous
LEVELS, PLACES = 3, 6  # distinct answers to each question, and to both, without which a quadratic is not fixed
CEILING = 0.3  # share of a rating's answers at its best value from which the end of its scale bends a surface
_NOT_TOLD = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class ResponseSurface(WaldResult):
    """A quadratic surface of the outcome over expectation e and performance p, both centred.

    Rows: the coefficients b1 to b5 (``"expected"``, ``"performed"``, ``"expected^2"``, ``"expected x performed"``,
    ``"performed^2"``); ``"agreement slope"`` a1 = b1 + b2 and ``"agreement curvature"`` a2 = b3 + b4 + b5, both scores
    rising together; ``"disagreement slope"`` a3 = b1 - b2 and ``"disagreement curvature"`` a4 = b3 - b4 + b5, as
    expectation rises and performance falls: a3 below 0 means that the outcome is better where performance is above
    expectation. Then the stationary point (in points from the midpoint) and the slopes of both principal axes: ratios
    with Fieller's limits and no standard error; infinite ends mean that they cannot be told.

    Attributes
    ----------
    outcome : Binary, Rating or Continuous
    expected, performed : str
    scale : Scale
        Of both questions.
    model : {"linear", "logistic"}
    intercept : float
        The surface at the midpoint of both.
    covariance : array, shape (5, 5)
        Of the coefficients.
    difference : NestedTest
        Wald's test that performance minus expectation says it all: b1 = -b2, b3 = b4 = b5 = 0.
    curvature : NestedTest
        Wald's test that the surface is a plane: b3 = b4 = b5 = 0.
    stationary : (Effect, Effect)
        The e and the p at which the surface is level.
    axes : (PrincipalAxis, PrincipalAxis)
        Along which the surface bends upwards most, or downwards least; and the one at right angles to it.
    points : array, shape (M, 2)
        The answers that occur, expectation then performance, as they were given.
    n_points : int array, shape (M,)
        Rows with these answers.
    share_at_top : float
        For a rating: share of all rows with the best value. NaN for other outcomes.
    """

    outcome: Target
    expected: str
    performed: str
    scale: Scale
    model: Literal["linear", "logistic"]
    intercept: float
    covariance: Floats
    difference: NestedTest
    curvature: NestedTest
    stationary: tuple[Effect, Effect]
    axes: tuple[PrincipalAxis, PrincipalAxis]
    points: Floats
    n_points: Ints
    share_at_top: float

    method: ClassVar[str] = "Quadratic regression on both scores with robust covariance; Fieller's limits of ratios"
    reference: ClassVar[str] = "Edwards & Parry (1993), doi:10.5465/256822"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The term of each row."""
        return {"term": TERMS}

    @property
    def excess(self) -> Effect:
        """-a3: what goes, at the midpoint, with one point of performance more and of expectation less."""
        at = TERMS.index("disagreement slope")
        return Effect(a=-float(self.estimate[at]), var_a=float(self.std_error[at]) ** 2, df=self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits, and Fieller's for the last four rows."""
        limits, told = super().confidence_interval(level), slice(-4)
        low, high = np.array([each.interval(level) for each in (*self.stationary, *self.axes)]).T
        ends = np.concatenate([limits.low[told], low]), np.concatenate([limits.high[told], high])
        return ConfidenceInterval(*ends, level)

    def fitted(self, expected: Floats, performed: Floats) -> Floats:
        """The surface at answers on the scale: mean outcome, or chance of the good one; up is good."""
        e, p = (_centred(self.scale, np.asarray(given, dtype=np.float64)) for given in (expected, performed))
        height: Floats = quadratic(e.ravel(), p.ravel()) @ np.array([self.intercept, *self.estimate[:5]])
        return (expit(height) if self.model == "logistic" else height).reshape(e.shape)

    def plot(self, ax: Any = None) -> Any:
        """Draw the surface from above, where there are data; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.surface import surface

        return surface(self, ax)

    def footer(self) -> str:
        """Whether a difference score would do, whether the surface bends, then rows and method."""
        low, high = self.excess.interval()
        unit = "log-odds" if self.model == "logistic" else "units of the outcome"
        flat = not self.curvature.p_value < _NOT_TOLD
        untold = "; not told from one, so do not read stationary point and axes" if flat else ""
        effect = f"{shown(self.excess.estimate)} {unit}, 95% {shown(low)} to {shown(high)}"
        lines = [
            f"Test that performance minus expectation says it all: {_told(self.difference)}.",
            f"Test that the surface is a plane: {_told(self.curvature)}{untold}.",
            f"From the midpoint, one point of performance more and of expectation less: {effect}.",
        ]
        if self.share_at_top >= CEILING:
            top = f"{100 * self.share_at_top:.0f}% of the outcomes are at the best value"
            lines.append(f"{top}: the end of a scale alone bends a surface.")
        return "\n".join([*lines, super().footer()])


def response_surface(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    expected: Mapping[str, Scale] | str | None = None,
    performed: Mapping[str, Scale] | str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> ResponseSurface:
    """Set the outcome against expectation and performance themselves, not against their difference.

    Use it where both were asked on the same scale. A difference score takes for granted that a point of expectation
    weighs as much as one of performance, with the other sign, and that nothing bends: here that is tested. If only the
    difference is there, see `asymmetry`. Expectations recalled after the experience are coloured by it.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer or visit.
    outcome : Binary, Rating or Continuous
        Modelled by logistic regression if binary, else by least squares; up is good for the firm.
    expected, performed : mapping from column to Scale
        One column each, on scales with the same bounds and direction. A name suffices where ``data`` are Cells.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    ResponseSurface
        Thirteen rows, in units of the outcome (log-odds of the good value for a binary one) per point of the scale, or
        per point squared; stationary point in points from the midpoint of the scale, up is good.

    Raises
    ------
    ScaleError
        The two scales differ in bounds or direction; also as for `tally`.
    RoleError
        Expectation or performance is not one column, or both are the same; an outcome of another kind.
    TooFewError
        Fewer than 3 different answers to a question, or 6 different pairs; an outcome that does not vary; fewer than
        100 rows, or than 50 of the rarer value of a binary outcome; fewer than 20 clusters.
    ColumnError
        The pairs that occur do not fix a quadratic (all on one line, say); also as for `tally`.
    SeparationError
        The surface tells the outcomes apart perfectly.

    Notes
    -----
    y = b0 + b1 e + b2 p + b3 e^2 + b4 e p + b5 p^2, where e and p are the answers minus the midpoint of the scale,
    turned so that up is good. The lines of agreement (e = p) and of disagreement (e = -p) and their a1 to a4 are those
    of [1]_. The covariance is robust (sums of squared influences [2]_), times n / (n - 1), or G / (G - 1) for G
    clusters; one independent unit is a row, or a cluster. Both tests are Wald's chi-square, with clusters Hotelling's
    F. The stationary point is e = (b2 b4 - 2 b1 b5) / D, p = (b1 b4 - 2 b2 b3) / D with D = 4 b3 b5 - b4^2, its limits
    Fieller's with numerator and D linearised. The first axis has the slope (b5 - b3 + R) / b4 with
    R^2 = (b3 - b5)^2 + b4^2; its limits follow from Fieller's for the direction of (b3 - b5, b4), twice its angle.
    A top outside the answers that occur is extrapolated; a bend at one end only, or the end of the outcome's own scale,
    shows as curvature too (see ``share_at_top``). ``n_missing`` rows lack one of the three and are left out.

    References
    ----------
    .. [1] Edwards & Parry (1993). Academy of Management Journal 36, 1577-1613. doi:10.5465/256822
    .. [2] White (1980). Econometrica 48, 817-838. doi:10.2307/1912934
    .. [3] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x
    .. [4] Shanock et al. (2010), with its erratum. J. Bus. Psychol. 25, 543-554. doi:10.1007/s10869-010-9183-4

    Examples
    --------
    >>> import cxstats as cx
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> hoped, got = rng.integers(1, 8, (2, 2000))
    >>> visits = pd.DataFrame({"hoped": hoped, "got": got, "spend": got - hoped + rng.normal(size=2000)})
    >>> result = cx.response_surface(
    ...     visits, outcome=cx.Continuous("spend"), expected={"hoped": cx.CSAT7}, performed={"got": cx.CSAT7}
    ... )
    >>> result.to_frame()[["term", "estimate"]].round(2).head(2)
            term  estimate
    0   expected     -0.99
    1  performed      0.99
    >>> result.difference.p_value > 0.05
    True
    """
    wanted, e = _declared(data, expected, "expected")
    given, p = _declared(data, performed, "performed")
    if e == p:
        raise RoleError(f"Expectation and performance must be two columns, but '{e}' was given for both.")
    roles = Roles(outcome=outcome, metrics={**wanted, **given}, cluster=cluster, weight=weight, count=count)
    cells = as_cells(data, roles)
    scale, target = _common_scale({name: cells.roles.metrics[name] for name in (e, p)}), _target(cells.roles.outcome)
    kept = complete(cells, target.column, [e, p])
    _refuse_few(kept, target, e, p)
    return _result(kept, target, e, p, scale, cells.n - kept.n)


def _fit(kept: Cells, target: Target, e: str, p: str, scale: Scale) -> tuple[Floats, Floats]:
    """The six coefficients, and the influence (K, 6) of one row of each cell."""
    y, design = good_is_high(target, kept[target.column]), quadratic(_centred(scale, kept[e]), _centred(scale, kept[p]))
    names = ("(intercept)", e, p, f"{e}^2", f"{e} x {p}", f"{p}^2")
    if isinstance(target, Binary):
        logistic = fit_logistic(design, y > 0, kept.count, kept.row_weight, names, (names[0], e, p, e, p, p))
        return logistic.coefficients, logistic.influence
    linear = fit_linear(design, y, kept.count, kept.row_weight, names)
    return linear.coefficients, linear.influence


def _result(kept: Cells, target: Target, e: str, p: str, scale: Scale, missing: int) -> ResponseSurface:
    coefficients, influence = _fit(kept, target, e, p, scale)
    spread = covariance(influence[:, 1:], kept.count, kept.cluster_codes)
    shape = surface_shape(coefficients[1:], spread.matrix, spread.df)
    at = kept.select(e, p)
    points, place = np.unique(np.column_stack([at[e], at[p]]), axis=0, return_inverse=True)
    return ResponseSurface(
        outcome=target,
        expected=e,
        performed=p,
        scale=scale,
        model="logistic" if isinstance(target, Binary) else "linear",
        estimate=shape.estimate,
        std_error=shape.std_error,
        df=spread.df,
        intercept=float(coefficients[0]),
        covariance=spread.matrix,
        difference=shape.difference,
        curvature=shape.curvature,
        stationary=shape.stationary,
        axes=shape.axes,
        points=points,
        n_points=np.bincount(place.ravel(), weights=at.count).astype(np.int64),
        share_at_top=_share_at_top(kept, target),
        n=kept.n,
        n_missing=missing,
        n_cells=kept.n_cells,
        notes=spread.notes,
    )


def _declared(data: IntoCells, given: object, role: str) -> tuple[Mapping[str, Scale], str]:
    """The column to declare, and its name."""
    if isinstance(given, str) and is_cells(data):
        return {}, metric_names(data, [given])[1][0]
    if isinstance(given, Mapping) and len(given) == 1:
        declared, names = metric_names(data, given)
        return declared, names[0]
    raise RoleError(
        f"{role} must map one column to its scale, but {given!r} was given."
        f'\nPass for example {role}={{"{role}_score": cx.CSAT7}}; for Cells its name is enough.'
    )


def _common_scale(given: Mapping[str, Scale]) -> Scale:
    first, second = given.values()
    if (first.low, first.high, first.higher_is_better) != (second.low, second.high, second.higher_is_better):
        good = {True: "high", False: "low"}
        told = [f"'{name}' {one.range}, {good[one.higher_is_better]} is good" for name, one in given.items()]
        raise ScaleError(
            "Expectation and performance must be on scales with the same bounds and direction, but they are not: "
            f"{'; '.join(told)}.\nA point of one is no point of the other: ask both alike."
        )
    return first


def _target(outcome: Outcome | None) -> Target:
    if isinstance(outcome, Target):
        return outcome
    given = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"An outcome that is binary, a rating or measured is needed, but {given}."
        '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").'
    )


def _centred(scale: Scale, values: Floats) -> Floats:
    """Points above the midpoint of the scale, up is good."""
    return upward(scale, values) - (scale.low + scale.high) / 2


def _refuse_few(kept: Cells, target: Target, e: str, p: str) -> None:
    """Answers that fix a quadratic, an outcome that varies, and enough of it."""
    weighed = kept.row_weight > 0
    pairs = np.column_stack([kept[e][weighed], kept[p][weighed]])
    first, second, both = len(np.unique(pairs[:, 0])), len(np.unique(pairs[:, 1])), len(np.unique(pairs, axis=0))
    if min(first, second) < LEVELS or both < PLACES:
        raise TooFewError(
            f"A surface needs at least {LEVELS} values of each score and {PLACES} different pairs, but '{e}' takes "
            f"{first:,} and '{p}' {second:,}, in {both:,} pairs.\nWith fewer, compare groups: see expectation_levels."
        )
    count, y = kept.count[weighed], kept[target.column][weighed]
    if y.min() == y.max():
        raise TooFewError(
            f"The outcome '{target.column}' must take at least two values, but all {rows(int(count.sum()))} hold "
            f"{number(float(y[0]))}.\nThere is nothing to explain."
        )
    have, per, what = int(count.sum()), ROWS_PER_COEFFICIENT, "rows"
    if isinstance(target, Binary):
        good = int(count[y == target.good].sum())
        have, per, what = min(good, have - good), EVENTS_PER_COEFFICIENT, "events (the rarer outcome)"
    if have < 5 * per:
        raise TooFewError(
            f"At least {per} {what} per coefficient are needed, {5 * per} for the five of a surface, but there are "
            f"{have:,}.\nCollect more answers."
        )


def _share_at_top(kept: Cells, target: Target) -> float:
    if not isinstance(target, Rating):
        return float("nan")
    mass = kept.count * kept.row_weight
    return float(mass[good_is_high(target, kept[target.column]) == target.scale.high].sum() / mass.sum())


def _told(test: NestedTest) -> str:
    return f"chi-square {shown(test.chi_square)} on {test.degrees}, p {shown_p(test.p_value)}"
