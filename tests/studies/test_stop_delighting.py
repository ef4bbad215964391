"""Delight and effort in one call: the published figures of the deliveries, the truth of simulations, what refuses."""

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.studies.delight_gains import delight_gain, judged_bend, judged_tiers, levels_off
from cxstats.studies.delight_parts import DelightParts
from cxstats.studies.delight_words import sentences, verdict_in_words
from cxstats.studies.stop_delighting import StopDelighting

NUMBER = r"-?[0-9.]+(e-[0-9]+)?"

# Figures of the deliveries are stated to three digits, the probit's to the second of .195 and .013.
STATED, PROBIT = 5e-4, 2e-3


@pytest.fixture
def orders() -> pd.DataFrame:
    frame: pd.DataFrame = cx.datasets.load("olist_deliveries").frame
    return frame


def deliveries(orders: pd.DataFrame, gap: str) -> Any:
    return cx.stop_delighting(orders, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation=gap, count="n")


def test_deliveries_against_stated_figures(orders: pd.DataFrame) -> None:
    result = deliveries(orders, "days_early")
    assert result.slopes.n == 14448
    assert result.slopes.estimate[:2] == pytest.approx([0.254, 0.012], abs=STATED)
    latent = dict(zip(result.slopes.terms, result.slopes.estimate, strict=True))
    assert latent["latent slope below"] == pytest.approx(0.195, abs=PROBIT)
    assert latent["latent slope above"] == pytest.approx(0.013, abs=PROBIT)
    assert result.levels.estimate[:2] == pytest.approx([2.27, 4.18], abs=5e-3)
    assert result.ceiling


def test_sensitivities_against_stated_figures(orders: pd.DataFrame) -> None:
    unclipped = deliveries(orders, "days_early_unclipped")
    assert unclipped.slopes.estimate[:2] == pytest.approx([0.069, 0.020], abs=STATED)
    after = deliveries(orders[orders.answered_after_delivery == 1], "days_early_unclipped")
    assert after.slopes.n == 13758
    # .0045 in full: the stated .004 is cut, not rounded.
    assert after.slopes.estimate[:2] == pytest.approx([0.160, 0.0045], abs=STATED)


def test_too_few_reorders_give_no_number(orders: pd.DataFrame) -> None:
    with pytest.raises(cx.TooFewError, match=r"of 147 rows 1 are good and 146 bad"):
        cx.stop_delighting(orders, outcome=cx.Binary("reordered"), disconfirmation="days_early", count="n")


def test_one_question_may_be_answerable_without_the_other() -> None:
    rng = np.random.default_rng(1)
    gap = rng.integers(0, 3, 600)
    frame = pd.DataFrame({"gap": gap, "back": (rng.random(600) < 0.4 + 0.1 * (gap > 0)).astype(int)})
    result: Any = cx.stop_delighting(frame, outcome=cx.Binary("back"), disconfirmation="gap")
    assert result.slopes is None
    assert result.levels is not None
    assert len(result.notes) == 1
    assert result.notes[0].startswith("At least 10 good and 10 bad outcomes are needed among the customers in 'below'")
    assert "Exceeded minus met" in str(result)


def test_simulated_cohort_against_its_truth() -> None:
    truth = cx.simulate.truth()
    frame = cx.datasets.load("simulated_cohort").frame
    result: Any = cx.stop_delighting(frame, outcome=cx.Binary("repurchase"), disconfirmation="days_early", count="n")
    assert abs(result.slopes.estimate[0] - 0.08) < 4 * result.slopes.std_error[0]
    assert abs(result.slopes.estimate[1]) < 4 * result.slopes.std_error[1]
    at = result.slopes.terms.index("standardised")
    assert abs(result.slopes.estimate[at] - truth.asymmetry) < 4 * result.slopes.std_error[at]
    assert result.slopes.ratio.interval() == (-math.inf, math.inf)
    assert "their ratio cannot be told" in str(result)


