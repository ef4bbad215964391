"""Measurement invariance against lavaan, against brute force on rows, and in simulation."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

import cxstats as cx
from cxstats.errors import RoleError, TooFewError
from cxstats.methods.invariance import Invariance, invariance
from cxstats.numerics.invariance import Gaps, Models, gaps, ladder, step_test
from cxstats.numerics.invariance_steps import Names, Step, steps
from cxstats.numerics.segment_moments import SegmentMoments, segment_moments

# lavaan's optimiser stops at about 1e-10 of the likelihood, so at about 1e-5 of the parameters: the chi-square, flat
# at its minimum, agrees far better than what depends on the parameters linearly.
CHI_SQUARE, PARAMETERS = 1e-6, 2e-5
# Errors and differences of chi-squares hold several parameters, and a difference is smaller than its parts; a shift is
# compared in units of its standard error.
ERRORS, SHIFT = 2e-4, 1e-3
# L-BFGS with numerical gradients stops at about 1e-4 of the parameters.
OPTIMISED, OPTIMISED_SCALING = 1e-5, 1e-3
# Replications of a simulation, and how many Monte Carlo standard errors a rate may be off.
REPLICATIONS, MC_ERRORS = 150, 4

REFERENCES = Path(__file__).parents[1] / "references"
SEVEN = cx.Scale(1, 7)
FREE = cx.Scale(-100, 100, whole=False)
SETS = {
    "four": {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5, "value": SEVEN},
    "three": {"nps": cx.NPS, "csat": cx.CSAT5, "value": SEVEN},
}
Array = NDArray[np.float64]


@cache
def stored() -> dict[tuple[str, str, str], float]:
    values = pd.read_csv(REFERENCES / "invariance.csv", comment="#")
    return {(s, what, where): float(v) for s, what, where, v in values.itertuples(index=False)}


@cache
def answers() -> pd.DataFrame:
    rows = pd.read_csv(REFERENCES / "invariance_rows.csv", comment="#")
    assert rows["lang"].value_counts().to_dict() == {"en": 320, "fr": 300, "de": 260}
    return rows


@cache
def fitted(name: str, weight: str | None = None) -> Invariance:
    return invariance(answers(), metrics=SETS[name], segment="lang", weight=weight)


# lavaan divides fourth moments by n, the covariance of influence values by n - 1.
FACTOR = 880 / 879


@pytest.mark.parametrize("name", SETS)
def test_steps_against_lavaan(name: str) -> None:
    lavaan, result = stored(), fitted(name)
    for step in result.steps:
        assert step.df == lavaan[name, "df", step.name]
        if step.df == 0:
            assert (step.chi_square, step.cfi) == (0, 1)
            assert np.isnan([step.p_value, step.rmsea, step.scaling]).all()
            continue
        assert step.chi_square * step.scaling == pytest.approx(lavaan[name, "unscaled", step.name], rel=CHI_SQUARE)
        assert step.scaling == pytest.approx(lavaan[name, "scaling", step.name] * FACTOR, rel=PARAMETERS)
        assert step.chi_square * FACTOR == pytest.approx(lavaan[name, "chi_square", step.name], rel=PARAMETERS)
        # CFI, RMSEA and p move by the factor n / (n - 1) of the scaling, so by less than 1 / 800 of themselves.
        assert step.cfi == pytest.approx(lavaan[name, "cfi", step.name], abs=1e-4)
        assert step.rmsea == pytest.approx(lavaan[name, "rmsea", step.name], rel=2e-3)
        assert step.p_value == pytest.approx(lavaan[name, "p_value", step.name], rel=2e-2)


def test_robust_indices_against_lavaan() -> None:
    """From lavaan's own scaling factors, moved by n / (n - 1), the indices follow without slack."""
    lavaan = stored()
    for name in SETS:
        for step in fitted(name).steps[1:]:
            unscaled, df = lavaan[name, "unscaled", step.name], lavaan[name, "df", step.name]
            excess = max(unscaled - lavaan[name, "scaling", step.name] * FACTOR * df, 0)
            p = len(SETS[name])
            none = lavaan[name, "baseline", step.name]
            none -= lavaan[name, "baseline scaling", step.name] * FACTOR * 3 * p * (p - 1) / 2
            assert step.cfi == pytest.approx(1 - excess / none, abs=PARAMETERS)
            assert step.rmsea == pytest.approx(np.sqrt(3 * excess / (880 * df)), abs=PARAMETERS)


