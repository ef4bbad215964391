"""Experiences with a changed end against those without: statsmodels on rows, and simulations with known truth."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, TooFewError
from cxstats.methods.milder_end import milder_end

ROUNDING = 1e-9  # deviations from means here, dummies of persons in an orthogonal decomposition there
MC_ERRORS = 4
ROLES: dict[str, Any] = {
    "sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5, "treated": "treated"
}  # fmt: skip
TERMS = ("overall", "end", "peak", "mean", "duration")


def by_loops(frame: pd.DataFrame, end: int = 1) -> pd.DataFrame:
    """One row per visit: what was remembered, and what the visit was."""
    found = []
    for visit, part in frame.sort_values(["visit", "minute"]).groupby("visit"):
        moods = [float(mood) for mood in part.mood]
        peak = moods[0]
        for felt in moods[1:]:
            peak = felt if abs(felt - 5) >= abs(peak - 5) else peak
        row = {"visit": visit, "overall": part.memory.iloc[0], "end": sum(moods[-end:]) / len(moods[-end:])}
        row |= {"peak": peak, "mean": sum(moods) / len(moods), "duration": part.minute.iloc[-1] - part.minute.iloc[0]}
        found.append(
            row | {"treated": part.treated.iloc[0], "guest": part.guest.iloc[0], "town": part.guest.iloc[0] // 2}
        )
    return pd.DataFrame(found)


def difference(rows: pd.DataFrame, term: str, person: bool, cluster: str | None) -> tuple[float, float]:
    """Slope on the group and its standard error by statsmodels, G / (G - 1) without the factor for coefficients."""
    design = sm.add_constant(rows[["treated"]].astype(float))
    if person:
        design = pd.concat([design, pd.get_dummies(rows.guest, drop_first=True, dtype=float)], axis=1)
    fit = sm.OLS(rows[term].to_numpy(dtype=float), design.to_numpy()).fit()
    if cluster is None:
        covariance = fit.get_robustcov_results("HC0").cov_params() * len(rows) / (len(rows) - 1)
    else:
        groups = rows[cluster].nunique()
        robust = fit.get_robustcov_results("cluster", groups=rows[cluster].to_numpy(), use_correction=False)
        covariance = robust.cov_params() * groups / (groups - 1)
    return float(fit.params[1]), float(np.sqrt(covariance[1, 1]))


def of_both_kinds(rows: pd.DataFrame) -> pd.DataFrame:
    """The visits of guests who had both kinds: within persons, the others' deviations are all 0."""
    return rows[rows.groupby("guest").treated.transform("nunique") == 2]


DESIGNS: dict[str, dict[str, Any]] = {
    "person": {"person": "guest"},
    "person in town": {"person": "guest", "cluster": "town"},
    "cluster": {"cluster": "guest"},
    "sequences": {},
}


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.visits(322, rng=1, milder=2.0, guest_memory=1)  # the last guest has 2 visits
    return frame.assign(town=frame.guest // 2).sample(frac=1, random_state=1)


# --- against rows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("design", "end"), [*((design, 1) for design in DESIGNS), ("person", 2)])
def test_differences_and_errors_against_statsmodels(visits: pd.DataFrame, design: str, end: int) -> None:
    more = DESIGNS[design]
    result = milder_end(visits, **ROLES, **more, end=end)
    rows, cluster = by_loops(visits, end), more.get("cluster", more.get("person"))
    if "person" in more:
        rows = of_both_kinds(rows)
    known = [difference(rows, term, "person" in more, cluster) for term in TERMS]
    assert result.term == TERMS
    assert result.estimate == pytest.approx([estimate for estimate, _ in known], rel=ROUNDING)
    assert result.std_error == pytest.approx([error for _, error in known], rel=ROUNDING)
    df = np.inf if cluster is None else rows[cluster].nunique() - 1
    reach = norm.ppf(0.95) if cluster is None else t.ppf(0.95, df)
    limits = result.confidence_interval(0.9)
    assert result.df == df
    assert limits.high - result.estimate == pytest.approx(reach * result.std_error, rel=ROUNDING)
    assert result.within_people is ("person" in more)
    assert (result.n, result.n_treated, result.n_missing, result.n_short) == (322, 161, 0, 0)


def test_people_who_had_one_kind_only_are_compared_with_each_other(visits: pd.DataFrame) -> None:
    """The treatment is the person's own: taken less its mean it would be nothing."""
    between = visits.assign(treated=visits.guest % 2)
    rows = by_loops(between)
    result = milder_end(between, **ROLES, person="guest")
    known = [difference(rows, term, False, "guest") for term in TERMS]
    assert result.within_people is False
    assert result.estimate == pytest.approx([estimate for estimate, _ in known], rel=ROUNDING)
    assert result.std_error == pytest.approx([error for _, error in known], rel=ROUNDING)
    assert "other people in each group" in str(result)
    assert "the same people had both" in str(milder_end(visits, **ROLES, person="guest"))


def test_only_guests_who_had_both_kinds_are_clusters(visits: pd.DataFrame) -> None:
    """The others are compared with nobody: estimates, errors and degrees are those without them."""
    fixed = visits.assign(treated=visits.treated.where(visits.guest > 40, visits.guest % 2))
    rows = by_loops(fixed)
    both = of_both_kinds(rows)
    assert 20 < both.guest.nunique() < 81 - 40 + 1
    with pytest.warns(CxStatsWarning, match=f"^{both.guest.nunique()} clusters are few"):
        result = milder_end(fixed, **ROLES, person="guest")
    known = [difference(both, term, True, "guest") for term in TERMS]
    assert result.estimate == pytest.approx([estimate for estimate, _ in known], rel=ROUNDING)
    assert result.std_error == pytest.approx([error for _, error in known], rel=ROUNDING)
    assert result.df == both.guest.nunique() - 1
    few = visits.assign(treated=visits.treated.where(visits.guest > 70, visits.guest % 2))
    with pytest.raises(TooFewError, match=r"^At least 20 clusters are needed for an interval, but there are [0-9]+\."):
        milder_end(few, **ROLES, person="guest")


def test_the_duration_is_in_the_unit_of_the_order(visits: pd.DataFrame) -> None:
    longer = visits.assign(minute=visits.minute * (1 + visits.treated))
    plain, slow = (milder_end(frame, **ROLES) for frame in (visits, longer))
    rows = by_loops(visits)
    gain = 2 * rows[rows.treated == 1].duration.mean() - rows[rows.treated == 0].duration.mean()
    assert slow.estimate[4] == pytest.approx(gain, rel=ROUNDING)
    assert slow.estimate[:4] == pytest.approx(plain.estimate[:4], rel=ROUNDING)


def test_where_up_is_bad_the_differences_are_turned(visits: pd.DataFrame) -> None:
    pain = visits.assign(mood=10 - visits.mood, memory=-visits.memory)
    turned = milder_end(
        pain, **{**ROLES, "overall": cx.Continuous("memory", good="low")}, person="guest",
        scale=cx.Scale(0, 10, higher_is_better=False),
    )  # fmt: skip
    assert turned.estimate == pytest.approx(milder_end(visits, **ROLES, person="guest").estimate, rel=ROUNDING)


# --- known truth -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["guest", None])
def test_the_effect_of_a_changed_end_is_covered_in_simulation(person: str | None) -> None:
    """Memory is the end and noise: what the change does to it is what it does to the end, as many visits tell."""
    made: dict[str, Any] = {"weights": {"end": 1}, "milder": 2.0, "moments": (3, 5)}
    many = by_last(cx.simulate.visits(40_000, rng=99, **made))
    truth = float(many[many.treated == 1].mood.mean() - many[many.treated == 0].mood.mean())
    n_runs, inside = 200, 0
    for seed in range(n_runs):
        limits = milder_end(cx.simulate.visits(240, rng=seed, **made), **ROLES, person=person).confidence_interval()
        inside += bool(limits.low[0] < truth < limits.high[0])
    assert inside / n_runs == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / n_runs))


