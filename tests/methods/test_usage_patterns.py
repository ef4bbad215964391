"""Patterns of use against pandas on each of them, the jackknife, and simulations."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

import cxstats as cx
from cxstats.methods.usage_patterns import UsagePatterns, usage_patterns

ROUNDING = 1e-10
# Influence values against leaving one cluster (of 60) out: they differ by terms of 1 / 60 and by curvature.
JACKKNIFE = 0.1
MC_ERRORS = 4
JOURNEY, TOUCHPOINTS = {"overall": cx.CSAT5}, {"checkin": cx.CSAT5, "wifi": cx.EFFORT5, "lounge": cx.CSAT10}
STARS, STAYED = cx.Rating("stars", cx.CSAT5), cx.Binary("stayed")


def journeys(n: int = 900, seed: int = 3) -> pd.DataFrame:
    """Journeys of which a third had no wifi, and a sixth neither wifi nor lounge."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=n)

    def rated(low: int, high: int, turn: int = 1) -> np.ndarray:
        middle, unit = (low + high) / 2, (high - low) / 5
        return np.clip(np.round(middle + turn * unit * (mood + rng.normal(size=n))), low, high)

    frame = pd.DataFrame(
        {
            "overall": rated(1, 5),
            "checkin": rated(1, 5),
            "wifi": rated(1, 5, -1),
            "lounge": rated(1, 10),
            "stars": rated(1, 5),
            "stayed": (mood + rng.normal(size=n) > 0).astype(int),
            "branch": rng.integers(0, 60, n),
        }
    )
    frame.loc[frame.index % 3 == 0, "wifi"] = np.nan
    frame.loc[frame.index % 6 == 0, "lounge"] = np.nan
    frame.loc[frame.index % 90 == 0, "checkin"] = np.nan  # then nothing was used at all
    return frame


def run(frame: pd.DataFrame, **more: Any) -> UsagePatterns:
    return usage_patterns(frame, **{"outcome": STARS, "journey": JOURNEY, "touchpoints": TOUCHPOINTS, **more})


def by_hand(frame: pd.DataFrame, outcome: str) -> dict[str, tuple[float, float]]:
    """Journey and composite against the outcome in each pattern."""
    shares = pd.DataFrame(
        {"checkin": (frame.checkin - 1) / 4, "wifi": (5 - frame.wifi) / 4, "lounge": (frame.lounge - 1) / 9}
    )
    parts = {"all": shares.notna().all(axis=1), "without wifi": shares.wifi.isna() & shares.lounge.notna()}
    parts["only checkin"] = shares.wifi.isna() & shares.lounge.isna() & shares.checkin.notna()
    found = {}
    for name, on in parts.items():
        scores = frame.overall[on], shares[on].mean(axis=1)
        if outcome == "stars":
            found[name] = tuple(float(np.corrcoef(s, frame.stars[on])[0, 1]) for s in scores)
        else:
            good = frame.stayed[on] == 1
            areas = (mannwhitneyu(s[good], s[~good]).statistic / good.sum() / (~good).sum() for s in scores)
            found[name] = tuple(float(a) - 0.5 for a in areas)
    return found


@pytest.mark.parametrize("outcome", [STARS, STAYED])
def test_patterns_against_pandas(outcome: Any) -> None:
    frame = journeys()
    result = run(frame, outcome=outcome)
    expected = by_hand(frame, outcome.column)
    table = result.to_frame().set_index(["pattern", "term"]).estimate
    assert set(result.patterns) == set(expected)
    for name, (journey, composite) in expected.items():
        assert table[name, "journey"] == pytest.approx(journey, abs=ROUNDING)
        assert table[name, "composite"] == pytest.approx(composite, abs=ROUNDING)
        assert table[name, "journey - composite"] == pytest.approx(journey - composite, abs=ROUNDING)
    assert result.index_name == ("r" if outcome is STARS else "AUC - 1/2")
    assert (result.n_in.sum(), result.n_rare, result.n, result.n_missing) == (890, 0, 890, 10)
    assert dict(zip(result.patterns, result.n_used.tolist(), strict=True)) == {
        "all": 3,
        "without wifi": 2,
        "only checkin": 1,
    }


def test_standard_errors_against_leaving_one_cluster_out() -> None:
    frame = journeys(1800)
    result = run(frame, cluster="branch")
    table = [
        run(frame[frame.branch != b], fewest=30).to_frame().set_index(["pattern", "term"]).estimate for b in range(60)
    ]
    without = pd.concat(table, axis=1).loc[list(zip(*result.labels.values(), strict=True))].to_numpy()
    jackknife = np.sqrt(59 / 60 * ((without - without.mean(axis=1, keepdims=True)) ** 2).sum(axis=1))
    assert result.std_error == pytest.approx(jackknife, rel=JACKKNIFE)
    assert result.df == 59


def test_size_of_the_test_that_all_patterns_are_alike_in_simulation() -> None:
    """Which touchpoints are missing is luck, so the difference is the same wherever the same ones were used."""
    rng, runs, rejected, covered = np.random.default_rng(8), 300, 0, 0
    for _ in range(runs):
        mood = rng.normal(size=600)
        read = [np.clip(np.round(3 + mood + rng.normal(size=600)), 1, 5) for _ in range(4)]
        frame = pd.DataFrame(dict(zip(("overall", "a", "b", "stars"), read, strict=True)))
        half = rng.random(600) < 0.5
        frame["a"], frame["b"] = frame.a.where(half), frame.b.where(~half)
        result = run(frame, touchpoints={"a": cx.CSAT5, "b": cx.CSAT5})
        rejected += result.p_equal < 0.05
        limits = result.confidence_interval()
        covered += limits.low[2] <= 0 <= limits.high[2]  # a touchpoint tells as much as the journey does
    margin = MC_ERRORS * np.sqrt(0.95 * 0.05 / runs)
    assert rejected / runs == pytest.approx(0.05, abs=margin)
    assert covered / runs == pytest.approx(0.95, abs=margin)


def test_rare_patterns_are_counted_and_not_shown() -> None:
    frame = journeys()
    result = run(frame, fewest=200)
    assert result.patterns == ("all",)
    assert (result.n_patterns, result.n_rare) == (3, 290)
    assert np.isnan(result.p_equal)
    assert "1 of 3 patterns have at least 200 journeys; 290 rows in rarer ones." in str(result)


def test_bad_input_is_refused_in_full() -> None:
    frame = journeys()
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({"fewest": 29}, cx.RoleError, "fewest must be a whole number from 30 up, but 29 was given."),
        (
            {"fewest": 1000},
            cx.TooFewError,
            (
                "At least one pattern of used touchpoints must hold 1,000 journeys in which ratings and outcome vary, "
                "but of 3 patterns in 890 rows none does."
                "\nLeave out touchpoints that hardly anybody used, or collect more journeys."
            ),
        ),
        (
            {"outcome": cx.Count("stars")},
            cx.RoleError,
            (
                "A binary outcome, a rating or a measured outcome is needed, but Count was given."
                '\nPass for example outcome=cx.Binary("churned", good=0) or cx.Rating("satisfaction", cx.CSAT5).'
            ),
        ),
        (
            {"touchpoints": {"overall": cx.CSAT5, "checkin": cx.CSAT5}},
            cx.RoleError,
            "The journey rating 'overall' must not be one of the touchpoints.\nLeave it out there.",
        ),
    ]
    for given, kind, message in cases:
        with pytest.raises(kind, match=f"^{re.escape(message)}$"):
            run(frame, **given)
