"""Equivalence by two one-sided tests: whether an estimate lies within a margin that would not matter."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from cxstats.arrays import Bools, Column, Floats
from cxstats.errors import RoleError, listed, number
from cxstats.numerics.intervals import symmetric, upper_tail
from cxstats.results import Backend, ConfidenceInterval, Result, checked_level

Numbers: TypeAlias = float | Sequence[float] | Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Equivalence(Result):
    """Two one-sided tests of each estimate against the same margin.

    The interval shown is the one that decides: at ``1 - 2 alpha`` (90% for alpha .05) it lies within the
    margin exactly where `equivalent` is true. Any other level can be asked for.

    Attributes
    ----------
    low, high : float
        The margin, on the scale of the estimate.
    alpha : float
    df : array, one per estimate
    terms : mapping from column to names
        What each estimate is about.
    """

    low: float
    high: float
    alpha: float
    df: Floats
    terms: dict[str, tuple[str, ...]]

    method: ClassVar[str] = "Equivalence by two one-sided tests"
    reference: ClassVar[str] = "Schuirmann (1987), doi:10.1007/BF01068419"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """What each estimate is about, and the margin."""
        margin = f"{number(self.low)} to {number(self.high)}"
        return {**self.terms, "margin": (margin,) * len(self.estimate)}

    @property
    def p_low(self) -> Floats:
        """One-sided p-value of "not above the low end": small where the estimate is above it."""
        return upper_tail((self.estimate - self.low) / self.std_error, self.df)

    @property
    def p_high(self) -> Floats:
        """One-sided p-value of "not below the high end": small where the estimate is below it."""
        return upper_tail((self.high - self.estimate) / self.std_error, self.df)

    @property
    def statistic(self) -> Floats:
        """Distance to the nearer end over the standard error; negative outside the margin."""
        return np.minimum(self.estimate - self.low, self.high - self.estimate) / self.std_error

    @property
    def p_value(self) -> Floats:
        """The larger of the two one-sided p-values; not doubled, because both tests must reject."""
        return np.maximum(self.p_low, self.p_high)

    @property
    def equivalent(self) -> Bools:
        """Where both tests reject at ``alpha``; false means "not shown", never "different"."""
        return self.p_value < self.alpha

    def confidence_interval(self, level: float | None = None) -> ConfidenceInterval:
        """Symmetric limits; without a level those at ``1 - 2 alpha``, which decide."""
        level = self._level(level)
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        return ConfidenceInterval(limits.low, limits.high, level)

    def columns(self, level: float | None = None) -> dict[str, Column]:
        """The frame as arrays; without a level the interval that decides."""
        return super().columns(self._level(level))

    def to_frame(self, backend: Backend = "pandas", level: float | None = None) -> Any:
        """One row per estimate; without a level the interval that decides."""
        return super().to_frame(backend, self._level(level))

    def summary(self, level: float | None = None) -> str:
        """The tests as a text table; without a level the interval that decides."""
        return super().summary(self._level(level))

    def footer(self) -> str:
        """What was shown, then the method."""
        names = [" ".join(row) for row in zip(*self.terms.values(), strict=True)]
        shown = [name for name, yes in zip(names, self.equivalent, strict=True) if yes]
        verdict = f"Equivalent at alpha {number(self.alpha)}: {listed(shown) or 'none shown'}."
        return f"{verdict}\n{super().footer()}"

    def plot(self, ax: Any = None) -> Any:
        """Draw estimates with the interval that decides; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.forest import forest

        return forest(self, ax=ax, level=self._level(None))

    def _level(self, level: float | None) -> float:
        return 1 - 2 * self.alpha if level is None else level


