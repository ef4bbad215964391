"""Contacts that lower and raise scores against R's survey package, hand formulas, and known regression to the mean."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cxstats as cx
from cxstats.methods.contact_harm import ContactHarm, contact_harm

REFERENCES = Path(__file__).parents[1] / "references"
ROUNDING = 1e-9  # the same sums in another order
DERIVATIVE = 2e-5  # central differences with steps of 1e-4
ERRORS = 4.0
KEYS: dict[str, Any] = {"before": "before", "after": "after", "scale": cx.NPS, "contact": "contact"}
DESIGNS: dict[str, dict[str, str]] = {
    "simple": {},
    "weight": {"weight": "w"},
    "cluster": {"cluster": "firm"},
    "both": {"weight": "w", "cluster": "firm"},
}


def panel(n: int = 1200) -> pd.DataFrame:
    """The same rows as in tests/references/contact_harm.R."""
    i = np.arange(n)

    def draw(a: int, m: int) -> np.ndarray:
        return ((i * a + 17) % m) / m

    d = pd.DataFrame({"before": 3 + (i * 37) % 8, "firm": (i * 29) % 40, "contact": (draw(7919, 9973) < 0.35) * 1})
    moved = np.round(5 * draw(104729, 9967) - 2.2 - 0.9 * d.contact - 0.25 * (d.before - 6.5))
    d["after"] = np.clip(d.before + moved, 0, 10)
    d["w"] = np.array([0.5, 1, 2.5])[(i * 71) % 3]
    return d


def rows_of(result: ContactHarm, part: str) -> pd.DataFrame:
    frame = result.to_frame()
    return frame[frame["part"] == part].set_index("term")


@pytest.mark.parametrize("design", DESIGNS)
def test_shares_and_ratios_against_survey(design: str) -> None:
    table = pd.read_csv(REFERENCES / "contact_harm.csv", comment="#").set_index(["design", "term"]).sort_index()
    expected = table.loc[design]
    result = contact_harm(panel(), **KEYS, **DESIGNS[design])
    # survey's factor is n / (n - 1) of all rows or firms; ours is that of the rows of the group.
    n, clustered = {"contact": 0, "no contact": 0}, "cluster" in DESIGNS[design]
    for part, group in (("contact", "yes"), ("no contact", "no")):
        n[part] = 40 if clustered else int((panel().contact == (group == "yes")).sum())
        own = (n[part] / (n[part] - 1)) / (40 / 39 if clustered else 1200 / 1199)
        rows = rows_of(result, part)
        for term, key in (("lowered", f"{group} down"), ("raised", f"{group} up")):
            assert rows.estimate[term] == pytest.approx(expected.estimate[key], rel=ROUNDING)
            assert rows.std_error[term] == pytest.approx(np.sqrt(own) * expected.std_error[key], rel=ROUNDING)
        ratio = rows.loc["lowered / raised"]
        assert np.log(ratio.estimate) == pytest.approx(expected.estimate[f"log {group}"], rel=ROUNDING)
        relative = np.sqrt(own) * expected.std_error[f"log {group}"]
        assert ratio.std_error / ratio.estimate == pytest.approx(relative, rel=ROUNDING)
        t = stats.t.isf(0.025, 39) if clustered else stats.norm.isf(0.025)
        limits = np.exp(np.log(ratio.estimate) + np.array([-1, 1]) * t * relative)
        assert (ratio.ci_low, ratio.ci_high) == pytest.approx(limits, rel=ROUNDING)
        assert rows.estimate.iloc[:3].sum() == pytest.approx(1, rel=ROUNDING)
    both = result.log_ratio_of_ratios
    assert both is not None
    assert (both.a, both.var_a**0.5) == pytest.approx(tuple(expected.loc["log ratio"]), rel=ROUNDING)
    row = rows_of(result, "ratio of ratios").loc["contact / no contact"]
    assert (row.estimate, row.std_error) == pytest.approx((np.exp(both.a), np.exp(both.a) * both.var_a**0.5))
    assert row.statistic == pytest.approx(both.a / both.var_a**0.5)
    assert result.gap_before is not None
    assert (result.gap_before.a, result.gap_before.var_a**0.5) == pytest.approx(tuple(expected.loc["gap"]), rel=1e-7)


def test_ratio_against_the_hand_formula() -> None:
    """For a plain sample the variance of the logarithm is 1 / lowered + 1 / raised, but for n / (n - 1)."""
    frame = panel()
    result = contact_harm(frame, **KEYS)
    change = (frame.after - frame.before)[frame.contact == 1]
    down, up, n = int((change < 0).sum()), int((change > 0).sum()), len(change)
    assert result.log_ratio.a == pytest.approx(np.log(down / up), rel=ROUNDING)
    assert result.log_ratio.var_a == pytest.approx((1 / down + 1 / up) * n / (n - 1), rel=ROUNDING)
    z, p = stats.norm.isf(0.025), down / n
    wilson = (p + z**2 / (2 * n) + np.array([-1, 1]) * z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))) / (
        1 + z**2 / n
    )
    row = rows_of(result, "contact").loc["lowered"]
    assert (row.ci_low, row.ci_high) == pytest.approx(wilson, rel=ROUNDING)
    # A published 4 is tested on the logarithm.
    assert result.log_ratio.p_not_below(np.log(4)) == pytest.approx(
        stats.norm.cdf((np.log(down / up) - np.log(4)) / result.log_ratio.var_a**0.5), rel=1e-7
    )


def matched(frame: pd.DataFrame, mass: np.ndarray) -> np.ndarray:
    """Shares lowered and raised without a contact, weighted by the scores before of those with one; both log ratios."""
    before, change, had = (
        frame.before.to_numpy(),
        (frame.after - frame.before).to_numpy(),
        frame.contact.to_numpy() == 1,
    )
    share, own = np.zeros(2), np.zeros(2)
    for k, hit in enumerate((change < 0, change > 0)):
        own[k] = mass[had & hit].sum() / mass[had].sum()
        for level in np.unique(before[had]):
            at = before == level
            portion = mass[had & at].sum() / mass[had].sum()
            share[k] += portion * mass[~had & at & hit].sum() / mass[~had & at].sum()
    return np.array([*share, np.log(own[0] / own[1]) - np.log(share[0] / share[1])])


@pytest.mark.parametrize("keys", [{}, {"weight": "w", "cluster": "firm"}])
def test_same_score_before_against_rows_with_moved_weights(keys: dict[str, str]) -> None:
    frame = panel(320)
    mass = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = contact_harm(frame, **KEYS, **keys)
    found, step = [], 1e-4
    for row in range(len(frame)):
        ends = []
        for sign in (1, -1):
            other = mass.copy()
            other[row] *= 1 + sign * step
            ends.append(matched(frame, other))
        found.append((ends[0] - ends[1]) / (2 * step))
    values, n = np.array(found), len(frame)
    if keys:
        values, n = pd.DataFrame(values).groupby(frame.firm).sum().to_numpy(), 40
    error, estimate = np.sqrt(n / (n - 1) * (values**2).sum(axis=0)), matched(frame, mass)
    rows = rows_of(result, "no contact, same score before")
    assert rows.estimate.iloc[:2].to_numpy() == pytest.approx(estimate[:2], rel=ROUNDING)
    assert rows.std_error.iloc[:2].to_numpy() == pytest.approx(error[:2], rel=DERIVATIVE)
    both = result.log_matched_ratio
    assert both is not None
    assert (both.a, both.var_a**0.5) == pytest.approx((estimate[2], error[2]), rel=DERIVATIVE)


def test_scale_that_runs_down_against_turned_columns() -> None:
    frame = panel().assign(low=lambda d: 10 - d.before, high=lambda d: 10 - d.after)
    down = cx.Scale(0, 10, higher_is_better=False)
    turned = contact_harm(frame, before="low", after="high", scale=down, contact="contact")
    assert turned.estimate == pytest.approx(contact_harm(frame, **KEYS).estimate, rel=ROUNDING)


def test_smallest_move_that_counts() -> None:
    frame = panel()
    result = contact_harm(frame, **KEYS, least=2)
    change = (frame.after - frame.before)[frame.contact == 0]
    expected = [(change <= -2).mean(), (change >= 2).mean(), (change.abs() < 2).mean()]
    assert rows_of(result, "no contact").estimate.iloc[:3].to_numpy() == pytest.approx(expected, rel=ROUNDING)
    assert "Lowered: 'after' is worse than 'before' by 2 or more for the same customer; raised: it is better.\n" in str(
        result
    )


ALONE = (
    "Nobody without a contact is in the data: scores move by themselves, high ones downwards, so that lowered / raised "
    "shows a direction at most, whatever its size."
)


def test_without_control_it_shows_a_direction_only() -> None:
    frame = panel()
    had = frame[frame.contact == 1]
    for result in (contact_harm(had, **{**KEYS, "contact": None}), contact_harm(had, **KEYS)):
        assert result.direction_only == ALONE
        assert result.notes == (ALONE,)
        assert result.labels["part"] == ["contact"] * 4
        assert (result.log_ratio_of_ratios, result.log_matched_ratio, result.gap_before) == (None, None, None)
        assert result.estimate == pytest.approx(contact_harm(frame, **KEYS).estimate[:4], rel=ROUNDING)
    assert contact_harm(frame, **KEYS).direction_only == ""


def after_luck(n: int, rng: np.random.Generator, harm: float) -> pd.DataFrame:
    """Customers call the more, the higher their score is by luck; the contact moves them by ``harm`` on average."""
    loyal, lucky = rng.normal(6, 1.2, n), rng.normal(0, 1.2, n)
    before = np.clip(np.round(loyal + lucky), 0, 10)
    contact = (rng.random(n) < 1 / (1 + np.exp(-0.9 * (before - 6.5)))).astype(int)
    after = np.clip(np.round(loyal + rng.normal(0, 1.2, n) - harm * contact), 0, 10)
    return pd.DataFrame({"before": before, "after": after, "contact": contact})


def test_regression_to_the_mean_in_simulation() -> None:
    """Nothing happens at a contact: only at the same score before is the ratio of ratios 1."""
    rng, number = np.random.default_rng(8), 200
    held = seen = flagged = 0
    for _ in range(number):
        frame = after_luck(1500, rng, 0.0)
        result = contact_harm(frame[frame.before.between(4, 8)], **KEYS)
        assert result.log_matched_ratio is not None
        assert result.log_ratio_of_ratios is not None
        low, high = result.log_matched_ratio.interval()
        held += low <= 0 <= high
        seen += result.log_ratio_of_ratios.interval()[0] > 0
        flagged += any(note.startswith("Customers with a contact had scored higher before") for note in result.notes)
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)
    assert seen / number > 0.95
    assert flagged == number


def test_harm_is_found_in_simulation() -> None:
    rng, number = np.random.default_rng(9), 150
    big = after_luck(1_000_000, rng, 0.6)
    big = big[big.before.between(4, 8)]
    truth = matched(big, np.ones(len(big)))[2]
    held = 0
    for _ in range(number):
        frame = after_luck(1500, rng, 0.6)
        result = contact_harm(frame[frame.before.between(4, 8)], **KEYS)
        assert result.log_matched_ratio is not None
        low, high = result.log_matched_ratio.interval()
        held += low <= truth <= high
    assert truth > np.log(1.5)
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)


def test_scores_before_that_nobody_else_had_are_named() -> None:
    frame = panel()
    few = frame[~((frame.contact == 0) & (frame.before >= 9)) | (frame.index < 20)]
    result = contact_harm(few, **KEYS)
    assert result.log_matched_ratio is None
    assert result.labels["part"] == ["contact"] * 4 + ["no contact"] * 4 + ["ratio of ratios"]
    assert result.notes[-1] == (
        "There are no rows at the same score before: fewer than 5 customers without a contact had 9, 10, as some with "
        "one had."
    )
    turned = few.assign(before=10 - few.before, after=10 - few.after)
    down = cx.Scale(0, 10, higher_is_better=False)
    assert contact_harm(turned, **{**KEYS, "scale": down}).notes[-1].endswith("had 1, 0, as some with one had.")


def test_cells_and_missing_values() -> None:
    frame = panel().astype(float)
    frame.loc[:4, "before"], frame.loc[5:6, "after"], frame.loc[7:9, "contact"] = np.nan, np.nan, np.nan
    result = contact_harm(frame, **KEYS)
    assert (result.n, result.n_missing) == (1190, 10)
    cells = cx.tally(frame, metrics={"before": cx.NPS, "after": cx.NPS}, strata=["contact"])
    again = contact_harm(cells, before="before", after="after", contact="contact")
    assert np.array_equal(again.estimate, result.estimate)
    message = (
        "contact must be among the strata or controls of the cells, but 'called' is not among 'contact'."
        '\nTally the data with strata=["called"].'
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        contact_harm(cells, before="before", after="after", contact="called")
    message = "'spring' is not a column of the metrics of the cells, which holds 'before', 'after'."
    with pytest.raises(cx.ColumnError, match=f"^{re.escape(message)}$"):
        contact_harm(cells, before="spring", after="after", contact="contact")
    other = cx.tally(frame, metrics={"before": cx.NPS, "after": cx.Scale(0, 11)}, strata=["contact"])
    message = (
        "Both scores must have one scale, but 'before' has NPS 0-10 and 'after' has scale 0-11."
        "\nA change between two scales is no number."
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        contact_harm(other, before="before", after="after", contact="contact")


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"contact": 2},
        {},
        cx.ColumnError,
        (
            "'contact' must hold 1 (a contact) and 0 (none), but 1,200 of 1,200 rows do not: 2 (1,200 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"contact": "call"},
        {},
        cx.ColumnError,
        (
            "'contact' must hold 1 (a contact) and 0 (none), but 1,200 of 1,200 rows do not: 'call' (1,200 rows)."
            "\nRecode it to 0 and 1; what is not known is a missing value."
        ),
    ),
    (
        {"contact": 0},
        {},
        cx.TooFewError,
        (
            "At least 10 people with a contact must have moved down and 10 up, but of 0 people 0 moved down and 0 up."
            "\nA ratio of so few says nothing: ask more people."
        ),
    ),
    (
        {},
        {"least": 3},
        cx.TooFewError,
        (
            "At least 10 people with a contact must have moved down and 10 up, but of 420 people 55 moved down and 2 "
            "up.\nA ratio of so few says nothing: ask more people."
        ),
    ),
    (
        {"after": np.nan},
        {},
        cx.TooFewError,
        (
            "At least one row must have all of 'before', 'after', 'contact', but none of 1,200 rows has."
            "\nIf different people answered, there is no change to be seen: cx.net_promoter compares groups."
        ),
    ),
    (
        {},
        {"after": "before"},
        cx.RoleError,
        (
            "before and after must be the names of two columns, but 'before' and 'before' were given."
            "\nEach customer needs a score of an earlier and one of a later time."
        ),
    ),
    (
        {},
        {"scale": None},
        cx.RoleError,
        (
            "The scale of 'before' and 'after' must be declared, but None was given."
            "\nPass for example scale=cx.NPS: which end is good is never guessed."
        ),
    ),
    (
        {},
        {"least": 0},
        cx.RoleError,
        (
            "least must be a number of points above 0, the smallest move that counts, but 0 was given."
            "\nLeave it out, and any move counts."
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        contact_harm(panel().assign(**columns), **{**KEYS, **options})


def test_scores_that_did_not_move_are_refused() -> None:
    message = (
        "At least 10 people without a contact must have moved down and 10 up, but of 780 people 0 moved down and 0 up."
        "\nA ratio of so few says nothing: ask more people."
    )
    still = panel().assign(after=lambda d: np.where(d.contact == 1, d.after, d.before))
    with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}$"):
        contact_harm(still, **KEYS)


def test_t_of_the_group_with_fewer_firms() -> None:
    frame = panel()
    some = frame[(frame.contact == 1) | (frame.firm < 25)]
    with pytest.warns(cx.CxStatsWarning, match=r"^(Group 'no contact': )?25 clusters are few"):
        result = contact_harm(some, cluster="firm", **KEYS)
    parts = np.array(result.labels["part"])
    found = {part: set(result.df[parts == part]) for part in ("contact", "no contact", "ratio of ratios")}
    assert found == {"contact": {39.0}, "no contact": {24.0}, "ratio of ratios": {24.0}}


def test_few_firms_are_refused() -> None:
    message = "At least 20 clusters are needed for an interval, but there are 19."
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(cx.TooFewError, match=f"^{re.escape(message)}"):
            contact_harm(panel().assign(firm=lambda d: d.index % 19), cluster="firm", **KEYS)
