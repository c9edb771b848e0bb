"""The classes of grade, recruitment and units of one muscle: which fit what was written, how often each is seen."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import muscles
from emgkit.localization.evidence import GRADE_CLASSES, false_positive, model_value, severities, timed
from emgkit.localization.muscle_report import REMODELLED, MuscleReport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emgkit.localization.evidence import AgeGroup, Floats

RECRUITMENTS = ("normal", "reduced", "early")
UNITS = ("normal", "remodelled", "small")


def grade_mask(report: MuscleReport) -> Floats:
    """Return which classes of grade fit a report, 1 or 0 each.

    Examples
    --------
    >>> from emgkit.localization.cells import grade_mask
    >>> from emgkit.localization.muscle_report import put_together
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "L", "fibs": 2}])
    >>> grade_mask(put_together(rows.to_dict("records")))
    array([0., 0., 1., 0.])
    """
    mask = np.zeros(len(GRADE_CLASSES))
    if report.grade is None:
        return mask + 1
    mask[min(report.grade, len(mask) - 1)] = 1
    if report.grade == 1 and report.sites == 1:
        mask[1:] = 1  # one needle position cannot show a higher grade: it says "at least 1"
    return mask


def unit_mask(report: MuscleReport) -> Floats:
    """Return which classes of recruitment (rows) and units (columns) fit a report, 1 or 0 each.

    Examples
    --------
    >>> from emgkit.localization.cells import unit_mask
    >>> from emgkit.localization.muscle_report import put_together
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "L", "motor_unit": "large"}])
    >>> unit_mask(put_together(rows.to_dict("records")))
    array([[0., 1., 0.],
           [0., 1., 0.],
           [0., 1., 0.]])
    """
    recruitment = "reduced" if report.recruitment == "none" else report.recruitment
    unit = "remodelled" if report.motor_unit in REMODELLED else report.motor_unit
    rows = np.array([recruitment in {"", name} for name in RECRUITMENTS], dtype=float)
    return np.outer(rows, [unit in {"", name} for name in UNITS])


def unit_tables(muscle: str, weeks: float | None, *, age: AgeGroup) -> dict[str, Floats]:
    """Return the chances of recruitment (rows) and units (columns) in a muscle, by its state.

    A lesion changes recruitment by its severity and units by its age: given both, they are independent. Errors are not:
    whoever takes units for changed takes recruitment for changed more easily, and in a muscle whose nerve is hit small
    units and early recruitment are errors.

    Returns
    -------
    dict of state to array of shape (3, 3)
        ``active`` has shape (n_severities, 3, 3), ``injured`` is of a muscle that was itself hurt, ``blocked`` of one
        whose nerve does not conduct.

    Examples
    --------
    >>> from emgkit.localization.cells import unit_tables
    >>> round(float(unit_tables("soleus", 6, age="younger")["silent"].sum()), 9)
    1.0
    """
    return {**_reached(weeks), **_by_error(muscle, age)}


@lru_cache
def _reached(weeks: float | None) -> Mapping[str, Floats]:
    early, late = model_value("involved_early"), timed("remodelled", weeks)
    together, small = model_value("error_together"), model_value("involved_small")
    hurt = {key: model_value(f"injured_{key}") for key in ("reduced", "early", "small")}
    hurt["remodelled"] = late * model_value("injured_remodelled")

    def cut(lost: float, remodelled: float) -> Floats:
        rates = {"reduced": lost, "early": early, "remodelled": remodelled, "small": small}
        return _joint(rates, reduced=lost, early=together)

    return {
        "active": np.stack([cut(float(lost), late) for lost in severities().reduced]),
        "silent": cut(model_value("silent_reduced"), late),
        "blocked": cut(model_value("block_reduced"), model_value("block_remodelled")),
        "injured": _joint(hurt, reduced=hurt["reduced"], early=model_value("injured_together")),
    }


@cache
def _by_error(muscle: str, age: AgeGroup) -> Mapping[str, Floats]:
    rates = false_positive("needle", muscle, length_class=muscles()[muscle].length_class, age=age)
    together = model_value("error_together")
    expected = {key: model_value(f"false_active_{key}") for key in (*RECRUITMENTS[1:], *UNITS[1:])}
    myopathic = {key: model_value(f"myopathic_{key}") for key in (*RECRUITMENTS[1:], *UNITS[1:])}
    return {
        "false_active": _joint(expected, reduced=together, early=together),
        "untouched": _joint(rates, reduced=together, early=together),
        "myopathic": _joint(myopathic, reduced=together, early=model_value("myopathic_together")),
    }


def _classes(changed: float, myopathic: float) -> Floats:
    return np.array([1 - changed - myopathic, changed, myopathic])


def _joint(rates: Mapping[str, float], *, reduced: float, early: float) -> Floats:
    units = _classes(rates["remodelled"], rates["small"])
    with_remodelled, with_small = (reduced, rates["early"]), (rates["reduced"], early)
    with_normal = [
        (rates[name] - with_remodelled[at] * units[1] - with_small[at] * units[2]) / units[0]
        for at, name in enumerate(RECRUITMENTS[1:])
    ]
    given = [_classes(*chances) for chances in (with_normal, with_remodelled, with_small)]
    return np.stack(given, axis=1) * units
