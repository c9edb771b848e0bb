"""How samples become the codes and data records of an EDF or BDF file, without loss and within its limits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from emgkit.files.scale import codes_on_grid, steps_to_try

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MOST_RECORD_BYTES = 61_440  # the EDF specification's limit
_ANNOTATION_BYTES = 240  # room kept free for the annotations of a record
_SHORTEST_RECORD_S = 0.02  # many tiny records make a slow file; a filled one is better


@dataclass(frozen=True, eq=False)
class Coded:
    """Samples as whole numbers of a step in microvolt, with the ranges that say what it is."""

    codes: NDArray[np.int32]
    step: Fraction
    physical_range: tuple[float, float]
    digital_range: tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """Samples in a record, what it lasts, how many there are, and how many samples fill up the last one."""

    samples: int
    duration_s: float
    records: int
    filling: int


def encode(samples_uv: NDArray[np.floating], *, bits: int) -> Coded | None:
    """Return the samples as codes of 16 or 24 bits, or None when no step holds them without loss.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
    bits : {16, 24}

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.edf_layout import encode
    >>> coded = encode(np.array([0.3, -12.0]), bits=16)
    >>> coded.codes, coded.physical_range
    (array([   3, -120], dtype=int32), (-3276.8, 3276.7))
    >>> encode(np.array([0.3, np.pi]), bits=16) is None
    True
    """
    for step in steps_to_try(samples_uv):
        codes = codes_on_grid(samples_uv, step)
        if codes is None:
            continue
        for low, high in _digital_ranges(step, bits):
            physical = (float(low * step), float(high * step))
            if (
                codes.min() >= low
                and codes.max() <= high
                and all(_fits_field(value) for value in (low * step, high * step))
            ):
                return Coded(codes, step, physical, (low, high))
    return None


def find_layout(n_samples: int, rate_hz: float, *, bytes_per_sample: int) -> Layout | None:
    """Return the record length for a recording, or None when no length states its rate exactly.

    A length is allowed when its duration fits the header's eight characters such that samples over duration is the
    rate. The one that needs the fewest samples of filling is taken, which is none where a length divides the recording;
    among equals the longest one between 0.1 and 1 s.

    Examples
    --------
    >>> from emgkit.files.edf_layout import find_layout
    >>> find_layout(96000, 48000.0, bytes_per_sample=2)
    Layout(samples=24000, duration_s=0.5, records=4, filling=0)
    >>> find_layout(262124, 23437.5, bytes_per_sample=2).filling
    1
    """
    samples = np.arange(1, (MOST_RECORD_BYTES - _ANNOTATION_BYTES) // bytes_per_sample + 1)
    digits = 10.0 ** (6 - np.clip(np.floor(np.log10(samples / rate_hz)), 0, 6))
    durations = np.rint(samples / rate_hz * digits) / digits
    durations[durations < _SHORTEST_RECORD_S] = np.inf
    stated = samples / durations == rate_hz
    samples, durations = samples[stated], durations[stated]
    if not samples.size:
        return None
    records = -(-n_samples // samples)
    filling = records * samples - n_samples
    least = np.flatnonzero(filling == filling.min())
    handy = least[(durations[least] >= 0.1) & (durations[least] <= 1.0)]
    best = handy[-1] if handy.size else least[-1]
    return Layout(int(samples[best]), float(durations[best]), int(records[best]), int(filling[best]))


def records_for(codes: NDArray[np.int32], layout: Layout) -> NDArray[np.int32]:
    """Return the codes, with the last one repeated until the last record is full.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.edf_layout import find_layout, records_for
    >>> codes = np.arange(4999, dtype=np.int32)
    >>> records = records_for(codes, find_layout(len(codes), 4000.0, bytes_per_sample=2))
    >>> len(records) >= 4999, int(records[-1])
    (True, 4998)
    """
    return np.pad(codes, (0, layout.filling), mode="edge")


def _digital_ranges(step: Fraction, bits: int) -> Iterator[tuple[int, int]]:
    top = 2 ** (bits - 1) - 1
    yield -top - 1, top
    multiple = top // step.denominator * step.denominator  # makes the physical range a whole number
    if multiple:
        yield -multiple, multiple


def _fits_field(value: Fraction) -> bool:
    text = str(int(value)) if value.denominator == 1 else repr(float(value))
    return len(text) <= 8 and "e" not in text and Fraction(text) == value
