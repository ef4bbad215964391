"""The command line, ``cxstats COMMAND``: one file per command."""

import io
import sys


def main() -> None:
    """Run the command that the arguments name."""
    from cxstats.cli.app import app

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a character shows a question mark
    app(prog_name="cxstats")
