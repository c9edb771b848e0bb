"""What each needle position of a muscle shows of denervation, before anything is graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.schemes import level_reached
from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.tables import criteria_values
from emgkit.model.findings import NeedlePosition

if TYPE_CHECKING:
    import pandas as pd

    from emgkit.findings.spontaneous.schemes import Scheme
    from emgkit.model.activity import SpontaneousActivity

# What happens whenever a needle is moved says nothing about how quiet the muscle was.
_NEEDLE_MOVED = ("movement", "insertional activity")


def count_position(activity: SpontaneousActivity, scheme: Scheme) -> NeedlePosition:
    """Count what one needle position shows of denervation.

    Parameters
    ----------
    activity : SpontaneousActivity
        Of a recording at rest.
    scheme : Scheme

    Returns
    -------
    NeedlePosition
        ``left_out`` says why a position that is too short, or too full of contraction and artefact, does not count. It
        is left out whatever it shows: a rule that kept the positive ones would make the others rarer than they are.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.findings.spontaneous.positions import count_position
    >>> from emgkit.findings.spontaneous.schemes import read_scheme
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> position = count_position(activity, read_scheme("mayo"))
    >>> position.trains, position.left_out
    (1, '')
    """
    named, counted = denervation_trains(activity), counted_trains(activity, scheme)
    sure = named["counted"]
    discharges_per_s, fill = _density(activity, counted)
    return NeedlePosition(
        site=activity.recording.site,
        analysed_s=activity.analysed_s,
        trains=len(counted),
        discharges_per_s=discharges_per_s,
        fill=fill,
        level=level_reached(scheme, trains=len(counted), discharges_per_s=discharges_per_s, fill=fill),
        transient=int(sure.sum()) - len(counted),
        doubtful=int((~sure).sum()),
        left_out=_left_out(activity),
    )


def denervation_trains(activity: SpontaneousActivity) -> pd.DataFrame:
    """Return the trains that are named fibrillation or positive sharp wave, which mean the same.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.findings.spontaneous.positions import denervation_trains
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> denervation_trains(activity)["label"].tolist()
    ['fibrillation']
    """
    counts = [label.label for label in labels().values() if label.denervation]
    return activity.trains[activity.trains["label"].isin(counts)]


def counted_trains(activity: SpontaneousActivity, scheme: Scheme) -> pd.DataFrame:
    """Return the denervation trains that count for a grade: persistent, and sure enough of their name.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.findings.spontaneous.positions import counted_trains
    >>> from emgkit.findings.spontaneous.schemes import read_scheme
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> len(counted_trains(activity, read_scheme("mayo")))
    1
    """
    trains = denervation_trains(activity)
    return trains[trains["counted"] & _is_persistent(trains, scheme)]


def _is_persistent(trains: pd.DataFrame, scheme: Scheme) -> pd.Series[bool]:
    values = criteria_values("grading_criteria")
    if scheme.persistent_span_s >= values["persistent_span_s"]:
        return trains["persistent"]
    slow = trains["rate_hz"] < values["slow_rate_hz"]
    least = np.where(slow, values["persistent_slow_events"], values["persistent_events"])
    lasting = trains["stop_s"] - trains["start_s"] >= scheme.persistent_span_s
    return trains["persistent"] | (lasting & (trains["n_events"] >= least))


def _density(activity: SpontaneousActivity, trains: pd.DataFrame) -> tuple[float, float]:
    # Discharges per second, and the share of short bins that hold one: fibres that fire together fill a bin only once.
    bin_s = criteria_values("grading_criteria")["fill_bin_s"]
    times_s = activity.events.loc[activity.events["train"].isin(trains["train"]), "time_s"].to_numpy()
    filled_s = len(np.unique((times_s / bin_s).astype(int))) * bin_s
    return len(times_s) / activity.analysed_s, float(filled_s / activity.analysed_s)


def _left_out(activity: SpontaneousActivity) -> str:
    values = criteria_values("grading_criteria")
    if activity.analysed_s < values["least_site_s"]:
        return f"{activity.analysed_s:.1f} s at rest of the {values['least_site_s']:g} s that are needed"
    share = _lost_s(activity.excluded) / activity.recording.duration_s
    if share > values["most_lost_share"]:
        return f"{100 * share:.0f} % contraction or artefact, more than {100 * values['most_lost_share']:g} %"
    return ""


def _lost_s(excluded: pd.DataFrame) -> float:
    lost = excluded[~excluded["reason"].isin(_NEEDLE_MOVED)].sort_values("start_s")
    if lost.empty:
        return 0.0
    start_s, stop_s = lost["start_s"].to_numpy(), lost["stop_s"].to_numpy()
    before_s = np.concatenate([[-np.inf], np.maximum.accumulate(stop_s)[:-1]])  # overlaps count once
    return float(np.clip(stop_s - np.maximum(start_s, before_s), 0, None).sum())
