from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgkit.errors import InputFileError, SignalError, StudyError, TableError, UnknownNameError
from emgkit.files.recording import write_recording
from emgkit.files.study import read_study
from tests.files.refusal import refusal


@pytest.fixture
def folder(tmp_path, recording_of):
    (tmp_path / "study.toml").write_text(
        'id = "x"\nage_years = 40\n[[events]]\nwhat = "fall"\nweeks_ago = 6\nside = "left"\n'
    )
    (tmp_path / "recordings.csv").write_text(
        "# a remark\nfile,muscle,side,polarity\na.edf,Gluteus Max.,left,\nsub/b.edf,TA,right,inverted\n"
    )
    (tmp_path / "needle.csv").write_text("muscle,side,fibrillation,note\nGluteus Max.,left,2,\nsoleus,left,,not seen\n")
    (tmp_path / "conduction.csv").write_text("study,side,amplitude_uv\nsural,left,12.5\n")
    (tmp_path / "sub").mkdir()
    for name in ("a.edf", "sub/b.edf"):
        write_recording(tmp_path / name, recording_of([1.0, -2.0] * 480))
    return tmp_path


def test_a_folder_written_by_hand_is_understood(folder):
    study = read_study(folder)
    assert [(each.muscle, each.side, each.state) for each in study.recordings] == [
        ("gluteus_maximus", "left", "rest"),
        ("tibialis_anterior", "right", "rest"),
    ]
    assert study.recordings[1].samples_uv[:2].tolist() == [-1.0, 2.0]
    assert study.needle["muscle"].tolist() == ["gluteus_maximus", "soleus"]
    assert study.needle["fibrillation"].isna().tolist() == [False, True]
    assert set(study.needle["source"]) == {"examiner"}
    assert study.conduction.loc[0, ["study", "amplitude_uv"]].tolist() == ["sural_sensory", 12.5]
    assert study.weeks_since_onset == 6.0
    assert (study.id, study.age_years) == ("x", 40.0)
    (folder / "study.toml").write_text("[clinical]\nTrendelenburg = 'yes'\n[history]\ninjection = 'gluteus max'\n")
    study = read_study(folder)
    assert (study.clinical, study.history) == ({"trendelenburg": True}, {"injection": ("gluteus_maximus",)})
    assert (study.id, study.weeks_since_onset, study.grading_scheme) == (folder.name, None, None)
    (folder / "study.toml").write_text('grading_scheme = "Preston & Shapiro"\n')
    assert read_study(folder).grading_scheme == "preston_shapiro"


def test_columns_of_a_folder_may_have_their_usual_names(folder):
    (folder / "needle.csv").write_text(
        "Muscle,Side,Fibs,MUP amplitude uV,Dur. (ms),Poly\nTA,left,2,5200,17.5,30\nsoleus,left,0,,,\n"
    )
    table = read_study(folder).needle
    measured = table[["motor_unit_amplitude_uv", "motor_unit_duration_ms", "polyphasic_percent"]]
    assert measured.iloc[0].tolist() == [5200.0, 17.5, 30.0]
    assert measured.iloc[1].isna().all()
    (folder / "needle.csv").write_text("muscle,side,fibs,fibrillation\nTA,left,2,2\n")
    with pytest.raises(TableError, match=r"line 1: column 'fibrillation' stands there 2 times"):
        read_study(folder)
    (folder / "needle.csv").write_text("muscle,side,amplitude\nTA,left,5\n")
    with pytest.raises(TableError, match=r"line 1: unknown column 'amplitude'"):
        read_study(folder)


