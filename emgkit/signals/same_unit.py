"""Whether two trains of nearly one shape are one unit: their timing decides, and shape where timing cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.signals.beats import missed_by
from emgkit.signals.counting import spread_evenly
from emgkit.signals.locks import nearest, union_of
from emgkit.signals.match import similarity
from emgkit.signals.medians import median, quantile
from emgkit.signals.rhythm import PAUSE, measure_rhythm
from emgkit.signals.waveform import separation

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Timing = Literal["one clock", "two clocks", "same", "coincide", "different", "unknown"]

ALIKE, SIZE = 0.85, (0.6, 1.6)  # correlation, and ratio of sizes, of what may be one unit
VERY_ALIKE, NEAR_SIZE = 0.95, (0.5, 2.0)
WANED_ALIKE, WANED_SIZE = 0.985, (0.3, 3.3)
TAKEN_OVER_ALIKE = 0.975  # of a clock and what takes it over, which timing tells better than shape
FEWEST, MOST = 8, 120  # discharges that tell how far two shapes lie apart
INDISTINCT = 2.0  # nearer, two templates were made of discharges that nobody can tell apart
NEAR, FAR, VERY_FAR = 4.5, 7.0, 12.5  # standard deviations of single discharges
VARIED_ALIKE, VARIED_SIZE, FARTHEST = 0.935, (0.85, 1.2), 11.0  # of what never fires together with its like
HARDLY_APART = 0.98  # correlation above which an irregular unit that varies in steps may be that far apart
SURELY_ALIKE, SAME_SIZE = 0.93, (0.87, 1.15)  # enough when timing cannot tell
ONE_SHAPE, DRIFTED_SIZE = 0.99, (0.75, 1.33)  # a drifting needle changes the size and hardly the shape
VERY_SAME = 0.998  # of runs of one fibre with pauses between
DRIFTED_ALIKE = 0.985  # of parts of a potential that drifts in size and shape
OTHER_RATE = 4.0  # ratio of rates that no fibre goes through without being seen between
SIDE_BY_SIDE, FIRES_ON = 0.7, 2.5  # share of discharges, and the longest interval of what fires on, in its usual ones
GIVES_WAY_EVENTS, GIVES_WAY_PARTS = 40, 10  # discharges and parts of the time that tell
SHIFTING, STEADY, STEADIER = 8.0, 3.0, 0.25  # over chance: how their shares change, and hardly their sum
RANDOM, WANDERED_SIZE = 0.15, (0.7, 1.43)  # irregularity of what keeps no time, so that its rate tells nothing
NO_CLOCK, SELDOM_S = 0.1, 0.25  # irregularity that no clock has, and intervals that no endplate spikes have
CHANGING = ((0.88, 7.0), (0.97, 16.0))  # correlation and standard deviations of parts of what keeps no time
FOLLOWED_SIZE = (0.58, 1.72)  # of what begins at once where the other ends
ONCE = 3  # turns of two that follow each other, where they may overlap a little
COMPLEX_ALIKE, COMPLEX_LOBES, LOBE = 0.92, 6, 0.15  # of potentials with so many phases over a share of the largest
AS_REGULAR = 0.05  # two halves that together are this regular are one, however regular each is alone
REGULAR_ALONE = 0.06  # as regular as this, a part is a train of its own unless the whole is as regular
REGULAR_EVENTS = 8
BOTH_EVENTS = 5  # of each of two clocks, which may follow each other and then look like one
EVEN, TURNS = 0.1, 8  # share of uneven intervals, and how often they take turns, of the halves of one clock
UNEVEN_TURNS = 0.65  # uneven intervals for each turn of what only resembles
FILLED, FILL_LEAST = 0.7, 3  # share of discharges that are where a clock missed one, and how many tell
REFRACTORY_SHARE = 0.8  # of the shortest intervals within: how near no other discharge of the same unit comes
MOST_REFRACTORY_S = 0.05
SHORTEST_S, SHORTEST_EXPECTED = 0.003, 10.0  # no fibre fires twice within; of two, half of such pairs are resolved
REFRACTORY_S = 0.005  # no unit fires twice within; of two units, some such pairs are resolved
COINCIDENCES = 3.0  # expected of independent trains before their lack says anything
COINCIDENT_SHARE = 0.25  # of those coincidences
SURE_COINCIDENCES, SURE_SHARE = 25.0, 0.1  # where many more were expected, and next to none is seen
HIDDEN_S = 0.02  # and so far apart that none can hide behind the other
INDEPENDENT_SHARE = 0.5
END_EVENTS = 6  # that show the rate at which a clock ends, or another begins
STRAYS, SAME_RATE = 0.3, 1.25  # share of foreign discharges, and ratio of rates, where one clock goes on as another
CONTINUES = 0.2  # how well the interval across a join agrees with those beside it
CONTINUES_SHARE = 0.7
FEW_JOINS, MANY_JOINS = 2, 5  # of what is of one shape, and of what only resembles; a few agree by chance


def one_unit(
    first_s: NDArray[np.float64],
    second_s: NDArray[np.float64],
    *,
    shapes: tuple[NDArray[np.floating], NDArray[np.floating]],
    windows: Callable[[NDArray[np.float64]], NDArray[np.floating]] | None = None,
) -> bool:
    """Return whether two trains are one unit.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.
    shapes : pair of ndarray of shape (size,)
        Their templates.
    windows : function of times_s, optional
        Single discharges at these times, shape (n, size): are there two kinds of them, or one that varies?

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.same_unit import one_unit
    >>> times, wave = np.arange(40) / 7.0, np.diff(np.hanning(31))
    >>> one_unit(times[::2], times[1::2], shapes=(wave, wave)), one_unit(times, times * 1.3, shapes=(wave, wave))
    (True, False)
    """
    if min(len(first_s), len(second_s)) < 2:
        return False
    alike, lag = similarity(shapes[0], shapes[1], max_lag=len(shapes[1]) // 4)
    size = float(np.ptp(shapes[1]) / max(np.ptp(shapes[0]), 1e-9))
    # A myotonic discharge waxes and wanes: sizes differ, but one part takes up the rhythm where the other left it.
    goes_on = alike > VERY_ALIKE and _continues(first_s, second_s, often=FEW_JOINS if alike > ONE_SHAPE else MANY_JOINS)
    if goes_on or alike < ALIKE:
        return goes_on
    discharges = _discharges(first_s, second_s, lag, windows)
    apart = np.nan if discharges is None else separation(*discharges)
    if not _near_in_size(size, alike, apart):
        return False
    taken_over = alike > TAKEN_OVER_ALIKE and not apart > FAR and takes_over(first_s, second_s)
    verdict = "one clock" if taken_over else _timing(first_s, second_s, alike=alike)
    if verdict in {"one clock", "different"}:
        return verdict == "one clock"
    if verdict == "coincide" and _never_at_once(first_s, second_s, size=size, alike=alike):
        verdict = "same"
    near_size = DRIFTED_SIZE[0] < size < DRIFTED_SIZE[1]
    if verdict == "two clocks" and (
        _other_rate(first_s, second_s) or (not near_size and _side_by_side(first_s, second_s))
    ):
        return False
    if verdict == "same" and discharges is not None:
        # Timing speaks for one unit: its parts may have been aligned otherwise.
        apart = min(apart, separation(*discharges, moving=True))
    drifted = alike > ONE_SHAPE and near_size
    varied = VARIED_SIZE[0] < size < VARIED_SIZE[1]
    return bool(
        (alike > DRIFTED_ALIKE and apart < FAR and _gives_way(first_s, second_s))
        or (drifted and verdict == "two clocks" and _hands_over(first_s, second_s))
        or _follows(first_s, second_s, size=size, alike=alike)
        or (varied and alike > COMPLEX_ALIKE and apart < VERY_FAR and _one_complex(verdict, shapes))
        or (varied and verdict in {"same", "unknown"} and _changing(alike, apart) and _now_and_then(first_s, second_s))
        or _one_by_shape(verdict, size, alike, apart, drifted=drifted)
    )


def one_seen_whole(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, alike: float, size: float) -> bool:
    """Return whether two trains that a wide view shows to be of one shape are one unit.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds, of the same point of the potential.
    alike : float
        Correlation of what the wide view shows of them.
    size : float
        Ratio of their sizes there.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.same_unit import one_seen_whole
    >>> times, first = np.arange(40) / 7.0, np.arange(40) % 3 > 0
    >>> one_seen_whole(times[first], times[~first], alike=1.0, size=1.0)
    True
    >>> one_seen_whole(times, times * 1.3, alike=1.0, size=1.0)
    False
    """
    if alike < SURELY_ALIKE or not SAME_SIZE[0] < size < SAME_SIZE[1]:
        return False
    return _timing(first_s, second_s, alike=alike) in {"one clock", "same", "unknown"}


def _one_by_shape(verdict: Timing, size: float, alike: float, apart: float, *, drifted: bool) -> bool:
    same_size = SAME_SIZE[0] < size < SAME_SIZE[1]
    if np.isnan(apart):
        return verdict == "same" or (verdict != "coincide" and ((same_size and alike > SURELY_ALIKE) or drifted))
    if verdict == "coincide":
        return same_size and apart < INDISTINCT
    if verdict != "two clocks" and same_size and alike > HARDLY_APART:
        return apart < VERY_FAR
    if verdict == "same" and VARIED_SIZE[0] < size < VARIED_SIZE[1] and alike > VARIED_ALIKE:
        return apart < FARTHEST
    near_shape = (same_size and alike > VERY_ALIKE) or (drifted and verdict == "unknown")
    return apart < NEAR or (apart < FAR and (verdict == "same" or near_shape))


def _near_in_size(size: float, alike: float, apart: float) -> bool:
    # What wanes step by step may end at a third of its size.
    if alike > WANED_ALIKE and apart < NEAR:
        return WANED_SIZE[0] < size < WANED_SIZE[1]
    low, high = NEAR_SIZE if alike > VERY_ALIKE else SIZE
    return low < size < high


def _discharges(
    first_s: NDArray[np.float64],
    second_s: NDArray[np.float64],
    lag: int,
    windows: Callable[[NDArray[np.float64]], NDArray[np.floating]] | None,
) -> tuple[NDArray[np.floating], NDArray[np.floating]] | None:
    # Single discharges of either, aligned to a sample: parts of one varying unit lie close. None where they are few.
    if windows is None or min(len(first_s), len(second_s)) < FEWEST:
        return None
    one, two = (windows(times[spread_evenly(len(times), most=MOST)]) for times in (first_s, second_s))
    return None if min(len(one), len(two)) < FEWEST else (one, np.roll(two, -lag, axis=1))


def _timing(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, alike: float) -> Timing:
    alone = [measure_rhythm(times_s, trends=False) for times_s in (first_s, second_s)]
    irregular = [rhythm.irregularity for rhythm in alone]
    best = float(np.nanmin([*irregular, np.inf]))
    both = measure_rhythm(union_of(first_s, second_s), trends=False)
    together = both.irregularity
    clocks = [
        value < REGULAR_ALONE and len(times_s) >= BOTH_EVENTS
        for value, times_s in zip(irregular, (first_s, second_s), strict=True)
    ]
    if together < AS_REGULAR:
        turns = _turns(first_s, second_s, longest_s=PAUSE * both.base_s)
        # A few guests leave most intervals even, but not those where they take turns with their host.
        even_turns = alike > VERY_SAME or both.uneven * both.n_intervals < UNEVEN_TURNS * turns
        if both.uneven < EVEN and turns >= TURNS and even_turns:
            return "one clock"
        clock_s, other_s = (first_s, second_s) if irregular[0] == best else (second_s, first_s)
        if _fills(clock_s, other_s) or (all(clocks) and _fills(other_s, clock_s)):
            return "one clock"
        if all(clocks):
            return "two clocks"  # their rhythms do not contradict, nor do they need each other
    if together < min(0.8 * best, REGULAR_ALONE) and not all(clocks):
        return "one clock"
    clocks = [
        clock and len(times_s) >= REGULAR_EVENTS for clock, times_s in zip(clocks, (first_s, second_s), strict=True)
    ]
    if any(clocks) and together > max(2 * best, AS_REGULAR):
        return "different"
    return _coincidences(first_s, second_s)


def _turns(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, longest_s: float = np.inf) -> int:
    # How often a discharge of one follows one of the other; after a pause it may be that of any.
    both_s = np.concatenate([first_s, second_s])
    order = np.argsort(both_s, kind="stable")
    return int(np.count_nonzero(np.diff(order >= len(first_s)) & (np.diff(both_s[order]) < longest_s)))


def _fills(clock_s: NDArray[np.float64], other_s: NDArray[np.float64]) -> bool:
    # The other discharges are where the clock missed one.
    inside_s = other_s[(other_s > clock_s[0]) & (other_s < clock_s[-1])]
    return len(inside_s) >= FILL_LEAST and bool(missed_by(clock_s, inside_s).mean() > FILLED)


def _coincidences(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> Timing:
    # Discharges of independent trains coincide now and then; those of one unit never do.
    coincide = _counted_near(first_s, second_s)
    if coincide is None:
        return "unknown"
    within_s = np.concatenate([np.diff(first_s), np.diff(second_s)])
    longer_s = float(np.clip(REFRACTORY_SHARE * np.quantile(within_s, 0.02), REFRACTORY_S, MOST_REFRACTORY_S))
    expected, seen = coincide(longer_s)
    if expected >= SURE_COINCIDENCES and seen < SURE_SHARE * expected and longer_s > HIDDEN_S:
        return "one clock"
    for reach_s in (REFRACTORY_S, longer_s):  # two that are nearer may be taken for one
        expected, seen = coincide(reach_s)
        if expected >= COINCIDENCES and seen < COINCIDENT_SHARE * expected:
            return "same"
        if expected >= COINCIDENCES and seen > INDEPENDENT_SHARE * expected:
            return "coincide"
    return "unknown"


def _never_at_once(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, size: float, alike: float) -> bool:
    # An endplate spike fires again so soon that only the shortest intervals tell halves of it from two of them.
    coincide = _counted_near(first_s, second_s)
    if not SAME_SIZE[0] < size < SAME_SIZE[1] or alike < VERY_ALIKE or coincide is None:
        return False
    expected, seen = coincide(SHORTEST_S)
    return expected >= SHORTEST_EXPECTED and seen < SURE_SHARE * expected


def _counted_near(
    first_s: NDArray[np.float64], second_s: NDArray[np.float64]
) -> Callable[[float], tuple[float, int]] | None:
    # How many pairs nearer than a reach are expected of independent trains, and seen, while both fire.
    low, high = max(first_s[0], second_s[0]), min(first_s[-1], second_s[-1])
    if high <= low:
        return None
    inner = [times[(times >= low) & (times <= high)] for times in (first_s, second_s)]
    gaps_s = np.abs(nearest(first_s, inner[1]) - inner[1])
    return lambda reach_s: (2 * reach_s * len(inner[0]) * len(inner[1]) / (high - low), int((gaps_s < reach_s).sum()))


def _continues(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, often: int) -> bool:
    # Where one takes over from the other, at least so often, the interval agrees with one beside it.
    both_s = np.sort(np.concatenate([first_s, second_s]))
    mine = np.isin(both_s, second_s)
    intervals = np.diff(both_s)
    crossing = np.flatnonzero(mine[1:] != mine[:-1])
    inner = crossing[(crossing > 0) & (crossing < len(intervals) - 1)]
    intervals = np.maximum(intervals, 1e-6)
    if len(inner) < often:
        return False
    beside = np.minimum(*(np.abs(intervals[inner] / intervals[inner + side] - 1) for side in (-1, 1)))
    return bool(np.mean(beside < CONTINUES) > CONTINUES_SHARE)


def takes_over(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    """Return whether one clock ends where the other begins and goes on at its rate.

    Either may hold a few foreign discharges.

    Parameters
    ----------
    first_s, second_s : ndarray
        Ascending times in seconds.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.same_unit import takes_over
    >>> times = np.arange(40) / 7.0
    >>> takes_over(times[20:], times[:20]), takes_over(times, times + 0.05)
    (True, False)
    """
    early_s, late_s = (first_s, second_s) if np.median(first_s) < np.median(second_s) else (second_s, first_s)
    both_s = np.sort(np.concatenate([early_s, late_s]))
    strays = len(early_s) - np.searchsorted(early_s, both_s, side="right") + np.searchsorted(late_s, both_s)
    place = int(strays.argmin())
    before_s, after_s = early_s[early_s <= both_s[place]], late_s[late_s > both_s[place]]
    if min(len(before_s), len(after_s)) < END_EVENTS or strays[place] > STRAYS * min(len(early_s), len(late_s)):
        return False
    ends_s = (before_s[-END_EVENTS:], after_s[:END_EVENTS])
    usual_s = np.array([quantile(np.diff(part_s), 0.25) for part_s in ends_s])  # some may be missing
    join_s = after_s[0] - before_s[-1]
    steps = np.maximum(np.round(join_s / usual_s), 1)
    fits = (np.abs(join_s / (steps * usual_s) - 1) < CONTINUES).all() and steps.max() <= PAUSE
    whole = measure_rhythm(np.concatenate([before_s, after_s]), trends=False)
    return bool(fits and whole.irregularity < REGULAR_ALONE and usual_s.max() < SAME_RATE * usual_s.min())


def _other_rate(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    usual_s = [median(np.diff(times_s)) for times_s in (first_s, second_s)]
    return max(usual_s) > OTHER_RATE * min(usual_s)


def _side_by_side(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    # Where the slower one fires, the quicker one fires on: neither has taken the other's place.
    slow_s, quick_s = sorted((first_s, second_s), key=lambda times_s: -median(np.diff(times_s)))
    intervals = np.diff(quick_s)
    around_s = np.concatenate([[np.inf], intervals, [np.inf]])[np.searchsorted(quick_s, slow_s)]
    return bool(np.mean(around_s < FIRES_ON * median(intervals)) > SIDE_BY_SIDE)


def _gives_way(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    # One fires less and less as the other fires more and more, and both together as before: one potential that drifts.
    if min(len(first_s), len(second_s)) < GIVES_WAY_EVENTS:
        return False
    both_s = np.concatenate([first_s, second_s])
    edges = np.linspace(both_s.min(), both_s.max(), GIVES_WAY_PARTS + 1)
    one, two = (np.histogram(times, edges)[0] for times in (first_s, second_s))
    whole, share = one + two, len(first_s) / len(both_s)
    shifting = np.square(one - share * whole) / np.maximum(share * (1 - share) * whole, 1)
    steady = np.square(whole - whole.mean()) / whole.mean()
    return bool(shifting.mean() > SHIFTING and steady.mean() < min(STEADY, STEADIER * shifting.mean()))


def _follows(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, size: float, alike: float) -> bool:
    # One is silent before the other begins; a clock must go on at its rate. How far the size may have wandered depends
    # on whether the other begins at once.
    of_one = alike > VERY_SAME or (alike > DRIFTED_ALIKE and _now_and_then(first_s, second_s))
    if not of_one or _turns(first_s, second_s) > ONCE:
        return False
    early_s, late_s = sorted((first_s, second_s), key=median)
    ends_s = (early_s[-REGULAR_EVENTS:], late_s[:REGULAR_EVENTS])
    usual_s = [median(np.diff(part_s)) for part_s in ends_s]
    random = _irregular(first_s, second_s, least=RANDOM)
    at_once = late_s[0] - early_s[-1] < PAUSE * min(usual_s) if random else _hands_over(early_s, late_s)
    low, high = FOLLOWED_SIZE if at_once else WANDERED_SIZE if random else VARIED_SIZE
    return low < size < high and (random or max(usual_s) < SAME_RATE * min(usual_s))


def _changing(alike: float, apart: float) -> bool:
    # What a fasciculation may change from one discharge to the next, its fibres now together and now not.
    return any(alike > least and apart < most for least, most in CHANGING)


def _now_and_then(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    seldom = all(median(np.diff(times_s)) > SELDOM_S for times_s in (first_s, second_s))
    return seldom and _irregular(first_s, second_s, least=NO_CLOCK)


def _irregular(first_s: NDArray[np.float64], second_s: NDArray[np.float64], *, least: float) -> bool:
    return all(measure_rhythm(times_s, trends=False).irregularity > least for times_s in (first_s, second_s))


def _one_complex(verdict: Timing, shapes: tuple[NDArray[np.floating], NDArray[np.floating]]) -> bool:
    # A motor unit of many fibres has more phases than one fibre has, and shares its shape with nothing else.
    return verdict in {"same", "unknown"} and all(_lobes(shape) >= COMPLEX_LOBES for shape in shapes)


def _lobes(template: NDArray[np.floating]) -> int:
    phases = np.split(template, np.flatnonzero(np.diff(np.sign(template)) != 0) + 1)
    largest = np.abs(template).max()
    return sum(bool(np.abs(phase).max() > LOBE * largest) for phase in phases)


def _hands_over(first_s: NDArray[np.float64], second_s: NDArray[np.float64]) -> bool:
    # One ends where the other begins, and the interval between them is that of either.
    early_s, late_s = (first_s, second_s) if first_s[0] < second_s[0] else (second_s, first_s)
    join_s = late_s[0] - early_s[-1]
    beside_s = np.array([early_s[-1] - early_s[-2], late_s[1] - late_s[0]])
    steps = np.maximum(np.round(join_s / beside_s), 1)
    return bool(join_s > 0 and steps.max() <= PAUSE and (np.abs(join_s / (steps * beside_s) - 1) < CONTINUES).all())
