"""Family "journey": whether journeys predict better than touchpoints, and which touchpoints matter."""

from cxstats.claims.claim import Claim
from cxstats.claims.journey_evidence import (
    GAIN,
    PERCENT,
    SHORTFALL,
    SLOPE,
    SLOPES,
    better_than_touchpoints,
    beyond_touchpoints,
    changed,
    of_churn,
    of_satisfaction,
    poor_touchpoints_compound,
    touchpoints_differ,
)
from cxstats.study.declared import DeclaredStudy

FAMILY = "journey"
_PROVENANCE = (
    "The figure circulates in articles; its primary source was not found. Rawson, Duncan & Jones (2013), Harvard "
    "Business Review 91(9), 90-98"
)


def _missing(study: DeclaredStudy) -> str:
    if study.journey is None:
        return (
            "No journey is declared: a [journey] section with rating, the metric that rates the whole, and "
            "touchpoints, the metrics that rate its parts, would make it testable."
        )
    return "" if study.outcomes else "No outcome is declared: an [outcome] section would make it testable."


def _missing_poor(study: DeclaredStudy) -> str:
    if study.journey is not None and study.journey.poor is None:
        return "Nothing says which rating is poor: poor = a value in [journey] would make it testable."
    return _missing(study)


def _missing_change(study: DeclaredStudy) -> str:
    if study.change is None or study.change.what != "journey":
        return (
            "No change is declared: a [change] section that says which segments hold the period and who was treated "
            "would make it testable."
        )
    return "" if study.outcomes else "No outcome is declared: an [outcome] section would make it testable."


CLAIMS = (
    Claim(
        id="journey-sat-35",
        family=FAMILY,
        kind="conjunction",
        sentence="The rating of the journey predicts satisfaction better than its touchpoints do.",
        source=f"{_PROVENANCE}: 30-40% more strongly correlated with satisfaction",
        published="35% more predictive, on an index that was never published",
        needs="a journey rating, two or more touchpoint ratings, an outcome with a size (overall satisfaction)",
        rule="held-out r of the journey rating exceeds that of the mean of the touchpoints, and that of all of them "
        "penalised, by more than 5% (superiority)",
        unit=PERCENT.format(index="r"),
        smallest_key="percent",
        missing=_missing,
        methods=("touchpoint_benchmarks", "journey_increment"),
        evidence=better_than_touchpoints(of_satisfaction, "an outcome with a size"),
        band=(30.0, 40.0),
        one_sitting=True,
    ),
    Claim(
        id="journey-churn-32",
        family=FAMILY,
        kind="conjunction",
        sentence="The rating of the journey predicts churn better than its touchpoints do.",
        source=f"{_PROVENANCE}: 20-30% for business outcomes",
        published="32% more predictive, on an index that was never published",
        needs="a journey rating, two or more touchpoint ratings, a later 0/1 outcome, 100 events",
        rule="held-out AUC - 1/2 of the journey rating exceeds that of the mean of the touchpoints, and that of all of "
        "them penalised, by more than 5% (superiority)",
        unit=PERCENT.format(index="AUC - 1/2"),
        smallest_key="percent",
        missing=_missing,
        methods=("touchpoint_benchmarks", "journey_increment"),
        evidence=better_than_touchpoints(of_churn, "an outcome of 0 and 1"),
        band=(20.0, 35.0),
        one_sitting=True,
    ),
    Claim(
        id="journey-beyond-touchpoints",
        family=FAMILY,
        kind="conjunction",
        sentence="The rating of the journey tells something that its touchpoints together do not.",
        source="Kuehnl, Jozić & Homburg (2019), Journal of the Academy of Marketing Science 47, 551-568",
        published="none",
        needs="a journey rating, two or more touchpoint ratings, an outcome",
        rule="slope per SD of the journey rating beside all touchpoints exceeds .10 SD (log 1.10 for a 0/1 outcome), "
        "as rated and with the touchpoints freed of noise (superiority of both)",
        unit=SLOPE.format(unit="standard deviations"),
        smallest_key="sd",
        missing=_missing,
        methods=("journey_increment",),
        evidence=beyond_touchpoints,
        one_sitting=True,
    ),
    Claim(
        id="journey-upside",
        family=FAMILY,
        kind="superiority",
        sentence="Where journeys were improved, the outcome improved more than where they were not.",
        source="Pulido, Stone & Strevel (2014), McKinsey",
        published="satisfaction up by up to 20%, revenue by up to 15%, cost to serve down by up to 20%",
        needs="the period of each row and who was treated (segments), an outcome",
        rule="the treated gained more than 5% of their level without the change (superiority, difference in "
        "differences); only where both had moved alike before",
        unit=GAIN,
        smallest_key="percent",
        smallest_factor=0.01,
        missing=_missing_change,
        methods=("difference_in_differences",),
        evidence=changed(up_to=(0.20, 0.15)),
        timed=False,
    ),
    Claim(
        id="touchpoint-compounding",
        family=FAMILY,
        kind="superiority",
        sentence="Touchpoints that are good one by one still leave many journeys with a poor one, more than if they "
        "were independent.",
        source="Pulido, Stone & Strevel (2014), McKinsey",
        published=".95 six times over is .735, if touchpoints are independent",
        needs="two or more touchpoint ratings, the value at or below which one is poor",
        rule="the share of journeys without a poor touchpoint falls short of independence by more than 5% "
        "(superiority)",
        unit=SHORTFALL,
        smallest_key="percent",
        smallest_factor=0.01,
        missing=_missing_poor,
        methods=("compounding",),
        evidence=poor_touchpoints_compound,
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="touchpoint-unequal",
        family=FAMILY,
        kind="superiority",
        sentence="Some touchpoints matter more than others.",
        source="Lemon & Verhoef (2016), Journal of Marketing 80(6), 69-96",
        published="none",
        needs="two or more touchpoint ratings, an outcome",
        rule="some two standardised slopes differ by more than .10 SD (log 1.10 for a 0/1 outcome), by the largest t "
        "of all pairs (superiority)",
        unit=SLOPES,
        smallest_key="sd",
        missing=_missing,
        methods=("touchpoint_importance",),
        evidence=touchpoints_differ,
        one_sitting=True,
    ),
)
