"""Wow by errors against R's glm, lm and polr, rows with moved weights, group shares, and known truth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

import cxstats as cx
from cxstats.methods.wow_by_basics import WowByBasics, wow_by_basics

REFERENCES = Path(__file__).parents[1] / "references"
FITTED = 1e-8  # two iterative fits, R's to 1e-14 of the deviance
LATENT = 1e-5  # polr climbs with a numerical gradient
SAMPLED = 0.01  # R's delta method takes the controls of the rows as fixed; ours moves with them
DERIVATIVE = 2e-5  # central differences with steps of 1e-4 of fits that stop at 1e-10
ERRORS = 4.0
BACK, SPEND, STARS = cx.Binary("back"), cx.Continuous("spend"), cx.Rating("stars", cx.CSAT5)
KEYS: dict[str, Any] = {"wow": "wow", "errors": "errors"}


def draw(i: np.ndarray, a: int, m: int) -> np.ndarray:
    return ((i * a + 17) % m) / m


def guests(n: int = 900) -> pd.DataFrame:
    """The same rows as in tests/references/wow_by_basics.R."""
    i = np.arange(n)
    d = pd.DataFrame({"tenure": (i * 37) % 11, "wow": (draw(i, 7919, 9973) < 0.4).astype(int), "firm": (i * 29) % 45})
    d["plan"] = np.array(["basic", "plus", "pro"])[(i * 61) % 3]
    d["errors"] = np.floor(5 * draw(i, 104729, 9967) ** 2)
    line = -0.2 + 0.08 * d.tenure - 0.5 * d.errors + d.wow * (1 - 0.3 * d.errors) - 0.2 * (d.plan == "pro")
    d["back"] = (draw(i, 32452, 9941) < expit(line)).astype(int)
    d["spend"] = (40 + 10 * line + 30 * (draw(i, 49979, 9931) - 0.5)).round(2)
    d["stars"] = np.clip((d.spend / 14).round(), 1, 5)
    d["w"] = np.array([0.5, 1, 2.5])[(i * 71) % 3]
    return d


def rows_of(result: WowByBasics, part: str) -> pd.DataFrame:
    frame = result.to_frame()
    return pd.DataFrame(frame[frame["part"] == part]).set_index("term")


def oracle(outcome: str, part: str) -> pd.DataFrame:
    table = pd.read_csv(REFERENCES / "wow_by_basics.csv", comment="#").set_index("term")
    return pd.DataFrame(table[(table.outcome == outcome) & (table.part == part)])


@pytest.mark.parametrize("outcome", [BACK, SPEND])
@pytest.mark.parametrize("part", ["outcome", "difference"])
def test_corners_and_steps_against_glm_and_sandwich(outcome: Any, part: str) -> None:
    result = wow_by_basics(guests(), outcome=outcome, controls=["tenure", "plan"], **KEYS)
    expected, found = oracle(outcome.column, part), rows_of(result, part)
    assert list(found.index) == list(expected.index)
    assert found.estimate.to_numpy() == pytest.approx(expected.estimate.to_numpy(), rel=FITTED)
    assert (result.few_errors, result.many_errors, result.no_wow, result.wow) == (0, 4, 0, 1)
    if part == "difference":
        error = expected.std_error.to_numpy() * np.sqrt(900 / 899)
        close = SAMPLED if outcome is BACK else FITTED
        assert found.std_error.to_numpy() == pytest.approx(error, rel=close)
        p = 2 * stats.norm.sf(np.abs(found.estimate / found.std_error))
        assert found.p_value.to_numpy() == pytest.approx(p, rel=1e-9)


def test_latent_steps_against_polr() -> None:
    result = wow_by_basics(guests(), outcome=STARS, controls=["tenure", "plan"], **KEYS)
    expected, found = oracle("stars", "latent").estimate, rows_of(result, "latent").estimate
    assert found.to_numpy() == pytest.approx(expected[found.index].to_numpy(), abs=LATENT)
    effects = (result.latent_gain_few, result.latent_gain_many, result.latent_interaction, result.latent_shortfall)
    assert [effect.a for effect in effects if effect is not None] == list(found)
    assert result.share_at_top == pytest.approx((guests().stars == 5).mean(), rel=1e-12)


def fitted(y: np.ndarray, x: np.ndarray, mass: np.ndarray, *, binary: bool) -> np.ndarray:
    """Least squares, or logistic regression by ten steps of reweighted least squares, which is far more than enough."""
    root = np.sqrt(mass)
    beta = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0] if not binary else np.zeros(x.shape[1])
    for _ in range(10 if binary else 0):
        p = expit(x @ beta)
        beta = beta + np.linalg.solve((x.T * (mass * p * (1 - p))) @ x, x.T @ (mass * (y - p)))
    return beta


def ends(values: pd.Series, mass: np.ndarray) -> tuple[float, float]:
    """The values at which the sorted weights pass a tenth and nine tenths of their sum."""
    order = np.argsort(values.to_numpy(), kind="stable")
    reached = np.cumsum(mass[order]) / mass.sum()
    return tuple(float(values.to_numpy()[order][reached >= share][0]) for share in (0.1, 0.9))  # type: ignore[return-value]


def by_rows(
    frame: pd.DataFrame, outcome: Any, mass: np.ndarray, share: bool, at: tuple[float, float, float, float]
) -> np.ndarray:
    """Corners, steps and effects on the deciding scale, by plain matrices on rows."""
    binary = outcome is BACK
    y, part = frame[outcome.column].to_numpy(float), mass / mass.sum()
    plan = [frame.plan == level for level in ("plus", "pro")]

    def design(w: Any, e: Any) -> np.ndarray:
        w, e = np.broadcast_to(w, len(y)).astype(float), np.broadcast_to(e, len(y)).astype(float)
        bends = [e * e, w * w] if share else [e * e]
        return np.column_stack([np.ones(len(y)), w, e, w * e, *bends, frame.tenure, *plan]).astype(float)

    beta = fitted(y, design(frame.wow, frame.errors), mass, binary=binary)
    low, high, few, many = at
    lines = [design(w, e) @ beta for w, e in ((low, few), (high, few), (low, many), (high, many))]
    a, b, c, d = (part @ (expit(line) if binary else line) for line in lines)
    if binary:
        gains = [q / p - 1 if p <= 0.5 else (1 - p) / (1 - q) - 1 for p, q in ((a, b), (c, d), (d, a))]
        inter = ((b - a) - (d - c)) / (a if a <= 0.5 else 1 - b)
    else:
        sd = np.sqrt(part @ (y - part @ y) ** 2)
        gains, inter = [(q - p) / sd for p, q in ((a, b), (c, d), (d, a))], ((b - a) - (d - c)) / sd
    return np.array([a, b, c, d, b - a, d - c, b - a - d + c, a - d, gains[0], gains[1], inter, gains[2]])


def moved(f: Callable[[np.ndarray], np.ndarray], mass: np.ndarray) -> np.ndarray:
    """The infinitesimal jackknife by central differences: what each row's weight moves, shape (n, q)."""
    step, found = 1e-4, []
    for row in range(len(mass)):
        ends = []
        for sign in (1, -1):
            other = mass.copy()
            other[row] *= 1 + sign * step
            ends.append(f(other))
        found.append((ends[0] - ends[1]) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize(
    ("outcome", "keys", "share"),
    [(BACK, {}, False), (SPEND, {"weight": "w", "cluster": "firm"}, False), (BACK, {}, True)],
)
def test_all_errors_against_rows_with_moved_weights(outcome: Any, keys: dict[str, str], share: bool) -> None:
    frame = guests(330)
    if share:
        frame["wow"] = np.minimum(np.floor(4 * draw(np.arange(330), 7919, 9973)), 3) / 4
    mass = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = wow_by_basics(frame, outcome=outcome, controls=["tenure", "plan"], **KEYS, **keys)
    at = (*(ends(frame.wow, mass) if share else (0.0, 1.0)), *ends(frame.errors, mass))
    assert (result.no_wow, result.wow, result.few_errors, result.many_errors) == at
    values, n = moved(lambda m: by_rows(frame, outcome, m, share, at), mass), len(frame)
    if keys:
        values = pd.DataFrame(values).groupby(frame.firm).sum().to_numpy()
        n = len(values)
        assert result.df == n - 1
    error = np.sqrt(n / (n - 1) * (values**2).sum(axis=0))
    estimate = by_rows(frame, outcome, mass, share, at)
    assert result.estimate == pytest.approx(estimate[:8], rel=1e-7)
    assert result.std_error == pytest.approx(error[:8], rel=DERIVATIVE)
    effects = (result.gain_few, result.gain_many, result.interaction, result.shortfall)
    for effect, j in zip(effects, range(8, 12), strict=True):
        assert effect.estimate == pytest.approx(estimate[j], rel=1e-7)
        # At its own estimate Fieller's error over the denominator is the delta method's.
        assert effect.std_error_at(effect.estimate) / effect.b == pytest.approx(error[j], rel=DERIVATIVE)


def four_groups(shares: list[float], each: int = 400) -> pd.DataFrame:
    """Customers without (0, 0) and with (1, 0) wow at no error, then at one, with these shares who stayed."""
    stayed = [k for share in shares for k in (round(each * share), round(each * (1 - share)))]
    return pd.DataFrame({"wow": [0, 0, 1, 1] * 2, "errors": [0] * 4 + [1] * 4, "back": [1, 0] * 4, "times": stayed})


def test_interaction_of_shares_against_group_shares() -> None:
    """Saturated, so that the corners are the plain shares; good shares above .5 count as bad ones."""
    result = wow_by_basics(four_groups([0.6, 0.8, 0.3, 0.33]), outcome=BACK, count="times", **KEYS)
    assert result.estimate[:4] == pytest.approx([0.6, 0.8, 0.3, 0.33], rel=1e-9)
    variance = np.array([p * (1 - p) / 400 for p in (0.6, 0.8, 0.3, 0.33)]) * 1600 / 1599
    assert result.std_error[:4] ** 2 == pytest.approx(variance, rel=1e-9)
    assert result.std_error[6] ** 2 == pytest.approx(variance.sum(), rel=1e-9)
    assert result.gain_few.estimate == pytest.approx(0.4 / 0.2 - 1, rel=1e-9)
    assert result.gain_many.estimate == pytest.approx(0.33 / 0.3 - 1, rel=1e-9)
    assert result.interaction.estimate == pytest.approx((0.2 - 0.03) / 0.2, rel=1e-9)
    assert result.shortfall.estimate == pytest.approx(0.6 / 0.33 - 1, rel=1e-9)
    assert result.interaction.var_b == pytest.approx(variance[1], rel=1e-9)
    assert result.interaction.cov == pytest.approx(-variance[1], rel=1e-9)  # 1 - p1 falls as p1 - p0 rises


def test_sign_of_the_interaction_does_not_depend_on_which_outcome_is_called_good() -> None:
    """Equal steps of shares: the ratio of relative gains says more at one end, or less, by the side that is taken."""
    frame = four_groups([0.3, 0.5, 0.2, 0.4])
    result = wow_by_basics(frame, outcome=BACK, count="times", **KEYS)
    assert result.interaction.estimate == pytest.approx(0, abs=1e-9)
    churn = wow_by_basics(frame.assign(left=1 - frame.back), outcome=cx.Binary("left", good=0), count="times", **KEYS)
    assert churn.estimate == pytest.approx(result.estimate, rel=1e-9, abs=1e-12)


def test_outcomes_of_which_little_is_good_against_turned_columns() -> None:
    frame = guests().assign(cost=lambda d: -d.spend, effort=lambda d: 6 - d.stars)
    low = wow_by_basics(frame, outcome=cx.Continuous("cost", good="low"), **KEYS)
    high = wow_by_basics(frame, outcome=SPEND, **KEYS)
    assert low.interaction.estimate == pytest.approx(high.interaction.estimate, rel=1e-9)
    assert low.shortfall.estimate == pytest.approx(high.shortfall.estimate, rel=1e-9)
    down, up = (
        wow_by_basics(frame, outcome=cx.Rating(name, scale), **KEYS)
        for name, scale in (("effort", cx.EFFORT5), ("stars", cx.CSAT5))
    )
    assert down.estimate == pytest.approx(up.estimate, rel=1e-9)


def bent(rng: np.random.Generator, n: int = 1500) -> pd.DataFrame:
    """Contacts bring wow and errors alike; errors level off, and wow is the same for everybody."""
    contacts = rng.integers(1, 13, n)
    errors = rng.binomial(contacts, 0.3)
    wow = (rng.random(n) < 0.05 + 0.06 * contacts).astype(int)
    line = 1.3 - 1.2 * np.minimum(errors, 2) + 0.5 * wow
    return pd.DataFrame({"contacts": contacts, "errors": errors, "wow": wow, "y": line + rng.normal(size=n)})


def test_errors_that_level_off_are_no_interaction_in_simulation() -> None:
    """At 120 samples 5% + 4 errors is 13%; with the product and no square it is nearly always found."""
    rng, samples, found, plain = np.random.default_rng(6), 120, [], []
    for _ in range(samples):
        frame = bent(rng)
        result = wow_by_basics(frame, outcome=cx.Continuous("y"), controls=["contacts"], **KEYS)
        found.append(result.p_value[6] < 0.05)
        x = np.column_stack([np.ones(len(frame)), frame.wow, frame.errors, frame.wow * frame.errors, frame.contacts])
        beta = np.linalg.lstsq(x, frame.y, rcond=None)[0]
        inverse = np.linalg.inv(x.T @ x)
        residual = frame.y - x @ beta
        plain.append(abs(beta[3]) > 1.96 * np.sqrt(inverse[3, 3] * (residual @ residual) / len(frame)))
    assert np.mean(found) < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / samples)
    assert np.mean(plain) > 0.25


