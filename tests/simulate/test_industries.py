"""Industries: the truth by hand, the draws against it."""

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats import simulate

SOLVED = 1e-9  # the areas of `truth` are those asked for to 1e-10
ERRORS = 4.0


def area(frame: pd.DataFrame, metric: str) -> float:
    ranks, good = frame[metric].rank(), frame["repurchase"] == 1
    m, n = int(good.sum()), int((~good).sum())
    return float((ranks[good].sum() - m * (m + 1) / 2) / (m * n))


def test_default_truth_by_hand() -> None:
    truth = simulate.industries_truth()
    assert dict(truth.best) == {"retail": "csat", "telecoms": "nps"}
    # csat is better than nps by .06 in one industry and worse by .06 in the other.
    assert truth.crossing == pytest.approx(0.06, abs=SOLVED)


@pytest.mark.parametrize(
    ("people", "best", "crossing"),
    [
        # Another metric is best, by .01 in b: the smaller of the two differences counts.
        (
            {"a": {"nps": 0.60, "csat": 0.65, "ease": 0.5}, "b": {"nps": 0.61, "csat": 0.60, "ease": 0.5}},
            {"a": "csat", "b": "nps"},
            0.01,
        ),
        # One best metric everywhere, however much better.
        (
            {"a": {"nps": 0.55, "csat": 0.65, "ease": 0.5}, "b": {"nps": 0.59, "csat": 0.60, "ease": 0.5}},
            {"a": "csat", "b": "csat"},
            0.0,
        ),
        # The best is the same, but the second and the third change places.
        (
            {"a": {"nps": 0.55, "csat": 0.65, "ease": 0.58}, "b": {"nps": 0.60, "csat": 0.65, "ease": 0.58}},
            {"a": "csat", "b": "csat"},
            0.02,
        ),
        # Three metrics equal in truth: no metric is best, whatever a sample says.
        (
            {name: {"nps": 0.6, "csat": 0.6, "ease": 0.6} for name in "abc"},
            {"a": None, "b": None, "c": None},
            0.0,
        ),
    ],
)
def test_truth_by_hand(people: dict[str, dict[str, float]], best: dict[str, str | None], crossing: float) -> None:
    truth = simulate.industries_truth(people)
    assert dict(truth.best) == best
    assert truth.crossing == pytest.approx(crossing, abs=SOLVED)
    for name, options in people.items():
        assert dict(truth.auc[name]) == pytest.approx(options, abs=SOLVED)


def test_industries_against_truth_in_simulation() -> None:
    n = 100_000
    people = {
        "retail": {"nps": 0.60, "csat": 0.66},
        "banks": {"nps": 0.66, "csat": 0.60, "repurchase": 0.7, "shortfall": 0.0},
    }
    frame = simulate.industries(n, rng=61, people=people)
    assert list(frame.columns) == ["industry", "nps", "csat", "ease", "days_early", "repurchase"]
    assert frame["industry"].value_counts().to_dict() == {"retail": n, "banks": n}
    truth = simulate.industries_truth(people)
    for name, rows in frame.groupby("industry"):
        good = rows["repurchase"].sum()
        error = np.sqrt(1 / (12 * good) + 1 / (12 * (n - good)))
        for metric, expected in truth.auc[str(name)].items():
            assert abs(area(rows, metric) - expected) < ERRORS * error
    # Without an effect of the gap everybody repurchases at the same rate.
    banks = frame.loc[frame["industry"] == "banks", "repurchase"]
    assert abs(banks.mean() - 0.7) < ERRORS * np.sqrt(0.21 / n)


def test_same_seed_gives_same_frame() -> None:
    first, second = simulate.industries(200, rng=7), simulate.industries(200, rng=np.random.default_rng(7))
    pd.testing.assert_frame_equal(first, second)
    assert not first.equals(simulate.industries(200, rng=8))


def test_impossible_industries_are_refused() -> None:
    with pytest.raises(cx.TooFewError, match=r"^people must name at least two industries, but it names 1\.$"):
        simulate.industries(10, rng=1, people={"retail": {}})
    with pytest.raises(
        cx.RoleError,
        match=r"^people\['b'\] may hold 'nps', 'csat', 'ease', 'repurchase', 'shortfall', 'excess', 'share_met', "
        r"'share_late', 'halo', but it holds 'ces'\.$",
    ):
        simulate.industries(10, rng=1, people={"a": {}, "b": {"ces": 0.6}})
    with pytest.raises(
        cx.RoleError,
        match=r'^people must be a mapping such as \{"retail": \{"nps": 0\.6\}, \.\.\.\}, but \{\'a\': 1\} was given\.$',
    ):
        simulate.industries(10, rng=1, people={"a": 1})  # type: ignore[dict-item]
    with pytest.raises(cx.RoleError, match=r"^people\['b'\]\['nps'\] must be a finite number, but 'x' was given\.$"):
        simulate.industries(10, rng=1, people={"a": {}, "b": {"nps": "x"}})  # type: ignore[dict-item]
    with pytest.raises(cx.RoleError, match=r"^csat=0\.99 must lie between"):
        simulate.industries_truth({"a": {}, "b": {"csat": 0.99}})
    with pytest.raises(cx.TooFewError, match=r"^n must be a whole number from 1 up, but -3 was given\.$"):
        simulate.industries(-3, rng=1)
