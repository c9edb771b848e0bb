from __future__ import annotations

import shutil
import sys
import warnings

import numpy as np
import pytest

from emgkit.errors import InputFileError, UnitError
from emgkit.files.recording import read_recording
from emgkit.files.wfdb_format import read_wfdb
from tests.files.exact import exact

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")  # the package on new pandas


@pytest.fixture
def wfdb():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("wfdb")


@pytest.fixture
def written_by_wfdb(tmp_path, wfdb):
    def write(code, span):
        codes = np.random.default_rng(1).integers(-span, span, (501, 2))
        wfdb.wrsamp(
            "rec", fs=4000.0, units=["mV", "uV"], sig_name=["EMG one", "EMG two"], d_signal=codes, fmt=[code, code],
            adc_gain=[200.0, 13.107], baseline=[5, 0], write_dir=str(tmp_path),
        )  # fmt: skip
        return tmp_path / "rec"

    return write


@pytest.mark.parametrize(
    ("code", "span"), [("16", 30000), ("24", 8_000_000), ("32", 2**30), ("212", 2000), ("80", 100)]
)
def test_the_wfdb_package_reads_the_same_numbers(wfdb, written_by_wfdb, code, span):
    stem = written_by_wfdb(code, span)
    judge = wfdb.rdrecord(str(stem), physical=True)
    for position, (name, microvolt) in enumerate((("EMG one", 1000.0), ("EMG two", 1.0))):
        read = read_recording(stem, muscle="soleus", side="left", channel=name)
        np.testing.assert_allclose(exact(read.samples_uv), judge.p_signal[:, position] * microvolt, rtol=1e-9)
        assert read.rate_hz == 4000.0


@pytest.mark.parametrize("given_as", ["rec", "rec.hea", "rec.dat"])
def test_a_record_is_found_by_stem_header_or_samples(written_by_wfdb, given_as):
    stem = written_by_wfdb("16", 1000)
    assert (
        len(read_recording(stem.with_name(given_as), muscle="soleus", side="left", channel="EMG one").samples_uv) == 501
    )


def test_rare_variants_name_the_extra(written_by_wfdb, monkeypatch):
    stem = written_by_wfdb("80", 100)
    monkeypatch.setitem(sys.modules, "wfdb", None)
    with pytest.raises(InputFileError, match=r'needs the wfdb package; install it with: pip install "emgkit\[wfdb\]"'):
        read_wfdb(stem, channel="EMG one")


def write_plain(folder, line, codes=(1, 2, 3), record="rec 1 4000 3"):
    (folder / "rec.hea").write_text(f"{record}\n{line}\n")
    (folder / "rec.dat").write_bytes(np.asarray(codes, "<i2").tobytes())
    return folder / "rec.hea"


def test_a_missing_gain_or_unit_is_asked_for(tmp_path):
    for line, said in (
        ("rec.dat 16", "does not give a gain; pass uv_per_unit=, the microvolts in one step"),
        ("rec.dat 16 0 16", "does not give a gain"),
        ("rec.dat 16 200 16", "does not give a unit; pass uv_per_unit="),
        ("rec.dat 16 200/mmHg 16", "gives the unit 'mmHg', which is not one of potential"),
    ):
        with pytest.raises(UnitError, match=said):
            read_wfdb(write_plain(tmp_path, line))
    assert exact(read_wfdb(write_plain(tmp_path, "rec.dat 16"), uv_per_unit=0.5).samples_uv).tolist() == [0.5, 1.0, 1.5]
    assert exact(read_wfdb(write_plain(tmp_path, "rec.dat 16 2"), uv_per_unit=1).samples_uv).tolist() == [0.5, 1.0, 1.5]


def test_zero_and_baseline_shift_the_samples(tmp_path):
    assert exact(read_wfdb(write_plain(tmp_path, "rec.dat 16 2/uV 16 1 0 6 0 EMG")).samples_uv).tolist() == [
        0.0,
        0.5,
        1.0,
    ]
    assert exact(read_wfdb(write_plain(tmp_path, "rec.dat 16 2(3)/uV 16 1 0 6 0 EMG")).samples_uv).tolist() == [
        -1.0,
        -0.5,
        0.0,
    ]


