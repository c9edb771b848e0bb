"""What to test next: how much each test that has not been done would tell about the site, by exact enumeration."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, studies
from emgkit.localization.evidence import model_value
from emgkit.localization.observe import (
    PROCESSES,
    conduction_likelihoods,
    grade_likelihoods,
    myopathic_grades,
    with_slips,
)
from emgkit.localization.scenarios import lesion_reach, lesion_states, mixture
from emgkit.model.localization import SUGGESTIONS
from emgkit.model.recording import SIDES
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from emgkit.localization.evidence import Floats
    from emgkit.localization.observe import Observation
    from emgkit.localization.weigh import Weighed

_RIVALS = 4


def suggest_tests(weighed: Weighed, observations: Sequence[Observation], *, weeks: float | None) -> pd.DataFrame:
    """Rank the tests that have not been done by what they are expected to tell.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
        What has been done.
    weeks : float or None
        Weeks since onset.

    Returns
    -------
    pandas.DataFrame
        Schema ``SUGGESTIONS``, most informative first: the expected fall of the uncertainty about the site in bits,
        over the grades a muscle or the results a study may show, the pair of leading sites told apart best, hazards.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> suggestions = localize([{"muscle": "gluteus maximus", "side": "right", "fibs": 2}]).suggestions
    >>> suggestions["side"].unique().tolist(), suggestions["information_bits"].is_monotonic_decreasing
    (['right'], True)
    """
    side = side_to_test(weighed, observations)
    tests = _untested(observations, side)
    leading = weighed.order[: int(model_value("suggestion_hypotheses"))]
    kept = np.sort(leading[weighed.probability[leading] > model_value("suggestion_negligible")])
    outcome = _outcomes(weighed, tests, side, weeks, kept)
    information = expected_information(outcome)
    best = np.argsort(-information, kind="stable")[: int(model_value("suggestion_count"))]
    rows = [
        {
            "test": tests[index],
            "side": side,
            "information_bits": float(information[index]),
            "separates": _separates(outcome[:, index], [weighed.hypotheses.names[one] for one in kept]),
            "hazard": muscles()[tests[index]].hazard if tests[index] in muscles() else "",
        }
        for index in best
    ]
    return make_table(SUGGESTIONS, rows)


def side_to_test(weighed: Weighed, observations: Sequence[Observation]) -> str:
    """Return the affected side, else the side with more findings, else the left.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> localize([]).suggestions["side"].unique().tolist()
    ['left']
    """
    if weighed.side:
        return weighed.side
    abnormal = [sum(one.abnormal for one in observations if one.side == side) for side in SIDES]
    tested = [sum(one.side == side for one in observations) for side in SIDES]
    return SIDES[1] if (abnormal[1], tested[1]) > (abnormal[0], tested[0]) else SIDES[0]


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


def _untested(observations: Sequence[Observation], side: str) -> list[str]:
    done = {one.test for one in observations if one.side == side}
    limb = {name: muscle for name, muscle in muscles().items() if muscle.region in LOWER_LIMB}
    back = {name for name, muscle in limb.items() if muscle.ramus == "dorsal"}
    unlevelled = {"lumbar_paraspinals"} if back & done else set()
    return [test for test in [*limb, *studies()] if test not in done | unlevelled]


def _outcomes(weighed: Weighed, tests: Sequence[str], side: str, weeks: float | None, kept: NDArray[np.intp]) -> Floats:
    """Joint probability of site and outcome, shape (n_kept, n_tests, 4); a study uses three of the four outcomes."""
    chosen = np.isin(weighed.scenarios.hypothesis, kept)
    scenarios = weighed.scenarios.chosen(chosen)
    weight = weighed.scenario_probability[chosen][:, None]
    active, silent, untouched, visible = _predictions(tests, weeks)
    states = lesion_states(lesion_reach(scenarios.lesions, tests, test_sides=[side] * len(tests)), visible, tests=tests)
    joint = [
        np.add.reduceat(
            weight
            * mixture(
                scenarios, states, active=active[..., one], silent=silent[..., one], untouched=untouched[..., one]
            ),
            scenarios.starts,
            axis=0,
        )
        for one in range(untouched.shape[-1])
    ]
    stacked = np.stack(joint, axis=-1)
    return np.asarray(stacked / stacked.sum(axis=(0, 2), keepdims=True))


def _predictions(tests: Sequence[str], weeks: float | None) -> tuple[Floats, Floats, Floats, Floats]:
    active, silent, untouched, visible = [], [], [], []
    for test in tests:
        if test in muscles():
            shown, hidden, false, seen = grade_likelihoods(test, weeks)
            small = myopathic_grades()
            states = np.stack([shown, shown, np.tile(small, (len(shown), 1))]), np.stack([hidden, hidden, small])
            slipped, quiet = with_slips(*states, false)
            active.append(slipped)
            silent.append(quiet)
        else:
            shown, false, seen = conduction_likelihoods(test, weeks)
            shown, false = np.pad(shown, ((0, 0), (0, 1))), np.pad(false, (0, 1))
            active.append(np.tile(shown, (len(PROCESSES), 1, 1)))
            silent.append(np.tile(false, (len(PROCESSES), 1)))
        untouched.append(false)
        visible.append(seen)
    return np.stack(active, axis=2), np.stack(silent, axis=1), np.stack(untouched), np.array(visible)


def _separates(joint: Floats, names: Sequence[str]) -> str:
    leading = np.argsort(-joint.sum(axis=1), kind="stable")[:_RIVALS]
    pairs = list(combinations(leading, 2))
    if not pairs:
        return ""
    mass = [joint[list(pair)].sum() for pair in pairs]
    gain = [
        share * float(expected_information(joint[list(pair)] / share)) for pair, share in zip(pairs, mass, strict=True)
    ]
    one, two = pairs[int(np.argmax(gain))]
    return f"{names[one]} | {names[two]}"
