"""Simulated visits: the rule against loops over rows, moods and traits against theory, the truth as declared."""

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import RoleError, TooFewError
from cxstats.simulate.visits import visits, visits_truth

ROUNDING = 1e-12
MC_ERRORS = 4


def features(mood: list[float], minute: list[float]) -> dict[str, float]:
    """What can have a weight, of one visit."""
    peak = mood[0]
    for felt in mood:
        if abs(felt - 5) >= abs(peak - 5):
            peak = felt
    place = [(at - minute[0]) / (minute[-1] - minute[0]) for at in minute]
    return {
        "mean": sum(mood) / len(mood),
        "peak": peak,
        "end": mood[-1],
        "start": mood[0],
        "max": max(mood),
        "min": min(mood),
        "trend": float(np.polyfit(place, mood, 1)[0]),
    }


def each_visit(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [one for _, one in frame.groupby("visit", sort=True)]


@pytest.mark.parametrize(
    "weights",
    [None, {"peak": 0.5, "end": 0.5}, {"mean": 1.5, "start": -0.3, "max": 0.2, "min": 0.1, "trend": 0.4}, {}],
    ids=["default", "rule", "others", "nothing"],
)
def test_memory_follows_the_rule_against_loops(weights: dict[str, float] | None) -> None:
    frame = visits(200, rng=1, weights=weights, noise=0, log_duration=0.7)
    rule = {"mean": 0.2, "peak": 0.4, "end": 0.4} if weights is None else weights
    for one in each_visit(frame):
        mood, minute = one.mood.astype(float).tolist(), one.minute.tolist()
        found = features(mood, minute)
        expected = sum(weight * found[name] for name, weight in rule.items())
        expected += 0.7 * math.log(minute[-1] - minute[0])
        assert one.memory.to_numpy() == pytest.approx(np.full(len(one), expected), abs=ROUNDING)


def test_memory_follows_the_kernel_against_loops() -> None:
    frame = visits(100, rng=2, kernel=(0.4, 1.5), slope=1.3, noise=0, weights={"end": 9.0})
    for one in each_visit(frame):
        mood, minute = one.mood.astype(float).tolist(), one.minute.tolist()
        began, took = minute[0], minute[-1] - minute[0]
        weight = [math.exp(0.4 * abs(x - 5) + 1.5 * (t - began) / took) for x, t in zip(mood, minute, strict=True)]
        mean = sum(w * x for w, x in zip(weight, mood, strict=True)) / sum(weight)
        assert one.memory.iloc[0] == pytest.approx(1.3 * mean, abs=ROUNDING)


def test_rows_are_as_described() -> None:
    frame = visits(300, rng=3, per_guest=7, moments=(3, 5))
    assert frame.columns.tolist() == ["visit", "guest", "minute", "mood", "memory", "treated"]
    assert frame.groupby("visit").size().agg(["min", "max"]).tolist() == [3, 5]
    assert (frame.groupby("visit")[["guest", "memory", "treated"]].nunique() == 1).all(axis=None)
    assert frame.visit.nunique() == 300
    assert frame.groupby("guest").visit.nunique().tolist() == [7] * 42 + [6]
    assert (frame.groupby("visit").minute.diff().dropna() > 0).all()
    assert frame.mood.between(0, 10).all()
    assert frame.mood.dtype == np.int64
    assert frame.drop_duplicates("visit").treated.sum() == 150


def test_the_same_seed_gives_the_same_rows() -> None:
    assert visits(20, rng=4).equals(visits(20, rng=4))
    assert not visits(20, rng=4).equals(visits(20, rng=5))


def test_moods_follow_each_other_in_simulation() -> None:
    """Where moods are not cut at the ends of the scale their steps have the declared correlation, but for rounding.

    Moods have the variance 4 about the guest's level, rounding adds 1/12; cutting at 0 and 10 takes some away, and so
    the bounds are wide.
    """
    frame = visits(8_000, rng=6, guest_mood=0, persistence=0.5, moments=(6, 6))
    mood = frame.mood.to_numpy().reshape(-1, 6)
    pairs = np.corrcoef(mood[:, 1], mood[:, 2])[0, 1]
    assert pairs == pytest.approx(0.5 * 4 / (4 + 1 / 12), abs=0.02)
    assert mood.mean() == pytest.approx(6, abs=0.06)
    assert np.corrcoef(mood[:, 0], mood[:, 3])[0, 1] == pytest.approx(0.125, abs=0.03)


def test_who_is_in_good_spirits_rates_high_in_simulation() -> None:
    """With no weights memory is the guest's trait and noise: of variance 4 + 1; and it goes with the moods."""
    frame = visits(20_000, rng=7, weights={}, guest_memory=2, guest_mood=1, per_guest=4)
    memory = frame.drop_duplicates("visit").memory.to_numpy().reshape(-1, 4)
    within = memory.var(axis=1, ddof=1).mean()
    between = memory.mean(axis=1).var(ddof=1) - within / 4
    assert within == pytest.approx(1, abs=MC_ERRORS * math.sqrt(2 / 15_000))
    assert between == pytest.approx(4, abs=MC_ERRORS * 4.25 * math.sqrt(2 / 5_000))
    guests = frame.groupby("guest")[["mood", "memory"]].mean()
    assert guests.mood.corr(guests.memory) > 0.5
    alone = visits(20_000, rng=8, weights={}, guest_memory=2, guest_mood=0).groupby("guest")[["mood", "memory"]].mean()
    assert abs(alone.mood.corr(alone.memory)) < MC_ERRORS / math.sqrt(5_000)


def test_milder_ends_in_simulation() -> None:
    """The last mood of half of the visits is better by so much; cutting at 10 takes little away far from there."""
    frame = visits(20_000, rng=9, milder=1.0, guest_mood=0)
    last = frame.drop_duplicates("visit", keep="last")
    first = frame.drop_duplicates("visit")
    by_group = last.groupby("treated").mood
    error = math.sqrt((by_group.var() / by_group.size()).sum())
    assert by_group.mean().diff().iloc[-1] == pytest.approx(1.0, abs=MC_ERRORS * error + 0.15)
    assert abs(first.groupby("treated").mood.mean().diff().iloc[-1]) < MC_ERRORS * error


def test_truth_is_what_was_declared() -> None:
    assert visits_truth().shares == {"mean": pytest.approx(0.2), "peak": pytest.approx(0.4), "end": pytest.approx(0.4)}
    given = visits_truth(weights={"peak": 0.6, "end": 0.2}, log_duration=0.3, milder=2)
    assert given.shares == {"peak": pytest.approx(0.75), "end": pytest.approx(0.25)}
    assert given.slope == pytest.approx(0.8)
    assert given.weights == {"peak": 0.6, "end": 0.2}
    assert (given.log_duration, given.kernel, given.milder) == (0.3, None, 2)
    nothing = visits_truth(weights={})
    assert (nothing.shares, nothing.slope, nothing.weights) == ({}, 0, {})
    kernel = visits_truth(kernel=(0.5, 1.0), slope=1.2)
    assert (kernel.shares, kernel.slope, kernel.weights, kernel.kernel) == ({}, 1.2, {}, (0.5, 1.0))


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"weights": {"middle": 1.0}},
        "weights may name 'mean', 'peak', 'end', 'max', 'min', 'trend', 'start', but they name 'middle'.",
    ),
    ({"weights": {"peak": math.nan}}, "weights['peak'] must be a finite number, but nan was given."),
    ({"persistence": 1.0}, "persistence=1 must lie from 0 up to, but not including, 1."),
    ({"noise": -1.0}, "noise=-1 must be 0 or above."),
    ({"guest_mood": -0.5}, "guest_mood=-0.5 must be 0 or above."),
    ({"guest_memory": -0.5}, "guest_memory=-0.5 must be 0 or above."),
    (
        {"moments": (5, 3)},
        "moments must be two whole numbers, the fewest (2 or more) and the most of a visit, but (5, 3) was given.",
    ),
    (
        {"moments": (1, 3)},
        "moments must be two whole numbers, the fewest (2 or more) and the most of a visit, but (1, 3) was given.",
    ),
    (
        {"moments": 4},
        "moments must be two whole numbers, the fewest (2 or more) and the most of a visit, but 4 was given.",
    ),
    (
        {"kernel": (1.0,)},
        "kernel must be two finite numbers, intensity and recency, but (1.0,) was given.",
    ),
    ({"milder": math.inf}, "milder must be a finite number, but inf was given."),
    ({"log_duration": math.nan}, "log_duration must be a finite number, but nan was given."),
    ({"slope": math.nan}, "slope must be a finite number, but nan was given."),
]


@pytest.mark.parametrize(("more", "message"), REFUSED, ids=[str(more) for more, _ in REFUSED])
def test_parameters_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        visits(20, rng=1, **more)


@pytest.mark.parametrize("name", ["n", "per_guest"])
@pytest.mark.parametrize("value", [0, 2.5])
def test_sizes_that_cannot_be_are_refused(name: str, value: float) -> None:
    message = f"^{name} must be a whole number from 1 up, but {value!r} was given\\.$"
    with pytest.raises(TooFewError, match=message):
        visits(**({"n": 20} | {name: value}), rng=1)  # type: ignore[arg-type]


def test_the_public_name() -> None:
    assert cx.simulate.visits is visits
    assert cx.simulate.visits_truth is visits_truth