def by_last(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["visit", "minute"]).groupby("visit").last()


# --- refusals --------------------------------------------------------------------------------------------------------

TRUSTWORTHY = "With fewer, no interval is trustworthy: report the estimates per cluster instead."
REFUSED: dict[str, tuple[dict[str, Any], Any, type[CxStatsError], str]] = {
    "no name": (
        {"treated": None},
        lambda d: d,
        RoleError,
        "treated must be the name of a column, but None was given.",
    ),
    "few": (
        {},
        lambda d: d.assign(treated=(d.visit <= 9).astype(int)),
        TooFewError,
        "Each group needs at least 10 sequences, but 'treated' has 9 with 1.\nCollect more.",
    ),
    "few without": (
        {},
        lambda d: d.assign(treated=(d.visit > 9).astype(int)),
        TooFewError,
        "Each group needs at least 10 sequences, but 'treated' has 9 with 0.\nCollect more.",
    ),
    "one group": (
        {},
        lambda d: d.assign(treated=1),
        TooFewError,
        "'treated' must hold both groups, but all 322 sequences hold 1.",
    ),
    "other values": (
        {},
        lambda d: d.assign(treated=d.treated + 1),
        ColumnError,
        "'treated' must hold 0 and 1 (or false and true).\nRecode it: 1 where the end was changed.",
    ),
    "text": (
        {},
        lambda d: d.assign(treated=np.where(d.treated == 1, "yes", "no")),
        ColumnError,
        "'treated' must hold 0 and 1 (or false and true).\nRecode it: 1 where the end was changed.",
    ),
    "few people": (
        {"person": "guest"},
        lambda d: d[d.visit <= 60],
        TooFewError,
        f"At least 20 clusters are needed for an interval, but there are 14.\n{TRUSTWORTHY}",
    ),
    "no end": (
        {"end": 0},
        lambda d: d,
        RoleError,
        "end must be a number of moments (1, 2, ...) or a share of the time (between 0 and 1), but is 0.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_compared_is_refused(visits: pd.DataFrame, case: str) -> None:
    more, spoil, error, message = REFUSED[case]
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        milder_end(spoil(visits.sort_values(["visit", "minute"])), **{**ROLES, **more})


def test_a_treatment_that_changes_within_a_visit_is_refused_with_examples(visits: pd.DataFrame) -> None:
    message = "'treated' must hold one value per sequence, but in "
    spoilt = visits.assign(treated=(visits.minute > visits.minute.median()).astype(int))
    with pytest.raises(ColumnError, match=f"^{re.escape(message)}[0-9]+ of 322 sequences it changes: visit "):
        milder_end(spoilt, **ROLES)


def test_visits_of_unknown_treatment_are_left_out_and_counted(visits: pd.DataFrame) -> None:
    unknown = visits.assign(treated=visits.treated.where(visits.visit > 12))
    result, without = milder_end(unknown, **ROLES), milder_end(visits[visits.visit > 12], **ROLES)
    assert (result.n, result.n_missing) == (310, 12)
    assert result.estimate == pytest.approx(without.estimate, rel=ROUNDING)
