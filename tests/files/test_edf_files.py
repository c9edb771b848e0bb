from __future__ import annotations

import re
from fractions import Fraction

import edfio
import mne
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgkit.errors import InputFileError, UnitError
from emgkit.files.edf import read_edf, write_edf
from emgkit.files.edf_layout import encode, find_layout
from emgkit.files.recording import read_recording, write_recording
from tests.files.exact import exact
from tests.files.refusal import refusal

once_per_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)


def header_of(path):
    """Read by hand: number of records, their duration, bytes of one record."""
    raw = path.read_bytes()
    signals = int(raw[252:256])
    counts = raw[256 + 216 * signals : 256 + 224 * signals]
    width = 3 if raw[0] == 255 else 2
    per_record = sum(int(counts[8 * i : 8 * i + 8]) for i in range(signals)) * width
    return int(raw[236:244]), float(raw[244:252]), per_record


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
@pytest.mark.parametrize(
    "rate_hz", [2000.0, 10000.0, 23437.5, 24414.0625, 44100.0, 48000.0, 65536.0, 10000 / 3, 1234.5]
)
@pytest.mark.parametrize("n_samples", [12000, 11987, 61441])
def test_every_sample_and_the_rate_come_back(tmp_path, recording_of, suffix, rate_hz, n_samples):
    samples = np.round(np.random.default_rng(1).integers(-32768, 32768, n_samples) / 10, 1)
    path = tmp_path / f"gmax{suffix}"
    write_recording(path, recording_of(samples, rate_hz))
    read = read_recording(path, muscle="gluteus maximus", side="left")
    assert np.array_equal(exact(read.samples_uv), samples)
    assert read.rate_hz == rate_hz
    assert header_of(path)[2] <= 61440


@given(
    codes=st.lists(st.integers(-32768, 32767), min_size=1, max_size=300),
    per_uv=st.sampled_from([1, 2, 5, 10, 20, 50, 100, 1000]),
)
@once_per_folder
def test_samples_on_a_round_grid_come_back_bit_by_bit(tmp_path, recording_of, codes, per_uv):
    samples = np.array([float(Fraction(code, per_uv)) for code in codes])
    write_edf(tmp_path / "gmax.edf", recording_of(samples))
    assert exact(read_edf(tmp_path / "gmax.edf").samples_uv).tolist() == samples.tolist()


@given(
    n_samples=st.integers(1, 2_000_000), rate_hz=st.sampled_from([2000.0, 4000.0, 23437.5, 44100.0, 48000.0, 96000.0])
)
@settings(deadline=None, max_examples=60)
def test_layouts_hold_the_recording_within_the_limit(n_samples, rate_hz):
    for width in (2, 3):
        layout = find_layout(n_samples, rate_hz, bytes_per_sample=width)
        assert layout.samples * width <= 61440 - 240
        assert layout.samples / layout.duration_s == rate_hz
        assert layout.records * layout.samples == n_samples + layout.filling
        assert 0 <= layout.filling < layout.samples
        assert len(str(layout.duration_s)) <= 8


def test_sizes_that_no_record_divides_are_filled_and_the_end_is_marked(tmp_path, recording_of, gridded_uv):
    path = tmp_path / "prime.edf"
    write_edf(path, recording_of(gridded_uv[:11987]))
    stored = edfio.read_edf(path)
    assert stored.annotations[0].text == "Recording ends"
    assert stored.annotations[0].onset == pytest.approx(11987 / 48000, abs=1e-9)
    assert stored.signals[0].digital.size > 11987
    assert len(read_edf(path).samples_uv) == 11987


def test_a_record_is_half_a_second_at_48_khz(tmp_path, recording_of):
    path = tmp_path / "gmax.edf"
    write_edf(path, recording_of(np.zeros(96000)))
    assert header_of(path) == (4, 0.5, 48000)


def test_mne_and_edfio_read_the_same_signal(tmp_path, recording_of, gridded_uv):
    for suffix, read in ((".edf", edfio.read_edf), (".bdf", edfio.read_bdf)):
        path = tmp_path / f"gmax{suffix}"
        write_recording(path, recording_of(gridded_uv, channel="GMax"))
        reader = mne.io.read_raw_edf if suffix == ".edf" else mne.io.read_raw_bdf
        raw = reader(path, preload=True, verbose="error")
        assert raw.ch_names == ["GMax"]
        assert raw.info["sfreq"] == 48000.0
        np.testing.assert_allclose(raw.get_data()[0] * 1e6, gridded_uv, rtol=1e-9, atol=1e-7)
        np.testing.assert_allclose(read(path).signals[0].data, gridded_uv, rtol=1e-9, atol=1e-7)


