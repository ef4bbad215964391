"""Claims 30 to 32, 34, 35 and 40, and free upgrades: the verdict that the truth deserves, or the guard."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.claims.register import CLAIMS

ON_ENCOUNTERS = ("wow-fades", "expectation-ratchet", "wow-withdrawal-backfires")
MC_ERRORS = 4
SAME = 1e-12  # the claim hands the estimate of its method on


def findings(tables: Any, **more: Any) -> dict[tuple[str, str | None], cx.Finding]:
    """The findings of the family by claim and outcome; at these sizes every verdict is clear for any seed."""
    study = cx.Study(**{"tables": tables, "evidence": "simulated", **more})
    return {(f.claim, f.outcome): f for f in cx.validate(study, rng=1).findings if f.family == "over-time"}


def drawn(p: Any, rng: np.random.Generator) -> Any:
    return (rng.random(np.shape(p)) < p).astype(int)


# --- encounters ------------------------------------------------------------------------------------------------------


def encounters(**more: Any) -> cx.Encounters:
    given: dict[str, Any] = {"customer": "customer", "order": "visit", "perk": "perk", "rating": "rating"}
    return cx.Encounters(**{**given, "expectation": "expectation", "period": "month", **more})


def on_encounters(visits: pd.DataFrame, smallest: float | None = None, **more: Any) -> dict[str, cx.Finding]:
    given = {"smallest_effect": {} if smallest is None else {"sd": smallest}, "encounters": encounters(**more)}
    found = findings({"visits": visits}, **given)
    return {claim: found[claim, None] for claim in ON_ENCOUNTERS}


VISITS: dict[str, Any] = {"customer": "customer", "order": "visit", "perk": "perk", "outcome": cx.Continuous("rating")}


def test_wows_that_fade_and_raise_what_is_expected() -> None:
    visits = cx.simulate.encounters(800, rng=1, wow=1.0, fade=0.3, ratchet=0.5)
    found = on_encounters(visits)
    fades, ratchet, withdrawal = (found[claim] for claim in ON_ENCOUNTERS)
    assert (fades.verdict, ratchet.verdict, withdrawal.verdict) == ("supported", "supported", "inconclusive")
    truth = cx.simulate.encounters_truth(fade=0.3, ratchet=0.5)
    assert all(part.ci_low < truth.fade / truth.sd_within < part.ci_high for part in fades.parts)
    assert [part.name for part in fades.parts] == [
        "fading per earlier perk",
        "fading per earlier perk (sequential estimate)",
    ]
    assert (fades.kind, fades.unit, fades.magnitude, fades.n) == (
        "conjunction", "standard deviations within customers", "none", 8000,
    )  # fmt: skip
    exposed, never = (int((visits.groupby("customer").perk.sum() > 0).eq(x).sum()) for x in (True, False))
    assert fades.reason.startswith(f"Of 800 customers {exposed} were given a perk (")
    assert f"of them twice or more), and {never} never were. In standard deviations within customers, the fad" in (
        fades.reason
    )
    assert fades.reason.endswith(": clearly more than 0.1, the smallest effect that counts.")
    assert "In standard deviations of the next expectation, the rise of the next expectation" in ratchet.reason
    assert "would take about" in withdrawal.reason
    assert " encounters like these, instead of 8,000." in withdrawal.reason


def test_estimates_are_those_of_the_methods_with_the_period() -> None:
    visits = cx.simulate.encounters(400, rng=2, schedule="regular", season=1.5, missing=0.1)
    found = on_encounters(visits, cluster="store")
    results = {
        "wow-fades": cx.wow_fading(visits, **VISITS, period="month", cluster="store"),
        "expectation-ratchet": cx.expectation_ratchet(
            visits, **VISITS, expectation=cx.Continuous("expectation"), period="month", cluster="store"
        ),
        "wow-withdrawal-backfires": cx.wow_withdrawal(visits, **VISITS, period="month", cluster="store"),
    }
    for claim, result in results.items():
        effects = list(result.components.values())
        assert [part.estimate for part in found[claim].parts] == pytest.approx([e.estimate for e in effects], rel=SAME)
        assert [part.ci_low for part in found[claim].parts] == pytest.approx(
            [e.interval()[0] for e in effects], rel=SAME
        )
        assert (found[claim].n, found[claim].n_missing) == (result.n, result.n_missing)
        assert set(result.flags) <= set(found[claim].flags)
    without = on_encounters(visits, cluster="store", period=None)
    assert without["wow-fades"].estimate != found["wow-fades"].estimate


def test_wows_that_neither_fade_nor_raise_anything() -> None:
    found = on_encounters(cx.simulate.encounters(1500, rng=3, visits=12))
    assert found["wow-fades"].verdict == "not-supported"
    assert found["expectation-ratchet"].verdict == "not-supported"
    assert "clearly less than 0.1" in found["wow-fades"].reason


def test_only_a_fall_below_where_they_were_is_a_backfire() -> None:
    """The rating falls by 1 when the perk goes, in both; in one of them by .6 more."""
    gone = on_encounters(cx.simulate.encounters(800, rng=4, schedule="regular", backfire=0.6))
    claim = gone["wow-withdrawal-backfires"]
    assert claim.verdict == "supported"
    assert all(part.ci_low < 0.6 < part.ci_high for part in claim.parts)
    assert "the fall below the level before the first perk" in claim.reason
    back = on_encounters(cx.simulate.encounters(4000, rng=5, schedule="regular"))["wow-withdrawal-backfires"]
    assert back.verdict == "not-supported"


def test_ratings_that_go_back_by_themselves_show_no_fading_and_no_backfire() -> None:
    """A perk after good ratings: a plain comparison shows a fading and a backfire that are none."""
    found = on_encounters(cx.simulate.encounters(800, rng=3, follows="good"))
    fades, withdrawal = found["wow-fades"], found["wow-withdrawal-backfires"]
    assert {"regression-to-mean", "estimates-disagree"} <= set(fades.flags)
    assert fades.parts[0].ci_low > 0  # within customers alone it would point to a fading
    assert fades.verdict == "inconclusive"
    assert {"pre-trend", "estimates-disagree", "unmatched"} <= set(withdrawal.flags)
    assert withdrawal.parts[0].ci_low > 0.1
    assert withdrawal.verdict == "inconclusive"  # though the sequential estimate by itself lies far below .1
    assert any("one of the two is bent" in guard for guard in withdrawal.guards)


def test_perks_for_those_who_expected_more_are_flagged() -> None:
    visits = cx.simulate.encounters(800, rng=6)
    chosen = on_encounters(visits.assign(expectation=visits.expectation + visits.perk))["expectation-ratchet"]
    assert "selection" in chosen.flags
    assert any(guard.startswith("Who got a perk expected more before it already") for guard in chosen.guards)


def fixed(n: int, perks: tuple[int, ...], visits: int = 6, **more: float) -> pd.DataFrame:
    """Half of the customers get perks at these visits, the others never."""
    rng = np.random.default_rng(7)
    customer, visit = np.repeat(np.arange(n), visits), np.tile(np.arange(1, visits + 1), n)
    perk = ((customer < n // 2) & np.isin(visit, perks)).astype(int)
    earlier = pd.Series(perk).groupby(customer).cumsum().to_numpy() - perk
    rating = rng.normal(size=n)[customer] + rng.normal(size=len(visit)) + perk * (1 - more.get("fade", 0.0) * earlier)
    expectation = rng.normal(size=len(visit))
    return pd.DataFrame(
        {
            "customer": customer,
            "visit": visit,
            "perk": perk,
            "rating": rating,
            "expectation": expectation,
            "month": visit,
        }
    )


def test_one_estimate_alone_tells_a_direction() -> None:
    """Perks at the last two visits: nothing follows the second one that it could be set against."""
    found = on_encounters(fixed(2000, (5, 6), fade=0.8))["wow-fades"]
    assert (found.verdict, found.parts) == ("direction-only", ())
    assert {"one-estimate", "regression-to-mean-untested"} & set(found.flags) >= {"one-estimate"}
    assert (
        "That would be enough, but only one of two estimates could be made, and a doubt that the other one answers "
        "stays: no more than the direction can be told." in found.reason
    )
    assert "questionnaire" not in found.reason


def test_what_went_before_the_first_perk_may_not_be_known() -> None:
    withdrawal = on_encounters(fixed(1000, (2, 3)))["wow-withdrawal-backfires"]
    assert "pre-trend-untested" in withdrawal.flags


def test_hardly_anybody_without_a_perk_is_flagged() -> None:
    found = on_encounters(cx.simulate.encounters(400, rng=8, exposed=0.98, chance=0.5))
    assert "no-never-exposed" in found["wow-fades"].flags
    assert found["wow-withdrawal-backfires"].verdict == "not-testable"
    assert "who never had the perk are needed" in found["wow-withdrawal-backfires"].reason


def test_a_full_scale_hides_what_a_perk_does() -> None:
    visits = cx.simulate.encounters(1500, rng=9, wow=1.5, fade=0.8)
    stars = np.clip(np.round(4 + visits.rating), 1, 5)
    found = on_encounters(visits.assign(rating=stars), scale=cx.CSAT5)["wow-fades"]
    assert (found.verdict, found.flags.count("ceiling")) == ("direction-only", 1)
    assert "so many encounters with a perk have the best rating" in found.reason
    off = on_encounters(visits.assign(rating=stars + 1), scale=cx.CSAT5)["wow-fades"]
    assert off.verdict == "not-testable"
    assert off.reason.startswith("'rating' must hold whole numbers 1 to 5 (CSAT), but ")


def test_weights_of_the_analysed_rows_are_not_those_of_encounters() -> None:
    visits = cx.simulate.encounters(200, rng=1).assign(w=1.5, n=2)
    weighted = findings({"visits": visits}, encounters=encounters(), weight="w")
    counted = findings({"visits": visits}, encounters=encounters(), count="n")
    for claim in ON_ENCOUNTERS:
        assert weighted[claim, None].reason == (
            "A survey weight is declared, and the analyses of encounters take none: the same study without weight "
            "would make it testable."
        )
        told = "The count of the study is not used here: each encounter counts once."
        assert counted[claim, None].guards[0] == told


def test_too_few_encounters_give_a_reason_and_no_number() -> None:
    for found in on_encounters(cx.simulate.encounters(30, rng=3)).values():
        assert (found.verdict, math.isnan(found.estimate)) == ("not-testable", True)
        assert found.reason.startswith("At least 20 customers (or clusters of them) ")


def test_holm_inside_the_family() -> None:
    """Of three tests the clearest has its p-value times three: .03 is too much, .015 is not."""
    visits = cx.simulate.encounters(400, rng=10, ratchet=0.4)
    result = cx.expectation_ratchet(visits, **VISITS, expectation=cx.Continuous("expectation"), period="month")
    for level, verdict, flagged in ((0.97, "direction-only", True), (0.985, "supported", False)):
        found = on_encounters(visits, smallest=result.effect.interval(level)[0] - 1e-9)["expectation-ratchet"]
        assert (found.verdict, "not-after-Holm" in found.flags) == (verdict, flagged)


def _supported(claim: str, runs: int, **truth: Any) -> int:
    rng = np.random.default_rng(11)
    supported = 0
    for _ in range(runs):
        study = cx.Study(
            tables={"visits": cx.simulate.encounters(300, rng=rng, **truth)},
            encounters=encounters(expectation=None),
            evidence="simulated",
        )
        validation = cx.validate(study, rng=1, sensitivity=False)
        supported += next(f for f in validation.findings if f.claim == claim).verdict == "supported"
    return supported


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        ("wow-fades", {"fade": 0.1}),  # as much as the smallest effect that counts, and no more
        ("wow-fades", {"follows": "good"}),
        ("wow-withdrawal-backfires", {"schedule": "regular", "backfire": 0.1}),
        ("wow-withdrawal-backfires", {"schedule": "regular", "follows": "good"}),
    ],
)
def test_false_support_is_rare_in_simulation(claim: str, truth: dict[str, Any]) -> None:
    runs = 60
    assert _supported(claim, runs, **truth) / runs <= 0.05 + MC_ERRORS * math.sqrt(0.05 * 0.95 / runs)


# --- basics ----------------------------------------------------------------------------------------------------------

ATTEMPTS = cx.Service(attempt="wow", errors="errors")
BACK = {"back": cx.Binary("back", after=True)}
STARS = {"stars": cx.Rating("stars", cx.CSAT5, after=True)}


def basics(n: int, few: float, many: float, shift: float = 0.0) -> pd.DataFrame:
    """Shares who come back: .40 without errors and .05 less per error; wow adds ``few`` there, ``many`` elsewhere."""
    rng = np.random.default_rng(12)
    errors, wow = rng.integers(0, 4, n), drawn(np.full(n, 0.4), rng)
    added = wow * (few + (many - few) * errors / 3)
    latent = rng.normal(size=n) - 0.2 * errors + 3 * added + shift
    stars = 1 + np.searchsorted([-1.5, -0.7, 0.2, 1.3], latent)
    back = drawn(0.4 - 0.05 * errors + added, rng)
    return pd.DataFrame({"errors": errors, "wow": wow, "back": back, "stars": stars, "contacts": rng.poisson(3, n)})


def test_wow_that_pays_only_on_basics_and_wow_that_pays_everywhere() -> None:
    """Of .40 and .25: .15 more is a gain of .375, and none at many errors; the difference, in units of .40, is .375."""
    found = findings({"c": basics(40_000, 0.15, 0.0)}, outcomes=BACK, service=ATTEMPTS)["wow-needs-basics", "back"]
    assert (found.verdict, found.flags) == ("supported", ("no-baseline",))
    assert [part.name for part in found.parts] == [
        "gain of wow at few errors", "difference of its gains at few and at many errors",
    ]  # fmt: skip
    assert all(part.ci_low < 0.375 < part.ci_high for part in found.parts)
    assert found.unit == "relative difference in the share of good outcomes"
    assert (
        "At few errors (0) the share with a good outcome of 'back' is 39.4% without wow and 54.9% with it, at many"
        in (found.reason)
    )
    assert "In relative terms, the " in found.reason
    assert any(guard.startswith("The number of contacts was not adjusted for") for guard in found.guards)
    assert [part.name for part in found.levels] == [
        "few errors, no wow", "few errors, wow", "many errors, no wow", "many errors, wow",
    ]  # fmt: skip
    everywhere = findings({"c": basics(60_000, 0.15, 0.15)}, outcomes=BACK, service=ATTEMPTS, controls=["contacts"])
    claim = everywhere["wow-needs-basics", "back"]
    assert (claim.verdict, claim.flags) == ("not-supported", ())
    assert not any("contacts" in guard for guard in claim.guards)
    few = findings({"c": basics(1500, 0.15, 0.05)}, outcomes=BACK, service=ATTEMPTS)["wow-needs-basics", "back"]
    assert few.verdict == "inconclusive"
    assert "underpowered" in few.flags


def test_wow_on_a_rating_is_judged_behind_it_too() -> None:
    frame = basics(20_000, 0.15, 0.0)
    found = findings({"c": frame}, outcomes=STARS, service=ATTEMPTS)["wow-needs-basics", "stars"]
    assert (found.verdict, found.unit) == ("supported", "standard deviations of the outcome")
    assert "In standard deviations, the " in found.reason
    # Alike at few and at many errors behind the rating; but with many errors nearly all have the worst one already.
    rng = np.random.default_rng(13)
    latent = rng.normal(size=len(frame)) - 1.5 - frame.errors / 3 + 0.6 * frame.wow
    bent = frame.assign(stars=1 + np.searchsorted([-1.9, -0.7, 0.2, 0.9], latent))
    claim = findings({"c": bent}, outcomes=STARS, service=ATTEMPTS)["wow-needs-basics", "stars"]
    assert (claim.verdict, claim.flags[0]) == ("inconclusive", "ceiling")
    assert claim.ci_low > 0.1  # which the rating as given would have taken for an effect
    finer = frame.assign(stars=np.clip(50 + 10 * latent, 0, 100))
    outcome = {"stars": cx.Rating("stars", cx.Scale(0, 100, whole=False), after=True)}
    told = findings({"c": finer}, outcomes=outcome, service=ATTEMPTS)["wow-needs-basics", "stars"]
    assert (told.verdict, told.flags) == ("not-testable", ("ceiling",))
    assert told.reason.startswith("'stars' is a rating, whose end can look like an effect, and the scale behind it")


def test_wow_on_basics_is_no_matter_of_time_and_of_before() -> None:
    frame = basics(2000, 0.15, 0.0).assign(days=5.0)
    outcomes = {"days": cx.Survival("days", "back", good=1, after=True), "back": cx.Binary("back")}
    found = findings({"c": frame}, outcomes=outcomes, service=ATTEMPTS)
    assert found["wow-needs-basics", "days"].reason == (
        "'days' is a time until an event; this claim is tested on other outcomes."
    )
    assert found["wow-needs-basics", "back"].flags == ("timing",)


# --- consistency -----------------------------------------------------------------------------------------------------


def guests(n: int, ratings: int, steady: float, product: float, seed: int = 14) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Encounters rated 1 to 5, and whether guests stayed: the steadier the more, and more so at a high mean."""
    rng = np.random.default_rng(seed)
    level, spread = rng.uniform(0.3, 0.9, (2, n))
    stars = np.clip(np.round(1 + 4 * (level[:, None] + 0.4 * spread[:, None] * rng.normal(size=(n, ratings)))), 1, 5)
    visits = pd.DataFrame(
        {
            "guest": np.repeat(np.arange(n), ratings),
            "visit": list(range(ratings)) * n,
            "perk": 0,
            "stars": stars.ravel(),
        }
    )
    odds = 2 * (level - 0.6) - steady * (spread - 0.6) * (1 + product * (level - 0.6))
    return visits, pd.DataFrame({"id": range(n), "stayed": drawn(1 / (1 + np.exp(-odds)), rng), "size": rng.random(n)})


