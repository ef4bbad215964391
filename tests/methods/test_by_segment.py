"""Metrics by segment against pROC and metafor, brute force on rows, all quadruples one by one, and in simulation."""

import re
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, SeparationError, TooFewError
from cxstats.methods.by_segment import by_segment
from cxstats.numerics.crossing import Crossing, crossing
from cxstats.numerics.multiplicity import holm
from cxstats.numerics.segments import segment_areas, terms

Array = npt.NDArray[Any]
REFERENCES = Path(__file__).parents[1] / "references"
TABLE = pd.read_csv(REFERENCES / "random_effects.csv", comment="#")
# R prints 15 digits; areas are sums of a hundred terms.
AGAINST_PROC = 1e-11
# metafor halves its way to the limits of tau.
AGAINST_METAFOR = 1e-8
# The same sums in another order.
ROUNDING = 1e-10
MC_ERRORS = 4
DELTA = 0.01
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5, "tenure": cx.Scale(0, 100, whole=False)}
STAYED = cx.Binary("stayed")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Customers of 60 firms; each firm has customers in up to three plans, and lies in one of two regions."""
    table = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    odd = table.firm.str[1:].astype(int) % 2 == 1
    return table.assign(segment=table.plan + np.where(odd, " odd", " even"))


def told(term: str) -> pd.Series:
    return TABLE[(TABLE.case == term) & (TABLE.row == 0)].set_index("what").value


def test_segments_against_pROC(rows: pd.DataFrame) -> None:
    result = by_segment(rows, outcome=STAYED, metrics=METRICS, segment="segment")
    frame = result.to_frame().set_index(["segment", "term"])
    assert result.segments == ("basic even", "basic odd", "gold even", "gold odd", "silver even", "silver odd")
    assert list(frame.index) == [(s, term) for s in (*result.segments, "all segments") for term in result.terms]
    for term in result.terms:
        expected = TABLE[(TABLE.case == term) & (TABLE.row > 0)]
        for what, value in zip(expected.what, expected.value, strict=True):
            variance = expected.column[expected.value.eq(value)].iloc[0] > 0
            found = frame.std_error[what, term] ** 2 if variance else frame.estimate[what, term]
            assert found == pytest.approx(value, rel=AGAINST_PROC)


def test_means_against_metafor(rows: pd.DataFrame) -> None:
    result = by_segment(rows, outcome=STAYED, metrics=METRICS, segment="segment")
    frame = result.to_frame().set_index(["segment", "term"]).loc["all segments"]
    spread = result.heterogeneity().set_index("term")
    for term in result.terms:
        expected = told(term)
        row, other = frame.loc[term], spread.loc[term]
        found = [row.estimate, row.std_error, row.ci_low, row.ci_high, row.statistic, row.p_value]
        assert found == pytest.approx(
            expected[["mean", "se", "low", "high", "statistic", "p"]].to_list(), rel=AGAINST_METAFOR
        )
        found = [other.tau**2, other.tau_low**2, other.tau_high**2, other.q, other.p_value, other.i2]
        found += [other.prediction_low, other.prediction_high]
        names = ["tau2", "tau2_low", "tau2_high", "q", "q_p", "i2", "new_low", "new_high"]
        assert found == pytest.approx(expected[names].to_list(), rel=AGAINST_METAFOR, abs=1e-12), term
        assert other.df == 5


def influence_on_rows(of: pd.DataFrame, metric: str, weight: str | None) -> tuple[float, Array]:
    """The area and the influence of each row, by comparing every good row with every bad one."""
    score = (6 - of[metric] if metric == "effort" else of[metric]).to_numpy(dtype=float)
    good = of.stayed.to_numpy() == 1
    w = np.ones(len(of)) if weight is None else of[weight].to_numpy()
    won = (np.sign(score[good][:, None] - score[~good]) + 1) / 2
    share = w[good] / w[good].sum(), w[~good] / w[~good].sum()
    area = float(share[0] @ won @ share[1])
    influence = np.zeros(len(of))
    influence[good] = share[0] * (won @ share[1] - area)
    influence[~good] = share[1] * (share[0] @ won - area)
    return area, influence


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("cluster", [None, "firm"])
def test_covariance_against_rows(rows: pd.DataFrame, cluster: str | None, weight: str | None) -> None:
    """Firms straddle the plans: sums per firm, with the small-sample factor of each plan's own firms."""
    result = by_segment(rows, outcome=STAYED, metrics=METRICS, segment="plan", cluster=cluster, weight=weight)
    columns, areas, factors = [], [], []
    for plan in ("basic", "gold", "silver"):
        of = rows[rows.plan == plan]
        firms = of.firm.nunique()
        for metric in METRICS:
            area, influence = influence_on_rows(of, metric, weight)
            areas.append(area)
            if cluster is None:
                size = of.groupby("stayed").firm.transform("size").to_numpy()
                columns.append(np.zeros(len(rows)))
                columns[-1][of.index] = influence * np.sqrt(size / (size - 1))
            else:
                columns.append(np.zeros(60))
                np.add.at(columns[-1], of.firm.str[1:].astype(int) - 1, influence)
            factors.append(1.0 if cluster is None else np.sqrt(firms / (firms - 1)))
    sums = np.column_stack(columns) * factors
    covariance = sums.T @ sums
    every = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, -1, 0], [1, 0, -1], [0, 1, -1]])
    assert result.covariance == pytest.approx(covariance, rel=ROUNDING, abs=1e-12)
    assert (np.abs(result.covariance[:3, 3:]) > 1e-6).all() == (cluster is not None)
    assert result.estimate[:18] == pytest.approx(np.concatenate(np.array(areas).reshape(3, 3) @ every.T), rel=ROUNDING)
    blocks = covariance.reshape(3, 3, 3, 3)
    for term, contrast in enumerate(every):
        V = np.einsum("i,aibj,j->ab", contrast, blocks, contrast)
        assert result.std_error[term:18:6] == pytest.approx(np.sqrt(np.diag(V)), rel=ROUNDING)
        W = np.linalg.inv(V + result.summaries[term].tau2 * np.eye(3))
        assert result.estimate[18 + term] == pytest.approx(W.sum(axis=0) @ result.estimate[term:18:6] / W.sum())


