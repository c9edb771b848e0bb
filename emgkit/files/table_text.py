"""Tables as CSV text, held to their schema: every refusal names file, line and column."""

from __future__ import annotations

import csv
import io
import math
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from emgkit.errors import TableError
from emgkit.knowledge.tables import normalized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from emgkit.model.table import Column, Schema

NumberedRow: TypeAlias = "tuple[int, dict[str, Any]]"


def read_table(
    path: Path, schema: Schema, *, required: Sequence[str], spellings: Mapping[str, str] = MappingProxyType({})
) -> list[NumberedRow]:
    r"""Return the rows of a CSV file with their line numbers; an empty cell is no key of its row.

    Parameters
    ----------
    path : Path
        UTF-8, commas, a header row. Lines before the header that begin with ``#`` are remarks.
    schema : Schema
        No other columns are allowed.
    required : sequence of str
        Columns in which every row must say something.
    spellings : mapping of str to str
        Other names of columns, without case and punctuation, and the column each stands for.

    Raises
    ------
    TableError
        Naming file, line and column.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.table_text import read_table
    >>> from emgkit.model.findings import NEEDLE
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "needle.csv"
    ...     _ = path.write_text("muscle,side,fibrillation\nsoleus,left,2\nTA,left,\n")
    ...     read_table(path, NEEDLE, required=("muscle", "side"))
    [(2, {'muscle': 'soleus', 'side': 'left', 'fibrillation': 2}), (3, {'muscle': 'TA', 'side': 'left'})]
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path.name} is not UTF-8 text ({error.reason} at byte {error.start}); save it as CSV in UTF-8."
        raise TableError(msg) from error
    lines = (text if "\n" in text else text.replace("\r", "\n")).splitlines(keepends=True)
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    reader = csv.reader(io.StringIO("".join(lines[first:]), newline=""), strict=True)
    try:
        written = [cell.strip() for cell in next(reader, [])]
        header = [name if name in schema.names else spellings.get(normalized(name), name) for name in written]
        _check_header(header, schema, required, f"{path.name}, line {first + 1}")
        rows, line = [], first + reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((line, _row(cells, header, schema, required, f"{path.name}, line {line}")))
            line = first + reader.line_num + 1
    except csv.Error as error:
        msg = f"{path.name}, line {first + reader.line_num}: {error}; close every quote and separate with commas."
        raise TableError(msg) from error
    return rows


def write_table(path: Path, frame: pd.DataFrame, *, keep: Sequence[str]) -> None:
    """Write a table as CSV that reads back as the same values; columns that say nothing are left out unless kept.

    Parameters
    ----------
    path : Path
    frame : pandas.DataFrame
    keep : sequence of str
        Columns written even when they are empty throughout.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.table_text import write_table
    >>> from emgkit.model.findings import NEEDLE
    >>> from emgkit.model.table import make_table
    >>> table = make_table(NEEDLE, [{"muscle": "soleus", "side": "left", "source": "examiner"}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(Path(folder) / "needle.csv", table, keep=("fibrillation",))
    ...     (Path(folder) / "needle.csv").read_text().splitlines()
    ['muscle,side,fibrillation,source', 'soleus,left,,examiner']
    """
    cells = {str(name): [_cell(value) for value in frame[name].tolist()] for name in frame.columns}
    names = [name for name, column in cells.items() if name in keep or any(column)]
    rows = zip(*(cells[name] for name in names), strict=True)
    text = "".join(f"{','.join(map(_quoted, row))}\n" for row in [tuple(names), *rows])
    path.write_bytes(text.encode("utf-8"))


def _check_header(header: list[str], schema: Schema, required: Sequence[str], place: str) -> None:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        msg = f"{place}: the columns are not separated by commas; save the table as CSV with commas."
        raise TableError(msg)
    for name in header:
        if name not in schema.names:
            nearest = get_close_matches(name, schema.names, n=1)
            offer = f"did you mean '{nearest[0]}'?" if nearest else f"the columns are {', '.join(schema.names)}."
            msg = f"{place}: unknown column '{name}'; {offer}"
            raise TableError(msg)
        if header.count(name) > 1:
            msg = f"{place}: column '{name}' stands there {header.count(name)} times; each column once is required."
            raise TableError(msg)
    for name in required:
        if name not in header:
            msg = f"{place}: column '{name}' is missing; required are {', '.join(required)}."
            raise TableError(msg)


def _row(cells: list[str], header: list[str], schema: Schema, required: Sequence[str], place: str) -> dict[str, Any]:
    if len(cells) != len(header):
        msg = (
            f"{place}: {len(cells)} cells where the header has {len(header)} columns; put text with a comma in double "
            "quotes."
        )
        raise TableError(msg)
    texts = dict(zip(header, cells, strict=True))
    for name in required:
        if not texts[name].strip():
            msg = f"{place}, column '{name}' is empty; a value is required."
            raise TableError(msg)
    columns = {column.name: column for column in schema.columns}
    return {name: _typed(text, columns[name], place) for name, text in texts.items() if text.strip()}


def _typed(text: str, column: Column, place: str) -> object:
    value: object = text.strip() if column.allowed else text
    if column.kind != "text":
        value = _number(text, whole=column.kind != "number")
    if value is None:
        wanted = "a number with a decimal point" if column.kind == "number" else "a whole number such as 2"
        msg = f"{place}, column '{column.name}': {text!r} is not {wanted}; leave it empty where it was not assessed."
        raise TableError(msg)
    if column.allowed and value not in column.allowed:
        allowed = ", ".join(str(choice) for choice in column.allowed if choice != "")
        msg = f"{place}, column '{column.name}': {text!r} is not one of {allowed}."
        raise TableError(msg)
    return value


def _number(text: str, *, whole: bool) -> float | int | None:
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _cell(value: Any) -> str:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when the first table is made

    if pd.isna(value):
        return ""
    return repr(value) if isinstance(value, float) else str(value)


def _quoted(cell: str) -> str:
    return f'"{cell.replace(chr(34), chr(34) * 2)}"' if any(mark in cell for mark in ',"\r\n') else cell


def unknown_key(name: str, known: Mapping[str, object] | Sequence[str], *, place: str, what: str) -> TableError:
    """Return the error for a name that is not among the known ones, offering the nearest.

    Examples
    --------
    >>> from emgkit.files.table_text import unknown_key
    >>> print(unknown_key("age_year", ["age_years", "height_cm"], place="study.toml", what="key"))
    study.toml: unknown key 'age_year'; did you mean 'age_years'?
    """
    nearest = get_close_matches(name, list(known), n=3)
    offer = (
        f"did you mean {' or '.join(repr(each) for each in nearest)}?" if nearest else f"known are {', '.join(known)}."
    )
    return TableError(f"{place}: unknown {what} {name!r}; {offer}")
