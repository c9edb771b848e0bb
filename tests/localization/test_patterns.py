"""Patterns by construction get their own site first: unit tests of the model, no claim of accuracy."""

from pathlib import Path

import numpy as np
import pytest

from emgkit.knowledge.anatomy import sites
from emgkit.localization.evidence import severities
from emgkit.localization.posterior import localize
from emgkit.localization.reach import reach
from tests.localization.patterns import SHIPPED, probabilities, rows, shipped_tables

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "cases"
SITES = {
    "normal": "none",
    "common_fibular_fibular_head": "common_fibular",
    "polyneuropathy_length_dependent": "polyneuropathy",
    "root_S2_S4": "root_S2 conus_medullaris cauda_equina root_S3_S4",
    "sciatic_mid_thigh": "sciatic_midthigh",
    "tibial_popliteal_fossa": "tibial_popliteal",
}
STUDIES = {
    "sural_snap": "sural", "superficial_fibular_snap": "superficial fibular", "h_reflex": "H reflex",
    "posterior_femoral_cutaneous": "PFCN", "fibular_cmap_edb": "fibular CMAP EDB", "saphenous_snap": "saphenous",
    "femoral_cmap": "femoral CMAP", "tibial_cmap": "tibial CMAP", "medial_plantar": "medial plantar",
    "bulbocavernosus_reflex": "BCR",
}  # fmt: skip
COMMON_FIBULAR = {
    "tibialis_anterior": 2, "extensor_hallucis_longus": 2, "peroneus_longus": 2, "extensor_digitorum_brevis": 2,
    "biceps_femoris_short_head": 0, "tibialis_posterior": 0, "gastrocnemius_medial": 0, "gluteus_medius": 0,
    "lumbar_paraspinals": 0,
}  # fmt: skip


@pytest.mark.parametrize("prior", ["general", "gluteal_referral"])
@pytest.mark.parametrize("weeks", [None, 4, 6, 12])
@pytest.mark.parametrize("site", SHIPPED)
def test_the_shipped_examination_puts_its_own_site_first(site, weeks, prior):
    needle, conduction = shipped_tables(site)
    answer = localize(needle, conduction, weeks_since_onset=weeks, prior=prior)
    assert answer.posterior["site"][0] == site
    assert answer.side == ("" if site == "none" else "left")


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_fibular_lesion_at_the_knee_is_told_from_a_root(side):
    nerves = [("superficial fibular", "reduced"), ("sural", "normal"), ("fibular motor", "reduced")]
    conduction = [{"study": study, "side": side, "result": result} for study, result in nerves]
    answer = localize(rows(COMMON_FIBULAR, side), conduction, weeks_since_onset=6)
    assert answer.posterior["site"][0] == "common_fibular"
    assert answer.side == side
    assert answer.families["family"][0] == "other_nerve"


@pytest.mark.shared_data
@pytest.mark.parametrize("name", sorted(path.stem for path in CASES.glob("proto_*.yaml")) or ["absent"])
def test_every_prototype_puts_its_own_site_first(name):
    if name == "absent":
        pytest.skip(f"the prototypes are not there: {CASES}")
    case = read_case(CASES / f"{name}.yaml")
    if not any("fibs" in found for found in case["muscles"].values()) and case["confirmed_site"] != "normal":
        pytest.skip(f"{name} tells its abnormal muscles in words only")
    needle, conduction = case_tables(case)
    own = SITES.get(case["confirmed_site"], case["confirmed_site"]).split()
    candidates = [*sites(), *own] if "+" in own[0] else None
    answer = localize(needle, conduction, weeks_since_onset=float(case["weeks_since_onset"]), candidates=candidates)
    assert answer.posterior["site"][0] in own


def read_case(path):
    """The two levels of a case file that are needed, as nested mappings of text."""
    case = {}
    stack = [(-1, case)]
    for line in path.read_text(encoding="utf-8").splitlines():
        key, colon, value = line.strip().partition(":")
        if not colon or key.startswith("-"):
            continue
        indent = len(line) - len(line.lstrip())
        while stack[-1][0] >= indent:
            stack.pop()
        stack[-1][1][key] = value.strip(" '") if value.strip() not in {"", "{}"} else {}
        if not value.strip():
            stack.append((indent, stack[-1][1][key]))
    return case


