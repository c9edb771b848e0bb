import pandas as pd
import pytest

from emgkit.errors import StudyError, TableError, UnknownNameError
from emgkit.localization.posterior import localize
from emgkit.localization.tables import read_conduction_table, read_needle_table
from emgkit.model.findings import CONDUCTION, NEEDLE
from tests.localization.patterns import probabilities


def test_a_spreadsheet_in_usual_spellings_is_read():
    sheet = pd.DataFrame({
        "Muscle": ["Gluteus Max.", "TA", "medial gastroc", "peroneus longus"],
        "Side": ["L", "left", "Lt", "R"],
        "Fibs": ["2+", "0", None, "++"],
        "PSW": [1.0, float("nan"), "", "none"],
        "MUAP": ["neurogenic", "normal", "", "poly"],
        "Recruitment": ["reduced", "full", None, ""],
        "Comments": ["", "poor relaxation", "", ""],
    })  # fmt: skip
    table = read_needle_table(sheet)
    assert list(table.columns) == NEEDLE.names
    assert table["muscle"].tolist() == [
        "gluteus_maximus",
        "tibialis_anterior",
        "gastrocnemius_medial",
        "peroneus_longus",
    ]
    assert table["side"].tolist() == ["left", "left", "left", "right"]
    assert table["fibrillation"].tolist()[:2] == [2, 0]
    assert table["fibrillation"].isna().tolist() == [False, False, True, False]
    assert table["positive_sharp_wave"].isna().tolist() == [False, True, True, False]
    assert table["motor_unit"].tolist() == ["large", "normal", "", "polyphasic"]
    assert set(table["source"]) == {"examiner"}


def test_sizes_of_motor_units_are_read_and_do_not_move_the_answer():
    row = {"muscle": "TA", "side": "L", "fibs": "2+"}
    sized = row | {"Amp uV": "5200", "MUP duration": 17.5, "Polyphasia": "30"}
    columns = ["motor_unit_amplitude_uv", "motor_unit_duration_ms", "polyphasic_percent"]
    assert read_needle_table([sized])[columns].iloc[0].tolist() == [5200.0, 17.5, 30.0]
    pd.testing.assert_frame_equal(localize([sized]).posterior, localize([row]).posterior)
    with pytest.raises(TableError, match=r"column polyphasic_percent: 'some' is not a number"):
        read_needle_table([row | {"poly": "some"}])


def test_its_own_tables_pass_through_unchanged():
    once = read_needle_table([{"muscle": "TFL", "side": "R", "fibs": "1+", "recruitment": "early"}])
    pd.testing.assert_frame_equal(read_needle_table(once), once)
    nerves = read_conduction_table([{"nerve": "sural", "side": "L", "result": "NR", "amplitude_uv": 3.5}])
    pd.testing.assert_frame_equal(read_conduction_table(nerves), nerves)
    assert list(nerves.columns) == CONDUCTION.names
    assert nerves["result"][0] == "absent"


@pytest.mark.parametrize("empty", [[], pd.DataFrame(), pd.DataFrame({"muscle": [], "side": []})])
def test_an_empty_table_is_allowed(empty):
    assert read_needle_table(empty).empty


