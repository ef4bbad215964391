"""Imports go down: to a lower floor, or within one folder, never round in a circle."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "cxstats"

# From the ground up. A module imports from rows above its own only; a folder also from itself. The number is the
# floor: on one floor there may be several rows.
FLOORS: list[tuple[int, tuple[str, ...]]] = [
    (0, ("arrays", "errors")),
    (0, ("columns", "results", "scales")),
    (0, ("roles",)),
    (1, ("cells_file", "coding", "frames", "numerics", "roles_json", "values")),
    (1, ("outcomes", "same_kind", "wald")),
    (2, ("cells", "moments", "panel", "readers", "simulate")),
    (2, ("shared",)),
    (2, ("products",)),
    (3, ("datasets", "methods")),
    (4, ("figures",)),
    (5, ("studies", "study")),
    (6, ("method",)),
    (6, ("catalogue", "claims")),
    (6, ("starter",)),
    (7, ("report",)),
    (8, ("cli",)),
]
STEP = {name: step for step, (_, names) in enumerate(FLOORS) for name in names}
# These import what they need when they are called, for the sake of a result's own face.
FACES = {"plot", "summary", "_repr_html_", "to_html", "to_markdown", "to_json", "to_csv"}

MODULES = {
    ".".join(("cxstats", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
    if "_data" not in path.parts
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8"), str(path)) for name, path in MODULES.items()}


def place_of(module: str) -> str:
    """The folder of a module, or its own name at the root."""
    return module.split(".")[1]


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node, without what only the type checker reads and without the faces of results."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in child.orelse:
                yield other
                yield from nodes(other)
        elif not (isinstance(child, ast.FunctionDef) and child.name in FACES):
            yield child
            yield from nodes(child)


def imports_of(tree: ast.AST, known: dict[str, Path] | None = None) -> set[str]:
    """The modules that are imported, wherever in the file; ``from package import module`` names the module."""
    known = MODULES if known is None else known
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            inner = {f"{package}.{alias.name}" for alias in node.names}
            found |= {name if name in known else package for name in inner}
    return found


def own_imports(module: str) -> set[str]:
    return {name for name in imports_of(TREES[module]) if name.split(".")[0] == "cxstats"}


PLACED = [name for name in MODULES if name != "cxstats"]


@pytest.mark.parametrize("module", PLACED)
def test_every_module_has_a_floor(module: str) -> None:
    assert place_of(module) in STEP, (
        f"{module} stands on no floor: add '{place_of(module)}' to FLOORS in {Path(__file__).name}, "
        "and to the tree in the architecture that CONTRIBUTING.md describes."
    )


@pytest.mark.parametrize("module", PLACED)
def test_imports_go_down(module: str) -> None:
    here = place_of(module)
    for name in own_imports(module) - {"cxstats"}:
        there = place_of(name)
        within = here == there
        assert within or STEP[there] < STEP[here], (
            f"{module} (floor {FLOORS[STEP[here]][0]}) imports {name} (floor {FLOORS[STEP[there]][0]}): "
            "move what it needs down, or move it up."
        )


def test_only_the_version_is_taken_from_the_top() -> None:
    for module in PLACED:
        for node in nodes(TREES[module]):
            if isinstance(node, ast.ImportFrom) and node.module == "cxstats":
                names = {alias.name for alias in node.names if f"cxstats.{alias.name}" not in MODULES}
                assert names <= {"__version__"}, f"{module} imports {names} from cxstats: name the module they live in."


def test_the_top_is_used_as_a_whole_by_the_command_line_only() -> None:
    for module in PLACED:
        aliases = {
            alias.asname or alias.name
            for node in nodes(TREES[module])
            if isinstance(node, ast.Import)
            for alias in node.names
            if alias.name == "cxstats"
        }
        for node in nodes(TREES[module]):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases:
                assert place_of(module) == "cli" or node.attr == "__version__", (
                    f"{module} uses cxstats.{node.attr}: import it from the module it lives in."
                )


def test_imports_are_absolute() -> None:
    assert not [module for module in MODULES if any(name.startswith(".") for name in imports_of(TREES[module]))]


def test_imports_make_no_loop() -> None:
    graph = {module: own_imports(module) - {module} for module in PLACED}
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as loop:
        pytest.fail("These modules import each other: " + " -> ".join(loop.args[1]))


def test_narwhals_has_a_door_in_and_a_door_out() -> None:
    doors = {
        module for module in MODULES if any(name.split(".")[0] == "narwhals" for name in imports_of(TREES[module]))
    }
    assert doors == {"cxstats.frames", "cxstats.same_kind"}


def forbidden_in(tree: ast.AST) -> list[str]:
    """What no file of the package may hold, with its line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            found.append(f"{node.lineno}: assert")
        elif isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            found.append(f"{node.lineno}: import *")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{node.lineno}: {name}" for name in names if name.split(".")[0] in BANNED]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"eval", "exec", "compile"}
        ):
            found.append(f"{node.lineno}: {node.func.id}")
        elif isinstance(node, ast.Call):
            found += [
                f"{node.lineno}: allow_pickle"
                for keyword in node.keywords
                if keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False"
            ]
    return found


BANNED = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "patsy", "formulaic"}


@pytest.mark.parametrize("module", MODULES)
def test_nothing_forbidden(module: str) -> None:
    assert forbidden_in(TREES[module]) == []


SAMPLE = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    import hidden
else:
    import seen
from package import module, name
class Result:
    def plot(self):
        import drawn
    def fit(self):
        from deep.inside import it
"""


def test_the_checker_sees_what_it_must() -> None:
    known = {"package.module": Path("module.py")}
    assert imports_of(ast.parse(SAMPLE), known) == {"typing", "seen", "package.module", "package", "deep.inside"}
    bad = (
        "assert x\nfrom a import *\nimport pickle\neval('1')\nload(f, allow_pickle=True)\nload(f, allow_pickle=False)\n"
    )
    assert forbidden_in(ast.parse(bad)) == ["1: assert", "2: import *", "3: pickle", "4: eval", "5: allow_pickle"]