@pytest.mark.parametrize("name", SETS)
def test_differences_of_steps_against_lavaan(name: str) -> None:
    lavaan, result = stored(), fitted(name)
    for step in result.steps[1:]:
        if (name, "difference", step.name) in lavaan:
            assert step.difference_df == lavaan[name, "difference df", step.name]
            assert step.difference * FACTOR == pytest.approx(lavaan[name, "difference", step.name], rel=ERRORS)
    # Against a model that fits exactly, the difference is the model's own chi-square.
    if name == "three":
        assert (result.metric.difference, result.metric.difference_df) == (result.metric.chi_square, 4)


@pytest.mark.parametrize("name", SETS)
def test_gaps_between_segments_against_lavaan(name: str) -> None:
    lavaan, frame = stored(), fitted(name).to_frame()
    assert len(frame) == 2 * len(SETS[name]) * 3
    # Errors of lavaan differ by sqrt(n / (n - 1)); each is compared on the scale of one standard error.
    for row in frame.itertuples():
        where = f"{row.metric} {row.segments}"
        error = lavaan[name, f"{row.parameter} difference error", where]
        assert row.estimate == pytest.approx(lavaan[name, f"{row.parameter} difference", where], abs=SHIFT * error)
        assert row.std_error == pytest.approx(error * np.sqrt(FACTOR), rel=ERRORS)


@pytest.mark.parametrize("name", SETS)
def test_the_largest_departure_against_lavaan(name: str) -> None:
    """lavaan frees every loading and intercept in turn: the one with the lowest chi-square left is the one named."""
    lavaan, result = stored(), fitted(name)
    for step, kind in ((result.metric, "loading"), (result.scalar, "intercept")):
        left = {where: v for (s, what, where), v in lavaan.items() if (s, what) == (name, f"{kind} freed")}
        assert len(left) == 3 * len(SETS[name])
        best = min(left, key=left.__getitem__)
        assert step.departs is not None
        assert f"{step.departs.metric} {step.departs.segment}" == best
        assert step.departs.parameter == kind
        drop = lavaan[name, "unscaled", step.name] - left[best]
        naive = lavaan[name, f"{kind} shift error, normal theory", best]
        robust = lavaan[name, f"{kind} shift error", best] * np.sqrt(FACTOR)
        assert step.departs.estimate == pytest.approx(lavaan[name, f"{kind} shift", best], abs=SHIFT * robust)
        assert step.departs.std_error == pytest.approx(robust, rel=ERRORS)
        assert step.departs.drop == pytest.approx(drop * (naive / robust) ** 2, rel=ERRORS)


def test_weights_against_lavaan() -> None:
    for name in SETS:
        for step in fitted(name, "weight").steps:
            if step.df:
                found = step.chi_square * step.scaling
                assert found == pytest.approx(stored()[name, "unscaled with weights", step.name], rel=CHI_SQUARE)


def test_verdicts_of_the_stored_answers() -> None:
    four, three = fitted("four"), fitted("three")
    assert [step.verdict for step in four.steps] == ["holds", "does not hold", "does not hold"]
    assert three.configural.verdict == (
        "cannot be told, because 3 metrics fit one factor exactly (0 degrees of freedom)"
    )
    assert three.metric.verdict == "does not hold"
    assert four.departs == four.metric.departs
    first, second = four.notes
    assert first == (
        "Each difference supposes that the other metrics are invariant: where one departs, the others seem to depart "
        "the other way. Begin with the one that departs most."
    )
    assert second == (
        "Loadings differ, so that differences of intercepts depend on the standing of the customer: they are those at "
        "the mean of the factor in 'de'."
    )
    assert "Departs most: the loading of 'csat' in 'fr', by 0.2677 points per standard deviation" in str(four)
    assert list(four.ladder()["verdict"]) == ["holds", "does not hold", "does not hold"]


