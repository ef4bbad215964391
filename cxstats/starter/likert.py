"""Texts of rating scales whose order is known: English and Indonesian answers, and answers that say nothing."""

import re
from collections.abc import Iterable

_NUMBERED = re.compile(r"\s*(-?[0-9]{1,2})(?:\s*[-:=.)(\u2013\u2014]\s*|\s+)[^\W\d_].*", re.DOTALL)

_MIDDLE = ("neutral", "netral", "neither", "biasa saja", "biasa", "ragu ragu", "undecided")


def _five(low: str, high: str, *middle: str, very: str = "very", no: str = "") -> tuple[tuple[str, ...], ...]:
    """Five answers: very low, low, the middle, high, very high."""
    negative = f"{no} {high}".strip() if no else low
    return (f"{very} {negative}",), (negative,), (*_MIDDLE, *middle), (high,), (f"{very} {high}",)


# Each family from the lowest answer to the highest; every place has its spellings.
_FAMILIES: tuple[tuple[tuple[str, ...], ...], ...] = (
    _five("disagree", "agree", "neither agree nor disagree", very="strongly"),
    _five("dissatisfied", "satisfied", "neither satisfied nor dissatisfied"),
    _five("difficult", "easy", "neither easy nor difficult", "neither difficult nor easy"),
    _five("unlikely", "likely", "neither likely nor unlikely"),
    _five("poor", "good", "fair", "average", "ok", "okay", "acceptable"),
    _five("bad", "good", "fair", "average", "ok", "okay", "acceptable"),
    (("poor",), ("fair",), ("good",), ("very good",), ("excellent",)),
    _five("", "setuju", "cukup setuju", very="sangat", no="tidak"),
    _five("", "puas", "cukup puas", very="sangat", no="tidak"),
    _five("sulit", "mudah", very="sangat"),
    _five("", "mudah", "cukup mudah", very="sangat", no="tidak"),
    _five("buruk", "baik", "cukup", "cukup baik", very="sangat"),
    (
        ("strongly disagree",), ("disagree",), ("slightly disagree", "somewhat disagree"),
        (*_MIDDLE, "neither agree nor disagree"), ("slightly agree", "somewhat agree"), ("agree",), ("strongly agree",),
    ),
    (
        ("very dissatisfied", "extremely dissatisfied"), ("dissatisfied", "moderately dissatisfied"),
        ("slightly dissatisfied", "somewhat dissatisfied"), (*_MIDDLE, "neither satisfied nor dissatisfied"),
        ("slightly satisfied", "somewhat satisfied"), ("satisfied", "moderately satisfied"),
        ("very satisfied", "extremely satisfied"),
    ),
    (
        ("very difficult", "extremely difficult"), ("difficult", "moderately difficult"),
        ("slightly difficult", "somewhat difficult"), (*_MIDDLE, "neither easy nor difficult"),
        ("slightly easy", "somewhat easy"), ("easy", "moderately easy"), ("very easy", "extremely easy"),
    ),
    (("extremely unlikely",), ("unlikely", "somewhat unlikely"), _MIDDLE, ("likely", "somewhat likely"),
     ("extremely likely",)),
)  # fmt: skip

YES = ("yes", "ya", "y", "true", "iya")
NO = ("no", "tidak", "n", "false", "bukan", "belum")
_NOTHING = (
    "don't know", "dont know", "do not know", "not applicable", "not sure", "no answer", "no opinion", "refused",
    "prefer not to say", "unknown", "blank", "never used", "did not use", "not used", "tidak tahu", "tidak ada jawaban",
    "", "tidak berlaku", "tidak menjawab", "kosong", "-", ".", "?", "n.a.",
)  # fmt: skip


def _bare(text: str) -> str:
    """Small letters, one space between words."""
    return " ".join(re.sub(r"[-\u2010-\u2015_/]", " ", text).casefold().replace("\u2019", "'").split()) or text.strip()


def says_nothing(text: str) -> bool:
    """Whether the text means that there is no answer."""
    return _bare(text) in _NOTHING


def answers(texts: Iterable[str]) -> dict[str, int] | None:
    """The number of each text, if all of them are answers of one scale whose order is known."""
    wanted = list(texts)
    for family in _FAMILIES:
        places = {spelling: place for place, spellings in enumerate(family, start=1) for spelling in spellings}
        if wanted and all(_bare(text) in places for text in wanted):
            return dict(sorted(((text, places[_bare(text)]) for text in wanted), key=lambda pair: pair[1]))
    return None


def numbered(texts: Iterable[str]) -> dict[str, int] | None:
    """The number with which each text begins, such as ``10 - Extremely likely``, if all begin with one."""
    found = {text: _NUMBERED.fullmatch(text) for text in texts}
    if not found or not all(found.values()):
        return None
    values = {text: int(match[1]) for text, match in found.items() if match}
    return dict(sorted(values.items(), key=lambda pair: pair[1])) if len({*values.values()}) == len(values) else None


def yes_no(texts: Iterable[str]) -> dict[str, int] | None:
    """Yes as 1 and no as 0, if the texts are one of each."""
    found = {text: 1 if _bare(text) in YES else 0 if _bare(text) in NO else None for text in texts}
    values = sorted(found.items(), key=lambda pair: pair[1] or 0)
    return {text: v for text, v in values if v is not None} if sorted(map(str, found.values())) == ["0", "1"] else None
