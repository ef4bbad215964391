"""Finite populations against statsmodels, and against sums over all pairs written out."""

from collections.abc import Callable

import numpy as np
import pytest

from cxstats.simulate import levels, loyalty, tables

# Newton's method ends where the next step would change nothing; statsmodels' own stops at about 1e-12.
FITTED = 1e-9
ROUNDING = 1e-12
NODES = 1e-10


PopulationLogit = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[float, np.ndarray]]


def some_table(shape: tuple[int, ...], seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    share = np.random.default_rng(seed).dirichlet(np.ones(2 * int(np.prod(shape))))
    return share[: len(share) // 2].reshape(shape), share[len(share) // 2 :].reshape(shape)


def area_of_pairs(index: np.ndarray, bad: np.ndarray, good: np.ndarray) -> float:
    """P(good ranks above bad) + P(equal) / 2, by comparing every entry with every entry."""
    higher = (index[:, None] > index) + 0.5 * (index[:, None] == index)
    return float(good @ higher @ bad / (good.sum() * bad.sum()))


def test_logistic_prediction_against_statsmodels(population_logit: PopulationLogit) -> None:
    levels = [np.array([1.0, 2.0, 5.0]), np.array([0.0, 1.0]), np.array([-1.0, 0.5, 3.0, 4.0])]
    bad, good = some_table((3, 2, 4))
    rows = np.array([[a, b, c] for a in levels[0] for b in levels[1] for c in levels[2]])
    loss, chance = population_logit(rows, bad.ravel(), good.ravel())
    found = tables.logistic_prediction(levels, bad, good)
    assert found.log_loss == pytest.approx(loss, abs=FITTED)
    assert found.auc == pytest.approx(area_of_pairs(chance, bad.ravel(), good.ravel()), abs=FITTED)


def test_area_and_concordance_against_all_pairs() -> None:
    bad, good = some_table((6, 1))
    index = np.array([3.0, 1.0, 1.0, 2.0, 5.0, 3.0])
    expected = area_of_pairs(index, bad[:, 0], good[:, 0])
    assert tables.area(index[:, None], bad, good) == pytest.approx(expected, abs=ROUNDING)
    # With two outcomes the concordance is the area.
    two = np.column_stack([bad[:, 0], good[:, 0]])
    expected = area_of_pairs(np.arange(6.0), bad[:, 0], good[:, 0])
    assert tables.concordance(two, np.array([[0, 0], [1, 0]])) == pytest.approx(expected, abs=ROUNDING)


def test_concordance_against_pairs_written_out() -> None:
    joint = np.random.default_rng(2).dirichlet(np.ones(12)).reshape(3, 4)
    wins = np.tril(np.ones((4, 4)), -1)
    right = usable = 0.0
    for s in range(3):
        for y in range(4):
            for t in range(3):
                for z in range(y):
                    usable += joint[s, y] * joint[t, z]
                    right += joint[s, y] * joint[t, z] * (1.0 if s > t else 0.5 if s == t else 0.0)
    assert tables.concordance(joint, wins) == pytest.approx(right / usable, abs=ROUNDING)


def test_intercept_gives_the_rate() -> None:
    share = np.random.default_rng(3).dirichlet(np.ones(20))
    index = np.random.default_rng(4).normal(size=20) * 3
    for rate in (0.001, 0.4, 0.999):
        constant = tables.intercept(index, share, rate)
        assert share @ (1 / (1 + np.exp(-constant - index))) == pytest.approx(rate, abs=ROUNDING)


def test_correlation_against_expanded_rows() -> None:
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[2.0, 1.0], [5.0, 9.0]])
    counts = np.array([[3, 1], [2, 4]])
    rows = np.repeat(x.ravel(), counts.ravel()), np.repeat(y.ravel(), counts.ravel())
    found = tables.correlation(x, y, counts / counts.sum())
    assert found == pytest.approx(np.corrcoef(*rows)[0, 1], abs=ROUNDING)


def test_best_is_none_where_two_share_it() -> None:
    assert tables.best_of({"nps": 0.6, "csat": 0.65, "ease": 0.5}) == "csat"
    assert tables.best_of({"nps": 0.65, "csat": 0.65, "ease": 0.5}) is None


def test_a_truth_cannot_be_written_to() -> None:
    given = np.arange(3.0)
    kept = tables.read_only(given)
    given[0] = 9
    assert kept[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


def test_twice_the_nodes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = 0.899  # the steepest integrand that is let in
    before = loyalty.joint_share((edge, 0.5, -edge), edge), levels.levels_given("nps", np.zeros(1), 1.0)
    shared, share = levels.normal_nodes()
    table = share @ levels.levels_given("nps", np.sqrt(edge) * shared, np.sqrt(1 - edge))
    monkeypatch.setattr(levels, "_NODES", 600)
    after = loyalty.joint_share((edge, 0.5, -edge), edge)
    assert np.abs(before[0] - after).sum() < NODES
    np.testing.assert_allclose(table, before[1][0], atol=NODES)
