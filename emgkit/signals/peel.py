"""Whole potentials of known trains: learnt from the signal, and taken away from it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.cluster import cut_windows
from emgkit.signals.counting import spread_evenly, windows_of
from emgkit.signals.medians import column_medians, median

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SWEEPS = 3  # over all trains; each potential is learnt free of the others
MOST_LEARNT = 200  # discharges that teach a potential
MOST_FOLLOWED = 60  # and that tell how it changed
OWN_BEFORE, OWN_AFTER = 0.4, 0.6  # of the interval that is the discharge's own
FINE = 16  # frequencies that are turned together
SHIFTS = 8  # sub-sample positions of a potential
SCALE_LIMITS = (0.5, 1.7)  # of a single discharge against its potential


class Peeled(NamedTuple):
    """Potentials of trains, and what they leave over.

    Parameters
    ----------
    potentials : list of ndarray of float32, shape (n_window,)
    scales : list of ndarray of float32, shape (n_discharges,)
        Size of every discharge relative to its potential.
    residual : ndarray of float32, shape (n_samples,)
    """

    potentials: list[NDArray[np.float32]]
    scales: list[NDArray[np.float32]]
    residual: NDArray[np.float32]


def peel(signal: NDArray[np.float32], positions: Sequence[NDArray[np.float64]], *, before: int, after: int) -> Peeled:
    """Learn the whole potential of every train and subtract all discharges.

    Parameters
    ----------
    signal : ndarray of float32, shape (n_samples,)
    positions : sequence of ndarray
        Discharges of every train in samples, to a fraction, ascending.
    before, after : int
        Window of a potential around its discharge.

    Returns
    -------
    Peeled

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.peel import peel
    >>> signal = np.zeros(1000, np.float32)
    >>> places = np.array([100.0, 130.0, 500.0, 800.0])
    >>> for place in places.astype(int):
    ...     signal[place : place + 40] += np.hanning(40).astype(np.float32)
    >>> bool(np.abs(peel(signal, [places], before=10, after=50).residual).max() < 0.1)
    True
    """
    residual = signal.copy()
    potentials = [np.zeros(before + after, np.float32) for _ in positions]
    own = [_own_part(places, before, after) for places in positions]
    scales = [np.ones(len(places), np.float32) for places in positions]
    for _ in range(SWEEPS):
        for number, places in enumerate(positions):
            if len(places) == 0:
                continue
            if potentials[number].any():
                _add(residual, potentials[number], scales[number], places, before)
            whole = np.floor(places).astype(np.int64)
            picked = spread_evenly(len(places), most=MOST_LEARNT)
            windows = cut_windows(residual, whole[picked], before=before, after=after)
            if len(whole) > 1 and np.diff(whole).min() < before + after:
                # What the train's own neighbours add must not be learnt as part of the potential.
                windows = windows - _neighbours(potentials[number], scales[number], places, picked)
            windows = moved(windows, whole[picked] - places[picked])
            potentials[number] = _tapered(column_medians(windows).astype(np.float32), own[number])
            scales[number] = _scales(residual, potentials[number], places, before)
            _add(residual, potentials[number], -scales[number], places, before)
    return Peeled(potentials, scales, residual)


def peel_known(
    signal: NDArray[np.float32],
    positions: Sequence[NDArray[np.float64]],
    *,
    potentials: Sequence[NDArray[np.float32]],
    before: int,
) -> Peeled:
    """Subtract all discharges of trains whose potentials are known; the potentials follow slow drift.

    Parameters
    ----------
    signal : ndarray of float32, shape (n_samples,)
    positions : sequence of ndarray
        See ``peel``.
    potentials : sequence of ndarray of float32, shape (n_window,)
    before : int
        Samples of a potential before its discharge.

    Returns
    -------
    Peeled

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.peel import peel_known
    >>> signal, wave = np.zeros(1000, np.float32), np.hanning(60).astype(np.float32)
    >>> signal[90:150] += 0.8 * wave
    >>> found = peel_known(signal, [np.array([100.0])], potentials=[wave], before=10)
    >>> round(float(found.scales[0][0]), 2), bool(np.abs(found.residual).max() < 0.01)
    (0.8, True)
    """
    residual = signal.copy()
    followed, sizes = [], []
    for potential, places in zip(potentials, positions, strict=True):
        scales = _scales(residual, potential, places, before)
        _add(residual, potential, -scales, places, before)
        sizes.append(scales)
    for potential, places, scales in zip(potentials, positions, sizes, strict=True):
        picked = spread_evenly(len(places), most=MOST_FOLLOWED)
        whole = np.floor(places[picked]).astype(np.int64)
        if len(picked) < MOST_FOLLOWED:
            followed.append(potential)
            continue
        # What drifted is small and slow: between two samples it is straight.
        windows = cut_windows(residual, whole, before=before, after=len(potential) - before + 1)
        part = (places[picked] - whole).astype(np.float32)[:, None]
        change = column_medians(windows[:, :-1] + part * (windows[:, 1:] - windows[:, :-1]))
        change[potential == 0] = 0
        followed.append(median(scales) * potential + change)
    return Peeled(followed, sizes, residual)


def _neighbours(
    potential: NDArray[np.float32],
    scales: NDArray[np.float32],
    places: NDArray[np.float64],
    picked: NDArray[np.int64],
) -> NDArray[np.float32]:
    # In the window of each picked discharge: the other discharges of the same train.
    size = len(potential)
    found = np.zeros((len(picked), size), np.float32)
    for step in range(1, 12):
        near = False
        for other in (picked - step, picked + step):
            inside = (other >= 0) & (other < len(places))
            gap = np.where(inside, places[np.clip(other, 0, len(places) - 1)] - places[picked], np.inf)
            for row in np.flatnonzero(np.abs(gap) < size):
                shift = round(float(gap[row]))
                low, high = max(shift, 0), min(size + shift, size)
                found[row, low:high] += scales[other[row]] * potential[low - shift : high - shift]
                near = True
        if not near:
            break
    return found


def _add(
    signal: NDArray[np.float32],
    potential: NDArray[np.float32],
    scales: NDArray[np.float32],
    places: NDArray[np.float64],
    before: int,
) -> None:
    # Discharges whose windows do not overlap are added together.
    size = len(potential)
    whole = np.floor(places).astype(np.int64)
    groups = 1
    while groups < len(whole) and (whole[groups:] - whole[:-groups]).min() < size:
        groups += 1
    parts = shifted(potential[None])[0]
    shift = np.minimum(((places - whole) * SHIFTS).astype(np.int64), SHIFTS - 1)
    for first in range(groups):
        mine = slice(first, None, groups)
        add_windows(signal, whole[mine] - before, windows=parts[shift[mine]] * scales[mine, None])


def moved(windows: NDArray[np.floating], shifts: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return every window moved later by so many samples, to a fraction.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.peel import moved
    >>> wave = np.exp(-np.square(np.arange(40) - 20.0) / 8)
    >>> later = moved(wave[None], np.array([1.5]))[0]
    >>> bool(np.allclose(later, np.exp(-np.square(np.arange(40) - 21.5) / 8), atol=1e-4))
    True
    """
    size = windows.shape[1]
    spectrum = np.fft.rfft(windows, n=2 * size, axis=1) * _turns(np.asarray(shifts), size + 1)
    return np.asarray(np.fft.irfft(spectrum, n=2 * size, axis=1)[:, :size], np.float32)


