"""Two clocks of nearly one shape that meet may go on as each other; their shapes tell which is which."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.exchange import CONFUSED_ALIKE, lag_if_alike
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import median_around
from emgkit.signals.units import gaps_around, rhythm_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

CLOCK_EVENTS = 12  # of either, and not many more than MOST_EVENTS
MOST_EVENTS = 4000
SIZES = (0.5, 2.0)
AROUND = 5  # intervals that tell the usual one
IN_TIME, MOST_MISSED = 0.2, 3  # how far off, as a share of the interval, each clock may go on as the other
LEAST, LEAST_TREND, MOST = 3, 8, 20  # single discharges on either side that are compared, and that show a trend
NEIGHBOURS, FOREIGN = 5, 4.0  # that tell how a discharge should look, and how many times more than usual one is off
SURE, CLEARLY = 8.0, 1.3  # times the scatter of chance, and ratio of differences, by which crossing fits better
CROSSINGS = 20  # of two clocks


def uncrossed(units: Sequence[Train], band: SortedBand, *, regular: float) -> list[Train]:
    """Return the units; of two clocks that went on as each other, each with what is its own.

    Parameters
    ----------
    units : sequence of Train
    band : SortedBand
        Where they were found.
    regular : float
        Irregularity of a clock.
    """
    units = list(units)
    for place, other in combinations(range(len(units)), 2):
        first, second = units[place], units[other]
        lag = _lag(first, second, regular)
        if lag is None:
            continue
        others_s = [unit.time_s for number, unit in enumerate(units) if number not in {place, other}]
        lag_s = lag / band.rate_hz
        pool = _pooled(first.time_s, second.time_s + lag_s, np.concatenate([np.empty(0), *others_s]), band)
        mine = _crossed(pool)
        if (mine != pool.second).any():
            units[place] = replace(first, time_s=pool.time_s[~mine])
            units[other] = replace(second, time_s=pool.time_s[mine] - lag_s)
    return units


def _lag(first: Train, second: Train, regular: float) -> int | None:
    counts = [len(unit.time_s) for unit in (first, second)]
    if min(counts) < CLOCK_EVENTS or sum(counts) > MOST_EVENTS:
        return None
    if not all(rhythm_of(unit).irregularity < regular for unit in (first, second)):
        return None
    return lag_if_alike(first, second, least=CONFUSED_ALIKE, sizes=SIZES)


class _Pool(NamedTuple):
    # The discharges of two clocks in order of time, which of them are the second's, and how the lone ones look.
    time_s: NDArray[np.float64]
    second: NDArray[np.bool_]
    lone: NDArray[np.bool_]
    windows: NDArray[np.floating]


def _pooled(first_s: NDArray[np.float64], second_s: NDArray[np.float64], others_s: NDArray[np.float64], band: SortedBand) -> _Pool:
    time_s, second = np.concatenate([first_s, second_s]), np.arange(len(first_s) + len(second_s)) >= len(first_s)
    order = np.argsort(time_s, kind="stable")
    time_s, half = time_s[order], len(band.templates[0]) // 2
    every_s = np.sort(np.concatenate([time_s, others_s]))
    lone = gaps_around(time_s, every_s) > half / band.rate_hz
    windows = cut_at(band.signal, (time_s[lone] - band.start_s) * band.rate_hz, before=half, after=half)
    second = second[order]
    good = np.zeros(len(windows), dtype=bool)
    for which in (False, True):
        mine = np.flatnonzero(second[lone] == which)
        good[mine] = _like_its_neighbours(windows[mine])
    lone[lone] = good
    return _Pool(time_s, second, lone, windows[good])


def _like_its_neighbours(windows: NDArray[np.floating]) -> NDArray[np.bool_]:
    # The end of another potential, or noise of the needle, is in some that seem to be alone.
    if len(windows) < NEIGHBOURS:
        return np.ones(len(windows), dtype=bool)
    place = np.clip(np.arange(len(windows)), NEIGHBOURS // 2, len(windows) - 1 - NEIGHBOURS // 2)
    around = np.median(windows[place[:, None] + np.arange(NEIGHBOURS) - NEIGHBOURS // 2], axis=1)
    away = np.square(windows - around).sum(axis=1)
    return np.asarray(away < FOREIGN * np.median(away))


def _crossed(pool: _Pool) -> NDArray[np.bool_]:
    # Which discharges are the second's, when each clock goes on as the one whose shape it has.
    second = pool.second
    scatter = _scatter(pool.windows)
    for _ in range(CROSSINGS):
        cuts = _in_time(pool.time_s, second)
        gains = [_gain(cut, pool, second, scatter) for cut in cuts.tolist()]
        if not gains or max(gains) <= SURE:
            break
        second = second ^ (np.arange(len(second)) >= cuts[int(np.argmax(gains))])
    return second


def _scatter(windows: NDArray[np.floating]) -> float:
    # Variance of one sample of a discharge, from each to the next: sizes drift.
    return float(np.median(np.square(np.diff(windows, axis=0)).mean(axis=1)) / 2) if len(windows) > 1 else np.inf


def _in_time(time_s: NDArray[np.float64], second: NDArray[np.bool_]) -> NDArray[np.int64]:
    # Before which discharges each clock may go on as the other and keep time.
    cuts = np.arange(1, len(time_s))
    between_s = (time_s[1:] + time_s[:-1]) / 2
    fits = np.ones(len(cuts), dtype=bool)
    last_s, next_s, usual_s = [], [], []
    for own_s in (time_s[~second], time_s[second]):
        place = np.searchsorted(own_s, between_s)
        fits &= (place > 1) & (place < len(own_s) - 1)
        place = np.clip(place, 1, len(own_s) - 1)
        last_s.append(own_s[place - 1])
        next_s.append(own_s[place])
        usual_s.append(median_around(np.diff(own_s), width=AROUND)[place - 1])
    for before, after in ((0, 1), (1, 0)):
        interval_s = next_s[after] - last_s[before]
        for usual in usual_s:
            steps = np.maximum(np.round(interval_s / usual), 1)
            fits &= (np.abs(interval_s / usual - steps) < IN_TIME) & (steps <= MOST_MISSED)
    return np.asarray(cuts[fits])


def _gain(cut: int, pool: _Pool, second: NDArray[np.bool_], scatter: float) -> float:
    # By how much less the potentials before and after differ when the clocks cross there, over the scatter of chance.
    cut_s = (pool.time_s[cut - 1] + pool.time_s[cut]) / 2
    owner, since_s = second[pool.lone], pool.time_s[pool.lone] - cut_s
    potentials = []
    for which in (False, True):
        mine = np.flatnonzero(owner == which)
        place = int(np.searchsorted(since_s[mine], 0))
        for part in (mine[:place][-MOST:], mine[place:][:MOST]):
            if len(part) < LEAST:
                return 0.0
            weight = _weights_at_zero(since_s[part])
            potentials.append((weight @ pool.windows[part], float(weight @ weight)))
    first, first_after, other, other_after = potentials
    straight = _differ(first, first_after) + _differ(other, other_after)
    across = _differ(first, other_after) + _differ(other, first_after)
    gain = (straight - across) / scatter / np.sqrt(pool.windows.shape[1])
    return float(gain) if straight > CLEARLY * across else 0.0


def _weights_at_zero(since_s: NDArray[np.float64]) -> NDArray[np.float64]:
    # Of values at these times, for what their straight line is at time zero: potentials drift. Of few, for their mean.
    count, middle_s = len(since_s), since_s.mean()
    away_s = since_s - middle_s
    return np.asarray(1 / count - (middle_s * away_s / (away_s @ away_s) if count >= LEAST_TREND else 0.0 * away_s))


def _differ(one: tuple[NDArray[np.floating], float], two: tuple[NDArray[np.floating], float]) -> float:
    away = one[0] - two[0]
    return float(away @ away) / (one[1] + two[1])
