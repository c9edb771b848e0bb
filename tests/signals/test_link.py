"""Trains of pieces linked to units: what fires together in the shared margin, what resembles, and nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from emgkit.signals.link import Link, border_of, link_trains
from emgkit.signals.locks import nearest
from emgkit.signals.units import Train

BORDERS_S = np.arange(1, 6) * 30.0
MARGIN_S = 4.0
SHARED_S = [(border_s - MARGIN_S, border_s + MARGIN_S) for border_s in BORDERS_S]
PERIODS_S = (0.143, 0.171, 0.233, 0.31)
JITTER_S = 0.00005  # by which two pieces time one discharge differently


def wave(number: int) -> np.ndarray:
    """Return one of several potentials that do not resemble each other."""
    time = np.arange(60) - 30
    turns = np.cos(2 * np.pi * time / (9 + 4 * number) + 1.3 * number)
    return 40 * (number + 2) * turns * np.exp(-np.square(time / (6 + 2 * number)))


def units(count: int = 3, *, seed: int = 0, alike: bool = False) -> list[Train]:
    """Return whole trains over all pieces."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        intervals = PERIODS_S[number] * (1 + 0.02 * rng.standard_normal(int(200 / PERIODS_S[number])))
        times_s = np.cumsum(intervals) + rng.uniform()
        found.append(Train(times_s[times_s < 180], wave(0 if alike else number), 0, 20.0 - number))
    return found


def pieces_of(wholes: list[Train], borders_s=BORDERS_S, *, seed: int = 1) -> list[list[Train]]:
    """Return what each piece sees of the trains, margins included, in an order of its own."""
    rng = np.random.default_rng(seed)
    lows, highs = [-np.inf, *borders_s], [*borders_s, np.inf]
    found = []
    for low_s, high_s in zip(lows, highs, strict=True):
        seen = []
        for whole in wholes:
            inside = whole.time_s[(whole.time_s > low_s - MARGIN_S) & (whole.time_s < high_s + MARGIN_S)]
            if len(inside):
                times_s = np.sort(inside + JITTER_S * rng.uniform(-1, 1, len(inside)))
                seen.append(Train(times_s, whole.template, whole.band, whole.snr))
        found.append([seen[place] for place in rng.permutation(len(seen))])
    return found


def owners(pieces: list[list[Train]], links: list[Link], wholes: list[Train]) -> set[int]:
    """Return which whole trains the discharges of a linked unit come from."""
    found = set()
    for link in links:
        times_s = pieces[link.piece][link.train].time_s
        far = [np.median(np.abs(nearest(whole.time_s, times_s) - times_s)) for whole in wholes]
        found.add(int(np.argmin(far)))
    return found


