"""What every result can do: frames, text, HTML, figures; and that it cannot be changed."""

from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from cxstats.results import SCHEMA, ConfidenceInterval, Result, TalliedResult, shown, text_table


@dataclass(frozen=True, kw_only=True, eq=False)
class Means(TalliedResult):
    names: tuple[str, ...]

    method: ClassVar[str] = "Mean"
    reference: ClassVar[str] = "A reference"

    @property
    def labels(self) -> dict[str, Any]:
        return {"term": self.names}

    def confidence_interval(self, level: float = 0.95) -> ConfidenceInterval:
        half = level * self.std_error
        return ConfidenceInterval(self.estimate - half, self.estimate + half, level)


ESTIMATE = np.array([1.23456789, -0.00012345])
RESULT = Means(
    estimate=ESTIMATE,
    std_error=np.array([0.5, 0.25]),
    names=("a", "<b>b</b>"),
    n=1200,
    n_missing=1,
    n_cells=7,
    notes=("a < b",),
)


def test_a_result_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        RESULT.n = 3  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        RESULT.estimate[0] = 3
    ESTIMATE[1] = -0.00012345  # the caller's own array stays the caller's
    assert ESTIMATE.flags.writeable


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_frames_follow_the_schema(backend: Any) -> None:
    frame = RESULT.to_frame(backend, level=0.5)
    columns = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert columns == ["term", *SCHEMA]
    found = {name: list(frame[name].to_pylist() if backend == "pyarrow" else frame[name]) for name in columns}
    assert found["estimate"] == [1.23456789, -0.00012345]
    assert found["ci_low"] == [1.23456789 - 0.25, -0.00012345 - 0.125]
    assert found["term"] == ["a", "<b>b</b>"]
    assert np.isnan(found["p_value"]).all()


def test_an_unknown_backend_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^backend must be 'pandas', 'polars' or 'pyarrow', not 'arrow'\.$"):
        RESULT.to_frame("arrow")  # type: ignore[arg-type]


def test_summary_against_its_text() -> None:
    assert RESULT.summary(level=0.9).splitlines() == [
        "term        estimate  std. error  90% low  90% high",
        "───────────────────────────────────────────────────",
        "a              1.235         0.5   0.7846     1.685",
        "<b>b</b>  -0.0001234        0.25  -0.2251    0.2249",
        "1,200 rows used, 1 left out with a missing value; 7 cells.",
        "Mean. A reference",
        "Note: a < b",
    ]
    assert str(RESULT) == RESULT.summary()


def test_html_is_escaped() -> None:
    html = RESULT._repr_html_()
    assert "&lt;b&gt;b&lt;/b&gt;" in html
    assert "a &lt; b" in html
    assert "<b>" not in html
    assert html.count("<tr") == 3


def test_plot_draws_on_the_axes_given() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert RESULT.plot(ax) is ax
    assert RESULT.plot() is not ax


@pytest.mark.parametrize(
    ("value", "text"), [(np.nan, "–"), (0.0, "0"), (12345.678, "1.235e+04"), (1 / 3, "0.3333"), (np.inf, "inf")]
)
def test_shown(value: float, text: str) -> None:
    assert shown(value) == text


def test_columns_without_a_number_are_left_out_of_the_table() -> None:
    columns = {"term": np.array(["a"], dtype=object), "estimate": np.array([1.0]), "p_value": np.array([np.nan])}
    assert text_table(columns, 0.95) == "term  estimate\n──────────────\na            1"


def test_a_result_must_say_what_its_rows_are() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Result(estimate=ESTIMATE, std_error=ESTIMATE)  # type: ignore[abstract]