def case_tables(case):
    side = case["side"]
    needle = []
    for muscle, found in case["muscles"].items():
        normal = found.get("state") == "normal"
        needle.append({
            "muscle": muscle, "side": side,
            "fibs": 0 if normal else found["fibs"], "psw": 0 if normal else found["psw"],
            "recruitment": "normal" if normal else found["recruitment"],
        })  # fmt: skip
    conduction = []
    for study, found in case["ncs"].items():
        sides = ("left", "right") if found.endswith("bilaterally") else (side,)
        conduction += [{"study": STUDIES[study], "side": on, "result": found.split()[0]} for on in sides]
    return needle, conduction


def test_short_head_decides_between_the_knee_and_a_high_lesion_of_the_fibular_division():
    below = {"tibialis_anterior": 2, "peroneus_longus": 2, "gastrocnemius_medial": 0, "semitendinosus": 0}
    pair = ["common_fibular", "sciatic_fibular_division"]
    low = probabilities(localize(rows(below | {"biceps_femoris_short_head": 0}), weeks_since_onset=6, candidates=pair))
    high = probabilities(localize(rows(below | {"biceps_femoris_short_head": 2}), weeks_since_onset=6, candidates=pair))
    assert low["common_fibular"] > 0.9
    assert high["sciatic_fibular_division"] > 0.9


def test_normal_calf_and_short_head_make_an_s1_root_unlikely_but_not_by_the_product_of_independent_counts():
    table = reach()
    distal = [
        table.test_index[name]
        for name in ("gastrocnemius_medial", "gastrocnemius_lateral", "biceps_femoris_short_head")
    ]
    spared = 1 - table.by_severity[table.site_index["root_S1"], distal]
    independent = float(np.prod(spared @ severities().weight))
    shared = float(np.prod(spared, axis=0) @ severities().weight)
    assert independent < 0.005
    assert 0.01 < shared < 0.05


def test_reduced_recruitment_without_fibrillations_speaks_for_a_block_of_the_fibular_nerve():
    def above_none(site, **found):
        row = {"muscle": "tibialis_anterior", "side": "left", "fibrillation": 0, "motor_unit": "normal", **found}
        answer = localize([row], weeks_since_onset=8, candidates=["none", site], affected_side="left")
        told = dict(zip(answer.posterior["site"], answer.posterior["log_likelihood"], strict=True))
        return told[site] - told["none"]

    assert (
        above_none("common_fibular", recruitment="reduced") > above_none("sciatic_notch", recruitment="reduced") + 0.5
    )
    assert above_none("common_fibular", recruitment="reduced") > 0.5
    assert above_none("common_fibular", recruitment="normal") < 0
    assert above_none("root_L5", recruitment="reduced") < 0.3


def test_a_muscle_that_a_lesion_takes_in_part_shows_few_fibrillations_and_not_many():
    def ratio(muscle, grade, site="polyneuropathy"):
        answer = localize(rows({muscle: grade}), weeks_since_onset=8, candidates=["none", site], affected_side="left")
        found = dict(zip(answer.posterior["site"], answer.posterior["log_likelihood"], strict=True))
        return found[site] - found["none"]

    def step(muscle, site="polyneuropathy"):
        return ratio(muscle, 3, site) - ratio(muscle, 1, site)

    assert step("semitendinosus") < step("gastrocnemius_medial")
    assert step("gluteus_maximus", "root_L5") < step("gluteus_maximus", "root_S1")


LEVELS = ("lumbar_paraspinals_L3", "lumbar_paraspinals_L4", "lumbar_paraspinals_L5", "sacral_paraspinals_S1")


