"""Subsets of metrics against row-by-row cross-validation on the same folds, and against what is known to be gained."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.optimize import root
from scipy.special import expit
from scipy.stats import chi2, f, norm, t

import cxstats as cx
from cxstats.errors import RoleError, TooFewError
from cxstats.methods.combination import BEST, COMBINED, GAIN, RIDGES
from cxstats.numerics.folds import deal_rows

Array = NDArray[Any]
# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-8
# The same sums in another order.
ROUNDING = 1e-10
# Predictions of two fits that differ by less are tied.
TIED = 9
MC_ERRORS = 4
FOLDS, REPEATS, SEED = 4, 2, 7
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5}
NAMES = tuple(METRICS)
SUBSETS = [subset for size in (1, 2, 3) for subset in combinations(NAMES, size)]
STAYED = cx.Binary("stayed")


def customers(n: int = 640, firms: int = 40) -> pd.DataFrame:
    """Answers of customers who share firms; two of the metrics tell about equally much, the effort little."""
    rng = np.random.default_rng(24)
    firm = np.arange(n) % firms
    lift = 0.5 * rng.normal(size=firms)[firm]
    latent = lift + rng.normal(size=n)
    nps = np.clip(np.round(6 + 2.5 * latent + 1.5 * rng.normal(size=n)), 0, 10).astype(int)
    csat = np.clip(np.round(3 + 0.9 * latent + 0.7 * rng.normal(size=n)), 1, 5).astype(int)
    effort = np.clip(np.round(3 - 0.5 * latent + rng.normal(size=n)), 1, 5).astype(int)
    tenure = rng.integers(0, 4, n)
    odds = -1.1 + 0.06 * nps + 0.12 * csat - 0.05 * effort + 0.2 * tenure
    stayed = (rng.random(n) < expit(odds)).astype(int)
    columns = {"nps": nps, "csat": csat, "effort": effort, "tenure": tenure, "stayed": stayed}
    return pd.DataFrame({"firm": [f"firm {i:02}" for i in firm], **columns})


ROWS = customers()


def key_of(controls: list[str]) -> list[str]:
    return sorted([*NAMES, *controls, "stayed"])


def folds_of(key: list[str], cluster: str | None) -> Array:
    """The fold of every customer in every repeat, shape (repeats, n), from the same seed."""
    rng = np.random.default_rng(SEED)
    if cluster is not None:
        number = np.unique(ROWS[cluster], return_inverse=True)[1]
        deck = np.arange(number.max() + 1) % FOLDS
        return np.array([rng.permutation(deck)[number] for _ in range(REPEATS)])
    cells = ROWS.groupby(key).size()
    stratum = cells.index.get_level_values("stayed").to_numpy()
    block = np.concatenate(list(deal_rows(cells.to_numpy(), stratum, FOLDS, REPEATS, rng)))
    order = np.argsort(ROWS.groupby(key).ngroup().to_numpy(), kind="stable")
    found = np.empty((REPEATS, len(ROWS)), dtype=int)
    for repeat in range(REPEATS):
        part = block[repeat * FOLDS : (repeat + 1) * FOLDS]
        found[repeat, order] = np.concatenate([np.repeat(np.arange(FOLDS), dealt) for dealt in part.T])
    return found


def design_of(columns: list[str]) -> Array:
    """A column of ones and the columns in standard deviations of all rows, in which penalties are counted."""
    scaled = [(ROWS[c] - ROWS[c].mean()) / ROWS[c].std(ddof=0) for c in columns]
    return np.column_stack([np.ones(len(ROWS)), *scaled])


def ridge_fit(x: Array, y: Array, ridge: float) -> tuple[Array, float]:
    """Where the gradient of the penalised likelihood is 0; Akaike's criterion with the trace of the hat matrix."""
    penalty = np.diag([0.0] + [ridge] * (x.shape[1] - 1))

    def gradient(b: Array) -> Array:
        return np.asarray(x.T @ (y - expit(x @ b)) - penalty @ b)

    def hessian(b: Array) -> Array:
        p = expit(x @ b)
        return np.asarray(-(x.T * (p * (1 - p))) @ x - penalty)

    b = root(gradient, np.zeros(x.shape[1]), jac=hessian, tol=1e-14).x
    p = expit(x @ b)
    half = np.sqrt(p * (1 - p))[:, None] * x
    hat = half @ np.linalg.solve(half.T @ half + penalty, half.T)
    likelihood = np.log(np.where(y == 1, p, 1 - p)).sum()
    return b, -2 * likelihood + 2 * np.trace(hat)


