"""Pairs: weighed all at once as if each were unfolded, considered when nothing is listed, and quiet where idle."""

import itertools

import numpy as np
import pytest

import emgkit
from emgkit.errors import TableError
from emgkit.files.results import localization_document
from emgkit.knowledge.anatomy import muscles, sites
from emgkit.knowledge.names import site_name
from emgkit.localization.ages import read_ages
from emgkit.localization.context import read_context
from emgkit.localization.evidence import model_value
from emgkit.localization.hypotheses import all_pairs, enumerate_hypotheses, read_prior
from emgkit.localization.lesions import Patient
from emgkit.localization.observe import observe_conduction, observe_needle
from emgkit.localization.outcomes import found_at
from emgkit.localization.pairs import pair_log_likelihoods
from emgkit.localization.posterior import localize
from emgkit.localization.reach import LOCAL_INJURY
from emgkit.localization.scenarios import likelihoods, summed_likelihoods, unfold
from emgkit.localization.tables import read_conduction_table, read_needle_table
from emgkit.model.findings import StudyFindings
from emgkit.model.study import Study, StudyEvent
from emgkit.show.report_answer import answer_parts
from tests.localization.patterns import SHIPPED, mirrored, probabilities, rows, shipped_tables
from tests.naive import localization_by_enumeration

OLD_ROOT = {"weeks_ago": 200, "what": "disc"}
NEW_BUTTOCK = {"weeks_ago": 6, "what": "hip surgery", "side": "left"}
OLD_AND_NEW = [
    {"muscle": "gluteus_maximus", "side": "left", "fibrillation": 3, "motor_unit": "normal", "recruitment": "reduced"},
    *(
        {"muscle": muscle, "side": "left", "fibrillation": 0, "motor_unit": "large", "recruitment": "reduced"}
        for muscle in ("gastrocnemius_medial", "soleus", "biceps_femoris_short_head", "semitendinosus")
    ),
    *rows({"gluteus_medius": 0, "tensor_fasciae_latae": 0, "tibialis_anterior": 0, "vastus_medialis": 0}),
]
NERVES = [
    {"study": study, "side": "left", "result": result}
    for study, result in (("sural", "normal"), ("superficial fibular", "normal"), ("h_reflex", "absent"))
]


def examined(site, events=(), **told):
    """The patient and the findings of a shipped pattern, with some of the other side, as ``pairs`` takes them."""
    needle, nerves = shipped_tables(site)
    needle += [*rows({"soleus": 1, "tibialis_anterior": 0}, "right"), *rows({"deltoid": 0})]
    ages = read_ages(6, events)
    by_age = [
        [
            *observe_needle(read_needle_table(needle), weeks=weeks),
            *observe_conduction(read_conduction_table(nerves), weeks=weeks),
        ]
        for weeks in ages.weeks
    ]
    injured = {("gluteus_maximus", "left"): 0.7, ("soleus", "left"): 0.3, ("soleus", "right"): 1.0}
    return Patient(injured, (0.7, 0.3), ages), found_at(by_age), read_context(**told)


@pytest.mark.parametrize("events", [(), ({"weeks_ago": 300}, {"weeks_ago": 30, "side": "right"})])
@pytest.mark.parametrize("told", [{}, {"clinical": {"ankle_jerk": "absent", "hip_extension_power": {"left": "weak"}}}])
@pytest.mark.parametrize("site", ["inferior_gluteal", "sacral_plexus"])
def test_all_pairs_at_once_are_the_sum_over_their_scenarios(site, told, events):
    patient, outcomes, context = examined(site, events, **told)
    names = [*all_pairs()[::7], "myopathy+inferior_gluteal", "sciatic_notch+root_S1", "polyneuropathy+root_L5"]
    hypotheses = enumerate_hypotheses(names)
    scenarios = unfold(hypotheses, patient)
    found = np.log(likelihoods(scenarios, outcomes)).sum(axis=1) + context.log_likelihoods(scenarios).sum(axis=1)
    for number, together in enumerate(
        pair_log_likelihoods(hypotheses.members, patient, outcomes=outcomes, context=context)
    ):
        own = scenarios.hypothesis == number
        assert together == pytest.approx(np.logaddexp.reduce((scenarios.log_weight + found)[own]), abs=1e-9)


@pytest.mark.parametrize("events", [(), ({"weeks_ago": 300}, {"weeks_ago": 30, "side": "right"})])
def test_likelihoods_summed_by_hypothesis_are_the_sum_over_their_scenarios(events):
    patient, outcomes, _ = examined("inferior_gluteal", events)
    names = ["none", "root_S1", "polyneuropathy", "root_S1+inferior_gluteal", "local_muscle_injury+sacral_plexus"]
    scenarios = unfold(enumerate_hypotheses(names), patient)
    weight = np.random.default_rng(1).random(len(scenarios.hypothesis))
    every = weight[:, None] * likelihoods(scenarios, outcomes)
    together = np.array([every[scenarios.hypothesis == number].sum(axis=0) for number in range(len(names))])
    np.testing.assert_allclose(summed_likelihoods(scenarios, outcomes, weight=weight), together, rtol=1e-12)


