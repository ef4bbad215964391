"""Within and between firms against lme4 in R, the jackknife over firms, and simulations with known truth."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import cxstats as cx
from cxstats import simulate
from cxstats.methods.within_between import WithinBetween, within_between

REFERENCES = Path(__file__).parents[1] / "references"
# bobyqa stops where the deviance no longer moves.
AGAINST_GLMER = 1e-5
STORED = 1e-12
# On cells that another metric divides the same sums come in another order.
CONVERGED = 1e-8
# The jackknife agrees in large samples; with 60 firms it is somewhat wider.
AGAINST_JACKKNIFE = 0.15
ERRORS = 4.0
OUTCOME = cx.Binary("repurchase")
CSAT = {"csat": cx.CSAT5}


def rows() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCES / "logistic_rows.csv", comment="#")
    return frame.assign(size=np.where(frame.groupby("firm").nps.transform("size") > 10, 2, 1))


def reference(case: str) -> pd.Series:
    stored = pd.read_csv(REFERENCES / "within_between.csv", comment="#")
    return stored[stored.case == case].set_index("what").value


def fit(frame: Any, **more: Any) -> WithinBetween:
    return within_between(frame, **{"outcome": OUTCOME, "metrics": CSAT, "cluster": "firm", **more})


def stayed(**more: Any) -> WithinBetween:
    return fit(rows(), outcome=cx.Binary("stayed"), **more)


def assert_slopes(result: WithinBetween, start: int, case: str) -> None:
    for offset, means in enumerate(("observed", "corrected")):
        expected = reference(f"{case} {means}")
        at = start + 3 * offset
        found = result.estimate[at : at + 3]
        within, between = expected["within"], expected["between"]
        slopes = [within, between, between - within]
        assert found == pytest.approx(slopes, abs=AGAINST_GLMER)
        assert result.spread[start // 6, offset] == pytest.approx(expected.spread, abs=AGAINST_GLMER)


def test_slopes_and_reliability_against_glmer() -> None:
    result = stayed(metrics={"nps": cx.NPS, "effort": cx.EFFORT5})
    assert list(result.labels["metric"]) == ["nps"] * 6 + ["effort"] * 6
    assert list(result.labels["means"]) == (["observed"] * 3 + ["corrected"] * 3) * 2
    assert list(result.labels["term"]) == ["within", "between", "between - within"] * 4
    for j, case in enumerate(("nps", "ease")):  # effort is turned round, as R was told
        assert_slopes(result, 6 * j, case)
        assert result.reliability[j] == pytest.approx(reference(case).reliability, rel=STORED)
        assert result.icc[j] == pytest.approx(reference(case).icc, rel=STORED)
    assert (result.df, result.n_firms, result.n_single) == (58, 60, 0)
    one = stayed(metrics={"effort": cx.EFFORT5})
    assert one.std_error == pytest.approx(result.std_error[6:], rel=CONVERGED)


def test_controls_against_glmer() -> None:
    result = stayed(metrics={"nps": cx.NPS}, controls=["tenure", "plan", "size"])
    assert_slopes(result, 0, "controls")
    assert result.reliability[0] == pytest.approx(reference("controls").reliability, rel=STORED)
    assert result.df == 57  # the firm's size is one more coefficient between firms


def test_standard_errors_against_jackknife() -> None:
    """Every firm left out in turn, means and reliability estimated anew."""
    frame, result = rows(), stayed(metrics={"nps": cx.NPS})
    without = np.array(
        [
            fit(frame[frame.firm != firm], outcome=cx.Binary("stayed"), metrics={"nps": cx.NPS}).estimate
            for firm in frame.firm.unique()
        ]
    )
    firms = len(without)
    errors = np.sqrt((firms - 1) / firms * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    assert result.std_error == pytest.approx(errors, rel=AGAINST_JACKKNIFE)


def replicates(number: int, firms: int, answers: Any, **options: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimates and standard errors of as many samples, and the critical value of a 95% interval."""
    found = [fit(simulate.firms(firms, rng=500 + i, answers=answers, **options)) for i in range(number)]
    estimate, error = (np.array([getattr(result, name) for result in found]) for name in ("estimate", "std_error"))
    return estimate, error, float(t.isf(0.025, found[0].df))