@pytest.mark.parametrize("own", range(len(LEVELS)))
def test_the_level_of_abnormal_paraspinals_is_weak_evidence(own):
    roots = ["root_L2", "root_L3", "root_L4", "root_L5", "root_S1", "root_S2"]
    answer = localize(rows({LEVELS[own]: 2}), weeks_since_onset=6, candidates=["none", *roots], affected_side="left")
    found = dict(zip(answer.posterior["site"], answer.posterior["log_likelihood"], strict=True))
    above_none = {root: found[root] - found["none"] for root in roots}
    for distance in (1, 2):
        for root in {roots[at] for at in (own + 1 - distance, own + 1 + distance) if 0 <= at < len(roots)}:
            assert above_none[root] > 0.3
            assert above_none[roots[own + 1]] > above_none[root] - 0.3  # S1 is seldom abnormal even at its own level


def test_fibrillations_absent_before_week_3_are_weak_evidence():
    silent = rows(dict.fromkeys(["tibialis_anterior", "peroneus_longus", "tibialis_posterior"], 0))
    pair = ["root_L5", "none"]
    found = [
        probabilities(localize(silent, weeks_since_onset=weeks, candidates=pair, affected_side="left"))["root_L5"]
        for weeks in (1, 2, 3, 6)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 3 * found[-1]


def test_a_sensory_response_kept_in_the_first_days_does_not_speak_for_a_root():
    kept = [{"study": "superficial fibular", "side": "left", "result": "normal"}]
    pair = ["root_L5", "lumbosacral_trunk"]
    options = {"candidates": pair, "affected_side": "left", "prior": dict.fromkeys(pair, 1)}
    prior = probabilities(localize([], **options))["root_L5"]
    early = probabilities(localize([], kept, weeks_since_onset=0.5, **options))["root_L5"]
    later = probabilities(localize([], kept, weeks_since_onset=4, **options))["root_L5"]
    assert early == pytest.approx(prior, abs=0.03)
    assert later > prior + 0.15


def test_the_side_of_the_complaint_is_where_a_lesion_without_findings_would_be():
    normal = rows(dict.fromkeys(["tibialis_anterior", "gastrocnemius_medial", "vastus_medialis"], 0))
    options = {"weeks_since_onset": 6, "candidates": ["root_L5", "none"]}
    examined, other, told = (
        probabilities(localize(normal, affected_side=side, **options))["root_L5"] for side in (None, "right", "left")
    )
    assert told < examined < other


def test_large_units_without_fibrillations_fit_an_old_lesion_and_not_a_new_one():
    old = [{"muscle": "tibialis_anterior", "side": "left", "fibs": 0, "motor_unit": "large"}]
    prior = probabilities(localize([], candidates=["root_L5", "none"]))["root_L5"]
    months = probabilities(localize(old, weeks_since_onset=104, candidates=["root_L5", "none"]))["root_L5"]
    days = probabilities(localize(old, weeks_since_onset=2, candidates=["root_L5", "none"]))["root_L5"]
    assert months > days
    assert months > prior + 0.2


def test_arm_muscles_speak_only_about_diffuse_disease():
    legs = rows({"tibialis_anterior": 2, "gastrocnemius_medial": 2, "vastus_medialis": 2})
    before = probabilities(localize(legs, weeks_since_onset=12))
    after = probabilities(
        localize([*legs, *rows({"biceps_brachii": 2, "thoracic_paraspinals": 2})], weeks_since_onset=12)
    )
    assert after["motor_neuron_disease"] > before["motor_neuron_disease"]
    assert after["root_L5"] / after["root_S1"] == pytest.approx(before["root_L5"] / before["root_S1"], rel=1e-6)


def test_an_abnormal_opposite_muscle_points_to_disease_of_both_sides():
    one = rows({"gluteus_maximus": 2, "gluteus_medius": 2})
    both = [*one, *rows({"gluteus_maximus": 2, "gluteus_medius": 2}, "right")]
    bilateral = {name for name, site in sites().items() if site.bilateral}

    def share(table):
        return sum(value for site, value in probabilities(localize(table)).items() if bilateral & {*site.split("+")})

    assert share(both) > 0.9 > share(one)
