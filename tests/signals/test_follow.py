"""Known units in another stretch: found again, told from what is new, given up where their templates do not tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emgkit.findings.spontaneous.settings import bands
from emgkit.signals.follow import follow_band, followed_trains, founds_more, goes_on, of_one_kind, teach
from emgkit.signals.link import link_trains
from emgkit.signals.peel import peel_known
from emgkit.signals.sort import SortedBand
from emgkit.signals.units import Train

RATE_HZ, NOISE_UV, LENGTH_S = 12_000.0, 2.0, 40.0
FAST = bands()[0]
TIME_MS = (np.arange(60) - 30) * 1000 / RATE_HZ


def wave(size_uv: float, width_ms: float, second: float = -0.5) -> np.ndarray:
    """Return a band-passed potential, two phases one after the other."""
    one, two = (np.exp(-(((TIME_MS - at) / width_ms) ** 2)) for at in (-width_ms / 2, width_ms))
    return size_uv * (one + second * two)


FIRST, SECOND, THIRD = wave(80, 0.25), wave(60, 0.45, -1.0), -wave(50, 0.2, 0.9)


def clock(rate_hz: float, start_s: float = 0.05) -> np.ndarray:
    steps_s = (1 + 0.01 * np.random.default_rng(int(10 * rate_hz)).standard_normal(1000)) / rate_hz
    times_s = start_s + np.cumsum(steps_s)
    return times_s[times_s < LENGTH_S - 0.05]


def signal_of(units: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    signal = np.random.default_rng(1).normal(0, NOISE_UV, round(LENGTH_S * RATE_HZ)).astype(np.float32)
    for times_s, shape in units:
        for place in np.round(times_s * RATE_HZ).astype(int):
            signal[place - 30 : place + 30] += shape.astype(np.float32)
    return signal


def follow(signal: np.ndarray, templates: list[np.ndarray]) -> SortedBand:
    return follow_band(signal, RATE_HZ, band=FAST, noise_uv=NOISE_UV, start_s=0.0, templates=templates)


def sorted_as(signal: np.ndarray, units: list[tuple[np.ndarray, np.ndarray]]) -> SortedBand:
    """Return a band in which the given matches were found."""
    times_s = np.concatenate([times for times, _ in units])
    unit = np.repeat(np.arange(len(units)), [len(times) for times, _ in units])
    order = np.argsort(times_s)
    templates, nothing = [shape for _, shape in units], np.empty(0)
    return SortedBand(
        RATE_HZ, 0.0, NOISE_UV, templates, unit[order], times_s[order], np.ones(len(unit)), signal, signal, nothing,
        nothing,
    )  # fmt: skip


def agree(one_s: np.ndarray, two_s: np.ndarray) -> float:
    both = (np.abs(one_s[:, None] - two_s).min(axis=1) < 0.0005).sum()
    return both / (len(one_s) + len(two_s) - both)


@pytest.mark.parametrize("size", [0.75, 1.0, 1.3])
def test_units_are_found_again_when_their_size_has_changed(size):
    units = [(clock(7.0), size * FIRST), (clock(9.3), SECOND)]
    found = follow(signal_of(units), [FIRST, SECOND])
    for number, (times_s, shape) in enumerate(units):
        assert agree(found.time_s[found.unit == number], times_s) > 0.97
        assert np.ptp(found.templates[number]) == pytest.approx(np.ptp(shape), rel=0.05)


def test_what_is_silent_keeps_its_template():
    found = follow(signal_of([(clock(7.0), FIRST)]), [FIRST, THIRD])
    assert found.templates[1] is THIRD
    assert (found.unit == 1).sum() == 0


def test_silence_is_followed_and_founds_nothing():
    nothing = np.zeros(100_000, np.float32)
    found = follow_band(nothing, RATE_HZ, band=FAST, noise_uv=0.0, start_s=0.0, templates=[FIRST])
    assert len(found.time_s) == len(found.loose_s) == 0
    assert not founds_more(found, band=FAST, busy_s=np.empty(0), least_snr=4.5)


def test_a_new_unit_is_noticed_and_the_known_ones_are_not_new():
    known, new = [(clock(7.0), FIRST), (clock(9.3), SECOND)], (clock(0.5), THIRD)
    for units, more in ((known, False), ([*known, new], True)):
        found = follow(signal_of(units), [FIRST, SECOND])
        assert founds_more(found, band=FAST, busy_s=np.empty(0), least_snr=4.5) is more


def test_what_is_left_near_known_discharges_is_no_new_unit():
    times_s = clock(7.0)
    signal = signal_of([(times_s, FIRST), (times_s + 0.003, THIRD)])
    found = follow(signal, [FIRST])
    assert len(found.loose_s) > len(times_s) / 2
    assert not founds_more(found, band=FAST, busy_s=np.empty(0), least_snr=4.5)


def test_templates_of_two_parts_of_one_train_are_both_its_own():
    times_s = clock(7.0)
    units = [(times_s[::2], FIRST), (times_s[1::2] + 0.001, 1.2 * FIRST)]
    band = sorted_as(signal_of(units), units)
    [known], kept = teach([band], [Train(times_s, FIRST, 0, 40.0)], regular=0.07)
    assert kept == [0]
    assert known.owner.tolist() == [0, 0]
    assert known.lag_s.tolist() == pytest.approx([0.0, 0.001], abs=1e-5)
    [again] = followed_trains(band, known, trains=[Train(times_s, FIRST, 0, 40.0)], number=0, regular=0.07)
    assert agree(again.time_s, times_s) == 1.0


def test_trains_that_only_their_rhythm_tells_apart_cannot_be_followed():
    one_s, two_s = clock(7.0), clock(9.3)
    both = np.sort(np.concatenate([one_s, two_s]))
    band = sorted_as(signal_of([(both, FIRST)]), [(both, FIRST)])
    assert teach([band], [Train(one_s, FIRST, 0, 40.0), Train(two_s, FIRST, 0, 40.0)], regular=0.07) is None


@pytest.mark.parametrize(("count", "is_sum"), [(6, True), (120, False)])
def test_two_that_fire_together_by_chance_are_no_unit(count, is_sum):
    together = FIRST + np.roll(SECOND, 5)
    units = [(clock(7.0), FIRST), (clock(9.3), SECOND), (np.linspace(1, 39, count) + 0.0123, together)]
    band = sorted_as(signal_of(units), units)
    [known], kept = teach([band], [Train(times_s, shape, 0, 20.0) for times_s, shape in units], regular=0.07)
    assert kept == ([0, 1] if is_sum else [0, 1, 2])
    assert known.owner.tolist() == kept


def test_a_rhythm_goes_on_while_it_slows_down_and_not_when_another_is_mixed_in():
    train = Train(clock(7.0), FIRST, 0, 40.0)
    slower = replace(train, time_s=train.time_s * np.linspace(1, 2, len(train.time_s)))
    mixed = replace(train, time_s=np.sort(np.concatenate([train.time_s, clock(2.1)])))
    irregular = replace(train, time_s=np.cumsum(np.random.default_rng(0).exponential(0.2, 100)))
    assert goes_on(train, slower, regular=0.07)
    assert not goes_on(train, mixed, regular=0.07)
    assert not goes_on(train, irregular, regular=0.07)
    assert goes_on(irregular, train, regular=0.07)


@pytest.mark.parametrize(("rate", "same"), [(1.0, True), (1.4, False)])
def test_after_a_pause_another_rate_is_another_unit(rate, same):
    train = Train(clock(7.0), FIRST, 0, 40.0)
    times_s = np.concatenate([train.time_s[:80], train.time_s[79] + 2.0 + np.arange(80) / (7.0 * rate)])
    assert goes_on(train, replace(train, time_s=times_s), regular=0.07) is same


def test_two_shapes_under_one_template_are_noticed():
    rng = np.random.default_rng(3)
    one_s, two_s = (np.cumsum(rng.uniform(0.2, 0.9, 55)) for _ in range(2))
    one_s, two_s = one_s[one_s < 39], two_s[two_s < 39]
    two_s = two_s[np.abs(two_s[:, None] - one_s).min(axis=1) > 0.02]
    for units, same in (([(one_s, FIRST)], True), ([(one_s, FIRST), (two_s, wave(80, 0.25, -0.95))], False)):
        signal = signal_of(units)
        band = sorted_as(signal, [(one_s, FIRST)])
        [known], _ = teach([band], [Train(one_s, FIRST, 0, 40.0)], regular=0.07)
        found = follow(signal, known.templates)
        assert of_one_kind(found, known, train=0, busy_s=np.empty(0), band=FAST) is same


def test_potentials_are_subtracted_where_they_overlap_and_follow_their_size():
    first, second = np.hanning(60).astype(np.float32), np.diff(np.hanning(61)).astype(np.float32) * 20
    places = [np.arange(100.0, 9800, 97), np.arange(120.5, 9800, 131)]
    signal = np.zeros(10_000, np.float32)
    for where, shape in zip(places, (1.3 * first, second), strict=True):
        for place in where:
            signal[int(place) - 10 : int(place) + 50] += shape
    found = peel_known(signal, places, potentials=[first, second], before=10)
    assert np.square(found.residual).sum() < 0.2 * np.square(signal).sum()
    assert np.ptp(found.potentials[0]) == pytest.approx(1.3, rel=0.1)


def test_trains_of_one_key_are_one_unit_however_long_it_was_silent():
    times_s = np.arange(100) / 7.0
    fires = [number in {0, 28} for number in range(30)]
    pieces = [[Train(times_s + 20 * number, FIRST if here else SECOND, 0, 9.0)] for number, here in enumerate(fires)]
    shared_s = [(0.0, 0.0)] * 29
    keys = [["one" if here else f"other {number}"] for number, here in enumerate(fires)]
    units = link_trains(pieces, shared_s=shared_s, keys=keys)
    assert [link.piece for link in units[0]] == [0, 28]
    without = link_trains(pieces, shared_s=shared_s)
    assert [link.piece for link in without[0]] == [0]
