"""Rows of the tables of a study: filtered, one per key, matched with the analysed rows, and accounted for."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import rows
from cxstats.study.errors import key_path, shown, wrong
from cxstats.study.parts import Table, TableAccount, Where
from cxstats.study.values import WORDS, kind_of, matching, moments

_EXACT = 2**53


@dataclass(eq=False)
class LoadedTable:
    """A table with the columns that are needed, and what became of each of its rows so far."""

    name: str
    table: Table
    frame: Any
    used: Bools = field(init=False)
    superseded: Bools = field(init=False)
    unmatched: Bools = field(init=False)

    def __post_init__(self) -> None:
        n = len(self.frame)
        self.used, self.superseded, self.unmatched = np.zeros((3, n), dtype=bool)

    def path(self, *keys: str) -> str:
        """The path of a key of this table."""
        return key_path("table", self.name, *keys)

    @cached_property
    def kept(self) -> Bools:
        """The rows that the table's own filter keeps."""
        return matching(self.frame, self.table.where, self.path("where"))

    @cached_property
    def time(self) -> Floats:
        """When each row came about."""
        return moments(self.frame[self.table.time], self.path("time"))[0]

    @cached_property
    def account(self) -> TableAccount:
        """The rows by what became of them; a row used for one purpose counts as used."""
        superseded = self.superseded & ~self.used
        unmatched = self.unmatched & ~self.used & ~superseded
        n, used = len(self.frame), int(self.used.sum())
        left = n - used - int(superseded.sum()) - int(unmatched.sum())
        return TableAccount(
            table=self.name,
            read=n,
            used=used,
            filtered=left,
            superseded=int(superseded.sum()),
            unmatched=int(unmatched.sum()),
        )


def analysed_rows(table: LoadedTable, cluster: str | None) -> Ints:
    """The rows of the analysed table: those that its filter keeps, one per key.

    Without ``pick`` a key may stand in several rows only if it is also the cluster: such rows are not
    independent, and then the intervals know it.
    """
    kept = np.flatnonzero(table.kept)
    key = table.table.key
    if not len(kept):
        raise wrong(table.path(), "holds no row.")
    if key is None or (table.table.pick is None and key == cluster):
        chosen = kept
    else:
        chosen, superseded = _one_per_key(table, kept, key_codes(table, table)[0], key_path("study", "cluster"))
        table.superseded[superseded] = True
    table.used[chosen] = True
    return np.asarray(chosen, dtype=np.int64)


def matched_rows(source: LoadedTable, analysed: LoadedTable, positions: Ints, where: Where, path: str) -> Ints:
    """For each analysed row the row of another table that has its key; -1 where there is none."""
    kept = np.flatnonzero(source.kept & matching(source.frame, where, path))
    theirs, ours = key_codes(source, analysed)
    ours = ours[positions]
    known = np.isin(theirs[kept], ours[ours >= 0])
    source.unmatched[kept[~known]] = True
    chosen, superseded = _one_per_key(source, kept[known], theirs, "")
    source.superseded[superseded] = True
    # One place more than there are keys: a missing key, -1, finds the last one, which stays empty.
    place = np.full(max(theirs.max(initial=-1), ours.max(initial=-1)) + 2, -1, dtype=np.int64)
    place[theirs[chosen]] = chosen
    source.used[chosen] = True
    found: Ints = place[ours]
    return found


def key_codes(source: LoadedTable, analysed: LoadedTable, path: str = "") -> tuple[Ints, Ints]:
    """The keys of both tables as numbers that agree; -1 for a missing key.

    ``path`` is that of the key of ``source``, where it is not declared with its table.
    """
    import pandas as pd

    first, second = _key(source, path), _key(analysed)
    kinds = {kind_of(first), kind_of(second)} - {"none"}
    if len(kinds) > 1:
        raise wrong(
            path or source.path("key"),
            f"must hold what the key of table '{analysed.name}' holds, but '{source.table.key}' holds "
            f"{WORDS[kind_of(first)]} (such as {_example(first)}), '{analysed.table.key}' {WORDS[kind_of(second)]} "
            f"(such as {_example(second)}).\nStore both alike.",
        )
    together = pd.concat([first, second], ignore_index=True) if source is not analysed else first
    codes = np.asarray(pd.factorize(together)[0], dtype=np.int64)
    return codes[: len(first)], codes[-len(second) :] if len(second) else codes[:0]


