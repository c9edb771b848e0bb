"""Why an answer is what it is: sentences checked against answers without their findings, or with their tests done."""

import math
import re

import numpy as np
import pytest

from emgkit.knowledge.anatomy import muscles, studies
from emgkit.knowledge.hazards import read_cautions
from emgkit.knowledge.names import lowered, muscle_or_study_name, site_name
from emgkit.localization.posterior import localize
from emgkit.localization.sentences import odds_text
from tests.localization.patterns import SHIPPED, mirrored, probabilities, rows, shipped_tables

GLUTEAL = {"gluteus_maximus": 2, "gastrocnemius_medial": 0, "soleus": 0, "biceps_femoris_short_head": 0}
PAIR = {"candidates": ["inferior_gluteal", "root_S1"], "weeks_since_onset": 6, "affected_side": "left"}
DEEP = {row.test for row in read_cautions()}
NEVER = ("confirm", "exclud", "caused", "treat", "prognosis", "diagnos", "surgery is", "injury date", "stop the")


def log_odds(answer, one="inferior_gluteal", two="root_S1"):
    """Of the findings: the prior is taken out."""
    table = answer.posterior.set_index("site")["log_likelihood"]
    return table[one] - table[two]


def sentences(answer):
    told = answer.explanation
    return [told.tie, *told.reasons, *told.unexplained, *told.would_change, *(one.why for one in answer.verdict.rivals)]


def test_a_reason_holds_the_exact_odds_of_its_findings_together():
    reasons = localize(rows(GLUTEAL), **PAIR).explanation.reasons
    silent = [name for name, grade in GLUTEAL.items() if not grade]
    odds = math.exp(
        log_odds(localize(rows(GLUTEAL), **PAIR)) - log_odds(localize(rows({"gluteus_maximus": 2}), **PAIR))
    )
    (reason,) = (one for one in reasons if "without fibrillations" in one)
    assert reason.endswith(f"({odds_text(odds)}).")
    assert "speak for inferior gluteal nerve rather than S1 root, which would lead to expect changes there" in reason
    for name in silent:
        assert lowered(muscle_or_study_name(name)) in reason
    # three muscles share a severity: together they are less than independent ones would be, and more than one alone
    alone = math.exp(
        log_odds(localize(rows(GLUTEAL), **PAIR)) - log_odds(localize(rows(dict(list(GLUTEAL.items())[:-1])), **PAIR))
    )
    assert odds > alone


def test_reasons_come_strongest_first_and_do_not_depend_on_the_order_of_the_rows():
    table, nerves = shipped_tables("sciatic_notch")
    options = {"weeks_since_onset": 6, "candidates": ["sciatic_notch", "root_S1"]}
    one = localize(table, nerves, **options).explanation
    assert one == localize(table[::-1], nerves[::-1], **options).explanation
    assert 1 < len(one.reasons) <= 4
    said = [re.search(r"(about|more than) ([\d.]+) to 1", reason).groups() for reason in one.reasons]
    ranks = [float(number) + (words == "more than") for words, number in said]
    assert ranks == sorted(ranks, reverse=True)


def test_an_abnormal_muscle_that_the_second_cannot_reach_is_said_so():
    table = rows({"tibialis_anterior": 2, "gluteus_medius": 2, "lumbar_paraspinals": 2})
    reasons = localize(table, candidates=["root_L5", "common_fibular"], weeks_since_onset=6).explanation.reasons
    assert reasons[0].startswith("Left gluteus medius and lumbar paraspinals with fibrillations or sharp waves speak ")
    assert "rather than common fibular nerve, which would not lead to expect them" in reasons[0]


def test_sites_that_look_alike_are_left_to_the_prior_and_the_next_site_is_told_apart():
    answer = localize(
        *shipped_tables("inferior_gluteal"), weeks_since_onset=6, candidates=["inferior_gluteal", "none", "root_S1"]
    )
    assert answer.posterior["site"][1] == "none"
    reasons = answer.explanation.reasons
    assert reasons[0].startswith("Left gluteus maximus with fibrillations or sharp waves speaks for inferior gluteal")
    assert any("rather than S1 root" in reason for reason in reasons)
    alike = localize(rows({"tibialis_anterior": 2}), prior={"root_L5": 2, "root_L4": 1.9}).explanation.reasons
    assert len(alike) == 1


def test_a_pair_that_holds_the_first_site_does_not_hide_why_it_is_not_elsewhere():
    candidates = ["inferior_gluteal", "superior_gluteal+inferior_gluteal", "root_S1", "none"]
    options = {"candidates": candidates, "weeks_since_onset": 6, "prior": "gluteal_referral"}
    answer = localize(rows(GLUTEAL), **options)
    assert answer.posterior["site"][1] == "superior_gluteal+inferior_gluteal"
    assert any("rather than S1 root" in reason for reason in answer.explanation.reasons)
    assert not any("superior gluteal nerve and" in reason for reason in answer.explanation.reasons)  # adds nothing
    both = localize([*rows(GLUTEAL), *rows({"gluteus_medius": 2})], **options)
    assert both.posterior["site"][0] == "superior_gluteal+inferior_gluteal"
    assert "superior gluteal nerve and inferior gluteal nerve" in both.explanation.reasons[0]