# --- brute force on rows -------------------------------------------------------------------------------------------


def row_models(parameters: Array, groups: int, p: int) -> list[tuple[Array, Array]]:
    """Mean and covariance of each group under the scalar model; the factor is 0, 1 in the first group."""
    loading, intercept = parameters[:p], parameters[p : 2 * p]
    rest = parameters[2 * p :].reshape(-1)
    unique = rest[: groups * p].reshape(groups, p)
    mean, variance = np.append(0, rest[groups * p :][: groups - 1]), np.append(1, rest[groups * p + groups - 1 :])
    return [
        (intercept + loading * k, f * np.outer(loading, loading) + np.diag(u))
        for u, k, f in zip(unique, mean, variance, strict=True)
    ]


def test_clusters_and_weights_against_rows() -> None:
    """The scalar model by another optimiser, its likelihood summed over rows; the scaling from moments of rows.

    Slopes of the moments are numerical, the weight is the inverse of the covariance of normal moments, written out
    entry by entry; influences are summed per firm over both segments, which share their firms.
    """
    rng = np.random.default_rng(5)
    rows = clustered(rng, 80, 9)
    metrics = ["a", "b", "c"]
    result = invariance(rows, metrics=dict.fromkeys(metrics, FREE), segment="segment", cluster="firm", weight="weight")
    codes, names = pd.factorize(rows["segment"], sort=True)
    X, weight = rows[metrics].to_numpy(), rows["weight"].to_numpy() * len(rows) / rows["weight"].sum()
    groups, p = len(names), len(metrics)
    low = np.tril_indices(p)

    def density(models: list[tuple[Array, Array]]) -> Array:
        out = np.empty(len(X))
        for g, (mean, matrix) in enumerate(models):
            gap = X[codes == g] - mean
            mahalanobis = (gap * np.linalg.solve(matrix, gap.T).T).sum(axis=1)
            out[codes == g] = -(np.linalg.slogdet(matrix)[1] + mahalanobis) / 2
        return out

    def saturated(parameters: Array) -> list[tuple[Array, Array]]:
        models = []
        for own in parameters.reshape(groups, -1):
            matrix = np.zeros((p, p))
            matrix[low] = own[p:]
            models.append((own[:p], matrix + np.tril(matrix, -1).T))
        return models

    def scalar(parameters: Array) -> list[tuple[Array, Array]]:
        return row_models(parameters, groups, p)

    moments = []
    for g in range(groups):
        mean = np.average(X[codes == g], axis=0, weights=weight[codes == g])
        matrix = np.cov(X[codes == g].T, aweights=weight[codes == g], bias=True)
        moments.append(np.append(mean, matrix[low]))
    full = np.concatenate(moments)
    begin = np.concatenate([np.ones(p), X.mean(axis=0), np.ones(groups * p), np.zeros(groups - 1), np.ones(groups - 1)])

    def loss(parameters: Array) -> float:
        with np.errstate(invalid="ignore"):
            return -float(weight @ density(scalar(parameters)))

    bounds = [(None, None)] * (2 * p) + [(0.01, None)] * (groups * p) + [(None, None)] * (groups - 1)
    bounds += [(0.01, None)] * (groups - 1)
    best = minimize(loss, begin, bounds=bounds, options={"maxiter": 5000, "maxfun": 10**6, "ftol": 1e-15, "gtol": 1e-8})
    unscaled = 2 * (float(weight @ density(saturated(full))) + best.fun)
    step = result.scalar
    assert step.chi_square * step.scaling == pytest.approx(unscaled, rel=OPTIMISED)

    influence = np.zeros((len(X), groups, p + len(low[0])))
    for g in range(groups):
        on = codes == g
        centred = X[on] - moments[g][:p]
        products = centred[:, low[0]] * centred[:, low[1]] - moments[g][p:]
        influence[on, g] = np.hstack([centred, products]) * (weight[on] / weight[on].sum())[:, None]
    sums = pd.DataFrame(influence.reshape(len(X), -1)).groupby(rows["firm"].to_numpy()).sum().to_numpy()
    cover = sums.T @ sums * 80 / 79
    models = scalar(best.x)
    size = p + len(low[0])
    inverse_cover = np.zeros_like(cover)
    for g, (_, matrix) in enumerate(models):
        # Covariance of the moments of normal rows, entry by entry, inverted as a whole.
        normal = np.zeros((size, size))
        normal[:p, :p] = matrix
        for k, (a, b) in enumerate(zip(*low, strict=True)):
            for m, (c, d) in enumerate(zip(*low, strict=True)):
                normal[p + k, p + m] = matrix[a, c] * matrix[b, d] + matrix[a, d] * matrix[b, c]
        own = slice(g * size, (g + 1) * size)
        inverse_cover[own, own] = np.linalg.inv(normal) * weight[codes == g].sum()

    def stacked(parameters: Array) -> Array:
        return np.concatenate([np.append(mean, matrix[low]) for mean, matrix in scalar(parameters)])

    steps = 1e-4 * np.eye(len(best.x))
    slopes = np.column_stack([(stacked(best.x + s) - stacked(best.x - s)) / 2e-4 for s in steps])
    total = float(np.trace(inverse_cover @ cover))
    inner = slopes.T @ inverse_cover @ slopes
    projected = float(np.trace(np.linalg.solve(inner, slopes.T @ inverse_cover @ cover @ inverse_cover @ slopes)))
    assert step.scaling == pytest.approx((total - projected) / step.df, rel=OPTIMISED_SCALING)
    assert result.df == 79


