"""What was found against what is true: sorting, events, names. Every time in seconds, every count whole.

Rules, the same for every tool:

- a train and a true unit are compared after their median offset is taken away (no further apart than 5 ms), within
  1 ms, one to one; sorting accuracy is TP / (TP + FN + FP), and trains go to units so that the sum is largest;
- an event of a train is moved by the offset of the train to the unit it fits best, and must then lie within 1 ms of
  a true event of any unit; an unsorted event within 5 ms of one that is still free. No event counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Times = NDArray[np.float64]

TOLERANCE_S = 0.001
LARGEST_OFFSET_S = 0.005
LOOSE_TOLERANCE_S = 0.005
FAMILY = ("fibrillation", "positive_sharp_wave")
LEAST_EVENTS = 5  # a unit with fewer is not asked for its name
CHANCE = 0.1  # a train that agrees less with a unit is not that unit's train


@dataclass(frozen=True, eq=False)
class Found:
    """What a tool found in one recording.

    Parameters
    ----------
    trains_s : sequence of array of shape (n_events,)
        Times of every unit found.
    loose_s : array of shape (n_events,)
        Times of events that belong to no unit.
    labels : sequence of str, optional
        Name of every unit; None for a tool that gives none.
    probabilities : sequence of float
    seconds : float
        What it took.
    sorts : bool
        False for a tool that finds events only: it is not asked for trains.
    """

    trains_s: Sequence[Times]
    loose_s: Times = field(default_factory=lambda: np.empty(0))
    labels: Sequence[str] | None = None
    probabilities: Sequence[float] = ()
    seconds: float = np.nan
    sorts: bool = True


@dataclass(frozen=True)
class Count:
    """True events, found events, and how many of them are the same."""

    true: int = 0
    found: int = 0
    matched: int = 0

    @property
    def recall(self) -> float:
        """Share of the true events that were found."""
        return self.matched / self.true if self.true else np.nan

    @property
    def precision(self) -> float:
        """Share of the found events that are true."""
        return self.matched / self.found if self.found else np.nan


def match(true_s: Times, found_s: Times, tolerance_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the largest one-to-one matching of two sets of times: indices of both, in order of time.

    Parameters
    ----------
    true_s, found_s : array of shape (n_events,)
        Each in order of time.
    tolerance_s : float
        A pair may be so far apart.

    Notes
    -----
    Taking the earliest possible pair again and again is optimal when the tolerance is the same everywhere.
    """
    pairs, true_at, found_at = [], 0, 0
    true_list, found_list = true_s.tolist(), found_s.tolist()
    while true_at < len(true_list) and found_at < len(found_list):
        apart = found_list[found_at] - true_list[true_at]
        if abs(apart) <= tolerance_s:
            pairs.append((true_at, found_at))
        true_at += apart >= -tolerance_s
        found_at += apart <= tolerance_s
    chosen = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return chosen[:, 0], chosen[:, 1]


def offset_s(true_s: Times, found_s: Times) -> float:
    """Return the median distance of true events to the found event next to each, in order; NaN when none is near.

    Parameters
    ----------
    true_s, found_s : array of shape (n_events,)
        Each in order of time.
    """
    if len(found_s) == 0 or len(true_s) == 0:
        return np.nan
    after = np.searchsorted(found_s, true_s).clip(1, max(len(found_s) - 1, 1))
    before_s, after_s = found_s[after - 1] - true_s, found_s[after.clip(max=len(found_s) - 1)] - true_s
    nearest_s = np.where(np.abs(before_s) <= np.abs(after_s), before_s, after_s)
    near = np.abs(nearest_s) <= LARGEST_OFFSET_S
    return float(np.median(nearest_s[near])) if near.any() else np.nan


@dataclass(frozen=True, eq=False)
class Agreement:
    """Every true unit against every train: shape (n_units, n_trains)."""

    matched: NDArray[np.int64]
    accuracy: Times
    offset_s: Times


def compare(units_s: Sequence[Times], trains_s: Sequence[Times]) -> Agreement:
    """Return how every true unit and every train agree.

    Parameters
    ----------
    units_s, trains_s : sequence of array of shape (n_events,)
    """
    shape = (len(units_s), len(trains_s))
    matched, accuracy, offsets = np.zeros(shape, dtype=np.int64), np.zeros(shape), np.full(shape, np.nan)
    for row, unit_s in enumerate(units_s):
        for column, train_s in enumerate(trains_s):
            offsets[row, column] = apart_s = offset_s(unit_s, train_s)
            if np.isnan(apart_s):
                continue
            both = len(match(unit_s, train_s - apart_s, TOLERANCE_S)[0])
            matched[row, column] = both
            accuracy[row, column] = both / (len(unit_s) + len(train_s) - both)
    return Agreement(matched, accuracy, offsets)


