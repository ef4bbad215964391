"""The roles of one analysis of a study, from what was asked by name."""

from collections.abc import Mapping, Sequence

from cxstats.errors import StudyError
from cxstats.roles import Binary, Outcome, Rating
from cxstats.scales import Scale
from cxstats.study.errors import nearest, refuse


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


def asked_labels(
    controls: Sequence[str], segment: str | None, *, segments: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Controls and strata. The segment is no control besides: within a segment it does not vary."""
    known([] if segment is None else [segment], segments, "segment")
    return {
        "controls": tuple(name for name in controls if name != segment),
        "strata": () if segment is None else (segment,),
    }
