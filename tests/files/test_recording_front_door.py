from __future__ import annotations

import numpy as np
import pytest

from emgkit.errors import InputFileError, SignalError, UnknownNameError
from emgkit.files.atomic import atomic_file, atomic_folder
from emgkit.files.recording import read_recording, write_recording
from tests.files.exact import exact


def read(path, **facts):
    return read_recording(path, **{"muscle": "gluteus maximus", "side": "left", **facts})


@pytest.fixture
def written(tmp_path, recording_of):
    write_recording(tmp_path / "gmax.edf", recording_of([1.0, -2.0] * 480))
    return tmp_path / "gmax.edf"


def test_what_cannot_be_read_is_said_in_one_line(tmp_path, written):
    (tmp_path / "empty.edf").touch()
    for name in ("notes", "notes.docx"):
        (tmp_path / name).write_text("x")
    (tmp_path / "text.edf").write_text("time,EMG\n" * 100)
    for path, said in (
        (tmp_path / "absent.edf", r"absent\.edf does not exist; check the name"),
        (tmp_path / "absent", "absent does not exist"),
        (tmp_path / "notes", r"notes has no suffix that names its format; one of \.edf, \.bdf"),
        (tmp_path, "is a folder; give one file, or read a whole study folder with read_study"),
        (tmp_path / "empty.edf", r"empty\.edf is empty \(0 bytes\)"),
        (tmp_path / "notes.docx", r"suffix '\.docx', which no reader knows; one of \.edf, \.bdf, \.wav"),
        (tmp_path / "text.edf", "does not begin like an EDF or BDF file"),
    ):
        with pytest.raises(InputFileError, match=said) as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_muscle_and_side_are_required_and_resolved(written):
    with pytest.raises(
        InputFileError, match=r"which muscle gmax\.edf was recorded from; pass muscle='gluteus maximus'"
    ):
        read(written, muscle=None)
    with pytest.raises(
        InputFileError, match=r"which side gmax\.edf was recorded from; pass side='left' or side='right'"
    ):
        read(written, side=None)
    with pytest.raises(UnknownNameError, match="Unknown muscle 'gluteus maxximus'; did you mean gluteus_maximus"):
        read(written, muscle="gluteus maxximus")
    with pytest.raises(SignalError, match="side is 'both'; it must be 'left' or 'right'"):
        read(written, side="both")
    assert read(written, muscle="Gluteus Max.").muscle == "gluteus_maximus"


def test_facts_of_the_user_go_before_those_of_the_file(written):
    recording = read(written, site="upper lateral", state="insertion", electrode="monopolar")
    assert (recording.site, recording.state, recording.electrode) == ("upper lateral", "insertion", "monopolar")
    assert recording.source_file == str(written)


def test_inverting_turns_every_sample(written):
    assert np.array_equal(exact(read(written, invert=True).samples_uv), -exact(read(written).samples_uv))


def test_suffixes_may_be_upper_case(written):
    upper = written.rename(written.with_name("GMAX.EDF"))
    assert len(read(upper).samples_uv) == 960


def test_what_cannot_be_written_is_said(tmp_path, recording_of):
    recording = recording_of([1.0, 2.0] * 480)
    with pytest.raises(InputFileError, match=r"suffix '\.docx', which cannot be written; use one of \.edf"):
        write_recording(tmp_path / "a.docx", recording)
    with pytest.raises(InputFileError, match=r"The folder .*absent does not exist; make it first"):
        write_recording(tmp_path / "absent" / "a.edf", recording)
    (tmp_path / "a.edf").mkdir()
    with pytest.raises(InputFileError, match=r"a\.edf is a folder; give the name of a file"):
        write_recording(tmp_path / "a.edf", recording)


def fill_and_fail(place):
    with place as temporary:
        (temporary / "study.toml" if temporary.is_dir() else temporary).write_text("new")
        raise ArithmeticError(temporary.name)


def test_an_error_inside_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    for place in (atomic_file(tmp_path / "a.txt"), atomic_folder(tmp_path / "study")):
        with pytest.raises(ArithmeticError, match=r"\.part$"):
            fill_and_fail(place)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"a.txt": "old"}


@pytest.mark.parametrize("name", ["a.edf", "a.bdf", "a.wav", "a.csv"])
def test_every_format_gives_the_same_recording(tmp_path, recording_of, gridded_uv, name):
    write_recording(tmp_path / name, recording_of(gridded_uv))
    recording = read(tmp_path / name)
    assert np.array_equal(exact(recording.samples_uv), gridded_uv)
    assert recording.rate_hz == 48000.0
    with pytest.raises((ValueError, TypeError), match=r"read-only|does not support item assignment"):
        recording.samples_uv[0] = 1.0


def test_what_the_system_refuses_is_said(written, monkeypatch):
    def locked(*_args, **_keywords):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", locked)
    with pytest.raises(InputFileError, match=r"gmax\.edf cannot be read: Permission denied; check its name"):
        read(written)
    with pytest.raises(InputFileError, match="cannot be read: File name too long"):
        read("x" * 5000 + ".edf")
