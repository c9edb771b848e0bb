"""Many probabilities multiplied or added up, by their logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from emgkit.localization.evidence import Floats

FACTORS = 16  # probabilities multiplied before their logarithm is taken: far from the smallest float


def log_product(values: Floats) -> Floats:
    """Return the logarithm of the product over the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.logs import log_product
    >>> float(log_product(np.full(1000, np.exp(-1.0))).round(9))
    -1000.0
    """
    starts = range(0, values.shape[-1], FACTORS)
    return np.asarray(np.log(np.multiply.reduceat(values, starts, axis=-1)).sum(axis=-1))


def log_sum(values: Floats) -> Floats:
    """Return the logarithm of the sum of exponentials over the first axis.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.logs import log_sum
    >>> float(log_sum(np.full(4, -1000.0)).round(3))
    -998.614
    """
    largest = values.max(axis=0)
    return np.asarray(largest + np.log(np.exp(values - largest).sum(axis=0)))
