"""Discharges of several spikes, made by hand: where they begin and end, and what all of them have in common."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.complexes import apart, cycle_of, negative_peaks
from emgkit.signals.waveform import average_discharge

WINDOW_MS = np.arange(-40, 40, 0.05)
BASELINE_MS = (-38.0, -34.0)


def spike(at_ms: float, size_uv: float) -> np.ndarray:
    """Return a negative spike between two positive phases."""
    where = (WINDOW_MS - at_ms) / 0.35
    return size_uv * (np.square(where) - 1) * np.exp(-np.square(where) / 2)


@pytest.mark.parametrize("shift_s", [0.0, 0.006, 0.012])
def test_a_cycle_holds_every_part_of_one_discharge_whichever_is_the_fixed_point(shift_s):
    own_s = np.array([[-0.001, 0.001], [0.005, 0.007], [0.011, 0.013]]) - shift_s
    parts_s = [tuple(part) for part in np.concatenate([own_s - 0.03, own_s, own_s + 0.03])]
    start_s, stop_s = cycle_of(parts_s, base_s=0.03, first_s=-0.04)
    inside = [part for part in parts_s if start_s < part[0] and part[1] < stop_s]
    assert inside == [tuple(part) for part in own_s]
    assert stop_s - start_s == pytest.approx(0.03)


def test_a_discharge_slower_than_the_window_takes_it_whole():
    assert cycle_of([(-0.02, -0.018), (-0.001, 0.001)], base_s=0.2, first_s=-0.04) == pytest.approx((-0.04, 0.16))


def test_parts_that_touch_are_one():
    assert apart([(0.0, 0.002), (0.002, 0.003), (0.004, 0.005)]) == [(0.0, 0.003), (0.004, 0.005)]


@pytest.mark.parametrize(("share", "seen"), [(1.0, True), (0.9, True), (0.7, False), (0.3, False)])
def test_a_spike_is_common_when_most_discharges_have_it(share, seen):
    rng = np.random.default_rng(3)
    windows = rng.normal(0, 4, (60, len(WINDOW_MS))) + spike(0, 200)
    windows[: round(share * 60)] += spike(-9, 100)
    common = average_discharge(windows, WINDOW_MS, baseline_ms=BASELINE_MS).common_uv
    peaks_ms = WINDOW_MS[negative_peaks(common, least_uv=40)]
    np.testing.assert_allclose(peaks_ms, [-9, 0] if seen else [0], atol=0.1)


def test_an_offset_of_single_windows_is_not_common():
    windows = np.tile(spike(0, 200), (20, 1)) + np.linspace(-300, 300, 20)[:, None]
    common = average_discharge(windows, WINDOW_MS, baseline_ms=BASELINE_MS).common_uv
    np.testing.assert_allclose(common, spike(0, 200), atol=1e-6)


def test_noise_alone_has_no_peak_in_common():
    windows = np.random.default_rng(4).normal(0, 10, (40, len(WINDOW_MS)))
    common = average_discharge(windows, WINDOW_MS, baseline_ms=BASELINE_MS).common_uv
    assert np.abs(common).max() < 5
    assert negative_peaks(common, least_uv=10) == []


@pytest.mark.parametrize(("dip", "count"), [(45.0, 1), (55.0, 2)])
def test_a_peak_stands_out_from_what_is_between(dip, count):
    wave = np.array([0.0, -100.0, -100.0 + dip, -100.0, 0.0])
    assert len(negative_peaks(wave, least_uv=50)) == count


def test_a_pause_before_the_first_part_begins_a_cycle():
    # Of a complex whose rate changes, what follows a discharge is not common to all.
    parts_s = [(-0.021, -0.017), (-0.016, -0.012), (-0.001, 0.003)]
    start_s, stop_s = cycle_of(parts_s, base_s=0.0385, first_s=-0.04)
    assert start_s < -0.021
    assert stop_s > 0.003


def test_parts_that_keep_their_lag_where_the_rhythm_changes_are_of_the_discharge_before_them():
    late = [(-0.002, 0.002), (0.028, 0.033), (0.036, 0.039)]
    start_s, stop_s = cycle_of(late, base_s=0.072, first_s=-0.043)
    assert start_s < -0.002
    assert stop_s >= 0.039
    seen_before = [(-0.044, -0.039), (-0.036, -0.033), *late]  # of a steady rhythm they may be of the next one
    assert cycle_of(seen_before, base_s=0.072, first_s=-0.043) == (-0.043, -0.043 + 0.072)
