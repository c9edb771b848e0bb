"""Noise that leans to one side, crowds of spikes, and activity that no unit explains."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.background import counted_once, find_bursts, find_dense, find_skewed
from emgkit.signals.sort import SortedBand

RATE_HZ = 24_000.0
LIMITS = {"start_s": 0.0, "block_s": 1.0, "limit": -0.3, "peakedness": 20.0, "least_uv": 0.0}


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
    assert sum(span.stop_s - span.start_s for span in found) >= 5.0
    assert all(2.0 < span.level_uv < span.large_uv for span in found)


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
    assert [span[:2] for span in found] == [(3.0, 7.0)]


def test_discharges_are_not_part_of_the_noise():
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 2, int(6 * RATE_HZ))
    times_s = np.arange(0.1, 5.9, 0.14)
    time_ms = np.arange(0, 4, 1000 / RATE_HZ)
    for time_s in times_s:
        start = int(time_s * RATE_HZ)
        noise[start : start + len(time_ms)] -= 200 * np.exp(-((time_ms - 2) ** 2) / 0.5)
    anything = LIMITS | {"peakedness": np.inf}
    assert len(find_skewed(noise, RATE_HZ, events=[], **anything)) > 0
    assert find_skewed(noise, RATE_HZ, events=[(time_s + 0.002, 10.0) for time_s in times_s], **anything) == []
    assert find_skewed(noise, RATE_HZ, events=[], **LIMITS) == []  # what stands out so far is no shower


def test_a_shower_lower_than_asked_is_none():
    [span] = find_skewed(shower(3), RATE_HZ, events=[], **LIMITS)
    assert find_skewed(shower(3), RATE_HZ, events=[], **LIMITS | {"least_uv": 1.01 * span.level_uv}) == []


def test_a_sparse_shower_is_told_by_how_far_it_leans():
    sparse = shower(3, rate=60.0, size=30.0, noise=3.0)
    wanted = LIMITS | {"least_uv": 100.0}
    assert find_skewed(sparse, RATE_HZ, events=[], **wanted) == []
    [span] = find_skewed(sparse, RATE_HZ, events=[], least_lean_uv=6.0, **wanted)
    assert (span.start_s, span.stop_s) == (0.0, 6.0)
    dense = shower(3, rate=2000.0, size=5.0, noise=3.0)  # many at once lean less, however loud
    assert find_skewed(dense, RATE_HZ, events=[], least_lean_uv=6.0, **wanted) == []


def test_the_level_is_that_of_the_noise():
    found = find_skewed(shower(5), RATE_HZ, events=[], **LIMITS)
    louder = find_skewed(3 * shower(5), RATE_HZ, events=[], **LIMITS)
    assert [span[:2] for span in found] == [span[:2] for span in louder]
    assert [3 * span[2] for span in found] == pytest.approx([span[2] for span in louder])


def test_times_count_from_the_first_sample():
    events = [(100.0 + time_s, 10.0) for time_s in np.arange(0.1, 5.9, 0.5)]
    found = find_skewed(shower(6), RATE_HZ, events=events, **{**LIMITS, "start_s": 100.0})
    assert found[0][0] == 100.0
    assert found[-1][1] == pytest.approx(106.0)


def test_what_was_silenced_is_no_noise():
    noise = shower(7, seconds=4.0)
    whole = find_skewed(noise, RATE_HZ, events=[], **LIMITS)
    noise.reshape(4, -1)[:, : int(0.6 * RATE_HZ)] = 0.0
    part = find_skewed(noise, RATE_HZ, events=[], **LIMITS)
    assert [span[:2] for span in part] == [span[:2] for span in whole]
    assert [span[2] for span in part] == pytest.approx([span[2] for span in whole], rel=0.1)


BURSTS = {"window_s": 0.06, "fewest": 10, "excess": 7.0, "longest_s": 0.5}


def steady(rate: float, *, seconds: float = 20.0, seed: int = 0) -> np.ndarray:
    return np.sort(np.random.default_rng(seed).uniform(0, seconds, int(rate * seconds)))


def crowd(start_s: float, *, seconds: float, rate: float = 300.0) -> np.ndarray:
    return start_s + np.arange(int(rate * seconds)) / rate


@pytest.mark.parametrize("rate", [2.0, 15.0, 40.0])
@pytest.mark.parametrize("seconds", [0.1, 0.3])
def test_a_short_crowd_of_spikes_is_found_where_it_is(rate, seconds):
    times_s = np.sort(np.concatenate([steady(rate), crowd(7.0, seconds=seconds), crowd(12.0, seconds=seconds)]))
    found = find_bursts(times_s, **BURSTS)
    assert len(found) == 2
    for (start_s, stop_s), wanted_s in zip(found, (7.0, 12.0), strict=True):
        assert start_s == pytest.approx(wanted_s, abs=0.06)
        assert stop_s == pytest.approx(wanted_s + seconds, abs=0.06)


@pytest.mark.parametrize("rate", [0.5, 10.0, 60.0, 200.0, 400.0])
@pytest.mark.parametrize("seed", range(3))
def test_steady_activity_is_no_crowd_at_any_rate(rate, seed):
    assert find_bursts(steady(rate, seed=seed), **BURSTS) == []


def test_a_long_crowd_is_activity_of_its_own():
    times_s = np.sort(np.concatenate([steady(5.0), crowd(7.0, seconds=0.8)]))
    assert find_bursts(times_s, **BURSTS) == []


def test_activity_that_starts_late_is_no_crowd():
    assert find_bursts(10 + steady(40.0, seconds=10.0), **BURSTS) == []


def test_few_spikes_are_no_crowd():
    assert find_bursts(np.array([]), **BURSTS) == []
    assert find_bursts(crowd(1.0, seconds=0.031), **BURSTS) == []


def sorted_band(signal: np.ndarray, residual: np.ndarray) -> SortedBand:
    none = np.array([])
    return SortedBand(
        rate_hz=12_000.0, start_s=0.25, noise_uv=1.0, templates=[], unit=none.astype(int), time_s=none, scale=none,
        signal=signal, residual=residual, loose_s=none, loose_ratio=none,
    )  # fmt: skip


def test_activity_is_dense_only_where_no_unit_explains_it():
    rng = np.random.default_rng(6)
    noise = rng.normal(0, 1, 60_000)
    busy = noise.copy()
    busy[24_000:36_000] = rng.normal(0, 20, 12_000)
    limits = {"threshold": 2.5, "block_s": 0.5, "fill": 0.6, "unexplained": 0.25}
    assert find_dense(sorted_band(busy, busy), **limits) == [(2.25, 2.75), (2.75, 3.25)]
    assert find_dense(sorted_band(busy, noise), **limits) == []
    assert find_dense(sorted_band(noise, noise), **limits) == []


def test_silence_and_a_short_signal_are_not_dense():
    limits = {"threshold": 2.5, "block_s": 0.5, "fill": 0.6, "unexplained": 0.25}
    assert find_dense(sorted_band(np.zeros(60_000), np.zeros(60_000)), **limits) == []
    assert find_dense(sorted_band(np.full(5000, 99.0), np.full(5000, 99.0)), **limits) == []


def polyphasic(times_s: np.ndarray) -> np.ndarray:
    return (times_s[:, None] + np.linspace(-0.006, 0.006, 6)).ravel()


def test_fasciculations_near_each_other_are_no_crowd():
    first_s, second_s = steady(1.0, seed=1), steady(1.5, seed=2)
    second_s = np.sort(np.append(second_s, first_s[[4, 9]] + 0.02))
    spikes_s = np.sort(np.concatenate([polyphasic(first_s), polyphasic(second_s)]))
    assert find_bursts(spikes_s, **BURSTS)
    assert not find_bursts(counted_once(spikes_s, [first_s, second_s]), **BURSTS)


def test_a_crowd_is_found_beside_polyphasic_potentials():
    first_s = steady(3.0, seed=3)
    spikes_s = np.sort(np.concatenate([polyphasic(first_s), crowd(9.0, seconds=0.2)]))
    [(start_s, stop_s)] = find_bursts(counted_once(spikes_s, [first_s]), **BURSTS)
    assert (start_s, stop_s) == pytest.approx((9.0, 9.2), abs=0.06)
