"""Groups of spikes by shape: two shapes are two, shifted copies are one."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.cluster import cut_windows, find_templates

HALF = 30
TIME = np.arange(-HALF, HALF)
BIPHASIC = np.exp(-((TIME + 3) ** 2) / 12) - np.exp(-((TIME - 3) ** 2) / 12)
MONOPHASIC = np.exp(-(TIME**2) / 40)
LIMITS = {"noise_uv": 1.0, "half_window": HALF, "max_lag": 5, "tolerance": 0.05, "min_spikes": 5}


def laid(shapes: list[tuple[np.ndarray, int]], *, seed: int = 0, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return noise with one waveform every 200 samples, in turn, and the places where each was looked for."""
    places = np.arange(300, 300 + 200 * len(shapes), 200)
    signal = np.random.default_rng(seed).normal(0, noise, places[-1] + 300)
    for place, (wave, shift) in zip(places, shapes, strict=True):
        signal[place + shift - HALF : place + shift + HALF] += wave
    return signal, places


def alike(template: np.ndarray, wave: np.ndarray) -> float:
    full = np.correlate(template, wave, "full")
    return float(full.max() / np.sqrt(np.square(template).sum() * np.square(wave).sum()))


def test_two_shapes_are_two_templates_and_both_are_right():
    signal, places = laid([(30 * (BIPHASIC if number % 3 else MONOPHASIC), 0) for number in range(60)])
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 2
    # The larger energy comes first: the broad monophasic wave has it.
    for template, wave in zip(templates, (30 * MONOPHASIC, 30 * BIPHASIC), strict=True):
        assert alike(template, wave) > 0.99
        assert np.ptp(template) == pytest.approx(np.ptp(wave), rel=0.05)


@pytest.mark.parametrize("ratio", [1.6, 2.5])
def test_two_sizes_of_one_shape_are_two_templates(ratio):
    signal, places = laid([(30 * BIPHASIC * (ratio if number % 2 else 1), 0) for number in range(40)])
    templates = find_templates(signal, places, **LIMITS)
    assert [round(float(np.ptp(template) / np.ptp(30 * BIPHASIC)), 1) for template in templates] == [ratio, 1.0]


def test_shifted_copies_are_one_template_that_is_not_blurred():
    rng = np.random.default_rng(1)
    signal, places = laid([(30 * BIPHASIC, int(rng.integers(-2, 3))) for _ in range(50)])
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 1
    assert np.ptp(templates[0]) == pytest.approx(np.ptp(30 * BIPHASIC), rel=0.05)
    assert len(find_templates(signal, places, **{**LIMITS, "max_lag": 0})) > 1  # the shifts are what was allowed for


def test_opposite_polarity_is_another_shape():
    signal, places = laid([(30 * MONOPHASIC * (1 if number % 2 else -1), 0) for number in range(30)])
    assert len(find_templates(signal, places, **LIMITS)) == 2


def test_an_inverted_signal_has_the_inverted_templates():
    signal, places = laid([(30 * (BIPHASIC if number % 2 else MONOPHASIC), 0) for number in range(40)])
    upright, inverted = (find_templates(sign * signal, places, **LIMITS) for sign in (1, -1))
    np.testing.assert_allclose(np.array(upright), -np.array(inverted), atol=1e-9)


def test_too_few_alike_make_no_template():
    signal, places = laid([(30 * BIPHASIC, 0)] * 4 + [(30 * MONOPHASIC, 0)] * 20)
    templates = find_templates(signal, places, **LIMITS)
    assert len(templates) == 1
    assert alike(templates[0], MONOPHASIC) > 0.99
    assert find_templates(signal, places[:4], **LIMITS) == []


def test_windows_repeat_the_ends_of_the_signal():
    windows = cut_windows(np.arange(10.0), np.array([1, 8]), before=3, after=4)
    assert windows.tolist() == [[0, 0, 0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 9, 9]]
