"""Intention against behaviour: brute force on rows, derivatives, statsmodels, Williams' golden value, known truth."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import t as student

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, SeparationError, TooFewError
from cxstats.methods.intention_behaviour import IntentionBehaviour, intention_behaviour

Array = NDArray[np.float64]

# The same sums in another order.
ROUNDING = 1e-10
# Central differences with steps of 1e-4 leave their square, times a third derivative.
DIFFERENCED = 1e-6
# statsmodels climbs by gradients without a Newton step at the end.
CLIMBED = 1e-4
# FACTS and the paper print five decimals.
PRINTED = 5e-6
# Normal theory and the influence values agree to within the sampling error of fourth moments at this n.
MOMENTS = 0.05
MC_ERRORS, REPLICATIONS = 4, 600

SCALES = {"csat": cx.CSAT5, "intention": cx.Scale(1, 7)}
REPURCHASE = cx.Binary("repurchase")
TERMS = (
    "r intention",
    "r behaviour",
    "intention - behaviour",
    "bend intention",
    "bend behaviour",
    "second difference intention",
    "second difference behaviour",
    "latent bend intention",
)


def compare(data: Any, **keys: Any) -> IntentionBehaviour:
    return intention_behaviour(data, **{"outcome": REPURCHASE, "metrics": SCALES, "intention": "intention", **keys})


def firms(seed: int, groups: int = 40, size: int = 20) -> pd.DataFrame:
    """Customers who share a firm, and therefore resemble each other; weights that are not all alike."""
    rng = np.random.default_rng(seed)
    n = groups * size
    lift = np.repeat(rng.normal(size=groups), size)
    latent = 0.6 * lift + rng.normal(size=n)
    return pd.DataFrame(
        {
            "firm": np.repeat([f"f{i:02}" for i in range(groups)], size),
            "csat": np.clip(np.round(3.4 + latent + 0.5 * rng.normal(size=n)), 1, 5).astype(int),
            "nps": np.clip(np.round(7 + 2 * latent + 2 * rng.normal(size=n)), 0, 10).astype(int),
            "intention": np.clip(np.round(4 + latent + rng.normal(size=n)), 1, 7).astype(int),
            "repurchase": (0.4 * latent + 0.4 * lift + rng.normal(size=n) > 0).astype(int),
            "weight": rng.choice([0.5, 1.0, 2.5], n),
        }
    )


def weighted_r(x: Array, y: Array, w: Array) -> float:
    cov = np.cov(np.vstack([x, y]), aweights=w)
    return float(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]))


def by_hand(rows: pd.DataFrame, w: Array, metric: str = "csat", top: int = 5) -> Array:
    """The first seven terms, from rows: the curved part is what a fitted line leaves of the square."""
    x = rows[metric].to_numpy(dtype=float)
    curve = x**2 - np.polyval(np.polyfit(x, x**2, 1, w=np.sqrt(w)), x)
    pair = [rows[c].to_numpy(dtype=float) for c in ("intention", "repurchase")]
    r = [weighted_r(x, y, w) for y in pair]
    bend = [weighted_r(curve, y, w) for y in pair]
    at = [[np.average(y[x == v], weights=w[x == v]) for v in (top - 2, top - 1, top)] for y in pair]
    return np.array([*r, r[0] - r[1], *bend, *(np.diff(levels, 2)[0] for levels in at)])


def variance_by_derivatives(f: Callable[[Array], Array], w: Array, unit: Array) -> Array:
    """Sum of squared derivatives by the log weight of each unit, with G / (G - 1)."""
    step, total, units = 1e-4, 0.0, np.unique(unit)
    for one in units:
        up, down = (f(np.where(unit == one, w * (1 + h), w)) for h in (step, -step))
        total = total + ((up - down) / (2 * step)) ** 2
    return np.asarray(total * len(units) / (len(units) - 1))


def test_estimates_against_rows() -> None:
    rows = firms(1)
    result = compare(rows)
    assert result.labels == {"metric": ("csat",) * 8, "term": TERMS}
    assert result.estimate[:7] == pytest.approx(by_hand(rows, np.ones(len(rows))), abs=ROUNDING)
    assert result.r_between == pytest.approx(rows[["intention", "repurchase"]].corr().iloc[0, 1], abs=ROUNDING)
    assert result.share_at_top == pytest.approx((rows.intention == 7).mean(), abs=ROUNDING)
    weighted = compare(rows, weight="weight")
    assert weighted.estimate[:7] == pytest.approx(by_hand(rows, rows.weight.to_numpy()), abs=ROUNDING)
    at_top = np.average(rows.intention == 7, weights=rows.weight)
    assert weighted.share_at_top == pytest.approx(at_top, abs=ROUNDING)


@pytest.mark.parametrize("used", ["", "cluster", "weight", "cluster weight"])
def test_standard_errors_against_derivatives(used: str) -> None:
    rows, keys = firms(2), {key: {"cluster": "firm", "weight": "weight"}[key] for key in used.split()}
    result = compare(rows, **keys)
    w = rows.weight.to_numpy() if "weight" in keys else np.ones(len(rows))
    unit = rows.firm.to_numpy() if "cluster" in keys else np.arange(len(rows))
    expected = variance_by_derivatives(lambda weight: by_hand(rows, weight), w, unit)
    assert result.std_error[:7] ** 2 == pytest.approx(expected, rel=DIFFERENCED)
    assert result.df == (39.0 if "cluster" in keys else np.inf)
    assert result.classical == (not keys)


def test_latent_bend_against_statsmodels() -> None:
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rows = firms(3)
    x = rows.csat.to_numpy(dtype=float)
    curve = x**2 - np.polyval(np.polyfit(x, x**2, 1), x)
    design = np.column_stack([x, curve / curve.std()])
    fit = OrderedModel(rows.intention.to_numpy(), design, distr="probit").fit(method="bfgs", disp=False, gtol=1e-8)
    expected = fit.params[1] / np.sqrt(1 + (design @ fit.params[:2]).var())
    result = compare(rows)
    assert result.estimate[7] == pytest.approx(expected, abs=CLIMBED)


@pytest.mark.parametrize("weight", [None, "weight"])
def test_latent_standard_error_against_derivatives(weight: str | None) -> None:
    """Of the estimate that statsmodels confirms, by the weight of each firm."""
    rows = firms(4)
    result = compare(rows, cluster="firm", weight=weight)
    w = np.ones(len(rows)) if weight is None else rows.weight.to_numpy()

    def latent(weights: Array) -> Array:
        return compare(rows.assign(weight=weights), weight="weight").estimate[7:]

    expected = variance_by_derivatives(latent, w, rows.firm.to_numpy())
    assert result.std_error[7:] ** 2 == pytest.approx(expected, rel=DIFFERENCED)


def test_standard_errors_against_bootstrap_of_firms() -> None:
    rows, rng = firms(5, groups=120, size=10), np.random.default_rng(5)
    result = compare(rows, cluster="firm")
    weights = rng.multinomial(120, np.full(120, 1 / 120), size=600).repeat(10, axis=1).astype(float)
    drawn = np.array([by_hand(rows[w > 0], w[w > 0]) for w in weights])
    # 600 draws know a standard deviation to 3%; the rest is what the linearisation leaves out.
    assert drawn.std(axis=0) == pytest.approx(result.std_error[:7], rel=4 * 0.03)


def test_several_metrics_each_against_its_own() -> None:
    rows = firms(6)
    scales = {"nps": cx.NPS, **SCALES}
    result = compare(rows, metrics=scales)
    assert result.metrics == ("nps", "csat")
    assert result.estimate[:7] == pytest.approx(by_hand(rows, np.ones(len(rows)), "nps", 10), abs=ROUNDING)
    single = compare(rows)
    assert result.estimate[8:] == pytest.approx(single.estimate, abs=ROUNDING)
    assert result.std_error[8:] == pytest.approx(single.std_error, rel=ROUNDING)
    frame = result.to_frame()
    assert list(frame.columns[:2]) == ["metric", "term"]
    assert list(frame.metric.unique()) == ["nps", "csat"]


def test_effects_are_the_rows_of_the_frame() -> None:
    result = compare(firms(7), cluster="firm")
    frame = result.to_frame().set_index("term")
    named = {
        "intention - behaviour": result.gap,
        "bend intention": result.bend_intention,
        "bend behaviour": result.bend_behaviour,
        "latent bend intention": result.latent_bend_intention,
    }
    for term, effects in named.items():
        assert list(effects) == ["csat"]
        effect = effects["csat"]
        assert effect is not None
        assert effect.estimate == frame.estimate[term]
        assert effect.interval() == pytest.approx(tuple(frame.loc[term, ["ci_low", "ci_high"]]), rel=ROUNDING)
        assert 2 * min(effect.p_not_above(0), effect.p_not_below(0)) == pytest.approx(frame.p_value[term])
        assert effect.df == 39
    r, error, q = frame.estimate["r intention"], frame.std_error["r intention"], student.ppf(0.975, 39)
    ends = np.tanh(np.arctanh(r) + np.array([-1, 1]) * q * error / (1 - r**2))
    assert tuple(frame.loc["r intention", ["ci_low", "ci_high"]]) == pytest.approx(tuple(ends), rel=ROUNDING)


def exactly_correlated(between: float = 0.6) -> pd.DataFrame:
    """300 rows in which r(metric, intention) is .5, r(metric, behaviour) .4, that of both outcomes .6 exactly."""
    rng = np.random.default_rng(8)
    done = np.repeat([-1.0, 1.0], 150)
    basis = np.linalg.qr(np.column_stack([np.ones(300), done, rng.normal(size=(300, 2))]))[0] * np.sqrt(300)
    done, e1, e2 = np.sign(basis[-1, 1]) * basis[:, 1], basis[:, 2], basis[:, 3]
    said = between * done + np.sqrt(1 - between**2) * e1
    c = (0.5 - 0.4 * between) / np.sqrt(1 - between**2)
    score = 0.4 * done + c * e1 + np.sqrt(1 - 0.16 - c**2) * e2
    return pd.DataFrame({"score": score, "said": said, "done": (done > 0).astype(int)})


WIDE = cx.Scale(-10, 10, whole=False)


def test_williams_against_golden_value() -> None:
    roles: dict[str, Any] = {
        "outcome": cx.Binary("done"), "metrics": {"score": WIDE, "said": WIDE}, "intention": "said",
    }  # fmt: skip
    result = intention_behaviour(exactly_correlated(), **roles)
    assert result.estimate[:3] == pytest.approx([0.5, 0.4, 0.1], abs=ROUNDING)
    assert result.r_between == pytest.approx(0.6, abs=ROUNDING)
    assert result.williams_t == pytest.approx([2.23316], abs=PRINTED)
    assert result.williams_p_value == pytest.approx([0.026283], abs=PRINTED)
    # A scale without steps has no levels and no thresholds.
    assert result.terms == TERMS[:7]
    assert np.isnan(result.estimate[5:]).all()
    assert result.latent_bend_intention == {"score": None}
    assert result.notes[0] == (
        "The second differences of 'score' are not given: they need a scale of whole numbers with at least three "
        "values, and 'score' has the scale -10 to 10."
    )
    keyed = intention_behaviour(exactly_correlated().assign(w=2.0), **roles, weight="w")
    assert np.isnan([*keyed.williams_t, *keyed.williams_p_value]).all()


def test_williams_is_near_the_statistic_for_normal_rows() -> None:
    """Both scores normal, the behaviour cut at random from noise: normal theory holds for r = 0."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=20_000)
    rows = pd.DataFrame({"x": x, "i": 0.05 * x + rng.normal(size=x.size), "y": rng.integers(0, 2, x.size)})
    result = intention_behaviour(
        rows, outcome=cx.Binary("y"), metrics={"x": cx.Scale(-9, 9, whole=False), "i": cx.Scale(-9, 9, whole=False)},
        intention="i",
    )  # fmt: skip
    assert result.williams_t[0] == pytest.approx(result.statistic[2], rel=MOMENTS)


