"""METHODS against what is there: every method is listed, and every entry leads to a method."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cxstats as cx
from cxstats.catalogue import METHODS
from cxstats.method import Method

ROOT = Path(__file__).parents[1]
NAMED = {method.function: method for method in METHODS}


def public_methods() -> set[str]:
    """The names of cxstats that live in cxstats/methods, as its table of contents has them."""
    found = set()
    for name in cx.__all__:
        value = getattr(cx, name)
        if inspect.isfunction(value) and value.__module__.startswith("cxstats.methods."):
            found.add(name)
    return found


def test_every_method_is_listed_once() -> None:
    files = {path.stem for path in (ROOT / "cxstats" / "methods").glob("*.py")} - {"__init__"}
    assert len(NAMED) == len(METHODS)
    assert set(NAMED) == files, "cxstats/methods and METHODS in cxstats/catalogue/ differ: add a line or a file."
    assert set(NAMED) == public_methods(), "METHODS and the names in cxstats/__init__.py differ."


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.function)
def test_an_entry_leads_to_its_method(method: Method) -> None:
    function = getattr(cx, method.function)
    assert function is method.resolve()
    assert Path(inspect.getsourcefile(function) or "") == ROOT / method.file
    assert method.question.endswith("?")
    links = re.findall(r"(?:doi:|arXiv:)\S+", method.reference)
    assert len(links) == 1
    assert links[0] in str(inspect.getdoc(function)), "the reference is not the one of the docstring"


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.function)
def test_a_method_has_a_test_of_its_own(method: Method) -> None:
    path = ROOT / "tests" / "methods" / f"test_{method.function}.py"
    names = {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
    oracles = ("against", "in_simulation", "recovers")
    assert any(name.startswith("test_") and any(word in name for word in oracles) for name in names)


def test_the_catalogue_loads_no_numbers() -> None:
    code = "import sys, cxstats.catalogue; print([m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
