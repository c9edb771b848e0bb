"""What is left out, and hum that is taken away without touching discharges."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.artifacts import (
    Span,
    covered_s,
    find_clicks,
    find_constant,
    find_movement,
    joined,
    mend_clicks,
    remove_mains,
)

RATE_HZ = 10_000.0
MOVEMENT = {"slow_hz": (5.0, 30.0), "factor": 6.0, "least_uv": 20.0, "sure_uv": 100.0, "settle_s": 0.5}
MAINS = {"mains_hz": (50.0, 60.0), "harmonics": 20, "least_uv": 2.0}


def coloured(n: int, seed: int = 0) -> np.ndarray:
    """Return noise that a recorder could have seen: neighbouring samples are alike."""
    white = np.random.default_rng(seed).normal(0, 1, n + 8)
    smooth = np.convolve(white, np.hanning(9), mode="valid")
    return 5 * smooth[:n] / smooth.std()


def with_discharges(n: int = 100_000, *, size: float = 300.0, every: int = 1430) -> tuple[np.ndarray, np.ndarray]:
    samples = coloured(n)
    time_ms = np.arange(-30, 30) * 1000 / RATE_HZ
    wave = size / 1.4 * (np.exp(-((time_ms + 0.4) ** 2) / 0.15) - np.exp(-((time_ms - 0.4) ** 2) / 0.15))
    places = np.arange(700, n - 700, every)
    for place in places:
        samples[place - 30 : place + 30] += wave
    return samples, places


def test_single_samples_that_stand_alone_are_clicks_and_discharges_are_not():
    samples, _ = with_discharges()
    assert len(find_clicks(samples, factor=8.0)) == 0
    clicked = samples.copy()
    places = np.arange(1001, len(samples) - 1, 1001)  # the buffer click of a real data set
    clicked[places] += 100.0
    assert find_clicks(clicked, factor=8.0).tolist() == places.tolist()
    assert find_clicks(-clicked, factor=8.0).tolist() == places.tolist()


def test_a_mended_click_has_the_mean_of_its_neighbours_and_nothing_else_changes():
    samples, _ = with_discharges()
    clicked = samples.copy()
    clicked[5000] += 1000.0
    mended = mend_clicks(clicked, np.array([5000]))
    assert mended[5000] == (samples[4999] + samples[5001]) / 2
    np.testing.assert_array_equal(np.delete(mended, 5000), np.delete(samples, 5000))
    assert clicked[5000] > 900  # the samples that came in are left alone


def test_flat_line_is_found_to_the_sample():
    samples = coloured(50_000)
    samples[20_000:26_000] = 0.7
    assert find_constant(samples, RATE_HZ, flat_s=0.1, clip_s=0.0003) == [Span(2.0, 2.6, "flat")]
    samples[30_000:30_900] = 0.7  # 0.09 s is too short
    assert len(find_constant(samples, RATE_HZ, flat_s=0.1, clip_s=0.0003)) == 1
    whole = find_constant(np.zeros(5000), RATE_HZ, flat_s=0.1, clip_s=0.0003)
    assert whole == [Span(0.0, 0.5, "flat")]


def test_clipping_is_found_at_both_ends_of_the_range():
    samples = coloured(50_000)
    samples[10_000:10_500] += 300 * np.sin(np.linspace(0, 2 * np.pi, 500))
    clipped = np.clip(samples, -200, 200)
    spans = find_constant(clipped, RATE_HZ, flat_s=0.1, clip_s=0.0003)
    assert {span.reason for span in spans} == {"clipped"}
    at_the_end = np.abs(clipped) == 200
    assert covered_s(spans) == pytest.approx(at_the_end.sum() / RATE_HZ, rel=0.05)
    assert all(1.0 <= span.start_s < span.stop_s <= 1.06 for span in spans)
    assert find_constant(samples, RATE_HZ, flat_s=0.1, clip_s=0.0003) == []


def test_movement_is_slow_and_large_and_the_tissue_settles():
    samples, _ = with_discharges(150_000)
    moved = samples.copy()
    moved[60_000:64_000] += 2000 * np.sin(2 * np.pi * 15 * np.arange(4000) / RATE_HZ)
    spans = joined(find_movement(moved, RATE_HZ, **MOVEMENT), duration_s=15.0, gap_s=0.1)
    assert [span.reason for span in spans] == ["movement"]
    assert 5.7 < spans[0].start_s <= 6.0  # the slow band rings a little ahead of it
    assert 6.4 + 0.5 <= spans[0].stop_s < 7.3
    assert find_movement(samples, RATE_HZ, **MOVEMENT) == []


def test_a_small_slow_potential_is_movement_only_with_a_burst_of_fast_activity():
    samples, _ = with_discharges(150_000)
    moved = samples.copy()
    moved[60_000:64_000] += 60 * np.sin(2 * np.pi * 15 * np.arange(4000) / RATE_HZ)
    assert find_movement(moved, RATE_HZ, **MOVEMENT) == []
    moved[60_000:64_000] += np.random.default_rng(1).normal(0, 150, 4000)
    found = joined(find_movement(moved, RATE_HZ, **MOVEMENT), duration_s=15.0, gap_s=0.1)
    assert [span.reason for span in found] == ["movement"]
    assert 5.7 < found[0].start_s < 6.2


def test_large_fast_discharges_are_no_movement():
    samples, _ = with_discharges(150_000, size=3000.0)
    assert find_movement(samples, RATE_HZ, **MOVEMENT) == []


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


def hum(n: int, *, frequency_hz: float, amplitude_uv: float) -> np.ndarray:
    phase = 2 * np.pi * frequency_hz * np.arange(n) / RATE_HZ
    return amplitude_uv * (np.sin(phase + 1) + 0.4 * np.sin(3 * phase + 2) + 0.2 * np.sin(5 * phase))


@pytest.mark.parametrize(("frequency_hz", "amplitude_uv"), [(50.0, 5.0), (49.9, 20.0), (50.07, 20.0), (60.05, 5.0)])
def test_hum_is_taken_away_and_discharges_keep_their_peaks(frequency_hz, amplitude_uv):
    samples, places = with_discharges(60_000)
    noisy = samples + hum(len(samples), frequency_hz=frequency_hz, amplitude_uv=amplitude_uv)
    cleaned, found_uv = remove_mains(noisy, RATE_HZ, **MAINS)
    assert found_uv == pytest.approx(amplitude_uv, rel=0.1)
    # Forty sizes fitted to two seconds of this noise err by half a microvolt together, hum or not.
    assert np.std(cleaned - samples) < 0.7 + 0.05 * np.std(noisy - samples)
    index = places[:, None] + np.arange(-20, 21)
    before, after = np.ptp(samples[index], axis=1), np.ptp(cleaned[index], axis=1)
    assert abs(np.mean(after / before) - 1) < 0.01
    assert np.ptp(samples[index].mean(axis=0)) == pytest.approx(np.ptp(cleaned[index].mean(axis=0)), rel=0.01)


def test_nothing_rings_after_a_discharge():
    samples, places = with_discharges(60_000, every=5003)
    cleaned, _ = remove_mains(samples + hum(len(samples), frequency_hz=50.0, amplitude_uv=20.0), RATE_HZ, **MAINS)
    index = places[:, None] + np.arange(100, 500)  # 10 to 50 ms later, where a notch still rings
    assert np.abs(np.mean(cleaned[index] - samples[index], axis=0)).max() < 2.0


def test_without_hum_nothing_is_touched():
    for samples in (with_discharges()[0], coloured(50_000), hum(100_000, frequency_hz=50.0, amplitude_uv=1.0)):
        cleaned, found_uv = remove_mains(samples, RATE_HZ, **MAINS)
        assert found_uv == 0.0
        np.testing.assert_array_equal(cleaned, samples)


@pytest.mark.parametrize("rate", [10, 25])
def test_a_train_whose_multiple_is_the_mains_frequency_is_no_hum(rate):
    samples, _ = with_discharges(every=round(RATE_HZ / rate), size=150.0)
    cleaned, found_uv = remove_mains(samples, RATE_HZ, **MAINS)
    assert found_uv == 0.0
    np.testing.assert_array_equal(cleaned, samples)
