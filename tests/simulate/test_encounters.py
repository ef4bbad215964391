"""Simulated encounters: rows as described, effects and selection as declared, against counts and theory."""

import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import RoleError, TooFewError
from cxstats.simulate.encounters import encounters, encounters_truth

MC_ERRORS = 4
ROUNDING = 1e-12


def with_history(frame: pd.DataFrame) -> pd.DataFrame:
    by = frame.groupby("customer")
    earlier = by.perk.cumsum() - frame.perk
    return frame.assign(earlier=earlier, last=by.rating.shift(), next_expectation=by.expectation.shift(-1))


def test_rows_are_as_described() -> None:
    frame = encounters(100, rng=1, visits=6, exposed=0.4)
    assert frame.columns.tolist() == [
        "customer", "visit", "month", "perk", "expectation", "rating", "schedule", "store",
    ]  # fmt: skip
    assert frame.customer.tolist() == np.repeat(np.arange(1, 101), 6).tolist()
    assert frame.visit.tolist() == list(range(1, 7)) * 100
    assert (frame.month - frame.visit).between(-1, 2).all()
    assert (frame.groupby("customer").month.diff().dropna() == 1).all()
    assert frame.groupby("store").customer.nunique().tolist() == [10] * 10
    assert set(frame.perk) == {0, 1}
    assert (frame.groupby("customer").perk.max().sum()) <= 40
    assert not frame.isna().any(axis=None)


def test_the_same_seed_gives_the_same_rows() -> None:
    assert encounters(20, rng=4).equals(encounters(20, rng=4))
    assert not encounters(20, rng=4).equals(encounters(20, rng=5))


def test_without_noise_ratings_follow_the_rule_against_loops() -> None:
    frame = with_history(
        encounters(60, rng=2, noise=0, trait=0, wow=1.5, fade=0.4, trend=-0.1, season=0.7, schedule="random")
    )
    columns = ("perk", "earlier", "visit", "month", "rating")
    for perk, earlier, visit, month, rating in zip(*(frame[name].tolist() for name in columns), strict=True):
        expected = perk * (1.5 - 0.4 * earlier) - 0.1 * (visit - 1) + 0.7 * math.cos(2 * math.pi * month / 12)
        assert rating == pytest.approx(expected, abs=ROUNDING)


def test_regular_perks_come_in_a_row_and_then_are_gone() -> None:
    frame = encounters(400, rng=3, noise=0, trait=0, wow=1.0, backfire=0.3, schedule="regular", visits=12)
    runs = []
    for _, one in frame.groupby("customer"):
        given = np.flatnonzero(one.perk)
        if len(given):
            assert given[0] >= 1
            assert (np.diff(given) == 1).all()
            runs.append(len(given) if given[-1] < 11 else 4)
            expected = np.where(one.perk == 1, 1.0, np.where(np.arange(12) > given[-1], -0.3, 0.0))
            assert one.rating.to_numpy() == pytest.approx(expected, abs=ROUNDING)
    assert set(runs) == {2, 3, 4}


@pytest.mark.parametrize(("follows", "sign"), [("chance", 0), ("bad", -1), ("good", 1)])
def test_perks_follow_ratings_as_declared_in_simulation(follows: Any, sign: int) -> None:
    """Log-odds rise by ``strength`` per unit of the last error: without traits, that of the last rating."""
    frame = with_history(encounters(20_000, rng=4, follows=follows, strength=1.0, trait=0, wow=0, exposed=0.9))
    given = frame.dropna(subset="last")
    given = given[given.groupby("customer").perk.transform("max") == 1]
    share = given.groupby(pd.cut(given["last"], [-1.1, -0.9, 0.9, 1.1]), observed=True).perk.mean()
    low, _, high = share
    assert math.log(high / (1 - high)) - math.log(low / (1 - low)) == pytest.approx(2 * sign, abs=0.25)


