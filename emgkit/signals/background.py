"""What lies between the discharges: dense activity that no unit explains, and skewed noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.counting import covered
from emgkit.signals.detect import smooth_energy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

DENSE_S = 0.002
SILENT_SHARE = 3.0  # activity in less than a third of the time is an exception
EVENT_LEAD_MS = 5.0  # cut out before a discharge
SPIKES, POTENTIAL_S = 3, 0.008  # of one potential, and how far they lie around its discharge
OFTEN = 5  # discharges that show how many spikes a potential has


class Skewed(NamedTuple):
    """A stretch of skewed noise.

    Parameters
    ----------
    start_s, stop_s : float
    level_uv : float
        Root mean square.
    large_uv : float
        Fourth root of the mean fourth power, to which the larger potentials of the noise give more.
    """

    start_s: float
    stop_s: float
    level_uv: float
    large_uv: float


def find_dense(
    band: SortedBand, *, threshold: float, block_s: float, fill: float, unexplained: float
) -> list[tuple[float, float]]:
    """Find stretches that are full of activity which the units do not explain.

    Parameters
    ----------
    band : SortedBand
    threshold : float
        Root of local energy over noise that counts as activity.
    block_s : float
    fill : float
        Share of a block that is active.
    unexplained : float
        Share of the energy over the noise that is left in the residual.

    Returns
    -------
    list of (start_s, stop_s)

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.background import find_dense
    >>> signal = np.random.default_rng(0).normal(0, 2, 40000)
    >>> signal[20000:30000] *= 20
    >>> band = SimpleNamespace(signal=signal, residual=signal, rate_hz=10000.0, start_s=0.0, noise_uv=2.0)
    >>> find_dense(band, threshold=3.0, block_s=1.0, fill=0.5, unexplained=0.5)
    [(2.0, 3.0)]
    """
    size = max(int(block_s * band.rate_hz), 1)
    n_blocks = len(band.residual) // size
    if n_blocks == 0 or band.noise_uv <= 0:
        return []
    blocks = slice(0, n_blocks * size)
    noise = band.noise_uv**2
    total, left = (
        np.einsum("ij,ij->i", each, each) / size - noise
        for each in (signal[blocks].reshape(n_blocks, size) for signal in (band.signal, band.residual))
    )
    dense = left > unexplained * np.maximum(total, noise)
    if not dense.any():
        return []  # most often, and what follows takes longer
    local = smooth_energy(band.signal, width=max(round(DENSE_S * band.rate_hz), 1))
    dense &= (np.sqrt(local) > threshold * band.noise_uv)[blocks].reshape(n_blocks, size).mean(axis=1) > fill
    starts_s = band.start_s + block_s * np.flatnonzero(dense)
    return [(float(start_s), float(start_s + block_s)) for start_s in starts_s]


def find_bursts(
    times_s: NDArray[np.float64], *, window_s: float, fewest: int, excess: float, longest_s: float
) -> list[tuple[float, float]]:
    """Find short crowds of spikes, far more than the usual rate explains, as a moving needle provokes them.

    Parameters
    ----------
    times_s : ndarray of shape (n_spikes,)
        Ascending, of all units and none.
    window_s : float
    fewest : int
        Spikes in a window that make a crowd.
    excess : float
        Standard deviations (Poisson) over the usual number.
    longest_s : float
        A longer crowd is activity of its own.

    Returns
    -------
    list of (start_s, stop_s)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.background import find_bursts
    >>> times = np.sort(np.concatenate([np.arange(0, 10, 0.15), 4 + np.arange(30) * 0.005]))
    >>> [(start, stop)] = find_bursts(times, window_s=0.06, fewest=10, excess=6.0, longest_s=0.5)
    >>> bool(abs(start - 4) < 0.02), bool(abs(stop - 4.15) < 0.02)
    (True, True)
    """
    if len(times_s) < fewest:
        return []
    inside = np.searchsorted(times_s, times_s + window_s, side="right") - np.arange(len(times_s))
    # The usual number is counted where there is anything at all, so that a long silent stretch does not make the rest a
    # crowd, unless nearly everything is silent.
    counts = np.bincount(((times_s - times_s[0]) / window_s).astype(int))
    usual = float(min(counts[counts > 0].mean(), SILENT_SHARE * counts.mean()))
    crowded = np.flatnonzero(inside >= max(fewest, usual + excess * np.sqrt(usual)))
    found: list[tuple[float, float]] = []
    for index in crowded:
        start, stop = float(times_s[index]), float(times_s[index + inside[index] - 1])
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return [(start, stop) for start, stop in found if stop - start <= longest_s]


def counted_once(times_s: NDArray[np.float64], trains_s: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the spikes with those of each polyphasic potential counted as one.

    Parameters
    ----------
    times_s : ndarray of shape (n_spikes,)
        Ascending, of all units and none.
    trains_s : sequence of ndarray
        Discharges of every train.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.background import counted_once
    >>> train_s, other_s = np.arange(1, 9) / 4, np.array([0.1, 0.9])
    >>> spikes_s = np.concatenate([train_s - 0.003, train_s, train_s + 0.003, other_s])
    >>> len(counted_once(np.sort(spikes_s), [train_s]))
    10
    """
    inner, discharges = np.zeros(len(times_s), dtype=bool), []
    for train_s in trains_s:
        first, last = (np.searchsorted(times_s, train_s + way * POTENTIAL_S) for way in (-1, 1))
        if len(train_s) >= OFTEN and np.median(last - first) >= SPIKES:
            inner |= covered(first, last, size=len(times_s))
            discharges.append(train_s)
    return np.sort(np.concatenate([times_s[~inner], *discharges]))


