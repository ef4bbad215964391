"""The analyses beside the benchmarks of a journey, each asked once; what cannot be told says why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cxstats.cells import Cells
from cxstats.methods.compounding import Compounding, compounding
from cxstats.methods.dominance import MOST_EXACT, Dominance, dominance
from cxstats.methods.journey_increment import JourneyIncrement, journey_increment
from cxstats.methods.journey_score import JourneyScore, journey_score
from cxstats.methods.reliability import Reliability, reliability
from cxstats.methods.touchpoint_importance import TouchpointImportance, touchpoint_importance
from cxstats.methods.usage_patterns import UsagePatterns, usage_patterns
from cxstats.roles import outcome_columns
from cxstats.studies.asking import Asking


@dataclass(frozen=True, kw_only=True)
class JourneyParts:
    """What each analysis found; None where it does not apply, or where ``not_told`` has the reason."""

    increment: JourneyIncrement | None
    reliability: Reliability | None
    importance: TouchpointImportance | None
    dominance: Dominance | None
    score: JourneyScore | None
    patterns: UsagePatterns | None
    compounding: Compounding | None
    not_told: Mapping[str, str]


def ask_all(
    cells: Cells,
    journey: str,
    touchpoints: Sequence[str],
    *,
    poor: float | None,
    folds: int,
    repeats: int | None,
    rng: int | np.random.Generator,
    tell: Callable[[str], None],
) -> JourneyParts:
    """Every analysis beside the benchmarks, on the columns that it needs."""
    ask = Asking(tell)
    rated = cells.select(*outcome_columns(cells.roles.outcome), *touchpoints)
    exact = len(touchpoints) <= MOST_EXACT
    return JourneyParts(
        increment=ask(
            "increment",
            lambda: journey_increment(
                cells, journey=journey, touchpoints=touchpoints, folds=folds, repeats=repeats, rng=rng
            ),
        ),
        reliability=ask("reliability", lambda: reliability(cells.select(*touchpoints), metrics=touchpoints)),
        importance=ask("importance", lambda: touchpoint_importance(rated, touchpoints=touchpoints)),
        dominance=ask("dominance", lambda: dominance(rated, metrics=touchpoints), applies=exact),
        score=ask(
            "journey score",
            lambda: journey_score(rated, touchpoints=touchpoints, folds=folds, repeats=repeats, rng=rng),
        ),
        patterns=ask("patterns of use", lambda: usage_patterns(cells, journey=journey, touchpoints=touchpoints)),
        compounding=ask(
            "compounding",
            lambda: compounding(
                cells.select(*touchpoints), touchpoints=touchpoints, poor=0.0 if poor is None else poor
            ),
            applies=poor is not None,
        ),
        not_told=MappingProxyType(ask.reasons),
    )