def test_directions_are_turned() -> None:
    """Effort for ease, a churn for a repurchase, an intention to leave for one to stay: the same customers."""
    rows = firms(10)
    turned = rows.assign(csat=6 - rows.csat, intention=8 - rows.intention, repurchase=1 - rows.repurchase)
    scales = {"csat": cx.EFFORT5, "intention": cx.Scale(1, 7, higher_is_better=False)}
    result = compare(turned, metrics=scales, outcome=cx.Binary("repurchase", good=0))
    straight = compare(rows)
    assert result.estimate == pytest.approx(straight.estimate, abs=ROUNDING)
    assert result.std_error == pytest.approx(straight.std_error, rel=1e-8)
    assert result.share_at_top == straight.share_at_top


def test_cells_carry_scales_and_names_suffice() -> None:
    rows = firms(11)
    cells = cx.tally(rows, outcome=REPURCHASE, metrics={"nps": cx.NPS, **SCALES})
    plain = compare(rows)
    for metrics in (["csat"], ["csat", "intention"], {"csat": cx.CSAT5}, SCALES):
        found = intention_behaviour(cells, intention="intention", metrics=metrics)
        assert np.array_equal(found.estimate, plain.estimate)
        assert np.array_equal(found.std_error, plain.std_error)
    assert intention_behaviour(cells, intention="intention").metrics == ("nps", "csat")
    assert intention_behaviour(cells, intention="nps", metrics=["csat"]).intention == "nps"


