"""Cox regression against survival in R, statsmodels, rows, and simulation."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

import cxstats as cx
from cxstats.methods.cox import Cox, cox
from cxstats.numerics.cox import fit_cox
from cxstats.numerics.influence import covariance

REFERENCES = Path(__file__).parents[1] / "references"
# R prints 15 digits, and its second fit starts from the maximum of the first: what is left is rounding.
AGAINST_R = 1e-11
# statsmodels stops at a gradient of its own choice.
AGAINST_STATSMODELS = 1e-7
# The same sums in another order.
ROUNDING = 1e-10
METRICS = {"nps": cx.NPS, "effort": cx.EFFORT5}
TERMS = ("nps", "effort", "tenure", "plan[gold]", "plan[silver]")
DESIGNS = ("plain", "ties", "entry", "strata", "entry strata", "weight", "entry strata weight")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(REFERENCES / "cox_rows.csv", comment="#")


def fitted(data: object, design: str = "ties", **more: object) -> Cox:
    time, entry = "days" if design == "plain" else "month", "joined" if "entry" in design else None
    return cox(
        data,  # type: ignore[arg-type]
        outcome=cx.Survival(time, "left", entry),
        metrics=METRICS,
        controls=["tenure", "plan"],
        strata=["region"] if "strata" in design else [],
        weight="weight" if "weight" in design else None,
        **more,  # type: ignore[arg-type]
    )


def reference(design: str, quantity: str) -> np.ndarray:
    table = pd.read_csv(REFERENCES / "cox.csv", comment="#")
    found = table[(table.design == design) & (table.quantity == quantity)]
    assert tuple(found.term.fillna("")) in (TERMS, (*TERMS, "global"), ("",))
    return found.value.to_numpy()


@pytest.mark.parametrize("design", DESIGNS)
def test_cox_against_coxph(rows: pd.DataFrame, design: str) -> None:
    result = fitted(rows, design)
    assert result.terms == TERMS
    assert result.estimate == pytest.approx(reference(design, "estimate"), rel=AGAINST_R)
    factor = np.sqrt(600 / 599)  # which R's robust variance does not have
    expected = factor * reference(design, "sandwich") if "weight" in design else reference(design, "information")
    assert result.std_error == pytest.approx(expected, rel=AGAINST_R)
    assert result.std_error**2 == pytest.approx(np.diag(result.covariance), rel=ROUNDING)
    assert result.hazard_ratio == pytest.approx(np.exp(reference(design, "estimate")), rel=AGAINST_R)
    assert result.log_likelihood == pytest.approx(reference(design, "log likelihood")[0], rel=AGAINST_R)
    assert result.null_log_likelihood == pytest.approx(reference(design, "null log likelihood")[0], rel=AGAINST_R)
    assert (result.n, result.n_missing, result.n_events) == (600, 0, rows.left.sum())


@pytest.mark.parametrize("design", DESIGNS)
def test_clusters_against_coxph(rows: pd.DataFrame, design: str) -> None:
    result = fitted(rows, design, cluster="firm")
    expected = np.sqrt(60 / 59) * reference(design, "clusters")
    assert result.estimate == pytest.approx(reference(design, "estimate"), rel=AGAINST_R)
    assert result.std_error == pytest.approx(expected, rel=AGAINST_R)
    assert (result.df, result.errors) == (59, "clusters")
    frame = result.to_frame(level=0.9)
    half = t(59).isf(0.05) * expected
    assert frame.ci_low.to_numpy() == pytest.approx(reference(design, "estimate") - half, rel=ROUNDING)
    assert frame.p_value.to_numpy() == pytest.approx(2 * t(59).sf(np.abs(result.estimate / expected)), rel=1e-9)


@pytest.mark.parametrize("design", DESIGNS)
def test_influence_against_dfbeta(rows: pd.DataFrame, design: str) -> None:
    plan, weighted = rows.plan.to_numpy(), "weight" in design
    matrix = np.column_stack([rows.nps, 6 - rows.effort, rows.tenure, plan == "gold", plan == "silver"]).astype(float)
    fit = fit_cox(
        matrix,
        (rows.days if design == "plain" else rows.month).to_numpy(float),
        rows.left.to_numpy() == 1,
        np.ones(600, dtype=np.int64),
        rows.weight.to_numpy() if weighted else np.ones(600),
        entry=rows.joined.to_numpy(float) if "entry" in design else None,
        stratum=np.unique(rows.region, return_inverse=True)[1] if "strata" in design else None,
    )
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(reference(design, "information"), rel=AGAINST_R)
    for row in (1, 77, 250, 433, 600):
        expected = reference(design, f"dfbeta {row}")
        assert fit.influence[row - 1] == pytest.approx(expected, rel=AGAINST_R, abs=1e-15)


@pytest.mark.parametrize("design", [design for design in DESIGNS if "weight" not in design])
def test_proportional_hazards_against_cox_zph(rows: pd.DataFrame, design: str) -> None:
    result = fitted(rows, design)
    statistics, p_values = reference(design, "zph"), reference(design, "zph p")
    assert result.proportional_statistic == pytest.approx(statistics[:-1], rel=AGAINST_R)
    assert result.proportional_p_value == pytest.approx(p_values[:-1], rel=AGAINST_R)
    assert result.joint_proportional_statistic == pytest.approx(statistics[-1], rel=AGAINST_R)
    assert result.joint_proportional_p_value == pytest.approx(p_values[-1], rel=AGAINST_R)
    assert result.joint_proportional_df == 5
    assert list(result.to_frame().p_value_constant) == list(result.proportional_p_value)


@pytest.mark.parametrize("design", [design for design in DESIGNS if design != "plain"])
@pytest.mark.parametrize("unit", ["sandwich", "clusters"])
def test_robust_proportional_hazards_against_split_rows(rows: pd.DataFrame, design: str, unit: str) -> None:
    """Scores of rows split at every event time, from residuals of coxph, with a sandwich in R."""
    if unit == "sandwich" and "weight" not in design:
        return
    result = fitted(rows, design, cluster="firm" if unit == "clusters" else None)
    expected = reference(design, f"zph {unit}")
    found = np.append(result.proportional_statistic, result.joint_proportional_statistic)
    assert found == pytest.approx(expected, rel=AGAINST_R)


def test_a_ratio_that_changes_is_noted(rows: pd.DataFrame) -> None:
    """A better score goes with staying in the first months only."""
    assert fitted(rows).notes == ()
    rng = np.random.default_rng(11)
    nps = rng.integers(0, 11, 2_000)
    early = rng.exponential(np.exp(0.3 * (nps - 5)) * 12)
    time = np.ceil(np.where(early < 6, early, 6 + rng.exponential(12, 2_000)))
    frame = pd.DataFrame({"nps": nps, "month": np.minimum(time, 24), "left": (time <= 24).astype(int)})
    result = cox(frame, outcome=cx.Survival("month", "left"), metrics={"nps": cx.NPS})
    note = (
        "The hazard ratios change with time (p < .0001), that of 'nps' most clearly: each coefficient is an average "
        "over the time watched. Fit early and late times apart to see how."
    )
    assert result.notes == (note,)
    assert f"Note: {note}" in result.summary()


def test_cox_against_statsmodels(rows: pd.DataFrame) -> None:
    from statsmodels.duration.hazard_regression import PHReg

    plan = rows.plan.to_numpy()
    matrix = np.column_stack([rows.nps, 6 - rows.effort, rows.tenure, plan == "gold", plan == "silver"]).astype(float)
    theirs = PHReg(
        rows.month.to_numpy(),
        matrix,
        status=rows.left.to_numpy(),
        entry=rows.joined.to_numpy() + 0.5,  # theirs watches from the entry on, ours from after it; months are whole
        strata=np.unique(rows.region, return_inverse=True)[1],
        ties="efron",
    ).fit(disp=0)
    result = fitted(rows, "entry strata")
    assert result.estimate == pytest.approx(theirs.params, rel=AGAINST_STATSMODELS)
    assert result.std_error == pytest.approx(theirs.bse, rel=AGAINST_STATSMODELS)


def same(one: Cox, other: Cox, shift: float = 1.0) -> None:
    assert one.terms == other.terms
    assert one.estimate * shift == pytest.approx(other.estimate, rel=ROUNDING)
    assert one.std_error * shift == pytest.approx(other.std_error, rel=ROUNDING)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=ROUNDING)
    found, expected = one.joint_proportional_statistic, other.joint_proportional_statistic
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("keys", [{}, {"cluster": "firm"}], ids=["plain", "cluster"])
def test_counted_rows_and_cells_against_rows(rows: pd.DataFrame, keys: dict[str, str]) -> None:
    few = pd.concat([rows, rows[:250], rows[100:200]]).assign(tenure=lambda f: f.tenure.round(-1))
    expected = fitted(few, "entry strata", **keys)
    columns = ["nps", "effort", "tenure", "plan", "region", "month", "joined", "left", *keys.values()]
    counted = few.groupby(columns).size().reset_index(name="n")
    assert len(counted) < 650
    for result in (fitted(counted, "entry strata", count="n", **keys), fitted(few.iloc[::-1], "entry strata", **keys)):
        same(result, expected)
        assert (result.n, result.n_cells) == (950, len(counted))
    roles = {"outcome": cx.Survival("month", "left", "joined"), "metrics": METRICS, "controls": ["plan", "tenure"]}
    halves = [cx.tally(half, strata=["region"], **roles, **keys) for half in (few[:300], few[300:])]  # type: ignore[arg-type]
    from_cells = cox(halves[0] + halves[1])
    place = [from_cells.terms.index(term) for term in expected.terms]
    assert from_cells.estimate[place] == pytest.approx(expected.estimate, rel=ROUNDING)
    assert from_cells.std_error[place] == pytest.approx(expected.std_error, rel=ROUNDING)
    assert cox(halves[0] + halves[1], metrics=["nps"]).terms == ("nps", "plan[gold]", "plan[silver]", "tenure")


def test_many_tied_events_against_repeated_rows(rows: pd.DataFrame) -> None:
    """So many events at a time that the steps of Efron's method are not taken singly any more."""
    repeated = pd.concat([rows] * 40).assign(month=np.tile(np.ceil(rows.month / 8), 40))
    assert repeated[repeated.left == 1].groupby("month").size().max() > 3_000
    from statsmodels.duration.hazard_regression import PHReg

    matrix = np.column_stack([repeated.nps, 6 - repeated.effort]).astype(float)
    theirs = PHReg(repeated.month.to_numpy(), matrix, status=repeated.left.to_numpy(), ties="efron").fit(disp=0)
    counted = rows.assign(month=np.ceil(rows.month / 8), n=40)
    result = cox(counted, outcome=cx.Survival("month", "left"), metrics=METRICS, count="n")
    assert result.estimate == pytest.approx(theirs.params, rel=AGAINST_STATSMODELS)
    assert result.std_error == pytest.approx(theirs.bse, rel=AGAINST_STATSMODELS)
    assert result.log_likelihood == pytest.approx(theirs.llf, rel=ROUNDING)


