"""Scales of feedback scores: their bounds, their direction, their groups.

The direction of a scale is declared, never read off the data: turning a score round because it
correlates negatively with the outcome would use the outcome to choose the predictor.
"""

import math
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Literal

from cxstats.errors import ScaleError, number

Kind = Literal["nps", "csat", "ces", "other"]
KINDS: tuple[Kind, ...] = ("nps", "csat", "ces", "other")


@dataclass(frozen=True, slots=True)
class Scale:
    """A bounded scale with a declared direction.

    Parameters
    ----------
    low, high : float
        The lowest and the highest value that can be given.
    higher_is_better : bool
        Whether a higher value is better for the customer. False for the customer effort score
        of 2010 (CES 1.0, "how much effort"), true for its successor (CES 2.0, "made it easy").
    kind : {"nps", "csat", "ces", "other"}
        Which claims may use the score.
    whole : bool
        Whether only whole numbers can be given.
    name : str
        How the scale is called in messages.

    Examples
    --------
    >>> import cxstats as cx
    >>> print(cx.NPS)
    NPS 0-10
    >>> cx.EFFORT5.higher_is_better, cx.EASE7.higher_is_better
    (False, True)
    """

    low: float
    high: float
    _: KW_ONLY
    higher_is_better: bool = True
    kind: Kind = "other"
    whole: bool = True
    name: str = ""

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            bound: object = getattr(self, name)
            if isinstance(bound, bool) or not isinstance(bound, Real) or not math.isfinite(bound):
                raise ScaleError(f"The bounds of a scale must be finite numbers, but {name}={bound!r}.")
        for name in ("higher_is_better", "whole"):
            answer: object = getattr(self, name)
            if not isinstance(answer, bool):
                raise ScaleError(f"{name} of a scale must be True or False, but {answer!r} was given.")
        low, high = number(self.low), number(self.high)
        if not self.low < self.high:
            raise ScaleError(
                f"A scale must run from a low to a higher value, but low={low}, high={high}."
                "\nA scale on which a low value is good is Scale(low, high, higher_is_better=False)."
            )
        if self.kind not in KINDS:
            raise ScaleError(f"The kind of a scale must be one of {', '.join(KINDS)}, not {self.kind!r}.")
        if self.whole and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ScaleError(
                f"A scale of whole numbers must have whole bounds, but low={low}, high={high}."
                "\nPass whole=False for a scale with values in between."
            )

    def __str__(self) -> str:
        kind = "scale" if self.kind == "other" else self.kind.upper()
        return f"{self.name or kind} {self.range}"

    @property
    def range(self) -> str:
        """The bounds, as ``0-10`` or ``-3 to 3``."""
        low, high = number(self.low), number(self.high)
        return f"{low} to {high}" if self.low < 0 else f"{low}-{high}"

    @property
    def version(self) -> str | None:
        """For an effort score, ``"ces1"`` (up is bad) or ``"ces2"`` (up is good); else None."""
        if self.kind != "ces":
            return None
        return "ces2" if self.higher_is_better else "ces1"

    def permits(self, value: float) -> bool:
        """Whether the value can occur on the scale."""
        return self.low <= value <= self.high and (not self.whole or float(value).is_integer())


NPS = Scale(0, 10, kind="nps", name="NPS")
CSAT5 = Scale(1, 5, kind="csat", name="CSAT")
CSAT7 = Scale(1, 7, kind="csat", name="CSAT")
CSAT10 = Scale(1, 10, kind="csat", name="CSAT")
EFFORT5 = Scale(1, 5, higher_is_better=False, kind="ces", name="CES 1.0")
EASE5 = Scale(1, 5, kind="ces", name="CES 2.0")
EASE7 = Scale(1, 7, kind="ces", name="CES 2.0")

NAMED: dict[str, Scale] = {
    "NPS": NPS,
    "CSAT5": CSAT5,
    "CSAT7": CSAT7,
    "CSAT10": CSAT10,
    "EFFORT5": EFFORT5,
    "EASE5": EASE5,
    "EASE7": EASE7,
}

# Reichheld (2003): 0-6 detractors, 7-8 passives, 9-10 promoters.
PROMOTER_FROM, DETRACTOR_TO = 9, 6
