"""WFDB records (PhysioNet, EMGLAB): a text header ``.hea`` beside a file of samples.

One segment in formats 16, 24, 32, 61 and 212, which is nearly all needle EMG, is read here; but for 212 the samples
stay in their file. Other variants are handed to the ``wfdb`` package where it is installed. Headers with any line end
are understood, as are a prefix to skip and several channels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import InputFileError, UnitError
from emgkit.files.channel_data import ChannelData, choose_channel
from emgkit.files.samples import FileSamples
from emgkit.files.scale import exact_fraction, microvolts_in, required_microvolts, scaled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples

_ENCODINGS = {"16": "<i2", "61": ">i2", "24": "<i3", "32": "<i4"}
_BYTES = {"16": 2, "61": 2, "24": 3, "32": 4, "212": 1.5}
_FORMAT = re.compile(r"(?P<code>\d+)(?:x(?P<frames>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<prefix>\d+))?")
_GAIN = re.compile(r"(?P<gain>[0-9.eE+-]+)(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?")
_NUMBER = re.compile(r"([0-9.]+)\s*(k?)Hz", re.IGNORECASE)


@dataclass(frozen=True)
class _Line:
    """One signal line of a header."""

    file: str
    code: str
    frames: int
    skew: int
    prefix: int
    gain: str
    baseline: int | None
    unit: str
    zero: int
    checksum: int | None
    name: str


@dataclass(frozen=True)
class _Header:
    rate_hz: float
    n_samples: int | None
    segments: int
    lines: tuple[_Line, ...]
    remarks: dict[str, str]


def find_header(path: Path) -> Path | None:
    """Return the header of a WFDB record given by its header, its samples or its stem; None when there is none.

    Examples
    --------
    >>> from pathlib import Path
    >>> from emgkit.files.wfdb_format import find_header
    >>> find_header(Path("not-there/N2001M03BB12")) is None
    True
    """
    candidates = (path, path.with_name(f"{path.name}.hea"), path.with_suffix(".hea"))
    return next((each for each in candidates if each.suffix.lower() == ".hea" and each.is_file()), None)


def read_wfdb(path: Path, *, channel: str | None = None, uv_per_unit: float | None = None) -> ChannelData:
    r"""Read one channel of a WFDB record.

    Parameters
    ----------
    path : Path
        The header, the file of samples, or their common stem.
    channel : str, optional
        Name (description) of the signal, or ``"1"``, ``"2"``, ... where it has none; needed when there are several.
    uv_per_unit : float, optional
        Microvolt in one unit of the header's gain; where the header has no gain, in one step of the converter.

    Raises
    ------
    InputFileError
        For a missing or damaged part, a sum that does not agree, or a variant that needs the ``wfdb`` package.
    UnitError
        When the header gives no gain or no unit.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.wfdb_format import read_wfdb
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.array([1, -2, 3, -4], "<i2").tofile(Path(folder) / "r1.dat")
    ...     _ = (Path(folder) / "r1.hea").write_text("r1 1 4000 4\nr1.dat 16 10/uV 16 0 1 -2 0 needle\n")
    ...     data = read_wfdb(Path(folder) / "r1")
    ...     data.samples_uv[:], data.channel
    (array([ 0.1, -0.2,  0.3, -0.4], dtype=float32), 'needle')
    """
    found = find_header(path)
    if found is None:
        msg = (
            f"{path.name} has no header {path.with_suffix('.hea').name} beside it; a WFDB record is a .hea with its "
            "samples, fetch both."
        )
        raise InputFileError(msg)
    header = _read_header(found)
    names = [line.name or str(number) for number, line in enumerate(header.lines, start=1)]
    if header.segments == 1:
        position = choose_channel(names, channel, path=found)
    if header.segments > 1 or not _is_plain(header, header.lines[position]):
        return _read_with_package(found, channel, uv_per_unit)
    line = header.lines[position]
    per_unit, baseline = _scale(line, uv_per_unit, f"{found.name}, channel {names[position]!r},")
    samples = _read_samples(found, header, line, step=per_unit, offset=-baseline * per_unit)
    remarks = header.remarks
    return ChannelData(
        samples,
        header.rate_hz,
        names[position],
        electrode=remarks.get("electrode", ""),
        highpass_hz=_hertz(remarks.get("high-pass filter", "")),
        lowpass_hz=_hertz(remarks.get("low-pass filter", "")),
    )


def _read_header(path: Path) -> _Header:
    text = path.read_text(encoding="latin-1")
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    rows = [line.split() for line in lines if not line.startswith("#")]
    remarks = dict(_remark(line) for line in lines if line.startswith("#") and ":" in line)
    try:
        record = rows[0]
        segments = int(record[0].partition("/")[2] or 1)
        count, rate_hz = int(record[1]), float(record[2].split("/")[0].split("(")[0])
        n_samples = int(record[3]) if len(record) > 3 and int(record[3]) > 0 else None
        signals = () if segments > 1 else tuple(_signal_line(row) for row in rows[1 : count + 1])
    except (ValueError, IndexError) as error:
        raise InputFileError(_not_understood(path, str(error))) from error
    if segments == 1 and not 0 < count == len(signals):
        raise InputFileError(_not_understood(path, f"{count} signals are announced and {len(signals)} described"))
    return _Header(rate_hz, n_samples, segments, signals, remarks)


def _not_understood(path: Path, reason: str) -> str:
    required = "a record line with its rate and one line for each signal are required"
    return f"{path.name} is not a WFDB header that can be understood: {reason}; {required}."


def _remark(line: str) -> tuple[str, str]:
    key, _, value = line.lstrip("# ").partition(":")
    return key.strip().casefold(), value.strip()


def _signal_line(row: Sequence[str]) -> _Line:
    layout = _FORMAT.fullmatch(row[1])
    gain = _GAIN.fullmatch(row[2]) if len(row) > 2 else None
    if layout is None or (len(row) > 2 and gain is None):
        msg = f"the signal line {' '.join(row)!r}"
        raise ValueError(msg)
    return _Line(
        file=row[0],
        code=layout["code"],
        frames=int(layout["frames"] or 1),
        skew=int(layout["skew"] or 0),
        prefix=int(layout["prefix"] or 0),
        gain=gain["gain"] if gain else "",
        baseline=int(gain["baseline"]) if gain and gain["baseline"] else None,
        unit=(gain["unit"] or "") if gain else "",
        zero=int(row[4]) if len(row) > 4 else 0,
        checksum=int(row[6]) if len(row) > 6 else None,
        name=" ".join(row[8:]),
    )


def _is_plain(header: _Header, line: _Line) -> bool:
    together = [each for each in header.lines if each.file == line.file]
    return all(
        each.code == line.code and each.code in _BYTES and each.frames == 1 and each.skew == 0 for each in together
    )


def _scale(line: _Line, uv_per_unit: float | None, place: str) -> tuple[Any, int]:
    baseline = line.zero if line.baseline is None else line.baseline
    try:
        gain = exact_fraction(line.gain) if line.gain else exact_fraction("0")
    except ValueError as error:
        msg = f"{place} has the gain {line.gain!r}; a number of steps per unit is required, correct the header."
        raise InputFileError(msg) from error
    if gain == 0:
        if uv_per_unit is None:
            msg = f"{place} does not give a gain; pass uv_per_unit=, the microvolts in one step of the converter."
            raise UnitError(msg)
        return required_microvolts("", uv_per_unit, place=place), baseline
    return required_microvolts(line.unit, uv_per_unit, place=place) / gain, baseline


def _read_samples(header_path: Path, header: _Header, line: _Line, *, step: Fraction, offset: Fraction) -> Samples:
    path = header_path.parent / line.file
    if not path.is_file():
        msg = (
            f"{header_path.name} names the file {line.file}, which is not beside it; a WFDB record is a .hea with its "
            "samples, fetch both."
        )
        raise InputFileError(msg)
    together = [each for each in header.lines if each.file == line.file]
    position, n_samples = together.index(line), _length(path, header, line, len(together))
    if line.code == "212":
        codes = _read_212(path, line.prefix, n_samples * len(together))[position :: len(together)]
        _check_sum(int(codes.sum()), line, header_path)
        return scaled(codes, step, offset=offset)
    width = int(_BYTES[line.code])
    samples = FileSamples(
        path,
        n_samples=n_samples,
        rate_hz=header.rate_hz,
        encoding=_ENCODINGS[line.code],
        start=line.prefix + position * width,
        block_bytes=width * len(together),
        step=step,
        offset=offset,
        file_bytes=path.stat().st_size,
    )
    if line.checksum is not None:
        _check_sum(sum(int(codes.sum(dtype=np.int64)) for codes in samples.codes(0, n_samples)), line, header_path)
    return samples


def _length(path: Path, header: _Header, line: _Line, channels: int) -> int:
    stored = int(max(path.stat().st_size - line.prefix, 0) / _BYTES[line.code]) // channels
    n_samples = stored if header.n_samples is None else header.n_samples
    if stored < n_samples or n_samples == 0:
        msg = (
            f"{path.name} is cut: it holds {stored} samples and its header declares {n_samples}; copy or fetch it "
            "again."
        )
        raise InputFileError(msg)
    return n_samples


def _read_212(path: Path, prefix: int, total: int) -> NDArray[np.int32]:
    octets = np.fromfile(path, np.uint8, count=-(-total * 3 // 2), offset=prefix).astype(np.int32)
    pairs = np.pad(octets, (0, -len(octets) % 3)).reshape(-1, 3)  # two samples of 12 bits in three bytes
    both = np.column_stack((pairs[:, 0] | (pairs[:, 1] & 0x0F) << 8, pairs[:, 2] | (pairs[:, 1] & 0xF0) << 4))
    values = both.reshape(-1)[:total]
    return np.where(values >= 1 << 11, values - (1 << 12), values)


def _check_sum(found: int, line: _Line, path: Path) -> None:
    if line.checksum is not None and (found - line.checksum) % 65536 != 0:
        msg = (
            f"{line.file} is damaged: its samples sum to {(found + 32768) % 65536 - 32768} and {path.name} declares "
            f"{line.checksum}; copy or fetch it again."
        )
        raise InputFileError(msg)


def _hertz(text: str) -> float | None:
    match = _NUMBER.search(text)
    return float(match[1]) * (1000.0 if match[2] else 1.0) if match else None


def _read_with_package(header: Path, channel: str | None, uv_per_unit: float | None) -> ChannelData:
    try:
        import wfdb  # noqa: PLC0415 - an extra, for rare variants only
    except ImportError as error:
        msg = (
            f'{header.name} is a WFDB variant that needs the wfdb package; install it with: pip install "emgkit[wfdb]".'
        )
        raise InputFileError(msg) from error
    try:
        record = wfdb.rdrecord(str(header.with_suffix("")), physical=True)
    except Exception as error:
        msg = (
            f"{header.name} cannot be read by the wfdb package: {' '.join(str(error).split())}; convert the record to "
            "format 16."
        )
        raise InputFileError(msg) from error
    names = [name or str(number) for number, name in enumerate(record.sig_name, start=1)]
    position = choose_channel(names, channel, path=header)
    unit = record.units[position] or ""
    if uv_per_unit is None and microvolts_in(unit) is None:
        required_microvolts(unit, None, place=f"{header.name}, channel {names[position]!r},")
    per_unit = required_microvolts(unit, uv_per_unit, place=header.name)
    return ChannelData(scaled(record.p_signal[:, position], per_unit), float(record.fs), names[position])
