from __future__ import annotations

import datetime as dt

import mne
import numpy as np
import pytest

from emgkit.errors import InputFileError, UnitError
from emgkit.files.mne_raw import from_mne, to_mne
from emgkit.files.recording import write_recording
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, SpontaneousActivity
from emgkit.model.table import make_table


def raw_of(kinds, names=None, values=1e-6):
    names = names or [f"ch{number}" for number in range(len(kinds))]
    data = np.full((len(kinds), 100), values)
    return mne.io.RawArray(data, mne.create_info(names, 4000.0, kinds), verbose="error")


def activity_of(recording):
    events = [
        {"time_s": t, "train": k, "peak_to_peak_uv": 80.0 + k, "snr": 9.0}
        for t, k in ((0.1, 0), (0.2, 1), (0.25, 0), (0.3, -1))
    ]
    trains = [
        {"train": k, "label": label, "n_events": 2, "phases": 2, "turns": 3, "spikes": 1,
         "initial_deflection": "positive", "sharp_wave": False, "persistent": True, "counted": True}
        for k, label in ((0, "fibrillation"), (1, "endplate_spike"))
    ]  # fmt: skip
    return SpontaneousActivity(
        recording, recording.muscle, make_table(EVENTS, events), make_table(TRAINS, trains), {}, {}, np.zeros(1), {},
        make_table(EXCLUDED), make_table(SPANS), recording.duration_s,
    )  # fmt: skip


def test_microvolts_become_volts_and_come_back(recording_of, gridded_uv):
    raw = to_mne(recording_of(gridded_uv, channel="GMax"))
    assert (raw.ch_names, raw.get_channel_types(), raw.info["sfreq"]) == (["GMax"], ["emg"], 48000.0)
    np.testing.assert_allclose(raw.get_data()[0] * 1e6, gridded_uv, rtol=1e-12)
    back = from_mne(raw, muscle="Gluteus Max.", side="left", site="upper")
    np.testing.assert_allclose(back.samples_uv, gridded_uv, rtol=1e-12)
    assert (back.muscle, back.rate_hz, back.channel, back.site) == ("gluteus_maximus", 48000.0, "GMax", "upper")
    np.testing.assert_allclose(
        from_mne(raw, muscle="soleus", side="left", invert=True).samples_uv, -gridded_uv, rtol=1e-12
    )


@pytest.mark.parametrize("start_time", ["", "2024-05-06T07:08:09"])
def test_discharges_become_annotations_with_their_label(recording_of, start_time):
    recording = recording_of(np.zeros(24000), start_time=start_time)
    raw = to_mne(recording, activity_of(recording))
    assert list(raw.annotations.description) == ["fibrillation", "endplate_spike", "fibrillation", "unsorted"]
    np.testing.assert_allclose(raw.annotations.onset, [0.1, 0.2, 0.25, 0.3])
    assert [extra["train"] for extra in raw.annotations.extras] == [0, 1, 0, -1]
    events, _ = mne.events_from_annotations(raw, verbose="error")
    assert (events[:, 0] - raw.first_samp).tolist() == [4800, 9600, 12000, 14400]
    assert from_mne(raw, muscle="soleus", side="left").start_time == start_time


def test_the_one_emg_channel_is_taken_and_several_are_asked_about():
    assert from_mne(raw_of(["eeg", "emg"]), muscle="soleus", side="left").channel == "ch1"
    with pytest.raises(InputFileError, match="2 channels to choose from: 'ch0', 'ch2'; choose with channel="):
        from_mne(raw_of(["emg", "eeg", "emg"]), muscle="soleus", side="left")
    with pytest.raises(InputFileError, match="no channel 'APB'; it has 'ch0'"):
        from_mne(raw_of(["emg"]), muscle="soleus", side="left", channel="APB")
    assert from_mne(raw_of(["emg", "eeg"], ["eeg", "emg"]), muscle="soleus", side="left", channel="emg").samples_uv[
        0
    ] == pytest.approx(1.0)


def test_what_is_not_volts_is_refused():
    with pytest.raises(UnitError, match="Channel 'ch0' is not in volts"):
        from_mne(raw_of(["mag"]), muscle="soleus", side="left")


def test_a_unit_that_mne_only_guessed_is_refused(tmp_path, recording_of):
    write_recording(tmp_path / "a.edf", recording_of([1.0, 2.0] * 480))
    raw = (tmp_path / "a.edf").read_bytes()
    assert raw[352:360] == b"uV      "
    (tmp_path / "a.edf").write_bytes(raw[:352] + b" " * 8 + raw[360:])
    read = mne.io.read_raw_edf(tmp_path / "a.edf", verbose="error")
    with pytest.raises(UnitError, match="names no unit and MNE took it for volts"):
        from_mne(read, muscle="soleus", side="left")


def test_a_gap_is_refused():
    raw = raw_of(["emg"])
    raw.set_annotations(mne.Annotations([0.01], [0.005], ["BAD_ACQ_SKIP"]))
    with pytest.raises(InputFileError, match=r"a gap at 0\.01 s \(BAD_ACQ_SKIP\); crop it there"):
        from_mne(raw, muscle="soleus", side="left")


def test_a_start_with_a_zone_is_kept_as_it_is(recording_of):
    raw = to_mne(recording_of(np.zeros(100), start_time="2024-05-06T07:08:09+02:00"))
    assert raw.info["meas_date"] == dt.datetime(2024, 5, 6, 5, 8, 9, tzinfo=dt.UTC)
    with pytest.raises(InputFileError, match="start_time is 'yesterday'; an ISO date and time"):
        to_mne(recording_of(np.zeros(100), start_time="yesterday"))
