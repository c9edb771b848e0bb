"""From units of two bands to trains: one train for each fibre or motor unit, one event for each whole potential."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.apart import fibres_apart
from emgkit.signals.beats import due_in_gaps, missed_by, on_the_beat, spared_by
from emgkit.signals.clocks import find_clock
from emgkit.signals.cluster import cut_windows
from emgkit.signals.crossings import uncrossed
from emgkit.signals.cycles import cycles_united, lags_to, repeating_joined
from emgkit.signals.detect import keep_largest
from emgkit.signals.exchange import CLOCK_MOST, given_back, handed_on
from emgkit.signals.fitting import best_scale, best_scales
from emgkit.signals.forms import forms_apart
from emgkit.signals.kinds import parted
from emgkit.signals.locks import SEPARATION_S, find_lock, locked_to, nearest
from emgkit.signals.match import similarity
from emgkit.signals.same_unit import one_unit, takes_over
from emgkit.signals.shapes import shapes_apart
from emgkit.signals.units import Train, lone_discharges, own_windows, rhythm_of, united
from emgkit.signals.views import join_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.clocks import ClockLimits
    from emgkit.signals.kinds import View
    from emgkit.signals.sort import SortedBand

LOCK_REACH_MS = 80.0  # how far the parts of one polyphasic potential or complex may lie apart
LOCK_WIDTH_MS = (1.2, 4.0)  # scatter of the lag between parts of one potential, in the fast and in the slow band
SAME_LIKENESS = 0.9  # of a potential in the slow band with one that was found there alone
SAME_SIZE = (0.7, 1.4)  # ratio of their sizes
LOCKED_SHARE = 0.6  # of the discharges of the smaller part that share one lag
LEAST_PARTS, SMALL_SHARE, PART_SNR = 8, 0.4, 0.6  # few of a unit's discharges, and the size of the clock they belong to
PART_REACH_MS, PARTS_SHARE = 8.0, 0.15  # how far they follow; share of an irregular train that a larger unit owns
LEAST_PAIRS, PAIRED_SHARE, PAIR_WIDTH_S, PAIR_GAP = 5, 0.2, 0.0003, 1.5  # like spikes of one complex
LEAST_OUTER = 0.2  # share of intervals that lead to the next complex; a steady train has none
TURNS = 3  # what was given back may join what was apart, and the other way round
LEFT_OVER, PLAIN = (0.5, 0.5), (0.6, 0.8)  # least size and correlation of a discharge that is found again
MOST_MISSED = 5  # in a row, of a clock whose missed discharges are looked for
PRECISE_S = 0.004  # how well it must be known where one is due before another unit's is taken for it
SHADOW_SHARE = 0.6  # of discharges that cling to a larger train, beyond chance
ONSETS, ONSETS_SNR = 0.3, 8.0  # share of a small train that are the onsets of another's waves, and how small it is
ONSET_CLOCK, RANDOM = 0.1, 0.5  # irregularity of that other train, and share of its own that is far above
SHADOW_RATIO = 4.0  # how much larger that train is
SHADOW_REACH_S = 0.008  # and how near
INTRUDER_RATIO, INTRUDER_REACH_S = 1.5, 0.005  # how much larger that is whose potential leaves something, and how near
INTRUDED_MOST, INTRUDERS = 0.06, (0.03, 0.2)  # irregularity of a clock that holds them, and their share of it
AT_ONCE_S, AT_ONCE_LEAST = 0.0015, 4  # how near a larger one nothing can be told from what that leaves, and how many
AT_ONCE_CHANCE, AT_ONCE_SHARE = 3.0, 0.2  # times more than by chance, and share of the train, that are too many
INTRUDER_BEAT = 0.6  # share of what lies free that a beat must explain before the rest is off it
INTRUDER_ALIKE, LIKENESS_REACH = 0.9, 3  # correlation that no discharge of its own has, within so many samples


def build_trains(
    band: SortedBand, number: int, *, clock: ClockLimits, regular: float, min_events: int, view: View | None = None
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
    view : View, optional
        Another band in which units may show to be two.

    Returns
    -------
    list of Train
        Largest first.
    """
    units = repeating_joined([_first_spikes(unit) for unit in _units(band, number)], band)
    units = _whole_potentials(_without_parts(units, regular))
    units = _settled(units if view is None else parted(units, view), band, regular)
    trains = fibres_apart(units, band, clock=clock, regular=regular, min_events=min_events)
    trains = trains if view is None else parted(trains, view, settled=True)
    trains = _without_intruders(trains, band, clock)
    if sorted(len(train.time_s) for train in trains) != sorted(len(unit.time_s) for unit in units):
        trains = _settled(trains, band, regular)  # what was dealt anew may go on as another
    trains = uncrossed(trains, band, regular=regular)
    found = [refound(train, band, regular=regular) for train in trains if len(train.time_s) >= min_events]
    trains = _without_intruders(_without_shadows(found), band, clock)
    return cycles_united(trains if view is None else forms_apart(shapes_apart(trains, band), band), band)


