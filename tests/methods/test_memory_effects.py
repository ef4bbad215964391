"""What goes with memory beyond peak and end, against R and loops over rows, and in simulations with known truth."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import CxStatsWarning, RoleError, TooFewError
from cxstats.methods.memory_effects import BETWEEN, MIXED, ROBUST, MemoryEffects, memory_effects

REFERENCES = Path(__file__).parents[1] / "references"
CLIMBED = 1e-6  # lme4 stops its climb where the likelihood is flat to 1e-12: ratios of variances then hold to 1e-6
ROUNDING = 1e-9
STEP, BY_STEP = 1e-4, 1e-6  # of a sequence's weight, and what is left of higher terms
MC_ERRORS = 4
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}
Array = NDArray[np.float64]

# Features in the model, contrast, whose standard deviation is the unit: written down again, not taken from the method.
QUESTIONS: Mapping[str, tuple[tuple[str, ...], tuple[float, ...], tuple[str, ...]]] = {
    "peak": (("peak", "end", "mean"), (1, 0, 0), ("peak",)),
    "end": (("peak", "end", "mean"), (0, 1, 0), ("end",)),
    "mean": (("peak", "end", "mean"), (0, 0, 1), ("mean",)),
    "log duration": (("peak", "end", "mean", "log duration"), (0, 0, 0, 1), ("log duration",)),
    "end - start": (("start", "middle", "end"), (-1, 0, 1), ("end", "start")),
    "end - middle": (("start", "middle", "end"), (0, -1, 1), ("end", "middle")),
    "worst - best": (("worst", "best"), (1, -1), ("worst", "best")),
    "bad peak - good peak": (("bad peak", "good peak", "end", "mean"), (1, -1, 0, 0), ("bad peak", "good peak")),
    "bad end - good end": (("peak", "bad end", "good end", "mean"), (0, 1, -1, 0), ("bad end", "good end")),
    "trend": (("peak", "end", "mean", "trend"), (0, 0, 0, 1), ("trend",)),
}


def by_loops(frame: pd.DataFrame, value: str = "mood", order: str = "minute", neutral: float = 5) -> pd.DataFrame:
    """One row per visit: all features, what was remembered, and by whom."""
    ordered = frame.sort_values(["visit", order])
    moods: dict[Any, list[tuple[float, float]]] = {}
    said: dict[Any, tuple[float, Any]] = {}
    for visit, at, mood, memory, guest in zip(
        ordered.visit, ordered[order], ordered[value], ordered.memory, ordered.guest, strict=True
    ):
        moods.setdefault(visit, []).append((float(at), float(mood)))
        said[visit] = (memory, guest)
    found = []
    for visit, pairs in moods.items():
        felt, time = [mood for _, mood in pairs], [at for at, _ in pairs]
        peak = felt[0]
        for one in felt[1:]:
            if abs(one - neutral) >= abs(peak - neutral):
                peak = one
        half, middle = (time[0] + time[-1]) / 2, 0
        for k in range(len(time)):
            if abs(time[k] - half) < abs(time[middle] - half):
                middle = k
        found.append(
            {
                "n": len(felt),
                "peak": peak,
                "end": felt[-1],
                "mean": np.mean(felt),
                "log duration": np.log(time[-1] - time[0]),
                "start": felt[0],
                "middle": felt[middle],
                "worst": min(felt),
                "best": max(felt),
                "bad peak": min(peak - neutral, 0),
                "good peak": max(peak - neutral, 0),
                "bad end": min(felt[-1] - neutral, 0),
                "good end": max(felt[-1] - neutral, 0),
                "trend": np.polyfit((np.array(time) - time[0]) / (time[-1] - time[0]), felt, 1)[0],
                "memory": said[visit][0],
                "guest": said[visit][1],
            }
        )
    return pd.DataFrame(found)


def of_person(rows: pd.DataFrame, name: str) -> Array:
    return (rows[name] - rows.groupby("guest")[name].transform("mean")).to_numpy()


def slope(rows: pd.DataFrame, term: str, *, person: bool, weight: Array | None = None) -> float:
    """A standardised slope by statsmodels; with people from dummies of them, deviations by the unweighted means."""
    features, contrast, unit = QUESTIONS[term]
    columns = {name: of_person(rows, name) if person else rows[name].to_numpy() for name in (*features, "memory")}
    mass = np.ones(len(rows)) if weight is None else weight
    design = sm.add_constant(np.column_stack([columns[name] for name in features]))
    slopes = np.asarray(sm.WLS(columns["memory"], design, weights=mass).fit().params)[1:]
    spread = {
        name: np.average((x - np.average(x, weights=mass)) ** 2, weights=mass)
        for name, x in columns.items()
        if name in (*unit, "memory")
    }
    return float(np.dot(contrast, slopes) * np.sqrt(np.mean([spread[one] for one in unit]) / spread["memory"]))


def errors_of(rows: pd.DataFrame, term: str, group: Array | None, *, person: bool) -> float:
    """Standard error from weighing each group of sequences a little more, G / (G - 1)."""
    groups = np.arange(len(rows)) if group is None else group
    moved = []
    for one in np.unique(groups):
        up, down = (slope(rows, term, person=person, weight=np.where(groups == one, 1 + h, 1.0)) for h in (STEP, -STEP))
        moved.append((up - down) / (2 * STEP))
    return float(np.sqrt(np.square(moved).sum() * len(moved) / (len(moved) - 1)))


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.visits(200, rng=1, guest_memory=1, moments=(3, 8), log_duration=0.3)
    return frame.assign(town=frame.guest - frame.guest % 2)


@pytest.fixture(scope="module")
def result(visits: pd.DataFrame) -> MemoryEffects:
    return memory_effects(visits, **ROLES, person="guest")


# --- against loops ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", QUESTIONS)
def test_people_compared_with_themselves_against_statsmodels(
    visits: pd.DataFrame, result: MemoryEffects, term: str
) -> None:
    rows = by_loops(visits)
    if term == "trend":  # needs four moments; people's means are those of what is left
        rows = rows[rows.n >= 4].reset_index(drop=True)
        alone = rows.groupby("guest").guest.transform("size") == 1
        assert not alone.any()
    at = result.row(term)
    known = slope(rows, term, person=True)
    spread = errors_of(rows, term, rows.guest.to_numpy(), person=True)
    assert result.estimate[at] == pytest.approx(known, abs=ROUNDING)
    assert result.std_error[at] == pytest.approx(spread, rel=BY_STEP)
    assert result.degrees[at] == 49
    limits = result.confidence_interval(0.9)
    half = t.ppf(0.95, 49) * spread
    assert (limits.low[at], limits.high[at]) == pytest.approx((known - half, known + half), abs=1e-6)
    assert result.p_value[at] == pytest.approx(2 * t.sf(abs(known) / spread, 49), rel=1e-4)


def test_slopes_are_those_of_least_squares_with_dummies(visits: pd.DataFrame, result: MemoryEffects) -> None:
    rows = by_loops(visits)
    dummies = pd.get_dummies(rows.guest, drop_first=True, dtype=float)
    design = sm.add_constant(pd.concat([rows[["peak", "end", "mean"]], dummies], axis=1)).to_numpy()
    fit = sm.OLS(rows.memory.to_numpy(), design).fit()
    unit = of_person(rows, "end").std() / of_person(rows, "memory").std()
    assert result.estimate[result.row("end")] == pytest.approx(fit.params[2] * unit, abs=ROUNDING)


@pytest.mark.parametrize("cluster", [None, "guest"])
def test_everybody_for_themselves_against_statsmodels(visits: pd.DataFrame, cluster: str | None) -> None:
    found = memory_effects(visits, **ROLES, cluster=cluster)
    assert set(found.model) == {ROBUST}
    for term in ("mean", "end - start", "bad peak - good peak", "trend"):
        rows = by_loops(visits)
        if term == "trend":
            rows = rows[rows.n >= 4]
        at = found.row(term)
        group = None if cluster is None else rows.guest.to_numpy()
        spread = errors_of(rows, term, group, person=False)
        if term == "trend" and group is None:  # n / (n - 1) counts the shorter sequences too: they add 0
            spread *= np.sqrt((200 / 199) / (len(rows) / (len(rows) - 1)))
        assert found.estimate[at] == pytest.approx(slope(rows, term, person=False), abs=ROUNDING)
        assert found.std_error[at] == pytest.approx(spread, rel=BY_STEP)
        critical = norm.ppf(0.975) if cluster is None else t.ppf(0.975, 49)
        high = found.confidence_interval().high[at]
        assert high == pytest.approx(found.estimate[at] + critical * found.std_error[at], rel=ROUNDING)


def test_people_in_towns_against_statsmodels(visits: pd.DataFrame) -> None:
    """A cluster above the people: sums per town; random intercepts do not know towns, so there are none."""
    with pytest.warns(CxStatsWarning, match="26 clusters are few"):
        found = memory_effects(visits, **ROLES, person="guest", cluster="town")
    rows = by_loops(visits)
    town = (rows.guest - rows.guest % 2).to_numpy()
    at = found.row("mean")
    assert found.std_error[at] == pytest.approx(errors_of(rows, "mean", town, person=True), rel=BY_STEP)
    assert set(found.model) == {ROBUST}


# --- against R -------------------------------------------------------------------------------------------------------

DESIGNS: dict[str, dict[str, Any]] = {
    "person": {"person": "person"},
    "both": {"person": "person", "stimulus": "film"},
    "stimulus": {"stimulus": "film"},
}


@pytest.mark.filterwarnings("ignore:22 clusters are few")
@pytest.mark.parametrize("design", DESIGNS)
def test_random_intercepts_against_lme4(design: str) -> None:
    """Estimates, errors and Satterthwaite's degrees of freedom of lme4 and lmerTest, features by loops in R."""
    rows = pd.read_csv(REFERENCES / "memory_effects_rows.csv", comment="#")
    known = pd.read_csv(REFERENCES / "memory_effects.csv", comment="#")
    known = known[known.design == design].set_index("term")
    found = memory_effects(rows, **ROLES, **DESIGNS[design])
    assert list(known.index) == list(QUESTIONS)
    for term in known.index:
        at = found.row(term, MIXED)
        assert found.estimate[at] == pytest.approx(known.estimate[term], rel=CLIMBED, abs=CLIMBED)
        assert found.std_error[at] == pytest.approx(known.std_error[term], rel=CLIMBED)
        assert found.degrees[at] == pytest.approx(known.df[term], rel=CLIMBED)
        ratio = known.estimate[term] / known.std_error[term]
        assert found.p_value[at] == pytest.approx(2 * t.sf(abs(ratio), known.df[term]), rel=1e-4)


