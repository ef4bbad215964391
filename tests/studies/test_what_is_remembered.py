"""The whole study of memory: the verdict that the truth deserves, every part the method alone, and what refuses."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from matplotlib.figure import Figure

import cxstats as cx
from cxstats.errors import CxStatsError, CxStatsWarning
from cxstats.methods.milder_end import milder_end
from cxstats.methods.moment_kernel import moment_kernel
from cxstats.numerics.fan import fan
from cxstats.studies.what_is_remembered import WhatIsRemembered

sim = cx.simulate
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}
RULE = {"peak": 0.5, "end": 0.5}
NEITHER = "neither peak and end nor the mean of all moments is shown to predict what is remembered"
NUMBER = r"-?[0-9.]+(e-[0-9]+)?"


def judged(frame: pd.DataFrame, **more: Any) -> WhatIsRemembered:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        return cx.what_is_remembered(frame, **{**ROLES, "person": "guest", "rng": 1, **more})


@pytest.fixture(scope="module")
def rule() -> WhatIsRemembered:
    return judged(sim.visits(800, rng=1, weights=RULE))


@pytest.fixture(scope="module")
def average() -> WhatIsRemembered:
    return judged(sim.visits(800, rng=2, weights={"mean": 1}))


# --- the verdict -----------------------------------------------------------------------------------------------------


def test_where_peak_and_end_make_memory_they_win(rule: WhatIsRemembered) -> None:
    contest = rule.contest
    at = [contest.row(name, "R2", "within people held out") for name in ("peak + end", "mean", "peak + end vs mean")]
    limits = contest.confidence_interval()
    rule_r2, mean_r2, gain = (f"{contest.estimate[i]:.3g}" for i in at)
    low, high = (f"{limit[at[2]]:.3g}" for limit in (limits.low, limits.high))
    assert rule.verdict() == (
        "Peak and end predict what is remembered better than the mean of all moments: R2 within people held out is "
        f"{rule_r2} for peak and end, {mean_r2} for the mean of all moments (difference {gain}, 95% {low} to {high})."
    )


def test_where_the_mean_makes_memory_the_rule_loses(average: WhatIsRemembered) -> None:
    assert average.verdict().startswith(
        "The peak-end rule loses: the mean of all moments predicts what is remembered better. R2 within people held out"
    )


def test_where_nothing_makes_memory_nobody_loses() -> None:
    """Held out, both models know less than nothing, and the one with fewer coefficients is less wrong."""
    for seed in range(10, 12):
        result = judged(sim.visits(300, rng=seed, weights={}))
        assert result.verdict().startswith(f"Cannot be told: {NEITHER}. R2 within people held out is ")


def test_moments_that_hardly_change_tell_nothing_apart() -> None:
    result = judged(sim.visits(400, rng=7, persistence=0.97, moments=(3, 4)))
    assert result.contest.alike
    assert re.match(
        rf"^Cannot be told: peak-end correlates {NUMBER} with the mean of the moments, so that no data of this kind "
        "can tell them apart",
        result.verdict(),
    )


def test_a_trait_of_the_guests_is_not_taken_for_memory_of_peak_and_end() -> None:
    """Who is in good spirits rates all high. Within guests nothing is left, between them everything goes together."""
    frame = sim.visits(400, rng=3, weights={}, guest_memory=2, guest_mood=2)
    within, across = judged(frame), judged(frame, person=None, cluster="guest")
    assert within.verdict().startswith("Cannot be told: neither")
    r2 = across.contest.estimate[across.contest.row("peak + end")]
    assert r2 > 0.2


def test_with_few_people_the_verdict_says_what_it_rests_on() -> None:
    result = judged(sim.visits(60, rng=9, weights={"mean": 1}))
    told = result.verdict()
    assert "With 15 people the contest has no interval, but the peak-end rule loses: the mean counts" in told
    assert "(95% nan" not in result.summary()
    few = judged(sim.visits(48, rng=9, weights={}))
    assert "With 12 people the contest has no interval, and which predicts better cannot be told" in few.verdict()


def test_a_rating_that_falls_where_moments_are_better_is_refused() -> None:
    """Else 'a bad peak counts more' would be said where it counts less: both slopes have the other sign."""
    frame = sim.visits(400, rng=11, weights={"mean": -1})
    with pytest.raises(cx.RoleError, match=r"^Better moments must go with a better overall rating, but one point more"):
        judged(frame)
    assert judged(frame, overall=cx.Continuous("memory", good="low")).contest.n == 400


# --- what each analysis adds -----------------------------------------------------------------------------------------


def answers(result: WhatIsRemembered) -> dict[str, str]:
    """The sentences by what they are about."""
    return {told.partition(":")[0].partition(" (")[0]: told for told in result.answers()}


def test_sentences_say_which_way_and_how_much(average: WhatIsRemembered) -> None:
    told = answers(average)
    assert told["The mean beyond peak and end"].endswith(" standard deviations; it counts, by more than 0.1.")
    assert told["The end more than the start"].endswith("; they count about alike (less than 0.1 either way).")


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "longer is better": (
        {"weights": RULE, "log_duration": 1.0},
        "Duration (its logarithm) beyond peak, end and mean",
        "longer experiences are remembered as better, by more than 0.1",
    ),
    "longer is worse": (
        {"weights": RULE, "log_duration": -1.0},
        "Duration (its logarithm) beyond peak, end and mean",
        "longer experiences are remembered as worse, by more than 0.1",
    ),
    "length does not matter": (
        {"weights": RULE},
        "Duration (its logarithm) beyond peak, end and mean",
        "length hardly matters (less than 0.1 either way)",
    ),
    "the end": ({"weights": {"end": 1}}, "The end more than the start", "the end counts more, by more than 0.1"),
    "the start": ({"weights": {"start": 1}}, "The end more than the start", "the start counts more, by more than 0.1"),
    "rising": (
        {"weights": {"mean": 0.5, "trend": 0.5}},
        "The trend beyond peak, end and mean",
        "rising experiences are remembered as better, by more than 0.1",
    ),
    "falling": (
        {"weights": {"mean": 1, "trend": -0.4}},
        "The trend beyond peak, end and mean",
        "falling experiences are remembered as better, by more than 0.1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_sentences_on_known_truths(case: str) -> None:
    made, what, said = CASES[case]
    told = next(line for line in judged(sim.visits(600, rng=3, **made)).answers() if line.startswith(f"{what}:"))
    assert re.fullmatch(
        rf"{re.escape(what)}: {NUMBER} \(95% {NUMBER} to {NUMBER}\) standard deviations; {re.escape(said)}\.", told
    )


def test_sentences_on_the_kernel_the_correlations_and_a_changed_end() -> None:
    result = judged(sim.visits(800, rng=8, milder=2.0), treated="treated")
    pattern = rf"{NUMBER} \(95% {NUMBER} to {NUMBER}\)"
    text = "\n".join(result.answers())
    kernel = (
        rf"In the kernel the last moment weighs {pattern} times what an equally intense first one does; a moment one "
        rf"point farther from neutral weighs {pattern} times as much\. That all moments weigh alike: p <0\.0001\."
    )
    correlations = (
        rf"Over all people, memory correlates {pattern} with peak-end in halves and {pattern} with the mean: "
        rf"difference {NUMBER}, 95% {NUMBER} to {NUMBER}, p <0\.0001\."
    )
    changed = (
        rf"Experiences with the changed end were rated {pattern} points above the others; their end was {pattern} "
        rf"above, their mean {pattern}\. Only if lots were drawn is that the effect of the change\."
    )
    for told in (kernel, correlations, changed):
        assert re.search(told, text), told
    assert "nan" not in text


def test_a_kernel_without_estimate_is_said_in_words() -> None:
    result = judged(sim.visits(400, rng=1, weights={"end": 1}, noise=0.01))
    told = next(line for line in result.answers() if line.startswith("In the kernel"))
    assert told.startswith(
        "In the kernel how much more a late moment weighs than an early one has no estimate; a moment "
    )
    assert "nan" not in result.summary()


# --- the parts -------------------------------------------------------------------------------------------------------


def test_every_part_is_the_method_alone() -> None:
    frame = sim.visits(400, rng=4, milder=1.0, kernel=(0.5, 2.0)).assign(branch=lambda one: one.guest % 7)
    result = judged(frame, treated="treated", stimulus="branch", end=2)
    person: dict[str, Any] = {**ROLES, "person": "guest"}
    expected: dict[str, Any] = {
        "weights": cx.moment_weights(frame, **person, end=2, rng=1),
        "kernel": moment_kernel(frame, **person),
        "effects": cx.memory_effects(frame, **person, stimulus="branch", end=2),
        "milder": milder_end(frame, **person, treated="treated", end=2),
    }
    for name, alone in expected.items():
        part = getattr(result.parts, name)
        pd.testing.assert_frame_equal(part.to_frame(), alone.to_frame(), check_exact=True, obj=name)
    contest = cx.memory_contest(frame, **person, end=2, rng=1)
    pd.testing.assert_frame_equal(result.to_frame(), contest.to_frame(), check_exact=True)
    features = cx.sequence_features(frame, sequence="visit", order="minute", value="mood", neutral=5, end=2,
                                    keep=["memory", "guest"])  # fmt: skip
    correlations = result.parts.correlations
    assert correlations is not None
    assert correlations.estimate[:2] == pytest.approx(
        [np.corrcoef(features.memory, features[name])[0, 1] for name in ("peak_end", "mean")]
    )
    drawn = fan(cx.sequences(frame, sequence="visit", order="minute", value="mood", neutral=5).moments)
    assert (result.fan.mean == drawn.mean).all()
    assert dict(result.parts.not_told) == {}


def test_the_seed_that_was_drawn_gives_the_same_numbers_again() -> None:
    frame = sim.visits(300, rng=5)
    first = judged(frame, rng=None)
    again = judged(frame, rng=first.seed)
    assert first.summary() == again.summary()
    assert isinstance(first.seed, int)


def test_sequences_made_before_give_the_same(rule: WhatIsRemembered) -> None:
    frame = sim.visits(800, rng=1, weights=RULE)
    made = cx.sequences(
        frame, sequence="visit", order="minute", value="mood", neutral=5, keep=["memory", "guest"]
    )  # fmt: skip
    same = cx.what_is_remembered(made, overall="memory", person="guest", rng=1)
    assert same.summary() == rule.summary()
    assert (same.value, same.neutral) == ("mood", 5)


def test_what_refuses_leaves_its_reason_and_stops_no_other() -> None:
    result = judged(sim.visits(60, rng=9, weights={"mean": 1}))
    assert set(result.parts.not_told) == {"shares of mean, peak and end", "weights of moments", "correlations"}
    text = result.summary()
    for title, reason in result.parts.not_told.items():
        assert f"Cannot be told ({title}): {reason.splitlines()[0]}" in text
    assert result.parts.effects is not None


def test_nothing_is_called_a_cause(rule: WhatIsRemembered, average: WhatIsRemembered) -> None:
    for result in (rule, average):
        text = result.summary().lower().replace("because", "")
        assert not [word for word in ("cause", "driv", "leads to", "impact", "makes people") if word in text]


def test_the_notebook_shows_names_as_they_are_given() -> None:
    frame = sim.visits(300, rng=5, weights={}).rename(columns={"memory": "<b>memory</b>"})
    shown = judged(frame, overall="<b>memory</b>")._repr_html_()
    assert "<b>memory" not in shown


def test_it_tells_what_it_does() -> None:
    told: list[str] = []
    judged(sim.visits(240, rng=5), progress=told.append)
    assert told == [
        "sequences", "contest", "shares of mean, peak and end", "weights of moments", "beyond peak and end",
        "correlations",
    ]  # fmt: skip


def test_the_page_and_the_plot_are_drawn(rule: WhatIsRemembered) -> None:
    page = rule.figure()
    assert isinstance(page, Figure)
    page.canvas.draw()
    assert rule.plot().get_xlabel() == "R2 within people held out, 95% interval"


BAD: dict[str, tuple[dict[str, Any], type[CxStatsError], str]] = {
    "sequence": ({"sequence": "vist"}, cx.ColumnError, "'vist'"),
    "order": ({"order": "memory"}, CxStatsError, "memory"),
    "value": ({"value": "visit"}, cx.RoleError, "A column can have one role only, but 'visit' has more."),
    "overall": ({"overall": "memories"}, cx.ColumnError, "'memories'"),
    "overall kind": ({"overall": cx.Binary("treated")}, cx.RoleError, "overall must be a column, a Rating or a Con"),
    "neutral": ({"neutral": float("nan")}, cx.RoleError, "neutral must be a finite number"),
    "no neutral": ({"neutral": None}, cx.RoleError, "Moments need sequence, order, value and neutral"),
    "neutral off": (
        {"neutral": 11, "scale": cx.Scale(0, 10)},
        cx.ScaleError,
        "The neutral point must lie on the scale",
    ),
    "scale": ({"scale": cx.Scale(1, 5)}, cx.ScaleError, "'mood' must hold whole numbers 1 to 5"),
    "person": ({"person": "quest"}, cx.ColumnError, "'quest'"),
    "person alone": ({"person": "visit"}, cx.TooFewError, "People are compared with themselves"),
    "treated": ({"treated": "minute"}, CxStatsError, "minute"),
    "end": ({"end": -1}, cx.RoleError, "end must be a number of moments"),
    "folds": ({"folds": 1}, cx.RoleError, "folds must be a whole number from 2 up, but 1 was given."),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused(case: str) -> None:
    change, error, message = BAD[case]
    with pytest.raises(error, match=re.escape(message)):
        judged(sim.visits(120, rng=5), **change)


# --- real data -------------------------------------------------------------------------------------------------------


def test_a_day_is_remembered_by_its_mean_not_by_peak_and_end(real_data: Callable[[str], Path]) -> None:
    """18 people, 134 days with the evening's rating of the day's mood: no interval, but a clear answer.

    One of them has a single day, which is compared with none.
    """
    rows = pd.read_csv(real_data("mpath_esm/mpath_esm.csv.gz"))
    evening = rows[rows.questionnaire == "evening_questionnaire"]
    beeps = rows[rows.questionnaire == "main_questionnaire"]
    days = beeps[["participant", "day_n", "obs_n_day", "slider_happy"]].merge(
        evening[["participant", "day_n", "evening_slider_happy"]], on=["participant", "day_n"], how="left"
    )
    result = judged(
        days, sequence=["participant", "day_n"], order="obs_n_day", value="slider_happy",
        overall="evening_slider_happy", neutral=50, person="participant",
    )  # fmt: skip
    assert (result.contest.n, result.contest.n_people) == (134, 18)
    assert (
        "With 17 people the contest has no interval, but the peak-end rule loses: the mean counts, and beyond it "
        "neither peak nor end does." in result.verdict()
    )


def test_what_the_mean_and_the_rule_add_beyond_each_other_on_days(real_data: Callable[[str], Path]) -> None:
    """The same 134 days, peaks farthest from a person's own mood: partial R2 is .27 for the mean, .07 for peak and end.

    The share of the squared error left by the other that each saves, within the sample, by statsmodels.
    """
    rows = pd.read_csv(real_data("mpath_esm/mpath_esm.csv.gz"))
    day = ["participant", "day_n"]
    evening = rows[rows.evening_slider_happy.notna()][[*day, "evening_slider_happy"]]
    beeps = rows[rows.slider_happy.notna()][[*day, "obs_n_day", "slider_happy"]].merge(evening, on=day)
    beeps = beeps[beeps.groupby(day).slider_happy.transform("size") >= 3]
    beeps["usual"] = beeps.groupby("participant").slider_happy.transform("mean")
    beeps["apart"] = beeps.slider_happy - beeps.usual
    found = cx.sequence_features(
        beeps, sequence=day, order="obs_n_day", value="apart", neutral=0, keep=["usual", "evening_slider_happy"]
    )
    assert len(found) == 134
    summaries = found[["mean", "peak", "end"]].add(found.usual, axis=0)

    def unexplained(*names: str) -> float:
        return 1 - float(sm.OLS(found.evening_slider_happy, sm.add_constant(summaries[[*names]])).fit().rsquared)

    every = unexplained("mean", "peak", "end")
    assert round(1 - every / unexplained("peak", "end"), 2) == 0.27
    assert round(1 - every / unexplained("mean"), 2) == 0.07


def test_films_cannot_tell_peak_and_end_from_the_mean(real_data: Callable[[str], Path]) -> None:
    """Valence drifts from 5 to a plateau: peak, end and mean go together."""
    moments = pd.read_csv(real_data("ceap360vr/ceap_sequences_2hz.csv.gz"))
    overall = pd.read_csv(real_data("ceap360vr/ceap_overall.csv"))[["participant", "video", "overall_valence"]]
    result = judged(
        moments.merge(overall, on=["participant", "video"]), sequence=["participant", "video"], order="time_s",
        value="valence", overall="overall_valence", person="participant", stimulus="video",
    )  # fmt: skip
    assert result.verdict().startswith(
        "Peak and end cannot be told apart from the mean of all moments: R2 within people"
    )
    assert "log duration" in result.contest.left_out
    assert result.parts.effects is not None
    assert "log duration" in result.parts.effects.left_out
    assert not any(line.startswith("Duration") for line in result.answers())