BROKEN = [
    (
        "recordings.csv",
        "file,muscle,sid\na.edf,TA,left\n",
        TableError,
        r"recordings\.csv, line 1: unknown column 'sid'; did you mean 'side'",
    ),
    (
        "recordings.csv",
        "file,muscle\na.edf,TA\n",
        TableError,
        r"recordings\.csv, line 1: column 'side' is missing; required are file, muscle, side",
    ),
    ("recordings.csv", "file,file,muscle,side\n", TableError, "column 'file' stands there 2 times"),
    (
        "recordings.csv",
        "file,muscle,side\n\na.edf,TA\n",
        TableError,
        r"recordings\.csv, line 3: 2 cells where the header has 3",
    ),
    (
        "recordings.csv",
        "file,muscle,side\na.edf,,left\n",
        TableError,
        r"recordings\.csv, line 2, column 'muscle' is empty",
    ),
    (
        "recordings.csv",
        "file,muscle,side\na.edf,TA,Left\n",
        TableError,
        r"line 2, column 'side': 'Left' is not one of left, right",
    ),
    (
        "recordings.csv",
        "file,muscle,side,polarity\na.edf,TA,left,up\n",
        TableError,
        "'up' is not one of normal, inverted",
    ),
    (
        "recordings.csv",
        'file,muscle,side,uv_per_unit\na.edf,TA,left,"0,1"\n',
        TableError,
        "column 'uv_per_unit': '0,1' is not a number with a decimal",
    ),
    (
        "recordings.csv",
        "file,muscle,side\na.edf,gluteus maxximus,left\n",
        UnknownNameError,
        r"recordings\.csv, line 2: Unknown muscle 'gluteus maxximus'; did you mean gluteus_maximus",
    ),
    (
        "recordings.csv",
        "file,muscle,side\nc.edf,TA,left\n",
        InputFileError,
        r"recordings\.csv, line 2: .*c\.edf does not exist",
    ),
    (
        "recordings.csv",
        "file,muscle,side\n../a.edf,TA,left\n",
        TableError,
        "'../a.edf' lies outside the study folder; copy the file into it",
    ),
    (
        "recordings.csv",
        "file,muscle,side,channel\na.edf,TA,left,APB\n",
        InputFileError,
        r"line 2: a\.edf has no channel 'APB'; it has 'EMG'",
    ),
    (
        "recordings.csv",
        'file,muscle,side\n"a.edf,TA,left\n',
        TableError,
        r"recordings\.csv, line \d: .*close every quote",
    ),
    (
        "needle.csv",
        "muscle,side,fibrillation\nTA,left,5\n",
        TableError,
        r"needle\.csv, line 2, column 'fibrillation': '5' is not one of 0, 1, 2, 3, 4",
    ),
    (
        "needle.csv",
        "muscle;side;fibrillation\nTA;left;2\n",
        TableError,
        r"needle\.csv, line 1: the columns are not separated by commas; save the table as CSV with commas",
    ),
    (
        "needle.csv",
        "muscle,side,fibrillation\nTA,left,2+\n",
        TableError,
        "'2[+]' is not a whole number such as 2; leave it empty where it was not assessed",
    ),
    (
        "needle.csv",
        "muscle,side\nTA,left\nTX,left\n",
        UnknownNameError,
        r"needle\.csv, line 3, column 'muscle': Unknown muscle 'TX'",
    ),
    (
        "conduction.csv",
        "study,side\nsurral,left\n",
        UnknownNameError,
        r"conduction\.csv, line 2, column 'study': Unknown .*sural_sensory",
    ),
    (
        "conduction.csv",
        "study,side,latency_ms\nsural,left,inf\n",
        TableError,
        "'inf' is not a number with a decimal point",
    ),
    (
        "study.toml",
        "id = 'x'\nage_year = 3\n",
        TableError,
        r"study\.toml: unknown key 'age_year'; did you mean 'age_years'",
    ),
    ("study.toml", "age_years = '40'\n", TableError, "age_years is '40'; a number that is not negative is required"),
    ("study.toml", "age_years = -1\n", TableError, "age_years is -1; a number that is not negative"),
    ("study.toml", "id = 7\n", TableError, "id is 7; text in double quotes is required"),
    ("study.toml", "id = x\n", InputFileError, r"study\.toml cannot be read: .*line 1"),
    ("study.toml", "affected_side = 'both'\n", TableError, 'affected_side is \'both\'; "left" or "right" is required'),
    (
        "study.toml",
        "grading_scheme = 'kimura'\n",
        UnknownNameError,
        r"study\.toml: Unknown grading scheme 'kimura'; known are mayo, preston_shapiro",
    ),
    ("study.toml", "history = 3\n", TableError, r"history is 3; a table \[history\]"),
    (
        "study.toml",
        "[history]\ndiabets = true\n",
        UnknownNameError,
        r"study\.toml, \[history\]: Unknown history finding 'diabets'; did you mean diabetes",
    ),
    (
        "study.toml",
        "[clinical]\ndiabetes = true\n",
        UnknownNameError,
        r"\[clinical\]: Unknown clinical finding 'diabetes'",
    ),
    (
        "study.toml",
        "[clinical]\nankle_jerk = 'brisk'\n",
        StudyError,
        r"\[clinical\]: ankle_jerk is 'brisk'; it takes one of normal, reduced, absent",
    ),
    ("study.toml", "[events]\nwhat = 'fall'\n", TableError, r"write \[\[events\]\] with two brackets"),
    ("study.toml", "[[events]]\nwhat = 'fall'\n", TableError, r"study\.toml, event 1 lacks what or weeks_ago"),
    (
        "study.toml",
        "[[events]]\nwhat = 'fall'\nweeks = 3\n",
        TableError,
        "event 1: unknown key 'weeks'; did you mean 'weeks_ago'",
    ),
]


