"""A plan locked before any outcome is read: what will be tested, on which columns, by which smallest effects."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cxstats
from cxstats.claims.asked_outcomes import asked_outcomes
from cxstats.claims.claim import Claim
from cxstats.claims.outcome_data import SMALLEST_EFFECT
from cxstats.claims.register import CLAIMS
from cxstats.errors import CxStatsError, ReadError, StudyError
from cxstats.numerics.resample import seeded
from cxstats.readers.paths import local
from cxstats.study.as_declared import digest, plain_values
from cxstats.study.declared import DeclaredStudy
from cxstats.study.plan import plan_of
from cxstats.study.rules import Declared
from cxstats.study.sources import files_of, is_files

SCHEMA = "cxstats-plan/1"
_KEYS = ("schema", "hash", "registered", "version", "title", "seed", "rows", "smallest_effects", "declared", "later")


@dataclass(frozen=True, kw_only=True)
class LockedPlan:
    """What a study sets out to test, under a hash that changes with every word of it.

    Attributes
    ----------
    registered : str
        When, in UTC, by the clock of the machine. Whoever must prove the time deposits the hash in a public place.
    version : str
        Of cxstats.
    title : str
    seed : int
        From which folds and resamples will be drawn.
    rows : list of mappings
        A planned test each: claim, outcome (None for a claim that is about none), family, kind, rule.
    smallest_effects : mapping from effect to number
    declared : mapping
        Tables, columns, codings, exclusions: all that the study file declares.
    later : list of str
        What was not there yet when the plan was locked: columns or files of outcomes. Where this is empty, the
        outcomes were in the files already, and nothing but the word of the authors says that nobody had looked.
    """

    registered: str
    version: str
    title: str
    seed: int
    rows: tuple[Mapping[str, Any], ...]
    smallest_effects: Mapping[str, float]
    declared: Mapping[str, Any] = field(repr=False)
    later: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over the whole plan: what is cited."""
        return digest(json.dumps(self._content(), sort_keys=True, ensure_ascii=True, allow_nan=False))

    def __str__(self) -> str:
        outcomes = list(dict.fromkeys(row["outcome"] for row in self.rows if row["outcome"] is not None))
        n_claims = len({row["claim"] for row in self.rows})
        about = f" for {', '.join(outcomes)}" if outcomes else ""
        tests = f"{len(self.rows)} {'test' if len(self.rows) == 1 else 'tests'}"
        return (
            f"Plan of '{self.title}': {tests} of {n_claims} {'claim' if n_claims == 1 else 'claims'}{about}; "
            f"seed {self.seed}; locked {self.registered} with cxstats {self.version}\nhash {self.hash}"
        )

    def to_json(self) -> str:
        """The plan as the text of its file."""
        whole = {"hash": self.hash, **self._content()}
        return json.dumps(whole, indent=2, ensure_ascii=True, allow_nan=False) + "\n"

    @classmethod
    def read(cls, path: str | Path) -> "LockedPlan":
        """Read a plan file, and refuse one that is another than when it was locked.

        Raises
        ------
        ReadError
            The file cannot be opened.
        StudyError
            It is no plan, or was edited after it was locked.
        """
        file = local(path)
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
        except OSError as reason:
            raise ReadError(f"'{path}' cannot be opened: {reason.strerror or reason}.") from None
        except (ValueError, RecursionError):
            raise _no_plan(path, "it is no JSON") from None
        if not isinstance(stored, dict) or stored.get("schema") != SCHEMA:
            raise _no_plan(path, f"its schema is not '{SCHEMA}'")
        if set(stored) != set(_KEYS):
            raise _edited(path)
        plan = _made(stored)
        if plan is None or plan.hash != stored["hash"]:
            raise _edited(path)
        return plan

    def _content(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "registered": self.registered,
            "version": self.version,
            "title": self.title,
            "seed": self.seed,
            "rows": [dict(row) for row in self.rows],
            "smallest_effects": dict(self.smallest_effects),
            "declared": dict(self.declared),
            "later": list(self.later),
        }


