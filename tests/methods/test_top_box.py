"""Top-box shares against prop.test, binom.test, the survey package, statsmodels, and published values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx

REFERENCES = Path(__file__).parents[1] / "references"
# The same sums in another order.
ROUNDING = 1e-10
# The reference prints 15 digits; R finds its exact limits by iteration to about 1e-10.
AGAINST_R = 1e-8


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "scores_rows.csv", comment="#")


def shares(**groups: tuple[int, int]) -> pd.DataFrame:
    """Top answers out of all, per group, as counted rows on a scale 1-5."""
    return pd.DataFrame(
        [(name, csat, n) for name, (top, total) in groups.items() for csat, n in ((5, top), (2, total - top))],
        columns=["group", "csat", "n"],
    )


def _roles(design: str) -> dict[str, str]:
    return {role: {"weight": "weight", "cluster": "firm"}[role] for role in design.split() if role != "simple"}


@pytest.mark.parametrize("design", ["simple", "weight", "cluster", "weight cluster"])
@pytest.mark.parametrize("by", [None, "region", "plan"])
def test_shares_against_r(rows: pd.DataFrame, design: str, by: str | None) -> None:
    """Regions share their firms, plans do not."""
    expected = pd.read_csv(REFERENCES / "top_box.csv", comment="#")
    expected = expected[(expected.design == design) & (expected.by == (by or "none"))]
    result = cx.top_box(rows, metric="csat", scale=cx.CSAT5, by=by, **_roles(design))
    found = result.to_frame()
    assert found.group.tolist() == expected.group.tolist()
    for column in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"):
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=AGAINST_R, nan_ok=True)
    assert result.n_eff == pytest.approx(expected.n_eff.dropna().to_numpy(), rel=AGAINST_R)
    if design == "simple":
        exact = cx.top_box(rows, metric="csat", scale=cx.CSAT5, by=by, interval="clopper-pearson")
        groups = len(exact.groups)
        limits = exact.confidence_interval()
        assert limits.low[:groups] == pytest.approx(expected.exact_low[:groups].to_numpy(), abs=AGAINST_R)
        assert limits.high[:groups] == pytest.approx(expected.exact_high[:groups].to_numpy(), abs=AGAINST_R)
        # The difference stays Newcombe's, from the Wilson limits.
        assert limits.low[groups:] == pytest.approx(expected.ci_low[groups:].to_numpy(), abs=AGAINST_R)


def test_wilson_against_published() -> None:
    interval = cx.top_box(shares(x=(312, 400)), metric="csat", scale=cx.CSAT5, count="n").confidence_interval()
    assert (interval.low[0], interval.high[0]) == pytest.approx((0.7368, 0.8178), abs=5e-5)


@pytest.mark.parametrize(("n", "low", "high"), [(240, 0.10, 2.98), (480, 0.05, 1.50)])
def test_clopper_pearson_against_published(n: int, low: float, high: float) -> None:
    result = cx.top_box(shares(x=(2, n)), metric="csat", scale=cx.CSAT5, count="n", interval="clopper-pearson")
    interval = result.confidence_interval()
    assert (100 * interval.low[0], 100 * interval.high[0]) == pytest.approx((low, high), abs=0.005)


@pytest.mark.parametrize(
    "groups", [{"a": (56, 70), "b": (48, 80)}, {"a": (3, 3), "b": (0, 3)}, {"a": (5, 56), "b": (0, 29)}]
)
def test_difference_against_statsmodels(groups: dict[str, tuple[int, int]]) -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    (a, n), (b, m) = groups["a"], groups["b"]
    result = cx.top_box(shares(**groups), metric="csat", scale=cx.CSAT5, by="group", count="n")
    interval = result.confidence_interval()
    expected = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
    assert (interval.low[2], interval.high[2]) == pytest.approx(expected, abs=ROUNDING)
    z, p = proportions_ztest([a, b], [n, m])
    assert result.statistic[2] == pytest.approx(z, rel=ROUNDING)
    assert result.p_value[2] == pytest.approx(p, rel=ROUNDING)


def test_pairs_as_clusters_against_rows() -> None:
    """Each person answers once in either group: the correlation is that of the paired answers (phi)."""
    rng = np.random.default_rng(3)
    taste = rng.normal(size=80)
    good = [(taste + rng.normal(size=80) > cut).astype(int) for cut in (-0.3, 0.2)]
    frame = pd.DataFrame(
        {
            "csat": np.where(np.concatenate(good) == 1, 5, 1),
            "wave": np.repeat(["one", "two"], 80),
            "person": np.tile(np.arange(80), 2),
        }
    )
    result = cx.top_box(frame, metric="csat", scale=cx.CSAT5, by="wave", cluster="person")
    assert result.correlation[0] == pytest.approx(np.corrcoef(*good)[0, 1], rel=ROUNDING)
    change = good[0] - good[1]
    assert result.std_error[2] == pytest.approx(change.std(ddof=1) / np.sqrt(80), rel=ROUNDING)
    t = stats.t.ppf(0.975, 79)
    sides = []
    for answers in good:
        p = answers.mean()
        roots = np.roots([1 + t**2 / 80, -(2 * p + t**2 / 80), p**2])
        sides.append((p - roots.min(), roots.max() - p))
    (left, right), (other_left, other_right) = sides
    rho, difference = np.corrcoef(*good)[0, 1], change.mean()
    low = difference - np.sqrt(left**2 + other_right**2 - 2 * rho * left * other_right)
    high = difference + np.sqrt(right**2 + other_left**2 - 2 * rho * right * other_left)
    interval = result.confidence_interval()
    assert (interval.low[2], interval.high[2]) == pytest.approx((low, high), rel=ROUNDING)


def test_counted_rows_against_rows(rows: pd.DataFrame) -> None:
    tallied = rows.groupby(["csat", "plan", "weight"], dropna=False).size().rename("n").reset_index()
    options = {"metric": "csat", "scale": cx.CSAT5, "by": "plan", "weight": "weight", "boxes": 1}
    single = cx.top_box(rows, **options)
    pd.testing.assert_frame_equal(
        single.to_frame(), cx.top_box(tallied, count="n", **options).to_frame(), rtol=ROUNDING
    )
    on = (rows.plan == "pro") & rows.csat.notna() & rows.weight.notna()
    assert single.estimate[1] == pytest.approx(
        (rows.weight * (rows.csat == 5))[on].sum() / rows.weight[on].sum(), rel=ROUNDING
    )


def test_best_boxes_follow_the_direction(rows: pd.DataFrame) -> None:
    low_effort = cx.top_box(rows, metric="effort", scale=cx.EFFORT5)
    assert low_effort.boxes == (1.0, 2.0)
    assert low_effort.estimate[0] == pytest.approx((rows.effort <= 2).mean(), rel=ROUNDING)
    first_line = str(low_effort).splitlines()[3]
    assert first_line == "Best answers of 'effort': 1, 2, the lowest of CES 1.0 1-5 (up is bad); Wilson interval."
    top = cx.top_box(rows, metric="csat", scale=cx.CSAT5, boxes=1, interval="clopper-pearson")
    assert top.boxes == (5.0,)
    assert "Best answers of 'csat': 5, the highest of CSAT 1-5 (up is good); Clopper-Pearson interval." in str(top)
    assert cx.top_box(rows, metric="nps", scale=cx.NPS, boxes=2).boxes == (9.0, 10.0)
    assert cx.top_box(rows, metric="nps", scale=cx.NPS, boxes=10).boxes == tuple(range(1, 11))


def test_equal_answers_keep_their_width() -> None:
    result = cx.top_box(shares(x=(20, 20), y=(0, 20)), metric="csat", scale=cx.CSAT5, by="group", count="n")
    interval = result.confidence_interval()
    z2 = stats.norm.ppf(0.975) ** 2
    assert interval.low[0] == pytest.approx(20 / (20 + z2), rel=ROUNDING)
    assert interval.high[0] == 1.0
    assert interval.low[1] == 0.0
    assert result.n_eff.tolist() == [20.0, 20.0]
    alike = cx.top_box(shares(x=(20, 20), y=(9, 9)), metric="csat", scale=cx.CSAT5, by="group", count="n")
    assert alike.p_value[2] == 1.0


def test_equal_answers_in_clusters_count_as_their_clusters() -> None:
    frame = pd.DataFrame({"csat": 5, "firm": np.repeat(np.arange(50), 4)})
    result = cx.top_box(frame, metric="csat", scale=cx.CSAT5, cluster="firm")
    assert result.n_eff[0] == pytest.approx(50)
    t2 = stats.t.ppf(0.975, 49) ** 2
    assert result.confidence_interval().low[0] == pytest.approx(50 / (50 + t2), rel=ROUNDING)


def test_a_single_row_is_described() -> None:
    frame = pd.DataFrame({"csat": [5, 1, 2, 5], "by": ["a", "b", "b", "b"]})
    result = cx.top_box(frame, metric="csat", scale=cx.CSAT5, by="by")
    assert np.isnan(result.std_error[0])  # one row has no spread
    assert np.isfinite(result.confidence_interval().low).all()
    assert np.isfinite(result.p_value[2])


def test_clustered_coverage_in_simulation() -> None:
    """60 firms of 5 customers whose answers are alike; nominal 95%, 4 Monte Carlo standard errors."""
    rng, reps, covered, naive = np.random.default_rng(41), 200, [], []
    truth = stats.norm.sf(-0.9 / np.sqrt(2))
    firm = np.repeat(np.arange(60), 5)
    for _ in range(reps):
        latent = 0.9 + rng.normal(size=60)[firm] + rng.normal(size=300)
        frame = pd.DataFrame({"csat": np.where(latent > 0, 5, 2), "firm": firm})
        for hits, cluster in ((covered, "firm"), (naive, None)):
            interval = cx.top_box(frame, metric="csat", scale=cx.CSAT5, cluster=cluster).confidence_interval()
            hits.append(interval.low[0] <= truth <= interval.high[0])
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / reps))
    assert np.mean(naive) < 0.88


@pytest.mark.parametrize("boxes", [0, 5, -1, 2.0, True, "2"])
def test_boxes_out_of_range_are_refused(rows: pd.DataFrame, boxes: object) -> None:
    message = rf"^boxes must be a whole number from 1 to 4 on CSAT 1-5, which has 5 answers, but {boxes!r} was given\.$"
    with pytest.raises(cx.ScaleError, match=message):
        cx.top_box(rows, metric="csat", scale=cx.CSAT5, boxes=boxes)  # type: ignore[arg-type]


def test_scales_without_steps_are_refused() -> None:
    frame = pd.DataFrame({"slider": [0.5, 3.2]})
    message = r"^Boxes need a scale of whole numbers, but scale 0-10 of 'slider' has values in between\.\nUse cx\.mean_"
    with pytest.raises(cx.ScaleError, match=message):
        cx.top_box(frame, metric="slider", scale=cx.Scale(0, 10, whole=False))


@pytest.mark.parametrize(("role", "column"), [("weight", "weight"), ("cluster", "firm")])
def test_clopper_pearson_refuses_weights_and_clusters(rows: pd.DataFrame, role: str, column: str) -> None:
    message = (
        r"^The Clopper-Pearson interval is exact only for independent rows that count alike, but "
        rf"{role}='{column}' was declared\.\nUse interval=\"wilson\", which takes the effective sample size\.$"
    )
    with pytest.raises(cx.RoleError, match=message):
        cx.top_box(rows, metric="csat", scale=cx.CSAT5, interval="clopper-pearson", **{role: column})
    cells = cx.tally(rows, metrics={"csat": cx.CSAT5}, **{role: column})
    with pytest.raises(cx.RoleError, match=message):
        cx.top_box(cells, interval="clopper-pearson")


def test_unknown_intervals_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(cx.RoleError, match=r"^interval must be 'wilson' or 'clopper-pearson', but 'wald' was given\.$"):
        cx.top_box(rows, metric="csat", scale=cx.CSAT5, interval="wald")  # type: ignore[arg-type]
