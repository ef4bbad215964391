"""Read a study file: parse it, refuse what is wrong with it in one message, and declare the study it describes."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from cxstats.errors import ReadError, StudyError
from cxstats.roles import Binary, Continuous, Count, Outcome, Rating, Survival
from cxstats.study.encounters import Encounters
from cxstats.study.errors import Problem, key_path, nearest, refuse
from cxstats.study.file import ColumnsSection, OutcomeSection, StudyFile, TableSection
from cxstats.study.parts import (
    Change,
    Columns,
    Expectation,
    Journey,
    Metric,
    Moments,
    Section,
    Sensitivity,
    StudyOutcome,
    Table,
)
from cxstats.study.service import Service
from cxstats.study.surveys import Invitation, Trust

_WORDS = {
    "missing": "is required.",
    "string_type": "must be text, not {given}.",
    "string_too_short": "must not be empty.",
    "bool_type": "must be true or false, not {given}.",
    "list_type": "must be a list, not {given}.",
    "dict_type": "must be a section with keys, not {given}.",
    "model_type": "must be a section with keys, not {given}.",
    "too_short": "must hold more: {given}.",
    "too_long": "must hold fewer: {given}.",
}


def parse(path: Path) -> StudyFile:
    """The file as a validated model; nothing it names is opened yet."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as reason:
        raise ReadError(f"'{path}' cannot be opened: {reason.strerror or reason}.") from None
    except UnicodeError:
        raise StudyError("must be text in UTF-8, as TOML is.") from None
    try:
        return StudyFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as reason:
        raise StudyError(f"is no valid TOML: {reason}.") from None
    except ValidationError as reason:
        refuse(problem for error in reason.errors() for problem in _problems(error))
        raise


def declaration(file: StudyFile, folder: Path, *, allow_outside: bool) -> dict[str, Any]:
    """The arguments of `Study` that say the same as the file."""
    study = file.study
    return {
        "tables": _tables(file.table, folder, allow_outside),
        "journey": _journey(file),
        "moments": _moments(file),
        "service": _service(file),
        "encounters": _encounters(file),
        "trust": None if file.trust is None else Trust(**file.trust.model_dump()),
        "invitation": None if file.invitation is None else Invitation(**file.invitation.model_dump()),
        "change": None if file.change is None else Change(**file.change.model_dump()),
        "metrics": {
            **_rated(file),
            **{
                name: Metric(
                    column=m.column,
                    scale=m.made_scale(m.scale, m.kind),
                    table=m.table,
                    where=m.where,
                    missing=m.missing,
                    labels=m.labels,
                    version=m.version,
                    version_column=m.version_column,
                )
                for name, m in file.metric.items()
            },
        },
        "outcomes": {
            name: StudyOutcome(
                _outcome(o), table=o.table, where=o.where, missing=o.missing, labels=o.labels, late=o.late
            )
            for name, o in file.outcome.items()
        },
        "expectation": _expectation(file),
        "sensitivities": [
            Sensitivity(title=s.title, disconfirmation=s.disconfirmation, where=s.where) for s in file.sensitivity
        ],
        "controls": _columns(file.controls),
        "segments": _columns(file.segments),
        "sections": _sections(file),
        "smallest_effect": file.smallest_effect,
        **study.model_dump(),
    }


def _tables(sections: Mapping[str, TableSection], folder: Path, allow_outside: bool) -> dict[str, Table]:
    """Tables with the paths of their files, which must stay in the study file's folder."""
    problems: list[Problem] = []
    tables = {}
    for name, section in sections.items():
        given = section.files if section.files is not None else [str(section.file)]
        paths = [(folder / file) for file in given]
        for number, (file, path) in enumerate(zip(given, paths, strict=True)):
            key = ("files", number) if section.files is not None else ("file",)
            if "\0" in file:
                problems.append((key_path("table", name, *key), "must not hold a null character."))
            elif not allow_outside and not path.resolve().is_relative_to(folder.resolve()):
                text = f"'{file}' must stay in the folder of the study file."
                mend = (
                    "\nMove the file there, or read the study with allow_outside=True (--allow-outside on the command "
                )
                mend += "line)."
                problems.append((key_path("table", name, *key), text + mend))
        tables[name] = Table(
            paths if section.files is not None else paths[0],
            key=section.key,
            time=section.time,
            pick=section.pick,
            where=section.where,
            format=section.format,
            sheet=section.sheet,
            encoding=section.encoding,
            decimal=section.decimal,
        )
    refuse(problems)
    return tables


def _outcome(section: OutcomeSection) -> Outcome:
    about: dict[str, Any] = {"kind": section.kind, "starts": section.starts, "after": section.after}
    if section.type == "survival":
        return Survival(str(section.time), str(section.event), section.entry, good=section.good, **about)
    if section.type == "rating":
        return Rating(str(section.column), section.made_scale(section.scale, None), **about)
    made = {"binary": Binary, "continuous": Continuous, "count": Count}[section.type]
    outcome: Outcome = made(str(section.column), good=section.good, **about)
    return outcome


