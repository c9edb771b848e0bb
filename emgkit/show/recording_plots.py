"""A recording as a picture: the whole trace with its trains, and a raster of sweeps as the EMG screen shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import SignalError
from emgkit.knowledge.names import label_name, readable
from emgkit.show.rows import each_row
from emgkit.show.style import (
    ACCENT,
    GRID,
    INK,
    MUTED,
    SHADE,
    SMALL_SIZE,
    calm,
    figure_of,
    label_color,
    label_marker,
    make_axes,
    plain,
    say_nothing_here,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.recording import Recording

_WIDTH_IN = 7.4
_TRACE_HEIGHT_IN = 1.25
_QUIET_HEIGHT_IN = 0.8
_LEAST_RANGE_UV = 50.0
_LANE_HEIGHT_IN = 0.13
_COLUMNS = 1000
_SWEEP_COLUMNS = 900
_CHUNK_COLUMNS = 100
_LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
_GAINS_UV = (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0)


def plot_recording(
    activity: SpontaneousActivity,
    *,
    ax: Axes | None = None,
    start_s: float | None = None,
    stop_s: float | None = None,
) -> Figure:
    """Draw a recording with its trains as coloured ticks below the trace and what was left out as shaded spans.

    Negative is up, as on an EMG screen. The trace is drawn as the lowest and highest sample of every column of the
    picture, so that no discharge is lost and a long recording stays light.

    Parameters
    ----------
    activity : SpontaneousActivity
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.
    start_s, stop_s : float, optional
        Part of the recording, in seconds from its start; all of it without them.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SignalError
        When the part lies outside the recording or is empty.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.recording_plots import plot_recording
    >>> figure = plot_recording(examples.activity())
    >>> bool(figure.axes[0].yaxis_inverted())
    True
    """
    start, stop = _checked_part(activity.recording, start_s, stop_s)
    count = len(activity.trains)
    height = (_TRACE_HEIGHT_IN if count else _QUIET_HEIGHT_IN) + _LANE_HEIGHT_IN * count
    axes = ax or make_axes(_WIDTH_IN, height + 0.5, left_in=0.64, right_in=1.8 if count else 0.15, top_in=0.08)
    lanes = min(0.6, _LANE_HEIGHT_IN * count / height)
    calm(axes, x_label="s", y_label="μV, negative up", y_label_at=(1 + lanes) / 2)
    time_s, low_uv, high_uv = envelope(activity.recording, start_s=start, stop_s=stop, columns=_COLUMNS)
    low_uv, high_uv = _set_limits(axes, activity, (start, stop), (time_s, low_uv, high_uv), lanes)
    _shade(axes, activity, start, stop)
    _draw_trace(axes, activity, (time_s, low_uv, high_uv))
    _draw_lanes(axes, activity, lanes)
    return figure_of(axes)


def plot_sweeps(
    activity: SpontaneousActivity,
    *,
    ax: Axes | None = None,
    start_s: float | None = None,
    sweep_ms: float = 100.0,
    n_sweeps: int = 10,
    uv_per_div: float | None = None,
) -> Figure:
    """Draw consecutive sweeps below each other, ten divisions wide, as an EMG screen shows them, discharges marked.

    Parameters
    ----------
    activity : SpontaneousActivity
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure without it.
    start_s : float, optional
        Start of the first sweep; without it the stretch that holds most sorted discharges.
    sweep_ms : float
        Length of a sweep in milliseconds; a division is a tenth of it.
    n_sweeps : int
        Sweeps, from the top.
    uv_per_div : float, optional
        Microvolt in one division; without it the highest usual gain at which the stretch fits.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    SignalError
        When the start lies outside the recording.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.recording_plots import plot_sweeps
    >>> bool(plot_sweeps(examples.activity(), n_sweeps=5).axes[0].yaxis_inverted())
    True
    """
    axes = ax or make_axes(_WIDTH_IN, 0.29 * n_sweeps + 0.7, left_in=0.64, right_in=1.8, top_in=0.28)
    first, last = _checked_part(activity.recording, start_s, None)
    if start_s is None:
        first = busiest_start(activity, n_sweeps * sweep_ms / 1000)
    sweep_s = sweep_ms / 1000
    starts = [first + k * sweep_s for k in range(n_sweeps) if first + k * sweep_s < last - sweep_s / 10]
    if not starts:
        say_nothing_here(axes, "too short for a sweep")
        return figure_of(axes)
    stop = min(starts[-1] + sweep_s, last)
    columns = math.ceil(_SWEEP_COLUMNS * (stop - first) / sweep_s)
    time_s, low_uv, high_uv = envelope(activity.recording, start_s=first, stop_s=stop, columns=columns)
    gain_uv = uv_per_div or _usual_gain(max(-float(low_uv.min()), float(high_uv.max())))
    _draw_screen(axes, starts, sweep_ms)
    title(axes, f"{sweep_ms / 10:g} ms and {gain_uv:g} μV per division, negative up")
    height = np.column_stack([low_uv, high_uv]) / gain_uv
    ends = [*np.searchsorted(time_s, starts), len(time_s)]
    for number, (start, begin, end) in enumerate(zip(starts, ends, ends[1:], strict=False)):
        at_ms = (time_s[begin:end] - start) * 1000
        axes.plot(
            np.repeat(at_ms, 2), height[begin:end].ravel() + 2 * number, color=INK, linewidth=0.5, rasterized=True
        )
    _mark_discharges(axes, activity, starts, sweep_s)
    return figure_of(axes)


def envelope(
    recording: Recording, *, start_s: float, stop_s: float, columns: int
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return the lowest and highest sample of every column of a picture; the samples are read slice by slice.

    Parameters
    ----------
    recording : Recording
    start_s, stop_s : float
        Part of the recording, in seconds.
    columns : int
        Columns of the picture; fewer when there are fewer samples.

    Returns
    -------
    time_s, low_uv, high_uv : arrays of shape (n_columns,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.model.recording import Recording
    >>> from emgkit.show.recording_plots import envelope
    >>> recording = Recording(np.array([0.0, 1.0, -5.0, 0.0]), 1000.0, muscle="soleus", side="left")
    >>> time_s, low_uv, high_uv = envelope(recording, start_s=0.0, stop_s=0.004, columns=2)
    >>> low_uv.tolist(), high_uv.tolist()
    ([0.0, -5.0], [1.0, 0.0])
    """
    total = len(recording.samples_uv)
    first = min(max(round(start_s * recording.rate_hz), 0), total - 1)
    last = min(max(round(stop_s * recording.rate_hz), first + 1), total)
    edges = np.linspace(first, last, min(columns, last - first) + 1).round().astype(int)
    low, high = [], []
    for begin in range(0, len(edges) - 1, _CHUNK_COLUMNS):
        part = edges[begin : begin + _CHUNK_COLUMNS + 1]
        block = np.asarray(recording.samples_uv[slice(int(part[0]), int(part[-1]))])
        low.append(np.minimum.reduceat(block, part[:-1] - part[0]))
        high.append(np.maximum.reduceat(block, part[:-1] - part[0]))
    time_s = edges[:-1] / recording.rate_hz
    return time_s, np.concatenate(low), np.concatenate(high)


