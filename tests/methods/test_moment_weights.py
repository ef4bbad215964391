"""Shares of mean, peak and end against statsmodels and scipy on rows, and in simulations with known truth."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.optimize import brentq, nnls
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, TooFewError
from cxstats.methods.moment_weights import moment_weights

ROUNDING = 1e-9  # two orthogonal decompositions lie between, here and in statsmodels
SEARCHED = 1e-8  # limits that the test searches for
MC_ERRORS = 4
PARTS = ("mean", "peak", "end")
ROLES: dict[str, Any] = {"sequence": "visit", "order": "minute", "value": "mood", "overall": "memory", "neutral": 5}
Array = NDArray[np.float64]


def by_loops(frame: pd.DataFrame, parts: Sequence[str] = PARTS) -> pd.DataFrame:
    """One row per visit: the parts, the memory, who it was."""
    found = []
    moods: dict[int, list[float]] = {}
    said: dict[int, tuple[float, int]] = {}
    ordered = frame.sort_values(["visit", "minute"])
    for visit, mood, memory, guest in zip(ordered.visit, ordered.mood, ordered.memory, ordered.guest, strict=True):
        moods.setdefault(visit, []).append(float(mood))
        said[visit] = (memory, guest)
    for visit, mood in moods.items():
        peak = mood[0]
        for felt in mood[1:]:
            if abs(felt - 5) >= abs(peak - 5):
                peak = felt
        every = {"mean": sum(mood) / len(mood), "peak": peak, "end": mood[-1], "start": mood[0]}
        row = {name: every[name] for name in parts}
        found.append({"visit": visit, **row, "memory": said[visit][0], "guest": said[visit][1]})
    return pd.DataFrame(found)


def least_squares(rows: pd.DataFrame, parts: Sequence[str], person: bool, cluster: str | None) -> tuple[Array, Array]:
    """Coefficients and covariance by statsmodels: dummies of persons, G / (G - 1) without the factor for k."""
    design = sm.add_constant(rows[list(parts)])
    if person:
        design = pd.concat([design, pd.get_dummies(rows.guest, drop_first=True, dtype=float)], axis=1)
    fit = sm.OLS(rows.memory.to_numpy(), design.to_numpy()).fit()
    if cluster is None:
        covariance = fit.get_robustcov_results("HC0").cov_params() * len(rows) / (len(rows) - 1)
    else:
        of_clusters = fit.get_robustcov_results("cluster", groups=rows[cluster].to_numpy(), use_correction=False)
        groups = rows[cluster].nunique()
        covariance = of_clusters.cov_params() * groups / (groups - 1)
    at = slice(1, 1 + len(parts))
    return np.asarray(fit.params)[at], np.asarray(covariance)[at, at]


def fieller(coefficients: Array, covariance: Array, at: int, critical: float) -> tuple[float, float]:
    """The shares that a test does not reject, by a search from the estimate on, within 0 and 1."""

    def outside(share: float) -> float:
        contrast = np.full(len(coefficients), -share)
        contrast[at] += 1
        return float((contrast @ coefficients) ** 2 - critical**2 * (contrast @ covariance @ contrast))

    estimate = float(coefficients[at] / coefficients.sum())
    low = 0.0 if outside(0) < 0 else brentq(outside, 0, estimate, xtol=1e-14)
    high = 1.0 if outside(1) < 0 else brentq(outside, estimate, 1, xtol=1e-14)
    return low, high


# --- against brute force on rows -------------------------------------------------------------------------------------

DESIGNS: dict[str, dict[str, Any]] = {
    "person": {"person": "guest"},
    "cluster": {"cluster": "guest"},
    "sequences": {},
    "person in town": {"person": "guest", "cluster": "town"},
}


@pytest.fixture(scope="module")
def visits() -> pd.DataFrame:
    frame: pd.DataFrame = cx.simulate.visits(340, rng=1, per_guest=4, guest_memory=1)
    return frame.assign(town=frame.guest // 2).sample(frac=1, random_state=1)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("parts", [PARTS, ("start", "mean", "peak", "end"), ("peak", "end")])
def test_shares_and_fieller_limits_against_statsmodels(
    visits: pd.DataFrame, design: str, parts: tuple[str, ...]
) -> None:
    more = DESIGNS[design]
    frame = visits
    if "start" in parts:  # so that no share is at its boundary
        first = by_loops(visits, ("start",)).set_index("visit").start
        frame = visits.assign(memory=visits.memory + 0.3 * visits.visit.map(first))
    rows = by_loops(frame, parts).assign(town=lambda one: one.guest // 2)
    cluster = more.get("cluster", more.get("person"))
    known, covariance = least_squares(rows, parts, "person" in more, cluster)
    assert (known > 0).all()
    result = moment_weights(frame, **ROLES, **more, parts=parts, rng=1)
    assert result.parts == parts
    assert result.coefficients == pytest.approx(known, rel=ROUNDING)
    assert result.covariance == pytest.approx(covariance, rel=ROUNDING)
    assert result.estimate == pytest.approx(known / known.sum(), rel=ROUNDING)
    df = np.inf if cluster is None else rows[cluster].nunique() - 1
    assert result.df == df
    for level in (0.95, 0.8):
        critical = norm.ppf((1 + level) / 2) if cluster is None else t.ppf((1 + level) / 2, df)
        limits = result.confidence_interval(level)
        for at in range(len(parts)):
            low, high = fieller(known, covariance, at, critical)
            assert (limits.low[at], limits.high[at]) == pytest.approx((low, high), abs=SEARCHED)
    step = 1e-6
    for at, error in enumerate(result.std_error):
        slope = np.empty(len(parts))
        for k in range(len(parts)):
            moved = [known + h * (np.arange(len(parts)) == k) for h in (step, -step)]
            up, down = (one[at] / one.sum() for one in moved)
            slope[k] = (up - down) / (2 * step)
        assert error == pytest.approx(np.sqrt(slope @ covariance @ slope), rel=1e-6)
    total = result.total.interval()
    half = (t.ppf(0.975, df) if np.isfinite(df) else norm.ppf(0.975)) * np.sqrt(covariance.sum())
    assert total == pytest.approx((known.sum() - half, known.sum() + half), rel=ROUNDING)
    assert result.statistic == pytest.approx(known / np.sqrt(covariance.diagonal()), rel=ROUNDING)


def test_correlation_of_parts_against_loops(visits: pd.DataFrame) -> None:
    rows = by_loops(visits)
    own = rows[list(PARTS)] - rows.groupby("guest")[list(PARTS)].transform("mean")
    found = moment_weights(visits, **ROLES, person="guest", rng=1).correlation
    assert found == pytest.approx(own.corr().to_numpy(), abs=ROUNDING)
    across = moment_weights(visits, **ROLES, rng=1).correlation
    assert across == pytest.approx(rows[list(PARTS)].corr().to_numpy(), abs=ROUNDING)


@pytest.mark.parametrize("end", [2, 0.25])
def test_the_end_is_as_long_as_asked_for(visits: pd.DataFrame, end: float) -> None:
    last = []
    for _, one in visits.sort_values("minute").groupby("visit", sort=True):
        took = one.minute.iloc[-1] - one.minute.iloc[0]
        closing = one.tail(2) if end == 2 else one[one.minute.iloc[-1] - one.minute <= end * took]
        last.append(closing.mood.mean())
    rows = by_loops(visits).assign(end=last)
    known, _ = least_squares(rows, PARTS, True, "guest")
    found = moment_weights(visits, **ROLES, person="guest", end=end, rng=1)
    assert found.coefficients == pytest.approx(known, rel=ROUNDING)


@pytest.fixture(scope="module")
def ruled() -> pd.DataFrame:
    """Visits remembered by peak and end alone, where least squares gives the mean a negative weight."""
    for seed in range(100):
        frame: pd.DataFrame = cx.simulate.visits(160, rng=seed, weights={"peak": 0.5, "end": 0.5})
        if least_squares(by_loops(frame), PARTS, True, "guest")[0][0] < 0:
            return frame
    raise AssertionError


def test_a_share_at_its_boundary_against_nnls(ruled: pd.DataFrame) -> None:
    """Estimates by nnls on deviations; limits by a bootstrap of people written as a loop."""
    rows = by_loops(ruled)
    own = rows[[*PARTS, "memory"]] - rows.groupby("guest")[[*PARTS, "memory"]].transform("mean")
    weights = nnls(own[list(PARTS)].to_numpy(), own.memory.to_numpy())[0]
    result = moment_weights(ruled, **ROLES, person="guest", rng=1)
    assert result.at_boundary == ("mean",)
    assert result.estimate == pytest.approx(weights / weights.sum(), abs=ROUNDING)
    assert result.draws.shape == (2000, 3)
    assert np.isnan(result.statistic).all()
    assert result.coefficients[0] < 0
    rng = np.random.default_rng(2)
    guests = [own[rows.guest == guest].to_numpy() for guest in sorted(set(rows.guest))]
    drawn = []
    for _ in range(1000):
        some = np.vstack([guests[k] for k in rng.integers(0, len(guests), len(guests))])
        weights = nnls(some[:, :3], some[:, 3])[0]
        drawn.append(weights / weights.sum())
    known = np.array(drawn)
    assert result.std_error == pytest.approx(known.std(axis=0), rel=MC_ERRORS * np.sqrt(1 / 2000 + 1 / 4000))
    limits = result.confidence_interval(0.9)
    for share, cut in ((limits.low, 0.05), (limits.high, 0.95)):
        below = ((known < share) + 0.5 * (known == share)).mean(axis=0)
        for at in (1, 2):
            assert below[at] == pytest.approx(cut, abs=MC_ERRORS * np.sqrt(cut * (1 - cut) * (1 / 1000 + 1 / 2000)))
    assert limits.low[0] == 0
    assert (known[:, 0] <= limits.high[0]).mean() == pytest.approx(
        0.95, abs=MC_ERRORS * np.sqrt(0.05 * 0.95 * (1 / 1000 + 1 / 2000))
    )


def test_the_seed_repeats_the_bootstrap(ruled: pd.DataFrame) -> None:
    one = moment_weights(ruled, **ROLES, person="guest")
    assert one.seed is not None
    two = moment_weights(ruled, **ROLES, person="guest", rng=one.seed, replicates=2000)
    assert (one.draws == two.draws).all()
    assert len(moment_weights(ruled, **ROLES, person="guest", replicates=300, rng=1).draws) == 300


# --- people with one visit -------------------------------------------------------------------------------------------


def test_people_with_one_visit_are_no_clusters(visits: pd.DataFrame) -> None:
    """They cannot be compared with themselves: with them or without, the result is the same."""
    alone = cx.simulate.visits(300, rng=2, per_guest=1).assign(town=0)
    alone[["visit", "guest"]] += 1000
    expected = moment_weights(visits, **ROLES, person="guest", rng=1)
    found = moment_weights(pd.concat([visits, alone]), **ROLES, person="guest", rng=1)
    assert found.df == expected.df == 84
    assert found.to_frame().iloc[:, 1:].to_numpy() == pytest.approx(expected.to_frame().iloc[:, 1:].to_numpy())
    assert found.n == 640
    assert "of 385 people, compared with themselves but for 300 with one sequence only" in str(found)


def test_too_few_people_with_two_visits(visits: pd.DataFrame) -> None:
    """Three hundred people with one visit each do not make up for nineteen with two or more."""
    alone = cx.simulate.visits(300, rng=2, per_guest=1).assign(town=0)
    alone[["visit", "guest"]] += 1000
    message = (
        "At least 20 clusters are needed for an interval, but there are 19.\n"
        "With fewer, no interval is trustworthy: report the estimates per cluster instead."
    )
    with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
        moment_weights(pd.concat([visits[visits.guest <= 19], alone]), **ROLES, person="guest")


# --- what is printed -------------------------------------------------------------------------------------------------


def test_summary_inside(visits: pd.DataFrame) -> None:
    lines = moment_weights(visits, **ROLES, person="guest", rng=1).summary().splitlines()
    assert lines[0].split() == ["term", "estimate", "std.", "error", "95%", "low", "95%", "high", "statistic", "p"]
    assert [line.split()[0] for line in lines[2:5]] == list(PARTS)
    moments = len(visits)
    assert re.fullmatch(r"All moments one point up: the overall rating [\d.]+ \([\d.]+ to [\d.]+\)\.", lines[5])
    assert lines[6] == f"340 sequences of {moments:,} moments used, of 85 people, compared with themselves."
    assert re.fullmatch(
        r"The peak is the latest of several equally far moments in [\d.]+% of the sequences\.", lines[7]
    )
    assert lines[8].startswith("Shares of what is remembered by least squares, Fieller limits. ")
    assert len(lines) == 9


def test_summary_at_the_boundary(ruled: pd.DataFrame) -> None:
    text = moment_weights(ruled, **ROLES, person="guest", rng=1).summary()
    assert "\nAt its boundary of 0: 'mean'; limits by 2,000 bootstrap samples, seed 1.\n" in text
    own = moment_weights(ruled, **ROLES, person="guest", rng=np.random.default_rng(1)).summary()
    assert "\nAt its boundary of 0: 'mean'; limits by 2,000 bootstrap samples.\n" in own


def test_parts_that_go_together_are_named() -> None:
    """Moods that hardly move: mean, peak and end are nearly the same, and the note says so."""
    frame = cx.simulate.visits(400, rng=1, persistence=0.99, moments=(3, 4))
    with pytest.warns(CxStatsWarning, match=r"^Correlated by 0\.95 or more, so hardly to be told apart: mean and peak"):
        result = moment_weights(frame, **ROLES, person="guest", rng=1)
    found = {(a, b): result.correlation[i, j] for i, a in enumerate(PARTS) for j, b in enumerate(PARTS) if i < j}
    told = ", ".join(f"{a} and {b} ({r:.3g})" for (a, b), r in found.items() if r >= 0.95)
    assert result.notes == (f"Correlated by 0.95 or more, so hardly to be told apart: {told}.",)
    assert result.summary().endswith(f"\nNote: {result.notes[0]}")


# --- in simulation ---------------------------------------------------------------------------------------------------

TRUTHS: dict[str, dict[str, Any]] = {
    "inside": {"weights": {"mean": 0.3, "peak": 0.4, "end": 0.3}},
    "nothing for the mean": {"weights": {"peak": 0.5, "end": 0.5}},
    "people differ": {"weights": {"mean": 0.3, "peak": 0.4, "end": 0.3}, "guest_mood": 1.5, "guest_memory": 2.0},
    "nothing for the mean, people differ": {"weights": {"peak": 0.5, "end": 0.5}, "guest_memory": 2.0},
}


@pytest.mark.parametrize("name", TRUTHS)
def test_limits_hold_the_true_shares_in_simulation(name: str) -> None:
    """95% of the limits do; where the true share is 0, more, since a share cannot be below."""
    runs, truth = 150, cx.simulate.visits_truth(weights=TRUTHS[name]["weights"])
    held, bounded = np.zeros(3), 0
    for seed in range(runs):
        frame = cx.simulate.visits(160, rng=seed, **TRUTHS[name])
        result = moment_weights(frame, **ROLES, person="guest", rng=seed, replicates=400)
        known = np.array([truth.shares.get(part, 0.0) for part in PARTS])
        limits = result.confidence_interval()
        held += (limits.low <= known + 1e-12) & (known - 1e-12 <= limits.high)
        bounded += bool(result.at_boundary)
    error = MC_ERRORS * np.sqrt(0.95 * 0.05 / runs)
    zero = np.array([truth.shares.get(part, 0.0) == 0 for part in PARTS])
    assert (held / runs > 0.95 - error).all()
    assert (held[~zero] / runs < 0.95 + error).all()
    assert (bounded > 0.3 * runs) == zero.any()


def test_a_rule_is_not_found_where_people_merely_differ_in_simulation() -> None:
    """Memory depends on the person's spirits only: compared with themselves there is nothing to share out."""
    runs, refused, fooled = 100, 0, 0
    nothing = re.compile(
        r"There is nothing to share out: one point more in all moments goes with .* points of 'memory', which cannot "
        r"be told from none\.\nCollect more sequences, or check that the rating is of these moments\."
    )
    upside_down = re.compile(r"Better moments must go with a better overall rating, .*", re.DOTALL)
    for seed in range(runs):
        frame = cx.simulate.visits(160, rng=seed, weights={}, guest_mood=1, guest_memory=2)
        try:
            moment_weights(frame, **ROLES, person="guest", rng=seed)
        except TooFewError as caught:
            refused += bool(nothing.fullmatch(str(caught)))
        except RoleError as caught:
            refused += bool(upside_down.fullmatch(str(caught)))
        try:
            moment_weights(frame, **ROLES, cluster="guest", rng=seed)
            fooled += 1
        except CxStatsError:
            pass
    assert refused / runs >= 0.975 - MC_ERRORS * np.sqrt(0.025 * 0.975 / runs)
    assert fooled / runs > 0.9  # without people the same data do look like a rule: that is what person= is for


