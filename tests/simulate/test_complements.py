"""Scores that complement each other: the truth against normal distributions and statsmodels, draws against it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import multivariate_normal, norm

import cxstats as cx
from cxstats import simulate

FITTED = 1e-9
ROUNDING = 1e-12
BIVARIATE = 1e-7  # scipy's bivariate normal is good to about 1e-8
TRIVARIATE = 1e-5  # what scipy aims at in three dimensions
ERRORS = 4.0
SHARES = {
    "nps": [0.02, 0.01, 0.02, 0.02, 0.03, 0.07, 0.08, 0.15, 0.23, 0.17, 0.20],
    "csat": [0.04, 0.07, 0.16, 0.43, 0.30],
    "ease": [0.03, 0.04, 0.07, 0.13, 0.20, 0.30, 0.23],
}
VALUES = {"nps": np.arange(11.0), "csat": np.arange(1.0, 6), "ease": np.arange(1.0, 8)}
METRICS = tuple(SHARES)
PopulationLogit = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def pair_by_bivariate_normal(first: str, second: str, halo: float) -> np.ndarray:
    """P(level of one metric, level of another), from rectangles under a bivariate normal density."""
    cuts = [np.r_[-9, norm.ppf(np.cumsum(SHARES[metric])[:-1]), 9] for metric in (first, second)]
    both = multivariate_normal([0, 0], [[1, halo], [halo, 1]])
    below = np.array([[both.cdf([a, b]) for b in cuts[1]] for a in cuts[0]])
    return np.diff(np.diff(below, axis=0), axis=1)


@pytest.mark.parametrize("halo", [0.5, 0.85])
def test_joint_against_bivariate_normal(halo: float) -> None:
    truth = simulate.complements_truth(halo=halo)
    for axis, (first, second) in {2: ("nps", "csat"), 1: ("nps", "ease"), 0: ("csat", "ease")}.items():
        expected = pair_by_bivariate_normal(first, second, halo)
        np.testing.assert_allclose(truth.joint.sum(axis=axis), expected, atol=BIVARIATE)
        x, y = VALUES[first], VALUES[second]
        mean, spread = {}, {}
        for metric in (first, second):
            mean[metric] = VALUES[metric] @ SHARES[metric]
            spread[metric] = np.sqrt((VALUES[metric] - mean[metric]) ** 2 @ SHARES[metric])
        r = (x @ expected @ y - mean[first] * mean[second]) / (spread[first] * spread[second])
        i, j = METRICS.index(first), METRICS.index(second)
        assert truth.correlations[i, j] == pytest.approx(r, abs=1e-5)  # 77 errors of 1e-8, times levels up to 70
    np.testing.assert_allclose(np.diag(truth.correlations), 1, atol=ROUNDING)


def test_three_scores_against_trivariate_normal() -> None:
    truth = simulate.complements_truth(halo=0.5)
    three = multivariate_normal(np.zeros(3), np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    for levels in ((5, 2, 3), (8, 3, 5), (2, 1, 1)):
        cuts = [norm.ppf(np.cumsum(SHARES[m])[k - 1]) for m, k in zip(METRICS, levels, strict=True)]
        below = truth.joint[: levels[0], : levels[1], : levels[2]].sum()
        assert below == pytest.approx(three.cdf(cuts, rng=np.random.default_rng(1)), abs=TRIVARIATE)


def test_without_halo_the_scores_are_independent() -> None:
    truth = simulate.complements_truth(halo=0.0)
    product = np.einsum("i,j,k->ijk", *(np.array(SHARES[m]) for m in METRICS))
    np.testing.assert_allclose(truth.joint, product, atol=ROUNDING)


def fitted(
    chosen: tuple[str, ...], truth: simulate.ComplementsTruth, population_logit: PopulationLogit
) -> tuple[float, float]:
    """Log-loss and area of a logistic regression on all 385 combinations, by statsmodels and by all pairs."""
    columns = np.stack(np.meshgrid(*VALUES.values(), indexing="ij"), axis=-1).reshape(-1, 3)
    good = (truth.joint * truth.repurchase_at).ravel()
    bad = (truth.joint * (1 - truth.repurchase_at)).ravel()
    loss, chance = population_logit(columns[:, [METRICS.index(m) for m in chosen]], bad, good)
    index = np.round(chance, 10)  # what differs by rounding only is equal
    higher = (index[:, None] > index) + 0.5 * (index[:, None] == index)
    return loss, float(good @ higher @ bad / (good.sum() * bad.sum()))


@pytest.mark.parametrize("strength", [{"nps": 0.3, "csat": 0.3, "ease": 0.3}, {"nps": 0.5, "ease": -0.2}])
def test_subsets_against_statsmodels(strength: dict[str, float], population_logit: PopulationLogit) -> None:
    truth = simulate.complements_truth(strength=strength, repurchase=0.4)
    assert len(truth.subsets) == 7
    found = {name: fitted(tuple(name.split(" + ")), truth, population_logit) for name in truth.subsets}
    for name, (loss, area) in found.items():
        assert truth.subsets[name].log_loss == pytest.approx(loss, abs=FITTED)
        assert truth.subsets[name].auc == pytest.approx(area, abs=FITTED)
    best = min(METRICS, key=lambda metric: found[metric][0])
    assert truth.best == best
    assert truth.log_loss_gain == pytest.approx(found[best][0] - found["nps + csat + ease"][0], abs=2 * FITTED)
    assert truth.auc_gain == pytest.approx(found["nps + csat + ease"][1] - found[best][1], abs=2 * FITTED)
    assert truth.log_loss_gain > 0
    assert truth.rate == pytest.approx(0.4, abs=ROUNDING)


def test_strength_is_log_odds_per_standard_deviation() -> None:
    truth = simulate.complements_truth(strength={"nps": 0.2, "csat": 0.4, "ease": -0.1})
    odds = np.log(truth.repurchase_at / (1 - truth.repurchase_at))
    for axis, (metric, strength) in enumerate({"nps": 0.2, "csat": 0.4, "ease": -0.1}.items()):
        spread = np.sqrt((VALUES[metric] - VALUES[metric] @ SHARES[metric]) ** 2 @ SHARES[metric])
        np.testing.assert_allclose(np.diff(odds, axis=axis), strength / spread, atol=1e-11)


@pytest.mark.parametrize("metric", METRICS)
def test_one_strength_leaves_nothing_to_gain(metric: str) -> None:
    truth = simulate.complements_truth(strength={metric: 0.5})
    assert truth.best == metric
    assert truth.log_loss_gain == truth.auc_gain == 0
    alone, together = truth.subsets[metric], truth.subsets["nps + csat + ease"]
    assert together.log_loss == pytest.approx(alone.log_loss, abs=ROUNDING)
    assert together.auc == pytest.approx(alone.auc, abs=ROUNDING)
    # The others predict nevertheless, through what they share with it.
    assert all(truth.subsets[other].auc > 0.54 for other in METRICS)


def test_complements_against_truth_in_simulation() -> None:
    n = 200_000
    truth, frame = simulate.complements_truth(), simulate.complements(n, rng=21)
    assert list(frame.columns) == ["nps", "csat", "ease", "repurchase"]
    assert (frame.dtypes == np.int64).all()
    for metric, values in VALUES.items():
        share = frame[metric].value_counts(normalize=True).sort_index()
        np.testing.assert_array_equal(share.index, values)
        expected = np.array(SHARES[metric])
        assert (np.abs(share - expected) < ERRORS * np.sqrt(expected * (1 - expected) / n)).all()
    among = frame[list(METRICS)].corr().to_numpy()
    assert (np.abs(among - truth.correlations) < ERRORS / np.sqrt(n)).all()
    spread = {m: np.sqrt((VALUES[m] - VALUES[m] @ SHARES[m]) ** 2 @ SHARES[m]) for m in METRICS}
    design = sm.add_constant(np.column_stack([frame[m] / spread[m] for m in METRICS]))
    fit = sm.Logit(frame["repurchase"].to_numpy(), design).fit(disp=0)
    assert (np.abs(fit.params[1:] - 0.3) < ERRORS * fit.bse[1:]).all()
    assert abs(frame["repurchase"].mean() - truth.rate) < ERRORS * np.sqrt(0.25 / n)


def test_same_seed_gives_same_frame() -> None:
    first, second = simulate.complements(300, rng=7), simulate.complements(300, rng=np.random.default_rng(7))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": {"ces": 1.0}}, r"^strength may name 'nps', 'csat', 'ease', but it names 'ces'\.$"),
        ({"strength": {"nps": "a"}}, r"^strength\['nps'\] must be a finite number, but 'a' was given\.$"),
        ({"strength": 0.3}, r'^strength must be a mapping such as \{"csat": 0\.3\}, but 0\.3 was given\.$'),
        ({"halo": 1.0}, r"^halo=1 must lie from 0 up to, but not including, 0\.9\.$"),
        ({"repurchase": 0.0}, r"^repurchase=0 must lie strictly between 0 and 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.complements(10, rng=1, **options)  # type: ignore[arg-type]
