"""Rare large discharges of several shapes that were taken for one unit, for want of enough of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.cluster import find_kinds
from emgkit.signals.counting import samples_in
from emgkit.signals.medians import column_medians
from emgkit.signals.peel import cut_at
from emgkit.signals.units import Train, gaps_around, rhythm_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

MOST, LARGE = 60, 30.0  # discharges that are rare, and the size over the noise at which no shape is in doubt
IRREGULAR = 0.15  # a clock is one unit, whatever its shape does
DIFFERENT = 0.1  # share of energy by which discharges of one unit do not differ: half is what motor units do
FEWEST = 4  # discharges of one such shape that are a unit
LAG_MS = 0.8  # how far they may lie off each other
WHOLE = 0.75  # of the discharges that are of one shape where the others are the same unit in company


def shapes_apart(trains: Sequence[Train], band: SortedBand) -> list[Train]:
    """Return the trains, those of rare large discharges of several shapes as one for each shape.

    Parameters
    ----------
    trains : sequence of Train
    band : SortedBand
        Where they were found.

    Returns
    -------
    list of Train
        A discharge of no shape that comes again is a train of its own.
    """
    every_s = np.sort(np.concatenate([np.empty(0), *(train.time_s for train in trains)]))
    return [part for train in trains for part in _parts_of(train, every_s, band)]


def _parts_of(train: Train, every_s: NDArray[np.float64], band: SortedBand) -> list[Train]:
    few = 2 * FEWEST <= len(train.time_s) <= MOST
    if not few or train.snr < LARGE or not rhythm_of(train).irregularity > IRREGULAR:
        return [train]
    half, lag = len(train.template) // 2, samples_in(LAG_MS, band.rate_hz)
    alone = np.flatnonzero(gaps_around(train.time_s, every_s) > half / band.rate_hz)
    if len(alone) < 2 * FEWEST:
        return [train]
    places = (train.time_s[alone] - band.start_s) * band.rate_hz
    windows = cut_at(band.signal, places, before=half + lag, after=half + lag)
    groups = find_kinds(windows, noise_uv=band.noise_uv, max_lag=lag, tolerance=DIFFERENT, min_spikes=FEWEST)
    if not groups or max(group.sum() for group in groups) > WHOLE * len(alone):
        return [train]
    others = np.setdiff1d(np.arange(len(train.time_s)), alone[np.any(groups, axis=0)])
    shapes = [
        replace(train, time_s=train.time_s[alone[group]], template=column_medians(windows[group])[lag:-lag])
        for group in groups
    ]
    return [*shapes, *(replace(train, time_s=train.time_s[[other]]) for other in others)]
