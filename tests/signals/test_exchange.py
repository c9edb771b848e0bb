"""Discharges given back between units of nearly one shape."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.findings.spontaneous.settings import clock_limits
from emgkit.signals.exchange import given_back, handed_on, reshuffled
from emgkit.signals.units import Train

WAVE = np.diff(np.hanning(31))
OTHER = np.diff(WAVE, prepend=0) * 8
BAND_HZ, REGULAR = 10000.0, 0.07


def clock(rate_hz: float, seed: int, *, seconds: float = 30.0, jitter: float = 0.012) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(1, jitter, int(rate_hz * seconds)) / rate_hz)


def unit(times_s: np.ndarray, template: np.ndarray = WAVE) -> Train:
    return Train(np.sort(times_s), template, 0, 20.0)


def dealt(*units: Train) -> list[Train]:
    return reshuffled(units, clock=clock_limits(), regular=REGULAR)


def share(wanted_s: np.ndarray, found_s: np.ndarray) -> float:
    return len(np.intersect1d(wanted_s, found_s)) / len(np.union1d(wanted_s, found_s))


def test_a_clock_among_few_strays_is_not_split_into_every_second_discharge():
    times_s = clock(7.0, 1)
    strays_s = np.sort(np.random.default_rng(2).uniform(0, 30, 7))
    units = [unit(times_s), unit(strays_s, 1.1 * WAVE)]
    assert [len(each.time_s) for each in dealt(*units)] == [len(times_s), 7]


def test_two_clocks_that_meet_keep_their_discharges():
    # They fall in step and out of it: from there on each would go on as the other just as well.
    first_s, second_s = clock(5.0, 3), clock(5.15, 4)
    kept = dealt(unit(first_s), unit(second_s, 0.9 * WAVE))
    assert share(first_s, kept[0].time_s) > 0.9
    assert share(second_s, kept[1].time_s) > 0.9


@pytest.mark.parametrize("exchanged", [0.15, 0.5])
def test_two_clocks_that_exchanged_discharges_get_them_back(exchanged):
    first_s, second_s = clock(7.0, 5), clock(5.2, 6)
    rng = np.random.default_rng(7)
    away = [rng.random(len(times_s)) < exchanged for times_s in (first_s, second_s)]
    mixed = [
        np.concatenate([first_s[~away[0]], second_s[away[1]]]),
        np.concatenate([second_s[~away[1]], first_s[away[0]]]),
    ]
    found = dealt(unit(mixed[0]), unit(mixed[1], 0.9 * WAVE))
    for wanted_s in (first_s, second_s):
        assert max(share(wanted_s, each.time_s) for each in found) > 0.85


def test_what_another_clock_does_not_need_is_given_back():
    first_s, second_s = clock(6.0, 8), clock(2.3, 9)
    away = np.arange(len(first_s)) % 6 == 3
    units = given_back(
        [unit(first_s[~away]), unit(np.concatenate([second_s, first_s[away]]))], BAND_HZ, regular=REGULAR
    )
    assert share(first_s, units[0].time_s) > 0.9
    assert share(second_s, units[1].time_s) > 0.9


@pytest.mark.parametrize("template", [OTHER, 2 * WAVE])
def test_what_has_another_shape_or_size_keeps_its_discharges(template):
    times_s = clock(6.0, 8)
    missed_s = times_s[3::6]
    units = [unit(np.setdiff1d(times_s, missed_s)), unit(missed_s, template)]
    assert [len(each.time_s) for each in given_back(units, BAND_HZ, regular=REGULAR)] == [
        len(times_s) - len(missed_s), len(missed_s)
    ]  # fmt: skip


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(
    ("whole_s", "other_s", "cut_s"),
    [
        pytest.param(clock(5.0, 10), clock(3.4, 11, seconds=13.0), 15, id="where the other unit has ended"),
        pytest.param(clock(9.0, 14), clock(2.3, 15), 25, id="where the other unit goes on as well"),
    ],
)
def test_a_clock_that_goes_on_in_another_unit_is_taken_from_there(whole_s, other_s, cut_s, backwards):
    parts = [whole_s[whole_s < cut_s], np.concatenate([other_s, whole_s[whole_s >= cut_s]])]
    if backwards:
        whole_s, other_s, *parts = (31 - np.sort(each)[::-1] for each in (whole_s, other_s, *parts))
    found = handed_on([unit(parts[0]), unit(parts[1], 0.9 * WAVE)], BAND_HZ, regular=REGULAR)
    assert share(whole_s, found[0].time_s) > 0.97
    assert share(other_s, found[1].time_s) > 0.97


def test_a_clock_that_goes_on_by_itself_keeps_its_discharges():
    # The other one ends while it fires, at another rate or in another phase.
    whole_s, ended_s = clock(5.0, 12), clock(5.1, 13, seconds=12.0) + 0.08
    units = [unit(ended_s), unit(whole_s, 0.9 * WAVE)]
    assert [len(each.time_s) for each in handed_on(units, BAND_HZ, regular=REGULAR)] == [len(ended_s), len(whole_s)]


def test_a_slow_clock_does_not_go_on_with_every_seventh_discharge_of_a_quick_one():
    slow_s, quick_s = clock(1.7, 16, seconds=9.0), clock(11.9, 17)
    units = [unit(slow_s), unit(quick_s, 0.9 * WAVE)]
    assert [len(each.time_s) for each in handed_on(units, BAND_HZ, regular=REGULAR)] == [len(slow_s), len(quick_s)]


def test_few_discharges_off_the_beat_of_one_clock_and_on_that_of_another_change_hands():
    slow_s, quick_s = clock(1.3, 18), clock(11.0, 19)
    gap = [np.abs(slow_s - time_s).min() > 0.25 for time_s in quick_s]
    taken = np.flatnonzero(gap)[[5, 20, 40]]
    mixed_s = np.concatenate([slow_s, quick_s[taken]])
    found = given_back([unit(np.delete(quick_s, taken)), unit(mixed_s, 0.9 * WAVE)], BAND_HZ, regular=REGULAR)
    assert share(quick_s, found[0].time_s) == share(slow_s, found[1].time_s) == 1.0


def test_a_whole_stretch_of_another_unit_is_no_guest_there():
    # One irregular unit whose first discharges had another template: whether they are one is not asked here.
    whole_s = clock(8.0, 20, jitter=0.05)
    units = [unit(whole_s[:11]), unit(whole_s[11:], 0.95 * WAVE)]
    assert [len(each.time_s) for each in given_back(units, BAND_HZ, regular=REGULAR)] == [11, len(whole_s) - 11]
