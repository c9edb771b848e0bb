"""What a caller asks for: a unit with a label, and how much of it is fixed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import UnknownNameError
from emgkit.knowledge.tables import Basis, normalized, read_rows, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class SimulatedUnit:
    """One unit to be simulated; what is left out is drawn.

    Parameters
    ----------
    label : str
        Id from the label table, such as ``"fibrillation"``.
    variant : str
        Such as ``"near_origin"`` or ``"irregular"``; see ``simulated_variants.csv``.
    rate_hz : float, optional
        Nominal rate at the start.
    peak_to_peak_uv : float, optional
        Size of the template.
    start_s, stop_s : float, optional
        The unit is silent outside; a train with a given stop does not stop earlier by itself.
    duration_scale : float
        Makes the potential longer (above 1) or shorter.

    Examples
    --------
    >>> from emgkit.simulate.units import SimulatedUnit
    >>> SimulatedUnit("fibrillation", rate_hz=7.0, peak_to_peak_uv=120.0).variant
    ''
    """

    label: str
    variant: str = ""
    rate_hz: float | None = None
    peak_to_peak_uv: float | None = None
    start_s: float | None = None
    stop_s: float | None = None
    duration_scale: float = 1.0


@dataclass(frozen=True)
class Variant:
    """One row of ``simulated_variants.csv``: the shape and the rhythm of a label."""

    label: str
    variant: str
    shape: str
    rhythm: str
    value: float
    unit: str
    meaning: str
    source: str
    basis: Basis


@cache
def read_variants() -> Mapping[str, tuple[Variant, ...]]:
    """Return the variants that the simulator can draw, by label.

    Examples
    --------
    >>> from emgkit.simulate.units import read_variants
    >>> [row.variant for row in read_variants()["endplate_spike"]]
    ['typical', 'atypical']
    """
    variants: dict[str, tuple[Variant, ...]] = {}
    for row in read_rows("simulated_variants.csv", Variant):
        variants[row.label] = (*variants.get(row.label, ()), row)
    return MappingProxyType(variants)


def draw_variant(unit: SimulatedUnit, rng: np.random.Generator) -> Variant:
    """Return the variant of a unit: as asked for, else drawn with the shares of the table.

    Raises
    ------
    UnknownNameError
        For a label or variant that the simulator does not know.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.units import SimulatedUnit, draw_variant
    >>> draw_variant(SimulatedUnit("fibrillation"), np.random.default_rng(1)).rhythm
    'regular'
    """
    known = read_variants()
    label = resolve(unit.label, {normalized(name): name for name in known}, what="label of simulated activity")
    rows = known[label]
    if not unit.variant:
        shares = np.array([row.value for row in rows])
        return rows[int(rng.choice(len(rows), p=shares / shares.sum()))]
    for row in rows:
        if row.variant == unit.variant:
            return row
    msg = f"Unknown variant {unit.variant!r} of {label}; known are {', '.join(row.variant for row in rows)}."
    raise UnknownNameError(msg)
