"""Family "metric": which feedback metric predicts."""

from collections.abc import Callable

from cxstats.claims.claim import Claim
from cxstats.claims.metric_groups import CORRELATION, LOG_ODDS, change_places, firm_beyond_customer, said_and_done
from cxstats.claims.metric_models import GAIN, LOG_LOSS, together_against_best, top_two_against_full
from cxstats.claims.metric_race import AREA, NAMES, compared
from cxstats.roles import Binary, Rating
from cxstats.study.study import Study

FAMILY = "metric"
_NO_OUTCOME = "No outcome is declared: an [outcome] section with a later purchase or churn would make it testable."


def _missing(kind: str) -> Callable[[Study], str]:
    """A metric of the kind, and one of another kind."""

    def missing(study: Study) -> str:
        scales = study.compared_scales
        if not any(scale.kind == kind for scale in scales.values()):
            return (
                f'No {NAMES[kind]} score is declared: a [metric] section with kind = "{kind}" would make it testable.'
            )
        if not any(scale.kind != kind for scale in scales.values()):
            return f"Only {NAMES[kind]} is declared: a second metric, of another kind, would make it testable."
        return "" if study.outcomes else _NO_OUTCOME

    return missing


def _missing_metrics(fewest: int) -> Callable[[Study], str]:
    """So many metrics of any kind."""

    def missing(study: Study) -> str:
        found = len(study.compared_scales)
        if found < fewest:
            needed = "A metric is" if fewest == 1 else f"{fewest} metrics are"
            had = "none is declared" if not found else f"{found} is declared"
            return f"{needed} needed, and {had}: a [metric] section would make it testable."
        return "" if study.outcomes else _NO_OUTCOME

    return missing


def _missing_segments(study: Study) -> str:
    missing = _missing_metrics(2)(study)
    if missing or study.segments:
        return missing
    return (
        "No segment is declared: a [segments] section with columns = a column such as the industry would make it "
        "testable."
    )


def _missing_firm(study: Study) -> str:
    missing = _missing_metrics(1)(study)
    if missing or study.firm is not None:
        return missing
    return (
        "No firm is declared: firm = the column that says who served the customer, in [study], would make it testable."
    )


def _missing_intention(study: Study) -> str:
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
        evidence=said_and_done,
    ),
)
