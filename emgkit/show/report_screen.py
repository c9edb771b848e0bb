"""What the page needs to draw a recording anew: its outline, the times of its discharges, the scale of its sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.knowledge.names import label_name, readable
from emgkit.show.recording_plots import busiest_start, envelope
from emgkit.show.rows import each_row
from emgkit.show.sound import fair_shares
from emgkit.show.style import label_color

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.show.sound import Sound

_COLUMNS = 900
_TICKS_PER_S = 10_000  # times travel as whole steps of 0.1 ms, each as its distance from the one before
# So much sound weighs about 4 MB in a page; of a longer examination a part of every recording is heard.
_MOST_SOUND_S = 240.0


def stretches(activities: Sequence[SpontaneousActivity]) -> list[tuple[float, float]]:
    """Return what is heard of every recording, in seconds; of a long examination where each has most discharges.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_screen import stretches
    >>> stretches([examples.activity()])
    [(0.0, 2.0)]
    """
    durations = [activity.recording.duration_s for activity in activities]
    chosen = []
    for activity, seconds in zip(activities, fair_shares(durations, _MOST_SOUND_S), strict=True):
        if seconds >= activity.recording.duration_s:
            chosen.append((0.0, activity.recording.duration_s))
        else:  # a stretch starts on a whole second, where both rates have a sample
            start = float(int(busiest_start(activity, seconds)))
            chosen.append((start, start + float(int(seconds))))
    return chosen


def screen_part(activity: SpontaneousActivity, sound: Sound) -> dict[str, Any]:
    """Return one recording as plain numbers and words, as the page's script reads them.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_screen import screen_part
    >>> from emgkit.show.sound import make_sound
    >>> activity = examples.activity()
    >>> part = screen_part(activity, make_sound(activity))
    >>> part["trains"][0]["name"], part["trains"][0]["ticks"][:3]
    ('Fibrillation potential', [500, 800, 800])
    """
    recording = activity.recording
    _, low_uv, high_uv = envelope(recording, start_s=0.0, stop_s=recording.duration_s, columns=_COLUMNS)
    return {
        "seconds": recording.duration_s,
        "low": np.round(low_uv).astype(int).tolist(),
        "high": np.round(high_uv).astype(int).tolist(),
        "sound": {
            "start": sound.start_s,
            "stop": sound.stop_s,
            "rate": sound.rate_hz,
            "scale": round(sound.uv_per_unit, 6),
            "offset": round(sound.offset_uv, 3),
        },
        "trains": [_train(activity, row) for row in each_row(activity.trains)],
        "left_out": [[row.start_s, row.stop_s, readable(row.reason)] for row in each_row(activity.excluded)],
    }


def _train(activity: SpontaneousActivity, row: Any) -> dict[str, Any]:
    times = np.sort(activity.events.loc[activity.events["train"] == row.train, "time_s"].to_numpy())
    ticks = np.diff(np.round(times * _TICKS_PER_S).astype(int), prepend=0)
    return {
        "train": row.train,
        "name": label_name(row.label),
        "color": label_color(row.label),
        "duration": round(float(row.duration_ms), 1) if np.isfinite(row.duration_ms) else 5.0,
        "ticks": ticks.tolist(),
    }
