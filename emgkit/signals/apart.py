"""Trains that hold the discharges of several fibres of nearly one shape: told apart by their timing."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.clocks import ClockLimits, chance_of_clock, find_clock, missed_by
from emgkit.signals.locks import SEPARATION_S, nearest, union_of
from emgkit.signals.match import similarity
from emgkit.signals.rhythm import PAUSE, measure_rhythm, median_around
from emgkit.signals.units import Train, sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.rhythm import Rhythm
    from emgkit.signals.sort import SortedBand

CONFUSED_ALIKE, CONFUSED_SIZE = 0.8, (0.7, 1.4)
CLOCK_MOST = 4000  # events among which clocks are looked for; the search takes time
REGULAR_LEAST = 6  # discharges of a clock that came out of two confused trains
UNEVEN_LEAST, UNEVEN_SHARE = 8, 0.04  # intervals out of rhythm, and their share of all, that are too many
UNEVEN_LEFT = 0.5  # share of them that may be left
EXCHANGED = 0.2  # share of discharges that two clocks may have exchanged
SAME_RATE = 1.3  # ratio of the intervals of one fibre before and after
RUN_LEAST, RUN_MOST = 5, 15  # discharges of a run that are compared with those of the next
RATE_STEP = 1.15  # ratio of rates that makes another fibre likely
REGULAR_RUN = 0.06  # irregularity of runs that are compared
FASTEST_S = 0.04  # myotonic discharges, which change from run to run, are faster
STEADY = 0.08  # change of rate and size within a run
SIZE_STEP, SIZE_SCATTER = 0.03, 1.5  # change of size from run to run, and over the scatter within
QUIET_S = 0.03  # without another discharge before and after
LOCAL = 9  # intervals that tell the usual one at a place
SPARED = 0.25  # how near the interval without a discharge is to the usual one
REGULAR_GUEST = 0.1  # irregularity of a few discharges that are no chance finding
CLOSE_SHARE = 0.3  # of the clock's interval: how near the nearest discharges of a mixed train come
LARGEST_CHANCE, BOTH_CHANCE = 0.2, 0.5  # that another event is where the next one of a clock is due


def fibres_apart(
    trains: Sequence[Train], band: SortedBand, *, clock: ClockLimits, regular: float, min_events: int
) -> list[Train]:
    """Tell the fibres of mixed trains apart: by the phase of their rhythm, and run by run.

    Parameters
    ----------
    trains : sequence of Train
    band : SortedBand
        Where they were found.
    clock : ClockLimits
        What counts as a clock inside a mixed train.
    regular : float
        Irregularity of a clock.
    min_events : int
        A rest with fewer events is dropped.
    """
    units = _reshuffled(trains, clock, regular)
    parts = [part for train in units for part in _clocks_apart(train, clock, regular, min_events)]
    parts = [part for train in parts for part in _guests_apart(train, regular, min_events)]
    every_s = np.sort(np.concatenate([np.empty(0), *(train.time_s for train in parts)]))
    parts = [part for train in parts for part in _clock_in_quiet(train, every_s, clock, regular, min_events)]
    return [run for train in parts for run in _runs_apart(train, band)]


def _reshuffled(trains: Sequence[Train], clock: ClockLimits, regular: float) -> list[Train]:
    # Two fibres whose shapes the noise confuses have exchanged discharges: together they fall into two clocks again.
    units = list(trains)
    for place, other in combinations(range(len(units)), 2):
        first, second = units[place], units[other]
        if len(first.time_s) + len(second.time_s) >= CLOCK_MOST or not _confusable(first, second):
            continue
        before = [measure_rhythm(unit.time_s, trends=False) for unit in (first, second)]
        irregular = max(rhythm.irregularity for rhythm in before) >= regular
        uneven = sum(rhythm.uneven * rhythm.n_intervals for rhythm in before)
        if not irregular and uneven < max(UNEVEN_LEAST, UNEVEN_SHARE * sum(rhythm.n_intervals for rhythm in before)):
            continue
        parts = _two_clocks(union_of(first.time_s, second.time_s), clock, regular)
        if not parts:
            continue
        after = [measure_rhythm(part, trends=False) for part in parts]
        if not _kept_clocks(before, after, regular):
            continue
        if irregular or sum(rhythm.uneven * rhythm.n_intervals for rhythm in after) < UNEVEN_LEFT * uneven:
            nearer = np.abs(nearest(first.time_s, parts[0]) - parts[0]) < SEPARATION_S
            if not irregular and EXCHANGED < nearer.mean() < 1 - EXCHANGED:
                continue  # where two clocks meet, each may go on as the other; shape has told them apart
            parts = parts if nearer.mean() > 0.5 else parts[::-1]
            units[place], units[other] = replace(first, time_s=parts[0]), replace(second, time_s=parts[1])
    return units


def _kept_clocks(before: Sequence[Rhythm], after: Sequence[Rhythm], regular: float) -> bool:
    # A fibre keeps its clock: every second discharge of it is a clock as well, and not another fibre.
    clocks = [rhythm.base_s for rhythm in before if rhythm.irregularity < regular]
    return all(any(1 / SAME_RATE < rhythm.base_s / base_s < SAME_RATE for rhythm in after) for base_s in clocks)


def _confusable(first: Train, second: Train) -> bool:
    alike, _ = similarity(first.template, second.template, max_lag=len(first.template) // 4)
    ratio = np.ptp(first.template) / np.ptp(second.template)
    return bool(alike > CONFUSED_ALIKE and CONFUSED_SIZE[0] < ratio < CONFUSED_SIZE[1])


def _two_clocks(pool_s: NDArray[np.float64], clock: ClockLimits, regular: float) -> list[NDArray[np.float64]]:
    # The longest clock and what it leaves over, if that is a clock as well.
    chain = find_clock(pool_s, limits=clock)
    parts = [pool_s[chain], np.delete(pool_s, chain)]
    if min(len(part) for part in parts) < REGULAR_LEAST:
        return []
    both = all(measure_rhythm(part, trends=False).irregularity < regular for part in parts)
    return parts if both else []


def _clocks_apart(train: Train, clock: ClockLimits, regular: float, min_events: int) -> list[Train]:
    # Similar fibres that ended in one train are told apart by the phase of their rhythm.
    parts, rest = [], train.time_s
    while clock.min_events <= len(rest) < CLOCK_MOST and not measure_rhythm(rest, trends=False).irregularity < regular:
        chain = find_clock(rest, limits=clock)
        if len(chain) == 0 or not _is_clock(rest, chain, regular):
            break
        parts.append(replace(train, time_s=rest[chain]))
        rest = np.delete(rest, chain)
    return [*parts, replace(train, time_s=rest)] if len(rest) >= min_events or not parts else parts


def _guests_apart(train: Train, regular: float, min_events: int) -> list[Train]:
    # A few discharges of a slow fibre lie in a train whose rhythm does not need them: without one of them the interval
    # around it is that of the others.
    times_s = train.time_s
    rhythm = measure_rhythm(times_s, trends=False)
    if not rhythm.irregularity < regular or len(times_s) < LOCAL:
        return [train]
    intervals = np.diff(times_s)
    usual = median_around(intervals, width=LOCAL)
    off = np.full(len(times_s) + 2, np.inf)  # by how much the interval without a discharge differs from the usual one
    off[2:-2] = np.abs((intervals[1:] + intervals[:-1]) / usual[1:] - 1)
    spared = (off[1:-1] < SPARED) & (off[1:-1] < off[:-2]) & (off[1:-1] <= off[2:])
    guests_s = times_s[spared]
    if len(guests_s) < min_events or not measure_rhythm(guests_s, trends=False).irregularity < REGULAR_GUEST:
        return [train]
    return [replace(train, time_s=times_s[~spared]), replace(train, time_s=guests_s)]


def _clock_in_quiet(
    train: Train, every_s: NDArray[np.float64], clock: ClockLimits, regular: float, min_events: int
) -> list[Train]:
    # Among other activity nearly anything resembles a small unit. Where the others pause, it shows its clock.
    if measure_rhythm(train.time_s, trends=False).irregularity < regular:
        return [train]
    place = np.searchsorted(every_s, train.time_s)
    gaps_s = np.diff(every_s, prepend=-np.inf, append=np.inf)
    quiet_s = train.time_s[np.minimum(gaps_s[place], gaps_s[np.minimum(place + 1, len(every_s))]) > QUIET_S]
    if not clock.min_events <= len(quiet_s) < min(len(train.time_s), CLOCK_MOST):
        return [train]
    chain = find_clock(quiet_s, limits=clock)
    if len(chain) == 0 or not measure_rhythm(quiet_s[chain], trends=False).irregularity < regular:
        return [train]
    mine = np.isin(train.time_s, quiet_s[chain]) | missed_by(quiet_s[chain], train.time_s)
    rest_s = train.time_s[~mine]
    parts = [replace(train, time_s=train.time_s[mine])]
    return [*parts, replace(train, time_s=rest_s)] if len(rest_s) >= min_events else parts


def _is_clock(mixed_s: NDArray[np.float64], chain: NDArray[np.int64], regular: float) -> bool:
    # Independent trains come arbitrarily close to each other; one voluntary unit does not, though every second of its
    # discharges may look like a slower clock. What is left over of two clocks is a clock again.
    rhythm, rest = measure_rhythm(mixed_s[chain], trends=False), np.delete(mixed_s, chain)
    close = np.quantile(np.diff(mixed_s), 0.1) < CLOSE_SHARE * rhythm.base_s
    second = len(rest) >= REGULAR_LEAST and measure_rhythm(rest, trends=False).irregularity < regular
    chance = chance_of_clock(mixed_s, chain)
    return bool(rhythm.irregularity < regular and close and chance < (BOTH_CHANCE if second else LARGEST_CHANCE))


def _runs_apart(train: Train, band: SortedBand) -> list[Train]:
    # After a pause another fibre may fire whose shape is nearly the same: its size and its rate are its own.
    base_s = measure_rhythm(train.time_s, trends=False).base_s
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


def _another_fibre(before_s: NDArray[np.float64], after_s: NDArray[np.float64], train: Train, band: SortedBand) -> bool:
    if min(len(before_s), len(after_s)) < RUN_LEAST:
        return False
    if min(np.median(np.diff(before_s)), np.median(np.diff(after_s))) < FASTEST_S:
        return False
    runs = (before_s[-RUN_MOST:], after_s[:RUN_MOST])
    rhythms = [measure_rhythm(run_s, trends=False) for run_s in runs]
    rates = rhythms[0].base_s / rhythms[1].base_s
    if 1 / RATE_STEP < rates < RATE_STEP or max(rhythm.irregularity for rhythm in rhythms) > REGULAR_RUN:
        return False
    sizes = [sizes_of(run_s, train=train, band=band) for run_s in runs]
    # The runs of a myotonic discharge differ as well, but there rate and size also change within a run.
    if not all(_steady(part) for part in (*(np.diff(run_s) for run_s in runs), *sizes)):
        return False
    step = abs(float(np.median(sizes[0]) - np.median(sizes[1])))
    scatter = max(float(np.quantile(size, 0.8) - np.quantile(size, 0.2)) for size in sizes)
    return bool(step > SIZE_STEP and step > SIZE_SCATTER * scatter)


def _steady(values: NDArray[np.float64]) -> bool:
    half = len(values) // 2
    return bool(abs(np.median(values[:half]) / np.median(values[-half:]) - 1) <= STEADY)
