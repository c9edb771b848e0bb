"""One piece of a recording analysed by itself: cleaned, sorted into trains, and measured."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.findings.spontaneous.cleaning import clean, contraction, insertion, lost, noise_in
from emgkit.findings.spontaneous.measure import MeasuredTrain, measure_train, shape_variability
from emgkit.findings.spontaneous.settings import bands, clock_limits
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import joined
from emgkit.signals.background import Skewed, find_skewed
from emgkit.signals.cluster import cut_windows
from emgkit.signals.counting import samples_in
from emgkit.signals.detect import keep_largest
from emgkit.signals.kinds import View
from emgkit.signals.mains import hum_at_times
from emgkit.signals.peel import peel
from emgkit.signals.sort import Band, SortedBand, sort_band
from emgkit.signals.trains import build_trains, join_bands
from emgkit.signals.waveform import MAX_DISCHARGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.findings.spontaneous.cleaning import Cleaned
    from emgkit.model.recording import Recording
    from emgkit.signals.artifacts import Span
    from emgkit.signals.bands import Piece, Stretch
    from emgkit.signals.mains import Hum
    from emgkit.signals.units import Train


class Sized(NamedTuple):
    """A train with the size of every discharge, peak to peak in the band that found it, microvolt."""

    measured: MeasuredTrain
    sizes_uv: NDArray[np.float32]


class Loose(NamedTuple):
    """Discharges of no train, ascending: when, how large over the noise, and peak to peak in microvolt."""

    time_s: NDArray[np.floating]
    ratio: NDArray[np.floating]
    sizes_uv: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Part:
    """What is found in one piece, its margins included.

    Parameters
    ----------
    piece : Piece
    trains : list of Sized
    loose : Loose
    left_out : list of Span
    noise : list of Skewed
        Endplate noise.
    noise_uv : (float, float)
        Noise floor of the fast and of the slow band.
    hum : list of Hum
    hum_uv : float
        Largest amplitude of the mains that was subtracted.
    keys : list of (int, int)
        Who each train is: one that is followed from one piece to the next keeps its key. Empty in a whole recording.
    """

    piece: Piece
    trains: list[Sized]
    loose: Loose
    left_out: list[Span]
    noise: list[Skewed]
    noise_uv: tuple[float, float]
    hum: list[Hum]
    hum_uv: float
    keys: list[tuple[int, int]] = field(default_factory=list)


class Found(NamedTuple):
    """What is found in a stretch before it is measured.

    The potentials are those that the trains of the fast band, as they were ``peeled``, have in the slow one.
    """

    fast: SortedBand
    slow: SortedBand
    trains: list[Train]
    potentials: list[NDArray[np.float32]]
    peeled: list[Train]


def analyse_piece(recording: Recording, piece: Piece) -> Part:
    """Find the trains of one piece of a recording and measure them.

    Parameters
    ----------
    recording : Recording
    piece : Piece
    """
    cleaned = clean(recording, piece)
    return sorted_part(recording, piece, cleaned=cleaned, found=sort_stretch(cleaned.stretch))


def sorted_part(recording: Recording, piece: Piece, *, cleaned: Cleaned, found: Found) -> Part:
    """Measure the trains that were found in a piece, and put together what is found there."""
    left_out = left_out_of(recording, cleaned, found=found)
    trains, dropped = lasting(found.trains, left_out)
    measured = measured_trains(recording, piece, stretch=cleaned.stretch, trains=trains)
    return part_of(piece, cleaned, measured=measured, found=found, left_out=left_out, dropped=dropped)


def sort_stretch(stretch: Stretch) -> Found:
    """Find the trains of a stretch from nothing."""
    # The slow band is searched in what the trains of the fast band leave over of it.
    values = criteria_values("detection_criteria")
    regular, fewest = values["regular_irregularity"], int(values["min_train_events"])
    fast = _sorted_band(stretch.fast, stretch.grid.fast_hz, stretch.start_s, bands()[0])
    view = view_of(stretch)
    fast_trains = build_trains(fast, 0, clock=clock_limits(), regular=regular, min_events=fewest, view=view)
    fast_trains = [train for train in fast_trains if train.snr > values["fast_least_snr"]]
    rate_hz = stretch.grid.slow_hz
    before, after = around_discharge(rate_hz)
    peeled = peel(stretch.slow, places_of(fast_trains, stretch), before=before, after=after)
    taken = stretch.slow - peeled.residual
    slow = _sorted_band(peeled.residual, rate_hz, stretch.start_s, bands()[1], taken)
    slow_trains = build_trains(slow, 1, clock=clock_limits(), regular=regular, min_events=fewest)
    trains = join_bands(fast_trains, slow_trains, seen=peeled.potentials, before=before, rate_hz=rate_hz)
    return Found(fast, slow, trains, peeled.potentials, fast_trains)


def view_of(stretch: Stretch) -> View:
    """Return the slow band, in which units of the fast one may show to be two."""
    band = bands()[1]
    noise_uv = noise_in(stretch.slow, stretch.grid.slow_hz, band=band)
    return View(stretch.slow, stretch.grid.slow_hz, stretch.start_s, noise_uv, band)


def around_discharge(rate_hz: float) -> tuple[int, int]:
    """Return how many samples before and after a discharge may be of its potential."""
    values = criteria_values("detection_criteria")
    return round(values["window_before_ms"] * rate_hz / 1000), round(values["window_after_ms"] * rate_hz / 1000)


def places_of(trains: Sequence[Train], stretch: Stretch) -> list[NDArray[np.float64]]:
    """Return where the discharges of trains lie in the slow band, in samples."""
    return [(train.time_s - stretch.start_s) * stretch.grid.slow_hz for train in trains]


def left_out_of(recording: Recording, cleaned: Cleaned, *, found: Found) -> list[Span]:
    """Return what is left out of a piece."""
    left_out = [*cleaned.left_out, *insertion(found.fast, found.trains), *contraction(found.fast, recording.duration_s)]
    gap_s = criteria_values("detection_criteria")["flat_s"]
    return joined(left_out, duration_s=recording.duration_s, gap_s=gap_s)


def measured_trains(
    recording: Recording, piece: Piece, *, stretch: Stretch, trains: Sequence[Train]
) -> list[MeasuredTrain]:
    """Measure the trains of a piece, on fewer discharges when it is not the whole recording."""
    most = MAX_DISCHARGES if piece.is_whole else int(criteria_values("detection_criteria")["piece_discharges"])
    every_s = discharges_of(trains)
    return [_measured(recording, stretch, train, others_s=others_of(every_s, train), most=most) for train in trains]


def part_of(
    piece: Piece,
    cleaned: Cleaned,
    *,
    measured: Sequence[MeasuredTrain],
    found: Found,
    left_out: list[Span],
    dropped: Sequence[Train],
    keys: Sequence[tuple[int, int]] = (),
) -> Part:
    """Put together what is found in a piece; for ``keys`` see ``Part``."""
    stretch = cleaned.stretch
    return Part(
        piece=piece,
        trains=[Sized(each, _sizes(stretch, each.train.time_s, each.train.band)) for each in measured],
        loose=_loose(stretch, found.fast, left_out, dropped),
        left_out=left_out,
        noise=_endplate_noise(stretch, measured, noise_uv=found.fast.noise_uv),
        noise_uv=(found.fast.noise_uv, found.slow.noise_uv),
        hum=stretch.hum,
        hum_uv=cleaned.hum_uv,
        keys=list(keys),
    )


def _sorted_band(
    signal: NDArray[np.float32], rate_hz: float, start_s: float, band: Band, taken: NDArray[np.float32] | None = None
) -> SortedBand:
    noise_uv = noise_in(signal, rate_hz, band=band)
    return sort_band(signal, rate_hz, band=band, noise_uv=noise_uv, start_s=start_s, taken=taken)


def lasting(trains: Sequence[Train], left_out: Sequence[Span]) -> tuple[list[Train], list[Train]]:
    """Return the trains without what is left out, and those of them that are too short for a train."""
    parts = [replace(train, time_s=train.time_s[outside(train.time_s, left_out)]) for train in trains]
    return [part for part in parts if lasts(part.time_s)], [part for part in parts if not lasts(part.time_s)]


def lasts(times_s: NDArray[np.float64]) -> bool:
    """Return whether discharges are enough, and last long enough, for a train."""
    values = criteria_values("detection_criteria")
    return bool(len(times_s) >= values["min_train_events"] and np.ptp(times_s) >= values["least_span_s"])


def outside(times_s: NDArray[np.float64], left_out: Sequence[Span]) -> NDArray[np.bool_]:
    """Return which times lie in nothing that is left out."""
    clear = np.ones(len(times_s), dtype=bool)
    for start_s, stop_s in lost(left_out):
        clear &= (times_s < start_s) | (times_s > stop_s)
    return clear


def others_of(every_s: NDArray[np.float64], train: Train) -> NDArray[np.float64]:
    """Return the discharges of all trains but one, ascending, from those of all trains, ascending."""
    return np.delete(every_s, np.searchsorted(every_s, train.time_s))


def discharges_of(trains: Sequence[Train]) -> NDArray[np.float64]:
    """Return the discharges of all trains, ascending."""
    every_s = np.concatenate([np.empty(0), *(train.time_s for train in trains)])
    every_s.sort()
    return every_s


def _measured(
    recording: Recording, stretch: Stretch, train: Train, *, others_s: NDArray[np.float64], most: int
) -> MeasuredTrain:
    hum = hum_at_times(stretch.hum)
    measured = measure_train(
        recording.samples_uv, recording.rate_hz, train=train, others_s=others_s, hum=hum, most=most
    )
    return replace(measured, variability=shape_variability(stretch, measured.train, others_s=others_s))


def _loose(stretch: Stretch, band: SortedBand, left_out: Sequence[Span], dropped: Sequence[Train]) -> Loose:
    values = criteria_values("detection_criteria")
    loud = band.loose_ratio > values["loose_ratio"]
    time_s = np.concatenate([band.loose_s[loud], *(train.time_s for train in dropped)])
    ratio = np.concatenate([band.loose_ratio[loud], *(np.full(len(train.time_s), train.snr) for train in dropped)])
    order = np.argsort(time_s, kind="stable")
    order = order[keep_largest(time_s[order], ratio[order], separation=values["loose_separation_s"])]
    order = order[outside(time_s[order], left_out)]
    return Loose(time_s[order], ratio[order], _sizes(stretch, time_s[order], 0))


def _sizes(stretch: Stretch, times_s: NDArray[np.float64], band: int) -> NDArray[np.float32]:
    # Peak to peak in the band that found the discharges: quiet, and free of what drifts below.
    signal, rate_hz = stretch.of_band(band)
    if len(times_s) == 0:
        return np.empty(0, np.float32)
    reach = samples_in(bands()[band].half_window_ms, rate_hz)
    middle = np.round((times_s - stretch.start_s) * rate_hz).astype(int)
    windows = cut_windows(signal, middle, before=reach, after=reach)
    return np.asarray(np.ptp(windows.T.copy(), axis=0))  # quicker than along many short rows


def _endplate_noise(stretch: Stretch, measured: Sequence[MeasuredTrain], *, noise_uv: float) -> list[Skewed]:
    # All in units of the noise, for the gain of a recording may be wrong.
    values = criteria_values("detection_criteria")
    events = [
        np.stack(np.broadcast_arrays(train.train.time_s, train.shape.duration_ms), axis=1)
        for train in measured
        if train.shape and train.train.snr > values["endplate_noise_event_snr"]
    ]
    return find_skewed(
        stretch.slow,
        stretch.grid.slow_hz,
        start_s=stretch.start_s,
        events=np.concatenate([np.empty((0, 2)), *events]),
        block_s=values["endplate_noise_block_s"],
        limit=values["endplate_noise_skewness"],
        peakedness=values["endplate_noise_kurtosis"],
        least_uv=values["endplate_noise_level"] * noise_uv,
        least_lean_uv=values["endplate_noise_lean"] * noise_uv,
    )
