"""Family "metric": which feedback metric predicts."""

from collections.abc import Callable

from cxstats.claims.claim import Claim
from cxstats.claims.metric_groups import CORRELATION, LOG_ODDS, change_places, firm_beyond_customer, said_and_done
from cxstats.claims.metric_models import GAIN, LOG_LOSS, together_against_best, top_two_against_full
from cxstats.claims.metric_race import AREA, NAMES, compared
from cxstats.claims.trust_response import ANSWERED, PERCENT, satisfaction_surveys_are_answered, trust_follows
from cxstats.roles import Binary, Rating
from cxstats.study.declared import DeclaredStudy

FAMILY = "metric"
_NO_OUTCOME = "No outcome is declared: an [outcome] section with a later purchase or churn would make it testable."


def _missing(kind: str) -> Callable[[DeclaredStudy], str]:
    """A metric of the kind, and one of another kind."""

    def missing(study: DeclaredStudy) -> str:
        scales = study.compared_scales
        if not any(scale.kind == kind for scale in scales.values()):
            return (
                f'No {NAMES[kind]} score is declared: a [metric] section with kind = "{kind}" would make it testable.'
            )
        if not any(scale.kind != kind for scale in scales.values()):
            return f"Only {NAMES[kind]} is declared: a second metric, of another kind, would make it testable."
        return "" if study.outcomes else _NO_OUTCOME

    return missing


def _missing_metrics(fewest: int) -> Callable[[DeclaredStudy], str]:
    """So many metrics of any kind."""

    def missing(study: DeclaredStudy) -> str:
        found = len(study.compared_scales)
        if found < fewest:
            needed = "A metric is" if fewest == 1 else f"{fewest} metrics are"
            had = "none is declared" if not found else f"{found} is declared"
            return f"{needed} needed, and {had}: a [metric] section would make it testable."
        return "" if study.outcomes else _NO_OUTCOME

    return missing


def _missing_segments(study: DeclaredStudy) -> str:
    missing = _missing_metrics(2)(study)
    if missing or study.segments:
        return missing
    return (
        "No segment is declared: a [segments] section with columns = a column such as the industry would make it "
        "testable."
    )


def _missing_firm(study: DeclaredStudy) -> str:
    missing = _missing_metrics(1)(study)
    if missing or study.firm is not None:
        return missing
    return (
        "No firm is declared: firm = the column that says who served the customer, in [study], would make it testable."
    )


def _missing_intention(study: DeclaredStudy) -> str:
    missing = _missing_metrics(1)(study)
    said = [o for o in study.outcomes.values() if o.kind == "intention" and isinstance(o, Binary | Rating)]
    done = [o for o in study.outcomes.values() if o.kind == "behaviour"]
    if missing or (said and done):
        return missing
    lacking = "intention" if not said else "behaviour"
    return (
        f'No {lacking} is declared: an [outcome] section with kind = "{lacking}" for the same customers would make it '
        "testable."
    )


def _missing_trust(study: DeclaredStudy) -> str:
    if study.trust is None:
        return (
            "No trust is declared: a [trust] section with outcome, which of the outcomes says how much customers trust "
            "the firm, and period, the segment that says when, would make it testable."
        )
    if not any(scale.kind == "csat" for scale in study.compared_scales.values()):
        return f'No {NAMES["csat"]} score is declared: a [metric] section with kind = "csat" would make it testable.'
    return ""


def _missing_invitation(study: DeclaredStudy) -> str:
    if study.invitation is None:
        return (
            "No invitation is declared: an [invitation] section with survey, answered and csat would make it testable."
        )
    return ""


