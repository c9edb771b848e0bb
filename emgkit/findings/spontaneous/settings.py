"""The thresholds of the detection table, as the records that the signal functions take."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TypeVar

from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import MovementLimits
from emgkit.signals.bands import Edges
from emgkit.signals.clocks import ClockLimits
from emgkit.signals.faults import FaultLimits
from emgkit.signals.mains import MainsLimits
from emgkit.signals.sort import Band

MAINS_HZ = (50.0, 60.0)  # the two frequencies that mains have anywhere

Record = TypeVar("Record")


@cache
def bands() -> tuple[Band, Band]:
    """Return the fibrillation band and the positive sharp wave band."""
    return _record("fast", Band), _record("slow", Band)


@cache
def clock_limits() -> ClockLimits:
    """Return what counts as a clock inside a mixed train."""
    return _record("clock", ClockLimits)


@cache
def edges() -> Edges:
    """Return the edges of the two bands."""
    fast, slow = bands()
    return Edges(fast.low_hz, fast.high_hz, slow.low_hz, slow.high_hz)


@cache
def fault_limits() -> FaultLimits:
    """Return what counts as flat line, clipping and a click."""
    values = criteria_values("detection_criteria")
    return FaultLimits(values["click_factor"], values["flat_s"], values["clip_s"])


@cache
def mains_limits() -> MainsLimits:
    """Return where hum is looked for."""
    values = criteria_values("detection_criteria")
    return MainsLimits(MAINS_HZ, int(values["mains_harmonics"]), values["mains_least"])


@cache
def movement_limits() -> MovementLimits:
    """Return what counts as needle movement."""
    return _record("movement", MovementLimits)


def _record(prefix: str, record: type[Record]) -> Record:
    values = criteria_values("detection_criteria")
    whole = {"int"}
    return record(
        **{
            field.name: int(values[f"{prefix}_{field.name}"])
            if field.type in whole
            else values[f"{prefix}_{field.name}"]
            for field in fields(record)  # type: ignore[arg-type]
        }
    )
