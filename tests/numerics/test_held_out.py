"""Cross-validation on counts against the same folds, row by row, with statsmodels."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from scipy.stats import mannwhitneyu, poisson, t

from cxstats.errors import ColumnError, SeparationError, TooFewError
from cxstats.numerics.folds import deal_rows
from cxstats.numerics.held_out import Choice, HeldOut, Model, hold_out, resampled_p
from cxstats.numerics.ranks import auc_influence, placements
from cxstats.numerics.training import BINOMIAL, GAUSSIAN, POISSON, Family, Patterns, fit_training, level_rates

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-8
FOLDS, REPEATS = 4, 2


def cells(seed: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows of two scores (J, 2), a 0/1 outcome, counts."""
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 5, 600), rng.integers(0, 4, 600)
    y = rng.random(600) < expit(-1 + 0.5 * a - 0.2 * b + 0.1 * a * (a - 4))
    rows, count = np.unique(np.column_stack([a, b, y]), axis=0, return_counts=True)
    return rows[:, :2].astype(float), rows[:, 2].astype(float), count


X, Y, N = cells()


def model(name: str, columns: np.ndarray, **more: float) -> Model:
    distinct, pattern = np.unique(columns, axis=0, return_inverse=True)
    scaled = (distinct - columns.mean(axis=0)) / columns.std(axis=0)
    return Model(name, Patterns(np.hstack([np.ones((len(distinct), 1)), scaled]), pattern.ravel()), **more)


NULL = Model("null", Patterns(np.ones((1, 1)), np.zeros(len(Y), dtype=np.int64)))
A, B, AB = model("a", X[:, :1]), model("b", X[:, 1:]), model("ab", X)
LEVELS = Model("levels", model("a", X[:, :1]).patterns, saturated=True)
SPLITS = list(deal_rows(N, Y.astype(int), FOLDS, REPEATS, np.random.default_rng(9)))


@pytest.fixture(scope="module")
def held() -> HeldOut:
    return hold_out([NULL, A, B, AB, LEVELS, Choice("best", (A, B))], Y, N, SPLITS, FOLDS)


def expanded(fold: int, repeat: int, *, test: bool) -> np.ndarray:
    """Numbers of the joint rows, one per customer, in or out of a fold."""
    inside = SPLITS[0][repeat * FOLDS + fold]
    return np.repeat(np.arange(len(Y)), inside if test else N - inside)


def by_rows(columns: np.ndarray | None) -> dict[str, np.ndarray]:
    """Row-level cross-validation of one model on the same folds."""
    losses, areas, errors = [], [], []
    points: list[list[tuple[float, float]]] = []
    for repeat in range(REPEATS):
        points.append([])
        for fold in range(FOLDS):
            train, test = expanded(fold, repeat, test=False), expanded(fold, repeat, test=True)
            design = np.ones((len(Y), 1)) if columns is None else sm.add_constant(columns, has_constant="add")
            fit = sm.Logit(Y[train], design[train]).fit(disp=0, tol=1e-14, maxiter=100)
            p = fit.predict(design[test])
            losses.append(-np.log(np.where(Y[test] == 1, p, 1 - p)))
            errors.append((Y[test] - p) ** 2)
            good, bad = p[Y[test] == 1], p[Y[test] == 0]
            areas.append(mannwhitneyu(good, bad).statistic / (len(good) * len(bad)))
            points[-1] += list(zip(Y[test], logit(p), strict=True))
    slopes = []
    for table in points:
        y, eta = np.array(table).T
        if np.ptp(eta) > 0.1:
            slopes.append(sm.Logit(y, sm.add_constant(eta)).fit(disp=0, tol=1e-14).params)
    return {
        "loss": np.concatenate(losses).mean(),
        "squared_error": np.concatenate(errors).mean(),
        "auc": np.mean(areas),
        "fold_loss": np.array([part.mean() for part in losses]),
        "fold_auc": np.array(areas),
        "calibration": np.mean(slopes, axis=0) if slopes else None,
    }


@pytest.mark.parametrize(("at", "columns"), [(0, None), (1, X[:, :1]), (2, X[:, 1:]), (3, X)])
def test_indices_against_rows(held: HeldOut, at: int, columns: np.ndarray | None) -> None:
    rows = by_rows(columns)
    for name in ("loss", "squared_error", "auc"):
        # Pairs within folds weigh alike up to one row more or less in a fold.
        tolerance = 2e-4 if name == "auc" else FITTED
        assert getattr(held, name)[at] == pytest.approx(rows[name], abs=tolerance)
    assert held.fold_loss[:, at] == pytest.approx(rows["fold_loss"], abs=FITTED)
    assert held.fold_auc[:, at] == pytest.approx(rows["fold_auc"], abs=FITTED)
    if rows["calibration"] is not None:
        assert [held.intercept[at], held.slope[at]] == pytest.approx(rows["calibration"], abs=1e-6)


