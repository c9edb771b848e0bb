"""Averages and their shape: constructed waves with known answers, and law 9."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from emgkit.signals.waveform import MAX_DISCHARGES, average_discharge, cut_discharges, measure_shape

RATE_HZ = 24_000.0
STEP_MS = 1000 / RATE_HZ
WINDOW_MS = np.arange(-10, 40, STEP_MS)


def bump(centre_ms: float, width_ms: float) -> np.ndarray:
    """Return half a cosine that starts and stops sharply: its extent is known exactly."""
    where = (WINDOW_MS - centre_ms) / width_ms
    return np.where(np.abs(where) < 0.5, np.cos(np.pi * where), 0.0)


def sharp_wave(at_ms: float = 0.0) -> np.ndarray:
    """Return a steep positive peak and a long shallow negative phase."""
    where = WINDOW_MS - at_ms
    rise = np.exp(-((where / 0.25) ** 2)) * (where < 0) + np.exp(-where / 1.2) * (where >= 0)
    return 200 * rise - 60 * (where > 0) * (where / 5) * np.exp(1 - where / 5)


def shape_of(wave: np.ndarray, **limits: float):
    return measure_shape(wave, WINDOW_MS, **{"error_uv": 0.1, "share": 0.05, "errors": 3.0, **limits})


PHASES = [
    ([100.0], "positive", 1),
    ([-100.0], "negative", 1),
    ([60.0, -100.0], "positive", 2),
    ([-60.0, 100.0], "negative", 2),
    ([30.0, -100.0, 40.0], "positive", 3),
    ([-30.0, 100.0, -40.0], "negative", 3),
    ([20.0, -60.0, 100.0, -50.0, 20.0], "positive", 5),
]


@pytest.mark.parametrize(("sizes", "initial", "phases"), PHASES)
def test_phases_size_and_first_deflection_of_half_waves(sizes, initial, phases):
    first = -(len(sizes) - 1) / 2
    wave = sum(size * bump(first + number, 1.0) for number, size in enumerate(sizes))
    shape = shape_of(wave)
    assert shape.initial_deflection == initial
    assert shape.phases == phases
    assert shape.peak_to_peak_uv == pytest.approx(max(*sizes, 0) - min(*sizes, 0), rel=0.01)
    # Of either end is lost what lies below 5 % of the peak-to-peak size; the rest is right to a sample on either side.
    lost = sum(0.5 - np.arccos(0.05 * shape.peak_to_peak_uv / abs(size)) / np.pi for size in (sizes[0], sizes[-1]))
    assert shape.duration_ms == pytest.approx(len(sizes) - lost, abs=2 * STEP_MS)


def test_an_inverted_wave_has_the_opposite_first_deflection_and_all_else_alike():
    for sizes, initial, _ in PHASES:
        wave = sum(size * bump(number - 1.0, 1.0) for number, size in enumerate(sizes))
        upright, inverted = shape_of(wave), shape_of(-wave)
        assert (upright.initial_deflection == "positive") == (initial == "positive")
        assert {upright.initial_deflection, inverted.initial_deflection} == {"positive", "negative"}
        assert (upright.phases, upright.duration_ms) == (inverted.phases, inverted.duration_ms)


@pytest.mark.parametrize("width_ms", [0.5, 1.0, 4.0])
def test_rise_time_of_a_full_sine_edge(width_ms):
    # Between its extremes a sine period is half a cosine: 10-90 % is arccos(-0.8) - arccos(0.8) over pi, 59 % of it.
    where = WINDOW_MS / width_ms
    wave = np.where(np.abs(where) < 1, 100 * np.sin(np.pi * where), 0.0)
    shape = shape_of(wave)
    assert shape.rise_ms == pytest.approx(0.5903 * width_ms, abs=2.01 * STEP_MS)
    lost = np.arcsin(0.1) / np.pi  # at either end: 5 % of the peak-to-peak size is a tenth of the peak
    assert shape.duration_ms == pytest.approx(2 * width_ms * (1 - lost), abs=2.01 * STEP_MS)


def test_a_departure_must_rise_over_the_error_of_the_average():
    wave = 8 * bump(-1.0, 1.0) - 100 * bump(0.0, 1.0)
    assert shape_of(wave, error_uv=0.1).initial_deflection == "positive"
    assert shape_of(wave, error_uv=4.0).initial_deflection == "negative"  # 8 uV is no more than twice the error
    assert shape_of(wave, error_uv=40.0).initial_deflection == "indeterminate"


def test_a_far_wave_after_a_pause_is_not_part_of_the_potential():
    near = 40 * bump(-1.0, 1.0) - 100 * bump(0.0, 1.0)
    assert shape_of(near + 60 * bump(12.0, 2.0)).duration_ms == pytest.approx(shape_of(near).duration_ms, abs=0.1)


def slow_phase() -> np.ndarray:
    return np.exp(-(((WINDOW_MS - 5.0) / 3.5) ** 2)) * (WINDOW_MS > 0)


@pytest.mark.parametrize("invert", [1, -1])
def test_a_slow_phase_belongs_to_the_wave_that_passes_into_it(invert):
    # A sharp positive and a long negative wave: on its way across the baseline it stays under the limit for over 1 ms.
    wave = 300 * bump(0.0, 1.0) - 60 * slow_phase()
    shape = shape_of(invert * wave)
    assert shape.duration_ms == pytest.approx(10.0, abs=1.0)
    assert shape.phases == 2


def test_what_a_wave_comes_to_after_a_rest_or_hardly_exceeds_the_limit_is_not_its_phase():
    near = 300 * bump(0.0, 1.0)
    rested = near - 60 * bump(4.0, 2.0)
    shallow = near - 18 * slow_phase()
    assert shape_of(rested).duration_ms < 1.5
    assert shape_of(shallow).duration_ms < 1.5


TURNS = [
    ([100.0], 1),
    ([60.0, -100.0], 2),
    ([-30.0, 100.0, -40.0], 3),
    ([40.0, -60.0, 100.0, -50.0, 40.0], 5),
    ([40.0, -60.0, 30.0, -60.0, 40.0], 5),  # a smaller peak between two larger ones
]


@pytest.mark.parametrize(("sizes", "turns"), TURNS)
def test_every_peak_and_trough_is_a_turn_whatever_polarity_and_direction(sizes, turns):
    wave = sum(size * bump(number - (len(sizes) - 1) / 2, 1.0) for number, size in enumerate(sizes))
    mirrored = np.interp(-WINDOW_MS, WINDOW_MS, wave, left=0.0, right=0.0)
    assert [shape_of(each).turns for each in (wave, -wave, mirrored, 7 * wave)] == [turns] * 4


@pytest.mark.parametrize(("dip", "turns"), [(0.03, 1), (0.08, 1), (0.15, 3), (0.6, 3)])
def test_a_notch_is_a_turn_when_it_is_a_tenth_of_the_size(dip, turns):
    # A serrated wave that never crosses the baseline has one phase and several turns.
    wave = 100 * np.maximum(bump(0.0, 4.0) ** 0.2, 0.0) * (np.abs(WINDOW_MS) < 2)
    wave *= 1 - dip * np.exp(-((WINDOW_MS / 0.3) ** 2))
    shape = shape_of(wave)
    assert (shape.turns, shape.phases) == (turns, 1)


def test_noise_within_its_error_makes_no_turns():
    wave = 60 * bump(-0.5, 1.0) - 100 * bump(0.5, 1.0)
    rough = wave + np.random.default_rng(0).normal(0, 2, len(wave))
    assert shape_of(rough, error_uv=4.0, errors=4.0).turns == shape_of(wave).turns == 2


def test_the_sharp_wave_is_positive_first_and_long():
    shape = shape_of(sharp_wave())
    assert shape.initial_deflection == "positive"
    assert shape.positive_first
    assert shape.phases == 2
    assert 0.2 < shape.negative_share < 0.4  # 60 uV less what of the positive phase is left there
    assert shape.negative_to_positive_width > 3
    assert shape.duration_ms > 10


def recorded(seed: int = 0, *, noise_uv: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Return 20 s of sharp waves at fractions of a sample, in noise and slow drift, and their times."""
    rng = np.random.default_rng(seed)
    n = int(20 * RATE_HZ)
    times_s = np.cumsum(rng.normal(0.15, 0.005, 120)) + 0.1
    samples = rng.normal(0, noise_uv, n) + 40 * np.sin(2 * np.pi * 0.7 * np.arange(n) / RATE_HZ)
    for time_s in times_s:
        start = int(time_s * RATE_HZ) - round(0.010 * RATE_HZ)
        at_ms = 1000 * (time_s - int(time_s * RATE_HZ) / RATE_HZ)
        samples[start : start + len(WINDOW_MS)] += sharp_wave(at_ms)
    return samples, times_s