# --- what is asked, and what refuses ---------------------------------------------------------------------------------

ROWS = 4000
# Adding up and taking apart the same counts in another order.
ROUNDING = 1e-9


def contacts(seed: int = 3, n: int = ROWS) -> pd.DataFrame:
    """Simulated contacts with a column for every question; loyalty falls with shortfall, effort and problems."""
    rng = np.random.default_rng(seed)
    hoped = rng.integers(1, 8, n)
    got = np.clip(hoped + rng.integers(-2, 3, n), 1, 7)
    orders, effort, problem = rng.integers(0, 4, n), rng.integers(1, 6, n), (rng.random(n) < 0.25).astype(int)
    complained, fixed = (np.where(problem == 1, rng.random(n) < share, 0).astype(int) for share in (0.4, 0.5))
    attempt = (rng.random(n) < 0.16).astype(int)
    index = 0.3 * (orders - 1.5) + 0.4 * np.minimum(got - hoped, 0) - 0.25 * (effort - 3) - 0.6 * problem + 0.4 * fixed
    return pd.DataFrame(
        {
            "hoped": hoped,
            "got": got,
            "gap": got - hoped,
            "orders": orders,
            "effort": effort,
            "transfers": rng.poisson(effort / 3),
            "problem": problem,
            "complained": complained,
            "fixed": fixed,
            "attempt": attempt,
            "failed": (rng.random(n) < 0.1 + 0.1 * attempt).astype(int),
            "minutes": np.round(np.exp(rng.normal(2 + 0.7 * attempt, 0.5)), 1) + 0.1,
            "room": rng.integers(1, 6, n),
            "staff": rng.integers(1, 6, n),
            "back": (rng.random(n) < 1 / (1 + np.exp(-index))).astype(int),
        }
    )


EVERYTHING: dict[str, Any] = {
    "outcome": cx.Binary("back"),
    "disconfirmation": "gap",
    "expected": {"hoped": cx.CSAT7},
    "performed": {"got": cx.CSAT7},
    "tiers": {"meet": 0, "exceed": 1, "delight": 2},
    "effort": {"effort": cx.EFFORT5},
    "objective": ["transfers"],
    "problem": "problem",
    "complained": "complained",
    "recovered": "fixed",
    "attempt": "attempt",
    "failure": "failed",
    "handling": "minutes",
    "attributes": {"room": cx.CSAT5, "staff": cx.CSAT5},
    "controls": ["orders"],
}


@pytest.fixture(scope="module")
def everything() -> StopDelighting:
    return cx.stop_delighting(contacts(), **EVERYTHING, rng=1)


def test_every_part_is_the_method_alone(everything: StopDelighting) -> None:
    frame, parts = contacts(), everything.parts
    back: dict[str, Any] = {"outcome": cx.Binary("back")}
    gap: dict[str, Any] = {**back, "disconfirmation": "gap"}
    orders: dict[str, Any] = {"controls": ["orders"]}
    alone = {
        "levels": cx.expectation_levels(frame, **gap),
        "slopes": cx.asymmetry(frame, **gap),
        "rungs": cx.loyalty_ladder(frame, **gap, **orders, cuts={"met": 0, "exceeded": 1}),
        "adjusted": cx.overlap_weights(frame, **gap, **orders),
        "ladder": cx.loyalty_ladder(frame, **gap, **orders, cuts=EVERYTHING["tiers"]),
        "bend": cx.segmented(frame, **gap, rng=1),
        "turn": cx.two_lines(frame, **gap),
        "held": cx.bend_gain(frame, **gap, rng=1),
        "surface": cx.response_surface(frame, **back, expected={"hoped": cx.CSAT7}, performed={"got": cx.CSAT7}),
        "effort": cx.effort_disloyalty(
            frame, **back, **orders, metrics={"effort": cx.EFFORT5}, objective=["transfers"]
        ),
        "problem": cx.problem_recovery(
            frame, **back, **orders, problem="problem", complained="complained", recovered="fixed"
        ),
        "attempts": cx.wow_attempts(frame, **orders, attempt="attempt", failure="failed", handling="minutes"),
        "grid": cx.penalty_reward(frame, **back, metrics={"room": cx.CSAT5, "staff": cx.CSAT5}, rng=1),
    }
    for name, method in alone.items():
        found = getattr(parts, name)
        assert found.labels == method.labels
        assert np.allclose(found.estimate, method.estimate, rtol=ROUNDING, atol=ROUNDING, equal_nan=True)
        assert np.allclose(found.std_error, method.std_error, rtol=ROUNDING, atol=ROUNDING, equal_nan=True)
    assert dict(parts.not_told) == {}
    assert everything.notes == ()


