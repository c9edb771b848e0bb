"""A follow-up beside the first examination as a picture: the grade of every muscle then and now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emgkit.knowledge.names import lowered, muscle_name, sided
from emgkit.model.change import NOT_COMPARABLE
from emgkit.show.rows import each_row
from emgkit.show.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    SMALL_SIZE,
    TEXT_SIZE,
    calm,
    figure_of,
    make_axes,
    plain,
    say_nothing_here,
    title,
    wrapped,
)
from emgkit.show.words import number_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from emgkit.model.change import StudyChange

_WIDTH_IN = 7.4
_LEFT_IN, _RIGHT_IN = 2.3, 2.0
_LINE_IN = 0.125
_NAME_WIDTH, _WORD_WIDTH = 36, 30
_MORE = "#cf6420"


def plot_change(change: StudyChange, *, ax: Axes | None = None) -> Figure:
    """Draw the grade of fibrillations and positive sharp waves of every muscle at first and now.

    An open circle is the first examination; a triangle points to where the grade went, a filled circle is a grade that
    stayed. What differs only possibly has a dotted line. Words stand at the right, so that nothing hangs on colour.

    Parameters
    ----------
    change : StudyChange
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import plot_change
    >>> plot_change(examples.change()).axes[0].get_xlabel()
    'grade of fibrillations and positive sharp waves'
    """
    rows = list(each_row(change.needle))
    names = [wrapped(sided(row.side, muscle_name(row.muscle)), _NAME_WIDTH) for row in rows]
    words = [wrapped(_word(row), _WORD_WIDTH) for row in rows]
    lines = [1 + max(name.count("\n"), word.count("\n")) for name, word in zip(names, words, strict=True)]
    heights = _LINE_IN * (np.array(lines, dtype=float) + 0.6)
    axes = ax or make_axes(
        _WIDTH_IN, float(heights.sum()) + 0.85, left_in=_LEFT_IN, right_in=_RIGHT_IN, top_in=0.3, bottom_in=0.5
    )
    if not rows:
        say_nothing_here(axes, "no muscle was sampled")
        return figure_of(axes)
    places = np.cumsum(heights) - heights / 2
    for place, row, word in zip(places, rows, words, strict=True):
        _draw_muscle(axes, float(place), row)
        axes.text(4.35, float(place), plain(word), va="center", fontsize=SMALL_SIZE, linespacing=1.0,
                  color=MUTED if row.grade_change in {"unchanged", NOT_COMPARABLE} else INK)  # fmt: skip
    axes.set_yticks(places, [plain(name) for name in names])
    axes.set_ylim(float(heights.sum()), 0)
    axes.set_xlim(-0.25, 4.25)
    axes.set_xticks(range(5), ["0", "1+", "2+", "3+", "4+"])
    axes.grid(visible=True, axis="x", color=GRID, linewidth=0.5)
    calm(axes, x_label="grade of fibrillations and positive sharp waves")
    axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE, labelcolor=INK)
    title(axes, weeks_text(change))
    return figure_of(axes)


def weeks_text(change: StudyChange) -> str:
    """Return which examination is which, with the weeks since onset where they were told.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import weeks_text
    >>> weeks_text(examples.change())
    'open: first, 6 weeks after the onset; filled: now, 20 weeks after the onset'
    """
    weeks = (change.first_weeks, change.second_weeks)
    told = ["" if each is None else f", {number_text(each)} weeks after the onset" for each in weeks]
    return f"open: first{told[0]}; filled: now{told[1]}"


def describe_change(change: StudyChange) -> str:
    """Return what the picture shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import describe_change
    >>> describe_change(examples.change())
    'Grades at first and now: left gluteus maximus 3+ to 1+, fewer; motor units compatible...'
    """
    return f"Grades at first and now: {'; '.join(change_lines(change)) or 'no muscle was sampled'}."


def change_lines(change: StudyChange) -> list[str]:
    """Return what changed in each muscle, a line each.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import change_lines
    >>> change_lines(examples.change())
    ['left gluteus maximus 3+ to 1+, fewer; motor units compatible with reinnervation']
    """
    return [
        f"{row.side} {lowered(muscle_name(row.muscle))} {grade_words(row.grade_first)} to "
        f"{grade_words(row.grade_second)}, {_word(row)}"
        for row in each_row(change.needle)
    ]


def grade_words(grade: float) -> str:
    """Return a grade of the table of changes as it is written.

    Examples
    --------
    >>> from emgkit.show.change_plots import grade_words
    >>> [grade_words(grade) for grade in (0.0, 0.5, 3.0, float("nan"))]
    ['0', '±', '3+', 'not graded']
    """
    if pd.isna(grade):
        return "not graded"
    return {0.0: "0", 0.5: "±"}.get(grade, f"{grade:.0f}+")


def _word(row: Any) -> str:
    word = f"{NOT_COMPARABLE}: {row.reason}" if row.grade_change == NOT_COMPARABLE else row.grade_change
    return f"{word}; motor units {row.sign}" if row.sign else str(word)


def _draw_muscle(axes: Axes, place: float, row: Any) -> None:
    first, second = row.grade_first, row.grade_second
    color = {"more": _MORE, "fewer": ACCENT}.get(row.grade_change.removeprefix("possibly "), MUTED)
    if row.grade_change != NOT_COMPARABLE and first != second:
        style = (0, (1.2, 1.2)) if row.grade_change.startswith("possibly") else "-"
        axes.plot([first, second], [place, place], color=color, linewidth=1.6, linestyle=style, zorder=2)
    shape = "o" if first == second or pd.isna(first) else ">" if second > first else "<"
    if not pd.isna(second):
        axes.plot(second, place, marker=shape, markersize=6.0, color=color, linestyle="none", zorder=3)
    if not pd.isna(first):
        size = 8.5 if first == second else 5.5
        axes.plot(first, place, marker="o", markersize=size, markerfacecolor="none" if first == second else "white",
                  markeredgecolor=INK, markeredgewidth=0.9, linestyle="none", zorder=4)  # fmt: skip