# --- what cannot be told ---------------------------------------------------------------------------------------------


def test_a_length_that_does_not_vary_within_people_is_left_out() -> None:
    """Across people it varies, but people are compared with themselves."""
    eight: pd.DataFrame = cx.simulate.visits(165, rng=1, moments=(8, 8), per_guest=3)
    minute = eight.groupby("visit").cumcount() * (1.7 + eight.guest % 5)
    found = memory_effects(eight.assign(minute=minute), **ROLES, person="guest")
    assert "log duration" not in found.term
    why = "Every predictor must vary, but 'log duration' holds the same value in all rows"
    assert found.left_out == {"log duration": why}
    assert found.summary().splitlines()[2 + len(found.term)] == f"Left out: 'log duration': {why}."


def test_no_trend_of_three_moments() -> None:
    three: pd.DataFrame = cx.simulate.visits(160, rng=1, moments=(3, 3))
    found = memory_effects(three, **ROLES, person="guest")
    assert "trend" not in found.term
    assert found.left_out == {"trend": "At least 40 sequences of 4 or more moments are needed, but there are 0"}


def test_moods_that_are_all_good() -> None:
    """Without a bad moment nothing is known of bad ones; the rest stands."""
    frame: pd.DataFrame = cx.simulate.visits(160, rng=1)
    found = memory_effects(frame.assign(mood=frame.mood.clip(6, None)), **ROLES, person="guest")
    assert set(found.left_out) == {"bad peak - good peak", "bad end - good end"}
    assert "Every predictor must vary, but 'bad peak' holds" in found.left_out["bad peak - good peak"]


