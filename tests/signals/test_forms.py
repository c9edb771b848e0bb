"""Two fibres of nearly one shape that wax and wane are told by their form, one that waxes and wanes stays one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from emgkit.signals.forms import forms_apart
from emgkit.signals.locks import nearest
from emgkit.signals.units import Train

RATE_HZ, SECONDS, NOISE = 10_000.0, 12.0, 0.02
TIME = np.arange(-30, 30, dtype=float)


def potential(width: float) -> np.ndarray:
    shape = np.exp(-(((TIME + 4) / width) ** 2)) - np.exp(-(((TIME - 2) / 5.0) ** 2))
    return shape / np.ptp(shape)


def waxing(seed: int, *, slowest_s: float = 0.045, quickest_s: float = 0.014) -> tuple[np.ndarray, np.ndarray]:
    """Return times and sizes of runs that grow faster and larger and then slower and smaller again."""
    rng, times_s, sizes, now_s = np.random.default_rng(seed), [], [], 0.1 + 0.4 * seed
    while now_s < SECONDS - 0.2:
        length_s, begun_s = rng.uniform(2, 4), now_s
        while now_s < min(begun_s + length_s, SECONDS - 0.2):
            height = np.sin(np.pi * (now_s - begun_s) / length_s)
            times_s.append(now_s)
            sizes.append(0.4 + 0.8 * height)
            now_s += (slowest_s + (quickest_s - slowest_s) * height) * (1 + 0.015 * rng.standard_normal())
        now_s += rng.uniform(0.2, 1.0)
    return np.array(times_s), np.array(sizes)


def band_of(*units: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]) -> SimpleNamespace:
    """Return a band in which units of (potential, (times, sizes)) were all matched with the first potential."""
    rng, first = np.random.default_rng(0), units[0][0]
    residual = rng.normal(0, NOISE, int(SECONDS * RATE_HZ))
    times_s, scale = (np.concatenate([unit[1][place] for unit in units]) for place in (0, 1))
    order = np.argsort(times_s)
    for wave, (own_s, sizes) in units:
        for time_s, size in zip(own_s, sizes, strict=True):
            place = round(time_s * RATE_HZ)
            residual[place - 30 : place + 30] += size * (wave - first)
    times_s = np.round(times_s[order] * RATE_HZ) / RATE_HZ
    return SimpleNamespace(
        residual=residual.astype(np.float32), templates=[first], unit=np.zeros(len(order), int),
        time_s=times_s, scale=scale[order], rate_hz=RATE_HZ, start_s=0.0,
    )  # fmt: skip


def share(true_s: np.ndarray, found_s: np.ndarray) -> float:
    both = (np.abs(nearest(found_s, true_s) - true_s) < 0.001).sum()
    return both / (len(true_s) + len(found_s) - both)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pieces", [1, 3])
def test_two_that_wax_and_wane_beside_each_other_are_two(seed, pieces):
    one, two = potential(4.0), potential(4.8)
    assert np.corrcoef(one, two)[0, 1] > 0.98
    units = waxing(2 * seed), waxing(2 * seed + 1)
    band = band_of((one, units[0]), (two, units[1]))
    mixed = np.random.default_rng(seed).integers(pieces, size=len(band.time_s))  # whatever was sorted how before
    trains = [Train(band.time_s[mixed == number], one, 0, 30.0) for number in range(pieces)]
    found = forms_apart(trains, band)
    assert len(found) == 2
    for own_s, _ in units:
        assert max(share(own_s, train.time_s) for train in found) > 0.85


@pytest.mark.parametrize("seed", range(4))
def test_one_that_waxes_and_wanes_stays_one(seed):
    band = band_of((potential(4.0), waxing(seed)))
    train = Train(band.time_s, potential(4.0), 0, 30.0)
    assert forms_apart([train], band) == [train]


def test_slow_units_stay_as_they_are():
    band = band_of((potential(4.0), waxing(1)), (potential(4.8), waxing(2)))
    slow = Train(band.time_s[::6], potential(4.0), 0, 30.0)
    assert np.median(np.diff(slow.time_s)) > 0.04
    assert forms_apart([slow], band) == [slow]
