"""The classes of grade and of units of one muscle: which fit what was written, and how often each is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import muscles
from emgkit.localization.evidence import GRADE_CLASSES, UNIT_CLASSES, false_positive, model_value, timed
from emgkit.localization.muscle_report import REMODELLED, MuscleReport

if TYPE_CHECKING:
    from emgkit.localization.evidence import AgeGroup, Floats


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
    """Return which classes of units and recruitment fit a report, 1 or 0 each.

    Examples
    --------
    >>> from emgkit.localization.cells import unit_mask
    >>> from emgkit.localization.muscle_report import put_together
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "L", "motor_unit": "large"}])
    >>> unit_mask(put_together(rows.to_dict("records")))
    array([0., 0., 1., 0.])
    """
    unit, recruitment = report.motor_unit, report.recruitment
    if unit in REMODELLED:
        possible = {"remodelled"}
    elif unit == "small" or recruitment == "early":
        possible = {"myopathic"}
    elif recruitment in {"reduced", "none"}:
        possible = {"reduced"} if unit else {"reduced", "remodelled"}
    elif recruitment == "normal":
        possible = {"normal"} if unit else {"normal", "remodelled"}
    elif unit == "normal":
        possible = {"normal", "reduced"}
    else:
        return np.ones(len(UNIT_CLASSES))
    return np.array([name in possible for name in UNIT_CLASSES], dtype=float)


def unit_tables(muscle: str, weeks: float | None, *, age: AgeGroup) -> dict[str, Floats]:
    """Return the chances of the classes of units in a muscle, by its state.

    Examples
    --------
    >>> from emgkit.localization.cells import unit_tables
    >>> round(float(unit_tables("soleus", 6, age="younger")["active"].sum()), 9)
    1.0
    """
    late = timed("remodelled", weeks)
    rates = false_positive("needle", muscle, length_class=muscles()[muscle].length_class, age=age)
    small = model_value("involved_myopathic")
    false_late = model_value("false_remodelled")
    return {
        "active": _unit_classes(model_value("active_change"), late, small),
        "silent": _unit_classes(model_value("silent_change"), late, small),
        "false_active": _unit_classes(
            model_value("false_active_change"), false_late, model_value("false_active_myopathic")
        ),
        "untouched": _unit_classes(rates["units"], false_late, rates["myopathic"]),
        "myopathic": _unit_classes(model_value("myopathic_neurogenic"), false_late, model_value("myopathic_units")),
    }


def _unit_classes(changed: float, remodelled: float, small: float) -> Floats:
    return np.array([1 - changed - small, changed * (1 - remodelled), changed * remodelled, small])
