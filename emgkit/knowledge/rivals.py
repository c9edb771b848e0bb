"""What an isolated lesion of the inferior gluteal nerve has to be told from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class RivalRow:
    """One rival: its name, its sites, and what speaks to it."""

    rival: str
    name: str
    sites: tuple[str, ...]
    tests: tuple[str, ...]
    source: str
    basis: Basis


@cache
def read_rivals() -> Mapping[str, RivalRow]:
    """Return every rival by id, in the order in which they are named.

    Examples
    --------
    >>> from emgkit.knowledge.rivals import read_rivals
    >>> list(read_rivals())[0], read_rivals()["sciatic"].name
    ('root_S1', 'sciatic nerve')
    """
    return MappingProxyType({row.rival: row for row in read_rows("verdict_rivals.csv", RivalRow)})
