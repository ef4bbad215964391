"""Evidence for the claim that the same performance meets different reactions, by what was expected."""

import math

from cxstats.claims.claim import Evidence, attempted, blocked
from cxstats.claims.finding import Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Component, PValues, Question
from cxstats.methods.performance_slopes import PerformanceSlopes, performance_slopes
from cxstats.results import shown
from cxstats.roles import Continuous, Rating
from cxstats.studies.stop_delighting import CEILING_FROM

SPREAD = "standard deviation between persons of their slopes, SD of the outcome per SD of performance"


def persons_react_differently(data: OutcomeData) -> Evidence:
    """The spread of the slopes between persons by the profile likelihood; what expectation explains is shown."""
    if not isinstance(data.outcome, Rating | Continuous):
        return blocked(
            f"'{data.name}' must be a rating or measured for this claim, once for each experience of a person.",
            looked=False,
        )
    found = attempted(lambda: _slopes(data))
    if isinstance(found, Evidence):
        return found
    if found.share_at_top >= CEILING_FROM:
        return blocked(
            f"{100 * found.share_at_top:.0f}% of the ratings are at the best value: from {CEILING_FROM:.0%} on the end "
            "of the scale alone makes slopes differ. An outcome without a ceiling would make it testable.",
            looked=True,
            flags=("ceiling",),
        )
    smallest = data.smallest("sd")
    component = Component(name="slope SD", effect=found.effect, kind="superiority", smallest=smallest)
    p = [found.p_not_above(smallest), found.p_not_below(smallest), found.p_not_above(0.0)]
    limits = found.confidence_interval()
    return Evidence(
        question=Question(
            components=(component,), own=PValues(*(min(1.0, 2 * one) for one in p)), n=found.n, capped=data.one_sitting
        ),
        headline=_told(found),
        measured="The slopes have the standard deviation",
        guards=found.notes,
        flags=("same-sitting",) if data.one_sitting else (),
        levels=tuple(
            Part(name=name, estimate=float(e), ci_low=float(low), ci_high=float(high))
            for name, e, low, high in zip(found.labels["term"], found.estimate, limits.low, limits.high, strict=True)
        ),
        levels_unit="standard deviations of the outcome per standard deviation",
        n=found.n,
        n_missing=found.n_missing,
        counted="ratings",
    )


def _slopes(data: OutcomeData) -> PerformanceSlopes:
    cells = data.counted("slopes", lambda: data.study.cells(data.name, expected=True))
    return performance_slopes(cells, performance="expectation.performed", expectation="expectation.expected")


def _told(found: PerformanceSlopes) -> str:
    share = found.share_explained
    explained = (
        ""
        if math.isnan(share)
        else f"; expectation explains {100 * max(share, 0.0):.0f}% of the differences in slope (without an interval)"
    )
    return (
        f"Among {found.n_informing:,} persons with three ratings or more, one standard deviation better performance "
        f"goes with {shown(float(found.estimate[1]), 3)} of the outcome on average{explained}."
    )