@pytest.mark.parametrize("keys", [{}, {"cluster": "firm"}, {"weight": "weight"}])
def test_segments_against_delong_on_their_rows(rows: pd.DataFrame, keys: Any) -> None:
    result = by_segment(rows, outcome=STAYED, metrics=METRICS, segment="plan", **keys)
    frame = result.to_frame(level=0.9)
    for plan in result.segments:
        alone = cx.delong(rows[rows.plan == plan], outcome=STAYED, metrics=METRICS, **keys).to_frame(level=0.9)
        own = frame[frame.segment == plan].drop(columns="segment").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, alone, rtol=ROUNDING, atol=1e-13)


def test_directions_do_not_matter(rows: pd.DataFrame) -> None:
    result = by_segment(rows, outcome=STAYED, metrics=METRICS, segment="plan")
    turned = rows.assign(effort=6 - rows.effort, stayed=1 - rows.stayed)
    metrics = {**METRICS, "effort": cx.EASE5}
    other = by_segment(turned, outcome=cx.Binary("stayed", good=0), metrics=metrics, segment="plan")
    pd.testing.assert_frame_equal(result.to_frame(), other.to_frame(), rtol=ROUNDING)


def test_p_best_against_theory() -> None:
    """Two metrics: the chance that the first is the larger is the normal tail of their difference."""
    customers = cx.simulate.industries(700, rng=3)
    both = {"nps": cx.NPS, "csat": cx.CSAT5}
    result = by_segment(customers, outcome=cx.Binary("repurchase"), metrics=both, segment="industry")
    expected = norm.sf(-(result.estimate / result.std_error)[[2, 5]])
    error = MC_ERRORS * np.sqrt(expected * (1 - expected) / 10_000)
    assert np.abs(result.p_best[:, 0] - expected) == pytest.approx([0, 0], abs=float(error.max()))
    assert result.p_best.sum(axis=1) == pytest.approx([1, 1], rel=ROUNDING)
    again = by_segment(customers, outcome=cx.Binary("repurchase"), metrics=both, segment="industry")
    assert np.array_equal(result.p_best, again.p_best)


