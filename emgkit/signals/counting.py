"""Counts of samples: how many a time takes, and which of many stand for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def samples_in(time_ms: float, rate_hz: float) -> int:
    """Return how many samples a time takes, one at least.

    Examples
    --------
    >>> from emgkit.signals.counting import samples_in
    >>> samples_in(2.5, 12000.0), samples_in(0.001, 12000.0)
    (30, 1)
    """
    return max(round(time_ms * rate_hz / 1000), 1)


def spread_evenly(count: int, *, most: int) -> NDArray[np.int64]:
    """Return the numbers of at most ``most`` of ``count`` things, spread evenly, the first and the last among them.

    Examples
    --------
    >>> from emgkit.signals.counting import spread_evenly
    >>> spread_evenly(9, most=3)
    array([0, 4, 8])
    """
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)


def ranges(starts: NDArray[np.integer], sizes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return so many whole numbers from each start on, one range after the other.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.counting import ranges
    >>> ranges(np.array([4, 1]), np.array([2, 3]))
    array([4, 5, 1, 2, 3])
    """
    return np.asarray(np.arange(sizes.sum()) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes))


def covered(starts: NDArray[np.integer], stops: NDArray[np.integer], *, size: int) -> NDArray[np.bool_]:
    """Return which of so many samples lie in one of the ranges at least, each up to its stop.

    Parameters
    ----------
    starts, stops : ndarray of int, shape (n_ranges,)
        Within 0 and ``size``; no stop lies before its start.
    size : int

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.counting import covered
    >>> np.flatnonzero(covered(np.array([6, 1, 2]), np.array([8, 4, 3]), size=9))
    array([1, 2, 3, 6, 7])
    """
    if len(starts) == 0:
        return np.zeros(size, dtype=bool)
    order = np.argsort(starts, kind="stable")
    first, reached = starts[order], np.maximum.accumulate(stops[order])
    apart = first[1:] > reached[:-1]  # where no range goes on
    edges = np.stack([first[np.append(True, apart)], reached[np.append(apart, True)]], axis=1)
    lengths = np.diff(edges.reshape(-1), prepend=0, append=size)
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)


def merged(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of both in ascending order, each once; quicker than numpy's ``union1d``.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.counting import merged
    >>> merged(np.array([1, 4]), np.array([3, 4]))
    array([1, 3, 4])
    """
    both = np.concatenate([first, second])
    both.sort()
    return both[np.diff(both, prepend=both[:1] - 1) > 0]


def turns_over_chance(second: NDArray[np.bool_]) -> float:
    """Return how often two kinds take turns, over what is expected of two that come independently.

    Parameters
    ----------
    second : ndarray of bool
        Which of some events, in order, are of the second kind; some are and some are not.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.counting import turns_over_chance
    >>> turns_over_chance(np.arange(40) % 2 == 0), turns_over_chance(np.arange(40) < 20)
    (1.95, 0.05)
    """
    share = second.mean()
    return float(np.count_nonzero(second[1:] != second[:-1]) / (2 * share * (1 - share) * len(second)))


def windows_of(signal: NDArray[Number], size: int) -> NDArray[Number]:
    """Return every window of so many samples as a view, shape (n_samples - size + 1, size); rows can be written to.

    The same as numpy's ``sliding_window_view``, which takes longer than what is then done with a few windows.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.counting import windows_of
    >>> windows_of(np.arange(4), 3)
    array([[0, 1, 2],
           [1, 2, 3]])
    """
    strides = (*signal.strides, signal.strides[-1])
    shape = (*signal.shape[:-1], signal.shape[-1] - size + 1, size)
    if not signal.flags.c_contiguous:
        return np.lib.stride_tricks.as_strided(signal, shape, strides)
    return np.ndarray(shape, signal.dtype, signal, strides=strides)  # the same, and quicker
