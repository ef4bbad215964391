"""Simulated contacts: the truth against the parameters and by brute force, what the methods find against the truth."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import cxstats as cx
from cxstats.errors import RoleError, TooFewError
from cxstats.simulate.service import service, service_truth

ROUNDING = 1e-12
# Newton's method, here and in statsmodels, stops when the log-likelihood no longer rises.
FITTED = 1e-7
# Tenure is adjusted for by a straight line, from which the log-odds of coming back depart a little.
STRAIGHT = 2e-4
SMOOTH = 1e-3  # rounding amounts of 8 and more to whole numbers moves a ratio of geometric means by less
ERRORS = 4.0
BACK = cx.Binary("repurchase", good=1)
COLUMNS = [
    "tenure", "gap", "problem", "complained", "recovered", "contact", "before", "after", "ease", "transfers", "repeats",
    "attempt", "failure", "cost", "handling", "wait", "csat", "repurchase",
]  # fmt: skip
OF_CONTACT = ["ease", "transfers", "repeats", "attempt", "failure", "cost", "handling", "wait"]
TIERS = {"meet": 0, "exceed": 1, "delight": 3}


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    """So many that every effect is seen to about a hundredth."""
    frame: pd.DataFrame = service(100_000, rng=20261127)
    return frame


@pytest.fixture(scope="module")
def truth() -> Any:
    return service_truth()


def near(effect: Any, value: float, *, ratio: bool = False) -> bool:
    """Whether an effect lies within 4 standard errors of the truth; a relative one by a - value b."""
    if ratio:
        spread = effect.var_a - 2 * value * effect.cov + value**2 * effect.var_b
        return bool(abs(effect.a - value * effect.b) < ERRORS * np.sqrt(spread))
    return bool(abs(effect.a - value) < ERRORS * np.sqrt(effect.var_a))


def rows(result: Any, part: str) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of the rows of a part."""
    frame = result.to_frame()
    there = frame[frame["part"] == part]
    return {row.term: (row.estimate, row.std_error) for row in there.itertuples()}


def all_near(found: dict[str, tuple[float, float]], expected: dict[str, float]) -> None:
    for term, value in expected.items():
        estimate, error = found[term]
        assert abs(estimate - value) < ERRORS * error, term


# --- the truth -------------------------------------------------------------------------------------------------------


def test_truth_against_its_parameters(truth: Any) -> None:
    assert truth.silent == 0.78
    assert truth.attempt == 0.16
    assert dict(truth.failure) == {"no attempt": 0.1, "attempt": 0.2}
    assert truth.failure_difference == pytest.approx(0.1, abs=ROUNDING)
    assert truth.cost_ratio == pytest.approx(1.15, rel=SMOOTH)
    assert truth.handling_ratio == pytest.approx(2.0, rel=SMOOTH)
    assert sum(truth.tier_share.values()) == pytest.approx(1, abs=ROUNDING)
    for shares in truth.moved.values():
        assert sum(shares) == pytest.approx(1, abs=ROUNDING)
    given = service_truth(rating=(0.3, 0.3), effort=(0.2, 0.1), gap=(0.0, 0.0), recovered=0.6)
    # The share of all who come back is given; tiers differ by satisfaction alone; the recovered lie above all.
    assert sum(given.tier_share[t] * given.tier_rate[t] for t in given.tier_share) == pytest.approx(0.55, abs=FITTED)
    assert given.paradox > 0
    assert 0 < given.gains["exceed - meet"] < truth.gains["exceed - meet"]


def test_where_nothing_is_there_the_truth_is_nothing() -> None:
    none = service_truth(
        effort=(0.0, 0.0), rating=(0.0, 0.0), gap=(0.0, 0.0), unrecovered=0.0, recovered=0.0,
        failure=(0.1, 0.1), cost_ratio=1.0, handling_ratio=1.0, wait=0.0,
    )  # fmt: skip
    effects = [
        none.paradox, none.effort_difference, none.effort_gain, none.bend, none.failure_difference, none.wait,
        none.wait_sd, none.cost_ratio - 1, none.handling_ratio - 1, *none.slopes.values(), *none.per_sd.values(),
        *none.gains.values(),
    ]  # fmt: skip
    assert effects == pytest.approx([0.0] * len(effects), abs=STRAIGHT)


