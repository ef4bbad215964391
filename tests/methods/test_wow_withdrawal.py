"""Whether the loss of a perk backfires: against R and loops, and in simulations with known truth."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import f

import cxstats as cx
from cxstats.errors import CxStatsWarning, TooFewError
from cxstats.methods.wow_withdrawal import WowWithdrawal, wow_withdrawal
from cxstats.numerics.withdrawal import GONE, LEADS, SEQUENTIAL, WITH
from cxstats.simulate.encounters import encounters

REFERENCES = Path(__file__).parents[1] / "references"
BY_QR = 1e-9
STEP_SIZE, BY_STEP = 1e-4, 1e-6
MC_ERRORS = 4
RUNS = 60
Array = NDArray[np.float64]
ROLES: dict[str, Any] = {
    "customer": "customer",
    "order": "visit",
    "perk": "perk",
    "outcome": cx.Continuous("rating"),
    "period": "month",
}


def given() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "encounters_rows.csv", comment="#")


def quietly(rows: pd.DataFrame, **more: Any) -> WowWithdrawal:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        return wow_withdrawal(rows, **ROLES, **more)


def in_states(rows: pd.DataFrame) -> pd.DataFrame:
    """Rated rows with their state: before, with or after the perks."""
    ordered = rows.sort_values(["customer", "visit"])
    parts = []
    for _, one in ordered.groupby("customer"):
        when = np.flatnonzero(one.perk)
        place = np.arange(len(one))
        state = np.full(len(one), "before", dtype=object)
        if len(when):
            state[place >= when[0]] = "with"
            state[place > when[-1]] = "after"
        parts.append(one.assign(state=state))
    return pd.concat(parts).dropna(subset="rating").reset_index(drop=True)


def by_weights(rows: pd.DataFrame, state: str, weight: Array) -> float:
    """The mean gap, customers weighted: a column per customer and month, fitted on what is before."""
    plain = rows.state == "before"
    customers, months = np.sort(rows.customer.unique()), np.sort(rows.month.unique())
    design = np.column_stack(
        [rows.customer.to_numpy()[:, None] == customers, rows.month.to_numpy()[:, None] == months[1:]]
    ).astype(float)
    w = weight[np.searchsorted(customers, rows.customer)]
    x, y = design[plain], rows.rating.to_numpy()
    seen = x.any(axis=0)
    slopes = np.zeros(design.shape[1])
    normal = x[:, seen].T @ (x[:, seen] * w[plain][:, None])
    slopes[seen] = np.linalg.solve(normal, x[:, seen].T @ (w * y)[plain])
    known = rows.customer.isin(rows.customer[plain]) & rows.month.isin(rows.month[plain])
    on = ((rows.state == state) & known).to_numpy()
    return float(w[on] @ (y - design @ slopes)[on] / w[on].sum())


# --- against other programs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [GONE, WITH, *LEADS])
def test_terms_against_R(term: str) -> None:
    known = pd.read_csv(REFERENCES / "encounters.csv", comment="#").set_index("term")
    result = quietly(given())
    at, customers = result.row(term), result.n_customers
    assert result.estimates.raw[at] == pytest.approx(known.estimate[term], rel=BY_QR)
    if term in LEADS:
        error = float(known.std_error[term]) * np.sqrt(customers / (customers - 1))
        assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_QR)


@pytest.mark.parametrize(("term", "state"), [(GONE, "after"), (WITH, "with")])
def test_standard_errors_against_derivatives(term: str, state: str) -> None:
    """What each customer's weight moves, the effects of the months included."""
    rows = in_states(given())
    many = rows.customer.nunique()
    ones, moved = np.ones(many), []
    for i in range(many):
        up, down = (
            by_weights(rows, state, np.where(np.arange(many) == i, 1 + h, ones)) for h in (STEP_SIZE, -STEP_SIZE)
        )
        moved.append((up - down) / (2 * STEP_SIZE))
    result = quietly(given())
    at = result.row(term)
    assert result.estimates.raw[at] == pytest.approx(by_weights(rows, state, ones), rel=BY_QR)
    error = np.sqrt(np.square(moved).sum() * many / (many - 1))
    assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_STEP)


def test_pre_trend_against_Hotelling() -> None:
    result = quietly(given())
    rows = [result.row(name) for name in LEADS if result.df[result.row(name)] >= 19]
    many = len(rows)
    assert many == 2
    raw, matrix = result.estimates.raw[rows], result.estimates.matrix[np.ix_(rows, rows)]
    df = result.df[rows].min()
    square = raw @ np.linalg.inv(matrix) @ raw
    assert result.pre_trend is not None
    assert result.pre_trend.p_value == pytest.approx(
        f.sf(square * (df - many + 1) / (many * df), many, df - many + 1), rel=1e-8
    )


def test_what_cannot_be_compared_against_loops() -> None:
    rows = encounters(300, rng=1, schedule="random", chance=0.4)
    result = quietly(rows)
    states = in_states(rows)
    plain = states[states.state == "before"]
    after = states[states.state == "after"]
    lost = ~(after.customer.isin(plain.customer) & after.month.isin(plain.month))
    assert result.n_unmatched == lost.sum() > 0
    assert "unmatched" in result.flags
    assert (
        f"{lost.sum():,} of {len(after):,} rated encounters after removal cannot be compared: no rated encounter of "
        "the customer before the first perk, or nobody before any perk in that period."
    ) in result.notes


# --- in simulations --------------------------------------------------------------------------------------------------


def replicate(n: int = 240, **parameters: Any) -> list[WowWithdrawal]:
    return [quietly(encounters(n, rng=seed, schedule="regular", **parameters)) for seed in range(RUNS)]


