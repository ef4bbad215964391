"""Slopes per person on performance against lme4 in R, on real ratings, and in simulations with known truth."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cxstats as cx
from cxstats.errors import ColumnError, CxStatsError, CxStatsWarning, RoleError, TooFewError
from cxstats.methods.performance_slopes import PerformanceSlopes, performance_slopes

REFERENCES = Path(__file__).parents[1] / "references"
# lmer's search stops where the deviance no longer moves in its last digits: parameters are then right to the root.
AGAINST_LMER = 1e-6
# lme4 reads its limits off a spline through some points of the profile.
SPLINE = 2e-4
# Its gradient stops lmer a little before the top where rows are many.
MANY_ROWS = 1e-4
SAME = 1e-9
MC_ERRORS = 4


def rows(case: str) -> pd.DataFrame:
    stored = pd.read_csv(REFERENCES / "random_slopes_rows.csv", comment="#")
    return stored[stored.case == case].drop(columns="case")


def reference(case: str, model: str) -> "pd.Series[float]":
    stored = pd.read_csv(REFERENCES / "random_slopes.csv", comment="#")
    return stored[(stored.case == case) & (stored.model == model)].set_index("what").value


def fit(frame: Any, **more: Any) -> PerformanceSlopes:
    roles: dict[str, Any] = {"outcome": cx.Continuous("joy"), "performance": {"speed": cx.NPS}, "cluster": "person"}
    return performance_slopes(frame, **(roles | more))


def units(frame: pd.DataFrame) -> tuple[float, float]:
    """SD of performance within persons over SD of the outcome; SD of the persons' mean expectation."""
    apart = frame.speed - frame.groupby("person").speed.transform("mean")
    within = np.sqrt((apart**2).sum() / (len(frame) - frame.person.nunique()))
    return within / frame.joy.std(), frame.groupby("person").hope.mean().std()


