"""What may be said about a patient besides the recordings: clinical, imaging and history findings, as closed ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from emgkit.errors import StudyError
from emgkit.knowledge.anatomy import find_muscle, find_nerve, nerves
from emgkit.knowledge.tables import Basis, normalized, read_rows, resolve

FindingKind = Literal["clinical", "imaging", "history"]


@dataclass(frozen=True)
class ClinicalFinding:
    """One finding that a study may carry; ``scale`` says which values it takes."""

    finding: str
    kind: FindingKind
    name: str
    aliases: tuple[str, ...]
    scale: str
    sided: bool
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class ScaleValue:
    """One value of a scale and how it may be spelled."""

    scale: str
    value: str
    spellings: tuple[str, ...]
    source: tuple[str, ...]
    basis: Basis


@cache
def clinical_findings() -> Mapping[str, ClinicalFinding]:
    """Return every clinical, imaging and history finding by id.

    Examples
    --------
    >>> from emgkit.knowledge.clinical import clinical_findings
    >>> clinical_findings()["ankle_jerk"].scale
    'reflex'
    """
    return MappingProxyType({row.finding: row for row in read_rows("clinical_findings.csv", ClinicalFinding)})


@cache
def scale_values(scale: str) -> tuple[str, ...]:
    """Return the values of a scale, the one that says nothing is there first; empty for lists of ids.

    Examples
    --------
    >>> from emgkit.knowledge.clinical import scale_values
    >>> scale_values("reflex")
    ('normal', 'reduced', 'absent')
    """
    return tuple(row.value for row in read_rows("clinical_scales.csv", ScaleValue) if row.scale == scale)


def findings_in_words(words: Iterable[str], *, kind: FindingKind) -> dict[str, object]:
    """Read findings written as ``name``, ``name=value`` or ``name=value@side``, as on a command line.

    Parameters
    ----------
    words : iterable of str
        A name alone means that the finding is there. A list of muscles, nerves or roots is separated by commas. The
        same finding on both sides is two words.
    kind : {"clinical", "imaging", "history"}

    Returns
    -------
    dict
        As from ``check_findings``.

    Raises
    ------
    UnknownNameError
        For an id, muscle, nerve or root that no table has; offers the nearest.
    StudyError
        For a value that the finding does not take, a side that is none, or a finding that is given twice.

    Examples
    --------
    >>> from emgkit.knowledge.clinical import findings_in_words
    >>> findings_in_words(["hip extension=4@left", "back pain", "trendelenburg=no"], kind="clinical")
    {'hip_extension_power': {'left': 'weak'}, 'back_pain': True, 'trendelenburg': False}
    >>> findings_in_words(["spine surgery=L4,L5"], kind="history")
    {'spine_surgery': ('root_L4', 'root_L5')}
    """
    found: dict[str, object] = {}
    for word in words:
        text, at, side = word.rpartition("@") if "@" in word else (word, "", "")
        name, equals, value = text.partition("=")
        finding = resolve(name, _finding_spellings(kind), what=f"{kind} finding")
        meant: object = _in_words(value.strip()) if equals else True
        before = found.get(finding, {} if at else None)
        if before is not None and (not isinstance(before, dict) or not at or side.strip() in before):
            msg = f"{finding} is given twice; keep one of them, or say the side of each, as in {finding}=...@left."
            raise StudyError(msg)
        found[finding] = {**before, side.strip(): meant} if isinstance(before, dict) else meant
    return check_findings(found, kind=kind)


def complete_findings(begun: str, *, kind: FindingKind) -> list[str]:
    """Return the ids that a word begun on a command line may become, or after ``=`` the values of its scale.

    Examples
    --------
    >>> from emgkit.knowledge.clinical import complete_findings
    >>> complete_findings("hip_e", kind="clinical"), complete_findings("ankle_jerk=", kind="clinical")
    (['hip_extension_power'], ['ankle_jerk=normal', 'ankle_jerk=reduced', 'ankle_jerk=absent'])
    """
    name, equals, _ = begun.partition("=")
    rows = [row for row in clinical_findings().values() if row.kind == kind]
    if equals:
        words = [f"{row.finding}={value}" for row in rows if row.finding == name for value in scale_values(row.scale)]
    else:
        words = [row.finding for row in rows]
    return [word for word in words if word.startswith(begun)]


def _in_words(value: str) -> object:
    if value.casefold() in {"yes", "no"}:
        return value.casefold() == "yes"
    return [part.strip() for part in value.split(",")] if "," in value else value


def check_findings(found: Mapping[str, object], *, kind: FindingKind) -> dict[str, object]:
    """Return findings with their ids and values as the tables spell them, or say what is wrong.

    Parameters
    ----------
    found : mapping of finding to value
        Usual spellings are accepted. A finding that belongs to a side may be a mapping from ``left`` and ``right`` to
        values; a plain value is that of the affected side.
    kind : {"clinical", "imaging", "history"}

    Returns
    -------
    dict
        By id. ``bool`` for flags, a value of the scale, or a tuple of ids for lists (``True`` when no detail is known).

    Raises
    ------
    UnknownNameError
        For an id, muscle, nerve or root that no table has; offers the nearest.
    StudyError
        For a value that the finding does not take, or a finding that is given twice.

    Examples
    --------
    >>> from emgkit.knowledge.clinical import check_findings
    >>> check_findings({"hip extension": 4, "Trendelenburg": False}, kind="clinical")
    {'hip_extension_power': 'weak', 'trendelenburg': False}
    >>> check_findings({"spine_surgery": ["L4", "L5"], "injection": "gluteus max"}, kind="history")
    {'spine_surgery': ('root_L4', 'root_L5'), 'injection': ('gluteus_maximus',)}
    """
    checked: dict[str, object] = {}
    for name, value in found.items():
        row = clinical_findings()[resolve(name, _finding_spellings(kind), what=f"{kind} finding")]
        if row.finding in checked:
            msg = f"{row.finding} is given twice; keep one of the lines."
            raise StudyError(msg)
        checked[row.finding] = _sided(value, row) if isinstance(value, Mapping) else _checked(value, row)
    return checked


def _sided(value: Mapping[object, object], row: ClinicalFinding) -> dict[object, object]:
    if not row.sided or not set(value) <= {"left", "right"}:
        sides = "the sides 'left' and 'right'" if row.sided else "one value, because it has no side"
        msg = f"{row.finding} is {dict(value)!r}; it takes {sides}."
        raise StudyError(msg)
    return {side: _checked(part, row) for side, part in value.items()}


def _checked(value: object, row: ClinicalFinding) -> object:
    if row.scale in _FINDERS:
        return _listed(value, row)
    spelled = (
        ("yes" if value else "no")
        if isinstance(value, bool)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
    values = _value_spellings(row.scale)
    if _plain(spelled) not in values:
        allowed = ", ".join(scale_values(row.scale))
        msg = f"{row.finding} is {value!r}; it takes one of {allowed}."
        raise StudyError(msg)
    chosen = values[_plain(spelled)]
    return chosen == "yes" if row.scale == "flag" else chosen


def _listed(value: object, row: ClinicalFinding) -> object:
    if isinstance(value, bool):
        return value or ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        msg = f"{row.finding} is {value!r}; it takes true, false, or a list of {row.scale}."
        raise StudyError(msg)
    return tuple(dict.fromkeys(_FINDERS[row.scale](name) for name in names))


def _plain(spelling: str) -> str:
    return spelling.casefold().replace(" ", "").replace("_", "").replace("-", "" if spelling[:1].isalpha() else "-")


@cache
def _finding_spellings(kind: FindingKind) -> Mapping[str, str]:
    return {
        normalized(spelling): row.finding
        for row in clinical_findings().values()
        if row.kind == kind
        for spelling in (*row.aliases, row.name, row.finding)
    }


@cache
def _value_spellings(scale: str) -> Mapping[str, str]:
    rows = [row for row in read_rows("clinical_scales.csv", ScaleValue) if row.scale == scale]
    return {_plain(spelling): row.value for row in rows for spelling in (*row.spellings, row.value)}


@cache
def _root_spellings() -> Mapping[str, str]:
    roots = [row for row in nerves().values() if row.kind == "root"]
    return {
        normalized(text): row.nerve for row in roots for text in (row.nerve, row.name, row.nerve.removeprefix("root_"))
    }


def _find_root(name: str) -> str:
    return resolve(name, _root_spellings(), what="root")


_FINDERS = MappingProxyType({"muscles": find_muscle, "nerves": find_nerve, "roots": _find_root})
