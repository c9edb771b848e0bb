"""From units to trains: what belongs together is joined, what does not stays apart, and nothing is invented."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emgkit.findings.spontaneous.settings import clock_limits
from emgkit.signals.sort import SortedBand
from emgkit.signals.trains import build_trains, join_bands
from emgkit.signals.units import Train

RATE_HZ = 12_000.0
SECONDS = 12.0
TIME = np.arange(-30, 30, dtype=float)
WAVE = 60 * (np.exp(-((TIME + 3) ** 2) / 12) - np.exp(-((TIME - 3) ** 2) / 12))
OTHER = 40 * (np.exp(-((TIME + 12) ** 2) / 12) - 1.8 * np.exp(-(TIME**2) / 20) + np.exp(-((TIME - 12) ** 2) / 16))
SMALL = 45 * np.exp(-(TIME**2) / 30)


def clock(rate: float, seed: int, *, jitter: float = 0.01, seconds: float = SECONDS) -> np.ndarray:
    times_s = 0.05 + np.cumsum(np.random.default_rng(seed).normal(1, jitter, int(rate * seconds)) / rate)
    return times_s[times_s < seconds - 0.05]


def irregular(rate: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times_s = 0.05 + np.cumsum(0.03 + rng.gamma(1.5, (1 / rate - 0.03) / 1.5, int(rate * SECONDS)))
    return times_s[times_s < SECONDS - 0.05]


def sorted_into(*units, hidden=()) -> SortedBand:
    """Return a band in which units of (template, times) were found; hidden discharges are left in the residual."""
    residual = np.random.default_rng(0).normal(0, 1, int(SECONDS * RATE_HZ)).astype(np.float32)
    for template, times_s in hidden:
        for place in np.round(times_s * RATE_HZ).astype(int):
            residual[place - 30 : place + 30] += template
    signal = residual.copy()
    for template, times_s in units:
        for place in np.round(times_s * RATE_HZ).astype(int):
            signal[place - 30 : place + 30] += template
    time_s = np.concatenate([times_s for _, times_s in units])
    number = np.concatenate([np.full(len(times_s), unit) for unit, (_, times_s) in enumerate(units)])
    order = np.argsort(time_s, kind="stable")
    none = np.empty(0)
    return SortedBand(
        rate_hz=RATE_HZ, start_s=0.0, noise_uv=1.0, templates=[template for template, _ in units], unit=number[order],
        time_s=time_s[order], scale=np.ones(len(order)), signal=signal, residual=residual, loose_s=none,
        loose_ratio=none,
    )  # fmt: skip


def trains_of(*units, hidden=(), min_events: int = 5) -> list[Train]:
    band = sorted_into(*units, hidden=hidden)
    return build_trains(band, 0, clock=clock_limits(), regular=0.07, min_events=min_events)


def share(wanted_s: np.ndarray, found_s: np.ndarray) -> float:
    return float(np.mean(np.abs(wanted_s[:, None] - found_s).min(axis=1) < 0.001))


def assert_are(trains: list[Train], *wanted: np.ndarray, least: float = 0.97) -> None:
    """Hold that there is one train for each of the wanted ones, with its discharges and no others."""
    assert len(trains) == len(wanted), [len(train.time_s) for train in trains]
    for wanted_s in wanted:
        assert max(min(share(wanted_s, train.time_s), share(train.time_s, wanted_s)) for train in trains) >= least


def test_units_that_have_nothing_in_common_are_trains_as_they_are():
    first, second = clock(7.0, 1), irregular(9.0, 2)
    trains = trains_of((WAVE, first), (OTHER, second))
    assert_are(trains, first, second, least=1.0)
    assert [train.snr for train in trains] == pytest.approx([np.abs(OTHER).max(), np.abs(WAVE).max()])
    assert all(train.band == 0 for train in trains)
    assert all((np.diff(train.time_s) > 0).all() for train in trains)


@pytest.mark.parametrize("jitter", [0.01, 0.05])
@pytest.mark.parametrize("size", [1.0, 0.8, 1.3])
def test_the_halves_of_a_train_are_joined(jitter, size):
    times_s = clock(8.0, 3, jitter=jitter)
    mine = np.random.default_rng(4).random(len(times_s)) < 0.5
    assert_are(trains_of((WAVE, times_s[mine]), (size * WAVE, times_s[~mine])), times_s)


@pytest.mark.parametrize("later", [4, -3])
def test_the_halves_of_a_train_are_told_at_one_point_of_the_potential(later):
    # One template shows the same potential some samples later, so its middle was found so much earlier.
    times_s = clock(8.0, 3)
    mine = np.random.default_rng(4).random(len(times_s)) < 0.6
    [train] = trains_of((WAVE, times_s[mine]), (np.roll(WAVE, later), times_s[~mine] - later / RATE_HZ))
    assert len(train.time_s) == len(times_s)
    assert np.std(train.time_s - times_s) < 0.3 / RATE_HZ


def test_three_parts_of_a_train_are_joined():
    times_s = clock(8.0, 3, jitter=0.03)
    part = np.random.default_rng(4).integers(0, 3, len(times_s))
    units = [((0.85, 1.0, 1.15)[number] * WAVE, times_s[part == number]) for number in range(3)]
    assert_are(trains_of(*units), times_s)


def test_the_waxing_and_waning_parts_of_one_fibre_are_joined():
    # A myotonic discharge: 25/s to 45/s and back, from half to full size; each template holds what has its size.
    phase = np.linspace(0, np.pi, 350)
    times_s = 0.1 + np.cumsum(1 / (25 + 20 * np.sin(phase)))
    assert times_s[-1] < SECONDS
    size = np.digitize(np.sin(phase), [0.4, 0.75])
    units = [((0.5, 0.75, 1.0)[number] * WAVE, times_s[size == number]) for number in range(3)]
    assert_are(trains_of(*units), times_s)


@pytest.mark.parametrize("other_hz", [6.6, 7.3, 9.1, 3.0])
def test_independent_clocks_of_one_shape_stay_apart(other_hz):
    first, second = clock(7.0, 5), clock(other_hz, 6)
    assert_are(trains_of((WAVE, first), (1.15 * WAVE, second)), first, second, least=0.9)


def test_independent_irregular_units_of_one_shape_stay_apart():
    first, second = irregular(9.0, 7), irregular(12.0, 8)
    assert_are(trains_of((WAVE, first), (1.2 * WAVE, second)), first, second, least=0.95)


@pytest.mark.parametrize(("one_hz", "other_hz"), [(7.1, 5.3), (9.0, 6.2)])
def test_two_clocks_that_were_sorted_as_one_unit_are_told_apart(one_hz, other_hz):
    first, second = clock(one_hz, 9), clock(other_hz, 10)
    mixed = np.sort(np.concatenate([first, second]))
    assert_are(trains_of((WAVE, mixed)), first, second, least=0.85)


def test_a_few_discharges_of_a_slow_fibre_among_those_of_a_clock_are_a_train_of_their_own():
    fast, slow = clock(9.0, 9), clock(1.3, 10, jitter=0.02)
    slow = slow[np.abs(slow[:, None] - fast).min(axis=1) > 0.01]
    assert_are(trains_of((WAVE, np.sort(np.concatenate([fast, slow])))), fast, slow, least=0.9)


def test_a_clock_that_slows_to_half_its_rate_has_no_discharge_to_spare():
    times_s = 0.05 + np.cumsum(np.linspace(1 / 16, 1 / 8, 100))
    assert_are(trains_of((WAVE, times_s)), times_s, least=1.0)


def of_two_spikes(first_s: np.ndarray, second_s: np.ndarray) -> SortedBand:
    """Return a band with one long potential whose first spike found some discharges and whose second the others."""
    later = np.arange(-45, 75, dtype=float)
    long = sum(
        size * np.exp(-((later - place) ** 2) / 8)
        for place, size in [(-10, 30), (0, -60), (13, 25), (31, -55), (43, 30)]
    )
    band = sorted_into((long[15:75], first_s), (long[46:106], second_s + 31 / RATE_HZ))
    band.signal[:] = band.residual
    for place in np.round(np.concatenate([first_s, second_s]) * RATE_HZ).astype(int):
        band.signal[place - 45 : place + 75] += long.astype(np.float32)
    return band


@pytest.mark.parametrize("times_s", [clock(8.0, 3), irregular(4.0, 3)], ids=["clock", "irregular"])
def test_a_long_potential_that_was_found_by_one_spike_or_another_is_one_train(times_s):
    mine = np.random.default_rng(4).random(len(times_s)) < 0.6
    band = of_two_spikes(times_s[mine], times_s[~mine])
    [train] = build_trains(band, 0, clock=clock_limits(), regular=0.07, min_events=5)
    assert len(train.time_s) == len(times_s)
    assert np.std(train.time_s - times_s) < 1 / RATE_HZ


def test_units_of_one_long_shape_that_fire_on_their_own_stay_apart():
    first, second = clock(8.0, 3), clock(5.3, 4)
    band = of_two_spikes(first, second)
    trains = build_trains(band, 0, clock=clock_limits(), regular=0.07, min_events=5)
    assert_are(trains, first, second + 31 / RATE_HZ, least=0.95)


def test_a_clock_whose_size_drifted_into_that_of_another_gets_its_discharges_back():
    fast, slow = clock(6.4, 9), clock(3.1, 10)
    drifted = (fast > 4.0) & (fast < 6.5)
    taken = np.sort(np.concatenate([slow, fast[drifted]]))
    assert_are(trains_of((WAVE, fast[~drifted]), (0.84 * WAVE, taken)), fast, slow, least=0.9)


def test_an_irregular_unit_is_not_cut_into_clocks():
    for seed in range(4):
        voluntary = clock(9.0, seed, jitter=0.18)
        assert_are(trains_of((WAVE, voluntary)), voluntary, least=1.0)


@pytest.mark.parametrize("lag_s", [0.004, -0.006, 0.02, 0.045])
def test_the_parts_of_one_polyphasic_potential_are_one_train_that_of_the_largest(lag_s):
    times_s = irregular(6.0, 11)
    later = times_s + lag_s + np.random.default_rng(12).normal(0, 0.0001, len(times_s))
    trains = trains_of((WAVE, times_s), (0.5 * SMALL, later))
    assert_are(trains, times_s, least=1.0)
    assert trains[0].template is WAVE


def test_a_part_that_is_seen_now_and_then_is_still_a_part():
    times_s = irregular(6.0, 11)
    some = times_s[np.random.default_rng(13).random(len(times_s)) < 0.6]
    assert_are(trains_of((WAVE, times_s), (SMALL, some + 0.009)), times_s, least=1.0)


def test_what_clings_to_a_much_larger_unit_is_its_shadow():
    times_s = irregular(6.0, 14)
    rng = np.random.default_rng(15)
    clinging = np.sort(times_s + rng.uniform(-0.007, 0.007, len(times_s)))
    assert_are(trains_of((8 * WAVE, times_s), (SMALL, clinging)), times_s, least=1.0)
    free = irregular(6.0, 16)
    assert_are(trains_of((8 * WAVE, times_s), (SMALL, free)), times_s, free, least=0.97)


def test_missed_discharges_of_a_clock_are_found_where_the_residual_shows_them():
    times_s = clock(7.0, 17)
    missed = np.array([10, 25, 26, 50])
    seen = np.delete(times_s, missed)
    assert_are(trains_of((WAVE, seen), hidden=[(WAVE, times_s[missed])]), times_s, least=1.0)
    # Where there is only noise nothing is invented.
    assert_are(trains_of((WAVE, seen)), seen, least=1.0)


def test_what_is_off_the_beat_of_a_precise_clock_gives_way_to_what_was_due_there():
    """A foreign spike in a pause must not shift where the missed discharges are looked for, nor stay in the train."""
    times_s, foreign_s = 0.1 + np.arange(80) / 7.0, 0.1 + 40.14 / 7.0
    missed = [40, 41, 42]
    unit = np.sort(np.append(np.delete(times_s, missed), foreign_s))
    (found,) = trains_of((WAVE, unit), hidden=[(WAVE, times_s[missed])])
    assert len(found.time_s) == 80
    assert share(times_s, found.time_s) == 1
    (unreplaced,) = trains_of((WAVE, unit))
    assert share(unit, unreplaced.time_s) == 1


def test_an_irregular_train_predicts_nothing():
    times_s = irregular(7.0, 18)
    missed = np.array([10, 25, 40])
    seen = np.delete(times_s, missed)
    assert_are(trains_of((WAVE, seen), hidden=[(WAVE, times_s[missed])]), seen, least=1.0)


def test_a_discharge_that_was_matched_twice_counts_once():
    times_s = clock(7.0, 19)
    twice = np.sort(np.concatenate([times_s, times_s[::5] + 0.001]))
    assert_are(trains_of((WAVE, twice)), times_s, least=1.0)


def test_discharges_that_an_irregular_unit_took_from_a_clock_are_given_back():
    times_s = clock(7.0, 1)
    taken = np.random.default_rng(2).random(len(times_s)) < 0.2
    taken[[0, -1]] = False
    loose_s = irregular(3.0, 4)
    mixed_s = np.sort(np.concatenate([times_s[taken], loose_s]))
    trains = trains_of((WAVE, times_s[~taken]), (1.1 * WAVE, mixed_s))
    found = max(trains, key=lambda train: len(train.time_s))
    assert share(times_s, found.time_s) > 0.95
    assert share(found.time_s, times_s) > 0.95


def test_a_clock_that_shows_where_all_others_pause_is_told_from_what_resembles_it():
    # Contraction for 8 s, in which many a spike looks like a small fibre, and a pause of 4 s, in which that goes on.
    clock_s = clock(6.0, 1, seconds=SECONDS)
    clock_s = clock_s[clock_s > 8.0]
    others = [irregular(rate, seed) for rate, seed in ((14.0, 2), (11.0, 3), (12.0, 4))]
    others = [times_s[times_s < 7.9] for times_s in others]
    mixed_s = np.sort(np.concatenate([others[2], clock_s]))
    trains = trains_of((3 * OTHER, others[0]), (2 * SMALL, others[1]), (WAVE, mixed_s))
    assert max(min(share(clock_s, each.time_s), share(each.time_s, clock_s)) for each in trains) > 0.95


def test_trains_of_few_discharges_are_dropped():
    few, many = np.array([1.0, 2.3, 4.0, 7.0]), clock(7.0, 20)
    assert_are(trains_of((WAVE, many), (OTHER, few)), many, least=1.0)
    assert_are(trains_of((WAVE, many), (OTHER, few), min_events=4), many, few, least=1.0)
    assert trains_of((WAVE, few)) == []


def train(times_s: np.ndarray, template: np.ndarray, *, band: int, snr: float = 20.0) -> Train:
    return Train(np.sort(times_s), template, band, snr)


def joined(fast: list[Train], slow: list[Train], *, seen: list[np.ndarray]) -> list[Train]:
    # The middle of SEEN is where the discharge is.
    return join_bands(fast, slow, seen=seen, before=len(SEEN) // 2, rate_hz=RATE_HZ)


SEEN = np.pad(SMALL, 40)  # potential of a fast train in the slow band


def test_what_the_slow_band_finds_at_a_lag_to_a_known_train_is_a_part_of_it():
    known = train(irregular(7.0, 21), WAVE, band=0)
    rest = train(known.time_s + 0.012, OTHER, band=1)
    found = joined([known], [rest], seen=[SEEN])
    assert len(found) == 1
    np.testing.assert_array_equal(found[0].time_s, known.time_s)


def test_discharges_of_a_known_clock_that_only_the_slow_band_saw_are_its_own():
    times_s = clock(7.0, 22)
    mine = np.random.default_rng(23).random(len(times_s)) < 0.7
    known, rest = train(times_s[mine], WAVE, band=0), train(times_s[~mine], 0.95 * SMALL, band=1)
    found = joined([known], [rest], seen=[SEEN])
    assert len(found) == 1
    np.testing.assert_allclose(found[0].time_s, times_s)
    assert found[0].band == 0


def test_a_run_of_another_wave_between_the_runs_of_a_known_one_is_no_part_of_it():
    runs_s = [first_s + np.arange(12) / 8 for first_s in (1.0, 5.0, 9.0)]
    slower_s = 6.8 + np.arange(10) / 6
    place = np.arange(len(SMALL))
    broad = np.interp((place - len(place) / 2) / 1.3 + len(place) / 2, place, SMALL)
    known, own = train(np.concatenate(runs_s), WAVE, band=0), train(slower_s, 1.2 * broad, band=1)
    assert len(joined([known], [own], seen=[SEEN])) == 2
    assert len(joined([known], [replace(own, template=SMALL)], seen=[SEEN])) == 1


@pytest.mark.parametrize("template", [SMALL, -SMALL, 3 * SMALL, OTHER])
def test_another_train_of_the_slow_band_stays_a_train(template):
    known, own = train(clock(7.0, 24), WAVE, band=0), train(clock(5.0, 25), template, band=1)
    found = joined([known], [own], seen=[SEEN])
    assert [each.band for each in found] == [0, 1]
    np.testing.assert_array_equal(found[1].time_s, own.time_s)


def test_shadows_are_dropped_across_the_bands():
    large = train(irregular(6.0, 26), WAVE, band=0, snr=200.0)
    clinging = train(large.time_s + np.random.default_rng(27).uniform(-0.007, 0.007, len(large.time_s)), OTHER, band=1)
    assert joined([large], [clinging], seen=[SEEN])[0] is large
    assert len(joined([large], [clinging], seen=[SEEN])) == 1


def test_no_train_at_all_is_no_train():
    assert joined([], [], seen=[]) == []
    own = train(clock(5.0, 28), SMALL, band=1)
    assert joined([], [own], seen=[]) == [own]


def test_what_an_irregular_unit_has_of_a_clock_is_a_part_of_the_clock():
    # The late spike of a slow fibre resembles the endplate spikes beside it.
    slow_s, others_s = clock(1.6, 31, jitter=0.02), irregular(12.0, 32)
    others_s = others_s[np.abs(others_s[:, None] - slow_s).min(axis=1) > 0.02]
    mixed_s = np.sort(np.concatenate([others_s, slow_s + 0.004]))
    assert_are(trains_of((WAVE, slow_s), (1.2 * OTHER, mixed_s)), slow_s, others_s)


def test_what_larger_units_leave_is_taken_out_of_a_clock():
    small_s, large_s = clock(2.4, 33), irregular(9.0, 34)
    small_s = small_s[np.abs(small_s[:, None] - large_s).min(axis=1) > 0.008]
    left_s = large_s[5::9] + np.random.default_rng(37).uniform(-0.004, 0.004, len(large_s[5::9]))
    left_s = left_s[np.abs(left_s[:, None] - small_s).min(axis=1) > 0.03]
    mixed_s = np.sort(np.concatenate([small_s, left_s]))
    assert_are(trains_of((6 * OTHER, large_s), (WAVE, mixed_s)), large_s, small_s, least=1.0)


def test_what_is_off_the_beat_far_from_larger_units_stays():
    small_s, large_s = clock(2.4, 33), irregular(9.0, 34)
    free_s = small_s[3::7] + 0.13
    free_s = free_s[np.abs(free_s[:, None] - large_s).min(axis=1) > 0.01]
    mixed_s = np.sort(np.concatenate([small_s, free_s]))
    assert_are(trains_of((6 * OTHER, large_s), (WAVE, mixed_s)), large_s, mixed_s, least=1.0)


def test_what_coincides_with_a_larger_unit_far_more_than_by_chance_is_left_of_it():
    times_s, own_s = irregular(6.0, 31), irregular(3.0, 32)
    own_s = own_s[np.abs(own_s[:, None] - times_s).min(axis=1) > 0.005]
    left_s = times_s[::6] + 0.0006
    small = 2.0 * SMALL
    assert_are(trains_of((4 * WAVE, times_s), (small, np.sort(np.append(own_s, left_s)))), times_s, own_s, least=1.0)