# --- bad input -------------------------------------------------------------------------------------------------------


def fails(kind: type[CxStatsError], message: str, frame: pd.DataFrame, **more: Any) -> None:
    with pytest.raises(kind, match=f"^{re.escape(message)}$"):
        moment_weights(frame, **(ROLES | more), rng=1)


@pytest.mark.parametrize("parts", [("mean", "middle"), ("peak", "peak"), ("peak",), (), "peak"])
def test_parts_that_cannot_be(visits: pd.DataFrame, parts: Any) -> None:
    message = f"parts must be two or more of 'mean', 'peak', 'end', 'start', each once, but {parts!r} was given."
    fails(RoleError, message, visits, parts=parts)


@pytest.mark.parametrize("end", [0, -1, 1.5, True, "last", np.nan])
def test_ends_that_cannot_be(visits: pd.DataFrame, end: Any) -> None:
    message = f"end must be a number of moments (1, 2, ...) or a share of the time (between 0 and 1), but is {end!r}."
    fails(RoleError, message, visits, end=end)


@pytest.mark.parametrize("replicates", [0, 99, 500.0, True, "many"])
def test_replicates_that_cannot_be(visits: pd.DataFrame, replicates: Any) -> None:
    message = f"replicates must be a whole number, 100 or more, but {replicates!r} was given."
    fails(RoleError, message, visits, replicates=replicates)


