"""All muscles of one examination: from recordings to the needle table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emgkit.errors import SignalError
from emgkit.findings.spontaneous.activity import find_spontaneous_activity
from emgkit.findings.spontaneous.grade import grade_muscle
from emgkit.findings.spontaneous.schemes import read_scheme
from emgkit.knowledge.anatomy import find_muscle
from emgkit.knowledge.names import parts_in
from emgkit.model.findings import NEEDLE, MuscleFinding
from emgkit.model.recording import Side
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.recording import Recording

Place = tuple[str, Side]


def find_activities(recordings: Iterable[Recording]) -> tuple[list[SpontaneousActivity], dict[Place, list[str]]]:
    """Analyse every recording; one that cannot be analysed is kept as a reason, never dropped in silence.

    Parameters
    ----------
    recordings : iterable of Recording

    Returns
    -------
    activities : list of SpontaneousActivity
    left_out : mapping of (muscle, side) to reasons

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.findings.spontaneous.muscles import find_activities
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, muscle="TA", rng=1)

    >>> short, truth = emgkit.simulate_recording([], duration_s=0.5, rate_hz=24000.0, muscle="soleus", rng=1)
    >>> activities, left_out = find_activities([recording, short])
    >>> [activity.muscle for activity in activities], list(left_out)
    (['tibialis_anterior'], [('soleus', 'left')])
    """
    activities: list[SpontaneousActivity] = []
    left_out: dict[Place, list[str]] = {}
    for recording in recordings:
        try:
            activities.append(find_spontaneous_activity(recording))
        except SignalError as error:
            left_out.setdefault((find_muscle(recording.muscle), recording.side), []).append(
                f"{_where(recording)}{error}"
            )
    return activities, left_out


def _where(recording: Recording) -> str:
    return f"{recording.site}: " if recording.site else ""


def grade_muscles(
    activities: Sequence[SpontaneousActivity], left_out: dict[Place, list[str]], *, scheme: str = "mayo"
) -> tuple[MuscleFinding, ...]:
    """Grade every muscle and side that was recorded, in the order they were recorded.

    Parameters
    ----------
    activities : sequence of SpontaneousActivity
    left_out : mapping of (muscle, side) to reasons
        A muscle of which nothing could be analysed is *not gradable* for these reasons.
    scheme : str
        See ``grade_muscle``.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.findings.spontaneous.muscles import grade_muscles
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, muscle="TA", rng=1)

    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> graded = grade_muscles([activity], {("soleus", "left"): ["flat line"]}, scheme="preston_shapiro")
    >>> [(finding.muscle, finding.grade, finding.reason) for finding in graded]
    [('tibialis_anterior', 0, '1 of 4 needle positions, provisional'), ('soleus', None, 'flat line')]
    """
    places: dict[Place, list[SpontaneousActivity]] = {}
    for activity in activities:
        places.setdefault((activity.muscle, activity.recording.side), []).append(activity)
    graded = [grade_muscle(sites, scheme=scheme, left_out=left_out.get(place, ())) for place, sites in places.items()]
    lost = [
        MuscleFinding(muscle, side, None, None, None, scheme=read_scheme(scheme).name, reason="; ".join(reasons))
        for (muscle, side), reasons in left_out.items()
        if (muscle, side) not in places
    ]
    return (*graded, *lost)


def needle_table(muscles: Sequence[MuscleFinding], scored: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the needle table: what the recordings gave, and the examiner's own rows as they are.

    Parameters
    ----------
    muscles : sequence of MuscleFinding
    scored : pandas.DataFrame, optional
        Schema ``NEEDLE``. A muscle that the examiner scored keeps the examiner's row.

    Returns
    -------
    pandas.DataFrame
        Schema ``NEEDLE``. An equivocal grade (±) is empty, not 0: it speaks neither way.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.muscles import needle_table
    >>> from emgkit.model.findings import MuscleFinding
    >>> needle_table([MuscleFinding("soleus", "left", 2, 2, 0)])[["muscle", "fibrillation", "scheme", "source"]]
           muscle  fibrillation scheme     source
    0  soleus             2   mayo  recording
    """
    by_hand: list[Any] = [] if scored is None else scored.assign(source="examiner").to_dict("records")
    taken = {(row["muscle"], row["side"]) for row in by_hand}
    measured = [_row(muscle) for muscle in muscles if (muscle.muscle, muscle.side) not in taken]
    return make_table(NEEDLE, [*by_hand, *measured])


def _row(muscle: MuscleFinding) -> dict[str, object]:
    silent = muscle.grade is None or muscle.equivocal
    doubt = "equivocal (±): transient, doubtful, or one of several positions" * muscle.equivocal
    return {
        "muscle": muscle.muscle,
        "side": muscle.side,
        "fibrillation": None if silent else muscle.fibrillation,
        "positive_sharp_wave": None if silent else muscle.positive_sharp_wave,
        "fasciculation": "" if muscle.grade is None else ("present" if muscle.fasciculation else "none"),
        "sites": muscle.sites,
        "positive_sites": muscle.positive_sites,
        "parts": ";".join(_parts(muscle)),
        "scheme": muscle.scheme,
        "source": "recording",
        "note": "; ".join(filter(None, [doubt, muscle.reason, _raw(muscle)])),
    }


def _parts(muscle: MuscleFinding) -> tuple[str, ...]:
    judged = [position for position in muscle.positions if not position.left_out]
    positive = [position for position in judged if position.trains]
    return parts_in(" ".join(position.site for position in positive or judged))


def _raw(muscle: MuscleFinding) -> str:
    # What of the raw vector has no column of its own.
    if not muscle.trains:
        return ""
    return f"{muscle.trains} trains, {muscle.discharges_per_s:.1f} discharges/s, fill {100 * muscle.fill:.0f} %"
