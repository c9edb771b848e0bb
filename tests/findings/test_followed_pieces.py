"""Most of a long recording is followed and not sorted: what is found is what sorting finds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from emgkit import Recording, find_spontaneous_activity
from emgkit.findings.spontaneous import follow

RATE_HZ, LENGTH_S = 12_000.0, 420.0
SIZES_UV, RATES_HZ, WIDTHS_MS = (150.0, 90.0, 120.0), (7.0, 9.1, 4.3), (0.5, 0.35, 0.7)
TIME_MS = (np.arange(121) - 60) * 1000 / RATE_HZ


def potential(size_uv: float, width_ms: float) -> np.ndarray:
    parts = ((0.6, -1.0), (-1.0, 0.0), (0.4, 1.0))
    shape = sum(share * np.exp(-(((TIME_MS / width_ms - at) / 0.5) ** 2)) for share, at in parts)
    return size_uv * shape / np.ptp(shape)


def clock(rate_hz: float, start_s: float, stop_s: float) -> np.ndarray:
    rng = np.random.default_rng(int(rate_hz * 10))
    times_s = start_s + np.cumsum((1 + 0.012 * rng.standard_normal(int(rate_hz * LENGTH_S * 1.2))) / rate_hz)
    return times_s[times_s < stop_s]


def recorded(units) -> Recording:
    """Return noise with units, each times and one potential a discharge."""
    samples = np.random.default_rng(7).normal(0, 5.0, round(LENGTH_S * RATE_HZ))
    for times_s, potentials in units:
        for place, shape in zip(np.round(times_s * RATE_HZ).astype(int), potentials, strict=True):
            samples[place - 60 : place + 61] += shape
    return Recording(samples, RATE_HZ, muscle="gluteus maximus", side="left")


def steady(number: int, start_s: float = 0.1, stop_s: float = LENGTH_S - 0.1):
    times_s = clock(RATES_HZ[number], start_s, stop_s)
    return times_s, [potential(SIZES_UV[number], WIDTHS_MS[number])] * len(times_s)


@cache
def scene() -> Recording:
    return recorded([steady(0), steady(1), steady(2)])


@pytest.fixture
def sorted_pieces(monkeypatch):
    """Return the numbers of the pieces that are sorted by themselves, filled as they are."""
    numbers = []
    real = follow._sorted

    def sort(recording, piece, cleaned, number):
        numbers.append(number)
        return real(recording, piece, cleaned, number)

    monkeypatch.setattr(follow, "_sorted", sort)
    return numbers


def agreement(times_s: np.ndarray, activity) -> float:
    """Return the largest share of discharges that a train of the activity has in common with these."""
    groups = activity.events.groupby("train")["time_s"]
    return max(shared(times_s, found_s.to_numpy()) for number, found_s in groups if number >= 0)


def shared(one_s: np.ndarray, two_s: np.ndarray) -> float:
    place = np.clip(np.searchsorted(two_s, one_s), 1, len(two_s) - 1)
    both = (np.minimum(np.abs(two_s[place] - one_s), np.abs(two_s[place - 1] - one_s)) < 0.002).sum()
    return both / (len(one_s) + len(two_s) - both)


def test_following_finds_what_sorting_every_piece_finds(monkeypatch, sorted_pieces):
    followed = find_spontaneous_activity(scene())
    assert sorted_pieces == []
    monkeypatch.setattr(follow, "_followed", lambda *_: None)
    every = find_spontaneous_activity(scene())
    assert sorted(sorted_pieces) == list(range(7))
    assert followed.trains["label"].tolist() == every.trains["label"].tolist() == ["fibrillation"] * 3
    for number in every.trains["train"]:
        times_s = every.events.loc[every.events["train"] == number, "time_s"].to_numpy()
        assert agreement(times_s, followed) > 0.99
    columns = ["rate_hz", "irregularity", "amplitude_uv", "duration_ms", "snr"]
    pd.testing.assert_frame_equal(followed.trains[columns], every.trains[columns], rtol=0.1)


def test_the_number_of_threads_changes_nothing():
    one, two = (find_spontaneous_activity(scene(), threads=threads) for threads in (1, 2))
    for table in ("events", "trains"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table), check_exact=True)


@pytest.mark.parametrize(("start_s", "stop_s"), [(310.0, LENGTH_S - 0.1), (0.1, 100.0), (70.0, 78.0)])
def test_a_unit_that_fires_in_some_pieces_only_is_found(sorted_pieces, start_s, stop_s):
    unit = steady(2, start_s, stop_s)
    found = find_spontaneous_activity(recorded([steady(0), steady(1), unit]))
    assert len(sorted_pieces) >= 1
    assert len(found.trains) == 3
    assert agreement(unit[0], found) > 0.9


def test_a_unit_of_nearly_the_shape_of_another_is_found(sorted_pieces):
    times_s = clock(5.7, 250.0, LENGTH_S - 0.1)
    like = times_s, [potential(0.8 * SIZES_UV[0], 1.1 * WIDTHS_MS[0])] * len(times_s)
    found = find_spontaneous_activity(recorded([steady(0), like]))
    assert len(sorted_pieces) >= 1
    assert len(found.trains) == 2
    assert agreement(times_s, found) > 0.95
    assert agreement(steady(0)[0], found) > 0.95


def test_potentials_that_drift_are_followed(sorted_pieces):
    times_s, _ = steady(0)
    shapes = [potential(SIZES_UV[0] * 2.5**way, WIDTHS_MS[0] * (1 + 0.3 * way)) for way in times_s / LENGTH_S]
    found = find_spontaneous_activity(recorded([(times_s, shapes), steady(1)]))
    assert sorted_pieces == []
    assert len(found.trains) == 2
    assert agreement(times_s, found) > 0.98
    sizes_uv = found.events.loc[found.events["peak_to_peak_uv"] > 110, ["time_s", "peak_to_peak_uv"]]
    late_uv, early_uv = (sizes_uv.loc[part, "peak_to_peak_uv"].median()
                         for part in (sizes_uv["time_s"] > 400, sizes_uv["time_s"] < 20))  # fmt: skip
    assert late_uv / early_uv == pytest.approx(2.5, rel=0.25)


def test_a_silent_beginning_teaches_nothing_and_hides_nothing():
    found = find_spontaneous_activity(recorded([steady(0, 240.0), steady(1, 30.0, 60.0)]))
    assert len(found.trains) == 2
    assert agreement(steady(0, 240.0)[0], found) > 0.98


def test_where_the_beginning_teaches_nothing_what_comes_after_it_does(monkeypatch, sorted_pieces):
    asked = []
    real = follow._guide_of

    def guide_of(found, number):
        asked.append((found.fast.start_s, len(found.fast.signal)))
        return real(found, number) if len(asked) > 1 else None

    monkeypatch.setattr(follow, "_guide_of", guide_of)
    found = find_spontaneous_activity(scene())
    assert sorted_pieces == []
    (first_s, size), (second_s, same) = asked
    assert same == size
    assert second_s - first_s == pytest.approx(size / RATE_HZ)
    for number in range(3):
        assert agreement(steady(number)[0], found) > 0.98  # as where the beginning teaches


def test_every_group_of_pieces_is_in_order_and_whole(monkeypatch):
    seen = []
    monkeypatch.setattr(follow, "_next", lambda _recording, _pieces, number, *_: (seen.append(number) or number, None))
    for count in (1, 2, 9, 10, 11, 25, 360):
        seen.clear()
        assert follow.follow_pieces(None, range(count), processes=1) == list(range(count))
        assert sorted(seen) == list(range(count))
