"""The analyses that make up the comparison of metrics, each asked once; what cannot be told says why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from cxstats.cells import Cells
from cxstats.methods.added_value import AddedValue, added_value
from cxstats.methods.answer_quality import AnswerQuality, answer_quality
from cxstats.methods.by_segment import BySegment, by_segment
from cxstats.methods.codings import Codings, codings
from cxstats.methods.combination import Combination, combination
from cxstats.methods.dependent_correlations import DependentCorrelations, dependent_correlations
from cxstats.methods.dominance import Dominance, dominance
from cxstats.methods.extreme_groups import ExtremeGroups, extreme_groups
from cxstats.methods.fair_fight import FairFight, fair_fight
from cxstats.methods.held_out import HeldOutComparison, held_out
from cxstats.methods.invariance import Invariance, invariance
from cxstats.methods.leakage import Leakage, leakage
from cxstats.methods.two_part import TwoPart, two_part
from cxstats.roles import Binary, Continuous, Count, Outcome, Survival, outcome_columns
from cxstats.studies.asking import Asking
from cxstats.studies.hazards import Hazard, hazards

T = TypeVar("T")
MANY_ZEROS = 0.10  # share of customers at 0 from which "whether" and "how much" are two questions
FEWEST_FOR_A_FACTOR = 3  # metrics; with fewer no common factor can be told


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What each analysis found; None where it does not apply, or where ``not_told`` has the reason.

    ``hazards`` has one entry per metric. It is for a time until an event, for which ``held_out``, ``added_value`` and
    ``dominance`` are not offered. ``by_segment`` and ``invariance`` have one entry per segment column.
    """

    leakage: Leakage | None
    answer_quality: AnswerQuality | None
    extremes: ExtremeGroups | None
    correlations: DependentCorrelations | None
    two_part: TwoPart | None
    fair_fight: FairFight | None
    codings: Codings | None
    held_out: HeldOutComparison | None
    added_value: AddedValue | None
    combination: Combination | None
    dominance: Dominance | None
    hazards: tuple[Hazard, ...] | None
    by_segment: Mapping[str, BySegment]
    invariance: Mapping[str, Invariance]
    not_told: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the analyses that deal customers into folds need to know."""

    folds: int
    repeats: int | None
    rng: int | np.random.Generator


def ask_all(
    cells: Cells, names: Sequence[str], segments: Sequence[str], settings: Settings, tell: Callable[[str], None]
) -> Parts:
    """Every analysis of the comparison, on the cells that it needs: fewer columns are fewer cells."""
    outcome = cells.roles.outcome
    binary, timed, several = isinstance(outcome, Binary), isinstance(outcome, Survival), len(names) > 1
    column = outcome_columns(outcome)
    bare = cells.select(*column, *names)
    known = cells.select(*column, *names, *cells.roles.controls)
    folds, repeats, rng = settings.folds, settings.repeats, settings.rng
    ask = Asking(tell)
    return Parts(
        leakage=ask("leakage", lambda: leakage(known, metrics=names)),
        answer_quality=ask("answer quality", lambda: answer_quality(bare, metrics=names), applies=several),
        extremes=ask("extreme groups", lambda: extreme_groups(bare, metrics=names), applies=binary),
        correlations=ask(
            "correlations",
            lambda: dependent_correlations(bare, metrics=names),
            applies=isinstance(outcome, Continuous | Count),
        ),
        two_part=ask("whether and how much", lambda: two_part(bare, metrics=names), applies=_many_zeros(bare, outcome)),
        fair_fight=ask("fair fight", lambda: fair_fight(bare, metrics=names), applies=binary),
        codings=ask(
            "codings",
            lambda: codings(bare, metrics=names, folds=folds, repeats=repeats, rng=rng),
            applies=binary,
        ),
        held_out=ask(
            "held out",
            lambda: held_out(known, metrics=names, folds=folds, repeats=repeats, rng=rng),
            applies=not timed,
        ),
        added_value=ask(
            "added value",
            lambda: added_value(known, metrics=names, folds=folds, repeats=repeats, rng=rng),
            applies=not timed,
        ),
        combination=ask(
            "combination",
            lambda: combination(known, metrics=names, folds=folds, repeats=repeats, rng=rng),
            applies=binary,
        ),
        dominance=ask("dominance", lambda: dominance(bare, metrics=names, rng=rng), applies=several and not timed),
        hazards=ask("hazards", lambda: hazards(known, names), applies=timed),
        by_segment=_each(
            segments,
            lambda s: ask(f"segments of {s}", lambda: _segment(cells, names, s), applies=binary),
        ),
        invariance=_each(
            segments,
            lambda s: ask(
                f"invariance over {s}",
                lambda: invariance(cells.select(*names, s), metrics=names, segment=s),
                applies=len(names) >= FEWEST_FOR_A_FACTOR,
            ),
        ),
        not_told=MappingProxyType(ask.reasons),
    )


def _segment(cells: Cells, names: Sequence[str], segment: str) -> BySegment:
    return by_segment(
        cells.select(*outcome_columns(cells.roles.outcome), *names, segment), metrics=names, segment=segment
    )


def _each(segments: Sequence[str], analysis: Callable[[str], T | None]) -> Mapping[str, T]:
    found = {segment: analysis(segment) for segment in segments}
    return MappingProxyType({segment: result for segment, result in found.items() if result is not None})


def _many_zeros(cells: Cells, outcome: Outcome | None) -> bool:
    """Whether a measured outcome is never negative and 0 for many."""
    if not isinstance(outcome, Continuous | Count):
        return False
    values = cells[outcome.column]
    present = ~np.isnan(values)
    zeros = int(cells.count[present & (values == 0)].sum())
    return not (values[present] < 0).any() and zeros >= MANY_ZEROS * int(cells.count[present].sum())
