"""What every result has in common: frozen, printable, and a tidy frame with fixed columns."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np

from cxstats.arrays import Column, Floats
from cxstats.errors import rows

Backend = Literal["pandas", "polars", "pyarrow"]

# The columns of every to_frame(), after the ones that say what a row is about.
SCHEMA = ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value")


@dataclass(frozen=True)
class ConfidenceInterval:
    """Lower and upper limits, one per term, at a confidence level in (0, 1)."""

    low: Floats
    high: Floats
    level: float = 0.95


def checked_level(level: float) -> float:
    """The confidence level, if it is one."""
    if not 0 < level < 1:
        raise ValueError(f"The confidence level must lie between 0 and 1, but {level!r} was given; 95% is 0.95.")
    return level


def build_frame(columns: dict[str, Any], backend: Backend) -> Any:
    """A frame of the library asked for."""
    # Text as a list: polars would keep an object array as Python objects.
    columns = {
        name: values.tolist() if isinstance(values, np.ndarray) and values.dtype == object else values
        for name, values in columns.items()
    }
    if backend == "pandas":
        import pandas as pd

        return pd.DataFrame(columns)
    if backend == "polars":
        import polars as pl

        return pl.DataFrame(columns)
    if backend == "pyarrow":
        import pyarrow as pa

        return pa.table(columns)
    raise ValueError(f"backend must be 'pandas', 'polars' or 'pyarrow', not {backend!r}.")


@dataclass(frozen=True, kw_only=True, eq=False)
class Result(ABC):
    """A frozen record of estimates.

    Subclasses hold the estimates as arrays with one entry per row of the frame, and say in `labels`
    what each row is about. The confidence level belongs to the reading of a result, so changing it
    never fits anything again.
    """

    estimate: Floats
    std_error: Floats
    notes: tuple[str, ...] = ()

    # How the summary names the method, and where its formulas stand.
    method: ClassVar[str]
    reference: ClassVar[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                frozen = value.copy()
                frozen.flags.writeable = False
                object.__setattr__(self, field.name, frozen)

    @property
    @abstractmethod
    def labels(self) -> dict[str, Sequence[str]]:
        """What each row is about: the leading columns of the frame."""

    @property
    def statistic(self) -> Floats:
        """Test statistic per row; NaN where there is nothing to test."""
        return np.full(len(self.estimate), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided p-value per row; NaN where there is nothing to test."""
        return np.full(len(self.estimate), np.nan)

    @abstractmethod
    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Limits per row at the confidence level."""

    def columns(self, level: float = 0.95) -> dict[str, Column]:
        """The frame as arrays: labels first, then `SCHEMA`."""
        interval = self.confidence_interval(level)
        numbers = (self.estimate, self.std_error, interval.low, interval.high, self.statistic, self.p_value)
        labels = {name: np.array(values, dtype=object) for name, values in self.labels.items()}
        return {**labels, **{name: np.array(v, dtype=np.float64) for name, v in zip(SCHEMA, numbers, strict=True)}}

    def to_frame(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """One row per estimate: what it is about, then `SCHEMA`, unrounded."""
        return build_frame({k: list(v) for k, v in self.columns(level).items()}, backend)

    def footer(self) -> str:
        """The last lines of the summary: method, reference, notes."""
        return "\n".join([f"{self.method}. {self.reference}", *(f"Note: {note}" for note in self.notes)])

    def summary(self, level: float = 0.95) -> str:
        """The estimates as a text table, rounded for reading."""
        return f"{text_table(self.columns(level), level)}\n{self.footer()}"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from html import escape

        frame = self.to_frame()
        for name in SCHEMA:
            frame[name] = [_shown_in(name, value) for value in frame[name]]
        table: str = frame.to_html(index=False, border=0, escape=True)
        return table + "<p>" + "<br>".join(escape(line) for line in self.footer().splitlines()) + "</p>"

    def plot(self, ax: Any = None) -> Any:
        """Draw estimates with intervals; returns the matplotlib Axes, shows nothing."""
        from cxstats.figures.forest import forest

        return forest(self, ax=ax)


@dataclass(frozen=True, kw_only=True, eq=False)
class TalliedResult(Result):
    """A result computed on cells: it knows how many rows it stands on.

    ``n`` rows were used, ``n_missing`` were left out because a value was missing.
    """

    n: int
    n_missing: int
    n_cells: int

    def footer(self) -> str:
        """Rows used and left out, then the method."""
        left_out = f", {self.n_missing:,} left out with a missing value" if self.n_missing else ""
        return f"{rows(self.n)} used{left_out}; {self.n_cells:,} cells.\n{super().footer()}"


def shown(value: float, digits: int = 4) -> str:
    """A number for reading: four significant digits, a dash for none. The only rounding there is."""
    if np.isnan(value):
        return "–"
    return f"{value:.{digits}g}"


def shown_p(value: float) -> str:
    """A p-value for reading: what is smaller than .0001 is only said to be so."""
    return "<0.0001" if value < 0.0001 else shown(value)


def _shown_in(name: str, value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return shown_p(value) if name.startswith("p_value") else shown(value)


def text_table(columns: dict[str, Column], level: float) -> str:
    """The columns side by side, numbers to the right."""
    percent = f"{100 * level:g}%"
    heads = {"std_error": "std. error", "ci_low": f"{percent} low", "ci_high": f"{percent} high", "p_value": "p"}
    cells = [
        [heads.get(name, name), *(_shown_in(name, v) for v in values)]
        for name, values in columns.items()
        if not (name in SCHEMA and np.isnan(values).all())
    ]
    widths = [max(map(len, column)) for column in cells]
    numeric = [
        values.dtype != object for name, values in columns.items() if not (name in SCHEMA and np.isnan(values).all())
    ]
    lines = [
        "  ".join(t.rjust(w) if num else t.ljust(w) for t, w, num in zip(line, widths, numeric, strict=True)).rstrip()
        for line in zip(*cells, strict=True)
    ]
    return "\n".join([lines[0], "─" * len(lines[0]), *lines[1:]])
