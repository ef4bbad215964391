"""Codings of a metric against row-by-row cross-validation on the same folds, and against known shapes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import expit
from scipy.stats import chi2, f

import cxstats as cx
from cxstats.errors import ColumnError, RoleError, SeparationError, TooFewError
from cxstats.numerics.folds import deal_rows

Array = NDArray[Any]
# (train, test) -> the chance of the good outcome of the test rows, Akaike's criterion on the training rows.
Fit = Callable[[pd.DataFrame, pd.DataFrame], tuple[Array, float]]

# Two fits of one concave likelihood, each stopped within rounding of its maximum.
FITTED = 1e-8
# The same sums in another order.
ROUNDING = 1e-10
# Predictions of two fits that differ by less are tied: FITTED, and far below the distance of any two levels.
TIED = 7
MC_ERRORS = 4
FOLDS, REPEATS, SEED = 4, 2, 7
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}
STAYED = cx.Binary("stayed")


def customers(n: int = 900, firms: int = 50) -> pd.DataFrame:
    """Answers of customers who share firms; whether they stay goes with both metrics, not in straight lines."""
    rng = np.random.default_rng(11)
    firm = np.arange(n) % firms
    lift = 0.6 * rng.normal(size=firms)[firm]
    latent = lift + rng.normal(size=n)
    nps = np.clip(np.round(6 + 2.5 * latent + rng.normal(size=n)), 0, 10).astype(int)
    effort = np.clip(np.round(3 - 1.1 * latent + 0.8 * rng.normal(size=n)), 1, 5).astype(int)
    odds = -0.6 + 0.5 * (nps >= 9) + 0.02 * nps**2 - 0.4 * effort + lift
    stayed = (rng.random(n) < expit(odds)).astype(int)
    return pd.DataFrame({"firm": [f"firm {i:02}" for i in firm], "nps": nps, "effort": effort, "stayed": stayed})


ROWS = customers()
KEY = ["effort", "nps", "stayed"]


def folds_of(rows: pd.DataFrame, cluster: str | None) -> Array:
    """The fold of every customer in every repeat, shape (repeats, n), from the same seed."""
    rng = np.random.default_rng(SEED)
    if cluster is not None:
        number = np.unique(rows[cluster], return_inverse=True)[1]
        deck = np.arange(number.max() + 1) % FOLDS
        return np.array([rng.permutation(deck)[number] for _ in range(REPEATS)])
    cells = rows.groupby(KEY).size()
    stratum = cells.index.get_level_values("stayed").to_numpy()
    block = np.concatenate(list(deal_rows(cells.to_numpy(), stratum, FOLDS, REPEATS, rng)))
    order = np.argsort(rows.groupby(KEY).ngroup().to_numpy(), kind="stable")
    found = np.empty((REPEATS, len(rows)), dtype=int)
    for repeat in range(REPEATS):
        part = block[repeat * FOLDS : (repeat + 1) * FOLDS]
        found[repeat, order] = np.concatenate([np.repeat(np.arange(FOLDS), dealt) for dealt in part.T])
    return found


def logit(columns: Callable[[pd.DataFrame], Any]) -> Fit:
    """A logistic regression on some columns, by statsmodels."""

    def fit(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, float]:
        design = sm.add_constant(np.asarray(columns(train), dtype=float), has_constant="add")
        fitted = sm.Logit(train.stayed.to_numpy(), design).fit(disp=0, tol=1e-14, maxiter=100)
        return fitted.predict(sm.add_constant(np.asarray(columns(test), dtype=float), has_constant="add")), fitted.aic

    return fit


def rates(group: Callable[[pd.DataFrame], Any]) -> Fit:
    """The share who stayed per group, with one more customer of the overall share in each."""

    def fit(train: pd.DataFrame, test: pd.DataFrame) -> tuple[Array, float]:
        overall = train.stayed.mean()
        label = pd.Series(np.asarray(group(train)), index=train.index)
        table = train.groupby(label).stayed.agg(["sum", "size"])
        rate = (table["sum"] + overall) / (table["size"] + 1)
        chance = label.map(rate)
        likelihood = np.log(np.where(train.stayed == 1, chance, 1 - chance)).sum()
        there = pd.Series(np.asarray(group(test)), index=test.index).map(rate).fillna(overall)
        return there.to_numpy(), -2 * likelihood + 2 * len(table)

    return fit


KNOTS = {"nps": [0, 2, 5, 8, 10], "effort": [1, 2, 4, 5]}


def curve(metric: str) -> Callable[[pd.DataFrame], Any]:
    """The score, and natural cubic splines through the same knots that are 1 at one of them: other columns."""
    bent = CubicSpline(KNOTS[metric], np.eye(len(KNOTS[metric])), bc_type="natural")
    return lambda rows: np.column_stack([rows[metric], bent(rows[metric])[:, 1:-1]])


def net(rows: pd.DataFrame) -> Any:
    return rows.nps.map(lambda score: 1 if score >= 9 else 0 if score >= 7 else -1)


def every(rows: pd.DataFrame) -> Any:
    return np.zeros(len(rows))


CODED: dict[str, dict[str, Fit]] = {
    "nps": {
        "full scale": logit(lambda rows: rows.nps),
        "top box": rates(lambda rows: rows.nps == 10),
        "top two": rates(lambda rows: rows.nps.isin([9, 10])),
        "bottom two": rates(lambda rows: rows.nps.isin([0, 1])),
        "net": logit(net),
        "three classes": rates(net),
        "spline": logit(curve("nps")),
        "saturated": rates(lambda rows: rows.nps),
    },
    "effort": {
        "full scale": logit(lambda rows: rows.effort),
        "top box": rates(lambda rows: rows.effort == 1),
        "top two": rates(lambda rows: rows.effort.isin([1, 2])),
        "bottom two": rates(lambda rows: rows.effort.isin([4, 5])),
        "spline": logit(curve("effort")),
        "saturated": rates(lambda rows: rows.effort),
    },
}


class ByRows:
    """Chances (repeats, n), criteria (repeats, folds) and indices of one model, customer by customer."""

    def __init__(self, chance: Array, criterion: Array, fold: Array) -> None:
        self.chance, self.criterion, self.fold = chance, criterion, fold

    @classmethod
    def fitted(cls, fit: Fit, fold: Array) -> "ByRows":
        chance, criterion = np.empty(fold.shape), np.empty((REPEATS, FOLDS))
        for repeat in range(REPEATS):
            for number in range(FOLDS):
                inside = fold[repeat] == number
                chance[repeat, inside], criterion[repeat, number] = fit(ROWS[~inside], ROWS[inside])
        return cls(chance, criterion, fold)

    @classmethod
    def chosen(cls, models: list["ByRows"]) -> tuple["ByRows", Array]:
        """In every fold the model with the smallest criterion on the other folds; and how often each was."""
        fold = models[0].fold
        picked = np.argmin([model.criterion for model in models], axis=0)
        chance = np.empty(fold.shape)
        for repeat in range(REPEATS):
            for number in range(FOLDS):
                inside = fold[repeat] == number
                chance[repeat, inside] = models[picked[repeat, number]].chance[repeat, inside]
        return cls(chance, np.empty(0), fold), np.bincount(picked.ravel(), minlength=len(models)) / picked.size

    def loss(self) -> Array:
        """Of each customer, over repeats."""
        stayed = ROWS.stayed.to_numpy()
        return -np.log(np.where(stayed == 1, self.chance, 1 - self.chance)).mean(axis=0)

    def area(self) -> tuple[float, Array]:
        """Over the pairs within folds, one by one; and what each customer adds to it beyond the mean."""
        good = ROWS.stayed.to_numpy() == 1
        won = pairs = 0.0
        parts = []
        for repeat in range(REPEATS):
            for number in range(FOLDS):
                inside = self.fold[repeat] == number
                g, b = np.flatnonzero(inside & good), np.flatnonzero(inside & ~good)
                score = np.round(self.chance[repeat], TIED)
                better = (np.sign(score[g][:, None] - score[b]) + 1) / 2
                won, pairs = won + better.sum(), pairs + better.size
                parts.append((g, b, better))
        beyond = np.zeros(len(good))
        for g, b, better in parts:
            beyond[g] += (better - better.mean()).sum(axis=1) / pairs
            beyond[b] += (better - better.mean()).sum(axis=0) / pairs
        return won / pairs, beyond


def std_error(beyond: Array, cluster: str | None) -> float:
    """From what each customer adds to an estimate; customers who answered alike and did alike count alike."""
    alike = pd.Series(beyond).groupby(ROWS.groupby(KEY).ngroup().to_numpy()).transform("mean")
    sums = alike if cluster is None else alike.groupby(ROWS[cluster].to_numpy()).sum()
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)))


@pytest.fixture(scope="module", params=[None, "firm"], ids=["rows", "firms"])
def both(request: pytest.FixtureRequest) -> Any:
    """Our result, the same models row by row, and the model without any metric."""
    fold = folds_of(ROWS, request.param)
    result = cx.codings(
        ROWS, outcome=STAYED, metrics=METRICS, cluster=request.param, folds=FOLDS, repeats=REPEATS, rng=SEED
    )
    models = {m: {c: ByRows.fitted(fit, fold) for c, fit in fits.items()} for m, fits in CODED.items()}
    # A constant of no use in a logistic regression: every rate is the mean of the training rows.
    return result, models, ByRows.fitted(rates(every), fold), request.param


def test_codings_against_rows(both: Any) -> None:
    result, models, nothing, cluster = both
    assert set(ROWS.nps) == set(range(11))
    rows = 0
    for metric, of in models.items():
        chosen, shares = ByRows.chosen(list(of.values()))
        assert result.chosen[metric] == pytest.approx(dict(zip(of, shares, strict=True)), abs=ROUNDING)
        whole, whole_area = of["full scale"].loss(), of["full scale"].area()
        for coding, model in {**of, "chosen in the folds": chosen}.items():
            area, loss = model.area(), model.loss()
            expected = {
                (coding, "AUC"): area,
                (coding, "log-loss gain"): (gain := (nothing.loss() - loss).mean(), nothing.loss() - loss - gain),
            }
            if coding != "full scale":
                less = whole - loss
                expected[f"{coding} - full scale", "AUC"] = area[0] - whole_area[0], area[1] - whole_area[1]
                expected[f"{coding} - full scale", "log-loss gain"] = less.mean(), less - less.mean()
            for (label, index), (estimate, beyond) in expected.items():
                at, scale = result.row(metric, label, index), 1.0 if index == "AUC" else len(ROWS)
                assert result.estimate[at] == pytest.approx(estimate, abs=FITTED), (metric, label, index)
                error = std_error(beyond / scale, cluster)
                assert result.std_error[at] == pytest.approx(error, abs=FITTED), (metric, label, index)
                rows += 1
    assert rows == len(result.estimate)
    assert result.df == (np.inf if cluster is None else 49)
    assert result.left_out == {"nps": {}, "effort": {}}
    assert (result.n, result.n_missing, result.folds, result.repeats, result.seed) == (900, 0, FOLDS, REPEATS, SEED)


def test_choice_in_the_folds_differs_between_folds(both: Any) -> None:
    """Else the brute force above could not tell a choice in the folds from one on all rows."""
    result = both[0]
    assert max(sum(0 < share < 1 for share in shares.values()) for shares in result.chosen.values()) > 1


def test_statistics_against_their_nulls(both: Any) -> None:
    result = both[0]
    frame = result.to_frame().set_index(["metric", "coding", "index"])
    for (_, coding, index), row in frame.iterrows():
        null = 0.5 if index == "AUC" and not coding.endswith(" - full scale") else 0.0
        if row.std_error > 0:
            assert row.statistic == pytest.approx((row.estimate - null) / row.std_error, rel=ROUNDING)
    assert frame.loc["nps", "full scale", "AUC"].p_value < 1e-6


def test_curves_against_statsmodels(both: Any) -> None:
    """The curved columns by the likelihood ratio; with firms by Wald's test with sums of scores per firm."""
    result, _, _, cluster = both
    stayed = ROWS.stayed.to_numpy()
    for metric, knots in KNOTS.items():
        bends = len(knots) - 2
        columns = sm.add_constant(curve(metric)(ROWS).astype(float))
        more = sm.Logit(stayed, columns).fit(disp=0, tol=1e-14)
        if cluster is None:
            less = sm.Logit(stayed, columns[:, :2]).fit(disp=0, tol=1e-14)
            statistic = 2 * (more.llf - less.llf)
            expected = ("likelihood-ratio", statistic, chi2.sf(statistic, bends))
        else:
            firm = np.unique(ROWS.firm, return_inverse=True)[1]
            keys = {"groups": firm, "use_correction": False}
            robust = sm.Logit(stayed, columns).fit(disp=0, tol=1e-14, cov_type="cluster", cov_kwds=keys)
            spread = robust.cov_params()[2:, 2:] * 50 / 49
            statistic = robust.params[2:] @ np.linalg.solve(spread, robust.params[2:])
            expected = ("robust Wald", statistic, f.sf(statistic / bends, bends, 49))
        test = result.curved[metric]
        assert (test.kind, test.degrees) == (expected[0], bends)
        assert (test.chi_square, test.p_value) == pytest.approx(expected[1:], rel=1e-6)