def test_only_what_is_declared_is_asked() -> None:
    frame = contacts(n=600)
    told: list[str] = []
    result = cx.stop_delighting(frame, outcome=cx.Binary("back"), effort={"effort": cx.EFFORT5}, progress=told.append)
    assert told == ["effort"]
    assert result.levels is None
    assert result.verdict().splitlines()[0] == (
        "Whether delight pays cannot be told: no disconfirmation, received minus expected, is declared."
    )
    no_effort = cx.stop_delighting(frame, outcome=cx.Binary("back"), disconfirmation="gap", rng=1)
    assert no_effort.verdict().splitlines()[1] == "Whether effort costs cannot be told: no effort score is declared."
    attempts = cx.stop_delighting(frame, attempt="attempt", failure="failed", progress=told.append)
    assert told[1:] == ["attempts to wow"]
    assert attempts.to_frame().empty


def test_cells_carry_their_scales(everything: StopDelighting) -> None:
    cells = cx.tally(
        contacts(),
        outcome=cx.Binary("back"),
        metrics={"effort": cx.EFFORT5, "hoped": cx.CSAT7, "got": cx.CSAT7, "room": cx.CSAT5, "staff": cx.CSAT5},
        disconfirmation="gap",
        controls=["orders"],
        strata=["transfers", "problem", "complained", "fixed", "attempt", "failed", "minutes"],
    )
    names = {**EVERYTHING, "expected": "hoped", "performed": "got", "effort": "effort", "attributes": ["room", "staff"]}
    for role in ("outcome", "disconfirmation", "controls"):
        del names[role]
    again = cx.stop_delighting(cells, **names, rng=1)
    assert str(again) == str(everything)
    with pytest.raises(cx.ColumnError, match=r"^'refund' is not a column of the cells, which holds"):
        cx.stop_delighting(cells, problem="problem", recovered="refund")


def test_weights_and_clusters_are_used_or_refused() -> None:
    frame = contacts(n=1500).assign(site=np.arange(1500) % 50, w=1.0 + np.arange(1500) % 3)
    keys: dict[str, Any] = {"outcome": cx.Binary("back"), "disconfirmation": "gap", "rng": 1}
    clustered = cx.stop_delighting(frame, **keys, cluster="site", effort={"effort": cx.EFFORT5})
    alone = cx.expectation_levels(frame, outcome=cx.Binary("back"), disconfirmation="gap", cluster="site")
    assert clustered.levels is not None
    assert np.allclose(clustered.levels.std_error, alone.std_error, rtol=ROUNDING)
    weighted = cx.stop_delighting(frame, **keys, weight="w", attributes={"room": cx.CSAT5, "staff": cx.CSAT5})
    assert sorted(weighted.parts.not_told) == ["bend", "penalty and reward", "two slopes, held out"]
    assert "Cannot be told (bend): Survey weights cannot be used by the bootstrap of rows" in weighted.summary()


# --- held out --------------------------------------------------------------------------------------------------------

HELD = rf"gain in (R2|log-loss per customer) (?P<gain>{NUMBER}), 95% (?P<low>{NUMBER}) to (?P<high>{NUMBER})"


