"""Simulated recordings whose truth is known: what is found, what it is called, and what must not change that."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from emgkit import Recording, SimulatedUnit, find_spontaneous_activity, simulate_recording
from emgkit.errors import SignalError, UnknownNameError
from emgkit.knowledge.anatomy import labels
from emgkit.model.activity import EVENTS, TRAINS, UNSORTED
from emgkit.model.table import check_table

DENERVATION = {label.label for label in labels().values() if label.denervation}
FIBRILLATION = SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=150.0)
VOLUNTARY = SimulatedUnit("motor_unit", rate_hz=9.0, peak_to_peak_uv=600.0)


def simulated(units, *, seed: int, rate_hz: float = 24_000.0, duration_s: float = 10.0, **facts):
    return simulate_recording(units, duration_s=duration_s, rate_hz=rate_hz, rng=seed, **facts)


@cache
def mixed(rate_hz: float = 24_000.0):
    """Return one fibrillation beside a voluntary motor unit, its truth and what is found in it."""
    recording, truth = simulated([FIBRILLATION, VOLUNTARY], seed=1, rate_hz=rate_hz)
    return recording, truth, find_spontaneous_activity(recording)


def again(recording: Recording, samples) -> Recording:
    return Recording(samples, recording.rate_hz, muscle=recording.muscle, side=recording.side)


def times_of(table: pd.DataFrame, number: int, column: str = "train") -> np.ndarray:
    return table.loc[table[column] == number, "time_s"].to_numpy()


def train_named(activity, label: str) -> int:
    mine = activity.trains[activity.trains["label"] == label]
    assert len(mine) == 1, activity.trains[["label", "n_events", "rate_hz"]].to_string()
    return int(mine["train"].item())


# What is found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_silent_muscle_has_no_train(seed):
    recording, _ = simulated([], seed=seed)
    activity = find_spontaneous_activity(recording)
    assert len(activity.trains) == 0
    assert (activity.events["train"] == UNSORTED).all()
    assert len(activity.events) <= 1  # a spike of six deviations in ten seconds of noise is an accident
    assert activity.analysed_s == pytest.approx(10.0)
    assert len(activity.spans) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_clear_fibrillation_is_named_and_complete(seed, found_share):
    recording, truth = simulated([FIBRILLATION], seed=seed)
    activity = find_spontaneous_activity(recording)
    assert activity.trains["label"].tolist() == ["fibrillation"]
    found_s = times_of(activity.events, 0)
    assert found_share(truth.events["time_s"], found_s) >= 0.95
    assert found_share(found_s, truth.events["time_s"]) >= 0.95
    train, unit = activity.trains.iloc[0], truth.units.iloc[0]
    assert train["persistent"]
    assert train["initial_deflection"] == "positive"
    assert train["amplitude_uv"] == pytest.approx(unit["peak_to_peak_uv"], rel=0.1)
    assert train["rate_hz"] == pytest.approx(1 / np.median(np.diff(truth.events["time_s"])), rel=0.03)


@pytest.mark.parametrize("variant", ["blocked", "needle_initiated"])
def test_positive_sharp_waves_are_named_and_complete(variant, found_share):
    unit = SimulatedUnit("positive_sharp_wave", variant, rate_hz=6.0, peak_to_peak_uv=250.0)
    recording, truth = simulated([unit], seed=3)
    activity = find_spontaneous_activity(recording)
    assert activity.trains["label"].tolist() == ["positive_sharp_wave"]
    train = activity.trains.iloc[0]
    assert train["sharp_wave"]
    assert train["initial_deflection"] == "positive"
    assert found_share(truth.events["time_s"], times_of(activity.events, 0)) >= 0.95


def test_a_fibrillation_beside_a_voluntary_motor_unit_is_told_apart(found_share):
    _, truth, activity = mixed()
    assert sorted(activity.trains["label"]) == ["fibrillation", "motor_unit"]
    for unit, label in enumerate(("fibrillation", "motor_unit")):
        wanted_s = times_of(truth.events, unit, "unit")
        found_s = times_of(activity.events, train_named(activity, label))
        assert found_share(wanted_s, found_s) >= 0.95
        assert found_share(found_s, wanted_s) >= 0.95


def test_two_fibrillations_are_two_trains(found_share):
    units = [FIBRILLATION, SimulatedUnit("fibrillation", rate_hz=4.3, peak_to_peak_uv=260.0)]
    recording, truth = simulated(units, seed=5)
    activity = find_spontaneous_activity(recording)
    assert activity.trains["label"].tolist() == ["fibrillation"] * 2
    for unit in range(2):
        wanted_s = times_of(truth.events, unit, "unit")
        assert max(found_share(wanted_s, times_of(activity.events, train)) for train in range(2)) >= 0.95


# What must never be called denervation


@pytest.mark.parametrize(("variant", "seed"), [("typical", 2), ("typical", 3), ("atypical", 2)])
def test_endplate_spikes_in_endplate_noise_are_no_denervation(variant, seed):
    recording, _ = simulated([SimulatedUnit("endplate_spike", variant)], seed=seed, endplate_noise=True)
    activity = find_spontaneous_activity(recording)
    assert not DENERVATION & set(activity.trains["label"])
    assert "endplate_spike" in set(activity.trains["label"])
    assert set(activity.spans["what"]) == {"endplate_noise"}
    assert (activity.spans["stop_s"] - activity.spans["start_s"]).sum() >= 9.0


OTHERS = [
    ("fasciculation", 2),
    ("fasciculation", 5),
    ("complex_repetitive_discharge", 1),
    ("complex_repetitive_discharge", 2),
    ("myotonic_discharge", 1),
    ("myotonic_discharge", 2),
    ("myotonic_discharge", 3),
    ("motor_unit", 1),
    ("motor_unit", 2),
    ("motor_unit", 3),
]


@pytest.mark.parametrize(("label", "seed"), OTHERS)
def test_other_discharges_are_no_denervation(label, seed):
    recording, _ = simulated([label], seed=seed)
    assert not DENERVATION & set(find_spontaneous_activity(recording).trains["label"])


def test_two_voluntary_motor_units_are_no_denervation(found_share):
    recording, truth = simulated(["motor_unit", "motor_unit"], seed=2)
    activity = find_spontaneous_activity(recording)
    assert activity.trains["label"].tolist() == ["motor_unit"] * 2
    for unit in range(2):
        wanted_s = times_of(truth.events, unit, "unit")
        assert max(found_share(wanted_s, times_of(activity.events, train)) for train in range(2)) >= 0.95


# What must not change the answer: see also test_invariants.py


def test_the_same_recording_gives_the_same_answer():
    recording, _, activity = mixed()
    once_more = find_spontaneous_activity(recording)
    pd.testing.assert_frame_equal(once_more.trains, activity.trains, check_exact=True)
    pd.testing.assert_frame_equal(once_more.events, activity.events, check_exact=True)
    for train, template in activity.templates_uv.items():
        np.testing.assert_array_equal(once_more.templates_uv[train], template)


# What the record promises


def test_tables_keep_to_their_schemas_and_agree_with_each_other():
    recording, _, activity = mixed()
    events, trains = activity.events, activity.trains
    check_table(events, EVENTS)
    check_table(trains, TRAINS)
    assert events["time_s"].is_monotonic_increasing
    assert events["time_s"].between(0, recording.duration_s).all()
    assert trains["train"].is_unique
    for row in trains.itertuples():
        times_s = times_of(events, row.train)
        assert (row.n_events, row.start_s, row.stop_s) == (len(times_s), times_s.min(), times_s.max())
        assert 0 <= row.probability <= 1
        assert row.label != row.runner_up
        assert row.reasons
        assert activity.templates_uv[row.train].shape == activity.window_ms.shape
        assert activity.waveforms_uv[row.train].shape[1] == len(activity.window_ms)
        assert np.ptp(activity.templates_uv[row.train]) == pytest.approx(row.amplitude_uv)
    assert activity.muscle == "gluteus_maximus"
    assert all(value > 0 for value in activity.noise_uv.values())
    assert activity.criteria["fast_low_hz"] > 0


# Low rates and refusals


def test_a_low_rate_is_flagged_and_neither_shape_nor_polarity_is_used():
    recording, _ = simulated([FIBRILLATION], seed=1, rate_hz=5_000.0)
    activity = find_spontaneous_activity(recording)
    assert "low_rate" in activity.flags
    assert len(activity.trains) == 1
    inverted = find_spontaneous_activity(again(recording, -np.asarray(recording.samples_uv)))
    # The first deflection changes with the sign of the samples; the name and its probability do not.
    assert inverted.trains["initial_deflection"].tolist() != activity.trains["initial_deflection"].tolist()
    for column in ("label", "runner_up", "reasons"):
        assert inverted.trains[column].tolist() == activity.trains[column].tolist()
    np.testing.assert_allclose(inverted.trains["probability"], activity.trains["probability"], atol=1e-9)
    for words in ("duration", "rise", "phases", "spikes", "wave", "deflection"):
        assert not activity.trains["reasons"].str.contains(words).any()
    assert "low_rate" not in mixed()[2].flags


def quiet(seconds: float, rate_hz: float = 24_000.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 3, int(seconds * rate_hz))


def refused(samples: np.ndarray, rate_hz: float, *, match: str, muscle: str = "gluteus maximus") -> None:
    with pytest.raises(SignalError, match=match):
        find_spontaneous_activity(Recording(samples, rate_hz, muscle=muscle, side="left"))


def test_a_rate_that_cannot_show_fibrillations_is_refused():
    refused(quiet(10.0, 1500.0), 1500.0, match=r"1500 Hz.*2000 Hz")


def test_a_flat_recording_is_refused():
    refused(np.zeros(240_000), 24_000.0, match=r"0\.00 of 10\.00 s .*flat.*at least 1 s")
    late = np.zeros(240_000)
    late[:1200] = quiet(0.05)
    refused(late, 24_000.0, match=r"0\.05 of 10\.00 s .*flat")


def test_half_a_second_is_refused():
    refused(quiet(0.5), 24_000.0, match=r"0\.50 of 0\.50 s .*at least 1 s")


def test_an_unknown_muscle_is_refused_with_an_offer():
    with pytest.raises(UnknownNameError, match=r"gluteus_maximus"):
        find_spontaneous_activity(Recording(quiet(2.0), 24_000.0, muscle="gluteus maximuss", side="left"))


def test_what_is_left_out_is_said_and_holds_no_event():
    recording, _ = simulated([FIBRILLATION], seed=1)
    samples = np.array(recording.samples_uv)
    samples[72_000:96_000] = 0.0
    samples[180_000] += 2000.0
    activity = find_spontaneous_activity(again(recording, samples))
    flat = activity.excluded[activity.excluded["reason"] == "flat"]
    assert (flat["start_s"].item(), flat["stop_s"].item()) == pytest.approx((3.0, 4.0), abs=0.001)
    assert "click" in set(activity.excluded["reason"])
    assert activity.analysed_s == pytest.approx(9.0, abs=0.01)
    assert not activity.events["time_s"].between(3.0, 4.0).any()
    assert activity.trains["label"].tolist() == ["fibrillation"]


def spikes_made_by_hand(delays_ms, sizes_uv, *, rate_hz: float, seed: int) -> np.ndarray:
    """Return 12 s at 24 kHz with a discharge of such spikes at a steady rate, in white noise of 3 microvolt."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(12 * 24000) / 24000
    samples_uv = rng.normal(0, 3, len(time_s))
    for start_s in np.cumsum(rng.normal(1, 0.003, int(11.5 * rate_hz)) / rate_hz):
        for delay_ms, size_uv in zip(delays_ms, sizes_uv, strict=True):
            near = slice(*np.searchsorted(time_s, start_s + delay_ms / 1000 + np.array([-0.002, 0.002])))
            where = (time_s[near] - start_s - delay_ms / 1000) / 0.00035
            samples_uv[near] += size_uv * (np.square(where) - 1) * np.exp(-np.square(where) / 2)
    return samples_uv


