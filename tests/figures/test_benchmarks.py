"""The journey rating beside its four touchpoint benchmarks."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import cxstats as cx
from cxstats.figures.benchmarks import benchmarks
from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks

SHOWN = ["journey", "average single", "best single", "composite", "all touchpoints"]


@pytest.fixture(scope="module")
def result() -> TouchpointBenchmarks:
    return cx.touchpoint_benchmarks(
        cx.simulate.journeys(800, rng=1),
        outcome=cx.Rating("satisfaction", cx.CSAT5),
        journey={"journey": cx.CSAT5},
        touchpoints={f"touchpoint_{i}": cx.CSAT5 for i in (1, 2, 3, 4)},
        repeats=1,
        rng=1,
    )


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_dots_intervals_and_numbers_are_those_of_the_frame(result: TouchpointBenchmarks, level: float) -> None:
    ax = benchmarks(result, level=level)
    at, limits = [result.row(name) for name in SHOWN], result.confidence_interval(level)
    drawn = [np.array(one) for lines in ax.collections for one in getattr(lines, "get_segments", list)()]
    ends = sorted((float(s[0, 0]), float(s[1, 0])) for s in drawn) or sorted(
        (min(line.get_xdata()), max(line.get_xdata())) for line in ax.lines if len(set(line.get_xdata())) == 2
    )
    assert np.allclose(ends, sorted(zip(limits.low[at], limits.high[at], strict=True)))
    assert [text.get_text() for text in ax.texts] == [f"{result.estimate[i]:.3f}" for i in at]
    assert ax.get_xlabel() == f"r on customers held out, {100 * level:g}% interval"


def test_what_decides_is_in_bold(result: TouchpointBenchmarks) -> None:
    weights = {text.get_text(): text.get_fontweight() for text in benchmarks(result).get_yticklabels()}
    assert weights == {
        "journey rating": "bold",
        "average single touchpoint": "normal",
        "best single, chosen in the folds": "normal",
        "mean of the touchpoints": "bold",
        "all touchpoints, penalised": "bold",
    }


def test_numbers_stand_outside_the_axes_and_inside_the_figure(result: TouchpointBenchmarks) -> None:
    figure = benchmarks(result).figure
    assert isinstance(figure, Figure)
    figure.canvas.draw()
    (ax,) = figure.axes
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.x0 >= ax.get_window_extent().x1
        assert box.x1 <= figure.bbox.x1


def test_it_can_be_drawn_into_axes(result: TouchpointBenchmarks) -> None:
    ax = Figure().subplots()
    assert benchmarks(result, ax) is ax
