"""Ordinary, prefixed and postfixed legs: one for all tests of a leg, published averages kept."""

import numpy as np
import pytest
from scipy.stats import beta

from emgkit.knowledge.anatomy import muscle_share, muscles, studies, study_share
from emgkit.knowledge.charts import charts
from emgkit.localization.evidence import GRADE_CLASSES, counts, false_positive, model_value, severities, timed
from emgkit.localization.hypotheses import enumerate_hypotheses
from emgkit.localization.legs import LEGS, leg_weights, reach_by_leg
from emgkit.localization.lesions import Lesion, Patient, lesion_reach, lesion_states
from emgkit.localization.observe import observe_needle
from emgkit.localization.outcomes import found_at
from emgkit.localization.posterior import localize
from emgkit.localization.reach import is_root, reach, reach_key
from emgkit.localization.scenarios import likelihoods, unfold
from emgkit.localization.selection import select_rows
from emgkit.localization.tables import read_needle_table
from tests.localization.patterns import probabilities, rows
from tests.naive import localization_by_enumeration

ROOTS = [site for site in reach().sites if is_root(site)]


def of_leg(table, root):
    """Reach of a root in each kind of leg, shape (n_legs, n_tests, n_severities)."""
    return np.stack([table.by_severity[table.site_index[reach_key(root, leg)]] for leg in LEGS])


def predicted(site, muscle, weeks=6):
    """P(grade >= 1 | one root) by the model itself: legs, severities and states summed out."""
    lesions = [Lesion(site, "left", leg=leg) for leg in LEGS]
    length_class = muscles()[muscle].length_class
    visible = timed("fibrillation", weeks, length_class=length_class)
    changed = lesion_reach(lesions, [muscle], test_sides=["left"])
    active, _, untouched = lesion_states(changed, np.array([visible]), tests=[muscle])
    rates = false_positive("needle", muscle, length_class=length_class)
    false = sum(rates[grade] for grade in GRADE_CLASSES[1:])
    return float(leg_weights() @ (active + untouched * false)[..., 0] @ severities().weight)


def test_tsao_s_frequencies_are_predicted_within_their_clopper_pearson_intervals():
    checked = 0
    for (site, muscle), count in counts().items():
        if count.source != "tsao_2003" or muscle not in muscles():
            continue
        k, n = count.abnormal, count.tested
        low = beta.ppf(0.025, k, n - k + 1) if k else 0.0
        high = beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
        assert low <= predicted(site, muscle) <= high, (site, muscle, predicted(site, muscle), low, high)
        checked += 1
    assert checked > 30


def test_the_average_over_legs_is_the_published_number_or_as_close_as_the_limits_allow():
    average = np.array([[0.0, 0.02, 0.9], [0.5, 0.9, 0.97], [0.9, 0.3, 0.05], [0.2, 0.0, 0.0]])
    legs = reach_by_leg(average)
    back = np.tensordot(leg_weights(), legs, axes=1)
    ordinary = legs[LEGS.index("ordinary")]
    assert (legs >= 0).all()
    assert (legs <= 1).all()
    np.testing.assert_allclose(back[:, 0], average[:, 0], atol=1e-12)
    assert back[0, 1] > average[0, 1]  # the neighbour's part alone is more than was published
    np.testing.assert_allclose(back[1:, 1], average[1:, 1], atol=1e-12)
    assert ordinary[:, 2].max() == pytest.approx(legs.max())
    assert (legs[:, average == 0] == 0).all()


@pytest.mark.parametrize("chart", charts())
def test_averages_of_the_model_are_kept_but_for_a_few_at_the_limits(chart):
    table = reach(select_rows(chart=chart))
    rooted = [table.site_index[root] for root in ROOTS]
    legs = np.tensordot(leg_weights(), np.stack([of_leg(table, root) for root in ROOTS], axis=1), axes=1)
    np.testing.assert_allclose(legs, table.by_severity[rooted], atol=1e-12)
    ordinary = np.stack([of_leg(table, root)[LEGS.index("ordinary")] for root in ROOTS]) @ severities().weight
    free = (ordinary < model_value("leg_reach_most") - 1e-9) & (ordinary > 0)
    wanted = np.array([
        [counts()[root, test].probability if (root, test) in counts() else np.nan for test in table.tests]
        for root in ROOTS
    ])  # fmt: skip
    false = [_false(test) for test in table.tests]
    seen = (1 - (1 - table.by_severity[rooted] @ severities().weight) * (1 - np.array(false)))[free]
    compared = ~np.isnan(wanted[free])
    assert compared.sum() > 25
    np.testing.assert_allclose(seen[compared], wanted[free][compared], atol=1e-9)


def _false(test):
    if test in studies():
        return false_positive(studies()[test].kind, test)["abnormal"]
    rates = false_positive("needle", test, length_class=muscles()[test].length_class)
    return sum(rates[grade] for grade in GRADE_CLASSES[1:])


def test_only_roots_and_only_what_runs_through_the_plexus_depends_on_the_leg():
    table = reach()
    for site in ROOTS:
        shifts = np.ptp(of_leg(table, site), axis=0).max(axis=-1) > 1e-9
        assert shifts.any(), site
        for column, test in enumerate(table.tests):
            dorsal = test in muscles() and muscles()[test].ramus == "dorsal"
            share = muscle_share(site, test) if test in muscles() else study_share(site, test)
            assert not (shifts[column] and (dorsal or share == 0)), (site, test)


