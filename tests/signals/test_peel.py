"""Whole potentials of known trains: learnt although they overlap, and taken away down to the noise."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.peel import SCALE_LIMITS, moved, peel
from tests.naive_signals import moved_by_fourier

RATE_HZ = 3000.0
BEFORE, AFTER = 30, 120
NOISE_UV = 2.0


def sharp_wave(at_ms: np.ndarray) -> np.ndarray:
    """Return a positive wave with a long negative phase, as the slow band shows it."""
    return 90 * np.exp(-(((at_ms + 0.5) / 0.9) ** 2)) - 35 * np.exp(-(((at_ms - 5) / 3) ** 2))


def unit(at_ms: np.ndarray) -> np.ndarray:
    """Return three phases of a motor unit."""
    return (
        40 * np.exp(-(((at_ms + 2) / 1) ** 2))
        - 150 * np.exp(-((at_ms / 1.2) ** 2))
        + 60 * np.exp(-(((at_ms - 3) / 2) ** 2))
    )


def drawn(trains, *, seconds: float = 12.0, noise_uv: float = NOISE_UV, sizes=None) -> np.ndarray:
    """Return noise with the discharges of trains of (wave, places in samples)."""
    signal = np.random.default_rng(9).normal(0, noise_uv, int(seconds * RATE_HZ))
    offset = np.arange(-BEFORE - 10, AFTER + 10)
    for number, (wave, places) in enumerate(trains):
        for turn, place in enumerate(places):
            whole = int(np.floor(place))
            index = whole + offset
            size = 1.0 if sizes is None else sizes[number][turn]
            inside = (index >= 0) & (index < len(signal))
            signal[index[inside]] += size * wave((index - place) / RATE_HZ * 1000)[inside]
    return signal.astype(np.float32)


def firing(rate: float, seed: int, *, seconds: float = 12.0, jitter: float = 0.04) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times_s = np.cumsum(rng.normal(1, jitter, int(rate * seconds)) / rate)
    return times_s[(times_s > 0.1) & (times_s < seconds - 0.1)] * RATE_HZ


def shape_of(wave) -> np.ndarray:
    return wave(np.arange(-BEFORE, AFTER) / RATE_HZ * 1000)


def error(potential: np.ndarray, wave) -> float:
    """Return the root of the share of energy by which a potential differs from the wave it was drawn from."""
    wanted = shape_of(wave)
    return float(np.sqrt(np.square(potential - wanted).sum() / np.square(wanted).sum()))


@pytest.mark.parametrize("rates", [(6.0, 9.0), (13.0, 11.0), (25.0, 8.0)])
def test_potentials_of_overlapping_trains_are_recovered_and_only_noise_is_left(rates):
    trains = [
        (wave, firing(rate, seed)) for seed, (wave, rate) in enumerate(zip((sharp_wave, unit), rates, strict=True))
    ]
    near = np.abs(trains[0][1][:, None] - trains[1][1]).min(axis=1) < AFTER
    assert near.mean() > 0.3, "they do not overlap"
    peeled = peel(drawn(trains), [places for _, places in trains], before=BEFORE, after=AFTER)
    for potential, (wave, _) in zip(peeled.potentials, trains, strict=True):
        assert error(potential, wave) < 0.07
    assert peeled.residual.std() == pytest.approx(NOISE_UV, rel=0.15)


def test_the_order_of_the_trains_matters_little():
    trains = [(sharp_wave, firing(7.0, 1)), (unit, firing(11.0, 2))]
    signal = drawn(trains)
    one = peel(signal, [places for _, places in trains], before=BEFORE, after=AFTER)
    other = peel(signal, [places for _, places in trains[::-1]], before=BEFORE, after=AFTER)
    assert np.std(one.residual - other.residual) < 0.3 * NOISE_UV


@pytest.mark.parametrize("jitter", [0.003, 0.05, 0.15])
@pytest.mark.parametrize("rate", [8.0, 30.0, 45.0, 80.0])
def test_a_fast_train_does_not_learn_its_own_neighbours(rate, jitter):
    # At 30/s the window of 50 ms holds the next discharge as well, at 80/s three of them.
    places = firing(rate, 3, jitter=jitter)
    signal = drawn([(unit, places)])
    peeled = peel(signal, [places], before=BEFORE, after=AFTER)
    assert error(peeled.potentials[0], unit) < 0.08
    assert peeled.residual.std() < 0.1 * signal.std() + NOISE_UV


def test_sizes_of_single_discharges_are_measured():
    places = firing(6.0, 4)
    sizes = np.random.default_rng(5).uniform(0.7, 1.4, len(places))
    sizes /= np.median(sizes)
    peeled = peel(drawn([(unit, places)], sizes=[sizes]), [places], before=BEFORE, after=AFTER)
    np.testing.assert_allclose(peeled.scales[0], sizes, atol=0.06)
    assert peeled.residual.std() == pytest.approx(NOISE_UV, rel=0.2)


def test_one_discharge_that_is_missing_or_huge_does_not_count_for_more_than_it_may():
    places = firing(6.0, 4)
    sizes = np.ones(len(places))
    sizes[[5, 20]] = 0.0, 6.0
    peeled = peel(drawn([(unit, places)], sizes=[sizes]), [places], before=BEFORE, after=AFTER)
    assert peeled.scales[0][[5, 20]].tolist() == pytest.approx(SCALE_LIMITS)
    assert error(peeled.potentials[0], unit) < 0.05


def test_fractions_of_a_sample_are_kept():
    # A potential drawn at fractions would be blurred, and leave a trace at every discharge, if they were rounded.
    places = firing(6.0, 6)
    peeled = peel(drawn([(unit, places)], noise_uv=0.2), [places], before=BEFORE, after=AFTER)
    assert error(peeled.potentials[0], unit) < 0.02
    assert np.abs(peeled.residual).max() < 0.04 * np.ptp(shape_of(unit))
    rounded = peel(drawn([(unit, places)], noise_uv=0.2), [np.round(places)], before=BEFORE, after=AFTER)
    assert rounded.residual.std() > 1.5 * peeled.residual.std()


def test_what_was_taken_away_and_what_is_left_make_the_signal():
    trains = [(sharp_wave, firing(7.0, 1)), (unit, np.concatenate([[5.3], firing(11.0, 2), [12 * RATE_HZ - 40.2]]))]
    signal = drawn(trains)
    peeled = peel(signal, [places for _, places in trains], before=BEFORE, after=AFTER)
    total = peeled.residual.astype(np.float64)
    for potential, scales, (_, places) in zip(peeled.potentials, peeled.scales, trains, strict=True):
        for scale, place in zip(scales, places, strict=True):
            whole = int(np.floor(place))
            shape = moved_by_fourier(potential, int((place - whole) * 8) / 8)
            low, high = max(whole - BEFORE, 0), min(whole + AFTER, len(total))
            total[low:high] += scale * shape[low - whole + BEFORE : high - whole + BEFORE]
    np.testing.assert_allclose(total, signal, atol=0.02)


def test_discharges_at_the_ends_of_the_signal_are_taken_away_as_well():
    places = np.concatenate([[3.0], firing(5.0, 7), [12 * RATE_HZ - 8.0]])
    signal = drawn([(unit, places)])
    peeled = peel(signal, [places], before=BEFORE, after=AFTER)
    for end in (slice(None, 40), slice(-40, None)):
        assert np.square(peeled.residual[end]).sum() < 0.2 * np.square(signal[end]).sum()


@pytest.mark.parametrize("factor", [-1.0, 0.5, 2.0])
def test_gain_and_polarity_pass_through(factor):
    trains = [(sharp_wave, firing(7.0, 1)), (unit, firing(11.0, 2))]
    signal, positions = drawn(trains), [places for _, places in trains]
    one = peel(signal, positions, before=BEFORE, after=AFTER)
    other = peel(np.float32(factor) * signal, positions, before=BEFORE, after=AFTER)
    np.testing.assert_allclose(other.residual, factor * one.residual, atol=1e-3)
    for first, second in zip(one.scales, other.scales, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-4)


def test_nothing_is_taken_away_without_discharges():
    signal = drawn([])
    for positions in ([], [np.array([])]):
        peeled = peel(signal, positions, before=BEFORE, after=AFTER)
        np.testing.assert_array_equal(peeled.residual, signal)
        assert not any(potential.any() for potential in peeled.potentials)
    quiet = np.zeros(500, np.float32)
    assert not peel(quiet, [np.array([100.0, 300.0])], before=BEFORE, after=AFTER).residual.any()


def test_a_train_in_pure_noise_takes_little_away():
    signal = drawn([])
    peeled = peel(signal, [firing(6.0, 8)], before=BEFORE, after=AFTER)
    assert np.ptp(peeled.potentials[0]) < 2.5 * NOISE_UV
    assert peeled.residual.std() > 0.9 * signal.std()


def test_rows_are_moved_by_fractions_of_a_sample():
    rng = np.random.default_rng(1)
    windows = np.stack([np.pad(rng.normal(0, 1, 12), 10) for _ in range(4)])
    shifts = np.array([0.0, 0.3, -0.7, 2.25])
    for row, shift, result in zip(windows, shifts, moved(windows, shifts), strict=True):
        np.testing.assert_allclose(result, moved_by_fourier(row, shift), atol=1e-5)