def test_random_intercepts_that_cannot_be_told_leave_the_robust_rows(visits: pd.DataFrame) -> None:
    """One film for all: its variance cannot be told, but no robust row is said to be missing for that."""
    found = memory_effects(visits.assign(film="the same"), **ROLES, person="guest", stimulus="film")
    assert found.term == tuple(QUESTIONS)
    assert set(found.model) == {ROBUST}
    assert list(found.left_out) == [f"{term} ({MIXED})" for term in QUESTIONS]
    told = [line for line in found.summary().splitlines() if line.startswith("Left out")]
    assert len(told) == 2  # the trend stands on fewer sequences, and says so
    assert told[0] == (
        "Left out: 'peak', 'end', 'mean', 'log duration', 'end - start', 'end - middle', 'worst - best', "
        "'bad peak - good peak', 'bad end - good end' (random intercepts): 'stimulus' must have at least 2 levels, "
        "some of them with several rows, but it has 1 in 200 rows."
    )


def test_nine_people_have_no_random_intercepts() -> None:
    frame: pd.DataFrame = cx.simulate.visits(90, rng=2, per_guest=10)
    note = "9 people or clusters are too few (fewer than 20) for robust intervals."
    with pytest.warns(CxStatsWarning, match=f"^{re.escape(note)}$"):
        found = memory_effects(frame, **ROLES, person="guest")
    assert set(found.model) == {ROBUST}
    assert np.isnan(found.std_error).all()
    assert found.notes == (note,)
    assert found.summary().endswith(f"\nNote: {note}")


