"""Everything that is measured of one train before it gets a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import criteria_values
from emgkit.signals.rhythm import Rhythm, measure_rhythm
from emgkit.signals.waveform import Shape, average_discharge, cut_discharges, measure_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.signals.trains import Train


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
    waveforms_uv : ndarray of shape (n_kept, n_window)
    window_ms : ndarray of shape (n_window,)
    sharp_wave : bool
    amplitude_cv : float
        Scatter of single sizes with the noise taken off.
    endplate_noise : bool
        Endplate noise during the train.
    """

    train: Train
    rhythm: Rhythm
    shape: Shape | None
    average_uv: NDArray[np.float64]
    waveforms_uv: NDArray[np.float64]
    window_ms: NDArray[np.float64]
    sharp_wave: bool
    amplitude_cv: float
    endplate_noise: bool


def measure_train(
    samples: NDArray[np.float64], rate_hz: float, *, train: Train, endplate_noise: list[tuple[float, float]]
) -> MeasuredTrain:
    """Measure rhythm and shape of one train on unfiltered samples.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Microvolt.
    rate_hz : float
    train : Train
    endplate_noise : list of (start_s, stop_s)
        Spans of endplate noise.
    """
    values = criteria_values("detection_criteria")
    windows, window_ms = cut_discharges(
        samples,
        rate_hz,
        times_s=train.time_s,
        before_ms=values["window_before_ms"],
        after_ms=values["window_after_ms"],
    )
    average = np.zeros(len(window_ms))
    shape = None
    if len(windows) > 1:
        average, error_uv = average_discharge(
            windows, window_ms, baseline_ms=(values["baseline_start_ms"], values["baseline_stop_ms"])
        )
        shape = measure_shape(
            average, window_ms, error_uv=error_uv, share=values["shape_share"], errors=values["shape_errors"]
        )
    kept = np.unique(np.linspace(0, max(len(windows) - 1, 0), int(values["kept_waveforms"])).astype(int))
    return MeasuredTrain(
        train=train,
        rhythm=measure_rhythm(train.time_s),
        shape=shape,
        average_uv=average,
        waveforms_uv=windows[kept] if len(windows) else windows,
        window_ms=window_ms,
        sharp_wave=shape is not None and _is_sharp_wave(shape),
        amplitude_cv=_amplitude_cv(windows, average, window_ms),
        endplate_noise=_share_inside(train.time_s, endplate_noise) > 0.5,
    )


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
    core = np.abs(average) > np.ptp(average) / 10
    energy = float(np.square(average[core]).sum())
    if len(windows) < 2 or energy == 0:
        return 0.0
    scale = windows[:, core] @ average[core] / energy
    error = np.var(windows[:, window_ms < criteria_values("detection_criteria")["baseline_stop_ms"]]) / energy
    return float(np.sqrt(max(scale.var() - error, 0.0)) / max(abs(scale.mean()), 1e-9))


def _share_inside(times_s: NDArray[np.float64], spans: list[tuple[float, float]]) -> float:
    inside = np.zeros(len(times_s), dtype=bool)
    for start_s, stop_s in spans:
        inside |= (times_s >= start_s) & (times_s <= stop_s)
    return float(inside.mean()) if len(inside) else 0.0
