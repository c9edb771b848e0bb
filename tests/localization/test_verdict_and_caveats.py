import pytest

from emgkit.knowledge.caveats import read_caveats
from emgkit.localization.posterior import localize
from tests.localization.patterns import probabilities, rows, shipped_tables

MINIMUM = {
    "gluteus_maximus": 2, "gluteus_medius": 0, "semitendinosus": 0, "gastrocnemius_medial": 0, "lumbar_paraspinals": 0,
}  # fmt: skip
NOTHING_DONE = {"injection": False, "muscle_surgery": False, "hip_arthroplasty": "none"}


def full_tables():
    """Every criterion of the definite verdict, with both parts of the muscle abnormal."""
    needle, conduction = shipped_tables("inferior_gluteal")
    parts = [{"muscle": f"gluteus maximus {part}", "side": "left", "fibrillation": 2} for part in ("upper", "lower")]
    return [*parts, *needle[1:]], conduction


def test_all_listed_criteria_make_it_definite():
    answer = localize(*full_tables(), weeks_since_onset=6, history=NOTHING_DONE)
    assert answer.verdict.status == "definite"
    assert answer.verdict.side == "left"
    assert not answer.verdict.failed
    assert not answer.verdict.missing


@pytest.mark.parametrize(
    ("change", "listed"),
    [
        ({"weeks_since_onset": 5}, "at least 6 weeks since onset"),
        ({"weeks_since_onset": None}, "at least 6 weeks since onset"),
        ({"history": None}, "no surgery, injection or haematoma in the muscle"),
        ({"history": {"injection": "gluteus maximus"}}, "no surgery, injection or haematoma in the muscle"),
        ({"history": {"hip_arthroplasty": {"left": "posterior"}}}, "no surgery, injection or haematoma in the muscle"),
    ],
)
def test_time_and_history_hold_back_the_definite_verdict(change, listed):
    options = {"weeks_since_onset": 6, "history": NOTHING_DONE} | change
    verdict = localize(*full_tables(), **options).verdict
    assert verdict.status == "probable"
    assert listed in {*verdict.failed, *verdict.missing}


def test_an_operation_of_the_other_hip_does_not_concern_the_muscle():
    history = {"hip_arthroplasty": {"right": "posterior", "left": "none"}}
    assert localize(*full_tables(), weeks_since_onset=6, history=history).verdict.status == "definite"


@pytest.mark.parametrize("left_out", ["gluteus_medius", "semitendinosus", "soleus", "tensor_fasciae_latae"])
def test_a_missing_muscle_is_listed(left_out):
    needle, conduction = full_tables()
    verdict = localize(
        [row for row in needle if row["muscle"] != left_out], conduction, weeks_since_onset=6, history=NOTHING_DONE
    ).verdict
    assert verdict.status == "probable"
    assert len(verdict.missing) == 1


def test_the_minimum_set_makes_it_probable_and_first_under_the_gluteal_prior():
    answer = localize(rows(MINIMUM), weeks_since_onset=6, prior="gluteal_referral")
    assert answer.posterior["site"][0] == "inferior_gluteal"
    assert answer.verdict.status == "probable"
    assert {"pelvic_mass", "local_injury_open", "opposite_side_not_tested"} <= set(answer.caveats)


@pytest.mark.parametrize("left_out", ["gluteus_medius", "semitendinosus", "gastrocnemius_medial", "lumbar_paraspinals"])
def test_without_one_of_the_minimum_it_is_indeterminate(left_out):
    table = rows({muscle: grade for muscle, grade in MINIMUM.items() if muscle != left_out})
    for prior in ("general", "gluteal_referral"):
        assert localize(table, weeks_since_onset=6, prior=prior).verdict.status == "indeterminate"


def test_a_second_abnormal_muscle_holds_the_verdict_back():
    verdict = localize(rows(MINIMUM | {"soleus": 1}), weeks_since_onset=6).verdict
    assert verdict.status == "not_supported"
    assert "nothing else abnormal on this side" in verdict.failed


def test_a_named_second_site_may_explain_the_rest():
    nerves = [{"study": study, "side": side, "result": "absent"} for study in ("sural", "SPN") for side in ("L", "R")]
    table = [*rows(MINIMUM), *rows({"abductor_hallucis": 2, "EDB": 2}), *rows({"abductor_hallucis": 2}, "right")]
    pair = "inferior_gluteal+polyneuropathy"
    answer = localize(
        table, nerves, weeks_since_onset=6, prior="gluteal_referral",
        candidates=["inferior_gluteal", "polyneuropathy", "none", "root_S1", pair],
    )  # fmt: skip
    assert answer.posterior["site"][0] == pair
    assert answer.verdict.status == "probable"


