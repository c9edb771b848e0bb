"""From the trains of all needle positions of one muscle to a grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import StudyError
from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.tables import criteria_values
from emgkit.model.findings import MuscleFinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.recording import Side


def grade_muscle(activities: Sequence[SpontaneousActivity], *, left_out: Sequence[str] = ()) -> MuscleFinding:
    """Grade fibrillations and positive sharp waves of one muscle from its needle positions.

    Only persistent trains count. The grade uses fibrillations and positive sharp waves together, because both mean the
    same; beside it stands the raw vector it came from.

    Parameters
    ----------
    activities : sequence of SpontaneousActivity
        One a needle position, all of one muscle and side.
    left_out : sequence of str
        Why further positions could not be analysed; part of the reason when the muscle is not gradable.

    Returns
    -------
    MuscleFinding
        ``grade`` is None when no position could be judged.

    Raises
    ------
    StudyError
        When there is no activity, or the activities are of several muscles or sides.

    References
    ----------
    Source key ``statpearls_spontaneous``.

    Examples
    --------
    >>> import emgkit
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, rng=1)
    >>> emgkit.grade_muscle([emgkit.find_spontaneous_activity(recording)]).grade
    0
    """
    muscle, side = _place(activities)
    values = criteria_values("grading_criteria")
    resting = [activity for activity in activities if activity.recording.state == "rest"]
    sites = [activity for activity in resting if activity.analysed_s >= values["least_site_s"]]
    if not sites:
        short = f"no needle position has {values['least_site_s']:g} s at rest that could be analysed"
        reason = "; ".join([short, *left_out])
        return MuscleFinding(muscle, side, None, None, None, reason=reason)
    counted = [_denervation(activity, persistent=True) for activity in sites]
    positive = [_counts(activity, trains) for activity, trains in zip(sites, counted, strict=True) if len(trains)]
    transient = any(len(_denervation(activity, persistent=False)) for activity in sites)
    grade, reasons = _grade(positive, len(sites))
    seen = {label for table in counted for label in table["label"]}
    return MuscleFinding(
        muscle=muscle,
        side=side,
        grade=grade,
        fibrillation=grade if "fibrillation" in seen or not seen else 0,
        positive_sharp_wave=grade if "positive_sharp_wave" in seen or not seen else 0,
        equivocal=grade == 0 and bool(positive or transient),
        sites=len(sites),
        positive_sites=len(positive),
        trains=sum(len(table) for table in counted),
        discharges_per_s=_median(positive, "discharges_per_s"),
        fill=_median(positive, "fill"),
        fasciculation=any("fasciculation" in set(activity.trains["label"]) for activity in sites),
        reason=_provisional(len(sites)),
        reasons=tuple(reasons),
    )


def _place(activities: Sequence[SpontaneousActivity]) -> tuple[str, Side]:
    places = sorted({(activity.muscle, activity.recording.side) for activity in activities})
    if len(places) != 1:
        met = ", ".join(f"{side} {muscle}" for muscle, side in places) or "nothing"
        msg = f"A grade belongs to one muscle and side, but {met} was given; grade each muscle by itself."
        raise StudyError(msg)
    return places[0]


def _denervation(activity: SpontaneousActivity, *, persistent: bool) -> pd.DataFrame:
    trains = activity.trains
    counts = [label.label for label in labels().values() if label.denervation]
    return trains[trains["label"].isin(counts) & (trains["persistent"] == persistent)]


@dataclass(frozen=True)
class _Counts:
    # What one positive needle position shows.
    trains: int
    discharges_per_s: float
    fill: float


def _counts(activity: SpontaneousActivity, trains: pd.DataFrame) -> _Counts:
    times_s = activity.events.loc[activity.events["train"].isin(trains["train"]), "time_s"].to_numpy()
    bin_s = criteria_values("grading_criteria")["fill_bin_s"]
    filled_s = len(np.unique((times_s / bin_s).astype(int))) * bin_s
    return _Counts(len(trains), len(times_s) / activity.analysed_s, float(filled_s / activity.analysed_s))


def _median(positive: Sequence[_Counts], what: str) -> float:
    return float(np.median([getattr(site, what) for site in positive])) if positive else 0.0


def _grade(positive: Sequence[_Counts], sites: int) -> tuple[int, list[str]]:
    # Positions that reach each level are counted, as the scheme words it: more denervation never lowers a grade.
    values = criteria_values("grading_criteria")
    raw = (
        f"{len(positive)} of {sites} positions positive; there {_median(positive, 'trains'):g} trains, "
        f"{_median(positive, 'discharges_per_s'):.1f} discharges/s, fill {_median(positive, 'fill'):.0%}"
    )
    # Two positions cannot be positive when one was sampled: the grade is then provisional, not withheld.
    if len(positive) < max(min(values["positive_sites_1"], sites), 1):
        return 0, [raw]
    everywhere = max(values["positive_sites_2"], values["share_3"] * sites)
    if sum(site.fill >= values["fill_4"] for site in positive) >= everywhere:
        return 4, [raw, f"fills {values['fill_4']:.0%} of the baseline nearly everywhere"]
    if _reaching(positive, values["trains_3"], values["rate_3_hz"]) >= everywhere:
        large = f"large numbers (at least {values['trains_3']:g} trains or {values['rate_3_hz']:g}/s)"
        return 3, [raw, f"{large} nearly everywhere"]
    if _reaching(positive, values["trains_2"], values["rate_2_hz"]) >= values["positive_sites_2"]:
        moderate = f"moderate numbers (at least {values['trains_2']:g} trains or {values['rate_2_hz']:g}/s)"
        return 2, [raw, f"{moderate} at {values['positive_sites_2']:g} or more positions"]
    return 1, [raw]


def _reaching(positive: Sequence[_Counts], trains: float, rate_hz: float) -> int:
    return sum(site.trains >= trains or site.discharges_per_s >= rate_hz for site in positive)


def _provisional(sites: int) -> str:
    values = criteria_values("grading_criteria")
    if sites >= values["full_sites"]:
        return ""
    return f"{sites} of {values['full_sites']:g} needle positions, provisional"
