"""The chance over the number of rows: its lines against `Power.at`, its dots where the chance wanted is reached."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import cxstats as cx
from cxstats.methods.power import Power

METRICS = {"nps": cx.NPS, "csat": cx.CSAT5, "ease": cx.EASE7}
EXACT = 1e-9


def plan(**more: object) -> Power:
    pilot = cx.simulate.cohort(1200, rng=1).assign(firm=lambda f: np.arange(len(f)) % 60)
    return cx.power(pilot, **{"outcome": cx.Binary("repurchase"), "metrics": METRICS, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("cluster", [None, "firm"])
def test_lines_against_the_chances(cluster: str | None) -> None:
    result = plan(cluster=cluster)
    ax = result.plot()
    pair = int(np.argmax(result.n_differs))
    assert result.terms[pair] in ax.get_xlabel()
    assert "the pair that needs most" in ax.get_xlabel()
    curves = [line for line in ax.lines if len(line.get_xdata()) > 2]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    for name, curve, dot in zip(("differs", "exceeds", "equivalent"), curves, dots, strict=True):
        x, y = (np.asarray(values, dtype=float) for values in (curve.get_xdata(), curve.get_ydata()))
        for i in (5, 30, 55):
            assert y[i] == pytest.approx(result.at(x[i])[f"chance_{name}"].iloc[pair], abs=EXACT)
        assert (np.diff(y) >= -EXACT).all()
        needed = getattr(result, f"n_{name}")[pair]
        assert (float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) == (needed, result.chance)
        assert y[np.searchsorted(x, needed)] == pytest.approx(result.chance, abs=1e-6)


def test_what_no_number_shows_has_no_line() -> None:
    """A difference below the smallest that counts cannot be shown to exceed it."""
    ax = plan(difference=0.005).plot()
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(told) == 2
    assert told[0].startswith("tell a difference of 0.005: ")
    assert told[1].startswith("show none beyond 0.01: ")
    assert told[0].endswith(" for a chance of 80%")


def test_it_draws_on_a_given_axis() -> None:
    given = Figure().subplots()
    assert plan(metrics={"nps": cx.NPS, "csat": cx.CSAT5}).plot(ax=given) is given
    assert given.get_xlabel() == "rows like the pilot's (nps - csat)"
