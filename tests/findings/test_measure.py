"""Trains made by hand, and what is measured of them."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.findings.spontaneous.measure import measure_train
from emgkit.signals.units import Train

RATE_HZ = 24_000.0


def measured(parts, *, stretch: float = 1.0, rate_hz: float = 6.0, jitter: float = 0.02):
    """Measure a train of Gaussians of (microvolt, centre and width in ms), in white noise of 2 microvolt."""
    rng = np.random.default_rng(8)
    times_s = np.cumsum(rng.normal(1, jitter, 50) / rate_hz)
    time_s = np.arange(int((times_s[-1] + 0.5) * RATE_HZ)) / RATE_HZ
    samples_uv = rng.normal(0, 2, len(time_s))
    for start_s in times_s:
        near = slice(*np.searchsorted(time_s, [start_s - 0.08, start_s + 0.06]))
        from_ms = 1000 * (time_s[near] - start_s) / stretch
        for size_uv, centre_ms, width_ms in parts:
            samples_uv[near] += size_uv * np.exp(-np.square((from_ms - centre_ms) / width_ms) / 2)
    train = Train(times_s, np.zeros(60), 0, 40.0)
    return measure_train(samples_uv, RATE_HZ, train=train, others_s=np.empty(0))


SHARP, LONG, AFTER = (200.0, -0.5, 0.3), (-130.0, 1.1, 0.9), (45.0, 4.0, 0.9)


@pytest.mark.parametrize("stretch", [1.3, 4.0])
def test_a_positive_peak_and_a_longer_negative_wave_are_a_sharp_wave(stretch):
    assert measured([SHARP, LONG], stretch=stretch).sharp_wave


def test_a_third_phase_is_that_of_a_fibre_unless_a_filter_may_have_made_it():
    short, long = (measured([SHARP, LONG, AFTER], stretch=stretch) for stretch in (1.2, 4.0))
    assert (short.shape.phases, long.shape.phases) == (3, 3)
    assert 5 < short.shape.duration_ms < 10 < long.shape.duration_ms
    assert (short.sharp_wave, long.sharp_wave) == (False, True)


def test_a_complex_is_no_sharp_wave_however_long_it_lasts():
    spikes = [part for at_ms in (0.0, 8.0, 16.0) for part in ((200.0, at_ms, 0.3), (-150.0, at_ms + 1.6, 0.9))]
    train = measured(spikes)
    assert train.shape.duration_ms > 10
    assert train.shape.phases > 4
    assert not train.sharp_wave


@pytest.mark.parametrize("early_ms", [-11.0, -14.0, -25.0])
def test_what_comes_long_before_the_largest_spike_is_no_baseline(early_ms):
    spike = [(-250.0, 0.0, 0.3), (100.0, -0.7, 0.3)]
    early = [(-90.0, early_ms, 0.3), (-80.0, -8.0, 0.3)]
    train = measured([*spike, *early])
    assert train.spikes == 3
    assert train.shape.duration_ms == pytest.approx(1.5 - early_ms, abs=0.8)
    quiet = (train.window_ms > 5) & (train.window_ms < 35)
    assert np.median(train.average_uv[quiet]) == pytest.approx(0, abs=1)
    assert train.window_ms[0] == pytest.approx(-10, abs=0.1)


def test_a_long_average_is_stored_like_any_other():
    one, several = (
        measured([(-250.0, 0.0, 0.3)]),
        measured([(-250.0, 0.0, 0.3), (-90.0, -8.0, 0.3), (-80.0, -5.0, 0.3)]),
    )
    np.testing.assert_allclose(one.window_ms, several.window_ms)
    assert one.average_uv.shape == several.average_uv.shape
    assert one.waveforms_uv.shape == several.waveforms_uv.shape


@pytest.mark.parametrize(("jitter", "spikes"), [(0.003, 4), (0.06, 1)])
def test_the_spikes_of_a_slow_complex_are_looked_for_where_its_rhythm_is_that_of_one(jitter, spikes):
    """A fibre is not that steady, so the silence before its spike is not looked through."""
    far = [(-90.0, early_ms, 0.3) for early_ms in (-63.0, -48.0, -30.0)]
    assert measured([(-250.0, 0.0, 0.3), *far], jitter=jitter).spikes == spikes


def test_the_time_of_a_slow_wave_is_no_ripple_that_others_left_behind_it():
    slow = [(-120.0, 0.0, 3.0), (60.0, 9.0, 4.0)]
    wave, ripple, spike = (measured([*slow, (size_uv, 16.0, 0.2)], rate_hz=9.0) for size_uv in (0.0, 2.5, -90.0))
    np.testing.assert_array_equal(ripple.train.time_s, wave.train.time_s)
    np.testing.assert_allclose(spike.train.time_s, wave.train.time_s + 0.016, atol=0.001)