def said_of_held(frame: pd.DataFrame, outcome: Any) -> str:
    result = cx.stop_delighting(frame, outcome=outcome, disconfirmation="gap", rng=1)
    (said,) = [line for line in result.answers() if line.startswith("On customers held out two slopes predict ")]
    assert result.parts.held is not None
    low, high = result.parts.held.gain.interval()
    found = re.search(HELD, said)
    assert found is not None
    stated = [float(found[part]) for part in ("gain", "low", "high")]
    assert stated == pytest.approx([result.parts.held.gain.estimate, low, high], rel=5e-3)  # three digits are shown
    return said


def test_what_two_slopes_gain_held_out_is_told_against_its_truth() -> None:
    rng = np.random.default_rng(4)
    gap = rng.integers(-3, 4, 4000)
    noise, ten = rng.normal(size=4000), cx.Scale(0, 100)
    further = r"; a smooth curve predicts better than two slopes \([^;]*\), so"
    for truth, told in (
        (10 * np.minimum(gap, 0), r"better than one line \([^;]*\)\.$"),
        (3 * gap, r"(no better, as far as can be told,|worse) than one line \([^;]*\)\.$"),
        (3 * gap**2, rf"better than one line \([^;]*\){further}"),
    ):
        level = np.clip(np.rint(50 + truth + 9 * noise), 0, 100).astype(int)
        assert re.search(told, said_of_held(pd.DataFrame({"gap": gap, "stars": level}), cx.Rating("stars", ten)))
        assert re.search(told, said_of_held(pd.DataFrame({"gap": gap, "spend": level}), cx.Continuous("spend")))


def test_a_gain_that_the_end_of_a_scale_can_make_says_so() -> None:
    """A straight line behind a rating with half its customers at the top: bent on the rating, and by its end alone."""
    frame = cx.simulate.linear_rating(4000, rng=1, slope=0.6, mean=4.5, unit=0.5)
    said = said_of_held(frame.rename(columns={"rating": "stars"}), cx.Rating("stars", cx.CSAT5))
    top = 100 * (frame["rating"] == 5).mean()
    assert " predict better than one line " in said
    assert said.endswith(
        f"; but {top:.0f}% of the ratings are at the best value, and the end of a scale alone bends a line."
    )


def test_too_few_outcomes_for_held_out_leave_a_reason() -> None:
    result = cx.stop_delighting(contacts(n=160), outcome=cx.Binary("back"), disconfirmation="gap", rng=1)
    assert result.slopes is not None
    assert result.parts.held is None
    assert result.parts.not_told["two slopes, held out"].startswith("At least 100 good and 100 bad outcomes are needed")
    assert result.slopes.summary() in result.summary()
    assert not [line for line in result.answers() if "held out" in line]