def clustered(rng: np.random.Generator, firms: int, size: int) -> pd.DataFrame:
    """Invariant answers to three questions in two segments, which share firms; a firm shares mood and views."""
    firm = np.repeat(np.arange(firms), size)
    n = len(firm)
    segment = np.where(rng.random(n) < 0.1, 1 - firm % 2, firm % 2)
    mood = 0.6 * rng.normal(size=firms)[firm] + rng.normal(size=n) + 0.3 * segment
    own = 0.8 * rng.normal(size=(firms, 3))[firm] + 0.8 * rng.normal(size=(n, 3))
    scores = np.array([1.0, 0.8, 1.2]) * mood[:, None] + own
    return pd.DataFrame(scores, columns=["a", "b", "c"]).assign(
        segment=np.where(segment, "x", "y"), firm=firm.astype(str), weight=rng.choice([0.5, 1.0, 2.0], n)
    )


# --- simulation with known truth -----------------------------------------------------------------------------------


def skewed(rng: np.random.Generator, n: int, loading: float = 1.0, intercept: float = 0.0) -> pd.DataFrame:
    """Skewed answers to four questions in two segments; in the second, d has another loading or intercept.

    The second segment stands .5 higher on the factor, which alone must not count as a departure.
    """
    second = np.arange(n) % 2 == 1
    mood = rng.exponential(size=n) - 1 + 0.5 * second
    scores = 0.8 * (rng.exponential(size=(n, 4)) - 1) + np.array([1.0, 0.8, 1.2, 1.0]) * mood[:, None]
    scores[:, 3] += np.where(second, (loading - 1) * mood + intercept, 0)
    return pd.DataFrame(scores, columns=list("abcd")).assign(segment=np.where(second, "two", "one"))


def run(rows: pd.DataFrame, **keys: str) -> Invariance:
    return invariance(rows, metrics={m: FREE for m in "abcd" if m in rows}, segment="segment", **keys)


