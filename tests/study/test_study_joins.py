"""Filters, joins and picks on drawn tables, against loops over rows."""

from collections import Counter
from typing import Any

import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st

import cxstats as cx
from cxstats.study.parts import StudyOutcome, Table

KEY = st.sampled_from([None, "a", "b", "c", "d"])
ANSWER = st.tuples(KEY, st.sampled_from(["nps", "csat"]), st.sampled_from([None, 1, 3, 5, 99]), st.booleans())
CUSTOMER = st.tuples(KEY, st.sampled_from(["yes", "no", None]), st.sampled_from(["in", "out"]), st.integers(1, 9))
PICKS = {"last": max, "first": min}


def scored(answers: list[tuple[Any, ...]], key: str | None, metric: str, pick: str) -> float | None:
    """The picked answer of one customer: its place in the list is its time."""
    own = [i for i, (who, which, _, shown) in enumerate(answers) if who == key and key and which == metric and shown]
    value = answers[PICKS[pick](own)][2] if own else None
    return None if value == 99 else value


@given(
    customers=st.lists(CUSTOMER, min_size=1, max_size=12),
    answers=st.lists(ANSWER, min_size=1, max_size=25),
    pick=st.sampled_from(["first", "last"]),
    shuffled=st.randoms(use_true_random=False),
)
def test_study_against_rows(customers: Any, answers: Any, pick: str, shuffled: Any) -> None:
    wanted = {"nps", "csat"} <= {a[1] for a in answers} and any(a[3] for a in answers)
    assume(wanted and any(c[2] == "in" for c in customers))  # a filter that keeps nothing is refused: tested elsewhere
    order = list(range(len(answers)))
    shuffled.shuffle(order)
    columns = ["who", "metric", "value", "shown"]
    table = pd.DataFrame([(*answers[i], i) for i in order], columns=[*columns, "t"])
    study = cx.Study(
        tables={
            "customers": Table(
                pd.DataFrame(customers, columns=["id", "again", "group", "order"]),
                key="id",
                time="order",
                where={"group": ["in"]},
            ),
            "answers": Table(table, key="who", time="t", pick=pick, where={"shown": [True]}),  # type: ignore[arg-type]
        },
        rows="customers",
        cluster="id",
        metrics={
            name: cx.Metric(column="value", scale=cx.CSAT5, table="answers", where={"metric": [name]}, missing=[99])
            for name in ("nps", "csat")
        },
        outcomes={"again": StudyOutcome(cx.Binary("again", after=True), labels={"yes": 1, "no": 0})},
    )
    expected = Counter(
        (key, {"yes": 1, "no": 0}.get(again), *(scored(answers, key, m, pick) for m in ("nps", "csat")))
        for key, again, group, _ in customers
        if group == "in"
    )
    frame = study.cells("again", metrics=["nps", "csat"]).expand()
    rows = frame[["cluster", "again", "nps", "csat"]].astype(object).where(frame.notna(), None)
    assert Counter(rows.itertuples(index=False, name=None)) == expected
    known = {key for key, _, group, _ in customers if group == "in" and key}
    shown = [(who, which) for who, which, _, visible in answers if visible]
    found = study.tables_account[1]
    assert found.filtered == len(answers) - len(shown)
    assert found.unmatched == sum(who not in known for who, _ in shown)
    assert found.used == len({pair for pair in shown if pair[0] in known})
    assert found.read == found.used + found.filtered + found.superseded + found.unmatched
