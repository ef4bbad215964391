"""The surface over expectation and performance, seen from above."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

import cxstats as cx
from cxstats.figures.surface import hull, surface
from cxstats.methods.response_surface import ResponseSurface, response_surface

TURNED = cx.Scale(1, 7, higher_is_better=False)


def result(scale: cx.Scale = cx.CSAT7, outcome: object = None) -> ResponseSurface:
    """Nobody hoped for 7, or got 7 without having hoped for at least 3."""
    rng = np.random.default_rng(1)
    hoped = rng.integers(1, 7, 900)
    got = np.minimum(rng.integers(1, 8, 900), hoped + 4)
    spend = got - 0.2 * (got - hoped) ** 2 + rng.standard_normal(900)
    rows = pd.DataFrame({"$hoped$": hoped, "got": got, "spend": spend, "back": (spend > 2).astype(int)})
    if not scale.higher_is_better:
        rows[["$hoped$", "got"]] = 8 - rows[["$hoped$", "got"]]
    return response_surface(
        rows,
        outcome=outcome or cx.Continuous("spend"),  # type: ignore[arg-type]
        expected={"$hoped$": scale},
        performed={"got": scale},
    )


def filled(ax: Axes) -> QuadContourSet:
    return next(part for part in ax.collections if isinstance(part, QuadContourSet) and part.filled)


def test_colours_stay_inside_the_hull_of_the_answers() -> None:
    ax = surface(result())
    edge = next(patch for patch in ax.patches if isinstance(patch, Polygon))
    corners = {tuple(corner) for corner in edge.get_xy()}
    assert corners == {(1, 1), (1, 5), (3, 7), (6, 7), (6, 1)}
    assert {tuple(corner) for corner in hull(result().points)} == corners
    for part in (one for one in ax.collections if isinstance(one, QuadContourSet)):
        clip = part.get_clip_path()
        assert clip is not None
        path = clip.get_fully_transformed_path().transformed(ax.transData.inverted())
        assert path.contains_point((3.5, 4))
        assert not path.contains_point((1.5, 6.5))
        assert not path.contains_point((6.5, 4))


def test_levels_hold_every_height_inside() -> None:
    """No answer lies beyond the colour bar; a height is the polynomial's, from its coefficients by hand."""
    found = result()
    levels = filled(surface(found)).levels
    b = [found.intercept, *found.estimate[:5]]
    e, p = found.points.T - 4
    heights = b[0] + b[1] * e + b[2] * p + b[3] * e**2 + b[4] * e * p + b[5] * p**2
    assert levels[0] <= heights.min()
    assert heights.max() <= levels[-1]


def test_dots_are_the_answers() -> None:
    found = result()
    dots = next(part for part in surface(found).collections if isinstance(part, PathCollection))
    assert np.array_equal(dots.get_offsets(), found.points)
    assert dots.get_sizes() / dots.get_sizes().max() == pytest.approx(found.n_points / found.n_points.max())


@pytest.mark.parametrize("scale", [cx.CSAT7, TURNED])
def test_better_is_right_and_up(scale: cx.Scale) -> None:
    ax = surface(result(scale))
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    place = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert set(place) == {"as expected", "above expectation", "below expectation"}
    assert place["above expectation"].x0 < place["as expected"].x0
    assert place["below expectation"].y1 < place["as expected"].y0
    window = ax.get_window_extent()
    boxes = list(place.values())
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:i])
        assert window.x0 <= box.x0
        assert window.y0 <= box.y0
    assert ax.xaxis_inverted() == ax.yaxis_inverted() == (not scale.higher_is_better)
    assert ax.get_xlabel().startswith("expectation '$hoped$', worse \N{RIGHTWARDS ARROW} better\n")
    assert ax.get_ylabel() == "performance 'got', worse \N{RIGHTWARDS ARROW} better"


@pytest.mark.parametrize(
    ("outcome", "label"),
    [
        (cx.Continuous("spend"), "fitted mean of spend, up is good"),
        (cx.Continuous("spend", good="low"), "fitted mean of spend, turned so that up is good"),
        (cx.Binary("back", good=0), "fitted chance that back is 0, the good value"),
    ],
)
def test_the_bar_names_the_outcome(outcome: object, label: str) -> None:
    ax = surface(result(outcome=outcome))
    assert [other.get_ylabel() for other in ax.figure.axes if other is not ax] == [label]
    if isinstance(outcome, cx.Binary):
        assert filled(ax).levels[0] >= 0
        assert filled(ax).levels[-1] <= 1


def test_it_is_drawn_where_it_is_asked_to_be() -> None:
    ax = Figure().subplots()
    assert result().plot(ax) is ax
