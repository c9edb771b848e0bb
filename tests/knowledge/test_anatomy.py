"""Known facts of anatomy, and laws of shares, as judges of the tables."""

from collections import Counter
from itertools import pairwise

import pytest

from emgkit.errors import UnknownNameError
from emgkit.knowledge.anatomy import (
    LOWER_LIMB,
    chain,
    find_muscle,
    find_nerve,
    find_site,
    find_study,
    labels,
    muscle_share,
    muscles,
    nerves,
    root_weights,
    sites,
    studies,
    study_share,
)
from emgkit.knowledge.anatomy_records import PartialCut, PatternReach, RootWeight, SecondPath
from emgkit.knowledge.tables import normalized, read_rows

SITES = [
    "none",
    "root_L1",
    "root_L2",
    "root_L3",
    "root_L4",
    "root_L5",
    "root_S1",
    "root_S2",
    "root_S3_S4",
    "polyradiculopathy",
    "cauda_equina",
    "conus_medullaris",
    "lumbar_plexus",
    "lumbosacral_trunk",
    "sacral_plexus",
    "radiculoplexus_neuropathy",
    "sciatic_notch",
    "sciatic_fibular_division",
    "sciatic_tibial_division",
    "sciatic_midthigh",
    "infrapiriform_foramen",
    "common_fibular",
    "deep_fibular",
    "superficial_fibular",
    "tibial_popliteal",
    "tarsal_tunnel",
    "medial_plantar",
    "lateral_plantar",
    "superior_gluteal",
    "superior_gluteal_tfl_branch",
    "inferior_gluteal",
    "posterior_femoral_cutaneous",
    "pudendal",
    "femoral_pelvic",
    "femoral",
    "obturator",
    "lateral_femoral_cutaneous",
    "local_muscle_injury",
    "polyneuropathy",
    "motor_neuron_disease",
    "myopathy",
]
STUDIES = [
    "sural_sensory",
    "superficial_fibular_sensory",
    "saphenous_sensory",
    "lateral_femoral_cutaneous_sensory",
    "posterior_femoral_cutaneous_sensory",
    "medial_plantar_sensory",
    "lateral_plantar_sensory",
    "deep_fibular_sensory",
    "fibular_motor_edb",
    "fibular_motor_ta",
    "tibial_motor_ah",
    "femoral_motor",
    "h_reflex",
    "fibular_f_wave",
    "tibial_f_wave",
    "bulbocavernosus_reflex",
]
LABELS = [
    "fibrillation",
    "positive_sharp_wave",
    "endplate_spike",
    "fasciculation",
    "complex_repetitive_discharge",
    "myotonic_discharge",
    "neuromyotonic_discharge",
    "myokymic_discharge",
    "motor_unit",
    "artifact",
    "indeterminate",
]
ROOTS = [name for name, row in nerves().items() if row.kind == "root"]
CENTRAL = [*ROOTS, "polyradiculopathy", "cauda_equina", "conus_medullaris"]
LEG = [name for name, row in muscles().items() if row.region in LOWER_LIMB]
ELSEWHERE = [name for name in muscles() if name not in LEG]
NERVE_SITES = [name for name, row in sites().items() if row.family in {"sciatic", "gluteal", "other_nerve"}]
PARASPINALS = [name for name, row in muscles().items() if row.ramus == "dorsal" and name in LEG]
HAMSTRINGS = ["semitendinosus", "semimembranosus", "biceps_femoris_long_head"]


def reached(site):
    return {muscle for muscle in muscles() if muscle_share(site, muscle) > 0}


def test_ids_are_those_of_the_design():
    assert list(sites()) == SITES
    assert list(studies()) == STUDIES
    assert set(labels()) == set(LABELS)


def test_ids_of_each_table_are_given_once():
    for name, record, key in (
        ("root_weights.csv", RootWeight, lambda row: (row.subject, row.root)),
        ("study_root_weights.csv", RootWeight, lambda row: (row.subject, row.root)),
        ("second_paths.csv", SecondPath, lambda row: (row.subject, row.path)),
        ("partial_cuts.csv", PartialCut, lambda row: (row.site, row.node)),
        ("pattern_reach.csv", PatternReach, lambda row: (row.pattern, row.subject)),
    ):
        assert max(Counter(map(key, read_rows(name, record))).values()) == 1, name


@pytest.mark.parametrize("rows", [muscles(), studies(), sites()], ids=["muscles", "studies", "sites"])
def test_a_spelling_stands_for_one_thing_only(rows):
    owners = {}
    for key, row in rows.items():
        for spelling in {normalized(text) for text in (key, row.name, *row.aliases)}:
            assert owners.setdefault(spelling, key) == key, spelling


