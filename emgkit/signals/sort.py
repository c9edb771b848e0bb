"""Spikes of one band sorted into units: detect, group by shape, explain, and look again at what remains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.cluster import find_templates
from emgkit.signals.detect import find_spikes
from emgkit.signals.filters import band_pass, smooth_energy
from emgkit.signals.match import Matches, MatchLimits, match_templates, similarity
from emgkit.signals.noise import noise_floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples


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
    noise_uv: float
    templates: list[NDArray[np.float64]]
    unit: NDArray[np.int64]
    time_s: NDArray[np.float64]
    scale: NDArray[np.float64]
    signal: NDArray[np.float64]
    residual: NDArray[np.float64]
    loose_s: NDArray[np.float64]
    loose_ratio: NDArray[np.float64]


def sort_band(
    samples: Samples, rate_hz: float, *, band: Band, left_out: Sequence[tuple[float, float]] = ()
) -> SortedBand:
    """Find the units of one band.

    Parameters
    ----------
    samples : array-like of shape (n_samples,)
        Microvolt.
    rate_hz : float
    band : Band
    left_out : sequence of (start_s, stop_s)
        Spans that are not looked at.

    Returns
    -------
    SortedBand

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.sort import Band, sort_band
    >>> band = Band(200, 3000, 0.6, 2, 2.5, 0.4, 0.02, 2.5, 0.25, 5, 2, 20, 40, 0.6, 1.6, 1, 0.6, 0.05)
    >>> signal = np.random.default_rng(0).normal(0, 2, 100000)
    >>> for start in range(1000, 99000, 1500):
    ...     signal[start : start + 15] += 60 * np.sin(np.linspace(0, 2 * np.pi, 15))
    >>> found = sort_band(signal, 10000.0, band=band)
    >>> len(found.templates), len(found.time_s)
    (1, 66)
    """
    step = max(int(rate_hz // (3 * band.high_hz)), 1)
    rate = rate_hz / step
    signal = band_pass(samples, rate_hz, low_hz=band.low_hz, high_hz=band.high_hz, step=step)
    usable = np.ones(len(signal), dtype=bool)
    for start_s, stop_s in left_out:
        usable[int(np.floor(start_s * rate)) : int(np.ceil(stop_s * rate)) + 1] = False
    signal *= usable
    noise_uv = noise_floor(
        signal, rate, bandwidth_hz=band.high_hz - band.low_hz, block_s=band.noise_block_s, usable=usable
    )
    limits = MatchLimits(
        noise_uv, band.gain, band.scale_low, band.scale_high, band.stiffness, band.correlation, band.residue
    )
    templates, matches = _search(signal, rate, band, limits)
    loose, ratio = _find(matches.residual, signal, rate, band, noise_uv)
    return SortedBand(
        rate_hz=rate,
        noise_uv=noise_uv,
        templates=templates,
        unit=matches.template,
        time_s=matches.position / rate,
        scale=matches.scale,
        signal=signal,
        residual=matches.residual,
        loose_s=loose / rate,
        loose_ratio=ratio,
    )


def _find(
    residual: NDArray[np.float64], signal: NDArray[np.float64], rate_hz: float, band: Band, noise_uv: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    # Where much was explained, a share of it counts as noise: no unit repeats perfectly.
    explained = smooth_energy(signal - residual, rate_hz, width_ms=band.half_window_ms)
    expected = np.sqrt(max(noise_uv, 1e-9) ** 2 + band.residue * explained)
    return find_spikes(
        residual,
        rate_hz,
        noise_uv=expected,
        threshold=band.threshold,
        width_ms=band.width_ms,
        separation_ms=band.separation_ms,
    )


def _search(
    signal: NDArray[np.float64], rate_hz: float, band: Band, limits: MatchLimits
) -> tuple[list[NDArray[np.float64]], Matches]:
    half, lag = (max(round(ms * rate_hz / 1000), 1) for ms in (band.half_window_ms, band.lag_ms))
    templates: list[NDArray[np.float64]] = []
    matches = match_templates(signal, templates, limits=limits)
    if limits.noise_uv <= 0:
        return templates, matches
    for turn in range(band.rounds):
        spikes, _ratio = _find(matches.residual, signal, rate_hz, band, limits.noise_uv)
        fresh = find_templates(
            matches.residual,
            spikes,
            noise_uv=limits.noise_uv,
            half_window=half,
            max_lag=lag,
            tolerance=band.tolerance * 2**turn,  # similar units first, then what varies more
            min_spikes=band.min_spikes,
        )
        count = len(templates)
        templates = _distinct([*templates, *(_centred(template) for template in fresh)], lag)
        if len(templates) == count:
            break
        matches = match_templates(signal, templates, limits=limits)
        templates = _refined(templates, matches)
        templates, matches = _without_rare(templates, signal, band, limits)
    return templates, matches


def _centred(template: NDArray[np.float64]) -> NDArray[np.float64]:
    # The middle of the template becomes the centre of its energy: one fixed point whatever the polarity.
    energy = np.square(template)
    centre = float((np.arange(len(template)) + 0.5) @ energy / energy.sum())
    shift = len(template) / 2 - centre
    spectrum = np.fft.rfft(template, n=2 * len(template))
    moved = np.fft.irfft(
        spectrum * np.exp(-2j * np.pi * np.fft.rfftfreq(2 * len(template)) * shift), n=2 * len(template)
    )
    return np.asarray(moved[: len(template)])


def _distinct(templates: list[NDArray[np.float64]], lag: int) -> list[NDArray[np.float64]]:
    kept: list[NDArray[np.float64]] = []
    for template in templates:
        size = np.ptp(template)
        twin = any(
            similarity(other, template, max_lag=2 * lag)[0] > 0.97 and 0.9 < size / np.ptp(other) < 1.1
            for other in kept
        )
        if not twin:
            kept.append(template)
    return kept


def _refined(templates: list[NDArray[np.float64]], matches: Matches) -> list[NDArray[np.float64]]:
    # A template learns from what its own matches left over, so that it no longer carries its neighbours' shapes.
    refined = []
    for number, template in enumerate(templates):
        mine = matches.template == number
        if not mine.any():
            refined.append(template)
            continue
        starts = np.round(matches.position[mine] - len(template) / 2).astype(int)
        index = np.clip(starts[:, None] + np.arange(len(template)), 0, len(matches.residual) - 1)
        scale = float(np.median(matches.scale[mine]))
        refined.append(_centred(scale * template + np.median(matches.residual[index], axis=0)))
    return _distinct(refined, 1)


def _without_rare(
    templates: list[NDArray[np.float64]], signal: NDArray[np.float64], band: Band, limits: MatchLimits
) -> tuple[list[NDArray[np.float64]], Matches]:
    matches = match_templates(signal, templates, limits=limits)
    counts = np.bincount(matches.template, minlength=len(templates))
    explained = counts * np.array([np.square(template).sum() for template in templates])
    order = np.argsort(-explained, kind="stable")[: band.max_units]
    kept = [templates[unit] for unit in order if counts[unit] >= band.min_spikes]
    if len(kept) == len(templates):
        return templates, matches
    return kept, match_templates(signal, kept, limits=limits)