def one_by_one(difference: Array, std_error: Array, df: Array, delta: float) -> tuple[float, float, Any]:
    """The crossing rule read aloud: every quadruple with its own p, Holm over all; every pair's two ways out."""
    S, pairs = difference.shape

    def p(distance: float, s: int, pair: int) -> float:
        return min(1.0, 2 * float(t(df[s]).sf(distance / std_error[s, pair])))

    found = {
        (a, b, j): max(p(difference[a, j] - delta, a, j), p(-delta - difference[b, j], b, j))
        for a, b in permutations(range(S), 2)
        for j in range(pairs)
    }
    adjusted = holm(np.array(list(found.values())))
    refuted = [
        2
        * min(
            max(p(delta - difference[s, j], s, j) for s in range(S)),
            max(p(difference[s, j] + delta, s, j) for s in range(S)),
        )
        for j in range(pairs)
    ]
    return float(adjusted.min()), min(1.0, max(refuted)), [key for key, p in found.items() if p == min(found.values())]


@pytest.mark.parametrize("seed", range(12))
def test_crossing_against_all_quadruples_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    S, metrics = int(rng.integers(2, 6)), ["a", "b", "c", "d"][: int(rng.integers(2, 5))]
    pairs = list(combinations(metrics, 2))
    difference = rng.normal(size=(S, len(pairs))) * rng.choice([0.002, 0.02, 0.05])
    std_error = rng.uniform(0.002, 0.01, size=difference.shape)
    df = rng.choice([np.inf, 25.0, 80.0], S)
    found = crossing(difference, std_error, df, DELTA, [f"s{i}" for i in range(S)], metrics)
    supported, refuted, strongest = one_by_one(difference, std_error, df, DELTA)
    assert found.p_supported == pytest.approx(supported, rel=1e-8)
    assert found.p_not_supported == pytest.approx(refuted, rel=1e-8)
    assert found.quadruples == S * (S - 1) * len(pairs)
    assert (found.delta, found.p_supported < 1 and found.p_not_supported < 0.05) == (DELTA, False)
    named = (*(int(name[1:]) for name in found.segments), pairs.index(found.metrics))
    assert named in strongest
    first, second = found.effects
    larger = max(first.p_not_above(DELTA), second.p_not_below(-DELTA))
    assert found.p_supported == pytest.approx(min(1.0, found.quadruples * min(1.0, 2 * larger)), rel=1e-12)


def test_no_variation_is_no_knowledge() -> None:
    """Two names for one metric: a difference of exactly 0 without variance shows nothing, either way."""
    customers = cx.simulate.industries(300, rng=2).assign(again=lambda d: 10 - d.nps)
    metrics = {"nps": cx.NPS, "again": cx.Scale(0, 10, higher_is_better=False), "csat": cx.CSAT5}
    result = by_segment(customers, outcome=cx.Binary("repurchase"), metrics=metrics, segment="industry")
    frame = result.to_frame().set_index(["segment", "term"])
    assert frame.loc[("retail", "nps - again"), ["estimate", "std_error", "p_value"]].to_list() == [0, 0, 1]
    assert frame.loc[("all segments", "nps - again"), ["estimate", "std_error", "p_value"]].isna().all()
    assert result.heterogeneity().set_index("term").loc["nps - again"].drop("df").isna().all()
    assert result.crossing.p_not_supported == 1
    assert result.notes[-1] == (
        "No mean over segments for 'nps - again': somewhere the two order the customers alike, and their difference "
        "has no variance."
    )
    assert result.plot().get_ylabel() == ""
    assert "nan" not in str(result)


def exchangeable(rng: np.random.Generator, S: int, n: int, tie: Array) -> tuple[Array, Array, Array]:
    """Scores 0 to 6 of three metrics, outcomes and segments; ``tie`` (S, 3) is how close each comes to the outcome."""
    segment = np.repeat(np.arange(S), n)
    latent = rng.normal(size=S * n)
    own = rng.normal(size=(S * n, 3)) + 0.5 * rng.normal(size=(S * n, 1))
    scores = np.clip(np.round(3 + tie[segment] * latent[:, None] + own), 0, 6)
    return scores, latent + rng.normal(size=S * n) > 0, segment


