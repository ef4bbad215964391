"""Whether rows of moments are what their roles say: rows that are not are gathered, then refused all together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cxstats.arrays import Bools, Column, Floats
from cxstats.columns import is_missing, objects
from cxstats.errors import ColumnError, number, rows
from cxstats.moments.roles import MomentRoles
from cxstats.values import check_numbers, check_scale

EXAMPLES = 3


@dataclass(eq=False)
class Refused:
    """What was found wrong so far, while the rows stream by.

    Attributes
    ----------
    n : int
        Rows read.
    n_sequences : int
        Sequences read.
    """

    roles: MomentRoles
    n: int = 0
    n_sequences: int = 0
    _unnamed: dict[str, int] = field(default_factory=dict)
    _text: dict[str, Counter[str | None]] = field(default_factory=dict)
    _off: list[Floats] = field(default_factory=list)
    _examples: dict[str, list[str]] = field(default_factory=dict)
    _many: dict[str, int] = field(default_factory=dict)

    def without(self, batch: dict[str, Column]) -> dict[str, Column]:
        """The rows that can be used: none of a batch that holds text where numbers belong."""
        roles, n = self.roles, len(batch[self.roles.order])
        self.n += n
        text = [name for name in (roles.order, roles.value) if batch[name].dtype == object]
        for name in text:
            self._text.setdefault(name, Counter()).update(batch[name].tolist())
        if text:
            return {name: values[:0] for name, values in batch.items()}
        usable = np.ones(n, dtype=bool)
        for name in (*roles.sequence, roles.order):
            missing = is_missing(batch[name])
            self._unnamed[name] = self._unnamed.get(name, 0) + int(missing.sum())
            usable &= ~missing
        usable &= ~self._beyond(batch[roles.order], batch[roles.value])
        return batch if usable.all() else {name: values[usable] for name, values in batch.items()}

    def _beyond(self, time: Floats, value: Floats) -> Bools:
        """Values off the scale, or infinite; times that are infinite."""
        scale = self.roles.scale
        off = np.isinf(value)
        if scale is not None:
            off |= (value < scale.low) | (value > scale.high)
            if scale.whole:
                off |= ~np.isnan(value) & (value != np.floor(value))
        self._off.append(value[off])
        endless = np.isinf(time)
        self._many["endless"] = self._many.get("endless", 0) + int(endless.sum())
        return off | endless

    def note(self, what: str, which: Sequence[str], many: int) -> None:
        """Something wrong with so many sequences, with examples of them."""
        self._many[what] = self._many.get(what, 0) + many
        held = self._examples.setdefault(what, [])
        held.extend(which[: EXAMPLES - len(held)])

    def raise_any(self) -> None:
        """Refuse the rows, if anything was wrong with them."""
        roles = self.roles
        for name, found in self._text.items():
            check_numbers(name, objects(found), np.fromiter(found.values(), dtype=np.int64, count=len(found)))
        for name in (*roles.sequence, roles.order):
            self._refuse_missing(name, self._unnamed.get(name, 0))
        if endless := self._many.get("endless", 0):
            raise ColumnError(
                f"'{roles.order}' must hold finite numbers, but {endless:,} of {rows(self.n)} "
                f"{'holds' if endless == 1 else 'hold'} an infinite one.\nDrop those rows."
            )
        self._refuse_off(np.concatenate([*self._off, np.empty(0)]))
        self._refuse_same_time()
        for name in roles.keep:
            self._refuse_changing(name)

    def _refuse_missing(self, name: str, missing: int) -> None:
        if missing:
            what = "say when the moment was" if name == self.roles.order else "name a sequence"
            raise ColumnError(
                f"'{name}' must {what} in every row, but {missing:,} of {rows(self.n)} "
                f"{'holds' if missing == 1 else 'hold'} nothing.\nDrop those rows, or fill in what they belong to."
            )

    def _refuse_off(self, off: Floats) -> None:
        roles = self.roles
        if not len(off):
            return
        endless = int(np.isinf(off).sum())
        if roles.scale is None or endless:
            raise ColumnError(
                f"'{roles.value}' must hold finite numbers, but {endless:,} of {rows(self.n)} "
                f"{'holds' if endless == 1 else 'hold'} an infinite one.\nSet those values to missing."
            )
        # The rows that are on the scale stand in the message as a number only.
        values, count = np.append(off, roles.scale.low), np.ones(len(off) + 1, dtype=np.int64)
        count[-1] = self.n - len(off)
        check_scale(roles.value, values, count, roles.scale, "scale=", "")

    def _refuse_same_time(self) -> None:
        many = self._many.get("same time", 0)
        if many:
            raise ColumnError(
                f"The moments of a sequence must have times of their own, but in {many:,} of "
                f"{self.n_sequences:,} sequences '{self.roles.order}' holds the same time more than once: "
                f"{'; '.join(self._examples['same time'])}.\n"
                "Drop what is doubled, or pass same_time='mean' to take the mean of such moments."
            )

    def _refuse_changing(self, name: str) -> None:
        many = self._many.get(name, 0)
        if many:
            raise ColumnError(
                f"'{name}' must hold one value per sequence, but in {many:,} of {self.n_sequences:,} sequences it "
                f"changes: {'; '.join(self._examples[name])}.\nSettle on one value per sequence first."
            )


def named(keys: dict[str, Column], at: int) -> str:
    """A sequence, as a message names it."""
    return ", ".join(f"{name} {level(values[at])}" for name, values in keys.items())


def level(value: object) -> str:
    """A value of a plain column, as a message shows it."""
    return value if isinstance(value, str) else number(float(str(value)))
