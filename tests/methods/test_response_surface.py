"""The surface over expectation and performance against R, statsmodels on rows, and simulations with known truth."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import cxstats as cx
from cxstats.methods.response_surface import ResponseSurface, response_surface

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-10  # two inversions of a matrix of squares lie between, here and in R
SEARCHED = 1e-9  # limits that R found by a search to 1e-13, on a curve that may be flat
EXACT = 1e-12
SEVEN = cx.Scale(1, 7, name="1-7")
TURNED = cx.Scale(1, 7, higher_is_better=False)


def fit(frame: pd.DataFrame, outcome: object, scale: cx.Scale = SEVEN, **more: object) -> ResponseSurface:
    return response_surface(
        frame,
        outcome=outcome,  # type: ignore[arg-type]
        expected={"E": scale},
        performed={"P": scale},
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "response_surface_rows.csv", comment="#")


OUTCOMES = {"spend": cx.Continuous("spend"), "back": cx.Binary("back")}


@pytest.mark.parametrize("design", ["simple", "cluster", "weight"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_everything_against_r(rows: pd.DataFrame, outcome: str, design: str) -> None:
    """lm and glm with sandwich, svyglm; ratios with symbolic derivatives, limits of Fieller by search."""
    keys = {"cluster": {"cluster": "firm"}, "weight": {"weight": "weight"}, "simple": {}}[design]
    result = fit(rows, OUTCOMES[outcome], **keys)
    stored = pd.read_csv(REFERENCES / "response_surface.csv", comment="#")
    known = stored[stored.design == f"{outcome} {design}"].set_index("term")
    for name, test in (("test difference", result.difference), ("test curvature", result.curvature)):
        assert test.chi_square == pytest.approx(known.estimate[name], rel=ROUNDING)
        assert test.p_value == pytest.approx(known.std_error[name], rel=ROUNDING)
    known = known.drop(index=["test difference", "test curvature"])
    frame = result.to_frame().set_index("term")
    assert list(frame.index) == list(known.index)
    assert frame.estimate.to_numpy() == pytest.approx(known.estimate.to_numpy(), rel=ROUNDING)
    assert frame.std_error.to_numpy() == pytest.approx(known.std_error.to_numpy(), rel=ROUNDING, nan_ok=True)
    for end in ("ci_low", "ci_high"):
        assert frame[end].to_numpy() == pytest.approx(known[end].to_numpy(), rel=SEARCHED)


def test_counted_ratings_against_statsmodels(rows: pd.DataFrame) -> None:
    """A rating that is counted, with rows missing; by ordinary least squares on every single row."""
    stars = rows.assign(stars=np.clip(np.round(rows.spend / 2 + 2), 1, 5).astype(float))
    stars.loc[::17, "stars"] = np.nan
    counted = stars.groupby(["E", "P", "stars"], dropna=False).size().rename("n").reset_index()
    result = fit(counted, cx.Rating("stars", cx.CSAT5), count="n")
    kept = stars.dropna()
    e, p = kept.E.to_numpy() - 4.0, kept.P.to_numpy() - 4.0
    ols = sm.OLS(kept.stars.to_numpy(), np.column_stack([np.ones(len(e)), e, p, e * e, e * p, p * p])).fit()
    robust = ols.get_robustcov_results("HC0")
    n = len(kept)
    assert (result.n, result.n_missing, result.n_cells) == (n, len(stars) - n, len(counted.dropna()))
    assert result.intercept == pytest.approx(ols.params[0], rel=ROUNDING)
    assert result.estimate[:5] == pytest.approx(ols.params[1:], rel=ROUNDING)
    assert result.covariance == pytest.approx(n / (n - 1) * robust.cov_params()[1:, 1:], rel=ROUNDING, abs=EXACT)
    assert result.fitted(kept.E.to_numpy(), kept.P.to_numpy()) == pytest.approx(ols.fittedvalues, rel=ROUNDING)
    assert result.share_at_top == pytest.approx((kept.stars == 5).mean(), rel=EXACT)
    pairs = kept.groupby(["E", "P"]).size()
    assert result.points == pytest.approx(np.array(pairs.index.tolist()))
    assert list(result.n_points) == list(pairs)


def test_fitted_chances_against_statsmodels(rows: pd.DataFrame) -> None:
    result = fit(rows, OUTCOMES["back"])
    e, p = rows.E.to_numpy() - 4.0, rows.P.to_numpy() - 4.0
    design = np.column_stack([np.ones(len(e)), e, p, e * e, e * p, p * p])
    logit = sm.Logit(rows.back, design).fit(disp=0, tol=1e-12)
    assert result.fitted(rows.E.to_numpy(), rows.P.to_numpy()) == pytest.approx(logit.predict(design), rel=ROUNDING)


def test_axes_against_eigenvectors(rows: pd.DataFrame) -> None:
    """The axes are the eigenvectors of the matrix of second derivatives, that of the larger value first."""
    for outcome in OUTCOMES.values():
        result = fit(rows, outcome)
        b1, b2, b3, b4, b5 = result.estimate[:5]
        matrix = np.array([[2 * b3, b4], [b4, 2 * b5]])
        _, vectors = np.linalg.eigh(matrix)
        slopes = vectors[1] / vectors[0]
        assert result.estimate[-2:] == pytest.approx(slopes[::-1], rel=ROUNDING)
        assert result.estimate[-4:-2] == pytest.approx(np.linalg.solve(matrix, [-b1, -b2]), rel=ROUNDING)


def test_direction_of_the_scale_and_of_the_outcome(rows: pd.DataFrame) -> None:
    """Above expectation is better, whichever end of the scale is the good one; the slopes keep their sign."""
    plain = fit(rows, OUTCOMES["spend"])
    turned = fit(rows.assign(E=8 - rows.E, P=8 - rows.P), OUTCOMES["spend"], scale=TURNED)
    assert turned.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert turned.fitted(np.array([2.0]), np.array([7.0])) == pytest.approx(
        plain.fitted(np.array([6.0]), np.array([1.0])), rel=EXACT
    )
    assert plain.excess.estimate == -plain.estimate[7]
    assert plain.excess.interval()[0] > 0  # the rows were drawn with -.3 e + .6 p
    lost = fit(rows.assign(spend=-rows.spend), cx.Continuous("spend", good="low"))
    assert lost.estimate == pytest.approx(plain.estimate, rel=EXACT)


def visits(n: int, rng: np.random.Generator, firms: int = 0) -> pd.DataFrame:
    expected = np.clip(np.round(4 + 1.5 * rng.standard_normal(n)), 1, 7)
    performed = np.clip(np.round(4 + 1.5 * rng.standard_normal(n)), 1, 7)
    firm = np.arange(n) % firms if firms else np.zeros(n, dtype=int)
    common = rng.standard_normal(max(firms, 1))[firm] if firms else 0.0
    return pd.DataFrame({"E": expected, "P": performed, "noise": rng.standard_normal(n) + common, "firm": firm})


@pytest.mark.filterwarnings("ignore:25 clusters are few:cxstats.errors.CxStatsWarning")
@pytest.mark.parametrize("firms", [0, 25])
def test_size_of_the_difference_test_in_simulation(firms: int) -> None:
    """Where performance minus expectation is all there is, 5% are refused; with 25 firms by Hotelling's form."""
    rng, runs, refused = np.random.default_rng(31), 300, np.zeros(2)
    for _ in range(runs):
        frame = visits(500, rng, firms)
        frame["y"] = 0.5 * (frame.P - frame.E) + frame.noise
        result = fit(frame, cx.Continuous("y"), **({"cluster": "firm"} if firms else {}))
        refused += [result.difference.p_value < 0.05, result.curvature.p_value < 0.05]
    assert (np.abs(refused / runs - 0.05) < 4 * math.sqrt(0.05 * 0.95 / runs)).all()


