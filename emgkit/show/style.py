"""How figures look: colours that everyone can tell apart, sizes that survive print, negative up."""

from __future__ import annotations

import textwrap
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1c2733"
MUTED = "#55606d"
GRID = "#dfe3e8"
SHADE = "#e9e6df"
ACCENT = "#0f5c63"
PALE = "#a9bcc0"

TEXT_SIZE = 8.0
SMALL_SIZE = 7.0
_BELOW_IN, _BESIDE_IN = 0.24, 0.49  # labels from their axes: room for numbers of five digits

# Okabe and Ito's palette and its darker relatives; greys for what is not spontaneous muscle activity.
LABEL_COLORS = {
    "fibrillation": "#d55e00",
    "positive_sharp_wave": "#0072b2",
    "endplate_spike": "#009e73",
    "fasciculation": "#b5478a",
    "complex_repetitive_discharge": "#b07900",
    "myotonic_discharge": "#3a9ad0",
    "neuromyotonic_discharge": "#7b4fa3",
    "myokymic_discharge": "#8c564b",
    "motor_unit": "#3d4650",
    "artifact": "#8a929b",
    "indeterminate": "#6b7480",
}
# A shape each, so that marks are told apart without colour.
LABEL_MARKERS = {
    "fibrillation": "^",
    "positive_sharp_wave": "s",
    "endplate_spike": "D",
    "fasciculation": "P",
    "complex_repetitive_discharge": "X",
    "myotonic_discharge": "<",
    "neuromyotonic_discharge": ">",
    "myokymic_discharge": "p",
    "motor_unit": "o",
    "artifact": "d",
    "indeterminate": "*",
}
SITE_COLORS = ("#0f5c63", "#d55e00", "#0072b2", "#b5478a", "#b07900")
SITE_MARKERS = ("o", "s", "D", "^", "v")


def label_color(label: str) -> str:
    """Return the colour of a label; what is not known is grey.

    Examples
    --------
    >>> from emgkit.show.style import label_color
    >>> label_color("fibrillation") != label_color("positive_sharp_wave")
    True
    """
    return LABEL_COLORS.get(label, LABEL_COLORS["indeterminate"])


def label_marker(label: str) -> str:
    """Return the marker of a label, of another shape for each.

    Examples
    --------
    >>> from emgkit.show.style import label_marker
    >>> label_marker("fibrillation") != label_marker("positive_sharp_wave")
    True
    """
    return LABEL_MARKERS.get(label, LABEL_MARKERS["indeterminate"])


class _Kept(threading.local):
    # Axes of this thread to be drawn in again, while a page is made: new ones take longer than what is drawn in them.
    axes: dict[tuple[float, ...], list[Axes]] | None = None


_KEPT = _Kept()


@contextmanager
def axes_used_again() -> Iterator[None]:
    """Within this context, ``make_axes`` and ``make_row`` give axes of a size a second time, emptied.

    A figure made here lasts until the next one of its size: for a page whose pictures are stored one after the other.

    Examples
    --------
    >>> from emgkit.show.style import axes_used_again, make_axes
    >>> with axes_used_again():
    ...     axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    ...     make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2) is axes
    True
    """
    before = _KEPT.axes
    _KEPT.axes = {} if before is None else before
    try:
        yield
    finally:
        _KEPT.axes = before


def make_axes(
    width_in: float, height_in: float, *, left_in: float, right_in: float, top_in: float, bottom_in: float = 0.42
) -> Axes:
    """Return the axes of a new figure, with margins in inches so that text has room at every size.

    Examples
    --------
    >>> from emgkit.show.style import make_axes
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> [float(inches) for inches in axes.get_figure().get_size_inches()]
    [7.0, 2.0]
    """
    span = (left_in, width_in - right_in)
    return make_row(width_in, height_in, spans_in=[span], top_in=top_in, bottom_in=bottom_in)[0]