def test_rows_without_all_answers_are_left_out_and_counted() -> None:
    rows = firms(12).astype({"csat": float, "intention": float, "repurchase": float})
    rows.loc[[0, 7], "intention"] = np.nan
    rows.loc[[7, 9, 11], "csat"] = np.nan
    rows.loc[20, "repurchase"] = np.nan
    result, complete = compare(rows), compare(rows.dropna())
    assert np.array_equal(result.estimate, complete.estimate)
    assert (result.n, result.n_missing, result.n_cells) == (795, 5, complete.n_cells)
    assert result.notes[0] == ("3 rows had the outcome but not all metrics and were left out: same rows compared.")


COMMON = (
    "Where the intention 'intention' was asked in the same survey as the metric, what both answers share for that "
    "reason alone (mood, manner of answering) raises r with the intention: take the gap as an upper limit."
)


CUT = (
    "The behaviour 'repurchase' has two values, 20.0% of them good: cutting a normal variable there leaves 0.700 of "
    "its correlations, so part of the gap can come from the cut alone."
)


def test_notes_say_what_inflates_the_gap() -> None:
    rows = firms(13)
    rows["repurchase"] = np.arange(800) % 5 == 0  # a fifth: .2 and .8 of FACTS
    notes = compare(rows).notes
    assert notes == (
        COMMON,
        CUT,
    )


