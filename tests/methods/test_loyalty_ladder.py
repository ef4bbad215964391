"""Loyalty tier by tier against R, statsmodels on rows, the infinitesimal jackknife and simulations with known truth."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

import cxstats as cx
from cxstats.methods.loyalty_ladder import LoyaltyLadder, loyalty_ladder
from cxstats.numerics.max_t import DIRECTIONS

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-9  # two inversions of a matrix of squares lie between, here and in R
# A central difference with step h is off by the order of h squared.
STEP, DERIVATIVE = 1e-3, 1e-5
# R integrates the normal to about this, and prints no p-value below.
INTEGRATED = 1e-5
# The largest difference, over all references, between 20,000 directions and R's integral is .003; 4 times that.
CRITICAL = 0.012

CUTS = {"meet": 0, "exceed": 1, "delight": 3, "amaze": 5}
TIERS = ["fail", "meet", "exceed", "delight", "amaze"]
BACK, SPEND, STARS = cx.Binary("back"), cx.Continuous("spend"), cx.Rating("stars", cx.CSAT5)
OUTCOMES = {"back": BACK, "spend": SPEND, "stars": STARS}
KEYS: dict[str, dict[str, str]] = {"simple": {}, "cluster": {"cluster": "firm"}, "weight": {"weight": "weight"}}
CONTROLS = {"none": [], "both": ["orders", "region"]}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "loyalty_ladder_rows.csv", comment="#")


@pytest.fixture(scope="module")
def stored() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "loyalty_ladder.csv", comment="#")


def climb(frame: pd.DataFrame, outcome: Any, **more: Any) -> LoyaltyLadder:
    return loyalty_ladder(frame, outcome=outcome, disconfirmation="gap", cuts=CUTS, **more)


@pytest.mark.parametrize("controls", CONTROLS)
@pytest.mark.parametrize("design", KEYS)
@pytest.mark.parametrize("outcome", ["spend", "back"])
def test_everything_against_r(
    rows: pd.DataFrame, stored: pd.DataFrame, outcome: str, design: str, controls: str
) -> None:
    """glm with estfun and bread, sandwich, multcomp: means, steps, the test of a rise, the limits of all pairs."""
    result = climb(rows, OUTCOMES[outcome], controls=CONTROLS[controls], **KEYS[design])
    on = (stored.outcome == outcome) & (stored.design == design) & (stored.controls == controls)
    known = stored[on].set_index("term")
    frame = result.to_frame().set_index("tier")
    assert list(frame.index) == [*TIERS, "meet - fail", "exceed - meet", "delight - exceed", "amaze - delight"]
    for column in ("estimate", "std_error"):
        assert frame[column].to_numpy() == pytest.approx(known.loc[frame.index, column].to_numpy(), rel=ROUNDING)
    assert result.df == (59 if design == "cluster" else np.inf)
    assert result.rise.statistic == pytest.approx(known.estimate["order statistic"], rel=ROUNDING)
    p = known.estimate["order p"]
    error = math.sqrt(p * (1 - p) / DIRECTIONS)
    assert result.rise.p_value == pytest.approx(p, abs=4 * error + INTEGRATED)
    plateau, half = result.plateau(0.1), known.estimate["pairs critical"]
    if plateau.tier is not None:
        first = TIERS.index(plateau.tier)
        reach = []
        for pair in np.flatnonzero(result.gains.lower == first):
            effect = result.gains.effect(int(pair))
            reach.append((effect.a, math.sqrt(effect.var_a)))
        assert any(plateau.largest == pytest.approx(a + half * error, abs=CRITICAL * error) for a, error in reach)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_jonckheere_against_r(rows: pd.DataFrame, stored: pd.DataFrame, outcome: str) -> None:
    """Kendall's S of cor.test, ties corrected: the same test."""
    known = stored[(stored.outcome == outcome) & stored.term.str.startswith("jonckheere")].set_index("term").estimate
    result = climb(rows, OUTCOMES[outcome], controls=["orders"]).jonckheere
    assert result.statistic == pytest.approx(known["jonckheere z"], rel=ROUNDING)
    assert result.p_value == pytest.approx(known["jonckheere p"], rel=1e-7)
    weighted, twice = (climb(rows.assign(w=w), OUTCOMES[outcome], weight="w").jonckheere for w in (rows.weight, 2.0))
    assert weighted.basis == twice.basis == "influence"
    assert weighted.share != result.share == pytest.approx(twice.share, rel=ROUNDING)


