"""Trains against each other: fixed lags, nearest discharges, unions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.counting import ranges
from emgkit.signals.detect import keep_largest
from emgkit.signals.medians import median

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEPARATION_S = 0.003  # no fibre and no unit of this kind fires twice within its own action potential
WIDER = 1 + 1e-6  # than a lag is a bin, so that two bins hold all that share one


def union_of(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the discharges of both trains in order, those that coincide once.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.locks import union_of
    >>> union_of(np.array([0.1, 0.3]), np.array([0.2, 0.3]))
    array([0.1, 0.2, 0.3])
    """
    both = np.sort(np.concatenate([first_s, second_s]))
    kept = keep_largest(both, np.ones(len(both)), separation=SEPARATION_S)
    return np.asarray(both[kept])


def nearest(times_s: NDArray[np.float64], wanted_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the nearest of the ascending times to each wanted one.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.locks import nearest
    >>> nearest(np.array([1.0, 2.0]), np.array([1.4, 9.0]))
    array([1., 2.])
    """
    if len(times_s) == 1:
        return np.full(len(wanted_s), times_s[0])
    right = np.minimum(np.maximum(np.searchsorted(times_s, wanted_s), 1), len(times_s) - 1)
    left = right - 1
    take_left = np.abs(times_s[left] - wanted_s) <= np.abs(times_s[right] - wanted_s)
    return np.asarray(np.where(take_left, times_s[left], times_s[right]))


def find_lock(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, reach_ms: float, width_ms: float, least: float = 0.0
) -> tuple[float, int]:
    """Return the most frequent lag of the second train after the first, and how many events share it beyond chance.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.
    reach_ms : float
        Largest lag looked at.
    width_ms : float
        Width of the window that counts as one lag.
    least : float
        Where no lag is shared by so many, which is soon seen, the answer may be (0.0, 0).

    Returns
    -------
    lag_s : float
    n_locked : int

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.locks import find_lock
    >>> first = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.2, 40))
    >>> lag_s, locked = find_lock(first, first + 0.007, reach_ms=25, width_ms=1.2)
    >>> round(lag_s * 1000, 1), locked
    (7.0, 40)
    """
    reach_s, width_s = reach_ms / 1000, width_ms / 1000
    low = np.searchsorted(first_s, second_s - reach_s)
    high = np.searchsorted(first_s, second_s + reach_s)
    counts = high - low
    if not counts.any():
        return 0.0, 0
    lags = np.repeat(second_s, counts) - first_s[ranges(low, counts)]
    bins = np.bincount(((lags + reach_s) / (WIDER * width_s)).astype(np.int64), minlength=2)
    if (bins[1:] + bins[:-1]).max() < least:
        return 0.0, 0
    lags.sort()
    inside = np.searchsorted(lags, lags + width_s, side="right") - np.arange(len(lags))
    start = int(inside.argmax())
    chance = len(lags) * width_s / (2 * reach_s)
    expected = chance if inside[start] < 0.9 * min(len(first_s), len(second_s)) else 0.0
    return median(lags[start : start + inside[start]]), int(inside[start] - expected)


def locked_to(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, reach_ms: float, width_ms: float, least: float
) -> NDArray[np.bool_]:
    """Return which events of the second train follow the first at a lag that so many share beyond chance.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.
    reach_ms, width_ms : float
        See ``find_lock``.
    least : float
        Events that must share a lag.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.locks import locked_to
    >>> first = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.2, 40))
    >>> second = np.sort(np.append(first - 0.007, [0.9, 1.1]))
    >>> int(locked_to(first, second, reach_ms=25, width_ms=1.2, least=10).sum())
    40
    """
    return find_locks(first_s, second_s, reach_ms=reach_ms, width_ms=width_ms, least=least)[1]


def find_locks(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, reach_ms: float, width_ms: float, least: float
) -> tuple[list[float], NDArray[np.bool_]]:
    """Return every lag that so many events of the second train share beyond chance, and which events have one of them.

    Parameters
    ----------
    first_s, second_s, reach_ms, width_ms, least
        See ``locked_to``.

    Returns
    -------
    lags_s : list of float
        The most frequent first.
    locked : ndarray of bool, shape (n_second,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.locks import find_locks
    >>> first = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.2, 40))
    >>> second = np.sort(np.concatenate([first - 0.007, first[::2] + 0.02]))
    >>> lags_s, locked = find_locks(first, second, reach_ms=25, width_ms=1.2, least=10)
    >>> [round(lag_s, 3) for lag_s in lags_s], bool(locked.all())
    ([-0.007, 0.02], True)
    """
    lags_s: list[float] = []
    locked = np.zeros(len(second_s), dtype=bool)
    while len(first_s) and not locked.all():
        left_s = second_s[~locked]
        lag_s, count = find_lock(first_s, left_s, reach_ms=reach_ms, width_ms=width_ms, least=least)
        if count < max(least, 1):
            break
        at_lag = np.abs(nearest(first_s, left_s - lag_s) - (left_s - lag_s)) <= width_ms / 1000
        locked[np.flatnonzero(~locked)[at_lag]] = True
        lags_s.append(lag_s)
    return lags_s, locked