def test_nothing_found_gives_no_reason_and_no_tie():
    told = localize([]).explanation
    assert (told.tie, told.reasons, told.unexplained) == ("", (), ())


def test_what_the_first_site_cannot_reach_is_unexplained():
    table = rows({"gluteus_maximus": 2, "tibialis_anterior": 2}) + rows({"soleus": 1}, "right")
    told = localize(table, candidates=["inferior_gluteal"], weeks_since_onset=6).explanation.unexplained
    what = "with fibrillations or sharp waves is not explained by inferior gluteal nerve"
    rest = "another site or a chance finding remains possible."
    assert told == (f"Left tibialis anterior {what}; {rest}", f"Right soleus {what}; {rest}")
    assert localize(table[:1], candidates=["inferior_gluteal"], weeks_since_onset=6).explanation.unexplained == ()


def test_without_a_lesion_every_abnormal_finding_is_unexplained():
    told = localize(rows({"gluteus_maximus": 1, "soleus": 0}), candidates=["none"], weeks_since_onset=6).explanation
    assert len(told.unexplained) == 1
    assert "not explained without a lesion; a chance finding remains possible" in told.unexplained[0]


def test_a_clinical_sign_that_the_first_site_does_not_cause_is_unexplained_and_an_absent_one_is_not():
    options = {
        "candidates": ["inferior_gluteal", "infrapiriform_foramen"],
        "prior": {"inferior_gluteal": 50, "infrapiriform_foramen": 1},
    }
    numb = localize(rows({"gluteus_maximus": 2}), clinical={"sensory_loss_posterior_thigh": True}, **options)
    assert numb.posterior["site"][0] == "inferior_gluteal"
    (said,) = numb.explanation.unexplained
    assert said.startswith("Sensory loss of the posterior thigh (yes) is not explained by inferior gluteal nerve")
    kept = localize(rows({"gluteus_maximus": 2}), clinical={"sensory_loss_posterior_thigh": False}, **options)
    assert kept.explanation.unexplained == ()


@pytest.mark.parametrize("site", ["inferior_gluteal", "superior_gluteal", "root_S1", "root_L5"])
def test_what_would_change_the_answer_does_change_it_and_what_is_not_said_does_not(site):
    needle, nerves = shipped_tables(site)
    candidates = dict.fromkeys([site, "inferior_gluteal", "superior_gluteal", "root_S1", "root_S2", "root_L5"])
    options = {"weeks_since_onset": 6, "affected_side": "left", "candidates": list(candidates)}
    answer = localize(needle, nerves, **options)
    leading = answer.posterior["site"][0]
    told = {re.search(r"would make (.*) lead\.", one)[1] for one in answer.explanation.would_change}
    changes = {
        localize([*needle, *muscle], [*nerves, *nerve], **options).posterior["site"][0]
        for test in answer.suggestions["test"]
        for muscle, nerve in outcomes_of(test)
    } - {leading}
    assert told <= {site_name(one) for one in changes}
    assert bool(told) is bool(changes)


def outcomes_of(test):
    """Needle and conduction rows of every outcome of one test."""
    if test in muscles():
        return [(rows({test: grade}), []) for grade in range(4)]
    return [([], [{"study": test, "side": "left", "result": result}]) for result in ("normal", "reduced", "absent")]


def test_the_grade_from_which_the_answer_changes_is_exact():
    options = {
        "weeks_since_onset": 6,
        "affected_side": "left",
        "candidates": ["inferior_gluteal", "root_S2"],
        "prior": {"inferior_gluteal": 30, "root_S2": 1},
    }
    table = rows({"gluteus_maximus": 2, "gastrocnemius_medial": 0})
    answer = localize(table, **options)
    for sentence in answer.explanation.would_change:
        least = int(found.group(1)) if (found := re.search(r"grade (\d)", sentence)) else 1
        named = [
            test
            for test in answer.suggestions["test"]
            if lowered(muscle_or_study_name(test)) in sentence and test in muscles()
        ]
        assert named
        for test in named:
            for grade in range(4):
                leads = localize([*table, *rows({test: grade})], **options).posterior["site"][0]
                assert (leads == "root_S2") is (grade >= least), (sentence, test, grade)


