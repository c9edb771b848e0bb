"""One resting recording: find the discharges, sort them into trains, name the trains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from emgkit.findings.spontaneous.cleaning import check_usable, clean, contraction, insertion, lost
from emgkit.findings.spontaneous.measure import MeasuredTrain, measure_train, within
from emgkit.findings.spontaneous.naming import (
    INDETERMINATE,
    Name,
    name_train,
    polarity_is_suspect,
    voluntary_rhythm,
)
from emgkit.findings.spontaneous.record import event_table, train_table
from emgkit.findings.spontaneous.settings import MAINS_HZ, bands, clock_limits
from emgkit.knowledge.anatomy import find_muscle
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EXCLUDED, SPANS, SpontaneousActivity
from emgkit.model.table import make_table
from emgkit.signals.artifacts import covered_s, joined
from emgkit.signals.background import find_skewed
from emgkit.signals.detect import keep_largest
from emgkit.signals.locks import locked_to
from emgkit.signals.mains import hum_of_pieces
from emgkit.signals.noise import noise_floor
from emgkit.signals.peel import peel
from emgkit.signals.sort import Band, SortedBand, sort_band
from emgkit.signals.trains import build_trains, join_bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording, Samples
    from emgkit.signals.artifacts import Span
    from emgkit.signals.bands import Stretch
    from emgkit.signals.units import Train

VOLUNTARY = "motor_unit"
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
    # The matrices here are small: more threads of the linear algebra would only wait for each other.
    with threadpool_limits(limits=1, user_api="blas"):
        return _analysed(recording)


def _analysed(recording: Recording) -> SpontaneousActivity:
    muscle = find_muscle(recording.muscle)
    values = criteria_values("detection_criteria")
    cleaned = clean(recording)
    samples, rate_hz = recording.samples_uv, recording.rate_hz
    fast, slow, trains = _sorted(cleaned.stretch)
    left_out = [*cleaned.left_out, *insertion(fast), *contraction(fast, recording.duration_s)]
    left_out = joined(left_out, duration_s=recording.duration_s, gap_s=values["flat_s"])
    analysed_s = recording.duration_s - covered_s(left_out)
    check_usable(recording, left_out, usable_s=analysed_s)
    trains, dropped = _lasting(trains, left_out)
    measured, noise = _measured(samples, cleaned.stretch, trains)
    measured = [_inside(train, left_out, recording.duration_s) for train in measured]
    flags = ["low_rate"] * (rate_hz < values["shape_rate_hz"]) + ["mains_removed"] * (cleaned.hum_uv > 0)
    names, flags = _named(measured, flags, analysed_s)
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        events=event_table(cleaned.stretch, measured=measured, loose=_loose(fast, left_out, dropped, measured)),
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


def _sorted(stretch: Stretch) -> tuple[SortedBand, SortedBand, list[Train]]:
    # The slow band is searched in what the trains of the fast band leave over of it.
    values = criteria_values("detection_criteria")
    regular, fewest = values["regular_irregularity"], int(values["min_train_events"])
    fast = _sorted_band(stretch.fast, stretch.grid.fast_hz, stretch.start_s, bands()[0])
    fast_trains = build_trains(fast, 0, clock=clock_limits(), regular=regular, min_events=fewest)
    fast_trains = [train for train in fast_trains if train.snr > values["fast_least_snr"]]
    rate_hz = stretch.grid.slow_hz
    positions = [(train.time_s - stretch.start_s) * rate_hz for train in fast_trains]
    before, after = (round(values[f"window_{side}_ms"] * rate_hz / 1000) for side in ("before", "after"))
    peeled = peel(stretch.slow, positions, before=before, after=after)
    taken = stretch.slow - peeled.residual
    slow = _sorted_band(peeled.residual, rate_hz, stretch.start_s, bands()[1], taken)
    slow_trains = build_trains(slow, 1, clock=clock_limits(), regular=regular, min_events=fewest)
    return fast, slow, join_bands(fast_trains, slow_trains, seen=peeled.potentials, before=before, rate_hz=rate_hz)


def _sorted_band(
    signal: NDArray[np.float32], rate_hz: float, start_s: float, band: Band, taken: NDArray[np.float32] | None = None
) -> SortedBand:
    noise_uv = noise_floor(
        signal,
        rate_hz,
        bandwidth_hz=band.high_hz - band.low_hz,
        block_s=band.noise_block_s,
        usable=signal != 0,
    )
    return sort_band(signal, rate_hz, band=band, noise_uv=noise_uv, start_s=start_s, taken=taken)


def _lasting(trains: Sequence[Train], left_out: Sequence[Span]) -> tuple[list[Train], list[Train]]:
    # Discharges of a train that is too short stay as discharges of no train.
    values = criteria_values("detection_criteria")
    kept: list[Train] = []
    dropped: list[Train] = []
    for train in trains:
        part = replace(train, time_s=_outside(train.time_s, left_out))
        long_enough = len(part.time_s) >= values["min_train_events"] and np.ptp(part.time_s) >= values["least_span_s"]
        (kept if long_enough else dropped).append(part)
    return kept, dropped


def _inside(measured: MeasuredTrain, left_out: Sequence[Span], duration_s: float) -> MeasuredTrain:
    # The fixed point of a train was moved to its largest spike, which may lie beyond an end or in what is left out.
    times_s = _outside(measured.train.time_s, left_out)
    times_s = times_s[(times_s >= 0) & (times_s < duration_s)]
    return replace(measured, train=replace(measured.train, time_s=times_s))


def _outside(times_s: NDArray[np.float64], left_out: Sequence[Span]) -> NDArray[np.float64]:
    outside = np.ones(len(times_s), dtype=bool)
    for start_s, stop_s in lost(left_out):
        outside &= (times_s < start_s) | (times_s > stop_s)
    return times_s[outside]


def _loose(
    band: SortedBand, left_out: Sequence[Span], dropped: Sequence[Train], measured: Sequence[MeasuredTrain]
) -> SortedBand:
    values = criteria_values("detection_criteria")
    loud = band.loose_ratio > values["loose_ratio"]
    time_s = np.concatenate([band.loose_s[loud], *(train.time_s for train in dropped)])
    ratio = np.concatenate([band.loose_ratio[loud], *(np.full(len(train.time_s), train.snr) for train in dropped)])
    order = np.argsort(time_s, kind="stable")
    order = order[keep_largest(time_s[order], ratio[order], separation=values["loose_separation_s"])]
    order = order[np.isin(time_s[order], _outside(time_s[order], left_out))]
    # A late part of a known potential is not a discharge of its own.
    for train in measured:
        order = order[~_within_potential(time_s[order], train)]
        least = max(values["min_train_events"], values["locked_share"] * len(train.train.time_s))
        reach_ms, width_ms = values["locked_reach_ms"], values["locked_width_ms"]
        order = order[~locked_to(train.train.time_s, time_s[order], reach_ms=reach_ms, width_ms=width_ms, least=least)]
    return replace(band, loose_s=time_s[order], loose_ratio=ratio[order])


def _within_potential(times_s: NDArray[np.float64], train: MeasuredTrain) -> NDArray[np.bool_]:
    starts_s = np.sort(train.train.time_s)
    inside = np.zeros(len(times_s), dtype=bool)
    for first_s, last_s in train.parts_s:
        after = np.searchsorted(starts_s, times_s - last_s)
        inside |= (after < len(starts_s)) & (starts_s[np.minimum(after, len(starts_s) - 1)] <= times_s - first_s)
    return inside


def _measured(
    samples: Samples, stretch: Stretch, trains: Sequence[Train]
) -> tuple[list[MeasuredTrain], list[NoiseSpan]]:
    rate_hz, hums = stretch.grid.rate_hz, stretch.hum

    def hum(times_s: NDArray[np.float64], offsets_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return hum_of_pieces(hums, times_s, offsets_s=offsets_s)

    measured = []
    for number, train in enumerate(trains):
        beside = [other.time_s for place, other in enumerate(trains) if place != number]
        others_s = np.sort(np.concatenate([np.empty(0), *beside]))
        measured.append(measure_train(samples, rate_hz, train=train, stretch=stretch, others_s=others_s, hum=hum))
    noise = _endplate_noise(stretch, measured)
    measured = [within(train, [(start, stop) for start, stop, _ in noise]) for train in measured]
    return [train for train in measured if not _is_noise(train)], noise


def _span_row(span: NoiseSpan) -> dict[str, object]:
    start_s, stop_s, level_uv = span
    return {"start_s": start_s, "stop_s": stop_s, "what": "endplate_noise", "level_uv": level_uv}


def _endplate_noise(stretch: Stretch, measured: Sequence[MeasuredTrain]) -> list[NoiseSpan]:
    values = criteria_values("detection_criteria")
    large = [
        train for train in measured if train.shape and train.shape.peak_to_peak_uv > values["endplate_noise_event_uv"]
    ]
    spans = find_skewed(
        stretch.slow,
        stretch.grid.slow_hz,
        start_s=stretch.start_s,
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
    if measured.train.snr < values["mains_largest_snr"] and _is_mains(measured):
        return True
    if measured.rhythm.irregularity < values["regular_irregularity"]:
        return False
    small = measured.shape is None or measured.shape.peak_to_peak_uv < values["endplate_noise_event_uv"]
    return measured.train.snr < values["irregular_least_snr"] or (measured.endplate_noise and small)


def _is_mains(measured: MeasuredTrain) -> bool:
    # What is left of hum after its sinusoids were subtracted.
    tolerance = criteria_values("detection_criteria")["mains_rate_tolerance"]
    cycles = np.outer(MAINS_HZ, (1, 2)) * measured.rhythm.base_s
    return bool(np.abs(cycles - 1).min() < tolerance)


def _named(measured: Sequence[MeasuredTrain], flags: list[str], analysed_s: float) -> tuple[list[Name], list[str]]:
    leave = ["shape", "polarity"] if "low_rate" in flags else []
    rate_hz = sum(len(train.train.time_s) for train in measured) / analysed_s
    crowded = rate_hz > criteria_values("naming_criteria")["crowded_rate_hz"]
    flags = [*flags, *["crowded"] * int(crowded)]
    names = _names(measured, leave, crowded=crowded)
    if polarity_is_suspect(measured, names):
        leave, flags = [*leave, "polarity"], [*flags, "polarity_suspect"]
        names = _names(measured, leave, crowded=crowded)
    return names, flags


def _names(measured: Sequence[MeasuredTrain], leave: Sequence[str], *, crowded: bool) -> list[Name]:
    # Among voluntary motor units, which may be fairly regular, a fibrillation must be more regular than at rest.
    names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    units = any(VOLUNTARY in (name.label, name.label == INDETERMINATE and name.runner_up) for name in names)
    fewest = criteria_values("naming_criteria")["voluntary_fewest_trains"]
    if not crowded and (units or sum(map(voluntary_rhythm, measured)) >= fewest):
        names = [name_train(train, leave=leave, contracting=True) for train in measured]
    return names