def test_a_file_by_another_writer_is_read_with_its_facts(tmp_path):
    rng = np.random.default_rng(0)
    signal = edfio.EdfSignal(
        rng.normal(0, 0.2, 5000), 1000.0, label="EMG TA", physical_dimension="mV", physical_range=(-5, 5),
        transducer_type="Concentric electrode", prefiltering="HP:3Hz LP:10kHz",
    )  # fmt: skip
    edfio.Edf([signal]).write(tmp_path / "ta.edf")
    read = read_recording(tmp_path / "ta.edf", muscle="TA", side="right")
    np.testing.assert_allclose(exact(read.samples_uv), signal.data * 1000, rtol=1e-12, atol=1e-9)
    assert (read.channel, read.electrode) == ("EMG TA", "Concentric electrode")
    assert (read.highpass_hz, read.lowpass_hz) == (3.0, 10000.0)
    assert read.muscle == "tibialis_anterior"


def test_facts_of_the_machine_come_back(tmp_path, recording_of, gridded_uv):
    facts = {
        "electrode": "concentric", "highpass_hz": 2.0, "lowpass_hz": 10000.0, "channel": "GMax 1",
        "start_time": "2024-05-06T07:08:09",
    }  # fmt: skip
    write_edf(tmp_path / "a.edf", recording_of(gridded_uv, **facts))
    read = read_edf(tmp_path / "a.edf")
    assert {name: getattr(read, name) for name in facts} == facts


def test_a_crooked_converter_step_is_found(tmp_path, recording_of):
    codes = np.random.default_rng(5).integers(-26000, 26000, 5000)
    samples = codes * 1000 / 13107
    write_edf(tmp_path / "n2001.edf", recording_of(samples, 23437.5))
    assert np.array_equal(exact(read_edf(tmp_path / "n2001.edf").samples_uv), samples)


def test_multiplied_out_grids_pass_within_their_rounding(tmp_path, recording_of):
    samples = np.arange(-3000, 3000) * 0.1
    write_edf(tmp_path / "a.edf", recording_of(samples))
    np.testing.assert_allclose(exact(read_edf(tmp_path / "a.edf").samples_uv), samples, rtol=1e-15, atol=0)
    write_edf(tmp_path / "b.edf", recording_of(samples.astype(np.float32)))
    assert np.array_equal(np.asarray(read_edf(tmp_path / "b.edf").samples_uv), samples.astype(np.float32))


def test_what_16_bits_cannot_hold_is_refused_with_the_way_out(tmp_path, recording_of):
    wide = recording_of([0.1, 40000.0] * 600)
    with pytest.raises(InputFileError, match=r"16 bits hold without loss; write a\.wav .*a\.bdf \(24 bit\)"):
        write_recording(tmp_path / "a.edf", wide)
    write_recording(tmp_path / "a.bdf", wide)
    assert exact(read_edf(tmp_path / "a.bdf").samples_uv).tolist() == [0.1, 40000.0] * 600
    with pytest.raises(InputFileError, match=r"24 bits hold without loss; write b\.wav"):
        write_recording(tmp_path / "b.bdf", recording_of(np.random.default_rng(0).normal(size=600)))
    assert not (tmp_path / "b.bdf").exists()
    assert encode(np.array([np.pi, 1.0, 5.0]), bits=24) is None


def test_a_rate_that_no_record_states_is_refused(tmp_path, recording_of):
    with pytest.raises(InputFileError, match=r"rate of 23437.3712 Hz cannot be written exactly.*write a\.wav"):
        write_recording(tmp_path / "a.edf", recording_of(np.zeros(5000), 23437.3712))


@pytest.fixture
def two_channels(tmp_path):
    signals = [
        edfio.EdfSignal(np.arange(4000.0), 4000.0, label=label, physical_dimension=unit)
        for label, unit in (("EMG", "uV"), ("EMG", "mV"), ("Trigger", ""))
    ]
    edfio.Edf(signals).write(tmp_path / "two.edf")
    return tmp_path / "two.edf"


