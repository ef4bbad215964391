"""How many customers a comparison of metrics needs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.cells import Cells, IntoCells, as_cells, metric_names
from cxstats.errors import RoleError, TooFewError, listed, number, rows, warn
from cxstats.methods.concordance import Concordance, concordance
from cxstats.methods.delong import AUCComparison, delong
from cxstats.numerics.influence import FEWEST_CLUSTERS
from cxstats.numerics.power import (
    ALPHA,
    aims,
    chances_with,
    is_number,
    needed_for,
    refuse_settings,
    rough_share,
    two_digits_up,
    whole_up,
)
from cxstats.results import Backend, build_frame, shown
from cxstats.roles import Binary, Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.compared import compare_on
from cxstats.shared.predictors import FEWEST_EVENTS
from cxstats.wald import WaldResult

_SAME = 1e-12  # of the variances of both metrics: below, their difference varies by rounding only


@dataclass(frozen=True, kw_only=True, eq=False)
class Power(WaldResult):
    """What it takes to compare p metrics, one row per pair ``"a - b"``.

    ``estimate`` and ``std_error`` are the difference in the pilot itself, which the plan does not use. The numbers
    needed are not rounded; the summary shows the next whole ones.

    Attributes
    ----------
    metrics : tuple of str, length p
    difference, smallest, chance, tests : as they were asked for
    n_differs, n_exceeds, n_equivalent : array, one per pair
        Rows needed; infinite where no number would do, NaN where the two metrics order the customers alike.
    chance_differs, chance_exceeds, chance_equivalent : array, one per pair
        The chances with as many rows as the pilot has.
    n_clusters : int or None
        Of the pilot. With clusters the rows needed come in clusters like these, at least 20.
    n_least : float
        Rows among which 100 good and 100 bad outcomes are expected (100 events; of another outcome, 100 rows).
    """

    metrics: tuple[str, ...]
    difference: float
    smallest: float
    chance: float
    tests: int
    n_differs: Floats
    n_exceeds: Floats
    n_equivalent: Floats
    chance_differs: Floats
    chance_exceeds: Floats
    chance_equivalent: Floats
    n_clusters: int | None
    n_least: float

    method: ClassVar[str] = "Power of intervals and of two one-sided tests, from the pilot's standard errors"
    reference: ClassVar[str] = "Phillips (1990), doi:10.1007/BF01063556"

    @property
    def terms(self) -> tuple[str, ...]:
        """Pairs as ``"a - b"``."""
        return tuple(f"{a} - {b}" for a, b in combinations(self.metrics, 2))

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The pair of each row."""
        return {"term": self.terms}

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        return -1.0, 1.0

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays: the pilot's differences, then the rows needed, then the chances with the pilot's."""
        more = [f"{what}_{aim}" for what in ("n", "chance") for aim in ("differs", "exceeds", "equivalent")]
        return {**super().columns(level), **{name: getattr(self, name) for name in more}}

    def at(self, n: float, backend: Backend = "pandas") -> Any:
        """The three chances of each pair with ``n`` rows: what a sample that can be had would tell."""
        per = self._per_unit
        least, of = (
            (1.0, "") if self.n_clusters is None else (FEWEST_CLUSTERS * per, f", those of {FEWEST_CLUSTERS} clusters")
        )
        if not is_number(n) or not least <= n < math.inf:
            raise RoleError(f"n must be a number of rows from {number(math.ceil(least))} up{of}, but {n!r} was given.")
        spread = np.where(np.isnan(self.n_differs), np.nan, self.std_error * math.sqrt(self.n / per))
        chances = {
            f"chance_{name}": chances_with(aim, spread, float(n) / per, self.n_clusters is not None)
            for name, aim in aims(self.difference, self.smallest, ALPHA / self.tests).items()
        }
        return build_frame({"term": list(self.terms), **chances}, backend)

    def sentences(self) -> tuple[str, ...]:
        """What is needed in words, of several pairs for the one that needs most, then what else must be known."""
        if not np.isfinite(self.n_differs).any():
            return ()
        return (self._to_tell(), self._to_exceed(), self._to_be_alike(), *self._besides())

    def plot(self, ax: Any = None) -> Any:
        """Draw the chances over the number of rows; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.power_curve import power_curve

        return power_curve(self, ax=ax)

    def summary(self, level: float = 0.95) -> str:
        """The rows needed, with the chances of the pilot's own number, and the same in sentences."""
        columns = self._shown(level)
        widths = [max(map(len, (head, *cells))) for head, cells in columns.items()]
        lines = []
        for first, *others in (tuple(columns), *zip(*columns.values(), strict=True)):
            numbers = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
            lines.append("  ".join((first.ljust(widths[0]), *numbers)))
        return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:], self.footer()])

    def footer(self) -> str:
        """How to read the table, then the sentences and the usual lines."""
        have = rows(self.n) if self.n_clusters is None else f"{rows(self.n)} in {self.n_clusters:,} clusters"
        adjusted = "" if self.tests == 1 else f", p-values adjusted over {self.tests:,} tests"
        key = f"Rows needed for a chance of {100 * self.chance:g}%{adjusted}; in brackets the chance with the pilot's"
        return "\n".join([f"{key} {have}.", *self.sentences(), super().footer()])

    def _repr_html_(self) -> str:
        table: str = build_frame(self._shown(0.95), "pandas").to_html(index=False, border=0, escape=True)
        return table + "<p>" + "<br>".join(escape(line) for line in self.footer().splitlines()) + "</p>"

    @property
    def _per_unit(self) -> float:
        return 1.0 if self.n_clusters is None else self.n / self.n_clusters

    def _shown(self, level: float) -> dict[str, list[str]]:
        """The table for reading."""
        limits, smallest = self.confidence_interval(level), number(self.smallest)
        half = (limits.high - limits.low) / 2
        columns = {"pair": [*self.terms], f"pilot, {100 * level:g}%": [f"±{shown(float(h), 2)}" for h in half]}
        for head, needed, chance in (
            (f"to tell {number(self.difference)}", self.n_differs, self.chance_differs),
            (f"to show above {smallest}", self.n_exceeds, self.chance_exceeds),
            (f"to show within {smallest}", self.n_equivalent, self.chance_equivalent),
        ):
            columns[head] = [f"{self._whole(n)} ({rough_share(c)})" for n, c in zip(needed, chance, strict=True)]
        return columns

    def _whole(self, needed: float) -> str:
        """The next whole number of rows, that of whole clusters."""
        if not math.isfinite(needed):
            return "no number" if needed > 0 else "–"
        return f"{whole_up(whole_up(needed / self._per_unit) * self._per_unit):,}"

    def _about(self, needed: float) -> str:
        """So many, to two digits, as part of a sentence."""
        units = two_digits_up(needed / self._per_unit)
        if self.n_clusters is None:
            return f"about {units:,} customers like these"
        return f"about {two_digits_up(units * self._per_unit):,} rows in {units:,} clusters like these"

    def _to_tell(self) -> str:
        most, pair, names = float(np.nanmax(self.n_differs)), " and ".join(self.metrics), ", ".join(self.metrics)
        between = pair if len(self.metrics) == 2 else f"any two of {names}, each pair by itself"
        pilot = f"{self.n:,}" if self.n_clusters is None else f"{self.n:,} in {self.n_clusters:,}"
        needed = f"{self._about(most)} are needed (pilot: {pilot})"
        return f"To tell a difference of {number(self.difference)} between {between}, {needed}."

    def _to_exceed(self) -> str:
        most, smallest = float(np.nanmax(self.n_exceeds)), number(self.smallest)
        if math.isfinite(most):
            return f"To show that such a difference exceeds {smallest}: {self._about(most)}."
        what = f"a difference of {number(self.difference)} exceeds {smallest}"
        return f"No number of customers shows that {what}: only a larger one can be shown to exceed it."

    def _to_be_alike(self) -> str:
        most = float(np.nanmax(self.n_equivalent))
        if math.isfinite(most):
            within = f"within {number(self.smallest)} either way, where there is none"
            return f"To show that it lies {within}: {self._about(most)}."
        return "No number of customers shows that a difference is exactly 0: a margin above 0 can be shown."

    def _besides(self) -> Iterator[str]:
        pairs, needed = len(self.estimate), (self.n_differs, self.n_exceeds, self.n_equivalent)
        if pairs > 1 and self.tests < pairs:
            yield f"To name the best of them takes more: p-values are then adjusted over {pairs} pairs (tests={pairs})."
        if any((n < self.n_least).any() for n in needed):
            least = f"about {two_digits_up(self.n_least):,} rows like these"
            yield f"Whatever they differ by, cx.league_table compares metrics from {least} up."
        if self.n_missing:
            yield f"These are complete rows; of the pilot's {self.n + self.n_missing:,} rows {self.n:,} were complete."


