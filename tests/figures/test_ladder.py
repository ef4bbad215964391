"""Tiers as treads: where they lie, and what is written."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import FillBetweenPolyCollection, LineCollection
from matplotlib.figure import Figure

import cxstats as cx
from cxstats.figures.ladder import ladder
from cxstats.methods.loyalty_ladder import LoyaltyLadder, loyalty_ladder

TIERS = ["fail", "$meet$", "a very long name of a tier"]


@pytest.fixture(scope="module")
def result() -> LoyaltyLadder:
    rows = pd.DataFrame({"tier": TIERS * 2, "stayed": [1] * 3 + [0] * 3, "n": [90, 1200, 210, 310, 800, 90]})
    return loyalty_ladder(rows, outcome=cx.Binary("stayed"), tier={"tier": TIERS}, count="n")


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_treads_and_bands_are_those_of_the_frame(result: LoyaltyLadder, level: float) -> None:
    ax = ladder(result, level=level)
    frame = result.to_frame(level=level).head(3)
    bands = [one.get_datalim(ax.transData) for one in ax.collections if isinstance(one, FillBetweenPolyCollection)]
    assert np.allclose([[box.y0, box.y1] for box in bands], frame[["ci_low", "ci_high"]])
    treads = [one.get_segments()[0] for one in ax.collections if isinstance(one, LineCollection)]
    assert np.allclose([line[0, 1] for line in treads], frame["estimate"])
    assert np.allclose([line[:, 0].mean() for line in treads], [0, 1, 2])
    assert ax.get_ylabel() == f"share with the good outcome,\nwith {100 * level:g}% interval"
    assert [text.get_text() for text in ax.texts] == ["0.225", "0.6", "0.7"]


def test_tiers_are_named_and_counted_readably(result: LoyaltyLadder) -> None:
    ax = result.plot()
    figure = ax.figure
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    names = [text.get_text() for text in ax.get_xticklabels()]
    assert names == ["fail\nn = 400", "$meet$\nn = 2,000", "a very long\nname of a tier\nn = 300"]
    assert not any(text.get_parse_math() for text in ax.get_xticklabels())
    boxes = [text.get_window_extent() for text in ax.get_xticklabels()]
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    inside = ax.get_window_extent()
    for text in ax.texts:
        box = text.get_window_extent()
        assert inside.y0 <= box.y0
        assert box.y1 <= inside.y1


def test_it_is_drawn_where_it_is_asked_to_be(result: LoyaltyLadder) -> None:
    ax = Figure().subplots()
    assert result.plot(ax) is ax
