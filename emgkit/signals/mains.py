"""Hum of the mains as fitted sinusoids, which cannot ring after a discharge as a notch filter does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.medians import median
from emgkit.signals.noise import MAD_TO_SD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

SEGMENT_S = 2.0  # sizes and phases are fitted anew this often
SEARCH_HZ = 0.5  # around the nominal frequency
FEWEST_TUNED, TUNED_HARMONICS = 3, 5  # segments and harmonics that tune the frequency
TUNED_HZ = 0.005  # a step less than this leaves next to nothing to tune
STEADY_HZ = 0.0005  # one less than this is not worth new sinusoids
GOES_ON_HZ, GOES_ON = 0.1, 0.9  # known hum goes on: so near, and so alike from segment to segment (1 = its very phase)
SAME_HZ = 0.005  # frequencies that are told apart: over the length of a window less makes no difference
THIN = 16  # every 16th sample tells the usual size
CLIP = 4.0  # discharges beyond so many robust standard deviations weigh no more than that
BLOCK = 256  # samples of a harmonic that are made once
BESIDE = 4.0  # a line stands this far over its neighbourhood


@dataclass(frozen=True)
class MainsLimits:
    """Where hum is looked for.

    Parameters
    ----------
    nominal_hz : tuple of float
        Nominal frequencies.
    harmonics : int
    least : float
        Amplitude of the fundamental, in robust standard deviations of the samples, below which nothing is subtracted.
    """

    nominal_hz: tuple[float, ...]
    harmonics: int
    least: float


@dataclass(frozen=True, eq=False)
class Hum:
    """Sinusoids of one piece of a recording, segment by segment.

    Parameters
    ----------
    start_s : float
        Where the first segment starts.
    frequency_hz : float
        Fundamental; 0.0 when there is no hum.
    sizes : ndarray of complex, shape (n_segments, n_harmonics)
        Amplitude and phase (at the start of the segment) of every harmonic, microvolt.
    segment_s : float
        Length of a segment.
    """

    start_s: float
    frequency_hz: float
    sizes: NDArray[np.complex128]
    segment_s: float = 1.0

    @property
    def amplitude_uv(self) -> float:
        """Largest amplitude of the fundamental."""
        return float(np.abs(self.sizes[:, 0]).max()) if self.frequency_hz else 0.0


def fit_hum(
    values: NDArray[np.floating],
    rate_hz: float,
    *,
    start_s: float,
    limits: MainsLimits,
    mean_s: float = 0.0,
    known_hz: float = 0.0,
) -> Hum:
    """Fit sinusoids at the mains frequency and its harmonics, if there is any hum.

    The exact frequency is searched within half a hertz of the nominal one. Samples are clipped first, so that
    discharges weigh little.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        Microvolt.
    rate_hz : float
        Need not be higher than twice the highest harmonic.
    start_s : float
        Time of the first sample.
    limits : MainsLimits
    mean_s : float
        Each sample is the mean over this time; what that takes off the harmonics is put back.
    known_hz : float
        Frequency of the hum before, if there was some: where it goes on, nothing is searched.

    Returns
    -------
    Hum

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.mains import MainsLimits, fit_hum
    >>> wave = 20 * np.sin(2 * np.pi * 50.02 * np.arange(30000) / 3000)
    >>> hum = fit_hum(wave, 3000.0, start_s=0.0, limits=MainsLimits((50.0, 60.0), harmonics=5, least=0.4))
    >>> round(hum.amplitude_uv), round(hum.frequency_hz, 2)
    (20, 50.02)
    """
    values = values - median(values[::THIN])
    usual_uv = MAD_TO_SD * median(np.abs(values[::THIN])) + 1e-9
    clipped = np.clip(values, -CLIP * usual_uv, CLIP * usual_uv)
    n_segments = max(round(len(values) / rate_hz / SEGMENT_S), 1)
    rows = _rows(clipped, n_segments)
    known = known_hz > 0 and n_segments >= FEWEST_TUNED
    fitted = _waves_at(known_hz, rows, rate_hz, limits).fit(rows) if known else None
    least_uv, tuning = limits.least * usual_uv, _rows(clipped, max(n_segments, FEWEST_TUNED))
    frequency_hz = 0.0 if fitted is None else _gone_on(fitted[:, 0], known_hz, rows.shape[1] / rate_hz, least_uv)
    frequency_hz = frequency_hz or _searched(clipped, tuning, rate_hz, limits.nominal_hz, least_uv)
    if not frequency_hz or 0.45 * rate_hz < frequency_hz:
        return Hum(start_s, 0.0, np.zeros((1, 0), dtype=complex))
    waves = _waves_at(frequency_hz, rows, rate_hz, limits)
    if fitted is None or frequency_hz != known_hz:
        fitted = waves.fit(rows)
    # Without the hum, discharges stand out more and are clipped closer.
    rest = _rows(values, n_segments) - waves.sum_of(fitted)
    limit = CLIP * MAD_TO_SD * median(np.abs(rest[:, ::THIN]).reshape(-1)) + 1e-9
    fitted += waves.fit(np.clip(rest, -limit, limit, out=rest))
    kept = np.sinc(frequency_hz * np.arange(1, fitted.shape[1] + 1) * mean_s)
    return Hum(start_s, frequency_hz, fitted / kept, rows.shape[1] / rate_hz)


def hum_of_pieces(
    hums: Sequence[Hum], times_s: NDArray[np.float64], *, offsets_s: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the hum around given times from that of the pieces of a recording, each until the next starts.

    Microvolt, shape (n_times, n_offsets).
    """
    around = np.zeros((len(times_s), len(offsets_s)), np.float32)
    if not any(hum.frequency_hz for hum in hums):
        return around
    facts = [(hum.start_s, hum.segment_s, hum.frequency_hz, len(hum.sizes)) for hum in hums]
    start_s, segment_s, frequency_hz, count = np.array(facts).T
    piece = np.clip(np.searchsorted(start_s, times_s, side="right") - 1, 0, len(hums) - 1)
    since_s = times_s - start_s[piece]
    segment = np.clip(since_s // segment_s[piece], 0, count[piece] - 1).astype(int)
    cycles = frequency_hz[piece] * (since_s - segment * segment_s[piece])
    # Over the length of a window, pieces of nearly one frequency do not differ: one product is enough for all of them.
    rate = np.round(frequency_hz / SAME_HZ)
    for each in np.unique(rate[piece]):
        if each == 0:
            continue
        alike, mine = np.flatnonzero(rate == each), np.flatnonzero(rate[piece] == each)
        n_harmonics = min(hums[number].sizes.shape[1] for number in alike.tolist())
        waves = _harmonics(frequency_hz[alike].mean() * offsets_s, n_harmonics)
        waves = np.concatenate([waves.real, waves.imag], dtype=np.float32, casting="same_kind")
        there = zip(piece[mine].tolist(), segment[mine].tolist(), strict=True)
        sizes = np.array([hums[number].sizes[row, :n_harmonics] for number, row in there])
        around[mine] = _packed(sizes * _harmonics(cycles[mine], n_harmonics).T) @ waves
    return around


def hum_at_times(hums: Sequence[Hum]) -> Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float32]]:
    """Return the function of (times_s, offsets_s) that gives the hum around times, see ``hum_of_pieces``."""

    def hum(times_s: NDArray[np.float64], offsets_s: NDArray[np.float64]) -> NDArray[np.float32]:
        return hum_of_pieces(hums, times_s, offsets_s=offsets_s)

    return hum


