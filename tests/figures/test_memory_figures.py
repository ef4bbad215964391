"""The figures of memory: what they draw are the numbers of the results, and nothing that refuses breaks the page."""

import io
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import cxstats as cx
from cxstats.errors import CxStatsWarning
from cxstats.figures.memory_contest import memory_contest
from cxstats.figures.sequence_fan import sequence_fan
from cxstats.figures.weight_curve import weight_curve, weight_panel
from cxstats.methods.moment_kernel import MomentKernel
from cxstats.numerics.fan import fan
from cxstats.numerics.moments import Moments
from cxstats.studies.what_is_remembered import WhatIsRemembered

sim = cx.simulate
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}


def judged(frame: pd.DataFrame, **more: Any) -> WhatIsRemembered:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        return cx.what_is_remembered(frame, **{**ROLES, "person": "guest", "rng": 1, **more})


@pytest.fixture(scope="module")
def result() -> WhatIsRemembered:
    return judged(sim.visits(400, rng=1, kernel=(0.5, 2.0)))


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def rendered(figure: Figure) -> None:
    """In full: ``canvas.draw`` of a figure without a window does nothing."""
    figure.savefig(io.BytesIO(), format="png")


# --- the contest -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_dots_and_intervals_of_the_contest_are_those_of_the_frame(result: WhatIsRemembered, level: float) -> None:
    contest = result.contest
    ax = memory_contest(contest, level=level)
    names = ["mean", "peak + end", "(peak + end) / 2", "kernel"]
    names += [name for name in contest.models if name not in names]
    at = [contest.row(name, "R2", "within people held out") for name in names]
    limits = contest.confidence_interval(level)
    segments = [np.asarray(one) for lines in ax.collections for one in getattr(lines, "get_segments", list)()]
    drawn = sorted((float(one[0, 1]), float(one[0, 0]), float(one[1, 0])) for one in segments)
    low, high = ax.get_xlim()
    known = [
        (place, max(limits.low[i], low), min(limits.high[i], high))
        for place, i in enumerate(at)
        if limits.low[i] <= high and limits.high[i] >= low
    ]
    assert np.allclose(drawn, known)
    assert [text.get_text() for text in ax.texts] == [
        f"{contest.estimate[i] + 0.0:.2f}".replace("-0.00", "0.00") for i in at
    ]
    assert ax.get_xlabel() == f"R2 within people held out, {100 * level:g}% interval"
    assert [text.get_text() for text in ax.get_yticklabels()[:4]] == [
        "mean of all moments", "peak and end, each weighted", "peak and end, halves", "every moment, weighted (kernel)",
    ]  # fmt: skip


def test_what_decides_is_in_bold(result: WhatIsRemembered) -> None:
    weights = [text.get_fontweight() for text in memory_contest(result.contest).get_yticklabels()]
    assert weights[:4] == ["bold"] * 4
    assert set(weights[4:]) == {"normal"}


def test_without_people_and_without_intervals_the_contest_is_drawn() -> None:
    few = judged(sim.visits(60, rng=9, weights={"mean": 1}))
    alone = judged(sim.visits(120, rng=9), person=None)
    for one, level in ((few, "within people held out"), (alone, "people held out")):
        ax = one.contest.plot()
        figure = ax.figure
        assert isinstance(figure, Figure)
        rendered(figure)
        assert ax.get_xlabel() == f"R2 {level}, 95% interval"
    given = Figure().subplots()
    assert memory_contest(few.contest, ax=given) is given


# --- the fan ---------------------------------------------------------------------------------------------------------


def test_the_fan_draws_mean_band_and_lines() -> None:
    drawn = fan(Moments(np.array([2.0, 8.0, 4.0, 6.0]), np.array([0.0, 2.0, 1.0, 9.0]), np.array([0, 2, 4])))
    ax = sequence_fan(drawn, neutral=5, value="mood")
    *singles, neutral, mean = ax.lines
    assert len(singles) == 2
    assert np.allclose(np.asarray(mean.get_ydata()), drawn.mean)
    assert np.asarray(neutral.get_ydata()).tolist() == [5, 5]
    assert ax.get_ylabel() == "mood"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["first moment", "half of the time", "last moment"]
    assert ax.get_title(loc="left") == "2 experiences as thin lines, half of them in the band"
    many = fan(Moments(np.tile([2.0, 8.0], 100), np.tile([0.0, 1.0], 100), np.arange(0, 201, 2)))
    title = sequence_fan(many, neutral=5, value="mood").get_title(loc="left")
    assert title == "100 experiences; 60 of them as thin lines, half of all in the band"


