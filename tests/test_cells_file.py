"""The file that holds cells: what comes out is what went in, and no file can run anything."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

import cxstats as cx
from cxstats.errors import ReadError

CELLS = cx.tally(
    pd.DataFrame(
        {
            "nps": [9, 9, 3, None, 10, 3],
            "csat": [5, 5, 2, 3, None, 2],
            "stayed": [1, 1, 0, 1, 1, None],
            "firm": ["b", "b", "a", None, "ä", "a"],
            "tenure": [1.5, 1.5, -0.5, 2.0, None, -0.5],
            "size": [0.5, 0.5, 2.0, 1.0, 1.0, 2.0],
        }
    ),
    metrics={"nps": cx.NPS, "csat": cx.CSAT5},
    outcome=cx.Binary("stayed"),
    controls=["tenure"],
    cluster="firm",
    weight="size",
)


def assert_same(first: cx.Cells, second: cx.Cells) -> None:
    assert first.roles == second.roles
    assert {name: values.dtype for name, values in first.columns.items()} == {
        name: values.dtype for name, values in second.columns.items()
    }
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame(), check_exact=True)
    assert first.fingerprint == second.fingerprint


ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(0, 3),
        st.none() | st.sampled_from(["", "a", "ä", "日本", "a\x00", "\x00", "\n"]),
        st.none() | st.floats(-1e9, 1e9),
    ),
    min_size=1,
    max_size=20,
)


@given(rows=ROWS)
@settings(max_examples=20)
def test_save_and_load_against_the_original(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]]
) -> None:
    path = tmp_path_factory.mktemp("cells") / "cells.npz"
    frame = pd.DataFrame(rows, columns=["nps", "shop", "tenure"]).astype({"nps": float, "tenure": float})
    cells = cx.tally(frame, metrics={"nps": cx.NPS}, strata=["shop"], controls=["tenure"])
    cells.save(path)
    assert_same(cx.Cells.load(path), cells)


@pytest.mark.parametrize(
    "outcome",
    [
        cx.Binary("y", good=0, kind="intention", starts="day"),
        cx.Rating("y", cx.EFFORT5),
        cx.Continuous("y", good="low"),
        cx.Count("y"),
        cx.Survival("y", "event", entry="since", good=1),
        None,
    ],
    ids=str,
)
def test_every_role_is_saved(tmp_path: Path, outcome: Any) -> None:
    frame = pd.DataFrame(
        {
            "y": [1, 1],
            "event": [0, 1],
            "since": [0, 0],
            "nps": [1, 2],
            "odd/..\n'name": ["x", "y\x00"],
            "w": [1.0, 0.5],
        }
    ).assign(gap=[0.5, -1.0], firm=[1, 2], tenure=[3, 4])
    cells = cx.tally(
        frame,
        outcome=outcome,
        metrics={"nps": cx.Scale(-5, 5.5, higher_is_better=False, kind="other", whole=False, name="ours")},
        strata=["odd/..\n'name"],
        controls=["tenure"],
        disconfirmation="gap",
        weight="w",
        cluster="firm",
    )
    cells.save(tmp_path / "cells")
    assert_same(cx.Cells.load(str(tmp_path / "cells")), cells)


class Trap:
    """Would fail the test if it were ever unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a file was unpickled",))


def stored_arrays(path: Path) -> dict[str, Any]:
    CELLS.save(path)
    with np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def encoded(content: object) -> Any:
    return np.frombuffer(json.dumps(content).encode(), dtype=np.uint8)


def with_head(arrays: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**arrays, "head": encoded({**json.loads(arrays["head"].tobytes()), **changed})}


# Columns in order: csat 0, firm 1 (text), nps 2, size 3, stayed 4, tenure 5.
HOSTILE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "pickled column": lambda a: {**a, "values_2": np.array([Trap()] * len(a["count"]), dtype=object)},
    "pickled head": lambda a: {**a, "head": np.array([Trap()], dtype=object)},
    "no head": lambda a: {k: v for k, v in a.items() if k != "head"},
    "no count": lambda a: {k: v for k, v in a.items() if k != "count"},
    "no column": lambda a: {k: v for k, v in a.items() if k != "values_2"},
    "later format": lambda a: with_head(a, format=2),
    "head is a list": lambda a: {**a, "head": encoded([1])},
    "head is no JSON": lambda a: {**a, "head": np.frombuffer(b"import os", dtype=np.uint8)},
    "head is deep": lambda a: {**a, "head": np.frombuffer(b"[" * 100_000, dtype=np.uint8)},
    "roles are no text": lambda a: with_head(a, roles={"metrics": {}}),
    "roles are no roles": lambda a: with_head(a, roles="{}"),
    "roles of another kind": lambda a: with_head(
        a, roles=json.loads(a["head"].tobytes())["roles"].replace("Binary", "Bare")
    ),
    "roles with a wrong scale": lambda a: with_head(
        a, roles=json.loads(a["head"].tobytes())["roles"].replace('"high": 10', '"high": -1')
    ),
    "roles of other columns": lambda a: with_head(
        a, roles=json.loads(a["head"].tobytes())["roles"].replace('"tenure"', '"age"')
    ),
    "columns are a number": lambda a: with_head(a, columns=5),
    "float counts": lambda a: {**a, "count": a["count"].astype(float)},
    "a count of 0": lambda a: {**a, "count": a["count"] * 0},
    "a table of counts": lambda a: {**a, "count": np.outer(a["count"], a["count"])},
    "a column too long": lambda a: {**a, "values_2": np.append(a["values_2"], 1.0)},
    "a column of dates": lambda a: {**a, "values_2": np.zeros(len(a["count"]), "datetime64[s]")},
    "text beyond its levels": lambda a: {**a, "values_1": a["values_1"] + 100},
    "text below its levels": lambda a: {**a, "values_1": a["values_1"] - 100},
    "levels that are numbers": lambda a: {**a, "levels_1": encoded([1, 2, 3])},
    "text as a metric": lambda a: {**a, "values_2": a["values_1"], "levels_2": a["levels_1"]},
    "a score off its scale": lambda a: {**a, "values_2": a["values_2"] + 99},
    "infinite": lambda a: {**a, "values_5": a["values_5"] + np.inf},
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_holds_no_cells_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cells.npz"
    np.savez(path, allow_pickle=True, **HOSTILE[kind](stored_arrays(path)))
    with pytest.raises(
        ReadError,
        match=r"^'.*cells\.npz' does not hold cells written by Cells\.save \([^\n]+\)\.\n"
        r"Tally the data again and save the cells\.$",
    ):
        cx.Cells.load(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cells.npz"
    CELLS.save(path)
    whole = path.read_bytes()
    numbers = io.BytesIO()
    np.save(numbers, np.arange(3))
    members = io.BytesIO()
    with zipfile.ZipFile(members, "w") as archive:
        archive.writestr("head", "not an array")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    others = [
        b"",
        b"PK",
        whole[: len(whole) // 2],
        pickle.dumps(Trap()),
        numbers.getvalue(),
        members.getvalue(),
        bytes(flipped),
    ]
    for content in others:
        path.write_bytes(content)
        with pytest.raises(ReadError, match=r"^'.*cells\.npz' does not hold cells written by Cells\.save \("):
            cx.Cells.load(path)
    with pytest.raises(ReadError, match=r"^There is no file '.*none\.npz'\.$"):
        cx.Cells.load(tmp_path / "none.npz")
