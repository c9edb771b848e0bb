"""Two clocks of nearly one shape that meet may go on as each other; their rates and shapes tell which is which."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from emgkit.signals.exchange import CLOCK_MOST, CONFUSED_ALIKE, lag_if_alike
from emgkit.signals.medians import median
from emgkit.signals.noise import MAD_TO_SD
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import median_around
from emgkit.signals.units import gaps_around, rhythm_of
from emgkit.signals.waveform import separation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

CLOCK_EVENTS = 12  # of either
SIZES = (0.5, 2.0)
AROUND = 5  # intervals that tell the usual one
IN_TIME, MOST_MISSED = 0.2, 3  # how far off, as a share of the interval, each clock may go on as the other
LEAST, LEAST_TREND, MOST = 3, 8, 20  # single discharges on either side that are compared, and that show a trend
NEIGHBOURS, FOREIGN = 5, 4.0  # that tell how a discharge should look, and how many times more than usual one is off
SURE = 4.0  # standard errors
CROSSINGS = 20  # of two clocks
STEADY, EXCHANGED = 6, 0.3  # intervals on either side that tell a rate; natural logarithm by which both rates jump
GOES_ON = 0.35  # share of that by which they may still differ when each goes on as the other


def uncrossed(units: Sequence[Train], band: SortedBand, *, regular: float) -> list[Train]:
    """Return the units; of two clocks that went on as each other, each with what is its own.

    Parameters
    ----------
    units : sequence of Train
    band : SortedBand
        Where they were found.
    regular : float
        Irregularity of a clock.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.crossings import uncrossed
    >>> from emgkit.signals.units import Train
    >>> slow_s, quick_s, wave = np.arange(1, 121) / 6.0, np.arange(1, 141) / 7.0 + 0.003, np.diff(np.hanning(62))
    >>> signal = np.random.default_rng(0).normal(0, 0.001, 210000)
    >>> for time_s, size in ((slow_s, 1.0), (quick_s, 1.2)):
    ...     for place in np.round(time_s * 10000).astype(int):
    ...         signal[place - 30 : place + 31] += size * wave
    >>> band = SimpleNamespace(signal=signal, templates=[wave], rate_hz=10000.0, start_s=0.0)
    >>> early, late = (slow_s < 9.9, quick_s < 10.1), (slow_s > 9.9, quick_s > 10.1)
    >>> one_s = np.append(slow_s[early[0]], quick_s[late[1]])
    >>> two_s = np.append(quick_s[early[1]], slow_s[late[0]])
    >>> found = uncrossed([Train(one_s, wave, 0, 9.0), Train(two_s, wave, 0, 9.0)], band, regular=0.07)
    >>> [len(one_s), len(two_s)], [len(unit.time_s) for unit in found]
    ([129, 131], [120, 140])
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
    if min(counts) < CLOCK_EVENTS or sum(counts) > CLOCK_MOST:
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


def _pooled(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64], others_s: NDArray[np.float64], band: SortedBand
) -> _Pool:
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
    second = _rates_uncrossed(pool.time_s, pool.second)
    for _ in range(CROSSINGS):
        sides = [(cut, _sides(cut, pool, second)) for cut in _in_time(pool.time_s, second).tolist()]
        sure = [(cut, four) for cut, four in sides if four and _cross(*four) > SURE]
        if not sure:
            break
        cut, _ = max(sure, key=lambda each: _parted(*each[1]))
        second = second ^ (np.arange(len(second)) >= cut)
    return second


def _rates_uncrossed(time_s: NDArray[np.float64], second: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # Where the rates of both jump, each to what the other's was, the clocks have gone on as each other.
    for _ in range(CROSSINGS):
        (first, first_after), (other, other_after) = (_rates_around(time_s, own) for own in (~second, second))
        jump = np.minimum(np.abs(first_after - first), np.abs(other_after - other))
        left = np.maximum(np.abs(other_after - first), np.abs(first_after - other))
        exchanged = (jump > EXCHANGED) & (left < GOES_ON * jump)
        if not exchanged.any():
            break
        cut = int(np.argmax(np.where(exchanged, jump - left, -np.inf)))
        second = second ^ (np.arange(len(second)) > cut)
    return second


def _rates_around(time_s: NDArray[np.float64], own: NDArray[np.bool_]) -> tuple[NDArray[np.float64], ...]:
    # Logarithm of the usual interval of a clock before and after each discharge of either; nan where there are too few.
    intervals, place = np.log(np.diff(time_s[own])), np.cumsum(own)
    if len(intervals) < 2 * STEADY:
        nothing = np.full(len(time_s), np.nan)
        return nothing, nothing
    usual = np.median(sliding_window_view(intervals, STEADY), axis=1)  # of those that begin at each discharge
    before, after = place - 1 - STEADY, place  # up to the last of its own discharges, and from the next one on
    return tuple(np.where((at >= 0) & (at < len(usual)), usual.take(at, mode="clip"), np.nan) for at in (before, after))


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


class _Side(NamedTuple):
    # Single discharges of a clock on one side, and their weights for what they come to at the crossing.
    windows: NDArray[np.floating]
    weights: NDArray[np.float64]


def _sides(cut: int, pool: _Pool, second: NDArray[np.bool_]) -> tuple[_Side, _Side, _Side, _Side] | None:
    # Of the first and of the other clock, before and after.
    cut_s = (pool.time_s[cut - 1] + pool.time_s[cut]) / 2
    owner, since_s = second[pool.lone], pool.time_s[pool.lone] - cut_s
    parts = []
    for which in (False, True):
        mine = np.flatnonzero(owner == which)
        place = int(np.searchsorted(since_s[mine], 0))
        parts += [mine[:place][-MOST:], mine[place:][:MOST]]
    if min(map(len, parts)) < LEAST:
        return None
    first, first_after, other, other_after = (
        _Side(pool.windows[part], _weights_at_zero(since_s[part])) for part in parts
    )
    return first, other, first_after, other_after


def _cross(first: _Side, other: _Side, first_after: _Side, other_after: _Side) -> float:
    # How surely: what tells the clocks apart on one side has the other sign on the other side.
    return min(-_alike(first, other, first_after, other_after), -_alike(first_after, other_after, first, other))


def _parted(first: _Side, other: _Side, first_after: _Side, other_after: _Side) -> float:
    # How well the shapes are told apart when they cross here: best where all discharges are on their own side.
    one = np.concatenate([first.windows, other_after.windows])
    two = np.concatenate([other.windows, first_after.windows])
    return separation(one, two)


def _weights_at_zero(since_s: NDArray[np.float64]) -> NDArray[np.float64]:
    # Of values at these times, for what their straight line is at time zero: potentials drift. Of few, for their mean.
    weights = np.full(len(since_s), 1 / len(since_s))
    if len(since_s) >= LEAST_TREND:
        away_s = since_s - since_s.mean()
        weights -= since_s.mean() * away_s / (away_s @ away_s)
    return weights


def _alike(first: _Side, other: _Side, first_beyond: _Side, other_beyond: _Side) -> float:
    # By how many standard errors the clocks beyond differ in the way in which they differ here.
    way = first.weights @ first.windows - other.weights @ other.windows
    along = [side.windows @ way for side in (first_beyond, other_beyond)]
    jumps = np.concatenate([np.diff(values) for values in along])
    error = MAD_TO_SD * median(np.abs(jumps)) / np.sqrt(2)
    weights = (first_beyond.weights, other_beyond.weights)
    error *= np.sqrt(sum(float(each @ each) for each in weights))
    return float((weights[0] @ along[0] - weights[1] @ along[1]) / max(error, 1e-12))
