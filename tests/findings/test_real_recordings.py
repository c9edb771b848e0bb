"""Real recordings that nobody here made: what is there, and what must not be called denervation."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from emgkit import find_spontaneous_activity, read_recording
from emgkit.errors import SignalError
from emgkit.knowledge.anatomy import labels

if TYPE_CHECKING:
    from pathlib import Path

DENERVATION = {label.label for label in labels().values() if label.denervation}
pytestmark = pytest.mark.shared_data


@cache
def n2001(data: Path, record: str):
    """Analyse one record of N2001; in these files positive electrode voltage is down."""
    recording = read_recording(
        data / "n2001" / f"{record}.hea", muscle="biceps brachii", side="left", state="slight", invert=True
    )
    return find_spontaneous_activity(recording)


def silver(data: Path, record: str, train: str) -> tuple[np.ndarray, float]:
    """Return the times that one reader saw or found again, and the rate of the train with those he inferred."""
    events = pd.read_csv(data / "n2001" / "silver_events.csv")
    mine = events[(events["record"] == record) & (events["train"] == f"{record}_{train}")]
    seen = mine.loc[mine["status"].isin(["detected", "refound"]), "time_s"].to_numpy()
    return seen, float(1 / np.median(np.diff(np.sort(mine["time_s"]))))


SILVER = [("N2001M03BB12", "T1", 7.1), ("N2001M03BB07", "T1", 2.6), ("N2001M03BB07", "T2", 2.7)]


@pytest.mark.parametrize(("record", "train", "rate_hz"), SILVER)
def test_the_fibrillations_that_a_reader_saw_are_found(shared_data, found_share, record, train, rate_hz):
    seen_s, silver_hz = silver(shared_data, record, train)
    assert silver_hz == pytest.approx(rate_hz, abs=0.05)
    activity = n2001(shared_data, record)
    shares = {
        row.train: found_share(seen_s, activity.events.loc[activity.events["train"] == row.train, "time_s"])
        for row in activity.trains.itertuples()
        if row.label == "fibrillation" and abs(row.rate_hz / silver_hz - 1) < 0.03
    }
    assert shares, activity.trains[["label", "rate_hz", "n_events"]].to_string()
    assert max(shares.values()) >= 0.80


CONTROLS = ["N2001C01BB51", "N2001C02BB66", "N2001C04BB51", "N2001C05BB77", "N2001C06BB51", "N2001C08BB51"]


@pytest.mark.parametrize("record", [*CONTROLS, "N2001M05BB61"])
def test_voluntary_activity_is_no_denervation(shared_data, record):
    # C05BB77 and M05BB61 are sharp, positive first and fairly regular: only rhythm tells that they are voluntary.
    trains = n2001(shared_data, record).trains
    assert len(trains) > 0
    assert not DENERVATION & set(trains["label"]), trains[["label", "rate_hz", "irregularity"]].to_string()


def test_every_control_of_the_folder_is_tested(shared_data):
    assert sorted(path.stem for path in (shared_data / "n2001").glob("N2001C*.hea")) == CONTROLS


def test_contraction_in_neuropathy_is_no_denervation_and_its_clicks_are_left_out(shared_data):
    recording = read_recording(
        shared_data / "emgdb" / "emg_neuropathy.hea", muscle="tibialis anterior", side="right", state="slight"
    )
    activity = find_spontaneous_activity(recording)
    assert not DENERVATION & set(activity.trains["label"])
    assert "low_rate" in activity.flags
    # A click every 1001 samples, just under 4 a second: 147 of them, some lost in large potentials.
    clicks = np.sort(activity.excluded.loc[activity.excluded["reason"] == "click", "start_s"].to_numpy())
    assert len(clicks) >= 50
    steps = np.diff(clicks) * recording.rate_hz / 1001
    on_the_grid = np.abs(steps - np.round(steps)) < 0.002
    assert on_the_grid.mean() > 0.8
    # No train is the click.
    period_s = 1001 / recording.rate_hz
    for row in activity.trains.itertuples():
        times_s = activity.events.loc[activity.events["train"] == row.train, "time_s"].to_numpy()
        phase = np.exp(2j * np.pi * times_s / period_s)
        assert np.abs(phase.mean()) < 0.9 or len(times_s) < 10


def test_contraction_too_dense_to_resolve_holds_no_denervation(shared_data):
    # Of nearly 4,000 discharges in half a minute, ten keep time by chance.
    recording = read_recording(
        shared_data / "emgdb" / "emg_myopathy.hea", muscle="tibialis anterior", side="right", state="slight"
    )
    activity = find_spontaneous_activity(recording)
    assert {"low_rate", "crowded"} <= set(activity.flags)
    assert not DENERVATION & set(activity.trains["label"])


def test_a_flat_record_is_refused(shared_data):
    with pytest.raises(SignalError, match=r"0\.05 of 11\.18 s .*flat"):
        n2001(shared_data, "N2001A06BB08")


def test_clipped_needle_movement_is_left_out(shared_data):
    activity = n2001(shared_data, "N2001A03BB55")
    excluded = activity.excluded
    assert {"clipped", "movement"} <= set(excluded["reason"])
    moved = excluded[excluded["reason"] == "movement"]
    assert moved["start_s"].min() == pytest.approx(1.8, abs=0.3)
    assert 6.6 <= moved["stop_s"].max() < 7.4  # until the tissue has settled
    for span in moved.itertuples():
        assert not activity.events["time_s"].between(span.start_s, span.stop_s).any()
    assert not DENERVATION & set(activity.trains["label"])
    assert activity.analysed_s == pytest.approx(11.18 - 5.2, abs=0.5)


def test_an_old_machine_is_read_with_its_rate_and_scale(shared_data):
    read = read_recording(shared_data / "emglab_r00108" / "R00108.hea", muscle="biceps brachii", side="left")
    raw = np.frombuffer((shared_data / "emglab_r00108" / "R00108.dat").read_bytes(), ">i2")
    assert read.rate_hz == 10_000.0
    samples = np.asarray(read.samples_uv)
    np.testing.assert_allclose(samples, 2.0 * raw[: len(samples)])  # 500 units a millivolt
    assert len(samples) >= 10 * read.rate_hz
