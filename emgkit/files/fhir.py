"""A bundle of FHIR R4 resources: a DiagnosticReport, and an Observation for each muscle, nerve study and the answer.

Codes are written only where they were checked: LOINC for the study, ISO/IEEE 11073 for muscles and discharges, UCUM for
units. Everything else is text. What a program found was reviewed by nobody, so the report is *partial* and the
observations *preliminary*. The patient and all dates are left to the system that takes the bundle in.
"""

from __future__ import annotations

import hashlib
import json
import math
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import UUID

from emgkit.knowledge.caveats import read_caveats
from emgkit.knowledge.grading import SCHEME_NAMES
from emgkit.knowledge.mdc import SYSTEM as MDC
from emgkit.knowledge.mdc import activity_code, muscle_code
from emgkit.knowledge.names import (
    PROBABILITY_NOTE,
    VERDICT_WORDS,
    muscle_name,
    readable,
    sided,
    site_name,
    study_name,
)

if TYPE_CHECKING:
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization

_LOINC = {"system": "http://loinc.org", "code": "18749-2"}
_UCUM = "http://unitsofmeasure.org"
_PROCEDURE = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "procedure"}
_RANK = "grade, a rank from 0 to 4"
_NEEDLE_WORDS = (
    ("fasciculation", "fasciculation potentials", "fasciculation"),
    ("motor_unit", "motor unit potentials", "motor_unit"),
    ("recruitment", "recruitment", ""),
    ("insertional", "insertional activity", ""),
)
_MEASURES = (
    ("amplitude_uv", "amplitude", "uV"),
    ("amplitude_mv", "amplitude", "mV"),
    ("latency_ms", "latency", "ms"),
    ("velocity_m_per_s", "conduction velocity", "m/s"),
    ("distance_mm", "distance from stimulus to recording electrode", "mm"),
    ("temperature_c", "skin temperature", "Cel"),
)


def fhir_bundle(findings: StudyFindings, answer: Localization, *, study_id: str = "") -> dict[str, Any]:
    """Return findings and answer as a FHIR R4 bundle of type ``collection``, ready for JSON.

    Parameters
    ----------
    findings : StudyFindings
    answer : Localization
    study_id : str
        Becomes the identifier of the report.

    Returns
    -------
    dict
        The same study gives the same bundle; addresses inside it are made from its content.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.fhir import fhir_bundle
    >>> study, truth = emgkit.simulate_study("none", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    >>> findings = emgkit.analyze_study(study)
    >>> bundle = fhir_bundle(findings, emgkit.localize_study(study, findings))
    >>> bundle["entry"][0]["resource"]["resourceType"], bundle["entry"][1]["resource"]["bodySite"]["text"]
    ('DiagnosticReport', 'Left gluteus maximus')
    """
    parts = [_muscle(row) for row in findings.needle.itertuples()]
    parts += [_nerve(row) for row in findings.conduction.itertuples()]
    parts.append(_verdict(answer))
    report, sites = _report(answer, study_id), _sites(answer)
    digest = hashlib.sha256(json.dumps([report, *parts, sites]).encode()).digest()
    addresses = [_address(digest, number) for number in range(len(parts) + 2)]
    references = [{"reference": address} for address in addresses]
    sites["derivedFrom"] = references[1:-2]
    if not sites["derivedFrom"]:
        del sites["derivedFrom"]  # FHIR has no empty lists
    report["result"] = references[1:]
    resources = zip(addresses, [report, *parts, sites], strict=True)
    entry = [{"fullUrl": address, "resource": resource} for address, resource in resources]
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def _address(digest: bytes, number: int) -> str:
    made = hashlib.sha256(digest + str(number).encode()).digest()[:16]
    return f"urn:uuid:{UUID(bytes=made, version=5)}"


def _observation(text: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "category": [{"coding": [_PROCEDURE], "text": "Electrodiagnostic"}],
        "code": {"text": text},
        "device": {"display": f"emgkit {version('emgkit')}"},
        **more,
    }


def _coded(text: str, code: int | None) -> dict[str, Any]:
    if code is None:
        return {"text": text}
    return {"coding": [{"system": MDC, "code": str(code)}], "text": text}