def test_the_mean_area_weighs_folds_by_their_pairs(held: HeldOut) -> None:
    good = np.array([[(SPLITS[0][b] * Y).sum(), (SPLITS[0][b] * (1 - Y)).sum()] for b in range(FOLDS * REPEATS)])
    pairs = good.prod(axis=1)
    assert held.auc[1] == pytest.approx(held.fold_auc[:, 1] @ pairs / pairs.sum(), abs=1e-12)


def test_level_rates_against_the_definition(held: HeldOut) -> None:
    losses = []
    for repeat in range(REPEATS):
        for fold in range(FOLDS):
            train, test = expanded(fold, repeat, test=False), expanded(fold, repeat, test=True)
            everywhere = Y[train].mean()
            for j in test:
                same = train[X[train, 0] == X[j, 0]]
                rate = (Y[same].sum() + everywhere) / (len(same) + 1)
                losses.append(-np.log(rate if Y[j] else 1 - rate))
    assert held.loss[4] == pytest.approx(np.mean(losses), abs=1e-12)


def test_the_choice_is_made_in_the_training_folds(held: HeldOut) -> None:
    """Each training set takes the metric with the larger likelihood there (both have one slope)."""
    picks, losses = [], []
    for repeat in range(REPEATS):
        for fold in range(FOLDS):
            train = expanded(fold, repeat, test=False)
            fits = [sm.Logit(Y[train], sm.add_constant(X[train, j : j + 1])).fit(disp=0) for j in (0, 1)]
            picks.append(int(np.argmax([fit.llf for fit in fits])))
            losses.append(held.fold_loss[repeat * FOLDS + fold, 1 + picks[-1]])
    assert held.chosen[5] == pytest.approx(np.bincount(picks, minlength=2) / len(picks))
    assert held.fold_loss[:, 5] == pytest.approx(losses, abs=FITTED)


@pytest.mark.parametrize("index", ["loss", "squared_error", "auc", "intercept", "slope"])
def test_influence_values_have_mean_zero_and_are_derivatives(held: HeldOut, index: str) -> None:
    """With predictions fixed, one row more of a kind moves an index by its influence (to first order)."""
    influence = getattr(held, f"{index}_influence")
    assert N @ influence[:, 1:] == pytest.approx(np.zeros(5), abs=1e-9)


def test_the_influence_of_the_loss_against_the_derivative(held: HeldOut) -> None:
    """The mean over rows with one more row of a joint row: its own mean loss, weighted by 1 / n."""
    n = N.sum()
    rows = by_rows(X[:, :1])["loss"]
    j = int(np.argmax(N))
    own = held.loss_influence[j, 1] * n + held.loss[1]
    step = 1e-6
    moved = (n * rows + step * own) / (n + step)
    assert (moved - rows) / step == pytest.approx(held.loss_influence[j, 1], rel=1e-4)


def test_standard_errors_against_delong() -> None:
    """One score and many rows: the held-out area has the standard error of the area itself."""
    count = N * 50
    splits = list(deal_rows(count, Y.astype(int), 10, 3, np.random.default_rng(2)))
    held = hold_out([NULL, A], Y, count, splits, 10)
    whole = placements(X[:, 0], Y == 1, count.astype(float))
    influence = auc_influence(whole, Y == 1, count, np.ones(len(Y)))
    assert held.auc[1] == pytest.approx(whole.auc, abs=2e-4)
    ours = np.sqrt(count @ held.auc_influence[:, 1] ** 2)
    assert ours == pytest.approx(np.sqrt(count @ influence**2), rel=2e-3)


def test_ridge_against_its_first_order_condition() -> None:
    """At the maximum the score of each slope equals the penalty times the slope; the intercept has none."""
    z = model("ab", X).patterns.design
    pattern = model("ab", X).patterns
    total, mass = pattern.summed((N * Y)[None]), pattern.summed(N[None].astype(float))
    fit = fit_training(z, total, mass, BINOMIAL, ridge=7.0)
    score = z.T @ (total[0] - mass[0] * expit(z @ fit.parameters[0]))
    assert score == pytest.approx(np.array([0.0, 7.0, 7.0]) * fit.parameters[0], abs=1e-8)


