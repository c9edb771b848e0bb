from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from emgkit.errors import InputFileError, UnknownNameError
from emgkit.files.study import read_study, write_study
from emgkit.model.findings import CONDUCTION, NEEDLE
from emgkit.model.study import Study, StudyEvent
from emgkit.model.table import make_table
from tests.files.exact import exact


@pytest.fixture
def study(recording_of, gridded_uv):
    facts = {"electrode": "concentric", "highpass_hz": 2.0, "lowpass_hz": 10000.0, "start_time": "2024-05-06T07:08:09"}
    rng = np.random.default_rng(8)
    return Study(
        'case "1", Übung\n\x7f',
        recordings=(
            recording_of(gridded_uv, site="upper, lateral", **facts),
            recording_of(
                gridded_uv[:11987], 23437.5, muscle="soleus", side="right", state="slight", site='the "deep" one'
            ),
            recording_of(np.round(rng.normal(0, 9000, 4001), 1), 44100.0, muscle="lumbar_paraspinals_L5"),
            recording_of(rng.normal(0, 20, 5000), 4807.69, start_time="1970-01-01T00:00:00", electrode="Nadel ä"),
            recording_of(rng.normal(0, 20, 5000).astype(np.float32), 4000.0),
        ),
        conduction=make_table(
            CONDUCTION,
            [
                {
                    "study": "sural_sensory",
                    "side": "left",
                    "amplitude_uv": 0.1 + 0.2,
                    "latency_ms": 3.4,
                    "note": "cold, 28 °C",
                },
                {"study": "h_reflex", "side": "right", "result": "absent"},
            ],
        ),
        needle=make_table(
            NEEDLE,
            [
                {
                    "muscle": "gluteus_maximus",
                    "side": "left",
                    "fibrillation": 2,
                    "motor_unit": "large",
                    "source": "examiner",
                },
                {"muscle": "soleus", "side": "right", "fibrillation": 0, "source": "recording", "note": 'a "b"\r\nc'},
            ],
        ),
        age_years=41.0,
        height_cm=172.5,
        affected_side="left",
        events=(StudyEvent("injection", 8.5, "left"), StudyEvent("fall", 6.0)),
        onset_weeks=7.0,
        grading_scheme="preston_shapiro",
        history={"spine_surgery": ("root_L4", "root_L5"), "diabetes": False, "hip_arthroplasty": "posterior"},
        clinical={"ankle_jerk": {"left": "absent", "right": "normal"}, "trendelenburg": True},
        imaging={"muscle_oedema": {"left": ("gluteus_maximus",)}, "pelvic_mass": False},
    )


def assert_equal(one, other):
    for name in (
        "id",
        "age_years",
        "height_cm",
        "affected_side",
        "events",
        "onset_weeks",
        "grading_scheme",
        "history",
        "clinical",
        "imaging",
    ):
        assert getattr(one, name) == getattr(other, name), name
    pd.testing.assert_frame_equal(one.conduction, other.conduction, check_exact=True)
    if one.needle is None:
        assert other.needle is None
    else:
        pd.testing.assert_frame_equal(one.needle, other.needle, check_exact=True)
    assert len(one.recordings) == len(other.recordings)
    for first, second in zip(one.recordings, other.recordings, strict=True):
        assert np.array_equal(exact(first.samples_uv), exact(second.samples_uv))
        for name in (
            "rate_hz",
            "muscle",
            "side",
            "site",
            "state",
            "electrode",
            "highpass_hz",
            "lowpass_hz",
            "start_time",
        ):
            assert getattr(first, name) == getattr(second, name), name


def test_a_study_comes_back_whole_twice(tmp_path, study):
    write_study(tmp_path / "one", study)
    read = read_study(tmp_path / "one")
    assert_equal(study, read)
    write_study(tmp_path / "two", read)
    assert_equal(study, read_study(tmp_path / "two"))
    for file in (tmp_path / "one").glob("*.[et]*"):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_every_recording_takes_the_smallest_format_that_keeps_its_bits(tmp_path, study):
    write_study(tmp_path / "one", study)
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == [
        "01_left_gluteus_maximus.edf",
        "02_right_soleus.edf",
        "03_left_lumbar_paraspinals_L5.bdf",
        "04_left_gluteus_maximus.wav",
        "05_left_gluteus_maximus.wav",
        "conduction.csv",
        "needle.csv",
        "recordings.csv",
        "study.toml",
    ]


def test_a_study_of_values_alone_has_no_recordings(tmp_path):
    bare = Study(
        "values", conduction=make_table(CONDUCTION, [{"study": "sural_sensory", "side": "left", "result": "normal"}])
    )
    write_study(tmp_path / "values", bare)
    assert_equal(bare, read_study(tmp_path / "values"))


def test_nothing_is_overwritten_and_nothing_half_remains(tmp_path, study, recording_of, monkeypatch):
    (tmp_path / "one").mkdir()
    write_study(tmp_path / "one", study)
    with pytest.raises(
        InputFileError, match="one already holds files; nothing is overwritten: remove it or choose another name"
    ):
        write_study(tmp_path / "one", study)
    (tmp_path / "file").touch()
    with pytest.raises(InputFileError, match="file is a file; give the name of a folder"):
        write_study(tmp_path / "file", study)

    def full(*_args, **_keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emgkit.files.study_recordings.write_wav", full)
    with pytest.raises(InputFileError, match="two cannot be written: No space left on device"):
        write_study(tmp_path / "two", study)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "one"]


def test_what_could_not_be_read_back_is_not_written(tmp_path, recording_of):
    for wrong, said in (
        (
            Study("x", conduction=make_table(CONDUCTION), history={"golf": True}),
            r"\[history\]: Unknown history finding 'golf'",
        ),
        (
            Study("x", conduction=make_table(CONDUCTION), recordings=(recording_of([1.0], muscle="tongs"),)),
            "Unknown muscle 'tongs'",
        ),
    ):
        with pytest.raises(UnknownNameError, match=said):
            write_study(tmp_path / "one", wrong)
    assert list(tmp_path.iterdir()) == []
