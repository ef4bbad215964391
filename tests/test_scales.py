"""Scales: what they permit, and what they refuse to be."""

import re

import numpy as np
import pytest

import cxstats as cx
from cxstats.errors import ScaleError
from cxstats.scales import NAMED, Scale


def test_named_scales_against_their_definition() -> None:
    table = {name: (s.low, s.high, s.higher_is_better, s.kind, s.whole, s.version) for name, s in NAMED.items()}
    assert table == {
        "NPS": (0, 10, True, "nps", True, None),
        "CSAT5": (1, 5, True, "csat", True, None),
        "CSAT7": (1, 7, True, "csat", True, None),
        "CSAT10": (1, 10, True, "csat", True, None),
        "EFFORT5": (1, 5, False, "ces", True, "ces1"),
        "EASE5": (1, 5, True, "ces", True, "ces2"),
        "EASE7": (1, 7, True, "ces", True, "ces2"),
    }
    assert all(getattr(cx, name) == scale for name, scale in NAMED.items())


@pytest.mark.parametrize(
    ("scale", "text"),
    [
        (cx.NPS, "NPS 0-10"),
        (cx.EFFORT5, "CES 1.0 1-5"),
        (Scale(-3, 3), "scale -3 to 3"),
        (Scale(0, 1, kind="csat"), "CSAT 0-1"),
        (Scale(0, 0.5, whole=False, name="share"), "share 0-0.5"),
        (Scale(0, 1_234_567), "scale 0-1234567"),
    ],
)
def test_str(scale: Scale, text: str) -> None:
    assert str(scale) == text


@pytest.mark.parametrize(
    ("scale", "value", "permitted"),
    [
        (cx.NPS, 0, True),
        (cx.NPS, 10, True),
        (cx.NPS, 9.5, False),
        (cx.NPS, 11, False),
        (cx.NPS, -1, False),
        (cx.NPS, float("nan"), False),
        (cx.NPS, float("inf"), False),
        (Scale(0, 1, whole=False), 0.5, True),
        (Scale(np.int64(0), np.float32(3)), 2, True),
    ],
)
def test_permits(scale: Scale, value: float, permitted: bool) -> None:
    assert scale.permits(value) is permitted


TURNED = "A scale must run from a low to a higher value, but low=5, high=1.\nA scale on which a low value is good is "
REFUSED = {
    "turned": ({"low": 5, "high": 1}, TURNED + "Scale(low, high, higher_is_better=False)."),
    "text": ({"low": "0", "high": 5}, "The bounds of a scale must be finite numbers, but low='0'."),
    "bool": ({"low": 0, "high": True}, "The bounds of a scale must be finite numbers, but high=True."),
    "infinite": ({"low": 0, "high": float("inf")}, "The bounds of a scale must be finite numbers, but high=inf."),
    "nan": ({"low": float("nan"), "high": 1}, "The bounds of a scale must be finite numbers, but low=nan."),
    "kind": (
        {"low": 0, "high": 1, "kind": "NPS"},
        "The kind of a scale must be one of nps, csat, ces, other, not 'NPS'.",
    ),
    "direction": (
        {"low": 0, "high": 1, "higher_is_better": "no"},
        "higher_is_better of a scale must be True or False, but 'no' was given.",
    ),
    "whole": ({"low": 0, "high": 1, "whole": 0}, "whole of a scale must be True or False, but 0 was given."),
    "fraction": (
        {"low": 0, "high": 1.5},
        (
            "A scale of whole numbers must have whole bounds, but low=0, high=1.5."
            "\nPass whole=False for a scale with values in between."
        ),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_scale_is_refused(kind: str) -> None:
    given, message = REFUSED[kind]
    with pytest.raises(ScaleError, match=f"^{re.escape(message)}$"):
        Scale(**given)  # type: ignore[arg-type]