def test_entry_at_nought_against_no_entry(rows: pd.DataFrame) -> None:
    same(fitted(rows.assign(joined=0), "entry"), fitted(rows))
    moved = rows.assign(joined=rows.joined + 100, month=rows.month + 100)
    same(fitted(moved, "entry strata"), fitted(rows, "entry strata"))


def test_other_units_against_the_given_ones(rows: pd.DataFrame) -> None:
    """A control far from 0 in tiny units, time in other units, and scores turned by hand change what they must."""
    plain = fitted(rows, "entry strata")
    odd = fitted(rows.assign(month=rows.month * 30.5, joined=rows.joined * 30.5), "entry strata")
    same(odd, plain)
    far = fitted(rows.assign(tenure=1.7e9 + rows.tenure * 86_400), "entry strata")
    assert far.estimate * np.array([1, 1, 86_400, 1, 1]) == pytest.approx(plain.estimate, rel=1e-6)
    turned = cox(
        rows.assign(effort=6 - rows.effort),
        outcome=cx.Survival("month", "left", "joined"),
        metrics={"nps": cx.NPS, "effort": cx.EASE5},
        controls=["tenure", "plan"],
        strata=["region"],
    )
    same(turned, plain)


def test_strata_of_two_columns_against_their_combination(rows: pd.DataFrame) -> None:
    both = rows.assign(half=rows.tenure > 8, both=rows.region + (rows.tenure > 8).astype(str))
    outcome = cx.Survival("month", "left")
    two = cox(both, outcome=outcome, metrics=METRICS, strata=["region", "half"])
    same(two, cox(both, outcome=outcome, metrics=METRICS, strata=["both"]))