def _checked_part(recording: Recording, start_s: float | None, stop_s: float | None) -> tuple[float, float]:
    start = 0.0 if start_s is None else start_s
    stop = recording.duration_s if stop_s is None else stop_s
    if not 0 <= start < stop <= recording.duration_s:
        msg = (
            f"The part from {start:g} to {stop:g} s does not lie in the recording; "
            f"choose a start before a stop between 0 and {recording.duration_s:g} s."
        )
        raise SignalError(msg)
    return start, stop


def _set_limits(
    axes: Axes,
    activity: SpontaneousActivity,
    part: tuple[float, float],
    trace: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]],
    lanes: float,
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - loaded when the first figure is drawn

    time_s, low_uv, high_uv = trace
    kept = ~_left_out(activity, time_s)
    kept = kept if kept.any() else ~kept
    # Noise alone must not fill the picture: the axis spans at least a division of an EMG screen both ways.
    low, high = min(float(low_uv[kept].min()), -_LEAST_RANGE_UV), max(float(high_uv[kept].max()), _LEAST_RANGE_UV)
    pad = 0.07 * (high - low) or 1.0
    height = high - low + 2 * pad
    axes.set_xlim(part)
    axes.set_ylim(high + pad + height * lanes / (1 - lanes), low - pad)
    ticks = MaxNLocator(4).tick_values(low, high)
    axes.set_yticks([tick for tick in ticks if low - pad <= tick <= high + pad])
    # Movement may be a hundred times larger than what is looked for: it is cut off where the room of the trace ends.
    return np.clip(low_uv, low - pad, high + pad), np.clip(high_uv, low - pad, high + pad)


def _left_out(activity: SpontaneousActivity, time_s: NDArray[np.floating]) -> NDArray[np.bool_]:
    left_out = np.zeros(len(time_s), dtype=bool)
    for span in each_row(activity.excluded):
        left_out |= (time_s >= span.start_s) & (time_s < span.stop_s)
    return left_out


def _draw_trace(
    axes: Axes,
    activity: SpontaneousActivity,
    trace: tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]],
) -> None:
    time_s, low_uv, high_uv = trace
    left_out = np.repeat(_left_out(activity, time_s), 2)
    lines = np.column_stack([low_uv, high_uv]).ravel()
    for shown, color in ((~left_out, INK), (left_out, "#a39c8c")):
        if shown.any():
            axes.plot(np.repeat(time_s, 2), np.where(shown, lines, np.nan), color=color, linewidth=0.45)


