"""Importance against performance of touchpoints."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

import cxstats as cx
from cxstats.figures.quadrant import quadrant
from cxstats.methods.touchpoint_importance import TouchpointImportance, touchpoint_importance

NAMES = ["check-in", "$lounge$", "a very long name of a touchpoint", "crew", "seat", "food"]


@pytest.fixture(scope="module")
def result() -> TouchpointImportance:
    rng = np.random.default_rng(1)
    x = rng.integers(1, 6, size=(300, 6))
    rows = pd.DataFrame(x, columns=NAMES).assign(y=x @ np.arange(6) + rng.normal(size=300))
    return touchpoint_importance(rows, outcome=cx.Continuous("y"), touchpoints=dict.fromkeys(NAMES, cx.CSAT5))


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_dots_and_intervals_are_those_of_the_frame(result: TouchpointImportance, level: float) -> None:
    ax = quadrant(result, level=level)
    frame = result.quadrant(level=level)
    lines = [one for one in ax.collections if isinstance(one, LineCollection)]
    across, upright = (np.array(one.get_segments()) for one in lines)
    assert np.allclose(across[:, :, 0], 100 * frame[["performance_low", "performance_high"]])
    assert np.allclose(across[:, 0, 1], frame["importance"])
    assert np.allclose(upright[:, :, 1], frame[["importance_low", "importance_high"]])
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.allclose(dots.get_xydata(), np.column_stack([100 * frame["performance"], frame["importance"]]))
    assert f"{100 * level:g}% interval" in ax.get_xlabel()
    assert "SD of the outcome" in ax.get_ylabel()


def test_names_are_readable(result: TouchpointImportance) -> None:
    """Inside the axes, as they are spelt, and none upon another, even where all touchpoints perform alike."""
    ax = quadrant(result)
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    names = [text for text in ax.texts if text.get_text() in NAMES]
    assert [text.get_text() for text in names] == NAMES
    assert not any(text.get_parse_math() for text in names)
    boxes = [text.get_window_extent() for text in names]
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
    corners = {text.get_text() for text in ax.texts} - set(NAMES)
    assert corners == {"keep up the good work", "concentrate here", "low priority", "possible overkill"}


def test_it_is_drawn_where_it_is_asked_to_be(result: TouchpointImportance) -> None:
    ax = Figure().subplots()
    assert quadrant(result, ax) is ax
