"""What can be analysed of a recording: read in two bands, mains taken off, faults and movement found and named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import ThreadpoolController

from emgkit.errors import SignalError
from emgkit.findings.spontaneous.settings import edges, fault_limits, mains_limits, movement_limits
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import Span, covered_s, find_movement, joined
from emgkit.signals.background import counted_once, find_bursts, find_dense
from emgkit.signals.bands import Grid, Piece, Stretch, cut_pieces, read_stretch, thinning
from emgkit.signals.noise import noise_floor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording
    from emgkit.signals.sort import Band, SortedBand
    from emgkit.signals.units import Train

NOISE_BLOCKS = 1000  # tell the noise of a piece to half a percent


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A recording ready for analysis.

    Parameters
    ----------
    stretch : Stretch
        Two bands, zero where nothing can be found.
    left_out : list of Span
    hum_uv : float
        Amplitude of the mains that was subtracted; 0.0 when there was none.
    """

    stretch: Stretch
    left_out: list[Span]
    hum_uv: float


def pieces_of(recording: Recording, *, grid: Grid | None = None, longest_s: float | None = None) -> list[Piece]:
    """Cut a recording into the pieces that are analysed one after the other.

    Parameters
    ----------
    recording : Recording
    grid : Grid, optional
        How it is thinned.
    longest_s : float, optional
        Length of a piece, about.

    Raises
    ------
    SignalError
        For a rate at which no fibrillation can be seen, or too little signal.
    """
    values = criteria_values("detection_criteria")
    _check_rate(recording, values["least_rate_hz"])
    check_usable(recording, [])
    grid = grid or thinning(recording.rate_hz, edges=edges())
    n_samples = len(recording.samples_uv) // grid.step
    return cut_pieces(
        n_samples,
        grid,
        whole_s=values["piece_whole_s"],
        longest_s=longest_s or values["piece_longest_s"],
        margin_s=values["piece_margin_s"],
    )


def one_blas_thread() -> AbstractContextManager[object]:
    """Hold the linear algebra to one thread: the matrices here are small, and more would only wait for each other."""
    limited: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limited


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()  # to look for them takes longer than a second of signal


def clean(recording: Recording, piece: Piece, *, grid: Grid | None = None) -> Cleaned:
    """Take out what is not the patient's: clicks, mains, flat line, clipping and movement.

    Parameters
    ----------
    recording : Recording
    piece : Piece
        What of it is read.
    grid : Grid, optional
        That of the piece.
    """
    values = criteria_values("detection_criteria")
    rate_hz = recording.rate_hz
    stretch = read_stretch(
        recording.samples_uv,
        grid=grid or thinning(rate_hz, edges=edges()),
        first=piece.first,
        n_samples=piece.n_samples,
        edges=edges(),
        mains=mains_limits(),
        limits=fault_limits(),
    )
    faults = stretch.faults
    constant = [Span(start / rate_hz, stop / rate_hz, "flat") for start, stop in faults.flat]
    constant += [Span(start / rate_hz, stop / rate_hz, "clipped") for start, stop in faults.clipped()]
    movement = find_movement(
        stretch.trend, stretch.fast, rate_hz=stretch.trend_hz, start_s=stretch.start_s, limits=movement_limits()
    )
    spans = joined([*constant, *movement], duration_s=recording.duration_s, gap_s=values["flat_s"])
    _silence(stretch, spans)
    mended = [Span(click / rate_hz, (click + 1) / rate_hz, "click") for click in faults.clicks]
    return Cleaned(stretch, [*spans, *mended], max(hum.amplitude_uv for hum in stretch.hum))


def _silence(stretch: Stretch, spans: Sequence[Span]) -> None:
    for span in spans:
        for signal, rate_hz in ((stretch.fast, stretch.grid.fast_hz), (stretch.slow, stretch.grid.slow_hz)):
            start, stop = ((time_s - stretch.start_s) * rate_hz for time_s in (span.start_s, span.stop_s))
            signal[max(int(np.floor(start)), 0) : max(int(np.ceil(stop)) + 1, 0)] = 0.0


def _check_rate(recording: Recording, least_hz: float) -> None:
    if recording.rate_hz < least_hz:
        msg = (
            f"A rate of {recording.rate_hz:g} Hz cannot show fibrillations; at least {least_hz:g} Hz are needed. "
            "Export the recording at the machine's own sampling rate."
        )
        raise SignalError(msg)


def lost(spans: Sequence[Span]) -> list[tuple[float, float]]:
    """Return the spans in which nothing can be found, as (start_s, stop_s)."""
    # A click was mended, so nothing around it has to be left out.
    return [(span.start_s, span.stop_s) for span in spans if span.reason != "click"]


def check_usable(recording: Recording, left_out: Sequence[Span]) -> None:
    """Refuse a recording of which too little is left."""
    least_s = criteria_values("detection_criteria")["least_usable_s"]
    # Where there is no signal at all, that is the reason, whatever else was found.
    for spans in ([span for span in left_out if span.reason in {"flat", "clipped"}], left_out):
        usable_s = recording.duration_s - covered_s(spans)
        if usable_s < least_s:
            reasons = sorted({span.reason for span in spans}) or ["too short"]
            msg = (
                f"Only {max(usable_s, 0):.2f} of {recording.duration_s:.2f} s of {recording.side} {recording.muscle} "
                f"can be analysed ({', '.join(reasons)}); at least {least_s:g} s are needed. Record this needle "
                "position again."
            )
            raise SignalError(msg)


def noise_in(signal: NDArray[np.float32], rate_hz: float, *, band: Band, most_blocks: int | None = None) -> float:
    """Return the noise floor of a cleaned band, microvolt; 0.0 when nothing is left of it."""
    return noise_floor(
        signal,
        rate_hz,
        bandwidth_hz=band.high_hz - band.low_hz,
        block_s=band.noise_block_s,
        most_blocks=most_blocks,
    )


def insertion(band: SortedBand, trains: Sequence[Train]) -> list[Span]:
    """Find insertional activity, and leave out the time that the tissue needs to settle after it."""
    values = criteria_values("detection_criteria")
    spikes_s = np.sort(np.concatenate([band.time_s, band.loose_s]))
    bursts = find_bursts(
        counted_once(spikes_s, [train.time_s for train in trains]),  # fasciculations near each other are no crowd
        window_s=values["burst_window_s"],
        fewest=int(values["burst_spikes"]),
        excess=values["burst_excess"],
        longest_s=values["burst_longest_s"],
    )
    return [Span(start, stop + values["movement_settle_s"], "insertional activity") for start, stop in bursts]


def contraction(band: SortedBand, duration_s: float) -> list[Span]:
    """Find contraction that is too dense to be resolved into units."""
    values = criteria_values("detection_criteria")
    dense = find_dense(
        band,
        threshold=values["fast_threshold"],
        block_s=values["contraction_block_s"],
        fill=values["contraction_fill"],
        unexplained=values["contraction_unexplained"],
    )
    return [Span(start, min(stop, duration_s), "contraction") for start, stop in dense]