def test_broken_records_are_refused(tmp_path):
    with pytest.raises(InputFileError, match=r"rec.dat is cut: it holds 3 samples and its header declares 9"):
        read_wfdb(write_plain(tmp_path, "rec.dat 16 200/mV", record="rec 1 4000 9"))
    with pytest.raises(InputFileError, match=r"rec.dat is damaged: its samples sum to 6 and rec.hea declares 7"):
        read_wfdb(write_plain(tmp_path, "rec.dat 16 200/mV 16 0 1 7 0 EMG"))
    with pytest.raises(
        InputFileError, match=r"rec.hea is not a WFDB header .*: 2 signals are announced and 1 described"
    ):
        read_wfdb(write_plain(tmp_path, "rec.dat 16 200/mV", record="rec 2 4000 3"))
    with pytest.raises(InputFileError, match=r"rec.hea is not a WFDB header that can be understood"):
        read_wfdb(write_plain(tmp_path, "rec.dat sixteen"))
    write_plain(tmp_path, "other.dat 16 200/mV")
    with pytest.raises(InputFileError, match=r"names the file other.dat, which is not beside it"):
        read_wfdb(tmp_path / "rec.hea")
    (tmp_path / "alone.dat").write_bytes(b"\0\0")
    with pytest.raises(InputFileError, match=r"alone.dat has no header alone\.hea beside it"):
        read_recording(tmp_path / "alone.dat", muscle="soleus", side="left")


@pytest.mark.shared_data
def test_n2001_is_read_with_its_prefix_scale_and_facts(shared_data):
    read = read_recording(shared_data / "n2001" / "N2001M03BB12", muscle="biceps brachii", side="left")
    raw = np.frombuffer((shared_data / "n2001" / "N2001M03BB12.bin").read_bytes()[20:], "<i2")[:262124]
    np.testing.assert_allclose(exact(read.samples_uv), raw / 13.107, rtol=1e-12)
    assert read.rate_hz == 23437.5
    assert read.duration_s == pytest.approx(11.184, abs=0.001)
    assert (read.muscle, read.electrode, read.highpass_hz, read.lowpass_hz) == (
        "biceps_brachii",
        "concentric needle",
        2.0,
        10000.0,
    )
    clipped = read_recording(shared_data / "n2001" / "N2001A03BB55.hea", muscle="biceps brachii", side="left")
    assert np.asarray(clipped.samples_uv).min() == pytest.approx(-2500, abs=0.1)


@pytest.mark.shared_data
def test_n2001_agrees_with_the_wfdb_package(shared_data, wfdb):
    judge = wfdb.rdrecord(str(shared_data / "n2001" / "N2001C02BB66"), physical=True)
    read = read_wfdb(shared_data / "n2001" / "N2001C02BB66.bin")
    np.testing.assert_allclose(exact(read.samples_uv), judge.p_signal[:, 0], rtol=1e-9)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "n_samples"), [("emg_healthy", 50860), ("emg_myopathy", 110337), ("emg_neuropathy", 147858)]
)
def test_emgdb_is_read_whatever_the_case_of_its_unit(shared_data, wfdb, name, n_samples):
    read = read_wfdb(shared_data / "emgdb" / name)
    judge = wfdb.rdrecord(str(shared_data / "emgdb" / name), physical=True)
    assert len(read.samples_uv) == n_samples
    assert (read.rate_hz, read.channel) == (4000.0, "EMG")
    np.testing.assert_allclose(exact(read.samples_uv), judge.p_signal[:, 0] * 1000, rtol=1e-9)


@pytest.mark.shared_data
def test_emglab_r00108_is_read_with_its_old_line_ends_and_byte_order(shared_data):
    read = read_recording(shared_data / "emglab_r00108" / "R00108.dat", muscle="biceps brachii", side="right")
    raw = np.frombuffer((shared_data / "emglab_r00108" / "R00108.dat").read_bytes(), ">i2")
    assert np.array_equal(exact(read.samples_uv), raw * 2.0)
    assert (len(raw), read.rate_hz, read.duration_s) == (100000, 10000.0, 10.0)
    assert (read.electrode, read.highpass_hz, read.lowpass_hz) == ("monopolar needle", 8.0, 8000.0)


@pytest.mark.shared_data
def test_a_cut_copy_of_a_real_record_is_refused(shared_data, tmp_path):
    shutil.copy(shared_data / "emgdb" / "emg_healthy.hea", tmp_path)
    whole = (shared_data / "emgdb" / "emg_healthy.dat").read_bytes()
    (tmp_path / "emg_healthy.dat").write_bytes(whole[:-2])
    with pytest.raises(InputFileError, match="holds 50859 samples and its header declares 50860"):
        read_wfdb(tmp_path / "emg_healthy")
    (tmp_path / "emg_healthy.dat").write_bytes(whole[:100] + b"\7\7" + whole[102:])
    with pytest.raises(InputFileError, match="damaged: its samples sum to"):
        read_wfdb(tmp_path / "emg_healthy")
