"""Samples that stay in their file: read by slices, turned into microvolt on the way, never held as a whole.

A channel is ``run`` samples that follow each other, again and again every ``block_bytes``: a data record of an EDF
file, a frame of a WAV or WFDB file with several channels, or, where the file has one channel, every single sample.
"""

from __future__ import annotations

import operator
import os
from dataclasses import KW_ONLY, dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from emgkit.errors import InputFileError, SignalError
from emgkit.files.scale import scale_into, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples

_PIECE_BYTES = 2**20  # what is read at once stays in the cache until it is scaled
_WIDTHS = {"u1": 1, "<i2": 2, ">i2": 2, "<i3": 3, "<i4": 4, "<f4": 4, "<f8": 8}
_HELD_BY_FLOAT32 = {"u1": 2.0**8, "<i2": 2.0**15, ">i2": 2.0**15, "<i3": 2.0**23, "<f4": np.inf}  # their largest


@dataclass(frozen=True, eq=False, repr=False)
class FileSamples:
    """One channel of a file in microvolt, as float32, read when a slice is asked for.

    ``np.asarray(samples, dtype=np.float64)`` gives all of them without any loss, ``np.asarray(samples)`` as float32.
    No file stays open; several threads may read at once; it can be pickled, and then reads the same file.

    Parameters
    ----------
    path : Path
    n_samples : int
    rate_hz : float
        For messages that name a time.
    encoding : {"u1", "<i2", ">i2", "<i3", "<i4", "<f4", "<f8"}
        How a sample is stored: kind and bytes of a number, with its byte order.
    start : int
        Byte of the file at which the first sample begins.
    run : int
        Samples of this channel in a block, one behind the other.
    block_bytes : int
        From one block to the next.
    step, offset : Fraction
        Microvolt in one step of the stored numbers, and microvolt at the number 0.
    file_bytes : int
        Size of the file; another one means that it is not the file that was opened.

    Examples
    --------
    >>> import tempfile
    >>> from fractions import Fraction
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.samples import FileSamples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "raw.bin"
    ...     _ = file.write_bytes(np.array([3, -7, 12, 0], "<i2").tobytes())
    ...     samples = FileSamples(
    ...         file, n_samples=4, rate_hz=4000.0, encoding="<i2", step=Fraction(1, 10), file_bytes=8, block_bytes=2
    ...     )
    ...     len(samples), samples[1:3], np.asarray(samples, dtype=np.float64)
    (4, array([-0.7,  1.2], dtype=float32), array([ 0.3, -0.7,  1.2,  0. ]))
    """

    path: Path
    _: KW_ONLY
    n_samples: int
    rate_hz: float
    encoding: str
    start: int = 0
    run: int = 1
    block_bytes: int
    step: Fraction
    offset: Fraction = Fraction(0)
    file_bytes: int

    def __post_init__(self) -> None:
        """Forget a division into blocks that are nothing but this channel, and where the program was started."""
        object.__setattr__(self, "path", self.path.absolute())
        if self.block_bytes == self.run * self._width:
            object.__setattr__(self, "run", 1)
            object.__setattr__(self, "block_bytes", self._width)

    def __len__(self) -> int:
        return self.n_samples

    @property
    def shape(self) -> tuple[int]:
        """One dimension, ``(n_samples,)``."""
        return (self.n_samples,)

    @property
    def size(self) -> int:
        """Number of samples."""
        return self.n_samples

    @property
    def ndim(self) -> int:
        """One: a recording is one channel."""
        return 1

    @property
    def dtype(self) -> np.dtype[np.float32]:
        """What slices hold."""
        return np.dtype(np.float32)

    @overload
    def __getitem__(self, item: slice, /) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, item: int, /) -> np.float32: ...
    def __getitem__(self, item: slice | int, /) -> NDArray[np.float32] | np.float32:
        if isinstance(item, slice):
            return self._read(range(self.n_samples)[item], self.dtype)
        try:
            place = range(self.n_samples)[operator.index(item)]
        except IndexError:
            msg = f"{self.path.name} has {self.n_samples} samples; there is none at {item}."
            raise IndexError(msg) from None
        except TypeError:
            msg = f"samples of a file are read by slices or one by one, not by {type(item).__name__}; use np.asarray."
            raise TypeError(msg) from None
        value: np.float32 = self._read(range(place, place + 1), self.dtype)[0]
        return value

    def __iter__(self) -> Iterator[np.float32]:
        for start in range(0, self.n_samples, _PIECE_BYTES):
            yield from self[start : start + _PIECE_BYTES]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            msg = f"The samples of {self.path.name} lie in the file; they cannot become an array without a copy."
            raise ValueError(msg)
        wanted = self.dtype if dtype is None else np.dtype(dtype)
        exact = wanted if wanted == self.dtype else np.dtype(np.float64)
        return self._read(range(self.n_samples), exact).astype(wanted, copy=False)

    def __repr__(self) -> str:
        place = f"{self.path.name}, {self.n_samples / self.rate_hz:g} s at {self.rate_hz:g} Hz"
        return f"<FileSamples of {place}, {self.n_samples} in microvolt>"

    def negated(self) -> FileSamples:
        """Return the same samples times -1, for a file that stores electrode positivity as negative numbers."""
        return replace(self, step=-self.step, offset=-self.offset)

    def codes(self, start: int, stop: int, /) -> Iterator[NDArray[Any]]:
        """Yield the stored numbers of a range of samples, piece by piece; a piece is gone when the next one comes.

        Raises
        ------
        InputFileError
            When the file is gone, or is not the one that was opened.
        """
        with self._opened() as stream:
            yield from self._codes_in(stream, start, stop)

    def windows(self, starts: NDArray[np.integer], size: int, /) -> NDArray[np.float32]:
        """Return so many samples from each start on, shape (n_starts, size): the same as slices, and much quicker.

        Raises
        ------
        InputFileError
            When the file is gone, or is not the one that was opened.
        """
        values = np.empty((len(starts), size), self.dtype)
        if values.size:
            ends = zip(starts.tolist(), (starts + size).tolist(), strict=True)
            with self._opened() as stream:
                parts = [part.copy() for start, stop in ends for part in self._codes_in(stream, start, stop)]
            codes, flat = np.concatenate(parts), values.reshape(-1)
            self._scale(codes, flat)
            self._refuse_gaps(codes, flat, lambda number: int(starts[number // size]) + number % size)
        return values

    def _codes_in(self, stream: FileIO, start: int, stop: int) -> Iterator[NDArray[Any]]:
        first, last = start // self.run, -(-stop // self.run)
        most = max(_PIECE_BYTES // self.block_bytes, 1)
        room = np.empty(min(most, last - first) * self.block_bytes, np.uint8)
        octets = room.reshape(-1, self.block_bytes)
        used = self.run * self._width
        for block in range(first, last, most):
            count = min(most, last - block)
            stream.seek(self.start + block * self.block_bytes)
            _fill(stream, room.data[: (count - 1) * self.block_bytes + used])
            numbers = _decoded(octets[:count, :used], self.encoding)
            yield numbers[max(start - block * self.run, 0) : stop - block * self.run]

    @property
    def _width(self) -> int:
        return _WIDTHS[self.encoding]

    def _read(self, places: range, dtype: np.dtype[Any]) -> NDArray[Any]:
        if places.step < 0:
            return self._read(places[::-1], dtype)[::-1]
        values = np.empty(len(places), dtype)
        if not places:
            return values
        filled, seen = 0, 0
        for codes in self.codes(places[0], places[-1] + 1):
            chosen = codes[-seen % places.step :: places.step]
            part = values[filled : filled + len(chosen)]
            self._scale(chosen, part)
            self._refuse_gaps(codes, part, places[filled:].__getitem__)
            filled, seen = filled + len(chosen), seen + len(codes)
        return values

    def _scale(self, codes: NDArray[Any], out: NDArray[Any]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):  # the caller refuses what is not finite
            if self.encoding in _HELD_BY_FLOAT32 and out.dtype == np.float32:
                largest = _HELD_BY_FLOAT32[self.encoding]
                scale_into(out, codes, step=self.step, offset=self.offset, largest=largest)
            else:
                out[...] = scaled(codes, self.step, offset=self.offset, largest=2.0 ** (8 * self._width))

    def _refuse_gaps(self, codes: NDArray[Any], values: NDArray[Any], place_of: Callable[[int], int]) -> None:
        if codes.dtype.kind != "f" or np.isfinite(values).all():
            return
        first = int(np.argmin(np.isfinite(values)))
        place = place_of(first)
        msg = (
            f"{self.path.name} holds {values[first]} at {place / self.rate_hz:.6g} s (sample {place}); every sample "
            "must be a finite number, cut the recording there or fill the gap before analysing it."
        )
        raise SignalError(msg)

    def _opened(self) -> FileIO:
        try:
            stream = self.path.open("rb", buffering=0)
        except OSError as error:
            msg = (
                f"{self.path} cannot be read any more: {error.strerror or error}; a recording needs its file until its "
                "samples are used, put it back or keep a copy with np.asarray(recording.samples_uv)."
            )
            raise InputFileError(msg) from error
        size = os.fstat(stream.fileno()).st_size
        if size == self.file_bytes:
            return stream
        stream.close()
        msg = (
            f"{self.path.name} has {size} bytes and had {self.file_bytes} when it was opened; a recording needs its "
            "file unchanged, read it again with read_recording."
        )
        raise InputFileError(msg)


def exact_uv(samples: Samples) -> NDArray[np.floating]:
    """Return all samples as an array without loss: those of a file as float64, an array as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.samples import exact_uv
    >>> exact_uv(np.zeros(2, np.float32)).dtype
    dtype('float32')
    """
    return np.asarray(samples, dtype=np.float64) if isinstance(samples, FileSamples) else np.asarray(samples)


def negated(samples: Samples) -> Samples:
    """Return samples times -1; those of a file stay there.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.samples import negated
    >>> negated(np.array([1.0, -2.0]))
    array([-1.,  2.])
    """
    return samples.negated() if isinstance(samples, FileSamples) else -np.asarray(samples)


def _fill(stream: FileIO, room: memoryview) -> None:
    while room:
        count = stream.readinto(room)
        if not count:
            msg = f"{stream.name} ended while it was read; a recording needs its file unchanged, read it again."
            raise InputFileError(msg)
        room = room[count:]


def _decoded(octets: NDArray[np.uint8], encoding: str) -> NDArray[Any]:
    if encoding != "<i3":
        return octets.view(encoding).reshape(-1)
    packed = np.empty(octets.size + 1, np.uint8)
    packed[1:] = octets.reshape(-1)
    wide: NDArray[np.int32] = np.ndarray(octets.size // 3, "<i4", packed.data, strides=(3,))  # an octet too many below
    return wide >> 8
