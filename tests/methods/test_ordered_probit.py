"""Ordered probit against MASS::polr, sandwiches written out in R, statsmodels, rows, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, t

import cxstats as cx
from cxstats.numerics.influence import covariance
from cxstats.numerics.ordered_probit import fit_ordered_probit

REFERENCES = Path(__file__).parents[1] / "references"
# The reference climbs to the maximum of polr's likelihood and prints 15 digits.
AGAINST_R = 1e-11
# Its information is a numerical derivative.
DERIVATIVE = 1e-7
# The same sums in another order.
ROUNDING = 1e-10
STARS = cx.Rating("stars", cx.CSAT5)
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")


def fitted(data: object, **more: object) -> "cx.methods.OrderedProbit":  # type: ignore[name-defined]
    return cx.ordered_probit(data, **{"outcome": STARS, "metrics": METRICS, "controls": ["tenure", "plan"], **more})  # type: ignore[arg-type]


def keys(design: str) -> dict[str, str]:
    return {role: {"weight": "weight", "cluster": "firm"}[role] for role in design.split() if role != "simple"}


@pytest.mark.parametrize("design", ["simple", "cluster", "weight", "weight cluster"])
def test_ordered_probit_against_polr(rows: pd.DataFrame, design: str) -> None:
    expected = pd.read_csv(REFERENCES / "ordered_probit.csv", comment="#")
    expected = expected[expected.design == design]
    result = fitted(rows, **keys(design))
    assert result.terms == tuple(expected.term)
    assert result.estimate == pytest.approx(expected.estimate.to_numpy(), rel=AGAINST_R)
    assert result.std_error == pytest.approx(expected.std_error.to_numpy(), rel=DERIVATIVE)
    assert result.log_likelihood == pytest.approx(expected.log_likelihood.iloc[0], rel=AGAINST_R)
    law = t(rows.firm.nunique() - 1) if "cluster" in design else norm()
    interval = result.confidence_interval(0.9)
    half = law.isf(0.05) * expected.std_error.to_numpy()
    assert interval.low == pytest.approx(expected.estimate.to_numpy() - half, rel=DERIVATIVE, abs=DERIVATIVE)
    assert interval.high == pytest.approx(expected.estimate.to_numpy() + half, rel=DERIVATIVE, abs=DERIVATIVE)
    assert np.isnan(result.p_value[5:]).all()
    ratio = (expected.estimate / expected.std_error).to_numpy()[:5]
    assert result.p_value[:5] == pytest.approx(2 * law.sf(np.abs(ratio)), rel=1e-5)


def test_disconfirmation_against_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(4)
    gap = rng.integers(-3, 4, 500)
    stars = np.clip(np.round(3.3 + 0.3 * gap + rng.standard_normal(500)), 1, 5)
    frame = pd.DataFrame({"gap": gap, "stars": stars})
    theirs = OrderedModel(stars, gap[:, None].astype(float), distr="probit")
    solved = theirs.fit(method="newton", disp=0, tol=1e-14, maxiter=200)
    result = cx.ordered_probit(frame, outcome=STARS, disconfirmation="gap")
    assert result.terms == ("gap", "1|2", "2|3", "3|4", "4|5")
    assert result.estimate[0] == pytest.approx(solved.params[0], rel=1e-7)
    assert result.estimate[1:] == pytest.approx(theirs.transform_threshold_params(solved.params)[1:-1], rel=1e-7)
    assert result.log_likelihood == pytest.approx(solved.llf, rel=ROUNDING)
    assert result.std_error[0] == pytest.approx(solved.bse[0], rel=1e-4)  # a numerical derivative of theirs


def test_counted_rows_and_cells_against_rows(rows: pd.DataFrame) -> None:
    few = rows.assign(tenure=rows.tenure.round(-1))
    expected = fitted(few)
    counted = few.groupby(["nps", "effort", "tenure", "plan", "stars"]).size().reset_index(name="n")
    cells = cx.tally(few, outcome=STARS, metrics=METRICS, controls=["tenure", "plan"])
    for result in (fitted(counted, count="n"), fitted(few.iloc[::-1]), cx.ordered_probit(cells)):
        assert result.estimate == pytest.approx(expected.estimate, rel=ROUNDING)
        assert result.std_error == pytest.approx(expected.std_error, rel=ROUNDING)
        assert result.n == len(rows)


def test_turned_rating_against_turning_by_hand(rows: pd.DataFrame) -> None:
    turned = fitted(rows.assign(stars=6 - rows.stars), outcome=cx.Rating("stars", cx.EFFORT5))
    assert turned.terms[5:] == ("5|4", "4|3", "3|2", "2|1")
    assert turned.estimate == pytest.approx(fitted(rows).estimate, rel=ROUNDING)


def test_absent_levels_are_noted(rows: pd.DataFrame) -> None:
    result = fitted(rows[rows.stars != 3])
    assert result.terms[5:] == ("1|2", "2|4", "4|5")
    assert result.notes == ("No row holds '3' of 'stars': there is no threshold of its own for that.",)


def test_cluster_interval_covers_in_simulation() -> None:
    """50 firms of 8 customers; errors made of a firm's and an own part, standard normal together."""
    rng, replicates, hits = np.random.default_rng(20260103), 300, 0
    firm, ones = np.repeat(np.arange(50), 8), np.ones(400, dtype=np.int64)
    for _ in range(replicates):
        x = rng.standard_normal(50)[firm] + 0.5 * rng.standard_normal(400)
        error = np.sqrt(0.5) * (rng.standard_normal(50)[firm] + rng.standard_normal(400))
        code = np.searchsorted([-0.8, 0.0, 0.9], 0.4 * x + error)
        fit = fit_ordered_probit(x[:, None], code, ones, np.ones(400))
        clustered = covariance(fit.influence, ones, firm)
        hits += int(abs(fit.coefficients[0] - 0.4) <= t(49).isf(0.025) * np.sqrt(clustered.matrix[0, 0]))
    # Four Monte Carlo standard errors; a cluster sandwich is known to fall a little short of its level.
    assert hits / replicates == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / replicates))


