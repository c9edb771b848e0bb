from __future__ import annotations

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import wavfile

from emgkit.errors import InputFileError, SignalError, UnitError
from emgkit.files.recording import read_recording, write_recording
from emgkit.files.wav import read_wav, write_wav
from tests.files.exact import exact

pytestmark = pytest.mark.filterwarnings("ignore::scipy.io.wavfile.WavFileWarning")  # SciPy skips the comment chunk


@given(samples=st.lists(st.floats(-1e6, 1e6, width=64), min_size=1, max_size=50), rate_hz=st.floats(1.0, 1e6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_samples_and_any_rate_come_back(tmp_path, recording_of, samples, rate_hz):
    write_recording(tmp_path / "a.wav", recording_of(samples, rate_hz))
    read = read_wav(tmp_path / "a.wav")
    assert exact(read.samples_uv).tolist() == samples
    assert read.rate_hz == rate_hz


def test_scipy_reads_the_same_microvolts(tmp_path, recording_of, gridded_uv):
    write_wav(tmp_path / "a.wav", recording_of(gridded_uv))
    rate_hz, values = wavfile.read(tmp_path / "a.wav")
    assert rate_hz == 48000
    assert values.dtype == np.float64
    assert np.array_equal(values, gridded_uv)


def test_16_bits_hold_a_grid_and_remember_its_step(tmp_path, recording_of, gridded_uv):
    write_wav(tmp_path / "a.wav", recording_of(gridded_uv), pcm16=True)
    assert wavfile.read(tmp_path / "a.wav")[1].dtype == np.int16
    read = read_recording(tmp_path / "a.wav", muscle="soleus", side="left")
    assert np.array_equal(exact(read.samples_uv), gridded_uv)
    with pytest.raises(InputFileError, match="fit no step that 16 bits hold without loss; leave out pcm16=True"):
        write_wav(tmp_path / "b.wav", recording_of([np.pi, 1.0, 7.0]), pcm16=True)


@pytest.mark.parametrize(
    ("dtype", "what"), [("int16", "one step of its integer samples"), ("float32", "1.0 of its float samples")]
)
def test_a_foreign_sound_file_is_asked_for_its_unit(tmp_path, dtype, what):
    wavfile.write(tmp_path / "a.wav", 44100, np.array([1, -2, 3], dtype=dtype))
    with pytest.raises(
        UnitError, match=f"a.wav, a sound file whose unit is {what}, does not give a unit; pass uv_per_unit="
    ):
        read_recording(tmp_path / "a.wav", muscle="soleus", side="left")
    read = read_recording(tmp_path / "a.wav", muscle="soleus", side="left", uv_per_unit=0.1)
    np.testing.assert_allclose(exact(read.samples_uv), [0.1, -0.2, 0.3], rtol=1e-15)
    assert read.rate_hz == 44100.0


@pytest.mark.parametrize(
    ("subtype", "largest"), [("PCM_U8", 127), ("PCM_16", 32767), ("PCM_24", 8388607), ("PCM_32", 2147483647)]
)
def test_one_unit_is_one_step_of_the_stored_width(tmp_path, subtype, largest):
    bits = largest.bit_length() + 1
    steps = np.array([0, 1, -1, largest, -largest - 1], dtype=np.int64)
    soundfile.write(tmp_path / "a.wav", (steps << (32 - bits)).astype(np.int32), 8000, subtype=subtype)
    assert exact(read_wav(tmp_path / "a.wav", uv_per_unit=1).samples_uv).tolist() == steps.tolist()


def test_flac_and_stereo_are_read(tmp_path):
    soundfile.write(tmp_path / "a.flac", np.array([[5, 6], [7, 8]], dtype=np.int16), 8000, subtype="PCM_16")
    with pytest.raises(InputFileError, match=r"a.flac has 2 channels: '1', '2'; one recording"):
        read_wav(tmp_path / "a.flac", uv_per_unit=1)
    assert read_wav(tmp_path / "a.flac", channel="2", uv_per_unit=1).samples_uv.tolist() == [6.0, 8.0]


def test_broken_sound_files_are_refused(tmp_path, recording_of):
    write_wav(tmp_path / "a.wav", recording_of(np.arange(500.0)))
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[:-8])
    with pytest.raises(InputFileError, match=f"a.wav is cut: it declares {len(whole)} bytes and has {len(whole) - 8}"):
        read_wav(tmp_path / "a.wav")
    (tmp_path / "b.wav").write_bytes(b"not a sound file")
    with pytest.raises(InputFileError, match=r"b\.wav cannot be read as a sound file: .*; export it again as WAV"):
        read_wav(tmp_path / "b.wav")
    soundfile.write(tmp_path / "c.wav", np.zeros(800), 8000, subtype="ULAW")
    with pytest.raises(InputFileError, match=r"c.wav is stored as ULAW, which loses detail"):
        read_wav(tmp_path / "c.wav", uv_per_unit=1)
    wavfile.write(tmp_path / "d.wav", 8000, np.array([0.0, np.nan, 1.0]))
    read = read_recording(tmp_path / "d.wav", muscle="soleus", side="left", uv_per_unit=1)
    assert read.samples_uv[2:] == [1.0]
    for part in (slice(None), slice(1, 2), slice(None, None, -1)):
        with pytest.raises(SignalError, match=r"d.wav holds nan at 0.000125 s \(sample 1\); every sample must be"):
            read.samples_uv[part]
