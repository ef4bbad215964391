"""``cxstats claims``: what can be put to the test."""

from cxstats.cli.text import entry, say


def claims() -> None:
    """List the claims that validate tests.

    With what each needs, how it is decided, and where it comes from.
    """
    from cxstats.claims.register import CLAIMS

    blocks = [
        entry(
            f"{claim.id}  ({claim.family}, {claim.kind})",
            {"claim": claim.sentence, "needs": claim.needs, "rule": claim.rule, "source": claim.source},
        )
        for claim in CLAIMS
    ]
    say("\n\n".join(blocks))
