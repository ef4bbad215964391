"""What is known of a method without loading it: its name, its question, its source, an example."""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from cxstats.results import Result

# Builds a small call: takes the function, the data, and any of cluster=, weight=, count=.
Example: TypeAlias = "Callable[..., Result]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Properties:
    """What must hold of a method; `tests/test_contract.py` sees to it.

    Attributes
    ----------
    cells : bool
        Takes a dataframe or Cells, with the same result.
    cluster, weight : bool
        Makes use of it; where false, refuses it, or (cluster) its example passes one already.
    replication : {"exact", "large", "between", "firms"}
        What doubling the data does: it leaves the estimate and halves the variance exactly, or only in
        large samples, because of a small-sample factor such as n / (n - 1); "between" where part of the
        variance lies between segments, which more customers of the same segments do not reduce; "firms"
        where the unit is the firm, so that firms and not their customers must be doubled.
    draws : bool
        Draws at random (folds), so that it takes ``rng=``: what leaves the cells as they are leaves the
        result, what changes them only leaves it up to the luck of the draw.
    moments : bool
        Takes moments of experiences or Sequences, and no cells.
    panel : bool
        Takes encounters of customers over time, and no cells.
    """

    cells: bool = True
    cluster: bool = True
    weight: bool = True
    replication: Literal["exact", "large", "between", "firms"] = "large"
    draws: bool = False
    moments: bool = False
    panel: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """One method.

    Attributes
    ----------
    function : str
        Its name: ``cx.<function>``, defined in ``cxstats/methods/<function>.py``.
    question : str
        What it answers, in the words of an analyst.
    reference : str
        Where its formula stands.
    example : callable
        ``example(function, data, **keys)`` calls it on a frame or Cells with the columns nps and
        nps_before (0-10), csat (1-5), trust (1-7), gap (about 0), stayed (0 or 1) and segment (text); of moments on
        what `simulate.visits` gives, of encounters on what `simulate.encounters` gives.
    properties : Properties
    """

    function: str
    question: str
    reference: str
    example: Example
    properties: Properties = Properties()

    @property
    def file(self) -> str:
        """The file that holds it, from the root of the project."""
        return f"cxstats/methods/{self.function}.py"

    def resolve(self) -> "Callable[..., Result]":
        """The function itself."""
        return named(self.function)

    def run(self, data: Any, **keys: Any) -> "Result":
        """The example, on these data."""
        return self.example(self.resolve(), data, **keys)


def named(name: str) -> "Callable[..., Result]":
    """The function of that name, loaded."""
    function: Callable[..., Result] = getattr(import_module(f"cxstats.methods.{name}"), name)
    return function