@pytest.mark.parametrize("alike", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_units_that_go_on_firing_are_linked_over_all_borders(seed, alike):
    wholes = units(4, seed=seed, alike=alike)  # of one shape, they are told apart by when they fire
    pieces = pieces_of(wholes, seed=seed)
    linked = link_trains(pieces, shared_s=SHARED_S)
    assert sorted(len(links) for links in linked) == [6] * 4
    assert sorted(owner for links in linked for owner in owners(pieces, links, wholes)) == [0, 1, 2, 3]
    assert all(link.lag_s == 0 for links in linked for link in links)  # less than the accuracy of a time


def test_every_train_is_in_one_unit_and_every_unit_once_in_a_piece():
    pieces = pieces_of(units(4))
    pieces[2] = pieces[2][:2]
    pieces[4] = []
    linked = link_trains(pieces, shared_s=SHARED_S)
    every = [(link.piece, link.train) for links in linked for link in links]
    assert sorted(every) == [(piece, train) for piece, trains in enumerate(pieces) for train in range(len(trains))]
    for links in linked:
        numbers = [link.piece for link in links]
        assert numbers == sorted(set(numbers))


def test_where_the_borders_lie_does_not_matter():
    wholes = units(3)
    for borders_s in (BORDERS_S, BORDERS_S + 7.7, BORDERS_S[::2]):
        shared_s = [(border_s - MARGIN_S, border_s + MARGIN_S) for border_s in borders_s]
        pieces = pieces_of(wholes, borders_s)
        linked = link_trains(pieces, shared_s=shared_s)
        assert sorted(owner for links in linked for owner in owners(pieces, links, wholes)) == [0, 1, 2]


def slow_links(pieces: list[list[Train]], reach_s: float = 0.001) -> set[tuple[int, int, int]]:
    """Link trains of neighbouring pieces that hold most of each other's discharges, one pair after the other."""
    found = set()
    for number, (before, after) in enumerate(itertools.pairwise(pieces)):
        low_s, high_s = SHARED_S[number]
        for first in range(len(before)):
            for second in range(len(after)):
                one = [time_s for time_s in before[first].time_s if low_s <= time_s < high_s]
                two = [time_s for time_s in after[second].time_s if low_s <= time_s < high_s]
                both = sum(any(abs(time_s - other_s) < reach_s for other_s in two) for time_s in one)
                if both > 0.8 * min(len(one), len(two)):
                    found.add((number, first, second))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_links_are_those_of_comparing_every_discharge_with_every_other(seed):
    pieces = pieces_of(units(4, seed=seed), seed=seed)
    linked = link_trains(pieces, shared_s=SHARED_S)
    ours = {(first.piece, first.train, second.train) for links in linked for first, second in itertools.pairwise(links)}
    assert ours == slow_links(pieces)


def test_the_lag_takes_times_back_to_the_fixed_point_of_the_first_piece():
    whole = units(1)[0]
    pieces = pieces_of([whole])
    for number, lag_s in enumerate((0.0, 0.004, 0.004, -0.011, 0.0, 0.0)):  # another spike of the potential is larger
        pieces[number] = [Train(train.time_s + lag_s, wave(0), 0, 9.0) for train in pieces[number]]
    [links] = link_trains(pieces, shared_s=SHARED_S)
    for link in links:
        times_s = pieces[link.piece][link.train].time_s + link.lag_s
        assert np.abs(nearest(whole.time_s, times_s) - times_s).max() < 0.0005


def test_a_unit_in_the_slow_band_is_linked_with_itself_in_the_fast_band():
    pieces = pieces_of(units(1))
    pieces[3] = [Train(train.time_s + 0.003, np.hanning(48) * 30, 1, 5.0) for train in pieces[3]]
    [links] = link_trains(pieces, shared_s=SHARED_S)
    assert [round(link.lag_s, 3) for link in links] == [0, 0, 0, -0.003, 0, 0]


def silent(train: Train, start_s: float, stop_s: float) -> Train:
    kept = (train.time_s < start_s) | (train.time_s > stop_s)
    return Train(train.time_s[kept], train.template, train.band, train.snr)


@pytest.mark.parametrize("pause_s", [(25.0, 36.0), (25.0, 70.0), (25.0, 130.0)])
def test_a_unit_that_pauses_is_known_again_by_its_potential(pause_s):
    wholes = [silent(each, *pause_s) for each in units(2)]
    pieces = pieces_of(wholes)
    linked = link_trains(pieces, shared_s=SHARED_S)
    assert [owners(pieces, links, wholes) for links in linked] in ([{0}, {1}], [{1}, {0}])


def test_a_potential_that_drifts_is_followed():
    whole = units(1)[0]
    pieces = pieces_of([silent(whole, 26.0 + 30 * number, 34.0 + 30 * number) for number in range(1)])
    pieces = [
        [silent(Train(train.time_s, train.template * 0.9**number, 0, 9.0), border - 4.5, border + 4.5)]
        for number, (border, [train]) in enumerate(zip([*BORDERS_S, 180.0], pieces, strict=True))
    ]
    [links] = link_trains(pieces, shared_s=SHARED_S)
    assert len(links) == 6


def test_another_potential_after_a_pause_is_another_unit():
    first, second = units(2)
    wholes = [silent(first, 25.0, 999.0), silent(second, -1.0, 36.0)]
    assert len(link_trains(pieces_of(wholes), shared_s=SHARED_S)) == 2


def test_two_fibres_of_one_shape_that_both_fire_at_the_border_are_two():
    first, second = units(2, alike=True)
    pieces = [[Train(first.time_s[first.time_s < 34], wave(0), 0, 9.0)],
              [Train(second.time_s[second.time_s > 26], wave(0), 0, 9.0)]]  # fmt: skip
    assert len(link_trains(pieces, shared_s=SHARED_S[:1])) == 2


def test_pieces_without_trains_are_no_trouble():
    assert link_trains([[], [], []], shared_s=SHARED_S[:2]) == []


@pytest.mark.parametrize("border_s", [0.0, 0.49999, 0.50001, 0.99, 1.0, 1.3, 1.5, 1.99, 2.00001, 7.0])
def test_a_discharge_at_a_border_is_counted_once(border_s):
    times_s = np.array([0.5, 1.0, 1.5, 2.0])
    for later in (-JITTER_S, 0.0, JITTER_S):  # what the next piece makes of the same discharges
        cut_s = border_of(times_s, border_s)
        assert (times_s < cut_s).sum() + (times_s + later >= cut_s).sum() == len(times_s)


@pytest.mark.parametrize(("size", "rate_hz", "links"), [(1.6, 7.4, 1), (2.5, 7.4, 2), (1.6, 10.5, 2)])
def test_a_clock_that_drifted_while_it_was_silent_is_known_by_its_rate(size, rate_hz, links):
    rng = np.random.default_rng(3)
    before_s = np.cumsum(rng.normal(1, 0.03, 340)) / 7.0
    after_s = before_s[-1] + 6.0 + np.cumsum(rng.normal(1, 0.03, 300)) / rate_hz
    pieces = [[Train(before_s, wave(0), 0, 20.0)], [Train(after_s, size * wave(0), 0, 20.0 * size)]]
    assert len(link_trains(pieces, shared_s=[(50.0, 54.0)])) == links