@pytest.mark.parametrize(
    ("family", "theirs"),
    [(GAUSSIAN, sm.families.Gaussian()), (POISSON, sm.families.Poisson()), (BINOMIAL, sm.families.Binomial())],
)
def test_families_against_statsmodels(family: object, theirs: object) -> None:
    rng = np.random.default_rng(4)
    y = (rng.poisson(1.5, len(Y)) if family is POISSON else rng.normal(size=len(Y))) if family is not BINOMIAL else Y
    z = np.column_stack([np.ones(len(Y)), X - X.mean(axis=0)])
    fit = fit_training(z, (N * y)[None], N[None].astype(float), family)  # type: ignore[arg-type]
    glm = sm.GLM(y, z, family=theirs, freq_weights=N).fit(tol=1e-14, maxiter=200)
    assert fit.parameters[0] == pytest.approx(glm.params, abs=1e-7)


def test_the_criterion_is_akaikes() -> None:
    fit = fit_training(A.patterns.design, A.patterns.summed((N * Y)[None]), A.patterns.summed(N[None] * 1.0), BINOMIAL)
    rows = np.repeat(np.arange(len(Y)), N)
    theirs = sm.Logit(Y[rows], sm.add_constant(X[rows, :1])).fit(disp=0, tol=1e-14)
    assert fit.criterion[0] == pytest.approx(theirs.aic, abs=1e-6)
    levels = level_rates(A.patterns.summed((N * Y)[None]), A.patterns.summed(N[None] * 1.0))
    assert levels.criterion[0] > -2 * theirs.llf - 100


def test_separated_training_sets_are_refused_by_name() -> None:
    x, y = np.array([0.0, 1, 2, 3]), np.array([0.0, 0, 1, 1])
    z = np.column_stack([np.ones(4), x - 1.5])
    message = r"^No predictor may tell the outcomes apart perfectly, but 'spend' does so in 20 of 20 rows, "
    with pytest.raises(SeparationError, match=message):
        fit_training(z, y[None] * 5, np.full((1, 4), 5.0), BINOMIAL, names=["spend"], owners=["spend"])
    message = r"^Every predictor must vary, but 'spend' holds the same value in all rows\.\nLeave it out\.$"
    with pytest.raises(ColumnError, match=message):
        fit_training(np.ones((4, 2)), y[None] * 5, np.full((1, 4), 5.0), BINOMIAL, names=["spend"])


def test_a_penalty_needs_neither() -> None:
    """With a penalty the estimate is finite: its score equals the penalty times the slope."""
    x, y = np.array([0.0, 1, 2, 3]), np.array([0.0, 0, 1, 1])
    z = np.column_stack([np.ones(4), x - 1.5, x - 1.5])
    fit = fit_training(z, y[None] * 5, np.full((1, 4), 5.0), BINOMIAL, ridge=1.0).parameters[0]
    score = z.T @ (5 * (y - expit(z @ fit)))
    assert score == pytest.approx(np.array([0, 1, 1]) * fit, abs=1e-8)


@pytest.mark.parametrize("family", [BINOMIAL, GAUSSIAN, POISSON], ids=lambda family: family.name)
def test_a_level_that_a_training_set_lacks_is_refused_by_name(family: Family) -> None:
    """All rows of a level fall into one fold: without it, nothing can be said of them."""
    rare = np.arange(len(Y)) == int(np.argmax(N))
    columns = np.column_stack([X[:, 0], rare])
    named = replace(model("rare", columns), terms=("a", "region[x]"), owners=("a", "region"))
    block = np.vstack([np.where(rare, N, 0), np.where(rare, 0, N)])
    outcome = np.where(rare, 1.0, Y)
    twin = np.where(np.arange(len(Y)) == int(np.argmax(N)), 0.0, Y)
    both = hold_out_rare(named, np.concatenate([outcome, twin]), np.hstack([block, block]), family)
    assert both == (
        "Every model is fitted without each fold in turn, and with the rows left this failed. Every predictor must "
        "vary, but 'region[x]' holds the same value in all rows.\nMerge rare levels, use fewer predictors or fewer "
        "folds, or wait for more outcomes."
    )


def hold_out_rare(once: Model, y: np.ndarray, block: np.ndarray, family: Family) -> str:
    """The message of what the model says on rows that occur with either outcome."""
    twice = replace(once, patterns=Patterns(once.patterns.design, np.tile(once.patterns.pattern, 2)))
    with pytest.raises(ColumnError, match=r"^Every model is fitted without each fold in turn, ") as caught:
        hold_out([twice], y, block.sum(axis=0), [block], 2, family)
    return str(caught.value)


def test_training_sets_with_one_outcome_are_refused() -> None:
    """All good outcomes lie in one fold, as they may where whole clusters are held out."""
    block = np.vstack([np.where(Y == 1, N, 0), np.where(Y == 1, 0, N)])
    message = (
        r"^Every model is fitted without each fold in turn, and with the rows left this failed\. Both outcomes must "
        r"occur, but all [0-9]+ rows have the bad one\.\nMerge rare levels, use fewer predictors or fewer folds, or "
        r"wait for more outcomes\.$"
    )
    with pytest.raises(TooFewError, match=message):
        hold_out([A], Y, N, [block], 2)


