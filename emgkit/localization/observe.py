"""From table rows to observations: what one muscle or one nerve study says, once, under each state it may be in.

A muscle is in one state: silent and healthy, fibrillating because of a lesion (active), or reached by a lesion but not
fibrillating (silent). What shows then depends on the process: a nerve lesion takes units, a disease or injury of the
muscle takes fibres of many units. Where nothing fibrillates, fibrillations may still be called by error.
Fibrillations, sharp waves, recruitment and units are the one report of that state, so they enter together and never as
independent evidence. What was not assessed is summed out and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import TableError
from emgkit.knowledge.anatomy import muscles, studies
from emgkit.localization.cells import grade_mask, unit_mask, unit_tables
from emgkit.localization.evidence import (
    GRADE_CLASSES,
    false_positive,
    grades_at,
    model_value,
    severities,
    timed,
)
from emgkit.localization.muscle_report import MuscleReport, put_together
from emgkit.model.recording import SIDES
from emgkit.model.table import table_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pandas as pd

    from emgkit.localization.evidence import AgeGroup, Floats

PROCESSES = ("neurogenic", "motor_neuron", "myopathic", "injured", "blocked")
_UNREADABLE = "not interpretable, "
_OPERATED = f"{_UNREADABLE}operated"
_FADES_WITH_AGE = "h_reflex"


@dataclass(frozen=True, eq=False)
class Observation:
    """Likelihood of one finding under the states its muscle or nerve may be in.

    Parameters
    ----------
    kind : {"needle", "conduction"}
    test : str
        Muscle or nerve study id.
    side : {"left", "right"}
    text : str
        What was found, for the evidence table.
    active : array of shape (n_processes, n_severities)
        P(finding | fibrillating, or response changed, because of the lesion).
    silent : array of shape (n_processes,)
        P(finding | reached by the lesion, without fibrillations).
    untouched : float
        P(finding | no lesion reaches it): false positives and examiner's error.
    visible : float
        Part of the fibrillations, or changed responses, that can be seen at this time.
    abnormal : bool
        Anything called abnormal.
    grade : int or None
        Largest grade of fibrillations and sharp waves.
    sites, positive_sites : int or None
    parts : tuple of str
        Parts of the muscle found abnormal.
    """

    kind: str
    test: str
    side: str
    text: str
    active: Floats
    silent: Floats
    untouched: float
    visible: float
    abnormal: bool
    grade: int | None = None
    result: str = ""
    sites: int | None = None
    positive_sites: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """The finding is kept for display and takes no part in the sum."""
        return f": {_UNREADABLE}" in self.text


def grade_likelihoods(
    muscle: str, weeks: float | None, *, age: AgeGroup = "younger"
) -> tuple[Floats, Floats, Floats, float]:
    """Return the distribution over the four grade classes of a muscle in each of its states.

    Parameters
    ----------
    muscle : str
    weeks : float or None
        Weeks since onset.
    age : {"younger", "older"}
        From ``age_group``: false positives of paraspinals grow with age.

    Returns
    -------
    active : array of shape (n_severities, 4)
    silent : array of shape (4,)
    untouched : array of shape (4,)
    visible : float

    Examples
    --------
    >>> from emgkit.localization.observe import grade_likelihoods
    >>> active, silent, untouched, visible = grade_likelihoods("gluteus_maximus", 6)
    >>> active.sum(axis=1).tolist(), bool(silent[0] > 0.9), round(float(untouched.sum()), 9)
    ([1.0, 1.0, 1.0], True, 1.0)
    """
    untouched = _grades_by_error(muscle, age)
    visible = timed("fibrillation", weeks, length_class=muscles()[muscle].length_class)
    return _grades_shown(weeks), untouched, untouched, visible


@lru_cache
def _grades_shown(weeks: float | None) -> Floats:
    return np.pad(grades_at(weeks), ((0, 0), (1, 0)))


@cache
def _grades_by_error(muscle: str, age: AgeGroup) -> Floats:
    rates = false_positive("needle", muscle, length_class=muscles()[muscle].length_class, age=age)
    false = np.array([rates[grade] for grade in GRADE_CLASSES[1:]])
    return np.concatenate([[1 - false.sum()], false])


def observe_needle(
    table: pd.DataFrame, *, weeks: float | None, operated: Collection[str] = (), age: AgeGroup = "younger"
) -> list[Observation]:
    """Return one observation for each muscle and side that was assessed.

    Parameters
    ----------
    table : pandas.DataFrame
        Schema ``NEEDLE``. Several rows of one muscle are its needle positions.
    weeks : float or None
        Weeks since onset.
    operated : collection of str
        Muscles at an operated level of the spine: abnormal ones say nothing, normal ones stay evidence.
    age : {"younger", "older"}
        From ``age_group``.

    Examples
    --------
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "L", "fibrillation": 1}, {"muscle": "TA", "side": "L"}])
    >>> [(one.test, one.text) for one in observe_needle(rows, weeks=6)]
    [('soleus', 'left soleus: fibrillation 1')]
    """
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in table_rows(table):
        rows.setdefault((row["muscle"], row["side"]), []).append(row)
    reports = {key: put_together(found) for key, found in rows.items()}
    return [
        _observe_muscle(muscle, side, report, weeks=weeks, operated=operated, age=age)
        for (muscle, side), report in reports.items()
        if report.assessed
    ]


def observe_conduction(table: pd.DataFrame, *, weeks: float | None, age: AgeGroup = "younger") -> list[Observation]:
    """Return one observation for each nerve study and side that was judged.

    Parameters
    ----------
    table : pandas.DataFrame
        Schema ``CONDUCTION``. Rows without a result, or not assessed, are passed over.
    weeks : float or None
        Weeks since onset: a sensory response is not yet lost before day 11.
    age : {"younger", "older"}
        From ``age_group``: of the older, an H reflex absent on both sides says nothing.

    Raises
    ------
    TableError
        If one study of one side has two different results.

    Examples
    --------
    >>> from emgkit.localization.observe import observe_conduction
    >>> from emgkit.localization.tables import read_conduction_table
    >>> rows = read_conduction_table([{"study": "sural", "side": "L", "result": "absent"}])
    >>> [one.text for one in observe_conduction(rows, weeks=6)]
    ['left sural_sensory: absent']
    """
    found: dict[tuple[str, str], str] = {}
    for row in table_rows(table):
        result = str(row["result"])
        if result in {"", "not_assessed"}:
            continue
        key = (str(row["study"]), str(row["side"]))
        if found.setdefault(key, result) != result:
            msg = f"{key[1]} {key[0]} is both {found[key]} and {result}; keep the row that is meant."
            raise TableError(msg)
    faded = age == "older" and all(found.get((_FADES_WITH_AGE, side)) == "absent" for side in SIDES)
    return [
        _observe_study(
            study,
            side,
            result,
            alone=found.get((study, SIDES[1 - SIDES.index(side)])) == "normal",
            weeks=weeks,
            age=age,
            faded=faded and study == _FADES_WITH_AGE,
        )
        for (study, side), result in found.items()
    ]


def conduction_likelihoods(
    study: str, weeks: float | None, *, age: AgeGroup = "younger"
) -> tuple[Floats, Floats, float]:
    """Return the distribution over normal, changed and absent of a nerve study.

    Returns
    -------
    active : array of shape (n_severities, 3)
    untouched : array of shape (3,)
    visible : float

    Examples
    --------
    >>> from emgkit.localization.observe import conduction_likelihoods
    >>> active, untouched, visible = conduction_likelihoods("sural_sensory", 0.5)
    >>> visible < 0.1
    True
    """
    return *_results(study, age), timed(studies()[study].kind, weeks)


@cache
def _results(study: str, age: AgeGroup) -> tuple[Floats, Floats]:
    rates = false_positive(studies()[study].kind, study, age=age)
    absent, false = severities().absent, rates["abnormal"]
    active = np.stack([np.zeros_like(absent), 1 - absent, absent], axis=1)
    return active, np.array([1 - false, false * (1 - rates["absent"]), false * rates["absent"]])


@cache
def myopathic_grades() -> Floats:
    """Return the distribution over the four grade classes of a myopathic muscle.

    Examples
    --------
    >>> from emgkit.localization.observe import myopathic_grades
    >>> round(float(myopathic_grades().sum()), 9)
    1.0
    """
    grades = np.array([model_value(f"myopathic_{grade}") for grade in GRADE_CLASSES[1:]])
    return np.concatenate([[1 - grades.sum()], grades])


def _observe_study(
    study: str, side: str, result: str, *, alone: bool, weeks: float | None, age: AgeGroup, faded: bool
) -> Observation:
    active, untouched, visible = conduction_likelihoods(study, weeks, age=age)
    outcome = {"normal": 0, "reduced": 1, "delayed": 1, "absent": 2}[result]
    # What is hard to elicit is hard to elicit on both sides.
    error = untouched[outcome] * (model_value("false_positive_one_sided") if alone and outcome else 1.0)
    text = f"{_UNREADABLE}absent on both sides over {model_value('older_years'):g}" if faded else result
    return Observation(
        "conduction",
        study,
        side,
        f"{side} {study}: {text}",
        active=np.tile(active[:, outcome], (len(PROCESSES), 1)),
        silent=np.full(len(PROCESSES), error),
        untouched=float(error),
        visible=visible,
        abnormal=outcome > 0,
        result=result,
    )


def _observe_muscle(
    muscle: str, side: str, report: MuscleReport, *, weeks: float | None, operated: Collection[str], age: AgeGroup
) -> Observation:
    abnormal = bool(report.grade) or report.units_changed
    text = _OPERATED if abnormal and muscle in operated else report.text
    active, silent, untouched = _in_states(muscle, report, weeks, age)
    return Observation(
        "needle",
        muscle,
        side,
        f"{side} {muscle}: {text}",
        active=active,
        silent=silent,
        untouched=untouched,
        visible=timed("fibrillation", weeks, length_class=muscles()[muscle].length_class),
        abnormal=abnormal,
        grade=report.grade,
        sites=report.sites,
        positive_sites=report.positive_sites,
        parts=report.parts,
    )


@lru_cache(maxsize=1024)
def _in_states(muscle: str, report: MuscleReport, weeks: float | None, age: AgeGroup) -> tuple[Floats, Floats, float]:
    """Likelihood of a report in a muscle where a lesion shows, where it hides, and without one."""
    active, silent, untouched, _ = grade_likelihoods(muscle, weeks, age=age)
    grades = grade_mask(report)
    units = unit_mask(report)
    changed = unit_tables(muscle, weeks, age=age)
    fasciculation = _fasciculation(report)
    fitting = {state: (table * units).sum(axis=(-2, -1)) for state, table in changed.items()}
    called = np.arange(len(grades)) > 0
    again = np.where(called, _errors_likelier(report), 1.0)
    lost, error = _recruitment_lost(report)
    shows, hides = active @ grades * lost, float((silent * grades * again).sum() * lost)
    small = float(myopathic_grades() @ grades * fitting["myopathic"] * fasciculation["unreached"])
    false = np.where(called, fitting["false_active"], fitting["untouched"]) * again * error
    healthy = np.asarray((untouched * grades * false).sum() * fasciculation["unreached"])
    seen, quiet = {"myopathic": np.full_like(shows, small)}, {"myopathic": small}
    of_nerve, of_itself, of_block = ("active", "silent"), ("injured", "injured"), ("blocked", "blocked")
    ways = {"neurogenic": of_nerve, "motor_neuron": of_nerve, "injured": of_itself, "blocked": of_block}
    for process, (of_active, of_silent) in ways.items():
        twitching = fasciculation["motor_neuron" if process == "motor_neuron" else "reached"]
        seen[process], quiet[process] = shows * fitting[of_active] * twitching, hides * fitting[of_silent] * twitching
    shown, hidden = with_slips(
        np.stack([seen[process] for process in PROCESSES]),
        np.array([quiet[process] for process in PROCESSES]),
        untouched=healthy,
    )
    return shown, hidden, float(healthy)


def with_slips(active: Floats, silent: Floats, *, untouched: Floats) -> tuple[Floats, Floats]:
    """Return the likelihoods of a reached muscle with the chance that the needle was in a neighbour that is not.

    The other error, a lesion seen where there is none, is in the rates of false positives.

    Parameters
    ----------
    active : array of shape (n_processes, n_severities, ...)
    silent : array of shape (n_processes, ...)
    untouched : array of shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.observe import with_slips
    >>> active, _ = with_slips(np.zeros((3, 3)), np.zeros(3), untouched=np.asarray(1.0))
    >>> bool(0 < active[0, 0] < 0.05)
    True
    """
    slip = model_value("slip")
    return (1 - slip) * active + slip * untouched, (1 - slip) * silent + slip * untouched


def _errors_likelier(report: MuscleReport) -> float:
    if report.grade and (report.positive_sites or 0) >= model_value("verdict_sites"):
        return model_value("false_positive_repeated")
    return model_value("false_positive_lone_sharp_wave") if report.lone_sharp_wave else 1.0


def _recruitment_lost(report: MuscleReport) -> tuple[float, float]:
    # Within reduced recruitment, how likely it is that not a unit is left: by a lesion, and by error.
    shares = model_value("none_involved"), model_value("none_error")
    if report.recruitment == "none":
        return shares
    return (1 - shares[0], 1 - shares[1]) if report.recruitment == "reduced" else (1.0, 1.0)


def _fasciculation(report: MuscleReport) -> dict[str, float]:
    states = ("unreached", "reached", "motor_neuron")
    seen = {state: model_value(f"fasciculation_{state}") for state in states}
    if report.fasciculation == "present":
        return seen
    return {state: 1 - seen[state] if report.fasciculation else 1.0 for state in states}