def test_rare_levels_have_no_second_difference() -> None:
    rows = firms(14)
    rows["csat"] = rows.csat.where(rows.csat < 5, 4)
    rows.loc[rows.index[:29], "csat"] = 5
    result = compare(rows)
    at_four, at_three = ((rows.csat == v).sum() for v in (4, 3))
    assert np.isnan(result.estimate[[5, 6]]).all()
    assert np.isnan(result.std_error[[5, 6]]).all()
    assert np.isfinite(result.estimate[[0, 1, 2, 3, 4, 7]]).all()
    assert result.notes[0] == (
        "The second differences at the top of 'csat' are not given: each of its three best values needs 30 rows, but "
        f"5 has 29 rows, 4 has {at_four} rows, 3 has {at_three} rows."
    )
    rows.loc[rows.index[29], "csat"] = 5
    assert np.isfinite(compare(rows).estimate).all()
    # Rows without weight are none.
    weightless = rows.assign(weight=np.where(np.arange(800) == 3, 0.0, 1.0))
    assert "5 has 29 rows" in compare(weightless, weight="weight").notes[0]


def test_rare_levels_are_named_as_they_were_given() -> None:
    rows = firms(14)
    rows["csat"] = 6 - np.minimum(rows.csat, 4)  # effort: 1 is best, and never given
    note = compare(rows, metrics={**SCALES, "csat": cx.EFFORT5}).notes[0]
    assert note.startswith("The second differences at the top of 'csat' are not given")
    assert "but 1 has 0 rows, 2 has " in note


