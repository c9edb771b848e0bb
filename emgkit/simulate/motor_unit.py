"""The potential of a motor unit: a few near fibres that make its spike, and many far ones that make its slow parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.simulate.fibre import Fibre, fibre_potentials_uv, fibre_velocity_m_per_s
from emgkit.simulate.potential import Potential, cut
from emgkit.simulate.quantities import draw, limited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from emgkit.simulate.electrode import Electrode
    from emgkit.simulate.quantities import Quantity

_NEAR_NODE_MM = 0.05
_FAR_NODE_MM = 0.1
_FAR_SAMPLED = 24  # far fibres computed; each stands for several like it
_JITTERED = 4  # largest near fibres that jitter on their own; the rest move as one


def draw_motor_unit(
    rows: Mapping[str, Quantity], /, *, electrode: Electrode, rate_hz: float = 0.0, rng: np.random.Generator
) -> Potential:
    """Draw the potential of one motor unit.

    Parameters
    ----------
    rows : mapping of key to Quantity
        Group ``motor_unit`` of ``simulated_shapes.csv``.
    electrode : Electrode
    rate_hz : float
        Not used; every shape takes it.
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.electrode import make_electrode
    >>> from emgkit.simulate.motor_unit import draw_motor_unit
    >>> from emgkit.simulate.quantities import read_quantities
    >>> rows = read_quantities("simulated_shapes")["motor_unit"]
    >>> unit = draw_motor_unit(rows, electrode=make_electrode("concentric"), rng=np.random.default_rng(1))
    >>> unit.components_uv.shape[0]
    5
    """
    del rate_hz
    near_mm, far_mm, closest_mm = (draw(rows[key], rng) for key in ("near_radius_mm", "far_radius_mm", "closest_mm"))
    n_near, n_far = round(draw(rows["near_fibres"], rng)), round(draw(rows["far_fibres"], rng))
    common = _common_fibre(rows, rng)
    spread_mm = draw(rows["endplate_spread_mm"], rng)
    near = [_one_fibre(common, rows, radius, spread_mm, rng) for radius in _radii(closest_mm, near_mm, n_near, rng)]
    far = [_one_fibre(common, rows, radius, spread_mm, rng) for radius in _radii(near_mm, far_mm, _FAR_SAMPLED, rng)]
    parts = _together(near, far, electrode, n_far / _FAR_SAMPLED)
    return cut(parts, jitter_ms=draw(rows["jitter_us"], rng) / 1e3)


def _together(near: Sequence[Fibre], far: Sequence[Fibre], electrode: Electrode, weight: float) -> NDArray[np.float64]:
    spikes = fibre_potentials_uv(near, electrode, node_mm=_NEAR_NODE_MM)
    slow = weight * fibre_potentials_uv(far, electrode, node_mm=_FAR_NODE_MM).sum(axis=0)
    length = max(spikes.shape[1], len(slow))
    spikes = np.pad(spikes, ((0, 0), (0, length - spikes.shape[1])))
    slow = np.pad(slow, (0, length - len(slow)))
    largest = np.argsort(np.ptp(spikes, axis=1))[::-1]
    rest = spikes[largest[_JITTERED:]].sum(axis=0) + slow
    return np.vstack([spikes[largest[:_JITTERED]], rest])


def _common_fibre(rows: Mapping[str, Quantity], rng: np.random.Generator) -> Fibre:
    endplate = draw(rows["endplate_mm"], rng)
    half = draw(rows["half_length_mm"], rng)
    return Fibre(
        rows["diameter_um"].value,
        rows["far_radius_mm"].value,
        velocity_m_per_s=1.0,
        origin_mm=-endplate,
        left_mm=-endplate - half,
        right_mm=-endplate + half,
        afterpotential_mv=draw(rows["afterpotential_mv"], rng),
        afterpotential_mm=draw(rows["afterpotential_mm"], rng),
    )


def _one_fibre(
    common: Fibre, rows: Mapping[str, Quantity], distance_mm: float, spread_mm: float, rng: np.random.Generator
) -> Fibre:
    diameter = limited(draw(rows["diameter_um"], rng), rows["diameter_limits_um"])
    shift = float(rng.normal(0.0, spread_mm))
    return replace(
        common,
        diameter_um=diameter,
        distance_mm=float(distance_mm),
        velocity_m_per_s=fibre_velocity_m_per_s(diameter),
        origin_mm=common.origin_mm + shift,
    )


def _radii(inner_mm: float, outer_mm: float, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw distances that are even in area."""
    return np.sqrt(rng.uniform(inner_mm**2, outer_mm**2, n))