def test_many_tests_do_not_underflow():
    needle = [row for side in ("left", "right") for row in _everything(side)]
    answer = localize(needle, weeks_since_onset=6)
    assert np.isfinite(answer.posterior["log_likelihood"]).all()
    assert answer.posterior["log_likelihood"].min() < -200


def _everything(side):
    return [{"muscle": name, "side": side, "fibrillation": 3, "motor_unit": "small"} for name in muscles()]


@pytest.mark.parametrize("older", [[(200, None)], [(200, "left"), (40, "right")]])
@pytest.mark.parametrize("weeks", [6, 60])
def test_ages_are_summed_out_as_by_the_joint_table(weeks, older):
    needle = [
        ("gluteus_maximus", "left", 2, "", "reduced"), ("soleus", "left", 0, "large", "reduced"),
        ("tibialis_anterior", "right", 1, "polyphasic", ""), ("biceps_femoris_short_head", "left", None, "large", ""),
    ]  # fmt: skip
    nerves = [("sural_sensory", "left", "reduced"), ("h_reflex", "left", "absent")]
    weights = {"none": 3, "root_S1": 2, "root_S1+inferior_gluteal": 1, "inferior_gluteal+root_L5": 1}
    weights |= {"polyneuropathy+root_S1": 1, "myopathy": 1, "sciatic_notch+inferior_gluteal": 0.5}
    slow = localization_by_enumeration(needle, nerves, weeks=weeks, weights=weights, older=older)
    names = ("muscle", "side", "fibrillation", "motor_unit", "recruitment")
    fast = localize(
        [dict(zip(names, row, strict=True)) for row in needle],
        [dict(zip(("study", "side", "result"), row, strict=True)) for row in nerves],
        weeks_since_onset=weeks,
        events=[StudyEvent("something", float(ago), side) for ago, side in older],
        prior=weights,
        candidates=list(weights),
    )
    for row in fast.posterior.itertuples():
        assert row.probability == pytest.approx(slow[row.site][0], rel=1e-7)
        assert row.log_likelihood == pytest.approx(slow[row.site][1], rel=1e-9)


@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
def test_an_old_root_and_a_new_nerve_are_a_pair_with_their_own_ages(prior):
    options = {"affected_side": "left", "prior": prior}
    plain = localize(OLD_AND_NEW, NERVES, weeks_since_onset=6, **options)
    told = localize(OLD_AND_NEW, NERVES, weeks_since_onset=6, events=[OLD_ROOT, NEW_BUTTOCK], **options)
    assert "+" not in plain.posterior["site"][0]  # at one age for both, six weeks are too few for large units
    assert told.posterior["site"][0] == "root_S1+inferior_gluteal"
    assert (told.side, told.weeks_since_onset) == ("left", 6)
    only = localize(OLD_AND_NEW, NERVES, events=[OLD_ROOT, NEW_BUTTOCK], **options)
    assert probabilities(only) == pytest.approx(probabilities(told))
    assert only.weeks_since_onset == 6
    swapped = localize(OLD_AND_NEW, NERVES, weeks_since_onset=6, events=[NEW_BUTTOCK, OLD_ROOT], **options)
    assert probabilities(swapped) == pytest.approx(probabilities(told))


def test_an_old_lesion_alone_is_no_pair_because_something_happened_since():
    silent = [row for row in OLD_AND_NEW if row["muscle"] != "gluteus_maximus"] + rows({"gluteus_maximus": 0})
    answer = localize(silent, NERVES, events=[OLD_ROOT, NEW_BUTTOCK], affected_side="left")
    assert answer.posterior["site"][0] == "root_S1"
    assert answer.families["family"][0] == "root"


def test_events_as_old_as_the_onset_or_on_the_other_side_change_nothing():
    one_sided = {"weeks_since_onset": 6, "candidates": ["root_S1", "inferior_gluteal", "root_S1+inferior_gluteal"]}
    table = rows({"gluteus_maximus": 2, "soleus": 1})
    plain = localize(table, affected_side="left", **one_sided)
    same = localize(table, affected_side="left", events=[{"weeks_ago": 6}], **one_sided)
    assert probabilities(same) == probabilities(plain)
    right = localize(table, affected_side="left", events=[{"weeks_ago": 100, "side": "right"}], **one_sided)
    of_left = localize(table, affected_side="left", events=[{"weeks_ago": 100, "side": "left"}], **one_sided)
    moved = [
        np.abs(
            answer.posterior.set_index("site")["log_likelihood"] - plain.posterior.set_index("site")["log_likelihood"]
        )
        for answer in (right, of_left)
    ]
    assert moved[0].max() < 0.1 * moved[1].max()  # a lesion of the right is hardly considered


