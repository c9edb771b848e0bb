"""Examinations that follow a lesion."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.errors import StudyError, UnknownNameError
from emgkit.knowledge.anatomy import labels, muscle_share, muscles, sites
from emgkit.knowledge.tables import criteria_values
from emgkit.model.findings import CONDUCTION
from emgkit.model.table import check_table
from emgkit.simulate.lesion import Lesion, denervated_units, lost_responses, plan_needle
from emgkit.simulate.nerves import simulated_conduction, simulated_studies
from emgkit.simulate.study import simulate_study
from emgkit.simulate.units import read_variants

DENERVATION = {"fibrillation", "positive_sharp_wave"}
SHORT = {"duration_s": 1.5, "rate_hz": 8000.0}


def plan(site: str, *, seed: int = 1, severity: float = 0.8, weeks: float = 6.0, side="left", **options):
    rng = np.random.default_rng(seed)
    return plan_needle(Lesion(site, side, severity, weeks), rng=rng, **options)


def trains_by_muscle(site: str, **options) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for position in plan(site, **options):
        key = position.muscle, position.side
        found[key] = found.get(key, 0) + position.trains
    return found


def denervated(site: str, **options) -> set[str]:
    return {muscle for (muscle, side), n in trains_by_muscle(site, **options).items() if n and side == "left"}


def test_a_study_looks_like_an_examination():
    study, truth = simulate_study("inferior_gluteal", side="right", weeks_since_onset=8.0, rng=2, **SHORT)
    assert len(study.recordings) == len(truth.recordings) == len(truth.muscles) == 14
    assert study.affected_side == "right"
    assert study.weeks_since_onset == 8.0
    assert 18 <= study.age_years <= 90
    assert 140 <= study.height_cm <= 205
    assert all(recording.site and recording.muscle in muscles() for recording in study.recordings)
    assert [recording.side for recording in study.recordings].count("left") == 1
    assert (
        sum(recording.muscle == "gluteus_maximus" and recording.side == "right" for recording in study.recordings) == 4
    )
    check_table(study.conduction, CONDUCTION)
    assert not study.conduction["result"].any()


def test_an_inferior_gluteal_lesion_denervates_only_the_gluteus_maximus_of_its_side():
    study, truth = simulate_study("inferior_gluteal", rng=3, **SHORT)
    for recording, known in zip(study.recordings, truth.recordings, strict=True):
        expected = recording.muscle == "gluteus_maximus" and recording.side == "left"
        assert bool(DENERVATION & set(known.units["label"])) is expected


def test_one_silent_muscle_has_endplate_spikes_with_endplate_noise():
    for site in ("inferior_gluteal", "sacral_plexus", "none"):
        _, truth = simulate_study(site, rng=4, **SHORT)
        zone = truth.muscles["endplate"].to_numpy()
        assert zone.sum() == 1
        for inside, share, known in zip(zone, truth.muscles["share"], truth.recordings, strict=True):
            assert inside == ("endplate_spike" in set(known.units["label"]))
            assert inside == ("endplate_noise" in set(known.spans["what"]))
            assert not (inside and share)


def test_a_healthy_person_has_no_denervation_and_healthy_nerves():
    for seed in range(5):
        study, truth = simulate_study("none", rng=seed, **SHORT)
        found = {label for known in truth.recordings for label in known.units["label"]}
        assert not found & DENERVATION
        assert not truth.conduction["lost"].any()
        sural = study.conduction[study.conduction["study"] == "sural_sensory"]
        assert (sural["amplitude_uv"] >= 6).all()


@pytest.mark.parametrize("site", sorted(sites()))
def test_every_site_can_be_simulated(site):
    positions = plan(site)
    assert len(positions) == 14
    for position in positions:
        if position.trains:
            assert position.share >= 0.2
    lost = lost_responses(Lesion(site, "left", 0.8, 6.0))
    assert all(0.0 <= share <= 0.8 for share in lost.values())


def test_the_muscles_follow_the_lesion():
    assert denervated("root_S1") >= {"gluteus_maximus", "gastrocnemius_medial", "soleus"}
    assert "tibialis_anterior" not in denervated("root_S1")
    assert denervated("superior_gluteal") == {"gluteus_medius", "tensor_fasciae_latae"}
    assert not denervated("sciatic_notch") & {"gluteus_medius", "lumbar_paraspinals_L5"}
    assert "sacral_paraspinals_S1" in denervated("root_S1")
    assert "sacral_paraspinals_S1" not in denervated("sacral_plexus")
    assert denervated("local_muscle_injury") == {"gluteus_maximus"}
    assert denervated("inferior_gluteal+common_fibular") == {"gluteus_maximus", "tibialis_anterior"}


def test_diffuse_disease_reaches_the_other_side_and_focal_disease_does_not():
    other = "gluteus_maximus", "right"
    assert trains_by_muscle("motor_neuron_disease", severity=1.0)[other] > 0
    assert all(trains_by_muscle("sacral_plexus", seed=seed)[other] == 0 for seed in range(10))


def test_motor_neuron_disease_fasciculates():
    _, truth = simulate_study("motor_neuron_disease", rng=1, **SHORT)
    assert any("fasciculation" in set(known.units["label"]) for known in truth.recordings)


def test_trains_grow_with_share_and_severity():
    counts = {
        (site, severity): np.mean([sum(p.trains for p in plan(site, seed=s, severity=severity)[:4]) for s in range(30)])
        for site in ("inferior_gluteal", "root_S1")
        for severity in (0.4, 0.9)
    }
    assert muscle_share("root_S1", "gluteus_maximus") < 0.7
    assert counts["inferior_gluteal", 0.9] > 1.7 * counts["inferior_gluteal", 0.4]
    assert counts["inferior_gluteal", 0.9] > 1.7 * counts["root_S1", 0.9]


def test_fibrillations_take_weeks_to_appear():
    assert not denervated("inferior_gluteal", weeks=1.0)
    assert not denervated("inferior_gluteal", severity=0.0)
    assert denervated("inferior_gluteal", weeks=3.0) == {"gluteus_maximus"}


def test_fibrillations_grow_smaller_over_the_year():
    rng = np.random.default_rng(1)
    largest = {
        weeks: max(unit.peak_to_peak_uv or 0.0 for unit in denervated_units(200, weeks=weeks, rng=rng))
        for weeks in (4.0, 15.0, 60.0)
    }
    assert largest[4.0] == pytest.approx(612, rel=0.03)
    assert largest[15.0] == pytest.approx(512, rel=0.03)
    assert largest[60.0] <= 100


def test_trains_of_one_needle_position_differ_in_size():
    sizes = sorted(u.peak_to_peak_uv or 0.0 for u in denervated_units(5, weeks=6.0, rng=np.random.default_rng(3)))
    assert sizes[0] < 90
    assert sizes[-1] > 350


def test_sensory_responses_fall_with_a_plexus_lesion_and_not_with_a_root_lesion():
    plexus, root = (simulate_study(site, rng=5, **SHORT)[0].conduction for site in ("sacral_plexus", "root_S1"))
    ratio = {}
    for name, table in (("plexus", plexus), ("root", root)):
        sural = table[table["study"] == "sural_sensory"].set_index("side")["amplitude_uv"]
        ratio[name] = sural["left"] / sural["right"]
    assert ratio["plexus"] < 0.35
    assert 0.6 < ratio["root"] < 1.6


def test_an_absent_response_has_no_latency():
    lost = dict.fromkeys([("sural_sensory", "left"), ("h_reflex", "left")], 1.0)
    table = simulated_conduction(lost, age_years=50.0, height_cm=170.0, rng=np.random.default_rng(1))
    gone = table[table["note"] == "no response"]
    assert set(gone["study"]) == {"sural_sensory", "h_reflex"}
    assert gone["latency_ms"].isna().all()


@pytest.mark.parametrize("age_years", [20.0, 45.0, 80.0])
@pytest.mark.parametrize("height_cm", [150.0, 165.0, 175.0, 195.0])
def test_every_person_has_every_response(age_years, height_cm):
    table = simulated_conduction({}, age_years=age_years, height_cm=height_cm, rng=np.random.default_rng(1))
    assert len(table) == 2 * len(simulated_studies())
    assert table["latency_ms"].notna().all()


def test_the_same_seed_gives_the_same_study():
    first, again = (simulate_study("root_L5", rng=9, **SHORT)[0] for _ in range(2))
    for one, two in zip(first.recordings, again.recordings, strict=True):
        assert np.array_equal(one.samples_uv, two.samples_uv)
    assert first.conduction.equals(again.conduction)


def test_only_the_muscles_asked_for_are_examined():
    study, _ = simulate_study("inferior_gluteal", muscles=["GMax", "vastus_lateralis"], rng=1, **SHORT)
    assert {recording.muscle for recording in study.recordings} == {"gluteus_maximus", "vastus_lateralis"}


def test_every_simulated_label_is_a_label_and_every_criterion_has_a_value():
    assert set(read_variants()) <= set(labels())
    assert all(np.isfinite(value) for value in criteria_values("physics").values())


def test_impossible_studies_are_refused():
    with pytest.raises(StudyError, match="side is 'both'; it must be 'left' or 'right'"):
        simulate_study("none", side="both")
    with pytest.raises(StudyError, match=r"severity is 1\.5; it must be a share from 0 to 1"):
        simulate_study("none", severity=1.5)
    with pytest.raises(StudyError, match="weeks_since_onset is -1; it must be 0 or more"):
        simulate_study("none", weeks_since_onset=-1)
    with pytest.raises(UnknownNameError, match="inferior gluteus"):
        simulate_study("inferior gluteus")
