"""What must hold of every method in METHODS, whatever it computes."""

import inspect
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import cxstats as cx
from cxstats import cells as cells_module
from cxstats.catalogue import METHODS
from cxstats.errors import ColumnError, CxStatsError, RoleError
from cxstats.method import Method
from cxstats.results import SCHEMA, Result
from cxstats.roles import Rating, outcome_columns

# The same sums over cells in another order, or over rows: only rounding may differ.
ROUNDING = 1e-11
# Newton's method stops within this of the maximum, on counts and on doubled counts alike.
CONVERGED = 1e-8
# With every row a million times, a factor n / (n - 1) or a pseudo-count is this near to nothing.
LARGE, LARGE_TOLERANCE = 1_000_000, 1e-5

# With 60 firms so many times, a factor F / (F - k) or F - 1 for F is this near to nothing.
MANY_FIRMS, FIRMS_TOLERANCE = 100, 2e-3

SECTIONS = ["Parameters", "Returns", "Raises", "Notes", "References", "Examples"]
N = 480


def customers() -> pd.DataFrame:
    """Answers in which scores, outcome and gap hang together, in 60 firms of equal size."""
    rng = np.random.default_rng(2024)
    latent = rng.normal(size=N)
    return pd.DataFrame(
        {
            "nps": np.clip(np.round(7 + 2 * latent + rng.normal(size=N)), 0, 10).astype(int),
            "nps_before": np.clip(np.round(6 + 2 * latent + rng.normal(size=N)), 0, 10).astype(int),
            "csat": np.clip(np.round(3 + latent + rng.normal(size=N)), 1, 5).astype(int),
            "gap": np.clip(np.round(0.7 * latent + rng.normal(size=N)), -2, 2).astype(int),
            "stayed": (latent + rng.normal(size=N) > -0.2).astype(int),
            "segment": rng.choice(["über", "b"], N),
            "firm": [f"firm {i:02}" for i in rng.permutation(np.arange(N) % 60)],
            "weight": rng.choice([0.5, 1.0, 3.0], N),
            "visits": np.clip(np.round(latent + rng.normal(size=N)), 0, 3).astype(int),
            "n": 1,
            "trust": np.clip(np.round(4 + latent + rng.normal(size=N)), 1, 7).astype(int),
        }
    )


ROWS = customers()


# So little noise that no limit lies at the end of what a share can be.
VISITS = cx.simulate.visits(240, rng=5, noise=0.3)
ENCOUNTERS = cx.simulate.encounters(200, rng=5, schedule="regular", chance=0.2)
OF_CUSTOMERS = [method for method in METHODS if not (method.properties.moments or method.properties.panel)]


@pytest.fixture(params=OF_CUSTOMERS, ids=lambda m: m.function)
def method(request: pytest.FixtureRequest) -> Method:
    return request.param


@pytest.fixture(params=METHODS, ids=lambda method: method.function)
def result(request: pytest.FixtureRequest) -> Result:
    """What each method finds, of customers, of moments and of encounters alike."""
    properties = request.param.properties
    return request.param.run(VISITS if properties.moments else ENCOUNTERS if properties.panel else ROWS)


