"""Whether a wow raises the next expectation: against R and statsmodels, and in simulations with known truth."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError
from cxstats.methods.expectation_ratchet import ExpectationRatchet, expectation_ratchet
from cxstats.numerics.ratchet import PLACEBO, RATCHET, RATED, WITHIN
from cxstats.simulate.encounters import encounters

REFERENCES = Path(__file__).parents[1] / "references"
BY_QR = 1e-9
MC_ERRORS = 4
RUNS = 60
ROLES: dict[str, Any] = {
    "customer": "customer",
    "order": "visit",
    "perk": "perk",
    "expectation": cx.Continuous("expectation"),
}
RATING = cx.Continuous("rating")


def given() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "encounters_rows.csv", comment="#")


def in_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["customer", "visit"])
    following = ordered.groupby("customer").expectation.shift(-1)
    place = ordered.groupby("customer").cumcount()
    return ordered.assign(following=following, place=place).dropna(subset=["expectation", "following"])


# --- against other programs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", [RATCHET, RATED, PLACEBO])
def test_terms_against_R(term: str) -> None:
    known = pd.read_csv(REFERENCES / "encounters.csv", comment="#").set_index("term")
    result = expectation_ratchet(given(), **ROLES, outcome=RATING, period="month")
    at, customers = result.row(term), result.n_customers
    assert result.estimates.raw[at] == pytest.approx(known.estimate[term], rel=BY_QR)
    error = float(known.std_error[term]) * np.sqrt(customers / (customers - 1))
    assert np.sqrt(result.estimates.matrix[at, at]) == pytest.approx(error, rel=BY_QR)
    sd = in_pairs(given()).following.std(ddof=0)
    assert result.estimates.sd == pytest.approx(sd, rel=BY_QR)
    assert result.estimate[at] == pytest.approx(known.estimate[term] / sd, rel=BY_QR)


def test_within_customers_against_matrices() -> None:
    """Each pair against the mean of the customer's later ones, perk and expectation as instruments, by loops."""
    rows = in_pairs(given()).reset_index(drop=True)
    dummies = (rows.place.to_numpy()[:, None] == np.sort(rows.place.unique())).astype(float)
    columns = np.column_stack([rows.perk, rows.expectation, dummies])
    moved, instruments, response, of = [], [], [], []
    for number, (_, one) in enumerate(rows.groupby("customer")):
        at, y = one.index.to_numpy(), one.following.to_numpy()
        for i in range(len(at) - 1):
            scale = np.sqrt((len(at) - 1 - i) / (len(at) - i))
            moved.append(scale * (columns[at[i]] - columns[at[i + 1 :]].mean(axis=0)))
            response.append(scale * (y[i] - y[i + 1 :].mean()))
            instruments.append(columns[at[i]])
            of.append(number)
    x, z, r = np.array(moved), np.array(instruments), np.array(response)
    fitted = z @ np.linalg.lstsq(z, x, rcond=None)[0]
    slopes = np.linalg.lstsq(fitted, r, rcond=None)[0]
    sums = pd.DataFrame(np.linalg.pinv(fitted)[0] * (r - x @ slopes)).groupby(np.array(of)).sum()[0]
    result = expectation_ratchet(given(), **ROLES)
    row, groups = result.row(WITHIN), result.n_customers
    assert result.estimates.raw[row] == pytest.approx(slopes[0], rel=BY_QR)
    error = np.sqrt(np.square(sums).sum() * groups / (groups - 1))
    assert np.sqrt(result.estimates.matrix[row, row]) == pytest.approx(error, rel=BY_QR)


def test_pairs_that_are_used_against_loops() -> None:
    rows = given()
    rows.loc[rows.visit == 4, "expectation"] = np.nan
    result = expectation_ratchet(rows, **ROLES)
    assert result.n == len(in_pairs(rows))
    assert result.n_missing == len(rows) - result.n


# --- in simulations --------------------------------------------------------------------------------------------------


def replicate(choose: Any = None, **parameters: Any) -> list[ExpectationRatchet]:
    return [
        expectation_ratchet(encounters(200, rng=seed, **parameters) if choose is None else choose(seed), **ROLES)
        for seed in range(RUNS)
    ]


