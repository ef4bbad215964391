"""The comparison of metrics in sentences: the verdict, then what each analysis adds to it."""

from collections.abc import Iterator, Sequence

import numpy as np

from cxstats.methods.added_value import AddedValue
from cxstats.methods.by_segment import BySegment
from cxstats.methods.codings import FULL, Codings
from cxstats.methods.combination import Combination
from cxstats.methods.dominance import Dominance
from cxstats.methods.extreme_groups import ExtremeGroups
from cxstats.methods.fair_fight import FairFight
from cxstats.methods.held_out import ALL, CHOSEN, HeldOutComparison
from cxstats.methods.invariance import Invariance
from cxstats.methods.league_table import LeagueTable
from cxstats.methods.two_part import TwoPart
from cxstats.results import Result, shown, shown_p
from cxstats.roles import Outcome, Survival
from cxstats.studies.hazards import Hazard
from cxstats.studies.which_metric_parts import Parts


def verdict_in_words(league: LeagueTable, parts: Parts) -> str:
    """The answer in one sentence; a metric that knows the outcome too well is not praised."""
    flagged = () if parts.leakage is None else parts.leakage.flagged
    suspicious = [name for name in league.metrics if name in flagged]
    if suspicious:
        who = " and ".join(suspicious)
        return f"Best: cannot be told, because {who} knows the outcome too well (leakage), which is no merit."
    return league.verdict()


def sentences(metrics: Sequence[str], parts: Parts) -> tuple[str, ...]:
    """What each analysis adds, guards first."""
    return tuple(_sentences(metrics, parts))


def outcome_notes(outcome: Outcome | None) -> tuple[str, ...]:
    """What must be known of the outcome itself: whether it came afterwards, and whether it was done or said."""
    if outcome is None:
        return ()
    notes = []
    if not outcome.after and outcome.starts is None:
        notes.append(
            "Nothing says that the outcome came after the feedback (after=True would): a score cannot predict what "
            "had happened before it was given."
        )
    if outcome.kind == "intention":
        notes.append("The outcome is an intention: said, not done, and mostly in the same sitting as the scores.")
    if isinstance(outcome, Survival) and outcome.entry is None:
        notes.append(watched_from_zero(outcome))
    return tuple(notes)


def watched_from_zero(outcome: Survival) -> str:
    """What is taken for granted where no entry is declared."""
    return (
        f"Customers count as watched from time 0 on. That is right if '{outcome.time}' runs from the answer; if it "
        "runs from the first purchase, who answered later could not have left before, and entry must say when that was."
    )


def _sentences(metrics: Sequence[str], parts: Parts) -> Iterator[str]:
    if parts.leakage is not None:
        yield from parts.leakage.reasons
    if parts.answer_quality is not None:
        yield from parts.answer_quality.concerns
    if parts.held_out is not None:
        yield _held_out(parts.held_out)
    if parts.added_value is not None and len(metrics) > 1:
        yield from _added(parts.added_value, metrics)
    if parts.hazards is not None:
        yield from _hazards(parts.hazards)
    if parts.codings is not None:
        yield from _codings(parts.codings, metrics)
    if parts.fair_fight is not None:
        yield _fair_fight(parts.fair_fight)
    if parts.dominance is not None:
        yield _dominance(parts.dominance, metrics)
    if parts.combination is not None:
        yield _combination(parts.combination)
    if parts.two_part is not None:
        yield _two_part(parts.two_part, metrics)
    for segment, found in parts.by_segment.items():
        yield _segments(segment, found)
    for segment, measured in parts.invariance.items():
        yield _invariance(segment, measured)
    if parts.extremes is not None:
        yield _extremes(parts.extremes, metrics)


def _with_interval(result: Result, at: int, digits: int = 3) -> str:
    """An estimate with its 95% limits."""
    limits = result.confidence_interval()
    numbers = (result.estimate[at], limits.low[at], limits.high[at])
    estimate, low, high = (shown(float(value), digits) for value in numbers)
    return f"{estimate} (95% {low} to {high})"


def _held_out(found: HeldOutComparison) -> str:
    index = "AUC" if "AUC" in found.index else "R2" if "R2" in found.index else "log-loss gain"
    named = [name for name in found.models[1:] if name != CHOSEN]
    told = [f"{name} {shown(found.estimate[found.row(name, index)], 3)}" for name in named]
    if ALL not in found.models:
        return f"On customers held out, {index}: {', '.join(told)}."
    slope = _with_interval(found, found.row(ALL, "calibration slope"))
    chosen = max(found.chosen, key=lambda name: found.chosen[name])
    return (
        f"On customers held out, {index}: {', '.join(told)}. Calibration slope of {ALL}: {slope}; 1 is right. "
        f"{found.chosen[chosen]:.0%} of the training folds chose {chosen} as the best metric."
    )


def _added(found: AddedValue, metrics: Sequence[str]) -> Iterator[str]:
    """One sentence for each thing that metrics are added to."""
    index = "AUC" if "AUC" in found.index else found.index[0]
    for over in dict.fromkeys(found.over):
        told = []
        for metric in metrics:
            at = found.row(metric, over, index)
            told.append(f"{metric} {_with_interval(found, at)}, p {shown_p(float(found.p[at]))}")
        yield f"Added to {over}, in {index} on customers held out: {'; '.join(told)}."


