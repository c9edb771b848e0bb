"""Recordings: grid, times, polarity, noise, sizes, and repeatability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emgkit.errors import SignalError, UnknownNameError
from emgkit.simulate.background import amplifier_noise_uv, endplate_noise_uv, machine_highpass_uv, mains_hum_uv
from emgkit.simulate.recording import simulate_recording
from emgkit.simulate.units import SimulatedUnit, read_variants

ALL = [SimulatedUnit(label, row.variant) for label, rows in read_variants().items() for row in rows]
CLEAN = {"noise_uv": 0.0, "highpass_hz": 0.0}


def averaged(samples: np.ndarray, times_s: np.ndarray, rate_hz: float, before_s=0.02, after_s=0.04) -> np.ndarray:
    """Return the mean around times whose neighbours are far away."""
    gaps = np.diff(np.concatenate([[-1.0], times_s, [1e9]]))
    alone = times_s[(gaps[:-1] > before_s + after_s) & (gaps[1:] > before_s + after_s)]
    first = np.round((alone - before_s) * rate_hz).astype(int)
    first = first[(first >= 0) & (first + round((before_s + after_s) * rate_hz) < len(samples))]
    return np.mean([samples[at : at + round((before_s + after_s) * rate_hz)] for at in first], axis=0)


def initial_sign(wave: np.ndarray) -> float:
    return float(np.sign(wave[np.flatnonzero(np.abs(wave) > 0.05 * np.ptp(wave))[0]]))


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: f"{unit.label}-{unit.variant}")
def test_every_kind_of_unit_can_be_simulated(unit):
    recording, truth = simulate_recording([unit], duration_s=8.0, rate_hz=24000.0, rng=4)
    assert truth.units["label"].tolist() == [unit.label]
    assert truth.units["variant"].tolist() == [unit.variant]
    assert len(truth.events) == truth.units["n_events"].item() > 0
    assert np.ptp(np.asarray(recording.samples_uv)) > 0.5 * truth.units["peak_to_peak_uv"].item()


def test_samples_lie_on_the_grid_of_the_converter_and_are_clipped_at_its_ends():
    unit = SimulatedUnit("motor_unit", peak_to_peak_uv=12000.0)
    samples = np.asarray(simulate_recording([unit], duration_s=3.0, rng=1)[0].samples_uv)
    assert np.array_equal(samples, np.rint(samples * 10) / 10)
    assert samples.min() == -3276.8
    assert samples.max() <= 3276.7


def test_the_same_seed_gives_the_same_recording_and_another_seed_another():
    units = ["fibrillation", "positive_sharp_wave", "motor_unit"]
    options = {"duration_s": 3.0, "insertion": True, "endplate_noise": True, "mains_uv": 3.0, "hum_uv": 1.0}
    first, again, other = (simulate_recording(units, rng=seed, **options) for seed in (7, 7, 8))
    assert np.array_equal(first[0].samples_uv, again[0].samples_uv)
    pd.testing.assert_frame_equal(first[1].events, again[1].events)
    assert not np.array_equal(first[0].samples_uv, other[0].samples_uv)


def test_a_generator_moves_on_between_recordings():
    rng = np.random.default_rng(1)
    first, second = (simulate_recording(["fibrillation"], duration_s=2.0, rng=rng)[0] for _ in range(2))
    assert not np.array_equal(first.samples_uv, second.samples_uv)


@pytest.mark.parametrize("label", ["fibrillation", "positive_sharp_wave", "endplate_spike", "motor_unit"])
def test_event_times_are_those_of_the_largest_peak(label):
    unit = SimulatedUnit(label, rate_hz=4.0, peak_to_peak_uv=500.0)
    recording, truth = simulate_recording([unit], duration_s=10.0, rng=3, **CLEAN)
    samples = np.asarray(recording.samples_uv)
    times = truth.events["time_s"].to_numpy()
    gaps = np.diff(np.concatenate([[-1.0], times, [recording.duration_s + 1]]))
    alone = times[(gaps[:-1] > 0.06) & (gaps[1:] > 0.06) & (times > 0.03) & (times < 9.9)]
    assert len(alone) > 5
    for time_s in alone:
        middle = round(time_s * recording.rate_hz)
        window = samples[middle - 1000 : middle + 1000]
        found_s = (np.abs(window).argmax() + middle - 1000) / recording.rate_hz
        assert found_s == pytest.approx(time_s, abs=1.5e-4)


def test_event_times_are_not_locked_to_the_sample_grid():
    _, truth = simulate_recording(["fibrillation"] * 5, duration_s=12.0, rng=2)
    within = np.mod(truth.events["time_s"].to_numpy() * 48000, 1)
    assert np.histogram(within, bins=4, range=(0, 1))[0].min() > 0.15 * len(within)


def test_a_discharge_between_two_samples_is_rendered_between_them():
    from emgkit.simulate.potential import Potential
    from emgkit.simulate.render import add_discharges

    smooth = np.exp(-(((np.arange(400) - 200) / 60) ** 2))[None]
    rng = np.random.default_rng(1)
    for time_s in (0.01, 0.010005, 0.0100137):
        samples = np.zeros(1000)
        add_discharges(
            samples, Potential(smooth), times_s=np.array([time_s]), gains=np.ones(1), rate_hz=48000.0, rng=rng
        )
        centre = (samples * np.arange(1000)).sum() / samples.sum() / 48000
        assert centre == pytest.approx(time_s, abs=2e-8)


def test_discharges_beyond_both_ends_are_cut_and_not_wrapped():
    from emgkit.simulate.potential import Potential
    from emgkit.simulate.render import add_discharges

    samples = np.zeros(480)
    wave = Potential(np.ones((1, 1000)))
    times_s, gains = np.array([-1.0, 0.0, 0.0099, 5.0]), np.ones(4)
    add_discharges(samples, wave, times_s=times_s, gains=gains, rate_hz=48000.0, rng=np.random.default_rng(1))
    assert samples[100] == pytest.approx(1.0)
    assert np.all((samples >= 0) & (samples <= 1 + 1e-9))


def test_units_add_linearly():
    pair = [SimulatedUnit("fibrillation", rate_hz=9.0), SimulatedUnit("positive_sharp_wave", rate_hz=5.0)]
    both = np.asarray(simulate_recording(pair, duration_s=3.0, rng=5, **CLEAN)[0].samples_uv)
    quiet = SimulatedUnit("positive_sharp_wave", rate_hz=5.0, peak_to_peak_uv=1e-9)
    silent = SimulatedUnit("fibrillation", rate_hz=9.0, peak_to_peak_uv=1e-9)
    first = np.asarray(simulate_recording([pair[0], quiet], duration_s=3.0, rng=5, **CLEAN)[0].samples_uv)
    second = np.asarray(simulate_recording([silent, pair[1]], duration_s=3.0, rng=5, **CLEAN)[0].samples_uv)
    assert both == pytest.approx(first + second, abs=0.16)


@pytest.mark.parametrize(
    ("label", "variant", "sign"),
    [
        ("fibrillation", "regular", 1),
        ("fibrillation", "near_origin", -1),
        ("positive_sharp_wave", "blocked", 1),
        ("positive_sharp_wave", "needle_initiated", 1),
        ("endplate_spike", "typical", -1),
        ("endplate_spike", "atypical", 1),
    ],
)
@pytest.mark.parametrize("highpass_hz", [2.0, 20.0])
def test_the_first_deflection_has_the_sign_of_its_class_through_a_causal_highpass(label, variant, sign, highpass_hz):
    for seed in range(12):
        unit = SimulatedUnit(label, variant, rate_hz=5.0, peak_to_peak_uv=400.0)
        recording, truth = simulate_recording([unit], rng=seed, noise_uv=0.0, highpass_hz=highpass_hz, duration_s=4.0)
        wave = averaged(np.asarray(recording.samples_uv), truth.events["time_s"].to_numpy(), 48000.0)
        assert initial_sign(wave - wave[:100].mean()) == sign


def test_sizes_and_durations_follow_the_clinical_ranges():
    fibs = simulate_recording(["fibrillation"] * 60, duration_s=0.5, rng=1)[1].units
    waves = simulate_recording(["positive_sharp_wave"] * 60, duration_s=0.5, rng=2)[1].units
    units = simulate_recording(["motor_unit"] * 60, duration_s=0.5, rng=3)[1].units
    assert fibs["peak_to_peak_uv"].between(50, 600).all()
    assert fibs["peak_to_peak_uv"].quantile(0.9) / fibs["peak_to_peak_uv"].quantile(0.1) > 2.5
    assert fibs["duration_ms"].between(1.5, 6.0).all()
    assert waves["duration_ms"].between(4.0, 40.0).all()
    assert waves["duration_ms"].between(10.0, 30.0).mean() > 0.5
    assert 400 < units["peak_to_peak_uv"].median() < 1200
    assert 8.0 < units["duration_ms"].median() < 12.0


def test_a_unit_can_be_fixed_in_size_rate_time_and_length():
    asked = SimulatedUnit("fibrillation", "near_origin", rate_hz=6.0, peak_to_peak_uv=150.0, start_s=2.0, stop_s=5.0)
    recording, truth = simulate_recording([asked], duration_s=8.0, rng=1, **CLEAN)
    row = truth.units.iloc[0]
    assert (row["variant"], row["rate_hz"]) == ("near_origin", 6.0)
    assert row["peak_to_peak_uv"] == pytest.approx(150.0)
    assert 2.0 <= row["start_s"] < 2.2
    assert 4.7 < row["stop_s"] < 5.0
    assert np.ptp(np.asarray(recording.samples_uv)) == pytest.approx(150.0, rel=0.06)
    longer = SimulatedUnit("fibrillation", "near_origin", rate_hz=6.0, duration_scale=2.0)
    shape = SimulatedUnit("fibrillation", "near_origin", rate_hz=6.0)
    lengths = [
        simulate_recording([unit], duration_s=2.0, rng=1)[1].units["duration_ms"].item() for unit in (longer, shape)
    ]
    assert lengths[0] == pytest.approx(2 * lengths[1], rel=0.02)


@pytest.mark.parametrize("label", ["fibrillation", "positive_sharp_wave", "endplate_spike", "motor_unit"])
def test_the_sampling_rate_does_not_change_units_times_or_sizes(label):
    made = {}
    for rate_hz in (24000.0, 48000.0):
        recording, truth = simulate_recording([label], rate_hz=rate_hz, duration_s=6.0, rng=6, **CLEAN)
        wave = averaged(np.asarray(recording.samples_uv), truth.events["time_s"].to_numpy(), rate_hz)
        made[rate_hz] = truth, np.ptp(wave)
    pd.testing.assert_frame_equal(made[24000.0][0].events, made[48000.0][0].events)
    pd.testing.assert_frame_equal(made[24000.0][0].units, made[48000.0][0].units)
    assert made[24000.0][1] == pytest.approx(made[48000.0][1], rel=0.03)


@pytest.mark.parametrize(("size_uv", "rates"), [(10.0, {50: 2.5, 200: 4.9, 500: 7.8, 1000: 11.0}), (20.0, {200: 9.8})])
def test_endplate_noise_has_the_level_of_campbells_theorem(size_uv, rates):
    for potentials_hz, rms_uv in rates.items():
        rng = np.random.default_rng(potentials_hz)
        noise = endplate_noise_uv(
            48000 * 60, rate_hz=48000.0, rng=rng, potentials_hz=float(potentials_hz), size_uv=size_uv
        )
        assert noise.std() == pytest.approx(rms_uv, rel=0.05)


def test_endplate_noise_is_skewed_to_the_negative():
    noise = endplate_noise_uv(48000 * 20, rate_hz=48000.0, rng=np.random.default_rng(1), potentials_hz=200.0)
    centred = noise - noise.mean()
    assert (centred**3).mean() / noise.std() ** 3 < -0.5


def test_endplate_noise_is_a_span_and_never_an_event():
    _, truth = simulate_recording([], duration_s=3.0, endplate_noise=True, rng=1)
    assert truth.spans["what"].tolist() == ["endplate_noise"]
    assert truth.events.empty
    assert truth.events.columns.tolist() == ["time_s", "unit", "label"]


def test_amplifier_noise_has_its_level_at_every_rate_that_sees_the_band():
    for rate_hz in (24000.0, 48000.0):
        noise = amplifier_noise_uv(200000, rate_hz=rate_hz, rms_uv=3.0, rng=np.random.default_rng(2))
        assert noise.std() == pytest.approx(3.0, rel=0.03)


def test_low_frequencies_of_amplifier_noise_are_stronger():
    noise = amplifier_noise_uv(1 << 19, rate_hz=24000.0, rms_uv=1.0, rng=np.random.default_rng(2))
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / 24000)
    low, middle = (power[(frequency > a) & (frequency < b)].mean() for a, b in ((15, 25), (3000, 5000)))
    assert low > 2.5 * middle


def test_mains_is_at_its_frequency_with_odd_harmonics():
    hum = mains_hum_uv(240000, rate_hz=24000.0, rms_uv=5.0, mains_hz=60.0, rng=np.random.default_rng(1))
    power = np.abs(np.fft.rfft(hum * np.hanning(len(hum)))) ** 2
    at = {hz: power[hz * 10 - 12 : hz * 10 + 13].sum() for hz in (60, 120, 180)}
    assert at[60] > at[180] > 100 * at[120]


def test_the_machine_highpass_is_causal_first_order():
    step = np.concatenate([np.zeros(100), np.ones(4000)])
    out = machine_highpass_uv(step, rate_hz=10000.0, highpass_hz=20.0)
    assert np.all(out[:100] == 0)
    assert out[100 + round(10000 / (2 * np.pi * 20))] == pytest.approx(np.exp(-1), abs=0.01)


def test_insertional_activity_comes_first_and_ends_within_a_second():
    recording, truth = simulate_recording([], duration_s=3.0, insertion=True, rng=2)
    span = truth.spans.iloc[0]
    assert span["what"] == "insertion"
    assert 0.0 < span["start_s"] < span["stop_s"] < 1.0
    samples = np.asarray(recording.samples_uv)
    inside = samples[int(span["start_s"] * 48000) : int(span["stop_s"] * 48000)]
    assert np.ptp(inside) > 5 * np.ptp(samples[48000 * 2 :])


def test_far_motor_units_hum_without_events():
    loud, quiet = (simulate_recording([], duration_s=2.0, hum_uv=level, rng=1) for level in (10.0, 0.0))
    assert loud[1].events.empty
    assert np.asarray(loud[0].samples_uv).std() > 4 * np.asarray(quiet[0].samples_uv).std()


def test_spontaneous_trains_of_one_recording_differ_in_size_and_rate():
    truth = simulate_recording(["fibrillation"] * 6, rng=3)[1].units
    assert truth["peak_to_peak_uv"].nunique() == truth["rate_hz"].nunique() == 6


def test_bad_requests_are_refused_in_one_line():
    with pytest.raises(UnknownNameError, match="label of simulated activity 'fibrilation'; did you mean fibrillation"):
        simulate_recording(["fibrilation"], duration_s=1.0)
    with pytest.raises(UnknownNameError, match="Unknown variant 'x' of fibrillation; known are regular"):
        simulate_recording([SimulatedUnit("fibrillation", "x")], duration_s=1.0)
    with pytest.raises(SignalError, match=r"duration_s is -1 and rate_hz 48000\.0; both must be greater than zero"):
        simulate_recording([], duration_s=-1)


def test_a_recording_says_how_it_was_made():
    recording, _ = simulate_recording(
        [], duration_s=1.0, muscle="soleus", side="right", site="medial", electrode="monopolar", highpass_hz=20.0, rng=1
    )
    described = (recording.muscle, recording.side, recording.site, recording.electrode, recording.highpass_hz)
    assert described == ("soleus", "right", "medial", "monopolar", 20.0)
