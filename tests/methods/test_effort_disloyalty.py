"""Effort and disloyalty against statsmodels on rows, rows with moved weights, and simulations with known truth."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

import cxstats as cx
from cxstats.methods.effort_disloyalty import EffortDisloyalty, effort_disloyalty

FITTED = 1e-8  # two iterative fits
DERIVATIVE = 2e-5  # central differences with steps of 1e-4
CLIMBED = 1e-5  # statsmodels' ordered probit climbs with a numerical gradient
ERRORS = 4.0
STAYED, NPS, SPEND = cx.Binary("stayed"), cx.Rating("nps", cx.NPS), cx.Continuous("spend")
EASE = {"ease": cx.EASE7}
CONTROLS = ["solved", "plan"]


def calls(n: int = 900, seed: int = 1) -> pd.DataFrame:
    """Contacts: unsolved ones are hard, and so are those with transfers."""
    rng = np.random.default_rng(seed)
    solved, transfers = rng.integers(0, 2, n), rng.poisson(0.7, n)
    mood = rng.normal(size=n)
    ease = np.clip(np.round(4.3 + 1.2 * (solved - 0.5) - 0.9 * transfers + mood + rng.normal(0, 0.9, n)), 1, 7)
    line = 0.4 + 0.35 * (ease - 4) + 0.6 * solved + 0.2 * mood
    return pd.DataFrame(
        {
            "ease": ease,
            "effort": 8 - ease,
            "solved": solved,
            "transfers": transfers,
            "plan": rng.choice(["basic", "plus", "pro"], n),
            "stayed": (rng.random(n) < expit(line)).astype(int),
            "nps": np.clip(np.round(6.2 + 1.1 * line + rng.normal(0, 2, n)), 0, 10),
            "spend": np.round(30 + 9 * line + rng.normal(0, 10, n), 2),
            "firm": rng.integers(0, 45, n),
            "w": rng.choice([0.5, 1.0, 2.5], n),
        }
    )


def rows_of(result: EffortDisloyalty, part: str) -> pd.DataFrame:
    frame = result.to_frame()
    return frame[frame["part"] == part].set_index("term")


def fitted(y: np.ndarray, x: np.ndarray, mass: np.ndarray, *, binary: bool) -> np.ndarray:
    """Least squares, or logistic regression by ten steps of reweighted least squares, which is far more than enough."""
    root = np.sqrt(mass)
    beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0] if not binary else np.zeros(x.shape[1])
    for _ in range(10 if binary else 0):
        p = expit(x @ beta)
        beta = beta + np.linalg.solve((x.T * (mass * p * (1 - p))) @ x, x.T @ (mass * (y - p)))
    return beta


def by_rows(frame: pd.DataFrame, outcome: Any, mass: np.ndarray) -> np.ndarray:
    """Every row of the frame but the latent one, by plain matrices; odds ratios as their logarithms; then the gain."""
    binary = outcome is STAYED
    y = frame[outcome.column].to_numpy(float)
    controls = np.column_stack([frame.solved, frame.plan == "plus", frame.plan == "pro"]).astype(float)
    on = (frame.ease <= 2) | (frame.ease >= 6)
    low = (frame.ease >= 6).to_numpy(float)
    share = (mass / mass[on].sum())[on]
    b = fitted(y[on], np.column_stack([np.ones(on.sum()), low[on], controls[on]]), mass[on], binary=binary)
    lines = [b[0] + b[1] * k + controls[on] @ b[2:] for k in (0, 1)]
    hard, easy = (float(share @ (expit(line) if binary else line)) for line in lines)
    plain = [np.average(y[on & (low == k)], weights=mass[on & (low == k)]) for k in (0, 1)]
    means = [1 - hard, 1 - easy] if binary else [hard, easy]
    every = mass / mass.sum()

    def sd(values: np.ndarray) -> float:
        return float(np.sqrt(every @ (values - every @ values) ** 2))

    falls = []
    for effort in (-frame.ease.to_numpy(float), frame.transfers.to_numpy(float)):
        slope = fitted(y, np.column_stack([np.ones(len(y)), effort, controls]), mass, binary=binary)[1]
        falls.append(-slope * sd(effort) / (1 if binary else sd(y)))
    x = frame.ease.to_numpy(float) - 5
    design = np.column_stack([np.ones(len(y)), np.minimum(x, 0), np.maximum(x, 0), controls])
    below, above = fitted(y, design, mass, binary=False)[1:3]
    bend = below - above
    if binary:
        gain = easy / hard - 1 if hard <= 0.5 else (1 - hard) / (1 - easy) - 1
    else:
        own = y[on]
        gain = (easy - hard) / np.sqrt(share @ (own - share @ own) ** 2)
    standard = bend * sd(x) / sd(y)
    return np.array([*means, easy - hard, plain[1] - plain[0], *falls, below, above, bend, standard, gain])


def moved(f: Callable[[np.ndarray], np.ndarray], mass: np.ndarray) -> np.ndarray:
    """What each row's weight moves, shape (n, q)."""
    step, found = 1e-4, []
    for row in range(len(mass)):
        ends = []
        for sign in (1, -1):
            other = mass.copy()
            other[row] *= 1 + sign * step
            ends.append(f(other))
        found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize(("outcome", "keys"), [(STAYED, {}), (SPEND, {"weight": "w", "cluster": "firm"})])