def make_row(
    width_in: float,
    height_in: float,
    *,
    spans_in: Sequence[tuple[float, float]],
    top_in: float,
    bottom_in: float = 0.42,
) -> list[Axes]:
    """Return axes side by side in a new figure, each from so many to so many inches.

    Examples
    --------
    >>> from emgkit.show.style import make_row
    >>> len(make_row(7.0, 2.0, spans_in=[(0.6, 3.0), (4.0, 6.5)], top_in=0.2))
    2
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - loaded when the first figure is drawn

    key = (width_in, height_in, top_in, bottom_in, *(end for span in spans_in for end in span))
    if _KEPT.axes is not None and key in _KEPT.axes:
        for ax in _KEPT.axes[key]:
            _empty(ax)
        return _KEPT.axes[key]
    figure = Figure(figsize=(width_in, height_in))
    bottom, height = bottom_in / height_in, 1 - (bottom_in + top_in) / height_in
    row = [figure.add_axes((left / width_in, bottom, (right - left) / width_in, height)) for left, right in spans_in]
    if _KEPT.axes is not None:
        _KEPT.axes[key] = row
    return row


def _empty(ax: Axes) -> None:
    # Lines and ticks stay as they look, so that the next picture of this kind finds them made.
    from matplotlib.ticker import AutoLocator, ScalarFormatter  # noqa: PLC0415 - loaded when the first figure is drawn

    for artist in (*ax.lines, *ax.collections, *ax.patches, *ax.texts):
        artist.remove()
    ax.set_title("", loc="left")
    ax.legend_ = None
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_label_text("")
        axis.set_major_locator(AutoLocator())
        axis.set_major_formatter(ScalarFormatter())


def figure_of(ax: Axes) -> Figure:
    """Return the whole figure that the axes belong to.

    Examples
    --------
    >>> from emgkit.show.style import figure_of, make_axes
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> figure_of(axes).axes == [axes]
    True
    """
    figure = ax.get_figure(root=True)
    if figure is None:
        msg = "The axes given as ax belong to no figure; make them with Figure.add_subplot."
        raise TypeError(msg)
    return figure


def calm(ax: Axes, *, x_label: str = "", y_label: str = "", y_label_at: float = 0.5) -> None:
    """Give axes quiet lines, small readable numbers and their labels; soonest done before they have ticks.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x_label, y_label : str
    y_label_at : float
        Height of the middle of the label, from 0 at the bottom of the axes to 1 at their top.

    Examples
    --------
    >>> from emgkit.show.style import calm, make_axes
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> calm(axes, x_label="time, s")
    >>> axes.get_xlabel(), axes.spines["top"].get_visible()
    ('time, s', False)
    """
    from matplotlib.transforms import ScaledTranslation  # noqa: PLC0415 - loaded when the first figure is drawn

    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
        ax.spines[side].set_linewidth(0.6)
    ax.tick_params(labelsize=SMALL_SIZE, colors=MUTED, width=0.6, length=3)
    ax.set_xlabel(x_label, fontsize=SMALL_SIZE, color=MUTED)
    ax.set_ylabel(y_label, fontsize=SMALL_SIZE, color=MUTED)
    # Labels have a fixed distance: a search for room would set every number of the axis twice.
    scale = figure_of(ax).dpi_scale_trans
    below, beside = ScaledTranslation(0, -_BELOW_IN, scale), ScaledTranslation(-_BESIDE_IN, 0, scale)
    ax.xaxis.set_label_coords(0.5, 0, transform=ax.transAxes + below)
    ax.yaxis.set_label_coords(0, y_label_at, transform=ax.transAxes + beside)
    ax.set_axisbelow(True)


def title(ax: Axes, text: str) -> None:
    """Write a small title at the left.

    Examples
    --------
    >>> from emgkit.show.style import make_axes, title
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> title(axes, "Left soleus")
    >>> axes.get_title(loc="left")
    'Left soleus'
    """
    ax.set_title(plain(text), loc="left", y=1.0, fontsize=TEXT_SIZE, color=INK, pad=5)  # a y spares a search for room


def say_nothing_here(ax: Axes, text: str) -> None:
    """Write in empty axes why they are empty.

    Examples
    --------
    >>> from emgkit.show.style import make_axes, say_nothing_here
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> say_nothing_here(axes, "no train was found")
    >>> axes.texts[0].get_text()
    'no train was found'
    """
    calm(ax)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.text(
        0.5, 0.5, plain(text), ha="center", va="center", transform=ax.transAxes, fontsize=TEXT_SIZE, color=MUTED
    )  # fmt: skip


def plain(text: str) -> str:
    """Return text that matplotlib does not read as a formula.

    Examples
    --------
    >>> from emgkit.show.style import plain
    >>> len(plain("$5"))
    3
    """
    return text.replace("$", r"\$")


def wrapped(text: str, width: int) -> str:
    """Return a text in lines of at most so many characters.

    Examples
    --------
    >>> from emgkit.show.style import wrapped
    >>> wrapped("left gluteus maximus", 12).splitlines()
    ['left gluteus', 'maximus']
    """
    return "\n".join(textwrap.wrap(text, width)) or text
