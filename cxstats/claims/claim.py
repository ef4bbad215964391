"""One claim: its words, its source, its rule, and how its evidence is drawn from a study."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from cxstats.claims.finding import Kind, Part
from cxstats.claims.outcome_data import OutcomeData
from cxstats.claims.verdict import Blocked, Question
from cxstats.errors import CxStatsError, CxStatsWarning, OffScaleError, ScaleError, SeparationError, StudyError
from cxstats.numerics.effect import Effect
from cxstats.roles import Outcome, Rating
from cxstats.study.declared import DeclaredStudy

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a claim rests on for one outcome: a question for the rule, or the reason why there is none."""

    question: Question | Blocked
    unit: str = ""
    reason: str = ""  # where blocked: what is missing, and what would make the claim testable
    headline: str = ""  # else: what was seen, in one sentence
    measured: str = "The estimate is"  # how the deciding number is introduced; may name the component as {name}
    pointed: str = ""  # why no more than the direction can be told, where that is not one questionnaire or a small size
    guards: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    levels: tuple[Part, ...] = ()
    levels_unit: str = ""
    published_on: Effect | None = None  # the effect that is compared with the published band
    sensitivity: tuple[Part, ...] = ()
    n: int = 0
    n_missing: int = 0
    counted: str = "customers"  # what n counts


EvidenceOf: TypeAlias = Callable[[OutcomeData], Evidence]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of the register.

    ``missing`` says, for a study, what would have to be declared to make the claim testable (empty if
    nothing is missing); ``evidence`` draws the evidence for one outcome.
    """

    id: str
    family: str
    kind: Kind
    sentence: str
    source: str
    published: str
    needs: str
    rule: str
    unit: str
    smallest_key: str
    methods: tuple[str, ...]  # names in METHODS: what the evidence calls, whichever way the study takes it
    missing: Callable[[DeclaredStudy], str]
    evidence: EvidenceOf
    smallest_factor: float = 1.0  # from the smallest effect of that key to the unit: .01 for a share
    band: tuple[float, float] | None = None
    rival: str | None = None
    timed: bool = True  # whether it speaks of feedback that must be older than the outcome
    about_outcome: bool = True  # else tested once, whatever the outcomes
    one_sitting: bool = False  # may be tested, up to its direction, where one questionnaire has it all


def is_rating(outcome: Outcome) -> bool:
    """Whether the outcome is a bounded rating (to which the ceiling rule applies)."""
    return isinstance(outcome, Rating)


def blocked(reason: str, *, looked: bool, flags: tuple[str, ...] = ()) -> Evidence:
    """Evidence that a guard has withheld."""
    return Evidence(question=Blocked(looked_at_outcome=looked), reason=reason, flags=flags)


def attempted(analysis: Callable[[], T]) -> T | Evidence:
    """What an analysis finds, or the guard that stopped it: what concerns one claim stops no other.

    Warnings stay silent: they are notes of the result, and become guards of the finding.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CxStatsWarning)
            return analysis()
    except StudyError:
        raise  # the study contradicts itself: that concerns every claim
    except OffScaleError as reason:
        return blocked(reason.in_study(), looked=False)
    except ScaleError as reason:
        return blocked(str(reason), looked=False)
    except SeparationError as reason:
        return blocked(str(reason), looked=True, flags=("leakage",))
    except CxStatsError as reason:
        return blocked(str(reason), looked=True)
