"""The usual tables of an examination, in the conventional order and notation, and the evidence in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from emgkit.knowledge.anatomy import studies
from emgkit.knowledge.names import muscle_name, nerve_and_roots, readable, site_name, study_name
from emgkit.knowledge.tables import read_sources
from emgkit.show.localization_plots import leading_sites
from emgkit.show.rows import each_row
from emgkit.show.words import (
    NOT_ASSESSED,
    NOT_MEASURED,
    amplitude_text,
    counted,
    finding_text,
    grade_notation,
    grade_text,
    interval_text,
    number_text,
    scheme_text,
    units_text,
)

if TYPE_CHECKING:
    from emgkit.model.findings import MuscleFinding, NeedlePosition, StudyFindings
    from emgkit.model.localization import Localization

_KINDS = ("fibrillation", "positive_sharp_wave")
_LEAST_NAT = 0.05  # below this a bar of the chart is no longer than its mark is wide
_MOTOR_UNIT = ("motor_unit_amplitude_uv", "motor_unit_duration_ms", "polyphasic_percent")
_MEASURES = {
    "Latency, ms": ("latency_ms",),
    "Amplitude": ("amplitude_uv", "amplitude_mv"),
    "Velocity, m/s": ("velocity_m_per_s",),
    "Distance, mm": ("distance_mm",),
    "Skin, °C": ("temperature_c",),
}
_UNITS = {"amplitude_uv": " μV", "amplitude_mv": " mV"}
_GROUPS = {
    "sensory": "Sensory responses", "motor": "Motor responses",
    "reflex": "Reflexes and late responses", "late_response": "Reflexes and late responses",
}  # fmt: skip


def needle_rows(findings: StudyFindings) -> list[dict[str, Any]]:
    """Return the needle table as it is printed, one row for each muscle and side; a note is told once, with a mark.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_tables import needle_rows
    >>> needle_rows(examples.study_and_findings()[1])[0]["fibrillation"]
    '2+'
    """
    graded = {(finding.muscle, finding.side): finding for finding in findings.muscles}
    rows: list[dict[str, Any]] = []
    marks: dict[str, str] = {}
    for row in each_row(findings.needle):
        finding = graded.get((row.muscle, row.side)) if row.source != "examiner" else None
        nerve, roots = nerve_and_roots(row.muscle)
        note = _note(row, finding)
        rows.append({
            "side": row.side, "muscle": muscle_name(row.muscle), "nerve": nerve, "roots": roots,
            "insertional": _scored(row.insertional), "fasciculation": _scored(row.fasciculation),
            "motor_unit": _scored(row.motor_unit), "recruitment": _scored(row.recruitment),
            "sites": _sites(row.sites, row.positive_sites), "note": note,
            "mark": marks.setdefault(note, _mark(len(marks))) if note else "",
            **{column: number_text(getattr(row, column)) or NOT_MEASURED for column in _MOTOR_UNIT},
            **{kind: _grade(getattr(row, kind), kind, finding) for kind in _KINDS},
            "abnormal": any(not pd.isna(getattr(row, kind)) and getattr(row, kind) > 0 for kind in _KINDS),
        })  # fmt: skip
    return rows


def conduction_parts(findings: StudyFindings) -> dict[str, Any]:
    """Return the nerve conduction table as it is printed: the measures taken, and a row for each study and side.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_tables import conduction_parts
    >>> conduction_parts(examples.study_and_findings()[1])["rows"]
    []
    """
    table = findings.conduction
    taken = {name: columns for name, columns in _MEASURES.items() if table[list(columns)].notna().any(axis=None)}
    references = {(nerve.study, nerve.side): units_text(nerve.reference) for nerve in findings.nerves}
    order = list(studies())
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROUPS.values()}
    for row in sorted(each_row(table), key=lambda row: (order.index(row.study), row.side)):
        groups[_GROUPS[studies()[row.study].kind]].append({
            "side": row.side,
            "study": study_name(row.study),
            "values": [_measured(row, columns) for columns in taken.values()],
            "result": readable(row.result) or "not judged",
            "judged_abnormal": row.result in {"reduced", "delayed", "absent"},
            "reference": references.get((row.study, row.side), ""),
            "note": units_text(readable(row.note)),
        })  # fmt: skip
    rows = [row for group in groups.values() for row in group]
    told = dict.fromkeys((row["study"], row["reference"]) for row in rows if row["reference"])
    return {
        "measures": list(taken),
        "groups": [(name, group) for name, group in groups.items() if group],
        "rows": rows,
        "references": list(told),
    }


def evidence_parts(answer: Localization) -> dict[str, Any]:
    """Return the evidence for the leading sites: a row for each finding, a column for each site.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_tables import evidence_parts
    >>> evidence_parts(examples.answer())["rows"][0]["values"]
    ['+2.00', '+0.60']
    """
    sites = leading_sites(answer)
    moving = moving_evidence(answer)
    rows = []
    for finding, part in moving.groupby("finding", sort=False):
        at_site = dict(zip(part["site"], part["against_none"], strict=True))
        chosen = part.loc[part["site"].isin(sites)]
        rows.append({
            "finding": finding_text(str(finding)),
            "values": [_signed(at_site[site]) if site in at_site else "" for site in sites],
            "basis": ", ".join(dict.fromkeys(text for text in chosen["basis"] if text)),
            "sources": ", ".join(dict.fromkeys(key for keys in chosen["source"] for key in _keys(keys))),
        })  # fmt: skip
    shown = set(moving["finding"])
    return {
        "sites": [site_name(site) for site in sites],
        "rows": rows,
        "silent": [finding_text(name) for name in dict.fromkeys(answer.evidence["finding"]) if name not in shown],
        "least": number_text(_LEAST_NAT, 2),
        "sources": _citations(answer),
    }


def moving_evidence(answer: Localization) -> pd.DataFrame:
    """Return the evidence of the findings that moved one of the leading sites enough to be seen.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_tables import moving_evidence
    >>> len(moving_evidence(examples.answer()))
    2
    """
    evidence = answer.evidence
    at_leading = evidence.loc[evidence["site"].isin(leading_sites(answer))]
    moved = set(at_leading.loc[at_leading["against_none"].abs() >= _LEAST_NAT, "finding"])
    return evidence.loc[evidence["finding"].isin(moved)]


def _measured(row: Any, columns: tuple[str, ...]) -> str:
    told = [(number_text(getattr(row, column)), _UNITS.get(column, "")) for column in columns]
    return ", ".join(f"{number}{unit}" for number, unit in told if number)


def _mark(number: int) -> str:
    return _mark(number // 26 - 1) + chr(97 + number % 26) if number >= 26 else chr(97 + number)


def _keys(cell: str) -> list[str]:
    return [key.strip() for key in cell.replace(",", ";").split(";") if key.strip()]


def _citations(answer: Localization) -> list[tuple[str, str]]:
    known = read_sources()
    chosen = answer.evidence.loc[answer.evidence["site"].isin(leading_sites(answer)), "source"]
    used = sorted({key for cell in chosen for key in _keys(cell)})
    return [(key, known[key].citation) for key in used if key in known]


def _signed(value: float) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:+.2f}"
    return "0" if float(text) == 0 else text.replace("-", "\u2212")


def _scored(text: str) -> str:
    return readable(text) or NOT_ASSESSED


def _sites(sites: Any, positive: Any) -> str:
    if pd.isna(sites):
        return ""
    return f"{positive} of {sites}" if not pd.isna(positive) else str(sites)


def _grade(value: Any, kind: str, finding: MuscleFinding | None) -> str:
    if finding is not None and finding.equivocal and getattr(finding, kind) != 0:
        return "±"
    if pd.isna(value):
        return "not gradable" if finding is not None and finding.grade is None else NOT_ASSESSED
    return grade_notation(int(value))


def _note(row: Any, finding: MuscleFinding | None) -> str:
    parts = [row.note or (finding.reason if finding is not None else "")]
    if row.source == "examiner":
        parts.append("scored by the examiner")
    return "; ".join(readable(part) for part in parts if part)


def _vector(finding: MuscleFinding) -> str:
    if not finding.positive_sites:
        return f"No persistent train of denervation at {counted(finding.sites, 'needle position')}"
    return (
        f"{finding.positive_sites} of {counted(finding.sites, 'needle position')} with a persistent train"
        f" of denervation; {counted(finding.trains, 'persistent train')}; median there {_density(finding)}"
    )


def _density(shown: MuscleFinding | NeedlePosition) -> str:
    rate = number_text(shown.discharges_per_s, 2)
    return f"{rate} discharges per second, {100 * shown.fill:.0f} % of the baseline filled"


def _position(position: NeedlePosition, number: int) -> str:
    place = readable(position.site) or f"position {number}"
    what = f"{counted(position.trains, 'train')}{', ' + _density(position) if position.trains else ''}"
    return f"{place}: {what}{'; not counted, ' + position.left_out if position.left_out else ''}"


def muscle_summary(finding: MuscleFinding) -> dict[str, Any]:
    """Return the heading of a graded muscle, the numbers behind its grade, and the reasons.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_tables import muscle_summary
    >>> muscle_summary(examples.study_and_findings()[1].muscles[0])["grade"]
    '2+'
    """
    shows = any(position.trains for position in finding.positions)
    positions = [_position(position, number) for number, position in enumerate(finding.positions, start=1)]
    return {
        "grade": grade_text(finding),
        "vector": _vector(finding),
        "positions": positions if shows else [],
        "interval": interval_text(finding),
        "amplitude": amplitude_text(finding),
        "scheme": scheme_text(finding.scheme),
        "reasons": [readable(reason) for reason in finding.reasons],
        "provisional": readable(finding.reason),
    }
