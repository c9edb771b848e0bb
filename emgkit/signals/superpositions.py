"""Templates that are no unit: two others that happened to fire together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SUM_CHANCE = 3.0  # how many times more often than by chance two may fire together


class SumLimits(NamedTuple):
    """What is taken for the sum of two templates.

    Parameters
    ----------
    explained : float
        Share of its energy by the two.
    sizes : (low, high)
        Of each of the two in it.
    larger : float
        Its size over that of the larger one.
    """

    explained: float
    sizes: tuple[float, float]
    larger: float


ANY_SUM = SumLimits(0.75, (0.5, 1.8), 0.0)
WHOLE_SUM = SumLimits(0.97, (0.75, 1.3), 1.15)  # two whole potentials, and not what they leave over


def sums_of_two(
    templates: Sequence[NDArray[np.floating]], unit: NDArray[np.int64], *, span: int, limits: SumLimits = ANY_SUM
) -> NDArray[np.bool_]:
    """Return which templates are two others that fired together, no more often than by chance.

    Parameters
    ----------
    templates : sequence of ndarray of shape (size,)
    unit : ndarray of int, shape (n_events,)
        Of which template each event is.
    span : int
        Samples in which they were found.
    limits : SumLimits

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.superpositions import sums_of_two
    >>> one, two = np.pad(np.diff(np.hanning(21)), (5, 15)), np.pad(np.hanning(9), (16, 15))
    >>> sums_of_two([one, two, one + two], np.repeat([0, 1, 2], [300, 400, 9]), span=120_000).tolist()
    [False, False, True]
    """
    counts = np.bincount(unit, minlength=len(templates))
    sums = np.zeros(len(counts), dtype=bool)
    for number in np.argsort(counts, kind="stable").tolist():
        others = np.flatnonzero(~sums & (counts > counts[number]))
        if len(others) < 2:
            continue
        parts, explained = _best_pair(templates[number], [templates[other] for other in others.tolist()], limits.sizes)
        larger = max(np.ptp(templates[other]) for other in others[parts].tolist())
        chance = np.prod(counts[others[parts]].astype(float)) * 2 * len(templates[number]) / span
        large = np.ptp(templates[number]) > limits.larger * larger
        sums[number] = bool(large) and explained > limits.explained and counts[number] < SUM_CHANCE * chance
    return sums


def _best_pair(
    template: NDArray[np.floating], others: Sequence[NDArray[np.floating]], sizes: tuple[float, float]
) -> tuple[NDArray[np.int64], float]:
    # The two others, each at some lag and size, that explain most of the energy of a template, and its share.
    reach = len(template) // 4
    lags = range(-reach, reach + 1)
    padded = [np.pad(other, reach) for other in others]
    moved = np.array([each[reach - lag : reach - lag + len(template)] for each in padded for lag in lags])
    products, with_it = moved @ moved.T, moved @ template
    own = np.maximum(np.diag(products), 1e-12)
    rest = np.maximum(own[:, None] * own - np.square(products), 1e-9 * own[:, None] * own)
    first = (with_it[:, None] * own - with_it * products) / rest  # size of the row's when it and the column's are there
    explained = first * with_it[:, None] + first.T * with_it
    whose = np.repeat(np.arange(len(others)), len(lags))
    fits = (first > sizes[0]) & (first < sizes[1])
    fits &= fits.T & (whose[:, None] != whose)
    best = np.unravel_index(np.where(fits, explained, 0.0).argmax(), explained.shape)
    return whose[list(best)], float(explained[best] * fits[best] / np.square(template).sum())
