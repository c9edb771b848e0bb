"""The tables of one analysed recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EVENTS, TRAINS, UNSORTED
from emgkit.model.table import make_table
from emgkit.signals.memory import give_back_memory

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
    give_back_memory()
    time_s = np.concatenate([*(each.measured.train.time_s for each in trains), loose.time_s])
    order = np.argsort(time_s, kind="stable")
    time_s.sort()
    counts = [*(len(each.sizes_uv) for each in trains), len(loose.time_s)]
    owner = np.repeat(np.arange(len(counts), dtype=np.int16), counts)[order]  # trains are few
    del order
    sizes_uv, snr = np.empty(len(owner)), np.empty(len(owner))
    for number, (measured, band_uv) in enumerate(trains):
        mine, usual_uv = owner == number, _usual(band_uv)
        share = band_uv[np.argsort(measured.train.time_s, kind="stable")].astype(np.float64)
        share /= max(usual_uv, 1e-9)
        snr[mine] = share * measured.train.snr
        share *= measured.shape.peak_to_peak_uv if measured.shape else usual_uv
        sizes_uv[mine] = share
        del mine, share
    unsorted, turn = owner == len(trains), np.argsort(loose.time_s, kind="stable")
    sizes_uv[unsorted], snr[unsorted] = loose.sizes_uv[turn], loose.ratio[turn]
    owner[unsorted] = UNSORTED
    columns = {"time_s": time_s, "train": owner.astype(np.int64), "peak_to_peak_uv": sizes_uv, "snr": snr}
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