def test_limits_hold_the_truth_in_simulation() -> None:
    """Every row, ratios included: y = .4 e' + .8 p' - .3 e^2 + .2 e p - .2 p^2 with its top at (1.4, 2.7)."""
    b = np.array([0.3, 0.8, -0.3, 0.2, -0.2])
    top = np.linalg.solve([[2 * b[2], b[3]], [b[3], 2 * b[4]]], -b[:2])
    root = math.hypot(b[2] - b[4], b[3])
    along = [b[0] + b[1], b[2:].sum(), b[0] - b[1], b[2] - b[3] + b[4]]
    truth = np.array([*b, *along, *top, (b[4] - b[2] + root) / b[3], (b[4] - b[2] - root) / b[3]])
    rng, runs, held = np.random.default_rng(32), 300, np.zeros(13)
    for _ in range(runs):
        frame = visits(800, rng)
        e, p = frame.E - 4, frame.P - 4
        frame["y"] = b[0] * e + b[1] * p + b[2] * e**2 + b[3] * e * p + b[4] * p**2 + 2 * frame.noise
        limits = fit(frame, cx.Continuous("y")).confidence_interval()
        held += (limits.low <= truth) & (truth <= limits.high)
    assert (np.abs(held / runs - 0.95) < 4 * math.sqrt(0.95 * 0.05 / runs)).all()


def test_a_plane_has_no_top_in_simulation() -> None:
    """Without curvature the limits of the stationary point have no end, and the summary says not to read it."""
    frame = visits(600, np.random.default_rng(33)).assign(y=lambda f: 0.5 * f.P - 0.2 * f.E + f.noise)
    result = fit(frame, cx.Continuous("y"))
    limits = result.confidence_interval()
    assert (limits.low[-4:-2] == -np.inf).all()
    assert (limits.high[-4:-2] == np.inf).all()
    assert "; not told from one, so do not read stationary point and axes." in str(result)
    assert result.difference.p_value < 0.001  # .5 and -.2 do not weigh alike


