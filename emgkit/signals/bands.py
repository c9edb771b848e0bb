"""A stretch of a recording at two low rates: the fast band for fibrillations, the slow band for sharp waves.

The recording is read once, chunk by chunk, on a grid that starts at its first sample: the result does not depend on
how it is stored, and of the recording itself no more than a chunk is held. Zero-phase filtered data may time events,
never shape them: it flips initial deflections. Waveforms are measured on averages of the unfiltered samples (see
``waveform``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.faults import FaultLimits, Faults, find_faults, join_faults, mend_clicks
from emgkit.signals.mains import Hum, MainsLimits, fit_hum, subtract_hum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.model.recording import Samples

ROW = 2**15  # samples of one Fourier transform, at the rate of the fast band
ROWS = 4  # transformed together
TOGETHER = 8  # means that are taken in one product
MARGIN_S = 0.1  # the response to an impulse has died out within this time for edges of 50 Hz and more
TREND_HZ = 250.0  # rate at which needle movement is looked for
COARSE_HZ = 2600.0  # rate at which the mains are fitted, at least
SORTING, FINDING = (3.6, 4.8), (2.6, 4.0)  # samples of a period of the upper edges that are enough for it


@dataclass(frozen=True)
class Edges:
    """Edges of the two bands.

    Parameters
    ----------
    fast_low_hz, fast_high_hz, slow_low_hz, slow_high_hz : float
        Half power of one pass of a second-order Butterworth band-pass.
    """

    fast_low_hz: float
    fast_high_hz: float
    slow_low_hz: float
    slow_high_hz: float


class Grid(NamedTuple):
    """How the samples of a recording are thinned.

    Parameters
    ----------
    rate_hz : float
        Of the recording.
    step : int
        Samples of the recording that make one of the fast band.
    slow_step : int
        Samples of the fast band that make one of the slow band.
    """

    rate_hz: float
    step: int
    slow_step: int

    @property
    def fast_hz(self) -> float:
        """Rate of the fast band."""
        return self.rate_hz / self.step

    @property
    def slow_hz(self) -> float:
        """Rate of the slow band."""
        return self.fast_hz / self.slow_step

    @property
    def delay_s(self) -> float:
        """Time of the first sample of both bands: each is the mean of ``step`` samples."""
        return (self.step - 1) / 2 / self.rate_hz


@dataclass(frozen=True, eq=False)
class Stretch:
    """A stretch of a recording in two bands.

    Parameters
    ----------
    grid : Grid
    first : int
        Number of the stretch's first sample in the fast band of the whole recording.
    fast, slow : ndarray of float32
        Microvolt, mains subtracted.
    trend : ndarray of float32
        Means of short blocks, for needle movement.
    trend_hz : float
    hum : list of Hum
        One a chunk.
    faults : Faults
        Flat line, clipping and clicks.
    """

    grid: Grid
    first: int
    fast: NDArray[np.float32]
    slow: NDArray[np.float32]
    trend: NDArray[np.float32]
    trend_hz: float
    hum: list[Hum]
    faults: Faults

    @property
    def start_s(self) -> float:
        """Time of the first sample."""
        return self.first / self.grid.fast_hz + self.grid.delay_s

    def of_band(self, number: int) -> tuple[NDArray[np.float32], float]:
        """Return samples and rate of the fast (0) or the slow band (1)."""
        return ((self.fast, self.grid.fast_hz), (self.slow, self.grid.slow_hz))[number]


def thinning(rate_hz: float, *, edges: Edges, cycles: tuple[float, float] = SORTING) -> Grid:
    """Return how a recording of this rate is thinned.

    Parameters
    ----------
    rate_hz : float
    edges : Edges
    cycles : (float, float)
        Samples of a period of the upper edge of the fast and of the slow band, at least.

    Examples
    --------
    >>> from emgkit.signals.bands import Edges, thinning
    >>> thinning(48000.0, edges=Edges(200.0, 3000.0, 50.0, 500.0))
    Grid(rate_hz=48000.0, step=4, slow_step=4)
    """
    step = max(int(rate_hz / (cycles[0] * edges.fast_high_hz)), 1)
    slow_step = max(int(rate_hz / step / (cycles[1] * edges.slow_high_hz)), 1)
    return Grid(rate_hz, step, 2 ** int(np.log2(slow_step)))


class Piece(NamedTuple):
    """A stretch of a recording that is analysed by itself.

    Parameters
    ----------
    first, n_samples : int
        Which samples of the fast band are read.
    from_s, to_s : float
        Time of the first of them, and of the one behind the last.
    start_s, stop_s : float
        What of that is its own; the rest is a margin that belongs to its neighbours.
    """

    first: int
    n_samples: int
    from_s: float
    to_s: float
    start_s: float
    stop_s: float

    @property
    def is_whole(self) -> bool:
        """Whether the recording has no other piece."""
        return self.start_s == -np.inf and self.stop_s == np.inf


def cut_pieces(n_samples: int, grid: Grid, *, whole_s: float, longest_s: float, margin_s: float) -> list[Piece]:
    """Cut a long recording into pieces of nearly equal length, each with a margin on either side.

    Parameters
    ----------
    n_samples : int
        Of the fast band of the whole recording.
    grid : Grid
    whole_s : float
        Up to this length a recording stays whole.
    longest_s : float
        Length of a piece, about.
    margin_s : float
        At least.

    Returns
    -------
    list of Piece
        Their own parts follow each other and cover all; the first and the last one reach to infinity.

    Examples
    --------
    >>> from emgkit.signals.bands import Edges, cut_pieces, thinning
    >>> grid = thinning(48000.0, edges=Edges(200.0, 3000.0, 50.0, 500.0))
    >>> pieces = cut_pieces(12000 * 250, grid, whole_s=180.0, longest_s=70.0, margin_s=2.0)
    >>> [round(piece.stop_s) for piece in pieces[:-1]], [round(piece.n_samples / 12000) for piece in pieces]
    ([63, 124, 187], [66, 66, 68, 65])
    """
    row = _own(grid)
    length_s = n_samples / grid.fast_hz
    count = int(np.ceil(length_s / longest_s)) if length_s > whole_s else 1
    inner = [round(n_samples * number / count / row) * row for number in range(1, count)]
    margin = int(np.ceil(margin_s * grid.fast_hz / row)) * row
    lows = [0, *(max(border - margin, 0) for border in inner)]
    highs = [*(min(border + margin, n_samples) for border in inner), n_samples]
    borders_s = [-np.inf, *(_time_s(border, grid) for border in inner), np.inf]
    return [
        Piece(low, high - low, _time_s(low, grid), _time_s(high, grid), start_s, stop_s)
        for low, high, (start_s, stop_s) in zip(lows, highs, pairwise(borders_s), strict=True)
    ]


def _time_s(number: int, grid: Grid) -> float:
    return number / grid.fast_hz + grid.delay_s


def chunk_samples(grid: Grid) -> int:
    """Return how many samples of the fast band one chunk adds."""
    return ROWS * _own(grid)


def read_stretch(
    samples: Samples, *, grid: Grid, first: int, n_samples: int, edges: Edges, mains: MainsLimits, limits: FaultLimits
) -> Stretch:
    """Read a stretch of a recording in two bands.

    Parameters
    ----------
    samples : array-like of shape (n,)
        Microvolt; only slices are read.
    grid : Grid
    first, n_samples : int
        Which samples of the fast band; ``first`` is that of a ``Piece`` or a multiple of ``chunk_samples``.
    edges : Edges
    mains : MainsLimits
    limits : FaultLimits

    Returns
    -------
    Stretch

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.bands import Edges, read_stretch, thinning
    >>> from emgkit.signals.faults import FaultLimits
    >>> from emgkit.signals.mains import MainsLimits
    >>> edges = Edges(200.0, 3000.0, 50.0, 500.0)
    >>> time_s = np.arange(48000) / 48000
    >>> wave = np.sin(2 * np.pi * 800 * time_s) + np.sin(2 * np.pi * 8 * time_s)
    >>> stretch = read_stretch(wave, grid=thinning(48000.0, edges=edges), first=0, n_samples=12000, edges=edges,
    ...     mains=MainsLimits((50.0,), 5, 0.4), limits=FaultLimits(8.0, 0.1, 0.001))
    >>> round(float(stretch.fast[3000:9000].std() / np.sqrt(0.5)), 2)
    0.99
    """
    margin, own, q = _margin(grid), _own(grid), grid.slow_step
    chunk = ROWS * own
    fast, slow = np.empty(n_samples, np.float32), np.empty(-(-n_samples // q), np.float32)
    gains = _gains(grid, edges)
    tracker = _Mains(grid, mains)
    trend: list[NDArray[np.float32]] = []
    faults: list[Faults] = []
    for low in range(0, n_samples, chunk):
        high = min(low + chunk, n_samples)
        start = first + low - margin
        rows = -(-(high - low) // own)
        raw, inside = _raw(samples, grid, start, start + (rows - 1) * own + ROW)
        found = find_faults(raw[inside], grid.rate_hz, start=start * grid.step + inside.start, limits=limits)
        faults.append(found)
        thin = _thinned(mend_clicks(raw, found.clicks - start * grid.step), grid.step)
        trend.append(_means(thin[margin : margin + high - low], _per_trend(grid)))
        tracker.subtract(thin, start, slice(-(-inside.start // grid.step), inside.stop // grid.step))
        # Numpy transforms float32 forwards as slow float64 unless it is told to divide by the length.
        spectrum = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(thin, ROW)[::own], axis=1, norm="forward")
        few = spectrum[:, : len(gains[1]) // 2].copy()
        few.view(np.float32)[:] *= gains[1]
        _filter_into(slow[low // q : -(-high // q)], few, margin // q, own // q)
        spectrum.view(np.float32)[:] *= gains[0]
        _filter_into(fast[low:high], spectrum, margin, own)
    rate_hz = grid.fast_hz / _per_trend(grid)
    return Stretch(grid, first, fast, slow, np.concatenate(trend), rate_hz, tracker.hums, join_faults(faults))


class _Mains:
    # Hum is fitted on the last chunk's worth of samples, so that a short last chunk is still fitted well.

    def __init__(self, grid: Grid, limits: MainsLimits) -> None:
        self.grid, self.limits = grid, limits
        self.coarse = max(int(grid.fast_hz / COARSE_HZ), 1)
        self.recent = np.empty(0, np.float32)
        self.reached: int | None = None  # sample of the fast band up to which ``recent`` goes
        self.hums: list[Hum] = []

    def subtract(self, thin: NDArray[np.float32], start: int, inside: slice) -> None:
        grid, coarse = self.grid, self.coarse
        low = inside.start if self.reached is None else self.reached - start
        fresh = _means(thin[low : inside.stop], coarse)
        self.recent = np.concatenate([self.recent, fresh])[-(chunk_samples(grid) // coarse) :]
        self.reached = start + low + len(fresh) * coarse
        stop_s = self.reached / grid.fast_hz + grid.delay_s
        middle_s = (coarse - 1) / 2 / grid.fast_hz
        hum = fit_hum(
            self.recent,
            grid.fast_hz / coarse,
            start_s=stop_s - len(self.recent) * coarse / grid.fast_hz + middle_s,
            mean_s=coarse / grid.fast_hz,
            limits=self.limits,
            known_hz=self.hums[-1].frequency_hz if self.hums else 0.0,
        )
        own = thin[inside]
        subtract_hum(own, grid.fast_hz, start_s=(start + inside.start) / grid.fast_hz + grid.delay_s, hum=hum)
        # Beyond its ends the recording goes on unchanged, without hum.
        if hum.frequency_hz:
            thin[: inside.start], thin[inside.stop :] = own[0], own[-1]
        self.hums.append(hum)


def _per_trend(grid: Grid) -> int:
    return max(round(grid.fast_hz / TREND_HZ / grid.slow_step), 1) * grid.slow_step


def _margin(grid: Grid) -> int:
    return int(np.ceil(MARGIN_S * grid.fast_hz / grid.slow_step)) * grid.slow_step


def _own(grid: Grid) -> int:
    # Whole blocks of the trend and whole samples of the slow band.
    return (ROW - 2 * _margin(grid)) // _per_trend(grid) * _per_trend(grid)


@lru_cache(maxsize=8)
def _gains(grid: Grid, edges: Edges) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    # Butterworth band-passes of second order, forwards and backwards; what the mean of a few samples took off at the
    # upper end is put back. Each gain stands twice, for the real and the imaginary part: real numbers multiply quicker.
    frequency_hz = np.fft.rfftfreq(ROW, 1 / grid.fast_hz)
    turn = np.pi * frequency_hz / grid.rate_hz
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(turn > 0, np.sin(grid.step * turn) / (grid.step * np.sin(turn)), 1.0)

        def gain(low_hz: float, high_hz: float) -> NDArray[np.float32]:
            high_hz = min(high_hz, 0.45 * grid.rate_hz)
            band = 1 / (1 + (low_hz / frequency_hz) ** 4) / (1 + (frequency_hz / high_hz) ** 4)
            return np.repeat(band / mean * ROW, 2).astype(np.float32)

        slow = gain(edges.slow_low_hz, edges.slow_high_hz) / np.float32(grid.slow_step)
        return gain(edges.fast_low_hz, edges.fast_high_hz), slow[: 2 * (ROW // grid.slow_step // 2 + 1)]


def _raw(samples: Samples, grid: Grid, start: int, stop: int) -> tuple[NDArray[np.float32], slice]:
    low, high = start * grid.step, stop * grid.step
    inner = np.asarray(samples[max(low, 0) : min(high, len(samples))], dtype=np.float32)
    before, after = max(-low, 0), max(high - len(samples), 0)
    raw = np.pad(inner, (before, after), mode="edge") if before or after else inner
    return raw, slice(before, before + len(inner))


def _thinned(raw: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    # The mean of every so many samples: a product with few columns is quicker than sums of every fourth sample.
    size = TOGETHER * step
    whole = len(raw) // size
    means = np.empty(len(raw) // step, np.float32)
    np.matmul(
        raw[: whole * size].reshape(whole, size), _averaging(step), out=means[: whole * TOGETHER].reshape(whole, -1)
    )
    means[whole * TOGETHER :] = _means(raw[whole * size :], step)
    return means


@lru_cache(maxsize=8)
def _averaging(step: int) -> NDArray[np.float32]:
    return np.repeat(np.eye(TOGETHER, dtype=np.float32) / np.float32(step), step, axis=0)


def _means(values: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    n = len(values) // size
    return np.asarray(values[: n * size].reshape(n, size) @ np.full(size, 1 / size, np.float32))


def _filter_into(out: NDArray[np.float32], spectrum: NDArray[np.complexfloating], margin: int, own: int) -> None:
    rows = np.fft.irfft(spectrum, axis=1)[:, margin : margin + own]
    whole = len(out) // own
    out[: whole * own].reshape(whole, own)[:] = rows[:whole]
    if whole < len(rows):
        out[whole * own :] = rows[whole, : len(out) - whole * own]