def _hazards(found: Sequence[Hazard]) -> Iterator[str]:
    """What a better score goes with, in time; and whether that stays the same for as long as customers are watched."""
    told = []
    for each in found:
        ratio, low, high = (shown(value, 3) for value in each.per_sd)
        told.append(f"{each.metric} {ratio} (95% {low} to {high})")
    one = found[0].cox
    held = [term for term in one.terms if term != found[0].metric]
    equal = f", {', '.join(held)} held equal" if held else ""
    yield (
        f"Hazard ratio of '{one.event}' for a standard deviation more of the score{equal}: {'; '.join(told)}. 1 would "
        "be no difference."
    )
    for each in found:
        changes = float(each.cox.proportional_p_value[0])
        if changes < 0.05:
            told_p = f"p {shown_p(changes)}"
            yield f"That of {each.metric} changes with time ({told_p}): it is an average over the time watched."


def _codings(found: Codings, metrics: Sequence[str]) -> Iterator[str]:
    """For each metric the coding that gains or loses most against the full scale."""
    told = []
    for metric in metrics:
        rows = [
            i
            for i, (m, coding, index) in enumerate(zip(found.metric, found.coding, found.index, strict=True))
            if m == metric and index == "AUC" and coding.endswith(f" - {FULL}")
        ]
        fixed = [i for i in rows if not found.coding[i].startswith("chosen")]
        if fixed:
            most = max(fixed, key=lambda i: abs(found.estimate[i]))
            told.append(f"{metric} as {found.coding[most].removesuffix(f' - {FULL}')} {_with_interval(found, most)}")
    if told:
        yield f"Coding, apart from the metric: the largest change of AUC against the full scale is {'; '.join(told)}."


def _fair_fight(found: FairFight) -> str:
    p = len(found.metrics)
    pairs = [
        f"{term} {_with_interval(found, p + i)}" for i, term in enumerate(found.labels["term"][p:]) if " - " in term
    ]
    kept = [pair for pair in pairs if "levels)" not in pair]
    return f"With {found.levels} levels each, so that no scale wins by its length: {'; '.join(kept)}."


def _dominance(found: Dominance, metrics: Sequence[str]) -> str:
    p = len(metrics)
    share = found.estimate[:p] / found.r2 if found.r2 > 0 else np.full(p, np.nan)
    first = found.rank_probability[:, 0]
    told = [f"{m} {s:.0%} (first in {f:.0%} of draws)" for m, s, f in zip(metrics, share, first, strict=True)]
    return f"Of what the metrics explain together ({shown(found.r2, 3)}, {found.divided_index}): {', '.join(told)}."


def _combination(found: Combination) -> str:
    low, high = found.gain.interval()
    gain = f"{shown(found.gain.estimate, 3)} (95% {shown(low, 3)} to {shown(high, 3)})"
    enough = f"{' + '.join(found.enough)} would do" if found.short.any() else "no smaller set is shown to do"
    return (
        f"All metrics together gain {gain} of AUC, on customers held out, over the best single one; to within "
        f"{found.smallest:g}, {enough}."
    )


def _two_part(found: TwoPart, metrics: Sequence[str]) -> str:
    rows = list(zip(found.labels["part"], found.labels["term"], strict=True))
    told = [
        f"{m} {shown(found.estimate[rows.index(('any', m))], 3)} and "
        f"{shown(found.estimate[rows.index(('how much', m))], 3)}"
        for m in metrics
    ]
    return f"{found.zeros:.0%} are at 0; concordance with whether, and with how much: {', '.join(told)}."


def _segments(segment: str, found: BySegment) -> str:
    crossing = found.crossing
    a, b = crossing.metrics
    here, there = crossing.segments
    p = shown_p(crossing.p_supported)
    if crossing.p_supported < 0.05:
        return (
            f"By {segment} the metrics change places: {a} is better than {b} in {here}, and worse in {there} (p {p})."
        )
    if crossing.p_not_supported < 0.05:
        return f"By {segment} no two metrics change places by more than {crossing.delta:g}."
    return f"By {segment} it cannot be told whether metrics change places by more than {crossing.delta:g} (p {p})."


def _invariance(segment: str, found: Invariance) -> str:
    """Whether the scores mean the same in all segments: without it their differences may be of language only."""
    steps = "; ".join(f"{step.name} invariance {step.verdict}" for step in found.steps[1:])
    return f"Do the scores mean the same in every {segment}? {steps[0].upper()}{steps[1:]}."


def _extremes(found: ExtremeGroups, metrics: Sequence[str]) -> str:
    top = found.estimate.reshape(len(metrics), 3)
    contrasts = (f"{m} {t:.0%} against {b:.0%}" for m, (t, b, _) in zip(metrics, top, strict=True))
    return f"Good outcomes, top against bottom {found.share:.0%}: {', '.join(contrasts)}."
