"""Necessary conditions against a worked example, every permutation, shuffled rows, and simulations."""

import itertools
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

import cxstats as cx
from cxstats.methods.necessary_condition import NecessaryCondition, necessary_condition
from cxstats.numerics.ceiling import ceiling_of, effect_sizes, permuted_chance, running_steps

ROUNDING = 1e-9
ERRORS = 4.0
STARS = cx.Rating("stars", cx.CSAT5)


def run(frame: Any, **keys: Any) -> NecessaryCondition:
    return necessary_condition(
        frame, **{"outcome": STARS, "metrics": {"csat": cx.CSAT7}, "replicates": 500, "rng": 1, **keys}
    )


def customers(n: int = 300, seed: int = 2) -> pd.DataFrame:
    """Without good service no good experience: stars are at most as high as the service allows."""
    rng = np.random.default_rng(seed)
    csat = rng.choice(np.arange(1, 8), n, p=[0.06, 0.08, 0.12, 0.18, 0.22, 0.2, 0.14])
    stars = np.minimum(rng.choice(np.arange(1, 6), n, p=[0.1, 0.15, 0.25, 0.3, 0.2]), 1 + csat * 4 // 7)
    return pd.DataFrame({"csat": csat, "stars": stars, "stayed": (stars + rng.normal(size=n) > 3).astype(int)})


def by_rows(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Both effect sizes by adding up thin strips of the empty corner, row after row."""
    steps = 20_000
    at = x.min() + (x.max() - x.min()) * (np.arange(steps) + 0.5) / steps
    highest = np.array([y[x <= value].max() for value in np.unique(x)])
    stair = highest[np.searchsorted(np.unique(x), at, side="right") - 1]
    first = np.r_[True, np.diff(highest) > 0]
    corners = np.unique(x)[first], highest[first]
    empty = [float((y.max() - stair).mean())]
    if len(corners[0]) > 1:
        b, a = np.polyfit(*corners, 1)
        empty.append(float((y.max() - np.clip(a + b * at, y.min(), y.max())).mean()))
    else:
        empty.append(0.0)
    return empty[0] / (y.max() - y.min()), empty[1] / (y.max() - y.min())


def test_worked_example_by_hand() -> None:
    """(1,1) (2,3) (3,2) (4,4) (5,5): 9 of 16 are empty; the line is .55 + .9 x and meets 5 at 4.944."""
    x, y, one = np.array([1.0, 2, 3, 4, 5]), np.array([1.0, 3, 2, 4, 5]), np.ones(5, dtype=np.int64)
    found = ceiling_of(x, y, one)
    assert found.corners.tolist() == [[1, 1, 1], [2, 3, 1], [4, 4, 1], [5, 5, 1]]
    assert found.line == pytest.approx((0.55, 0.9), rel=ROUNDING)
    assert found.sizes == pytest.approx((9 / 16, (5 - 1.45) * (4.45 / 0.9 - 1) / 2 / 16), rel=ROUNDING)
    assert found.accuracy == pytest.approx(0.8, rel=ROUNDING)  # (2, 3) lies above 2.35
    # Without (2,3) 3 and 4 are empty above 1 and 2: 4 + 4 + 3 + 1; without another one it is less.
    assert found.without_one == pytest.approx(12 / 16, rel=ROUNDING)


@pytest.mark.parametrize("seed", range(6))
def test_effect_sizes_against_strips(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 11, 60).astype(float), rng.integers(0, 6, 60) * 0.7 - 1
    y = np.where(y > x / 3, 0.4 - 1, y) if seed % 2 else y
    keys, count = np.unique(np.column_stack([x, y]), axis=0, return_counts=True)
    found = ceiling_of(keys[:, 0], keys[:, 1], count)
    assert found.sizes == pytest.approx(by_rows(x, y), abs=2e-4)  # strips are 1/20000 wide


def test_every_permutation() -> None:
    """The distribution of both effect sizes over all orders of seven rows, ties included."""
    x, y = np.array([1.0, 1, 2, 3, 3, 5, 6]), np.array([0.0, 1, 1, 2, 2, 4, 4])
    levels, heights = np.unique(x), np.unique(y)
    exact = np.array([by_stair(x, np.array(order)) for order in itertools.permutations(y)])
    rng = np.random.default_rng(4)
    counts = [np.unique(v, return_counts=True)[1].astype(np.int64) for v in (x, y)]
    steps = running_steps(permuted_chance(*counts), len(levels), len(heights) - 1, 20_000, rng)
    drawn = effect_sizes(steps, levels, heights, 20_000)
    for column in range(2):
        values = np.unique(exact[:, column].round(9))
        for value in values:
            share = (exact[:, column] >= value - 1e-8).mean()
            error = np.sqrt(share * (1 - share) / len(drawn))
            assert abs((drawn[:, column] >= value - 1e-8).mean() - share) <= ERRORS * error


def by_stair(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Both effect sizes from the stair of rows, corner after corner, with NumPy's own line."""
    levels = np.unique(x)
    highest = np.array([y[x <= value].max() for value in levels])
    scope = (levels[-1] - levels[0]) * (y.max() - y.min())
    stair = float(((y.max() - highest[:-1]) * np.diff(levels)).sum()) / scope
    first = np.r_[True, np.diff(highest) > 0]
    if first.sum() < 2:
        return [stair, 0.0]
    b, a = np.polyfit(levels[first], highest[first], 1)
    ends = np.unique(np.clip([levels[0], (y.min() - a) / b, (y.max() - a) / b, levels[-1]], levels[0], levels[-1]))
    above = y.max() - np.clip(a + b * ends, y.min(), y.max())
    return [stair, float(((above[1:] + above[:-1]) / 2 * np.diff(ends)).sum()) / scope]


def test_p_values_against_shuffled_rows() -> None:
    frame = customers(60, seed=5)
    result = run(frame, replicates=4000)
    rng = np.random.default_rng(9)
    x, y = frame.csat.to_numpy(float), frame.stars.to_numpy(float)
    shuffled = np.array([by_stair(x, rng.permutation(y)) for _ in range(4000)])
    for column in range(2):
        share = (shuffled[:, column] >= result.effect_size[column] - 1e-9).mean()
        spread = np.sqrt(max(share * (1 - share), 1e-3) / 4000)
        assert abs(result.p_value[column] - share) < ERRORS * np.sqrt(2) * spread + 1 / 4000
        mean_error = shuffled[:, column].std() / np.sqrt(4000)
        assert abs(result.independent.expected[column] - shuffled[:, column].mean()) < ERRORS * np.sqrt(2) * mean_error


def test_bottlenecks_against_rows() -> None:
    frame = customers()
    result = run(frame)
    assert [row.outcome for row in result.bottlenecks] == [2, 3, 4, 5]
    for at, row in enumerate(result.bottlenecks, start=2):
        needed = frame.csat[frame.stars >= row.outcome].min()
        below = int((frame.csat < needed).sum())
        assert row.needed == needed
        assert row.share == pytest.approx(below / 300, rel=ROUNDING)
        limits = result.confidence_interval()
        own = proportion_confint(below, 300, method="wilson")
        assert (limits.low[at], limits.high[at]) == pytest.approx(own, rel=ROUNDING, abs=1e-12)
        a, b = result.line
        assert row.needed_by_line == pytest.approx(np.clip((row.outcome - a) / b, 1, 7), rel=ROUNDING)
    assert result.labels["term"][2:] == [
        f"stars {row.outcome:g} needs csat {row.needed:g}" for row in result.bottlenecks
    ]


def test_continuous_outcomes_are_read_at_tenths_of_their_range() -> None:
    rng = np.random.default_rng(1)
    frame = customers().assign(spend=lambda d: d.csat * rng.uniform(0, 10, 300))
    result = run(frame, outcome=cx.Continuous("spend"))
    ends = frame.spend.min(), frame.spend.max()
    assert [row.outcome for row in result.bottlenecks] == pytest.approx(np.linspace(*ends, 11)[1:])
    assert result.effect_size == pytest.approx(by_rows(frame.csat.to_numpy(float), frame.spend.to_numpy()), abs=2e-4)


def test_direction_is_declared() -> None:
    """Effort, of which little is good, and an outcome of which 0 is good, give the same corner."""
    frame = customers()
    plain = run(frame, outcome=cx.Binary("stayed"))
    turned = run(
        frame.assign(csat=8 - frame.csat, stayed=1 - frame.stayed),
        outcome=cx.Binary("stayed", good=0),
        metrics={"csat": cx.Scale(1, 7, higher_is_better=False)},
    )
    assert turned.effect_size.tolist() == plain.effect_size.tolist()
    assert turned.p_value[:2].tolist() == plain.p_value[:2].tolist()


def test_counts_and_seeds() -> None:
    frame = customers()
    counted = frame.groupby(["csat", "stars"]).size().reset_index(name="n")
    assert str(run(counted, count="n")) == str(run(frame))
    first = run(frame, rng=None)
    assert first.seed is not None
    assert run(frame, rng=first.seed).p_value[0] == first.p_value[0]
    assert run(frame, rng=np.random.default_rng(3)).seed is None


def test_no_level_is_needed_where_everyone_can_be_happy() -> None:
    frame = pd.DataFrame({"csat": [1, 7] * 10, "stars": [5, 1] * 10})
    result = run(frame)
    assert result.effect_size.tolist() == [0.0, 0.0]
    assert result.p_value[:2].tolist() == [1.0, 1.0]
    assert result.corners.tolist() == [[1, 5, 10]]
    assert all(np.isnan(result.line))


def test_size_under_independence_in_simulation() -> None:
    """Skewed margins (many at the top) alone do not reject: the test deals out the same answers."""
    rng, number = np.random.default_rng(6), 300
    below = 0
    for _ in range(number):
        x = rng.choice(np.arange(1, 8), 120, p=[0.01, 0.02, 0.03, 0.06, 0.13, 0.3, 0.45])
        y = rng.choice(np.arange(1, 6), 120, p=[0.55, 0.25, 0.12, 0.06, 0.02])
        frame = pd.DataFrame({"csat": x, "stars": y})
        below += run(frame, replicates=199, rng=rng).p_value[0] < 0.05
    assert below / number < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / number)


def test_correlation_alone_rejects_in_simulation() -> None:
    """Two plainly correlated normals, nothing necessary: the permutation test rejects, the other yardstick does not."""
    rng, number = np.random.default_rng(7), 60
    scale = cx.Scale(-9, 9, whole=False)
    below, beyond = 0, 0
    for _ in range(number):
        x = rng.normal(size=300)
        frame = pd.DataFrame({"x": x, "y": 0.5 * x + np.sqrt(0.75) * rng.normal(size=300)})
        found = run(frame, outcome=cx.Continuous("y"), metrics={"x": scale}, replicates=199, rng=rng)
        below += found.p_value[0] < 0.05
        beyond += found.correlated.p_value[0] < 0.05
        assert found.correlated.correlation == pytest.approx(0.5, abs=ERRORS * 0.75 / np.sqrt(300))
    assert below / number > 0.5
    assert beyond / number < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / number)


