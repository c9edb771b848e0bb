"""Grading schemes by name; their numbers are rows of ``grading_criteria.csv``."""

from __future__ import annotations

from types import MappingProxyType

from emgkit.knowledge.tables import normalized, resolve

SCHEME_NAMES = MappingProxyType({"mayo": "Mayo", "preston_shapiro": "Preston and Shapiro"})
SCHEMES = tuple(SCHEME_NAMES)


def find_scheme(name: str) -> str:
    """Return the id of a grading scheme from any usual spelling.

    Raises
    ------
    UnknownNameError
        Naming the schemes there are.

    Examples
    --------
    >>> from emgkit.knowledge.grading import find_scheme
    >>> [find_scheme(name) for name in ("Mayo", "Preston & Shapiro", "Preston and Shapiro")]
    ['mayo', 'preston_shapiro', 'preston_shapiro']
    """
    spellings = {normalized(spelling): scheme for scheme, name in SCHEME_NAMES.items() for spelling in (scheme, name)}
    return resolve(name, spellings, what="grading scheme")
