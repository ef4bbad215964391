"""The fair fight against DeLong's comparison of columns coarsened by hand, and where only granularity differs."""

from collections.abc import Callable, Mapping
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import norm

import cxstats as cx
from cxstats.errors import RoleError, SeparationError, TooFewError
from cxstats.methods.fair_fight import fair_fight

# The same sums in another order.
ROUNDING = 1e-12
MC_ERRORS = 4
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5}
GOOD = cx.Binary("good")


def customers(seed: int = 3, groups: int = 50, size: int = 8) -> pd.DataFrame:
    """Answers of customers who share a firm, and therefore resemble each other."""
    rng = np.random.default_rng(seed)
    firm = np.repeat(np.arange(groups), size)
    n = groups * size
    lift = 0.7 * rng.normal(size=groups)[firm]
    latent = lift + rng.normal(size=n)
    return pd.DataFrame(
        {
            "firm": [f"firm {i:02}" for i in firm],
            "nps": np.clip(np.round(6 + 2 * latent + 1.5 * rng.normal(size=n)), 0, 10),
            "csat": np.clip(np.round(3 + latent + 0.7 * rng.normal(size=n)), 1, 5),
            "effort": np.clip(np.round(3 - 0.8 * latent + rng.normal(size=n)), 1, 5),
            "good": (latent + rng.normal(size=n) > 0).astype(int),
            "weight": rng.choice([0.5, 1.0, 2.5], n),
        }
    )


ROWS = customers()


def by_hand(rows: pd.DataFrame, metric: str, levels: int, weight: str | None = None) -> list[list[float]]:
    """The values put together, up is good: every way to cut is tried, the last cut as low as it goes."""
    mass = (rows[weight] if weight else pd.Series(1.0, rows.index)).groupby(rows[metric]).sum()
    mass = mass.sort_index(ascending=METRICS[metric].higher_is_better)
    share = (mass / mass.sum()).to_numpy()

    def cost(cuts: tuple[int, ...]) -> tuple[float, tuple[int, ...]]:
        ends = (0, *cuts, len(share))
        uneven = sum((share[a:b].sum() - 1 / levels) ** 2 for a, b in pairwise(ends))
        return round(uneven, 12), cuts[::-1]

    best = min(combinations(range(1, len(share)), levels - 1), key=cost)
    return [list(mass.index[a:b]) for a, b in pairwise((0, *best, len(share)))]


def coarsened(rows: pd.DataFrame, cuts: Mapping[str, list[list[float]]]) -> pd.DataFrame:
    """The rows with each metric replaced by the number of its group, up is good."""
    columns = {m: rows[m].map({v: float(g) for g, vs in enumerate(groups) for v in vs}) for m, groups in cuts.items()}
    return rows.assign(**columns)


def losses(rows: pd.DataFrame, coarse: pd.DataFrame, levels: int, **keys: Any) -> list[tuple[float, float]]:
    """Each coarsened metric against its own full scale, by DeLong."""
    found = []
    for metric, scale in METRICS.items():
        both = rows.assign(coarse=coarse[metric])[rows[metric].notna()]
        result = cx.delong(both, outcome=GOOD, metrics={"coarse": cx.Scale(0, levels - 1), metric: scale}, **keys)
        found.append((result.estimate[2], result.std_error[2]))
    return found


def check(rows: pd.DataFrame, levels: int, *, given: int | None = None, **keys: Any) -> Any:
    """Our result against DeLong on columns made by hand."""
    result = fair_fight(rows, outcome=GOOD, metrics=METRICS, levels=given, **keys)
    used = rows if (rows[list(METRICS)].notna().sum(axis=1) == 1).all() else rows.dropna()
    cuts = {m: by_hand(used, m, levels, keys.get("weight")) for m in METRICS}
    coarse = coarsened(rows, cuts)
    expected = cx.delong(coarse, outcome=GOOD, metrics={m: cx.Scale(0, levels - 1) for m in METRICS}, **keys)
    frame = result.to_frame()
    pd.testing.assert_frame_equal(frame.head(6), expected.to_frame(), rtol=ROUNDING, atol=ROUNDING)
    assert frame.term[6:].tolist() == [f"{m} ({levels} levels) - {m} (full scale)" for m in METRICS]
    pairs = losses(used, coarse.loc[used.index], levels, **keys)
    assert result.estimate[6:] == pytest.approx([estimate for estimate, _ in pairs], abs=ROUNDING)
    # The square root of a variance that is 0 but for rounding.
    assert result.std_error[6:] == pytest.approx([error for _, error in pairs], abs=1e-9)
    assert result.covariance == pytest.approx(expected.covariance, abs=ROUNDING)
    assert (result.df, result.paired, result.notes) == (expected.df, expected.paired, expected.notes)
    assert (result.n, result.n_missing, result.levels) == (expected.n, expected.n_missing, levels)
    assert {m: sorted(map(list, groups)) for m, groups in result.cuts.items()} == {
        m: sorted(sorted(group) for group in groups) for m, groups in cuts.items()
    }
    return result


