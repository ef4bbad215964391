"""Does the rating of the journey predict better than the ratings of its touchpoints, and by how many percent?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells
from cxstats.errors import RoleError, TooFewError
from cxstats.numerics.held_out import Choice, Model
from cxstats.numerics.resample import seeded
from cxstats.numerics.used_or_not import code_touchpoints
from cxstats.results import shown
from cxstats.roles import Binary, Continuous, Rating
from cxstats.scales import Scale
from cxstats.shared.benchmarked import ALL, AVERAGE, BEST, COMPOSITE, DECISIVE, JOURNEY, Benchmarked
from cxstats.shared.crossfitted import CrossFitted, CrossRows, cross_fit, linear_model, model_of, refuse_few
from cxstats.shared.held_indices import held_indices
from cxstats.shared.held_out_result import HeldOutResult, dealt
from cxstats.shared.journeys import JourneyRows, at_joint_rows, journey_cross_rows, journey_rows

# Penalties among which each training set chooses, in rows. None is 0, so that a training set in which a touchpoint
# was used by everybody has a fit too.
RIDGES = (1.0, 10.0, 100.0, 1000.0)
SLIGHT_RIDGE = 1.0  # where there is an indicator: those who did not use the touchpoint may all be alike by chance
ROWS_PER_COLUMN = 2  # of the penalised model: below, any outcome is known from so many columns


@dataclass(frozen=True, kw_only=True, eq=False)
class TouchpointBenchmarks(HeldOutResult, Benchmarked):
    """How well the journey rating and its benchmarks predict rows held out, then the differences.

    The models are ``"journey"``, ``"average single"``, ``"best single"``, ``"composite"``, ``"all touchpoints"`` and
    every ``"touchpoint x"``; the differences are from all of these but the best single touchpoint. What can be asked
    of them (``difference``, ``excess``, ``ratio``, ``magnitude_allowed``, ...) is in `Benchmarked`.

    Attributes
    ----------
    chosen : mapping from touchpoint to float
        How often the training sets chose each touchpoint as the best single one.
    penalties : mapping from float to float
        How often they chose each ridge penalty, in rows.
    folds, repeats : int
    seed : int or None
    """

    chosen: Mapping[str, float]
    penalties: Mapping[float, float]

    method: ClassVar[str] = (
        "Journey rating against four touchpoint benchmarks on rows held out, Fieller limits of ratios"
    )
    reference: ClassVar[str] = "Fieller (1954), doi:10.1111/j.2517-6161.1954.tb00159.x"

    def footer(self) -> str:
        """Percentages, what is no interval, how it was held out, then rows and method."""
        told = ", ".join(f"{name} {share:.0%}" for name, share in self.chosen.items() if share)
        percent = ", ".join(self.percent_told(benchmark) for benchmark in DECISIVE)
        not_so = f"not to be held against a published figure: {self.magnitude_reason}"
        return (
            f"Percent by which the journey's {self.primary} exceeds that of: {percent} "
            f"({not_so if self.magnitude_reason else 'may be held against a published figure'}).\n"
            f"Best single touchpoint by the training folds: {told}; {self.primary} of the journey minus its: "
            f"{shown(self.journey_minus_best[self.primary])}, without an interval, and too large where the folds "
            f"disagree.\n{self._dealt}.\n{super().footer()}"
        )


def touchpoint_benchmarks(
    data: IntoCells,
    *,
    outcome: Binary | Rating | Continuous | None = None,
    journey: Mapping[str, Scale] | str | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    controls: Sequence[str] = (),
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> TouchpointBenchmarks:
    """Compare one rating of the whole journey with what its touchpoints predict, singly and together.

    Use it to find out what "so many percent more predictive than touchpoints" amounts to in your data. The mean of
    several ratings predicts better than one of them for reasons of reliability alone, whatever a journey is: only
    a journey rating that beats the composite and all touchpoints together says more than its touchpoints do. Do
    not read a rating of the outcome given in the same questionnaire as a prediction: one mood lifts both. Not with
    survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating or Continuous
        Churn or repurchase; overall satisfaction or recommendation; spend.
    journey : mapping from column to Scale
        The one rating of the whole journey. Its name suffices where ``data`` are Cells.
    touchpoints : mapping from column to Scale
        At least two. A missing rating says that the touchpoint was not used. Names suffice where ``data`` are
        Cells; left out, they are all other metrics of the cells.
    controls : list of columns
        What is known without asking: in every model.
    cluster : str, optional
        Column with what makes rows dependent, such as the customer. Folds and intervals then go by cluster.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds : int
        Parts into which the rows are dealt.
    repeats : int, optional
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    TouchpointBenchmarks
        Of every model three indices on rows held out. For a measured outcome: r, the correlation of predictions
        and outcome (primary); R2; the gain in normal log-likelihood per row. For a binary one: AUC - 1/2 (primary);
        McFadden's R2; the gain in log-likelihood (log-loss) per row. Then the differences, journey minus benchmark.
        ``ratio`` and ``excess`` give percentages and their test; ``magnitude_allowed`` and ``magnitude_reason`` say
        whether a percentage can be held against a published one.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints, a rating of one level or with fewer than 20 rows, fewer than 20 rows per
        coefficient of an unpenalised model or 2 per column of the penalised one, fewer than 100 good or bad
        binary outcomes, fewer than 20 clusters.
    ColumnError
        A touchpoint that repeats the journey rating, or touchpoints that repeat each other; a journey rating
        that is the mean, or another weighted sum, of the touchpoints.
    SeparationError
        The outcome follows exactly from a predictor.
    RoleError
        An outcome of another kind, a weight, or a role that is declared wrongly.

    Notes
    -----
    The unit is the row, or the cluster. Rows need the outcome, the journey rating, the controls and at least one
    touchpoint; the others are counted in ``n_missing``, and a note says how many were rated on no touchpoint. A
    touchpoint enters a model by its value (centred, 0 where not used) and an indicator of "used", the latter where
    at least 20 rows used it and 20 did not.

    The benchmarks: the mean of the index over all touchpoints, each alone in its model; the best single touchpoint
    by Akaike's criterion in each training set (where training sets disagree they choose against the rows held out,
    so that its index is too low); the composite, which is the mean of the touchpoints used, each as a
    share of its scale, in one column without their number, so that it has one coefficient as the journey has; all
    touchpoints together in ridge regression, the penalty chosen by Akaike's criterion with the effective number
    of parameters [1]_ in each training set. For a measured outcome that criterion takes the variance of the outcome
    for that of the noise, and so errs on the side of the larger penalty.

    Intervals come from influence values per row, summed by cluster, with the predictions held fixed; no model is
    fitted to a bootstrap sample. R2, McFadden's R2 and the gains are over the controls alone; r and AUC - 1/2 are
    those of the whole model. The percentage 100 (M_J / M_T - 1) depends on the index: 35% on r is 82% on R2. Its
    limits are Fieller's set [2]_. Where both indices are small, equal predictors often differ by 35%: a magnitude
    is allowed with 1,000 rows or more, no controls, and a lower 95% limit of the benchmark's r from .3 up (of its
    AUC - 1/2: from .05 up). The claim that journeys predict better needs ``excess`` above 0 for the composite and
    for all touchpoints; the single touchpoints are shown, and decide nothing. In small samples many coefficients lose
    to one for that reason alone: with a journey rating that was but a noisy copy of the mean of 8 touchpoints, the
    excess over all touchpoints was above 0 (p below .05 on one side) in 22% of samples of 60 rows, 6% of 150 and 1%
    of 300; over both benchmarks in about 1% of 60 and in none of the others.

    References
    ----------
    .. [1] le Cessie & van Houwelingen (1992). Applied Statistics 41, 191-201. doi:10.2307/2347628
    .. [2] Fieller (1954). J. R. Stat. Soc. B 16, 175-185. doi:10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> import numpy as np, pandas as pd, cxstats as cx
    >>> rng = np.random.default_rng(1)
    >>> mood = rng.normal(size=1500)
    >>> rated = lambda: np.clip(np.round(7 + 2 * mood + 2 * rng.normal(size=1500)), 0, 10)
    >>> stays = pd.DataFrame({name: rated() for name in ("booking", "room", "checkout", "journey", "overall")})
    >>> result = cx.touchpoint_benchmarks(
    ...     stays,
    ...     outcome=cx.Rating("overall", cx.NPS),
    ...     journey={"journey": cx.NPS},
    ...     touchpoints={"booking": cx.NPS, "room": cx.NPS, "checkout": cx.NPS},
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> result.ratio("composite").estimate < 0 < result.difference("composite").p_not_above(0)
    True
    >>> result.magnitude_allowed
    True
    """
    _refuse_outcome(outcome)
    given = journey_rows(
        data, outcome=outcome, journey=journey, touchpoints=touchpoints, controls=controls, cluster=cluster, count=count
    )
    _refuse_outcome(given.cells.roles.outcome)
    found = journey_cross_rows(given)
    _refuse_few(given, found)
    draws = seeded(rng)
    fit = cross_fit(found, _models(given, found), folds=folds, repeats=repeats, draws=draws)
    return _result(given, fit, draws.seed)


def _models(given: JourneyRows, found: CrossRows) -> list[Model | Choice]:
    """The controls alone, the journey, the best single touchpoint, the composite, all touchpoints, every single one."""
    controls = [found.predictors[name] for name in found.controls]
    before = [part.columns for part in controls]
    terms = [term for part in controls for term in part.terms]

    def linear(name: str, columns: Floats, labels: Sequence[str]) -> Model:
        return linear_model(found, name, [*before, at_joint_rows(found, columns)], [*terms, *labels])

    singles = []
    for j, name in enumerate(given.touchpoints):
        coded = code_touchpoints(given.scores[:, [j]], given.mass, given.cells.count, [name])
        model = linear(_single(name), coded.columns, coded.labels)
        singles.append(replace(model, ridge=SLIGHT_RIDGE) if len(coded.labels) > 1 else model)
    together = [model_of(found, f"ridge {ridge:g}", (*found.controls, *given.coded.labels), ridge) for ridge in RIDGES]
    return [
        model_of(found, "", found.controls),
        model_of(found, JOURNEY, (*found.controls, given.journey)),
        Choice(BEST, tuple(singles)),
        linear(COMPOSITE, given.composite[:, None], [COMPOSITE]),
        Choice(ALL, tuple(together)),
        *singles,
    ]


def _result(given: JourneyRows, fit: CrossFitted, seed: int | None) -> TouchpointBenchmarks:
    """Models as they are reported, the mean of the single ones among them; their indices and the differences."""
    k, found = len(given.touchpoints), fit.rows
    models = (JOURNEY, AVERAGE, BEST, COMPOSITE, ALL, *map(_single, given.touchpoints))
    reported = np.zeros((5 + k, 4 + k))  # of the models fitted, but for the controls alone
    reported[[0, 2, 3, 4], [0, 1, 2, 3]] = 1.0
    reported[1, 4:] = 1 / k
    reported[5:, 4:] = np.eye(k)
    compared = [models.index(name) for name in models if name not in (JOURNEY, BEST)]
    rows = np.vstack([np.eye(5 + k), np.eye(5 + k)[0] - np.eye(5 + k)[compared]])
    indices = held_indices(fit)
    values = np.array([reported @ one.estimate for one in indices])
    spread = fit.spread(np.hstack([one.influence @ reported.T for one in indices]))
    blocks = [slice(i * (5 + k), (i + 1) * (5 + k)) for i in range(len(indices))]
    covariance = np.array([spread.matrix[block, block] for block in blocks])
    variance = np.einsum("rm,imn,rn->ri", rows, covariance, rows)
    names = (*models, *(f"{JOURNEY} - {models[at]}" for at in compared))
    chosen = dict(zip(given.touchpoints, map(float, fit.held.chosen[fit.at(BEST)]), strict=True))
    return TouchpointBenchmarks(
        model=tuple(name for name in names for _ in indices),
        index=tuple(one.name for one in indices) * len(names),
        estimate=(rows @ values.T).ravel(),
        std_error=np.sqrt(np.maximum(variance, 0.0)).ravel(),
        df=spread.df,
        models=models,
        indices=tuple(one.name for one in indices),
        values=values,
        covariance=covariance,
        chosen=chosen,
        penalties=dict(zip(RIDGES, map(float, fit.held.chosen[fit.at(ALL)]), strict=True)),
        controls=found.controls,
        **dealt(fit, seed),
        notes=(*given.notes, *spread.notes, *_unsettled(chosen)),
    )


def _single(touchpoint: str) -> str:
    """How a touchpoint alone is called, so that a column may have any name."""
    return f"touchpoint {touchpoint}"


def _unsettled(chosen: Mapping[str, float]) -> tuple[str, ...]:
    """A note where the training sets did not agree."""
    if max(chosen.values()) == 1:
        return ()
    return (f"The training folds chose different touchpoints: the interval of '{BEST}' takes their choices as fixed.",)


def _refuse_outcome(outcome: object) -> None:
    if not isinstance(outcome, Binary | Rating | Continuous | None):
        raise RoleError(
            f"The outcome must be Binary, Rating or Continuous, for which the indices are made, but {outcome} was "
            'given.\nPass for example outcome=cx.Rating("recommend", cx.NPS) or cx.Binary("churned", good=0).'
        )


def _refuse_few(given: JourneyRows, found: CrossRows) -> None:
    """Too few rows for the unpenalised models, or for the columns of the penalised one."""
    controls = sum(len(found.predictors[name].terms) for name in found.controls)
    refuse_few(found, controls + 1)
    columns = controls + len(given.coded.labels)
    if found.n < ROWS_PER_COLUMN * (columns + 1):
        raise TooFewError(
            f"At least {ROWS_PER_COLUMN} rows per column of all touchpoints and controls are needed, "
            f"{ROWS_PER_COLUMN * (columns + 1):,} for {columns} and an intercept, but there are {found.n:,}."
            "\nUse fewer touchpoints, or collect more answers."
        )
