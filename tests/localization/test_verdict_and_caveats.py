import pytest

from emgkit.knowledge.anatomy import muscle_share, muscles, sites, study_share
from emgkit.knowledge.caveats import read_caveats
from emgkit.knowledge.clinical import clinical_findings
from emgkit.knowledge.rivals import read_rivals
from emgkit.localization.posterior import localize
from emgkit.model.localization import RIVAL_WORDS
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


def test_a_second_site_that_does_not_explain_the_rest_holds_the_verdict_back():
    pair = "inferior_gluteal+common_fibular"
    options = {
        "weeks_since_onset": 6,
        "candidates": [pair, "inferior_gluteal", "none"],
        "prior": {pair: 1e3, "inferior_gluteal": 1, "common_fibular": 1, "none": 1},
    }
    named = rows(MINIMUM | {"tibialis_anterior": 2, "peroneus_longus": 2})
    for table, status in ((named, "probable"), ([*named, *rows({"soleus": 2}, "right")], "indeterminate")):
        answer = localize(table, **options)
        assert answer.posterior["site"][0] == pair
        assert answer.verdict.status == status, answer.verdict
        assert ("nothing else abnormal on this side" in answer.verdict.failed) is (status == "indeterminate")


@pytest.mark.parametrize("abnormal", ["lumbar_paraspinals_L5", "sacral_paraspinals_S1"])
def test_one_abnormal_level_of_the_paraspinals_is_not_made_up_for_by_a_normal_one(abnormal):
    levels = {"lumbar_paraspinals_L5": 0, "sacral_paraspinals_S1": 0} | {abnormal: 2}
    table = {name: grade for name, grade in MINIMUM.items() if "paraspinals" not in name} | levels
    assert "paraspinals normal" in localize(rows(table), weeks_since_onset=6).verdict.failed
    assert "paraspinals normal" in localize(rows(table | {abnormal: 0}), weeks_since_onset=6).verdict.met


def test_each_line_of_the_definite_verdict_is_a_criterion():
    needle, conduction = full_tables()
    verdict = localize(needle, conduction, weeks_since_onset=6, history=NOTHING_DONE).verdict
    assert set(verdict.met) == {
        "gluteus maximus abnormal", "gluteus maximus abnormal at two or more insertions",
        "gluteus maximus abnormal in its upper and lower parts", "gluteus medius normal", "tensor fasciae latae normal",
        "a medial hamstring normal", "biceps femoris short head normal", "gastrocnemius normal",
        "soleus or a foot S2 muscle normal", "paraspinals normal", "sural response normal",
        "superficial fibular response normal", "H reflexes symmetric", "opposite gluteus maximus normal",
        "at least 6 weeks since onset", "no surgery, injection or haematoma in the muscle",
        "nothing else abnormal on this side",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("muscle", "left_out"),
    [
        ("gastrocnemius_medial", "gastrocnemius normal"),
        ("biceps_femoris_short_head", "biceps femoris short head normal"),
        ("lumbar_paraspinals", "paraspinals normal"),
        ("semitendinosus", "a medial hamstring normal"),
    ],
)
def test_what_the_definite_verdict_asks_for_and_was_not_done_is_missing(muscle, left_out):
    needle, conduction = full_tables()
    table = [row for row in needle if row["muscle"] != muscle]
    verdict = localize(table, conduction, weeks_since_onset=6, history=NOTHING_DONE).verdict
    assert verdict.status != "definite"
    assert verdict.missing == (left_out,)


@pytest.mark.parametrize(
    ("study", "result", "failed"),
    [
        ("sural_sensory", "reduced", "sural response normal"),
        ("superficial_fibular_sensory", "absent", "superficial fibular response normal"),
        ("posterior_femoral_cutaneous_sensory", "absent", "posterior femoral cutaneous response normal"),
        ("h_reflex", "absent", "H reflexes symmetric"),
    ],
)
def test_an_abnormal_study_contradicts_the_definite_verdict(study, result, failed):
    needle, conduction = full_tables()
    kept = [row for row in conduction if (row["study"], row["side"]) != (study, "left")]
    changed = [*kept, {"study": study, "side": "left", "result": result}]
    verdict = localize(needle, changed, weeks_since_onset=6, history=NOTHING_DONE).verdict
    assert failed in verdict.failed
    assert verdict.status not in {"definite", "probable"}  # something else is abnormal, and no second site was named


def test_an_abnormal_opposite_muscle_or_one_insertion_holds_back_the_definite_verdict():
    needle, conduction = full_tables()
    opposite = [{**row, "fibrillation": 1} if row["side"] == "right" else row for row in needle]
    assert "opposite gluteus maximus normal" in localize(opposite, conduction, weeks_since_onset=6).verdict.failed
    one = localize(needle[1:], conduction, weeks_since_onset=6, history=NOTHING_DONE).verdict
    assert one.status == "probable"
    assert set(one.missing) == {
        "gluteus maximus abnormal at two or more insertions",
        "gluteus maximus abnormal in its upper and lower parts",
    }