class ByRows:
    """Chances (repeats, n) of one model, or of the candidate that each training set chose, customer by customer."""

    def __init__(self, candidates: list[tuple[list[str], float]], fold: Array) -> None:
        y = ROWS.stayed.to_numpy()
        self.fold, self.chance, picked = fold, np.empty(fold.shape), []
        for repeat in range(REPEATS):
            for number in range(FOLDS):
                out = fold[repeat] == number
                designs = [design_of(columns) for columns, _ in candidates]
                fits = [ridge_fit(x[~out], y[~out], ridge) for x, (_, ridge) in zip(designs, candidates, strict=True)]
                picked.append(int(np.argmin([criterion for _, criterion in fits])))
                self.chance[repeat, out] = expit(designs[picked[-1]][out] @ fits[picked[-1]][0])
        self.shares = np.bincount(picked, minlength=len(candidates)) / len(picked)

    def loss(self) -> Array:
        """Of each customer, over repeats."""
        return -np.log(np.where(ROWS.stayed == 1, self.chance, 1 - self.chance)).mean(axis=0)

    def areas(self) -> tuple[Array, Array, list[tuple[Array, Array, Array]]]:
        """Of each fold the area and the pairs; and who won against whom."""
        good = ROWS.stayed.to_numpy() == 1
        parts = []
        for repeat in range(REPEATS):
            for number in range(FOLDS):
                inside = self.fold[repeat] == number
                g, b = np.flatnonzero(inside & good), np.flatnonzero(inside & ~good)
                score = np.round(self.chance[repeat], TIED)
                parts.append((g, b, (np.sign(score[g][:, None] - score[b]) + 1) / 2))
        return np.array([won.mean() for *_, won in parts]), np.array([won.size for *_, won in parts]), parts

    def area(self) -> tuple[float, Array]:
        """Over all pairs within folds, and what each customer adds to it beyond the mean."""
        each, pairs, parts = self.areas()
        beyond = np.zeros(len(ROWS))
        for g, b, won in parts:
            beyond[g] += (won - won.mean()).sum(axis=1) / pairs.sum()
            beyond[b] += (won - won.mean()).sum(axis=0) / pairs.sum()
        return float(each @ pairs / pairs.sum()), beyond


def std_error(beyond: Array, key: list[str], cluster: str | None) -> float:
    """From what each customer adds to an estimate; customers who answered alike and did alike count alike."""
    alike = pd.Series(beyond).groupby(ROWS.groupby(key).ngroup().to_numpy()).transform("mean")
    sums = alike if cluster is None else alike.groupby(ROWS[cluster].to_numpy()).sum()
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))


class Both:
    """Our result beside the same models row by row."""

    def __init__(self, controls: list[str], cluster: str | None) -> None:
        self.controls, self.cluster, self.key = controls, cluster, key_of(controls)
        self.result = cx.combination(
            ROWS,
            outcome=STAYED,
            metrics=METRICS,
            controls=controls,
            cluster=cluster,
            folds=FOLDS,
            repeats=REPEATS,
            rng=SEED,
        )
        fold = folds_of(self.key, cluster)
        self.nothing = ByRows([(controls, 0.0)], fold)
        self.models = {" + ".join(s): ByRows([([*controls, *s], 0.0)], fold) for s in SUBSETS}
        self.models[COMBINED] = ByRows([([*controls, *NAMES], ridge) for ridge in RIDGES], fold)
        self.models[BEST] = ByRows([([*controls, name], 0.0) for name in NAMES], fold)

    def std_error(self, beyond: Array) -> float:
        return std_error(beyond, self.key, self.cluster)


@pytest.fixture(scope="module", params=[([], None), ([], "firm"), (["tenure"], None)], ids=["rows", "firms", "control"])
def both(request: pytest.FixtureRequest) -> Both:
    return Both(*request.param)


