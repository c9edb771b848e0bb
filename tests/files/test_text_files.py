from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgkit.errors import InputFileError, SignalError, UnitError
from emgkit.files.recording import read_recording, write_recording
from emgkit.files.text import read_text


@pytest.fixture
def written(tmp_path):
    def write(text, name="a.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


@given(samples=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=50), rate_hz=st.floats(1.0, 1e6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt"])
def test_any_samples_and_any_rate_come_back(tmp_path, recording_of, name, samples, rate_hz):
    write_recording(tmp_path / name, recording_of(samples, rate_hz, channel="GMax, left"))
    read = read_recording(tmp_path / name, muscle="gluteus maximus", side="left")
    assert np.asarray(read.samples_uv).tolist() == samples
    assert read.rate_hz == rate_hz
    assert read.channel == "GMax  left"


def test_pandas_reads_the_same_numbers(tmp_path, recording_of, gridded_uv):
    write_recording(tmp_path / "a.csv", recording_of(gridded_uv))
    frame = pd.read_csv(tmp_path / "a.csv", comment="#")
    np.testing.assert_allclose(frame["EMG (uV)"].to_numpy(), gridded_uv, rtol=1e-14)


@pytest.mark.parametrize(
    ("header", "row", "microvolt"),
    [
        ("EMG (uV)", "2", 2),
        ("EMG [mV]", "2", 2000),
        ("emg_mv", "2", 2000),
        ("emg_uV", "2", 2),
        ("EMG (V)", "1e-6", 1),
        ("EMG (\N{MICRO SIGN}V)", "2", 2),
        ("EMG (\N{GREEK SMALL LETTER MU}V)", "2", 2),
    ],
)
def test_units_stand_in_the_header(written, header, row, microvolt):
    assert read_text(written(f"# rate_hz=4000\n{header}\n{row}\n")).samples_uv[0] == pytest.approx(microvolt)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_time_column_gives_the_rate_and_channels_are_chosen(written, delimiter):
    rows = [delimiter.join(["time_s", "EMG (uV)", "Force (N)"])]
    rows += [delimiter.join([f"{k / 48000:.6f}", str(k), "0"]) for k in range(2000)]
    path = written("\n".join(rows))
    with pytest.raises(InputFileError, match=r"a.csv has 2 channels: 'EMG', 'Force'; one recording"):
        read_text(path)
    read = read_text(path, channel="EMG")
    assert read.rate_hz == 48000.0
    assert read.samples_uv.tolist() == list(range(2000))


@pytest.mark.parametrize("rate_hz", [2000.0, 4807.69, 23437.5, 44100.0, 48000.0])
@pytest.mark.parametrize("digits", [7, 9, 17])
def test_rates_survive_the_rounding_of_printed_times(written, rate_hz, digits):
    rows = "\n".join(f"{k / rate_hz:.{digits}g},0" for k in range(8000))
    assert read_text(written(f"time_s,EMG (uV)\n{rows}\n")).rate_hz == rate_hz


def test_milliseconds_and_crooked_rates_are_kept(written):
    rows = "\n".join(f"{1000 * k / 23437.5!r},0" for k in range(500))
    assert read_text(written(f"time (ms),EMG (uV)\n{rows}\n")).rate_hz == pytest.approx(23437.5, rel=1e-9)


def test_uneven_times_and_gaps_are_refused(written):
    times = np.delete(np.arange(1000) / 4000, 600)
    rows = "\n".join(f"{t:.6f},0" for t in times)
    with pytest.raises(
        InputFileError, match=r"a\.csv has uneven times: row \d+ after the header .*cut the file at its gap"
    ):
        read_text(written(f"time_s,EMG (uV)\n{rows}\n"))
    with pytest.raises(InputFileError, match=r"uneven times: row 2 .* at 8000 Hz"):
        read_text(written("# rate_hz=8000\ntime_s,EMG (uV)\n0,1\n0.00025,1\n0.0005,1\n"))
    with pytest.raises(InputFileError, match="a time column that does not rise"):
        read_text(written("time_s,EMG (uV)\n0,1\n0,1\n"))
    with pytest.raises(InputFileError, match="a time column in 'no unit'; name it 'time_s'"):
        read_text(written("time,EMG (uV)\n0,1\n1,1\n"))


def test_a_missing_rate_or_unit_is_asked_for(written):
    with pytest.raises(
        InputFileError, match="does not give its rate; add a first line '# rate_hz=48000' or a column 'time_s'"
    ):
        read_text(written("EMG (uV)\n1\n"))
    with pytest.raises(UnitError, match=r"a.csv, column 'EMG', does not give a unit; pass uv_per_unit="):
        read_text(written("# rate_hz=4000\nEMG\n1\n"))
    assert read_text(written("# rate_hz=4000\nEMG\n3\n"), uv_per_unit=0.1).samples_uv[0] == 0.3


@pytest.mark.parametrize(
    ("body", "error", "said"),
    [
        ("EMG (uV)\n1\nnan\n", SignalError, "the first at sample 1; cut the recording there"),
        (
            "EMG (uV)\n1\nabc\n",
            InputFileError,
            "could not convert string 'abc'.*every cell must be a number with a decimal point",
        ),
        ("EMG (uV);x (uV)\n1,5;0\n", InputFileError, "could not convert string '1,5'"),
        ("time_s,EMG (uV)\n0\n", InputFileError, "every cell must be a number"),
        ("1.5\n2.5\n", InputFileError, "no header row; name the columns with their units first, such as 'EMG "),
        ("", InputFileError, "no header row"),
    ],
)
def test_bad_cells_are_refused(written, body, error, said):
    path = written(f"# rate_hz=4000\n{body}")
    with pytest.raises(error, match=said):
        read_recording(path, muscle="soleus", side="left", channel="EMG" if "EMG" in body else None)


def test_a_table_without_rows_holds_no_samples(written):
    with pytest.raises(InputFileError, match=r"a.csv has a header and no rows"):
        read_text(written("# rate_hz=4000\nEMG (uV)\n"))


def test_other_encodings_and_a_bad_rate_are_refused(tmp_path, written):
    (tmp_path / "b.csv").write_bytes(b"# rate_hz=4000\nEMG (\xb5V)\n1\n")
    with pytest.raises(InputFileError, match=r"b\.csv cannot be read as text: .*UTF-8"):
        read_text(tmp_path / "b.csv")
    with pytest.raises(InputFileError, match="could not convert string to float: 'fast'; UTF-8 and a rate such as"):
        read_text(written("# rate_hz=fast\nEMG (uV)\n1\n"))
