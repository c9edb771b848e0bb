"""What an EDF or BDF file says about itself: its header, and the annotations that keep its time."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from emgkit.errors import InputFileError
from emgkit.files.scale import exact_fraction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDING_ENDS = "Recording ends"  # a standard text of EDF+; what follows in the last record is filling
_BDF_MAGIC = b"\xffBIOSEMI"
_FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # bytes of each field of a signal, in the order of the header
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_REMARK = re.compile(rb"(?P<onset>[+-]\d+(?:\.\d*)?)(?:\x15[^\x14]*)?\x14(?P<texts>[^\x00]*)\x14\x00")
_THREE_NUMBERS = re.compile(r" ?(\d{1,2})[.:'\-/ ] ?(\d{1,2})[.:'\-/ ] ?(\d{1,2})")
_EDF_PLUS_DATE = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_UNKNOWN_DATE = dt.datetime(1985, 1, 1)  # noqa: DTZ001 - EDF knows no time zone; this is its date for "not known"


@dataclass(frozen=True)
class EdfSignal:
    """One signal as the header describes it; ``place`` is its first byte in a data record."""

    label: str
    transducer: str
    unit: str
    physical: tuple[str, str]
    digital: tuple[str, str]
    prefiltering: str
    samples: int
    place: int

    @property
    def is_annotation(self) -> bool:
        """Whether it holds the remarks of EDF+ and not samples."""
        return self.label in _ANNOTATIONS


@dataclass(frozen=True)
class EdfHeader:
    """The header of an EDF or BDF file; ``kind`` is ``"EDF+C"``, ``"BDF+D"`` and the like, empty for plain files."""

    path: Path
    kind: str
    date: str
    time: str
    recording: str
    header_bytes: int
    file_bytes: int
    records: int
    duration_s: Fraction
    sample_bytes: int
    record_bytes: int
    signals: tuple[EdfSignal, ...]


def read_header(path: Path) -> EdfHeader:
    """Read the header of an EDF or BDF file and hold it against the size of the file.

    Raises
    ------
    InputFileError
        For another kind of file.
    ValueError
        Saying what is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import write_edf
    >>> from emgkit.files.edf_header import read_header
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "soleus.edf", recording)
    ...     header = read_header(Path(folder) / "soleus.edf")
    >>> [signal.unit for signal in header.signals], header.kind
    (['uV'], '')
    """
    with path.open("rb") as stream:
        head = stream.read(256)
        if len(head) < 256 or not (head.startswith(_BDF_MAGIC) or head[:8].strip() == b"0"):
            msg = (
                f"{path.name} does not begin like an EDF or BDF file; give it the suffix of its own format or export "
                "it again."
            )
            raise InputFileError(msg)
        count = _whole(_text(head[252:256]), "number of signals")
        rows = stream.read(256 * count)
    sample_bytes = 3 if head.startswith(_BDF_MAGIC) else 2
    header_bytes = 256 * (count + 1)
    if _whole(_text(head[184:192]), "size of the header") != header_bytes or len(rows) != 256 * count:
        msg = f"its header of {count} signals needs {header_bytes} bytes, it says {_text(head[184:192])!r}"
        raise ValueError(msg)
    signals = tuple(_signals(rows, count, sample_bytes))
    header = EdfHeader(
        path,
        kind=head[192:197].decode("latin-1") if head[192:197] in {b"EDF+C", b"EDF+D", b"BDF+C", b"BDF+D"} else "",
        date=_text(head[168:176]),
        time=_text(head[176:184]),
        recording=_text(head[88:168]),
        header_bytes=header_bytes,
        file_bytes=path.stat().st_size,
        records=_whole(_text(head[236:244]), "number of data records", least=-1),
        duration_s=_number(_text(head[244:252])),
        sample_bytes=sample_bytes,
        record_bytes=sample_bytes * sum(signal.samples for signal in signals),
        signals=signals,
    )
    _check_size(header)
    return header


def physical_scale(signal: EdfSignal) -> tuple[Fraction, Fraction]:
    """Return what one step of the stored numbers and the number 0 are, in the unit of the signal.

    Raises
    ------
    ValueError
        When the ranges are empty or no numbers.

    Examples
    --------
    >>> from emgkit.files.edf_header import EdfSignal, physical_scale
    >>> ranges = {"physical": ("-3276.8", "3276.7"), "digital": ("-32768", "32767")}
    >>> signal = EdfSignal("EMG", "", "uV", **ranges, prefiltering="", samples=4000, place=0)
    >>> step, zero = physical_scale(signal)
    >>> str(step), str(zero)
    ('1/10', '0')
    """
    low, high = (_whole(text, "digital range", least=None) for text in signal.digital)
    bottom, top = (_number(text) for text in signal.physical)
    if low == high or bottom == top:
        msg = f"channel {signal.label!r} has an empty range, physical {bottom} to {top}, digital {low} to {high}"
        raise ValueError(msg)
    step = (top - bottom) / (high - low)
    return step, bottom - step * low


def recording_ends_s(header: EdfHeader) -> Fraction | None:
    """Return the time that the EDF+ remark "Recording ends" marks, in seconds from the first sample; None if absent.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import write_edf
    >>> from emgkit.files.edf_header import read_header, recording_ends_s
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "soleus.edf", recording)
    ...     header = read_header(Path(folder) / "soleus.edf")
    ...     recording_ends_s(header) is None
    True
    """
    for signal in header.signals:
        for record in _remarks(header, signal) if signal.is_annotation else ():
            for remark in _REMARK.finditer(record):
                if RECORDING_ENDS.encode() in remark["texts"].split(b"\x14"):
                    return _seconds(remark) - _first_onset_s(header)
    return None


def first_gap_s(header: EdfHeader, *, slack_s: Fraction) -> Fraction | None:
    """Return where the records of a file first do not follow each other, in seconds; None when they all do.

    Parameters
    ----------
    header : EdfHeader
    slack_s : Fraction
        What a record may be off.
    """
    clock = next((signal for signal in header.signals if signal.is_annotation), None)
    if clock is None:
        return Fraction(0)  # nothing says that they follow each other
    began_s = _first_onset_s(header)
    for number, record in enumerate(_remarks(header, clock)):
        remark = _REMARK.match(record)
        if remark is None or abs(_seconds(remark) - began_s - number * header.duration_s) > slack_s:
            return number * header.duration_s
    return None


def start_time(header: EdfHeader) -> str:
    """Return the ISO date and time of the first sample; empty when it is withheld, or no date.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import write_edf
    >>> from emgkit.files.edf_header import read_header, start_time
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_edf(Path(folder) / "soleus.edf", recording)
    ...     header = read_header(Path(folder) / "soleus.edf")
    ...     start_time(header)
    ''
    """
    try:
        start = dt.datetime.combine(_date(header), dt.time(*_three_numbers(header.time)))
        start += dt.timedelta(seconds=float(_first_onset_s(header)))
    except (ValueError, OverflowError):
        return ""
    return "" if start == _UNKNOWN_DATE else start.isoformat()


def _signals(rows: bytes, count: int, sample_bytes: int) -> Iterator[EdfSignal]:
    columns, start = [], 0
    for width in _FIELDS:
        columns.append([_text(rows[start + width * row : start + width * (row + 1)]) for row in range(count)])
        start += width * count
    place = 0
    for row in range(count):
        label, transducer, unit, low, high, least, most, prefiltering, samples, _ = (column[row] for column in columns)
        number = _whole(samples, f"number of samples in a record of signal {row + 1}")
        yield EdfSignal(label, transducer, unit, (low, high), (least, most), prefiltering, number, place)
        place += number * sample_bytes


def _check_size(header: EdfHeader) -> None:
    if not header.record_bytes or (header.duration_s <= 0 and not all(each.is_annotation for each in header.signals)):
        msg = f"data records last {float(header.duration_s)} s and have {header.record_bytes} bytes"
        raise ValueError(msg)
    stored, rest = divmod(header.file_bytes - header.header_bytes, header.record_bytes)
    if stored != header.records or rest:
        part = " and part of one" if rest else ""
        msg = f"its header declares {header.records} data records and the file holds {stored}{part}"
        raise ValueError(msg)


def _remarks(header: EdfHeader, signal: EdfSignal) -> Iterator[bytes]:
    with header.path.open("rb") as stream:
        for record in range(header.records):
            stream.seek(header.header_bytes + record * header.record_bytes + signal.place)
            yield stream.read(signal.samples * header.sample_bytes)


def _first_onset_s(header: EdfHeader) -> Fraction:
    clock = next((signal for signal in header.signals if signal.is_annotation), None)
    remark = _REMARK.match(next(_remarks(header, clock), b"")) if clock else None
    return _seconds(remark) if remark else Fraction(0)


def _seconds(remark: re.Match[bytes]) -> Fraction:
    return Fraction(remark["onset"].decode())


def _date(header: EdfHeader) -> dt.date:
    words = header.recording.split()
    stated = _EDF_PLUS_DATE.fullmatch(words[1].upper()) if words[:1] == ["Startdate"] and len(words) > 1 else None
    if stated and stated[2] in _MONTHS:
        return dt.date(int(stated[3]), _MONTHS.index(stated[2]) + 1, int(stated[1]))
    if words[:2] == ["Startdate", "X"]:
        msg = "the date is withheld"
        raise ValueError(msg)
    day, month, year = _three_numbers(header.date)
    return dt.date(year + (1900 if year >= 85 else 2000), month, day)  # EDF's own way around the year 2000


def _three_numbers(text: str) -> tuple[int, int, int]:
    found = _THREE_NUMBERS.fullmatch(text)
    if found is None:
        msg = f"{text!r} is no date or time of day"
        raise ValueError(msg)
    first, second, third = (int(part) for part in found.groups())
    return first, second, third


def _text(field: bytes) -> str:
    return field.decode("latin-1").strip()


def _number(text: str) -> Fraction:
    return exact_fraction(float(text))


def _whole(text: str, what: str, *, least: int | None = 0) -> int:
    number = int(text)
    if least is not None and number < least:
        msg = f"its {what} is {number}"
        raise ValueError(msg)
    return number
