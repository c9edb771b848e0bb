"""Spans of a recording that hold no answer, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.detect import smooth_energy
from emgkit.signals.faults import runs_of
from emgkit.signals.filters import band_pass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SMOOTH_S = 0.1  # movement is slow
BURST_S = 1.0  # a longer dense stretch is activity of its own
DENSE = 4.0  # times the quiet level of the fast band
QUIET_QUANTILE = 0.2
THIN = 4  # every 4th value of a smoothed level tells as much as all


@dataclass(frozen=True)
class Span:
    """A stretch of time and why it is left out."""

    start_s: float
    stop_s: float
    reason: str


@dataclass(frozen=True)
class MovementLimits:
    """What counts as needle movement.

    Parameters
    ----------
    low_hz, high_hz : float
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
    """

    low_hz: float
    high_hz: float
    factor: float
    least_uv: float
    sure_uv: float
    settle_s: float


def find_movement(
    trend: NDArray[np.floating], fast: NDArray[np.floating], *, rate_hz: float, start_s: float, limits: MovementLimits
) -> list[Span]:
    """Find needle movement with the insertional activity it provokes, and the time the tissue needs to settle.

    Parameters
    ----------
    trend : ndarray of shape (n,)
        Microvolt at a low rate.
    fast : ndarray of shape (n * k,)
        The fast band over the same time.
    rate_hz : float
        Of the trend.
    start_s : float
        Time of the first sample.
    limits : MovementLimits

    Returns
    -------
    list of Span

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.artifacts import MovementLimits, find_movement
    >>> trend = np.zeros(3000)
    >>> trend[1500:1600] = 800 * np.sin(np.linspace(0, 2 * np.pi, 100))
    >>> limits = MovementLimits(2.0, 40.0, factor=4.0, least_uv=20.0, sure_uv=100.0, settle_s=0.5)
    >>> [span] = find_movement(trend, np.zeros(30000), rate_hz=500.0, start_s=0.0, limits=limits)
    >>> span.reason, bool(span.start_s <= 3.0), bool(span.stop_s >= 3.7)
    ('movement', True, True)
    """
    slow = band_pass(trend, rate_hz, low_hz=limits.low_hz, high_hz=limits.high_hz)
    level = np.sqrt(smooth_energy(slow, width=max(round(SMOOTH_S * rate_hz), 1)))
    limit = max(limits.factor * float(np.quantile(level[::THIN], 0.25)), limits.least_uv)
    spans = []
    runs = runs_of(level > limit)
    dense = _dense(fast, len(trend)) if runs else np.zeros(0, dtype=bool)
    for start, stop in runs:
        sure = np.max(level[start:stop]) > max(1.5 * limit, limits.sure_uv)
        burst = (stop - start) / rate_hz < BURST_S and dense[start:stop].mean() > 0.5
        if sure or burst:
            spans.append(Span(start_s + start / rate_hz, start_s + stop / rate_hz + limits.settle_s, "movement"))
    return spans


def _dense(fast: NDArray[np.floating], n_blocks: int) -> NDArray[np.bool_]:
    size = len(fast) // n_blocks
    blocks = fast[: n_blocks * size].reshape(n_blocks, size)
    level = np.sqrt(np.einsum("ij,ij->i", blocks, blocks) / size)
    smooth = (level + np.roll(level, 1) + np.roll(level, -1)) / 3
    return np.asarray(smooth > DENSE * np.quantile(smooth[::THIN], QUIET_QUANTILE))


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


def covered_s(spans: Sequence[Span]) -> float:
    """Return the time that the spans cover together, overlaps counted once.

    Examples
    --------
    >>> from emgkit.signals.artifacts import Span, covered_s
    >>> covered_s([Span(0.0, 2.0, "flat"), Span(1.0, 3.0, "movement"), Span(5.0, 6.0, "flat")])
    4.0
    """
    total, reached = 0.0, -np.inf
    for span in sorted(spans, key=lambda item: item.start_s):
        total += max(span.stop_s - max(span.start_s, reached), 0.0)
        reached = max(reached, span.stop_s)
    return total
