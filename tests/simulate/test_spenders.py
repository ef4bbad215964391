"""Simulated buyers: the truth against integrals written out and against large draws."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.integrate import quad_vec
from scipy.stats import norm

import cxstats as cx
from cxstats import simulate
from cxstats.simulate.loyalty import CONTROLS

ROUNDING = 1e-12
QUADRATURE = 1e-8  # scipy's adaptive rule is asked for 1e-10
ERRORS = 4.0
N = 200_000
METRICS = ("nps", "csat", "ease")
PAST = ("prior_orders", "tenure", "recency")
SHARES = {
    "nps": [0.02, 0.01, 0.02, 0.02, 0.03, 0.07, 0.08, 0.15, 0.23, 0.17, 0.20],
    "csat": [0.04, 0.07, 0.16, 0.43, 0.30],
    "ease": [0.03, 0.04, 0.07, 0.13, 0.20, 0.30, 0.23],
}
LOWEST = {"nps": 0, "csat": 1, "ease": 1}
ADDED = {"csat": 0.3, "ease": 0.15}


@pytest.fixture(scope="module")
def idle() -> pd.DataFrame:
    """Buyers whose scores add nothing."""
    return simulate.spenders(N, rng=31)


@pytest.fixture(scope="module")
def telling() -> pd.DataFrame:
    return simulate.spenders(N, rng=32, added=ADDED)


def spread_of(metric: str) -> float:
    values = np.arange(len(SHARES[metric]))
    return float(np.sqrt((values - values @ SHARES[metric]) ** 2 @ SHARES[metric]))


def levels_at(cuts: np.ndarray, tie: float, loyalty: float) -> np.ndarray:
    """P(level) at a loyalty, from the conditional normal distribution."""
    return np.diff(norm.cdf(np.r_[-np.inf, cuts, np.inf], tie * loyalty, np.sqrt(1 - tie**2)))


@pytest.mark.parametrize("metric", METRICS)
def test_area_without_added_value_against_integral(metric: str) -> None:
    # At equal loyalty a score that adds nothing and the outcome are independent: one integral is enough.
    truth = simulate.spenders_truth()
    tie = {"nps": 0.6, "csat": 0.5, "ease": 0.3}[metric]
    cuts = norm.ppf(np.cumsum(SHARES[metric])[:-1])
    odds = truth.constant + sum(
        truth.log_odds[name] * np.expand_dims(CONTROLS[name].values, [a for a in range(3) if a != axis])
        for axis, name in enumerate(PAST)
    )
    chance = 1 / (1 + np.exp(-odds))

    def table(loyalty: float) -> np.ndarray:
        past = [levels_at(control.cuts, control.loyalty, loyalty) for control in CONTROLS.values()]
        buys = np.einsum("ijk,i,j,k->", chance, *past)
        level = levels_at(cuts, tie, loyalty)
        return norm.pdf(loyalty) * np.column_stack([level * (1 - buys), level * buys])

    joint = quad_vec(table, -9, 9, epsabs=1e-10)[0]
    bad, good = (joint / joint.sum(axis=0)).T
    level = np.arange(len(good))
    area = good @ ((level[:, None] > level) + 0.5 * (level[:, None] == level)) @ bad
    assert truth.concordance["repurchase"][metric] == pytest.approx(area, abs=QUADRATURE)
    assert truth.rate == pytest.approx(joint[:, 1].sum(), abs=QUADRATURE)


def test_default_truth_says_that_loyalty_is_all() -> None:
    truth = simulate.spenders_truth()
    assert not truth.adds
    for gains in (truth.over_past, truth.over_others, truth.auc_over_past):
        assert dict(gains) == {"nps": 0.0, "csat": 0.0, "ease": 0.0}
    assert truth.past == truth.everything
    assert dict(truth.best) == {"repurchase": "nps", "orders": "nps", "spend": "nps"}
    # Yet every score predicts every outcome.
    assert all(value > 0.53 for outcome in truth.concordance.values() for value in outcome.values())
    assert truth.rate == pytest.approx(0.4, abs=ROUNDING)


def test_scores_without_loyalty_know_nothing() -> None:
    truth = simulate.spenders_truth(loyalty={})
    for outcome in truth.concordance.values():
        assert dict(outcome) == pytest.approx(dict.fromkeys(METRICS, 0.5), abs=1e-10)
    assert set(truth.best.values()) == {None}
    assert dict(truth.r_past) == pytest.approx(dict.fromkeys(METRICS, 0.0), abs=1e-10)


def test_past_that_tells_nothing() -> None:
    truth = simulate.spenders_truth(past=0.0)
    assert dict(truth.concordance["repurchase"]) == pytest.approx(dict.fromkeys(METRICS, 0.5), abs=1e-10)
    assert truth.past.auc == pytest.approx(0.5, abs=1e-10)
    # The scores go with past behaviour all the same, as much as where it tells something.
    assert dict(truth.r_past) == pytest.approx(dict(simulate.spenders_truth().r_past), abs=ROUNDING)


def test_added_value_against_its_parameters() -> None:
    truth = simulate.spenders_truth(added=ADDED)
    assert truth.adds
    assert dict(truth.added) == {"nps": 0.0, "csat": 0.3, "ease": 0.15}
    for metric in METRICS:
        assert truth.log_odds[metric] * spread_of(metric) == pytest.approx(truth.added[metric], abs=ROUNDING)
    # nps says nothing that the others and the past do not, but something that the past alone does not.
    assert truth.over_others["nps"] == 0 < truth.over_past["nps"]
    assert truth.over_others["csat"] > truth.over_others["ease"] > 0
    assert truth.everything.log_loss < truth.past.log_loss - max(truth.over_past.values())
    assert truth.everything.auc > truth.past.auc + max(truth.auc_over_past.values())


def concordance_of_rows(frame: pd.DataFrame, metric: str, outcome: str) -> float:
    """Share of pairs in the right order, from Kendall's counts on one sample against another, level by level."""
    score, y = frame[metric].to_numpy(), frame[outcome].to_numpy()
    right = usable = 0.0
    by_level = {level: np.sort(y[score == level]) for level in np.unique(score)}
    for high, better in by_level.items():
        for low, worse in by_level.items():
            below = np.searchsorted(worse, better, "left").sum()  # pairs in which the customer at high has more
            above = len(better) * len(worse) - np.searchsorted(worse, better, "right").sum()
            if high > low:
                right, usable = right + below, usable + below + above
            elif high == low:
                right, usable = right + below / 2, usable + below
    return float(right / usable)


