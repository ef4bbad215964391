"""Every key of the study file, made wrong in every way: the message names the key, and nothing passes in silence.

The keys are those of the format itself (its models), so that a new one without a place here fails.
"""

import copy
import math
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

import cxstats as cx
from cxstats.study import sources
from cxstats.study.errors import key_path
from cxstats.study.file import StudyFile

N = 12
CUSTOMERS = pd.DataFrame(
    {
        "id": [f"c{i}" for i in range(N)],
        "at": ["2018-01-01"] * N,
        "window": ["2018-02-01"] * N,
        "kept": [True] * N,
        "firm": ["x", "y"] * 6,
        "branch": [i % 4 for i in range(N)],
        "w": [1.0, 2.0] * 6,
        "n": [1, 2, 3] * 4,
        "wave": [1, 2] * 6,
        "new": [0, 0, 1, 1] * 3,
        "sent": ["csat", "nps"] * 6,
        "tenure": range(N),
        "again": [0, 1] * 6,
        "source": ["shop"] * N,
        "days": range(5, 5 + N),
        "enter": [1] * N,
        "left": ["yes", "no"] * 6,
        "stars": [1, 2, 3, 4] * 3,
        "spend": [1.5 * i for i in range(N)],
        "hoped": [3, 4, 5] * 4,
        "got": [4, 4, 4] * 4,
        "gap": [-1, 0, 1] * 4,
        "felt": ["below", "met", "exceeded"] * 4,
        "region": ["north", "south"] * 6,
        "overall": [1, 2, 3] * 4,
        "checkin": [3, 2, 1] * 4,
        "boarding": [5, 5, 1] * 4,
        "spring": [8, 9, 10] * 4,
        "autumn": [9, 9, 9] * 4,
    }
)
ANSWERS = pd.DataFrame(
    {
        "who": [f"c{i}" for i in range(N)],
        "nps": range(N),
        "ease": ["easy", "hard"] * 6,
        "asked": ["ces2"] * N,
        "question": ["first"] * N,
    }
)
MARKS = ("trouble", "spoke", "fixed", "called", "wow", "failed", "done")
AMOUNTS = ("euros", "minutes", "queue", "faults", "dwelt", "transfers")
CONTACTS = pd.DataFrame(
    {"id": CUSTOMERS["id"], **{name: [0, 1] * 6 for name in MARKS}, **{name: range(N) for name in AMOUNTS}}
)
MOMENTS = pd.DataFrame(
    {
        "visit": [1, 1, 2, 2], "minute": [0, 5, 0, 5], "mood": [5, 9, 2, 3], "guest": ["a", "a", "b", "b"],
        "shop": ["s", "s", "t", "t"], "town": ["u", "u", "v", "v"], "ended": [1, 1, 0, 0],
    }
)  # fmt: skip
RATINGS = pd.DataFrame({"visit": [1, 2], "memory": [7, 3]})
STAYS = pd.DataFrame(
    {
        "guest": ["c1", "c1", "c2"], "day": [1, 2, 1], "upgrade": [0, 1, 0], "liked": [3, 4, 5], "wished": [2, 3, 4],
        "broken": [0, 1, 0], "hotel": ["h", "h", "k"], "month": [1, 2, 1],
    }
)  # fmt: skip

