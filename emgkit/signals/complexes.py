"""A discharge of several spikes: where it begins and ends, and its spikes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def cycle_of(parts_s: Sequence[tuple[float, float]], *, base_s: float, first_s: float) -> tuple[float, float]:
    """Return where one discharge begins and ends: its parts are nearer to each other than to the next discharge.

    Parameters
    ----------
    parts_s : sequence of (start_s, stop_s)
        What stands out of an average, from its fixed point and in order, parts of its neighbours among them.
    base_s : float
        From one discharge to the next.
    first_s : float
        Where the average begins.

    Returns
    -------
    start_s, stop_s : float
        One interval apart, in the longest pause.

    Examples
    --------
    >>> from emgkit.signals.complexes import cycle_of
    >>> parts_s = [(-0.031, -0.029), (-0.006, -0.004), (-0.001, 0.001), (0.024, 0.026), (0.029, 0.031)]
    >>> start_s, stop_s = cycle_of(parts_s, base_s=0.03, first_s=-0.04)
    >>> round(start_s, 4), round(stop_s, 4)
    (-0.0175, 0.0125)
    """
    if base_s > -first_s:  # the pause before the discharge begins before the average does
        # Where the rhythm changes, parts keep their lag to their own discharge and are not seen before the next one.
        late_s = [
            stop_s - base_s
            for start_s, stop_s in parts_s
            if (before_s := (start_s + stop_s) / 2 - base_s) > first_s
            and not any(from_s <= before_s <= to_s for from_s, to_s in parts_s)
        ]
        begins_s = max([first_s, *late_s])
        return begins_s, begins_s + base_s
    # The pause before the first part is at least as long as the average shows.
    bounded = [(first_s, first_s), *parts_s]
    pauses = [(after - before, (before + after) / 2) for (_, before), (after, _) in pairwise(bounded)]
    pauses = [(length, middle) for length, middle in pauses if -base_s < middle <= 0]
    start_s = max(pauses)[1] if pauses else -base_s / 2
    return start_s, start_s + base_s


def apart(parts_s: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return parts in order, those that touch as one.

    Examples
    --------
    >>> from emgkit.signals.complexes import apart
    >>> apart([(-0.004, -0.002), (-0.003, 0.001), (0.005, 0.006)])
    [(-0.004, 0.001), (0.005, 0.006)]
    """
    found: list[tuple[float, float]] = []
    for start_s, stop_s in parts_s:
        if found and start_s <= found[-1][1]:
            found[-1] = found[-1][0], stop_s
        else:
            found.append((start_s, stop_s))
    return found


def negative_peaks(wave: NDArray[np.float64], *, least_uv: float) -> list[int]:
    """Return the places of the lowest values between two that are higher by so much, where they are below zero as well.

    A rest between two positive phases is no peak: half of the difference is asked for below zero.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.complexes import negative_peaks
    >>> negative_peaks(np.array([0.0, -9.0, -3.0, -4.0, 0.0, -8.0, -1.0]), least_uv=5)
    [1, 5]
    """
    found, low, high, falling = [], 0, 0, False
    for place in [0, *(np.flatnonzero(np.diff(np.sign(np.diff(wave))) != 0) + 1), len(wave) - 1]:
        if falling:
            low = place if wave[place] < wave[low] else low
            if wave[place] > wave[low] + least_uv:
                found += [int(low)] if wave[low] < -least_uv / 2 else []
                high, falling = place, False
        else:
            high = place if wave[place] > wave[high] else high
            if wave[place] < wave[high] - least_uv:
                low, falling = place, True
    return found
