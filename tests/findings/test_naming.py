"""Names of trains from what was measured of them: rhythm first, shape second, doubt said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from emgkit.findings.spontaneous.activity import _named
from emgkit.findings.spontaneous.doubts import unless_locked, unless_of_complex, unless_of_endplate, unless_of_myotonia
from emgkit.findings.spontaneous.measure import MeasuredTrain
from emgkit.findings.spontaneous.naming import Name, name_train
from emgkit.signals.rhythm import measure_rhythm
from emgkit.signals.units import Train
from emgkit.signals.waveform import Shape

FIBRE = Shape(
    peak_to_peak_uv=150.0, duration_ms=3.4, rise_ms=0.4, phases=3, turns=2, initial_deflection="positive",
    positive_first=True, negative_share=1.5, negative_to_positive_width=1.0, error_uv=0.5,
)  # fmt: skip


def measured(rate_hz: float = 6.0, *, jitter: float = 0.01, spikes: int = 1, n: int = 80, **shape) -> MeasuredTrain:
    """Return a train of one fibre at rest but for what is changed."""
    intervals = np.random.default_rng(1).normal(1, jitter, n).clip(0.3) / rate_hz
    times_s = np.cumsum(intervals * np.linspace(0.9, 1.15, n))
    return MeasuredTrain(
        train=Train(times_s, np.zeros(60), 0, 40.0), rhythm=measure_rhythm(times_s), shape=replace(FIBRE, **shape),
        average_uv=np.zeros(10), waveforms_uv=np.zeros((1, 10)), window_ms=np.zeros(10), spikes=spikes,
        sharp_wave=False, amplitude_cv=0.02, variability=0.012,
    )  # fmt: skip


def test_one_fibre_with_a_clock_is_a_fibrillation_and_counts():
    name = name_train(measured())
    assert (name.label, name.counted) == ("fibrillation", True)
    assert name.probability > 0.9


@pytest.mark.parametrize("jitter", [0.16, 0.3])
def test_one_fibre_without_a_clock_is_named_and_does_not_count(jitter):
    name = name_train(measured(3.0, jitter=jitter))
    assert (name.label, name.counted) == ("fibrillation", False)
    assert "does not count" in name.reasons


@pytest.mark.parametrize("where", [{"crowded": True}, {"contracting": True}])
def test_among_other_activity_an_irregular_one_is_not_named(where):
    name = name_train(measured(3.0, jitter=0.16), **where)
    assert (name.label, name.counted) == ("indeterminate", False)
    assert "too irregular" in name.reasons


def test_among_voluntary_units_a_sharp_wave_may_be_as_irregular_as_at_rest():
    wave = replace(measured(6.0, jitter=0.07, duration_ms=14.0, negative_share=0.3), sharp_wave=True)
    assert wave.rhythm.irregularity > 0.06
    assert name_train(wave, contracting=True).label == "positive_sharp_wave"
    assert name_train(measured(6.0, jitter=0.07), contracting=True).label == "indeterminate"


@pytest.mark.parametrize(("size_uv", "label"), [(20.0, "fibrillation"), (100.0, "indeterminate")])
def test_small_voluntary_units_are_far_away(size_uv, label):
    def sized(train, peak_uv):
        return replace(train, average_uv=np.array([0.0, peak_uv]))

    unit = measured(8.0, jitter=0.15, duration_ms=11.0, turns=4, negative_share=3.0, peak_to_peak_uv=size_uv)
    near = sized(measured(3.0, jitter=0.16), 150.0)
    fast = sized(replace(unit, variability=0.06), size_uv)
    names, _ = _named([near, fast], [], analysed_s=30.0)
    assert names[1].label == "motor_unit"
    assert _named([near], [], analysed_s=30.0)[0][0].label == "fibrillation"
    fibre = sized(measured(6.0, jitter=0.07), 150.0)
    assert _named([fibre, fast], [], analysed_s=30.0)[0][0].label == label


@pytest.mark.parametrize(("rate_hz", "label"), [(5.0, "fibrillation"), (10.0, "indeterminate")])
def test_what_is_as_fast_and_irregular_as_a_voluntary_unit_is_no_irregular_fibrillation(rate_hz, label):
    train = measured(rate_hz, jitter=0.16)
    assert 0.1 < train.rhythm.irregularity < 0.2
    assert name_train(train).label == label


def test_a_small_irregular_train_may_be_far_away():
    train = measured(3.0, jitter=0.16)
    small = replace(train, train=replace(train.train, snr=7.0))
    assert (name_train(train).label, name_train(small).label) == ("fibrillation", "indeterminate")


def test_nothing_slow_is_a_complex():
    many = {"phases": 9, "turns": 8, "duration_ms": 15.0, "rise_ms": 0.4}
    assert name_train(measured(6.0, jitter=0.003, spikes=4, **many)).label == "complex_repetitive_discharge"
    slow = name_train(measured(1.5, jitter=0.003, spikes=4, **many))
    assert "complex_repetitive_discharge" not in {slow.label, slow.runner_up}


@pytest.mark.parametrize("change", [{"spikes": 3}, {"phases": 5}, {"spikes": 4, "phases": 9}])
def test_a_complex_of_several_spikes_is_no_fibrillation_at_any_rate(change):
    steady = {"jitter": 0.004, "turns": 5, "rise_ms": 0.35, "duration_ms": 4.7}
    for rate_hz in (7.0, 13.0, 30.0):
        name = name_train(measured(rate_hz, **steady, **change))
        assert name.label != "fibrillation"
        assert not name.counted


def test_few_intervals_are_said():
    name = name_train(measured(n=4))
    assert name.label == "indeterminate"
    assert name.reasons.startswith("only 3 intervals")


def test_a_train_that_keeps_a_lag_to_another_is_no_fibrillation():
    part, other = measured(), measured()
    later = replace(other, train=replace(other.train, time_s=part.train.time_s[::2] + 0.035))
    name = name_train(part)
    assert unless_locked(name, part, others=[later]).label == "indeterminate"
    assert "lag" in unless_locked(name, part, others=[later]).reasons
    free = replace(other, train=replace(other.train, time_s=np.sort(part.train.time_s * 1.07 + 0.4)))
    assert unless_locked(name, part, others=[free]) is name


def test_a_train_whose_discharges_keep_lags_to_one_train_or_another_is_no_fibrillation():
    """From run to run the spikes of one complex may have been sorted into other trains."""
    part, other = measured(n=60), measured()
    times_s = part.train.time_s
    free_s = np.random.default_rng(4).uniform(times_s[0], times_s[-1], 40)
    early, late = (
        replace(other, train=replace(other.train, time_s=np.sort(np.concatenate([some_s + lag_s, free_s]))))
        for some_s, lag_s in ((times_s[:30], 0.03), (times_s[30:], -0.02))
    )
    name = name_train(part)
    assert unless_locked(name, part, others=[early]) is name
    assert unless_locked(name, part, others=[early, late]).label == "indeterminate"


def test_more_than_a_millivolt_is_too_much_for_one_fibre():
    name = name_train(measured(peak_to_peak_uv=1200.0))
    assert name.label == "indeterminate"
    assert "1200 uV" in name.reasons


@pytest.mark.parametrize(("rate_hz", "counted"), [(1.0, True), (2.5, True), (8.0, False)])
def test_a_train_slower_than_any_voluntary_unit_may_be_as_irregular_as_at_rest(rate_hz, counted):
    train = measured(rate_hz, jitter=0.07)
    assert 0.05 < train.rhythm.irregularity < 0.1
    name = name_train(train, contracting=True)
    assert name.counted == counted
    assert (name.label == "fibrillation") == counted


@pytest.mark.parametrize("step", [0.7, 1.25])
def test_a_complex_whose_rate_steps_is_a_complex(step):
    rng = np.random.default_rng(5)
    intervals = rng.normal(1, 0.003, 100) / 12.0
    intervals[45:] *= step
    times_s = np.cumsum(intervals)
    many = {"phases": 9, "turns": 8, "duration_ms": 9.5, "rise_ms": 0.4}
    train = replace(
        measured(spikes=4, **many), train=Train(times_s, np.zeros(60), 0, 40.0), rhythm=measure_rhythm(times_s)
    )
    assert name_train(train).label == "complex_repetitive_discharge"


@pytest.mark.parametrize("rate_hz", [1.5, 6.0, 15.0])
def test_a_motor_unit_that_fires_alone_and_regularly_is_a_motor_unit_at_any_of_its_rates(rate_hz):
    rng = np.random.default_rng(6)
    times_s = np.cumsum(rng.normal(1, 0.035, 60) / rate_hz)
    unit = {"phases": 4, "turns": 5, "duration_ms": 10.0, "rise_ms": 0.9, "negative_share": 2.4}
    train = replace(
        measured(**unit), train=Train(times_s, np.zeros(60), 0, 40.0), rhythm=measure_rhythm(times_s), variability=0.05
    )
    assert name_train(train).label == "motor_unit"


def test_a_complex_without_a_clock_gets_no_name():
    many = {"phases": 9, "turns": 8, "duration_ms": 15.0, "rise_ms": 0.4}
    assert name_train(measured(20.0, jitter=0.003, spikes=4, **many)).label == "complex_repetitive_discharge"
    assert name_train(measured(20.0, jitter=0.2, spikes=4, **many)).label != "complex_repetitive_discharge"


def test_a_fibrillation_as_fast_as_a_myotonic_discharge_beside_it_is_not_named():
    fast, slow = measured(25.0), measured(6.0)
    name = Name("fibrillation", 0.95, "myotonic_discharge", "regular", counted=True)
    doubted = unless_of_myotonia(name, fast)
    assert (doubted.label, doubted.counted) == ("indeterminate", False)
    assert "myotonic" in doubted.reasons
    assert unless_of_myotonia(name, slow) is name
    doubted = unless_of_myotonia(replace(name, counted=False), slow)
    assert (doubted.label, doubted.counted) == ("indeterminate", False)
    unit = replace(name, label="motor_unit", counted=False)
    assert unless_of_myotonia(unit, fast) is unit


def test_a_few_small_ones_that_keep_time_in_endplate_noise_get_no_name():
    few, many = (replace(measured(2.0, n=n, peak_to_peak_uv=32.0), endplate_noise_uv=5.0) for n in (11, 40))
    name = name_train(few)
    assert (name.label, name.counted) == ("indeterminate", False)
    assert "by chance" in name.reasons
    large = replace(measured(2.0, n=11, peak_to_peak_uv=80.0), endplate_noise_uv=5.0)
    assert name_train(large, crowded=True).label == "indeterminate"
    assert {name_train(each).label for each in (many, large)} == {"fibrillation"}


def test_what_is_irregular_beside_endplate_spikes_is_no_fibrillation():
    regular = Name("fibrillation", 0.95, "endplate_spike", "regular", counted=True)
    doubted = unless_of_endplate(replace(regular, counted=False))
    assert (doubted.label, doubted.counted) == ("indeterminate", False)
    assert "endplate" in doubted.reasons
    unit = replace(regular, label="motor_unit", counted=False)
    assert unless_of_endplate(regular) is regular
    assert unless_of_endplate(unit) is unit


def test_parts_of_a_complex_are_no_fibrillation_beside_it():
    whole = measured(8.0, jitter=0.003)
    name = Name("fibrillation", 0.95, "complex_repetitive_discharge", "regular", counted=True)
    for times, doubt in ((1.0, True), (2.0, True), (1.4, False), (5.0, False)):
        part = measured(8.0 / times, jitter=0.008)
        assert (unless_of_complex(name, part, complexes=[whole]).label == "indeterminate") is doubt
        assert unless_of_complex(name, part, complexes=[]) is name
    irregular = replace(name, counted=False)
    assert unless_of_complex(irregular, measured(5.0, jitter=0.2), complexes=[whole]).label == "indeterminate"


def test_a_few_microvolt_are_too_little_for_denervation():
    assert "too little" in name_train(measured(peak_to_peak_uv=6.0)).reasons
    assert name_train(measured(peak_to_peak_uv=12.0)).label == "fibrillation"


@pytest.mark.parametrize("variability", [0.025, 0.06])
def test_what_changes_its_shape_without_a_clock_is_not_the_shape_of_one_fibre(variability):
    name = name_train(replace(measured(2.0, jitter=0.3, duration_ms=3.0), variability=variability))
    assert not name.counted
    assert name.label != "fibrillation"


@pytest.mark.parametrize(("rate_hz", "n", "label"), [(24.0, 30, "fibrillation"), (24.0, 90, "indeterminate")])
def test_only_a_run_that_is_soon_over_may_be_fast_without_slowing_down(rate_hz, n, label):
    train = measured(rate_hz, n=n)
    times_s = np.cumsum(np.random.default_rng(2).normal(1, 0.03, n)) / rate_hz
    train = replace(train, train=replace(train.train, time_s=times_s), rhythm=measure_rhythm(times_s))
    name = name_train(train)
    assert name.label == label
    assert ("too fast" in name.reasons) == (label == "indeterminate")


def test_a_shape_that_changes_as_that_of_several_fibres_is_no_fibrillation():
    name = name_train(replace(measured(turns=3), variability=0.06))
    assert name.label != "fibrillation"
    few = name_train(replace(measured(turns=3, n=20), variability=0.06))  # not enough to be known so well
    assert few.label == "fibrillation"


def test_a_complex_that_fills_the_baseline_is_named_though_it_hardly_stands_over_it():
    steady = measured(40.0, jitter=0.004, spikes=6, phases=12, turns=12, duration_ms=20.0)
    loud = replace(steady, train=replace(steady.train, snr=6.0))
    assert name_train(loud).label == "complex_repetitive_discharge"


def test_endplate_spikes_are_never_regular_and_myotonic_discharges_never_irregular():
    shape = {"duration_ms": 4.0, "rise_ms": 0.75, "initial_deflection": "positive", "phases": 2}
    for jitter, other in ((0.01, "endplate_spike"), (0.35, "myotonic_discharge")):
        for rate_hz in (15.0, 40.0, 60.0):
            name = name_train(measured(rate_hz, jitter=jitter, n=60, **shape))
            assert other not in {name.label, name.runner_up}


@pytest.mark.parametrize(("variability", "label"), [(0.005, "fibrillation"), (0.03, "indeterminate")])
def test_a_doubtful_rhythm_asks_for_a_steadier_shape(variability, label):
    train = replace(measured(3.0, jitter=0.09, n=60), variability=variability)
    assert 0.06 < train.rhythm.irregularity < 0.1
    assert name_train(train).label == label
    assert name_train(replace(measured(3.0), variability=variability)).label == "fibrillation"


def test_what_is_irregular_with_short_intervals_is_no_fibrillation_of_any_kind():
    train = measured(25.0, jitter=0.4, n=80)
    assert train.rhythm.irregularity > 0.2
    assert train.rhythm.p5_ms < 40
    assert "fibrillation" not in {name_train(train).label, name_train(train).runner_up}
