"""A study on disk: one folder with ``study.toml``, the tables of findings, and the recordings.

The folder is a closed world: a key, a column, an id or a table that nobody knows is refused by name, because a misspelt
finding that is silently left out would change the answer.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emgkit.errors import EmgkitError, InputFileError, StudyError, TableError
from emgkit.files.atomic import atomic_folder, reading
from emgkit.files.study_recordings import read_recordings, write_recordings
from emgkit.files.table_text import read_table, unknown_key, write_table
from emgkit.files.toml_text import toml_text
from emgkit.knowledge.grading import find_scheme
from emgkit.model.findings import CONDUCTION, NEEDLE
from emgkit.model.recording import SIDES
from emgkit.model.study import Study, StudyEvent
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from emgkit.model.table import Schema


_TABLES = ("recordings.csv", "conduction.csv", "needle.csv")
_SECTIONS = ("history", "clinical", "imaging")
_KEYS = ("id", "age_years", "height_cm", "affected_side", "weeks_since_onset", "grading_scheme", "events", *_SECTIONS)
_EVENT_KEYS = ("what", "side", "weeks_ago")


def read_study(path: str | Path) -> Study:
    r"""Read a study folder.

    Parameters
    ----------
    path : str or Path
        The folder. ``study.toml`` is required, and one of ``recordings.csv``, ``conduction.csv`` and ``needle.csv``.

    Returns
    -------
    Study
        Muscles and nerve studies resolved to their ids. ``onset_weeks`` is ``weeks_since_onset`` of ``study.toml``.

    Raises
    ------
    InputFileError
        For a missing folder or file, or one that cannot be read.
    TableError
        For an unknown key, column, id or value, naming file, line and column.
    UnknownNameError
        For a muscle, nerve study or grading scheme that no table knows; offers the nearest.
    StudyError
        When the folder holds nothing to analyse.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.study import read_study
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = (Path(folder) / "study.toml").write_text('id = "case 1"\nweeks_since_onset = 6\n')
    ...     _ = (Path(folder) / "needle.csv").write_text("muscle,side,fibrillation\nGluteus maximus,left,2\n")
    ...     study = read_study(folder)
    >>> study.needle[["muscle", "side", "fibrillation"]]
                muscle  side  fibrillation
    0  gluteus_maximus  left             2
    """
    from emgkit.knowledge.anatomy import find_muscle, find_study  # noqa: PLC0415 - read with the first study

    folder = Path(path)
    with reading(folder):
        _check_folder(folder)
        facts = _read_facts(folder / "study.toml")
        scored = _resolved(folder / "needle.csv", NEEDLE, "muscle", find_muscle)
        measured = _resolved(folder / "conduction.csv", CONDUCTION, "study", find_study)
        recordings = read_recordings(folder) if (folder / "recordings.csv").exists() else ()
    if not (scored or measured or recordings):
        raise StudyError(_nothing_in(folder))
    needle = make_table(NEEDLE, [{"source": "examiner", **row} for row in scored])
    return Study(
        **facts,
        recordings=recordings,
        conduction=make_table(CONDUCTION, measured),
        needle=needle if (folder / "needle.csv").exists() else None,
    )


def write_study(path: str | Path, study: Study) -> None:
    """Write a study folder that ``read_study`` reads back with the same tables and the same samples, bit by bit.

    Recordings on a grid of steps are written as EDF or BDF, others as WAV with 64-bit floats. Their ``source_file`` and
    ``channel`` name the new files.

    Parameters
    ----------
    path : str or Path
        A folder that does not exist yet, or is empty. It appears as a whole or not at all.
    study : Study

    Raises
    ------
    InputFileError
        When the folder holds something, or cannot be written.
    UnknownNameError
        For a muscle or a finding that no table knows, which could not be read back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from emgkit.files.study import write_study
    >>> from emgkit.model.findings import CONDUCTION
    >>> from emgkit.model.recording import Recording
    >>> from emgkit.model.study import Study
    >>> from emgkit.model.table import make_table
    >>> soleus = Recording(np.array([0.1, 0.2] * 2000), 4000.0, muscle="soleus", side="left")
    >>> study = Study("case 1", conduction=make_table(CONDUCTION), recordings=(soleus,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_study(Path(folder) / "case-1", study)
    ...     sorted(file.name for file in (Path(folder) / "case-1").iterdir())
    ['01_left_soleus.edf', 'conduction.csv', 'recordings.csv', 'study.toml']
    """
    with atomic_folder(path) as folder:
        (folder / "study.toml").write_text(toml_text(_facts(study)), encoding="utf-8")
        write_recordings(folder, study.recordings)
        write_table(folder / "conduction.csv", study.conduction, keep=("study", "side", "result"))
        if study.needle is not None:
            write_table(
                folder / "needle.csv", study.needle, keep=("muscle", "side", "fibrillation", "positive_sharp_wave")
            )


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        msg = f"The study folder {folder} {found}; give the folder that holds study.toml."
        raise InputFileError(msg)
    if not (folder / "study.toml").is_file():
        msg = f'{folder} has no study.toml; write one with at least a line such as: id = "case 1".'
        raise InputFileError(msg)
    for file in sorted(folder.glob("*.csv")):
        meant = get_close_matches(file.name, _TABLES, n=1, cutoff=0.8)
        if file.name not in _TABLES and meant:
            msg = f"{folder} has a table {file.name}, which would be left out; did you mean {meant[0]}?"
            raise InputFileError(msg)
    if not any((folder / name).exists() for name in _TABLES):
        raise StudyError(_nothing_in(folder))


def _nothing_in(folder: Path) -> str:
    return f"{folder} holds nothing to analyse; at least one of {', '.join(_TABLES)} is required, with a row in it."


def _resolved(path: Path, schema: Schema, column: str, resolve: Callable[[str], str]) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    from emgkit.knowledge.names import finding_spellings  # noqa: PLC0415 - read with the first study

    rows, spellings = [], finding_spellings()[f"{schema.name}_column"]
    for line, row in read_table(path, schema, required=(column, "side"), spellings=spellings):
        try:
            rows.append({**row, column: resolve(row[column].strip())})
        except EmgkitError as error:
            msg = f"{path.name}, line {line}, column '{column}': {error}"
            raise type(error)(msg) from error
    return rows


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"study.toml cannot be read: {error}; it must be TOML text in UTF-8, with text in double quotes."
        raise InputFileError(msg) from error
    for key in content:
        if key not in _KEYS:
            raise unknown_key(key, _KEYS, place="study.toml", what="key")
    name = content.get("id", path.resolve().parent.name)
    if not isinstance(name, str):
        msg = f"study.toml: id is {name!r}; text in double quotes is required."
        raise TableError(msg)
    events = content.get("events", [])
    if not isinstance(events, list):
        msg = "study.toml: events is one table; write [[events]] with two brackets before each event."
        raise TableError(msg)
    return {
        "id": name,
        "age_years": _number(content, "age_years", "study.toml"),
        "height_cm": _number(content, "height_cm", "study.toml"),
        "affected_side": _side(content, "affected_side", "study.toml"),
        "onset_weeks": _number(content, "weeks_since_onset", "study.toml"),
        "grading_scheme": _scheme(content),
        "events": tuple(_event(event, f"study.toml, event {number}") for number, event in enumerate(events, start=1)),
        **{section: _section(content.get(section, {}), section) for section in _SECTIONS},
    }


def _event(event: Mapping[str, Any], place: str) -> StudyEvent:
    for key in event:
        if key not in _EVENT_KEYS:
            raise unknown_key(key, _EVENT_KEYS, place=place, what="key")
    weeks = _number(event, "weeks_ago", place)
    if weeks is None or not isinstance(event.get("what"), str) or not event["what"].strip():
        msg = f'{place} lacks what or weeks_ago; both are required, such as what = "injection" and weeks_ago = 6.'
        raise TableError(msg)
    return StudyEvent(event["what"], weeks, _side(event, "side", place))


def _number(content: Mapping[str, Any], key: str, place: str) -> float | None:
    value = content.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
        msg = (
            f"{place}: {key} is {value!r}; a number that is not negative is required, without quotes; leave the line "
            "out when it is unknown."
        )
        raise TableError(msg)
    return float(value)


def _side(content: Mapping[str, Any], key: str, place: str) -> Any:
    value = content.get(key)
    if value is not None and value not in SIDES:
        msg = f'{place}: {key} is {value!r}; "left" or "right" is required; leave the line out when unknown or both.'
        raise TableError(msg)
    return value


def _scheme(content: Mapping[str, Any]) -> str | None:
    value = content.get("grading_scheme")
    if value is None:
        return None
    try:
        return find_scheme(str(value))
    except EmgkitError as error:
        msg = f"study.toml: {error}"
        raise type(error)(msg) from error


def _section(values: object, section: Any) -> dict[str, object]:
    from emgkit.knowledge.clinical import check_findings  # noqa: PLC0415 - read with the first study

    if not isinstance(values, Mapping):
        msg = f"study.toml: {section} is {values!r}; a table [{section}] with one line for each finding is required."
        raise TableError(msg)
    try:
        return check_findings(values, kind=section)
    except EmgkitError as error:
        msg = f"study.toml, [{section}]: {error}"
        raise type(error)(msg) from error


def _facts(study: Study) -> dict[str, object]:
    single = {
        "id": study.id,
        "age_years": study.age_years,
        "height_cm": study.height_cm,
        "affected_side": study.affected_side,
        "weeks_since_onset": study.onset_weeks,
        "grading_scheme": find_scheme(study.grading_scheme) if study.grading_scheme else None,
    }
    events = [
        {"what": event.what, "weeks_ago": event.weeks_ago, **({"side": event.side} if event.side else {})}
        for event in study.events
    ]
    sections = {name: _section(getattr(study, name), name) for name in _SECTIONS}
    facts = {key: value for key, value in single.items() if value is not None}
    return {
        **facts,
        **({"events": events} if events else {}),
        **{name: values for name, values in sections.items() if values},
    }