NOTHING = (
    "Nothing is asked: neither a disconfirmation nor an effort score, a problem, an attempt, expectations or "
    'attributes were declared.\nPass for example disconfirmation="days_early" or effort={"ease": cx.EASE7}.'
)
HALVES = (
    "Some columns mean nothing without others: objective needs effort; complained and recovered need problem; "
    "tiers need disconfirmation.\nDeclare both, or neither."
)
OTHER_HALVES = (
    "Some columns mean nothing without others: expected and performed need each other; failure, cost, handling "
    "and wait need attempt.\nDeclare both, or neither."
)
ONE = "effort must map one column to its scale, but 'effort' was given.\nPass for example effort={\"ease\": cx.EASE7}."
ROOM = {"room": cx.CSAT5}
TWO = (
    f"attributes must map two or more columns to their scales, but {ROOM!r} was given."
    '\nPass for example attributes={"room": cx.CSAT5, "staff": cx.CSAT5}.'
)
TWO_SCALES = f"'got' was declared with two scales: {cx.EASE7} and {cx.CSAT7}.\nPass one."
LIST = "objective must be a list of column names, but 'transfers' was given.\nPass objective=['transfers']."
NO_OUTCOME = (
    "An outcome of one moment is needed, but none was declared."
    '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Rating("nps", cx.NPS).'
)
NO_RANGE = "met must run from a low to a higher value, but (1, 0) was given.\nPass for example (0, 0)."
BACK: dict[str, Any] = {"outcome": cx.Binary("back")}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (BACK, NOTHING),
        ({**BACK, "objective": ["transfers"], "recovered": "fixed", "tiers": {"meet": 0}}, HALVES),
        ({**BACK, "expected": {"hoped": cx.CSAT7}, "failure": "failed"}, OTHER_HALVES),
        ({**BACK, "effort": "effort"}, ONE),
        ({**BACK, "attributes": ROOM}, TWO),
        ({**BACK, "effort": {"got": cx.EASE7}, "attributes": {"got": cx.CSAT7, "room": cx.CSAT5}}, TWO_SCALES),
        ({**BACK, "effort": {"effort": cx.EFFORT5}, "objective": "transfers"}, LIST),
        ({"disconfirmation": "gap"}, NO_OUTCOME),
        ({**BACK, "disconfirmation": "gap", "met": (1, 0)}, NO_RANGE),
    ],
)
def test_what_makes_no_question_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        cx.stop_delighting(contacts(n=50), **given)


def test_customers_without_a_control_are_counted_and_left_out_alike() -> None:
    frame = contacts()
    frame.loc[:99, "orders"] = np.nan
    result = cx.stop_delighting(frame, **{**EVERYTHING, "objective": []}, rng=1)
    assert "100 rows without a control: left out wherever the gap is used." in result.notes
    parts = result.parts
    assert {part.n for part in (parts.levels, parts.slopes, parts.rungs, parts.ladder)} == {ROWS - 100}  # type: ignore[union-attr]


def test_the_seed_that_was_drawn_gives_the_same_again() -> None:
    frame = contacts(n=800)
    asked: dict[str, Any] = {"outcome": cx.Binary("back"), "disconfirmation": "gap"}
    first = cx.stop_delighting(frame, **asked)
    again = cx.stop_delighting(frame, **asked, rng=first.seed)
    assert str(again) == str(first)
    assert first.parts.bend is not None
    assert first.seed == first.parts.bend.seed


def test_without_an_answer_to_either_question_the_rest_is_shown() -> None:
    result = cx.stop_delighting(contacts(), outcome=cx.Binary("back"), problem="problem", recovered="fixed")
    assert "recovered - no problem" in result.summary()
    assert "<table" in result._repr_html_()
    assert result.verdict().count("cannot be told") == 2


# --- the verdict -----------------------------------------------------------------------------------------------------


def told(frame: pd.DataFrame, **more: Any) -> str:
    """The sentence on delight."""
    roles = {"outcome": cx.Binary("repurchase"), "disconfirmation": "days_early", "rng": 1, **more}
    return cx.stop_delighting(frame, **roles).verdict().splitlines()[0]


LESS, PAYS = "delight adds less than the smallest effect that counts (10%)", "delight pays, by more than the smallest"
FEW = "there are too few: smaller and larger gains than 10% are both within reach"


@pytest.mark.parametrize(
    ("excess", "n", "ending"),
    [
        (0.0, 20_000, f"{LESS}."),
        (0.06, 20_000, f"{PAYS} effect that counts (10%)."),
        (-0.03, 20_000, f"{LESS}, and goes with less loyalty."),
        (0.0, 400, f"whether delight pays cannot be told, because {FEW}."),
    ],
)
def test_the_verdict_on_delight_against_its_truth(excess: float, n: int, ending: str) -> None:
    said = told(cx.simulate.cohort(n, rng=5, excess=excess))
    assert re.match(
        rf"^Exceeded against met: {NUMBER}% \(95% {NUMBER}% to {NUMBER}%\), relative, in bad outcomes", said
    )
    assert said.endswith(f"; {ending}")