def covered(results: list[WowWithdrawal], term: str, truth: float) -> float:
    hits = 0
    for one in results:
        low, high = one.components[term].interval()
        hits += low * one.estimates.sd <= truth <= high * one.estimates.sd
    return hits / len(results)


def near(share: float) -> float:
    return MC_ERRORS * float(np.sqrt(share * (1 - share) / RUNS))


@pytest.mark.parametrize("backfire", [0.0, 0.4])
def test_known_backfire_is_covered_in_simulation(backfire: float) -> None:
    """Also where the season goes up and down for all, and perks do unequally much."""
    results = replicate(backfire=backfire, season=1.0, wow_spread=0.7, missing=0.1)
    for term in (GONE, SEQUENTIAL):
        assert covered(results, term, backfire) >= 0.95 - near(0.95)
        found = [one.components[term].a for one in results]
        assert np.mean(found) == pytest.approx(backfire, abs=MC_ERRORS * np.std(found) / np.sqrt(RUNS))


@pytest.mark.parametrize("strength", [0.5, 2.0])
def test_first_perks_after_good_ratings_backfire_only_seemingly_in_simulation(strength: float) -> None:
    results = replicate(follows="good", strength=strength)
    seeming = np.mean([one.components[GONE].interval()[0] > 0 for one in results])
    assert seeming > 0.2
    assert np.mean([one.effect.interval()[0] > 0 for one in results]) <= 0.025 + near(0.025)
    assert np.mean(["pre-trend" in one.flags for one in results]) > 0.5


def test_first_perks_after_bad_ratings_hide_a_backfire_from_imputation_only_in_simulation() -> None:
    results = replicate(follows="bad", backfire=0.4)
    assert covered(results, GONE, 0.4) < 0.5
    assert covered(results, SEQUENTIAL, 0.4) >= 0.95 - near(0.95)


def test_a_return_to_where_customers_were_is_no_backfire_in_simulation() -> None:
    result = quietly(encounters(4_000, rng=1, schedule="regular", wow=2.0))
    assert result.estimate[result.row(WITH)] > 0.5
    low, high = result.effect.interval(0.999)
    assert low < 0 < high


def test_a_dummy_regression_would_be_bent_where_effects_grow_in_simulation() -> None:
    """The imputed mean stays right where the loss weighs more the longer it lasts; here each customer has its own."""
    rows = encounters(4_000, rng=2, schedule="regular")
    states = in_states(rows)
    after = states.state == "after"
    since = states[after].groupby("customer").cumcount()
    states.loc[after, "rating"] -= 0.3 * since
    result = quietly(states[rows.columns])
    plain = states[states.state == "before"]
    usable = states[after & states.customer.isin(plain.customer) & states.month.isin(plain.month)]
    truth = 0.3 * usable.groupby("customer").cumcount().mean()
    low, high = result.components[GONE].interval(0.9999)
    assert low * result.estimates.sd < truth < high * result.estimates.sd


# --- what is told ----------------------------------------------------------------------------------------------------


def test_effect_is_turned_so_that_up_is_a_backfire() -> None:
    result = quietly(encounters(400, rng=3, schedule="regular", backfire=0.5))
    at = result.row(GONE)
    assert result.estimate[at] < 0
    assert result.components[GONE].estimate == pytest.approx(-result.estimate[at], rel=1e-12)
    assert result.effect is result.components[result.decides]


def test_schedules_have_rows_and_a_difference() -> None:
    regular = encounters(300, rng=4, schedule="regular", backfire=0.6)
    gaps = encounters(300, rng=5, schedule="random", chance=0.15)
    both = pd.concat([regular, gaps.assign(customer=gaps.customer + 1_000)])
    result = quietly(both, schedule="schedule")
    first, second, apart = (
        result.estimates.raw[result.row(f"after removal, {name}")] for name in ("random", "regular", "random - regular")
    )
    assert apart == pytest.approx(first - second, rel=1e-12)
    assert set(result.by_schedule) == {"random", "regular"}
    assert result.by_schedule["regular"].p_not_above(0.1) < 0.05
    states = in_states(both)
    after = states[(states.state == "after") & states.customer.isin(states.customer[states.state == "before"])]
    share = (after.schedule == "regular").mean()
    whole = result.estimates.raw[result.row(GONE)]
    assert whole == pytest.approx(share * second + (1 - share) * first, rel=0.02)


def test_a_schedule_of_few_has_no_row() -> None:
    rows = encounters(300, rng=6, schedule="regular")
    few = rows.assign(schedule=np.where(rows.customer < 10, "odd", "regular"))
    result = quietly(few, schedule="schedule")
    assert "after removal, odd" not in result.labels["term"]
    assert result.notes[-1] == "Schedule 'odd' has fewer than 20 customers or clusters to compare: it has no row."


def test_too_few_customers_are_refused() -> None:
    rows = encounters(200, rng=7, schedule="regular")
    exposed = rows[rows.groupby("customer").perk.transform("max") == 1]
    message = (
        "At least 20 customers (or clusters of them) who never had the perk are needed, but there are 0.\n"
        "Collect more of them: with fewer, no interval is trustworthy."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        wow_withdrawal(exposed, **ROLES)
    never = rows[rows.groupby("customer").perk.transform("max") == 0]
    message = (
        "No encounter after removal can be compared: it takes customers who were rated before the first perk and after "
        "the last one, in periods in which others were rated without any perk.\nCheck the perk and the period columns."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        wow_withdrawal(never, **ROLES)
