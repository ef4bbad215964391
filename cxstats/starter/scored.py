"""A column read as scores: which of its values are answers, which are codes of no answer, which are texts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cxstats.starter.likert import answers, numbered, says_nothing, yes_no
from cxstats.starter.profile import Profile

# Codes by which survey programs note that there is no answer.
_CODES = frozenset({-1, -2, -3, -7, -8, -9, -77, -88, -99, -999, 77, 88, 97, 98, 99, 888, 997, 998, 999, 9998, 9999})
_HIGHEST_SCALE = 11  # codes are told from answers on short scales only
_NUMBER = re.compile(r"\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*")
_FEW_TEXTS, _SHORT = 12, 60


@dataclass(frozen=True)
class Scored:
    """The values of a column by what they seem to be; ``answers`` are numbers with their rows."""

    answers: Mapping[float, int]
    missing: tuple[float | str, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    unread: tuple[str, ...] = ()  # texts of which the number is not known
    tellable: bool = True  # whether these texts may be written down

    @property
    def low(self) -> float:
        return min(self.answers)

    @property
    def high(self) -> float:
        return max(self.answers)

    @property
    def whole(self) -> bool:
        return all(float(value).is_integer() for value in self.answers)


def scored(profile: Profile) -> Scored | None:
    """The column as scores; None if it holds dates, nothing, or more values than a scale has."""
    if profile.kind == "bool":
        return Scored({float(value): n for value, n in profile.levels})
    if not profile.levels or profile.kind not in ("number", "text"):
        return None
    if profile.kind == "number":
        return _coded({float(value): n for value, n in profile.levels}, (), {})
    return _texts(profile)


def _texts(profile: Profile) -> Scored | None:
    """Texts by the numbers that they are, that they begin with, or that stand for known answers."""
    counts = dict(profile.levels)
    nothing = tuple(text for text in counts if says_nothing(text))
    plain = {text: float(text) for text in counts if text not in nothing and _NUMBER.fullmatch(text)}
    worded = [text for text in counts if text not in nothing and text not in plain]
    if not worded and not plain:
        return None
    labels = numbered(worded) or ({} if plain else yes_no(worded) or answers(worded)) or {}
    rows: dict[float, int] = {}
    for text, value in {**plain, **labels}.items():
        rows[float(value)] = rows.get(float(value), 0) + counts[text]
    unread = tuple(text for text in worded if text not in labels)
    if unread:
        repeats = profile.present >= 2 * profile.distinct
        tellable = len(unread) <= _FEW_TEXTS and repeats and max(map(len, unread)) <= _SHORT
        return Scored(rows, nothing, labels, unread, tellable)
    return _coded(rows, nothing, {text: float(value) for text, value in labels.items()})


def _coded(rows: Mapping[float, int], nothing: tuple[str, ...], labels: Mapping[str, float]) -> Scored | None:
    """The numbers without those that are codes of no answer: known ones, well off the other values."""
    kept = {value: n for value, n in rows.items() if value not in _CODES}
    codes = tuple(sorted(value for value in rows if value in _CODES))
    apart = bool(kept) and min(kept) >= 0 and 4 <= max(kept) <= _HIGHEST_SCALE
    if not apart:
        kept, codes = dict(rows), ()
    return Scored(dict(sorted(kept.items())), (*codes, *nothing), labels) if kept else None
