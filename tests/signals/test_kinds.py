"""Units of one front that the slow band tells apart, made from sharp waves of two lengths."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.findings.spontaneous.settings import bands
from emgkit.signals.kinds import View, parted
from emgkit.signals.units import Train

RATE_HZ, SECONDS = 3000.0, 30.0
FRONT = np.diff(np.hanning(31))


def wave(length_ms: float) -> np.ndarray:
    """Return a short positive front and a negative wave of this length."""
    front, tail = np.hanning(9), np.hanning(round(length_ms * RATE_HZ / 1000))
    return np.concatenate([80 * front, -50 * tail])


def view_of(*potentials: tuple[np.ndarray, np.ndarray], noise_uv: float = 1.0) -> View:
    signal = np.random.default_rng(1).normal(0, noise_uv, int(SECONDS * RATE_HZ))
    for times_s, shape in potentials:
        for place in np.round(times_s * RATE_HZ).astype(int):
            signal[place : place + len(shape)] += shape[: len(signal) - place]
    return View(signal.astype(np.float32), RATE_HZ, 0.0, noise_uv, bands()[1])


def clock(rate_hz: float, first_s: float) -> np.ndarray:
    return np.round(np.arange(first_s, SECONDS - 0.1, 1 / rate_hz) * RATE_HZ) / RATE_HZ


def test_sharp_waves_of_one_front_and_two_lengths_are_two_units():
    short_s, long_s = clock(5.0, 0.1), clock(3.1, 0.17)
    view = view_of((short_s, wave(5)), (long_s, wave(16)))
    parts = parted([Train(np.sort(np.concatenate([short_s, long_s])), FRONT, 0, 20.0)], view)
    assert len(parts) == 2
    for wanted_s in (short_s, long_s):
        best = max(
            len(np.intersect1d(part.time_s, wanted_s)) / len(np.union1d(part.time_s, wanted_s)) for part in parts
        )
        assert best > 0.85


@pytest.mark.parametrize("drift", [0.0, 0.4])
def test_one_that_drifts_in_size_stays_one(drift):
    times_s = clock(5.0, 0.1)
    view = view_of(
        *[(times_s[[place]], (1 + drift * time_s / SECONDS) * wave(8)) for place, time_s in enumerate(times_s)]
    )
    [unit] = parted([Train(times_s, FRONT, 0, 20.0)], view)
    assert np.array_equal(unit.time_s, times_s)


def test_discharges_of_others_are_no_kind():
    # Where another unit fires within the window, what is seen is not the potential alone.
    times_s = clock(4.0, 0.1)
    other_s = times_s[::3] + 0.006
    view = view_of((times_s, wave(5)), (other_s, wave(16)))
    units = [Train(times_s, FRONT, 0, 20.0), Train(other_s, -FRONT, 0, 20.0)]
    assert [len(unit.time_s) for unit in parted(units, view)] == [len(times_s), len(other_s)]


def test_few_discharges_and_silence_are_left_as_they_are():
    few = Train(np.arange(6.0) + 0.5, FRONT, 0, 20.0)
    assert parted([few], view_of((few.time_s, wave(5)))) == [few]
    silent = View(np.zeros(1000, np.float32), RATE_HZ, 0.0, 0.0, bands()[1])
    assert parted([few], silent) == [few]
    assert parted([], silent) == []


RUN_S = np.arange(12) / 8


def runs(*starts_s: float) -> np.ndarray:
    return np.round(np.concatenate([start_s + RUN_S for start_s in starts_s]) * RATE_HZ) / RATE_HZ


def as_settled(first_s: np.ndarray, second_s: np.ndarray, *, size: float, length_ms: float) -> list[Train]:
    """Return the parts of a settled unit of two potentials, the second of another size and length."""
    jitter = np.random.default_rng(2).normal(0, 9, len(first_s) + len(second_s)).round() / RATE_HZ
    first_s, second_s = first_s + jitter[: len(first_s)], second_s + jitter[len(first_s) :]
    view = view_of((first_s, wave(4)), (second_s, size * wave(length_ms)))
    times_s = np.sort(np.concatenate([first_s, second_s]))
    return parted([Train(times_s, FRONT, 0, 20.0)], view, settled=True)


def test_a_unit_that_fires_between_the_runs_of_another_is_its_own():
    parts = as_settled(runs(1, 9, 21), runs(5, 16), size=1.3, length_ms=5)
    assert sorted(len(part.time_s) for part in parts) == [24, 36]
    assert parts[0].template is parts[1].template  # so that nobody joins them again


@pytest.mark.parametrize(("first_s", "second_s"), [(runs(1, 5, 9), runs(16, 21)), (runs(1)[::2], runs(1)[1::2])])
def test_a_unit_that_changes_once_or_keeps_one_clock_stays_one(first_s, second_s):
    assert len(as_settled(first_s, second_s, size=1.3, length_ms=5)) == 1


def test_of_one_size_what_is_left_of_others_makes_no_kind():
    assert len(as_settled(runs(1, 9, 21), runs(5, 16), size=1.02, length_ms=4.3)) == 1


@pytest.mark.parametrize(("second_s", "units"), [(runs(9, 11), 2), (runs(2.5, 4), 1)])
def test_another_shape_after_a_pause_is_another_unit_and_without_one_a_change(second_s, units):
    assert len(as_settled(runs(1), second_s, size=1.0, length_ms=6)) == units
