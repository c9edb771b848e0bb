"""Matching pursuit: exact books, overlaps, fractions of a sample, and no dependence on gain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emgkit.signals import match
from emgkit.signals.detect import find_spikes
from emgkit.signals.match import Matches, MatchLimits, match_templates, similarity
from emgkit.signals.peel import shifted
from tests.naive_signals import HALF, add_wave, best_template_by_loop, biphasic, moved_by_fourier, triphasic

RATE_HZ = 12_000.0
LAG = 10
LIMITS = MatchLimits(noise_uv=1.0, gain=50, scale_low=0.55, scale_high=1.8, stiffness=3, correlation=0.6, residue=0.05)


TEMPLATES = [biphasic(), triphasic()]


def noise(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, n).astype(np.float32)


def busy(seed: int, n: int = 40_000) -> np.ndarray:
    signal = noise(n, seed)
    rng = np.random.default_rng(seed + 100)
    for wave in (biphasic, triphasic):
        for place in rng.uniform(100, n - 100, 150):
            add_wave(signal, wave, place)
    return signal


def found(signal: np.ndarray, templates=TEMPLATES, *, limits: MatchLimits = LIMITS) -> Matches:
    peaks, _ = find_spikes(signal, noise_uv=limits.noise_uv, threshold=2.5, width=7, separation=24)
    return match_templates(signal, peaks, templates=templates, limits=limits, lag=LAG)


def explained_by(matches: Matches, templates, n: int) -> np.ndarray:
    """Return the matches drawn again at their exact places."""
    total = np.zeros(n)
    for number, position, scale in zip(matches.template, matches.position, matches.scale, strict=True):
        whole, part = divmod(position - HALF, 1)
        shape = scale * moved_by_fourier(templates[number], part)
        low, high = max(int(whole), 0), min(int(whole) + len(shape), n)
        total[low:high] += shape[low - int(whole) : high - int(whole)]
    return total


@pytest.mark.parametrize("seed", range(2))
def test_what_was_found_and_what_remains_make_the_signal(seed):
    signal = busy(seed)
    matches = found(signal)
    assert len(matches.position) > 250
    off = explained_by(matches, TEMPLATES, len(signal)) + matches.residual - signal
    # Templates are kept at eighths of a sample, within which the steepest edge of the largest one rises by 3 uV.
    assert np.abs(off).max() < 4.0
    assert off.std() < 0.25
    assert np.all(np.diff(matches.position) >= 0)


@pytest.mark.parametrize("seed", range(2))
def test_every_match_takes_away_the_energy_that_is_asked_for(seed):
    for signal in (busy(seed), 0.5 * busy(seed) + noise(40_000, seed + 50)):
        matches = found(signal)
        assert len(matches.position) > 10
        taken = float(np.square(signal, dtype=np.float64).sum() - np.square(matches.residual, dtype=np.float64).sum())
        assert taken > LIMITS.gain * len(matches.position)


def test_a_signal_made_of_templates_is_explained_down_to_its_noise():
    signal = noise(60_000, 0)
    places = np.arange(200, 59_800, 150) + np.random.default_rng(1).uniform(0, 1, 398)
    for number, place in enumerate(places):
        add_wave(signal, (biphasic, triphasic)[number % 2], place)
    matches = found(signal)
    assert matches.template.tolist() == [number % 2 for number in range(len(places))]
    assert np.abs(matches.position - places).max() < 0.3
    assert matches.residual.std() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("lag_ms", [-3.0, -2.0, -1.2, -0.8, 0.8, 1.0, 1.2, 1.6, 2.0, 3.0, 5.0])
def test_superpositions_are_taken_apart(lag_ms):
    # Main phases of these two waves nearer than 0.8 ms melt into one; a greedy search cannot promise anything there.
    lag = lag_ms * RATE_HZ / 1000
    signal = noise(40_000, 1)
    first = np.arange(200.0, 39_000, 400) + np.random.default_rng(2).uniform(0, 1, 97)
    for place in first:
        add_wave(signal, biphasic, place)
        add_wave(signal, triphasic, place + lag)
    peaks = np.sort(np.round(np.concatenate([first, first + lag])).astype(int))
    matches = match_templates(signal, peaks, templates=TEMPLATES, limits=LIMITS, lag=LAG)
    for template, places in ((0, first), (1, first + lag)):
        mine = matches.position[matches.template == template]
        off = np.abs(mine[:, None] - places).min(axis=0)
        assert np.mean(off < 0.5e-3 * RATE_HZ) >= 0.95
        assert len(mine) <= 1.05 * len(places)


@pytest.mark.parametrize("distance_ms", [1.4, 1.8, 2.5, 4.0])
def test_two_discharges_of_one_shape_are_two_matches(distance_ms):
    signal = noise(40_000, 3)
    first = np.arange(200.0, 39_000, 400)
    for place in first:
        add_wave(signal, biphasic, place)
        add_wave(signal, biphasic, place + distance_ms * RATE_HZ / 1000)
    both = np.sort(np.concatenate([first, first + distance_ms * RATE_HZ / 1000]))
    peaks = np.round(both).astype(int)
    matches = match_templates(signal, peaks, templates=TEMPLATES[:1], limits=LIMITS, lag=LAG)
    assert np.mean(np.abs(matches.position[:, None] - both).min(axis=0) < 3) >= 0.95
    assert len(matches.position) <= 1.05 * len(both)


@pytest.mark.parametrize("wave", [biphasic, triphasic])
def test_positions_are_right_to_a_fraction_of_a_sample(wave):
    rng = np.random.default_rng(2)
    signal = noise(60_000, 2)
    places = np.arange(200, 59_700, 300) + rng.uniform(0, 1, 199)
    for place in places:
        add_wave(signal, wave, place)
    matches = found(signal, [wave()])
    assert len(matches.position) == len(places)
    off = matches.position - places
    assert np.abs(off).max() < 0.15
    assert abs(off.mean()) < 0.01  # no part of a sample is preferred
    assert off.std() < 0.05


@pytest.mark.parametrize("size", [0.7, 1.0, 1.4])
def test_sizes_are_measured(size):
    signal = noise(40_000, 3)
    places = np.arange(200, 39_700, 300) + 0.3
    for place in places:
        add_wave(signal, biphasic, place, size)
    matches = found(signal, TEMPLATES[:1])
    assert len(matches.position) == len(places)
    assert np.median(matches.scale) == pytest.approx(size, rel=0.02)
    assert matches.residual.std() == pytest.approx(1.0, abs=0.05)


def test_sizes_beyond_the_limits_are_no_match():
    signal = noise(40_000, 3)
    for number, place in enumerate(np.arange(200, 39_700, 300)):
        add_wave(signal, biphasic, place, (0.4, 1.0, 2.2)[number % 3])
    matches = found(signal, TEMPLATES[:1])
    assert len(matches.position) == 44
    assert matches.scale == pytest.approx(np.ones(44), rel=0.05)


def test_similar_templates_of_different_size_keep_to_their_own():
    signal = noise(40_000, 4)
    places = np.arange(200, 39_700, 300)
    for number, place in enumerate(places):
        add_wave(signal, biphasic, place, 1.0 if number % 2 else 1.5)
    matches = found(signal, [1.5 * biphasic(), biphasic()])
    assert matches.template.tolist() == [number % 2 for number in range(len(places))]


@pytest.mark.parametrize("seed", range(3))
def test_the_best_template_of_a_window_is_that_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    lag, size = 4, 24
    time = np.arange(size) - size / 2
    templates = [
        30 * np.exp(-((time + 2) ** 2) / 12) - 30 * np.exp(-((time - 2) ** 2) / 12),
        30 * np.exp(-(time**2) / 9) - 12 * np.exp(-((time - 5) ** 2) / 12),
        24 * np.exp(-((time + 2) ** 2) / 12) - 24 * np.exp(-((time - 2) ** 2) / 12),
    ]
    limits = MatchLimits(1.0, 1.0, scale_low=0.5, scale_high=2.0, stiffness=3, correlation=0.0, residue=0.0)
    for _ in range(12):
        window = rng.normal(0, 1, size + 2 * lag)
        start = rng.uniform(1, 2 * lag - 1)
        true = int(rng.integers(3))
        shape = rng.uniform(0.8, 1.3) * moved_by_fourier(templates[true], start % 1)
        window[int(start) : int(start) + size] += shape
        signal = np.zeros(200, np.float32)
        signal[100 - size // 2 - lag : 100 + size // 2 + lag] = window
        wanted = best_template_by_loop(signal[84:124], templates, lag, limits)
        # Only the first match is of this window; with one pass nothing else is looked for.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(match, "MAX_PASSES", 1)
            matches = match_templates(signal, np.array([100]), templates=templates, limits=limits, lag=lag)
        assert len(matches.position) == 1
        ours = float(np.square(signal).sum() - np.square(matches.residual).sum())
        assert matches.template[0] == wanted[0]
        assert matches.position[0] - size / 2 - 84 == pytest.approx(wanted[1], abs=0.15)
        assert matches.scale[0] == pytest.approx(wanted[2], rel=0.03)
        assert ours > 0.97 * wanted[3]


def test_one_spike_is_one_match_however_often_it_was_detected():
    signal = noise(5000, 5)
    add_wave(signal, triphasic, 2000.4)
    for peaks in (np.array([2000]), np.arange(1993, 2008), np.array([2000, 2000, 2001])):
        matches = match_templates(signal, peaks, templates=TEMPLATES, limits=LIMITS, lag=LAG)
        assert matches.template.tolist() == [1]
        assert matches.position[0] == pytest.approx(2000.4, abs=0.15)


def test_a_spike_is_looked_for_no_farther_than_the_lag():
    signal = noise(5000, 5)
    add_wave(signal, biphasic, 2000.0)
    near = match_templates(signal, np.array([2000 - LAG]), templates=TEMPLATES, limits=LIMITS, lag=LAG + 1)
    far = match_templates(signal, np.array([2000 - 2 * LAG]), templates=TEMPLATES, limits=LIMITS, lag=LAG)
    assert near.position == pytest.approx([2000.0], abs=0.15)
    assert np.all(np.abs(far.position - 2000) > 2)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_gain_changes_nothing_but_the_residual(gain):
    signal = busy(5)
    matches = found(signal)
    louder = found(
        np.float32(gain) * signal, [gain * template for template in TEMPLATES], limits=replace(LIMITS, noise_uv=gain)
    )
    np.testing.assert_array_equal(louder.template, matches.template)
    np.testing.assert_allclose(louder.position, matches.position, atol=1e-4)
    np.testing.assert_allclose(louder.scale, matches.scale, rtol=1e-4)
    np.testing.assert_allclose(louder.residual, gain * matches.residual, atol=1e-2)


def test_an_inverted_signal_holds_inverted_templates_at_the_same_places():
    signal = busy(6)
    upright, inverted = found(signal), found(-signal, [-template for template in TEMPLATES])
    np.testing.assert_array_equal(upright.position, inverted.position)
    np.testing.assert_array_equal(upright.residual, -inverted.residual)


def test_noise_alone_holds_no_template():
    signal = noise(60_000, 7)
    everywhere = np.arange(0, 60_000, 5)
    matches = match_templates(signal, everywhere, templates=TEMPLATES, limits=LIMITS, lag=LAG)
    assert len(matches.position) == 0
    np.testing.assert_array_equal(matches.residual, signal)
    # The energy that a match must take away is enough to keep noise out, whatever its size and likeness.
    loose = replace(LIMITS, correlation=0.0, scale_low=0.02, stiffness=0)
    assert len(match_templates(signal, everywhere, templates=TEMPLATES, limits=loose, lag=LAG).position) == 0
    free = replace(loose, gain=1)
    assert len(match_templates(signal, everywhere, templates=TEMPLATES, limits=free, lag=LAG).position) > 100
    for templates, peaks in (([], everywhere), (TEMPLATES, everywhere[:0])):
        nothing = match_templates(signal, peaks, templates=templates, limits=LIMITS, lag=LAG)
        assert len(nothing.template) == len(nothing.position) == len(nothing.scale) == 0
        np.testing.assert_array_equal(nothing.residual, signal)


def test_what_is_left_of_a_large_potential_is_no_match():
    # A unit never repeats perfectly: a twentieth of what was explained counts as noise there.
    signal = noise(40_000, 8)
    for place in np.arange(200.0, 39_000, 400):
        add_wave(signal, biphasic, place, 20.0)
        add_wave(signal, triphasic, place + 5, 3.0)
    templates = [20 * biphasic(), triphasic()]
    limits = replace(LIMITS, correlation=0.1)
    careful, careless = (
        found(signal, templates, limits=limits),
        found(signal, templates, limits=replace(limits, residue=0.0)),
    )
    assert (careful.template == 1).sum() < 0.1 * (careless.template == 1).sum()


def test_spikes_at_the_ends_of_the_signal_are_found():
    signal = noise(2000, 9)
    signal[: HALF + 12] += biphasic()[HALF - 12 :]
    signal[-HALF - 12 :] += biphasic()[: HALF + 12]
    matches = match_templates(signal, np.array([12, 1988]), templates=TEMPLATES[:1], limits=LIMITS, lag=LAG)
    assert matches.position == pytest.approx([12, 1988], abs=0.3)
    assert np.abs(matches.residual).max() < 5


def test_batches_change_nothing(monkeypatch):
    signal = busy(10)
    wanted = found(signal)
    monkeypatch.setattr(match, "BATCH", 17)
    matches = found(signal)
    np.testing.assert_array_equal(matches.template, wanted.template)
    np.testing.assert_allclose(matches.position, wanted.position, atol=1e-4)


def test_shifted_templates_are_those_of_the_fourier_transform():
    both = shifted(np.array(TEMPLATES))
    assert both.shape == (2, 8, 2 * HALF)
    for number, template in enumerate(TEMPLATES):
        for eighth in range(8):
            np.testing.assert_allclose(both[number, eighth], moved_by_fourier(template, eighth / 8), atol=1e-4)


def test_similarity_sees_shift_and_not_size():
    wave = np.concatenate([np.zeros(20), biphasic(), np.zeros(20)])
    assert similarity(wave, 3 * np.roll(wave, -4), max_lag=6) == (1.0, -4)
    assert similarity(wave, -wave, max_lag=0)[0] == -1.0
