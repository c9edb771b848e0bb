"""One resting recording: find the discharges, sort them into trains, name the trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.cleaning import check_usable, clean, contraction, insertion, lost
from emgkit.findings.spontaneous.measure import MeasuredTrain, measure_train, within
from emgkit.findings.spontaneous.naming import Name, name_train, polarity_is_suspect
from emgkit.findings.spontaneous.record import event_table, train_table
from emgkit.findings.spontaneous.settings import bands, clock_limits
from emgkit.knowledge.anatomy import find_muscle
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EXCLUDED, SPANS, SpontaneousActivity
from emgkit.model.table import make_table
from emgkit.signals.artifacts import covered_s, joined
from emgkit.signals.background import find_skewed
from emgkit.signals.detect import keep_largest
from emgkit.signals.sort import SortedBand, sort_band
from emgkit.signals.trains import Train, build_trains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording
    from emgkit.signals.artifacts import Span

NoiseSpan = tuple[float, float, float]  # start_s, stop_s, level_uv


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
    >>> recording, truth = emgkit.simulate_recording(["fibrillation"], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> activity.trains["label"].tolist()
    ['fibrillation']
    """
    muscle = find_muscle(recording.muscle)
    values = criteria_values("detection_criteria")
    cleaned = clean(recording)
    samples, rate_hz = cleaned.samples, recording.rate_hz
    fast, slow = (sort_band(samples, rate_hz, band=band, left_out=lost(cleaned.left_out)) for band in bands())
    left_out = [*cleaned.left_out, *insertion(fast), *contraction(fast, recording.duration_s)]
    left_out = joined(left_out, duration_s=recording.duration_s, gap_s=values["flat_s"])
    analysed_s = recording.duration_s - covered_s(left_out)
    check_usable(recording, left_out, usable_s=analysed_s)
    measured, noise = _measured(samples, rate_hz, _trains(fast, slow, left_out))
    flags = ["low_rate"] * (rate_hz < values["shape_rate_hz"]) + ["mains_removed"] * (cleaned.hum_uv > 0)
    names, flags = _named(measured, flags, analysed_s)
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        events=event_table(samples, rate_hz, measured=measured, loose_s=_loose(fast, left_out)),
        trains=train_table(measured, names),
        templates_uv={number: train.average_uv for number, train in enumerate(measured)},
        waveforms_uv={number: train.waveforms_uv for number, train in enumerate(measured)},
        window_ms=measured[0].window_ms if measured else np.array([]),
        noise_uv={"fibrillation": fast.noise_uv, "positive_sharp_wave": slow.noise_uv},
        excluded=make_table(EXCLUDED, [vars(span) for span in left_out]),
        spans=make_table(SPANS, [_span_row(span) for span in noise]),
        analysed_s=analysed_s,
        flags=tuple(flags),
        criteria={**values, **criteria_values("naming_criteria")},
    )


def _trains(fast: SortedBand, slow: SortedBand, left_out: Sequence[Span]) -> list[Train]:
    values = criteria_values("detection_criteria")
    fewest = int(values["min_train_events"])
    trains = build_trains((fast, slow), clock=clock_limits(), regular=values["regular_irregularity"], min_events=fewest)
    kept = []
    for train in trains:
        time_s = _outside(train.time_s, left_out)
        if len(time_s) >= fewest and np.ptp(time_s) >= values["least_span_s"]:
            kept.append(Train(time_s, train.template, train.band, train.snr))
    return kept


def _outside(times_s: NDArray[np.float64], left_out: Sequence[Span]) -> NDArray[np.float64]:
    outside = np.ones(len(times_s), dtype=bool)
    for start_s, stop_s in lost(left_out):
        outside &= (times_s < start_s) | (times_s > stop_s)
    return times_s[outside]


def _loose(band: SortedBand, left_out: Sequence[Span]) -> NDArray[np.float64]:
    values = criteria_values("detection_criteria")
    loud = np.flatnonzero(band.loose_ratio > values["loose_ratio"])
    kept = keep_largest(band.loose_s[loud], band.loose_ratio[loud], separation=values["loose_separation_s"])
    return _outside(band.loose_s[loud[kept]], left_out)


def _measured(
    samples: NDArray[np.float64], rate_hz: float, trains: Sequence[Train]
) -> tuple[list[MeasuredTrain], list[NoiseSpan]]:
    measured = [measure_train(samples, rate_hz, train=train) for train in trains]
    noise = _endplate_noise(samples, rate_hz, measured)
    measured = [within(train, [(start, stop) for start, stop, _ in noise]) for train in measured]
    return [train for train in measured if not _is_noise(train)], noise


def _span_row(span: NoiseSpan) -> dict[str, object]:
    start_s, stop_s, level_uv = span
    return {"start_s": start_s, "stop_s": stop_s, "what": "endplate_noise", "level_uv": level_uv}


def _endplate_noise(samples: NDArray[np.float64], rate_hz: float, measured: Sequence[MeasuredTrain]) -> list[NoiseSpan]:
    values = criteria_values("detection_criteria")
    large = [
        train for train in measured if train.shape and train.shape.peak_to_peak_uv > values["endplate_noise_event_uv"]
    ]
    spans = find_skewed(
        samples,
        rate_hz,
        events=[(time_s, train.shape.duration_ms) for train in large if train.shape for time_s in train.train.time_s],
        block_s=values["endplate_noise_block_s"],
        limit=values["endplate_noise_skewness"],
    )
    return [span for span in spans if values["endplate_noise_low_uv"] < span[2] < values["endplate_noise_high_uv"]]


def _is_noise(measured: MeasuredTrain) -> bool:
    # An average that does not rise over its own error repeats nothing. Small irregular trains are distant activity that
    # nobody can resolve. Endplate noise is a span, never events: its larger potentials are no train of their own.
    values = criteria_values("detection_criteria")
    if measured.shape is not None and measured.shape.phases == 0:
        return True
    if measured.rhythm.irregularity < values["regular_irregularity"]:
        return False
    small = measured.shape is None or measured.shape.peak_to_peak_uv < values["endplate_noise_event_uv"]
    return measured.train.snr < values["irregular_least_snr"] or (measured.endplate_noise and small)


def _named(measured: Sequence[MeasuredTrain], flags: list[str], analysed_s: float) -> tuple[list[Name], list[str]]:
    leave = ["shape", "polarity"] if "low_rate" in flags else []
    rate_hz = sum(len(train.train.time_s) for train in measured) / analysed_s
    crowded = rate_hz > criteria_values("naming_criteria")["crowded_rate_hz"]
    flags = [*flags, *["crowded"] * int(crowded)]
    names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    if polarity_is_suspect(measured, names):
        leave, flags = [*leave, "polarity"], [*flags, "polarity_suspect"]
        names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    return names, flags
