"""Discharges alone, found and not sorted: a quick look at how much there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from emgkit.findings.spontaneous.cleaning import check_usable, clean, noise_in, of_each, pieces_of
from emgkit.findings.spontaneous.settings import bands
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import Discharges
from emgkit.signals.counting import samples_in
from emgkit.signals.detect import find_spikes
from emgkit.signals.memory import keep_freed_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.model.recording import Recording
    from emgkit.signals.artifacts import Span
    from emgkit.signals.bands import Piece, Stretch

Found = tuple["NDArray[np.float64]", "NDArray[np.float64]"]  # times_s, snr


def find_discharges(recording: Recording, *, threads: int = 1) -> Discharges:
    """Find the discharges of a resting recording without sorting them into trains.

    Much quicker than ``find_spontaneous_activity``, and less: a potential of several spikes may count as several, of
    discharges that overlap some are missed, and nothing has a name.

    Parameters
    ----------
    recording : Recording
        At least 2 kHz.
    threads : int
        Pieces of a long recording that are looked through at the same time; the result is the same for any number.

    Returns
    -------
    Discharges

    Raises
    ------
    SignalError
        When the rate is below 2 kHz, or less than a second is left when flat line, clipping and movement are taken
        away.

    Examples
    --------
    >>> import emgkit
    >>> recording, truth = emgkit.simulate_recording(["fibrillation"], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> found = emgkit.find_discharges(recording)
    >>> len(found.time_s) == len(truth.events)
    True
    """
    keep_freed_memory()
    with threadpool_limits(limits=1, user_api="blas"):
        parts = of_each(pieces_of(recording), partial(_of_piece, recording), threads=threads)
    check_usable(recording, [span for _, left_out in parts for span in left_out])
    times_s, snr = (np.concatenate(values) for values in zip(*(found for found, _ in parts), strict=True))
    return Discharges(recording, times_s, snr)


def _of_piece(recording: Recording, piece: Piece) -> tuple[Found, list[Span]]:
    cleaned = clean(recording, piece)
    (fast_s, fast), (slow_s, slow) = (_spikes(cleaned.stretch, number) for number in range(2))
    # The slow band tells of what the fast one does not see.
    reach_s = criteria_values("detection_criteria")["loose_separation_s"]
    gap = np.searchsorted(fast_s, slow_s + reach_s) - np.searchsorted(fast_s, slow_s - reach_s)
    times_s, snr = np.concatenate([fast_s, slow_s[gap == 0]]), np.concatenate([fast, slow[gap == 0]])
    order = np.argsort(times_s, kind="stable")
    order = order[(times_s[order] >= piece.start_s) & (times_s[order] < piece.stop_s)]
    return (times_s[order], snr[order]), cleaned.left_out


def _spikes(stretch: Stretch, number: int) -> Found:
    band = bands()[number]
    signal, rate_hz = stretch.of_band(number)
    noise_uv = noise_in(signal, rate_hz, band=band)
    if noise_uv == 0:
        return np.empty(0), np.empty(0)
    places, ratio = find_spikes(
        signal,
        noise_uv=noise_uv,
        threshold=criteria_values("detection_criteria")["loose_ratio"],
        width=samples_in(band.width_ms, rate_hz),
        separation=samples_in(band.separation_ms, rate_hz),
    )
    return stretch.start_s + places / rate_hz, ratio