def test_directions_do_not_matter() -> None:
    options: Any = {"folds": FOLDS, "repeats": REPEATS, "rng": SEED}
    given = cx.codings(ROWS, outcome=STAYED, metrics={"effort": cx.EFFORT5}, **options)
    eased = cx.codings(ROWS.assign(effort=6 - ROWS.effort), outcome=STAYED, metrics={"effort": cx.EASE5}, **options)
    # The rows are dealt in another order: the same up to the luck of the deal.
    assert given.coding == eased.coding
    assert eased.estimate == pytest.approx(given.estimate, abs=MC_ERRORS * 0.003)
    churned = cx.codings(
        ROWS.assign(stayed=1 - ROWS.stayed), outcome=cx.Binary("stayed", good=0), metrics=METRICS, **options
    )
    stayed = cx.codings(ROWS, outcome=STAYED, metrics=METRICS, **options)
    assert churned.estimate == pytest.approx(stayed.estimate, abs=MC_ERRORS * 0.003)


def test_codings_that_repeat_each_other_are_named() -> None:
    rows = ROWS.assign(kept=(ROWS.nps > 6).astype(int), grade=1 + (ROWS.nps > 5) + (ROWS.nps > 8))
    result = cx.codings(rows, outcome=STAYED, metrics={"kept": cx.Scale(0, 1), "grade": cx.Scale(1, 3)}, rng=1)
    frame = result.to_frame()
    assert frame[frame.metric == "kept"].coding.tolist() == ["full scale"] * 2
    assert frame[(frame.metric == "grade") & (frame["index"] == "AUC")].coding.tolist() == [
        "full scale",
        "top box",
        "top box - full scale",
        "top two",
        "top two - full scale",
        "saturated",
        "saturated - full scale",
        "chosen in the folds",
        "chosen in the folds - full scale",
    ]
    assert list(result.chosen) == ["grade"]
    assert result.curved == {}
    assert (
        "\nLeft out: kept: spline (fewer than 4 levels); kept: top box (same as full scale); kept: top two (one value "
        "only); kept: bottom two (one value only); kept: saturated (same as full scale); grade: spline (fewer than 4 "
        "levels); grade: bottom two (same as top box).\n"
    ) in str(result)


