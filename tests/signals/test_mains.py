"""Hum of the mains is taken away whole, and discharges are not touched."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.bands import Edges, Stretch, read_stretch, thinning
from emgkit.signals.faults import FaultLimits
from emgkit.signals.mains import Hum, MainsLimits, fit_hum, hum_of_pieces, subtract_hum

RATE_HZ = 24_000.0
LIMITS = MainsLimits((50.0, 60.0), harmonics=20, least=0.4)
HARMONICS = ((1, 1.0, 1.0), (2, 0.1, 0.2), (3, 0.4, 2.0), (5, 0.2, 0.0), (7, 0.1, 0.3), (9, 0.05, 1.1))


def hum(seconds: float, *, frequency_hz: float, amplitude_uv: float, rate_hz: float = RATE_HZ) -> np.ndarray:
    turn = 2 * np.pi * frequency_hz * np.arange(int(seconds * rate_hz)) / rate_hz
    return amplitude_uv * sum(size * np.sin(number * turn + phase) for number, size, phase in HARMONICS)


def muscle(
    seconds: float, *, size: float = 200.0, rate: float = 7.0, jitter: float = 0.03, noise: float = 3.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return noise with potentials like those of a fibrillation, and their times."""
    rng = np.random.default_rng(5)
    samples = rng.normal(0, noise, int(seconds * RATE_HZ))
    times_s = np.cumsum(rng.normal(1, jitter, int((seconds - 0.1) * rate)) / rate)
    times_s = times_s[times_s < seconds - 0.05]
    offset = np.arange(-120, 120)
    for time_s in times_s:
        middle = round(time_s * RATE_HZ)
        at_ms = (middle + offset - time_s * RATE_HZ) / RATE_HZ * 1000
        samples[middle + offset] += size * (np.exp(-((at_ms + 0.4) ** 2) / 0.15) - np.exp(-((at_ms - 0.4) ** 2) / 0.15))
    return samples, times_s


def read(samples: np.ndarray, *, least: float = 0.4) -> Stretch:
    edges = Edges(200.0, 3000.0, 50.0, 500.0)
    grid = thinning(RATE_HZ, edges=edges)
    return read_stretch(
        samples, grid=grid, first=0, n_samples=len(samples) // grid.step, edges=edges,
        mains=MainsLimits(LIMITS.nominal_hz, LIMITS.harmonics, least), limits=FaultLimits(8.0, 0.1, 0.0003),
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [1.5, 6.0, 25.0])
@pytest.mark.parametrize("frequency_hz", [49.9, 50.02, 59.97, 60.2])
def test_less_than_a_fiftieth_of_the_hum_is_left(frequency_hz, seconds):
    samples, _ = muscle(seconds)
    added = hum(seconds, frequency_hz=frequency_hz, amplitude_uv=50.0)
    clean, cleaned = read(samples), read(samples + added)
    assert [each.frequency_hz for each in clean.hum] == [0.0] * len(clean.hum)
    assert [each.frequency_hz for each in cleaned.hum] == pytest.approx([frequency_hz] * len(clean.hum), abs=0.01)
    assert [each.amplitude_uv for each in cleaned.hum] == pytest.approx([50.0] * len(clean.hum), rel=0.05)
    for band in ("fast", "slow"):
        left = getattr(cleaned, band) - getattr(clean, band)
        assert left.std() < 0.02 * added.std()


@pytest.mark.parametrize("step_hz", [0.0, 0.0004, 0.01, 0.08, 0.3])
def test_hum_is_followed_where_its_frequency_changes_from_minute_to_minute(step_hz):
    parts = [hum(30.0, frequency_hz=49.9 + step_hz * number, amplitude_uv=50.0) for number in range(3)]
    added, (samples, _) = np.concatenate(parts), muscle(90.0)
    clean, cleaned = read(samples), read(samples + added)
    half_s = 7.0  # where a chunk holds hum of two frequencies, it fits neither
    time_s = cleaned.start_s + np.arange(len(cleaned.fast)) / cleaned.grid.fast_hz
    settled = (np.abs(time_s - 30.0) > 2 * half_s) & (np.abs(time_s - 60.0) > 2 * half_s)
    assert (cleaned.fast - clean.fast)[settled].std() < 0.02 * added.std()
    assert cleaned.hum[-1].frequency_hz == pytest.approx(49.9 + 2 * step_hz, abs=0.001)


@pytest.mark.parametrize("after_hz", [0.0, 60.0])
def test_hum_that_stops_is_no_longer_subtracted(after_hz):
    rest = hum(60.0, frequency_hz=after_hz, amplitude_uv=20.0) if after_hz else np.zeros(int(60 * RATE_HZ))
    added, (samples, _) = np.concatenate([hum(45.0, frequency_hz=50.02, amplitude_uv=50.0), rest]), muscle(105.0)
    cleaned = read(samples + added)
    assert cleaned.hum[0].frequency_hz == pytest.approx(50.02, abs=0.001)
    assert cleaned.hum[-1].frequency_hz == pytest.approx(after_hz, abs=0.001)
    left = (cleaned.fast - read(samples).fast)[-int(20 * cleaned.grid.fast_hz) :]
    assert left.std() < 0.3


