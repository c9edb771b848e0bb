"""The discharges of one unit, and how single ones look in the band that found them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.signals.cluster import cut_windows
from emgkit.signals.counting import spread_evenly
from emgkit.signals.locks import SEPARATION_S, nearest
from emgkit.signals.medians import column_medians
from emgkit.signals.peel import cut_at
from emgkit.signals.rhythm import Rhythm, measure_rhythm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.signals.sort import SortedBand


KNOWN_RHYTHMS = 64  # remembered


@dataclass(frozen=True, eq=False)
class Train:
    """Discharges of one unit.

    Parameters
    ----------
    time_s : ndarray of shape (n_events,)
        Ascending.
    template : ndarray
        Band-passed waveform, microvolt, at the band's rate.
    band : int
        Index of the band that carries the train.
    snr : float
        Largest deflection of the template over the noise.
    """

    time_s: NDArray[np.float64]
    template: NDArray[np.floating]
    band: int
    snr: float


@lru_cache(maxsize=KNOWN_RHYTHMS)
def rhythm_of(train: Train) -> Rhythm:
    """Return the rhythm of a train, without trends; of one that is followed it is asked again and again.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.units import Train, rhythm_of
    >>> round(rhythm_of(Train(np.arange(40) / 8.0, np.ones(4), 0, 9.0)).base_s, 3)
    0.125
    """
    return measure_rhythm(train.time_s, trends=False)


def united(train: Train, more_s: NDArray[np.float64]) -> Train:
    """Return the train with more discharges; those that it has already count once.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.units import Train, united
    >>> united(Train(np.array([0.1, 0.3]), np.ones(4), 0, 9.0), np.array([0.2, 0.3])).time_s
    array([0.1, 0.2, 0.3])
    """
    far = np.abs(nearest(train.time_s, more_s) - more_s) > SEPARATION_S
    return replace(train, time_s=np.sort(np.concatenate([train.time_s, more_s[far]])))


def gaps_around(times_s: NDArray[np.float64], every_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the nearest other discharge is from each.

    Parameters
    ----------
    times_s : ndarray
        Discharges of one unit.
    every_s : ndarray
        Discharges of all units, ascending, these among them.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.units import gaps_around
    >>> gaps_around(np.array([1.0, 4.0]), np.array([1.0, 1.5, 4.0]))
    array([0.5, 2.5])
    """
    place = np.searchsorted(every_s, times_s)
    bounded = np.concatenate([[-np.inf], every_s, [np.inf]])
    after = bounded[np.minimum(place + 2, len(bounded) - 1)]
    return np.asarray(np.minimum(after - times_s, times_s - bounded[place]))


def lone_discharges(
    times_s: NDArray[np.float64], *, every_s: NDArray[np.float64], band: SortedBand
) -> NDArray[np.floating]:
    """Return windows of the discharges that no other one overlaps, each moved so that its time is in the middle.

    Parameters
    ----------
    times_s : ndarray
        Discharges to cut.
    every_s : ndarray
        Discharges of all units, ascending.
    band : SortedBand

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.units import lone_discharges
    >>> signal, every_s = np.zeros(3000), np.array([0.5, 1.5, 2.5, 2.51])
    >>> signal[[500, 1500, 2500, 2510]] = 1.0
    >>> band = SimpleNamespace(signal=signal, templates=[np.zeros(40)], rate_hz=1000.0, start_s=0.0)
    >>> windows = lone_discharges(every_s[1:3], every_s=every_s, band=band)
    >>> windows.shape, int(windows[0].argmax())
    ((1, 40), 20)
    """
    half = len(band.templates[0]) // 2
    alone = gaps_around(times_s, every_s) > half / band.rate_hz
    places = (times_s[alone] - band.start_s) * band.rate_hz
    return cut_at(band.signal, places, before=half, after=half)


def own_windows(times_s: NDArray[np.float64], *, band: SortedBand, half: int) -> NDArray[np.float64]:
    """Return windows of the matches nearest to these times, with what is of all other matches taken away.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.units import own_windows
    >>> wave, times_s = np.diff(np.hanning(42)), np.array([0.5, 0.51])
    >>> band = SimpleNamespace(residual=np.zeros(3000, np.float32), templates=[wave[:-1]], unit=np.zeros(2, int),
    ...     time_s=times_s, scale=np.array([1.0, 2.0]), rate_hz=1000.0, start_s=0.0)
    >>> np.ptp(own_windows(times_s, band=band, half=20), axis=1).round(2)
    array([0.15, 0.31])
    """
    match = np.searchsorted(band.time_s, nearest(band.time_s, times_s))
    places = (band.time_s[match] - band.start_s) * band.rate_hz
    windows = cut_at(band.residual, places, before=half, after=half).astype(np.float64)
    own = np.array(band.templates)[band.unit[match]]
    first = half - own.shape[1] // 2
    windows[:, first : first + own.shape[1]] += band.scale[match, None] * own
    return windows


def usual_window(
    times_s: NDArray[np.float64], *, band: SortedBand, before: int, after: int, most: int
) -> NDArray[np.floating]:
    """Return what is usual around discharges: the median of so many of them, evenly spread, in the signal as it is.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.units import usual_window
    >>> signal = np.zeros(3000)
    >>> signal[[500, 1500, 2500]] = 1.0
    >>> band = SimpleNamespace(signal=signal, rate_hz=1000.0, start_s=0.0)
    >>> usual_window(np.array([0.5, 1.5, 2.5]), band=band, before=2, after=2, most=60).tolist()
    [0.0, 0.0, 1.0, 0.0]
    """
    picked = times_s[spread_evenly(len(times_s), most=most)]
    return column_medians(cut_at(band.signal, (picked - band.start_s) * band.rate_hz, before=before, after=after))


def sizes_of(times_s: NDArray[np.float64], *, train: Train, band: SortedBand) -> NDArray[np.float64]:
    """Return the size of discharges relative to the template of their train.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> from emgkit.signals.units import Train, sizes_of
    >>> wave, signal = np.diff(np.hanning(42)), np.zeros(3000)
    >>> signal[480:521] += wave
    >>> signal[1480:1521] += 2 * wave
    >>> band = SimpleNamespace(signal=signal, rate_hz=1000.0, start_s=0.0)
    >>> sizes_of(np.array([0.5, 1.5]), train=Train(np.array([0.5, 1.5]), wave, 0, 9.0), band=band)
    array([1., 2.])
    """
    half = len(train.template) // 2
    places = np.round((times_s - band.start_s) * band.rate_hz).astype(int)
    windows = cut_windows(band.signal, places, before=half + 1, after=len(train.template) - half + 1)
    answers = [windows[:, shift : shift + len(train.template)] @ train.template for shift in range(3)]
    return np.asarray(np.max(answers, axis=0) / np.square(train.template).sum())