def test_coverage_in_simulation() -> None:
    """Firms of 5 to 60 customers: corrected figures are right, observed ones drawn together by the reliability."""
    number = 100
    options: dict[str, Any] = {"within": 0.3, "between": 0.9, "spread": 0.5}
    answers = np.tile([5, 10, 20, 40, 60], 30)
    truth = simulate.firms_truth(**options)
    estimate, error, critical = replicates(number, 150, answers, **options)
    expected = np.array([truth.within, truth.between, truth.contextual])
    covered = (np.abs(estimate[:, 3:] - expected) <= critical * error[:, 3:]).mean(axis=0)
    assert (np.abs(covered - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)).all()
    off = estimate.mean(axis=0) - np.tile(expected, 2)
    luck = ERRORS * estimate.std(axis=0) / np.sqrt(number)
    assert (np.abs(off[3:]) < luck[3:]).all()
    assert off[2] < -2 * luck[2]  # without the correction
    assert np.sqrt((error**2).mean(axis=0)) == pytest.approx(estimate.std(axis=0), rel=ERRORS / np.sqrt(2 * number))


@pytest.mark.parametrize(("firms", "spread"), [(40, 0.5), (60, 0.0)])
def test_no_difference_is_rejected_in_one_of_twenty_in_simulation(firms: int, spread: float) -> None:
    number = 120
    estimate, error, critical = replicates(number, firms, 30, within=0.4, between=0.4, spread=spread)
    rejected = (np.abs(estimate / error) > critical)[:, [2, 5]].mean(axis=0)
    assert (rejected < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / number)).all()
    assert (rejected > 0).all()


def test_slopes_given_the_firm_against_truth_in_simulation() -> None:
    """Without random intercepts the slopes would come out smaller: by a tenth and more with so wide a spread."""
    options: dict[str, Any] = {"within": 0.5, "between": 0.5, "spread": 1.5}
    result = fit(simulate.firms(400, rng=3, answers=100, **options))
    assert abs(result.estimate[3] - 0.5) < ERRORS * result.std_error[3]
    assert abs(result.spread[0, 1] - 1.5) < ERRORS * 1.5 / np.sqrt(2 * 400)
    flat = cx.logistic(simulate.firms(400, rng=3, answers=100, **options), outcome=OUTCOME, metrics=CSAT)
    assert flat.estimate[1] < 0.9 * 0.5


def test_cells_carry_the_firm() -> None:
    frame = simulate.firms(60, rng=4, answers=20)
    cells = cx.tally(frame, outcome=OUTCOME, metrics=CSAT, cluster="firm")
    assert np.array_equal(within_between(cells).estimate, fit(frame).estimate)
    assert np.array_equal(within_between(cells, metrics=["csat"]).std_error, fit(frame).std_error)


def test_missing_values_are_counted() -> None:
    frame = simulate.firms(60, rng=4, answers=20).astype(float)
    frame.loc[[0, 1], "csat"] = np.nan
    frame.loc[2, "repurchase"] = np.nan
    frame.loc[3, "firm"] = np.nan
    result = fit(frame)
    assert (result.n, result.n_missing) == (1196, 4)
    assert np.array_equal(result.estimate, fit(frame.dropna()).estimate)


def test_the_summary_names_firms_and_reliability() -> None:
    result = fit(simulate.firms(60, rng=4, answers=20))
    assert re.search(r"^60 firms; reliability of their means: csat 0\.\d+\.$", str(result), re.M)
    assert result.odds_ratio == pytest.approx(np.exp(result.estimate), rel=STORED)


def test_firms_with_one_customer_are_told() -> None:
    frame = simulate.firms(62, rng=4, answers=[1, 1, *[20] * 60])
    result = fit(frame)
    assert result.n_single == 2
    assert result.notes == ("2 firms have one customer only: of these only the average counts.",)
    # They have no deviation from themselves: what they move of the slope within is next to nothing.
    assert result.estimate[0] == pytest.approx(fit(frame[frame.firm >= 2]).estimate[0], abs=0.05 * result.std_error[0])


def test_firms_that_hardly_differ_are_told() -> None:
    # By hand: an average that is the same but for one row, and firms dealt at random.
    frame = pd.DataFrame({"firm": np.repeat(np.arange(60), 20), "csat": np.tile([1, 2, 3, 4, 5] * 4, 60)})
    frame["repurchase"] = np.random.default_rng(1).integers(0, 2, len(frame))
    frame.loc[0, "csat"] = 5
    result = fit(frame)
    assert result.notes == (
        "The firms' averages of 'csat' differ no more than luck would have it: no corrected figures exist.",
    )
    assert np.isnan(result.estimate[3:]).all()
    assert np.isnan(result.std_error[3:]).all()
    assert np.isfinite(result.estimate[:3]).all()
    assert (result.reliability[0], result.icc[0]) == (0, 0)
    result = fit(simulate.firms(60, rng=2, answers=5, icc=0.02))
    assert len(result.notes) == 1
    assert re.fullmatch(
        r"How much firms differ in 'csat' is hardly known \(reliability 0\.\d+\): the corrected figures are less "
        r"certain than their intervals say\.",
        result.notes[0],
    )


