"""EDF, EDF+, BDF and BDF+: one continuous channel in, one channel out, without loss."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import EmgkitError, InputFileError
from emgkit.files.atomic import atomic_file
from emgkit.files.channel_data import ChannelData, choose_channel
from emgkit.files.edf_layout import MOST_RECORD_BYTES, encode, find_layout, records_for
from emgkit.files.scale import exact_fraction, required_microvolts, scaled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from pathlib import Path

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording

_BDF_MAGIC = b"\xffBIOSEMI"
_RECORDING_ENDS = "Recording ends"  # a standard text of EDF+; what follows in the last record is filling
_UNKNOWN_DATE = dt.datetime(1985, 1, 1)  # noqa: DTZ001 - EDF knows no time zone; this is its date for "not known"
_FILTER = r"{}\s*:?\s*([0-9.]+)\s*(k?)Hz"
FILE_BACKED_SAMPLES = 2**23


def read_edf(path: Path, *, channel: str | None = None, uv_per_unit: float | None = None) -> ChannelData:
    """Read one channel of an EDF or BDF file.

    Parameters
    ----------
    path : Path
    channel : str, optional
        Label of the channel; needed when there are several.
    uv_per_unit : float, optional
        Microvolt in one physical unit of the channel, for files whose unit is blank or wrong.

    Returns
    -------
    ChannelData
        More than ``FILE_BACKED_SAMPLES`` samples of an EDF file stay in the file and are read by slices.

    Raises
    ------
    InputFileError
        For a damaged, cut or discontinuous file, or an open choice of channel.
    UnitError
        When the unit is blank or not one of potential.
    """
    file = _open(path)
    signals = file.signals
    signal = signals[choose_channel([each.label.strip() for each in signals], channel, path=path)]
    label = signal.label.strip()
    per_unit = required_microvolts(signal.physical_dimension, uv_per_unit, place=f"{path.name}, channel {label!r},")
    try:
        samples = _samples(file, signal, per_unit)
        start_time = _start_time(file)
    except (ValueError, ArithmeticError) as error:
        raise InputFileError(_damaged(path, error)) from error
    return ChannelData(
        samples,
        float(signal.sampling_frequency),
        label,
        electrode=signal.transducer_type.strip(),
        highpass_hz=_filter_hz("HP", signal.prefiltering),
        lowpass_hz=_filter_hz("LP", signal.prefiltering),
        start_time=start_time,
    )


def write_edf(path: Path, recording: Recording) -> None:
    """Write a recording as EDF (16 bit) or, where the suffix is ``.bdf``, BDF (24 bit), without loss.

    The data records are at most 61,440 bytes. Where no allowed record length divides the recording, the last record
    is filled up and the EDF+ annotation "Recording ends" marks its true end; ``read_edf`` cuts there.

    Parameters
    ----------
    path : Path
    recording : Recording
        Its samples must lie on a grid that the format can hold: whole multiples of 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01
        or 0.001 uV, or of a converter's step.

    Raises
    ------
    InputFileError
        When the samples or the rate cannot be held exactly; it names the format that can.
    """
    import edfio  # noqa: PLC0415 - loaded when the first file is written

    is_bdf = path.suffix.lower() == ".bdf"
    coded = encode(np.asarray(recording.samples_uv), bits=24 if is_bdf else 16)
    if coded is None:
        wider = "" if is_bdf else f", {path.with_suffix('.bdf').name} (24 bit)"
        msg = (
            f"The samples fit no step that {24 if is_bdf else 16} bits hold without loss; write "
            f"{path.with_suffix('.wav').name} (64-bit float){wider}, or round them to 0.1 uV yourself."
        )
        raise InputFileError(msg)
    layout = find_layout(len(coded.codes), recording.rate_hz, bytes_per_sample=3 if is_bdf else 2)
    if layout is None:
        msg = (
            f"A rate of {recording.rate_hz!r} Hz cannot be written exactly as whole samples in a record of at most "
            f"{MOST_RECORD_BYTES} bytes; write {path.with_suffix('.wav').name} instead."
        )
        raise InputFileError(msg)
    signal_class: Any = edfio.BdfSignal if is_bdf else edfio.EdfSignal
    file_class: Any = edfio.Bdf if is_bdf else edfio.Edf
    signal = signal_class.from_digital(
        records_for(coded.codes, layout).astype(np.int32 if is_bdf else np.int16),
        recording.rate_hz,
        label=edf_label(recording),
        transducer_type=_ascii(recording.electrode, 80),
        physical_dimension="uV",
        physical_range=coded.physical_range,
        digital_range=coded.digital_range,
        prefiltering=_prefilter(recording),
    )
    ends = edfio.EdfAnnotation(len(coded.codes) / recording.rate_hz, None, _RECORDING_ENDS)
    start = _start_of(recording)
    file = file_class(
        [signal],
        recording=edfio.Recording(startdate=start.date() if start else None),
        starttime=start.time() if start else None,
        data_record_duration=layout.duration_s,
        annotations=[ends] if layout.filling else ([] if start and start.microsecond else None),
    )
    with atomic_file(path) as temporary:
        file.write(temporary)


def edf_label(recording: Recording) -> str:
    """Return the label under which ``write_edf`` stores a recording: its channel name within 16 ASCII characters.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.edf import edf_label
    >>> from emgkit.model.recording import Recording
    >>> edf_label(Recording(np.zeros(9), 4000.0, muscle="soleus", side="left"))
    'EMG'
    """
    label = _ascii(recording.channel, 16)
    return label if label and "Annotations" not in label else "EMG"


class _FileBacked:
    """Samples that stay in an EDF file: their number, slices, and all of them with ``np.asarray``."""

    def __init__(self, signal: Any, n_samples: int, step: Fraction, offset: Fraction) -> None:
        self._signal, self._n_samples, self._step, self._offset = signal, n_samples, step, offset

    def __len__(self) -> int:
        return self._n_samples

    def __getitem__(self, item: slice, /) -> NDArray[np.floating]:
        places = range(self._n_samples)[item]
        if not places:
            return np.empty(0)
        low, high = min(places[0], places[-1]), max(places[0], places[-1]) + 1
        values = self._read(low, high)
        return values[:: places.step] if places.step > 0 else values[::-1][:: -places.step]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.floating]:
        return np.asarray(self._read(0, self._n_samples), dtype=dtype)

    def _read(self, low: int, high: int) -> NDArray[np.float64]:
        rate_hz = self._signal.sampling_frequency
        return scaled(self._signal.get_digital_slice(low / rate_hz, high / rate_hz), self._step, offset=self._offset)


def _open(path: Path) -> Any:
    import edfio  # noqa: PLC0415 - loaded when the first file is read

    with path.open("rb") as stream:
        head = stream.read(256)
    if len(head) < 256 or not (head.startswith(_BDF_MAGIC) or head[:8].strip() == b"0"):
        msg = (
            f"{path.name} does not begin like an EDF or BDF file; give it the suffix of its own format or export it "
            "again."
        )
        raise InputFileError(msg)
    if head[192:197] in {b"EDF+D", b"BDF+D"}:
        msg = (
            f"{path.name} is discontinuous ({head[192:197].decode()}): it holds separate sweeps, and joined they would "
            "make false intervals; export a continuous recording, or one file for each sweep."
        )
        raise InputFileError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # edfio warns of a cut file and repairs its header
            read = edfio.read_bdf if head.startswith(_BDF_MAGIC) else edfio.read_edf
            file = read(path, header_encoding="latin-1")
            if file.signals and not file.data_record_duration > 0:
                msg = f"data records last {file.data_record_duration} s"
                raise InputFileError(_damaged(path, ValueError(msg)))
            return file
    except EmgkitError:
        raise
    except (ValueError, ArithmeticError, LookupError, UnboundLocalError, MemoryError, Warning) as error:
        raise InputFileError(_damaged(path, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split()).removesuffix(" Updating header.").rstrip(".")
    return f"{path.name} is cut or damaged: {reason}; a whole file is required, copy or export it again."


def _samples(file: Any, signal: Any, per_unit: Fraction) -> Any:
    low, high = signal.digital_range
    bottom, top = (exact_fraction(value) for value in signal.physical_range)
    if low == high or bottom == top:
        msg = (
            f"channel {signal.label.strip()!r} has an empty range, physical {bottom} to {top}, digital {low} to {high}"
        )
        raise ValueError(msg)
    step = (top - bottom) / (high - low)
    offset = (bottom - step * low) * per_unit
    n_samples = _true_length(file, signal)
    if signal.digital_range.max < 2**15 and n_samples > FILE_BACKED_SAMPLES:
        return _FileBacked(signal, n_samples, step * per_unit, offset)
    return scaled(signal.digital[:n_samples], step * per_unit, offset=offset)


def _true_length(file: Any, signal: Any) -> int:
    in_record = int(signal.samples_per_data_record)
    stored = int(file.num_data_records) * in_record
    try:
        annotations = file.annotations
    except UnicodeDecodeError:  # a remark in another encoding takes nothing from the samples
        return stored
    for annotation in annotations:
        ends = round(float(annotation.onset) * float(signal.sampling_frequency))
        if annotation.text == _RECORDING_ENDS and 0 < stored - ends < in_record:
            return ends
    return stored


def _start_time(file: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the two date fields may differ; the date is kept for the record only
        try:
            start: dt.datetime = file.startdatetime
        except ValueError:  # withheld, or not a date
            return ""
    return "" if start == _UNKNOWN_DATE else start.isoformat()


def _start_of(recording: Recording) -> dt.datetime | None:
    try:
        start = dt.datetime.fromisoformat(recording.start_time)
    except ValueError:
        return None
    return start if 1985 <= start.year <= 2084 and start.tzinfo is None else None  # the years that EDF can write


def _filter_hz(kind: str, prefiltering: str) -> float | None:
    match = re.search(_FILTER.format(kind), prefiltering, re.IGNORECASE)
    try:
        return float(match[1]) * (1000.0 if match[2] else 1.0) if match else None
    except ValueError:
        return None


def _prefilter(recording: Recording) -> str:
    stated: Mapping[str, float | None] = {"HP": recording.highpass_hz, "LP": recording.lowpass_hz}
    return _ascii(" ".join(f"{kind}:{value!r}Hz" for kind, value in stated.items() if value is not None), 80)


def _ascii(text: str, length: int) -> str:
    kept = text.encode("ascii", "replace").decode("ascii")[:length]
    return "".join(char if char.isprintable() else " " for char in kept).strip()
