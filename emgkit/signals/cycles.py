"""Complexes that repeat: spikes that keep their lags to a clock steadier than any fibre are parts of one discharge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.beats import due_in_gaps
from emgkit.signals.cluster import cut_windows
from emgkit.signals.fitting import best_scales
from emgkit.signals.locks import find_locks
from emgkit.signals.units import rhythm_of, united, usual_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

STEADY = 0.02  # irregularity of a cycle of fibres that excite each other
LEAST_CYCLES, LEAST_SINGLE = 8, 0.6  # discharges of a clock, and share of its intervals that miss none
MOST_MISSED, WHOLE = 30, 0.15  # in a row, and how near an interval is to a whole number of them
REACH_S = 0.1  # how far from the clock parts are looked for, at most half an interval
WIDTH_MS = 1.2  # scatter of a lag
LEAST_AT_LAG, LAG_SHARE, KEEPS = 4, 0.25, 0.8  # discharges at one lag, their share, and that of all at any such lag
LEAST_SPIKES = 3  # in one cycle; two may be the parts of one potential
ONE_RATE, APART, TOGETHER = 1.03, 0.6, 0.1  # of two that tell one complex in turns: rates, nearness, share so near
SAME_CYCLE, MOST_CYCLES = 0.9, 100  # correlation of their cycles, and how many tell what is usual
SHOWN = (0.5, 0.8)  # least size and correlation of the largest spike of a cycle


def repeating_joined(units: Sequence[Train], band: SortedBand) -> list[Train]:
    """Return the units, those that are spikes of one repeating complex as one, told at its largest spike.

    Parameters
    ----------
    units : sequence of Train
    band : SortedBand
        The signal that they were found in.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.cycles import repeating_joined
    >>> from emgkit.signals.units import Train
    >>> cycle_s, wave, signal = 1 + np.arange(40) / 5.0, np.diff(np.hanning(32)), np.zeros(10000)
    >>> parts = [(0.0, 1.0), (0.02, 3.0), (0.07, 2.0)]
    >>> for lag_s, size in parts:
    ...     for place in np.round(1000 * (cycle_s + lag_s)).astype(int):
    ...         signal[place - 15 : place + 16] += size * wave
    >>> units = [Train(cycle_s + lag_s, size * wave, 0, 9.0 * size) for lag_s, size in parts]
    >>> (whole,) = repeating_joined(units, SimpleNamespace(signal=signal, rate_hz=1000.0, start_s=0.0))
    >>> len(whole.time_s), round(float(whole.time_s[0]), 3)
    (40, 1.02)
    """
    units = sorted(units, key=lambda unit: -len(unit.time_s))
    for clock in [unit for unit in units if _is_steady(unit)]:
        if any(unit is clock for unit in units):
            units = _with_parts(clock, [unit for unit in units if unit is not clock], band)
    return units


def _with_parts(clock: Train, others: list[Train], band: SortedBand) -> list[Train]:
    whole, spikes, left = clock, [(clock, 0.0)], others
    while True:
        found = [lags_to(whole, unit) for unit in left]
        for unit, lags_s in zip(left, found, strict=True):
            spikes += [(unit, lag_s) for lag_s in lags_s]
            if len(lags_s) == 1:  # a cycle whose first spike was missed still shows the others
                whole = united(whole, unit.time_s - lags_s[0])
        left = [unit for unit, lags_s in zip(left, found, strict=True) if not lags_s]
        if not any(found):
            break
    return [clock, *others] if len(spikes) < LEAST_SPIKES else [_at_largest(whole, spikes, band), *left]


def cycles_united(trains: Sequence[Train], band: SortedBand) -> list[Train]:
    """Return the trains, those as one that tell the cycles of one complex in turns, each at another of its spikes.

    Parameters
    ----------
    trains : sequence of Train
    band : SortedBand
        Where they were found.

    Returns
    -------
    list of Train
        Largest first. Steady trains of one rate that do not fire together are one where their usual cycles are of one
        shape. One that is told now at this spike and now at that spike of a steady one is that train once more.
    """
    whole: list[Train] = []
    for train in sorted(trains, key=lambda each: -each.snr):
        for place, other in enumerate(whole):
            if (steady := _told_twice(other, train)) is not None:
                whole[place] = steady
                break
            if _in_turns(other, train) and (lag_s := _lag_of_cycle(other, train, band)) is not None:
                whole[place] = united(other, train.time_s + lag_s)
                break
        else:
            whole.append(train)
    return whole


def _told_twice(one: Train, two: Train) -> Train | None:
    # The one that tells every discharge at the same spike, when the other one tells the same discharges.
    for clock, other in ((one, two), (two, one)):
        if len(lags_to(clock, other)) > 1:
            return clock
    return None


def _in_turns(one: Train, two: Train) -> bool:
    if not (_is_steady(one) and _is_steady(two)):
        return False
    bases_s = [rhythm_of(each).base_s for each in (one, two)]
    together_s = np.diff(np.sort(np.concatenate([one.time_s, two.time_s])))
    beside = np.mean(together_s < APART * min(bases_s))
    return bool(max(bases_s) < ONE_RATE * min(bases_s) and beside < TOGETHER)


def _lag_of_cycle(one: Train, two: Train, band: SortedBand) -> float | None:
    # How far the second must be moved to tell the same cycles as the first, when both cycles are of one shape.
    size = round(min(rhythm_of(each).base_s for each in (one, two)) * band.rate_hz)
    reach = {"before": size // 2, "after": size - size // 2}
    cycles = [usual_window(each.time_s, band=band, **reach, most=MOST_CYCLES) for each in (one, two)]
    first, second = (np.fft.rfft(cycle) for cycle in cycles)
    likeness = np.fft.irfft(first.conj() * second, n=size)  # round and round, for one cycle follows the other
    likeness /= max(float(np.sqrt(np.prod([np.square(cycle).sum() for cycle in cycles]))), 1e-9)
    best = int(likeness.argmax())
    return ((best + size // 2) % size - size // 2) / band.rate_hz if likeness[best] > SAME_CYCLE else None


def lags_to(clock: Train, unit: Train) -> list[float]:
    """Return the lags at which a unit follows a steady clock, in seconds; none when it is no part of its cycle.

    Parameters
    ----------
    clock, unit : Train

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.cycles import lags_to
    >>> from emgkit.signals.units import Train
    >>> cycle_s, wave = np.arange(40) / 6.0, np.diff(np.hanning(31))
    >>> both_s = np.sort(np.concatenate([cycle_s + 0.02, cycle_s - 0.03]))
    >>> [round(lag_s, 3) for lag_s in lags_to(Train(cycle_s, wave, 0, 9.0), Train(both_s, wave, 0, 5.0))]
    [-0.03, 0.02]
    """
    if len(unit.time_s) < LEAST_CYCLES or not _is_steady(clock):
        return []
    base_s, count = rhythm_of(clock).base_s, len(unit.time_s)
    # Where a steady clock misses some, it is known when they were due.
    due_s = due_in_gaps(clock.time_s, base_s, most=MOST_MISSED, off=WHOLE)
    lags_s, locked = find_locks(
        np.sort(np.concatenate([clock.time_s, due_s])),
        unit.time_s,
        reach_ms=1000 * min(base_s / 2, REACH_S),
        width_ms=WIDTH_MS,
        least=max(LEAST_AT_LAG, LAG_SHARE * count),
    )
    return sorted(lags_s) if (~locked).sum() <= (1 - KEEPS) * count else []


def _is_steady(unit: Train) -> bool:
    rhythm = rhythm_of(unit) if len(unit.time_s) >= LEAST_CYCLES else None
    if rhythm is None or not rhythm.irregularity < STEADY:
        return False
    # Two spikes of a cycle in one unit may look like a faster clock that misses many.
    return bool(np.mean(np.abs(np.diff(unit.time_s) / rhythm.base_s - 1) < WHOLE) > LEAST_SINGLE)


def _at_largest(whole: Train, spikes: list[tuple[Train, float]], band: SortedBand) -> Train:
    # The fixed point is the largest spike of the cycle; a cycle that does not show it was none.
    largest, lag_s = max(spikes, key=lambda spike: spike[0].snr)
    wave, slack = largest.template, round(WIDTH_MS / 1000 * band.rate_hz)
    before, after = len(wave) // 2 + slack, len(wave) - len(wave) // 2 + slack
    places = np.round((whole.time_s + lag_s - band.start_s) * band.rate_hz).astype(int)
    places = places[(places >= before) & (places <= len(band.signal) - after)]
    windows = cut_windows(band.signal, places, before=before, after=after)
    middle, scale, alike = best_scales(windows, wave, sizes=np.full(len(places), before + after))
    shown = (scale > SHOWN[0]) & (alike > SHOWN[1])
    if shown.sum() < LEAST_CYCLES:
        return whole
    return replace(largest, time_s=band.start_s + (places - before + middle)[shown] / band.rate_hz)
