"""Codes of ISO/IEEE 11073-10101 (MDC) for what is recorded and where, as one number without context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge import anatomy
from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM = "urn:iso:std:iso:11073:10101"
_PARTITION_SIZE = 0x10000  # a number without context is the partition times this, plus the term
_LABEL_PARTITION = 2
_SIDES = {"left": 1, "right": 2}


@dataclass(frozen=True)
class MdcCode:
    """One row of the table of codes."""

    thing: str
    partition: int
    term: int
    sided: bool
    source: str
    basis: Basis


@cache
def mdc_codes() -> Mapping[str, MdcCode]:
    """Return the codes of muscles and spans by id.

    Examples
    --------
    >>> from emgkit.knowledge.mdc import mdc_codes
    >>> mdc_codes()["gluteus_maximus"].term
    796
    """
    return MappingProxyType({row.thing: row for row in read_rows("mdc_codes.csv", MdcCode)})


def muscle_code(muscle: str, side: str) -> int | None:
    """Return the code of a muscle of one side, or None where the nomenclature has none for it.

    Examples
    --------
    >>> from emgkit.knowledge.mdc import muscle_code
    >>> muscle_code("gluteus_maximus", "left"), muscle_code("lumbar_paraspinals_L5", "left")
    (459549, None)
    """
    row = mdc_codes().get(muscle)
    if row is None:
        return None
    return row.partition * _PARTITION_SIZE + row.term + (_SIDES[side] if row.sided else 0)


def activity_code(what: str) -> int | None:
    """Return the code of a label, or of activity that is a span, or None where there is none.

    Examples
    --------
    >>> from emgkit.knowledge.mdc import activity_code
    >>> activity_code("fibrillation"), activity_code("endplate_noise"), activity_code("artifact")
    (155488, 155464, None)
    """
    label = anatomy.labels().get(what)
    row = mdc_codes().get(what)
    term = label.dicom_code if label is not None else row.term if row is not None else None
    return None if term is None else _LABEL_PARTITION * _PARTITION_SIZE + term
