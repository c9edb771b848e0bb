"""Two fibres of one shape whose sizes differ: told apart by how the size of each goes on, also where they cross."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.polynomial import Polynomial

from emgkit.signals.counting import turns_over_chance
from emgkit.signals.exchange import lag_if_alike
from emgkit.signals.locks import SEPARATION_S, find_lock, nearest
from emgkit.signals.medians import median
from emgkit.signals.noise import MAD_TO_SD
from emgkit.signals.peel import cut_at
from emgkit.signals.units import gaps_around, rhythm_of, sizes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

    Floats = NDArray[np.float64]

SIZES = (0.5, 2.0)  # ratio of the sizes of two units that a drift may have taken from each other
WINDOW, STEP, LEAST_SIDE = 20, 5, 4  # discharges among which two sizes show, and those of one of them
APART, FINEST = 6.0, 0.008  # distance of two sizes over their scatter, and the least scatter (natural logarithm)
TAIL, OUTSIDE = 12, 5.0  # last discharges of a track that tell where it goes on; times the scatter that is none of it
DEGREE, AS_GOOD, MOST_CROSSINGS = 2, 1.5, 3  # of what a drift follows; how much worse it may fit; how often two meet
LEAST_EVENTS, LEAST_CLEAR, MOST_OUTSIDE = 8, 0.5, 0.15  # of a track; shares of the discharges
SURE, SUREST, DISTURBED = 12.0, 50.0, 4.0  # log odds that tell alone; times the scatter beside another discharge
NEAR, INDEPENDENT = 0.3, 0.4  # of an interval; and of the pairs that by chance come nearer than that
LEAST_DEALT = 0.03  # share of the discharges of two units that change hands
TURNS = 0.4  # changes from one track to the other, over what is expected of two that fire on their own
LOCK_REACH_MS, LOCK_WIDTH_MS, MOST_LOCKED = 80.0, 1.2, 0.5  # parts of one discharge are no two fibres


def tracked_apart(units: Sequence[Train], band: SortedBand, *, regular: float) -> list[Train]:
    """Return the units, those of one shape dealt anew where their sizes make two tracks and no clock tells them.

    Parameters
    ----------
    units : sequence of Train
    band : SortedBand
        Where they were found.
    regular : float
        Irregularity of a clock.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.tracks import tracked_apart
    >>> from emgkit.signals.units import Train
    >>> rng, wave, signal = np.random.default_rng(0), np.diff(np.hanning(32)), np.zeros(30_000)
    >>> places = rng.choice(np.arange(100, 29_900, 35), 240, replace=False)
    >>> small = rng.random(240) < 0.5
    >>> for place, size in zip(places, np.where(small, 1.0, 1.4), strict=True):
    ...     signal[place - 15 : place + 16] += size * wave
    >>> mixed = Train(np.sort(places) / 1000.0, wave, 0, 9.0)
    >>> band = SimpleNamespace(signal=signal, rate_hz=1000.0, start_s=0.0)
    >>> sorted(len(unit.time_s) for unit in tracked_apart([mixed], band, regular=0.07))
    [107, 133]
    """
    units = list(units)
    every_s = np.sort(np.concatenate([np.empty(0), *(unit.time_s for unit in units)]))
    irregular = [not rhythm_of(unit).irregularity < regular for unit in units]
    for place, other in combinations(range(len(units)), 2):
        first, second = units[place], units[other]
        lag = lag_if_alike(first, second, sizes=SIZES) if irregular[place] or irregular[other] else None
        if lag is not None:
            dealt = _dealt_anew(first, second, lag / band.rate_hz, every_s=every_s, band=band)
            units[place], units[other] = dealt or (first, second)
    parted: list[Train] = []
    for unit in units:
        odds = None if rhythm_of(unit).irregularity < regular else _odds(unit, every_s, band)
        parts = [unit] if odds is None else [replace(unit, time_s=unit.time_s[part]) for part in (odds > 0, odds <= 0)]
        parted += parts
    return parted


def _dealt_anew(
    first: Train, second: Train, lag_s: float, *, every_s: Floats, band: SortedBand
) -> tuple[Train, Train] | None:
    # Those of the one that coincide with one of the other stay where they are.
    moved_s = second.time_s + lag_s
    mine = np.abs(nearest(moved_s, first.time_s) - first.time_s) > SEPARATION_S
    theirs = np.abs(nearest(first.time_s, moved_s) - moved_s) > SEPARATION_S
    pool_s = np.concatenate([first.time_s[mine], moved_s[theirs]])
    order = np.argsort(pool_s, kind="stable")
    was_first = (np.arange(len(pool_s)) < mine.sum())[order]
    odds = _odds(replace(first, time_s=pool_s[order]), every_s, band)
    if odds is None:
        return None
    is_first = odds > 0
    if np.mean(is_first == was_first) < 0.5:
        is_first = ~is_first
    if np.mean(is_first != was_first) < LEAST_DEALT:
        return None
    pool_s = pool_s[order]
    one_s = np.sort(np.concatenate([pool_s[is_first], first.time_s[~mine]]))
    two_s = np.sort(np.concatenate([pool_s[~is_first] - lag_s, second.time_s[~theirs]]))
    return replace(first, time_s=one_s), replace(second, time_s=two_s)


def _odds(unit: Train, every_s: Floats, band: SortedBand) -> Floats | None:
    # Log odds that discharges are of the one of two fibres, by size and shape; None where they are of one.
    if len(unit.time_s) < WINDOW:
        return None
    sizes = sizes_of(unit.time_s, train=unit, band=band)
    alone = gaps_around(unit.time_s, every_s) > len(unit.template) / band.rate_hz
    odds = two_tracks(unit.time_s, sizes, trusted=alone & (sizes > 0))
    if odds is None:
        return None
    half = len(unit.template) // 2
    windows = cut_at(band.signal, (unit.time_s - band.start_s) * band.rate_hz, before=half, after=half)
    return odds + _shape_odds(windows, odds, trusted=alone)


def _shape_odds(windows: NDArray[np.floating], odds: Floats, *, trusted: NDArray[np.bool_]) -> Floats:
    # Where the sizes tell, the shapes of the two are seen; a small difference of shape tells them where sizes cross.
    sure = [trusted & (sign * odds > SURE) for sign in (1, -1)]
    if min(part.sum() for part in sure) < LEAST_EVENTS:
        return np.zeros(len(odds))
    shapes = windows / np.maximum(np.linalg.norm(windows, axis=1, keepdims=True), 1e-9)
    means = [shapes[part].mean(axis=0) for part in sure]
    middle = (means[0] + means[1]) / 2
    basis, _ = np.linalg.qr(np.stack([middle, np.gradient(middle)], axis=1))  # neither size nor timing is shape
    way = means[0] - means[1]
    way -= basis @ (basis.T @ way)
    along = shapes @ way
    centre = [median(along[part]) for part in sure]
    scatter = [MAD_TO_SD * median(np.abs(along[part] - at)) for part, at in zip(sure, centre, strict=True)]
    wide = max(*scatter, 1e-12) * np.where(trusted, 1.0, DISTURBED)
    return np.asarray(_llr(along - centre[0], along - centre[1], wide))


def _llr(to_first: Floats, to_second: Floats, scatter: Floats | float) -> Floats:
    return np.clip((np.square(to_second / scatter) - np.square(to_first / scatter)) / 2, -SUREST, SUREST)


def two_tracks(times_s: Floats, sizes: Floats, *, trusted: NDArray[np.bool_]) -> Floats | None:
    """Return the log odds that discharges are of the one and not the other of two tracks, None where there are not two.

    Parameters
    ----------
    times_s, sizes : ndarray of shape (n_events,)
        Seconds, ascending, and sizes relative to a template.
    trusted : ndarray of bool, shape (n_events,)
        Discharges by themselves, whose size is their own.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.tracks import two_tracks
    >>> rng = np.random.default_rng(0)
    >>> times_s, other = np.sort(rng.uniform(0, 30, 400)), rng.random(400) < 0.4
    >>> sizes = np.where(other, 1 - 0.01 * times_s, 0.95 + 0.01 * times_s) * rng.normal(1, 0.01, 400)
    >>> odds = two_tracks(times_s, sizes, trusted=np.ones(400, bool))
    >>> right = np.mean((odds > 0) == other)
    >>> bool(max(right, 1 - right) > 0.95)
    True
    >>> two_tracks(times_s, rng.normal(1, 0.05, 400), trusted=np.ones(400, bool)) is None
    True
    """
    at_s, height = times_s[trusted], np.log(sizes[trusted])
    seed = _seed(height)
    if seed is None:
        return None
    large = _followed(at_s, height, seed)
    if min(large.sum(), (~large).sum()) < LEAST_EVENTS:
        return None
    large = _crossed(at_s, height, large)
    above, below = (_track(at_s[part], height[part])(times_s) for part in (large, ~large))
    scatter = _scatter(height, large, (above[trusted], below[trusted]))
    if scatter is None or not _fire_freely(at_s, large):
        return None
    height = np.log(np.maximum(sizes, 1e-9))
    return _llr(height - above, height - below, scatter * np.where(trusted, 1.0, DISTURBED))


class _Seed(NamedTuple):
    # The discharges among which two sizes are best apart, which are the larger ones, and the scatter of each.
    first: int
    large: NDArray[np.bool_]
    scatter: float


def _seed(height: Floats) -> _Seed | None:
    if len(height) < WINDOW:
        return None
    windows = sliding_window_view(height, WINDOW)[::STEP]
    order = np.sort(windows, axis=1)
    total, squares = np.cumsum(order, axis=1), np.cumsum(np.square(order), axis=1)
    below = np.arange(LEAST_SIDE, WINDOW - LEAST_SIDE + 1)
    above = WINDOW - below
    low, low_squares = total[:, below - 1], squares[:, below - 1]
    high, high_squares = total[:, -1:] - low, squares[:, -1:] - low_squares
    within = (low_squares - np.square(low) / below + high_squares - np.square(high) / above) / (WINDOW - 2)
    scatter = np.sqrt(np.maximum(within, FINEST**2))
    distance = (high / above - low / below) / scatter
    window, split = np.unravel_index(int(distance.argmax()), distance.shape)
    if distance[window, split] < APART:
        return None
    least = order[window, below[split]]
    return _Seed(int(window) * STEP, windows[window] >= least, float(scatter[window, split]))


def _followed(at_s: Floats, height: Floats, seed: _Seed) -> NDArray[np.bool_]:
    # From the seed on, each discharge belongs to the track that leads nearest to it; and backwards the same.
    large = np.zeros(len(height), dtype=bool)
    inside = np.arange(seed.first, seed.first + WINDOW)
    large[inside] = seed.large
    ways = (range(inside[-1] + 1, len(height)), range(seed.first - 1, -1, -1))
    for way in ways:
        tails = [list(inside[part]) for part in (~seed.large, seed.large)]
        if way.step < 0:
            tails = [tail[::-1] for tail in tails]
        for place in way:
            away = [abs(height[place] - _leads_to(at_s, height, tail, at_s[place])) for tail in tails]
            large[place] = away[1] < away[0]
            if min(away) < OUTSIDE * seed.scatter:
                tails[int(large[place])].append(place)
    return large


def _leads_to(at_s: Floats, height: Floats, tail: list[int], time_s: float) -> float:
    last = tail[-TAIL:]
    x, y = at_s[last], height[last]
    middle = x.mean()
    spread = np.square(x - middle).sum()
    slope = ((x - middle) @ (y - y.mean())) / spread if len(last) == TAIL and spread > 0 else 0.0
    return float(y.mean() + slope * (time_s - middle))


def _crossed(at_s: Floats, height: Floats, large: NDArray[np.bool_]) -> NDArray[np.bool_]:
    # Where the tracks meet they cross, or they turn away from each other: what makes each smoother.
    for _ in range(MOST_CROSSINGS):
        above, below = (_local(at_s[part], height[part])(at_s) for part in (large, ~large))
        wide = np.abs(above - below)
        meet = int(np.argmin(np.where(_inner(len(at_s)), wide, np.inf)))
        swapped = np.where(np.arange(len(at_s)) < meet, large, ~large)
        if min(swapped.sum(), (~swapped).sum()) < LEAST_EVENTS or _rough(at_s, height, swapped) >= _rough(
            at_s, height, large
        ):
            break
        large = swapped
    return large


def _inner(count: int) -> NDArray[np.bool_]:
    place = np.arange(count)
    return (place >= WINDOW // 2) & (place < count - WINDOW // 2)


def _rough(at_s: Floats, height: Floats, large: NDArray[np.bool_]) -> float:
    off = [np.abs(height[part] - _line(at_s[part], height[part])(at_s[part])) for part in (large, ~large)]
    return float(np.concatenate(off).mean())


def _line(at_s: Floats, height: Floats) -> Polynomial:
    # Drift is slow: a parabola, once more without what lies far off it.
    line = Polynomial.fit(at_s, height, DEGREE)
    off = np.abs(height - line(at_s))
    near = off <= OUTSIDE * max(median(off), FINEST)
    return Polynomial.fit(at_s[near], height[near], DEGREE) if near.sum() >= LEAST_EVENTS else line


def _local(at_s: Floats, height: Floats) -> Callable[[Floats], Floats]:
    width = min(LEAST_EVENTS, len(height) - 1) | 1
    padded = np.pad(height, width // 2, mode="edge")
    smooth = np.median(sliding_window_view(padded, width), axis=1)[: len(height)]
    return lambda times_s: np.interp(times_s, at_s, smooth)


def _track(at_s: Floats, height: Floats) -> Callable[[Floats], Floats]:
    # A parabola where that is what the sizes follow, else their running median.
    line, local = _line(at_s, height), _local(at_s, height)
    off = [max(median(np.abs(height - way(at_s))), FINEST) for way in (line, local)]
    return line if off[0] < AS_GOOD * off[1] else local


def _scatter(height: Floats, large: NDArray[np.bool_], tracks: tuple[Floats, Floats]) -> float | None:
    # Of the sizes around the two tracks; None where these are not clearly apart.
    above, below = tracks
    off = np.abs(height - np.where(large, above, below))
    scatter = max(MAD_TO_SD * median(off), FINEST)
    clear = np.abs(above - below) > APART * scatter
    return scatter if clear.mean() > LEAST_CLEAR and (off > OUTSIDE * scatter).mean() < MOST_OUTSIDE else None


def _fire_freely(at_s: Floats, large: NDArray[np.bool_]) -> bool:
    # Not one after the other, as of a size that jumps; not at a lag, as parts; and as near as chance has it.
    up_s, down_s, turned = at_s[large], at_s[~large], large[1:] != large[:-1]
    if turns_over_chance(large) < TURNS:
        return False
    near_s = NEAR * min(median(np.diff(up_s)), median(np.diff(down_s)))
    expected = 2 * max(near_s - SEPARATION_S, 0.0) * len(up_s) * len(down_s) / np.ptp(at_s)
    close = np.count_nonzero((np.diff(at_s) < near_s) & turned)
    _, locked = find_lock(up_s, down_s, reach_ms=LOCK_REACH_MS, width_ms=LOCK_WIDTH_MS)
    return bool(close >= INDEPENDENT * expected and locked < MOST_LOCKED * min(len(up_s), len(down_s)))
