"""Put discharges into a recording, each at its own place between the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.simulate.fibre import STEP_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.simulate.potential import Potential

_BLOCK = 1 << 20  # values rendered at once


def add_discharges(
    samples_uv: NDArray[np.float64],
    potential: Potential,
    *,
    times_s: NDArray[np.float64],
    gains: NDArray[np.float64],
    rate_hz: float,
    rng: np.random.Generator,
) -> None:
    """Add every discharge of a unit to the samples, in place.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
    potential : Potential
    times_s : array of shape (n_discharges,)
        When the potential's largest peak passes.
    gains : array of shape (n_discharges,)
        Size of each discharge against the template.
    rate_hz : float
    rng : numpy.random.Generator
        For the jitter between components.

    Notes
    -----
    A sample is the mean over its own interval, as an integrating converter takes it; potentials add linearly.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.potential import Potential
    >>> from emgkit.simulate.render import add_discharges
    >>> samples, peak = np.zeros(9), Potential(np.array([[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]]))
    >>> rng = np.random.default_rng(1)
    >>> add_discharges(samples, peak, times_s=np.array([5e-5]), gains=np.array([10.0]), rate_hz=1e5, rng=rng)
    >>> float(samples.max())
    10.0
    """
    anchor_s = potential.peak_index * STEP_MS / 1e3
    for component in potential.components_uv:
        jitter_s = rng.standard_normal(len(times_s)) * potential.jitter_ms / 1e3
        _add_template(samples_uv, _averaged(component, rate_hz), times_s + jitter_s - anchor_s, gains, rate_hz)


def _averaged(component: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the template averaged over one sampling interval, longer by that interval on both ends."""
    width = 1e3 / rate_hz / STEP_MS
    margin = int(np.ceil(width)) + 1
    total = np.concatenate([[0.0], np.cumsum(component)])
    edges = np.arange(-margin, len(component) + margin) + 0.5
    grid = np.arange(len(total))
    above = np.interp(edges + width / 2, grid, total)
    below = np.interp(edges - width / 2, grid, total)
    return np.asarray((above - below) / width)


def _add_template(
    samples_uv: NDArray[np.float64],
    template: NDArray[np.float64],
    starts_s: NDArray[np.float64],
    gains: NDArray[np.float64],
    rate_hz: float,
) -> None:
    per_sample = 1e3 / rate_hz / STEP_MS
    margin = int(np.ceil(per_sample)) + 1
    begin = starts_s * rate_hz - margin / per_sample
    first = np.ceil(begin).astype(np.int64)
    n_window = int(len(template) / per_sample) + 1
    padded = np.concatenate([template, np.zeros(int(2 * per_sample) + 3)])
    window = np.arange(n_window)
    block = max(1, _BLOCK // n_window)
    for at in range(0, len(first), block):
        chosen = slice(at, at + block)
        place = (first[chosen] - begin[chosen])[:, None] * per_sample + window * per_sample
        lower = place.astype(np.int64)
        share = place - lower
        values = (padded[lower] * (1 - share) + padded[lower + 1] * share) * gains[chosen, None]
        index = first[chosen, None] + window
        inside = (index >= 0) & (index < len(samples_uv))
        start = int(np.clip(first[chosen].min(), 0, len(samples_uv)))
        added = np.bincount(index[inside] - start, weights=values[inside])
        samples_uv[start : start + len(added)] += added
