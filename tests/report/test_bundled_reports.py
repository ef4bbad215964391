"""The reports of the bundled studies: small, without small counts, and with every method that was used."""

from pathlib import Path

import pytest

import cxstats as cx
from cxstats.report.html import render_html
from cxstats.report.markdown import render_markdown
from cxstats.report.next_steps import next_steps

DATA = Path(__file__).parents[2] / "data"
BUNDLED = ("olist_deliveries", "sfo_2017", "simulated_cohort", "simulated_journeys", "simulated_visits")
LARGEST = 3_000_000  # bytes: a report is sent by mail


@pytest.fixture(scope="module")
def validations() -> dict[str, cx.Validation]:
    return {name: cx.validate(cx.Study.read(DATA / f"{name}.toml"), rng=1) for name in BUNDLED}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_report_is_small_and_describes_the_methods_it_names(name: str, validations: dict[str, cx.Validation]) -> None:
    validation = validations[name]
    page = render_html([validation])
    assert len(page.encode("utf-8")) < LARGEST
    used = {method for finding in validation.findings for method in finding.methods}
    assert all(f'<dt id="method-{method}">' in page for method in used)
    assert page.count('<dt id="method-') == len(used)


def test_the_one_late_customer_of_the_deliveries_is_not_counted_out(validations: dict[str, cx.Validation]) -> None:
    validation = validations["olist_deliveries"]
    assert any("of 147 rows 1 are good and 146 bad" in finding.reason for finding in validation.findings)
    for text in (render_html([validation]), render_markdown([validation])):
        assert "of many rows fewer than 5 are good and many bad" in text
        assert "147 rows" not in text
        assert "146 bad" not in text


def test_one_missing_section_is_one_line(validations: dict[str, cx.Validation]) -> None:
    steps = next_steps(validations["sfo_2017"].findings)
    (journey,) = (step for step in steps if "[journey]" in step.wish)
    assert journey.claims == (
        "journey-sat-35", "journey-churn-32", "journey-beyond-touchpoints", "touchpoint-compounding",
        "touchpoint-unequal",
    )  # fmt: skip
    (service,) = (step for step in steps if step.lacking == "No service is declared.")
    assert service.wish.startswith("To add: a [service] section with: ")
    assert len({step.lacking for step in steps}) == len(steps)
    assert [len(step.claims) for step in steps] == sorted((len(step.claims) for step in steps), reverse=True)
