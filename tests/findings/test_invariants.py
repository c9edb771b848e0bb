"""What must change no label and no time: gain, polarity with its flag, sampling rate, and how samples are stored."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.signal import resample_poly

import emgkit
from emgkit import Recording, SimulatedUnit, find_spontaneous_activity, simulate_recording

if TYPE_CHECKING:
    from emgkit.model.activity import SpontaneousActivity

RATE_HZ = 48_000.0
MOST_S = 0.0001  # by which a time may move
SCENES = {
    "fibrillation beside a motor unit": (
        SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=150.0),
        SimulatedUnit("motor_unit", rate_hz=9.0, peak_to_peak_uv=600.0),
    ),
    "three fibrillations": (
        SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=150.0),
        SimulatedUnit("fibrillation", rate_hz=4.3, peak_to_peak_uv=260.0),
        SimulatedUnit("fibrillation", rate_hz=9.1, peak_to_peak_uv=100.0),
    ),
    "positive sharp waves": (SimulatedUnit("positive_sharp_wave", "blocked", rate_hz=6.0, peak_to_peak_uv=250.0),),
    "myotonic discharge": ("myotonic_discharge",),
    "complex repetitive discharge": ("complex_repetitive_discharge",),
}
LABELS = {
    "fibrillation beside a motor unit": ["fibrillation", "motor_unit"],
    "three fibrillations": ["fibrillation"] * 3,
    "positive sharp waves": ["positive_sharp_wave"],
    "myotonic discharge": ["myotonic_discharge"],
    "complex repetitive discharge": ["complex_repetitive_discharge"],
}


@cache
def scene(name: str) -> tuple[Recording, SpontaneousActivity]:
    """Return eight seconds of a scene and what is found in it."""
    recording, _ = simulate_recording(list(SCENES[name]), duration_s=8.0, rate_hz=RATE_HZ, rng=2)
    return recording, find_spontaneous_activity(recording)


def analysed(recording: Recording, samples, *, rate_hz: float = RATE_HZ) -> SpontaneousActivity:
    again = Recording(samples, rate_hz, muscle=recording.muscle, side=recording.side)
    return find_spontaneous_activity(again)


def times_of(activity: SpontaneousActivity, train: int) -> np.ndarray:
    events = activity.events
    return events.loc[events["train"] == train, "time_s"].to_numpy()


def assert_same(found: SpontaneousActivity, wanted: SpontaneousActivity, *, least: float = 1.0) -> None:
    """Hold that labels are the same, and at least a share of the discharges of each train where they were."""
    assert sorted(found.trains["label"]) == sorted(wanted.trains["label"])
    for row in wanted.trains.itertuples():
        times_s = times_of(wanted, row.train)
        alike = found.trains.loc[found.trains["label"] == row.label, "train"]
        shares = []
        for train in alike:
            other_s = times_of(found, train)
            nearest_s = other_s[np.abs(other_s[:, None] - times_s).argmin(axis=0)]
            shares.append(np.mean(np.abs(nearest_s - times_s) < MOST_S) * min(len(times_s) / len(other_s), 1.0))
        assert max(shares) >= least, f"{row.label}: {max(shares):.3f} of {len(times_s)} discharges"


@pytest.mark.parametrize("name", SCENES)
def test_the_scenes_are_what_they_should_be(name):
    assert sorted(scene(name)[1].trains["label"]) == LABELS[name]


@pytest.mark.parametrize("gain", [0.5, 2.0])
@pytest.mark.parametrize("name", SCENES)
def test_gain_changes_nothing_but_sizes(name, gain):
    recording, activity = scene(name)
    louder = analysed(recording, gain * np.asarray(recording.samples_uv))
    assert louder.trains["label"].tolist() == activity.trains["label"].tolist()
    np.testing.assert_array_equal(louder.events["train"], activity.events["train"])
    np.testing.assert_allclose(louder.events["time_s"], activity.events["time_s"], atol=MOST_S)
    np.testing.assert_allclose(louder.events["snr"], activity.events["snr"], rtol=1e-3)
    np.testing.assert_allclose(louder.trains["amplitude_uv"], gain * activity.trains["amplitude_uv"], rtol=1e-3)


@pytest.mark.parametrize("gain", [0.5, 2.0])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("label", ["endplate_spike", "motor_unit", "fasciculation"])
def test_gain_changes_no_name_where_noise_and_large_units_are_judged(label, seed, gain):
    recording, _ = simulate_recording([label], duration_s=8.0, endplate_noise=label == "endplate_spike", rng=seed)
    samples = np.asarray(recording.samples_uv, dtype=np.float32)
    activity, louder = (analysed(recording, np.float32(by) * samples) for by in (1.0, gain))
    assert louder.trains[["label", "n_events"]].equals(activity.trains[["label", "n_events"]])
    assert louder.spans[["start_s", "stop_s"]].equals(activity.spans[["start_s", "stop_s"]])
    assert louder.flags == activity.flags


@pytest.mark.parametrize("name", SCENES)
def test_an_inverted_file_read_with_its_flag_gives_the_same_answer(tmp_path, name):
    recording, activity = scene(name)
    upside_down = Recording(-np.asarray(recording.samples_uv), RATE_HZ, muscle=recording.muscle, side=recording.side)
    emgkit.write_recording(tmp_path / "inverted.edf", upside_down)
    read = emgkit.read_recording(tmp_path / "inverted.edf", muscle="gluteus maximus", side="left", invert=True)
    back = find_spontaneous_activity(read)
    assert_same(back, activity)
    deflections = {row.label: row.initial_deflection for row in activity.trains.itertuples()}
    assert {row.label: row.initial_deflection for row in back.trains.itertuples()} == deflections


@pytest.mark.parametrize("name", SCENES)
def test_times_forget_the_sign_of_the_samples(name):
    recording, activity = scene(name)
    inverted = analysed(recording, -np.asarray(recording.samples_uv))
    np.testing.assert_array_equal(inverted.events["train"], activity.events["train"])
    np.testing.assert_allclose(inverted.events["time_s"], activity.events["time_s"], atol=MOST_S)
    opposite = {"positive": "negative", "negative": "positive", "indeterminate": "indeterminate"}
    wanted = [opposite[first] for first in activity.trains["initial_deflection"]]
    assert inverted.trains["initial_deflection"].tolist() == wanted


@pytest.mark.parametrize("rate_hz", [10_000, 16_000, 25_000, 44_100, 50_000])
@pytest.mark.parametrize("name", SCENES)
def test_the_sampling_rate_changes_no_label_and_no_time(name, rate_hz):
    recording, activity = scene(name)
    ratio = Fraction(rate_hz, int(RATE_HZ))
    samples = np.asarray(recording.samples_uv, dtype=np.float64)
    resampled = resample_poly(samples, ratio.numerator, ratio.denominator, padtype="line")
    # A discharge or two in collisions may be resolved another way; every other one stays where it was.
    assert_same(analysed(recording, resampled, rate_hz=float(rate_hz)), activity, least=0.95)


@pytest.mark.parametrize("name", SCENES)
def test_samples_that_stay_in_their_file_give_the_same_answer(tmp_path, name):
    recording, activity = scene(name)
    emgkit.write_recording(tmp_path / "file.edf", recording)
    read = emgkit.read_recording(tmp_path / "file.edf", muscle="gluteus maximus", side="left")
    from_file = find_spontaneous_activity(read)
    from_array = analysed(recording, np.asarray(read.samples_uv))
    pd.testing.assert_frame_equal(from_file.trains, from_array.trains, check_exact=True)
    pd.testing.assert_frame_equal(from_file.events, from_array.events, check_exact=True)
    assert_same(from_file, activity)  # the file holds integers, so the samples are rounded


def test_the_form_of_an_array_does_not_matter():
    recording, activity = scene("fibrillation beside a motor unit")
    samples = np.asarray(recording.samples_uv)
    for stored in (samples.tolist(), np.repeat(samples, 2)[::2], samples.astype(">f8")):
        found = analysed(recording, stored)
        pd.testing.assert_frame_equal(found.trains, activity.trains, check_exact=True)
        pd.testing.assert_frame_equal(found.events, activity.events, check_exact=True)
    assert_same(analysed(recording, samples.astype(np.float32)), activity)


def test_what_follows_much_later_moves_nothing():
    # A longer recording is read in more chunks; what was found in the first seconds stays.
    recording, activity = scene("three fibrillations")
    samples = np.asarray(recording.samples_uv)
    noise = np.random.default_rng(3).normal(0, np.diff(samples[::7]).std() / 2, int(14 * RATE_HZ))
    smooth = np.convolve(noise, np.hanning(7) / np.hanning(7).sum(), mode="same")
    longer = analysed(recording, np.concatenate([samples, smooth]))
    assert_same(longer, activity, least=0.98)
