"""Which rows of the tables hold for this patient, told once and handed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgkit.localization.evidence import age_group

if TYPE_CHECKING:
    from emgkit.localization.evidence import AgeGroup


@dataclass(frozen=True)
class Selection:
    """What chooses among the rows of the tables; what depends on it is kept by it.

    Parameters
    ----------
    age : {"younger", "older"}
        From ``age_group``.
    """

    age: AgeGroup = "younger"


USUAL = Selection()


def select_rows(*, age_years: float | None = None) -> Selection:
    """Return which rows of the tables hold.

    Parameters
    ----------
    age_years : float, optional
        When left out, as up to 60 years.

    Raises
    ------
    TableError
        For an age that no patient has.

    Examples
    --------
    >>> from emgkit.localization.selection import select_rows
    >>> select_rows(age_years=72).age
    'older'
    """
    return Selection(age_group(age_years))