def test_subsets_and_choices_against_rows(both: Both) -> None:
    """Every index and its standard error; the ridge and the best single metric are chosen in the training folds."""
    result = both.result
    estimates, areas = {}, {name: model.area() for name, model in both.models.items()}
    for name, model in both.models.items():
        estimates[name, "AUC"] = areas[name]
        less = both.nothing.loss() - model.loss()
        estimates[name, "log-loss gain"] = less.mean(), (less - less.mean()) / len(ROWS)
    for name in (*NAMES, BEST):
        gained = f"{COMBINED} - {name}"
        estimates[gained, "AUC"] = areas[COMBINED][0] - areas[name][0], areas[COMBINED][1] - areas[name][1]
        less = both.models[name].loss() - both.models[COMBINED].loss()
        estimates[gained, "log-loss gain"] = less.mean(), (less - less.mean()) / len(ROWS)
    assert list(zip(result.model, result.index, strict=True)) == list(estimates)
    assert result.estimate == pytest.approx([estimate for estimate, _ in estimates.values()], abs=FITTED)
    errors = [both.std_error(beyond) for _, beyond in estimates.values()]
    assert result.std_error == pytest.approx(errors, abs=FITTED)
    assert result.chosen == pytest.approx(dict(zip(NAMES, both.models[BEST].shares, strict=True)), abs=ROUNDING)
    df = np.inf if both.cluster is None else 39
    assert (result.df, result.n, result.n_missing, result.seed) == (df, 640, 0, SEED)
    gains = {name: (result.row(f"{COMBINED} - {name}", "AUC")) for name in NAMES}
    assert {m: (g.estimate, g.std_error_at(0), g.df) for m, g in result.gains.items()} == {
        m: pytest.approx((result.estimate[at], result.std_error[at], df)) for m, at in gains.items()
    }
    # Better than the best is better than every one: the largest of the p-values.
    assert result.gain in result.gains.values()
    for null in (result.gain.a - 1.645 * result.gain.std_error_at(0), -0.02, 0.0, 0.02):
        worst = max(g.p_not_above(null) for g in result.gains.values())
        assert (result.gain.p_not_above(null) < 0.05) == (worst < 0.05)
    assert result.notes == (
        f"The training folds chose different single metrics: the interval of '{GAIN}' is too narrow.",
    )


def test_choices_differ_between_folds(both: Both) -> None:
    """Else the brute force above could not tell a choice in the folds from one on all rows."""
    assert sum(0 < share < 1 for share in both.models[BEST].shares) > 1
    if both.cluster is None:  # the deal of firms happens to leave no doubt about the penalty
        assert sum(0 < share < 1 for share in both.models[COMBINED].shares) > 1


def test_statistics_against_their_nulls(both: Both) -> None:
    result = both.result
    alone = [i == "AUC" and not m.startswith(f"{COMBINED} - ") for m, i in zip(result.model, result.index, strict=True)]
    null = np.where(alone, 0.5, 0.0)
    z = (result.estimate - null) / result.std_error
    assert result.statistic == pytest.approx(z, rel=ROUNDING)
    tail = norm.sf(np.abs(z)) if both.cluster is None else t.sf(np.abs(z), 39)
    assert result.p_value == pytest.approx(2 * tail, rel=1e-8)


def test_enough_against_its_definition(both: Both) -> None:
    """One-sided tests of a loss of less than ``smallest``, each at 5%; the fewest metrics of those that pass."""
    combined, combined_beyond = both.models[COMBINED].area()
    for smallest in (0.001, 0.01, 0.03, 0.1):
        result = cx.combination(
            ROWS,
            outcome=STAYED,
            metrics=METRICS,
            controls=both.controls,
            cluster=both.cluster,
            smallest=smallest,
            folds=FOLDS,
            repeats=REPEATS,
            rng=SEED,
        )
        passed = []
        for subset in SUBSETS:
            area, beyond = both.models[" + ".join(subset)].area()
            z = (smallest - (combined - area)) / both.std_error(combined_beyond - beyond)
            passed.append((norm.sf(z) if both.cluster is None else t.sf(z, 39)) < 0.05)
        assert result.subsets == tuple(SUBSETS)
        assert result.short.tolist() == passed
        of = [(len(s), -both.models[" + ".join(s)].area()[0], s) for s, yes in zip(SUBSETS, passed, strict=True) if yes]
        assert result.enough == (min(of)[2] if of else NAMES)


