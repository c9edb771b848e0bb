"""Everything that is measured of one train before it gets a name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from emgkit.findings.spontaneous.settings import bands
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.complexes import apart, cycle_of, negative_peaks
from emgkit.signals.counting import samples_in, spread_evenly
from emgkit.signals.detect import smooth_energy
from emgkit.signals.faults import runs_of
from emgkit.signals.filters import band_pass
from emgkit.signals.medians import column_medians
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import Rhythm, measure_rhythm
from emgkit.signals.waveform import MAX_DISCHARGES, Shape, average_discharge, cut_discharges, measure_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples
    from emgkit.signals.background import Skewed
    from emgkit.signals.bands import Stretch
    from emgkit.signals.units import Train


HumAt: TypeAlias = "Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.floating]]"


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
    endplate_noise_uv : float
        Level (``large_uv``) of the endplate noise during most of the train, 0 without; set when the noise between the
        trains has been looked at.
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
    endplate_noise_uv: float = 0.0


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
    averaged = partial(_averaged, samples, rate_hz, others_s=others_s, hum=hum, most=most)
    found, rhythm = averaged(train.time_s), measure_rhythm(train.time_s)
    size = _size(found.average, rate_hz)
    shift_s = _to_largest_spike(size, found, rhythm.base_s)
    if abs(shift_s) > values["time_shift_ms"] / 1000:
        train = replace(train, time_s=train.time_s + shift_s)
        found = averaged(train.time_s)
        size = _size(found.average, rate_hz)
    stored = slice(-len(found.window_ms), None)
    cycle = _cycle(found, rate_hz, rhythm.base_s)
    before_ms = _look_back(averaged, train.time_s, rate_hz, cycle.begins_ms, rhythm)
    if before_ms:
        found = averaged(train.time_s, before_ms=before_ms)
        found = _levelled(found.windows, found.window_ms, _cycle(found, rate_hz, rhythm.base_s).begins_ms)
        cycle, size = _cycle(found, rate_hz, rhythm.base_s), _size(found.average, rate_hz)
    several = len(found.windows) > 1
    parts_ms = _large_parts(found, cycle)
    spikes_ms = _spikes(found, cycle, parts_ms)
    shape = _shape(found, spikes_ms, parts_ms) if several else None
    kept = spread_evenly(len(found.windows), most=int(values["kept_waveforms"]))
    return MeasuredTrain(
        train=train,
        rhythm=rhythm,
        shape=shape,
        average_uv=found.average[stored],
        spikes=max(len(spikes_ms), int(several)),
        parts_s=_parts(size, found.window_ms),
        waveforms_uv=found.windows[kept][:, stored].astype(np.float32),
        window_ms=found.window_ms[stored],
        sharp_wave=shape is not None and _is_sharp_wave(shape),
        amplitude_cv=_amplitude_cv(found),
    )


def _look_back(
    averaged: Callable[..., _Average], times_s: NDArray[np.float64], rate_hz: float, begins_ms: float, rhythm: Rhythm
) -> float:
    # Of a fast train, what is far before a discharge may be a part of it and not of the one before. The parts of a
    # slow complex may lie far apart, with silence between them: its rhythm, steady as no other, asks for a wider look,
    # at a few discharges first, for most that are so steady are no complex.
    values = criteria_values("detection_criteria")
    far_ms = 0.0
    if rhythm.irregularity < values["complex_steady"]:
        far_ms = min(values["complex_steady_share"] * 1000 * rhythm.base_s, values["complex_steady_before_ms"])
    if begins_ms < values["baseline_stop_ms"] or 1000 * rhythm.base_s < values["window_after_ms"]:
        return max(far_ms, values["complex_before_ms"])
    if far_ms <= values["window_before_ms"]:
        return 0.0
    few = spread_evenly(len(times_s), most=int(values["complex_glimpse"]))
    glimpse = averaged(times_s[few], before_ms=far_ms)
    return far_ms if _cycle(glimpse, rate_hz, rhythm.base_s).begins_ms < -values["window_before_ms"] else 0.0


def _shape(found: _Average, spikes_ms: list[float], parts_ms: list[tuple[float, float]]) -> Shape:
    # What all discharges have in common belongs to the potential, whatever the pause between two parts of it.
    values, least = criteria_values("detection_criteria"), criteria_values("naming_criteria")["complex_least_spikes"]
    far_ms = [sum(part_ms) / 2 for part_ms in parts_ms] if len(parts_ms) > 1 else []
    return measure_shape(
        found.average,
        found.window_ms,
        error_uv=found.error_uv,
        share=values["shape_share"],
        errors=values["shape_errors"],
        most_uv=values["shape_most"] * found.error_uv * len(found.windows) ** 0.5,  # of one discharge
        spikes_ms=sorted([*(spikes_ms if len(spikes_ms) >= least else ()), *far_ms]),
        common=found.common,
    )


def _lone(times_s: NDArray[np.float64], others_s: NDArray[np.float64]) -> NDArray[np.float64]:
    # Discharges that no other train disturbs; among many others, those that are least disturbed.
    values = criteria_values("detection_criteria")
    fewest = min(int(values["lone_fewest"]), len(times_s))
    room = np.full(len(times_s), np.inf)
    if len(others_s):
        next_one = np.searchsorted(others_s, times_s)
        for place, beyond, unit_ms in (
            (next_one, next_one == len(others_s), values["lone_after_ms"]),
            (next_one - 1, next_one == 0, -values["lone_before_ms"]),
        ):
            away = (others_s.take(place, mode="clip") - times_s) * (1000 / unit_ms)
            away[beyond] = np.inf
            np.minimum(room, away, out=room)
    least = np.partition(room, len(room) - fewest)[len(room) - fewest] if fewest else 0.0
    return np.asarray(times_s[room >= min(least, 1.0)])


class _Average(NamedTuple):
    windows: NDArray[np.floating]
    window_ms: NDArray[np.float64]
    average: NDArray[np.float64]
    error_uv: float
    common: NDArray[np.float64]
    baseline_ms: tuple[float, float]


def _averaged(
    samples: Samples,
    rate_hz: float,
    times_s: NDArray[np.float64],
    *,
    others_s: NDArray[np.float64],
    hum: HumAt | None,
    most: int,
    before_ms: float | None = None,
) -> _Average:
    values = criteria_values("detection_criteria")
    windows, window_ms = cut_discharges(
        samples,
        rate_hz,
        times_s=_lone(times_s, others_s),
        before_ms=before_ms or values["window_before_ms"],
        after_ms=values["window_after_ms"],
        hum=hum,
        most=most,
    )
    return _levelled(windows, window_ms, values["baseline_stop_ms"])


def _levelled(windows: NDArray[np.floating], window_ms: NDArray[np.float64], stop_ms: float) -> _Average:
    values = criteria_values("detection_criteria")
    length_ms = values["baseline_stop_ms"] - values["baseline_start_ms"]
    start_ms = max(stop_ms - length_ms, float(window_ms[0]))
    baseline_ms = (start_ms, start_ms + length_ms)
    if len(windows) < 2:
        nothing = np.zeros(len(window_ms))
        return _Average(windows, window_ms, nothing, 0.0, nothing, baseline_ms)
    return _Average(windows, window_ms, *average_discharge(windows, window_ms, baseline_ms=baseline_ms), baseline_ms)


def _size(wave: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    # Local size of a wave as the fast band sees it.
    band = bands()[0]
    sharp = band_pass(wave, rate_hz, low_hz=band.low_hz, high_hz=band.high_hz)
    return np.asarray(np.sqrt(smooth_energy(sharp, width=samples_in(band.width_ms, rate_hz))))


def _to_largest_spike(size: NDArray[np.float64], found: _Average, base_s: float) -> float:
    # The fixed point of a complex is its largest spike, whichever of its spikes was found first. A slow wave has none:
    # what the fast band shows of it is noise, or what other trains left in the average.
    values, band, window_ms = criteria_values("detection_criteria"), bands()[0], found.window_ms
    energy = np.where(np.abs(window_ms) < values["own_interval_share"] * base_s * 1000, np.square(size), 0.0)
    here = energy[np.abs(window_ms) < band.lag_ms].max(initial=0.0)
    least = max(values["larger_spike"] * here, (values["fixed_point_share"] * float(np.ptp(found.average))) ** 2)
    return float(window_ms[energy.argmax()]) / 1000 if energy.max() > least else 0.0


class _Cycle(NamedTuple):
    # The parts that discharges have in common, and where one discharge begins and ends.
    parts_s: tuple[tuple[float, float], ...]
    start_s: float
    stop_s: float

    @property
    def begins_ms(self) -> float:
        # The first part of a discharge, which is not always its largest.
        return 1000 * min((part_s for part_s, over_s in self.parts_s if over_s > self.start_s), default=0.0)


def _cycle(found: _Average, rate_hz: float, base_s: float) -> _Cycle:
    parts_s = _parts(_size(found.common, rate_hz), found.window_ms)
    return _Cycle(parts_s, *cycle_of(parts_s, base_s=base_s, first_s=float(found.window_ms[0]) / 1000))


def _large_parts(found: _Average, cycle: _Cycle) -> list[tuple[float, float]]:
    # Parts of one cycle only: in a fast train the window holds the next discharge too.
    values = criteria_values("detection_criteria")
    least_uv = max(values["part_share"] * np.ptp(found.average), values["shape_errors"] * found.error_uv)
    large = []
    for start_s, stop_s in apart(cycle.parts_s):
        part_uv = found.common[(found.window_ms >= 1000 * start_s) & (found.window_ms <= 1000 * stop_s)]
        if cycle.start_s < (start_s + stop_s) / 2 < cycle.stop_s and np.ptp(part_uv) > least_uv:
            large.append((1000 * start_s, 1000 * stop_s))
    return large


def _spikes(found: _Average, cycle: _Cycle, parts_ms: list[tuple[float, float]]) -> list[float]:
    # Negative peaks, and what stands apart.
    values = criteria_values("detection_criteria")
    least_uv = max(values["spike_share"] * np.ptp(found.average), values["shape_errors"] * found.error_uv)
    peaks_ms = found.window_ms[negative_peaks(found.common, least_uv=least_uv)]
    spikes_ms = [float(peak_ms) for peak_ms in peaks_ms if cycle.start_s < peak_ms / 1000 < cycle.stop_s]
    for first_ms, last_ms in parts_ms:
        if not any(first_ms <= spike_ms <= last_ms for spike_ms in peaks_ms):
            spikes_ms.append((first_ms + last_ms) / 2)
    return sorted(spikes_ms)


def _parts(size: NDArray[np.float64], window_ms: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    values, band = criteria_values("detection_criteria"), bands()[0]
    runs = runs_of(size > values["part_share"] * size.max())
    edges_ms = [(window_ms[first] - band.width_ms, window_ms[last - 1] + band.width_ms) for first, last in runs]
    return tuple((float(start_ms) / 1000, float(stop_ms) / 1000) for start_ms, stop_ms in edges_ms)


def _is_sharp_wave(shape: Shape) -> bool:
    values = criteria_values("detection_criteria")
    low, high = values["sharp_wave_negative_low"], values["sharp_wave_negative_high"]
    tail = shape.duration_ms >= values["sharp_wave_tail_ms"]  # the high-pass makes one more
    return bool(
        shape.positive_first
        and shape.initial_deflection == "positive"
        and low <= shape.negative_share <= high
        and shape.negative_to_positive_width >= values["sharp_wave_width_ratio"]
        and shape.duration_ms >= values["sharp_wave_duration_ms"]
        and shape.phases <= values["sharp_wave_phases"] + tail
    )


def _amplitude_cv(found: _Average) -> float:
    values = criteria_values("detection_criteria")
    windows, average = found.windows, found.average
    core = np.abs(average) > values["amplitude_core_share"] * np.ptp(average)
    energy = float(np.square(average[core]).sum())
    if len(windows) < 2 or energy == 0:
        return 0.0
    scale = windows[:, core] @ average[core] / energy
    error = np.var(windows[:, found.window_ms < found.baseline_ms[1]], dtype=np.float64) / energy
    return float(np.sqrt(max(scale.var() - error, 0.0)) / max(abs(scale.mean()), 1e-9))


def shape_variability(stretch: Stretch, train: Train, *, others_s: NDArray[np.float64]) -> float:
    """Return the change of shape from discharge to discharge, NaN where there are too few.

    What neighbouring discharges differ by, less what the time just before them differs by.

    Parameters
    ----------
    stretch : Stretch
        Of which the band is used that carries the train.
    train : Train
    others_s : ndarray
        Discharges of all other trains, ascending.
    """
    times_s = _lone(train.time_s, others_s)
    signal, rate_hz = stretch.of_band(train.band)
    half = samples_in(bands()[train.band].half_window_ms, rate_hz)
    places = (times_s - stretch.start_s) * rate_hz
    places = places[spread_evenly(len(places), most=200)]
    windows = cut_at(signal, places, before=2 * half + half, after=half)
    before, windows = windows[:, : 2 * half], windows[:, 2 * half :]
    average = column_medians(windows)
    energy = float(np.square(average).sum())
    if len(windows) <= 2 or energy == 0:
        return np.nan
    basis, _ = np.linalg.qr(np.stack([average, np.gradient(average)], axis=1))
    difference = np.diff(windows, axis=0)
    difference -= (difference @ basis) @ basis.T  # size and timing of single discharges are not shape
    background = np.median(np.square(np.diff(before, axis=0)).sum(axis=1)) * (1 - 1 / half)
    excess = float(np.median(np.square(difference).sum(axis=1)) - background) / 2
    return float(np.sqrt(max(excess, 0.0) / energy))


def within(measured: MeasuredTrain, spans: Sequence[Skewed]) -> MeasuredTrain:
    """Return the train with ``endplate_noise_uv`` set when most of its discharges lie in spans of skewed noise."""
    times_s = measured.train.time_s
    levels_uv = np.zeros(len(times_s))
    for span in spans:
        levels_uv[(times_s >= span.start_s) & (times_s <= span.stop_s)] = span.large_uv
    return replace(measured, endplate_noise_uv=float(np.median(levels_uv)) if len(times_s) else 0.0)