@pytest.mark.parametrize(("file", "text", "error", "said"), BROKEN)
def test_what_is_wrong_is_named_by_file_line_and_column(folder, file, text, error, said):
    (folder / file).write_text(text)
    with pytest.raises(error, match=said) as caught:
        read_study(folder)
    assert "\n" not in str(caught.value)


def test_missing_parts_of_a_study_are_named(folder, tmp_path):
    with pytest.raises(InputFileError, match=r"absent does not exist; give the folder that holds study.toml"):
        read_study(tmp_path / "absent")
    with pytest.raises(InputFileError, match=r"study.toml is a file; give the folder"):
        read_study(folder / "study.toml")
    for name in ("recordings.csv", "needle.csv"):
        (folder / name).unlink()
    (folder / "conduction.csv").rename(folder / "conductions.csv")
    with pytest.raises(
        InputFileError, match=r"a table conductions.csv, which would be left out; did you mean conduction.csv"
    ):
        read_study(folder)
    (folder / "conductions.csv").unlink()
    with pytest.raises(StudyError, match=r"holds nothing to analyse; at least one of recordings.csv"):
        read_study(folder)
    for name in ("recordings.csv", "needle.csv"):
        (folder / name).write_text({"recordings.csv": "file,muscle,side\n", "needle.csv": "muscle,side\n"}[name])
        with pytest.raises(StudyError, match=r"holds nothing to analyse; .* is required, with a row in it"):
            read_study(folder)
    (folder / "study.toml").unlink()
    with pytest.raises(InputFileError, match=r"has no study.toml; write one"):
        read_study(folder)


def test_a_recording_of_nan_names_its_line(folder):
    (folder / "a.csv").write_text("# rate_hz=4000\nEMG (uV)\n1\nnan\n")
    (folder / "recordings.csv").write_text("file,muscle,side\na.csv,TA,left\n")
    with pytest.raises(SignalError, match=r"recordings\.csv, line 2: samples_uv has 1 values that are not numbers"):
        read_study(folder)


def test_files_of_other_systems_are_understood(folder):
    for newline, mark in (("\r\n", b"\xef\xbb\xbf"), ("\r", b"")):
        text = f"muscle,side,fibrillation{newline}Gluteus Max.,left,2{newline}"
        (folder / "needle.csv").write_bytes(mark + text.encode())
        assert read_study(folder).needle["fibrillation"].tolist() == [2]
    (folder / "needle.csv").write_bytes("muscle,side,note\nTA,left,Übung\n".encode("latin-1"))
    with pytest.raises(TableError, match=r"needle\.csv is not UTF-8 text .*; save it as CSV in UTF-8"):
        read_study(folder)


@given(junk=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_junk_never_ends_in_a_foreign_error(folder, junk):
    for name in ("needle.csv", "study.toml"):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(junk)
        assert "\n" not in refusal(lambda: read_study(folder))
        (folder / name).write_bytes(kept)