def shifted(templates: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return every template moved later by 0, 1/8, 2/8, ... of a sample, shape (n_templates, 8, size)."""
    size = templates.shape[1]
    spectrum = np.fft.rfft(templates, n=2 * size, axis=1)[:, None] * _even_turns(size + 1)
    return np.asarray(np.fft.irfft(spectrum, n=2 * size, axis=2)[:, :, :size], np.float32)


@lru_cache(maxsize=8)
def _even_turns(count: int) -> NDArray[np.complex128]:
    return _turns(np.arange(SHIFTS) / SHIFTS, count)


def _turns(shifts: NDArray[np.float64], count: int) -> NDArray[np.complex128]:
    # Of the frequencies 0, 1, 2, ... by each shift: few of them multiplied, because sines cost more.
    step = -np.pi / (count - 1) * shifts[:, None]
    coarse, fine = (_turned(step * each) for each in (np.arange(0, count, FINE), np.arange(FINE)))
    turns = (coarse[:, :, None] * fine[:, None]).reshape(len(shifts), coarse.shape[1] * FINE)
    return np.asarray(turns[:, :count])


def _turned(angles: NDArray[np.float64]) -> NDArray[np.complex128]:
    turned = np.empty(angles.shape, np.complex128)  # much sooner than the exponential of a complex number
    np.cos(angles, out=turned.real)
    np.sin(angles, out=turned.imag)
    return turned


def cut_at(
    signal: NDArray[np.floating], places: NDArray[np.float64], *, before: int, after: int
) -> NDArray[np.float32]:
    """Cut one window for each place, to a fraction of a sample.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.peel import cut_at
    >>> signal = np.exp(-np.square(np.arange(100) - 50.25) / 8)
    >>> window = cut_at(signal, np.array([50.25]), before=20, after=21)[0]
    >>> int(window.argmax()), round(float(window.max()), 3)
    (20, 1.0)
    """
    whole = np.floor(places).astype(np.int64)
    return moved(cut_windows(signal, whole, before=before, after=after), whole - places)


def add_windows(signal: NDArray[np.float32], starts: NDArray[np.int64], *, windows: NDArray[np.floating]) -> None:
    """Add windows that do not overlap to a signal in place; what reaches beyond its ends is cut off.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.peel import add_windows
    >>> signal = np.zeros(6, np.float32)
    >>> add_windows(signal, np.array([0, 4]), windows=np.ones((2, 3)))
    >>> signal
    array([1., 1., 1., 0., 1., 1.], dtype=float32)
    """
    size = windows.shape[1]
    if len(starts) == 0:
        return
    if starts.min() >= 0 and starts.max() <= len(signal) - size:
        windows_of(signal, size)[starts] += windows
        return
    inside = (starts >= 0) & (starts <= len(signal) - size)
    add_windows(signal, starts[inside], windows=windows[inside])
    for start, window in zip(starts[~inside], windows[~inside], strict=True):
        low, high = max(start, 0), min(start + size, len(signal))
        if low < high:
            signal[low:high] += window[low - start : high - start]


def _own_part(places: NDArray[np.float64], before: int, after: int) -> slice:
    # In a fast train the next discharge begins before the window ends; which of the two owns a tail, nobody knows.
    if len(places) < 2:
        return slice(0, before + after)
    interval = median(np.diff(places))
    return slice(max(before - int(OWN_BEFORE * interval), 0), min(before + int(OWN_AFTER * interval), before + after))


def _tapered(potential: NDArray[np.float32], own: slice) -> NDArray[np.float32]:
    part = potential[own].copy()
    edge = max(len(part) // 12, 1)
    ramp = (np.arange(edge, dtype=np.float32) + 0.5) / edge
    part[:edge] *= ramp
    part[-edge:] *= ramp[::-1]
    potential[:] = 0
    potential[own] = part
    return potential


def _scales(
    signal: NDArray[np.float32], potential: NDArray[np.float32], places: NDArray[np.float64], before: int
) -> NDArray[np.float32]:
    energy = float(np.square(potential).sum())
    if energy == 0:
        return np.ones(len(places), np.float32)
    windows = cut_windows(signal, np.round(places).astype(np.int64), before=before, after=len(potential) - before)
    return np.asarray(np.clip(windows @ potential / energy, *SCALE_LIMITS), np.float32)
