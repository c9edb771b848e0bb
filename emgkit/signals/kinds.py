"""Units of the fast band whose discharges are of two kinds in the slow band: sharp waves differ in what follows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.signals.cluster import find_kinds
from emgkit.signals.counting import samples_in, spread_evenly, turns_over_chance
from emgkit.signals.match import similarity
from emgkit.signals.medians import column_medians
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import PAUSE
from emgkit.signals.units import gaps_around, rhythm_of
from emgkit.signals.waveform import separation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import Band
    from emgkit.signals.units import Train

MOST = 300  # discharges that are compared
LEAST_SHARE = 0.1  # of them that make a kind
ANOTHER_SHAPE = 0.93  # correlation, whatever the size, above which two kinds are one that drifts
FAR = 8.0  # standard deviations of single discharges between two kinds
BESIDE_SHAPE, BESIDE_FAR = 0.985, 16.0  # the same of kinds that fire beside each other, as no drift does
TURNS = 0.5  # changes from one kind to the other, over what is expected of two that fire on their own
SAME_SIZE, FEWEST = (0.9, 1.1), 6  # what other units leave on a few discharges of one kind hardly changes their size
IN_TURN, IN_TURN_FAR = 0.75, 9.0  # turns over chance, and how far apart, of two sizes of one shape that are two kinds
CLOCK, STEADIEST, FASTEST_S = 0.1, 0.01, 0.04  # irregularity of what keeps one clock, of a complex; and intervals
AGAIN_SHAPE, AGAIN_FAR = 0.99, 10.0  # of a kind that fires before and after another one
SIZE = (0.6, 1.6)  # of a discharge against its kind


class View(NamedTuple):
    """The slow band of the stretch in which units of the fast band were found.

    Parameters
    ----------
    signal : ndarray of float32, shape (n_samples,)
        Microvolt.
    rate_hz : float
    start_s : float
        Time of the first sample.
    noise_uv : float
        Standard deviation of its noise.
    band : Band
        How spikes of it are compared.
    """

    signal: NDArray[np.float32]
    rate_hz: float
    start_s: float
    noise_uv: float
    band: Band


def parted(units: Sequence[Train], view: View, *, settled: bool = False) -> list[Train]:
    """Return the units, those as several whose discharges are of several kinds in the view.

    Parameters
    ----------
    units : sequence of Train
        Of the fast band.
    view : View
    settled : bool
        Nothing is joined any more: parts keep one template, and what keeps one clock in turn stays one unit.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.kinds import View, parted
    >>> from emgkit.signals.sort import Band
    >>> from emgkit.signals.units import Train
    >>> band = Band(50, 500, 2.5, 6, 8, 1.2, 0.05, 2.5, 0.01, 5, 6, 4, 16, 40, 0.55, 1.8, 3, 0.6, 0.05)
    >>> signal = np.random.default_rng(0).normal(0, 1, 30000).astype(np.float32)
    >>> times_s = np.arange(40) / 4 + 0.1
    >>> for number, place in enumerate((times_s * 3000).astype(int)):
    ...     long = 12 if number % 3 else 36
    ...     signal[place : place + long] -= 60 * np.hanning(long).astype(np.float32)
    >>> unit = Train(times_s, np.diff(np.hanning(31)), 0, 9.0)
    >>> [len(part.time_s) for part in parted([unit], View(signal, 3000.0, 0.0, 1.0, band))]
    [26, 14]
    """
    every_s = np.sort(np.concatenate([np.empty(0), *(unit.time_s for unit in units)]))
    return [part for unit in units for part in _kinds_of(unit, every_s, view, settled=settled)]


def _kinds_of(unit: Train, every_s: NDArray[np.float64], view: View, *, settled: bool) -> list[Train]:
    half = samples_in(view.band.half_window_ms, view.rate_hz)
    lag = samples_in(view.band.lag_ms, view.rate_hz)
    alone = np.flatnonzero(gaps_around(unit.time_s, every_s) > view.band.half_window_ms / 1000)
    if len(alone) < 2 * view.band.min_spikes or view.noise_uv <= 0 or (settled and _changes_freely(unit)):
        return [unit]
    windows = _windows(unit.time_s[alone[spread_evenly(len(alone), most=MOST)]], half + lag, view)
    least = max(view.band.min_spikes, int(LEAST_SHARE * len(windows)))
    groups = find_kinds(windows, noise_uv=view.noise_uv, max_lag=lag, tolerance=view.band.tolerance, min_spikes=least)
    kinds = _far_apart(windows[:, lag:-lag], groups, by_size=settled)
    if len(kinds) < 2:
        return [unit]
    best = np.argmin([_left_over(_windows(unit.time_s, half, view), kind) for kind in kinds], axis=0)
    if settled and _of_one(unit, best):
        return [unit]
    mine = [best == number for number in range(len(kinds))]
    parts = [
        replace(unit, time_s=unit.time_s[each], template=unit.template if settled else unit.template.copy())
        for each in mine
    ]
    return [part for part in parts if len(part.time_s) > 1]


def _changes_freely(unit: Train) -> bool:
    # As a fast myotonic discharge does, and a complex, which is steadier than any fibre.
    rhythm = rhythm_of(unit)
    return rhythm.base_s < FASTEST_S or rhythm.irregularity < STEADIEST


def _of_one(unit: Train, kind: NDArray[np.int64]) -> bool:
    # One unit may change its shape once while it fires, and may keep one clock while its kinds take turns.
    rhythm, changes = rhythm_of(unit), np.flatnonzero(np.diff(kind))
    fires_on = np.diff(unit.time_s)[changes] < PAUSE * rhythm.base_s
    once = len(changes) < len(np.unique(kind)) and bool(fires_on.any())
    one_clock = rhythm.irregularity < CLOCK and turns_over_chance(kind > 0) > IN_TURN
    return once or one_clock


def _windows(times_s: NDArray[np.float64], half: int, view: View) -> NDArray[np.float32]:
    return cut_at(view.signal, (times_s - view.start_s) * view.rate_hz, before=half, after=half)


def _far_apart(
    windows: NDArray[np.floating], groups: Sequence[NDArray[np.bool_]], *, by_size: bool
) -> list[NDArray[np.floating]]:
    # The shapes of those groups that are no other one drifted in size.
    kept: list[NDArray[np.bool_]] = []
    shapes: list[NDArray[np.floating]] = []
    for group in groups:
        shape = column_medians(windows[group])
        pairs = zip(kept, shapes, strict=True)
        if all(_two_kinds(windows, (other, group), (seen, shape), by_size=by_size) for other, seen in pairs):
            kept.append(group)
            shapes.append(shape)
    return shapes


def _two_kinds(
    windows: NDArray[np.floating],
    groups: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    shapes: tuple[NDArray[np.floating], NDArray[np.floating]],
    *,
    by_size: bool,
) -> bool:
    far, (alike, _) = separation(*(windows[group] for group in groups)), similarity(*shapes, max_lag=2)
    if far > FAR and alike < ANOTHER_SHAPE:
        return True
    both = groups[0] | groups[1]
    turns = turns_over_chance(groups[1][both])
    if far > BESIDE_FAR and alike < BESIDE_SHAPE and turns >= TURNS:
        return True
    size = np.ptp(shapes[0]) / np.ptp(shapes[1])
    if not by_size or SAME_SIZE[0] < size < SAME_SIZE[1] or min(group.sum() for group in groups) < FEWEST:
        return False
    again = np.count_nonzero(np.diff(groups[1][both])) > 1
    return bool((far > IN_TURN_FAR and turns > IN_TURN) or (far > AGAIN_FAR and alike < AGAIN_SHAPE and again))


def _left_over(windows: NDArray[np.floating], shape: NDArray[np.floating]) -> NDArray[np.floating]:
    scale = np.clip(windows @ shape / np.square(shape).sum(), *SIZE)
    return np.asarray(np.square(windows - scale[:, None] * shape).sum(axis=1))
