"""Cautions for the examiner beside a muscle or nerve study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from emgkit.knowledge.anatomy import muscles
from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Caution:
    """One caution; ``history`` is the finding that must be on record for it, empty where it always holds."""

    test: str
    history: str
    caution: str
    source: str
    basis: Basis


@cache
def read_cautions() -> tuple[Caution, ...]:
    """Return every caution.

    Examples
    --------
    >>> from emgkit.knowledge.hazards import read_cautions
    >>> {row.history for row in read_cautions()}
    {'anticoagulation'}
    """
    return read_rows("test_cautions.csv", Caution)


def hazard_of(test: str, on_record: Callable[[str], bool]) -> str:
    """Return what the examiner has to heed at a muscle or nerve study.

    Parameters
    ----------
    test : str
        Muscle or study id.
    on_record : callable
        Tells whether a finding of the history is on record.

    Examples
    --------
    >>> from emgkit.knowledge.hazards import hazard_of
    >>> hazard_of("soleus", lambda finding: True), hazard_of("gluteus_minimus", lambda finding: False)
    ('', 'Deep.')
    """
    own = [muscles()[test].hazard] if test in muscles() else []
    told = [row.caution for row in read_cautions() if row.test == test and (not row.history or on_record(row.history))]
    return " ".join(filter(None, [*own, *told]))