def assign(accuracy: Times) -> NDArray[np.int64]:
    """Return the train of every unit (-1 for none) that makes the sum of the accuracies largest.

    Parameters
    ----------
    accuracy : array of shape (n_units, n_trains)
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415 - a heavy import, needed here only

    trains = np.full(len(accuracy), -1)
    rows, columns = linear_sum_assignment(accuracy, maximize=True)
    good = accuracy[rows, columns] >= CHANCE
    trains[rows[good]] = columns[good]
    return trains


def aligned(found: Found, agreement: Agreement) -> list[Times]:
    """Return the times of every train moved by its offset to the unit that it fits best."""
    if len(agreement.accuracy) == 0:
        return list(found.trains_s)
    best = agreement.accuracy.argmax(axis=0)
    moves = np.nan_to_num(agreement.offset_s[best, np.arange(len(best))])
    return [times - move for times, move in zip(found.trains_s, moves, strict=True)]


def found_events(true_s: Times, trains_s: Sequence[Times], loose_s: Times) -> tuple[NDArray[np.bool_], int]:
    """Return which true events were found, and how many events were found in all, sorted or not.

    Parameters
    ----------
    true_s : array of shape (n_events,)
        In order of time.
    trains_s : sequence of array
        Aligned trains.
    loose_s : array
        Events without a train.
    """
    hit = np.zeros(len(true_s), dtype=bool)
    sorted_s = _in_order(trains_s)
    hit[match(true_s, sorted_s, TOLERANCE_S)[0]] = True
    free = np.flatnonzero(~hit)
    hit[free[match(true_s[free], np.sort(loose_s), LOOSE_TOLERANCE_S)[0]]] = True
    return hit, len(sorted_s) + len(loose_s)


def _in_order(trains_s: Iterable[Times]) -> Times:
    return np.sort(np.concatenate([np.empty(0), *trains_s]))


@dataclass(frozen=True, eq=False)
class Score:
    """One recording judged: a row a true unit, and one row for the whole."""

    units: pd.DataFrame
    scene: dict[str, object]


def score(units: pd.DataFrame, events: pd.DataFrame, found: Found) -> Score:
    """Judge what a tool found in one recording.

    Parameters
    ----------
    units : pandas.DataFrame
        True units; ``unit`` and ``label`` are used, the rest is passed on.
    events : pandas.DataFrame
        True events, ``time_s, unit, label``, in order of time.
    found : Found
    """
    times, label = events["time_s"].to_numpy(), events["label"].to_numpy()
    units_s = [times[events["unit"].to_numpy() == unit] for unit in units["unit"]]
    agreement = compare(units_s, found.trains_s)
    moved = aligned(found, agreement)
    hit, n_found = found_events(times, moved, found.loose_s)
    everything = Count(len(times), n_found, int(hit.sum()))
    rows = _unit_rows(units, events, found, agreement=agreement, hit=hit)
    scene = {
        "n_true": everything.true,
        "n_found": everything.found,
        "n_matched": everything.matched,
        "recall": everything.recall,
        "precision": everything.precision,
        "n_units": len(units),
        "n_trains": len(found.trains_s),
        "seconds": found.seconds,
    }
    return Score(rows, scene | ({} if found.labels is None else _family(times, label, moved, found.labels)))


def _unit_rows(
    units: pd.DataFrame, events: pd.DataFrame, found: Found, *, agreement: Agreement, hit: NDArray[np.bool_]
) -> pd.DataFrame:
    train = assign(agreement.accuracy)
    has, row = train >= 0, np.arange(len(units))
    taken = np.where(has, train, 0)

    def of_train(values: Sequence[object] | NDArray[np.generic], missing: object) -> list[object]:
        return [values[at] if good else missing for at, good in zip(taken, has, strict=True)]

    def of_pair(table: NDArray[np.generic], missing: float) -> NDArray[np.float64]:
        return np.where(has, table[row, taken], missing) if table.size else np.full(len(units), missing)

    counts = events.assign(hit=hit).groupby("unit")["hit"].agg(["size", "sum"]).reindex(units["unit"], fill_value=0)
    labels = [""] * len(units) if found.labels is None else of_train(found.labels, "")
    asked = (counts["size"].to_numpy() >= LEAST_EVENTS) & (found.labels is not None)
    right = np.array(labels, dtype=object) == units["label"].to_numpy()
    return units.assign(
        train=train,
        n_events=counts["size"].to_numpy(),
        n_matched=counts["sum"].to_numpy(),
        recall=(counts["sum"] / counts["size"]).to_numpy(),
        n_train=of_train([len(times) for times in found.trains_s], 0),
        n_in_train=of_pair(agreement.matched, 0).astype(int),
        accuracy=of_pair(agreement.accuracy, 0.0) if found.sorts else np.nan,
        offset_ms=1e3 * of_pair(agreement.offset_s, np.nan),
        label_found=labels,
        probability=of_train(found.probabilities, np.nan) if len(found.probabilities) else np.nan,
        label_right=np.where(asked, right.astype(float), np.nan),
    )


def _family(times: Times, label: NDArray[np.generic], trains_s: list[Times], labels: Sequence[str]) -> dict[str, int]:
    """Return the counts of denervation as one family, and of events that bear the right one of its two names."""
    true = np.isin(label.astype(str), FAMILY)
    denervation = [(train_s, name) for train_s, name in zip(trains_s, labels, strict=True) if name in FAMILY]
    found_s = np.concatenate([np.empty(0), *(train_s for train_s, _ in denervation)])
    names = np.concatenate([np.empty(0, dtype=str), *(np.full(len(train_s), name) for train_s, name in denervation)])
    order = np.argsort(found_s, kind="stable")
    of_true, of_found = match(times[true], found_s[order], TOLERANCE_S)
    return {
        "family_true": int(true.sum()),
        "family_found": len(found_s),
        "family_matched": len(of_true),
        "family_told": int((label[true][of_true].astype(str) == names[order][of_found]).sum()),
        "denervation_trains": len(denervation),
    }
