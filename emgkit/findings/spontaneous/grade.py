"""From the trains of all needle positions of one muscle to a grade."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import StudyError
from emgkit.findings.spontaneous.amplitude import judge_amplitude
from emgkit.findings.spontaneous.positions import count_position, counted_trains
from emgkit.findings.spontaneous.schemes import (
    grade_interval,
    grade_of,
    level_words,
    positions_needed,
    read_scheme,
    scheme_criteria,
)
from emgkit.knowledge.tables import criteria_values
from emgkit.model.findings import GRADES, MuscleFinding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from emgkit.findings.spontaneous.amplitude import AmplitudeStatement
    from emgkit.findings.spontaneous.schemes import Scheme
    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.findings import NeedlePosition
    from emgkit.model.recording import Side


def grade_muscle(
    activities: Sequence[SpontaneousActivity], *, scheme: str = "mayo", left_out: Sequence[str] = ()
) -> MuscleFinding:
    """Grade fibrillations and positive sharp waves of one muscle from its needle positions.

    Only trains that persist count, and of those only the ones whose name is sure enough: a transient train, an
    irregular one, or a single positive position among several makes the muscle equivocal, neither 0 nor 1+. The grade
    uses fibrillations and positive sharp waves together, because both mean the same; beside it stand the raw vector it
    came from, position by position, and how far it depends on the choice of positions. Fewer than four positions give
    a grade that is called provisional.

    Parameters
    ----------
    activities : sequence of SpontaneousActivity
        One a needle position, all of one muscle and side.
    scheme : {"mayo", "preston_shapiro"}
        Whose words the grade follows.
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
    UnknownNameError
        For a scheme that does not exist.

    References
    ----------
    Source keys ``statpearls_spontaneous`` and ``preston_shapiro_2013`` for the schemes, ``kraft_1990`` for amplitudes.

    Examples
    --------
    >>> import emgkit
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, rng=1)
    >>> finding = emgkit.grade_muscle([emgkit.find_spontaneous_activity(recording)])
    >>> finding.grade, finding.reason
    (0, '1 of 4 needle positions, provisional')
    >>> finding.raw_vector
    (1, 0, 0, 0.0, 0.0)
    """
    muscle, side = _place(activities)
    rules = read_scheme(scheme)
    resting = [activity for activity in activities if activity.recording.state == "rest"]
    positions = tuple(count_position(activity, rules) for activity in resting)
    judged = [activity for activity, position in zip(resting, positions, strict=True) if not position.left_out]
    criteria = {**scheme_criteria(rules), **criteria_values("amplitude_criteria")}
    finding = MuscleFinding(muscle, side, None, None, None, scheme=rules.name, positions=positions, criteria=criteria)
    if not judged:
        why = dict.fromkeys(position.left_out for position in positions)
        return replace(finding, reason="; ".join(["no needle position at rest could be judged", *why, *left_out]))
    return _graded(finding, judged, rules)


def _place(activities: Sequence[SpontaneousActivity]) -> tuple[str, Side]:
    places = sorted({(activity.muscle, activity.recording.side) for activity in activities})
    if len(places) != 1:
        met = ", ".join(f"{side} {muscle}" for muscle, side in places) or "nothing"
        msg = f"A grade belongs to one muscle and side, but {met} was given; grade each muscle by itself."
        raise StudyError(msg)
    return places[0]


def _graded(finding: MuscleFinding, judged: Sequence[SpontaneousActivity], rules: Scheme) -> MuscleFinding:
    values = criteria_values("grading_criteria")
    sites = [position for position in finding.positions if not position.left_out]
    levels = [site.level for site in sites]
    grade = grade_of(levels, rules)
    trains = [counted_trains(activity, rules) for activity in judged]
    kinds = {label for table in trains for label in table["label"]}
    several = len(sites) >= values["interval_least_sites"]
    few = f"{len(sites)} of {values['full_sites']:g} needle positions, provisional"
    size = _size(judged, trains)
    return replace(
        finding,
        grade=grade,
        fibrillation=grade if "fibrillation" in kinds or not kinds else 0,
        positive_sharp_wave=grade if "positive_sharp_wave" in kinds or not kinds else 0,
        equivocal=grade == 0 and any(site.trains or site.transient or site.doubtful for site in sites),
        sites=len(sites),
        positive_sites=sum(site.trains > 0 for site in sites),
        trains=sum(site.trains for site in sites),
        discharges_per_s=_median([site.discharges_per_s for site in sites if site.trains]),
        fill=_median([site.fill for site in sites if site.trains]),
        fasciculation=any("fasciculation" in set(activity.trains["label"]) for activity in judged),
        reason=few if len(sites) < values["full_sites"] else "",
        reasons=(*_why_this_grade(levels, grade, rules), *_not_counted(finding.positions)),
        interval=grade_interval(levels, rules, level=values["interval_level"]) if several else None,
        interval_level=values["interval_level"] if several else 0.0,
        amp95_uv=size.amp95_uv,
        amplitude_trains=size.trains,
        amplitude_statement=size.statement,
        amplitude_caution=size.caution,
    )


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else 0.0


def _size(judged: Sequence[SpontaneousActivity], trains: Sequence[pd.DataFrame]) -> AmplitudeStatement:
    # Sampled too slowly, a short potential loses its peaks.
    sharp = [
        (activity, table)
        for activity, table in zip(judged, trains, strict=True)
        if len(table) and "low_rate" not in activity.flags
    ]
    sizes_uv = [float(uv) for _, table in sharp for uv in table["amplitude_uv"]]
    return judge_amplitude(sizes_uv, electrodes=[activity.recording.electrode for activity, _ in sharp])


def _why_this_grade(levels: Sequence[int], grade: int, rules: Scheme) -> list[str]:
    # What this grade asks for and what the next one would: by how much it is reached or missed.
    needed = dict(zip(GRADES[1:], positions_needed(rules, len(levels)), strict=True))
    return [
        f"{each}+ asks for {level_words(rules, each)} at {needed[each]} or more positions: "
        f"{sum(level >= each for level in levels)} of {len(levels)}"
        for each in (grade, grade + 1)
        if each in needed
    ]


def _not_counted(positions: Sequence[NeedlePosition]) -> list[str]:
    sites = [position for position in positions if not position.left_out]
    transient, doubtful = sum(site.transient for site in sites), sum(site.doubtful for site in sites)
    lines = [f"transient trains, not counted: {transient}"] * (transient > 0)
    lines += [f"doubtful trains, reported and not counted: {doubtful}"] * (doubtful > 0)
    left_out = (position for position in positions if position.left_out)
    return lines + [f"position not counted{_named(position)}: {position.left_out}" for position in left_out]


def _named(position: NeedlePosition) -> str:
    return f" ({position.site})" if position.site else ""