def test_moments_and_memory_that_go_apart(visits: pd.DataFrame) -> None:
    """Mood is effort and nobody said so: that must not turn into a share."""
    frame = visits.assign(mood=10 - visits.mood)
    with pytest.raises(RoleError) as caught:
        moment_weights(frame, **ROLES, person="guest")
    assert re.fullmatch(
        r"Better moments must go with a better overall rating, but one point more in all moments goes with -1\.\d+ "
        r"\(95% -1\.\d+ to -0\.\d+\) points of 'memory'\.\nDeclare the direction of both: scale=cx\.Scale\(0, 10, "
        r"higher_is_better=False\), overall=cx\.Rating\(column, scale\)\.",
        str(caught.value),
    )


def test_a_memory_that_no_part_raises(visits: pd.DataFrame) -> None:
    """The mean raises it, the peak lowers it by nearly as much: no weights from 0 up fit better than none at all."""
    rows = by_loops(visits)
    ruled = rows["mean"] - 0.6 * rows.peak + np.random.default_rng(1).normal(0, 0.1, len(rows))
    frame = visits.assign(memory=visits.visit.map(dict(zip(rows.visit, ruled, strict=True))))
    message = (
        "There is nothing to share out: with weights from 0 up, no part goes with a better 'memory'; only with "
        "negative ones do the parts explain it.\nLook at each of them by memory_effects."
    )
    fails(TooFewError, message, frame, person="guest")


