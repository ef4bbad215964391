"""Slopes on dwell time against statsmodels, rows with moved weights, two lines on the logarithm, and known truth."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel

import cxstats as cx
from cxstats.methods.dwell_ambiguity import DwellAmbiguity, dwell_ambiguity
from cxstats.numerics.dwell import observed_slopes
from cxstats.numerics.observed import Observed

ROUNDING = 1e-9
DERIVATIVE = 1e-5  # central differences with steps of 1e-4
FITTED = 1e-5  # statsmodels ends its search earlier
ERRORS = 4.0
STARS = cx.Rating("stars", cx.CSAT7)


def visits(n: int = 500, seed: int = 1, pleasure: float = 0.5, lost: float = 0.5, at: float = 4.0) -> pd.DataFrame:
    """A long stay is pleasure where the task succeeded, and being lost where it failed; phones are slower."""
    rng = np.random.default_rng(seed)
    done, phone = (rng.random(n) < 0.6).astype(int), rng.choice(["app", "desk", "phone"], n)
    site = rng.integers(0, 50, n)
    log = rng.normal(3 + 0.4 * (phone == "phone"), 0.8)
    line = at + 0.5 * done + np.where(done == 1, pleasure, -lost) * (log - 3) - 0.3 * (phone == "phone")
    latent = line + rng.normal(0, 1, n) + rng.normal(0, 0.3, 50)[site]
    return pd.DataFrame(
        {
            "seconds": np.exp(log),
            "done": done,
            "stars": np.clip(np.round(latent), 1, 7).astype(int),
            "spend": latent,
            "device": phone,
            "site": site,
            "w": rng.choice([0.5, 1.0, 2.5], n),
        }
    )


def run(frame: Any, **keys: Any) -> DwellAmbiguity:
    return dwell_ambiguity(
        frame, **{"outcome": STARS, "dwell": "seconds", "success": "done", "controls": ["device"], **keys}
    )


def design(frame: pd.DataFrame) -> np.ndarray:
    log = np.log(frame.seconds)
    columns = [frame.done, log * (1 - frame.done), log * frame.done, frame.device == "desk", frame.device == "phone"]
    return np.column_stack(columns).astype(float)


def by_rows(frame: pd.DataFrame, mass: np.ndarray) -> np.ndarray:
    """Slopes where it failed and succeeded, and their difference, in SD per SD."""
    y, log = frame.stars.to_numpy(float), np.log(frame.seconds.to_numpy())
    columns, root = np.column_stack([np.ones(len(y)), design(frame)]), np.sqrt(mass)
    params = np.linalg.lstsq(columns * root[:, None], y * root, rcond=None)[0]
    sd = [np.sqrt(np.cov(values, aweights=mass, ddof=0)) for values in (log, y)]
    failed, done = params[2:4] * sd[0] / sd[1]
    return np.array([failed, done, done - failed])


@pytest.mark.parametrize("keys", [{}, {"weight": "w"}, {"cluster": "site"}, {"weight": "w", "cluster": "site"}])
def test_slopes_against_rows(keys: dict[str, str]) -> None:
    frame = visits(200)
    result = run(frame, **keys)
    mass = frame.w.to_numpy() if "weight" in keys else np.ones(200)
    found, step = [], 1e-4
    for row in range(200):
        ends = []
        for sign in (1, -1):
            other = mass.copy()
            other[row] *= 1 + sign * step
            ends.append(by_rows(frame, other))
        found.append((ends[0] - ends[1]) / (2 * step))
    sums = pd.DataFrame(found).groupby(frame.site).sum() if "cluster" in keys else pd.DataFrame(found)
    error = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum().to_numpy())
    assert result.estimate[:3] == pytest.approx(by_rows(frame, mass), rel=ROUNDING)
    assert result.std_error[:3] == pytest.approx(error, rel=DERIVATIVE)
    for effect, sign, at in ((result.lost, -1, 0), (result.pleasure, 1, 1), (result.difference, 1, 2)):
        assert effect.a == pytest.approx(sign * result.estimate[at], rel=ROUNDING)
        assert np.sqrt(effect.var_a) == pytest.approx(error[at], rel=DERIVATIVE)
        assert effect.df == (len(sums) - 1 if "cluster" in keys else np.inf)


def test_tests_against_statsmodels() -> None:
    """In units of the outcome per unit of the logarithm the statistic is nearly that of robust least squares."""
    frame = visits(4000)
    result = run(frame, outcome=cx.Continuous("spend"))
    fit = sm.OLS(frame.spend, sm.add_constant(design(frame))).fit(cov_type="HC0")
    unit = np.log(frame.seconds).std(ddof=0) / frame.spend.std(ddof=0)
    assert result.estimate[:2] == pytest.approx(fit.params.iloc[2:4] * unit, rel=ROUNDING)
    # The standard deviations, which are estimated too, move the error by a few percent.
    assert result.std_error[:2] == pytest.approx(fit.bse.iloc[2:4] * unit, rel=0.06)


def test_latent_slopes_against_statsmodels() -> None:
    frame = visits(800)
    result = run(frame)
    columns = design(frame)
    fit = OrderedModel(frame.stars, columns, distr="probit").fit(method="bfgs", disp=False, gtol=1e-9)
    b = fit.params.to_numpy()[:5]
    unit = np.log(frame.seconds).std(ddof=0) / np.sqrt(1 + (columns @ b).var())
    expected = np.array([b[1], b[2], b[2] - b[1]]) * unit
    assert result.estimate[3:] == pytest.approx(expected, rel=FITTED)
    assert result.labels["part"] == ["slope"] * 3 + ["latent slope"] * 3
    assert result.latent_lost is not None
    assert result.latent_pleasure is not None
    assert (result.latent_lost.a, result.latent_pleasure.a) == pytest.approx((-expected[0], expected[1]), rel=FITTED)
    # The model's own errors leave out that of the two standard deviations.
    rough = fit.bse.to_numpy()[1:3] * unit
    assert result.std_error[3:5] == pytest.approx(rough, rel=0.15)


def test_latent_influence_against_rows_left_out() -> None:
    """The jackknife over sites, each left out in turn, has the same errors up to its own small-sample terms."""
    frame = visits(800)
    result = run(frame, cluster="site")
    left = np.array([run(frame[frame.site != site]).estimate[3:] for site in range(50)])
    error = np.sqrt(49 / 50 * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
    assert result.std_error[3:] == pytest.approx(error, rel=0.05)


def test_turn_against_two_lines_on_the_logarithm() -> None:
    frame = visits().assign(seconds=lambda d: d.seconds.round(0), log=lambda d: np.log(d.seconds))
    turn = run(frame).turn
    assert turn is not None
    expected = cx.two_lines(frame, outcome=STARS, disconfirmation="log")
    assert turn.estimate == pytest.approx(expected.estimate, rel=ROUNDING)
    assert turn.std_error == pytest.approx(expected.std_error, rel=ROUNDING)
    assert (turn.shape, turn.breakpoint) == (expected.shape, pytest.approx(expected.breakpoint, rel=ROUNDING))


def test_continuous_outcomes_and_direction() -> None:
    frame = visits()
    plain = run(frame, outcome=cx.Continuous("spend"))
    assert (plain.latent_lost, plain.latent_pleasure, len(plain.estimate)) == (None, None, 3)
    assert np.isnan(plain.share_at_top)
    low = run(frame.assign(spend=-frame.spend), outcome=cx.Continuous("spend", good="low"))
    assert low.estimate == pytest.approx(plain.estimate, rel=ROUNDING)
    turned = run(
        frame.assign(stars=8 - frame.stars), outcome=cx.Rating("stars", cx.Scale(1, 7, higher_is_better=False))
    )
    assert turned.estimate == pytest.approx(run(frame).estimate, rel=1e-6)


def test_unit_of_time_does_not_matter() -> None:
    frame = visits()
    hours = run(frame.assign(seconds=frame.seconds / 3600))
    assert hours.estimate == pytest.approx(run(frame).estimate, rel=1e-6)


def test_rows_and_missing() -> None:
    frame = visits().astype({"done": float, "stars": float})
    frame.loc[:4, "done"], frame.loc[5:9, "seconds"] = np.nan, np.nan
    result = run(frame)
    assert (result.n, result.n_missing) == (490, 10)
    done = int(frame.done[10:].sum())
    assert result.rows == (490 - done, done)
    assert result.share_at_top == pytest.approx((frame.stars[10:] == 7).mean(), rel=ROUNDING)


def test_too_few_times_for_two_lines_are_told() -> None:
    frame = visits().assign(seconds=lambda d: np.where(d.seconds > 20, 60, 10))
    result = run(frame)
    assert result.turn is None
    assert result.notes == (
        "There are no two lines: A bend needs at least 4 distinct values of 'seconds', but there are 2: 10, 60.",
    )


def test_few_visitors_are_told() -> None:
    with pytest.warns(cx.CxStatsWarning, match=r"^30 clusters are few \(fewer than 40\)"):
        result = run(visits().assign(site=lambda d: d.index % 30), cluster="site")
    note = "30 clusters are few (fewer than 40): the intervals may be too narrow."
    assert result.notes == (note,)
    assert result.turn is not None
    assert result.turn.notes == (note,)


def test_summary_in_plain_words() -> None:
    frame = visits()
    result = run(frame)
    lines = str(result).split("\n")
    assert (
        "SDs of 'stars' (up is good) per SD of the logarithm of 'seconds', at equal 'device': "
        f"{result.rows[0]} visits failed, {result.rows[1]} succeeded."
    ) in lines
    assert result.turn is not None
    assert f"Both together, by two lines and without controls: {result.turn.verdict}" in lines
    assert "not adjusted for anything: " in str(run(frame, controls=()))


def test_truth_in_simulation() -> None:
    """Each slope's interval holds the truth; over all visits together the long ones look like nothing."""
    held, pooled, number = np.zeros(2), 0, 100
    raw = visits(200_000, seed=0)
    truth = by_rows(raw, np.ones(len(raw)))
    for seed in range(number):
        frame = visits(300, seed=100 + seed)
        result = run(frame)
        limits = result.confidence_interval()
        held += (limits.low[:2] <= truth[:2]) & (truth[:2] <= limits.high[:2])
        pooled += abs(np.corrcoef(np.log(frame.seconds), frame.stars)[0, 1]) < 0.2
    assert (abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)).all()
    assert truth[0] < -0.25
    assert truth[1] > 0.25
    assert pooled / number > 0.8


