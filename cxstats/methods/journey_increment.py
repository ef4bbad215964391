"""Whether the rating of a journey tells more than the ratings of its touchpoints do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells
from cxstats.errors import RoleError, listed, warn
from cxstats.numerics.disattenuation import Estimate
from cxstats.numerics.influence import covariance
from cxstats.numerics.intervals import ratio_to_error, symmetric, two_sided
from cxstats.numerics.journey_slopes import (
    Journeys,
    declared_slope,
    journey_correlation,
    mean_correlation,
    measured,
    missing,
    noise_of,
    rated_slope,
)
from cxstats.numerics.resample import seeded
from cxstats.results import Backend, ConfidenceInterval, build_frame, checked_level
from cxstats.roles import Count, Outcome, Survival
from cxstats.scales import Scale
from cxstats.shared.crossfitted import CrossFitted, cross_fit, model_of, refuse_few
from cxstats.shared.held_out_result import HeldOutResult, dealt
from cxstats.shared.index_rows import area_row, gain_rows
from cxstats.shared.journey_noise import Declared, declared_reliability, freed_of_noise, journeys_of
from cxstats.shared.journeys import journey_cross_rows, journey_rows

RATED, FREED = "slope", "slope, touchpoints freed of noise"
CORRELATION, DISATTENUATED = "correlation", "correlation, freed of noise"
COMPOSITE = "mean of touchpoints"
TOUCHPOINTS, JOURNEY = "touchpoints", "touchpoints and journey"
SIGNIFICANT = 0.05
BELOW = (
    "The slope beside touchpoints freed of noise is below 0: too much was taken for noise, as where the journey rating "
    "and the outcome share what is peculiar to touchpoints. Declare reliability=, from answers given twice."
)
GRID = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class JourneyIncrement(HeldOutResult):
    """What a journey rating tells beyond all touchpoints: as they were rated, and freed of noise.

    The frame has the standardised ``"slope"`` of the journey rating beside all touchpoints as they were rated, and
    the same ``"slope, touchpoints freed of noise"``; then what the rating gains on customers held out; then
    correlations with the outcome of the journey rating and of the mean of the touchpoints, as they are and freed of
    noise. Slopes have tests. A gain has none here: with nested models its distribution is not normal.

    Attributes
    ----------
    measures, terms : tuple of str
    aggregation : bool or None
        Whether the slope is above 0 at 5% (two-sided) with the touchpoints as they were rated, and not once they
        are freed of noise: the journey rating is then no more than another reading of what touchpoints share.
        None where that cannot be told, as where the latter slope is surely below 0.
    reliability : array, shape (k,)
        Of each touchpoint: as declared, or the share of its variance that the common factor accounts for; NaN
        where that has no fit.
    estimated : bool
        Whether reliabilities were estimated.
    curve, curve_error : arrays, shape (9,)
        Slopes if every touchpoint had a reliability of .60, .65, ..., 1, and their standard errors; NaN where the
        touchpoints agree more closely than such a reliability allows.
    df : float
        Clusters minus one, or infinite.
    folds, repeats : int
    seed : int or None
    """

    measures: tuple[str, ...]
    terms: tuple[str, ...]
    aggregation: bool | None
    reliability: Floats
    estimated: bool
    curve: Floats
    curve_error: Floats
    df: float

    method: ClassVar[str] = "Journey rating beside touchpoints freed of noise (errors in variables)"
    reference: ClassVar[str] = "Fuller (1987), doi:10.1002/9780470316665"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The measure, and the score that it is about."""
        return {"measure": self.measures, "term": self.terms}

    @property
    def statistic(self) -> Floats:
        """Slope over standard error; NaN for gains and correlations."""
        return np.where(np.isin(self.measures, (RATED, FREED)), ratio_to_error(self.estimate, self.std_error), np.nan)

    @property
    def p_value(self) -> Floats:
        """Two-sided, of no slope."""
        return two_sided(self.statistic, self.df)

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        """Wald limits; those of correlations clipped to -1 and 1."""
        limits = symmetric(self.estimate, self.std_error, checked_level(level), self.df)
        bounded = np.isin(self.measures, (CORRELATION, DISATTENUATED))
        most = np.where(bounded, np.maximum(1.0, np.abs(self.estimate)), np.inf)
        return ConfidenceInterval(np.maximum(limits.low, -most), np.minimum(limits.high, most), level)

    def sensitivity(self, backend: Backend = "pandas", level: float = 0.95) -> Any:
        """The slope for every reliability that touchpoints might have, one row each."""
        limits = symmetric(self.curve, self.curve_error, checked_level(level), self.df)
        p = two_sided(ratio_to_error(self.curve, self.curve_error), self.df)
        numbers = (np.array(GRID), self.curve, self.curve_error, limits.low, limits.high, p)
        names = ("reliability", "estimate", "std_error", "ci_low", "ci_high", "p_value")
        return build_frame(dict(zip(names, map(list, numbers), strict=True)), backend)

    def footer(self) -> str:
        """The verdict, then rows and method."""
        told = {
            True: "The journey rating tells more than the touchpoints as they were rated, but no more than touchpoints "
            "freed of noise: it may be no more than their aggregation.",
            False: "No sign that the slope is due to noise in the touchpoints alone."
            if self.p_value[0] < SIGNIFICANT
            else "The journey rating does not surely tell more than the touchpoints as they were rated.",
            None: "Whether noise in the touchpoints explains the slope cannot be told.",
        }
        held = f"Gains on customers held out: {self._dealt}."
        return f"{told[self.aggregation]}\n{held}\n{super().footer()}"


