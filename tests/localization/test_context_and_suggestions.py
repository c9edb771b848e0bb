import numpy as np
import pytest

from emgkit.errors import StudyError
from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, studies
from emgkit.localization.posterior import localize
from emgkit.localization.suggest import expected_information
from tests.localization.patterns import probabilities, rows, shipped_tables

FOCAL = rows({"gluteus_maximus": 2, "gluteus_medius": 0, "gastrocnemius_medial": 0, "lumbar_paraspinals": 0})


def gain(site, rival="none", **options):
    """How far the context moves the odds of a site against a rival."""
    options = {"candidates": [site, rival], "affected_side": "left"} | options
    after = probabilities(localize([], **options))
    before = probabilities(localize([], candidates=[site, rival], affected_side="left"))
    return float(np.log(after[site] / after[rival]) - np.log(before[site] / before[rival]))


def test_trendelenburg_speaks_for_the_superior_and_against_the_inferior_gluteal_nerve_alone():
    assert gain("superior_gluteal", "inferior_gluteal", clinical=["trendelenburg"]) > 1
    assert gain("inferior_gluteal", clinical={"hip_extension_power": "weak"}) > 1
    assert -1 < gain("inferior_gluteal", clinical={"hip_extension_power": "normal"}) < 0


def test_numbness_of_the_posterior_thigh_speaks_for_the_foramen_and_not_for_the_nerve_alone():
    numb = {"sensory_loss_posterior_thigh": True}
    assert gain("infrapiriform_foramen", "inferior_gluteal", clinical=numb) > 1


def test_a_lost_ankle_jerk_speaks_for_s1_plexus_or_sciatic():
    for site in ("root_S1", "sacral_plexus", "sciatic_notch"):
        assert gain(site, "inferior_gluteal", clinical={"ankle_jerk": "absent"}) > 1


def test_a_finding_of_the_other_side_speaks_only_for_that_side():
    weak = {"hip_abduction_power": {"right": "weak", "left": "normal"}}
    answer = localize([], clinical=weak, candidates=["superior_gluteal", "inferior_gluteal"])
    assert answer.side == "right"


def test_oedema_of_a_muscle_speaks_for_its_nerve_and_for_its_own_injury():
    oedema = {"muscle_oedema": "gluteus maximus"}
    assert gain("inferior_gluteal", imaging=oedema) > 2
    assert gain("superior_gluteal", imaging=oedema) == pytest.approx(0)
    with_image = probabilities(localize(FOCAL, imaging=oedema, prior="gluteal_referral"))
    assert (
        sum(
            value
            for site, value in with_image.items()
            if {"inferior_gluteal", "local_muscle_injury"} & {*site.split("+")}
        )
        > 0.8
    )


def test_an_injection_or_operation_raises_the_injury_of_that_muscle():
    plain = probabilities(localize(FOCAL))["local_muscle_injury"]
    injected = probabilities(localize(FOCAL, history={"injection": "gluteus maximus"}))["local_muscle_injury"]
    elsewhere = probabilities(localize(FOCAL, history={"injection": "deltoid"}))["local_muscle_injury"]
    replaced = probabilities(localize(FOCAL, history={"hip_arthroplasty": "posterior"}))["local_muscle_injury"]
    assert injected > 2 * plain
    assert elsewhere < plain
    assert replaced > 2 * plain


def test_every_context_finding_has_its_contribution_and_order_does_not_matter():
    told = {"trendelenburg": False, "hip_extension_power": "weak", "ankle_jerk": "normal"}
    one = localize(FOCAL, clinical=told)
    two = localize(FOCAL, clinical=dict(reversed(told.items())))
    assert probabilities(one) == pytest.approx(probabilities(two))
    clinical = one.evidence[one.evidence["kind"] == "clinical"]
    assert clinical["subject"].unique().tolist() == list(told)
    none = clinical[clinical["site"] == "none"]
    assert none["against_none"].tolist() == pytest.approx([0, 0, 0])


def test_a_value_that_a_finding_does_not_take_is_refused():
    with pytest.raises(StudyError, match="ankle_jerk is 'brisk'"):
        localize([], clinical={"ankle_jerk": "brisk"})


def test_information_of_a_perfect_and_of_a_useless_test():
    assert expected_information(np.eye(4) / 4) == pytest.approx(2)
    assert expected_information(np.full((4, 3), 1 / 12)) == pytest.approx(0, abs=1e-12)


def test_suggestions_are_untested_of_the_affected_side_and_sorted():
    needle, conduction = shipped_tables("inferior_gluteal")
    answer = localize(needle, conduction, weeks_since_onset=6)
    done = {row["muscle"] for row in needle} | {row["study"] for row in conduction}
    suggestions = answer.suggestions
    limb = {name for name, muscle in muscles().items() if muscle.region in LOWER_LIMB}
    assert len(suggestions) == 8
    assert set(suggestions["side"]) == {"left"}
    assert not done & set(suggestions["test"])
    assert set(suggestions["test"]) <= limb | set(studies())
    assert suggestions["information_bits"].is_monotonic_decreasing
    assert (suggestions["information_bits"] > 0).all()
    for row in suggestions.itertuples():
        assert row.hazard == (muscles()[row.test].hazard if row.test in muscles() else "")