def crossing_of(scores: Array, positive: Array, segment: Array) -> tuple[Crossing, Array]:
    S = int(segment.max()) + 1
    ones = np.ones(len(segment))
    areas = segment_areas(scores, positive, ones.astype(np.int64), ones, segment, [str(s) for s in range(S)])
    found = terms(areas, np.array([[1.0, -1, 0], [1, 0, -1], [0, 1, -1]]))
    return crossing(found.estimate, found.std_error, areas.df, DELTA, [str(s) for s in range(S)], "abc"), areas.auc


@pytest.mark.parametrize(("S", "n", "replications"), [(2, 200, 300), (4, 400, 200), (6, 150, 200)])
def test_identical_metrics_in_simulation(S: int, n: int, replications: int) -> None:
    """Whatever looks best differs between segments nearly always; that metrics change places is hardly ever shown."""
    rng = np.random.default_rng(S)
    false, naive = 0, 0
    for _ in range(replications):
        found, auc = crossing_of(*exchangeable(rng, S, n, np.full((S, 3), 0.5)))
        false += found.p_supported < 0.05
        naive += len(set(auc.argmax(axis=1))) > 1
    assert naive / replications > 0.5
    assert false / replications <= 0.05 + MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)


@pytest.mark.parametrize("S", [2, 4, 6])
def test_the_edge_of_no_crossing_in_simulation(S: int) -> None:
    """The worst truths without a crossing: one segment far on one side, the others at the very edge of the other."""
    rng, replications = np.random.default_rng(10 + S), 2000
    truth = np.full((S, 3), -DELTA)
    truth[0] = 0.1
    false = 0
    for _ in range(replications):
        drawn = truth + 0.012 * rng.normal(size=truth.shape)
        found = crossing(
            drawn, np.full(truth.shape, 0.012), np.full(S, np.inf), DELTA, [str(s) for s in range(S)], "abc"
        )
        false += found.p_supported < 0.05
    assert false / replications <= 0.05 + MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)


@pytest.mark.parametrize("S", [2, 5])
def test_the_edge_of_a_crossing_in_simulation(S: int) -> None:
    """A crossing that is just one, delta in one segment and -delta in another, is hardly ever refuted."""
    rng, replications = np.random.default_rng(20 + S), 2000
    truth = np.zeros((S, 1))
    truth[0], truth[1] = DELTA, -DELTA
    false = 0
    for _ in range(replications):
        drawn = truth + 0.002 * rng.normal(size=truth.shape)
        found = crossing(
            drawn, np.full(truth.shape, 0.002), np.full(S, np.inf), DELTA, [str(s) for s in range(S)], "ab"
        )
        false += found.p_not_supported < 0.05
    assert false / replications <= 0.05 + MC_ERRORS * np.sqrt(0.05 * 0.95 / replications)


def test_a_true_crossing_in_simulation() -> None:
    """Areas that differ by .06 one way in one industry, and by .06 the other way in the other; 4,000 customers each."""
    truth = cx.simulate.industries_truth()
    assert truth.crossing == pytest.approx(0.06, abs=1e-8)
    found = 0
    for seed in range(40):
        customers = cx.simulate.industries(4000, rng=seed)
        metrics = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
        result = by_segment(customers, outcome=cx.Binary("repurchase"), metrics=metrics, segment="industry")
        if result.crossing.p_supported < 0.05:
            found += 1
            assert set(result.crossing.metrics) == {"nps", "csat"}
    assert found / 40 > 0.9


def test_one_best_metric_in_simulation() -> None:
    """One metric best everywhere, the others equal: never supported; refuted once there are customers enough."""
    rng = np.random.default_rng(30)
    tie = np.tile([0.7, 0.4, 0.4], (3, 1))
    few = [crossing_of(*exchangeable(rng, 3, 300, tie))[0] for _ in range(200)]
    assert np.mean([found.p_supported < 0.05 for found in few]) <= 0.05
    assert np.mean([found.p_not_supported < 0.05 for found in few]) < 0.5
    many = [crossing_of(*exchangeable(rng, 3, 120_000, tie))[0] for _ in range(4)]
    assert max(found.p_not_supported for found in many) < 0.05
    assert min(found.p_supported for found in many) == 1


