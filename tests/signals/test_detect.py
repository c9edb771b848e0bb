"""Spikes: local energy against a convolution, one fixed point whatever the sign, the largest of near ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgkit.signals import detect
from emgkit.signals.detect import find_spikes, keep_largest, smooth_energy
from tests.naive_signals import largest_by_loop, local_energy_by_loop

RATE_HZ = 12_000.0
SETTINGS = {"noise_uv": 1.0, "threshold": 2.5, "width": 7, "separation": 24}


def scene(seed: int, sizes: tuple[float, ...] = (12.0, 30.0, 80.0)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    signal = rng.normal(0, 1, 60_000).astype(np.float32)
    places = np.arange(500, 59_500, 700) + rng.integers(-200, 200, 85)
    time_ms = np.arange(-24, 24) * 1000 / RATE_HZ
    wave = np.exp(-((time_ms + 0.3) ** 2) / 0.08) - 0.9 * np.exp(-((time_ms - 0.3) ** 2) / 0.08)
    for place in places:
        signal[place - 24 : place + 24] += rng.choice(sizes) * wave
    return signal, places


@pytest.mark.parametrize("width", [1, 2, 3, 5, 7, 8, 13, 30, 64])
@pytest.mark.parametrize("n", [1, 2, 31, 200])
def test_running_sums_are_a_convolution_with_a_triangle(width, n):
    values = np.random.default_rng(2).normal(0, 5, n)
    box = np.full(width, 1 / width)
    wanted = np.convolve(values**2, np.convolve(box, box))[width - 1 : width - 1 + n]
    ours = smooth_energy(values, width=width)
    assert ours.shape == values.shape
    np.testing.assert_allclose(ours, wanted, rtol=1e-9)
    np.testing.assert_allclose(ours, local_energy_by_loop(values.tolist(), width), rtol=1e-9)


def test_running_sums_lose_no_digits_after_a_large_potential():
    # A cumulative sum in single precision would leave some 1e8 * 6e-8 behind.
    values = np.full(50_000, 0.5, np.float32)
    values[100:140] = 5000.0
    energy = smooth_energy(values, width=7)
    assert energy.dtype == np.float32
    np.testing.assert_allclose(energy[1000:-20], 0.25, rtol=1e-5)


def test_smooth_energy_forgets_the_sign_and_squares_the_gain():
    values = np.random.default_rng(2).normal(0, 5, 4000)
    energy = smooth_energy(values, width=7)
    np.testing.assert_array_equal(energy, smooth_energy(-values, width=7))
    np.testing.assert_array_equal(4 * energy, smooth_energy(2 * values, width=7))


@pytest.mark.parametrize("seed", range(3))
def test_the_fixed_point_does_not_move_when_the_signal_is_inverted(seed):
    signal, _ = scene(seed)
    peaks, ratio = find_spikes(signal, **SETTINGS)
    flipped, flipped_ratio = find_spikes(-signal, **SETTINGS)
    np.testing.assert_array_equal(peaks, flipped)
    np.testing.assert_array_equal(ratio, flipped_ratio)


def test_the_fixed_point_does_not_jump_between_phases_of_nearly_one_size():
    # The phases are 0.6 ms apart; the largest deflection would jump between them, the energy does not.
    signal, places = scene(0, sizes=(40.0,))
    peaks, _ = find_spikes(signal, **SETTINGS)
    nearest = peaks[np.abs(peaks[:, None] - places).argmin(axis=0)]
    off_ms = (nearest - places) * 1000 / RATE_HZ
    assert np.ptp(off_ms) < 0.3


def test_every_clear_spike_is_found_once_and_noise_is_not():
    signal, places = scene(4, sizes=(15.0, 60.0))
    peaks, ratio = find_spikes(signal, **SETTINGS)
    reach = SETTINGS["separation"]
    found = np.abs(peaks[:, None] - places).min(axis=0) < reach
    alone = np.abs(peaks[:, None] - places).min(axis=1) > reach
    assert found.all()
    # The energy of 1.2 ms of pure noise passes 2.5 deviations rarely: at most one a second here.
    assert alone.sum() <= 5
    assert np.all(np.diff(peaks) >= reach)
    assert ratio.min() > SETTINGS["threshold"]


def test_the_ratio_is_the_root_of_the_local_energy_over_the_noise():
    signal, _ = scene(3)
    peaks, ratio = find_spikes(signal, **{**SETTINGS, "noise_uv": 1.7})
    np.testing.assert_allclose(ratio, np.sqrt(smooth_energy(signal, width=7)[peaks]) / 1.7, rtol=1e-5)
    assert len(peaks) > 50


def test_gain_does_not_change_what_is_found():
    signal, _ = scene(1)
    peaks, ratio = find_spikes(signal, **SETTINGS)
    for gain in (0.5, 4.0):
        louder, louder_ratio = find_spikes(np.float32(gain) * signal, **{**SETTINGS, "noise_uv": gain})
        np.testing.assert_array_equal(peaks, louder)
        np.testing.assert_allclose(ratio, louder_ratio, rtol=1e-6)


def test_a_noise_level_for_each_sample_is_that_level_where_it_is_constant():
    signal, _ = scene(1)
    one, _ = find_spikes(signal, **SETTINGS)
    each, _ = find_spikes(signal, **SETTINGS, noise_at=lambda places: np.ones(len(places)))
    np.testing.assert_array_equal(one, each)
    deaf, _ = find_spikes(signal, **SETTINGS, noise_at=lambda places: np.where(places < 30_000, 1.0, 1e6))
    np.testing.assert_array_equal(deaf, one[one < 30_000])


@pytest.mark.parametrize("block", [700, 5_001, 29_999])
def test_blocks_leave_no_seam(monkeypatch, block):
    signal, _ = scene(2)
    level = np.linspace(0.8, 1.4, len(signal))
    for noise in ({"noise_uv": 1.0}, {"noise_uv": 0.8, "noise_at": level.__getitem__}):
        low = {**SETTINGS, **noise, "threshold": 0.5, "separation": 1}  # spikes nearly everywhere
        wanted, wanted_ratio = find_spikes(signal, **low)
        assert len(wanted) > 3000
        with monkeypatch.context() as patch:
            patch.setattr(detect, "BLOCK", block)
            found, ratio = find_spikes(signal, **low)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_allclose(ratio, wanted_ratio, rtol=1e-5)


@pytest.mark.parametrize("width", [1, 7, 8, 30])
def test_peaks_are_those_of_the_energy_smoothed_everywhere(width):
    signal, _ = scene(2)
    signal = np.concatenate([signal[:7001], np.zeros(4000, np.float32), 5 * signal[7001:20_000]])
    signal[:3], signal[-2:] = 60.0, 60.0  # loud at both ends
    for level in (np.ones(len(signal)), np.linspace(0.8, 1.4, len(signal))):
        energy, limit = smooth_energy(signal, width=width), np.square(2.5 * level).astype(np.float32)
        inner = energy[1:-1]
        top = (inner > energy[2:]) & (inner >= energy[:-2]) & (energy > limit)[1:-1]
        noise = {"noise_uv": level.min(), "noise_at": level.__getitem__}
        found, _ = find_spikes(signal, **noise, threshold=2.5, width=width, separation=1)
        np.testing.assert_array_equal(found, np.flatnonzero(top) + 1)
        assert 100 < len(found) < 15_000


def test_silence_holds_no_spike():
    peaks, ratio = find_spikes(np.zeros(5000, np.float32), **SETTINGS)
    assert (len(peaks), len(ratio)) == (0, 0)


@settings(max_examples=300, deadline=None)
@given(
    events=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 8)), max_size=40),
    separation=st.sampled_from([0.5, 1, 3, 7.5, 20]),
)
def test_the_largest_of_near_ones_stays_as_a_loop_says(events, separation):
    # Positions and heights repeat on purpose: ties go to the earlier.
    events = sorted(events, key=lambda event: event[0])
    positions = np.array([place for place, _ in events], dtype=np.int64)
    heights = np.array([float(height) for _, height in events])
    kept = keep_largest(positions, heights, separation=separation)
    assert kept.tolist() == largest_by_loop(positions.tolist(), heights.tolist(), separation)


@pytest.mark.parametrize("whole", [True, False])
def test_a_long_chain_of_near_ones_is_thinned_as_a_loop_says(whole):
    rng = np.random.default_rng(8)
    positions = np.cumsum(rng.integers(1, 4, 600) if whole else rng.uniform(0, 2, 600))
    for heights in (rng.uniform(0, 1, 600), np.arange(600.0), np.zeros(600)):
        kept = keep_largest(positions, heights, separation=5)
        assert kept.tolist() == largest_by_loop(positions.tolist(), heights.tolist(), 5)