RIVALS = (
    "root_S1", "root_S2", "root_L5", "cauda_equina", "partial_sacral_plexus", "sciatic", "superior_gluteal",
    "posterior_femoral_cutaneous", "pudendal", "local_muscle_injury",
)  # fmt: skip


def rival_words(answer):
    assert tuple(one.site for one in answer.verdict.rivals) == RIVALS
    assert {one.word for one in answer.verdict.rivals} <= set(RIVAL_WORDS)
    assert all(one.why for one in answer.verdict.rivals)
    return {one.site: one.word for one in answer.verdict.rivals}


def test_every_rival_is_named_unlikely_when_all_that_speaks_to_it_is_normal():
    needle, conduction = full_tables()
    needle += rows({"external_anal_sphincter": 0})
    conduction.append({"study": "posterior_femoral_cutaneous_sensory", "side": "left", "result": "normal"})
    for prior in ("general", "gluteal_referral"):
        answer = localize(needle, conduction, weeks_since_onset=6, history=NOTHING_DONE, prior=prior)
        words = rival_words(answer)
        assert {site for site, word in words.items() if word != "unlikely"} <= {"local_muscle_injury"}
    why = {one.site: one.why for one in answer.verdict.rivals}
    assert why["superior_gluteal"] == "normal: gluteus medius, tensor fasciae latae"
    assert "soleus H reflex" in why["root_S1"]


def test_rivals_whose_tests_were_not_done_are_not_tested():
    answer = localize(rows({"gluteus_maximus": 2}), weeks_since_onset=6)
    words = rival_words(answer)
    assert words.pop("local_muscle_injury") == "not told"  # no test says it, only the history
    assert set(words.values()) == {"not tested"}
    assert answer.verdict.rivals[-1].why.startswith("not told: injection into a muscle")
    assert "posterior femoral cutaneous sensory response" in answer.verdict.rivals[7].why
    assert rival_words(localize(rows(MINIMUM), weeks_since_onset=6))["pudendal"] == "not tested"


@pytest.mark.parametrize(("weeks", "said"), [(1, "too early"), (None, "not told")])
def test_normal_tests_that_came_too_early_leave_a_rival_open(weeks, said):
    answer = localize(*shipped_tables("inferior_gluteal"), weeks_since_onset=weeks)
    assert {rival_words(answer)[site] for site in ("root_S1", "root_L5", "sciatic")} == {"open"}
    assert said in answer.verdict.rivals[0].why


def test_an_abnormal_test_or_a_likely_site_leaves_a_rival_open():
    answer = localize(*shipped_tables("root_S1"), weeks_since_onset=6)
    assert rival_words(answer)["root_S1"] == "open"
    assert answer.verdict.rivals[0].why.startswith("abnormal: gastrocnemius medial head, soleus")
    likely = localize(rows({"gluteus_maximus": 2, "soleus": 0}), weeks_since_onset=6)
    assert probabilities(likely)["root_S1"] > 0.1
    assert rival_words(likely)["root_S1"] == "open"
    assert "too little" in likely.verdict.rivals[0].why


def test_injury_of_the_muscle_is_open_where_it_is_on_record_and_another_muscle_does_not_count():
    needle, conduction = full_tables()
    options = {"weeks_since_onset": 6}
    named = localize(needle, conduction, history={"injection": "gluteus maximus"}, **options).verdict.rivals[-1]
    assert (named.word, named.why) == ("open", "on record: injection into a muscle")
    other = localize(needle, conduction, history={"injection": "gluteus medius"}, **options).verdict.rivals[-1]
    assert other.why.startswith("not on record: injection into a muscle")


@pytest.mark.parametrize(("right", "said"), [(1, True), (0, False), (None, False)])
def test_gluteus_maximus_abnormal_on_both_sides_is_told(right, said):
    table = [*rows({"gluteus_maximus": 2}), *rows({"gluteus_maximus": right}, "right")]
    assert ("opposite_abnormal" in localize(table, weeks_since_onset=6).caveats) is said
    beside = [*rows({"gluteus_maximus": 2}), *rows({"gluteus_medius": 2}, "right")]
    assert "opposite_abnormal" not in localize(beside, weeks_since_onset=6).caveats


def test_a_rival_that_was_not_considered_is_open():
    answer = localize(rows(MINIMUM), weeks_since_onset=6, candidates=["inferior_gluteal", "root_S1"])
    assert rival_words(answer)["root_L5"] == "open"
    assert answer.verdict.rivals[2].why == "not among the sites considered"


def test_every_test_of_a_rival_is_reached_by_one_of_its_sites():
    for row in read_rivals().values():
        assert set(row.sites) <= set(sites())
        for test in row.tests:
            share = muscle_share if test in muscles() else study_share
            assert test in clinical_findings() or any(share(site, test) > 0 for site in row.sites), (row.rival, test)


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
