"""What a change of motor units from one examination to the next is compatible with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class MotorUnitSign:
    """One row of ``change_motor_units.csv``."""

    motor_unit: str
    sign: str
    source: str
    basis: Basis


@cache
def motor_unit_signs() -> Mapping[str, MotorUnitSign]:
    """Return the signs by the word for the motor units that show them.

    Examples
    --------
    >>> from emgkit.knowledge.change import motor_unit_signs
    >>> motor_unit_signs()["nascent"].sign
    'compatible with reinnervation'
    """
    return MappingProxyType({row.motor_unit: row for row in read_rows("change_motor_units.csv", MotorUnitSign)})
