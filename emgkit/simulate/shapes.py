"""Draw the potential of a unit: fibrillations, positive sharp waves, endplate spikes, cycles and pulses.

Every function takes the rows of its group in ``simulated_shapes.csv``, an electrode, the unit's rate and a generator.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import numpy as np

from emgkit.simulate.fibre import STEP_MS, Fibre, fibre_potentials_uv, fibre_velocity_m_per_s
from emgkit.simulate.motor_unit import draw_motor_unit
from emgkit.simulate.potential import Potential, cut, scaled
from emgkit.simulate.quantities import draw, limited, read_quantities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from emgkit.simulate.electrode import Electrode
    from emgkit.simulate.quantities import Quantity

_ATTEMPTS = 30  # draws of a shape before the last one is scaled to the nearest limit of size


class _DrawShape(Protocol):
    def __call__(
        self, rows: Mapping[str, Quantity], /, *, electrode: Electrode, rate_hz: float, rng: np.random.Generator
    ) -> Potential: ...


def draw_potential(shape: str, *, electrode: Electrode, rate_hz: float, rng: np.random.Generator) -> Potential:
    """Draw the potential of one unit.

    Parameters
    ----------
    shape : str
        Group of ``simulated_shapes.csv``, such as ``"propagated"``, ``"blocked"`` or ``"motor_unit"``.
    electrode : Electrode
    rate_hz : float
        Rate of the unit; a cycle of a complex repetitive discharge must fit its interval.
    rng : numpy.random.Generator

    Returns
    -------
    Potential
        Of a size within the limits of the table.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.electrode import make_electrode
    >>> from emgkit.simulate.shapes import draw_potential
    >>> needle, rng = make_electrode("concentric"), np.random.default_rng(1)
    >>> wave = draw_potential("blocked", electrode=needle, rate_hz=5.0, rng=rng)
    >>> bool(wave.total_uv[wave.peak_index] > 0)
    True
    """
    rows = read_quantities("simulated_shapes")[shape]
    sizes = rows["size_uv"]
    for _ in range(_ATTEMPTS):
        potential = _SHAPES[shape](rows, electrode=electrode, rate_hz=rate_hz, rng=rng)
        size_uv = limited(potential.peak_to_peak_uv, sizes)
        if size_uv == potential.peak_to_peak_uv:
            return potential
    return scaled(potential, size_uv)


def draw_fibre(rows: Mapping[str, Quantity], rng: np.random.Generator) -> Fibre:
    """Draw one fibre that passes, starts or ends at the electrode.

    Parameters
    ----------
    rows : mapping of key to Quantity
        With ``velocity_m_per_s`` and ``time_scale_per_ms`` (velocity times lambda of the repolarization), or with
        ``velocity_factor`` (share of the healthy velocity).
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.quantities import read_quantities
    >>> from emgkit.simulate.shapes import draw_fibre
    >>> abs(draw_fibre(read_quantities("simulated_shapes")["near_origin"], np.random.default_rng(1)).origin_mm) < 0.3
    True
    """
    value = {key: draw(row, rng) for key, row in rows.items()}
    if "time_scale_per_ms" in value:
        velocity = value["velocity_m_per_s"]
        stretch = max(1.0, value["lambda_per_mm"] * velocity / value["time_scale_per_ms"])
    else:
        velocity, stretch = value["velocity_factor"] * fibre_velocity_m_per_s(value["diameter_um"]), 1.0
    return Fibre(
        value["diameter_um"],
        value["distance_mm"],
        velocity_m_per_s=velocity,
        lambda_per_mm=value["lambda_per_mm"],
        repolarization_stretch=stretch,
        origin_mm=-value["origin_mm"],
        left_mm=-value["origin_mm"] - draw(read_quantities("simulated_shapes")["any_fibre"]["behind_mm"], rng),
        right_mm=value["end_mm"],
    )


def _single_fibre(
    rows: Mapping[str, Quantity], /, *, electrode: Electrode, rate_hz: float, rng: np.random.Generator
) -> Potential:
    del rate_hz
    return cut(fibre_potentials_uv([draw_fibre(rows, rng)], electrode))


def _cycle(
    rows: Mapping[str, Quantity], /, *, electrode: Electrode, rate_hz: float, rng: np.random.Generator
) -> Potential:
    room_ms = draw(rows["cycle_share"], rng) * 1e3 / rate_hz
    n_fibres = min(round(draw(rows["fibres"], rng)), 1 + int(room_ms / rows["delay_ms"].value))
    delays = np.array([0.0] + [draw(rows["delay_ms"], rng) for _ in range(n_fibres - 1)])
    delays *= min(1.0, room_ms / max(delays.sum(), 1e-9))
    fibres = [draw_fibre(rows, rng) for _ in range(n_fibres)]
    waves = fibre_potentials_uv(fibres, electrode)
    return cut(_in_sequence(waves, np.cumsum(delays)), jitter_ms=draw(rows["jitter_us"], rng) / 1e3)


def _pulse(
    rows: Mapping[str, Quantity], /, *, electrode: Electrode, rate_hz: float, rng: np.random.Generator
) -> Potential:
    del electrode, rate_hz
    width_ms, decay_ms = draw(rows["width_ms"], rng), draw(rows["decay_ms"], rng)
    time_ms = STEP_MS * np.arange(round((width_ms + 6 * decay_ms) / STEP_MS))
    during = np.exp(-time_ms / decay_ms)
    after = -(1 - np.exp(-width_ms / decay_ms)) * np.exp(-(time_ms - width_ms) / decay_ms)
    pulse = cut(np.where(time_ms < width_ms, during, after)[None])
    sign = rng.choice([-1.0, 1.0])
    return Potential(sign * scaled(pulse, draw(rows["size_uv"], rng)).components_uv)


def _in_sequence(waves: NDArray[np.float64], delays_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place each wave so that its largest peak comes after its delay."""
    cuts = [cut(wave[None]) for wave in waves]
    before = max(piece.peak_index for piece in cuts)
    starts = [before - piece.peak_index + round(delay / STEP_MS) for piece, delay in zip(cuts, delays_ms, strict=True)]
    stop = max(start + piece.components_uv.shape[1] for start, piece in zip(starts, cuts, strict=True))
    sequence = np.zeros((len(cuts), stop))
    for row, start, piece in zip(sequence, starts, cuts, strict=True):
        row[start : start + piece.components_uv.shape[1]] = piece.components_uv[0]
    return sequence


_SHAPES: Mapping[str, _DrawShape] = MappingProxyType(
    {
        "propagated": _single_fibre,
        "near_origin": _single_fibre,
        "blocked": _single_fibre,
        "needle_initiated": _single_fibre,
        "endplate": _single_fibre,
        "endplate_atypical": _single_fibre,
        "myotonic_spike": _single_fibre,
        "myotonic_wave": _single_fibre,
        "cycle": _cycle,
        "pulse": _pulse,
        "motor_unit": draw_motor_unit,
        "far_motor_unit": draw_motor_unit,
    }
)