def test_too_little_is_refused(rows: pd.DataFrame) -> None:
    few = rows.assign(stars=np.where(np.arange(len(rows)) < 49, 4, 5))
    message = (
        r"At least 10 rows outside the fullest level of 'stars' are needed per coefficient, 50 for 5 coefficients, "
        r"but of 600 rows 49 are\.\nUse fewer predictors, merge levels, or collect more answers\."
    )
    with pytest.raises(cx.TooFewError, match=f"^{message}$"):
        fitted(few)
    message = r"The outcome 'stars' must take at least two values, but all 600 rows hold 5\.\nCollect more answers\."
    with pytest.raises(cx.TooFewError, match=f"^{message}$"):
        fitted(rows.assign(stars=5))


def test_separation_is_refused(rows: pd.DataFrame) -> None:
    """Gold customers all gave the best rating: no finite coefficient, though each threshold stays finite."""
    gold = rows.assign(stars=np.where(rows.plan == "gold", 5, rows.stars))
    n = int((rows.plan == "gold").sum())
    with pytest.raises(cx.SeparationError, match=rf"^No predictor may tell .*'plan' does so in {n} of 600 rows"):
        fitted(gold)


def test_wrong_roles_are_refused(rows: pd.DataFrame) -> None:
    with pytest.raises(cx.RoleError, match=r"^A rating as outcome is needed, but Binary was given\."):
        fitted(rows, outcome=cx.Binary("stayed"))
    with pytest.raises(cx.RoleError, match=r"^At least one predictor is needed\.\nPass metrics=, disconfirmation="):
        cx.ordered_probit(rows, outcome=STARS)
