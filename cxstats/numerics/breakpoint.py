"""Two lines that meet at a breakpoint that is estimated: least squares, and the test of no bend.

y = a + b1 min(x - c, 0) + b2 max(x - c, 0). Between two neighbouring values of x the best c is where the line through
the rows below meets the line through the rows above, if it lies there, else an end (Hudson 1966,
doi:10.1080/01621459.1966.10482198). Going through all of them finds the smallest sum of squares exactly.
"""

from dataclasses import dataclass

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.numerics.influence import covariance
from cxstats.numerics.max_t import max_t

FEWEST_ROWS = 10  # strictly on each side of a breakpoint
MOST_CUTS = 30  # at which "no bend" is tested: nearer ones tell the same
_NOTHING = 1e-12  # of a sum of squares: below it, the rows of a side have one value of x


@dataclass(frozen=True)
class Broken:
    """Least squares with one breakpoint, for each of B sets of masses; NaN where a set allows none.

    Attributes
    ----------
    below, above, breakpoint, level : array, shape (B,)
        Slopes on either side, where they meet, and the height there.
    rss : array, shape (B,)
        Residual sum of squares of the means per value of x: without the spread within values.
    """

    below: Floats
    above: Floats
    breakpoint: Floats
    level: Floats
    rss: Floats


@dataclass(frozen=True)
class NoBend:
    """The test that one straight line does: the largest of the score statistics at all breakpoints tried.

    Attributes
    ----------
    statistic : float
        The largest |t|.
    p_value : float
        Chance of one as large, from the joint normal (or t) of all of them.
    at : float
        The breakpoint where it is largest.
    """

    statistic: float
    p_value: float
    at: float


def may_break(count: Ints, mass: Floats, share: float) -> Bools:
    """Which of G distinct values, ascending, have rows enough on either side to be a breakpoint.

    Strictly below and strictly above lie ten rows and this share of the mass, and with the value itself each side
    has two values that do not hang on a single row.

    Parameters
    ----------
    count : int array, shape (G,)
        Rows at each value.
    mass : array, shape (G,)
        The same by weight.
    share : float
    """
    fine = np.ones(len(count), dtype=np.bool_)
    for way in (slice(None), slice(None, None, -1)):
        rows = (np.cumsum(count[way]) - count[way])[way]
        part = (np.cumsum(mass[way]) - mass[way])[way]
        held_twice = (np.arange(len(count))[way] >= 2) | (count >= 2)
        # A sum that misses the share by rounding alone has it.
        fine &= (rows >= FEWEST_ROWS) & (part >= share * mass.sum() * (1 - 1e-12)) & held_twice
    return fine


def fit_broken(values: Floats, mass: Floats, total: Floats, low: float, high: float) -> Broken:
    """The breakpoint in [low, high] with the smallest sum of squares.

    Parameters
    ----------
    values : array, shape (G,)
        The distinct values of x, ascending; ``low`` and ``high`` are among them.
    mass, total : array, shape (B, G)
        For each set of masses the rows at each value, and the sum of their responses.
    low, high : float
    """
    centre, width = float(values.mean()), float(np.ptp(values))
    x = (values - centre) / width
    level = total.sum(axis=1, keepdims=True) / mass.sum(axis=1, keepdims=True)
    sums = _Sums.of(x, mass, total - level * mass)
    inside = np.flatnonzero((values >= low) & (values <= high))
    knots = np.broadcast_to(x[inside], (len(mass), len(inside)))
    meets = _meets(sums, inside[:-1])
    between = (meets >= x[inside[:-1]]) & (meets <= x[inside[1:]])
    cut = np.hstack([knots, np.where(between, meets, x[inside[:-1]])])
    place = np.concatenate([inside, inside[:-1]])
    a, below, above, rss = _joined(sums, cut, place)
    best = np.where(np.isnan(rss), np.inf, rss).argmin(axis=1)
    every = np.arange(len(mass))
    spread = np.where(mass > 0, (total - level * mass) ** 2 / np.where(mass > 0, mass, 1.0), 0.0).sum(axis=1)
    lost = np.isnan(rss[every, best])
    found = [np.where(lost, np.nan, part[every, best]) for part in (below / width, above / width, cut, a, rss)]
    return Broken(found[0], found[1], found[2] * width + centre, found[3] + level[:, 0], found[4] + spread)