@pytest.mark.parametrize("rate_hz", [6.0, 13.0, 28.0])
@pytest.mark.parametrize(
    "sizes_uv", [(120.0, 110.0, 260.0), (260.0, 110.0, 120.0), (120.0, 260.0, 110.0)], ids=["last", "first", "middle"]
)
def test_three_spikes_with_pauses_are_one_complex_whichever_of_them_is_largest(rate_hz, sizes_uv):
    samples_uv = spikes_made_by_hand((0.0, 5.0, 13.0), sizes_uv, rate_hz=rate_hz, seed=2)
    activity = find_spontaneous_activity(Recording(samples_uv, 24000.0, muscle="tibialis_anterior", side="left"))
    assert activity.trains["label"].tolist() == ["complex_repetitive_discharge"]
    assert activity.trains["duration_ms"][0] == pytest.approx(15, abs=1.5)
    assert activity.trains["spikes"][0] == 3


def test_one_spike_of_a_complex_with_the_same_clock_is_none():
    samples_uv = spikes_made_by_hand((0.0,), (260.0,), rate_hz=6.0, seed=2)
    activity = find_spontaneous_activity(Recording(samples_uv, 24000.0, muscle="tibialis_anterior", side="left"))
    assert "complex_repetitive_discharge" not in activity.trains["label"].tolist()
    assert activity.trains["spikes"].tolist() == [1]