def test_predictions_far_out_are_no_separation() -> None:
    """A heavy tail takes the log-odds beyond 30, and the estimate still exists."""
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=2000), [-150.0, 150.0]])
    y = (rng.random(len(x)) < expit(x)).astype(float)
    z = np.column_stack([np.ones(len(x)), (x - x.mean()) / x.std()])
    fit = fit_training(z, y[None], np.ones((1, len(x))), BINOMIAL)
    glm = sm.Logit(y, z).fit(disp=0, tol=1e-14)
    assert np.abs(z @ fit.parameters[0]).max() > 30
    assert fit.parameters[0] == pytest.approx(glm.params, abs=FITTED)


def test_folds_with_one_outcome_have_no_area() -> None:
    """Fold 1 holds good outcomes only: the mean area is that of the other two, and so are its influence values."""
    good = np.where(Y == 1, N // 3, 0)
    rest = N - good
    block = np.vstack([good, rest // 2, rest - rest // 2])
    held = hold_out([NULL, A], Y, N, [block], 3)
    assert np.isnan(held.fold_auc[0]).all()
    pairs = [(b * Y).sum() * (b * (1 - Y)).sum() for b in block[1:]]
    assert held.auc[1] == pytest.approx(np.average(held.fold_auc[1:, 1], weights=pairs), abs=1e-12)
    assert N @ held.auc_influence == pytest.approx([0, 0], abs=1e-9)
    lone = np.vstack([np.where(side, part, 0) for side in (Y == 0, Y == 1) for part in (N // 2, N - N // 2)])
    with pytest.raises(
        TooFewError, match=r"^Some folds must hold both outcomes, but none does: no area is to be had\."
    ):
        hold_out([A], Y, N, [lone], 4)


def test_a_start_does_not_change_the_estimate() -> None:
    total, mass = A.patterns.summed((N * Y)[None]), A.patterns.summed(N[None] * 1.0)
    cold = fit_training(A.patterns.design, total, mass, BINOMIAL).parameters
    warm = fit_training(A.patterns.design, total, mass, BINOMIAL, start=np.array([1.5, -2.0])).parameters
    assert warm == pytest.approx(cold, abs=FITTED)


def test_the_loss_of_counts_against_scipy() -> None:
    """The whole of minus the logarithm of the probability, and the cumulant's derivatives."""
    y, eta = np.arange(6.0), np.linspace(-3, 2, 6)
    assert POISSON.loss(y, eta) == pytest.approx(-poisson.logpmf(y, np.exp(eta)), abs=1e-12)
    for family in (BINOMIAL, POISSON, GAUSSIAN):
        wide = np.linspace(-40, 40, 81)
        cumulant, mean, variance = family.moments(wide)
        assert mean == pytest.approx(family.mean(wide), rel=1e-13)
        assert variance == pytest.approx(family.variance(wide), rel=1e-13)
        assert cumulant == pytest.approx(family.loss(np.zeros(81), wide), rel=1e-13, abs=1e-15)


def test_rows_that_are_all_distinct_against_the_same_rows_counted() -> None:
    """Every row twice as its own joint row, or once with the count 2 and both copies in one fold."""
    fold = np.random.default_rng(6).integers(0, 4, len(Y))
    splits = [2 * (fold == np.arange(4)[:, None]).astype(np.int64)]
    once = hold_out([NULL, AB], Y, np.full(len(Y), 2), splits, 4)
    rows = [model("ab", np.vstack([X, X]))]
    twice = hold_out(
        [Model("null", Patterns(np.ones((1, 1)), np.zeros(2 * len(Y), dtype=np.int64))), *rows],
        np.tile(Y, 2),
        np.ones(2 * len(Y), dtype=np.int64),
        [np.tile(splits[0] // 2, 2)],
        4,
    )
    for name in ("loss", "squared_error", "auc", "intercept", "slope"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name), abs=FITTED, nan_ok=True)
        influence = getattr(twice, f"{name}_influence")[: len(Y)]
        assert influence == pytest.approx(getattr(once, f"{name}_influence"), abs=FITTED, nan_ok=True)


def test_the_resampled_t_test_by_hand() -> None:
    """Five folds of one repeat, differences 1 to 5: mean 3, s^2 2.5, variance 2.5 (1/5 + 1/4)."""
    expected = 2 * t.sf(3 / np.sqrt(2.5 * 0.45), 4)
    assert resampled_p(np.arange(1.0, 6.0), 5) == pytest.approx(expected, rel=1e-12)
    assert resampled_p(np.array([1.0, 2, 3, 4, 5, np.nan]), 5) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(resampled_p(np.zeros(10), 5))