def test_two_values_of_a_metric_make_no_curve() -> None:
    rows = firms(15)
    rows["csat"] = np.where(rows.csat > 3, 5, 4)
    result = compare(rows)
    assert np.isnan(result.estimate[3:]).all()
    assert np.isfinite(result.estimate[:3]).all()
    assert result.bend_intention == {"csat": None}
    assert result.bend_behaviour == {"csat": None}
    assert result.notes[0] == "The bends over 'csat' are not given: it takes two values, and two points make no curve."
    assert result.notes[1].startswith("The second differences at the top of 'csat' are not given")


def test_an_intention_of_two_values_has_no_ceiling() -> None:
    rows = firms(16)
    rows["intention"] = (rows.intention > 3).astype(int)
    result = compare(rows, metrics={**SCALES, "intention": cx.Scale(0, 1)})
    assert result.share_at_top > 0.3
    assert not result.ceiling
    assert result.terms == TERMS[:7]
    assert result.estimate == pytest.approx(by_hand(rows, np.ones(len(rows))), abs=ROUNDING)


def test_a_ceiling_is_told() -> None:
    rows = firms(17)
    rows["intention"] = np.minimum(rows.intention, 4)
    result = compare(rows, metrics={**SCALES, "intention": cx.Scale(1, 4)})
    share = (rows.intention == 4).mean()
    assert result.ceiling
    assert share > 0.3
    assert result.notes[0] == (
        f"{share:.1%} of customers gave the best value of 'intention' (30% or more): a ceiling bends a straight line, "
        "so trust the sign of a bend of the intention only where its latent bend agrees."
    )
    unstepped = compare(rows, metrics={**SCALES, "intention": cx.Scale(1, 4, whole=False)})
    assert unstepped.terms == TERMS[:7]
    assert unstepped.notes[0] == (
        f"{share:.1%} of customers gave the best value of 'intention' (30% or more): a ceiling bends a straight line, "
        "so the sign of a bend of the intention cannot be trusted."
    )
    assert not compare(firms(17)).ceiling


def test_an_ordered_probit_is_fitted_to_at_most_101_values() -> None:
    rows = firms(17)
    for high, terms in ((100, TERMS), (101, TERMS[:7])):
        assert compare(rows, metrics={**SCALES, "intention": cx.Scale(0, high)}).terms == terms


def test_what_does_not_vary_at_the_top_is_not_tested() -> None:
    rows = firms(17)
    rows.loc[rows.csat > 2, "repurchase"] = 1
    result = compare(rows)
    assert (result.estimate[6], result.std_error[6]) == (0.0, 0.0)
    assert np.isnan(result.statistic[6])
    assert np.isnan(result.p_value[6])


def test_an_intention_that_follows_the_metric_has_no_latent_bend() -> None:
    rows = firms(18)
    rows["intention"] = np.array([1, 2, 3, 5, 7])[rows.csat - 1]
    result = compare(rows)
    assert np.isnan(result.estimate[7])
    assert result.latent_bend_intention == {"csat": None}
    assert result.notes[0].startswith("The latent bend over 'csat' is not given, for the ordered probit has no fit: ")
    assert result.estimate[:7] == pytest.approx(by_hand(rows, np.ones(len(rows))), abs=ROUNDING)


def test_few_clusters_are_a_note() -> None:
    with pytest.warns(CxStatsWarning, match=r"^30 clusters are few \(fewer than 40\)") as caught:
        result = compare(firms(19, groups=30), cluster="firm")
    assert caught[0].filename == __file__
    assert result.notes[-1] == "30 clusters are few (fewer than 40): the intervals may be too narrow."


# Simulation with known truth.

DEFAULT: dict[str, Any] = {}
STRAIGHT: dict[str, Any] = {
    "intention": 0.45, "behaviour": 0.3, "bend_intention": 0.0, "bend_behaviour": 0.0, "mean": 4.0,
}  # fmt: skip
CEILING: dict[str, Any] = {"ceiling": 5, "bend_intention": 0.0}


