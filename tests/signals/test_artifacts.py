"""What is left out: needle movement with what it provokes, and spans that are joined and counted once."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.artifacts import MovementLimits, Span, covered_s, find_movement, joined
from emgkit.signals.filters import band_pass

RATE_HZ = 12_000.0
TREND = 48  # samples of a block of the trend
LIMITS = MovementLimits(low_hz=5.0, high_hz=30.0, factor=6.0, least_uv=20.0, sure_uv=100.0, settle_s=0.5)


def quiet(seconds: float = 15.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 5, int(seconds * RATE_HZ))


def with_discharges(*, size: float = 300.0) -> np.ndarray:
    samples = quiet()
    time_ms = np.arange(-36, 36) * 1000 / RATE_HZ
    wave = size / 1.4 * (np.exp(-((time_ms + 0.4) ** 2) / 0.15) - np.exp(-((time_ms - 0.4) ** 2) / 0.15))
    for place in range(700, len(samples) - 700, 1700):
        samples[place - 36 : place + 36] += wave
    return samples


def moved(samples: np.ndarray, *, size_uv: float, start_s: float = 6.0, seconds: float = 0.4) -> np.ndarray:
    start, length = int(start_s * RATE_HZ), int(seconds * RATE_HZ)
    samples = samples.copy()
    samples[start : start + length] += size_uv * np.sin(2 * np.pi * 15 * np.arange(length) / RATE_HZ)
    return samples


def found_in(samples: np.ndarray, *, start_s: float = 0.0) -> list[Span]:
    fast = band_pass(samples, RATE_HZ, low_hz=200.0, high_hz=3000.0).astype(np.float32)
    trend = samples[: len(samples) // TREND * TREND].reshape(-1, TREND).mean(axis=1).astype(np.float32)
    spans = find_movement(trend, fast, rate_hz=RATE_HZ / TREND, start_s=start_s, limits=LIMITS)
    return joined(spans, duration_s=1e6, gap_s=0.1)


def test_movement_is_slow_and_large_and_the_tissue_settles():
    [span] = found_in(moved(with_discharges(), size_uv=2000.0))
    assert span.reason == "movement"
    assert 5.6 < span.start_s <= 6.0  # the slow band rings a little ahead of it
    assert 6.4 + 0.5 <= span.stop_s < 7.3
    assert found_in(with_discharges()) == []


def test_times_count_from_the_first_sample():
    samples = moved(with_discharges(), size_uv=2000.0)
    [one], [other] = found_in(samples), found_in(samples, start_s=100.0)
    assert (other.start_s - one.start_s, other.stop_s - one.stop_s) == pytest.approx((100.0, 100.0))


def test_a_small_slow_potential_is_movement_only_with_a_burst_of_fast_activity():
    samples = moved(with_discharges(), size_uv=60.0)
    assert found_in(samples) == []
    samples[72_000:76_800] += np.random.default_rng(1).normal(0, 150, 4800)
    [span] = found_in(samples)
    assert 5.7 < span.start_s < 6.2


def test_a_tremor_far_below_the_least_size_is_no_movement():
    samples = moved(quiet(), size_uv=20.0)
    samples[72_000:76_800] += np.random.default_rng(1).normal(0, 150, 4800)
    assert found_in(samples) == []


def test_large_fast_discharges_are_no_movement():
    assert found_in(with_discharges(size=3000.0)) == []


def test_polarity_does_not_matter():
    samples = moved(with_discharges(), size_uv=800.0)
    assert found_in(-samples) == found_in(samples)


def test_spans_are_joined_by_reason_and_cut_to_the_recording():
    spans = [
        Span(4.0, 6.0, "movement"),
        Span(-0.2, 1.0, "flat"),
        Span(1.05, 2.0, "flat"),
        Span(1.5, 1.6, "flat"),
        Span(3.0, 3.5, "flat"),
    ]
    assert joined(spans, duration_s=5.0, gap_s=0.1) == [
        Span(0.0, 2.0, "flat"), Span(3.0, 3.5, "flat"), Span(4.0, 5.0, "movement")
    ]  # fmt: skip
    assert joined([], duration_s=5.0, gap_s=0.1) == []


def test_overlaps_are_counted_once():
    spans = [Span(2.0, 3.0, "flat"), Span(0.0, 1.0, "clipped"), Span(0.5, 2.5, "movement"), Span(2.2, 2.3, "flat")]
    spans.append(Span(2.8, 3.2, "movement"))
    covered = np.zeros(4000, dtype=bool)
    for span in spans:
        covered[int(span.start_s * 1000) : int(span.stop_s * 1000)] = True
    assert covered_s(spans) == pytest.approx(covered.mean() * 4.0)
    assert covered_s([]) == 0.0
