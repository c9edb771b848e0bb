"""Draw the parameters of simulated activity from the knowledge tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Quantity:
    """One row of ``firing.csv`` or ``simulated_shapes.csv``: a distribution with its unit and source."""

    group: str
    key: str
    distribution: Literal["fixed", "uniform", "log_uniform", "normal", "log_normal"]
    value: float
    second: float | None
    unit: str
    meaning: str
    source: str
    basis: Basis


@cache
def read_quantities(name: str) -> Mapping[str, Mapping[str, Quantity]]:
    """Return a table of distributions by group and key.

    Parameters
    ----------
    name : str
        File name without suffix: ``"firing"`` or ``"simulated_shapes"``.

    Examples
    --------
    >>> from emgkit.simulate.quantities import read_quantities
    >>> read_quantities("firing")["regular"]["rate_hz"].second
    15.0
    """
    groups: dict[str, dict[str, Quantity]] = {}
    for row in read_rows(f"{name}.csv", Quantity):
        groups.setdefault(row.group, {})[row.key] = row
    return MappingProxyType({group: MappingProxyType(rows) for group, rows in groups.items()})


def draw(quantity: Quantity, rng: np.random.Generator) -> float:
    """Draw one value, in the unit of its row.

    Parameters
    ----------
    quantity : Quantity
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.quantities import draw, read_quantities
    >>> rate_hz = draw(read_quantities("firing")["regular"]["rate_hz"], np.random.default_rng(1))
    >>> 1 <= rate_hz <= 15
    True
    """
    return float(draw_many(quantity, 1, rng=rng)[0])


def draw_many(quantity: Quantity, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """Draw ``n`` values, array of shape (n,); see ``draw``.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.quantities import draw_many, read_quantities
    >>> draw_many(read_quantities("firing")["sparse"]["dead_time_ms"], 2, rng=np.random.default_rng(1))
    array([20., 20.])
    """
    value = quantity.value
    second = value if quantity.second is None else quantity.second
    match quantity.distribution:
        case "fixed":
            return np.full(n, value)
        case "uniform":
            return rng.uniform(value, second, n)
        case "log_uniform":
            return np.exp(rng.uniform(np.log(value), np.log(second), n))
        case "normal":
            return rng.normal(value, second, n)
        case "log_normal":
            return value * np.exp(rng.normal(0.0, np.log(second), n))


def limited(value: float, limits: Quantity) -> float:
    """Return the value, moved to the nearest limit when it lies outside ``value`` to ``second`` of the row.

    Examples
    --------
    >>> from emgkit.simulate.quantities import limited, read_quantities
    >>> limited(30.0, read_quantities("firing")["single_discharge"]["rate_limits_hz"])
    18.1
    """
    return float(np.clip(value, limits.value, limits.second))
