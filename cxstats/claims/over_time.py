"""Family "over-time": whether a wow fades, raises expectations, backfires; whether consistency and training pay."""

from collections.abc import Callable

from cxstats.claims.claim import Claim
from cxstats.claims.delight import RELATIVE
from cxstats.claims.journey_evidence import FALL, GAIN, changed
from cxstats.claims.over_time_evidence import (
    IN_SD,
    NEXT,
    STEADY,
    on_encounters,
    on_sales,
    steady_customers_stay,
    wow_only_on_basics,
)
from cxstats.study.declared import DeclaredStudy

FAMILY = "over-time"
# The two estimates of each claim on encounters, in the order in which its method has them.
FADES = ("fading per earlier perk", "fading per earlier perk (sequential estimate)")
RISES = ("rise of the next expectation after a perk", "rise of the next expectation after a perk (within customers)")
FALLS = (
    "fall below the level before the first perk",
    "fall below the level before the first perk (sequential estimate)",
)
_NO_OUTCOME = "No outcome is declared: an [outcome] section would make it testable."


def _missing_encounters(study: DeclaredStudy) -> str:
    if study.encounters is None:
        return (
            "No encounters are declared: an [encounters] section that names customer, order, perk (0 and 1) and rating "
            "in a table with a row per encounter would make it testable."
        )
    return ""


def _missing_panel(study: DeclaredStudy) -> str:
    missing = _missing_encounters(study)
    if not missing and study.weighted:
        return (
            "A survey weight is declared, and the analyses of encounters take none: the same study without weight "
            "would make it testable."
        )
    return missing


def _missing_expectation(study: DeclaredStudy) -> str:
    if study.encounters is not None and study.encounters.expectation is None:
        return (
            "Nothing says what was expected before each encounter: expectation = a column in [encounters] would make "
            "it testable."
        )
    return _missing_panel(study)


def _missing_steadiness(study: DeclaredStudy) -> str:
    missing = _missing_encounters(study)
    if missing:
        return missing
    if study.encounters is not None and study.encounters.scale is None:
        return "The ratings of the encounters have no scale: scale in [encounters] would make it testable."
    if "sd" not in study.encounter_summaries:
        return (
            "The encounters cannot be joined with the outcomes: key = the customer's column, in the table of the "
            "analysed rows, would make it testable."
        )
    return "" if study.outcomes else _NO_OUTCOME


def _missing_basics(study: DeclaredStudy) -> str:
    declared = study.service
    if declared is None or declared.attempt is None:
        return (
            "Nothing says whom staff tried to wow: attempt = a column of 0 and 1 in [service] would make it testable."
        )
    if declared.errors is None:
        return (
            "Nothing says how often things went wrong for each customer: errors = a column of numbers in [service] "
            "would make it testable."
        )
    return "" if study.outcomes else _NO_OUTCOME


def _missing_change(what: str, told: str) -> Callable[[DeclaredStudy], str]:
    def missing(study: DeclaredStudy) -> str:
        if study.change is None or study.change.what != what:
            return (
                f'{told}: a [change] section with what = "{what}", the segments that hold the period and who was '
                "treated, and the start, would make it testable."
            )
        return "" if study.outcomes else _NO_OUTCOME

    return missing


def _missing_training(study: DeclaredStudy) -> str:
    missing = _missing_change("training", "No training is declared")(study)
    if not missing and study.declared.cluster is None:
        return "Nothing says at which site each row was: cluster = its column in [study] would make it testable."
    return missing


