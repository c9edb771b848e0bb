"""Spans of a recording that hold no answer (clicks, flat line, clipping, movement), and the hum of the mains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.filters import band_pass, smooth_energy

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAST_HZ = (200.0, 3000.0)  # insertional activity crackles here
BURST_S = 1.0  # a longer dense stretch is activity of its own
MAINS_BLOCK_S = 2.0  # a mains component is fitted anew this often: its size drifts


@dataclass(frozen=True)
class Span:
    """A stretch of time and why it is left out."""

    start_s: float
    stop_s: float
    reason: str


def find_clicks(samples: NDArray[np.floating], *, factor: float) -> NDArray[np.int64]:
    """Return samples that stand alone: far from both neighbours, which agree with each other.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
    factor : float
        How many times the usual sample-to-sample scatter, and the difference of the neighbours, a click exceeds.

    Returns
    -------
    ndarray of int

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.artifacts import find_clicks
    >>> samples = np.sin(np.arange(100) / 5.0)
    >>> samples[40] += 50
    >>> find_clicks(samples, factor=8.0)
    array([40])
    """
    if len(samples) < 5:
        return np.array([], dtype=np.int64)
    values = np.asarray(samples, dtype=np.float64)
    bend = values[2:-2] - (values[1:-3] + values[3:-1]) / 2
    around = np.maximum.reduce(
        [
            np.abs(values[1:-3] - values[3:-1]),
            np.abs(values[0:-4] - values[1:-3]),
            np.abs(values[4:] - values[3:-1]),
        ]
    )
    usual = 1.4826 * np.median(np.abs(bend))
    return np.flatnonzero((np.abs(bend) > factor * usual) & (np.abs(bend) > factor / 2 * around)) + 2


def mend_clicks(samples: NDArray[np.floating], clicks: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return a working copy in which each click has the mean of its neighbours; every click is reported as left out."""
    mended = np.array(samples, dtype=np.float64)
    mended[clicks] = (mended[clicks - 1] + mended[clicks + 1]) / 2
    return mended


def find_constant(samples: NDArray[np.floating], rate_hz: float, *, flat_s: float, clip_s: float) -> list[Span]:
    """Find flat line, and clipping at the ends of the converter's range.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
    rate_hz : float
    flat_s : float
        Unchanged for at least this long is flat.
    clip_s : float
        At the largest or smallest value of the recording for at least this long is clipped.

    Returns
    -------
    list of Span

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.artifacts import find_constant
    >>> samples = np.random.default_rng(0).normal(size=10000)
    >>> samples[2000:6000] = 0.0
    >>> find_constant(samples, 1000.0, flat_s=0.5, clip_s=0.01)
    [Span(start_s=2.0, stop_s=6.0, reason='flat')]
    """
    same = np.diff(np.asarray(samples)) == 0
    lowest, highest = float(np.min(samples)), float(np.max(samples))
    spans = []
    for start, stop in _runs(same):
        length_s = (stop - start + 1) / rate_hz
        extreme = lowest < highest and (samples[start] in {lowest, highest})
        if length_s >= flat_s:
            spans.append(Span(start / rate_hz, (stop + 1) / rate_hz, "flat"))
        elif extreme and stop - start >= 2 and length_s >= clip_s:
            spans.append(Span(start / rate_hz, (stop + 1) / rate_hz, "clipped"))
    return spans


