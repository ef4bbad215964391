"""Penalties and rewards against statsmodels and a bootstrap of rows by hand, a published table, and known truth."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import cxstats as cx
from cxstats.methods.penalty_reward import PenaltyReward, penalty_reward
from cxstats.numerics.penalty_reward import impact_asymmetry, resampled_coefficients, thirds

ROUNDING = 1e-9  # one inversion of a matrix of squares lies between
EXACT = 1e-12
NAMES = ["clean", "crew", "food"]
# (penalty, reward): a basic attribute, one of performance, one that can only please.
TRUTH = {"clean": (-1.0, 0.0), "crew": (-0.7, 0.7), "food": (0.0, 1.0)}
FIVE = dict.fromkeys(NAMES, cx.CSAT5)
OVERALL = cx.Continuous("overall")


def flights(n: int, rng: np.random.Generator) -> pd.DataFrame:
    common = rng.standard_normal(n)
    rows = pd.DataFrame({name: np.clip(np.round(3 + 0.6 * common + rng.standard_normal(n)), 1, 5) for name in NAMES})
    effect = sum(TRUTH[name][0] * (rows[name] == 1) + TRUTH[name][1] * (rows[name] == 5) for name in NAMES)
    return rows.assign(overall=5 + effect + rng.standard_normal(n), firm=np.arange(n) % 50)


def fit(rows: pd.DataFrame, outcome: object = OVERALL, **more: object) -> PenaltyReward:
    given = {"metrics": FIVE, "replicates": 200, "rng": 1} | more
    return penalty_reward(rows, outcome=outcome, **given)  # type: ignore[arg-type]


def indicators(rows: pd.DataFrame) -> np.ndarray:
    """Ones, then low and high of one attribute after the other: not the order of the package."""
    columns = [rows[name].to_numpy() == at for name in NAMES for at in (1, 5)]
    return np.column_stack([np.ones(len(rows)), *columns])


@pytest.mark.parametrize("cluster", [False, True])
def test_coefficients_against_statsmodels(cluster: bool) -> None:
    """On counted ratings with answers missing, by least squares on every row."""
    rows = flights(900, np.random.default_rng(1))
    rows["overall"] = np.clip(np.round(rows.overall), 0, 10)
    rows.loc[::31, "crew"] = np.nan
    counted = rows.groupby([*NAMES, "overall", "firm"], dropna=False).size().rename("n").reset_index()
    keys = {"cluster": "firm"} if cluster else {}
    result = fit(counted, cx.Rating("overall", cx.NPS), count="n", **keys)
    kept = rows.dropna()
    ols = sm.OLS(kept.overall.to_numpy(), indicators(kept)).fit()
    if cluster:
        given = {"groups": kept.firm.to_numpy(), "use_correction": False}
        robust, factor, df = ols.get_robustcov_results("cluster", **given), 50 / 49, 49
    else:
        robust, factor, df = ols.get_robustcov_results("HC0"), len(kept) / (len(kept) - 1), math.inf
    wanted, errors = [], []
    for j in (1, 3, 5):
        for contrast in ({j: 1}, {j + 1: 1}, {j + 1: 1, j: -1}):
            c = np.zeros(7)
            c[list(contrast)] = list(contrast.values())
            wanted.append(c @ ols.params)
            errors.append(math.sqrt(factor * c @ robust.cov_params() @ c))
    first = [6 * i + j for i in range(3) for j in range(3)]
    assert result.estimate[first] == pytest.approx(wanted, rel=ROUNDING)
    assert result.std_error[first] == pytest.approx(errors, rel=ROUNDING)
    assert np.isnan(np.delete(result.std_error, first)).all()
    assert result.df == df
    assert (result.n, result.n_missing) == (len(kept), len(rows) - len(kept))
    assert result.share_at_top == pytest.approx((kept.overall == 10).mean())
    sizes = [[(kept[name] == 1).sum(), kept[name].isin([2, 3, 4]).sum(), (kept[name] == 5).sum()] for name in NAMES]
    assert np.column_stack([result.n_low, result.n_middle, result.n_high]).tolist() == sizes


def test_asymmetry_against_published() -> None:
    """Wang et al. (2024), Data Science and Management 7, 164-180, table 4: 297,244 hotel reviews.

    The coefficients are printed with two digits, so the asymmetry must lie in what these digits allow.
    """
    penalty = np.array([-0.71, -0.46, -0.02, -0.36, -0.75, -0.47])
    reward = np.array([0.22, 0.84, 0.18, 0.18, 0.73, 0.15])
    printed = np.array([-0.53, 0.30, 0.81, -0.32, -0.02, -0.53])
    least, most = (impact_asymmetry(penalty + e, reward + e) for e in (-0.005, 0.005))
    assert (least - 0.005 <= printed).all()
    assert (printed <= most + 0.005).all()
    assert ((most - least) < 0.06).sum() == 5  # that of the location, -.02 and .18, says little
    kinds = np.where(impact_asymmetry(penalty, reward) > 0.2, "excitement", "performance")
    kinds[impact_asymmetry(penalty, reward) < -0.2] = "basic"
    assert list(kinds) == ["basic", "excitement", "excitement", "basic", "performance", "basic"]


def test_asymmetry_with_a_wrong_sign() -> None:
    """A reward below 0 earns nothing; where high goes with worse than low there is no asymmetry."""
    found = impact_asymmetry(np.array([-1.0, 0.2, -1.0, -0.1, 0.0]), np.array([-0.1, 0.9, 0.5, -0.2, 0.0]))
    assert found[:3] == pytest.approx([-1, 1, -1 / 3])
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize("by_cluster", [False, True])
def test_samples_against_rows_drawn_alike(by_cluster: bool) -> None:
    """The same draws, every drawn row written out, solved by lstsq: equal to the last digits."""
    rows = flights(300, np.random.default_rng(2))
    x, y, firm = indicators(rows), rows.overall.to_numpy(), rows.firm.to_numpy()
    count = np.arange(300) % 3 + 1
    found = resampled_coefficients(x, y, count, firm if by_cluster else None, 40, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    if by_cluster:
        times = rng.multinomial(50, np.full(50, 1 / 50), size=40)[:, firm] * count
    else:
        times = rng.multinomial(count.sum(), count / count.sum(), size=40)
    for coefficients, drawn in zip(found, times, strict=True):
        at = np.repeat(np.arange(300), drawn)
        assert coefficients == pytest.approx(np.linalg.lstsq(x[at], y[at])[0], abs=1e-10)


def test_samples_without_a_group_have_no_coefficients() -> None:
    """One single row is high: in the samples that miss it there is no reward to speak of."""
    rng = np.random.default_rng(4)
    x = np.column_stack([np.ones(60), np.arange(60) < 20, np.arange(60) == 59])
    found = resampled_coefficients(
        x, rng.standard_normal(60), np.ones(60, dtype=int), None, 500, np.random.default_rng(5)
    )
    missed = np.random.default_rng(5).multinomial(60, np.full(60, 1 / 60), size=500)[:, 59] == 0
    assert np.array_equal(np.isnan(found).any(axis=1), missed)
    assert abs(missed.mean() - (1 - 1 / 60) ** 60) < 4 * math.sqrt(0.365 * 0.635 / 500)


def test_limits_and_kinds_against_a_bootstrap_of_rows() -> None:
    """Rows drawn one by one with another generator; shares below our limits differ by Monte Carlo error only."""
    rows, b = flights(400, np.random.default_rng(6)), 2000
    result = fit(rows, replicates=b, cut=0.2)
    x, y, rng = indicators(rows), rows.overall.to_numpy(), np.random.default_rng(7)
    drawn = np.empty((b, 3))
    for i in range(b):
        at = rng.integers(0, 400, 400)
        slopes = np.linalg.lstsq(x[at], y[at])[0][1:].reshape(3, 2)
        gain, loss = np.maximum(slopes[:, 1], 0), np.maximum(-slopes[:, 0], 0)
        drawn[i] = np.where(slopes[:, 1] > slopes[:, 0], (gain - loss) / (gain + loss), np.nan)

    def error(p: np.ndarray | float) -> np.ndarray:
        return 4 * np.sqrt(np.maximum(p * (1 - np.asarray(p)), 1 / b) * 2 / b)

    limits, at = result.confidence_interval(0.8), result.of("asymmetry")
    below, above = limits.low[at], limits.high[at]
    missed = [
        (np.where(np.isnan(drawn), -1, drawn) < below).mean(0),
        (np.where(np.isnan(drawn), 1, drawn) > above).mean(0),
    ]
    off_the_edge = np.array([below > -1, above < 1])
    assert off_the_edge[:, 1].all()
    assert off_the_edge.sum() >= 4
    assert (np.abs(np.array(missed) - 0.1) < error(0.1))[off_the_edge].all()
    kinds = (drawn < -0.2, np.abs(drawn) <= 0.2, drawn > 0.2, np.isnan(drawn))
    shares = np.column_stack([kind.mean(axis=0) for kind in kinds])
    assert (np.abs(result.probability - shares) < error(shares)).all()


def test_kinds_of_known_attributes_in_simulation() -> None:
    result = fit(flights(4000, np.random.default_rng(8)), replicates=1000, cut=1 / 3)
    assert (np.diag(result.probability[:, :3]) > 0.99).all()
    assert result.estimate[result.of("asymmetry")] == pytest.approx([-1, 0, 1], abs=0.15)
    classes = result.classes()
    kinds = ["p_basic", "p_performance", "p_excitement", "p_none"]
    assert classes[kinds].sum(axis=1).to_numpy() == pytest.approx(1)
    assert (classes[kinds].to_numpy() == result.probability).all()
    potentials = [result.estimate[result.of(f"{kind}satisfaction potential")] for kind in ("", "dis")]
    assert sum(potentials) == pytest.approx(1)


def test_limits_hold_the_truth_in_simulation() -> None:
    """Penalty, reward, range; and the asymmetry 0 of the attribute that lies off the edge."""
    rng, runs, held, crew = np.random.default_rng(9), 200, np.zeros(9), 0
    truth = np.array([(p, r, r - p) for p, r in TRUTH.values()]).ravel()
    first = [6 * i + j for i in range(3) for j in range(3)]
    for _ in range(runs):
        result = fit(flights(500, rng), replicates=400)
        limits = result.confidence_interval()
        held += (limits.low[first] <= truth) & (truth <= limits.high[first])
        at = result.of("asymmetry")[1]
        crew += limits.low[at] <= 0 <= limits.high[at]
    tolerance = 4 * math.sqrt(0.95 * 0.05 / runs)
    assert (np.abs(held / runs - 0.95) < tolerance).all()
    assert abs(crew / runs - 0.95) < tolerance


def test_a_straight_line_in_simulation() -> None:
    """Skewed answers bend a line: what it would show is told, and is what the coefficients give but for noise."""
    rng = np.random.default_rng(16)
    rows = pd.DataFrame({name: np.clip(np.round(4 + rng.standard_normal(20_000)), 1, 5) for name in NAMES})
    rows["overall"] = rows[NAMES].sum(axis=1) + rng.standard_normal(20_000)
    result = fit(rows, replicates=400)
    for name, straight in zip(NAMES, result.straight, strict=True):
        middle = rows[name][rows[name].between(2, 4)].mean()
        assert straight == pytest.approx(((5 - middle) - (middle - 1)) / 4, rel=EXACT)
    assert (result.straight < -0.2).all()
    error = result.resampled.std(axis=0)
    assert (np.abs(result.estimate[result.of("asymmetry")] - result.straight) < 4 * error).all()
    assert f"\ncrew (low up to 1, high from 5; a straight line would show {result.straight[1]:.2g}): basic 100%" in str(
        result
    )
    assert result.classes()["straight"].to_numpy() == pytest.approx(result.straight)


def test_an_attribute_that_points_the_wrong_way() -> None:
    rows = flights(600, np.random.default_rng(10))
    rows["overall"] += 1.5 * (rows.food == 1) - 2.5 * (rows.food == 5)
    result = fit(rows)
    at = [result.of(term)[2] for term in ("satisfaction potential", "dissatisfaction potential", "asymmetry")]
    limits = result.confidence_interval()
    assert np.isnan(result.estimate[at]).all()
    assert limits.low[at].tolist() == [0, 0, -1]
    assert limits.high[at].tolist() == [1, 1, 1]
    assert result.probability[2].tolist() == [0, 0, 0, 1]
    assert "): basic 0%, performance 0%, excitement 0%, none 100%.\n" in str(result)


def test_direction_and_declared_cuts() -> None:
    """Effort, up is bad, says what its mirror image says; declared cuts are those of a scale cut by hand."""
    rows = flights(600, np.random.default_rng(11))
    plain = fit(rows, low={"clean": 2}, high={"clean": 4})
    assert plain.cuts == ((2, 4), (1, 5), (1, 5))
    by_hand = rows.assign(clean=rows.clean.map({1: 1, 2: 1, 3: 3, 4: 5, 5: 5}))
    assert plain.estimate == pytest.approx(fit(by_hand).estimate, rel=EXACT)
    turned = fit(
        rows.assign(clean=6 - rows.clean), metrics=FIVE | {"clean": cx.EFFORT5}, low={"clean": 4}, high={"clean": 2}
    )
    assert turned.estimate == pytest.approx(plain.estimate, rel=EXACT)
    assert turned.cuts[0] == (4, 2)
    assert "clean (low from 4, high up to 2; a straight line would show " in str(turned)
    lost = fit(
        rows.assign(overall=-rows.overall), cx.Continuous("overall", good="low"), low={"clean": 2}, high={"clean": 4}
    )
    assert lost.estimate == pytest.approx(plain.estimate, rel=EXACT)


@pytest.mark.parametrize(
    ("scale", "low", "high"),
    [
        (cx.CSAT5, 1, 5),
        (cx.EASE7, 2, 6),
        (cx.NPS, 2, 8),
        (cx.CSAT10, 3, 8),
        (cx.Scale(1, 3), 1, 3),
        (cx.Scale(0, 9, whole=False), 3, 6),
    ],
)
def test_thirds(scale: cx.Scale, low: float, high: float) -> None:
    assert (thirds(scale).low, thirds(scale).high) == (low, high)


def test_a_share_as_the_outcome_and_a_ceiling() -> None:
    rows = flights(800, np.random.default_rng(12))
    rows = rows.assign(back=(rows.overall > 5).astype(int), stars=np.clip(np.round(rows.overall), 1, 5))
    back = fit(rows, cx.Binary("back"))
    ols = sm.OLS(rows.back.to_numpy(), indicators(rows)).fit()
    assert back.estimate[back.of("penalty")] == pytest.approx(ols.params[1::2], rel=ROUNDING)
    assert np.isnan(back.share_at_top)
    text = str(fit(rows, cx.Rating("stars", cx.CSAT5)))
    top = f"\n{100 * (rows.stars == 5).mean():.0f}% of the outcomes are at the best value: the end of its scale alone "
    assert top + "makes rewards small and attributes look basic.\n" in text
    assert "at the best value" not in str(fit(rows))


def test_names_suffice_for_cells_and_a_seed_repeats_the_draws() -> None:
    rows = flights(600, np.random.default_rng(13))
    cells = cx.tally(rows, metrics=FIVE, outcome=OVERALL)
    first = penalty_reward(cells, replicates=200, rng=None)
    assert first.seed is not None
    again = penalty_reward(cells, metrics=NAMES, replicates=200, rng=first.seed)
    assert np.array_equal(first.resampled, again.resampled)
    assert f"Shares of 200 bootstrap samples, seed {first.seed}; asymmetry within 0.1 of 0 is performance." in str(
        first
    )


def refused(error: type[Exception], message: str, rows: pd.DataFrame, **more: object) -> None:
    with pytest.raises(error) as caught:
        fit(rows, **more)
    assert str(caught.value) == message


def test_bad_input_is_refused_in_full() -> None:
    rows = flights(600, np.random.default_rng(14))
    refused(
        cx.TooFewError,
        "At least two attributes are needed, but 1 was given: 'crew'."
        "\nName every attribute that was rated: each is judged with the others held fixed.",
        rows,
        metrics={"crew": cx.CSAT5},
    )
    refused(
        cx.TooFewError,
        "At least 10 low, middle and high answers to each attribute are needed, but 'clean' has 0 low, 'crew' has 9 "
        "high.\nMove the cuts with low= and high=, or leave the attribute out.",
        pd.concat([rows[rows.crew < 5], rows[rows.crew == 5].head(9)]).assign(clean=lambda f: f.clean.clip(2)),
    )
    refused(
        cx.ColumnError,
        "The predictors must not repeat each other, but 'clean, low', 'crew, low', 'clean, high', 'crew, high' are "
        "collinear: each follows exactly from the others.\nLeave one of them out.",
        rows.assign(crew=rows.clean),
    )
    refused(
        cx.TooFewError,
        "At least 20 clusters are needed for an interval, but there are 19."
        "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead.",
        rows.assign(firm=np.arange(600) % 19),
        cluster="firm",
    )
    refused(
        cx.TooFewError,
        "The outcome 'overall' must take at least two values, but all 600 rows hold 5.\nThere is nothing to explain.",
        rows.assign(overall=5.0),
    )
    for outcome, given in ((None, "none was declared"), (cx.Count("firm"), "Count was given")):
        refused(
            cx.RoleError,
            f"An outcome that is binary, a rating or measured is needed, but {given}."
            '\nPass outcome=cx.Rating("column", scale), cx.Continuous("column") or cx.Binary("column", good=1).',
            rows,
            outcome=outcome,
        )


def test_bad_cuts_and_numbers_are_refused_in_full() -> None:
    rows = flights(600, np.random.default_rng(15))
    for low, high, told in ((3, 4, "3 and high begins at 4"), (1, 9, "1 and high begins at 9")):
        refused(
            cx.ScaleError,
            f"Low, middle and high answers must all be possible, but on 'crew' (1-5) low ends at {told}."
            '\nPass low={"crew": ...} and high={"crew": ...} with answers in between.',
            rows,
            low={"crew": low},
            high={"crew": high},
        )
    refused(
        cx.ScaleError,
        "Low, middle and high answers must all be possible, but on 'good' (0-1) low ends at 0 and high begins at 1."
        '\nPass low={"good": ...} and high={"good": ...} with answers in between.',
        rows.assign(good=(rows.food > 3).astype(int)),
        metrics={"crew": cx.CSAT5, "good": cx.Scale(0, 1)},
    )
    refused(
        cx.ColumnError,
        "'crw' is not a column of the attributes, which holds 'clean', 'crew', 'food'.\nNearest to 'crw': 'crew'.",
        rows,
        low={"crw": 2},
    )
    refused(cx.RoleError, "low must map attributes to numbers, as {'clean': 2}, but 2 was given.", rows, low=2)
    refused(cx.RoleError, "cut must be a number from 0 to below 1, but 1 was given.", rows, cut=1)
    refused(cx.RoleError, "replicates must be a whole number, 200 or more, but 100 was given.", rows, replicates=100)
    cells = cx.tally(rows.assign(w=2.0), metrics=FIVE, outcome=OVERALL, weight="w")
    with pytest.raises(cx.RoleError) as caught:
        penalty_reward(cells)
    assert str(caught.value) == (
        "Survey weights cannot be used by the bootstrap of rows (a row of weight 2 is not two rows), but the cells "
        "have the weight 'w'.\nLeave it out, or use cx.touchpoint_importance, which takes one."
    )
