"""Separation against enumeration: whether a direction exists is found by brute force in small cases."""

from itertools import pairwise, product

import numpy as np
import pytest

import cxstats as cx
from cxstats.numerics.logistic import fit_logistic
from cxstats.numerics.ordered_probit import fit_ordered_probit
from cxstats.numerics.separation import Constraints, refuse_separated


def separates(signed: np.ndarray) -> bool:
    """Any of many directions that never loses and somewhere gains; all that whole numbers below 4 can make."""
    directions = np.array(list(product(range(-3, 4), repeat=signed.shape[1])))
    margins = signed @ directions.T
    return bool(((margins >= 0).all(axis=0) & (margins > 0).any(axis=0)).any())


def test_verdict_against_enumeration() -> None:
    """Indicators and small scores: where a direction exists, one of small whole numbers does."""
    rng, seen = np.random.default_rng(6), set()
    for _ in range(80):
        x = np.column_stack([np.ones(9), rng.integers(0, 2, 9), rng.integers(0, 2, 9)]).astype(float)
        signed = x * np.where(rng.random(9) < 0.6, 1.0, -1.0)[:, None]
        constraints = Constraints(signed, np.arange(9), (None, "a", "b"))
        expected = separates(signed)
        seen.add(expected)
        if expected:
            with pytest.raises(cx.SeparationError, match="No predictor may tell the outcomes apart perfectly"):
                refuse_separated(constraints, np.ones(9, dtype=np.int64))
        else:
            refuse_separated(constraints, np.ones(9, dtype=np.int64))
    assert seen == {True, False}