def _key(table: LoadedTable, path: str = "") -> Any:
    """The key column, refused where floating point can no longer tell keys apart."""
    values = table.frame[table.table.key]
    if hasattr(values.dtype, "categories"):
        values = values.astype(values.dtype.categories.dtype)
    if getattr(values.dtype, "kind", "") == "f" and (values.abs() >= _EXACT).any():
        raise wrong(
            path or table.path("key"),
            f"'{table.table.key}' holds numbers beyond 2^53 as floating point, which cannot tell all keys apart."
            "\nStore the key as text.",
        )
    return values


def _example(values: Any) -> str:
    present = values.dropna()
    return shown(present.iloc[0]) if len(present) else "nothing"


def _one_per_key(table: LoadedTable, kept: Ints, codes: Ints, cluster: str) -> tuple[Ints, Ints]:
    """One row per key, in the table's order, and the rows that were superseded; missing keys stay."""
    keys = codes[kept]
    again = np.bincount(keys[keys >= 0]) > 1 if (keys >= 0).any() else np.zeros(0, dtype=bool)
    repeated = np.append(again, False)[keys]
    if not repeated.any():
        return kept, kept[:0]
    if table.table.pick is None:
        raise _repeated(table, kept[repeated], int(again.sum()), cluster)
    latest = table.table.pick == "last"
    time = table.time[kept] if latest else -table.time[kept]
    time = np.where(np.isnan(time), -np.inf, time)  # a row without time is picked only if none has one
    order = np.lexsort((time, keys))
    ends = np.append(keys[order][1:] != keys[order][:-1], True)
    picked = np.zeros(len(kept), dtype=bool)
    picked[order[ends]] = True
    picked[keys < 0] = True
    _refuse_ties(table, kept, time, keys, picked)
    return kept[picked], kept[~picked]


def _repeated(table: LoadedTable, kept: Ints, n_keys: int, cluster: str) -> Exception:
    values = table.frame[table.table.key].iloc[kept]
    example = values.iloc[0]
    n = int((values == example).sum())
    keys = f"{n_keys:,} keys stand" if n_keys > 1 else "1 key stands"
    besides = f',\nor {cluster} = "{table.table.key}" if several rows of a key shall count' if cluster else ""
    return wrong(
        table.path("key"),
        f"each key must stand in one row, but {keys} in {rows(len(kept))}, for example {shown(example)} in {n}."
        f'\nSay which row counts: pick = "last" or "first", with time = the column that orders them{besides}.',
    )


def _refuse_ties(table: LoadedTable, kept: Ints, time: Floats, keys: Ints, picked: Bools) -> None:
    """Two rows of a key at the very time that is picked may not differ: which one counts would be chance."""
    place = np.zeros(len(keys) + 1, dtype=np.int64)
    codes = np.unique(keys, return_inverse=True)[1]
    place[codes[picked]] = np.flatnonzero(picked)
    tied = np.flatnonzero(~picked & (time == time[place[codes]]))
    first = table.frame.iloc[kept[tied]].reset_index(drop=True)
    second = table.frame.iloc[kept[place[codes[tied]]]].reset_index(drop=True)
    differ = ~((first == second) | (first.isna() & second.isna())).all(axis=1).to_numpy(dtype=bool)
    if differ.any():
        n = len(np.unique(codes[tied[differ]]))
        example = shown(first[table.table.key][differ].iloc[0])
        raise wrong(
            table.path("pick"),
            f"the {table.table.pick} row of a key must be one, but for {n:,} {'keys' if n > 1 else 'key'} rows that "
            f"differ have the same '{table.table.time}', for example for {example}."
            "\nGive a finer time, or leave out one of them with where.",
        )
