"""Typed readers of the CSV tables in this folder.

Every table opens with a comment line that says what it is, then a header. A row becomes a frozen record: the record's
fields are the table's columns, their types say how a cell is read. Nothing is read at import.
"""

from __future__ import annotations

import csv
import io
import tomllib
import types
import typing
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from emgkit.errors import TableError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Basis = Literal["measured", "consensus", "assumed"]
Record = TypeVar("Record")


@dataclass(frozen=True)
class Source:
    """One citation of ``sources.toml``.

    ``status`` says what was read: ``read`` (the source itself or its abstract), ``recalled`` (cited from knowledge,
    not checked) or ``project`` (a proposal of this project).
    """

    key: str
    citation: str
    status: Literal["read", "recalled", "project"]
    url: str = ""


@dataclass(frozen=True)
class Criterion:
    """One threshold of a criteria table."""

    key: str
    value: float
    unit: str
    meaning: str
    source: str
    basis: Basis


@cache
def read_sources() -> Mapping[str, Source]:
    """Return every citation by key.

    Examples
    --------
    >>> from emgkit.knowledge.tables import read_sources
    >>> "2003" in read_sources()["tsao_2003"].citation
    True
    """
    text = (files("emgkit.knowledge") / "sources.toml").read_text(encoding="utf-8")
    return MappingProxyType({key: Source(key, **entry) for key, entry in tomllib.loads(text).items()})


def read_rows(name: str, record: type[Record]) -> tuple[Record, ...]:
    """Read a table of this folder into records.

    Parameters
    ----------
    name : str
        File name, such as ``"labels.csv"``.
    record : dataclass type
        Its fields are the table's columns. ``str``, ``float``, ``int``, ``bool``, ``Literal``, ``tuple[str, ...]``
        (cells joined by ``;``), ``Mapping[str, float]`` (``a=1;b=0.5``) and ``... | None`` (an empty cell) are read.

    Raises
    ------
    TableError
        Naming file, line and column of what does not fit.

    Examples
    --------
    >>> from emgkit.knowledge.tables import Criterion, read_rows
    >>> read_rows("grading_criteria.csv", Criterion)[0].key
    'least_site_s'
    """
    return parse_rows((files("emgkit.knowledge") / name).read_text(encoding="utf-8"), record, name=name)


def parse_rows(text: str, record: type[Record], *, name: str) -> tuple[Record, ...]:
    r"""Read the text of a table into records; see ``read_rows``.

    Examples
    --------
    >>> from emgkit.knowledge.tables import Criterion, parse_rows
    >>> text = "key,value,unit,meaning,source,basis\nleast_s,5,s,shortest recording,emgkit,assumed\n"
    >>> parse_rows(text, Criterion, name="mine.csv")[0].value
    5.0
    """
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(io.StringIO("\n".join(lines[first:])))
    header = next(reader, [])
    expected = [field.name for field in fields(record)]  # type: ignore[arg-type]
    for column in [*header, *expected]:
        if column not in expected or column not in header:
            fault = "missing" if column in expected else "unknown"
            msg = f"{name}, line {first + 1}: column '{column}' is {fault}; the columns are {', '.join(expected)}."
            raise TableError(msg)
    hints = typing.get_type_hints(record)
    return tuple(
        _read_record(dict(zip(header, cells, strict=True)), record, hints, f"{name}, line {first + reader.line_num}")
        for cells in reader
        if _is_row(cells, header, f"{name}, line {first + reader.line_num}")
    )


def _is_row(cells: list[str], header: list[str], place: str) -> bool:
    if not cells:
        return False
    if len(cells) != len(header):
        msg = f"{place}: {len(cells)} cells where the header has {len(header)} columns."
        raise TableError(msg)
    return True


def _read_record(cells: dict[str, str], record: type[Record], hints: dict[str, Any], place: str) -> Record:
    values = {}
    for column, cell in cells.items():
        try:
            values[column] = _read_cell(cell.strip(), hints[column])
        except ValueError as error:
            msg = f"{place}, column '{column}': {cell!r} cannot be read as {hints[column]}: {error}."
            raise TableError(msg) from error
    return record(**values)


def _read_cell(cell: str, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in {types.UnionType, typing.Union}:
        inner = next(part for part in typing.get_args(hint) if part is not types.NoneType)
        return None if not cell else _read_cell(cell, inner)
    if origin is Literal:
        if cell not in typing.get_args(hint):
            msg = f"must be one of {', '.join(map(str, typing.get_args(hint)))}"
            raise ValueError(msg)
        return cell
    if origin is tuple:
        return tuple(part.strip() for part in cell.split(";") if part.strip())
    if origin is not None:
        pairs = (part.split("=") for part in cell.split(";") if part.strip())
        return MappingProxyType({key.strip(): float(value) for key, value in pairs})
    if hint is bool:
        return {"yes": True, "no": False}[cell] if cell in {"yes", "no"} else _refuse("must be yes or no")
    return hint(cell)


def _refuse(reason: str) -> typing.NoReturn:
    raise ValueError(reason)


@cache
def read_criteria(name: str) -> Mapping[str, Criterion]:
    """Return a criteria table by key.

    Parameters
    ----------
    name : str
        File name without suffix, such as ``"detection_criteria"``.

    Examples
    --------
    >>> from emgkit.knowledge.tables import read_criteria
    >>> read_criteria("grading_criteria")["persistent_span_s"].source
    'statpearls_spontaneous'
    """
    return MappingProxyType({row.key: row for row in read_rows(f"{name}.csv", Criterion)})


@cache
def criteria_values(name: str) -> Mapping[str, float]:
    """Return the values of a criteria table by key.

    Examples
    --------
    >>> from emgkit.knowledge.tables import criteria_values
    >>> criteria_values("grading_criteria")["persistent_span_s"]
    3.0
    """
    return MappingProxyType({key: row.value for key, row in read_criteria(name).items()})


def normalized(name: str) -> str:
    """Return a name without case, punctuation and spacing, for comparison of spellings.

    Examples
    --------
    >>> from emgkit.knowledge.tables import normalized
    >>> normalized("Gluteus Max.") == normalized("gluteus_max")
    True
    """
    words = "".join(char if char.isalnum() else " " for char in name.casefold()).split()
    return " ".join(words)


def resolve(name: str, spellings: Mapping[str, str], *, what: str) -> str:
    """Return the id that a spelling stands for.

    Parameters
    ----------
    name : str
        What the user wrote.
    spellings : mapping of normalized spelling to id
    what : str
        Kind of thing, for the error message, such as ``"muscle"``.

    Raises
    ------
    UnknownNameError
        Offering the nearest known spellings.

    Examples
    --------
    >>> from emgkit.knowledge.tables import resolve
    >>> resolve("Sol.", {"sol": "soleus", "soleus": "soleus"}, what="muscle")
    'soleus'
    """
    key = normalized(name)
    if key in spellings:
        return spellings[key]
    nearest: Iterable[str] = dict.fromkeys(
        spellings[close] for close in get_close_matches(key, spellings, n=5, cutoff=0.6)
    )
    offer = ", ".join(list(nearest)[:3])
    hint = f"did you mean {offer}?" if offer else f"known are {', '.join(sorted(set(spellings.values())))}."
    msg = f"Unknown {what} {name!r}; {hint}"
    raise UnknownNameError(msg)