def standardised(frame: pd.DataFrame, outcome: str, weight: np.ndarray) -> np.ndarray:
    """Row by row with statsmodels: fit, put every row into each tier, predict, average."""
    place = np.digitize(frame.gap, list(CUTS.values()))
    region = pd.get_dummies(frame.region, drop_first=True).to_numpy(dtype=float)

    def design(tier: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(frame)), np.eye(5)[tier][:, 1:], frame.orders, region])

    family = sm.families.Binomial() if outcome == "back" else sm.families.Gaussian()
    fit = sm.GLM(frame[outcome], design(place), family=family, freq_weights=weight).fit(tol=1e-13, maxiter=100)
    return np.array([np.average(fit.predict(design(np.full(len(frame), j))), weights=weight) for j in range(5)])


@pytest.mark.parametrize("outcome", ["spend", "back"])
def test_standardised_means_against_rows(rows: pd.DataFrame, outcome: str) -> None:
    """Means by statsmodels; their errors by the infinitesimal jackknife of those, which knows no formula."""
    some = rows.iloc[::2].reset_index(drop=True)
    n, one = len(some), np.ones(len(some))
    result = climb(some, OUTCOMES[outcome], controls=["orders", "region"])
    assert result.estimate[:5] == pytest.approx(standardised(some, outcome, one), rel=ROUNDING)
    slopes = np.empty((n, 5))
    for row in range(n):
        step = STEP * (np.arange(n) == row)
        slopes[row] = (standardised(some, outcome, one + step) - standardised(some, outcome, one - step)) / (2 * STEP)
    steps = np.column_stack([slopes, np.diff(slopes, axis=1)])
    assert result.std_error**2 == pytest.approx(n / (n - 1) * (steps**2).sum(axis=0), rel=DERIVATIVE)


def test_plain_means_and_gains_against_rows(rows: pd.DataFrame) -> None:
    """With nothing to adjust for: means of pandas, relative gains and their errors by hand."""
    tier = pd.cut(rows.gap, [-99, 0, 1, 3, 5, 99], right=False, labels=TIERS)
    result = climb(rows, BACK)
    groups = rows.groupby(tier, observed=False).back
    p, n = groups.mean().to_numpy(), groups.size().to_numpy()
    assert result.rows == tuple(n)
    assert result.estimate[:5] == pytest.approx(p, rel=ROUNDING)
    v = len(rows) / (len(rows) - 1) * p * (1 - p) / n
    for j, step in enumerate(result.steps):
        if p[j] > 0.5:  # the bad shares are compared
            expected = [p[j + 1] - p[j], 1 - p[j + 1], v[j] + v[j + 1], -v[j + 1], v[j + 1]]
        else:
            expected = [p[j + 1] - p[j], p[j], v[j] + v[j + 1], -v[j], v[j]]
        assert [step.a, step.b, step.var_a, step.cov, step.var_b] == pytest.approx(expected, rel=ROUNDING)
    z = [(s.a - 0.1 * s.b) / math.sqrt(s.var_a - 0.2 * s.cov + 0.01 * s.var_b) for s in result.steps]
    assert result.steps_above(0.1) == pytest.approx(norm.sf(min(z)), rel=ROUNDING)


