"""Counts of samples: how many a time takes, and which of many stand for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.int64))
