"""Rare large discharges of several shapes: a unit for each shape that comes again."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from emgkit.signals.shapes import FEWEST, LARGE, shapes_apart
from emgkit.signals.units import Train

RATE_HZ = 6000.0
TIME_MS = np.arange(-15, 15) / RATE_HZ * 1000


def wave(*peaks: tuple[float, float]) -> np.ndarray:
    """Return a potential with peaks of (size, time_ms)."""
    return sum(size * np.exp(-((TIME_MS - at_ms) ** 2) / 0.1) for size, at_ms in peaks)


ONE, TWO = wave((300, -0.5), (-400, 0.3)), wave((-250, -0.9), (420, 0.1), (-200, 1.0))


def scene(counts: list[tuple[np.ndarray, int]], *, seed: int, snr: float = 100.0) -> tuple[Train, SimpleNamespace]:
    """Return one train of discharges of several shapes at random times, and the band that they are in."""
    rng = np.random.default_rng(seed)
    shapes = [shape for shape, count in counts for _ in range(count)]
    times_s = np.sort(
        rng.choice(np.arange(1, 300), len(shapes), replace=False) * 0.1 + rng.uniform(0, 0.04, len(shapes))
    )
    signal = rng.normal(0, 2, int(31 * RATE_HZ)).astype(np.float32)
    for time_s, shape in zip(times_s, [shapes[place] for place in rng.permutation(len(shapes))], strict=True):
        middle = round(time_s * RATE_HZ)
        signal[middle - 15 : middle + 15] += shape
    band = SimpleNamespace(signal=signal, rate_hz=RATE_HZ, start_s=0.0, noise_uv=2.0)
    return Train(times_s, ONE, 0, snr), band


@pytest.mark.parametrize("seed", range(3))
def test_a_unit_for_each_shape_and_one_for_each_stranger(seed):
    train, band = scene([(ONE, 9), (TWO, 6), (wave((500, 0.5)), 1)], seed=seed)
    parts = shapes_apart([train], band)
    assert sorted(len(part.time_s) for part in parts) == [1, 6, 9]
    np.testing.assert_array_equal(np.sort(np.concatenate([part.time_s for part in parts])), train.time_s)


@pytest.mark.parametrize("seed", range(3))
def test_one_shape_stays_one_unit_whatever_its_size_does(seed):
    train, band = scene([(ONE, 10), (1.1 * ONE, 6), (0.95 * ONE, 6)], seed=seed)
    assert shapes_apart([train], band) == [train]


def test_what_is_small_or_a_clock_or_frequent_is_left_as_it_is():
    both = [(ONE, 9), (TWO, 9)]
    small, band = scene(both, seed=0, snr=0.9 * LARGE)
    assert shapes_apart([small], band) == [small]
    many, band = scene([(ONE, 40), (TWO, 40)], seed=0)
    assert shapes_apart([many], band) == [many]
    few, band = scene([(ONE, FEWEST - 1), (TWO, FEWEST)], seed=0)
    assert shapes_apart([few], band) == [few]
