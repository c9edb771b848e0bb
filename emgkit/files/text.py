"""Delimited text: a header row of channel names with units, one row a sample.

::

    # rate_hz=48000
    EMG (uV),Trigger (V)
    1.5,0
    -0.25,0

A column such as ``time_s`` or ``time (ms)`` gives the rate as well; its steps must be even. Comma, semicolon and tab
separate.
"""

from __future__ import annotations

import csv
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import InputFileError
from emgkit.files.atomic import atomic_file
from emgkit.files.channel_data import ChannelData, choose_channel
from emgkit.files.samples import exact_uv
from emgkit.files.scale import required_microvolts

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording

_RATE = re.compile(r"#\s*rate_hz\s*[=:]\s*(?P<rate>\S+)\s*")
_NAME = re.compile(r"(?P<name>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]\s*")
_SUFFIXED = re.compile(r"(?P<name>.+)_(?P<unit>[un]v|mv|v|ms|s)", re.IGNORECASE)
_SECONDS = {"s": 1.0, "sec": 1.0, "ms": 1e-3}
_TIMES = {"time", "t"}
_MOST_JITTER = 0.25  # of a sample: printed times are rounded, a missing sample is four times this


@dataclass(frozen=True)
class _Head:
    names: list[str]
    units: list[str]
    delimiter: str
    rate_hz: float | None
    skip: int


def read_text(path: Path, *, channel: str | None = None, uv_per_unit: float | None = None) -> ChannelData:
    r"""Read one column of a delimited text file.

    Parameters
    ----------
    path : Path
    channel : str, optional
        Column name without its unit; needed when there are several besides time.
    uv_per_unit : float, optional
        Microvolt in one unit of the column, where the header names no unit or a wrong one.

    Raises
    ------
    InputFileError
        For a missing rate, an uneven time column, a cell that is not a number, or an open choice of channel.
    UnitError
        When the column names no unit.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.text import read_text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "soleus.csv"
    ...     _ = path.write_text("time (ms),needle (mV)\n0,0.1\n0.25,-0.2\n0.5,0.3\n")
    ...     data = read_text(path)
    >>> data.samples_uv, data.rate_hz, data.channel
    (array([ 100., -200.,  300.]), 4000.0, 'needle')
    """
    head = _read_head(path)
    times = [place for place, name in enumerate(head.names) if name.casefold() in _TIMES]
    data = [place for place in range(len(head.names)) if place not in times]
    column = data[choose_channel([head.names[place] for place in data], channel, path=path)]
    name = head.names[column]
    per_unit = required_microvolts(head.units[column], uv_per_unit, place=f"{path.name}, column {name!r},")
    values = _read_columns(path, head, [*times[:1], column])
    rate_hz = head.rate_hz
    if times:
        rate_hz = _rate_of(values[:, 0] * _seconds_in(head.units[times[0]], path), rate_hz, path)
    if rate_hz is None:
        msg = f"{path.name} does not give its rate; add a first line '# rate_hz=48000' or a column 'time_s'."
        raise InputFileError(msg)
    below = per_unit.denominator
    samples = values[:, -1] if per_unit == 1 else values[:, -1] * float(per_unit.numerator) / float(below)
    return ChannelData(samples, rate_hz, name)