def register(path: str | Path, *, rng: int | None = None, allow_outside: bool = False) -> LockedPlan:
    """Lock the plan of a study file before any outcome is read.

    Of the data only the names of the columns are read, so that a plan can be locked before the outcomes exist.

    Parameters
    ----------
    path : str or Path
        The study file.
    rng : int, optional
        The seed that validation will draw from; without one, a fresh one is drawn and kept in the plan.
    allow_outside : bool
        As in `Study.read`.

    Returns
    -------
    LockedPlan
        ``to_json()`` is the text of its file, ``hash`` what is cited.

    Raises
    ------
    StudyError
        The study file contradicts itself, names columns that are not there (but for outcomes, which may come
        later), or declares nothing that any claim could be tested on.

    Examples
    --------
    >>> import cxstats as cx
    >>> plan = cx.register(cx.datasets.load("simulated_cohort").study, rng=1)
    >>> plan.rows[0]["claim"], plan.rows[0]["outcome"], len(plan.hash)
    ('metric-best-retention', 'repurchase', 64)
    """
    study = DeclaredStudy.read(path, allow_outside=allow_outside)
    try:
        later = not_there_yet(study.declared)
        rows = planned_rows(study)
    except StudyError as reason:
        raise StudyError(f"'{path}': {reason}") from None
    if not rows:
        raise StudyError(
            f"'{path}': declares nothing that a claim could be tested on, so there is no plan to lock.\n"
            "'cxstats claims --for' with the file says what each claim needs."
        )
    return LockedPlan(
        registered=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=cxstats.__version__,
        title=study.title,
        seed=int(seeded(rng).seed or 0),
        rows=rows,
        smallest_effects={**SMALLEST_EFFECT, **study.smallest_effect},
        declared=plain_values(study.declared, study.folder),
        later=later,
    )


def planned_rows(study: DeclaredStudy) -> tuple[Mapping[str, Any], ...]:
    """Every claim on every outcome for which the study declares what it needs."""
    found: list[Mapping[str, Any]] = []
    for claim in CLAIMS:
        if not claim.missing(study):
            found += [_row(claim, outcome) for outcome in (asked_outcomes(study) if claim.about_outcome else (None,))]
    return tuple(found)


def _row(claim: Claim, outcome: str | None) -> dict[str, Any]:
    return {
        "claim": claim.id,
        "outcome": outcome,
        "family": claim.family,
        "kind": claim.kind,
        "rule": claim.rule,
        "smallest_effect": claim.smallest_key,
    }


def not_there_yet(declared: Declared) -> tuple[str, ...]:
    """The outcomes' columns and files that are not there yet; whatever else is absent is refused."""
    absent = {
        name: f"table.{name}: '{next(f for f in files_of(t) if not f.exists()).name}' is not there yet."
        for name, t in declared.tables.items()
        if is_files(t) and not all(f.exists() for f in files_of(t))
    }
    there = replace(declared, tables={name: t for name, t in declared.tables.items() if name not in absent})
    plan_of(replace(there, outcomes={}))
    later = list(absent.values())
    for name, outcome in declared.outcomes.items():
        if outcome.table in absent:
            continue
        try:
            plan_of(replace(there, outcomes={name: outcome}))
        except StudyError as reason:
            later.append(str(reason))
    return tuple(later)


def _made(stored: Mapping[str, Any]) -> LockedPlan | None:
    """The plan that the values make; None where they are of another kind than a plan's."""
    kinds = {"registered": str, "version": str, "title": str, "seed": int, "rows": list, "later": list}
    kinds |= {"smallest_effects": dict, "declared": dict}
    if not all(isinstance(stored[key], kind) for key, kind in kinds.items()):
        return None
    if not all(isinstance(row, dict) and {"claim", "outcome", "rule"} <= set(row) for row in stored["rows"]):
        return None
    made: dict[str, Any] = {key: stored[key] for key in kinds}
    return LockedPlan(**{**made, "rows": tuple(made["rows"]), "later": tuple(made["later"])})


def _no_plan(path: object, why: str) -> CxStatsError:
    return StudyError(f"'{path}' must be a plan that 'cxstats register' wrote, but {why}.\nName the right file.")


def _edited(path: object) -> CxStatsError:
    return StudyError(
        f"'{path}' was changed after the plan was locked: it no longer has the hash that it states."
        "\nRestore the file as it was; or lock a new plan with 'cxstats register' under another name, and say so."
    )
