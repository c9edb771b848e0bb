"""The noise floor: right in pure noise, bounded when discharges are dense."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.filters import band_pass
from emgkit.signals.noise import noise_floor

RATE_HZ = 24_000.0
BANDS = [(200.0, 3000.0, 0.02, 0.06), (50.0, 500.0, 0.05, 0.08)]  # low, high, block, allowed error


def plain_mad(values: np.ndarray) -> float:
    return float(1.4826 * np.median(np.abs(values)))


@pytest.mark.parametrize(("low_hz", "high_hz", "block_s", "allowed"), BANDS)
def test_pure_noise_is_measured_as_it_is(low_hz, high_hz, block_s, allowed):
    ratios = []
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(0, 5, 240_000)
        filtered = band_pass(noise, RATE_HZ, low_hz=low_hz, high_hz=high_hz)
        floor = noise_floor(filtered, RATE_HZ, bandwidth_hz=high_hz - low_hz, block_s=block_s)
        ratios.append(floor / filtered.std())
    assert np.abs(np.array(ratios) - 1).max() < allowed
    assert abs(np.mean(ratios) - 1) < 0.05  # no bias beyond a few percent


def with_discharges(rate: float, size: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return noise of 5 uV, and the same with potentials of 4 ms at random times, both band-passed."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 5, 240_000)
    dense = noise.copy()
    time_ms = np.arange(-4, 4, 1000 / RATE_HZ)
    wave = size * (np.exp(-((time_ms + 0.6) ** 2) / 0.5) - np.exp(-((time_ms - 0.6) ** 2) / 0.5))
    for start in rng.integers(0, len(noise) - len(wave), int(rate * 10)):
        dense[start : start + len(wave)] += wave
    return tuple(band_pass(each, RATE_HZ, low_hz=200.0, high_hz=3000.0) for each in (noise, dense))


def test_sixty_discharges_a_second_lift_the_floor_little_and_a_plain_mad_much():
    noise, dense = with_discharges(60.0, 400.0)
    floor = noise_floor(dense, RATE_HZ, bandwidth_hz=2800.0, block_s=0.02)
    # At 60/s about 30 % of the blocks of 20 ms are free, so a low quantile still sees noise alone; the filter's tails
    # of large potentials reach into some of them.
    assert 0.95 < floor / noise.std() < 1.25
    assert plain_mad(dense) / noise.std() > 1.5


def test_more_discharges_never_lower_the_floor_much():
    floors = [
        noise_floor(with_discharges(rate, 400.0)[1], RATE_HZ, bandwidth_hz=2800.0, block_s=0.02)
        for rate in (0.0, 10.0, 30.0, 60.0)
    ]
    assert np.all(np.diff(floors) > -0.05 * floors[0])


def test_the_floor_scales_with_the_gain_and_forgets_polarity():
    _, dense = with_discharges(30.0, 200.0)
    floor = noise_floor(dense, RATE_HZ, bandwidth_hz=2800.0, block_s=0.02)
    assert noise_floor(-4 * dense, RATE_HZ, bandwidth_hz=2800.0, block_s=0.02) == pytest.approx(4 * floor, rel=1e-12)


def test_where_there_is_no_signal_there_is_no_noise():
    noise = np.random.default_rng(1).normal(0, 5, 100_000)
    spoiled = noise.copy()
    spoiled[20_000:80_000] = 0.0
    floor = noise_floor(spoiled, RATE_HZ, bandwidth_hz=12_000.0, block_s=0.02)
    assert floor == pytest.approx(5, rel=0.05)
    rest = np.concatenate([noise[:20_000], noise[80_000:]])
    assert floor == pytest.approx(noise_floor(rest, RATE_HZ, bandwidth_hz=12_000.0, block_s=0.02), rel=0.02)
    assert noise_floor(np.zeros(100_000), RATE_HZ, bandwidth_hz=12_000.0, block_s=0.02) == 0.0


def test_some_blocks_tell_what_all_tell():
    noise = np.random.default_rng(2).normal(0, 5, 2_000_000)
    every = noise_floor(noise, RATE_HZ, bandwidth_hz=12_000.0, block_s=0.02)
    some = noise_floor(noise, RATE_HZ, bandwidth_hz=12_000.0, block_s=0.02, most_blocks=1000)
    assert some == pytest.approx(every, rel=0.01)
    assert some != every
