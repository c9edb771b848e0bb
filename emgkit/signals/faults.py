"""Faults of single samples: flat line, clipping and one-sample clicks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.medians import median
from emgkit.signals.noise import MAD_TO_SD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ENOUGH = 4096  # samples that tell the usual scatter
COARSE = 4  # samples of a block that tell whether all may be equal
ALMOST = 0.999  # that rounding loses no click before it is looked at closely
BLOCK = 2**16  # samples looked at together, so that temporary arrays stay in the cache


@dataclass(frozen=True)
class FaultLimits:
    """What counts as a fault.

    Parameters
    ----------
    click_factor : float
        How many times the usual sample-to-sample scatter a click exceeds, and half as many times its neighbours.
    flat_s : float
        Unchanged for at least this long is flat.
    clip_s : float
        At the largest or smallest value of the recording for at least this long is clipped.
    """

    click_factor: float
    flat_s: float
    clip_s: float


@dataclass(frozen=True, eq=False)
class Faults:
    """Faults of one piece of a recording, in samples of the recording.

    Parameters
    ----------
    clicks : ndarray of int
    flat : list of (start, stop)
    extreme : list of (value, start, stop)
        Runs at the largest or smallest value of the piece.
    lowest, highest : float
    """

    clicks: NDArray[np.int64]
    flat: list[tuple[int, int]]
    extreme: list[tuple[float, int, int]]
    lowest: float
    highest: float

    def clipped(self) -> list[tuple[int, int]]:
        """Return the runs at the largest or smallest value of all."""
        if self.lowest == self.highest:
            return []
        return [(start, stop) for value, start, stop in self.extreme if value in {self.lowest, self.highest}]


def join_faults(pieces: Sequence[Faults]) -> Faults:
    """Return the faults of a recording from those of its pieces, which may overlap.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.faults import Faults, join_faults
    >>> first = Faults(np.array([40]), [(10, 20)], [], lowest=-5.0, highest=4.0)
    >>> second = Faults(np.array([40, 90]), [], [(9.0, 60, 80)], lowest=-3.0, highest=9.0)
    >>> joined = join_faults([first, second])
    >>> joined.clicks, joined.flat, joined.clipped()
    (array([40, 90]), [(10, 20)], [(60, 80)])
    """
    return Faults(
        clicks=np.unique(np.concatenate([piece.clicks for piece in pieces])),
        flat=[run for piece in pieces for run in piece.flat],
        extreme=[run for piece in pieces for run in piece.extreme],
        lowest=min(piece.lowest for piece in pieces),
        highest=max(piece.highest for piece in pieces),
    )


def find_faults(samples: NDArray[np.floating], rate_hz: float, *, start: int, limits: FaultLimits) -> Faults:
    """Find the faults of one piece.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
    rate_hz : float
    start : int
        Number of the first sample in the recording.
    limits : FaultLimits

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.faults import FaultLimits, find_faults
    >>> samples = np.sin(np.arange(1000) / 5.0)
    >>> samples[40] += 50
    >>> samples[500:700] = 0
    >>> found = find_faults(samples, 1000.0, start=0, limits=FaultLimits(8.0, flat_s=0.1, clip_s=0.01))
    >>> found.clicks, found.flat
    (array([40]), [(500, 700)])
    """
    limit = _click_limit(samples, limits.click_factor)
    lows, highs, far = [], [], [np.empty(0, np.int64)]
    for first in range(0, len(samples), BLOCK):  # all that is asked of a block while it is in the cache
        block = samples[first : first + BLOCK]
        lows.append(float(block.min()))
        highs.append(float(block.max()))
        far.append(_far(samples, first, limit, limits.click_factor))
    shortest = max(int(limits.clip_s * rate_hz), 3)
    return Faults(
        clicks=start + _clicks(samples, np.concatenate(far), limits.click_factor),
        flat=[(start + first, start + stop) for first, stop in _flat(samples, int(limits.flat_s * rate_hz))],
        extreme=[
            (value, start + first, start + stop)
            for value, ends in ((min(lows), lows), (max(highs), highs))
            for first, stop in _runs_at_end(samples, value, ends, shortest)
        ],
        lowest=min(lows),
        highest=max(highs),
    )


def mend_clicks(samples: NDArray[np.floating], clicks: NDArray[np.integer]) -> NDArray[np.floating]:
    """Return samples in which each click has the mean of its neighbours; every click is reported as left out.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.faults import mend_clicks
    >>> mend_clicks(np.array([1.0, 2.0, 99.0, 4.0]), np.array([2]))
    array([1., 2., 3., 4.])
    """
    if len(clicks) == 0:
        return samples
    inner = clicks[(clicks > 0) & (clicks < len(samples) - 1)]
    mended = samples.copy()
    mended[inner] = (samples[inner - 1] + samples[inner + 1]) / 2
    return mended


def runs_of(flags: NDArray[np.bool_], *, shortest: int = 1) -> list[tuple[int, int]]:
    """Return (start, stop) of every run of true flags that is at least so long.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.faults import runs_of
    >>> runs_of(np.array([0, 1, 1, 0, 1], dtype=bool), shortest=2)
    [(1, 3)]
    """
    return _runs_at(np.flatnonzero(flags), shortest)


def _runs_at(places: NDArray[np.int64], shortest: int) -> list[tuple[int, int]]:
    if len(places) < shortest:
        return []
    last = np.flatnonzero(np.diff(places, append=places[-1] + 2) > 1)
    first = np.concatenate([[0], last[:-1] + 1])
    long = last - first >= shortest - 1
    return list(zip(places[first[long]].tolist(), (places[last[long]] + 1).tolist(), strict=True))


def _runs_at_end(
    samples: NDArray[np.floating], value: float, ends: Sequence[float], shortest: int
) -> list[tuple[int, int]]:
    # Only blocks whose smallest or largest value it is can hold the value.
    firsts = [BLOCK * number for number, end in enumerate(ends) if end == value]
    places = [first + np.flatnonzero(samples[first : first + BLOCK] == value) for first in firsts]
    return _runs_at(np.concatenate(places), shortest)


def _click_limit(samples: NDArray[np.floating], factor: float) -> float:
    thin = max(len(samples) // ENOUGH, 1)
    bend = samples[2:-2:thin] - (samples[1:-3:thin] + samples[3:-1:thin]) / 2
    return factor * MAD_TO_SD * median(np.abs(bend)) if len(bend) else 0.0


def _far(samples: NDArray[np.floating], first: int, limit: float, factor: float) -> NDArray[np.int64]:
    # Samples of a block that lie further than that from the middle of their neighbours; the two at either end of all do
    # not count. Neighbours of a click agree, so it is nearly as far from each: one of every two steps tells of none.
    part = samples[first + 1 : min(first + BLOCK + 3, len(samples) - 1)]
    step = part[1::2] - part[: len(part) // 2 * 2 : 2]
    least = max(ALMOST * limit * (1 - 1 / factor), 0.0)
    if len(part) < 3 or max(step.max(), -step.min()) <= least:
        return np.empty(0, np.int64)
    rise = np.diff(part)
    return first + 2 + np.flatnonzero(np.abs(rise[1:] - rise[:-1]) > 2 * limit)  # twice as far


def _clicks(samples: NDArray[np.floating], places: NDArray[np.int64], factor: float) -> NDArray[np.int64]:
    # A click stands alone: far from both neighbours, which agree with each other.
    near = [samples[places + place] for place in (-2, -1, 1, 2)]
    around = np.max(np.abs([near[1] - near[2], near[0] - near[1], near[3] - near[2]]), axis=0)
    bend = np.abs(samples[places] - (near[1] + near[2]) / 2)
    return np.asarray(places[bend > factor / 2 * around])


def _flat(samples: NDArray[np.floating], shortest: int) -> list[tuple[int, int]]:
    # Half of the shortest run holds a whole block of equal samples; only then are the runs looked for.
    block = max(shortest // 2, 2)
    n_blocks = len(samples) // block
    if n_blocks == 0:
        return []
    blocks = samples[: n_blocks * block].reshape(n_blocks, block)
    coarse = np.ptp(blocks[:, :: max(block // COARSE, 1)], axis=1) == 0
    if not coarse.any() or not (np.ptp(blocks[coarse], axis=1) == 0).any():
        return []
    runs = runs_of(np.diff(samples) == 0, shortest=max(shortest - 1, 1))
    return [(first, stop + 1) for first, stop in runs]