def test_where_up_is_bad_the_page_says_that_values_are_turned() -> None:
    """Pain from 0 to 10 is drawn with good at the top: its name alone would be wrong."""
    frame = sim.visits(240, rng=1, kernel=(0.5, 2.0))
    pain = frame.assign(pain=10 - frame.mood).drop(columns="mood")
    turned = judged(pain, value="pain", scale=cx.Scale(0, 10, higher_is_better=False)).figure()
    assert "pain, turned: up is good" in texts(turned)
    assert "turned" not in texts(judged(frame).figure())


# --- the weights -----------------------------------------------------------------------------------------------------


def test_the_band_of_the_weights_is_that_of_the_logarithm(result: WhatIsRemembered) -> None:
    """At place s the weight is exp(b s) over its mean: its log has the slope s less the weighted mean of s in b."""
    kernel = result.parts.kernel
    assert isinstance(kernel, MomentKernel)
    ax = Figure().subplots()
    weight_panel(ax, kernel, "recency", level=0.9)
    beta, error = kernel.estimate[1], kernel.std_error[1]
    place = np.linspace(0, 1, 101)
    weight = np.exp(beta * place)
    slope = place - (weight * place).sum() / weight.sum()
    limits = kernel.confidence_interval(0.9)
    reach = (limits.high[1] - beta) / error
    band = np.asarray(ax.collections[0].get_paths()[0].vertices)
    for at, one, by in zip(place, weight / weight.mean(), slope, strict=True):
        edges = band[np.isclose(band[:, 0], at)][:, 1]
        ends = sorted(one * np.exp([-reach * error * by, reach * error * by]))
        assert (edges.min(), edges.max()) == pytest.approx(ends, rel=1e-9)
    assert ax.get_ylim()[0] == 0


def test_one_axis_gets_the_curve_over_time(result: WhatIsRemembered) -> None:
    kernel = result.parts.kernel
    assert kernel is not None
    given = Figure().subplots()
    assert weight_curve(kernel, ax=given) is given
    assert given.get_title(loc="left") == "When: same intensity"


# --- the page --------------------------------------------------------------------------------------------------------

CASES: dict[str, dict[str, Any]] = {
    "rule": {"weights": {"peak": 0.5, "end": 0.5}},
    "end alone": {"weights": {"end": 1}, "noise": 0.01},
    "peak alone": {"weights": {"peak": 1}, "noise": 0.01},
    "noise": {"weights": {}},
    "alike": {"persistence": 0.97, "moments": (3, 4)},
    "nothing left over": {"weights": {"mean": 1}, "noise": 0.01},
    "few people": {"per_guest": 25},
}


@pytest.mark.parametrize("case", CASES)
def test_the_page_is_drawn_for_every_truth(case: str) -> None:
    study = judged(sim.visits(240, rng=3, **CASES[case]))
    page = study.figure()
    rendered(page)
    assert len(page.axes) == 5
    told = texts(page)
    assert "nan" not in told
    assert "What predicts memory" in told
    assert study.verdict() in told.replace("\n", " ")
    for reason, title in (
        ("shares of mean, peak and end", "Shares of memory"),
        ("weights of moments", "Weights of moments"),
    ):
        refused = study.parts.not_told.get(reason)
        assert (title in told) is (refused is not None)
        if refused:
            assert f"Cannot be told: {refused.splitlines()[0]}" in told.replace("\n", " ")


def test_the_whole_verdict_is_on_the_page() -> None:
    study = judged(sim.visits(60, rng=9, weights={"mean": 1}))
    assert len(study.verdict()) > 250
    page = study.figure()
    assert study.verdict() in texts(page).replace("\n", " ")
    rendered(page)
    said = next(one for one in page.findobj(Text) if one.get_text().startswith("R2 within"))
    foot = said.get_window_extent().y0
    assert all(ax.get_window_extent().y1 < foot for ax in page.axes)


@pytest.mark.parametrize("name", ["$x$", "$\\frac", "<b> 100%\nof it"])
def test_names_of_columns_are_text_and_no_formulas(name: str) -> None:
    frame = sim.visits(220, rng=3, weights={}).rename(columns={"mood": name, "memory": f"{name}2"})
    page = judged(frame, value=name, overall=f"{name}2").figure()
    rendered(page)
    labels = [ax.get_ylabel() for ax in page.axes]
    assert name in labels