def steady(visits: pd.DataFrame, people: pd.DataFrame, key: str | None = "id", **more: Any) -> cx.Finding:
    given: dict[str, Any] = {
        "rows": "guests",
        "outcomes": {"stayed": cx.Binary("stayed", after=True)},
        "encounters": cx.Encounters(
            customer="guest", order="visit", perk="perk", rating="stars", scale=cx.CSAT5, table="visits"
        ),
    }
    tables = {"guests": cx.Table(people, key=key), "visits": visits}
    (found,) = (f for (c, _), f in findings(tables, **{**given, **more}).items() if c == "consistency-wins")
    return found


def test_steadier_guests_stay() -> None:
    visits, people = guests(8000, 10, 3, 5)
    found = steady(visits, people)
    assert (found.verdict, found.flags, found.outcome) == ("supported", ("no-baseline",), "stayed")
    assert [part.name for part in found.parts] == [
        "relative gain per SD of consistency",
        "rise of the slope per SD of the mean (log-odds)",
        "rise at an equal true mean (log-odds)",
    ]
    assert found.reason.startswith(
        "On 'stayed', steadier ratings go with a good outcome less often at a low mean of 2.4, and with a good outcome "
        "more often at a high mean of 4.3. The "
    )
    assert steady(visits, people, controls=["size"]).flags == ()
    own = visits.groupby("guest").stars.agg(["mean", "std", "count"]).reindex(people.id).to_numpy()
    frame = people.assign(mean=own[:, 0], sd=own[:, 1], n=own[:, 2])
    result = cx.consistency(frame, outcome=cx.Binary("stayed"), scale=cx.CSAT5)
    effects = (result.gain, result.interaction, result.true_interaction)
    assert [p.estimate for p in found.parts] == pytest.approx([e.estimate for e in effects if e], rel=1e-9)