def _shade(axes: Axes, activity: SpontaneousActivity, start: float, stop: float) -> None:
    spans = [(span.start_s, span.stop_s, span.reason, SHADE, "///") for span in each_row(activity.excluded)]
    spans += [(span.start_s, span.stop_s, span.what, "#e3f1ea", "") for span in each_row(activity.spans)]
    width_in = axes.get_window_extent().width / axes.figure.dpi
    for begin, end, text, color, hatch in spans:
        left, right = max(begin, start), min(end, stop)
        if left >= right:
            continue
        axes.axvspan(left, right, facecolor=color, edgecolor="#cfc9bc", hatch=hatch, linewidth=0)
        words = readable(str(text))
        room_in = (right - left) / (stop - start) * width_in
        if room_in > 0.068 * len(words):
            axes.text(
                (left + right) / 2, 0.985, plain(words), transform=axes.get_xaxis_transform(), ha="center", va="top",
                fontsize=SMALL_SIZE, color=MUTED, bbox=_LABEL_BOX,
            )  # fmt: skip


def _draw_lanes(axes: Axes, activity: SpontaneousActivity, lanes: float) -> None:
    if not len(activity.trains):
        return
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - loaded when the first figure is drawn

    lane = lanes / len(activity.trains)
    lane_pt = lane * axes.get_window_extent().height / axes.figure.dpi * 72
    size = min(SMALL_SIZE, 0.86 * lane_pt)
    owner, time_s = activity.events["train"].to_numpy(), activity.events["time_s"].to_numpy()
    for number, train in enumerate(each_row(activity.trains)):
        times = time_s[owner == train.train]
        top = lanes - number * lane
        ends = np.broadcast_to([top - 0.88 * lane, top - 0.12 * lane], (len(times), 2))
        ticks = np.stack([np.broadcast_to(times[:, None], ends.shape), ends], axis=-1)
        axes.add_collection(
            LineCollection(
                list(ticks),
                transform=axes.get_xaxis_transform(),
                color=label_color(train.label),
                linewidth=0.8,
                zorder=3,
            ),
            autolim=False,
        )
        if size > 4:
            _lane_text(axes, top - lane / 2, train, size)


def _lane_text(axes: Axes, height: float, train: Any, size: float) -> None:
    text = plain(f"{train.train}  {label_name(train.label)}")
    axes.text(1.012, height, text, transform=axes.transAxes, va="center", ha="left", fontsize=size, color=INK)


def busiest_start(activity: SpontaneousActivity, length_s: float) -> float:
    """Return where the stretch of so many seconds starts that holds most sorted discharges.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.recording_plots import busiest_start
    >>> round(busiest_start(examples.activity(), 1.0), 2)
    0.03
    """
    times = activity.events.loc[activity.events["train"] >= 0, "time_s"].to_numpy()
    latest = max(activity.recording.duration_s - length_s, 0.0)
    if not len(times):
        return 0.0
    times = np.sort(times)
    counts = np.searchsorted(times, times + length_s) - np.arange(len(times))
    # The first discharge of the stretch stands a little inside the first sweep, not on its edge.
    return float(np.clip(times[int(np.argmax(counts))] - 0.02, 0.0, latest))


def _usual_gain(largest_uv: float) -> float:
    return next((gain for gain in _GAINS_UV if largest_uv <= 2.6 * gain), _GAINS_UV[-1])


def _mark_discharges(axes: Axes, activity: SpontaneousActivity, starts: list[float], sweep_s: float) -> None:
    time_s, owner = activity.events["time_s"].to_numpy(), activity.events["train"].to_numpy()
    sweep = np.floor((time_s - starts[0]) / sweep_s)
    shown = (sweep >= 0) & (sweep < len(starts))
    seen: dict[str, str] = {}
    for label, trains in activity.trains.groupby("label")["train"]:
        own = shown & np.isin(owner, trains)
        if not own.any():
            continue
        at_ms = (time_s[own] - starts[0] - sweep[own] * sweep_s) * 1000
        axes.plot(
            at_ms, 2 * sweep[own] + 0.82, marker=label_marker(str(label)), markersize=4.2,
            color=label_color(str(label)), linestyle="none", zorder=4,
        )  # fmt: skip
        seen[str(label)] = label_name(str(label))
    for row, (label, name) in enumerate(sorted(seen.items())):
        height = 0.98 - row * 0.07
        axes.plot(
            1.025,
            height - 0.02,
            marker=label_marker(label),
            markersize=4.5,
            color=label_color(label),
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(1.045, height, plain(name), transform=axes.transAxes, va="top", fontsize=SMALL_SIZE, color=INK)


def _draw_screen(axes: Axes, starts: list[float], sweep_ms: float) -> None:
    bottom = 2 * len(starts) - 0.4
    calm(axes, x_label="ms")
    axes.tick_params(axis="y", length=0, labelcolor=ACCENT)
    axes.set_xlim(0, sweep_ms)
    axes.set_ylim(bottom, -1.6)
    divisions = np.linspace(0, sweep_ms, 11)
    axes.hlines(range(2 * len(starts)), 0, sweep_ms, color=GRID, linewidth=0.4, zorder=0)
    axes.vlines(divisions, -1.6, bottom, color=GRID, linewidth=0.5, zorder=0)
    axes.set_xticks(divisions[::2])
    axes.set_yticks([2 * number for number in range(len(starts))], [f"{start:.2f} s" for start in starts])
