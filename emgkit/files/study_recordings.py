"""The list of a study's recordings: ``recordings.csv`` and the files it names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import EmgkitError, TableError
from emgkit.files.edf import edf_label, write_edf
from emgkit.files.edf_layout import encode, find_layout
from emgkit.files.recording import read_recording
from emgkit.files.samples import exact_uv
from emgkit.files.scale import scaled
from emgkit.files.table_text import read_table, write_table
from emgkit.files.wav import write_wav
from emgkit.model.recording import SIDES, STATES
from emgkit.model.table import Column, Schema, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from emgkit.model.recording import Recording

POLARITIES = ("normal", "inverted")

RECORDINGS = Schema("recordings", (
    Column("file", "text", "", "file inside the study folder"),
    Column("channel", "text", "", "channel of the file; empty when it has one"),
    Column("muscle", "text", "", "muscle id or one of its usual spellings"),
    Column("side", "text", "", "side of the body", SIDES),
    Column("site", "text", "", "needle position, free text"),
    Column("state", "text", "", "what the muscle was asked to do; empty is rest", ("", *STATES)),
    Column("electrode", "text", "", "needle electrode"),
    Column("polarity", "text", "", "normal: a positive electrode is stored as positive numbers; inverted: as negative",
           ("", *POLARITIES)),
    Column("uv_per_unit", "number", "uV", "microvolt in one unit of the file, where the file does not say"),
    Column("highpass_hz", "number", "Hz", "filter of the machine; empty is what the file says"),
    Column("lowpass_hz", "number", "Hz", "filter of the machine; empty is what the file says"),
    Column("start_time", "text", "", "ISO date and time of the first sample; empty is what the file says"),
))  # fmt: skip
_REQUIRED = ("file", "muscle", "side")
_ALWAYS_WRITTEN = ("file", "channel", "muscle", "side", "site", "state", "electrode", "polarity")


def read_recordings(folder: Path) -> tuple[Recording, ...]:
    r"""Read the recordings that ``recordings.csv`` of a study folder lists, in its order.

    Raises
    ------
    EmgkitError
        Of the kind that the recording itself raised, with the line of the table in front.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.study_recordings import read_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "soleus.csv").write_text("# rate_hz=4000\nEMG (uV)\n0.1\n-0.2\n")
    ...     _ = (Path(folder) / "recordings.csv").write_text("file,muscle,side\nsoleus.csv,soleus,left\n")
    ...     [recording.muscle for recording in read_recordings(Path(folder))]
    ['soleus']
    """
    return tuple(
        _read(folder, line, row) for line, row in read_table(folder / "recordings.csv", RECORDINGS, required=_REQUIRED)
    )


def write_recordings(folder: Path, recordings: Sequence[Recording]) -> None:
    """Write recordings into a folder, each in the smallest format that keeps every bit, and the list of them.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.study_recordings import read_recordings, write_recordings
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_recordings(Path(folder), [recording])
    ...     read_recordings(Path(folder))
    (<Recording left soleus, rest, 1.0 s at 4000 Hz>,)
    """
    rows = [_write(folder, number, recording) for number, recording in enumerate(recordings, start=1)]
    write_table(folder / "recordings.csv", make_table(RECORDINGS, rows), keep=_ALWAYS_WRITTEN)


def _read(folder: Path, line: int, row: dict[str, Any]) -> Recording:
    place = f"recordings.csv, line {line}"
    path = folder / row["file"].strip()
    if not path.resolve().is_relative_to(folder.resolve()):
        msg = (
            f"{place}, column 'file': {row['file']!r} lies outside the study folder; copy the file into it and name it "
            "relative to it."
        )
        raise TableError(msg)
    try:
        recording = read_recording(
            path,
            muscle=row["muscle"],
            side=row["side"],
            site=row.get("site", ""),
            state=row.get("state", "rest"),
            channel=row.get("channel"),
            electrode=row.get("electrode", ""),
            invert=row.get("polarity") == "inverted",
            uv_per_unit=row.get("uv_per_unit"),
        )
    except EmgkitError as error:
        msg = f"{place}: {error}"
        raise type(error)(msg) from error
    stated = {name: row[name] for name in ("highpass_hz", "lowpass_hz", "start_time") if name in row}
    return replace(recording, **stated)


def _write(folder: Path, number: int, recording: Recording) -> dict[str, Any]:
    from emgkit.knowledge.anatomy import find_muscle  # noqa: PLC0415 - the tables are read when a muscle is named

    muscle = find_muscle(recording.muscle)
    stem = f"{number:02d}_{recording.side}_{muscle}"
    suffix = _smallest_format(recording)
    path = folder / f"{stem}{suffix}"
    if suffix == ".wav":
        write_wav(path, recording)
    else:
        write_edf(path, recording)
    return {
        "file": path.name,
        "channel": "1" if suffix == ".wav" else edf_label(recording),
        "muscle": muscle,
        "side": recording.side,
        "site": recording.site,
        "state": recording.state,
        "electrode": recording.electrode,
        "polarity": "normal",
        "highpass_hz": recording.highpass_hz,
        "lowpass_hz": recording.lowpass_hz,
        "start_time": recording.start_time,
    }


def _smallest_format(recording: Recording) -> str:
    samples = exact_uv(recording.samples_uv)
    for suffix, bits in ((".edf", 16), (".bdf", 24)):
        coded = encode(samples, bits=bits)
        if coded is None or find_layout(len(samples), recording.rate_hz, bytes_per_sample=bits // 8) is None:
            continue
        if np.array_equal(scaled(coded.codes, coded.step), samples):
            return suffix
    return ".wav"