def find_skewed(
    slow: NDArray[np.floating],
    rate_hz: float,
    *,
    start_s: float,
    events: Sequence[tuple[float, float]] | NDArray[np.float64],
    block_s: float,
    limit: float,
    peakedness: float,
    least_uv: float,
    least_lean_uv: float = np.inf,
) -> list[Skewed]:
    """Find stretches whose noise leans to the negative side, as a shower of small negative potentials does.

    Parameters
    ----------
    slow : ndarray of shape (n_samples,)
        Microvolt, band-passed so that one-sided kernels of 0.5 to 3 ms stay one-sided.
    rate_hz : float
    start_s : float
        Time of the first sample.
    events : sequence of (time_s, length_ms)
        Discharges with their duration, which are not part of the noise.
    block_s : float
    limit : float
        Skewness below which a block is reported.
    peakedness : float
        Kurtosis from which it is not: a shower is dense, and what stands out so far is left of discharges.
    least_uv : float
        Root mean square from which it is.
    least_lean_uv : float
        Root mean square times skewness from which it is too: a sparse shower leans more than it adds.

    Returns
    -------
    list of Skewed
        Neighbouring blocks joined, each level that of the loudest.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.background import find_skewed
    >>> noise = np.random.default_rng(0).normal(0, 2, 30000)
    >>> find_skewed(noise, 10000.0, start_s=0.0, events=[], block_s=1.0, limit=-0.3, peakedness=20.0, least_uv=0.0)
    []
    """
    noise, rate = slow, rate_hz
    quiet = noise != 0
    if len(events):
        time_s, length_ms = np.array(events, dtype=float).T
        starts = np.trunc((time_s - start_s - EVENT_LEAD_MS / 1000) * rate).astype(np.int64)
        stops = np.trunc((time_s - start_s + length_ms / 1000) * rate).astype(np.int64) + 1
        starts, stops = (np.clip(each, 0, len(noise)) for each in (starts, np.maximum(stops, starts)))
        quiet &= ~covered(starts, stops, size=len(noise))
    size = int(block_s * rate)
    blocks = [
        Skewed(start_s + number * size / rate, start_s + (number + 1) * size / rate, level_uv, large_uv)
        for number, level_uv, large_uv, lean_uv in _leaning(noise, quiet, size, limit, peakedness)
        if level_uv >= least_uv or lean_uv >= least_lean_uv
    ]
    return joined_noise(blocks, gap_s=1e-9)


def joined_noise(spans: Sequence[Skewed], *, gap_s: float) -> list[Skewed]:
    """Return stretches of noise in which those less than a gap apart are one, as loud as the loudest."""
    found: list[Skewed] = []
    for span in spans:
        if found and span.start_s - found[-1].stop_s < gap_s:
            start_s, _, level_uv, large_uv = found[-1]
            found[-1] = Skewed(start_s, span.stop_s, max(level_uv, span.level_uv), max(large_uv, span.large_uv))
        else:
            found.append(span)
    return found


def _leaning(
    noise: NDArray[np.floating], quiet: NDArray[np.bool_], size: int, limit: float, peakedness: float
) -> list[tuple[int, float, float, float]]:
    # Number, levels and lean of the blocks of so many samples whose quiet ones lean; all at once, from their moments.
    n_blocks = len(noise) // size
    flags = quiet[: n_blocks * size].reshape(n_blocks, size)
    part = noise[: n_blocks * size].reshape(n_blocks, size) * flags
    count = np.count_nonzero(flags, axis=1)
    enough = np.maximum(count, 1)
    square = part * part
    powers = (part, square, square * part, square * square)
    mean, second, third, fourth = (each.sum(axis=1).astype(np.float64) / enough for each in powers)
    variance = second - mean * mean
    used = (count >= size // 4) & (variance > 0)
    level = np.sqrt(np.where(used, variance, 1.0))
    skewness = (third - 3 * mean * second + 2 * mean**3) / level**3
    kurtosis = (fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4) / level**4
    leaning = np.flatnonzero(used & (skewness <= limit) & (kurtosis < peakedness))
    large = level * np.maximum(kurtosis, 0) ** 0.25
    levels = (each[leaning].tolist() for each in (level, large, -level * skewness))
    return list(zip(leaning.tolist(), *levels, strict=True))