def covered(results: list[ExpectationRatchet], term: str, truth: float) -> float:
    hits = 0
    for one in results:
        low, high = one.components[term].interval()
        hits += low * one.estimates.sd <= truth <= high * one.estimates.sd
    return hits / len(results)


def near(share: float) -> float:
    return MC_ERRORS * float(np.sqrt(share * (1 - share) / RUNS))


def test_known_ratchet_is_covered_in_simulation() -> None:
    """Pooled, expectations hold earlier perks, so that it lies below; the weaker one is never above the truth."""
    results = replicate(ratchet=0.5)
    assert covered(results, WITHIN, 0.5) >= 0.95 - near(0.95)
    assert np.mean([one.components[RATCHET].a for one in results]) < 0.5
    assert np.mean([one.effect.interval()[0] > 0 for one in results]) > 0.9


def test_no_ratchet_in_simulation() -> None:
    results = replicate()
    for term in (RATCHET, WITHIN):
        assert covered(results, term, 0.0) >= 0.95 - near(0.95)


def test_perks_for_those_who_expect_much_in_simulation() -> None:
    """Pooled there seems to be a ratchet in most samples; the answer shows one in 2.5% or fewer."""

    def choose(seed: int) -> pd.DataFrame:
        rows: pd.DataFrame = encounters(300, rng=seed, exposed=0.0)
        draw = np.random.default_rng(1_000 + seed)
        level = rows.groupby("customer").rating.transform("mean")
        chance = 1 / (1 + np.exp(-2 * level)) * (rows.customer % 3 > 0)
        rows["perk"] = (draw.random(len(rows)) < chance).astype(int)
        return rows

    results = replicate(choose)
    assert np.mean([one.components[RATCHET].interval()[0] > 0 for one in results]) > 0.5
    assert np.mean([one.effect.interval()[0] > 0 for one in results]) <= 0.025 + near(0.025)
    assert np.mean(["selection" in one.flags for one in results]) > 0.5
    flagged = next(one for one in results if "selection" in one.flags)
    assert re.match(
        r"^Who got a perk expected more before it already, by 0\.\d+ standard deviations \(p [<=] 0\.\d+\)\. That "
        r"bends 'next expectation after a perk', but not the estimate within customers\.$",
        flagged.notes[-1],
    )


# --- what is told ----------------------------------------------------------------------------------------------------


def test_without_a_rating_there_is_no_row_at_equal_rating() -> None:
    rows = encounters(200, rng=1)
    assert RATED not in expectation_ratchet(rows, **ROLES).labels["term"]
    assert RATED in expectation_ratchet(rows, **ROLES, outcome=RATING).labels["term"]


def test_two_encounters_each_tell_no_more_than_the_pooled_estimate() -> None:
    rows = encounters(400, rng=2, visits=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)
        result = expectation_ratchet(rows, **ROLES)
    assert result.labels["term"] == (RATCHET,)
    assert set(result.left_out) == {WITHIN, PLACEBO}
    assert result.flags == ("one-estimate", "selection-untested")
    assert result.effect is result.components[RATCHET]
    assert "Left out: 'the same, within customers': it cannot be told apart" in str(result)


def test_too_few_customers_are_refused() -> None:
    rows = encounters(200, rng=3)
    exposed = rows[rows.groupby("customer").perk.transform("max") == 1].copy()
    exposed.loc[exposed.visit == 1, "perk"] = 1
    message = (
        "At least 20 customers (or clusters of them) without a perk, with two expectations in a row are needed, but "
        "there are 0.\nCollect more of them: with fewer, no interval is trustworthy."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        expectation_ratchet(exposed, **ROLES)


def test_expectations_must_vary_and_be_declared() -> None:
    rows = encounters(200, rng=4)
    message = "'expectation' must vary, but all next expectations are the same."
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        expectation_ratchet(rows.assign(expectation=1.0), **ROLES)
    message = 'expectation must be declared.\nPass for example expectation=cx.Rating("stars", cx.CSAT5).'
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        expectation_ratchet(rows, **{**ROLES, "expectation": None})
