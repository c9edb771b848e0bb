"""The shape of one discharge on a fine time grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.simulate.fibre import STEP_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEGLIGIBLE = 0.004  # share of peak to peak below which the ends of a potential are cut off
_TAPER_MS = 0.5  # over which the cut is faded, so that it leaves no step
_DURATION_SHARE = 0.05  # share of peak to peak that bounds the duration


@dataclass(frozen=True, eq=False)
class Potential:
    """One discharge as the electrode sees it, every ``STEP_MS``.

    Parameters
    ----------
    components_uv : array of shape (n_components, n_times)
        Parts whose sum is the potential; parts jitter against each other from discharge to discharge.
    jitter_ms : float
        Standard deviation of that jitter.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.potential import Potential
    >>> Potential(np.array([[0.0, -10.0, 30.0, 0.0]])).peak_index
    2
    """

    components_uv: NDArray[np.float64]
    jitter_ms: float = 0.0

    @property
    def total_uv(self) -> NDArray[np.float64]:
        """The whole potential, shape (n_times,)."""
        return np.asarray(self.components_uv.sum(axis=0))

    @property
    def peak_index(self) -> int:
        """Where the largest peak of either sign lies: the time of a discharge."""
        return int(np.abs(self.total_uv).argmax())

    @property
    def peak_to_peak_uv(self) -> float:
        """Largest minus smallest value."""
        return float(np.ptp(self.total_uv))

    @property
    def duration_ms(self) -> float:
        """From the first to the last sample above 5 % of peak to peak."""
        above = np.flatnonzero(np.abs(self.total_uv) > _DURATION_SHARE * self.peak_to_peak_uv)
        return float((above[-1] - above[0]) * STEP_MS)


def cut(components_uv: NDArray[np.float64], *, jitter_ms: float = 0.0) -> Potential:
    """Return the part of the components in which anything happens, with faded ends.

    Parameters
    ----------
    components_uv : array of shape (n_components, n_times)
    jitter_ms : float

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.potential import cut
    >>> wave = np.zeros((1, 5000))
    >>> wave[0, 2000:2100] = 50.0
    >>> cut(wave).components_uv.shape
    (1, 300)
    """
    total = components_uv.sum(axis=0)
    active = np.flatnonzero(np.abs(total) > _NEGLIGIBLE * np.ptp(total))
    taper = round(_TAPER_MS / STEP_MS)
    padded = np.pad(components_uv, ((0, 0), (taper, taper)))
    kept = padded[:, active[0] : active[-1] + 1 + 2 * taper].copy()
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(taper) + 0.5) / taper)
    kept[:, :taper] *= ramp
    kept[:, -taper:] *= ramp[::-1]
    return Potential(kept, jitter_ms)


def scaled(potential: Potential, peak_to_peak_uv: float) -> Potential:
    """Return the potential with another size.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.potential import Potential, scaled
    >>> scaled(Potential(np.array([[0.0, -10.0, 30.0]])), 80.0).peak_to_peak_uv
    80.0
    """
    return Potential(potential.components_uv * (peak_to_peak_uv / potential.peak_to_peak_uv), potential.jitter_ms)


def stretched(potential: Potential, factor: float) -> Potential:
    """Return the potential made longer by a factor.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.potential import Potential, stretched
    >>> stretched(Potential(np.array([[0.0, 10.0, 0.0]])), 2.0).components_uv
    array([[ 0.,  5., 10.,  5.,  0.]])
    """
    n_times = potential.components_uv.shape[1]
    old = np.arange(n_times)
    new = np.arange(round((n_times - 1) * factor) + 1) / factor
    return Potential(np.stack([np.interp(new, old, row) for row in potential.components_uv]), potential.jitter_ms)
