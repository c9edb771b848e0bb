"""One unit whose long potential was centred now on one of its spikes, now on another: a wider view shows it whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.locks import nearest
from emgkit.signals.match import similarity
from emgkit.signals.same_unit import ALIKE, one_seen_whole
from emgkit.signals.units import united, usual_window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand
    from emgkit.signals.units import Train

VIEW = 3  # times as long as a template
LEAST_SNR = 10.0  # below, the outer part of a potential is lost in the noise
MOST = 60  # discharges that show a potential
TWICE_S = 0.0006  # how exactly two spikes of one potential agree about its time


def join_views(units: Sequence[Train], band: SortedBand) -> list[Train]:
    """Return the units with those joined that are one potential centred on different spikes.

    The spikes of a long motor unit jitter against each other, so that no template fits all of it and discharges of one
    unit are found by one spike or another.

    Parameters
    ----------
    units : sequence of Train
    band : SortedBand
        Where they were found.
    """
    joined: list[tuple[Train, NDArray[np.floating]]] = []
    for unit in sorted(units, key=lambda unit: -len(unit.time_s)):
        view = _view(unit, band) if unit.snr > LEAST_SNR else np.zeros(0)
        for place, (other, other_view) in enumerate(joined):
            more_s = _of_other_spike((other, other_view), (unit, view), band.rate_hz)
            if len(more_s):
                joined[place] = (united(other, more_s), other_view)
                break
        else:
            joined.append((unit, view))
    return [unit for unit, _ in joined]


def _view(unit: Train, band: SortedBand) -> NDArray[np.floating]:
    reach = VIEW * len(unit.template) // 2
    return usual_window(unit.time_s, band=band, before=reach, after=reach, most=MOST)


def _of_other_spike(
    first: tuple[Train, NDArray[np.floating]], second: tuple[Train, NDArray[np.floating]], rate_hz: float
) -> NDArray[np.float64]:
    # What the second adds to the first, at the spike of the first; nothing when they are not one unit.
    (unit, view), (other, other_view) = first, second
    nothing = np.empty(0)
    if len(view) == 0 or len(other_view) == 0:
        return nothing
    near = len(unit.template) // 4
    alike, lag = similarity(view, other_view, max_lag=len(view) // 3)
    if abs(lag) <= near and similarity(unit.template, other.template, max_lag=near)[0] > ALIKE:
        return nothing  # their templates have been compared
    size = float(np.ptp(other_view) / max(np.ptp(view), 1e-9))
    moved_s = other.time_s + lag / rate_hz
    more_s = moved_s[np.abs(nearest(unit.time_s, moved_s) - moved_s) > TWICE_S]
    if len(more_s) < 2 or not one_seen_whole(unit.time_s, more_s, alike=alike, size=size):
        return nothing
    return more_s
