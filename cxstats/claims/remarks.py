"""What a reader must know of a study as a whole: outcomes that disagree, and how many of the invited answered."""

from collections.abc import Sequence

import numpy as np

from cxstats.claims.finding import Finding
from cxstats.study.study import Study


def disagreements(findings: Sequence[Finding]) -> tuple[str, ...]:
    """One note with the claims whose verdict differs between outcomes, or none.

    What customers said and what they did need not agree; where one of the outcomes cannot tell, a verdict on the other
    is one on that other alone. An outcome of a kind on which a claim is not tested says nothing here.
    """
    verdicts: dict[str, dict[str, str]] = {}
    for finding in findings:
        if finding.outcome is not None and finding.looked_at:
            verdicts.setdefault(finding.claim, {})[finding.outcome] = finding.verdict
    told = [
        f"{claim} is " + ", ".join(f"{verdict} on '{outcome}'" for outcome, verdict in on.items())
        for claim, on in verdicts.items()
        if len(set(on.values())) > 1
    ]
    if not told:
        return ()
    return (f"The outcomes disagree: {'; '.join(told)}. No verdict speaks for another outcome than its own.",)


def response_rates(study: Study) -> tuple[str, ...]:
    """How many of those who were invited to each survey answered it, where invitations are declared."""
    declared = study.invitation
    if declared is None:
        return ()
    cells = study.cells(declared.answered, segment=declared.survey)
    known = cells.where(cells.observed([declared.answered, declared.survey]))
    good = known[declared.answered] == getattr(study.outcomes[declared.answered], "good", 1)
    told = []
    for survey in np.unique(known[declared.survey]).tolist():
        sent = known[declared.survey] == survey
        n, answered = int(known.count[sent].sum()), int(known.count[sent & good].sum())
        told.append(f"Of {n:,} invited to '{survey}' {answered:,} answered ({answered / n:.1%}).")
    return tuple(told)
