"""One-sided showers of small potentials against noise that leans to neither side."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.background import find_dense, find_skewed
from emgkit.signals.sort import SortedBand

RATE_HZ = 24_000.0
LIMITS = {"block_s": 1.0, "limit": -0.3}


def shower(
    seed: int, *, seconds: float = 6.0, rate: float = 300.0, size: float = 15.0, noise: float = 2.0
) -> np.ndarray:
    """Return Gaussian noise under a Poisson shower of negative kernels of about a millisecond."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE_HZ)
    pulses = np.zeros(n)
    np.add.at(pulses, rng.integers(0, n, rng.poisson(rate * seconds)), size * rng.lognormal(0, 0.4))
    time_ms = np.arange(0, 6, 1000 / RATE_HZ)
    kernel = (time_ms / 0.4) * np.exp(1 - time_ms / 0.4)
    return rng.normal(0, noise, n) - np.convolve(pulses, kernel)[:n]


@pytest.mark.parametrize("rate", [60.0, 150.0, 300.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_negative_shower_is_found_throughout(rate, seed):
    found = find_skewed(shower(seed, rate=rate), RATE_HZ, events=[], **LIMITS)
    assert sum(stop - start for start, stop, _ in found) >= 5.0
    assert found[0][2] > 2.0


@pytest.mark.parametrize("seed", range(8))
def test_gaussian_noise_is_never_reported(seed):
    rng = np.random.default_rng(seed)
    white = rng.normal(0, 5, 144_000)
    drifting = np.cumsum(white) / 200 + white
    for noise in (white, drifting):
        assert find_skewed(noise, RATE_HZ, events=[], **LIMITS) == []


def test_a_positive_shower_is_not_reported():
    assert find_skewed(-shower(0), RATE_HZ, events=[], **LIMITS) == []


def test_only_the_stretch_with_the_shower_is_reported():
    noise = np.random.default_rng(3).normal(0, 2, int(10 * RATE_HZ))
    noise[int(3 * RATE_HZ) : int(7 * RATE_HZ)] = shower(3, seconds=4.0, rate=150.0)
    found = find_skewed(noise, RATE_HZ, events=[], **LIMITS)
    assert [(start, stop) for start, stop, _ in found] == [(3.0, 7.0)]


def test_discharges_are_not_part_of_the_noise():
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 2, int(6 * RATE_HZ))
    times_s = np.arange(0.1, 5.9, 0.14)
    time_ms = np.arange(0, 4, 1000 / RATE_HZ)
    for time_s in times_s:
        start = int(time_s * RATE_HZ)
        noise[start : start + len(time_ms)] -= 200 * np.exp(-((time_ms - 2) ** 2) / 0.5)
    assert len(find_skewed(noise, RATE_HZ, events=[], **LIMITS)) > 0
    assert find_skewed(noise, RATE_HZ, events=[(time_s + 0.002, 10.0) for time_s in times_s], **LIMITS) == []


def test_the_level_is_that_of_the_noise():
    found = find_skewed(shower(5), RATE_HZ, events=[], **LIMITS)
    louder = find_skewed(3 * shower(5), RATE_HZ, events=[], **LIMITS)
    assert [span[:2] for span in found] == [span[:2] for span in louder]
    assert [3 * span[2] for span in found] == pytest.approx([span[2] for span in louder])


def sorted_band(signal: np.ndarray, residual: np.ndarray) -> SortedBand:
    none = np.array([])
    return SortedBand(
        rate_hz=12_000.0, noise_uv=1.0, templates=[], unit=none.astype(int), time_s=none, scale=none,
        signal=signal, residual=residual, loose_s=none, loose_ratio=none,
    )  # fmt: skip


def test_activity_is_dense_only_where_no_unit_explains_it():
    rng = np.random.default_rng(6)
    noise = rng.normal(0, 1, 60_000)
    busy = noise.copy()
    busy[24_000:36_000] = rng.normal(0, 20, 12_000)
    limits = {"threshold": 2.5, "block_s": 0.5, "fill": 0.6, "unexplained": 0.25}
    assert find_dense(sorted_band(busy, busy), **limits) == [(2.0, 2.5), (2.5, 3.0)]
    assert find_dense(sorted_band(busy, noise), **limits) == []
    assert find_dense(sorted_band(noise, noise), **limits) == []
