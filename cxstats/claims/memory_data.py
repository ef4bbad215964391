"""The analyses of the moments of one study, each done once and only when a claim asks for it."""

import hashlib
from functools import cached_property
from typing import Any

import numpy as np

from cxstats.errors import StudyError
from cxstats.methods.memory_contest import MemoryContest, memory_contest
from cxstats.methods.memory_effects import MemoryEffects, memory_effects
from cxstats.methods.milder_end import MilderEnd, milder_end
from cxstats.moments.sequences import Sequences
from cxstats.roles import Continuous, Rating
from cxstats.shared.remembered import MemoryRoles, in_sequences
from cxstats.studies.memory_parts import refuse_turned
from cxstats.study.parts import Moments
from cxstats.study.study import Study


class MemoryData:
    """The analyses of the moments of one study."""

    def __init__(self, study: Study, rng: int | np.random.Generator, fingerprints: dict[str, str]) -> None:
        """Hold what the analyses need; nothing is read yet. What is read leaves its fingerprint."""
        self.study, self.rng, self.fingerprints = study, rng, fingerprints

    @property
    def declared(self) -> Moments:
        """The moments as they were declared."""
        if self.study.moments is None:
            raise StudyError("moments: none are declared.")
        return self.study.moments

    @property
    def overall(self) -> Rating | Continuous:
        """How the whole was rated."""
        declared = self.declared
        if declared.overall_scale is None:
            return Continuous(declared.overall)
        return Rating(declared.overall, declared.overall_scale)

    @property
    def roles(self) -> MemoryRoles:
        """What the columns are."""
        declared = self.declared
        return MemoryRoles(
            sequence=declared.sequence,
            order=declared.order,
            value=declared.value,
            overall=self.overall,
            neutral=declared.neutral,
            scale=declared.scale,
            person=declared.person,
            stimulus=declared.stimulus,
            cluster=declared.cluster,
            treated=declared.treated,
        )

    @cached_property
    def found(self) -> Sequences:
        """The moments in order."""
        found = in_sequences(self.study.moment_rows, self.roles)
        self.fingerprints["moments"] = _fingerprint(found, self.declared.overall)
        return found

    @cached_property
    def contest(self) -> MemoryContest:
        """The peak-end rule among its rivals."""
        refuse_turned(self.found, self.roles)
        return memory_contest(self.found, **self._people, rng=self.rng)

    @cached_property
    def effects(self) -> MemoryEffects:
        """What counts beyond peak and end."""
        declared = self.declared
        refuse_turned(self.found, self.roles)
        return memory_effects(self.found, **self._people, stimulus=declared.stimulus)

    @cached_property
    def milder(self) -> MilderEnd | None:
        """A changed end, if some were changed."""
        declared = self.declared
        if declared.treated is None:
            return None
        return milder_end(self.found, **self._people, treated=declared.treated)

    @property
    def _people(self) -> dict[str, Any]:
        """The overall rating, and what makes experiences dependent."""
        return {"overall": self.overall, "person": self.declared.person, "cluster": self.declared.cluster}

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Shares of the experiences rated at the bottom and at the top of a declared scale; 0 without one."""
        scale = self.declared.overall_scale
        if scale is None:
            return 0.0, 0.0
        rated = {**self.found.keys, **self.found.kept}[self.declared.overall]
        rated = rated[~np.isnan(rated)]
        return float((rated == scale.low).mean()), float((rated == scale.high).mean())


def _fingerprint(found: Sequences, overall: str) -> str:
    """SHA-256 of moments, keys, and overall ratings."""
    columns = {**found.keys, **found.kept}
    digest = hashlib.sha256()
    for values in (found.moments.value, found.moments.time, found.moments.first.astype(np.int64)):
        digest.update(np.ascontiguousarray(values).tobytes())
    for name in (*found.keys, overall):
        digest.update("\x1f".join(map(str, columns[name].tolist())).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