def test_ten_people_have_random_intercepts_only() -> None:
    frame: pd.DataFrame = cx.simulate.visits(100, rng=2, per_guest=10)
    with pytest.warns(CxStatsWarning, match="^10 people or clusters are too few"):
        found = memory_effects(frame, **ROLES, person="guest")
    mixed = np.array([model != ROBUST for model in found.model])
    assert np.isnan(found.std_error[~mixed]).all()
    assert np.isfinite(found.std_error[mixed]).all()


def test_people_with_one_visit_are_no_clusters(visits: pd.DataFrame, result: MemoryEffects) -> None:
    alone: pd.DataFrame = cx.simulate.visits(100, rng=2, per_guest=1)
    alone[["visit", "guest"]] += 1000
    found = memory_effects(pd.concat([visits, alone]), **ROLES, person="guest")
    robust = np.array([model == ROBUST for model in found.model])
    own = np.array([model == ROBUST for model in result.model])
    assert found.estimate[robust] == pytest.approx(result.estimate[own], abs=ROUNDING)
    assert found.std_error[robust] == pytest.approx(result.std_error[own], rel=ROUNDING)
    assert found.degrees[robust] == pytest.approx(result.degrees[own])


# --- what is printed -------------------------------------------------------------------------------------------------


def test_summary(visits: pd.DataFrame, result: MemoryEffects) -> None:
    lines = result.summary().splitlines()
    assert len(lines) == 2 + 23 + 3
    assert lines[0].split()[:2] == ["term", "model"]
    assert lines[2].startswith("peak ")
    assert lines[12].startswith("peak                  random intercepts ")
    assert lines[22].startswith("peak                  between people ")
    assert lines[25] == f"200 sequences of {len(visits):,} moments used, of 50 people, compared with themselves."
    assert lines[26].startswith("The peak is the latest of several equally far moments in ")
    assert lines[27] == (
        "Standardised least squares, robust; restricted maximum likelihood with random intercepts. "
        "Mundlak (1978), doi:10.2307/1913646"
    )


# --- published data --------------------------------------------------------------------------------------------------