def write_text(path: Path, recording: Recording) -> None:
    r"""Write a recording as text that reads back as the same numbers.

    Parameters
    ----------
    path : Path
        Tabs separate in ``.tsv``; one column needs no separator otherwise.
    recording : Recording

    Raises
    ------
    InputFileError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.text import write_text
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "soleus.csv", recording)
    ...     (Path(folder) / "soleus.csv").read_text().split("\n")[:3]
    ['# rate_hz=4000.0', 'EMG (uV)', '0.1']
    """
    name = re.sub(r"[^\w .+-]", " ", recording.channel).strip() or "EMG"
    numbers = exact_uv(recording.samples_uv).astype(np.float64).tolist()
    lines = [f"# rate_hz={float(recording.rate_hz)!r}", f"{name} (uV)", *map(repr, numbers)]
    with atomic_file(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _read_head(path: Path) -> _Head:
    rate_hz, skip = None, 0
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for line in stream:
                skip += 1
                stated = _RATE.fullmatch(line.strip())
                rate_hz = float(stated["rate"]) if stated else rate_hz
                if line.strip() and not line.startswith("#"):
                    break
            else:
                line = ""
    except ValueError as error:
        msg = f"{path.name} cannot be read as text: {error}; UTF-8 and a rate such as '# rate_hz=48000' are required."
        raise InputFileError(msg) from error
    delimiter = next((mark for mark in "\t;," if mark in line), ",")
    cells = next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])
    parts = [_name_and_unit(cell.strip()) for cell in cells]
    if not parts or any(_is_number(cell) for cell in cells):
        msg = f"{path.name} has no header row; name the columns with their units first, such as 'EMG (uV)'."
        raise InputFileError(msg)
    return _Head([name for name, _ in parts], [unit for _, unit in parts], delimiter, rate_hz, skip)


def _name_and_unit(cell: str) -> tuple[str, str]:
    match = _NAME.fullmatch(cell) or _SUFFIXED.fullmatch(cell)
    return (match["name"].strip(), match["unit"].strip()) if match else (cell, "")


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _read_columns(path: Path, head: _Head, columns: list[int]) -> NDArray[np.float64]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # NumPy's on a table without rows
            values: NDArray[np.float64] = np.loadtxt(
                path, delimiter=head.delimiter, skiprows=head.skip, usecols=columns, ndmin=2, encoding="utf-8-sig"
            )
    except (ValueError, IndexError) as error:
        reason = str(error).partition(";")[0].rstrip(".")
        msg = f"{path.name}: {reason} (counted after the header); every cell must be a number with a decimal point."
        raise InputFileError(msg) from error
    if not values.size:
        msg = f"{path.name} has a header and no rows; one row a sample is required."
        raise InputFileError(msg)
    return values


def _seconds_in(unit: str, path: Path) -> float:
    seconds = _SECONDS.get(unit.casefold())
    if seconds is None:
        msg = f"{path.name} has a time column in {unit or 'no unit'!r}; name it 'time_s' or 'time_ms'."
        raise InputFileError(msg)
    return seconds


def _roundest(time_s: NDArray[np.float64], rate_hz: float, most_jitter: float) -> float:
    rounder = (float(f"{rate_hz:.{digits}g}") for digits in range(1, 10))
    return next((each for each in rounder if _jitter(time_s, each).max() <= most_jitter), rate_hz)


def _jitter(time_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    off: NDArray[np.float64] = np.abs((time_s - time_s[0]) * rate_hz - np.arange(len(time_s)))
    return off


def _rate_of(time_s: NDArray[np.float64], stated_hz: float | None, path: Path) -> float:
    if len(time_s) < 2 or not np.isfinite(time_s).all() or time_s[-1] <= time_s[0]:
        msg = (
            f"{path.name} has a time column that does not rise through at least two numbers; times in seconds from "
            "first to last are required."
        )
        raise InputFileError(msg)
    seen_hz = (len(time_s) - 1) / float(time_s[-1] - time_s[0])
    rate_hz = seen_hz if stated_hz is None else stated_hz
    jitter = _jitter(time_s, rate_hz)
    if jitter.max() <= _MOST_JITTER:
        return rate_hz if stated_hz is not None else _roundest(time_s, seen_hz, 2.0 * float(jitter.max()) + 1e-6)
    worst = int(np.argmax(jitter > _MOST_JITTER))
    msg = (
        f"{path.name} has uneven times: row {worst + 1} after the header is at {time_s[worst]:g} s, "
        f"{jitter[worst]:.2f} samples off at {rate_hz:g} Hz; an even rate is required, cut the file at its gap."
    )
    raise InputFileError(msg)
