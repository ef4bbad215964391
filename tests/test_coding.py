"""Codings of a score: by hand, projections of a random rate, and the conditions that make a spline natural."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

import cxstats as cx
from cxstats.coding import Coding, CodingList, codings_of, upward

Array = NDArray[np.float64]
# Least squares on at most 11 levels and 3 columns: only rounding may differ.
ROUNDING = 1e-9
# What a finite difference of a cubic of this size leaves.
DIFFERENCE = 1e-4

NPS_CODINGS = ["full scale", "top box", "top two", "bottom two", "net", "three classes", "spline", "saturated"]
BOXES = ["full scale", "top box", "top two", "bottom two", "spline", "saturated"]


def listed(scale: cx.Scale, *raw: float) -> CodingList:
    """The codings where these answers occur."""
    return codings_of(scale, upward(scale, np.array(raw, dtype=float)))


def names(found: CodingList) -> list[str]:
    return [coding.name for coding in found.codings]


def coded(scale: cx.Scale, name: str, *raw: float) -> list[object]:
    """What a coding makes of these answers: one column as a list, several as a list of lists."""
    values = upward(scale, np.array(raw, dtype=float))
    coding = next(one for one in codings_of(scale, values).codings if one.name == name)
    columns = coding.columns(values)
    return (columns[:, 0] if columns.shape[1] == 1 else columns).tolist()


def test_codings_by_hand() -> None:
    answers = range(11)
    assert names(listed(cx.NPS, *answers)) == NPS_CODINGS
    assert coded(cx.NPS, "full scale", *answers) == list(answers)
    assert coded(cx.NPS, "top box", *answers) == [0] * 10 + [1]
    assert coded(cx.NPS, "top two", *answers) == [0] * 9 + [1] * 2
    assert coded(cx.NPS, "bottom two", *answers) == [0] * 2 + [1] * 9
    assert coded(cx.NPS, "net", *answers) == [-1] * 7 + [0] * 2 + [1] * 2
    assert coded(cx.NPS, "three classes", *answers) == [[0, 0]] * 7 + [[1, 0]] * 2 + [[1, 1]] * 2
    assert coded(cx.NPS, "saturated", *answers) == list(answers)


def test_codings_by_hand_where_up_is_bad() -> None:
    """Effort 1 is the best answer: the top two are the answers 1 and 2, the bottom two 4 and 5."""
    answers = [1, 2, 3, 4, 5]
    assert names(listed(cx.EFFORT5, *answers)) == BOXES
    assert coded(cx.EFFORT5, "full scale", *answers) == [5, 4, 3, 2, 1]
    assert coded(cx.EFFORT5, "top box", *answers) == [1, 0, 0, 0, 0]
    assert coded(cx.EFFORT5, "top two", *answers) == [1, 1, 0, 0, 0]
    assert coded(cx.EFFORT5, "bottom two", *answers) == [1, 1, 1, 0, 0]
    assert coded(cx.CSAT5, "top two", *answers) == [0, 0, 0, 1, 1]
    assert coded(cx.CSAT5, "bottom two", *answers) == [0, 0, 1, 1, 1]


def test_grouped_codings_are_those_without_a_size() -> None:
    grouped = [coding.name for coding in listed(cx.NPS, *range(11)).codings if coding.grouped]
    assert grouped == ["top box", "top two", "bottom two", "three classes", "saturated"]


@pytest.mark.parametrize(
    ("scale", "occur", "expected", "left_out"),
    [
        (
            cx.Scale(0, 1),
            [0, 1],
            ["full scale"],
            {
                "spline": "fewer than 4 levels",
                "top box": "same as full scale",
                "top two": "one value only",
                "bottom two": "one value only",
                "saturated": "same as full scale",
            },
        ),
        (
            cx.Scale(1, 3),
            [1, 2, 3],
            ["full scale", "top box", "top two", "saturated"],
            {"spline": "fewer than 4 levels", "bottom two": "same as top box"},
        ),
        (
            cx.Scale(1, 4),
            [1, 2, 3, 4],
            ["full scale", "top box", "top two", "spline", "saturated"],
            {"bottom two": "same as top two"},
        ),
        (
            cx.CSAT5,
            [1, 3, 5],
            ["full scale", "top box", "bottom two", "saturated"],
            {"spline": "fewer than 4 levels", "top two": "same as top box"},
        ),
        (
            cx.EFFORT5,
            [2, 3, 4, 5],  # nobody found it easy
            ["full scale", "top two", "bottom two", "spline", "saturated"],
            {"top box": "one value only"},
        ),
        (
            cx.NPS,
            [5, 7, 9],  # one level in each class, in equal steps
            ["full scale", "top two", "three classes"],
            {
                "spline": "fewer than 4 levels",
                "top box": "one value only",
                "bottom two": "one value only",
                "net": "same as full scale",
                "saturated": "same as three classes",
            },
        ),
        (
            cx.NPS,
            [4, 7, 9],  # one level in each class, in steps that are not equal: the net is another line
            ["full scale", "top two", "net", "three classes"],
            {
                "spline": "fewer than 4 levels",
                "top box": "one value only",
                "bottom two": "one value only",
                "saturated": "same as three classes",
            },
        ),
        (
            cx.NPS,
            [4, 5, 6, 7, 8],  # no promoters: net and classes both tell detractors from passives
            ["full scale", "net", "spline", "saturated"],
            {
                "top box": "one value only",
                "top two": "one value only",
                "bottom two": "one value only",
                "three classes": "same as net",
            },
        ),
        (cx.Scale(0, 10, whole=False), [0.5, 2, 3.25, 9], ["full scale", "spline", "saturated"], {}),
        # Promoters are defined for 0 to 10 in whole numbers only.
        (cx.Scale(1, 5, kind="nps"), [1, 2, 3, 4, 5], BOXES, {}),
    ],
)
def test_each_coding_is_listed_once(
    scale: cx.Scale, occur: list[float], expected: list[str], left_out: dict[str, str]
) -> None:
    found = listed(scale, *occur, *occur)
    assert names(found) == expected
    assert found.left_out == left_out


def projected(coding: Coding, levels: Array, target: Array) -> Array:
    """The nearest that a coding comes to a target on the levels: means of groups, or a line through the columns."""
    columns = coding.columns(levels)
    if coding.grouped:
        same = (columns[:, None] == columns).all(axis=2)
        return same @ target / same.sum(axis=1)
    design = np.column_stack([np.ones(len(levels)), columns])
    fitted: Array = design @ np.linalg.lstsq(design, target)[0]
    return fitted


@given(occur=st.sets(st.integers(0, 10), min_size=2), high=st.sampled_from([10, 11, 12]), up=st.booleans())
def test_listed_codings_against_projections(occur: set[int], high: int, up: bool) -> None:
    """No two listed codings come equally near to random rates; one left out comes as near as the one it repeats."""
    kind = "nps" if high == 10 and up else "other"
    scale = cx.Scale(0, high, higher_is_better=up, kind=kind)
    levels = np.unique(upward(scale, np.array(sorted(occur), dtype=float)))
    target = np.random.default_rng(5).normal(size=len(levels))
    found = codings_of(scale, levels)
    fits = {coding.name: projected(coding, levels, target) for coding in found.codings}
    for i, first in enumerate(fits):
        assert np.ptp(fits[first]) > 0
        for second in list(fits)[:i]:
            assert np.abs(fits[first] - fits[second]).max() > ROUNDING
    # Codings by their definitions, written from the scale's ends.
    every = {
        "top box": levels >= high,
        "top two": levels >= high - 1,
        "bottom two": levels >= 2,
        "three classes": 1 * (levels > 6) + (levels > 8),
        "net": 1.0 * (levels > 8) - (levels < 7),
        "saturated": levels,
    }
    for name, why in found.left_out.items():
        if name == "spline":
            assert len(levels) < 4
            continue
        again = projected(
            Coding(name, lambda _, n=name: np.array(every[n], dtype=float)[:, None], grouped=name != "net"),  # type: ignore[misc]
            levels,
            target,
        )
        if why == "one value only":
            assert np.ptp(again) < ROUNDING
        else:
            assert again == pytest.approx(fits[why.removeprefix("same as ")], abs=ROUNDING)


@pytest.mark.parametrize(
    ("levels", "knots"),
    [
        ([0, 1, 2, 3], [0, 2, 3]),
        ([1, 2, 3, 4, 5], [1, 2, 4, 5]),
        (range(11), [0, 2, 5, 8, 10]),
        ([0, 3, 4, 9, 10], [0, 3, 9, 10]),
        ([0.2, 1.7, 3.1, 4.4], [0.2, 3.1, 4.4]),
    ],
)
def test_spline_against_its_conditions(levels: list[float], knots: list[float]) -> None:
    """Straight beyond the outer knots; the second derivative a broken line from knot to knot, 0 at either end."""
    values = np.array(levels, dtype=float)
    found = codings_of(cx.Scale(-50, 50, whole=False), values)
    spline = next(coding for coding in found.codings if coding.name == "spline")
    low, high = knots[0], knots[-1]

    def second(at: Array, step: float = 1e-3) -> Array:
        parts = [spline.columns(at + k * step)[:, 1:] for k in (-1, 0, 1)]
        return np.asarray((parts[0] - 2 * parts[1] + parts[2]) / step**2)

    assert spline.columns(values)[:, 0].tolist() == values.tolist()
    outside = np.array([low - 20, low - 0.5, high + 0.5, high + 20])
    assert second(outside) == pytest.approx(np.zeros((4, len(knots) - 2)), abs=DIFFERENCE)
    inside = np.linspace(low, high, 201)
    for bend, at_knots in zip(second(inside).T, second(np.array(knots)).T, strict=True):
        ends = np.concatenate([[0.0], at_knots[1:-1], [0.0]])
        assert np.abs(ends).max() > 0.1
        assert bend == pytest.approx(np.interp(inside, knots, ends), abs=0.02 * np.abs(ends).max())
    # scipy's natural splines through the same knots span the same curves.
    others = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")(inside)
    design = np.column_stack([np.ones(201), spline.columns(inside)])
    assert np.linalg.matrix_rank(design) == len(knots)
    left = others - design @ np.linalg.lstsq(design, others)[0]
    assert left == pytest.approx(np.zeros(left.shape), abs=ROUNDING)


def test_upward_turns_the_scale_about_its_middle() -> None:
    answers = np.array([1.0, 2, 3, 4, 5])
    assert upward(cx.EFFORT5, answers).tolist() == [5, 4, 3, 2, 1]
    assert upward(cx.CSAT5, answers).tolist() == answers.tolist()
    assert upward(cx.Scale(-3, 3, higher_is_better=False), np.array([-3.0, 1])).tolist() == [3, -1]
