"""Scenes from real recordings: discharges in a real quiet baseline, trains a reader saw, and what is no denervation.

The recordings are not part of the project; where they are absent these scenes are left out, with the reason printed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scenes import RECIPES, Scene, event_table, generator, unit_table, with_snr

from emgkit import Recording, read_recording, simulate_recording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Where records of N2001 are quiet: nothing there is above five times the noise from 200 to 2000 Hz, while what is left
# out holds discharges of 10 uV. A scene takes one record after the other, by its seed.
QUIET = (
    ("N2001C02BB66", ((8.63, 8.99), (9.14, 9.51), (9.71, 10.06))),
    ("N2001A01BB01", ((1.60, 2.31),)),
    ("N2001C04BB51", ((10.80, 11.17),)),
)
_PIECE_S = (0.15, 0.35)
_FADE_S = 0.03

HYBRID = tuple(
    f"hybrid_{name}"
    for name in (
        "silent",
        "fibrillation_clear",
        "fibrillation_small",
        "sharp_wave",
        "mixed_five_dense",
        "fibrillation_among_voluntary",
        "endplate_spike",
        "voluntary",
    )
)
SILVER = tuple(f"silver_N2001M03BB{number}" for number in ("06", "07", "11", "12"))
NEGATIVE: Mapping[str, str] = MappingProxyType(
    {f"negative_{name}": f"n2001/{name}" for name in (
        "N2001C01BB51", "N2001C02BB66", "N2001C04BB51", "N2001C05BB77", "N2001C06BB51", "N2001C08BB51", "N2001M05BB61",
    )}
    | {f"negative_{name}": f"emgdb/{name}" for name in ("emg_healthy", "emg_myopathy", "emg_neuropathy")}
    | {"negative_R00108": "emglab_r00108/R00108"}
)  # fmt: skip


def read_record(stem: str) -> Recording:
    """Read one record; in N2001 positive electrode voltage is down."""
    muscle = "tibialis_anterior" if stem.startswith("emgdb") else "biceps_brachii"
    return read_recording(
        DATA / f"{stem}.hea", muscle=muscle, side="left", state="slight", invert=stem.startswith("n2001")
    )


def make_silver(name: str) -> Scene:
    """Return the trains of fibrillations and sharp waves that one reader saw in a record, without those he inferred."""
    record = name.removeprefix("silver_")
    table = pd.read_csv(DATA / "n2001" / "silver_events.csv")
    seen = table[(table["record"] == record) & table["status"].isin(["detected", "refound"])]
    times = {
        unit: np.sort(rows["time_s"].to_numpy()) for unit, (_, rows) in enumerate(seen.groupby("train", sort=True))
    }
    labels = dict.fromkeys(times, "fibrillation")  # the reader's trains bear no name; one family is all that is asked
    units = unit_table(
        {"unit": unit, "label": labels[unit], "variant": "seen", "rate_hz": 1 / np.median(np.diff(each))}
        for unit, each in times.items()
    )
    return Scene(name, 0, "silver", read_record(f"n2001/{record}"), units, event_table(times, labels))


def make_negative(name: str) -> Scene:
    """Return a record in which every train of denervation is a false one."""
    return Scene(name, 0, "negative", read_record(NEGATIVE[name]), unit_table([]), event_table({}, {}))


def make_hybrid(name: str, seed: int, *, duration_s: float = 30.0) -> Scene:
    """Return simulated discharges of a scene's units in a real quiet baseline.

    Parameters
    ----------
    name : str
        One of ``HYBRID``.
    seed : int
    duration_s : float
    """
    recipe, rng = RECIPES[name.removeprefix("hybrid_")], generator(name, seed)
    record, spans_s = QUIET[seed % len(QUIET)]
    quiet = read_record(f"n2001/{record}")
    rate_hz = quiet.rate_hz
    all_uv = np.asarray(quiet.samples_uv)
    spans_uv = [all_uv[round(start_s * rate_hz) : round(stop_s * rate_hz)] for start_s, stop_s in spans_s]
    baseline_uv = lengthened(spans_uv, round(duration_s * rate_hz), rate_hz=rate_hz, rng=rng)
    discharges, truth = simulate_recording(
        recipe.draw_units(rng, duration_s),
        duration_s=duration_s,
        rate_hz=rate_hz,
        noise_uv=0.0,
        highpass_hz=quiet.highpass_hz or 0.0,
        endplate_noise=recipe.endplate_noise,
        rng=generator(name, seed, 1),
    )
    recording = replace(quiet, samples_uv=baseline_uv + np.asarray(discharges.samples_uv))
    return Scene(name, seed, "hybrid", recording, with_snr(truth.units, baseline_uv, rate_hz), truth.events)


def lengthened(
    spans_uv: Sequence[NDArray[np.floating]], n: int, *, rate_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a long baseline from short ones: pieces from random places, faded into each other at equal power.

    Parameters
    ----------
    spans_uv : sequence of array of shape (n_span,)
        Quiet signal; a piece comes from one of them.
    n : int
        Samples wanted.
    rate_hz : float
    rng : numpy.random.Generator

    Notes
    -----
    A plain loop would turn whatever the spans hold into a perfectly regular train.
    """
    fade = round(_FADE_S * rate_hz)
    ramp = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade)
    long_uv, at = np.zeros(n + round(_PIECE_S[1] * rate_hz)), 0
    while at < n:
        span_uv = spans_uv[int(rng.integers(len(spans_uv)))]
        size = min(round(rng.uniform(*_PIECE_S) * rate_hz), len(span_uv))
        start = int(rng.integers(0, len(span_uv) - size + 1))
        piece = _without_line(span_uv[start : start + size])
        if at:
            piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        long_uv[at : at + size] += piece
        at += size - fade
    return long_uv[:n]


def _without_line(piece_uv: NDArray[np.floating]) -> NDArray[np.float64]:
    time = np.linspace(-1.0, 1.0, len(piece_uv))
    return np.asarray(piece_uv - piece_uv.mean() - time * (time @ piece_uv) / (time @ time))