CLAIMS = (
    Claim(
        id="metric-best-retention",
        family=FAMILY,
        kind="conjunction",
        sentence="Satisfaction (CSAT) predicts who stays better than every other metric.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004",
        published="top-two-box satisfaction best overall; size not seen",
        needs="a CSAT score, another metric, a later outcome; controls for past behaviour",
        rule="AUC of CSAT exceeds that of every other metric by more than .01 (superiority); on customers held out, "
        "each over the controls, where controls are declared",
        unit=AREA,
        smallest_key="auc",
        missing=_missing("csat"),
        methods=("league_table", "held_out", "fair_fight", "leakage", "answer_quality"),
        evidence=compared("csat", "superiority", baseline=True),
        rival="ces-beats-all",
    ),
    Claim(
        id="ces-beats-all",
        family=FAMILY,
        kind="conjunction",
        sentence="Customer effort (CES) predicts repurchase better than NPS and CSAT.",
        source="Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        published="1.8 times CSAT (rebuilt from intentions of extreme groups: 1.73 and 1.91)",
        needs="a CES score with its version, another metric, a later outcome",
        rule="AUC of CES exceeds that of every other metric by more than .01 (superiority, DeLong)",
        unit=AREA,
        smallest_key="auc",
        missing=_missing("ces"),
        methods=("league_table", "extreme_groups", "fair_fight", "leakage", "answer_quality"),
        evidence=compared("ces", "superiority", contrast=True),
        band=(1.73, 1.91),
        rival="metric-best-retention",
    ),
    Claim(
        id="nps-no-superiority",
        family=FAMILY,
        kind="conjunction",
        sentence="NPS predicts neither better nor worse than the other metrics.",
        source="van Doorn, Leeflang & Tijs (2013), Int. J. of Research in Marketing 30(3), 314-318",
        published="all metrics equal",
        needs="an NPS score, another metric, a later outcome",
        rule="AUC of NPS lies within .01 of that of every other metric (equivalence, DeLong)",
        unit=AREA,
        smallest_key="auc",
        missing=_missing("nps"),
        methods=("league_table", "fair_fight", "leakage", "answer_quality"),
        evidence=compared("nps", "equivalence"),
    ),
    Claim(
        id="top2-beats-mean",
        family=FAMILY,
        kind="superiority",
        sentence="The share of the best two answers predicts better than the full scale.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004; rival: Morgan & Rego (2006), "
        "Marketing Science 25(5), 426-439",
        published="direction only",
        needs="a metric (CSAT where there is one), a later 0/1 outcome",
        rule="log-loss of the top two boxes on customers held out is lower than that of the full scale by more than "
        ".002 (superiority)",
        unit=LOG_LOSS,
        smallest_key="log_loss",
        missing=_missing_metrics(1),
        methods=("codings", "leakage", "answer_quality"),
        evidence=top_two_against_full,
    ),
    Claim(
        id="combine-metrics",
        family=FAMILY,
        kind="conjunction",
        sentence="Several metrics together predict better than the best one alone.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004",
        published="direction only",
        needs="two metrics, a later 0/1 outcome; controls for past behaviour",
        rule="AUC of all metrics together on customers held out exceeds that of every single one by more than .01 "
        "(superiority)",
        unit=GAIN,
        smallest_key="auc",
        missing=_missing_metrics(2),
        methods=("combination", "leakage", "answer_quality"),
        evidence=together_against_best,
    ),
    Claim(
        id="industry-moderates",
        family=FAMILY,
        kind="conjunction",
        sentence="Which metric predicts best differs from segment to segment.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004; Agag et al. (2023), Journal of "
        "Retailing and Consumer Services",
        published="winners by industry",
        needs="two metrics, a segment such as the industry, a later 0/1 outcome",
        rule="some metric is better than another by more than .01 of AUC in one segment and worse by more than .01 in "
        "another (Holm over all such ways)",
        unit=AREA,
        smallest_key="auc",
        missing=_missing_segments,
        methods=("by_segment", "leakage", "answer_quality"),
        evidence=change_places,
    ),
    Claim(
        id="within-between",
        family=FAMILY,
        kind="superiority",
        sentence="A point of the firm's average tells more than a point of one customer's score.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004",
        published="between firms far more than within; size not seen",
        needs="a metric (CSAT where there is one), the firm of each customer (30 or more), a later 0/1 outcome",
        rule="log-odds per SD of the score between firms exceed those within by more than log 1.10 (superiority)",
        unit=LOG_ODDS,
        smallest_key="odds_ratio",
        missing=_missing_firm,
        methods=("within_between", "leakage", "answer_quality"),
        evidence=firm_beyond_customer,
    ),
    Claim(
        id="intent-vs-behaviour",
        family=FAMILY,
        kind="conjunction",
        sentence="Satisfaction predicts what customers intend better than what they do, and the two curves bend "
        "opposite ways.",
        source="Mittal & Kamakura (2001), Journal of Marketing Research 38(1), 131-142",
        published="intention with diminishing, behaviour with increasing returns",
        needs="a metric (CSAT where there is one), an intention and a later 0/1 behaviour of the same customers",
        rule="r with the intention exceeds r with the behaviour by more than .03, and the bends have opposite signs "
        "(superiority of each)",
        unit=CORRELATION,
        smallest_key="r",
        missing=_missing_intention,
        methods=("intention_behaviour", "leakage", "answer_quality"),
        evidence=said_and_done,
    ),
    Claim(
        id="satisfaction-trust-elasticity",
        family=FAMILY,
        kind="superiority",
        sentence="Where customers of a firm are more satisfied, they trust it more.",
        source="from articles on customer experience; no source of the figure was found",
        published="12% more trust for 10% more satisfaction",
        needs="a CSAT score and trust in several periods, the firm of each customer",
        rule="percent of trust per percent of satisfaction, within firms over time, exceeds .10 (superiority; without "
        "firms over time no more than the direction)",
        unit=PERCENT,
        smallest_key="elasticity",
        missing=_missing_trust,
        methods=("elasticity",),
        evidence=trust_follows,
        band=(1.1, 1.3),
        about_outcome=False,
        timed=False,
    ),
    Claim(
        id="csat-response-rate",
        family=FAMILY,
        kind="conjunction",
        sentence="Satisfaction surveys are answered more often than others.",
        source="from articles on customer experience; no source was found",
        published="none",
        needs="invitations to surveys of different kinds, sent by chance and equally long; whether each was answered",
        rule="the satisfaction survey is answered more often than each other one by more than 10% (superiority over "
        "all; only where chance decided)",
        unit=ANSWERED,
        smallest_key="relative",
        missing=_missing_invitation,
        methods=("response_rate",),
        evidence=satisfaction_surveys_are_answered,
        about_outcome=False,
        timed=False,
    ),
)
