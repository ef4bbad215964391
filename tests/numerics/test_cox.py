"""The kernel of Cox regression: against explicit sums, derivatives, repeated rows, and runaway fits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cxstats as cx
from cxstats.numerics.cox import fit_cox
from cxstats.numerics.cox_monotone import highest_at_risk
from cxstats.numerics.cox_risk import RiskSets, risk_sets, sum_of_steps, tied_steps
from cxstats.numerics.proportional import proportionality, share_gone

ROUNDING = 1e-10
DERIVATIVE = 1e-6  # central differences of weights by 1e-4: errors of 1e-8 relative to the influence, times curvature
COMPLEX = 1e-20  # a complex step loses no digits to subtraction


class Sample:
    """Small tables with ties, late entries, strata, counts and weights."""

    def __init__(self, k: int = 60, seed: int = 5, weighted: bool = True) -> None:
        rng = np.random.default_rng(seed)
        self.design = np.column_stack([rng.integers(0, 11, k), rng.standard_normal(k)])
        self.entry = rng.integers(0, 4, k).astype(float)
        self.time = self.entry + rng.integers(1, 6, k)
        self.event = rng.random(k) < 0.6
        self.stratum = rng.integers(0, 3, k)
        self.count = rng.integers(1, 5, k)
        self.weight = rng.uniform(0.3, 3, k) if weighted else np.ones(k)

    def fit(self, **changed: Any) -> Any:
        keys = {**vars(self), **changed}
        first = [keys.pop(name) for name in ("design", "time", "event", "count", "weight")]
        return fit_cox(*first, **keys)

    def repeated(self) -> "Sample":
        """One row per row."""
        rows = Sample()
        for name, values in vars(self).items():
            setattr(rows, name, np.repeat(values, self.count, axis=0))
        rows.count = np.ones(len(rows.time), dtype=np.int64)
        return rows

    def explicit(self, beta: Sequence[complex]) -> complex:
        """The log partial likelihood, row by row and step by step."""
        rows, total = self.repeated(), 0j
        hazard = rows.weight * np.exp(rows.design @ np.asarray(beta, dtype=complex))
        for stratum, time in {(s, t) for s, t, e in zip(rows.stratum, rows.time, rows.event, strict=True) if e}:
            same = rows.stratum == stratum
            at_risk = same & (rows.entry < time) & (time <= rows.time)
            dead = same & (rows.time == time) & rows.event
            d = int(dead.sum())
            total += rows.weight[dead] @ (rows.design[dead] @ np.asarray(beta, dtype=complex))
            for step in range(d):
                total -= rows.weight[dead].mean() * np.log(hazard[at_risk].sum() - step / d * hazard[dead].sum())
        return total


@pytest.mark.parametrize("seed", range(4))
def test_fit_against_explicit_sums(seed: int) -> None:
    sample = Sample(40, seed)
    fit = sample.fit()
    assert fit.log_likelihood == pytest.approx(sample.explicit(fit.coefficients).real, rel=ROUNDING)
    # With the columns' means taken off nothing changes but what rounding leaves.
    assert fit.null_log_likelihood == pytest.approx(sample.explicit([0, 0]).real, rel=ROUNDING)
    steps = COMPLEX * 1j * np.eye(2)
    slopes = [sample.explicit(fit.coefficients + step).imag / COMPLEX for step in steps]
    assert slopes == pytest.approx([0, 0], abs=1e-9)
    ends = [[fit.coefficients + sign * 1e-5 * np.eye(2)[j] for sign in (1, -1)] for j in range(2)]
    bend = [
        [(sample.explicit(up + s).imag - sample.explicit(down + s).imag) / COMPLEX / 2e-5 for s in steps]
        for up, down in ends
    ]
    assert np.linalg.inv(fit.covariance) == pytest.approx(-np.array(bend), rel=1e-6, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), weighted=st.booleans())
def test_counts_against_repeated_rows(seed: int, weighted: bool) -> None:
    sample = Sample(40, seed, weighted)
    rows = sample.repeated()
    fit, expected = sample.fit(), rows.fit()
    assert fit.coefficients == pytest.approx(expected.coefficients, rel=1e-8, abs=1e-10)
    assert fit.covariance == pytest.approx(expected.covariance, rel=1e-8)
    assert np.repeat(fit.influence, sample.count, axis=0) == pytest.approx(expected.influence, rel=1e-7, abs=1e-9)
    gone, theirs = (
        share_gone(sample.time, sample.event, sample.entry, sample.count),
        share_gone(rows.time, rows.event, rows.entry, rows.count),
    )
    assert gone[1] == pytest.approx(theirs[1], rel=ROUNDING)
    for robust in (False, True):
        one = proportionality(fit, gone, sample.count, robust=robust)
        other = proportionality(expected, theirs, rows.count, robust=robust)
        assert one.statistic == pytest.approx(other.statistic, rel=1e-7, abs=1e-9)
        assert one.joint_statistic == pytest.approx(other.joint_statistic, rel=1e-7, abs=1e-9)


def test_influence_against_perturbed_weights() -> None:
    """The derivative by the weight of a cell's rows is the influence times their number, over the weight."""
    sample = Sample()
    fit = sample.fit()
    for cell in range(0, 60, 7):
        ends = []
        for step in (1e-4, -1e-4):
            moved = sample.weight.copy()
            moved[cell] += step
            ends.append(sample.fit(weight=moved).coefficients)
        slope = (ends[0] - ends[1]) / 2e-4
        expected = fit.influence[cell]
        assert slope * sample.weight[cell] / sample.count[cell] == pytest.approx(expected, rel=DERIVATIVE, abs=1e-8)
    assert sample.count @ fit.influence == pytest.approx(0, abs=ROUNDING)


