"""A follow-up beside the first examination as a picture: the grade of every muscle and each value of a nerve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from emgkit.knowledge.names import lowered, muscle_name, readable, sided, study_name
from emgkit.model.change import NOT_COMPARABLE
from emgkit.show.rows import each_row
from emgkit.show.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    SHADE,
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
from emgkit.show.words import number_text, weeks_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from emgkit.model.change import StudyChange

_WIDTH_IN = 7.4
_LEFT_IN, _RIGHT_IN = 2.3, 2.0
_LINE_IN = 0.125
_NAME_WIDTH, _WORD_WIDTH = 36, 30
_MORE = "#cf6420"
_MOST_REPEATS = 4.0  # the axis of the nerves ends there; what moved further points on
_MEASURES = {
    "amplitude_uv": ("amplitude", "μV"),
    "amplitude_mv": ("amplitude", "mV"),
    "latency_ms": ("latency", "ms"),
    "velocity_m_per_s": ("velocity", "m/s"),
}


def plot_change(
    change: StudyChange, *, what: Literal["muscles", "nerves"] = "muscles", ax: Axes | None = None
) -> Figure:
    """Draw what changed since the first examination, in the muscles or in the nerves.

    Muscles: the grade of fibrillations and positive sharp waves of each at first and now. An open circle is the first
    examination; a triangle points to where the grade went, a filled circle is a grade that stayed. What differs only
    possibly has a dotted line. Nerves: how far each value moved, in units of its repeatability; what stays in the grey
    band says nothing. Words stand at the right, so that nothing hangs on colour.

    Parameters
    ----------
    change : StudyChange
    what : {"muscles", "nerves"}
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
    return (_plot_nerves if what == "nerves" else _plot_muscles)(change, ax)


def _plot_muscles(change: StudyChange, ax: Axes | None) -> Figure:
    rows = list(each_row(change.needle))
    names = [sided(row.side, muscle_name(row.muscle)) for row in rows]
    axes, places = _lines(names, [_word(row) for row in rows], [_is_quiet(row.grade_change) for row in rows], ax)
    if not rows:
        say_nothing_here(axes, "no muscle was sampled")
        return figure_of(axes)
    axes.set_xlim(-0.25, 4.25)
    axes.set_xticks(range(5), ["0", "1+", "2+", "3+", "4+"])
    axes.grid(visible=True, axis="x", color=GRID, linewidth=0.5)
    for place, row in zip(places, rows, strict=True):
        _draw_muscle(axes, place, row)
    axes.set_xlabel("grade of fibrillations and positive sharp waves")
    title(axes, examinations_text(change))
    return figure_of(axes)


def _plot_nerves(change: StudyChange, ax: Axes | None) -> Figure:
    rows = list(each_row(change.conduction))
    names = [f"{sided(row.side, study_name(row.study))}{_comma(measure_words(row.measure)[0])}" for row in rows]
    words = [f"{values_words(row)}: {row.change}" for row in rows]
    axes, places = _lines(names, words, [_is_quiet(row.change) for row in rows], ax)
    if not rows:
        say_nothing_here(axes, "no nerve study was compared")
        return figure_of(axes)
    axes.set_xlim(-_MOST_REPEATS, _MOST_REPEATS)
    axes.axvspan(-1, 1, color=SHADE, linewidth=0, zorder=0)
    axes.axvline(0, color=MUTED, linewidth=0.7, zorder=1)
    for place, row in zip(places, rows, strict=True):
        moved = (row.second - row.first) / row.repeatability if row.repeatability > 0 else np.nan
        if pd.isna(moved) or row.change == NOT_COMPARABLE:
            continue
        color = MUTED if abs(moved) <= 1 else INK
        end = float(np.clip(moved, -_MOST_REPEATS + 0.15, _MOST_REPEATS - 0.15))
        shape = "o" if end == moved else ">" if moved > 0 else "<"
        axes.plot([0, end], [place, place], color=color, linewidth=1.4, zorder=2)
        axes.plot(end, place, marker=shape, markersize=5.0, color=color, linestyle="none", zorder=3)
    axes.set_xlabel("\u2190 smaller now      difference / repeatability      larger now \u2192")
    return figure_of(axes)


def _lines(names: list[str], words: list[str], quiet: list[bool], ax: Axes | None) -> tuple[Axes, list[float]]:
    # A line for each name, high enough for its words, which stand at the right; and where its middle is.
    names = [wrapped(name, _NAME_WIDTH) for name in names]
    words = [wrapped(word, _WORD_WIDTH) for word in words]
    lines = [1 + max(name.count("\n"), word.count("\n")) for name, word in zip(names, words, strict=True)]
    heights = _LINE_IN * (np.array(lines, dtype=float) + 0.6)
    total = float(heights.sum())
    axes = ax or make_axes(_WIDTH_IN, total + 0.85, left_in=_LEFT_IN, right_in=_RIGHT_IN, top_in=0.3, bottom_in=0.5)
    places = [float(place) for place in np.cumsum(heights) - heights / 2]
    if names:
        calm(axes, x_label=" ")
        axes.tick_params(axis="y", length=0, labelsize=TEXT_SIZE, labelcolor=INK)
        axes.set_yticks(places, [plain(name) for name in names])
        axes.set_ylim(total, 0)
    for place, word, still in zip(places, words, quiet, strict=True):
        axes.text(
            1.025, place, plain(word), transform=axes.get_yaxis_transform(), va="center", fontsize=SMALL_SIZE,
            linespacing=1.0, color=MUTED if still else INK,
        )  # fmt: skip
    return axes, places


def _is_quiet(change: str) -> bool:
    return change in {"unchanged", "within repeatability", NOT_COMPARABLE}


def _comma(text: str) -> str:
    return f", {text}" if text else ""


def measure_words(measure: str) -> tuple[str, str]:
    """Return the name and the unit of a measure of nerve conduction; both are empty where only results are compared.

    Examples
    --------
    >>> from emgkit.show.change_plots import measure_words
    >>> measure_words("amplitude_uv"), measure_words("")
    (('amplitude', 'μV'), ('', ''))
    """
    return _MEASURES.get(measure, ("", ""))


def values_words(row: Any) -> str:
    """Return a value, or a result, of the table of changes at first and now.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from emgkit.show.change_plots import values_words
    >>> values_words(SimpleNamespace(measure="amplitude_uv", first=4.0, second=9.0))
    '4 to 9 μV'
    """
    pair = (row.first, row.second) if row.measure else (row.result_first, row.result_second)
    told = " to ".join((number_text(one) if row.measure else readable(one)) or "not done" for one in pair)
    return f"{told} {measure_words(row.measure)[1]}".rstrip()


def examinations_text(change: StudyChange) -> str:
    """Return which examination is which, with the weeks since onset where they were told.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import examinations_text
    >>> examinations_text(examples.change())
    'open: first, 6 weeks after the onset; filled: now, 20 weeks after the onset'
    """
    weeks = (change.first_weeks, change.second_weeks)
    told = ["" if each is None else f", {weeks_text(each)} after the onset" for each in weeks]
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


def describe_nerve_change(change: StudyChange) -> str:
    """Return what the picture of the nerves shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_plots import describe_nerve_change
    >>> describe_nerve_change(examples.change())
    'Values of nerve conduction at first and now: none was compared.'
    """
    told = [
        f"{row.side} {lowered(study_name(row.study))}{_comma(measure_words(row.measure)[0])} {values_words(row)}, "
        f"{row.change}"
        for row in each_row(change.conduction)
    ]
    return f"Values of nerve conduction at first and now: {'; '.join(told) or 'none was compared'}."


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