@pytest.mark.parametrize("levels", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "keys", [{}, {"cluster": "firm"}, {"weight": "weight"}, {"cluster": "firm", "weight": "weight"}]
)
def test_levels_against_delong_by_hand(levels: int, keys: dict[str, str]) -> None:
    result = check(ROWS, levels, given=levels, **keys)
    if levels == 5:
        assert result.estimate[7:].tolist() == [0, 0]  # five levels have nothing to lose
        assert result.p_value[7:].tolist() == [1, 1]
        assert result.std_error[6] > 0


def test_default_is_the_fewest_levels_that_occur_on_complete_rows() -> None:
    rows = ROWS.copy()
    rows.loc[rows.csat == 1, "nps"] = np.nan  # the level 1 of csat is left in rows that are not complete
    result = check(rows, 4)
    assert result.n_missing == (rows.csat == 1).sum()
    assert result.cuts["csat"] == ((2,), (3,), (4,), (5,))


@pytest.mark.parametrize("keys", [{}, {"cluster": "firm"}, {"weight": "weight"}])
def test_metrics_that_share_no_row_against_delong_by_hand(keys: dict[str, str]) -> None:
    rows = ROWS.copy()
    for j, metric in enumerate(METRICS):
        rows[metric] = rows[metric].where(np.arange(len(rows)) % 3 == j)
    result = check(rows, 3, given=3, **keys)
    assert not result.paired


def test_directions_do_not_matter() -> None:
    turned = ROWS.assign(effort=6 - ROWS.effort, good=1 - ROWS.good)
    given = fair_fight(ROWS, outcome=GOOD, metrics=METRICS, levels=3)
    other = fair_fight(turned, outcome=cx.Binary("good", good=0), metrics={**METRICS, "effort": cx.EASE5}, levels=3)
    pd.testing.assert_frame_equal(given.to_frame(), other.to_frame(), rtol=ROUNDING, atol=ROUNDING)
    mirrored = tuple(tuple(sorted(6 - value for value in group)) for group in reversed(other.cuts["effort"]))
    assert given.cuts["effort"] == mirrored


def test_coarsening_is_blind_to_the_outcome() -> None:
    shuffled = ROWS.assign(good=ROWS.good.sample(frac=1, random_state=1).to_numpy())
    first, second = (fair_fight(rows, outcome=GOOD, metrics=METRICS, levels=3) for rows in (ROWS, shuffled))
    assert first.cuts == second.cuts


def test_frequencies_are_weighted() -> None:
    """Where those who gave low scores weigh more, the cuts are lower."""
    rows = ROWS.assign(weight=np.where(ROWS.nps < 5, 4.0, 1.0))
    result = check(rows, 4, given=4, weight="weight")
    assert result.cuts["nps"] != fair_fight(rows, outcome=GOOD, metrics=METRICS, levels=4).cuts["nps"]


def test_rows_without_weight_do_not_count() -> None:
    """A value that only rows of weight 0 hold is no level."""
    extra = ROWS.head(40).assign(csat=1.0, nps=0.0, weight=0.0, good=[0, 1] * 20)
    rows = ROWS[(ROWS.csat > 1) & (ROWS.nps > 0)]
    alone = fair_fight(rows, outcome=GOOD, metrics=METRICS, weight="weight")
    joined = fair_fight(pd.concat([rows, extra]), outcome=GOOD, metrics=METRICS, weight="weight")
    assert joined.levels == alone.levels == 4
    assert joined.cuts == alone.cuts
    assert joined.estimate == pytest.approx(alone.estimate, abs=ROUNDING)


