"""The averaged discharge of a train, measured on unfiltered samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emgkit.model.recording import Windowed
from emgkit.signals.counting import spread_evenly
from emgkit.signals.faults import runs_of
from emgkit.signals.medians import column_medians, median, row_medians
from emgkit.signals.noise import MAD_TO_SD
from emgkit.signals.peel import SHIFTS, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from emgkit.model.recording import Samples

MAX_DISCHARGES = 150  # averaged; more add little
TRIM = 5  # one in so many is left out at either end
TURN_SHARE = 0.1  # of the size
GAP_MS = 0.6  # a pause within a potential shorter than this does not end it
REST_MS = 1.5  # nor does a rest that takes no longer, when another phase follows
PASSING_MS = 3.0  # nor a change of sign that takes no longer, when the wave does not rest on its way
RESTING, RESTING_SHARE = 1 / 3, 0.5  # of the limit, and of the time between; a straight line takes a third
PHASE = 1.25  # of the limit, that the next phase reaches


@dataclass(frozen=True)
class Shape:
    """What an averaged discharge looks like.

    Parameters
    ----------
    peak_to_peak_uv : float
    duration_ms : float
        First to last departure from the baseline.
    rise_ms : float
        10-90 % of the edge between the largest deflection and the larger of the phases next to it.
    phases : int
    turns : int
        Peaks and troughs that differ from the last one by a fixed share of the size.
    initial_deflection : {"positive", "negative", "indeterminate"}
        First departure that is both over the error of the average and a fixed share of its size.
    positive_first : bool
        The largest positive deflection comes before the largest negative one.
    negative_share : float
        Size of the largest negative deflection after the positive one, relative to it.
    negative_to_positive_width : float
        Width at half height of the negative deflection over that of the positive one.
    error_uv : float
        Standard error of the average.
    """

    peak_to_peak_uv: float
    duration_ms: float
    rise_ms: float
    phases: int
    turns: int
    initial_deflection: str
    positive_first: bool
    negative_share: float
    negative_to_positive_width: float
    error_uv: float


def cut_discharges(
    samples: Samples,
    rate_hz: float,
    *,
    times_s: NDArray[np.float64],
    before_ms: float,
    after_ms: float,
    hum: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.floating]] | None = None,
    most: int = MAX_DISCHARGES,
) -> tuple[NDArray[np.floating], NDArray[np.float64]]:
    """Cut unfiltered windows around discharges, shifted to a fraction of a sample.

    Parameters
    ----------
    samples : array-like of shape (n_samples,)
        Microvolt.
    rate_hz : float
    times_s : ndarray of shape (n_events,)
        At most so many of them are used, spread evenly.
    before_ms, after_ms : float
    hum : function of (times_s, offsets_s), optional
        Microvolt to subtract.
    most : int

    Returns
    -------
    windows : ndarray of shape (n_used, n_window)
        Microvolt, in the kind of numbers of the samples; windows that reach beyond the recording are left out.
    window_ms : ndarray of shape (n_window,)
        Time from the discharge.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.waveform import cut_discharges
    >>> ramp_uv = np.arange(2000.0)
    >>> windows, window_ms = cut_discharges(ramp_uv, 1000.0, times_s=np.array([0.5, 1.0005]), before_ms=2, after_ms=1)
    >>> windows.tolist(), window_ms.tolist()
    ([[498.0, 499.0, 500.0, 501.0], [998.5, 999.5, 1000.5, 1001.5]], [-2.0, -1.0, 0.0, 1.0])
    """
    before, after = round(before_ms * rate_hz / 1000), round(after_ms * rate_hz / 1000)
    offsets = np.arange(-before, after + 1)
    inside = times_s[(times_s * rate_hz >= before + 1) & (times_s * rate_hz < len(samples) - after - 2)]
    inside = inside[spread_evenly(len(inside), most=most)]
    place = inside * rate_hz
    first = place.astype(np.int64)
    pieces = _read(samples, first - before, len(offsets) + 1)
    part = (place - first)[:, None].astype(pieces.dtype)
    windows = pieces[:, 1:] - pieces[:, :-1]
    windows *= part
    windows += pieces[:, :-1]
    if hum is not None and len(windows):
        windows -= hum(inside, offsets / rate_hz)
    return windows, offsets / rate_hz * 1000


def _read(samples: Samples, starts: NDArray[np.int64], size: int) -> NDArray[np.floating]:
    if isinstance(samples, Windowed):
        return samples.windows(starts, size)
    windows = np.empty((len(starts), size), np.result_type(samples[:0], np.float32))
    for row, start in enumerate(starts.tolist()):
        windows[row] = samples[start : start + size]
    return windows


class Averaged(NamedTuple):
    """What the discharges of a train have in common, microvolt.

    Parameters
    ----------
    average_uv : ndarray of shape (n_window,)
        Trimmed average.
    error_uv : float
        Standard error of the average, from the scatter of the windows.
    common_uv : ndarray of shape (n_window,)
        The deflection that four fifths of the discharges reach, zero where they go either way: what other trains add to
        an average is in some of the discharges only, and noise goes either way.
    """

    average_uv: NDArray[np.float64]
    error_uv: float
    common_uv: NDArray[np.float64]


def average_discharge(
    windows: NDArray[np.floating], window_ms: NDArray[np.float64], *, baseline_ms: tuple[float, float]
) -> Averaged:
    """Return what aligned windows have in common, the baseline before the potential taken as zero.

    Taking a stretch *before* the potential as zero is causal: unlike a zero-phase filter it cannot put a deflection in
    front of the potential.

    Parameters
    ----------
    windows : ndarray of shape (n, n_window)
        Aligned discharges, microvolt; one at least.
    window_ms : ndarray of shape (n_window,)
    baseline_ms : (start, stop)
        Stretch before the potential.

    Returns
    -------
    Averaged

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.waveform import average_discharge
    >>> windows = np.tile([0.0, 0.0, 30.0, 0.0], (10, 1))
    >>> windows[:3, 3] += 50
    >>> average_uv, error_uv, common_uv = average_discharge(windows, np.arange(-2.0, 2.0), baseline_ms=(-2, 0))
    >>> average_uv.round(1).tolist(), error_uv, common_uv.tolist()
    ([0.0, 0.0, 30.0, 8.3], 0.0, [0.0, 0.0, 30.0, 0.0])
    """
    before = (window_ms >= baseline_ms[0]) & (window_ms < baseline_ms[1])
    trim, count = len(windows) // TRIM, len(windows)
    ordered = np.subtract(windows.T, row_medians(windows[:, before]), order="C")  # what is sorted lies together
    spread = ordered[before]
    ordered.sort(axis=1)
    average = ordered[:, trim : count - trim].mean(axis=1, dtype=np.float64)
    error_uv = 1.2 * MAD_TO_SD * median(np.abs(spread - average[before, None]).ravel()) / np.sqrt(count)
    low, high = (ordered[:, place].astype(np.float64) for place in (trim, count - 1 - trim))
    common = np.where(low > 0, low, np.minimum(high, 0.0))
    return Averaged(average - median(average[before]), float(error_uv), common)


def measure_shape(
    average: NDArray[np.float64],
    window_ms: NDArray[np.float64],
    *,
    error_uv: float,
    share: float,
    errors: float,
    most_uv: float = np.inf,
    spikes_ms: Sequence[float] = (),
    common: NDArray[np.float64] | None = None,
) -> Shape:
    """Measure an averaged discharge.

    Parameters
    ----------
    average : ndarray of shape (n_window,)
        Microvolt, positive is electrode positive; 0 ms is the train's fixed point.
    window_ms : ndarray of shape (n_window,)
    error_uv : float
        Standard error of the average.
    share : float
        Share of the peak-to-peak size that a departure from the baseline must exceed.
    errors : float
        Standard errors that it must exceed as well.
    most_uv : float, optional
        A departure over this is one whatever the size: what a reader sees on the screen.
    spikes_ms : sequence of float, optional
        Spikes of one discharge: it is not over before the last of them, whatever the pauses between them.
    common : ndarray of shape (n_window,), optional
        What most discharges have in common: a phase after a pause that is only in the average is none.

    Returns
    -------
    Shape

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.waveform import measure_shape
    >>> window_ms = np.arange(-10, 20, 0.05)
    >>> wave = 100 * np.exp(-((window_ms + 0.3) ** 2) / 0.1) - 150 * np.exp(-((window_ms - 0.3) ** 2) / 0.1)
    >>> shape = measure_shape(wave, window_ms, error_uv=0.1, share=0.05, errors=3.0)
    >>> shape.initial_deflection, shape.phases
    ('positive', 2)
    """
    size = float(np.ptp(average))
    limit = max(min(share * size, most_uv), errors * error_uv)
    main = _main_peak(average, window_ms)
    spikes = np.searchsorted(window_ms, spikes_ms)
    ends = min(main, *spikes, main), max(main, *spikes, main)
    real = np.abs(average if common is None else common) > limit
    start, stop = _extent(average / limit, real, ends, step_ms=float(window_ms[1] - window_ms[0]))
    inside = average[start : stop + 1]
    high, low = int(inside.argmax()), int(inside.argmin())
    after = inside[high:]
    positive, negative = float(inside.max()), float(max(-after.min(), 0.0))
    signs = np.sign(inside[np.abs(inside) > limit])
    step = window_ms[1] - window_ms[0]
    initial = "indeterminate" if size < 2 * limit or len(signs) == 0 else ("positive" if signs[0] > 0 else "negative")
    return Shape(
        peak_to_peak_uv=size,
        duration_ms=float((stop - start) * step),
        rise_ms=float(_rise(inside, *_edge(inside, limit)) * step),
        phases=int(1 + (np.diff(signs) != 0).sum()) if len(signs) else 0,
        turns=_turns(inside, max(TURN_SHARE * size, limit)),
        initial_deflection=initial,
        positive_first=high < low,
        negative_share=min(negative / positive, 99.0) if positive > 0 else 99.0,
        negative_to_positive_width=_width(-after) / max(_width(inside), 1),
        error_uv=error_uv,
    )


def _main_peak(average: NDArray[np.float64], window_ms: NDArray[np.float64]) -> int:
    near = np.abs(window_ms) < 4.0  # the fixed point is the centre of energy, so the main peak is close to it
    return int(np.flatnonzero(near)[np.abs(average[near]).argmax()])


def _extent(
    departure: NDArray[np.float64], real: NDArray[np.bool_], ends: tuple[int, int], *, step_ms: float
) -> tuple[int, int]:
    # The departure is in units of the limit. A slow wave on its way from one phase to the next is not over.
    first, last = ends
    start = first - _reach(departure[first::-1], real[first::-1], step_ms)
    return start, last + _reach(departure[last:], real[last:], step_ms)


def _reach(departure: NDArray[np.float64], real: NDArray[np.bool_], step_ms: float) -> int:
    last = 0
    over = np.abs(departure) > 1
    for place in np.flatnonzero(over):
        pause = int(place) - last
        pause_ms = (pause - 1) * step_ms
        if pause_ms > max(REST_MS, PASSING_MS):
            break
        # A phase too small to be one may lie on the way to one that is.
        if pause_ms <= GAP_MS or _goes_on(departure[last:], real[last:], pause, step_ms):
            last = int(place)
    return last


def _goes_on(departure: NDArray[np.float64], real: NDArray[np.bool_], place: int, step_ms: float) -> bool:
    # To a phase that is a phase, after a short rest or over the zero line without resting there.
    between, after = departure[1:place], np.sign(departure[place]) * departure[place:]
    ended = np.flatnonzero(after < RESTING)
    length = int(ended[0]) if len(ended) else len(after)
    resting = np.mean(np.abs(between) < RESTING)
    pause_ms = len(between) * step_ms
    passing = pause_ms <= PASSING_MS and departure[0] * departure[place] < 0 and resting < RESTING_SHARE
    phase = after[:length].max() > PHASE and real[place : place + length].any()
    return bool((pause_ms <= REST_MS or passing) and phase)


def _turns(inside: NDArray[np.float64], least: float) -> int:
    # A turn counts when the wave has come back from it by so much.
    extremes = inside[np.flatnonzero(np.diff(np.sign(np.diff(inside))) != 0) + 1]
    turns, low, high, rising = 0, inside[0], inside[0], 0
    for value in [*extremes, inside[-1]]:
        low, high = min(low, value), max(high, value)
        if rising >= 0 and high - value > least:
            turns, low, high, rising = turns + (rising > 0 or high > inside[0]), value, value, -1
        elif rising <= 0 and value - low > least:
            turns, low, high, rising = turns + (rising < 0 or low < inside[0]), value, value, 1
    return int(turns)


def _edge(inside: NDArray[np.float64], limit: float) -> tuple[int, int]:
    # From the largest deflection to the larger of the phases next to it: of a complex, not from one spike to another.
    main = int(np.abs(inside).argmax())
    other = -np.sign(inside[main]) * inside
    phases = [(start, stop) for start, stop in runs_of(other > 0) if other[start:stop].max() > limit]
    near = [phase for phase in phases if phase[1] <= main][-1:] + [phase for phase in phases if phase[0] > main][:1]
    peaks = [start + int(other[start:stop].argmax()) for start, stop in near]
    return main, max(peaks, key=lambda place: other[place], default=int(other.argmax()))


def _rise(inside: NDArray[np.float64], high: int, low: int) -> float:
    first, last = sorted((high, low))
    edge = inside[first : last + 1]
    if len(edge) < 2:
        return 0.0
    progress = (edge - edge[0]) / (edge[-1] - edge[0])
    return float(np.argmax(progress > 0.9) - (len(progress) - 1 - np.argmax(progress[::-1] < 0.1)))


def _width(wave: NDArray[np.float64]) -> int:
    peak = int(wave.argmax())
    if wave[peak] <= 0:
        return 0
    below = wave < wave[peak] / 2
    left = peak - np.argmax(below[: peak + 1][::-1]) if below[: peak + 1].any() else 0
    right = peak + (np.argmax(below[peak:]) if below[peak:].any() else len(wave) - peak)
    return int(right - left)


def separation(one: NDArray[np.floating], two: NDArray[np.floating], *, moving: bool = False) -> float:
    """Return how many standard deviations of single discharges two kinds of them lie apart.

    Parameters
    ----------
    one, two : ndarray of shape (n_discharges, size)
        Aligned with each other.
    moving : bool
        Whether they may be aligned to a fraction of a sample first: of large discharges that alone can look like
        another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.signals.waveform import separation
    >>> noise = np.random.default_rng(0).normal(0, 1, (2, 500, 4))
    >>> round(separation(noise[0], noise[1] + [5.0, 0, 0, 0]))
    5
    """
    first, second = column_medians(one), column_medians(two)
    if moving:
        two = moved(two, np.full(len(two), _fraction_between(first, second)))
        second = column_medians(two)
    axis = second - first
    length = float(np.sqrt(axis @ axis))
    if length == 0:
        return 0.0
    along = [part @ (axis / length) for part in (one, two)]
    scatter = [MAD_TO_SD * median(np.abs(part - median(part))) for part in along]
    return length / max(float(np.mean(scatter)), 1e-9)


def _fraction_between(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    # How much later the second has to come to be most like the first.
    fractions = np.arange(-SHIFTS, SHIFTS + 1) / SHIFTS
    later = moved(np.repeat(second[None], len(fractions), axis=0), fractions)
    return float(fractions[np.square(later - first).sum(axis=1).argmin()])