def test_all_rows_against_rows_with_moved_weights(outcome: Any, keys: dict[str, str]) -> None:
    frame = calls(500)
    mass = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = effort_disloyalty(frame, outcome=outcome, metrics=EASE, controls=CONTROLS, objective=["transfers"], **keys)
    expected = by_rows(frame, outcome, mass)
    values = moved(lambda m: by_rows(frame, outcome, m), mass)
    extremes = int(((frame.ease <= 2) | (frame.ease >= 6)).sum())
    units = np.where(np.isin(np.arange(len(expected)), (0, 1, 2, 3, 10)), extremes, len(frame)).astype(float)
    if keys:
        values = pd.DataFrame(values).groupby(frame.firm).sum().to_numpy()
        units = np.where(units == extremes, frame.firm[(frame.ease <= 2) | (frame.ease >= 6)].nunique(), 45.0)
    error = np.sqrt(units / (units - 1) * (values**2).sum(axis=0))
    found, spread = result.estimate.copy(), result.std_error.copy()
    if outcome is STAYED:
        spread[4:6], found[4:6] = spread[4:6] / found[4:6], np.log(found[4:6])
    assert found == pytest.approx(expected[:-1], rel=1e-7, abs=1e-9)
    assert spread == pytest.approx(error[:-1], rel=DERIVATIVE)
    assert result.gain.estimate == pytest.approx(expected[-1], rel=1e-7)
    assert result.gain.std_error_at(result.gain.estimate) / result.gain.b == pytest.approx(error[-1], rel=DERIVATIVE)
    effects = (result.risk, result.per_sd, result.objective["transfers"], result.saturation)
    for effect, at in zip(effects, (2, 4, 5, 9), strict=True):
        assert effect is not None
        assert (effect.estimate, effect.var_a**0.5) == pytest.approx((found[at], spread[at]), rel=1e-9)
    assert result.df.tolist() == ((units[:-1] - 1).tolist() if keys else [np.inf] * 10)
    assert result.labels["part"] == [
        *(["effort"] * 2 + ["difference"] * 2),
        *(["odds ratio per SD" if outcome is STAYED else "fall per SD"] * 2 + ["saturation"] * 4),
    ]


def test_odds_ratio_against_logit_by_rows() -> None:
    frame = calls()
    result = effort_disloyalty(frame, outcome=STAYED, metrics=EASE, controls=["solved"])
    unit = frame.effort.std(ddof=0)
    left = 1 - frame.stayed
    fit = sm.Logit(left, np.column_stack([np.ones(900), frame.effort / unit, frame.solved])).fit(disp=False, tol=1e-12)
    row = rows_of(result, "odds ratio per SD").loc["ease"]
    assert row.estimate == pytest.approx(np.exp(fit.params.iloc[1]), rel=FITTED)
    robust = fit.get_robustcov_results(cov_type="HC0") if hasattr(fit, "get_robustcov_results") else fit
    # The unit is estimated too, so that the error differs a little from that with a known one.
    assert row.std_error / row.estimate == pytest.approx(robust.bse.iloc[1], rel=0.05)
    half = stats.norm.isf(0.025) * row.std_error / row.estimate
    assert (row.ci_low, row.ci_high) == pytest.approx((row.estimate * np.exp(-half), row.estimate * np.exp(half)))
    assert row.statistic == pytest.approx(np.log(row.estimate) / (row.std_error / row.estimate))


