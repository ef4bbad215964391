"""Cross-products against the rows they stand for, against statsmodels, and on every engine."""

import re
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import stats

import cxstats as cx
from cxstats.errors import ColumnError, RoleError, ScaleError, TooFewError
from cxstats.frames import column_batches
from cxstats.numerics.hashed import Seen, deal, group_of, hash_values
from cxstats.products import journey_batches
from cxstats.products.crossproducts import CrossProducts, cross_products
from cxstats.products.linear_products import ALL, AVERAGE, BEST, COMPOSITE, HeldOutProducts

# Sums of the same numbers in another order.
ROUNDING = 1e-12
# The same equations solved from products instead of rows: the condition of the design costs a few digits.
SOLVED = 1e-9
# Monte Carlo standard errors that a simulated number may be off.
MC_ERRORS = 4

Array = NDArray[np.float64]
Convert = Callable[[pa.Table], Any]
OUTCOME = cx.Rating("satisfaction", cx.CSAT5)
JOURNEY = {"overall": cx.NPS}
TOUCHPOINTS = {"booking": cx.CSAT5, "effort": cx.EFFORT5, "delivery": cx.CSAT7}
FIRMS = 150


def journeys(n: int = 3000, seed: int = 1, unused: float = 0.3) -> pd.DataFrame:
    """Ratings of one mood; delivery is always used, effort is turned round, whole firms share a mood."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, FIRMS, n)
    mood = rng.normal(size=n) + 0.5 * rng.normal(size=FIRMS)[firm]

    def rated(scale: cx.Scale, noise: float) -> Array:
        middle, step = (scale.low + scale.high) / 2, (scale.high - scale.low) / 5
        sign = 1 if scale.higher_is_better else -1
        noisy = mood + noise * rng.normal(size=n)
        return np.clip(np.round(middle + sign * step * noisy), scale.low, scale.high)

    frame = pd.DataFrame(
        {
            "overall": rated(cx.NPS, 0.8),
            **{name: rated(scale, 1.0 + 0.3 * j) for j, (name, scale) in enumerate(TOUCHPOINTS.items())},
            "satisfaction": rated(cx.CSAT5, 0.9),
            "firm": [f"firm {f}" for f in firm],
        }
    )
    for name in ("booking", "effort"):
        frame.loc[rng.random(n) < unused, name] = np.nan
    return frame


def made(data: Any, **given: Any) -> CrossProducts:
    return cross_products(data, **{"outcome": OUTCOME, "journey": JOURNEY, "touchpoints": TOUCHPOINTS, **given})


def coded(frame: pd.DataFrame) -> Array:
    """Outcome, journey, composite, ratings and indicators, written as one would on rows."""
    share = pd.DataFrame(
        {
            "booking": (frame.booking - 1) / 4,
            "effort": (5 - frame.effort) / 4,
            "delivery": (frame.delivery - 1) / 6,
        }
    )
    used = share.notna()
    values = (share - share.mean()).fillna(0.0)
    return np.column_stack([frame.satisfaction, frame.overall / 10, share.mean(axis=1), values, used.astype(float)])


def groups_of(frame: pd.DataFrame) -> NDArray[np.int64]:
    """The number, among those that hold rows, of the group of each row's firm."""
    group = group_of(hash_values(frame.firm.to_numpy(dtype=object)), 1000)
    return np.unique(group, return_inverse=True)[1]


