"""The comparison on one page: what is drawn is what was computed."""

import re
from typing import Any

import numpy as np
import pytest

import cxstats as cx
from cxstats.figures.calibration import calibration
from cxstats.figures.coding_effects import coding_effects
from cxstats.figures.contributions import contributions
from cxstats.figures.league import league
from cxstats.figures.page import drawn_page, page_format
from cxstats.studies.which_metric import WhichMetric

METRICS = {"nps": cx.NPS, "$csat$": cx.CSAT5}  # a name that mathtext would read


@pytest.fixture(scope="module")
def result() -> WhichMetric:
    frame = cx.simulate.cohort(3000, rng=1).rename(columns={"csat": "$csat$"})
    return cx.which_metric(frame, outcome=cx.Binary("repurchase", after=True), metrics=METRICS, repeats=1, rng=1)


def dots(ax: Any) -> list[float]:
    """Where the estimates are drawn."""
    return [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_league_draws_the_areas_from_the_largest_down(result: WhichMetric) -> None:
    ax = league(result.league)
    assert dots(ax) == sorted(result.estimate, reverse=True)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["$csat$", "nps"]
    first = result.p_best[1]
    assert texts(ax)[0] == f"{result.estimate[1]:.3f} · first in {100 * first:.0f}% of draws"


def test_codings_draw_every_difference(result: WhichMetric) -> None:
    found = result.parts.codings
    assert found is not None
    ax = coding_effects(found)
    rows = [i for i, (c, x) in enumerate(zip(found.coding, found.index, strict=True)) if " - " in c and x == "AUC"]
    assert dots(ax) == found.estimate[rows].tolist()
    assert {"nps", "$csat$"} <= set(texts(ax))


def test_contributions_draw_the_shares(result: WhichMetric) -> None:
    found = result.parts.dominance
    assert found is not None
    ax = contributions(found)
    assert dots(ax) == sorted(found.estimate[:2], reverse=True)
    assert [bar.get_width() for bar in ax.patches] == sorted(found.estimate[:2], reverse=True)
    assert texts(ax)[0].startswith(f"{100 * found.estimate[:2].max() / found.r2:.0f}% · rank 1 in")


def test_calibration_draws_the_groups(result: WhichMetric) -> None:
    found = result.parts.held_out
    assert found is not None
    ax = calibration(found, "all metrics")
    curve = found.curves["all metrics"]
    points = next(line for line in ax.lines if line.get_marker() == "o")
    assert np.array_equal(points.get_xdata(), curve.predicted)
    assert np.array_equal(points.get_ydata(), curve.observed)
    assert ax.get_xlabel() == "share predicted by all metrics, on customers held out"


def test_the_page_has_a_headline_and_a_panel_per_analysis(result: WhichMetric) -> None:
    figure = result.figure()
    assert figure.get_suptitle() == "$csat$ predicts better than every other metric"
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "Who predicts best, full scales",
        "What a coding wins or loses",
        "What each contributes to all together",
        "Can the predictions be taken at their word?",
    ]
    assert (
        "3,000 customers; intervals of 95%, not adjusted. Associations, not effects. Seed 1." in figure.get_supxlabel()
    )


def test_files_are_the_same_bytes_each_time(result: WhichMetric) -> None:
    for kind in ("svg", "png", "pdf"):
        first, second = (drawn_page(result.figure(), kind) for _ in range(2))  # type: ignore[arg-type]
        assert first == second
        assert first[:5] in (b"<?xml", b"\x89PNG\r", b"%PDF-")


def test_the_name_of_the_file_says_the_format() -> None:
    assert [page_format(name) for name in ("a.svg", "b.PNG", "c.d.pdf")] == ["svg", "png", "pdf"]
    message = "A figure must be a file that ends in .svg, .png or .pdf, but 'page.jpeg' was given."
    with pytest.raises(cx.RoleError, match=f"^{re.escape(message)}$"):
        page_format("page.jpeg")