@pytest.mark.parametrize("outcome", [STAYED, NPS])
def test_both_directions_of_the_scale(outcome: Any) -> None:
    """Effort asked as effort, and as ease: the same answers, the same rows."""
    frame = calls()
    hard = cx.Scale(1, 7, higher_is_better=False, kind="ces")
    easy = effort_disloyalty(frame, outcome=outcome, metrics=EASE, controls=CONTROLS)
    turned = effort_disloyalty(frame, outcome=outcome, metrics={"effort": hard}, controls=CONTROLS)
    assert turned.estimate == pytest.approx(easy.estimate, rel=1e-9)
    assert turned.std_error == pytest.approx(easy.std_error, rel=1e-9)
    assert (easy.high_effort, easy.low_effort, easy.knee) == ("1, 2", "6, 7", 5)
    assert (turned.high_effort, turned.low_effort, turned.knee) == ("6, 7", "1, 2", 3)
    named = effort_disloyalty(frame, outcome=outcome, metrics={"effort": hard}, controls=CONTROLS, knee=3)
    assert np.array_equal(named.estimate, turned.estimate)
    assert easy.risk.p_not_above(0) < 1e-6
    assert easy.per_sd.p_not_above(0) < 1e-6


@pytest.mark.parametrize(
    ("scale", "high", "low", "knee"),
    [
        (cx.EASE5, "1, 2", "4, 5", 4),
        (cx.EFFORT5, "4, 5", "1, 2", 2),
        (cx.Scale(1, 3, kind="ces"), "1", "3", 2),
        (cx.Scale(0, 10, kind="ces"), "0, 1, 2, 3", "7, 8, 9, 10", 6),
        (cx.Scale(0, 9, kind="ces", whole=False), "0 to 3", "6 to 9", 5.5),
    ],
)
def test_thirds_and_knee_by_hand(scale: cx.Scale, high: str, low: str, knee: float) -> None:
    rng = np.random.default_rng(2)
    ease = rng.integers(scale.low, scale.high + 1, 800)
    frame = pd.DataFrame({"ces": ease, "spend": ease + rng.normal(size=800)})
    result = effort_disloyalty(frame, outcome=SPEND, metrics={"ces": scale})
    assert (result.high_effort, result.low_effort, result.knee) == (high, low, knee)


def test_low_is_good_against_the_turned_outcome() -> None:
    frame = calls().assign(cost=lambda d: 100 - d.spend)
    cost = effort_disloyalty(frame, outcome=cx.Continuous("cost", good="low"), metrics=EASE)
    spend = effort_disloyalty(frame, outcome=SPEND, metrics=EASE)
    assert cost.estimate[:2] == pytest.approx(100 - spend.estimate[:2], rel=1e-9)
    assert cost.estimate[2:] == pytest.approx(spend.estimate[2:], rel=1e-9)
    assert (cost.labels["term"][2], spend.labels["term"][2]) == ("high - low effort", "low - high effort")


def test_latent_saturation_against_statsmodels() -> None:
    frame = calls()
    result = effort_disloyalty(frame, outcome=NPS, metrics=EASE, controls=["solved"])
    x = frame.ease - 5
    design = np.column_stack([np.minimum(x, 0), np.maximum(x, 0), frame.solved])
    fit = OrderedModel(frame.nps.to_numpy(), design, distr="probit").fit(method="bfgs", disp=False, gtol=1e-8)
    b = fit.params[:3]
    expected = (b[0] - b[1]) * np.std(x) / np.sqrt(1 + np.var(design @ b))
    assert rows_of(result, "latent saturation").estimate.iloc[0] == pytest.approx(expected, abs=CLIMBED)
    assert result.latent_saturation is not None
    assert result.latent_saturation.estimate == rows_of(result, "latent saturation").estimate.iloc[0]
    assert result.share_at_top == pytest.approx((frame.nps == 10).mean(), rel=1e-12)