def test_interval_of_the_interaction_covers_in_simulation() -> None:
    rng, samples = np.random.default_rng(11), 160
    errors_at, chance = np.arange(4), np.array([0.35, 0.25, 0.2, 0.2])

    def corner(w: int, e: int) -> float:
        return float(expit(logit(0.4) + w * (0.7 - 0.3 * e) - 0.4 * e))

    a, b, c, d = (corner(w, e) for e in (0, 3) for w in (0, 1))
    truth = ((b - a) - (d - c)) / (a if a <= 0.5 else 1 - b)
    covered = []
    for _ in range(samples):
        errors, wow = rng.choice(errors_at, 1200, p=chance), rng.integers(0, 2, 1200)
        line = logit(0.4) + wow * (0.7 - 0.3 * errors) - 0.4 * errors
        frame = pd.DataFrame({"errors": errors, "wow": wow, "back": (rng.random(1200) < expit(line)).astype(int)})
        result = wow_by_basics(frame, outcome=BACK, **KEYS)
        assert (result.few_errors, result.many_errors) == (0, 3)
        low, high = result.interaction.interval()
        covered.append(low <= truth <= high)
    assert abs(np.mean(covered) - 0.95) < ERRORS * np.sqrt(0.05 * 0.95 / samples)


def refused(frame: pd.DataFrame, error: type[Exception], message: str, **keys: Any) -> None:
    with pytest.raises(error) as caught:
        wow_by_basics(frame, **{"outcome": BACK, **KEYS, **keys})
    assert str(caught.value) == message


