"""Findings as examiners write them, read into the needle and conduction tables."""

from __future__ import annotations

from difflib import get_close_matches
from math import isnan
from typing import TYPE_CHECKING, Any

from emgkit.errors import TableError
from emgkit.knowledge.anatomy import find_muscle, find_study
from emgkit.knowledge.names import finding_spellings, parts_in
from emgkit.knowledge.tables import normalized
from emgkit.model.findings import CONDUCTION, NEEDLE
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pandas as pd

    from emgkit.model.table import Schema

_NUMBERS = {column.name for schema in (NEEDLE, CONDUCTION) for column in schema.columns if column.kind == "number"}
_COUNTS = ("sites", "positive_sites")
_GRADES = ("fibrillation", "positive_sharp_wave")
_WORDS = ("motor_unit", "recruitment", "fasciculation", "insertional", "result", "side")


def read_needle_table(table: pd.DataFrame | Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Read scored needle findings as examiners write them.

    Parameters
    ----------
    table : pandas.DataFrame or iterable of mapping
        One row a muscle and side. ``muscle`` and ``side`` are required, any other column of the needle table may be
        left out. Usual spellings of columns, muscles, sides (``L``, ``R``) and grades (``2+``, ``++``) are understood.
        An empty cell is *not assessed*, never 0. A muscle may have several rows (its needle positions); a part such as
        ``gluteus maximus, upper`` is kept in the column ``parts``.

    Returns
    -------
    pandas.DataFrame
        Schema ``NEEDLE``, rows in their order.

    Raises
    ------
    TableError
        For an unknown column, side, grade (0-4) or word, naming the row.
    UnknownNameError
        For an unknown muscle, offering the nearest.

    Examples
    --------
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"Muscle": "Gluteus max.", "Side": "L", "Fibs": "2+"}, {"Muscle": "TA", "Side": "left", "Fibs": "0"}]
    >>> read_needle_table(rows)[["muscle", "side", "fibrillation"]]
                  muscle  side  fibrillation
    0    gluteus_maximus  left             2
    1  tibialis_anterior  left             0
    """
    return _read(table, NEEDLE, "needle_column", "muscle", _muscle)


def read_conduction_table(table: pd.DataFrame | Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Read results of nerve studies as examiners write them.

    Parameters
    ----------
    table : pandas.DataFrame or iterable of mapping
        One row a study and side. ``study`` and ``side`` are required; ``result`` is empty where the values have not
        been judged, and such a row says nothing about the site.

    Returns
    -------
    pandas.DataFrame
        Schema ``CONDUCTION``, rows in their order.

    Raises
    ------
    TableError
        For an unknown column, side, result or a value that is not a number, naming the row.
    UnknownNameError
        For an unknown study, offering the nearest.

    Examples
    --------
    >>> from emgkit.localization.tables import read_conduction_table
    >>> read_conduction_table([{"Nerve": "sural", "Side": "R", "Result": "Normal"}])[["study", "side", "result"]]
               study   side  result
    0  sural_sensory  right  normal
    """
    return _read(table, CONDUCTION, "conduction_column", "study", _study)


def _read(
    table: pd.DataFrame | Iterable[Mapping[str, object]],
    schema: Schema,
    columns: str,
    subject: str,
    find: Callable[[str, dict[str, Any]], str],
) -> pd.DataFrame:
    rows = table.to_dict("records") if hasattr(table, "to_dict") else [dict(row) for row in table]
    named = _column_names({str(key) for row in rows for key in row}, schema, columns, subject)
    read = []
    for number, row in enumerate(rows, start=1):
        place = f"Table '{schema.name}', row {number}"
        cells = {named[str(key)]: value for key, value in row.items() if not _is_empty(value)}
        if not cells:
            continue
        for required in (subject, "side"):
            if required not in cells:
                msg = f"{place}: no {required}; every row needs a {subject} and a side (left or right)."
                raise TableError(msg)
        record: dict[str, Any] = {name: _cell(name, value, place) for name, value in cells.items() if name != subject}
        record[subject] = find(str(cells[subject]), record)
        if "source" in schema.names:
            record.setdefault("source", "examiner")
        read.append(record)
    return make_table(schema, read)


