"""Clocks among mixed events."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals import clocks
from emgkit.signals.clocks import ClockLimits, find_clock
from tests.naive_signals import longest_chain_by_loop

LIMITS = ClockLimits(
    shortest_s=0.03,
    longest_s=2.5,
    slack=0.08,
    least_slack_s=0.002,
    max_missed=3,
    min_events=10,
    occupancy=0.75,
    share=0.35,
)


def clock(
    rate_hz: float, *, seed: int, jitter: float = 0.01, slowing: float = 0.0, duration_s: float = 10.0
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    times_s = [rng.uniform(0, 1 / rate_hz)]
    while times_s[-1] < duration_s:
        times_s.append(times_s[-1] + np.exp(slowing * times_s[-1]) * rng.normal(1, jitter) / rate_hz)
    return np.array(times_s[:-1])


@pytest.mark.parametrize(("one_hz", "other_hz"), [(7.1, 5.3), (2.6, 2.71), (12.0, 3.3)])
@pytest.mark.parametrize("seed", [1, 2])
def test_two_interleaved_clocks_are_told_apart(one_hz, other_hz, seed):
    one, other = clock(one_hz, seed=seed), clock(other_hz, seed=seed + 100)
    mixed = np.sort(np.concatenate([one, other]))
    found = mixed[find_clock(mixed, limits=LIMITS)]
    mine, rest = (one, other) if np.isin(found, one).mean() > 0.5 else (other, one)
    assert np.isin(found, mine).mean() >= 0.9
    assert np.isin(mine, found).mean() >= 0.9
    left = np.setdiff1d(mixed, found)
    again = left[find_clock(left, limits=LIMITS)]
    assert np.isin(again, rest).mean() >= 0.9
    assert np.isin(rest, again).mean() >= 0.8  # where both coincide within the slack one may take the other's event


@pytest.mark.parametrize("slowing", [0.0, 0.02])
def test_a_clock_that_slows_down_and_misses_discharges_stays_one_clock(slowing):
    rng = np.random.default_rng(5)
    times_s = clock(6.0, seed=5, slowing=slowing)
    times_s = times_s[rng.random(len(times_s)) > 0.1]
    mixed = np.sort(np.concatenate([times_s, rng.uniform(0, 10, 25)]))
    found = mixed[find_clock(mixed, limits=LIMITS)]
    assert np.isin(times_s, found).mean() >= 0.9
    assert np.isin(found, times_s).mean() >= 0.9


def test_random_events_hold_no_clock():
    # Chains of random events exist; the share and occupancy they must have keep nearly all of them out.
    rng = np.random.default_rng(6)
    hits = [len(find_clock(np.sort(rng.uniform(0, 10, 80)), limits=LIMITS)) > 0 for _ in range(20)]
    assert sum(hits) <= 1


def test_too_few_events_hold_no_clock():
    assert len(find_clock(np.arange(9) * 0.2, limits=LIMITS)) == 0
    assert len(find_clock(np.array([]), limits=LIMITS)) == 0
    assert find_clock(np.arange(12) * 0.2, limits=LIMITS).tolist() == list(range(12))


def test_dense_random_events_hold_no_clock():
    # Fourteen a second: something like a clock is found at any interval, and none of them is one.
    rng = np.random.default_rng(7)
    hits = [len(find_clock(np.sort(rng.uniform(0, 12, 170)), limits=LIMITS)) > 0 for _ in range(12)]
    assert sum(hits) <= 1


def test_the_start_of_the_recording_does_not_matter():
    mixed = np.sort(np.concatenate([clock(6.0, seed=1), np.random.default_rng(2).uniform(0, 10, 25)]))
    np.testing.assert_array_equal(find_clock(mixed, limits=LIMITS), find_clock(mixed + 500.0, limits=LIMITS))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_clock_that_slows_to_less_than_half_its_rate_is_followed_among_a_slow_one(seed):
    fast = clock(6.0, seed=seed, slowing=0.03, jitter=0.015, duration_s=30.0)
    slow = clock(0.9, seed=seed + 50, duration_s=30.0)
    slow = slow[np.abs(slow[:, None] - fast).min(axis=1) > 0.005]
    mixed = np.sort(np.concatenate([fast, slow]))
    found = mixed[find_clock(mixed, limits=LIMITS)]
    assert np.isin(fast, found).mean() > 0.9
    assert np.isin(found, fast).mean() > 0.95


def test_every_second_discharge_is_not_taken_for_the_clock():
    whole = clock(9.0, seed=4, slowing=0.025, duration_s=30.0)
    guests = clock(2.0, seed=5, duration_s=30.0)
    mixed = np.sort(np.concatenate([whole, guests]))
    assert np.isin(whole, mixed[find_clock(mixed, limits=LIMITS)]).mean() > 0.8


@pytest.mark.parametrize("seed", range(4))
def test_the_best_chains_of_several_intervals_are_those_of_a_loop_over_each(seed, monkeypatch):
    monkeypatch.setattr(clocks, "_trimmed", lambda _, chain: chain)
    others = np.sort(np.random.default_rng(seed).uniform(0, 10, 60))
    mixed = np.sort(np.concatenate([clock(6.1, seed=seed, slowing=0.03), clock(4.3, seed=seed + 9), others]))
    periods = [1 / 6.1, 0.5, 1 / 4.3, 0.04]
    found = clocks._longest_chains(mixed, periods, LIMITS, 0.0)
    for period_s, chain in zip(periods, found, strict=True):
        assert chain.tolist() == longest_chain_by_loop(mixed, period_s, LIMITS)


@pytest.mark.parametrize("seed", range(4))
def test_giving_up_a_chain_that_gets_too_short_loses_no_clock(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    mixed = np.sort(np.concatenate([clock(5.0, seed=seed), rng.uniform(0, 10, [20, 80, 120, 300][seed])]))
    wanted = find_clock(mixed, limits=LIMITS)
    to_the_end = clocks._longest_chains
    monkeypatch.setattr(clocks, "_longest_chains", lambda *given: to_the_end(*given[:3], 0.0))
    np.testing.assert_array_equal(find_clock(mixed, limits=LIMITS), wanted)
