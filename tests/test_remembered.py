"""Which sequences are used, how they are turned, and what every method about memory refuses, by its whole message."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, RoleError, ScaleError, TooFewError
from cxstats.methods.memory_contest import memory_contest
from cxstats.methods.memory_effects import memory_effects
from cxstats.methods.moment_kernel import moment_kernel
from cxstats.methods.moment_weights import moment_weights
from cxstats.shared.remembered import MemoryRoles, remembered

EXACT = 1e-12  # values turned on a scale are differences of whole numbers
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}
METHODS = [moment_weights, memory_contest, memory_effects, moment_kernel]


def refused(kind: type[CxStatsError], message: str) -> Any:
    return pytest.raises(kind, match=f"^{re.escape(message)}$")


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    return cx.simulate.visits(160, rng=1)  # type: ignore[no-any-return]


def one_per_visit(frame: pd.DataFrame) -> pd.DataFrame:
    """Every feature that somebody could take for the memory, one row per visit."""
    by_visit = frame.sort_values(["visit", "minute"]).groupby("visit")
    mood = by_visit.mood
    return pd.DataFrame(
        {
            "mean": mood.mean(),
            "end": mood.last(),
            "start": mood.first(),
            "high": mood.max(),
            "low": mood.min(),
            "sum": mood.sum(),
            "peak": mood.agg(lambda one: max(reversed(one.tolist()), key=lambda felt: abs(felt - 5))),
        }
    )


# --- which sequences -------------------------------------------------------------------------------------------------


def test_sequences_used_and_left_out_against_loops(visits: pd.DataFrame) -> None:
    """Short ones, those without rating, person or any value, and those that only lack a value here and there."""
    frame = visits.astype({"mood": float, "guest": float})
    at = {visit: frame.index[frame.visit == visit] for visit in range(1, 9)}
    frame.loc[at[1], "memory"] = np.nan
    frame.loc[at[2], "guest"] = np.nan
    frame.loc[at[3], "mood"] = np.nan
    frame.loc[at[4][2:], "mood"] = np.nan  # two moments are left
    frame = frame.drop(at[5][1:])  # one row is left
    frame.loc[at[6][1:2], "mood"] = np.nan
    frame.loc[at[7][1:], "memory"] = np.nan  # the rating stands in one row only
    found = remembered(frame, MemoryRoles(**ROLES, person="guest"))
    kept = [visit for visit in range(1, 161) if visit not in (1, 2, 3, 4, 5)]
    assert (found.n, found.n_missing, found.n_short, found.n_moments_missing) == (len(kept), 3, 2, 1)
    for i, visit in enumerate(kept):
        one = frame[frame.visit == visit].dropna(subset="mood").sort_values("minute")
        moments = slice(found.moments.first[i], found.moments.first[i + 1])
        assert found.moments.value[moments].tolist() == one.mood.tolist()
        assert found.moments.time[moments].tolist() == one.minute.tolist()
        assert found.overall[i] == visits.memory[visits.visit == visit].iloc[0]
    assert found.person is not None
    assert found.cluster is not None
    guests = [int(frame.guest[frame.visit == visit].iloc[0]) for visit in kept]
    assert pd.crosstab(found.person, guests).gt(0).sum().eq(1).all()
    assert len(set(found.person)) == len(set(guests))
    assert (found.cluster == found.person).all()


def test_what_was_left_out_is_told(visits: pd.DataFrame) -> None:
    frame = visits.astype({"mood": float})
    frame.loc[frame.visit == 1, "memory"] = np.nan
    frame.loc[frame.index[frame.visit == 6][1:], "mood"] = np.nan
    frame.loc[frame.index[frame.visit == 9][:1], "mood"] = np.nan
    frame = frame[(frame.visit != 13) | ~frame.duplicated("visit")]
    result = moment_weights(frame, **ROLES, person="guest", rng=1)
    moments = frame[~frame.visit.isin([1, 6, 13])].mood.notna().sum()
    assert (
        f"157 sequences of {moments:,} moments used, of 40 people, compared with themselves; "
        "1 sequence left out with something missing; 2 sequences left out with fewer than 3 moments; "
        "1 moment left out without a value.\n"
    ) in result.summary()


# --- every engine, every way to say it -------------------------------------------------------------------------------


@pytest.fixture(params=METHODS, ids=lambda method: method.__name__)
def method(request: pytest.FixtureRequest) -> Callable[..., Any]:
    made: Callable[..., Any] = request.param
    if made in (moment_weights, memory_contest):
        return lambda *args, **more: made(*args, **more, rng=1)
    return made


def numbers(result: Any) -> np.ndarray:
    frame = result.to_frame()
    return frame[["estimate", "std_error", "ci_low", "ci_high"]].to_numpy()  # type: ignore[no-any-return]


def test_order_of_rows_engine_and_names_do_not_matter(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    """Shuffled polars rows, dates for minutes, and two columns that name the visit together."""
    expected = numbers(method(visits, **ROLES, person="guest"))
    start = dt.datetime(2024, 5, 1, tzinfo=dt.UTC)
    other = visits.assign(
        day=(visits.visit - 1) % 4 + 1,
        at=[start + dt.timedelta(minutes=int(m)) for m in visits.minute],
        guest=[f"guest {g:03}" for g in visits.guest],
    ).drop(columns=["visit", "minute"])
    shuffled = pl.from_pandas(other.sample(frac=1, random_state=1))
    roles = ROLES | {"sequence": ["guest", "day"], "order": "at"}
    found = numbers(method(shuffled, **roles, person="guest"))
    # The logarithm of the duration moves by a constant (seconds for minutes), which no slope feels, but for rounding.
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)


def test_scales_on_which_up_is_bad_are_turned(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    """Effort for mood and trouble for memory: declared so, results are those of values turned by hand."""
    memory = visits.memory.round().clip(-5, 20)
    whole = visits.assign(memory=memory)
    expected = numbers(
        method(whole, **ROLES | {"overall": cx.Rating("memory", cx.Scale(-5, 20))}, scale=cx.Scale(0, 10))
    )
    turned = whole.assign(mood=10 - whole.mood, memory=15 - memory)
    for overall in (
        cx.Rating("memory", cx.Scale(-5, 20, higher_is_better=False)),
        cx.Continuous("memory", good="low"),
    ):
        effort = cx.Scale(0, 10, higher_is_better=False)
        found = numbers(method(turned, **ROLES | {"overall": overall, "neutral": 5}, scale=effort))
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9, nan_ok=True)
    six = cx.Scale(0, 10, higher_is_better=False)  # a neutral point off the middle is turned with the values
    at_six = numbers(method(whole, **ROLES | {"neutral": 6}, scale=cx.Scale(0, 10)))
    at_four = numbers(method(whole.assign(mood=10 - whole.mood), **ROLES | {"neutral": 4}, scale=six))
    assert at_four == pytest.approx(at_six, rel=1e-7, abs=1e-9, nan_ok=True)


def test_sequences_bring_their_roles(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    made = cx.sequences(visits, sequence="visit", order="minute", value="mood", neutral=5, keep=["memory", "guest"])
    found = numbers(method(made, overall="memory", person="guest"))
    assert found == pytest.approx(numbers(method(visits, **ROLES, person="guest")), rel=EXACT, nan_ok=True)


# --- a memory that is none -------------------------------------------------------------------------------------------

COMPUTED: dict[str, tuple[Callable[[pd.DataFrame], pd.Series], str]] = {
    "last": (lambda one: one["end"], "'last'"),
    "first": (lambda one: one["start"], "'first'"),
    "mean": (lambda one: one["mean"], "'mean'"),
    "mean to two decimals": (lambda one: one["mean"].round(2), "'mean'"),
    "mean as a whole number": (lambda one: one["mean"].round(), "'mean'"),
    "mean in percent": (lambda one: 10 * one["mean"] + 3, "'mean'"),
    "bad for good": (lambda one: 10 - one["mean"], "'mean'"),
    "sum": (lambda one: one["sum"], "'sum'"),
    "peak": (lambda one: one["peak"], "'peak'"),
    "highest": (lambda one: one["high"], "'highest'"),
    "lowest": (lambda one: one["low"], "'lowest'"),
    "peak-end": (lambda one: (one["peak"] + one["end"]) / 2, "'peak', 'last'"),
    "mix to two decimals": (
        lambda one: (0.31 * one["peak"] + 0.23 * one["end"] + 0.4 * one["mean"]).round(2),
        "'mean', 'peak', 'last'",
    ),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_a_number_computed_from_the_moments_is_refused(visits: pd.DataFrame, name: str) -> None:
    made, told = COMPUTED[name]
    frame = visits.assign(memory=visits.visit.map(made(one_per_visit(visits))))
    message = (
        "'memory' must be a rating of its own, but in all 160 sequences it follows to its last digit from the moments "
        f"({told}).\nWhat was computed from the moments is no memory: pass what people said of the experience "
        "afterwards."
    )
    with refused(ColumnError, message):
        remembered(frame, MemoryRoles(**ROLES))


def test_a_computed_memory_is_refused_by_every_method(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    frame = visits.assign(memory=visits.visit.map(one_per_visit(visits)["end"]))
    message = (
        "'memory' must be a rating of its own, but in all 160 sequences it follows to its last digit from the moments "
        "('last').\nWhat was computed from the moments is no memory: pass what people said of the experience "
        "afterwards."
    )
    for person in (None, "guest"):
        with refused(ColumnError, message):
            method(frame, **ROLES, person=person)


def test_a_memory_near_a_rule_is_none_that_is_computed(visits: pd.DataFrame) -> None:
    """One person in a hundred and sixty who remembers otherwise; and whole numbers that often are the mean's."""
    one = one_per_visit(visits)
    last = one["end"].copy()
    last.iloc[0] -= 1
    near = one["mean"].round()
    near.iloc[3] += 1
    for memory in (last, near, one["mean"] + np.random.default_rng(1).normal(0, 0.05, 160)):
        assert remembered(visits.assign(memory=visits.visit.map(memory)), MemoryRoles(**ROLES)).n == 160


