"""Spikes of one band sorted into units: detect, group by shape, explain, and look again at what remains."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from emgkit.signals.cluster import cut_windows, find_kinds, find_templates
from emgkit.signals.counting import merged, samples_in, spread_evenly
from emgkit.signals.detect import energy_in, find_spikes, windows_at
from emgkit.signals.match import Matches, MatchLimits, match_templates, similarity
from emgkit.signals.medians import column_medians, median
from emgkit.signals.peel import cut_at
from emgkit.signals.superpositions import WHOLE_SUM, sums_of_two
from emgkit.signals.waveform import separation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


Floor: TypeAlias = "Callable[[NDArray[np.int64]], NDArray[np.floating]]"  # of places the noise variance there

TWIN_SHARE, TWIN_NOISE = 0.012, 0.2  # of energy and of noise energy, by which twins differ
TAKEN_SHARE, TAKEN_WIDTHS = 0.02, 1.5  # of what was subtracted before, and how far around it, in half windows
FEWEST_QUIET, QUIET_QUANTILE = 50, 0.7
LARGE = 2.0  # times the threshold
RARE, RARE_LARGE, RARE_MOST = 4, 8.0, 100  # very large spikes of one shape that are a unit where few are large
MOST_LEARNT = 300  # discharges that refine a template
TOGETHER_ALIKE, TOGETHER_SIZE = 0.8, (0.5, 2.0)  # of a known potential and of what one kind has more
TWO_KINDS = 8.0  # standard deviations of single discharges between two kinds of them


@dataclass(frozen=True)
class Band:
    """How spikes of one band are found and sorted.

    Parameters
    ----------
    low_hz, high_hz : float
        Edges of the band.
    width_ms, separation_ms : float
        See ``find_spikes``.
    half_window_ms, lag_ms : float
        Half of the compared waveform, and the largest shift.
    noise_block_s : float
        See ``noise_floor``.
    threshold : float
        Root of local energy over noise that makes a spike.
    tolerance : float
        Share of energy by which spikes of one unit may differ.
    min_spikes : int
        Spikes that make a unit.
    rounds : int
        How often the residual is searched for further units.
    large_rounds : int
        The first rounds look at large spikes only.
    max_units : int
        The units that explain most are kept; beyond this number a signal is not resolved but fitted.
    gain, scale_low, scale_high, stiffness, correlation, residue : float
        See ``MatchLimits``.
    """

    low_hz: float
    high_hz: float
    width_ms: float
    separation_ms: float
    half_window_ms: float
    lag_ms: float
    noise_block_s: float
    threshold: float
    tolerance: float
    min_spikes: int
    rounds: int
    large_rounds: int
    max_units: int
    gain: float
    scale_low: float
    scale_high: float
    stiffness: float
    correlation: float
    residue: float


@dataclass(frozen=True, eq=False)
class SortedBand:
    """Units of one band.

    Parameters
    ----------
    rate_hz : float
        Sampling rate of ``residual`` and ``templates``.
    start_s : float
        Time of the first sample.
    noise_uv : float
    templates : list of ndarray
        One waveform a unit, centred on its energy.
    unit : ndarray of int, shape (n_events,)
    time_s, scale : ndarray of shape (n_events,)
    signal, residual : ndarray
        The band-passed samples, and what of them no unit explains.
    loose_s, loose_ratio : ndarray of shape (n_loose,)
        Spikes of no unit, with their size over the noise.
    """

    rate_hz: float
    start_s: float
    noise_uv: float
    templates: list[NDArray[np.floating]]
    unit: NDArray[np.int64]
    time_s: NDArray[np.float64]
    scale: NDArray[np.float64]
    signal: NDArray[np.float32]
    residual: NDArray[np.float32]
    loose_s: NDArray[np.float64]
    loose_ratio: NDArray[np.float64]


def sort_band(
    signal: NDArray[np.float32],
    rate_hz: float,
    *,
    band: Band,
    noise_uv: float,
    start_s: float = 0.0,
    taken: NDArray[np.float32] | None = None,
) -> SortedBand:
    """Find the units of one band.

    Parameters
    ----------
    signal : ndarray of float32, shape (n_samples,)
        Band-passed microvolt, zero where nothing is to be found.
    rate_hz : float
    band : Band
    noise_uv : float
        Standard deviation of the noise.
    start_s : float
        Time of the first sample.
    taken : ndarray of shape (n_samples,), optional
        What was subtracted from the signal before: a share of it counts as noise, because no unit repeats perfectly.

    Returns
    -------
    SortedBand

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.sort import Band, sort_band
    >>> band = Band(200, 3000, 0.6, 2, 2.5, 0.4, 0.02, 2.5, 0.25, 5, 2, 1, 20, 40, 0.6, 1.6, 1, 0.6, 0.05)
    >>> signal = np.random.default_rng(0).normal(0, 2, 100000).astype(np.float32)
    >>> for start in range(1000, 99000, 1500):
    ...     signal[start : start + 15] += 60 * np.sin(np.linspace(0, 2 * np.pi, 15))
    >>> found = sort_band(signal, 10000.0, band=band, noise_uv=2.0)
    >>> len(found.templates), len(found.time_s)
    (1, 66)
    """
    limits, floor = limits_of(band, noise_uv), floor_of(noise_uv, rate_hz, band=band, taken=taken)
    templates, matches, (loose, ratio) = _search(signal, rate_hz, band, limits, floor)
    return SortedBand(
        rate_hz=rate_hz,
        start_s=start_s,
        noise_uv=noise_uv,
        templates=templates,
        unit=matches.template,
        time_s=start_s + matches.position / rate_hz,
        scale=matches.scale,
        signal=signal,
        residual=matches.residual,
        loose_s=start_s + loose / rate_hz,
        loose_ratio=ratio,
    )


def limits_of(band: Band, noise_uv: float) -> MatchLimits:
    """Return when a template of a band is accepted over noise of this standard deviation."""
    return MatchLimits(
        noise_uv, band.gain, band.scale_low, band.scale_high, band.stiffness, band.correlation, band.residue
    )


def floor_of(noise_uv: float, rate_hz: float, *, band: Band, taken: NDArray[np.float32] | None = None) -> Floor:
    """Return the function that tells the noise variance at places.

    Where something was ``taken`` away before, a share of it counts as noise: no unit repeats perfectly.
    """
    variance, width = np.float32(noise_uv**2), samples_in(TAKEN_WIDTHS * band.half_window_ms, rate_hz)

    def floor(places: NDArray[np.int64]) -> NDArray[np.float32]:
        if taken is None:
            return np.full(len(places), variance)
        return np.asarray(variance + np.float32(TAKEN_SHARE) * energy_in(windows_at(taken, places, width=width)))

    return floor


def find_left(
    residual: NDArray[np.float32],
    signal: NDArray[np.float32],
    *,
    rate_hz: float,
    band: Band,
    noise_uv: float,
    floor: Floor,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the spikes that are left of a signal, and their size over the noise, see ``floor_of``."""
    width = samples_in(band.half_window_ms, rate_hz)

    def noise_at(places: NDArray[np.int64]) -> NDArray[np.floating]:
        variance = floor(places)
        if residual is not signal:  # where much was explained, a share of it counts as noise
            taken = windows_at(signal, places, width=width) - windows_at(residual, places, width=width)
            variance = variance + np.float32(band.residue) * energy_in(taken)
        return np.asarray(np.sqrt(variance))

    return find_spikes(
        residual,
        noise_uv=noise_uv,
        noise_at=noise_at,
        threshold=band.threshold,
        width=samples_in(band.width_ms, rate_hz),
        separation=samples_in(band.separation_ms, rate_hz),
    )


