"""The files on which speed is measured: ten minutes at 48 kHz and 16 bits, with 10 or 60 discharges in a second.

White noise of 8 uV, mains at 50.02 Hz with two harmonics (20, 8 and 4 uV), slow drift of 60 uV, and one or six regular
units. The shapes are plain formulas. Other lengths hold a part of the ten minutes, or the ten minutes again and again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import emgkit

if TYPE_CHECKING:
    from pathlib import Path

Floats = NDArray[np.float64]

RATE_HZ = 48000
MINUTES = 10
UNITS_HZ = {10: (10.0,), 60: (7.0, 8.6, 9.7, 10.6, 11.4, 12.7)}
_SIZES_UV = (160.0, 120.0, 200.0, 90.0, 250.0, 140.0)
_WIDTHS_MS = (0.35, 0.5, 0.25, 0.6, 0.45, 0.3)
_SHARES = ((0.5, -1.0, 0.35), (0.7, -1.0, 0.0), (0.3, -1.0, 0.6), (0.9, -0.8, 0.1), (0.4, -1.0, -0.3), (1.0, -0.5, 0.5))
_NOISE_UV, _DRIFT_UV, _MAINS = 8.0, 60.0, ((50.02, 20.0), (150.06, 8.0), (250.1, 4.0))
_JITTER, _WANDER = 0.012, 0.05  # of an interval: from one to the next, and slowly
_REACH_MS, _PHASES = 5.0, 16
_HEADER_BYTES = 512  # of one signal and no annotations
_VERSION = 1  # of what is written here; another one is made anew


@dataclass(frozen=True)
class SpeedFile:
    """A file, its length, the mean number of discharges in a second, and where the true times are."""

    path: Path
    minutes: float
    events_hz: int
    truth: Path

    @property
    def n_samples(self) -> int:
        """Samples in the file."""
        return round(self.minutes * 60 * RATE_HZ)

    def true_times_s(self) -> list[Floats]:
        """Return the times of every unit, of a file of at most ten minutes."""
        times = json.loads(self.truth.read_text())
        return [np.array([each for each in unit if each < self.minutes * 60]) for unit in times]


def speed_file(folder: Path, events_hz: int, *, minutes: float = MINUTES) -> SpeedFile:
    """Return a file of the given length, made when it is not in the folder yet.

    Parameters
    ----------
    folder : Path
    events_hz : {10, 60}
    minutes : float
        Whole seconds at most ten minutes, or a multiple of ten minutes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"v{_VERSION}_{events_hz:g}_per_s"
    truth = folder / f"{stem}.json"
    path = folder / f"{stem}_{minutes:g}_min.edf"
    if path.exists() and truth.exists():
        return SpeedFile(path, minutes, events_hz, truth)
    if minutes == MINUTES:
        _make(path, truth, UNITS_HZ[events_hz])
    else:
        _resize(speed_file(folder, events_hz, minutes=MINUTES).path, path, minutes)
    return SpeedFile(path, minutes, events_hz, truth)


def _make(path: Path, truth: Path, units_hz: tuple[float, ...]) -> None:
    rng = np.random.default_rng(20240506)
    n = round(MINUTES * 60 * RATE_HZ)
    time_s = np.arange(n) / RATE_HZ
    samples = _NOISE_UV * rng.standard_normal(n)
    for hz, size_uv in _MAINS:
        samples += size_uv * np.sin(2 * np.pi * (hz * time_s + rng.uniform()))
    for hz in (0.05, 0.31, 0.7):
        samples += _DRIFT_UV / 3 * np.sin(2 * np.pi * (hz * time_s + rng.uniform()))
    times = []
    for unit, rate_hz in enumerate(units_hz):
        times.append(_regular(rate_hz, rng))
        _add(samples, times[-1], unit)
    made = emgkit.Recording(np.round(samples, 1), RATE_HZ, muscle="gluteus_maximus", side="left")
    temporary = path.with_suffix(".part.edf")
    emgkit.write_recording(temporary, made)
    truth.write_text(json.dumps([each.round(7).tolist() for each in times]))
    temporary.replace(path)


def _regular(rate_hz: float, rng: np.random.Generator) -> Floats:
    count = round(1.2 * rate_hz * MINUTES * 60)
    wander = 1 + _WANDER * np.sin(2 * np.pi * (np.arange(count) / (40 * rate_hz) + rng.uniform()))
    times_s = np.cumsum(wander * (1 + _JITTER * rng.standard_normal(count)) / rate_hz) - rng.uniform() / rate_hz
    reach_s = 2 * _REACH_MS / 1000
    return times_s[(times_s > reach_s) & (times_s < MINUTES * 60 - reach_s)]


def _add(samples: Floats, times_s: Floats, unit: int) -> None:
    reach = round(_REACH_MS / 1000 * RATE_HZ)
    places = np.round(times_s * RATE_HZ * _PHASES).astype(np.int64)
    for phase in range(_PHASES):
        first = places[places % _PHASES == phase] // _PHASES
        shape = _shape((np.arange(-reach, reach + 1) - phase / _PHASES) * 1000 / RATE_HZ, unit)
        samples[first[:, None] + np.arange(-reach, reach + 1)] += shape  # one unit's discharges do not overlap


def _shape(time_ms: Floats, unit: int) -> Floats:
    width_ms = _WIDTHS_MS[unit]
    parts = enumerate(_SHARES[unit])
    shape = sum(share * np.exp(-(((time_ms - (at - 1) * width_ms) / (0.45 * width_ms)) ** 2)) for at, share in parts)
    return np.asarray(_SIZES_UV[unit] * shape / np.ptp(shape))


def _resize(source: Path, target: Path, minutes: float) -> None:
    head = bytearray(source.read_bytes()[:_HEADER_BYTES])
    data = np.memmap(source, np.uint8, mode="r", offset=_HEADER_BYTES)
    records = minutes / MINUTES * int(head[236:244])
    if records != round(records):
        msg = f"{minutes:g} minutes are {records:g} data records; a file holds whole ones, choose another length."
        raise ValueError(msg)
    repeats, part = divmod(minutes, MINUTES)
    kept = round(part / MINUTES * len(data))
    head[236:244] = str(round(records)).encode().ljust(8)
    temporary = target.with_suffix(".part")
    with temporary.open("wb") as stream:
        stream.write(head)
        for _ in range(round(repeats)):
            stream.write(data)
        stream.write(data[:kept])
    temporary.replace(target)


def event_tables(file: SpeedFile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the true units and the true events of a file, as the accuracy benchmark scores them."""
    times = file.true_times_s()
    units = pd.DataFrame({"unit": range(len(times)), "label": "fibrillation"})
    events = pd.DataFrame(
        {
            "time_s": np.concatenate(times),
            "unit": np.repeat(np.arange(len(times)), [len(each) for each in times]),
            "label": "fibrillation",
        }
    )
    return units, events.sort_values("time_s", ignore_index=True)
