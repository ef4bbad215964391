"""``cxstats simulate``: a file of simulated data, and what is true of the population it was drawn from."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cxstats.cli.text import entry, paragraph, say
from cxstats.errors import CxStatsError, listed

_MOST = 10_000_000


@dataclass(frozen=True)
class _Simulator:
    """What it draws, in one line; and what its truth holds, in words, by field."""

    line: str
    told: Mapping[str, str]


# Those of cx.simulate that draw one row for each of n, by (n, rng=...).
_SIMULATORS = {
    "cohort": _Simulator(
        "customers served late, on the day or early: three scores, days early, repurchase",
        {
            "auc": "area under the ROC curve for repurchase",
            "rate": "share who repurchase",
            "slope_below": "by how much this share falls per day late",
            "slope_above": "by how much it rises per day early",
            "asymmetry": "difference of the two slopes, in SDs per SD",
        },
    ),
    "complements": _Simulator(
        "three scores that each tell something else about repurchase",
        {
            "strength": "log-odds of repurchase per SD, the other scores being equal",
            "best": "the best single score",
            "auc_gain": "area that all three gain over it",
            "log_loss_gain": "log-loss that they gain",
        },
    ),
    "intentions": _Simulator(
        "satisfaction, intention and repurchase, in curves of known bend",
        {
            "r_intention": "correlation of satisfaction with the intention",
            "r_behaviour": "correlation of satisfaction with repurchase",
            "bend_intention": "bend of the intention over satisfaction (below 0 it flattens)",
            "bend_behaviour": "bend of repurchase over satisfaction (above 0 it steepens)",
            "rate": "share who repurchase",
        },
    ),
    "journeys": _Simulator(
        "ratings of a journey and its touchpoints, satisfaction and churn; without a journey effect",
        {
            "r": "correlation with satisfaction (composite: mean of the touchpoints; all: best combination)",
            "ratio": "correlation of the journey rating, over that of the touchpoints",
            "partial_r": "correlation of journey rating and satisfaction beyond what the touchpoints measure",
            "rate": "share who churn",
        },
    ),
    "leak": _Simulator(
        "a cohort with a satisfaction score that was made up from the outcome",
        {"auc": "area of that score for repurchase", "unsure": "share of its only level that holds both outcomes"},
    ),
    "linear_rating": _Simulator(
        "a gap with a straight effect on a rating that ends at 5",
        {
            "top_share": "share who rate 5",
            "slope_below": "slope that a line finds below 0, in points per SD of the gap",
            "slope_above": "slope that a line finds above 0",
        },
    ),
    "service": _Simulator(
        "contacts with service: problems, effort, attempts to wow, and whether customers come back",
        {
            "silent": "share of the customers with a problem who did not complain",
            "recovery": "share who come back, at equal tenure",
            "disloyal": "share who do not come back, at equal tenure",
            "failure": "share of contacts that fail, without and with an attempt to wow",
            "cost_ratio": "cost with an attempt, over without one",
            "tier_rate": "share who come back, at equal tenure, by how the experience met expectations",
        },
    ),
    "shapes": _Simulator(
        "a score that tells about repurchase in a straight line",
        {
            "shape": "shape of the log-odds over the score",
            "rate": "share who repurchase",
            "gain": "log-loss of the full scale less that of the top two levels (below 0 the full scale is better)",
            "auc_gain": "area of the top two levels less that of the full scale",
        },
    ),
    "spenders": _Simulator(
        "scores, past behaviour, and later orders and spend; the scores add nothing to the past",
        {
            "concordance": "concordance of each score with later behaviour",
            "best": "the best single score",
            "added": "log-odds of repurchase per SD, at equal past behaviour",
            "over_past": "log-loss gained over past behaviour",
            "rate": "share who repurchase",
        },
    ),
    "subscribers": _Simulator(
        "scores and the months until subscribers cancel, watched from the survey on",
        {
            "hazard_ratio": "hazard ratio of cancelling per SD, the other scores being equal",
            "concordance": "concordance with staying",
            "best": "the best single score",
            "cancelled": "share who are seen to cancel",
        },
    ),
}


def simulate(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="What to simulate; none lists them.", show_default=False)
    ] = None,
    rows: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=_MOST, help="How many rows.", show_default=False)
    ] = None,
    out: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where to write: parquet or csv.", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="The seed; drawn and told if not given.", show_default=False)
    ] = None,
    truth: Annotated[
        bool, typer.Option("--truth", help="Print what is true of the population that the rows were drawn from.")
    ] = False,
) -> tuple[str, ...]:
    """Write simulated data whose truth is known, to see whether an analysis finds it.

    Without NAME, list what can be simulated.

    Example: cxstats simulate cohort --rows 5000 --out customers.csv --seed 1 --truth
    """
    if name is None:
        _refuse_without_name({"--rows": rows, "--out": out, "--seed": seed, "--truth": truth or None})
        _list()
        return ()
    if name not in _SIMULATORS:
        near = difflib.get_close_matches(name.lower(), _SIMULATORS, n=2, cutoff=0.6)
        nearest = f" Nearest: {listed(near)}." if near else ""
        raise CxStatsError(f"Nothing that can be simulated is called '{name}'.{nearest}\n'cxstats simulate' lists all.")
    if rows is None or out is None:
        raise CxStatsError(
            "--rows and --out must say how many rows to simulate and where to write them."
            f"\nSuch as: cxstats simulate {name} --rows 5000 --out {name}.csv"
        )
    _write(name, rows, out, seed)
    if truth:
        say(f"\n{_true(name)}")
    return ()


def _refuse_without_name(given: Mapping[str, object]) -> None:
    useless = [option for option, value in given.items() if value is not None]
    if useless:
        raise CxStatsError(f"With {listed(useless)} a NAME must say what to simulate.\n'cxstats simulate' lists all.")


def _list() -> None:
    say(entry("Data that can be simulated:", {name: simulator.line for name, simulator in _SIMULATORS.items()}))
    more = "cx.simulate in Python has parameters for each, and more: encounters, firms, industries and visits."
    say(f"\n{paragraph(more)}")


def _write(name: str, rows: int, out: str, seed: int | None) -> None:
    from cxstats.cli.output import check_targets, write_all
    from cxstats.cli.table_file import table_bytes, table_kind

    kind = table_kind(out)
    check_targets({"--out": out}, sources=[])
    import cxstats as cx
    from cxstats.errors import rows as counted
    from cxstats.numerics.resample import fresh_seed

    drawn = fresh_seed() if seed is None else seed
    frame = getattr(cx.simulate, name)(rows, rng=drawn)
    write_all({out: table_bytes(frame, kind)})
    say(f"{counted(len(frame))} of simulated data, about no real customers: {out}")
    say(paragraph(f"columns: {', '.join(frame.columns)}"))
    say(f"seed: {drawn}{'' if seed is not None else ' (drawn; with --seed it makes the same file again)'}")


def _true(name: str) -> str:
    """The truth in words, a line for each quantity."""
    import cxstats as cx

    found = getattr(cx.simulate, "truth" if name == "cohort" else f"{name}_truth")()
    told = _SIMULATORS[name].told.items()
    lines = [paragraph(f"- {words}: {_shown(getattr(found, field))}") for field, words in told]
    return "\n".join(["True of the population that they were drawn from:", *lines])


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = {key: f"({_shown(each)})" if isinstance(each, Mapping) else _shown(each) for key, each in value.items()}
        return ", ".join(f"{key} {each}" for key, each in inner.items())
    if isinstance(value, str):
        return value
    return "none" if value is None else f"{value:.4g}"
