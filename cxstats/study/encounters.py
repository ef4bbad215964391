"""The encounters of customers: what a study declares of them, their rows, and their summary per customer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cxstats.arrays import Bools, Floats, Ints
from cxstats.errors import rows
from cxstats.scales import Scale
from cxstats.study.errors import counted, key_path, value_counts, wrong
from cxstats.study.names import name_problems, role_problems
from cxstats.study.parts import Table, TableAccount
from cxstats.study.sources import kept_rows
from cxstats.study.tables import LoadedTable, key_codes
from cxstats.study.values import scores

_REQUIRED = ("customer", "order", "perk", "rating")
_OPTIONAL = ("expectation", "failure", "period", "cluster")


@dataclass(frozen=True, kw_only=True)
class Encounters:
    """Encounters that customers had one after the other: one row per encounter, in a table of their own.

    Where the analysed table has a ``key``, it is matched with ``customer``, and each customer's encounters are summed
    up beside the analysed rows; `Study.encounter_summaries` says in which columns.

    Parameters
    ----------
    customer, order : str
        Who, and when.
    perk : str
        1 where the customer was given something beyond the service, and 0.
    rating : str
        How the encounter was rated.
    expectation : str, optional
        What the customer expected beforehand.
    failure : str, optional
        1 where something went wrong, and 0.
    period : str, optional
        The month or season, whose effects are taken off; without it the period is the number of the encounter.
    scale, expectation_scale : Scale, optional
        Of ``rating`` and of ``expectation``; without one any number will do, and up is good.
    cluster : str, optional
        What makes customers dependent.
    table : str, optional
        Not needed if one table alone has the columns.
    """

    customer: str
    order: str
    perk: str
    rating: str
    expectation: str | None = None
    failure: str | None = None
    period: str | None = None
    scale: Scale | None = None
    expectation_scale: Scale | None = None
    cluster: str | None = None
    table: str | None = None

    @property
    def columns(self) -> dict[str, str]:
        """Key of the section -> column."""
        given = {key: getattr(self, key) for key in (*_REQUIRED, *_OPTIONAL)}
        return {key: column for key, column in given.items() if column is not None}

    @property
    def summaries(self) -> dict[str, str]:
        """What can be asked for per customer -> how the analysis calls it."""
        shares = {"perk_share": self.perk, "failure_share": self.failure}
        names = ("n", "mean", "sd", *(name for name, column in shares.items() if column is not None))
        return {name: f"encounters.{name}" for name in names}


def encounter_problems(declared: Encounters) -> Iterable[tuple[str, str]]:
    """What is wrong with the section whatever its table holds."""
    yield from name_problems(declared, _REQUIRED, (*_OPTIONAL, "table"))
    yield from role_problems(declared.columns)
    for key in ("scale", "expectation_scale"):
        scale = getattr(declared, key)
        if scale is not None and not isinstance(scale, Scale):
            yield key, f"must be a scale such as cx.CSAT5, not {scale!r}."
    if declared.expectation_scale is not None and declared.expectation is None:
        yield "expectation", "is required with expectation_scale."


def encounter_rows(declared: Encounters, tables: Mapping[str, Table]) -> tuple[Any, TableAccount]:
    """The encounters as a pandas frame, and what became of the rows of their table."""
    own = str(declared.table)
    return kept_rows(own, tables[own], list(declared.columns.values()))


def customer_summaries(declared: Encounters, frame: Any, analysed: LoadedTable, positions: Ints) -> dict[str, Floats]:
    """Number, mean and spread of the ratings, and shares, of the customer of each analysed row; missing without any.

    ``n`` counts ratings; one alone has no ``sd``. Ratings keep their direction. Shares are those of the encounters
    of which the thing is known.
    """
    import pandas as pd

    path = key_path("encounters", "customer")
    own = LoadedTable(str(declared.table), Table(frame, key=declared.customer), frame.reset_index(drop=True))
    theirs, ours = key_codes(own, analysed, path)
    if len(frame) and not np.isin(theirs[theirs >= 0], ours).any():
        raise wrong(
            path,
            f"no row of '{declared.table}' has the key of a row of '{analysed.name}', '{analysed.table.key}'."
            "\nStore both alike, or describe the encounters in a study of their own.",
        )
    values: dict[str, Floats] = {"rating": _rated(declared, frame)}
    for key in ("perk", "failure"):
        column = getattr(declared, key)
        if column is not None:
            values[key] = _marks(frame[column], key_path("encounters", key))
    by_customer = pd.DataFrame(values)[theirs >= 0].groupby(theirs[theirs >= 0])
    rated = by_customer["rating"]
    found = {"n": rated.count(), "mean": rated.mean(), "sd": rated.std()}
    found |= {f"{key}_share": by_customer[key].mean() for key in values if key != "rating"}
    at = ours[positions]  # -1 for a missing key, which no customer has
    return {declared.summaries[name]: series.reindex(at).to_numpy(np.float64) for name, series in found.items()}


def _rated(declared: Encounters, frame: Any) -> Floats:
    """The ratings, refused off their scale, since their mean would hide it."""
    path, scale = key_path("encounters", "rating"), declared.scale
    values = scores(frame[declared.rating], path)
    off, must = np.isinf(values), "finite numbers"
    if scale is not None:
        parts = (values != np.floor(values)) & ~np.isnan(values) & scale.whole
        off |= (values < scale.low) | (values > scale.high) | parts
        whole = "whole numbers" if scale.whole else "numbers"
        must = f"{whole} {scale.low:g} to {scale.high:g} ({scale.name or 'its scale'})"
    _refuse_off(values, off, f"'{declared.rating}' must hold {must}", path)
    return values


def _marks(column: Any, path: str) -> Floats:
    values = scores(column, path)
    _refuse_off(values, ~np.isnan(values) & (values != 0) & (values != 1), f"'{column.name}' must hold 0 and 1", path)
    return values


def _refuse_off(values: Floats, off: Bools, must: str, path: str) -> None:
    if off.any():
        n, found = int(off.sum()), value_counts(values[off])
        raise wrong(
            path,
            f"{must}, but {n:,} of {rows(len(values))} {'does' if n == 1 else 'do'} not: "
            f"{counted(found, found.values())}.\nRecode them, or keep the others with where.",
        )
