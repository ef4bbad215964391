"""The roles of one analysis of a study, from what was asked by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxstats.errors import StudyError
from cxstats.roles import Binary, Outcome, Rating
from cxstats.scales import Scale
from cxstats.study.errors import nearest, refuse
from cxstats.study.frame import GAP
from cxstats.study.parts import Table
from cxstats.study.rules import Declared
from cxstats.study.service import recorded


def known(names: Sequence[str], declared: Sequence[str], what: str) -> None:
    """Refuse names that the study does not declare."""
    refuse((what, f"the study declares no '{n}'{nearest(n, declared)}.") for n in names if n not in declared)


def asked_scales(
    metrics: Sequence[str],
    intention: str | None,
    *,
    scales: Mapping[str, Scale],
    outcomes: Mapping[str, Outcome],
    outcome: str | None,
) -> dict[str, Scale]:
    """The metrics that were asked for, and the intention among them as one of their kind."""
    known(metrics, list(scales), "metric")
    found = {name: scales[name] for name in metrics}
    if intention is None:
        return found
    known([intention], list(outcomes), "intention")
    if intention == outcome:
        raise StudyError(
            f"intention: '{intention}' is the outcome of this analysis already."
            "\nName another outcome of kind 'intention'."
        )
    return {**found, intention: _as_metric(intention, outcomes[intention])}


def _as_metric(name: str, declared: Outcome) -> Scale:
    """The scale on which an intention stands beside the metrics."""
    if declared.kind != "intention":
        raise StudyError(
            f"intention: '{name}' must be an outcome of kind 'intention', but it is of kind '{declared.kind}'."
            '\nIf customers only said so, declare it with kind = "intention".'
        )
    if isinstance(declared, Rating):
        return declared.scale
    if isinstance(declared, Binary):
        return Scale(0, 1, higher_is_better=declared.good == 1)
    raise StudyError(
        f"intention: '{name}' must be binary or a rating to stand beside the metrics, "
        f"but it is {type(declared).__name__}."
    )


def asked_roles(
    declared: Declared,
    *,
    controls: bool,
    segment: str | None,
    firm: bool,
    change: bool,
    service: Sequence[str],
    encounters: Sequence[str],
    gap: bool,
    expected: bool,
) -> dict[str, Any]:
    """Gap, controls, strata and keys of an analysis, by the names that they have in the frame."""
    if gap and declared.expectation is None:
        raise StudyError("expectation: none is declared, so there is no gap to analyse.")
    if firm and declared.firm is None:
        raise StudyError(
            "study.firm: is not declared, so nothing says which firm served each customer."
            '\nName its column in the analysed table, such as firm = "store".'
        )
    keys = ("cluster", "weight", "count")
    roles: dict[str, Any] = {key: key for key in keys if getattr(declared, key) is not None}
    roles |= {"cluster": "cluster"} if firm else {}
    roles |= {"disconfirmation": "disconfirmation"} if gap else {}
    known([] if segment is None else [segment], declared.segments.columns, "segment")
    strata: tuple[str, ...] = () if segment is None else (segment,)
    if change and declared.change is not None:
        strata += (declared.change.period, declared.change.treated)
    # The segment is no control besides: within a segment it does not vary.
    further = tuple(name for name in declared.controls.columns if name != segment) if controls else ()
    further += tuple(GAP.values()) if expected and _has_both(declared) else ()
    further += _summed_up(declared, encounters)
    return {**roles, "controls": further, "strata": (*strata, *_recorded(declared, service))}


def _has_both(declared: Declared) -> bool:
    """True, or the reason why expected and performed cannot be told apart."""
    if declared.expectation is None or declared.expectation.expected is None:
        found = "none is declared" if declared.expectation is None else "only the gap is declared"
        raise StudyError(
            f"expectation: {found}, so nothing says what was expected.\nName expected and performed there."
        )
    return True


def analysed_table(declared: Declared) -> Table | None:
    """The table whose rows are analysed, if it is declared which."""
    only = next(iter(declared.tables)) if len(declared.tables) == 1 else None
    return declared.tables.get(declared.rows or only or "")


def encounter_summaries(declared: Declared) -> dict[str, str]:
    """What can be asked for of the encounters of each analysed row's customer -> its name in the frame."""
    table = analysed_table(declared)
    return {} if declared.encounters is None or table is None or table.key is None else declared.encounters.summaries


def _summed_up(declared: Declared, asked: Sequence[str]) -> tuple[str, ...]:
    """The names in the frame of what is asked of encounters."""
    found = encounter_summaries(declared)
    if asked and declared.encounters is not None and not found:
        raise StudyError(
            "encounters: nothing joins them with the analysed rows, whose table has no key."
            "\nDeclare as its key the column that names the customer."
        )
    absent = [name for name in asked if name not in found]
    refuse(("encounters", f"the study has no '{n}' of them{nearest(n, list(found))}.") for n in absent)
    return tuple(found[name] for name in asked)


def _recorded(declared: Declared, asked: Sequence[str]) -> tuple[str, ...]:
    """The names in the frame of what was recorded of service: one for each key, of ``objective`` all."""
    found = {key: name for key, name, _ in recorded(declared.service)}
    effort = [key for key in found if key.startswith("objective")]
    keys = [key for wanted in asked for key in (effort if wanted == "objective" else [wanted])]
    absent = [key for key in keys if key not in found]
    refuse(("service", f"the study declares no '{key}' there{nearest(key, list(found))}.") for key in absent)
    return tuple(found[key] for key in keys)
