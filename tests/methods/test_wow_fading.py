"""Whether a wow fades: against R and statsmodels with a column per customer, and in simulations with known truth."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import t

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError
from cxstats.methods.wow_fading import WowFading, wow_fading
from cxstats.numerics.fading import FADING, FIRST, LEAD, SEQUENTIAL, STEP
from cxstats.simulate.encounters import encounters

REFERENCES = Path(__file__).parents[1] / "references"
BY_QR = 1e-9  # R and statsmodels factor the whole design, with a column per customer
STEP_SIZE, BY_STEP = 1e-4, 1e-6  # of a customer's weight, and what is left of higher terms
MC_ERRORS = 4
RUNS = 60
Array = NDArray[np.float64]
ROLES: dict[str, Any] = {"customer": "customer", "order": "visit", "perk": "perk", "outcome": cx.Continuous("rating")}


def known() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "encounters.csv", comment="#").set_index("term")


def given() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "encounters_rows.csv", comment="#")


def with_history(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows in order, with the perks before each and the number of the encounter."""
    ordered = rows.sort_values(["customer", "visit"]).reset_index(drop=True)
    earlier, place, count, last = [], [], 0, None
    for customer, perk in zip(ordered.customer, ordered.perk, strict=True):
        if customer != last:
            count, at, last = 0, 0, customer
        earlier.append(count)
        place.append(at)
        count, at = count + perk, at + 1
    return ordered.assign(earlier=earlier, place=place)


def sequential_by_matrices(rows: pd.DataFrame) -> tuple[float, float]:
    """Two-stage least squares with a column per period, each row against the mean of the later ones, by loops.

    The estimate and its standard error by customer, G / (G - 1).
    """
    rated = with_history(rows).dropna(subset="rating").reset_index(drop=True)
    dummies = (rated.place.to_numpy()[:, None] == np.sort(rated.place.unique())).astype(float)
    columns = np.column_stack([rated.perk, rated.perk * rated.earlier, dummies])
    moved, instruments, response, of = [], [], [], []
    for number, (_, one) in enumerate(rated.groupby("customer")):
        at, y = one.index.to_numpy(), one.rating.to_numpy()
        for i in range(len(at) - 1):
            scale = np.sqrt((len(at) - 1 - i) / (len(at) - i))
            moved.append(scale * (columns[at[i]] - columns[at[i + 1 :]].mean(axis=0)))
            response.append(scale * (y[i] - y[i + 1 :].mean()))
            instruments.append([*columns[at[i], :2], rated.earlier[at[i]], *dummies[at[i]]])
            of.append(number)
    x, z, r = np.array(moved), np.array(instruments), np.array(response)
    fitted = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    slopes = np.linalg.lstsq(fitted, r, rcond=None)[0]
    sums = pd.DataFrame(np.linalg.pinv(fitted)[1] * (r - x @ slopes)).groupby(np.array(of)).sum()[0]
    groups = rated.customer.nunique()
    return -float(slopes[1]), float(np.sqrt(np.square(sums).sum() * groups / (groups - 1)))


# --- against other programs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [FIRST, FADING, STEP, LEAD])
def test_terms_against_R(term: str) -> None:
    result = wow_fading(given(), **ROLES, period="month")
    at, customers = result.row(term), result.n_customers
    assert result.estimates.raw[at] == pytest.approx(known().estimate[term], rel=BY_QR)
    error = float(known().std_error[term]) * np.sqrt(customers / (customers - 1))
    assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_QR)


def test_clusters_above_the_customer_against_statsmodels() -> None:
    rows = with_history(given()).dropna(subset="rating")
    kinds = pd.get_dummies(rows.customer.astype(str) + " " + rows.perk.astype(str), dtype=float)
    months = pd.get_dummies(rows.month, dtype=float, drop_first=True)
    design = np.column_stack([rows.perk * rows.earlier, kinds, months])
    fit = sm.OLS(rows.rating, design).fit(
        cov_type="cluster", cov_kwds={"groups": rows.store.to_numpy(), "use_correction": False}
    )
    stores = rows.store.nunique()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        result = wow_fading(given(), **ROLES, period="month", cluster="store")
    assert result.notes[:2] == (
        "30 clusters are few (fewer than 40): the intervals may be too narrow.",
        "54 customers with two rated perks in 30 clusters are few (fewer than 40): intervals may be too narrow.",
    )
    at = result.row(FADING)
    assert result.estimates.raw[at] == pytest.approx(-fit.params.iloc[0], rel=BY_QR)
    error = fit.bse.iloc[0] * np.sqrt(stores / (stores - 1))
    assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_QR)
    repeat = rows.groupby("customer").perk.sum() >= 2
    with_two = rows[rows.customer.isin(repeat[repeat].index)].store.nunique()
    assert result.df[at] == with_two - 1


def test_sequential_against_matrices() -> None:
    result = wow_fading(given(), **ROLES)
    at = result.row(SEQUENTIAL)
    estimate, error = sequential_by_matrices(given())
    assert result.estimates.raw[at] == pytest.approx(estimate, rel=BY_QR)
    assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_QR)