def test_rows_without_a_value_are_left_out_and_counted() -> None:
    holed = ROWS.astype({"nps": float, "effort": float})
    holed.loc[:4, "nps"] = np.nan
    holed.loc[3:9, "effort"] = np.nan
    options: Any = {"outcome": STAYED, "metrics": METRICS, "rng": SEED, "repeats": 1}
    result, complete = cx.codings(holed, **options), cx.codings(ROWS.iloc[10:], **options)
    assert np.array_equal(result.estimate, complete.estimate)
    assert (result.n, result.n_missing) == (890, 10)


def test_the_seed_is_kept() -> None:
    first = cx.codings(ROWS, outcome=STAYED, metrics=METRICS, repeats=1)
    again = cx.codings(ROWS, outcome=STAYED, metrics=METRICS, repeats=1, rng=first.seed)
    assert np.array_equal(first.estimate, again.estimate)


# Known shapes: what each coding loses is known to the population.
SAMPLES, SIZE = 60, 3000


@pytest.mark.parametrize("shape", ["linear", "top two", "curve"])
def test_shapes_in_simulation(shape: Any) -> None:
    """Estimates against the population's log-losses and areas; the interval of top two against full scale."""
    truth = cx.simulate.shapes_truth(shape=shape)
    found, hits, bent = [], 0, 0
    for seed in range(SAMPLES):
        rows = cx.simulate.shapes(SIZE, rng=seed, shape=shape)
        result = cx.codings(
            rows, outcome=cx.Binary("repurchase"), metrics={"csat": cx.CSAT5}, folds=5, repeats=1, rng=seed
        )
        at = [result.row("csat", c, i) for c in truth.coded for i in ("AUC", "log-loss gain")]
        difference = result.row("csat", "top two - full scale", "log-loss gain")
        found.append(result.estimate[[*at, difference]])
        limits = result.confidence_interval()
        hits += int(limits.low[difference] <= truth.gain <= limits.high[difference])
        bent += int(result.curved["csat"].p_value < 0.05)
    expected = [v for p in truth.coded.values() for v in (p.auc, truth.nothing - p.log_loss)]
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / np.sqrt(SAMPLES)
    # Each estimated rate costs half a unit of log-likelihood. Where levels are equally good, as below a step, their
    # order is drawn anew in every training set: what that costs in area has no known size, and is not compared.
    learning = np.array([0.0, 2, 0, 2, 0, 5, 0]) / SIZE
    known = np.ones(7, dtype=bool)
    known[4] = shape != "top two"
    off = np.abs(mean - [*expected, truth.gain])
    assert (off < MC_ERRORS * error + learning)[known].all()
    rate = np.sqrt(0.05 * 0.95 / SAMPLES)
    assert hits / SAMPLES > 0.95 - MC_ERRORS * rate
    if shape == "linear":
        assert bent / SAMPLES < 0.05 + MC_ERRORS * rate
        assert truth.gain < 0 > mean[6] + MC_ERRORS * error[6]
    else:
        assert bent / SAMPLES > 0.5
    if shape == "top two":
        assert truth.gain > 0 < mean[6] - MC_ERRORS * error[6]


