"""Results for other programs: CSV tables, ``localization.json``, and the formats of other fields."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgkit.errors import InputFileError
from emgkit.files.atomic import atomic_file, atomic_folder, refuse_foreign
from emgkit.files.fhir import fhir_bundle
from emgkit.files.marks import annotations_text, bids_names, events_sidecar, events_table
from emgkit.model.activity import EVENTS, TRAINS

if TYPE_CHECKING:
    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.change import StudyChange
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization
    from emgkit.model.table import Schema

SCHEMA_ID = "emgkit/localization/1"
_EXPORTED = ("-annot.txt", "_events.tsv", "_events.json", ".DS_Store")  # the last one macOS leaves by looking
_EXPORT_FOLDERS = ("annotations", "bids")
_PLACE = ("recording", "file", "muscle", "side", "site")  # recording counts those that were analysed


def write_results(
    folder: str | Path,
    *,
    findings: StudyFindings,
    answer: Localization,
    change: StudyChange | None = None,
    study_id: str = "",
    exports: bool = False,
    identified: bool = False,
) -> list[Path]:
    """Write findings and answer as tables and JSON and, with ``exports``, in the formats of other programs.

    ``needle.csv``, ``conduction.csv``, ``trains.csv``, ``events.csv``, ``posterior.csv``, ``evidence.csv`` and
    ``localization.json``, which follows ``localization.schema.json`` beside this module. The exports are ``fhir.json``
    (a FHIR R4 bundle), ``annotations/`` (a text a recording that ``mne.read_annotations`` reads) and ``bids/`` (an
    ``events.tsv`` a recording, to be copied over a BIDS dataset). Nothing is written before all of it could be made;
    each file or folder replaces an older one only when it is complete. No date is written.

    Parameters
    ----------
    folder : path
        Made when it does not exist.
    findings : StudyFindings
    answer : Localization
    change : StudyChange, optional
        What changed since an examination before this one: ``needle_changes.csv`` and ``conduction_changes.csv``.
    study_id : str
        Names the study in the FHIR report, and its subject in the BIDS folder.
    exports : bool
    identified : bool
        Name the files in ``trains.csv`` and ``events.csv``, and the channels in the annotations: such names often are
        the patient's. A recording is told by its number, muscle, side and site without them.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputFileError
        When the folder cannot be made or written to, or holds files of another kind where an export would go.

    Examples
    --------
    >>> import tempfile, emgkit
    >>> study, truth = emgkit.simulate_study("none", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    >>> findings = emgkit.analyze_study(study)
    >>> answer = emgkit.localize_study(study, findings)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in emgkit.write_results(folder, findings=findings, answer=answer)][:3]
    ['needle.csv', 'conduction.csv', 'trains.csv']
    """
    folder = make_folder(folder, exports=exports)
    tables = {
        "needle.csv": findings.needle,
        "conduction.csv": findings.conduction,
        "trains.csv": _stacked(findings.activities, TRAINS, identified=identified),
        "events.csv": _stacked(findings.activities, EVENTS, identified=identified),
        "posterior.csv": answer.posterior,
        "evidence.csv": answer.evidence,
    }
    if change is not None:
        tables |= {"needle_changes.csv": change.needle, "conduction_changes.csv": change.conduction}
    texts = {name: table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()}
    texts["localization.json"] = _json(localization_document(answer))
    folders = {}
    if exports:
        texts["fhir.json"] = _json(fhir_bundle(findings, answer, study_id=study_id))
        annotations = _annotations(findings, identified=identified)
        folders = dict(zip(_EXPORT_FOLDERS, (annotations, _bids(findings, study_id)), strict=True))
    written = []
    for name, inside in folders.items():
        with atomic_folder(folder / name, replaces=_EXPORTED) as partial:
            written += [folder / name / each for each in _write_all(partial, inside)]
    for name, text in texts.items():
        with atomic_file(folder / name) as partial:
            _write_all(partial.parent, {partial.name: text})
    return [*(folder / name for name in texts), *written]


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _annotations(findings: StudyFindings, *, identified: bool) -> dict[str, str]:
    return {
        f"{number:02d}_{activity.recording.side}_{activity.muscle}-annot.txt": annotations_text(
            activity, identified=identified
        )
        for number, activity in enumerate(findings.activities, start=1)
    }


def _bids(findings: StudyFindings, study_id: str) -> dict[str, str]:
    names = bids_names(findings.activities, subject=study_id)
    texts = {
        name: events_table(activity).to_csv(index=False, sep="\t", lineterminator="\n")
        for name, activity in zip(names, findings.activities, strict=True)
    }
    tasks = dict.fromkeys(activity.recording.state for activity in findings.activities)
    return texts | {f"task-{task}_events.json": _json(events_sidecar()) for task in tasks}


def _write_all(folder: Path, texts: dict[str, str]) -> list[str]:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return list(texts)


def make_folder(folder: str | Path, *, exports: bool = False) -> Path:
    """Return the folder for results, made when it did not exist.

    Parameters
    ----------
    folder : path
    exports : bool
        Whether exports will be written there.

    Raises
    ------
    InputFileError
        When a file is in its place, it cannot be made, it is a study folder, whose tables have the same names, or it
        holds files of another kind where an export would go.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.results import make_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_folder(Path(folder) / "case 1" / "results").is_dir()
    True
    """
    path = Path(folder)
    if (path / "study.toml").exists():
        msg = f"{str(path)!r} is a study folder, whose own tables would be lost; choose another folder for the results."
        raise InputFileError(msg)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"The output folder {str(path)!r} cannot be made ({error.strerror}); choose another one."
        raise InputFileError(msg) from error
    for name in _EXPORT_FOLDERS if exports else ():
        refuse_foreign(path / name, replaces=_EXPORTED)
    return path


def localization_document(answer: Localization) -> dict[str, Any]:
    """Return the answer as plain lists and mappings, ready for JSON; probabilities keep full precision.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.results import localization_document
    >>> answer = emgkit.localize([{"muscle": "TA", "side": "left", "fibrillation": 2}], weeks_since_onset=6)
    >>> localization_document(answer)["weeks_since_onset"]
    6
    """
    verdict = answer.verdict
    return {
        "schema": SCHEMA_ID,
        "side": answer.side,
        "weeks_since_onset": answer.weeks_since_onset,
        "age_years": answer.age_years,
        "chart": answer.chart,
        "prior": answer.prior_name,
        "posterior": answer.posterior.to_dict("records"),
        "differential": answer.differential.to_dict("records"),
        "beside_leading": answer.beside_leading.to_dict("records"),
        "idle_pairs": list(answer.idle_pairs),
        "families": answer.families.to_dict("records"),
        "evidence": answer.evidence.to_dict("records"),
        "suggestions": answer.suggestions.to_dict("records"),
        "inferior_gluteal": {
            "status": verdict.status,
            "side": verdict.side,
            "met": list(verdict.met),
            "failed": list(verdict.failed),
            "missing": list(verdict.missing),
            "rivals": [asdict(rival) for rival in verdict.rivals],
        },
        "explanation": {
            key: value if key == "tie" else list(value) for key, value in asdict(answer.explanation).items()
        },
        "settling": {
            "tests": list(answer.settling),
            "hazards": list(answer.settling_hazards),
            "probability": answer.settling_probability,
        },
        "caveats": list(answer.caveats),
        "assumed": list(answer.assumed),
    }


def activity_document(activity: SpontaneousActivity) -> dict[str, Any]:
    """Return one analysed recording as plain lists and mappings, each train with its ``times_s``.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.results import activity_document
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> document = activity_document(emgkit.find_spontaneous_activity(recording))
    >>> [(train["label"], len(train["times_s"]) == train["n_events"]) for train in document["trains"]]
    [('fibrillation', True)]
    """
    times = {train: group["time_s"].tolist() for train, group in activity.events.groupby("train")}
    trains = json.loads(activity.trains.to_json(orient="records"))
    return {
        "muscle": activity.muscle,
        "side": activity.recording.side,
        "rate_hz": activity.recording.rate_hz,
        "duration_s": activity.recording.duration_s,
        "analysed_s": activity.analysed_s,
        "noise_uv": dict(activity.noise_uv),
        "flags": list(activity.flags),
        "trains": [{**train, "times_s": times.get(train["train"], [])} for train in trains],
        "excluded": activity.excluded.to_dict("records"),
        "spans": activity.spans.to_dict("records"),
    }


def _stacked(activities: tuple[SpontaneousActivity, ...], schema: Schema, *, identified: bool) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when tables are written

    parts = []
    for number, activity in enumerate(activities, start=1):
        table = getattr(activity, schema.name).copy()
        recording = activity.recording
        file = Path(recording.source_file).name if identified else ""
        place = (number, file, activity.muscle, recording.side, recording.site)
        for position, (column, value) in enumerate(zip(_PLACE, place, strict=True)):
            table.insert(position, column, value)
        if len(table):  # the columns of an empty table have no kind that could be joined
            parts.append(table)
    if not parts:
        return pd.DataFrame(columns=[*_PLACE, *schema.names])
    stacked: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return stacked
