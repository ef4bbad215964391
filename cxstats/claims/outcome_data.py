"""The analyses of one study for one outcome, each done once and only when a claim asks for it."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from cxstats.cells import Cells
from cxstats.claims.encounter_data import EncounterData
from cxstats.claims.memory_data import MemoryData
from cxstats.claims.met_exceeded import MetExceeded, met_exceeded
from cxstats.claims.service_data import ServiceData
from cxstats.errors import CxStatsError
from cxstats.methods.answer_quality import AnswerQuality, answer_quality
from cxstats.methods.asymmetry import Asymmetry, asymmetry
from cxstats.methods.bend_gain import BendGain, bend_gain
from cxstats.methods.by_segment import BySegment, by_segment
from cxstats.methods.codings import Codings, codings
from cxstats.methods.combination import Combination, combination
from cxstats.methods.compounding import Compounding, compounding
from cxstats.methods.consistency import Consistency, consistency
from cxstats.methods.difference_in_differences import DifferenceInDifferences, difference_in_differences
from cxstats.methods.extreme_groups import ExtremeGroups, extreme_groups
from cxstats.methods.fair_fight import FairFight, fair_fight
from cxstats.methods.held_out import HeldOutComparison, held_out
from cxstats.methods.intention_behaviour import IntentionBehaviour, intention_behaviour
from cxstats.methods.journey_increment import JourneyIncrement, journey_increment
from cxstats.methods.league_table import LeagueTable, league_table
from cxstats.methods.leakage import Leakage, leakage
from cxstats.methods.loyalty_ladder import LoyaltyLadder, loyalty_ladder
from cxstats.methods.touchpoint_benchmarks import TouchpointBenchmarks, touchpoint_benchmarks
from cxstats.methods.touchpoint_importance import TouchpointImportance, touchpoint_importance
from cxstats.methods.within_between import WithinBetween, within_between
from cxstats.numerics.resample import Seeded
from cxstats.roles import Outcome
from cxstats.scales import Scale
from cxstats.study.study import Study

T = TypeVar("T")

# The smallest effects of interest, fixed before any fit; a study may set others.
SMALLEST_EFFECT = {
    "auc": 0.01,  # difference of areas under the ROC curve
    "log_loss": 0.002,  # per customer: about what an area of .56 instead of .55 gains
    "r": 0.03,  # difference of correlations
    "odds_ratio": 1.10,  # of a good outcome, per standard deviation of a score
    "relative": 0.10,  # of a share of good (or bad) outcomes: a risk ratio of 1.10
    "sd": 0.10,  # standard deviations of the outcome
    "percent": 5.0,  # by which the index of one predictor exceeds that of another
    "elasticity": 0.10,  # percent of one thing per percent of another
    "necessity": 0.10,  # share of the range in which nothing was seen
    "majority": 0.50,  # share of customers: more than half
}


class OutcomeData:
    """The analyses of one study for one outcome, each done once and only when a claim asks for it."""

    def __init__(self, study: Study, outcome: str, draws: Seeded, *, repeats: int | None = None) -> None:
        """Hold what the analyses need; nothing is read yet. ``repeats`` is how often folds are dealt anew."""
        self.study, self.name, self._draws, self._repeats = study, outcome, draws, repeats
        self.fingerprints: dict[str, str] = {}

    @property
    def outcome(self) -> Outcome:
        """The outcome as declared."""
        return self.study.outcomes[self.name]

    @property
    def scales(self) -> dict[str, Scale]:
        """The scales of the metrics that are compared with each other; those of touchpoints are not among them."""
        return self.study.compared_scales

    @property
    def rng(self) -> int | np.random.Generator:
        """The seed that every analysis starts from, so that each can be repeated alone."""
        return self._draws.rng if self._draws.seed is None else self._draws.seed

    def smallest(self, key: str) -> float:
        """The smallest effect of interest of this study."""
        return float(self.study.smallest_effect.get(key, SMALLEST_EFFECT[key]))

    def of_kind(self, kind: str) -> list[str]:
        """The metrics of a kind, in the order of the study."""
        return [name for name, scale in self.scales.items() if scale.kind == kind]

    @cached_property
    def cells(self) -> Cells:
        """Outcome and metrics."""
        return self.counted("metrics", lambda: self.study.cells(self.name, metrics=tuple(self.scales)))

    @cached_property
    def known(self) -> Cells:
        """Outcome, metrics and controls."""
        if not self.study.controls:
            return self.cells
        return self.counted("controls", lambda: self.study.cells(self.name, metrics=tuple(self.scales), controls=True))

    @cached_property
    def league(self) -> LeagueTable:
        """All metrics compared on this outcome, as they are."""
        return league_table(self.cells, rng=self.rng)

    @cached_property
    def fair_fight(self) -> FairFight:
        """All metrics compared after their scales were coarsened to as many levels."""
        return fair_fight(self.cells)

    @cached_property
    def extremes(self) -> ExtremeGroups:
        """Best-scoring against worst-scoring customers."""
        return extreme_groups(self.cells)

    @cached_property
    def held_out(self) -> HeldOutComparison:
        """All metrics over the controls, on customers held out."""
        return held_out(self.known, rng=self.rng, repeats=self._repeats)

    @cached_property
    def combination(self) -> Combination:
        """All metrics together against the best one."""
        return combination(self.known, rng=self.rng, smallest=self.smallest("auc"), repeats=self._repeats)

    @cached_property
    def leakage(self) -> Leakage:
        """Metrics and controls that know the outcome too well."""
        return leakage(self.known)

    @cached_property
    def answer_quality(self) -> AnswerQuality | None:
        """Straight lines and questions that point the wrong way; None with fewer than two metrics."""
        return answer_quality(self.cells) if len(self.scales) > 1 else None

    def codings(self, metric: str) -> Codings:
        """The codings of one metric."""
        return codings(self.cells, metrics=[metric], rng=self.rng, repeats=self._repeats)

    def by_segment(self, segment: str) -> BySegment:
        """The metrics compared in each segment."""
        cells = self.counted(
            f"segment {segment}", lambda: self.study.cells(self.name, metrics=tuple(self.scales), segment=segment)
        )
        return by_segment(cells, segment=segment, smallest=self.smallest("auc"))

    def within_between(self, metric: str) -> WithinBetween:
        """One metric within firms and between them."""
        cells = self.counted("firm", lambda: self.study.cells(self.name, metrics=(metric,), firm=True))
        return within_between(cells, metrics=[metric])

    def against_intention(self, metric: str, intention: str) -> IntentionBehaviour:
        """One metric against this outcome and against what customers said they would do."""
        cells = self.counted(
            f"intention {intention}", lambda: self.study.cells(self.name, metrics=(metric,), intention=intention)
        )
        return intention_behaviour(cells, metrics=[metric, intention], intention=intention)

    @cached_property
    def encounters(self) -> EncounterData:
        """The analyses of encounters."""
        return EncounterData(self.study, self.fingerprints)

    @cached_property
    def consistency(self) -> Consistency:
        """Whether customers with steadier ratings stay."""
        declared = self.study.encounters
        if declared is None or declared.scale is None:
            raise TypeError("no scale of the encounters' ratings is declared")
        cells = self.counted(
            "consistency", lambda: self.study.cells(self.name, controls=True, encounters=("mean", "sd", "n"))
        )
        return consistency(cells, mean="encounters.mean", sd="encounters.sd", n="encounters.n", scale=declared.scale)

    @cached_property
    def service(self) -> ServiceData:
        """The analyses of what was recorded of service."""
        return ServiceData(self.study, self.name, self.counted, self.of_kind)

    @cached_property
    def memory(self) -> MemoryData:
        """The analyses of moments."""
        return MemoryData(self.study, self.rng, self.fingerprints)

    @property
    def came_after(self) -> bool:
        """Whether the outcome is known to be later than the feedback."""
        return self.study.timing(self.name).status in ("declared", "checked")

    @property
    def one_sitting(self) -> bool:
        """Whether ratings and this outcome come from one questionnaire: no claim gets beyond its direction."""
        sections = (self.study.journey, self.study.service)
        return any(s is not None and s.same_sitting for s in sections) and not self.came_after

    @cached_property
    def journey_cells(self) -> Cells:
        """Outcome, journey rating and touchpoints."""
        journey = self.study.journey
        names = () if journey is None else (journey.rating, *journey.touchpoints)
        return self.counted("journey", lambda: self.study.cells(self.name, metrics=names))

    @cached_property
    def benchmarks(self) -> TouchpointBenchmarks:
        """The journey rating against its touchpoints."""
        return touchpoint_benchmarks(self.journey_cells, **self._journey, rng=self.rng)

    @cached_property
    def increment(self) -> JourneyIncrement:
        """What the journey rating tells beside all touchpoints."""
        return journey_increment(self.journey_cells, **self._journey, rng=self.rng)

    @cached_property
    def importance(self) -> TouchpointImportance:
        """Which touchpoints matter."""
        return touchpoint_importance(self.journey_cells, touchpoints=self._journey["touchpoints"])

    @cached_property
    def compounding(self) -> Compounding:
        """How many journeys met a poor touchpoint."""
        journey = self.study.journey
        poor = 0.0 if journey is None or journey.poor is None else journey.poor
        names = self._journey["touchpoints"]
        cells = self.counted("touchpoints", lambda: self.study.cells(None, metrics=names))
        return compounding(cells, touchpoints=names, poor=poor)

    @cached_property
    def change(self) -> DifferenceInDifferences:
        """How much more this outcome changed where journeys were changed."""
        declared = self.study.change
        if declared is None:
            raise TypeError("no change is declared")
        cells = self.counted("change", lambda: self.study.cells(self.name, change=True))
        return difference_in_differences(cells, period=declared.period, treated=declared.treated, start=declared.start)

    @property
    def _journey(self) -> dict[str, Any]:
        journey = self.study.journey
        return {} if journey is None else {"journey": journey.rating, "touchpoints": list(journey.touchpoints)}

    @cached_property
    def levels(self) -> MetExceeded:
        """Loyalty below, at and above expectation, over the controls where there are any."""
        return self._levels(None)

    @cached_property
    def slopes(self) -> Asymmetry:
        """Slopes below and above expectation."""
        return self._slopes(None)

    @cached_property
    def bend_gain(self) -> BendGain:
        """What two slopes gain over one line on customers held out."""
        return bend_gain(self._expectation(None), met=self.study.met, rng=self.rng, repeats=self._repeats)

    @cached_property
    def ladder(self) -> LoyaltyLadder:
        """Loyalty from tier to tier."""
        declared = self.study.expectation
        return loyalty_ladder(
            self._expectation(None, controls=True), cuts={} if declared is None else dict(declared.tiers)
        )

    def levels_elsewise(self) -> tuple[tuple[str, MetExceeded | CxStatsError], ...]:
        """The same under each alternative analysis of the study, or why it cannot be done."""
        return tuple((s.title, _tried(self._levels, i)) for i, s in enumerate(self.study.sensitivities))

    def slopes_elsewise(self) -> tuple[tuple[str, Asymmetry | CxStatsError], ...]:
        """The same under each alternative analysis of the study, or why it cannot be done."""
        return tuple((s.title, _tried(self._slopes, i)) for i, s in enumerate(self.study.sensitivities))

    def _levels(self, sensitivity: int | None) -> MetExceeded:
        return met_exceeded(self._expectation(sensitivity, controls=True), self.study.met)

    def _slopes(self, sensitivity: int | None) -> Asymmetry:
        return asymmetry(self._expectation(sensitivity), met=self.study.met)

    def _expectation(self, sensitivity: int | None, *, controls: bool = False) -> Cells:
        over = " over controls" if controls and self.study.controls else ""
        return self.counted(
            f"expectation {sensitivity}{over}",
            lambda: self.study.cells(self.name, disconfirmation=True, controls=controls, sensitivity=sensitivity),
        )

    def counted(self, what: str, tallied: Callable[[], Cells]) -> Cells:
        """Cells whose fingerprint belongs to the report."""
        cells = tallied()
        self.fingerprints[what] = cells.fingerprint
        return cells


def _tried(analysis: Callable[[int], T], number: int) -> T | CxStatsError:
    try:
        return analysis(number)
    except CxStatsError as reason:
        return reason
