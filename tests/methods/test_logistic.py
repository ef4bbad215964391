"""Logistic regression against glm, sandwich and survey in R, statsmodels, rows, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import binom, norm, t

import cxstats as cx
from cxstats.numerics.influence import covariance
from cxstats.numerics.logistic import fit_logistic

REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits, and its last iteration starts from the maximum: what is left is rounding.
AGAINST_R = 1e-11
# statsmodels stops at a gradient of its own choice.
AGAINST_STATSMODELS = 1e-8
# The same sums in another order.
ROUNDING = 1e-10
# A tail probability multiplies the relative error of its quantile.
TAILS = 1e-9
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}
STAYED = cx.Binary("stayed")
TERMS = ("(intercept)", "nps", "effort", "tenure", "plan[gold]", "plan[silver]")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")


def fitted(data: object, **more: object) -> "cx.methods.Logistic":  # type: ignore[name-defined]
    return cx.logistic(data, outcome=STAYED, metrics=METRICS, controls=["tenure", "plan"], **more)  # type: ignore[arg-type]


def reference(design: str) -> pd.DataFrame:
    table = pd.read_csv(REFERENCES / "logistic.csv", comment="#")
    return table[table.design == design]


def keys(design: str) -> dict[str, str]:
    return {role: {"weight": "weight", "cluster": "firm"}[role] for role in design.split() if role != "simple"}


@pytest.mark.parametrize("design", ["simple", "cluster", "weight", "weight cluster"])
def test_logistic_against_glm_sandwich_and_survey(rows: pd.DataFrame, design: str) -> None:
    expected = reference(design)
    result = fitted(rows, **keys(design))
    assert result.terms == TERMS == tuple(expected.term)
    assert result.estimate == pytest.approx(expected.estimate.to_numpy(), rel=AGAINST_R)
    assert result.std_error == pytest.approx(expected.std_error.to_numpy(), rel=AGAINST_R)
    assert result.std_error**2 == pytest.approx(np.diag(result.covariance), rel=ROUNDING)
    assert (result.n, result.n_missing) == (len(rows), 0)
    assert (result.n_good, result.n_bad) == (rows.stayed.sum(), (1 - rows.stayed).sum())


def test_likelihood_against_glm(rows: pd.DataFrame) -> None:
    expected, result = reference("simple").iloc[0], fitted(rows)
    assert result.log_likelihood == pytest.approx(expected.log_likelihood, rel=ROUNDING)
    assert result.null_log_likelihood == pytest.approx(expected.null_log_likelihood, rel=ROUNDING)
    assert result.mcfadden == pytest.approx(1 - expected.log_likelihood / expected.null_log_likelihood, rel=ROUNDING)


@pytest.mark.parametrize("design", ["simple", "cluster"])
def test_interval_and_p_value_against_tails(rows: pd.DataFrame, design: str) -> None:
    expected, result = reference(design), fitted(rows, **keys(design))
    law = norm() if design == "simple" else t(rows.firm.nunique() - 1)
    frame = result.to_frame(level=0.9)
    ratio = expected.estimate / expected.std_error
    assert list(frame) == ["term", "estimate", "std_error", "ci_low", "ci_high", "statistic", "p_value"]
    assert frame.p_value.to_numpy() == pytest.approx(2 * law.sf(np.abs(ratio)), rel=TAILS)
    assert frame.ci_low.to_numpy() == pytest.approx(expected.estimate - law.isf(0.05) * expected.std_error, rel=TAILS)
    assert frame.ci_high.to_numpy() == pytest.approx(expected.estimate + law.isf(0.05) * expected.std_error, rel=TAILS)


def test_logistic_against_statsmodels(rows: pd.DataFrame) -> None:
    from statsmodels.discrete.discrete_model import Logit

    design = np.column_stack(
        [np.ones(len(rows)), rows.nps, 6 - rows.effort, rows.tenure, rows.plan == "gold", rows.plan == "silver"]
    ).astype(float)
    theirs = Logit(rows.stayed.to_numpy(), design).fit(disp=0, tol=1e-13)
    result = fitted(rows)
    assert result.estimate == pytest.approx(theirs.params, rel=AGAINST_STATSMODELS)
    assert result.std_error == pytest.approx(theirs.bse, rel=AGAINST_STATSMODELS)


def test_counted_rows_and_cells_against_rows(rows: pd.DataFrame) -> None:
    few = rows.assign(tenure=rows.tenure.round(-1))
    expected = fitted(few)
    counted = few.groupby(["nps", "effort", "tenure", "plan", "stayed"]).size().reset_index(name="n")
    cells = cx.tally(few, outcome=STAYED, metrics=METRICS, controls=["plan", "tenure"], cluster="firm")
    for result in (fitted(counted, count="n"), fitted(few.iloc[::-1])):
        assert result.estimate == pytest.approx(expected.estimate, rel=ROUNDING)
        assert result.std_error == pytest.approx(expected.std_error, rel=ROUNDING)
        assert (result.n, result.n_cells) == (len(rows), len(counted))
    from_cells = cx.logistic(cells, metrics=["nps"])
    assert from_cells.terms == ("(intercept)", "nps", "plan[gold]", "plan[silver]", "tenure")
    assert from_cells.df == rows.firm.nunique() - 1


def test_direction_against_turned_scores(rows: pd.DataFrame) -> None:
    """An effort score turned by hand, and the bad outcome declared as such, leave everything as it was."""
    turned = rows.assign(effort=6 - rows.effort, stayed=1 - rows.stayed)
    result = cx.logistic(
        turned,
        outcome=cx.Binary("stayed", good=0),
        metrics={"nps": cx.NPS, "effort": cx.EASE5},
        controls=["tenure", "plan"],
    )
    assert result.estimate == pytest.approx(fitted(rows).estimate, rel=ROUNDING)


def test_far_and_fine_controls_against_rescaled_ones(rows: pd.DataFrame) -> None:
    """A control far from 0 in tiny units (a moment in seconds) costs no digits that matter."""
    plain = fitted(rows)
    odd = fitted(rows.assign(tenure=1.7e9 + rows.tenure * 86_400))
    assert odd.estimate[1:] * np.array([1, 1, 86_400, 1, 1]) == pytest.approx(plain.estimate[1:], rel=1e-6)
    assert odd.std_error[1:] * np.array([1, 1, 86_400, 1, 1]) == pytest.approx(plain.std_error[1:], rel=1e-6)


def test_missing_values_against_complete_rows(rows: pd.DataFrame) -> None:
    holes = rows.astype({"nps": float, "stayed": float})
    holes.loc[:9, "nps"] = np.nan
    holes.loc[10:14, "plan"] = None
    holes.loc[15:17, "stayed"] = np.nan
    holes.loc[18, "firm"] = None
    result, expected = fitted(holes, cluster="firm"), fitted(rows.iloc[19:], cluster="firm")
    assert (result.n, result.n_missing) == (len(rows) - 19, 19)
    assert result.estimate == pytest.approx(expected.estimate, rel=ROUNDING)


def test_weights_of_nought_against_rows_left_out(rows: pd.DataFrame) -> None:
    """Such rows add nothing; not even a level of a control."""
    weighted = rows.assign(weight=np.where(rows.plan == "silver", 0.0, rows.weight))
    result = fitted(weighted, weight="weight")
    expected = fitted(rows[rows.plan != "silver"], weight="weight")
    assert result.terms == expected.terms == ("(intercept)", "nps", "effort", "tenure", "plan[gold]")
    assert result.estimate == pytest.approx(expected.estimate, rel=ROUNDING)


def test_cluster_interval_covers_in_simulation() -> None:
    """60 firms of 12 customers who share score and luck: the naive interval is far too narrow."""
    rng, replicates, hits, naive = np.random.default_rng(20260102), 400, 0, 0
    firm, ones, names = np.repeat(np.arange(60), 12), np.ones(720, dtype=np.int64), ("(intercept)", "nps")
    for _ in range(replicates):
        score = np.clip(np.round(5 + 2.5 * rng.standard_normal(60)[firm] + rng.standard_normal(720)), 0, 10)
        # A firm effect in the log-odds would shrink the slope. Half of the customers share the firm's draw
        # instead, which ties them together and leaves each one's chance as it is.
        draw = np.where(rng.random(720) < 0.5, rng.random(60)[firm], rng.random(720))
        fit = fit_logistic(with_ones(score), draw < expit(-1 + 0.2 * score), ones, np.ones(720), names)
        clustered = covariance(fit.influence, ones, firm)
        error = np.abs(fit.coefficients[1] - 0.2)
        hits += int(error <= t(clustered.df).isf(0.025) * np.sqrt(clustered.matrix[1, 1]))
        naive += int(error <= norm.isf(0.025) * np.sqrt(fit.covariance[1, 1]))
    assert hits / replicates == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / replicates))
    assert naive < binom.ppf(1e-6, replicates, 0.95)


def with_ones(score: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(score)), score])


def small(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    nps = rng.integers(0, 11, n)
    return pd.DataFrame({"nps": nps, "stayed": (rng.random(n) < expit(-1 + 0.2 * nps)).astype(int), "plan": "basic"})


NPS = {"nps": cx.NPS}


def test_too_few_events_are_refused() -> None:
    frame = small().assign(stayed=[1] * 19 + [0] * 181, region=["a", "b"] * 100)
    message = (
        r"At least 10 events per coefficient are needed, 20 for 2 coefficients, but of the outcomes 'stayed' 19 are "
        r"good and 181 bad: 19 events\.\nUse fewer predictors, merge levels, or wait for more outcomes\."
    )
    with pytest.raises(cx.TooFewError, match=f"^{message}$"):
        cx.logistic(frame, outcome=STAYED, metrics=NPS, controls=["region"])


def test_one_outcome_class_is_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^The outcome 'stayed' must take both values, each in at least 2 rows"):
        cx.logistic(small().assign(stayed=1), outcome=STAYED, metrics=NPS)


def test_text_key_as_control_is_refused_before_it_fills_the_memory() -> None:
    n = 50_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"nps": rng.integers(0, 11, n), "stayed": rng.integers(0, 2, n)})
    frame["id"] = [f"c{i}" for i in range(n)]
    with pytest.raises(cx.TooFewError, match=r"500,000 for 50,000 coefficients"):
        cx.logistic(frame, outcome=STAYED, metrics=NPS, controls=["id"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nps": 7}, r"The metric 'nps' must take at least two values, but all 200 rows hold 7\."),
        ({"plan": "basic"}, r"The predictor 'plan' must take at least two values, but all 200 rows hold 'basic'\."),
    ],
)
def test_constant_predictors_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(cx.TooFewError, match=f"^{message}\nA constant (score )?predicts nothing: leave it out\\.$"):
        cx.logistic(small().assign(**change), outcome=STAYED, metrics=NPS, controls=["plan"])


def test_collinear_controls_are_refused() -> None:
    frame = small().assign(a=np.arange(200) % 7, b=np.arange(200) % 3)
    frame["c"] = 2 * frame.a - frame.b + 4
    message = (
        r"The predictors must not repeat each other, but 'a', 'b', 'c' are collinear: each follows exactly from the "
        r"others\.\nLeave one of them out\."
    )
    with pytest.raises(cx.ColumnError, match=f"^{message}$"):
        cx.logistic(frame, outcome=STAYED, metrics=NPS, controls=["a", "b", "c"])


def test_separation_is_refused() -> None:
    frame = small(400)
    frame["plan"] = np.where((frame.stayed == 1) & (np.arange(400) % 9 == 0), "gold", "basic")
    n = int((frame.plan == "gold").sum())
    message = (
        rf"No predictor may tell the outcomes apart perfectly, but 'plan' does so in {n} of 400 rows, so no finite "
        r"estimate exists\.\nMerge rare levels or leave the predictor out; a score that separates is suspicious: check "
        r"that it was not asked after the outcome, or computed from it\."
    )
    with pytest.raises(cx.SeparationError, match=f"^{message}$"):
        cx.logistic(frame, outcome=STAYED, metrics=NPS, controls=["plan"])


def test_few_clusters_are_refused_and_noted() -> None:
    frame = small().assign(firm=np.arange(200) % 30)
    with pytest.warns(cx.CxStatsWarning, match=r"30 clusters are few"):
        result = cx.logistic(frame, outcome=STAYED, metrics=NPS, cluster="firm")
    assert result.notes == ("30 clusters are few (fewer than 40): the intervals may be too narrow.",)
    with pytest.raises(cx.TooFewError, match=r"At least 20 clusters are needed for an interval, but there are 10\."):
        cx.logistic(frame.assign(firm=frame.firm % 10), outcome=STAYED, metrics=NPS, cluster="firm")


def test_wrong_roles_are_refused() -> None:
    with pytest.raises(cx.RoleError, match=r"^A binary outcome is needed, but none was declared\."):
        cx.logistic(small(), metrics=NPS)
    with pytest.raises(cx.RoleError, match=r"^metrics must map each column to its scale, but 'nps' was given\."):
        cx.logistic(small(), outcome=STAYED, metrics="nps")
    with pytest.raises(cx.RoleError, match=r"^controls must be a list of column names, but 'plan' was given\."):
        cx.logistic(small(), outcome=STAYED, metrics=NPS, controls="plan")
    with pytest.raises(
        cx.TooFewError, match=r"^At least one row must have all of 'stayed', 'nps', but none of 200 rows has\."
    ):
        cx.logistic(small().assign(nps=np.nan), outcome=STAYED, metrics=NPS)


def test_result_is_frozen_and_printed(rows: pd.DataFrame) -> None:
    result = fitted(rows)
    with pytest.raises(ValueError, match="read-only"):
        result.estimate[0] = 0
    assert "600 rows used; " in result.summary()
    assert "doi:10.1093/biomet/71.1.1" in result.summary()
