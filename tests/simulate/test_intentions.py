"""Intentions and behaviour: the truth against its parameters and by hand, the draws against the truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import cxstats as cx
from cxstats import simulate

ROUNDING = 1e-12
ERRORS = 4.0
CSAT = np.array([0.04, 0.07, 0.16, 0.43, 0.30])


def weighted_correlation(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    x, y = x - w @ x, y - w @ y
    return float((w @ (x * y)) / np.sqrt((w @ x**2) * (w @ y**2)))


def rows_of(truth: simulate.IntentionsTruth) -> tuple[np.ndarray, ...]:
    """csat, intention, repurchase and the share of each combination, listed one by one."""
    listed = [
        (x + 1.0, i + 1.0, float(y), truth.joint[x, i, y])
        for x in range(truth.joint.shape[0])
        for i in range(truth.joint.shape[1])
        for y in range(2)
    ]
    return tuple(np.array(listed).T)


def curved_part(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What is left of the square of x after a straight line, by least squares."""
    line = np.column_stack([np.ones_like(x), x])
    root = np.sqrt(w)[:, None]
    return x**2 - line @ np.linalg.lstsq(line * root, x**2 * root[:, 0], rcond=None)[0]


OPTIONS = [
    {},
    {"intention": 0.4, "behaviour": 0.0, "bend_intention": 0.1, "bend_behaviour": -0.1, "follow": 0.0},
    {"intention": 0.45, "behaviour": 0.3, "bend_intention": 0.0, "bend_behaviour": 0.0, "mean": 4.0},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_truth_against_its_parameters(options: dict[str, float]) -> None:
    truth = simulate.intentions_truth(**options)  # type: ignore[arg-type]
    asked = {"intention": 0.5, "behaviour": 0.2, "bend_intention": -0.1, "bend_behaviour": 0.06} | options
    x, said, done, w = rows_of(truth)
    curve = curved_part(x, w)
    for y, r, bend in ((said, "intention", "bend_intention"), (done, "behaviour", "bend_behaviour")):
        assert weighted_correlation(x, y, w) == pytest.approx(asked[r], abs=ROUNDING)
        assert weighted_correlation(curve, y, w) == pytest.approx(asked[bend], abs=ROUNDING * 10)
    assert w @ said == pytest.approx(asked.get("mean", 4.5), abs=ROUNDING)
    assert w @ done == pytest.approx(0.5, abs=ROUNDING)


@pytest.mark.parametrize("options", [*OPTIONS, {"ceiling": 5, "bend_intention": 0.0}, {"ceiling": 2}])
def test_summary_against_listed_combinations(options: dict[str, float]) -> None:
    truth = simulate.intentions_truth(**options)  # type: ignore[arg-type]
    x, said, done, w = rows_of(truth)
    assert w.sum() == pytest.approx(1, abs=ROUNDING)
    assert w.min() >= 0
    assert truth.r_intention == pytest.approx(weighted_correlation(x, said, w), abs=ROUNDING)
    assert truth.r_behaviour == pytest.approx(weighted_correlation(x, done, w), abs=ROUNDING)
    assert truth.r_between == pytest.approx(weighted_correlation(said, done, w), abs=ROUNDING)
    assert truth.gap == truth.r_intention - truth.r_behaviour
    curve = curved_part(x, w)
    assert truth.bend_intention == pytest.approx(weighted_correlation(curve, said, w), abs=ROUNDING * 10)
    assert truth.bend_behaviour == pytest.approx(weighted_correlation(curve, done, w), abs=ROUNDING * 10)
    for k in range(5):
        at = x == k + 1
        assert w[at].sum() == pytest.approx(CSAT[k], abs=ROUNDING)
        assert truth.intention_at[k] == pytest.approx(w[at] @ said[at] / CSAT[k], abs=ROUNDING)
        assert truth.repurchase_at[k] == pytest.approx(w[at] @ done[at] / CSAT[k], abs=ROUNDING)
    for second, at in (
        (truth.second_intention, truth.intention_at),
        (truth.second_behaviour, truth.repurchase_at),
    ):
        np.testing.assert_allclose(second, [at[k + 1] - 2 * at[k] + at[k - 1] for k in (1, 2, 3)], atol=ROUNDING)
    assert truth.top_share == pytest.approx(w[said == said.max()].sum(), abs=ROUNDING)


def test_intention_is_binomial_at_each_satisfaction() -> None:
    truth = simulate.intentions_truth()
    for k in range(5):
        share = binom.pmf(np.arange(7), 6, (truth.intention_at[k] - 1) / 6)
        np.testing.assert_allclose(truth.joint[k].sum(axis=1) / CSAT[k], share, atol=ROUNDING)


def test_default_bends_are_opposite_and_rise() -> None:
    truth = simulate.intentions_truth()
    assert (truth.second_intention < 0).all()
    assert (truth.second_behaviour > 0).all()
    assert (np.diff(truth.intention_at) > 0).all()
    assert (np.diff(truth.repurchase_at) > 0).all()
    assert truth.top_share < 0.06


def test_a_ceiling_bends_a_straight_line() -> None:
    straight = simulate.intentions_truth(bend_intention=0.0)
    cut = simulate.intentions_truth(bend_intention=0.0, ceiling=5)
    np.testing.assert_allclose(straight.second_intention, 0, atol=ROUNDING * 10)
    assert (cut.second_intention < 0).all()
    assert cut.joint.shape == (5, 5, 2)
    np.testing.assert_allclose(cut.joint[:, 4], straight.joint[:, 4:].sum(axis=1), atol=ROUNDING)
    np.testing.assert_allclose(cut.repurchase_at, straight.repurchase_at, atol=ROUNDING)
    assert cut.top_share > 0.45


def test_without_following_intention_tells_no_more_than_satisfaction() -> None:
    joint = simulate.intentions_truth(follow=0.0).joint
    chance = joint[..., 1] / joint.sum(axis=2)
    np.testing.assert_allclose(chance, np.repeat(chance[:, :1], 7, axis=1), rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"ceiling": 5, "bend_intention": 0.0}])
