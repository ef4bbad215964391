"""The analyses of what was recorded of service, each done once and only when a claim asks for it."""

from collections.abc import Callable, Sequence
from functools import cached_property

from cxstats.cells import Cells
from cxstats.methods.contact_harm import ContactHarm, contact_harm
from cxstats.methods.effort_disloyalty import EffortDisloyalty, effort_disloyalty
from cxstats.methods.problem_recovery import ProblemRecovery, problem_recovery
from cxstats.methods.wow_attempts import WowAttempts, wow_attempts
from cxstats.methods.wow_by_basics import WowByBasics, wow_by_basics
from cxstats.study.service import recorded
from cxstats.study.study import Study


class ServiceData:
    """The analyses of service for one outcome, or for none."""

    def __init__(
        self,
        study: Study,
        outcome: str,
        counted: Callable[[str, Callable[[], Cells]], Cells],
        of_kind: Callable[[str], list[str]],
    ) -> None:
        """Hold what the analyses need; ``counted`` keeps the fingerprint of what is tallied."""
        self.study, self.outcome, self._counted, self._of_kind = study, outcome, counted, of_kind

    @cached_property
    def effort(self) -> EffortDisloyalty:
        """Loyalty after much and after little effort."""
        metric, names = self._of_kind("ces")[0], self.recorded("objective")
        keys = ("objective",) if names else ()
        cells = self._counted("effort", lambda: self._cells(*keys, metrics=(metric,)))
        return effort_disloyalty(cells, metrics=[metric], objective=names)

    @cached_property
    def recovery(self) -> ProblemRecovery:
        """Loyalty without a problem, and with one that was put right or not."""
        cells = self._counted("recovery", lambda: self._cells("problem", "recovered"))
        return problem_recovery(cells, problem="service.problem", recovered="service.recovered")

    def revealed(self, metric: str) -> ProblemRecovery:
        """What a rating tells of this outcome with and without a problem."""
        cells = self._counted("problem", lambda: self._cells("problem", metrics=(metric,)))
        return problem_recovery(cells, problem="service.problem", metrics=[metric])

    @cached_property
    def complaints(self) -> Cells:
        """Who met a problem, and who complained."""
        return self._counted("complaints", lambda: self.study.cells(None, service=("problem", "complained")))

    @cached_property
    def contact(self) -> ContactHarm:
        """Scores before and after a contact, and without one."""
        declared = self.study.service
        before, after = ("", "") if declared is None else (str(declared.before), str(declared.after))
        keys = ("contact",) if self.recorded("contact") else ()
        cells = self._counted("contact", lambda: self.study.cells(None, metrics=(before, after), service=keys))
        return contact_harm(cells, before=before, after=after, contact=f"service.{keys[0]}" if keys else None)

    def attempts(self, *parts: str) -> WowAttempts:
        """Contacts with and without an attempt to wow, in the parts that are declared."""
        named = {key: self.recorded(key)[0] for key in ("attempt", *parts) if self.recorded(key)}
        cells = self._counted(f"attempts {' '.join(parts)}", lambda: self._cells(*named))
        return wow_attempts(cells, **named)

    def recorded(self, key: str) -> tuple[str, ...]:
        """The names in the cells of what the service section declares under a key; of most keys there is one."""
        return tuple(r.name for r in recorded(self.study.service) if r.key.partition("[")[0] == key)

    @cached_property
    def wow_by_basics(self) -> WowByBasics:
        """What an attempt to wow gains where things seldom and where they often went wrong."""
        cells = self._counted("basics", lambda: self._cells("attempt", "errors"))
        return wow_by_basics(cells, wow="service.attempt", errors="service.errors")

    def _cells(self, *keys: str, metrics: Sequence[str] = ()) -> Cells:
        return self.study.cells(self.outcome or None, metrics=metrics, controls=True, service=keys)
