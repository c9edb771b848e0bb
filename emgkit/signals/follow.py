"""Known units followed into another stretch of their recording: their templates are matched, and nothing is grouped.

Sorting a stretch from nothing tells which template is of which train, whatever joined or parted them. Where these
templates explain the next stretch as well, that is known there too, for a small part of the work. What they leave over,
and how the trains go on, tells where they do not: there everything has to be sorted again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.cluster import find_templates
from emgkit.signals.counting import merged, samples_in
from emgkit.signals.detect import keep_largest
from emgkit.signals.locks import SEPARATION_S, find_lock, nearest
from emgkit.signals.match import Matches, match_again, match_templates, similarity
from emgkit.signals.medians import median
from emgkit.signals.rhythm import PAUSE
from emgkit.signals.sort import SortedBand, find_left, floor_of, kinds_of, limits_of, refined
from emgkit.signals.superpositions import sums_of_two
from emgkit.signals.trains import refound
from emgkit.signals.units import Train, rhythm_of, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import Band

LOCK_REACH_MS, LOCK_WIDTH_MS = 20.0, 1.2  # of a template's matches around the discharges of the train that they are of
OWNED_SHARE = 0.5  # of the matches of a template, that make it one of a train
GIVEN_BACK = 0.9  # share of discharges, known or followed, that are both where the templates were learnt
LEARNT_LEAST, STILL_ALIKE = 10, 0.9  # matches from which a template learns, and how alike it remains
CLINGS_S, CLINGING, CLINGING_CHANCE = 0.006, 0.95, 0.02  # how near, how many of all, and how likely by chance
GROWN = 1.15  # ratio of sizes from one stretch to the next, over which all is matched once more
FEWEST = 8  # intervals that tell a rhythm
UNEVEN_MORE = 0.1  # share of intervals out of rhythm, more than before
RATE_STEP = 1.15  # ratio of rates before and after a pause that makes another fibre likely


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one band.

    Parameters
    ----------
    templates : list of ndarray
    owner : ndarray of int, shape (n_templates,)
        Number of the train whose discharges the matches are; -1 for nobody's.
    lag_s : ndarray of shape (n_templates,)
        How long after the discharge its match comes.
    """

    templates: list[NDArray[np.floating]]
    owner: NDArray[np.int64]
    lag_s: NDArray[np.float64]


def teach(
    bands: Sequence[SortedBand], trains: Sequence[Train], *, regular: float
) -> tuple[list[Known], list[int]] | None:
    """Return what a sorted stretch teaches of its bands, and the numbers of the trains that can be followed.

    Trains that are made of others that fired together by chance, or of what others leave over, are left out.

    Parameters
    ----------
    bands : sequence of SortedBand
    trains : sequence of Train
    regular : float
        Irregularity below which a train predicts its missed discharges.

    Returns
    -------
    (list of Known, list of int) or None
        The owners are places in the second list.
        None when templates alone do not give the trains back, as when only their rhythm tells two of them apart.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.follow import teach
    >>> from emgkit.signals.sort import SortedBand
    >>> from emgkit.signals.units import Train
    >>> times, wave = np.arange(40) / 7.0, np.diff(np.hanning(31))
    >>> quiet, none = np.zeros(70000, np.float32), np.empty(0)
    >>> band = SortedBand(10000.0, 0.0, 1.0, [wave], np.zeros(40, int), times, np.ones(40), quiet, quiet, none, none)
    >>> [known], trains = teach([band], [Train(times, wave, 0, 9.0)], regular=0.07)
    >>> known.owner.tolist(), teach([band], [Train(times[:20], wave, 0, 9.0)], regular=0.07)
    ([0], None)
    """
    knowns = [_known(band, number, trains) for number, band in enumerate(bands)]
    sums = [sums_of_two(band.templates, band.unit, span=len(band.signal)) for band in bands]
    kept = []
    for number in range(len(trains)):
        mine = [known.owner == number for known in knowns]
        if not any(own.any() for own in mine):
            return None
        if not all(over[own].all() for own, over in zip(mine, sums, strict=True)) and not _clings(number, trains):
            kept.append(number)
    renumbered = np.full(len(trains) + 1, -1)
    renumbered[kept] = np.arange(len(kept))
    some = [
        Known(
            [template for template, is_sum in zip(known.templates, over, strict=True) if not is_sum],
            renumbered[known.owner[~over]],
            known.lag_s[~over],
        )
        for known, over in zip(knowns, sums, strict=True)
    ]
    again = list(trains)
    for number, (band, known) in enumerate(zip(bands, knowns, strict=True)):
        again = followed_trains(band, known, trains=again, number=number, regular=regular)
    if not all(_given_back(trains[number], again[number]) for number in kept):
        return None
    return some, kept


