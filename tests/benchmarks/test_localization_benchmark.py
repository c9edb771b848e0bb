"""The judge of localization: its model is a distribution, its posterior is calibrated, and it reads cases rightly."""

import numpy as np
import pandas as pd
import pytest
from localization_cases import everything, judge_case, read_case, read_weeks
from localization_checks import check_counts
from localization_draws import FEWEST, MOST, draw_study
from localization_model import RECRUITMENTS, RESULTS, SITES, UNITS, VARIANTS, Model, Needle, visible
from localization_scoring import ask, calibration_error, confusions, pooled

DAYS = 3 / 7, 1.0, 8.0, 60.0


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(VARIANTS["base"])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_chances_of_all_findings_of_a_muscle_sum_to_one(variant):
    model = Model(VARIANTS[variant])
    for muscle in model.muscles:
        for weeks in DAYS:
            total = sum(
                model.needle_chance(Needle(muscle, opposite, grade, recruitment, unit), weeks)
                for opposite in (False,)
                for grade in range(5)
                for recruitment in range(len(RECRUITMENTS))
                for unit in range(len(UNITS))
            )
            np.testing.assert_allclose(total, 1, atol=1e-9)


@pytest.mark.parametrize("weeks", DAYS)
def test_what_is_not_noted_is_summed_out(model, weeks):
    for grade in range(5):
        noted = sum(model.needle_chance(Needle("soleus", True, grade, r, u), weeks) for r in range(3) for u in range(3))
        np.testing.assert_allclose(noted, model.needle_chance(Needle("soleus", True, grade), weeks))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_chances_of_all_results_of_a_nerve_sum_to_one(variant):
    model = Model(VARIANTS[variant])
    for study in model.studies:
        for weeks in DAYS:
            results = model.results(study, weeks, opposite=False)
            assert len(results) == len(RESULTS)
            assert results.min() >= 0
            np.testing.assert_allclose(results.sum(axis=0), 1)


def test_over_all_severities_a_muscle_is_involved_as_often_as_published(model):
    column = model.columns.index("root_S1")
    assert model.reach["gluteus_maximus"][column] == pytest.approx(7.5 / 12)
    involved = model.involved("gluteus_maximus", opposite=False)[column] @ model.weights
    error = model.settings.examiner_error
    assert involved == pytest.approx((1 - error) * 7.5 / 12 / 0.93 + error * 0.3, abs=1e-3)


def test_fibrillations_come_first_near_the_spine_and_leave_there_first():
    assert visible(0, 2.0) == pytest.approx(1)
    assert visible(4, 2.0) < 0.1
    assert visible(4, 8.0) == pytest.approx(1)
    assert visible(0, 60.0) < visible(4, 60.0) < 1


def test_no_finding_leaves_every_site_as_likely(model):
    assert model.posterior([], [], 8.0) == pytest.approx(np.full(len(SITES), 1 / len(SITES)))


def test_its_own_posterior_is_calibrated_on_its_own_studies(model):
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(500):
        study = draw_study(model, rng)
        chances = model.posterior(study.needle, study.nerves, study.weeks)
        rows.append({"site": study.site, "own_first": SITES[int(chances.argmax())], "own_top": chances.max()})
    rows = pd.DataFrame(rows)
    right = (rows["own_first"] == rows["site"]).mean()
    spread = np.sqrt((rows["own_top"] * (1 - rows["own_top"])).sum()) / len(rows)
    assert abs(right - rows["own_top"].mean()) < 3.5 * spread
    assert calibration_error(rows, "own") < 0.08


def test_a_drawn_study_is_a_table_that_localize_takes(model):
    study = draw_study(model, np.random.default_rng(1))
    assert study == draw_study(model, np.random.default_rng(1))
    assert FEWEST <= len({row["muscle"] for row in study.needle_table}) <= MOST
    for row, found in zip(study.needle_table, study.needle, strict=True):
        assert max(row["fibrillation"], row.get("positive_sharp_wave", 0)) == found.denervation
    chances = ask(study)
    assert set(chances) == set(SITES)
    assert sum(chances.values()) == pytest.approx(1)


