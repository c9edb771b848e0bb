"""A follow-up beside the first examination as a part of the report: two pictures and two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from emgkit.knowledge.names import muscle_name, readable, study_name
from emgkit.show.change_plots import (
    describe_change,
    describe_nerve_change,
    examinations_text,
    grade_words,
    measure_words,
    plot_change,
    values_words,
)
from emgkit.show.pictures import picture
from emgkit.show.rows import each_row
from emgkit.show.words import NOT_ASSESSED, number_text

if TYPE_CHECKING:
    from emgkit.model.change import StudyChange


def change_parts(change: StudyChange | None) -> dict[str, Any] | None:
    """Return what ``change.html`` shows, or None when there is no follow-up.

    Parameters
    ----------
    change : StudyChange or None

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.change_table import change_parts
    >>> change_parts(examples.change())["muscles"][0]["grades"]
    '3+ to 1+'
    """
    if change is None:
        return None
    return {
        "picture": picture(lambda: plot_change(change), describe_change(change)),
        "nerve_picture": picture(lambda: plot_change(change, what="nerves"), describe_nerve_change(change))
        if len(change.conduction)
        else None,
        "which": examinations_text(change),
        "muscles": [_muscle(row) for row in each_row(change.needle)],
        "nerves": [_nerve(row) for row in each_row(change.conduction)],
    }


def _muscle(row: Any) -> dict[str, Any]:
    return {
        "side": row.side,
        "muscle": muscle_name(row.muscle),
        "grades": f"{grade_words(row.grade_first)} to {grade_words(row.grade_second)}",
        "change": row.grade_change,
        "changed": row.grade_change in {"fewer", "more"},
        "positions": _positions(row),
        "rate": _rates(row.discharges_per_s_first, row.discharges_per_s_second),
        "motor_unit": _pair(row.motor_unit_first, row.motor_unit_second),
        "recruitment": _pair(row.recruitment_first, row.recruitment_second, row.recruitment_change),
        "sign": row.sign,
        "reason": readable(row.reason),
    }


def _positions(row: Any) -> str:
    pairs = ((row.positive_sites_first, row.sites_first), (row.positive_sites_second, row.sites_second))
    told = ["?" if pd.isna(positive) or pd.isna(sites) else f"{positive} of {sites}" for positive, sites in pairs]
    return "" if set(told) == {"?"} else " to ".join(told)


def _rates(first: float, second: float) -> str:
    told = [number_text(rate, 2) for rate in (first, second)]
    return " to ".join(told) if all(told) and set(told) != {"0"} else ""


def _pair(first: str, second: str, change: str = "") -> str:
    if not (first or second):
        return NOT_ASSESSED
    if first == second:
        return f"{readable(first)} both times"
    words = [readable(word) or NOT_ASSESSED for word in (first, second)]
    return f"{words[0]} to {words[1]}{', ' + change if change not in {'', 'unchanged'} else ''}"


def _nerve(row: Any) -> dict[str, Any]:
    return {
        "side": row.side,
        "study": study_name(row.study),
        "measure": measure_words(row.measure)[0] or "result",
        "values": values_words(row),
        "repeatability": number_text(row.repeatability, 2),
        "change": row.change,
        "changed": row.change in {"larger", "smaller", "obtained now", "absent now", "changed"},
        "reason": "" if row.change in {"within repeatability", "larger", "smaller"} else readable(row.reason),
    }
