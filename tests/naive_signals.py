"""Slow twins of emgkit.signals, to judge the fast ones by the plainest loops, and plain potentials to give to both."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest

from emgkit.signals import clocks

HALF = 30  # samples on either side of a potential
TIME = np.arange(-HALF, HALF, dtype=float)


def biphasic(at: float = 0.0) -> np.ndarray:
    """Return a potential of two phases whose middle lies so many samples later."""
    return 40 * (np.exp(-((TIME - at + 3) ** 2) / 12) - np.exp(-((TIME - at - 3) ** 2) / 12))


def triphasic(at: float = 0.0) -> np.ndarray:
    """Return a potential of three phases, of another size, whose middle lies so many samples later."""
    where = TIME - at
    return 35 * (
        np.exp(-((where + 6) ** 2) / 8) - 1.6 * np.exp(-(where**2) / 10) + 0.7 * np.exp(-((where - 7) ** 2) / 16)
    )


def add_wave(signal: np.ndarray, wave, place: float, size: float = 1.0) -> None:
    """Add a potential at a fraction of a sample."""
    whole = int(np.floor(place))
    signal[whole - HALF : whole + HALF] += size * wave(place - whole)


class OnlySlices:
    """A file-backed view: a length, bounded slices, and nothing else that an algorithm may use."""

    longest = 600_000

    def __init__(self, samples: np.ndarray) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, item: slice) -> np.ndarray:
        assert isinstance(item, slice)
        assert 0 <= item.start < item.stop <= item.start + self.longest
        return self.samples[item].copy()

    def __array__(self, *_args: object, **_kwargs: object) -> np.ndarray:
        pytest.fail("the whole recording was asked for at once")


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
    width = min(11, len(intervals))
    usual = [statistics.median(intervals[first : first + width]) for first in range(len(intervals) - width + 1)]
    if any(max(pair) > 1.25 * min(pair) for pair in pairwise(usual)):
        usual = [base]
    own = [usual[min(max(place - width // 2, 0), len(usual) - 1)] for place in range(len(intervals))]
    folded = [interval / max(round(interval / near), 1) for interval, near in zip(intervals, own, strict=True)]
    changes = [2 * abs(after - before) / (after + before) for before, after in pairwise(folded)]
    return statistics.median(folded), statistics.median(changes)


def most_frequent_lag_by_loop(first_s, second_s, reach_s, width_s):
    """Return how many lags of the second train after the first share one window, counted pair by pair."""
    lags = [late - early for early in first_s for late in second_s if abs(late - early) <= reach_s]
    return max((sum(lag <= other <= lag + width_s for other in lags) for lag in lags), default=0)


def runs_by_loop(flags, shortest):
    """Return (start, stop) of the runs of true flags that are long enough, flag by flag."""
    runs, start = [], None
    for place, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = place
        if not flag and start is not None:
            if place - start >= shortest:
                runs.append((start, place))
            start = None
    return runs


def best_template_by_loop(window, templates, lag, limits):
    """Return (template, start, scale, drop) of the template that takes most from a window, shift by eighth by shift.

    A template may start at 0 to ``2 * lag`` samples into the window.
    """
    best = (-1, 0.0, 0.0, -math.inf)
    for number, template in enumerate(templates):
        size = len(template)
        energy = sum(value**2 for value in template)
        for eighth in range(8 * 2 * lag + 1):
            whole, part = divmod(eighth, 8)
            shape = moved_by_fourier(template, part / 8)
            answer = sum(shape[place] * window[whole + place] for place in range(size) if whole + place < len(window))
            scale = answer / energy
            stiff = limits.stiffness
            kept = min(max((scale + stiff) / (1 + stiff), limits.scale_low), limits.scale_high)
            drop = energy * (2 * kept * scale - kept**2 - stiff * (kept - 1) ** 2)
            if drop > best[3]:
                best = (number, eighth / 8, scale, drop)
    return best


def moved_by_fourier(wave, shift):
    """Return a waveform later by a fraction of a sample, from the definition of the discrete Fourier transform."""
    size = 2 * len(wave)
    padded = np.concatenate([wave, np.zeros(len(wave))])
    turns = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
    frequency = np.concatenate([np.arange(size // 2), [0], np.arange(-size // 2 + 1, 0)])  # the Nyquist term is real
    spectrum = turns @ padded * np.exp(-2j * np.pi * frequency * shift / size)
    spectrum[size // 2] = (turns @ padded)[size // 2] * math.cos(math.pi * shift)
    return (turns.conj() @ spectrum / size).real[: len(wave)]


def longest_chain_by_loop(times_s, period_s, limits):
    """Return the events of the best chain of one interval: of every event the best chain that ends with it."""
    # One dictionary an event, and every earlier event is tried.
    known = []
    for time_s in times_s:
        here = {"score": 1.0, "before": -1, "running": period_s, "growth": 0.0, "scatter": limits.slack / clocks.EDGE}
        here["slack"] = here["edge"] = max(clocks.FIRST_SLACK * period_s, limits.least_slack_s)
        best = here
        for place, chain in enumerate(known):
            gap = time_s - times_s[place]
            around = chain["running"] * (1 + chain["growth"])
            steps = max(round(gap / around), 1)
            off = abs(gap / steps - around) * math.sqrt(steps)
            too_far = gap > (limits.max_missed + 1.2) * clocks.SLOWEST * period_s
            if too_far or off >= chain["slack"] or steps > limits.max_missed + 1:
                continue
            score = chain["score"] + 1 - clocks.MISSED_COST * (steps - 1) - clocks.OFF_COST * (off / chain["edge"]) ** 2
            if score <= best["score"]:
                continue
            begins, change = chain["before"] < 0, gap / steps / around - 1
            best = {"score": score, "before": place}
            best["running"] = around * (1 + (1.0 if begins else clocks.FOLLOWED) * change)
            best["growth"] = 0.0 if begins else chain["growth"] + clocks.GROWTH_FOLLOWED * change
            followed = chain["scatter"] + clocks.SCATTER_FOLLOWED * (abs(change) - chain["scatter"])
            best["scatter"] = chain["scatter"] if begins else max(followed, clocks.LEAST_SCATTER)
            best["slack"] = max(limits.slack * best["running"], limits.least_slack_s)
            best["edge"] = max(clocks.EDGE * best["scatter"] * best["running"], limits.least_slack_s)
        known.append(best)
    place, found = max(range(len(known)), key=lambda each: known[each]["score"]), []
    while place >= 0:
        found.append(place)
        place = known[place]["before"]
    return found[::-1]
