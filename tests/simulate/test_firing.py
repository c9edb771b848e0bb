"""Every rhythm against the ranges of its table."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.simulate.firing import FiringRequest, draw_firing
from emgkit.simulate.quantities import draw_many, read_quantities

ROWS = read_quantities("firing")


def trains(rhythm: str, *, n: int = 60, stop_s: float = 30.0, **fixed):
    rng = np.random.default_rng(5)
    return [draw_firing(rhythm, request=FiringRequest(0.0, stop_s, **fixed), rng=rng) for _ in range(n)]


def intervals_of(train) -> np.ndarray:
    return np.diff(train.times_s)


def cv(intervals: np.ndarray) -> float:
    return float(intervals.std() / intervals.mean())


def cv2(intervals: np.ndarray) -> float:
    return float(np.mean(2 * np.abs(np.diff(intervals)) / (intervals[1:] + intervals[:-1])))


@pytest.mark.parametrize("rhythm", sorted(ROWS))
def test_rates_keep_to_their_range_and_times_to_the_request(rhythm):
    row = ROWS[rhythm]["rate_hz"]
    limits = ROWS[rhythm].get("rate_limits_hz", row)
    for train in trains(rhythm, n=30, stop_s=8.0):
        assert limits.value <= train.rate_hz <= limits.second
        assert np.all(np.diff(train.times_s) > 0)
        assert np.all((train.times_s >= 0) & (train.times_s < 8.0))
        assert len(train.gains) == len(train.times_s)


@pytest.mark.parametrize("rhythm", sorted(ROWS))
def test_a_given_rate_is_kept(rhythm):
    assert {train.rate_hz for train in trains(rhythm, n=3, rate_hz=7.0)} == {7.0}


def test_fibrillations_are_regular_and_only_slow_down():
    made = trains("regular", may_stop=False)
    assert all(cv2(intervals_of(train)) < 0.08 for train in made)
    for train in made:
        if len(train.times_s) > 40:
            tenth = len(train.times_s) // 10
            slowing = intervals_of(train)[-tenth:].mean() / intervals_of(train)[:tenth].mean()
            assert 0.97 < slowing < 1 + 1.1 * ROWS["regular"]["slowing_per_s"].second * 30
    rates = np.array([train.rate_hz for train in made])
    assert np.median(rates) == pytest.approx(np.sqrt(15), rel=0.35)


def test_fibrillations_that_stop_last_at_least_three_seconds():
    spans = [train.times_s[-1] for train in trains("regular", n=200, stop_s=60.0, rate_hz=10.0)]
    stopped = [span for span in spans if span < 58.0]
    assert 0.1 < len(stopped) / len(spans) < 0.3
    assert min(stopped) > 2.7


def test_provoked_trains_start_fast_and_relax():
    for train in trains("provoked", stop_s=12.0):
        early, late = intervals_of(train)[:5].mean(), intervals_of(train)[-5:].mean()
        assert 1.4 < late / early < 5.5


def test_transient_runs_are_too_short_to_count():
    for train in trains("transient", stop_s=12.0):
        assert 0.3 < np.ptp(train.times_s) < 3.0


def test_irregular_fibrillations_have_no_short_interval():
    made = trains("irregular", stop_s=120.0)
    assert min(intervals_of(train).min() for train in made) > 0.040
    assert 0.3 < np.median([cv(intervals_of(train)) for train in made]) < 0.45
    assert max(cv(intervals_of(train)) for train in made) < 0.9


def test_endplate_spikes_are_irregular_with_short_intervals():
    made = trains("endplate", stop_s=60.0)
    assert np.percentile([cv(intervals_of(train)) for train in made], 10) > 0.35
    assert max(cv(intervals_of(train)) for train in made) < 1.8
    shortest = np.array([np.percentile(intervals_of(train), 5) for train in made])
    assert np.median(shortest) < 0.025
    assert min(intervals_of(train).min() for train in made) >= 0.0029


def test_the_shortest_interval_of_endplate_spikes_is_shorter_than_that_of_irregular_fibrillations():
    endplate = [intervals_of(train).min() for train in trains("endplate", stop_s=60.0)]
    irregular = [intervals_of(train).min() for train in trains("irregular", stop_s=60.0)]
    assert max(endplate) < min(irregular) * 1.5
    assert np.median(endplate) < 0.5 * np.median(irregular)


def test_fasciculations_are_near_poisson_and_never_quite_absent():
    slow = trains("sparse", n=40, stop_s=2.0, rate_hz=0.01)
    assert all(len(train.times_s) >= 1 for train in slow)
    long = trains("sparse", n=10, stop_s=3000.0, rate_hz=1.0)
    for train in long:
        gaps = intervals_of(train)
        assert cv(gaps) == pytest.approx(1.0, abs=0.12)
        assert 0.03 < np.mean(gaps < 0.020) < 0.07
        assert gaps.min() >= 0.0024


def test_voluntary_units_fire_with_normal_intervals_and_share_a_drive():
    made = trains("voluntary", n=40, drive_hz=1.0)
    spread = np.array([cv(intervals_of(train)) for train in made])
    assert spread.min() > 0.08
    assert spread.max() < 0.30
    mean_hz = np.array([1 / intervals_of(train).mean() for train in made])
    assert mean_hz == pytest.approx([train.rate_hz for train in made], rel=0.06)
    driven = trains("voluntary", n=400, rate_hz=10.0, drive_hz=1.0, drive_phase=0.0)
    times = np.concatenate([train.times_s for train in driven])
    phase = 2 * np.pi * times[times > 2.0]  # whole cycles, past the common start
    assert 2 * np.mean(np.sin(phase)) == pytest.approx(ROWS["voluntary"]["drive_depth"].value, abs=0.015)


def test_single_discharges_are_as_regular_as_measured():
    made = trains("single_discharge", n=300)
    rates = np.array([train.rate_hz for train in made])
    assert rates.mean() == pytest.approx(6.4, abs=0.6)
    spread = [cv(intervals_of(train)) for train in made if len(train.times_s) > 50]
    assert np.mean(spread) == pytest.approx(0.035, abs=0.006)


def test_complex_repetitive_discharges_are_clocks_that_start_and_stop_abruptly():
    for train in trains("complex_repetitive", n=30):
        gaps = intervals_of(train)
        assert np.median(2 * np.abs(np.diff(gaps)) / (gaps[1:] + gaps[:-1])) < 0.01
        inside = gaps[gaps < 0.45]
        steady = np.median(inside)
        assert np.all(inside < 2.5 * steady)


def test_about_one_run_in_five_of_complex_repetitive_discharges_changes_its_rate():
    row = ROWS["complex_repetitive"]
    assert row["step_probability"].value == pytest.approx(0.2)
    rng = np.random.default_rng(2)
    changed = []
    for _ in range(200):
        train = draw_firing("complex_repetitive", request=FiringRequest(0.0, 20.0, rate_hz=50.0), rng=rng)
        gaps = intervals_of(train)
        changed.append(np.mean((gaps > 0.0215) & (gaps < 0.045)) > 0.02)
    assert 0.25 < np.mean(changed) < 0.75  # several runs each


def test_myotonic_discharges_wax_and_wane_in_rate_and_amplitude_together():
    for train in trains("myotonic", n=20):
        gaps = intervals_of(train)
        inside = gaps < 0.15
        rate, gain = 1 / gaps[inside], train.gains[:-1][inside]
        assert np.corrcoef(rate, gain)[0, 1] > 0.9
        assert rate.max() / np.percentile(rate, 2) > 1.5
        assert 0.28 < gain.min() < 0.65
        assert gain.max() <= 1.0
        assert cv2(gaps[inside]) < 0.15


def test_neuromyotonic_discharges_lose_amplitude_at_a_constant_rate():
    for train in trains("neuromyotonic", n=10, stop_s=10.0):
        gaps = intervals_of(train)
        inside = gaps < 0.02
        assert 1 / np.median(gaps) == pytest.approx(train.rate_hz, rel=0.03)
        assert np.all(np.diff(train.gains)[inside] < 0)


def test_myokymic_discharges_come_in_bursts():
    for train in trains("myokymic", n=20, stop_s=20.0):
        gaps = intervals_of(train)
        assert cv(gaps) > 0.7


def test_pacemakers_are_clocks():
    assert all(cv(intervals_of(train)) < 0.015 for train in trains("pacemaker", n=20))


@pytest.mark.parametrize(("distribution", "expected"), [("fixed", 4.0), ("uniform", 6.5), ("log_uniform", 6.0)])
def test_distributions_have_the_median_they_should(distribution, expected):
    base = ROWS["regular"]["rate_hz"]
    quantity = type(base)(*("g", "k", distribution, 4.0, 9.0, "", "", "emgkit", "assumed"))
    values = draw_many(quantity, 20000, rng=np.random.default_rng(1))
    assert np.median(values) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("rhythm", "cv_expected", "cv2_expected"),
    [
        ("regular", (0.03, 0.08, 0.12), (0.02, 0.03, 0.05)),
        ("irregular", (0.21, 0.35, 0.54), (0.23, 0.39, 0.60)),
        ("endplate", (0.44, 0.69, 0.97), (0.45, 0.68, 0.92)),
        ("voluntary", (0.12, 0.18, 0.24), (0.13, 0.20, 0.28)),
        ("single_discharge", (0.01, 0.03, 0.06), (0.01, 0.04, 0.06)),
    ],
)
def test_regularity_over_ten_seconds_is_that_of_the_reference_simulation(rhythm, cv_expected, cv2_expected):
    gaps = [intervals_of(train) for train in trains(rhythm, n=400, stop_s=10.0, may_stop=False)]
    gaps = [each for each in gaps if len(each) >= 6]
    assert np.percentile([cv(each) for each in gaps], [10, 50, 90]) == pytest.approx(cv_expected, abs=0.07)
    assert np.percentile([cv2(each) for each in gaps], [10, 50, 90]) == pytest.approx(cv2_expected, abs=0.07)
