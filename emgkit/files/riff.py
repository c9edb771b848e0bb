"""Where a plain WAV file keeps its samples, told from its chunks; large files (RF64, BW64) included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENCODINGS = {  # format and bits of the header: how a sample is stored
    (1, 8): "u1",
    (1, 16): "<i2",
    (1, 24): "<i3",
    (1, 32): "<i4",
    (3, 32): "<f4",
    (3, 64): "<f8",
}
_EXTENSIBLE = 0xFFFE  # the format stands behind the other fields
_UNTOLD = 0xFFFFFFFF  # a size that 32 bits do not hold, or that was not known when the file was begun
_COMMENT = b"ICMT"
_LONGEST_LIST = 2**16  # bytes of remarks; more is a picture or the like


@dataclass(frozen=True)
class PlainWav:
    """Samples of a WAV file: how many channels side by side, at which rate, from which byte on, and its comment."""

    encoding: str
    channels: int
    rate_hz: int
    start: int
    n_bytes: int
    comment: str


def find_plain_wav(path: Path) -> PlainWav | None:
    """Return where the samples of a WAV file lie; None for compressed samples or another kind of file.

    Parameters
    ----------
    path : Path

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.riff import find_plain_wav
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "a.flac"
    ...     _ = file.write_bytes(b"fLaC")
    ...     find_plain_wav(file) is None
    True
    """
    form, data, comment = b"", (0, 0), ""
    with path.open("rb") as stream:
        for name, size in _chunks(stream, path.stat().st_size):
            if name == b"fmt ":
                form = stream.read(min(size, 40))
            elif name == b"data":
                data = (stream.tell(), size)
            elif name == b"LIST":
                comment = _comment(stream.read(min(size, _LONGEST_LIST))) or comment
    if len(form) < 16 or not data[0]:
        return None
    kind, channels, bits = (int.from_bytes(form[place : place + 2], "little") for place in (0, 2, 14))
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if (kind, bits) not in _ENCODINGS or not channels or int.from_bytes(form[12:14], "little") * 8 != bits * channels:
        return None
    return PlainWav(_ENCODINGS[kind, bits], channels, int.from_bytes(form[4:8], "little"), *data, comment)


def _chunks(stream: BinaryIO, file_bytes: int) -> Iterator[tuple[bytes, int]]:
    head = stream.read(12)
    large = head[:4] in {b"RF64", b"BW64"}
    if not (large or head[:4] == b"RIFF") or head[8:] != b"WAVE":
        return
    data_bytes = _UNTOLD
    while len(head := stream.read(8)) == 8:
        name, size, start = head[:4], int.from_bytes(head[4:], "little"), stream.tell()
        if name == b"ds64":
            data_bytes = int.from_bytes(stream.read(16)[8:], "little")
            stream.seek(start)
        if name == b"data" and size == _UNTOLD:
            size = data_bytes if large and data_bytes != _UNTOLD else file_bytes - start
        yield name, size
        stream.seek(start + size + size % 2)


def _comment(block: bytes) -> str:
    place = block.find(_COMMENT)
    size = int.from_bytes(block[place + 4 : place + 8], "little")
    return block[place + 8 : place + 8 + size].rstrip(b"\0").decode("latin-1") if place >= 0 else ""
