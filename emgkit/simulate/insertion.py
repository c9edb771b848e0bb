"""The needle moves: a burst of single fibres and a slow movement transient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.simulate.potential import scaled
from emgkit.simulate.quantities import draw, draw_many, read_quantities
from emgkit.simulate.render import add_discharges
from emgkit.simulate.shapes import draw_potential

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.simulate.electrode import Electrode

_FIBRES = ("near_origin", "near_origin", "needle_initiated", "propagated", "propagated", "propagated")


def add_insertion(
    samples_uv: NDArray[np.float64], *, rate_hz: float, electrode: Electrode, rng: np.random.Generator
) -> tuple[float, float]:
    """Add insertional activity near the start, in place, and return when it began and ended.

    Parameters
    ----------
    samples_uv : array of shape (n_samples,)
    rate_hz : float
    electrode : Electrode
    rng : numpy.random.Generator

    Returns
    -------
    start_s, stop_s : float

    Notes
    -----
    Injured fibres give biphasic initially negative and monophasic positive potentials, propagated ones are triphasic;
    source ``dumitru_martinez_2006``.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.electrode import make_electrode
    >>> from emgkit.simulate.insertion import add_insertion
    >>> samples = np.zeros(48000)
    >>> needle = make_electrode("concentric")
    >>> start_s, stop_s = add_insertion(samples, rate_hz=48000.0, electrode=needle, rng=np.random.default_rng(1))
    >>> bool(np.ptp(samples[int(start_s * 48000) : int(stop_s * 48000)]) > 50)
    True
    """
    rows = read_quantities("simulated_shapes")["insertion"]
    start_s, length_s = draw(rows["start_s"], rng), draw(rows["burst_ms"], rng) / 1e3
    fibres_hz = draw(rows["rate_hz"], rng)
    for shape in _FIBRES:
        wave = draw_potential(shape, electrode=electrode, rate_hz=fibres_hz, rng=rng)
        n_times = 1 + rng.poisson(fibres_hz * length_s / len(_FIBRES))
        times_s = start_s + length_s * rng.beta(1.0, 2.0, n_times)
        sizes_uv = draw_many(rows["size_uv"], n_times, rng=rng)
        add_discharges(samples_uv, scaled(wave, 1.0), times_s=times_s, gains=sizes_uv, rate_hz=rate_hz, rng=rng)
    time_s = np.arange(len(samples_uv)) / rate_hz - start_s - length_s / 2
    swing = np.sin(2 * np.pi * draw(rows["transient_hz"], rng) * time_s + rng.uniform(0, 2 * np.pi))
    samples_uv += draw(rows["transient_uv"], rng) / 2 * swing * np.exp(-((2 * time_s / length_s) ** 2))
    return start_s, start_s + length_s
