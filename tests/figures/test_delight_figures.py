"""Delight and effort on one page: what is drawn is what was computed, and a refusal says why."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline

import cxstats as cx
from cxstats.figures.asymmetry_curve import PICTURE, asymmetry_curve
from cxstats.figures.page import drawn_page
from cxstats.shared.gap_curve import MOST_DOTS, gap_curve
from cxstats.studies.stop_delighting import StopDelighting

# The same sums in another order; robust errors of HC0 become ours times the root of n / (n - 1).
ROUNDING = 1e-9
Z = 1.959963984540054


def customers(n: int = 2500) -> pd.DataFrame:
    """Simulated, with a name that mathtext would read."""
    rng = np.random.default_rng(4)
    gap, ease = rng.integers(-3, 4, n), rng.integers(1, 8, n)
    chance = 0.5 + 0.08 * np.minimum(gap, 0) + 0.03 * (ease - 4)
    return pd.DataFrame({"$gap$": gap, "ease": ease, "back": (rng.random(n) < chance).astype(int), "w": 1.0})


@pytest.fixture(scope="module")
def study() -> StopDelighting:
    return cx.stop_delighting(
        customers(),
        outcome=cx.Binary("back"),
        disconfirmation="$gap$",
        tiers={"meet": 0, "exceed": 1, "delight": 3},
        effort={"ease": cx.EASE7},
        rng=1,
    )


def panels(figure: Figure) -> dict[str, Any]:
    return {ax.get_title(loc="left"): ax for ax in figure.axes if ax.get_title(loc="left")}


def dots(ax: Any) -> list[float]:
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"]


# --- the curve -------------------------------------------------------------------------------------------------------


def test_dots_are_means_per_value_against_pandas() -> None:
    frame = customers()
    curve = gap_curve(cx.tally(frame, outcome=cx.Binary("back"), disconfirmation="$gap$"), (0, 0))
    groups = frame.groupby("$gap$")["back"]
    n = groups.size().to_numpy()
    half = Z * groups.std(ddof=0).to_numpy() / np.sqrt(n) * np.sqrt(len(frame) / (len(frame) - 1))
    assert curve.at.tolist() == list(range(-3, 4))
    assert np.allclose(curve.mean, groups.mean(), rtol=ROUNDING)
    assert np.allclose(curve.high - curve.mean, half, rtol=ROUNDING)
    assert curve.rows.tolist() == n.tolist()


def test_lines_and_band_against_statsmodels() -> None:
    frame = customers()
    curve = gap_curve(cx.tally(frame, outcome=cx.Binary("back"), disconfirmation="$gap$"), (-1, 1))

    def design(gap: Any) -> Any:
        return np.column_stack([np.ones(len(gap)), np.minimum(gap + 1, 0), np.maximum(gap - 1, 0)])

    fit = sm.OLS(frame["back"], design(frame["$gap$"])).fit(cov_type="HC0")
    x = design(curve.grid)
    error = np.sqrt(np.einsum("ij,jk,ik->i", x, fit.cov_params(), x) * len(frame) / (len(frame) - 1))
    assert np.allclose(curve.line, x @ fit.params, rtol=ROUNDING)
    assert np.allclose(curve.line_high - curve.line, Z * error, rtol=1e-7)
    assert {-3.0, -1.0, 1.0, 3.0} <= set(curve.grid)


def test_spline_and_band_against_statsmodels() -> None:
    """In SciPy's basis: a natural spline by its values at the knots, straight beyond the outer ones."""
    frame = customers()
    gap = frame["$gap$"].to_numpy(dtype=float) + np.round(np.random.default_rng(1).uniform(-0.5, 0.5, len(frame)), 3)
    frame = frame.assign(**{"$gap$": gap})
    curve = gap_curve(cx.tally(frame, outcome=cx.Binary("back"), disconfirmation="$gap$"), (0, 0))
    knots = np.quantile(gap, [0.05, 0.275, 0.5, 0.725, 0.95], method="inverted_cdf")
    assert curve.knots.tolist() == knots.tolist()
    through = CubicSpline(knots, np.eye(5), bc_type="natural")

    def design(x: Any) -> Any:
        inside = np.clip(x, knots[0], knots[-1])
        return through(inside) + (x - inside)[:, None] * through(inside, 1)

    fit = sm.OLS(frame["back"], design(gap)).fit(cov_type="HC0")
    x = design(curve.grid)
    error = np.sqrt(np.einsum("ij,jk,ik->i", x, fit.cov_params(), x) * len(frame) / (len(frame) - 1))
    assert np.allclose(curve.spline, x @ fit.params, rtol=ROUNDING)
    assert np.allclose(curve.spline_high - curve.spline, Z * error, rtol=1e-7)
    assert np.allclose(curve.spline - curve.spline_low, Z * error, rtol=1e-7)
    weighted = frame.assign(w=np.where(gap > 0, 3.0, 1.0))
    other = gap_curve(cx.tally(weighted, outcome=cx.Binary("back"), disconfirmation="$gap$", weight="w"), (0, 0))
    assert (other.knots >= curve.knots).all()


