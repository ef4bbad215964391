"""Which rows metrics are compared on, which way is up, and what cannot be compared at all."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import RoleError, SeparationError, TooFewError
from cxstats.shared.compared import compare_on

GOOD = cx.Binary("good")
METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5}
NONE = np.nan
ROWS = pd.DataFrame(
    {
        "nps": [9, 8, 7, 10, 6, 9, 3, 5, 7, 2, 8, 4, 6, 1],
        "csat": [4, 5, 3, 5, 4, 2, 3, 1, 4, 2, 5, 3, 2, 4],
        "effort": [1, 2, 1, 3, 2, 4, 5, 4, 3, 3, 2, 5, 4, 4],
        "good": [1] * 6 + [0] * 8,
    }
).astype(float)


def test_scores_are_turned_so_that_up_is_good() -> None:
    compared = compare_on(cx.tally(ROWS, outcome=GOOD, metrics=METRICS), ["effort", "nps"])
    assert np.array_equal(compared.scores[:, 0], 6 - compared.cells["effort"])
    assert np.array_equal(compared.scores[:, 1], compared.cells["nps"])
    assert np.array_equal(compared.positive, compared.cells["good"] == 1)
    turned = compare_on(cx.tally(ROWS, outcome=cx.Binary("good", good=0), metrics=METRICS), ["nps"])
    assert np.array_equal(turned.positive, turned.cells["good"] == 0)


def test_columns_that_are_not_needed_are_added_up() -> None:
    rows = pd.DataFrame({"nps": [9, 9, 3, 3, 1], "csat": [1, 2, 3, 4, 5], "good": [1, 1, 0, 0, 1]})
    compared = compare_on(cx.tally(rows, outcome=GOOD, metrics={"nps": cx.NPS, "csat": cx.CSAT5}), ["nps"])
    assert compared.count.tolist() == [2, 1, 2]


ALONE = ("No row has two of the metrics: each was compared on its own rows, as independent samples.",)
LEFT_OUT = ("9 rows had the outcome but not all metrics and were left out: same rows compared.",)
# Which metrics (n: nps, c: csat, e: effort) each of 42 rows has; whether they are compared as pairs, on how many.
PATTERNS: dict[str, tuple[list[str], bool, int, tuple[str, ...]]] = {
    "all": (["nce"] * 42, True, 42, ()),
    "one each": (["n", "c", "e"] * 14, False, 42, ALONE),
    "one or none": (["n", "c", "e", "", "n", "c"] * 7, False, 35, ALONE),
    "some": ((["nce"] * 10 + ["nc", "n", "e", ""]) * 3, True, 30, LEFT_OUT),
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_rows_against_the_rule(kind: str) -> None:
    pattern, paired, n, notes = PATTERNS[kind]
    rows = pd.concat([ROWS] * 3).sample(frac=1, random_state=3).reset_index(drop=True)
    for name in METRICS:
        rows[name] = rows[name].where([name[0] in has for has in pattern])
    compared = compare_on(cx.tally(rows, outcome=GOOD, metrics=METRICS), list(METRICS))
    assert (compared.paired, compared.cells.n, compared.n_missing, compared.notes) == (paired, n, 42 - n, notes)
    used = rows[[len(has) == (3 if paired else 1) for has in pattern]]
    for j, name in enumerate(METRICS):
        assert int(compared.count[compared.on(j)].sum()) == used[name].notna().sum()


def test_rows_without_outcome_cluster_or_weight_are_left_out() -> None:
    rows = ROWS.assign(firm=[None, *range(13)], size=[1.0] * 13 + [NONE])
    rows.loc[5, "good"] = NONE
    cells = cx.tally(rows, outcome=GOOD, metrics=METRICS, cluster="firm", weight="size")
    compared = compare_on(cells, ["nps"])
    assert (compared.cells.n, compared.n_missing, compared.notes) == (11, 3, ())


REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "a constant": (
        {"metrics": {"flat": cx.NPS, "nps": cx.NPS}},
        TooFewError,
        (
            "The metric 'flat' must take at least two values, but all 14 rows hold 7."
            "\nA constant score predicts nothing: leave it out."
        ),
    ),
    "one class": (
        {"outcome": cx.Binary("always")},
        TooFewError,
        (
            "The outcome 'always' must take both values, each in at least 2 rows, but among the rows with 'nps' 14 are "
            "good and 0 bad.\nUse a longer window, or more customers."
        ),
    ),
    "one event": (
        {"outcome": cx.Binary("once", good=0)},
        TooFewError,
        (
            "The outcome 'once' must take both values, each in at least 2 rows, but among the rows with 'nps' 13 are "
            "good and 1 bad.\nUse a longer window, or more customers."
        ),
    ),
    "no weight": (
        {"weight": "zero"},
        TooFewError,
        (
            "The outcome 'good' must take both values, each in at least 2 rows, but among the rows with 'nps' 0 are "
            "good and 0 bad.\nUse a longer window, or more customers."
        ),
    ),
    "no row": (
        {"outcome": cx.Binary("unknown")},
        TooFewError,
        (
            "No row has both the outcome 'unknown' and 'nps', 'csat', 'effort'."
            "\nCheck how the tables were joined, or compare fewer metrics."
        ),
    ),
    "no outcome": (
        {"outcome": None},
        RoleError,
        'A binary outcome is needed, but none was declared.\nPass outcome=cx.Binary("column", good=1).',
    ),
    "another outcome": (
        {"outcome": cx.Count("good")},
        RoleError,
        'A binary outcome is needed, but Count was given.\nPass outcome=cx.Binary("column", good=1).',
    ),
    "few clusters": (
        {"cluster": "shop"},
        TooFewError,
        (
            "At least 20 clusters are needed for an interval, but there are 2."
            "\nWith fewer, no interval is trustworthy: report the estimates per cluster instead."
        ),
    ),
}


@pytest.mark.parametrize("function", [cx.auc, cx.delong])
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_compared_is_refused(function: Any, kind: str) -> None:
    changed, error, message = REFUSED[kind]
    rows = ROWS.assign(flat=7, always=1, once=[1] + [0] * 13, zero=0.0, shop=[1, 2] * 7, unknown=NONE)
    if function is cx.auc:
        message = message.replace("'nps', 'csat', 'effort'", "'nps'")
    with pytest.raises(error) as caught:
        function(rows, **{"outcome": GOOD, "metrics": METRICS, **changed})
    assert str(caught.value) == message


@pytest.mark.parametrize("function", [cx.auc, cx.delong])
@pytest.mark.parametrize(("good", "better"), [(1, "a better"), (0, "a worse")])
def test_separation_is_refused(function: Any, good: int, better: str) -> None:
    rows = ROWS.assign(asked_after=[10] * 6 + [1] * 8)
    with pytest.raises(SeparationError) as caught:
        function(rows, outcome=cx.Binary("good", good=good), metrics={"csat": cx.CSAT5, "asked_after": cx.NPS})
    assert str(caught.value) == (
        "The metric 'asked_after' must not tell the outcome 'good' apart perfectly, but every row with the good "
        f"outcome has {better} score than every row with the bad one.\nCheck that it was not asked after the "
        "outcome, or computed from it; if neither, the rows are too few for an interval."
    )


def test_one_shared_value_is_no_separation() -> None:
    rows = ROWS.assign(nearly=[10] * 5 + [5, 5] + [1] * 7)
    result = cx.auc(rows, outcome=GOOD, metrics={"nearly": cx.NPS})
    # Of 6 x 8 pairs all are won but one, which is a tie.
    assert result.estimate[0] == pytest.approx(47.5 / 48, rel=1e-15)
    assert result.std_error[0] > 0
