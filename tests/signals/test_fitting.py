"""A template is found where it fits best, and as large as it is there."""

from __future__ import annotations

import numpy as np

from emgkit.signals.fitting import best_scale, best_scales

TIME = np.arange(-30, 30, dtype=float)
WAVE = 60 * (np.exp(-((TIME + 3) ** 2) / 12) - np.exp(-((TIME - 3) ** 2) / 12))


def test_best_scale_finds_place_and_size():
    signal = np.zeros(200)
    signal[70 : 70 + 60] = 0.8 * WAVE
    place, scale, alike = best_scale(signal, WAVE)
    assert (place, round(scale, 9), alike) == (100, 0.8, 1.0)
    place, scale, alike = best_scale(signal, -WAVE)
    assert alike < 0.9


def test_the_best_place_in_many_windows_is_that_in_each():
    rng = np.random.default_rng(33)
    windows, sizes = rng.normal(0, 1, (20, 150)).astype(np.float32), rng.integers(len(WAVE), 151, 20)
    place, scale, alike = best_scales(windows, WAVE, sizes=sizes)
    for row, (window, size) in enumerate(zip(windows, sizes, strict=True)):
        answer = np.correlate(window[:size], WAVE, "valid")
        start, energy = answer.argmax(), np.square(WAVE).sum()
        there = np.square(window[start : start + len(WAVE)]).sum()
        assert place[row] == start + len(WAVE) // 2
        wanted = answer[start] / np.array([energy, np.sqrt(energy * there)])
        np.testing.assert_allclose((scale[row], alike[row]), wanted, rtol=1e-5)