def equivalence(
    estimate: Result | Numbers,
    *,
    std_error: Numbers | None = None,
    margin: float | None = None,
    low: float | None = None,
    high: float | None = None,
    df: Numbers = math.inf,
    alpha: float = 0.05,
) -> Equivalence:
    """Show that an estimate is too small to matter, or lies within a stated band.

    A difference that is not significant is not thereby shown to be absent: this test is what shows it.
    Fix the margin before you see the data, as the smallest effect that would change a decision.

    Parameters
    ----------
    estimate : float, sequence of floats, or a result of cxstats
        From a result the estimates, standard errors, degrees of freedom and labels of all its rows are
        taken. The margin suits differences; rows that are levels are tested against it all the same.
    std_error : float or sequence of floats
        Standard error of each estimate; not with a result.
    margin : float
        Above 0, in units of the estimate (points for an NPS, probability for an AUC): the band is
        ``-margin`` to ``margin``.
    low, high : float
        The band, if it is not symmetric about 0. Give these two or ``margin``.
    df : float or sequence of floats
        Degrees of freedom for Student's t; infinite for the normal.
    alpha : float
        Error rate of the decision, in (0, .5).

    Returns
    -------
    Equivalence
        One row per estimate with the interval at ``1 - 2 alpha``; ``p_low``, ``p_high``, ``p_value`` (the
        larger of the two) and ``equivalent``, arrays of one entry per row.

    Raises
    ------
    RoleError
        No margin, one that is not ordered, finite and (``margin``) above 0; a standard error that is not
        above 0 and finite; estimate, standard error and degrees of freedom that do not match.

    Notes
    -----
    With t1 = (estimate - low) / SE and t2 = (high - estimate) / SE, equivalence is shown where both upper
    tails are below alpha [1]_, which is where the interval at 1 - 2 alpha lies within the band [2]_. The
    interval is estimate and critical value times standard error for any result, also where the result's
    own interval is another one (adjusted, Wilson or clipped). P-values are not adjusted for the number
    of rows. Independent units, missing values and clusters are those of the result.

    References
    ----------
    .. [1] Schuirmann (1987). J. Pharmacokinet. Biopharm. 15, 657-680. doi:10.1007/BF01068419
    .. [2] Lakens (2017). Soc. Psychol. Personal. Sci. 8, 355-362. doi:10.1177/1948550617697177

    Examples
    --------
    >>> import cxstats as cx
    >>> print(cx.equivalence(0.002, std_error=0.004, margin=0.01))
    term      margin         estimate  std. error    90% low  90% high  statistic        p
    ──────────────────────────────────────────────────────────────────────────────────────
    estimate  -0.01 to 0.01     0.002       0.004  -0.004579  0.008579          2  0.02275
    Equivalent at alpha 0.05: 'estimate'.
    Equivalence by two one-sided tests. Schuirmann (1987), doi:10.1007/BF01068419
    """
    band = _band(margin, low, high)
    if not 0 < alpha < 0.5:
        raise RoleError(f"alpha must lie between 0 and 0.5, but {alpha!r} was given.")
    if isinstance(estimate, Result):
        if std_error is not None or not np.all(np.isposinf(df)):
            raise RoleError("std_error and df are taken from the result, but were given besides.\nLeave them out.")
        result, terms = estimate, {k: tuple(map(str, v)) for k, v in estimate.labels.items()}
        values, errors, freedom = _matched(result.estimate, result.std_error, getattr(result, "df", math.inf))
        notes = result.notes
    else:
        if std_error is None:
            raise RoleError("std_error must be given with an estimate that is a number.\nOr pass a result of cxstats.")
        values, errors, freedom = _matched(estimate, std_error, df)
        single = len(values) == 1
        terms = {"term": ("estimate",) if single else tuple(f"estimate {i + 1}" for i in range(len(values)))}
        notes = ()
    _check(values, errors, freedom, terms)
    return Equivalence(
        estimate=values,
        std_error=errors,
        df=freedom,
        low=band[0],
        high=band[1],
        alpha=float(alpha),
        terms=terms,
        notes=notes,
    )


def _band(margin: float | None, low: float | None, high: float | None) -> tuple[float, float]:
    """The ends of the band, from whichever way they were given."""
    if margin is not None and low is None and high is None:
        if not (margin > 0 and math.isfinite(margin)):
            raise RoleError(f"margin must be above 0 and finite, but {margin!r} was given.")
        return -float(margin), float(margin)
    if margin is None and low is not None and high is not None:
        if not (low < high and math.isfinite(low) and math.isfinite(high)):
            raise RoleError(f"low must be below high, both finite, but low={low!r} and high={high!r} were given.")
        return float(low), float(high)
    raise RoleError(
        f"Either margin or both low and high must be given, but margin={margin!r}, low={low!r}, high={high!r} were."
        "\nThe margin is the smallest effect that would matter; only you can know it."
    )


def _matched(estimate: Any, std_error: Any, df: Any) -> tuple[Floats, Floats, Floats]:
    """The three as arrays of one length; a single standard error or df serves for all."""
    try:
        arrays = [np.atleast_1d(np.asarray(given, dtype=np.float64)) for given in (estimate, std_error, df)]
        values, errors, freedom = np.broadcast_arrays(*arrays)
    except (TypeError, ValueError):
        raise RoleError(
            "estimate, std_error and df must be numbers, one each or as many as there are estimates, but "
            f"{estimate!r}, {std_error!r} and {df!r} were given."
        ) from None
    if values.ndim != 1 or len(values) != len(arrays[0]) or len(values) == 0:
        raise RoleError(
            "estimate must be a number or a row of numbers, with as many standard errors and df or one of each, but "
            f"the shapes {arrays[0].shape}, {arrays[1].shape} and {arrays[2].shape} were given."
        )
    return values, errors, freedom


def _check(values: Floats, errors: Floats, freedom: Floats, terms: dict[str, tuple[str, ...]]) -> None:
    names = [" ".join(row) for row in zip(*terms.values(), strict=True)]
    rules = (
        ("Every estimate must be finite", np.isfinite(values), values),
        ("Every standard error must be above 0 and finite", np.isfinite(errors) & (errors > 0), errors),
        ("Degrees of freedom must be above 0", freedom > 0, freedom),
    )
    for must, holds, found in rules:
        if not holds.all():
            wrong = [f"{names[i]}: {number(found[i])}" for i in np.flatnonzero(~holds)]
            raise RoleError(
                f"{must}, but {len(wrong):,} of {len(holds):,} {'is' if len(wrong) == 1 else 'are'} not: "
                f"{listed(wrong)}.\nLeave those rows out: pass estimate and std_error of the others."
            )
