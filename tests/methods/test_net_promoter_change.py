"""The change of the net promoter score against paired t.test, the survey package, rows, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

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
def test_change_against_t_test_and_survey(rows: pd.DataFrame, design: str) -> None:
    reference = pd.read_csv(REFERENCES / "net_promoter_change.csv", comment="#").set_index("design").loc[design]
    result = cx.net_promoter_change(rows, before="nps", after="nps_after", **_roles(design))
    change = result.to_frame().iloc[2]
    for column in ("estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"):
        assert change[column] == pytest.approx(reference[column], rel=AGAINST_R)
    assert result.estimate[:2] == pytest.approx([reference.before, reference.after], rel=AGAINST_R)
    assert (result.n, result.df[2]) == (reference.n, reference.df)
    assert result.n_missing == len(rows) - result.n


def test_levels_are_the_scores_of_the_same_rows(rows: pd.DataFrame) -> None:
    result = cx.net_promoter_change(rows, before="nps", after="nps_after", cluster="firm")
    complete = rows.dropna(subset=["nps", "nps_after"])
    for row, column in enumerate(("nps", "nps_after")):
        alone = cx.net_promoter(complete, metric=column, cluster="firm")
        assert result.std_error[row] == pytest.approx(alone.std_error[0], rel=ROUNDING)
        assert result.confidence_interval().low[row] == pytest.approx(alone.confidence_interval().low[0], rel=ROUNDING)


def test_labels_follow_the_other_scores(rows: pd.DataFrame) -> None:
    frame = cx.net_promoter_change(rows, before="nps", after="nps_after").to_frame()
    assert frame.columns.tolist()[:3] == ["metric", "group", "estimate"]
    assert frame.metric.tolist() == ["nps", "nps_after", "nps_after - nps"]
    assert frame.group.unique().tolist() == ["all"]
    assert frame.p_value.isna().tolist() == [True, True, False]


def test_counted_rows_against_rows(rows: pd.DataFrame) -> None:
    tallied = rows.groupby(["nps", "nps_after"], dropna=False).size().rename("n").reset_index()
    single = cx.net_promoter_change(rows, before="nps", after="nps_after")
    counted = cx.net_promoter_change(tallied, before="nps", after="nps_after", count="n")
    cells = cx.tally(rows, metrics={"nps": cx.NPS, "nps_after": cx.NPS, "csat": cx.CSAT5})
    from_cells = cx.net_promoter_change(cells, before="nps", after="nps_after")
    for other in (counted, from_cells):
        pd.testing.assert_frame_equal(single.to_frame(), other.to_frame(), rtol=ROUNDING)
        assert (other.n, other.n_missing) == (single.n, single.n_missing)


def test_the_other_direction_is_the_negative(rows: pd.DataFrame) -> None:
    forth = cx.net_promoter_change(rows, before="nps", after="nps_after", weight="weight")
    back = cx.net_promoter_change(rows, before="nps_after", after="nps", weight="weight")
    assert back.estimate[2] == pytest.approx(-forth.estimate[2], rel=ROUNDING)
    assert back.std_error[2] == pytest.approx(forth.std_error[2], rel=ROUNDING)


def test_coverage_in_simulation() -> None:
    """50 customers asked twice; nominal 95%, tolerance 4 Monte Carlo standard errors.

    The truth is the change of the score in the population that the draws come from."""
    rng, reps, covered = np.random.default_rng(5), 300, []
    before = np.array([9, 9, 7, 7, 2, 2, 9, 2])
    after = np.array([9, 7, 9, 7, 2, 7, 2, 9])
    chance = np.array([0.3, 0.05, 0.15, 0.2, 0.1, 0.12, 0.02, 0.06])
    value = {9: 1, 7: 0, 2: -1}
    truth = 100 * sum(p * (value[b] - value[a]) for p, a, b in zip(chance, before, after, strict=True))
    for _ in range(reps):
        drawn = rng.choice(8, size=50, p=chance)
        frame = pd.DataFrame({"spring": before[drawn], "autumn": after[drawn]})
        interval = cx.net_promoter_change(frame, before="spring", after="autumn").confidence_interval()
        covered.append(interval.low[2] <= truth <= interval.high[2])
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / reps))


def test_limits_are_clipped() -> None:
    frame = pd.DataFrame({"spring": [0, 0, 0, 2], "autumn": [10, 10, 9, 6]})
    interval = cx.net_promoter_change(frame, before="spring", after="autumn").confidence_interval(0.99)
    assert interval.high[2] == 200.0
    assert interval.low[0] == -100.0
    assert interval.high[1] == 100.0


def test_equal_changes_get_a_note() -> None:
    frame = pd.DataFrame({"spring": [2, 7, 2], "autumn": [7, 9, 8]})
    result = cx.net_promoter_change(frame, before="spring", after="autumn")
    assert result.estimate[2] == 100.0
    assert result.notes == ("All who answered changed alike: a standard error of 0 must not be trusted.",)
    assert np.isnan(result.p_value[2])


def test_too_few_pairs_are_refused() -> None:
    frame = pd.DataFrame({"spring": [9.0, None, 3.0], "autumn": [9.0, 4.0, None]})
    message = (
        r"^At least 2 rows must have both 'spring', 'autumn', but of 3 rows only 1 does\."
        r"\nIf different people answered, use cx\.net_promoter with by=\.$"
    )
    with pytest.raises(cx.TooFewError, match=message):
        cx.net_promoter_change(frame, before="spring", after="autumn")


def test_columns_and_scales_are_checked(rows: pd.DataFrame) -> None:
    message = r"^before and after must be the names of two columns, but 'nps' and 'nps' were given\.\nFor one column"
    with pytest.raises(cx.RoleError, match=message):
        cx.net_promoter_change(rows, before="nps", after="nps")
    with pytest.raises(cx.ColumnError, match=r"^'later' is not a column of the data"):
        cx.net_promoter_change(rows, before="nps", after="later")
    cells = cx.tally(rows, metrics={"nps": cx.NPS, "csat": cx.CSAT5})
    with pytest.raises(cx.ColumnError, match=r"^'nps_after' is not a column of the metrics of the cells"):
        cx.net_promoter_change(cells, before="nps", after="nps_after")
    with pytest.raises(cx.ScaleError, match=r"^The net promoter score needs the scale NPS 0-10"):
        cx.net_promoter_change(cells, before="nps", after="csat")
    with pytest.raises(cx.ScaleError, match=r"^The net promoter score needs the scale NPS 0-10"):
        cx.net_promoter_change(rows, before="nps", after="nps_after", scale=cx.CSAT10)
