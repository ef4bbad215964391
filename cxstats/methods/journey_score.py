"""How to make one score of a journey from its touchpoints: the mean, the worst, the last, peak and end, or weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from cxstats.arrays import Floats
from cxstats.cells import IntoCells, as_cells
from cxstats.errors import RoleError, TooFewError, listed, number, rows
from cxstats.numerics.design import Predictor
from cxstats.numerics.distinct import levels
from cxstats.numerics.estimable import refuse_known
from cxstats.numerics.held_out import Choice, Model
from cxstats.numerics.journey_scores import last_used, peak_end, worst_used
from cxstats.numerics.resample import seeded
from cxstats.numerics.used_or_not import code_touchpoints, mean_used, tied
from cxstats.outcomes import Ordered, good_is_high
from cxstats.roles import Outcome, Roles
from cxstats.scales import Scale
from cxstats.shared.crossfitted import CrossFitted, CrossRows, cross_fit, cross_rows, linear_model, model_of, refuse_few
from cxstats.shared.held_indices import held_indices
from cxstats.shared.held_out_result import HeldOutIndices, dealt
from cxstats.shared.journeys import at_joint_rows
from cxstats.shared.touchpoint_rows import TouchpointRows, ordered_outcome, touchpoint_names, touchpoint_rows

MEAN, WORST, LAST, PEAK_END, FITTED = "mean", "worst", "last used", "peak-end", "fitted weights"
# Penalties among which each training set chooses, in rows. None is 0, so that a training set in which a touchpoint
# was used by everybody has a fit too.
RIDGES = (1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class JourneyScore(HeldOutIndices):
    """How well each score predicts journeys held out, then by how much each differs from the mean.

    Attributes
    ----------
    models : tuple of str
        ``"mean"``, ``"worst"``, ``"last used"``, ``"peak-end"``, ``"fitted weights"``.
    model, index : tuple of str
        What each row of the frame is about; the index is ``"r"``, of binary outcomes ``"AUC"``.
    touchpoints : tuple of str
        In their order, on which the last used and peak-end rest.
    penalties : mapping from float to float
        How often the training sets chose each ridge penalty, in rows.
    folds, repeats : int
    seed : int or None
        Passed as ``rng`` it gives the same folds again.
    """

    models: tuple[str, ...]
    touchpoints: tuple[str, ...]
    penalties: Mapping[float, float]

    method: ClassVar[str] = "Journey scores compared on journeys held out, intervals from influence values"
    reference: ClassVar[str] = "LeDell, Petersen & van der Laan (2015), doi:10.1214/15-EJS1035"

    @property
    def null(self) -> Floats:
        """.5 for areas, 0 for correlations and for differences."""
        return np.array([0.5 if name in self.models and self.index[0] == "AUC" else 0.0 for name in self.model])

    @property
    def bounds(self) -> tuple[float | Floats, float | Floats]:
        """-1 to 1; areas from 0."""
        return np.where(self.null == 0, -1.0, 0.0), 1.0

    def row(self, model: str) -> int:
        """The number of a row of the frame."""
        return self.model.index(model)

    def footer(self) -> str:
        """The order that was declared, how it was held out, then rows and method."""
        return f"Order of the touchpoints: {', '.join(self.touchpoints)}.\n{self._dealt}.\n{super().footer()}"


def journey_score(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    cluster: str | None = None,
    count: str | None = None,
    folds: int = 10,
    repeats: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> JourneyScore:
    """Find out which way of making one score of a journey's touchpoints predicts best.

    Use it where the journey as a whole was not rated. Do not choose the winner here and report its index as that of
    the score to come: of several scores that are alike the best is flattered. Not with survey weights.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating, Continuous or Count
        Logistic regression for a binary outcome, Poisson regression for a count, else least squares.
    touchpoints : mapping from column to Scale
        At least two, in the order in which customers meet them. A missing rating means that the touchpoint was not
        used. Names suffice where ``data`` are Cells.
    cluster : str, optional
        Column with what makes rows dependent: whole clusters are held out, and intervals sum influence values per
        cluster.
    count : str, optional
        For data that are counted already: the rows that each row stands for.
    folds : int
        Parts into which the journeys are dealt.
    repeats : int, optional
        As in `held_out`.
    rng : int or numpy Generator, optional
        Seed of the deals; without one, the seed drawn is kept in the result.

    Returns
    -------
    JourneyScore
        Per score the correlation r of held-out predictions with the outcome (AUC for a binary outcome), then the
        differences ``"worst - mean"`` and so on.

    Raises
    ------
    TooFewError
        Fewer than two touchpoints; a touchpoint that fewer than 20 journeys used, or that does not vary; a score
        that is the same for all; fewer than 20 rows, or than 10 events (and 100), per coefficient; fewer than 20
        clusters.
    RoleError
        Cells with a survey weight; folds or repeats that are none; no outcome, or one of survival.
    ColumnError
        Touchpoints repeat each other; also as for `tally`.
    SeparationError
        Touchpoints tell the outcomes apart, or hold the outcome.
    ScaleError
        As for `tally`.

    Notes
    -----
    Ratings are shares of their scales, from 0 (worst) to 1 (best). Of the touchpoints that a journey used, the
    scores are their mean, the lowest, the last one, and peak-end: half of the rating farthest from the middle of the
    scale (of several the latest), half of the last. Each enters a regression with one coefficient. The fitted
    weights are a ridge regression on all ratings (centred, 0 where not used) and on an indicator of "used" where at
    least 20 journeys used a touchpoint and 20 did not; each training set chooses the penalty by Akaike's criterion.
    Folds, held-out predictions and intervals are those of `held_out` [1]_: r correlates the predictions of rows
    held out with the outcome. Peak and end with halves is a convention after [2]_, made for moments and not
    for ratings of touchpoints. Rows without the outcome, or without any touchpoint, are left out and counted in
    ``n_missing``.

    References
    ----------
    .. [1] LeDell, Petersen & van der Laan (2015). Electron. J. Stat. 9, 1583-1607. doi:10.1214/15-EJS1035
    .. [2] Fredrickson & Kahneman (1993). J. Pers. Soc. Psychol. 65, 45-55. doi:10.1037/0022-3514.65.1.45

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.journey_score(
    ...     customers,
    ...     outcome=cx.Rating("nps", cx.NPS),
    ...     touchpoints={"ease": cx.EASE7, "csat": cx.CSAT5},
    ...     count="n",
    ...     repeats=1,
    ...     rng=1,
    ... )
    >>> bool(result.estimate[result.row("worst - mean")] < 0)
    True
    """
    declared, names = touchpoint_names(data, touchpoints)
    cells = as_cells(data, Roles(outcome=outcome, metrics=declared, cluster=cluster, count=count))
    target = ordered_outcome(cells.roles.outcome)
    given = touchpoint_rows(cells, names, outcome=target.column)
    found = _cross_rows(given)
    refuse_few(found, len(found.predictors))
    scores = _scores(given)
    _refuse_scores(found, scores)
    draws = seeded(rng)
    fit = cross_fit(found, _models(found, scores), folds=folds, repeats=repeats, draws=draws)
    return _result(given, fit, _wrong_way(given, target, scores), draws.seed)


def _cross_rows(given: TouchpointRows) -> CrossRows:
    """The rows for cross-fitting; their predictors are the columns of all touchpoints."""
    kept = given.cells
    # To be complete, "not used" is a value of its own, and the last one in order, as the missing value was.
    filled = {name: np.where(given.used[:, j], kept[name], np.inf) for j, name in enumerate(given.names)}
    made = cross_rows(replace(kept, columns={**kept.columns, **filled}), given.names)
    coded = code_touchpoints(given.shares, given.mass, kept.count, given.names)
    twice = sorted({label for label in coded.labels if coded.labels.count(label) > 1})
    if twice:
        raise RoleError(f"{listed(twice)} is how the indicator of a touchpoint is called.\nRename the column.")
    columns = at_joint_rows(made, coded.columns)
    predictors = {name: Predictor(name, values) for name, values in zip(coded.labels, columns.T, strict=True)}
    return replace(
        made,
        cells=kept,
        predictors=predictors,
        levels={name: levels(part.values) for name, part in predictors.items()},
        n_missing=given.n_missing,
    )


def _scores(given: TouchpointRows) -> dict[str, Floats]:
    """Each score of each cell, from 0 to 1."""
    ways = {MEAN: mean_used, WORST: worst_used, LAST: last_used, PEAK_END: peak_end}
    return {name: tied(way(given.shares)) for name, way in ways.items()}


def _models(found: CrossRows, scores: Mapping[str, Floats]) -> list[Model | Choice]:
    """No score, each score, and the fitted weights."""
    alone = [linear_model(found, name, [at_joint_rows(found, of)[:, None]], [name]) for name, of in scores.items()]
    together = [model_of(found, f"ridge {ridge:g}", tuple(found.predictors), ridge) for ridge in RIDGES]
    return [model_of(found, "", ()), *alone, Choice(FITTED, tuple(together))]


def _result(given: TouchpointRows, fit: CrossFitted, notes: tuple[str, ...], seed: int | None) -> JourneyScore:
    """The index of every score, then the differences from the mean, which is the first."""
    held, found = held_indices(fit)[0], fit.rows
    models = fit.names[1:]
    contrasts = np.vstack([np.eye(len(models)), np.eye(len(models))[1:] - np.eye(len(models))[0]])
    values = held.estimate + (0.5 if found.binary else 0.0)
    spread = fit.spread(held.influence @ contrasts.T)
    names = (*models, *(f"{name} - {MEAN}" for name in models[1:]))
    return JourneyScore(
        models=models,
        model=names,
        index=("AUC" if found.binary else "r",) * len(names),
        estimate=contrasts @ values,
        std_error=np.sqrt(spread.matrix.diagonal()),
        df=spread.df,
        touchpoints=given.names,
        penalties=dict(zip(RIDGES, map(float, fit.held.chosen[fit.at(FITTED)]), strict=True)),
        **dealt(fit, seed),
        notes=(*notes, *spread.notes),
    )


def _wrong_way(given: TouchpointRows, target: Ordered, scores: Mapping[str, Floats]) -> tuple[str, ...]:
    """A note on scores that go with worse outcomes where they are better: the model turns them round by itself."""
    y, share = good_is_high(target, given.cells[target.column]), given.cells.count / given.cells.n
    turned = [name for name, score in scores.items() if (share * (y - share @ y)) @ score < 0]
    if not turned:
        return ()
    return (f"Better scores go with worse outcomes: {', '.join(turned)}. The direction of a scale may be wrong.",)


def _refuse_scores(found: CrossRows, scores: Mapping[str, Floats]) -> None:
    """A score that is the same for everybody, or from which the outcome was computed."""
    for name, of_cells in scores.items():
        score = at_joint_rows(found, of_cells)
        if np.ptp(score) == 0:
            raise TooFewError(
                f"Every score must take at least two values, but '{name}' is {number(float(score[0]))} of the scale in "
                f"all {rows(found.n)}.\nA touchpoint that always is at the end of its scale may be why: leave it out."
            )
        if not found.binary:
            refuse_known(score[:, None], found.y, found.count, [name], [name], found.outcome.column)
