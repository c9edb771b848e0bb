"""WAV, and FLAC through libsndfile: integers or floats that need a unit, and our own files that remember it.

Sound files do not say what one unit is. For integer files one unit is one step of the stored width (a 16-bit file
counts from -32768 to 32767); for float files it is the number 1.0. A file written here says so in its comment chunk,
together with a rate that need not be a whole number.
"""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import InputFileError
from emgkit.files.atomic import atomic_file
from emgkit.files.channel_data import ChannelData, choose_channel
from emgkit.files.edf_layout import encode
from emgkit.files.riff import find_plain_wav
from emgkit.files.samples import FileSamples, exact_uv
from emgkit.files.scale import exact_fraction, required_microvolts, scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.model.recording import Recording

_STORED = {  # subtype: how libsndfile hands the numbers over, and by how many bits they are shifted up in it
    "PCM_S8": ("int16", 8),
    "PCM_U8": ("int16", 8),
    "PCM_16": ("int16", 0),
    "PCM_24": ("int32", 8),
    "PCM_32": ("int32", 0),
    "FLOAT": ("float64", 0),
    "DOUBLE": ("float64", 0),
}
_MIDDLE_OF_8_BITS = 128  # sound files of 8 bits have no sign
_COMMENT = re.compile(r"emgkit uv_per_unit=(?P<unit>[0-9./e+-]+) rate_hz=(?P<rate>[0-9.e+-]+)")


def read_wav(path: Path, *, channel: str | None = None, uv_per_unit: float | None = None) -> ChannelData:
    """Read one channel of a WAV or FLAC file.

    Parameters
    ----------
    path : Path
    channel : str, optional
        ``"1"``, ``"2"``, ...; needed when there are several.
    uv_per_unit : float, optional
        Microvolt in one step of an integer file, or in 1.0 of a float file. Needed unless emgkit wrote the file.

    Raises
    ------
    InputFileError
        For a damaged or cut file, one compressed with loss, or an open choice of channel.
    UnitError
        When nothing says what one unit is.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.wav import read_wav, write_wav
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, -0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_wav(Path(folder) / "soleus.wav", recording)
    ...     data = read_wav(Path(folder) / "soleus.wav")
    ...     data.samples_uv[:2], data.channel
    (array([ 0.1, -0.2], dtype=float32), '1')
    """
    file_bytes = path.stat().st_size
    _refuse_cut(path, file_bytes)
    sound = find_plain_wav(path)
    if sound is None:
        return _read_with_library(path, channel, uv_per_unit)
    if sound.start + sound.n_bytes > file_bytes:
        raise InputFileError(_cut(path, sound.start + sound.n_bytes, file_bytes))
    names = [str(number) for number in range(1, sound.channels + 1)]
    position = choose_channel(names, channel, path=path)
    is_float = "f" in sound.encoding
    per_unit, rate_hz = _unit_and_rate(path, float(sound.rate_hz), sound.comment, uv_per_unit, is_float=is_float)
    width = int(sound.encoding[-1])
    samples = FileSamples(
        path,
        n_samples=sound.n_bytes // (width * sound.channels),
        rate_hz=rate_hz,
        encoding=sound.encoding,
        start=sound.start + position * width,
        block_bytes=width * sound.channels,
        step=per_unit,
        offset=-_MIDDLE_OF_8_BITS * per_unit if sound.encoding == "u1" else Fraction(0),
        file_bytes=file_bytes,
    )
    return ChannelData(samples, rate_hz, names[position])


