"""How old a lesion may be: as old as the complaint, or as another event of the same history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import TableError
from emgkit.localization.evidence import model_value
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from emgkit.localization.evidence import Floats
    from emgkit.model.study import StudyEvent


@dataclass(frozen=True)
class Ages:
    """Ages that a lesion may have.

    Parameters
    ----------
    weeks : tuple of float or None
        The first is the time since onset; None when not told.
    sides : tuple of (tuple of str)
        On which sides a lesion may be that old.
    """

    weeks: tuple[float | None, ...] = (None,)
    sides: tuple[tuple[str, ...], ...] = (SIDES,)


ONE_AGE = Ages()


def read_ages(
    weeks_since_onset: float | None, events: Iterable[StudyEvent | Mapping[str, object]] | None = None
) -> Ages:
    """Return how old a lesion may be, from the time since onset and the events of the history.

    Parameters
    ----------
    weeks_since_onset : float or None
        When left out, as long as the last event.
    events : iterable of StudyEvent or mapping, optional
        Each has ``weeks_ago``, and perhaps ``side`` and ``what``.

    Raises
    ------
    TableError
        For a time that is not a number of at least 0, or an unknown side.

    Examples
    --------
    >>> from emgkit.localization.ages import read_ages
    >>> old, new = {"what": "disc", "weeks_ago": 200}, {"what": "injection", "weeks_ago": 6, "side": "left"}
    >>> read_ages(None, [old, new])
    Ages(weeks=(6.0, 200.0), sides=(('left', 'right'), ('left', 'right')))
    >>> read_ages(6).weeks
    (6,)
    """
    told = [_event(event) for event in events or ()]
    onset = told[-1][0] if weeks_since_onset is None and told else weeks_since_onset
    _check_weeks(onset, "weeks_since_onset")
    where: dict[float, set[str]] = {}
    for weeks, sides in told:
        where.setdefault(weeks, set()).update(sides)
    oldest = sorted((weeks for weeks in where if weeks != onset), reverse=True)[: int(model_value("event_ages"))]
    return Ages((onset, *oldest), (SIDES, *(tuple(side for side in SIDES if side in where[weeks]) for weeks in oldest)))


def ages_of_side(side: str, sides: Sequence[Sequence[str]]) -> list[int]:
    """Return the positions of the ages that a lesion may have; with a side that is neither, every one.

    Parameters
    ----------
    side : str
    sides : sequence of sequence of str
        Of ``Ages``.

    Examples
    --------
    >>> from emgkit.localization.ages import ages_of_side
    >>> ages_of_side("right", [("left", "right"), ("left",)]), ages_of_side("both", [("left", "right"), ("left",)])
    ([0], [0, 1])
    """
    return [age for age, those in enumerate(sides) if side not in SIDES or side in those]


def lone_log_weight(age: NDArray[np.intp]) -> Floats:
    """Return how likely the age of a lone lesion is, as logarithms: nearly always, it is that of the onset.

    Parameters
    ----------
    age : int array of shape (2, ...)
        Position of each lesion's age, 0 for the onset, and how many other ages it might have.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.ages import lone_log_weight
    >>> float(np.exp(lone_log_weight(np.array([[0, 1, 2], [2, 2, 2]]))).sum().round(9))
    1.0
    """
    position, n_older = age
    other = np.where(n_older > 0, model_value("lone_older"), 0.0)
    return np.asarray(np.log(np.where(position == 0, 1 - other, other / np.maximum(n_older, 1))))


def pair_log_weight(one: NDArray[np.intp], other: NDArray[np.intp]) -> Floats:
    """Return how likely the ages of two lesions are, as logarithms: one has that of the onset, all ways are alike.

    Parameters
    ----------
    one, other : int arrays of shape (2, ...)
        As ``lone_log_weight`` takes them, of either lesion; they are broadcast.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.ages import pair_log_weight
    >>> lesions = np.array([[0, 1], [1, 1]])
    >>> np.exp(pair_log_weight(lesions[:, :, None], lesions[:, None])).round(3).tolist()
    [[0.333, 0.333], [0.333, 0.0]]
    """
    ways = 1.0 + one[1] + other[1]
    return np.where((one[0] == 0) | (other[0] == 0), -np.log(ways), -np.inf)


def _event(event: StudyEvent | Mapping[str, object]) -> tuple[float, tuple[str, ...]]:
    told = event if isinstance(event, Mapping) else vars(event)
    weeks, side = told.get("weeks_ago"), told.get("side") or None
    place = f"Event {told.get('what', '')!r}"
    if isinstance(weeks, bool) or not isinstance(weeks, (int, float)):
        msg = f"{place}: weeks_ago is {weeks!r}; every event needs a number of weeks."
        raise TableError(msg)
    _check_weeks(weeks, f"{place}: weeks_ago")
    if side not in {None, *SIDES}:
        msg = f"{place}: side is {side!r}; it must be left or right, or left out."
        raise TableError(msg)
    return float(weeks), SIDES if side is None else (str(side),)


def _check_weeks(weeks: float | None, what: str) -> None:
    if weeks is not None and not 0 <= weeks < inf:
        msg = f"{what} is {weeks}; it must be at least 0, or None if not known."
        raise TableError(msg)