def test_what_was_put_together_is_told() -> None:
    rows = pd.DataFrame(
        {
            "balance": [-3, -2, -1, 0, 1, 2, 3, 3] * 2,
            "csat": [1, 2, 2, 4, 5, 5, 5, 5] * 2,
            "good": [0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1, 0],
        }
    )
    result = fair_fight(rows, outcome=GOOD, metrics={"balance": cx.Scale(-3, 3), "csat": cx.CSAT5}, levels=2)
    assert result.cuts == {"balance": ((-3, -2, -1, 0), (1, 2, 3)), "csat": ((1, 2, 4), (5,))}
    assert "\nValues put together: balance -3 to 0 | 1-3; csat 1-4 | 5.\n16 rows used; 12 cells.\n" in str(result)


def test_intervals_are_clipped_to_where_areas_can_lie() -> None:
    result = fair_fight(ROWS.head(30), outcome=GOOD, metrics=METRICS, levels=2)
    limits = result.confidence_interval(0.999999)
    assert (limits.low[:3] >= 0).all()
    assert (np.concatenate([limits.low, limits.high]) <= 1).all()
    z = norm.ppf(0.975)
    narrow = fair_fight(ROWS, outcome=GOOD, metrics=METRICS, levels=2)
    assert narrow.confidence_interval().low == pytest.approx(narrow.estimate - z * narrow.std_error, abs=ROUNDING)


# Two questions that are equally good, asked on 11 and on 5 points of which each holds a fifth.
RATE, QUALITY = 0.5, 0.6
ELEVENTHS = np.cumsum([0.1] * 4 + [0.2 / 3] * 3 + [0.1] * 3)  # the middle fifth in three parts, the others in two
FIFTHS = np.array([0.2, 0.4, 0.6, 0.8])
SAMPLES, SIZE = 150, 3000


def true_area(below: Any) -> float:
    """The area of a score with these shares below its cuts, whose latent variable goes with the outcome's."""
    cuts = [-np.inf, *ndtri(below), np.inf]

    def good(x: float) -> float:
        return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * ndtr(QUALITY * x / np.sqrt(1 - QUALITY**2)))

    up = np.array([quad(good, low, high, epsabs=1e-13)[0] for low, high in pairwise(cuts)])
    down = np.diff(ndtr(cuts)) - up
    won = np.tri(len(up), k=-1) + np.eye(len(up)) / 2
    return float(up @ won @ down / (up.sum() * down.sum()))


def test_granularity_is_all_in_simulation() -> None:
    """The 11 points win as they are; after the fair fight nothing is left, and the loss is the known one."""
    rng = np.random.default_rng(17)
    fine, coarse = true_area(ELEVENTHS), true_area(FIFTHS)
    assert fine - coarse > 0.005
    metrics = {"eleven": cx.NPS, "five": cx.Scale(0, 4)}
    before, after, limits = [], [], []
    for _ in range(SAMPLES):
        behind = rng.normal(size=SIZE)
        answered = [QUALITY * behind + np.sqrt(1 - QUALITY**2) * rng.normal(size=SIZE) for _ in range(2)]
        rows = pd.DataFrame(
            {
                "eleven": np.searchsorted(ELEVENTHS, ndtr(answered[0])),
                "five": np.searchsorted(FIFTHS, ndtr(answered[1])),
                "good": (behind > ndtri(RATE)).astype(int),
            }
        )
        result = fair_fight(rows, outcome=GOOD, metrics=metrics)
        assert result.cuts["eleven"] == ((0, 1), (2, 3), (4, 5, 6), (7, 8), (9, 10))
        before.append(cx.delong(rows, outcome=GOOD, metrics=metrics).estimate[2])
        after.append(result.estimate)
        interval = result.confidence_interval()
        limits.append((interval.low, interval.high))
    truth = np.array([coarse, coarse, 0.0, coarse - fine, 0.0])
    error = np.std(after, axis=0, ddof=1) / np.sqrt(SAMPLES)
    assert (np.abs(np.mean(after, axis=0) - truth) <= MC_ERRORS * error).all()
    spread = np.std(before, ddof=1) / np.sqrt(SAMPLES)
    assert abs(np.mean(before) - (fine - coarse)) < MC_ERRORS * spread
    assert np.mean(before) > MC_ERRORS * spread
    covered = np.mean([(low <= truth) & (truth <= high) for low, high in limits], axis=0)
    assert covered[:4] == pytest.approx(np.full(4, 0.95), abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / SAMPLES))


