"""The rows of the moments of a study, with the overall rating of each experience beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cxstats.study.errors import key_path, shown, wrong
from cxstats.study.parts import Moments, Table, TableAccount
from cxstats.study.sources import kept_rows
from cxstats.study.values import WORDS, kind_of


@dataclass(frozen=True)
class MomentRows:
    """One row per moment (pandas), and what became of the rows of the tables that were read for it."""

    frame: Any
    accounts: tuple[TableAccount, ...]


def moment_rows(declared: Moments, tables: Mapping[str, Table]) -> MomentRows:
    """Read the moments; join the overall rating, where another table has it."""
    own = str(declared.table)
    frame, account = kept_rows(own, tables[own], list(declared.columns.values()))
    if declared.overall_table is None:
        return MomentRows(frame, (account,))
    other, keys = declared.overall_table, list(declared.keys)
    rated, rated_account = kept_rows(other, tables[other], [*keys, declared.overall])
    _refuse_other_kinds(frame, rated, declared)
    named = rated.dropna(subset=keys)  # a missing key names no experience, and joins nothing
    _refuse_repeated(named, declared)
    used = len(named.merge(frame[keys].drop_duplicates(), on=keys))
    if not used:
        what = f"no row of '{other}' has the {', '.join(keys)} of a moment in '{own}'.\nCheck what names an experience."
        raise wrong(key_path("moments", "overall_table"), what)
    told = replace(rated_account, used=used, unmatched=len(rated) - used)
    return MomentRows(frame.merge(named, on=keys, how="left"), (account, told))


def _refuse_other_kinds(frame: Any, rated: Any, declared: Moments) -> None:
    """Numbers in one table and text in the other would never meet."""
    for key in declared.keys:
        kinds = [kind_of(table[key]) for table in (frame, rated)]
        if "none" not in kinds and kinds[0] != kinds[1]:
            mine, theirs = (WORDS[kind] for kind in kinds)
            raise wrong(
                key_path("moments", "sequence"),
                f"'{key}' must be of one kind in both tables, but holds {mine} in '{declared.table}' and {theirs} in "
                f"'{declared.overall_table}'.\nStore both alike.",
            )


def _refuse_repeated(rated: Any, declared: Moments) -> None:
    twice = rated.duplicated(list(declared.keys), keep=False)
    if twice.any():
        first = ", ".join(f"{key} {shown(rated[twice][key].iloc[0])}" for key in declared.keys)
        raise wrong(
            key_path("moments", "overall_table"),
            f"must have one row per experience, but in '{declared.overall_table}' {int(twice.sum()):,} rows share "
            f"theirs with another one, such as {first}.\nKeep one of each with where.",
        )
