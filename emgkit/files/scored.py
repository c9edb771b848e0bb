"""Scored findings from a spreadsheet: text cells, as the examiner wrote them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emgkit.errors import InputFileError, TableError

if TYPE_CHECKING:
    import pandas as pd


def read_scored(path: str | Path) -> pd.DataFrame:
    r"""Read a CSV of scored findings without interpreting it; ``localize`` understands the spellings.

    Parameters
    ----------
    path : path
        Comma, semicolon or tab separated, with a header row.

    Returns
    -------
    pandas.DataFrame
        Text cells; an empty cell is an empty text.

    Raises
    ------
    InputFileError
        When the file is missing or no text.
    TableError
        When it has no header or no row.

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
        msg = f"There is no file {str(path)!r}; give a CSV with the columns muscle and side and what was scored."
        raise InputFileError(msg)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as a table ({str(error).splitlines()[0]}); save it as CSV with a header row."
        raise InputFileError(msg) from error
    if table.empty:
        msg = f"{path} has no row below its header; give one row for each muscle."
        raise TableError(msg)
    return table.rename(columns=str.strip)
