"""Results for other programs: CSV tables and ``localization.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgkit.errors import InputFileError
from emgkit.files.atomic import atomic_file
from emgkit.model.activity import EVENTS, TRAINS

if TYPE_CHECKING:
    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization
    from emgkit.model.table import Schema

SCHEMA_ID = "emgkit/localization/1"
_PLACE = ("recording", "file", "muscle", "side", "site")  # recording counts those that were analysed


def write_results(folder: str | Path, *, findings: StudyFindings, answer: Localization) -> list[Path]:
    """Write ``needle.csv``, ``conduction.csv``, ``trains.csv``, ``events.csv`` and ``localization.json``.

    Each file replaces an older one only when it is complete. The JSON follows ``localization.schema.json`` beside this
    module.

    Parameters
    ----------
    folder : path
        Made when it does not exist.
    findings : StudyFindings
    answer : Localization

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputFileError
        When the folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile, emgkit
    >>> study, truth = emgkit.simulate_study("none", duration_s=5.0, muscles=["gluteus_maximus"], rng=1)
    >>> findings = emgkit.analyze_study(study)
    >>> answer = emgkit.localize_study(study, findings)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in emgkit.write_results(folder, findings=findings, answer=answer)]
    ['needle.csv', 'conduction.csv', 'trains.csv', 'events.csv', 'localization.json']
    """
    folder = make_folder(folder)
    tables = {
        "needle.csv": findings.needle,
        "conduction.csv": findings.conduction,
        "trains.csv": _stacked(findings.activities, TRAINS),
        "events.csv": _stacked(findings.activities, EVENTS),
    }
    texts = {name: table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()}
    texts["localization.json"] = json.dumps(localization_document(answer), indent=2, ensure_ascii=False) + "\n"
    for name, text in texts.items():
        with atomic_file(folder / name) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def make_folder(folder: str | Path) -> Path:
    """Return the folder for results, made when it did not exist.

    Raises
    ------
    InputFileError
        When a file is in its place, it cannot be made, or it is a study folder, whose tables have the same names.

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


def _stacked(activities: tuple[SpontaneousActivity, ...], schema: Schema) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when tables are written

    parts = []
    for number, activity in enumerate(activities, start=1):
        table = getattr(activity, schema.name).copy()
        recording = activity.recording
        place = (number, Path(recording.source_file).name, activity.muscle, recording.side, recording.site)
        for position, (column, value) in enumerate(zip(_PLACE, place, strict=True)):
            table.insert(position, column, value)
        if len(table):  # the columns of an empty table have no kind that could be joined
            parts.append(table)
    if not parts:
        return pd.DataFrame(columns=[*_PLACE, *schema.names])
    stacked: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return stacked