def test_intentions_against_truth_in_simulation(options: dict[str, float]) -> None:
    n = 200_000
    truth = simulate.intentions_truth(**options)  # type: ignore[arg-type]
    frame = simulate.intentions(n, rng=51, **options)  # type: ignore[arg-type]
    assert list(frame.columns) == ["csat", "intention", "repurchase"]
    assert (frame.dtypes == np.int64).all()
    counts = frame.value_counts()
    for (x, i, y), share in np.ndenumerate(truth.joint):
        found = counts.get((x + 1, i + 1, y), 0) / n
        # A cell that holds less than one customer may hold a few: the second term.
        assert abs(found - share) < ERRORS * np.sqrt(share * (1 - share) / n) + 2 / n
    r = frame.corr().to_numpy()
    expected = [truth.r_intention, truth.r_behaviour, truth.r_between]
    assert (np.abs(r[np.triu_indices(3, 1)] - expected) < ERRORS / np.sqrt(n)).all()


def test_same_seed_gives_same_frame() -> None:
    first, second = simulate.intentions(300, rng=7), simulate.intentions(300, rng=np.random.default_rng(7))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(simulate.intentions(300, rng=8))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"intention": 0.8},
            (
                r"^The mean intention must lie between 1 and 7 at every level of satisfaction, but it would run from "
                r"0\.\d+ to 5\.\d+\.\nLower the correlations, the bends or follow, or move the mean\.$"
            ),
        ),
        (
            {"behaviour": 0.5},
            (
                r"^The share who repurchase must lie between 0 and 1 at every level of satisfaction, but it would "
                r"run from -0\.\d+ to \d\.?\d*\.\nLower the correlations, the bends or follow, or move the mean\.$"
            ),
        ),
        (
            {"intention": 0.9, "bend_intention": 0.9},
            r"^intention\*\*2 \+ bend_intention\*\*2=1\.62 must lie from 0 up to, but not including, 1\.$",
        ),
        ({"follow": float("nan")}, r"^follow must be a finite number, but nan was given\.$"),
        ({"mean": 7}, r"^mean=7 must lie strictly between 1 and 7\.$"),
        ({"ceiling": 8}, r"^ceiling must be one of '2', '3', '4', '5', '6', '7', but 8 was given\.$"),
        ({"repurchase": 1.0}, r"^repurchase=1 must lie strictly between 0 and 1\.$"),
    ],
)
def test_impossible_parameters_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(cx.RoleError, match=message):
        simulate.intentions(10, rng=1, **options)  # type: ignore[arg-type]
