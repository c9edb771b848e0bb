"""The band-pass against scipy, and the ways samples are stored."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from emgkit.signals.filters import band_pass
from tests.naive_signals import OnlySlices

RATE_HZ = 48000.0
BANDS = [(200.0, 3000.0), (50.0, 500.0)]


def spiky(n: int = 300_000, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    samples = rng.normal(0, 3, n)
    samples[rng.integers(0, n, 200)] += rng.normal(0, 300, 200)
    return samples


@pytest.mark.parametrize(("low_hz", "high_hz"), BANDS)
def test_band_pass_agrees_with_scipy_forwards_and_backwards(low_hz, high_hz):
    # At four times the rate the bilinear transform of scipy bends the upper edge by a thousandth only. Several blocks,
    # so seams would show.
    samples, rate_hz = spiky(400_000), 4 * RATE_HZ
    ours = band_pass(samples, rate_hz, low_hz=low_hz, high_hz=high_hz)
    whole = sosfiltfilt(butter(2, low_hz, "highpass", fs=rate_hz, output="sos"), samples)
    theirs = sosfiltfilt(butter(2, high_hz, "lowpass", fs=rate_hz, output="sos"), whole)
    inside = slice(40_000, -40_000)
    assert np.std(ours[inside] - theirs[inside]) < 0.002 * np.std(theirs[inside])
    assert np.abs(ours[inside] - theirs[inside]).max() < 0.002 * np.abs(theirs[inside]).max()


@pytest.mark.parametrize(("low_hz", "high_hz"), BANDS)
def test_band_pass_is_close_to_scipys_own_band_pass_transform(low_hz, high_hz):
    # butter(2, band) squeezes both edges a little more than a high-pass followed by a low-pass.
    samples = spiky()
    ours = band_pass(samples, RATE_HZ, low_hz=low_hz, high_hz=high_hz)
    theirs = sosfiltfilt(butter(2, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos"), samples)
    inside = slice(15_000, -15_000)
    assert np.corrcoef(ours[inside], theirs[inside])[0, 1] > 0.99


def test_half_of_the_amplitude_passes_at_the_edges():
    # Half power in one pass is half amplitude forwards and backwards.
    time_s = np.arange(96_000) / RATE_HZ
    for edge_hz in (100.0, 2000.0):
        wave = np.sin(2 * np.pi * edge_hz * time_s)
        passed = band_pass(wave, RATE_HZ, low_hz=100.0, high_hz=2000.0)
        assert passed[30_000:-30_000].std() / wave.std() == pytest.approx(0.5, rel=0.01)


def test_how_samples_are_stored_does_not_matter():
    samples = spiky().astype(np.float32).astype(np.float64)
    wanted = band_pass(samples, RATE_HZ, low_hz=200.0, high_hz=3000.0)
    for stored in (samples.tolist(), samples.astype(np.float32), OnlySlices(samples), np.repeat(samples, 2)[::2]):
        np.testing.assert_array_equal(band_pass(stored, RATE_HZ, low_hz=200.0, high_hz=3000.0), wanted)


def test_a_constant_leaves_nothing_not_even_at_the_ends():
    assert np.abs(band_pass(np.full(200_000, 2000.0), RATE_HZ, low_hz=50.0, high_hz=500.0)).max() < 1e-6


def test_a_step_dies_out_on_both_sides_alike():
    step = np.where(np.arange(200_001) < 100_000, 0.0, 1000.0)
    step[100_000] = 500.0
    passed = band_pass(step, RATE_HZ, low_hz=50.0, high_hz=500.0)
    centre = passed[100_000 - 40_000 : 100_000 + 40_001]
    np.testing.assert_allclose(centre, -centre[::-1], atol=1e-6)  # zero phase: odd about the step
    far = np.abs(np.arange(200_001) - 100_000) > 0.1 * RATE_HZ
    assert np.abs(passed[far]).max() < 1.0  # a thousandth of the step, 0.1 s away


def test_the_band_pass_is_linear_and_keeps_time():
    samples = spiky(150_000)
    filtered = band_pass(samples, RATE_HZ, low_hz=200.0, high_hz=3000.0)
    np.testing.assert_allclose(band_pass(-3 * samples, RATE_HZ, low_hz=200.0, high_hz=3000.0), -3 * filtered, atol=1e-8)
    pulse = np.zeros(50_000)
    pulse[20_000] = 1.0
    assert band_pass(pulse, RATE_HZ, low_hz=200.0, high_hz=3000.0).argmax() == 20_000
