"""Means by group against t.test, the survey package, rows, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx

REFERENCES = Path(__file__).parents[1] / "references"
# The same sums in another order.
ROUNDING = 1e-10
# The reference prints 15 digits; both sides are closed forms, quantiles and tails are iterated.
AGAINST_R = 1e-9


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "scores_rows.csv", comment="#")


def _roles(design: str) -> dict[str, str]:
    return {role: {"weight": "weight", "cluster": "firm"}[role] for role in design.split() if role != "simple"}


@pytest.mark.parametrize("design", ["simple", "weight", "cluster", "weight cluster"])
@pytest.mark.parametrize("by", [None, "region", "plan"])
def test_means_against_t_test_and_survey(rows: pd.DataFrame, design: str, by: str | None) -> None:
    """Regions share their firms, plans do not."""
    expected = pd.read_csv(REFERENCES / "mean_score.csv", comment="#")
    expected = expected[(expected.design == design) & (expected.by == (by or "none"))]
    result = cx.mean_score(rows, metric="csat", scale=cx.CSAT5, by=by, **_roles(design))
    found = result.to_frame()
    assert found.group.tolist() == expected.group.tolist()
    for column in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"):
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=AGAINST_R, nan_ok=True)
    assert result.df == pytest.approx(expected.df.to_numpy(), rel=AGAINST_R)
    assert result.n == rows[["csat", *_roles(design).values()]].dropna().shape[0]
    assert result.n_missing == len(rows) - result.n


def test_counted_rows_against_rows(rows: pd.DataFrame) -> None:
    tallied = rows.groupby(["effort", "plan", "firm"], dropna=False).size().rename("n").reset_index()
    options = {"metric": "effort", "scale": cx.EFFORT5, "by": "plan", "cluster": "firm"}
    single = cx.mean_score(rows, **options)
    pd.testing.assert_frame_equal(
        single.to_frame(), cx.mean_score(tallied, count="n", **options).to_frame(), rtol=ROUNDING
    )
    cells = cx.tally(rows, metrics={"effort": cx.EFFORT5, "nps": cx.NPS}, controls=["plan"], cluster="firm")
    from_cells = cx.mean_score(cells, metric="effort", by="plan")
    pd.testing.assert_frame_equal(single.to_frame(), from_cells.to_frame(), rtol=ROUNDING)
    assert from_cells.n_cells < from_cells.n


def test_whole_counts_as_weights_give_another_error() -> None:
    frame = pd.DataFrame({"csat": [5, 3, 1], "n": [40, 20, 10]})
    counted = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, count="n")
    weighted = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, weight="n")
    expanded = np.repeat([5, 3, 1], [40, 20, 10])
    assert counted.estimate[0] == pytest.approx(expanded.mean(), rel=ROUNDING)
    assert counted.std_error[0] == pytest.approx(expanded.std(ddof=1) / np.sqrt(70), rel=ROUNDING)
    assert weighted.estimate[0] == pytest.approx(counted.estimate[0], rel=ROUNDING)
    assert (counted.n, weighted.n) == (70, 3)
    assert weighted.std_error[0] > 3 * counted.std_error[0]


def test_coverage_of_small_unequal_groups_in_simulation() -> None:
    """Welch's interval of two groups of 12 and 25 with unequal spread; 4 Monte Carlo standard errors."""
    rng, covered = np.random.default_rng(19), []
    answers = np.arange(1, 8)
    first = np.exp(-0.5 * (answers - 4.0) ** 2 / 4)
    second = np.exp(-0.5 * (answers - 4.5) ** 2)
    first, second = first / first.sum(), second / second.sum()
    truth = answers @ first - answers @ second
    for _ in range(20):  # 50 samples at a time, each as two groups
        draws = [rng.choice(answers, (50, 12), p=first), rng.choice(answers, (50, 25), p=second)]
        group = np.concatenate([np.repeat(np.arange(50) + start, size) for start, size in ((0, 12), (100, 25))])
        frame = pd.DataFrame({"ease": np.concatenate([d.ravel() for d in draws]), "group": group})
        result = cx.mean_score(frame, metric="ease", scale=cx.EASE7, by="group")
        wanted = [result.terms.index(f"{i} - {100 + i}") for i in range(50)]
        interval = result.confidence_interval()
        covered.extend((interval.low[wanted] <= truth) & (truth <= interval.high[wanted]))
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / len(covered)))