def averaged(samples: np.ndarray, times_s: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    windows, window_ms = cut_discharges(samples, RATE_HZ, times_s=times_s, before_ms=10.0, after_ms=35.0)
    average_uv, error_uv, _ = average_discharge(windows, window_ms, baseline_ms=(-9.0, -5.0))
    return average_uv, error_uv, window_ms


def test_the_average_keeps_the_first_deflection_that_a_zero_phase_high_pass_flips():
    # Law 9. The same discharges, averaged as they are and averaged after a zero-phase high-pass of 100 Hz.
    samples, times_s = recorded()
    average, error_uv, window_ms = averaged(samples, times_s)
    shape = measure_shape(average, window_ms, error_uv=error_uv, share=0.05, errors=3.0)
    assert shape.initial_deflection == "positive"
    filtered = sosfiltfilt(butter(2, 100.0, "highpass", fs=RATE_HZ, output="sos"), samples)
    bent, bent_error_uv, _ = averaged(filtered, times_s)
    flipped = measure_shape(bent, window_ms, error_uv=bent_error_uv, share=0.05, errors=3.0)
    assert flipped.initial_deflection == "negative"


def test_the_average_is_the_wave():
    samples, times_s = recorded()
    average, error_uv, window_ms = averaged(samples, times_s)
    wanted = np.interp(window_ms, WINDOW_MS, sharp_wave())
    away = np.abs(window_ms) > 0.1  # the steep onset is blurred by the straight line between two samples
    assert np.abs(average - wanted)[away].max() < 12.0  # drift of 40 uV and 0.7 Hz over 45 ms is part of that
    assert np.abs(average - wanted)[away & (window_ms < 5)].max() < 4.0
    # 72 of 120 windows are averaged after trimming: a little more than 3 uV over the root of 120
    assert 3 / np.sqrt(120) * 0.8 < error_uv < 3 / np.sqrt(120) * 1.8


def test_the_error_of_the_average_falls_with_the_root_of_the_number():
    samples, times_s = recorded()
    few, many = averaged(samples, times_s[:20])[1], averaged(samples, times_s)[1]
    assert few / many == pytest.approx(np.sqrt(6), rel=0.25)


def test_one_wild_window_does_not_move_the_average():
    samples, times_s = recorded()
    windows, window_ms = cut_discharges(samples, RATE_HZ, times_s=times_s, before_ms=10.0, after_ms=35.0)
    clean, *_ = average_discharge(windows, window_ms, baseline_ms=(-9.0, -5.0))
    windows[7] += 5000 * np.sin(np.arange(len(window_ms)))
    wild, *_ = average_discharge(windows, window_ms, baseline_ms=(-9.0, -5.0))
    assert np.abs(wild - clean).max() < 1.0


def test_windows_beyond_the_recording_are_left_out():
    samples = np.arange(24_000.0)
    windows, window_ms = cut_discharges(
        samples, RATE_HZ, times_s=np.array([0.001, 0.5, 0.999]), before_ms=10.0, after_ms=10.0
    )
    assert windows.shape == (1, len(window_ms))
    np.testing.assert_allclose(windows[0], 12_000 + window_ms * RATE_HZ / 1000)  # also between samples, see below
    between, _ = cut_discharges(samples, RATE_HZ, times_s=np.array([0.5 + 0.25 / RATE_HZ]), before_ms=1.0, after_ms=1.0)
    assert between[0][24] == pytest.approx(12_000.25)


def test_hum_is_taken_off_every_window_before_the_average():
    samples, times_s = recorded()
    loud = samples + 80 * np.sin(2 * np.pi * 50.0 * np.arange(len(samples)) / RATE_HZ)

    def hum(at_s: np.ndarray, offsets_s: np.ndarray) -> np.ndarray:
        return 80 * np.sin(2 * np.pi * 50.0 * (at_s[:, None] + offsets_s))

    cut = {"times_s": times_s, "before_ms": 10.0, "after_ms": 35.0}
    clean, _ = cut_discharges(samples, RATE_HZ, **cut)
    cleaned, _ = cut_discharges(loud, RATE_HZ, **cut, hum=hum)
    np.testing.assert_allclose(cleaned, clean, atol=0.1)


def test_many_discharges_are_sampled_evenly():
    samples = np.arange(240_000.0)
    times_s = np.linspace(0.1, 9.9, 1000)
    windows, _ = cut_discharges(samples, RATE_HZ, times_s=times_s, before_ms=0.0, after_ms=1.0)
    assert len(windows) == MAX_DISCHARGES
    assert np.diff(windows[:, 0]).max() < 1.5 * np.ptp(times_s) * RATE_HZ / MAX_DISCHARGES
    assert windows[[0, -1], 0] == pytest.approx(times_s[[0, -1]] * RATE_HZ)


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize(("rest_ms", "ends_ms"), [(0.4, 7.4), (1.0, 8.0), (2.5, 4.5)])
def test_a_short_rest_between_two_phases_does_not_end_the_potential(rest_ms, ends_ms, way):
    wave = 200 * bump(0, 3) - 100 * bump(3, 3) - 60 * bump(4.5 + rest_ms + 1.25, 2.5)
    shape = measure_shape(wave[::way], WINDOW_MS[::way] * way, error_uv=0.1, share=0.05, errors=3.0)
    assert shape.duration_ms == pytest.approx(ends_ms + 1.5, abs=0.4)


def test_a_phase_after_a_rest_that_only_some_discharges_have_is_none():
    own, foreign = 200 * bump(0, 3) - 100 * bump(3, 3), 60 * bump(6.8, 2.5)
    assert shape_of(own - foreign, common=own - foreign).duration_ms > 8
    assert shape_of(own - foreign, common=own).duration_ms == pytest.approx(6, abs=0.3)


def test_a_complex_lasts_from_its_first_spike_to_its_last_whatever_the_pauses():
    wave = sum(size * bump(at_ms, 1) for at_ms, size in ((-8.0, -80.0), (0.0, -200.0), (12.0, -60.0)))
    assert shape_of(wave).duration_ms == pytest.approx(1, abs=0.1)
    assert shape_of(wave, spikes_ms=[-8.0, 0.0, 12.0]).duration_ms == pytest.approx(21, abs=0.2)


def test_the_rise_of_a_complex_is_that_of_one_spike():
    wave = 100 * bump(-1, 2) - 250 * bump(1, 2) + 60 * bump(3, 2) + 180 * bump(9, 2)
    alone = shape_of(100 * bump(-1, 2) - 250 * bump(1, 2))
    whole = shape_of(wave, spikes_ms=[1.0, 9.0])
    assert whole.rise_ms == pytest.approx(alone.rise_ms, abs=0.1)
