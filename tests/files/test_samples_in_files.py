from __future__ import annotations

import pickle
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import edfio
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgkit.errors import InputFileError, SignalError
from emgkit.files import samples as samples_module
from emgkit.files.recording import read_recording, write_recording
from emgkit.files.samples import FileSamples
from emgkit.model.recording import Recording, Samples
from tests.files.exact import exact

often = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
BITS = {"u1": 8, "<i2": 16, ">i2": 16, "<i3": 24, "<i4": 32}
WIDTHS = {"u1": 1, "<i2": 2, ">i2": 2, "<i3": 3, "<i4": 4, "<f4": 4, "<f8": 8}
ends = st.one_of(st.none(), st.integers(-400, 400))
slices = st.builds(slice, ends, ends, st.one_of(st.none(), st.integers(-9, 9).filter(bool)))


def read(path, **facts):
    return read_recording(path, **{"muscle": "soleus", "side": "left", **facts})


def octets_of(number, encoding):
    """Store one number by hand."""
    if "f" in encoding:
        return np.array(number, encoding).tobytes()
    order = "big" if encoding[0] == ">" else "little"
    return int(number).to_bytes(WIDTHS[encoding], order, signed=encoding != "u1")


def stored(path, numbers, *, encoding, run, gaps, start, step=Fraction(1), offset=Fraction(0)):
    """Write runs of samples between bytes of other channels, one by one, and return the view of them."""
    blocks = [numbers[place : place + run] for place in range(0, len(numbers), run)]
    before, after = (b"\x55" * gap for gap in gaps)
    body = b"".join(before + b"".join(octets_of(each, encoding) for each in block) + after for block in blocks)
    path.write_bytes(b"\xaa" * start + body)
    return FileSamples(
        path, n_samples=len(numbers), rate_hz=1000.0, encoding=encoding, start=start + gaps[0], run=run,
        block_bytes=sum(gaps) + run * WIDTHS[encoding], step=step, offset=offset, file_bytes=path.stat().st_size,
    )  # fmt: skip


@given(data=st.data(), encoding=st.sampled_from(sorted(WIDTHS)), item=slices, run=st.integers(1, 40))
@often
def test_every_slice_of_every_layout_is_that_of_the_numbers_written(tmp_path, data, encoding, item, run):
    count, start = data.draw(st.integers(1, 8)) * run, data.draw(st.integers(0, 30))
    step, offset = (data.draw(st.fractions(-50, 50, max_denominator=2000)) for _ in range(2))
    gaps = (data.draw(st.integers(0, 50)), data.draw(st.integers(0, 50)))
    rng = np.random.default_rng(count + start)
    numbers = rng.normal(0, 1e3, count) if "f" in encoding else rng.integers(0, 2 ** BITS[encoding], count)
    if "i" in encoding:
        numbers -= 2 ** (BITS[encoding] - 1)
    kept = numbers.astype(encoding) if "f" in encoding else numbers
    layout = {"encoding": encoding, "run": run, "gaps": gaps, "start": start, "step": step, "offset": offset}
    view = stored(tmp_path / "a", numbers, **layout)
    samples_module._PIECE_BYTES, usual = data.draw(st.sampled_from([1, 64, 2**20])), samples_module._PIECE_BYTES
    try:
        whole, doubles, part = np.asarray(view), exact(view), view[item]
    finally:
        samples_module._PIECE_BYTES = usual
    truth = np.array([float(Fraction(float(each)) * step + offset) for each in kept])
    largest = max(abs(truth).max(), abs(float(offset)), 1e-300)
    np.testing.assert_allclose(doubles, truth, rtol=0, atol=largest * 2**-51)
    np.testing.assert_allclose(whole, truth, rtol=0, atol=largest * 2**-22)
    assert (whole.dtype, part.dtype, view.dtype) == (np.float32,) * 3
    assert np.array_equal(part, whole[item])
    size = data.draw(st.integers(1, count))
    starts = np.array(data.draw(st.lists(st.integers(0, count - size), max_size=5)), dtype=np.int64)
    windows = view.windows(starts, size)
    assert (windows.shape, windows.dtype) == ((len(starts), size), np.float32)
    assert np.array_equal(windows, [whole[start : start + size] for start in starts] or windows)
    assert np.array_equal(np.asarray(view.negated()), -whole)


@pytest.mark.parametrize("per_uv", [1, 2, 5, 10, 20, 50, 100, 1000])
def test_on_a_round_grid_every_sample_is_the_float32_next_to_the_decimal_number(tmp_path, recording_of, per_uv):
    codes = np.arange(-32768, 32768)
    decimals = np.array([float(Fraction(int(code), per_uv)) for code in codes])
    write_recording(tmp_path / "a.edf", recording_of(decimals, 65536.0))
    assert np.array_equal(np.asarray(read(tmp_path / "a.edf").samples_uv), decimals.astype(np.float32))


