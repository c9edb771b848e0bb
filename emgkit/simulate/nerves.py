"""Conduction values of a simulated examination: a healthy pair of nerves, then what the lesion takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import Basis, read_rows
from emgkit.model.findings import CONDUCTION
from emgkit.model.recording import SIDES
from emgkit.model.table import make_table
from emgkit.simulate.quantities import draw, read_quantities

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from emgkit.model.recording import Side

_REFLEXES = ("h_reflex",)


@dataclass(frozen=True)
class HealthyValue:
    """One row of ``simulated_conduction.csv``: a healthy value for a group of age and height."""

    study: str
    column: str
    age_from: float
    age_below: float
    height_from: float
    height_below: float
    distance_mm: float | None
    value: float
    spread: float
    low: float
    high: float
    unit: str
    meaning: str
    source: str
    basis: Basis


def simulated_studies() -> tuple[str, ...]:
    """Return the nerve studies that a simulated examination holds.

    Examples
    --------
    >>> from emgkit.simulate.nerves import simulated_studies
    >>> simulated_studies()
    ('sural_sensory', 'superficial_fibular_sensory', 'h_reflex')
    """
    return tuple(dict.fromkeys(row.study for row in read_rows("simulated_conduction.csv", HealthyValue)))


def simulated_conduction(
    lost: Mapping[tuple[str, Side], float], *, age_years: float, height_cm: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return measured values of both sides, schema ``CONDUCTION``, without results.

    Parameters
    ----------
    lost : mapping of (study, side) to float
        Share of the response that the lesion takes, 0 to 1; a pair that is left out is healthy.
    age_years, height_cm : float
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        An absent response has amplitude 0 and no latency.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.nerves import simulated_conduction
    >>> lost = {("sural_sensory", "left"): 1.0}
    >>> table = simulated_conduction(lost, age_years=40.0, height_cm=170.0, rng=np.random.default_rng(1))
    >>> table.loc[(table["study"] == "sural_sensory") & (table["side"] == "left"), "note"].item()
    'no response'
    """
    skin_c = read_quantities("simulated_lesion")["conduction"]["skin_c"]
    rows = []
    for study in simulated_studies():
        healthy = _healthy_sides(study, age_years, height_cm, rng)
        for side, values in zip(SIDES, healthy, strict=True):
            after = _after_loss(values, lost.get((study, side), 0.0), study)
            conditions = {"distance_mm": _distance_mm(study), "temperature_c": round(draw(skin_c, rng), 1)}
            rows.append({"study": study, "side": side, **conditions, **after})
    return make_table(CONDUCTION, rows)


def _healthy_sides(
    study: str, age_years: float, height_cm: float, rng: np.random.Generator
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the values of a healthy pair of nerves, which resemble each other."""
    rules = read_quantities("simulated_lesion")["conduction"]
    sides: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for row in read_rows("simulated_conduction.csv", HealthyValue):
        same_age = row.age_from <= age_years < row.age_below
        same_height = row.height_from <= height_cm < row.height_below
        if not (row.study == study and same_age and same_height):
            continue
        common = np.clip(rng.normal(row.value, row.spread), row.low, row.high)
        for values in sides:
            latency = common + draw(rules["side_latency_ms"], rng)
            amplitude = common * np.exp(draw(rules["side_spread"], rng) * rng.standard_normal())
            own = latency if row.column == "latency_ms" else amplitude
            values[row.column] = float(np.clip(own, row.low, row.high))
    return sides


def _distance_mm(study: str) -> float | None:
    rows = read_rows("simulated_conduction.csv", HealthyValue)
    return next((row.distance_mm for row in rows if row.study == study), None)


def _after_loss(values: Mapping[str, float], lost: float, study: str) -> dict[str, float | str]:
    rules = read_quantities("simulated_lesion")["conduction"]
    amplitude = next(column for column in values if column.startswith("amplitude"))
    if 1.0 - lost < rules["absent_below"].value:
        return {amplitude: 0.0, "note": "no response"}
    latency_ms = values["latency_ms"] + (lost * rules["reflex_delay_ms"].value if study in _REFLEXES else 0.0)
    return {amplitude: round(values[amplitude] * (1.0 - lost), 1), "latency_ms": round(latency_ms, 1)}
