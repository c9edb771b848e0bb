"""The criteria of an isolated lesion of the inferior gluteal nerve, and what it has to be told from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

VerdictKind = Literal[
    "needle_abnormal", "needle_normal", "needle_all_normal", "conduction_normal", "conduction_symmetric",
    "opposite_normal", "parts", "sites", "time", "no_history", "nothing_else",
]  # fmt: skip


@dataclass(frozen=True)
class VerdictCriterion:
    """One row of the table of criteria."""

    key: str
    kind: VerdictKind
    tests: tuple[str, ...]
    definite: bool
    probable: bool
    optional: bool
    meaning: str
    source: str
    basis: Basis


@cache
def read_verdict_criteria() -> tuple[VerdictCriterion, ...]:
    """Return the criteria of the statement on the inferior gluteal nerve, in their order.

    Examples
    --------
    >>> from emgkit.knowledge.rivals import read_verdict_criteria
    >>> read_verdict_criteria()[0].meaning
    'gluteus maximus abnormal'
    """
    return read_rows("evidence_verdict.csv", VerdictCriterion)


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