def test_resampled_p_against_its_formula(both: Both) -> None:
    """Nadeau and Bengio (2003): the variance over folds times 1 / J + test / training size."""
    differences = both.models[COMBINED].areas()[0] - both.models[BEST].areas()[0]
    j = FOLDS * REPEATS
    error = np.sqrt(differences.var(ddof=1) * (1 / j + 1 / (FOLDS - 1)))
    expected = 2 * t.sf(abs(differences.mean()) / error, j - 1)
    assert both.result.resampled_p == pytest.approx(expected, rel=1e-5)


def test_joint_test_against_statsmodels(both: Both) -> None:
    """The other metrics added to the one with the smallest log-loss held out."""
    best = min(NAMES, key=lambda name: both.models[name].loss().mean())
    more = design_of([*both.controls, best, *(name for name in NAMES if name != best)])
    stayed = ROWS.stayed.to_numpy()
    fit = sm.Logit(stayed, more).fit(disp=0, tol=1e-14)
    if both.cluster is None:
        less = sm.Logit(stayed, more[:, :-2]).fit(disp=0, tol=1e-14)
        statistic = 2 * (fit.llf - less.llf)
        expected = ("likelihood-ratio", statistic, chi2.sf(statistic, 2))
    else:
        keys = {"groups": np.unique(ROWS.firm, return_inverse=True)[1], "use_correction": False}
        robust = sm.Logit(stayed, more).fit(disp=0, tol=1e-14, cov_type="cluster", cov_kwds=keys)
        slopes, spread = robust.params[-2:], robust.cov_params()[-2:, -2:] * 40 / 39
        statistic = slopes @ np.linalg.solve(spread, slopes)
        expected = ("robust Wald", statistic, f.sf(statistic / 2, 2, 39))
    joint = both.result.joint
    assert (joint.kind, joint.degrees) == (expected[0], 2)
    assert (joint.chi_square, joint.p_value) == pytest.approx(expected[1:], rel=1e-6)


def test_names_of_columns_do_not_matter() -> None:
    """A column may be called like a difference, like two others together, or like a model of ours."""
    strange = {"nps": "nothing", "csat": "x - y", "effort": "nothing + x - y"}
    options: Any = {"outcome": STAYED, "folds": FOLDS, "repeats": 1, "rng": SEED}
    plain = cx.combination(ROWS, metrics=METRICS, **options)
    renamed = cx.combination(
        ROWS.rename(columns=strange), metrics={strange[m]: s for m, s in METRICS.items()}, **options
    )
    # The columns, and so the rows, are dealt in another order: the same up to the luck of the deal.
    assert renamed.estimate == pytest.approx(plain.estimate, abs=0.02)
    assert renamed.statistic[1:2] == pytest.approx(renamed.estimate[1:2] / renamed.std_error[1:2])
    whole, two = renamed.row("nothing + x - y", "AUC"), renamed.model.index("nothing + x - y", 6)
    assert renamed.estimate[two + 1] == pytest.approx(
        plain.estimate[plain.row("nps + csat", "log-loss gain")], abs=0.01
    )
    assert renamed.estimate[whole + 1] == pytest.approx(plain.estimate[plain.row("effort", "log-loss gain")], abs=0.01)


def test_rows_without_a_value_are_left_out_and_counted() -> None:
    holed = ROWS.astype({"nps": float, "tenure": float})
    holed.loc[:4, "nps"] = np.nan
    holed.loc[3:9, "tenure"] = np.nan
    options: Any = {"outcome": STAYED, "metrics": METRICS, "controls": ["tenure"], "rng": SEED, "repeats": 1}
    result, complete = cx.combination(holed, **options), cx.combination(ROWS.iloc[10:], **options)
    assert np.array_equal(result.estimate, complete.estimate)
    assert (result.n, result.n_missing) == (630, 10)


def test_the_answer_is_told() -> None:
    options: Any = {"outcome": STAYED, "metrics": METRICS, "rng": SEED, "repeats": 1}
    wide, narrow = (cx.combination(ROWS, smallest=smallest, **options) for smallest in (0.2, 1e-9))
    assert len(wide.enough) == 1
    assert f"\nEnough: {wide.enough[0]} (shown to lie less than 0.2 of AUC below all of them).\n" in str(wide)
    assert not narrow.short.any()
    assert narrow.enough == NAMES
    assert "\nEnough: no subset is shown to lie less than 1e-09 of AUC below all of them.\n" in str(narrow)


