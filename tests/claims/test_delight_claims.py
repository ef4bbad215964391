"""Claim 24 on tiers made by hand: the verdict that the truth deserves, or the guard that stops it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import cxstats as cx

TIERS = {"meet": 0, "exceed": 1, "delight": 3}
BACK = {"back": cx.Binary("back", after=True)}
STARS = {"stars": cx.Rating("stars", cx.CSAT5, after=True)}


def expected(tiers: Mapping[str, float] | None = None) -> cx.Expectation:
    return cx.Expectation(disconfirmation="gap", met=(0, 0), tiers=TIERS if tiers is None else tiers)


def findings(frame: pd.DataFrame, **more: Any) -> dict[str, cx.Finding]:
    given: dict[str, Any] = {"tables": {"customers": frame}, "expectation": expected(), "evidence": "simulated"}
    return {
        f.claim: f
        for f in cx.validate(cx.Study(**{**given, **more}), rng=1, sensitivity=False).findings
        if f.family == "delight"
    }


def shares(*back: float) -> cx.Finding:
    """Of 10,000 customers on each tier (gaps -2, 0, 1 and 4), the share who came back."""
    rows = [
        (g, b, round(10_000 * (p if b else 1 - p))) for g, p in zip((-2, 0, 1, 4), back, strict=True) for b in (0, 1)
    ]
    return findings(pd.DataFrame(rows, columns=["gap", "back", "n"]), count="n", outcomes=BACK)["tier-monotone"]


def rated(mean: Sequence[float], shift: float = 0.0) -> pd.DataFrame:
    """Stars cut from a normal with such means on the four tiers, 5,000 customers each."""
    gap = np.repeat((-2, 0, 1, 4), 5000)
    latent = np.repeat(mean, 5000) + shift + np.random.default_rng(3).normal(size=len(gap))
    return pd.DataFrame({"gap": gap, "stars": 1 + np.searchsorted([-1.5, -0.7, 0.2, 1.3], latent)})


def test_every_tier_gains() -> None:
    """From .2 to .3, .36 and .45: steps of 50%, 20% and 25%."""
    claim = shares(0.20, 0.30, 0.36, 0.45)
    assert (claim.verdict, claim.flags, claim.rival) == ("supported", ("no-baseline",), "delight-no-loyalty")
    assert [part.name for part in claim.parts] == ["meet - fail", "exceed - meet", "delight - exceed"]
    assert [part.estimate for part in claim.parts] == pytest.approx([0.5, 0.2, 0.25])
    assert claim.unit == "relative gain in good outcomes, or, where the lower tier has more than half, in bad ones"
    assert claim.reason.startswith(
        "The share with a good outcome (back) is 20.0% on 'fail', 30.0% on 'meet', 36.0% on 'exceed', "
        "45.0% on 'delight'."
    )
    # The weakest step decides.
    assert "The gain exceed - meet is 0.2 (95% interval" in claim.reason
    assert [part.name for part in claim.levels] == ["fail", "meet", "exceed", "delight"]
    assert [part.estimate for part in claim.levels] == pytest.approx([0.20, 0.30, 0.36, 0.45])


def test_a_plateau_refutes_the_ladder_and_is_named() -> None:
    claim = shares(0.20, 0.30, 0.30, 0.30)
    assert (claim.verdict, claim.flags) == ("not-supported", ("no-baseline", "plateau"))
    assert "clearly less than 0.1" in claim.reason
    assert "'meet'" in claim.guards[0]
    # A rise that is there and too small to count is no ladder either.
    assert shares(0.20, 0.30, 0.31, 0.32).verdict == "not-supported"


def test_one_step_down_among_steps_up_refutes_the_ladder() -> None:
    claim = shares(0.20, 0.30, 0.25, 0.45)
    assert (claim.verdict, "opposite" in claim.flags) == ("not-supported", True)
    assert "The gain exceed - meet is -0.167" in claim.reason


def test_steps_that_cannot_be_told_apart_from_too_small_ones_point_up() -> None:
    """A gain of 12% at the last step, with an interval of 8% to 16%: more than nothing, and perhaps not enough."""
    assert shares(0.20, 0.30, 0.40, 0.448).verdict == "direction-only"


def regulars_are_delighted() -> pd.DataFrame:
    """Regulars come back twice as often, and are delighted more often; delight itself adds nothing."""
    rows = []
    for regular, base in ((0, 0.2), (1, 0.4)):
        for gap, n in ((-2, 2000), (0, 4000 - 2000 * regular), (1, 1000 + 1000 * regular), (4, 500 + 3500 * regular)):
            rows += [(regular, gap, back, round(n * (base if back else 1 - base))) for back in (0, 1)]
    return pd.DataFrame(rows, columns=["regular", "gap", "back", "n"])


def test_past_behaviour_is_taken_out_where_it_is_declared() -> None:
    """Regulars come back twice as often whatever they met, 31.4% of all: without the control delight seems to pay."""
    frame = regulars_are_delighted()
    plain = findings(frame, count="n", outcomes=BACK)["delight-no-loyalty"]
    adjusted = findings(frame, count="n", outcomes=BACK, controls=["regular"])["delight-no-loyalty"]
    assert (plain.verdict, "no-baseline" in plain.flags) == ("not-supported", True)
    assert (adjusted.verdict, adjusted.flags) == ("supported", ())
    assert adjusted.estimate == pytest.approx(0.0, abs=1e-12)
    assert [part.name for part in adjusted.levels] == ["below", "met", "exceeded"]
    assert adjusted.reason.startswith(
        "The share with a good outcome (back) is 31.4% where expectations were met and 31.4% where they were exceeded, "
        "standardised over 'regular'."
    )


def test_adjusted_gain_against_standardisation_by_hand() -> None:
    """One binary control beside the levels in a saturated table is not saturated in the model: statsmodels fits it."""
    import statsmodels.api as sm

    rng = np.random.default_rng(6)
    n = 6000
    regular = rng.integers(0, 2, n)
    gap = np.round(rng.normal(0.7 * regular, 1.2, n)).astype(int)
    back = (rng.random(n) < 0.2 + 0.15 * regular + 0.08 * (gap >= 1)).astype(int)
    frame = pd.DataFrame({"regular": regular, "gap": gap, "back": back})
    found = findings(frame, outcomes=BACK, controls=["regular"])["delight-no-loyalty"]
    design = np.column_stack([np.ones(n), gap == 0, gap >= 1, regular]).astype(float)
    fit = sm.Logit(back, design).fit(disp=0)

    def share(met: int, exceeded: int) -> float:
        return float(fit.predict(np.column_stack([np.ones(n), np.full(n, met), np.full(n, exceeded), regular])).mean())

    # Two fits that stop at a gradient of 1e-8 and less agree to about that.
    assert found.estimate == pytest.approx(share(0, 1) / share(1, 0) - 1, rel=1e-6)


def test_delight_and_its_rival_cannot_both_hold() -> None:
    frame = pd.DataFrame(
        [(g, b, 10_000 * (3 if b else 7) // 10) for g in (-2, 0, 1, 4) for b in (0, 1)], columns=["gap", "back", "n"]
    )
    found = findings(frame, count="n", outcomes=BACK)
    assert (found["delight-no-loyalty"].verdict, found["tier-monotone"].verdict) == ("supported", "not-supported")


def test_a_rating_is_judged_on_the_scale_behind_it_too() -> None:
    """Every step .5 behind the stars: .5 / sqrt(1 + .3125) latent SD, where .3125 is the variance of the means."""
    claim = findings(rated((-0.9, -0.4, 0.1, 0.6)), outcomes=STARS)["tier-monotone"]
    assert (claim.verdict, claim.unit) == ("supported", "standard deviations of the outcome")
    assert claim.smallest_effect == 0.1
    truth = 0.5 / math.sqrt(1 + 0.3125)
    for part in claim.parts:
        assert part.estimate == pytest.approx(truth, abs=0.06)


def test_a_last_step_that_only_the_cuts_of_a_rating_make() -> None:
    """Of the last step .13 / sqrt(1 + .7395) = .099 latent SD are in truth; a cut amid the upper tiers makes .114."""
    means, n = (-2.0, -1.0, 0.0, 0.13), 1_000_000
    above = [norm.sf(np.array([0.05, 2.5]), loc=mean) for mean in means]
    rows = [
        (gap, answer, round(n * p))
        for gap, (middle, top) in zip((-2, 0, 1, 4), above, strict=True)
        for answer, p in ((1, 1 - middle), (2, middle - top), (3, top))
    ]
    outcome = {"answer": cx.Rating("answer", cx.Scale(1, 3), after=True)}
    frame = pd.DataFrame(rows, columns=["gap", "answer", "n"])
    claim = findings(frame, count="n", outcomes=outcome)["tier-monotone"]
    assert (claim.verdict, claim.flags) == ("inconclusive", ("ceiling", "no-baseline"))
    assert claim.ci_low > 0.1
    assert "not on the scale behind it" in claim.reason


def test_a_rating_at_its_ceiling_tells_nothing_of_the_highest_tier() -> None:
    frame = rated((-0.9, -0.4, 0.1, 0.6), shift=1.0)
    top = (frame.stars[frame.gap == 1] == 5).mean()
    claim = findings(frame, outcomes=STARS)["tier-monotone"]
    assert (claim.verdict, claim.flags, math.isnan(claim.estimate)) == ("not-testable", ("ceiling",), True)
    assert claim.reason == (
        f"{100 * top:.0f}% of the customers on the tier below the highest already gave the best rating: whoever was "
        "above could not show it. An outcome without a ceiling, such as a later purchase, would make it testable."
    )


def test_what_stops_the_ladder_is_said() -> None:
    frame = pd.DataFrame({"gap": [-2, 0, 1, 4] * 30, "back": [0, 1, 1] * 40, "spend": np.arange(120.0)})
    undeclared = findings(frame, outcomes=BACK, expectation=expected({}))["tier-monotone"]
    assert undeclared.reason == (
        "No tiers are declared: tiers = { meet = 0, exceed = 1, delight = 3 } in [expectation], from which gap on each "
        "begins, would make it testable."
    )
    none = findings(frame, outcomes=BACK, expectation=None)["tier-monotone"]
    assert none.reason.startswith("No expectation is declared")
    measure = findings(frame, outcomes={"spend": cx.Continuous("spend", after=True)})["tier-monotone"]
    assert measure.reason == (
        "The outcome 'spend' is neither binary nor a rating; this claim is tested on one of these."
    )
    thin = findings(frame.assign(gap=[-2, 0, 1, 1] * 30), outcomes=BACK)["tier-monotone"]
    assert thin.verdict == "not-testable"
    assert "the gap runs from -2 to 1, and not so: delight = 3." in thin.reason
    few = findings(frame.assign(gap=[-2, 0, 1, 1] * 29 + [-2, 0, 1, 3]), outcomes=BACK)["tier-monotone"]
    assert "'delight' has 1 good and 0 bad" in few.reason


def test_negative_asymmetry_says_what_two_slopes_gain_held_out() -> None:
    """A bend that is there predicts better than one line; too few outcomes, and a weight, leave a reason."""
    frame = cx.simulate.cohort(4000, rng=1)
    outcomes = {"repurchase": cx.Binary("repurchase", after=True)}
    told = cx.Expectation(disconfirmation="days_early")
    claim = findings(frame, expectation=told, outcomes=outcomes)["negative-asymmetry"]
    alone = cx.bend_gain(frame, outcome=outcomes["repurchase"], disconfirmation="days_early", rng=1)
    low, high = alone.gain.interval()
    assert low > 0
    (said,) = [guard for guard in claim.guards if "held out" in guard]
    assert said == (
        "On customers held out two slopes predict better than one line (gain in log-loss per customer "
        f"{alone.gain.estimate:.3g}, 95% {low:.3g} to {high:.3g})."
    )
    few = findings(frame.head(180), expectation=told, outcomes=outcomes)["negative-asymmetry"]
    (why,) = [guard for guard in few.guards if "held out" in guard]
    untold = "Whether two slopes predict customers held out better than one line cannot be told: "
    assert why.startswith(f"{untold}At least 100 good and 100 bad outcomes are needed")
    weighted = findings(frame.assign(w=1.5), expectation=told, outcomes=outcomes, weight="w")["negative-asymmetry"]
    (why,) = [guard for guard in weighted.guards if "held out" in guard]
    assert why.startswith(f"{untold}Survey weights cannot be used")
    assert weighted.verdict == "supported"


@pytest.mark.parametrize("recalled", [False, True])
def test_an_expectation_recalled_afterwards_is_flagged(recalled: bool) -> None:
    """The verdicts stay; every one of them says what the gap may be."""
    frame = cx.simulate.cohort(4000, rng=1)
    told = cx.Expectation(disconfirmation="days_early", tiers={"meet": 0, "exceed": 1}, recalled=recalled)
    found = findings(frame, expectation=told, outcomes={"repurchase": cx.Binary("repurchase", after=True)})
    for claim in ("delight-no-loyalty", "tier-monotone", "negative-asymmetry"):
        assert ("recalled" in found[claim].flags) == recalled
    assert found["negative-asymmetry"].verdict == "supported"


def test_recalled_must_be_true_or_false() -> None:
    told = cx.Expectation(disconfirmation="days_early", recalled="yes")  # type: ignore[arg-type]
    with pytest.raises(cx.StudyError, match=r"^expectation\.recalled: must be True or False, not 'yes'\.$"):
        findings(cx.simulate.cohort(100, rng=1), expectation=told)


def returning(gap: np.ndarray, share: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Customers who come back with a share that hangs on the gap, as counts."""
    frame = pd.DataFrame({"gap": gap, "back": (rng.random(len(gap)) < share).astype(int)})
    return frame.value_counts(sort=False).rename("n").reset_index()