@pytest.fixture
def three_signals(tmp_path):
    """An EDF+ file of three signals at three rates, by another writer, with remarks."""
    codes = np.random.default_rng(4)
    signals = [
        edfio.EdfSignal.from_digital(
            codes.integers(-2048, 2048, 50 * count).astype(np.int16), 10.0 * count, label=f"EMG {count}",
            physical_dimension="uV", physical_range=(low, high), digital_range=(-2048, 2047),
        )
        for count, low, high in ((7, -900, 900), (400, 900, -900), (1, 100, 500.5))
    ]  # fmt: skip
    file = edfio.Edf(signals, data_record_duration=0.5, annotations=[edfio.EdfAnnotation(1.25, None, "insertion")])
    file.write(tmp_path / "three.edf")
    return tmp_path / "three.edf"


@pytest.mark.parametrize("position", [0, 1, 2])
@given(item=slices)
@often
def test_edfio_agrees_on_every_channel_of_interleaved_records(three_signals, position, item):
    judge = edfio.read_edf(three_signals).signals[position]
    view = read(three_signals, channel=judge.label).samples_uv
    np.testing.assert_allclose(view[item], judge.data[item], rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(exact(view), judge.data, rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("layout", ["WAV", "WAVEX", "RF64"])
def test_libsndfile_agrees_on_every_kind_of_sound_file(tmp_path, subtype, layout):
    values = np.random.default_rng(2).uniform(-0.9, 0.9, (3001, 2))
    soundfile.write(tmp_path / "a.wav", values, 8000, subtype=subtype, format=layout)
    full = {"PCM_U8": 2**7, "PCM_16": 2**15, "PCM_24": 2**23, "PCM_32": 2**31}.get(subtype, 1)
    judge = soundfile.read(tmp_path / "a.wav", dtype="float64")[0]
    for position in (0, 1):
        view = read(tmp_path / "a.wav", channel=str(position + 1), uv_per_unit=0.5).samples_uv
        assert isinstance(view, FileSamples)
        np.testing.assert_allclose(exact(view), judge[:, position] * full * 0.5, rtol=1e-12)
        np.testing.assert_allclose(view[17:900:5], judge[17:900:5, position] * full * 0.5, rtol=1e-6)


def test_chunks_of_other_programs_are_passed_over(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([3, -4, 5], np.int16), 8000, subtype="PCM_16")
    raw = (tmp_path / "a.wav").read_bytes()
    for more in (b"note\x03\0\0\0abc\0", b"LIST\x05\0\0\0INFOx\0"):
        longer = raw[:12] + more + raw[12:]
        size = (len(longer) - 8).to_bytes(4, "little")
        (tmp_path / "a.wav").write_bytes(longer[:4] + size + longer[8:])
        view = read(tmp_path / "a.wav", uv_per_unit=1).samples_uv
        assert isinstance(view, FileSamples)
        assert exact(view).tolist() == [3.0, -4.0, 5.0]


def test_sound_files_that_are_not_plain_are_read_as_a_whole(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([3, -4], np.int16), 8000, subtype="PCM_16", endian="BIG")
    assert read(tmp_path / "a.wav", uv_per_unit=1).samples_uv.tolist() == [3.0, -4.0]


@given(changes=st.lists(st.tuples(st.integers(0, 110), st.integers(0, 255)), min_size=1, max_size=4))
@often
def test_a_damaged_sound_header_never_ends_in_a_foreign_error(tmp_path, recording_of, changes):
    write_recording(tmp_path / "a.wav", recording_of(np.arange(60.0)))
    raw = bytearray((tmp_path / "a.wav").read_bytes())
    for place, value in changes:
        raw[place] = value
    (tmp_path / "a.wav").write_bytes(raw)
    try:
        said = str(read(tmp_path / "a.wav", uv_per_unit=1).samples_uv[:10])
    except (InputFileError, SignalError) as error:
        said = str(error)
        assert "\n" not in said
    assert said


@pytest.fixture
def view(tmp_path, recording_of, gridded_uv):
    write_recording(tmp_path / "gmax.edf", recording_of(gridded_uv))
    return read(tmp_path / "gmax.edf").samples_uv


def test_a_view_is_what_algorithms_may_ask_for(view, gridded_uv):
    assert isinstance(view, Samples)
    assert (len(view), view.shape, view.ndim, view.size, view.dtype) == (12000, (12000,), 1, 12000, np.float32)
    assert repr(view) == "<FileSamples of gmax.edf, 0.25 s at 48000 Hz, 12000 in microvolt>"
    assert view[7] == view[7 - 12000] == np.float32(gridded_uv[7])
    assert list(view) == gridded_uv.astype(np.float32).tolist()
    assert np.abs(view).max() == np.float32(np.abs(gridded_uv).max())
    for wanted in (np.float64, np.float32, np.float16, np.int32):
        assert np.asarray(view, dtype=wanted).dtype == wanted
    assert np.array_equal(np.asarray(view, dtype=np.int32), gridded_uv.astype(np.int32))


def test_what_a_view_cannot_do_is_said(view):
    for place in (12000, -12001):
        with pytest.raises(IndexError, match=rf"gmax.edf has 12000 samples; there is none at {place}\."):
            view[place]
    with pytest.raises(TypeError, match=r"read by slices or one by one, not by ndarray; use np\.asarray"):
        view[np.array([1, 2])]
    with pytest.raises(TypeError, match="does not support item assignment"):
        view[0] = 1.0
    with pytest.raises(ValueError, match="cannot become an array without a copy"):
        np.asarray(view, copy=False)


def test_a_view_survives_pickle_another_folder_and_threads(view, gridded_uv, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = read("gmax.edf")
    monkeypatch.chdir(tmp_path.parent)
    sent, sent_relative = (pickle.loads(pickle.dumps(each)) for each in (view, relative))  # noqa: S301 - our own
    for each in (sent, relative.samples_uv, sent_relative.samples_uv):
        assert np.array_equal(exact(each), gridded_uv)
    with ThreadPoolExecutor(8) as pool:
        starts = list(range(0, 12000, 37)) * 3
        parts = pool.map(lambda start: view[start : start + 400], starts)
        assert all(
            np.array_equal(part, gridded_uv[start : start + 400].astype(np.float32))
            for start, part in zip(starts, parts, strict=True)
        )


def test_a_file_that_changed_or_went_away_is_refused_with_the_way_out(view):
    whole = view.path.read_bytes()
    view.path.write_bytes(whole[:-2])
    changed = f"has {len(whole) - 2} bytes and had {len(whole)} when it was opened; .*read it again"
    with pytest.raises(InputFileError, match=changed):
        view[:10]
    view.path.unlink()
    with pytest.raises(InputFileError, match=r"cannot be read any more: No such file or directory; .*put it back"):
        np.asarray(view)
    view.path.write_bytes(whole)
    assert len(view[:10]) == 10


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
def test_no_file_stays_open(view):
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = [view[:10], view[5], np.asarray(view)]
    next(iter(view))
    assert len(list(Path("/proc/self/fd").iterdir())) == before, kept


@pytest.fixture(params=["one.edf", "one.bdf", "one.wav", "one.hea"])
def long_file(request, tmp_path):
    """Four million samples of zeros, with a header as short as the format allows."""
    path, count = tmp_path / request.param, 4_000_000
    if path.suffix == ".wav":
        soundfile.write(path, np.zeros(count, np.int16), 48000, subtype="PCM_16")
    elif path.suffix == ".hea":
        path.write_text(f"one 1 48000 {count}\none.dat 16 10/uV 16 0 0 0 0 EMG\n")
        (tmp_path / "one.dat").write_bytes(bytes(2 * count))
    else:
        width, magic = (2, b"0") if path.suffix == ".edf" else (3, b"\xffBIOSEMI")
        numbers = ((8, b"512"), (44, b""), (8, b"%d" % (count // 40)), (8, b"0.001"), (4, b"1"))
        signal = ((16, b"EMG"), (80, b""), (8, b"uV"), (8, b"-3000"), (8, b"3000"), (8, b"-30000"), (8, b"30000"),
                  (80, b""), (8, b"40"), (32, b""))  # fmt: skip
        fields = ((8, magic), (80, b"X"), (80, b"X"), (8, b"01.01.85"), (8, b"00.00.00"), *numbers, *signal)
        path.write_bytes(b"".join(text.ljust(room) for room, text in fields) + bytes(width * count))
    return path


def test_opening_and_slicing_hold_a_part_of_the_file_only(long_file):
    read(long_file, uv_per_unit=1)  # what is loaded and kept on the first use is not counted
    tracemalloc.start()
    try:
        recording = read(long_file, uv_per_unit=1)
        assert recording.duration_s > 80
        part = recording.samples_uv[3_000_000:3_100_000]
        thinned = recording.samples_uv[::10_000]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(part), len(thinned)) == (100_000, 400)
    assert peak < 8_000_000, "of at least 16,000,000 bytes as an array"


@pytest.fixture
def sweeps(three_signals):
    """Return a function that calls the file discontinuous and moves the given record by some seconds."""
    raw = three_signals.read_bytes().replace(b"EDF+C", b"EDF+D", 1)

    def make(onset=b"+1.5", becomes=b"+1.5"):
        assert raw.count(onset + b"\x14\x14") == 1
        three_signals.write_bytes(raw.replace(onset + b"\x14\x14", becomes + b"\x14\x14"))
        return three_signals

    return make


def test_records_that_follow_each_other_are_read_whatever_the_file_calls_itself(sweeps):
    judge = edfio.read_edf(sweeps()).signals[1].data
    np.testing.assert_allclose(exact(read(sweeps(), channel="EMG 400").samples_uv), judge, rtol=1e-12, atol=1e-9)


def test_a_gap_between_records_is_refused_with_its_time(sweeps):
    with pytest.raises(InputFileError, match=r"discontinuous \(EDF\+D\).*the first ends at 1.5 s.*one file for each"):
        read(sweeps(becomes=b"+1.6"), channel="EMG 400")
    with pytest.raises(InputFileError, match=r"discontinuous \(EDF\+D\).*the first ends at 2 s"):
        read(sweeps(onset=b"+2", becomes=b"zz"), channel="EMG 400")


@pytest.mark.parametrize("start", ["2024-05-06T07:08:09", "2024-05-06T07:08:09.250000", "1999-12-31T23:59:59.999000"])
def test_the_start_is_read_to_the_microsecond(tmp_path, recording_of, gridded_uv, start):
    write_recording(tmp_path / "a.edf", recording_of(gridded_uv, start_time=start))
    assert read(tmp_path / "a.edf").start_time == start == edfio.read_edf(tmp_path / "a.edf").startdatetime.isoformat()


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ((b"Startdate 06-MAY-2024", b"Startdate X          "), ""),
        ((b"Startdate 06-MAY-2024", b"Beginning unknown....", b"06.05.24", b"06.05.85"), "1985-05-06T07:08:09"),
        ((b"Startdate 06-MAY-2024", b"Beginning unknown....", b"06.05.24", b"66.05.24"), ""),
        ((b"07.08.09", b"25.08.09"), ""),
    ],
)
def test_a_withheld_or_impossible_start_is_none(tmp_path, recording_of, gridded_uv, change, start):
    write_recording(tmp_path / "a.edf", recording_of(gridded_uv, start_time="2024-05-06T07:08:09"))
    raw = (tmp_path / "a.edf").read_bytes()
    for old, new in zip(change[::2], change[1::2], strict=True):
        assert old in raw[:256]
        raw = raw.replace(old, new, 1)
    (tmp_path / "a.edf").write_bytes(raw)
    assert read(tmp_path / "a.edf").start_time == start


def test_a_recording_from_a_file_is_written_again_bit_by_bit(tmp_path, recording_of, gridded_uv):
    for name in ("a.edf", "a.bdf", "a.wav"):
        write_recording(tmp_path / name, recording_of(gridded_uv))
        for again in ("b.edf", "b.bdf", "b.wav", "b.csv"):
            write_recording(tmp_path / again, read(tmp_path / name))
            assert np.array_equal(exact(read(tmp_path / again).samples_uv), gridded_uv), (name, again)
    write_recording(tmp_path / "a.edf", read(tmp_path / "a.edf"))  # in place of the file it reads
    assert np.array_equal(exact(read(tmp_path / "a.edf").samples_uv), gridded_uv)


def test_reading_plain_files_loads_no_library_but_numpy(tmp_path, recording_of, gridded_uv):
    for name in ("a.edf", "a.bdf", "a.wav"):
        write_recording(tmp_path / name, recording_of(gridded_uv))
    (tmp_path / "b.hea").write_text("b 1 48000 3\nb.dat 16 10/uV 16 0 0 0 0 EMG\n")
    (tmp_path / "b.dat").write_bytes(bytes(6))
    script = (
        "import sys, emgkit\n"
        "for name in ('a.edf', 'a.bdf', 'a.wav', 'b.hea'):\n"
        f"    recording = emgkit.read_recording({str(tmp_path)!r} + '/' + name, muscle='soleus', side='left')\n"
        "    recording.samples_uv[:10]\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert loaded & {"pandas", "scipy", "edfio", "mne", "soundfile", "wfdb", "matplotlib", "pyarrow"} == set()


def test_a_recording_is_made_without_reading_its_samples(view):
    view.path.unlink()
    recording = Recording(view, 48000.0, muscle="soleus", side="left")
    assert recording.duration_s == 0.25
    with pytest.raises(InputFileError, match="cannot be read any more"):
        recording.samples_uv[:1]
