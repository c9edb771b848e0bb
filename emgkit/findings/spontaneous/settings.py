"""The thresholds of the detection table, as the records that the signal functions take."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TypeVar

from emgkit.knowledge.tables import criteria_values
from emgkit.signals.clocks import ClockLimits
from emgkit.signals.sort import Band

Record = TypeVar("Record")


@cache
def bands() -> tuple[Band, Band]:
    """Return the fibrillation band and the positive sharp wave band."""
    return _record("fast", Band), _record("slow", Band)


@cache
def clock_limits() -> ClockLimits:
    """Return what counts as a clock inside a mixed train."""
    return _record("clock", ClockLimits)


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
