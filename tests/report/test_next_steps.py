"""What to measure next: a line for each thing that is missing, with the claims that wait for it."""

from dataclasses import replace
from types import ModuleType

import pytest

from cxstats.claims.finding import Finding
from cxstats.report.html import render_html
from cxstats.report.next_steps import next_steps, split_reason, together


@pytest.mark.parametrize(
    ("reason", "lacking", "wish"),
    [
        (
            "No firm is declared: firm = the column, in [study], would make it testable.",
            "No firm is declared.",
            "To add: firm = the column, in [study]",
        ),
        (
            "53% gave the best rating: nobody could show it. An outcome without a ceiling would make it testable.",
            "53% gave the best rating: nobody could show it.",
            "To add: An outcome without a ceiling",
        ),
        (
            "Nothing says that 'x' came later. An outcome of later would make it testable: declare a column (starts).",
            "Nothing says that 'x' came later.",
            "To add: An outcome of later: declare a column (starts)",
        ),
        ("At least 30 are needed, but 29 are.\nAsk more customers.", "At least 30 are needed, but 29 are.",
         "Ask more customers"),
        ("'churn' has no size; this claim is tested on one.", "'churn' has no size; this claim is tested on one.", ""),
    ],
)  # fmt: skip
def test_a_reason_says_what_is_missing_and_what_would_help(reason: str, lacking: str, wish: str) -> None:
    assert split_reason(reason) == (lacking, wish)


def untested(example: ModuleType, claim: str, reason: str, outcome: str | None = None) -> Finding:
    found: Finding = replace(example.not_testable(claim, f"Sentence of {claim}.", reason), outcome=outcome)
    return found


def test_what_most_claims_wait_for_comes_first_and_one_section_is_one_line(example: ModuleType) -> None:
    journey = "No journey is declared: a [journey] section would make it testable."
    service = "No service is declared: a [service] section with {} would make it testable."
    findings = [
        untested(example, "a", service.format("attempt and cost")),
        untested(example, "b", service.format("problem and complained")),
        *(untested(example, name, journey) for name in "cdefg"),
        untested(example, "c", journey, "another outcome"),
    ]
    first, second = next_steps(findings)
    assert (first.lacking, first.wish, first.claims) == (
        "No journey is declared.",
        "To add: a [journey] section.",
        ("c", "d", "e", "f", "g"),
    )
    assert (second.lacking, second.wish, second.claims) == (
        "No service is declared.",
        "To add: a [service] section with: attempt and cost; problem and complained.",
        ("a", "b"),
    )


def test_a_claim_that_was_tested_on_one_outcome_waits_for_no_other(example: ModuleType) -> None:
    tested = replace(example.best(), claim="a")
    assert next_steps([tested, untested(example, "a", "'churn' has no size.", "churn")]) == ()


def test_a_verdict_that_more_rows_would_give_waits_for_them(example: ModuleType) -> None:
    reason = "These data cannot tell. It would take about 21,000 customers like these, instead of 4,912."
    (step,) = next_steps([replace(example.equal(), reason=reason)])
    assert (step.lacking, step.wish) == ("Too few rows to tell.", "About 21,000 customers like these would do.")


@pytest.mark.parametrize(
    ("wishes", "said"),
    [((), ""), (("a b",), "a b"), (("a b", "a c"), "a: b; c"), (("a", "a b"), "a; a b"), (("x", "y"), "x; y")],
)
def test_wishes_are_said_together(wishes: tuple[str, ...], said: str) -> None:
    assert together(wishes) == said


def test_the_page_tells_in_one_minute_what_held_and_what_to_measure(example: ModuleType) -> None:
    page = render_html([example.simulated()])
    titles = ["What held", "What did not hold", "What cannot be told"]
    assert [page.index(f"<h4>{title}</h4>") for title in titles] == sorted(
        page.index(f"<h4>{title}</h4>") for title in titles
    )
    minute = page[page.index("<h4>What held</h4>") : page.index("<table")]
    for finding in example.simulated().findings:
        assert finding.sentence in minute
    page = render_html([example.untestable()])
    assert "<h4>What held</h4>" not in page
    assert page.count("No outcome that lies after the survey is in the data; add whether customers came back.") == 5 + 1
    assert "5 claims wait for it" in page
