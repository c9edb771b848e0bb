"""What is left of the sites that an isolated lesion of the inferior gluteal nerve has to be told from, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgkit.knowledge.anatomy import sites
from emgkit.knowledge.clinical import clinical_findings
from emgkit.knowledge.names import lowered, muscle_or_study_name
from emgkit.knowledge.rivals import RivalRow, read_rivals
from emgkit.localization.evidence import model_value
from emgkit.localization.injury import may_have_hurt
from emgkit.model.localization import Rival
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emgkit.localization.context import Context
    from emgkit.localization.observe import Observation
    from emgkit.localization.weigh import Weighed

MUSCLE = "gluteus_maximus"


@dataclass(frozen=True)
class _Done:
    name: str
    abnormal: bool
    is_test: bool = True


def judge_rivals(
    weighed: Weighed,
    tests: Mapping[tuple[str, str], Observation],
    *,
    side: str,
    context: Context,
    weeks: float | None,
) -> tuple[Rival, ...]:
    """Name every rival as unlikely, open, not tested or not told.

    ``not tested``: nothing that speaks to it was done; ``not told`` where only the history could say. ``unlikely``:
    what was done is normal, at a time at which that says something, and its probability is below ``rival_unlikely``.
    ``open``: otherwise.

    Parameters
    ----------
    weighed : Weighed
    tests : mapping of (test, side) to Observation
    side : {"left", "right"}
        Of the nerve that is judged; sites of both sides are asked on both.
    context : Context
    weeks : float or None

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> rows = [{"muscle": "gluteus maximus", "side": "left", "fibs": 2}]
    >>> rows += [{"muscle": "gluteus medius", "side": "left", "fibs": 0}]
    >>> rivals = {rival.site: rival for rival in localize(rows, weeks_since_onset=6).verdict.rivals}
    >>> rivals["superior_gluteal"].word, rivals["superior_gluteal"].why, rivals["pudendal"].word
    ('unlikely', 'normal: gluteus medius', 'not tested')
    """
    return tuple(_judge(row, weighed, _done(row, tests, side, context), weeks) for row in read_rivals().values())


def _judge(row: RivalRow, weighed: Weighed, done: list[_Done], weeks: float | None) -> Rival:
    if not set(weighed.hypotheses.holding) & set(row.sites):
        return Rival(row.rival, "open", "not among the sites considered")
    if not done:
        told = all(test in clinical_findings() for test in row.tests)
        word, what = ("not told", "not told") if told else ("not tested", "not done")
        return Rival(row.rival, word, f"{what}: {_listed([_name(test) for test in row.tests])}")
    if any(one.abnormal for one in done):
        return Rival(row.rival, "open", _told([one for one in done if one.abnormal], "abnormal", "on record"))
    normal = _told(done, "normal", "not on record")
    if any(one.is_test for one in done) and (weeks is None or weeks < model_value("informative_weeks")):
        when = "time since onset not told" if weeks is None else "too early to tell"
        return Rival(row.rival, "open", f"{normal}; {when}")
    if weighed.probability_of(*row.sites) < model_value("rival_unlikely"):
        return Rival(row.rival, "unlikely", normal)
    return Rival(row.rival, "open", f"{normal}; that is too little")


def _told(done: list[_Done], of_tests: str, of_facts: str) -> str:
    """Return what was done in words, tests first, then what was told."""
    parts = [
        f"{word}: {_listed([one.name for one in done if one.is_test is is_test])}"
        for word, is_test in ((of_tests, True), (of_facts, False))
        if any(one.is_test is is_test for one in done)
    ]
    return "; ".join(parts)


def _done(row: RivalRow, tests: Mapping[tuple[str, str], Observation], side: str, context: Context) -> list[_Done]:
    on = SIDES if any(sites()[site].bilateral for site in row.sites) else (side,)
    done = []
    for test in row.tests:
        found = [tests[test, one] for one in on if (test, one) in tests]
        if found:
            done.append(_Done(_name(test), any(one.abnormal for one in found)))
        elif test in clinical_findings():
            done.extend(_facts(test, context, side))
    return done


def _facts(finding: str, context: Context, side: str) -> list[_Done]:
    kind = clinical_findings()[finding].kind
    value = context.value(kind, finding)
    if value is None:
        return []
    hurt = finding in context.hurt and may_have_hurt(value, MUSCLE, side=side)
    there = hurt or (kind == "clinical" and context.present(kind, finding))
    return [_Done(_name(finding), there, is_test=False)]


def _name(test: str) -> str:
    finding = clinical_findings().get(test)
    return lowered(finding.name if finding is not None else muscle_or_study_name(test))


def _listed(names: list[str]) -> str:
    return ", ".join(names)