def test_a_true_bound_is_more_than_correlation() -> None:
    """Where good service bounds the experience the corner is emptier than the correlation would leave it."""
    assert max(run(customers()).correlated.p_value) < 0.05


def test_one_row_can_close_the_corner() -> None:
    """The effect size is decided by single rows, and says by how much."""
    frame = customers()
    spoiled = pd.concat([frame, pd.DataFrame({"csat": [1], "stars": [5]})], ignore_index=True)
    result = run(spoiled)
    assert result.effect_size[0] == 0
    assert result.without_one == pytest.approx(run(frame).effect_size[0], rel=ROUNDING)
    shown = f"{result.without_one:.4g}"
    assert f"Without the one row that matters most CE-FDH would be {shown}." in str(result)


def test_summary_in_plain_words() -> None:
    result = run(customers())
    lines = str(result).split("\n")
    expected = ", ".join(f"{value:.4g}" for value in result.independent.expected)
    assert (
        f"Necessary: 'csat' for 'stars', both turned so that up is good. If the same answers were dealt at random the "
        f"effect sizes would be {expected} on average (CE-FDH, CR-FDH; p-values of 500 deals)."
    ) in lines
    tied = result.correlated
    sizes, p = (", ".join(f"{value:.4g}" for value in values) for values in (tied.expected, tied.p_value))
    assert (
        f"If both were only correlated (normal, {tied.correlation:.4g}) they would be {sizes}, and as large as here "
        f"with p {p}."
    ) in lines
    assert (
        "Note: A small p-value says that both are not independent. Any positive correlation empties the corner too: "
        "that a level is necessary must be argued from more, such as a corner emptier than correlation alone would "
        "leave it."
    ) in lines


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"csat": 4},
        {},
        cx.TooFewError,
        (
            "'csat' must take at least two values, but all 300 rows hold 4."
            "\nNothing can be said of levels that do not occur: check the column."
        ),
    ),
    (
        {"stars": 5},
        {},
        cx.TooFewError,
        (
            "'stars' must take at least two values, but all 300 rows hold 5."
            "\nNothing can be said of levels that do not occur: check the column."
        ),
    ),
    (
        {},
        {"metrics": {"csat": cx.CSAT7, "stayed": cx.NPS}},
        cx.RoleError,
        (
            "One metric can be asked about at a time, but 2 were given: 'csat', 'stayed'."
            "\nCall necessary_condition once for each."
        ),
    ),
    (
        {},
        {"outcome": None},
        cx.RoleError,
        (
            "An outcome of one moment is needed, but none was declared."
            '\nPass for example outcome=cx.Binary("repurchase", good=1) or cx.Rating("nps", cx.NPS).'
        ),
    ),
    ({}, {"replicates": 0}, cx.RoleError, "replicates must be a whole number from 1 up, but 0 was given."),
    (
        {"csat": np.nan},
        {},
        cx.TooFewError,
        (
            "At least 10 rows must have 'stars' and 'csat', but 0 of 300 rows have."
            "\nCheck how the tables were joined, or ask more customers."
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run(customers().assign(**columns), **options)


@pytest.mark.parametrize("role", ["cluster", "weight"])
def test_cells_with_clusters_or_weights_are_refused(role: str) -> None:
    frame = customers().assign(w=1.5)
    cells = cx.tally(frame, outcome=STARS, metrics={"csat": cx.CSAT7}, **{role: "w"})
    message = (
        f"Neither clusters nor survey weights can be used here (the permutation deals out single rows), but the cells "
        f"have {role}='w'.\nTally the data without it, one row per customer."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        necessary_condition(cells, rng=1)
