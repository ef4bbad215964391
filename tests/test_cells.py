"""Cells: adding, selecting, expanding, saving; and that roles stay what they were at the tally."""

import copy
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

import cxstats as cx
from cxstats.cells import as_cells, metric_names
from cxstats.errors import ColumnError, RoleError
from cxstats.roles import Roles

ANSWERS = pd.DataFrame(
    {
        "nps": [9, 9, 3, None, 10, 3],
        "csat": [5, 5, 2, 3, None, 2],
        "stayed": [1, 1, 0, 1, 1, None],
        "firm": ["b", "b", "a", None, "ä", "a"],
        "tenure": [1.5, 1.5, -0.5, 2.0, None, -0.5],
        "size": [0.5, 0.5, 2.0, 1.0, 1.0, 2.0],
    }
)
ROLES: dict[str, Any] = {
    "metrics": {"nps": cx.NPS, "csat": cx.CSAT5},
    "outcome": cx.Binary("stayed"),
    "controls": ["tenure"],
    "cluster": "firm",
    "weight": "size",
}
CELLS = cx.tally(ANSWERS, **ROLES)


def same(first: cx.Cells, second: cx.Cells) -> bool:
    """Bit for bit: columns in order, types, values with missing ones, counts."""
    return (
        list(first.columns) == list(second.columns)
        and all(first[k].dtype == second[k].dtype for k in first.columns)
        and all(pd.Series(first[k]).equals(pd.Series(second[k])) for k in first.columns)
        and np.array_equal(first.count, second.count)
        and first.fingerprint == second.fingerprint
    )


MAYBE = st.none()
FRAMES = st.lists(
    st.tuples(
        MAYBE | st.integers(0, 3),
        MAYBE | st.integers(1, 2),
        MAYBE | st.booleans(),
        MAYBE | st.sampled_from(["", "a", "ä", "日本", "a\x00", "\x00"]),
        MAYBE | st.sampled_from([-0.0, 0.0, 0.25]),
    ),
    min_size=1,
    max_size=25,
)
DRAWN: dict[str, Any] = {
    "metrics": {"nps": cx.NPS, "csat": cx.CSAT5},
    "outcome": cx.Binary("stayed"),
    "strata": ["shop"],
    "controls": ["tenure"],
}


def framed(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["nps", "csat", "stayed", "shop", "tenure"])
    return frame.astype({"nps": float, "csat": float, "stayed": "boolean", "tenure": float})


@given(first=FRAMES, second=FRAMES)
@settings(max_examples=30)
def test_adding_against_stacked_frames(first: list[tuple[Any, ...]], second: list[tuple[Any, ...]]) -> None:
    a, b = cx.tally(framed(first), **DRAWN), cx.tally(framed(second), **DRAWN)
    whole = cx.tally(framed(first + second), **DRAWN)
    assert same(a + b, whole)
    assert same(b + a, whole)


@given(rows=FRAMES, names=st.sets(st.sampled_from(["nps", "csat", "stayed", "shop", "tenure"]), min_size=1))
@settings(max_examples=30)
def test_select_against_a_tally_of_fewer_columns(rows: list[tuple[Any, ...]], names: set[str]) -> None:
    frame = framed(rows)
    fewer = {
        "metrics": {k: v for k, v in DRAWN["metrics"].items() if k in names},
        "outcome": DRAWN["outcome"] if "stayed" in names else None,
        "strata": [c for c in DRAWN["strata"] if c in names],
        "controls": [c for c in DRAWN["controls"] if c in names],
    }
    assert same(cx.tally(frame, **DRAWN).select(*names), cx.tally(frame, **fewer))
    assert cx.tally(frame, **DRAWN).select(*names).roles == cx.tally(frame, **fewer).roles