def _notes(*texts: str) -> dict[str, Any]:
    kept = [{"text": text} for text in texts if text.strip()]
    return {"note": kept} if kept else {}


def _muscle(row: Any) -> dict[str, Any]:
    name = sided(row.side, muscle_name(row.muscle))
    reason = {"text": readable(row.note).strip() or "not assessed"}
    parts: list[dict[str, Any]] = []
    for column, text in (("fibrillation", "fibrillation potentials"), ("positive_sharp_wave", "positive sharp waves")):
        told = _whole(getattr(row, column)) or {"dataAbsentReason": reason}
        parts.append({"code": _coded(f"{text}: {_RANK}", activity_code(column)), **told})
    for column, text, label in _NEEDLE_WORDS:
        if word := getattr(row, column):
            parts.append({"code": _coded(text, activity_code(label)), "valueString": readable(word)})
    for column, text in (("sites", "needle positions"), ("positive_sites", "needle positions with denervation")):
        if told := _whole(getattr(row, column)):
            parts.append({"code": {"text": text}, **told})
    scheme = SCHEME_NAMES.get(row.scheme, readable(row.scheme))
    by = "scored by the examiner" if row.source == "examiner" else ", ".join(filter(None, ["from recordings", scheme]))
    return _observation(
        "Needle electromyography of a muscle",
        **_notes(readable(row.note)),
        bodySite=_coded(name, muscle_code(row.muscle, row.side)),
        method={"text": by},
        component=parts,
    )


def _whole(value: Any) -> dict[str, Any]:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when tables are written

    return {} if pd.isna(value) else {"valueInteger": int(value)}


def _nerve(row: Any) -> dict[str, Any]:
    judged = row.result not in {"", "not_assessed"}
    value = (
        {"valueCodeableConcept": {"text": readable(row.result)}}
        if judged
        else {"dataAbsentReason": {"text": "not assessed" if row.result else "not judged"}}
    )
    measured = [
        {"code": {"text": text}, "valueQuantity": _quantity(float(getattr(row, column)), unit)}
        for column, text, unit in _MEASURES
        if not math.isnan(getattr(row, column))
    ]
    return _observation(
        study_name(row.study),
        **value,
        **_notes(readable(row.note)),
        bodySite={"text": sided(row.side, "leg")},
        **({"component": measured} if measured else {}),
    )


def _quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": _UCUM, "code": unit}


def _sites(answer: Localization) -> dict[str, Any]:
    return _observation(
        f"Site of the lesion: probability {PROBABILITY_NOTE}",
        **_notes(*_caveats(answer)),
        component=[
            {
                "code": {"text": sided("" if row.site == "none" else answer.side, site_name(str(row.site)))},
                "valueQuantity": _quantity(float(row.probability), "1"),  # type: ignore[arg-type]
            }
            for row in answer.posterior.itertuples()
        ],
    )


def _verdict(answer: Localization) -> dict[str, Any]:
    verdict = answer.verdict
    lists = (("met", verdict.met), ("against", verdict.failed), ("not judged, test missing", verdict.missing))
    told = [f"{name}: {'; '.join(map(readable, criteria))}" for name, criteria in lists if criteria]
    text = sided(verdict.side, "inferior gluteal nerve alone")
    return _observation(text, valueString=VERDICT_WORDS[verdict.status], **_notes(*told))


def _caveats(answer: Localization) -> list[str]:
    known = read_caveats()
    found = [
        (known[key].urgent, known[key].sentence) if key in known else (False, readable(key)) for key in answer.caveats
    ]
    return [sentence for _, sentence in sorted(found, key=lambda caveat: not caveat[0])]


def _report(answer: Localization, study_id: str) -> dict[str, Any]:
    leading = answer.posterior.iloc[0]["site"] if len(answer.posterior) else "none"
    site = sided("" if leading == "none" else answer.side, site_name(leading))
    told = [f"Leading {PROBABILITY_NOTE}: {site}.", *_caveats(answer)]
    return {
        "resourceType": "DiagnosticReport",
        **({"identifier": [{"value": study_id.strip()}]} if study_id.strip() else {}),
        "status": "partial",
        "category": [{"text": "Electrodiagnostic"}],
        "code": {"coding": [_LOINC], "text": "Electromyogram study"},
        "conclusion": " ".join(told),
    }