def test_latent_error_against_moved_weights() -> None:
    """Each row's weight is moved, and the fit made again: everything that is estimated moves with it."""
    frame = calls(400).assign(stars=lambda d: np.clip((d.spend / 10).round(), 1, 5))
    keys: dict[str, Any] = {"outcome": cx.Rating("stars", cx.CSAT5), "metrics": EASE}

    def latent(mass: np.ndarray) -> float:
        effect = effort_disloyalty(frame.assign(mass=mass), weight="mass", **keys).latent_saturation
        assert effect is not None
        return effect.estimate

    step, total, n = 1e-4, 0.0, len(frame)
    for _, alike in frame.groupby(["ease", "stars"]):  # rows that are alike move it alike
        first = frame.index.to_numpy() == alike.index[0]
        moves = latent(1 + step * first) - latent(1 - step * first)
        total += len(alike) * (moves / (2 * step)) ** 2
    found = effort_disloyalty(frame, **keys).latent_saturation
    assert found is not None
    assert found.var_a == pytest.approx(n / (n - 1) * total, rel=2 * DERIVATIVE)


def test_airport_passengers_against_rows(real_data: Callable[[str], Path]) -> None:
    raw = pd.read_csv(real_data("sfo/sfo_2017.csv"), encoding="latin-1", low_memory=False)
    ease = pd.to_numeric(raw.Q14FIND, errors="coerce")
    frame = pd.DataFrame({"ease": ease.where(ease.between(1, 5)), "recommend": raw.NETPRO.where(raw.NETPRO <= 10)})
    result = effort_disloyalty(
        frame, outcome=cx.Rating("recommend", cx.NPS, kind="intention"), metrics={"ease": cx.EASE5}
    )
    known = frame.dropna()
    assert (result.n, result.n_missing) == (len(known), len(raw) - len(known))
    low, high = (known.recommend[on].mean() for on in (known.ease >= 4, known.ease <= 2))
    assert rows_of(result, "effort").estimate.to_numpy() == pytest.approx([high, low], rel=1e-12)
    assert result.risk.estimate == pytest.approx(low - high, rel=1e-9)
    r = np.corrcoef(known.ease, known.recommend)[0, 1]
    assert rows_of(result, "fall per SD").estimate.iloc[0] == pytest.approx(r, rel=1e-9)


def test_published_gaps_are_for_intentions_only() -> None:
    frame = calls()
    said = effort_disloyalty(frame, outcome=cx.Binary("stayed", kind="intention"), metrics=EASE, controls=CONTROLS)
    assert said.published_gap is not None
    gap = frame.stayed[frame.ease >= 6].mean() - frame.stayed[frame.ease <= 2].mean()
    found = {name: effect.estimate for name, effect in said.published_gap.items()}
    assert found == pytest.approx(
        {"be disloyal": gap - 0.87, "buy again": gap - 0.90, "spend more": gap - 0.84, "speak badly": gap - 0.80}
    )
    assert said.why_no_published_gap == ""
    did = effort_disloyalty(frame, outcome=STAYED, metrics=EASE)
    assert did.published_gap is None
    assert did.why_no_published_gap == (
        "The published gaps are between intentions, stated in the survey in which effort was asked, and 'stayed' is "
        "declared a behaviour."
    )
    rated = effort_disloyalty(frame, outcome=NPS, metrics=EASE)
    assert rated.published_gap is None
    assert rated.why_no_published_gap == ("The published gaps are differences of two shares, and 'nps' is not binary.")


