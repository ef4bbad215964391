"""Dependent correlations against R (cor.test, psych, survey, the papers' formulas), brute force and derivatives."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import RoleError, SeparationError, TooFewError
from cxstats.methods.dependent_correlations import DependentCorrelations, dependent_correlations

REFERENCES = Path(__file__).parents[1] / "references"
# R stores 15 digits and sums in another order.
ROUNDING = 1e-10
# svycontrast differentiates by formula, but its means and ours are summed in another order.
LINEARISED = 1e-9

METRICS = {
    "nps": cx.NPS,
    "effort": cx.EFFORT5,
    "tenure": cx.Scale(0, 200, higher_is_better=False, whole=False),
}
STARS = cx.Rating("stars", cx.CSAT5)
TERMS = ("nps", "effort", "tenure", "nps - effort", "nps - tenure", "effort - tenure")


def simulated() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")


def reference(case: str) -> pd.DataFrame:
    """The stored numbers of one case: a row per term, a column per quantity."""
    stored = pd.read_csv(REFERENCES / "dependent_correlations.csv", comment="#")
    return stored[stored.case == case].pivot(index="term", columns="quantity", values="value")


def compare(data: Any, **keys: Any) -> DependentCorrelations:
    return dependent_correlations(data, **{"outcome": STARS, "metrics": METRICS, **keys})


def test_correlations_against_cor_test() -> None:
    result, expected = compare(simulated()), reference("rows").loc[list(TERMS[:3])]
    assert result.labels == {"term": TERMS}
    frame = result.to_frame().head(3)
    for name in ("estimate", "ci_low", "ci_high", "statistic", "p_value"):
        assert frame[name].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=ROUNDING), name


def test_differences_against_papers_and_psych() -> None:
    result, expected = compare(simulated()), reference("rows").loc[list(TERMS[3:])]
    frame = result.to_frame().tail(3)
    pairs = {"ci_low": "zou_low", "ci_high": "zou_high", "statistic": "williams", "p_value": "williams_p"}
    for name, stored in {"estimate": "estimate", **pairs}.items():
        assert frame[name].to_numpy() == pytest.approx(expected[stored].to_numpy(), rel=ROUNDING), name


def test_the_three_tests_against_papers_and_psych() -> None:
    frame, expected = compare(simulated()).tests(), reference("rows").loc[list(TERMS[3:])]
    assert list(frame.columns) == [
        "term", "method", "scale", "estimate", "ci_low", "ci_high", "statistic", "df", "p_value",
    ]  # fmt: skip
    stored = {"Williams": "williams", "Steiger": "steiger", "Meng-Rosenthal-Rubin": "meng"}
    for method, quantity in stored.items():
        rows = frame[frame.method == method]
        assert tuple(rows.term) == TERMS[3:]
        gap = "estimate" if method == "Williams" else "gap"
        assert rows.estimate.to_numpy() == pytest.approx(expected[gap].to_numpy(), rel=ROUNDING)
        assert rows.statistic.to_numpy() == pytest.approx(expected[quantity].to_numpy(), rel=ROUNDING)
        assert rows.p_value.to_numpy() == pytest.approx(expected[f"{quantity}_p"].to_numpy(), rel=ROUNDING)
        assert set(rows.df) == {597.0 if method == "Williams" else np.inf}
        limited = method == "Meng-Rosenthal-Rubin"
        for end in ("low", "high"):
            limits = expected[f"meng_{end}"].to_numpy() if limited else np.full(3, np.nan)
            assert rows[f"ci_{end}"].to_numpy() == pytest.approx(limits, rel=ROUNDING, nan_ok=True)


@pytest.mark.parametrize("case", ["cluster", "weight", "weight cluster"])
def test_clusters_and_weights_against_survey(case: str) -> None:
    keys = {key: {"cluster": "firm", "weight": "weight"}[key] for key in case.split()}
    result, expected = compare(simulated(), **keys), reference(case).loc[list(TERMS)]
    assert result.estimate == pytest.approx(expected.estimate.to_numpy(), rel=LINEARISED)
    assert result.std_error == pytest.approx(expected.std_error.to_numpy(), rel=LINEARISED)
    assert result.df == (59.0 if "cluster" in keys else np.inf)
    assert result.statistic == pytest.approx((expected.estimate / expected.std_error).to_numpy(), rel=LINEARISED)
    assert len(result.tests()) == 0
    assert list(result.tests().columns) == list(compare(simulated()).tests().columns)
    told = {"cluster": "cluster", "weight": "weight", "weight cluster": "cluster and weight"}[case]
    assert result.notes[0] == (
        "The tests of Williams, Steiger and Meng, Rosenthal & Rubin hold for independent rows that count alike; "
        f"with {told} each estimate is tested by its own standard error instead."
    )


def test_limits_of_clustered_rows_against_their_formula() -> None:
    """Fisher's scale for each r, Zou's square and add for the difference, with the covariance that was estimated."""
    from scipy.stats import t

    result = compare(simulated(), cluster="firm")
    limits, q = result.confidence_interval(0.9), t.ppf(0.95, 59)
    r, error = result.estimate[:3], result.std_error[:3]
    ends = np.tanh(np.arctanh(r) + np.array([[-1], [1]]) * q * error / (1 - r**2))
    assert limits.low[:3] == pytest.approx(ends[0], rel=ROUNDING)
    assert limits.high[:3] == pytest.approx(ends[1], rel=ROUNDING)
    # nps - effort; its variance gives the correlation of the two estimates
    c = (error[0] ** 2 + error[1] ** 2 - result.std_error[3] ** 2) / (2 * error[0] * error[1])
    down, up = r[0] - ends[0, 0], ends[1, 1] - r[1]
    assert limits.low[3] == pytest.approx(r[0] - r[1] - np.sqrt(down**2 + up**2 - 2 * c * down * up), rel=ROUNDING)


def test_complete_rows_against_numpy() -> None:
    rows = simulated()
    rows.loc[:9, "nps"] = np.nan
    rows.loc[5:19, "stars"] = np.nan
    rows.loc[30:34, "tenure"] = np.nan
    result, used = compare(rows), rows.dropna()
    up = np.column_stack([used.stars, used.nps, -used.effort, -used.tenure])
    assert result.correlations == pytest.approx(np.corrcoef(up.T), abs=ROUNDING)
    assert (result.n, result.n_missing) == (575, 25)
    assert result.n_cells == len(used[["stars", *METRICS]].drop_duplicates())
    assert result.notes == ("10 rows had the outcome but not all metrics and were left out: same rows compared.",)


def test_good_turns_every_correlation_round() -> None:
    rows = simulated()
    up = compare(rows, outcome=cx.Continuous("stars"))
    down = compare(rows, outcome=cx.Count("stars", good="low"))
    assert np.array_equal(up.estimate, compare(rows).estimate)
    assert down.estimate == pytest.approx(-up.estimate, abs=ROUNDING)
    assert down.statistic == pytest.approx(-up.statistic, abs=ROUNDING)
    assert down.confidence_interval().low == pytest.approx(-up.confidence_interval().high, abs=ROUNDING)
    reversed_stars = cx.Rating("stars", cx.Scale(1, 5, higher_is_better=False))
    assert np.array_equal(compare(rows, outcome=reversed_stars).estimate, down.estimate)


def test_level_and_unit_of_the_outcome_do_not_matter() -> None:
    rows = simulated()
    moved = rows.assign(stars=1e9 + rows.stars / 1024)
    plain, result = compare(rows), compare(moved, outcome=cx.Continuous("stars"))
    assert result.estimate == pytest.approx(plain.estimate, abs=ROUNDING)
    tiny = compare(rows.assign(stars=rows.stars * 1e-200), outcome=cx.Continuous("stars"))
    assert tiny.estimate == pytest.approx(plain.estimate, abs=ROUNDING)


def test_rows_without_weight_count_for_nothing() -> None:
    rows = simulated()
    extra = pd.concat([rows, rows.head(40).assign(stars=1, tenure=199.0, weight=0.0)])
    first, second = compare(rows, weight="weight"), compare(extra, weight="weight")
    assert second.estimate == pytest.approx(first.estimate, abs=ROUNDING)
    # Only n / (n - 1) knows of the rows.
    assert second.std_error * np.sqrt(639 / 640) == pytest.approx(first.std_error * np.sqrt(599 / 600), rel=ROUNDING)


def test_equal_metrics_in_mirror_differ_by_nothing() -> None:
    """Two metrics whose parts in the outcome are the same: no difference, and no test finds one."""
    a = np.tile([1, 2, 3, 4, 5, 5, 2, 1], 4)
    b = np.tile([2, 1, 4, 3, 5, 5, 1, 2], 4)
    result = dependent_correlations(
        pd.DataFrame({"a": a, "b": b, "y": a + b}), outcome=cx.Count("y"), metrics={"a": cx.CSAT5, "b": cx.CSAT5}
    )
    assert result.estimate[2] == pytest.approx(0, abs=ROUNDING)
    assert result.p_value[2] == pytest.approx(1, abs=1e-6)


def test_cells_take_names_alone() -> None:
    rows = simulated()
    cells = cx.tally(rows, outcome=STARS, metrics=METRICS)
    two = dependent_correlations(cells, metrics=["effort", "nps"])
    assert two.terms == ("effort", "nps", "effort - nps")
    assert two.estimate[2] == pytest.approx(-compare(rows).estimate[3], abs=ROUNDING)


def refused(error: type[Exception], data: Any, **keys: Any) -> str:
    with pytest.raises(error, match=r"^[A-Z]") as caught:
        compare(data, **keys)
    return str(caught.value)


def test_outcomes_without_a_size_are_refused_in_full() -> None:
    must = "An outcome that is continuous, counted or rated is needed, but "
    assert refused(RoleError, simulated(), outcome=cx.Binary("stayed")) == (
        f"{must}Binary was given.\nCompare metrics of the binary outcome 'stayed' with cx.delong."
    )
    mend = 'Pass for example outcome=cx.Continuous("spend").'
    assert refused(RoleError, simulated(), outcome=None) == f"{must}none was declared.\n{mend}"
    survival = cx.Survival("stars", "stayed")
    assert refused(RoleError, simulated(), outcome=survival) == f"{must}Survival was given.\n{mend}"


def test_too_little_is_refused_in_full() -> None:
    rows = simulated()
    assert refused(TooFewError, rows, metrics={"nps": cx.NPS}) == (
        "A comparison needs at least two metrics, but 1 was given.\nAdd another metric."
    )
    must = "At least 10 rows with the outcome 'stars', all of 'nps', 'effort', 'tenure'"
    mend = "Check how the tables were joined, or compare fewer metrics."
    assert refused(TooFewError, rows.head(9)) == f"{must} are needed, but there are 9.\n{mend}"
    unweighted = rows.assign(weight=(np.arange(len(rows)) == 3) * 1.0)
    assert refused(TooFewError, unweighted, weight="weight") == (
        f"{must} and a weight above 0 are needed, but there is 1.\n{mend}"
    )
    nowhere = rows.assign(nps=np.where(np.arange(len(rows)) % 2, rows.nps, np.nan))
    nowhere["effort"] = np.where(np.arange(len(rows)) % 2, np.nan, rows.effort)
    assert refused(TooFewError, nowhere) == f"{must} are needed, but there are 0.\n{mend}"
    firms = rows[rows.firm.isin(rows.firm.unique()[:5])]
    assert refused(TooFewError, firms, cluster="firm").startswith("At least 20 clusters are needed for an interval")


@pytest.mark.parametrize(("column", "what"), [("nps", "metric"), ("stars", "outcome")])
def test_what_does_not_vary_is_refused_in_full(column: str, what: str) -> None:
    assert refused(TooFewError, simulated().assign(**{column: 4})) == (
        f"The {what} '{column}' must take at least two values, but all 600 rows hold 4."
        "\nWhat does not vary correlates with nothing: leave it out."
    )
    # A value that only a row without weight holds does not vary it either.
    rows = simulated().assign(**{column: 4})
    rows.loc[7, [column, "weight"]] = [2, 0.0]
    assert "but all 599 rows hold 4." in refused(TooFewError, rows, weight="weight")


def test_metrics_that_say_the_same_are_refused_in_full() -> None:
    rows = simulated()
    tens = {"nps": cx.NPS, "tens": cx.Scale(0, 100)}
    assert refused(RoleError, rows.assign(tens=10 * rows.nps), metrics=tens) == (
        "Metrics must differ to be compared, but 'nps' and 'tens' are the same in every row, up to their unit (r = 1)."
        "\nLeave one of them out."
    )
    assert refused(RoleError, rows.assign(tens=100 - 10 * rows.nps), metrics=tens) == (
        "Metrics must differ to be compared, but 'nps' and 'tens' are the same in every row, up to their unit and "
        "direction (r = -1).\nLeave one of them out; check the direction of their scales."
    )


@pytest.mark.parametrize(("sign", "shift"), [(1, 3.0), (-1, 90.0)])
def test_an_outcome_made_from_a_metric_is_refused_in_full(sign: int, shift: float) -> None:
    rows = simulated()
    made = rows.assign(stars=shift + sign * 0.7 * rows.nps)
    assert refused(SeparationError, made, outcome=cx.Continuous("stars")) == (
        f"No metric may follow the outcome 'stars' exactly, but 'nps' does (r = {sign}).\nCheck that it was not "
        "computed from the outcome; if not, the rows are too few for an interval."
    )


def test_levels_and_backends_of_the_tests_are_checked() -> None:
    result = compare(simulated())
    with pytest.raises(ValueError, match=r"^The confidence level must lie between 0 and 1, but 95 was given"):
        result.tests(level=95)
    with pytest.raises(ValueError, match=r"^backend must be 'pandas', 'polars' or 'pyarrow', not 'R'\.$"):
        result.tests("R")  # type: ignore[arg-type]
    assert result.tests("polars").shape == (9, 9)
    narrow, wide = result.tests(level=0.5), result.tests(level=0.99)
    meng = narrow.method == "Meng-Rosenthal-Rubin"
    assert (wide.ci_low[meng] < narrow.ci_low[meng]).all()
