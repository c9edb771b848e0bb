"""Extracellular potential of muscle fibres: line source of finite length in an anisotropic volume conductor.

An action potential leaves the origin in both directions and is extinguished at the sealed ends. The axial current
between two nodes of the fibre is known at every moment; what enters or leaves the tissue at a node is the difference
of its two neighbours, so the membrane currents of the whole fibre sum to zero. Because both fronts only travel, the
potential is the convolution of the slope of the action potential with the steps of the lead field along the two arms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import SignalError
from emgkit.knowledge.tables import criteria_values
from emgkit.simulate.electrode import lead_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.simulate.electrode import Electrode

NODE_MM = 0.02  # spatial step of the line source
STEP_MS = 0.005  # time step of templates, finer than any sampling rate in use
_PEAK = 3.0  # x at the peak of x^3 exp(-x)
_FADED = 24.0  # x in x^3 exp(-x) beyond which less than a millionth is left


def _healthy_lambda_per_mm() -> float:
    return criteria_values("physics")["healthy_lambda_per_mm"]


@dataclass(frozen=True)
class Fibre:
    """One muscle fibre beside an electrode; positions along the fibre count from the electrode.

    Parameters
    ----------
    diameter_um : float
    distance_mm : float
        Fibre axis to the electrode's surface, at least the radius of the fibre.
    velocity_m_per_s : float
        Conduction velocity (equal to mm/ms).
    lambda_per_mm : float
        Compression of the intracellular action potential; that of a healthy fibre when left out.
    repolarization_stretch : float
        How much longer the falling phase is than that of a healthy fibre, as in depolarised membrane; 1 or more.
    origin_mm : float
        Where the action potential starts.
    left_mm, right_mm : float
        Sealed ends; a block or a crush is an end near 0.
    afterpotential_mv, afterpotential_mm : float
        Size and length constant of the slow afterpotential.

    Raises
    ------
    SignalError
        When the electrode is inside the fibre or the origin is outside it.

    Examples
    --------
    >>> from emgkit.simulate.fibre import Fibre
    >>> Fibre(30.0, 0.1, velocity_m_per_s=2.45, origin_mm=-25.0, left_mm=-75.0, right_mm=25.0).origin_mm
    -25.0
    """

    diameter_um: float
    distance_mm: float
    velocity_m_per_s: float
    lambda_per_mm: float = field(default_factory=_healthy_lambda_per_mm)
    repolarization_stretch: float = 1.0
    origin_mm: float = -25.0
    left_mm: float = -75.0
    right_mm: float = 25.0
    afterpotential_mv: float = 0.0
    afterpotential_mm: float = 20.0

    def __post_init__(self) -> None:
        """Refuse what cannot be: a needle inside the fibre, an origin outside it."""
        if self.distance_mm < self.diameter_um / 2000.0:
            radius_mm = self.diameter_um / 2000.0
            msg = f"distance_mm is {self.distance_mm:g}; the electrode is outside the fibre, at {radius_mm:g} or more."
            raise SignalError(msg)
        if not self.left_mm <= self.origin_mm <= self.right_mm:
            ends = f"left_mm {self.left_mm:g} and right_mm {self.right_mm:g}"
            msg = f"origin_mm is {self.origin_mm:g}; it must lie on the fibre, between {ends}."
            raise SignalError(msg)


def fibre_velocity_m_per_s(diameter_um: float) -> float:
    """Return the conduction velocity of a healthy fibre; source ``hamilton_wright_2005``.

    Examples
    --------
    >>> from emgkit.simulate.fibre import fibre_velocity_m_per_s
    >>> round(fibre_velocity_m_per_s(55.0), 3)
    3.7
    """
    table = criteria_values("physics")
    above = diameter_um - table["velocity_reference_diameter_um"]
    return table["velocity_at_reference_m_per_s"] + table["velocity_slope_m_per_s_um"] * above


def action_potential_mv(behind_mm: NDArray[np.float64], fibre: Fibre) -> NDArray[np.float64]:
    """Return the intracellular action potential above rest.

    Parameters
    ----------
    behind_mm : array
        Distance behind the front; 0 ahead of it.
    fibre : Fibre

    Notes
    -----
    ``96 (lambda z)^3 exp(-lambda z)`` after Rosenfalck (source ``rosenfalck_1969``), plus a slow afterpotential
    in the manner of McGill and Lateva (source ``mcgill_lateva_2001``) that starts at exactly zero.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.fibre import Fibre, action_potential_mv
    >>> action_potential_mv(np.array([-1.0, 0.0, 1.5]), Fibre(30.0, 0.1, velocity_m_per_s=2.45)).round(1)
    array([  0.,   0., 129.])
    """
    table = criteria_values("physics")
    behind = np.maximum(behind_mm, 0.0)
    x = fibre.lambda_per_mm * behind
    x = np.where(x > _PEAK, _PEAK + (x - _PEAK) / fibre.repolarization_stretch, x)
    voltage = table["action_potential_scale_mv"] * x**3 * np.exp(-x)
    if fibre.afterpotential_mv:
        delay, rise = table["afterpotential_delay_mm"], table["afterpotential_rise_mm"]
        before = 1.0 / (1.0 + np.exp(delay / rise))
        risen = (1.0 / (1.0 + np.exp((delay - behind) / rise)) - before) / (1.0 - before)
        voltage = voltage + fibre.afterpotential_mv * risen * np.exp(-behind / fibre.afterpotential_mm)
    return np.asarray(voltage)


def axial_currents(fibre: Fibre, time_ms: float, *, node_mm: float = NODE_MM) -> NDArray[np.float64]:
    """Return the axial current between the nodes of a fibre at one moment, with the sealed ends.

    Parameters
    ----------
    fibre : Fibre
    time_ms : float
        Since the action potential started.
    node_mm : float
        Distance between nodes.

    Returns
    -------
    array of shape (n_nodes + 1,)
        mV S/m mm; the first and last are the sealed ends. ``-numpy.diff`` is the membrane current of every node.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.fibre import Fibre, axial_currents
    >>> membrane = -np.diff(axial_currents(Fibre(30.0, 0.1, velocity_m_per_s=2.45), 5.0))
    >>> bool(abs(membrane.sum()) < 1e-9 * abs(membrane).sum())
    True
    """
    left, right = _arm_nodes(fibre, node_mm)
    between = (np.arange(-left, right) + 0.5) * node_mm
    front = fibre.velocity_m_per_s * time_ms - np.abs(between)
    slope = (
        action_potential_mv(front + node_mm / 2, fibre) - action_potential_mv(front - node_mm / 2, fibre)
    ) / node_mm
    return np.concatenate([[0.0], _axial_factor(fibre) * np.sign(between) * slope, [0.0]])


def fibre_potentials_uv(
    fibres: Sequence[Fibre], electrode: Electrode, *, node_mm: float = NODE_MM, step_ms: float = STEP_MS
) -> NDArray[np.float64]:
    """Return the potential of every fibre at the electrode, from the moment its action potential starts.

    Parameters
    ----------
    fibres : sequence of Fibre
    electrode : Electrode
    node_mm : float
        Distance between nodes of the line source.
    step_ms : float
        Time step of the result.

    Returns
    -------
    array of shape (n_fibres, n_times)
        Microvolt, positive when the electrode is positive; time 0 is the first column.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.electrode import make_electrode
    >>> from emgkit.simulate.fibre import Fibre, fibre_potentials_uv
    >>> fibre = Fibre(30.0, 0.1, velocity_m_per_s=2.45)
    >>> round(float(np.ptp(fibre_potentials_uv([fibre], make_electrode("point")))))
    751
    """
    arms = [_arm_nodes(fibre, node_mm) for fibre in fibres]
    n_steps = max(max(arm) for arm in arms)
    weights = np.zeros((len(fibres), n_steps))
    for direction, lengths in ((1, [arm[1] for arm in arms]), (-1, [arm[0] for arm in arms])):
        offsets = direction * node_mm * np.arange(n_steps + 1)
        position = np.array([fibre.origin_mm for fibre in fibres])[:, None] + offsets
        distance = np.array([[fibre.distance_mm] for fibre in fibres])
        steps = np.diff(lead_field(electrode, position, distance_mm=distance), axis=1)
        weights += np.where(np.arange(n_steps) < np.array(lengths)[:, None], steps, 0.0)
    length_mm = max(_length_mm(fibre) for fibre in fibres)
    behind = np.arange(int(length_mm / node_mm) + 1, dtype=np.float64) * node_mm
    slopes = np.stack([_front_slope(behind, fibre, node_mm) for fibre in fibres])
    travelled = _convolve_rows(slopes, weights)
    return _in_time(travelled, fibres, node_mm, step_ms)


def _length_mm(fibre: Fibre) -> float:
    spike = (_PEAK + (_FADED - _PEAK) * fibre.repolarization_stretch) / fibre.lambda_per_mm
    return max(spike, 5 * fibre.afterpotential_mm if fibre.afterpotential_mv else 0.0)


def _front_slope(behind: NDArray[np.float64], fibre: Fibre, node_mm: float) -> NDArray[np.float64]:
    edges = np.append(behind - node_mm / 2, behind[-1] + node_mm / 2)
    return _axial_factor(fibre) * np.diff(action_potential_mv(edges, fibre)) / node_mm


def _in_time(
    travelled: NDArray[np.float64], fibres: Sequence[Fibre], node_mm: float, step_ms: float
) -> NDArray[np.float64]:
    # The front's own length is time: column n was reached after (n + 1/2) nodes.
    reached_mm = node_mm * (np.arange(travelled.shape[1]) + 0.5)
    longest_ms = max(reached_mm[-1] / fibre.velocity_m_per_s for fibre in fibres)
    time_ms = step_ms * np.arange(int(longest_ms / step_ms) + 1)
    return np.stack(
        [
            1e3 * np.interp(fibre.velocity_m_per_s * time_ms, reached_mm, row, left=0.0, right=0.0)
            for fibre, row in zip(fibres, travelled, strict=True)
        ]
    )


def _convolve_rows(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    length = first.shape[1] + second.shape[1] - 1
    size = 1 << (length - 1).bit_length()
    product = np.fft.rfft(first, size, axis=1) * np.fft.rfft(second, size, axis=1)
    return np.asarray(np.fft.irfft(product, size, axis=1)[:, :length])


def _arm_nodes(fibre: Fibre, node_mm: float) -> tuple[int, int]:
    return round((fibre.origin_mm - fibre.left_mm) / node_mm), round((fibre.right_mm - fibre.origin_mm) / node_mm)


def _axial_factor(fibre: Fibre) -> float:
    area_mm2 = np.pi * (fibre.diameter_um / 1000.0) ** 2 / 4.0
    return float(criteria_values("physics")["intracellular_conductivity"] * area_mm2)
