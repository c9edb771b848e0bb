"""What to test next: how much each test that has not been done would tell about the site, by exact enumeration."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.hazards import hazard_of
from emgkit.localization.evidence import model_value
from emgkit.model.localization import SUGGESTIONS
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from emgkit.localization.context import Context
    from emgkit.localization.evidence import Floats
    from emgkit.localization.outlook import Outlook
    from emgkit.localization.weigh import Weighed

_RIVALS = 4
_SAME = 1e-9


def suggest_tests(weighed: Weighed, outlook: Outlook, *, context: Context) -> pd.DataFrame:
    """Rank the tests that have not been done by what they are expected to tell.

    Parameters
    ----------
    weighed : Weighed
    outlook : Outlook
    context : Context
        What the history says about bleeding makes a caution for the examiner.

    Returns
    -------
    pandas.DataFrame
        Schema ``SUGGESTIONS``, most informative first: the expected fall of the uncertainty about the site in bits,
        over the grades a muscle or the results a study may show, the pair of leading sites told apart best, hazards.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> suggestions = localize([{"muscle": "gluteus maximus", "side": "right", "fibs": 2}]).suggestions
    >>> suggestions["side"].mode()[0], suggestions["information_bits"].is_monotonic_decreasing
    ('right', True)
    """
    outcome = outlook.joint
    information = expected_information(outcome)
    best = np.argsort(-information, kind="stable")[: int(model_value("suggestion_count"))]
    rows = [
        {
            "test": outlook.tests[index],
            "side": outlook.sides[index],
            "information_bits": float(information[index]),
            "separates": _separates(outcome[:, index], [weighed.hypotheses.names[one] for one in outlook.kept]),
            "hazard": caution_beside(outlook.tests[index], context),
        }
        for index in best
    ]
    return make_table(SUGGESTIONS, rows)


def caution_beside(test: str, context: Context) -> str:
    """Return the caution for the examiner beside a muscle or nerve study; empty where there is none.

    Examples
    --------
    >>> from emgkit.localization.context import read_context
    >>> from emgkit.localization.suggest import caution_beside
    >>> caution_beside("gluteus_minimus", read_context(history=["anticoagulation"]))
    'Deep. Anticoagulation on record: bleeding in a deep place is neither seen nor compressed easily.'
    """
    return hazard_of(test, lambda finding: context.present("history", finding))


def find_settling(weighed: Weighed, outlook: Outlook) -> tuple[tuple[str, ...], float | None]:
    """Return the smallest set of tests that is expected to settle the two leading hypotheses.

    A set settles them when the probability expected for the true one of the two, given that one of the two is true,
    reaches ``settled_probability``. All outcomes of a set are enumerated over the severities of both, which the tests
    share. Sets are made of the tests that tell the two apart best one by one.

    Parameters
    ----------
    weighed : Weighed
    outlook : Outlook

    Returns
    -------
    tests : tuple of str
        Empty when the two are settled already, or when nothing adds to it; the best of the largest sets when none
        settles.
    probability : float or None
        Expected after these tests; None when there are no two hypotheses.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> rows = [{"muscle": "TA", "side": "left", "fibs": 2}]
    >>> answer = localize(rows, weeks_since_onset=6, candidates=["common_fibular", "root_L5"])
    >>> 1 <= len(answer.settling) <= 3, answer.settling_probability > 0.8
    (True, True)
    """
    pair = weighed.named[:2]
    if len(pair) < 2 or not weighed.probability[pair].all():
        return (), None
    parts = [outlook.of(int(hypothesis)) for hypothesis in pair]
    total = sum(float(weight.sum()) for weight, _ in parts)
    best: tuple[int, ...] = ()
    probability = float(_expected_truth(np.array([[weight.sum()] for weight, _ in parts])[:, None] / total)[0])
    tests = np.flatnonzero([side == outlook.side for side in outlook.sides])
    for size in range(1, int(model_value("settling_size")) + 1):
        sets = np.array(list(combinations(tests, size)), dtype=np.intp).reshape(-1, size)
        if probability >= model_value("settled_probability") or not len(sets):
            break
        expected = _expected_truth(np.stack([_outcomes(*part, sets) for part in parts]) / total)
        if size == 1:
            tests = np.sort(np.argsort(-expected, kind="stable")[: int(model_value("settling_tests"))])
        first = int(np.argmax(expected))
        if expected[first] > probability + _SAME:
            best, probability = tuple(sets[first]), float(expected[first])
    return tuple(outlook.tests[index] for index in best), probability


def expected_information(joint: Floats) -> Floats:
    """Return the mutual information between site and outcome in bits.

    Parameters
    ----------
    joint : array of shape (n_sites, ..., n_outcomes)
        Joint probability, summing to one over sites and outcomes.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.suggest import expected_information
    >>> float(expected_information(np.array([[0.5, 0.0], [0.0, 0.5]])))
    1.0
    """
    site, outcome = joint.sum(axis=-1, keepdims=True), joint.sum(axis=0, keepdims=True)
    ratio = np.divide(joint, site * outcome, out=np.ones_like(joint), where=joint > 0)
    return np.asarray((joint * np.log2(ratio)).sum(axis=(0, -1)))


def _outcomes(weight: Floats, likelihood: Floats, sets: NDArray[np.intp]) -> Floats:
    """Joint probability of one hypothesis and every outcome of every set, shape (n_sets, n_outcomes).

    All tests but the last of a set are put together, those of every set at once; then the last comes to all of them.
    """
    firsts, of_set = np.unique(sets[:, :-1], axis=0, return_inverse=True)
    lasts, last = np.unique(sets[:, -1], return_inverse=True)
    block = np.broadcast_to(weight[:, None, None], (len(weight), len(firsts), 1))
    for column in firsts.T:
        block = (block[..., None] * likelihood[:, column][:, :, None]).reshape(len(weight), len(firsts), -1)
    n, n_outcomes = block.shape[2], likelihood.shape[2]
    summed = block.reshape(len(weight), -1).T @ likelihood[:, lasts].reshape(len(weight), -1)
    joint = summed.reshape(len(firsts), n, len(lasts), n_outcomes)
    return np.asarray(joint.swapaxes(1, 2)[of_set.reshape(-1), last]).reshape(len(sets), -1)


def _expected_truth(joint: Floats) -> Floats:
    """Probability expected for the true hypothesis, from a joint of shape (n_hypotheses, n_sets, n_outcomes)."""
    seen = joint.sum(axis=0)
    return np.asarray(np.divide((joint**2).sum(axis=0), seen, out=np.zeros_like(seen), where=seen > 0).sum(axis=-1))


def _separates(joint: Floats, names: Sequence[str]) -> str:
    """Name the two that a test tells apart best: of the leading few, or the first and any other."""
    leading = np.argsort(-np.round(joint.sum(axis=1) / _SAME), kind="stable")
    pairs = np.array([*combinations(leading[:_RIVALS], 2), *((leading[0], other) for other in leading[_RIVALS:])])
    if not len(pairs):
        return ""
    both = joint[pairs.T]
    mass = both.sum(axis=(0, 2))
    gain = mass * expected_information(both / mass[:, None])
    one, two = pairs[int(np.argmax(np.round(gain / _SAME)))]
    return f"{names[one]} | {names[two]}"