def test_names_all_that_are_needed_and_nothing_else() -> None:
    """The sum of a and b decides, neither alone does, and c has no part in it."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal((300, 3))
    positive = x[:, 0] + x[:, 1] > 0
    design = np.column_stack([np.ones(300), x])
    with pytest.raises(cx.SeparationError, match=r"but 'a', 'b' do so together in 300 of 300 rows"):
        fit_logistic(design, positive, np.ones(300, dtype=np.int64), np.ones(300), ("(intercept)", "a", "b", "c"))


def test_one_overlapping_row_makes_a_fit_exist() -> None:
    x = np.arange(40.0)
    positive = x >= 20
    names, one, ones = ("(intercept)", "x"), np.ones(40), np.ones(40, dtype=np.int64)
    with pytest.raises(cx.SeparationError, match=r"'x' does so in 40 of 40 rows"):
        fit_logistic(np.column_stack([one, x]), positive, ones, one, names)
    positive[[19, 20]] = True, False
    fit = fit_logistic(np.column_stack([one, x]), positive, ones, one, names)
    assert np.isfinite(fit.coefficients).all()
    # At the maximum the fitted chances match the outcomes in number and in their sum over x.
    chance = 1 / (1 + np.exp(-(fit.coefficients[0] + fit.coefficients[1] * x)))
    assert [chance.sum(), chance @ x] == pytest.approx([positive.sum(), x[positive].sum()], rel=1e-9)


def test_more_constraints_than_enter_at_once() -> None:
    """3,000 rows, of which only one pair overlaps: found although the programme starts from a part."""
    x = np.sort(np.random.default_rng(8).standard_normal(3_000))
    positive = x > 0
    signed = np.where(positive, 1.0, -1.0)[:, None] * np.column_stack([np.ones(3_000), x])
    one = np.ones(3_000, dtype=np.int64)
    with pytest.raises(cx.SeparationError, match=r"'x' does so in 3,000 of 3,000 rows"):
        refuse_separated(Constraints(signed, np.arange(3_000), (None, "x")), one)
    signed[[100, 2_900]] *= -1
    refuse_separated(Constraints(signed, np.arange(3_000), (None, "x")), one)


def split_by_a_line(points: np.ndarray, positive: np.ndarray) -> bool:
    """Whether a line has all positives on or above it, all negatives on or below it, and a point beside it.

    Such a line can be turned until it runs through two of the points, so those lines are enough; on whole
    numbers nothing is rounded.
    """
    sign = np.where(positive, 1, -1)
    for first, second in product(range(len(points)), repeat=2):
        along = points[second] - points[first]
        beside = sign * ((points - points[first]) @ np.array([-along[1], along[0]]))
        if along.any() and (beside >= 0).all() and beside.any():
            return True
    return False


def test_two_scores_against_lines_through_all_pairs_of_points() -> None:
    rng, seen = np.random.default_rng(20), []
    for _ in range(150):
        points = rng.integers(0, 8, (12, 2))
        positive = points @ [2, -1] + rng.integers(-3, 4, 12) > 4
        if np.linalg.matrix_rank(np.column_stack([np.ones(12), points])) < 3:
            continue
        signed = np.where(positive, 1.0, -1.0)[:, None] * np.column_stack([np.ones(12), points])
        seen.append(split_by_a_line(points, positive))
        found = False
        try:
            refuse_separated(Constraints(signed, np.arange(12), (None, "a", "b")), np.ones(12, dtype=np.int64))
        except cx.SeparationError:
            found = True
        assert found == seen[-1]
    assert 20 < sum(seen) < len(seen) - 20


def test_rating_and_one_predictor_against_sorting() -> None:
    """One predictor separates an ordered rating exactly where it never falls, or never rises, with the level."""
    rng, seen = np.random.default_rng(21), []
    for _ in range(120):
        x = rng.integers(0, 6, 8).astype(float)
        code = np.unique(np.clip(x + rng.choice([0, 0, 0, 0, 1, -2], 8), 0, 5), return_inverse=True)[1]
        if code.max() < 1 or len(np.unique(x)) < 2:
            continue
        ends = [(x[code == j].min(), x[code == j].max()) for j in range(code.max() + 1)]
        rises = all(low[1] <= high[0] for low, high in pairwise(ends))
        falls = all(low[0] >= high[1] for low, high in pairwise(ends))
        seen.append(rises or falls)
        found = False
        try:
            fit_ordered_probit(x[:, None], code, np.ones(8, dtype=np.int64), np.ones(8))
        except cx.SeparationError:
            found = True
        assert found == seen[-1]
    assert 20 < sum(seen) < len(seen) - 20


def test_separation_among_a_million_rows_is_not_lost() -> None:
    """Sums over as many rows are more than the solver's tightest tolerance can take."""
    rng, n = np.random.default_rng(1), 1_000_000
    x = rng.standard_normal((n, 3))
    positive = x @ [0.5, -0.3, 0.2] > 0
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    signed = np.where(positive, 1.0, -1.0)[:, None] * np.column_stack([np.ones(n), x])
    constraints = Constraints(signed, np.arange(n), (None, "a", "a", "a"))
    with pytest.raises(cx.SeparationError, match=r"but 'a' does so in (999,\d+|1,000,000) of 1,000,000 rows"):
        refuse_separated(constraints, np.ones(n, dtype=np.int64))


def test_a_solver_that_gives_up_is_asked_again_and_never_taken_for_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy import optimize

    solve, asked = optimize.linprog, []

    def gives_up(*args: object, options: dict[str, float], **keys: object) -> object:
        asked.append(options["primal_feasibility_tolerance"])
        if options["primal_feasibility_tolerance"] in refused:
            return optimize.OptimizeResult(status=4, x=None, message="not set")
        return solve(*args, options=options, **keys)

    monkeypatch.setattr(optimize, "linprog", gives_up)
    x = np.arange(20.0)
    signed = np.where(x > 9, 1.0, -1.0)[:, None] * np.column_stack([np.ones(20), x])
    constraints, one = Constraints(signed, np.arange(20), (None, "x")), np.ones(20, dtype=np.int64)
    refused = {1e-10}
    with pytest.raises(cx.SeparationError, match="'x' does so in 20 of 20 rows"):
        refuse_separated(constraints, one)
    assert asked[:2] == [1e-10, 1e-7]
    refused = {1e-10, 1e-7}
    with pytest.raises(ArithmeticError, match=r"^The linear programme that looks for separation was not solved: not"):
        refuse_separated(constraints, one)
