"""Matching pursuit: exact books, overlaps, fractions of a sample, and no dependence on gain."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.match import MatchLimits, best_scale, match_templates, similarity

RATE_HZ = 12_000.0
HALF = 30
TIME = np.arange(-HALF, HALF, dtype=float)
LIMITS = MatchLimits(noise_uv=1.0, gain=50, scale_low=0.6, scale_high=1.6, stiffness=3, correlation=0.6, residue=0.05)


def biphasic(at: float = 0.0) -> np.ndarray:
    return 40 * (np.exp(-((TIME - at + 3) ** 2) / 12) - np.exp(-((TIME - at - 3) ** 2) / 12))


def triphasic(at: float = 0.0) -> np.ndarray:
    where = TIME - at
    return 35 * (
        np.exp(-((where + 6) ** 2) / 8) - 1.6 * np.exp(-(where**2) / 10) + 0.7 * np.exp(-((where - 7) ** 2) / 16)
    )


def added(signal: np.ndarray, wave, place: float, size: float = 1.0) -> None:
    """Add an analytic waveform at a fraction of a sample."""
    whole = int(np.floor(place))
    signal[whole - HALF : whole + HALF] += size * wave(place - whole)


def moved(template: np.ndarray, start: float, n: int) -> np.ndarray:
    """Return the template in a signal of n samples, beginning at a fraction of a sample, by the Fourier shift."""
    whole = int(np.floor(start))
    size = len(template)
    phase = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * size) * (start - whole))
    shifted = np.fft.irfft(np.fft.rfft(template, n=2 * size) * phase, n=2 * size)[:size]
    signal = np.zeros(n)
    signal[whole : whole + size] = shifted
    return signal


def busy(seed: int, n: int = 40_000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    signal = rng.normal(0, 1, n)
    for wave in (biphasic, triphasic):
        for place in rng.uniform(100, n - 100, 150):
            added(signal, wave, place)
    return signal


@pytest.mark.parametrize("seed", range(3))
def test_what_was_found_and_what_remains_make_the_signal(seed):
    # With no stiffness and no limits of size, each match takes away exactly its measured size.
    signal, templates = busy(seed), [biphasic(), triphasic()]
    loose = MatchLimits(noise_uv=1.0, gain=50, scale_low=0.0, scale_high=1e9, stiffness=0, correlation=0.5, residue=0.0)
    found = match_templates(signal, templates, limits=loose)
    assert len(found.position) > 250
    explained = sum(
        scale * moved(templates[template], position - HALF, len(signal))
        for template, position, scale in zip(found.template, found.position, found.scale, strict=True)
    )
    np.testing.assert_allclose(explained + found.residual, signal, atol=1e-8)
    assert np.square(found.residual).sum() < np.square(signal).sum()


def test_a_signal_made_of_templates_is_explained_down_to_its_noise():
    signal = np.random.default_rng(0).normal(0, 1, 60_000)
    places = np.arange(200, 59_800, 150)
    for number, place in enumerate(places):
        added(signal, (biphasic, triphasic)[number % 2], place)
    found = match_templates(signal, [biphasic(), triphasic()], limits=LIMITS)
    assert found.template.tolist() == [number % 2 for number in range(len(places))]
    assert np.abs(found.position - places).max() <= 0.5
    assert found.residual.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("lag_ms", [-3.0, -2.0, -1.2, -0.8, 0.8, 1.0, 1.2, 1.6, 2.0, 3.0, 5.0])
def test_superpositions_are_taken_apart(lag_ms):
    # Main phases of these two waves nearer than 0.8 ms melt into one; a greedy search cannot promise anything there.
    lag = lag_ms * RATE_HZ / 1000
    signal = np.random.default_rng(1).normal(0, 1, 40_000)
    first = np.arange(200.0, 39_000, 400)
    for place in first:
        added(signal, biphasic, place)
        added(signal, triphasic, place + lag)
    found = match_templates(signal, [biphasic(), triphasic()], limits=LIMITS)
    for template, places in ((0, first), (1, first + lag)):
        mine = found.position[found.template == template]
        off = np.abs(mine[:, None] - places).min(axis=0)
        assert np.mean(off < 0.5e-3 * RATE_HZ) >= 0.95
        assert len(mine) <= 1.05 * len(places)


def test_positions_are_right_to_a_fraction_of_a_sample():
    rng = np.random.default_rng(2)
    signal = rng.normal(0, 1, 60_000)
    places = np.arange(200, 59_700, 300) + rng.uniform(0, 1, 199)
    for place in places:
        added(signal, biphasic, place)
    found = match_templates(signal, [biphasic()], limits=LIMITS)
    assert len(found.position) == len(places)
    off_ms = np.abs(found.position - places) * 1000 / RATE_HZ
    assert off_ms.max() < 0.1
    # Rounding to whole samples would err by a quarter of one in the median, quarters of a sample by a sixteenth.
    assert np.median(off_ms) < 0.12 * 1000 / RATE_HZ


@pytest.mark.parametrize("size", [0.7, 1.0, 1.4])
def test_sizes_are_measured(size):
    signal = np.random.default_rng(3).normal(0, 1, 40_000)
    places = np.arange(200, 39_700, 300)
    for place in places:
        added(signal, biphasic, place, size)
    found = match_templates(signal, [biphasic()], limits=LIMITS)
    assert len(found.position) == len(places)
    assert np.median(found.scale) == pytest.approx(size, rel=0.02)


def test_similar_templates_of_different_size_keep_to_their_own():
    signal = np.random.default_rng(4).normal(0, 1, 40_000)
    places = np.arange(200, 39_700, 300)
    for number, place in enumerate(places):
        added(signal, biphasic, place, 1.0 if number % 2 else 1.5)
    found = match_templates(signal, [1.5 * biphasic(), biphasic()], limits=LIMITS)
    assert found.template.tolist() == [number % 2 for number in range(len(places))]


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_gain_changes_nothing_but_the_residual(gain):
    signal, templates = busy(5), [biphasic(), triphasic()]
    found = match_templates(signal, templates, limits=LIMITS)
    scaled = MatchLimits(**{**vars(LIMITS), "noise_uv": gain})
    louder = match_templates(gain * signal, [gain * template for template in templates], limits=scaled)
    np.testing.assert_array_equal(louder.template, found.template)
    np.testing.assert_allclose(louder.position, found.position, atol=1e-9)
    np.testing.assert_allclose(louder.scale, found.scale, rtol=1e-9)
    np.testing.assert_allclose(louder.residual, gain * found.residual, atol=1e-8)


def test_an_inverted_signal_holds_inverted_templates_at_the_same_places():
    signal, templates = busy(6), [biphasic(), triphasic()]
    upright = match_templates(signal, templates, limits=LIMITS)
    inverted = match_templates(-signal, [-template for template in templates], limits=LIMITS)
    np.testing.assert_array_equal(upright.position, inverted.position)
    np.testing.assert_array_equal(upright.residual, -inverted.residual)


def test_noise_alone_holds_no_template():
    noise = np.random.default_rng(7).normal(0, 1, 60_000)
    found = match_templates(noise, [biphasic(), triphasic()], limits=LIMITS)
    assert len(found.position) == 0
    np.testing.assert_array_equal(found.residual, noise)
    np.testing.assert_array_equal(match_templates(noise, [], limits=LIMITS).residual, noise)


def test_best_scale_finds_place_and_size():
    signal = np.zeros(200)
    signal[70 : 70 + 2 * HALF] = 0.8 * biphasic()
    place, scale, alike = best_scale(signal, biphasic())
    assert (place, round(scale, 9), alike) == (70 + HALF, 0.8, 1.0)


def test_similarity_sees_shift_and_not_size():
    wave = np.concatenate([np.zeros(20), biphasic(), np.zeros(20)])
    assert similarity(wave, 3 * np.roll(wave, -4), max_lag=6) == (1.0, -4)
    assert similarity(wave, -wave, max_lag=0)[0] == -1.0


def test_a_signal_explained_in_blocks_is_explained_as_a_whole(monkeypatch):
    rng = np.random.default_rng(5)
    shape = np.diff(np.hanning(41)) * 300
    signal = rng.normal(0, 1, 40_000)
    for start in np.sort(rng.choice(np.arange(100, 39_800, 60), 300, replace=False)):
        signal[start : start + 40] += shape
    limits = MatchLimits(1.0, 40.0, scale_low=0.6, scale_high=1.5, stiffness=1.0, correlation=0.6, residue=0.05)
    whole = match_templates(signal, [shape], limits=limits)
    monkeypatch.setattr("emgkit.signals.match.BLOCK", 3_000)
    blocks = match_templates(signal, [shape], limits=limits)
    np.testing.assert_allclose(blocks.position, whole.position)
    np.testing.assert_allclose(blocks.residual, whole.residual, atol=1e-9)