def test_an_upright_axis_has_no_limits() -> None:
    """An axis near the vertical: its slope may be very large with either sign, so the whole line is told."""
    rng = np.random.default_rng(34)
    frame = visits(800, rng).assign(y=lambda f: -0.4 * (f.E - 4) ** 2 + 0.5 * f.noise)
    limits = fit(frame, cx.Continuous("y")).confidence_interval()
    assert (limits.low[-2], limits.high[-2]) == (-np.inf, np.inf)
    assert -0.2 < limits.low[-1] < 0 < limits.high[-1] < 0.2  # the other lies flat


def test_summary_of_a_rating_at_its_ceiling(rows: pd.DataFrame) -> None:
    stars = rows.assign(stars=np.clip(np.round(rows.spend / 2 + 3), 1, 5))
    text = str(fit(stars, cx.Rating("stars", cx.CSAT5)))
    share = 100 * (stars.stars == 5).mean()
    assert f"\n{share:.0f}% of the outcomes are at the best value: the end of a scale alone bends a surface.\n" in text
    assert "Test that performance minus expectation says it all: chi-square " in text
    assert "\nFrom the midpoint, one point of performance more and of expectation less: " in text
    assert "at the best value" not in str(fit(rows, OUTCOMES["spend"]))
    assert " log-odds, 95% " in str(fit(rows, OUTCOMES["back"]))


def test_names_suffice_for_cells(rows: pd.DataFrame) -> None:
    cells = cx.tally(rows, metrics={"E": SEVEN, "P": SEVEN}, outcome=OUTCOMES["back"])
    named = response_surface(cells, expected="E", performed="P")
    assert named.to_frame().equals(fit(rows, OUTCOMES["back"]).to_frame())


def refused(error: type[Exception], message: str, frame: pd.DataFrame, **call: object) -> None:
    given = {"outcome": OUTCOMES["spend"], "expected": {"E": SEVEN}, "performed": {"P": SEVEN}} | call
    with pytest.raises(error) as caught:
        response_surface(frame, **given)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_scales_that_differ(rows: pd.DataFrame) -> None:
    told = (
        "Expectation and performance must be on scales with the same bounds and direction, but they are not: "
        "'E' 1-7, high is good; 'P' {}.\nA point of one is no point of the other: ask both alike."
    )
    refused(cx.ScaleError, told.format("1-7, low is good"), rows, performed={"P": TURNED})
    refused(cx.ScaleError, told.format("0-10, high is good"), rows, performed={"P": cx.NPS})


def test_roles_that_are_none(rows: pd.DataFrame) -> None:
    for given in (None, "E", {}, {"E": SEVEN, "P": SEVEN}):
        refused(
            cx.RoleError,
            f"expected must map one column to its scale, but {given!r} was given."
            '\nPass for example expected={"expected_score": cx.CSAT7}; for Cells its name is enough.',
            rows,
            expected=given,
        )
    message = "Expectation and performance must be two columns, but 'E' was given for both."
    refused(cx.RoleError, message, rows, performed={"E": SEVEN})
    for outcome, given in ((None, "none was declared"), (cx.Count("back"), "Count was given")):
        refused(
            cx.RoleError,
            f"An outcome that is binary, a rating or measured is needed, but {given}."
            '\nPass outcome=cx.Binary("column", good=1), cx.Rating("column", scale) or cx.Continuous("column").',
            rows,
            outcome=outcome,
        )


def test_too_little_to_fix_a_surface(rows: pd.DataFrame) -> None:
    told = (
        "A surface needs at least 3 values of each score and 6 different pairs, but 'E' takes {} and 'P' {}, in {} "
        "pairs.\nWith fewer, compare groups: see expectation_levels."
    )
    high = (rows.E > 4) + 1
    refused(cx.TooFewError, told.format(2, 7, 14), rows.assign(E=high))
    thirds = np.arange(600) % 3 + 1
    refused(cx.TooFewError, told.format(3, 3, 3), rows.assign(E=thirds, P=thirds))
    refused(
        cx.ColumnError,
        "The predictors must not repeat each other, but 'E', 'P', 'E^2', 'E x P', 'P^2' are collinear: each follows "
        "exactly from the others.\nLeave one of them out.",
        rows.assign(P=rows.E),
    )
    refused(
        cx.TooFewError,
        "At least 20 rows per coefficient are needed, 100 for the five of a surface, but there are 99."
        "\nCollect more answers.",
        rows.head(99),
    )
    rare = rows.assign(back=(np.arange(600) < 49).astype(int))
    refused(
        cx.TooFewError,
        "At least 10 events (the rarer outcome) per coefficient are needed, 50 for the five of a surface, but there "
        "are 49.\nCollect more answers.",
        rare,
        outcome=OUTCOMES["back"],
    )
    refused(
        cx.TooFewError,
        "The outcome 'spend' must take at least two values, but all 600 rows hold 5.\nThere is nothing to explain.",
        rows.assign(spend=5.0),
    )
    refused(
        cx.TooFewError,
        "At least 20 clusters are needed for an interval, but there are 19."
        "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead.",
        rows.assign(firm=np.arange(600) % 19),
        cluster="firm",
    )
