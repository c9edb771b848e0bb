"""The tables of one analysed recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EVENTS, TRAINS, UNSORTED
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from emgkit.findings.spontaneous.measure import MeasuredTrain
    from emgkit.findings.spontaneous.naming import Name


def train_table(measured: Sequence[MeasuredTrain], names: Sequence[Name]) -> pd.DataFrame:
    """Return one row a train, schema ``TRAINS``."""
    return make_table(TRAINS, [_train_row(*row) for row in zip(range(len(names)), measured, names, strict=True)])


def event_table(
    samples: NDArray[np.float64], rate_hz: float, *, measured: Sequence[MeasuredTrain], loose_s: NDArray[np.float64]
) -> pd.DataFrame:
    """Return one row a discharge in order of time, schema ``EVENTS``; loose discharges belong to no train."""
    least = criteria_values("detection_criteria")["loose_ratio"]
    trains = [(number, train.train.time_s, train.train.snr) for number, train in enumerate(measured)]
    rows: list[dict[str, float]] = []
    for number, times_s, snr in [*trains, (UNSORTED, loose_s, least)]:
        sizes = _sizes(samples, rate_hz, times_s)
        usual = float(np.median(sizes)) if len(sizes) else 1.0
        rows += [
            {"time_s": time_s, "train": number, "peak_to_peak_uv": size, "snr": snr * size / max(usual, 1e-9)}
            for time_s, size in zip(times_s, sizes, strict=True)
        ]
    return make_table(EVENTS, sorted(rows, key=lambda row: row["time_s"]))


def _train_row(number: int, measured: MeasuredTrain, name: Name) -> dict[str, object]:
    train, rhythm, shape = measured.train, measured.rhythm, measured.shape
    values = criteria_values("grading_criteria")
    span_s = train.time_s[-1] - train.time_s[0]
    slow = rhythm.base_s > 1 / values["slow_rate_hz"]
    enough = len(train.time_s) >= values["persistent_slow_events" if slow else "persistent_events"]
    return {
        "train": number,
        "label": name.label,
        "probability": name.probability,
        "runner_up": name.runner_up,
        "n_events": len(train.time_s),
        "start_s": train.time_s[0],
        "stop_s": train.time_s[-1],
        "rate_hz": 1 / rhythm.base_s,
        "irregularity": rhythm.irregularity,
        "interval_cv": rhythm.cv,
        "interval_p5_ms": rhythm.p5_ms,
        "rate_trend_per_s": rhythm.trend_per_s,
        "rate_range": rhythm.rate_range,
        "amplitude_uv": shape.peak_to_peak_uv if shape else np.nan,
        "amplitude_cv": measured.amplitude_cv,
        "duration_ms": shape.duration_ms if shape else np.nan,
        "rise_ms": shape.rise_ms if shape else np.nan,
        "phases": shape.phases if shape else 0,
        "spikes": measured.spikes,
        "initial_deflection": shape.initial_deflection if shape else "indeterminate",
        "sharp_wave": measured.sharp_wave,
        "snr": train.snr,
        "persistent": bool(span_s >= values["persistent_span_s"] and enough),
        "reasons": name.reasons,
    }


def _sizes(samples: NDArray[np.float64], rate_hz: float, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    reach = max(round(rate_hz * criteria_values("detection_criteria")["fast_half_window_ms"] / 1000), 1)
    index = np.round(times_s * rate_hz).astype(int)[:, None] + np.arange(-reach, reach + 1)
    return np.ptp(samples[np.clip(index, 0, len(samples) - 1)], axis=1) if len(times_s) else np.array([])