def _column_names(columns: set[str], schema: Schema, field: str, subject: str) -> dict[str, str]:
    known = finding_spellings()[field]
    named = {}
    for column in sorted(columns):
        if normalized(column) not in known:
            nearest = get_close_matches(normalized(column), known, n=1)
            offer = f"did you mean {known[nearest[0]]}?" if nearest else f"the columns are {', '.join(schema.names)}."
            msg = f"Table '{schema.name}' has no column {column!r}; {offer}"
            raise TableError(msg)
        named[column] = known[normalized(column)]
    twice = sorted(name for name in set(named.values()) if list(named.values()).count(name) > 1)
    if twice:
        both = " and ".join(repr(column) for column in named if named[column] == twice[0])
        msg = f"Table '{schema.name}': {both} both mean {twice[0]}; keep one of them."
        raise TableError(msg)
    missing = [name for name in (subject, "side") if columns and name not in named.values()]
    if missing:
        msg = f"Table '{schema.name}' lacks the column {missing[0]}; every row needs a {subject} and a side."
        raise TableError(msg)
    return named


def _cell(name: str, value: object, place: str) -> object:
    if name in _GRADES:
        return _grade(name, value, place)
    if name in _WORDS:
        return _word(name, str(value), place)
    if name in _NUMBERS or name in _COUNTS:
        return _number(name, value, place)
    if name == "parts":
        return _parts(str(value), place)
    return str(value).strip()


def _grade(name: str, value: object, place: str) -> int | None:
    text = "".join(str(value).casefold().split()).removesuffix(".0")
    known = finding_spellings()["grade"]
    if text not in known:
        msg = f"{place}, column {name}: {value!r} is not a grade; write 0 to 4, or leave it empty if not assessed."
        raise TableError(msg)
    return int(known[text]) if known[text] else None


def _word(name: str, value: str, place: str) -> str:
    known = finding_spellings()[name]
    key = normalized(value.removesuffix(".0"))
    if key not in known:
        words = ", ".join(dict.fromkeys(word for word in known.values() if word))
        msg = f"{place}, column {name}: {value!r} is not one of {words}; leave it empty if not assessed."
        raise TableError(msg)
    return known[key]


def _parts(value: str, place: str) -> str:
    parts = parts_in(value)
    if len(parts) < len(normalized(value).split()):
        words = ", ".join(finding_spellings()["part"])
        msg = f"{place}, column parts: {value!r} is not made of {words}; write such as 'upper;lower' or leave it empty."
        raise TableError(msg)
    return ";".join(parts)


def _number(name: str, value: object, place: str) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        msg = f"{place}, column {name}: {value!r} is not a number; write a number or leave it empty."
        raise TableError(msg) from error
    if name in _COUNTS and (number < 0 or number != int(number)):
        msg = f"{place}, column {name}: {value!r} is not a count; write a whole number or leave it empty."
        raise TableError(msg)
    return number


def _muscle(name: str, record: dict[str, Any]) -> str:
    words = normalized(name).split()
    parts = parts_in(" ".join(words[1:]))
    plain = " ".join(word for word in words if word not in finding_spellings()["part"])
    if len(parts) == 1 and plain and plain != " ".join(words) and not _is_muscle(name):
        record.setdefault("parts", parts[0])
        return find_muscle(plain)
    return find_muscle(name)


def _is_muscle(name: str) -> bool:
    try:
        find_muscle(name)
    except ValueError:
        return False
    return True


def _study(name: str, _record: dict[str, Any]) -> str:
    return find_study(name)


def _is_empty(value: object) -> bool:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when the first table is read

    if isinstance(value, str):
        return not value.strip()
    return value is None or value is pd.NA or (isinstance(value, float) and isnan(value))