def test_missing_values_against_complete_rows(rows: pd.DataFrame) -> None:
    holes = rows.astype({"nps": float, "left": float, "month": float, "joined": float})
    holes.loc[:9, "nps"] = np.nan
    holes.loc[10:14, "plan"] = None
    for i, column in enumerate(("left", "month", "joined", "region", "firm")):
        holes.loc[15 + i, column] = None
    result = fitted(holes, "entry strata", cluster="firm")
    expected = fitted(rows.iloc[20:], "entry strata", cluster="firm")
    assert (result.n, result.n_missing) == (580, 20)
    same(result, expected)


def test_weights_of_nought_against_rows_left_out(rows: pd.DataFrame) -> None:
    """Such rows add nothing: no level of a control, and no step among tied events."""
    weighted = rows.assign(weight=np.where(rows.plan == "silver", 0.0, rows.weight))
    result = fitted(weighted, "entry weight")
    expected = fitted(rows[rows.plan != "silver"], "entry weight")
    assert result.terms == expected.terms == TERMS[:-1]
    assert result.estimate == pytest.approx(expected.estimate, rel=ROUNDING)
    assert result.n_events == expected.n_events
    scaled = fitted(rows.assign(weight=rows.weight * 7), "weight")
    assert scaled.estimate == pytest.approx(fitted(rows, "weight").estimate, rel=ROUNDING)
    assert scaled.std_error == pytest.approx(fitted(rows, "weight").std_error, rel=ROUNDING)


