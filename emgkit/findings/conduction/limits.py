"""Reference limits of nerve conduction: which one holds for this patient and this technique."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from emgkit.knowledge.tables import Basis, criteria_values, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

Bound = Literal["lower", "upper", "side_drop", "side_difference"]
_SIDE_BOUNDS = ("side_drop", "side_difference")

Measure = Literal["amplitude_uv", "amplitude_mv", "latency_ms", "velocity_m_per_s"]


@dataclass(frozen=True)
class ConductionLimit:
    """One reference limit; empty bounds of age (years) and height (cm) hold for all adults."""

    study: str
    measure: Measure
    bound: Bound
    age_from: float | None
    age_below: float | None
    height_from: float | None
    height_below: float | None
    distance_mm: float | None
    value: float
    unit: str
    population: str
    source: str
    basis: Basis
    note: str


@cache
def conduction_limits() -> tuple[ConductionLimit, ...]:
    """Return every reference limit of ``conduction_limits.csv``.

    Examples
    --------
    >>> from emgkit.findings.conduction.limits import conduction_limits
    >>> {limit.unit for limit in conduction_limits() if limit.measure == "latency_ms"}
    {'ms'}
    """
    return read_rows("conduction_limits.csv", ConductionLimit)


def limit_for(
    study: str, measure: str, *, other_side: bool = False, age_years: float | None, height_cm: float | None
) -> ConductionLimit | None:
    """Return the most specific limit that holds for a patient, or None when there is no applicable reference.

    Parameters
    ----------
    study : str
        Id of a nerve study.
    measure : str
        Column of the conduction table.
    other_side : bool
        Look for the limit of a side difference instead of that of the value itself, which needs an age within the
        reference populations.
    age_years, height_cm : float or None
        None when not known: then a limit for all adults is used.

    Examples
    --------
    >>> from emgkit.findings.conduction.limits import limit_for
    >>> limit_for("h_reflex", "latency_ms", age_years=52, height_cm=175).value
    35.6
    >>> limit_for("h_reflex", "latency_ms", age_years=None, height_cm=175).value
    35.0
    """
    values = criteria_values("conduction_criteria")
    outside = age_years is not None and not values["youngest_years"] <= age_years < values["oldest_years"]
    if outside and not other_side:
        return None
    found = [
        limit
        for limit in conduction_limits()
        if (limit.study, limit.measure) == (study, measure)
        and (limit.bound in _SIDE_BOUNDS) == other_side
        and _within(age_years, limit.age_from, limit.age_below)
        and _within(height_cm, limit.height_from, limit.height_below)
    ]
    return max(found, key=_specificity, default=None)


def why_not_judged(limit: ConductionLimit, values: Mapping[str, float]) -> str:
    """Return why a limit may not be used with this technique, or an empty string.

    Parameters
    ----------
    limit : ConductionLimit
    values : mapping of column to float
        Measured values of one study, with ``distance_mm`` and ``temperature_c`` where known.

    Examples
    --------
    >>> from emgkit.findings.conduction.limits import limit_for, why_not_judged
    >>> limit = limit_for("sural_sensory", "latency_ms", age_years=None, height_cm=None)
    >>> why_not_judged(limit, {"latency_ms": 4.9, "temperature_c": 26.0})
    'skin at 26 C, the reference asks for 31 C'
    """
    rules = criteria_values("conduction_criteria")
    timed = limit.measure in {"latency_ms", "velocity_m_per_s"}
    if timed and values.get("temperature_c", rules["skin_c"]) < rules["skin_c"]:
        return f"skin at {values['temperature_c']:g} C, the reference asks for {rules['skin_c']:g} C"
    if limit.distance_mm is None or "distance_mm" not in values:
        return ""
    if abs(values["distance_mm"] - limit.distance_mm) > rules["distance_mm"]:
        return f"measured over {values['distance_mm']:g} mm, the reference over {limit.distance_mm:g} mm"
    return ""


def _within(value: float | None, from_: float | None, below: float | None) -> bool:
    if value is None:
        return from_ is None and below is None
    return (from_ is None or value >= from_) and (below is None or value < below)


def _specificity(limit: ConductionLimit) -> int:
    return sum(bound is not None for bound in (limit.age_from, limit.age_below, limit.height_from, limit.height_below))
