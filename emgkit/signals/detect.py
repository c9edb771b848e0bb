"""Spikes over the noise floor, each at one point that does not depend on polarity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.filters import smooth_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray


def find_spikes(
    filtered: NDArray[np.floating],
    rate_hz: float,
    *,
    noise_uv: float | NDArray[np.floating],
    threshold: float,
    width_ms: float,
    separation_ms: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the peaks of the local energy that rise over the noise.

    The peak of the smoothed energy is a fixed point of a spike whatever its sign: the largest deflection flips between
    two phases of nearly the same size and would split one train in two.

    Parameters
    ----------
    filtered : ndarray of shape (n_samples,)
        Band-passed microvolt.
    rate_hz : float
    noise_uv : float or ndarray of shape (n_samples,)
        Standard deviation of what may be expected without a spike.
    threshold : float
        Root of the local energy over the noise.
    width_ms : float
        Half base of the triangular window of the local energy.
    separation_ms : float
        The largest peak within this distance stands for all.

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
    >>> peaks, _ = find_spikes(signal, 10000.0, noise_uv=1.0, threshold=3.0, width_ms=0.6, separation_ms=2.0)
    >>> bool(abs(peaks[0] - 5005) < 3), len(peaks)
    (True, 1)
    """
    ratio = np.sqrt(smooth_energy(filtered, rate_hz, width_ms=width_ms)) / np.maximum(noise_uv, 1e-9)
    inner = ratio[1:-1]
    peaks = np.flatnonzero((inner >= ratio[:-2]) & (inner > ratio[2:]) & (inner > threshold)) + 1
    kept = keep_largest(peaks, ratio[peaks], separation=separation_ms * rate_hz / 1000)
    return peaks[kept], ratio[peaks[kept]]


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
    alive = np.ones(len(positions), dtype=bool)
    for index in np.argsort(-heights, kind="stable"):
        if not alive[index]:
            continue
        low = np.searchsorted(positions, positions[index] - separation, side="right")
        high = np.searchsorted(positions, positions[index] + separation, side="left")
        alive[low:high] = False
        alive[index] = True
    return np.flatnonzero(alive)
