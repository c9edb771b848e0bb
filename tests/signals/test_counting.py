"""Counts of samples."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.counting import covered, merged, ranges, spread_evenly, windows_of


@pytest.mark.parametrize("most", [1, 2, 7, 150])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 149, 151, 36_001])
def test_what_is_spread_evenly_is_different_and_reaches_both_ends(count, most):
    spread = spread_evenly(count, most=most)
    assert len(spread) == min(count, most)
    assert (np.diff(spread) > 0).all()
    assert spread.tolist()[:1] == [0][:count]
    assert min(count, most) < 2 or spread[-1] == count - 1
    assert len(spread) < 3 or np.ptp(np.diff(spread)) <= 1


def test_windows_are_those_of_numpy_also_of_a_strided_signal():
    signal = np.arange(24.0)
    for each in (signal, signal[::3], signal.reshape(2, 12)):
        wanted = np.lib.stride_tricks.sliding_window_view(each, 4, axis=-1)
        np.testing.assert_array_equal(windows_of(each, 4), wanted)
    windows_of(signal, 4)[2] = -1.0
    assert signal[1:7].tolist() == [1.0, -1.0, -1.0, -1.0, -1.0, 6.0]


def test_numbers_of_both_are_there_once():
    rng = np.random.default_rng(0)
    for sizes in ((40, 30), (0, 5), (5, 0), (0, 0)):
        first, second = (np.unique(rng.integers(0, 60, size)) for size in sizes)
        np.testing.assert_array_equal(merged(first, second), np.union1d(first, second))


def test_ranges_may_be_empty():
    assert ranges(np.array([3, 9, 0]), np.array([2, 0, 1])).tolist() == [3, 4, 0]
    assert len(ranges(np.empty(0, np.int64), np.empty(0, np.int64))) == 0


@pytest.mark.parametrize("count", [0, 1, 4, 30])
def test_covered_samples_are_those_of_every_range(count):
    rng = np.random.default_rng(count)
    for _ in range(20):
        starts = rng.integers(0, 101, count)  # the end of all is a start that holds nothing
        stops = np.minimum(starts + rng.integers(0, 12, count), 100)
        wanted = np.zeros(100, dtype=bool)
        for start, stop in zip(starts, stops, strict=True):
            wanted[start:stop] = True
        np.testing.assert_array_equal(covered(starts, stops, size=100), wanted)
