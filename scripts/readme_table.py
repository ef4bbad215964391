"""Write the table of questions and methods into the README, from ``METHODS``.

``readme_table.py`` writes it; ``readme_table.py --check`` fails where the README has another one.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cxstats.catalogue import METHODS
from cxstats.method import Method

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN = "<!-- methods: written by scripts/readme_table.py from cxstats.catalogue -->\n"
END = "<!-- end of methods -->\n"


def table(notebooks: dict[str, str]) -> str:
    """A line per method: its question, its name, its file and the notebooks (name to source) that call it."""
    head = ["| question | method | file, notebooks |", "|---|---|---|"]
    return "\n".join([*head, *(line(method, notebooks) for method in METHODS)]) + "\n"


def line(method: Method, notebooks: dict[str, str]) -> str:
    """One line of the table."""
    paths = [method.file, *(path for path, source in notebooks.items() if f"cx.{method.function}(" in source)]
    links = ", ".join(f"[{Path(path).name}]({path})" for path in paths)
    return f"| {method.question} | `cx.{method.function}` | {links} |"


def notebook_sources() -> dict[str, str]:
    """The code of every notebook, by its path from the root of the project."""
    return {
        path.relative_to(ROOT).as_posix(): "\n".join("".join(cell["source"]) for cell in cells(path))
        for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    }


def cells(path: Path) -> list[dict[str, list[str]]]:
    """The code cells of a notebook."""
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in stored if cell["cell_type"] == "code"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; exit status 1 where the README is behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(arguments).check
    before = README.read_text(encoding="utf-8")
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        sys.exit(f"README.md must hold these two lines, between which the table goes:\n{BEGIN}{END}")
    after = f"{head}{begin}{table(notebook_sources())}{end}{tail}"
    if check and after != before:
        sys.exit("The table of methods in README.md is behind: run scripts/readme_table.py.")
    if not check:
        README.write_text(after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
