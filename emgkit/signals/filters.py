"""Zero-phase band-pass filtering in blocks.

Zero-phase filtered data may time events, never shape them: it flips initial deflections. Waveforms are measured on
averages of the unfiltered samples (see ``waveform``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.model.recording import Samples

BLOCK = 2**17  # samples a block: large enough that the margins cost little, small enough to stay in the cache
MARGIN_S = 0.3  # the response to an impulse has died out within this time for edges of 20 Hz and more,
MARGIN_CYCLES = 8.0  # and within so many cycles of the lower edge


def band_pass(samples: Samples, rate_hz: float, *, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Return the samples band-passed without phase shift.

    The gain is that of a second-order Butterworth band-pass applied forwards and backwards. Blocks lie on a grid that
    starts at sample 0, so the result does not depend on how the samples are stored.

    Parameters
    ----------
    samples : array-like of shape (n_samples,)
        Microvolt; only slices are read.
    rate_hz : float
        Sampling rate.
    low_hz, high_hz : float
        Edges (half power of one pass). The upper edge is lowered to 0.45 of the rate when it lies above.

    Returns
    -------
    ndarray of shape (n_samples,)
        Microvolt.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.filters import band_pass
    >>> time_s = np.arange(20000) / 10000
    >>> inside, outside = np.sin(2 * np.pi * 500 * time_s), np.sin(2 * np.pi * 5 * time_s)
    >>> filtered = band_pass(inside + outside, 10000.0, low_hz=100.0, high_hz=2000.0)
    >>> bool(abs(filtered[5000:15000].std() / inside.std() - 1) < 0.01)
    True
    """
    n_samples = len(samples)
    margin = int(np.ceil(min(MARGIN_S, MARGIN_CYCLES / low_hz) * rate_hz))
    least = _quick_size(n_samples + 2 * margin)  # a short signal is one block
    own = max(min(BLOCK, least) - 2 * margin, margin)
    gain = _gain(own + 2 * margin, rate_hz, low_hz, min(high_hz, 0.45 * rate_hz))
    filtered = np.empty(n_samples)
    for start in range(0, n_samples, own):
        stop = min(start + own, n_samples)
        block = _padded(samples, start - margin, start + own + margin)
        whole = np.fft.irfft(np.fft.rfft(block) * gain, n=len(block))
        filtered[start:stop] = whole[margin : margin + stop - start]
    return filtered


def _quick_size(least: int) -> int:
    # A power of two, or three quarters of one.
    power: int = 2 ** int(np.ceil(np.log2(least)))
    return 3 * power // 4 if 3 * power // 4 >= least else power


@lru_cache(maxsize=4)  # of many short waves it is the same
def _gain(size: int, rate_hz: float, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    frequency_hz = np.fft.rfftfreq(size, 1 / rate_hz)
    with np.errstate(divide="ignore"):
        return np.asarray(1 / (1 + (low_hz / frequency_hz) ** 4) / (1 + (frequency_hz / high_hz) ** 4))


def _padded(samples: Samples, start: int, stop: int) -> NDArray[np.float64]:
    inner = np.asarray(samples[max(start, 0) : min(stop, len(samples))], dtype=np.float64)
    return np.pad(inner, (max(-start, 0), max(stop - len(samples), 0)), mode="edge")
