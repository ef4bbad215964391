"""What ``--metric`` and ``--outcome`` declare."""

import re

import pytest

import cxstats as cx
from cxstats.cli.roles import declared_outcome, metric_scales
from cxstats.errors import RoleError, ScaleError


def test_metrics_by_name_of_scale() -> None:
    assert metric_scales(["nps=NPS", "effort=EFFORT5"]) == {"nps": cx.NPS, "effort": cx.EFFORT5}


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("trust=1-7:good", cx.Scale(1, 7)),
        ("trust=1-7:bad", cx.Scale(1, 7, higher_is_better=False)),
        ("trust=-3-3:good", cx.Scale(-3, 3)),
        ("trust=-5--1:good", cx.Scale(-5, -1)),
        ("trust=1.0-7.0:good", cx.Scale(1, 7, whole=False)),
    ],
)
def test_metrics_by_bounds(text: str, scale: cx.Scale) -> None:
    assert metric_scales([text]) == {"trust": scale}


def test_a_column_name_may_hold_the_signs_of_the_notation() -> None:
    assert metric_scales(["a=b:c=NPS"]) == {"a=b:c": cx.NPS}
    assert declared_outcome("left: yes/no:bad") == cx.Binary("left: yes/no", good=0)


def test_outcome_says_what_is_good() -> None:
    assert declared_outcome("repurchased:good") == cx.Binary("repurchased", good=1)
    assert declared_outcome("churned:bad") == cx.Binary("churned", good=0)
    assert declared_outcome("spend:high") == cx.Continuous("spend", good="high")
    assert declared_outcome("cost:low") == cx.Continuous("cost", good="low")
    assert declared_outcome("orders:many") == cx.Count("orders", good="high")
    assert declared_outcome("calls:few") == cx.Count("calls", good="low")


_SCALES = (
    "\nA scale is one of NPS, CSAT5, CSAT7, CSAT10, EFFORT5, EASE5, EASE7, or its bounds and what a high value "
    "means: 1-7:good, 1-7:bad.\nThe direction of a scale is declared, never guessed."
)


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (["nps"], RoleError, "--metric must name a column and its scale, as in nps=NPS, but 'nps' was given."),
        (["=NPS"], RoleError, "--metric must name a column and its scale, as in nps=NPS, but '=NPS' was given."),
        (["a=NPS", "a=CSAT5"], RoleError, "Each metric must be given once, but 'a' was given more than once."),
        (["a=nps"], ScaleError, f"--metric a=nps: 'nps' is no scale. Nearest: 'NPS'.{_SCALES}"),
        (["a=1-7"], ScaleError, f"--metric a=1-7: '1-7' is no scale.{_SCALES}"),
        (["a=CSAT"], ScaleError, f"--metric a=CSAT: 'CSAT' is no scale. Nearest: 'CSAT7', 'CSAT5'.{_SCALES}"),
    ],
)
def test_what_is_no_metric(texts: list[str], error: str, message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        metric_scales(texts)


def test_bounds_must_rise() -> None:
    with pytest.raises(ScaleError, match=re.escape("from a low to a higher value, but low=7, high=1.")):
        metric_scales(["a=7-1:good"])


@pytest.mark.parametrize("text", ["churned", "churned:", "churned:1", ":good", "churned:Bad"])
def test_an_outcome_without_a_direction(text: str) -> None:
    message = (
        "--outcome must say what is good for the firm: of 0 and 1 what 1 means (repurchased:good, churned:bad), of a "
        f"measure spend:high or cost:low, of a count orders:many or calls:few; but '{text}' was given."
    )
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        declared_outcome(text)


def test_a_time_makes_it_an_event() -> None:
    assert declared_outcome("cancelled:bad", "months") == cx.Survival("months", "cancelled", good=0)
    assert declared_outcome("bought:good", "days", "from") == cx.Survival("days", "bought", "from", good=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            ("spend:high", "months"),
            (
                "--time months needs an outcome of 0 and 1 that says who had the event, as in cancelled:bad, but "
                "'spend:high' was given."
            ),
        ),
        (
            ("cancelled:bad", None, "tenure"),
            "--entry tenure says from when on customers were watched: --time must say until when.",
        ),
    ],
)
def test_a_time_that_does_not_fit_is_refused(given: tuple[str, ...], message: str) -> None:
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        declared_outcome(*given)