def drawn_from(joint: Array, n: int, seed: int) -> Iterator[cx.Cells]:
    """Samples of n customers: the same cells, in their canonical order, with counts that are drawn."""
    csat, said, done = np.indices(joint.shape).reshape(3, -1)
    every = pd.DataFrame({"csat": csat + 1, "intention": said + 1, "repurchase": done})
    cells = cx.tally(every, outcome=REPURCHASE, metrics={**SCALES, "intention": cx.Scale(1, joint.shape[1])})
    for counts in np.random.default_rng(seed).multinomial(n, joint.ravel(), size=REPLICATIONS):
        yield replace(cells.where(counts > 0), count=counts[counts > 0])


@pytest.mark.parametrize(("options", "seed"), [(DEFAULT, 21), (STRAIGHT, 22), (CEILING, 23)])
def test_coverage_in_simulation(options: dict[str, Any], seed: int) -> None:
    truth = cx.simulate.intentions_truth(**options)
    expected = np.array(
        [
            truth.r_intention,
            truth.r_behaviour,
            truth.gap,
            truth.bend_intention,
            truth.bend_behaviour,
            truth.second_intention[-1],
            truth.second_behaviour[-1],
        ]
    )
    hits, estimates = np.zeros(7), []
    for cells in drawn_from(truth.joint, 1000, seed):
        result = intention_behaviour(cells, intention="intention")
        limits = result.confidence_interval()
        hits += (limits.low[:7] <= expected) & (expected <= limits.high[:7])
        estimates.append(result.estimate[:7])
    mc_error = np.sqrt(0.95 * 0.05 / REPLICATIONS)
    assert hits / REPLICATIONS == pytest.approx(np.full(7, 0.95), abs=MC_ERRORS * mc_error)
    spread = np.std(estimates, axis=0) / np.sqrt(REPLICATIONS)
    # A correlation is short of its truth by about r (1 - r^2) / 2n, a fifth of a Monte Carlo error here.
    assert (np.abs(np.mean(estimates, axis=0) - expected) < (MC_ERRORS + 1) * spread).all()


def latent_joint(line: float, curve: float, cuts: list[float]) -> tuple[Array, float]:
    """A cut normal intention on satisfaction, with its latent bend; repurchase goes with satisfaction alone."""
    share = cx.simulate.intentions_truth().csat_share
    x = np.arange(5.0)
    x = (x - share @ x) / np.sqrt(share @ x**2 - (share @ x) ** 2)
    u = x**2 - (share @ x**3) * x - 1
    u = u / np.sqrt(share @ u**2)
    mean = line * x + curve * u
    said = np.diff(ndtr(np.r_[-np.inf, cuts, np.inf] - mean[:, None]), axis=1)
    done = 0.5 + 0.1 * x
    joint = share[:, None, None] * said[:, :, None] * np.stack([1 - done, done], axis=-1)[:, None, :]
    return joint, curve / np.sqrt(1 + line**2 + curve**2)


@pytest.mark.parametrize(("curve", "seed"), [(0.0, 31), (0.25, 32)])
def test_a_ceiling_bends_the_answers_but_not_what_lies_behind_in_simulation(curve: float, seed: int) -> None:
    joint, bend = latent_joint(0.8, curve, [-1.5, -0.8, -0.1])
    hits, observed_below = 0, 0
    for cells in drawn_from(joint, 1000, seed):
        result = intention_behaviour(cells, intention="intention")
        assert result.ceiling
        limits = result.confidence_interval()
        hits += limits.low[7] <= bend <= limits.high[7]
        observed_below += limits.high[3] < 0
    assert hits / REPLICATIONS == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS))
    if curve == 0:
        assert observed_below / REPLICATIONS > 0.5  # a false bend in most samples, as CLAIMS warns


# What is refused.


def refused(error: type[Exception], data: Any, **keys: Any) -> str:
    with pytest.raises(error, match=r"^\w") as caught:
        compare(data, **keys)
    return str(caught.value)