def test_other_levels_need_no_new_fit(rows: pd.DataFrame) -> None:
    result = cx.mean_score(rows, metric="csat", scale=cx.CSAT5)
    wide, narrow = result.confidence_interval(0.99), result.confidence_interval(0.5)
    half = stats.t.ppf(0.75, result.n - 1) * result.std_error[0]
    assert narrow.high[0] == pytest.approx(result.estimate[0] + half, rel=AGAINST_R)
    assert wide.low[0] < narrow.low[0]
    with pytest.raises(ValueError, match=r"^The confidence level must lie between 0 and 1, but 95 was given"):
        result.confidence_interval(95)


def test_limits_are_clipped_to_the_scale() -> None:
    frame = pd.DataFrame({"csat": [5, 5, 5, 4, 1, 1, 1, 2], "by": ["a"] * 4 + ["b"] * 4})
    interval = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, by="by").confidence_interval(0.99)
    assert interval.high[0] == 5.0
    assert interval.low[1] == 1.0
    assert interval.high[2] == 4.0


def test_equal_answers_get_a_note() -> None:
    frame = pd.DataFrame({"csat": [4, 4, 4, 5, 5], "by": ["a"] * 3 + ["b"] * 2})
    result = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, by="by")
    assert result.std_error.tolist() == [0.0, 0.0, 0.0]
    assert result.notes == ("The rows of 'a', 'b' do not differ: a standard error of 0 must not be trusted.",)
    assert np.isnan(result.statistic[2])
    assert np.isnan(result.p_value[2])
    assert "Note: The rows of 'a', 'b' do not differ" in str(result)
    weighted = frame.assign(weight=[0.1, 0.7, 0.3, 0.1, 0.2])
    again = cx.mean_score(weighted, metric="csat", scale=cx.CSAT5, by="by", weight="weight")
    assert again.std_error.tolist() == [0.0, 0.0, 0.0]
    assert again.estimate[:2].tolist() == [4.0, 5.0]


def test_a_constant_is_refused() -> None:
    message = r"^The metric 'csat' must take at least two values, but all 6 rows hold 4\.\nCheck the column"
    with pytest.raises(cx.TooFewError, match=message):
        cx.mean_score(pd.DataFrame({"csat": [4] * 6}), metric="csat", scale=cx.CSAT5)


def test_clusters_that_do_not_differ_get_a_note() -> None:
    frame = pd.DataFrame({"csat": [1, 2, 3, 4, 5] * 40, "firm": np.repeat(np.arange(40), 5)})
    result = cx.mean_score(frame, metric="csat", scale=cx.CSAT5, cluster="firm")
    assert result.std_error[0] == 0.0
    assert result.notes == ("The clusters of 'all' do not differ: a standard error of 0 must not be trusted.",)


def test_groups_of_one_row_are_refused() -> None:
    frame = pd.DataFrame({"csat": [4, 4, 3, 5, 1], "by": ["a", "a", "b", "c", "c"]})
    message = (
        r"^A mean of 'csat' needs at least 2 rows in each group for an interval, but 'b' has 1\."
        r"\nLeave such a group out, or join it with another\.$"
    )
    with pytest.raises(cx.TooFewError, match=message):
        cx.mean_score(frame, metric="csat", scale=cx.CSAT5, by="by")
    with pytest.raises(cx.TooFewError, match=r"for an interval, but there is 1\."):
        cx.mean_score(frame[:1], metric="csat", scale=cx.CSAT5)


def test_the_scale_must_be_declared(rows: pd.DataFrame) -> None:
    message = r"^The scale of 'csat' must be declared, but None was given\.\nPass for example scale=cx\.CSAT5"
    with pytest.raises(cx.RoleError, match=message):
        cx.mean_score(rows, metric="csat")
    with pytest.raises(cx.RoleError, match=r"^The scale of 'csat' must be declared, but \(1, 5\) was given"):
        cx.mean_score(rows, metric="csat", scale=(1, 5))  # type: ignore[arg-type]
    cells = cx.tally(rows, metrics={"csat": cx.CSAT5})
    with pytest.raises(cx.RoleError, match=r"^The roles of cells are fixed when they are tallied, but metrics"):
        cx.mean_score(cells, metric="csat", scale=cx.CSAT7)
    assert cx.mean_score(cells).estimate == cx.mean_score(rows, metric="csat", scale=cx.CSAT5).estimate


def test_text_is_refused() -> None:
    with pytest.raises(cx.ColumnError, match=r"^'csat' must hold numbers, but it holds text: "):
        cx.mean_score(pd.DataFrame({"csat": ["very good"]}), metric="csat", scale=cx.CSAT5)
