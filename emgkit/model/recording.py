"""One needle position of one muscle: samples in microvolt with their rate and place."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np

from emgkit.errors import SignalError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")
State = Literal["rest", "insertion", "slight", "maximal"]
STATES: tuple[State, ...] = ("rest", "insertion", "slight", "maximal")


@runtime_checkable
class Samples(Protocol):
    """What an algorithm may ask of samples: their number, and slices of them as arrays."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, item: slice, /) -> NDArray[np.floating]:
        """Return a slice as an array."""
        ...

    def __array__(self) -> NDArray[np.floating]:
        """Return all samples as one array."""
        ...


@runtime_checkable
class Windowed(Samples, Protocol):
    """Samples of which many short windows are soon read."""

    def windows(self, starts: NDArray[np.integer], size: int, /) -> NDArray[np.floating]:
        """Return so many samples from each start on, shape (n_starts, size)."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Recording:
    """Needle EMG of one needle position.

    Positive numbers mean that the needle's active electrode is electrically positive. An EMG screen shows
    negative up; that is a matter of plotting, never of the stored numbers.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
        Microvolt. An array, or a file-backed view that has ``len``, slices and ``np.asarray``. Finite numbers only: an
        array is looked through here, a view refuses others when a slice is read.
    rate_hz : float
        Samples per second, greater than zero.
    muscle : str
        Muscle id or one of its usual spellings ("gluteus maximus", "TA"); analyses resolve it to the id.
    side : {"left", "right"}
    site : str
        Needle position within the muscle, free text such as ``"upper lateral"``.
    state : {"rest", "insertion", "slight", "maximal"}
        What the muscle was asked to do. It never blocks an analysis.
    electrode : str
        Such as ``"concentric"`` or ``"monopolar"``; empty when unknown.
    highpass_hz, lowpass_hz : float, optional
        Filters of the machine that made the recording, where known.
    start_time : str
        ISO date and time of the first sample; empty when unknown. Never shown in reports.
    source_file, channel : str
        Where the samples came from.

    Raises
    ------
    SignalError
        When there are no samples, more than one dimension, a sample that is not finite, or no valid rate or side.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit import Recording
    >>> Recording(np.zeros(48000), 48000.0, muscle="gluteus_maximus", side="left")
    <Recording left gluteus_maximus, rest, 1.0 s at 48000 Hz>
    """

    samples_uv: Samples
    rate_hz: float
    _: KW_ONLY
    muscle: str
    side: Side
    site: str = ""
    state: State = "rest"
    electrode: str = ""
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    start_time: str = ""
    source_file: str = ""
    channel: str = ""

    def __post_init__(self) -> None:
        """Refuse what no analysis could use."""
        if isinstance(self.samples_uv, (np.ndarray, list, tuple)):
            object.__setattr__(self, "samples_uv", _checked_samples(self.samples_uv))
        if len(self.samples_uv) == 0:
            msg = "A recording of 0 samples holds nothing to analyse; give at least one second of signal."
            raise SignalError(msg)
        if not (np.isfinite(self.rate_hz) and self.rate_hz > 0):
            msg = f"rate_hz is {self.rate_hz!r}; it must be a number of samples per second greater than zero."
            raise SignalError(msg)
        if self.side not in SIDES:
            msg = f"side is {self.side!r}; it must be 'left' or 'right'."
            raise SignalError(msg)
        if self.state not in STATES:
            msg = f"state is {self.state!r}; it must be one of {', '.join(STATES)}."
            raise SignalError(msg)
        if not self.muscle.strip():
            msg = "muscle is empty; name the muscle that was recorded, such as 'gluteus maximus'."
            raise SignalError(msg)

    def __repr__(self) -> str:
        place = f", {self.site}" if self.site else ""
        what = f"{self.side} {self.muscle}{place}, {self.state}"
        return f"<Recording {what}, {self.duration_s:.1f} s at {self.rate_hz:g} Hz>"

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return len(self.samples_uv) / self.rate_hz


def _checked_samples(samples: object) -> NDArray[np.floating]:
    array = np.asarray(samples)
    if array.ndim != 1:
        msg = f"samples_uv has shape {array.shape}; one recording is one channel, give a one-dimensional array."
        raise SignalError(msg)
    if array.dtype.kind not in "fiu":
        msg = f"samples_uv holds {array.dtype}; it must hold real numbers in microvolt."
        raise SignalError(msg)
    array = array.view() if array.dtype.kind == "f" else array.astype(np.float64)
    finite = np.isfinite(array)
    if not finite.all():
        first = int(np.argmin(finite))
        msg = (
            f"samples_uv has {int((~finite).sum())} values that are not numbers (NaN or infinite), the first at sample "
            f"{first}; cut the recording there or fill the gap before analysing it."
        )
        raise SignalError(msg)
    array.flags.writeable = False
    return array