def test_the_spline_is_dashed_and_said_to_be_a_picture() -> None:
    curve = gap_curve(cx.tally(customers(), outcome=cx.Binary("back"), disconfirmation="$gap$"), (0, 0))
    ax = asymmetry_curve(curve)
    dashed = [
        line for line in ax.lines if line.get_linestyle() == "--" and np.size(line.get_xdata()) == len(curve.grid)
    ]
    assert any(np.array_equal(line.get_ydata(), curve.spline) for line in dashed)
    assert ax.get_xlabel().endswith(PICTURE)
    assert len(ax.collections) > 0


def test_quantiles_on_one_value_draw_no_spline() -> None:
    """Nine in ten were met exactly: the knots fall on fewer than three values."""
    frame = customers().assign(**{"$gap$": np.repeat([-1, 0, 1], [100, 2300, 100])})
    curve = gap_curve(cx.tally(frame, outcome=cx.Binary("back"), disconfirmation="$gap$"), (0, 0))
    assert (len(curve.spline), len(curve.knots), len(curve.line)) == (0, 0, len(curve.grid))
    assert PICTURE not in asymmetry_curve(curve).get_xlabel()


def test_weights_and_clusters_move_dots_and_intervals() -> None:
    frame = customers().assign(site=np.arange(2500) % 40, w=1.0 + np.arange(2500) % 2)
    back = cx.Binary("back")
    plain, weighted, clustered = (
        gap_curve(cx.tally(frame, outcome=back, disconfirmation="$gap$", weight=w, cluster=site), (0, 0))
        for w, site in ((None, None), ("w", None), (None, "site"))
    )
    means = frame.assign(wy=frame["back"] * frame["w"]).groupby("$gap$")[["wy", "w"]].sum()
    assert np.allclose(weighted.mean, means["wy"] / means["w"], rtol=ROUNDING)
    assert np.allclose(clustered.mean, plain.mean, rtol=ROUNDING)
    assert not np.allclose(clustered.high, plain.high, rtol=1e-3)


def test_many_values_share_dots_and_this_is_said() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"gap": rng.normal(size=3000), "stars": rng.integers(1, 6, 3000)})
    curve = gap_curve(cx.tally(frame, outcome=cx.Rating("stars", cx.CSAT5), disconfirmation="gap"), (0, 0))
    assert len(curve.at) == MOST_DOTS
    assert int(curve.rows.sum()) == 3000
    assert (np.diff(curve.at) > 0).all()
    label = asymmetry_curve(curve).get_xlabel()
    assert f"{MOST_DOTS} dots for 3,000 values, neighbours put together" in label


def test_few_customers_have_a_hollow_dot_without_interval() -> None:
    frame = customers().query("`$gap$` != 3 or index % 60 == 0")
    curve = gap_curve(cx.tally(frame, outcome=cx.Binary("back"), disconfirmation="$gap$"), (0, 0))
    assert np.isnan(curve.low).tolist() == [False] * 6 + [True]
    ax = asymmetry_curve(curve)
    lines = next(one for one in ax.collections if isinstance(one, LineCollection))
    assert len(lines.get_segments()) == 6
    assert "hollow: too few customers for an interval" in ax.get_xlabel()


def test_without_lines_only_the_dots_are_drawn() -> None:
    cells = cx.tally(customers(), outcome=cx.Binary("back"), disconfirmation="$gap$")
    curve = gap_curve(cells, (0, 0), joined=False)
    assert len(curve.grid) == 0
    ax = Figure().subplots()
    assert asymmetry_curve(curve, ax) is ax
    assert [line for line in ax.lines if np.size(line.get_xdata()) > 2] == []


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_has_the_verdict_and_a_panel_per_question(study: StopDelighting) -> None:
    figure = study.figure()
    assert " ".join(figure.get_suptitle().split()) == " ".join(study.verdict().split())
    found = panels(figure)
    assert list(found) == [
        "Loyalty by tier of experience",
        "Gains against what is too small to count (grey)",
        "Along the gap: two joined lines, and the mean at each value",
        "Effort: what goes with much and with little of it",
    ]
    frame = study.to_frame()
    gains = found["Gains against what is too small to count (grey)"]
    assert dots(gains) == frame["estimate"].tolist()
    assert [text.get_text() for text in gains.get_yticklabels()] == frame["term"].tolist()
    effort = study.parts.effort
    assert effort is not None
    assert dots(found["Effort: what goes with much and with little of it"]) == effort.estimate[:2].tolist()
    assert figure.get_supxlabel().startswith("95% intervals, not adjusted for each other. Associations")


