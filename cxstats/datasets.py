"""The data sets that come with cxstats: counts of real data, and simulated ones, each with a study file."""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxstats.errors import ReadError, listed, rows

# What to cite when a data set is used; everything else stands in its study file.
_CITATIONS = {
    "olist_deliveries": (
        "Olist and André Sionek (2018). Brazilian E-Commerce Public Dataset by Olist. Kaggle. "
        "doi:10.34740/KAGGLE/DSV/195341"
    ),
    "sfo_2017": "San Francisco International Airport (2017). SFO Customer Survey. DataSF, https://data.sfgov.org",
    "simulated_cohort": "The cxstats developers. Simulated cohort, made by cxstats.simulate.cohort.",
    "simulated_journeys": "The cxstats developers. Simulated journeys, made by cxstats.simulate.journeys.",
    "simulated_service": "The cxstats developers. Simulated contacts with service, made by cxstats.simulate.service.",
    "simulated_visits": "The cxstats developers. Simulated visits, made by cxstats.simulate.visits.",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A bundled data set.

    Attributes
    ----------
    name, title : str
    evidence : str
        ``"real"`` or ``"simulated"``.
    source, licence, citation : str
        Where the data come from, what may be done with them, and what to cite.
    note : str
        What must be known before the numbers are read.
    frame : pandas.DataFrame
        One row per distinct combination of values; the column ``n`` says how many customers,
        orders or journeys it stands for (pass ``count="n"``). Of moments, one row each, without ``n``.
    study : pathlib.Path
        The study file, for ``cxstats validate`` and `Study.read`.
    """

    name: str
    title: str
    evidence: str
    source: str
    licence: str
    citation: str
    note: str
    frame: Any
    study: Path

    def __str__(self) -> str:
        told = rows(len(self.frame))
        if "n" in self.frame:
            told = f"{rows(int(self.frame['n'].sum()))} in {len(self.frame):,} distinct"
        return (
            f"{self.name}: {self.title} ({self.evidence}; {told})\n"
            f"Source: {self.source}\nLicence: {self.licence}\nCite: {self.citation}\nNote: {self.note}"
        )

    __repr__ = __str__


def names() -> tuple[str, ...]:
    """The names that `load` knows.

    Examples
    --------
    >>> import cxstats as cx
    >>> cx.datasets.names()
    ('olist_deliveries', 'sfo_2017', 'simulated_cohort', 'simulated_journeys', 'simulated_service', 'simulated_visits')
    """
    return tuple(sorted(_CITATIONS))


def load(name: str) -> Dataset:
    """Load a bundled data set with its source, licence and study file.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    Dataset
        With a frame of its own: changing it changes no later load.

    Raises
    ------
    ReadError
        There is no data set of that name.

    Examples
    --------
    >>> import cxstats as cx
    >>> data = cx.datasets.load("simulated_cohort")
    >>> data.evidence, int(data.frame["n"].sum())
    ('simulated', 40000)
    """
    import tomllib

    import pandas as pd

    if name not in _CITATIONS:
        near = difflib.get_close_matches(str(name), names(), n=2, cutoff=0.4)
        hint = f"\nNearest: {listed(near)}." if near else ""
        raise ReadError(f"No data set is called {name!r}; there are {listed(names())}.{hint}")
    study = _folder() / f"{name}.toml"
    about = tomllib.loads(study.read_text(encoding="utf-8"))["study"]
    return Dataset(
        name=name,
        title=about["title"],
        evidence=about["evidence"],
        source=about["source"],
        licence=about["licence"],
        citation=_CITATIONS[name],
        note=about["note"].strip(),
        frame=pd.read_csv(study.with_suffix(".csv")),
        study=study,
    )


def _folder() -> Path:
    """Where the files lie: in the installed package, or beside it in the source tree."""
    from importlib.resources import files

    installed = Path(str(files("cxstats"))) / "_data"
    if installed.is_dir():
        return installed
    source = Path(__file__).resolve().parents[1] / "data"
    if source.is_dir():
        return source
    raise ReadError(f"The bundled data must lie in {installed}, but it is not there.\nInstall cxstats again.")
