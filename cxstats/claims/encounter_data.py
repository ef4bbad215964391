"""The analyses of the encounters of one study, each done once and only when a claim asks for it."""

import hashlib
from functools import cached_property
from typing import Any

import numpy as np

from cxstats.errors import StudyError
from cxstats.methods.expectation_ratchet import ExpectationRatchet, expectation_ratchet
from cxstats.methods.wow_fading import WowFading, wow_fading
from cxstats.methods.wow_withdrawal import WowWithdrawal, wow_withdrawal
from cxstats.roles import Continuous, Rating
from cxstats.scales import Scale
from cxstats.study.encounters import Encounters
from cxstats.study.study import Study


class EncounterData:
    """The analyses of the encounters of one study."""

    def __init__(self, study: Study, fingerprints: dict[str, str]) -> None:
        """Hold what the analyses need; nothing is read yet. What is read leaves its fingerprint."""
        self.study, self.fingerprints = study, fingerprints

    @property
    def declared(self) -> Encounters:
        """The encounters as they were declared."""
        if self.study.encounters is None:
            raise StudyError("encounters: none are declared.")
        return self.study.encounters

    @cached_property
    def rows(self) -> Any:
        """One row per encounter."""
        frame = self.study.encounter_rows
        self.fingerprints["encounters"] = _fingerprint(frame)
        return frame

    @cached_property
    def fading(self) -> WowFading:
        """What a perk does the second time, and later."""
        return wow_fading(self.rows, **self._keys, outcome=self._rating)

    @cached_property
    def ratchet(self) -> ExpectationRatchet:
        """What is expected after a perk."""
        expected = _measured(str(self.declared.expectation), self.declared.expectation_scale)
        return expectation_ratchet(self.rows, **self._keys, expectation=expected, outcome=self._rating)

    @cached_property
    def withdrawal(self) -> WowWithdrawal:
        """Ratings after a perk was taken away."""
        return wow_withdrawal(self.rows, **self._keys, outcome=self._rating)

    @property
    def _rating(self) -> Rating | Continuous:
        return _measured(self.declared.rating, self.declared.scale)

    @property
    def _keys(self) -> dict[str, Any]:
        declared = self.declared
        names = ("customer", "order", "perk", "period", "cluster")
        return {name: getattr(declared, name) for name in names}


def _measured(column: str, scale: Scale | None) -> Rating | Continuous:
    return Continuous(column) if scale is None else Rating(column, scale)


def _fingerprint(frame: Any) -> str:
    """SHA-256 of the encounters, whatever the order of their rows."""
    from pandas.util import hash_pandas_object

    hashed = np.sort(hash_pandas_object(frame[sorted(frame.columns)], index=False).to_numpy())
    return hashlib.sha256(hashed.tobytes()).hexdigest()
