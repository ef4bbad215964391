"""The two-lines test against mgcv, sandwich and statsmodels, against rows, and in simulation with monotone truths."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import ndtri
from scipy.stats import norm

import cxstats as cx
from cxstats.arrays import Floats
from cxstats.methods.two_lines import TwoLines, two_lines
from cxstats.numerics.two_lines import smooth

ROUNDING = 1e-9
SMOOTHED = 1e-7  # both searches for the smoothing parameter end near the smallest score, not at it
STARS = cx.Rating("stars", cx.CSAT5)
REFERENCE = pd.read_csv(Path(__file__).parents[1] / "references" / "two_lines.csv", comment="#")


def made(n: int, levels: int, step: float) -> tuple[Floats, Floats]:
    """Predictor and noise, as two_lines.R makes them."""
    i = np.arange(1, n + 1)
    x: Floats = (i * 7919 % levels).astype(np.float64) * step
    return x, ndtri((i * 104729 % 9973 + 0.5) / 9973)


def case(name: str) -> pd.DataFrame:
    if name == "example":  # drawn by R
        return pd.DataFrame({column: known(name, column) for column in ("x", "y")})
    x, noise = made(301, 1009, 0.01) if name == "hump" else made(420, 11, 1.0)
    mean = {"hump": -((x - 4) ** 2) / 8, "valley": (x - 6) ** 2 / 25, "rising": np.log(1 + x)}[name]
    return pd.DataFrame({"x": x, "y": np.round(mean + noise * (0.8 if name == "valley" else 1), 3)})


def known(name: str, part: str, key: float | None = None) -> Floats:
    rows = REFERENCE[(REFERENCE["case"] == name) & (REFERENCE["part"] == part)]
    return rows["value"].to_numpy() if key is None else rows.loc[rows["key"] == key, "value"].to_numpy()


def along(frame: Any, outcome: Any = None, **more: Any) -> TwoLines:
    return two_lines(frame, outcome=cx.Continuous("y") if outcome is None else outcome, disconfirmation="x", **more)


def ratings(n: int, seed: int) -> pd.DataFrame:
    """An inverted U of stars along ease, in 40 firms that share their level, with weights."""
    rng = np.random.default_rng(seed)
    ease = rng.integers(1, 8, n)
    firm = rng.integers(0, 40, n)
    latent = 3.5 - 0.25 * (ease - 4.5) ** 2 / 2 + 0.5 * rng.standard_normal(40)[firm] + rng.standard_normal(n)
    stars = np.clip(np.round(latent), 1, 5)
    weight = rng.choice([0.5, 1.0, 3.0], n)
    return pd.DataFrame({"ease": ease, "stars": stars, "firm": firm, "weight": weight, "back": (stars > 3).astype(int)})


def sides(frame: pd.DataFrame, result: TwoLines) -> list[pd.DataFrame]:
    return [frame[frame["ease"] <= result.breakpoint], frame[frame["ease"] >= result.breakpoint]]


@pytest.mark.parametrize("name", ["hump", "valley", "rising", "example"])
def test_curve_against_mgcv(name: str) -> None:
    frame = case(name)
    by_value = frame.groupby("x")["y"]
    means = by_value.mean()
    within = float(((frame["y"] - by_value.transform("mean")) ** 2).sum())
    curve = smooth(means.index.to_numpy(), np.asarray(by_value.size(), dtype=np.float64), means.to_numpy(), within)
    rows = REFERENCE[(REFERENCE["case"] == name) & (REFERENCE["part"] == "fitted")]
    at = np.abs(means.index.to_numpy()[:, None] - rows["key"].to_numpy()).argmin(axis=0)
    assert len(at) > 10
    assert curve.fitted[at] == pytest.approx(known(name, "fitted"), abs=SMOOTHED)
    assert curve.std_error[at] == pytest.approx(known(name, "se"), rel=SMOOTHED)
    assert curve.edf == pytest.approx(known(name, "edf")[0], rel=SMOOTHED)


@pytest.mark.parametrize("name", ["hump", "valley", "rising", "example"])
def test_breakpoint_and_slopes_against_mgcv_and_sandwich(name: str) -> None:
    """The whole algorithm, written in R from the article; its quantiles as values that occur (type 1).

    The example is the one with which the author shows his own implementation.
    """
    frame = case(name)
    n = len(frame)
    result = along(frame)
    assert result.breakpoint == pytest.approx(known(name, "breakpoint", 1)[0], rel=ROUNDING)
    assert result.estimate == pytest.approx([known(name, f"slope{s}", 1)[0] for s in (1, 2)], rel=ROUNDING)
    # sandwich's HC3 lacks the factor n / (n - 1) that every variance of rows here has.
    error = result.std_error * math.sqrt((n - 1) / n)
    assert error == pytest.approx([known(name, f"error{s}", 1)[0] for s in (1, 2)], rel=ROUNDING)
    # The article's own quantiles, which interpolate (type 7), lead to a neighbouring value at most.
    gap = np.diff(np.unique(frame["x"])).max()
    assert abs(result.breakpoint - known(name, "breakpoint", 7)[0]) < gap
    assert result.shape == {"hump": "inverted U", "valley": "U", "rising": None, "example": "inverted U"}[name]


@pytest.mark.parametrize("outcome", [STARS, cx.Binary("back")])
def test_slopes_against_statsmodels(outcome: Any) -> None:
    """Interrupted regression on rows, the breakpoint once in either line."""
    frame = ratings(600, 1)
    result = two_lines(frame, outcome=outcome, metrics={"ease": cx.EASE7})
    x, y = frame["ease"].to_numpy(np.float64), frame[outcome.column].to_numpy(np.float64)
    away = x - result.breakpoint
    for side, high in ((0, away > 0), (1, away >= 0)):
        design = np.column_stack([np.ones(600), np.where(high, 0, away), np.where(high, away, 0), high])
        fit = sm.OLS(y, design).fit(cov_type="HC3")
        assert result.estimate[side] == pytest.approx(fit.params[1 + side], rel=ROUNDING)
        assert result.std_error[side] ** 2 == pytest.approx(fit.bse[1 + side] ** 2 * 600 / 599, rel=ROUNDING)
        assert result.p_value[side] == pytest.approx(2 * norm.sf(abs(result.statistic[side])), rel=ROUNDING)


def test_clusters_against_rows() -> None:
    frame = ratings(600, 2)
    result = two_lines(frame, outcome=STARS, metrics={"ease": cx.EASE7}, cluster="firm")
    for side, part in enumerate(sides(frame, result)):
        design = np.column_stack([np.ones(len(part)), part["ease"]])
        bread = np.linalg.inv(design.T @ design)
        beta = bread @ design.T @ part["stars"].to_numpy()
        leverage = np.einsum("ij,jk,ik->i", design, bread, design)
        residual = (part["stars"].to_numpy() - design @ beta) / (1 - leverage)
        scores = pd.DataFrame(design * residual[:, None]).groupby(part["firm"].to_numpy()).sum().to_numpy()
        variance = 40 / 39 * bread @ scores.T @ scores @ bread
        assert result.estimate[side] == pytest.approx(beta[1], rel=ROUNDING)
        assert result.std_error[side] ** 2 == pytest.approx(variance[1, 1], rel=ROUNDING)
    assert result.df == 39


def test_weights_against_statsmodels() -> None:
    frame = ratings(600, 3)
    result = two_lines(frame, outcome=STARS, metrics={"ease": cx.EASE7}, weight="weight")
    for side, part in enumerate(sides(frame, result)):
        fit = sm.WLS(part["stars"], sm.add_constant(part["ease"]), weights=part["weight"]).fit(cov_type="HC3")
        assert result.estimate[side] == pytest.approx(fit.params["ease"], rel=ROUNDING)
        assert result.std_error[side] ** 2 == pytest.approx(fit.bse["ease"] ** 2 * 600 / 599, rel=ROUNDING)


RISES: dict[str, Callable[[Floats], Floats]] = {
    "log": lambda x: np.log(x + 0.1),
    "saturating": lambda x: -np.exp(-x),
    "flat from 3 on": lambda x: np.minimum(x, 3),
}


def test_monotone_truths_are_no_u_in_simulation() -> None:
    """At most 5% are called a U, where a squared term with its turn inside the data is significant nearly always."""
    rng = np.random.default_rng(11)
    runs, n = 200, 250
    called = dict.fromkeys(RISES, 0)
    squared = dict.fromkeys(RISES, 0)
    for name, curve in RISES.items():
        for _ in range(runs):
            x = rng.integers(0, 101, n) / 10
            mean = curve(x)
            y = mean + mean.std() * rng.standard_normal(n)
            called[name] += along(pd.DataFrame({"x": x, "y": y})).shape is not None
            (bend, slope, _), covariance = np.polyfit(x, y, 2, cov=True)
            significant = 2 * norm.sf(abs(bend) / math.sqrt(covariance[0, 0])) < 0.05
            squared[name] += significant and x.min() < -slope / (2 * bend) < x.max()
    for name in RISES:
        assert called[name] / runs <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs), name
        assert squared[name] / runs > 0.95 - 4 * math.sqrt(0.05 * 0.95 / runs), name
    everything = len(RISES) * runs
    assert sum(called.values()) / everything <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / everything)


def test_clusters_keep_a_rise_from_being_a_u_in_simulation() -> None:
    """Firms that share predictor and level: rows taken as independent call a U far too often."""
    rng = np.random.default_rng(13)
    runs, firm, called, naive = 150, np.arange(600) % 80, 0, 0
    for _ in range(runs):
        x = np.clip(np.round(rng.integers(0, 11, 80)[firm] + rng.standard_normal(600)), 0, 10)
        y = np.minimum(x, 3) + 0.8 * rng.standard_normal(80)[firm] + rng.standard_normal(600)
        frame = pd.DataFrame({"x": x, "y": y, "firm": firm})
        called += along(frame, cluster="firm").shape is not None
        naive += along(frame).shape is not None
    bound = 0.05 + 4 * math.sqrt(0.05 * 0.95 / runs)
    assert called / runs <= bound < naive / runs


@pytest.mark.parametrize(("sign", "shape"), [(-1, "inverted U"), (1, "U")])
def test_a_turn_is_found_in_simulation(sign: int, shape: str) -> None:
    rng = np.random.default_rng(12)
    found = []
    for _ in range(60):
        x = rng.integers(0, 11, 400).astype(np.float64)
        y = sign * (x - 5) ** 2 / 8 + rng.standard_normal(400)
        found.append(along(pd.DataFrame({"x": x, "y": y})).shape)
    assert found == [shape] * 60


def test_effort_is_turned_so_that_up_is_good() -> None:
    frame = ratings(600, 4).assign(effort=lambda rows: 8 - rows["ease"], churned=lambda rows: 1 - rows["back"])
    easy = two_lines(frame, outcome=cx.Binary("back"), metrics={"ease": cx.EASE7})
    effort = cx.Scale(1, 7, higher_is_better=False, kind="ces")
    hard = two_lines(frame, outcome=cx.Binary("churned", good=0), metrics={"effort": effort})
    assert hard.estimate == pytest.approx(easy.estimate, rel=ROUNDING)
    assert hard.breakpoint == easy.breakpoint


def test_the_verdict_and_what_it_stands_on() -> None:
    frame = ratings(600, 5)
    result = two_lines(frame, outcome=STARS, metrics={"ease": cx.EASE7})
    assert result.shape == result.published_shape == "inverted U"
    low, high = result.flat
    assert low <= result.breakpoint <= high
    ways = "the outcome rises up to it, falls beyond."
    assert result.verdict == f"An inverted U in 'ease', turning between {low:g} and {high:g}: {ways}"
    assert result.verdict in str(result)
    assert list(result.to_frame()["term"]) == ["below", "above"]
    assert result.share_at_top == (frame["stars"] == 5).mean()
    assert np.isnan(two_lines(frame, outcome=cx.Binary("back"), metrics={"ease": cx.EASE7}).share_at_top)
    flat = along(case("rising"))
    assert flat.verdict == "No turn: the relation with 'x' cannot be told from one that only rises or falls."


def test_between_the_two_levels_only_the_article_calls_it_a_u() -> None:
    between = replace(along(case("valley")), estimate=np.array([-1.0, 1.0]), std_error=np.array([0.1, 1 / 2.03]))
    assert 0.035 < between.p_value[1] < 0.05
    assert between.shape is None
    assert between.published_shape == "U"


def test_cells_need_no_names() -> None:
    frame = ratings(600, 6)
    by_frame = two_lines(frame, outcome=STARS, metrics={"ease": cx.EASE7})
    cells = cx.tally(frame, outcome=STARS, metrics={"ease": cx.EASE7})
    gaps = cx.tally(frame, outcome=STARS, disconfirmation="ease")
    for other in (two_lines(cells), two_lines(cells, metrics=["ease"]), two_lines(gaps)):
        assert np.array_equal(other.estimate, by_frame.estimate)


def test_rows_with_a_missing_value_are_counted() -> None:
    frame = ratings(600, 7).astype({"stars": float})
    frame.loc[:19, "stars"] = np.nan
    assert two_lines(frame, outcome=STARS, metrics={"ease": cx.EASE7}).n_missing == 20


def test_a_side_without_variation_is_told() -> None:
    rng = np.random.default_rng(8)
    x = rng.integers(0, 11, 300)
    frame = pd.DataFrame({"x": x, "y": np.where(x >= 4, 1, rng.random(300) < 0.1 * x)})
    told = r"^All \d+ rows above \d+ have the same outcome: that slope has no error\.$"
    with pytest.warns(cx.CxStatsWarning, match=told):
        result = along(frame, cx.Binary("y"))
    assert result.p_value[1] == 1
    assert result.shape is None


def refusals() -> list[Any]:
    frame = ratings(200, 9)
    top = frame.assign(ease=np.where(np.arange(200) < 185, 7, np.arange(200) % 7 + 1))
    few = frame.head(18)
    metric = {"ease": cx.EASE7}
    more = "\nCollect more answers, or use a predictor that varies more."
    example = '\nPass for example metrics={"ease": cx.EASE7}, or disconfirmation="days_early".'
    return [
        (
            frame.assign(stars=4),
            {"metrics": metric},
            cx.TooFewError,
            (
                "The outcome 'stars' must vary, but all 200 rows hold 4."
                "\nAn outcome that everybody shares goes with nothing."
            ),
        ),
        (
            frame.assign(ease=frame["ease"] % 3 + 1),
            {"metrics": metric},
            cx.TooFewError,
            (
                "A bend needs at least 4 distinct values of 'ease', but there are 3: 1, 2, 3."
                "\nCompare the groups with cx.mean_score instead."
            ),
        ),
        (
            top,
            {"metrics": metric},
            cx.TooFewError,
            (
                "A breakpoint needs at least 10 rows and 10% of the rows on each side of it, but no value of 'ease' "
                f"has them: of 200 rows, {(top['ease'] == 7).mean() * 100:.3g}% hold 7.{more}"
            ),
        ),
        (
            few,
            {"metrics": metric},
            cx.TooFewError,
            (
                "A breakpoint needs at least 10 rows and 10% of the rows on each side of it, but no value of 'ease' "
                f"has them: of 18 rows, {few['ease'].value_counts().max() / 18 * 100:.3g}% hold "
                f"{few['ease'].value_counts().sort_index().idxmax()}.{more}"
            ),
        ),
        (
            frame.assign(ease=np.nan),
            {"metrics": metric},
            cx.TooFewError,
            (
                "At least one row must have 'stars' and 'ease', but none of 200 rows has."
                "\nCheck how the tables were joined."
            ),
        ),
        (
            frame.assign(firm=frame["firm"] % 19),
            {"metrics": metric, "cluster": "firm"},
            cx.TooFewError,
            (
                "At least 20 clusters are needed for an interval, but there are 19."
                "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead."
            ),
        ),
        (frame, {}, cx.RoleError, f"A predictor is needed: one metric, or the disconfirmation.{example}"),
        (
            frame,
            {"metrics": {"ease": cx.EASE7, "back": cx.Scale(0, 1)}},
            cx.RoleError,
            (
                "There must be one predictor, but there are 2 metrics: 'ease', 'back'."
                "\nName the one meant in metrics, and call once for each."
            ),
        ),
        (
            frame,
            {"metrics": ["ease"], "disconfirmation": "back"},
            cx.RoleError,
            "There must be one predictor, but metrics=['ease'] and disconfirmation='back' were given." + example,
        ),
        (
            frame,
            {"metrics": metric, "outcome": None},
            cx.RoleError,
            'An outcome is needed.\nPass for example outcome=cx.Rating("stars", cx.CSAT5).',
        ),
        (
            frame.assign(days=1.0),
            {"metrics": metric, "outcome": cx.Survival("days", "back")},
            cx.RoleError,
            (
                "A time until an event has no slope by least squares: customers who are still there have no outcome."
                '\nPass whether the event happened within a window, as cx.Binary("churned", good=0).'
            ),
        ),
    ]


@pytest.mark.parametrize("given", refusals(), ids=lambda given: given[3][:30])
def test_bad_input_is_refused_in_full(given: Any) -> None:
    frame, keys, error, message = given
    with pytest.raises(error) as caught:
        two_lines(frame, **{"outcome": STARS, **keys})
    assert str(caught.value) == message
