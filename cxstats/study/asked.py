"""The roles of one analysis of a study, from what was asked by name."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxstats.errors import StudyError
from cxstats.roles import Binary, Outcome, Rating
from cxstats.scales import Scale
from cxstats.study.errors import nearest, refuse
from cxstats.study.frame import recorded
from cxstats.study.rules import Declared


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
    gap: bool,
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
    return {**roles, "controls": further, "strata": (*strata, *_recorded(declared, service))}


def _recorded(declared: Declared, asked: Sequence[str]) -> tuple[str, ...]:
    """The names in the frame of what was recorded of service: one for each key, of ``objective`` all."""
    found = {key: name for key, name, _ in recorded(declared.service)}
    effort = [key for key in found if key.startswith("objective")]
    keys = [key for wanted in asked for key in (effort if wanted == "objective" else [wanted])]
    absent = [key for key in keys if key not in found]
    refuse(("service", f"the study declares no '{key}' there{nearest(key, list(found))}.") for key in absent)
    return tuple(found[key] for key in keys)