FULL: dict[str, Any] = {
    "cxstats": 1,
    "study": {
        "title": "All", "evidence": "simulated", "rows": "customers", "firm": "firm", "cluster": "branch",
        "weight": "w", "count": "n", "source": "here", "licence": "MIT", "note": "none",
    },
    "table": {
        "customers": {
            "file": "customers.csv", "format": "csv", "encoding": "utf-8", "decimal": ".", "key": "id", "time": "at",
            "pick": "last", "where": {"kept": [True]},
        },
        "answers": {"files": ["answers1.csv", "answers2.csv"], "key": "who"},
        "contacts": {"file": "contacts.csv", "key": "id"},
        "moments": {"file": "moments.csv"}, "ratings": {"file": "ratings.csv"}, "stays": {"file": "stays.csv"},
    },
    "metric": {
        "nps": {
            "column": "nps", "scale": "NPS", "table": "answers", "kind": "nps", "where": {"question": ["first"]},
            "missing": [11],
        },
        "ease": {
            "column": "ease", "scale": [1, 7], "higher_is_better": True, "whole": True, "table": "answers",
            "kind": "ces", "version": "ces2", "version_column": "asked", "labels": {"easy": 7, "hard": 1},
        },
        "spring": {"column": "spring", "scale": "NPS"},
        "autumn": {"column": "autumn", "scale": "NPS"},
    },
    "outcome": {
        "again": {
            "type": "binary", "column": "again", "good": 1, "table": "customers", "kind": "behaviour", "after": True,
            "where": {"source": ["shop"]}, "missing": [9],
        },
        "churn": {
            "type": "survival", "time": "days", "event": "left", "entry": "enter", "good": 0, "starts": "window",
            "late": "drop", "labels": {"yes": 1, "no": 0},
        },
        "says": {"type": "rating", "column": "stars", "scale": [1, 5], "higher_is_better": True, "whole": True},
        "spend": {"type": "continuous", "column": "spend", "good": "high"},
    },
    "expectation": {
        "expected": "hoped", "performed": "got", "met": [0, 1], "tiers": {"meet": 0, "exceed": 1}, "recalled": True,
        "table": "customers",
    },
    "sensitivity": [{"title": "as recorded", "disconfirmation": "gap", "where": {"region": ["north"]}}],
    "journey": {
        "rating": "overall", "touchpoints": ["checkin", "boarding"], "scale": [1, 5], "higher_is_better": True,
        "whole": True, "missing": [9], "poor": 2, "same_sitting": True, "table": "customers",
    },
    "change": {"treated": "new", "period": "wave", "start": 2, "what": "training"},
    "moments": {
        "sequence": "visit", "order": "minute", "value": "mood", "neutral": 5, "overall": "memory",
        "scale": [0, 10], "overall_scale": [0, 10], "higher_is_better": True, "whole": True, "person": "guest",
        "stimulus": "shop", "cluster": "town", "treated": "ended", "same_sitting": True, "table": "moments",
        "overall_table": "ratings",
    },
    "service": {
        "problem": "trouble", "complained": "spoke", "recovered": "fixed", "contact": "called", "attempt": "wow",
        "failure": "failed", "cost": "euros", "handling": "minutes", "wait": "queue", "errors": "faults",
        "dwell": "dwelt", "success": "done", "objective": ["transfers"], "before": "spring", "after": "autumn",
        "same_sitting": True, "table": "contacts",
    },
    "encounters": {
        "customer": "guest", "order": "day", "perk": "upgrade", "rating": "liked", "expectation": "wished",
        "failure": "broken", "period": "month", "scale": [1, 5], "expectation_scale": [1, 5],
        "higher_is_better": True, "whole": True, "cluster": "hotel", "table": "stays",
    },
    "trust": {"outcome": "says", "period": "wave"},
    "invitation": {"survey": "sent", "answered": "again", "csat": "csat", "randomised": True, "same_length": True},
    "controls": {"columns": ["tenure"], "table": "customers"},
    "segments": {"columns": ["wave", "new", "sent"], "table": "customers"},
    "smallest_effect": {"auc": 0.02},
}  # fmt: skip
# Keys that exclude others of the full file, each in a file of its own.
GAP = copy.deepcopy(FULL)
GAP["expectation"] = {"disconfirmation": "felt", "labels": {"below": -1, "met": 0, "exceeded": 1}}
SHEET: dict[str, Any] = {
    "cxstats": 1,
    "study": {"title": "A sheet", "evidence": "simulated"},
    "table": {"book": {"file": "contacts.xlsx", "sheet": "calls"}},
    "metric": {"euros": {"column": "euros", "scale": [0, 99], "higher_is_better": True}},
}
FILES = {"sheet": SHEET, "gap": GAP, "full": FULL}

