"""From the evidence on each claim to its finding: the verdicts of a family, and what further looks show beside them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cxstats.claims.claim import Claim, Evidence, is_rating
from cxstats.claims.finding import Finding, Part, Status
from cxstats.claims.flips import Flip, flip_of
from cxstats.claims.outcome_data import SMALLEST_EFFECT, OutcomeData
from cxstats.claims.plan_changes import Comparison
from cxstats.claims.robustness import Looked, Looks, Robustness
from cxstats.claims.sentences import reason_in_words
from cxstats.claims.verdict import Blocked, Component, Judgement, Question, judge_planned, magnitude


@dataclass(frozen=True)
class Case:
    """A claim put to one outcome, with its evidence."""

    claim: Claim
    data: OutcomeData | None
    evidence: Evidence

    @property
    def outcome_name(self) -> str | None:
        """The outcome that it is put to; None where it is about none, or nothing is declared."""
        return None if self.data is None or not self.claim.about_outcome else self.data.name


def findings_of(
    cases: Sequence[Case], plan: Comparison | None, looks: Looks | None, tell: Callable[[str], None]
) -> list[Finding]:
    """Judge one family together, then write each finding."""
    rows = [case.evidence.question for case in cases]
    planned = [plan is None or plan.planned(case.claim.id, case.outcome_name) for case in cases]
    judgements = judge_planned(rows, planned)
    found = []
    for at, (case, judgement) in enumerate(zip(cases, judgements, strict=True)):
        finding = _finding(case, judgement, _status(case, plan))
        if looks is not None and case.data is not None and judgement.decisive is not None:
            tell(f"sensitivity of {finding.claim}" + (f" on {finding.outcome}" if finding.outcome else ""))
            family, row = _own_family(rows, planned, at)
            looked = Looked(
                claim=case.claim,
                data=case.data,
                family=family,
                row=row,
                verdict=judgement.verdict,
                decisive=judgement.decisive,
                n_missing=finding.n_missing,
            )
            finding = _beside(finding, looks.at(looked), flip_of(family, row))
        found.append(finding)
    return found


def _own_family(
    rows: Sequence[Question | Blocked], planned: Sequence[bool], at: int
) -> tuple[list[Question | Blocked], int]:
    """The rows among which one is judged, and its place there."""
    if not planned[at]:
        return list(rows), at
    return [row for row, was in zip(rows, planned, strict=True) if was], sum(planned[:at])


def _beside(finding: Finding, robustness: Robustness, flip: Flip) -> Finding:
    """The finding with what further looks found."""
    return replace(
        finding,
        sensitivity=(*finding.sensitivity, *robustness.sensitivity),
        segments=robustness.segments,
        segments_told=robustness.told,
        reversed_in=robustness.reversed_in,
        guards=(*finding.guards, *robustness.guards),
        flips_at=flip.at,
        flips_to=flip.to,
    )


def _status(case: Case, plan: Comparison | None) -> Status:
    return "" if plan is None or case.data is None else plan.status(case.claim, case.outcome_name)


def _finding(case: Case, judgement: Judgement, status: Status) -> Finding:
    claim, evidence = case.claim, case.evidence
    question, decisive = evidence.question, judgement.decisive
    published_on = evidence.published_on if decisive is None or evidence.published_on else decisive.effect
    estimate, low, high = _shown(decisive)
    return Finding(
        claim=claim.id,
        family=claim.family,
        kind=claim.kind,
        sentence=claim.sentence,
        outcome=case.outcome_name,
        verdict=judgement.verdict,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        smallest_effect=_smallest(case, decisive),
        band=None if decisive is None else decisive.band,
        unit=evidence.unit or claim.unit,
        published=claim.published,
        source=claim.source,
        magnitude="none" if decisive is None or published_on is None else magnitude(published_on, claim.band),
        flags=(*judgement.flags, *evidence.flags),
        reason=reason_in_words(judgement, evidence),
        parts=_parts(question),
        levels=evidence.levels,
        levels_unit=evidence.levels_unit,
        sensitivity=evidence.sensitivity,
        guards=evidence.guards,
        n=evidence.n,
        n_missing=evidence.n_missing,
        rival=claim.rival,
        status=status,
        methods=() if decisive is None else claim.methods,
        declared=case.data is not None,
        looked_at=isinstance(question, Question) or question.looked_at_outcome,
    )


def _shown(decisive: Component | None) -> tuple[float, float, float]:
    """Estimate and unadjusted 95% interval of the component on which the verdict turned."""
    if decisive is None:
        return math.nan, math.nan, math.nan
    return decisive.effect.estimate, *decisive.effect.interval()


def _smallest(case: Case, decisive: Component | None) -> float:
    if decisive is not None:
        return decisive.smallest
    claim = case.claim
    if case.data is None:
        return SMALLEST_EFFECT[claim.smallest_key] * claim.smallest_factor
    on_rating = claim.smallest_key == "relative" and claim.about_outcome and is_rating(case.data.outcome)
    return case.data.smallest("sd" if on_rating else claim.smallest_key) * claim.smallest_factor


def _parts(question: object) -> tuple[Part, ...]:
    """The components of a conjunction, each with its unadjusted 95% interval."""
    if not isinstance(question, Question) or len(question.components) < 2:
        return ()
    return tuple(Part.of(c.name, c.effect) for c in question.components)