def join_bands(
    fast: Sequence[Train], slow: Sequence[Train], *, seen: Sequence[NDArray[np.floating]], before: int, rate_hz: float
) -> list[Train]:
    """Return the trains of both bands; discharges that only the slow band saw go to the train whose they are.

    Parameters
    ----------
    fast, slow : sequence of Train
        The slow ones found in what the fast ones leave over of the slow band.
    seen : sequence of ndarray
        Potential of every fast train in the slow band.
    before : int
        Samples of a potential before its discharge.
    rate_hz : float
        Of the slow band.
    """
    trains = list(fast)
    for train in slow:
        for place, potential in enumerate(seen):
            other = trains[place]
            lag_s, locked = find_lock(other.time_s, train.time_s, reach_ms=LOCK_REACH_MS, width_ms=LOCK_WIDTH_MS[1])
            if locked > SHADOW_SHARE * len(train.time_s):
                if not _holds_onsets(other, train, locked):
                    break  # what is left over of a train that is known
                trains[place] = _without_onsets(other, train.time_s - lag_s)
                continue
            later, part = _later_in_potential(potential, train.template)
            if len(part) and one_unit(other.time_s, train.time_s, shapes=(part, train.template)):
                trains[place] = united(other, train.time_s - (later - before) / rate_hz)
                break
            if lags_to(other, train):
                break  # spikes of a repeating complex
        else:
            trains.append(train)
    return _without_shadows(trains)


def _holds_onsets(fast: Train, slow: Train, locked: int) -> bool:
    # Small noise of the fast band takes in the onsets of long waves, which keep a rhythm that it has not.
    noise, clock = rhythm_of(fast).irregularity, rhythm_of(slow).irregularity
    return locked < ONSETS * len(fast.time_s) and fast.snr < ONSETS_SNR and clock < ONSET_CLOCK < RANDOM * noise


def _without_onsets(fast: Train, times_s: NDArray[np.float64]) -> Train:
    onset = np.abs(nearest(times_s, fast.time_s) - fast.time_s) < LOCK_WIDTH_MS[1] / 1000
    return replace(fast, time_s=fast.time_s[~onset])


def _settled(units: list[Train], band: SortedBand, regular: float) -> list[Train]:
    # Parts of one unit are joined and discharges given back, in turn until nothing changes.
    for _ in range(TURNS):
        before = [len(unit.time_s) for unit in units]
        units = _whole_potentials(join_views(_halves_joined(units, band), band))
        units = given_back(handed_on(units, band.rate_hz, regular=regular), band.rate_hz, regular=regular)
        units = [unit for unit in units if len(unit.time_s) > 1]
        if sorted(before) == sorted(len(unit.time_s) for unit in units):
            break
    return units


def _later_in_potential(
    potential: NDArray[np.floating], template: NDArray[np.floating]
) -> tuple[int, NDArray[np.floating]]:
    # Where in a potential the middle of a template lies, and the part that it lies on; empty when it is not part of it.
    if len(potential) < len(template):
        return 0, np.empty(0)
    middle, scale, alike = best_scale(potential, template)
    same = alike > SAME_LIKENESS and SAME_SIZE[0] < scale / alike < SAME_SIZE[1]
    first = middle - len(template) // 2
    return middle, potential[first : first + len(template)] if same else np.empty(0)