# What each key names or holds. A pattern stands for every name of a table, a metric, an outcome, an effect.
KINDS = {
    "column": """study.firm study.cluster study.weight study.count table.*.key table.*.time metric.*.column
        metric.*.version_column outcome.*.column outcome.*.time outcome.*.event outcome.*.entry outcome.*.starts
        expectation.disconfirmation expectation.expected expectation.performed sensitivity.*.disconfirmation
        moments.order moments.value moments.overall moments.person moments.stimulus moments.cluster moments.treated
        moments.sequence service.problem service.complained service.recovered service.contact service.attempt
        service.failure service.cost service.handling service.wait service.errors service.dwell service.success
        encounters.customer encounters.order encounters.perk encounters.rating encounters.expectation
        encounters.failure encounters.period encounters.cluster""",
    "table": """study.rows metric.*.table outcome.*.table expectation.table journey.table moments.table
        moments.overall_table service.table encounters.table controls.table segments.table""",
    "name": """service.before service.after change.treated change.period trust.outcome trust.period invitation.survey
        invitation.answered invitation.csat journey.rating table.*.file table.*.sheet""",
    "choice": """cxstats study.evidence table.*.format table.*.encoding table.*.decimal table.*.pick metric.*.kind
        metric.*.version outcome.*.type outcome.*.good outcome.*.kind outcome.*.late change.what""",
    "columns": "controls.columns segments.columns service.objective journey.touchpoints table.*.files",
    "title": "study.title sensitivity.*.title",
    "text": "study.source study.licence study.note",
    "flag": """metric.*.higher_is_better metric.*.whole outcome.*.higher_is_better outcome.*.whole outcome.*.after
        expectation.recalled journey.higher_is_better journey.whole journey.same_sitting moments.higher_is_better
        moments.whole moments.same_sitting service.same_sitting encounters.higher_is_better encounters.whole
        invitation.randomised invitation.same_length""",
    "number": "change.start journey.poor",
    "limited": "moments.neutral",
    "effects": "smallest_effect",
    "scale": """metric.*.scale outcome.*.scale journey.scale moments.scale moments.overall_scale encounters.scale
        encounters.expectation_scale""",
    "codes": "metric.*.missing outcome.*.missing journey.missing",
    "labels": "metric.*.labels outcome.*.labels expectation.labels",
    "where": "table.*.where metric.*.where outcome.*.where sensitivity.*.where",
    "pair": "expectation.met",
    "tiers": "expectation.tiers",
}
KIND_OF = {pattern: kind for kind, patterns in KINDS.items() for pattern in patterns.split()}

NAN = math.nan
POOL: tuple[Any, ...] = (
    7, -1, 0.5, NAN, math.inf, True, "", "nonsense", "a\nb", [], [7], ["nonsense"], [""], [[]], {}, {"nonsense": 7},
)  # fmt: skip
# What of the pool is right for a kind; everything else is to be refused.
RIGHT: dict[str, tuple[Any, ...]] = {
    "title": ("nonsense", "a\nb"),
    "text": ("", "nonsense", "a\nb"),
    "flag": (True,),
    "number": (7, -1, 0.5),
    "limited": (7, 0.5),
    "codes": ([], [7], ["nonsense"], [""]),
    "where": ({},),
    "columns": (),
    "tiers": ({},),
    "effects": ({}, {"nonsense": 7}),  # which effects there are, the claims know
}
RIGHT_OF: dict[str, tuple[Any, ...]] = {"service.objective": ([],)}
# Wrong values of one kind only, or of one key.
FURTHER: dict[str, tuple[Any, ...]] = {
    "scale": ([5, 1], [1, 1], [1], [1, 2, 3], ["1", "5"], [NAN, 5], [1.5, 5], "NPSS"),
    "where": ({"nonsense": [7]}, {"region": []}, {"region": "north"}, {"kept": [[True]]}),
    "pair": ([2, 1], [1], [0, 1, 2], ["0", 1], [True, 1], [NAN, 1]),
    "tiers": ({"meet": 0}, {"meet": 1, "exceed": 0}, {"fail": 0, "meet": 1}, {"meet": "0", "exceed": 1}),
    "labels": ({"easy": "7"}, {"easy": True}),
    "codes": ([True], [[9]]),
    "effects": ({"auc": 0}, {"auc": -0.5}, {"auc": "0.1"}, {"auc": True}, {"auc": NAN}),
}
FURTHER_OF: dict[str, tuple[Any, ...]] = {
    "moments.neutral": (11, -1),
    "controls.columns": (["tenure", "tenure"], "tenure", ["nps"]),
    "segments.columns": (["wave", "wave"], ["wave", "new", "sent", "nonsense"]),
    "journey.touchpoints": (["checkin"], ["checkin", "checkin"], ["checkin", "overall"]),
    "service.before": ("autumn", "ease"),
    "trust.outcome": ("again",),
    "invitation.answered": ("spend",),
    "change.period": ("new",),
    "encounters.rating": ("guest",),
    "table.*.file": ("../customers.csv", "absent.csv"),
}
# Where another key than the one that was changed is at fault, or as much at fault.
INSTEAD: dict[str, str] = {
    "metric.*.scale": "higher_is_better: is required with scale",
    "metric.*.labels": "metric.ease.column: ",
    "outcome.*.labels": "outcome.churn.event: ",
    "expectation.labels": "expectation.disconfirmation: ",
    "segments.columns": "change.period: must name one of the segments",
    "service.before": "service.after: must ",
    "journey.touchpoints": "journey.rating: must be another metric than the touchpoints",
    "table.*.files": "file: is required, or else files",
    "table.*.sheet": "table.book.file: ",  # only the file knows its sheets
}


