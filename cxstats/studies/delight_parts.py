"""The analyses of delight and effort, each asked once; what cannot be told says why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from cxstats.cells import Cells, IntoCells, as_cells, is_cells, metric_names
from cxstats.errors import RoleError, rows, unknown_column
from cxstats.methods.asymmetry import Asymmetry, asymmetry
from cxstats.methods.bend_gain import BendGain, bend_gain
from cxstats.methods.effort_disloyalty import EffortDisloyalty, effort_disloyalty
from cxstats.methods.expectation_levels import ExpectationLevels, expectation_levels
from cxstats.methods.loyalty_ladder import LoyaltyLadder, loyalty_ladder
from cxstats.methods.overlap_weights import OverlapWeights, overlap_weights
from cxstats.methods.penalty_reward import PenaltyReward, penalty_reward
from cxstats.methods.problem_recovery import ProblemRecovery, problem_recovery
from cxstats.methods.response_surface import ResponseSurface, response_surface
from cxstats.methods.segmented import SegmentedRegression, segmented
from cxstats.methods.two_lines import TwoLines, two_lines
from cxstats.methods.wow_attempts import WowAttempts, wow_attempts
from cxstats.numerics.observed import measured
from cxstats.results import Result
from cxstats.roles import Binary, Continuous, Outcome, Rating, Roles, outcome_columns
from cxstats.scales import Scale
from cxstats.shared.disconfirmed import checked_met
from cxstats.shared.gap_curve import GapCurve, gap_curve
from cxstats.shared.tiers import declared_tiers
from cxstats.studies.asking import Asking

# The titles under which an analysis that refuses leaves its reason.
LEVELS, SLOPES, THREE, ALIKE, LADDER = "levels", "slopes", "levels, adjusted", "customers alike before", "tiers"
BEND, TURN, CURVE, HELD, SURFACE = "bend", "turn", "curve", "two slopes, held out", "response surface"
EFFORT, PROBLEM, ATTEMPTS, GRID = "effort", "problems", "attempts to wow", "penalty and reward"
SHAPES = (BEND, TURN, CURVE, HELD)  # how loyalty runs along the gap: alone no answer
MANY_CELLS = 5_000  # distinct rows from which the bend is bootstrapped 200 times, not 2,000: each takes longer


@dataclass(frozen=True, kw_only=True)
class DelightParts:
    """What each analysis found; None where it was not asked, or where ``not_told`` has the reason.

    ``rungs`` are the three levels with the controls, or of an outcome that is neither binary nor a rating; ``adjusted``
    compares exceeded and met among customers alike before; ``ladder`` has the tiers declared; ``held`` is what two
    slopes gain over one line on customers held out. ``gap`` and ``ease`` are the columns declared.
    """

    levels: ExpectationLevels | None = None
    slopes: Asymmetry | None = None
    rungs: LoyaltyLadder | None = None
    adjusted: OverlapWeights | None = None
    ladder: LoyaltyLadder | None = None
    bend: SegmentedRegression | None = None
    turn: TwoLines | None = None
    curve: GapCurve | None = None
    held: BendGain | None = None
    surface: ResponseSurface | None = None
    effort: EffortDisloyalty | None = None
    problem: ProblemRecovery | None = None
    attempts: WowAttempts | None = None
    grid: PenaltyReward | None = None
    outcome: Outcome | None = None
    gap: str | None = None
    ease: str | None = None
    controls: tuple[str, ...] = ()
    n_without_controls: int = 0
    not_told: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def main(self) -> tuple[Result, ...]:
        """The results that answer the two questions; without any, those on what goes with them."""
        asked = (self.levels, self.slopes, self.rungs, self.ladder, self.effort)
        beside = (self.surface, self.problem, self.attempts, self.grid)
        found: list[Result] = [part for part in asked if part is not None]
        return tuple(found or [part for part in beside if part is not None])

    @property
    def answered(self) -> bool:
        """Whether any question has an answer; where the gap bends alone answers none."""
        return bool(self.main) or self.adjusted is not None

    @property
    def notes(self) -> tuple[str, ...]:
        """What stops levels and slopes, then what else must be known of the results."""
        results = (self.levels, self.slopes, self.rungs, self.adjusted, self.ladder, self.bend, self.turn, self.held)
        others = (self.surface, self.effort, self.problem, self.attempts, self.grid)
        stopped = [self.not_told[title] for title in (LEVELS, SLOPES) if title in self.not_told]
        kept = [note for part in (*results, *others) if part is not None for note in part.notes]
        if self.n_without_controls:
            kept.insert(0, f"{rows(self.n_without_controls)} without a control: left out wherever the gap is used.")
        return tuple(dict.fromkeys([*stopped, *kept]))


@dataclass(frozen=True, kw_only=True)
class DelightRoles:
    """Which column plays which part beyond outcome, gap and controls."""

    met: tuple[float, float]
    tiers: Mapping[str, float] | None
    effort: Mapping[str, Scale]
    expected: Mapping[str, Scale]
    performed: Mapping[str, Scale]
    attributes: Mapping[str, Scale]
    objective: tuple[str, ...]
    problem: str | None
    complained: str | None
    recovered: str | None
    attempt: str | None
    failure: str | None
    cost: str | None
    handling: str | None
    wait: str | None

    @property
    def metrics(self) -> dict[str, Scale]:
        """Every score, each once."""
        found: dict[str, Scale] = {}
        for part in (self.effort, self.expected, self.performed, self.attributes):
            for name, scale in part.items():
                if found.setdefault(name, scale) != scale:
                    raise RoleError(f"'{name}' was declared with two scales: {found[name]} and {scale}.\nPass one.")
        return found

    @property
    def marks(self) -> tuple[str, ...]:
        """Every column that is neither a score nor a control, each once."""
        return tuple(dict.fromkeys([*self.objective, *self.about_problem, *self.about_attempt]))

    @property
    def about_problem(self) -> tuple[str, ...]:
        """The columns on problems."""
        return _given(self.problem, self.complained, self.recovered)

    @property
    def about_attempt(self) -> tuple[str, ...]:
        """The columns on attempts to wow."""
        return _given(self.attempt, self.failure, self.cost, self.handling, self.wait)


def scores(data: IntoCells, given: object, role: str, *, several: bool = False) -> Mapping[str, Scale]:
    """The scores declared for a role with their scales; for Cells names are enough."""
    if given is None:
        return {}
    if is_cells(data) and not isinstance(given, Mapping):
        names = metric_names(data, [given] if isinstance(given, str) else given)[1]
        found = {name: data.roles.metrics[name] for name in names}
    elif isinstance(given, Mapping) and all(isinstance(s, Scale) for s in given.values()):
        found = dict(given)
    else:
        found = {}
    if found and (len(found) > 1) == several:
        return found
    wanted = "two or more columns to their scales" if several else "one column to its scale"
    example = '{"room": cx.CSAT5, "staff": cx.CSAT5}' if several else '{"ease": cx.EASE7}'
    raise RoleError(f"{role} must map {wanted}, but {given!r} was given.\nPass for example {role}={example}.")


def delight_cells(data: IntoCells, roles: Roles, found: DelightRoles) -> Cells:
    """The rows with every column that is asked about; refuse what makes no question."""
    if is_cells(data):
        cells = as_cells(data, roles)
        absent = [column for column in found.marks if column not in cells.columns]
        if absent:
            raise unknown_column(absent, list(cells.columns), "the cells")
    else:
        marks = tuple(column for column in found.marks if column not in roles.controls)
        cells = as_cells(data, replace(roles, metrics=found.metrics, strata=marks))
    _refuse_halves(found, cells.roles.disconfirmation)
    if found.effort or found.attributes or found.expected or found.problem or cells.roles.disconfirmation:
        measured(cells.roles.outcome)
    elif found.attempt is None:
        raise RoleError(
            "Nothing is asked: neither a disconfirmation nor an effort score, a problem, an attempt, expectations or "
            'attributes were declared.\nPass for example disconfirmation="days_early" or effort={"ease": cx.EASE7}.'
        )
    checked_met(found.met)
    return cells


def _refuse_halves(found: DelightRoles, gap: str | None) -> None:
    """Refuse what needs another column to mean something."""
    lone = {
        "objective needs effort": bool(found.objective) and not found.effort,
        "expected and performed need each other": bool(found.expected) != bool(found.performed),
        "complained and recovered need problem": bool(found.about_problem) and found.problem is None,
        "failure, cost, handling and wait need attempt": bool(found.about_attempt) and found.attempt is None,
        "tiers need disconfirmation": found.tiers is not None and gap is None,
    }
    missing = [told for told, wrong in lone.items() if wrong]
    if missing:
        raise RoleError(f"Some columns mean nothing without others: {'; '.join(missing)}.\nDeclare both, or neither.")
    if found.tiers is not None:
        declared_tiers(gap, found.tiers, None)


def ask_all(
    cells: Cells, found: DelightRoles, *, rng: int | np.random.Generator, tell: Callable[[str], None]
) -> DelightParts:
    """Every analysis that is declared, on the columns that it needs."""
    ask = Asking(tell)
    whole = outcome_columns(cells.roles.outcome)
    controls, gap = cells.roles.controls, cells.roles.disconfirmation
    two, attributes = (*found.expected, *found.performed), list(found.attributes)
    delight = {} if gap is None else _delight(cells, found, ask, rng)
    return DelightParts(
        **delight,  # type: ignore[arg-type]  # each under its own name
        surface=ask(
            SURFACE,
            lambda: response_surface(cells.select(*whole, *two), expected=two[0], performed=two[1]),
            applies=bool(two),
        ),
        effort=ask(
            EFFORT,
            lambda: effort_disloyalty(
                cells.select(*whole, *found.effort, *found.objective, *controls),
                metrics=list(found.effort),
                objective=found.objective,
            ),
            applies=bool(found.effort),
        ),
        problem=ask(
            PROBLEM,
            lambda: problem_recovery(
                cells.select(*whole, *found.about_problem, *controls),
                problem=str(found.problem),
                complained=found.complained,
                recovered=found.recovered,
            ),
            applies=found.problem is not None,
        ),
        attempts=ask(
            ATTEMPTS,
            lambda: wow_attempts(
                cells.select(*found.about_attempt, *controls),
                attempt=str(found.attempt),
                failure=found.failure,
                cost=found.cost,
                handling=found.handling,
                wait=found.wait,
            ),
            applies=found.attempt is not None,
        ),
        grid=ask(
            GRID,
            lambda: penalty_reward(cells.select(*whole, *attributes), metrics=attributes, rng=rng),
            applies=bool(attributes),
        ),
        outcome=cells.roles.outcome,
        gap=gap,
        ease=next(iter(found.effort), None),
        controls=controls,
        not_told=MappingProxyType(ask.reasons),
    )


def _delight(cells: Cells, found: DelightRoles, ask: Asking, rng: int | np.random.Generator) -> dict[str, object]:
    """The analyses along the gap, all on the same rows: with controls, those that have them."""
    outcome, controls = cells.roles.outcome, cells.roles.controls
    columns = (*outcome_columns(outcome), str(cells.roles.disconfirmation))
    along = cells.select(*columns, *controls)
    along = along.where(along.observed(controls)) if controls else along
    plain = along.select(*columns)
    graded = isinstance(outcome, Binary | Rating)
    low, high = found.met
    three = {"met": low, "exceeded": float(np.nextafter(high, np.inf))}
    slopes = ask(SLOPES, lambda: asymmetry(plain, met=found.met))
    bent = slopes is not None or isinstance(outcome, Continuous)  # else the reason would be that of the slopes again
    return {
        "levels": ask(LEVELS, lambda: expectation_levels(plain, met=found.met), applies=graded),
        "slopes": slopes,
        "rungs": ask(THREE, lambda: loyalty_ladder(along, cuts=three), applies=bool(controls) or not graded),
        "adjusted": ask(ALIKE, lambda: overlap_weights(along, met=found.met), applies=bool(controls)),
        "ladder": ask(LADDER, lambda: loyalty_ladder(along, cuts=found.tiers), applies=found.tiers is not None),
        "bend": ask(BEND, lambda: segmented(plain, replicates=_replicates(plain), rng=rng)),
        "turn": ask(TURN, lambda: two_lines(plain)),
        "curve": ask(CURVE, lambda: gap_curve(plain, found.met, joined=slopes is not None), applies=graded),
        "held": ask(HELD, lambda: bend_gain(plain, met=found.met, rng=rng), applies=bent),
        "n_without_controls": cells.n - along.n,
    }


def _replicates(cells: Cells) -> int:
    return 200 if cells.n_cells > MANY_CELLS else 2_000


def _given(*columns: str | None) -> tuple[str, ...]:
    return tuple(column for column in columns if column is not None)


def columns_of(objective: object) -> tuple[str, ...]:
    """The columns with recorded effort."""
    if isinstance(objective, str) or not isinstance(objective, Sequence):
        raise RoleError(
            f"objective must be a list of column names, but {objective!r} was given.\nPass objective=[{objective!r}]."
        )
    return tuple(objective)
