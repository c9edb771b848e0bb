"""Trains against each other: fixed lags, nearest discharges, unions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgkit.signals.locks import SEPARATION_S, find_lock, locked_to, nearest, union_of
from tests.naive_signals import most_frequent_lag_by_loop


@pytest.mark.parametrize("lag_ms", [-18.0, -3.0, 0.0, 7.0, 22.0])
def test_a_train_that_follows_another_is_locked_to_it(lag_ms):
    rng = np.random.default_rng(7)
    first = np.cumsum(rng.uniform(0.06, 0.2, 60))
    second = np.sort(first + lag_ms / 1000 + rng.normal(0, 0.0001, 60))
    lag_s, locked = find_lock(first, second, reach_ms=25.0, width_ms=1.2)
    assert lag_s * 1000 == pytest.approx(lag_ms, abs=0.1)
    assert locked == 60


def test_locked_events_are_counted_as_a_loop_over_all_pairs_counts_them():
    rng = np.random.default_rng(8)
    first = np.sort(rng.uniform(0, 10, 80))
    second = np.sort(np.concatenate([rng.uniform(0, 10, 40), first[::2] + 0.004]))
    _, locked = find_lock(first, second, reach_ms=20.0, width_ms=1.0)
    counted = most_frequent_lag_by_loop(first, second, 0.020, 0.001)
    pairs = int((np.abs(second[:, None] - first) <= 0.020).sum())
    assert counted - pairs * 0.001 / 0.040 - 1 <= locked <= counted  # chance was taken off


def test_as_many_as_are_asked_for_are_found_as_before_and_fewer_may_be_none():
    rng = np.random.default_rng(11)
    for number in range(60):
        first, second = (np.sort(np.round(rng.uniform(0, 3, 50), 3)) for _ in range(2))  # many lags lie on an edge
        second = np.sort(np.append(second, first[: number // 2] + rng.integers(-18, 19) / 1000))
        wanted = find_lock(first, second, reach_ms=20.0, width_ms=1.0)
        count = most_frequent_lag_by_loop(first, second, 0.020, 0.001)
        assert find_lock(first, second, reach_ms=20.0, width_ms=1.0, least=wanted[1]) == wanted
        assert find_lock(first, second, reach_ms=20.0, width_ms=1.0, least=count) == wanted
        assert find_lock(first, second, reach_ms=20.0, width_ms=1.0, least=2.5 * count + 1) == (0.0, 0)


def test_independent_trains_are_not_locked():
    rng = np.random.default_rng(9)
    for _ in range(20):
        first, second = (np.sort(rng.uniform(0, 10, 70)) for _ in range(2))
        assert find_lock(first, second, reach_ms=25.0, width_ms=1.2)[1] < 0.3 * 70
    assert find_lock(np.array([1.0]), np.array([5.0]), reach_ms=25.0, width_ms=1.2) == (0.0, 0)


def test_the_lag_has_a_sign_and_survives_missed_discharges():
    rng = np.random.default_rng(10)
    first = np.cumsum(rng.uniform(0.06, 0.2, 80))
    second = first[rng.random(80) > 0.3] + 0.009
    lag_s, locked = find_lock(first, second, reach_ms=25.0, width_ms=1.2)
    assert (round(lag_s, 4), locked) == (0.009, len(second))
    assert find_lock(second, first, reach_ms=25.0, width_ms=1.2)[0] == pytest.approx(-0.009, abs=1e-6)


ascending = st.lists(st.integers(0, 3000), min_size=1, max_size=30).map(lambda ms: np.sort(np.array(ms)) / 1000)


@settings(max_examples=150, deadline=None)
@given(times_s=ascending, wanted_s=ascending)
def test_the_nearest_is_as_near_as_any(times_s, wanted_s):
    found = nearest(times_s, wanted_s)
    assert np.isin(found, times_s).all()
    np.testing.assert_allclose(np.abs(found - wanted_s), np.abs(times_s[:, None] - wanted_s).min(axis=0))


@settings(max_examples=150, deadline=None)
@given(first_s=ascending, second_s=ascending)
def test_a_union_holds_each_discharge_once(first_s, second_s):
    both = np.concatenate([first_s, second_s])
    found = union_of(first_s, second_s)
    assert np.isin(found, both).all()
    assert (np.diff(found) >= SEPARATION_S).all()
    assert np.abs(found[:, None] - both).min(axis=0).max() < SEPARATION_S


def test_what_follows_a_train_at_its_lags_is_told_from_what_comes_at_any_time():
    rng = np.random.default_rng(3)
    train_s = np.cumsum(rng.uniform(0.08, 0.2, 150))
    parts_s = np.concatenate([train_s[:60] - 0.008, train_s[40:90] + 0.015]) + rng.normal(0, 0.0001, 110)
    others_s = rng.uniform(0, train_s[-1], 40)
    second_s = np.sort(np.concatenate([parts_s, others_s]))
    locked = locked_to(train_s, second_s, reach_ms=30, width_ms=1.2, least=15)
    assert locked[np.isin(second_s, parts_s)].mean() > 0.98
    assert locked[np.isin(second_s, others_s)].mean() < 0.15
    assert not locked_to(train_s, others_s, reach_ms=30, width_ms=1.2, least=15).any()


def test_nothing_is_locked_to_nothing():
    none = np.empty(0)
    assert locked_to(none, np.array([1.0]), reach_ms=30, width_ms=1.2, least=5).tolist() == [False]
    assert len(locked_to(np.array([1.0]), none, reach_ms=30, width_ms=1.2, least=5)) == 0
