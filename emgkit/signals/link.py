"""Trains of a long recording, which is sorted piece by piece: which trains of different pieces are one unit.

Neighbouring pieces have a margin in common, so a unit that fires there is found twice, at the same times. Where it is
silent there, its potential decides, and its rhythm where that tells. A potential may drift: each piece is compared with
the last one that held the unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.locks import SEPARATION_S, find_lock
from emgkit.signals.match import similarity
from emgkit.signals.rhythm import measure_rhythm
from emgkit.signals.same_unit import one_unit

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from numpy.typing import NDArray

    from emgkit.signals.units import Train

REACH_MS = 80.0  # how far two spikes of one potential, each of which may stand for the whole, lie apart
WIDTH_MS = 1.2  # scatter of the time between them
FEWEST_TOGETHER, TOGETHER_SHARE = 3, 0.5  # discharges that both pieces found, and of those of the smaller train
LEAST_LAG_S = 0.0001  # a shorter one is the accuracy of a time
RESEMBLES = 0.85  # below this correlation of the potentials nothing else is asked
DRIFTED_ALIKE, SIZE_STEP, RATE_STEP = 0.95, 2.0, 1.2  # of a clock that goes on after a silence
ENDS, REGULAR_ENDS = 8, 0.1  # intervals at either end that tell the rate, and their irregularity
SIZE_WEIGHT = 0.2  # of two that resemble a unit, the one of its size comes first
LOOK_BACK = 10  # pieces; what was silent for longer starts anew


class Link(NamedTuple):
    """One train of one piece; ``lag_s`` added to its times makes them those of the unit's first piece."""

    piece: int
    train: int
    lag_s: float


class _Pair(NamedTuple):
    # A unit and a train of the next piece that may be the same, and how surely.
    score: float
    unit: int
    train: int
    lag_s: float


def link_trains(
    pieces: Sequence[Sequence[Train]],
    *,
    shared_s: Sequence[tuple[float, float]],
    keys: Sequence[Sequence[Hashable]] = (),
) -> list[list[Link]]:
    """Link the trains of consecutive pieces that are one unit.

    Parameters
    ----------
    pieces : sequence of sequence of Train
        The trains of every piece, margins included.
    shared_s : sequence of (start_s, stop_s)
        What each piece has in common with the next one.
    keys : sequence of sequence, optional
        Who each train is, where that is known: trains of equal keys are one unit, at one lag.

    Returns
    -------
    list of list of Link
        One list a unit, in order of time; every train of every piece is in one of them.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.link import link_trains
    >>> from emgkit.signals.units import Train
    >>> times, wave = np.arange(100) / 7.0, np.diff(np.hanning(31))
    >>> pieces = [[Train(times[:60], wave, 0, 9.0)], [Train(times[40:] + 0.002, wave, 0, 9.0)]]
    >>> [[first, second]] = link_trains(pieces, shared_s=[(5.8, 8.5)])
    >>> second.piece, second.train, round(second.lag_s, 4)
    (1, 0, -0.002)
    """
    units = [[Link(0, number, 0.0)] for number in range(len(pieces[0]))]
    for number, trains in enumerate(pieces[1:], start=1):
        taken = _known_again(units, number, keys)
        pairs = [
            pair
            for unit, links in enumerate(units)
            if number - links[-1].piece <= LOOK_BACK and all(unit != pair.unit for pair in taken.values())
            for pair in _pairs(unit, pieces[links[-1].piece][links[-1].train], trains, links[-1],
                               shared_s[number - 1] if links[-1].piece == number - 1 else None)
        ]  # fmt: skip
        for pair in sorted(pairs, key=lambda each: (-each.score, each.unit, each.train)):
            if pair.train not in taken and all(pair.unit != other.unit for other in taken.values()):
                taken[pair.train] = pair
        for train in range(len(trains)):
            if train in taken:
                units[taken[train].unit].append(Link(number, train, taken[train].lag_s))
            else:
                units.append([Link(number, train, 0.0)])
    return units


