"""Family "delight", second part: problems, contacts, effort, and attempts to wow."""

from collections.abc import Callable

from cxstats.claims.claim import Claim
from cxstats.claims.delight import FAMILY, RELATIVE
from cxstats.claims.delight_attempts import (
    HARM,
    HARM_BAND,
    RARE_AND_DEAR,
    RATE_BAND,
    RISK,
    attempts_are_rare_and_dear,
    attempts_fail_and_delay,
    contacts_lower_loyalty,
)
from cxstats.claims.delight_effort import BAND, effort_goes_with_disloyalty, sparing_effort_pays_less_and_less
from cxstats.claims.heterogeneity import SPREAD, persons_react_differently
from cxstats.claims.necessity_dwell import EMPTY, LOG_TIME, dwell_is_ambiguous, service_is_necessary
from cxstats.claims.service_evidence import (
    SILENT,
    SLOPES,
    most_are_silent,
    problems_reveal_quality,
    rating_of,
    recovered_beyond_untroubled,
)
from cxstats.roles import Continuous, Count, Rating
from cxstats.study.declared import DeclaredStudy

_CEB = "Figures of the Corporate Executive Board (now Gartner), whose method was not published in full"
_NO_OUTCOME = "No outcome is declared: an [outcome] section with a later purchase or churn would make it testable."
_KEYS = {
    "problem": "which customers met a problem: problem = a column of 0 and 1",
    "complained": "who complained: complained = a column of 0 and 1",
    "recovered": "whose problem was put right: recovered = a column of 0 and 1",
    "attempt": "in which contacts staff tried to wow: attempt = a column of 0 and 1",
    "failure": "in which contacts something went wrong: failure = a column of 0 and 1",
    "dwell": "how long visits took: dwell = a column of times",
    "success": "in which visits the task was done: success = a column of 0 and 1",
    "cost": "what a contact cost: cost = a column of amounts",
    "before": "how loyal customers were before and after a contact: before and after = two metrics of one scale",
}


def _service(*keys: str, outcome: bool = False) -> Callable[[DeclaredStudy], str]:
    """Keys of the service section that are needed, and whether an outcome is."""

    def missing(study: DeclaredStudy) -> str:
        declared = study.service
        if declared is None:
            return f"No service is declared: a [service] section with {_and(keys)} would make it testable."
        for key in keys:
            if getattr(declared, key) is None:
                what, how = _KEYS[key].split(": ")
                return f"Nothing says {what}: {how} in [service] would make it testable."
        return _NO_OUTCOME if outcome and not study.outcomes else ""

    return missing


def _and(keys: tuple[str, ...]) -> str:
    named = ["before and after" if key == "before" else key for key in keys]
    return " and ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)


def _missing_risk(study: DeclaredStudy) -> str:
    missing = _service("attempt", "failure")(study)
    declared = study.service
    if missing or declared is None or declared.handling is not None or declared.wait is not None:
        return missing
    return (
        "Nothing says how long contacts took, nor how long others waited: handling or wait = a column of amounts in "
        "[service] would make it testable."
    )


def _missing_rating(study: DeclaredStudy) -> str:
    missing = _service("problem", outcome=True)(study)
    if missing or rating_of(study) is not None:
        return missing
    return (
        "A rating of quality is needed, and none is declared: a [metric] section, other than of effort, would make it "
        "testable."
    )


def _missing_persons(study: DeclaredStudy) -> str:
    declared = study.expectation
    if declared is None or declared.expected is None:
        return (
            "Nothing says what was expected and what was performed: expected and performed = two columns in "
            "[expectation] would make it testable."
        )
    if study.declared.cluster is None:
        return "Nothing says whose ratings they are: cluster = the person's column in [study] would make it testable."
    return "" if study.outcomes else _NO_OUTCOME