def subtract_hum(values: NDArray[np.float32], rate_hz: float, *, start_s: float, hum: Hum) -> None:
    """Subtract the hum from samples in place.

    Parameters
    ----------
    values : ndarray of float32, shape (n_samples,)
        Microvolt; changed.
    rate_hz : float
    start_s : float
        Time of the first sample.
    hum : Hum
    """
    if not hum.frequency_hz:
        return
    n_harmonics = hum.sizes.shape[1]
    waves = _waves(hum.frequency_hz / rate_hz, n_harmonics, BLOCK)
    starts_s = start_s + np.arange(0, len(values), BLOCK) / rate_hz
    middle = starts_s + BLOCK / rate_hz / 2
    segment = np.clip(((middle - hum.start_s) / hum.segment_s).astype(int), 0, len(hum.sizes) - 1)
    since_s = starts_s - hum.start_s - segment * hum.segment_s
    packed = _packed(hum.sizes[segment] * _harmonics(hum.frequency_hz * since_s, n_harmonics).T)
    whole = len(values) // BLOCK
    values[: whole * BLOCK].reshape(whole, BLOCK)[:] -= packed[:whole] @ waves
    if whole < len(packed):
        values[whole * BLOCK :] -= packed[whole] @ waves[:, : len(values) - whole * BLOCK]


