"""Consistency against statsmodels on rows, rows with moved weights, and populations with known truth."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.interpolate import CubicSpline
from scipy.special import expit

import cxstats as cx
from cxstats.methods.consistency import Consistency, consistency

FITTED = 1e-7  # two iterative fits
DERIVATIVE = 1e-4  # central differences with steps of 1e-4 of fits that stop at 1e-10
ERRORS = 4.0
STAYED, FIVE = cx.Binary("stayed"), cx.Scale(1, 5)
SHARES = (0.05, 0.275, 0.5, 0.725, 0.95)  # Harrell's places of five knots


def rated(rng: np.random.Generator, customers: int, longest: int = 14, shape: str = "normal") -> pd.DataFrame:
    """Four or more ratings 1 to 5 per customer, normal or binomial around the customer's own level."""
    n = rng.integers(4, longest, customers)
    if shape != "normal":
        # Of one kind all have the same relative variance, 1/4; a second kind, with 1/2, uses 1, 3 and 5 only.
        steps = np.where(rng.random(customers) < (0.5 if shape == "two kinds" else 1.0), 4, 2)[:, None]
        level = rng.beta(6, 2.5, customers)[:, None]
        x = 1 + 4 / steps * rng.binomial(steps, level, (customers, longest))
    else:
        level, spread = rng.normal(4, 0.7, customers), rng.uniform(0.2, 1.6, customers)
        x = np.clip(np.round(level[:, None] + spread[:, None] * rng.normal(size=(customers, longest))), 1, 5)
    x[np.arange(longest) >= n[:, None]] = np.nan
    return pd.DataFrame({"mean": np.nanmean(x, axis=1), "sd": np.nanstd(x, axis=1, ddof=1), "n": n})


def customers(n: int = 500) -> pd.DataFrame:
    rng = np.random.default_rng(20)
    frame = rated(rng, n)
    frame["tenure"] = rng.integers(0, 9, n)
    frame["firm"] = np.arange(n) % 50
    frame["w"] = rng.choice([0.5, 1.0, 2.5], n)
    line = 0.9 * (frame["mean"] - 3.6) - 0.5 * frame.sd + 0.1 * frame.tenure + 0.4
    frame["stayed"] = (rng.random(n) < expit(line)).astype(int)
    return frame


def quantile(values: np.ndarray, mass: np.ndarray, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order]) / mass.sum()
    return float(values[order][reached >= share - 1e-12][0])