def test_one_sided_truth_is_seldom_called_ambiguous_in_simulation() -> None:
    """With no slope where it failed, both components together reject in about 2.5% of samples, at most."""
    number, both = 500, 0
    for seed in range(number):
        frame, ones = visits(300, seed=seed, lost=0.0), np.ones(300)
        controls = design(frame)[:, 3:]
        names = ("device[desk]", "device[phone]")
        data = Observed(
            frame.spend.to_numpy(), False, 1.0, controls, names, names, ones.astype(np.int64), ones, cluster=None
        )
        part, _ = observed_slopes(np.log(frame.seconds.to_numpy()), frame.done.to_numpy(), data)
        failed, succeeded = part.estimate[:2] / part.std_error[:2]
        both += min(-failed, succeeded) > stats.norm.isf(0.025)
    # Normal tails instead of Student's, at some 120 rows, account for .003 more.
    assert both / number < 0.028 + ERRORS * np.sqrt(0.028 * 0.972 / number)


def test_cells_carry_the_columns() -> None:
    frame = visits()
    cells = cx.tally(frame, outcome=STARS, strata=["seconds", "done"], controls=["device"])
    assert np.array_equal(dwell_ambiguity(cells, dwell="seconds", success="done").estimate, run(frame).estimate)
    message = (
        "dwell and success must be among the strata or controls of the cells, but 'minutes' is not among 'seconds', "
        "'done', 'device'.\nTally the data with strata=[\"minutes\", \"done\"]."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        dwell_ambiguity(cells, dwell="minutes", success="done")


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"seconds": -1.5},
        {},
        cx.ColumnError,
        (
            "'seconds' must hold times above 0, but 500 of 500 rows are 0 or less, -1.5 at the least."
            "\nA visit of no time has no logarithm: check how it is measured, or leave it out and say so."
        ),
    ),
    (
        {"seconds": "long"},
        {},
        cx.ColumnError,
        "'seconds' must hold times, but it holds text, for example 'long'.\nRecode it to numbers first.",
    ),
    (
        {"done": 2},
        {},
        cx.ColumnError,
        (
            "'done' must hold 1 (the task succeeded) and 0 (it failed), but 500 of 500 rows do not: 2 (500 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"done": 1},
        {},
        cx.TooFewError,
        (
            "Every group must have at least 30 rows with 'stars', but 'failed' has 0."
            "\nUse a longer window, more customers, or fewer groups."
        ),
    ),
    (
        {"seconds": 60.0},
        {},
        cx.TooFewError,
        (
            "The metric 'seconds' must take at least two values in each group, but all 200 rows in 'failed' hold the "
            "same.\nLeave it out, or ask more people."
        ),
    ),
    (
        {"seconds": np.nan},
        {},
        cx.TooFewError,
        (
            "At least one row must have all of 'stars', 'seconds', 'done', 'device', but none of 500 rows has."
            "\nCheck how the tables were joined."
        ),
    ),
    (
        {},
        {"success": "seconds"},
        cx.RoleError,
        "Each column must play one part, but 'seconds' was given as dwell and success.",
    ),
    (
        {},
        {"outcome": cx.Binary("done"), "success": "w"},
        cx.RoleError,
        (
            "A rating or a measured outcome is needed, but Binary was given."
            '\nPass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
        ),
    ),
    (
        {},
        {"outcome": None},
        cx.RoleError,
        (
            "A rating or a measured outcome is needed, but none was declared."
            '\nPass for example outcome=cx.Rating("satisfaction", cx.CSAT5).'
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    frame = visits().assign(**columns)
    message = message.replace("all 200 rows", f"all {int((frame.done == 0).sum())} rows")
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run(frame, **options)