@pytest.mark.parametrize("outcome", ["repurchase", "orders", "spend"])
@pytest.mark.parametrize("metric", METRICS)
def test_concordance_against_rows(metric: str, outcome: str, telling: pd.DataFrame) -> None:
    truth = simulate.spenders_truth(added=ADDED)
    parts = [
        concordance_of_rows(part, metric, outcome) for part in (telling[i::20] for i in range(20))
    ]  # twenty independent samples: their spread is the Monte Carlo error
    error = np.std(parts, ddof=1) / np.sqrt(20)
    # The mean over parts of a ratio of 10,000 rows is off by about 1 / 10,000 of itself, far below the error.
    assert abs(np.mean(parts) - truth.concordance[outcome][metric]) < ERRORS * error


@pytest.mark.parametrize("added", [{}, ADDED], ids=["idle", "telling"])
def test_columns_against_truth_in_simulation(
    added: dict[str, float], idle: pd.DataFrame, telling: pd.DataFrame
) -> None:
    truth, frame = simulate.spenders_truth(added=added), telling if added else idle
    assert list(frame.columns) == [*METRICS, *PAST, "repurchase", "orders", "spend"]
    assert (frame.drop(columns="spend").dtypes == np.int64).all()
    expected = {m: pd.Series(SHARES[m], index=np.arange(len(SHARES[m])) + LOWEST[m]) for m in METRICS}
    expected |= {name: pd.Series(c.share, index=c.values.astype(int)) for name, c in CONTROLS.items()}
    for name, share in expected.items():
        found = frame[name].value_counts(normalize=True).reindex(share.index, fill_value=0)
        assert len(frame[name].unique()) == len(share)
        assert (np.abs(found - share) < ERRORS * np.sqrt(share * (1 - share) / N)).all()
    assert abs(frame["repurchase"].mean() - truth.rate) < ERRORS * np.sqrt(0.25 / N)
    found = frame["orders"].value_counts(normalize=True).reindex(range(11), fill_value=0)
    share = truth.orders_share
    assert (np.abs(found - share) < ERRORS * np.sqrt(share * (1 - share) / N) + 2 / N).all()  # few have 10
    history = sum(truth.log_odds[name] * frame[name] for name in PAST)
    assert abs(history.std() - 0.9) < ERRORS * 0.9 / np.sqrt(N)  # a kurtosis near 3 makes it .7 of this
    for metric in METRICS:
        r = np.corrcoef(history, frame[metric])[0, 1]
        assert abs(r - truth.r_past[metric]) < ERRORS / np.sqrt(N)