def test_standard_deviations_against_derivatives() -> None:
    """Estimates over the standard deviation within customers: its own error is counted."""
    rows = with_history(given()).dropna(subset="rating").reset_index(drop=True)
    kinds = pd.get_dummies(rows.customer.astype(str) + " " + rows.perk.astype(str), dtype=float)
    months = pd.get_dummies(rows.month, dtype=float).iloc[:, 1:]
    design, y = np.column_stack([rows.perk * rows.earlier, kinds, months]), rows.rating.to_numpy()
    mean, size = (rows.groupby("customer").rating.transform(name).to_numpy() for name in ("mean", "size"))
    customer = rows.customer.to_numpy() - 1001

    def ratio(weight: Array) -> float:
        w = weight[customer]
        slopes = np.linalg.solve(design.T @ (design * w[:, None]), design.T @ (w * y))
        return float(-slopes[0] / np.sqrt(w @ (y - mean) ** 2 / (w @ (1 - 1 / size))))

    ones, moved = np.ones(120), []
    for i in range(120):
        up, down = (ratio(np.where(np.arange(120) == i, 1 + h, ones)) for h in (STEP_SIZE, -STEP_SIZE))
        moved.append((up - down) / (2 * STEP_SIZE))
    result = wow_fading(given(), **ROLES, period="month")
    at = result.row(FADING)
    assert result.estimate[at] == pytest.approx(ratio(ones), rel=BY_QR)
    error = np.sqrt(np.square(moved).sum() * 120 / 119)
    assert result.std_error[at] == pytest.approx(error, rel=BY_STEP)
    limits = result.confidence_interval(0.9)
    half = t.ppf(0.95, result.df[at]) * error
    assert limits.high[at] - limits.low[at] == pytest.approx(2 * half, rel=BY_STEP)


# --- in simulations --------------------------------------------------------------------------------------------------


def replicate(**parameters: Any) -> list[WowFading]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        return [wow_fading(encounters(200, rng=seed, **parameters), **ROLES) for seed in range(RUNS)]


def covered(results: list[WowFading], term: str, truth: float) -> float:
    hits = 0
    for one in results:
        low, high = one.components[term].interval()
        hits += low * one.estimates.sd <= truth <= high * one.estimates.sd
    return hits / len(results)


def false_alarms(results: list[WowFading]) -> float:
    return float(np.mean([one.effect.interval()[0] > 0 for one in results]))


def near(share: float) -> float:
    return MC_ERRORS * float(np.sqrt(share * (1 - share) / RUNS))


@pytest.mark.parametrize("fade", [0.0, 0.3])
def test_known_fading_is_covered_in_simulation(fade: float) -> None:
    results = replicate(fade=fade, trend=-0.1)
    for term in (FADING, SEQUENTIAL):
        assert covered(results, term, fade) >= 0.95 - near(0.95)
        mean = np.mean([one.components[term].a for one in results])
        spread = np.std([one.components[term].a for one in results])
        assert mean == pytest.approx(fade, abs=MC_ERRORS * spread / np.sqrt(RUNS))


def test_perks_after_good_ratings_fade_only_seemingly_in_simulation() -> None:
    """Reliability .5 and no fading: customers' means show one in most samples, the answer in 2.5% of them or fewer."""
    results = replicate(follows="good", visits=5)
    within = np.mean([one.components[FADING].interval()[0] > 0 for one in results])
    assert within > 0.5
    assert false_alarms(results) <= 0.025 + near(0.025)
    assert all("regression-to-mean" in one.flags for one in results)
    assert covered(results, SEQUENTIAL, 0.0) >= 0.95 - near(0.95)


def test_perks_after_bad_ratings_hide_fading_from_the_means_only_in_simulation() -> None:
    results = replicate(follows="bad", fade=0.3)
    assert covered(results, FADING, 0.3) < 0.8
    assert covered(results, SEQUENTIAL, 0.3) >= 0.95 - near(0.95)


def test_seconds_after_a_high_first_rating_fall_by_regression_alone_in_simulation() -> None:
    """The trap: who rated the first perk among the best tenth falls by .88 standard deviations on the second.

    At reliability .5 and without any fading: the best tenth lies phi(z) / .1 = 1.755 above the mean, and half goes.
    """
    rows = with_history(encounters(40_000, rng=1, visits=4, chance=0.9, exposed=0.9))
    perks = rows[rows.perk == 1].assign(turn=lambda x: x.earlier)
    first, second = (perks[perks.turn == i].set_index("customer").rating for i in (0, 1))
    both = pd.concat([first, second], axis=1, keys=["first", "second"]).dropna() / np.sqrt(2)
    high = both[both["first"] >= both["first"].quantile(0.9)]
    z = 1.2815515655446004  # normal quantile of .9; the mean above it is density / .1
    expected = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) / 0.1 / 2
    fall = (high["first"] - high["second"]).mean()
    error = (high["first"] - high["second"]).std() / np.sqrt(len(high))
    assert fall == pytest.approx(expected, abs=MC_ERRORS * error)
    result = wow_fading(rows, **ROLES)
    low, high_end = result.effect.interval(0.999)
    assert low < 0 < high_end


