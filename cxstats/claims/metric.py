"""Family "metric": which feedback metric predicts."""

from collections.abc import Callable

from cxstats.claims.claim import Claim, Evidence, OutcomeData, attempted, blocked
from cxstats.claims.finding import Kind, Part
from cxstats.claims.verdict import Component, Question
from cxstats.numerics.effect import Effect
from cxstats.roles import Binary
from cxstats.scales import Scale
from cxstats.studies.which_metric import WhichMetric
from cxstats.study.study import Study

FAMILY = "metric"
UNIT = "difference in area under the ROC curve (AUC)"
NAMES = {"nps": "NPS", "csat": "satisfaction (CSAT)", "ces": "customer effort (CES)"}


def _missing(kind: str) -> Callable[[Study], str]:
    def missing(study: Study) -> str:
        scales = study.metric_scales
        if not any(scale.kind == kind for scale in scales.values()):
            return (
                f'No {NAMES[kind]} score is declared: a [metric] section with kind = "{kind}" would make it testable.'
            )
        if not any(scale.kind != kind for scale in scales.values()):
            return f"Only {NAMES[kind]} is declared: a second metric, of another kind, would make it testable."
        if not study.outcomes:
            return "No outcome is declared: an [outcome] section with a later purchase or churn would make it testable."
        return ""

    return missing


def _evidence(kind: str, test: Kind) -> Callable[[OutcomeData], Evidence]:
    def evidence(data: OutcomeData) -> Evidence:
        if not isinstance(data.outcome, Binary):
            return blocked(
                f"The outcome '{data.name}' is not binary; this claim is tested on an outcome of 0 and 1.", looked=False
            )
        race = attempted(lambda: data.comparison)
        if isinstance(race, Evidence):
            return race
        return _compare(data, race, kind, test)

    return evidence


def _compare(data: OutcomeData, race: WhichMetric, kind: str, test: Kind) -> Evidence:
    """Differences in area of the metric of the kind to each metric of another kind."""
    champion, guards = _champion(data.scales, kind)
    others = [name for name in race.metrics if data.scales[name].kind != kind]
    components = tuple(
        Component(
            name=f"{champion} - {other}",
            effect=_difference(race, champion, other),
            kind=test,
            smallest=data.smallest("auc"),
        )
        for other in others
    )
    flags, withheld = ["no-baseline"] if test == "superiority" else [], False
    if test == "equivalence" and _uninformative(race, [champion, *others], data.smallest("auc")):
        flags, withheld = ["both-uninformative"], True
    return Evidence(
        question=Question(components=components, withheld=withheld, n=race.n),
        unit=UNIT,
        headline=_headline(data, race),
        measured="The difference {name} is",
        guards=(*guards, *race.notes),
        flags=tuple(flags),
        levels=_areas(race),
        levels_unit="area under the ROC curve (AUC); .5 is a score that knows nothing",
        n=race.n,
        n_missing=race.n_missing,
    )


def _champion(scales: dict[str, Scale], kind: str) -> tuple[str, tuple[str, ...]]:
    """The first metric of the kind stands for it; others of the same kind are named, not compared."""
    of_kind = [name for name, scale in scales.items() if scale.kind == kind]
    if len(of_kind) == 1:
        return of_kind[0], ()
    rest = ", ".join(of_kind[1:])
    return of_kind[0], (f"{of_kind[0]} stands for {NAMES[kind]}; {rest}, of the same kind, is not compared with it.",)


def _difference(race: WhichMetric, first: str, second: str) -> Effect:
    i, j = race.metrics.index(first), race.metrics.index(second)
    v = race.comparison.covariance
    variance = max(float(v[i, i] + v[j, j] - 2 * v[i, j]), 0.0)
    return Effect(a=float(race.estimate[i] - race.estimate[j]), var_a=variance, df=race.comparison.df)


def _uninformative(race: WhichMetric, names: list[str], smallest: float) -> bool:
    """Whether no compared area lies clearly above .5: two blind scores are equal, but not equally good."""
    low = race.confidence_interval().low
    return not any(low[race.metrics.index(name)] > 0.5 + smallest for name in names)


def _headline(data: OutcomeData, race: WhichMetric) -> str:
    """The areas as what they are: how often a score picks the right one of two customers."""
    order = sorted(range(len(race.metrics)), key=lambda i: -race.estimate[i])
    best, *rest = (f"{race.metrics[i]} {100 * race.estimate[i]:.1f}%" for i in order)
    name = race.metrics[order[0]]
    return (
        f"Of two customers, one with a good and one with a bad outcome ({data.name}), {name} picks the right one "
        f"{best.removeprefix(name).strip()} of the time, {', '.join(rest)}."
    )


def _areas(race: WhichMetric) -> tuple[Part, ...]:
    limits = race.confidence_interval()
    return tuple(
        Part(
            name=f"{name} (largest in {100 * best:.0f}% of resamples)",
            estimate=float(estimate),
            ci_low=float(low),
            ci_high=float(high),
        )
        for name, best, estimate, low, high in zip(
            race.metrics, race.p_best, race.estimate, limits.low, limits.high, strict=True
        )
    )


CLAIMS = (
    Claim(
        id="metric-best-retention",
        family=FAMILY,
        kind="conjunction",
        sentence="Satisfaction (CSAT) predicts who stays better than every other metric.",
        source="de Haan, Verhoef & Wiesel (2015), doi:10.1016/j.ijresmar.2015.02.004",
        published="top-two-box satisfaction best overall; size not seen",
        needs="a CSAT score, another metric, a later 0/1 outcome",
        rule="AUC of CSAT exceeds that of every other metric by more than .01 (superiority, DeLong)",
        unit=UNIT,
        smallest_key="auc",
        missing=_missing("csat"),
        evidence=_evidence("csat", "superiority"),
        rival="ces-beats-all",
    ),
    Claim(
        id="ces-beats-all",
        family=FAMILY,
        kind="conjunction",
        sentence="Customer effort (CES) predicts repurchase better than NPS and CSAT.",
        source="Dixon, Freeman & Toman (2010), Harvard Business Review 88(7/8), 116-122",
        published="intentions of extreme groups only: 94% after low effort, 4% after high effort would rebuy",
        needs="a CES score with its version, another metric, a later 0/1 outcome",
        rule="AUC of CES exceeds that of every other metric by more than .01 (superiority, DeLong)",
        unit=UNIT,
        smallest_key="auc",
        missing=_missing("ces"),
        evidence=_evidence("ces", "superiority"),
        rival="metric-best-retention",
    ),
    Claim(
        id="nps-no-superiority",
        family=FAMILY,
        kind="conjunction",
        sentence="NPS predicts neither better nor worse than the other metrics.",
        source="van Doorn, Leeflang & Tijs (2013), Int. J. of Research in Marketing 30(3), 314-318",
        published="all metrics equal",
        needs="an NPS score, another metric, a later 0/1 outcome",
        rule="AUC of NPS lies within .01 of that of every other metric (equivalence, DeLong)",
        unit=UNIT,
        smallest_key="auc",
        missing=_missing("nps"),
        evidence=_evidence("nps", "equivalence"),
    ),
)
