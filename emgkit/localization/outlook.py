"""What the tests that have not been done would show in every scenario that still matters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, studies
from emgkit.knowledge.rivals import read_verdict_criteria
from emgkit.localization.ages import ONE_AGE
from emgkit.localization.evidence import model_value
from emgkit.localization.lesions import lesion_reach
from emgkit.localization.observe import (
    PROCESSES,
    conduction_likelihoods,
    grade_likelihoods,
    myopathic_grades,
    with_slips,
)
from emgkit.localization.outcomes import Outcomes
from emgkit.localization.scenarios import likelihoods, summed_likelihoods
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.localization.ages import Ages
    from emgkit.localization.evidence import AgeGroup, Floats
    from emgkit.localization.observe import Observation
    from emgkit.localization.scenarios import Scenarios
    from emgkit.localization.weigh import Weighed

_UNLEVELLED = "lumbar_paraspinals"


@dataclass(frozen=True, eq=False)
class Outlook:
    """Every outcome of every test not done yet, in the scenarios of the leading hypotheses.

    Parameters
    ----------
    side : {"left", "right"}
        Side to test.
    tests : tuple of str
    sides : tuple of str
        Of each test: the side to test, or the opposite one where both are to be compared.
    kept : int array of shape (n_kept,)
        Hypotheses looked at, sorted: the leading two and every other one that is not negligible.
    scenarios : Scenarios
        Of these hypotheses.
    weight : array of shape (n_scenarios,)
        Probability of the scenario after the findings.
    outcomes : Outcomes
        Of each test: four classes of grade; a nerve study is normal, changed or absent, and the fourth never comes.
    """

    side: str
    tests: tuple[str, ...]
    sides: tuple[str, ...]
    kept: NDArray[np.intp]
    scenarios: Scenarios
    weight: Floats
    outcomes: Outcomes

    @cached_property
    def joint(self) -> Floats:
        """Probability of hypothesis and outcome, shape (n_kept, n_tests, 4); each test sums to one."""
        summed = summed_likelihoods(self.scenarios, self.outcomes, weight=self.weight)
        return np.asarray(summed / summed.sum(axis=(0, 2), keepdims=True))

    def of(self, hypothesis: int) -> tuple[Floats, Floats]:
        """Return weights and likelihoods of the scenarios of one hypothesis, (n_scenarios,) and (..., n_tests, 4)."""
        own, weight = self.scenarios.merged(self.scenarios.hypothesis == hypothesis, self.weight)
        return weight, likelihoods(own, self.outcomes)


def look_ahead(weighed: Weighed, observations: Sequence[Observation], *, ages: Ages = ONE_AGE) -> Outlook:
    """Return what every test that has not been done would show.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
        What has been done.
    ages : Ages
        How old a lesion may be.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.outlook import look_ahead
    >>> from emgkit.localization.scenarios import unfold
    >>> from emgkit.localization.weigh import weigh
    >>> hypotheses = enumerate_hypotheses(["root_S1", "none"])
    >>> scenarios = unfold(hypotheses, Patient({}))
    >>> weighed = weigh(hypotheses, scenarios, found=np.zeros((len(scenarios.hypothesis), 0)))
    >>> outlook = look_ahead(weighed, [])
    >>> outlook.side, "soleus" in outlook.tests, bool(np.allclose(outlook.joint.sum(axis=(0, 2)), 1))
    ('left', True, True)
    """
    side = side_to_test(weighed, observations)
    tests, to_compare = _untested(observations, side), _to_compare(observations, side)
    sides = (side,) * len(tests) + (SIDES[1 - SIDES.index(side)],) * len(to_compare)
    leading = weighed.told[: int(model_value("suggestion_hypotheses"))]
    matters = weighed.probability[leading] > model_value("suggestion_negligible")
    matters[:2] = True
    kept = np.sort(leading[matters])
    outcomes = _predictions((*tests, *to_compare), sides, ages.weeks, weighed.scenarios.selection.age)
    all_of, weights = weighed.scenarios, weighed.scenario_probability
    reaching = lesion_reach(all_of.lesions, outcomes.tests, test_sides=sides).max(axis=(1, 2)) > 0
    scenarios, weight = all_of.merged(np.isin(all_of.hypothesis, kept), weights, reaching=reaching)
    return Outlook(side, outcomes.tests, sides, kept, scenarios, weight, outcomes)


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


def _untested(observations: Sequence[Observation], side: str) -> list[str]:
    done = {one.test for one in observations if one.side == side}
    limb = {name: muscle for name, muscle in muscles().items() if muscle.region in LOWER_LIMB}
    back = {name for name, muscle in limb.items() if muscle.ramus == "dorsal"}
    abnormal = {one.test for one in observations if one.side == side and one.abnormal}
    # normal paraspinals without a level stand for those at a level; abnormal ones leave open which level it is
    told = back if _UNLEVELLED in done - abnormal else {_UNLEVELLED} if back & done else set()
    return [test for test in [*limb, *studies()] if test not in done | told]


def _to_compare(observations: Sequence[Observation], side: str) -> list[str]:
    """Return the tests of the opposite side that settle whether both sides are alike."""
    here = {one.test: one.abnormal for one in observations if one.side == side}
    there = {one.test for one in observations if one.side != side}
    asked = {
        test: row.kind
        for row in read_verdict_criteria()
        for test in row.tests
        if row.kind in {"opposite_normal", "conduction_symmetric"}
    }
    return [
        test
        for test, kind in asked.items()
        if test in here and test not in there and (here[test] or kind == "conduction_symmetric")
    ]


@lru_cache
def _predictions(
    tests: tuple[str, ...], sides: tuple[str, ...], weeks: tuple[float | None, ...], age: AgeGroup
) -> Outcomes:
    parts = [_needle_predictions, _study_predictions]
    order, by_kind = [], []
    for is_kind, predict in zip((muscles(), studies()), parts, strict=True):
        at = [place for place, test in enumerate(tests) if test in is_kind]
        if at:
            order += at
            by_kind.append([predict([tests[place] for place in at], one, age) for one in weeks])
    back = np.argsort(np.array(order, dtype=np.intp))
    active, silent, untouched, visible = (
        np.concatenate([np.stack([one[field] for one in by_age]) for by_age in by_kind], axis=axis)
        for field, axis in enumerate((-2, -2, -2, -1))
    )
    return Outcomes(
        tests,
        sides,
        active=active[:, :, :, back],
        silent=silent[:, :, back],
        untouched=untouched[0, back],
        visible=visible[:, back],
    )


def _needle_predictions(
    tests: Sequence[str], weeks: float | None, age: AgeGroup
) -> tuple[Floats, Floats, Floats, Floats]:
    shown, hidden, false, seen = (
        np.stack(each) for each in zip(*(grade_likelihoods(test, weeks, age=age) for test in tests), strict=True)
    )
    shown, small = shown.transpose(1, 0, 2), myopathic_grades()
    active, silent = (
        np.stack([np.broadcast_to(small, each.shape) if process == "myopathic" else each for process in PROCESSES])
        for each in (shown, hidden)
    )
    return *with_slips(active, silent, untouched=false), false, seen


def _study_predictions(
    tests: Sequence[str], weeks: float | None, age: AgeGroup
) -> tuple[Floats, Floats, Floats, Floats]:
    shown, false, seen = (
        np.stack(each) for each in zip(*(conduction_likelihoods(test, weeks, age=age) for test in tests), strict=True)
    )
    shown, false = np.pad(shown.transpose(1, 0, 2), ((0, 0), (0, 0), (0, 1))), np.pad(false, ((0, 0), (0, 1)))
    n = len(PROCESSES)
    return np.broadcast_to(shown, (n, *shown.shape)), np.broadcast_to(false, (n, *false.shape)), false, seen