def test_without_tiers_the_three_levels_are_the_stair() -> None:
    study = cx.stop_delighting(customers(), outcome=cx.Binary("back"), disconfirmation="$gap$", rng=1)
    ax = study.plot()
    assert ax.get_title(loc="left") == "Loyalty below, at and above expectation"
    names = [text.get_text().splitlines()[0] for text in ax.get_xticklabels()]
    assert names == ["below", "met", "exceeded"]
    levels = study.levels
    assert levels is not None
    treads = [one.get_segments()[0][0, 1] for one in ax.collections if isinstance(one, LineCollection)]
    assert np.allclose(treads, levels.estimate[:3])


def test_effort_alone_is_the_main_panel() -> None:
    study = cx.stop_delighting(customers(), outcome=cx.Binary("back"), effort={"ease": cx.EASE7})
    ax = Figure().subplots()
    assert study.plot(ax) is ax
    assert ax.get_title(loc="left") == "Effort: what goes with much and with little of it"
    assert list(panels(study.figure())) == [
        "Effort: what goes with much and with little of it",
        "Gains against what is too small to count (grey)",
    ]


def test_a_refused_panel_says_why() -> None:
    few = customers(60).assign(other=3, ease=4, attempt=np.arange(60) % 2)
    found = cx.stop_delighting(
        few,
        outcome=cx.Binary("back"),
        disconfirmation="$gap$",
        tiers={"meet": 0, "exceed": 1, "delight": 3},
        effort={"ease": cx.EASE7},
        weight="w",
        attempt="attempt",
        attributes={"ease": cx.EASE7, "other": cx.CSAT5},
        rng=1,
    )
    told = {title: ax.texts[0].get_text() for title, ax in panels(found.figure()).items() if not ax.axison}
    assert told.pop("Attempts to wow: with one against without").startswith("rate: attempt 0.5")
    reasons = {
        "Loyalty below, at and above expectation": "levels",
        "Loyalty by tier of experience": "tiers",
        "Effort: what goes with much and with little of it": "effort",
        "Attributes: which must not fail, which can please": "penalty and reward",
    }
    assert set(told) == set(reasons)
    for title, name in reasons.items():
        why = f"Cannot be told: {found.parts.not_told[name].splitlines()[0]}"
        said = " ".join(told[title].split()).removesuffix(" …")
        assert why.startswith(said)
        assert len(said) > 40


def test_every_panel_is_drawn_and_the_bytes_repeat() -> None:
    rng = np.random.default_rng(3)
    frame = customers()
    n = len(frame)
    frame = frame.assign(
        hoped=rng.integers(1, 6, n),
        got=rng.integers(1, 6, n),
        problem=rng.integers(0, 2, n),
        attempt=(rng.random(n) < 0.2).astype(int),
        minutes=np.round(np.exp(rng.normal(2, 0.4, n)), 1),
    )
    everything = cx.stop_delighting(
        frame,
        outcome=cx.Binary("back"),
        disconfirmation="$gap$",
        expected={"hoped": cx.CSAT5},
        performed={"got": cx.CSAT5},
        effort={"ease": cx.EASE7},
        problem="problem",
        attempt="attempt",
        handling="minutes",
        attributes={"hoped": cx.CSAT5, "got": cx.CSAT5},
        rng=1,
    )
    found = panels(everything.figure())
    assert list(found)[-1] == "Attributes: which must not fail, which can please"
    assert [text.get_text() for text in found["Attempts to wow: with one against without"].texts][1].startswith(
        "handling: attempt / no attempt "
    )
    problem = everything.parts.problem
    assert problem is not None
    at = [i for i, part in enumerate(problem.labels["part"]) if part == "outcome"]
    assert dots(found["Problems: loyalty without one, and with one"]) == problem.estimate[at].tolist()
    first, second = (drawn_page(everything.figure(), "svg") for _ in range(2))
    assert first == second
