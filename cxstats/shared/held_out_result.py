"""What results of cross-validation have in common: how rows were dealt to folds, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from cxstats.results import TalliedResult
from cxstats.shared.crossfitted import CrossFitted
from cxstats.wald import WaldResult


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutResult(TalliedResult):
    """A result of models on rows held out.

    Attributes
    ----------
    folds, repeats : int
    seed : int or None
        Passed as ``rng`` it gives the same folds again.
    """

    folds: int
    repeats: int
    seed: int | None

    @property
    def _dealt(self) -> str:
        return f"{self.folds} folds, repeated {self.repeats} times, seed {self.seed}"


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOutIndices(HeldOutResult, WaldResult):
    """Indices of models on rows held out, then of pairs of models how they differ.

    Attributes
    ----------
    model, index : tuple of str
        What each row of the frame is about.
    """

    model: tuple[str, ...]
    index: tuple[str, ...]

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        """The model, or the pair of models, and the index of each row."""
        return {"model": self.model, "index": self.index}


class Dealt(TypedDict):
    """The fields of `HeldOutResult` that a cross-validation makes up."""

    folds: int
    repeats: int
    seed: int | None
    n: int
    n_missing: int
    n_cells: int


def dealt(fit: CrossFitted, seed: int | None) -> Dealt:
    """How the rows were dealt, and how many were used."""
    return Dealt(
        folds=fit.folds,
        repeats=fit.repeats,
        seed=seed,
        n=fit.rows.n,
        n_missing=fit.rows.n_missing,
        n_cells=fit.rows.cells.n_cells,
    )
