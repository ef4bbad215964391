"""The report in a browser: quiet, self-contained, readable on a desk, on a phone, in the dark and on paper."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).with_name("screenshots")
ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs" / "report.png"
UPDATE = bool(os.environ.get("CXSTATS_UPDATE_SCREENSHOTS"))
EXAMPLES = ("real", "untestable", "simulated", "looked", "hostile")
BUNDLED = (
    "olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_service", "simulated_visits",
)  # fmt: skip
Visit = Callable[..., Any]  # opens a report: the page, what it asked for and what it complained of
# Name, width, colour scheme. 320 pixels is what WCAG 1.4.10 asks for.
VIEWS = (("light", 1040, "light"), ("dark", 1040, "dark"), ("phone", 360, "light"), ("narrow", 320, "dark"))
SHOWN, TALL, COLOURS = ("light", "dark", "phone"), 1500, 256
NEITHER_NAMED_NOR_HIDDEN = """() => [...document.querySelectorAll("svg, img")].filter(picture =>
    !(picture.getAttribute("aria-hidden") === "true")
    && !(picture.tagName === "IMG" ? picture.alt : picture.getAttribute("aria-label")))
    .map(picture => picture.outerHTML.slice(0, 80))"""
WIDER_THAN_THE_PAGE = """() => [...document.querySelectorAll("body *")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.right > innerWidth + 1 && !element.closest("svg svg, svg *, .unseen");
}).map(element => element.outerHTML.slice(0, 80))"""
FAINT = """() => {
    const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const numbers = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
    const ground = element => {
        for (let at = element; at; at = at.parentElement) {
            const found = numbers(getComputedStyle(at).backgroundColor);
            if (found.length === 3 || found[3] === 1) return found;
        }
        return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const faint = [];
    for (let node; (node = walker.nextNode());) {
        const element = node.parentElement;
        if (!node.data.trim() || element.closest("style")) continue;
        const style = getComputedStyle(element);
        const colour = element.closest("svg") ? style.fill : style.color;
        const [high, low] = [light(numbers(colour)), light(ground(element))].sort((a, b) => b - a);
        if ((high + 0.05) / (low + 0.05) < 4.5) faint.push(`${node.data.trim().slice(0, 40)}: ${colour}`);
    }
    return faint;
}"""


@pytest.mark.parametrize(("view", "width", "scheme"), VIEWS)
@pytest.mark.parametrize("name", [*EXAMPLES, "examples", *BUNDLED, "bundled"])
def test_a_report_opens_quietly_fetches_nothing_and_fits(
    name: str, view: str, width: int, scheme: str, visit: Visit
) -> None:
    visited = visit(name, width, scheme)
    page = visited.page
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert visited.requests == []
    assert visited.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    assert page.evaluate(NEITHER_NAMED_NOR_HIDDEN) == []
    assert page.evaluate(FAINT) == []
    assert page.title()


def test_the_dark_page_is_dark_and_its_pictures_with_it(visit: Visit) -> None:
    for scheme, darker in (("light", "text"), ("dark", "ground")):
        page = visit("simulated", scheme=scheme).page
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        text = page.evaluate("getComputedStyle(document.querySelector('svg.figure text')).fill")
        brightness = {"ground": sum(map(int, ground[4:-1].split(","))), "text": sum(map(int, text[4:-1].split(",")))}
        assert min(brightness, key=brightness.get) == darker
        assert abs(brightness["ground"] - brightness["text"]) > 300


def test_the_keyboard_reaches_the_findings_and_the_details(visit: Visit) -> None:
    page = visit("examples").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("summary")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details').open")


def test_links_in_the_page_lead_to_the_findings(visit: Visit) -> None:
    page = visit("examples").page
    page.click("nav a >> nth=2")
    assert page.evaluate("document.querySelector(':target').textContent") == "Example: a simulated cohort"
    page.click("#study-3 >> xpath=ancestor::section >> css=.summary a >> nth=1")
    assert page.evaluate("document.querySelector(':target').closest('article') !== null")


def test_what_to_measure_next_leads_to_the_claims_that_wait(visit: Visit) -> None:
    page = visit("olist_deliveries").page
    page.emulate_media(reduced_motion="reduce")  # else it scrolls slowly
    page.click(".next a >> nth=0")
    assert page.evaluate("document.querySelector(':target').closest('table').caption.textContent") == (
        "Claims of which nothing could be looked at: the study declares no data for them (real data)"
    )
    line = "document.querySelector(':target').getBoundingClientRect()"
    assert page.evaluate(f"{line}.bottom > 0 && {line}.top < innerHeight")
    page.click("text=more things to measure")
    assert page.evaluate("document.querySelectorAll('.next')[1].getBoundingClientRect().height") > 0


def test_a_screen_reader_hears_the_table_as_a_table_even_on_a_phone(visit: Visit) -> None:
    page = visit("simulated", 360).page
    table = page.get_by_role("table", name="The claims and their verdicts (simulated data)")
    assert table.count() == 1
    assert table.get_by_role("row").count() == 6
    assert table.get_by_role("rowheader").count() == 5
    picture = page.get_by_role("img").first
    assert "csat − nps: 0.031, 95% interval 0.019 to 0.043" in picture.get_attribute("aria-label")


def test_on_paper_everything_is_there_and_light(visit: Visit) -> None:
    page = visit("simulated", scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).breakInside") == "avoid"
    hidden = "[...document.querySelectorAll('details table')].filter(t => !t.getBoundingClientRect().height).length"
    assert page.evaluate("document.querySelector('details').open") is False
    assert page.evaluate(hidden) == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.parametrize("view", SHOWN)
@pytest.mark.parametrize("name", BUNDLED)
def test_the_committed_pictures_of_the_report_exist(name: str, view: str, visit: Visit) -> None:
    _, width, scheme = next(each for each in VIEWS if each[0] == view)
    taken = picture(visit(name, width, scheme).page, TALL)
    target = SCREENSHOTS / f"{name}-{view}.png"
    if UPDATE:
        target.write_bytes(taken)
    assert size(target.read_bytes()) == size(taken)


def test_the_picture_of_the_readme_exists(visit: Visit) -> None:
    taken = picture(visit("bundled").page, 1300)
    if UPDATE:
        PICTURE.write_bytes(taken)
    assert PICTURE.read_bytes().startswith(b"\x89PNG")


def picture(page: Any, tall: int) -> bytes:
    """The top of the page as a small PNG."""
    from PIL import Image

    width = page.viewport_size["width"]
    shot = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    small = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
