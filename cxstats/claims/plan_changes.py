"""What of a study is another than when its plan was locked, and which findings that makes exploratory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxstats import __version__
from cxstats.claims.claim import Claim
from cxstats.claims.finding import PlanUsed, Status
from cxstats.claims.locked_plan import LockedPlan, planned_rows
from cxstats.claims.outcome_data import SMALLEST_EFFECT
from cxstats.study.as_declared import differences, plain_values
from cxstats.study.declared import DeclaredStudy
from cxstats.study.errors import key_path

# Sections that only the claims of some families look at; every other section concerns them all.
_ONLY = {
    "expectation": ("delight",),
    "sensitivity": ("delight",),
    "service": ("delight", "over-time"),
    "moments": ("memory",),
    "change": ("journey", "over-time"),
    "encounters": ("over-time",),
    "trust": ("metric",),
    "invitation": ("metric",),
    "journey": ("metric", "journey"),  # touchpoints are not among the metrics that are compared
}


@dataclass(frozen=True)
class _Change:
    """One thing that is another now, and whom it concerns: all, or some families, or one outcome."""

    sentence: str
    families: tuple[str, ...] | None = None
    outcome: str | None = None

    def concerns(self, family: str, outcome: str | None) -> bool:
        if self.families is not None:
            return family in self.families
        return self.outcome is None or self.outcome == outcome


@dataclass(frozen=True)
class Comparison:
    """A study beside its locked plan."""

    plan: LockedPlan
    changes: tuple[_Change, ...]

    def planned(self, claim: str, outcome: str | None) -> bool:
        """Whether the plan holds this test."""
        return any(row["claim"] == claim and row["outcome"] == outcome for row in self.plan.rows)

    def status(self, claim: Claim, outcome: str | None) -> Status:
        """Confirmatory if it was planned, by the rule of today, and nothing that concerns it is another now."""
        planned = [row for row in self.plan.rows if row["claim"] == claim.id and row["outcome"] == outcome]
        as_planned = bool(planned) and planned[0]["rule"] == claim.rule
        touched = any(change.concerns(claim.family, outcome) for change in self.changes)
        return "confirmatory" if as_planned and not touched else "exploratory"

    def used(self) -> PlanUsed:
        """The record for the report."""
        there = () if self.plan.later else (_OUTCOMES_THERE,)
        other = () if self.plan.version == __version__ else (_other_version(self.plan.version),)
        return PlanUsed(
            hash=self.plan.hash,
            registered=self.plan.registered,
            version=self.plan.version,
            changes=tuple(change.sentence for change in self.changes),
            notes=(*there, *other),
        )


_OUTCOMES_THERE = (
    "The outcomes were in the files already when the plan was locked: that nobody had looked at them rests on the word "
    "of the authors."
)


def _other_version(then: str) -> str:
    return (
        f"The plan was locked with cxstats {then}, and validated with {__version__}; claims whose rule changed are "
        "exploratory."
    )


def compare(plan: LockedPlan, study: DeclaredStudy, *, seed: int | None) -> Comparison:
    """The study beside the plan; ``seed`` is the one that is drawn from, None for a generator of the caller's."""
    declared = plain_values(study.declared, study.folder)
    changes = [
        _change(path, then, now, declared, plan.declared) for path, then, now in differences(plan.declared, declared)
    ]
    effects = {**SMALLEST_EFFECT, **study.smallest_effect}
    changes += [
        _Change(f"smallest_effect.{name}: was {_told(then)}, is {_told(now)}.")
        for name, then, now in differences(plan.smallest_effects, effects)
    ]
    if seed != plan.seed:
        now = "another generator" if seed is None else str(seed)
        changes.append(_Change(f"seed: was {plan.seed}, is {now}."))
    return Comparison(plan, (*changes, *_gone(plan, study)))


def _gone(plan: LockedPlan, study: DeclaredStudy) -> list[_Change]:
    """Planned tests that the study does not hold any more: leaving some out flatters the others."""
    here = {(row["claim"], row["outcome"]) for row in planned_rows(study)}
    gone = [(row["claim"], row["outcome"]) for row in plan.rows if (row["claim"], row["outcome"]) not in here]
    return [
        _Change(f"{claim}{'' if outcome is None else f' on {outcome}'}: was planned, and is not tested now.", ())
        for claim, outcome in gone
    ]


def _change(path: str, then: Any, now: Any, declared: Mapping[str, Any], planned: Mapping[str, Any]) -> _Change:
    section = path.partition(".")[0].partition("[")[0]
    sentence = f"{path}: was {_told(then)}, is {_told(now)}."
    if section == "outcome":
        return _Change(sentence, None, _own_outcome(path, declared, planned))
    return _Change(sentence, _ONLY.get(section))


def _own_outcome(path: str, declared: Mapping[str, Any], planned: Mapping[str, Any]) -> str | None:
    """The one outcome that a change concerns; None where it is an intention, which claims on behaviour use too."""
    known = {**planned["outcome"], **declared["outcome"]}
    for name in known:
        own = key_path("outcome", name)
        if path == own or path.startswith(f"{own}."):
            intention = any(
                side["outcome"].get(name, {}).get("outcome", {}).get("kind") == "intention"
                for side in (declared, planned)
            )
            return None if intention else name
    return None


def _told(value: Any) -> str:
    if value is None:
        return "not given"
    if isinstance(value, dict):
        return "declared"
    if isinstance(value, float):
        return f"{value:.15g}"
    return repr(value)
