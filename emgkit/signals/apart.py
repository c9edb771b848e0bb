"""Trains that hold the discharges of several fibres of nearly one shape: told apart by their timing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.beats import missed_by, spared_by
from emgkit.signals.clocks import ClockLimits, chance_of_clock, find_clock
from emgkit.signals.exchange import CLOCK_MOST, REGULAR_LEAST, reshuffled
from emgkit.signals.rhythm import PAUSE, measure_rhythm
from emgkit.signals.tracks import tracked_apart
from emgkit.signals.units import Train, rhythm_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

RUN_LEAST, RUN_MOST = 5, 15  # discharges of a run that are compared with those of the next
RATE_STEP = 1.15  # ratio of rates that makes another fibre likely
REGULAR_RUN = 0.08  # irregularity of runs that are compared
FASTEST_S = 0.04  # myotonic discharges, which change from run to run, are faster
STEADY = 0.08  # change of size within a run
SIZE_STEP, SIZE_SCATTER = 0.08, 3.0  # change of size from run to run, and over the scatter within
QUIET_S = 0.03  # without another discharge before and after
QUIET_LEAST, QUIET_SLACK, QUIET_SHARE = 8, 1.5, 0.6  # of them, times the usual slack, and share of all, that a clock is
QUIET_EXPLAINED = 0.4  # share of what fires in the pauses of others that its clock must explain
FEWEST_EVENTS = 9  # of a train that may hold guests
REGULAR_GUEST, GUEST_LEAST = 0.1, 5  # irregularity of a few discharges that are no chance finding
HOSTING = 0.05  # share of uneven intervals of a clock that holds guests
CLOSE_SHARE, INDEPENDENT = 0.3, 0.4  # of the clock's interval, and of the pairs that by chance come nearer than that
TURNS_LEAST, TURNS_EXPECTED = 8, 5.0  # discharges of a clock, and such pairs by chance, that tell turns
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
    units = tracked_apart(trains, band, regular=regular)
    units = reshuffled(units, clock=clock, regular=regular)
    parts = [part for train in units for part in _clocks_apart(train, clock, regular, min_events)]
    parts = [part for train in parts for part in _guests_apart(train, regular, min_events)]
    every_s = np.sort(np.concatenate([np.empty(0), *(train.time_s for train in parts)]))
    parts = [part for train in parts for part in _clock_in_quiet(train, every_s, clock, regular, min_events)]
    return [run for train in parts for run in _runs_apart(train, band)]


def _clocks_apart(train: Train, clock: ClockLimits, regular: float, min_events: int) -> list[Train]:
    # Similar fibres that ended in one train are told apart by the phase of their rhythm.
    parts, rest = [], train.time_s
    while clock.min_events <= len(rest) < CLOCK_MOST:
        rhythm = measure_rhythm(rest, trends=False)
        if rhythm.irregularity < regular and rhythm.uneven < HOSTING:
            break
        chain = find_clock(rest, limits=clock)
        if len(chain) == 0 or not _is_clock(rest, chain, regular):
            break
        if rhythm.irregularity < regular and not _is_guest(np.delete(rest, chain)):
            break
        parts.append(replace(train, time_s=rest[chain]))
        rest = np.delete(rest, chain)
    return [*parts, replace(train, time_s=rest)] if len(rest) >= min_events or not parts else parts


def _guests_apart(train: Train, regular: float, min_events: int) -> list[Train]:
    # A few discharges of a slow fibre lie in a train whose rhythm does not need them.
    times_s = train.time_s
    rhythm = measure_rhythm(times_s, trends=False)
    if not rhythm.irregularity < regular or len(times_s) < FEWEST_EVENTS:
        return [train]
    spared = spared_by(times_s)
    guests_s = times_s[spared]
    if len(guests_s) < min_events or not _is_guest(guests_s):
        return [train]
    return [replace(train, time_s=times_s[~spared]), replace(train, time_s=guests_s)]


def _is_guest(times_s: NDArray[np.float64]) -> bool:
    return len(times_s) >= GUEST_LEAST and measure_rhythm(times_s, trends=False).irregularity < REGULAR_GUEST


def _clock_in_quiet(
    train: Train, every_s: NDArray[np.float64], clock: ClockLimits, regular: float, min_events: int
) -> list[Train]:
    # Among other activity nearly anything resembles a small unit. Where the others pause, it shows its clock.
    if rhythm_of(train).irregularity < regular:
        return [train]
    place = np.searchsorted(every_s, train.time_s)
    gaps_s = np.diff(every_s, prepend=-np.inf, append=np.inf)
    quiet_s = train.time_s[np.minimum(gaps_s[place], gaps_s[np.minimum(place + 1, len(every_s))]) > QUIET_S]
    if not QUIET_LEAST <= len(quiet_s) < min(len(train.time_s), CLOCK_MOST):
        return [train]
    chain = find_clock(quiet_s, limits=clock)
    if len(chain) == 0:  # where little else fires, fewer and less precise discharges show a clock
        fewer = replace(clock, min_events=QUIET_LEAST, slack=QUIET_SLACK * clock.slack, share=QUIET_SHARE)
        chain = find_clock(quiet_s, limits=fewer)
    if len(chain) < QUIET_EXPLAINED * len(quiet_s):
        return [train]  # of an irregular fibre some discharges always seem to keep time
    if not measure_rhythm(quiet_s[chain], trends=False).irregularity < regular:
        return [train]
    mine = np.isin(train.time_s, quiet_s[chain]) | missed_by(quiet_s[chain], train.time_s)
    if _take_turns(train.time_s, mine):
        return [train]
    rest_s = train.time_s[~mine]
    parts = [replace(train, time_s=train.time_s[mine])]
    return [*parts, replace(train, time_s=rest_s)] if len(rest_s) >= min_events else parts


def _is_clock(mixed_s: NDArray[np.float64], chain: NDArray[np.int64], regular: float) -> bool:
    # Independent trains come arbitrarily close to each other; one voluntary unit does not, though every second of its
    # discharges may look like a slower clock. What is left over of two clocks is a clock again.
    rhythm, rest = measure_rhythm(mixed_s[chain], trends=False), np.delete(mixed_s, chain)
    close, expected = _near_each_other(mixed_s, np.isin(np.arange(len(mixed_s)), chain))
    second = len(rest) >= REGULAR_LEAST and measure_rhythm(rest, trends=False).irregularity < regular
    chance = chance_of_clock(mixed_s, chain)
    return bool(
        rhythm.irregularity < regular
        and close > INDEPENDENT * expected
        and chance < (BOTH_CHANCE if second else LARGEST_CHANCE)
    )


def _near_each_other(mixed_s: NDArray[np.float64], mine: NDArray[np.bool_]) -> tuple[int, float]:
    # How often one of a clock and one of the rest come near each other, and how often by chance.
    near_s = CLOSE_SHARE * measure_rhythm(mixed_s[mine], trends=False).base_s
    expected = 2 * near_s * mine.sum() * (~mine).sum() / max(np.ptp(mixed_s), 1e-9)
    return int(np.count_nonzero((np.diff(mixed_s) < near_s) & (mine[1:] != mine[:-1]))), float(expected)


def _take_turns(mixed_s: NDArray[np.float64], mine: NDArray[np.bool_]) -> bool:
    # A clock and the rest that, while both fire, keep off each other are discharges of one unit in turn.
    if mine.all():
        return False
    low, high = max(mixed_s[mine][0], mixed_s[~mine][0]), min(mixed_s[mine][-1], mixed_s[~mine][-1])
    both = (mixed_s >= low) & (mixed_s <= high)
    if mine[both].sum() < TURNS_LEAST:
        return False
    close, expected = _near_each_other(mixed_s[both], mine[both])
    return expected > TURNS_EXPECTED and close < INDEPENDENT * expected


def _runs_apart(train: Train, band: SortedBand) -> list[Train]:
    # After a pause another fibre may fire whose shape is nearly the same: its size and its rate are its own.
    base_s = rhythm_of(train).base_s
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
    # The runs of a myotonic discharge differ as well, but there the size also changes within a run.
    if not all(_steady(size) for size in sizes):
        return False
    step = abs(float(np.median(sizes[0]) - np.median(sizes[1])))
    scatter = max(float(np.quantile(size, 0.8) - np.quantile(size, 0.2)) for size in sizes)
    return bool(step > SIZE_STEP and step > SIZE_SCATTER * scatter)


def _steady(values: NDArray[np.float64]) -> bool:
    half = len(values) // 2
    return bool(abs(np.median(values[:half]) / np.median(values[-half:]) - 1) <= STEADY)
