"""From units of two bands to trains: one train for each fibre or motor unit, one event for each whole potential."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.clocks import ClockLimits, chance_of_clock, find_clock
from emgkit.signals.cluster import cut_windows
from emgkit.signals.detect import keep_largest
from emgkit.signals.locks import SEPARATION_S, find_lock, nearest, union_of
from emgkit.signals.match import similarity
from emgkit.signals.peel import moved
from emgkit.signals.rhythm import PAUSE, measure_rhythm
from emgkit.signals.same_unit import one_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

LOCK_REACH_MS = 80.0  # how far the parts of one polyphasic potential or complex may lie apart
LOCK_WIDTH_MS = 1.2  # scatter of the lag between parts of one potential
SAME_LIKENESS = 0.9  # of a potential in the slow band with one that was found there alone
SAME_SIZE = (0.7, 1.4)
LOCKED_SHARE = 0.6
LEAST_PAIRS, PAIRED_SHARE, PAIR_WIDTH_S, PAIR_GAP = 5, 0.2, 0.0003, 1.5  # like spikes of one complex
LEAST_OUTER = 0.2  # share of intervals that lead to the next complex; a steady train has none
CONFUSED_ALIKE, CONFUSED_SIZE = 0.8, (0.7, 1.4)
REGULAR_LEAST = 6  # discharges of a clock that came out of two confused trains
RUN_LEAST, RUN_MOST = 5, 15  # discharges of a run that are compared with those of the next
RATE_STEP = 1.15
REGULAR_RUN = 0.06
FASTEST_S = 0.04  # myotonic discharges, which change from run to run, are faster
STEADY = 0.08  # change of rate and size within a run
SIZE_STEP, SIZE_SCATTER = 0.03, 1.5
CLOSE_SHARE = 0.3
LARGEST_CHANCE, BOTH_CHANCE = 0.2, 0.5  # that another event is where the next one of a clock is due
SHADOW_SHARE = 0.6
SHADOW_WIDTH_MS = 4.0  # the slow band times an event less sharply
SHADOW_RATIO = 4.0
SHADOW_REACH_S = 0.008


@dataclass(frozen=True, eq=False)
class Train:
    """Discharges of one unit.

    Parameters
    ----------
    time_s : ndarray of shape (n_events,)
        Ascending.
    template : ndarray
        Band-passed waveform, microvolt, at the band's rate.
    band : int
        Index of the band that carries the train.
    snr : float
        Largest deflection of the template over the noise.
    """

    time_s: NDArray[np.float64]
    template: NDArray[np.float64]
    band: int
    snr: float


def build_trains(
    band: SortedBand, number: int, *, clock: ClockLimits, regular: float, min_events: int
) -> list[Train]:
    """Join what belongs together in one band: parts of one potential, halves of one train; tell clocks apart.

    Parameters
    ----------
    band : SortedBand
    number : int
        Number of the band.
    clock : ClockLimits
        What counts as a clock inside a mixed train.
    regular : float
        Irregularity below which a train predicts where its missed discharges are.
    min_events : int
        Trains with fewer events are dropped.

    Returns
    -------
    list of Train
        Largest first.
    """
    units = [_first_spikes(unit) for unit in _units(band, number)]
    units = _whole_potentials(_halves_joined(_whole_potentials(units), band))
    units = _reshuffled(units, clock, regular)
    trains = [part for train in units for part in _clocks_apart(train, clock, regular, min_events)]
    trains = [run for train in trains for run in _runs_apart(train, band)]
    trains = _without_shadows([_refound(train, band, regular) for train in trains if len(train.time_s) >= min_events])
    return sorted(trains, key=lambda train: -train.snr)


def join_bands(
    fast: Sequence[Train], slow: Sequence[Train], *, seen: Sequence[NDArray[np.floating]], regular: float
) -> list[Train]:
    """Return the trains of both bands; discharges that only the slow band saw go to the train whose they are.

    Parameters
    ----------
    fast, slow : sequence of Train
        The slow ones found in what the fast ones leave over of the slow band.
    seen : sequence of ndarray
        Potential of every fast train in the slow band.
    regular : float
        See ``build_trains``.
    """
    trains = list(fast)
    for train in slow:
        for place, potential in enumerate(seen):
            other = trains[place]
            _, locked = find_lock(other.time_s, train.time_s, reach_ms=LOCK_REACH_MS, width_ms=SHADOW_WIDTH_MS)
            if locked > SHADOW_SHARE * len(train.time_s):
                break  # what is left over of a train that is known
            if _same_potential(potential, train.template) and one_unit(other.time_s, train.time_s, shapes=(train.template, train.template)):
                trains[place] = _united(other, train.time_s)
                break
        else:
            trains.append(train)
    return _without_shadows(trains)


def _same_potential(potential: NDArray[np.floating], template: NDArray[np.floating]) -> bool:
    energy = float(np.square(template).sum())
    answer = np.correlate(potential, template, "valid") if len(potential) >= len(template) else np.zeros(1)
    place = int(answer.argmax())
    there = float(np.square(potential[place : place + len(template)]).sum())
    alike = float(answer[place]) / np.sqrt(max(energy * there, 1e-12))
    return bool(alike > SAME_LIKENESS and SAME_SIZE[0] < np.sqrt(there / energy) < SAME_SIZE[1])


def _units(band: SortedBand, number: int) -> list[Train]:
    units = []
    for unit, template in enumerate(band.templates):
        mine = band.unit == unit
        time_s, scale = band.time_s[mine], band.scale[mine]
        kept = keep_largest(time_s, scale, separation=SEPARATION_S)
        if len(kept) > 1:
            units.append(Train(time_s[kept], template, number, float(np.abs(template).max() / band.noise_uv)))
    return units


def _first_spikes(unit: Train) -> Train:
    # Like spikes of one complex follow each other at fixed lags, far shorter than the time to the next complex.
    intervals = np.diff(unit.time_s)
    order = np.sort(intervals)
    alike = np.searchsorted(order, intervals + PAIR_WIDTH_S) - np.searchsorted(order, intervals - PAIR_WIDTH_S)
    inner = (alike > PAIRED_SHARE * len(unit.time_s)) & (intervals < LOCK_REACH_MS / 1000)
    if inner.sum() < LEAST_PAIRS or (~inner).mean() < LEAST_OUTER:
        return unit
    if np.median(intervals[~inner]) < PAIR_GAP * np.max(intervals[inner]):
        return unit
    return replace(unit, time_s=unit.time_s[np.append(True, ~inner)])


def _halves_joined(units: list[Train], band: SortedBand) -> list[Train]:
    # Templates of nearly one shape are one unit when their timing agrees; what was joined may take up more.
    every_s = np.sort(np.concatenate([unit.time_s for unit in units] or [np.empty(0)]))

    def windows(times_s: NDArray[np.float64]) -> NDArray[np.floating]:
        return _single_discharges(times_s, every_s, band)

    while True:
        units = sorted(units, key=lambda unit: -len(unit.time_s))
        joined: list[Train] = []
        for unit in units:
            for place, other in enumerate(joined):
                if one_unit(other.time_s, unit.time_s, shapes=(other.template, unit.template), windows=windows):
                    joined[place] = _united(other, unit.time_s)
                    break
            else:
                joined.append(unit)
        if len(joined) == len(units):
            return joined
        units = joined


def _single_discharges(
    times_s: NDArray[np.float64], every_s: NDArray[np.float64], band: SortedBand
) -> NDArray[np.floating]:
    # Windows of discharges that no other one overlaps, each moved so that its time is in the middle.
    half = len(band.templates[0]) // 2
    place = np.searchsorted(every_s, times_s)
    gap_s = half / band.rate_hz
    after = every_s[np.minimum(place + 1, len(every_s) - 1)] - times_s
    before = times_s - every_s[np.maximum(place - 1, 0)]
    alone = (np.abs(after) > gap_s) & (np.abs(before) > gap_s)
    places = (times_s[alone] - band.start_s) * band.rate_hz
    whole = np.floor(places).astype(int)
    return moved(cut_windows(band.signal, whole, before=half, after=half), whole - places)


def _united(train: Train, more_s: NDArray[np.float64]) -> Train:
    far = np.abs(nearest(train.time_s, more_s) - more_s) > SEPARATION_S
    return replace(train, time_s=np.sort(np.concatenate([train.time_s, more_s[far]])))


def _whole_potentials(units: list[Train]) -> list[Train]:
    # Parts of one polyphasic potential follow each other at a fixed lag; the largest part stands for the whole.
    units = sorted(units, key=lambda unit: -unit.snr * min(len(unit.time_s), 50))
    wholes: list[Train] = []
    for unit in units:
        locks = (
            (find_lock(whole.time_s, unit.time_s, reach_ms=LOCK_REACH_MS, width_ms=LOCK_WIDTH_MS)[1], len(whole.time_s))
            for whole in wholes
        )
        if not any(locked >= max(4, LOCKED_SHARE * min(len(unit.time_s), count)) for locked, count in locks):
            wholes.append(unit)
    return wholes


def _reshuffled(units: list[Train], clock: ClockLimits, regular: float) -> list[Train]:
    # Two fibres whose shapes the noise confuses have exchanged discharges: together they fall into two clocks again.
    units = list(units)
    for place, other in combinations(range(len(units)), 2):
        first, second = units[place], units[other]
        alike, _ = similarity(first.template, second.template, max_lag=len(first.template) // 4)
        ratio = np.ptp(first.template) / np.ptp(second.template)
        irregular = [measure_rhythm(unit.time_s).irregularity >= regular for unit in (first, second)]
        if not (any(irregular) and alike > CONFUSED_ALIKE and CONFUSED_SIZE[0] < ratio < CONFUSED_SIZE[1]):
            continue
        pool_s = union_of(first.time_s, second.time_s)
        chain = find_clock(pool_s, limits=clock)
        rest = np.delete(np.arange(len(pool_s)), chain)
        parts = [pool_s[chain], pool_s[rest]]
        if min(len(part) for part in parts) < REGULAR_LEAST:
            continue
        if max(measure_rhythm(part).irregularity for part in parts) < regular:
            nearer = np.abs(nearest(first.time_s, parts[0]) - parts[0]) < SEPARATION_S
            parts = parts if nearer.mean() > 0.5 else parts[::-1]
            units[place], units[other] = replace(first, time_s=parts[0]), replace(second, time_s=parts[1])
    return units


def _runs_apart(train: Train, band: SortedBand) -> list[Train]:
    # After a pause another fibre may fire whose shape is nearly the same: its size and its rate are its own.
    base_s = measure_rhythm(train.time_s).base_s
    pauses = np.flatnonzero(np.diff(train.time_s) > PAUSE * base_s) + 1
    runs: list[NDArray[np.float64]] = []
    for run_s in np.split(train.time_s, pauses):
        if runs and _another_fibre(runs[-1], run_s, train, band):
            runs.append(run_s)
        elif runs:
            runs[-1] = np.concatenate([runs[-1], run_s])
        else:
            runs.append(run_s)
    return [replace(train, time_s=run_s) for run_s in runs]


def _another_fibre(
    before_s: NDArray[np.float64], after_s: NDArray[np.float64], train: Train, band: SortedBand
) -> bool:
    base_s = min(np.median(np.diff(before_s)), np.median(np.diff(after_s))) if min(len(before_s), len(after_s)) > 1 else 0
    if min(len(before_s), len(after_s)) < RUN_LEAST or base_s < FASTEST_S:
        return False
    runs = (before_s[-RUN_MOST:], after_s[:RUN_MOST])
    rhythms = [measure_rhythm(run_s) for run_s in runs]
    rates = rhythms[0].base_s / rhythms[1].base_s
    if 1 / RATE_STEP < rates < RATE_STEP or max(rhythm.irregularity for rhythm in rhythms) > REGULAR_RUN:
        return False
    sizes = [_sizes(run_s, train, band) for run_s in runs]
    # The runs of a myotonic discharge differ as well, but there rate and size also change within a run.
    changes = [np.diff(run_s) for run_s in runs] + sizes
    if any(abs(np.median(part[: len(part) // 2]) / np.median(part[-(len(part) // 2) :]) - 1) > STEADY for part in changes):
        return False
    step = abs(float(np.median(sizes[0]) - np.median(sizes[1])))
    scatter = max(float(np.quantile(size, 0.8) - np.quantile(size, 0.2)) for size in sizes)
    return bool(step > SIZE_STEP and step > SIZE_SCATTER * scatter)


def _sizes(times_s: NDArray[np.float64], train: Train, band: SortedBand) -> NDArray[np.float64]:
    half = len(train.template) // 2
    places = np.round((times_s - band.start_s) * band.rate_hz).astype(int)
    windows = cut_windows(band.signal, places, before=half + 1, after=len(train.template) - half + 1)
    answers = [windows[:, shift : shift + len(train.template)] @ train.template for shift in range(3)]
    return np.asarray(np.max(answers, axis=0) / np.square(train.template).sum())


def _clocks_apart(train: Train, clock: ClockLimits, regular: float, min_events: int) -> list[Train]:
    # Similar fibres that ended in one train are told apart by the phase of their rhythm.
    parts, rest = [], train.time_s
    while len(rest) >= clock.min_events and not measure_rhythm(rest).irregularity < regular:
        chain = find_clock(rest, limits=clock)
        if len(chain) == 0 or not _is_clock(rest, chain, regular):
            break
        parts.append(replace(train, time_s=rest[chain]))
        rest = np.delete(rest, chain)
    return [*parts, replace(train, time_s=rest)] if len(rest) >= min_events or not parts else parts


def _is_clock(mixed_s: NDArray[np.float64], chain: NDArray[np.int64], regular: float) -> bool:
    # Independent trains come arbitrarily close to each other; one voluntary unit does not, though every second of its
    # discharges may look like a slower clock. What is left over of two clocks is a clock again.
    rhythm, rest = measure_rhythm(mixed_s[chain]), np.delete(mixed_s, chain)
    close = np.quantile(np.diff(mixed_s), 0.1) < CLOSE_SHARE * rhythm.base_s
    second = len(rest) >= REGULAR_LEAST and measure_rhythm(rest).irregularity < regular
    chance = chance_of_clock(mixed_s, chain)
    return bool(rhythm.irregularity < regular and close and chance < (BOTH_CHANCE if second else LARGEST_CHANCE))


def _without_shadows(trains: list[Train]) -> list[Train]:
    # What a much larger unit leaves behind clings to its discharges; a unit of its own does not.
    kept = []
    for train in trains:
        large = [other.time_s for other in trains if other.snr > SHADOW_RATIO * train.snr]
        owners = np.sort(np.concatenate(large)) if large else np.array([])
        if len(owners) > 1:
            clinging = np.mean(np.abs(nearest(owners, train.time_s) - train.time_s) < SHADOW_REACH_S)
            inside = np.mean((train.time_s > owners[0]) & (train.time_s < owners[-1]))
            chance = inside * (1 - np.exp(-2 * SHADOW_REACH_S * len(owners) / (owners[-1] - owners[0])))
            if clinging > chance + SHADOW_SHARE * (1 - chance):
                continue
        kept.append(train)
    return kept


def _refound(train: Train, band: SortedBand, regular: float) -> Train:
    # A clock predicts where its missed discharges are; each is taken only where the residual shows it.
    rhythm = measure_rhythm(train.time_s)
    if not (rhythm.irregularity < regular and rhythm.n_intervals >= 5):
        return train
    half = len(train.template) // 2
    slack = max(3 * rhythm.irregularity * rhythm.base_s, 0.002)
    found = []
    for expected_s in _gaps(train.time_s, rhythm.base_s):
        start = int((expected_s - slack - band.start_s) * band.rate_hz) - half
        stop = int((expected_s + slack - band.start_s) * band.rate_hz) + half
        if start < 0 or stop > len(band.residual):
            continue
        place, scale, alike = best_scale(band.residual[start:stop], train.template)
        if scale > 0.5 and alike > 0.5:
            found.append(band.start_s + (start + place) / band.rate_hz)
    return _united(train, np.array(found)) if found else train


def best_scale(signal: NDArray[np.floating], template: NDArray[np.floating]) -> tuple[int, float, float]:
    """Return where in a short signal a template fits best: position of its middle, size, correlation.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        At least as long as the template.
    template : ndarray of shape (size,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.trains import best_scale
    >>> best_scale(np.pad(2 * np.hanning(9), 5), np.hanning(9))
    (9, 2.0, 1.0)
    """
    correlation = np.correlate(signal, template, "valid")
    energy = float(np.square(template).sum())
    place = int(correlation.argmax())
    present = float(np.square(signal[place : place + len(template)]).sum())
    alike = float(correlation[place] / np.sqrt(max(energy * present, 1e-12)))
    return place + len(template) // 2, float(correlation[place] / energy), round(alike, 12)


def _gaps(times_s: NDArray[np.float64], base_s: float) -> list[float]:
    expected = []
    for before, after in pairwise(times_s):
        missed = round((after - before) / base_s) - 1
        if 0 < missed <= 5:
            expected += list(before + (after - before) * np.arange(1, missed + 1) / (missed + 1))
    return expected