def test_days_of_people(real_data: Callable[[str], Path]) -> None:
    """m-Path: with random intercepts the mean of the day counts beyond peak and end, and these do not."""
    given = pd.read_csv(real_data("mpath_esm/mpath_esm.csv.gz"))
    evening = given[given.questionnaire == "evening_questionnaire"]
    verdict = evening.dropna(subset="evening_slider_happy").set_index(["participant", "day_n"]).evening_slider_happy
    main = given[(given.questionnaire == "main_questionnaire") & given.slider_happy.notna()]
    days = main.join(verdict.rename("verdict"), on=["participant", "day_n"]).dropna(subset="verdict")
    days = days[days.groupby(["participant", "day_n"]).slider_happy.transform("size") >= 3]
    with pytest.warns(CxStatsWarning, match="too few"):
        found = memory_effects(
            days,
            sequence=["participant", "day_n"],
            order="obs_n_day",
            value="slider_happy",
            overall="verdict",
            neutral=50,
            person="participant",
        )
    assert (found.n, found.n_people) == (134, 18)
    assert found.p_value[found.row("mean", MIXED)] < 0.001
    assert found.p_value[found.row("peak", MIXED)] > 0.05
    assert found.p_value[found.row("end", MIXED)] > 0.05


# --- in simulation ---------------------------------------------------------------------------------------------------


def rejected(runs: int, terms: list[str], model: str, **truth: Any) -> Array:
    """How often each term's test says that it is not 0."""
    wrong = np.zeros(len(terms))
    for seed in range(runs):
        found = memory_effects(cx.simulate.visits(160, rng=seed, **truth), **ROLES, person="guest")
        wrong += [found.p_value[found.row(term, model)] < 0.05 for term in terms]
    return wrong / runs