def test_one_indicator_against_closed_form() -> None:
    """One event time, untied: the event's group against all at risk; with a second event, a quadratic in the ratio."""
    design = np.array([[0.0], [1.0], [0.0], [1.0]])
    time, event = np.array([1.0, 2.0, 3.0, 3.0]), np.array([True, True, False, False])
    count = np.array([1, 1, 3, 2])
    fit = fit_cox(design, time, event, count, np.ones(4))
    # L = 1 / (4 + 3 r) * r / (3 + 3 r): the slope in log r is 0 where 9 r^2 = 12.
    assert fit.coefficients[0] == pytest.approx(np.log(12 / 9) / 2, rel=ROUNDING)
    ratio = np.sqrt(12 / 9)
    assert fit.log_likelihood == pytest.approx(-np.log(4 + 3 * ratio) + np.log(ratio / (3 + 3 * ratio)), rel=ROUNDING)


@pytest.mark.parametrize("d", [1, 2, 256, 257, 300, 5_000, 400_000])
@pytest.mark.parametrize("rest", [0.0, 1e-9, 1e-3, 1.0, 1e6])
def test_rule_for_many_ties_against_every_step(d: int, rest: float) -> None:
    steps = tied_steps(np.array([d]))
    assert len(steps.at) == (d if d <= 256 else 208)
    left = (d - np.arange(d)) / d
    for power in (1, 2):
        for share in range(power + 1):
            expected = ((1 - left) ** share / (rest + left) ** power).sum()
            found = sum_of_steps(steps, (1 - steps.left) ** share / (rest + steps.left) ** power)
            assert found == pytest.approx([expected], rel=1e-13)
    assert sum_of_steps(steps, np.log(rest + steps.left)) == pytest.approx([np.log(rest + left).sum()], rel=1e-12)


def test_cells_at_no_risk_against_cells_left_out() -> None:
    """Without rows or weight, or gone before the first event of their stratum, or come after the last."""
    sample = Sample()
    sample.count[:5], sample.weight[5:9] = 0, 0.0
    sample.stratum[9:12], sample.event[9:12] = 7, False
    expected = Sample()
    for name in vars(expected):
        setattr(expected, name, getattr(sample, name)[12:])
    fit, other = sample.fit(), expected.fit()
    assert fit.coefficients == pytest.approx(other.coefficients, rel=ROUNDING)
    assert fit.covariance == pytest.approx(other.covariance, rel=ROUNDING)
    assert (fit.influence[:12] == 0).all()
    assert fit.influence[12:] == pytest.approx(other.influence, rel=ROUNDING, abs=1e-14)