@pytest.mark.parametrize("amplitude_uv", [5.0, 50.0, 300.0])
def test_discharges_keep_their_shape(amplitude_uv):
    samples, times_s = muscle(10.0)
    added = hum(10.0, frequency_hz=50.02, amplitude_uv=amplitude_uv)
    clean, cleaned = read(samples), read(samples + added)
    for band, band_hz in (("fast", clean.grid.fast_hz), ("slow", clean.grid.slow_hz)):
        middle = np.round((times_s - clean.start_s) * band_hz).astype(int)
        index = middle[:, None] + np.arange(-int(0.004 * band_hz), int(0.004 * band_hz))
        before, after = (getattr(stretch, band)[index] for stretch in (clean, cleaned))
        assert np.ptp(after, axis=1).mean() == pytest.approx(np.ptp(before, axis=1).mean(), rel=0.01)
        assert np.abs(after - before).max() < 0.03 * np.ptp(before.mean(axis=0))


@pytest.mark.parametrize("frequency_hz", [49.95, 50.02, 59.97])
def test_no_hum_is_left_at_the_ends_of_a_recording(frequency_hz):
    # Beyond its ends a recording is taken to go on unchanged; what was subtracted must not come back from there.
    added = hum(4.0, frequency_hz=frequency_hz, amplitude_uv=200.0)
    quiet = np.random.default_rng(1).normal(0, 3, len(added))
    left = read(quiet + added).slow - read(quiet).slow
    ends = np.concatenate([left[:100], left[-100:]])
    assert np.abs(ends).max() < 4.0


@pytest.mark.parametrize("seconds", [1.5, 3.0, 10.0])
@pytest.mark.parametrize("frequency_hz", [49.9, 50.02, 50.05, 59.97])
@pytest.mark.parametrize("rate_hz", [2500.0, 3000.0, 3333.0, 5000.0])
def test_the_frequency_is_right_to_a_thousandth_of_a_hertz_whatever_the_harmonics(rate_hz, frequency_hz, seconds):
    values = hum(seconds, frequency_hz=frequency_hz, amplitude_uv=100.0, rate_hz=rate_hz)
    found = fit_hum(values, rate_hz, start_s=0.0, limits=LIMITS)
    assert found.frequency_hz == pytest.approx(frequency_hz, abs=0.001)


def test_sizes_and_phases_are_those_of_the_sinusoids():
    found = fit_hum(hum(8.0, frequency_hz=50.02, amplitude_uv=30.0, rate_hz=3000.0), 3000.0, start_s=2.0, limits=LIMITS)
    assert (found.start_s, found.segment_s) == (2.0, pytest.approx(2.0, rel=0.01))
    for number, size, _ in HARMONICS:
        assert np.abs(found.sizes[:, number - 1]) == pytest.approx(30.0 * size, rel=0.02, abs=0.05)
    # The fitted sinusoids go through the samples, also between them and where they were measured from.
    times_s = 2.0 + np.random.default_rng(2).uniform(0.0, 8.0, 50)
    wanted = [
        sum(
            30 * size * np.sin(2 * np.pi * 50.02 * number * (time_s - 2.0) + phase) for number, size, phase in HARMONICS
        )
        for time_s in times_s
    ]
    np.testing.assert_allclose(hum_of_pieces([found], times_s, offsets_s=np.zeros(1))[:, 0], wanted, atol=0.3)


def test_what_is_subtracted_is_the_fitted_hum():
    rate_hz = 12_000.0
    found = fit_hum(hum(7.0, frequency_hz=59.97, amplitude_uv=30.0, rate_hz=3000.0), 3000.0, start_s=0.5, limits=LIMITS)
    values = np.zeros(50_321, np.float32)
    subtract_hum(values, rate_hz, start_s=1.0, hum=found)
    times_s = 1.0 + np.arange(0, len(values), 97) / rate_hz
    np.testing.assert_allclose(values[::97], -hum_of_pieces([found], times_s, offsets_s=np.zeros(1))[:, 0], atol=0.1)


def test_offsets_around_a_time_are_times_of_their_own():
    found = fit_hum(hum(6.0, frequency_hz=50.1, amplitude_uv=20.0, rate_hz=3000.0), 3000.0, start_s=0.0, limits=LIMITS)
    times_s, offsets_s = np.array([0.7, 2.9, 5.0]), np.linspace(-0.01, 0.04, 11)
    around = hum_of_pieces([found], times_s, offsets_s=offsets_s)
    for column, offset_s in enumerate(offsets_s):
        alone = hum_of_pieces([found], times_s + offset_s, offsets_s=np.zeros(1))[:, 0]
        np.testing.assert_allclose(around[:, column], alone, atol=0.05)


