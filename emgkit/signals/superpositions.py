"""Templates that are no unit: two others that happened to fire together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand

SUM_EXPLAINED = 0.75  # share of the energy of a template by two others that fired together
SUM_SIZES = (0.5, 1.8)  # of each of the two
SUM_CHANCE = 3.0  # how many times more often than by chance they may do so


def sums_of_two(band: SortedBand) -> NDArray[np.bool_]:
    """Return which templates are two others that fired together, no more often than by chance.

    Parameters
    ----------
    band : SortedBand

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.superpositions import sums_of_two
    >>> one, two = np.pad(np.diff(np.hanning(21)), (5, 15)), np.pad(np.hanning(9), (16, 15))
    >>> unit, signal = np.repeat([0, 1, 2], [300, 400, 9]), np.zeros(120_000)
    >>> band = SimpleNamespace(unit=unit, templates=[one, two, one + two], rate_hz=10_000.0, signal=signal)
    >>> sums_of_two(band).tolist()
    [False, False, True]
    """
    counts = np.bincount(band.unit, minlength=len(band.templates))
    sums = np.zeros(len(counts), dtype=bool)
    for number in np.argsort(counts, kind="stable"):
        others = np.flatnonzero(~sums & (counts > counts[number]))
        if len(others) < 2:
            continue
        parts, explained = _best_pair(band.templates[number], [band.templates[unit] for unit in others])
        size_s, length_s = (len(each) / band.rate_hz for each in (band.templates[number], band.signal))
        chance = np.prod(counts[others[parts]].astype(float)) * 2 * size_s / length_s
        sums[number] = explained > SUM_EXPLAINED and counts[number] < SUM_CHANCE * chance
    return sums


def _best_pair(
    template: NDArray[np.floating], others: Sequence[NDArray[np.floating]]
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
    fits = (first > SUM_SIZES[0]) & (first < SUM_SIZES[1])
    fits &= fits.T & (whose[:, None] != whose)
    best = np.unravel_index(np.where(fits, explained, 0.0).argmax(), explained.shape)
    return whose[list(best)], float(explained[best] * fits[best] / np.square(template).sum())
