"""Age: what is usual over 60 is no sign of a lesion, and an unknown age is read as up to 60."""

import numpy as np
import pytest

import emgkit
from emgkit.errors import TableError
from emgkit.knowledge.tables import criteria_values
from emgkit.localization.evidence import counts, false_positive
from emgkit.localization.posterior import localize
from emgkit.localization.reach import reach
from emgkit.localization.selection import select_rows
from tests.localization.patterns import probabilities, rows

LIMIT = criteria_values("evidence_model")["older_years"]
FADED = "not interpretable, absent on both sides over 60"


def h_reflexes(left, right):
    return [
        {"study": "h_reflex", "side": side, "result": result} for side, result in (("left", left), ("right", right))
    ]


def test_over_60_an_h_reflex_absent_on_both_sides_is_kept_for_display_and_says_nothing():
    needle = rows({"gastrocnemius_medial": 1, "tibialis_anterior": 0})
    without = localize(needle, age_years=70)
    absent = localize(needle, h_reflexes("absent", "absent"), age_years=70)
    np.testing.assert_array_equal(without.posterior["probability"], absent.posterior["probability"])
    shown = absent.evidence[absent.evidence["subject"] == "h_reflex"]
    assert set(shown["finding"]) == {f"left h_reflex: {FADED}", f"right h_reflex: {FADED}"}
    assert not shown["log_likelihood"].any()
    assert "h_reflex" not in set(absent.suggestions["test"])


@pytest.mark.parametrize("age_years", [None, 40, LIMIT])
def test_up_to_60_it_stays_evidence(age_years):
    without, absent = localize([], age_years=age_years), localize([], h_reflexes("absent", "absent"))
    assert probabilities(absent)["polyneuropathy"] > 2 * probabilities(without)["polyneuropathy"]


@pytest.mark.parametrize("other", ["normal", "delayed"])
def test_over_60_an_h_reflex_absent_on_one_side_stays_evidence(other):
    found = h_reflexes("absent", other)
    old, young = (localize([], found, age_years=age) for age in (LIMIT + 1, LIMIT))
    assert probabilities(old) == pytest.approx(probabilities(young))
    assert "left h_reflex: absent" in set(old.evidence["finding"])


def test_superficial_fibular_responses_are_those_counted_at_that_age():
    key, none = ("root_L5", "superficial_fibular_sensory"), ("none", "superficial_fibular_sensory")
    assert (counts("older")[key].abnormal, counts("older")[key].tested) == (7, 22)
    assert (counts("older")[none].abnormal, counts("older")[none].tested) == (9, 33)
    assert (counts()[key].abnormal, counts()[none].abnormal) == (4, 1)
    assert false_positive("sensory", none[1], age="older")["abnormal"] == pytest.approx(9.5 / 34)
    table = reach(select_rows(age_years=75))
    ganglion = table.by_severity[table.site_index["root_L5"], table.test_index[key[1]]]
    assert ganglion == pytest.approx((7.5 / 23 - 9.5 / 34) / (1 - 9.5 / 34))


def test_a_lost_superficial_fibular_response_says_less_over_60():
    found = [{"study": "superficial fibular", "side": "left", "result": "reduced"}]
    young, old = (localize([], found, age_years=age).posterior.set_index("site") for age in (50, 70))
    ratio = [one.loc["common_fibular", "log_likelihood"] - one.loc["none", "log_likelihood"] for one in (young, old)]
    assert ratio[0] > ratio[1] + 1


def test_fibrillating_paraspinals_say_less_over_60_and_limb_muscles_as_much():
    for muscle, less in (("lumbar_paraspinals", True), ("tibialis_anterior", False)):
        young, old = (
            localize([{"muscle": muscle, "side": "left", "fibrillation": 2}], age_years=age).evidence.set_index("site")
            for age in (50, 70)
        )
        lost = young.loc["root_L5", "against_none"] - old.loc["root_L5", "against_none"]
        assert (lost > 0.3) if less else lost == pytest.approx(0), muscle


@pytest.mark.parametrize("age_years", [-1, 121, float("nan"), float("inf")])
def test_an_impossible_age_is_refused_with_a_way_out(age_years):
    with pytest.raises(TableError, match=rf"age_years is {age_years}; it must be from 0 to 120 years, or None"):
        localize([], age_years=age_years)


def test_a_study_hands_its_age_down():
    study, _ = emgkit.simulate_study("none", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    findings = emgkit.analyze_study(study)
    answers = [
        emgkit.localize_study(emgkit.Study(**{**vars(study), "age_years": age}), findings).evidence for age in (40, 75)
    ]
    tested = [answer[answer["subject"] == "superficial_fibular_sensory"]["log_likelihood"] for answer in answers]
    assert len(tested[0]) == len(tested[1]) > 0
    assert not np.allclose(tested[0], tested[1])
