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
    from emgkit.findings.spontaneous.part import Loose, Sized


def train_table(measured: Sequence[MeasuredTrain], names: Sequence[Name]) -> pd.DataFrame:
    """Return one row a train, schema ``TRAINS``."""
    return make_table(TRAINS, [_train_row(*row) for row in zip(range(len(names)), measured, names, strict=True)])


def event_table(trains: Sequence[Sized], loose: Loose) -> pd.DataFrame:
    """Return one row a discharge in order of time, schema ``EVENTS``; loose discharges belong to no train."""
    time_s = np.concatenate([*(each.measured.train.time_s for each in trains), loose.time_s])
    order = np.argsort(time_s, kind="stable")
    owner = np.searchsorted(np.cumsum([len(each.sizes_uv) for each in trains]), order, side="right")
    owner[owner == len(trains)] = UNSORTED
    columns = {"time_s": time_s[order], "train": owner}
    column = time_s  # one for all: a recording of hours has a million discharges
    for name, loose_values in (("peak_to_peak_uv", loose.sizes_uv), ("snr", loose.ratio)):
        low = 0
        for measured, sizes_uv in trains:
            usual_uv = _usual(sizes_uv)
            size_uv = measured.shape.peak_to_peak_uv if measured.shape else usual_uv
            unit = size_uv if name == "peak_to_peak_uv" else measured.train.snr
            column[low : low + len(sizes_uv)] = unit * (sizes_uv.astype(np.float64) / max(usual_uv, 1e-9))
            low += len(sizes_uv)
        column[low:] = loose_values
        columns[name] = column[order]
    return make_table(EVENTS, columns)


def _usual(sizes_uv: NDArray[np.floating]) -> float:
    return float(np.median(sizes_uv.astype(np.float64)))


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
        "variability": measured.variability,
        "turns": shape.turns if shape else 0,
        "amplitude_cv": measured.amplitude_cv,
        "duration_ms": shape.duration_ms if shape else np.nan,
        "rise_ms": shape.rise_ms if shape else np.nan,
        "phases": shape.phases if shape else 0,
        "spikes": measured.spikes,
        "initial_deflection": shape.initial_deflection if shape else "indeterminate",
        "sharp_wave": measured.sharp_wave,
        "snr": train.snr,
        "persistent": bool(span_s >= values["persistent_span_s"] and enough),
        "counted": name.counted,
        "reasons": name.reasons,
    }
