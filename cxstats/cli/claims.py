"""``cxstats claims``: what can be put to the test, and on a study: what now, and what with which column."""

from typing import TYPE_CHECKING, Annotated

import typer

from cxstats.cli.text import entry, say

if TYPE_CHECKING:
    from cxstats.claims.testable import Testable


def claims(
    study: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="STUDY.toml",
            help="Say which claims this study can test, and what the others need.",
            show_default=False,
        ),
    ] = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Let the study file name data outside its own folder.")
    ] = False,
) -> None:
    """List the claims that validate tests.

    With what each needs, how it is decided, and where it comes from.
    """
    if study is not None:
        _for_study(study, allow_outside)
        return
    from cxstats.claims.register import CLAIMS

    blocks = [
        entry(
            f"{claim.id}  ({claim.family}, {claim.kind})",
            {"claim": claim.sentence, "needs": claim.needs, "rule": claim.rule, "source": claim.source},
        )
        for claim in CLAIMS
    ]
    say("\n\n".join(blocks))


def _for_study(path: str, allow_outside: bool) -> None:
    """Testable as far as is declared, then what would make the others testable; no outcome is read."""
    import cxstats as cx
    from cxstats.claims.testable import testable

    answers = testable(cx.DeclaredStudy.read(path, allow_outside=allow_outside))
    now = [a for a in answers if a.needs == ""]
    later = [a for a in answers if a.needs]
    say(f"{len(now)} of {len(answers)} claims can be tested, as far as is declared; the data may yet stop some.\n")
    for answer in now:
        say(entry(answer.claim, {"": answer.on}))
    for needs, claims_ in _grouped(later).items():
        say("\n" + entry("\n".join(claims_), {"": needs}))


def _grouped(answers: "list[Testable]") -> dict[str, list[str]]:
    """What is missing, once, with the claims that wait for it."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        found.setdefault(answer.needs, []).append(answer.claim)
    return found
