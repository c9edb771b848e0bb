"""EDF, EDF+, BDF and BDF+: one continuous channel in, one channel out, without loss."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import EmgkitError, InputFileError
from emgkit.files.atomic import atomic_file
from emgkit.files.channel_data import ChannelData, choose_channel
from emgkit.files.edf_header import (
    RECORDING_ENDS,
    first_gap_s,
    physical_scale,
    read_header,
    recording_ends_s,
    start_time,
)
from emgkit.files.edf_layout import MOST_RECORD_BYTES, encode, find_layout, records_for
from emgkit.files.samples import FileSamples, exact_uv
from emgkit.files.scale import required_microvolts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction
    from pathlib import Path

    from emgkit.files.edf_header import EdfHeader, EdfSignal
    from emgkit.model.recording import Recording

_FILTER = r"{}\s*:?\s*([0-9.]+)\s*(k?)Hz"


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
        Its samples stay in the file and are read by slices.

    Raises
    ------
    InputFileError
        For a damaged, cut or discontinuous file, or an open choice of channel.
    UnitError
        When the unit is blank or not one of potential.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import read_edf, write_edf
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "soleus.edf", recording)
    ...     data = read_edf(Path(folder) / "soleus.edf")
    ...     data.samples_uv[:2], data.rate_hz
    (array([ 0.1, -0.2], dtype=float32), 4000.0)
    """
    try:
        header = read_header(path)
        signals = [signal for signal in header.signals if not signal.is_annotation]
        signal = signals[choose_channel([each.label for each in signals], channel, path=path)]
        place = f"{path.name}, channel {signal.label!r},"
        per_unit = required_microvolts(signal.unit, uv_per_unit, place=place)
        _refuse_gaps(header, signal)
        samples = _samples(header, signal, per_unit)
    except EmgkitError:
        raise
    except (ValueError, ArithmeticError) as error:
        raise InputFileError(_damaged(path, error)) from error
    return ChannelData(
        samples,
        samples.rate_hz,
        signal.label,
        electrode=signal.transducer,
        highpass_hz=_filter_hz("HP", signal.prefiltering),
        lowpass_hz=_filter_hz("LP", signal.prefiltering),
        start_time=start_time(header),
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

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import write_edf
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "soleus.bdf", recording)
    ...     (Path(folder) / "soleus.bdf").read_bytes()[1:8]
    b'BIOSEMI'
    """
    import edfio  # noqa: PLC0415 - loaded when the first file is written

    is_bdf = path.suffix.lower() == ".bdf"
    coded = encode(exact_uv(recording.samples_uv), bits=24 if is_bdf else 16)
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
        physical_range=tuple(_a_hair_inward(value) for value in coded.physical_range),
        digital_range=coded.digital_range,
        prefiltering=_prefilter(recording),
    )
    ends = edfio.EdfAnnotation(len(coded.codes) / recording.rate_hz, None, RECORDING_ENDS)
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


def _a_hair_inward(value: float) -> float:
    # edfio rounds a range outward to the eight characters of its field: 32.767, a hair too large as a float, would be
    # stated as 32.76701, and every sample read back a little too large.
    return value if value.is_integer() else math.nextafter(value, 0.0)


def _damaged(path: Path, error: Exception) -> str:
    reason = " ".join(str(error).split()).rstrip(".")
    return f"{path.name} is cut or damaged: {reason}; a whole file is required, copy or export it again."


def _refuse_gaps(header: EdfHeader, signal: EdfSignal) -> None:
    if not header.kind.endswith("D"):
        return
    gap_s = first_gap_s(header, slack_s=header.duration_s / max(signal.samples, 1) / 2)
    if gap_s is not None:
        where = f"the first ends at {float(gap_s):g} s" if gap_s else "nothing says that they follow each other"
        msg = (
            f"{header.path.name} is discontinuous ({header.kind}): it holds separate sweeps, {where}, and joined they "
            "would make false intervals; export a continuous recording, or one file for each sweep."
        )
        raise InputFileError(msg)


def _samples(header: EdfHeader, signal: EdfSignal, per_unit: Fraction) -> FileSamples:
    step, offset = physical_scale(signal)
    n_samples = header.records * signal.samples
    rate = signal.samples / header.duration_s
    ends_s = recording_ends_s(header)
    if ends_s is not None and 0 < n_samples - round(ends_s * rate) < signal.samples:
        n_samples = round(ends_s * rate)
    return FileSamples(
        header.path,
        n_samples=n_samples,
        rate_hz=signal.samples / float(header.duration_s),
        encoding="<i3" if header.sample_bytes == 3 else "<i2",
        start=header.header_bytes + signal.place,
        run=signal.samples,
        block_bytes=header.record_bytes,
        step=step * per_unit,
        offset=offset * per_unit,
        file_bytes=header.file_bytes,
    )


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
