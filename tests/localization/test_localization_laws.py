"""Laws that any honest answer obeys, and a slow twin that enumerates the joint table."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgkit.knowledge.anatomy import LOWER_LIMB, muscle_share, muscles, sites, studies
from emgkit.knowledge.charts import charts
from emgkit.localization.evidence import age_group, model_value
from emgkit.localization.hypotheses import all_pairs, read_prior
from emgkit.localization.lesions import side_shares
from emgkit.localization.observe import PROCESSES, observe_needle
from emgkit.localization.posterior import localize
from emgkit.localization.reach import LOCAL_INJURY, spread_over_severities
from emgkit.localization.tables import read_needle_table
from tests.localization.patterns import SHIPPED, mirrored, probabilities, rows, shipped_tables
from tests.naive import localization_by_enumeration

LIMB = sorted(name for name, muscle in muscles().items() if muscle.region in LOWER_LIMB)
WEEKS = (None, 0, 1, 2, 3, 4, 6, 12, 26, 52, 104, 300)
SINGLE = [site for site in sites() if site != LOCAL_INJURY]
UNITS = ("", "normal", "large", "small", "polyphasic", "nascent")
RECRUITMENTS = ("", "normal", "reduced", "early", "none")

needle_rows = st.lists(
    st.tuples(
        st.sampled_from(sorted(muscles())),
        st.sampled_from(["left", "right"]),
        st.sampled_from([None, 0, 1, 2, 3, 4]),
        st.sampled_from(UNITS),
        st.sampled_from(RECRUITMENTS),
    ),
    max_size=8,
    unique_by=lambda row: row[:2],
)
conduction_rows = st.lists(
    st.tuples(
        st.sampled_from(sorted(studies())),
        st.sampled_from(["left", "right"]),
        st.sampled_from(["normal", "reduced", "delayed", "absent"]),
    ),
    max_size=4,
    unique_by=lambda row: row[:2],
)


def as_tables(needle, conduction):
    names = ("muscle", "side", "fibrillation", "motor_unit", "recruitment")
    return (
        [dict(zip(names, row, strict=True)) for row in needle],
        [dict(zip(("study", "side", "result"), row, strict=True)) for row in conduction],
    )


@settings(max_examples=15, deadline=None)
@given(
    needle_rows, conduction_rows, st.sampled_from(WEEKS), st.sampled_from([None, 40, 75]), st.sampled_from([*charts()])
)
def test_the_fast_answer_is_that_of_the_joint_table(needle, conduction, weeks, age, chart):
    absent = {row[1] for row in conduction if row[0] == "h_reflex" and row[2] == "absent"}
    if age_group(age) == "older" and absent == {"left", "right"}:  # says nothing
        conduction = [row for row in conduction if row[0] != "h_reflex"]
    weights = {site: read_prior("general")[site] for site in SINGLE}
    weights |= {"root_L5+root_S1": 0.5, "root_S1+polyneuropathy": 1.5, "myopathy+inferior_gluteal": 0.2}
    told = {"weights": weights, "age": age_group(age), "chart": chart}
    slow = localization_by_enumeration(needle, conduction, weeks=weeks, **told)
    fast = localize(
        *as_tables(needle, conduction),
        weeks_since_onset=weeks,
        age_years=age,
        chart=chart,
        prior=weights,
        candidates=list(weights),
    )
    for row in fast.posterior.itertuples():
        probability, log_likelihood = slow[row.site]
        assert row.probability == pytest.approx(probability, rel=1e-6, abs=1e-12)
        assert row.log_likelihood == pytest.approx(log_likelihood, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
@pytest.mark.parametrize("candidates", [None, [*sites()]])
def test_no_finding_returns_the_prior(prior, candidates):
    answer = localize([], prior=prior, candidates=candidates)
    np.testing.assert_allclose(answer.posterior["probability"], answer.posterior["prior"], rtol=1e-12)
    found = probabilities(answer)
    total = sum(found[site] for site in sites())
    weights = sum(read_prior(prior)[site] for site in sites())
    for site in sites():
        assert found[site] / total == pytest.approx(read_prior(prior)[site] / weights)
    assert (total == pytest.approx(1)) is (candidates is not None)
    assert answer.evidence.empty
    assert answer.side == ""


@settings(max_examples=15, deadline=None)
@given(needle_rows, conduction_rows, st.sampled_from(WEEKS))
def test_probabilities_and_families_sum_to_one(needle, conduction, weeks):
    answer = localize(*as_tables(needle, conduction), weeks_since_onset=weeks)
    assert answer.posterior["probability"].sum() == pytest.approx(1)
    assert answer.families["probability"].sum() == pytest.approx(1)
    assert answer.posterior["probability"].is_monotonic_decreasing
    assert np.isfinite(answer.posterior["log_likelihood"]).all()


@settings(max_examples=10, deadline=None)
@given(needle_rows, conduction_rows, st.randoms(use_true_random=False))
def test_order_does_not_matter(needle, conduction, shuffler):
    first = probabilities(localize(*as_tables(needle, conduction)))
    shuffled = [list(needle), list(conduction)]
    for table in shuffled:
        shuffler.shuffle(table)
    second = probabilities(localize(*as_tables(*shuffled)))
    for site, probability in first.items():
        assert second[site] == pytest.approx(probability, rel=1e-9, abs=1e-15)


@settings(max_examples=10, deadline=None)
@given(needle_rows, st.sampled_from(LIMB))
def test_an_unassessed_muscle_changes_nothing(needle, muscle):
    table, _ = as_tables([row for row in needle if row[0] != muscle], [])
    without = localize(table)
    empty = localize([*table, {"muscle": muscle, "side": "left", "fibrillation": None}])
    np.testing.assert_array_equal(without.posterior["probability"], empty.posterior["probability"])
    assert list(without.posterior["site"]) == list(empty.posterior["site"])
    study = localize(table, [{"study": "sural", "side": "left", "result": "not assessed"}])
    np.testing.assert_array_equal(without.posterior["probability"], study.posterior["probability"])


@pytest.mark.parametrize("site", SHIPPED)
def test_mirrored_studies_mirror(site):
    needle, conduction = shipped_tables(site)
    left, right = localize(needle, conduction), localize(mirrored(needle), mirrored(conduction))
    assert probabilities(left) == pytest.approx(probabilities(right), rel=1e-9)
    assert {left.side, right.side} in ({"left", "right"}, {""})
    assert list(left.suggestions["test"]) == list(right.suggestions["test"])
    assert left.verdict.status == right.verdict.status
    assert left.verdict.met == right.verdict.met
    assert left.caveats == right.caveats


@settings(max_examples=20, deadline=None)
@given(needle_rows, conduction_rows, st.sampled_from(LIMB), st.integers(1, 4), st.sampled_from(WEEKS))
def test_an_abnormal_muscle_never_speaks_for_a_site_that_cannot_reach_it(needle, conduction, muscle, grade, weeks):
    table, nerves = as_tables([row for row in needle if row[0] != muscle], conduction)
    before = localize(table, nerves, weeks_since_onset=weeks).posterior.set_index("site")["log_likelihood"]
    after = localize([*table, *rows({muscle: grade})], nerves, weeks_since_onset=weeks)
    after = after.posterior.set_index("site")["log_likelihood"]
    for site in SINGLE:
        if muscle_share(site, muscle) == 0:
            gained = (after[site] - after["none"]) - (before[site] - before["none"])
            assert gained <= 1e-9, site


def test_no_expectation_lets_a_site_show_in_a_muscle_out_of_its_reach():
    from emgkit.localization.reach import reach

    table = reach()
    for site in SINGLE:
        for muscle in muscles():
            if muscle_share(site, muscle) == 0:
                assert table.by_severity[table.site_index[site], table.test_index[muscle]].max() == 0, (site, muscle)


@pytest.mark.parametrize("age", ["younger", "older"])
@pytest.mark.parametrize("weeks", WEEKS)
@pytest.mark.parametrize("units", [{}, {"recruitment": "reduced"}, {"motor_unit": "large"}, {"motor_unit": "small"},
                                   {"motor_unit": "normal", "recruitment": "normal"}, {"sites": 1},
                                   {"motor_unit": "large", "recruitment": "reduced"}, {"recruitment": "early"},
                                   {"motor_unit": "normal", "recruitment": "none"}])  # fmt: skip
def test_a_higher_grade_never_speaks_against_a_lesion_that_reaches_the_muscle(weeks, units, age):
    hidden = model_value("silent_per_reach")
    changed = spread_over_severities(np.array([0.06, 0.15, 0.3, 0.5, 0.75, 0.93]))
    ratios = []
    for grade in range(5):
        table = [{"muscle": name, "side": "left", "fibrillation": grade, **units} for name in muscles()]
        found = observe_needle(read_needle_table(table), weeks=weeks, age=age)
        processes = [PROCESSES.index(process) for process in ("neurogenic", "injured", "blocked")]
        ratios.append([[_shown(one, at, changed, hidden) / one.untouched for at in processes] for one in found])
    assert np.diff(ratios, axis=0).min() > -1e-12


def _shown(one, process, changed, hidden):
    visible = one.visible
    if PROCESSES[process] == "blocked":
        visible = max(visible * model_value("block_fibrillating"), model_value("block_fibrillating_least"))
    active, silent = changed * visible, changed * (1 - visible) + (1 - changed) * hidden * changed
    return active * one.active[process] + silent * one.silent[process] + (1 - active - silent) * one.untouched


@settings(max_examples=15, deadline=None)
@given(needle_rows, st.sampled_from(WEEKS))
def test_raising_a_grade_never_lowers_the_only_site_that_reaches_the_muscle(needle, weeks):
    table, _ = as_tables([row for row in needle if row[0] != "gluteus_maximus"], [])
    candidates = ["inferior_gluteal", "superior_gluteal", "common_fibular", "femoral", "none"]
    found = [
        localize([*table, *rows({"gluteus_maximus": grade})], weeks_since_onset=weeks, candidates=candidates)
        for grade in range(5)
    ]
    probability = [probabilities(answer)["inferior_gluteal"] for answer in found]
    ratio = [
        answer.posterior.set_index("site")["log_likelihood"].pipe(lambda one: one["inferior_gluteal"] - one["none"])
        for answer in found
    ]
    assert np.diff(probability).min() > -1e-12
    assert np.diff(ratio).min() > -1e-9


@pytest.mark.parametrize("weeks", [3, 8, 52])
def test_small_units_and_early_recruitment_speak_for_the_muscle_itself_and_large_or_few_ones_for_its_nerve(weeks):
    def for_muscle(**found):
        flat = {"inferior_gluteal": 1, LOCAL_INJURY: 1}
        table = [{"muscle": "gluteus_maximus", "side": "left", "fibrillation": 2, **found}]
        chance = probabilities(localize(table, weeks_since_onset=weeks, candidates=list(flat), prior=flat))
        return chance[LOCAL_INJURY]

    assert for_muscle() == pytest.approx(0.5, abs=0.02)
    assert for_muscle(motor_unit="small", recruitment="early") > for_muscle(motor_unit="small") > 0.8
    assert for_muscle(recruitment="early") > 0.8
    assert for_muscle(motor_unit="large", recruitment="reduced") < for_muscle(motor_unit="nascent") < 0.45
    assert for_muscle(recruitment="none") < 0.45


def test_sharp_waves_and_fibrillations_of_one_muscle_count_once():
    one = localize([{"muscle": "soleus", "side": "left", "fibrillation": 2, "positive_sharp_wave": 0}])
    both = localize([{"muscle": "soleus", "side": "left", "fibrillation": 2, "positive_sharp_wave": 2}])
    assert probabilities(one) == probabilities(both)


def test_a_few_sharp_waves_without_fibrillations_are_an_error_more_often():
    def ratio(muscle, **found):
        post = localize(
            [{"muscle": muscle, "side": "left", **found}], candidates=["none", "tibial_popliteal"]
        ).posterior
        chance = dict(zip(post["site"], post["log_likelihood"], strict=True))
        return chance["tibial_popliteal"] - chance["none"]

    alone = ratio("soleus", fibrillation=0, positive_sharp_wave=1)
    both = ratio("soleus", fibrillation=1, positive_sharp_wave=1)
    assert ratio("soleus", fibrillation=0, positive_sharp_wave=0) < 0 < alone < both - np.log(2)
    assert both == ratio("soleus", fibrillation=1, positive_sharp_wave=0) == ratio("soleus", positive_sharp_wave=1)
    assert ratio("soleus", fibrillation=0, positive_sharp_wave=2) == ratio("soleus", fibrillation=2)


def test_several_needle_positions_of_a_muscle_are_one_report():
    several = [{"muscle": "gluteus maximus", "side": "left", "fibrillation": grade} for grade in (0, 2, 1)]
    answer = localize(several)
    row = {"muscle": "gluteus maximus", "side": "left", "fibrillation": 2, "sites": 3, "positive_sites": 2}
    assert probabilities(answer) == probabilities(localize([row]))
    assert answer.evidence["finding"].nunique() == 1


def test_a_second_positive_insertion_makes_an_error_less_likely():
    one, two = (
        localize([{"muscle": "gluteus maximus", "side": "left", "fibs": 1, "sites": 4, "positive_sites": positive}])
        for positive in (1, 2)
    )
    assert probabilities(two)["none"] < probabilities(one)["none"]


def test_changed_units_add_less_to_fibrillations_than_they_say_alone():
    def odds(**found):
        post = localize([{"muscle": "tibialis_anterior", "side": "left", **found}], candidates=["root_L5", "none"])
        pair = probabilities(post)
        return np.log(pair["root_L5"] / pair["none"])

    prior = odds()
    alone = odds(recruitment="reduced") - prior
    fibrillating = odds(fibrillation=1) - prior
    together = odds(fibrillation=1, recruitment="reduced") - prior
    assert fibrillating < together < fibrillating + alone + 1


def test_all_pairs_are_answered_with_finite_numbers():
    needle, conduction = shipped_tables("inferior_gluteal")
    answer = localize(needle, conduction, weeks_since_onset=6, candidates=[*sites(), *all_pairs()])
    assert len(answer.posterior) == len(sites()) + len(all_pairs())
    assert answer.posterior["probability"].sum() == pytest.approx(1)
    assert "inferior_gluteal" in answer.posterior["site"][0]


def test_leaving_a_finding_out_gives_its_contribution():
    needle, conduction = shipped_tables("root_S1")
    whole = localize(needle, conduction, weeks_since_onset=6)
    part = localize([row for row in needle if row["muscle"] != "soleus"], conduction, weeks_since_onset=6)
    lost = whole.posterior.set_index("site")["log_likelihood"] - part.posterior.set_index("site")["log_likelihood"]
    told = whole.evidence[whole.evidence["subject"] == "soleus"].set_index("site")
    for site in set(SINGLE):
        assert told.loc[site, "log_likelihood"] == pytest.approx(lost[site], abs=1e-9)
        assert told.loc[site, "against_none"] == pytest.approx(lost[site] - lost["none"], abs=1e-9)
    assert told.loc["root_S1", "against_none"] > 1
    assert told.loc["none", "against_none"] == pytest.approx(0, abs=1e-12)


def test_the_side_that_was_examined_is_that_of_the_lesion_the_more_so_the_more_was_normal_there():
    def left(on_left, on_right):
        names = [
            "soleus",
            "tibialis_anterior",
            "vastus_medialis",
            "gluteus_medius",
            "semitendinosus",
            "adductor_longus",
        ]
        table = rows(dict.fromkeys(names[:on_left], 0)) + rows(dict.fromkeys(names[:on_right], 0), "right")
        return side_shares(observe_needle(read_needle_table(table), weeks=6))[0]

    assert left(0, 0) == left(3, 3) == 0.5
    assert 0.5 < left(1, 0) < left(2, 0) < left(3, 0) < left(6, 0) == model_value("side_examined")
    assert left(6, 1) == left(4, 1) == model_value("side_compared")  # with some of the other side to compare
    assert left(2, 5) == pytest.approx(1 - left(5, 2))


def test_a_told_side_is_believed_more_where_the_other_was_not_examined():
    def left(sides, told):
        table = [row for side in sides for row in rows({"soleus": 0, "tibialis_anterior": 2}, side)]
        return side_shares(observe_needle(read_needle_table(table), weeks=6), told)[0]

    assert left(["left"], "left") == model_value("side_examined") > model_value("side_told")
    assert left(["left", "right"], "left") == left(["right"], "left") == left([], "left") == model_value("side_told")
    assert left(["right"], "right") == pytest.approx(1 - model_value("side_examined"))


def test_silent_muscles_of_one_side_leave_little_to_a_lesion_of_the_other():
    silent = rows(
        dict.fromkeys(["soleus", "tibialis_anterior", "gluteus_maximus", "gluteus_medius", "semitendinosus"], 0)
    )
    flat = {"none": 1, "sciatic_notch": 1, "inferior_gluteal": 1}
    chance = probabilities(localize(silent, weeks_since_onset=8, candidates=list(flat), prior=flat))
    assert chance["none"] > 0.75
