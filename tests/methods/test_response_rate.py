"""Response rates against published limits, statsmodels, rows summed by firm, and known truth."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

import cxstats as cx
from cxstats.methods.response_rate import ResponseRate, response_rate

ROUNDING = 1e-9
PUBLISHED = 5e-5  # four decimals are printed
ERRORS = 4.0
ANSWERED = cx.Binary("answered")


def invited(**types: tuple[int, int]) -> pd.DataFrame:
    """Counted invitations: of each type so many answered, of so many."""
    rows = [(name, k, n) for name, (yes, all_) in types.items() for k, n in ((1, yes), (0, all_ - yes))]
    return pd.DataFrame(rows, columns=["survey", "answered", "n"])


def run(frame: Any, **keys: Any) -> ResponseRate:
    return response_rate(frame, **{"answered": ANSWERED, "survey": "survey", **keys})


def customers(n: int = 1200, seed: int = 3) -> pd.DataFrame:
    """Three types dealt at random; some firms' customers answer more."""
    rng = np.random.default_rng(seed)
    firm = rng.integers(0, 60, n)
    survey = rng.choice(["ces", "csat", "nps"], n)
    p = 0.25 + 0.1 * (survey == "csat") + rng.normal(0, 0.08, 60)[firm]
    return pd.DataFrame(
        {
            "survey": survey,
            "answered": (rng.random(n) < p).astype(int),
            "firm": firm,
            "w": rng.choice([0.5, 1.0, 2.0], n),
        }
    )


def test_difference_against_published() -> None:
    """Newcombe (1998), example (a): 56/70 and 48/80 give .2000, .0524 to .3339 by method 10."""
    result = run(invited(a=(56, 70), b=(48, 80)), count="n")
    limits = result.confidence_interval()
    assert result.estimate.tolist() == pytest.approx([0.8, 0.6, 0.2], rel=ROUNDING)
    assert (limits.low[2], limits.high[2]) == pytest.approx((0.0524, 0.3339), abs=PUBLISHED)


def test_limits_and_tests_against_statsmodels() -> None:
    result = run(invited(ces=(41, 310), csat=(66, 300), nps=(50, 290)), count="n")
    yes, n = np.array([41, 66, 50]), np.array([310, 300, 290])
    limits = result.confidence_interval(0.9)
    assert result.types == ("ces", "csat", "nps")
    assert result.terms == ("ces", "csat", "nps", "ces - csat", "ces - nps", "csat - nps")
    for j in range(3):
        own = proportion_confint(yes[j], n[j], alpha=0.1, method="wilson")
        assert (limits.low[j], limits.high[j]) == pytest.approx(own, rel=ROUNDING)
    for row, (i, j) in enumerate([(0, 1), (0, 2), (1, 2)], start=3):
        own = confint_proportions_2indep(yes[i], n[i], yes[j], n[j], method="newcomb", compare="diff", alpha=0.1)
        assert (limits.low[row], limits.high[row]) == pytest.approx(own, rel=ROUNDING)
        z, p = proportions_ztest(yes[[i, j]], n[[i, j]])
        assert (result.statistic[row], result.p_value[row]) == pytest.approx((z, p), rel=ROUNDING)


def test_relative_difference_by_hand() -> None:
    """p1 / p0 - 1; where p0 is above .5, of those who did not answer: q0 / q1 - 1."""
    result = run(invited(csat=(66, 300), nps=(50, 290)), count="n")
    found = result.relative("csat", "nps")
    p1, p0 = 66 / 300, 50 / 290
    assert found.estimate == pytest.approx(p1 / p0 - 1, rel=ROUNDING)
    for delta in (0.0, 0.1):
        error = np.sqrt(p1 * (1 - p1) / 299 + (1 + delta) ** 2 * p0 * (1 - p0) / 289)
        one_sided = stats.norm.sf((p1 - (1 + delta) * p0) / error)
        assert found.p_not_above(delta) == pytest.approx(one_sided, rel=ROUNDING)
    assert result.relative("nps", "csat").estimate == pytest.approx(p0 / p1 - 1, rel=ROUNDING)
    high = run(invited(csat=(240, 300), nps=(180, 290)), count="n").relative("csat", "nps")
    q1, q0 = 60 / 300, 110 / 290
    assert high.estimate == pytest.approx(q0 / q1 - 1, rel=ROUNDING)
    error = np.sqrt(q0 * (1 - q0) / 289 + 1.1**2 * q1 * (1 - q1) / 299)
    assert high.p_not_above(0.1) == pytest.approx(stats.norm.sf((q0 - 1.1 * q1) / error), rel=ROUNDING)