# What is asked, the error, and the lines of its message.
BAD: dict[str, tuple[Callable[[], object], type[Exception], list[str]]] = {
    "measured outcome": (
        lambda: fair_fight(ROWS, outcome=cx.Continuous("weight"), metrics=METRICS),  # type: ignore[arg-type]
        RoleError,
        ["A binary outcome is needed, but Continuous was given.", 'Pass outcome=cx.Binary("column", good=1).'],
    ),
    "no outcome": (
        lambda: fair_fight(ROWS, metrics=METRICS),
        RoleError,
        ["A binary outcome is needed, but none was declared.", 'Pass outcome=cx.Binary("column", good=1).'],
    ),
    "one metric": (
        lambda: fair_fight(ROWS, outcome=GOOD, metrics={"nps": cx.NPS}),
        TooFewError,
        ["A comparison needs at least two metrics, but 1 was given.", "Use cx.auc for a single one."],
    ),
    "too many levels": (
        lambda: fair_fight(ROWS, outcome=GOOD, metrics=METRICS, levels=6),
        RoleError,
        [
            (
                "levels must be a whole number from 2 to 5, the number of values that occur of 'csat', 'effort', but 6 "
                "was given."
            ),
            "Leave it out to coarsen every metric to 5 levels.",
        ],
    ),
    "one level": (
        lambda: fair_fight(ROWS[ROWS.csat > 3], outcome=GOOD, metrics=METRICS, levels=1),
        RoleError,
        [
            "levels must be a whole number from 2 to 2, the number of values that occur of 'csat', but 1 was given.",
            "Leave it out to coarsen every metric to 2 levels.",
        ],
    ),
    "levels as text": (
        lambda: fair_fight(ROWS, outcome=GOOD, metrics=METRICS, levels="5"),  # type: ignore[arg-type]
        RoleError,
        [
            (
                "levels must be a whole number from 2 to 5, the number of values that occur of 'csat', 'effort', but "
                "'5' was given."
            ),
            "Leave it out to coarsen every metric to 5 levels.",
        ],
    ),
    "constant": (
        lambda: fair_fight(ROWS.assign(csat=4), outcome=GOOD, metrics=METRICS),
        TooFewError,
        [
            "The metric 'csat' must take at least two values, but all 400 rows hold 4.",
            "A constant score predicts nothing: leave it out.",
        ],
    ),
    "clusters": (
        lambda: fair_fight(ROWS[ROWS.firm < "firm 15"], outcome=GOOD, metrics=METRICS, cluster="firm"),
        TooFewError,
        [
            "At least 20 clusters are needed for an interval, but there are 15.",
            "With fewer, no interval is trustworthy: report the estimates per cluster instead.",
        ],
    ),
    "told apart": (
        lambda: fair_fight(ROWS.assign(csat=1 + ROWS.good), outcome=GOOD, metrics=METRICS),
        SeparationError,
        [
            (
                "The metric 'csat' must not tell the outcome 'good' apart perfectly, but every row with the good "
                "outcome has a better score than every row with the bad one."
            ),
            (
                "Check that it was not asked after the outcome, or computed from it; if neither, the rows are too few "
                "for an interval."
            ),
        ],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_full(case: str) -> None:
    call, error, lines = BAD[case]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).splitlines() == lines


def test_names_are_enough_for_cells() -> None:
    cells = cx.tally(ROWS, outcome=GOOD, metrics=METRICS)
    result = fair_fight(cells, metrics=["csat", "nps"])
    direct = fair_fight(ROWS, outcome=GOOD, metrics={"csat": cx.CSAT5, "nps": cx.NPS})
    assert np.array_equal(result.estimate, direct.estimate)
