"""The likelihood of every pair of sites at once.

The two lesions of a pair meet in the tests of one side only as two sides of a table: what one brings, times what the
other brings, test by test. So no pair is unfolded: tests of each side make one table of lesion by lesion, and a pair
adds up a block of it. ``scenarios`` does the same pair by pair and finding by finding, for those that are told of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.localization.ages import pair_log_weight
from emgkit.localization.evidence import severities
from emgkit.localization.lesions import effects, lesions_of
from emgkit.localization.logs import FACTORS, log_product, log_sum
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.localization.context import Context
    from emgkit.localization.evidence import Floats
    from emgkit.localization.lesions import Effects, Lesion, Patient
    from emgkit.localization.outcomes import Outcomes


def pair_log_likelihoods(
    pairs: Sequence[tuple[str, ...]], patient: Patient, *, outcomes: Outcomes, context: Context
) -> Floats:
    """Return the log likelihood of all findings for every pair of sites, shape (n_pairs,).

    Sides, extents, severities and ages are summed out, those of each member on its own.

    Parameters
    ----------
    pairs : sequence of (str, str)
    patient : Patient
    outcomes : Outcomes
        What the tests showed.
    context : Context
        What was told besides.

    Examples
    --------
    >>> from emgkit.localization.context import Context
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.outcomes import found_at
    >>> from emgkit.localization.pairs import pair_log_likelihoods
    >>> pairs = [("root_S1", "inferior_gluteal")]
    >>> nothing = pair_log_likelihoods(pairs, Patient({}), outcomes=found_at([[]]), context=Context())
    >>> bool(abs(nothing[0]) < 1e-12)
    True
    """
    names = list(dict.fromkeys(site for pair in pairs for site in pair))
    by_site = [lesions_of(site, patient) for site in names]
    lesions = [lesion for found in by_site for lesion in found]
    share, age = np.log([one.share for one in lesions]), np.array([(one.age, one.n_older) for one in lesions]).T
    total = _together(lesions, outcomes) + context.pair_log_likelihoods(lesions)
    total += pair_log_weight(age[:, :, None], age[:, None]) + (share[:, None] + share)
    summed = _sum_blocks(total, np.repeat(np.arange(len(names)), [len(found) for found in by_site]))
    place = {name: at for at, name in enumerate(names)}
    first, second = np.array([[place[site] for site in pair] for pair in pairs]).T
    return np.asarray(summed[first, second])


def _together(lesions: Sequence[Lesion], outcomes: Outcomes) -> Floats:
    """Log likelihood of all tests for every two lesions, severities summed out, shape (n_lesions, n_lesions).

    What two lesions do that meet in no test is what each does alone. Those that reach the same side are met there,
    those that reach both sides in all tests.
    """
    effect = effects(lesions, outcomes)
    alone, nothing = log_product(effect.alone[:-1]), float(log_product(effect.alone[-1, 0]))
    alone += np.log(severities().weight)
    summed = log_sum(alone.T)
    total = summed[:, None] + (summed - nothing)
    reached: NDArray[np.bool_] = np.asarray(effect.spares[:-1].min(axis=1) < 1)
    of_side = [np.array([side == one for one in outcomes.sides], dtype=bool) for side in SIDES]
    here = [reached[:, tests].any(axis=1) for tests in of_side]
    for meeting, tests in [*zip(here, of_side, strict=True), (here[0] & here[1], of_side[0] | of_side[1])]:
        at = np.flatnonzero(meeting)
        if len(at):
            rest = alone[at] - log_product(effect.alone[at][..., tests])
            either = float(log_product(effect.alone[-1, 0, tests])) - nothing
            total[np.ix_(at, at)] = either + _meet(effect, at, np.flatnonzero(tests), rest=rest)
    return total


def _meet(effect: Effects, at: NDArray[np.intp], tests: NDArray[np.intp], *, rest: Floats) -> Floats:
    """Log likelihood of some tests for every two of some lesions, severities summed out; row before column where alike.

    ``rest`` of shape (n_lesions, n_severities) is what else weighs on each.
    """
    n, n_levels = rest.shape
    pick = np.ix_(tests, np.arange(n_levels), at)
    ones = np.ones_like(effect.shown)
    shown, left = (
        np.stack([way.transpose(2, 1, 0)[pick] for way in ways], axis=axis)
        for ways, axis in zip(zip((effect.shown, ones), *effect.ways, strict=True), (-1, 1), strict=True)
    )
    left = left.reshape(*left.shape[:2], -1)
    every = []
    for level in range(n_levels):  # of the more severe
        others = slice((level + 1) * n)
        block = rest[:, level, None] + rest.T.reshape(-1)[others]
        for test in range(0, len(tests), FACTORS):
            product, factor = np.ones(block.shape), np.empty(block.shape)
            for one, other in zip(shown[test : test + FACTORS, level], left[test : test + FACTORS], strict=True):
                product *= np.matmul(one, other[:, others], out=factor)
            block += np.log(product, out=product)
        by_level = block.reshape(n, level + 1, n).transpose(1, 0, 2)
        every += [*by_level, *by_level[:level].transpose(0, 2, 1)]
    return log_sum(np.stack(every))


def _sum_blocks(values: Floats, sites: NDArray[np.intp]) -> Floats:
    """Log of the sum of exponentials over the block of every two sites."""
    starts = np.flatnonzero(np.diff(sites, prepend=-1))
    largest = np.maximum.reduceat(np.maximum.reduceat(values, starts, axis=0), starts, axis=1)
    share = np.exp(values - largest[np.ix_(sites, sites)])
    return np.asarray(largest + np.log(np.add.reduceat(np.add.reduceat(share, starts, axis=0), starts, axis=1)))
