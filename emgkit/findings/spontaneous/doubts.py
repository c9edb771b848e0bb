"""What the trains beside one make doubtful of its name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.naming import INDETERMINATE, Name, is_machine
from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.tables import criteria_values
from emgkit.signals.locks import locked_to

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.findings.spontaneous.measure import MeasuredTrain


def unless_locked(name: Name, train: MeasuredTrain, *, others: Sequence[MeasuredTrain]) -> Name:
    """Return the name, or indeterminate for denervation that keeps a fixed lag to another train: parts of one complex.

    Parameters
    ----------
    name : Name
        Of the train.
    train : MeasuredTrain
    others : sequence of MeasuredTrain
        All other trains of the recording.
    """
    if name.label == INDETERMINATE or not labels()[name.label].denervation:
        return name
    values, times_s = criteria_values("naming_criteria"), train.train.time_s
    keeping = partial(locked_to, reach_ms=values["complex_reach_ms"], width_ms=values["complex_width_ms"])
    share = values["complex_share_steady" if is_machine(train) else "complex_share"]
    to_any = np.zeros(len(times_s), dtype=bool)  # the parts of a complex may be sorted otherwise from run to run
    for other in others:
        fewer_s, more_s = sorted((times_s, other.train.time_s), key=len)
        least = max(values["complex_least_pairs"], values["complex_lag_share"] * len(fewer_s))
        locked = keeping(more_s, fewer_s, least=least)
        if not locked.any():  # nor do the fewer that share a lag seen from the other side
            continue
        least = max(values["complex_least_pairs"], values["complex_lag_share"] * len(times_s))
        to_any |= locked if fewer_s is times_s else keeping(other.train.time_s, times_s, least=least)
        if max(locked.mean(), to_any.mean()) > share:
            return _doubted(name, "keeps its lag to another train, as parts of one complex do")
    return name


def unless_of_myotonia(name: Name, train: MeasuredTrain) -> Name:
    """Return the name, or indeterminate for denervation as fast as the myotonic discharge that fires beside it.

    What is left of a discharge that wanes looks like a fibrillation that slows down, or like an irregular one.
    """
    if not labels()[name.label].denervation:
        return name
    if not name.counted:
        return _doubted(name, "irregular beside a myotonic discharge, of which it may be parts")
    rate_hz = 1 / train.rhythm.base_s
    if rate_hz > criteria_values("naming_criteria")["denervation_largest_rate_hz"]:
        return _doubted(name, f"{rate_hz:.0f} Hz beside a myotonic discharge, of which it may be the end")
    return name


def unless_of_endplate(name: Name) -> Name:
    """Return the name, or indeterminate for irregular denervation beside endplate spikes, of which it may be one."""
    if name.counted or not labels()[name.label].denervation:
        return name
    return _doubted(name, "irregular beside endplate spikes, of which it may be one")


def unless_of_complex(name: Name, train: MeasuredTrain, *, complexes: Sequence[MeasuredTrain]) -> Name:
    """Return the name, or indeterminate for denervation that may be parts of a complex repetitive discharge beside it.

    Parts are irregular, or they come with every cycle, every second or third one.

    Parameters
    ----------
    name : Name
        Of the train.
    train : MeasuredTrain
    complexes : sequence of MeasuredTrain
        All complex repetitive discharges of the recording.
    """
    if not complexes or not labels()[name.label].denervation:
        return name
    if not name.counted:
        return _doubted(name, "irregular beside a complex repetitive discharge, of which it may be parts")
    values, base_s = criteria_values("naming_criteria"), train.rhythm.base_s
    cycles = np.array([base_s / each.rhythm.base_s for each in complexes])
    whole = np.round(cycles).clip(1, values["complex_most_cycles"])
    steady = train.rhythm.irregularity < values["complex_part_irregularity"]
    if steady and (np.abs(cycles / whole - 1) < values["complex_same_rate"]).any():
        return _doubted(name, "keeps the rate of a complex repetitive discharge beside it")
    return name


def _doubted(name: Name, why: str) -> Name:
    return Name(INDETERMINATE, name.probability, name.label, f"{why}; {name.reasons}", counted=False)
