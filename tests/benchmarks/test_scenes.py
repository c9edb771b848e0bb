"""Scenes are what their names say, and the same for everybody."""

import numpy as np
import pytest
from peers import make_peers
from recorded import lengthened
from scenes import RECIPES, in_band_rms_uv, make_simulated


def short(name, seed=0, **options):
    return make_simulated(name, seed, **{"duration_s": 4.0, "rate_hz": 8000.0} | options)


@pytest.mark.parametrize("name", RECIPES)
def test_a_scene_is_its_name_and_its_seed(name):
    scene, again, other = short(name), short(name), short(name, 1)
    np.testing.assert_array_equal(scene.recording.samples_uv, again.recording.samples_uv)
    assert not np.array_equal(scene.recording.samples_uv, other.recording.samples_uv)
    assert scene.denervated == name.startswith(("fibrillation", "sharp_wave", "mixed", "short"))
    assert scene.events["time_s"].is_monotonic_increasing
    assert (scene.units["snr"] > 0).all()
    assert scene.units["n_events"].sum() == len(scene.events)


def test_small_fibrillations_have_the_size_that_is_asked_for():
    sizes = np.concatenate([short("fibrillation_small", seed).units["peak_to_peak_uv"] for seed in range(5)])
    assert sizes.min() >= 45.0
    assert sizes.max() <= 80.0


@pytest.mark.parametrize("seed", range(3))
def test_long_small_sharp_waves_are_long_and_small(seed):
    units = short("sharp_wave_long_small", seed).units
    assert units["duration_ms"].between(15.0 - 0.1, 40.0 + 0.1).all()
    assert units["peak_to_peak_uv"].between(30.0 - 0.01, 80.01).all()


@pytest.mark.parametrize("seed", range(5))
def test_short_runs_last_three_seconds_at_most(seed):
    events = short("short_runs", seed, duration_s=20.0).events
    spans = events.groupby("unit")["time_s"].agg(np.ptp)
    assert len(spans) == 2
    assert spans.max() <= 3.0


def test_noise_in_the_band_is_measured_by_hand():
    time = np.arange(8000) / 8000.0
    inside, outside = 2.0 * np.sin(2 * np.pi * 500 * time), 50.0 * np.sin(2 * np.pi * 50 * time)
    assert in_band_rms_uv(inside + outside + 7.0, 8000.0) == pytest.approx(2.0 / np.sqrt(2))


def test_size_over_noise_is_peak_to_peak_over_the_background():
    scene = short("fibrillation_clear")
    quiet = np.asarray(scene.recording.samples_uv).copy()
    rate_hz = scene.recording.rate_hz
    for time_s in scene.events["time_s"]:  # without the discharges, what is left is the background
        quiet[max(0, round((time_s - 0.008) * rate_hz)) : round((time_s + 0.008) * rate_hz)] = np.nan
    longest = max(np.split(quiet, np.flatnonzero(np.isnan(quiet))), key=len)[1:]
    expected = scene.units["peak_to_peak_uv"] / in_band_rms_uv(longest, rate_hz)
    np.testing.assert_allclose(scene.units["snr"], expected, rtol=0.3)


def test_the_files_of_the_peers_hold_what_was_published():
    scene = make_peers("peers_20uv")
    assert scene.recording.duration_s == 60.0
    for n_events, published in zip(scene.units["n_events"], (416, 654, 301, 490), strict=True):
        assert n_events == pytest.approx(published, rel=0.1)
    rows = np.asarray(scene.recording.samples_uv)
    sharp = scene.events.loc[scene.events["label"] == "positive_sharp_wave", "time_s"].to_numpy()
    average = rows[np.rint(sharp * 48000).astype(int)[:, None] + np.arange(-48, 480)].mean(axis=0)
    assert average.argmax() == pytest.approx(48, abs=2)
    assert average.max() == pytest.approx(300.0, rel=0.1)


def test_a_lengthened_baseline_keeps_its_power_and_has_no_rhythm():
    rng = np.random.default_rng(1)
    span = rng.standard_normal(8000)
    span[4000] = 50.0  # what a loop would turn into a clock
    long_uv = lengthened([span], 240_000, rate_hz=10_000.0, rng=rng)
    assert len(long_uv) == 240_000
    assert np.median(np.abs(long_uv)) / 0.6745 == pytest.approx(1.0, rel=0.05)
    intervals = np.diff(np.flatnonzero(long_uv > 25.0))
    assert len(intervals) > 20
    assert np.std(intervals) / np.mean(intervals) > 0.4
