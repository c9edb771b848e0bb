"""Where a report comes from: the files by their hashes, the tables, the settings and the versions that made it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.knowledge.names import muscle_name, readable, sided
from emgkit.show.words import number_text, scheme_text

if TYPE_CHECKING:
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization
    from emgkit.model.recording import Recording
    from emgkit.model.study import Study

_PACKAGES = ("emgkit", "numpy", "scipy", "matplotlib")
_CHUNK = 2**20


def provenance_parts(
    study: Study, *, findings: StudyFindings, answer: Localization, identified: bool = False
) -> dict[str, Any]:
    """Return what is needed to make the same report again.

    Parameters
    ----------
    study : Study
    findings : StudyFindings
    answer : Localization
    identified : bool
        Also give the names of files and channels and the times of recording, which may name the patient.

    Returns
    -------
    dict
        ``recordings`` (place, hash and, where asked for, file, channel and time), ``given`` (one hash for the facts,
        findings and values of the study), ``tables`` (one for all tables of ``emgkit.knowledge``), ``settings`` and
        ``versions`` (names and values).

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_provenance import provenance_parts
    >>> study, findings = examples.study_and_findings()
    >>> parts = provenance_parts(study, findings=findings, answer=examples.answer())
    >>> [(row["place"], row["hashed"]) for row in parts["recordings"]]
    [('Left gluteus maximus, upper lateral', 'samples')]
    """
    return {
        "recordings": [_recording(recording, identified=identified) for recording in study.recordings],
        "identified": identified,
        "given": given_hash(study),
        "tables": tables_hash(),
        "settings": _settings(findings, answer),
        "versions": [(package, version(package)) for package in _PACKAGES],
    }


def given_hash(study: Study) -> str:
    """Return one SHA-256 for what a study says besides its recordings: facts, scored muscles, values of nerve studies.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_provenance import given_hash
    >>> study, _ = examples.study_and_findings()
    >>> given_hash(study) == given_hash(replace(study, age_years=54.0))
    False
    """
    facts = [study.id, study.age_years, study.height_cm, study.affected_side, study.onset_weeks, study.grading_scheme]
    events = [[event.what, event.weeks_ago, event.side] for event in study.events]
    found = [sorted(part.items()) for part in (study.history, study.clinical, study.imaging)]
    tables = [
        table.to_csv(index=False, lineterminator="\n")
        for table in (study.conduction, study.needle)
        if table is not None
    ]
    return hashlib.sha256(json.dumps([facts, events, found, tables], default=str).encode()).hexdigest()


@cache
def tables_hash() -> str:
    """Return one SHA-256 for all tables that the analysis and the localization read.

    Examples
    --------
    >>> from emgkit.show.report_provenance import tables_hash
    >>> len(tables_hash())
    64
    """
    digest = hashlib.sha256()
    tables = (entry for entry in files("emgkit.knowledge").iterdir() if entry.name.endswith((".csv", ".toml")))
    for table in sorted(tables, key=lambda entry: entry.name):
        content = table.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{table.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _recording(recording: Recording, *, identified: bool) -> dict[str, Any]:
    source = Path(recording.source_file) if recording.source_file else None
    in_file = source is not None and source.is_file()
    place = sided(recording.side, muscle_name(recording.muscle))
    return {
        "place": f"{place}, {readable(recording.site)}" if recording.site else place,
        "hashed": "file" if in_file else "samples",
        "sha256": _file_hash(source) if source is not None and in_file else _samples_hash(recording),
        "file": source.name if identified and source is not None else "",
        "channel": recording.channel if identified else "",
        "time": recording.start_time if identified else "",
    }


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _samples_hash(recording: Recording) -> str:
    # Of a recording made in memory: its microvolts as 64-bit floats, least significant byte first.
    digest = hashlib.sha256()
    for start in range(0, len(recording.samples_uv), _CHUNK):
        digest.update(np.asarray(recording.samples_uv[slice(start, start + _CHUNK)]).astype("<f8").tobytes())
    return digest.hexdigest()


def _settings(findings: StudyFindings, answer: Localization) -> list[tuple[str, str]]:
    weeks = answer.weeks_since_onset
    return [
        ("Prior", readable(answer.prior_name)),
        ("Myotome chart", readable(answer.chart) or "not said"),
        ("Sites considered", str(len(answer.posterior))),
        ("Grading scheme", ", ".join(dict.fromkeys(scheme_text(one.scheme) for one in findings.muscles)) or "none"),
        ("Weeks since onset", number_text(weeks) if weeks is not None else "not stated"),
    ]
