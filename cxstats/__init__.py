"""Which customer-experience findings hold on your own data.

The table of contents: every public name, loaded when it is first used.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cxstats.cells import Cells as Cells
    from cxstats.cells import tally as tally
    from cxstats.methods.auc import auc as auc
    from cxstats.methods.delong import delong as delong
    from cxstats.roles import Binary as Binary
    from cxstats.roles import Continuous as Continuous
    from cxstats.roles import Count as Count
    from cxstats.roles import Rating as Rating
    from cxstats.roles import Survival as Survival
    from cxstats.scales import CSAT5 as CSAT5
    from cxstats.scales import CSAT7 as CSAT7
    from cxstats.scales import CSAT10 as CSAT10
    from cxstats.scales import EASE5 as EASE5
    from cxstats.scales import EASE7 as EASE7
    from cxstats.scales import EFFORT5 as EFFORT5
    from cxstats.scales import NPS as NPS
    from cxstats.scales import Scale as Scale

_HOME = {
    "cxstats.cells": ("Cells", "tally"),
    "cxstats.methods.auc": ("auc",),
    "cxstats.methods.delong": ("delong",),
    "cxstats.roles": ("Binary", "Continuous", "Count", "Rating", "Survival"),
    "cxstats.scales": ("CSAT5", "CSAT7", "CSAT10", "EASE5", "EASE7", "EFFORT5", "NPS", "Scale"),
}
_WHERE = {name: module for module, names in _HOME.items() for name in names}
__all__ = ["__version__", *sorted(_WHERE)]

if not TYPE_CHECKING:  # else a misspelt name would pass type checks

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for, so that ``import cxstats`` stays fast."""
        import importlib

        if name not in _WHERE:
            raise AttributeError(f"module 'cxstats' has no attribute '{name}'")
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Every public name, loaded or not."""
        return list(__all__)
