"""Do customers stay rather where their experiences vary less, at an equal mean?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cxstats.cells import IntoCells, as_cells, is_cells
from cxstats.errors import RoleError, number, rows
from cxstats.numerics.consistency import consistency_effects, fit, model_of
from cxstats.numerics.effect import Effect
from cxstats.numerics.observed import observe, outcome_line, refuse_few_events, refuse_unmarked
from cxstats.numerics.rated_customers import (
    FEWEST_RATINGS,
    RatedColumns,
    has_few,
    ratings_of,
    refuse_chance,
    refuse_impossible,
    refuse_unvaried,
)
from cxstats.numerics.relative_variance import LEAST_RELIABLE, Shrunken, shrink
from cxstats.roles import Binary, Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.parts_result import JointParts, stacked
from cxstats.shared.predictors import complete


@dataclass(frozen=True, kw_only=True, eq=False)
class Consistency(JointParts):
    """The good outcome on the consistency of ratings; above 0 the more consistent have it more often.

    Rows: ``log-odds per SD`` with the slope of ``consistency`` at the average mean rating, at a low and at a high
    one, its product with the mean, and the first and the last of these at an equal mean less chance; ``outcome``
    with the adjusted shares of customers half a standard deviation less and more consistent than the average;
    ``difference`` between these two.

    Attributes
    ----------
    parts : tuple of Part
        The same rows in their parts.
    per_sd, per_sd_low, per_sd_high : Effect
        Log-odds of the good outcome per standard deviation of consistency, at the average, a low and a high mean.
    interaction : Effect
        How much `per_sd` rises per standard deviation of the mean rating.
    true_per_sd, true_interaction : Effect or None
        Both at an equal mean less chance; None where means differ by chance alone. A claim needs both.
    gain, gain_low, gain_high : Effect
        One standard deviation more consistent, everybody at the own, a low and a high mean: the relative gain
        p1 / p0 - 1 (where p0 > .5 that of the bad share, q0 / q1 - 1).
    gain_interaction : Effect
        The difference at a high mean less that at a low one, in units of the share that `gain_high` is relative to.
    low_mean, high_mean : float
        The 10% and the 90% quantile of the mean rating from worst to best, on the scale as asked.
    reliability, mean_reliability : float
        Share of the differences in consistency, and in means, that is more than chance.
    few_ratings, at_ends : int
        Rows left out: fewer than 4 ratings, and a mean at an end of the scale, where nothing can vary.
    outcome : Binary
    columns_named, controls : tuple of str
        The mean, the standard deviation and the number of ratings; what else is adjusted for.
    """

    per_sd: Effect
    per_sd_low: Effect
    per_sd_high: Effect
    interaction: Effect
    true_per_sd: Effect | None = None
    true_interaction: Effect | None = None
    gain: Effect
    gain_low: Effect
    gain_high: Effect
    gain_interaction: Effect
    low_mean: float
    high_mean: float
    reliability: float
    mean_reliability: float
    few_ratings: int
    at_ends: int
    outcome: Binary
    columns_named: tuple[str, str, str]
    controls: tuple[str, ...]

    method: ClassVar[str] = "Logistic regression on the relative variance of ratings, drawn together, and their mean"
    reference: ClassVar[str] = "Mestdagh et al. (2018), doi:10.1037/met0000153"

    def _least(self) -> Mapping[str, float]:
        return {"outcome": 0.0}

    def footer(self) -> str:
        """What outcome and consistency are, then as for any result."""
        mean, _, n = self.columns_named
        drawn = (
            "Consistency: minus the variance of a customer's ratings over the largest at that mean, drawn to the "
            f"average as far as chance goes; at least {self.reliability:.0%} of the differences are more than chance."
        )
        places = f"A low '{mean}' is {number(self.low_mean)}, a high one {number(self.high_mean)}."
        lines = [outcome_line(self.outcome, (mean, n, *self.controls)), drawn, places]
        return "\n".join([*lines, super().footer()])


def consistency(
    data: IntoCells,
    *,
    outcome: Binary | None = None,
    mean: str = "mean",
    sd: str = "sd",
    n: str = "n",
    scale: Scale,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    weight: str | None = None,
    count: str | None = None,
) -> Consistency:
    """Do customers whose experiences vary less stay more often than others with the same mean?

    Use it on what `sequence_features` makes of the ratings of each customer's encounters, joined with what became of
    the customer afterwards. Ratings must be older than the outcome. Customers may differ in more than consistency:
    slopes are associations.

    Parameters
    ----------
    data : dataframe or Cells
        One row per customer. Cells must have the three columns among their strata.
    outcome : Binary
        Whether the customer stayed, with the value that is good for the firm declared.
    mean, sd, n : str
        Columns with the mean of a customer's ratings, their standard deviation (divided by n - 1), and their number.
    scale : Scale
        Of the single ratings. Where a low rating is good, means are turned.
    controls : sequence of str
        What was there before: tenure, segment.
    cluster, weight, count : str, optional
        As in `delong`.

    Returns
    -------
    Consistency
        Slopes in log-odds per standard deviation, shares in [0, 1] and their differences.

    Raises
    ------
    TooFewError
        Fewer than 10 events per coefficient; customers who differ in consistency, or in the mean, by chance alone;
        fewer than 20 clusters.
    ColumnError, ScaleError
        A number of ratings that is none, means off the scale, standard deviations that are impossible at that mean;
        also as for `tally`.
    RoleError, SeparationError
        An outcome that is not Binary; also as for `tally` and `logistic`.

    Notes
    -----
    On a bounded scale ratings near an end cannot vary much, so that the standard deviation repeats the mean.
    Consistency is minus the relative variance: s^2 over m (1 - m) + s^2 / n, which estimates the largest variance
    at that mean [1]_, on a scale from 0 to 1. Standard deviations of few ratings come out too small, variances do
    not. Each relative variance is drawn to the average one as far as chance goes, which is the idea of [2]_, with
    moments instead of logarithms, since few ratings often have no variance, and with the chance in ratings of a beta
    distribution. That is more chance than in most ratings of few values, so that ``reliability`` is a lower bound.
    How far is taken as known. A slope is that per standard deviation of what is then seen: of true consistency it
    would be steeper, so that a slope near 0 from few ratings shows little. The model has a natural spline of the
    mean with five knots, so that a bent effect of the mean cannot pass as one of consistency, the logarithm of the
    number of ratings, consistency, its product with the mean, and the controls.

    Means of few and varied ratings are less reliable, and so count less where loyalty follows the true mean. That
    alone would be a product; ``true_interaction`` is at an equal mean less chance, which is drawn to the average.
    Customers with all ratings at an end of the scale, or with fewer than four, tell nothing: they are left out,
    counted, and named in the notes. In one service the mean quality counted more where quality varied less [3]_. One
    independent unit is a row, or a cluster; variances are those of influence values, with means and standard
    deviations as estimated, and knots and quantiles as known.

    References
    ----------
    .. [1] Mestdagh, Pe, Pestman, Verdonck, Kuppens & Tuerlinckx (2018). Psychological Methods 23, 690-707.
       doi:10.1037/met0000153
    .. [2] Smyth (2004). Statistical Applications in Genetics and Molecular Biology 3, article 3.
       doi:10.2202/1544-6115.1027
    .. [3] Sriram, Chintagunta & Manchanda (2015). Management Science 61, 2739-2759. doi:10.1287/mnsc.2014.2105

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> level, spread = rng.uniform(0.3, 0.9, (2, 800))
    >>> rating = np.clip(np.round(1 + 4 * (level[:, None] + 0.4 * spread[:, None] * rng.normal(size=(800, 10)))), 1, 5)
    >>> visits = pd.DataFrame({"guest": np.repeat(np.arange(800), 10), "visit": list(range(10)) * 800})
    >>> guests = cx.sequence_features(
    ...     visits.assign(stars=rating.ravel()), sequence="guest", order="visit", value="stars", neutral=3
    ... )
    >>> guests["stayed"] = (rng.random(800) < level - 0.6 * spread + 0.4).astype(int)
    >>> result = cx.consistency(guests, outcome=cx.Binary("stayed"), scale=cx.CSAT5)
    >>> result.to_frame()[["term", "estimate", "ci_low", "ci_high"]].head(1).round(2)
              term  estimate  ci_low  ci_high
    0  consistency      0.29    0.14     0.44
    """
    roles = Roles(
        outcome=outcome,
        strata=() if is_cells(data) else (mean, sd, n),
        controls=controls,  # type: ignore[arg-type]  # made a tuple, or refused, by Roles
        cluster=cluster,
        weight=weight,
        count=count,
    )
    cells = as_cells(data, roles)
    target, named = _binary(cells.roles.outcome), RatedColumns(mean, sd, n)
    refuse_unmarked({"mean": mean, "sd": sd, "n": n}, cells.roles.strata, cells.roles.controls)
    adjusted = tuple(name for name in cells.roles.controls if name not in (mean, sd, n))
    few = has_few(n, cells[n], cells.count)
    kept = complete(cells.where(~few), target.column, (mean, sd, n))
    kept = kept.where(kept.row_weight > 0)
    refuse_impossible(named, scale, kept[mean], kept[sd], kept[n], kept.count)
    ratings, inside = ratings_of(scale, kept[mean], kept[sd], kept[n])
    refuse_unvaried(named, ratings, kept.count)
    rest, _ = observe(target, adjusted, inside, kept.columns, kept.count, kept.row_weight, kept.cluster_codes)
    shrunken = shrink(ratings, rest.share)
    refuse_chance(named, shrunken, rest.count)
    model = model_of(ratings.mean, -shrunken.relative, ratings.n, rest)
    refuse_few_events(len(model.names) + rest.controls.shape[1], rest, target.column)
    has_true = shrunken.mean_reliability >= LEAST_RELIABLE
    true = fit(model_of(shrunken.mean, -shrunken.relative, ratings.n, rest)) if has_true else None
    found = consistency_effects(fit(model), true, rest)
    left_out = (int(cells.count[few].sum()), int(kept.count[~inside].sum()))
    low, high = (scale.low + place * (scale.high - scale.low) for place in (model.low, model.high))
    turned = (low, high) if scale.higher_is_better else (scale.low + scale.high - low, scale.low + scale.high - high)
    used = kept.where(inside)
    return Consistency(
        **stacked(found.parts),
        low_mean=turned[0],
        high_mean=turned[1],
        reliability=shrunken.reliability,
        mean_reliability=shrunken.mean_reliability,
        few_ratings=left_out[0],
        at_ends=left_out[1],
        outcome=target,
        columns_named=(mean, sd, n),
        controls=adjusted,
        n=used.n,
        n_missing=cells.n - used.n,
        n_cells=used.n_cells,
        notes=(*_left_out(*left_out), *_no_true(shrunken), *found.notes),
        **found.effects,
    )


def _binary(outcome: Outcome | None) -> Binary:
    if isinstance(outcome, Binary):
        return outcome
    what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"The outcome must be of 0 and 1 (who stayed), but {what}.\nPass for example outcome=cx.Binary('stayed')."
    )


def _left_out(few: int, at_ends: int) -> tuple[str, ...]:
    """Who was left out although nothing is missing."""
    told = []
    if few:
        told.append(f"{rows(few)} with fewer than {FEWEST_RATINGS} ratings")
    if at_ends:
        told.append(f"{rows(at_ends)} with a mean at an end of the scale, where ratings cannot vary")
    return (f"Left out: {' and '.join(told)}.",) if told else ()


def _no_true(shrunken: Shrunken) -> tuple[str, ...]:
    if shrunken.mean_reliability >= LEAST_RELIABLE:
        return ()
    return ("There is no product less chance, for the means of customers differ by chance alone.",)