def _known_again(units: Sequence[Sequence[Link]], number: int, keys: Sequence[Sequence[Hashable]]) -> dict[int, _Pair]:
    if not keys:
        return {}
    trains = {key: train for train, key in enumerate(keys[number])}
    last = [(links[-1], keys[links[-1].piece][links[-1].train]) for links in units]
    return {
        trains[key]: _Pair(np.inf, unit, trains[key], link.lag_s)
        for unit, (link, key) in enumerate(last)
        if key in trains
    }


def _pairs(
    unit: int, known: Train, trains: Sequence[Train], link: Link, shared: tuple[float, float] | None
) -> Iterator[_Pair]:
    for number, train in enumerate(trains):
        alike = 0.0
        if known.band == train.band:
            alike, _ = similarity(known.template, train.template, max_lag=len(train.template) // 4)
        if shared is not None:
            first_s, second_s = (_between(each.time_s, *shared) for each in (known, train))
            fewer = min(len(first_s), len(second_s))
            if fewer >= FEWEST_TOGETHER:  # both fire here: together, or they are not one unit
                lag_s, together = find_lock(first_s, second_s, reach_ms=REACH_MS, width_ms=WIDTH_MS)
                if together >= max(FEWEST_TOGETHER, TOGETHER_SHARE * fewer):
                    lag_s = lag_s if abs(lag_s) > LEAST_LAG_S else 0.0
                    yield _Pair(1 + together / fewer + alike, unit, number, link.lag_s - lag_s)
                continue
        shapes = (known.template, train.template)
        if alike > RESEMBLES and (
            _takes_up(known, train, alike) or one_unit(known.time_s, train.time_s, shapes=shapes)
        ):
            yield _Pair(
                alike - SIZE_WEIGHT * abs(_step(np.ptp(shapes[1]), np.ptp(shapes[0]))), unit, number, link.lag_s
            )


def _takes_up(known: Train, train: Train, alike: float) -> bool:
    # Over minutes the size of a unit drifts a lot; its rate where it goes on is that where it left off.
    ends_s = (known.time_s[-ENDS - 1 :], train.time_s[: ENDS + 1])
    if alike < DRIFTED_ALIKE or min(len(part) for part in ends_s) < ENDS:
        return False
    clocks = [measure_rhythm(part, trends=False) for part in ends_s]
    regular = all(clock.irregularity < REGULAR_ENDS for clock in clocks)
    rate = abs(_step(clocks[1].base_s, clocks[0].base_s)) < np.log(RATE_STEP)
    return regular and rate and abs(_step(np.ptp(train.template), np.ptp(known.template))) < np.log(SIZE_STEP)


def _step(after: float, before: float) -> float:
    return float(np.log(max(after, 1e-9) / max(before, 1e-9)))


def _between(times_s: NDArray[np.float64], start_s: float, stop_s: float) -> NDArray[np.float64]:
    low, high = np.searchsorted(times_s, (start_s, stop_s))
    return times_s[low:high]


def border_of(times_s: NDArray[np.float64], border_s: float) -> float:
    """Return where a train is handed over from one piece to the next: half way between its discharges at the border.

    Both pieces see a discharge that lies at the border, at times that differ a little; cut between discharges, it is
    neither lost nor counted twice.

    Parameters
    ----------
    times_s : ndarray
        The discharges that the piece before the border found, ascending.
    border_s : float

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.link import border_of
    >>> border_of(np.array([1.0, 2.0, 3.0]), 2.1)
    2.5
    """
    after = int(np.searchsorted(times_s, border_s))
    if len(times_s) == 0:
        return border_s
    if after == 0:
        return min(border_s, float(times_s[0]) - SEPARATION_S / 2)
    if after == len(times_s):
        return max(border_s, float(times_s[-1]) + SEPARATION_S / 2)
    return float(times_s[after - 1] + times_s[after]) / 2