def test_parts_that_repeat_each_other(visits: pd.DataFrame) -> None:
    """Where every last moment is the most extreme one, the peak is the end."""
    last = visits.groupby("visit").minute.transform("max") == visits.minute
    frame = visits.assign(mood=np.where(last, np.where(visits.visit % 2 == 0, 0, 10), visits.mood.clip(2, 8)))
    message = (
        "The predictors must not repeat each other, but 'peak', 'end' are collinear: each follows exactly from the "
        "others.\nLeave one of them out."
    )
    fails(ColumnError, message, frame, person="guest")
    fails(ColumnError, message, frame)


def test_too_few_sequences(visits: pd.DataFrame) -> None:
    message = "At least 10 sequences per coefficient are needed, 40 for 4, but 39 can be used.\nCollect more."
    fails(TooFewError, message, visits[visits.visit <= 39], parts=("mean", "peak", "end", "start"))


def test_too_few_sequences_of_people_with_two(visits: pd.DataFrame) -> None:
    alone = cx.simulate.visits(300, rng=2, per_guest=1).assign(town=0)
    alone[["visit", "guest"]] += 1000
    message = (
        "At least 10 sequences per coefficient are needed, 30 for 3, but 28 can be used (300 more are the only one of "
        "a person).\nCollect more."
    )
    fails(TooFewError, message, pd.concat([visits[visits.visit <= 28], alone]), person="guest")


def test_the_public_name() -> None:
    assert cx.moment_weights is moment_weights