def test_known_hazard_ratio_is_found_and_covered_in_simulation() -> None:
    """Left out before the watch begins, tied in months, in clusters of 8 that share score and luck."""
    rng, replicates, hits, found, truth = np.random.default_rng(20260303), 300, 0, [], -0.15
    for _ in range(replicates):
        firm = np.repeat(np.arange(60), 8)
        score = np.clip(np.round(5 + 2 * rng.standard_normal(60)[firm] + rng.standard_normal(480)), 0, 10)
        # Half of the customers share the firm's draw: that ties them together and leaves each one's hazard as it is.
        draw = np.where(rng.random(480) < 0.5, rng.exponential(size=60)[firm], rng.exponential(size=480))
        time = draw * 60 * np.exp(-truth * score)
        entry, end = rng.uniform(0, 20, 480), rng.uniform(30, 120, 480)
        seen = time > entry
        fit = fit_cox(
            score[seen, None],
            np.minimum(time, end)[seen],
            (time <= end)[seen],
            np.ones(seen.sum(), dtype=np.int64),
            np.ones(seen.sum()),
            entry=entry[seen],
        )
        clustered = covariance(fit.influence, np.ones(seen.sum(), dtype=np.int64), firm[seen])
        found.append(fit.coefficients[0])
        hits += int(np.abs(found[-1] - truth) <= t(clustered.df).isf(0.025) * np.sqrt(clustered.matrix[0, 0]))
    assert np.mean(found) == pytest.approx(truth, abs=4 * np.std(found) / np.sqrt(replicates))
    assert hits / replicates == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / replicates))


def test_level_of_the_test_of_proportional_hazards_in_simulation() -> None:
    rng, replicates, rejected = np.random.default_rng(20260304), 300, 0
    for _ in range(replicates):
        nps, csat = rng.integers(0, 11, 300), rng.integers(1, 6, 300)
        time = rng.exponential(np.exp(0.1 * nps + 0.1 * csat)) * 10
        frame = pd.DataFrame({"nps": nps, "csat": csat, "time": np.ceil(time), "left": 1})
        result = cox(frame, outcome=cx.Survival("time", "left"), metrics={"nps": cx.NPS, "csat": cx.CSAT5})
        rejected += int(result.joint_proportional_p_value < 0.05)
    assert rejected / replicates == pytest.approx(0.05, abs=4 * np.sqrt(0.95 * 0.05 / replicates))


