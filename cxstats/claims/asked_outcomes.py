"""Which outcomes the claims about outcomes are put to."""

from cxstats.study.declared import DeclaredStudy

NONE_BESIDES = (
    "The only outcome says who answered an invitation, which is not what customers did as customers: an [outcome] "
    "section with a later purchase or churn would make it testable."
)


def asked_outcomes(study: DeclaredStudy) -> list[str]:
    """Outcome names: what customers did before what they said, each in the order of the study.

    The outcome that says who answered an invitation belongs to the claim on invitations alone.
    """
    answered = None if study.invitation is None else study.invitation.answered
    names = [name for name in study.outcomes if name != answered]
    return sorted(names, key=lambda name: study.outcomes[name].kind != "behaviour")