NOTHING: dict[str, tuple[dict[str, float], list[str]]] = {
    "mean": ({"mean": 1.0}, ["peak", "end", "trend", "end - start"]),
    "rule": (
        {"peak": 0.5, "end": 0.5},
        ["mean", "trend", "log duration", "bad peak - good peak", "bad end - good end"],
    ),
    "nothing": ({}, ["peak", "end", "mean", "log duration", "end - start", "worst - best", "trend"]),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("differ", [False, True])
def test_what_does_not_count_is_rejected_in_5_percent_in_simulation(
    name: str, differ: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is the mean, or peak and end, or nothing of it; with people whose spirits raise both, and without."""
    monkeypatch.setattr("cxstats.methods.memory_effects.FEWEST_PEOPLE", 10**6)  # no random intercepts, for speed
    weights, terms = NOTHING[name]
    people = {"guest_mood": 1.5, "guest_memory": 2.0} if differ else {"guest_mood": 0.0}
    runs = 120
    found = rejected(runs, terms, ROBUST, weights=weights, **people)
    assert dict(zip(terms, found, strict=True)) == pytest.approx(
        dict.fromkeys(terms, 0.05), abs=MC_ERRORS * np.sqrt(0.05 * 0.95 / runs)
    )


def test_random_intercepts_reject_5_percent_in_simulation() -> None:
    terms, runs = ["peak", "end", "trend", "end - start"], 60
    found = rejected(runs, terms, MIXED, weights={"mean": 1.0}, guest_mood=1.5, guest_memory=2.0)
    assert found == pytest.approx(np.full(4, 0.05), abs=MC_ERRORS * np.sqrt(0.05 * 0.95 / runs))


def test_what_counts_is_found_in_simulation() -> None:
    """In a large sample every slope comes out as it must."""
    frame: pd.DataFrame = cx.simulate.visits(
        4_000, rng=1, weights={"peak": 0.4, "end": 0.5, "trend": 0.2}, log_duration=0.5, guest_memory=2.0
    )
    found = memory_effects(frame, **ROLES, person="guest")
    for term in ("peak", "end", "log duration", "trend", "end - start", "end - middle"):
        for model in (ROBUST, MIXED):
            assert found.confidence_interval(0.999).low[found.row(term, model)] > 0


def test_what_the_mean_alone_gives_in_simulation() -> None:
    """Where memory is the mean, nothing else counts: not the length, not whether peak and end were good or bad."""
    frame: pd.DataFrame = cx.simulate.visits(4_000, rng=3, weights={"mean": 1.0}, guest_memory=1.0)
    found = memory_effects(frame, **ROLES, person="guest")
    limits = found.confidence_interval(0.999)
    for term in ("log duration", "bad peak - good peak", "bad end - good end", "end - start", "trend", "peak", "end"):
        assert limits.low[found.row(term)] < 0 < limits.high[found.row(term)]


def test_a_rule_for_good_and_bad_alike_in_simulation() -> None:
    """Most moods are good: under the same rule the best moment counts more than the worst. The peaks' slopes tell."""
    frame: pd.DataFrame = cx.simulate.visits(4_000, rng=2, weights={"peak": 0.5, "end": 0.5})
    found = memory_effects(frame, **ROLES, person="guest")
    limits = found.confidence_interval(0.999)
    at = found.row("worst - best")
    assert limits.high[at] < 0
    for term in ("bad peak - good peak", "bad end - good end"):
        assert limits.low[found.row(term)] < 0 < limits.high[found.row(term)]


# --- bad input -------------------------------------------------------------------------------------------------------


def test_too_few_sequences(visits: pd.DataFrame) -> None:
    message = "At least 10 sequences per coefficient are needed, 40 for 4, but 39 can be used.\nCollect more."
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        memory_effects(visits[visits.visit <= 39], **ROLES)


def test_nothing_that_could_be_estimated(visits: pd.DataFrame) -> None:
    """Every visit is the same, but for its length in steps of one: nothing of it varies."""
    frame = visits.assign(mood=np.where(visits.groupby("visit").cumcount() == 0, 4, 8), minute=0)
    frame["minute"] = frame.groupby("visit").cumcount()
    three = frame[frame.minute < 3]
    same = [
        ("peak", "end", "mean"),
        ("peak", "end", "mean", "log duration"),
        ("start", "middle", "end"),
        ("worst", "best"),
        ("bad peak", "good peak", "end", "mean"),
        ("peak", "bad end", "good end", "mean"),
    ]
    told = [f"Every predictor must vary, but {str(one)[1:-1]} hold the same values in all rows." for one in same]
    message = " ".join(
        [
            "Nothing could be estimated.",
            *told,
            "At least 40 sequences of 4 or more moments are needed, but there are 0.",
        ]
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        memory_effects(three, **ROLES, person="guest")


@pytest.mark.parametrize("stimulus", ["mood", "minute"])
def test_a_column_has_one_role(visits: pd.DataFrame, stimulus: str) -> None:
    message = f"A column can have one role only, but '{stimulus}' has more.\nName another column."
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        memory_effects(visits, **ROLES, stimulus=stimulus)


def test_a_stimulus_that_changes_within_a_sequence(visits: pd.DataFrame) -> None:
    first = visits.visit == 1
    frame = visits.assign(film=np.where(first & ~visits.duplicated("visit"), "b", "a"))
    message = (
        "'film' must hold one value per sequence, but in 1 of 200 sequences it changes: visit 1 (a, b).\n"
        "Settle on one value per sequence first."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        memory_effects(frame, **ROLES, stimulus="film")


def test_the_public_name() -> None:
    assert cx.memory_effects is memory_effects


def test_between_people_against_their_means() -> None:
    """With as many visits of each guest, the slopes between are least squares of the guests' means on each other."""
    frame: pd.DataFrame = cx.simulate.visits(240, rng=7, guest_memory=1.0)
    found = memory_effects(frame, **ROLES, person="guest")
    names = ["peak", "end", "mean"]
    means = by_loops(frame).groupby("guest")[[*names, "memory"]].mean()
    assert len(means) == 60
    design = np.column_stack([np.ones(len(means)), means[names]])
    slopes = np.linalg.lstsq(design, means.memory.to_numpy(), rcond=None)[0][1:]
    for name, slope in zip(names, slopes, strict=True):
        standardised = slope * means[name].std(ddof=0) / means.memory.std(ddof=0)
        # The weights of the visits cancel in a balanced design, whatever the variances.
        assert found.estimate[found.row(name, BETWEEN)] == pytest.approx(standardised, rel=1e-8)
    assert BETWEEN not in memory_effects(frame, **ROLES).model
