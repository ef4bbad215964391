"""How tables belong together: the column that joins them, and the table whose rows are analysed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cxstats.starter.entries import told
from cxstats.starter.recognise import is_key
from cxstats.starter.tables import Table

_MOSTLY = 0.5  # share of values found in the other table from which on they seem to be the same keys
_LEAST = 3  # keys in common, to tell it from chance


@dataclass(frozen=True)
class Join:
    """The key of each table that has one, why it is that, and the analysed table if it is clear."""

    keys: dict[str, tuple[str, str]]  # table -> column, reason
    rows: str | None
    why: str


def join_of(tables: Sequence[Table]) -> Join:
    """The best guess for several tables, or the key of a single one."""
    if len(tables) == 1:
        person = tables[0].person
        own = person is not None and tables[0].moments is None
        keys = {tables[0].name: (person.name, "it names the customer")} if own and person is not None else {}
        return Join(keys, None, "")
    shared = _shared(tables)
    if shared is None:
        keys = _by_values(tables)
        return Join(keys, *_rows(tables, {name: column for name, (column, _) in keys.items()}))
    holders = [table for table in tables if shared in table.guesses]
    first = next(table for table in holders if table.guesses[shared].profile.unique)
    keys = {t.name: (shared, _reason(t, first)) for t in holders}
    for table in tables:
        other = None if table in holders or not table.takes_part else _same_values(table, first, shared)
        if other is not None:
            keys[table.name] = other
    return Join(keys, *_rows(tables, {table.name: shared for table in holders}))


def _reason(table: Table, first: Table) -> str:
    if table is first:
        return "its values differ in every row, and other tables have it too"
    return f"it joins this table with {told(first.name)}"


def _shared(tables: Sequence[Table]) -> str | None:
    """A column of several tables that differs in every row of one: the one of most tables, called like a key."""
    counts: dict[str, int] = {}
    for table in tables:
        for name in table.guesses:
            counts[name] = counts.get(name, 0) + 1
    fit = [n for n, count in counts.items() if count > 1 and _may_join(n, tables)]
    return max(fit, key=lambda name: (counts[name], _called_key(name, tables)), default=None)


def _may_join(name: str, tables: Sequence[Table]) -> bool:
    holders = [table.guesses[name].profile for table in tables if name in table.guesses]
    one_kind = len({profile.kind for profile in holders}) == 1 and holders[0].kind in ("number", "text")
    whole = all(profile.whole or profile.kind == "text" for profile in holders)
    return one_kind and whole and any(profile.unique for profile in holders)


def _called_key(name: str, tables: Sequence[Table]) -> bool:
    return any(is_key(table.guesses[name].profile) for table in tables if name in table.guesses)


def _one(table: Table, column: str) -> bool:
    return table.guesses[column].profile.unique


def _by_values(tables: Sequence[Table]) -> dict[str, tuple[str, str]]:
    """Keys under different names: a column that differs in every row, whose values others have too."""
    best: dict[str, tuple[str, str]] = {}
    for first in tables:
        for name, guess in first.guesses.items():
            if guess.profile.unique and is_key(guess.profile):
                others = {t.name: _same_values(t, first, name) for t in tables if t is not first and t.takes_part}
                found = {table: key for table, key in others.items() if key is not None}
                if len(found) >= max(1, len(best)):
                    best = {first.name: (name, "its values differ in every row"), **found}
    return best


def _same_values(table: Table, first: Table, key: str) -> tuple[str, str] | None:
    """A column under another name whose values are mostly keys of the other table."""
    theirs = first.source.frame[key]
    kind = first.guesses[key].profile.kind
    found: dict[str, float] = {}
    for name, guess in table.guesses.items():
        if guess.role in ("key", "other") and guess.profile.kind == kind and guess.profile.distinct >= _LEAST:
            values = _distinct(table.source.frame[name])
            found[name] = float(values.isin(theirs).mean())
    best = max(found, key=lambda name: found[name], default=None)
    if best is None or found[best] < _MOSTLY or (kind == "number" and not is_key(table.guesses[best].profile)):
        return None
    return best, f"{100 * found[best]:.0f}% of its values stand in {told(key)} of {told(first.name)}"


def _distinct(values: Any) -> Any:
    return values.dropna().drop_duplicates()


def _rows(tables: Sequence[Table], keys: dict[str, str]) -> tuple[str | None, str]:
    """The analysed table, where only one choice makes sense."""
    useful = [table for table in tables if table.takes_part]
    unique = [t for t in tables if t.name in keys and _one(t, keys[t.name]) and (t.takes_part or len(useful) > 1)]
    if len(unique) == 1 and len(useful) > 1:
        return unique[0].name, f"the only table with one row per {told(keys[unique[0].name])}"
    if len(useful) == 1:
        return useful[0].name, "the only table in which scores or outcomes were recognised"
    if not useful and any(table.moments for table in tables):
        return next(t.name for t in tables if t.moments), "the moments stand there"
    return None, ""