def test_standard_gains_against_the_infinitesimal_jackknife(rows: pd.DataFrame) -> None:
    """a - .1 b of a rating: the mean difference minus a tenth of the standard deviation, which is estimated too."""
    some = rows.iloc[::3].reset_index(drop=True)
    some["gap"] = np.resize([-1, 0, 1, 3, 5], len(some))

    def distance(weight: np.ndarray) -> np.ndarray:
        tier = np.digitize(some.gap, list(CUTS.values()))
        mean = np.array([np.average(some.stars[tier == j], weights=weight[tier == j]) for j in range(5)])
        centred = some.stars - np.average(some.stars, weights=weight)
        return np.diff(mean) - 0.1 * math.sqrt(np.average(centred**2, weights=weight))

    n, one = len(some), np.ones(len(some))
    steps = climb(some, STARS).steps
    assert [s.a - 0.1 * s.b for s in steps] == pytest.approx(distance(one), rel=ROUNDING)
    slopes = np.array([(distance(one + step) - distance(one - step)) / (2 * STEP) for step in STEP * np.eye(n)])
    errors = np.sqrt(n / (n - 1) * (slopes**2).sum(axis=0))
    assert [s.std_error_at(0.1) for s in steps] == pytest.approx(errors, rel=DERIVATIVE)


def test_tiers_by_a_column(rows: pd.DataFrame) -> None:
    """Text in the order declared, numbers, and cells with the column among their strata: all the same."""
    by_cuts = climb(rows, BACK, controls=["orders"])
    numbered = rows.assign(tier=rows.tier.map({name: j for j, name in enumerate(TIERS)}))
    cells = cx.tally(rows, outcome=BACK, controls=["orders"], strata=["tier"])
    ways: list[Callable[[], LoyaltyLadder]] = [
        lambda: loyalty_ladder(rows, outcome=BACK, tier={"tier": TIERS}, controls=["orders"]),
        lambda: loyalty_ladder(numbered, outcome=BACK, tier={"tier": [0, 1, 2, 3, 4]}, controls=["orders"]),
        lambda: loyalty_ladder(cells, tier={"tier": TIERS}),
    ]
    for way in ways:
        other = way()
        assert other.estimate == pytest.approx(by_cuts.estimate, rel=1e-12)
        assert other.std_error == pytest.approx(by_cuts.std_error, rel=1e-12)
        assert other.rise.p_value == pytest.approx(by_cuts.rise.p_value, rel=1e-9)
    assert ways[1]().tiers == ("0", "1", "2", "3", "4")
    back_to_front = loyalty_ladder(rows, outcome=BACK, tier={"tier": TIERS[::-1]})
    assert back_to_front.estimate[5:] == pytest.approx(-climb(rows, BACK).estimate[:4:-1], rel=ROUNDING)
    assert back_to_front.rise.p_value > 0.99
    gap = cx.tally(rows, outcome=BACK, disconfirmation="gap", controls=["orders"])
    assert loyalty_ladder(gap, cuts=CUTS).estimate == pytest.approx(by_cuts.estimate, rel=ROUNDING)


def test_outcomes_turned_and_counts(rows: pd.DataFrame) -> None:
    """What is bad for the firm is turned; a count is a measured outcome."""
    spend = climb(rows, SPEND)
    cost = climb(rows.assign(spend=-rows.spend), cx.Continuous("spend", good="low"))
    assert cost.estimate == pytest.approx(spend.estimate, rel=ROUNDING)
    churn = climb(rows.assign(back=1 - rows.back), cx.Binary("back", good=0), controls=["orders"])
    assert churn.estimate == pytest.approx(climb(rows, BACK, controls=["orders"]).estimate, rel=ROUNDING)
    effort = climb(rows.assign(stars=6 - rows.stars), cx.Rating("stars", cx.EFFORT5))
    assert effort.estimate == pytest.approx(climb(rows, STARS).estimate, rel=ROUNDING)
    orders = climb(rows, cx.Count("orders"))
    assert orders.estimate[2] == pytest.approx(rows.orders[rows.tier == "exceed"].mean(), rel=ROUNDING)


