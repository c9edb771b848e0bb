"""Cautions that may go with an answer, as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Caveat:
    """One caution: its sentence, and whether it is urgent."""

    caveat: str
    urgent: bool
    sentence: str
    source: str
    basis: Basis


@cache
def read_caveats() -> Mapping[str, Caveat]:
    """Return every caution by id.

    Examples
    --------
    >>> from emgkit.knowledge.caveats import read_caveats
    >>> read_caveats()["bilateral_s2_s4"].urgent
    True
    """
    return MappingProxyType({row.caveat: row for row in read_rows("caveats.csv", Caveat)})