def power(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    metrics: Mapping[str, Scale] | Sequence[str] | None = None,
    difference: float = 0.02,
    smallest: float = 0.01,
    chance: float = 0.8,
    tests: int = 1,
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Power:
    """Find out how many customers it takes to compare metrics, before they are asked.

    Use it on a pilot: a smaller sample of the same kind, last year's survey, or simulated customers
    (`cx.simulate.cohort`). Plan for the difference that would change a decision; that of the pilot itself is
    mostly chance. Do not use it afterwards to explain why nothing was found: the interval says that.

    Parameters
    ----------
    data : dataframe or Cells
        The pilot, one row per customer.
    outcome : Binary, Rating, Continuous, Count or Survival
        With what is good for the firm declared. Those of a `Survival` are then to be watched as long as the pilot's.
    metrics : mapping from column to Scale
        Two or more; names suffice where ``data`` are Cells.
    difference : float
        The true difference of areas (of another outcome, of concordances) to plan for, above 0 and below 1.
    smallest : float
        The smallest difference that counts, from 0 up to below 1.
    chance : float
        The chance (power) that is wanted, above .05 and below 1.
    tests : int
        Tests over which p-values will be adjusted, such as all pairs of the metrics: each is planned at .05 / tests,
        which suffices for Holm's adjustment.
    cluster : str, optional
        Column with what makes rows dependent; at least 20 clusters. The rows needed then come in clusters like these.
    weight : str, optional
        Survey weight, taken as fixed; the rows needed are weighted like these.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    Power
        One row per pair. With the chance wanted the 95% interval leaves out 0 at ``n_differs`` rows and lies above
        ``smallest`` at ``n_exceeds``, if the difference is as given; if it is 0, the 90% interval lies within
        ``smallest`` at ``n_equivalent``. Then the chances with the pilot's rows; ``at(n)`` gives them for any n.

    Raises
    ------
    TooFewError
        Fewer than two metrics, a constant metric, fewer than 2 rows of either outcome, fewer than 20 clusters.
    SeparationError
        A metric tells the outcomes apart perfectly.
    RoleError
        A setting out of its range, no outcome; also as for `tally`.
    ScaleError, ColumnError
        As for `tally`.

    Notes
    -----
    The standard error of a difference in n rows is that of `delong` [2]_ (of another outcome that of `concordance`); in
    m rows like these it is s = sqrt(n / m) times that. With z the normal quantile at .975 the chances are
    Phi(d / s - z) + Phi(-d / s - z) that the interval leaves out 0, Phi((d - smallest) / s - z) that it lies above
    ``smallest``, and with z at .95 max(0, 2 Phi(smallest / s - z) - 1) that two one-sided tests show equivalence [1]_;
    the rows needed are the roots. The last two make a verdict "supported". One independent unit is a row, or a
    cluster: then it is Student's t with clusters minus one, and the mean chance over what the standard error may come
    out as. Rows that lack the outcome or a metric are left out and counted in ``n_missing``; those needed are complete.
    With fewer than 100 good or bad outcomes (events) the pilot's standard errors are uncertain, which a warning says.

    References
    ----------
    .. [1] Phillips (1990). J. Pharmacokinet. Biopharm. 18, 137-144. doi:10.1007/BF01063556
    .. [2] DeLong, DeLong & Clarke-Pearson (1988). Biometrics 44, 837-845. doi:10.2307/2531595

    Examples
    --------
    >>> import cxstats as cx
    >>> pilot = cx.simulate.cohort(1200, rng=1)
    >>> plan = cx.power(pilot, outcome=cx.Binary("repurchase"), metrics={"nps": cx.NPS, "csat": cx.CSAT5})
    >>> plan.to_frame()[["term", "n_differs", "n_exceeds", "n_equivalent"]].round(0)
             term  n_differs  n_exceeds  n_equivalent
    0  nps - csat     5222.0    20888.0       22791.0
    >>> print(plan.sentences()[0])
    To tell a difference of 0.02 between nps and csat, about 5,300 customers like these are needed (pilot: 1,200).
    """
    refuse_settings(difference, smallest, chance, tests)
    declared, names = metric_names(data, metrics)
    if len(names) < 2:
        raise TooFewError(f"A comparison needs at least two metrics, but {len(names)} was given.")
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, weight=weight, count=count))
    found, rarest, what = _compared(cells, names)
    told = f"The pilot has {rarest:,} {what}, fewer than {FEWEST_EVENTS}: its standard errors are uncertain themselves"
    few = [warn(f"{told}, and with them the numbers needed.")] if rarest < FEWEST_EVENTS else []
    clustered = math.isfinite(found.df)
    units = found.df + 1 if clustered else float(found.n)
    spread, alike = _spread(found, units)
    planned = aims(difference, smallest, ALPHA / tests).items()
    needed = {f"n_{k}": needed_for(aim, spread, chance, clustered) * found.n / units for k, aim in planned}
    chances = {f"chance_{k}": chances_with(aim, spread, units, clustered) for k, aim in planned}
    p = len(names)
    return Power(
        estimate=found.estimate[p:],
        std_error=found.std_error[p:],
        df=found.df,
        metrics=names,
        difference=float(difference),
        smallest=float(smallest),
        chance=float(chance),
        tests=int(tests),
        **needed,
        **chances,
        n_clusters=int(units) if clustered else None,
        n_least=FEWEST_EVENTS * found.n / rarest,
        n=found.n,
        n_missing=found.n_missing,
        n_cells=found.n_cells,
        notes=(*found.notes, *few, *alike),
    )


