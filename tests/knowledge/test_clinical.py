"""Clinical, imaging and history findings are closed ids with closed values."""

import pytest

from emgkit.errors import StudyError, UnknownNameError
from emgkit.knowledge.clinical import check_findings, clinical_findings, scale_values
from emgkit.knowledge.tables import normalized

LISTS = {"muscles", "nerves", "roots"}


def test_every_finding_has_a_scale_with_values():
    for row in clinical_findings().values():
        assert row.scale in LISTS or len(scale_values(row.scale)) >= 2, row.finding


def test_a_spelling_stands_for_one_finding_of_its_kind():
    owners = {}
    for key, row in clinical_findings().items():
        for text in (key, row.name, *row.aliases):
            assert owners.setdefault((row.kind, normalized(text)), key) == key, text


def test_every_value_of_every_scale_is_read_back_as_itself():
    for key, row in clinical_findings().items():
        for value in scale_values(row.scale):
            expected = value == "yes" if row.scale == "flag" else value
            assert check_findings({key: value}, kind=row.kind) == {key: expected}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("clinical", {"hip extension": "4/5"}, {"hip_extension_power": "weak"}),
        ("clinical", {"hip_extension_power": 5}, {"hip_extension_power": "normal"}),
        ("clinical", {"hip_extension_power": "4-"}, {"hip_extension_power": "weak"}),
        (
            "clinical",
            {"ankle jerk": {"left": "absent", "right": "normal"}},
            {"ankle_jerk": {"left": "absent", "right": "normal"}},
        ),
        ("clinical", {"Trendelenburg": "positive"}, {"trendelenburg": True}),
        ("imaging", {"muscle_edema": ["GMax", "glut med"]}, {"muscle_oedema": ("gluteus_maximus", "gluteus_medius")}),
        ("imaging", {"nerve seen": "inferior gluteal nerve"}, {"nerve_abnormal": ("inferior_gluteal",)}),
        ("history", {"spine_surgery": True}, {"spine_surgery": True}),
        ("history", {"spine_surgery": "L5"}, {"spine_surgery": ("root_L5",)}),
        ("history", {"spine_surgery": False}, {"spine_surgery": ()}),
        ("history", {"THA": "posterolateral"}, {"hip_arthroplasty": "posterior"}),
        ("history", {"hip_arthroplasty": True}, {"hip_arthroplasty": "unknown"}),
    ],
)
def test_usual_ways_of_writing_findings_are_understood(kind, given, expected):
    assert check_findings(given, kind=kind) == expected


def test_an_unknown_finding_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown clinical finding 'ankle jerc'; did you mean ankle_jerk"):
        check_findings({"ankle jerc": "absent"}, kind="clinical")
    with pytest.raises(UnknownNameError, match="Unknown imaging finding 'ankle_jerk'"):
        check_findings({"ankle_jerk": "absent"}, kind="imaging")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"ankle_jerk": "brisk"}, "ankle_jerk is 'brisk'; it takes one of normal, reduced, absent"),
        ({"ankle_jerk": True}, "ankle_jerk is True; it takes one of"),
        ({"ankle_jerk": {"both": "absent"}}, "it takes the sides 'left' and 'right'"),
        ({"saddle_sensation": {"left": "reduced"}}, "it takes one value, because it has no side"),
        ({"ankle_jerk": "absent", "Achilles": "absent"}, "ankle_jerk is given twice"),
    ],
)
def test_a_value_that_a_finding_does_not_take_is_refused(given, message):
    with pytest.raises(StudyError, match=message):
        check_findings(given, kind="clinical")


def test_a_list_of_something_else_is_refused():
    with pytest.raises(StudyError, match="injection is 3; it takes true, false, or a list of muscles"):
        check_findings({"injection": 3}, kind="history")
