"""Groups of spikes by shape: two shapes are two, shifted copies are one."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals import cluster
from emgkit.signals.cluster import cut_windows, find_templates

HALF = 30
TIME = np.arange(-HALF, HALF, dtype=float)
LIMITS = {"noise_uv": 1.0, "half_window": HALF, "max_lag": 5, "tolerance": 0.02, "min_spikes": 5}


def biphasic(at: float = 0.0) -> np.ndarray:
    return 60 * (np.exp(-((TIME - at + 3) ** 2) / 12) - np.exp(-((TIME - at - 3) ** 2) / 12))


def monophasic(at: float = 0.0) -> np.ndarray:
    return 60 * np.exp(-((TIME - at) ** 2) / 40)


def with_tail(share: float):
    """Return the biphasic wave with a third phase that holds this share of its energy; no shift can make up for it."""

    def wave(at: float = 0.0) -> np.ndarray:
        third = np.exp(-((TIME - at - 12) ** 2) / 12)
        return biphasic(at) + third * np.sqrt(share * np.square(biphasic()).sum() / np.square(third).sum())

    return wave


def laid(waves, *, noise: float = 1.0, scatter: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return noise with one wave about every 200 samples, at fractions of a sample, and the nearest samples."""
    rng = np.random.default_rng(0)
    places = 300 + 200 * np.arange(len(waves))
    signal = rng.normal(0, noise, places[-1] + 300)
    for place, wave in zip(places, waves, strict=True):
        signal[place - HALF : place + HALF] += wave(rng.uniform(-scatter, scatter))
    return signal.astype(np.float32), places


def alike(template: np.ndarray, wave: np.ndarray) -> float:
    """Return the largest correlation over shifts of an eighth of a sample."""
    first, second = (np.fft.rfft(each, n=4 * HALF) for each in (template, wave))
    answer = 8 * np.fft.irfft(first * second.conj(), n=32 * HALF)
    return float(answer.max() / np.sqrt(np.square(template).sum() * np.square(wave).sum()))


def test_two_shapes_are_two_templates_and_both_are_right():
    signal, places = laid([monophasic if number % 3 == 0 else biphasic for number in range(60)])
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 2
    # The larger energy comes first: the broad monophasic wave has it.
    for template, wave in zip(templates, (monophasic(), biphasic()), strict=True):
        assert alike(template, wave) > 0.995
        assert np.ptp(template) == pytest.approx(np.ptp(wave), rel=0.05)


@pytest.mark.parametrize("scatter", [0.0, 0.5, 2.0])
def test_shapes_that_differ_by_a_tenth_of_their_energy_are_told_apart(scatter):
    signal, places = laid([(biphasic, with_tail(0.1))[number % 2] for number in range(60)], scatter=scatter)
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 2
    for template, wave in zip(templates, (with_tail(0.1)(), biphasic()), strict=True):
        assert alike(template, wave) > 0.995


def test_shapes_that_differ_by_less_than_the_tolerance_are_one():
    signal, places = laid([(biphasic, with_tail(0.01))[number % 2] for number in range(60)])
    assert len(find_templates(signal, places, **LIMITS)) == 1
    assert len(find_templates(signal, places, **{**LIMITS, "tolerance": 0.002})) == 2


@pytest.mark.parametrize("ratio", [1.25, 1.6, 2.5])
def test_two_sizes_of_one_shape_are_two_templates(ratio):
    signal, places = laid([lambda at, size=size: size * biphasic(at) for size in [ratio, 1.0] * 20], scatter=0.5)
    templates = find_templates(signal, places, **LIMITS)
    sizes = [float(np.ptp(template) / np.ptp(biphasic())) for template in templates]
    assert sizes == pytest.approx([ratio, 1.0], rel=0.04)


@pytest.mark.parametrize("scatter", [0.5, 2.0, 4.0])
def test_shifted_copies_are_one_template_that_is_not_blurred(scatter):
    signal, places = laid([biphasic] * 60, scatter=scatter)
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 1
    assert alike(templates[0], biphasic()) > 0.995
    assert np.ptp(templates[0]) == pytest.approx(np.ptp(biphasic()), rel=0.06)


def test_the_largest_shift_is_what_was_allowed():
    signal, places = laid([lambda _at, shift=shift: biphasic(shift) for shift in [0.0, 3.0] * 15])
    assert len(find_templates(signal, places, **LIMITS)) == 1
    assert len(find_templates(signal, places, **{**LIMITS, "max_lag": 1})) == 2


def test_opposite_polarity_is_another_shape():
    signal, places = laid([lambda at, sign=sign: sign * monophasic(at) for sign in [1, -1] * 15])
    templates = find_templates(signal, places, **LIMITS)
    assert sorted(np.sign(template[np.abs(template).argmax()]) for template in templates) == [-1, 1]


def test_gain_and_polarity_change_no_group():
    signal, places = laid([(biphasic, monophasic, with_tail(0.3))[number % 3] for number in range(60)])
    upright = find_templates(signal, places, **LIMITS)
    assert len(upright) == 3
    for factor in (-1, 0.5, 2):
        other = find_templates(np.float32(factor) * signal, places, **{**LIMITS, "noise_uv": abs(factor)})
        np.testing.assert_allclose(np.array(other), factor * np.array(upright), rtol=1e-4, atol=1e-3)


def test_too_few_alike_make_no_template():
    signal, places = laid([biphasic] * 4 + [monophasic] * 20)
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 1
    assert alike(templates[0], monophasic()) > 0.99
    assert find_templates(signal, places[:4], **LIMITS) == []


def test_noise_at_random_places_makes_no_large_template():
    signal = np.random.default_rng(3).normal(0, 1, 50_000).astype(np.float32)
    places = np.arange(300, 49_000, 250)
    assert all(np.ptp(template) < 4 for template in find_templates(signal, places, **LIMITS))


def test_overlapped_spikes_do_not_spoil_a_template_when_there_are_others():
    # Every third wave has another one right behind it; shapes are learnt from those that stand alone.
    rng = np.random.default_rng(4)
    signal = rng.normal(0, 1, 40_000).astype(np.float32)
    places = np.arange(300, 39_000, 200)
    peaks = []
    for number, place in enumerate(places):
        signal[place - HALF : place + HALF] += biphasic()
        peaks.append(place)
        if number % 3 == 0:
            behind = place + int(rng.integers(10, 25))
            signal[behind - HALF : behind + HALF] += monophasic()
            peaks.append(behind)
    [template] = find_templates(signal, np.array(peaks), **LIMITS)
    assert alike(template, biphasic()) > 0.995


def test_a_bounded_number_of_spikes_is_compared_and_they_are_spread(monkeypatch):
    monkeypatch.setattr(cluster, "MAX_SPIKES", 40)
    signal, places = laid([biphasic] * 100 + [monophasic] * 100)
    assert len(find_templates(signal, places, **LIMITS)) == 2


def test_windows_repeat_the_ends_of_the_signal():
    windows = cut_windows(np.arange(10.0), np.array([1, 8]), before=3, after=4)
    assert windows.tolist() == [[0, 0, 0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 9, 9]]
    inside = cut_windows(np.arange(10.0), np.array([3, 6]), before=3, after=4)
    assert inside.tolist() == [[0, 1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 7, 8, 9]]
    assert cut_windows(np.arange(3.0), np.array([1]), before=3, after=4).tolist() == [[0, 0, 0, 1, 2, 2, 2]]
    assert cut_windows(np.arange(10.0), np.array([], dtype=int), before=3, after=4).shape == (0, 7)