# --- bad input -------------------------------------------------------------------------------------------------------


def test_nothing_but_short_sequences(visits: pd.DataFrame) -> None:
    two = visits[visits.groupby("visit").cumcount() < 2]
    message = (
        "At least one sequence of 3 or more moments with an overall rating is needed, but of 160 sequences there is "
        "none.\nWith fewer moments, peak, end and mean are nearly the same, and no rule can be told from another."
    )
    with refused(TooFewError, message):
        remembered(two, MemoryRoles(**ROLES))


def test_no_overall_rating_at_all(visits: pd.DataFrame) -> None:
    message = (
        "At least one sequence of 3 or more moments with an overall rating is needed, but of 160 sequences there is "
        "none.\nWith fewer moments, peak, end and mean are nearly the same, and no rule can be told from another."
    )
    with refused(TooFewError, message):
        remembered(visits.assign(memory=np.nan), MemoryRoles(**ROLES))


def test_an_overall_rating_that_does_not_vary(visits: pd.DataFrame) -> None:
    message = (
        "The overall rating 'memory' must take at least two values, but all 160 sequences hold the same.\n"
        "There is nothing to explain."
    )
    with refused(TooFewError, message):
        remembered(visits.assign(memory=7.1), MemoryRoles(**ROLES))


def test_an_overall_rating_that_does_not_vary_within_people(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    message = (
        "People are compared with themselves, so 'memory' must differ between sequences of one person, but none of 40 "
        "people rated two of theirs differently.\nLeave person out to compare people with each other, and pass "
        'cluster="guest".'
    )
    with refused(TooFewError, message):
        method(visits.assign(memory=np.log(visits.guest)), **ROLES, person="guest")


def test_an_overall_rating_off_its_scale(visits: pd.DataFrame) -> None:
    memory = visits.memory.round().clip(1, 7).where(visits.visit > 2, 9)
    message = (
        "'memory' must hold whole numbers 1 to 7 (its scale), but 2 of 160 rows do not: 9 (2 rows).\n"
        'Recode or drop them, or pass overall=Rating("memory", Scale(1, 9)).'
    )
    roles = ROLES | {"overall": cx.Rating("memory", cx.Scale(1, 7))}
    with refused(ScaleError, message):
        remembered(visits.assign(memory=memory), MemoryRoles(**roles))


def test_an_overall_rating_in_words(visits: pd.DataFrame) -> None:
    frame = visits.assign(memory=np.where(visits.visit > 3, "good", "bad"))
    message = (
        "'memory' must hold numbers, but it holds text: 'good' (157 rows), 'bad' (3 rows).\n"
        "Recode it to numbers first; a score that was not given is a missing value."
    )
    with refused(ColumnError, message):
        remembered(frame, MemoryRoles(**ROLES))


def test_an_overall_rating_that_changes_within_a_sequence(visits: pd.DataFrame) -> None:
    frame = visits.assign(memory=visits.memory.round(1))
    frame.loc[frame.index[frame.visit == 7][0], "memory"] = -50
    before = float(visits.memory[visits.visit == 7].iloc[0].round(1))
    message = (
        "'memory' must hold one value per sequence, but in 1 of 160 sequences it changes: visit 7 "
        f"(-50, {before:g}).\nSettle on one value per sequence first."
    )
    with refused(ColumnError, message):
        remembered(frame, MemoryRoles(**ROLES))


def test_endless_overall_ratings(visits: pd.DataFrame) -> None:
    with refused(ColumnError, "'memory' must hold finite numbers.\nSet the infinite ones to missing."):
        remembered(visits.assign(memory=visits.memory.where(visits.visit > 3, np.inf)), MemoryRoles(**ROLES))


def test_an_overall_rating_that_is_no_outcome(visits: pd.DataFrame) -> None:
    message = (
        "overall must be a column, a Rating or a Continuous outcome, but Binary(kind='behaviour', starts=None, "
        "after=False, column='memory', good=1) was given.\n"
        'Pass overall="verdict", or overall=cx.Rating("verdict", cx.Scale(1, 7)).'
    )
    with refused(RoleError, message):
        remembered(visits, MemoryRoles(**ROLES | {"overall": cx.Binary("memory")}))


def test_people_with_one_sequence_each(visits: pd.DataFrame) -> None:
    message = (
        "People are compared with themselves, so some must have two sequences or more, but 'visit' holds 160 people "
        "for 160 sequences.\nLeave person out, or check the column."
    )
    with refused(TooFewError, message):
        remembered(visits, MemoryRoles(**ROLES, person="visit"))


def test_people_split_between_clusters(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    message = (
        "A person must lie within one cluster, but 40 of 40 people have sequences in several of 'film'.\n"
        "Leave cluster out: people are the clusters then."
    )
    with refused(RoleError, message):
        method(visits.assign(film=visits.visit % 30), **ROLES, person="guest", cluster="film")


@pytest.mark.parametrize("role", ["person", "cluster"])
def test_columns_that_are_not_there(visits: pd.DataFrame, role: str) -> None:
    message = (
        "'gest' is not a column of the data, which holds 'visit', 'guest', 'minute', 'mood', 'memory', 'treated'.\n"
        "Nearest to 'gest': 'guest'."
    )
    with refused(ColumnError, message):
        remembered(visits, MemoryRoles(**ROLES | {role: "gest"}))


def test_moments_without_their_roles(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    message = (
        "Moments need sequence, order, value and neutral: which experience, when, what was felt, and which value is "
        "neither good nor bad.\nOnly the result of cx.sequences(...) brings them along."
    )
    with refused(RoleError, message):
        method(visits, sequence="visit", order="minute", value="mood", overall="memory")


NO_GROUPS = "'treated' must hold 0 and 1 (or false and true).\nRecode it: 1 where the end was changed."
ONE_GROUP = "'treated' must hold both groups, but all 160 sequences hold 1."
TREATED = [
    (lambda frame: frame.visit % 3, ColumnError, NO_GROUPS),
    (lambda frame: np.where(frame.visit % 2 == 0, "milder", "plain"), ColumnError, NO_GROUPS),
    (lambda frame: frame.visit * 0 + 1, TooFewError, ONE_GROUP),
]


@pytest.mark.parametrize(("column", "kind", "message"), TREATED, ids=["three", "words", "one group"])
def test_groups_that_are_none(
    visits: pd.DataFrame, column: Callable[[pd.DataFrame], Any], kind: type[CxStatsError], message: str
) -> None:
    with refused(kind, message):
        remembered(visits.assign(treated=column(visits)), MemoryRoles(**ROLES, treated="treated"))


def test_groups_as_booleans(visits: pd.DataFrame) -> None:
    one = remembered(visits, MemoryRoles(**ROLES, treated="treated"))
    two = remembered(visits.astype({"treated": bool}), MemoryRoles(**ROLES, treated="treated"))
    assert one.treated is not None
    assert two.treated is not None
    assert one.treated.tolist() == two.treated.tolist()
    assert one.treated.sum() == 80


def test_too_few_sequences(visits: pd.DataFrame, method: Callable[..., Any]) -> None:
    with pytest.raises(TooFewError) as caught:
        method(visits[visits.visit <= 19], **ROLES)
    assert re.fullmatch(
        r"At least 10 sequences per coefficient are needed, (3|4)0 for (3|4), but 19 can be used\.\nCollect more\.",
        str(caught.value),
    )