def _clings(number: int, trains: Sequence[Train]) -> bool:
    # What others leave over is never far from their discharges; a unit of its own is as often as chance has it.
    train = trains[number]
    many = [other.time_s for other in trains if len(other.time_s) > len(train.time_s)]
    owners = np.sort(np.concatenate([np.empty(0), *many]))
    if len(owners) < 2:
        return False
    near = np.abs(nearest(owners, train.time_s) - train.time_s) < CLINGS_S
    chance = 1 - np.exp(-2 * CLINGS_S * len(owners) / (owners[-1] - owners[0]))
    return bool(near.mean() > CLINGING and chance ** len(near) < CLINGING_CHANCE)


def _given_back(train: Train, again: Train) -> bool:
    if len(again.time_s) == 0:
        return False
    both = int((np.abs(nearest(again.time_s, train.time_s) - train.time_s) < SEPARATION_S).sum())
    return both >= GIVEN_BACK * (len(train.time_s) + len(again.time_s) - both)


def _known(band: SortedBand, number: int, trains: Sequence[Train]) -> Known:
    owner, lag_s = np.full(len(band.templates), -1), np.zeros(len(band.templates))
    for unit in range(len(band.templates)):
        mine_s = band.time_s[band.unit == unit]
        most: float = OWNED_SHARE * len(mine_s)
        for place, train in enumerate(trains):
            if train.band > number:  # what the fast band has of a train of the slow one was not used
                continue
            lag, count = find_lock(train.time_s, mine_s, reach_ms=LOCK_REACH_MS, width_ms=LOCK_WIDTH_MS)
            if count > most:
                owner[unit], lag_s[unit], most = place, lag, count
    return Known(list(band.templates), owner, lag_s)


