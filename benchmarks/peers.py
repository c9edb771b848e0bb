"""The two files on which published sorters were measured, made anew: two fibrillations, sharp waves, endplate spikes.

A minute at 48 kHz in Gaussian noise of 8 or 20 microvolt with mains. The shapes are plain formulas, not muscle-fibre
physics: nothing here can favour a tool that knows the physics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scenes import Scene, event_table, generator, unit_table, with_snr

from emgkit import Recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PEERS = ("peers_8uv", "peers_20uv")
_MAINS = ((50.0, 15.0), (150.0, 5.0))  # Hz, amplitude in uV
_PLAN = (  # label, variant, rate in Hz, peak to peak in uV, duration in ms
    ("fibrillation", "fib7", 7.0, 250.0, 1.5),
    ("fibrillation", "fib11", 11.0, 140.0, 2.5),
    ("positive_sharp_wave", "psw5", 5.0, 360.0, 15.0),
    ("endplate_spike", "endplate", 25.0, 160.0, 2.0),
)


def make_peers(name: str, *, duration_s: float = 60.0, rate_hz: float = 48000.0) -> Scene:
    """Make one of the two files.

    Parameters
    ----------
    name : {"peers_8uv", "peers_20uv"}
    duration_s, rate_hz : float
        The published file lasts 60 s at 48 kHz; endplate spikes fill its second third.
    """
    rng = generator("peers", 0)
    n = round(duration_s * rate_hz)
    noise_uv = float(name.removeprefix("peers_").removesuffix("uv"))
    background = _noise(n, rate_hz, noise_uv, rng)
    time = np.arange(n) / rate_hz
    for hz, size_uv in _MAINS:
        background += size_uv * np.sin(2 * np.pi * (hz * time + rng.uniform()))
    samples, times, rows = background.copy(), {}, []
    for unit, (label, variant, rate, size_uv, duration_ms) in enumerate(_PLAN):
        span = (duration_s / 3, 2 * duration_s / 3) if label == "endplate_spike" else (0.0, duration_s)
        times[unit] = (_irregular if label == "endplate_spike" else _regular)(rate, *span, rng)
        times[unit] = _add(samples, _shape(variant, rate_hz), times[unit], rate_hz)
        rows.append({"unit": unit, "label": label, "variant": variant, "rate_hz": rate, "peak_to_peak_uv": size_uv,
                     "duration_ms": duration_ms, "n_events": len(times[unit])})  # fmt: skip
    recording = Recording(samples, rate_hz, muscle="tibialis_anterior", side="left")
    labels = {unit: plan[0] for unit, plan in enumerate(_PLAN)}
    units = with_snr(unit_table(rows), background, rate_hz)
    return Scene(name, 0, "peers", recording, units, event_table(times, labels))


def _noise(n: int, rate_hz: float, rms_uv: float, rng: np.random.Generator) -> Floats:
    """Return Gaussian noise from 20 Hz to 10 kHz."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / rate_hz)
    wave = np.fft.irfft(np.where((frequency >= 20.0) & (frequency <= 10000.0), spectrum, 0.0), n)
    return np.asarray(wave * (rms_uv / wave.std()))


def _regular(rate_hz: float, start_s: float, stop_s: float, rng: np.random.Generator) -> Floats:
    """Return intervals with 1.2 % jitter and a slow drift of 5 %."""
    n = round(1.2 * rate_hz * (stop_s - start_s))
    drift = 0.05 * np.sin(2 * np.pi * (np.arange(n) / n + rng.uniform()))
    times = start_s + np.cumsum((1 + drift + 0.012 * rng.standard_normal(n)) / rate_hz)
    return np.asarray(times[times < stop_s - 0.05])


def _irregular(rate_hz: float, start_s: float, stop_s: float, rng: np.random.Generator) -> Floats:
    """Return intervals of an irregular endplate: a dead time of 5 ms, then exponential."""
    times = start_s + np.cumsum(0.005 + rng.exponential(1 / rate_hz - 0.005, round(2 * rate_hz * (stop_s - start_s))))
    return np.asarray(times[times < stop_s])


def _shape(variant: str, rate_hz: float) -> Floats:
    """Return one potential, positive first but for the endplate spike."""
    _, _, _, size_uv, duration_ms = next(plan for plan in _PLAN if plan[1] == variant)
    share = np.arange(0.0, 1.0, 1e3 / rate_hz / duration_ms)

    def hill(centre: float, width: float) -> Floats:
        return np.asarray(np.exp(-0.5 * ((share - centre) / width) ** 2))

    if variant == "psw5":  # sharp positive of 300 uV, then slow negative of 60 uV
        return 300.0 * hill(0.08, 0.02) - 60.0 * hill(0.45, 0.15)
    if variant == "fib7":
        wave = 0.6 * hill(0.25, 0.08) - 1.0 * hill(0.5, 0.08) + 0.4 * hill(0.75, 0.08)
    elif variant == "fib11":
        wave = hill(0.33, 0.1) - hill(0.62, 0.1)
    else:
        wave = -1.0 * hill(0.3, 0.1) + 0.5 * hill(0.65, 0.12)
    return np.asarray(size_uv * wave / np.ptp(wave))


def _add(samples: Floats, shape: Floats, times_s: Floats, rate_hz: float) -> Floats:
    """Add every discharge at its nearest sample; return when the largest peaks pass."""
    first = np.rint(times_s * rate_hz).astype(int)
    place = first[:, None] + np.arange(len(shape))
    inside = place < len(samples)
    np.add.at(samples, place[inside], np.broadcast_to(shape, place.shape)[inside])
    return np.asarray((first + np.abs(shape).argmax()) / rate_hz)
