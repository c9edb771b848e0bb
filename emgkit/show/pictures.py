"""Figures as part of a page: the same figure gives the same bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

_STYLE = {"svg.hashsalt": "emgkit", "svg.fonttype": "path", "path.simplify": True, "path.simplify_threshold": 0.1}
_DPI = 160
_COLORS = 64


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
    import matplotlib as mpl  # noqa: PLC0415 - loaded when the first figure is drawn
    from matplotlib import style  # noqa: PLC0415 - loaded when the first figure is drawn

    with mpl.rc_context(), style.context(["default", _STYLE]):
        figure = draw()
        stored = _svg(figure) if form == "svg" else _png(figure)
        width, height = figure.get_size_inches()
    kind = "svg+xml" if form == "svg" else "png"
    coded = base64.b64encode(stored).decode("ascii")
    return Picture(f"data:image/{kind};base64,{coded}", text, round(width * 96), round(height * 96))


def _svg(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(buffer, format="svg", metadata=metadata, transparent=True, dpi=_DPI)
    return buffer.getvalue()


def _png(figure: Figure) -> bytes:
    # Lines in a few colours need no more than a palette, at a third of the size.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - loaded when the first figure is drawn
    from PIL import Image  # noqa: PLC0415 - loaded when the first figure is drawn

    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    drawn = Image.frombytes("RGBA", canvas.get_width_height(), pixels).convert("RGB")
    buffer = io.BytesIO()
    drawn.quantize(_COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(buffer, "png")
    return buffer.getvalue()
