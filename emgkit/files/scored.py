"""Scored findings from a spreadsheet: text cells, as the examiner wrote them."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from emgkit.errors import InputFileError, TableError
from emgkit.files.atomic import reading

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",;\t"


def read_scored(path: str | Path) -> pd.DataFrame:
    r"""Read a CSV of scored findings without interpreting it; ``localize`` understands the spellings.

    Parameters
    ----------
    path : path
        Comma, semicolon or tab separated, with a header row. Lines before the header that begin with ``#`` are remarks.

    Returns
    -------
    pandas.DataFrame
        Text cells; an empty cell is an empty text.

    Raises
    ------
    InputFileError
        When the file is missing or no text.
    TableError
        When it has no header or no row, a column twice, or a row of another length.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from emgkit.files.scored import read_scored
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "needle.csv"
    ...     _ = path.write_text("muscle;side;fibs\nTA;L;2+\n")
    ...     read_scored(path).to_dict("records")
    [{'muscle': 'TA', 'side': 'L', 'fibs': '2+'}]
    """
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when a table is read

    path = Path(path)
    if not path.is_file():
        met = f"{str(path)!r} is a folder" if path.is_dir() else f"There is no file {str(path)!r}"
        msg = f"{met}; give a CSV with a header row and one finding a row."
        raise InputFileError(msg)
    try:
        with reading(path):
            header, rows = _split(path.read_text(encoding="utf-8-sig"))
    except (csv.Error, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as a table ({error}); save it as CSV in UTF-8."
        raise InputFileError(msg) from error
    if not rows:
        msg = f"{path} has no row below its header; give a header row and one finding a row."
        raise TableError(msg)
    for name in header:
        if header.count(name) > 1:
            msg = f"{path} has the column {name!r} {header.count(name)} times; every column once is required."
            raise TableError(msg)
    for line, cells in rows:
        if len(cells) != len(header):
            msg = (
                f"{path}, line {line}: {len(cells)} cells where the header has {len(header)} columns; leave a cell "
                "empty where nothing was assessed, and put text that holds the separator in double quotes."
            )
            raise TableError(msg)
    return pd.DataFrame([cells for _, cells in rows], columns=header, dtype=str)


def _split(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    lines = list(io.StringIO(text))
    first = next((place for place, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    # The header decides: a name of a column holds no separator, a note may hold any.
    separator = max(_SEPARATORS, key=lines[first].count) if lines[first:] else ","
    reader = csv.reader(lines[first:], delimiter=separator, strict=True)
    header = [cell.strip() for cell in next(reader, [])]
    return header, [(first + reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