def test_an_intention_that_is_no_metric_is_refused_in_full() -> None:
    rows = firms(41)
    rating = cx.Rating("intention", cx.Scale(1, 7))
    assert refused(RoleError, rows, intention=rating) == (
        f"intention must be the name of a column, but {rating!r} was given."
        "\nIts scale goes into metrics, beside those of the scores."
    )
    assert refused(RoleError, rows, metrics={"csat": cx.CSAT5}) == (
        "The intention 'intention' must be among the metrics, which give its scale, but they hold 'csat'."
        '\nAdd it, for example metrics={..., "intention": cx.Scale(1, 7)}.'
    )
    cells = cx.tally(rows, outcome=REPURCHASE, metrics={"csat": cx.CSAT5, "nps": cx.NPS})
    assert refused(RoleError, cells, metrics=None) == (
        "The intention 'intention' must be among the metrics, which give its scale, but they hold 'csat', 'nps'."
        '\nAdd it, for example metrics={..., "intention": cx.Scale(1, 7)}.'
    )
    assert refused(TooFewError, rows, metrics={"intention": cx.Scale(1, 7)}) == (
        "At least one metric beside the intention is needed, but only 'intention' was given."
        '\nAdd the score, for example metrics={"csat": cx.CSAT5, "intention": ...}.'
    )


def test_an_outcome_that_is_no_behaviour_is_refused_in_full() -> None:
    rows = firms(42)
    mend = 'Pass outcome=cx.Binary("column", good=1).'
    assert refused(RoleError, rows, outcome=None) == f"A binary outcome is needed, but none was declared.\n{mend}"
    assert refused(RoleError, rows.assign(stars=3), outcome=cx.Rating("stars", cx.CSAT5)) == (
        f"A binary outcome is needed, but Rating was given.\n{mend}"
    )
    assert refused(RoleError, rows, outcome=cx.Binary("repurchase", kind="intention")) == (
        "The outcome must be a behaviour, but 'repurchase' is declared an intention."
        "\nPass what customers did as outcome=, and what they said that they would do as intention=."
    )


def test_too_little_is_refused_in_full() -> None:
    rows = firms(43)
    few = rows.assign(repurchase=(np.arange(800) < 19).astype(int))
    must = "At least 20 good and 20 bad outcomes are needed, 10 each for the line and for the curve, but of "
    mend = "Use a longer window, or more customers."
    assert refused(TooFewError, few) == f"{must}'repurchase' 19 are good and 781 bad.\n{mend}"
    assert np.isfinite(compare(rows.assign(repurchase=(np.arange(800) < 20).astype(int))).estimate).all()
    none = rows.assign(intention=np.nan)
    assert refused(TooFewError, none) == f"{must}'repurchase' 0 are good and 0 bad.\n{mend}"
    for column, what in (("csat", "metric"), ("intention", "intention")):
        assert refused(TooFewError, rows.assign(**{column: 4})) == (
            f"The {what} '{column}' must take at least two values, but all 800 rows hold 4."
            "\nWhat does not vary correlates with nothing: leave it out."
        )
    held = rows.assign(csat=np.where(np.arange(800) == 0, 1, 4), weight=np.where(np.arange(800) == 0, 0.0, 1.0))
    assert "but all 799 rows hold 4." in refused(TooFewError, held, weight="weight")
    assert refused(TooFewError, rows[rows.firm < "f10"], cluster="firm").startswith("At least 20 clusters are needed")


@pytest.mark.parametrize("sign", [1, -1])
def test_what_follows_something_else_exactly_is_refused_in_full(sign: int) -> None:
    rows = firms(44)
    same = rows.assign(intention=rows.csat if sign == 1 else 6 - rows.csat)
    tail = "" if sign == 1 else "; check the direction of the scales"
    assert refused(RoleError, same) == (
        "A metric must not be the intention 'intention' itself, but 'csat' is the same in every row, up to the unit "
        f"(r = {sign}).\nLeave it out{tail}."
    )
    made = rows.assign(csat=3 + sign * (2 * rows.repurchase - 1))
    told = rows.assign(intention=4 + sign * (2 * rows.repurchase - 1))
    for name, data in (("csat", made), ("intention", told)):
        assert refused(SeparationError, data) == (
            f"Neither score nor intention may follow the outcome 'repurchase' exactly, but '{name}' does "
            f"(r = {sign}).\nCheck that it was not computed from the outcome."
        )
