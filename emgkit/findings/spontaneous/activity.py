"""One resting recording: find the discharges, sort them into trains, name the trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import SignalError
from emgkit.findings.spontaneous.measure import MeasuredTrain, measure_train, within
from emgkit.findings.spontaneous.naming import Name, name_train, polarity_is_suspect
from emgkit.findings.spontaneous.settings import bands, clock_limits
from emgkit.knowledge.anatomy import find_muscle
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, UNSORTED, SpontaneousActivity
from emgkit.model.table import make_table
from emgkit.signals.artifacts import (
    Span,
    covered_s,
    find_clicks,
    find_constant,
    find_movement,
    joined,
    mend_clicks,
    remove_mains,
)
from emgkit.signals.background import find_dense, find_skewed
from emgkit.signals.detect import keep_largest
from emgkit.signals.sort import SortedBand, sort_band
from emgkit.signals.trains import Train, build_trains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording

MAINS_HZ = (50.0, 60.0)  # the two frequencies that mains have anywhere


def find_spontaneous_activity(recording: Recording) -> SpontaneousActivity:
    """Find the discharges of a resting recording, sort them into trains and name each train.

    Parameters
    ----------
    recording : Recording
        At least 2 kHz; below 10 kHz shape is not used and the result is flagged ``low_rate``. Any state is analysed.

    Returns
    -------
    SpontaneousActivity

    Raises
    ------
    SignalError
        When the rate is below 2 kHz, or less than a second is left when flat line, clipping, movement and contraction
        are taken away.
    UnknownNameError
        When the muscle is not known.

    References
    ----------
    Source keys ``heckmann_1982`` and ``partanen_2013`` for rhythm before shape.

    Examples
    --------
    >>> import emgkit
    >>> recording, truth = emgkit.simulate_recording(["fibrillation"], duration_s=6.0, rate_hz=24000.0, rng=1)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> activity.trains["label"].tolist()
    ['fibrillation']
    """
    muscle = find_muscle(recording.muscle)
    values = criteria_values("detection_criteria")
    _check_rate(recording, values["least_rate_hz"])
    samples, left_out, hum_uv = _cleaned(recording)
    sorted_bands = [sort_band(samples, recording.rate_hz, band=band, left_out=_pairs(left_out)) for band in bands()]
    left_out += _contraction(sorted_bands[0], recording.duration_s)
    left_out = joined(left_out, duration_s=recording.duration_s, gap_s=values["flat_s"])
    analysed_s = recording.duration_s - covered_s(left_out)
    _check_usable(recording, left_out, analysed_s)
    trains = build_trains(
        sorted_bands,
        clock=clock_limits(),
        regular=values["regular_irregularity"],
        min_events=int(values["min_train_events"]),
    )
    trains = _outside(trains, left_out, int(values["min_train_events"]))
    measured = [measure_train(samples, recording.rate_hz, train=train) for train in trains]
    noise = _endplate_noise(samples, recording.rate_hz, measured)
    measured = [within(train, [(start, stop) for start, stop, _ in noise]) for train in measured]
    measured = [train for train in measured if not _is_noise(train)]
    trains = [train.train for train in measured]
    flags = ["low_rate"] * (recording.rate_hz < values["shape_rate_hz"]) + ["mains_removed"] * (hum_uv > 0)
    names, flags = _named(measured, flags, analysed_s)
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        events=_event_table(samples, recording.rate_hz, trains, sorted_bands[0], left_out),
        trains=make_table(TRAINS, [_train_row(*item) for item in zip(range(len(names)), measured, names, strict=True)]),
        templates_uv={number: train.average_uv for number, train in enumerate(measured)},
        waveforms_uv={number: train.waveforms_uv for number, train in enumerate(measured)},
        window_ms=measured[0].window_ms if measured else np.array([]),
        noise_uv={"fibrillation": sorted_bands[0].noise_uv, "positive_sharp_wave": sorted_bands[1].noise_uv},
        excluded=make_table(EXCLUDED, [vars(span) for span in left_out]),
        spans=make_table(
            SPANS,
            [{"start_s": start, "stop_s": stop, "what": "endplate_noise", "level_uv": level} for start, stop, level in noise],
        ),
        analysed_s=analysed_s,
        flags=tuple(flags),
        criteria={**values, **criteria_values("naming_criteria")},
    )


def _check_rate(recording: Recording, least_hz: float) -> None:
    if recording.rate_hz < least_hz:
        msg = (
            f"A rate of {recording.rate_hz:g} Hz cannot show fibrillations; at least {least_hz:g} Hz are needed. "
            "Export the recording at the machine's own sampling rate."
        )
        raise SignalError(msg)


def _cleaned(recording: Recording) -> tuple[NDArray[np.float64], list[Span], float]:
    values = criteria_values("detection_criteria")
    raw = np.asarray(recording.samples_uv, dtype=np.float64)
    rate_hz = recording.rate_hz
    constant = find_constant(raw, rate_hz, flat_s=values["flat_s"], clip_s=values["clip_s"])
    _check_usable(recording, constant, recording.duration_s - covered_s(constant))
    clicks = find_clicks(raw, factor=values["click_factor"])
    samples = mend_clicks(raw, clicks)
    movement = find_movement(
        samples,
        rate_hz,
        slow_hz=(values["movement_low_hz"], values["movement_high_hz"]),
        factor=values["movement_factor"],
        least_uv=values["movement_least_uv"],
        settle_s=values["movement_settle_s"],
    )
    samples, hum_uv = remove_mains(
        samples, rate_hz, mains_hz=MAINS_HZ, harmonics=int(values["mains_harmonics"]), least_uv=values["mains_least_uv"]
    )
    mended = [Span(click / rate_hz, (click + 1) / rate_hz, "click") for click in clicks]
    spans = joined([*constant, *movement], duration_s=recording.duration_s, gap_s=values["flat_s"])
    return samples, [*spans, *mended], hum_uv


def _pairs(spans: Sequence[Span]) -> list[tuple[float, float]]:
    # A click was mended, so nothing around it has to be left out.
    return [(span.start_s, span.stop_s) for span in spans if span.reason != "click"]


def _check_usable(recording: Recording, left_out: Sequence[Span], usable_s: float) -> None:
    least_s = criteria_values("detection_criteria")["least_usable_s"]
    if usable_s >= least_s:
        return
    reasons = sorted({span.reason for span in left_out}) or ["too short"]
    msg = (
        f"Only {max(usable_s, 0):.2f} of {recording.duration_s:.2f} s of {recording.side} {recording.muscle} can be analysed "
        f"({', '.join(reasons)}); at least {least_s:g} s are needed. Record this needle position again."
    )
    raise SignalError(msg)


def _contraction(band: SortedBand, duration_s: float) -> list[Span]:
    values = criteria_values("detection_criteria")
    dense = find_dense(
        band,
        threshold=values["fast_threshold"],
        block_s=values["contraction_block_s"],
        fill=values["contraction_fill"],
        unexplained=values["contraction_unexplained"],
    )
    return [Span(start, min(stop, duration_s), "contraction") for start, stop in dense]


def _outside(trains: Sequence[Train], left_out: Sequence[Span], min_events: int) -> list[Train]:
    kept = []
    for train in trains:
        outside = np.ones(len(train.time_s), dtype=bool)
        for start_s, stop_s in _pairs(left_out):
            outside &= (train.time_s < start_s) | (train.time_s > stop_s)
        if outside.sum() >= min_events:
            kept.append(Train(train.time_s[outside], train.template, train.band, train.snr))
    return kept


def _endplate_noise(
    samples: NDArray[np.float64], rate_hz: float, measured: Sequence[MeasuredTrain]
) -> list[tuple[float, float, float]]:
    values = criteria_values("detection_criteria")
    large = [train for train in measured if train.shape and train.shape.peak_to_peak_uv > values["endplate_noise_event_uv"]]
    spans = find_skewed(
        samples,
        rate_hz,
        events=[(time_s, train.shape.duration_ms) for train in large if train.shape for time_s in train.train.time_s],
        block_s=values["endplate_noise_block_s"],
        limit=values["endplate_noise_skewness"],
    )
    return [span for span in spans if values["endplate_noise_low_uv"] < span[2] < values["endplate_noise_high_uv"]]


def _is_noise(measured: MeasuredTrain) -> bool:
    # An average that does not rise over its own error repeats nothing. Endplate noise is a span, never events: its larger
    # potentials are no train of their own.
    values = criteria_values("detection_criteria")
    if measured.shape is not None and measured.shape.phases == 0:
        return True
    small = measured.shape is None or measured.shape.peak_to_peak_uv < values["endplate_noise_event_uv"]
    return measured.endplate_noise and small and not measured.rhythm.irregularity < values["regular_irregularity"]


def _named(
    measured: Sequence[MeasuredTrain], flags: list[str], analysed_s: float
) -> tuple[list[Name], list[str]]:
    leave = ["shape", "polarity"] if "low_rate" in flags else []
    rate_hz = sum(len(train.train.time_s) for train in measured) / analysed_s
    crowded = rate_hz > criteria_values("naming_criteria")["crowded_rate_hz"]
    flags = [*flags, *["crowded"] * int(crowded)]
    names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    if polarity_is_suspect(measured, names):
        leave, flags = [*leave, "polarity"], [*flags, "polarity_suspect"]
        names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    return names, flags


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


def _event_table(
    samples: NDArray[np.float64],
    rate_hz: float,
    trains: Sequence[Train],
    band: SortedBand,
    left_out: Sequence[Span],
) -> object:
    least = criteria_values("detection_criteria")["loose_ratio"]
    loud = np.flatnonzero(band.loose_ratio > least)
    separation_s = criteria_values("detection_criteria")["loose_separation_s"]
    loud = loud[keep_largest(band.loose_s[loud], band.loose_ratio[loud], separation=separation_s)]
    loose = Train(band.loose_s[loud], np.zeros(1), 0, least)
    loose = next(iter(_outside([loose], left_out, 1)), Train(np.array([]), np.zeros(1), 0, least))
    rows = [
        {"time_s": time_s, "train": number, "peak_to_peak_uv": size, "snr": train.snr}
        for number, train in [*enumerate(trains), (UNSORTED, loose)]
        for time_s, size in zip(train.time_s, _sizes(samples, rate_hz, train.time_s), strict=True)
    ]
    return make_table(EVENTS, sorted(rows, key=lambda row: row["time_s"]))


def _sizes(samples: NDArray[np.float64], rate_hz: float, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    reach = max(round(rate_hz * criteria_values("detection_criteria")["fast_half_window_ms"] / 1000), 1)
    index = np.round(times_s * rate_hz).astype(int)[:, None] + np.arange(-reach, reach + 1)
    return np.ptp(samples[np.clip(index, 0, len(samples) - 1)], axis=1) if len(times_s) else np.array([])
