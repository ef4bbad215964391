"""The summary for a terminal."""

from types import ModuleType

from cxstats.report.text import WIDTH, render_text


def test_each_claim_is_told_with_its_verdict_in_the_margin(example: ModuleType) -> None:
    lines = render_text(example.simulated()).splitlines()
    assert lines[0] == "Example: a simulated cohort (simulated data)"
    assert "Supported       metric-best-retention · came back within 90 days" in lines
    assert "Not supported   ces-beats-all · came back within 90 days" in lines
    assert " " * 16 + "Estimate 0.031 (95% interval 0.019 to 0.043), difference in AUC. The whole interval" in lines
    assert lines[-1] == "cxstats 0.1.0, seed 1, data 5e884898da28."
    assert max(map(len, lines[:-2])) <= WIDTH


def test_control_characters_do_not_reach_the_terminal(example: ModuleType) -> None:
    text = render_text(example.hostile())
    assert "\x07" not in text
    assert "\u202e" not in text
