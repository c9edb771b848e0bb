"""Rhythm of a train that survives missed and false discharges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.counting import spread_evenly, windows_of
from emgkit.signals.medians import median, middle_of, quantile, row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray


AROUND, JUMP = 11, 1.25  # intervals around one that tell its base interval, and how far that moves at once
UNEVEN = 1 / 3  # CV2 of two intervals one of which holds a false discharge, or lacks a true one
PAUSE = 4  # a gap of more intervals is a pause and not missed discharges
NEAR = 2  # intervals on either side of a pause that tell whether a train goes on or starts anew


@dataclass(frozen=True)
class Rhythm:
    """Interval statistics of one train.

    Parameters
    ----------
    n_intervals : int
    base_s : float
        Median of the intervals after folding: the time from one discharge to the next when none is missed.
    irregularity : float
        Folded median CV2; 0 is a clock, about 0.5 a Poisson process. NaN below two intervals.
    cv : float
        Plain coefficient of variation.
    p5_ms : float
        5th percentile of the intervals.
    trend_per_s : float
        Relative change of the interval per second; positive slows down.
    rate_range : float
        Largest over smallest rate, each the median of five folded intervals.
    missed : float
        Share of discharges of a regular train that were not found.
    uneven : float
        Share of folded intervals that differ from the next by more than a third.
    """

    n_intervals: int
    base_s: float
    irregularity: float
    cv: float
    p5_ms: float
    trend_per_s: float
    rate_range: float
    missed: float
    uneven: float


def measure_rhythm(times_s: NDArray[np.floating], *, trends: bool = True) -> Rhythm:
    """Measure the rhythm of sorted discharge times.

    Intervals are folded: an interval near a whole multiple of the base interval counts as that many intervals, so a
    missed discharge does not make a clock look irregular.

    Parameters
    ----------
    times_s : ndarray of shape (n_events,)
        Ascending, in seconds.
    trends : bool
        Whether to measure trend and range of the rate; without, which is quicker, they are 0.0 and 1.0.

    Returns
    -------
    Rhythm

    References
    ----------
    Source key ``holt_1996`` for CV2; folding is this project's.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.rhythm import measure_rhythm
    >>> clock = np.delete(np.arange(50) / 7.0, [5, 20, 21])
    >>> rhythm = measure_rhythm(clock)
    >>> round(1 / rhythm.base_s, 2), round(rhythm.irregularity, 3)
    (7.0, 0.0)
    """
    intervals = np.diff(times_s)
    if len(intervals) < 2:
        base = float(intervals[0]) if len(intervals) else np.nan
        return Rhythm(len(intervals), base, np.nan, np.nan, base * 1000, 0.0, 1.0, 0.0, 0.0)
    ordered = np.sort(intervals)
    middle = middle_of(ordered)
    near = ordered[np.searchsorted(ordered, 0.6 * middle, "right") : np.searchsorted(ordered, 1.5 * middle)]
    base = middle_of(near) if len(near) else middle
    run = _runs(intervals) if trends else np.zeros(len(intervals), int)
    multiple = np.maximum(np.rint(intervals / _usual_in_runs(intervals, run, base)), 1)
    folded = intervals / multiple
    cv2 = 2 * np.abs(np.diff(folded)) / (folded[1:] + folded[:-1])
    return Rhythm(
        n_intervals=len(intervals),
        base_s=median(folded),
        irregularity=median(cv2),
        cv=_variation(intervals),
        p5_ms=quantile(ordered, 0.05) * 1000,
        trend_per_s=_theil_sen(times_s[1:], np.log(folded), run) if trends else 0.0,
        rate_range=_rate_range(folded) if trends else 1.0,
        missed=_missed(multiple),
        uneven=float(np.count_nonzero(cv2 > UNEVEN) / len(cv2)),
    )


def _runs(intervals: NDArray[np.floating]) -> NDArray[np.intp]:
    # A fibre that falls silent and starts anew, at another rate, fires in runs, and slows down in each of them.
    # Intervals of one run have one number; the pause between two is a run of its own.
    beside = np.maximum(np.r_[0.0, intervals[:-1]], np.r_[intervals[1:], 0.0])
    run = np.zeros(len(intervals), int)
    for pause in np.flatnonzero(intervals > PAUSE * beside):
        before, after = intervals[max(pause - NEAR, 0) : pause], intervals[pause + 1 : pause + 1 + NEAR]
        if len(before) < NEAR or len(after) < NEAR or not _steady(before) or not _steady(after):
            continue
        rates = median(before), median(after)
        if max(rates) > JUMP * min(rates):
            run[pause] += 1
            run[pause + 1 :] += 2
    return run


def _steady(intervals: NDArray[np.floating]) -> bool:
    return bool(intervals.max() < JUMP * intervals.min())


def _usual_in_runs(intervals: NDArray[np.floating], run: NDArray[np.intp], base: float) -> NDArray[np.floating]:
    if run[-1] == 0:
        return _usual_around(intervals, base)
    usual = np.full(len(intervals), base)
    for number in range(run[-1] + 1):
        own = intervals[run == number]
        if len(own) > 1:
            usual[run == number] = _usual_around(own, median(own))
    return usual


def _usual_around(intervals: NDArray[np.floating], base: float) -> NDArray[np.floating]:
    # A train that slows down steadily misses nothing: its intervals are folded by what is usual around them. Where many
    # discharges are missing in a row, what is usual jumps, and one base is better for all.
    around = median_around(intervals, width=AROUND)
    if (np.maximum(around[1:], around[:-1]) > JUMP * np.minimum(around[1:], around[:-1])).any():
        return np.full(len(intervals), base)
    return around


def median_around(values: NDArray[np.floating], *, width: int) -> NDArray[np.floating]:
    """Return the median of so many values around each; near the ends, of the first or last so many.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.rhythm import median_around
    >>> median_around(np.array([1.0, 9.0, 2.0, 3.0, 4.0]), width=3)
    array([2., 2., 3., 3., 3.])
    """
    width = min(width, len(values))
    around = row_medians(windows_of(values, width))
    first, last = width // 2, width // 2 + len(around)
    whole = np.empty(len(values), around.dtype)
    whole[:first], whole[first:last], whole[last:] = around[0], around, around[-1]
    return whole


def _variation(intervals: NDArray[np.floating]) -> float:
    mean = (intervals.sum() / len(intervals)).item()
    away = intervals - mean
    return float(np.sqrt(away @ away / len(away)) / mean)  # quicker than std, of a few intervals many times


def _missed(multiple: NDArray[np.floating]) -> float:
    # A long silence is a pause, in which nothing was missed.
    firing = multiple[multiple <= PAUSE]
    return float(1 - len(firing) / max(firing.sum(), 1.0))


def _theil_sen(x: NDArray[np.floating], y: NDArray[np.floating], run: NDArray[np.intp]) -> float:
    picked = spread_evenly(len(x), most=200)
    first, second = _pairs(len(picked))
    if run[-1] > 0:  # how fast it slows down is seen within a run
        together = run[picked][first] == run[picked][second]
        first, second = first[together], second[together]
    x, y = x[picked], y[picked]
    return median((y[second] - y[first]) / (x[second] - x[first]))


@lru_cache(maxsize=8)
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _rate_range(folded: NDArray[np.floating]) -> float:
    width = min(5, len(folded))
    smooth = row_medians(windows_of(folded, width))
    return quantile(smooth, 0.95) / max(quantile(smooth, 0.05), 1e-12)