def test_few_firms_are_warned_of() -> None:
    with pytest.warns(cx.CxStatsWarning, match=r"^35 clusters are few \(fewer than 40\): the intervals may be too"):
        result = fit(simulate.firms(35, rng=1, answers=30))
    assert result.notes[0].startswith("35 clusters are few")


def refused(error: type[Exception], message: str, frame: Any, **more: Any) -> None:
    with pytest.raises(error) as caught:
        fit(frame, **more)
    assert str(caught.value) == message


def test_no_firm_and_weights_are_refused() -> None:
    frame = simulate.firms(60, rng=4, answers=20).assign(w=1.5)
    refused(
        cx.RoleError,
        "The firm of each customer must be declared as cluster, but no cluster was."
        '\nPass for example cluster="firm"; cells must be tallied with it.',
        frame,
        cluster=None,
    )
    cells = cx.tally(frame, outcome=OUTCOME, metrics=CSAT, cluster="firm", weight="w")
    refused(
        cx.RoleError,
        "Survey weights cannot be used here (a weight would have to be split into one of customers and one of firms), "
        "but the cells have the weight 'w'.\nTally the data without it.",
        cells,
    )


def test_other_outcomes_are_refused() -> None:
    refused(
        cx.RoleError,
        'A binary outcome is needed, but Continuous was given.\nPass outcome=cx.Binary("column", good=1).',
        simulate.firms(60, rng=4, answers=20),
        outcome=cx.Continuous("repurchase"),
    )


def test_too_few_firms_are_refused() -> None:
    refused(
        cx.TooFewError,
        "At least 30 firms are needed to tell what goes with a firm's average, but 'firm' has 29 in 580 rows."
        "\nWith fewer, use cx.logistic on the customers, and say nothing of firms.",
        simulate.firms(29, rng=4, answers=20),
    )
    frame = simulate.firms(30, rng=4, answers=200)
    refused(
        cx.TooFewError,
        "There must be at least 20 firms more than coefficients that rest on differences between firms, but there are "
        "30 firms for 11 coefficients.\nUse fewer controls that are the same for all customers of a firm, or merge "
        "their levels.",
        frame.assign(industry="i" + (frame.firm % 10).astype(str)),
        controls=["industry"],
    )


def test_scores_that_are_of_firms_are_refused() -> None:
    frame = simulate.firms(60, rng=4, answers=20)
    refused(
        cx.TooFewError,
        "The metric 'csat' must vary within some firm, but in all 60 firms every customer has the same."
        "\nCheck that it is an answer of customers: an average of the firm has no deviation from itself.",
        frame.assign(csat=1 + frame.firm % 5),
    )
    refused(
        cx.TooFewError,
        "The firms' averages of 'csat' must differ, but in all 60 firms they are 3."
        "\nCheck that the metric was not centred by firm.",
        frame.assign(csat=np.tile([1, 2, 3, 4, 5], 240)),
    )


def test_outcomes_that_are_of_firms_are_refused() -> None:
    frame = simulate.firms(60, rng=4, answers=20)
    refused(
        cx.TooFewError,
        "Some firm must have customers with the good and with the bad outcome, but in all 60 firms every customer has "
        "the same 'repurchase'.\nCheck that it is an outcome of customers, not of firms.",
        frame.assign(repurchase=frame.firm % 2),
    )


def test_too_few_events_are_refused() -> None:
    frame = simulate.firms(60, rng=4, answers=20)
    frame["repurchase"] = (np.arange(len(frame)) % 80 == 7).astype(int)
    refused(
        cx.TooFewError,
        "At least 10 events per coefficient are needed, 20 for 2 coefficients, but of the outcomes 'repurchase' 15 are "
        "good and 1,185 bad: 15 events.\nUse fewer controls, merge levels, or wait for more outcomes.",
        frame,
    )


def test_firm_effects_that_run_away_are_refused() -> None:
    """All firms but one with one outcome each: there is no end to how far firms lie apart."""
    frame = simulate.firms(60, rng=4, answers=20)
    frame["repurchase"] = frame.firm % 2
    frame.loc[frame.index[:10], "repurchase"] = 1
    with pytest.raises(cx.SeparationError, match=r"^No estimate was reached in \d+ steps: the predictors come close"):
        fit(frame)