def test_an_answer_with_events_mirrors():
    events = [OLD_ROOT, NEW_BUTTOCK]
    left = localize(OLD_AND_NEW, NERVES, events=events)
    right = localize(mirrored(OLD_AND_NEW), mirrored(NERVES), events=[OLD_ROOT, NEW_BUTTOCK | {"side": "right"}])
    assert probabilities(left) == pytest.approx(probabilities(right), rel=1e-9)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"what": "fall"}, "Event 'fall': weeks_ago is None; every event needs a number of weeks."),
        ({"what": "fall", "weeks_ago": -1}, "Event 'fall': weeks_ago is -1; it must be at least 0"),
        ({"weeks_ago": 3, "side": "both"}, "Event '': side is 'both'; it must be left or right, or left out."),
    ],
)
def test_an_event_that_is_none_is_refused_with_a_way_out(event, says):
    with pytest.raises(TableError, match=says):
        localize([], events=[event])


def test_only_the_oldest_of_many_events_count():
    ages = read_ages(6, [{"weeks_ago": weeks} for weeks in (10, 500, 20, 100, 500)])
    assert ages.weeks == (6, 500, 100)


def test_without_candidates_all_sites_and_all_pairs_are_considered():
    answer = localize(rows({"soleus": 1}))
    assert set(answer.posterior["site"]) == {*sites(), *all_pairs()}
    assert set(localize([], prior={"root_S1": 2, "femoral": 1}).posterior["site"]) == {"root_S1", "femoral"}


@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
def test_pairs_that_nobody_listed_are_a_small_part_of_the_prior(prior):
    hypotheses = enumerate_hypotheses(prior=prior)
    assert 0.02 < np.array(hypotheses.prior)[hypotheses.pairs].sum() < 0.1
    listed = enumerate_hypotheses([*sites(), *all_pairs()], prior=prior)
    listed = dict(zip(listed.names, listed.prior, strict=True))
    plain = dict(zip(hypotheses.names, hypotheses.prior, strict=True))
    assert listed["root_S1+femoral"] / listed["root_S1"] > 2 * plain["root_S1+femoral"] / plain["root_S1"]


@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
@pytest.mark.parametrize("site", SHIPPED)
def test_pairs_leave_a_single_lesion_its_place(site, prior):
    needle, nerves = shipped_tables(site)
    options = {"weeks_since_onset": 6, "prior": prior}
    with_pairs = localize(needle, nerves, **options)
    single = localize(needle, nerves, candidates=[*sites()], **options)
    assert with_pairs.posterior["site"][0] == single.posterior["site"][0] == site
    assert probabilities(with_pairs)[site] > 0.8 * probabilities(single)[site]
    families = [answer.families.set_index("family")["probability"] for answer in (with_pairs, single)]
    assert families[0].idxmax() == families[1].idxmax()
    assert abs(families[0] - families[1]).max() < 0.1
    shown = with_pairs.differential["site"].head(8)
    assert shown.str.contains("+", regex=False).sum() <= 4


def test_a_pair_whose_second_site_adds_nothing_is_idle_and_one_that_explains_more_is_not():
    answer = localize(*shipped_tables("root_S1"), weeks_since_onset=6)
    likelihood = answer.posterior.set_index("site")["log_likelihood"]
    chance = probabilities(answer)
    for pair in all_pairs():
        gain = likelihood[pair] - max(likelihood[site] for site in pair.split("+"))
        idle = gain < np.log(model_value("pair_adds")) or chance[pair] < model_value("pair_named")
        assert (pair in answer.idle_pairs) is bool(idle), pair
    assert {"root_S1+tarsal_tunnel", "root_S1+pudendal"} <= set(answer.idle_pairs)
    assert not set(answer.idle_pairs) & set(answer.differential["site"])
    told = localize(OLD_AND_NEW, NERVES, events=[OLD_ROOT, NEW_BUTTOCK], affected_side="left")
    assert "root_S1+inferior_gluteal" not in told.idle_pairs


def test_a_second_site_that_only_frees_the_age_of_the_first_is_idle():
    answer = localize(OLD_AND_NEW, NERVES, events=[OLD_ROOT, NEW_BUTTOCK], affected_side="left")
    shown = list(answer.differential["site"])
    assert shown[0] == "root_S1+inferior_gluteal"
    for silent in ("lateral_femoral_cutaneous", "tarsal_tunnel", "pudendal"):
        assert f"root_S1+{silent}" not in shown


