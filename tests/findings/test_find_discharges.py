"""Discharges without trains: all of them, none in silence, and nothing heavy is loaded for them."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from emgkit import Recording, SimulatedUnit, find_discharges, simulate_recording
from emgkit.errors import SignalError
from emgkit.findings.spontaneous import discharges as front
from emgkit.signals.bands import Grid, cut_pieces

RATE_HZ = 24_000.0
UNITS = [
    SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=150.0, stop_s=20.0),
    SimulatedUnit("positive_sharp_wave", "blocked", rate_hz=5.0, peak_to_peak_uv=250.0, stop_s=20.0),
]


@cache
def scene():
    return simulate_recording(UNITS, duration_s=20.0, rate_hz=RATE_HZ, rng=4)


def again(samples, rate_hz: float = RATE_HZ) -> Recording:
    return Recording(samples, rate_hz, muscle="gluteus maximus", side="left")


def test_every_discharge_is_found_and_little_else(found_share):
    recording, truth = scene()
    found = find_discharges(recording)
    true_s = np.sort(truth.events["time_s"].to_numpy())
    assert found_share(true_s, found.time_s) >= 0.98
    assert found_share(found.time_s, true_s) >= 0.95
    assert (np.diff(found.time_s) > 0).all()
    assert (found.snr > 5.7).all()
    assert len(found) == len(found.time_s) == len(found.snr)


@pytest.mark.parametrize("size_uv", [60.0, 50.0])
def test_small_sharp_waves_are_found_in_the_slow_band(found_share, size_uv):
    unit = SimulatedUnit("positive_sharp_wave", rate_hz=6.0, peak_to_peak_uv=size_uv, stop_s=20.0)
    recording, truth = simulate_recording([unit], duration_s=20.0, rate_hz=RATE_HZ, rng=8)
    found = find_discharges(recording)
    assert found_share(truth.events["time_s"].to_numpy(), found.time_s) >= 0.95
    assert len(found) <= 1.1 * len(truth.events)


@pytest.mark.parametrize("seed", range(3))
def test_silence_holds_none(seed):
    recording, _ = simulate_recording([], duration_s=20.0, rate_hz=RATE_HZ, rng=seed)
    assert len(find_discharges(recording)) <= 1


def test_neither_sign_nor_size_nor_the_number_of_threads_matters():
    recording, _ = scene()
    found = find_discharges(recording)
    for other in (again(-4 * np.asarray(recording.samples_uv)), recording):
        same = find_discharges(other, threads=2)
        np.testing.assert_array_equal(same.time_s, found.time_s)
        np.testing.assert_allclose(same.snr, found.snr, rtol=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("longest_s", [3.0, 7.0])
def test_where_a_recording_is_cut_does_not_matter(monkeypatch, longest_s, threads):
    recording, _ = scene()
    whole = find_discharges(recording)

    def pieces_of(recording: Recording, *, grid: Grid, **_):
        return cut_pieces(len(recording.samples_uv) // grid.step, grid, whole_s=0.0, longest_s=longest_s, margin_s=2.0)

    monkeypatch.setattr(front, "pieces_of", pieces_of)
    cut = find_discharges(recording, threads=threads)
    both = np.intersect1d(np.round(cut.time_s, 5), np.round(whole.time_s, 5))
    assert len(both) >= 0.98 * max(len(whole), len(cut))  # the noise of a piece is its own


def test_what_cannot_be_looked_through_is_refused():
    with pytest.raises(SignalError, match=r"1500 Hz.*2000 Hz"):
        find_discharges(again(np.zeros(15_000), 1500.0))
    with pytest.raises(SignalError, match=r"0\.00 of 10\.00 s .*flat"):
        find_discharges(again(np.zeros(240_000)))


def test_it_loads_no_table_and_no_filter():
    script = (
        "import sys, numpy, emgkit; rng = numpy.random.default_rng(0); "
        "made = emgkit.Recording(rng.normal(0, 3, 96000), 24000.0, muscle='gluteus maximus', side='left'); "
        "emgkit.find_discharges(made); print(*sorted({'pandas', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == []
