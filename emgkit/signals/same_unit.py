"""Whether two trains of nearly one shape are one unit: their timing decides, and shape where timing cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.signals.counting import spread_evenly
from emgkit.signals.locks import SEPARATION_S, nearest, union_of
from emgkit.signals.match import similarity
from emgkit.signals.noise import MAD_TO_SD
from emgkit.signals.rhythm import measure_rhythm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ALIKE, SIZE = 0.85, (0.6, 1.6)  # correlation, and ratio of sizes, of what may be one unit
VERY_ALIKE, NEAR_SIZE = 0.95, (0.5, 2.0)
FEWEST, MOST = 8, 120  # discharges that tell how far two shapes lie apart
NEAR, FAR = 4.5, 7.0  # standard deviations of single discharges
SURELY_ALIKE, SAME_SIZE = 0.93, (0.87, 1.15)  # enough when timing cannot tell
ONE_SHAPE, DRIFTED_SIZE = 0.99, (0.75, 1.33)  # a drifting needle changes the size and hardly the shape
AS_REGULAR = 0.05  # two halves that together are this regular are one, however regular each is alone
REGULAR_ALONE = 0.06  # as regular as this, a part is a train of its own unless the whole is as regular
REGULAR_EVENTS = 8
REFRACTORY_SHARE = 0.8  # of the shortest intervals within: how near no other discharge of the same unit comes
MOST_REFRACTORY_S = 0.05
COINCIDENCES = 3.0  # expected of independent trains before their lack says anything
COINCIDENT_SHARE = 0.25  # of those coincidences
INDEPENDENT_SHARE = 0.5
CONTINUES = 0.2  # how well the interval across a join agrees with those beside it
CONTINUES_SHARE = 0.7


def one_unit(
    first_s: NDArray[np.float64],
    second_s: NDArray[np.float64],
    *,
    shapes: tuple[NDArray[np.floating], NDArray[np.floating]],
    windows: Callable[[NDArray[np.float64]], NDArray[np.floating]] | None = None,
) -> bool:
    """Return whether two trains are one unit.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.
    shapes : pair of ndarray of shape (size,)
        Their templates.
    windows : function of times_s, optional
        Single discharges at these times, shape (n, size): are there two kinds of them, or one that varies?

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.same_unit import one_unit
    >>> times, wave = np.arange(40) / 7.0, np.diff(np.hanning(31))
    >>> one_unit(times[::2], times[1::2], shapes=(wave, wave)), one_unit(times, times * 1.3, shapes=(wave, wave))
    (True, False)
    """
    alike, lag = similarity(shapes[0], shapes[1], max_lag=len(shapes[1]) // 4)
    size = float(np.ptp(shapes[1]) / max(np.ptp(shapes[0]), 1e-9))
    if alike < ALIKE:
        return False
    # A myotonic discharge waxes and wanes: sizes differ, but one part takes up the rhythm where the other left it.
    if alike > VERY_ALIKE and _continues(first_s, second_s):
        return True
    low, high = NEAR_SIZE if alike > VERY_ALIKE else SIZE
    if not low < size < high:
        return False
    verdict = _timing(first_s, second_s)
    if verdict in {"one clock", "different"}:
        return verdict == "one clock"
    apart = _separation(first_s, second_s, lag, windows)
    if np.isnan(apart):
        same = alike > SURELY_ALIKE and SAME_SIZE[0] < size < SAME_SIZE[1]
        drifted = alike > ONE_SHAPE and DRIFTED_SIZE[0] < size < DRIFTED_SIZE[1]
        return verdict == "same" or same or drifted
    near_size = SAME_SIZE[0] < size < SAME_SIZE[1]
    return apart < NEAR or (apart < FAR and (verdict == "same" or (near_size and alike > VERY_ALIKE)))


def _separation(
    first_s: NDArray[np.float64],
    second_s: NDArray[np.float64],
    lag: int,
    windows: Callable[[NDArray[np.float64]], NDArray[np.floating]] | None,
) -> float:
    # How many standard deviations of single discharges the two shapes lie apart: parts of one varying unit lie close.
    if windows is None or min(len(first_s), len(second_s)) < FEWEST:
        return np.nan
    one, two = (windows(times[spread_evenly(len(times), most=MOST)]) for times in (first_s, second_s))
    if min(len(one), len(two)) < FEWEST:
        return np.nan
    two = np.roll(two, -lag, axis=1)
    axis = np.median(two, axis=0) - np.median(one, axis=0)
    length = float(np.sqrt(axis @ axis))
    if length == 0:
        return 0.0
    along = [part @ (axis / length) for part in (one, two)]
    scatter = [MAD_TO_SD * float(np.median(np.abs(part - np.median(part)))) for part in along]
    return length / max(float(np.mean(scatter)), 1e-9)


def _timing(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64]
) -> Literal["one clock", "same", "different", "unknown"]:
    alone = [measure_rhythm(times_s, trends=False) for times_s in (first_s, second_s)]
    irregular = [rhythm.irregularity for rhythm in alone]
    best = float(np.nanmin([*irregular, np.inf]))
    together = measure_rhythm(union_of(first_s, second_s), trends=False).irregularity
    if together < AS_REGULAR or together < min(0.8 * best, REGULAR_ALONE):
        return "one clock"
    clocks = [
        value < REGULAR_ALONE and len(times_s) >= REGULAR_EVENTS
        for value, times_s in zip(irregular, (first_s, second_s), strict=True)
    ]
    if any(clocks) and together > 2 * best:
        return "different"
    return _coincidences(first_s, second_s)


def _coincidences(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64]
) -> Literal["same", "different", "unknown"]:
    # Discharges of independent trains coincide now and then; those of one unit never do.
    low, high = max(first_s[0], second_s[0]), min(first_s[-1], second_s[-1])
    if high <= low:
        return "unknown"
    inner = [times[(times >= low) & (times <= high)] for times in (first_s, second_s)]
    gaps_s = np.abs(nearest(first_s, inner[1]) - inner[1])
    within_s = np.concatenate([np.diff(first_s), np.diff(second_s)])
    longer_s = min(REFRACTORY_SHARE * float(np.quantile(within_s, 0.02)), MOST_REFRACTORY_S)
    for reach_s in (SEPARATION_S, longer_s):
        expected = 2 * reach_s * len(inner[0]) * len(inner[1]) / (high - low)
        share = int((gaps_s < reach_s).sum()) / max(expected, 1e-9)
        if expected >= COINCIDENCES and share < COINCIDENT_SHARE:
            return "same"
        if expected >= COINCIDENCES and share > INDEPENDENT_SHARE:
            return "different"
    return "unknown"


def _continues(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    both_s = np.sort(np.concatenate([first_s, second_s]))
    mine = np.isin(both_s, second_s)
    intervals = np.diff(both_s)
    crossing = np.flatnonzero(mine[1:] != mine[:-1])
    inner = crossing[(crossing > 0) & (crossing < len(intervals) - 1)]
    intervals = np.maximum(intervals, 1e-6)
    if len(inner) < 2:
        return False
    beside = np.minimum(*(np.abs(intervals[inner] / intervals[inner + side] - 1) for side in (-1, 1)))
    return bool(np.mean(beside < CONTINUES) > CONTINUES_SHARE)
