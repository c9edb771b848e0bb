"""Named scenes with known truth: what a needle can meet at rest, easy and hard, one recording a scene and seed.

A scene is its name and a seed, nothing else: the same pair gives the same samples on every machine.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emgkit import Recording, SimulatedUnit, simulate_recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

DENERVATION = ("fibrillation", "positive_sharp_wave")
NOISE_BAND_HZ = (200.0, 2000.0)
UNIT_COLUMNS = ["unit", "label", "variant", "rate_hz", "peak_to_peak_uv", "duration_ms", "n_events", "snr"]
_FIB, _PSW = DENERVATION
_TRIES = 200  # draws of a unit until its shape is as wanted


@dataclass(frozen=True, eq=False, repr=False)
class Scene:
    """One recording and what is in it.

    Parameters
    ----------
    name : str
    seed : int
    kind : str
        ``simulated``, ``hybrid`` (simulated discharges in a real baseline), ``peers`` (a file on which published
        sorters were measured), ``silver`` (real, the trains that one reader saw) or ``negative`` (real, no
        denervation).
    recording : emgkit.Recording
    units : pandas.DataFrame
        One row a true unit: ``unit, label, variant, rate_hz, peak_to_peak_uv, duration_ms, n_events, snr``; ``snr``
        is peak to peak over the root mean square of the background from 200 to 2000 Hz.
    events : pandas.DataFrame
        One row a true discharge: ``time_s, unit, label``.
    """

    name: str
    seed: int
    kind: str
    recording: Recording
    units: pd.DataFrame
    events: pd.DataFrame

    @property
    def complete(self) -> bool:
        """Whether every discharge of the recording is in the truth."""
        return self.kind in {"simulated", "hybrid", "peers"}

    @property
    def denervated(self) -> bool:
        """Whether there is a fibrillation or positive sharp wave in truth."""
        return bool(self.units["label"].isin(DENERVATION).any())


@dataclass(frozen=True)
class Recipe:
    """What a simulated scene is made of: a function that draws its units, and the surroundings."""

    draw_units: Callable[[np.random.Generator, float], list[SimulatedUnit]]
    endplate_noise: bool = False
    shortest_ms: float = 0.0
    longest_ms: float = 0.0


def generator(name: str, seed: int, part: int = 0) -> np.random.Generator:
    """Return the generator of one part of a scene."""
    return np.random.default_rng([zlib.crc32(name.encode()), seed, part])


def _some(label: str, lowest: int, highest: int, **fixed: object) -> Callable[..., list[SimulatedUnit]]:
    """Return a function that draws a number of like units; a pair of numbers is a range to draw from."""

    def draw_units(rng: np.random.Generator, duration_s: float) -> list[SimulatedUnit]:
        del duration_s
        return [_unit(label, rng, fixed) for _ in range(int(rng.integers(lowest, highest + 1)))]

    return draw_units


def _unit(label: str, rng: np.random.Generator, fixed: Mapping[str, object]) -> SimulatedUnit:
    drawn = {key: _log_uniform(value, rng) if isinstance(value, tuple) else value for key, value in fixed.items()}
    return SimulatedUnit(label, **drawn)  # type: ignore[arg-type]


def _log_uniform(limits: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))


def _together(*parts: Callable[..., list[SimulatedUnit]]) -> Callable[..., list[SimulatedUnit]]:
    return lambda rng, duration_s: [unit for part in parts for unit in part(rng, duration_s)]


def _short_runs(rng: np.random.Generator, duration_s: float) -> list[SimulatedUnit]:
    """Return two runs of 0.5 to 3 s, one in each half, so that neither hides the other."""
    half_s, labels = duration_s / 2, rng.permutation(DENERVATION)
    return [
        SimulatedUnit(str(label), variant="transient", start_s=part * half_s, stop_s=(part + 1) * half_s)
        for part, label in enumerate(labels)
    ]


_CLEAR = {"peak_to_peak_uv": (120.0, 500.0)}
_DENSE = {"peak_to_peak_uv": (80.0, 400.0), "rate_hz": (5.0, 15.0), "stop_s": 1e9}

RECIPES: Mapping[str, Recipe] = MappingProxyType({
    "silent": Recipe(lambda rng, duration_s: []),  # noqa: ARG005 - all recipes are called alike
    "fibrillation_clear": Recipe(_some(_FIB, 2, 3, **_CLEAR)),
    "fibrillation_small": Recipe(_some(_FIB, 1, 3, peak_to_peak_uv=(45.0, 80.0))),
    "fibrillation_irregular": Recipe(_some(_FIB, 1, 2, variant="irregular")),
    "fibrillation_near_origin": Recipe(_some(_FIB, 1, 2, variant="near_origin")),
    "sharp_wave": Recipe(_some(_PSW, 1, 3)),
    "sharp_wave_long_small": Recipe(
        _some(_PSW, 1, 2, peak_to_peak_uv=(30.0, 80.0)), shortest_ms=15.0, longest_ms=40.0
    ),
    "mixed_five_dense": Recipe(_together(_some(_FIB, 3, 3, **_DENSE), _some(_PSW, 2, 2, **_DENSE))),
    "short_runs": Recipe(_short_runs),
    "fibrillation_among_voluntary": Recipe(_together(_some(_FIB, 1, 2, **_CLEAR), _some("motor_unit", 1, 2))),
    "fibrillation_among_endplate": Recipe(
        _together(_some(_FIB, 1, 2, **_CLEAR), _some("endplate_spike", 1, 2)), endplate_noise=True
    ),
    "endplate_spike": Recipe(_some("endplate_spike", 1, 2), endplate_noise=True),
    "endplate_atypical": Recipe(_some("endplate_spike", 1, 2, variant="atypical"), endplate_noise=True),
    "fasciculation": Recipe(_some("fasciculation", 1, 3, rate_hz=(0.2, 3.0))),
    "crd": Recipe(_some("complex_repetitive_discharge", 1, 1, rate_hz=(20.0, 100.0))),
    "crd_slow": Recipe(_some("complex_repetitive_discharge", 1, 1, rate_hz=(5.0, 20.0))),
    "myotonic": Recipe(_some("myotonic_discharge", 1, 2)),
    "voluntary": Recipe(_some("motor_unit", 1, 3)),
    "single_discharge": Recipe(_some("motor_unit", 1, 2, variant="single_discharge")),
})  # fmt: skip


def make_simulated(name: str, seed: int, *, duration_s: float = 30.0, rate_hz: float = 48000.0) -> Scene:
    """Simulate a scene of the table: amplifier noise, mains and hum differ from seed to seed.

    Parameters
    ----------
    name : str
        Key of ``RECIPES``.
    seed : int
    duration_s, rate_hz : float
    """
    recipe, rng = RECIPES[name], generator(name, seed)
    asked = recipe.draw_units(rng, duration_s)
    surroundings = {
        "duration_s": duration_s,
        "noise_uv": rng.uniform(1.0, 3.0),
        "mains_uv": rng.uniform(0.0, 3.0),
        "hum_uv": rng.uniform(0.0, 1.0),
        "endplate_noise": recipe.endplate_noise,
    }
    part = 1
    if recipe.longest_ms:
        wanted_ms = [_log_uniform((recipe.shortest_ms, recipe.longest_ms), rng) for _ in asked]
        asked, part = _as_long_as(asked, wanted_ms, name=name, seed=seed, duration_s=duration_s)
    recording, truth = simulate_recording(asked, rate_hz=rate_hz, rng=generator(name, seed, part), **surroundings)
    # The same seed gives the same surroundings whatever the units.
    background, _ = simulate_recording([], rate_hz=rate_hz, rng=generator(name, seed, part), **surroundings)
    units = with_snr(truth.units, np.asarray(background.samples_uv), rate_hz)
    return Scene(name, seed, "simulated", recording, units, truth.events)


def _as_long_as(
    asked: list[SimulatedUnit], wanted_ms: list[float], *, name: str, seed: int, duration_s: float
) -> tuple[list[SimulatedUnit], int]:
    """Return the units with their stretch, and the part of the seed whose shapes need the least of it."""
    least = np.inf
    for part in range(1, _TRIES):
        truth = simulate_recording(
            asked, duration_s=duration_s, rate_hz=4000.0, noise_uv=0.0, rng=generator(name, seed, part)
        )[1]
        scales = np.array(wanted_ms) / truth.units["duration_ms"].to_numpy()
        stretch = float(np.abs(np.log(scales)).max())
        if stretch < least:
            least, best, chosen = stretch, scales, part
        if stretch < np.log(1.5):
            break
    return [_stretched(unit, scale) for unit, scale in zip(asked, best, strict=True)], chosen


def _stretched(unit: SimulatedUnit, scale: float) -> SimulatedUnit:
    return SimulatedUnit(unit.label, unit.variant, peak_to_peak_uv=unit.peak_to_peak_uv, duration_scale=float(scale))


def with_snr(units: pd.DataFrame, background_uv: NDArray[np.floating], rate_hz: float) -> pd.DataFrame:
    """Return the table of units with their peak to peak over the noise from 200 to 2000 Hz.

    Parameters
    ----------
    units : pandas.DataFrame
    background_uv : array of shape (n_samples,)
        The recording without any unit.
    rate_hz : float
    """
    snr = units["peak_to_peak_uv"] / in_band_rms_uv(background_uv, rate_hz)
    return units.assign(snr=snr)[UNIT_COLUMNS]


def in_band_rms_uv(samples_uv: NDArray[np.floating], rate_hz: float) -> float:
    """Return the root mean square from 200 to 2000 Hz, by Parseval's theorem."""
    power = np.abs(np.fft.rfft(samples_uv - samples_uv.mean())) ** 2
    frequency = np.fft.rfftfreq(len(samples_uv), 1 / rate_hz)
    low, high = NOISE_BAND_HZ
    return float(np.sqrt(2 * power[(frequency >= low) & (frequency < high)].sum()) / len(samples_uv))


def unit_table(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return a table of true units; what is not given is missing."""
    return pd.DataFrame(list(rows), columns=UNIT_COLUMNS)


def event_table(times_s: Mapping[int, NDArray[np.float64]], labels: Mapping[int, str]) -> pd.DataFrame:
    """Return the table of true discharges from the times of every unit."""
    parts = [pd.DataFrame({"time_s": times, "unit": unit, "label": labels[unit]}) for unit, times in times_s.items()]
    if not parts:
        return pd.DataFrame({"time_s": np.empty(0), "unit": np.empty(0, int), "label": np.empty(0, str)})
    return pd.concat(parts, ignore_index=True).sort_values("time_s", ignore_index=True)
