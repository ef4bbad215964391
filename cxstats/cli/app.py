"""The commands under one name; each imports what it needs when it runs, so that ``--help`` is quick."""

from typing import Annotated

import typer

from cxstats import __version__
from cxstats.cli.claims import claims
from cxstats.cli.features import features
from cxstats.cli.guarded import GuardedCommand
from cxstats.cli.init import init
from cxstats.cli.methods import methods
from cxstats.cli.power import power
from cxstats.cli.register import register
from cxstats.cli.score import score
from cxstats.cli.simulate import simulate
from cxstats.cli.validate import validate
from cxstats.cli.which_metric import which_metric

_HELP = """Which customer-experience findings hold on your own data.

Exit status: 0 done, 2 the input is wrong, 1 a fault of cxstats.
"""

# No rich here: plain help starts twice as fast, and error messages must not read brackets as markup.
app = typer.Typer(
    help=_HELP,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cxstats {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # read by its callback
        bool, typer.Option("--version", help="Print the version and stop.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[  # read by GuardedCommand
        bool, typer.Option("--debug", help="Show the traceback when cxstats itself fails.")
    ] = False,
) -> None:
    pass


for _name, _command in (
    ("init", init),
    ("register", register),
    ("validate", validate),
    ("claims", claims),
    ("which-metric", which_metric),
    ("power", power),
    ("score", score),
    ("features", features),
    ("methods", methods),
    ("simulate", simulate),
):
    app.command(_name, cls=GuardedCommand)(_command)
