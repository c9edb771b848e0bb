"""A long recording is analysed in pieces: its trains are those of the whole, wherever it is cut."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pandas as pd
import pytest

from emgkit import Recording, SimulatedUnit, find_spontaneous_activity, simulate_recording
from emgkit.findings.spontaneous import activity as front
from emgkit.findings.spontaneous.cleaning import pieces_of as of_library
from emgkit.findings.spontaneous.settings import edges
from emgkit.model.activity import UNSORTED
from emgkit.signals.bands import cut_pieces, thinning

RATE_HZ = 12_000.0
UNITS = (
    SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=150.0),
    SimulatedUnit("fibrillation", rate_hz=9.1, peak_to_peak_uv=90.0),
    SimulatedUnit("positive_sharp_wave", "blocked", rate_hz=6.0, peak_to_peak_uv=250.0),
)
LABELS = ["fibrillation", "fibrillation", "positive_sharp_wave"]


@cache
def scene():
    """Return nearly seven minutes, in which rate and potential of every unit drift, and their truth."""
    return simulate_recording(UNITS, duration_s=400.0, rate_hz=RATE_HZ, rng=1)


@cache
def found(longest_s: float | None = None, threads: int = 1):
    """Return what is found in pieces of at most this length; by default in those of the library."""
    return analysed(scene()[0], longest_s, threads)


def analysed(recording: Recording, longest_s: float | None = None, threads: int = 1):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "pieces_of", partial(pieces_of, longest_s=longest_s))
        return find_spontaneous_activity(recording, threads=threads)


def pieces_of(recording: Recording, *, longest_s: float | None):
    if longest_s is None:
        return of_library(recording)
    grid = thinning(recording.rate_hz, edges=edges())
    return cut_pieces(len(recording.samples_uv) // grid.step, grid, whole_s=0.0, longest_s=longest_s, margin_s=2.0)


def times_of(table: pd.DataFrame, number: int, column: str = "train") -> np.ndarray:
    return table.loc[table[column] == number, "time_s"].to_numpy()


def shared(one_s: np.ndarray, two_s: np.ndarray, within_s: float) -> float:
    """Return the share of all discharges of two trains that both hold."""
    near = np.abs(one_s[:, None] - two_s[np.clip(np.searchsorted(two_s, one_s)[:, None] + [-1, 0], 0, len(two_s) - 1)])
    both = int((near.min(axis=1) < within_s).sum())
    return both / (len(one_s) + len(two_s) - both)


@pytest.mark.parametrize("longest_s", [None, 53.0, 46.0])
def test_every_unit_is_one_train_wherever_the_borders_lie(longest_s):
    _, truth = scene()
    cut = found(longest_s)
    assert sorted(cut.trains["label"]) == LABELS
    for unit, label in enumerate(truth.units["label"]):
        true_s = times_of(truth.events, unit, "unit")
        best = max(cut.trains["train"], key=lambda train: shared(true_s, times_of(cut.events, train), 0.005))
        assert shared(true_s, times_of(cut.events, best), 0.005) > 0.97
        assert cut.trains.loc[best, "label"] == label


def test_the_borders_move_no_discharge():
    one, other = found(None), found(46.0)
    for number in one.trains["train"]:
        times_s = times_of(one.events, number)
        assert max(shared(times_s, times_of(other.events, train), 0.0001) for train in other.trains["train"]) > 0.98


@pytest.mark.parametrize("longest_s", [None, 53.0])
def test_nothing_is_lost_or_found_twice_at_a_border(longest_s):
    recording, truth = scene()
    cut = found(longest_s)
    borders_s = [piece.stop_s for piece in pieces_of(recording, longest_s=longest_s)[:-1]]
    assert len(borders_s) >= 6
    for border_s in borders_s:
        true, seen = (table[(table["time_s"] - border_s).abs() < 1.0] for table in (truth.events, cut.events))
        assert len(seen) == pytest.approx(len(true), abs=1)  # of two that coincide one may hide the other
    for number in cut.trains["train"]:
        assert np.diff(times_of(cut.events, number)).min() > 0.003
    assert (cut.events["train"] == UNSORTED).sum() < 0.01 * len(truth.events)


def test_the_number_of_threads_changes_nothing():
    one, three = found(None), found(None, threads=3)
    for table in ("events", "trains", "excluded", "spans"):
        pd.testing.assert_frame_equal(getattr(three, table), getattr(one, table), check_exact=True)
    for number, template_uv in one.templates_uv.items():
        np.testing.assert_array_equal(three.templates_uv[number], template_uv)
        np.testing.assert_array_equal(three.waveforms_uv[number], one.waveforms_uv[number])


def test_a_recording_that_is_not_long_stays_whole():
    recording, _ = scene()
    short = Recording(recording.samples_uv[: int(70 * RATE_HZ)], RATE_HZ, muscle="gluteus maximus", side="left")
    assert len(of_library(short)) == 1
    assert len(of_library(recording)) == 7


def silenced(start_s: float, stop_s: float) -> Recording:
    recording, _ = scene()
    samples = np.array(recording.samples_uv)
    samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = 0.0
    return Recording(samples, RATE_HZ, muscle=recording.muscle, side=recording.side)


def test_what_is_left_out_at_a_border_is_one_span():
    border_s = of_library(scene()[0])[0].stop_s
    cut = analysed(silenced(border_s - 2, border_s + 3))
    flat = cut.excluded[cut.excluded["reason"] == "flat"]
    assert (flat["start_s"].item(), flat["stop_s"].item()) == pytest.approx((border_s - 2, border_s + 3), abs=0.001)
    assert not cut.events["time_s"].between(border_s - 1.99, border_s + 2.99).any()
    assert sorted(cut.trains["label"]) == LABELS


def test_minutes_of_flat_line_are_left_out():
    cut = analysed(silenced(100, 300))  # some pieces are flat altogether
    flat = cut.excluded[cut.excluded["reason"] == "flat"]
    assert (flat["start_s"].item(), flat["stop_s"].item()) == pytest.approx((100, 300), abs=0.001)
    assert not cut.events["time_s"].between(100.01, 299.99).any()
    assert set(cut.trains["label"]) == set(LABELS)  # after minutes, a unit that drifted on is not known again