def with_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Some scores and outcomes missing, as in any real data."""
    holed = rows.astype({"nps": float, "csat": float, "stayed": float})
    for i, name in enumerate(("nps", "csat", "stayed")):
        holed.loc[holed.index[10 * i : 10 * i + 6], name] = np.nan
    return holed


def cells_of(method: Method, data: Any, monkeypatch: pytest.MonkeyPatch, **keys: Any) -> cx.Cells:
    """The cells that the method makes of the data for itself."""
    made: list[cx.Cells] = []

    def spy(*args: Any) -> cx.Cells:
        made.append(tally_roles(*args))
        return made[-1]

    tally_roles = cells_module.tally_roles
    with monkeypatch.context() as patch:
        patch.setattr(cells_module, "tally_roles", spy)
        method.run(data, **keys)
    return made[0]


def numbers(result: Result) -> dict[str, Any]:
    """Every number of the result, by name."""
    return {name: values for name, values in result.columns().items() if name in SCHEMA}


def assert_same(first: Result, second: Result, tolerance: float) -> None:
    assert first.labels == second.labels
    other = numbers(second)
    for name, values in numbers(first).items():
        assert other[name] == pytest.approx(values, rel=tolerance, abs=tolerance, nan_ok=True), name


KEYS: list[dict[str, str]] = [{}, {"cluster": "firm"}, {"weight": "weight"}]


def usable(method: Method, keys: dict[str, str]) -> dict[str, str]:
    """The keys that the method takes; that it refuses the others is tested by itself."""
    return {key: column for key, column in keys.items() if getattr(method.properties, key)}


@pytest.mark.parametrize("keys", KEYS, ids=["plain", "cluster", "weight"])
def test_cells_equal_rows_and_counted_rows(
    method: Method, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, keys = with_gaps(ROWS), usable(method, keys)
    cells = cells_of(method, rows, monkeypatch, **keys)
    assert cells.n == N
    result = method.run(rows, **keys)
    for other in (
        method.run(cells, **keys),
        method.run(cells),  # the roles are fixed: cluster and weight are used without being named again
        method.run(cells.expand(), **keys),
        method.run(cells.to_frame().rename(columns={"n": "times"}), **keys, count="times"),
    ):
        assert_same(result, other, 0)
        assert getattr(result, "n", None) == getattr(other, "n", None)
        assert getattr(result, "n_missing", None) == getattr(other, "n_missing", None)
        assert getattr(result, "n_cells", None) == getattr(other, "n_cells", None)


def test_counts_equal_repeated_rows(method: Method) -> None:
    times = np.arange(N) % 4
    repeated = ROWS.loc[ROWS.index.repeat(times)]
    assert_same(method.run(repeated), method.run(ROWS.assign(times=times), count="times"), 0)


def test_engine_row_order_and_column_order_do_not_matter(method: Method, engine: Callable[[pa.Table], Any]) -> None:
    keys = usable(method, {"cluster": "firm", "weight": "weight"})
    result = method.run(with_gaps(ROWS), **keys)
    shuffled = with_gaps(ROWS).sample(frac=1, random_state=7)[list(ROWS.columns[::-1])]
    other = method.run(engine(pa.Table.from_pandas(shuffled, preserve_index=False)), **keys)
    assert_same(result, other, 0)


def test_columns_that_are_not_used_do_not_matter(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = cells_of(method, ROWS, monkeypatch)
    needed = list(cells.columns)
    assert_same(method.run(ROWS), method.run(ROWS[needed]), 0)


def test_doubling_the_firms(method: Method) -> None:
    """Where the firm is the unit: every firm so many times, each time under another name."""
    if method.properties.replication != "firms":
        return
    alike = ROWS.sort_values("nps_before", kind="stable").assign(firm=[f"{i // 8}" for i in range(N)])
    once, twice = (
        method.run(pd.concat([alike.assign(firm=alike["firm"] + f" {i}") for i in range(times)], ignore_index=True))
        for times in (MANY_FIRMS, 2 * MANY_FIRMS)
    )
    assert twice.estimate == pytest.approx(once.estimate, rel=FIRMS_TOLERANCE, abs=FIRMS_TOLERANCE)
    assert 2 * twice.std_error**2 == pytest.approx(once.std_error**2, rel=FIRMS_TOLERANCE, nan_ok=True)


def test_doubling_the_data(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    if method.properties.replication == "firms":
        return
    cells = cells_of(method, ROWS, monkeypatch)
    frame = cells.to_frame().rename(columns={"n": "times"})
    exact = method.properties.replication == "exact"
    frame["times"] *= 1 if exact else LARGE
    once, twice = (method.run(frame.assign(times=times * frame["times"]), count="times") for times in (1, 2))
    tolerance = CONVERGED if exact else LARGE_TOLERANCE
    assert twice.estimate == pytest.approx(once.estimate, rel=tolerance, abs=tolerance)
    if method.properties.replication == "between":
        halved = 2 * twice.std_error**2 / once.std_error**2
        # Each row lies between a variance that halves and one that stays; those of a segment do halve.
        assert (halved > 1 - tolerance).all()
        assert (halved < 2 + tolerance).all()
        assert halved[0] == pytest.approx(1, rel=tolerance)
    else:
        assert 2 * twice.std_error**2 == pytest.approx(once.std_error**2, rel=tolerance, nan_ok=True)
    assert np.isfinite(once.std_error).any()


@pytest.mark.parametrize(("key", "column"), [("cluster", "firm"), ("weight", "weight")])
def test_clusters_and_weights_are_used_or_refused(
    method: Method, key: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ROWS.sort_values(["csat", "nps", "stayed"]).assign(firm=[f"{i // 8}" for i in range(N)])
    if not getattr(method.properties, key):
        with pytest.raises((RoleError, TypeError), match=key):
            method.run(rows, **{key: column})
        return
    plain, keyed = method.run(rows), method.run(rows, **{key: column})
    changed = keyed.std_error if key == "cluster" else keyed.estimate
    before = plain.std_error if key == "cluster" else plain.estimate
    # Somewhere; not everywhere, since a threshold or a share may happen to stay.
    assert (np.abs(changed - before) > ROUNDING * np.abs(before)).any()
    cells = cells_of(method, rows, monkeypatch, **{key: column})
    assert getattr(cells.roles, key) == column
    with pytest.raises(ColumnError, match="'nowhere' is not a column of the data, which holds"):
        method.run(rows, **{key: "nowhere"})


def test_equal_weights_and_single_row_clusters_change_nothing_large(method: Method) -> None:
    rows = ROWS.assign(same=2.0, alone=[f"row {i}" for i in range(N)])
    plain = method.run(rows)
    for keys in ({"weight": "same"}, {"cluster": "alone"}):
        if not usable(method, keys):
            continue
        keyed = method.run(rows, **keys)
        # Pseudo-counts (net_promoter) and model-based against robust variances differ a little; 10% is far
        # below what a weight used as a count (30%) or a cluster left out would do.
        assert keyed.estimate == pytest.approx(plain.estimate, rel=0.02, abs=0.02 * np.abs(plain.estimate).max())
        # The luck of the deal is another one with clusters: it shows where two models hardly differ.
        luck = 0.02 * np.nanmax(plain.std_error) if method.properties.draws else None
        assert keyed.std_error == pytest.approx(plain.std_error, rel=0.1, abs=luck, nan_ok=True)


def test_the_result_is_frozen(result: Result) -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        result.notes = ()  # type: ignore[misc]
    arrays = {f.name: v for f in fields(result) if isinstance(v := getattr(result, f.name), np.ndarray)}
    assert {"estimate", "std_error"} <= set(arrays)
    assert [name for name, values in arrays.items() if values.flags.writeable] == []
    assert not [f.name for f in fields(result) if isinstance(getattr(result, f.name), list)]
    # What is handed out can be written to without the result taking notice.
    before = result.estimate.copy()
    result.confidence_interval().low[:] = 99.0
    frame = result.to_frame()
    frame["estimate"] = 99.0
    assert np.array_equal(result.estimate, before)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_frames_follow_the_schema(result: Result, backend: Any) -> None:
    frame = result.to_frame(backend, level=0.9)
    columns = frame.column_names if backend == "pyarrow" else list(frame.columns)
    wanted = [*result.labels, *SCHEMA]
    assert columns[: len(wanted)] == wanted  # a method may add columns after these
    assert len(frame) == len(result.estimate) == len(result.std_error)
    found = {name: frame[name].to_pylist() if backend == "pyarrow" else list(frame[name]) for name in columns}
    limits = result.confidence_interval(0.9)
    for name, values in zip(("estimate", "ci_low", "ci_high"), (result.estimate, limits.low, limits.high), strict=True):
        assert np.array_equal(np.array(found[name], dtype=float), values, equal_nan=True)
    for name in result.labels:
        assert all(isinstance(value, str) for value in found[name])


def test_intervals_hold_the_estimate_and_grow_with_the_level(result: Result) -> None:
    narrow, wide = result.confidence_interval(0.5), result.confidence_interval(0.99)
    assert (narrow.low <= result.estimate).all()
    assert (result.estimate <= narrow.high).all()
    moves = result.std_error > 0  # two models that predict alike differ by exactly nothing
    assert (wide.low[moves] < narrow.low[moves]).all()
    assert (wide.high[moves] > narrow.high[moves]).all()
    known = ~np.isnan(result.p_value)
    assert ((result.p_value[known] >= 0) & (result.p_value[known] <= 1)).all()
    for level in (0, 1, 95, -0.5):
        with pytest.raises(
            ValueError, match=rf"^The confidence level must lie between 0 and 1, but {level!r} was given"
        ):
            result.confidence_interval(level)


def test_the_summary_names_method_reference_and_rows(method: Method) -> None:
    result = method.run(with_gaps(ROWS))
    text = str(result)
    assert text == result.summary()
    assert result.method in text
    assert result.reference in text
    if hasattr(result, "n"):
        assert re.search(rf"^{result.n:,} rows used(, {result.n_missing} left out with a missing value)?; ", text, re.M)
        assert result.n + result.n_missing == N
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.function)
def test_the_docstring_is_complete(method: Method) -> None:
    text = inspect.getdoc(method.resolve())
    assert text is not None
    found = re.findall(r"^(\w+)\n-{3,}$", text, re.M)
    assert found == SECTIONS
    summary = text.splitlines()[0]
    assert summary.endswith((".", "?"))
    parameters = text.split("Parameters\n")[1].split("\nReturns\n")[0]
    for name in inspect.signature(method.resolve()).parameters:
        assert re.search(rf"^(.*, )?{name}(, .*)? :", parameters, re.M), f"{name} is not described"
    assert ">>> " in text.split("Examples\n")[1]
    assert re.search(r"^\.\. \[1\] .*(\n.*)?(doi:10\.|arXiv:)", text.split("References\n")[1], re.M)


def test_values_out_of_range_are_refused_in_full(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = cells_of(method, ROWS, monkeypatch).roles
    rating = {roles.outcome.column: roles.outcome.scale} if isinstance(roles.outcome, Rating) else {}
    scales = {**roles.metrics, **rating}
    for column, scale in scales.items():
        wrong = scale.high + 1
        rows = ROWS.copy()
        rows.loc[[3, 5, 8], column] = wrong
        call = f'outcome=Rating("{column}", ' if column in rating else f'metrics={{"{column}": '
        close = ")" if column in rating else "}"
        with pytest.raises(CxStatsError) as caught:
            method.run(rows)
        assert str(caught.value) == (
            f"'{column}' must hold whole numbers {scale.low} to {scale.high} ({scale.name}), but 3 of {N} rows do not: "
            f"{wrong} (3 rows).\nRecode or drop them, or pass {call}Scale({scale.low}, {wrong}){close}."
        )
    if isinstance(roles.outcome, cx.Binary):
        rows = ROWS.copy()
        rows.loc[[3, 5, 8], roles.outcome.column] = 2
        with pytest.raises(CxStatsError) as caught:
            method.run(rows)
        assert str(caught.value) == (
            f"The outcome 'stayed' must hold 0 and 1, but 3 of {N} rows do not: 2 (3 rows).\nRecode it to 0 and 1."
        )


def test_text_and_unknown_columns_are_refused_in_full(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = cells_of(method, ROWS, monkeypatch).roles
    for column in (*roles.metrics, *outcome_columns(roles.outcome)):
        with pytest.raises(ColumnError) as caught:
            method.run(ROWS.astype({column: object}).assign(**{column: ["n/a", "?"] * (N // 2)}))
        assert str(caught.value) == (
            f"'{column}' must hold numbers, but it holds text: '?' ({N // 2} rows), 'n/a' ({N // 2} rows)."
            "\nRecode it to numbers first; a score that was not given is a missing value."
        )
        with pytest.raises(ColumnError, match=rf"^'{column}' is not a column of the data, which holds '"):
            method.run(ROWS.drop(columns=[column]))


def test_counts_that_are_none_are_refused_in_full(method: Method) -> None:
    for counts, message in (
        (
            np.where(np.arange(N) < 2, -1, 1),
            "The count column 'times' must hold whole numbers from 0 up, but 2 rows hold",
        ),
        (
            np.full(N, 0.5),
            r"The count column 'times' must hold whole numbers \(an integer type\), but its type is Float",
        ),
    ):
        with pytest.raises(ColumnError, match=f"^{message}"):
            method.run(ROWS.assign(times=counts), count="times")


def test_what_is_no_data_is_refused(method: Method) -> None:
    with pytest.raises(
        RoleError, match=r"^data must be a dataframe .* or Cells, but dict was given\.\nRead a file with"
    ):
        method.run({"nps": [1, 2]})
    with pytest.raises(ColumnError, match=r"^The data must hold at least one row, but they hold none\.$"):
        method.run(ROWS.head(0))


def test_roles_of_cells_cannot_be_changed(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = cells_of(method, ROWS, monkeypatch)
    for key, column in (("cluster", "firm"), ("weight", "weight"), ("count", "n")):
        if key != "count" and not getattr(method.properties, key):
            continue
        with pytest.raises(RoleError) as caught:
            method.run(cells, **{key: column})
        assert str(caught.value) == (
            f"The roles of cells are fixed when they are tallied, but {key} is now asked to be '{column}', where the "
            f"cells have none.\nTally the data again with the roles you need, or leave {key} out."
        )