def test_outcomes_hang_together(telling: pd.DataFrame) -> None:
    buys = telling["repurchase"] == 1
    assert (telling.loc[~buys, ["orders", "spend"]] == 0).all().all()
    assert (telling.loc[buys, "orders"].min(), telling["orders"].max()) == (1, 10)
    basket = np.log(telling.loc[buys, "spend"] / telling.loc[buys, "orders"])
    assert abs(basket.mean() - np.log(40)) < ERRORS * 0.6 / np.sqrt(buys.sum())
    assert abs(basket.std() - 0.6) < ERRORS * 0.6 / np.sqrt(2 * buys.sum())


def logit(frame: pd.DataFrame, columns: list[str]) -> tuple[sm.Logit, np.ndarray]:
    """A fit on rows by statsmodels, and the log-loss of each row."""
    fit = sm.Logit(frame["repurchase"].to_numpy(), sm.add_constant(frame[columns].to_numpy(float))).fit(disp=0)
    chance = fit.predict()
    return fit, -np.where(frame["repurchase"] == 1, np.log(chance), np.log(1 - chance))


def test_log_odds_and_gains_against_rows(telling: pd.DataFrame) -> None:
    truth = simulate.spenders_truth(added=ADDED)
    full, full_loss = logit(telling, [*PAST, *METRICS])
    expected = [truth.constant, *(truth.log_odds[name] for name in (*PAST, *METRICS))]
    assert (np.abs(full.params - expected) < ERRORS * full.bse).all()
    _, past_loss = logit(telling, [*PAST])
    gains = {truth.past.log_loss - truth.everything.log_loss: past_loss - full_loss}
    for metric in METRICS:
        gains[truth.over_past[metric]] = past_loss - logit(telling, [*PAST, metric])[1]
        others = [m for m in METRICS if m != metric]
        if truth.over_others[metric]:
            gains[truth.over_others[metric]] = logit(telling, [*PAST, *others])[1] - full_loss
    for expected_gain, rows in gains.items():
        # Each coefficient fitted lowers the loss of its own sample by 1 / (2 n): there are at most three more.
        assert abs(rows.mean() - expected_gain) < ERRORS * rows.std() / np.sqrt(N) + 3 / (2 * N)
    assert abs(full_loss.mean() - truth.everything.log_loss) < ERRORS * full_loss.std() / np.sqrt(N)


def test_nothing_is_added_in_simulation(idle: pd.DataFrame) -> None:
    full, full_loss = logit(idle, [*PAST, *METRICS])
    ratio = 2 * (logit(idle, [*PAST])[1] - full_loss).sum()
    assert ratio < 3 + ERRORS * np.sqrt(6)  # chi-square with 3 degrees: mean 3, variance 6
    assert (np.abs(full.params[4:]) < ERRORS * full.bse[4:]).all()


def test_areas_of_models_against_rows(telling: pd.DataFrame) -> None:
    truth = simulate.spenders_truth(added=ADDED)
    index = sum(truth.log_odds[name] * telling[name] for name in (*PAST, *METRICS))
    good = (telling["repurchase"] == 1).to_numpy()
    for expected, score in (
        (truth.everything.auc, index.to_numpy()),
        (truth.past.auc, logit(telling, [*PAST])[0].fittedvalues),
    ):
        ranks = pd.Series(np.round(score, 10)).rank().to_numpy()
        m, n = good.sum(), (~good).sum()
        area = (ranks[good].sum() - m * (m + 1) / 2) / (m * n)
        assert abs(area - expected) < ERRORS * np.sqrt(1 / (12 * m) + 1 / (12 * n))


def test_same_seed_gives_same_frame() -> None:
    pd.testing.assert_frame_equal(simulate.spenders(300, rng=7), simulate.spenders(300, rng=np.random.default_rng(7)))
    assert not simulate.spenders(300, rng=7).equals(simulate.spenders(300, rng=8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loyalty": {"nps": 1.0}}, r"^loyalty\['nps'\]=1 must lie strictly between -0\.9 and 0\.9\.$"),
        ({"loyalty": {"tnps": 0.5}}, r"^loyalty may name 'nps', 'csat', 'ease', but it names 'tnps'\.$"),
        ({"added": {"csat": None}}, r"^added\['csat'\] must be a finite number, but None was given\.$"),
        ({"past": -1}, r"^past=-1 must be 0 or above\.$"),
        ({"halo": -0.1}, r"^halo=-0\.1 must lie from 0 up to, but not including, 0\.9\.$"),
        ({"repurchase": 0}, r"^repurchase=0 must lie strictly between 0 and 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.spenders(10, rng=1, **options)  # type: ignore[arg-type]


def test_impossible_size_is_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but 2\.5 was given\.$"):
        simulate.spenders(2.5, rng=1)  # type: ignore[arg-type]
