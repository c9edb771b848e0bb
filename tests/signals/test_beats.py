"""The discharges of a known clock."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.beats import goes_on_with, missed_by, spared_by
from tests.signals.test_clocks import clock


def test_discharges_that_a_clock_missed_are_its_own_also_when_it_slows_down():
    times_s = np.cumsum(np.linspace(0.08, 0.16, 100))
    missed = np.random.default_rng(1).random(100) < 0.3
    missed[[0, -1]] = False
    assert missed_by(times_s[~missed], times_s[missed]).mean() > 0.95


def test_discharges_of_another_fibre_are_seldom_where_a_clock_missed_one():
    rng = np.random.default_rng(2)
    times_s = np.cumsum(rng.normal(0.1, 0.002, 200))
    others_s = np.sort(rng.uniform(-5, 25, 400))
    assert missed_by(times_s, others_s).sum() == 0
    kept_s = times_s[rng.random(200) > 0.3]
    assert missed_by(kept_s, others_s).mean() < 0.15
    beyond = (others_s < kept_s[0]) | (others_s > kept_s[-1])
    assert not missed_by(kept_s, others_s)[beyond].any()


def test_a_clock_that_lost_every_other_discharge_for_a_while_misses_them():
    times_s = 0.14 * np.arange(60) + np.random.default_rng(3).normal(0, 0.001, 60)
    lost = np.arange(25, 41, 2)
    assert missed_by(np.delete(times_s, lost), times_s[lost]).all()


def test_a_precise_clock_misses_nothing_that_is_a_tenth_of_its_interval_off():
    times_s = 0.14 * np.arange(60) + np.random.default_rng(3).normal(0, 0.001, 60)
    lost = np.arange(5, 55, 5)
    assert not missed_by(np.delete(times_s, lost), times_s[lost] + 0.014).any()


@pytest.mark.parametrize("place", [3, 10, 17])
def test_a_guest_is_spared_and_what_fills_a_gap_is_not(place):
    times_s = np.delete(np.arange(24) / 8, [6, 12])
    guest_s = times_s[place] + 0.04
    both_s = np.sort(np.append(times_s, guest_s))
    assert both_s[spared_by(both_s)].tolist() == [guest_s]
    assert not spared_by(times_s).any()
    assert not spared_by(np.sort(np.append(times_s, 6 / 8))).any()
    assert not spared_by(times_s[:5]).any()


@pytest.mark.parametrize("slowing", [0.0, 0.01, -0.01])
def test_a_clock_goes_on_with_its_own_among_those_of_another(slowing):
    times_s = clock(7.0, seed=3, slowing=slowing, duration_s=20.0)
    inner = (times_s > 5) & (times_s < 14)
    others_s = clock(1.3, seed=4, duration_s=20.0)
    mixed_s = np.sort(np.concatenate([times_s[~inner], others_s]))
    taken = mixed_s[goes_on_with(times_s[inner], mixed_s)]
    assert np.isin(times_s[~inner], taken).mean() > 0.9
    assert np.isin(taken, times_s).mean() > 0.95


def test_a_clock_goes_on_with_few_of_what_fires_at_random():
    rng = np.random.default_rng(0)
    times_s = clock(7.0, seed=3, duration_s=10.0) + 10
    taken = [goes_on_with(times_s, np.sort(rng.uniform(0, 30, 40))).sum() for _ in range(50)]
    assert np.mean(taken) < 1


def test_what_lies_within_a_clock_is_not_what_it_goes_on_with():
    times_s = clock(7.0, seed=3)
    assert not goes_on_with(times_s, times_s[3:-3] + 0.001).any()
    assert not goes_on_with(times_s, np.empty(0)).any()
