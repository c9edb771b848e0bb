"""The discharges of a known clock: where one is due, which it missed, which it does not need, where it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.counting import ranges
from emgkit.signals.medians import quantile
from emgkit.signals.rhythm import measure_rhythm, median_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

AROUND = 21  # intervals that tell the rate of a clock at a place
MISSED_PHASE = (0.05, 0.15)  # of the interval: how near a missed discharge lies at least and at most to where it is due
MISSED_SCATTER = 4.0  # times the irregularity of the clock lies between
LOCAL = 9  # intervals that tell the usual one at a place
SPARED = 0.25  # of it: how near a whole number of them the interval without a discharge is
FOLLOWED, BEYOND = 0.3, 2  # of what an interval differs from the usual one; how many ahead the next one is looked for
BEYOND_LEAST, BEYOND_OCCUPANCY = 4, 0.7  # discharges beyond an end, and share of those due, that show it goes on


def missed_by(clock_s: NDArray[np.float64], times_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which of some discharges are where a clock missed one of its own.

    Parameters
    ----------
    clock_s : ndarray of shape (n_clock,)
        Ascending; at least two.
    times_s : ndarray of shape (n_events,)

    Returns
    -------
    ndarray of bool, shape (n_events,)
        False before the first and after the last discharge of the clock.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.beats import missed_by
    >>> clock = np.delete(np.arange(20) / 10, [5, 6])
    >>> missed_by(clock, np.array([0.33, 0.503, 0.55, 0.6, 9.0]))
    array([False,  True, False,  True, False])
    """
    intervals = np.diff(clock_s)
    width = min(AROUND, len(intervals))
    around = np.quantile(np.lib.stride_tricks.sliding_window_view(intervals, width), 0.25, axis=1)
    gap = np.searchsorted(clock_s, times_s) - 1
    inside = (gap >= 0) & (gap < len(intervals))
    gap = np.clip(gap, 0, len(intervals) - 1)
    base = around[np.clip(gap - width // 2, 0, len(around) - 1)]
    steps = np.maximum(np.round(intervals[gap] / base), 1)
    phase = (times_s - clock_s[gap]) / intervals[gap] * steps
    due = np.round(phase)
    near = on_the_beat(measure_rhythm(clock_s, trends=False).irregularity)
    return np.asarray(inside & (due > 0) & (due < steps) & (np.abs(phase - due) < near))


def on_the_beat(irregularity: float) -> float:
    """Return how near a discharge of a clock lies to where it is due, as a share of the interval.

    Parameters
    ----------
    irregularity : float
        Of the clock; NaN counts as none.

    Examples
    --------
    >>> from emgkit.signals.beats import on_the_beat
    >>> on_the_beat(0.02)
    0.08
    """
    return float(np.clip(MISSED_SCATTER * np.nan_to_num(irregularity), *MISSED_PHASE))


def due_in_gaps(times_s: NDArray[np.float64], base_s: float, *, most: int, off: float = 0.5) -> NDArray[np.float64]:
    """Return where discharges of a clock were due that it missed, evenly spread over each gap.

    Parameters
    ----------
    times_s : ndarray of shape (n_events,)
        Ascending.
    base_s : float
        Interval of the clock.
    most : int
        Largest number missed in a row; of a longer gap nothing is known.
    off : float
        How far a gap may be from a whole number of intervals, as a share of one.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.beats import due_in_gaps
    >>> due_in_gaps(np.array([0.0, 0.1, 0.4, 0.5, 1.5]), 0.1, most=5).round(3)
    array([0.2, 0.3])
    """
    intervals = np.diff(times_s)
    missed = np.rint(intervals / base_s).astype(np.int64) - 1
    whole = np.abs(intervals / base_s - missed - 1) <= off
    gaps = np.flatnonzero((missed > 0) & (missed <= most) & whole)
    place = np.repeat(gaps, missed[gaps])
    number = ranges(np.ones_like(gaps), missed[gaps])
    return np.asarray(times_s[place] + intervals[place] * number / (missed[place] + 1))


def spared_by(times_s: NDArray[np.float64], *, near: float = MISSED_PHASE[1]) -> NDArray[np.bool_]:
    """Return which discharges the rhythm of a train does not need: without them, what is left keeps time as well.

    Parameters
    ----------
    times_s : ndarray of shape (n_events,)
    near : float
        What lies no further from where one is due, as a share of the interval, is needed.

    Returns
    -------
    ndarray of bool, shape (n_events,)
        Never two neighbours, nor the first or the last.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.beats import spared_by
    >>> clock = np.delete(np.arange(20) / 10, [5, 6])
    >>> times_s = np.sort(np.append(clock, [0.333, 0.57, 1.28]))
    >>> times_s[spared_by(times_s)]
    array([0.333, 0.57 , 1.28 ])
    """
    intervals = np.diff(times_s)
    if len(intervals) < LOCAL:
        return np.zeros(len(times_s), dtype=bool)
    usual = median_around(intervals, width=LOCAL)[1:]
    around = intervals[1:] + intervals[:-1]
    steps = np.maximum(np.round(around / usual), 1)
    phase = intervals[:-1] / around * steps
    due = (np.abs(phase - np.round(phase)) < near) & (np.round(phase) % steps > 0)
    off = np.full(len(times_s) + 2, np.inf)  # by how much the interval without a discharge differs from the usual one
    off[2:-2] = np.where(due, np.inf, np.abs(around / usual - steps))
    return np.asarray((off[1:-1] < SPARED) & (off[1:-1] < off[:-2]) & (off[1:-1] <= off[2:]))


def goes_on_with(clock_s: NDArray[np.float64], others_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return with which of other discharges a clock goes on before its first and after its last one.

    Parameters
    ----------
    clock_s : ndarray of shape (n_clock,)
        Ascending; at least two.
    others_s : ndarray of shape (n_events,)
        Ascending.

    Returns
    -------
    ndarray of bool, shape (n_events,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.beats import goes_on_with
    >>> clock = np.arange(30) / 10
    >>> goes_on_with(clock[4:20], np.sort(np.append(clock[20:26], [0.2, 2.05]))).astype(int)
    array([0, 1, 0, 1, 1, 1, 1, 1])
    """
    before, after = others_s < clock_s[0], others_s > clock_s[-1]
    near = on_the_beat(measure_rhythm(clock_s, trends=False).irregularity)
    goes_on = np.zeros(len(others_s), dtype=bool)
    goes_on[after] = _later(clock_s, others_s[after], near)
    goes_on[before] = _later(-clock_s[::-1], -others_s[before][::-1], near)[::-1]
    return goes_on


def _later(clock_s: NDArray[np.float64], others_s: NDArray[np.float64], near: float) -> NDArray[np.bool_]:
    # From beat to beat, each so near to where it is due; the interval follows the clock.
    last_s, usual_s = float(clock_s[-1]), quantile(np.diff(clock_s[-LOCAL - 1 :]), 0.25)
    taken, steps = np.zeros(len(others_s), dtype=bool), 0
    ahead = np.arange(1, BEYOND + 1)
    while True:
        off_s = np.abs(others_s[:, None] - last_s - usual_s * ahead)
        hit = (off_s < near * usual_s * np.sqrt(ahead)) & (others_s > last_s)[:, None]
        if not hit.any():
            break
        step = int(hit.any(axis=0).argmax())
        place = int(np.where(hit[:, step], off_s[:, step], np.inf).argmin())
        usual_s += FOLLOWED * ((others_s[place] - last_s) / ahead[step] - usual_s)
        last_s, steps = float(others_s[place]), steps + int(ahead[step])
        taken[place] = True
    enough = taken.sum() >= max(BEYOND_LEAST, BEYOND_OCCUPANCY * steps)
    return taken if enough else np.zeros(len(others_s), dtype=bool)
