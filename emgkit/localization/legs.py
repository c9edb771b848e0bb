"""Ordinary, prefixed and postfixed legs: which leg it is, is not known and is shared by all tests of that leg.

It is summed out where the hypothesis is one root; roots within a pair are those of the average leg (see ``unfold``).

In a prefixed leg every root does part of what the next root below does in an ordinary leg, in a postfixed leg part of
what the next root above does; in few legs, all of it. Published frequencies are averages over legs of all kinds and
stay so: the ordinary leg is the one whose average with the others is the published number. What a root reaches in no
published leg and by no chart, it reaches in none of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.localization.evidence import model_value

if TYPE_CHECKING:
    from emgkit.localization.evidence import Floats

LEGS = ("wholly_prefixed", "prefixed", "ordinary", "postfixed", "wholly_postfixed")
_SWEEPS = 40  # each brings the ordinary leg more than ten times closer


@cache
def leg_weights() -> Floats:
    """Return how frequent each kind of leg is, in the order of ``LEGS``.

    References
    ----------
    ``phillips_park_1991``: 27.9 % of legs were pre- or postfixed. The split is assumed.

    Examples
    --------
    >>> from emgkit.localization.legs import leg_weights
    >>> leg_weights().round(2).tolist()
    [0.01, 0.13, 0.72, 0.13, 0.01]
    """
    before, after = model_value("leg_prefixed"), model_value("leg_postfixed")
    wholly = model_value("leg_shifted_wholly")
    return np.array([before * wholly, before * (1 - wholly), 1 - before - after, after * (1 - wholly), after * wholly])


def reach_by_leg(average: Floats) -> Floats:
    """Return how likely each root changes each test in each kind of leg, given the average over all legs.

    Parameters
    ----------
    average : array of shape (n_roots, n_tests), 0-1
        Roots in order, from L1 down. The first and last have no neighbour beyond and do their own work.

    Returns
    -------
    array of shape (5, n_roots, n_tests), 0-1
        In the order of ``LEGS``. Their weighted mean is ``average``, unless that would need an ordinary leg below 0 or
        above ``leg_reach_most``; then it is as close as that allows.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.legs import leg_weights, reach_by_leg
    >>> legs = reach_by_leg(np.array([[0.3], [0.8], [0.1]]))
    >>> legs[:, 0, 0].round(2).tolist()  # the first root reaches more in a prefixed leg
    [0.85, 0.39, 0.28, 0.28, 0.28]
    >>> np.tensordot(leg_weights(), legs, axes=1).ravel().round(9).tolist()
    [0.3, 0.8, 0.1]
    """
    moves = _moves(len(average))
    mean_move = np.tensordot(leg_weights(), moves, axes=1)
    own = np.diagonal(mean_move)[:, None]
    beside = mean_move - np.diag(own[:, 0])
    most = np.maximum(average, model_value("leg_reach_most"))
    ordinary = np.array(average)
    for _ in range(_SWEEPS):
        ordinary = np.where(average > 0, np.clip((average - beside @ ordinary) / own, 0, most), 0.0)
    return np.where(average > 0, moves @ ordinary, 0.0)


def _moves(n_roots: int) -> Floats:
    extent = model_value("leg_shift_extent")
    roots = np.arange(n_roots)
    below, above, whole = np.minimum(roots + 1, n_roots - 1), np.maximum(roots - 1, 0), np.eye(n_roots)
    moves = [(1.0, below), (extent, below), (0.0, roots), (extent, above), (1.0, above)]
    return np.stack([(1 - part) * whole + part * whole[other] for part, other in moves])
