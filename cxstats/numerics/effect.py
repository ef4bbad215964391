"""An effect that can be tested at any value: a difference, or a ratio through Fieller's theorem."""

import math
from dataclasses import dataclass

from cxstats.numerics.intervals import critical, upper_tail


@dataclass(frozen=True, kw_only=True)
class Effect:
    """theta = a / b, where (a, b) are jointly normal (or t with ``df``) and b is above 0.

    To ask whether theta exceeds t is to ask whether a - t b exceeds 0: no ratio is ever divided by a
    denominator that may be 0. A plain estimate has b = 1 without variance.

    Attributes
    ----------
    a, b : float
    var_a, cov, var_b : float
        Variance of a, covariance of a with b, variance of b.
    df : float
        Degrees of freedom of Student's t; infinite for the normal.
    mc_error : float
        Monte Carlo standard error of the interval's ends; 0 where nothing was drawn.

    References
    ----------
    Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x
    """

    a: float
    var_a: float
    b: float = 1.0
    cov: float = 0.0
    var_b: float = 0.0
    df: float = math.inf
    mc_error: float = 0.0

    @property
    def estimate(self) -> float:
        """The effect; infinite or not a number where b is 0."""
        if self.b == 0:
            return math.copysign(math.inf, self.a) if self.a else math.nan
        return self.a / self.b

    def std_error_at(self, null: float) -> float:
        """Standard error of a - null b."""
        return math.sqrt(max(self.var_a - 2 * null * self.cov + null * null * self.var_b, 0.0))

    def p_not_above(self, null: float) -> float:
        """One-sided p-value of "theta <= null": small where theta is above."""
        return self._tail(self.a - null * self.b, self.std_error_at(null))

    def p_not_below(self, null: float) -> float:
        """One-sided p-value of "theta >= null": small where theta is below."""
        return self._tail(null * self.b - self.a, self.std_error_at(null))

    def _tail(self, distance: float, std_error: float) -> float:
        if std_error == 0:
            # No variation is no knowledge: a degenerate sample rejects nothing.
            return 1.0
        return float(upper_tail(distance / std_error, self.df))

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """All values t that a two-sided test at 1 - level does not reject (Fieller's set).

        Where b itself is not clearly above 0 the set has no end on at least one side; then the whole
        line is returned, which says the same in fewer words: it cannot be told.
        """
        c2 = float(critical(level, self.df)) ** 2
        square = self.b**2 - c2 * self.var_b
        if square <= 0:
            return -math.inf, math.inf
        middle = (self.a * self.b - c2 * self.cov) / square
        constant = (self.a**2 - c2 * self.var_a) / square
        half = math.sqrt(max(middle**2 - constant, 0.0))
        return middle - half, middle + half