def follow_band(
    signal: NDArray[np.float32],
    rate_hz: float,
    *,
    band: Band,
    noise_uv: float,
    start_s: float,
    templates: Sequence[NDArray[np.floating]],
    taken: NDArray[np.float32] | None = None,
) -> SortedBand:
    """Find known units in one band; the templates follow slow drift.

    Parameters
    ----------
    signal, rate_hz, band, noise_uv, start_s, taken
        See ``sort_band``.
    templates : sequence of ndarray
        Of the units.

    Returns
    -------
    SortedBand
        With as many templates, in the same order.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.follow import follow_band
    >>> from emgkit.signals.sort import Band
    >>> band = Band(200, 3000, 0.6, 2, 2.5, 0.4, 0.02, 2.5, 0.25, 5, 2, 1, 20, 40, 0.6, 1.6, 1, 0.6, 0.05)
    >>> wave = np.pad(60 * np.sin(np.linspace(0, 2 * np.pi, 15)), (17, 18))
    >>> signal = np.random.default_rng(0).normal(0, 2, 100000).astype(np.float32)
    >>> for start in range(1000, 99000, 1500):
    ...     signal[start : start + 50] += 0.8 * wave
    >>> found = follow_band(signal, 10000.0, band=band, noise_uv=2.0, start_s=0.0, templates=[wave])
    >>> len(found.time_s), round(float(np.ptp(found.templates[0]) / np.ptp(wave)), 1)
    (66, 0.8)
    """
    limits, floor = limits_of(band, noise_uv), floor_of(noise_uv, rate_hz, band=band, taken=taken)
    reach = 2 * samples_in(band.lag_ms, rate_hz)
    known = list(templates)
    left_of = partial(find_left, rate_hz=rate_hz, band=band, noise_uv=noise_uv)
    peaks, ratio = left_of(signal, signal, floor=floor)
    none = np.empty(0)
    matches = Matches(none.astype(np.int64), none, none, signal)
    if noise_uv > 0 and len(peaks) and known:
        matches = match_templates(signal, peaks, templates=known, limits=limits, lag=reach)
        known = _learnt(known, matches)
        if _grown(templates, known):
            matches = match_templates(signal, peaks, templates=known, limits=limits, lag=reach)
            known = _learnt(known, matches)
        left, ratio = left_of(matches.residual, signal, floor=floor)
        every, peaks = merged(peaks, left), left
        if len(left):
            matches, where = match_again(
                signal, every, matches=matches, left=left, templates=known, limits=limits, lag=reach
            )
            peaks, ratio = left_of(matches.residual[where], signal[where], floor=lambda places: floor(where[places]))
            peaks = where[peaks]
    return SortedBand(
        rate_hz=rate_hz,
        start_s=start_s,
        noise_uv=noise_uv,
        templates=known,
        unit=matches.template,
        time_s=start_s + matches.position / rate_hz,
        scale=matches.scale,
        signal=signal,
        residual=matches.residual,
        loose_s=start_s + peaks / rate_hz,
        loose_ratio=ratio,
    )


def _grown(before: Sequence[NDArray[np.floating]], after: Sequence[NDArray[np.floating]]) -> bool:
    steps = np.array([np.ptp(new) / max(np.ptp(old), 1e-9) for old, new in zip(before, after, strict=True)])
    return bool((np.abs(np.log(np.maximum(steps, 1e-9))) > np.log(GROWN)).any())


def _learnt(templates: list[NDArray[np.floating]], matches: Matches) -> list[NDArray[np.floating]]:
    # From many matches only, and not into another shape.
    counts = np.bincount(matches.template, minlength=len(templates))
    learnt = refined(templates, matches, centred=False)
    return [
        after if count >= LEARNT_LEAST and similarity(before, after, max_lag=2)[0] > STILL_ALIKE else before
        for before, after, count in zip(templates, learnt, counts, strict=True)
    ]


def followed_trains(
    band: SortedBand, known: Known, *, trains: Sequence[Train], number: int, regular: float
) -> list[Train]:
    """Return what known trains are in another stretch, from the matches of their templates in one band.

    Parameters
    ----------
    band : SortedBand
        Of the stretch.
    known : Known
        Whose templates were matched.
    trains : sequence of Train
        Those of the fast band as found there when the slow one is looked at, the others as known.
    number : int
        Of the band. Trains of the other one are only added to.
    regular : float
        Irregularity below which a train predicts its missed discharges.
    """
    found = []
    for place, train in enumerate(trains):
        mine = (known.owner == place)[band.unit] if len(band.unit) else np.zeros(0, dtype=bool)
        time_s, scale = band.time_s[mine] - known.lag_s[band.unit[mine]], band.scale[mine]
        order = np.argsort(time_s, kind="stable")
        time_s = time_s[order][keep_largest(time_s[order], scale[order], separation=SEPARATION_S)]
        if train.band != number:
            found.append(united(train, time_s) if len(time_s) and len(train.time_s) else train)
            continue
        own = np.flatnonzero((known.owner == place) & (np.abs(known.lag_s) * band.rate_hz < 1))
        alike = [similarity(train.template, band.templates[unit], max_lag=2)[0] for unit in own]
        template = band.templates[own[int(np.argmax(alike))]] if alike else train.template
        snr = float(np.abs(template).max() / band.noise_uv) if band.noise_uv > 0 else train.snr
        found.append(refound(Train(time_s, template, number, snr), band, regular=regular))
    return found


