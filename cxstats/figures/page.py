"""A figure as a file of its own: the same bytes each time, whatever the user's settings say."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from cxstats.errors import RoleError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Format: TypeAlias = Literal["svg", "png", "pdf"]
_FORMATS: dict[str, Format] = {".svg": "svg", ".png": "png", ".pdf": "pdf"}
_NO_DATE = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


def page_format(path: str) -> Format:
    """The format that the name of a file asks for."""
    ending = Path(path).suffix.lower()
    if ending not in _FORMATS:
        raise RoleError(f"A figure must be a file that ends in .svg, .png or .pdf, but '{path}' was given.")
    return _FORMATS[ending]


def drawn_page(figure: "Figure", kind: Format) -> bytes:
    """The figure as bytes of that format, without the time of drawing."""
    import matplotlib as mpl

    written = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "cxstats"}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(written, format=kind, dpi=160, facecolor="white", metadata=_NO_DATE[kind])
    return written.getvalue()
