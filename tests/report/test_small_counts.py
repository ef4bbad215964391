"""Small counts in sentences are held back, and the others beside them, from which they would follow."""

import re
from dataclasses import replace
from types import ModuleType

import pytest

from cxstats.claims.data_account import Correlation
from cxstats.claims.finding import Part, PlanUsed
from cxstats.errors import StudyError
from cxstats.report.csv import render_csv
from cxstats.report.html import render_html
from cxstats.report.json import render_json
from cxstats.report.markdown import render_markdown
from cxstats.report.small_counts import for_publication, without_small_counts
from cxstats.study.parts import TableAccount


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "At least 10 good and 10 bad outcomes are needed, but of 147 rows 1 are good and 146 bad.",
            "At least 10 good and 10 bad outcomes are needed, but of many rows fewer than 5 are good and many bad.",
        ),
        ("but of 844 rows 0 are good and 844 bad.", "but of 844 rows 0 are good and 844 bad."),
        ("1 row was left out.", "fewer than 5 rows were left out."),
        ("2,000 rows, 3 of them", "2,000 rows, 3 of them"),
        (
            "but 4 of 50,000 rows do not: 11 (3 rows), -1 (1 row).",
            "but fewer than 5 of many rows do not: 11 (fewer than 5 rows), -1 (fewer than 5 rows).",
        ),
        ("Only 4 customers came back, of 100.", "Only fewer than 5 customers came back, of 100."),
        ("Only 27 customers came back; at least 100 are needed.", None),
        ("2 metrics are needed, and 1 is declared.", None),
        ("3 moments are needed, but 9 rows have them.", None),
        ("up to the answer 3, by 0.4 (95% 0.3 to 3)", None),
        ("57% of the ratings are at the top", None),
        ("It would take about 3 customers like these.", None),
        ("all 4,000 rows hold 7, and 2 customers are new", "all rows hold 7, and fewer than 5 customers are new"),
        ("5 rows and 12 customers", None),
    ],
)
def test_sentences(text: str, told: str | None) -> None:
    assert without_small_counts(text, 5) == (text if told is None else told)


def test_the_floor_can_be_chosen_and_taken_away() -> None:
    assert without_small_counts("of 60 rows 9 are good", 10) == "of many rows fewer than 10 are good"
    assert without_small_counts("of 60 rows 9 are good", 9) == "of 60 rows 9 are good"


def secretive(example: ModuleType) -> object:
    """A study with a small count wherever one can be."""
    study = example.real()
    said = "of 147 rows 3 are good and 144 bad"
    few = Part(name="the few", estimate=0.7654321, ci_low=0.1, ci_high=0.9, n=2)
    first = replace(
        study.findings[0],
        levels=(few, replace(few, name="the many", estimate=0.5, n=2000)),
        n=5555,
        n_missing=3,
        reason=f"A reason: {said}.",
        guards=(f"A guard: {said}.",),
    )
    score = replace(
        study.scores[0], n=5000, n_missing=12, values=(1.0, 2.0, 3.0), counts=(3, 173, 4824), estimate=0.123456789012
    )
    return replace(
        study,
        findings=(first, *study.findings[1:]),
        scores=(score,),
        tables=(TableAccount(table="t", read=14451, used=14448, filtered=3),),
        notes=(f"A note: {said}.",),
        correlations=(Correlation(first="a", second="b", r=0.987654, n=3),),
        plan=PlanUsed(hash="f" * 64, registered="2026", version="0.1.0", changes=(f"A change: {said}.",)),
    )


LEAKS = {
    "147",
    "144",
    "14448",
    "14,448",
    "5555",
    "5,555",
    "0.987654",
    "0.99",
    "0.123456789012",
    "173",
    "0.7654321",
    "0.77",
}


@pytest.mark.parametrize("kind", ["html", "markdown", "json", "csv"])
def test_no_small_count_and_nothing_that_gives_one_away_is_published(kind: str, example: ModuleType) -> None:
    study = secretive(example)
    text = {
        "html": lambda: render_html([study]),
        "markdown": lambda: render_markdown([study]),
        "json": lambda: render_json([study]),
        "csv": lambda: "\n".join(render_csv([study]).values()),
    }[kind]()
    text = re.sub(r"<style>.*?</style>|<(?:path|use|g|clipPath|rect)\b.*?>", "", text, flags=re.DOTALL)
    assert set(re.findall(r"\d[\d,.]*\d|\d", text)) & LEAKS == set()
    assert "the few" in text
    assert "of many rows fewer than 5 are good and many bad" in text
    if kind in ("html", "markdown"):
        assert (
            "about 14,450 used + fewer than 5 left out by the study&#39;s own filter".replace(
                "&#39;", "&#39;" if kind == "html" else "'"
            )
            in text
        )
        assert "about 5,560 rows used; fewer than 5 left out because a value was missing." in text
        assert "held back" in text


def test_with_a_floor_of_one_nothing_is_held_back(example: ModuleType) -> None:
    study = secretive(example)
    assert for_publication(study, 1) is study
    text = render_html([study], min_count=1)
    assert "of 147 rows 3 are good and 144 bad" in text
    assert "14,448 used + 3 left out" in text
    assert 'id="held-back"' not in text


def test_a_floor_below_one_is_refused(example: ModuleType) -> None:
    message = r"^min_count must be 1 \(nothing is held back\) or more, but it is 0\.\nThe default is 5\.$"
    with pytest.raises(StudyError, match=message):
        render_html([example.real()], min_count=0)
