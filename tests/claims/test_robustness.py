"""Further looks at a verdict: the smallest effect at which it turns, segments, one left out, answers filled in."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx
from cxstats.claims.finding import Kind
from cxstats.claims.flips import flip_of
from cxstats.claims.imputed import IMPUTATIONS, imputed_studies, pooled
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.register import CLAIMS
from cxstats.claims.robustness import SEGMENTS, Looked, Looks, Robustness
from cxstats.claims.verdict import Among, Blocked, Component, Question, judge
from cxstats.numerics.effect import Effect
from cxstats.numerics.resample import seeded

HALVED = 1e-7  # relative: the search halves its bracket of a factor 1.4 thirty times, to 4e-10, and is compared coarser
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5}


def question(estimate: float, se: float = 0.01, kind: Kind = "superiority", smallest: float = 0.01) -> Question:
    component = Component(name="a", effect=Effect(a=estimate, var_a=se**2), kind=kind, smallest=smallest)
    return Question(components=(component,), n=1000)


Z = float(stats.norm.isf(0.025))
Z_OF_TWO = float(stats.norm.isf(0.0125))  # the smaller of two p-values is doubled by Holm
Z_EQUIVALENCE = float(stats.norm.isf(0.05))


@pytest.mark.parametrize(
    ("asked", "at", "to"),
    [
        (question(0.06), 0.06 - 0.01 * Z, "direction-only"),  # supported: until the interval's lower end
        (question(0.015), 0.015 + 0.01 * Z, "not-supported"),  # inconclusive: from the upper end on
        (question(-0.02), math.nan, None),  # its upper end lies below 0: no smallest effect saves it
        (question(0.0, kind="non-superiority", smallest=0.1), 0.01 * Z, "inconclusive"),
        (question(0.004, kind="equivalence", smallest=0.1), 0.004 + 0.01 * Z_EQUIVALENCE, "inconclusive"),
    ],
)
def test_flip_alone_against_the_ends_of_intervals(asked: Question, at: float, to: str | None) -> None:
    flip = flip_of([asked], 0)
    assert flip.to == to
    assert flip.at == pytest.approx(at, rel=HALVED, nan_ok=True)


def test_flip_in_a_family_against_holm_by_hand() -> None:
    """With a second test of p far below, ours is the larger of two and is not multiplied; with p = 1 it is doubled."""
    for other, z in ((question(0.5), Z), (Blocked(looked_at_outcome=True), Z_OF_TWO)):
        flip = flip_of([question(0.06), other], 0)
        assert (flip.to, flip.at) == ("direction-only", pytest.approx(0.06 - 0.01 * z, rel=HALVED))


def test_what_has_no_smallest_effect_does_not_flip() -> None:
    band = Component(name="a", effect=Effect(a=0.2, var_a=0.0001), kind="figure", smallest=0.1, band=(0.1, 0.3))
    sign = Component(name="a", effect=Effect(a=0.2, var_a=0.0001), kind="superiority", smallest=0.0)
    for asked in (
        Question(components=(band,)),
        Question(components=(sign,)),
        Blocked(looked_at_outcome=True),
        Question(components=question(0.06).components, withheld=True),
    ):
        flip = flip_of([asked], 0)
        assert math.isnan(flip.at)
        assert flip.to is None


def customers(n: int, rng: np.random.Generator, csat: float, nps: float, base: float, name: str) -> pd.DataFrame:
    """Customers who come back by the logistic of standardised scores, with given slopes and base rate."""
    a, b = rng.normal(size=(2, n))
    back = rng.random(n) < 1 / (1 + np.exp(-(base + csat * a + nps * b)))
    return pd.DataFrame(
        {
            "csat": np.clip(np.round(3 + a), 1, 5),
            "nps": np.clip(np.round(5 + 2 * b), 0, 10),
            "back": back.astype(int),
            "industry": name,
        }
    )


def study(frame: Any, **more: Any) -> cx.Study:
    given: dict[str, Any] = {
        "tables": {"customers": frame},
        "metrics": METRICS,
        "outcomes": {"back": cx.Binary("back", after=True)},
        "segments": ["industry"],
    }
    return cx.Study(**{**given, **more})


def best(validation: cx.Validation) -> cx.Finding:
    (found,) = (f for f in validation.findings if f.claim == "metric-best-retention")
    return found


def looked_at(frame: pd.DataFrame) -> Robustness:
    """The further looks at the one claim, without the work on all others."""
    (claim,) = (c for c in CLAIMS if c.id == "metric-best-retention")
    draws, asked = seeded(1), study(frame)
    data = OutcomeData(asked, "back", draws)
    evidence = claim.evidence(data)
    assert isinstance(evidence.question, Question)
    family = [evidence.question]
    (judgement,) = judge(family)
    assert judgement.decisive is not None
    return Looks(asked, draws).at(
        Looked(
            claim=claim,
            data=data,
            family=family,
            row=0,
            verdict=judgement.verdict,
            decisive=judgement.decisive,
            n_missing=evidence.n_missing,
        )
    )


@pytest.fixture(scope="module")
def opposed() -> pd.DataFrame:
    """csat is the better metric in two industries with many customers, nps in a third with few."""
    rng = np.random.default_rng(20261126)
    return pd.concat(
        [
            customers(4000, rng, 1.0, 0.2, 0.0, "retail"),
            customers(4000, rng, 1.0, 0.2, 0.0, "bank"),
            customers(2000, rng, 0.1, 1.2, 0.0, "telco"),
        ],
        ignore_index=True,
    )


def test_segments_against_studies_of_their_own(opposed: pd.DataFrame) -> None:
    found = best(cx.validate(study(opposed), rng=1))
    assert [part.name for part in found.segments] == ["bank (industry)", "retail (industry)", "telco (industry)"]
    for part, name in zip(found.segments, ("bank", "retail", "telco"), strict=True):
        alone = best(cx.validate(study(opposed[opposed.industry == name]), rng=1, sensitivity=False))
        assert (part.estimate, part.ci_low, part.ci_high) == (alone.estimate, alone.ci_low, alone.ci_high)


def test_one_left_out_against_studies_of_the_others(opposed: pd.DataFrame) -> None:
    found = best(cx.validate(study(opposed), rng=1))
    left_out = {part.name: part for part in found.sensitivity if part.name.startswith("without ")}
    assert set(left_out) == {"without bank (industry)", "without retail (industry)", "without telco (industry)"}
    for name in ("bank", "retail", "telco"):
        others = best(cx.validate(study(opposed[opposed.industry != name]), rng=1, sensitivity=False))
        part = left_out[f"without {name} (industry)"]
        assert (part.estimate, part.ci_low, part.ci_high) == (others.estimate, others.ci_low, others.ci_high)


def test_a_verdict_that_turns_round_is_told(opposed: pd.DataFrame) -> None:
    found = best(cx.validate(study(opposed), rng=1))
    assert found.verdict == "supported"
    assert found.reversed_in == ("telco (industry)",)
    assert (
        "The verdict turns round in 'telco (industry)', where the claim is not-supported: what holds on the whole "
        "misleads there." in found.guards
    )
    assert found.segments_told.startswith(
        "Between the segments of 'industry' the estimate differs by more than chance (Q = "
    )


def test_heterogeneity_against_statsmodels(opposed: pd.DataFrame) -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    found = best(cx.validate(study(opposed), rng=1))
    estimate = np.array([part.estimate for part in found.segments])
    variance = np.array([((part.ci_high - part.ci_low) / (2 * Z)) ** 2 for part in found.segments])
    q = combine_effects(estimate, variance).q
    assert f"(Q = {q:.3g} on 2 degrees of freedom, p = " in found.segments_told


def test_equal_segments_seldom_turn_round_or_differ_in_simulation() -> None:
    """Where csat is the better metric in every segment alike, 5% may be called different, and 4 standard errors."""
    rng, n_studies, turned, differing = np.random.default_rng(5), 40, 0, 0
    for _ in range(n_studies):
        frame = pd.concat([customers(500, rng, 0.7, 0.4, 0.0, name) for name in "abcd"], ignore_index=True)
        found = looked_at(frame)
        turned += bool(found.reversed_in)
        differing += "differs by more than chance" in found.told
    limit = n_studies * 0.05 + 4 * math.sqrt(n_studies * 0.05 * 0.95)
    assert turned <= limit
    assert differing <= limit


def test_simpson_is_told() -> None:
    """Below and above expectation: in every region delight costs loyalty, and the loyal region is the delighted one."""
    rng = np.random.default_rng(8)
    parts = []
    for region, gap_mean, base in (("north", -1.0, 0.25), ("south", 1.5, 0.75)):
        gap = np.round(rng.normal(gap_mean, 1, 6000)).astype(int)
        back = rng.random(6000) < base - 0.05 * (gap > 0)
        parts.append(pd.DataFrame({"gap": gap, "back": back.astype(int), "region": region}))
    frame = pd.concat(parts, ignore_index=True)
    validation = cx.validate(
        study(frame, metrics={}, expectation=cx.Expectation(disconfirmation="gap"), segments=["region"]), rng=1
    )
    (found,) = (f for f in validation.findings if f.claim == "delight-no-loyalty")
    assert found.estimate > 0
    assert [part.estimate < 0 for part in found.segments] == [True, True]
    assert (
        "In every segment of 'region' the estimate points the other way than on the whole (Simpson's paradox): the "
        "segments differ in score and outcome, and the whole shows that difference." in found.guards
    )


def test_many_segments_are_looked_at_up_to_a_limit() -> None:
    rng = np.random.default_rng(3)
    frame = customers(9000, rng, 1.0, 0.2, 0.0, "x")
    small, large = rng.integers(0, 300, 9000), rng.integers(0, SEGMENTS, 9000)
    found = looked_at(frame.assign(industry=np.where(rng.random(9000) < 0.8, large, small)))
    assert 2 <= len(found.segments) <= SEGMENTS
    assert found.told.endswith(
        f"Of 'industry' the {SEGMENTS} largest were looked at, {300 - SEGMENTS} smaller ones were not."
    )


def test_without_sensitivity_the_verdicts_are_the_same(opposed: pd.DataFrame) -> None:
    plain, looked = (cx.validate(study(opposed), rng=1, sensitivity=s).to_frame() for s in (False, True))
    pd.testing.assert_frame_equal(plain, looked)


def test_pooling_against_rubin_by_hand() -> None:
    """Estimates 1, 2, 3 with variance .5: within .5, between 1, total .5 + 4/3, df = 2 (1 + .5 / (4/3))^2."""
    effect = pooled([Effect(a=float(a), var_a=0.5) for a in (1, 2, 3)])
    assert effect.estimate == pytest.approx(2.0)
    assert effect.var_a == pytest.approx(0.5 + 4 / 3)
    assert effect.df == pytest.approx(2 * (1 + 0.5 / (4 / 3)) ** 2)


def test_imputed_answers_are_answers_that_were_given(opposed: pd.DataFrame) -> None:
    frame = opposed.sample(1500, random_state=1).reset_index(drop=True)
    frame.loc[frame.index % 5 == 0, "nps"] = np.nan
    frame.loc[frame.index % 50 == 0, "back"] = np.nan
    made = imputed_studies(study(frame), "back", 1)
    assert len(made) == IMPUTATIONS
    with_outcome = frame.back.notna()
    for filled in made:
        nps = filled.column("nps")
        assert set(nps[with_outcome]) <= set(frame.nps.dropna())
        assert nps[~with_outcome].isna().equals(frame.nps[~with_outcome].isna())
        known = with_outcome & frame.nps.notna()
        assert nps[known].tolist() == frame.nps[known].tolist()
    assert made[0].column("nps").tolist() != made[1].column("nps").tolist()


def test_nothing_is_imputed_where_nothing_is_missing_or_rows_are_counted(opposed: pd.DataFrame) -> None:
    frame = opposed.sample(500, random_state=1).reset_index(drop=True)
    assert imputed_studies(study(frame), "back", 1) == []
    gaps = frame.assign(nps=frame.nps.where(frame.index % 5 != 0), n=1, w=1.5)
    assert imputed_studies(study(gaps, count="n"), "back", 1) == []
    assert imputed_studies(study(gaps, weight="w"), "back", 1) == []
    assert len(imputed_studies(study(gaps), "back", 1)) == IMPUTATIONS


def test_imputed_estimate_against_the_complete_truth() -> None:
    """Answers missing at random given csat: the imputed difference lies by the one of all answers."""
    rng = np.random.default_rng(12)
    whole = customers(6000, rng, 1.0, 0.4, 0.0, "x")
    truth = best(cx.validate(study(whole, segments=[]), rng=1))
    gone = rng.random(6000) < np.where(whole.csat >= 4, 0.5, 0.1)
    frame = whole.assign(nps=whole.nps.where(~gone))
    found = best(cx.validate(study(frame, segments=[]), rng=1))
    (part,) = (p for p in found.sensitivity if p.name == "with missing answers imputed")
    assert found.n < 6000
    # The imputed answers carry their own noise: within 4 of the standard errors that Rubin's rules give.
    assert abs(part.estimate - truth.estimate) < 4 * (part.ci_high - part.ci_low) / (2 * Z)


@pytest.mark.parametrize("factor", [0.02, 0.4, 1.0, 1.7, 5.0, 40.0])
def test_a_row_among_its_family_against_judging_the_whole_family(factor: float) -> None:
    """The short way, with the other rows' p-values kept, and the long one; with a latent scale, and a withheld row."""
    near = question(0.025, smallest=0.01 * factor)
    rating = Question(components=near.components, latent=question(0.012, smallest=0.01 * factor).components, n=100)
    withheld = Question(components=question(0.5).components, withheld=True)
    for asked in (near, rating):
        family = [question(0.04), asked, withheld, Blocked(looked_at_outcome=True), Blocked(looked_at_outcome=False)]
        original = [question(0.04), question(0.9), *family[2:]]
        assert Among(original, 1).verdict(asked) == judge(family)[1].verdict
