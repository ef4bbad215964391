"""Range of impact against asymmetry of attributes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

import cxstats as cx
from cxstats.figures.impact_grid import impact_grid
from cxstats.methods.penalty_reward import PenaltyReward, penalty_reward

NAMES = ["clean", "$crew$", "a very long name of an attribute", "seat", "food", "sound", "light"]
BACKWARDS = "queue"


def attributes(*, backwards: bool) -> PenaltyReward:
    """Most of them pay alike, so that their dots lie close together."""
    rng = np.random.default_rng(1)
    names = [*NAMES, BACKWARDS] if backwards else NAMES
    rows = pd.DataFrame(rng.integers(1, 6, size=(900, len(names))), columns=names)
    effect = sum(0.6 * (rows[name] == 5) - 0.6 * (rows[name] == 1) for name in NAMES) + 0.4 * (rows["clean"] == 5)
    if backwards:
        effect = effect - 1.0 * (rows[BACKWARDS] == 5)
    rows["overall"] = effect + rng.standard_normal(900)
    return penalty_reward(
        rows, outcome=cx.Continuous("overall"), metrics=dict.fromkeys(names, cx.CSAT5), replicates=200, rng=2, cut=0.2
    )


@pytest.fixture(scope="module")
def result() -> PenaltyReward:
    return attributes(backwards=False)


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_dots_and_intervals_are_those_of_the_frame(result: PenaltyReward, level: float) -> None:
    ax = impact_grid(result, level=level)
    frame = result.classes(level=level)
    lines = [one for one in ax.collections if isinstance(one, LineCollection)]
    across, upright = (np.array(one.get_segments()) for one in lines)
    assert np.allclose(across[:, :, 0], frame[["range_low", "range_high"]])
    assert np.allclose(across[:, 0, 1], frame["asymmetry"])
    assert np.allclose(upright[:, :, 1], frame[["asymmetry_low", "asymmetry_high"]])
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.allclose(dots.get_xydata(), frame[["range", "asymmetry"]])
    dashes = next(line for line in ax.lines if line.get_marker() == "_")
    assert np.allclose(dashes.get_xydata(), frame[["range", "straight"]])
    assert f"with {100 * level:g}% interval" in ax.get_xlabel()
    assert f"with {100 * level:g}% interval" in ax.get_ylabel()
    band = ax.patches[0].get_window_extent().transformed(ax.transData.inverted())
    assert (band.y0, band.y1) == pytest.approx((-0.2, 0.2))


def test_names_are_readable(result: PenaltyReward) -> None:
    """Inside the axes, as they are spelt, and none upon another, even where all attributes pay alike."""
    ax = impact_grid(result)
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    names = [text for text in ax.texts if text.get_text() in NAMES]
    assert [text.get_text() for text in names] == NAMES
    assert not any(text.get_parse_math() for text in names)
    boxes, window = [Text.get_window_extent(text) for text in names], ax.get_window_extent()  # without leaders
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert window.x0 <= box.x0
        assert box.x1 <= window.x1
        assert window.y0 <= box.y0
        assert box.y1 <= window.y1
    assert {text.get_text() for text in ax.texts} - set(NAMES) == {"basic", "performance", "excitement"}
    labels = [ax.xaxis.label.get_window_extent(), ax.yaxis.label.get_window_extent()]
    for label in labels:
        assert figure.bbox.x0 <= label.x0
        assert label.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= label.y0
        assert label.y1 <= figure.bbox.y1


def test_what_cannot_be_placed_is_named() -> None:
    ax = impact_grid(attributes(backwards=True))
    dots = next(line for line in ax.lines if line.get_marker() == "o")
    assert len(dots.get_xydata()) == len(NAMES)
    assert BACKWARDS not in {text.get_text() for text in ax.texts}
    assert ax.get_xlabel().endswith(f"\nno asymmetry, since better answers go with no better outcome: {BACKWARDS}")


def test_it_is_drawn_where_it_is_asked_to_be(result: PenaltyReward) -> None:
    ax = Figure().subplots()
    assert result.plot(ax) is ax