def test_evidence_is_told_of_every_site_and_of_the_most_probable_pairs():
    answer = localize(*shipped_tables("root_S1"), weeks_since_onset=6)
    told = set(answer.evidence["site"])
    is_pair = answer.posterior["site"].str.contains("+", regex=False)
    assert told == {*sites(), *answer.posterior["site"][is_pair].head(int(model_value("pairs_told")))}


def test_a_pair_has_the_evidence_that_leaving_out_gives():
    needle, nerves = shipped_tables("root_S1")
    whole = localize(needle, nerves, weeks_since_onset=6, affected_side="left")
    part = localize(
        [row for row in needle if row["muscle"] != "soleus"], nerves, weeks_since_onset=6, affected_side="left"
    )
    lost = whole.posterior.set_index("site")["log_likelihood"] - part.posterior.set_index("site")["log_likelihood"]
    told = whole.evidence[whole.evidence["subject"] == "soleus"].set_index("site")["log_likelihood"]
    pairs = [site for site in told.index if "+" in site and LOCAL_INJURY not in site]
    assert len(pairs) > model_value("pairs_told") / 2
    for pair in pairs:
        assert told[pair] == pytest.approx(lost[pair], abs=1e-9)


def test_a_weight_of_its_own_comes_before_the_factor():
    prior = read_prior("general")
    hypotheses = enumerate_hypotheses()
    weights = dict(zip(hypotheses.names, hypotheses.prior, strict=True))
    assert weights["root_L5+root_S1"] / weights["root_S1"] == pytest.approx(prior["root_L5+root_S1"] / prior["root_S1"])
    for one, two in itertools.pairwise(["root_S2", "pudendal", "femoral"]):
        assert weights[f"{one}+{two}"] < min(weights[one], weights[two])


def test_a_study_hands_its_events_down():
    events = (StudyEvent("disc", 200.0), StudyEvent("hip surgery", 6.0, "left"))
    findings = StudyFindings(needle=read_needle_table(OLD_AND_NEW), conduction=read_conduction_table(NERVES))
    study = Study("two", conduction=findings.conduction, events=events, affected_side="left")
    answer = emgkit.localize_study(study, findings)
    assert answer.posterior["site"][0] == "root_S1+inferior_gluteal"
    assert probabilities(answer) == probabilities(localize(OLD_AND_NEW, NERVES, events=events, affected_side="left"))


def test_a_report_names_the_pair_and_neither_of_its_sites_as_unlikely():
    answer = localize(OLD_AND_NEW, NERVES, events=[OLD_ROOT, NEW_BUTTOCK], affected_side="left")
    parts = answer_parts(answer)
    assert parts["site"] == "Left S1 root and inferior gluteal nerve"
    assert parts["n_sites"] == f"{len(sites())} sites and {len(all_pairs())} pairs of sites"
    rivals = [name for _, names in parts["rivals"] for name in names]
    assert not {"S1 root", "inferior gluteal nerve"} & set(rivals)
    assert not {site_name(pair) for pair in answer.idle_pairs} & {row["site"] for row in parts["differential"]}
    assert {row["word"] for row in parts["differential"]} <= {"supported", "possible", "unlikely"}


def test_a_second_level_beside_a_root_is_told_as_such_and_not_as_a_rival():
    answer = localize(*shipped_tables("root_L5"), weeks_since_onset=6)
    beside = answer.beside_leading
    assert set(beside["site"]) == {pair for pair in answer.idle_pairs if "root_L5" in pair.split("+")}
    assert 0.1 < beside["probability"].sum() < 0.25
    assert not set(beside["site"]) & set(answer.differential["site"])
    assert answer_parts(answer)["why_beside"] == (
        "L5 root with a second lesion that the findings do not ask for: 15 % more, most often L4 root (adjacent level)."
    )
    assert site_name("root_L4+root_L5") == "L4 and L5 roots (adjacent levels)"
    assert site_name("root_L4+root_S1") == "L4 root and S1 root"
    lone = localize(*shipped_tables("root_L5"), weeks_since_onset=6, candidates=["root_L5", "root_L4"])
    assert lone.beside_leading.empty
    assert answer_parts(lone)["why_beside"] == ""


def test_the_document_holds_what_is_worth_naming_and_what_stands_beside_the_first_site():
    answer = localize(*shipped_tables("root_L5"), weeks_since_onset=6)
    document = localization_document(answer)
    assert [row["site"] for row in document["differential"]] == list(answer.differential["site"])
    assert [row["site"] for row in document["beside_leading"]] == list(answer.beside_leading["site"])
    assert len(document["posterior"]) == len(document["differential"]) + len(document["idle_pairs"])
