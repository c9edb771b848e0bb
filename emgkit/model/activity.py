"""What is found in one resting recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emgkit.model.table import Column, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from emgkit.model.recording import Recording

UNSORTED = -1
DEFLECTIONS = ("positive", "negative", "indeterminate")

EVENTS = Schema("events", (
    Column("time_s", "number", "s", "when the potential's fixed point passes, from the start of the recording"),
    Column("train", "integer", "", "train it belongs to; -1 when unsorted"),
    Column("peak_to_peak_uv", "number", "uV", "size of this discharge"),
    Column("snr", "number", "", "largest deflection over the noise of the better detection band"),
))  # fmt: skip

TRAINS = Schema("trains", (
    Column("train", "integer", "", "number of the train, unique in the recording"),
    Column("label", "text", "", "id from the label table"),
    Column("probability", "number", "0-1", "probability of the label given rhythm, shape and surroundings"),
    Column("runner_up", "text", "", "next most probable label"),
    Column("n_events", "integer", "", "discharges found"),
    Column("start_s", "number", "s", "first discharge"),
    Column("stop_s", "number", "s", "last discharge"),
    Column("rate_hz", "number", "1/s", "one over the folded median interval"),
    Column("irregularity", "number", "", "folded median CV2 of the intervals; 0 is a clock"),
    Column("interval_cv", "number", "", "plain coefficient of variation of the intervals"),
    Column("interval_p5_ms", "number", "ms", "5th percentile of the intervals"),
    Column("rate_trend_per_s", "number", "1/s", "relative change of the interval per second; positive slows down"),
    Column("rate_range", "number", "", "largest over smallest smoothed rate"),
    Column("amplitude_uv", "number", "uV", "peak to peak of the averaged, lightly filtered discharge"),
    Column("variability", "number", "", "change of shape from discharge to discharge beyond noise; 0 for a fibre"),
    Column("turns", "integer", "", "turns of the average"),
    Column("amplitude_cv", "number", "", "coefficient of variation of single discharge sizes, noise removed"),
    Column("duration_ms", "number", "ms", "first to last departure of the average from the baseline"),
    Column("rise_ms", "number", "ms", "10-90 % of the steepest main edge of the average"),
    Column("phases", "integer", "", "phases of the average"),
    Column("spikes", "integer", "", "separate phase-locked spikes of the average"),
    Column("initial_deflection", "text", "", "first departure of the average", DEFLECTIONS),
    Column("sharp_wave", "flag", "", "average has the shape of a positive sharp wave"),
    Column("snr", "number", "", "template peak over the noise of the better detection band"),
    Column("persistent", "flag", "", "long enough to count for a grade"),
    Column("counted", "flag", "", "sure enough of its name to count for a grade"),
    Column("reasons", "text", "", "why this label, in words and numbers"),
))  # fmt: skip

EXCLUDED = Schema("excluded", (
    Column("start_s", "number", "s", "from"),
    Column("stop_s", "number", "s", "to"),
    Column("reason", "text", "", "flat, clipped, movement, insertional activity, contraction or click"),
))  # fmt: skip

SPANS = Schema("spans", (
    Column("start_s", "number", "s", "from"),
    Column("stop_s", "number", "s", "to"),
    Column("what", "text", "", "activity reported as a span and not as events: endplate_noise"),
    Column("level_uv", "number", "uV", "root mean square of the span in the detection band"),
))  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Discharges:
    """Discharges of one recording, found and not sorted.

    Parameters
    ----------
    recording : Recording
        What was looked through.
    time_s : array of shape (n_discharges,)
        Ascending, from the start of the recording.
    snr : array of shape (n_discharges,)
        Size over the noise: root of the energy at the peak over that of the noise.
    """

    recording: Recording
    time_s: NDArray[np.float64]
    snr: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_s)

    def __repr__(self) -> str:
        return f"<Discharges: {len(self)} in {self.recording.duration_s:.1f} s>"


@dataclass(frozen=True, eq=False, repr=False)
class SpontaneousActivity:
    """Discharges of one recording, sorted into trains and named.

    Parameters
    ----------
    recording : Recording
        What was analysed.
    muscle : str
        Muscle id.
    events : pandas.DataFrame
        Discharges, schema ``EVENTS``. Endplate noise is a span, never events.
    trains : pandas.DataFrame
        One row a train, schema ``TRAINS``.
    templates_uv : mapping of train to array of shape (n_window,)
        Averaged, lightly and causally filtered discharge of every train.
    waveforms_uv : mapping of train to array of shape (n_kept, n_window)
        A bounded sample of single discharges for display.
    window_ms : array of shape (n_window,)
        Time of the template samples around the train's fixed point.
    noise_uv : mapping of band to float
        Noise floor (standard deviation) of the bands ``fibrillation`` and ``positive_sharp_wave``.
    excluded : pandas.DataFrame
        Spans left out, with the reason, schema ``EXCLUDED``.
    spans : pandas.DataFrame
        Activity reported as spans, schema ``SPANS``.
    flags : tuple of str
        Cautions: ``low_rate`` (shape not used), ``polarity_suspect``, ``mains_removed``, ...
    analysed_s : float
        Seconds that remain when the excluded spans are taken away.
    criteria : mapping of str to float
        Every threshold used, by its key in the criteria table.
    """

    recording: Recording
    muscle: str
    events: pd.DataFrame
    trains: pd.DataFrame
    templates_uv: Mapping[int, NDArray[np.floating]]
    waveforms_uv: Mapping[int, NDArray[np.floating]]
    window_ms: NDArray[np.floating]
    noise_uv: Mapping[str, float]
    excluded: pd.DataFrame
    spans: pd.DataFrame
    analysed_s: float
    flags: tuple[str, ...] = ()
    criteria: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        labels = ", ".join(f"{label} x{count}" for label, count in self.trains["label"].value_counts().items())
        return (
            f"<SpontaneousActivity {self.recording.side} {self.muscle}: "
            f"{len(self.trains)} trains ({labels or 'none'}), "
            f"{len(self.events)} events in {self.analysed_s:.1f} s>"
        )
