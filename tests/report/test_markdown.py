"""The Markdown report: the same numbers, and text that stays text."""

import re
from types import ModuleType

import pytest

from cxstats.report.markdown import render_markdown, text


@pytest.mark.parametrize(
    ("given", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("`code`", r"\`code\`"),
        ("<b>x</b> & y", "&lt;b&gt;x&lt;/b&gt; &amp; y"),
        ("[a](javascript:alert(1))", r"\[a\](javascript:alert(1))"),
        ("![a](x)", r"\!\[a\](x)"),
        ("*a* _b_ ~c~ #d $e$", r"\*a\* \_b\_ \~c\~ \#d \$e\$"),
        (r"back\slash", r"back\\slash"),
        ("two\n\n# lines", r"two \# lines"),
        ("https://a.example, www.a.example, a@b.example", "https&#58;//a.example, www&#46;a.example, a&#64;b.example"),
    ],
)
def test_values_are_escaped(given: str, escaped: str) -> None:
    assert text(given) == escaped


def test_hostile_text_adds_no_markup(example: ModuleType) -> None:
    report = render_markdown([example.hostile()], command="`rm` <b>")
    assert "<script" not in report
    assert re.findall(r"(?<!\\)\]\(.*?\)", report) == ["](<https://example.org/>)"]
    tables = [line for line in report.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {4}
    heads = [line for line in report.splitlines() if line.startswith("#")]
    assert len(heads) == 9
    assert "    `rm` <b>\n" in report  # an indented block is shown as it is


def test_the_report_says_what_the_page_says(example: ModuleType) -> None:
    report = render_markdown([example.real(), example.simulated()])
    assert "## Example: a simulated cohort (simulated data)" in report
    assert "they say nothing about any customer" in report
    assert "**Of 5 claims, 1 held, 1 did not hold, 1 held in direction only and 2 cannot be told.**" in report
    assert "- Estimate: 0.342 SD of outcome per SD of gap\n- 95% interval: 0.301 to 0.382." in report
    assert "| gap not clipped | 0.081 | 0.052 to 0.110 |" in report
    assert "Rows of deliveries: 15,000 read = 14,448 used + 552 left out by the study's own filter." in report
    assert "| 5 | 1,583 | 32% |" in report
    assert "- Seed: 20260101" in report
    assert "- To know: The gap was clipped to -11 to 20 days: 312 rows." in report
    assert "[doi&#58;10" not in report
    assert "[doi:10.1016/j.ijresmar.2015.02.004](<https://doi.org/10.1016/j.ijresmar.2015.02.004>)" in report


def test_no_empty_line_of_facts_and_one_end_of_file(example: ModuleType) -> None:
    report = render_markdown([example.untestable()])
    assert "\n\n\n" not in report
    assert ": \n" not in report
    assert report.endswith("\n")
    assert not report.endswith("\n\n")
