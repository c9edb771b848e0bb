"""Group spikes by shape into templates, whatever their polarity and small shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.counting import spread_evenly, windows_of
from emgkit.signals.medians import column_medians

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALONE_SHARE = 0.3  # enough spikes without a neighbour to learn shapes from them alone
ROWS = 64  # spikes compared with all others at a time
ONLY_SHARE, ONLY_STEPS = 0.9, 4  # of the spikes, that one unit has where it fires alone; refinements of its template
MAX_SPIKES = 500  # compared with each other; templates find the rest. Memory and time grow with the square


def cut_windows(
    signal: NDArray[np.floating], positions: NDArray[np.integer], *, before: int, after: int
) -> NDArray[np.floating]:
    """Cut one window for each position, repeating the edge samples of the signal beyond its ends.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
    positions : ndarray of int, shape (n,)
    before, after : int
        Samples before the position, and from it on.

    Returns
    -------
    ndarray of shape (n, before + after)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.cluster import cut_windows
    >>> cut_windows(np.arange(10.0), np.array([5]), before=1, after=2)
    array([[4., 5., 6.]])
    """
    starts = positions - before
    last = len(signal) - before - after
    if last < 0:
        return _cut_beyond(signal, starts, before + after)
    if len(starts) == 0 or (starts.min() >= 0 and starts.max() <= last):
        return np.asarray(windows_of(signal, before + after)[starts])
    windows = windows_of(signal, before + after)[np.clip(starts, 0, last)]
    outer = np.flatnonzero((starts < 0) | (starts > last))
    windows[outer] = _cut_beyond(signal, starts[outer], before + after)
    return np.asarray(windows)


def _cut_beyond(signal: NDArray[np.floating], starts: NDArray[np.integer], size: int) -> NDArray[np.floating]:
    return np.asarray(signal[np.clip(starts[:, None] + np.arange(size), 0, len(signal) - 1)])


def find_templates(
    signal: NDArray[np.floating],
    positions: NDArray[np.integer],
    *,
    noise_uv: float,
    half_window: int,
    max_lag: int,
    tolerance: float,
    min_spikes: int,
) -> list[NDArray[np.float64]]:
    """Return the median waveform of every group of at least ``min_spikes`` spikes of one shape.

    Two spikes are of one shape when what remains after the best shift is explained by the noise of both and a share
    ``tolerance`` of their energy. The spike with most spikes of its shape founds the first group; what is left founds
    the next.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Band-passed microvolt.
    positions : ndarray of int, shape (n_spikes,)
    noise_uv : float
        Standard deviation of the noise.
    half_window : int
        Samples compared on either side.
    max_lag : int
        Largest shift in samples.
    tolerance : float
        Share of energy, 0-1, by which spikes of one unit may differ.
    min_spikes : int

    Returns
    -------
    list of ndarray of shape (2 * half_window,)
        Largest first.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.cluster import find_templates
    >>> rng = np.random.default_rng(0)
    >>> signal, shape = rng.normal(0, 1, 50000), 30 * np.hanning(20)
    >>> positions = np.arange(1000, 49000, 2000)
    >>> for number, position in enumerate(positions):
    ...     signal[position - 10 : position + 10] += shape * (1 if number % 2 else -1)
    >>> len(find_templates(signal, positions, noise_uv=1.0, half_window=15, max_lag=3, tolerance=0.2, min_spikes=5))
    2
    """
    if len(positions) < min_spikes:
        return []
    picked = _sample(positions, 2 * half_window)
    windows = _twice(cut_windows(signal, picked, before=half_window + max_lag, after=half_window + max_lag))
    lag = 2 * max_lag
    many = len(windows) > ROWS  # few are soon compared
    only = _only_group(windows, noise_uv, lag, tolerance, min_spikes) if many else None
    groups = _groups(windows, noise_uv, lag, tolerance, min_spikes) if only is None else [only]
    templates = [_aligned_median(windows[members], lag)[::2] for members in groups]
    return sorted(templates, key=lambda template: -float(np.square(template).sum()))


def find_kinds(
    windows: NDArray[np.floating], *, noise_uv: float, max_lag: int, tolerance: float, min_spikes: int
) -> list[NDArray[np.bool_]]:
    """Return which windows are of one shape, a group at a time, as ``find_templates`` groups them.

    Parameters
    ----------
    windows : ndarray of shape (n_spikes, size + 2 * max_lag)
        Microvolt.
    noise_uv, max_lag, tolerance, min_spikes
        See ``find_templates``.

    Returns
    -------
    list of ndarray of bool, shape (n_spikes,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.cluster import find_kinds
    >>> wave = np.pad(30 * np.hanning(21), 6)
    >>> windows = np.array([wave, -wave] * 6) + np.random.default_rng(0).normal(0, 1, (12, len(wave)))
    >>> kinds = find_kinds(windows, noise_uv=1.0, max_lag=2, tolerance=0.1, min_spikes=4)
    >>> [np.flatnonzero(kind).tolist() for kind in kinds]
    [[0, 2, 4, 6, 8, 10], [1, 3, 5, 7, 9, 11]]
    """
    windows, lag = _twice(windows), 2 * max_lag
    # What is not like the median of all is compared with each other first: of one kind there are few such, all unlike.
    padded = np.pad(_aligned_median(windows, lag), lag)[None]
    alike = _distance(padded, _moved(windows, lag), noise_uv, lag, tolerance, noises=1)[0] < 1
    others = _near(windows[~alike], noise_uv, lag, tolerance)
    if alike.sum() >= min_spikes > others.sum(axis=1).max(initial=0):
        return [alike]
    return _groups(windows, noise_uv, lag, tolerance, min_spikes)


def _groups(
    windows: NDArray[np.float32], noise_uv: float, lag: int, tolerance: float, min_spikes: int
) -> list[NDArray[np.bool_]]:
    near, moved = _near(windows, noise_uv, lag, tolerance), _moved(windows, lag)
    left = np.ones(len(windows), dtype=bool)
    groups: list[NDArray[np.bool_]] = []
    while True:
        counts = np.count_nonzero(near & left, axis=1) * left
        founder = int(counts.argmax())
        if counts[founder] < min_spikes:
            return groups
        members = near[founder] & left
        for _ in range(2):
            template = _aligned_median(windows[members], lag)
            padded = np.pad(template, lag)[None]
            members = (_distance(padded, moved, noise_uv, lag, tolerance, noises=1)[0] < 1) & left
            if members.sum() < min_spikes:
                members = near[founder] & left
                break
        groups.append(members)
        left &= ~members


def _only_group(
    windows: NDArray[np.float32], noise_uv: float, lag: int, tolerance: float, min_spikes: int
) -> NDArray[np.bool_] | None:
    # Where one unit fires alone, most are like the median of those like it, and the few others are no group.
    moved, members = _moved(windows, lag), np.ones(len(windows), dtype=bool)
    for _ in range(ONLY_STEPS):
        before = members
        padded = np.pad(_aligned_median(windows[members], lag), lag)[None]
        members = _distance(padded, moved, noise_uv, lag, tolerance, noises=1)[0] < 1
        if members.sum() < max(min_spikes, ONLY_SHARE * len(windows)):
            return None
        if (members == before).all():
            others = _near(windows[~members], noise_uv, lag, tolerance)
            return members if others.sum(axis=1).max(initial=0) < min_spikes else None
    return None


def _near(windows: NDArray[np.float32], noise_uv: float, lag: int, tolerance: float) -> NDArray[np.bool_]:
    near = _distance(windows, _moved(windows, lag), noise_uv, lag, tolerance, noises=2) < 1
    return np.asarray(near | near.T)


def _sample(positions: NDArray[np.integer], width: int) -> NDArray[np.integer]:
    # A bounded sample, spread evenly, of spikes that have no neighbour if there are enough of those.
    alone = np.ones(len(positions), dtype=bool)
    close = np.diff(positions) < width
    alone[1:] &= ~close
    alone[:-1] &= ~close
    if alone.mean() > ALONE_SHARE:
        positions = positions[alone]
    return np.asarray(positions[spread_evenly(len(positions), most=MAX_SPIKES)])


def _twice(windows: NDArray[np.floating]) -> NDArray[np.float32]:
    # Twice the rate: half a sample off is too much for sharp potentials.
    size = windows.shape[1]
    return np.asarray(2 * np.fft.irfft(np.fft.rfft(windows, axis=1), n=2 * size, axis=1), dtype=np.float32)


class _Moved(NamedTuple):
    # Windows that are compared at every lag: every second sample from the first and from the second on, a column each
    # window, and the energy of what is compared at every lag and in the middle.
    halves: Sequence[NDArray[np.floating]]
    energies: Sequence[NDArray[np.floating]]
    middle: NDArray[np.floating]


def _moved(windows: NDArray[np.floating], max_lag: int) -> _Moved:
    size = windows.shape[1] - 2 * max_lag
    total = np.pad(np.cumsum(np.square(windows), axis=1), ((0, 0), (1, 0))) / 2
    energies = [total[:, lag + size] - total[:, lag] for lag in range(2 * max_lag + 1)]
    halves = [np.ascontiguousarray(windows[:, odd::2]).T for odd in range(2)]
    return _Moved(halves, energies, np.square(windows[:, max_lag : max_lag + size : 2]).sum(axis=1))


def _distance(
    fixed: NDArray[np.floating],
    moved: _Moved,
    noise_uv: float,
    max_lag: int,
    tolerance: float,
    *,
    noises: int,
) -> NDArray[np.floating]:
    # Energy of the difference at the best shift over what may be expected, for all pairs.
    size = fixed.shape[1] - 2 * max_lag
    # Every second sample of twice the rate holds all there is.
    core = np.ascontiguousarray(fixed[:, max_lag : max_lag + size : 2])
    energy = np.square(core).sum(axis=1)
    best = np.empty((len(fixed), len(moved.middle)), dtype=core.dtype)
    room = np.empty((len(moved.energies), min(len(fixed), ROWS), len(moved.middle)), dtype=core.dtype)
    for first in range(0, len(fixed), ROWS):  # a few rows at all lags stay in the cache
        rows = -2 * core[first : first + ROWS]
        every = room[:, : len(rows)]
        for lag, energy_there in enumerate(moved.energies):
            start = lag // 2
            np.matmul(rows, moved.halves[lag % 2][start : start + core.shape[1]], out=every[lag])
            every[lag] += energy_there
        best[first : first + ROWS] = _lowest(every)
    best += energy[:, None]
    expected = 1.25 * noises * noise_uv**2 * size / 2  # with room for the scatter of the noise energy
    return np.asarray(best / (expected + tolerance * (energy[:, None] + moved.middle) / 2))


def _lowest(every: NDArray[np.floating]) -> NDArray[np.floating]:
    # The bottom of a parabola through the three lags around the best one.
    kind = np.min_scalar_type(len(every))
    least, place = every[0].copy(), np.zeros(every[0].shape, dtype=kind)
    for lag in range(1, len(every)):  # quicker than argmin, which goes through one pair after the other
        np.maximum(place, (every[lag] < least) * kind.type(lag), out=place)
        np.minimum(least, every[lag], out=least)
    pair = np.arange(place.size).reshape(place.shape)
    middle_of = np.clip(place, 1, len(every) - 2) * np.int64(place.size) + pair
    left, middle, right = (every.reshape(-1).take(middle_of + step * place.size) for step in (-1, 0, 1))
    bend = np.maximum(left - 2 * middle + right, 1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
    return np.asarray(np.minimum(middle - 0.25 * (left - right) * shift, middle))


def _aligned_median(windows: NDArray[np.floating], max_lag: int) -> NDArray[np.float64]:
    size = windows.shape[1] - 2 * max_lag
    template: NDArray[np.float64] = column_medians(windows[:, max_lag : max_lag + size])
    views = windows_of(windows, size)
    lags = np.full(len(windows), -1)
    for _ in range(3):
        before = lags
        lags = np.array([windows[:, lag : lag + size] @ template for lag in range(2 * max_lag + 1)]).argmax(axis=0)
        if (lags == before).all():
            break
        template = column_medians(views[np.arange(len(windows)), lags])
    return template