CLAIMS = (
    Claim(
        id="wow-fades",
        family=FAMILY,
        kind="conjunction",
        sentence="The same wow does less each time.",
        source="Ahrholdt, Gudergan & Ringle (2019), Journal of Business Research 94, 18-27",
        published="none",
        needs="encounters of customers in order, with the perk (0/1) and a rating; customers without a perk",
        rule="what a perk adds falls by more than .10 SD with each earlier one, within customers and by the sequential "
        "estimate (superiority of both)",
        unit=IN_SD,
        smallest_key="sd",
        missing=_missing_panel,
        methods=("wow_fading",),
        evidence=on_encounters(lambda data: data.encounters.fading, FADES, IN_SD),
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="expectation-ratchet",
        family=FAMILY,
        kind="conjunction",
        sentence="A wow raises what is expected the next time.",
        source="Rust & Oliver (2000), Journal of the Academy of Marketing Science 28, 86-94",
        published="none",
        needs="encounters of customers in order, with the perk (0/1), the expectation before each, and a rating",
        rule="the next expectation is higher by more than .10 SD after a perk, given the present one, and within "
        "customers (superiority of both)",
        unit=NEXT,
        smallest_key="sd",
        missing=_missing_expectation,
        methods=("expectation_ratchet",),
        evidence=on_encounters(lambda data: data.encounters.ratchet, RISES, NEXT),
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="wow-withdrawal-backfires",
        family=FAMILY,
        kind="conjunction",
        sentence="Taking a perk away leaves customers less content than if they had never had it.",
        source="Li & Fumagalli (2022), Journal of Retailing 98, 412-431",
        published="none",
        needs="encounters of customers in order, with the perk (0/1) and a rating; customers without a perk",
        rule="ratings after the last perk lie more than .10 SD below those before the first, beside customers without "
        "one, imputed and by the sequential estimate (superiority of both); a return to where they were is no backfire",
        unit=IN_SD,
        smallest_key="sd",
        missing=_missing_panel,
        methods=("wow_withdrawal",),
        evidence=on_encounters(lambda data: data.encounters.withdrawal, FALLS, IN_SD),
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="wow-needs-basics",
        family=FAMILY,
        kind="conjunction",
        sentence="Wow pays only where the basics are consistent.",
        source="from articles on customer experience; no study was found that measured it",
        published="none",
        needs="an attempt to wow (0/1) and the errors of each customer, an outcome",
        rule="at few errors wow gains more than 10% (a rating: .10 SD), and more so than at many errors (superiority "
        "of both; ceiling rule)",
        unit=RELATIVE,
        smallest_key="relative",
        missing=_missing_basics,
        methods=("wow_by_basics",),
        evidence=wow_only_on_basics,
    ),
    Claim(
        id="consistency-wins",
        family=FAMILY,
        kind="conjunction",
        sentence="At the same mean, customers whose experiences vary less stay more often.",
        source="Sriram, Chintagunta & Manchanda (2015), Management Science 61, 2739-2759",
        published="1% better quality cuts termination by 1.1% where it varies little, by .41% where it varies much",
        needs="four or more rated encounters of each customer, and a later 0/1 outcome",
        rule="one standard deviation steadier gains more than 10%, and the slope rises with the mean, at an equal true "
        "mean, too (superiority of all three)",
        unit=STEADY,
        smallest_key="relative",
        missing=_missing_steadiness,
        methods=("consistency",),
        evidence=steady_customers_stay,
    ),
    Claim(
        id="training-lift",
        family=FAMILY,
        kind="superiority",
        sentence="Sales rise after a training, more than at sites without one.",
        source="from articles on customer experience; no study was found that measured it",
        published="none",
        needs="the period of each row and which sites were trained (segments), sites without training, an outcome",
        rule="the trained gained more than 5% of their level without the training (superiority, difference in "
        "differences); only where both had moved alike before",
        unit=GAIN,
        smallest_key="percent",
        smallest_factor=0.01,
        missing=_missing_training,
        methods=("difference_in_differences",),
        evidence=on_sales(changed()),
        timed=False,
    ),
    Claim(
        id="wow-cannibalises",
        family=FAMILY,
        kind="superiority",
        sentence="Customers who were given something for free buy it less often afterwards.",
        source="from articles on customer experience; no study was found that measured it",
        published="none",
        needs="the period of each row and who was given it for free (segments), how often it was bought (an outcome)",
        rule="those given it for free bought less by more than 5% of their level without the gift (superiority, "
        "difference in differences); only where both had moved alike before",
        unit=FALL,
        smallest_key="percent",
        smallest_factor=0.01,
        missing=_missing_change("free upgrade", "No free upgrade is declared"),
        methods=("difference_in_differences",),
        evidence=on_sales(changed(falls=True)),
        timed=False,
    ),
)
