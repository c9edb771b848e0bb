"""When units discharge: one function a rhythm, every range from ``firing.csv``.

All rhythms are drawn alike: intervals of mean one are laid end to end and time is stretched by the rate, which
may change while they run. A request says when, and fixes what the caller wants fixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from emgkit.simulate.quantities import draw, limited, read_quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from emgkit.simulate.quantities import Quantity

    Floats = NDArray[np.float64]
    Rows = Mapping[str, Quantity]

_GRID_S = 0.001  # step on which a changing rate is integrated


@dataclass(frozen=True)
class FiringRequest:
    """When a unit may fire.

    Parameters
    ----------
    start_s, stop_s : float
        The unit is silent outside.
    rate_hz : float, optional
        Fixes the rate; drawn from the table otherwise.
    may_stop : bool
        Whether the train may end earlier by itself.
    drive_phase : float
        Phase in radians of the drive that voluntary units of one recording share.
    drive_hz : float
        Frequency of that drive; 0 is none.
    """

    start_s: float
    stop_s: float
    rate_hz: float | None = None
    may_stop: bool = True
    drive_phase: float = 0.0
    drive_hz: float = 0.0


@dataclass(frozen=True, eq=False)
class Firing:
    """Discharges of one unit: times, size of each against the template, and the nominal rate."""

    times_s: Floats
    gains: Floats
    rate_hz: float


def draw_firing(rhythm: str, *, request: FiringRequest, rng: np.random.Generator) -> Firing:
    """Draw the discharges of one unit.

    Parameters
    ----------
    rhythm : str
        Group of ``firing.csv``, such as ``"regular"`` or ``"endplate"``.
    request : FiringRequest
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.firing import FiringRequest, draw_firing
    >>> rng = np.random.default_rng(1)
    >>> train = draw_firing("regular", request=FiringRequest(0.0, 10.0, rate_hz=8.0, may_stop=False), rng=rng)
    >>> 50 < len(train.times_s) < 90
    True
    """
    rows = read_quantities("firing")[rhythm]
    rate_hz = _rate(rows, request, rng)
    times, gains = _RHYTHMS[rhythm](rows, request, rate_hz, rng)
    inside = (times >= request.start_s) & (times < request.stop_s)
    return Firing(times[inside], gains[inside], rate_hz)


def _rate(rows: Rows, request: FiringRequest, rng: np.random.Generator) -> float:
    drawn = draw(rows["rate_hz"], rng)
    if request.rate_hz is not None:
        return request.rate_hz
    return limited(drawn, rows["rate_limits_hz"]) if "rate_limits_hz" in rows else drawn


def _train(
    start_s: float,
    stop_s: float,
    rate_at: Callable[[Floats], Floats],
    intervals: Callable[[int], Floats],
    rng: np.random.Generator,
) -> Floats:
    """Lay intervals of mean one end to end in the time that the rate measures."""
    grid = np.arange(0.0, max(stop_s - start_s, _GRID_S) + _GRID_S, _GRID_S)
    rate = np.broadcast_to(rate_at(grid), grid.shape)
    elapsed = np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2) * _GRID_S])
    marks = np.cumsum(_first_partial(intervals(int(elapsed[-1]) + 20), rng))
    while marks[-1] < elapsed[-1]:
        marks = np.concatenate([marks, marks[-1] + np.cumsum(intervals(int(elapsed[-1]) + 20))])
    marks = marks[marks < elapsed[-1]]
    return np.asarray(start_s + np.interp(marks, elapsed, grid))


def _first_partial(intervals: Floats, rng: np.random.Generator) -> Floats:
    intervals[0] *= rng.uniform()
    return intervals


def _constant(rate_hz: float) -> Callable[[Floats], Floats]:
    return lambda t: np.full_like(t, rate_hz)


def _stepping(first_hz: float, later_hz: float, at_s: float) -> Callable[[Floats], Floats]:
    return lambda t: np.where(t < at_s, first_hz, later_hz)


def _swelling(lowest: float, highest: float, length_s: float) -> Callable[[Floats], Floats]:
    """Return a course that rises and falls once."""
    return lambda t: np.asarray(lowest + (highest - lowest) * np.sin(np.pi * t / max(length_s, _GRID_S)) ** 2)


def _near_one(cv: float, rng: np.random.Generator, shortest: float = 0.05) -> Callable[[int], Floats]:
    return lambda n: np.maximum(1.0 + cv * rng.standard_normal(n), shortest)


def _gamma(cv: float, shortest: float, rng: np.random.Generator) -> Callable[[int], Floats]:
    """Return intervals of mean one: a dead time, and a gamma-distributed rest of given coefficient of variation."""
    dead = min(shortest, 0.9)
    return lambda n: dead + (1.0 - dead) * rng.gamma(cv**-2, cv**2, n)


def _regular(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    slowing, cv = draw(rows["slowing_per_s"], rng), draw(rows["interval_cv"], rng)
    stop_s = request.stop_s
    run_s = draw(rows["shortest_run_s"], rng) + rng.exponential(draw(rows["mean_run_s"], rng))
    if rng.uniform() < draw(rows["stop_probability"], rng) and request.may_stop:
        stop_s = min(stop_s, request.start_s + run_s)
    times = _train(request.start_s, stop_s, lambda t: rate_hz / (1 + slowing * t), _near_one(cv, rng), rng)
    return times, np.ones(len(times))


def _provoked(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    final, tau = draw(rows["final_share"], rng), draw(rows["relaxation_s"], rng)
    intervals = _near_one(draw(rows["interval_cv"], rng), rng)
    times = _train(
        request.start_s, request.stop_s, lambda t: rate_hz * (final + (1 - final) * np.exp(-t / tau)), intervals, rng
    )
    return times, np.ones(len(times))


def _transient(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    run_s = min(draw(rows["run_s"], rng), request.stop_s - request.start_s)
    start_s = rng.uniform(request.start_s, request.stop_s - run_s)
    slowing = draw(rows["slowing_per_s"], rng)
    intervals = _near_one(draw(rows["interval_cv"], rng), rng)
    times = _train(start_s, start_s + run_s, lambda t: rate_hz / (1 + slowing * t), intervals, rng)
    return times, np.ones(len(times))


def _irregular(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    shortest = draw(rows["shortest_interval_ms"], rng) / 1e3 * rate_hz
    intervals = _gamma(draw(rows["interval_cv"], rng), shortest, rng)
    times = _train(request.start_s, request.stop_s, _constant(rate_hz), intervals, rng)
    return times, np.ones(len(times))


def _endplate(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    shortest = draw(rows["shortest_interval_ms"], rng) / 1e3 * rate_hz
    plain = _gamma(draw(rows["interval_cv"], rng), shortest, rng)
    slowing, share = draw(rows["slowing_per_s"], rng), draw(rows["burst_share"], rng)
    burst_hz = draw(rows["burst_rate_hz"], rng)

    def intervals(n: int) -> Floats:
        drawn = plain(n)
        return np.where(rng.uniform(size=n) < share, np.minimum(rate_hz / burst_hz, drawn), drawn)

    times = _train(request.start_s, request.stop_s, lambda t: rate_hz / (1 + slowing * t), intervals, rng)
    return times, np.ones(len(times))


def _sparse(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    dead = min(draw(rows["dead_time_ms"], rng) / 1e3 * rate_hz, 0.9)
    times = _train(
        request.start_s,
        request.stop_s,
        _constant(rate_hz),
        lambda n: dead + rng.exponential(1.0 - dead, n),
        rng,
    )
    if len(times) == 0:  # a unit that was asked for discharges at least once
        times = rng.uniform(request.start_s, request.stop_s, 1)
    paired = times[rng.uniform(size=len(times)) < draw(rows["doublet_share"], rng)]
    seconds = paired + np.array([draw(rows["doublet_interval_ms"], rng) / 1e3 for _ in paired])
    times = np.sort(np.concatenate([times, seconds]))
    return times, np.ones(len(times))


def _voluntary(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    depth = draw(rows["drive_depth"], rng)
    intervals = _near_one(draw(rows["interval_cv"], rng), rng, draw(rows["shortest_share"], rng))

    def rate_at(t: Floats) -> Floats:
        phase = 2 * np.pi * request.drive_hz * (request.start_s + t) + request.drive_phase
        return np.asarray(rate_hz * (1 + depth * np.sin(phase)))

    times = _train(request.start_s, request.stop_s, rate_at, intervals, rng)
    return times, np.ones(len(times))


def _steady(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    cv = draw(rows["interval_cv"], rng)
    cv = limited(cv, rows["cv_limits"]) if "cv_limits" in rows else cv
    times = _train(request.start_s, request.stop_s, _constant(rate_hz), _near_one(cv, rng), rng)
    return times, np.ones(len(times))


def _runs(rows: Rows, request: FiringRequest, rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    start_s = request.start_s + rng.uniform(0.0, draw(rows["pause_s"], rng))
    while start_s < request.stop_s:
        stop_s = start_s + draw(rows["run_s"], rng)
        yield start_s, min(stop_s, request.stop_s)
        start_s = stop_s + draw(rows["pause_s"], rng)


def _complex_repetitive(
    rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    intervals = _near_one(draw(rows["interval_cv"], rng), rng)
    runs = [np.empty(0)]
    for start_s, stop_s in _runs(rows, request, rng):
        steps = rng.uniform() < draw(rows["step_probability"], rng)
        later_hz = rate_hz * draw(rows["step_factor"], rng) if steps else rate_hz
        rate_at = _stepping(rate_hz, later_hz, rng.uniform(0.0, stop_s - start_s))
        runs.append(_train(start_s, stop_s, rate_at, intervals, rng))
    times = np.concatenate(runs)
    return times, np.ones(len(times))


def _myotonic(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    intervals = _near_one(draw(rows["interval_cv"], rng), rng)
    lowest, lowest_gain = draw(rows["lowest_share"], rng), draw(rows["lowest_gain"], rng)
    runs, gains = [np.empty(0)], [np.empty(0)]
    for start_s, stop_s in _runs(rows, request, rng):
        rate_at = _swelling(rate_hz * lowest, rate_hz, stop_s - start_s)
        runs.append(_train(start_s, stop_s, rate_at, intervals, rng))
        gains.append(_swelling(lowest_gain, 1.0, stop_s - start_s)(runs[-1] - start_s))
    return np.concatenate(runs), np.concatenate(gains)


def _neuromyotonic(
    rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    intervals = _near_one(draw(rows["interval_cv"], rng), rng)
    last_gain = draw(rows["last_gain"], rng)
    runs, gains = [np.empty(0)], [np.empty(0)]
    for start_s, stop_s in _runs(rows, request, rng):
        runs.append(_train(start_s, stop_s, _constant(rate_hz), intervals, rng))
        gains.append(last_gain ** ((runs[-1] - start_s) / max(stop_s - start_s, _GRID_S)))
    return np.concatenate(runs), np.concatenate(gains)


def _myokymic(rows: Rows, request: FiringRequest, rate_hz: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    burst_hz, burst_cv = draw(rows["burst_rate_hz"], rng), draw(rows["burst_cv"], rng)
    starts = _train(request.start_s, request.stop_s, _constant(burst_hz), _near_one(burst_cv, rng, 0.3), rng)
    n_discharges = round(draw(rows["discharges"], rng))
    inside = _near_one(draw(rows["interval_cv"], rng), rng, 0.3)
    # A burst must end before the next begins.
    step_s = min(1 / rate_hz, 0.3 / burst_hz / n_discharges)
    offsets = [np.concatenate([[0.0], np.cumsum(inside(n_discharges - 1)) * step_s]) for _ in starts]
    times = np.concatenate([*(start + offset for start, offset in zip(starts, offsets, strict=True)), np.empty(0)])
    return np.sort(times), np.ones(len(times))


_RHYTHMS: Mapping[str, Callable[[Rows, FiringRequest, float, np.random.Generator], tuple[Floats, Floats]]] = (
    MappingProxyType(
        {
            "regular": _regular,
            "provoked": _provoked,
            "transient": _transient,
            "irregular": _irregular,
            "endplate": _endplate,
            "sparse": _sparse,
            "voluntary": _voluntary,
            "single_discharge": _steady,
            "complex_repetitive": _complex_repetitive,
            "myotonic": _myotonic,
            "neuromyotonic": _neuromyotonic,
            "myokymic": _myokymic,
            "pacemaker": _steady,
        }
    )
)