# --- the keys of the format ------------------------------------------------------------------------------------------


def models_of(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models within an annotation such as ``dict[str, Section] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from models_of(inner)


def is_several(annotation: Any) -> bool:
    if isinstance(annotation, types.UnionType):
        return any(map(is_several, typing.get_args(annotation)))
    origin = typing.get_origin(annotation)
    return origin in (dict, list) or (origin is typing.Annotated and is_several(typing.get_args(annotation)[0]))


def patterns(model: type[BaseModel], start: str = "") -> dict[str, bool]:
    """Pattern of each key of the format -> whether it is required."""
    found: dict[str, bool] = {}
    for name, field in model.model_fields.items():
        inner = list(models_of(field.annotation))
        if not inner:
            found[start + name] = field.is_required()
        for section in inner:
            found |= patterns(section, f"{start}{name}." + ("*." if is_several(field.annotation) else ""))
    return found


FORMAT = patterns(StudyFile)
NAMED = ("table", "metric", "outcome", "sensitivity")
Path_ = tuple[str | int, ...]


def keys_of(study: dict[str, Any]) -> dict[Path_, str]:
    """Path of each key of a study -> its pattern."""
    found: dict[Path_, str] = {}
    for section, given in study.items():
        if section in NAMED:
            named = enumerate(given) if isinstance(given, list) else given.items()
            found |= {(section, name, key): f"{section}.*.{key}" for name, keys in named for key in keys}
        elif f"{section}" in FORMAT:
            found[(section,)] = section
        else:
            found |= {(section, key): f"{section}.{key}" for key in given}
    return found


def sections_of(study: dict[str, Any]) -> list[Path_]:
    plain = [(section,) for section in study if section not in (*FORMAT, *NAMED)]
    named = [(s, name) for s in NAMED for name in (range(len(study[s])) if s == "sensitivity" else study[s])]
    return [*plain, *named]


CASES = sorted({path: file for file in FILES for path in keys_of(FILES[file])}.items(), key=lambda case: str(case))


# --- a study with one thing changed ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("every_key")
    halves = {"answers1": ANSWERS[: N // 2], "answers2": ANSWERS[N // 2 :]}
    frames = {"customers": CUSTOMERS, "moments": MOMENTS, "ratings": RATINGS, "stays": STAYS, "contacts": CONTACTS}
    for name, frame in (frames | halves).items():
        frame.to_csv(place / f"{name}.csv", index=False)
    CONTACTS.to_excel(place / "contacts.xlsx", sheet_name="calls", index=False)
    return place


@pytest.fixture(autouse=True, scope="module")
def _each_file_is_read_once() -> Iterator[None]:
    """The thousand studies below share their data."""
    known: dict[str, Any] = {}

    def kept(reader: Any) -> Any:
        def once(*given: Any, **options: Any) -> Any:
            asked = repr((reader.__name__, given, options))
            if asked not in known:
                known[asked] = reader(*given, **options)
            return known[asked]

        return once

    with pytest.MonkeyPatch.context() as patch:
        for name in ("read", "names_of"):
            patch.setattr(sources, name, kept(getattr(sources, name)))
        yield


def changed(file: str, path: Path_, value: Any = None, *, drop: bool = False) -> dict[str, Any]:
    study = copy.deepcopy(FILES[file])
    place: Any = study
    for key in path[:-1]:
        place = place[key]
    if drop:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return study


def told(folder: Path, written: types.ModuleType, study: dict[str, Any]) -> str:
    """What is wrong with the study, or nothing; any other exception is not caught."""
    (folder / "study.toml").write_text(written.toml(study), encoding="utf-8")
    try:
        cx.Study.read(folder / "study.toml")
    except cx.CxStatsError as reason:
        return str(reason)
    return ""


def is_among(value: Any, values: tuple[Any, ...]) -> bool:
    return any(type(value) is type(other) and value == other for other in values)


# --- the tests -------------------------------------------------------------------------------------------------------


def test_every_key_of_the_format_has_its_case() -> None:
    """A new key of the format needs a kind in ``KINDS``, and a place in the full file."""
    assert set(KIND_OF) == set(FORMAT)
    used = {pattern for file in FILES.values() for pattern in keys_of(file).values()}
    assert used == set(FORMAT)


@pytest.mark.parametrize("file", FILES)
def test_the_full_file_is_right(file: str, folder: Path, written: types.ModuleType) -> None:
    assert told(folder, written, FILES[file]) == ""
    assert cx.Study.read(folder / "study.toml").unused == ()


@pytest.mark.parametrize(("path", "file"), CASES, ids=[key_path(*path) for path, _ in CASES])
def test_a_key_made_wrong_is_named(path: Path_, file: str, folder: Path, written: types.ModuleType) -> None:
    pattern = keys_of(FILES[file])[path]
    kind = KIND_OF[pattern]
    right = RIGHT_OF.get(pattern, RIGHT.get(kind, ()))
    wrong = [value for value in POOL if not is_among(value, right)]
    for value in (*wrong, *FURTHER.get(kind, ()), *FURTHER_OF.get(pattern, ())):
        message = told(folder, written, changed(file, path, value))
        assert message, f"{key_path(*path)} = {value!r} was not refused"
        assert key_path(*path) in message or INSTEAD.get(pattern, "?") in message, f"{value!r}: {message}"
    for value in right:
        assert told(folder, written, changed(file, path, value)) == "", value


@pytest.mark.parametrize(("path", "file"), CASES, ids=[key_path(*path) for path, _ in CASES])
def test_a_key_left_out_is_named_where_it_is_required(
    path: Path_, file: str, folder: Path, written: types.ModuleType
) -> None:
    message = told(folder, written, changed(file, path, drop=True))
    if FORMAT[keys_of(FILES[file])[path]]:
        assert message.endswith(f"{key_path(*path)}: is required.")
    else:
        assert not message or key_path(*path[:-1]) in message


@pytest.mark.parametrize("path", sections_of(FULL), ids=lambda path: key_path(*path))
def test_a_key_that_is_none_and_a_section_that_is_none(path: Path_, folder: Path, written: types.ModuleType) -> None:
    message = told(folder, written, changed("full", (*path, "nonsense"), 7))
    assert f"{key_path(*path, 'nonsense')}: is no key of the format" in message
    for value in (7, "nonsense", True, ["nonsense"]):
        message = told(folder, written, changed("full", path, value))
        assert key_path(*path) in message, f"{value!r}: {message}"


@pytest.mark.parametrize("section", NAMED)
def test_named_sections_that_are_none(section: str, folder: Path, written: types.ModuleType) -> None:
    for value in (7, "nonsense", True, ["nonsense"], {"nonsense": 7}):
        message = told(folder, written, changed("full", (section,), value))
        assert section in message, f"{value!r}: {message}"


def test_a_section_that_is_no_part_of_the_format(folder: Path, written: types.ModuleType) -> None:
    for value in (7, {"nonsense": 7}):
        assert "nonsense: is no key of the format" in told(folder, written, changed("full", ("nonsense",), value))