STUDIES = 40
# Of 40 studies, 5% and 4 Monte Carlo standard errors: at most 7.
AT_MOST = math.floor(STUDIES * 0.05 + 4 * math.sqrt(STUDIES * 0.05 * 0.95))


def test_a_doubled_risk_at_a_low_base_rate_is_not_called_nothing_in_simulation() -> None:
    """.6% come back where expectations were met, 1.2% where they were exceeded: .6 points, and twice as many."""
    nothing = found = 0
    for seed in range(STUDIES):
        rng = np.random.default_rng(seed)
        gap = rng.choice([-1, 0, 1], 60_000, p=[0.2, 0.5, 0.3])
        frame = returning(gap, np.where(gap > 0, 0.012, 0.006), rng)
        claim = findings(frame, count="n", outcomes=BACK)["delight-no-loyalty"]
        nothing += claim.verdict == "supported"
        found += claim.verdict == "not-supported"
    assert nothing == 0  # a gain of 100% lies many standard errors above the 10% that count
    # 30,000 and 18,000 customers: the relative gain of 1 has a standard error of about .19, so its power is above 99%.
    assert found >= STUDIES - 4


def test_delight_that_works_from_a_threshold_on_is_told_from_none_in_simulation() -> None:
    """Nothing up to a gap of 2 and then a cubic rise (.304, .332, .408, .556), against nothing throughout."""
    tiers = {"meet": 0, "exceed": 1, "delight": 4}
    called_nothing = plateau_seen = told = 0
    for seed in range(STUDIES):
        rng = np.random.default_rng(seed)
        gap = rng.integers(-1, 7, 16_000)
        cubic = 0.30 + 0.004 * np.maximum(gap - 2, 0) ** 3
        rising = findings(returning(gap, cubic, rng), count="n", outcomes=BACK, expectation=expected(tiers))
        called_nothing += rising["delight-no-loyalty"].verdict == "supported"
        last = rising["tier-monotone"].parts[-1]
        plateau_seen += "plateau" in rising["tier-monotone"].flags
        assert last.name == "delight - exceed"
        told += last.ci_low > 0.10
        # Exceeding a little does nothing, so that not every tier gains: neither article is right here.
        assert rising["tier-monotone"].verdict != "supported"
    assert called_nothing == 0
    assert plateau_seen == 0
    assert told >= STUDIES - AT_MOST
    flat_told = flat_nothing = 0
    for seed in range(STUDIES):
        rng = np.random.default_rng(1000 + seed)
        gap = rng.integers(-1, 7, 16_000)
        flat = findings(
            returning(gap, np.full(len(gap), 0.30), rng), count="n", outcomes=BACK, expectation=expected(tiers)
        )
        flat_told += flat["tier-monotone"].parts[-1].ci_low > 0.10
        flat_nothing += flat["delight-no-loyalty"].verdict == "supported"
    assert flat_told <= AT_MOST
    assert flat_nothing > STUDIES / 2