def test_means_of_several_samples_are_put_right():
    # Every sample of the coarse signal is the mean of four; the ninth harmonic loses 3 % by that.
    fine = hum(6.0, frequency_hz=60.0, amplitude_uv=50.0, rate_hz=12_000.0)
    coarse = fine.reshape(-1, 6).mean(axis=1)
    found = fit_hum(coarse, 2000.0, start_s=0.0, limits=LIMITS, mean_s=6 / 12_000)
    raw = fit_hum(coarse, 2000.0, start_s=0.0, limits=LIMITS)
    ninth = 50.0 * 0.05
    assert np.abs(found.sizes[:, 8]) == pytest.approx(ninth, rel=0.01)
    assert (np.abs(raw.sizes[:, 8]) < 0.9 * ninth).all()


@pytest.mark.parametrize("seed", range(3))
def test_without_hum_nothing_is_subtracted(seed):
    quiet = np.random.default_rng(seed).normal(0, 5, int(4 * RATE_HZ))
    faint = quiet + hum(4.0, frequency_hz=50.0, amplitude_uv=0.1)
    for samples in (quiet, muscle(12.0)[0], muscle(4.0, size=1000.0)[0], faint):
        one, other = read(samples), read(samples, least=1e9)
        assert [each.amplitude_uv for each in one.hum] == [0.0] * len(one.hum)
        np.testing.assert_array_equal(one.fast, other.fast)
        np.testing.assert_array_equal(one.slow, other.slow)


@pytest.mark.parametrize("seed", range(4))
def test_loud_activity_is_no_hum_although_it_has_much_at_every_frequency(seed):
    loud = np.random.default_rng(seed).normal(0, 400, int(4 * RATE_HZ))
    assert read(loud).hum[0].frequency_hz == 0.0


@pytest.mark.parametrize("rate", [10.0, 12.5, 25.0])
def test_a_train_whose_multiple_is_the_mains_frequency_is_no_hum(rate):
    samples, _ = muscle(10.0, rate=rate, size=400.0, jitter=0.003)
    assert read(samples).hum[0].frequency_hz == 0.0


def test_nothing_rings_after_a_discharge():
    samples, times_s = muscle(10.0, rate=4.0, size=800.0, noise=0.5)
    added = hum(10.0, frequency_hz=50.0, amplitude_uv=20.0)
    clean, cleaned = read(samples), read(samples + added)
    later = np.round((times_s - clean.start_s + 0.015) * clean.grid.slow_hz).astype(int)
    index = later[:, None] + np.arange(int(0.05 * clean.grid.slow_hz))  # 15 to 65 ms later, where a notch still rings
    left = (cleaned.slow - clean.slow)[np.minimum(index, len(clean.slow) - 1)]
    assert np.abs(left.mean(axis=0)).max() < 0.8


def piece(start_s: float, amplitude_uv: float) -> Hum:
    """Return what is fitted to one second of a cosine, or of silence."""
    values = amplitude_uv * np.cos(2 * np.pi * 50.0 * np.arange(3000) / 3000)
    values += np.random.default_rng(3).normal(0, 0.1, 3000)
    return fit_hum(values, 3000.0, start_s=start_s, limits=LIMITS)


@pytest.mark.parametrize("sizes_uv", [(10.0, 20.0, 30.0), (10.0, 0.0, 30.0), (10.0, 20.0, 0.0), (0.0, 20.0, 30.0)])
def test_every_piece_has_its_own_hum_also_when_some_have_none(sizes_uv):
    pieces = [piece(float(number), size_uv) for number, size_uv in enumerate(sizes_uv)]
    times_s = np.array([0.0, 0.5, 0.9, 1.0, 1.5, 2.0, 2.5, 2.98, 1.02])  # whole cycles, in any order
    found = hum_of_pieces(pieces, times_s, offsets_s=np.zeros(1))[:, 0]
    np.testing.assert_allclose(found, [sizes_uv[int(time_s + 1e-9)] for time_s in times_s], atol=0.5)


def test_no_hum_is_no_hum_anywhere():
    none = fit_hum(np.random.default_rng(4).normal(0, 1, 6000), 3000.0, start_s=3.0, limits=LIMITS)
    assert (none.frequency_hz, none.amplitude_uv) == (0.0, 0.0)
    assert not hum_of_pieces([none], np.array([3.5, 4.0]), offsets_s=np.linspace(0, 1, 5)).any()
    values = np.ones(100, np.float32)
    subtract_hum(values, 3000.0, start_s=3.0, hum=none)
    np.testing.assert_array_equal(values, np.ones(100, np.float32))
