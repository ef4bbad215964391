"""The columns and their parts, as the command line writes them: ``nps=NPS``, ``churned:bad``, ``spend:high``."""

import difflib
import re
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

import typer

from cxstats.errors import RoleError, ScaleError, listed
from cxstats.roles import Binary, Continuous, Count, Survival
from cxstats.scales import NAMED, Scale

DataFile: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="The data, one row per customer: csv, parquet (also a folder or a pattern), xlsx, sav or dta.",
        show_default=False,
    ),
]
MetricOption: TypeAlias = Annotated[
    list[str],
    typer.Option(
        "--metric",
        metavar="NAME=SCALE",
        help=f"A column and its scale: {', '.join(NAMED)}, or the bounds and what a high value means, as in "
        "trust=1-7:good or wait=1-7:bad (1.0-7.0:good if there are values in between). Repeat it for more.",
        show_default=False,
    ),
]
OutcomeOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--outcome",
        metavar="COLUMN:WORD",
        help="A column and what is good for the firm: of 0 and 1 what 1 means, repurchased:good or churned:bad; of "
        "a measure spend:high or cost:low; of a count orders:many or calls:few.",
        show_default=False,
    ),
]
TimeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="COLUMN",
        help="Until when a customer was watched, where that differs; the outcome then says who had the event.",
        show_default=False,
    ),
]
EntryOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--entry",
        metavar="COLUMN",
        help="With --time: from when on the customer was watched, such as the tenure at the survey.",
        show_default=False,
    ),
]
ClusterOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="COLUMN", help="What makes rows dependent: the customer, the firm.", show_default=False
    ),
]
WeightOption: TypeAlias = Annotated[
    str | None, typer.Option("--weight", metavar="COLUMN", help="Survey weight.", show_default=False)
]
CountOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--count", metavar="COLUMN", help="For counted data: the rows each row stands for.", show_default=False
    ),
]
JsonOption: TypeAlias = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON.", show_default=False)
]

_BOUNDS = re.compile(r"(?P<low>-?\d+(?:\.\d+)?)-(?P<high>-?\d+(?:\.\d+)?):(?P<high_is>good|bad)")
_SCALE_HELP = (
    f"A scale is one of {', '.join(NAMED)}, or its bounds and what a high value means: 1-7:good, 1-7:bad.\n"
    "The direction of a scale is declared, never guessed."
)


def metric_scales(texts: Sequence[str]) -> dict[str, Scale]:
    """The mapping from column to scale that ``--metric NAME=SCALE`` declares."""
    scales: dict[str, Scale] = {}
    for text in texts:
        name, equals, scale = text.rpartition("=")
        if not (name and equals):
            raise RoleError(f"--metric must name a column and its scale, as in nps=NPS, but '{text}' was given.")
        if name in scales:
            raise RoleError(f"Each metric must be given once, but '{name}' was given more than once.")
        scales[name] = _scale(scale, text)
    return scales


def one_scale(name: str, text: str) -> Scale:
    """The scale of one column that ``--scale`` declares."""
    return _scale(text, f"{name}={text}", "--scale")


def _scale(text: str, given: str, option: str = "--metric") -> Scale:
    if text in NAMED:
        return NAMED[text]
    bounds = _BOUNDS.fullmatch(text)
    if bounds is None:
        near = difflib.get_close_matches(text.upper(), NAMED, n=2, cutoff=0.5)
        nearest = f" Nearest: {listed(near)}." if near else ""
        raise ScaleError(f"{option} {given}: '{text}' is no scale.{nearest}\n{_SCALE_HELP}")
    whole = "." not in bounds["low"] + bounds["high"]
    return Scale(float(bounds["low"]), float(bounds["high"]), higher_is_better=bounds["high_is"] == "good", whole=whole)


_OUTCOMES: dict[str, tuple[type[Binary] | type[Continuous] | type[Count], Any]] = {
    "good": (Binary, 1),
    "bad": (Binary, 0),
    "high": (Continuous, "high"),
    "low": (Continuous, "low"),
    "many": (Count, "high"),
    "few": (Count, "low"),
}


def declared_outcome(
    text: str, time: str | None = None, entry: str | None = None
) -> Binary | Continuous | Count | Survival:
    """The outcome that ``--outcome COLUMN:WORD`` declares: 0 and 1, a measure, a count, or with a time an event."""
    column, colon, word = text.rpartition(":")
    if not (column and colon) or word not in _OUTCOMES:
        raise RoleError(
            "--outcome must say what is good for the firm: of 0 and 1 what 1 means (repurchased:good, churned:bad), of "
            f"a measure spend:high or cost:low, of a count orders:many or calls:few; but '{text}' was given."
        )
    kind, good = _OUTCOMES[word]
    if time is None:
        if entry is not None:
            raise RoleError(f"--entry {entry} says from when on customers were watched: --time must say until when.")
        return kind(column, good=good)
    if kind is not Binary:
        raise RoleError(
            f"--time {time} needs an outcome of 0 and 1 that says who had the event, as in cancelled:bad, but '{text}' "
            "was given."
        )
    return Survival(time, column, entry, good=good)
