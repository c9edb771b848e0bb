"""Clocks that cross each other keep what is their own."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from emgkit.signals.crossings import uncrossed
from emgkit.signals.units import Train

RATE_HZ, SECONDS, REGULAR = 10_000.0, 30.0, 0.07
TIME = np.arange(-20, 21, dtype=float)
WAVE = np.exp(-((TIME + 3) ** 2) / 12) - np.exp(-((TIME - 3) ** 2) / 12)
RELATED = WAVE + 0.3 * np.exp(-((TIME - 12) ** 2) / 12)


def clock(rate_hz: float, seed: int, *, jitter: float = 0.01) -> np.ndarray:
    times_s = 0.05 + np.cumsum(np.random.default_rng(seed).normal(1, jitter, int(rate_hz * SECONDS)) / rate_hz)
    return times_s[times_s < SECONDS - 0.05]


def band_of(*units, noise: float = 0.05) -> SimpleNamespace:
    """Return a band that holds units of (template, times, sizes)."""
    signal = np.random.default_rng(0).normal(0, noise, int(SECONDS * RATE_HZ)).astype(np.float32)
    for template, times_s, sizes in units:
        for time_s, size in zip(times_s, np.broadcast_to(sizes, times_s.shape), strict=True):
            place = round(time_s * RATE_HZ)
            signal[place - 20 : place + 21] += size * template
    return SimpleNamespace(signal=signal, templates=[WAVE], rate_hz=RATE_HZ, start_s=0.0)


def meetings(first_s: np.ndarray, second_s: np.ndarray) -> list[float]:
    """Return where the clocks nearly coincide, with one discharge of either just before."""
    nearest_s = second_s[np.abs(first_s[:, None] - second_s).argmin(axis=1)]
    close = np.flatnonzero(np.abs(first_s - nearest_s) < 0.01)
    return [float(max(first_s[place], nearest_s[place]) + 1e-4) for place in close if 2 < first_s[place] < SECONDS - 2]


def crossed(first_s: np.ndarray, second_s: np.ndarray, *cuts_s: float) -> list[np.ndarray]:
    one, two = first_s, second_s
    for cut_s in cuts_s:
        one, two = (np.append(a[a < cut_s], b[b >= cut_s]) for a, b in ((one, two), (two, one)))
    return [one, two]


def found(units: list[np.ndarray], band: SimpleNamespace) -> list[np.ndarray]:
    trains = [Train(times_s, WAVE, 0, 20.0) for times_s in units]
    return [train.time_s for train in uncrossed(trains, band, regular=REGULAR)]


def share(wanted_s: np.ndarray, found_s: np.ndarray) -> float:
    return len(np.intersect1d(wanted_s, found_s)) / len(np.union1d(wanted_s, found_s))


@pytest.mark.parametrize("other", [RELATED, 1.25 * WAVE])
@pytest.mark.parametrize("which", [[0], [3], [0, 4], [1, 2]])
def test_clocks_that_went_on_as_each_other_get_back_what_is_their_own(which, other):
    first_s, second_s = clock(7.1, 1), clock(7.9, 2)
    places = meetings(first_s, second_s)
    distinct = [places[0], *(after for before, after in pairwise(places) if after - before > 0.5)]
    band = band_of((WAVE, first_s, 1.0), (other, second_s, 1.0))
    one, two = found(crossed(first_s, second_s, *(distinct[each] for each in which)), band)
    best = max((share(first_s, one), share(second_s, two)), (share(first_s, two), share(second_s, one)))
    assert min(best) > 0.96


@pytest.mark.parametrize("rates_hz", [(2.9, 8.8), (5.0, 9.0)])
@pytest.mark.parametrize("seed", range(3))
def test_clocks_of_one_shape_that_took_over_each_others_rate_are_told_by_it(seed, rates_hz):
    first_s, second_s = (clock(rate_hz, seed + place, jitter=0.02) for place, rate_hz in enumerate(rates_hz))
    one, two = found(crossed(first_s, second_s, 14.0), band_of((WAVE, first_s, 1.0), (WAVE, second_s, 1.0)))
    best = max((share(first_s, one), share(second_s, two)), (share(first_s, two), share(second_s, one)))
    assert min(best) > 0.9


def test_one_clock_that_changes_its_rate_leaves_the_other_alone():
    early_s, late_s, other_s = clock(5.0, 1), clock(9.0, 2), clock(7.0, 3)
    steps_s = np.append(early_s[early_s < 14.0], late_s[late_s > 14.1])
    units = found([steps_s, other_s], band_of((WAVE, steps_s, 1.0), (WAVE, other_s, 1.0)))
    np.testing.assert_array_equal(units[1], other_s)


@pytest.mark.parametrize("other", [WAVE, RELATED, 1.25 * WAVE, 2.5 * WAVE])
@pytest.mark.parametrize("seed", range(4))
def test_clocks_that_are_right_stay_as_they_are(seed, other):
    first_s, second_s = clock(7.1, seed), clock(7.9, seed + 10)
    band = band_of((WAVE, first_s, 1.0), (other, second_s, 1.0))
    one, two = found([first_s, second_s], band)
    np.testing.assert_array_equal(one, first_s)
    np.testing.assert_array_equal(two, second_s)


@pytest.mark.parametrize("seed", range(4))
def test_potentials_that_grow_and_shrink_past_each_other_stay_as_they_are(seed):
    first_s, second_s = clock(7.1, seed), clock(7.9, seed + 10)
    grows, shrinks = 0.8 + 0.4 * first_s / SECONDS, 1.2 - 0.4 * second_s / SECONDS
    one, two = found([first_s, second_s], band_of((WAVE, first_s, grows), (WAVE, second_s, shrinks)))
    np.testing.assert_array_equal(one, first_s)
    np.testing.assert_array_equal(two, second_s)


def test_what_keeps_no_time_is_not_dealt_anew():
    rng = np.random.default_rng(3)
    first_s, second_s = (np.sort(rng.uniform(0.1, SECONDS - 0.1, 200)) for _ in range(2))
    units = crossed(first_s, second_s, 15.0)
    band = band_of((WAVE, first_s, 1.0), (RELATED, second_s, 1.0))
    for before, after in zip(units, found(units, band), strict=True):
        np.testing.assert_array_equal(before, after)