def test_small_segments_are_left_out_and_named(rows: pd.DataFrame) -> None:
    gold = rows.plan == "gold"
    lost = rows[gold & (rows.stayed == 1)].index[9:]
    few = rows.drop(index=lost).assign(nps=lambda d: d.nps.where(d.index != 0))
    result = by_segment(few, outcome=STAYED, metrics=METRICS, segment="plan")
    n_gold = int(few.plan.eq("gold").sum() - (few.plan[0] == "gold"))
    n_good = int((few.plan.eq("gold") & few.stayed.eq(1) & few.nps.notna()).sum())
    assert result.segments == ("basic", "silver")
    assert result.n_left_out == (("gold", n_gold),)
    assert result.n_missing == n_gold + 1
    assert result.n == len(few) - n_gold - 1
    assert result.notes[0] == (
        f"Left out as too small or too one-sided: 1 segment, {n_gold} rows: "
        f"'gold' ({n_good} good and {n_gold - n_good} bad outcomes)."
    )
    assert result.notes[1] == (
        "2 segments are few (fewer than 5): how much segments differ is hardly known, and the intervals over all of "
        "them are wide."
    )
    without = by_segment(few[few.plan != "gold"], outcome=STAYED, metrics=METRICS, segment="plan")
    pd.testing.assert_frame_equal(result.to_frame(), without.to_frame())


def test_too_few_segments_are_refused_in_full(rows: pd.DataFrame) -> None:
    one = rows.assign(plan=np.where(rows.index < 15, "new", "old"))
    good = int(one.stayed[:15].sum())
    rest = int(one.stayed[15:].sum())
    with pytest.raises(TooFewError) as caught:
        by_segment(one, outcome=STAYED, metrics=METRICS, segment="plan")
    assert str(caught.value) == (
        "At least two segments of 'plan' must have 10 good and 10 bad outcomes each, but 1 of 2 can be used: "
        f"'new' ({good} good and {15 - good} bad outcomes), 'old' ({rest} good and {585 - rest} bad outcomes)."
        "\nUse a longer window or coarser segments; cx.delong compares the metrics over all customers."
    )


