"""Group spikes by shape into templates, whatever their polarity and small shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SPIKES = 1200  # clustered; templates find the rest. Memory and time grow with the square


def cut_windows(
    signal: NDArray[np.floating], positions: NDArray[np.integer], *, before: int, after: int
) -> NDArray[np.float64]:
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
    index = positions[:, None] + np.arange(-before, after)
    return np.asarray(signal[np.clip(index, 0, len(signal) - 1)], dtype=np.float64)


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
    ``tolerance`` of their energy. Groups come from average linkage cut at that limit.

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
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - loaded when spikes are there to sort

    picked = positions[np.unique(np.linspace(0, len(positions) - 1, min(len(positions), MAX_SPIKES)).astype(int))]
    windows = cut_windows(signal, picked, before=half_window + max_lag, after=half_window + max_lag)
    distance = _shift_distance(windows, noise_uv, max_lag, tolerance)
    groups = fcluster(linkage(distance[np.triu_indices(len(picked), 1)], "average"), 1.0, "distance")
    templates = [
        _aligned_median(windows[groups == group], max_lag)
        for group in np.unique(groups)
        if (groups == group).sum() >= min_spikes
    ]
    return sorted(templates, key=lambda template: -float(np.square(template).sum()))


def _shift_distance(
    windows: NDArray[np.float64], noise_uv: float, max_lag: int, tolerance: float
) -> NDArray[np.float64]:
    size = windows.shape[1] - 2 * max_lag
    core = windows[:, max_lag : max_lag + size]
    energy = np.square(core).sum(axis=1)
    best = np.full((len(windows), len(windows)), np.inf)
    for lag in range(2 * max_lag + 1):
        shifted = windows[:, lag : lag + size]
        np.minimum(best, energy[:, None] + np.square(shifted).sum(axis=1) - 2 * core @ shifted.T, out=best)
    best = np.minimum(best, best.T)
    expected = 2.5 * noise_uv**2 * size  # twice the noise energy, and room for its scatter
    return np.asarray(np.maximum(best, 0) / (expected + tolerance * (energy[:, None] + energy) / 2))


def _aligned_median(windows: NDArray[np.float64], max_lag: int) -> NDArray[np.float64]:
    size = windows.shape[1] - 2 * max_lag
    aligned = windows[:, max_lag : max_lag + size]
    template: NDArray[np.float64] = np.median(aligned, axis=0)
    views = np.lib.stride_tricks.sliding_window_view(windows, size, axis=1)
    for _ in range(3):
        lags = (views @ template).argmax(axis=1)
        template = np.median(views[np.arange(len(windows)), lags], axis=0)
    return template
