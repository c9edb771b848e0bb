"""Medians and quantiles of many short series, which numpy's own take far longer for than the sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 2**14  # sorted at a time: the rows are most often views of one series, and a copy of all would be large


def median(values: NDArray[np.floating]) -> float:
    """Return the median of a short series.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.medians import median
    >>> median(np.array([4.0, 1.0, 2.0]))
    2.0
    """
    ordered = values.copy()
    ordered.sort()
    return middle_of(ordered)


def middle_of(ordered: NDArray[np.floating]) -> float:
    """Return the median of a series that is in ascending order.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.medians import middle_of
    >>> middle_of(np.array([1.0, 2.0, 4.0, 5.0]))
    3.0
    """
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def row_medians(values: NDArray[np.floating]) -> NDArray[Any]:
    """Return the median of every row.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.medians import row_medians
    >>> row_medians(np.array([[4.0, 1.0, 2.0], [1.0, 1.0, 7.0]]))
    array([2., 1.])
    """
    parts = [_middle(np.sort(values[low : low + ROWS], axis=1)) for low in range(0, max(len(values), 1), ROWS)]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def column_medians(values: NDArray[np.floating]) -> NDArray[Any]:
    """Return the median of every column, the median waveform of windows that are rows.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.medians import column_medians
    >>> column_medians(np.array([[4.0, 1.0], [1.0, 1.0], [2.0, 7.0]]))
    array([2., 1.])
    """
    columns = values.T.copy()  # what is sorted lies together
    columns.sort(axis=1)
    return _middle(columns)


def quantile(values: NDArray[np.floating], share: float) -> float:
    """Return the value below which a share, 0-1, of a short series lies, interpolated linearly.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.medians import quantile
    >>> quantile(np.array([1.0, 3.0, 2.0]), 0.25)
    1.5
    """
    ordered = np.sort(values)
    place = share * (len(ordered) - 1)
    low = min(int(place), max(len(ordered) - 2, 0))
    below, above = ordered[low], ordered[min(low + 1, len(ordered) - 1)]
    part = place - low
    step = above - below
    return float(below + part * step if part < 0.5 else above - (1 - part) * step)  # as numpy rounds


def _middle(ordered: NDArray[np.floating]) -> NDArray[Any]:
    count = ordered.shape[1]
    return np.asarray((ordered[:, (count - 1) // 2] + ordered[:, count // 2]) / 2)