def test_pooled_numbers_by_hand():
    rows = pd.DataFrame({
        "site": ["a", "a", "b", "b"],
        "own_first": ["a", "a", "b", "a"], "own_top": [0.95, 0.95, 0.95, 0.55],
        "emgkit_first": ["a", "b", "b", "a"], "emgkit_top": [0.95, 0.55, 0.95, 0.55],
        "own_log": [-0.1, -0.1, -0.1, -1.0], "emgkit_log": [-0.1, -0.5, -0.1, -1.0],
    })  # fmt: skip
    numbers = pooled(rows)
    assert numbers["top-1 ratio"] == pytest.approx(2 / 3)
    assert numbers["log score lost"] == pytest.approx(0.1)
    assert numbers["calibration error"] == pytest.approx((2 * 0.05 + 2 * 0.55) / 4)
    worst = confusions(rows).iloc[0]
    assert worst.name == ("a", "b")
    assert worst["log score lost"] == pytest.approx(0.1)


CASE = {
    "id": "made_up",
    "kind": "published",
    "confirmed_site": "sciatic_fibular_division_at_hip",
    "side": "right",
    "weeks_since_onset": "about 8-9 (two months)",
    "muscles": {
        "biceps_femoris_short_head": {"fibs": "present", "psw": "marked", "recruitment": "markedly reduced"},
        "gastrocnemius_medial": {"state": "normal"},
        "unheard_of": {"state": "normal"},
    },
    "muscle_groups": {
        "fibular_innervated_below_knee": {"fibs": 3, "mup": "long duration, polyphasic"},
        "tibial_innervated": {"state": "abnormal"},
    },
    "contralateral": {"tibialis_anterior": {"state": "normal"}},
    "ncs": {"sural_snap": "normal", "fibular_cmap": "very low or absent", "pfcn_snap": "absent right; 9 uV left",
            "h_reflex": "not attributable"},
    "clinical": {"foot_drop": "present", "ankle_plantarflexion_mrc": 5, "pain": "somewhere"},
    "imaging": {"mri": "adductors hyperintense"},
    "usable_for_scoring": True,
}  # fmt: skip


def test_a_case_is_read_as_tables():
    case = read_case(CASE)
    rows = {(row["muscle"], row["side"]): row for row in case.needle}
    assert set(rows) == {
        *((muscle, "right") for muscle in ("biceps_femoris_short_head", "gastrocnemius_medial", "tibialis_anterior")),
        *(("peroneus_longus", "right"), ("tibialis_anterior", "left")),
    }
    short_head = rows["biceps_femoris_short_head", "right"]
    assert (short_head["fibrillation"], short_head["positive_sharp_wave"]) == (2, 3)
    assert short_head["recruitment"] == "reduced"
    assert rows["peroneus_longus", "right"]["motor_unit"] == "large"
    assert rows["gastrocnemius_medial", "right"]["fibrillation"] == 0  # named itself: the group does not overrule it
    assert {(row["study"], row["side"], row["result"]) for row in case.conduction} == {
        ("sural_sensory", "right", "normal"),
        ("fibular_motor_edb", "right", "reduced"),
        ("posterior_femoral_cutaneous_sensory", "right", "absent"),
        ("posterior_femoral_cutaneous_sensory", "left", "normal"),
    }
    assert case.clinical == {"ankle_dorsiflexion_power": "weak", "ankle_plantarflexion_power": "normal"}
    assert case.imaging == {"muscle_oedema": ["adductor_longus", "adductor_brevis"]}
    assert case.weeks == pytest.approx(8.5)
    assert [words.split(":")[0] for words in case.unread] == ["unheard_of", "h_reflex", "pain"]


def test_a_case_is_judged_by_its_confirmed_site():
    assert judge_case(read_case(CASE))["confirmed"] == "sciatic_fibular_division"
    assert judge_case(read_case(CASE | {"confirmed_site": "nowhere"}))["verdict"] == "not mapped"


def test_weeks_are_read_only_where_they_are_told():
    assert read_weeks("more than 21 (over 5 months)") == pytest.approx(21)
    assert read_weeks(6) == pytest.approx(6)
    assert read_weeks("presented at 2 days; EMG date not given") is None
    assert read_weeks("2 days") is None
    assert read_weeks(None) is None


def test_pairs_are_all_pairs_of_two_lesions():
    names = everything()
    single = [name for name in names if "+" not in name]
    assert len(names) == len(single) + (len(single) - 1) * (len(single) - 2) // 2
    assert not any("none" in name.split("+") for name in names if "+" in name)


def test_every_published_count_has_an_interval_around_it():
    table = check_counts()
    assert len(table) == 30
    assert ((table["low"] <= table["published"]) & (table["published"] <= table["high"])).all()
    assert table["predicted"].between(0, 1).all()
    assert table["margin"].is_monotonic_increasing