def test_normal_paraspinals_without_a_level_stand_for_those_at_a_level_and_abnormal_ones_do_not():
    back = {name for name, muscle in muscles().items() if muscle.ramus == "dorsal" and muscle.region in LOWER_LIMB}
    table = rows({"vastus_medialis": 1, "tibialis_anterior": 1, "adductor_longus": 0})
    options = {"weeks_since_onset": 6, "candidates": ["root_L2", "root_L4"]}  # far enough for a level to tell them
    normal, abnormal = (
        back & set(localize([*table, *rows({"lumbar_paraspinals": grade})], **options).suggestions["test"])
        for grade in (0, 2)
    )
    assert not normal
    assert "lumbar_paraspinals_L4" in abnormal


def test_the_opposite_side_is_offered_where_both_sides_are_to_be_compared():
    pair = ["inferior_gluteal", "myopathy"]
    told = localize(rows({"gluteus_maximus": 2}), weeks_since_onset=6, candidates=pair).suggestions
    opposite = told[told["side"] == "right"]
    assert opposite["test"].tolist() == ["gluteus_maximus"]
    assert opposite["information_bits"].iloc[0] > 0.1
    normal = localize(rows({"gluteus_maximus": 0}), weeks_since_onset=6, candidates=pair).suggestions
    assert set(normal["side"]) == {"left"}
    both = [*rows({"gluteus_maximus": 2}), *rows({"gluteus_maximus": 0}, "right")]
    assert set(localize(both, weeks_since_onset=6, candidates=pair).suggestions["side"]) == {"left"}


def test_the_other_h_reflex_is_offered_once_one_was_lost():
    pair = ["root_S1", "polyneuropathy"]
    lost = [{"study": "h_reflex", "side": "left", "result": "absent"}]
    told = localize(rows({"soleus": 1}), lost, weeks_since_onset=6, candidates=pair, affected_side="left").suggestions
    assert ("h_reflex", "right") in set(zip(told["test"], told["side"], strict=True))
    settling = localize(rows({"soleus": 1}), lost, weeks_since_onset=6, candidates=pair).settling
    assert "h_reflex" not in settling  # the tests named to settle are those of the affected side


def test_the_age_and_the_chart_that_were_used_are_told():
    answer = localize(FOCAL, age_years=72, chart="kendall")
    assert (answer.age_years, answer.chart) == (72, "classical")
    plain = localize(FOCAL)
    assert (plain.age_years, plain.chart) == (None, "tsao")


def test_information_is_the_expected_fall_of_entropy_over_real_answers():
    table, candidates = rows({"tibialis_anterior": 2}), ["root_L5", "common_fibular", "sciatic_notch", "none"]
    options = {"candidates": candidates, "weeks_since_onset": 6, "affected_side": "left"}
    before = localize(table, **options)
    told = before.suggestions.set_index("test")["information_bits"]
    test = told.index[0]
    assert test in muscles()
    entropy = 0.0
    chances = []
    for grade in (0, 1, 2, 3):
        after = localize([*table, *rows({test: grade})], **options)
        chance = np.exp(_evidence(after) - _evidence(before))
        chances.append(chance)
        entropy += chance * _entropy(after)
    assert sum(chances) == pytest.approx(1)
    assert told[test] == pytest.approx(_entropy(before) - entropy, abs=1e-6)


def _evidence(answer):
    return float(np.logaddexp.reduce(np.log(answer.posterior["prior"]) + answer.posterior["log_likelihood"]))


def _entropy(answer):
    chance = answer.posterior["probability"].to_numpy()
    return float(-(chance * np.log2(chance)).sum())


def test_the_short_head_is_asked_for_between_the_knee_and_the_thigh():
    table = rows({"tibialis_anterior": 3, "peroneus_longus": 3, "gastrocnemius_medial": 0, "semitendinosus": 0})
    pair = ["common_fibular", "sciatic_fibular_division"]
    suggestions = localize(table, weeks_since_onset=6, candidates=pair).suggestions
    assert suggestions["test"][0] == "biceps_femoris_short_head"
    assert set(suggestions["separates"][0].split(" | ")) == set(pair)


def test_a_suggested_test_stands_beside_two_sites_that_it_tells_apart():
    needle, nerves = shipped_tables("root_S1")
    told = {
        "clinical": {"ankle_jerk": "absent", "hip_extension_power": {"left": "weak"}},
        "history": ["hip_arthroplasty"],
    }
    suggestions = localize(needle, nerves, weeks_since_onset=6, prior="gluteal_referral", **told).suggestions
    asked = [(row.test, row.side, row.separates.split(" | ")) for row in suggestions.itertuples()]
    asked = [each for each in asked if each[0] in muscles()]
    assert "vastus_lateralis" in [test for test, _, _ in asked]  # which tells no two of the leading four apart
    for test, side, pair in asked:
        odds = []
        for more in ([], rows({test: 2}, side)):
            answer = localize([*needle, *more], nerves, weeks_since_onset=6, candidates=pair, affected_side="left")
            odds.append(answer.posterior.set_index("site")["log_likelihood"].loc[pair].diff().iloc[1])
        assert abs(odds[1] - odds[0]) > 0.01, (test, pair)
