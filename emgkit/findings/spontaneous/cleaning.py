"""What can be analysed of a recording: artifacts found, taken out and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import SignalError
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.artifacts import (
    Span,
    covered_s,
    find_clicks,
    find_constant,
    find_movement,
    joined,
    mend_clicks,
    remove_mains,
)
from emgkit.signals.background import find_bursts, find_dense

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Recording
    from emgkit.signals.sort import SortedBand

MAINS_HZ = (50.0, 60.0)  # the two frequencies that mains have anywhere


@dataclass(frozen=True, eq=False)
class Cleaned:
    """A recording ready for analysis.

    Parameters
    ----------
    samples : ndarray of shape (n_samples,)
        Microvolt, clicks mended and mains subtracted.
    left_out : list of Span
    hum_uv : float
        Amplitude of the mains that was subtracted; 0.0 when there was none.
    """

    samples: NDArray[np.float64]
    left_out: list[Span]
    hum_uv: float


def clean(recording: Recording) -> Cleaned:
    """Take out what is not the patient's: clicks, mains, flat line, clipping and movement.

    Parameters
    ----------
    recording : Recording

    Raises
    ------
    SignalError
        For a rate at which no fibrillation can be seen, or too little signal.
    """
    values = criteria_values("detection_criteria")
    _check_rate(recording, values["least_rate_hz"])
    raw = np.asarray(recording.samples_uv, dtype=np.float64)
    rate_hz = recording.rate_hz
    constant = find_constant(raw, rate_hz, flat_s=values["flat_s"], clip_s=values["clip_s"])
    check_usable(recording, constant, usable_s=recording.duration_s - covered_s(constant))
    clicks = find_clicks(raw, factor=values["click_factor"])
    samples = mend_clicks(raw, clicks)
    movement = find_movement(
        samples,
        rate_hz,
        slow_hz=(values["movement_low_hz"], values["movement_high_hz"]),
        factor=values["movement_factor"],
        least_uv=values["movement_least_uv"],
        sure_uv=values["movement_sure_uv"],
        settle_s=values["movement_settle_s"],
    )
    samples, hum_uv = remove_mains(
        samples, rate_hz, mains_hz=MAINS_HZ, harmonics=int(values["mains_harmonics"]), least_uv=values["mains_least_uv"]
    )
    mended = [Span(click / rate_hz, (click + 1) / rate_hz, "click") for click in clicks]
    spans = joined([*constant, *movement], duration_s=recording.duration_s, gap_s=values["flat_s"])
    return Cleaned(samples, [*spans, *mended], hum_uv)


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


def check_usable(recording: Recording, left_out: Sequence[Span], *, usable_s: float) -> None:
    """Refuse a recording of which too little is left."""
    least_s = criteria_values("detection_criteria")["least_usable_s"]
    if usable_s >= least_s:
        return
    reasons = sorted({span.reason for span in left_out}) or ["too short"]
    msg = (
        f"Only {max(usable_s, 0):.2f} of {recording.duration_s:.2f} s of {recording.side} {recording.muscle} can be "
        f"analysed ({', '.join(reasons)}); at least {least_s:g} s are needed. Record this needle position again."
    )
    raise SignalError(msg)


def insertion(band: SortedBand) -> list[Span]:
    """Find insertional activity, and leave out the time that the tissue needs to settle after it."""
    values = criteria_values("detection_criteria")
    bursts = find_bursts(
        np.sort(np.concatenate([band.time_s, band.loose_s])),
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
