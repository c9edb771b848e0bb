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
from emgkit.localization.lesions import lesions_of, shown_and_left
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.localization.context import Context
    from emgkit.localization.evidence import Floats
    from emgkit.localization.lesions import Patient
    from emgkit.localization.outcomes import Outcomes

_FACTORS = 16  # probabilities multiplied before their logarithm is taken: far from the smallest float


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
    shown, left = shown_and_left(lesions, outcomes)
    severity = severities().weight
    reached: NDArray[np.bool_] = np.asarray(shown[3, :-1].min(axis=1) < 1)
    # where a lesion reaches nothing that was tested, it does not matter how severe it is
    levels = [range(len(severity) if each else 1) for each in reached.sum(axis=1)]
    lesion = np.repeat(np.arange(len(lesions)), [len(each) for each in levels])
    level = np.array([one for each in levels for one in each])
    weight = np.log([one.share for one in lesions])[lesion]
    weight += np.where(reached.sum(axis=1)[lesion] > 0, np.log(severity)[level], 0.0)
    age = np.array([(one.age, one.n_older) for one in lesions]).T
    both = pair_log_weight(age[:, :, None], age[:, None]) + context.pair_log_likelihoods(lesions)
    total = weight[:, None] + weight + both[np.ix_(lesion, lesion)]
    for side in SIDES:
        tests = np.flatnonzero([side == one for one in outcomes.sides])
        here = np.flatnonzero(reached[:, tests].sum(axis=1)[lesion])
        here = here[np.argsort(-level[here], kind="stable")]  # the most severe first
        place = np.full(len(lesion), len(here))  # the last: does not reach this side
        place[here] = np.arange(len(here))
        rows, severe = (np.append(each[here], -1) for each in (lesion, level))
        meet = _meet(*(each[:, rows, severe][..., tests] for each in (shown, left)), level=severe)
        total += meet[np.ix_(place, place)]
    sites = np.repeat(np.arange(len(names)), [len(found) for found in by_site])[lesion]
    summed = _sum_blocks(total, sites)
    first, second = np.array([[names.index(site) for site in pair] for pair in pairs]).T
    return np.asarray(summed[first, second])


def _meet(shown: Floats, left: Floats, *, level: NDArray[np.intp]) -> Floats:
    """Log likelihood of all tests of one side for every two lesions; row before column where they are as severe.

    Both arrays have shape (4, n_lesions, n_tests), the most severe lesions first.
    """
    ways, n_tests = np.ascontiguousarray(shown.transpose(2, 1, 0)), shown.shape[-1]
    other_ways = np.ascontiguousarray(left.transpose(2, 0, 1))
    total = np.zeros((len(level), len(level)))
    starts = np.flatnonzero(np.diff(level, prepend=level[0] + 1))
    for start, end in zip(starts, [*starts[1:], len(level)], strict=True):
        block = np.zeros((end - start, len(level) - start))
        for test in range(0, n_tests, _FACTORS):
            some = slice(test, test + _FACTORS)
            product = np.ones(block.shape)
            for one, other in zip(ways[some, start:end], other_ways[some, :, start:], strict=True):
                product *= one @ other
            block += np.log(product)
        total[start:end, start:] = block
        total[end:, start:end] = block[:, end - start :].T
    return total


def _sum_blocks(values: Floats, sites: NDArray[np.intp]) -> Floats:
    """Log of the sum of exponentials over the block of every two sites."""
    starts = np.flatnonzero(np.diff(sites, prepend=-1))
    largest = np.maximum.reduceat(np.maximum.reduceat(values, starts, axis=0), starts, axis=1)
    share = np.exp(values - largest[np.ix_(sites, sites)])
    return np.asarray(largest + np.log(np.add.reduceat(np.add.reduceat(share, starts, axis=0), starts, axis=1)))
