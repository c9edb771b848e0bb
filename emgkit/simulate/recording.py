"""One simulated recording and its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from emgkit.errors import SignalError
from emgkit.model.recording import Recording
from emgkit.simulate.background import (
    amplifier_noise_uv,
    endplate_noise_uv,
    far_units_uv,
    machine_highpass_uv,
    mains_hum_uv,
    quantized_uv,
)
from emgkit.simulate.electrode import make_electrode
from emgkit.simulate.firing import FiringRequest, draw_firing
from emgkit.simulate.insertion import add_insertion
from emgkit.simulate.potential import scaled, stretched
from emgkit.simulate.quantities import draw, read_quantities
from emgkit.simulate.render import add_discharges
from emgkit.simulate.shapes import draw_potential
from emgkit.simulate.truth import Made, recording_truth
from emgkit.simulate.units import SimulatedUnit, draw_variant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples, Side, State
    from emgkit.simulate.electrode import Electrode
    from emgkit.simulate.truth import RecordingTruth


def simulate_recording(
    units: Sequence[str | SimulatedUnit],
    *,
    duration_s: float = 12.0,
    rate_hz: float = 48000.0,
    muscle: str = "gluteus_maximus",
    side: Side = "left",
    site: str = "",
    state: State = "rest",
    electrode: str = "concentric",
    noise_uv: float = 2.0,
    mains_uv: float = 0.0,
    mains_hz: float = 50.0,
    hum_uv: float = 0.0,
    highpass_hz: float = 10.0,
    endplate_noise: bool = False,
    insertion: bool = False,
    rng: np.random.Generator | int | None = None,
) -> tuple[Recording, RecordingTruth]:
    """Simulate one needle recording from the physics of muscle fibres.

    Parameters
    ----------
    units : sequence of str or SimulatedUnit
        One label id for each unit near the needle, in any number and mixture.
    duration_s, rate_hz : float
        Length and samples per second.
    muscle, side, site, state, electrode
        As in ``Recording``; the electrode is ``"concentric"``, ``"monopolar"`` or ``"point"``.
    noise_uv : float
        Root mean square of the amplifier noise from 10 Hz to 10 kHz.
    mains_uv, mains_hz : float
        Root mean square and frequency of mains interference.
    hum_uv : float
        Root mean square of the hum of far motor units.
    highpass_hz : float
        First-order causal high-pass of the machine; 0 is none.
    endplate_noise : bool
        Whether the needle lies in an endplate zone.
    insertion : bool
        Whether the needle still moves at the start.
    rng : numpy.random.Generator, int or None
        Generator, or the seed of one. The same seed gives the same units at every rate.

    Returns
    -------
    recording : Recording
        Samples on the grid of a 16 bit converter of 0.1 uV.
    truth : RecordingTruth

    Raises
    ------
    SignalError
        When the length or the rate is not greater than zero.
    UnknownNameError
        For a label, variant or electrode that the simulator does not know.

    Examples
    --------
    >>> from emgkit.simulate.recording import simulate_recording
    >>> recording, truth = simulate_recording(["fibrillation", "positive_sharp_wave"], duration_s=4.0, rng=1)
    >>> recording
    <Recording left gluteus_maximus, rest, 4.0 s at 48000 Hz>
    >>> truth.units["label"].tolist()
    ['fibrillation', 'positive_sharp_wave']
    """
    samples = _silence(duration_s, rate_hz)
    needle = make_electrode(electrode)
    shared, around, *own = np.random.default_rng(rng).spawn(2 + len(units))
    request = _shared_request(duration_s, shared)
    made = [
        _add_unit(samples, unit, request=request, needle=needle, rate_hz=rate_hz, rng=each)
        for unit, each in zip(units, own, strict=True)
    ]
    spans = []
    if insertion:
        spans.append((*add_insertion(samples, rate_hz=rate_hz, electrode=needle, rng=around), "insertion"))
    n = len(samples)
    if endplate_noise:
        samples += endplate_noise_uv(n, rate_hz=rate_hz, rng=around)
        spans.append((0.0, duration_s, "endplate_noise"))
    samples += far_units_uv(n, rate_hz=rate_hz, rms_uv=hum_uv, electrode=needle, rng=around)
    samples += mains_hum_uv(n, rate_hz=rate_hz, rms_uv=mains_uv, mains_hz=mains_hz, rng=around)
    samples += amplifier_noise_uv(n, rate_hz=rate_hz, rms_uv=noise_uv, rng=around)
    stored = quantized_uv(machine_highpass_uv(samples, rate_hz=rate_hz, highpass_hz=highpass_hz))
    recording = Recording(
        cast("Samples", stored),
        rate_hz,
        muscle=muscle,
        side=side,
        site=site,
        state=state,
        electrode=electrode,
        highpass_hz=highpass_hz or None,
    )
    return recording, recording_truth(made, spans=spans)


def _silence(duration_s: float, rate_hz: float) -> NDArray[np.float64]:
    if not (duration_s > 0 and rate_hz > 0):
        msg = f"duration_s is {duration_s!r} and rate_hz {rate_hz!r}; both must be greater than zero."
        raise SignalError(msg)
    return np.zeros(max(1, round(duration_s * rate_hz)))


def _shared_request(duration_s: float, rng: np.random.Generator) -> FiringRequest:
    drive_hz = draw(read_quantities("firing")["voluntary"]["drive_hz"], rng)
    return FiringRequest(0.0, duration_s, drive_hz=drive_hz, drive_phase=rng.uniform(0, 2 * np.pi))


def _add_unit(
    samples: NDArray[np.float64],
    unit: str | SimulatedUnit,
    *,
    request: FiringRequest,
    needle: Electrode,
    rate_hz: float,
    rng: np.random.Generator,
) -> Made:
    asked = SimulatedUnit(unit) if isinstance(unit, str) else unit
    variant = draw_variant(asked, rng)
    firing = draw_firing(variant.rhythm, request=_own_request(asked, request), rng=rng)
    potential = draw_potential(variant.shape, electrode=needle, rate_hz=firing.rate_hz, rng=rng)
    if asked.duration_scale != 1.0:
        potential = stretched(potential, asked.duration_scale)
    if asked.peak_to_peak_uv is not None:
        potential = scaled(potential, asked.peak_to_peak_uv)
    drift = draw(read_quantities("simulated_shapes")["drift"]["log_gain_per_s"], rng)
    gains = firing.gains * np.exp(drift * (firing.times_s - request.stop_s / 2))
    add_discharges(samples, potential, times_s=firing.times_s, gains=gains, rate_hz=rate_hz, rng=rng)
    return Made(variant, potential, firing)


def _own_request(unit: SimulatedUnit, shared: FiringRequest) -> FiringRequest:
    return FiringRequest(
        shared.start_s if unit.start_s is None else unit.start_s,
        shared.stop_s if unit.stop_s is None else min(unit.stop_s, shared.stop_s),
        rate_hz=unit.rate_hz,
        may_stop=unit.stop_s is None,
        drive_phase=shared.drive_phase,
        drive_hz=shared.drive_hz,
    )