def test_moments_against_rows() -> None:
    frame = journeys()
    products, columns, group = made(frame, cluster="firm"), coded(frame), groups_of(frame)
    assert products.names[:4] == ("satisfaction", "overall", COMPOSITE, "booking")
    np.testing.assert_allclose(products.mean, columns.mean(axis=0), rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_allclose(products.covariance, np.cov(columns, rowvar=False, ddof=0), atol=ROUNDING)
    np.testing.assert_allclose(products.correlation[:8, :8], np.corrcoef(columns[:, :8], rowvar=False), atol=1e-11)
    assert np.isnan(products.correlation[8]).all()  # everybody used delivery
    centred = np.column_stack([np.ones(len(frame)), columns - columns.mean(axis=0)])
    for g in range(group.max() + 1):
        block = centred[group == g]
        np.testing.assert_allclose(products.sums[g], block.T @ block, atol=1e-11)  # sums of up to 60 rows
    assert (products.coded.n == np.bincount(group)).all()


def test_linear_against_statsmodels() -> None:
    frame = journeys()
    columns, group = coded(frame), groups_of(frame)
    fit = made(frame, cluster="firm").linear(["overall", *TOUCHPOINTS])
    assert fit.terms == ("(intercept)", "overall", "booking", "booking used", "effort", "effort used", "delivery")
    design = sm.add_constant(columns[:, [1, 3, 6, 4, 7, 5]])
    use = {"groups": group, "use_correction": False}
    other = sm.OLS(columns[:, 0], design).fit(cov_type="cluster", cov_kwds=use)
    many = group.max() + 1
    np.testing.assert_allclose(fit.estimate, other.params, rtol=SOLVED, atol=SOLVED)
    np.testing.assert_allclose(fit.covariance, other.cov_params() * many / (many - 1), rtol=SOLVED, atol=SOLVED)
    assert fit.df == many - 1


def ridge_rows(x: Array, y: Array, penalty: float) -> tuple[float, Array]:
    """Least squares with rows added for the penalty; columns that do not vary are left out."""
    sd = x.std(axis=0)
    kept = sd > 1e-9
    z = (x[:, kept] - x[:, kept].mean(axis=0)) / sd[kept]
    design = np.vstack([z, np.sqrt(len(z) * penalty) * np.eye(z.shape[1])])
    slopes = np.zeros(x.shape[1])
    goal = np.concatenate([y - y.mean(), np.zeros(z.shape[1])])
    slopes[kept] = np.linalg.lstsq(design, goal, rcond=None)[0] / sd[kept]
    return y.mean() - x.mean(axis=0) @ slopes, slopes


def explained(x: Array, y: Array) -> float:
    intercept, slopes = ridge_rows(x, y, 0.0)
    return float(1 - ((y - intercept - x @ slopes) ** 2).mean() / y.var())


def predicted_on_rows(columns: Array, fold: Any, folds: int, penalties: list[float]) -> dict[str, Array]:
    """Held-out predictions of every model, and of the training means, by refitting on rows."""
    y, single = columns[:, 0], {"booking": [3, 6], "effort": [4, 7], "delivery": [5, 8]}
    sets = {"overall": [1], COMPOSITE: [2], **single}
    found = {name: np.empty(len(y)) for name in (*sets, BEST, ALL, "mean")}
    for f in range(folds):
        out = fold == f
        used = dict(sets)
        used[BEST] = max(single.values(), key=lambda at: explained(columns[~out][:, at], y[~out]))
        errors = []
        for penalty in penalties:
            error = 0.0
            for inner in set(range(folds)) - {f}:
                train, test = ~out & (fold != inner), fold == inner
                a, b = ridge_rows(columns[train][:, 3:], y[train], penalty)
                error += ((y[test] - a - columns[test][:, 3:] @ b) ** 2).sum()
            errors.append(error)
        best = penalties[int(np.argmin(errors))]
        for name, at in [*used.items(), (ALL, list(range(3, 9)))]:
            a, b = ridge_rows(columns[~out][:, at], y[~out], best if name == ALL else 0.0)
            found[name][out] = a + columns[out][:, at] @ b
        found["mean"][out] = y[~out].mean()
    return found


def compare_with_rows(held: HeldOutProducts, columns: Array, group: Any, folds: int, penalties: list[float]) -> None:
    y, n = columns[:, 0], len(columns)
    many = group.max() + 1
    found = predicted_on_rows(columns, (np.arange(many) % folds)[group], folds, penalties)
    left_by_mean = (y - found.pop("mean")) ** 2
    for name, p in found.items():
        z_y, z_p = (y - y.mean()) / y.std(), (p - p.mean()) / p.std()
        r = np.corrcoef(p, y)[0, 1]
        share = ((y - p) ** 2).sum() / left_by_mean.sum()
        assert held.estimate[held.row(name)] == pytest.approx(r, rel=SOLVED), name
        assert held.estimate[held.row(name, "R2")] == pytest.approx(1 - share, rel=SOLVED), name
        influence = (z_p * z_y - r * (z_p**2 + z_y**2) / 2) / n
        of_share = (share * left_by_mean - (y - p) ** 2) / left_by_mean.sum()
        for index, values in (("r", influence), ("R2", of_share)):
            at, sums = held.row(name, index), np.bincount(group, weights=values)
            np.testing.assert_allclose(held.influence[:, at], sums, rtol=1e-7, atol=SOLVED / n, err_msg=name)
            assert held.std_error[at] == pytest.approx(np.sqrt((sums**2).sum() * many / (many - 1)), rel=SOLVED)


def test_held_out_against_rows() -> None:
    frame = journeys(n=1500)
    penalties = [1e-4, 1e-2, 0.1, 1.0]
    held = made(frame, cluster="firm").held_out(folds=5, penalties=penalties)
    compare_with_rows(held, coded(frame), groups_of(frame), 5, penalties)
    single = [held.row(name) for name in TOUCHPOINTS]
    assert held.r[2] == pytest.approx(held.estimate[single].mean(), rel=ROUNDING)
    np.testing.assert_allclose(held.influence[:, 2], held.influence[:, single].mean(axis=1), atol=ROUNDING)
    assert held.models[2] == AVERAGE
    assert sum(held.best.values()) == 5


def test_held_out_of_few_rows_against_rows() -> None:
    # A penalty that matters, and a touchpoint whose use varies in few groups.
    frame = journeys(n=160, seed=4, unused=0.02)
    penalties = [1e-4, 1e-2, 0.1, 1.0, 10.0]
    held = made(frame, cluster="firm").held_out(folds=4, penalties=penalties)
    compare_with_rows(held, coded(frame), groups_of(frame), 4, penalties)
    assert held.penalty.min() > penalties[0]


def test_ratio_against_fieller_by_hand() -> None:
    held = made(journeys(), cluster="firm").held_out(folds=5)
    many = len(held.influence)
    ours, theirs = held.row("overall", "R2"), held.row(COMPOSITE, "R2")
    low, high = held.share_more("overall", COMPOSITE, "R2").interval()
    assert low < held.estimate[ours] / held.estimate[theirs] - 1 < high
    for end, sign in ((low, 1), (high, -1)):  # an end is where a t test only just does not reject
        left = held.influence[:, ours] - (1 + end) * held.influence[:, theirs]
        error = np.sqrt((left**2).sum() * many / (many - 1))
        t = (held.estimate[ours] - (1 + end) * held.estimate[theirs]) / error
        assert t == pytest.approx(sign * stats.t.ppf(0.975, many - 1), rel=SOLVED)
    gain = held.difference("overall", COMPOSITE, "R2")
    left = held.influence[:, ours] - held.influence[:, theirs]
    assert gain.a == pytest.approx(held.estimate[ours] - held.estimate[theirs], rel=ROUNDING)
    assert gain.var_a == pytest.approx((left**2).sum() * many / (many - 1), rel=SOLVED)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_engine_and_order_against_pandas(engine: Convert, cluster: str | None) -> None:
    frame = journeys(n=700)
    whole = made(frame, cluster=cluster)
    shuffled = frame.sample(frac=1, random_state=3)[sorted(frame.columns)[::-1]]
    other = made(engine(pa.Table.from_pandas(shuffled, preserve_index=False)), cluster=cluster)
    assert str(whole) == str(other)
    assert (whole.moments.n == other.moments.n).all()
    np.testing.assert_allclose(whole.moments.mean, other.moments.mean, atol=ROUNDING)
    np.testing.assert_allclose(whole.moments.moment, other.moments.moment, atol=ROUNDING)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_batches_do_not_matter(monkeypatch: pytest.MonkeyPatch, cluster: str | None) -> None:
    frame = pd.concat([journeys(n=2500)] * 2, ignore_index=True)  # every row has a copy in another batch
    whole = made(frame, cluster=cluster)
    monkeypatch.setattr(journey_batches, "BATCH", 300)
    parts = made(frame, cluster=cluster)
    assert (whole.moments.n == parts.moments.n).all()
    np.testing.assert_allclose(whole.moments.moment, parts.moments.moment, atol=ROUNDING * 100)


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_counts_and_cells_against_rows(cluster: str | None) -> None:
    frame = journeys(n=800)[["overall", *TOUCHPOINTS, "satisfaction", "firm"]].round()
    frame = pd.concat([frame, frame.head(300), frame.head(50)], ignore_index=True)
    keys = [c for c in frame.columns if c != "firm" or cluster]
    counted = frame.groupby(keys, dropna=False).size().rename("times").reset_index()
    metrics = {**JOURNEY, **TOUCHPOINTS}
    cells = cx.tally(frame, outcome=OUTCOME, metrics=metrics, cluster=cluster)
    rows = made(frame, cluster=cluster)
    by_count = made(counted, cluster=cluster, count="times")
    by_cells = cross_products(cells, journey="overall", touchpoints=list(TOUCHPOINTS))
    for other in (by_count, by_cells):
        assert (rows.moments.n == other.moments.n).all()
        np.testing.assert_allclose(rows.moments.moment, other.moments.moment, atol=ROUNDING)
        assert (rows.n, rows.n_missing, rows.n_unused) == (other.n, other.n_missing, other.n_unused)


def test_shards_of_clusters_against_all_rows() -> None:
    frame = journeys()
    whole = made(frame, cluster="firm")
    added = made(frame.head(1100), cluster="firm") + made(frame.tail(1900), cluster="firm")
    assert (whole.moments.n == added.moments.n).all()
    np.testing.assert_allclose(whole.moments.moment, added.moments.moment, atol=ROUNDING * 10)
    np.testing.assert_allclose(whole.held_out().estimate, added.held_out().estimate, rtol=SOLVED)


def test_shards_of_rows_have_the_same_totals() -> None:
    frame = journeys()
    whole, added = made(frame), made(frame.head(1100)) + made(frame.tail(1900))
    np.testing.assert_allclose(whole.covariance, added.covariance, atol=ROUNDING)
    assert whole.n == added.n


def few_patterns(n: int, seed: int) -> pd.DataFrame:
    """Ratings of two levels each: at most 16 different rows."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)
    names = ("overall", "booking", "delivery", "satisfaction")
    return pd.DataFrame({name: np.where(mood + rng.normal(size=n) > 0, 5.0, 1.0) for name in names})


def error_over_that_of_rows(products: CrossProducts, frame: pd.DataFrame) -> float:
    """Standard error of the correlation with the journey rating, from groups over that from single rows."""
    x, y = (frame[name].to_numpy() for name in ("overall", "satisfaction"))
    z_x, z_y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = (z_x * z_y).mean()
    of_rows = np.sqrt(((z_x * z_y - r * (z_x**2 + z_y**2) / 2) ** 2).sum()) / len(x)
    return float(products.held_out(folds=10).std_error[0] / of_rows)


def test_the_deal_of_rows_is_random_in_simulation() -> None:
    # Thousands of copies of 16 rows: by the values alone, the error from groups would be 50 times too large;
    # dealt evenly, it would be 0. From 1,000 groups it is known to 1 / sqrt(2 * 999), whatever the data.
    given = {"journey": {"overall": cx.CSAT5}, "touchpoints": {"booking": cx.CSAT5, "delivery": cx.CSAT5}}
    shards = [few_patterns(20_000, seed) for seed in range(6)]
    frame = pd.concat(shards, ignore_index=True)
    whole = made(frame, **given)
    added = made(shards[0], **given)
    for shard in shards[1:]:
        added = added + made(shard, **given)
    tolerance = MC_ERRORS / np.sqrt(2 * 999)
    assert error_over_that_of_rows(whole, frame) == pytest.approx(1.0, abs=tolerance)
    assert error_over_that_of_rows(added, frame) == pytest.approx(1.0, abs=tolerance)
    expected = len(frame) / 1000
    square = ((whole.moments.n - expected) ** 2 / expected).sum()
    assert square == pytest.approx(999, abs=MC_ERRORS * np.sqrt(2 * 999))


def test_huge_counts_are_dealt_in_proportion() -> None:
    hashes, count = np.array([3, 5], dtype=np.uint64), np.array([10**11, 7], dtype=np.int64)
    dealt = deal(Seen.none(), hashes, count, 100)
    assert dealt.count[dealt.row == 0].sum() == 10**11
    assert dealt.count[dealt.row == 1].sum() == 7
    each = np.bincount(dealt.group[dealt.row == 0], weights=dealt.count[dealt.row == 0], minlength=100)
    assert ((each - 1e9) ** 2 / 1e9).sum() == pytest.approx(99, abs=MC_ERRORS * np.sqrt(2 * 99))
    assert dealt.seen.copies.tolist() == [10**11, 7]


def test_a_high_level_costs_no_digits() -> None:
    frame = journeys().assign(spend=lambda f: np.round(f.satisfaction * 8) / 8)
    raised = frame.assign(spend=frame.spend + 2.0**30)  # exactly representable, so the data are the same
    low, high = (made(f, outcome=cx.Continuous("spend"), cluster="firm").linear() for f in (frame, raised))
    # The mean of a group near 2^30 is itself known to 2^-23 only. Plain sums of squares near 2^60 would be off by more
    # than the slopes are.
    np.testing.assert_allclose(low.estimate[1:], high.estimate[1:], atol=2.0**-22)
    np.testing.assert_allclose(low.std_error[1:], high.std_error[1:], atol=2.0**-22)


def test_outcomes_are_turned_so_that_up_is_good() -> None:
    frame = journeys().assign(churned=lambda f: (f.satisfaction < 3).astype(int), cost=lambda f: -f.satisfaction)
    churn = made(frame, outcome=cx.Binary("churned", good=0))
    assert churn.mean[0] == pytest.approx(1 - frame.churned.mean(), rel=ROUNDING)
    cost = made(frame, outcome=cx.Continuous("cost", good="low"))
    assert cost.mean[0] == pytest.approx(frame.satisfaction.mean(), rel=ROUNDING)
    assert cost.correlation[0, 1] > 0


def test_rows_left_out_are_counted() -> None:
    frame = journeys(n=200)
    frame.loc[:4, "overall"] = np.nan
    frame.loc[3:9, "satisfaction"] = np.nan
    frame.loc[20:22, list(TOUCHPOINTS)] = np.nan
    frame.loc[30, "firm"] = None
    products = made(frame, cluster="firm")
    assert (products.n, products.n_missing, products.n_unused) == (186, 11, 3)
    assert str(products).endswith(
        " groups of whole clusters 'firm' · overall 0-10, booking 1-5, effort 1-5, delivery 1-7, satisfaction 1-5 · "
        "11 rows with a missing value · 3 rows without any touchpoint"
    )
    assert str(products) == repr(products)


KEYS: dict[str, list[Any]] = {
    "int8": [1, 2, None, 3],
    "int64": [2**53 - 1, 5, 5, None],
    "float64": [0.5, -0.0, 0.0, None],
    "bool_": [True, False, None, True],
    "string": ["z", "ä", "", None],
    "date32": [0, 19000, None, 19000],
}


@pytest.mark.parametrize("kind", KEYS)
def test_batches_against_the_tally(engine: Convert, kind: str) -> None:
    table = pa.table({"key": pa.array(KEYS[kind] * 700, getattr(pa, kind)())})
    batches = list(column_batches(engine(table), ["key"], 2048))
    assert [len(batch["key"]) for batch in batches] == [2048, 752]
    cells = cx.tally(engine(table), strata=["key"])
    values = np.concatenate([batch["key"] for batch in batches])
    assert {batch["key"].dtype for batch in batches} == {cells["key"].dtype}
    assert cells.count.sum() == len(values)
    for level, count in zip(cells["key"], cells.count, strict=True):
        missing = level is None or level != level
        assert sum((v is None or v != v) if missing else v == level for v in values.tolist()) == count


def test_a_mixed_column_is_text_in_every_batch() -> None:
    frame = pd.DataFrame({"key": pd.Series([1, 1, "a", 1], dtype=object)})
    batches = list(column_batches(frame, ["key"], 2))
    assert [batch["key"].tolist() for batch in batches] == [["1", "1"], ["a", "1"]]


def test_a_relation_is_run_once() -> None:
    connection = duckdb.connect()
    connection.execute("create sequence touched")
    connection.execute(
        "create table answers as select range % 5 + 1 as a, range % 3 + 1 as b, (range // 7) % 5 + 1 as c, "
        "(range // 11) % 5 + 1 as y from range(10000)"
    )
    lazy = connection.sql("select a + 0 * nextval('touched') as a, b, c, y from answers")
    given = {"journey": {"c": cx.CSAT5}, "touchpoints": {"a": cx.CSAT5, "b": cx.CSAT5}}
    assert made(lazy, outcome=cx.Rating("y", cx.CSAT5), **given).n == 10_000
    assert connection.execute("select currval('touched')").fetchall() == [(10_000,)]
    connection.close()


def whole(message: str) -> str:
    """A pattern for all of a message."""
    return f"^{re.escape(message)}$"


FRAME = journeys(n=400)
JOURNEY_SAID = "journey must map the one column that rates the whole journey to its scale, but {} was given.\n"
JOURNEY_HINT = 'Pass for example journey={"overall": cx.CSAT5}; for Cells its name is enough.'
COMPUTED = (
    "The journey must have been rated by itself, not computed from its touchpoints, but 'overall' {} in all {} rows.\n"
    "Such a rating knows nothing that the touchpoints do not: it is the composite."
)
CSATS = {"booking": cx.CSAT5, "delivery": cx.CSAT7}


@pytest.mark.parametrize(
    ("data", "given", "error", "message"),
    [
        (FRAME, {"journey": "overall"}, RoleError, JOURNEY_SAID.format("'overall'") + JOURNEY_HINT),
        (FRAME, {"journey": None}, RoleError, JOURNEY_SAID.format("None") + JOURNEY_HINT),
        (
            FRAME,
            {"touchpoints": ["booking", "effort"]},
            RoleError,
            (
                "touchpoints must map the column of each touchpoint to its scale, but ['booking', 'effort'] was "
                'given.\nPass for example touchpoints={"booking": cx.CSAT5, "delivery": cx.CSAT5}; for Cells names are '
                "enough."
            ),
        ),
        (
            FRAME,
            {"touchpoints": {"booking": cx.CSAT5}},
            TooFewError,
            "A journey needs at least two touchpoints, but 1 was given.\nUse cx.held_out for fewer.",
        ),
        (
            FRAME,
            {"touchpoints": {"booking": cx.CSAT5, "overall": cx.NPS}},
            RoleError,
            "The journey rating 'overall' must not be one of the touchpoints.\nLeave it out there.",
        ),
        (
            FRAME,
            {"outcome": cx.Survival("days", "gone")},
            RoleError,
            (
                "The outcome of a linear model must be Continuous, Rating or Binary, but Survival was given.\n"
                'Pass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
            ),
        ),
        (
            FRAME,
            {"outcome": None},
            RoleError,
            (
                "The outcome of a linear model must be Continuous, Rating or Binary, but none was declared.\n"
                'Pass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
            ),
        ),
        (
            FRAME,
            {"outcome": cx.Count("satisfaction")},
            RoleError,
            (
                "The outcome of a linear model must be Continuous, Rating or Binary, but Count was given.\n"
                'Pass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
            ),
        ),
        (
            FRAME,
            {"groups": 5},
            RoleError,
            "groups must be a whole number from 20 to 100,000, but 5 was given.",
        ),
        (FRAME.head(0), {}, ColumnError, "The data must hold at least one row, but they hold none."),
        (
            FRAME.assign(booking=np.nan, effort=np.nan, delivery=np.nan),
            {},
            TooFewError,
            (
                "At least one row must have all of 'satisfaction', 'overall' and a rating of one of 'booking', "
                "'effort', 'delivery', but none of 400 rows has.\nCheck how the tables were joined."
            ),
        ),
    ],
)
def test_what_is_refused_at_the_pass(data: Any, given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=whole(message)):
        made(data, **given)


def test_values_off_their_scale_are_counted_over_all_batches(monkeypatch: pytest.MonkeyPatch, engine: Convert) -> None:
    monkeypatch.setattr(journey_batches, "BATCH", 2048)
    frame = journeys(n=6000)
    frame.loc[[5, 2500, 5999], "overall"] = [11, 11, -1]
    message = (
        "'overall' must hold whole numbers 0 to 10 (NPS), but 3 of 6,000 rows do not: 11 (2 rows), -1 (1 row).\n"
        'Recode or drop them, or pass metrics={"overall": Scale(-1, 11)}.'
    )
    with pytest.raises(ScaleError, match=whole(message)):
        made(engine(pa.Table.from_pandas(frame)))


@pytest.mark.parametrize(
    ("data", "given", "error", "message"),
    [
        (
            FRAME.assign(booking=3),
            {},
            TooFewError,
            (
                "Ratings of the journey and of every touchpoint must take at least two values, but in 400 rows "
                "'booking' has fewer.\nA constant predicts nothing: leave it out."
            ),
        ),
        (
            FRAME.assign(satisfaction=3),
            {},
            TooFewError,
            (
                "The outcome 'satisfaction' must take at least two values, but all 400 rows hold one.\n"
                "There is nothing to predict."
            ),
        ),
        (
            FRAME.assign(booking=FRAME.overall.where(FRAME.booking.notna())),
            {"touchpoints": {**TOUCHPOINTS, "booking": cx.NPS}},
            ColumnError,
            (
                "No touchpoint may repeat the journey rating, but 'booking' equals 'overall' in all rows in which "
                "it was used.\nLeave it out, or find the rating that was asked for."
            ),
        ),
        (
            FRAME.assign(
                overall=((FRAME.booking - 1) / 4).fillna((FRAME.delivery - 1) / 6) / 2 + (FRAME.delivery - 1) / 12
            ),
            {"journey": {"overall": cx.Scale(0, 1, whole=False)}, "touchpoints": CSATS},
            ColumnError,
            COMPUTED.format("is their mean", 400),
        ),
        (
            FRAME.assign(
                overall=np.round(
                    5 * ((FRAME.booking - 1) / 4).fillna((FRAME.delivery - 1) / 6) + 5 * (FRAME.delivery - 1) / 6
                )
            ),
            {"touchpoints": CSATS},
            ColumnError,
            COMPUTED.format("is their mean, rounded", 400),
        ),
        (
            FRAME.assign(overall=(FRAME.booking.fillna(3) + 3 * FRAME.delivery) / 26),
            {"journey": {"overall": cx.Scale(0, 1, whole=False)}, "touchpoints": CSATS},
            ColumnError,
            COMPUTED.format("is a weighted sum of them", 400),
        ),
    ],
)
def test_what_makes_a_comparison_void_is_refused(data: Any, given: Any, error: type[Exception], message: str) -> None:
    products = made(data, **given)
    for fit in (products.held_out, products.linear, products.ridge):
        with pytest.raises(error, match=whole(message)):
            fit()


def test_what_models_refuse() -> None:
    products = made(FRAME, cluster="firm")
    groups = products.n_groups
    for call, error, message in [
        (
            lambda: products.held_out(folds=2),
            RoleError,
            f"folds must be a whole number from 3 to the {groups} groups that hold rows, but 2 was given.",
        ),
        (
            lambda: products.held_out(penalties=[-1]),
            RoleError,
            (
                "penalties must be a list of finite numbers from 0 up, but [-1] was given.\n"
                "Pass for example penalties=[0.001, 0.01, 0.1, 1]."
            ),
        ),
        (
            lambda: products.linear(["overal"]),
            ColumnError,
            (
                "'overal' must be the journey rating 'overall', 'composite of touchpoints', or one of the touchpoints "
                "'booking', 'effort', 'delivery'."
            ),
        ),
        (
            lambda: products.held_out().row("overal"),
            RoleError,
            (
                "model must be one of 'overall', 'composite of touchpoints', 'average touchpoint', 'best touchpoint, "
                "chosen in the folds', 'all touchpoints', 'booking', 'effort', 'delivery', and index 'r' or 'R2', but "
                "'overal' and 'r' were given."
            ),
        ),
        (
            lambda: products + made(FRAME),
            RoleError,
            "Only cross-products with the same roles can be added, but cluster is 'firm' and none.",
        ),
        (
            lambda: products + made(FRAME.assign(firm=range(400)), cluster="firm"),
            ColumnError,
            (
                "'firm' must have one type in both cross-products, but it holds numbers in one and text in the other.\n"
                "Cast it to text in both before the pass."
            ),
        ),
        (
            lambda: made(FRAME.assign(twin=FRAME.booking), touchpoints={**CSATS, "twin": cx.CSAT5}).linear(),
            ColumnError,
            (
                "The predictors must not repeat each other, but 'booking', 'booking used', 'twin', 'twin used' are "
                "collinear: each follows exactly from the others.\nLeave one of them out, or use the ridge path."
            ),
        ),
        (
            lambda: made(FRAME.assign(firm=FRAME.index % 9), cluster="firm").held_out(),
            RoleError,
            "folds must be a whole number from 3 to the 9 groups that hold rows, but 10 was given.",
        ),
        (
            lambda: made(FRAME.assign(firm=FRAME.index % 12), cluster="firm").held_out(),
            TooFewError,
            (
                "At least 20 clusters are needed for an interval, but there are 12.\n"
                "With fewer, no interval is trustworthy: report the estimates per cluster instead."
            ),
        ),
    ]:
        with pytest.raises(error, match=whole(message)):
            call()
    weighted = cx.tally(FRAME.assign(w=1.5), outcome=OUTCOME, metrics={**JOURNEY, **TOUCHPOINTS}, weight="w")
    with pytest.raises(
        RoleError, match=r"^Cross-products take no survey weights, but the cells have the weight 'w'\.\n"
    ):
        cross_products(weighted, journey="overall", touchpoints=list(TOUCHPOINTS))


def test_records_cannot_be_written_to() -> None:
    products = made(FRAME, cluster="firm")
    with pytest.raises(ValueError, match="read-only"):
        products.moments.mean[0, 0] = 1.0
    held = products.held_out(folds=4)
    with pytest.raises(ValueError, match="read-only"):
        held.influence[0, 0] = 1.0
    assert list(held.to_frame().columns[:3]) == ["model", "index", "estimate"]
    assert "of 4 training sets" in str(held)
