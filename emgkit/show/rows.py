"""Rows of checked tables, typed as what their schemas say and not as what any table might hold."""

from __future__ import annotations

from collections import namedtuple
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    # A picture asks for a few rows very often: pandas would need ten times as long for them.
    columns = [table[name].tolist() for name in table.columns]
    make = _row_type(tuple(map(str, table.columns)))
    for cells in zip(*columns, strict=True):
        yield make(*cells)


@lru_cache(maxsize=64)
def _row_type(names: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Row", names)  # the columns are known only now
