"""The moments of a study: read, joined with the overall rating, counted; what contradicts itself is refused."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxstats as cx

FRAME = pd.DataFrame(
    {
        "visit": [1, 1, 1, 2, 2, 2, 3, 3],
        "guest": ["a", "a", "a", "a", "a", "a", "b", "b"],
        "shop": ["x", "x", "x", "y", "y", "y", "x", "x"],
        "minute": [0, 5, 9, 0, 3, 4, 1, 2],
        "mood": [5, 9, 6, 4, 2, 7, 8, 1],
        "memory": [7, 7, 7, 3, 3, 3, 5, 5],
        "treated": [1, 1, 1, 0, 0, 0, 1, 1],
        "kind": ["real", "real", "real", "real", "real", "real", "test", "test"],
    }
)
RATED = pd.DataFrame({"visit": [1, 2, 4], "memory": [7, 3, 9], "kind": ["first", "first", "first"]})
FILE = """
cxstats = 1
[study]
title = "Visits"
evidence = "simulated"
rows = "visits"
[table.visits]
file = "visits.csv"
[table.ratings]
file = "ratings.csv"
[moments]
sequence = "visit"
order = "minute"
value = "mood"
neutral = 5
overall = "memory"
scale = [0, 10]
overall_scale = [1, 9]
higher_is_better = true
person = "guest"
stimulus = "shop"
treated = "treated"
same_sitting = true
table = "visits"
overall_table = "ratings"
"""


def declared(**more: Any) -> cx.Moments:
    given: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "neutral": 5, "overall": "memory"}
    return cx.Moments(**{**given, **more})


def in_python(moments: Any = None, **more: Any) -> cx.Study:
    given: dict[str, Any] = {"tables": {"visits": FRAME}, "moments": declared() if moments is None else moments}
    return cx.Study(**{**given, "evidence": "simulated", **more})


def from_file(folder: Path, text: str) -> cx.Study:
    FRAME.drop(columns="memory").to_csv(folder / "visits.csv", index=False)
    RATED.to_csv(folder / "ratings.csv", index=False)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return cx.Study.read(folder / "study.toml")


# --- what is read ----------------------------------------------------------------------------------------------------


def test_the_file_and_python_say_the_same(tmp_path: Path) -> None:
    read = from_file(tmp_path, FILE)
    made = in_python(
        declared(
            scale=cx.Scale(0, 10), overall_scale=cx.Scale(1, 9), person="guest", stimulus="shop", treated="treated",
            same_sitting=True, table="visits", overall_table="ratings",
        ),
        tables={"visits": FRAME.drop(columns="memory"), "ratings": RATED}, rows="visits",
    )  # fmt: skip
    assert read.moments == made.moments
    assert read.unused == ()
    pd.testing.assert_frame_equal(read.moment_rows, made.moment_rows)
    assert read.tables_account == made.tables_account


def test_one_table_is_taken_as_it_is() -> None:
    rows = in_python(declared(person="guest")).moment_rows
    assert rows.columns.tolist() == ["visit", "minute", "mood", "guest", "memory"]
    assert rows.equals(FRAME[rows.columns])


def test_two_tables_are_joined_by_what_names_the_experience() -> None:
    """Visit 3 was not rated: missing. The rating of visit 4, of which there are no moments, has no rows."""
    study = in_python(
        declared(overall_table="ratings"), tables={"visits": FRAME.drop(columns="memory"), "ratings": RATED},
        rows="visits",
    )  # fmt: skip
    rows = study.moment_rows
    assert rows.memory.tolist()[:6] == [7, 7, 7, 3, 3, 3]
    assert rows.memory[6:].isna().all()
    assert [(a.table, a.read, a.used, a.filtered, a.unmatched) for a in study.tables_account] == [
        ("visits", 8, 8, 0, 0), ("ratings", 3, 2, 0, 1),
    ]  # fmt: skip


def test_a_list_of_columns_names_an_experience() -> None:
    frame = FRAME.assign(day=FRAME.visit)
    ratings = frame.groupby(["guest", "day"], as_index=False).memory.first()
    study = in_python(
        declared(sequence=["guest", "day"], overall_table="ratings"),
        tables={"visits": frame.drop(columns="memory"), "ratings": ratings}, rows="visits",
    )  # fmt: skip
    assert study.moment_rows.memory.tolist() == FRAME.memory.tolist()


def test_moments_apart_from_the_analysed_rows() -> None:
    """The customers' table is analysed; the moments have a table of their own, found by their columns."""
    customers = pd.DataFrame({"id": [1, 2], "nps": [3, 9]})
    study = cx.Study(
        tables={"customers": customers, "visits": FRAME}, rows="customers", metrics={"nps": cx.NPS},
        moments=declared(), evidence="simulated",
    )  # fmt: skip
    assert study.moment_rows.equals(FRAME[study.moment_rows.columns])
    assert study.cells(None, metrics=("nps",)).n == 2
    accounts = {a.table: (a.read, a.used, a.filtered) for a in study.tables_account}
    assert accounts == {"customers": (2, 2, 0), "visits": (8, 8, 0)}