def _search(
    signal: NDArray[np.float32], rate_hz: float, band: Band, limits: MatchLimits, floor: Floor
) -> tuple[list[NDArray[np.floating]], Matches, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    half, lag = samples_in(band.half_window_ms, rate_hz), samples_in(band.lag_ms, rate_hz)
    templates: list[NDArray[np.floating]] = []
    matches = Matches(np.empty(0, np.int64), np.empty(0), np.empty(0), signal)
    left_of = partial(find_left, rate_hz=rate_hz, band=band, noise_uv=limits.noise_uv, floor=floor)
    every, ratio = left_of(signal, signal)
    if limits.noise_uv <= 0:
        return templates, matches, (every, ratio)
    peaks = np.empty(0, dtype=np.int64)
    background_uv = _background(signal, band, rate_hz, limits.noise_uv)
    settled, looked, fewest = False, 0, _fewest(ratio, band)

    def learnt(shapes: list[NDArray[np.floating]]) -> tuple[list[NDArray[np.floating]], Matches]:
        found = match_templates(signal, peaks, templates=shapes, limits=limits, lag=2 * lag)
        shapes = _frequent(refined(shapes, found), found, band, background_uv, fewest)
        return shapes, match_templates(signal, peaks, templates=shapes, limits=limits, lag=2 * lag)

    for turn in range(band.rounds):
        large = turn < band.large_rounds  # the many small spikes must not crowd out the few large ones
        fresh = every[ratio > LARGE * band.threshold] if large else every
        found = find_templates(
            matches.residual,
            fresh,
            noise_uv=background_uv,
            half_window=half,
            max_lag=lag,
            tolerance=band.tolerance * 2**turn,  # similar units first, then what varies more
            min_spikes=fewest if large else band.min_spikes,
        )
        known = len(templates)
        peaks = merged(peaks, fresh)
        templates = _distinct([*templates, *(_centred(template) for template in found)], background_uv, lag)
        if len(templates) == known and settled and len(peaks) == looked:
            continue  # nothing new, so what is left over is the same
        settled, looked = len(templates) == known, len(peaks)
        templates, matches = learnt(templates)
        every, ratio = left_of(matches.residual, signal)
    kinds = kinds_of(templates, matches, band=band, noise_uv=background_uv, lag=lag)
    if len(kinds) > len(templates):
        templates, matches = learnt(kinds)
        every, ratio = left_of(matches.residual, signal)
    sums = sums_of_two(templates, matches.template, span=len(signal), limits=WHOLE_SUM)
    if sums.any():
        templates = [template for template, is_sum in zip(templates, sums, strict=True) if not is_sum]
        matches = match_templates(signal, peaks, templates=templates, limits=limits, lag=2 * lag)
        every, ratio = left_of(matches.residual, signal)
    return templates, matches, (every, ratio)


def _fewest(ratio: NDArray[np.float64], band: Band) -> int:
    few = np.count_nonzero(ratio > LARGE * band.threshold) <= RARE_MOST
    return min(RARE, band.min_spikes) if few else band.min_spikes


def kinds_of(
    templates: list[NDArray[np.floating]], matches: Matches, *, band: Band, noise_uv: float, lag: int
) -> list[NDArray[np.floating]]:
    """Return the templates, two or more for each whose discharges are of several kinds."""
    # A unit that was founded early may have taken in another of nearly its shape.
    kinds: list[NDArray[np.floating]] = []
    half = len(templates[0]) // 2 if templates else 0
    gaps = np.diff(matches.position, prepend=-np.inf, append=np.inf)
    lone = np.bincount(matches.template[(gaps[1:] > half) & (gaps[:-1] > half)], minlength=len(templates))
    alone = [template for template, count in zip(templates, lone, strict=True) if count >= band.min_spikes]
    for number, template in enumerate(templates):
        mine = np.flatnonzero(matches.template == number)
        if len(mine) < 2 * band.min_spikes:
            kinds.append(template)
            continue
        mine = mine[spread_evenly(len(mine), most=MOST_LEARNT)]
        left = cut_at(matches.residual, matches.position[mine], before=half + lag, after=half + lag)
        windows = left + matches.scale[mine, None] * np.pad(template, lag)
        groups = find_kinds(
            windows, noise_uv=noise_uv, max_lag=lag, tolerance=band.tolerance, min_spikes=band.min_spikes
        )
        shapes = [column_medians(windows[group])[lag:-lag] for group in groups]
        parts = [windows[group][:, lag:-lag] for group in groups]
        beside = [other for other in alone if other is not template]
        far = [
            place
            for place in range(1, len(parts))
            if separation(parts[0], parts[place]) > TWO_KINDS
            and not _is_one_of(shapes[place] - shapes[0], beside, half)
        ]
        kinds += [_centred(shapes[place]) for place in (0, *far)] if far else [template]
    return kinds


def _is_one_of(more: NDArray[np.floating], templates: list[NDArray[np.floating]], reach: int) -> bool:
    # What one kind has more than the other is a potential that also comes alone: the two fired together.
    return any(
        similarity(template, more, max_lag=reach)[0] > TOGETHER_ALIKE
        and TOGETHER_SIZE[0] < np.ptp(more) / max(np.ptp(template), 1e-9) < TOGETHER_SIZE[1]
        for template in templates
    )


def _background(signal: NDArray[np.float32], band: Band, rate_hz: float, noise_uv: float) -> float:
    # What lies under the spikes, small activity included, is more than the noise floor.
    size = 2 * samples_in(band.half_window_ms, rate_hz)
    n_windows = len(signal) // size
    windows = signal[: n_windows * size].reshape(n_windows, size)
    quiet = np.abs(windows).max(axis=1, initial=0.0) < LARGE * band.threshold * noise_uv
    quiet &= windows.any(axis=1)
    if quiet.sum() < FEWEST_QUIET:
        return noise_uv
    energy = np.square(windows[quiet]).mean(axis=1)
    return max(float(np.sqrt(np.quantile(energy, QUIET_QUANTILE))), noise_uv)


def _centred(template: NDArray[np.floating]) -> NDArray[np.floating]:
    # The middle of the template becomes the centre of its energy: one fixed point whatever the polarity.
    energy = np.square(template)
    centre = float((np.arange(len(template)) + 0.5) @ energy / energy.sum())
    shift = len(template) / 2 - centre
    turn = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * len(template)) * shift)
    moved = np.fft.irfft(np.fft.rfft(template, n=2 * len(template)) * turn, n=2 * len(template))
    return np.asarray(moved[: len(template)])