def drawn_together(frame: pd.DataFrame, mass: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Relative variance and mean, each drawn to the average; chance from scipy's beta distribution, row by row."""
    m, n = ((frame["mean"] - 1) / 4).to_numpy(), frame.n.to_numpy(float)
    s2 = (frame.sd.to_numpy() / 4) ** 2
    v = s2 / (m * (1 - m) + s2 / n)
    part = mass / mass.sum()
    rho = part @ v
    size, u = 1 / rho - 1, m * (1 - m)
    variance, skew, kurtosis = stats.beta(m * size, (1 - m) * size).stats(moments="vsk")
    slope = -variance * (1 - 2 * m) / u**2
    var = (variance / u) ** 2 * (2 / (n - 1) + kurtosis / n) + 2 * slope / u * skew * variance**1.5 / n
    chance = np.clip((var + slope**2 * variance / n) / rho**2, 0, (1 - rho) / rho)
    fourth = part @ (v**2 / (1 + chance))
    between = fourth - rho**2
    drawn = rho + between / (between + fourth * chance) * (v - rho)
    noise = drawn * (m * (1 - m) + s2 / n) / n
    apart = part @ (m - part @ m) ** 2 - part @ (s2 / n)
    return drawn, part @ m + apart / (apart + noise) * (m - part @ m)


def by_statsmodels(x: np.ndarray, y: np.ndarray, mass: np.ndarray) -> np.ndarray:
    return np.asarray(sm.GLM(y, x, sm.families.Binomial(), freq_weights=mass).fit(tol=1e-14, maxiter=60).params)


def by_steps(x: np.ndarray, y: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Eight steps of reweighted least squares, which is more than enough and forty times faster."""
    beta = np.zeros(x.shape[1])
    for _ in range(8):
        p = expit(x @ beta)
        beta = beta + np.linalg.solve((x.T * (mass * p * (1 - p))) @ x, x.T @ (mass * (y - p)))
    return beta


def by_rows(
    frame: pd.DataFrame,
    mean: np.ndarray,
    drawn: np.ndarray,
    start: np.ndarray,
    mass: np.ndarray,
    solve: Callable[..., np.ndarray] = by_statsmodels,
) -> np.ndarray:
    """Slopes, shares, differences and gains; knots and quantiles at the weights ``start``, the rest at ``mass``."""
    y, part, n = frame.stayed.to_numpy(float), mass / mass.sum(), np.log(frame.n.to_numpy(float))
    knots = np.unique([quantile(mean, start, share) for share in SHARES])
    spline = CubicSpline(knots, np.eye(len(knots)), bc_type="natural")  # it adds up to 1: no column of ones

    def basis(x: np.ndarray) -> np.ndarray:
        inside = np.clip(x, knots[0], knots[-1])
        return np.asarray(spline(inside) + spline(inside, 1) * (x - inside)[:, None])

    def design(x: np.ndarray, c: np.ndarray) -> np.ndarray:
        return np.column_stack([basis(x), n, c, c * x, frame.tenure])

    c = -drawn
    x = design(mean, c)
    beta = solve(x, y, mass)
    one, product = beta[-3], beta[-2]
    average, sd_mean = part @ mean, np.sqrt(part @ (mean - part @ mean) ** 2)
    level, sd = part @ c, np.sqrt(part @ (c - part @ c) ** 2)
    low, high = (quantile(mean, start, share) for share in (0.1, 0.9))
    slopes = [sd * (one + product * at) for at in (average, low, high)] + [sd * product * sd_mean]
    held = [(at, side) for at in (mean, np.full(len(y), low), np.full(len(y), high)) for side in (-0.5, 0.5)]
    shares = [part @ expit(design(at, np.full(len(y), level + side * sd)) @ beta) for at, side in held]
    a = np.array(shares).reshape(3, 2)
    step = a[:, 1] - a[:, 0]
    gains = [q / p - 1 if p <= 0.5 else (1 - p) / (1 - q) - 1 for p, q in a]
    p, q = a[2]
    unit = p if p <= 0.5 else 1 - q
    return np.array([*slopes, *shares, *step, step[2] - step[1], *gains, (step[2] - step[1]) / unit])


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


def effects(result: Consistency) -> list[Any]:
    return [result.gain, result.gain_low, result.gain_high, result.gain_interaction]


@pytest.mark.parametrize("keys", [{}, {"weight": "w"}])
def test_all_estimates_against_statsmodels(keys: dict[str, str]) -> None:
    frame = customers()
    frame = frame[(frame["mean"] > 1) & (frame["mean"] < 5)].reset_index(drop=True)
    mass = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = consistency(frame, outcome=STAYED, scale=FIVE, controls=["tenure"], **keys)
    drawn, true = drawn_together(frame, mass)
    expected = by_rows(frame, ((frame["mean"] - 1) / 4).to_numpy(), drawn, mass, mass)
    alone = by_rows(frame, true, drawn, mass, mass)
    found = np.concatenate([result.estimate[:4], result.estimate[6:], [effect.estimate for effect in effects(result)]])
    assert found == pytest.approx(expected, rel=FITTED, abs=FITTED)
    assert result.true_per_sd is not None
    assert result.true_interaction is not None
    ours = (*result.estimate[4:6], result.true_per_sd.a, result.true_interaction.a)
    assert ours == pytest.approx([alone[0], alone[3]] * 2, rel=FITTED)
    named = (result.per_sd, result.per_sd_low, result.per_sd_high, result.interaction)
    assert [effect.a for effect in named] == list(result.estimate[:4])


@pytest.mark.parametrize("keys", [{}, {"weight": "w", "cluster": "firm"}])
def test_all_errors_against_rows_with_moved_weights(keys: dict[str, str]) -> None:
    """How far customers are drawn together, knots and quantiles are held; all else moves."""
    frame = customers(260)
    frame = frame[(frame["mean"] > 1) & (frame["mean"] < 5)].reset_index(drop=True)
    start = frame.w.to_numpy() if keys else np.ones(len(frame))
    result = consistency(frame, outcome=STAYED, scale=FIVE, controls=["tenure"], **keys)
    drawn, true = drawn_together(frame, start)
    rated_mean = ((frame["mean"] - 1) / 4).to_numpy()

    def both(mass: np.ndarray) -> np.ndarray:
        alone = by_rows(frame, true, drawn, start, mass, by_steps)
        found = by_rows(frame, rated_mean, drawn, start, mass, by_steps)
        return np.concatenate([found[:4], alone[[0, 3]], found[4:]])

    values, n = moved(both, start), len(frame)
    if keys:
        values = pd.DataFrame(values).groupby(frame.firm).sum().to_numpy()
        n = len(values)
        assert result.df == n - 1
    error = np.sqrt(n / (n - 1) * (values**2).sum(axis=0))
    assert result.std_error == pytest.approx(error[:16], rel=DERIVATIVE)
    for effect, own in zip(effects(result), error[16:], strict=True):
        # At its own estimate Fieller's error over the denominator is the delta method's.
        assert effect.std_error_at(effect.estimate) / effect.b == pytest.approx(own, rel=DERIVATIVE)


def test_scale_on_which_low_is_good_against_turned_means() -> None:
    frame = customers()
    turned = frame.assign(mean=6 - frame["mean"])
    up = consistency(frame, outcome=STAYED, scale=FIVE)
    down = consistency(turned, outcome=STAYED, scale=cx.Scale(1, 5, higher_is_better=False))
    assert down.estimate == pytest.approx(up.estimate, rel=1e-8)
    assert (down.low_mean, down.high_mean) == pytest.approx((6 - up.low_mean, 6 - up.high_mean), rel=1e-12)
    left = consistency(frame.assign(left=1 - frame.stayed), outcome=cx.Binary("left", good=0), scale=FIVE)
    assert left.estimate == pytest.approx(up.estimate, rel=1e-8)


def test_customers_who_tell_nothing_are_left_out_and_counted() -> None:
    frame = customers()
    ends = int(((frame["mean"] == 1) | (frame["mean"] == 5)).sum())
    plain = consistency(frame, outcome=STAYED, scale=FIVE)
    more = pd.concat([frame, frame.head(7).assign(n=3, sd=0.0), frame.head(5).assign(n=1, sd=np.nan)])
    more.loc[len(frame)] = frame.iloc[9].to_dict() | {"stayed": np.nan}
    result = consistency(more.reset_index(drop=True), outcome=STAYED, scale=FIVE)
    assert ends > 0
    assert np.array_equal(result.estimate, plain.estimate)
    assert (result.few_ratings, result.at_ends, result.n, result.n_missing) == (12, ends, 500 - ends, 13 + ends)
    (note,) = result.notes
    assert note == (
        f"Left out: 12 rows with fewer than 4 ratings and {ends} rows with a mean at an end of the scale, where "
        "ratings cannot vary."
    )
    assert re.search(r"at least \d\d% of the differences are more than chance\.$", str(result), re.M)


def test_sequence_features_of_encounters_against_rows() -> None:
    """The road from encounters to customers."""
    rng = np.random.default_rng(2)
    sizes = rng.integers(4, 12, 400)
    visits = pd.DataFrame({"guest": np.repeat(np.arange(400), sizes)})
    visits["visit"] = visits.groupby("guest").cumcount()
    level, spread = rng.normal(4, 0.7, 400), rng.uniform(0.2, 1.5, 400)
    noise = rng.normal(size=len(visits))
    visits["stars"] = np.clip(np.round(level[visits.guest] + spread[visits.guest] * noise), 1, 5)
    guests = cx.sequence_features(visits, sequence="guest", order="visit", value="stars", neutral=3)
    guests["stayed"] = (rng.random(400) < expit(guests["mean"] - 3.5)).astype(int)
    grouped = visits.groupby("guest").stars.agg(["mean", "std", "size"])
    plain = grouped.rename(columns={"std": "sd", "size": "n"}).assign(stayed=guests.stayed.to_numpy())
    found, expected = (consistency(frame, outcome=STAYED, scale=FIVE) for frame in (guests, plain))
    assert found.estimate == pytest.approx(expected.estimate, rel=1e-8)


def naive_is_up(frame: pd.DataFrame) -> bool:
    """Minus the plain standard deviation beside a straight effect of the mean, and their product, finds something."""
    m, c = ((frame[name] - frame[name].mean()) / frame[name].std() for name in ("mean", "sd"))
    x = np.column_stack([np.ones(len(frame)), m, -c, -c * m])
    fit = sm.GLM(frame.stayed, x, sm.families.Binomial()).fit()
    return bool((np.asarray(fit.tvalues)[2:] > 1.96).any())


@pytest.mark.parametrize("shape", ["binomial", "two kinds", "normal"])
def test_loyalty_of_the_mean_alone_is_no_consistency_in_simulation(shape: str) -> None:
    """A bent effect of the mean, by which a plain model is fooled; 5% + 4 errors is 13% at 120 samples."""
    rng, samples, found, naive, refusals = np.random.default_rng(31), 120, [], [], 0
    for _ in range(samples):
        frame = rated(rng, 1000, shape=shape)
        m = (frame["mean"] - 1) / 4
        line = 2 * (m - 0.7) + 12 * (m - 0.7) ** 2 + 0.5 * (np.log(frame.n) - 2)
        frame["stayed"] = (rng.random(len(frame)) < expit(line)).astype(int)
        naive.append(naive_is_up(frame))
        try:
            result = consistency(frame, outcome=STAYED, scale=FIVE)
        except cx.errors.TooFewError:
            refusals += 1
            continue
        assert result.true_interaction is not None
        effects = (result.per_sd, result.interaction, result.gain, result.gain_interaction)
        found.append([2 * effect.p_not_above(0.0) < 0.05 for effect in effects])
    assert np.mean(naive) > 0.2
    # Where all have the same relative variance there is nothing to tell, and that is what is said.
    assert refusals == (samples if shape == "binomial" else 0)
    if found:
        assert (np.mean(found, axis=0) < 0.05 + ERRORS * np.sqrt(0.05 * 0.95 / samples)).all()


def test_intervals_cover_known_slopes_in_simulation() -> None:
    """Loyalty follows mean and consistency as they were seen, so that the slopes are known."""
    rng, samples, covered = np.random.default_rng(7), 120, []
    for _ in range(samples):
        frame = rated(rng, 1200)
        frame = frame[(frame["mean"] > 1) & (frame["mean"] < 5)].reset_index(drop=True)
        drawn, _ = drawn_together(frame, np.ones(len(frame)))
        m, c = ((values - values.mean()) / values.std() for values in (frame["mean"].to_numpy(), -drawn))
        line = 0.3 + 0.8 * m - 0.2 * m**2 + 0.25 * c + 0.2 * c * m
        frame["stayed"] = (rng.random(len(frame)) < expit(line)).astype(int)
        result = consistency(frame, outcome=STAYED, scale=FIVE)
        limits = result.confidence_interval()
        covered.append([limits.low[j] <= truth <= limits.high[j] for j, truth in ((0, 0.25), (3, 0.2))])
    assert (np.abs(np.mean(covered, axis=0) - 0.95) < ERRORS * np.sqrt(0.05 * 0.95 / samples)).all()


def refused(frame: pd.DataFrame, error: type[Exception], message: str, **keys: Any) -> None:
    with pytest.raises(error) as caught:
        consistency(frame, **{"outcome": STAYED, "scale": FIVE, **keys})
    assert str(caught.value) == message


def test_columns_that_are_no_summaries_are_refused_in_full() -> None:
    frame = customers()
    refused(
        frame.assign(n=frame.n.where(frame.index != 3, 4.5)),
        cx.errors.ColumnError,
        "'n' must hold whole numbers of ratings, 0 or more, but 1 of 500 rows does not, for example 4.5."
        "\nPass the column `n` of cx.sequence_features.",
    )
    refused(
        frame.assign(mean=np.where(frame.index == 3, 6.5, frame["mean"])),
        cx.errors.ScaleError,
        "'mean' must hold means of ratings on the scale scale 1-5, but 1 of 500 rows does not, for example 6.5."
        "\nPass the scale of the single ratings.",
    )
    refused(
        frame.assign(
            mean=np.where(frame.index == 3, 4.0, frame["mean"]), sd=np.where(frame.index == 3, 3.0, frame.sd)
        ).assign(n=lambda d: np.where(d.index == 3, 4, d.n)),
        cx.errors.ColumnError,
        "'sd' must hold standard deviations (divided by n - 1) that n ratings from 1 to 5 with such a mean can have, "
        "but 1 of 500 rows does not, for example 3 (at most 2, with 4 ratings and the mean 4)."
        "\nPass `mean`, `sd` and `n` of cx.sequence_features, unrounded.",
    )
    refused(
        frame.assign(sd="much"),
        cx.errors.ColumnError,
        "'sd' must hold numbers, but it holds text, for example 'much'.\nRecode it to numbers.",
    )


def test_what_cannot_be_told_is_refused_in_full() -> None:
    frame = customers()
    refused(
        frame.assign(sd=0.8, mean=np.where(frame.index % 2, 3.0, 3.5), n=9),
        cx.errors.TooFewError,
        "Customers must differ in how much their ratings vary by more than chance, but of the differences in 'sd' at "
        "equal means, in 500 rows, 0% is more than chance; 5% is needed.\nUse customers with more ratings.",
    )
    refused(
        frame.assign(mean=3.0, sd=1.0),
        cx.errors.TooFewError,
        "Customers must have at least two different values of 'mean' within the scale, but 500 rows with 4 ratings or "
        "more have 1.\nUse more customers, or a longer history.",
    )
    inside = (frame["mean"] > 1) & (frame["mean"] < 5)
    bad, good = (int((inside & side).sum()) for side in (frame.index < 40, frame.index >= 40))
    refused(
        frame.assign(stayed=np.where(frame.index < 40, 0, 1)),
        cx.errors.TooFewError,
        "At least 10 events per coefficient are needed, 70 for 7, but of the outcomes 'stayed' "
        f"{good} are good and {bad} bad: {bad} events."
        "\nUse fewer controls, merge their levels, or wait for more outcomes.",
    )


def test_outcomes_that_are_not_binary_are_refused_in_full() -> None:
    refused(
        customers(),
        cx.errors.RoleError,
        "The outcome must be of 0 and 1 (who stayed), but Continuous was given."
        "\nPass for example outcome=cx.Binary('stayed').",
        outcome=cx.Continuous("tenure"),
    )