def write_wav(path: str | Path, recording: Recording, *, pcm16: bool = False) -> None:
    """Write a recording as a sound file whose comment says its unit and its exact rate.

    Parameters
    ----------
    path : str or Path
    recording : Recording
    pcm16 : bool
        Write 16-bit integers where the samples fit a grid of at most 65,536 steps. By default 64-bit floats in
        microvolt are written, which holds anything without loss; many players expect floats between -1 and 1.

    Raises
    ------
    InputFileError
        When the samples do not fit 16 bits without loss, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.wav import read_wav, write_wav
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.1, np.pi]), 23437.5, muscle="soleus", side="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_wav(Path(folder) / "soleus.wav", recording)
    ...     data = read_wav(Path(folder) / "soleus.wav")
    ...     np.asarray(data.samples_uv, dtype=np.float64), data.rate_hz
    (array([0.1       , 3.14159265]), 23437.5)
    """
    values: NDArray[Any] = exact_uv(recording.samples_uv).astype(np.float64)
    subtype, unit = "DOUBLE", "1"
    if pcm16:
        coded = encode(exact_uv(recording.samples_uv), bits=16)
        if coded is None:
            msg = "The samples fit no step that 16 bits hold without loss; leave out pcm16=True to write 64-bit floats."
            raise InputFileError(msg)
        values, subtype, unit = coded.codes.astype(np.int16), "PCM_16", str(coded.step)
    _write(Path(path), values, recording.rate_hz, subtype, unit)


def _write(path: Path, values: NDArray[Any], rate_hz: float, subtype: str, unit: str) -> None:
    import soundfile  # noqa: PLC0415 - loaded when the first sound file is written

    rounded = max(1, round(rate_hz))
    try:
        with (
            atomic_file(path) as temporary,
            soundfile.SoundFile(temporary, "w", samplerate=rounded, channels=1, subtype=subtype, format="WAV") as file,
        ):
            file.comment = f"emgkit uv_per_unit={unit} rate_hz={rate_hz!r}"
            file.write(values)
    except soundfile.LibsndfileError as error:
        msg = f"{path} cannot be written as WAV: {error.error_string}; write another format."
        raise InputFileError(msg) from error


def _read_with_library(path: Path, channel: str | None, uv_per_unit: float | None) -> ChannelData:
    import soundfile  # noqa: PLC0415 - loaded when the first sound file that is not plain is read

    try:
        with soundfile.SoundFile(path) as file:
            if file.subtype not in _STORED:
                msg = (
                    f"{path.name} is stored as {file.subtype}, which loses detail; PCM or float samples are required, "
                    "export it uncompressed."
                )
                raise InputFileError(msg)
            dtype, shift = _STORED[file.subtype]
            names = [str(number) for number in range(1, file.channels + 1)]
            position = choose_channel(names, channel, path=path)
            values = file.read(dtype=dtype, always_2d=True)[:, position]
            rate_hz, comment = float(file.samplerate), file.comment or ""
    except soundfile.LibsndfileError as error:
        msg = f"{path.name} cannot be read as a sound file: {error.error_string.rstrip('.')}; export it again as WAV."
        raise InputFileError(msg) from error
    per_unit, rate_hz = _unit_and_rate(path, rate_hz, comment, uv_per_unit, is_float=dtype == "float64")
    return ChannelData(scaled(values >> shift if shift else values, per_unit), rate_hz, names[position])


def _unit_and_rate(
    path: Path, rate_hz: float, comment: str, uv_per_unit: float | None, *, is_float: bool
) -> tuple[Fraction, float]:
    remembered = _remembered(comment)
    if remembered and max(1, round(remembered[1])) == rate_hz:
        rate_hz = remembered[1]
    if remembered and uv_per_unit is None:
        return remembered[0], rate_hz
    what = "1.0 of its float samples" if is_float else "one step of its integer samples"
    place = f"{path.name}, a sound file whose unit is {what},"
    return required_microvolts("", uv_per_unit, place=place), rate_hz


def _remembered(comment: str) -> tuple[Fraction, float] | None:
    found = _COMMENT.search(comment)
    try:
        return (exact_fraction(found["unit"]), float(found["rate"])) if found else None
    except (ValueError, ArithmeticError):
        return None


def _refuse_cut(path: Path, file_bytes: int) -> None:
    with path.open("rb") as stream:
        head = stream.read(12)
    declared = int.from_bytes(head[4:8], "little") + 8
    if head[:4] == b"RIFF" and declared - 8 != 0xFFFFFFFF and declared > file_bytes:
        raise InputFileError(_cut(path, declared, file_bytes))


def _cut(path: Path, declared: int, file_bytes: int) -> str:
    return f"{path.name} is cut: it declares {declared} bytes and has {file_bytes}; copy or export it again."
