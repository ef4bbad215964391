"""Evidence for claims on what a model makes of the metrics: codings and combinations (4 and 5 of the family)."""

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.metric_race import champion_of, guarded, parts_of, warned
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, Question
from cxstats.methods.codings import FULL, Codings
from cxstats.methods.combination import Combination
from cxstats.numerics.effect import Effect
from cxstats.results import shown, shown_p
from cxstats.roles import Binary, Survival

LOG_LOSS = "log-loss gained per customer held out"
GAIN = "gain in AUC on customers held out"
TOP_TWO = "top two"


def refused_unless_binary(data: OutcomeData) -> Evidence | None:
    """What is tested on an outcome of 0 and 1 only."""
    if isinstance(data.outcome, Binary):
        return None
    mend = (
        " An outcome that says whether the event happened within a window would make it testable."
        if isinstance(data.outcome, Survival)
        else ""
    )
    return blocked(
        f"The outcome '{data.name}' is not binary; this claim is tested on an outcome of 0 and 1.{mend}", looked=False
    )


def refused_unless_dealt(data: OutcomeData) -> Evidence | None:
    """What is tested on customers held out: a binary outcome, without survey weights."""
    if not data.study.weighted:
        return refused_unless_binary(data)
    return blocked(
        "Customers with survey weights cannot be dealt into folds, and this claim is tested on customers held out. "
        "Without the weight it would be testable.",
        looked=False,
    )


def top_two_against_full(data: OutcomeData) -> Evidence:
    """The best two boxes against the full scale of the same metric."""
    metric = champion_of(data.scales, "csat")[0] if data.of_kind("csat") else next(iter(data.scales))
    stopped = refused_unless_dealt(data) or guarded(data, metric)
    if stopped is not None:
        return stopped
    found = attempted(lambda: data.codings(metric))
    if isinstance(found, Evidence):
        return found
    term = f"{TOP_TWO} - {FULL}"
    if (metric, term, "log-loss gain") not in zip(found.metric, found.coding, found.index, strict=True):
        return blocked(
            f"'{metric}' has no top two boxes that differ from its other codings ({data.scales[metric]}): a score with "
            "more levels would make it testable.",
            looked=False,
        )
    at = found.row(metric, term, "log-loss gain")
    effect = Effect(a=float(found.estimate[at]), var_a=float(found.std_error[at]) ** 2, df=found.df)
    component = Component(
        name=f"{metric}: {term}", effect=effect, kind="superiority", smallest=data.smallest("log_loss")
    )
    sentences, flags = warned(data)
    return Evidence(
        question=Question(components=(component,), n=found.n),
        unit=LOG_LOSS,
        headline=_coded(found, metric),
        measured="Against the full scale, the top two boxes gain",
        guards=(*sentences, *_bend(found, metric), *found.notes),
        flags=(*flags, *_noise(found, metric, effect)),
        levels=_levels(found, metric),
        levels_unit="AUC of each coding on customers held out",
        n=found.n,
        n_missing=found.n_missing,
    )


def _coded(found: Codings, metric: str) -> str:
    full, top = (found.estimate[found.row(metric, coding, "AUC")] for coding in (FULL, TOP_TWO))
    return (
        f"On customers held out, the AUC of {metric} is {shown(full, 3)} on its full scale, {shown(top, 3)} as top two."
    )


def _bend(found: Codings, metric: str) -> tuple[str, ...]:
    test = found.curved.get(metric)
    if test is None:
        return ()
    found_in_words = f"chi-square {test.chi_square:.1f} on {test.degrees}, p {shown_p(test.p_value)}"
    return (f"A curve instead of a straight line over the full scale: {found_in_words}.",)


def _noise(found: Codings, metric: str, effect: Effect) -> tuple[str, ...]:
    """A coarse score that wins although no curve does: probably noise."""
    test = found.curved.get(metric)
    wins = effect.interval()[0] > 0
    return ("check-noise",) if wins and test is not None and test.p_value >= 0.05 else ()


def _levels(found: Codings, metric: str) -> tuple[Part, ...]:
    limits = found.confidence_interval()
    rows = [
        i
        for i, (m, coding, index) in enumerate(zip(found.metric, found.coding, found.index, strict=True))
        if m == metric and index == "AUC" and " - " not in coding
    ]
    return parts_of([found.coding[i] for i in rows], found.estimate[rows], limits.low[rows], limits.high[rows])


def together_against_best(data: OutcomeData) -> Evidence:
    """All metrics, penalised, against every single one: which of them is the best need not be known."""
    stopped = refused_unless_dealt(data) or guarded(data)
    if stopped is not None:
        return stopped
    found = attempted(lambda: data.combination)
    if isinstance(found, Evidence):
        return found
    components = tuple(
        Component(name=f"all metrics - {metric}", effect=gain, kind="superiority", smallest=data.smallest("auc"))
        for metric, gain in found.gains.items()
    )
    sentences, flags = warned(data)
    base = () if data.study.controls else ("no-baseline",)
    return Evidence(
        question=Question(components=components, n=found.n),
        unit=GAIN,
        headline=_enough(found),
        measured="The gain {name} is",
        guards=(*sentences, *_tests(found), *found.notes),
        flags=(*flags, *base),
        levels=_subsets(found),
        levels_unit="AUC of each set of metrics on customers held out",
        n=found.n,
        n_missing=found.n_missing,
    )


def _enough(found: Combination) -> str:
    best = max(found.chosen, key=lambda name: found.chosen[name])
    return f"The best single metric is {best}; enough, to within {found.smallest:g} of AUC: {' + '.join(found.enough)}."


def _tests(found: Combination) -> tuple[str, ...]:
    joint = found.joint
    added = f"chi-square {joint.chi_square:.1f} on {joint.degrees}, p {shown_p(joint.p_value)} ({joint.kind})"
    return (
        f"The other metrics added to the best one on all rows: {added}.",
        f"The gain by the corrected resampled t-test: p {shown_p(found.resampled_p)}.",
    )


def _subsets(found: Combination) -> tuple[Part, ...]:
    limits = found.confidence_interval()
    names = [" + ".join(subset) for subset in found.subsets]
    rows = [found.row(name, "AUC") for name in names]
    return parts_of(names, found.estimate[rows], limits.low[rows], limits.high[rows])
