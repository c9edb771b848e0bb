"""Discharges alone, found and not sorted: a quick look at how much there is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.cleaning import (
    NOISE_BLOCKS,
    check_usable,
    clean,
    noise_in,
    one_blas_thread,
    pieces_of,
)
from emgkit.findings.spontaneous.settings import bands, edges
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import Discharges
from emgkit.signals.aside import of_each
from emgkit.signals.bands import FINDING, thinning
from emgkit.signals.counting import samples_in
from emgkit.signals.detect import find_spikes, largest_near
from emgkit.signals.memory import keep_freed_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.model.recording import Recording
    from emgkit.signals.artifacts import Span
    from emgkit.signals.bands import Grid, Piece, Stretch

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
        Pieces of a long recording that are looked through at the same time, each by a copy of this process (on Linux;
        elsewhere one after the other). The result is the same for any number.

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
    grid = thinning(recording.rate_hz, edges=edges(), cycles=FINDING)
    pieces = pieces_of(recording, grid=grid, longest_s=criteria_values("detection_criteria")["piece_whole_s"])
    with one_blas_thread():
        parts = of_each(pieces, partial(_of_piece, recording, grid), processes=threads)
    check_usable(recording, [span for _, left_out in parts for span in left_out])
    times_s, snr = (np.concatenate(values) for values in zip(*(found for found, _ in parts), strict=True))
    return Discharges(recording, times_s, snr)


def _of_piece(recording: Recording, grid: Grid, piece: Piece) -> tuple[Found, list[Span]]:
    values = criteria_values("detection_criteria")
    cleaned = clean(recording, piece, grid=grid)
    fast_s, fast = _spikes(cleaned.stretch, 0, threshold=values["quick_ratio"])
    slow_s, slow = _spikes(cleaned.stretch, 1, threshold=values["loose_ratio"])
    # A small spike beside a very large one is most often its tail.
    whole = largest_near(fast_s, fast, separation=values["quick_part_ms"] / 1e3, share=values["quick_part_share"])
    fast_s, fast = fast_s[whole], fast[whole]
    # The slow band tells of what the fast one does not see.
    reach_s = values["loose_separation_s"]
    gap = np.searchsorted(fast_s, slow_s + reach_s) - np.searchsorted(fast_s, slow_s - reach_s)
    times_s, snr = np.concatenate([fast_s, slow_s[gap == 0]]), np.concatenate([fast, slow[gap == 0]])
    order = np.argsort(times_s, kind="stable")
    order = order[(times_s[order] >= piece.start_s) & (times_s[order] < piece.stop_s)]
    return (times_s[order], snr[order]), cleaned.left_out


def _spikes(stretch: Stretch, number: int, *, threshold: float) -> Found:
    band = bands()[number]
    signal, rate_hz = stretch.of_band(number)
    noise_uv = noise_in(signal, rate_hz, band=band, most_blocks=NOISE_BLOCKS)
    if noise_uv == 0:
        return np.empty(0), np.empty(0)
    places, ratio = find_spikes(
        signal,
        noise_uv=noise_uv,
        threshold=threshold,
        width=samples_in(band.width_ms, rate_hz),
        separation=samples_in(band.separation_ms, rate_hz),
    )
    return stretch.start_s + places / rate_hz, ratio
