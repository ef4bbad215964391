"""Roles as text, for the file that `Cells.save` writes."""

import json
from dataclasses import asdict
from typing import Any

from cxstats.roles import Binary, Continuous, Count, Outcome, Rating, Roles, Survival
from cxstats.scales import Scale

_OUTCOMES: dict[str, type] = {c.__name__: c for c in (Binary, Rating, Continuous, Count, Survival)}


def roles_to_json(roles: Roles) -> str:
    """Roles as a JSON text."""
    stored: dict[str, Any] = asdict(roles)
    if roles.outcome is not None:
        stored["outcome"]["type"] = type(roles.outcome).__name__
    return json.dumps(stored, sort_keys=True)


def roles_from_json(text: str) -> Roles:
    """The inverse of `roles_to_json`."""
    stored: dict[str, Any] = json.loads(text)
    stored["metrics"] = {name: Scale(**scale) for name, scale in stored["metrics"].items()}
    if stored["outcome"] is not None:
        stored["outcome"] = _outcome(stored["outcome"])
    return Roles(**stored)


def _outcome(stored: dict[str, Any]) -> Outcome:
    made = _OUTCOMES[stored.pop("type")]
    if "scale" in stored:
        stored["scale"] = Scale(**stored["scale"])
    outcome: Outcome = made(**stored)
    return outcome
