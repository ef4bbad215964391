"""Which column rates the whole journey, and which its touchpoints, as a call declares them."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from cxstats.cells import IntoCells, is_cells, metric_names
from cxstats.errors import RoleError, TooFewError
from cxstats.scales import Scale


def declared_journey(data: IntoCells, journey: object) -> tuple[Mapping[str, Scale], str]:
    """The journey rating to declare, and its name."""
    if isinstance(journey, str) and is_cells(data):
        return {}, metric_names(data, [journey])[1][0]
    if _scaled(journey) and len(journey) == 1:
        return journey, next(iter(journey))
    raise RoleError(
        f"journey must map the one column that rates the whole journey to its scale, but {journey!r} was given."
        '\nPass for example journey={"overall": cx.CSAT5}; for Cells its name is enough.'
    )


def declared_touchpoints(
    data: IntoCells, touchpoints: object, journey: str, *, few: str
) -> tuple[Mapping[str, Scale], tuple[str, ...]]:
    """The touchpoints to declare, and their names; ``few`` says what to use for fewer than two."""
    declared: Mapping[str, Scale] = {}
    if touchpoints is None and is_cells(data):
        names = tuple(name for name in data.roles.metrics if name != journey)
    elif is_cells(data) and isinstance(touchpoints, Sequence) and not isinstance(touchpoints, str) and touchpoints:
        names = metric_names(data, touchpoints)[1]
    elif _scaled(touchpoints):
        declared, names = touchpoints, tuple(touchpoints)
    else:
        raise RoleError(
            f"touchpoints must map the column of each touchpoint to its scale, but {touchpoints!r} was given."
            '\nPass for example touchpoints={"booking": cx.CSAT5, "delivery": cx.CSAT5}; for Cells names are enough.'
        )
    if journey in names:
        raise RoleError(f"The journey rating '{journey}' must not be one of the touchpoints.\nLeave it out there.")
    if len(names) < 2:
        raise TooFewError(f"A journey needs at least two touchpoints, but {len(names)} was given.\n{few}")
    return declared, names


def _scaled(given: object) -> TypeGuard[Mapping[str, Scale]]:
    return isinstance(given, Mapping) and all(isinstance(k, str) and isinstance(v, Scale) for k, v in given.items())