def test_columns_that_are_no_wow_or_errors_are_refused_in_full() -> None:
    frame = guests()
    refused(
        frame.assign(wow=2 * frame.wow),
        cx.errors.ColumnError,
        f"'wow' must hold 0, 1 or a share between them, but {int(frame.wow.sum())} of 900 rows do not, for example 2."
        "\nRecode it; what is not known is a missing value.",
    )
    refused(
        frame.assign(errors=np.where(frame.index == 5, -1, frame.errors)),
        cx.errors.ColumnError,
        "'errors' must hold a number or a share of failures, 0 or more, but 1 of 900 rows does not, for example -1."
        "\nRecode it; what is not known is a missing value.",
    )
    refused(
        frame.assign(errors="few"),
        cx.errors.ColumnError,
        "'errors' must hold a number or a share of failures, but it holds text, for example 'few'."
        "\nRecode it to numbers.",
    )
    refused(
        frame.assign(wow="yes"),
        cx.errors.ColumnError,
        "'wow' must hold 0, 1 or a share of contacts with wow, but it holds text, for example 'yes'."
        "\nRecode it to numbers.",
    )


def test_too_little_variation_is_refused_in_full() -> None:
    frame = guests()
    refused(
        frame.assign(errors=np.where(frame.index < 30, 3, 1)),
        cx.errors.TooFewError,
        "'errors' must differ between its 10% and its 90% quantile, but both are 1 in 900 rows."
        "\nUse a longer history, or code it 0 and 1.",
    )
    refused(
        frame.assign(wow=np.where(frame.index < 30, 0.5, 0.25)),
        cx.errors.TooFewError,
        "'wow' must differ between its 10% and its 90% quantile, but both are 0.25 in 900 rows."
        "\nUse a longer history, or code it 0 and 1.",
    )
    lone = frame.assign(wow=np.where((frame.errors == 4) & (frame.index > 100), 0, frame.wow))
    many = lone[lone.errors == 4]
    refused(
        lone,
        cx.errors.TooFewError,
        f"At least 10 customers with and 10 without 'wow' must have at least 4 of 'errors', but {int(many.wow.sum())} "
        f"with and {int((many.wow == 0).sum())} without it have."
        "\nWhat goes with wow there would be the model's word alone: use more customers, or a longer history.",
    )
    none = frame.assign(wow=0)
    refused(
        none,
        cx.errors.TooFewError,
        f"At least 10 customers with and 10 without 'wow' must have at most 0 of 'errors', but 0 with and "
        f"{int((frame.errors == 0).sum())} without it have."
        "\nWhat goes with wow there would be the model's word alone: use more customers, or a longer history.",
    )


def test_too_few_rows_are_refused_in_full() -> None:
    frame = guests()
    few = frame.assign(back=np.where(frame.index < 30, 1, 0))
    refused(
        few,
        cx.errors.TooFewError,
        "At least 10 events per coefficient are needed, 40 for 4, but of the outcomes 'back' 30 are good and 870 bad: "
        "30 events.\nUse fewer controls, merge their levels, or wait for more outcomes.",
    )
    refused(
        frame.head(60),
        cx.errors.TooFewError,
        "At least 10 rows per coefficient are needed, 70 for 7, but there are 60."
        "\nUse fewer controls, or more customers.",
        outcome=SPEND,
        controls=["tenure", "plan"],
    )


def test_cells_without_the_columns_are_refused_in_full() -> None:
    cells = cx.tally(guests(), outcome=BACK, strata=["wow"])
    with pytest.raises(cx.errors.RoleError) as caught:
        wow_by_basics(cells, **KEYS)
    assert str(caught.value) == (
        "wow and errors must be among the strata or controls of the cells, but 'errors' is not among 'wow'."
        '\nTally the data with strata=["wow", "errors"].'
    )
