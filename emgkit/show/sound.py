"""A recording as sound, small enough to travel inside a page: FLAC, whose steps are finer than the noise."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.show.rows import each_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.activity import SpontaneousActivity

RATE_HZ = 16_000
_LEAST_RATE_HZ = 8_000  # browsers decode nothing slower
_FULL_SCALE = 2**15 - 1
# Steps of a quarter of the noise are neither seen nor heard, and halve the file.
_STEPS_IN_NOISE = 4
# A quiet recording is not made as loud as one with discharges.
_LEAST_LOUD_UV = 300.0
_CHUNK_S = 20


@dataclass(frozen=True)
class Sound:
    """A stretch of a recording as compressed sound.

    Parameters
    ----------
    data : str
        ``data:`` address that holds the whole sound.
    start_s, stop_s : float
        Which stretch of the recording it is.
    rate_hz : int
        Samples per second of the sound; it plays at natural speed.
    uv_per_unit, offset_uv : float
        Microvolt of a sample are its number, from -1 to 1, times the one plus the other.
    """

    data: str
    start_s: float
    stop_s: float
    rate_hz: int
    uv_per_unit: float
    offset_uv: float


def make_sound(activity: SpontaneousActivity, *, start_s: float = 0.0, stop_s: float | None = None) -> Sound:
    """Return a stretch of a recording as FLAC at 16 kHz, or at its own rate where that is lower.

    What was left out of the analysis, such as movement, is cut off where it is larger than all the rest.

    Parameters
    ----------
    activity : SpontaneousActivity
    start_s, stop_s : float
        Seconds from the start of the recording; all of it without them.

    Returns
    -------
    Sound

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.sound import make_sound
    >>> sound = make_sound(examples.activity(), start_s=0.5)
    >>> sound.data[:23], sound.rate_hz, sound.stop_s
    ('data:audio/flac;base64,', 10000, 2.0)
    """
    import soundfile  # noqa: PLC0415 - loaded when the first sound is made

    stop = activity.recording.duration_s if stop_s is None else stop_s
    samples_uv, rate_hz = _resampled(activity, start_s, stop)
    offset = float(np.median(samples_uv))
    heard = samples_uv - offset
    peak = max(_peak(activity, heard, start_s, rate_hz), _LEAST_LOUD_UV)
    noise = min((level for level in activity.noise_uv.values() if level > 0), default=0.0)
    step = max(noise / _STEPS_IN_NOISE, peak / _FULL_SCALE)
    # Whole steps are shifted up to where they are loud; FLAC stores no bit that is always zero.
    shift = int(math.log2(_FULL_SCALE * step / peak))
    most = _FULL_SCALE >> shift
    whole = np.clip(np.round(heard / step), -most, most).astype(np.int16) << shift
    stored = io.BytesIO()
    soundfile.write(stored, whole, rate_hz, format="FLAC", subtype="PCM_16", compression_level=1.0)
    coded = base64.b64encode(stored.getvalue()).decode("ascii")
    scale = step * 2**15 / 2**shift
    return Sound(f"data:audio/flac;base64,{coded}", start_s, stop, rate_hz, scale, offset)


def fair_shares(wanted: Sequence[float], total: float) -> list[float]:
    """Return what each gets when all together may have so much: those who want little all of it, the others the same.

    Examples
    --------
    >>> from emgkit.show.sound import fair_shares
    >>> fair_shares([5.0, 60.0, 40.0], 65.0)
    [5.0, 30.0, 30.0]
    """
    left, shares = total, [0.0] * len(wanted)
    for done, place in enumerate(sorted(range(len(wanted)), key=lambda place: wanted[place])):
        shares[place] = min(wanted[place], left / (len(wanted) - done))
        left -= shares[place]
    return shares


def whole_shares(wanted: Sequence[int], total: int) -> list[int]:
    """Return the same in whole numbers, given one at a time in turn: where there is too little, the first have it.

    Examples
    --------
    >>> from emgkit.show.sound import whole_shares
    >>> whole_shares([1, 6, 4], 6)
    [1, 3, 2]
    """
    shares = [0] * len(wanted)
    for turn in range(max(wanted, default=0)):
        for place, want in enumerate(wanted):
            if want > turn and total > 0:
                shares[place] += 1
                total -= 1
    return shares


def _resampled(activity: SpontaneousActivity, start_s: float, stop_s: float) -> tuple[NDArray[np.floating], int]:
    from scipy.signal import resample_poly  # noqa: PLC0415 - loaded when the first sound is made

    recording = activity.recording
    first, last = round(start_s * recording.rate_hz), round(stop_s * recording.rate_hz)
    own = round(recording.rate_hz)
    rate_hz = min(RATE_HZ, max(own, _LEAST_RATE_HZ))
    common = math.gcd(own, rate_hz)
    # Pieces keep a long recording out of memory; each starts and ends on a sample that both rates have.
    piece = _CHUNK_S * own
    parts = []
    for begin in range(first, last, piece):
        end = min(begin + piece, last)
        before, after = min(own, begin - first), min(own, last - end)
        block = np.asarray(recording.samples_uv[slice(begin - before, end + after)], dtype=np.float64)
        if rate_hz != own:
            block = resample_poly(block, rate_hz // common, own // common, padtype="line")
        skip = before * rate_hz // own
        parts.append(block[skip : skip + math.ceil((end - begin) * rate_hz / own)])
    return np.concatenate(parts), rate_hz


def _peak(activity: SpontaneousActivity, heard: NDArray[np.floating], start_s: float, rate_hz: int) -> float:
    kept = np.ones(len(heard), dtype=bool)
    for span in each_row(activity.excluded):
        kept[max(round((span.start_s - start_s) * rate_hz), 0) : max(round((span.stop_s - start_s) * rate_hz), 0)] = (
            False
        )
    return float(np.abs(heard[kept] if kept.any() else heard).max())
