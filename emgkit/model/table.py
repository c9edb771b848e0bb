"""How a table says what its columns are, and how that is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from emgkit.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

Kind = Literal["text", "number", "integer", "grade", "flag"]
_DTYPES: dict[Kind, str] = {"text": "str", "number": "float64", "integer": "int64", "grade": "Int64", "flag": "bool"}


@dataclass(frozen=True)
class Column:
    """One declared column: its name, kind, unit and meaning.

    ``grade`` is a whole number that may be missing, which means *not assessed* and never 0.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    allowed: tuple[object, ...] = ()


@dataclass(frozen=True)
class Schema:
    """A table by name, with its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in their declared order."""
        return [column.name for column in self.columns]


def make_table(schema: Schema, rows: Iterable[Mapping[str, Any]] | Mapping[str, Any] = ()) -> pd.DataFrame:
    """Build a checked table from rows, or from columns; what a row leaves out is missing.

    Parameters
    ----------
    schema : Schema
    rows : iterable of mapping, or mapping
        One mapping from column name to value for each row, or one from column name to an array.

    Returns
    -------
    pandas.DataFrame
        The columns of the schema in their order, with their dtypes.

    Raises
    ------
    TableError
        For a column that the schema does not have, a value of another kind, or one that is not allowed.

    Examples
    --------
    >>> from emgkit.model.table import Column, Schema, make_table
    >>> schema = Schema("pulses", (Column("time_s", "number", "s", "when"), Column("train", "integer", "", "which")))
    >>> make_table(schema, [{"time_s": 0.5, "train": 1}])
       time_s  train
    0     0.5      1
    """
    columns: dict[str, Any] = dict(rows) if isinstance(rows, Mapping) else _columns(list(rows), schema)
    unknown = [str(name) for name in columns if name not in schema.names]
    if unknown:
        msg = f"Table '{schema.name}' has no column {', '.join(unknown)}; its columns are {', '.join(schema.names)}."
        raise TableError(msg)
    size = len(next(iter(columns.values()), ()))
    return _built({name: columns[name] if name in columns else [None] * size for name in schema.names}, schema)


def check_table(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return the table with the declared columns and dtypes, or say what is wrong with it.

    Parameters
    ----------
    frame : pandas.DataFrame
    schema : Schema

    Raises
    ------
    TableError
        Naming the table, the column, the row and the value that broke the declaration.

    Examples
    --------
    >>> import pandas as pd
    >>> from emgkit.model.table import Column, Schema, check_table
    >>> schema = Schema("pulses", (Column("time_s", "number", "s", "when"), Column("train", "integer", "", "which")))
    >>> check_table(pd.DataFrame({"train": [1.0], "time_s": [2]}), schema)
       time_s  train
    0     2.0      1
    """
    missing = [name for name in schema.names if name not in frame.columns]
    if missing:
        msg = f"Table '{schema.name}' lacks the column {', '.join(missing)}."
        raise TableError(msg)
    frame = frame.reset_index(drop=True)
    return _built({name: frame[name] for name in schema.names}, schema)


def table_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as mappings, sooner than pandas would.

    Examples
    --------
    >>> import pandas as pd
    >>> from emgkit.model.table import table_rows
    >>> table_rows(pd.DataFrame({"train": [1, 2], "label": ["a", "b"]}))
    [{'train': 1, 'label': 'a'}, {'train': 2, 'label': 'b'}]
    """
    names = [str(name) for name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(table[name].tolist() for name in names), strict=True)]


def _columns(rows: list[Mapping[str, Any]], schema: Schema) -> dict[str, list[Any]]:
    names = dict.fromkeys([*schema.names, *(name for row in rows for name in row)])
    return {name: [row.get(name) for row in rows] for name in names}


def _built(columns: Mapping[str, Any], schema: Schema) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when the first table is made

    typed = {}
    for column in schema.columns:
        values = _plain(columns[column.name], column.kind)
        if values is None:
            values = _strict(pd.Series(columns[column.name], copy=False), column, schema.name)  # as long as a recording
        _check_allowed(values, column, schema.name)
        typed[column.name] = values
    return pd.DataFrame(typed, copy=False)  # sooner than one column after the other is put in


def _plain(values: Any, kind: Kind) -> Any:
    """Return a list of values that are what they should be as an array, sooner than pandas would; else None."""
    import pandas as pd  # noqa: PLC0415 - as above

    if not isinstance(values, list):
        return None
    kinds = set(map(type, values))
    if kind == "text" and kinds <= {str, type(None)}:
        return pd.array([value or "" for value in values], dtype="str")
    if kind == "number" and kinds <= {float, int, type(None)}:
        return np.array([np.nan if value is None else value for value in values], dtype=float)
    if kind == "grade" and kinds <= {int, type(None)}:
        missing = np.array([value is None for value in values], dtype=bool)
        return pd.arrays.IntegerArray(np.array([value or 0 for value in values], dtype=np.int64), missing)
    return None


def _strict(values: pd.Series[Any], column: Column, table: str) -> pd.Series[Any]:
    if values.dtype == _DTYPES[column.kind] and (column.kind != "text" or not values.hasnans):
        return values  # a long table is not turned over for nothing
    if column.kind == "text":
        return values.astype(object).where(values.notna(), "").astype(str)
    if column.kind in {"integer", "flag"} and values.isna().any():
        msg = f"Table '{table}', column {column.name}, row {int(values.isna().argmax()) + 1}: a value is required."
        raise TableError(msg)
    try:
        # Through the nullable kinds: a plain cast would cut 1.5 to 1 and take any text for True.
        strict = {"integer": "Int64", "flag": "boolean"}.get(column.kind)
        values = values if strict is None else values.astype(strict)  # type: ignore[call-overload]
        return values.astype(_DTYPES[column.kind])  # type: ignore[call-overload, no-any-return]
    except (TypeError, ValueError) as error:
        msg = f"Table '{table}', column {column.name}: {error}; every value must be of kind {column.kind}."
        raise TableError(msg) from error


def _check_allowed(values: Any, column: Column, table: str) -> None:
    import pandas as pd  # noqa: PLC0415 - as above

    if not column.allowed or not set(pd.unique(values)) - {*column.allowed, pd.NA}:
        return
    known = {*column.allowed, pd.NA}
    row, wrong = next((row, value) for row, value in enumerate(values.tolist()) if value not in known)
    allowed = ", ".join(repr(value) for value in column.allowed)
    msg = f"Table '{table}', column {column.name}, row {row + 1}: {wrong!r} is not one of {allowed}."
    raise TableError(msg)
