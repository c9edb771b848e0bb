"""Fast discharges of two fibres that wax and wane beside each other: told apart by their form, whatever their size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.detect import keep_largest
from emgkit.signals.exchange import lag_if_alike
from emgkit.signals.locks import SEPARATION_S
from emgkit.signals.medians import column_medians, median
from emgkit.signals.noise import MAD_TO_SD
from emgkit.signals.rhythm import measure_rhythm
from emgkit.signals.units import gaps_around, own_windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

    Floats = NDArray[np.float64]

FASTEST_S = 0.04  # usual interval of what waxes and wanes, at most
SIZES = (0.2, 5.0)  # ratio of the sizes that one fibre goes through
LEAST, MOST = 60, 800  # discharges by themselves in which two forms show, and those that are compared
FEWEST, APART, VALLEY = 0.25, 4.5, 0.045  # share of the rarer form, standard deviations between them, share in between
IN_BETWEEN = 0.1  # on either side of the middle, as a share of the distance, is in between
ODD = 4.0  # times the usual deviation of a form that is disturbed
REGULAR = 0.1  # irregularity of either


def forms_apart(trains: Sequence[Train], band: SortedBand) -> list[Train]:
    """Return the trains, fast ones of nearly one shape dealt anew where their discharges have two forms.

    Parameters
    ----------
    trains : sequence of Train
    band : SortedBand
        Where they were found.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.forms import forms_apart
    >>> from emgkit.signals.units import Train
    >>> rng, waves = np.random.default_rng(0), [np.diff(np.hanning(61)), np.diff(np.hanning(61) ** 1.3)]
    >>> times_s = [np.arange(1, 200) / 30.0, np.arange(1, 240) / 37.0]
    >>> every_s = np.sort(np.concatenate(times_s))
    >>> unit = np.isin(every_s, times_s[1]).astype(int)
    >>> scale = np.exp(0.4 * np.sin(every_s)) * (1 + 0.01 * rng.standard_normal(len(every_s)))
    >>> band = SimpleNamespace(residual=rng.normal(0, 0.001, 70000).astype(np.float32), templates=waves, unit=unit,
    ...     time_s=every_s, scale=scale, rate_hz=10000.0, start_s=0.0)
    >>> found = forms_apart([Train(every_s, waves[0], 0, 9.0)], band)
    >>> [[int(np.isin(own_s, train.time_s).sum()) for own_s in times_s] for train in found]
    [[193, 0], [6, 239]]
    """
    left, dealt = sorted(trains, key=lambda train: -len(train.time_s)), []
    while left:
        first = left[0]
        parts = None
        if len(first.time_s) >= LEAST and median(np.diff(first.time_s)) < FASTEST_S:
            lags = [lag_if_alike(first, train, sizes=SIZES) for train in left]
            pool_s = [
                train.time_s + lag / band.rate_hz for train, lag in zip(left, lags, strict=True) if lag is not None
            ]
            parts = _two_forms(first, np.sort(np.concatenate(pool_s)), band)
        if parts:
            dealt += parts
            left = [train for train, lag in zip(left, lags, strict=True) if lag is None]
        else:
            dealt.append(first)
            left = left[1:]
    return dealt


def _two_forms(train: Train, pool_s: Floats, band: SortedBand) -> list[Train] | None:
    half = len(train.template) // 2
    windows = own_windows(pool_s, band=band, half=half)
    alone = gaps_around(pool_s, pool_s) > half / band.rate_hz
    if alone.sum() < LEAST:
        return None
    sides = _sides(windows, alone)
    if sides is None:
        return None
    parts = [
        replace(train, time_s=_once(pool_s[side]), template=column_medians(windows[side & alone]))
        for side in (sides, ~sides)
    ]
    rhythms = [measure_rhythm(part.time_s, trends=False) for part in parts]
    mixed = measure_rhythm(_once(pool_s), trends=False)
    clocks = all(rhythm.irregularity < REGULAR and rhythm.uneven < mixed.uneven for rhythm in rhythms)
    return parts if clocks else None


def _once(times_s: Floats) -> Floats:
    return np.asarray(times_s[keep_largest(times_s, np.ones(len(times_s)), separation=SEPARATION_S)])


def _sides(windows: NDArray[np.floating], alone: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    # Which discharges are of the one of two forms; None where there is one.
    forms = windows / np.maximum(np.linalg.norm(windows, axis=1, keepdims=True), 1e-9)
    usual = column_medians(forms[alone])
    basis, _ = np.linalg.qr(np.stack([usual, np.gradient(usual)], axis=1))  # neither size nor timing is form
    forms -= (forms @ basis) @ basis.T
    some = forms[alone][:: max(alone.sum() // MOST, 1)]
    some -= column_medians(some)
    off = np.linalg.norm(some, axis=1)
    _, _, ways = np.linalg.svd(some[off < ODD * median(off)], full_matrices=False)
    along = forms @ ways[0]
    split = _split(np.sort(along[alone]))
    if split.apart < APART or split.between > VALLEY:
        return None
    return np.asarray(along >= split.at)


class _Split(NamedTuple):
    # Where values are best parted in two, by how many standard deviations, and the share of them in between.
    at: float
    apart: float
    between: float


def _split(values: Floats) -> _Split:
    # Ascending; each part holds at least its share.
    count, total, squares = len(values), np.cumsum(values), np.cumsum(np.square(values))
    below = np.arange(max(int(FEWEST * count), 2), count - max(int(FEWEST * count), 2))
    above = count - below
    within = squares[-1] - np.square(total[below - 1]) / below - np.square(total[-1] - total[below - 1]) / above
    place = int(below[within.argmin()])
    parts = (values[:place], values[place:])
    centres = [median(part) for part in parts]
    scatter = [MAD_TO_SD * median(np.abs(part - centre)) for part, centre in zip(parts, centres, strict=True)]
    pooled = np.sqrt(sum(each**2 * len(part) for each, part in zip(scatter, parts, strict=True)) / count)
    distance, middle = centres[1] - centres[0], (centres[0] + centres[1]) / 2
    between = np.mean(np.abs(values - middle) < IN_BETWEEN * distance)
    return _Split(middle, float(distance / max(pooled, 1e-12)), float(between))