def find_movement(
    samples: NDArray[np.floating],
    rate_hz: float,
    *,
    slow_hz: tuple[float, float],
    factor: float,
    least_uv: float,
    sure_uv: float,
    settle_s: float,
) -> list[Span]:
    """Find needle movement with the insertional activity it provokes, and the time the tissue needs to settle.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Microvolt.
    rate_hz : float
    slow_hz : (low, high)
        Band of the movement.
    factor : float
        Times the usual level, the lower quartile.
    least_uv : float
        Level below which nothing is called movement.
    sure_uv : float
        Level above which it is movement even without a dense burst of fast activity; below, a large slow potential
        alone is not.
    settle_s : float
        Left out after the movement stops.

    Returns
    -------
    list of Span
    """
    step = max(int(rate_hz // (20 * slow_hz[1])), 1)
    slow = band_pass(samples, rate_hz, low_hz=slow_hz[0], high_hz=slow_hz[1], step=step)
    rate = rate_hz / step
    level = np.sqrt(smooth_energy(slow, rate, width_ms=100.0))
    limit = max(factor * float(np.quantile(level, 0.25)), least_uv)
    dense = _dense(samples, rate_hz)
    spans = []
    for start, stop in _runs(level > limit):
        sure = np.max(level[start:stop]) > max(1.5 * limit, sure_uv)
        burst = (stop - start) / rate < BURST_S and dense[start * step : stop * step].mean() > 0.5
        if sure or burst:
            spans.append(Span(start / rate, stop / rate + settle_s, "movement"))
    return spans


def _dense(samples: NDArray[np.floating], rate_hz: float) -> NDArray[np.bool_]:
    fast = band_pass(samples, rate_hz, low_hz=FAST_HZ[0], high_hz=FAST_HZ[1])
    local = np.sqrt(smooth_energy(fast, rate_hz, width_ms=5.0))
    return np.asarray(local > 4 * np.quantile(local[:: max(int(rate_hz // 1000), 1)], 0.2))


def joined(spans: list[Span], *, duration_s: float, gap_s: float) -> list[Span]:
    """Return spans in order, those of one reason joined over gaps shorter than ``gap_s``, cut to the recording.

    Examples
    --------
    >>> from emgkit.signals.artifacts import Span, joined
    >>> joined([Span(2.0, 3.0, "flat"), Span(0.0, 1.9, "flat")], duration_s=2.5, gap_s=0.2)
    [Span(start_s=0.0, stop_s=2.5, reason='flat')]
    """
    merged: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.reason, item.start_s)):
        if merged and merged[-1].reason == span.reason and span.start_s - merged[-1].stop_s <= gap_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].stop_s, span.stop_s), span.reason)
        else:
            merged.append(span)
    cut = [Span(max(span.start_s, 0.0), min(span.stop_s, duration_s), span.reason) for span in merged]
    return sorted(cut, key=lambda item: (item.start_s, item.reason))


def covered_s(spans: list[Span]) -> float:
    """Return the time that the spans cover together, overlaps counted once."""
    total, reached = 0.0, -np.inf
    for span in sorted(spans, key=lambda item: item.start_s):
        total += max(span.stop_s - max(span.start_s, reached), 0.0)
        reached = max(reached, span.stop_s)
    return total


def remove_mains(
    samples: NDArray[np.floating], rate_hz: float, *, mains_hz: tuple[float, ...], harmonics: int, least_uv: float
) -> tuple[NDArray[np.float64], float]:
    """Subtract fitted sinusoids at the mains frequency and its harmonics, where there is hum at all.

    A notch filter rings after every discharge; a fitted sinusoid cannot. The exact frequency is searched within half a
    hertz of the nominal one; sizes are fitted anew every two seconds, on samples clipped so that discharges weigh
    little.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Microvolt.
    rate_hz : float
    mains_hz : tuple of float
        Nominal frequencies to try.
    harmonics : int
    least_uv : float
        Amplitude of the fundamental below which nothing is subtracted.

    Returns
    -------
    cleaned : ndarray of shape (n_samples,)
    amplitude_uv : float
        Of the fundamental that was removed; 0.0 when none was.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.artifacts import remove_mains
    >>> hum = 20 * np.sin(2 * np.pi * 50.02 * np.arange(40000) / 10000)
    >>> cleaned, amplitude_uv = remove_mains(hum, 10000.0, mains_hz=(50.0, 60.0), harmonics=5, least_uv=3.0)
    >>> bool(abs(amplitude_uv - 20) < 1), bool(np.abs(cleaned[1000:-1000]).max() < 1)
    (True, True)
    """
    values = np.asarray(samples, dtype=np.float64)
    limit = 4 * 1.4826 * np.median(np.abs(values - np.median(values))) + 1e-9
    clipped = np.clip(values - np.median(values), -limit, limit)
    frequency_hz, amplitude_uv = max(
        (_strongest(clipped, rate_hz, nominal) for nominal in mains_hz), key=lambda found: found[1]
    )
    if amplitude_uv < least_uv:
        return values, 0.0
    orders = np.arange(1, harmonics + 1)
    orders = orders[orders * frequency_hz < 0.45 * rate_hz]
    cleaned = values.copy()
    block = max(int(MAINS_BLOCK_S * rate_hz), 1)
    edges = np.arange(0, max(len(values) - block // 2, 1), block)
    for start, stop in zip(edges, [*edges[1:], len(values)], strict=True):
        phase = 2 * np.pi * frequency_hz / rate_hz * np.arange(start, stop)[:, None] * orders
        waves = np.hstack([np.cos(phase), np.sin(phase)])
        size, *_ = np.linalg.lstsq(waves, clipped[start:stop], rcond=None)
        cleaned[start:stop] -= waves @ size
    return cleaned, amplitude_uv


def _strongest(values: NDArray[np.float64], rate_hz: float, nominal_hz: float) -> tuple[float, float]:
    step = max(int(rate_hz // (8 * nominal_hz)), 1)
    thinned = values[: len(values) // step * step].reshape(-1, step).mean(axis=1)
    window = np.hanning(len(thinned))
    trial_hz = nominal_hz + np.linspace(-0.5, 0.5, 101)
    time_s = np.arange(len(thinned)) * step / rate_hz
    power = np.abs(np.exp(-2j * np.pi * trial_hz[:, None] * time_s) @ (thinned * window)) / window.sum() * 2
    beside_hz = nominal_hz + np.array([-4.0, -3.0, 3.0, 4.0])
    beside = np.abs(np.exp(-2j * np.pi * beside_hz[:, None] * time_s) @ (thinned * window)) / window.sum() * 2
    best = int(power.argmax())
    return float(trial_hz[best]), float(power[best]) if power[best] > 4 * beside.max() else 0.0


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
