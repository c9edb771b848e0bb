"""Spikes over the noise floor, each at one point that does not depend on polarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.cluster import cut_windows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ALMOST = 1 - 1e-6  # that rounding loses no peak before it is looked at closely
BLOCK = 2**16  # samples looked at together, so that temporary arrays stay in the cache


def smooth_energy(filtered: NDArray[np.floating], *, width: int) -> NDArray[np.floating]:
    """Return the local mean square under a triangular window, two running means of ``width`` samples.

    Parameters
    ----------
    filtered : ndarray of shape (n_samples,)
        Microvolt.
    width : int

    Returns
    -------
    ndarray of shape (n_samples,)
        Square microvolt; beyond its ends the signal is taken as zero.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import smooth_energy
    >>> round(float(smooth_energy(np.full(100, 2.0), width=5)[50]), 6)
    4.0
    """
    padded = np.zeros(len(filtered) + 2 * (width - 1), dtype=filtered.dtype)
    np.square(filtered, out=padded[width - 1 : len(padded) - width + 1])
    return np.asarray(_running_sum(_running_sum(padded, width), width) / filtered.dtype.type(width**2))


def windows_at(signal: NDArray[np.floating], places: NDArray[np.integer], *, width: int) -> NDArray[np.floating]:
    """Return what the local energy at places is made of, shape (n_places, 2 * width - 1); zero beyond the ends.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import windows_at
    >>> windows_at(np.arange(1.0, 6.0), np.array([1, 4]), width=3)
    array([[0., 1., 2., 3., 4.],
           [3., 4., 5., 0., 0.]])
    """
    windows = cut_windows(signal, places, before=width - 1, after=width)
    for row in np.flatnonzero((places < width - 1) | (places > len(signal) - width)):
        beyond = places[row] + np.arange(1 - width, width)
        windows[row, (beyond < 0) | (beyond >= len(signal))] = 0
    return windows


def energy_in(windows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the local mean square in the middle of windows, as ``smooth_energy`` finds it there in a whole signal.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, 2 * width - 1)
        Microvolt, see ``windows_at``.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import energy_in
    >>> energy_in(np.full((1, 9), 2.0))
    array([4.])
    """
    width = (windows.shape[1] + 1) // 2
    squares = np.square(windows.T, order="C")
    return np.asarray(_running_sum(_running_sum(squares, width), width)[0] / windows.dtype.type(width**2))


def _running_sum(values: NDArray[np.floating], width: int) -> NDArray[np.floating]:
    # Sums of 1, 2, 4, ... samples are put together; a cumulative sum would lose digits and take longer.
    total, taken, size = None, 0, 1
    while width:
        if width & 1:
            part = values[taken : len(values)] if taken else values
            total = part if total is None else total[: len(part)] + part[: len(total)]
            taken += size
        width >>= 1
        if width:
            values = values[size:] + values[:-size]
            size *= 2
    assert total is not None  # noqa: S101 - width is at least one
    return total