@given(rows=FRAMES)
@settings(max_examples=30)
def test_expand_against_the_rows(rows: list[tuple[Any, ...]]) -> None:
    cells = cx.tally(framed(rows), **DRAWN)
    expanded = cells.expand()
    assert len(expanded) == len(rows)
    assert same(cx.tally(expanded, **DRAWN), cells)
    counted = cells.to_frame()
    assert list(counted.columns) == [*cells.columns, "n"]
    assert same(cx.tally(counted, **DRAWN, count="n"), cells)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_expand_against_the_rows_on_every_backend(backend: Any) -> None:
    assert same(cx.tally(CELLS.expand(backend), **ROLES), CELLS)
    assert same(cx.tally(CELLS.to_frame(backend), **ROLES, count="n"), CELLS)


def test_cells_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        CELLS.count[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        CELLS["nps"][0] = 7
    with pytest.raises(AttributeError, match="cannot assign"):
        CELLS.count = np.array([1])  # type: ignore[misc]
    assert same(copy.deepcopy(CELLS), CELLS)


def test_str_says_what_is_in_the_cells() -> None:
    assert str(CELLS) == (
        "Cells: 6 rows in 5 distinct (1x) · nps 0-10, csat 1-5, firm, size, stayed 0/1, tenure"
        " · 3 rows with a missing value"
    )
    frame = pd.DataFrame({"gap": [1, 1], "stars": [2, 2]})
    assert str(cx.tally(frame, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="gap")) == (
        "Cells: 2 rows in 1 distinct (2x) · gap, stars 1-5 · 0 rows with a missing value"
    )
    assert (CELLS.n, CELLS.n_cells, len(CELLS)) == (6, 5, 5)


def test_counts_named_n_do_not_hide_a_column() -> None:
    cells = cx.tally(pd.DataFrame({"n": [1, 1, 2]}), strata=["n"])
    assert cells.to_frame().to_dict("list") == {"n": [1.0, 2.0], "n_rows": [2, 1]}
    assert cells.to_frame("polars").rows() == [(1.0, 2), (2.0, 1)]


def test_an_unknown_column_of_cells_is_refused() -> None:
    message = (
        "'nsp' is not a column of the cells, which holds 'csat', 'firm', 'nps', 'size', 'stayed', 'tenure'."
        "\nNearest to 'nsp': 'nps'."
    )
    for ask in (lambda: CELLS["nsp"], lambda: CELLS.select("nsp"), lambda: CELLS.observed(["nsp"])):
        with pytest.raises(ColumnError) as caught:
            ask()
        assert str(caught.value) == message


def test_clusters_and_weights_stay_with_their_rows() -> None:
    fewer = CELLS.select("nps")
    assert list(fewer.columns) == ["firm", "nps", "size"]
    assert (fewer.roles.cluster, fewer.roles.weight, fewer.roles.outcome) == ("firm", "size", None)
    assert fewer.row_weight.tolist() == fewer["size"].tolist()
    codes = fewer.cluster_codes
    assert codes is not None
    assert [[None, "a", "b", "ä"].index(v) for v in fewer["firm"]] == [(c + 1) % 4 for c in codes.tolist()]
    assert cx.tally(ANSWERS, metrics={"nps": cx.NPS}).cluster_codes is None
    assert cx.tally(ANSWERS, metrics={"nps": cx.NPS}).row_weight.tolist() == [1.0] * 4


def test_rows_of_different_weight_are_different_cells() -> None:
    frame = pd.DataFrame({"nps": [9, 9, 9], "size": [0.5, 0.5, 2.0]})
    assert cx.tally(frame, metrics={"nps": cx.NPS}, weight="size").count.tolist() == [2, 1]


def test_observed_and_where_against_rows() -> None:
    complete = ANSWERS.dropna(subset=["nps", "firm", "size"])
    kept = CELLS.where(CELLS.observed(["nps"]))
    assert same(kept, cx.tally(complete, **ROLES))
    assert same(CELLS.where(np.zeros(5, bool)) + kept, kept)
    none = CELLS.where(np.zeros(5, bool))
    assert (none.n, str(none)[:27]) == (0, "Cells: 0 rows in 0 distinct")


@pytest.mark.parametrize("mask", [[0, 1], [1, 1, 1, 1, 1], [True], np.ones((5, 1), bool), "all"])
def test_a_mask_that_is_none_is_refused(mask: Any) -> None:
    with pytest.raises(
        ColumnError, match=r"^The mask must hold true or false for each of the 5 cells, but it has the t"
    ):
        CELLS.where(mask)


def test_half_an_outcome_cannot_be_selected() -> None:
    frame = pd.DataFrame({"days": [3, 4], "left": [0, 1], "nps": [1, 2]})
    cells = cx.tally(frame, metrics={"nps": cx.NPS}, outcome=cx.Survival("days", "left"))
    assert cells.select("nps", "days", "left").roles.outcome == cells.roles.outcome
    assert cells.select("nps").roles.outcome is None
    with pytest.raises(RoleError, match=r"^'days', 'left' make up one outcome: select all of them, or none\.$"):
        cells.select("nps", "days")


def test_cells_with_other_roles_cannot_be_added() -> None:
    other = cx.tally(ANSWERS, **{**ROLES, "outcome": cx.Binary("stayed", good=0), "cluster": None})
    with pytest.raises(RoleError) as caught:
        CELLS + other
    assert str(caught.value) == (
        "Only cells with the same roles can be added, but outcome is Binary(column='stayed') and "
        "Binary(column='stayed', good=0); cluster is 'firm' and none."
    )
    with pytest.raises(TypeError, match="unsupported operand"):
        CELLS + 1  # type: ignore[operator]


def test_counted_and_uncounted_cells_can_be_added() -> None:
    counted = cx.tally(CELLS.to_frame(), **ROLES, count="n")
    assert (counted + CELLS).n == 12


def test_shards_of_different_types_cannot_be_added() -> None:
    text = cx.tally(pd.DataFrame({"key": ["a", "b"]}), strata=["key"])
    numbers = cx.tally(pd.DataFrame({"key": [1, 2]}), strata=["key"])
    nothing = cx.tally(pd.DataFrame({"key": [None, None]}), strata=["key"])
    assert (text + nothing)["key"].tolist() == ["a", "b", None]
    assert same(text + nothing, nothing + text)
    with pytest.raises(ColumnError) as caught:
        text + numbers
    assert str(caught.value) == (
        "'key' must have one type in both cells, but it holds numbers in one and text in the other."
        "\nCast it to text in both before the tally."
    )


def test_an_empty_frame_is_refused() -> None:
    for data, count in ((pd.DataFrame({"nps": []}), None), (pd.DataFrame({"nps": [1], "n": [0]}), "n")):
        with pytest.raises(ColumnError, match=r"^The data must hold at least one row, but they hold none\.$"):
            cx.tally(data, metrics={"nps": cx.NPS}, count=count)


def test_roles_of_cells_may_be_repeated_or_left_out() -> None:
    repeated = Roles(
        outcome=cx.Binary("stayed"), metrics={"csat": cx.CSAT5}, controls=("tenure",), cluster="firm", weight="size"
    )
    assert as_cells(CELLS, repeated) is CELLS
    assert as_cells(CELLS, Roles()) is CELLS


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "outcome": (
        {"outcome": cx.Binary("stayed", good=0)},
        "outcome is now asked to be Binary(column='stayed', good=0), where the cells have Binary(column='stayed').",
    ),
    "scale": (
        {"metrics": {"nps": cx.Scale(0, 10)}},
        "metrics is now asked to be 'nps' (scale 0-10), where the cells have 'nps' (NPS 0-10), 'csat' (CSAT 1-5).",
    ),
    "metric": (
        {"metrics": {"ease": cx.EASE5}},
        "metrics is now asked to be 'ease' (CES 2.0 1-5), where the cells have 'nps' (NPS 0-10), 'csat' (CSAT 1-5).",
    ),
    "more controls": (
        {"controls": ("tenure", "age")},
        "controls is now asked to be 'tenure', 'age', where the cells have 'tenure'.",
    ),
    "cluster": ({"cluster": "shop"}, "cluster is now asked to be 'shop', where the cells have 'firm'."),
    "count": ({"count": "n"}, "count is now asked to be 'n', where the cells have none."),
    "gap": ({"disconfirmation": "gap"}, "disconfirmation is now asked to be 'gap', where the cells have none."),
    "strata": ({"strata": ("shop",)}, "strata is now asked to be 'shop', where the cells have none."),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_roles_of_cells_cannot_be_changed(kind: str) -> None:
    asked, told = CHANGES[kind]
    name = next(iter(asked))
    with pytest.raises(RoleError) as caught:
        as_cells(CELLS, Roles(**asked))
    assert str(caught.value) == (
        f"The roles of cells are fixed when they are tallied, but {told}"
        f"\nTally the data again with the roles you need, or leave {name} out."
    )


def test_fewer_controls_are_a_change() -> None:
    cells = cx.tally(ANSWERS, metrics={"nps": cx.NPS}, controls=["tenure", "csat"])
    assert as_cells(cells, Roles(controls=("csat", "tenure"))) is cells
    with pytest.raises(
        RoleError, match=r"but controls is now asked to be 'csat', where the cells have 'tenure', 'csat'\.\n"
    ):
        as_cells(cells, Roles(controls=("csat",)))


def test_metric_names_against_what_is_given() -> None:
    assert metric_names(CELLS, None) == ({}, ("nps", "csat"))
    assert metric_names(CELLS, ["csat"]) == ({}, ("csat",))
    assert metric_names(CELLS, {"csat": cx.CSAT5}) == ({"csat": cx.CSAT5}, ("csat",))
    assert metric_names(ANSWERS, {"csat": cx.CSAT5}) == ({"csat": cx.CSAT5}, ("csat",))


@pytest.mark.parametrize("metrics", ["nps", ["nps"], None, {"nps": "NPS"}, {1: cx.NPS}, 5])
def test_metrics_without_scales_are_refused(metrics: Any) -> None:
    with pytest.raises(RoleError) as caught:
        cx.delong(ANSWERS, outcome=cx.Binary("stayed"), metrics=metrics)
    assert str(caught.value) == (
        f"metrics must map each column to its scale, but {metrics!r} was given."
        '\nPass for example metrics={"nps": cx.NPS, "csat": cx.CSAT5}: the direction of a scale is declared, '
        "never guessed."
    )


def test_metrics_of_cells_that_are_none_are_refused() -> None:
    with pytest.raises(
        ColumnError, match=r"^'ease' is not a column of the metrics of the cells, which holds 'nps', 'csa"
    ):
        metric_names(CELLS, ["ease"])
    with pytest.raises(RoleError, match=r"^metrics must map each column to its scale, but 'nps' was given\."):
        metric_names(CELLS, "nps")
    with pytest.raises(RoleError, match=r"^Each metric must be named once, but 'nps' was named more often\.$"):
        metric_names(CELLS, ["nps", "nps"])
    for data, none in ((CELLS, []), (ANSWERS, {}), (cx.tally(ANSWERS, strata=["firm"]), None)):
        with pytest.raises(
            RoleError, match=r'^At least one metric is needed\.\nPass for example metrics=\{"nps": cx\.NPS\}\.$'
        ):
            metric_names(data, none)


def test_cells_of_every_engine_have_one_fingerprint(engine: Callable[[pa.Table], Any]) -> None:
    table = pa.Table.from_pandas(ANSWERS, preserve_index=False)
    cells = cx.tally(engine(table), **ROLES)
    assert same(cells, CELLS)
    assert same(cx.tally(engine(table.slice(0, 2)), **ROLES) + cx.tally(engine(table.slice(2)), **ROLES), CELLS)
