"""A figure as SVG that can stand inside a page: its colours, its fonts, no clash of names, the same bytes each time."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, cast

from cxstats.figures.palette import PARTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TAG = re.compile(r"<[^>]*>")
NAME = re.compile(r' id="([^"]*)"')
USED = re.compile(r"(url\(#|href=\"#)")
# Colours and fonts are the page's; so is the one rule that matplotlib would lay on all of it.
FONT = re.compile(r"font-family: [^;\"]*; ?")
DROPPED = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL)


def as_svg(axes: "Axes", *, description: str, key: str) -> str:
    """The figure of these axes as one ``<svg>`` element, with a description for those who cannot see it.

    ``key`` must be different for each figure of a page. Colours of the palette become variables of the
    page (``--figure-ink`` and so on), each with its own colour where the page sets none.
    """
    drawn = drawn_svg(axes)
    content = DROPPED.sub("", drawn[drawn.index("<svg") :])
    size = re.search(r'viewBox="[^"]*"', content)
    used = set(re.findall(r"(?:url\(#|href=\"#)([^\")]*)", "".join(TAG.findall(content))))
    inner = TAG.sub(lambda tag: adapted(tag[0], used, key), content[content.index(">") + 1 :])
    box = size[0] if size else ""
    inner = re.sub(r"\s*\n\s*", "\n", inner)
    return f'<svg class="figure" role="img" aria-label="{escape(description)}" {box}>{inner.strip()}'


def drawn_svg(axes: "Axes") -> str:
    """What matplotlib writes, without the time of writing."""
    import matplotlib as mpl

    written = io.StringIO()
    # Text stays text, and the names that matplotlib makes up do not depend on the run.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cxstats"}), warnings.catch_warnings():
        # The reader's browser has the glyphs; matplotlib only measures with its own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        cast("Figure", axes.get_figure(root=True)).savefig(
            written, format="svg", transparent=True, metadata={"Date": None}
        )
    return written.getvalue()


def adapted(tag: str, used: set[str], key: str) -> str:
    """One tag of the drawing with the page's colours and font, and only the names that something points to."""
    tag = NAME.sub(lambda name: f' id="{key}-{name[1]}"' if name[1] in used else "", tag)
    tag = USED.sub(lambda use: f"{use[1]}{key}-", tag).replace("xlink:href", "href")
    tag = FONT.sub("", tag)
    for colour, part in PARTS.items():
        tag = tag.replace(colour, f"var(--figure-{part}, {colour})")
    return tag


@contextmanager
def own_style() -> Iterator[None]:
    """Draw with matplotlib's own settings, whatever the user's file of settings says."""
    from matplotlib import style

    with style.context("default", after_reset=True):
        yield
