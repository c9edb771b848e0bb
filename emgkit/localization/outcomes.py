"""What was found, or may be, as numbers: one array for all tests and all ages of a lesion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.localization.evidence import severities
from emgkit.localization.observe import PROCESSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.localization.evidence import Floats
    from emgkit.localization.observe import Observation


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Likelihood of the outcome of every test, or of each of its outcomes (a last axis), by age of the lesion.

    Parameters
    ----------
    tests, sides : tuple of str
    active : array of shape (n_ages, n_processes, n_severities, n_tests, ...)
        P(outcome | the lesion shows in this test).
    silent : array of shape (n_ages, n_processes, n_tests, ...)
        P(outcome | reached, not fibrillating).
    untouched : array of shape (n_tests, ...)
        P(outcome | no lesion).
    visible : array of shape (n_ages, n_tests)
        Part of the changes that can be seen at this time.
    """

    tests: tuple[str, ...]
    sides: tuple[str, ...]
    active: Floats
    silent: Floats
    untouched: Floats
    visible: Floats


def found_at(by_age: Sequence[Sequence[Observation]]) -> Outcomes:
    """Return observations as one array.

    Parameters
    ----------
    by_age : sequence of (sequence of Observation)
        The same findings, read as those of a lesion of each age.

    Examples
    --------
    >>> from emgkit.localization.outcomes import found_at
    >>> found_at([[]]).visible.shape
    (1, 0)
    """
    n_ages, n_tests, n_severities = len(by_age), len(by_age[0]), len(severities().names)
    active = np.array([[one.active for one in found] for found in by_age])
    silent = np.array([[one.silent for one in found] for found in by_age])
    return Outcomes(
        tuple(one.test for one in by_age[0]),
        tuple(one.side for one in by_age[0]),
        active=_last(active.reshape(n_ages, n_tests, len(PROCESSES), n_severities)),
        silent=_last(silent.reshape(n_ages, n_tests, len(PROCESSES))),
        untouched=np.array([one.untouched for one in by_age[0]]),
        visible=np.array([[one.visible for one in found] for found in by_age]).reshape(n_ages, n_tests),
    )


def _last(values: Floats) -> Floats:
    """Move tests to the last axis, in memory too: what is taken lesion by lesion stands together there."""
    return np.ascontiguousarray(np.moveaxis(values, 1, -1))
