"""Slow twins of emgkit.signals: the same answer by the plainest loops, to judge the fast ones."""

from __future__ import annotations

import statistics
from itertools import pairwise


def local_energy_by_loop(values, half):
    """Return the triangle-weighted mean square around every sample; nothing lies beyond the ends."""
    weights = {offset: 1 - abs(offset) / half for offset in range(-half, half + 1)}
    total = sum(weights.values())
    return [
        sum(
            weight * values[place + offset] ** 2
            for offset, weight in weights.items()
            if 0 <= place + offset < len(values)
        )
        / total
        for place in range(len(values))
    ]


def largest_by_loop(positions, heights, separation):
    """Return indices that stay when the highest goes first and strikes out those nearer than ``separation``."""
    order = sorted(range(len(positions)), key=lambda index: (-heights[index], index))
    kept: list[int] = []
    for index in order:
        if all(abs(positions[index] - positions[other]) >= separation for other in kept):
            kept.append(index)
    return sorted(kept)


def folded_irregularity_by_loop(times_s):
    """Return base interval and median CV2 of the folded intervals, from their definition."""
    intervals = [after - before for before, after in pairwise(times_s)]
    middle = statistics.median(intervals)
    near = [interval for interval in intervals if 0.6 * middle < interval < 1.5 * middle]
    base = statistics.median(near or [middle])
    folded = [interval / max(round(interval / base), 1) for interval in intervals]
    changes = [2 * abs(after - before) / (after + before) for before, after in pairwise(folded)]
    return statistics.median(folded), statistics.median(changes)


def most_frequent_lag_by_loop(first_s, second_s, reach_s, width_s):
    """Return how many lags of the second train after the first share one window, counted pair by pair."""
    lags = [late - early for early in first_s for late in second_s if abs(late - early) <= reach_s]
    return max((sum(lag <= other <= lag + width_s for other in lags) for lag in lags), default=0)