def small(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    nps = rng.integers(0, 11, n)
    time = np.ceil(rng.exponential(10 * np.exp(0.1 * nps)))
    return pd.DataFrame({"nps": nps, "month": np.minimum(time, 24), "left": (time <= 24).astype(int), "plan": "basic"})


NPS = {"nps": cx.NPS}
LEFT = cx.Survival("month", "left")


@pytest.mark.parametrize(
    ("outcome", "found"), [(None, "none was declared"), (cx.Binary("left", good=0), "Binary was given")]
)
def test_other_outcomes_are_refused(outcome: object, found: str) -> None:
    message = (
        rf"A survival outcome is needed, but {found}\.\n"
        r'Pass outcome=cx\.Survival\("months", "cancelled", good=0\); use cx\.logistic for whether it happened at all\.'
    )
    with pytest.raises(cx.RoleError, match=f"^{message}$"):
        cox(small(), outcome=outcome, metrics=NPS)  # type: ignore[arg-type]


def test_impossible_times_are_refused() -> None:
    frame = small()
    frame.loc[:2, "month"] = [-1, -5, -1]
    with pytest.raises(
        cx.ColumnError, match=r"^The time 'month' must hold numbers from 0 up, but 3 of 200 rows do not: "
    ):
        cox(frame, outcome=LEFT, metrics=NPS)
    frame = small().assign(joined=0.0, month=np.arange(200) + 1.0)
    frame.loc[:1, "joined"] = [1, 2.5]
    with pytest.raises(
        cx.ColumnError, match=r"^The time 'month' must lie above 'joined', .* but 2 of 200 rows do not: "
    ):
        cox(frame, outcome=cx.Survival("month", "left", "joined"), metrics=NPS)


def test_events_at_time_nought_count_without_an_entry() -> None:
    """A cancellation on the first day: one step earlier than all others, whatever the unit."""
    frame = small()
    same(
        cox(frame.assign(month=frame.month - 1), outcome=LEFT, metrics=NPS),
        cox(frame, outcome=LEFT, metrics=NPS),
    )


def test_too_few_events_are_refused() -> None:
    message = (
        r"The event 'left' must have happened, but it did in none of 200 rows\.\n"
        r"Watch for longer, and check that 1 means that it happened\."
    )
    with pytest.raises(cx.TooFewError, match=f"^{message}$"):
        cox(small().assign(left=0), outcome=LEFT, metrics=NPS)
    frame = small().assign(left=[1] * 19 + [0] * 181, region=["a", "b"] * 100)
    message = (
        r"At least 10 events per coefficient are needed, 20 for 2 coefficients, but of 200 rows 19 had the event "
        r"'left'\.\nUse fewer predictors, merge levels, or watch for longer\."
    )
    with pytest.raises(cx.TooFewError, match=f"^{message}$"):
        cox(frame, outcome=LEFT, metrics=NPS, controls=["region"])
    with pytest.raises(
        cx.TooFewError, match=r"^At least one row must have all of 'month', 'left', 'nps', but none of 200 rows has\."
    ):
        cox(small().assign(nps=np.nan), outcome=LEFT, metrics=NPS)


@pytest.mark.parametrize(
    ("change", "held"),
    [
        ({"nps": 7}, "'nps' must take at least two values, but all 200 rows hold 7"),
        ({}, "'plan' must take at least two values, but all 200 rows hold 'basic'"),
    ],
)
def test_constant_predictors_are_refused(change: dict[str, object], held: str) -> None:
    with pytest.raises(cx.TooFewError, match=rf"^The predictor {held}\.\nA constant predicts nothing: leave it out\.$"):
        cox(small().assign(**change), outcome=LEFT, metrics=NPS, controls=["plan"])


def test_collinear_controls_are_refused() -> None:
    frame = small().assign(a=np.arange(200) % 7, b=np.arange(200) % 3)
    frame["c"] = 2 * frame.a - frame.b + 4
    message = (
        r"The predictors must not repeat each other, but 'a', 'b', 'c' are collinear: each follows exactly from the "
        r"others\.\nLeave one of them out\."
    )
    with pytest.raises(cx.ColumnError, match=f"^{message}$"):
        cox(frame, outcome=LEFT, metrics=NPS, controls=["a", "b", "c"])


def test_a_control_that_says_what_the_stratum_says_is_refused() -> None:
    frame = small().assign(region=["a", "b"] * 100, price=[10, 20] * 100)
    message = (
        r"The predictors must differ among those who are at risk at the same time in the same stratum, but 'price' "
        r"does not\.\nLeave one of them out, or the stratum that says the same\."
    )
    with pytest.raises(cx.ColumnError, match=f"^{message}$"):
        cox(frame, outcome=LEFT, metrics=NPS, controls=["price"], strata=["region"])


ORDERED = (
    "whenever the event happened, it happened to those who were highest, or lowest, of all still at risk, so no "
    r"finite estimate exists\.\nMerge rare levels or leave the predictor out; a score that does this is suspicious: "
    r"check that it was not asked after the event, or computed from it\."
)


def test_coefficients_that_run_off_are_refused() -> None:
    frame = small(400)
    frame["plan"] = np.where((frame.left == 0) & (np.arange(400) % 2 == 0), "gold", "basic")
    assert (frame.plan == "gold").any()
    message = rf"No predictor may put the events in perfect order, but 'plan' would: {ORDERED}"
    with pytest.raises(cx.SeparationError, match=f"^{message}$"):
        cox(frame, outcome=LEFT, metrics=NPS, controls=["plan"])
    frame = small(400).assign(score=lambda f: f.month * 3 + 1, joined=0)
    message = rf"No predictor may put the events in perfect order, but 'score' would: {ORDERED}"
    for outcome in (LEFT, cx.Survival("month", "left", "joined")):
        with pytest.raises(cx.SeparationError, match=f"^{message}$"):
            cox(frame, outcome=outcome, metrics=NPS, controls=["score"])


def test_coefficients_that_run_off_together_are_refused() -> None:
    frame = small(400)
    frame["a"] = np.random.default_rng(1).integers(0, 9, 400)
    frame["b"] = frame.a - frame.month
    message = rf"No predictor may put the events in perfect order, but 'a', 'b' together would: {ORDERED}"
    with pytest.raises(cx.SeparationError, match=f"^{message}$"):
        cox(frame, outcome=LEFT, metrics=NPS, controls=["a", "b"])


def test_few_clusters_are_refused_and_noted() -> None:
    frame = small().assign(firm=np.arange(200) % 30)
    with pytest.warns(cx.CxStatsWarning, match=r"30 clusters are few"):
        result = cox(frame, outcome=LEFT, metrics=NPS, cluster="firm")
    assert result.notes == ("30 clusters are few (fewer than 40): the intervals may be too narrow.",)
    with pytest.raises(cx.TooFewError, match=r"At least 20 clusters are needed for an interval, but there are 10\."):
        cox(frame.assign(firm=frame.firm % 10), outcome=LEFT, metrics=NPS, cluster="firm")


def test_one_event_time_leaves_the_change_over_time_open() -> None:
    frame = small().assign(month=1.0)
    result = cox(frame, outcome=LEFT, metrics=NPS)
    assert np.isnan(result.proportional_p_value).all()
    assert np.isnan(result.joint_proportional_p_value)
    assert result.notes == ()
    assert "at all times" not in result.summary()


def test_the_summary_says_which_way_is_good(rows: pd.DataFrame) -> None:
    result = fitted(rows, cluster="firm")
    with pytest.raises(ValueError, match="read-only"):
        result.estimate[0] = 0
    assert (
        "296 events of 'left' (bad for the firm): a hazard ratio below 1 means that with a better score it comes "
        "later or less often.\n"
    ) in result.summary()
    assert "Standard errors from influence values summed per cluster.\n600 rows used; 600 cells." in result.summary()
    joint = result.joint_proportional_statistic, result.joint_proportional_p_value
    assert (
        "Same hazard ratios at all times: chi-squared {:.4g} on 5 df, p = {:.4g}.\n".format(*joint) in result.summary()
    )
    returning = cox(small(), outcome=cx.Survival("month", "left", good=1), metrics=NPS)
    assert (
        "events of 'left' (good for the firm): a hazard ratio above 1 means that with a better score it comes "
        "sooner or more often.\n"
    ) in returning.summary()
    assert returning.estimate == pytest.approx(cox(small(), outcome=LEFT, metrics=NPS).estimate, rel=ROUNDING)
