"""One claim: its words, its source, its rule, and how its evidence is drawn from a study."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

from cxstats.claims.finding import Kind, Part
from cxstats.claims.verdict import Blocked, Question
from cxstats.errors import CxStatsError, ScaleError, SeparationError, TooFewError
from cxstats.methods.asymmetry import Asymmetry, asymmetry
from cxstats.methods.expectation_levels import ExpectationLevels, expectation_levels
from cxstats.numerics.effect import Effect
from cxstats.numerics.resample import Seeded
from cxstats.roles import Binary, Outcome, Rating
from cxstats.scales import Scale
from cxstats.studies.which_metric import WhichMetric, which_metric
from cxstats.study.study import Study

T = TypeVar("T")

# The smallest effects of interest, fixed before any fit; a study may set others.
SMALLEST_EFFECT = {
    "auc": 0.01,  # difference of areas under the ROC curve
    "relative": 0.10,  # of a share of good (or bad) outcomes: a risk ratio of 1.10
    "sd": 0.10,  # standard deviations of the outcome
}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a claim rests on for one outcome: a question for the rule, or the reason why there is none."""

    question: Question | Blocked
    unit: str = ""
    reason: str = ""  # where blocked: what is missing, and what would make the claim testable
    headline: str = ""  # else: what was seen, in one sentence
    measured: str = "The estimate is"  # how the deciding number is introduced; may name the component as {name}
    guards: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    levels: tuple[Part, ...] = ()
    levels_unit: str = ""
    published_on: Effect | None = None  # the effect that is compared with the published band
    sensitivity: tuple[Part, ...] = ()
    n: int = 0
    n_missing: int = 0


class OutcomeData:
    """The analyses of one study for one outcome, each done once and only when a claim asks for it."""

    def __init__(self, study: Study, outcome: str, draws: Seeded) -> None:
        """Hold what the analyses need; nothing is read yet."""
        self.study, self.name, self._draws = study, outcome, draws
        self.fingerprints: dict[str, str] = {}

    @property
    def outcome(self) -> Outcome:
        """The outcome as declared."""
        return self.study.outcomes[self.name]

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales of the study's metrics."""
        return self.study.metric_scales

    def smallest(self, key: str) -> float:
        """The smallest effect of interest of this study."""
        return float(self.study.smallest_effect.get(key, SMALLEST_EFFECT[key]))

    @cached_property
    def comparison(self) -> WhichMetric:
        """All metrics compared on this outcome."""
        if not isinstance(self.outcome, Binary):
            raise TypeError(f"'{self.name}' is not binary")
        cells = self.study.cells(self.name, metrics=tuple(self.scales))
        self.fingerprints["metrics"] = cells.fingerprint
        return which_metric(cells, rng=self._draws.rng)

    @cached_property
    def levels(self) -> ExpectationLevels:
        """Loyalty below, at and above expectation."""
        return self._levels(None)

    @cached_property
    def slopes(self) -> Asymmetry:
        """Slopes below and above expectation."""
        return self._slopes(None)

    def levels_elsewise(self) -> tuple[tuple[str, ExpectationLevels | CxStatsError], ...]:
        """The same under each alternative analysis of the study, or why it cannot be done."""
        return tuple((s.title, _tried(self._levels, i)) for i, s in enumerate(self.study.sensitivities))

    def slopes_elsewise(self) -> tuple[tuple[str, Asymmetry | CxStatsError], ...]:
        """The same under each alternative analysis of the study, or why it cannot be done."""
        return tuple((s.title, _tried(self._slopes, i)) for i, s in enumerate(self.study.sensitivities))

    def _levels(self, sensitivity: int | None) -> ExpectationLevels:
        cells = self.study.cells(self.name, disconfirmation=True, sensitivity=sensitivity)
        self.fingerprints[f"expectation {sensitivity}"] = cells.fingerprint
        return expectation_levels(cells, met=self.study.met)

    def _slopes(self, sensitivity: int | None) -> Asymmetry:
        cells = self.study.cells(self.name, disconfirmation=True, sensitivity=sensitivity)
        self.fingerprints[f"expectation {sensitivity}"] = cells.fingerprint
        return asymmetry(cells, met=self.study.met)


def _tried(analysis: Callable[[int], T], number: int) -> T | CxStatsError:
    try:
        return analysis(number)
    except CxStatsError as reason:
        return reason


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
    missing: Callable[[Study], str]
    evidence: EvidenceOf
    band: tuple[float, float] | None = None
    rival: str | None = None


def is_rating(outcome: Outcome) -> bool:
    """Whether the outcome is a bounded rating (to which the ceiling rule applies)."""
    return isinstance(outcome, Rating)


def blocked(reason: str, *, looked: bool, flags: tuple[str, ...] = ()) -> Evidence:
    """Evidence that a guard has withheld."""
    return Evidence(question=Blocked(looked_at_outcome=looked), reason=reason, flags=flags)


def attempted(analysis: Callable[[], T]) -> T | Evidence:
    """What an analysis finds, or the guard that stopped it: what concerns one claim stops no other."""
    try:
        return analysis()
    except ScaleError as reason:
        return blocked(str(reason), looked=False)
    except TooFewError as reason:
        return blocked(str(reason), looked=True)
    except SeparationError as reason:
        return blocked(str(reason), looked=True, flags=("leakage",))