def test_customers_who_are_wowed_more_and_more_often_in_simulation() -> None:
    results = replicate(wow_spread=0.7, fade=0.3)
    assert covered(results, FADING, 0.3) >= 0.95 - near(0.95)
    assert false_alarms(replicate(wow_spread=0.7)) <= 0.025 + near(0.025)
    assert np.mean(["estimates-disagree" in one.flags for one in results]) > 0.5


# --- what is told ----------------------------------------------------------------------------------------------------


def test_the_weaker_answer_is_the_effect() -> None:
    result = wow_fading(encounters(400, rng=3, fade=0.2, follows="good"), **ROLES)
    lows = {term: effect.interval()[0] for term, effect in result.components.items()}
    assert set(lows) == {FADING, SEQUENTIAL}
    assert result.decides == min(lows, key=lambda term: lows[term]) == SEQUENTIAL
    assert result.effect is result.components[SEQUENTIAL]
    assert f"the weaker answer is '{SEQUENTIAL}'." in str(result)
    lead = result.estimate[result.row(LEAD)]
    assert result.notes[-1] == (
        f"Perks followed ratings: where one came next, the rating was {lead:.2g} standard deviations better "
        "(p < 0.0001), and such ratings go back by themselves. That bends 'fading per earlier perk', but not the "
        "sequential estimate."
    )


def test_encounters_without_a_rating_count_as_earlier_perks() -> None:
    rows = encounters(400, rng=4, fade=0.3)
    holed = rows.assign(rating=rows.rating.where(rows.visit != 3))
    result = wow_fading(holed, **ROLES)
    assert (result.n, result.n_missing) == (3_600, 400)
    dropped = wow_fading(rows[rows.visit != 3], **ROLES)
    assert dropped.estimate[0] != pytest.approx(result.estimate[0], rel=1e-3)


def test_direction_is_that_of_the_scale() -> None:
    rows = encounters(400, rng=5, fade=0.3)
    up = wow_fading(rows, **ROLES)
    down = wow_fading(rows.assign(rating=-rows.rating), **{**ROLES, "outcome": cx.Continuous("rating", good="low")})
    assert down.estimate == pytest.approx(up.estimate, rel=1e-12)


def test_nobody_without_a_perk_is_told() -> None:
    rows = encounters(400, rng=6)
    exposed = rows[rows.groupby("customer").perk.transform("max") == 1]
    result = wow_fading(exposed, **ROLES)
    assert "no-never-exposed" in result.flags
    assert any(
        note == "0 customers were never given the perk (fewer than 20 customers or clusters): the trend without it "
        "rests on the exposed themselves."
        for note in result.notes
    )


def test_the_end_of_the_scale_is_told() -> None:
    rows = encounters(400, rng=7)
    stars = rows.assign(rating=np.clip(np.round(4 + rows.rating), 1, 5))
    result = wow_fading(stars, **{**ROLES, "outcome": cx.Rating("rating", cx.CSAT5)})
    share = (stars.rating[stars.perk == 1] == 5).mean()
    assert result.share_at_top == share
    assert "ceiling" in result.flags
    assert result.notes[-1] == (
        f"{100 * share:.3g}% of the encounters with a perk have the best rating: what a perk does beyond it cannot be "
        "seen."
    )


def test_few_customers_with_two_perks_are_told_or_refused() -> None:
    rows = encounters(400, rng=8)
    repeat = rows.groupby("customer").perk.sum()
    never, twice = repeat[repeat == 0].index, repeat[repeat >= 2].index
    some = rows[rows.customer.isin([*never, *twice[:30]])]
    message = "30 customers with two rated perks are few (fewer than 40): intervals may be too narrow."
    with pytest.warns(CxStatsWarning, match=f"^{re.escape(message)}$"):
        assert message in wow_fading(some, **ROLES).notes
    message = (
        "At least 20 customers (or clusters of them) with two rated perks are needed, but there are 19.\n"
        "Collect more of them: with fewer, no interval is trustworthy."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        wow_fading(rows[rows.customer.isin([*never, *twice[:19]])], **ROLES)


def test_what_cannot_be_told_from_the_trend_is_refused() -> None:
    """Perks at every encounter of everyone: the number before is the number of the encounter."""
    rows = encounters(100, rng=9).assign(perk=1)
    message = (
        "Fading cannot be told from the trend: the number of earlier perks goes with the period alone.\n"
        "Add customers without the perk, or with it at other times."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        wow_fading(rows, **ROLES)


def test_ratings_that_do_not_vary_are_refused() -> None:
    rows = encounters(100, rng=10)
    message = (
        "'rating' must vary within customers, but every customer gives one value only.\n"
        "Collect several rated encounters per customer."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        wow_fading(rows.assign(rating=1.0 * rows.customer), **ROLES)


def test_an_outcome_must_be_declared() -> None:
    message = 'outcome must be declared.\nPass for example outcome=cx.Rating("stars", cx.CSAT5).'
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        wow_fading(encounters(100, rng=1), **{**ROLES, "outcome": None})
