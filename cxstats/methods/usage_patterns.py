"""Journey against touchpoints by pattern of use: do answers depend on which touchpoints a customer met?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import chdtrc

from cxstats.arrays import Bools, Floats, Ints
from cxstats.cells import IntoCells
from cxstats.errors import RoleError, TooFewError, rows
from cxstats.numerics.concordance import fit_concordance
from cxstats.numerics.correlation import correlation_influence, standard_scores
from cxstats.numerics.influence import covariance
from cxstats.outcomes import good_is_high
from cxstats.results import shown, shown_p
from cxstats.roles import Binary, Continuous, Outcome, Rating
from cxstats.scales import Scale
from cxstats.shared.journeys import JourneyRows, journey_rows
from cxstats.wald import WaldResult

JOURNEY, COMPOSITE, DIFFERENCE = TERMS = ("journey", "composite", "journey - composite")
FEWEST, FEWEST_EVENTS, LEAST = 100, 10, 30


@dataclass(frozen=True, kw_only=True, eq=False)
class UsagePatterns(WaldResult):
    """Three rows per pattern: how the journey rating and the mean of the used touchpoints go with the outcome.

    Attributes
    ----------
    patterns : tuple of str
        Which touchpoints were used, the commonest first: "all", "without wifi", "only checkin".
    index_name : {"r", "AUC - 1/2"}
    n_in : int array, shape (S,)
        Journeys of each pattern.
    n_used : int array, shape (S,)
        Touchpoints that each pattern holds.
    n_patterns, n_rare : int
        Patterns that occur, and journeys in those that are too rare to be shown.
    chi_square, p_equal : float
        Of the test that the difference is the same in all patterns; NaN for a single one.
    fewest : int
    """

    patterns: tuple[str, ...]
    index_name: str
    n_in: Ints
    n_used: Ints
    n_patterns: int
    n_rare: int
    chi_square: float
    p_equal: float
    fewest: int

    method: ClassVar[str] = "Journey rating and mean of the used touchpoints, by which were used"
    reference: ClassVar[str] = "Cochran (1954), doi:10.2307/3001666"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The pattern and the term of each row."""
        return {
            "pattern": [pattern for pattern in self.patterns for _ in TERMS],
            "term": list(TERMS) * len(self.patterns),
        }

    def told(self) -> str:
        """The difference in the commonest patterns, and whether it is the same in all."""
        at = np.arange(2, len(self.estimate), len(TERMS))[:3]
        each = [f"{name} {shown(float(self.estimate[i]), 2)}" for name, i in zip(self.patterns, at, strict=False)]
        equal = "" if np.isnan(self.p_equal) else f" (the same in all: p {shown_p(self.p_equal)})"
        return ", ".join(each) + equal

    def footer(self) -> str:
        """Patterns, the test, then rows and method."""
        rare = f"; {rows(self.n_rare)} in rarer ones" if self.n_rare else ""
        same = (
            ""
            if np.isnan(self.p_equal)
            else (
                f"\nThe same in all of them: chi-square {shown(self.chi_square)} on {len(self.patterns) - 1}, "
                f"p {shown_p(self.p_equal)}."
            )
        )
        shown_patterns = (
            f"{len(self.patterns):,} of {self.n_patterns:,} patterns have at least {self.fewest:,} journeys"
        )
        return f"{shown_patterns}{rare}.{same}\n{super().footer()}"