def quick(rows: pd.DataFrame, cluster: bool = False) -> tuple[SegmentMoments, Models, tuple[Step, Step, Step]]:
    """What `invariance` does, without the tally and without the differences that a simulation does not look at."""
    metrics = [m for m in "abcd" if m in rows]
    code, segments = pd.factorize(rows["segment"], sort=True)
    weight = rows["weight"].to_numpy() if cluster else np.ones(len(rows))
    firm = rows["firm"].astype(int).to_numpy() if cluster else None
    count = np.ones(len(rows), dtype=np.int64)
    moments = segment_moments(rows[metrics].to_numpy(), code, 2, count, weight, firm)
    models = ladder(moments)
    return moments, models, steps(moments, models, Names(tuple(segments), metrics), None)


def held(gap: Gaps, truth: float) -> bool:
    """Whether the 95% interval of the one pair of segments holds the truth."""
    return abs(float(gap.estimate[0]) - truth) <= 1.959963984540054 * float(gap.std_error[0])


def rate(hits: list[bool], expected: float) -> float:
    """The rate of hits, which must be what is expected but for the luck of the draw."""
    tolerance = MC_ERRORS * np.sqrt(expected * (1 - expected) / REPLICATIONS)
    assert np.mean(hits) == pytest.approx(expected, abs=tolerance)
    return float(tolerance)


def test_quick_against_the_method() -> None:
    rows = clustered(np.random.default_rng(7), 60, 10)
    moments, models, found = quick(rows, cluster=True)
    result = run(rows, cluster="firm", weight="weight")
    assert [step.chi_square for step in found] == pytest.approx([step.chi_square for step in result.steps], rel=1e-6)
    gap = gaps(moments, models[2].fitted, "intercept", 1)  # type: ignore[union-attr]
    assert gap.std_error[0] == pytest.approx(result.std_error[1], rel=1e-6)


def test_size_of_the_steps_in_simulation() -> None:
    """Answers in clusters that both segments share: 5% of true models are rejected, by normal theory far more."""
    rng = np.random.default_rng(11)
    found = [quick(clustered(rng, 120, 10), cluster=True) for _ in range(REPLICATIONS)]
    for which in (1, 2):
        tolerance = rate([told[which].difference_p_value < 0.05 for _, _, told in found], 0.05)
        naive = [step_test(models[which - 1], models[which]).unscaled for _, models, _ in found]  # type: ignore[arg-type]
        assert np.mean(np.array(naive) > 5.991464547107979) > 0.05 + tolerance  # 95% of chi-square, 2 degrees


def test_size_with_skewed_scores_in_simulation() -> None:
    """Nothing differs but the mean of the factor. Four metrics, so that the configural model can be rejected too."""
    rng = np.random.default_rng(12)
    found = [quick(skewed(rng, 1500)) for _ in range(REPLICATIONS)]
    rate([told[0].p_value < 0.05 for _, _, told in found], 0.05)
    for which in (1, 2):
        rate([told[which].difference_p_value < 0.05 for _, _, told in found], 0.05)
    assert np.mean([told[2].verdict == "holds" for _, _, told in found]) > 0.95


def test_a_shifted_intercept_in_simulation() -> None:
    """The truth is -.4 points (one - two) for d: found, named, and held by 95% of the intervals."""
    rng = np.random.default_rng(13)
    inside, named, failed, spared = [], [], [], []
    for _ in range(REPLICATIONS):
        moments, models, (_, metric, scalar) = quick(skewed(rng, 1500, intercept=0.4))
        inside.append(held(gaps(moments, models[2].fitted, "intercept", 3), -0.4))  # type: ignore[union-attr]
        named.append(scalar.departs is not None and (scalar.departs.metric, scalar.departs.segment) == ("d", "two"))
        failed.append(scalar.verdict == "does not hold")
        spared.append(metric.verdict == "holds")
    rate(inside, 0.95)
    assert min(np.mean(named), np.mean(failed), np.mean(spared)) > 0.95


