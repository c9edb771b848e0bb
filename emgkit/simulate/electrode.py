"""Needle electrodes: where they average the potential of the tissue, and against what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import UnknownNameError
from emgkit.knowledge.tables import criteria_values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ELECTRODES = ("concentric", "monopolar", "point")


@dataclass(frozen=True)
class Electrode:
    """A needle electrode whose shaft is perpendicular to the fibres.

    Parameters
    ----------
    name : str
    across_mm, along_mm : tuple of float
        Points over which the active surface averages, from its centre: along the shaft (across the fibres), and along
        the fibres.
    cannula_length_mm, cannula_radius_mm : float
        Cannula used as reference, behind the active surface; length 0 is a distant reference.
    """

    name: str
    across_mm: tuple[float, ...] = (0.0,)
    along_mm: tuple[float, ...] = (0.0,)
    cannula_length_mm: float = 0.0
    cannula_radius_mm: float = 0.0


def make_electrode(name: str) -> Electrode:
    """Return an electrode by name.

    Parameters
    ----------
    name : {"concentric", "monopolar", "point"}
        ``point`` has no size and a distant reference; it serves for tests against known values.

    Raises
    ------
    UnknownNameError
        For another name.

    Notes
    -----
    Sizes of the concentric core and cannula: source ``hamilton_wright_2005``.

    Examples
    --------
    >>> from emgkit.simulate.electrode import make_electrode
    >>> make_electrode("concentric").cannula_length_mm
    10.0
    """
    sizes = criteria_values("physics")
    if name == "point":
        return Electrode(name)
    grid = int(sizes["concentric_grid_major"]), int(sizes["concentric_grid_minor"])
    if name == "monopolar":
        radius = sizes["monopolar_radius_mm"]
        return Electrode(name, *_ellipse(radius, radius, grid))
    if name == "concentric":
        surface = _ellipse(sizes["concentric_major_mm"], sizes["concentric_minor_mm"], grid)
        return Electrode(name, *surface, sizes["cannula_length_mm"], sizes["cannula_radius_mm"])
    msg = f"Unknown electrode {name!r}; known are {', '.join(ELECTRODES)}."
    raise UnknownNameError(msg)


def lead_field(electrode: Electrode, position_mm: ArrayLike, *, distance_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the potential that a unit current in the tissue gives at the electrode.

    Parameters
    ----------
    electrode : Electrode
    position_mm : array
        Along the fibre from the electrode's centre.
    distance_mm : array, broadcast with ``position_mm``
        Fibre axis to the electrode's surface, greater than zero.

    Returns
    -------
    array
        Potential in mV for each mV S/m mm of membrane current; in 1/(S/m mm).

    Notes
    -----
    Anisotropic line-source volume conductor; the cannula is the mean over its length in closed form.

    Examples
    --------
    >>> from emgkit.simulate.electrode import lead_field, make_electrode
    >>> near, far = lead_field(make_electrode("point"), 0.0, distance_mm=[0.1, 0.2])
    >>> float(near / far)
    2.0
    """
    tissue = criteria_values("physics")
    ratio = tissue["axial_conductivity"] / tissue["radial_conductivity"]
    distance, position = np.broadcast_arrays(np.asarray(distance_mm, float), np.asarray(position_mm, float))
    field = np.zeros(distance.shape)
    for across, along in zip(electrode.across_mm, electrode.along_mm, strict=True):
        field += 1.0 / np.sqrt(ratio * (across**2 + distance**2) + (position - along) ** 2)
    field /= len(electrode.across_mm)
    if electrode.cannula_length_mm:
        tip = max(electrode.across_mm)
        depth = np.hypot(distance + electrode.cannula_radius_mm, position / np.sqrt(ratio))
        ends = np.arcsinh((tip + electrode.cannula_length_mm) / depth) - np.arcsinh(tip / depth)
        field -= ends / (np.sqrt(ratio) * electrode.cannula_length_mm)
    return np.asarray(field / (4.0 * np.pi * tissue["radial_conductivity"]))


def _ellipse(major_mm: float, minor_mm: float, grid: tuple[int, int]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    across, along = np.meshgrid(np.linspace(-1, 1, grid[0]), np.linspace(-1, 1, grid[1]), indexing="ij")
    inside = across**2 + along**2 <= 1 + 1e-9
    return tuple((across[inside] * major_mm).tolist()), tuple((along[inside] * minor_mm).tolist())
