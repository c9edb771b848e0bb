"""The files on which speed is measured are what they say, and the table tells what was met."""

from __future__ import annotations

import numpy as np
import pytest
import speed
import speed_files

import emgkit


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Return a function that makes files of which half a minute is new."""
    monkeypatch.setattr(speed_files, "MINUTES", 0.5)
    return lambda minutes: speed_files.speed_file(tmp_path, 60, minutes=minutes)


def count(recording):
    return len(recording.samples_uv)


def samples_of(file):
    return np.asarray(emgkit.read_recording(file.path, muscle="soleus", side="left").samples_uv)


def test_other_lengths_are_a_part_of_the_file_or_the_file_again(made):
    whole, part, longer = (samples_of(made(minutes)) for minutes in (0.5, 0.125, 1.5))
    assert len(whole) == made(0.5).n_samples == 30 * speed_files.RATE_HZ
    assert np.array_equal(part, whole[: len(whole) // 4])
    assert np.array_equal(longer, np.tile(whole, 3))
    with pytest.raises(ValueError, match=r"0.011 minutes are 1.056 data records; a file holds whole ones"):
        made(0.011)


def test_the_true_times_are_where_the_discharges_are(made):
    whole, units = samples_of(made(0.5)), made(0.5).true_times_s()
    assert sum(map(len, units)) == pytest.approx(30 * 60, rel=0.05)
    loudest = units[4]  # 250 uV from peak to peak
    at = np.round(loudest * speed_files.RATE_HZ).astype(int)
    around = whole[at[:, None] + np.arange(-240, 241)].mean(axis=0)
    assert abs(int(np.argmin(around)) - 240) <= 1
    assert np.ptp(around) == pytest.approx(250, rel=0.1)
    assert all(each.max() < 7.5 for each in made(0.125).true_times_s())


def test_the_table_tells_what_is_met_and_what_was_not_measured():
    def met(value, **target):
        return speed.Row("figure", value, "R", **target).met

    assert met(1.0) == ""
    assert (met(0.4, target=0.45), met(0.5, target=0.45)) == ("yes", "NO")
    assert (met(4.1, target=4.0, least=True), met(3.9, target=4.0, least=True)) == ("yes", "NO")
    assert met(np.nan, target=4.0, least=True) == "not measured"


def test_what_is_measured_runs_in_a_process_of_its_own(made):
    user_s, peak_mb, wall_s = speed._fresh(count, made(0.125))
    assert user_s >= 0  # two processors may work at once, so it can exceed the time on the clock
    assert wall_s > 0
    assert 10 < peak_mb < 1000