def _distinct(templates: list[NDArray[np.floating]], noise_uv: float, lag: int) -> list[NDArray[np.floating]]:
    # Of templates that differ by no more than their own noise, one is enough.
    kept: list[NDArray[np.floating]] = []
    for template in templates:
        energy = float(np.square(template).sum())
        room = TWIN_SHARE * energy + TWIN_NOISE * noise_uv**2 * len(template)
        for other in kept:
            likeness, _ = similarity(other, template, max_lag=2 * lag)
            beside = float(np.square(other).sum())
            if energy + beside - 2 * likeness * np.sqrt(energy * beside) < room:
                break
        else:
            kept.append(template)
    return kept


def refined(
    templates: list[NDArray[np.floating]], matches: Matches, *, centred: bool = True
) -> list[NDArray[np.floating]]:
    """Return what every template learns from what its matches left over, its fixed point centred or where it was."""
    # So it no longer carries its neighbours' shapes.
    learnt = []
    for number, template in enumerate(templates):
        mine = matches.template == number
        if not mine.any():
            learnt.append(template)
            continue
        middle = np.round(matches.position[mine]).astype(int)
        middle = middle[spread_evenly(len(middle), most=MOST_LEARNT)]
        half = len(template) // 2
        windows = cut_windows(matches.residual, middle, before=half, after=len(template) - half)
        scale = median(matches.scale[mine])
        shape = scale * template + column_medians(windows)
        learnt.append(_centred(shape) if centred else shape)
    return learnt


def _frequent(
    templates: list[NDArray[np.floating]], matches: Matches, band: Band, noise_uv: float, fewest: int
) -> list[NDArray[np.floating]]:
    counts = np.bincount(matches.template, minlength=len(templates))
    explained = counts * np.array([np.square(template).sum() for template in templates])
    order = np.argsort(-explained, kind="stable")[: band.max_units]
    large_uv = RARE_LARGE * band.threshold * noise_uv
    least = [fewest if np.abs(template).max() > large_uv else band.min_spikes for template in templates]
    return _distinct([templates[unit] for unit in order if counts[unit] >= least[unit]], noise_uv, 1)
