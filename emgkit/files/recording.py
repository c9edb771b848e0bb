"""The front door of files: one recording in or out, the format told by the suffix."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from emgkit.errors import InputFileError
from emgkit.files.atomic import reading
from emgkit.files.edf import read_edf, write_edf
from emgkit.files.samples import negated
from emgkit.files.text import read_text, write_text
from emgkit.files.wav import read_wav, write_wav
from emgkit.files.wfdb_format import find_header, read_wfdb
from emgkit.model.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emgkit.files.channel_data import ChannelData
    from emgkit.model.recording import Side, State

_READERS: Mapping[str, Callable[..., ChannelData]] = {
    ".edf": read_edf,
    ".bdf": read_edf,
    ".wav": read_wav,
    ".flac": read_wav,
    ".hea": read_wfdb,
    ".dat": read_wfdb,
    ".bin": read_wfdb,
    ".csv": read_text,
    ".tsv": read_text,
    ".txt": read_text,
}
_WRITERS: Mapping[str, Callable[[Path, Recording], None]] = {
    ".edf": write_edf,
    ".bdf": write_edf,
    ".wav": write_wav,
    ".csv": write_text,
    ".tsv": write_text,
    ".txt": write_text,
}


def read_recording(
    path: str | Path,
    *,
    muscle: str | None = None,
    side: Side | None = None,
    site: str = "",
    state: State = "rest",
    channel: str | None = None,
    electrode: str = "",
    invert: bool = False,
    uv_per_unit: float | None = None,
) -> Recording:
    r"""Read one recording; the suffix tells the format.

    EDF, EDF+, BDF and BDF+ (``.edf``, ``.bdf``), WAV and FLAC, WFDB (the ``.hea``, the ``.dat`` or ``.bin``, or their
    common stem) and delimited text (``.csv``, ``.tsv``, ``.txt``) are read. Nothing is analysed, filtered or repaired.

    Samples of EDF, BDF, plain WAV and WFDB files (but for format 212) stay there and are read by slices, so that a
    recording may be longer than the memory. Keep the file in its place, unchanged, until it has been analysed.

    Parameters
    ----------
    path : str or Path
    muscle : str
        Muscle id or one of its usual spellings. Required: files do not say it in a way that can be trusted.
    side : {"left", "right"}
        Required.
    site : str
        Needle position, free text.
    state : {"rest", "insertion", "slight", "maximal"}
    channel : str, optional
        Which channel; needed when the file has several.
    electrode : str
        Such as ``"concentric"``; what the file says is taken when this is empty.
    invert : bool
        True for a file that stores electrode positivity as negative numbers; every sample is multiplied by -1.
    uv_per_unit : float, optional
        Microvolt in one unit of the file's numbers, for a file that does not say its unit (sound files, a blank EDF
        dimension) or says a wrong one.

    Returns
    -------
    Recording
        In microvolt, electrode positivity positive.

    Raises
    ------
    InputFileError
        For a missing, empty, damaged or unknown file, a missing muscle or side, or an open choice of channel.
    UnitError
        When the file does not say its unit and ``uv_per_unit`` is not given.
    UnknownNameError
        For a muscle that no table knows; offers the nearest.
    SignalError
        For samples that are not numbers, or none; where the samples stay in the file, when they are read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.recording import read_recording
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "soleus.csv"
    ...     _ = file.write_text("# rate_hz=4000\nEMG (mV)\n0.001\n-0.25\n")
    ...     recording = read_recording(file, muscle="soleus", side="left")
    >>> recording.samples_uv
    array([   1., -250.])
    """
    from emgkit.knowledge.anatomy import find_muscle  # noqa: PLC0415 - the tables are read when a muscle is named

    target = Path(path)
    with reading(target):
        read = _reader_for(target)
    if muscle is None or side is None:
        lacking = "which muscle" if muscle is None else "which side"
        way_out = "muscle='gluteus maximus'" if muscle is None else "side='left' or side='right'"
        msg = f"Nothing says {lacking} {target.name} was recorded from; pass {way_out}."
        raise InputFileError(msg)
    muscle_id = find_muscle(muscle)
    with reading(target):
        data = read(target, channel=channel, uv_per_unit=uv_per_unit)
    if invert:
        data = replace(data, samples_uv=negated(data.samples_uv))
    return Recording(
        data.samples_uv,
        data.rate_hz,
        muscle=muscle_id,
        side=side,
        site=site,
        state=state,
        electrode=electrode or data.electrode,
        highpass_hz=data.highpass_hz,
        lowpass_hz=data.lowpass_hz,
        start_time=data.start_time,
        source_file=str(target),
        channel=data.channel,
    )


def write_recording(path: str | Path, recording: Recording) -> None:
    """Write one recording without loss; the suffix tells the format.

    EDF holds samples on a grid (such as 0.1 uV) within 16 bits, BDF within 24 bits; WAV (64-bit float, with its unit in
    the comment) and text hold anything. A file is replaced as a whole or left as it was.

    Parameters
    ----------
    path : str or Path
        Ending in ``.edf``, ``.bdf``, ``.wav``, ``.csv``, ``.tsv`` or ``.txt``.
    recording : Recording

    Raises
    ------
    InputFileError
        For an unknown suffix, a place that cannot be written, or samples that the format cannot hold without loss; the
        message names one that can.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.edf import read_edf
    >>> from emgkit.files.recording import write_recording
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -3.5] * 500), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_recording(Path(folder) / "soleus.edf", recording)
    ...     read_edf(Path(folder) / "soleus.edf").samples_uv[:3]
    array([ 0.1, -3.5,  0.1], dtype=float32)
    """
    target = Path(path)
    write = _WRITERS.get(target.suffix.lower())
    if write is None:
        known = ", ".join(_WRITERS)
        msg = f"{target.name} has the suffix {target.suffix!r}, which cannot be written; use one of {known}."
        raise InputFileError(msg)
    write(target, recording)


def _reader_for(path: Path) -> Callable[..., ChannelData]:
    suffix = path.suffix.lower()
    if suffix not in _READERS and not path.is_dir() and find_header(path) is not None:
        return read_wfdb
    _refuse_unreadable(path)
    if suffix not in _READERS:
        met = f"the suffix {path.suffix!r}, which no reader knows" if path.suffix else "no suffix that names its format"
        msg = f"{path.name} has {met}; one of {', '.join(_READERS)} is required."
        raise InputFileError(msg)
    return _READERS[suffix]


def _refuse_unreadable(path: Path) -> None:
    if path.is_dir():
        msg = f"{path} is a folder; give one file, or read a whole study folder with read_study (emgkit analyze)."
    elif not path.exists():
        msg = f"{path} does not exist; check the name and the folder."
    elif not path.is_file():
        msg = f"{path} is not a file; give the name of a recording."
    elif path.stat().st_size == 0:
        msg = f"{path.name} is empty (0 bytes); copy or export it again."
    else:
        return
    raise InputFileError(msg)
