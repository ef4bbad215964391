"""Answer quality against psych in R, rows counted one by one, numerical derivatives and planted faults."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm, t

import cxstats as cx
from cxstats.errors import TooFewError
from cxstats.methods.answer_quality import AnswerQuality, answer_quality

Array = npt.NDArray[Any]
REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits.
AGAINST_R = 1e-12
# The same sums in another order.
ROUNDING = 1e-10
# A derivative by differences: the step squared is left.
STEP, DERIVATIVE = 1e-4, 1e-6
REPLICATIONS, MC_ERRORS = 300, 4
ALL = {"nps": cx.NPS, "nps_after": cx.NPS, "csat": cx.CSAT5, "effort": cx.EFFORT5}
EASE, EFFORT = cx.EASE5, cx.EFFORT5


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    read = pd.read_csv(REFERENCES / "scores_rows.csv", comment="#")
    return read.dropna(subset=list(ALL))


def by_check(result: AnswerQuality, check: str) -> Any:
    frame = result.to_frame()
    return frame[frame.check == check].set_index("metric")


def share(result: AnswerQuality, check: str) -> float:
    return float(by_check(result, check).estimate["all"])


@pytest.mark.parametrize(
    ("design", "metrics"),
    [
        ("four", ALL),
        ("wrong", {**ALL, "effort": EASE}),
        ("three", {name: ALL[name] for name in ("nps", "csat", "effort")}),
    ],
)
def test_item_rest_against_psych(rows: pd.DataFrame, design: str, metrics: dict[str, cx.Scale]) -> None:
    stored = pd.read_csv(REFERENCES / "answer_quality.csv", comment="#")
    expected = stored[stored.design == design].set_index("metric")
    result = answer_quality(rows, metrics=metrics)
    found = by_check(result, "item-rest correlation")
    assert list(found.index) == list(expected.index)
    assert found.estimate.to_numpy() == pytest.approx(expected.estimate.to_numpy(), rel=AGAINST_R)
    assert result.n == expected.n.iloc[0]
    assert result.flags == (("reverse-coded:effort",) if design == "wrong" else ())


def test_two_metrics_against_cor(rows: pd.DataFrame) -> None:
    stored = pd.read_csv(REFERENCES / "answer_quality.csv", comment="#")
    result = answer_quality(rows, metrics={"nps": cx.NPS, "effort": EFFORT})
    found = by_check(result, "item-rest correlation").estimate
    assert found["nps/effort"] == pytest.approx(stored[stored.design == "two"].estimate.item(), rel=AGAINST_R)


def counted(rows: pd.DataFrame, metrics: dict[str, cx.Scale]) -> dict[str, float]:
    """Shares by exact fractions, row by row."""
    places = [
        [Fraction(int(row[m] - s.low), int(s.high - s.low)) for m, s in metrics.items()] for _, row in rows.iterrows()
    ]
    up = [s.higher_is_better for s in metrics.values()]
    straight = [p[0] for p in places if len(set(p)) == 1]
    ends = [sum(x == end for x in straight) for end in (0, 1)]

    def product(end: int) -> float:
        halves = [
            np.mean([all(x == end for x, way in zip(p, up, strict=True) if way == side) for p in places])
            for side in (True, False)
        ]
        return float(np.prod(halves))

    n = len(rows)
    return {
        "straight line": len(straight) / n,
        "straight line at the low end": ends[0] / n,
        "straight line at the high end": ends[1] / n,
        "straight line in the middle": sum(x == Fraction(1, 2) for x in straight) / n,
        "straight line elsewhere": sum(x not in (0, Fraction(1, 2), 1) for x in straight) / n,
        "contradictory straight line": sum(ends) / n,
        "contradictory, beyond chance": sum(ends) / n - product(0) - product(1),
    }


@pytest.mark.parametrize(
    "metrics",
    [
        {"a": cx.CSAT5, "b": EFFORT, "c": EASE},
        {"a": cx.CSAT5, "b": cx.Scale(0, 10, higher_is_better=False)},
        {"a": cx.Scale(1, 7), "b": cx.Scale(1, 10, higher_is_better=False)},
        {"a": cx.Scale(1, 4), "b": cx.Scale(0, 2, higher_is_better=False)},
    ],
    ids=["equal", "ends and middle", "thirds", "ends"],
)
def test_straight_lines_against_rows(metrics: dict[str, cx.Scale]) -> None:
    rng = np.random.default_rng(11)
    n = 1500
    data = pd.DataFrame({m: rng.integers(int(s.low), int(s.high) + 1, n) for m, s in metrics.items()})
    expected = counted(data, metrics)
    result = answer_quality(data, metrics=metrics)
    found = {check: share(result, check) for check in result.checks if check in expected}
    absent = set(expected) - set(found)
    assert found == pytest.approx({k: v for k, v in expected.items() if k in found}, abs=ROUNDING)
    assert [expected[check] for check in absent] == [0.0] * len(absent)
    # "Elsewhere" is asked only where the scales have another place in common.
    assert ("straight line elsewhere" in found) == (len(metrics) == 3 or metrics["a"].high == 7)
    assert ("straight line in the middle" in found) == (metrics["a"].high != 4 and metrics["b"].high != 10) or (
        metrics["b"].low == 0 and metrics["b"].high == 10
    )


def test_wilson_against_its_formula(rows: pd.DataFrame) -> None:
    result = answer_quality(rows, metrics={"nps": cx.NPS, "nps_after": cx.NPS})
    p, n, z = share(result, "straight line"), result.n, norm.ppf(0.975)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    row = by_check(result, "straight line").loc["all"]
    assert [row.ci_low, row.ci_high] == pytest.approx([centre - half, centre + half], rel=ROUNDING)


def weighted_estimates(data: pd.DataFrame, metrics: dict[str, cx.Scale], w: Array) -> Array:
    """Excess and item-rest correlations on rows, by weighted sums written out."""
    w = w / w.sum()
    x = {m: data[m].to_numpy(dtype=float) for m in metrics}
    place = {m: (x[m] - s.low) / (s.high - s.low) for m, s in metrics.items()}
    excess = 0.0
    for end in (0.0, 1.0):
        good = np.all([place[m] == end for m, s in metrics.items() if s.higher_is_better], axis=0)
        bad = np.all([place[m] == end for m, s in metrics.items() if not s.higher_is_better], axis=0)
        excess += w @ (good & bad) - (w @ good) * (w @ bad)

    def z(v: Array) -> Array:
        return (v - w @ v) / np.sqrt(w @ (v - w @ v) ** 2)

    turned = {m: z(x[m] if s.higher_is_better else -x[m]) for m, s in metrics.items()}
    found = [w @ (turned[m] * z(sum(turned[k] for k in metrics if k != m))) for m in metrics]
    return np.array([excess, *found])


@pytest.mark.parametrize("key", [None, "weight", "cluster"])
def test_standard_errors_against_derivatives(rows: pd.DataFrame, key: str | None) -> None:
    """The influence of a row is the derivative by its weight: nothing of the estimate may be held fixed."""
    data = rows.dropna(subset=["weight"]).head(250).reset_index(drop=True)
    data.loc[:14, ["nps", "csat", "effort"]] = [10, 5, 5]  # some contradictory lines
    metrics = {"nps": cx.NPS, "csat": cx.CSAT5, "effort": EFFORT}
    w = data.weight.to_numpy() if key == "weight" else np.ones(len(data))
    influence = np.empty((len(data), 4))
    for i in range(len(data)):
        up, down = w.copy(), w.copy()
        up[i] += STEP * w[i]
        down[i] -= STEP * w[i]
        influence[i] = (weighted_estimates(data, metrics, up) - weighted_estimates(data, metrics, down)) / (2 * STEP)
    n = len(data)
    if key == "cluster":
        influence = pd.DataFrame(influence).groupby(data.firm.to_numpy()).sum().to_numpy()
        n = len(influence)
    keys: dict[str, str] = {} if key is None else {key: "firm" if key == "cluster" else "weight"}
    result = answer_quality(data, metrics=metrics, **keys)
    shares = len(result.n_eff)
    assert result.estimate[shares:] == pytest.approx(weighted_estimates(data, metrics, w), rel=ROUNDING)
    expected = np.sqrt((influence**2).sum(axis=0) * n / (n - 1))
    assert result.std_error[shares:] == pytest.approx(expected, rel=DERIVATIVE)
    # Fisher's z for the correlations, Wald for the excess.
    frame = result.to_frame().iloc[shares:]
    q = t.ppf(0.975, n - 1) if key == "cluster" else norm.ppf(0.975)
    r = frame.estimate.to_numpy()[1:]
    half = q * expected[1:] / (1 - r**2)
    assert frame.ci_low.to_numpy()[1:] == pytest.approx(np.tanh(np.arctanh(r) - half), rel=DERIVATIVE)
    assert frame.ci_high.iloc[0] == pytest.approx(frame.estimate.iloc[0] + q * expected[0], rel=DERIVATIVE)


def respondents(rng: np.random.Generator, n: int, careless: float = 0.0) -> pd.DataFrame:
    """Simulated customers who mean what they tick, and some who tick one column throughout."""
    latent = rng.normal(size=n)
    data = pd.DataFrame(
        {
            "csat": np.clip(np.round(3.9 + 0.9 * latent + 0.7 * rng.normal(size=n)), 1, 5),
            "quality": np.clip(np.round(3.9 + 0.9 * latent + 0.7 * rng.normal(size=n)), 1, 5),
            "effort": np.clip(np.round(2.1 - 0.9 * latent + 0.7 * rng.normal(size=n)), 1, 5),
        }
    )
    lines = rng.random(n) < careless
    data.loc[lines] = rng.choice([1.0, 3.0, 5.0], size=(int(lines.sum()), 1))
    return data


HONEST = {"csat": cx.CSAT5, "quality": cx.CSAT5, "effort": EFFORT}


def test_planted_straight_lines_in_simulation() -> None:
    data = respondents(np.random.default_rng(5), 800, careless=0.15)
    result = answer_quality(data, metrics=HONEST)
    assert result.flags == ("straight-lining",)
    frame = result.to_frame()
    contradictory = frame[frame.check == "contradictory straight line"].iloc[0]
    # Two thirds of 15% run at an end; next to nobody else ticks 5, 5 and 5, since effort 5 is the worst.
    assert contradictory.ci_low < 0.10 < contradictory.ci_high
    assert result.concerns[0] == (
        f"{100 * contradictory.estimate:.3g}% of respondents ticked the same end of every scale although good is up on "
        f"some and down on others, where chance explains {100 * result.expected:.3g}% (excess at least "
        f"{100 * frame[frame.check == 'contradictory, beyond chance'].ci_low.iloc[0]:.3g}%, 95% limit): they did not "
        "read the questions, or the direction of a scale is declared the wrong way round. Compare the results without "
        "them; nothing was left out."
    )
    assert result.concerns[0] in str(result)


def test_honest_answers_are_not_flagged_in_simulation() -> None:
    """Honest contentment puts many at the best end everywhere, and that is no flag, nor would it be by chance."""
    rng = np.random.default_rng(6)
    results = [answer_quality(respondents(rng, 300), metrics=HONEST) for _ in range(REPLICATIONS)]
    assert [r.flags for r in results if r.flags] == []
    assert np.mean([share(r, "contradictory, beyond chance") for r in results]) < 0
    content = respondents(rng, 2000)
    content[["csat", "quality"]] = np.clip(content[["csat", "quality"]] + 1, 1, 5)
    content["effort"] = np.clip(content["effort"] - 1, 1, 5)
    assert answer_quality(content, metrics=HONEST).flags == ()


def test_independent_directions_against_the_level_in_simulation() -> None:
    """At the border, where effort has nothing to do with the rest, the excess is 0 and its interval covers it."""
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(REPLICATIONS):
        data = respondents(rng, 400).assign(effort=rng.choice([1, 2, 3, 4, 5], 400, p=[0.5, 0.2, 0.1, 0.1, 0.1]))
        row = by_check(answer_quality(data, metrics=HONEST), "contradictory, beyond chance").loc["all"]
        covered += row.ci_low <= 0 <= row.ci_high
    assert covered / REPLICATIONS == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS))


def test_item_rest_coverage_in_simulation() -> None:
    rng = np.random.default_rng(8)
    scale = cx.Scale(-99, 99, whole=False)
    covered = 0
    truth = (0.5 + 0.5) / np.sqrt(2 + 2 * 0.5)  # three questions with r = .5: corr(z1, z2 + z3)
    for _ in range(REPLICATIONS):
        latent = rng.normal(size=(400, 1))
        data = pd.DataFrame(latent + rng.normal(size=(400, 3)), columns=["a", "b", "c"])
        row = by_check(answer_quality(data, metrics=dict.fromkeys("abc", scale)), "item-rest correlation").loc["a"]
        covered += row.ci_low <= truth <= row.ci_high
    assert covered / REPLICATIONS == pytest.approx(0.95, abs=MC_ERRORS * np.sqrt(0.95 * 0.05 / REPLICATIONS))


def test_a_scale_declared_the_wrong_way_in_simulation() -> None:
    data = respondents(np.random.default_rng(9), 500)
    result = answer_quality(data, metrics={**HONEST, "effort": EASE})
    assert result.flags == ("reverse-coded:effort",)
    row = by_check(result, "item-rest correlation").loc["effort"]
    assert result.concerns[0] == (
        f"'effort' goes against the other metrics (r = {row.estimate:.4g}, upper 95% limit {row.ci_high:.4g}), all "
        "turned so that up is good: the direction of a scale is declared the wrong way round (in CES 1.0 up means more "
        "effort, which is bad; in CES 2.0 more ease), or respondents misread it, or ticked one column throughout. "
        "Check the question as it was printed; nothing was turned round."
    )
    two = answer_quality(data, metrics={"csat": cx.CSAT5, "effort": EASE})
    assert two.flags == ("reverse-coded:csat/effort",)
    assert two.concerns[0].startswith("The metrics 'csat/effort' go against each other (r = -0.")
    # Nothing was turned: the correlations of the two declarations are each other's negatives.
    right = answer_quality(data, metrics={"csat": cx.CSAT5, "effort": EFFORT})
    assert right.estimate[-1] == pytest.approx(-two.estimate[-1], rel=ROUNDING)
    # Ease declared as effort: happy customers tick 5 on both, which is not called careless.
    ease = data.assign(effort=6 - data.effort)
    assert answer_quality(ease, metrics=HONEST).flags == ("reverse-coded:effort",)


def test_one_direction_cannot_tell() -> None:
    data = respondents(np.random.default_rng(5), 800, careless=0.15)
    result = answer_quality(data, metrics={"csat": cx.CSAT5, "quality": cx.CSAT5})
    assert not result.both_ways
    assert np.isnan(result.expected)
    assert result.flags == result.concerns == ()
    (note,) = result.notes
    assert note == (
        "All scales point the same way, so straight lines cannot be told from honest answers that are alike; a "
        "question worded the other way round would tell them apart."
    )
    assert "No flag was raised." in str(result)


def test_shares_of_nothing_and_of_all_have_intervals() -> None:
    data = pd.DataFrame({"a": [1, 2, 4, 5, 3] * 8, "b": [1, 2, 4, 5, 3] * 8, "w": [1.0, 3.0] * 20})
    result = answer_quality(data, metrics={"a": cx.CSAT5, "b": cx.CSAT5}, weight="w")
    row = by_check(result, "straight line").loc["all"]
    kish = 80**2 / (20 + 20 * 9)
    z2 = norm.ppf(0.975) ** 2
    assert [row.estimate, row.ci_low, row.ci_high] == pytest.approx([1, kish / (kish + z2), 1], rel=ROUNDING)
    assert by_check(result, "item-rest correlation").ci_low.item() == pytest.approx(1)


def test_what_is_refused_is_refused_in_full() -> None:
    data = pd.DataFrame({"a": [1, 2, 3] * 4, "b": [2] * 12, "c": [1, 2, 3] * 2 + [None] * 6})
    two = {"a": cx.CSAT5, "b": cx.CSAT5}
    for metrics, message in (
        (
            {"a": cx.CSAT5},
            "Answers can be compared only between at least two metrics, but 'a' is one.\nAdd another metric.",
        ),
        (
            two,
            (
                "The metric 'b' must take at least two values, but all 12 rows hold 2."
                "\nWhat does not vary correlates with nothing: leave it out."
            ),
        ),
        (
            {"a": cx.CSAT5, "c": cx.CSAT5},
            (
                "At least 10 rows must have all of 'a', 'c', but 6 rows do."
                "\nCheck how the tables were joined, or leave a metric out."
            ),
        ),
    ):
        with pytest.raises(TooFewError, match=f"^{re.escape(message)}$"):
            answer_quality(data, metrics=metrics)
