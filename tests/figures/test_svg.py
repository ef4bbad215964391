"""A figure inside a page: nothing of it leaks out, and nothing of the page gets lost in it."""

import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from cxstats.figures.bars import bars
from cxstats.figures.palette import PARTS
from cxstats.figures.svg import as_svg, own_style


def drawn(key: str = "a", unit: str = 'x <b>&amp; "q" --> id="1" url(#y) 日本') -> str:
    with own_style():
        axes = bars([1, 2], [3, None], labels=["100%", "<5"], unit=unit)
        return as_svg(axes, description='1: 3 & "more" <b>', key=key)


def test_it_is_one_element_that_any_parser_reads() -> None:
    root = ET.fromstring(drawn())  # noqa: S314
    assert root.tag == "svg"
    assert root.attrib["aria-label"] == '1: 3 & "more" <b>'
    assert root.attrib["role"] == "img"
    assert re.fullmatch(r"0 0 270 [\d.]+", root.attrib["viewBox"])
    assert 'x <b>&amp; "q" --> id="1" url(#y) 日本' in [text.text for text in root.iter("text")]
    assert {"1", "2", "100%", "<5"} <= {text.text for text in root.iter("text")}


def test_names_are_the_keys_own_and_all_of_them_are_used() -> None:
    svg = re.sub(r">[^<]*<", "><", drawn("key"))
    names = re.findall(r' id="([^"]*)"', svg)
    assert names
    assert all(name.startswith("key-") for name in names)
    assert set(names) == set(re.findall(r"(?:url\(#|href=\"#)([^\")]*)", svg))


def test_colours_follow_the_page_and_fonts_are_its_own() -> None:
    svg = drawn()
    for colour in re.findall(r"#[0-9a-f]{6}", svg):
        assert f"var(--figure-{PARTS[colour]}, {colour})" in svg
    assert "font-family" not in svg
    assert "<style" not in svg
    assert "<metadata" not in svg
    assert not re.search(r'<text style="(?![^"]*fill: var)', svg), "a text in a fixed colour is lost on a dark page"


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert drawn() == drawn()


def test_the_users_settings_do_not_reach_the_report() -> None:
    ours = drawn()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path", "text.color": "red"}):
        assert drawn() == ours
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.parametrize("unit", ["$\\frac{1", "\\alpha", "{}", "%s %d"])
def test_text_is_drawn_as_it_is(unit: str) -> None:
    assert unit in drawn(unit=unit)
