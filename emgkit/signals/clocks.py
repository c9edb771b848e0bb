"""Regular trains hidden in a mixed one: similar fibres are told apart by the phase of their rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.beats import FOLLOWED, LOCAL
from emgkit.signals.medians import median
from emgkit.signals.rhythm import measure_rhythm, median_around

if TYPE_CHECKING:
    from numpy.typing import NDArray


FIRST_SLACK = 0.3  # how far the first interval of a clock may lie from the most common one
GROWTH_FOLLOWED = 0.03  # of what an interval differs from the expected one, as FOLLOWED is
MISSED_COST, OFF_COST = 0.8, 1.5  # of a missing discharge, and of one at the edge of what is usual, in discharges
EDGE, SCATTER_FOLLOWED, LEAST_SCATTER = 4.0, 0.15, 0.017  # times the mean deviation of a chain, which follows it
AT_END, TRIMMED, LEAST_TRIMMED = 3, 6.0, 0.05  # intervals at either end; times the usual deviation, or off by so much
SLOWEST = 2.0  # times the first interval
DIVISORS, FULLER = (2, 3), 1.3  # of the interval, and how many more events the fuller clock must have
HALF = 0.5  # share of the events; a clock with fewer of them may be found in a part of the time only
PARTS = 3  # of the time


@dataclass(frozen=True)
class ClockLimits:
    """What counts as one clock among mixed events.

    Parameters
    ----------
    shortest_s, longest_s : float
        Range of the interval.
    slack : float
        Largest deviation from the running interval, relative to it.
    least_slack_s : float
        Deviation that is always allowed.
    max_missed : int
        Discharges that may be missing in a row.
    min_events : int
    occupancy : float
        Least share of the expected discharges that are there.
    share : float
        Least share of the events that the clock explains: any irregular train holds short runs that look regular.
    """

    shortest_s: float
    longest_s: float
    slack: float
    least_slack_s: float
    max_missed: int
    min_events: int
    occupancy: float
    share: float


def find_clock(times_s: NDArray[np.float64], *, limits: ClockLimits) -> NDArray[np.int64]:
    """Return the indices of the longest regular train among events, empty when there is none.

    Events are chained: each follows the last of its chain by a whole number of running intervals, within the slack. The
    running interval follows slow drift.

    Parameters
    ----------
    times_s : ndarray of shape (n_events,)
        Ascending, in seconds.
    limits : ClockLimits

    Returns
    -------
    ndarray of int

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.clocks import ClockLimits, find_clock
    >>> rng = np.random.default_rng(0)
    >>> clock, others = np.arange(60) * 0.14, rng.uniform(0, 8.4, 30)
    >>> times = np.sort(np.concatenate([clock, others]))
    >>> limits = ClockLimits(0.03, 2.0, 0.06, 0.002, 3, 10, 0.7, 0.45)
    >>> found = find_clock(times, limits=limits)
    >>> bool(len(np.intersect1d(times[found], clock)) >= 58)
    True
    """
    chain = _best_chain(times_s, _common_lags(times_s, limits, most=5), limits)
    if len(chain) < HALF * len(times_s) and len(times_s) >= PARTS * limits.min_events:
        # A clock that slows down a lot shows its interval only in a part of the time.
        parts = np.array_split(times_s, PARTS)
        lags = [lag for part_s in parts for lag in _common_lags(part_s, limits, most=2)]
        longer = _best_chain(times_s, lags, limits, over=len(chain))
        chain = longer if len(longer) else chain
    if len(chain) and (chain[0] > 0 or chain[-1] < len(times_s) - 1):
        # Where it begins, a clock that slows down may be far from its most common interval.
        longer = _best_chain(times_s, _at_ends(times_s[chain]), limits, over=len(chain))
        chain = longer if len(longer) else chain
    for divisor in DIVISORS if len(chain) else ():  # every second discharge of a clock is a clock as well
        period_s = float(np.diff(times_s[chain[:2]])[0]) / divisor
        fuller = _best_chain(times_s, [period_s], limits, over=FULLER * len(chain))
        chain = fuller if len(fuller) else chain
    return chain


def _best_chain(
    times_s: NDArray[np.float64], periods: list[float], limits: ClockLimits, *, over: float = 0.0
) -> NDArray[np.int64]:
    # Of more than so many events.
    best = np.array([], dtype=np.int64)
    least = max(limits.min_events, limits.share * len(times_s), np.floor(over) + 1)
    for chain in _longest_chains(times_s, periods, limits, least) if periods else ():
        if len(chain) > len(best) and len(chain) >= least and _occupancy(times_s[chain]) >= limits.occupancy:
            best = chain
    return best


def chance_of_clock(times_s: NDArray[np.float64], chain: NDArray[np.int64]) -> float:
    """Return how often one of the other events would by chance fall where the next one of the clock is due.

    Parameters
    ----------
    times_s : ndarray of shape (n_events,)
    chain : ndarray of int
        Indices of the clock.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.clocks import chance_of_clock
    >>> rng = np.random.default_rng(0)
    >>> clock, others = 0.1 * np.arange(20) + rng.normal(0, 0.001, 20), rng.uniform(0, 1.9, 30)
    >>> times_s = np.sort(np.concatenate([clock, others]))
    >>> round(chance_of_clock(times_s, np.flatnonzero(np.isin(times_s, clock))), 1)
    0.1
    """
    chain_s = times_s[chain]
    rhythm = measure_rhythm(chain_s, trends=False)
    others = ((times_s > chain_s[0]) & (times_s < chain_s[-1])).sum() - len(chain)
    due_s = 4 * rhythm.irregularity * rhythm.base_s
    return float(others / (chain_s[-1] - chain_s[0]) * due_s)


def _common_lags(times_s: NDArray[np.float64], limits: ClockLimits, *, most: int) -> list[float]:
    # A clock shows as a peak among the differences of events that are up to four events apart.
    lags = np.concatenate(
        [times_s[step:] - times_s[:-step] for step in range(1, min(5, len(times_s)))] or [np.array([])]
    )
    lags = np.sort(lags[(lags > limits.shortest_s) & (lags < limits.longest_s)])
    if len(lags) < limits.min_events // 2:
        return []
    support = np.searchsorted(lags, lags * (1 + limits.slack / 2)) - np.searchsorted(
        lags, lags * (1 - limits.slack / 2)
    )
    periods: list[float] = []
    for index in np.argsort(-support, kind="stable"):
        if all(abs(lags[index] / period - 1) > limits.slack for period in periods):
            periods.append(float(lags[index]))
        if len(periods) == most:
            break
    return periods


def _longest_chains(
    times_s: NDArray[np.float64], periods: list[float], limits: ClockLimits, least: float
) -> list[NDArray[np.int64]]:
    # Of every event the best chain that ends with it: its length less what it lacks, and the event before. All periods
    # go through the events together, because few numbers cost numpy as much as many; and no further than some chain
    # may still hold as many events as are asked for.
    period_s, places = np.array(periods), np.arange(len(times_s))[:, None]
    score = np.ones((len(times_s), len(periods)))
    expected_s = score * period_s
    # The first interval of a chain may differ from the common one: the clock may have slowed down since.
    most = score * np.square(np.maximum(FIRST_SLACK * period_s, limits.least_slack_s))
    cost = OFF_COST / most
    known = [[_Running(-1, 1, period, period, 0.0, limits.slack / EDGE)] * len(times_s) for period in periods]
    longest = 1
    reach_s = (limits.max_missed + 1.2) * SLOWEST * period_s
    firsts = np.searchsorted(times_s, times_s[:, None] - reach_s)
    for last, first in enumerate(firsts.min(axis=1).tolist()):
        if longest + len(times_s) - last < least:
            break
        if first == last:
            continue
        before = slice(first, last)
        gap, around = times_s[last] - times_s[before, None], expected_s[before]
        steps = np.maximum(np.rint(gap / around), 1)
        off = np.square(gap - steps * around) / steps  # square of how far an interval is off, more for many together
        fits = (off < most[before]) & (steps <= limits.max_missed + 1) & (places[before] >= firsts[last])
        gain = np.where(fits, score[before] - MISSED_COST * (steps - 1) - cost[before] * off, 0.0)
        for row, chosen in enumerate(gain.argmax(axis=0).tolist()):
            if (more := gain.item(chosen, row)) > 0:
                now = _extended(known[row][first + chosen], first + chosen, gap.item(chosen) / steps.item(chosen, row))
                known[row][last], longest = now, max(longest, now.length)
                score[last, row], expected_s[last, row] = more + 1, now.expected_s
                most[last, row] = max(limits.slack * now.interval_s, limits.least_slack_s) ** 2
                cost[last, row] = OFF_COST / max(EDGE * now.scatter * now.interval_s, limits.least_slack_s) ** 2
    return [_trimmed(times_s, _ending_at(int(row.argmax()), chain)) for row, chain in zip(score.T, known, strict=True)]


class _Running(NamedTuple):
    # A chain at one event: the event before and how many there are, the interval it has come to and the next one, how
    # fast they grow, and how much they scatter.
    before: int
    length: int
    interval_s: float
    expected_s: float
    growth: float
    scatter: float


def _extended(chain: _Running, before: int, interval_s: float) -> _Running:
    _, length, _, known_s, growth, scatter = chain
    change = interval_s / known_s - 1
    if chain.before < 0:
        return _Running(before, length + 1, known_s * (1 + change), known_s * (1 + change), 0.0, scatter)
    growth += GROWTH_FOLLOWED * change
    scatter = max(scatter + SCATTER_FOLLOWED * (abs(change) - scatter), LEAST_SCATTER)
    running_s = known_s * (1 + FOLLOWED * change)
    return _Running(before, length + 1, running_s, running_s * (1 + growth), growth, scatter)


def _ending_at(place: int, known: list[_Running]) -> NDArray[np.int64]:
    chain = []
    while place >= 0:
        chain.append(place)
        place = known[place].before
    return np.array(chain[::-1], dtype=np.int64)


def _at_ends(chain_s: NDArray[np.float64]) -> list[float]:
    intervals = np.diff(chain_s)
    folded = intervals / np.maximum(np.round(intervals / median_around(intervals, width=LOCAL)), 1)
    return [median(folded[:AT_END]), median(folded[-AT_END:])]


def _trimmed(times_s: NDArray[np.float64], chain: NDArray[np.int64]) -> NDArray[np.int64]:
    # At its ends a chain may have taken up a foreign event, because nothing beyond contradicts.
    if len(chain) <= 2 * AT_END:
        return chain
    intervals = np.diff(times_s[chain])
    usual = median_around(intervals, width=LOCAL)
    folded = intervals / np.maximum(np.round(intervals / usual), 1)
    off = np.abs(folded / usual - 1)
    limit = max(TRIMMED * median(off), LEAST_TRIMMED)
    early, late = np.flatnonzero(off[:AT_END] > limit), np.flatnonzero(off[-AT_END:] > limit)
    first = int(early[-1]) + 1 if len(early) else 0
    last = AT_END - int(late[0]) if len(late) else 0
    return chain[first : len(chain) - last]


def _occupancy(times_s: NDArray[np.float64]) -> float:
    intervals = np.diff(times_s)
    return float(len(intervals) / np.round(intervals / median(intervals)).clip(1).sum())
