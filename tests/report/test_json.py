"""The JSON report against its schema, and what must be null in it."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import cxstats.report
from cxstats.claims.finding import COLUMNS, Finding
from cxstats.errors import StudyError
from cxstats.report.json import SCHEMA, render_json

DESCRIBED = json.loads(Path(cxstats.report.__path__[0], "schema.json").read_text(encoding="utf-8"))
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
    "boolean": bool,
}


def faults(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """Where the value strays from the schema: the few words of JSON Schema that ours uses."""
    known = {"$ref", "description", "const", "enum", "type", "minimum", "oneOf", "$schema", "title", "$defs"}
    assert set(schema) <= known | {"properties", "required", "additionalProperties", "items"}
    found = []
    if "$ref" in schema:
        found += faults(value, DESCRIBED["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)
    if "oneOf" in schema:
        found += [] if sum(not faults(value, each, at) for each in schema["oneOf"]) == 1 else [f"{at}: not one of"]
    if "const" in schema and value != schema["const"]:
        found += [f"{at}: not {schema['const']}"]
    if "enum" in schema and value not in schema["enum"]:
        found += [f"{at}: {value} not in {schema['enum']}"]
    if "type" in schema:
        types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        true_or_false = isinstance(value, bool)  # which Python takes for an integer, too
        if not any(isinstance(value, TYPES[t]) and true_or_false == (t == "boolean") for t in types):
            return [*found, f"{at}: {value!r} is not {types}"]
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        found += [f"{at}: below {schema['minimum']}"]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in value]
        if not schema.get("additionalProperties", True):
            found += [f"{at}.{name}: unknown" for name in value if name not in properties]
        found += [f for name, s in properties.items() if name in value for f in faults(value[name], s, f"{at}.{name}")]
    if isinstance(value, list) and "items" in schema:
        found += [f for i, item in enumerate(value) for f in faults(item, schema["items"], f"{at}[{i}]")]
    return found


@pytest.mark.parametrize("name", ["real", "untestable", "simulated", "looked", "hostile"])
def test_one_study_follows_the_schema(name: str, example: ModuleType) -> None:
    report = json.loads(render_json([getattr(example, name)()]))
    assert faults(report, DESCRIBED) == []
    assert report["schema"] == SCHEMA == "cxstats-validation/1"


def test_several_studies_follow_the_schema(example: ModuleType) -> None:
    report = json.loads(render_json([example.real(), example.simulated()]))
    assert faults(report, DESCRIBED) == []
    assert set(report) == {"schema", "version", "studies"}
    assert report["studies"][0] == json.loads(render_json([example.real()]))


def test_the_schema_notices_what_is_wrong(example: ModuleType) -> None:
    report = json.loads(render_json([example.real()]))
    study = DESCRIBED["$defs"]["study"]
    for key in report:
        assert faults({k: v for k, v in report.items() if k != key}, study) == [f"$.{key}: missing"]
    assert faults(report | {"more": 1}, study) == ["$.more: unknown"]
    report["claims"][0]["verdict"] = "proven"
    assert len(faults(report, study)) == 1


def test_the_schema_describes_every_column_and_every_field_of_a_finding() -> None:
    described = set(DESCRIBED["$defs"]["claim"]["properties"])
    assert described == set(DESCRIBED["$defs"]["claim"]["required"])
    assert set(COLUMNS) <= described
    assert described == {field.name for field in fields(Finding)}


def test_numbers_are_not_rounded_and_what_is_no_number_is_null(example: ModuleType) -> None:
    study = example.simulated()
    endless = replace(study.findings[0], ci_low=-math.inf, ci_high=math.inf, estimate=0.1 + 0.2)
    text = render_json([replace(study, findings=(endless, *study.findings[1:]))])
    claim = json.loads(text)["claims"][0]
    assert (claim["estimate"], claim["ci_low"], claim["ci_high"]) == (0.1 + 0.2, None, None)
    assert claim["flags"] == ["no-baseline"]
    untested = json.loads(render_json([example.untestable()]))["claims"][0]
    assert untested["estimate"] is untested["ci_low"] is untested["ci_high"] is untested["outcome"] is None
    assert "NaN" not in text
    assert "Infinity" not in text


def test_small_counts_are_null(example: ModuleType) -> None:
    report = json.loads(render_json([example.hostile()]))
    assert [d["count"] for d in report["scores"][0]["distribution"]] == [None, 12, None]


def test_keys_are_sorted_and_the_same_input_gives_the_same_bytes(example: ModuleType) -> None:
    text = render_json([example.hostile()])
    assert text == json.dumps(json.loads(text), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert text == render_json([example.hostile()])
    assert "日本 🙂" in text


def test_half_characters_survive(example: ModuleType) -> None:
    text = render_json([replace(example.real(), note="half \udc80")])
    assert json.loads(text.encode("utf-8"))["note"] == "half \udc80"


def test_no_study_is_refused() -> None:
    with pytest.raises(StudyError, match=r"^A report needs at least one study, but none was given\."):
        render_json([])
