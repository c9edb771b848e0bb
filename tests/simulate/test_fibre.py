"""The line source against known values, conservation of current and a slow twin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emgkit.errors import SignalError, UnknownNameError
from emgkit.knowledge.tables import criteria_values
from emgkit.simulate.electrode import lead_field, make_electrode
from emgkit.simulate.fibre import (
    NODE_MM,
    STEP_MS,
    Fibre,
    action_potential_mv,
    axial_currents,
    fibre_potentials_uv,
    fibre_velocity_m_per_s,
)

GOLDEN = pd.read_csv(Path(__file__).with_name("golden_line_source.csv"), comment="#")
CORE = replace(make_electrode("concentric"), cannula_length_mm=0.0)
ELECTRODES = {"point": make_electrode("point"), "core": CORE}


def passing(diameter_um: float, distance_mm: float) -> Fibre:
    return Fibre(diameter_um, distance_mm, velocity_m_per_s=fibre_velocity_m_per_s(diameter_um))


def wave_of(fibre: Fibre, electrode=CORE) -> np.ndarray:
    return fibre_potentials_uv([fibre], electrode)[0]


def started_at(origin_mm: float) -> Fibre:
    return replace(passing(30.0, 0.1), origin_mm=-origin_mm, left_mm=-origin_mm - 50.0, right_mm=50.0 - origin_mm)


def initial_sign(wave: np.ndarray) -> float:
    return float(np.sign(wave[np.flatnonzero(np.abs(wave) > 0.05 * np.ptp(wave))[0]]))


@pytest.mark.parametrize(
    "row", list(GOLDEN.itertuples(index=False)), ids=lambda r: f"{r.electrode}-{r.diameter_um}-{r.distance_mm}"
)
def test_potentials_have_the_golden_size_duration_and_rise(row):
    wave = wave_of(passing(row.diameter_um, row.distance_mm), ELECTRODES[row.electrode])
    above = np.flatnonzero(np.abs(wave) > 0.05 * np.abs(wave).max())
    assert np.ptp(wave) == pytest.approx(row.peak_to_peak_uv, rel=0.03)
    assert (above[-1] - above[0]) * STEP_MS == pytest.approx(row.duration_ms, abs=0.1)
    assert (wave.argmin() - wave.argmax()) * STEP_MS == pytest.approx(row.rise_ms, abs=0.05)


def test_the_cannula_takes_away_little_from_near_fibres_and_more_from_far_ones():
    whole = make_electrode("concentric")
    lost = [1 - np.ptp(wave_of(passing(30.0, r), whole)) / np.ptp(wave_of(passing(30.0, r))) for r in (0.1, 1.0)]
    assert lost[0] == pytest.approx(0.005, abs=0.005)
    assert lost[1] == pytest.approx(0.055, abs=0.01)


def test_the_cannula_in_closed_form_is_the_mean_over_its_length():
    whole = make_electrode("concentric")
    tip = max(whole.across_mm)
    along = np.linspace(tip, tip + whole.cannula_length_mm, 4001)
    tissue = criteria_values("physics")
    ratio = tissue["axial_conductivity"] / tissue["radial_conductivity"]
    radius = 0.3 + whole.cannula_radius_mm
    inverse = 1 / np.sqrt(ratio * (along**2 + radius**2) + 1.5**2)
    mean = np.trapezoid(inverse, along) / whole.cannula_length_mm / (4 * np.pi * tissue["radial_conductivity"])
    assert lead_field(CORE, 1.5, distance_mm=0.3) - lead_field(whole, 1.5, distance_mm=0.3) == pytest.approx(
        mean, rel=1e-5
    )


@pytest.mark.parametrize("time_ms", [0.5, 5.0, 9.0, 20.0, 35.0])
def test_membrane_currents_of_the_whole_fibre_sum_to_zero(time_ms):
    membrane = -np.diff(axial_currents(replace(passing(30.0, 0.1), afterpotential_mv=10.0), time_ms))
    assert np.abs(membrane).sum() > 0
    assert abs(membrane.sum()) < 1e-12 * np.abs(membrane).sum() + 1e-15


@pytest.mark.parametrize(
    "fibre",
    [
        passing(30.0, 0.1),
        started_at(0.2),
        Fibre(40.0, 0.2, velocity_m_per_s=1.0, origin_mm=-2.0, left_mm=-20.0, right_mm=0.0, repolarization_stretch=3.0),
        replace(passing(50.0, 0.5), afterpotential_mv=10.0, left_mm=-45.0, right_mm=10.0),
    ],
    ids=["passing", "near origin", "stretched", "afterpotential"],
)
def test_the_convolution_agrees_with_summing_all_membrane_currents(fibre):
    wave = wave_of(fibre)
    left, right = (
        round((fibre.origin_mm - fibre.left_mm) / NODE_MM),
        round((fibre.right_mm - fibre.origin_mm) / NODE_MM),
    )
    nodes_mm = fibre.origin_mm + np.arange(-left, right + 1) * NODE_MM
    field = lead_field(CORE, nodes_mm, distance_mm=fibre.distance_mm)
    peak = int(np.abs(wave).argmax())
    for index in np.clip([peak - 100, peak, peak + 150, peak + 600], 1, len(wave) - 1):
        slow = 1e3 * -np.diff(axial_currents(fibre, index * STEP_MS)) @ field
        assert wave[index] == pytest.approx(slow, abs=2e-3 * np.abs(wave).max())


def test_amplitude_grows_with_the_square_of_the_diameter():
    small, large = (np.ptp(wave_of(replace(passing(30.0, 0.3), diameter_um=d))) for d in (20.0, 40.0))
    assert large / small == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize(
    ("origin_mm", "size_uv", "sign"), [(0.0, 614, -1), (0.3, 421, -1), (0.5, 340, 1), (2.0, 460, 1)]
)
def test_initial_deflection_turns_positive_half_a_millimetre_from_the_origin(origin_mm, size_uv, sign):
    wave = wave_of(started_at(origin_mm))
    assert np.ptp(wave) == pytest.approx(size_uv, rel=0.03)
    assert initial_sign(wave) == sign


@pytest.mark.parametrize("origin_mm", [1.5, 3.0, 10.0])
def test_far_from_the_origin_the_potential_is_triphasic(origin_mm):
    wave = wave_of(started_at(origin_mm))
    trough = int(wave.argmin())
    assert wave[:trough].max() > 0.2 * np.ptp(wave)
    assert wave[trough:].max() > 0.05 * np.ptp(wave)


@pytest.mark.parametrize("block_mm", [-0.3, 0.0, 0.3, 0.5, 1.0])
def test_an_action_potential_blocked_at_the_electrode_is_a_positive_sharp_wave(block_mm):
    wave = wave_of(replace(passing(30.0, 0.1), left_mm=-50.0, right_mm=-block_mm))
    assert wave.argmax() < wave.argmin()
    assert wave.max() > 0.9 * -wave.min()
    assert wave[wave.argmin() :].max() < 0.05 * np.ptp(wave)
    if block_mm == 0:
        assert (wave.max(), wave.min()) == pytest.approx((201, -126), rel=0.03)


@pytest.mark.parametrize(
    ("origin_mm", "positive_uv", "negative_uv"), [(1.0, 175, 93), (1.5, 203, 110), (3.0, 206, 123)]
)
def test_a_start_beside_the_crush_is_a_positive_sharp_wave(origin_mm, positive_uv, negative_uv):
    wave = wave_of(replace(passing(30.0, 0.1), origin_mm=-origin_mm, left_mm=-50.0, right_mm=0.0))
    assert wave.argmax() < wave.argmin()
    assert (wave.max(), -wave.min()) == pytest.approx((positive_uv, negative_uv), rel=0.03)


def test_a_start_at_the_crush_is_initially_negative():
    wave = wave_of(replace(passing(30.0, 0.1), origin_mm=-0.05, left_mm=-50.0, right_mm=0.0))
    assert initial_sign(wave) == -1


@pytest.mark.parametrize("time_scale_per_ms", [0.32, 0.5, 1.0, 1.5, 4.9])
def test_sharp_waves_last_ten_milliseconds_over_velocity_times_lambda(time_scale_per_ms):
    wave = wave_of(replace(passing(30.0, 0.1), velocity_m_per_s=time_scale_per_ms / 2, left_mm=-30.0, right_mm=0.0))
    above = np.flatnonzero(np.abs(wave) > 0.1 * np.ptp(wave))
    assert (above[-1] - above[0]) * STEP_MS == pytest.approx(9.7 / time_scale_per_ms, rel=0.05)


def test_a_slow_repolarization_lengthens_the_negative_phase_and_keeps_the_rise():
    plain = Fibre(40.0, 0.2, velocity_m_per_s=1.2, lambda_per_mm=1.6, left_mm=-40.0, right_mm=0.0)
    waves = [wave_of(replace(plain, repolarization_stretch=stretch)) for stretch in (1.0, 4.0)]
    rises = [int(wave.argmax()) - int((wave > 0.1 * wave.max()).argmax()) for wave in waves]
    tails = [np.flatnonzero(wave < 0.3 * wave.min())[-1] - wave.argmax() for wave in waves]
    assert rises[1] == pytest.approx(rises[0], rel=0.15)
    assert tails[1] > 2.5 * tails[0]
    assert -waves[1].min() / waves[1].max() < 0.5 * -waves[0].min() / waves[0].max()


def test_the_action_potential_is_continuous_and_starts_at_zero():
    fibre = replace(passing(30.0, 0.1), repolarization_stretch=3.0, afterpotential_mv=10.0)
    behind = np.arange(0.0, 60.0, 0.001)
    voltage = action_potential_mv(behind, fibre)
    assert voltage[0] == 0
    assert np.abs(np.diff(voltage)).max() < 0.5
    assert voltage[-1] == pytest.approx(10 * np.exp(-60 / 20), rel=1e-3)


def test_a_needle_inside_a_fibre_and_an_origin_outside_it_are_refused():
    with pytest.raises(SignalError, match=r"distance_mm is 0\.01; .* outside the fibre, at 0\.015 or more"):
        Fibre(30.0, 0.01, velocity_m_per_s=2.0)
    with pytest.raises(SignalError, match="origin_mm is 5; it must lie on the fibre"):
        Fibre(30.0, 0.1, velocity_m_per_s=2.0, origin_mm=5.0, right_mm=1.0)


def test_an_unknown_electrode_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="Unknown electrode 'surface'; known are concentric, monopolar, point"):
        make_electrode("surface")


def test_a_monopolar_needle_sees_more_than_a_concentric_one():
    fibre = passing(55.0, 0.3)
    assert np.ptp(wave_of(fibre, make_electrode("monopolar"))) > 1.1 * np.ptp(
        wave_of(fibre, make_electrode("concentric"))
    )