def test_a_part_of_a_muscle_is_kept():
    table = read_needle_table([{"muscle": "Gluteus maximus (upper)", "side": "L", "fibs": 1, "note": "deep"}])
    assert table["muscle"][0] == "gluteus_maximus"
    assert (table["parts"][0], table["note"][0]) == ("upper", "deep")
    column = read_needle_table([{"muscle": "gmax", "side": "L", "fibs": 1, "parts": "Superior, lower"}])
    assert column["parts"][0] == "upper;lower"
    with pytest.raises(TableError, match="upper;lower"):
        read_needle_table([{"muscle": "gmax", "side": "L", "parts": "middle"}])


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ({"muscle": "gluteus maxinus", "side": "L"}, UnknownNameError, "did you mean gluteus_maximus"),
        ({"muscle": "soleus", "side": "L", "fibrilation": 1}, TableError, "'fibrilation'; did you mean fibrillation"),
        ({"muscle": "soleus", "side": "L", "colour": 1}, TableError, "no column 'colour'; the columns are muscle"),
        ({"muscle": "soleus", "side": "L", "fibs": 5}, TableError, r"row 1, column fibrillation: 5 is not a grade"),
        ({"muscle": "soleus", "side": "L", "fibs": "-"}, TableError, "leave it empty if not assessed"),
        ({"muscle": "soleus", "side": "L", "fibs": 1.5}, TableError, "write 0 to 4"),
        ({"muscle": "soleus", "side": "both", "fibs": 1}, TableError, "'both' is not one of left, right"),
        ({"muscle": "soleus", "fibs": 1}, TableError, "lacks the column side"),
        ({"muscle": "soleus", "side": "", "fibs": 1}, TableError, "row 1: no side"),
        (
            {"muscle": "soleus", "side": "L", "recruitment": "weird"},
            TableError,
            "'weird' is not one of normal, reduced",
        ),
        ({"muscle": "soleus", "side": "L", "fibs": 1, "fibrillation": 2}, TableError, "both mean fibrillation"),
        ({"muscle": "soleus", "side": "L", "sites": "many"}, TableError, "is not a number"),
        ({"muscle": "soleus", "side": "L", "sites": 1.5}, TableError, "is not a count"),
    ],
)
def test_what_a_needle_table_cannot_say_is_named(row, error, message):
    with pytest.raises(error, match=message):
        localize([row])


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ({"study": "surral", "side": "L", "result": "normal"}, UnknownNameError, "sural_sensory"),
        ({"study": "sural", "side": "L", "result": "bad"}, TableError, "'bad' is not one of normal, reduced"),
        ({"study": "sural", "side": "L", "amplitude_uv": "low"}, TableError, "is not a number"),
    ],
)
def test_what_a_conduction_table_cannot_say_is_named(row, error, message):
    with pytest.raises(error, match=message):
        localize([], [row])


def test_two_results_of_one_study_are_refused():
    twice = [{"study": "sural", "side": "L", "result": result} for result in ("normal", "absent")]
    with pytest.raises(TableError, match="left sural_sensory is both normal and absent"):
        localize([], twice)


def test_values_that_were_not_judged_say_nothing():
    prior = probabilities(localize([]))
    assert probabilities(localize([], [{"study": "sural", "side": "L", "amplitude_uv": 2.0}])) == prior


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"candidates": ["root_S9"]}, UnknownNameError, "root_S"),
        ({"candidates": []}, StudyError, "0 candidates"),
        ({"candidates": "root_S1"}, StudyError, "must be a list of sites"),
        ({"affected_side": "L"}, TableError, "must be left or right"),
        ({"candidates": ["root_S1+root_S1"]}, StudyError, "two different"),
        ({"candidates": ["root_S1+none"]}, StudyError, "two different"),
        ({"prior": "surgeons"}, UnknownNameError, "general, gluteal_referral"),
        ({"prior": {"root_S1": -1}}, StudyError, "at least 0"),
        ({"prior": {"root_S1": 0}}, StudyError, "total prior weight of 0"),
        ({"prior": {"root_S1": 1}, "candidates": ["root_L5"]}, StudyError, "root_L5 has no weight"),
        ({"weeks_since_onset": -1}, TableError, "must be at least 0"),
        ({"weeks_since_onset": float("nan")}, TableError, "must be at least 0"),
        ({"clinical": ["headache of the foot"]}, UnknownNameError, "clinical finding"),
        ({"clinical": "trendelenburg"}, TableError, "give a list of findings"),
    ],
)
def test_what_cannot_be_considered_is_named(options, error, message):
    with pytest.raises(error, match=message):
        localize([], **options)


def test_candidates_and_prior_are_the_only_hypotheses():
    answer = localize(
        [], candidates=["S1", "inferior gluteal", "S1 + inferior gluteal"], prior={"root_S1": 3, "IGN": 1}
    )
    assert set(answer.posterior["site"]) == {"root_S1", "inferior_gluteal", "root_S1+inferior_gluteal"}
    assert answer.prior_name == "given"
    flat = localize([], prior={"root_S1": 1, "none": 1, "root_S1+root_L5": 2})
    assert probabilities(flat) == pytest.approx({"root_L5+root_S1": 0.5, "root_S1": 0.25, "none": 0.25})
