"""Findings and outcomes as parts of sentences; bounded words only, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emgkit.knowledge.clinical import clinical_findings
from emgkit.knowledge.names import lowered, muscle_or_study_name, readable, sided
from emgkit.localization.evidence import model_value
from emgkit.localization.observe import Observation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.localization.context import Told

WITH, WITHOUT, CHANGED = (
    "with fibrillations or sharp waves",
    "without fibrillations",
    "with changed units or recruitment",
)
_PLURAL = ("paraspinals", "interossei")


def kind_of_finding(one: Observation) -> str:
    """Return in words what a muscle or study shows; findings with the same words may stand in one sentence.

    Examples
    --------
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.sentences import kind_of_finding
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"muscle": "soleus", "side": "left", "fibs": 2}, {"muscle": "TA", "side": "left", "fibs": 0}]
    >>> [kind_of_finding(one) for one in observe_needle(read_needle_table(rows), weeks=6)]
    ['with fibrillations or sharp waves', 'without fibrillations']
    """
    if one.kind == "conduction":
        return one.result
    if one.grade:
        return WITH
    if one.abnormal:
        return CHANGED
    return WITHOUT if one.grade is not None else f"with {readable(one.text.partition(': ')[2])}"


def found_text(found: Sequence[Observation | Told]) -> str:
    """Return findings of one kind and side as the subject of a sentence.

    Examples
    --------
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.sentences import found_text
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"muscle": name, "side": "left", "fibs": 0} for name in ("soleus", "TA")]
    >>> found_text(observe_needle(read_needle_table(rows), weeks=6))
    'Left soleus and tibialis anterior without fibrillations'
    """
    first = found[0]
    if not isinstance(first, Observation):
        name = clinical_findings()[first.finding].name
        return f"{sided(first.side, name)} ({readable(first.text.partition(': ')[2])})"
    names = _named([one.test for one in found if isinstance(one, Observation)], "and")
    if first.kind == "conduction":
        return f"{first.result.capitalize()} {first.side} {names}"
    return f"{first.side.capitalize()} {names} {kind_of_finding(first)}"


def are_several(found: Sequence[Observation | Told]) -> bool:
    """Return whether the verb after these findings is that of several.

    Examples
    --------
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.sentences import are_several
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"muscle": name, "side": "left", "fibs": 0} for name in ("soleus", "lumbar paraspinals")]
    >>> [are_several([one]) for one in observe_needle(read_needle_table(rows), weeks=6)]
    [False, True]
    """
    only = found[0]
    return len(found) > 1 or (isinstance(only, Observation) and any(word in only.test for word in _PLURAL))


def outcome_text(tests: Sequence[str], side: str, *, least: int, is_study: bool) -> str:
    """Return the outcome of a test that has not been done, of any one of these, as the subject of a sentence.

    Parameters
    ----------
    tests : sequence of str
        Muscles or nerve studies, not both.
    side : str
    least : int
        The outcome: 0 is normal; of a muscle, this grade or more; of a study, 1 changed and 2 absent.
    is_study : bool

    Examples
    --------
    >>> from emgkit.localization.sentences import outcome_text
    >>> outcome_text(["soleus", "tibialis_anterior"], "left", least=2, is_study=False)
    'Fibrillations of grade 2 or more in left soleus or tibialis anterior'
    >>> outcome_text(["sural_sensory"], "left", least=2, is_study=True)
    'An absent left sural sensory response'
    """
    names = _named(tests, "or")
    if is_study:
        return f"{('A normal', 'A reduced, delayed or absent', 'An absent')[least]} {side} {names}"
    if not least:
        return f"{side.capitalize()} {names} {WITHOUT}"
    return f"Fibrillations {f'of grade {least} or more ' if least > 1 else ''}in {side} {names}"


def odds_text(odds: float) -> str:
    """Return a ratio as it is said: one digit, and bounded.

    Examples
    --------
    >>> from emgkit.localization.sentences import odds_text
    >>> odds_text(7.8), odds_text(34.0), odds_text(4e5)
    ('about 8 to 1', 'about 30 to 1', 'more than 100 to 1')
    """
    highest = model_value("reason_highest_odds")
    return f"more than {highest:g} to 1" if odds > highest else f"about {float(f'{odds:.1g}'):g} to 1"


def joined(words: Sequence[str], last: str) -> str:
    """Return words as a list in a sentence.

    Examples
    --------
    >>> from emgkit.localization.sentences import joined
    >>> joined(["plexus", "root", "sciatic"], "or")
    'plexus, root or sciatic'
    """
    *before, final = words
    return f"{', '.join(before)} {last} {final}" if before else final


def _named(tests: Sequence[str], last: str) -> str:
    names = [lowered(muscle_or_study_name(test)) for test in tests]
    most = int(model_value("reason_tests"))
    if len(names) <= most:
        return joined(names, last)
    return joined([*names[:most], f"{len(names) - most} more"], last)