def test_ties_name_the_sites_or_the_families():
    two = localize(rows({"tibialis_anterior": 2}), prior={"root_L5": 1, "root_L4": 1.5}, weeks_since_onset=6)
    assert two.explanation.tie in {
        "L5 root or L4 root: not separable by the muscles tested.",
        "L4 root or L5 root: not separable by the muscles tested.",
    }
    assert "leading_tie" in two.caveats
    table = rows({"gastrocnemius_medial": 2, "tibialis_anterior": 2, "biceps_femoris_short_head": 2})
    families = localize(
        table, prior={"sciatic_notch": 1, "sciatic_fibular_division": 1, "sacral_plexus": 1, "sciatic_midthigh": 1},
        weeks_since_onset=6,
    )  # fmt: skip
    assert "root_plexus_sciatic_tie" in families.caveats
    assert "sciatic" in families.explanation.tie.casefold()
    assert "not separable by the muscles tested" in families.explanation.tie
    nerves = [{"study": "sural", "side": "left", "result": "normal"}]
    with_nerve = localize(rows({"tibialis_anterior": 2}), nerves, prior={"root_L5": 1, "root_L4": 1.5}).explanation.tie
    assert with_nerve == "" or with_nerve.endswith("not separable by what was tested.")


@pytest.mark.parametrize("site", SHIPPED)
@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
def test_sentences_keep_to_bounded_words_and_mirror(site, prior):
    needle, nerves = shipped_tables(site)
    options = {"weeks_since_onset": 6, "prior": prior}
    answer = localize(needle, nerves, **options)
    for sentence in sentences(answer):
        assert not [word for word in NEVER if word in sentence.casefold()], sentence
        assert "_" not in sentence
    other = localize(mirrored(needle), mirrored(nerves), **options)
    swap = {"left": "right", "Left": "Right", "right": "left", "Right": "Left"}
    told = [re.sub("|".join(swap), lambda found: swap[found[0]], sentence) for sentence in sentences(answer)]
    assert told == sentences(other)
    assert answer.settling == other.settling


def expected_truth(table, tests, options):
    """The slow way: an answer for every combination of outcomes, weighed by how likely it is at each site."""
    before = localize(table, **options)
    prior = probabilities(before)
    base = before.posterior.set_index("site")["log_likelihood"]
    total = 0.0
    outcomes = [([], [])]
    for test in tests:
        outcomes = [([*done[0], *one[0]], [*done[1], *one[1]]) for done in outcomes for one in outcomes_of(test)]
    for needle, nerves in outcomes:
        after = localize([*table, *needle], nerves, **options)
        likely = after.posterior.set_index("site")["log_likelihood"]
        joint = np.array([prior[site] * math.exp(likely[site] - base[site]) for site in prior])
        total += float((joint**2).sum() / joint.sum())
    return total


@pytest.mark.parametrize(
    ("table", "candidates"),
    [
        ({"tibialis_anterior": 2}, ["common_fibular", "root_L5"]),
        ({"tibialis_anterior": 2, "gastrocnemius_medial": 2}, ["sacral_plexus", "sciatic_notch"]),
    ],
)
def test_the_settling_set_is_worth_what_every_outcome_says_and_no_part_of_it_is_enough(table, candidates):
    options = {"candidates": candidates, "weeks_since_onset": 6, "affected_side": "left"}
    answer = localize(rows(table), **options)
    assert answer.settling
    assert set(answer.settling) <= set(muscles()) | set(studies())
    assert answer.settling_probability == pytest.approx(expected_truth(rows(table), answer.settling, options), abs=1e-6)
    for left_out in answer.settling:
        fewer = [test for test in answer.settling if test != left_out]
        assert expected_truth(rows(table), fewer, options) < min(0.95, answer.settling_probability)


def test_settled_sites_need_no_test_and_one_site_has_no_rival():
    settled = localize(
        rows({"gluteus_maximus": 2, "gluteus_medius": 0}), candidates=["inferior_gluteal", "tarsal_tunnel"]
    )
    assert settled.settling == ()
    assert settled.settling_probability > 0.95
    alone = localize(rows({"gluteus_maximus": 2}), candidates=["inferior_gluteal"])
    assert (alone.settling, alone.settling_probability) == ((), None)


def test_anticoagulation_on_record_is_a_caution_beside_deep_muscles_only():
    table = rows({"gluteus_medius": 2, "tensor_fasciae_latae": 2})
    plain = localize(table, weeks_since_onset=6)
    told = localize(table, weeks_since_onset=6, history={"anticoagulation": True})
    assert not plain.suggestions["hazard"].str.contains("on record").any()
    deep = told.suggestions.set_index("test")["hazard"]
    assert {test for test in deep.index if "Anticoagulation on record" in deep[test]} == set(deep.index) & DEEP
    assert set(deep.index) & DEEP
    assert {"gluteus_minimus", "piriformis", "tibialis_posterior"} < DEEP
    assert not DEEP & {"gluteus_maximus", "soleus", "tibialis_anterior", "sural_sensory"}
    for hazard in [*deep, *told.settling_hazards]:
        assert not re.search(r"\b(stop|withhold|pause|discontinue|bridge)\b", hazard)
    assert len(told.settling) == len(told.settling_hazards)