# Populations in which it is known what several metrics gain.
ALL = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
SAMPLES, SIZE = 60, 1500
BOUGHT = cx.Binary("repurchase")


def samples(strength: dict[str, float], halo: float) -> list[Any]:
    found = []
    for seed in range(SAMPLES):
        rows = cx.simulate.complements(SIZE, rng=seed, strength=strength, halo=halo)
        found.append(cx.combination(rows, outcome=BOUGHT, metrics=ALL, folds=5, repeats=1, rng=seed))
    return found


def test_gains_against_truth_in_simulation() -> None:
    """Three metrics that are equally good: intervals of the gain over each hold the truth."""
    strength = {"nps": 0.3, "csat": 0.3, "ease": 0.3}
    truth = cx.simulate.complements_truth(strength=strength)
    results = samples(strength, halo=0.5)
    whole = truth.subsets["nps + csat + ease"]
    rate = np.sqrt(0.95 * 0.05 / SAMPLES)
    for metric in ALL:
        gains = np.array([result.gains[metric].estimate for result in results])
        expected = whole.auc - truth.subsets[metric].auc
        error = gains.std(ddof=1) / np.sqrt(SAMPLES)
        assert abs(gains.mean() - expected) < MC_ERRORS * error
        limits = np.array([result.gains[metric].interval() for result in results])
        covered = ((limits[:, 0] <= expected) & (expected <= limits[:, 1])).mean()
        assert covered == pytest.approx(0.95, abs=MC_ERRORS * rate)
        at = results[0].row(f"{COMBINED} - {metric}", "log-loss gain")
        losses = np.array([result.estimate[at] for result in results])
        # What is fitted costs half a unit of log-likelihood per coefficient.
        learning = 2 / 2 / (0.8 * SIZE)
        expected = truth.subsets[metric].log_loss - whole.log_loss - learning
        assert abs(losses.mean() - expected) < MC_ERRORS * losses.std(ddof=1) / np.sqrt(SAMPLES)
    assert np.mean([result.gain.p_not_above(0) < 0.05 for result in results]) > 0.5
    assert np.mean([result.joint.p_value < 0.05 for result in results]) > 0.9


@pytest.mark.parametrize(("metric", "strength", "halo"), [("csat", 0.5, 0.5), ("ease", 0.2, 0.85)])
def test_nothing_to_gain_in_simulation(metric: str, strength: float, halo: float) -> None:
    """One metric tells all, in the second case hardly more than its rivals: they must not be found to add to it."""
    results = samples({metric: strength}, halo)
    most = 0.05 + MC_ERRORS * np.sqrt(0.05 * 0.95 / SAMPLES)
    for null in np.linspace(-0.02, 0.02, 41):  # better than the best is better than every one
        worst = [max(gain.p_not_above(null) for gain in result.gains.values()) < 0.05 for result in results]
        assert [result.gain.p_not_above(null) < 0.05 for result in results] == worst
    for gains in ([result.gain for result in results], [result.gains[metric] for result in results]):
        assert np.mean([gain.p_not_above(0) < 0.05 for gain in gains]) < most
    assert np.mean([result.joint.p_value < 0.05 for result in results]) < most


@pytest.mark.parametrize("metric", ["nps", "csat", "ease"])
def test_enough_is_the_one_that_tells_in_simulation(metric: str) -> None:
    rows = cx.simulate.complements(20_000, rng=5, strength={metric: 0.5})
    result = cx.combination(rows, outcome=BOUGHT, metrics=ALL, repeats=2, rng=5)
    assert result.enough == (metric,)
    assert result.chosen[metric] == 1
    truth = cx.simulate.complements_truth(strength={metric: 0.5})
    for name, expected in truth.subsets.items():
        at = result.row(name, "AUC")
        assert abs(result.estimate[at] - expected.auc) < MC_ERRORS * result.std_error[at]
    assert abs(result.estimate[-2]) < MC_ERRORS * result.std_error[-2] + 1e-4


