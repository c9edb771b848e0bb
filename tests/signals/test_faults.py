"""Flat line, clipping and clicks are found to the sample, also where one piece of a recording follows the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgkit.signals.bands import Edges, chunk_samples, read_stretch, thinning
from emgkit.signals.faults import BLOCK, FaultLimits, Faults, find_faults, join_faults, mend_clicks, runs_of
from emgkit.signals.mains import MainsLimits
from tests.naive_signals import runs_by_loop

RATE_HZ = 10_000.0
LIMITS = FaultLimits(click_factor=8.0, flat_s=0.1, clip_s=0.0003)


def coloured(n: int, seed: int = 0) -> np.ndarray:
    """Return noise that a recorder could have seen: neighbouring samples are alike."""
    white = np.random.default_rng(seed).normal(0, 1, n + 8)
    smooth = np.convolve(white, np.hanning(9), mode="valid")
    return 5 * smooth[:n] / smooth.std()


def with_discharges(n: int = 100_000, *, size: float = 300.0, every: int = 1430) -> np.ndarray:
    samples = coloured(n)
    time_ms = np.arange(-30, 30) * 1000 / RATE_HZ
    wave = size / 1.4 * (np.exp(-((time_ms + 0.4) ** 2) / 0.15) - np.exp(-((time_ms - 0.4) ** 2) / 0.15))
    for place in np.arange(700, n - 700, every):
        samples[place - 30 : place + 30] += wave
    return samples


def find(samples: np.ndarray, *, start: int = 0) -> Faults:
    return find_faults(samples, RATE_HZ, start=start, limits=LIMITS)


def in_pieces(samples: np.ndarray, *, size: int, overlap: int) -> Faults:
    """Return the faults of pieces of ``size`` samples that overlap on both sides, joined."""
    lows = range(0, len(samples), size)
    spans = [(max(low - overlap, 0), min(low + size + overlap, len(samples))) for low in lows]
    return join_faults([find(samples[low:high], start=low) for low, high in spans])


@pytest.mark.parametrize("height_uv", [100.0, -100.0])
def test_single_samples_that_stand_alone_are_clicks_and_discharges_are_not(height_uv):
    samples = with_discharges()
    assert len(find(samples).clicks) == 0
    places = np.arange(1001, len(samples) - 1, 1001)  # the buffer click of a real data set
    samples[places] += height_uv
    assert find(samples).clicks.tolist() == places.tolist()
    assert find(-samples).clicks.tolist() == places.tolist()


def test_a_click_needs_both_neighbours_to_agree():
    samples = coloured(20_000)
    samples[9_000:9_003] += (150.0, 300.0, 150.0)  # a triangle: steep, but a wave
    samples[12_000:] += 300.0  # a step
    assert len(find(samples).clicks) == 0


def test_clicks_are_found_everywhere_in_a_piece():
    for place in (2, 3, 500, 996, 997):
        samples = coloured(1000)
        samples[place] += 300.0
        assert find(samples, start=70).clicks.tolist() == [70 + place]


def test_a_mended_click_has_the_mean_of_its_neighbours_and_nothing_else_changes():
    samples = with_discharges()
    clicked = samples.copy()
    clicked[5000] += 1000.0
    mended = mend_clicks(clicked, np.array([5000]))
    assert mended[5000] == (samples[4999] + samples[5001]) / 2
    np.testing.assert_array_equal(np.delete(mended, 5000), np.delete(samples, 5000))
    assert clicked[5000] > 900  # the samples that came in are left alone
    assert mend_clicks(samples, np.array([], dtype=int)) is samples


def test_clicks_beyond_the_piece_or_at_its_ends_are_left():
    samples = coloured(100)
    np.testing.assert_array_equal(mend_clicks(samples, np.array([-3, 0, 99, 100, 250])), samples)


@pytest.mark.parametrize("start", [20_000, 20_017, 20_333])
def test_flat_line_is_found_to_the_sample(start):
    samples = coloured(50_000)
    samples[start : start + 6000] = 0.7
    assert find(samples).flat == [(start, start + 6000)]
    samples[30_000:30_900] = 0.7  # 0.09 s is too short
    assert len(find(samples).flat) == 1
    assert find(np.zeros(5000)).flat == [(0, 5000)]


@pytest.mark.parametrize("start", range(3000, 4000, 97))
def test_the_shortest_flat_line_is_found_wherever_it_lies(start):
    samples = coloured(10_000)
    samples[start : start + 1000] = samples[start]
    assert find(samples).flat == [(start, start + 1000)]
    samples[start + 500] += 0.1
    assert find(samples).flat == []


def test_slow_samples_are_not_flat():
    assert find(np.arange(20_000) / 1e4).flat == []


def clipped_at(limit: float) -> tuple[np.ndarray, np.ndarray]:
    samples = coloured(50_000)
    samples[10_000:10_500] += 300 * np.sin(np.linspace(0, 2 * np.pi, 500))
    samples[30_000:30_500] -= 300 * np.sin(np.linspace(0, 2 * np.pi, 500))
    return samples, np.clip(samples, -limit, limit)


def test_clipping_is_found_at_both_ends_of_the_range():
    samples, clipped = clipped_at(200.0)
    wanted = [
        *runs_by_loop(clipped == clipped.min(), 3),
        *runs_by_loop(clipped == clipped.max(), 3),
    ]
    assert len(wanted) >= 4
    assert sorted(find(clipped).clipped()) == sorted(wanted)
    assert find(samples).clipped() == []


def test_faults_on_the_border_of_two_blocks_are_found_as_anywhere():
    samples = coloured(3 * BLOCK)
    samples[BLOCK - 4 : BLOCK + 5] = samples[2 * BLOCK - 1 : 2 * BLOCK + 3] = 300.0
    assert find(samples).clipped() == [(BLOCK - 4, BLOCK + 5), (2 * BLOCK - 1, 2 * BLOCK + 3)]
    for place in range(BLOCK - 3, BLOCK + 4):
        clicked = coloured(2 * BLOCK)
        clicked[place] -= 300.0
        assert find(clicked).clicks.tolist() == [place]


def test_only_the_extremes_of_all_pieces_are_clipped():
    # In the second half the largest value repeats, yet the recording went further in the first.
    samples = coloured(40_000)
    samples[30_000:30_010] = 100.0
    assert find(samples[20_000:], start=20_000).clipped() == [(30_000, 30_010)]
    samples[5_000] = 180.0
    assert in_pieces(samples, size=20_000, overlap=0).clipped() == []
    assert find(samples).clipped() == []


def test_a_flat_recording_is_flat_and_not_clipped():
    assert find(np.full(5000, 3.0)).clipped() == []


@pytest.mark.parametrize("size", [7_000, 20_000])
@pytest.mark.parametrize("overlap", [20, 1_000])
def test_pieces_find_the_same_as_the_whole(size, overlap):
    _, samples = clipped_at(200.0)
    samples[size - 5 : size + 2500] = 0.3  # flat across the border of two pieces
    samples[[size - 7, 2 * size, 2 * size + 9, 49_000]] += 180.0
    whole, pieces = find(samples), in_pieces(samples, size=size, overlap=overlap)
    assert pieces.clicks.tolist() == whole.clicks.tolist()
    assert (pieces.lowest, pieces.highest) == (whole.lowest, whole.highest)
    for found, wanted in ((pieces.flat, whole.flat), (pieces.clipped(), whole.clipped())):
        covered = np.zeros((2, len(samples)), dtype=bool)
        for row, runs in enumerate((found, wanted)):
            for start, stop in runs:
                covered[row, start:stop] = True
        np.testing.assert_array_equal(*covered)


@pytest.mark.parametrize("fault", ["flat", "clipped", "click"])
def test_faults_across_the_chunks_of_a_recording_are_found_to_the_sample(fault):
    rate_hz, edges = 11_000.0, Edges(200.0, 3000.0, 50.0, 500.0)
    grid = thinning(rate_hz, edges=edges)
    border = chunk_samples(grid) * grid.step
    samples = coloured(2 * border + 5_000)
    start, stop = border - 700, border + 900
    if fault == "flat":
        samples[start:stop] = 1.0
    elif fault == "clipped":
        start, stop = border - 2, border + 3
        samples[start:stop] = 400.0
    else:
        samples[[border - 1, border, border + 1, 2 * border]] += (0.0, 400.0, 0.0, -400.0)
    found = read_stretch(
        samples, grid=grid, first=0, n_samples=len(samples), edges=edges, mains=MainsLimits((50.0,), 5, 1e9),
        limits=LIMITS,
    ).faults  # fmt: skip
    assert found.clicks.tolist() == ([border, 2 * border] if fault == "click" else [])
    for kind, runs in (("flat", found.flat), ("clipped", found.clipped())):
        covered = np.zeros(len(samples), dtype=bool)
        for first, last in runs:
            covered[first:last] = True
        wanted = np.zeros(len(samples), dtype=bool)
        wanted[start:stop] = fault == kind
        np.testing.assert_array_equal(covered, wanted)


@settings(max_examples=200, deadline=None)
@given(flags=st.lists(st.booleans(), max_size=60), shortest=st.integers(1, 6))
def test_runs_are_those_that_a_loop_counts(flags, shortest):
    assert runs_of(np.array(flags, dtype=bool), shortest=shortest) == runs_by_loop(flags, shortest)
