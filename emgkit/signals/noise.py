"""The noise floor under a signal that may be full of discharges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAD_TO_SD = 1.4826  # of a normal distribution
QUANTILE = 0.2  # blocks: low, because discharges only ever add
QUANTILE_Z = -0.8416  # normal deviate of that quantile
MAD_SPREAD = 1.166  # relative standard deviation of a MAD estimate times the square root of twice the free samples


def noise_floor(
    filtered: NDArray[np.floating],
    rate_hz: float,
    *,
    bandwidth_hz: float,
    block_s: float,
    most_blocks: int | None = None,
) -> float:
    """Return the standard deviation of the noise, a low quantile over short blocks.

    A median over the whole signal rises when discharges are dense; some short block between discharges still shows the
    noise alone. What the low quantile takes off in pure noise is put back.

    Parameters
    ----------
    filtered : ndarray of shape (n_samples,)
        Band-passed microvolt; exactly zero where there is no signal. Blocks that hold such samples are left out.
    rate_hz : float
    bandwidth_hz : float
        Width of the band, which tells how many samples of a block are independent.
    block_s : float
    most_blocks : int, optional
        About so many are looked at, evenly spread.

    Returns
    -------
    float
        Microvolt; 0.0 when no block can be used.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.noise import noise_floor
    >>> noise = np.random.default_rng(1).normal(0, 3, 200000)
    >>> bool(abs(noise_floor(noise, 10000.0, bandwidth_hz=5000.0, block_s=0.02) - 3) < 0.15)
    True
    """
    size = max(int(block_s * rate_hz), 8)
    n_blocks = len(filtered) // size
    blocks = filtered[: n_blocks * size].reshape(n_blocks, size)[:: max(n_blocks // (most_blocks or n_blocks or 1), 1)]
    ordered = np.sort(np.abs(blocks), axis=1)  # quicker than a median of every row
    ordered = ordered[ordered[:, 0] > 0]
    if len(ordered) == 0:
        return 0.0
    levels = MAD_TO_SD * (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2
    free = min(2 * bandwidth_hz * block_s, size)
    return float(np.quantile(levels, QUANTILE) / (1 + QUANTILE_Z * MAD_SPREAD / np.sqrt(2 * free)))