class _Waves:
    # The first harmonics over rows of samples. They are made for a block and turned on from one block to the next.

    def __init__(self, cycles_per_sample: float, n_harmonics: int, size: int) -> None:
        self.size, self.n_blocks = size, -(-size // BLOCK)
        self.block = _waves(cycles_per_sample, n_harmonics, BLOCK)
        self.turns = _harmonics(cycles_per_sample * BLOCK * np.arange(self.n_blocks), n_harmonics).T
        self.inverse = np.linalg.inv(_products(cycles_per_sample, n_harmonics, size))

    def fit(self, rows: NDArray[np.floating]) -> NDArray[np.complex128]:
        # Sizes of the harmonics that leave the least squares, shape (n_rows, n_harmonics).
        n_harmonics = self.turns.shape[1]
        blocks = np.zeros((len(rows), self.n_blocks * BLOCK), np.float32)
        blocks[:, : self.size] = rows
        parts = blocks.reshape(-1, BLOCK) @ self.block.T
        parts = (parts[:, :n_harmonics] + 1j * parts[:, n_harmonics:]).reshape(len(rows), *self.turns.shape)
        sums = (parts * self.turns).sum(axis=1)
        fitted = np.concatenate([sums.real, sums.imag], axis=1) @ self.inverse
        return np.asarray(fitted[:, :n_harmonics] - 1j * fitted[:, n_harmonics:])

    def sum_of(self, sizes: NDArray[np.complex128]) -> NDArray[np.float32]:
        whole = _packed(sizes[:, None] * self.turns) @ self.block
        return np.asarray(whole.reshape(len(sizes), -1)[:, : self.size])


def _waves_at(frequency_hz: float, rows: NDArray[np.floating], rate_hz: float, limits: MainsLimits) -> _Waves:
    n_harmonics = min(limits.harmonics, int(0.45 * rate_hz / frequency_hz))
    return _waves_of(frequency_hz / rate_hz, n_harmonics, rows.shape[1])


@lru_cache(maxsize=4)
def _waves_of(cycles_per_sample: float, n_harmonics: int, size: int) -> _Waves:
    return _Waves(cycles_per_sample, n_harmonics, size)


def _rows(values: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    size = len(values) // count
    return values[: count * size].reshape(count, size)


def _packed(sizes: NDArray[np.complex128]) -> NDArray[np.float32]:
    # What cosines and sines are multiplied with.
    return np.concatenate([sizes.real, -sizes.imag], axis=-1, dtype=np.float32, casting="same_kind")


def _products(cycles_per_sample: float, n_harmonics: int, size: int) -> NDArray[np.float64]:
    # Of every cosine and sine with every other, summed over so many samples: half the sums of what turns as often as
    # both together, and as one more than the other.
    turn = np.exp(2j * np.pi * cycles_per_sample * np.arange(1, 2 * n_harmonics + 1))
    whole = np.exp(2j * np.pi * cycles_per_sample * size * np.arange(1, 2 * n_harmonics + 1))
    sums = np.concatenate([[size], (whole - 1) / (turn - 1)]) / 2
    number = np.arange(n_harmonics)
    apart = number - number[:, None]
    more, less = sums[number + number[:, None] + 2], sums[np.abs(apart)]
    mixed = more.imag + np.sign(apart) * less.imag
    products = np.empty((2, n_harmonics, 2, n_harmonics))
    products[0, :, 0], products[1, :, 1] = less.real + more.real, less.real - more.real
    products[0, :, 1], products[1, :, 0] = mixed, mixed.T
    return products.reshape(2 * n_harmonics, -1)


def _waves(cycles_per_sample: float, n_harmonics: int, size: int) -> NDArray[np.float32]:
    # Cosines, then sines, a row each.
    waves = _harmonics(cycles_per_sample * np.arange(size), n_harmonics)
    return np.concatenate([waves.real, waves.imag], dtype=np.float32, casting="same_kind")


def _harmonics(cycles: NDArray[np.floating], count: int) -> NDArray[np.complex128]:
    # Those known are turned on by the highest of them, which gives as many more; exponentials cost more.
    waves = np.empty((count, len(cycles)), complex)
    waves[0] = np.exp(2j * np.pi * cycles)
    known = 1
    while known < count:
        more = min(known, count - known)
        np.multiply(waves[:more], waves[known - 1], out=waves[known : known + more])
        known += more
    return waves


def _searched(
    values: NDArray[np.floating],
    tuning: NDArray[np.floating],
    rate_hz: float,
    nominal_hz: Sequence[float],
    least_uv: float,
) -> float:
    frequency_hz, amplitude_uv = max(
        (_strongest(values, rate_hz, each_hz) for each_hz in nominal_hz), key=lambda found: found[1]
    )
    if amplitude_uv < least_uv:
        return 0.0
    for _ in range(2):
        sizes = _Waves(frequency_hz / rate_hz, TUNED_HARMONICS, tuning.shape[1]).fit(tuning)[:, 0]
        lacking_hz, _ = _lacking(sizes, frequency_hz, tuning.shape[1] / rate_hz)
        frequency_hz += lacking_hz
        if abs(lacking_hz) < TUNED_HZ:
            break
    return frequency_hz


def _gone_on(sizes: NDArray[np.complex128], known_hz: float, segment_s: float, least_uv: float) -> float:
    lacking_hz, alike = _lacking(sizes, known_hz, segment_s)
    if np.abs(sizes).min() < least_uv or abs(lacking_hz) > GOES_ON_HZ or alike < GOES_ON:
        return 0.0
    return known_hz if abs(lacking_hz) < STEADY_HZ else known_hz + lacking_hz


def _lacking(sizes: NDArray[np.complex128], frequency_hz: float, segment_s: float) -> tuple[float, float]:
    # How far the phase runs away from one segment to the next tells what the frequency lacks, and how alike they are.
    ahead = sizes[1:] * np.conj(sizes[:-1] * np.exp(2j * np.pi * frequency_hz * segment_s))
    alike = np.abs(ahead.sum()) / max(np.abs(ahead).sum(), 1e-12)
    return float(np.angle(ahead.sum()) / (2 * np.pi * segment_s)), float(alike)


def _strongest(values: NDArray[np.floating], rate_hz: float, nominal_hz: float) -> tuple[float, float]:
    step = max(int(rate_hz // (6 * nominal_hz)), 1)
    thinned = values[: len(values) // step * step].reshape(-1, step) @ np.full(step, 1 / step, values.dtype)
    spectrum = _spectrum_near(len(thinned), rate_hz / step, nominal_hz)
    if spectrum is None:
        return 0.0, 0.0
    size = spectrum.of(thinned)
    best = 1 + int(size[1:-5].argmax())
    if size[best] <= BESIDE * size[-4:].max():
        return 0.0, 0.0
    left, middle, right = np.log(size[best - 1 : best + 2] + 1e-30)
    shift = 0.5 * (left - right) / min(left - 2 * middle + right, -1e-12)
    return float((spectrum.first + best + np.clip(shift, -1, 1)) * spectrum.step_hz), float(size[best])


@dataclass(frozen=True, eq=False)
class _SpectrumNear:
    # The Fourier transform at few frequencies: those searched, with one more at either end, and four beside them.

    step_hz: float
    first: int  # in steps
    window: NDArray[np.float32]
    block: NDArray[np.float32]
    turns: NDArray[np.complex64]

    def of(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        # Amplitudes of sinusoids.
        n_blocks, count = self.turns.shape
        blocks = np.zeros(n_blocks * BLOCK, np.float32)
        np.multiply(values, self.window, out=blocks[: len(values)], casting="same_kind")
        parts = blocks.reshape(n_blocks, BLOCK) @ self.block
        return np.asarray(np.abs(((parts[:, :count] + 1j * parts[:, count:]) * self.turns).sum(axis=0)))


@lru_cache(maxsize=16)
def _spectrum_near(n_samples: int, rate_hz: float, nominal_hz: float) -> _SpectrumNear | None:
    step_hz = rate_hz / 2 ** int(np.ceil(np.log2(2 * n_samples)))
    first, last = (int((nominal_hz + away_hz) / step_hz) for away_hz in (-SEARCH_HZ, SEARCH_HZ))
    if (last + 2) * step_hz > rate_hz / 2:
        return None
    beside = np.round((nominal_hz + np.array([-4.0, -3.0, 3.0, 4.0])) / step_hz)
    cycles = np.concatenate([np.arange(first - 1, last + 3), beside]) * step_hz / rate_hz
    block = np.exp(-2j * np.pi * np.arange(BLOCK)[:, None] * cycles)
    turns = np.exp(-2j * np.pi * BLOCK * np.arange(-(-n_samples // BLOCK))[:, None] * cycles)
    window = np.hanning(n_samples)
    window *= 2 / window.sum()
    packed = np.concatenate([block.real, block.imag], axis=1).astype(np.float32)
    return _SpectrumNear(step_hz, first - 1, window.astype(np.float32), packed, turns.astype(np.complex64))