def test_a_filter_of_a_table_keeps_its_rows_and_they_add_up(tmp_path: Path) -> None:
    text = FILE.replace('file = "visits.csv"', 'file = "visits.csv"\nwhere = { kind = ["real"] }')
    study = from_file(tmp_path, text.replace('file = "ratings.csv"', 'file = "ratings.csv"\nwhere = { visit = [1] }'))
    rows = study.moment_rows
    assert sorted(set(rows.visit)) == [1, 2]
    assert rows.memory.isna().sum() == 3
    accounts = {a.table: a for a in study.tables_account}
    assert (accounts["visits"].read, accounts["visits"].used, accounts["visits"].filtered) == (8, 6, 2)
    assert (accounts["ratings"].read, accounts["ratings"].used, accounts["ratings"].filtered) == (3, 1, 2)
    for account in accounts.values():
        assert account.read == account.used + account.filtered + account.superseded + account.unmatched


def test_without_an_overall_rating_the_section_is_only_checked(tmp_path: Path) -> None:
    keys = ("overall", "overall_scale", "overall_table")
    text = "\n".join(line for line in FILE.splitlines() if line.split(" ")[0] not in keys)
    study = from_file(tmp_path, text)
    assert study.moments is None
    assert study.unused == ("moments",)
    assert study.moment_rows is None
    with pytest.raises(cx.StudyError, match=r"moments\.value: 'moood' is not a column of table 'visits'"):
        from_file(tmp_path, text.replace('"mood"', '"moood"'))


