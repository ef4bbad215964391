"""The forest plot of a result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from cxstats.figures.forest import forest
from cxstats.results import ConfidenceInterval, Result


@dataclass(frozen=True, kw_only=True, eq=False)
class Example(Result):
    """Normal intervals around whatever is given."""

    names: tuple[str, ...]
    method: ClassVar[str] = "none"
    reference: ClassVar[str] = "none"

    @property
    def labels(self) -> dict[str, Sequence[str]]:
        return {"term": self.names, "group": ["all"] * len(self.names)}

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        half = {0.95: 1.959963984540054, 0.9: 1.6448536269514722}[level] * self.std_error
        return ConfidenceInterval(self.estimate - half, self.estimate + half, level)


RESULT = Example(estimate=np.array([0.7, -0.1]), std_error=np.array([0.1, 0.2]), names=("nps", "$csat$ <b>"))


@pytest.mark.parametrize(("level", "half"), [(0.95, 1.959963984540054), (0.9, 1.6448536269514722)])
def test_each_row_is_an_interval_at_the_level_asked_for(level: float, half: float) -> None:
    ax = forest(RESULT, level=level)
    ends = [collection.get_segments()[0][:, 0] for collection in ax.collections]
    assert np.allclose(ends, [[0.7 - half * 0.1, 0.7 + half * 0.1], [-0.1 - half * 0.2, -0.1 + half * 0.2]])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["nps · all", "$csat$ <b> · all"]
    assert not any(tick.get_parse_math() for tick in ax.get_yticklabels())
    assert ax.get_xlabel() == f"estimate with {100 * level:g}% interval"
    assert ax.yaxis_inverted()


def test_zero_is_marked_only_where_the_axis_holds_it() -> None:
    def zeros(result: Result) -> int:
        return sum(line.get_marker() == "None" for line in forest(result).lines)

    assert zeros(RESULT) == 1
    assert zeros(Example(estimate=np.array([0.7]), std_error=np.array([0.01]), names=("nps",))) == 0


def test_a_result_without_an_interval_is_drawn_as_a_dot() -> None:
    ax = forest(Example(estimate=np.array([0.7]), std_error=np.array([np.nan]), names=("nps",)))
    assert len(ax.collections) == 0
    assert [line.get_marker() for line in ax.lines] == ["o"]


def test_plot_of_a_result_is_the_forest() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert RESULT.plot(ax) is ax
