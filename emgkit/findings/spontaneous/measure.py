"""Everything that is measured of one train before it gets a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from emgkit.findings.spontaneous.settings import bands
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.counting import samples_in, spread_evenly
from emgkit.signals.detect import find_spikes, smooth_energy
from emgkit.signals.faults import runs_of
from emgkit.signals.filters import band_pass
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import Rhythm, measure_rhythm
from emgkit.signals.waveform import MAX_DISCHARGES, Shape, average_discharge, cut_discharges, measure_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples
    from emgkit.signals.bands import Stretch
    from emgkit.signals.units import Train


HumAt: TypeAlias = "Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]"


@dataclass(frozen=True, eq=False)
class MeasuredTrain:
    """One train with its rhythm, its averaged discharge and what is around it.

    Parameters
    ----------
    train : Train
    rhythm : Rhythm
    shape : Shape or None
        None when no discharge lies far enough inside the recording.
    average_uv : ndarray of shape (n_window,)
    waveforms_uv : ndarray of float32, shape (n_kept, n_window)
    window_ms : ndarray of shape (n_window,)
    spikes : int
        Separate phase-locked spikes of one discharge.
    sharp_wave : bool
    amplitude_cv : float
        Scatter of single sizes with the noise taken off.
    variability : float
        Root of the share of energy by which neighbouring discharges differ beyond the noise; 0 for one fibre, which
        repeats itself, larger for a motor unit, whose fibres jitter.
    parts_s : tuple of (start_s, stop_s)
        Parts of the potential that the fast band sees, from the fixed point.
    endplate_noise : bool
        Endplate noise during most of the train; set when the noise between the trains has been looked at.
    """

    train: Train
    rhythm: Rhythm
    shape: Shape | None
    average_uv: NDArray[np.float64]
    waveforms_uv: NDArray[np.float32]
    window_ms: NDArray[np.float64]
    spikes: int
    sharp_wave: bool
    amplitude_cv: float
    variability: float = np.nan
    parts_s: tuple[tuple[float, float], ...] = ()
    endplate_noise: bool = False


def measure_train(
    samples: Samples,
    rate_hz: float,
    *,
    train: Train,
    others_s: NDArray[np.float64],
    hum: HumAt | None = None,
    most: int = MAX_DISCHARGES,
) -> MeasuredTrain:
    """Measure rhythm and shape of one train on unfiltered samples.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Microvolt.
    rate_hz : float
    train : Train
    others_s : ndarray
        Discharges of all other trains, ascending: shape is measured where none of them is near.
    hum : function of (times_s, offsets_s), optional
        Mains to subtract.
    most : int
        Discharges that are averaged.
    """
    values = criteria_values("detection_criteria")
    windows, window_ms, average, error_uv = _averaged(samples, rate_hz, _lone(train.time_s, others_s), hum, most)
    sharp, size = _sharp(average, rate_hz)
    rhythm = measure_rhythm(train.time_s)
    shift_s = _to_largest_spike(size, window_ms, rhythm.base_s)
    if abs(shift_s) > values["time_shift_ms"] / 1000:
        train = replace(train, time_s=train.time_s + shift_s)
        windows, window_ms, average, error_uv = _averaged(samples, rate_hz, _lone(train.time_s, others_s), hum, most)
        sharp, size = _sharp(average, rate_hz)
    shape = None
    if len(windows) > 1:
        shape = measure_shape(
            average,
            window_ms,
            error_uv=error_uv,
            share=values["shape_share"],
            errors=values["shape_errors"],
            most_uv=values["shape_most_uv"],
        )
    kept = np.unique(np.linspace(0, max(len(windows) - 1, 0), int(values["kept_waveforms"])).astype(int))
    return MeasuredTrain(
        train=train,
        rhythm=rhythm,
        shape=shape,
        average_uv=average,
        spikes=_spikes(sharp, rate_hz, window_ms, rhythm.base_s) if shape else 0,
        parts_s=_parts(size, window_ms),
        waveforms_uv=(windows[kept] if len(windows) else windows).astype(np.float32),
        window_ms=window_ms,
        sharp_wave=shape is not None and _is_sharp_wave(shape),
        amplitude_cv=_amplitude_cv(windows, average, window_ms),
    )


def _lone(times_s: NDArray[np.float64], others_s: NDArray[np.float64]) -> NDArray[np.float64]:
    values = criteria_values("detection_criteria")
    if len(others_s) == 0:
        return times_s
    next_s = others_s[np.minimum(np.searchsorted(others_s, times_s), len(others_s) - 1)]
    last_s = others_s[np.maximum(np.searchsorted(others_s, times_s) - 1, 0)]
    clear = np.abs(next_s - times_s) > values["lone_after_ms"] / 1000
    clear &= np.abs(times_s - last_s) > values["lone_before_ms"] / 1000
    return times_s[clear] if clear.sum() >= values["lone_fewest"] else times_s


def _averaged(
    samples: Samples, rate_hz: float, times_s: NDArray[np.float64], hum: HumAt | None, most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    values = criteria_values("detection_criteria")
    before_ms, after_ms = values["window_before_ms"], values["window_after_ms"]
    windows, window_ms = cut_discharges(
        samples, rate_hz, times_s=times_s, before_ms=before_ms, after_ms=after_ms, hum=hum, most=most
    )
    if len(windows) < 2:
        return windows, window_ms, np.zeros(len(window_ms)), 0.0
    baseline_ms = (values["baseline_start_ms"], values["baseline_stop_ms"])
    return windows, window_ms, *average_discharge(windows, window_ms, baseline_ms=baseline_ms)


def _sharp(average: NDArray[np.float64], rate_hz: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # The average as the fast band sees it, and its local size.
    band = bands()[0]
    sharp = band_pass(average, rate_hz, low_hz=band.low_hz, high_hz=band.high_hz)
    return sharp, np.sqrt(smooth_energy(sharp, width=samples_in(band.width_ms, rate_hz)))


def _to_largest_spike(size: NDArray[np.float64], window_ms: NDArray[np.float64], base_s: float) -> float:
    # The fixed point of a complex is its largest spike, whichever of its spikes was found first.
    values, band = criteria_values("detection_criteria"), bands()[0]
    energy = np.where(np.abs(window_ms) < values["own_interval_share"] * base_s * 1000, np.square(size), 0.0)
    here = energy[np.abs(window_ms) < band.lag_ms].max(initial=0.0)
    return float(window_ms[energy.argmax()]) / 1000 if energy.max() > values["larger_spike"] * here else 0.0


def _spikes(sharp: NDArray[np.float64], rate_hz: float, window_ms: NDArray[np.float64], base_s: float) -> int:
    # Only one cycle is looked at: in a fast train the window holds the next discharge as well.
    values, band = criteria_values("detection_criteria"), bands()[0]
    sharp = np.where(window_ms < base_s * 1000 + window_ms[0], sharp, 0.0)
    width, separation = (samples_in(ms, rate_hz) for ms in (band.width_ms, band.separation_ms))
    largest = float(np.sqrt(smooth_energy(sharp, width=width).max()))
    spikes, _ = find_spikes(
        sharp, noise_uv=values["spike_share"] * largest, threshold=1.0, width=width, separation=separation
    )
    return len(spikes)


def _parts(size: NDArray[np.float64], window_ms: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    values, band = criteria_values("detection_criteria"), bands()[0]
    runs = runs_of(size > values["part_share"] * size.max())
    edges_ms = [(window_ms[first] - band.width_ms, window_ms[last - 1] + band.width_ms) for first, last in runs]
    return tuple((float(start_ms) / 1000, float(stop_ms) / 1000) for start_ms, stop_ms in edges_ms)


def _is_sharp_wave(shape: Shape) -> bool:
    values = criteria_values("detection_criteria")
    low, high = values["sharp_wave_negative_low"], values["sharp_wave_negative_high"]
    return bool(
        shape.positive_first
        and shape.initial_deflection == "positive"
        and low <= shape.negative_share <= high
        and shape.negative_to_positive_width >= values["sharp_wave_width_ratio"]
        and shape.duration_ms >= values["sharp_wave_duration_ms"]
    )


def _amplitude_cv(windows: NDArray[np.float64], average: NDArray[np.float64], window_ms: NDArray[np.float64]) -> float:
    values = criteria_values("detection_criteria")
    core = np.abs(average) > values["amplitude_core_share"] * np.ptp(average)
    energy = float(np.square(average[core]).sum())
    if len(windows) < 2 or energy == 0:
        return 0.0
    scale = windows[:, core] @ average[core] / energy
    error = np.var(windows[:, window_ms < values["baseline_stop_ms"]]) / energy
    return float(np.sqrt(max(scale.var() - error, 0.0)) / max(abs(scale.mean()), 1e-9))


def shape_variability(stretch: Stretch, times_s: NDArray[np.float64], *, others_s: NDArray[np.float64]) -> float:
    """Return the change of shape from discharge to discharge, NaN where there are too few.

    What neighbouring discharges differ by, less what the time just before them differs by.

    Parameters
    ----------
    stretch : Stretch
        Of which the fast band is used.
    times_s : ndarray
        Discharges of the train.
    others_s : ndarray
        Discharges of all other trains, ascending.
    """
    band, times_s = bands()[0], _lone(times_s, others_s)
    rate_hz = stretch.grid.fast_hz
    half = samples_in(band.half_window_ms, rate_hz)
    places = (times_s - stretch.start_s) * rate_hz
    places = places[spread_evenly(len(places), most=200)]
    windows = cut_at(stretch.fast, places, before=2 * half + half, after=half)
    before, windows = windows[:, : 2 * half], windows[:, 2 * half :]
    average = np.median(windows, axis=0)
    energy = float(np.square(average).sum())
    if len(windows) <= 2 or energy == 0:
        return np.nan
    basis, _ = np.linalg.qr(np.stack([average, np.gradient(average)], axis=1))
    difference = np.diff(windows, axis=0)
    difference -= (difference @ basis) @ basis.T  # size and timing of single discharges are not shape
    background = np.median(np.square(np.diff(before, axis=0)).sum(axis=1)) * (1 - 1 / half)
    excess = float(np.median(np.square(difference).sum(axis=1)) - background) / 2
    return float(np.sqrt(max(excess, 0.0) / energy))


def within(measured: MeasuredTrain, spans: Sequence[tuple[float, float]]) -> MeasuredTrain:
    """Return the train with ``endplate_noise`` set when most of its discharges lie in spans of (start_s, stop_s)."""
    times_s = measured.train.time_s
    inside = np.zeros(len(times_s), dtype=bool)
    for start_s, stop_s in spans:
        inside |= (times_s >= start_s) & (times_s <= stop_s)
    return replace(measured, endplate_noise=bool(inside.mean() > 0.5))
