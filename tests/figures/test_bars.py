"""The bars of a distribution, read back from the drawing."""

from matplotlib.colors import to_hex

from cxstats.figures.bars import bars
from cxstats.figures.palette import ACCENT, BAND


def test_each_count_is_a_bar_and_what_is_held_back_is_a_stub() -> None:
    ax = bars([1, 2, 3, 5], [40, None, 100, 0], labels=["29%", "<5", "71%", "0%"], unit="CSAT 1-5")
    centres = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    assert [round(c, 9) for c in centres] == [1, 2, 3, 5]
    assert [bar.get_height() for bar in ax.patches] == [40, 6, 100, 0]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [ACCENT, BAND, ACCENT, ACCENT]
    assert [text.get_text() for text in ax.texts] == ["29%", "<5", "71%", "0%"]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "5"]
    assert ax.get_xlabel() == "CSAT 1-5"


def test_bars_do_not_touch_whatever_the_distance_of_the_values() -> None:
    ax = bars([0.0, 0.5, 2.0], [1, 2, 3], labels=["", "", ""], unit="")
    assert {round(bar.get_width(), 9) for bar in ax.patches} == {0.4}
    assert round(bars([4.0], [7], labels=["100%"], unit="").patches[0].get_width(), 9) == 0.8


def test_many_values_carry_no_numbers_of_their_own() -> None:
    ax = bars(range(40), [3] * 40, labels=["2%"] * 40, unit="")
    assert list(ax.texts) == []
    assert len(ax.patches) == 40


def test_all_held_back_still_draws() -> None:
    assert len(bars([1, 2], [None, None], labels=["<5", "<5"], unit="").patches) == 2