def test_nodes_of_the_graph_come_from_known_nodes_and_end_in_roots():
    for name, row in nerves().items():
        assert set(row.parents) <= set(nerves()), name
        assert bool(row.parents) == (row.kind != "root"), name


@pytest.mark.parametrize("muscle", LEG)
def test_every_lower_limb_muscle_reaches_its_roots_through_known_nodes(muscle):
    path = muscles()[muscle].path
    assert path
    assert set(path) <= set(nerves())
    assert all(above in nerves()[below].parents for above, below in pairwise(path))
    assert root_weights(muscle)
    assert set(root_weights(muscle)) <= set(ROOTS)
    assert all(chain(root, path) for root in root_weights(muscle) if muscle != "adductor_magnus" or root != "root_L5")


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_reaches_its_roots_through_known_nodes(study):
    path = studies()[study].path
    assert all(above in nerves()[below].parents for above, below in pairwise(path))
    assert all(chain(root, path) for root in root_weights(study))


def test_second_paths_are_connected_and_leave_the_main_path_something():
    for row in read_rows("second_paths.csv", SecondPath):
        assert row.subject in {*muscles(), *studies()}
        assert all(above in nerves()[below].parents for above, below in pairwise(row.path))
        assert 0 < row.value < 1


def test_tables_name_only_what_exists():
    for row in sites().values():
        assert set(row.cuts) <= set(nerves())
    for row in read_rows("partial_cuts.csv", PartialCut):
        assert (row.site in sites(), row.node in nerves(), 0 < row.value <= 1) == (True, True, True), row
    classes = {f"length_{number}" for number in range(5)} | {"arm", "trunk", "bulbar"}
    kinds = {row.kind for row in studies().values()}
    for row in read_rows("pattern_reach.csv", PatternReach):
        assert row.subject in {*muscles(), *studies(), *classes, *kinds}
        assert any(row.pattern == site.pattern for site in sites().values())
    for name in ("root_weights.csv", "study_root_weights.csv"):
        assert all(row.subject in {*muscles(), *studies()} for row in read_rows(name, RootWeight))


@pytest.mark.parametrize("muscle", ELSEWHERE)
def test_muscles_outside_the_leg_speak_of_diffuse_disease_only(muscle):
    family = {sites()[site].family for site in sites() if muscle_share(site, muscle) > 0}
    assert family <= {"diffuse"}
    assert muscle_share("motor_neuron_disease", muscle) > 0


@pytest.mark.parametrize(
    ("spelling", "muscle"),
    [
        ("Gluteus Max.", "gluteus_maximus"),
        ("glut max", "gluteus_maximus"),
        ("GMax", "gluteus_maximus"),
        ("TA", "tibialis_anterior"),
        ("tib. ant.", "tibialis_anterior"),
        ("peroneus longus", "peroneus_longus"),
        ("fibularis longus", "peroneus_longus"),
        ("MG", "gastrocnemius_medial"),
        ("medial gastroc", "gastrocnemius_medial"),
        ("BFSH", "biceps_femoris_short_head"),
        ("Short head of biceps femoris", "biceps_femoris_short_head"),
        ("TFL", "tensor_fasciae_latae"),
        ("EDB", "extensor_digitorum_brevis"),
        ("AH", "abductor_hallucis"),
        ("VL", "vastus_lateralis"),
        ("VM", "vastus_medialis"),
        ("L5 paraspinals", "lumbar_paraspinals_L5"),
        ("lumbar paraspinals S1", "sacral_paraspinals_S1"),
        ("Biceps brachii", "biceps_brachii"),
        ("FDI", "first_dorsal_interosseous"),
        ("First dorsal interosseous pedis", "dorsal_interossei_pedis"),
        ("Biceps fem. SH", "biceps_femoris_short_head"),
        ("Fib. longus", "peroneus_longus"),
        ("Glute max", "gluteus_maximus"),
        ("L5 PSP", "lumbar_paraspinals_L5"),
    ],
)
def test_usual_spellings_of_muscles_are_understood(spelling, muscle):
    assert find_muscle(spelling) == muscle


@pytest.mark.parametrize("spelling", ["biceps femoris", "biceps", "gastrocnemius", "quadriceps", "GM", "ADM"])
def test_a_spelling_that_may_mean_two_muscles_is_refused(spelling):
    with pytest.raises(UnknownNameError, match="Unknown muscle"):
        find_muscle(spelling)


