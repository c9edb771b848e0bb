"""The trains of a whole recording from those of its pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.measure import MeasuredTrain, measure_train, within
from emgkit.findings.spontaneous.part import Loose, Part, Sized, discharges_of, lasts, others_of, outside
from emgkit.findings.spontaneous.settings import MAINS_HZ
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import Span, joined
from emgkit.signals.aside import of_each
from emgkit.signals.background import Skewed, joined_noise
from emgkit.signals.counting import spread_evenly
from emgkit.signals.link import Link, border_of, link_trains
from emgkit.signals.locks import locked_to
from emgkit.signals.mains import hum_at_times
from emgkit.signals.memory import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.findings.spontaneous.measure import HumAt
    from emgkit.model.recording import Recording


@dataclass(frozen=True, eq=False)
class Whole:
    """What is found in a recording.

    Parameters
    ----------
    trains : list of Sized
    loose : Loose
    left_out : list of Span
    noise : list of Skewed
        Endplate noise.
    noise_uv : (float, float)
        Noise floor of the fast and of the slow band.
    hum_uv : float
        Largest amplitude of the mains that was subtracted.
    """

    trains: list[Sized]
    loose: Loose
    left_out: list[Span]
    noise: list[Skewed]
    noise_uv: tuple[float, float]
    hum_uv: float


def without_waveforms(part: Part) -> Part:
    """Return a part as it is kept until all parts are known: of a long recording, single discharges are read again."""
    none, nothing = np.empty(0), np.empty((0, 0), np.float32)
    light = [replace(each.measured, average_uv=none, window_ms=none, waveforms_uv=nothing) for each in part.trains]
    trains = [sized._replace(measured=measured) for sized, measured in zip(part.trains, light, strict=True)]
    hum = [replace(each, sizes=each.sizes.astype(np.complex64)) for each in part.hum]
    return replace(part, trains=trains, hum=hum)


def join_parts(recording: Recording, parts: Sequence[Part], *, processes: int = 1) -> Whole:
    """Link the trains of the parts, and measure each as a whole.

    Parameters
    ----------
    recording : Recording
    parts : sequence of Part
        In order of time.
    processes : int
        That share the measuring; the result is the same for any number.
    """
    values = criteria_values("detection_criteria")
    spans = [
        replace(span, start_s=max(span.start_s, part.piece.start_s), stop_s=min(span.stop_s, part.piece.stop_s))
        for part in parts
        for span in part.left_out
    ]
    spans = [span for span in spans if span.stop_s > span.start_s]
    left_out = joined(spans, duration_s=recording.duration_s, gap_s=values["flat_s"])
    noise = _noise_joined(parts)
    noise_uv = (_usual([part.noise_uv[0] for part in parts]), _usual([part.noise_uv[1] for part in parts]))
    hum_uv = max(part.hum_uv for part in parts)
    loose = _own_loose(parts)
    hum = hum_at_times(sorted((hum for part in parts for hum in part.hum), key=lambda each: each.start_s))
    trains: list[Sized] = parts[0].trains
    short: list[Sized] = []
    if len(parts) > 1:
        wholes = _linked(parts)
        del parts  # of hours, what is not needed any more is much
        give_back_memory()
        trains, short = _measured(recording, wholes, hum, left_out, processes=processes)
        give_back_memory()
    trains = [each._replace(measured=within(each.measured, noise)) for each in trains]
    trains = [_inside(each, left_out, recording.duration_s) for each in trains if not _is_noise(each.measured)]
    trains = [each for each in trains if len(each.sizes_uv)]
    return Whole(trains, _unexplained(loose, trains, short), left_out, noise, noise_uv, hum_uv)


def _usual(noises_uv: Sequence[float]) -> float:
    # A part in which nothing could be heard says nothing.
    heard = [noise_uv for noise_uv in noises_uv if noise_uv > 0]
    return float(np.median(heard)) if heard else 0.0


def _noise_joined(parts: Sequence[Part]) -> list[Skewed]:
    # Blocks of noise that meet at a border are one.
    spans = [
        span._replace(start_s=max(span.start_s, part.piece.start_s), stop_s=min(span.stop_s, part.piece.stop_s))
        for part in parts
        for span in part.noise
    ]
    gap_s = criteria_values("detection_criteria")["endplate_noise_block_s"] / 2
    return joined_noise([span for span in spans if span.stop_s > span.start_s], gap_s=gap_s)


def _linked(parts: Sequence[Part]) -> list[Sized]:
    shared_s = [(after.piece.from_s, before.piece.to_s) for before, after in pairwise(parts)]
    trains = [[sized.measured.train for sized in part.trains] for part in parts]
    links = link_trains(trains, shared_s=shared_s, keys=[part.keys for part in parts])
    return [_put_together(parts, unit) for unit in links]


def _measured(
    recording: Recording, wholes: list[Sized], hum: HumAt, left_out: Sequence[Span], *, processes: int
) -> tuple[list[Sized], list[Sized]]:
    # Whole trains, measured on discharges from all over the recording; and what is too short for a train.
    wholes[:] = [_inside(whole, left_out, recording.duration_s) for whole in wholes]
    long = [whole for whole in wholes if lasts(whole.measured.train.time_s)]
    short = [whole for whole in wholes if not lasts(whole.measured.train.time_s)]
    most = int(criteria_values("detection_criteria")["kept_waveforms_most"]) // max(len(long), 1)
    every_s = discharges_of([whole.measured.train for whole in long])

    def of_whole(whole: Sized) -> Sized:
        train = measure_train(
            recording.samples_uv,
            recording.rate_hz,
            train=whole.measured.train,
            others_s=others_of(every_s, whole.measured.train),
            hum=hum,
        )
        waveforms_uv = train.waveforms_uv[spread_evenly(len(train.waveforms_uv), most=most)]
        train = replace(train, variability=whole.measured.variability, waveforms_uv=waveforms_uv)
        return whole._replace(measured=train)

    measured = of_each(long, of_whole, processes=processes)
    return sorted(measured, key=lambda each: (each.measured.train.band, -each.measured.train.snr)), short


def _put_together(parts: Sequence[Part], links: Sequence[Link]) -> Sized:
    # Each piece gives the discharges of its own time; the piece with most of them stands for the potential.
    times_s, sizes_uv, changes = [], [], []
    most = parts[links[0].piece].trains[links[0].train].measured
    low_s = parts[links[0].piece].piece.start_s
    for link, following in zip_longest(links, links[1:]):
        piece, (measured, sizes) = parts[link.piece].piece, parts[link.piece].trains[link.train]
        found_s = measured.train.time_s + link.lag_s
        goes_on = following is not None and following.piece == link.piece + 1
        high_s = border_of(found_s, piece.stop_s) if goes_on else piece.stop_s
        own = (found_s >= low_s) & (found_s < high_s)
        times_s.append(found_s[own])
        sizes_uv.append(sizes[own])
        changes.append(measured.variability)
        most = max(most, measured, key=lambda each: len(each.train.time_s))
        low_s = high_s if goes_on else parts[following.piece].piece.start_s if following else np.inf
    time_s = np.concatenate(times_s)
    order = np.argsort(time_s, kind="stable")
    known = [change for change in changes if not np.isnan(change)]
    whole = replace(most, train=replace(most.train, time_s=time_s[order]))
    whole = replace(whole, variability=float(np.median(known)) if known else np.nan)
    return Sized(whole, np.concatenate(sizes_uv)[order])


def _inside(sized: Sized, left_out: Sequence[Span], duration_s: float) -> Sized:
    # The fixed point of a train was moved to its largest spike, which may lie beyond an end or in what is left out.
    train = sized.measured.train
    kept = outside(train.time_s, left_out) & (train.time_s >= 0) & (train.time_s < duration_s)
    if kept.all():
        return sized
    return Sized(replace(sized.measured, train=replace(train, time_s=train.time_s[kept])), sized.sizes_uv[kept])


def _own_loose(parts: Sequence[Part]) -> Loose:
    own = [(part.loose.time_s >= part.piece.start_s) & (part.loose.time_s < part.piece.stop_s) for part in parts]
    every = [Loose(*(values[mine] for values in part.loose)) for part, mine in zip(parts, own, strict=True)]
    return Loose(*(np.concatenate(values) for values in zip(*every, strict=True)))


def _unexplained(loose: Loose, trains: Sequence[Sized], short: Sequence[Sized]) -> Loose:
    every = [loose]
    for measured, sizes_uv in short:
        train = measured.train
        every.append(Loose(train.time_s, np.full(len(train.time_s), train.snr), sizes_uv))
    loose = Loose(*(np.concatenate(values) for values in zip(*every, strict=True)))
    order = np.argsort(loose.time_s, kind="stable")
    # A late part of a known potential is not a discharge of its own; what is larger than that is no part of it.
    for measured, _ in trains:
        times_s, smaller = loose.time_s[order], loose.ratio[order] < measured.train.snr
        order = order[~(smaller & (_within_potential(times_s, measured) | _at_a_lag(times_s, measured)))]
    return Loose(*(values[order] for values in loose))


def _at_a_lag(times_s: NDArray[np.floating], measured: MeasuredTrain) -> NDArray[np.bool_]:
    values = criteria_values("detection_criteria")
    starts_s = measured.train.time_s
    least = max(values["min_train_events"], values["locked_share"] * len(starts_s))
    reach_ms, width_ms = values["locked_reach_ms"], values["locked_width_ms"]
    return locked_to(starts_s, np.asarray(times_s), reach_ms=reach_ms, width_ms=width_ms, least=least)


def _within_potential(times_s: NDArray[np.floating], measured: MeasuredTrain) -> NDArray[np.bool_]:
    starts_s = np.sort(measured.train.time_s)
    inside = np.zeros(len(times_s), dtype=bool)
    for first_s, last_s in measured.parts_s:
        after = np.searchsorted(starts_s, times_s - last_s)
        inside |= (after < len(starts_s)) & (starts_s[np.minimum(after, len(starts_s) - 1)] <= times_s - first_s)
    return inside


def _is_noise(measured: MeasuredTrain) -> bool:
    # An average that does not rise over its own error repeats nothing. Small irregular trains are distant activity that
    # nobody can resolve. Endplate noise is a span, never events: its larger potentials are no train of their own. They
    # are many fibres' and differ in size. They are negative and slow with a single phase, and look otherwise only where
    # filters have shaped what is small.
    values = criteria_values("detection_criteria")
    if measured.shape is not None and measured.shape.phases == 0:
        return True
    if measured.train.snr < values["mains_largest_snr"] and _is_mains(measured):
        return True
    if measured.rhythm.irregularity < values["regular_irregularity"]:
        return False
    shape = measured.shape
    positive = shape is not None and shape.initial_deflection == "positive"
    quick = shape is not None and shape.phases > 1 and shape.rise_ms < values["endplate_noise_rise_ms"]
    times = values["endplate_noise_quick" if quick else "endplate_noise_negative"]
    times = values["endplate_noise_positive"] if positive else times
    size_uv = shape.peak_to_peak_uv if shape else 0.0
    distant = measured.train.snr < values["irregular_least_snr"]
    return distant or size_uv < times * measured.amplitude_cv * measured.endplate_noise_uv


def _is_mains(measured: MeasuredTrain) -> bool:
    # What is left of hum after its sinusoids were subtracted.
    values = criteria_values("detection_criteria")
    if not measured.rhythm.irregularity < values["mains_irregularity"]:
        return False
    cycles = np.outer(MAINS_HZ, (1, 2)) * measured.rhythm.base_s
    return bool(np.abs(cycles - 1).min() < values["mains_rate_tolerance"])