def simulated(seed: int, persons: int = 150, per: int = 8, **truth: float) -> pd.DataFrame:
    """Ratings with slopes .4 + by_hope times hope + normal with SD own; the mean performance counts as much as told."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), per)
    level, hope = 2 * rng.normal(size=(2, persons))
    speed = level[person] + rng.normal(size=len(person))
    apart = speed - pd.Series(speed).groupby(person).transform("mean").to_numpy()
    slope = 0.4 + truth.get("own", 0.0) * rng.normal(size=persons) + truth.get("by_hope", 0.0) * hope
    joy = rng.normal(size=persons)[person] + slope[person] * apart + truth.get("between", 0.0) * level[person]
    joy = joy + rng.normal(size=len(person))
    return pd.DataFrame({"person": person, "hope": hope[person], "speed": speed, "joy": joy})


@pytest.mark.parametrize(("case", "outcome"), [("hoped", cx.Continuous("joy")), ("rated", cx.Rating("joy", cx.CSAT5))])
def test_rows_against_lmer(case: str, outcome: Any) -> None:
    frame = rows(case)
    result = fit(frame, outcome=outcome, expectation="hope")
    main, moderated = reference(case, "main"), reference(case, "moderated")
    unit, between = units(frame)
    expected = [main["slope_sd"], main["coefficient w"], main["coefficient mean"], moderated["slope_sd"]]
    expected.append(moderated["coefficient w:hoped"] * between)
    if case == "rated":
        felt = frame.hope - frame.groupby("person").hope.transform("mean")
        sd = np.sqrt((felt**2).sum() / (len(frame) - frame.person.nunique()))
        expected.append(moderated["coefficient w:felt"] * sd)
    assert result.estimate == pytest.approx(np.array(expected) * unit, abs=AGAINST_LMER)
    assert result.share_explained == pytest.approx(1 - (moderated.slope_sd / main.slope_sd) ** 2, abs=AGAINST_LMER)
    assert result.intercept_sd * result.sd_outcome == pytest.approx(main.intercept_sd, abs=AGAINST_LMER)
    assert result.residual_sd * result.sd_outcome == pytest.approx(main.residual_sd, abs=AGAINST_LMER)
    assert result.correlation == pytest.approx(main.correlation, abs=AGAINST_LMER)
    assert result.likelihood_ratio == pytest.approx(2 * (main.log_likelihood - main["no slopes"]), abs=AGAINST_LMER)
    limits = result.confidence_interval(0.5)
    for at, stored in ((0, main), (3, moderated)):
        assert limits.high[at] == pytest.approx(stored["high 0.5"] * unit, abs=SPLINE)
        if case == "hoped":
            assert limits.low[at] == pytest.approx(stored["low 0.5"] * unit, abs=SPLINE)
    assert (
        list(result.labels["term"])
        == [
            "slope SD",
            "slope",
            "person's mean",
            "slope SD given expectation",
            "performance x expectation",
            "performance x expectation, within",
        ][: len(expected)]
    )


def test_without_expectation_against_lmer() -> None:
    frame, stored = rows("hoped"), reference("hoped", "plain")
    result = fit(frame)
    unit = units(frame)[0]
    assert result.estimate[0] == pytest.approx(stored.slope_sd * unit, abs=AGAINST_LMER)
    limits = result.confidence_interval()
    assert limits.low[0] == pytest.approx(stored["low 0.95"] * unit, abs=SPLINE)
    assert limits.high[0] == pytest.approx(stored["high 0.95"] * unit, abs=SPLINE)
    assert (len(result.estimate), result.moderated, result.interaction) == (3, None, None)
    assert np.isnan(result.share_explained)
    sizes = frame.groupby("person").speed.agg(["size", "nunique"])
    assert result.n_persons == len(sizes) == 60
    assert result.n_informing == ((sizes["size"] >= 3) & (sizes["nunique"] > 1)).sum()


def test_ratings_of_lectures_against_lmer(real_data: Callable[[str], Path]) -> None:
    """73,421 ratings by 2,972 students: their slopes on the age of the lecture."""
    frame = pd.read_parquet(real_data("insteval/insteval.parquet"))
    result = performance_slopes(
        frame, outcome=cx.Rating("rating", cx.CSAT5), performance="lecture_age", cluster="student"
    )
    stored = reference("lectures", "plain")
    assert result.plain.log_likelihood == pytest.approx(stored.log_likelihood, abs=MANY_ROWS)
    assert result.plain.no_slopes == pytest.approx(stored["no slopes"], abs=MANY_ROWS)
    assert result.plain.slope_sd == pytest.approx(stored.slope_sd, abs=MANY_ROWS)
    assert result.plain.coefficients[1] == pytest.approx(stored["coefficient w"], abs=MANY_ROWS)
    assert result.n_persons == 2972
    assert result.p_not_above(0.0) < 0.01
    assert result.p_not_below(0.1) < 1e-6  # they differ, but by little


def test_p_values_and_limits_are_of_one_kind() -> None:
    result = fit(rows("hoped"), expectation="hope")
    limits = result.confidence_interval(0.9)
    assert result.p_not_above(limits.low[0]) == pytest.approx(0.05, abs=AGAINST_LMER)
    assert result.p_not_below(limits.high[0]) == pytest.approx(0.05, abs=AGAINST_LMER)
    assert result.p_value[0] == result.p_not_above(0.0)
    assert result.statistic[0] == pytest.approx(result.likelihood_ratio**0.5, rel=SAME)
    effect, high = result.effect, result.confidence_interval().high[0]
    assert (effect.estimate, effect.interval()[1]) == pytest.approx((result.estimate[0], high), rel=SAME)
    assert result.interaction is not None
    assert result.interaction.estimate == result.estimate[4] < 0
    assert np.isnan(result.std_error[result.is_sd]).all()


def test_levels_and_means_are_no_slopes_in_simulation() -> None:
    """Persons who rate higher, and persons with a better performance on the whole, have one slope."""
    replications = 40
    p = [fit(simulated(seed, 60, 5, between=2.0), performance="speed").p_value[0] for seed in range(replications)]
    assert np.mean(np.array(p) < 0.05) <= 0.05 + MC_ERRORS * (0.05 * 0.95 / replications) ** 0.5
    result = fit(simulated(99, between=2.0), performance="speed")
    unit = result.sd_outcome / result.sd_performance
    assert result.estimate[1:] * unit == pytest.approx([0.4, 2.0], abs=MC_ERRORS * result.std_error[1:].max() * unit)
    assert result.std_error[1:].max() * unit < 0.12


def test_share_and_interaction_in_simulation() -> None:
    """Slopes have variance .09 of their own and .16 by an expectation with SD 2: a share of .64."""
    found = [fit(simulated(seed, own=0.3, by_hope=-0.2), performance="speed", expectation="hope") for seed in range(20)]
    share = np.array([result.share_explained for result in found])
    assert share.mean() == pytest.approx(0.64, abs=MC_ERRORS * share.std(ddof=1) / 20**0.5)
    hope = [frame.groupby("person").hope.first().std() for frame in (simulated(seed) for seed in range(20))]
    slopes = np.array(
        [
            result.estimate[4] * result.sd_outcome / result.sd_performance / sd
            for result, sd in zip(found, hope, strict=True)
        ]
    )
    assert slopes.mean() == pytest.approx(-0.2, abs=MC_ERRORS * slopes.std(ddof=1) / 20**0.5)
    errors = [
        result.std_error[4] * result.sd_outcome / result.sd_performance / sd
        for result, sd in zip(found, hope, strict=True)
    ]
    # An SD from 20 values has a relative standard error of 1 / sqrt(38).
    assert np.mean(errors) == pytest.approx(slopes.std(ddof=1), rel=MC_ERRORS / 38**0.5)


def test_scales_that_point_down_are_turned() -> None:
    frame = rows("rated")
    down = frame.assign(joy=6 - frame.joy, speed=10 - frame.speed)
    scale = cx.Scale(0, 10, higher_is_better=False)
    result = fit(frame, outcome=cx.Rating("joy", cx.CSAT5), expectation="hope")
    turned = fit(down, outcome=cx.Rating("joy", cx.EFFORT5), performance={"speed": scale}, expectation="hope")
    assert turned.estimate == pytest.approx(result.estimate, abs=AGAINST_LMER)
    assert turned.share_at_top == pytest.approx((frame.joy == 5).mean(), rel=SAME)
    low = fit(frame.assign(joy=-frame.joy), outcome=cx.Continuous("joy", good="low"), expectation="hope")
    assert low.estimate == pytest.approx(result.estimate, abs=AGAINST_LMER)
    plain = fit(frame, outcome=cx.Rating("joy", cx.CSAT5), performance="speed", expectation={"hope": HOPE})
    assert plain.estimate == pytest.approx(result.estimate, abs=AGAINST_LMER)


HOPE = cx.Scale(-10, 10, whole=False)


def test_cells_counts_and_missing_values() -> None:
    frame = rows("rated")
    holed = frame.assign(hope=frame.hope.where(np.arange(len(frame)) % 50 > 0))
    roles: dict[str, Any] = {"outcome": cx.Rating("joy", cx.CSAT5), "expectation": "hope"}
    result = fit(holed, **roles)
    complete = fit(holed.dropna(), **roles)
    assert np.array_equal(result.estimate, complete.estimate)
    assert (result.n, result.n_missing) == (len(holed.dropna()), holed.hope.isna().sum())
    cells = cx.tally(holed, outcome=roles["outcome"], metrics={"speed": cx.NPS}, controls=["hope"], cluster="person")
    again = performance_slopes(cells, performance="speed", expectation="hope")
    assert np.array_equal(again.estimate, result.estimate)
    assert str(again) == str(result)


def test_the_summary_tells_persons_share_and_ceiling() -> None:
    frame = rows("rated")
    full = frame.assign(joy=np.minimum(frame.joy + 1, 5))
    result = fit(full, outcome=cx.Rating("joy", cx.CSAT5), expectation="hope")
    text = str(result)
    assert f"50 persons, of whom {result.n_informing} inform the slopes (3 or more ratings, and a performance" in text
    assert "Share of the slopes' variance that expectation explains: 0." in text
    assert f"{100 * (full.joy == 5).mean():.0f}% of the ratings are at the best value: slopes flatten there" in text
    assert "best value" not in str(fit(frame))


def test_few_persons_are_warned_of() -> None:
    frame = simulated(1, 30, own=0.5)
    with pytest.warns(CxStatsWarning) as caught:
        result = fit(frame, performance="speed")
    told = (
        "30 persons inform the slopes, few (fewer than 40): their SD comes out too small.",
        "30 clusters are few (fewer than 40): the intervals may be too narrow.",
    )
    assert tuple(str(one.message) for one in caught) == result.notes == told


def test_an_expectation_that_does_not_differ_gives_no_share() -> None:
    frame = simulated(2, own=0.5)
    flat = frame.assign(hope=np.arange(len(frame)) % 2)
    with pytest.warns(CxStatsWarning, match="they tell nobody's slope") as caught:
        result = fit(flat, performance="speed", expectation="hope")
    assert result.notes == (str(caught[0].message),)
    assert (
        result.notes[0]
        == "The means of 'hope' are the same for all persons: they tell nobody's slope, and are left out."
    )
    assert result.estimate == pytest.approx(fit(frame, performance="speed").estimate, rel=AGAINST_LMER)
    assert np.isnan(result.share_explained)


NO_SLOPE = "A slope of a person needs ratings at different performances."
NO_COLUMN = (
    'Pass for example {}={{"score": cx.CSAT7}}, or the name of a plain number; in Cells it must be among the metrics '
    "or controls."
)
NO_OUTCOME = 'Pass outcome=cx.Rating("column", scale) or cx.Continuous("column").'
TOO_FEW = (
    "At least 20 persons with 3 or more ratings, at performances that varied, are needed to tell how far slopes "
    "differ, but of {} have these.\nCollect more ratings per person."
)
REFUSED: list[tuple[dict[str, Any], type[CxStatsError], tuple[str, ...]]] = [
    (
        {"cluster": None},
        RoleError,
        (
            "The person of each rating must be declared as cluster, but no cluster was.",
            'Pass for example cluster="customer"; cells must be tallied with it.',
        ),
    ),
    (
        {"outcome": None},
        RoleError,
        ("An outcome that is a rating or measured is needed, but none was declared.", NO_OUTCOME),
    ),
    (
        {"outcome": cx.Binary("good")},
        RoleError,
        ("An outcome that is a rating or measured is needed, but Binary was given.", NO_OUTCOME),
    ),
    (
        {"performance": None},
        RoleError,
        ("performance must be one column, but None was given.", NO_COLUMN.format("performance")),
    ),
    (
        {"expectation": ["hope"]},
        RoleError,
        ("expectation must be one column, but ['hope'] was given.", NO_COLUMN.format("expectation")),
    ),
    (
        {"performance": "word"},
        ColumnError,
        (
            "'word' must hold numbers, but it holds text: 'slow' (1,200 rows).",
            "Recode it to numbers first; a score that was not given is a missing value.",
        ),
    ),
    (
        {"performance": "good"},
        TooFewError,
        ("The performance 'good' must vary within persons, but it is 1 in all 1,200 rows.", NO_SLOPE),
    ),
    (
        {"performance": "own"},
        TooFewError,
        ("The performance 'own' must vary within persons, but of 150 persons none had two different values.", NO_SLOPE),
    ),
    ({"performance": "rare"}, TooFewError, (TOO_FEW.format("150 persons 19"),)),
    ({"cluster": "pairs"}, TooFewError, (TOO_FEW.format("600 persons 0"),)),
]


@pytest.mark.parametrize(("more", "error", "lines"), REFUSED, ids=[str(more) for more, _, _ in REFUSED])
def test_what_cannot_be_answered_is_refused_in_full(
    more: dict[str, Any], error: type[CxStatsError], lines: tuple[str, ...]
) -> None:
    frame = simulated(3).assign(word="slow", good=1)
    frame["own"], frame["pairs"] = frame.person % 7, np.arange(len(frame)) // 2
    frame["rare"] = frame.speed.where(frame.person < 19, 1.0)
    message = "\n".join(lines)
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        fit(frame, **({"performance": "speed"} | more))


def test_weights_are_refused() -> None:
    frame = simulated(4).assign(w=2.0)
    cells = cx.tally(frame, outcome=cx.Continuous("joy"), controls=["speed"], cluster="person", weight="w")
    message = (
        "Survey weights cannot be used here (a weight would have to be split into one of ratings and one of persons), "
        "but the cells have the weight 'w'.\nTally the data without it."
    )
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        performance_slopes(cells, performance="speed")
    with pytest.raises(TypeError, match="weight"):
        fit(frame, performance="speed", weight="w")


def test_a_name_that_cells_lack_is_refused() -> None:
    cells = cx.tally(simulated(5), outcome=cx.Continuous("joy"), controls=["speed"], cluster="person")
    message = "expectation must be one column, but 'hope' was given.\n" + NO_COLUMN.format("expectation")
    with pytest.raises(RoleError, match=f"^{re.escape(message)}$"):
        performance_slopes(cells, performance="speed", expectation="hope")