def test_highest_at_risk_against_every_cell() -> None:
    rng = np.random.default_rng(9)
    first = rng.integers(0, 40, 300)
    last = np.minimum(first + rng.integers(0, 41, 300), 39)
    values = rng.permutation(300)
    nothing = np.zeros(0, dtype=np.int64)
    sets = RiskSets(first, last, nothing, np.zeros(40), nothing, np.ones(40, dtype=np.int64))
    found = highest_at_risk(sets, values)
    assert list(found) == [values[(first <= e) & (e <= last)].max() for e in range(40)]


def test_risk_sets_against_their_definition() -> None:
    sample = Sample()
    sets = risk_sets(sample.time, sample.event, sample.entry, sample.stratum, sample.count)
    pairs = sorted({(s, t) for s, t, e in zip(sample.stratum, sample.time, sample.event, strict=True) if e})
    assert list(sets.time) == [time for _, time in pairs]
    for e, (stratum, time) in enumerate(pairs):
        at_risk = (sample.stratum == stratum) & (sample.entry < time) & (time <= sample.time)
        assert list((sets.first <= e) & (e <= sets.last)) == list(at_risk)
        assert sets.deaths[e] == sample.count[at_risk & sample.event & (sample.time == time)].sum()


def test_no_event_is_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^At least one event is needed in rows with a weight above 0, but there"):
        Sample().fit(event=np.zeros(60, dtype=bool))


def test_weights_too_small_for_floating_point_are_refused() -> None:
    message = r"^The survey weights must not be so small that the squares of their sums are 0\.$"
    with pytest.raises(cx.ColumnError, match=message):
        Sample().fit(weight=np.full(60, 1e-200))


def test_columns_that_repeat_each_other_are_refused() -> None:
    sample = Sample()
    twice = np.column_stack([sample.design, sample.design[:, 0] * 2 - 3])
    with pytest.raises(cx.ColumnError, match=r"'a', 'c' are collinear: each follows exactly from the others\."):
        sample.fit(design=twice, names=("a", "b", "c"))
    within = np.column_stack([sample.design, sample.design[:, 0] + sample.stratum])
    with pytest.raises(cx.ColumnError, match=r"in the same stratum, but 'a', 'c' together do not\.\nLeave one of them"):
        sample.fit(design=within, names=("a", "b", "c"))


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("late", [False, True])
def test_a_perfect_order_does_not_depend_on_units(unit: float, late: bool) -> None:
    sample = Sample()
    ordered = np.column_stack([sample.design[:, 0], -sample.time * unit])
    ordered[~sample.event, 1] -= 2 * unit
    entry = sample.entry if late else None
    with pytest.raises(cx.SeparationError, match=r"in perfect order, but 'b' would: whenever the event happened"):
        sample.fit(design=ordered, entry=entry, names=("a", "b"))


def test_two_perfect_orders_are_both_named() -> None:
    sample = Sample()
    ordered = np.column_stack([-sample.time - 2.0 * ~sample.event, sample.design[:, 0]])
    both = np.column_stack([ordered, np.exp(ordered[:, 0])])
    with pytest.raises(cx.SeparationError, match=r"perfect order, but 'a', 'c' each alone would: whenever the event"):
        sample.fit(design=both, names=("a", "b", "c"))


def test_a_far_row_against_the_row_left_out() -> None:
    """So far out that its hazard is nought: looked into, and believed, and as if it were not there."""
    rng = np.random.default_rng(8)
    score = rng.standard_normal(200)
    time, event = np.ceil(3 * rng.exponential(np.exp(score))), rng.random(200) < 0.8
    score[0], event[0] = 400.0, False
    one, weight = np.ones(200, dtype=np.int64), np.ones(200)
    fit = fit_cox(score[:, None], time, event, one, weight)
    assert fit.coefficients[0] * 400 < -100
    expected = fit_cox(score[1:, None], time[1:], event[1:], one[1:], weight[1:])
    assert fit.coefficients == pytest.approx(expected.coefficients, rel=ROUNDING)
    assert fit.covariance == pytest.approx(expected.covariance, rel=ROUNDING)


def test_a_climb_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from cxstats.numerics import newton

    monkeypatch.setattr(newton, "STEPS", 1)
    message = (
        r"No estimate was reached in 1 steps: the predictors come close to putting the events in perfect order\.\n"
        r"Merge rare levels, or leave out the predictors with the largest differences\."
    )
    with pytest.raises(cx.SeparationError, match=f"^{message}$"):
        Sample().fit()
