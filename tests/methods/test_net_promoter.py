"""The net promoter score against published values, the survey package, rows, enumeration and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx
from cxstats.numerics.scores import adjusted_wald

REFERENCES = Path(__file__).parents[1] / "references"
# The same sums in another order.
ROUNDING = 1e-10
# The reference prints 15 digits; both sides are closed forms.
AGAINST_R = 1e-9
# FACTS prints its golden values to two or three digits after the point.
PRINTED = 0.005


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "scores_rows.csv", comment="#")


def counted(*groups: tuple[str, int, int, int]) -> pd.DataFrame:
    """Promoters, passives and detractors of each group as counted rows."""
    return pd.DataFrame(
        [(name, nps, n) for name, *sizes in groups for nps, n in zip((9, 7, 2), sizes, strict=True)],
        columns=["group", "nps", "n"],
    )


@pytest.mark.parametrize(
    ("sizes", "plain", "centre", "low", "high"),
    [
        ((200, 200, 100), 20.0, 19.88, 13.34, 26.42),
        ((10, 0, 0), 100.0, 76.9, 47.5, 100.0),
        ((7, 2, 1), 60.0, 46.15, 7.04, 85.27),
    ],
)
def test_one_score_against_published(
    sizes: tuple[int, int, int], plain: float, centre: float, low: float, high: float
) -> None:
    result = cx.net_promoter(counted(("x", *sizes)), metric="nps", count="n")
    interval = result.confidence_interval()
    assert result.estimate[0] == pytest.approx(plain, rel=ROUNDING)
    assert result.centre[0] == pytest.approx(centre, abs=0.05)
    assert interval.low[0] == pytest.approx(low, abs=0.05 if plain == 100 else PRINTED)
    assert interval.high[0] == pytest.approx(high, abs=PRINTED)
    assert result.n == sum(sizes)


def test_two_scores_against_published() -> None:
    frame = counted(("new", 220, 200, 80), ("old", 200, 200, 100))
    result = cx.net_promoter(frame, metric="nps", by="group", count="n")
    assert result.terms == ("new", "old", "new - old")
    assert result.centre[2] == pytest.approx(7.95, abs=PRINTED)
    assert result.statistic[2] == pytest.approx(1.715, abs=5e-4)
    assert result.p_value[2] == pytest.approx(0.0864, abs=5e-5)
    assert result.estimate[2] == pytest.approx(8.0, rel=ROUNDING)
    assert np.isnan(result.statistic[:2]).all()
    assert np.isnan(result.p_value[:2]).all()


def _roles(design: str) -> dict[str, str]:
    return {role: {"weight": "weight", "cluster": "firm"}[role] for role in design.split() if role != "simple"}


@pytest.mark.parametrize("design", ["simple", "weight", "cluster", "weight cluster"])
@pytest.mark.parametrize("by", [None, "region", "plan"])
def test_scores_against_survey(rows: pd.DataFrame, design: str, by: str | None) -> None:
    """Regions share their firms, plans do not."""
    expected = pd.read_csv(REFERENCES / "net_promoter.csv", comment="#")
    expected = expected[(expected.design == design) & (expected.by == (by or "none"))]
    result = cx.net_promoter(rows, metric="nps", by=by, **_roles(design))
    found = result.to_frame()
    assert found.group.tolist() == expected.group.tolist()
    for column in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"):
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=AGAINST_R, nan_ok=True)
    n_eff = expected.n_eff.dropna().to_numpy()
    assert result.n_eff == pytest.approx(n_eff, rel=AGAINST_R)
    assert result.df == pytest.approx(expected.df.to_numpy())
    used = ["nps", *_roles(design).values()]
    assert result.n == rows[used].dropna().shape[0]
    assert result.n_missing == len(rows) - result.n


def test_clusters_that_span_groups_in_part_against_rows() -> None:
    """Linearisation row by row: some firms are in one group, some in both."""
    rng = np.random.default_rng(11)
    firm = np.repeat(np.arange(60), rng.integers(2, 7, size=60))
    frame = pd.DataFrame({"firm": firm, "group": np.where(rng.random(len(firm)) < 0.5, "a", "b")})
    frame.loc[frame.firm < 9, "group"] = "a"
    frame.loc[frame.firm > 55, "group"] = "b"
    frame["nps"] = np.clip(np.round(7 + rng.normal(size=60)[firm] + 2 * rng.normal(size=len(firm))), 0, 10)
    result = cx.net_promoter(frame, metric="nps", by="group", cluster="firm")
    x = np.where(frame.nps >= 9, 1, np.where(frame.nps <= 6, -1, 0))
    sums, inflation, simple, adjusted = {}, {}, {}, {}
    for name in ("a", "b"):
        on = (frame.group == name).to_numpy()
        influence = np.where(on, (x - x[on].mean()) / on.sum(), 0.0)
        sums[name] = pd.Series(influence).groupby(frame.firm).sum()
        g = frame.firm[on].nunique()
        inflation[name] = g / (g - 1)
        linearised = inflation[name] * (sums[name] ** 2).sum()
        simple[name] = x[on].var() / (on.sum() - 1)
        n = min(on.sum(), on.sum() * simple[name] / linearised)
        p, d = (x[on] > 0).mean(), (x[on] < 0).mean()
        p, d = (p * n + 0.75) / (n + 3), (d * n + 0.75) / (n + 3)
        adjusted[name] = (p - d, np.sqrt((p + d - (p - d) ** 2) / (n + 3)))
    rho = (sums["a"] * sums["b"]).sum() / np.sqrt((sums["a"] ** 2).sum() * (sums["b"] ** 2).sum())
    (_, first), (_, second) = adjusted["a"], adjusted["b"]
    expected = np.sqrt(first**2 + second**2 - 2 * rho * first * second)
    assert rho > 0.05  # else the test would not tell joint from separate influences
    assert result.std_error[:2] == pytest.approx([100 * first, 100 * second], rel=ROUNDING)
    assert result.std_error[2] == pytest.approx(100 * expected, rel=ROUNDING)
    assert result.centre[2] == pytest.approx(100 * (adjusted["a"][0] - adjusted["b"][0]), rel=ROUNDING)


def test_counted_rows_against_rows(rows: pd.DataFrame) -> None:
    keys = ["nps", "region", "weight"]
    tallied = rows.groupby(keys, dropna=False).size().rename("n").reset_index()
    single = cx.net_promoter(rows, metric="nps", by="region", weight="weight")
    counted_rows = cx.net_promoter(tallied, metric="nps", by="region", weight="weight", count="n")
    pd.testing.assert_frame_equal(single.to_frame(), counted_rows.to_frame(), rtol=ROUNDING)
    cells = cx.tally(rows, metrics={"nps": cx.NPS, "csat": cx.CSAT5}, strata=["region", "plan"], weight="weight")
    from_cells = cx.net_promoter(cells, metric="nps", by="region")
    pd.testing.assert_frame_equal(single.to_frame(), from_cells.to_frame(), rtol=ROUNDING)
    assert (single.n, single.n_missing) == (from_cells.n, from_cells.n_missing) == (counted_rows.n, single.n_missing)


def test_clusters_of_one_row_against_none(rows: pd.DataFrame) -> None:
    frame = rows.assign(person=np.arange(len(rows)))
    alone = cx.net_promoter(frame, metric="nps", by="plan")
    each = cx.net_promoter(frame, metric="nps", by="plan", cluster="person")
    assert each.std_error == pytest.approx(alone.std_error, rel=ROUNDING)
    assert each.df[:2].tolist() == [285, 427]  # rows of each plan with an answer, minus one


def test_weights_do_not_depend_on_their_unit(rows: pd.DataFrame) -> None:
    first = cx.net_promoter(rows, metric="nps", by="plan", weight="weight")
    second = cx.net_promoter(rows.assign(weight=1000 * rows.weight), metric="nps", by="plan", weight="weight")
    equal = cx.net_promoter(rows.assign(weight=2.5), metric="nps", by="plan", weight="weight")
    none = cx.net_promoter(rows, metric="nps", by="plan")
    assert second.std_error == pytest.approx(first.std_error, rel=ROUNDING)
    assert equal.confidence_interval().low == pytest.approx(none.confidence_interval().low, rel=ROUNDING)


def test_equal_answers_keep_their_width_by_kish() -> None:
    weight = np.array([1.0, 2.0, 3.0, 4.0] * 10)
    frame = pd.DataFrame({"nps": 9, "weight": weight, "firm": np.arange(40)})
    result = cx.net_promoter(frame, metric="nps", weight="weight")
    assert result.n_eff[0] == pytest.approx(weight.sum() ** 2 / (weight**2).sum(), rel=ROUNDING)
    n = result.n_eff[0]
    p, d = (n + 0.75) / (n + 3), 0.75 / (n + 3)
    assert result.std_error[0] == pytest.approx(100 * np.sqrt((p + d - (p - d) ** 2) / (n + 3)), rel=ROUNDING)
    # In clusters that all say the same, only the clusters are known to be independent.
    twice = pd.concat([frame, frame])
    clustered = cx.net_promoter(twice, metric="nps", weight="weight", cluster="firm")
    assert clustered.n_eff[0] == pytest.approx(n, rel=ROUNDING)


def test_effective_rows_never_exceed_rows() -> None:
    # Each firm has one promoter, one detractor and one passive but two firms: hardly any variance between firms.
    frame = pd.DataFrame({"firm": np.repeat(np.arange(50), 3), "nps": [9, 7, 2] * 50})
    frame.loc[[0, 3], "nps"] = 7
    result = cx.net_promoter(frame, metric="nps", cluster="firm")
    assert result.n_eff[0] == 150
    balanced = frame.assign(nps=[9, 7, 2] * 50)
    assert cx.net_promoter(balanced, metric="nps", cluster="firm").n_eff[0] == pytest.approx(50)


def test_coverage_by_enumeration() -> None:
    """All trinomial samples of n = 30. The lattice of outcomes moves the coverage by up to .01 around .95;
    towards all promoters the adjustment makes the interval conservative, never short."""
    n = 30
    up, down = (a.ravel() for a in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    up, down = up[up + down <= n], down[up + down <= n]
    mean, variance = (up - down) / n, (up + down) / n - ((up - down) / n) ** 2
    centre, error = adjusted_wald(mean, variance, np.full(len(mean), float(n)))
    for p, d in [(0.4, 0.2), (0.3, 0.3), (0.6, 0.1), (0.1, 0.4), (0.5, 0.5), (0.8, 0.05), (0.95, 0.01)]:
        chance = stats.multinomial.pmf(np.column_stack([up, n - up - down, down]), n, [p, 1 - p - d, d])
        coverage = chance[np.abs(centre - (p - d)) <= stats.norm.ppf(0.975) * error].sum()
        assert coverage > 0.94
        if p < 0.8:
            assert coverage < 0.96


def test_coverage_in_simulation() -> None:
    """2,000 samples of 30 customers through the public function; tolerance 4 Monte Carlo standard errors."""
    rng = np.random.default_rng(2016)
    covered = []
    for _ in range(20):
        draws = rng.choice([9, 7, 2], size=(100, 30), p=[0.4, 0.4, 0.2])
        frame = pd.DataFrame({"sample": np.repeat(np.arange(100), 30), "nps": draws.ravel()})
        interval = cx.net_promoter(frame, metric="nps", by="sample").confidence_interval()
        covered.extend((interval.low[:100] <= 20) & (interval.high[:100] >= 20))
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 2000))


def test_difference_with_shared_clusters_covers_in_simulation() -> None:
    """Customers answer on two channels; their answers are alike. Nominal 95%, 4 Monte Carlo standard errors.

    Taken as independent, the two scores would give an interval that is too wide (coverage near 1)."""
    rng = np.random.default_rng(7)
    joint, separate, truth, reps = [], [], 0.0, 200
    for _ in range(reps):
        taste = rng.normal(size=60)
        frame = pd.DataFrame({"person": np.tile(np.arange(60), 2), "channel": np.repeat(["a", "b"], 60)})
        frame["nps"] = np.where(np.tile(taste, 2) + 0.5 * rng.normal(size=120) > 0, 9, 3)
        both = cx.net_promoter(frame, metric="nps", by="channel", cluster="person").confidence_interval()
        each = cx.net_promoter(frame, metric="nps", by="channel").confidence_interval()
        joint.append(both.low[2] <= truth <= both.high[2])
        separate.append(each.low[2] <= truth <= each.high[2])
    assert np.mean(joint) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / reps))
    assert np.mean(separate) > 0.98


def test_equal_scores_differ_by_nothing() -> None:
    frame = counted(("x", 2, 0, 1), ("y", 1, 2, 0), ("z", 4, 0, 2))
    result = cx.net_promoter(frame, metric="nps", by="group", count="n")
    assert result.estimate[3:].tolist() == [0.0, 0.0, 0.0]


def test_groups_are_in_canonical_order() -> None:
    frame = pd.DataFrame({"nps": [9, 2, 9, 7] * 2, "year": [2021, 2019, 10, 9] * 2, "name": ["b", "B", "a", "é"] * 2})
    assert cx.net_promoter(frame, metric="nps", by="year").groups == ("9", "10", "2019", "2021")
    result = cx.net_promoter(frame, metric="nps", by="name")
    assert result.groups == ("B", "a", "b", "é")
    assert result.terms[4:] == ("B - a", "B - b", "B - é", "a - b", "a - é", "b - é")


def test_frame_follows_the_schema() -> None:
    result = cx.net_promoter(counted(("x", 3, 2, 1), ("y", 1, 1, 1)), metric="nps", by="group", count="n")
    frame = result.to_frame()
    labels, schema = ["metric", "group"], ["estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"]
    assert frame.columns.tolist() == labels + schema
    assert frame.metric.unique().tolist() == ["nps"]
    assert (frame.ci_low >= [-100, -100, -200]).all()
    assert (frame.ci_high <= [100, 100, 200]).all()
    with pytest.raises(ValueError, match="read-only"):
        result.estimate[0] = 0.0


def test_limits_are_clipped() -> None:
    frame = counted(("x", 6, 0, 0), ("y", 0, 0, 6))
    interval = cx.net_promoter(frame, metric="nps", by="group", count="n").confidence_interval(0.999999)
    assert interval.low.tolist()[1] == -100.0
    assert interval.high.tolist() == [100.0, interval.high[1], 200.0]


def test_a_single_row_is_described() -> None:
    result = cx.net_promoter(pd.DataFrame({"nps": [9, 2, 3], "by": ["a", "b", "b"]}), metric="nps", by="by")
    assert result.estimate.tolist() == [100.0, -100.0, 200.0]
    assert np.isfinite(result.std_error).all()


def test_missing_values_are_counted() -> None:
    frame = pd.DataFrame(
        {"nps": [9, None, 2, 8, 9], "by": ["a", "a", None, "b", "b"], "weight": [1.0, 1.0, 1.0, None, 2.0]}
    )
    result = cx.net_promoter(frame, metric="nps", by="by", weight="weight")
    assert (result.n, result.n_missing) == (2, 3)
    assert "2 rows used, 3 left out with a missing value" in str(result)


def test_few_clusters_warn_and_the_note_is_kept(rows: pd.DataFrame) -> None:
    few = rows[rows.firm <= "f030"]
    with pytest.warns(cx.CxStatsWarning, match=r"^30 clusters are few \(fewer than 40\)"):
        result = cx.net_promoter(few, metric="nps", cluster="firm")
    assert result.notes == ("30 clusters are few (fewer than 40): the intervals may be too narrow.",)


def test_groups_with_too_few_clusters_are_named(rows: pd.DataFrame) -> None:
    with pytest.raises(
        cx.TooFewError,
        match=r"^Group 'new': At least 20 clusters are needed for an interval, but there are 12\.\n",
    ):
        cx.net_promoter(
            rows.assign(age=np.where(rows.firm <= "f012", "new", "old")), metric="nps", by="age", cluster="firm"
        )


SCALE = r"^The net promoter score needs the scale NPS 0-10 of whole numbers, up is good, but Scale\(low=0, high=10"


@pytest.mark.parametrize(
    "scale",
    [
        cx.Scale(0, 10),
        cx.Scale(0, 10, kind="nps", higher_is_better=False),
        cx.Scale(0, 10, kind="nps", whole=False),
    ],
)
def test_other_scales_are_refused(scale: cx.Scale) -> None:
    frame = pd.DataFrame({"nps": [9, 2]})
    with pytest.raises(cx.ScaleError, match=SCALE):
        cx.net_promoter(frame, metric="nps", scale=scale)
    with pytest.raises(cx.ScaleError, match=SCALE):
        cx.net_promoter(cx.tally(frame, metrics={"nps": scale}))


def test_an_nps_scale_by_another_name_will_do() -> None:
    frame = pd.DataFrame({"nps": [9, 2, 8]})
    own = cx.Scale(0, 10, kind="nps")
    assert cx.net_promoter(frame, metric="nps", scale=own).estimate[0] == 0.0
    assert cx.net_promoter(cx.tally(frame, metrics={"nps": own})).estimate[0] == 0.0


def test_answers_off_the_scale_are_refused() -> None:
    with pytest.raises(
        cx.ScaleError, match=r"^'nps' must hold whole numbers 0 to 10 \(NPS\), but 1 of 2 rows does not"
    ):
        cx.net_promoter(pd.DataFrame({"nps": [9, 11]}), metric="nps")
    with pytest.raises(cx.ScaleError, match=r"0 to 10"):
        cx.net_promoter(pd.DataFrame({"nps": [9, 8.5]}), metric="nps")


def test_metric_and_group_must_be_declared(rows: pd.DataFrame) -> None:
    cells = cx.tally(rows, metrics={"nps": cx.NPS, "csat": cx.CSAT5}, controls=["plan"])
    with pytest.raises(cx.RoleError, match=r"^metric must be the name of one column, but None was given\.\nPass for"):
        cx.net_promoter(rows)
    with pytest.raises(cx.RoleError, match=r"but None was given; the cells have 'nps', 'csat'\.\n"):
        cx.net_promoter(cells)
    with pytest.raises(cx.RoleError, match=r"^metric must be the name of one column, but \['nps'\] was given"):
        cx.net_promoter(rows, metric=["nps"])  # type: ignore[arg-type]
    with pytest.raises(cx.ColumnError, match=r"^'npss' is not a column of the metrics of the cells, which holds"):
        cx.net_promoter(cells, metric="npss")
    with pytest.raises(cx.ColumnError, match=r"^'npss' is not a column of the data.*\nNearest to 'npss': 'nps'"):
        cx.net_promoter(rows, metric="npss")
    with pytest.raises(cx.RoleError, match=r"^by must be the name of one column, but \['plan'\] was given\.$"):
        cx.net_promoter(rows, metric="nps", by=["plan"])  # type: ignore[arg-type]
    with pytest.raises(
        cx.RoleError,
        match=r"^by must be one of the strata or controls of the cells, but 'region' is not among 'plan'\.\nTally the",
    ):
        cx.net_promoter(cells, metric="nps", by="region")
    with pytest.raises(cx.RoleError, match=r"^A column must play one part, but 'plan' was given more than one of"):
        cx.net_promoter(rows, metric="nps", by="plan", cluster="plan")
    assert cx.net_promoter(cells, metric="nps", by="plan").groups == ("basic", "pro")
    only = cx.tally(rows, metrics={"nps": cx.NPS})
    assert cx.net_promoter(only).metric == "nps"


def test_too_many_groups_are_refused(rows: pd.DataFrame) -> None:
    frame = pd.DataFrame({"nps": [9] * 201, "person": np.arange(201)})
    with pytest.raises(
        cx.RoleError, match=r"^by must be a column of at most 200 groups, but 'person' has 201\.\nIf it"
    ):
        cx.net_promoter(frame, metric="nps", by="person")


def test_no_complete_row_is_refused() -> None:
    frame = pd.DataFrame({"nps": [9.0, None], "by": [None, "a"]})
    with pytest.raises(
        cx.TooFewError, match=r"^At least one row must have 'nps', 'by', but none of 2 rows does\.\nCheck"
    ):
        cx.net_promoter(frame, metric="nps", by="by")


def test_groups_without_weight_are_refused() -> None:
    frame = pd.DataFrame({"nps": [9, 2, 8], "by": ["a", "b", "b"], "weight": [0.0, 1.0, 1.0]})
    with pytest.raises(
        cx.ColumnError, match=r"^The weights of every group must add up to more than 0, but those of 'a'"
    ):
        cx.net_promoter(frame, metric="nps", by="by", weight="weight")