@pytest.mark.parametrize("weight", [None, "w"])
def test_clusters_against_rows(weight: str | None) -> None:
    """A firm may get several types: influences are summed per firm over all of them."""
    frame = customers()
    result = run(frame, cluster="firm", weight=weight)
    mass = np.ones(len(frame)) if weight is None else frame[weight].to_numpy()
    own = {}
    for name in ("csat", "nps"):
        on = (frame.survey == name).to_numpy()
        p = float(mass[on] @ frame.answered[on] / mass[on].sum())
        values = np.where(on, mass * (frame.answered - p) / mass[on].sum(), 0.0)
        own[name] = p, pd.Series(values).groupby(frame.firm).sum().to_numpy()
    g = 60
    (p1, s1), (p0, s0) = own["csat"], own["nps"]
    effect = result.relative("csat", "nps")
    assert effect.estimate == pytest.approx(p1 / p0 - 1, rel=ROUNDING)
    for delta in (0.0, 0.1):
        error = np.sqrt(g / (g - 1) * ((s1 - (1 + delta) * s0) ** 2).sum())
        assert effect.std_error_at(delta) == pytest.approx(error, rel=ROUNDING)
    assert effect.df == g - 1
    assert result.std_error[5] == pytest.approx(np.sqrt(g / (g - 1) * ((s1 - s0) ** 2).sum()), rel=ROUNDING)


def test_summary_in_plain_words() -> None:
    text = str(run(invited(csat=(66, 300), nps=(50, 290)), count="n"))
    assert "\nShare of the invited who answered, by 'survey': csat 66 of 300, nps 50 of 290.\n590 rows used; " in text


def test_unknown_answers_are_told() -> None:
    frame = customers().astype({"answered": float})
    frame.loc[:9, "answered"] = np.nan
    result = run(frame)
    assert (result.n, result.n_missing) == (1190, 10)
    assert result.notes == (
        (
            "Of 10 rows with a survey type it is not known whether they were answered; they are left out. If that "
            "means no answer, it must be 0."
        ),
    )


def test_coverage_in_simulation() -> None:
    number, held, above = 300, 0, 0
    rng = np.random.default_rng(8)
    for _ in range(number):
        yes = rng.binomial([400, 400], [0.24, 0.2])
        result = run(invited(csat=(yes[0], 400), nps=(yes[1], 400)), count="n")
        limits = result.confidence_interval()
        held += limits.low[2] <= 0.04 <= limits.high[2]
        above += result.relative("csat", "nps").p_not_above(0.2) < 0.025  # the truth is .2 exactly
    assert abs(held / number - 0.95) < ERRORS * np.sqrt(0.95 * 0.05 / number)
    assert above / number < 0.025 + ERRORS * np.sqrt(0.025 * 0.975 / number)


def test_cells_carry_the_columns() -> None:
    frame = customers()
    cells = cx.tally(frame, outcome=ANSWERED, strata=["survey"])
    assert np.array_equal(response_rate(cells, survey="survey").estimate, run(frame).estimate)
    message = (
        "survey must be among the strata or controls of the cells, but 'kind' is not among 'survey'."
        '\nTally the data with strata=["kind"].'
    )
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        response_rate(cells, survey="kind")


def test_unknown_type_is_refused() -> None:
    result = run(customers())
    message = "'mail' is not a column of the survey types, which holds 'ces', 'csat', 'nps'."
    with pytest.raises(cx.ColumnError, match=f"^{re.escape(message)}$"):
        result.relative("csat", "mail")


REFUSED: list[tuple[dict[str, Any], dict[str, Any], type[Exception], str]] = [
    (
        {"answered": 1},
        {},
        cx.TooFewError,
        (
            "Those who did not answer must be among the rows, but all 1,200 rows are answered.\nA response rate needs "
            "everybody who was invited: add the invitations without an answer, with 'answered' at 0."
        ),
    ),
    (
        {"survey": "nps"},
        {},
        cx.TooFewError,
        (
            "A comparison needs at least two survey types, but 'survey' has one, 'nps', in 1,200 rows."
            "\nFor a single rate use cx.top_box."
        ),
    ),
    (
        {"answered": lambda d: d.answered.where(d.survey != "nps", 0)},
        {},
        cx.TooFewError,
        (
            "Every group must have at least 10 good and 10 bad outcomes 'answered', but 'nps' has 0 good and 388 bad."
            "\nUse a longer window, more customers, or fewer groups."
        ),
    ),
    (
        {"survey": lambda d: d.index},
        {},
        cx.RoleError,
        (
            "There can be at most 20 survey types, but 'survey' has 1,200."
            "\nName the column that says which survey was sent."
        ),
    ),
    (
        {"answered": np.nan},
        {},
        cx.TooFewError,
        (
            "At least one row must have all of 'answered', 'survey', but none of 1,200 rows has."
            "\nCheck how the tables were joined."
        ),
    ),
    (
        {},
        {"answered": None},
        cx.RoleError,
        ('answered must be a binary outcome, but none was declared.\nPass for example answered=cx.Binary("answered").'),
    ),
    (
        {},
        {"answered": cx.Continuous("answered")},
        cx.RoleError,
        (
            "answered must be a binary outcome, but Continuous was given."
            '\nPass for example answered=cx.Binary("answered").'
        ),
    ),
]


@pytest.mark.parametrize(("columns", "options", "error", "message"), REFUSED)
def test_bad_input_is_refused(
    columns: dict[str, Any], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        run(customers().assign(**columns), **options)
