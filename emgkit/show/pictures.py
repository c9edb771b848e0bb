"""Figures as part of a page: the same figure gives the same bytes."""

from __future__ import annotations

import base64
import io
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from emgkit.show.style import axes_used_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.figure import Figure

_STYLE = {
    "svg.hashsalt": "emgkit", "svg.fonttype": "path", "path.simplify": True, "path.simplify_threshold": 0.1,
    "font.family": "DejaVu Sans",  # the one that comes with matplotlib; a list is searched anew for every text
    "figure.dpi": 160,
}  # fmt: skip
_COLORS = 64


class _Page(threading.local):
    sheets: dict[tuple[int, int], Any] | None = None


_PAGE = _Page()


@dataclass(frozen=True)
class Picture:
    """A figure ready for a page.

    Parameters
    ----------
    data : str
        ``data:`` address that holds the whole picture.
    text : str
        What it shows, for a reader who cannot see it.
    width, height : int
        Size on the page in CSS pixels.
    """

    data: str
    text: str
    width: int
    height: int


@contextmanager
def drawing() -> Iterator[None]:
    """Draw the pictures of one page within this context: matplotlib's defaults, and axes that are used again.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from emgkit.show.pictures import drawing, picture
    >>> with drawing():
    ...     picture(lambda: Figure(figsize=(2, 1)), "nothing").width
    192
    """
    from matplotlib import style  # noqa: PLC0415 - loaded when the first figure is drawn

    if _PAGE.sheets is not None:
        yield
        return
    with style.context(["default", _STYLE]), axes_used_again():
        _PAGE.sheets = {}
        try:
            yield
        finally:
            _PAGE.sheets = None


def picture(draw: Callable[[], Figure], text: str, *, form: Literal["svg", "png"] = "svg") -> Picture:
    """Draw a figure in the page's own style and return it as a picture.

    Parameters
    ----------
    draw : callable
        Returns the figure; called with matplotlib's defaults, whatever the user has set.
    text : str
        What the picture shows.
    form : {"svg", "png"}
        Lines for light figures, pixels for dense ones.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from emgkit.show.pictures import picture
    >>> made = picture(lambda: Figure(figsize=(2, 1)), "nothing")
    >>> made.data[:18], made.width, made.height
    ('data:image/svg+xml', 192, 96)
    """
    with drawing():
        figure = draw()
        stored = _svg(figure) if form == "svg" else _png(figure)
        width, height = figure.get_size_inches()
    kind = "svg+xml" if form == "svg" else "png"
    coded = base64.b64encode(stored).decode("ascii")
    return Picture(f"data:image/{kind};base64,{coded}", text, round(width * 96), round(height * 96))


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(buffer, format="svg", metadata=metadata, transparent=True, dpi=figure.dpi)
    return buffer.getvalue()


def _png(figure: Figure) -> bytes:
    # Lines in a few colours need no more than a palette, at a third of the size.
    from PIL import Image  # noqa: PLC0415 - loaded when the first figure is drawn

    width, height = (int(size) for size in figure.bbox.size)
    sheet = _sheet(width, height, figure.dpi)
    sheet.clear()
    figure.draw(sheet)
    drawn = Image.frombuffer("RGBA", (width, height), sheet.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    buffer = io.BytesIO()
    drawn.quantize(_COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, "png")
    return buffer.getvalue()


def _sheet(width: int, height: int, dpi: float) -> Any:
    # One for all pictures of a size on a page: it remembers how wide which number is.
    from matplotlib.backends.backend_agg import RendererAgg  # noqa: PLC0415 - loaded when the first figure is drawn

    sheets = _PAGE.sheets
    if sheets is None or (width, height) not in sheets:
        sheet = RendererAgg(width, height, dpi)  # type: ignore[no-untyped-call]
        if sheets is None:
            return sheet
        sheets[width, height] = sheet
    return sheets[width, height]