def test_moves_against_a_count_of_every_score() -> None:
    """At the lowest score nobody falls, at the highest nobody rises; scores counted in a sample of their own."""
    found = service_truth(moved=(0.5, 0.3), moved_without=(0.2, 0.6)).moved
    sample = service(200_000, rng=5)
    for name, had, (fell, rose) in (("contact", 1, (0.5, 0.3)), ("no contact", 0, (0.2, 0.6))):
        score = sample.loc[sample["contact"] == had, "before"]
        error = ERRORS / np.sqrt(len(score))
        assert abs(found[name][0] - fell * (score > 0).mean()) < error * fell
        assert abs(found[name][1] - rose * (score < 10).mean()) < error * rose


def test_regressions_of_the_population_against_statsmodels(truth: Any, customers: pd.DataFrame) -> None:
    """Standardised shares by statsmodels on rows, within sampling error of the finite sums."""
    state = customers["problem"] + customers["recovered"].fillna(0).astype(int)
    design = pd.get_dummies(state, dtype=float).iloc[:, 1:].assign(tenure=customers["tenure"], one=1.0)
    fit = sm.GLM(customers["repurchase"], design, sm.families.Binomial()).fit()
    for j, name in enumerate(truth.recovery):
        alike = design.copy()
        alike[[1, 2]] = [float(j == 1), float(j == 2)]
        share = fit.predict(alike).mean()
        size = (state == j).sum()
        assert abs(share - truth.recovery[name]) < ERRORS * np.sqrt(share * (1 - share) / size)


# --- the methods -----------------------------------------------------------------------------------------------------


def test_effort_in_simulation(truth: Any, customers: pd.DataFrame) -> None:
    found = cx.effort_disloyalty(
        customers, outcome=BACK, metrics={"ease": cx.EASE7}, controls=["tenure"], objective=["transfers", "repeats"]
    )
    assert (found.n, found.n_missing) == (customers["contact"].sum(), (customers["contact"] == 0).sum())
    all_near(rows(found, "effort"), truth.disloyal)
    assert near(found.risk, truth.effort_difference)
    assert near(found.gain, truth.effort_gain, ratio=True)
    assert near(found.per_sd, truth.per_sd["ease"])
    assert list(found.objective) == ["transfers", "repeats"]
    for name, effect in found.objective.items():
        assert near(effect, truth.per_sd[name])
    assert found.saturation is not None
    assert near(found.saturation, truth.bend)


def test_problems_in_simulation(truth: Any, customers: pd.DataFrame) -> None:
    found = cx.problem_recovery(
        customers, problem="problem", outcome=BACK, complained="complained", recovered="recovered",
        metrics={"csat": cx.CSAT5}, controls=["tenure"],
    )  # fmt: skip
    all_near(rows(found, "outcome"), truth.recovery)
    assert found.paradox is not None
    assert near(found.paradox, truth.paradox, ratio=True)
    all_near(rows(found, "slope"), truth.slopes)
    met = customers[customers["problem"] == 1]
    silent = 1 - met["complained"].astype(float).mean()
    assert abs(silent - truth.silent) < ERRORS * np.sqrt(0.78 * 0.22 / len(met))
    assert rows(found, "share")["silent, of those with a problem"][0] == pytest.approx(silent, abs=ROUNDING)


def test_contacts_in_simulation(truth: Any, customers: pd.DataFrame) -> None:
    found = cx.contact_harm(customers, before="before", after="after", scale=cx.NPS, contact="contact")
    for name, shares in truth.moved.items():
        all_near(rows(found, name), dict(zip(("lowered", "raised", "unchanged"), shares, strict=True)))
    assert found.log_ratio_of_ratios is not None
    assert near(found.log_ratio_of_ratios, float(np.log(truth.harm)))


def test_attempts_in_simulation(truth: Any, customers: pd.DataFrame) -> None:
    found = cx.wow_attempts(
        customers, attempt="attempt", failure="failure", cost="cost", handling="handling", wait="wait",
        controls=["tenure"],
    )  # fmt: skip
    assert near(found.rate, truth.attempt)
    all_near(rows(found, "failure"), {**truth.failure, "attempt - no attempt": truth.failure_difference})
    for effect, value in (
        (found.failure, truth.failure_difference),
        (found.log_cost, np.log(truth.cost_ratio)),
        (found.log_handling, np.log(truth.handling_ratio)),
        (found.wait, truth.wait),
    ):
        assert near(effect, float(value))
    assert near(found.wait_sd, truth.wait_sd, ratio=True)