def test_expectations_go_on_and_rise_with_a_perk_in_simulation() -> None:
    frame = with_history(encounters(20_000, rng=5, ratchet=0.6, persistence=0.4, trait=0)).dropna()
    design = np.column_stack([np.ones(len(frame)), frame.perk, frame.expectation])
    slopes, rest = np.linalg.lstsq(design, frame.next_expectation, rcond=None)[:2]
    errors = np.sqrt(rest[0] / len(frame) * np.diag(np.linalg.inv(design.T @ design)))
    assert slopes[1] == pytest.approx(0.6, abs=MC_ERRORS * errors[1])
    assert slopes[2] == pytest.approx(0.4, abs=MC_ERRORS * errors[2])


def test_reliability_and_missing_ratings_in_simulation() -> None:
    frame = encounters(20_000, rng=6, exposed=0.0, noise=2.0, trait=1.0, missing=0.25, visits=4)
    share = frame.rating.isna().mean()
    assert share == pytest.approx(0.25, abs=MC_ERRORS * math.sqrt(0.25 * 0.75 / len(frame)))
    truth = encounters_truth(noise=2.0, trait=1.0)
    assert (truth.reliability, truth.sd_within) == (0.2, 2.0)
    wide = frame.pivot(index="customer", columns="visit", values="rating")
    assert wide[1].corr(wide[3]) == pytest.approx(0.2, abs=MC_ERRORS / math.sqrt(20_000 * 0.75**2))


def test_who_is_wowed_more_gets_more_perks_in_simulation() -> None:
    frame = encounters(5_000, rng=7, wow_spread=1.0, noise=0.1, trait=0)
    by = frame[frame.perk == 1].groupby("customer").rating.agg(["mean", "size"])
    assert by["mean"].corr(by["size"]) > 0.3


def test_truth_is_what_was_declared() -> None:
    truth = encounters_truth(wow=1.2, fade=0.3, backfire=0.4, ratchet=0.5)
    assert (truth.wow, truth.fade, truth.backfire, truth.ratchet, truth.reliability) == (1.2, 0.3, 0.4, 0.5, 0.5)
    assert math.isnan(encounters_truth(noise=0, trait=0).reliability)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"schedule": "odd"}, "schedule must be one of 'random', 'regular', but 'odd' was given."),
    ({"follows": "luck"}, "follows must be one of 'chance', 'bad', 'good', but 'luck' was given."),
    ({"exposed": 1.0}, "exposed=1 must lie from 0 up to, but not including, 1."),
    ({"missing": -0.1}, "missing=-0.1 must lie from 0 up to, but not including, 1."),
    ({"persistence": 1.0}, "persistence=1 must lie from 0 up to, but not including, 1."),
    ({"chance": 0.0}, "chance=0 must lie strictly between 0 and 1."),
    ({"noise": -1.0}, "noise=-1 must be 0 or above."),
    ({"wow_spread": -1.0}, "wow_spread=-1 must be 0 or above."),
    ({"fade": math.nan}, "fade must be a finite number, but nan was given."),
    ({"season": math.inf}, "season must be a finite number, but inf was given."),
]


@pytest.mark.parametrize(("more", "message"), REFUSED, ids=[str(more) for more, _ in REFUSED])
def test_parameters_that_cannot_be_are_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        encounters(20, rng=1, **more)


@pytest.mark.parametrize("name", ["n_customers", "visits"])
@pytest.mark.parametrize("value", [0, 2.5])
def test_sizes_that_cannot_be_are_refused(name: str, value: float) -> None:
    message = f"^{name} must be a whole number from 1 up, but {value!r} was given\\.$"
    with pytest.raises(TooFewError, match=message):
        encounters(**({"n_customers": 20} | {name: value}), rng=1)  # type: ignore[arg-type]


def test_the_public_name() -> None:
    assert cx.simulate.encounters is encounters
    assert cx.simulate.encounters_truth is encounters_truth