@pytest.mark.parametrize("key", ["person", "stimulus", "treated", "overall_table"])
def test_without_an_overall_rating_no_key_is_left_unread(tmp_path: Path, key: str) -> None:
    """What is only checked is checked whole: an unknown column or table is told all the same."""
    dropped = ("overall", "overall_scale", *(("overall_table",) if key != "overall_table" else ()))
    lines = [line for line in FILE.splitlines() if line.split(" ")[0] not in dropped]
    text = "\n".join(f'{key} = "nowhere"' if line.startswith(f"{key} =") else line for line in lines)
    told = "overall: is required with overall_table" if key == "overall_table" else f"moments.{key}: 'nowhere' is not a"
    with pytest.raises(cx.StudyError, match=re.escape(told)):
        from_file(tmp_path, text)


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str, str]] = {
    "sequence empty": (
        'sequence = "visit"',
        "sequence = []",
        "moments.sequence: must be a column, or a list of columns, not [].",
    ),
    "sequence number": (
        'sequence = "visit"',
        "sequence = 3",
        "moments.sequence: must be a column, or a list of columns, not 3.",
    ),
    "sequence of numbers": (
        'sequence = "visit"',
        'sequence = ["visit", 3]',
        "moments.sequence: must be a column, or a list of columns, not ['visit', 3].",
    ),
    "sequence absent": (
        'sequence = "visit"\n',
        "",
        "moments.sequence: is required.",
    ),
    "sequence unknown": (
        'sequence = "visit"',
        'sequence = "vist"',
        "moments.sequence: 'vist' is not a column of table 'visits'; nearest: 'visit'.",
    ),
    "order absent": (
        'order = "minute"\n',
        "",
        "moments.order: is required.",
    ),
    "order number": (
        'order = "minute"',
        "order = 1",
        "moments.order: must be text, not 1.",
    ),
    "order unknown": (
        'order = "minute"',
        'order = "minutes"',
        "moments.order: 'minutes' is not a column of table 'visits'; nearest: 'minute'.",
    ),
    "value absent": (
        'value = "mood"\n',
        "",
        "moments.value: is required.",
    ),
    "value list": (
        'value = "mood"',
        'value = ["mood"]',
        "moments.value: must be text, not ['mood'].",
    ),
    "value unknown": (
        'value = "mood"',
        'value = "moood"',
        "moments.value: 'moood' is not a column of table 'visits'; nearest: 'mood'.",
    ),
    "neutral absent": (
        "neutral = 5\n",
        "",
        "moments.neutral: is required.",
    ),
    "neutral text": (
        "neutral = 5",
        'neutral = "middle"',
        "moments.neutral: must be a number, not 'middle'.",
    ),
    "neutral nan": (
        "neutral = 5",
        "neutral = nan",
        "moments.neutral: must be a number, not nan.",
    ),
    "neutral true": (
        "neutral = 5",
        "neutral = true",
        "moments.neutral: must be a number, not True.",
    ),
    "neutral off": (
        "neutral = 5",
        "neutral = 11",
        "moments.neutral: must lie on the scale, 0 to 10, but is 11.",
    ),
    "overall empty": (
        'overall = "memory"',
        'overall = ""',
        "moments.overall: must not be empty.",
    ),
    "overall unknown": (
        'overall = "memory"',
        'overall = "memori"',
        "moments.overall: 'memori' is not a column of table 'ratings'; nearest: 'memory'.",
    ),
    "scale text": (
        "scale = [0, 10]\no",
        'scale = "NPSS"\no',
        "nearest: 'NPS'",
    ),
    "scale turned": (
        "scale = [0, 10]\no",
        "scale = [10, 0]\no",
        "moments.scale: must run from a low to a higher value, not from 10 to 0.",
    ),
    "overall scale turned": (
        "overall_scale = [1, 9]",
        "overall_scale = [9, 1]",
        "moments.overall_scale: must run from a low to a higher value, not from 9 to 1.",
    ),
    "overall scale of parts": (
        "overall_scale = [1, 9]",
        "overall_scale = [1.5, 9]",
        "moments.overall_scale: must have whole bounds, unless whole = false.",
    ),
    "no direction": (
        "higher_is_better = true\n",
        "",
        ("moments.higher_is_better: is required with scale = [low, high]: a direction is declared, never guessed."),
    ),
    "direction text": (
        "higher_is_better = true",
        'higher_is_better = "yes"',
        "moments.higher_is_better: must be true or false, not 'yes'.",
    ),
    "person unknown": (
        'person = "guest"',
        'person = "gest"',
        "moments.person: 'gest' is not a column of table 'visits'; nearest: 'guest'.",
    ),
    "person number": (
        'person = "guest"',
        "person = 1",
        "moments.person: must be text, not 1.",
    ),
    "stimulus unknown": (
        'stimulus = "shop"',
        'stimulus = "shopp"',
        "moments.stimulus: 'shopp' is not a column of table 'visits'; nearest: 'shop'.",
    ),
    "treated unknown": (
        'treated = "treated"',
        'treated = "treatd"',
        "moments.treated: 'treatd' is not a column of table 'visits'; nearest: 'treated'.",
    ),
    "sitting": (
        "same_sitting = true",
        "same_sitting = 1",
        "moments.same_sitting: must be true or false, not 1.",
    ),
    "table unknown": (
        'table = "visits"\n',
        'table = "visit"\n',
        "moments.table: 'visit' is no table of the study; nearest: 'visits'.",
    ),
    "overall table unknown": (
        'overall_table = "ratings"',
        'overall_table = "rating"',
        "moments.overall_table: 'rating' is no table of the study; nearest: 'ratings'.",
    ),
    "unknown key": (
        "same_sitting = true",
        "sitting = true",
        "moments.sitting: is no key of the format; nearest: 'same_sitting'.",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_each_key_that_is_wrong_is_refused_with_its_path(tmp_path: Path, case: str) -> None:
    line, replaced, message = WRONG[case]
    head, section, keys = FILE.partition("[moments]")
    assert keys.count(line) >= 1
    with pytest.raises(cx.StudyError) as refused:
        from_file(tmp_path, head + section + keys.replace(line, replaced, 1))
    assert message in str(refused.value)
    # One thing is wrong, one thing is told; what names an experience is wrong in both tables.
    assert str(refused.value).count("moments.") == (2 if case == "sequence unknown" else 1)


PYTHON: dict[str, tuple[Any, str]] = {
    "no moments": ("visit", "moments: must be cx.Moments(sequence="),
    "sequence": (declared(sequence=()), "moments.sequence: must be a column, or a list of columns, not ()."),
    "sequence name": (declared(sequence=["visit", 1]), "moments.sequence: must be a column, or a list of columns, not"),
    "order": (declared(order=None), "moments.order: must be a name, not None."),
    "value": (declared(value=7), "moments.value: must be a name, not 7."),
    "overall": (declared(overall=""), "moments.overall: must be a name, not ''."),
    "neutral": (declared(neutral="5"), "moments.neutral: must be a number, not '5'."),
    "neutral inf": (declared(neutral=float("inf")), "moments.neutral: must be a number, not inf."),
    "neutral off": (
        declared(neutral=0, scale=cx.Scale(1, 9)), "moments.neutral: must lie on the scale, 1 to 9, but is 0.",
    ),
    "scale": (declared(scale=(0, 10)), "moments.scale: must be a scale such as cx.Scale(0, 10), not (0, 10)."),
    "overall scale": (declared(overall_scale=9), "moments.overall_scale: must be a scale such as cx.Scale(0, 10), not"),
    "person": (declared(person=1), "moments.person: must be a name, not 1."),
    "person unknown": (declared(person="gest"), "moments.person: 'gest' is not a column of table 'visits'; nearest: '"),
    "treated": (declared(treated=""), "moments.treated: must be a name, not ''."),
    "sitting": (declared(same_sitting="no"), "moments.same_sitting: must be true or false, not 'no'."),
    "table": (declared(table="visit"), "moments.table: 'visit' is no table of the study; nearest: 'visits'."),
    "two roles": (declared(order="mood"), "moments.order: must be another column than value, but both are 'mood'."),
    "overall is value": (declared(overall="mood"), "moments.overall: must be another column than value, but both are"),
}  # fmt: skip


@pytest.mark.parametrize("case", PYTHON)
def test_in_python_they_are_refused_alike(case: str) -> None:
    moments, message = PYTHON[case]
    with pytest.raises(cx.StudyError, match=f"^{re.escape(message)}"):
        in_python(moments)


def test_two_ratings_of_one_experience_are_refused() -> None:
    twice = pd.concat([RATED, RATED.head(1).assign(memory=2)])
    message = (
        "moments.overall_table: must have one row per experience, but in 'ratings' 2 rows share theirs with another "
        "one, such as visit 1.\nKeep one of each with where."
    )
    tables = {"visits": FRAME.drop(columns="memory"), "ratings": twice}
    with pytest.raises(cx.StudyError, match=f"^{re.escape(message)}$"):
        in_python(declared(overall_table="ratings"), tables=tables, rows="visits")


def test_ratings_without_the_keys_are_refused() -> None:
    tables = {"visits": FRAME.drop(columns="memory"), "ratings": RATED.rename(columns={"visit": "visitor"})}
    with pytest.raises(cx.StudyError, match=r"'visit' is not a column of table 'ratings'; nearest: 'visitor'\."):
        in_python(declared(overall_table="ratings"), tables=tables, rows="visits")


def test_keys_of_another_type_are_refused_not_silently_unmatched() -> None:
    """Numbers here and text there: no rating would find its visit."""
    tables = {"visits": FRAME.drop(columns="memory"), "ratings": RATED.assign(visit=RATED.visit.astype(str))}
    with pytest.raises(
        cx.StudyError, match=r"^moments\.sequence: 'visit' must be of one kind in both tables, but holds "
    ):
        in_python(declared(overall_table="ratings"), tables=tables, rows="visits")


def test_ratings_of_which_none_is_of_these_experiences_are_refused() -> None:
    tables = {"visits": FRAME.drop(columns="memory"), "ratings": RATED.assign(visit=RATED.visit + 100)}
    with pytest.raises(cx.StudyError, match=r"^moments\.overall_table: no row of 'ratings' has the visit of a moment"):
        in_python(declared(overall_table="ratings"), tables=tables, rows="visits")


def test_a_missing_key_joins_nothing() -> None:
    """A rating without its visit is not the rating of a moment without its visit."""
    visits = FRAME.drop(columns="memory").astype({"visit": float})
    visits.loc[7, "visit"] = None
    ratings = pd.concat([RATED.astype({"visit": float}), pd.DataFrame({"visit": [None], "memory": [1], "kind": ["x"]})])
    study = in_python(declared(overall_table="ratings"), tables={"visits": visits, "ratings": ratings}, rows="visits")
    assert study.moment_rows.memory.isna().tolist() == [False] * 6 + [True] * 2


def test_the_overall_column_may_stand_in_both_tables() -> None:
    """``overall_table`` says whose is meant."""
    tables = {"visits": FRAME.assign(memory=0), "ratings": RATED}
    rows = in_python(declared(overall_table="ratings"), tables=tables, rows="visits").moment_rows
    assert rows.memory.tolist()[:6] == [7, 7, 7, 3, 3, 3]


def test_a_rating_that_is_called_like_a_moments_column_is_refused() -> None:
    """Joined, the two could not be told apart."""
    tables = {"visits": FRAME.drop(columns="memory"), "ratings": RATED.rename(columns={"memory": "minute"})}
    message = r"^moments\.overall: must be another column than order, but both are 'minute'\.$"
    with pytest.raises(cx.StudyError, match=message):
        in_python(declared(overall="minute", overall_table="ratings"), tables=tables, rows="visits")


def test_other_frames_than_pandas_give_the_same_rows() -> None:
    import polars as pl

    rows = in_python(declared(person="guest"), tables={"visits": pl.from_pandas(FRAME)}).moment_rows
    known = in_python(declared(person="guest")).moment_rows
    for name in known:
        assert rows[name].tolist() == known[name].tolist()


def test_what_makes_rows_dependent_must_be_said_of_experiences_too() -> None:
    message = (
        "moments.cluster: must say what makes experiences dependent, since study.cluster = 'guest' says so of rows."
        "\nName that column here, or the person."
    )
    with pytest.raises(cx.StudyError, match=f"^{re.escape(message)}$"):
        in_python(cluster="guest")
    for moments in (declared(cluster="guest"), declared(person="guest")):
        assert in_python(moments, cluster="guest").moments == moments


def test_clusters_of_experiences_reach_the_claims() -> None:
    """Shops of ten visits each: intervals with as many degrees of freedom as shops less one."""
    frame = cx.simulate.visits(400, rng=1).assign(shop=lambda rows: (rows.visit - 1) // 10)
    moments = cx.Moments(sequence="visit", order="minute", value="mood", overall="memory", neutral=5, cluster="shop")
    study = cx.Study(tables={"moments": frame}, moments=moments, evidence="simulated")
    (found,) = (f for f in cx.validate(study, rng=1).findings if f.claim == "end-weight")
    by_hand = cx.memory_effects(
        frame, sequence="visit", order="minute", value="mood", overall="memory", neutral=5, cluster="shop"
    )
    at = by_hand.row("end - start")
    limits = by_hand.confidence_interval()
    assert (found.ci_low, found.ci_high) == pytest.approx((limits.low[at], limits.high[at]), rel=1e-9)
    assert by_hand.df == 39