def test_the_verdict_on_effort_against_its_truth() -> None:
    asked: dict[str, Any] = {"outcome": cx.Binary("repurchase"), "effort": {"ease": cx.EASE7}}
    costs = cx.stop_delighting(cx.simulate.cohort(8000, rng=1, ease=0.6), **asked)
    assert costs.verdict().endswith("; effort costs, by more than the smallest effect that counts (10%).")
    nothing = cx.stop_delighting(cx.simulate.cohort(60_000, rng=1, ease=0.5, csat=0.6, nps=0.6), **asked)
    assert nothing.verdict().endswith("; effort costs less than the smallest effect that counts (10%).")
    few = cx.stop_delighting(cx.simulate.cohort(1200, rng=1, ease=0.5, csat=0.6, nps=0.6), **asked)
    assert "whether effort costs cannot be told, because" in few.verdict()


def test_effort_that_is_refused_leaves_its_reason() -> None:
    result = cx.stop_delighting(
        contacts(n=120).assign(effort=3),
        outcome=cx.Binary("back"),
        disconfirmation="gap",
        effort={"effort": cx.EFFORT5},
        rng=1,
    )
    why = result.parts.not_told["effort"].splitlines()[0]
    assert result.verdict().splitlines()[1] == f"Whether effort costs cannot be told: {why}"
    assert f"Cannot be told (effort): {why}" in result.summary()


def test_with_controls_the_verdict_is_adjusted_and_says_so(everything: StopDelighting) -> None:
    parts = everything.parts
    assert parts.rungs is not None
    low, high = parts.rungs.steps[-1].interval()
    assert everything.verdict().startswith(
        f"Exceeded against met, adjusted for 'orders': {100 * parts.rungs.steps[-1].estimate:.3g}% "
        f"(95% {100 * low:.3g}% to {100 * high:.3g}%), relative, in good outcomes"
    )
    assert any("E-value" in line for line in everything.answers())


def test_where_nobody_is_below_alike_customers_stand_in() -> None:
    """The three levels need somebody on each; the comparison of exceeded with met does not."""
    rng = np.random.default_rng(6)
    orders, gap = rng.integers(0, 4, 4000), rng.integers(0, 2, 4000)
    stars = np.clip(np.rint(2.5 + 0.2 * orders + 0.5 * gap + rng.normal(size=4000)), 1, 5).astype(int)
    frame = pd.DataFrame({"orders": orders, "gap": gap, "stars": stars})
    asked: dict[str, Any] = {"outcome": cx.Rating("stars", cx.CSAT5), "disconfirmation": "gap", "controls": ["orders"]}
    result = cx.stop_delighting(frame, **asked, rng=1)
    assert sorted(result.parts.not_told) == ["bend", "levels, adjusted", "slopes", "turn"]
    adjusted, gain = result.parts.adjusted, delight_gain(result.parts)
    assert adjusted is not None
    assert gain is not None
    assert gain.effect == adjusted.gain
    assert result.levels is not None
    assert gain.latent == result.levels.latent_gain
    assert result.verdict().startswith("Exceeded against met, adjusted for 'orders': ")
    assert "; delight pays, by more than" in result.verdict()