@pytest.mark.parametrize(("weeks", "status"), [(6, "not_supported"), (1, "indeterminate"), (None, "indeterminate")])
def test_a_normal_muscle_speaks_only_at_an_informative_time(weeks, status):
    assert localize(*shipped_tables("none"), weeks_since_onset=weeks).verdict.status == status


@pytest.mark.parametrize("site", ["root_S1", "sacral_plexus"])
def test_where_another_site_explains_its_muscle_the_nerve_is_not_supported(site):
    assert localize(*shipped_tables(site), weeks_since_onset=6).verdict.status == "not_supported"


def test_nothing_is_said_of_a_muscle_that_was_not_tested():
    verdict = localize(rows({"tibialis_anterior": 2, "peroneus_longus": 2}), weeks_since_onset=6).verdict
    assert verdict.status == "indeterminate"
    assert "gluteus maximus abnormal" in verdict.missing


def test_a_muscle_abnormal_alone_is_never_explained_away():
    for prior in ("general", "gluteal_referral"):
        assert (
            localize(rows({"gluteus_maximus": 3}), weeks_since_onset=6, prior=prior).verdict.status == "indeterminate"
        )


def test_urgent_caveats_are_given_first():
    answer = localize(
        rows({"gluteus_maximus": 2, "external_anal_sphincter": 2}) + rows({"external_anal_sphincter": 2}, "right"),
        weeks_since_onset=6,
        clinical={"buttock_swelling": True, "saddle_sensation": "reduced"},
        history={"anticoagulation": True},
    )
    assert answer.caveats[:2] == ("bilateral_s2_s4", "buttock_compartment")
    urgent = [read_caveats()[name].urgent for name in answer.caveats]
    assert urgent == sorted(urgent, reverse=True)


def test_saddle_findings_or_sphincters_of_both_sides_are_urgent_each_alone():
    assert "bilateral_s2_s4" in localize([], clinical=["bladder disturbance"]).caveats
    assert "bilateral_s2_s4" not in localize([], clinical={"bladder disturbance": False}).caveats
    both = rows({"EAS": 1}) + rows({"EAS": 1}, "right")
    assert "bilateral_s2_s4" in localize(both).caveats


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, True),
        ({"history": {"trauma": "pelvic fracture"}}, False),
        ({"history": {"injection": "gluteus maximus"}}, False),
        ({"history": {"trauma": "none"}}, True),
        ({"imaging": {"pelvis_imaged": True}}, False),
    ],
)
def test_a_pelvic_mass_is_named_as_not_looked_for_only_without_a_reason(options, said):
    answer = localize(rows(MINIMUM), weeks_since_onset=6, prior="gluteal_referral", **options)
    assert ("pelvic_mass" in answer.caveats) is said


def test_ties_and_what_was_not_tested_are_said():
    answer = localize(rows({"tibialis_anterior": 2, "peroneus_longus": 2}), weeks_since_onset=2)
    assert {"before_week_3", "no_paraspinals", "few_tests", "opposite_side_not_tested"} <= set(answer.caveats)
    assert "onset_not_told" in localize([]).caveats
    several = rows({"tibialis_anterior": 2, "vastus_medialis": 2, "gastrocnemius_medial": 2, "gluteus_maximus": 2})
    assert "only_legs_tested" in localize(several).caveats
    assert "only_legs_tested" not in localize([*several, *rows({"deltoid": 0})]).caveats


def test_abnormal_paraspinals_of_an_operated_level_say_nothing_and_normal_ones_still_do():
    abnormal, normal = rows({"lumbar_paraspinals_L5": 2}), rows({"lumbar_paraspinals_L5": 0})
    operated = {"spine_surgery": "L5"}
    answer = localize(abnormal, history=operated)
    assert probabilities(answer) == probabilities(localize([]))
    assert "operated_spine" in answer.caveats
    assert set(answer.evidence["finding"]) == {"left lumbar_paraspinals_L5: not interpretable, operated"}
    assert (answer.evidence["log_likelihood"] == 0).all()
    assert probabilities(localize(normal, history=operated)) == probabilities(localize(normal))
    assert probabilities(localize(abnormal, history={"spine_surgery": "L2"})) == probabilities(localize(abnormal))
    assert "operated_spine" in localize(abnormal, history={"spine_surgery": True}).caveats


def test_every_sentence_keeps_to_bounded_words():
    for caveat in read_caveats().values():
        for word in ("confirm", "exclude", "caused", "treat", "prognosis", "stop ", "no nerve injury", "diagnos"):
            assert word not in caveat.sentence.casefold(), caveat.caveat