def test_rows_left_out_are_counted(rows: pd.DataFrame) -> None:
    holed = rows.astype({"gap": float, "back": float}).assign(weight=1.0)
    holed.loc[:4, "gap"] = np.nan
    holed.loc[5:7, "back"] = np.nan
    holed.loc[8:9, "region"] = None
    holed.loc[10, "weight"] = 0.0
    result = climb(holed, BACK, controls=["orders", "region"], weight="weight")
    assert (result.n, result.n_missing) == (889, 11)
    kept = climb(rows.iloc[11:], BACK, controls=["orders", "region"])
    assert result.estimate == pytest.approx(kept.estimate, rel=ROUNDING)
    assert "Customers per tier: fail" in str(result)
    assert "standardised over 'orders', 'region'." in str(result)


def drawn(rng: np.random.Generator, chance: list[float], n: int) -> pd.DataFrame:
    """Counted customers, n on each tier, with these shares of good outcomes."""
    good = rng.binomial(n, chance)
    tiers = TIERS[: len(chance)]
    return pd.DataFrame({"tier": tiers * 2, "back": [1] * len(tiers) + [0] * len(tiers), "n": [*good, *(n - good)]})


def ladder_of(frame: pd.DataFrame, tiers: int = 5) -> LoyaltyLadder:
    return loyalty_ladder(frame, outcome=BACK, tier={"tier": TIERS[:tiers]}, count="n")


def off(share: float, runs: int) -> float:
    return 4 * math.sqrt(share * (1 - share) / runs)


def test_sizes_in_simulation() -> None:
    """All alike: the tests of a rise reject in 5%. One step of exactly the smallest gain, the others large: so does
    the joint test of all steps."""
    rng = np.random.default_rng(11)
    runs = 250
    rise = jonckheere = steps = 0
    for _ in range(runs):
        same = ladder_of(drawn(rng, [0.4] * 5, 300))
        rise += same.rise.p_value < 0.05
        jonckheere += same.jonckheere.p_value < 0.05
        steps += ladder_of(drawn(rng, [0.1, 0.3, 0.33, 0.6, 0.85], 1500)).steps_above(0.10) < 0.05
    for share in (rise / runs, jonckheere / runs, steps / runs):
        assert share == pytest.approx(0.05, abs=off(0.05, runs))


def stated_power(chance: np.ndarray, n: int, first: int) -> float:
    """P(the plateau is found to begin at ``first``), by the normal distribution of the shares alone."""
    rng = np.random.default_rng(12)
    error = np.sqrt(chance * (1 - chance) / n)
    noise = rng.standard_normal((200_000, len(chance))) * error
    low, high = np.triu_indices(len(chance), 1)
    scale = np.sqrt(error[low] ** 2 + error[high] ** 2)
    critical = np.quantile(((noise[:, high] - noise[:, low]) / scale).max(axis=1), 0.95)
    told = (noise + chance)[:, high] - (noise + chance)[:, low] > critical * scale
    found = np.where(told.any(axis=1), (told * (low + 1)).max(axis=1), 0)
    return float((found == first).mean())


def test_a_true_plateau_is_found_with_the_stated_power_in_simulation() -> None:
    """.30, .40, .47 and no more: from "exceed" on nothing is gained. Only much larger samples can rule a gain out."""
    rng = np.random.default_rng(13)
    runs, chance = 80, [0.30, 0.40, 0.47, 0.47, 0.47]
    found = [ladder_of(drawn(rng, chance, 700)).plateau(0.10) for _ in range(runs)]
    power = stated_power(np.array(chance), 700, 2)
    assert 0.5 < power < 0.9
    assert np.mean([one.tier == "exceed" for one in found]) == pytest.approx(power, abs=off(power, runs))
    beyond = np.mean([one.tier not in TIERS[:3] for one in found])  # told to rise where it does not
    assert beyond < 0.05 + off(0.05, runs)
    assert np.mean([one.flat and one.tier in TIERS[:2] for one in found]) < 0.05 + off(0.05, runs)
    large = [ladder_of(drawn(rng, chance, 40_000)).plateau(0.10) for _ in range(20)]
    assert all(one.flat for one in large)
    assert np.mean([one.tier == "exceed" for one in large]) > 0.95 - off(0.05, 20)


