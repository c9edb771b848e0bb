"""From units of two bands to trains: one train for each fibre or motor unit, one event for each whole potential."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.clocks import ClockLimits, find_clock
from emgkit.signals.detect import keep_largest
from emgkit.signals.match import similarity
from emgkit.signals.rhythm import measure_rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

SEPARATION_MS = 3.0  # no fibre and no unit of this kind fires twice within its own action potential
LOCK_REACH_MS = 80.0  # how far the parts of one polyphasic potential or complex may lie apart
LOCK_WIDTH_MS = 1.2  # scatter of the lag between parts of one potential
SAME_LIKENESS = 0.9  # of a potential in the slow band with one that was found there alone
SAME_SIZE = (0.7, 1.4)
LOCKED_SHARE = 0.6
AS_REGULAR = 0.03  # two halves that together are this regular are one, however regular each is alone
ALIKE, SIZE = 0.85, (0.6, 1.6)
VERY_ALIKE, NEAR_SIZE = 0.95, (0.5, 2.0)
REGULAR_ALONE = 0.06  # as regular as this, a part is a train of its own unless the whole is as regular
REFRACTORY_SHARE = 0.8  # of the shortest intervals within: how near no other discharge of the same unit comes
MOST_REFRACTORY_S = 0.01
COINCIDENT_SHARE = 0.25  # of the coincidences that independent trains would have
CONTINUES = 0.2  # how well the interval across a join agrees with those beside it
CONTINUES_SHARE = 0.7
CLOSE_SHARE = 0.3
SHADOW_SHARE = 0.6
SHADOW_WIDTH_MS = 4.0  # the slow band times an event less sharply
SHADOW_RATIO = 4.0
SHADOW_REACH_S = 0.008


@dataclass(frozen=True, eq=False)
class Train:
    """Discharges of one unit.

    Parameters
    ----------
    time_s : ndarray of shape (n_events,)
        Ascending.
    template : ndarray
        Band-passed waveform, microvolt, at the band's rate.
    band : int
        Index of the band that carries the train.
    snr : float
        Largest deflection of the template over the noise.
    """

    time_s: NDArray[np.float64]
    template: NDArray[np.float64]
    band: int
    snr: float


def build_trains(
    band: SortedBand, number: int, *, clock: ClockLimits, regular: float, min_events: int
) -> list[Train]:
    """Join what belongs together in one band: parts of one potential, halves of one train; tell clocks apart.

    Parameters
    ----------
    band : SortedBand
    number : int
        Number of the band.
    clock : ClockLimits
        What counts as a clock inside a mixed train.
    regular : float
        Irregularity below which a train predicts where its missed discharges are.
    min_events : int
        Trains with fewer events are dropped.

    Returns
    -------
    list of Train
        Largest first.
    """
    units = _whole_potentials(_halves_joined(_whole_potentials(_units(band, number))))
    trains = [part for train in units for part in _clocks_apart(train, clock, regular, min_events)]
    trains = _without_shadows([_refound(train, band, regular) for train in trains if len(train.time_s) >= min_events])
    return sorted(trains, key=lambda train: -train.snr)


def join_bands(
    fast: Sequence[Train], slow: Sequence[Train], *, seen: Sequence[NDArray[np.floating]], regular: float
) -> list[Train]:
    """Return the trains of both bands; discharges that only the slow band saw go to the train whose they are.

    Parameters
    ----------
    fast, slow : sequence of Train
        The slow ones found in what the fast ones leave over of the slow band.
    seen : sequence of ndarray
        Potential of every fast train in the slow band.
    regular : float
        See ``build_trains``.
    """
    trains = list(fast)
    for train in slow:
        for place, potential in enumerate(seen):
            other = trains[place]
            _, locked = find_lock(other.time_s, train.time_s, reach_ms=LOCK_REACH_MS, width_ms=SHADOW_WIDTH_MS)
            if locked > SHADOW_SHARE * len(train.time_s):
                break  # what is left over of a train that is known
            if _same_potential(potential, train.template) and _together_keeps_time(other, train):
                trains[place] = _united(other, train.time_s)
                break
        else:
            trains.append(train)
    return _without_shadows(trains)


def _same_potential(potential: NDArray[np.floating], template: NDArray[np.floating]) -> bool:
    energy = float(np.square(template).sum())
    answer = np.correlate(potential, template, "valid") if len(potential) >= len(template) else np.zeros(1)
    place = int(answer.argmax())
    there = float(np.square(potential[place : place + len(template)]).sum())
    alike = float(answer[place]) / np.sqrt(max(energy * there, 1e-12))
    return bool(alike > SAME_LIKENESS and SAME_SIZE[0] < np.sqrt(there / energy) < SAME_SIZE[1])


def _units(band: SortedBand, number: int) -> list[Train]:
    units = []
    for unit, template in enumerate(band.templates):
        mine = band.unit == unit
        time_s, scale = band.time_s[mine], band.scale[mine]
        kept = keep_largest(time_s, scale, separation=SEPARATION_MS / 1000)
        if len(kept) > 1:
            units.append(Train(time_s[kept], template, number, float(np.abs(template).max() / band.noise_uv)))
    return units


def _halves_joined(units: list[Train]) -> list[Train]:
    # Two templates of nearly one shape are one unit when together they keep time better than apart.
    units = sorted(units, key=lambda unit: -len(unit.time_s))
    joined: list[Train] = []
    for unit in units:
        for place, other in enumerate(joined):
            if _one_fibre(other, unit):
                joined[place] = _united(other, unit.time_s)
                break
        else:
            joined.append(unit)
    return joined


def _one_fibre(first: Train, second: Train) -> bool:
    alike, _ = similarity(first.template, second.template, max_lag=len(second.template) // 4)
    size = np.ptp(second.template) / np.ptp(first.template)
    if (alike > ALIKE and SIZE[0] < size < SIZE[1]) or (alike > VERY_ALIKE and NEAR_SIZE[0] < size < NEAR_SIZE[1]):
        return _together_keeps_time(first, second)
    # A myotonic discharge waxes and wanes: sizes differ, but one part takes up the rhythm where the other left it.
    return alike > VERY_ALIKE and _continues(first.time_s, second.time_s)


def _together_keeps_time(first: Train, second: Train) -> bool:
    both_s = _union(first.time_s, second.time_s)
    alone = [measure_rhythm(train.time_s) for train in (first, second)]
    best = np.nanmin([*(rhythm.irregularity for rhythm in alone), np.inf])
    together = measure_rhythm(both_s).irregularity
    if together < max(0.8 * best, AS_REGULAR):
        return True
    if best < REGULAR_ALONE and together > 2 * best:
        return False
    # Discharges of independent trains coincide now and then; those of one unit never do.
    within_s = np.concatenate([np.diff(first.time_s), np.diff(second.time_s)])
    reach_s = min(REFRACTORY_SHARE * float(np.quantile(within_s, 0.02)), MOST_REFRACTORY_S)
    gaps = np.abs(_nearest(first.time_s, second.time_s) - second.time_s)
    overlap_s = min(first.time_s[-1], second.time_s[-1]) - max(first.time_s[0], second.time_s[0])
    span_s = max(first.time_s[-1], second.time_s[-1]) - min(first.time_s[0], second.time_s[0])
    expected = 2 * reach_s * len(first.time_s) * len(second.time_s) / max(span_s, 1e-9) * (overlap_s > 0)
    observed = int((gaps < reach_s).sum())
    return bool(expected > 3 and observed < COINCIDENT_SHARE * expected)


def _continues(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    both_s = np.sort(np.concatenate([first_s, second_s]))
    mine = np.isin(both_s, second_s)
    intervals = np.diff(both_s)
    crossing = np.flatnonzero(mine[1:] != mine[:-1])
    inner = crossing[(crossing > 0) & (crossing < len(intervals) - 1)]
    if len(inner) < 2:
        return False
    beside = np.minimum(np.abs(intervals[inner] / intervals[inner - 1] - 1), np.abs(intervals[inner] / intervals[inner + 1] - 1))
    return bool(np.mean(beside < CONTINUES) > CONTINUES_SHARE)


def _union(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    both = np.sort(np.concatenate([first, second]))
    kept = keep_largest(both, np.ones(len(both)), separation=SEPARATION_MS / 1000)
    return np.asarray(both[kept])


def _united(train: Train, more_s: NDArray[np.float64]) -> Train:
    far = np.abs(_nearest(train.time_s, more_s) - more_s) > SEPARATION_MS / 1000
    return replace(train, time_s=np.sort(np.concatenate([train.time_s, more_s[far]])))


def _nearest(times_s: NDArray[np.float64], wanted_s: NDArray[np.float64]) -> NDArray[np.float64]:
    right = (
        np.clip(np.searchsorted(times_s, wanted_s), 1, max(len(times_s) - 1, 1))
        if len(times_s) > 1
        else np.zeros(len(wanted_s), int)
    )
    left = np.maximum(right - 1, 0)
    take_left = np.abs(times_s[left] - wanted_s) <= np.abs(times_s[right] - wanted_s)
    return np.asarray(np.where(take_left, times_s[left], times_s[right]))


def find_lock(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, reach_ms: float, width_ms: float
) -> tuple[float, int]:
    """Return the most frequent lag of the second train after the first, and how many events share it beyond chance.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.
    reach_ms : float
        Largest lag looked at.
    width_ms : float
        Width of the window that counts as one lag.

    Returns
    -------
    lag_s : float
    n_locked : int

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.trains import find_lock
    >>> first = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.2, 40))
    >>> lag_s, locked = find_lock(first, first + 0.007, reach_ms=25, width_ms=1.2)
    >>> round(lag_s * 1000, 1), locked
    (7.0, 40)
    """
    reach_s, width_s = reach_ms / 1000, width_ms / 1000
    low = np.searchsorted(first_s, second_s - reach_s)
    high = np.searchsorted(first_s, second_s + reach_s)
    lags = np.sort(np.concatenate([second - first_s[a:b] for second, a, b in zip(second_s, low, high, strict=True)]))
    if len(lags) == 0:
        return 0.0, 0
    inside = np.searchsorted(lags, lags + width_s, side="right") - np.arange(len(lags))
    start = int(inside.argmax())
    chance = len(lags) * width_s / (2 * reach_s)
    expected = chance if inside[start] < 0.9 * min(len(first_s), len(second_s)) else 0.0
    return float(np.median(lags[start : start + inside[start]])), int(inside[start] - expected)


def _whole_potentials(units: list[Train]) -> list[Train]:
    # Parts of one polyphasic potential follow each other at a fixed lag; the largest part stands for the whole.
    units = sorted(units, key=lambda unit: -unit.snr * min(len(unit.time_s), 50))
    wholes: list[Train] = []
    for unit in units:
        locks = (
            (find_lock(whole.time_s, unit.time_s, reach_ms=LOCK_REACH_MS, width_ms=LOCK_WIDTH_MS)[1], len(whole.time_s))
            for whole in wholes
        )
        if not any(locked >= max(4, LOCKED_SHARE * min(len(unit.time_s), count)) for locked, count in locks):
            wholes.append(unit)
    return wholes


def _clocks_apart(train: Train, clock: ClockLimits, regular: float, min_events: int) -> list[Train]:
    # Similar fibres that ended in one train are told apart by the phase of their rhythm.
    parts, rest = [], train.time_s
    while len(rest) >= clock.min_events and not measure_rhythm(rest).irregularity < regular:
        chain = find_clock(rest, limits=clock)
        if len(chain) == 0 or not _is_clock(rest[chain], rest, regular):
            break
        parts.append(replace(train, time_s=rest[chain]))
        rest = np.delete(rest, chain)
    return [*parts, replace(train, time_s=rest)] if len(rest) >= min_events or not parts else parts


def _is_clock(chain_s: NDArray[np.float64], mixed_s: NDArray[np.float64], regular: float) -> bool:
    # Independent trains come arbitrarily close to each other; one voluntary unit does not, though every second of its
    # discharges may look like a slower clock.
    rhythm = measure_rhythm(chain_s)
    return bool(rhythm.irregularity < regular and np.quantile(np.diff(mixed_s), 0.1) < CLOSE_SHARE * rhythm.base_s)


def _without_shadows(trains: list[Train]) -> list[Train]:
    # What a much larger unit leaves behind clings to its discharges; a unit of its own does not.
    kept = []
    for train in trains:
        large = [other.time_s for other in trains if other.snr > SHADOW_RATIO * train.snr]
        owners = np.sort(np.concatenate(large)) if large else np.array([])
        if len(owners) > 1:
            clinging = np.mean(np.abs(_nearest(owners, train.time_s) - train.time_s) < SHADOW_REACH_S)
            inside = np.mean((train.time_s > owners[0]) & (train.time_s < owners[-1]))
            chance = inside * (1 - np.exp(-2 * SHADOW_REACH_S * len(owners) / (owners[-1] - owners[0])))
            if clinging > chance + SHADOW_SHARE * (1 - chance):
                continue
        kept.append(train)
    return kept


def _refound(train: Train, band: SortedBand, regular: float) -> Train:
    # A clock predicts where its missed discharges are; each is taken only where the residual shows it.
    rhythm = measure_rhythm(train.time_s)
    if not (rhythm.irregularity < regular and rhythm.n_intervals >= 5):
        return train
    half = len(train.template) // 2
    slack = max(3 * rhythm.irregularity * rhythm.base_s, 0.002)
    found = []
    for expected_s in _gaps(train.time_s, rhythm.base_s):
        start = int((expected_s - slack - band.start_s) * band.rate_hz) - half
        stop = int((expected_s + slack - band.start_s) * band.rate_hz) + half
        if start < 0 or stop > len(band.residual):
            continue
        place, scale, alike = best_scale(band.residual[start:stop], train.template)
        if scale > 0.5 and alike > 0.5:
            found.append(band.start_s + (start + place) / band.rate_hz)
    return _united(train, np.array(found)) if found else train


def best_scale(signal: NDArray[np.floating], template: NDArray[np.floating]) -> tuple[int, float, float]:
    """Return where in a short signal a template fits best: position of its middle, size, correlation.

    Parameters
    ----------
    signal : ndarray of shape (n_samples,)
        At least as long as the template.
    template : ndarray of shape (size,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.trains import best_scale
    >>> best_scale(np.pad(2 * np.hanning(9), 5), np.hanning(9))
    (9, 2.0, 1.0)
    """
    correlation = np.correlate(signal, template, "valid")
    energy = float(np.square(template).sum())
    place = int(correlation.argmax())
    present = float(np.square(signal[place : place + len(template)]).sum())
    alike = float(correlation[place] / np.sqrt(max(energy * present, 1e-12)))
    return place + len(template) // 2, float(correlation[place] / energy), round(alike, 12)


def _gaps(times_s: NDArray[np.float64], base_s: float) -> list[float]:
    expected = []
    for before, after in pairwise(times_s):
        missed = round((after - before) / base_s) - 1
        if 0 < missed <= 5:
            expected += list(before + (after - before) * np.arange(1, missed + 1) / (missed + 1))
    return expected