def find_spikes(
    filtered: NDArray[np.floating],
    *,
    noise_uv: float,
    threshold: float,
    width: int,
    separation: int,
    noise_at: Callable[[NDArray[np.int64]], NDArray[np.floating]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the peaks of the local energy that rise over the noise.

    The peak of the smoothed energy is a fixed point of a spike whatever its sign: the largest deflection flips between
    two phases of nearly the same size and would split one train in two.

    Parameters
    ----------
    filtered : ndarray of shape (n_samples,)
        Band-passed microvolt.
    noise_uv : float
        Standard deviation of what may be expected without a spike.
    threshold : float
        Root of the local energy over the noise.
    width : int
        Samples of the running means of the local energy.
    separation : int
        The largest peak within so many samples stands for all.
    noise_at : function of places, optional
        Tells what may be expected there when that is more than ``noise_uv``; only peaks over that are asked for.

    Returns
    -------
    peaks : ndarray of int, shape (n_spikes,)
        Sample numbers.
    ratio : ndarray of shape (n_spikes,)
        Root of the local energy over the noise.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import find_spikes
    >>> signal = np.random.default_rng(0).normal(0, 1, 20000)
    >>> signal[5000:5010] += 20 * np.sin(np.linspace(0, 2 * np.pi, 10))
    >>> peaks, _ = find_spikes(signal, noise_uv=1.0, threshold=3.0, width=6, separation=20)
    >>> bool(abs(peaks[0] - 5005) < 3), len(peaks)
    (True, 1)
    """
    places, energies = [np.empty(0, np.int64)], [np.empty(0, filtered.dtype)]
    limit = np.square(np.asarray(threshold * max(noise_uv, 1e-9), filtered.dtype))
    least = float(limit if noise_at is None else ALMOST * limit)
    for start in range(0, len(filtered), BLOCK):
        low, high = max(start - 2 * width, 0), min(start + BLOCK + 2 * width, len(filtered))
        over, energy = _peaks_over(filtered[low:high], least, width)
        own = (over + low >= start) & (over + low < start + BLOCK)
        places.append(over[own] + low)
        energies.append(energy[own])
    peaks, energy = np.concatenate(places), np.concatenate(energies)
    if noise_at is not None and len(peaks):
        limit = np.square(threshold * np.maximum(noise_at(peaks), 1e-9))
        peaks, energy, limit = (values[energy > limit] for values in (peaks, energy, limit))
    ratio = (threshold * np.sqrt(energy / limit)).astype(np.float64)
    kept = keep_largest(peaks, ratio, separation=separation)
    return peaks[kept], ratio[kept]


def _peaks_over(part: NDArray[np.floating], limit: float, width: int) -> tuple[NDArray[np.int64], NDArray[np.floating]]:
    # Peaks of the smoothed energy over a limit, and the energy there. It is smoothed in groups of samples only: those
    # in which it may exceed the limit, and one on either side, which is as far as the smoothing reaches. The first and
    # the last group lie beyond the ends and are zero.
    size = width + 1
    squares = np.zeros((-(-len(part) // size) + 2, size), part.dtype)
    np.square(part, out=squares.reshape(-1)[size : size + len(part)])
    loud = _may_exceed(squares, limit, width)
    near = loud.copy()
    near[:-1] |= loud[1:]
    near[1:] |= loud[:-1]
    groups = np.flatnonzero(near)
    if len(groups) == 0:
        return np.empty(0, np.int64), np.empty(0, part.dtype)
    near_squares = squares.take(groups, axis=0).reshape(-1)
    energy = _running_sum(_running_sum(near_squares, width), width) / part.dtype.type(width**2)
    inner = energy[1:-1]
    peak = np.flatnonzero((inner > limit) & (inner >= energy[:-2]) & (inner > energy[2:]))
    group, place = np.divmod(peak + width, size)
    over, height = (groups[group] - 1) * size + place, inner[peak]
    own = loud[groups[group]] & (over > 0) & (over < len(part) - 1)
    return over[own], height[own]


def _may_exceed(squares: NDArray[np.floating], limit: float, width: int) -> NDArray[np.bool_]:
    # Groups of samples in which the smoothed energy may exceed the limit. What lies before a group and what lies after
    # it weigh less together than either would in its middle.
    energy = squares @ np.ones(squares.shape[1], squares.dtype)
    most = energy[1:-1] + np.maximum(energy[:-2], energy[2:]) * squares.dtype.type(1 - 1 / width)
    loud = np.zeros(len(energy), dtype=bool)
    np.greater(most, ALMOST * width * limit, out=loud[1:-1])
    return loud


def keep_largest(
    positions: NDArray[np.number], heights: NDArray[np.floating], *, separation: float
) -> NDArray[np.int64]:
    """Return the indices of positions that are the largest within ``separation``, in ascending order.

    Parameters
    ----------
    positions : ndarray of shape (n,)
        Ascending.
    heights : ndarray of shape (n,)
    separation : float
        In the unit of the positions.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import keep_largest
    >>> keep_largest(np.array([0, 3, 10]), np.array([1.0, 2.0, 1.0]), separation=5)
    array([1, 2])
    """
    # The largest of all neighbours stays and takes its neighbours away, until nobody has one.
    index = np.arange(len(positions))
    kept = [index[:0]]
    while len(index):
        place, height = positions[index], heights[index]
        top = largest_near(place, height, separation=separation)
        tops = place[top]
        next_top = np.searchsorted(tops, place)
        after = np.abs(tops[np.minimum(next_top, len(tops) - 1)] - place) < separation
        before = np.abs(place - tops[np.maximum(next_top - 1, 0)]) < separation
        kept.append(index[top])
        index = index[~(after | before | top)]
    return np.sort(np.concatenate(kept))


def largest_near(
    positions: NDArray[np.number], heights: NDArray[np.floating], *, separation: float, share: float = 1.0
) -> NDArray[np.bool_]:
    """Return which positions have nothing larger within ``separation``.

    Parameters
    ----------
    positions : ndarray of shape (n,)
        Ascending.
    heights : ndarray of shape (n,)
        Of two that are equal the earlier one counts as larger.
    separation : float
        In the unit of the positions.
    share : float
        Of the height of another, over which one is not taken for small beside it.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.detect import largest_near
    >>> largest_near(np.array([0, 3, 6]), np.array([3.0, 2.0, 1.0]), separation=5)
    array([ True, False, False])
    """
    top = np.ones(len(positions), dtype=bool)
    for step in range(1, len(positions)):
        near = positions[step:] - positions[:-step] < separation
        if not near.any():
            break
        top[:-step] &= ~near | (heights[:-step] >= share * heights[step:])
        top[step:] &= ~near | (heights[step:] > share * heights[:-step])
    return top