def contact(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Unsolved problems cost effort and loyalty; effort costs loyalty by making customers dissatisfied, and only so."""
    solved = rng.integers(0, 2, n)
    ease = np.clip(np.round(4 + 1.6 * (solved - 0.5) + rng.normal(0, 1.4, n)), 1, 7)
    satisfied = 0.6 * (ease - 4) + rng.normal(0, 0.7, n)
    stayed = rng.random(n) < expit(0.3 + 0.8 * satisfied + 1.2 * (solved - 0.5))
    return pd.DataFrame({"ease": ease, "solved": solved, "satisfied": satisfied, "stayed": stayed.astype(int)})


def test_coverage_in_simulation() -> None:
    """Adjusted for what makes contacts hard the interval holds the truth; adjusted for what effort does it does not."""
    rng, number = np.random.default_rng(3), 200
    big = contact(400_000, rng)
    on = (big.ease <= 2) | (big.ease >= 6)
    # Averaged over satisfaction the log-odds have no closed form: the truth is that of a population of 400,000.
    x = np.column_stack([np.ones(on.sum()), big.ease[on] >= 6, big.solved[on]]).astype(float)
    beta = np.asarray(sm.GLM(big.stayed[on], x, family=sm.families.Binomial()).fit().params)
    easy, hard = (np.mean(expit(beta[0] + beta[1] * k + beta[2] * x[:, 2])) for k in (1, 0))
    truth = easy - hard
    held = missed = above = 0
    for _ in range(number):
        frame = contact(1200, rng)
        adjusted = effort_disloyalty(frame, outcome=STAYED, metrics=EASE, controls=["solved"])
        low, high = adjusted.risk.interval()
        held += low <= truth <= high
        mediated = effort_disloyalty(frame, outcome=STAYED, metrics=EASE, controls=["solved", "satisfied"])
        missed += mediated.risk.interval()[1] < truth
        above += effort_disloyalty(frame, outcome=STAYED, metrics=EASE).risk.estimate > truth
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)
    assert missed / number > 0.9
    assert above / number > 0.9


def test_ceiling_looks_like_saturation_in_simulation() -> None:
    """A straight line behind a rating that many give at its top."""
    rng, number = np.random.default_rng(4), 80
    observed = latent = 0
    for _ in range(number):
        ease = rng.integers(1, 8, 1600)
        stars = np.clip(np.round(4.2 + 0.35 * (ease - 4) + rng.normal(0, 0.9, 1600)), 1, 5)
        frame = pd.DataFrame({"ease": ease, "stars": stars})
        result = effort_disloyalty(frame, outcome=cx.Rating("stars", cx.CSAT5), metrics=EASE)
        assert result.saturation is not None
        assert result.latent_saturation is not None
        observed += result.saturation.interval()[0] > 0
        latent += result.latent_saturation.interval()[0] > 0
    assert observed / number > 0.8
    assert latent / number < 0.025 + ERRORS * np.sqrt(0.025 * 0.975 / number)


def test_coverage_of_saturation_in_simulation() -> None:
    rng, number, held = np.random.default_rng(6), 200, 0
    grid = np.arange(1, 8)
    curve = 0.5 * np.minimum(grid - 5, 0) + 0.1 * np.maximum(grid - 5, 0)
    truth = 0.4 * np.std(grid) / np.sqrt(np.var(curve) + 1)
    for _ in range(number):
        ease = rng.integers(1, 8, 500)
        frame = pd.DataFrame({"ease": ease, "spend": curve[ease - 1] + rng.normal(size=500)})
        result = effort_disloyalty(frame, outcome=SPEND, metrics=EASE)
        assert result.saturation is not None
        low, high = result.saturation.interval()
        held += low <= truth <= high
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)


def test_a_thin_side_of_the_knee_is_noted() -> None:
    frame = calls().assign(ease=lambda d: np.where((d.ease == 7) & (d.index >= 90), 6, d.ease))
    result = effort_disloyalty(frame, outcome=SPEND, metrics=EASE, knee=6)
    assert result.saturation is None
    assert set(result.labels["part"]) == {"effort", "difference", "fall per SD"}
    at_top = int((frame.ease == 7).sum())
    assert 0 < at_top < 10
    assert result.notes == (f"Saturation is not given: above the knee there are {at_top} rows, and 30 are needed.",)
    binary = effort_disloyalty(frame, outcome=STAYED, metrics=EASE, knee=6)
    good = int(frame.stayed[frame.ease == 7].sum())
    assert binary.notes == (
        (
            f"Saturation is not given: above the knee {good} outcomes are good and {at_top - good} bad, and 10 of each "
            "are needed."
        ),
    )


def test_two_answers_make_no_bend() -> None:
    frame = calls().assign(easy=lambda d: (d.ease > 4).astype(int))
    result = effort_disloyalty(frame, outcome=STAYED, metrics={"easy": cx.Scale(0, 1, kind="ces")})
    assert (result.high_effort, result.low_effort) == ("0", "1")
    assert result.risk.estimate == pytest.approx(
        frame.stayed[frame.easy == 1].mean() - frame.stayed[frame.easy == 0].mean(), rel=FITTED
    )
    assert result.notes == ("Saturation is not given: effort takes two values, and two points make no bend.",)


def test_cells_carry_the_columns() -> None:
    frame = calls()
    cells = cx.tally(frame, outcome=STAYED, metrics=EASE, controls=["solved"], strata=["transfers"])
    result = effort_disloyalty(cells, objective=["transfers"])
    direct = effort_disloyalty(frame, outcome=STAYED, metrics=EASE, controls=["solved"], objective=["transfers"])
    assert np.array_equal(result.estimate, direct.estimate)
    message = (
        "objective must be among the strata or controls of the cells, but 'minutes' is not among 'transfers', "
        "'solved'.\nTally the data with strata=[\"minutes\"]."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        effort_disloyalty(cells, objective=["minutes"])


def test_summary_in_plain_words() -> None:
    text = str(effort_disloyalty(calls(), outcome=STAYED, metrics=EASE, controls=["solved"], objective=["transfers"]))
    assert (
        "Outcome: share of customers with the bad outcome 'stayed', as if all groups had the same mix of 'solved'.\n"
        "Effort by 'ease': high is 1, 2; low is 6, 7. A difference or a fall above 0, or odds above 1, mean that more "
        "effort goes with less loyalty.\nSaturation: loyalty per point of ease, below and above 5; then in SDs.\n900 "
        "rows used; "
    ) in text


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {},
        {"metrics": {"ease": cx.EASE7, "nps": cx.NPS}},
        cx.RoleError,
        (
            "One effort score can be asked about at a time, but 2 were given: 'ease', 'nps'."
            "\nCall effort_disloyalty once for each; effort that was recorded goes into objective=."
        ),
    ),
    (
        {"transfers": "many"},
        {"objective": ["transfers"]},
        cx.ColumnError,
        (
            "'transfers' must hold an amount of effort (0/1, a count, minutes), but it holds text, for example 'many'."
            "\nRecode it to numbers, more is more effort."
        ),
    ),
    (
        {"transfers": -1},
        {"objective": ["transfers"]},
        cx.ColumnError,
        (
            "'transfers' must hold an amount of effort, 0 or more, but 900 of 900 rows are negative, -1 at the least."
            "\nRecode it so that more is more effort."
        ),
    ),
    (
        {"transfers": 2},
        {"objective": ["transfers"]},
        cx.ColumnError,
        "Every predictor must vary, but 'transfers' holds the same value in all rows.\nLeave it out.",
    ),
    (
        {},
        {"objective": "transfers"},
        cx.RoleError,
        "objective must be a list of column names, but 'transfers' was given.\nPass objective=['transfers'].",
    ),
    (
        {},
        {"knee": 7},
        cx.RoleError,
        (
            "knee must be a value inside CES 2.0 1-7, where the slope may change, but 7 was given."
            "\nThe default is one step on the easy side of the middle."
        ),
    ),
    (
        {"ease": [3, 4, 5] * 300},
        {},
        cx.TooFewError,
        (
            "Every group must have at least 10 good and 10 bad outcomes 'stayed', but 'high effort' has 0 good and 0 "
            "bad; 'low effort' has 0 good and 0 bad.\nUse a longer window, more customers, or fewer groups."
        ),
    ),
    (
        {"stayed": np.nan},
        {},
        cx.TooFewError,
        (
            "At least one row must have all of 'stayed', 'ease', but none of 900 rows has."
            "\nCheck how the tables were joined, or use fewer predictors."
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        effort_disloyalty(calls().assign(**columns), **{"outcome": STAYED, "metrics": EASE, **options})


def test_the_outcome_as_effort_is_refused() -> None:
    message = (
        "The metric must not be the outcome 'nps' itself, but 'ease' is the same in every row, up to the unit (r = 1)."
        "\nLeave it out, or take the outcome from another source."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        effort_disloyalty(calls().assign(nps=lambda d: d.ease), outcome=NPS, metrics=EASE)


def test_few_firms_are_refused() -> None:
    message = "At least 20 clusters are needed for an interval, but there are 19."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}"):
            effort_disloyalty(calls().assign(firm=lambda d: d.index % 19), outcome=STAYED, metrics=EASE, cluster="firm")
