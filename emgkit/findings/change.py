"""A follow-up examination beside the first: what changed in each muscle and nerve, and by how much more than chance.

Nothing here says why something changed, when, or what comes next.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from emgkit.errors import StudyError
from emgkit.knowledge.change import motor_unit_signs
from emgkit.knowledge.tables import criteria_values
from emgkit.model.change import CONDUCTION_CHANGES, MEASURES, NEEDLE_CHANGES, NOT_COMPARABLE, StudyChange
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emgkit.model.findings import MuscleFinding, StudyFindings

_EQUIVOCAL = 0.5  # written ±: neither 0 nor 1+, but between them
_TOLD = ("fibrillation", "positive_sharp_wave", "sites", "positive_sites", "motor_unit", "recruitment")
_FULLNESS = ("none", "reduced", "normal")
_TIMED = ("latency_ms", "velocity_m_per_s")  # what the distance and the warmth of the skin move


def compare_findings(
    first: StudyFindings,
    second: StudyFindings,
    *,
    first_weeks: float | None = None,
    second_weeks: float | None = None,
) -> StudyChange:
    """Say what changed from one examination of a patient to the next, muscle by muscle and nerve by nerve.

    Grades differ clearly when their bootstrap intervals lie apart, otherwise *possibly*. Values of nerve conduction
    differ when they do so by more than repeats of one examination (``kong_2009``). What was done only once, or in
    another way, is *not comparable*, with the reason.

    Parameters
    ----------
    first, second : StudyFindings
        Of the same patient, in this order.
    first_weeks, second_weeks : float, optional
        Weeks since onset of each.

    Returns
    -------
    StudyChange

    Raises
    ------
    StudyError
        When the second examination was earlier than the first.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.model.findings import CONDUCTION, NEEDLE, StudyFindings
    >>> from emgkit.model.table import make_table
    >>> def scored(fibrillation, motor_unit):
    ...     row = {"muscle": "soleus", "side": "left", "fibrillation": fibrillation, "motor_unit": motor_unit}
    ...     return StudyFindings(make_table(NEEDLE, [row | {"source": "examiner"}]), make_table(CONDUCTION))
    >>> change = emgkit.compare_findings(scored(3, "normal"), scored(1, "nascent"))
    >>> change.needle[["muscle", "grade_change", "sign"]].iloc[0].tolist()
    ['soleus', 'fewer', 'compatible with reinnervation']
    """
    require_order(first_weeks, second_weeks)
    criteria = criteria_values("change_criteria")
    return StudyChange(
        make_table(NEEDLE_CHANGES, _muscles(first, second, criteria)),
        make_table(CONDUCTION_CHANGES, _nerves(first.conduction, second.conduction, criteria)),
        first_weeks,
        second_weeks,
        criteria,
    )


def require_order(first_weeks: float | None, second_weeks: float | None) -> tuple[float | None, float | None]:
    """Return the weeks since onset of two examinations when the second was not the earlier one.

    Raises
    ------
    StudyError
        When it was.

    Examples
    --------
    >>> from emgkit.findings.change import require_order
    >>> require_order(6, None)
    (6, None)
    """
    if first_weeks is not None and second_weeks is not None and second_weeks < first_weeks:
        msg = (
            f"The follow-up was {second_weeks:g} weeks after the onset and the first examination {first_weeks:g}; give "
            "the earlier one first."
        )
        raise StudyError(msg)
    return first_weeks, second_weeks


def _pairs(first: pd.DataFrame, second: pd.DataFrame, key: str) -> dict[tuple[str, str], tuple[Any, Any]]:
    rows = [
        {(str(getattr(row, key)), str(row.side)): row for row in table.itertuples()}  # the tables are checked
        for table in (first, second)
    ]
    return {place: (rows[0].get(place), rows[1].get(place)) for place in dict.fromkeys([*rows[0], *rows[1]])}


def _muscles(first: StudyFindings, second: StudyFindings, criteria: Mapping[str, float]) -> list[dict[str, Any]]:
    found = [{(m.muscle, str(m.side)): m for m in findings.muscles} for findings in (first, second)]
    rows = []
    for (muscle, side), pair in _pairs(first.needle, second.needle, "muscle").items():
        graded = [
            each.get((muscle, side)) if row is not None and row.source == "recording" else None
            for each, row in zip(found, pair, strict=True)
        ]
        row: dict[str, Any] = {"muscle": muscle, "side": side}
        for name, one, finding in zip(("first", "second"), pair, graded, strict=True):
            if one is not None:
                row |= {f"{column}_{name}": getattr(one, column) for column in _TOLD}
            if finding is not None:
                row[f"discharges_per_s_{name}"] = finding.discharges_per_s
        row["grade_first"], row["grade_second"] = (_grade(*each) for each in zip(pair, graded, strict=True))
        row["grade_change"], row["reason"] = _grade_change(row, pair, graded, criteria)
        row["recruitment_change"] = _recruitment_change(row)
        row["sign"] = _sign(row)
        rows.append(row)
    return rows


def _grade(row: Any, finding: MuscleFinding | None) -> float | None:
    if row is None:
        return None
    if finding is not None and finding.equivocal:
        return _EQUIVOCAL
    known = [int(grade) for grade in (row.fibrillation, row.positive_sharp_wave) if not pd.isna(grade)]
    return float(max(known)) if known else None


def _grade_change(
    row: dict[str, Any], pair: tuple[Any, Any], graded: list[MuscleFinding | None], criteria: Mapping[str, float]
) -> tuple[str, str]:
    if reason := _why_not(row, pair):
        return NOT_COMPARABLE, reason
    step = row["grade_second"] - row["grade_first"]
    if step == 0:
        return "unchanged", "the same grade"
    word = "more" if step > 0 else "fewer"
    intervals = [finding.interval if finding is not None else None for finding in graded]
    if _EQUIVOCAL in {row["grade_first"], row["grade_second"]}:
        apart, reason = False, "± is neither 0 nor 1+"
    elif None not in intervals:
        (low, high), (low_now, high_now) = intervals  # type: ignore[misc]
        apart = low_now > high if step > 0 else high_now < low
        reason = (
            f"intervals of the grades {low} to {high} and {low_now} to {high_now} {'lie apart' if apart else 'overlap'}"
        )
    else:
        apart = abs(step) >= criteria["clear_step"]
        steps = f"{abs(step):g} step{'s' if abs(step) > 1 else ''}"
        reason = f"{steps}, a grade without an interval; clear from {criteria['clear_step']:g} on"
    return (word if apart else f"possibly {word}"), reason


def _why_not(row: dict[str, Any], pair: tuple[Any, Any]) -> str:
    for name, one, grade in zip(("at first", "now"), pair, (row["grade_first"], row["grade_second"]), strict=True):
        if one is None:
            return f"not sampled {name}"
        if grade is None:
            return f"not graded {name}{': ' + one.note if one.note else ''}"
    schemes = [one.scheme for one in pair]
    if all(schemes) and schemes[0] != schemes[1]:
        return f"graded by {schemes[0]} at first and by {schemes[1]} now"
    return ""


def _recruitment_change(row: dict[str, Any]) -> str:
    pair = row.get("recruitment_first", ""), row.get("recruitment_second", "")
    if not all(pair):
        return ""
    if pair[0] == pair[1]:
        return "unchanged"
    if not set(pair) <= set(_FULLNESS):
        return NOT_COMPARABLE
    return "fuller" if _FULLNESS.index(pair[1]) > _FULLNESS.index(pair[0]) else "poorer"


def _sign(row: dict[str, Any]) -> str:
    # Only what was denervated can be reinnervated.
    denervated = (row["grade_first"] or 0) >= 1 or row.get("recruitment_first") in {"none", "reduced"}
    before, now = row.get("motor_unit_first", ""), row.get("motor_unit_second", "")
    known = motor_unit_signs()
    return known[now].sign if denervated and before and now != before and now in known else ""


def _nerves(first: pd.DataFrame, second: pd.DataFrame, criteria: Mapping[str, float]) -> list[dict[str, Any]]:
    rows = []
    for (study, side), pair in _pairs(first, second, "study").items():
        base: dict[str, Any] = {"study": study, "side": side}
        base |= {
            f"result_{name}": one.result for name, one in zip(("first", "second"), pair, strict=True) if one is not None
        }
        if missing := [name for name, one in zip(("at first", "now"), pair, strict=True) if one is None]:
            rows.append({**base, "measure": "", "change": NOT_COMPARABLE, "reason": f"not done {missing[0]}"})
            continue
        values = {
            measure: tuple(float(getattr(one, measure)) for one in pair)
            for measure in MEASURES
            if measure and not any(math.isnan(getattr(one, measure)) for one in pair)
        }
        if not values:
            rows.append({**base, "measure": "", **_result_change(pair[0].result, pair[1].result)})
        for measure, (before, now) in values.items():
            told = _value_change(measure, before, now, criteria)
            if reason := _other_technique(measure, pair, criteria):
                told |= {"change": NOT_COMPARABLE, "reason": reason}
            rows.append({**base, "measure": measure, "first": before, "second": now, **told})
    return rows


def _result_change(before: str, now: str) -> dict[str, str]:
    if not (before and now) or "not_assessed" in {before, now}:
        return {"change": NOT_COMPARABLE, "reason": "not judged both times"}
    if before == now:
        return {"change": "unchanged", "reason": "the same result; no value was given both times"}
    word = "obtained now" if before == "absent" else "absent now" if now == "absent" else "changed"
    return {"change": word, "reason": f"{before} at first, {now} now; no value was given both times"}


def _value_change(measure: str, before: float, now: float, criteria: Mapping[str, float]) -> dict[str, Any]:
    if before == now == 0:
        return {"change": "unchanged", "reason": "no response both times"}
    if 0 in {before, now}:
        return {"change": "obtained now" if before == 0 else "absent now", "reason": "no response the other time"}
    kind = measure.partition("_")[0]
    variation = criteria[f"{kind}_session_cv"] / 100
    repeatability = criteria["level_z"] * math.sqrt(2) * variation * (before + now) / 2
    beyond = abs(now - before) > repeatability
    word = ("larger" if now > before else "smaller") if beyond else "within repeatability"
    what = "more" if beyond else "no more"
    return {"repeatability": repeatability, "change": word, "reason": f"differs by {what} than repeats do"}


def _other_technique(measure: str, pair: tuple[Any, Any], criteria: Mapping[str, float]) -> str:
    if measure not in _TIMED:
        return ""
    distances, skins = ([getattr(one, column) for one in pair] for column in ("distance_mm", "temperature_c"))
    if measure == "latency_ms" and abs(distances[0] - distances[1]) > criteria["distance_tolerance_mm"]:
        return f"over {distances[0]:g} mm at first and {distances[1]:g} mm now"
    if abs(skins[0] - skins[1]) > criteria["skin_tolerance_c"]:
        return f"skin of {skins[0]:g} °C at first and {skins[1]:g} °C now"
    return ""
