"""The peak-end score against plain loops, on every engine, and as a metric among others."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats.errors import CxStatsError, RoleError, ScaleError

ROUNDING = 1e-12  # a sum of two products
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "neutral": 5}


def by_loops(frame: pd.DataFrame, peak: float, end: float, neutral: float = 5, last: int = 1) -> dict[Any, float]:
    """The score of each visit: the farthest moment, of several the latest; then the last moments."""
    moods: dict[Any, list[float]] = {}
    ordered = frame.sort_values("minute")
    for visit, mood in zip(ordered.visit, ordered.mood, strict=True):
        moods.setdefault(visit, []).append(float(mood))
    found = {}
    for visit, felt in moods.items():
        height = max(abs(one - neutral) for one in felt)
        farthest = [one for one in felt if abs(one - neutral) == height][-1]
        found[visit] = peak * farthest + end * sum(felt[-last:]) / len(felt[-last:])
    return found


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.visits(60, rng=3, moments=(2, 7)).sample(frac=1, random_state=1)
    return frame


@pytest.mark.parametrize("weights", [(0.5, 0.5), (1, 0), (0, 1), (0.25, 0.75)])
@pytest.mark.parametrize("last", [1, 3])
def test_scores_against_loops(visits: pd.DataFrame, weights: tuple[float, float], last: int) -> None:
    scored = cx.peak_end(visits, **ROLES, weights=weights, end=last)
    known = by_loops(visits, *weights, last=last)
    assert scored.columns.tolist() == ["visit", "peak_end"]
    assert scored.visit.tolist() == sorted(known)
    assert scored.peak_end.to_numpy() == pytest.approx([known[visit] for visit in scored.visit], rel=ROUNDING)


@pytest.mark.parametrize("neutral", [0, 3.5, 10])
def test_the_neutral_point_says_which_moment_is_the_peak(visits: pd.DataFrame, neutral: float) -> None:
    scored = cx.peak_end(visits, **{**ROLES, "neutral": neutral}, weights=(1, 0))
    known = by_loops(visits, 1, 0, neutral)
    assert scored.peak_end.tolist() == [known[visit] for visit in scored.visit]


def test_where_up_is_bad_the_score_stays_on_the_scale_as_it_was(visits: pd.DataFrame) -> None:
    """Pain from 0 to 10: no step of the score depends on the direction, and it comes back as pain."""
    bad = cx.Scale(0, 10, higher_is_better=False)
    pain, plain = (cx.peak_end(visits, **ROLES, scale=scale) for scale in (bad, cx.Scale(0, 10)))
    pd.testing.assert_frame_equal(pain, plain)
    known = by_loops(visits, 0.5, 0.5)
    assert pain.peak_end.to_numpy() == pytest.approx([known[visit] for visit in pain.visit], rel=ROUNDING)


def test_every_engine_gets_its_own_kind_back_with_the_same_scores(
    visits: pd.DataFrame, engine: Callable[[pa.Table], Any]
) -> None:
    data = engine(pa.Table.from_pandas(visits, preserve_index=False))
    scored = cx.peak_end(data, **ROLES, keep=["guest"])
    if hasattr(scored, "collect"):
        scored = scored.collect()
    columns = scored.df() if hasattr(scored, "df") else scored.to_pandas() if hasattr(scored, "to_pandas") else scored
    known = by_loops(visits, 0.5, 0.5)
    guest = visits.drop_duplicates("visit").set_index("visit").guest
    assert list(columns.columns) == ["visit", "guest", "peak_end"]
    assert [int(visit) for visit in columns.visit] == sorted(known)
    assert [float(one) for one in columns.peak_end] == [known[visit] for visit in sorted(known)]
    assert [int(one) for one in columns.guest] == [guest[visit] for visit in sorted(known)]
    kinds = {"polars": ("DataFrame", "LazyFrame"), "duckdb": ("DuckDBPyRelation",), "pyarrow": ("Table",)}
    module = type(data).__module__.split(".")[0].lstrip("_")
    assert type(scored).__name__ in kinds.get(module, (type(data).__name__,))


def test_moments_without_a_value_are_no_moments_and_visits_without_any_have_no_score(visits: pd.DataFrame) -> None:
    gaps = visits.assign(mood=visits.mood.where((visits.visit > 2) & (visits.minute > 5)))
    scored = cx.peak_end(gaps, **ROLES)
    known = by_loops(gaps.dropna(subset="mood"), 0.5, 0.5)
    assert scored.visit.tolist() == sorted(known)
    assert 1 not in known
    assert scored.peak_end.tolist() == [known[visit] for visit in scored.visit]


OFF = (
    "The neutral point must lie on the scale, 0 to 10, but neutral=11.\n"
    "It is the value that is neither good nor bad, often the middle: neutral=5."
)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"weights": (0.7, 0.7)},
            RoleError,
            "weights must be two numbers from 0 up, of peak and of end, that add up to 1, but are (0.7, 0.7).",
        ),
        (
            {"weights": (1.5, -0.5)},
            RoleError,
            "weights must be two numbers from 0 up, of peak and of end, that add up to 1, but are (1.5, -0.5).",
        ),
        (
            {"weights": "ab"},
            RoleError,
            "weights must be two numbers from 0 up, of peak and of end, that add up to 1, but are 'ab'.",
        ),
        (
            {"end": 1.5},
            RoleError,
            "end must be a number of moments (1, 2, ...) or a share of the time (between 0 and 1), but is 1.5.",
        ),
        (
            {"keep": ["peak_end"]},
            RoleError,
            "'peak_end' would be the name of the score too.\nRename the column.",
        ),
        (
            {"sequence": "peak_end"},
            RoleError,
            "'peak_end' would be the name of the score too.\nRename the column.",
        ),
        (
            {"keep": ["Peak_End"]},
            RoleError,
            "'Peak_End' would be the name of the score too.\nRename the column.",
        ),
        (
            {"neutral": 11, "scale": cx.Scale(0, 10)},
            ScaleError,
            OFF,
        ),
    ],
)
def test_what_is_no_score_is_refused(
    visits: pd.DataFrame, change: dict[str, Any], error: type[CxStatsError], message: str
) -> None:
    frame = visits.assign(peak_end=1).rename(columns={"peak_end": str(change.get("keep", ["peak_end"])[0])})
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        cx.peak_end(frame, **{**ROLES, **change})


def test_as_a_metric_it_predicts_what_guests_did_later_in_simulation() -> None:
    """Who comes back depends on peak and end: their score beats the mean of the moments, end to end."""
    frame = cx.simulate.visits(6000, rng=5, per_guest=1, weights={"peak": 0.5, "end": 0.5}, noise=0.5)
    memory = frame.groupby("visit").memory.first()
    chance = 1 / (1 + np.exp(-(memory - memory.mean())))
    back = pd.Series((np.random.default_rng(6).random(len(memory)) < chance).astype(int), index=memory.index)
    frame = frame.assign(back=frame.visit.map(back))
    scored = cx.peak_end(frame, **ROLES, scale=cx.Scale(0, 10), keep=["back"])
    means = cx.sequence_features(frame, **ROLES, scale=cx.Scale(0, 10))[["visit", "mean"]]
    result = cx.which_metric(
        scored.merge(means, on="visit"),
        outcome=cx.Binary("back", after=True),
        metrics={"peak_end": cx.Scale(0, 10, whole=False), "mean": cx.Scale(0, 10, whole=False)},
        rng=1,
    )
    frames = result.to_frame()
    aucs = dict(zip(frames.iloc[:, 0], frames.estimate, strict=True))
    good, bad = (scored.peak_end[scored.back == kind].to_numpy() for kind in (1, 0))
    wins = (good[:, None] > bad).mean() + 0.5 * (good[:, None] == bad).mean()
    assert aucs["peak_end"] == pytest.approx(wins, rel=1e-9)
    assert aucs["peak_end"] > aucs["mean"] + 0.02
    assert "peak_end" in result.verdict()
