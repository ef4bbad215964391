"""The report under axe-core, by keyboard, on A4 paper, and how large it is.

axe-core is no part of this repository: ``CXSTATS_AXE`` names its ``axe.min.js`` (npm i axe-core@4).
"""

import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

BUNDLED = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service", "simulated_visits",
)  # fmt: skip
LARGEST = 3_000_000  # bytes: a report is sent by mail
A4 = (595, 842)  # points
AXE = os.environ.get("CXSTATS_AXE", "")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async tags => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations.map(
    found => `${found.id}: ${found.help}: ${found.nodes.slice(0, 3).map(at => at.html.slice(0, 160)).join(" | ")}`)"""
SEEN = """() => {
    const focused = document.activeElement, style = getComputedStyle(focused), box = focused.getBoundingClientRect();
    return {what: focused.outerHTML.slice(0, 120), body: focused === document.body, outline: style.outlineStyle,
            width: parseFloat(style.outlineWidth), shown: box.width > 0 && box.height > 0 && box.bottom > 0,
            name: focused.innerText.trim() || focused.getAttribute("aria-label") || ""};
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The program text of axe-core; where the machine is no CI, its absence skips."""
    if not AXE and not os.environ.get("CI"):
        pytest.skip("CXSTATS_AXE does not name axe.min.js: npm i axe-core@4, then CXSTATS_AXE=.../axe-core/axe.min.js")
    assert AXE, "CXSTATS_AXE must name axe.min.js where CI is set."
    return Path(AXE).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*BUNDLED, "bundled", "looked", "hostile"])
def test_axe_finds_no_violation(name: str, scheme: str, axe: str, visit: Callable[..., Any]) -> None:
    page = visit(name, scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    page.evaluate(axe)
    assert page.evaluate(RUN, RULES) == []


def test_axe_notices_what_is_wrong(axe: str, visit: Callable[..., Any]) -> None:
    page = visit("real").page
    page.evaluate("document.querySelector('html').removeAttribute('lang')")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    page.evaluate(axe)
    assert {found.partition(":")[0] for found in page.evaluate(RUN, RULES)} == {"html-has-lang", "color-contrast"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(scheme: str, visit: Callable[..., Any]) -> None:
    page = visit("looked", scheme=scheme).page
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    reachable = page.evaluate("[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].length")
    seen = []
    for _ in range(reachable):
        page.keyboard.press("Tab")
        at = page.evaluate(SEEN)
        assert not at["body"]
        assert (at["outline"], at["shown"]) == ("solid", True), at["what"]
        assert at["width"] >= 2, at["what"]
        assert at["name"], at["what"]
        seen.append(at["what"])
    assert len(seen) == reachable
    assert "Skip to the findings" in seen[0]


@pytest.mark.parametrize("name", BUNDLED)
def test_the_report_is_small_and_prints_on_a4(name: str, reports: dict[str, Path], visit: Callable[..., Any]) -> None:
    assert reports[name].stat().st_size < LARGEST
    page = visit(name).page
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]", pdf) or _boxes(pdf)
    assert boxes
    assert {tuple(round(float(side)) for side in box) for box in boxes} == {A4}
    # What is wider than the paper would be cut off: laid out at its width, nothing is.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 688, "height": 1016})  # A4 less the margins, in CSS pixels
    assert page.evaluate("document.documentElement.scrollWidth") <= 688


def _boxes(pdf: bytes) -> list[tuple[bytes, bytes]]:
    """Page sizes where the PDF keeps them in compressed objects."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        found += re.findall(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)\s*\]", text)
    return found
