"""The two bands against scipy, whatever the rate, and on a grid that does not depend on how samples are stored."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import butter, resample_poly, sosfiltfilt

from emgkit.signals.bands import ROWS, Edges, Grid, Stretch, chunk_samples, cut_pieces, read_stretch, thinning
from emgkit.signals.faults import FaultLimits
from emgkit.signals.mains import MainsLimits
from tests.naive_signals import OnlySlices

EDGES = Edges(200.0, 3000.0, 50.0, 500.0)
FAULTS = FaultLimits(click_factor=8.0, flat_s=0.1, clip_s=0.0003)
RATES = [
    2000.0,
    4000.0,
    5000.0,
    8000.0,
    10_000.0,
    12_000.0,
    20_000.0,
    22_050.0,
    24_000.0,
    32_000.0,
    44_100.0,
    48_000.0,
    50_000.0,
]


def read(samples, rate_hz: float, *, first: int = 0, least: float = 0.4) -> Stretch:
    grid = thinning(rate_hz, edges=EDGES)
    return read_stretch(
        samples,
        grid=grid,
        first=first,
        n_samples=len(samples) // grid.step - first,
        edges=EDGES,
        mains=MainsLimits((50.0, 60.0), 20, least),
        limits=FAULTS,
    )


def noise(seconds: float, rate_hz: float, seed: int = 0) -> np.ndarray:
    """Return noise as a machine lets it pass: little over 5 kHz, less than half of the rate anyway."""
    white = np.random.default_rng(seed).normal(0, 10, int(seconds * rate_hz))
    return sosfiltfilt(butter(4, min(5000, 0.4 * rate_hz), fs=rate_hz, output="sos"), white)


def times_of(stretch: Stretch) -> tuple[np.ndarray, np.ndarray]:
    grid = stretch.grid
    return (
        stretch.start_s + np.arange(len(stretch.fast)) / grid.fast_hz,
        stretch.start_s + np.arange(len(stretch.slow)) / grid.slow_hz,
    )


def judged(samples: np.ndarray, rate_hz: float, *, low_hz: float, high_hz: float, times_s: np.ndarray) -> np.ndarray:
    """Return what scipy makes of the samples at eight times their rate, where its bilinear transform bends no edge."""
    fine_hz = 8 * rate_hz
    fine = resample_poly(samples, 8, 1, padtype="line")
    for edge_hz, kind in ((low_hz, "highpass"), (min(high_hz, 0.45 * rate_hz), "lowpass")):
        fine = sosfiltfilt(butter(2, edge_hz, kind, fs=fine_hz, output="sos"), fine)
    return np.interp(times_s, np.arange(len(fine)) / fine_hz, fine)


@pytest.mark.parametrize("rate_hz", RATES)
def test_both_bands_are_those_of_scipy_forwards_and_backwards(rate_hz):
    samples = noise(2.0, rate_hz)
    stretch = read(samples, rate_hz)
    bands = ((stretch.fast, 200.0, 3000.0), (stretch.slow, 50.0, 500.0))
    for (band, low_hz, high_hz), times_s in zip(bands, times_of(stretch), strict=True):
        wanted = judged(samples, rate_hz, low_hz=low_hz, high_hz=high_hz, times_s=times_s)
        inside = (times_s > 0.15) & (times_s < 1.85)
        # The slow band is cut off at half of its rate, where a fortieth of the amplitude is left.
        assert np.std((band - wanted)[inside]) < 0.025 * np.std(wanted[inside])


@pytest.mark.parametrize("rate_hz", RATES)
def test_a_potential_keeps_its_time(rate_hz):
    # Smooth pulses at fractions of a sample; the peaks of both bands, read between samples, lie where they were put.
    places_s = np.arange(0.2, 1.8, 0.0731)
    time_s = np.arange(int(2 * rate_hz)) / rate_hz
    width_s = max(0.0001, 1.2 / rate_hz)  # no pulse of a single sample: that would be a click
    pulses = 100 * np.exp(-(((time_s[:, None] - places_s) / width_s) ** 2) / 2).sum(axis=1)
    stretch = read(pulses, rate_hz)
    assert len(stretch.faults.clicks) == 0
    for band, band_hz in ((stretch.fast, stretch.grid.fast_hz), (stretch.slow, stretch.grid.slow_hz)):
        fine_hz = 32 * band_hz
        fine = np.fft.irfft(np.fft.rfft(band), n=32 * len(band))
        for place_s in places_s:
            low, high = (int((place_s + side - stretch.start_s) * fine_hz) for side in (-0.003, 0.003))
            peak_s = stretch.start_s + (low + fine[low:high].argmax()) / fine_hz
            assert peak_s == pytest.approx(place_s, abs=2e-5)


@pytest.mark.parametrize("rate_hz", RATES)
def test_the_rates_of_the_bands_suit_their_edges(rate_hz):
    grid = thinning(rate_hz, edges=EDGES)
    assert grid.fast_hz == pytest.approx(rate_hz / grid.step)
    assert grid.step == 1 or grid.fast_hz >= 3.6 * EDGES.fast_high_hz
    assert grid.fast_hz < 3.6 * EDGES.fast_high_hz * 2
    assert grid.slow_step == 1 or grid.slow_hz >= 4.8 * EDGES.slow_high_hz
    assert grid.slow_hz < 4.8 * EDGES.slow_high_hz * 2.001
    assert grid.slow_step & (grid.slow_step - 1) == 0  # a power of two


def test_each_thinned_sample_is_the_mean_of_its_own():
    grid = Grid(48_000.0, 4, 4)
    assert (grid.fast_hz, grid.slow_hz) == (12_000.0, 3000.0)
    assert grid.delay_s == pytest.approx(1.5 / 48_000)


def long_samples() -> tuple[np.ndarray, float]:
    """Return three chunks at a low rate, in which a chunk is ten seconds, with hum and a click."""
    rate_hz = 12_000.0
    samples = noise(27.3, rate_hz) + 20 * np.sin(2 * np.pi * 50.03 * np.arange(int(27.3 * rate_hz)) / rate_hz)
    samples[200_000] += 5000.0
    return samples.astype(np.float32), rate_hz


def test_how_samples_are_stored_does_not_matter():
    samples, rate_hz = long_samples()
    wanted = read(samples, rate_hz)
    assert wanted.hum[0].frequency_hz == pytest.approx(50.03, abs=0.01)
    assert wanted.faults.clicks.tolist() == [200_000]
    for stored in (samples.astype(np.float64), np.repeat(samples, 2)[::2], OnlySlices(samples)):
        found = read(stored, rate_hz)
        for field in ("fast", "slow", "trend"):
            np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field))
        assert found.faults.clicks.tolist() == wanted.faults.clicks.tolist()


def test_no_seam_shows_between_chunks():
    samples, rate_hz = long_samples()
    samples[200_000] -= 5000.0
    stretch = read(samples, rate_hz, least=1e9)  # hum is no matter of this test
    chunk_s = chunk_samples(stretch.grid) / stretch.grid.fast_hz
    assert 2 * chunk_s < len(samples) / rate_hz < 3 * chunk_s
    bands = ((stretch.fast, 200.0, 3000.0), (stretch.slow, 50.0, 500.0))
    for (band, low_hz, high_hz), times_s in zip(bands, times_of(stretch), strict=True):
        wanted = judged(samples, rate_hz, low_hz=low_hz, high_hz=high_hz, times_s=times_s)
        for seam_s in (chunk_s, 2 * chunk_s):
            near = np.abs(times_s - seam_s) < 0.05
            assert np.std((band - wanted)[near]) < 0.03 * np.std(wanted[near])


def test_a_large_potential_near_a_border_shows_on_both_sides_as_it_should():
    # Every chunk is a few rows that are transformed one by one, each with its own borders.
    rate_hz = 12_000.0
    grid = thinning(rate_hz, edges=EDGES)
    row_s = chunk_samples(grid) / grid.fast_hz / ROWS
    places_s = [turn * row_s + off_s for turn, off_s in ((1, 0.012), (2, -0.012), (3, 0.004), (4, -0.02), (5, 0.016))]
    time_s = np.arange(int(5.3 * row_s * rate_hz)) / rate_hz
    pulses = sum(1e4 * np.exp(-(((time_s - place_s) / 0.002) ** 2)) for place_s in places_s)
    stretch = read(pulses, rate_hz, least=1e9)
    bands = ((stretch.fast, 200.0, 3000.0), (stretch.slow, 50.0, 500.0))
    for (band, low_hz, high_hz), times_s in zip(bands, times_of(stretch), strict=True):
        wanted = judged(pulses, rate_hz, low_hz=low_hz, high_hz=high_hz, times_s=times_s)
        inside = times_s < times_s[-1] - 0.3
        assert np.abs((band - wanted)[inside]).max() < 0.01 * np.abs(wanted).max()


def test_a_later_stretch_is_that_part_of_the_whole():
    samples, rate_hz = long_samples()
    samples[200_000] -= 5000.0
    whole = read(samples, rate_hz, least=1e9)
    first = chunk_samples(whole.grid)
    part = read(samples, rate_hz, first=first, least=1e9)
    assert part.start_s == pytest.approx(whole.start_s + first / whole.grid.fast_hz)
    np.testing.assert_array_equal(part.fast, whole.fast[first:])
    np.testing.assert_array_equal(part.slow, whole.slow[first // whole.grid.slow_step :])
    np.testing.assert_array_equal(part.trend, whole.trend[-len(part.trend) :])


def test_what_follows_later_does_not_change_what_came_first():
    samples, rate_hz = long_samples()
    longer = np.concatenate([samples, samples[::-1]])
    one, other = read(samples, rate_hz), read(longer, rate_hz)
    first = 2 * chunk_samples(one.grid)  # the last chunk sees the end of the recording
    np.testing.assert_array_equal(one.fast[:first], other.fast[:first])


@pytest.mark.parametrize("extra", [0, 1, 3, 7, 13])
@pytest.mark.parametrize("rate_hz", [10_000.0, 48_000.0])
def test_any_length_is_read_to_its_end(extra, rate_hz):
    samples = noise(1.0, rate_hz)[: int(0.9 * rate_hz) + extra]
    stretch = read(samples, rate_hz)
    grid = stretch.grid
    assert len(stretch.fast) == len(samples) // grid.step
    assert len(stretch.slow) == -(-len(stretch.fast) // grid.slow_step)
    assert np.isfinite(stretch.fast).all()
    assert stretch.fast.dtype == stretch.slow.dtype == np.float32


@pytest.mark.parametrize("rate_hz", [5000.0, 48_000.0])
def test_the_ends_of_a_recording_are_filtered_as_if_it_went_on_unchanged(rate_hz):
    samples = noise(1.5, rate_hz)
    stretch = read(samples, rate_hz)
    reach = int(rate_hz)
    longer = np.pad(samples, reach, mode="edge")
    bands = ((stretch.fast, 200.0, 3000.0), (stretch.slow, 50.0, 500.0))
    for (band, low_hz, high_hz), times_s in zip(bands, times_of(stretch), strict=True):
        wanted = judged(longer, rate_hz, low_hz=low_hz, high_hz=high_hz, times_s=times_s + reach / rate_hz)
        for end in (slice(None, len(band) // 30), slice(-(len(band) // 30), None)):
            assert np.std((band - wanted)[end]) < 0.05 * np.std(wanted)


@pytest.mark.parametrize("rate_hz", [5000.0, 24_000.0, 48_000.0])
def test_a_constant_leaves_nothing_not_even_at_the_ends(rate_hz):
    stretch = read(np.full(int(1.2 * rate_hz), 2000.0), rate_hz)
    assert np.abs(stretch.fast).max() < 0.02
    assert np.abs(stretch.slow).max() < 0.02


def test_gain_and_polarity_pass_through():
    samples, rate_hz = noise(2.0, 24_000.0), 24_000.0
    upright = read(samples, rate_hz)
    for factor in (-1.0, 0.5, 2.0):  # exact in floating point
        other = read(factor * samples, rate_hz)
        np.testing.assert_array_equal(other.fast, np.float32(factor) * upright.fast)
        np.testing.assert_array_equal(other.slow, np.float32(factor) * upright.slow)


def test_the_trend_is_the_mean_of_short_blocks():
    rate_hz = 24_000.0
    time_s = np.arange(int(3 * rate_hz)) / rate_hz
    movement = 300 * np.sin(2 * np.pi * 7 * time_s)
    stretch = read(movement, rate_hz)
    assert stretch.trend_hz == pytest.approx(250.0, rel=0.05)
    middle_s = (np.arange(len(stretch.trend)) + 0.5) / stretch.trend_hz
    np.testing.assert_allclose(stretch.trend, 300 * np.sin(2 * np.pi * 7 * middle_s), atol=1.0)


def test_a_click_is_mended_before_it_can_ring():
    samples, rate_hz = noise(2.0, 24_000.0), 24_000.0
    clicked = samples.copy()
    clicked[20_000] += 3000.0
    one, other = read(samples, rate_hz), read(clicked, rate_hz)
    assert other.faults.clicks.tolist() == [20_000]
    assert np.abs(other.fast - one.fast).max() < 3.0  # the mean of the neighbours is not quite what was there


@pytest.mark.parametrize("rate_hz", [2000.0, 10_000.0, 48_000.0])
@pytest.mark.parametrize("minutes", [0.5, 3.0, 3.1, 10.0, 61.7])
def test_pieces_cover_a_recording_once_and_share_their_margins(rate_hz, minutes):
    grid = thinning(rate_hz, edges=EDGES)
    n_samples = int(minutes * 60 * grid.fast_hz)
    pieces = cut_pieces(n_samples, grid, whole_s=180.0, longest_s=100.0, margin_s=4.0)
    assert (len(pieces) == 1) == (minutes <= 3.0)
    assert (pieces[0].start_s, pieces[-1].stop_s) == (-np.inf, np.inf)
    assert (pieces[0].first, pieces[-1].first + pieces[-1].n_samples) == (0, n_samples)
    for piece in pieces:
        assert piece.to_s - piece.from_s == pytest.approx(piece.n_samples / grid.fast_hz)
    for before, after in pairwise(pieces):
        assert before.stop_s == after.start_s
        assert before.to_s - before.stop_s >= 4.0 or before is pieces[-2]
        assert after.start_s - after.from_s >= 4.0
    own_s = [each.stop_s - each.start_s for each in pieces[1:-1]]
    assert np.ptp([*own_s, 0.0][: len(own_s)] or [0.0]) <= 2 * chunk_samples(grid) / ROWS / grid.fast_hz


def test_a_piece_is_the_same_as_that_part_of_the_whole():
    rate_hz = 12_000.0
    samples = noise(40.0, rate_hz)
    grid = thinning(rate_hz, edges=EDGES)
    whole = read(samples, rate_hz)
    for piece in cut_pieces(len(samples) // grid.step, grid, whole_s=0.0, longest_s=15.0, margin_s=3.0):
        part = read_stretch(
            samples,
            grid=grid,
            first=piece.first,
            n_samples=piece.n_samples,
            edges=EDGES,
            mains=MainsLimits((50.0, 60.0), 20, 0.4),
            limits=FAULTS,
        )
        assert part.start_s == piece.from_s
        np.testing.assert_array_equal(part.fast, whole.fast[piece.first : piece.first + piece.n_samples])
        few = slice(piece.first // grid.slow_step, -(-(piece.first + piece.n_samples) // grid.slow_step))
        np.testing.assert_array_equal(part.slow, whole.slow[few])
