"""What the figures of estimates show, read back from the drawing."""

import math
from dataclasses import dataclass

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from cxstats.figures.intervals import axis_range, wrapped
from cxstats.figures.palette import ACCENT, BAND, MUTED, PAPER
from cxstats.figures.parts import parts

# The end of a line is stored as it was given: only the reading back rounds.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Row:
    name: str
    estimate: float
    ci_low: float
    ci_high: float


ROWS = (Row("first", 0.03, 0.02, 0.04), Row("second", 0.05, 0.035, 0.065))


def lines(ax: Axes) -> list[tuple[float, float]]:
    """The ends of every interval, top row first."""
    return [(float(p[0][0]), float(p[1][0])) for c in ax.collections for p in c.get_segments()]


def dots(ax: Axes) -> list[tuple[float, str]]:
    """Place and face colour of every dot."""
    found = [line for line in ax.lines if line.get_marker() == "o"]
    return [(float(line.get_xdata()[0]), to_hex(line.get_markerfacecolor())) for line in found]


def heads(ax: Axes) -> list[str]:
    """The arrow heads."""
    return [line.get_marker() for line in ax.lines if line.get_marker() in ("<", ">")]


def test_every_estimate_is_drawn_with_its_interval_top_to_bottom() -> None:
    ax = parts(ROWS, unit="difference in AUC", numbers=["0.030", "0.050"])
    assert lines(ax) == [(0.02, 0.04), (0.035, 0.065)]
    assert dots(ax) == [(0.03, ACCENT), (0.05, ACCENT)]
    heights = [float(line.get_ydata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert ax.get_ylim()[0] > heights[1] > heights[0] > ax.get_ylim()[1] == 0
    assert [text.get_text() for text in ax.texts] == ["first", "0.030", "second", "0.050"]
    assert ax.get_xlabel() == "difference in AUC"


def test_the_smallest_effect_is_a_band_around_no_effect() -> None:
    ax = parts(ROWS, unit="", smallest_effect=0.01)
    band = ax.patches[0]
    assert (band.get_x(), band.get_width()) == (-0.01, pytest.approx(0.02, abs=ROUNDING))
    assert to_hex(band.get_facecolor()) == BAND
    assert sorted(float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "None") == [-0.01, 0, 0.01]
    assert ax.get_xlim()[0] < -0.01
    assert parts(ROWS, unit="").patches == [] or len(parts(ROWS, unit="").patches) == 0


def test_other_analyses_are_hollow_and_cannot_squeeze_the_main_ones() -> None:
    wide = (Row("few rows", 0.04, -5.0, 5.0), Row("beside", 0.03, 0.01, 0.05), Row("far away", 9.0, 8.0, 10.0))
    ax = parts(ROWS, unit="", others=wide, smallest_effect=0.01)
    low, high = ax.get_xlim()
    assert low > -0.1
    assert high < 0.15
    assert dots(ax)[2:] == [(0.04, PAPER), (0.03, PAPER)]
    assert heads(ax) == ["<", ">", ">"]
    assert to_hex(ax.collections[2].get_color()[0]) == MUTED


def test_an_interval_without_ends_has_arrows_and_no_number_has_no_mark() -> None:
    nothing = Row("nothing", math.nan, math.nan, math.nan)
    ax = parts((Row("endless", 0.1, -math.inf, math.inf), nothing), unit="", smallest_effect=0.1)
    assert heads(ax) == ["<", ">"]
    assert len(dots(ax)) == 1
    assert parts((nothing,), unit="").texts[0].get_text() == "nothing"


@pytest.mark.parametrize(
    ("main", "others", "marks"),
    [
        ((), (), ()),
        ((Row("", 2.0, 2.0, 2.0),), (), ()),
        ((Row("", 0.0, 0.0, 0.0),), (Row("", 1.0, -math.inf, 3.0),), (0.0,)),
        ((), (Row("", 1.0, 0.5, 1.5),), ()),
    ],
)
def test_the_axis_always_has_a_length(main: tuple[Row, ...], others: tuple[Row, ...], marks: tuple[float, ...]) -> None:
    low, high = axis_range(main, others, marks)
    assert low < high
    assert all(math.isfinite(end) for end in (low, high))


def test_a_long_name_takes_two_lines_at_most() -> None:
    assert wrapped("a " * 100, 38)[-1].endswith("…")
    assert len(wrapped("a" * 300, 38)) == 2
    assert wrapped("", 38) == [""]


def test_names_are_never_read_as_formulas() -> None:
    ax = parts((Row("from $5 to $6", 1, 0, 2),), unit="in $US or $", numbers=["$1$"])
    assert not any(text.get_parse_math() for text in ax.texts if "$" in text.get_text())
    assert not ax.xaxis.label.get_parse_math()


def test_it_draws_on_the_axes_that_are_given() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert parts(ROWS, unit="", ax=ax) is ax
