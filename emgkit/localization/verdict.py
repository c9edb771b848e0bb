"""The statement on the inferior gluteal nerve, from a table of criteria."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from emgkit.knowledge.anatomy import muscle_share
from emgkit.knowledge.rivals import VerdictCriterion, VerdictKind, read_verdict_criteria
from emgkit.localization.evidence import model_value
from emgkit.localization.injury import may_have_hurt
from emgkit.localization.reasons import explained
from emgkit.localization.rivals import MUSCLE, judge_rivals
from emgkit.model.localization import Verdict
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from emgkit.localization.context import Context
    from emgkit.localization.observe import Observation
    from emgkit.localization.weigh import Weighed

NERVE = "inferior_gluteal"
Judgement = Literal["met", "failed", "missing"]


@dataclass(frozen=True, eq=False)
class _Case:
    tests: Mapping[tuple[str, str], Observation]
    side: str
    opposite: str
    context: Context
    weeks: float | None
    unexplained: frozenset[tuple[str, str]]


def judge_inferior_gluteal(
    weighed: Weighed, observations: Sequence[Observation], *, context: Context, weeks: float | None
) -> Verdict:
    """Judge the inferior gluteal nerve by the listed criteria.

    ``definite``: every criterion of a definite verdict is met. ``probable``: every criterion of a probable one.
    ``not_supported``: its muscle was adequately sampled and normal at an informative time, or another site explains the
    findings and this nerve adds nothing. ``indeterminate``: otherwise.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
    context : Context
    weeks : float or None

    Returns
    -------
    Verdict
        ``met``, ``failed`` and ``missing`` hold the criteria in words, those of the definite verdict.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> verdict = localize([{"muscle": "gluteus maximus", "side": "left", "fibs": 2}], weeks_since_onset=6).verdict
    >>> verdict.status, verdict.met[0], verdict.missing[2]
    ('indeterminate', 'gluteus maximus abnormal', 'gluteus medius normal')
    """
    used = [one for one in observations if not one.says_nothing]
    tests = {(one.test, one.side): one for one in used}
    side = _side(tests, weighed)
    on = side or _fuller_side(tests)
    case = _Case(tests, on, SIDES[1 - SIDES.index(on)], context, weeks, _left_over(weighed, used))
    rows = read_verdict_criteria()
    judged = {row.key: _JUDGES[row.kind](row, case) for row in rows}
    needed = [row for row in rows if not (row.optional and judged[row.key] == "missing")]
    met, failed, missing = (
        tuple(row.meaning for row in needed if row.definite and judged[row.key] == judgement)
        for judgement in ("met", "failed", "missing")
    )
    if all(judged[row.key] == "met" for row in needed if row.definite):
        status = "definite"
    elif all(judged[row.key] == "met" for row in needed if row.probable):
        status = "probable"
    else:
        status = "not_supported" if _is_unsupported(case, weighed) else "indeterminate"
    rivals = judge_rivals(weighed, case.tests, side=on, context=context, weeks=weeks)
    return Verdict(status, side=side, missing=missing, failed=failed, met=met, rivals=rivals)


def _left_over(weighed: Weighed, used: Sequence[Observation]) -> frozenset[tuple[str, str]]:
    """Abnormal findings that no named second site explains."""
    second = NERVE in weighed.leading and len(weighed.leading) > 1
    told = explained(weighed, used) if second else [False] * len(used)
    return frozenset((one.test, one.side) for one, by in zip(used, told, strict=True) if one.abnormal and not by)


def _side(tests: Mapping[tuple[str, str], Observation], weighed: Weighed) -> str:
    grades = [_abnormality(tests.get((MUSCLE, side))) for side in SIDES]
    if grades[0] == grades[1]:
        return weighed.side
    return SIDES[grades[1] > grades[0]]


def _abnormality(one: Observation | None) -> float:
    return 0.0 if one is None or not one.abnormal else 0.5 + (one.grade or 0)


def _fuller_side(tests: Mapping[tuple[str, str], Observation]) -> str:
    count = Counter(side for _, side in tests) + Counter(side for test, side in tests if test == MUSCLE)
    return max(SIDES, key=lambda side: count[side])


def _is_unsupported(case: _Case, weighed: Weighed) -> bool:
    muscle = case.tests.get((MUSCLE, case.side))
    if muscle is None or muscle.grade is None:
        return False
    informative = case.weeks is not None and case.weeks >= model_value("informative_weeks")
    adequate = muscle.sites is None or muscle.sites >= model_value("verdict_sites")
    if not muscle.abnormal and informative and adequate:
        return True
    nothing = weighed.probability_of(NERVE, with_idle=False) < model_value("verdict_adds_nothing")
    explained = not muscle.abnormal or any(muscle_share(site, MUSCLE) > 0 for site in weighed.leading if site != "none")
    return nothing and explained and any(one.abnormal for one in _others(case))


def _judge_abnormal(row: VerdictCriterion, case: _Case) -> Judgement:
    found = [case.tests[test, case.side] for test in row.tests if (test, case.side) in case.tests]
    if not found:
        return "missing"
    return "met" if any(one.abnormal for one in found) else "failed"


def _judge_normal(row: VerdictCriterion, case: _Case) -> Judgement:
    return _normal([case.tests[test, case.side] for test in row.tests if (test, case.side) in case.tests])


def _judge_opposite(row: VerdictCriterion, case: _Case) -> Judgement:
    return _normal([case.tests[test, case.opposite] for test in row.tests if (test, case.opposite) in case.tests])


def _judge_all_normal(row: VerdictCriterion, case: _Case) -> Judgement:
    found = [case.tests[test, case.side] for test in row.tests if (test, case.side) in case.tests]
    return "failed" if any(one.abnormal for one in found) else _normal(found)


def _normal(found: Sequence[Observation]) -> Judgement:
    if any(not one.abnormal and (one.grade is not None or one.kind == "conduction") for one in found):
        return "met"
    return "failed" if any(one.abnormal for one in found) else "missing"


def _judge_symmetric(row: VerdictCriterion, case: _Case) -> Judgement:
    found = [case.tests.get((row.tests[0], side)) for side in SIDES]
    if found[0] is None or found[1] is None:
        return "missing"
    return "met" if found[0].result == found[1].result else "failed"


def _judge_sites(row: VerdictCriterion, case: _Case) -> Judgement:
    one = case.tests.get((row.tests[0], case.side))
    if one is None or one.positive_sites is None:
        return "missing"
    if one.positive_sites >= model_value("verdict_sites"):
        return "met"
    return "missing" if one.sites is None or one.sites < model_value("verdict_sites") else "failed"


def _judge_parts(row: VerdictCriterion, case: _Case) -> Judgement:
    one = case.tests.get((row.tests[0], case.side))
    return "met" if one is not None and len(one.parts) > 1 else "missing"


def _judge_time(_row: VerdictCriterion, case: _Case) -> Judgement:
    if case.weeks is None:
        return "missing"
    return "met" if case.weeks >= model_value("verdict_weeks") else "failed"


def _judge_history(_row: VerdictCriterion, case: _Case) -> Judgement:
    if any(may_have_hurt(told, MUSCLE, side=case.side) for told in case.context.hurt.values()):
        return "failed"
    return "missing" if case.context.told.get("history") is None else "met"


def _judge_rest(_row: VerdictCriterion, case: _Case) -> Judgement:
    others = _others(case)
    if not others:
        return "missing"
    return "failed" if any((one.test, one.side) in case.unexplained for one in others) else "met"


def _others(case: _Case) -> list[Observation]:
    return [one for key, one in case.tests.items() if key != (MUSCLE, case.side)]


_JUDGES: dict[VerdictKind, Callable[[VerdictCriterion, _Case], Judgement]] = {
    "needle_abnormal": _judge_abnormal,
    "needle_normal": _judge_normal,
    "needle_all_normal": _judge_all_normal,
    "conduction_normal": _judge_normal,
    "conduction_symmetric": _judge_symmetric,
    "opposite_normal": _judge_opposite,
    "parts": _judge_parts,
    "sites": _judge_sites,
    "time": _judge_time,
    "no_history": _judge_history,
    "nothing_else": _judge_rest,
}
