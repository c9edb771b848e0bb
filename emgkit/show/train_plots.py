"""A train as a picture: its discharges on top of each other, and its rhythm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import UnknownNameError
from emgkit.knowledge.names import label_name, lowered
from emgkit.show.rows import each_row
from emgkit.show.style import (
    GRID,
    SHADE,
    calm,
    figure_of,
    label_color,
    make_axes,
    make_row,
    say_nothing_here,
    title,
)
from emgkit.show.words import number_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from emgkit.model.activity import SpontaneousActivity

_MOST_WAVEFORMS = 30
_MOST_MEDIANS = 4.5  # intervals: the axis ends there, so that a few gaps do not flatten the others


def plot_discharges(activity: SpontaneousActivity, train: int, *, ax: Axes | None = None) -> Figure:
    """Draw the discharges of a train on top of each other, with their average; negative up.

    Parameters
    ----------
    activity : SpontaneousActivity
    train : int
        Number of the train.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UnknownNameError
        When the recording has no such train.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.train_plots import plot_discharges
    >>> bool(plot_discharges(examples.activity(), 1).axes[0].yaxis_inverted())
    True
    """
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - loaded when the first figure is drawn

    row = _row(activity, train)
    axes = ax or make_axes(3.5, 2.1, left_in=0.64, right_in=0.15, top_in=0.3)
    window = activity.window_ms
    waveforms = np.asarray(activity.waveforms_uv.get(train, np.empty((0, len(window)))))[:_MOST_WAVEFORMS]
    template = activity.templates_uv.get(train)
    if template is None and not len(waveforms):
        say_nothing_here(axes, "no discharge of this train was kept")
        return figure_of(axes)
    calm(axes, x_label="ms", y_label="μV, negative up")
    axes.grid(visible=True, color=GRID, linewidth=0.4)
    axes.locator_params(nbins=5, steps=[1, 2, 5, 10])
    left, right = _frame(axes, activity, row)
    if len(waveforms):
        seen = slice(*np.searchsorted(window, [left, right], side="right"))
        lines = np.stack([np.broadcast_to(window, waveforms.shape), waveforms], axis=-1)[:, seen]
        axes.add_collection(LineCollection(list(lines), color="#9aa5b1", linewidth=0.4, alpha=0.55, rasterized=True))
    if template is not None:
        axes.plot(window, template, color=label_color(row.label), linewidth=1.6, scalex=False, scaley=False)
    title(axes, f"Train {train}: {len(waveforms)} of {row.n_events} discharges, average")
    return figure_of(axes)


def plot_rhythm(activity: SpontaneousActivity, train: int, *, ax: Axes | None = None) -> Figure:
    """Draw the intervals between the discharges of a train against time, with its rate and irregularity.

    Intervals much longer than the others, as over missed discharges, are open triangles at the upper edge.

    Parameters
    ----------
    activity : SpontaneousActivity
    train : int
        Number of the train.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UnknownNameError
        When the recording has no such train.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.train_plots import plot_rhythm
    >>> plot_rhythm(examples.activity(), 1).axes[0].get_ylabel()
    'interval, ms'
    """
    row = _row(activity, train)
    axes = ax or make_axes(3.5, 2.1, left_in=0.64, right_in=0.15, top_in=0.3)
    times = np.sort(activity.events.loc[activity.events["train"] == train, "time_s"].to_numpy())
    title(axes, f"{number_text(row.rate_hz)} per second, irregularity {number_text(row.irregularity, 2)}")
    if len(times) < 2:
        say_nothing_here(axes, "too few discharges for an interval")
        return figure_of(axes)
    calm(axes, x_label="s", y_label="interval, ms")
    axes.grid(visible=True, axis="y", color=GRID, linewidth=0.4)
    axes.locator_params(nbins=5, steps=[1, 2, 5, 10])
    seen = _without_gap(activity, times)
    intervals_ms = np.diff(times)[seen] * 1000
    for span in each_row(activity.excluded):
        axes.axvspan(span.start_s, span.stop_s, facecolor=SHADE, edgecolor="#cfc9bc", hatch="///", linewidth=0)
    top = 1.2 * float(intervals_ms.max(initial=1.0))
    if len(intervals_ms):
        top = min(top, _MOST_MEDIANS * float(np.median(intervals_ms)))
    color, beyond = label_color(row.label), intervals_ms > top
    ends = times[1:][seen]
    axes.plot(ends[~beyond], intervals_ms[~beyond], linestyle="none", marker="o", markersize=2.2, color=color)
    axes.plot(
        ends[beyond], np.full(beyond.sum(), 0.96 * top), linestyle="none", marker="^", markersize=3.4,
        markerfacecolor="none", color=color,
    )  # fmt: skip
    axes.set_xlim(0, activity.recording.duration_s)
    axes.set_ylim(0, top)
    return figure_of(axes)


def plot_train(activity: SpontaneousActivity, train: int) -> Figure:
    """Draw the discharges of a train and its rhythm side by side.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.train_plots import plot_train
    >>> len(plot_train(examples.activity(), 1).axes)
    2
    """
    discharges, rhythm = make_row(7.4, 1.95, spans_in=[(0.64, 3.45), (4.2, 7.25)], top_in=0.28)
    plot_discharges(activity, train, ax=discharges)
    return plot_rhythm(activity, train, ax=rhythm)


def describe_train(activity: SpontaneousActivity, train: int) -> str:
    """Return what the picture of a train shows, for a reader who cannot see it.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.train_plots import describe_train
    >>> describe_train(examples.activity(), 1)
    'Train 1, fibrillation...: 24 superimposed discharges with their average, and intervals against time...'
    """
    row = _row(activity, train)
    return (
        f"Train {train}, {lowered(label_name(row.label))}: {row.n_events} superimposed discharges with their average, "
        f"and intervals against time; {number_text(row.rate_hz)} per second, "
        f"irregularity {number_text(row.irregularity, 2)}, "
        f"{number_text(row.amplitude_uv)} μV, {number_text(row.duration_ms, 2)} ms, "
        f"initial deflection {row.initial_deflection}."
    )


def _frame(axes: Axes, activity: SpontaneousActivity, row: Any) -> tuple[float, float]:
    # The picture is framed by the train's own average: larger discharges of others run through it cut off.
    window = activity.window_ms
    own = activity.templates_uv.get(row.train)
    own = np.asarray(activity.waveforms_uv[row.train]) if own is None else own
    low, high = float(own.min()), float(own.max())
    room = 0.45 * (high - low) or 1.0
    axes.set_ylim(high + room, low - room)
    duration_ms = row.duration_ms if np.isfinite(row.duration_ms) else float(window[-1])
    left, right = max(float(window[0]), -3 - duration_ms), min(float(window[-1]), 5 + 2 * duration_ms)
    axes.set_xlim(left, right)
    return left, right


def _without_gap(activity: SpontaneousActivity, times: NDArray[np.floating]) -> NDArray[np.bool_]:
    # No interval spans what was left out: discharges there were not looked for.
    seen = np.ones(len(times) - 1, dtype=bool)
    for span in each_row(activity.excluded):
        seen &= (times[1:] <= span.start_s) | (times[:-1] >= span.stop_s)
    return seen


def _row(activity: SpontaneousActivity, train: int) -> Any:
    row = next((row for row in each_row(activity.trains) if row.train == train), None)
    if row is None:
        known = ", ".join(map(str, activity.trains["train"])) or "none"
        msg = f"Train {train} is not in this recording; its trains are {known}."
        raise UnknownNameError(msg)
    return row
