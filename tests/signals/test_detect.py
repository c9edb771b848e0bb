"""Spikes: one fixed point whatever the sign, and the largest of those too near each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_signals import largest_by_loop

from emgkit.signals.detect import find_spikes, keep_largest

RATE_HZ = 12_000.0
SETTINGS = {"noise_uv": 1.0, "threshold": 2.5, "width_ms": 0.6, "separation_ms": 2.0}


def scene(seed: int, sizes: tuple[float, ...] = (12.0, 30.0, 80.0)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    signal = rng.normal(0, 1, 60_000)
    places = np.arange(500, 59_500, 700) + rng.integers(-200, 200, 85)
    time_ms = np.arange(-24, 24) * 1000 / RATE_HZ
    wave = np.exp(-((time_ms + 0.3) ** 2) / 0.08) - 0.9 * np.exp(-((time_ms - 0.3) ** 2) / 0.08)
    for place in places:
        signal[place - 24 : place + 24] += rng.choice(sizes) * wave
    return signal, places


@pytest.mark.parametrize("seed", range(3))
def test_the_fixed_point_does_not_move_when_the_signal_is_inverted(seed):
    signal, _ = scene(seed)
    peaks, ratio = find_spikes(signal, RATE_HZ, **SETTINGS)
    flipped, flipped_ratio = find_spikes(-signal, RATE_HZ, **SETTINGS)
    np.testing.assert_array_equal(peaks, flipped)
    np.testing.assert_array_equal(ratio, flipped_ratio)


def test_the_fixed_point_does_not_jump_between_phases_of_nearly_one_size():
    # The phases are 0.6 ms apart; the largest deflection would jump between them, the energy does not.
    signal, places = scene(0, sizes=(40.0,))
    peaks, _ = find_spikes(signal, RATE_HZ, **SETTINGS)
    nearest = peaks[np.abs(peaks[:, None] - places).argmin(axis=0)]
    off_ms = (nearest - places) * 1000 / RATE_HZ
    assert np.ptp(off_ms) < 0.3


def test_every_clear_spike_is_found_once_and_noise_is_not():
    signal, places = scene(4, sizes=(15.0, 60.0))
    peaks, ratio = find_spikes(signal, RATE_HZ, **SETTINGS)
    reach = RATE_HZ * 0.002
    found = np.abs(peaks[:, None] - places).min(axis=0) < reach
    alone = np.abs(peaks[:, None] - places).min(axis=1) > reach
    assert found.all()
    # The energy of 1.2 ms of pure noise passes 2.5 deviations rarely: at most one a second here.
    assert alone.sum() <= 5
    assert np.all(np.diff(peaks) >= reach)
    assert ratio.min() > SETTINGS["threshold"]


def test_gain_does_not_change_what_is_found():
    signal, _ = scene(1)
    peaks, ratio = find_spikes(signal, RATE_HZ, **SETTINGS)
    louder, louder_ratio = find_spikes(4 * signal, RATE_HZ, **{**SETTINGS, "noise_uv": 4.0})
    np.testing.assert_array_equal(peaks, louder)
    np.testing.assert_allclose(ratio, louder_ratio, rtol=1e-12)


def test_a_noise_level_for_each_sample_is_that_level_where_it_is_constant():
    signal, _ = scene(1)
    one, _ = find_spikes(signal, RATE_HZ, **SETTINGS)
    each, _ = find_spikes(signal, RATE_HZ, **{**SETTINGS, "noise_uv": np.ones(len(signal))})
    np.testing.assert_array_equal(one, each)
    deaf, _ = find_spikes(signal, RATE_HZ, **{**SETTINGS, "noise_uv": np.where(np.arange(60_000) < 30_000, 1.0, 1e6)})
    np.testing.assert_array_equal(deaf, one[one < 30_000])


@settings(max_examples=150, deadline=None)
@given(
    events=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 8)), max_size=40),
    separation=st.sampled_from([0.5, 1, 3, 7.5, 20]),
)
def test_the_largest_of_near_ones_stays_as_a_loop_says(events, separation):
    # Heights repeat on purpose: ties go to the earlier.
    positions = np.array(sorted({place for place, _ in events}), dtype=np.int64)
    heights = np.array([float(height) for _, height in events[: len(positions)]])
    kept = keep_largest(positions, heights, separation=separation)
    assert kept.tolist() == largest_by_loop(positions.tolist(), heights.tolist(), separation)