def test_a_prefixed_l5_root_does_part_of_what_s1_does_and_a_postfixed_one_what_l4_does():
    table = reach()
    root = of_leg(table, "root_L5") @ severities().weight
    wholly_before, before, ordinary, after, wholly_after = root[:, table.test_index["biceps_femoris_long_head"]]
    assert wholly_before > before > ordinary > after > wholly_after
    assert (root[:, table.test_index["vastus_medialis"]] == 0).all()  # L5 reaches it in no leg
    _, _, ordinary, after, wholly_after = root[:, table.test_index["quadratus_femoris"]]
    assert wholly_after < after < ordinary


def test_a_wholly_shifted_leg_does_what_the_neighbour_does_in_an_ordinary_one():
    average = np.array([[0.3, 0.4], [0.5, 0.2], [0.6, 0.7]])
    legs = dict(zip(LEGS, reach_by_leg(average), strict=True))
    np.testing.assert_allclose(legs["wholly_prefixed"][:2], legs["ordinary"][1:])
    np.testing.assert_allclose(legs["wholly_postfixed"][1:], legs["ordinary"][:2])
    extent = model_value("leg_shift_extent")
    part = (1 - extent) * legs["ordinary"][1] + extent * legs["ordinary"][2]
    np.testing.assert_allclose(legs["prefixed"][1], part)


def test_a_leg_that_is_none_of_the_average_is_thought_of():
    """Of two roots that share their muscles unevenly, a wholly shifted leg keeps the true one from being ruled out."""
    pattern = rows({"biceps_femoris_short_head": 2, "biceps_femoris_long_head": 2, "gastrocnemius_medial": 2})
    silent = rows(dict.fromkeys(["peroneus_longus", "tibialis_anterior", "tensor_fasciae_latae"], 0))
    answer = probabilities(localize([*pattern, *silent], weeks_since_onset=8, candidates=["root_L5", "root_S1"]))
    assert 0.001 < answer["root_L5"] < 0.05


def test_all_tests_of_a_leg_share_its_kind():
    """Two muscles that only a prefixed leg gives to L5 come together more often than by chance."""
    found = observe_needle(
        read_needle_table(rows({"biceps_femoris_long_head": 1, "gastrocnemius_lateral": 1})), weeks=6
    )
    scenarios = unfold(enumerate_hypotheses(["root_L5"]), Patient({}))
    seen = likelihoods(scenarios, found_at([found]))
    weight = np.exp(scenarios.log_weight)
    left = np.array([lesion.side == "left" for lesion in scenarios.lesions])[scenarios.first]
    for level in range(len(severities().names)):
        here = left & (scenarios.first_severity == level)
        share = weight[here] / weight[here].sum()
        assert share @ seen[here].prod(axis=1) > np.prod(share @ seen[here]) * 1.01


@pytest.mark.parametrize("names", [["root_L5"], ["root_L5+root_S1"], ["root_S1+inferior_gluteal"], ["none"]])
def test_weights_of_the_scenarios_sum_to_one(names):
    scenarios = unfold(enumerate_hypotheses(names), Patient({}, (0.8, 0.2)))
    assert np.exp(scenarios.log_weight).sum() == pytest.approx(1)


def test_a_root_in_a_pair_is_that_of_the_average_leg():
    alone, pair = (
        unfold(enumerate_hypotheses([name]), Patient({})).lesions for name in ("root_L5", "root_L5+common_fibular")
    )
    assert {lesion.leg for lesion in alone} == set(LEGS)
    assert {lesion.leg for lesion in pair} == {""}
    by_leg = lesion_reach(alone[: len(LEGS)], reach().tests, test_sides=["left"] * len(reach().tests))
    average = lesion_reach(pair[:1], reach().tests, test_sides=["left"] * len(reach().tests))
    assert {lesion.side for lesion in (*alone[: len(LEGS)], *pair[:1])} == {"left"}
    np.testing.assert_allclose(np.tensordot(leg_weights(), by_leg, axes=1), average[0], atol=1e-12)


def test_pairs_of_roots_are_summed_exactly():
    needle = [
        (name, side, grade, "", "")
        for side, grades in (("left", (1, 1, 0, 2)), ("right", (0, 1, None, 0)))
        for name, grade in zip(
            ("biceps_femoris_long_head", "tibialis_anterior", "soleus", "gluteus_maximus"), grades, strict=True
        )
    ]
    weights = {"root_L5+root_S1": 1.0, "root_L4+root_L5": 0.7, "root_S1+root_S2": 0.4, "root_S1": 2.0, "none": 1.0}
    slow = localization_by_enumeration(needle, [("h_reflex", "left", "absent")], weeks=5, weights=weights)
    names = ("muscle", "side", "fibrillation", "motor_unit", "recruitment")
    table = [dict(zip(names, row, strict=True)) for row in needle]
    h_reflex = [{"study": "h_reflex", "side": "left", "result": "absent"}]
    fast = probabilities(localize(table, h_reflex, weeks_since_onset=5, prior=weights, candidates=list(weights)))
    for name in weights:
        assert fast[name] == pytest.approx(slow[name][0], rel=1e-9)


def test_the_assumptions_on_legs_are_listed():
    assumed = localize(rows({"soleus": 1})).assumed
    keys = ("prefixed", "postfixed", "shift_extent", "shifted_wholly")
    assert {f"evidence_model:leg_{key}" for key in keys} <= set(assumed)


def test_the_extents_of_a_site_are_among_the_assumed_rows_of_an_answer():
    assumed = localize(
        rows({"gluteus_medius": 1}), candidates=["sciatic_notch", "lumbosacral_trunk", "root_S1"]
    ).assumed
    assert {"extents:sciatic_notch", "extents:lumbosacral_trunk"} <= set(assumed)
    assert "evidence_expected:lumbosacral_trunk:leg:gluteus_medius" in assumed
    assert not any(key.startswith("extents:root") for key in assumed)
