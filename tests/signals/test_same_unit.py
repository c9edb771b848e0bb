"""Whether two trains are one unit: timing first, and shape where timing cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.locks import nearest
from emgkit.signals.same_unit import one_unit
from emgkit.signals.waveform import separation

TIME = np.arange(-30, 30, dtype=float)
WAVE = np.exp(-((TIME + 3) ** 2) / 12) - np.exp(-((TIME - 3) ** 2) / 12)
OTHER = 0.8 * np.exp(-((TIME + 12) ** 2) / 12) - 1.2 * np.exp(-(TIME**2) / 20) + 0.7 * np.exp(-((TIME - 12) ** 2) / 16)
RELATED = WAVE + 0.5 * np.exp(-((TIME - 12) ** 2) / 12)  # correlation 0.93


def clock(rate: float, seed: int, *, jitter: float = 0.01, seconds: float = 12.0) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(1, jitter, int(rate * seconds)) / rate)


def same(first_s: np.ndarray, second_s: np.ndarray, *, shapes=(WAVE, WAVE)) -> bool:
    """Return the verdict, which must not depend on which train comes first."""
    verdict = one_unit(first_s, second_s, shapes=shapes)
    assert one_unit(second_s, first_s, shapes=shapes[::-1]) == verdict
    return verdict


@pytest.mark.parametrize("size", [1.0, 0.75, 1.4])
@pytest.mark.parametrize("share", [0.5, 0.2])
def test_two_halves_of_a_clock_are_one(size, share):
    times_s = clock(7.0, 1)
    mine = np.random.default_rng(2).random(len(times_s)) < share
    assert same(times_s[mine], times_s[~mine], shapes=(WAVE, size * WAVE))
    assert same(times_s[mine], times_s[~mine], shapes=(WAVE, size * RELATED))


@pytest.mark.parametrize("other_hz", [6.9, 7.4, 5.0, 11.0])
def test_two_clocks_of_one_shape_are_two(other_hz):
    assert not same(clock(7.0, 1), clock(other_hz, 3) + 0.031)


def test_halves_of_an_irregular_unit_never_coincide_and_are_one():
    rng = np.random.default_rng(4)
    times_s = np.cumsum(0.04 + rng.gamma(2.0, 0.02, 300))
    mine = rng.random(300) < 0.5
    assert same(times_s[mine], times_s[~mine])


def test_independent_irregular_units_coincide_and_are_two():
    rng = np.random.default_rng(5)
    first_s, second_s = (np.cumsum(0.04 + rng.gamma(2.0, 0.02, 150)) for _ in range(2))
    assert not same(first_s, second_s)


def test_another_shape_is_another_unit_whatever_its_timing():
    times_s = clock(7.0, 1)
    assert not same(times_s[::2], times_s[1::2], shapes=(WAVE, OTHER))
    assert not same(times_s[::2], times_s[1::2], shapes=(WAVE, -WAVE))


def test_a_size_far_away_is_another_unit():
    times_s = clock(7.0, 1)
    rng = np.random.default_rng(2)
    mine = rng.random(len(times_s)) < 0.5
    assert not same(clock(7.0, 1), clock(7.4, 2), shapes=(WAVE, 2.5 * WAVE))
    assert not same(times_s[mine], times_s[~mine], shapes=(WAVE, 1.9 * RELATED))


def test_a_discharge_that_waxes_goes_on_in_its_next_part():
    # 20/s rising to 40/s; as it grows, three templates of different size take turns.
    intervals = 1 / np.linspace(20.0, 40.0, 90)
    times_s = np.cumsum(intervals)
    part = (np.arange(90) // 10) % 2 == 0
    assert same(times_s[part], times_s[~part], shapes=(WAVE, 2.4 * WAVE))
    assert not same(times_s[part], times_s[~part] + 0.013, shapes=(WAVE, 2.4 * WAVE))


@pytest.mark.parametrize(("size", "verdict"), [(1.05, True), (1.6, False)])
def test_shape_decides_about_trains_that_follow_each_other(size, verdict):
    rng = np.random.default_rng(6)
    first_s = np.cumsum(0.1 + rng.gamma(2.0, 0.05, 20))
    second_s = first_s[-1] + 2.0 + np.cumsum(0.1 + rng.gamma(2.0, 0.05, 20))
    assert same(first_s, second_s, shapes=(WAVE, size * WAVE)) is verdict


def windows_of(kinds, *, noise: float = 0.05):
    """Return what tells single discharges: kinds are pairs of times and a shape."""

    def windows(times_s: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(7)
        shapes = [next(shape for own_s, shape in kinds if np.abs(own_s - time_s).min() < 1e-6) for time_s in times_s]
        return np.array(shapes) + rng.normal(0, noise, (len(times_s), len(TIME)))

    return windows


@pytest.mark.parametrize(("size", "verdict"), [(1.3, False), (1.0, True)])
def test_two_clocks_that_follow_each_other_are_told_by_their_shape(size, verdict):
    # Folded and taken together they look like one clock: the second simply has another rate.
    first_s = clock(9.0, 1, seconds=8.0)
    second_s = first_s[-1] + 0.5 + clock(11.0, 2, seconds=6.0)
    kinds = windows_of([(first_s, WAVE), (second_s, size * WAVE)])
    assert one_unit(first_s, second_s, shapes=(WAVE, size * WAVE), windows=kinds) is verdict


def test_a_slow_clock_beside_a_fast_one_of_related_shape_is_another_fibre():
    fast_s, slow_s = clock(8.0, 1, seconds=30.0), clock(0.9, 2, seconds=30.0)
    kinds = windows_of([(fast_s, WAVE), (slow_s, RELATED)])
    assert not one_unit(fast_s, slow_s, shapes=(WAVE, RELATED), windows=kinds)


@pytest.mark.parametrize(("noise", "verdict"), [(0.9, True), (0.1, False)])
def test_what_wanes_to_a_third_of_its_size_is_one_when_single_discharges_lie_near(noise, verdict):
    first_s, second_s = np.split(clock(20.0, 3), 2)
    kinds = windows_of([(first_s, WAVE), (second_s, 0.4 * WAVE)], noise=noise)
    assert one_unit(first_s, second_s, shapes=(WAVE, 0.4 * WAVE), windows=kinds) is verdict


def test_parts_of_a_unit_that_varies_in_steps_are_one_when_they_never_fire_together():
    rng = np.random.default_rng(4)
    times_s = np.cumsum(0.04 + rng.gamma(2.0, 0.02, 300))
    mine = rng.random(300) < 0.5
    varied = WAVE + 0.35 * np.exp(-((TIME - 12) ** 2) / 12)  # correlation 0.96
    kinds = windows_of([(times_s[mine], WAVE), (times_s[~mine], varied)], noise=0.1)
    assert one_unit(times_s[mine], times_s[~mine], shapes=(WAVE, varied), windows=kinds)
    other_s = np.cumsum(0.04 + rng.gamma(2.0, 0.02, 150))
    kinds = windows_of([(times_s[mine], WAVE), (other_s, varied)], noise=0.1)
    assert not one_unit(times_s[mine], other_s, shapes=(WAVE, varied), windows=kinds)


def test_that_dense_units_of_one_shape_never_coincide_says_nothing_where_two_would_be_seen_as_one():
    rng = np.random.default_rng(9)
    first_s, second_s = (np.cumsum(0.004 + rng.exponential(mean_s, 500)) for mean_s in (0.02, 0.06))
    second_s = second_s[np.abs(nearest(first_s, second_s) - second_s) > 0.003]  # the others were not resolved
    kinds = windows_of([(first_s, WAVE), (second_s, 1.34 * WAVE)], noise=0.14)
    assert not one_unit(first_s, second_s, shapes=(WAVE, 1.34 * WAVE), windows=kinds)


@pytest.mark.parametrize(("size", "verdict"), [(1.02, True), (1.4, False)])
def test_halves_of_a_unit_that_fires_at_random_are_one_only_when_shape_cannot_tell_them(size, verdict):
    # Halves of a Poisson process come as near to each other as independent ones do.
    rng = np.random.default_rng(8)
    times_s = np.cumsum(0.012 + rng.exponential(0.2, 200))
    mine = rng.random(200) < 0.5
    kinds = windows_of([(times_s[mine], WAVE), (times_s[~mine], size * WAVE)], noise=0.1)
    assert one_unit(times_s[mine], times_s[~mine], shapes=(WAVE, size * WAVE), windows=kinds) is verdict


@pytest.mark.parametrize(("pause_s", "verdict"), [(0.125, True), (0.25, True), (0.19, False), (5.06, False)])
def test_a_drifting_clock_takes_up_its_rhythm_where_it_left_it(pause_s, verdict):
    first_s = clock(8.0, 1)
    second_s = first_s[-1] + pause_s + np.append(0.0, clock(8.0, 2))
    kinds = windows_of([(first_s, WAVE), (second_s, 1.25 * WAVE)])
    assert one_unit(first_s, second_s, shapes=(WAVE, 1.25 * WAVE), windows=kinds) is verdict


@pytest.mark.parametrize(("strays", "verdict"), [(0, True), (6, True), (90, False)])
def test_a_clock_that_goes_on_as_another_is_one_though_either_holds_strays(strays, verdict):
    whole_s = clock(4.0, 11, seconds=30.0)
    stray_s = np.random.default_rng(12).uniform(0, 30, strays)
    first_s = np.sort(np.concatenate([whole_s[whole_s < 16], stray_s[::2]]))
    second_s = np.sort(np.concatenate([whole_s[whole_s >= 16], stray_s[1::2]]))
    assert same(first_s, second_s, shapes=(WAVE, 1.2 * WAVE)) is verdict


@pytest.mark.parametrize(("rate_hz", "size", "verdict"), [(12.0, 1.1, True), (12.0, 1.3, False), (17.0, 1.1, False)])
def test_runs_of_one_very_shape_are_one_when_they_are_as_fast_and_as_large(rate_hz, size, verdict):
    first_s = clock(12.0, 13, seconds=6.0)
    second_s = first_s[-1] + 3.0 + clock(rate_hz, 14, seconds=5.0)
    kinds = windows_of([(first_s, WAVE), (second_s, size * WAVE)], noise=0.02)
    assert one_unit(first_s, second_s, shapes=(WAVE, size * WAVE), windows=kinds) is verdict


def test_halves_of_a_slow_clock_that_take_turns_are_one():
    times_s = clock(1.6, 15, seconds=20.0)
    mine = np.random.default_rng(16).random(len(times_s)) < 0.5
    kinds = windows_of([(times_s[mine], WAVE), (times_s[~mine], 1.19 * WAVE)], noise=0.02)
    assert one_unit(times_s[mine], times_s[~mine], shapes=(WAVE, 1.19 * WAVE), windows=kinds)


@pytest.mark.parametrize(("later_s", "verdict"), [(40.0, True), (0.0, False)])
def test_what_keeps_no_time_is_one_when_it_follows_with_the_very_same_shape(later_s, verdict):
    rng = np.random.default_rng(17)
    first_s, second_s = (np.cumsum(rng.exponential(3.0, 6)) for _ in range(2))
    assert one_unit(first_s, later_s + second_s, shapes=(WAVE, 0.72 * WAVE)) is verdict


def test_parts_of_one_unit_that_were_aligned_otherwise_are_joined():
    rng = np.random.default_rng(3)
    times_s = np.cumsum(rng.uniform(0.02, 0.09, 800))  # random, and never twice within a few milliseconds
    first = rng.random(800) < 0.6
    at = np.arange(-30, 30)

    def potential(late: float) -> np.ndarray:
        return 100 * np.exp(-np.square((at - late) / 3)) - 60 * np.exp(-np.square((at - late - 5) / 4))

    def windows(chosen_s: np.ndarray) -> np.ndarray:
        late = 0.0 if np.isin(chosen_s[0], times_s[first]) else 0.4
        return potential(late) + rng.normal(0, 1, (len(chosen_s), len(at)))

    shapes = potential(0.0), potential(0.4)
    assert separation(windows(times_s[first]), windows(times_s[~first])) > 12.5
    assert separation(windows(times_s[first]), windows(times_s[~first]), moving=True) < 4
    assert one_unit(times_s[first], times_s[~first], shapes=shapes, windows=windows)
    elsewhere_s = np.sort(
        rng.uniform(0, times_s[-1], 320)
    )  # another unit of that shape fires without regard to the first
    assert not one_unit(times_s[first], elsewhere_s, shapes=shapes, windows=windows)


@pytest.mark.parametrize(("drifts", "verdict"), [(True, True), (False, False)])
def test_of_a_potential_that_drifts_one_part_gives_way_to_the_other(drifts, verdict):
    # Of an irregular unit, whose discharges come as near to each other as those of two, more and more are the second's.
    rng = np.random.default_rng(21)
    times_s = np.cumsum(0.0005 + rng.exponential(0.04, 700))
    share = times_s / times_s[-1] if drifts else np.full(len(times_s), 0.5)
    second = rng.random(len(times_s)) < share
    kinds = windows_of([(times_s[~second], WAVE), (times_s[second], 1.2 * WAVE)], noise=0.2)
    assert one_unit(times_s[~second], times_s[second], shapes=(WAVE, 1.2 * WAVE), windows=kinds) is verdict


def test_units_that_come_and_go_on_their_own_do_not_give_way_to_each_other():
    rng = np.random.default_rng(22)
    times_s = np.cumsum(rng.exponential(0.03, 900))
    share = times_s / times_s[-1]
    first_s, second_s = times_s[:500][rng.random(500) > share[:500]], times_s[rng.random(900) < share**2]
    kinds = windows_of([(first_s, WAVE), (second_s, 1.3 * WAVE)], noise=0.1)
    assert not one_unit(first_s, second_s, shapes=(WAVE, 1.3 * WAVE), windows=kinds)


@pytest.mark.parametrize(("own", "verdict"), [(False, True), (True, False)])
def test_halves_of_a_motor_unit_that_jitters_are_told_by_never_firing_near_each_other(own, verdict):
    rng = np.random.default_rng(23)
    times_s = np.cumsum(rng.normal(0.1, 0.015, 300))
    mine = rng.random(300) < 0.5
    other_s = np.cumsum(rng.normal(0.2, 0.03, 150)) if own else times_s[~mine]
    varied = WAVE + 0.5 * np.exp(-((TIME - 12) ** 2) / 12)  # correlation 0.93
    kinds = windows_of([(times_s[mine], WAVE), (other_s, varied)], noise=0.05)
    assert one_unit(times_s[mine], other_s, shapes=(WAVE, varied), windows=kinds) is verdict


@pytest.mark.parametrize(("size", "slow_hz"), [(1.9, 1.2), (1.9, 2.4), (1.2, 1.2)])
def test_a_slow_clock_of_another_size_or_rate_beside_a_quick_one_is_another_fibre(size, slow_hz):
    quick_s, slow_s = clock(6.6, 24, seconds=30.0), clock(slow_hz, 25, seconds=30.0)
    slow_s = slow_s[np.abs(nearest(quick_s, slow_s) - slow_s) > 0.01]
    kinds = windows_of([(quick_s, WAVE), (slow_s, size * WAVE)], noise=0.8)
    assert not one_unit(quick_s, slow_s, shapes=(WAVE, size * WAVE), windows=kinds)


def test_a_clock_that_begins_slowly_after_a_quick_one_has_ended_is_another_fibre():
    quick_s = clock(10.0, 26, seconds=7.0)
    slow_s = quick_s[-1] + 2.0 + clock(1.2, 27, seconds=15.0)
    kinds = windows_of([(quick_s, WAVE), (slow_s, 1.19 * WAVE)], noise=0.3)
    assert not one_unit(quick_s, slow_s, shapes=(WAVE, 1.19 * WAVE), windows=kinds)


@pytest.mark.parametrize(("size", "verdict"), [(1.5, True), (2.5, False)])
def test_what_begins_where_another_of_its_shape_ends_is_that_one_though_its_size_wandered(size, verdict):
    times_s = clock(6.0, 13, seconds=20.0)
    assert same(times_s[:60], times_s[60:], shapes=(WAVE, size * WAVE)) is verdict
    assert not same(times_s[:60], times_s[60:] + 0.09, shapes=(WAVE, size * WAVE))


def test_a_slow_fibre_is_not_the_other_half_of_the_quick_one_among_which_it_fires():
    # Ten guests leave nine of ten intervals even, but not those where they take turns with their host.
    quick_s = clock(8.0, 14, seconds=24.0)
    slow_s = clock(0.4, 15, seconds=24.0, jitter=0.03)
    kinds = windows_of([(quick_s, WAVE), (slow_s, RELATED)])
    assert not one_unit(quick_s, slow_s, shapes=(WAVE, RELATED), windows=kinds)


def test_parts_of_what_fires_now_and_then_may_change_more_than_a_clock():
    rng = np.random.default_rng(16)
    changed = WAVE + 0.45 * np.exp(-((TIME - 12) ** 2) / 12)
    now_and_then = np.split(np.cumsum(0.02 + rng.exponential(1.0, 80)), 2)
    clocks = clock(1.0, 17, seconds=40.0), clock(1.3, 18, seconds=30.0) + 45
    for (first_s, second_s), verdict in ((now_and_then, True), (clocks, False)):
        kinds = windows_of([(first_s, WAVE), (second_s, changed)], noise=0.17)
        assert 4.5 < separation(kinds(first_s), kinds(second_s)) < 7
        assert one_unit(first_s, second_s, shapes=(WAVE, changed), windows=kinds) is verdict


@pytest.mark.parametrize("seed", range(3))
def test_runs_that_come_by_turns_with_pauses_between_are_no_halves_of_one_clock(seed):
    rng, runs = np.random.default_rng(seed), np.arange(5) * 5.0
    fast_s, slow_s = (
        np.concatenate([start_s + after_s + np.cumsum(rng.normal(1, 0.02, n)) / rate_hz for start_s in runs])
        for after_s, n, rate_hz in ((0.0, 12, 12.0), (2.5, 6, 4.2))
    )
    assert not same(fast_s, slow_s, shapes=(WAVE, 1.8 * WAVE + 0.1 * RELATED))