def test_steadiness_that_does_not_matter() -> None:
    """With forty ratings most differences are more than chance; with ten, what is not found says nothing."""
    many = steady(*guests(8000, 40, 0, 0))
    assert many.verdict == "not-supported"
    few = steady(*guests(8000, 10, 0, 0))
    assert few.verdict == "inconclusive"
    assert any("with less than half, chance may hide what is there." in guard for guard in few.guards)
    # The steadier stay alike at any mean: one of three parts is missing.
    assert steady(*guests(16_000, 40, 3, 0)).verdict == "not-supported"


def test_what_steadiness_needs() -> None:
    visits, people = guests(300, 5, 1, 0)
    assert steady(visits, people, key=None).reason == (
        "The encounters cannot be joined with the outcomes: key = the customer's column, in the table of the analysed "
        "rows, would make it testable."
    )
    bare = cx.Encounters(customer="guest", order="visit", perk="perk", rating="stars", table="visits")
    assert steady(visits, people, encounters=bare).reason == (
        "The ratings of the encounters have no scale: scale in [encounters] would make it testable."
    )
    assert steady(visits, people, outcomes={}).reason == (
        "No outcome is declared: an [outcome] section would make it testable."
    )
    size = {"size": cx.Continuous("size", after=True)}
    assert steady(visits, people, outcomes=size).reason == (
        "'size' must be an outcome of 0 and 1 for this claim, such as whether the customer stayed."
    )
    assert steady(visits, people, outcomes={"stayed": cx.Binary("stayed")}).flags == ("timing",)
    alike = visits.assign(stars=np.random.default_rng(15).integers(1, 6, len(visits)))
    assert steady(alike, people).verdict == "not-testable"


