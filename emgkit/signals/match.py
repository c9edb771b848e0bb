"""Explain a signal by templates: matching pursuit with exact local updates, superpositions included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SHIFTS = 4  # sub-sample positions of a template
BLOCK = 2**18  # samples explained at a time
MARGIN = 8  # templates beside a block that are explained with it, so that its edges have their neighbours
MAX_PASSES = 12


@dataclass(frozen=True)
class MatchLimits:
    """When a template is accepted at a place.

    Parameters
    ----------
    noise_uv : float
        Standard deviation of the noise.
    gain : float
        Least drop of residual energy, in units of the noise variance.
    scale_low, scale_high : float
        Range of sizes, relative to the template.
    stiffness : float
        How much a size other than the template's own costs; tells similar fibres of different size apart.
    correlation : float
        Least correlation of the template with what is there.
    residue : float
        Share of the energy already explained at a place that counts as noise there: no unit repeats perfectly.
    """

    noise_uv: float
    gain: float
    scale_low: float
    scale_high: float
    stiffness: float
    correlation: float
    residue: float


@dataclass(frozen=True, eq=False)
class Matches:
    """Where templates were found.

    Parameters
    ----------
    template : ndarray of int, shape (n_matches,)
    position : ndarray of shape (n_matches,)
        Sample number of the template's middle, to a fraction of a sample.
    scale : ndarray of shape (n_matches,)
        Measured size relative to the template.
    residual : ndarray of shape (n_samples,)
        What remains of the signal, microvolt.
    """

    template: NDArray[np.int64]
    position: NDArray[np.float64]
    scale: NDArray[np.float64]
    residual: NDArray[np.float64]


class _Found(NamedTuple):
    # One match: where the shifted template starts, and its size as subtracted and as measured.
    start: int
    template: int
    shift: int
    scale: float
    measured: float


class _Library(NamedTuple):
    # The templates, their sub-sample shifts, and how each template answers to each shift.
    templates: NDArray[np.float64]
    bank: NDArray[np.float64]
    cross: NDArray[np.float64]


class _Pursuit:
    # The running state of one pursuit: residual, correlations and scores, all kept exact by local updates.

    def __init__(self, signal: NDArray[np.floating], library: _Library, limits: MatchLimits) -> None:
        self.limits = limits
        templates, self.bank, self.cross = library
        self.size = templates.shape[1]
        self.energy = np.square(templates).sum(axis=1)
        self.residual = np.pad(signal.astype(np.float64), self.size)
        self.explained = np.zeros_like(self.residual)
        self.correlation = np.array([np.correlate(self.residual, template, "valid") for template in templates])
        self.score = self._score(0, self.correlation.shape[1])

    def _score(self, start: int, stop: int) -> NDArray[np.float64]:
        limits, correlation = self.limits, self.correlation[:, start:stop]
        scale = correlation / self.energy[:, None]
        clipped = self._sized(scale)
        drop = self.energy[:, None] * (clipped * (2 * scale - clipped) - limits.stiffness * np.square(clipped - 1))
        present = _window_sums(np.square(self.residual[start : stop + self.size - 1]), self.size)
        explained = _window_sums(self.explained[start : stop + self.size - 1], self.size)
        enough = drop > limits.gain * limits.noise_uv**2 + limits.residue * explained
        alike = correlation * np.abs(correlation) > limits.correlation**2 * self.energy[:, None] * present
        return np.where(enough & alike & (scale > limits.scale_low), drop, 0.0)

    def _sized(self, scale: NDArray[np.float64]) -> NDArray[np.float64]:
        limits = self.limits
        return np.clip((scale + limits.stiffness) / (1 + limits.stiffness), limits.scale_low, limits.scale_high)

    def best_places(self) -> NDArray[np.int64]:
        height = self.score.max(axis=0)
        places = np.flatnonzero(height > 0)
        chosen: list[int] = []
        blocked = np.zeros(len(height), dtype=bool)
        for place in places[np.argsort(-height[places], kind="stable")]:
            if not blocked[place]:
                chosen.append(int(place))
            # A place beside a better one waits for the next pass, when that one has been taken away.
            blocked[max(place - self.size, 0) : place + self.size + 1] = True
        return np.array(chosen, dtype=np.int64)

    def subtract(self, place: int) -> _Found:
        template = int(self.score[:, place].argmax())
        around = self.correlation[template, max(place - 1, 0) : place + 2]
        offset = _parabola(around) if len(around) == 3 else 0.0
        steps = round(offset * SHIFTS)
        place, shift = place + steps // SHIFTS, steps % SHIFTS
        measured = float(self.correlation[template, place] / self.energy[template])
        scale = float(self._sized(np.asarray(measured)))
        shape = scale * self.bank[template, shift]
        self.residual[place : place + self.size] -= shape
        self.explained[place : place + self.size] += np.square(shape)
        self._update(place, template, shift, scale)
        return _Found(place - self.size, template, shift, scale, measured)

    def _update(self, place: int, template: int, shift: int, scale: float) -> None:
        low, high = max(place - self.size + 1, 0), min(place + self.size, self.correlation.shape[1])
        first = low - (place - self.size + 1)
        self.correlation[:, low:high] -= scale * self.cross[:, template, shift, first : first + high - low]
        self.score[:, low:high] = self._score(low, high)


def match_templates(
    signal: NDArray[np.floating], templates: Sequence[NDArray[np.float64]], *, limits: MatchLimits
) -> Matches:
    """Find where templates occur in a signal, also where they overlap.

    Greedy: the place where a template takes away most energy first, then the next in what remains. Positions are
    refined to a quarter of a sample, sizes may vary within the limits.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Band-passed microvolt.
    templates : sequence of ndarray of shape (size,)
        All of one size.
    limits : MatchLimits

    Returns
    -------
    Matches
        Ascending in position.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.match import MatchLimits, match_templates
    >>> shape = np.diff(np.hanning(31)) * 300
    >>> signal = np.random.default_rng(0).normal(0, 1, 3000)
    >>> for start in (500, 530, 2000):
    ...     signal[start : start + 30] += shape
    >>> limits = MatchLimits(1.0, 40.0, scale_low=0.6, scale_high=1.5, stiffness=1.0, correlation=0.6, residue=0.05)
    >>> np.round(match_templates(signal, [shape], limits=limits).position).astype(int)
    array([ 515,  545, 2015])
    """
    if len(templates) == 0:
        empty = np.array([])
        return Matches(empty.astype(np.int64), empty, empty, signal.astype(np.float64))
    stack = np.array(templates)
    bank, size = _shifted(stack), stack.shape[1]
    library = _Library(stack, bank, _cross_correlations(stack, bank))
    residual = signal.astype(np.float64)
    found: list[_Found] = []
    # Long signals are explained block by block, each with a margin, so that memory does not grow with length.
    for first in range(0, len(signal), BLOCK):
        low = max(first - MARGIN * size, 0)
        block = _explained(signal[low : first + BLOCK + MARGIN * size], library, limits)
        own = (match._replace(start=match.start + low) for match in block)
        found += [match for match in own if first <= match.start + size // 2 < first + BLOCK]
    for match in found:
        inside = slice(max(-match.start, 0), min(size, len(signal) - match.start))
        residual[match.start + inside.start : match.start + inside.stop] -= (
            match.scale * bank[match.template, match.shift, inside]
        )
    found.sort(key=lambda match: match.start + match.shift / SHIFTS)
    return Matches(
        template=np.array([match.template for match in found], dtype=np.int64),
        position=np.array([match.start + match.shift / SHIFTS + size / 2 for match in found]),
        scale=np.array([match.measured for match in found]),
        residual=residual,
    )


def _explained(signal: NDArray[np.floating], library: _Library, limits: MatchLimits) -> list[_Found]:
    pursuit = _Pursuit(signal, library, limits)
    found: list[_Found] = []
    for _ in range(MAX_PASSES):
        places = pursuit.best_places()
        if len(places) == 0:
            break
        found += [pursuit.subtract(int(place)) for place in places]
    return found


def best_scale(signal: NDArray[np.floating], template: NDArray[np.float64]) -> tuple[int, float, float]:
    """Return where in a short signal a template fits best: position of its middle, size, correlation.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        At least as long as the template.
    template : ndarray of shape (size,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.match import best_scale
    >>> best_scale(np.pad(2 * np.hanning(9), 5), np.hanning(9))
    (9, 2.0, 1.0)
    """
    correlation = np.correlate(signal, template, "valid")
    energy = float(np.square(template).sum())
    place = int(correlation.argmax())
    present = float(np.square(signal[place : place + len(template)]).sum())
    alike = float(correlation[place] / np.sqrt(max(energy * present, 1e-12)))
    return place + len(template) // 2, float(correlation[place] / energy), round(alike, 12)


def similarity(first: NDArray[np.float64], second: NDArray[np.float64], *, max_lag: int) -> tuple[float, int]:
    """Return the largest correlation of two waveforms over shifts, and that shift.

    Parameters
    ----------
    first, second : ndarray of shape (size,)
    max_lag : int
        Largest shift of the second against the first, in samples.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.match import similarity
    >>> wave = np.pad(np.hanning(9), 10)
    >>> similarity(wave, np.roll(wave, 3), max_lag=5)
    (1.0, 3)
    """
    full = np.correlate(second, first, "full")
    middle = len(first) - 1
    near = full[middle - max_lag : middle + max_lag + 1]
    norm = np.sqrt(np.square(first).sum() * np.square(second).sum())
    return round(float(near.max() / max(norm, 1e-12)), 12), int(near.argmax()) - max_lag


def _shifted(templates: NDArray[np.float64]) -> NDArray[np.float64]:
    size = templates.shape[1]
    spectrum = np.fft.rfft(templates, n=2 * size, axis=1)
    phase = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * size)[None, :] * (np.arange(SHIFTS) / SHIFTS)[:, None])
    return np.asarray(np.fft.irfft(spectrum[:, None, :] * phase[None], n=2 * size, axis=2)[:, :, :size])


def _cross_correlations(templates: NDArray[np.float64], bank: NDArray[np.float64]) -> NDArray[np.float64]:
    size = templates.shape[1]
    length = 2 * size
    left = np.fft.rfft(templates[:, ::-1], n=length, axis=1)
    right = np.fft.rfft(bank, n=length, axis=2)
    return np.asarray(np.fft.irfft(left[:, None, None, :] * right[None], n=length, axis=3)[..., : 2 * size - 1])


def _window_sums(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[size:] - total[:-size])


def _parabola(three: NDArray[np.float64]) -> float:
    bend = three[0] - 2 * three[1] + three[2]
    return float(np.clip(0.5 * (three[0] - three[2]) / bend, -0.5, 0.5)) if bend < 0 else 0.0
