"""Execute the notebooks as they stand in the repository.

``run_notebooks.py`` checks: every code cell was committed with its output, runs again without an error,
and prints the same text. ``run_notebooks.py --write`` runs them and stores the new output.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
SECONDS_PER_CELL = 300


def run(path: Path) -> Any:
    """The notebook with fresh output; raises where a cell does."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        record_timing=False,  # else every run would change the file
        resources={"metadata": {"path": str(path.parent)}},
    )
    return client.execute()


def differences(committed: Any, fresh: Any) -> list[str]:
    """What a reader of the committed notebook would not see when running it."""
    found = []
    for number, (old, new) in enumerate(zip(committed.cells, fresh.cells, strict=True), start=1):
        if old.cell_type != "code" or not old.source.strip():
            continue
        if old.execution_count is None:
            found.append(f"cell {number} was committed without having been run")
        elif _text(old) != _text(new):
            found.append(f"cell {number} now prints\n{_text(new)}\nwhere the notebook shows\n{_text(old)}")
    return found


def _text(cell: Any) -> str:
    """The text of a cell's outputs; pictures are left out, since their bytes depend on the machine.

    What is printed arrives in pieces, cut wherever the clock happened to: they are one text.
    """
    texts: list[str] = []
    printing = ""
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == printing:
            texts[-1] += output.text
        elif output.output_type == "stream":
            texts.append(output.text)
        elif output.output_type in ("execute_result", "display_data"):
            texts.append(output.data.get("text/plain", ""))
        printing = output.get("name", "")
    return "\n".join(text.strip() for text in texts if not text.lstrip().startswith("<"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every notebook; exit status 1 where one is not as committed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the new output in the notebooks")
    write = parser.parse_args(arguments).write
    paths = sorted(FOLDER.glob("*.ipynb"))
    if not paths:
        sys.stderr.write(f"No notebook in {FOLDER}: nothing was run.\n")
        return 1
    problems = {path.name: renewed(path) if write else checked(path) for path in paths}
    for name, found in problems.items():
        sys.stdout.write("\n".join([f"{name}: {'not as committed' if found else 'ran'}", *found]) + "\n")
    return 1 if any(problems.values()) else 0


def checked(path: Path) -> list[str]:
    """What is wrong with a notebook as it was committed."""
    try:
        return differences(nbformat.read(path, as_version=4), run(path))
    except CellExecutionError as failed:
        return [str(failed)]


def renewed(path: Path) -> list[str]:
    """Run a notebook and store its output; nothing is stored where a cell fails."""
    try:
        nbformat.write(run(path), path)
    except CellExecutionError as failed:
        return [str(failed)]
    return []


if __name__ == "__main__":
    sys.exit(main())