def test_tiers_in_simulation(truth: Any, customers: pd.DataFrame) -> None:
    found = cx.loyalty_ladder(customers, outcome=BACK, disconfirmation="gap", cuts=TIERS, controls=["tenure"])
    shares = dict(zip(found.tiers, np.array(found.rows) / len(customers), strict=True))
    assert list(shares) == list(truth.tier_share)
    for tier, share in truth.tier_share.items():
        assert abs(shares[tier] - share) < ERRORS * np.sqrt(share * (1 - share) / len(customers))
    frame = found.to_frame().set_index("tier")
    for tier, rate in truth.tier_rate.items():
        assert abs(frame.loc[tier, "estimate"] - rate) < ERRORS * frame.loc[tier, "std_error"]
    for effect, gain in zip(found.steps, truth.gains.values(), strict=True):
        assert near(effect, gain, ratio=True)


# --- the rows --------------------------------------------------------------------------------------------------------


def test_rows_are_as_described(customers: pd.DataFrame) -> None:
    assert list(customers) == COLUMNS
    assert all(pd.api.types.is_integer_dtype(kind) for kind in customers.dtypes)
    ends = {
        "tenure": (0, 3), "gap": (-3, 4), "before": (0, 10), "after": (0, 10), "ease": (1, 7), "transfers": (0, 3),
        "repeats": (0, 2), "csat": (1, 5),
    }  # fmt: skip
    marks = ("problem", "complained", "recovered", "contact", "attempt", "failure", "repurchase")
    ends |= dict.fromkeys(marks, (0, 1))
    for column, expected in ends.items():
        assert (customers[column].min(), customers[column].max()) == expected
    assert customers["cost"].min() >= 1
    assert customers["handling"].min() >= 1
    assert customers["wait"].min() >= 0
    known = {**dict.fromkeys(OF_CONTACT, "contact"), "complained": "problem", "recovered": "problem"}
    for column in COLUMNS:
        there = customers[known[column]] == 1 if column in known else pd.Series(True, customers.index)
        assert customers[column].notna().equals(there)
    told = customers[customers["complained"].fillna(0) == 1]
    assert (told["contact"] == 1).all()
    assert (customers["after"] - customers["before"]).abs().max() == 2


def test_tenure_is_what_has_to_be_adjusted_for(customers: pd.DataFrame) -> None:
    by_tenure = customers.groupby("tenure")[["repurchase", "before", "ease"]].mean().astype(float)
    assert (by_tenure.diff().dropna() > 0).all(axis=None)


def test_the_same_seed_gives_the_same_rows() -> None:
    pd.testing.assert_frame_equal(service(500, rng=7), service(500, rng=np.random.default_rng(7)))
    assert not service(500, rng=7).equals(service(500, rng=8))


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"silent": 0.95}, "silent=0.95 must lie strictly between 0.12 and 0.94."),
    ({"problem": 0}, "problem=0 must lie strictly between 0 and 1."),
    ({"failure": (0.1, 1.0)}, "failure[1]=1 must lie strictly between 0 and 1."),
    ({"moved": (0.7, 0.4)}, "moved must be two shares that add up to 1 at most, but they add up to 1.1."),
    ({"effort": 0.4}, "effort must be two finite numbers, but 0.4 was given."),
    ({"rating": (0.1, float("nan"))}, "rating must be two finite numbers, but (0.1, nan) was given."),
    ({"gap": "ab"}, "gap must be two finite numbers, but 'ab' was given."),
    ({"wait": -11}, "wait=-11 must be -10 or above."),
    ({"cost_ratio": 0}, "cost_ratio=0 must lie strictly between 0.1 and 10."),
    ({"recovered": None}, "recovered must be a finite number, but None was given."),
]


@pytest.mark.parametrize(("more", "message"), REFUSED)
def test_parameters_out_of_range_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        service(10, rng=1, **more)
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        service_truth(**more)


def test_a_number_of_customers_is_needed() -> None:
    with pytest.raises(TooFewError, match=r"^n must be a whole number from 1 up, but 0 was given\.$"):
        service(0, rng=1)
