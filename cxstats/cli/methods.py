"""``cxstats methods``: the questions that cxstats answers, and the function for each."""

from cxstats.cli.text import entry, say


def methods() -> None:
    """List the methods and the question each answers."""
    from cxstats.catalogue import METHODS

    blocks = [
        entry(f"cx.{method.function}", {"question": method.question, "reference": method.reference})
        for method in METHODS
    ]
    say("\n\n".join(blocks))
