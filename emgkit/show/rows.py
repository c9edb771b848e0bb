"""Rows of checked tables, typed as what their schemas say and not as what any table might hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd


def each_row(table: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows of a table; a column is a field of its rows.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.rows import each_row
    >>> [row.train for row in each_row(examples.activity().trains)]
    [1]
    """
    yield from table.itertuples()