def _missing_satisfaction(study: DeclaredStudy) -> str:
    if not any(scale.kind == "csat" for scale in study.compared_scales.values()):
        return 'No satisfaction (CSAT) score is declared: a [metric] section with kind = "csat" would make it testable.'
    if any(isinstance(outcome, Rating | Continuous | Count) for outcome in study.outcomes.values()):
        return ""
    return (
        "No outcome with several levels is declared: an [outcome] section with a rating, a count or an amount would "
        "make it testable."
    )


def _missing_effort(study: DeclaredStudy) -> str:
    if not any(scale.kind == "ces" for scale in study.compared_scales.values()):
        return (
            'No customer effort (CES) score is declared: a [metric] section with kind = "ces" would make it testable.'
        )
    return "" if study.outcomes else _NO_OUTCOME


CLAIMS = (
    Claim(
        id="delight-cost",
        family=FAMILY,
        kind="conjunction",
        sentence="Attempts to delight are rare, about one contact in six, and such contacts cost a tenth to a fifth "
        "more.",
        source=_CEB,
        published="16% of contacts; 10 to 20% more operating cost",
        needs="an attempt (0/1) and the cost of each contact",
        rule="the share of attempts lies in .11 to .21, and the ratio of geometric mean costs in 1.05 to 1.25 (both "
        "ends rejected, of both)",
        unit=RARE_AND_DEAR,
        smallest_key="sd",
        missing=_service("attempt", "cost"),
        methods=("wow_attempts",),
        evidence=attempts_are_rare_and_dear,
        band=RATE_BAND,
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="service-4x-disloyalty",
        family=FAMILY,
        kind="figure",
        sentence="A contact with service is about four times likelier to lower loyalty than to raise it.",
        source=_CEB,
        published="4 times",
        needs="loyalty before and after on one scale, who had a contact in between and who had none",
        rule="lowered / raised with a contact, over the same without one, lies in 3 to 5, on the logarithm; without "
        "customers who had no contact at most the direction",
        unit=HARM,
        smallest_key="sd",
        missing=_service("before"),
        methods=("contact_harm",),
        evidence=contacts_lower_loyalty,
        band=HARM_BAND,
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="effort-disloyalty",
        family=FAMILY,
        kind="superiority",
        sentence="Customers who had much effort are disloyal more often than those who had little.",
        source=f"{_CEB}; Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        published="stated intentions after little and much effort: buy again 94% and 4%, spend more 88% and 4%, speak "
        "badly 1% and 81%, disloyal 9% and 96%",
        needs="an effort score whose version is declared, a 0/1 outcome",
        rule="little against much effort (best and worst third of the scale) gains more than 10% of the share, "
        "adjusted for the controls (superiority); the published gaps are compared with intentions only",
        unit=RELATIVE,
        smallest_key="relative",
        missing=_missing_effort,
        methods=("effort_disloyalty",),
        evidence=effort_goes_with_disloyalty,
        band=BAND,
        one_sitting=True,
    ),
    Claim(
        id="effort-ceiling",
        family=FAMILY,
        kind="superiority",
        sentence="Sparing customers effort goes with ever less gain: most of it lies in the lower part of the scale.",
        source="A statement on the second version of the customer effort score; its source was not found",
        published="none that could be verified",
        needs="an effort score whose version is declared, an outcome",
        rule="slope of loyalty on ease below the knee (one step on the easy side of the middle) exceeds that above by "
        ".10 SD per SD (superiority, ceiling rule)",
        unit="standard deviations of the outcome per standard deviation of ease",
        smallest_key="sd",
        missing=_missing_effort,
        methods=("effort_disloyalty",),
        evidence=sparing_effort_pays_less_and_less,
        one_sitting=True,
    ),
    Claim(
        id="wow-attempt-risk",
        family=FAMILY,
        kind="conjunction",
        sentence="Contacts in which staff try to wow fail more often, take longer and keep others waiting.",
        source="Articles on customer service; no published test was found",
        published="none",
        needs="an attempt (0/1), a failure (0/1), and handling time or the wait of others",
        rule="failures and handling time rise by more than 10%, the wait of others by more than .10 SD, each that is "
        "declared (superiority of all)",
        unit=RISK,
        smallest_key="sd",
        missing=_missing_risk,
        methods=("wow_attempts",),
        evidence=attempts_fail_and_delay,
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="wow-heterogeneous",
        family=FAMILY,
        kind="superiority",
        sentence="The same performance meets different reactions, by what was expected.",
        source="from articles on customer experience; no study was found that measured it",
        published="none",
        needs="expected and performed in two columns, a rating of each of several experiences, the person as cluster",
        rule="the slopes of the outcome on performance differ between persons by a standard deviation above .10 "
        "(superiority by profile likelihood; withheld with 30% at the top of a rating)",
        unit=SPREAD,
        smallest_key="sd",
        missing=_missing_persons,
        methods=("performance_slopes",),
        evidence=persons_react_differently,
        timed=False,
    ),
    Claim(
        id="complaint-silence",
        family=FAMILY,
        kind="superiority",
        sentence="Most customers who meet a problem do not complain.",
        source="Articles on customer service; no published figure was found",
        published="none",
        needs="who met a problem and who complained (0/1), also of those who did not come forward",
        rule="the share that did not complain exceeds one half (superiority, score test: Wilson's interval)",
        unit=SILENT,
        smallest_key="majority",
        missing=_service("problem", "complained"),
        methods=(),
        evidence=most_are_silent,
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="problem-reveals-quality",
        family=FAMILY,
        kind="superiority",
        sentence="Ratings go with loyalty more closely among customers who met a problem.",
        source="Articles on customer service; no published test was found",
        published="none",
        needs="a rating, who met a problem (0/1), an outcome",
        rule="slope with a problem minus slope without exceeds .10 SD per SD (log 1.10 for a 0/1 outcome) "
        "(superiority, ceiling rule)",
        unit=SLOPES.format(unit="standard deviations"),
        smallest_key="sd",
        missing=_missing_rating,
        methods=("problem_recovery",),
        evidence=problems_reveal_quality,
        one_sitting=True,
    ),
    Claim(
        id="recovery-paradox",
        family=FAMILY,
        kind="superiority",
        sentence="Customers whose problem was put right are more loyal than those who never had one.",
        source="Articles on customer service; de Matos, Henrique & Rossi (2007), doi:10.1177/1094670507303012",
        published="none",
        needs="who met a problem and whose was put right (0/1), an outcome",
        rule="recovered lies more than 10% of the share (0/1 outcome) or .10 SD above no problem, adjusted for the "
        "controls (superiority, ceiling rule); being above the unrecovered is not enough",
        unit=RELATIVE,
        smallest_key="relative",
        missing=_service("problem", "recovered", outcome=True),
        methods=("problem_recovery",),
        evidence=recovered_beyond_untroubled,
        one_sitting=True,
    ),
    Claim(
        id="service-necessary",
        family=FAMILY,
        kind="superiority",
        sentence="Without satisfaction there is no high loyalty, whatever else there is.",
        source="from articles on customer experience; the test is that of Dul (2016), doi:10.1177/1094428115584005",
        published="none",
        needs="a CSAT score, an outcome with several levels",
        rule="no high outcome at low scores in more than .10 of the range, beyond what answers dealt at random and "
        "answers that are merely correlated leave empty (permutation; never refuted)",
        unit=EMPTY,
        smallest_key="necessity",
        missing=_missing_satisfaction,
        methods=("necessary_condition",),
        evidence=service_is_necessary,
    ),
    Claim(
        id="dwell-ambiguous",
        family=FAMILY,
        kind="conjunction",
        sentence="A long stay is a good sign where the task succeeded, and a bad one where it failed.",
        source="from articles on customer experience; no study was found that measured it",
        published="none",
        needs="how long each visit took and whether its task succeeded, an outcome",
        rule="slope on log time above .10 SD per SD where the task succeeded, and below -.10 where it failed "
        "(superiority of both; ceiling rule)",
        unit=LOG_TIME,
        smallest_key="sd",
        missing=_service("dwell", "success", outcome=True),
        methods=("dwell_ambiguity",),
        evidence=dwell_is_ambiguous,
        timed=False,
    ),
)