def test_unknown_names_offer_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown muscle 'gluteus maxmus'; did you mean gluteus_maximus"):
        find_muscle("gluteus maxmus")
    with pytest.raises(UnknownNameError, match=r"Unknown nerve study 'surral'; did you mean sural_sensory"):
        find_study("surral")
    with pytest.raises(UnknownNameError, match=r"Unknown site 'inferior glutaeal'; did you mean inferior_gluteal"):
        find_site("root_S1+inferior glutaeal")
    with pytest.raises(UnknownNameError, match=r"Unknown nerve 'sciatik'; did you mean sciatic"):
        find_nerve("sciatik")


def test_a_pair_is_one_site_in_either_order():
    assert find_site("inferior_gluteal+root_L5") == find_site("L5 root + IGN") == "root_L5+inferior_gluteal"


def test_the_inferior_gluteal_nerve_reaches_gluteus_maximus_only():
    assert reached("inferior_gluteal") == {"gluteus_maximus"}
    assert muscle_share("inferior_gluteal", "gluteus_maximus") == 1
    assert all(study_share("inferior_gluteal", study) == 0 for study in STUDIES)


def test_the_superior_gluteal_nerve_reaches_its_three_muscles_and_its_twig_one():
    assert reached("superior_gluteal") == {"gluteus_medius", "gluteus_minimus", "tensor_fasciae_latae"}
    assert reached("superior_gluteal_tfl_branch") == {"tensor_fasciae_latae"}


def test_the_sciatic_nerve_at_the_notch_reaches_both_divisions_and_seldom_gluteus_maximus():
    at_notch = reached("sciatic_notch")
    assert {"biceps_femoris_short_head", "tibialis_anterior", "soleus", *HAMSTRINGS} <= at_notch
    assert not at_notch & {"gluteus_medius", "tensor_fasciae_latae", "piriformis", *PARASPINALS}
    assert 0 < muscle_share("sciatic_notch", "gluteus_maximus") < 0.15


def test_the_short_head_tells_the_high_sciatic_nerve_from_the_knee():
    assert muscle_share("sciatic_fibular_division", "biceps_femoris_short_head") == 1
    assert muscle_share("common_fibular", "biceps_femoris_short_head") == 0
    assert 0 < muscle_share("sciatic_midthigh", "biceps_femoris_short_head") < 1
    assert all(muscle_share("sciatic_midthigh", muscle) == 0 for muscle in HAMSTRINGS)
    assert all(muscle_share("sciatic_fibular_division", muscle) == 0 for muscle in HAMSTRINGS)


def test_divisions_and_their_nerves_share_out_the_leg():
    divisions = reached("sciatic_fibular_division") | reached("sciatic_tibial_division")
    assert reached("sciatic_notch") == divisions | {"gluteus_maximus"}
    assert reached("common_fibular") == reached("deep_fibular") | reached("superficial_fibular")
    assert reached("superficial_fibular") == {"peroneus_longus", "peroneus_brevis"}
    assert "peroneus_tertius" in reached("deep_fibular")
    assert (
        reached("tarsal_tunnel") == reached("medial_plantar") | reached("lateral_plantar") < reached("tibial_popliteal")
    )


def test_the_infrapiriform_foramen_joins_three_nerves_and_sometimes_the_pudendal():
    site = "infrapiriform_foramen"
    assert muscle_share(site, "gluteus_maximus") == muscle_share(site, "tibialis_anterior") == 1
    assert study_share(site, "posterior_femoral_cutaneous_sensory") == 1
    assert 0 < muscle_share(site, "external_anal_sphincter") < 1
    assert muscle_share(site, "gluteus_medius") == muscle_share(site, "piriformis") == 0


@pytest.mark.parametrize("muscle", PARASPINALS)
def test_paraspinals_are_reached_by_roots_and_never_by_nerve_or_plexus(muscle):
    assert all(muscle_share(site, muscle) == 0 for site in NERVE_SITES)
    assert all(muscle_share(site, muscle) == 0 for site in ("lumbar_plexus", "lumbosacral_trunk", "sacral_plexus"))
    assert muscle_share("radiculoplexus_neuropathy", muscle) > 0
    assert any(muscle_share(root, muscle) > 0 for root in ROOTS)


@pytest.mark.parametrize("study", [name for name, row in studies().items() if row.kind == "sensory"])
def test_a_lesion_proximal_to_the_ganglion_spares_every_sensory_response(study):
    assert all(study_share(site, study) == 0 for site in CENTRAL)
    assert study_share("motor_neuron_disease", study) == study_share("myopathy", study) == 0
    assert max(study_share(site, study) for site in ("lumbar_plexus", "sacral_plexus")) == 1
    assert study_share("polyneuropathy", study) > 0


