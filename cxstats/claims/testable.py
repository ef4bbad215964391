"""Which claims a study could be put to the test on, and what would make the others testable."""

from dataclasses import dataclass

from cxstats.claims.asked_outcomes import NONE_BESIDES, asked_outcomes
from cxstats.claims.claim import Claim
from cxstats.claims.register import CLAIMS
from cxstats.study.declared import DeclaredStudy


@dataclass(frozen=True)
class Testable:
    """A claim with the outcomes that it can be tested on, or with what it needs.

    ``needs`` is empty where it can be tested; ``on`` names the outcomes, and those that wait for their timing.
    """

    claim: str
    on: str
    needs: str


def testable(study: DeclaredStudy) -> list[Testable]:
    """Each claim of the register, as far as the declaration tells; no row of data is read."""
    return [_asked(claim, study) for claim in CLAIMS]


def _asked(claim: Claim, study: DeclaredStudy) -> Testable:
    missing = claim.missing(study)
    if missing:
        return Testable(claim.id, "", missing)
    if not claim.about_outcome:
        return Testable(claim.id, "yes", "")
    names = asked_outcomes(study)
    if not names:
        return Testable(claim.id, "", NONE_BESIDES)
    one_sitting = claim.one_sitting and any(s is not None and s.same_sitting for s in (study.journey, study.service))
    timed = [name for name in names if not claim.timed or one_sitting or _has_timing(study, name)]
    untimed = [name for name in names if name not in timed]
    wait = "; ".join(
        f"on '{name}' once it is declared that it came after the feedback (starts, or after = true)" for name in untimed
    )
    if not timed:
        return Testable(claim.id, "", f"It could be tested {wait}.")
    on = "on " + ", ".join(timed)
    return Testable(claim.id, f"{on}; {wait}" if wait else on, "")


def _has_timing(study: DeclaredStudy, outcome: str) -> bool:
    declared = study.outcomes[outcome]
    return declared.after or declared.starts is not None