def test_another_loading_in_simulation() -> None:
    """One standard deviation of the factor is worth .5 points less in two; the first segment's deviation is 1."""
    rng = np.random.default_rng(17)
    inside, named, failed = [], [], []
    for _ in range(REPLICATIONS):
        moments, models, (_, metric, scalar) = quick(skewed(rng, 1500, loading=0.5))
        inside.append(held(gaps(moments, models[1].fitted, "loading", 3), 0.5))  # type: ignore[union-attr]
        named.append(metric.departs is not None and metric.departs.metric == "d")
        failed.append(metric.verdict == scalar.verdict == "does not hold")
    rate(inside, 0.95)
    assert min(np.mean(named), np.mean(failed)) > 0.95


# --- what cannot be told, and what is refused ----------------------------------------------------------------------


def test_three_verdicts_need_rows_and_clusters() -> None:
    rows = skewed(np.random.default_rng(19), 1000)
    small = rows.drop(rows.index[rows["segment"] == "two"][150:])
    reason = "cannot be told, because there are fewer than 200 rows in segment 'two' (150)"
    assert [step.verdict for step in run(small).steps] == [reason] * 3
    two = rows["segment"] == "two"
    firm = [f"shop {i % 10}" if far else f"own {i}" for i, far in enumerate(two)]
    reason = "cannot be told, because there are fewer than 20 clusters in segment 'two' (5)"
    assert [step.verdict for step in run(rows.assign(firm=firm), cluster="firm").steps] == [reason] * 3


def exact(matrices: list[Array], n: int = 400) -> pd.DataFrame:
    """Rows whose covariance matrices are exactly these."""
    rng, parts = np.random.default_rng(23), []
    for g, matrix in enumerate(matrices):
        normal = rng.normal(size=(n, len(matrix)))
        normal -= normal.mean(axis=0)
        white = normal @ np.linalg.inv(np.linalg.cholesky(np.cov(normal.T, bias=True))).T
        rows = pd.DataFrame(white @ np.linalg.cholesky(matrix).T, columns=list("abcd")[: len(matrix)])
        parts.append(rows.assign(segment=f"s{g}"))
    return pd.concat(parts)


def test_a_heywood_case_cannot_be_told() -> None:
    """Correlations .7, .7, .45 need a loading of sqrt(.49 / .45) > 1 on the first of three standardised scores."""
    proper = np.array([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]])
    heywood = np.array([[1, 0.7, 0.7], [0.7, 1, 0.45], [0.7, 0.45, 1]])
    result = run(exact([proper, heywood]))
    assert result.configural.verdict == (
        "cannot be told, because the unique variance of 'a' in segment 's1' is not above 0 (a Heywood case)"
    )
    assert np.isnan([result.configural.chi_square, result.configural.cfi]).all()
    assert result.metric.verdict == "cannot be told, because the configural model could not be fitted"
    assert np.isnan([result.metric.difference, result.metric.cfi_change]).all()
    assert "Configural invariance cannot be told, because the unique variance of 'a'" in str(result)


def test_scores_without_a_common_factor_cannot_be_told() -> None:
    rows = pd.DataFrame(np.random.default_rng(29).normal(size=(900, 3)), columns=list("abc"))
    result = run(rows.assign(segment=np.where(np.arange(900) % 2, "x", "y")))
    assert all(step.verdict.startswith("cannot be told, because ") for step in result.steps)
    assert np.isnan(result.estimate).any() == any(note.startswith("No difference of ") for note in result.notes)


def test_two_factors_are_no_configural_invariance() -> None:
    pairs = np.kron(np.eye(2), np.full((2, 2), 0.7)) + 0.3 * np.eye(4) + 0.1 * (1 - np.kron(np.eye(2), np.ones((2, 2))))
    result = run(exact([pairs, pairs]))
    verdicts = [step.verdict for step in result.steps]
    # One factor runs into a boundary or fits badly; in neither case do the tied steps get a verdict of their own.
    assert verdicts[0] == "does not hold" or verdicts[0].startswith("cannot be told, because ")
    assert all(verdict.startswith("cannot be told, because ") for verdict in verdicts[1:])


