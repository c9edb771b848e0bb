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
    # A recording of hours has a million discharges: what is not needed any more is let go before the next column.
    time_s = np.concatenate([*(each.measured.train.time_s for each in trains), loose.time_s])
    order = np.argsort(time_s, kind="stable")
    owner = np.searchsorted(np.cumsum([len(each.sizes_uv) for each in trains]), order, side="right")
    columns = {"time_s": time_s[order], "train": owner}
    del time_s
    sizes_uv = np.concatenate([*(each.sizes_uv for each in trains), loose.sizes_uv], dtype=np.float32)[order]
    unsorted = np.flatnonzero(owner == len(trains))
    of_loose = order[unsorted] - (len(order) - len(loose.time_s))
    del order
    usual_uv = [_usual(each.sizes_uv) for each in trains]
    shapes = [each.measured.shape for each in trains]
    whole_uv = [shape.peak_to_peak_uv if shape else usual for shape, usual in zip(shapes, usual_uv, strict=True)]
    snr = [each.measured.train.snr for each in trains]
    for name, units, of_single in (("peak_to_peak_uv", whole_uv, loose.sizes_uv), ("snr", snr, loose.ratio)):
        column = np.array([*(max(usual, 1e-9) for usual in usual_uv), 1.0])[owner]
        np.divide(sizes_uv, column, out=column)
        for number, unit in enumerate(units):
            column[owner == number] *= unit
        column[unsorted] = of_single[of_loose]
        columns[name] = column
    owner[unsorted] = UNSORTED
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
