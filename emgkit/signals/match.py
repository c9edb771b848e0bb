"""Explain spikes by templates, superpositions included: matching pursuit on all spikes of a signal at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.cluster import cut_windows
from emgkit.signals.counting import ranges, windows_of
from emgkit.signals.detect import largest_near
from emgkit.signals.peel import SHIFTS, add_windows, shifted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BATCH = 1024  # spikes compared with the templates at a time, so that memory is bounded and stays in the cache
MAX_PASSES = 8
FEW = 1500  # best lags that are sooner found one by one
LEFT_MOST, EXPLAINED_LEAST = 1.2, 0.7  # how far off what is left and what was explained at one place may be


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
    residual: NDArray[np.float32]


class _Library(NamedTuple):
    # The templates with their sub-sample shifts and energies, and every lag of each as one matrix.
    bank: NDArray[np.float32]
    energy: NDArray[np.float32]
    lagged: NDArray[np.float32]
    lag: int

    @property
    def size(self) -> int:
        return int(self.bank.shape[2])


class _Best(NamedTuple):
    # The best template of each spike: its number, where it starts (to a fraction), its size and what it takes away.
    template: NDArray[np.int64]
    start: NDArray[np.float64]
    scale: NDArray[np.float64]
    drop: NDArray[np.float64]

    def only(self, which: NDArray[np.bool_]) -> _Best:
        return _Best(self.template[which], self.start[which], self.scale[which], self.drop[which])


def match_templates(
    signal: NDArray[np.floating],
    peaks: NDArray[np.integer],
    *,
    templates: Sequence[NDArray[np.floating]],
    limits: MatchLimits,
    lag: int,
) -> Matches:
    """Find which template each spike is, also where spikes overlap.

    Greedy: of spikes near each other, the one whose best template takes away most energy is subtracted first; then the
    others are looked at again in what remains. Positions are to an eighth of a sample; sizes vary within the limits.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        Band-passed microvolt.
    peaks : ndarray of int, shape (n_spikes,)
        Where to look, ascending.
    templates : sequence of ndarray of shape (size,)
        All of one size.
    limits : MatchLimits
    lag : int
        How far the middle of a template may lie from a peak, in samples.

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
    >>> found = match_templates(signal, np.array([513, 547, 2016]), templates=[shape], limits=limits, lag=4)
    >>> np.round(found.position).astype(int)
    array([ 515,  545, 2015])
    """
    residual = np.array(signal, dtype=np.float32)
    none = np.empty(0)
    found = [_Best(none.astype(np.int64), none, none, none)]
    if len(templates) and len(peaks):
        library = _library(np.array(templates, dtype=np.float32), lag)
        explained = None  # nothing yet
        active = np.asarray(peaks, dtype=np.int64)
        for _ in range(MAX_PASSES):
            best = _best(residual, explained, active, library, limits)
            good = best.drop > 0
            found_here = best.only(good)
            chosen = found_here.only(_firsts(found_here, library.size))
            if len(chosen.drop) == 0:
                break
            found.append(chosen)
            explained = np.zeros_like(residual) if explained is None else explained
            _subtract(residual, explained, chosen, library)
            active = _beside(active, chosen, library)
            active = active[_may_hold_more(residual, explained, active, library, limits)]
            if len(active) == 0:
                break
    every = _Best(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    order = np.argsort(every.start, kind="stable")
    middle = len(templates[0]) / 2 if len(templates) else 0.0
    return Matches(every.template[order], every.start[order] + middle, every.scale[order], residual)


def match_again(
    signal: NDArray[np.float32],
    peaks: NDArray[np.int64],
    *,
    matches: Matches,
    left: NDArray[np.int64],
    templates: Sequence[NDArray[np.floating]],
    limits: MatchLimits,
    lag: int,
) -> tuple[Matches, NDArray[np.int64]]:
    """Match anew all spikes that lie together with one that was left over; the others are settled.

    Parameters
    ----------
    signal, templates, limits, lag
        See ``match_templates``.
    peaks : ndarray of int, shape (n_spikes,)
        All spikes, those that were left over among them, ascending.
    matches : Matches
        What was found before. Its residual is taken over and changed.
    left : ndarray of int
        Spikes that were left over, one at least.

    Returns
    -------
    matches : Matches
    where : ndarray of int
        The samples around the spikes that were matched anew, ascending.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.match import MatchLimits, match_again, match_templates
    >>> shape = np.diff(np.hanning(31)) * 300
    >>> signal = np.random.default_rng(0).normal(0, 1, 3000).astype(np.float32)
    >>> for start in (500, 2000):
    ...     signal[start : start + 30] += shape
    >>> given = {"templates": [shape], "limits": MatchLimits(1.0, 40.0, 0.6, 1.5, 1.0, 0.6, 0.05), "lag": 4}
    >>> first = match_templates(signal, np.array([513]), **given)
    >>> both, where = match_again(signal, np.array([513, 2016]), matches=first, left=np.array([2016]), **given)
    >>> np.round(both.position).astype(int), int(where[0]), int(where[-1])
    (array([ 515, 2015]), 1997, 2034)
    """
    apart = len(templates[0]) + 2 * lag
    begins = np.append(True, np.diff(peaks) > apart)
    firsts, lasts = peaks[begins], peaks[np.append(begins[1:], True)]
    anew = np.zeros(len(firsts), dtype=bool)  # which of the spikes that lie together
    anew[np.searchsorted(firsts, left, side="right") - 1] = True
    again = np.flatnonzero(anew)
    reach = len(templates[0]) // 2 + lag
    starts = np.maximum(firsts[again] - reach, 0)
    where = ranges(starts, np.minimum(lasts[again] + reach, len(signal)) - starts)
    chosen = anew[np.searchsorted(firsts, peaks, side="right") - 1]
    found = match_templates(
        signal[where], np.searchsorted(where, peaks[chosen]), templates=templates, limits=limits, lag=lag
    )
    whole = np.clip(found.position.astype(np.int64), 0, len(where) - 1)
    fresh = found.position + (where[whole] - whole)
    matches.residual[where] = found.residual
    settled = ~anew[np.searchsorted(firsts - apart // 2, matches.position, side="right") - 1]
    both = ((found.template, matches.template), (fresh, matches.position), (found.scale, matches.scale))
    template, position, scale = (np.concatenate([new, old[settled]]) for new, old in both)
    order = np.argsort(position, kind="stable")
    return Matches(template[order], position[order], scale[order], matches.residual), where


def _best(
    residual: NDArray[np.float32],
    explained: NDArray[np.float32] | None,
    peaks: NDArray[np.int64],
    library: _Library,
    limits: MatchLimits,
) -> _Best:
    parts = [
        _best_of_batch(residual, explained, peaks[first : first + BATCH], library, limits)
        for first in range(0, len(peaks), BATCH)
    ]
    return _Best(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _best_of_batch(
    residual: NDArray[np.float32],
    explained: NDArray[np.float32] | None,
    peaks: NDArray[np.int64],
    library: _Library,
    limits: MatchLimits,
) -> _Best:
    size, lag, n_lags = library.size, library.lag, 2 * library.lag + 1
    reach = size // 2 + lag
    windows = cut_windows(residual, peaks, before=reach, after=size - size // 2 + lag)
    answer = (library.lagged @ windows.T).reshape(n_lags, len(library.energy), len(peaks))
    inner = np.minimum(np.maximum(_places_of_largest(answer), 1), n_lags - 2).astype(np.int64)
    top = inner * inner.size + np.arange(inner.size).reshape(inner.shape)
    left, middle, right = (answer.reshape(-1).take(top + step * inner.size) for step in (-1, 0, 1))
    bend = np.minimum(left - 2 * middle + right, -1e-9)
    shift = np.clip(0.5 * (left - right) / bend, -1.0, 1.0)
    energy = library.energy[:, None]
    scale = (middle - 0.25 * (left - right) * shift) / energy  # at the top of the parabola
    stiff = limits.stiffness
    sized = np.clip((scale + stiff) / (1 + stiff), limits.scale_low, limits.scale_high)
    drop = energy * (sized * (2 * scale - sized) - stiff * np.square(sized - 1))
    best = drop.T.argmax(axis=1)
    own = (best, np.arange(len(peaks)))
    start, scale, drop = inner[own], scale[own], drop[own]
    least = limits.gain * limits.noise_uv**2
    good = (drop > least) & (scale > limits.scale_low) & (scale < limits.scale_high)
    first = peaks - reach + start
    if explained is not None:
        some = np.flatnonzero(good)
        good[some] = drop[some] > least + limits.residue * _explained_at(explained, first[some], size)
    # What resembles all that is there resembles the part of it that lies under the template even more.
    alike, share = np.square(scale) * library.energy[best], limits.correlation**2
    some = np.flatnonzero(good & (alike <= share * np.einsum("ij,ij->i", windows, windows)))
    good[some] = alike[some] > share * _energy_at(windows[some], start[some], size)
    return _Best(best, first + shift[own], scale, np.where(good, drop, 0.0))


def _places_of_largest(answer: NDArray[np.float32]) -> NDArray[np.unsignedinteger]:
    # Along the first axis; of many quicker than argmax, which goes through one row after the other.
    kind = np.min_scalar_type(len(answer))
    if answer[0].size < FEW:
        return np.asarray(answer.argmax(axis=0), dtype=kind)
    largest, place = answer[0].copy(), np.zeros(answer[0].shape, dtype=kind)
    for number in range(1, len(answer)):
        np.maximum(place, (answer[number] > largest) * kind.type(number), out=place)
        np.maximum(largest, answer[number], out=largest)
    return place


def _energy_at(windows: NDArray[np.float32], start: NDArray[np.int64], size: int) -> NDArray[np.float32]:
    inner = windows_of(windows, size)[np.arange(len(windows)), start]
    return np.asarray(np.einsum("ij,ij->i", inner, inner))


def _explained_at(explained: NDArray[np.float32], start: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    inside = np.clip(start, 0, len(explained) - size)
    return np.asarray(windows_of(explained, size)[:, ::4][inside].sum(axis=1) * 4)


def _firsts(best: _Best, size: int) -> NDArray[np.bool_]:
    # Of matches that overlap, the one that takes away most comes first.
    order = np.argsort(best.start, kind="stable")
    firsts = np.zeros(len(order), dtype=bool)
    firsts[order[largest_near(best.start[order], best.drop[order], separation=size)]] = True
    return firsts


def _subtract(residual: NDArray[np.float32], explained: NDArray[np.float32], chosen: _Best, library: _Library) -> None:
    whole, shift = np.divmod(np.round(chosen.start * SHIFTS).astype(np.int64), SHIFTS)
    shapes = library.bank[chosen.template, shift] * -chosen.scale[:, None].astype(np.float32)
    add_windows(residual, whole, windows=shapes)  # chosen matches do not overlap
    add_windows(explained, whole, windows=np.square(shapes))


def _beside(active: NDArray[np.int64], chosen: _Best, library: _Library) -> NDArray[np.int64]:
    # Spikes near a match are looked at again; where one potential was found, another may lie under it.
    middle = np.sort(chosen.start) + library.size / 2
    near = np.searchsorted(middle, active)
    reach = library.size + library.lag
    after = np.abs(middle[np.minimum(near, len(middle) - 1)] - active) < reach
    before = np.abs(active - middle[np.maximum(near - 1, 0)]) < reach
    return active[before | after]


def _may_hold_more(
    residual: NDArray[np.float32],
    explained: NDArray[np.float32],
    peaks: NDArray[np.int64],
    library: _Library,
    limits: MatchLimits,
) -> NDArray[np.bool_]:
    # No template takes away more than all that is left, and where much was explained more has to be taken away.
    size, lag = library.size, library.lag
    before, after = size // 2 + lag, size - size // 2 + lag
    inner = max(size // 2 - lag, 0)  # every place that is tried holds this much on either side
    left, needed = np.empty(len(peaks)), np.empty(len(peaks))
    for first in range(0, len(peaks), BATCH):
        some = slice(first, first + BATCH)
        windows = cut_windows(residual, peaks[some], before=before, after=after)
        middle = cut_windows(explained, peaks[some], before=inner, after=inner)
        left[some] = np.einsum("ij,ij->i", windows, windows)
        needed[some] = middle.sum(axis=1)
    needed = limits.gain * limits.noise_uv**2 + EXPLAINED_LEAST * limits.residue * needed
    return np.asarray(LEFT_MOST * left > needed)


def _library(templates: NDArray[np.float32], lag: int) -> _Library:
    count, size = templates.shape
    n_lags = 2 * lag + 1
    lagged = np.zeros((n_lags, count, size + 2 * lag), dtype=np.float32)
    for offset in range(n_lags):
        lagged[offset, :, offset : offset + size] = templates
    energy = np.square(templates).sum(axis=1)
    return _Library(shifted(templates), energy, lagged.reshape(n_lags * count, -1), lag)


def similarity(first: NDArray[np.floating], second: NDArray[np.floating], *, max_lag: int) -> tuple[float, int]:
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
    return round(float(near.max() / max(norm, 1e-12)), 6), int(near.argmax()) - max_lag
