"""Every key of the format, made wrong in turn, is refused under its path."""

import copy
import math
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cxstats as cx
from cxstats.errors import ReadError, StudyError

EXAMPLES = Path(__file__).parent / "examples"
NAMED = {
    ("table",),
    ("metric",),
    ("outcome",),
    ("smallest_effect",),
    ("expectation", "tiers"),
}  # their keys are free names


def example(name: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / name / "study.toml").read_text())


def places(given: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key of a study, down to the keys of filters and labels, which are free."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(given, dict):
        items = list(given.items())
    elif isinstance(given, list) and any(isinstance(item, dict) for item in given):
        items = list(enumerate(given))
    for key, inner in items:
        yield (*path, key)
        if key not in ("where", "labels"):
            yield from places(inner, (*path, key))


def told(place: tuple[str | int, ...]) -> str:
    """The path as messages have it."""
    text = ""
    for key in place:
        text += f"[{key + 1}]" if isinstance(key, int) else ("." if text else "") + key
    return text


def changed(study: dict[str, Any], place: tuple[str | int, ...], key: str | int, value: Any) -> dict[str, Any]:
    """A copy in which the last key of a place is replaced by a key with a value."""
    copied = copy.deepcopy(study)
    inner: Any = copied
    for step in place[:-1]:
        inner = inner[step]
    inner.pop(place[-1])
    if isinstance(inner, list):
        inner.insert(int(place[-1]), value)
    else:
        inner[key] = value
    return copied


CASES = [(name, place) for name in ("one_file", "three_tables", "qualtrics") for place in places(example(name))]


def wrong_type(value: Any) -> Any:
    return {str: 5, int: "text", float: "text", bool: "yes", list: "text", dict: 3}[type(value)]


TYPED = [case for case in CASES if isinstance(case[1][-1], str)]


@pytest.mark.parametrize(("name", "place"), TYPED, ids=[f"{n}-{told(p)}" for n, p in TYPED])
def test_a_value_of_the_wrong_type(
    written: ModuleType, tmp_path: Path, name: str, place: tuple[str | int, ...]
) -> None:
    study = example(name)
    value: Any = study
    for step in place:
        value = value[step]
    path = tmp_path / "study.toml"
    path.write_text(written.toml(changed(study, place, place[-1], wrong_type(value))))
    with pytest.raises(StudyError, match=rf"(^|\n|study.toml': ){re.escape(told(place))}: must "):
        cx.Study.read(path)


KEYS = [case for case in TYPED if case[1][:-1] not in NAMED]


@pytest.mark.parametrize(("name", "place"), KEYS, ids=[f"{n}-{told(p)}" for n, p in KEYS])
def test_a_neighbour_of_a_key(written: ModuleType, tmp_path: Path, name: str, place: tuple[str | int, ...]) -> None:
    study = example(name)
    value: Any = study
    for step in place:
        value = value[step]
    path = tmp_path / "study.toml"
    path.write_text(written.toml(changed(study, place, f"{place[-1]}_x", value)))
    with pytest.raises(StudyError) as caught:
        cx.Study.read(path)
    assert f"{told(place)}_x: is no key of the format; nearest: '{place[-1]}'." in str(caught.value)


def test_all_problems_in_one_message_sorted(written: ModuleType, tmp_path: Path) -> None:
    study = written.small(
        study={"titel": "t", "evidence": "true"},
        metric={
            "nps": {"column": "nps", "scale": "NPS10"},
            "ease": {"column": "ease", "scale": "EASE7"},
            "a b": {"column": 5, "scale": [1, 5]},
        },
        outcome={"good": {"type": "binary", "column": "good"}},
        sensitivity=[{"title": "x"}, {"disconfirmation": "d"}],
    )
    path = written.study_file(tmp_path, study)
    with pytest.raises(StudyError) as caught:
        cx.Study.read(path)
    assert str(caught.value) == (
        f"'{path}': 8 problems.\n"
        'metric."a b".column: must be text, not 5.\n'
        "metric.ease.version: is required for an effort score: 'ces1' (how much effort, up is bad) or 'ces2' "
        "(made it easy, up is good); or else version_column.\n"
        "metric.nps.scale: must be one of NPS, CSAT5, CSAT7, CSAT10, EFFORT5, EASE5, EASE7, or [low, high] with "
        "higher_is_better, not 'NPS10'; nearest: 'NPS'.\n"
        "outcome.good.good: is required for type = 'binary'.\n"
        "sensitivity[2].title: is required.\n"
        "study.evidence: must be 'real', 'simulated' or 'published', not 'true'.\n"
        "study.titel: is no key of the format; nearest: 'title'.\n"
        "study.title: is required."
    )


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"cxstats": 2}, "cxstats: must be 1, not 2."),
        ({"cxstats": True}, "cxstats: must be 1, not True."),
        (
            {"table": {"c": {"file": "a.csv", "encoding": "utf-9"}}},
            "table.c.encoding: must be one that Python knows, such as utf-8 or latin-1, not 'utf-9'.",
        ),
        ({"table": {}}, "table: must hold more: {}."),
        ({"study": {"title": "", "evidence": "real"}}, "study.title: must not be empty."),
        ({"table": {"c": {"key": "a"}}}, "table.c.file: is required, or else files, a list of them."),
        (
            {"table": {"c": {"file": "a.csv", "files": ["a.csv"]}}},
            "table.c.files: is for several files and file for one: leave out one of them.",
        ),
        (
            {"table": {"c": {"file": "a.csv", "where": {"x": True}}}},
            "table.c.where: must give each column a list of true, false, numbers or text, but 'x' has True.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": [1, 5]}}},
            "metric.m.higher_is_better: is required with scale = [low, high]: a direction is declared, never guessed.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": [5, 1], "higher_is_better": True}}},
            "metric.m.scale: must run from a low to a higher value, not from 5 to 1.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": [0.5, 1], "higher_is_better": True}}},
            "metric.m.scale: must have whole bounds, unless whole = false.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": "NPS", "kind": "csat"}}},
            "metric.m.kind: is 'csat', but the scale 'NPS' is of kind 'nps'.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": "NPS", "higher_is_better": True}}},
            "metric.m.higher_is_better: is for scale = [low, high]; 'NPS' says it already.",
        ),
        (
            {"outcome": {"o": {"type": "binary", "column": "a", "good": 2}}},
            "outcome.o.good: must say which value is good for the firm, 0 or 1, not 2.",
        ),
        (
            {"outcome": {"o": {"type": "count", "column": "a", "good": 1}}},
            "outcome.o.good: must say which value is good for the firm, 'high' or 'low', not 1.",
        ),
        (
            {"outcome": {"o": {"type": "binary", "column": "a", "good": 1, "event": "b"}}},
            "outcome.o.event: has no meaning for type = 'binary', which takes column, good.",
        ),
        (
            {"outcome": {"o": {"type": "survival", "time": "a", "good": 1}}},
            "outcome.o.event: is required for type = 'survival'.",
        ),
        (
            {"metric": {"m": {"column": "a", "scale": [1, math.inf], "higher_is_better": True}}},
            (
                "metric.m.scale: must be one of NPS, CSAT5, CSAT7, CSAT10, EFFORT5, EASE5, EASE7, or [low, high] with "
                "higher_is_better, not [1, inf]."
            ),
        ),
        ({"smallest_effect": {"auc": math.nan}}, "smallest_effect.auc: must be a number, not nan."),
        ({"expectation": {"disconfirmation": "a", "met": [0]}}, "expectation.met: must hold more: [0]."),
        ({"metrics": {"m": {}}}, "metrics: is no key of the format; nearest: 'metric'."),
    ],
)
def test_contradictions_within_a_section(
    written: ModuleType, tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    path = written.study_file(tmp_path, written.small(**sections), customers="nps,good\n9,1\n")
    with pytest.raises(StudyError) as caught:
        cx.Study.read(path)
    assert str(caught.value) == f"'{path}': {message}"


def test_files_that_are_no_study(written: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    with pytest.raises(ReadError, match=r"study.toml' cannot be opened: No such file or directory."):
        cx.Study.read(path)
    path.write_text("cxstats = ")
    with pytest.raises(StudyError, match=r"study.toml': is no valid TOML: Invalid value \(at end of document\)"):
        cx.Study.read(path)
    path.write_bytes(b'title = "\xe9"')
    with pytest.raises(StudyError, match=r"study.toml': must be text in UTF-8, as TOML is."):
        cx.Study.read(path)
    with pytest.raises(ReadError, match=r"is the address of something elsewhere"):
        cx.Study.read("https://example.org/study.toml")


def test_a_byte_order_mark_is_no_key(written: ModuleType, tmp_path: Path) -> None:
    path = written.study_file(tmp_path, written.small(), customers="nps,good\n9,1\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert cx.Study.read(path).title == "t"


def test_an_own_scale(written: ModuleType, tmp_path: Path) -> None:
    metric = {"column": "nps", "scale": [-3, 3], "higher_is_better": False, "whole": False, "kind": "other"}
    path = written.study_file(tmp_path, written.small(metric={"m": metric}), customers="nps,good\n-2.5,1\n3,0\n")
    study = cx.Study.read(path)
    assert study.metric_scales == {"m": cx.Scale(-3, 3, higher_is_better=False, whole=False)}
    assert study.cells(None, metrics=["m"])["m"].tolist() == [-2.5, 3]