def test_power_of_the_rise_test_in_simulation() -> None:
    """One late step is found more often than by the pooled comparison of the ends, a trend nearly as often."""
    rng = np.random.default_rng(14)
    runs = 150
    late = [ladder_of(drawn(rng, [0.4, 0.4, 0.4, 0.4, 0.5], 200)) for _ in range(runs)]
    ends = [norm.sf((r.estimate[4] - r.estimate[0]) / math.hypot(*r.std_error[[0, 4]])) for r in late]
    found = np.mean([r.rise.p_value < 0.05 for r in late])
    assert found > np.mean(np.array(ends) < 0.05)
    assert all(r.rise.cut in range(1, 5) for r in late)
    assert np.mean([r.rise.cut == 4 for r in late]) > 0.5


def raised(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_tiers_too_small_are_named(rows: pd.DataFrame) -> None:
    few = drawn(np.random.default_rng(1), [0.3] * 5, 100)
    few.loc[[4, 9], "n"] = [3, 12]
    few.loc[[1, 6], "n"] = [9, 40]
    raised(
        cx.TooFewError,
        "At least 10 good and 10 bad outcomes are needed in every tier, but 'meet' has 9 good and 40 bad; 'amaze' has "
        "3 good and 12 bad.\nMerge tiers (fewer cut points), or wait for more outcomes.",
        lambda: ladder_of(few),
    )
    thin = pd.concat([rows[rows.gap < 8], rows[rows.gap == 8].head(12)])
    raised(
        cx.TooFewError,
        "At least 30 customers are needed in every tier, but 'wow' has 12.\nMerge tiers (fewer cut points), or wait "
        "for more outcomes.",
        lambda: loyalty_ladder(thin, outcome=STARS, disconfirmation="gap", cuts={"meet": 0, "wow": 8}),
    )
    low, high = rows.gap.min(), rows.gap.max()
    raised(
        cx.ColumnError,
        f"Every cut point must have customers on both sides, but the gap runs from {low:g} to {high:g}, and not so: "
        "wow = 50.\nMove the cut point, or leave its tier out.",
        lambda: loyalty_ladder(rows, outcome=STARS, disconfirmation="gap", cuts={"meet": 0, "wow": 50}),
    )
    with pytest.raises(cx.ColumnError, match="not so: meet = -50"):
        loyalty_ladder(rows, outcome=STARS, disconfirmation="gap", cuts={"meet": -50, "wow": 1})
    loyalty_ladder(rows, outcome=STARS, disconfirmation="gap", cuts={"meet": 0, "exceed": 1})
    some = rows.assign(back=(np.arange(900) % 12 == 0).astype(int))
    raised(
        cx.TooFewError,
        "At least 10 events per coefficient are needed, 80 for the 8 of tiers and controls, but of 900 rows 75 are "
        "good: 75 events.\nUse fewer controls, merge tiers, or wait for more outcomes.",
        lambda: loyalty_ladder(
            some.assign(a=rows.orders % 3, b=rows.stars, c=rows.spend, d=rows.spend**2),
            outcome=BACK,
            disconfirmation="gap",
            cuts={"meet": 2},
            controls=["a", "b", "c", "d", "region", "orders"],
        ),
    )
    raised(
        cx.TooFewError,
        "The outcome 'stars' must vary, but all 900 rows hold 5.",
        lambda: climb(rows.assign(stars=5), STARS),
    )


def test_wrong_tiers_are_refused(rows: pd.DataFrame) -> None:
    raised(
        cx.ColumnError,
        "'tier' must hold one of the tiers 'fail', 'meet', 'exceed', but 420 of 900 rows do not: 'amaze', 'delight'."
        "\nName every tier, or leave those rows out.",
        lambda: loyalty_ladder(rows, outcome=BACK, tier={"tier": TIERS[:3]}),
    )
    told = (
        "The tiers must be told by cuts on a disconfirmation, or by tier, but disconfirmation={}, cuts={} and tier={} "
    )
    told += 'were given.\nPass for example disconfirmation="gap", cuts={{"meet": 0, "exceed": 1}}, or '
    told += 'tier={{"tier": ["fail", "meet", "exceed"]}}.'
    raised(cx.RoleError, told.format(None, None, None), lambda: loyalty_ladder(rows, outcome=BACK))
    raised(
        cx.RoleError,
        told.format("'gap'", None, {"tier": TIERS}),
        lambda: loyalty_ladder(rows, outcome=BACK, disconfirmation="gap", tier={"tier": TIERS}),
    )
    for cuts in ({"meet": 1, "exceed": 0}, {"fail": 0, "meet": 1}, {}, {"meet": "0"}, {"": 1}, [0, 1], {"a": np.nan}):
        raised(
            cx.RoleError,
            f"cuts must map each tier above 'fail' to the number it begins at, rising from tier to tier, but {cuts!r} "
            'was given.\nPass for example cuts={"meet": 0, "exceed": 1, "delight": 3}.',
            lambda cuts=cuts: loyalty_ladder(rows, outcome=BACK, disconfirmation="gap", cuts=cuts),
        )
    for tier in (
        {"tier": ["fail"]},
        {"tier": "fail"},
        {"tier": ["a", "a"]},
        {"a": ["x", "y"], "b": ["x", "y"]},
        "tier",
    ):
        raised(
            cx.RoleError,
            "tier must map one column to its tiers, two or more, the lowest first, each once, but "
            f'{tier!r} was given.\nPass for example tier={{"tier": ["fail", "meet", "exceed"]}}.',
            lambda tier=tier: loyalty_ladder(rows, outcome=BACK, tier=tier),
        )
    raised(
        cx.RoleError,
        "tier must be among the strata of the cells, but 'tier' is not among none."
        '\nTally the data with strata=["tier"].',
        lambda: loyalty_ladder(cx.tally(rows, outcome=BACK, controls=["tier"]), tier={"tier": TIERS}),
    )
    raised(
        cx.RoleError,
        'cuts need a disconfirmation, but none was declared.\nPass for example disconfirmation="gap".',
        lambda: loyalty_ladder(rows, outcome=BACK, cuts=CUTS),
    )
    raised(
        cx.RoleError,
        "An outcome of one moment is needed, but Survival was given."
        '\nPass for example outcome=cx.Binary("stayed", good=1) or cx.Rating("stars", cx.CSAT5).',
        lambda: climb(rows.assign(time=1.0), cx.Survival("time", "back")),
    )


def test_latent_steps_against_expectation_levels() -> None:
    """With three tiers the step to the last one is what `expectation_levels` fits by itself, on the same rows."""
    frame = cx.datasets.load("olist_deliveries").frame
    stars = cx.Rating("stars", cx.CSAT5)
    ladder = loyalty_ladder(
        frame, outcome=stars, disconfirmation="days_early", cuts={"meet": 0, "exceed": 1}, count="n"
    )
    levels = cx.expectation_levels(frame, outcome=stars, disconfirmation="days_early", met=(0, 0), count="n")
    assert ladder.latent_steps is not None
    assert levels.latent_gain is not None
    assert len(ladder.latent_steps) == 2
    # The same likelihood with another reference level: Newton's method stops within this of the maximum.
    assert ladder.latent_steps[1].a == pytest.approx(levels.latent_gain.a, rel=1e-8)
    assert ladder.latent_steps[1].var_a == pytest.approx(levels.latent_gain.var_a, rel=1e-8)
    assert ladder.share_at_top == pytest.approx(levels.share_at_top, rel=1e-12)
    again = loyalty_ladder(
        frame.assign(good=(frame.stars > 3).astype(int)),
        outcome=cx.Binary("good"),
        disconfirmation="days_early",
        cuts={"meet": 0, "exceed": 1},
        count="n",
    )
    assert again.latent_steps is None
    assert np.isnan(again.share_at_top)