def test_a_difference_that_does_not_say_it_all_is_told_with_the_verdict() -> None:
    """Satisfaction goes with quality alone, along a line; quality ends at 10, and that bends the difference."""
    rng = np.random.default_rng(3)
    hoped = np.clip(np.rint(rng.normal(7.5, 2, 4000)), 1, 10).astype(int)
    got = np.clip(np.rint(8.5 + 0.2 * (hoped - 8) + rng.normal(0, 2, 4000)), 1, 10).astype(int)
    frame = pd.DataFrame({"hoped": hoped, "got": got, "gap": got - hoped})
    frame["pleased"] = np.clip(np.rint(2 + 0.6 * got + rng.normal(size=4000)), 1, 10).astype(int)
    ten = cx.Scale(1, 10)
    asked: dict[str, Any] = {"outcome": cx.Rating("pleased", ten), "disconfirmation": "gap", "rng": 1}
    apart = cx.stop_delighting(frame, **asked, expected={"hoped": ten}, performed={"got": ten})
    but = "; but performance minus expectation does not say it all, so see the response surface first."
    assert apart.verdict().splitlines()[0].endswith(but)
    assert but not in cx.stop_delighting(frame, **asked).verdict()
    slopes, surface = apart.slopes, apart.parts.surface
    assert slopes is not None
    assert surface is not None
    assert judged_bend(slopes) == "more"
    expected, performed = surface.estimate[:2]
    assert abs(expected) < 4 * surface.std_error[0]
    assert abs(performed - 0.6) < 4 * surface.std_error[1]
    said = next(line for line in apart.answers() if line.startswith("At the midpoint of both (per point): performance"))
    assert "minus expectation says it all is rejected (p <0.0001), so look at both, not at their difference" in said


def test_spend_is_judged_by_the_three_levels() -> None:
    rng = np.random.default_rng(2)
    gap = rng.integers(-2, 3, 8000)
    frame = pd.DataFrame({"gap": gap, "spend": np.maximum(gap, 0) * 0.5 + rng.normal(size=8000)})
    said = told(frame, outcome=cx.Continuous("spend"), disconfirmation="gap")
    assert said.endswith("; delight pays, by more than the smallest effect that counts (0.1 standard deviations).")


def test_rivals_stand_side_by_side_and_are_never_both_supported() -> None:
    asked: dict[str, Any] = {
        "outcome": cx.Binary("repurchase"),
        "disconfirmation": "days_early",
        "tiers": {"meet": 0, "exceed": 1, "delight": 3},
        "rng": 1,
    }
    flat = cx.stop_delighting(cx.simulate.cohort(20_000, rng=5), **asked)
    rise = cx.stop_delighting(cx.simulate.cohort(20_000, rng=5, excess=0.08), **asked)
    for result, nothing, every in ((flat, "supported", "not supported"), (rise, "not supported", "supported")):
        line = next(line for line in result.answers() if line.startswith("Rivals"))
        assert line.startswith(
            "Rivals, on the same outcome, rows and smallest effect (10%): that delight adds nothing, "
            f"{nothing}; that every tier gains, {every} (meet - fail "
        )
        levels, ladder = result.levels, result.parts.ladder
        assert levels is not None
        assert ladder is not None
        assert levels.n == ladder.n
    few = cx.stop_delighting(cx.simulate.cohort(400, rng=5), **{**asked, "tiers": {"meet": 0, "exceed": 1, "all": 6}})
    off = "that every tier gains, cannot be told (Every cut point must have customers on both sides, but"
    assert any(off in line and line.endswith("not so: all = 6).") for line in few.answers())


def test_the_frame_holds_every_gain(everything: StopDelighting) -> None:
    frame = everything.to_frame()
    assert list(frame.columns[:5]) == ["question", "term", "unit", "verdict", "smallest_effect"]
    assert list(frame.columns[5:]) == ["estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"]
    assert frame["term"].tolist() == [
        "exceeded - met",
        "exceeded - met, adjusted",
        "exceeded - met, alike before",
        "meet - fail",
        "exceed - meet",
        "delight - exceed",
        "low - high effort",
    ]
    assert frame["question"].tolist() == ["delight"] * 3 + ["tiers"] * 3 + ["effort"]
    effort = everything.parts.effort
    assert effort is not None
    high, low = effort.estimate[:2]  # bad shares; more than half of the customers with high effort are lost here
    assert high > 0.5
    assert frame["estimate"].iloc[-1] == pytest.approx((1 - low) / (1 - high) - 1, rel=ROUNDING)


def test_no_sentence_tells_causes(everything: StopDelighting) -> None:
    text = " ".join([everything.summary(), *(m.__doc__ or "" for m in (cx.stop_delighting, StopDelighting))])
    assert not re.search(r"\b(drives?|causes?|leads? to|increases?|reduces?|due to|because of)\b", text)