# --- what was changed for some ---------------------------------------------------------------------------------------


def sites(gain: float, drift: float = 0.0, n: int = 60, per: int = 40) -> pd.DataFrame:
    """Sites over 8 months, of which half are treated from the fifth on."""
    rng = np.random.default_rng(16)
    site, month = (np.repeat(a.ravel(), per) for a in np.meshgrid(np.arange(n), np.arange(8), indexing="ij"))
    treated = (site < n // 2).astype(int)
    mean = 50 + 0.5 * month + 5 * treated + drift * month * treated + gain * treated * (month >= 4)
    sales = mean + rng.normal(0, 2, n)[site] + rng.normal(0, 10, len(site))
    bought = rng.poisson(mean / 10)
    return pd.DataFrame({"site": site, "month": month, "treated": treated, "sales": sales, "bought": bought})


def changed(frame: pd.DataFrame, what: Any = "training", start: float = 4, **more: Any) -> dict[Any, cx.Finding]:
    given: dict[str, Any] = {
        "cluster": "site",
        "segments": ["month", "treated"],
        "change": cx.Change(treated="treated", period="month", start=start, what=what),
        "outcomes": {"sales": cx.Continuous("sales")},
    }
    return findings({"rows": frame}, **{**given, **more})


def test_sales_after_a_training() -> None:
    """Level without the training: 50 + .5 * 5.5 + 5 = 57.75 on average of the months 4 to 7."""
    found = changed(sites(8))["training-lift", "sales"]
    assert (found.verdict, found.flags, found.smallest_effect) == ("supported", (), 0.05)
    assert found.ci_low < 8 / 57.75 < found.ci_high
    assert found.reason.startswith("From the change on, the level of 'sales' among the treated was 6")
    assert "; had it moved as among the untreated, it would have been 5" in found.reason
    assert "As a share of that, the gain is 0.1" in found.reason
    assert not found.sensitivity  # a month is no group of customers to be left out
    assert changed(sites(0))["training-lift", "sales"].verdict == "not-supported"
    few = changed(sites(3, n=40, per=2))["training-lift", "sales"]
    assert few.verdict in ("inconclusive", "direction-only")
    assert ("wow-cannibalises", None) in changed(sites(0))


def test_what_moved_before_the_training_or_cannot_be_seen() -> None:
    moved = changed(sites(0, drift=1.5))["training-lift", "sales"]
    assert (moved.verdict, moved.flags, moved.smallest_effect) == ("not-testable", ("pre-trend",), 0.05)
    unseen = changed(sites(8), start=1)["training-lift", "sales"]
    assert (unseen.verdict, unseen.flags) == ("direction-only", ("pre-trend-untested",))
    assert (
        "That would be enough, but whether treated and untreated had moved alike before the change cannot be tested: "
        "no more than the direction can be told." in unseen.reason
    )
    one = changed(sites(8).query("site in (1, 50)"))["training-lift", "sales"]
    assert one.verdict == "not-testable"
    assert one.reason.startswith("At least 5 clusters must be treated and 5 untreated, but of them 1 are treated and 1")


def test_only_what_is_bought_is_sold() -> None:
    frame = sites(8).assign(stars=3)
    outcomes = {
        "stars": cx.Rating("stars", cx.CSAT5), "cost": cx.Continuous("sales", good="low"),
        "days": cx.Survival("sales", "treated", good=1), "bought": cx.Count("bought"),
    }  # fmt: skip
    found = changed(frame, outcomes=outcomes)
    for name in ("stars", "cost", "days"):
        assert found["training-lift", name].reason == (
            f"'{name}' does not say how much was bought; this claim is tested on an outcome that does: 0 and 1, a "
            "count, or an amount of which more is better."
        )
    assert found["training-lift", "bought"].verdict == "supported"


def test_what_was_free_is_bought_less_often() -> None:
    bought = {"bought": cx.Count("bought")}
    found = changed(sites(-8, n=80), what="free upgrade", outcomes=bought)["wow-cannibalises", "bought"]
    assert found.verdict == "supported"
    assert found.ci_low < 8 / 57.75 < found.ci_high
    assert "As a share of that, the fall is 0.1" in found.reason
    more = changed(sites(8), what="free upgrade", outcomes=bought, cluster=None)["wow-cannibalises", "bought"]
    assert (more.verdict, more.flags) == ("not-supported", ("opposite",))
    assert any(guard.startswith("No cluster was declared") for guard in more.guards)


# --- what is missing -------------------------------------------------------------------------------------------------

NO_ENCOUNTERS = (
    "No encounters are declared: an [encounters] section that names customer, order, perk (0 and 1) and rating in a "
    "table with a row per encounter would make it testable."
)
NO_OUTCOME = "No outcome is declared: an [outcome] section would make it testable."


def no_change(told: str, what: str) -> str:
    return (
        f'No {told} is declared: a [change] section with what = "{what}", the segments that hold the period and who '
        "was treated, and the start, would make it testable."
    )


def test_what_would_make_a_claim_testable_is_said() -> None:
    frame = sites(0, n=20, per=1).assign(wow=0)
    found = {claim: f.reason for (claim, _), f in findings({"rows": frame}).items()}
    assert found == {
        "wow-fades": NO_ENCOUNTERS,
        "expectation-ratchet": NO_ENCOUNTERS,
        "wow-withdrawal-backfires": NO_ENCOUNTERS,
        "wow-needs-basics": "Nothing says whom staff tried to wow: attempt = a column of 0 and 1 in [service] would "
        "make it testable.",
        "consistency-wins": NO_ENCOUNTERS,
        "training-lift": no_change("training", "training"),
        "wow-cannibalises": no_change("free upgrade", "free upgrade"),
    }
    tried = findings({"rows": frame}, service=cx.Service(attempt="wow"))["wow-needs-basics", None]
    assert tried.reason == (
        "Nothing says how often things went wrong for each customer: errors = a column of numbers in [service] would "
        "make it testable."
    )
    both = findings({"rows": frame}, service=cx.Service(attempt="wow", errors="month"))["wow-needs-basics", None]
    assert both.reason == NO_OUTCOME
    assert changed(frame, outcomes={})["training-lift", None].reason == NO_OUTCOME
    assert changed(frame, cluster=None)["training-lift", None].reason == (
        "Nothing says at which site each row was: cluster = its column in [study] would make it testable."
    )
    assert changed(frame, what="journey")["training-lift", None].reason == no_change("training", "training")
    unasked = on_encounters(cx.simulate.encounters(100, rng=1), expectation=None)["expectation-ratchet"]
    assert unasked.reason == (
        "Nothing says what was expected before each encounter: expectation = a column in [encounters] would make it "
        "testable."
    )


def test_every_claim_of_the_family_is_tested_here() -> None:
    tested = {*ON_ENCOUNTERS, "wow-needs-basics", "consistency-wins", "training-lift", "wow-cannibalises"}
    assert {claim.id for claim in CLAIMS if claim.family == "over-time"} == tested
