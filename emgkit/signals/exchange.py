"""Discharges that units of nearly one shape have taken from each other, given back by their rhythm."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations, permutations
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.beats import goes_on_with, missed_by, spared_by
from emgkit.signals.clocks import find_clock
from emgkit.signals.locks import SEPARATION_S, nearest, union_of
from emgkit.signals.match import similarity
from emgkit.signals.medians import quantile
from emgkit.signals.rhythm import measure_rhythm
from emgkit.signals.units import rhythm_of, united

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.signals.clocks import ClockLimits
    from emgkit.signals.rhythm import Rhythm
    from emgkit.signals.units import Train

CLOCK_EVENTS = 8
RETURNED_ALIKE, CONFUSED_ALIKE, LIKE_SIZE = 0.9, 0.8, (0.7, 1.4)  # correlation, and ratio of sizes
RETURNED_LEAST, RETURNED_CHANCE = 4, 3.0  # like discharges, and how many times more than by chance
FEW_RETURNED = 2  # of a clock; one by one they would make any train look like a clock
NEARLY = 1.4  # times as irregular as a clock may be is one that holds many guests
TAKEN_SIZE = (0.5, 2.0)  # of what a clock takes by its rhythm: together with others a discharge looks larger
CLOCK_MOST = 4000  # events among which clocks are looked for; the search takes time
REGULAR_LEAST = 6  # discharges of a clock that came out of two confused trains
UNEVEN_LEAST, UNEVEN_SHARE = 8, 0.04  # intervals out of rhythm, and their share of all, that are too many
UNEVEN_LEFT = 0.5  # share of them that may be left
GOES_ON, BREAKS, MOST_MISSED = 0.15, 0.2, 3  # how far off one clock is where it goes on, and another at least
AMID = 1.3  # discharges of a unit for each that a clock goes on with there
MISSED_SHARE = 0.5  # of what a clock takes that the other one misses when it is gone
UNEVEN_CLOCK = 0.15  # share that shows a clock with many guests
KEPT_SHARE = 0.8  # of its discharges that a clock keeps


def given_back(units: Sequence[Train], band_hz: float, *, regular: float) -> list[Train]:
    """Give a regular unit the discharges that it missed and another of its shape has, whose rhythm does not need them.

    Parameters
    ----------
    units : sequence of Train
    band_hz : float
        Rate of their templates.
    regular : float
        Irregularity of a clock.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.exchange import given_back
    >>> from emgkit.signals.units import Train
    >>> clock_s, others_s = np.arange(50) / 7.0, np.cumsum(np.random.default_rng(0).uniform(0.1, 0.6, 20))
    >>> mixed_s = np.sort(np.concatenate([others_s, clock_s[10:20]]))
    >>> wave = np.diff(np.hanning(31))
    >>> units = [Train(np.delete(clock_s, np.arange(10, 20)), wave, 0, 9.0), Train(mixed_s, wave, 0, 9.0)]
    >>> [len(unit.time_s) for unit in given_back(units, 10000.0, regular=0.07)]
    [50, 20]
    """
    which = partial(_due_elsewhere, regular=regular)
    return _taken_over(units, band_hz, regular=regular, least=1, sizes=TAKEN_SIZE, which=which)


def _taken_over(
    units: Sequence[Train],
    band_hz: float,
    *,
    regular: float,
    least: int,
    sizes: tuple[float, float],
    which: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.bool_]],
) -> list[Train]:
    # Every clock takes from every other unit of its shape and so many discharges those that are its own.
    units = list(units)
    for place, other in permutations(range(len(units)), 2):
        clock, mixed = units[place], units[other]
        if len(clock.time_s) < CLOCK_EVENTS or len(mixed.time_s) < least:
            continue
        lag = lag_if_alike(clock, mixed, sizes=sizes) if rhythm_of(clock).irregularity < regular else None
        if lag is None:
            continue
        due_s = mixed.time_s + lag / band_hz
        mine = which(clock.time_s, due_s)
        if mine.any():
            units[place] = united(clock, due_s[mine])
            units[other] = replace(mixed, time_s=mixed.time_s[~mine])
    return units


def lag_if_alike(
    clock: Train, mixed: Train, *, least: float = RETURNED_ALIKE, sizes: tuple[float, float] = LIKE_SIZE
) -> int | None:
    """Return the lag in samples at which two units are of one shape, None where they are not.

    Parameters
    ----------
    clock, mixed : Train
    least : float
        Correlation.
    sizes : (low, high)
        Ratio of their sizes.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.exchange import lag_if_alike
    >>> from emgkit.signals.units import Train
    >>> wave = np.pad(np.diff(np.hanning(31)), 10)
    >>> clock, mixed = Train(np.zeros(1), wave, 0, 9.0), Train(np.zeros(1), np.roll(wave, 2), 0, 9.0)
    >>> abs(lag_if_alike(clock, mixed)), lag_if_alike(clock, Train(np.zeros(1), 2 * wave, 0, 9.0))
    (2, None)
    """
    alike, lag = similarity(clock.template, mixed.template, max_lag=len(mixed.template) // 4)
    low, high = sizes
    return lag if alike > least and low < np.ptp(mixed.template) / np.ptp(clock.template) < high else None


def _due_elsewhere(clock_s: NDArray[np.float64], mixed_s: NDArray[np.float64], *, regular: float) -> NDArray[np.bool_]:
    # Which of the mixed discharges the clock missed or goes on with; of a clock, only those that its own rhythm does
    # not need. Half an interval later, as many would be there by chance.
    of_clock = measure_rhythm(mixed_s, trends=False).irregularity < NEARLY * regular
    free = spared_by(mixed_s) if of_clock else np.ones(len(mixed_s), dtype=bool)
    half_s = measure_rhythm(clock_s, trends=False).base_s / 2
    mine = np.zeros(len(mixed_s), dtype=bool)
    least, more = (FEW_RETURNED, 0) if of_clock else (RETURNED_LEAST, 1)
    for due in (missed_by, goes_on_with):
        places = np.flatnonzero(free)[due(clock_s, mixed_s[free])]
        if len(places) < least:
            continue
        chance = due(clock_s, mixed_s[free] + half_s).sum()
        # A whole stretch of another unit is no guest there: whether that unit is this one is another question.
        amid = due is missed_by or np.ptp(places) + 1 > AMID * len(places)
        if len(places) > RETURNED_CHANCE * (chance + more) and amid:
            mine[places] = True
    return mine


def handed_on(units: Sequence[Train], band_hz: float, *, regular: float) -> list[Train]:
    """Return the units, where one ends and goes on in another of its shape with what goes on taken from there.

    A potential that drifts may come to resemble another unit's template more than its own: what that unit has from then
    on belongs to the clock that ended.

    Parameters
    ----------
    units : sequence of Train
    band_hz : float
        Rate of their templates.
    regular : float
        Irregularity of a clock.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.exchange import handed_on
    >>> from emgkit.signals.units import Train
    >>> clock_s, other_s, wave = np.arange(60) / 5.0, np.arange(20) / 3.7 + 0.07, np.diff(np.hanning(31))
    >>> units = [Train(clock_s[:30], wave, 0, 9.0), Train(np.concatenate([other_s, clock_s[30:]]), wave, 0, 9.0)]
    >>> [len(unit.time_s) for unit in handed_on(units, 10000.0, regular=0.07)]
    [60, 20]
    """
    either_way = partial(_goes_on_either_way, regular=regular)
    return _taken_over(units, band_hz, regular=regular, least=CLOCK_EVENTS, sizes=LIKE_SIZE, which=either_way)


def _goes_on_either_way(
    clock_s: NDArray[np.float64], mixed_s: NDArray[np.float64], *, regular: float
) -> NDArray[np.bool_]:
    mine = _goes_on_in(clock_s, mixed_s, regular)
    return mine if mine.any() else _goes_on_in(-clock_s[::-1], -mixed_s[::-1], regular)[::-1]


def _goes_on_in(clock_s: NDArray[np.float64], mixed_s: NDArray[np.float64], regular: float) -> NDArray[np.bool_]:
    # Which of the mixed discharges the clock goes on with: all that follow, or those on its beat where the other unit
    # goes on as well; none where they go on as well from what was there before.
    later = mixed_s > clock_s[-1]
    nothing = np.zeros(len(mixed_s), dtype=bool)
    if min(len(clock_s), (~later).sum(), later.sum()) < CLOCK_EVENTS:
        return nothing
    if _is_next(clock_s, mixed_s[~later], mixed_s[later], regular):
        return np.asarray(later)
    beats = goes_on_with(clock_s, mixed_s) & later
    rest_s = mixed_s[~beats]
    clock_left = min(len(rest_s), beats.sum()) >= CLOCK_EVENTS and (
        measure_rhythm(rest_s, trends=False).irregularity < regular
        and missed_by(rest_s, mixed_s[beats]).mean() < MISSED_SHARE
    )
    if clock_left and _is_next(clock_s, mixed_s[~later], mixed_s[beats], regular):
        return np.asarray(beats)
    return nothing


def _is_next(
    clock_s: NDArray[np.float64], before_s: NDArray[np.float64], after_s: NDArray[np.float64], regular: float
) -> bool:
    if before_s[-1] < clock_s[0]:
        return False
    rhythms = [measure_rhythm(times_s, trends=False) for times_s in (clock_s, after_s)]
    if not all(rhythm.irregularity < regular for rhythm in rhythms):
        return False
    return _join(clock_s, after_s) < GOES_ON < BREAKS < _join(before_s, after_s)


def _join(before_s: NDArray[np.float64], after_s: NDArray[np.float64]) -> float:
    # By how much the rates and the interval between two trains differ from one clock that goes on.
    usual_s = [quantile(np.diff(part_s), 0.25) for part_s in (before_s[-CLOCK_EVENTS:], after_s[:CLOCK_EVENTS])]
    gap_s = after_s[0] - before_s[-1]
    steps = max(round(gap_s / usual_s[1]), 1)
    missing = steps > MOST_MISSED
    return float(max(abs(gap_s / (steps * usual_s[1]) - 1), max(usual_s) / min(usual_s) - 1, missing))


def reshuffled(units: Sequence[Train], *, clock: ClockLimits, regular: float) -> list[Train]:
    """Return the units, those dealt anew whose shapes the noise confuses and that together are two clocks.

    Parameters
    ----------
    units : sequence of Train
    clock : ClockLimits
        What counts as a clock inside a mixed train.
    regular : float
        Irregularity of a clock.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.clocks import ClockLimits
    >>> from emgkit.signals.exchange import reshuffled
    >>> from emgkit.signals.units import Train
    >>> both_s = np.sort(np.concatenate([np.arange(60) / 7.0, np.arange(45) / 5.2 + 0.05]))
    >>> mixed = np.random.default_rng(0).random(len(both_s)) < 0.5
    >>> wave = np.diff(np.hanning(31))
    >>> units = [Train(both_s[mixed], wave, 0, 9.0), Train(both_s[~mixed], wave, 0, 9.0)]
    >>> limits = ClockLimits(0.03, 2.0, 0.06, 0.002, 3, 10, 0.7, 0.35)
    >>> dealt = reshuffled(units, clock=limits, regular=0.07)
    >>> sorted(len(unit.time_s) for unit in dealt)  # two coincide and count once
    [44, 60]
    """
    units = list(units)
    for place, other in combinations(range(len(units)), 2):
        first, second = units[place], units[other]
        if len(first.time_s) + len(second.time_s) >= CLOCK_MOST:
            continue
        if lag_if_alike(second, first, least=CONFUSED_ALIKE) is None:
            continue
        parts = _dealt_anew((first.time_s, second.time_s), clock, regular)
        if parts is not None:
            units[place], units[other] = replace(first, time_s=parts[0]), replace(second, time_s=parts[1])
    return units


def _dealt_anew(
    both_s: tuple[NDArray[np.float64], NDArray[np.float64]], clock: ClockLimits, regular: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    before = [measure_rhythm(times_s, trends=False) for times_s in both_s]
    mixed = any(rhythm.irregularity >= regular for rhythm in before)
    uneven = _uneven(before)
    if not mixed and uneven < max(UNEVEN_LEAST, UNEVEN_SHARE * sum(rhythm.n_intervals for rhythm in before)):
        return None
    parts = two_clocks(union_of(*both_s), clock=clock, regular=regular)
    if parts is None:
        return None
    after = [measure_rhythm(part, trends=False) for part in parts]
    if not mixed and _uneven(after) >= UNEVEN_LEFT * uneven:
        return None
    # A clock keeps nearly all it had. Every second discharge of it is a clock as well, and no other fibre; and where
    # two clocks meet, each may go on as the other.
    kept = np.array([[np.mean(np.abs(nearest(part, own) - own) < SEPARATION_S) for part in parts] for own in both_s])
    was_clock = np.array([rhythm.irregularity < regular and rhythm.uneven < UNEVEN_CLOCK for rhythm in before])
    if (kept.max(axis=1) < KEPT_SHARE)[was_clock].any():
        return None
    return parts if kept[0, 0] + kept[1, 1] >= kept[0, 1] + kept[1, 0] else parts[::-1]


def _uneven(rhythms: Sequence[Rhythm]) -> float:
    return sum(rhythm.uneven * rhythm.n_intervals for rhythm in rhythms)


def two_clocks(
    pool_s: NDArray[np.float64], *, clock: ClockLimits, regular: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the longest clock among events and what it leaves over, if that is a clock as well.

    Parameters
    ----------
    pool_s : ndarray
        Ascending times in seconds.
    clock : ClockLimits
    regular : float

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.clocks import ClockLimits
    >>> from emgkit.signals.exchange import two_clocks
    >>> pool_s = np.sort(np.concatenate([np.arange(60) / 7.0, np.arange(45) / 5.2 + 0.05]))
    >>> limits = ClockLimits(0.03, 2.0, 0.06, 0.002, 3, 10, 0.7, 0.35)
    >>> [len(part) for part in two_clocks(pool_s, clock=limits, regular=0.07)]
    [60, 45]
    """
    chain = find_clock(pool_s, limits=clock)
    parts = pool_s[chain], np.delete(pool_s, chain)
    if min(len(part) for part in parts) < REGULAR_LEAST:
        return None
    both = all(measure_rhythm(part, trends=False).irregularity < regular for part in parts)
    return parts if both else None