# --- two artefacts that make "delight does not pay" out of nothing ----------------------------------------------------

SEEDS = 200
AT_MOST = 0.05 + 4 * (0.05 * 0.95 / SEEDS) ** 0.5  # four Monte Carlo standard errors


@pytest.mark.parametrize("slope", [0.6, 0.25])
@pytest.mark.parametrize(("mean", "top"), [(4.0, 0.31), (4.5, 0.50)])
def test_the_end_of_the_scale_is_not_taken_for_a_plateau_in_simulation(mean: float, top: float, slope: float) -> None:
    """A strictly linear effect on a rating with so many at its top: nothing may say that delight does not pay."""
    assert cx.simulate.linear_rating_truth(slope=slope, mean=mean, unit=0.5).top_share == pytest.approx(top, abs=0.01)
    stars = cx.Rating("rating", cx.CSAT5)
    less, bent, flat, rival, fooled = (np.zeros(SEEDS, dtype=bool) for _ in range(5))
    for seed in range(SEEDS):
        frame = cx.simulate.linear_rating(1500, rng=seed, slope=slope, mean=mean, unit=0.5)
        cells = cx.tally(frame, outcome=stars, disconfirmation="gap")
        levels, slopes = cx.expectation_levels(cells), cx.asymmetry(cells)
        ladder = cx.loyalty_ladder(cells, cuts={"meet": 0, "exceed": 0.25, "delight": 1.25})
        parts = DelightParts(levels=levels, slopes=slopes, ladder=ladder, outcome=stars, gap="gap")
        gain = delight_gain(parts)
        assert gain is not None
        less[seed], bent[seed], flat[seed] = gain.judged == "less", judged_bend(slopes) == "more", levels_off(ladder)
        rival[seed] = judged_tiers(ladder) == "less"
        fooled[seed] = slopes.effect.p_not_above(0.1) < 0.025
        if seed < 2:
            assert any("adds less" in line for line in verdict_in_words(parts)) == less[seed]
            assert any("weighs more than" in line for line in sentences(parts)) == bent[seed]
    for called in (less, bent, flat, rival):
        assert called.mean() <= AT_MOST
    if slope == 0.6:  # the rating itself, without the scale behind it, is fooled
        assert fooled.mean() > {0.31: 0.2, 0.50: 0.9}[top]


def test_a_true_bend_below_the_end_of_the_scale_is_told_in_simulation() -> None:
    """The guards must not silence everything: a rating with few at its top, that bends at what was expected."""
    rng, called = np.random.default_rng(8), 0
    for _ in range(20):
        gap = rng.integers(-2, 3, 2000)
        latent = 3 + 0.6 * np.minimum(gap, 0) + rng.normal(size=2000)
        frame = pd.DataFrame({"gap": gap, "rating": np.clip(np.floor(latent + 0.5), 1, 5).astype(int)})
        slopes = cx.asymmetry(frame, outcome=cx.Rating("rating", cx.CSAT5), disconfirmation="gap")
        called += judged_bend(slopes) == "more"
    assert called >= 18


def test_a_full_ceiling_is_named() -> None:
    frame = cx.simulate.linear_rating(3000, rng=1, slope=0.1, mean=4.5, unit=0.5)
    result = cx.stop_delighting(frame, outcome=cx.Rating("rating", cx.CSAT5), disconfirmation="gap", rng=1)
    assert result.levels is not None
    share = f"{100 * result.levels.share_at_top:.0f}%"
    why = f"{share} of those who are compared with gave the best rating already, so that a gain could hardly show"
    said = result.verdict().splitlines()[0]
    assert said.endswith(f"; whether delight pays cannot be told, because {why} (ceiling).")
    assert any(line.startswith(f"Ceiling: {share} of those whose expectations were met") for line in result.answers())