def _units(band: SortedBand, number: int) -> list[Train]:
    units = []
    for unit, template in enumerate(band.templates):
        mine = band.unit == unit
        time_s, scale = band.time_s[mine], band.scale[mine]
        kept = keep_largest(time_s, scale, separation=SEPARATION_S)
        if len(kept) > 1:
            units.append(Train(time_s[kept], template, number, float(np.abs(template).max() / band.noise_uv)))
    return units


def _first_spikes(unit: Train) -> Train:
    # Like spikes of one complex follow each other at fixed lags, far shorter than the time to the next complex.
    intervals = np.diff(unit.time_s)
    order = np.sort(intervals)
    alike = np.searchsorted(order, intervals + PAIR_WIDTH_S) - np.searchsorted(order, intervals - PAIR_WIDTH_S)
    inner = (alike > PAIRED_SHARE * len(unit.time_s)) & (intervals < LOCK_REACH_MS / 1000)
    if inner.sum() < LEAST_PAIRS or (~inner).mean() < LEAST_OUTER:
        return unit
    if np.median(intervals[~inner]) < PAIR_GAP * np.max(intervals[inner]):
        return unit
    return replace(unit, time_s=unit.time_s[np.append(True, ~inner)])


def _halves_joined(units: list[Train], band: SortedBand) -> list[Train]:
    # Templates of nearly one shape are one unit when their timing agrees; what was joined may take up more.
    every_s = np.sort(np.concatenate([unit.time_s for unit in units] or [np.empty(0)]))

    def windows(times_s: NDArray[np.float64]) -> NDArray[np.floating]:
        return lone_discharges(times_s, every_s=every_s, band=band)

    while True:
        units = sorted(units, key=lambda unit: -len(unit.time_s))
        joined: list[Train] = []
        for unit in units:
            for place in sorted(range(len(joined)), key=lambda place: _difference(joined[place], unit)):
                other = joined[place]
                shapes = (other.template, unit.template)
                if shapes[0] is shapes[1]:  # they have been told apart, or one ends where the other begins
                    same = takes_over(other.time_s, unit.time_s)
                else:
                    same = one_unit(other.time_s, unit.time_s, shapes=shapes, windows=windows)
                if same:
                    _, lag = similarity(*shapes, max_lag=len(unit.template) // 4)
                    joined[place] = united(other, unit.time_s + lag / band.rate_hz)
                    break
            else:
                joined.append(unit)
        if len(joined) == len(units):
            return joined
        units = joined


def _difference(first: Train, second: Train) -> float:
    # Share of the energy by which two potentials differ.
    alike, _ = similarity(first.template, second.template, max_lag=len(second.template) // 4)
    size = float(np.ptp(second.template) / max(np.ptp(first.template), 1e-9))
    return 1 - 2 * alike * size / (1 + size**2)


def _without_parts(units: list[Train], regular: float) -> list[Train]:
    # A few discharges of an irregular unit that follow a clock of its size at one lag are a part of what that clock is.
    units = list(units)
    clocks = [unit for unit in units if rhythm_of(unit).irregularity < regular]
    for clock in clocks:
        least = max(LEAST_PARTS, LOCKED_SHARE * len(clock.time_s))
        for place, unit in enumerate(units):
            if unit is clock or clock.snr < PART_SNR * unit.snr or len(unit.time_s) < least / SMALL_SHARE:
                continue
            if rhythm_of(unit).irregularity < regular:
                continue
            lag_s, locked = find_lock(clock.time_s, unit.time_s, reach_ms=PART_REACH_MS, width_ms=LOCK_WIDTH_MS[0])
            if least <= locked < SMALL_SHARE * len(unit.time_s):
                away_s = np.abs(nearest(clock.time_s, unit.time_s - lag_s) - (unit.time_s - lag_s))
                units[place] = replace(unit, time_s=unit.time_s[away_s > LOCK_WIDTH_MS[0] / 1000])
    return units


def _whole_potentials(units: list[Train]) -> list[Train]:
    # Parts of one polyphasic potential follow each other at a fixed lag; the largest part stands for the whole.
    units = sorted(units, key=lambda unit: -unit.snr * min(len(unit.time_s), 50))
    wholes: list[Train] = []
    for unit in units:
        width_ms = LOCK_WIDTH_MS[unit.band]
        locks = (
            (find_lock(whole.time_s, unit.time_s, reach_ms=LOCK_REACH_MS, width_ms=width_ms)[1], len(whole.time_s))
            for whole in wholes
        )
        if not any(locked >= max(4, LOCKED_SHARE * min(len(unit.time_s), count)) for locked, count in locks):
            wholes.append(unit)
    return wholes


def _without_shadows(trains: list[Train]) -> list[Train]:
    # What a much larger unit leaves behind clings to its discharges; a unit of its own does not.
    kept = []
    for train in trains:
        large = [other.time_s for other in trains if other.snr > SHADOW_RATIO * train.snr]
        owners = np.sort(np.concatenate(large)) if large else np.array([])
        if len(owners) > 1:
            clinging, chance = _beside(train, owners, SHADOW_REACH_S)
            if clinging.mean() > chance + SHADOW_SHARE * (1 - chance):
                continue
        kept.append(train)
    return kept


def _beside(train: Train, owners_s: NDArray[np.float64], reach_s: float) -> tuple[NDArray[np.bool_], float]:
    # Which discharges lie so near one of others, and the share that would by chance.
    near = np.abs(nearest(owners_s, train.time_s) - train.time_s) < reach_s
    inside = np.mean((train.time_s > owners_s[0]) & (train.time_s < owners_s[-1]))
    return near, float(inside * (1 - np.exp(-2 * reach_s * len(owners_s) / max(np.ptp(owners_s), 1e-9))))


def _without_intruders(trains: Sequence[Train], band: SortedBand, clock: ClockLimits) -> list[Train]:
    # What lies in the potential of a larger unit, off the beat of a clock and unlike it, is left of that unit.
    kept = []
    for train in trains:
        large = [other.time_s for other in trains if other.snr > INTRUDER_RATIO * train.snr]
        if not large:
            kept.append(train)
            continue
        owners_s = np.sort(np.concatenate(large))
        regular = rhythm_of(train).irregularity < INTRUDED_MOST
        intrude = (
            _intrude(train, owners_s, band, clock) if regular else _at_once(train, owners_s) | _parts_of(train, large)
        )
        # What stays as it is stays the same train, whose rhythm is known.
        kept.append(replace(train, time_s=train.time_s[~intrude]) if intrude.any() else train)
    return [train for train in kept if len(train.time_s) > 1]


def _at_once(train: Train, owners_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    # Those of an irregular train that coincide with larger ones, where far more do than by chance.
    near, chance = _beside(train, owners_s, AT_ONCE_S)
    more = near.sum() >= AT_ONCE_LEAST and near.mean() > max(AT_ONCE_CHANCE * chance, AT_ONCE_SHARE)
    return near if more else np.zeros(len(near), dtype=bool)


def _parts_of(train: Train, large: Sequence[NDArray[np.float64]]) -> NDArray[np.bool_]:
    # Those of an irregular train that follow one larger unit at one lag, as far more of them than by chance.
    parts, count = np.zeros(len(train.time_s), dtype=bool), len(train.time_s)
    for owner_s in large:
        locked = locked_to(
            owner_s,
            train.time_s,
            reach_ms=PART_REACH_MS,
            width_ms=LOCK_WIDTH_MS[0],
            least=max(LEAST_PARTS, PARTS_SHARE * count),
        )
        parts |= locked & (locked.mean() < LOCKED_SHARE)
    return parts


def _intrude(train: Train, owners_s: NDArray[np.float64], band: SortedBand, clock: ClockLimits) -> NDArray[np.bool_]:
    near = np.abs(nearest(owners_s, train.time_s) - train.time_s) < INTRUDER_REACH_S
    nothing, (low, high) = np.zeros(len(near), dtype=bool), INTRUDERS
    spared = spared_by(train.time_s, near=on_the_beat(rhythm_of(train).irregularity))
    if (near & spared).mean() < low / 2:  # of several in a row some are spared; to look for a chain takes time
        return nothing
    beat = _chain_of(train, ~near, clock)
    intrude = near & (spared if beat is None else ~beat)
    intrude[intrude] = _likeness(train.time_s[intrude], train, band) < INTRUDER_ALIKE
    # Few may as well be discharges that fell together with others, and what holds many is no clock.
    return intrude if low < intrude.mean() < high else nothing


def _chain_of(train: Train, free: NDArray[np.bool_], clock: ClockLimits) -> NDArray[np.bool_] | None:
    # Which discharges are on the beat of a chain that explains most of what lies free.
    if len(free) >= CLOCK_MOST:
        return None
    chain = np.isin(np.arange(len(free)), find_clock(train.time_s, limits=clock))
    if np.count_nonzero(chain & free) <= INTRUDER_BEAT * np.count_nonzero(free):
        return None
    return chain | missed_by(train.time_s[chain], train.time_s)


def _likeness(times_s: NDArray[np.float64], train: Train, band: SortedBand) -> NDArray[np.floating]:
    # Of single discharges with the template of their train, when all others are taken away.
    half = len(train.template) // 2 + LIKENESS_REACH
    windows = own_windows(times_s, band=band, half=half)
    _, _, alike = best_scales(windows, train.template, sizes=np.full(len(windows), 2 * half))
    return alike


def refound(train: Train, band: SortedBand, *, regular: float) -> Train:
    """Return a regular train with the discharges that its clock predicts, each only where the signal shows it."""
    rhythm = rhythm_of(train)
    if not (rhythm.irregularity < regular and rhythm.n_intervals >= 5):
        return train
    slack_s = max(3 * rhythm.irregularity * rhythm.base_s, 0.002)
    precise = slack_s < PRECISE_S
    off_beat = np.zeros(len(train.time_s), dtype=bool)
    if precise:
        off_beat = spared_by(train.time_s, near=on_the_beat(rhythm.irregularity))
    kept_s = train.time_s[~off_beat]
    more_s = _seen(train, band, due_in_gaps(kept_s, rhythm.base_s, most=MOST_MISSED), slack_s)
    if not len(more_s):
        return train
    # What is off the beat of a precise clock is not its own where the discharges that were due there are found.
    if off_beat.any():
        gap = np.searchsorted(kept_s, train.time_s)
        replaced = off_beat & np.isin(gap, np.searchsorted(kept_s, more_s))
        train = replace(train, time_s=train.time_s[~replaced])
    return united(train, more_s)


def _seen(train: Train, band: SortedBand, expected_s: NDArray[np.float64], slack_s: float) -> NDArray[np.float64]:
    # In the residual; of a precise clock also in what was taken for another unit.
    half = len(train.template) // 2
    starts, stops = (
        ((expected_s + step_s - band.start_s) * band.rate_hz).astype(np.int64) for step_s in (-slack_s, slack_s)
    )
    starts, stops = starts - half, stops + half
    inside = (starts >= 0) & (stops <= len(band.residual))
    starts, sizes, found_s = starts[inside], (stops - starts)[inside], []
    looks = ((band.residual, LEFT_OVER), (band.signal, PLAIN))
    for samples, (least_scale, least_alike) in looks[: 1 + (slack_s < PRECISE_S)]:
        if len(starts):
            windows = cut_windows(samples, starts, before=0, after=int(sizes.max()))
            place, scale, alike = best_scales(windows, train.template, sizes=sizes)
            seen = (scale > least_scale) & (alike > least_alike)
            found_s.append(band.start_s + (starts + place)[seen] / band.rate_hz)
            starts, sizes = starts[~seen], sizes[~seen]
    return np.concatenate([np.empty(0), *found_s])