def test_enough_is_all_of_them_in_simulation() -> None:
    """Each of the metrics tells what the others do not, and more than counts."""
    strength = {"nps": 0.5, "csat": 0.5, "ease": 0.5}
    truth = cx.simulate.complements_truth(strength=strength, halo=0.2)
    whole = truth.subsets["nps + csat + ease"].auc
    assert all(whole - truth.subsets[" + ".join(pair)].auc > 0.02 for pair in combinations(ALL, 2))
    rows = cx.simulate.complements(20_000, rng=5, strength=strength, halo=0.2)
    result = cx.combination(rows, outcome=BOUGHT, metrics=ALL, repeats=1, rng=5)
    assert result.enough == tuple(ALL)
    assert result.short.tolist() == [False] * 6 + [True]


TEN = {f"q{i}": cx.CSAT5 for i in range(9)}
# What is asked, the error, and the lines of its message.
BAD: dict[str, tuple[Callable[[], object], type[Exception], list[str]]] = {
    "one metric": (
        lambda: cx.combination(ROWS, outcome=STAYED, metrics={"nps": cx.NPS}),
        TooFewError,
        ["A combination needs at least two metrics, but 1 was given.", "Use cx.held_out for one."],
    ),
    "nine metrics": (
        lambda: cx.combination(ROWS.assign(**dict.fromkeys(TEN, 3)), outcome=STAYED, metrics=TEN),
        RoleError,
        [
            (
                "At most 8 metrics can be combined, since every subset is a model of its own, but 9 were given: 511 "
                "models."
            ),
            "Choose among them, or average those that ask for the same thing.",
        ],
    ),
    "measured outcome": (
        lambda: cx.combination(ROWS, outcome=cx.Continuous("tenure"), metrics=METRICS),  # type: ignore[arg-type]
        RoleError,
        ["A binary outcome is needed, but Continuous was given.", 'Pass outcome=cx.Binary("column", good=1).'],
    ),
    "no outcome": (
        lambda: cx.combination(ROWS, metrics=METRICS),
        RoleError,
        ["A binary outcome is needed, but none was declared.", 'Pass outcome=cx.Binary("column", good=1).'],
    ),
    "smallest": (
        lambda: cx.combination(ROWS, outcome=STAYED, metrics=METRICS, smallest=0.5),
        RoleError,
        ["smallest must be a difference of areas between 0 and 0.5, but 0.5 was given."],
    ),
    "smallest as text": (
        lambda: cx.combination(ROWS, outcome=STAYED, metrics=METRICS, smallest="1%"),  # type: ignore[arg-type]
        RoleError,
        ["smallest must be a difference of areas between 0 and 0.5, but '1%' was given."],
    ),
    "weight": (
        lambda: cx.combination(cx.tally(ROWS.assign(w=1.5), outcome=STAYED, metrics=METRICS, weight="w")),
        RoleError,
        [
            (
                "Survey weights cannot be used by cross-validation on counted rows (a row of weight 2 is not two rows "
                "that may fall into different folds), but the cells have the weight 'w'."
            ),
            "Leave the weight out, or use cx.logistic and cx.delong, which take it.",
        ],
    ),
    "few": (
        lambda: cx.combination(ROWS.head(150), outcome=STAYED, metrics=METRICS),
        TooFewError,
        [
            (
                "At least 100 good and 100 bad outcomes are needed (100 to compare models on rows held out, 10 per "
                "coefficient, of which there are up to 3), but of the outcomes 'stayed' "
                f"{(ROWS.stayed[:150] == 1).sum()} are good and {(ROWS.stayed[:150] == 0).sum()} bad."
            ),
            "Use fewer predictors, or wait for more outcomes.",
        ],
    ),
    "folds": (
        lambda: cx.combination(ROWS, outcome=STAYED, metrics=METRICS, cluster="firm", folds=41),
        RoleError,
        ["folds must be a whole number from 2 to the 40 clusters, but 41 was given."],
    ),
    "repeats": (
        lambda: cx.combination(ROWS, outcome=STAYED, metrics=METRICS, repeats=0),
        RoleError,
        ["repeats must be a whole number from 1 up, but 0 was given."],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_full(case: str) -> None:
    call, error, lines = BAD[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).splitlines() == lines