def journey_increment(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    journey: Mapping[str, Scale] | str | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    reliability: Mapping[str, float] | float | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> JourneyIncrement:
    """Does the rating of a journey tell anything that the ratings of its touchpoints do not?

    Use it before "journeys predict better" is believed: a rating that merely repeats what touchpoints have in common
    adds to touchpoints measured with noise, although there is no journey effect. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating or Continuous
    journey : mapping from column to Scale
        The one column that rates the whole journey; for Cells its name is enough.
    touchpoints : mapping from column to Scale
        Two or more; for Cells names are enough. A missing rating means that the touchpoint was not used.
    reliability : float or mapping from column to float, optional
        Share of each touchpoint's variance that is not noise, in (0, 1], for all or one by one: of a test-retest
        study, or `reliability`. A mapping may hold the journey rating too, for its correlation. Without, the
        reliabilities are estimated, which takes three touchpoints.
    controls : list of columns
    cluster : str, optional
        Column with what makes rows dependent. Intervals then use Student's t with (number of clusters - 1) degrees.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds, repeats : int
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    JourneyIncrement
        Slopes per SD of the journey rating: SDs of a measured outcome, log-odds of the good one of a binary outcome.
        Gains in R2, or in log-loss, IPA and AUC, of models with the journey rating over those without.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints, ratings of one level, or too few rows, events or clusters.
    ColumnError
        A journey rating that repeats a touchpoint or is the mean of all; predictors that repeat each other.
    RoleError
        Another outcome; a reliability that is none; cells with a survey weight.
    SeparationError, ScaleError
        As for `held_out` and `tally`.

    Notes
    -----
    Touchpoints enter by an indicator of "used" (where it varies) and a centred value that is 0 where not used. Let b
    be the slopes, M the mean products of all predictors, N the part of M that is noise: without noise the slopes are
    (M - N)^-1 M b [1]_ (of a logistic regression, by regression calibration [2]_). Declared reliabilities make N
    diagonal, with (1 - reliability) of each variance. Otherwise a one-factor model of the touchpoints is fitted by
    maximum likelihood (pairs of touchpoints on the rows that used both): only the noise in the best estimate of
    the factor is taken away, and what is peculiar to each touchpoint stays in the model as it was rated. This
    supposes that noise only is shared by none: where the journey rating and the outcome share what is peculiar to
    touchpoints, the slope comes out too low, even below 0 (a note says so), and reliabilities must be declared. It
    also supposes that feelings do not decide which touchpoints are used. Noise in the journey rating itself makes
    slopes smaller.

    Errors are sandwiches of influence values, summed per cluster, those of the factor, the products and the SDs
    included; declared reliabilities count as known. A correlation freed of noise is divided by the square root of
    the score's reliability; that of the journey rating is given only where its reliability is declared. Rows
    need the outcome, the journey rating, the controls and one touchpoint; the others are counted in ``n_missing``.

    References
    ----------
    .. [1] Fuller (1987). Measurement Error Models. Wiley. Section 2.2. doi:10.1002/9780470316665
    .. [2] Carroll, Ruppert, Stefanski & Crainiceanu (2006). Measurement Error in Nonlinear Models, 2nd ed. CRC.
       Chapter 4. doi:10.1201/9781420010138

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> feeling = rng.normal(size=1500)
    >>> def rating(noise):  # every rating is another noisy reading of one feeling: there is no journey effect
    ...     return np.clip(np.round(3 + feeling + noise * rng.normal(size=1500)), 1, 5)
    >>> names = ["booking", "wait", "service", "bill"]
    >>> visits = pd.DataFrame({name: rating(1.2) for name in names})
    >>> visits = visits.assign(overall=rating(0.8), stars=rating(1.0))
    >>> result = cx.journey_increment(
    ...     visits,
    ...     outcome=cx.Rating("stars", cx.CSAT5),
    ...     journey={"overall": cx.CSAT5},
    ...     touchpoints={name: cx.CSAT5 for name in names},
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> result.to_frame()[["measure", "estimate"]].head(2).round(2)
                                 measure  estimate
    0                              slope      0.25
    1  slope, touchpoints freed of noise      0.03
    >>> result.aggregation
    True
    """
    given = journey_rows(
        data, outcome=outcome, journey=journey, touchpoints=touchpoints, controls=controls, cluster=cluster, count=count
    )
    _refuse_outcome(given.cells.roles.outcome)
    declared = declared_reliability(reliability, given)
    found = journey_cross_rows(given)
    known = (*given.coded.labels, *found.controls)
    models = [
        model_of(found, "(nothing)", ()),
        model_of(found, TOUCHPOINTS, known),
        model_of(found, JOURNEY, (*known, given.journey)),
    ]
    refuse_few(found, models[-1].patterns.design.shape[1] - 1)
    draws = seeded(rng)
    fit = cross_fit(found, models, folds=folds, repeats=repeats, draws=draws)
    inputs, notes = journeys_of(given, found), list(given.notes)
    model = measured(inputs)
    lines = [
        _Line(RATED, given.journey, rated_slope(inputs, model)),
        _Line(FREED, given.journey, freed_of_noise(inputs, model, declared.touchpoints, given.touchpoints, notes)),
        *_gains(fit, given.journey),
        *_correlations(inputs, declared, given.journey, notes),
    ]
    curve = [declared_slope(inputs, model, np.full(len(given.touchpoints), each)) or missing(inputs) for each in GRID]
    every = np.column_stack([*(line.found.influence for line in lines), *(one.influence for one in curve)])
    spread = covariance(every, given.cells.count, given.cells.cluster_codes)
    error = np.sqrt(np.maximum(np.diag(spread.matrix), 0.0))
    result = JourneyIncrement(
        measures=tuple(line.measure for line in lines),
        terms=tuple(line.term for line in lines),
        aggregation=None,
        reliability=noise_of(inputs, declared.touchpoints).reliability,
        estimated=declared.touchpoints is None,
        curve=np.array([one.estimate for one in curve]),
        curve_error=error[len(lines) :],
        df=spread.df,
        estimate=np.array([line.found.estimate for line in lines]),
        std_error=error[: len(lines)],
        **dealt(fit, draws.seed),
        notes=(*notes, *spread.notes),
    )
    below = result.estimate[1] < 0 and result.p_value[1] < SIGNIFICANT
    return replace(result, aggregation=_aggregation(result), notes=(*result.notes, BELOW) if below else result.notes)


@dataclass(frozen=True)
class _Line:
    """A row of the frame."""

    measure: str
    term: str
    found: Estimate


def _aggregation(result: JourneyIncrement) -> bool | None:
    sure, above = result.p_value[:2] < SIGNIFICANT, result.estimate[:2] > 0
    if not (sure[0] and above[0]):
        return False
    if np.isnan(result.estimate[1]) or (sure[1] and not above[1]):
        return None
    return not sure[1]


def _gains(fit: CrossFitted, journey: str) -> list[_Line]:
    """What the journey rating gains on customers held out."""
    gains = gain_rows(fit, JOURNEY, TOUCHPOINTS, journey)
    if fit.rows.binary:
        gains.append(area_row(fit, JOURNEY, TOUCHPOINTS, journey))
    found = [Estimate(gain.estimate, gain.influence[fit.rows.joint]) for gain in gains]
    names = [f"held-out gain: {gain.index.removesuffix(' gain')}" for gain in gains]
    return [_Line(name, journey, gain) for name, gain in zip(names, found, strict=True)]


def _correlations(inputs: Journeys, declared: Declared, journey: str, notes: list[str]) -> list[_Line]:
    """Correlations with the outcome, as they are, and freed of noise where its size is known."""
    noise = noise_of(inputs, declared.touchpoints)
    lines = [
        _Line(CORRELATION, journey, journey_correlation(inputs)),
        _Line(CORRELATION, COMPOSITE, mean_correlation(inputs, None)),
    ]
    if declared.journey is not None:
        lines.append(_Line(DISATTENUATED, journey, journey_correlation(inputs, declared.journey)))
    if np.isfinite(noise.reliability).all():
        lines.append(_Line(DISATTENUATED, COMPOSITE, mean_correlation(inputs, noise)))
    void = [line.term for line in lines if np.isnan(line.found.estimate)]
    if void:
        notes.append(warn(f"No correlation of what does not vary, or varies no more than its noise: {listed(void)}."))
    beyond = [line.term for line in lines if abs(line.found.estimate) > 1]
    if beyond:
        told = f"Freed of noise, a correlation exceeds 1 ({listed(beyond)}): reliabilities must be higher."
        notes.append(warn(told))
    return lines


def _refuse_outcome(outcome: Outcome | None) -> None:
    if isinstance(outcome, Count | Survival):
        raise RoleError(
            f"The outcome must be Binary, Rating or Continuous, but {type(outcome).__name__} was given."
            "\nTurn it into whether anything happened, or into an amount."
        )