def test_roots_reach_the_h_reflex_and_motor_responses():
    assert study_share("root_S1", "h_reflex") > 0.8
    assert study_share("root_L5", "h_reflex") == study_share("lumbosacral_trunk", "h_reflex") == 0
    assert study_share("sciatic_fibular_division", "h_reflex") == 0
    assert study_share("root_L5", "fibular_motor_edb") > study_share("root_S1", "fibular_motor_edb") > 0
    assert study_share("lumbosacral_trunk", "tibial_motor_ah") == 0
    assert study_share("root_S3_S4", "bulbocavernosus_reflex") > 0


def test_the_sural_nerve_has_two_sources():
    fibular, tibial = (study_share(f"sciatic_{part}_division", "sural_sensory") for part in ("fibular", "tibial"))
    assert 0 < fibular < tibial < 1
    assert fibular + tibial == pytest.approx(1)


def test_femoral_lesions_differ_from_plexus_lesions_by_the_adductors():
    assert "iliopsoas" in reached("femoral_pelvic") - reached("femoral")
    assert {"vastus_medialis", "rectus_femoris"} <= reached("femoral")
    assert reached("obturator") == {"adductor_longus", "adductor_brevis", "adductor_magnus", "gracilis"}
    assert muscle_share("obturator", "adductor_magnus") < 1
    assert reached("femoral_pelvic") | reached("obturator") == reached("lumbar_plexus")


def test_the_lumbosacral_trunk_carries_l4_and_l5_to_the_sacral_plexus_only():
    for muscle in LEG:
        path = muscles()[muscle].path
        share = muscle_share("root_L4", muscle) + muscle_share("root_L5", muscle)
        if muscle != "adductor_magnus":
            assert muscle_share("lumbosacral_trunk", muscle) == pytest.approx(
                share if path[0] == "sacral_plexus" else 0
            )


@pytest.mark.parametrize(
    ("root", "strong", "weak"),
    [
        ("root_L4", "vastus_medialis", "gastrocnemius_medial"),
        ("root_L5", "tensor_fasciae_latae", "biceps_femoris_short_head"),
        ("root_L5", "peroneus_longus", "vastus_medialis"),
        ("root_S1", "gluteus_maximus", "tensor_fasciae_latae"),
        ("root_S1", "gastrocnemius_lateral", "tibialis_posterior"),
        ("root_S3_S4", "external_anal_sphincter", "gluteus_maximus"),
    ],
)
def test_roots_prefer_the_muscles_found_abnormal_at_surgery(root, strong, weak):
    assert muscle_share(root, strong) > 2 * muscle_share(root, weak)


@pytest.mark.parametrize("muscle", LEG)
def test_all_roots_together_supply_the_whole_muscle(muscle):
    assert sum(muscle_share(root, muscle) for root in ROOTS) == pytest.approx(1)


@pytest.mark.parametrize("test", [*LEG, *STUDIES])
def test_shares_lie_between_0_and_1_and_a_pair_never_takes_less_than_its_parts(test):
    share = muscle_share if test in muscles() else study_share
    for site in SITES:
        pair = share(f"{site}+root_S1", test) if site not in {"none", "root_S1"} else share(site, test)
        assert 0 <= share(site, test) <= pair <= 1
    both = share("root_L5+inferior_gluteal", test)
    assert both == pytest.approx(1 - (1 - share("root_L5", test)) * (1 - share("inferior_gluteal", test)))


def test_no_lesion_and_an_injured_muscle_take_no_share_by_anatomy():
    assert reached("none") == reached("local_muscle_injury") == set()


def test_a_polyneuropathy_prefers_the_longest_nerves_and_a_myopathy_the_nearest_muscles():
    near, far = "gluteus_maximus", "abductor_hallucis"
    assert muscle_share("polyneuropathy", far) > 10 * muscle_share("polyneuropathy", near)
    assert muscle_share("myopathy", near) > 10 * muscle_share("myopathy", far)
    assert study_share("polyneuropathy", "sural_sensory") > study_share(
        "polyneuropathy", "lateral_femoral_cutaneous_sensory"
    )


def test_labels_carry_their_codes():
    codes = {label: row.dicom_code for label, row in labels().items()}
    assert (codes["fibrillation"], codes["positive_sharp_wave"], codes["motor_unit"]) == (24416, 24424, 24352)
    assert [label for label, row in labels().items() if row.denervation] == ["fibrillation", "positive_sharp_wave"]
    known = [code for code in codes.values() if code is not None]
    assert len(set(known)) == len(known)