def test_several_channels_ask_for_a_choice(two_channels):
    with pytest.raises(InputFileError, match=re.escape("two.edf has 3 channels: 'EMG (1)', 'EMG (2)', 'Trigger'; one")):
        read_recording(two_channels, muscle="soleus", side="left")
    with pytest.raises(InputFileError, match=r"no channel 'APB'; it has 'EMG \(1\)'"):
        read_recording(two_channels, muscle="soleus", side="left", channel="APB")
    read = read_recording(two_channels, muscle="soleus", side="left", channel="EMG (2)")
    np.testing.assert_allclose(exact(read.samples_uv), np.arange(4000.0) * 1000, atol=40)


def test_a_blank_unit_is_asked_for(two_channels):
    with pytest.raises(UnitError, match=r"two.edf, channel 'Trigger', does not give a unit; pass uv_per_unit="):
        read_recording(two_channels, muscle="soleus", side="left", channel="Trigger")
    read = read_recording(two_channels, muscle="soleus", side="left", channel="Trigger", uv_per_unit=1000)
    np.testing.assert_allclose(exact(read.samples_uv), np.arange(4000.0) * 1000, atol=40)


@pytest.mark.parametrize(
    ("unit", "microvolt"),
    [(b"uV", 1), (b"\xb5V", 1), (b"\xc2\xb5V", 1), (b"mV", 1000), (b"mv", 1000), (b"V", 1e6), (b"nV", 1e-3)],
)
def test_units_are_understood_in_their_spellings(tmp_path, recording_of, unit, microvolt):
    path = tmp_path / "a.edf"
    write_edf(path, recording_of([1.0, 2.0] * 480))
    raw = path.read_bytes()
    place = 256 + 16 + 80
    path.write_bytes(raw[:place] + unit.ljust(8) + raw[place + 8 :])
    assert exact(read_edf(path).samples_uv)[:2].tolist() == [microvolt, 2 * microvolt]


def test_a_unit_of_another_kind_is_asked_for(tmp_path):
    edfio.Edf([edfio.EdfSignal(np.arange(4000.0), 4000.0, label="Temp", physical_dimension="degC")]).write(
        tmp_path / "t.edf"
    )
    with pytest.raises(UnitError, match="gives the unit 'degC', which is not one of potential; pass uv_per_unit="):
        read_recording(tmp_path / "t.edf", muscle="soleus", side="left")
    with pytest.raises(UnitError, match="uv_per_unit is -1; it must be a number of microvolts greater than zero"):
        read_recording(tmp_path / "t.edf", muscle="soleus", side="left", uv_per_unit=-1)


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_a_cut_file_is_refused(tmp_path, recording_of, gridded_uv, suffix):
    path = tmp_path / f"gmax{suffix}"
    write_recording(path, recording_of(gridded_uv))
    whole = path.read_bytes()
    for kept in (100, 300, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(InputFileError, match=r"gmax.* (is cut or damaged|does not begin like)"):
            read_recording(path, muscle="soleus", side="left")


def test_a_discontinuous_file_is_refused(tmp_path, recording_of, gridded_uv):
    path = tmp_path / "sweeps.edf"
    write_edf(path, recording_of(gridded_uv))
    raw = path.read_bytes()
    path.write_bytes(raw[:192] + b"EDF+D" + raw[197:])
    with pytest.raises(InputFileError, match=r"discontinuous \(EDF\+D\).*one file for each sweep"):
        read_recording(path, muscle="soleus", side="left")


@given(changes=st.lists(st.tuples(st.integers(0, 767), st.integers(0, 255)), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_a_damaged_header_never_ends_in_a_foreign_error(tmp_path, recording_of, changes):
    path = tmp_path / "gmax.edf"
    write_edf(path, recording_of(np.zeros(11987)))
    raw = bytearray(path.read_bytes())
    for place, value in changes:
        raw[place] = value
    path.write_bytes(raw)
    assert "\n" not in refusal(lambda: read_recording(path, muscle="soleus", side="left"))


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, recording_of, gridded_uv, monkeypatch):
    path = tmp_path / "gmax.edf"
    write_edf(path, recording_of(gridded_uv))
    before = path.read_bytes()

    def full(self, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(edfio.Edf, "write", full)
    with pytest.raises(InputFileError, match=r"gmax.edf cannot be written: No space left on device; free the place"):
        write_edf(path, recording_of(-gridded_uv[2:]))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["gmax.edf"]