@pytest.mark.parametrize(("shape", "best"), [("linear", "full scale"), ("top two", "top two")])
def test_the_true_coding_is_chosen_in_simulation(shape: Any, best: str) -> None:
    """With many customers the folds choose the true coding, and no other loses more than it wins by luck."""
    rows = cx.simulate.shapes(60_000, rng=3, shape=shape)
    result = cx.codings(rows, outcome=cx.Binary("repurchase"), metrics={"csat": cx.CSAT5}, rng=3)
    truth = cx.simulate.shapes_truth(shape=shape)
    gains = {c: result.estimate[result.row("csat", c, "log-loss gain")] for c in result.chosen["csat"]}
    assert max(("full scale", "top two", "top box", "bottom two"), key=gains.__getitem__) == best
    for coding in ("full scale", "top two", "saturated"):
        at = result.row("csat", coding, "log-loss gain")
        assert (
            abs(result.estimate[at] - truth.nothing + truth.coded[coding].log_loss) < MC_ERRORS * result.std_error[at]
        )
    assert max(result.chosen["csat"], key=result.chosen["csat"].__getitem__) in (best, "spline", "saturated")


# What is asked, the error, and the lines of its message.
BAD: dict[str, tuple[Callable[[], object], type[Exception], list[str]]] = {
    "measured outcome": (
        lambda: cx.codings(ROWS, outcome=cx.Continuous("nps"), metrics={"effort": cx.EFFORT5}),  # type: ignore[arg-type]
        RoleError,
        [
            "A binary outcome is needed, but Continuous was given.",
            'Pass outcome=cx.Binary("column", good=1).',
        ],
    ),
    "no outcome": (
        lambda: cx.codings(ROWS, metrics=METRICS),
        RoleError,
        [
            "A binary outcome is needed, but none was declared.",
            'Pass outcome=cx.Binary("column", good=1).',
        ],
    ),
    "no metric": (
        lambda: cx.codings(ROWS, outcome=STAYED, metrics={}),
        RoleError,
        [
            "At least one metric is needed.",
            'Pass for example metrics={"nps": cx.NPS}.',
        ],
    ),
    "weight": (
        lambda: cx.codings(cx.tally(ROWS.assign(w=1.5), outcome=STAYED, metrics=METRICS, weight="w")),
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
        lambda: cx.codings(ROWS.head(150), outcome=STAYED, metrics=METRICS),
        TooFewError,
        [
            (
                "At least 100 good and 100 bad outcomes are needed (100 to compare models on rows held out, 10 per "
                "coefficient, of which there are up to 4), but of the outcomes 'stayed' "
                f"{(ROWS.stayed[:150] == 1).sum()} are good and {(ROWS.stayed[:150] == 0).sum()} bad."
            ),
            "Use fewer predictors, or wait for more outcomes.",
        ],
    ),
    "constant": (
        lambda: cx.codings(ROWS.assign(nps=9), outcome=STAYED, metrics=METRICS),
        TooFewError,
        [
            "The predictor 'nps' must take at least two values, but all 900 rows hold 9.",
            "A constant predicts nothing: leave it out.",
        ],
    ),
    "clusters": (
        lambda: cx.codings(
            ROWS.assign(firm=np.arange(900) % 19), outcome=STAYED, metrics=METRICS, cluster="firm", repeats=1
        ),
        TooFewError,
        [
            "At least 20 clusters are needed for an interval, but there are 19.",
            "With fewer, no interval is trustworthy: report the estimates per cluster instead.",
        ],
    ),
    "folds": (
        lambda: cx.codings(ROWS, outcome=STAYED, metrics=METRICS, folds=1),
        RoleError,
        [f"folds must be a whole number from 2 to the {ROWS.stayed.sum()} good outcomes, but 1 was given."],
    ),
    "repeats": (
        lambda: cx.codings(ROWS, outcome=STAYED, metrics=METRICS, repeats=True),
        RoleError,
        ["repeats must be a whole number from 1 up, but True was given."],
    ),
    "told apart": (
        lambda: cx.codings(ROWS.assign(told=ROWS.stayed), outcome=STAYED, metrics={"told": cx.Scale(0, 1)}),
        SeparationError,
        [
            (
                "No predictor may tell the outcomes apart perfectly, but 'told (full scale)' does so in 900 of 900 "
                "rows, so no finite estimate exists."
            ),
            (
                "Merge rare levels or leave the predictor out; a score that separates is suspicious: check that it was "
                "not asked after the outcome, or computed from it."
            ),
        ],
    ),
    "text": (
        lambda: cx.codings(ROWS.assign(nps="n/a"), outcome=STAYED, metrics=METRICS),
        ColumnError,
        [
            "'nps' must hold numbers, but it holds text: 'n/a' (900 rows).",
            "Recode it to numbers first; a score that was not given is a missing value.",
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_full(case: str) -> None:
    call, error, lines = BAD[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).splitlines() == lines


def test_names_are_enough_for_cells() -> None:
    cells = cx.tally(ROWS, outcome=STAYED, metrics=METRICS)
    result: Mapping[str, Any] = cx.codings(cells, metrics=["effort"], rng=1, repeats=1).chosen
    assert list(result) == ["effort"]
