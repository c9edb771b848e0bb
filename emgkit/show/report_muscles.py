"""The part of a report for every muscle: traces with marked discharges, trains and reasons, what was left out."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.knowledge.names import label_name, lowered, muscle_name, nerve_and_roots, readable, sided
from emgkit.show.pictures import picture
from emgkit.show.recording_plots import plot_recording, plot_sweeps
from emgkit.show.report_screen import screen_part, stretches
from emgkit.show.report_tables import muscle_summary
from emgkit.show.rows import each_row
from emgkit.show.sound import make_sound, whole_shares
from emgkit.show.style import label_color
from emgkit.show.train_plots import describe_train, plot_train
from emgkit.show.words import counted, flag_text, number_text, probability_text
from emgkit.signals.aside import of_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.findings import StudyFindings
    from emgkit.show.sound import Sound

# Trains beyond this many in one recording, or in all of them, are listed in its table and drawn by the page's script;
# their pictures would bury the others.
_MOST_PICTURED_TRAINS = 6
_MOST_PICTURED_IN_ALL = 48


def muscle_parts(
    findings: StudyFindings, *, threads: int = 1, advance: Callable[[], None] | None = None
) -> list[dict[str, Any]]:
    """Return one part for each muscle and side that was recorded, in the order of the recordings.

    Parameters
    ----------
    findings : StudyFindings
    threads : int
        Processes that share the recordings; their number changes nothing in the result.
    advance : callable, optional
        Called after every recording, for a progress bar.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_muscles import muscle_parts
    >>> [part["name"].lower() for part in muscle_parts(examples.study_and_findings()[1])]
    ['left gluteus maximus']
    """
    graded = {(finding.muscle, finding.side): finding for finding in findings.muscles}
    parts: dict[tuple[str, str], dict[str, Any]] = {}
    for activity, recording in zip(findings.activities, _recording_parts(findings, threads, advance), strict=True):
        key = (activity.muscle, activity.recording.side)
        nerve, roots = nerve_and_roots(activity.muscle)
        part = parts.setdefault(key, {
            "id": f"{key[1]}-{key[0]}", "name": sided(key[1], muscle_name(key[0])), "nerve": nerve, "roots": roots,
            "summary": muscle_summary(graded[key]) if key in graded else None, "recordings": [],
        })  # fmt: skip
        part["recordings"].append(recording)
    return list(parts.values())


def _recording_parts(findings: StudyFindings, threads: int, advance: Callable[[], None] | None) -> list[dict[str, Any]]:
    import matplotlib.backends.backend_agg  # noqa: F401, PLC0415 - loaded once, and not by each copy of the process

    activities = findings.activities
    heard = stretches(activities)
    trains = [min(len(activity.trains), _MOST_PICTURED_TRAINS) for activity in activities]
    pictured = whole_shares(trains, _MOST_PICTURED_IN_ALL)
    here, told = os.getpid(), 0

    def work(place: int) -> dict[str, Any]:
        nonlocal told
        part = _recording_part(activities[place], heard[place], number=place + 1, most=pictured[place])
        if advance is not None and os.getpid() == here:
            advance()
            told += 1
        return part

    parts = of_each(range(len(activities)), work, processes=threads)
    if advance is not None:
        for _ in range(told, len(parts)):  # what copies of the process have done
            advance()
    return parts


def _recording_part(
    activity: SpontaneousActivity, heard: tuple[float, float], *, number: int, most: int
) -> dict[str, Any]:
    sound = make_sound(activity, start_s=heard[0], stop_s=heard[1])
    # Of each label the first train, then of each the second, until there is no more room.
    order = np.argsort(activity.trains.groupby("label").cumcount().to_numpy(), kind="stable")
    drawn = set(order[:most].tolist())
    trains = [_train_part(activity, row, drawn=place in drawn) for place, row in enumerate(each_row(activity.trains))]
    described = _described(activity)
    sweeps_text = (
        "Raster of consecutive sweeps where most discharges are, as an EMG screen shows them, each discharge marked."
    )
    return {
        "number": number,
        "place": readable(activity.recording.site) or f"recording {number}",
        "facts": _facts(activity),
        "screen": screen_part(activity, sound),
        "sound": sound.data,
        "heard": _heard(activity, sound),
        "trace": picture(lambda: plot_recording(activity), described, form="png"),
        "sweeps": picture(lambda: plot_sweeps(activity), sweeps_text, form="png") if trains else None,
        "trains": trains,
        "unpictured": max(len(trains) - most, 0),
        "left_out": [_span(row, row.reason) for row in each_row(activity.excluded)],
        "spans": [f"{_span(row, row.what)}, {number_text(row.level_uv, 2)} μV" for row in each_row(activity.spans)],
        "unsorted": int((activity.events["train"] < 0).sum()),
        "flags": [flag_text(flag) for flag in activity.flags],
    }


def _described(activity: SpontaneousActivity) -> str:
    counts = activity.trains["label"].value_counts()
    trains = ", ".join(f"{count} {lowered(label_name(str(label)))}" for label, count in counts.items())
    return (
        f"Trace of {activity.recording.duration_s:.1f} s, negative up, with {counted(len(activity.trains), 'train')} "
        f"marked as ticks below it{': ' + trains if trains else ''}; "
        f"{counted(len(activity.excluded), 'span')} left out."
    )


def _facts(activity: SpontaneousActivity) -> str:
    recording = activity.recording
    facts = [recording.state, f"{activity.analysed_s:.1f} of {recording.duration_s:.1f} s analysed"]
    facts.append(f"{recording.rate_hz / 1000:g} kHz")
    if recording.electrode:
        facts.append(f"{readable(recording.electrode).removesuffix(' needle')} needle")
    if recording.highpass_hz is not None and recording.lowpass_hz is not None:
        facts.append(f"machine filters {recording.highpass_hz:g} Hz to {recording.lowpass_hz:g} Hz")
    facts += [f"noise {number_text(level, 2)} μV ({readable(band)} band)" for band, level in activity.noise_uv.items()]
    return "; ".join(facts)


def _heard(activity: SpontaneousActivity, sound: Sound) -> str:
    if sound.start_s == 0 and sound.stop_s == activity.recording.duration_s:
        return "whole recording"
    return f"from {sound.start_s:.0f} to {sound.stop_s:.0f} s of {activity.recording.duration_s:.0f} s"


def _span(row: Any, what: str) -> str:
    return f"{row.start_s:.2f} to {row.stop_s:.2f} s: {readable(what)}"


def _train_part(activity: SpontaneousActivity, row: Any, *, drawn: bool) -> dict[str, Any]:
    def draw() -> Figure:
        return plot_train(activity, row.train)

    return {
        "train": row.train,
        "label": label_name(row.label),
        "color": label_color(row.label),
        "probability": probability_text(row.probability),
        "runner_up": lowered(label_name(row.runner_up)) if row.runner_up else "",
        "events": row.n_events,
        "span": f"{row.start_s:.1f} to {row.stop_s:.1f}",
        "rate": number_text(row.rate_hz),
        "irregularity": number_text(row.irregularity, 2),
        "amplitude": number_text(row.amplitude_uv),
        "duration": number_text(row.duration_ms, 2),
        "initial": row.initial_deflection,
        "persistent": row.persistent,
        "reasons": [readable(reason.strip()) for reason in str(row.reasons).split(";") if reason.strip()],
        "picture": picture(draw, describe_train(activity, row.train), form="png") if drawn else None,
    }