def two_halves(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    stayed = np.arange(n) % 2
    score = np.clip(np.round(3 + stayed + rng.normal(size=n)), 1, 5)
    other = np.clip(np.round(3 + stayed + rng.normal(size=n)), 1, 5)
    return pd.DataFrame(
        {"half": np.arange(n) % 4 // 2 + 1.5, "stayed": stayed, "a": score, "b": other, "store": np.arange(n) // 4}
    )


@pytest.mark.parametrize(
    ("change", "keys", "why"),
    [
        ({"a": lambda d: d.a.where(d.half > 2, 4)}, {}, "'1.5' (30 good and 30 bad outcomes, 'a' constant)"),
        (
            {"b": lambda d: d.b.where(d.half > 2, 1 + d.stayed)},
            {},
            "'1.5' (30 good and 30 bad outcomes, told apart perfectly by 'b')",
        ),
        (
            {"store": lambda d: d.store % 30 // np.where(d.half > 2, 1, 3)},
            {"cluster": "store"},
            "'1.5' (30 good and 30 bad outcomes, in 10 of at least 20 clusters)",
        ),
    ],
    ids=["constant", "separated", "clusters"],
)
def test_why_a_segment_cannot_be_used_is_said_in_full(change: Any, keys: Any, why: str) -> None:
    data = two_halves().assign(**change)
    with pytest.raises(TooFewError) as caught:
        by_segment(data, outcome=STAYED, metrics={"a": cx.CSAT5, "b": cx.CSAT5}, segment="half", **keys)
    assert str(caught.value) == (
        "At least two segments of 'half' must have 10 good and 10 bad outcomes each, but 1 of 2 can be used: "
        f"{why}, '2.5' (30 good and 30 bad outcomes)."
        "\nUse a longer window or coarser segments; cx.delong compares the metrics over all customers."
    )


def test_few_clusters_are_noted_by_segment() -> None:
    data = two_halves()
    with pytest.warns(CxStatsWarning, match="^30 clusters are few"):
        result = by_segment(
            data, outcome=STAYED, metrics={"a": cx.CSAT5, "b": cx.CSAT5}, segment="half", cluster="store"
        )
    assert result.notes[:2] == tuple(
        f"Segment '{half}': 30 clusters are few (fewer than 40): the intervals may be too narrow."
        for half in ("1.5", "2.5")
    )
    assert result.df.tolist() == [29] * 6 + [1] * 3


def refused(data: Any, error: type[Exception], message: str, **changed: Any) -> None:
    keys: dict[str, Any] = {"outcome": STAYED, "metrics": {"a": cx.CSAT5, "b": cx.CSAT5}, "segment": "half"}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        by_segment(data, **(keys | changed))


def test_what_is_refused_is_refused_in_full() -> None:
    data = two_halves(1000)
    refused(
        data,
        TooFewError,
        "A comparison needs at least two metrics, but 1 was given.\nUse cx.auc for a single one.",
        metrics={"a": cx.CSAT5},
    )
    refused(data, RoleError, "segment must be the name of one column, but ['half'] was given.", segment=["half"])
    for smallest in (0, -0.01, 1, float("nan"), "1%"):
        refused(
            data,
            RoleError,
            f"smallest must be a difference of areas between 0 and 1, but {smallest!r} was given."
            "\nIt is the smallest difference that would matter, such as 0.01.",
            smallest=smallest,
        )
    refused(
        data,
        RoleError,
        "segment must be a column of at most 200 segments, but 'store' has 250."
        "\nIf it says who answered, pass it as cluster= instead; else group it more coarsely.",
        segment="store",
    )
    refused(
        data.assign(half=["all segments", "x"] * 500),
        RoleError,
        "'all segments' is what the result calls its means over segments, but 'half' has a segment of that name."
        "\nIf it is a total, leave its rows out; else rename it.",
    )
    refused(
        data.assign(half=np.nan),
        TooFewError,
        "At least one row must have all of 'stayed', 'a', 'b', 'half', but none of 1,000 rows has."
        "\nCheck how the tables were joined, or use fewer metrics.",
    )
    refused(
        data,
        RoleError,
        'A binary outcome is needed, but none was declared.\nPass outcome=cx.Binary("column", good=1).',
        outcome=None,
    )
    with pytest.raises(SeparationError, match=r"^The metric 'a' must not tell the outcome 'stayed' apart perfectly"):
        by_segment(
            data.assign(a=1 + data.stayed), outcome=STAYED, metrics={"a": cx.CSAT5, "b": cx.CSAT5}, segment="half"
        )


def test_cells_must_have_the_segment() -> None:
    data = two_halves(400)
    metrics = {"a": cx.CSAT5, "b": cx.CSAT5}
    expected = by_segment(data, outcome=STAYED, metrics=metrics, segment="half").to_frame()
    for kind in ("strata", "controls"):
        columns: Any = {kind: ["half", "store"]}
        cells = cx.tally(data, outcome=STAYED, metrics=metrics, **columns)
        pd.testing.assert_frame_equal(by_segment(cells, segment="half").to_frame(), expected)
    refused(
        cells,
        RoleError,
        "segment must be one of the strata or controls of the cells, but 'plan' is not among 'half', 'store'."
        '\nTally the data with strata=["plan"].',
        segment="plan",
    )


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_heterogeneity_frame(backend: Any) -> None:
    result = by_segment(two_halves(400), outcome=STAYED, metrics={"a": cx.CSAT5, "b": cx.CSAT5}, segment="half")
    frame = result.heterogeneity(backend, level=0.9)
    names = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert names == [
        "term",
        "tau",
        "tau_low",
        "tau_high",
        "q",
        "df",
        "p_value",
        "i2",
        "prediction_low",
        "prediction_high",
    ]
    assert len(frame) == 3
    with pytest.raises(ValueError, match=r"^The confidence level must lie between 0 and 1, but 95 was given"):
        result.heterogeneity(level=95)
