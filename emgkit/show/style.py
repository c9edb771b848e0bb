"""How figures look: colours that everyone can tell apart, sizes that survive print, negative up."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from matplotlib.figure import Figure  # noqa: PLC0415 - loaded when the first figure is drawn

    figure = Figure(figsize=(width_in, height_in))
    width = 1 - (left_in + right_in) / width_in
    height = 1 - (bottom_in + top_in) / height_in
    return figure.add_axes((left_in / width_in, bottom_in / height_in, width, height))


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


def calm(ax: Axes, *, x_label: str = "", y_label: str = "") -> None:
    """Give axes quiet lines, small readable numbers and their labels.

    Examples
    --------
    >>> from emgkit.show.style import calm, make_axes
    >>> axes = make_axes(7.0, 2.0, left_in=0.6, right_in=0.2, top_in=0.2)
    >>> calm(axes, x_label="time, s")
    >>> axes.get_xlabel(), axes.spines["top"].get_visible()
    ('time, s', False)
    """
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
        ax.spines[side].set_linewidth(0.6)
    ax.tick_params(labelsize=SMALL_SIZE, colors=MUTED, width=0.6, length=3)
    ax.set_xlabel(x_label, fontsize=SMALL_SIZE, color=MUTED)
    ax.set_ylabel(y_label, fontsize=SMALL_SIZE, color=MUTED)
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