def founds_more(found: SortedBand, *, band: Band, busy_s: NDArray[np.float64], least_snr: float) -> bool:
    """Return whether spikes that are left over, far from all that is known, are enough of one shape for a unit.

    Near what is known, discharges that fell together leave much over that is of no unit.

    Parameters
    ----------
    found : SortedBand
    band : Band
    busy_s : ndarray
        Discharges that are known from elsewhere, ascending.
    least_snr : float
        Size of a unit over the noise.
    """
    half, lag = (samples_in(length_ms, found.rate_hz) for length_ms in (band.half_window_ms, band.lag_ms))
    known_s = np.sort(np.concatenate([found.time_s, busy_s]))
    left_s = found.loose_s
    if len(known_s):
        left_s = left_s[np.abs(nearest(known_s, left_s) - left_s) > 2 * half / found.rate_hz]
    groups = find_templates(
        found.residual,
        np.round((left_s - found.start_s) * found.rate_hz).astype(np.int64),
        noise_uv=found.noise_uv,
        half_window=half,
        max_lag=lag,
        tolerance=band.tolerance * 2 ** (band.rounds - 1),
        min_spikes=band.min_spikes,
    )
    return any(np.abs(template).max() > least_snr * found.noise_uv for template in groups)


def goes_on(before: Train, after: Train, *, regular: float) -> bool:
    """Return whether a followed train keeps the rhythm it had: another unit of its shape would disturb it.

    Parameters
    ----------
    before, after : Train
    regular : float
        Irregularity of a clock. What is none has no rhythm to keep.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.follow import goes_on
    >>> from emgkit.signals.units import Train
    >>> clock, other_s = Train(np.arange(40) / 7.0, np.ones(4), 0, 9.0), np.arange(40) / 9.1
    >>> mixed = Train(np.sort(np.append(clock.time_s, other_s)), np.ones(4), 0, 9.0)
    >>> goes_on(clock, clock, regular=0.07), goes_on(clock, mixed, regular=0.07)
    (True, False)
    """
    was, now = rhythm_of(before), rhythm_of(after)
    if min(was.n_intervals, now.n_intervals) < FEWEST or not was.irregularity < regular:
        return True
    steady = now.irregularity < regular and now.uneven < was.uneven + UNEVEN_MORE
    return steady and not _another_rate(np.diff(after.time_s), now.base_s)


def _another_rate(intervals: NDArray[np.float64], base_s: float) -> bool:
    # After a pause another fibre may fire whose shape is nearly the same.
    for pause in np.flatnonzero(intervals > PAUSE * base_s):
        runs = intervals[max(pause - FEWEST, 0) : pause], intervals[pause + 1 : pause + 1 + FEWEST]
        if min(len(run) for run in runs) and not 1 / RATE_STEP < median(runs[1]) / median(runs[0]) < RATE_STEP:
            return True
    return False


def of_one_kind(found: SortedBand, known: Known, *, train: int, busy_s: NDArray[np.float64], band: Band) -> bool:
    """Return whether the discharges of a train that nothing overlaps still are of one shape.

    Parameters
    ----------
    found : SortedBand
    known : Known
        Whose templates were matched.
    train : int
        Its number.
    busy_s : ndarray
        Discharges of the other trains, ascending.
    band : Band
    """
    units = np.flatnonzero(known.owner == train)
    chosen = np.isin(found.unit, units)
    if len(busy_s):
        reach_s = 2 * band.half_window_ms / 1000
        chosen &= np.abs(nearest(busy_s, found.time_s) - found.time_s) > reach_s
    if not chosen.any():
        return True
    place = (found.time_s[chosen] - found.start_s) * found.rate_hz
    matches = Matches(np.searchsorted(units, found.unit[chosen]), place, found.scale[chosen], found.residual)
    templates = [found.templates[unit] for unit in units]
    lag = samples_in(band.lag_ms, found.rate_hz)
    return len(kinds_of(templates, matches, band=band, noise_uv=found.noise_uv, lag=lag)) == len(templates)