def _spread(found: AUCComparison | Concordance, units: float) -> tuple[Floats, tuple[str, ...]]:
    """The standard error of each difference with one unit, NaN where it does not vary, and a note on these."""
    p, variance = len(found.metrics), np.diag(found.covariance)
    error, both = found.std_error[p:], np.array([variance[i] + variance[j] for i, j in combinations(range(p), 2)])
    same = error**2 <= _SAME * both
    told = listed(term for term, is_same in zip(found.terms[p:], same, strict=True) if is_same)
    note = f"No plan for {told}: both order the customers alike, and their difference does not vary."
    return np.where(same, np.nan, error * math.sqrt(units)), (note,) if same.any() else ()


def _compared(cells: Cells, names: Sequence[str]) -> tuple[AUCComparison | Concordance, int, str]:
    """The pilot's comparison, and how many rows it has of what it needs most, and of what."""
    if not isinstance(cells.roles.outcome, Binary):
        ordered = concordance(cells, metrics=names)
        return (ordered, ordered.n, "rows") if ordered.n_events is None else (ordered, ordered.n_events, "events")
    on = compare_on(cells, names)
    n, what = min(
        (int(on.count[on.on(j) & which].sum()), f"{word} outcomes")
        for j in range(len(names))
        for word, which in (("good", on.positive), ("bad", ~on.positive))
    )
    return delong(cells, metrics=names), n, what