def test_effort_is_turned_against_rows_turned_by_hand() -> None:
    rows = answers()
    turned = invariance(
        rows.assign(effort=6 - rows["effort"]), metrics={**SETS["four"], "effort": cx.EASE5}, segment="lang"
    )
    assert turned.estimate == pytest.approx(fitted("four").estimate, rel=1e-9, abs=1e-9)


def test_numbers_as_segments_and_missing_values() -> None:
    rows = answers().assign(lang=answers()["lang"].map({"de": 1, "en": 2, "fr": 3}))
    holed = pd.concat([rows, rows.head(7).assign(nps=np.nan), rows.head(4).assign(lang=np.nan)])
    result = invariance(holed, metrics=SETS["four"], segment="lang")
    assert result.segments == ("1", "2", "3")
    assert (result.n, result.n_missing) == (880, 11)
    assert np.array_equal(result.estimate, fitted("four").estimate)


def test_what_cannot_be_compared_is_refused() -> None:
    rows = skewed(np.random.default_rng(31), 600)
    call = {"metrics": dict.fromkeys("abcd", FREE), "segment": "segment"}
    with pytest.raises(
        TooFewError,
        match=r"^Invariance needs at least 3 metrics of one attitude, but 2 were given: 'a', 'b'\.\nAdd a metric: what "
        r"one or two scores have in common cannot be told from what is their own\.$",
    ):
        invariance(rows, metrics={"a": FREE, "b": FREE}, segment="segment")
    wide = pd.concat([rows, *(rows[["a"]].rename(columns={"a": f"a{i}"}) for i in range(13))], axis=1)
    with pytest.raises(
        RoleError,
        match=r"^Invariance takes at most 12 metrics, but 13 were given\.\nChoose those that are to be compared: so "
        r"many hardly stand for one attitude\.$",
    ):
        invariance(wide, metrics={f"a{i}": FREE for i in range(13)}, segment="segment")
    with pytest.raises(
        RoleError,
        match=r"^segment must be a column of at most 20 segments, but 'segment' has 21\.\nIf it says who answered, "
        r"pass it as cluster= instead; else group it more coarsely\.$",
    ):
        invariance(rows.assign(segment=np.arange(600) % 21), **call)
    with pytest.raises(
        TooFewError,
        match=r"^At least two segments are needed, but 'segment' has only 'all' in complete rows\.\nCheck the column, "
        r"or whether a metric was asked in one segment alone\.$",
    ):
        invariance(rows.assign(segment="all"), **call)
    with pytest.raises(
        TooFewError,
        match=r"^Every metric must take at least two values in every segment, but 'b' does not in segment 'two' "
        r"\(300 rows\)\.\nLeave out the segment or the metric\.$",
    ):
        invariance(rows.assign(b=rows["b"].where(rows["segment"] == "one", 3)), **call)
    with pytest.raises(
        TooFewError,
        match=r"^No metric may follow exactly from the others, but one does in segment 'one' \(300 rows\)\.\nLeave out "
        r"a metric that was computed from others, or a segment that is too small\.$",
    ):
        invariance(rows.assign(d=rows["a"] + rows["b"]), **call)
    with pytest.raises(
        TooFewError,
        match=r"^At least one row must have all of 'a', 'b', 'c', 'd', 'segment', but none of 600 rows has\.\nCheck "
        r"how the tables were joined, or use fewer metrics\.$",
    ):
        invariance(rows.assign(d=np.nan), **call)
    with pytest.raises(RoleError, match=r"^segment must be the name of one column, but \['x'\] was given\.$"):
        invariance(rows, **{**call, "segment": ["x"]})  # type: ignore[dict-item]