def broken_influence(x: Floats, y: Floats, count: Ints, fit: Broken) -> Floats:
    """Influence (K, 2) of one row of each cell on the slopes below and above, of the first set fitted.

    Linearised with the breakpoint as a coefficient of its own (Hansen 2017, doi:10.1080/07350015.2015.1073595): exact
    in large samples where it lies between values; at a value the derivative is the mean of those on either side.
    """
    b1, b2, c = float(fit.below[0]), float(fit.above[0]), float(fit.breakpoint[0])
    low, high = np.minimum(x - c, 0.0), np.maximum(x - c, 0.0)
    moved = -np.where(x < c, b1, np.where(x > c, b2, (b1 + b2) / 2))
    jacobian = np.column_stack([np.ones(len(x)), low, high, moved])
    residual = y - float(fit.level[0]) - b1 * low - b2 * high
    scale = np.sqrt((count[:, None] * jacobian**2).sum(axis=0))
    scale[scale == 0] = 1.0
    scaled = jacobian / scale
    inverse = np.linalg.pinv((scaled * count[:, None]).T @ scaled, hermitian=True)
    influence: Floats = (scaled * residual[:, None]) @ inverse / scale
    return influence[:, 1:3]


def no_bend(x: Floats, y: Floats, count: Ints, cluster: Ints | None, cuts: Floats) -> NoBend:
    """Test one straight line against two lines with a breakpoint at any of the cuts.

    At each cut the statistic is the covariance of the residuals of the straight line with what the line leaves of
    max(x - cut, 0), over its error from rows or clusters. The largest is referred to its own distribution, so that
    having searched for it is accounted for (Davies 1987, doi:10.1093/biomet/74.1.33; Hansen 1996,
    doi:10.2307/2171789).
    """
    if len(cuts) > MOST_CUTS:
        cuts = cuts[np.round(np.linspace(0, len(cuts) - 1, MOST_CUTS)).astype(np.int64)]
    z = (x - count @ x / count.sum()) / np.ptp(x)
    line = np.column_stack([np.ones(len(z)), z])
    bends = np.maximum(x[:, None] - cuts, 0.0) / np.ptp(x)
    both = np.column_stack([y, bends])
    root = np.sqrt(count)[:, None]
    solved, *_ = np.linalg.lstsq(line * root, both * root, rcond=None)
    left = both - line @ solved
    values = left[:, 1:] * left[:, :1]
    spread = covariance(values, count, cluster)
    t = np.abs(count @ values) / np.sqrt(np.diag(spread.matrix))
    largest = int(t.argmax())
    p = float(max_t(np.eye(len(cuts)), spread.matrix, spread.df).tail(t[largest]))
    return NoBend(float(t[largest]), p, float(cuts[largest]))


@dataclass(frozen=True)
class _Sums:
    """Sums over all values up to each, shape (B, G): of 1, x, x^2, y and xy."""

    n: Floats
    x: Floats
    xx: Floats
    y: Floats
    xy: Floats

    @classmethod
    def of(cls, x: Floats, mass: Floats, total: Floats) -> "_Sums":
        parts = (mass, mass * x, mass * x**2, total, total * x)
        return cls(*(np.cumsum(part, axis=1) for part in parts))

    def upto(self, place: Ints) -> "_Sums":
        return _Sums(*(part[:, place] for part in (self.n, self.x, self.xx, self.y, self.xy)))

    def beyond(self, place: Ints) -> "_Sums":
        return _Sums(*(part[:, -1:] - part[:, place] for part in (self.n, self.x, self.xx, self.y, self.xy)))

    def about(self, cut: Floats) -> tuple[Floats, Floats, Floats]:
        """Sums of x - cut, of its square, and of its product with y."""
        return self.x - cut * self.n, self.xx - 2 * cut * self.x + cut**2 * self.n, self.xy - cut * self.y

    def line(self) -> tuple[Floats, Floats]:
        """Intercept and slope of a line of its own; NaN where x has one value."""
        with np.errstate(divide="ignore", invalid="ignore"):
            squares = self.xx - self.x**2 / self.n
            slope = np.where(squares > _NOTHING * self.n, (self.xy - self.x * self.y / self.n) / squares, np.nan)
            return (self.y - slope * self.x) / self.n, slope


def _meets(sums: _Sums, place: Ints) -> Floats:
    """Where the line through the values up to each place meets the one through those beyond it."""
    a1, b1 = sums.upto(place).line()
    a2, b2 = sums.beyond(place).line()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b1 == b2, np.nan, (a2 - a1) / (b1 - b2))


def _joined(sums: _Sums, cut: Floats, place: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Height at the cut, slope below and above, and - the squares that they explain; values up to place are below."""
    n, y = sums.n[:, -1:], sums.y[:, -1:]
    u, uu, uy = sums.upto(place).about(cut)
    v, vv, vy = sums.beyond(place).about(cut)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = n - u**2 / uu - v**2 / vv
        fine = (uu > _NOTHING * n) & (vv > _NOTHING * n) & (left > _NOTHING * n)
        a = np.where(fine, (y - u * uy / uu - v * vy / vv) / left, np.nan)
        below, above = (uy - a * u) / uu, (vy - a * v) / vv
    return a, below, above, -(a * y + below * uy + above * vy)
