"""Asking one analysis after another: what refuses leaves its reason, and stops no other."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from cxstats.errors import CxStatsError, CxStatsWarning

T = TypeVar("T")


@dataclass
class Asking:
    """Tells what is being done, and keeps the reasons of the analyses that refuse."""

    tell: Callable[[str], None]
    reasons: dict[str, str] = field(default_factory=dict)

    def __call__(self, title: str, analysis: Callable[[], T], *, applies: bool = True) -> T | None:
        """What the analysis finds; None where it does not apply, or refuses."""
        if not applies:
            return None
        self.tell(title)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", CxStatsWarning)  # kept in the notes of the result
                return analysis()
        except CxStatsError as reason:
            self.reasons[title] = str(reason)
            return None