def usage_patterns(
    data: IntoCells,
    *,
    outcome: Outcome | None = None,
    journey: Mapping[str, Scale] | str | None = None,
    touchpoints: Mapping[str, Scale] | Sequence[str] | None = None,
    fewest: int = FEWEST,
    cluster: str | None = None,
    count: str | None = None,
) -> UsagePatterns:
    """Look at the journey rating and at the mean of the touchpoints separately by which touchpoints were used.

    Use it where ratings are missing because customers did not meet every touchpoint: those who did may be other
    customers, on other journeys. Both are scores of one number, so that nothing is fitted and nothing need be held
    out; all touchpoints in one model are in `touchpoint_benchmarks`.

    Parameters
    ----------
    data : dataframe or Cells
        One row per journey.
    outcome : Binary, Rating or Continuous
        With the end that is good for the firm declared.
    journey : mapping of one column to its Scale
        The rating of the journey as a whole. For Cells its name suffices.
    touchpoints : mapping from column to Scale
        Two or more. Missing means not used. For Cells names suffice.
    fewest : int
        Journeys that a pattern must hold to be shown, from 30 up.
    cluster : str, optional
        Column with what makes rows dependent.
    count : str, optional
        For data that are counted already: the rows that each row stands for.

    Returns
    -------
    UsagePatterns
        Per pattern r (of a binary outcome AUC - 1/2) of journey and composite, and their difference.

    Raises
    ------
    TooFewError
        No pattern with enough journeys and, for a binary outcome, 10 good and 10 bad ones; also as for
        `touchpoint_benchmarks`.
    RoleError
        An outcome of another kind, cells with a survey weight, ``fewest`` below 30; also as for `tally`.
    ColumnError, ScaleError
        As for `touchpoint_benchmarks`.

    Notes
    -----
    The composite is the mean of the used touchpoints, each as a share of its scale. Standard errors come from
    influence values, summed per cluster where there are clusters, also over patterns. The test of equal
    differences is Cochran's [1]_ with the covariance of all of them. A pattern in which a score or the outcome
    does not vary is not shown.

    References
    ----------
    .. [1] Cochran (1954). Biometrics 10, 101-129. doi:10.2307/3001666

    Examples
    --------
    >>> import cxstats as cx
    >>> customers = cx.datasets.load("simulated_cohort").frame
    >>> result = cx.usage_patterns(
    ...     customers,
    ...     outcome=cx.Binary("repurchase"),
    ...     journey={"csat": cx.CSAT5},
    ...     touchpoints={"nps": cx.NPS, "ease": cx.EASE7},
    ...     count="n",
    ... )
    >>> result.patterns[0]
    'all'
    """
    _refuse_fewest(fewest)
    found = journey_rows(data, outcome=outcome, journey=journey, touchpoints=touchpoints, cluster=cluster, count=count)
    target = _target(found)
    y = good_is_high(target, found.cells[target.column])
    shapes, pattern = np.unique(found.used, axis=0, return_inverse=True)
    count_in = np.bincount(pattern.ravel(), weights=found.cells.count).astype(np.int64)
    order = [int(s) for s in np.argsort(-count_in, kind="stable")]
    kept = [s for s in order if _enough(found, y, pattern.ravel() == s, isinstance(target, Binary), fewest)]
    if not kept:
        raise TooFewError(
            f"At least one pattern of used touchpoints must hold {fewest:,} journeys in which ratings and outcome "
            f"vary, but of {len(shapes):,} patterns in {rows(found.cells.n)} none does."
            "\nLeave out touchpoints that hardly anybody used, or collect more journeys."
        )
    estimate = np.empty((len(kept), 2))
    influence = np.zeros((len(found.cells), len(kept), 2))
    for place, s in enumerate(kept):
        on = pattern.ravel() == s
        estimate[place], influence[on, place] = _both(found, y, on, binary=isinstance(target, Binary))
    contrast = np.kron(np.eye(len(kept)), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]))
    spread = covariance(influence.reshape(len(found.cells), -1), found.cells.count, found.cells.cluster_codes)
    matrix = contrast @ spread.matrix @ contrast.T
    values = contrast @ estimate.ravel()
    chi_square, p_equal = _equal(values[2::3], matrix[2::3, 2::3])
    return UsagePatterns(
        patterns=tuple(_named(shapes[s], found.touchpoints) for s in kept),
        index_name="AUC - 1/2" if isinstance(target, Binary) else "r",
        estimate=values,
        std_error=np.sqrt(np.maximum(np.diag(matrix), 0.0)),
        df=spread.df,
        n_in=count_in[kept],
        n_used=shapes[kept].sum(axis=1),
        n_patterns=len(shapes),
        n_rare=int(count_in.sum() - count_in[kept].sum()),
        chi_square=chi_square,
        p_equal=p_equal,
        fewest=fewest,
        n=found.cells.n,
        n_missing=found.n_left_out,
        n_cells=found.cells.n_cells,
        notes=(*found.notes, *spread.notes),
    )


def _refuse_fewest(fewest: object) -> None:
    if isinstance(fewest, bool) or not isinstance(fewest, int) or fewest < LEAST:
        raise RoleError(f"fewest must be a whole number from {LEAST} up, but {fewest!r} was given.")


def _target(found: JourneyRows) -> Binary | Rating | Continuous:
    outcome = found.cells.roles.outcome
    if found.cells.roles.weight is not None:
        raise RoleError(
            f"Survey weights are not used here, but the cells have the weight '{found.cells.roles.weight}'."
            "\nTally the data without it."
        )
    if isinstance(outcome, Binary | Rating | Continuous):
        return outcome
    what = "none was declared" if outcome is None else f"{type(outcome).__name__} was given"
    raise RoleError(
        f"A binary outcome, a rating or a measured outcome is needed, but {what}."
        '\nPass for example outcome=cx.Binary("churned", good=0) or cx.Rating("satisfaction", cx.CSAT5).'
    )


def _enough(found: JourneyRows, y: Floats, on: Bools, binary: bool, fewest: int) -> bool:
    """Whether a pattern is common enough, and all that is compared varies in it."""
    count = found.cells.count[on]
    if count.sum() < fewest or any(np.ptp(v[on]) == 0 for v in (y, found.journey_score, found.composite)):
        return False
    return not binary or min(int(count[y[on] == 1].sum()), int(count[y[on] == 0].sum())) >= FEWEST_EVENTS


def _both(found: JourneyRows, y: Floats, on: Bools, *, binary: bool) -> tuple[Floats, Floats]:
    """The index of journey and composite (2,) in one pattern, and the influence (K_s, 2) of its rows."""
    scores = np.column_stack([found.journey_score[on], found.composite[on]])
    count, each = found.cells.count[on], np.ones(int(on.sum()))
    if binary:
        fit = fit_concordance(scores, y[on], count, each)
        return fit.concordance - 0.5, fit.influence
    mass = count.astype(np.float64)
    outcome, standard = standard_scores(y[on][:, None], mass)[:, 0], standard_scores(scores, mass)
    r = (mass / mass.sum() * outcome) @ standard
    return r, correlation_influence(outcome, standard, r, each, mass.sum())


def _equal(differences: Floats, matrix: Floats) -> tuple[float, float]:
    """Chi-square and p-value of the test that all differences are the same; NaN for a single one."""
    if len(differences) < 2:
        return np.nan, np.nan
    inverse = np.linalg.pinv(matrix)
    mean = float(inverse.sum(axis=0) @ differences / inverse.sum())
    apart = differences - mean
    chi_square = float(apart @ inverse @ apart)
    return chi_square, float(chdtrc(len(differences) - 1, chi_square))


def _named(used: Bools, touchpoints: Sequence[str]) -> str:
    """A pattern in words, by whichever list is shorter."""
    with_, without = ([t for t, u in zip(touchpoints, used, strict=True) if u == side] for side in (True, False))
    if not without:
        return "all"
    return f"without {', '.join(without)}" if len(without) <= len(with_) else f"only {', '.join(with_)}"