def _expectation(file: StudyFile) -> Expectation | None:
    section = file.expectation
    if section is None:
        return None
    low, high = section.met
    return Expectation(
        disconfirmation=section.disconfirmation,
        expected=section.expected,
        performed=section.performed,
        met=(low, high),
        tiers=section.tiers,
        recalled=section.recalled,
        labels=section.labels,
        table=section.table,
    )


def _rated(file: StudyFile) -> dict[str, Metric]:
    """The ratings of a journey that are no metrics of their own, on the one scale that the section names."""
    section = file.journey
    if section is None or section.scale is None:
        return {}
    if section.table is not None and section.table not in file.table:
        text = f"'{section.table}' is no table of the study{nearest(section.table, list(file.table))}."
        refuse([(key_path("journey", "table"), text)])
    scale = section.made_scale(section.scale, None)
    names = [name for name in (section.rating, *section.touchpoints) if name not in file.metric]
    return {name: Metric(column=name, scale=scale, table=section.table, missing=section.missing) for name in names}


def as_in_file(file: StudyFile, message: str) -> str:
    """A message of the study under the paths of the file, where ratings of a journey are no metrics of their own."""
    section, rated = file.journey, _rated(file)
    if section is None:
        return message
    keys = {section.rating: "rating"} | {t: key_path("touchpoints", i) for i, t in enumerate(section.touchpoints)}
    for name in rated:
        path = re.escape(key_path("metric", name, "column") + ": ")
        message = re.sub(f"^{path}", f"journey.{keys[name]}: ", message, flags=re.MULTILINE)
    return message


def _journey(file: StudyFile) -> Journey | None:
    """The journey, if every rating of it has a scale."""
    section = file.journey
    if section is None or not {section.rating, *section.touchpoints} <= {*file.metric, *_rated(file)}:
        return None
    return Journey(
        rating=section.rating,
        touchpoints=tuple(section.touchpoints),
        poor=section.poor,
        same_sitting=section.same_sitting,
    )


def _moments(file: StudyFile) -> Moments | None:
    """The moments, if the experiences were rated as a whole, too."""
    section = file.moments
    if section is None or section.overall is None:
        return None
    keys = ("order", "value", "overall", "neutral", "person", "stimulus", "cluster", "treated", "same_sitting", "table")
    return Moments(
        sequence=section.sequence if isinstance(section.sequence, str) else tuple(section.sequence),
        scale=section.optional_scale(section.scale),
        overall_scale=section.optional_scale(section.overall_scale),
        overall_table=section.overall_table,
        **{key: getattr(section, key) for key in keys},
    )


def _service(file: StudyFile) -> Service | None:
    if file.service is None:
        return None
    return Service(**{**file.service.model_dump(), "objective": tuple(file.service.objective)})


def _encounters(file: StudyFile) -> Encounters | None:
    section = file.encounters
    if section is None:
        return None
    keys = ("customer", "order", "perk", "rating", "expectation", "failure", "period", "cluster", "table")
    return Encounters(
        scale=section.optional_scale(section.scale),
        expectation_scale=section.optional_scale(section.expectation_scale),
        **{key: getattr(section, key) for key in keys},
    )


def _columns(section: ColumnsSection | None) -> Columns:
    return Columns(()) if section is None else Columns(section.columns, section.table)


def _sections(file: StudyFile) -> list[Section]:
    """The sections of which only the columns are checked."""
    found = []
    if file.journey is not None and _journey(file) is None:
        columns = {"rating": file.journey.rating, **_listed("touchpoints", file.journey.touchpoints)}
        found.append(Section(name="journey", columns=columns, table=file.journey.table))
    if file.moments is not None and file.moments.overall is None:
        given = file.moments
        keys = [given.sequence] if isinstance(given.sequence, str) else given.sequence
        named = {key: getattr(given, key) for key in ("order", "value", "person", "stimulus", "cluster", "treated")}
        columns = {**_listed("sequence", keys), **{key: name for key, name in named.items() if name is not None}}
        found.append(Section(name="moments", columns=columns, table=given.table))
    return found


def _listed(key: str, columns: Sequence[str]) -> dict[str, str]:
    return {key_path(key, number): column for number, column in enumerate(columns)}


def _problems(error: Any) -> list[Problem]:
    """What pydantic found, in our words."""
    place, kind, given = error["loc"], error["type"], error.get("input")
    path = key_path(*place)
    if kind == "keys":
        return [(key_path(*place, key), text) for key, text in error["ctx"]["problems"]]
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        return [(path, f"is no key of the format{nearest(str(place[-1]), known)}.")]
    if kind == "literal_error":
        return [(path, f"must be {error['ctx']['expected']}, not {_brief(given)}.")]
    if kind in _WORDS:
        return [(path, _WORDS[kind].format(given=_brief(given)))]
    message = str(error["msg"]).replace("Input should be", "must be").rstrip(".")
    return [(path, f"{message}.")]


def _brief(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else text[:57] + "..."


def _known_keys(place: Sequence[str | int]) -> list[str]:
    """The keys of the section at a place in the format."""
    section: Any = StudyFile
    for key in place:
        named = get_origin(section) in (dict, list)
        section = get_args(section)[-1] if named else section.model_fields[str(key)].annotation
        if get_origin(section) is UnionType:
            section = get_args(section)[0]  # an optional section
    return list(section.model_fields)
