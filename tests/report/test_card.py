"""What a card and the data page say of a study with a plan, segments, a figure and correlations."""

import re
import sys
from html import unescape
from types import ModuleType

import pytest

from cxstats.report.html import render_html
from cxstats.report.words import KINDS


@pytest.fixture(scope="module")
def page(example: ModuleType) -> str:
    return render_html([example.looked()])


def plain_text(html: str) -> str:
    """The text of a piece of the page, without its pictures."""
    return unescape(re.sub(r"<[^>]*>", " ", without_pictures(html)))


def without_pictures(html: str) -> str:
    """The piece without pictures and without the tags that stand inside a line."""
    html = re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"</?(?:a|bdi|code|span|strong)\b[^>]*>", "", html)


def card_of(page: str, sentence: str) -> str:
    """The text of the card with this claim."""
    cards = re.findall(r"<article.*?</article>", page, re.DOTALL)
    return next(" ".join(plain_text(card).split()) for card in cards if f">{sentence}</bdi></h4>" in card)


def test_a_card_says_how_firm_the_verdict_is_and_where_it_turns(page: str, example: ModuleType) -> None:
    card = card_of(page, example.BEST)
    assert (
        "Confirmatory: the plan that was locked before the outcomes were read holds this test as it was done." in card
    )
    assert (
        "How firm With 0.0191 or more as the smallest effect that counts, the verdict would be 'direction only'."
        in card
    )
    assert (
        "In segments The regions differ by more than chance (p .004). The verdict is the opposite one in east." in card
    )
    table = card[card.index("In each segment alone") :]
    assert [table.index(name) for name in ("east", "north", "south")] == sorted(
        table.index(name) for name in ("east", "north", "south")
    )
    assert "Exploratory:" in card_of(page, example.ASYMMETRY)
    assert "How firm" not in card_of(render_html([example.simulated()]), example.BEST)


def test_the_card_of_a_figure_says_where_the_interval_lies_against_the_band(page: str) -> None:
    card = card_of(page, "About one contact in six has an attempt to delight.")
    assert (
        "0.149 to 0.167. The whole interval lies between 0.11 and 0.21, the band around the published figure." in card
    )
    assert "Band around the published figure that counts as agreeing: 0.11 to 0.21 (share of contacts)." in card
    assert "smallest effect that counts" not in card.replace(KINDS["figure"], "")
    described = next(text for text in re.findall(r'aria-label="(.*?)"', page) if "share of contacts" in text)
    assert described.endswith("Band around the published figure that counts as agreeing: 0.11 to 0.21.")


def test_the_plan_and_what_changed_since_are_told(page: str, example: ModuleType) -> None:
    text = " ".join(plain_text(page).split())
    assert "A plan was locked before the outcomes were read: 2026-01-01T00:00:00Z, with cxstats 0.1.0." in text
    assert "What is another now than in the plan: The outcome 'stars' was not part of the plan." in text
    assert text.count("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08") == 2
    assert "A plan was locked" not in render_html([example.simulated()])


def test_the_data_page_tells_who_answered_and_how_the_scores_go_together(page: str) -> None:
    tables = [" ".join(plain_text(table).split()) for table in re.findall(r"<table.*?</table>", page, re.DOTALL)]
    answered = next(text for text in tables if text.startswith("Rows with and without an answer"))
    assert answered.endswith("Score Answers Missing Answered nps 5,000 61 99% csat 5,000 0 100%")
    together = next(text for text in tables if text.startswith("Pearson correlations"))
    assert together.endswith("Scores r Rows nps and csat 0.55 4,851 nps and ease −0.03 4,660 csat and ease – 2,800")


def test_versions_are_told(page: str) -> None:
    import numpy
    import scipy

    text = " ".join(plain_text(page).split())
    assert f"Python {sys.version.split()[0]} numpy {numpy.__version__} scipy {scipy.__version__} pandas" in text
