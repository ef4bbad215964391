"""The area under the curve against brute force on rows, and what must leave it alone or turn it round."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx

# Both sides are sums of the same numbers in another order: only rounding may differ.
ROUNDING = 1e-12

RNG = np.random.default_rng(21)
N = 300
BASE = RNG.normal(size=N)
ROWS = pd.DataFrame(
    {
        "stayed": (BASE + RNG.normal(size=N) > 0.3).astype(float),
        "nps": np.clip(np.round(6 + 2 * BASE + RNG.normal(size=N)), 0, 10),
        "effort": np.clip(np.round(3 - BASE + RNG.normal(size=N)), 1, 5),
        "firm": RNG.integers(0, 50, N),
        "weight": RNG.choice([0.25, 1.0, 4.0], N),
    }
)
STAYED = cx.Binary("stayed")
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}


def pairs(score: Any, good: Any) -> tuple[float, float]:
    """The area and its standard error from the table of all pairs."""
    good = np.asarray(good, dtype=bool)
    up, down = np.asarray(score)[good], np.asarray(score)[~good]
    won = (up[:, None] > down[None]) + 0.5 * (up[:, None] == down[None])
    variance = won.mean(axis=1).var(ddof=1) / len(up) + won.mean(axis=0).var(ddof=1) / len(down)
    return float(won.mean()), float(np.sqrt(variance))


def test_areas_against_pairs() -> None:
    result = cx.auc(ROWS, outcome=STAYED, metrics=METRICS)
    expected = [pairs(ROWS["nps"], ROWS["stayed"]), pairs(-ROWS["effort"], ROWS["stayed"])]
    assert result.estimate == pytest.approx([area for area, _ in expected], abs=ROUNDING)
    assert result.std_error == pytest.approx([error for _, error in expected], abs=ROUNDING)
    assert result.labels == {"metric": ("nps", "effort")}


def test_each_metric_stands_on_its_own_rows() -> None:
    rows = ROWS.copy()
    rows.loc[:99, "nps"] = np.nan
    rows.loc[50:149, "effort"] = np.nan
    rows.loc[250:, "stayed"] = np.nan
    result = cx.auc(rows, outcome=STAYED, metrics=METRICS)
    seen = rows[rows["stayed"].notna()]
    for j, sign in enumerate((1, -1)):
        own = seen[seen[list(METRICS)[j]].notna()]
        area, error = pairs(sign * own[list(METRICS)[j]], own["stayed"])
        assert result.estimate[j] == pytest.approx(area, abs=ROUNDING)
        assert result.std_error[j] == pytest.approx(error, abs=ROUNDING)
    assert (result.n, result.n_missing) == (200, 100)  # rows 50-99 have neither score, 250-299 no outcome
    used = seen[seen["nps"].notna() | seen["effort"].notna()][["stayed", *METRICS]]
    assert result.n_cells == len(used.drop_duplicates())


@pytest.mark.parametrize(
    "keys", [{}, {"cluster": "firm"}, {"weight": "weight"}, {"cluster": "firm", "weight": "weight"}]
)
def test_delong_says_the_same_of_each_area(keys: dict[str, str]) -> None:
    alone = cx.auc(ROWS, outcome=STAYED, metrics=METRICS, **keys)
    together = cx.delong(ROWS, outcome=STAYED, metrics=METRICS, **keys)
    assert alone.estimate == pytest.approx(together.estimate[:2], abs=ROUNDING)
    assert alone.std_error == pytest.approx(together.std_error[:2], abs=ROUNDING)
    assert alone.df.tolist() == [together.df] * 2
    assert alone.p_value == pytest.approx(together.p_value[:2], abs=ROUNDING)
    assert alone.confidence_interval(0.9).low == pytest.approx(together.confidence_interval(0.9).low[:2], abs=ROUNDING)


def test_recoding_upwards_leaves_the_area() -> None:
    recoded = ROWS.assign(nps=np.exp(ROWS["nps"]))
    first = cx.auc(ROWS, outcome=STAYED, metrics={"nps": cx.NPS})
    second = cx.auc(recoded, outcome=STAYED, metrics={"nps": cx.Scale(0, 1e5, whole=False)})
    assert np.array_equal(first.estimate, second.estimate)
    assert np.array_equal(first.std_error, second.std_error)


def test_turning_the_scale_or_the_outcome_turns_the_area() -> None:
    area = cx.auc(ROWS, outcome=STAYED, metrics={"nps": cx.NPS})
    down = cx.auc(ROWS, outcome=STAYED, metrics={"nps": cx.Scale(0, 10, higher_is_better=False)})
    left = cx.auc(ROWS, outcome=cx.Binary("stayed", good=0), metrics={"nps": cx.NPS})
    for turned in (down, left):
        assert turned.estimate == pytest.approx(1 - area.estimate, abs=ROUNDING)
        assert turned.std_error == pytest.approx(area.std_error, abs=ROUNDING)
        assert turned.p_value == pytest.approx(area.p_value, abs=ROUNDING)


def test_a_score_that_knows_nothing_has_the_area_one_half() -> None:
    rows = pd.DataFrame({"stayed": [0, 0, 1, 1], "nps": [1, 9, 1, 9]})
    result = cx.auc(rows, outcome=STAYED, metrics={"nps": cx.NPS})
    assert (result.estimate[0], result.statistic[0], result.p_value[0]) == (0.5, 0.0, 1.0)


def test_limits_stay_between_0_and_1() -> None:
    rows = pd.DataFrame({"stayed": [0, 0, 0, 1, 1, 1], "nps": [1, 2, 3, 3, 9, 9]})
    limits = cx.auc(rows, outcome=STAYED, metrics={"nps": cx.NPS}).confidence_interval(0.999)
    assert 0 <= limits.low[0] < limits.high[0] == 1


def test_rows_without_weight_count_for_nothing() -> None:
    extra = pd.concat([ROWS, ROWS.head(40).assign(stayed=1 - ROWS["stayed"].head(40), weight=0.0)])
    first = cx.auc(ROWS, outcome=STAYED, metrics=METRICS, weight="weight")
    second = cx.auc(extra, outcome=STAYED, metrics=METRICS, weight="weight")
    assert second.estimate == pytest.approx(first.estimate, abs=ROUNDING)


def test_the_level_of_an_interval_is_checked() -> None:
    result = cx.auc(ROWS, outcome=STAYED, metrics=METRICS)
    with pytest.raises(
        ValueError, match=r"^The confidence level must lie between 0 and 1, but 95 was given; 95% is 0\.95"
    ):
        result.confidence_interval(95)
