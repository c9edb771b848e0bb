"""Spikes of one repeating complex are one unit; what only fires beside it stays apart."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from emgkit.signals.cycles import cycles_united, lags_to, repeating_joined
from emgkit.signals.units import Train

RATE_HZ = 10_000.0
WAVE = 50 * np.diff(np.hanning(32))


def steady(rate: float, count: int, seed: int, *, start_s: float = 0.5) -> np.ndarray:
    return start_s + np.cumsum(np.random.default_rng(seed).normal(1, 0.003, count) / rate)


def band_of(*units: tuple[float, np.ndarray]) -> tuple[list[Train], SimpleNamespace]:
    signal = np.random.default_rng(0).normal(0, 1, int(30 * RATE_HZ))
    for size, times_s in units:
        for place in np.round(RATE_HZ * times_s).astype(int):
            signal[place - 15 : place + 16] += size * WAVE
    trains = [Train(times_s, size * WAVE, 0, 50 * size) for size, times_s in units]
    return trains, SimpleNamespace(signal=signal, rate_hz=RATE_HZ, start_s=0.0)


@pytest.mark.parametrize("rate", [5.0, 12.0, 40.0])
def test_the_spikes_of_a_cycle_are_one_unit_at_the_largest(rate):
    cycle_s = steady(rate, 60, 1)
    lags_s = np.array([0.0, 0.25, 0.45, -0.3]) / rate
    units, band = band_of(*zip([1.0, 2.0, 4.0, 0.5], [cycle_s + lag_s for lag_s in lags_s], strict=True))
    (whole,) = repeating_joined(units, band)
    np.testing.assert_allclose(whole.time_s, cycle_s + lags_s[2], atol=1.1 / RATE_HZ)


def test_a_spike_that_was_taken_for_two_units_and_a_unit_of_two_spikes_are_still_one_cycle():
    cycle_s = steady(8.0, 80, 2)
    halves = cycle_s[:35] + 0.03, cycle_s[35:] + 0.03
    two = np.sort(np.concatenate([cycle_s - 0.02, cycle_s - 0.045]))
    units, band = band_of((1.0, cycle_s), (3.0, halves[0]), (3.1, halves[1]), (0.8, two))
    (whole,) = repeating_joined(units, band)
    np.testing.assert_allclose(whole.time_s, cycle_s + 0.03, atol=1.1 / RATE_HZ)


def test_a_cycle_that_does_not_show_the_largest_spike_is_none():
    cycle_s = steady(8.0, 80, 3)
    units, band = band_of((1.0, cycle_s), (3.0, cycle_s[:70] + 0.03), (0.8, cycle_s - 0.02))
    (whole,) = repeating_joined(units, band)
    assert len(whole.time_s) == 70


@pytest.mark.parametrize("other_hz", [7.9, 8.1, 16.3, 3.95])
def test_two_steady_clocks_of_their_own_stay_two(other_hz):
    units, band = band_of((1.0, steady(8.0, 200, 4)), (2.0, steady(other_hz, 110, 5)), (1.5, steady(5.1, 120, 6)))
    assert {id(unit) for unit in repeating_joined(units, band)} == {id(unit) for unit in units}


def test_two_spikes_at_one_lag_are_no_complex():
    cycle_s = steady(8.0, 80, 7)
    units, band = band_of((1.0, cycle_s), (2.0, cycle_s + 0.01))
    assert len(repeating_joined(units, band)) == 2


def test_a_unit_of_two_near_spikes_is_no_clock_of_their_distance():
    cycle_s = steady(25.0, 100, 8)
    pairs_s = np.sort(np.concatenate([cycle_s, cycle_s + 0.005]))  # 5 and 35 ms: seven times 5
    (clock, *_), _ = band_of((1.0, pairs_s))
    (other, *_), _ = band_of((1.0, cycle_s + 0.012))
    assert lags_to(clock, other) == []


def test_an_irregular_unit_has_no_cycle():
    times_s = np.sort(np.random.default_rng(9).uniform(0, 20, 100))
    (clock, *_), _ = band_of((1.0, times_s))
    (other, *_), _ = band_of((1.0, times_s + 0.004))
    assert lags_to(clock, other) == []


def turns(*cycles: tuple[float, list[float], list[np.ndarray]]) -> tuple[list[Train], SimpleNamespace]:
    """Return a train for each cycle told at a lag, in runs from given starts, with the signal of all of them."""
    signal, trains = np.random.default_rng(0).normal(0, 1, int(12 * RATE_HZ)), []
    for lag_s, starts_s, waves in cycles:
        times_s = np.concatenate([start_s + np.arange(12) / 6.0 for start_s in starts_s])
        for place in np.round(RATE_HZ * times_s).astype(int):
            for at, wave in zip((0, 400), waves, strict=True):
                signal[place + at : place + at + len(wave)] += wave
        trains.append(Train(times_s + lag_s, waves[0], 0, 50.0))
    return trains, SimpleNamespace(signal=signal, rate_hz=RATE_HZ, start_s=0.0)


def test_two_that_tell_one_complex_in_turns_are_one():
    waves = [WAVE, -20 * np.hanning(40)]
    units, band = turns((0.0015, [0.5, 8.0], waves), (0.042, [4.0], waves))  # the second at its second spike
    (whole,) = cycles_united(units, band)
    intervals_s = np.diff(whole.time_s)
    assert len(whole.time_s) == 36
    np.testing.assert_allclose(intervals_s[intervals_s < 0.3], 1 / 6, atol=0.001)


def test_two_complexes_of_one_rate_and_other_shapes_are_two():
    others = [30 * np.hanning(15), 40 * np.diff(np.hanning(14))]
    units, band = turns((0.0015, [0.5, 8.0], [WAVE, -20 * np.hanning(40)]), (0.0015, [4.0], others))
    assert len(cycles_united(units, band)) == 2


def test_two_of_one_shape_that_fire_together_are_two():
    units, band = turns((0.0015, [0.5], [WAVE, WAVE]), (0.0015, [0.56], [WAVE, WAVE]))
    assert len(cycles_united(units, band)) == 2


def test_one_that_is_told_now_here_now_there_in_the_cycles_of_another_is_that_one_once_more():
    waves = [WAVE, -20 * np.hanning(40)]
    (steady,), band = turns((0.0015, [0.5, 3.0, 6.0, 9.0], waves))
    there = np.random.default_rng(3).random(len(steady.time_s)) < 0.5
    dealt = Train(np.sort(steady.time_s + 0.04 * there), waves[1], 0, 60.0)
    (whole,) = cycles_united([steady, dealt], band)
    np.testing.assert_array_equal(whole.time_s, steady.time_s)


def test_a_random_train_beside_a_steady_one_stays_its_own():
    (steady,), band = turns((0.0015, [0.5, 3.0, 6.0, 9.0], [WAVE, WAVE]))
    other = Train(np.sort(np.random.default_rng(4).uniform(0.5, 11, 48)), WAVE, 0, 60.0)
    assert len(cycles_united([steady, other], band)) == 2
