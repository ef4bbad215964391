"""The analyses beside the contest of what is remembered, each asked once; what cannot be told says why."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cxstats.errors import CxStatsError, CxStatsWarning
from cxstats.methods.dependent_correlations import DependentCorrelations, dependent_correlations
from cxstats.methods.memory_effects import MemoryEffects, memory_effects
from cxstats.methods.milder_end import MilderEnd, milder_end
from cxstats.methods.moment_kernel import MomentKernel, moment_kernel
from cxstats.methods.moment_weights import MomentWeights, moment_weights
from cxstats.moments.sequences import Sequences
from cxstats.numerics.effect import Effect
from cxstats.numerics.linear import fit_linear
from cxstats.numerics.sequence_features import sequence_features
from cxstats.numerics.within import within
from cxstats.results import build_frame
from cxstats.roles import Continuous
from cxstats.scales import Scale
from cxstats.shared.memory_result import refuse_no_slope, spread_or_none
from cxstats.shared.remembered import MemoryRoles, remembered
from cxstats.studies.asking import Asking

_SURE = 0.999  # of a slope below 0, before a whole study is refused for it


@dataclass(frozen=True, kw_only=True)
class MemoryParts:
    """What each analysis found; None where it does not apply, or where ``not_told`` has the reason."""

    weights: MomentWeights | None
    kernel: MomentKernel | None
    effects: MemoryEffects | None
    correlations: DependentCorrelations | None
    milder: MilderEnd | None
    not_told: Mapping[str, str]


def ask_all(
    found: Sequences, roles: MemoryRoles, *, end: float, rng: int | np.random.Generator, tell: Callable[[str], None]
) -> MemoryParts:
    """Every analysis beside the contest."""
    ask = Asking(tell)
    overall, person, cluster = roles.overall, roles.person, roles.cluster
    return MemoryParts(
        weights=ask(
            "shares of mean, peak and end",
            lambda: moment_weights(found, overall=overall, person=person, cluster=cluster, end=end, rng=rng),
        ),
        kernel=ask("weights of moments", lambda: moment_kernel(found, overall=overall, person=person, cluster=cluster)),
        effects=ask(
            "beyond peak and end",
            lambda: memory_effects(
                found, overall=overall, person=person, stimulus=roles.stimulus, cluster=cluster, end=end
            ),
        ),
        correlations=ask("correlations", lambda: _correlations(found, roles, end)),
        milder=ask(
            "changed end",
            lambda: milder_end(
                found, overall=overall, person=person, cluster=cluster, treated=str(roles.treated), end=end
            ),
            applies=roles.treated is not None,
        ),
        not_told=MappingProxyType(ask.reasons),
    )


def refuse_turned(found: Sequences, roles: MemoryRoles) -> None:
    """Refuse ratings that are the worse, the better the moments were: a direction is declared the wrong way round.

    Which of two moments counts more would be told the wrong way round, too.
    """
    made = remembered(found, roles)
    mean = sequence_features(made.moments, made.neutral).mean
    x, y = (within(values, made.person) for values in (mean, made.overall))
    ones = np.ones(made.n)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CxStatsWarning)  # too few people for an interval is said elsewhere
        try:
            fit = fit_linear(np.column_stack([ones, x]), y, ones.astype(np.int64), ones)
        except CxStatsError:
            return  # means that do not vary: the analyses say so in their own words
        moved = spread_or_none(made, fit.influence[:, 1:], within=True)
    slope = Effect(a=float(fit.coefficients[1]), var_a=float(moved.matrix[0, 0]), df=moved.df)
    if slope.interval(_SURE)[1] < 0:
        refuse_no_slope(made, slope)


def _correlations(found: Sequences, roles: MemoryRoles, end: float) -> DependentCorrelations:
    """The mean and peak-end in halves, correlated with the overall rating over all people, tested on the same rows."""
    made = remembered(found, roles)
    features = sequence_features(made.moments, made.neutral, end=end)
    scores = {"peak_end": features.peak_end, "mean": features.mean}
    frame = {**scores, "overall": made.overall, **({} if made.cluster is None else {"people": made.cluster})}
    low, high = float(made.moments.value.min()), float(made.moments.value.max())
    return dependent_correlations(
        build_frame(frame, "pandas"),
        outcome=Continuous("overall"),
        metrics=dict.fromkeys(scores, Scale(low, high, whole=False)),
        cluster=None if made.cluster is None else "people",
    )
