"""One resting recording: find the discharges, sort them into trains, name the trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.findings.spontaneous.cleaning import check_usable, one_blas_thread, pieces_of
from emgkit.findings.spontaneous.doubts import unless_locked, unless_of_complex, unless_of_endplate, unless_of_myotonia
from emgkit.findings.spontaneous.follow import follow_pieces
from emgkit.findings.spontaneous.naming import (
    COMPLEX,
    ENDPLATE,
    INDETERMINATE,
    MYOTONIC,
    Name,
    may_be_voluntary,
    name_train,
    polarity_is_suspect,
    voluntary_rhythm,
)
from emgkit.findings.spontaneous.part import Part, analyse_piece
from emgkit.findings.spontaneous.record import event_table, train_table
from emgkit.findings.spontaneous.whole import join_parts
from emgkit.knowledge.anatomy import find_muscle
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EXCLUDED, SPANS, SpontaneousActivity
from emgkit.model.table import make_table
from emgkit.signals.artifacts import covered_s
from emgkit.signals.memory import keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.findings.spontaneous.measure import MeasuredTrain
    from emgkit.model.recording import Recording
    from emgkit.signals.background import Skewed

VOLUNTARY = "motor_unit"


def find_spontaneous_activity(recording: Recording, *, threads: int = 1) -> SpontaneousActivity:
    """Find the discharges of a resting recording, sort them into trains and name each train.

    A recording of more than three minutes is analysed in pieces whose trains are linked: memory grows with the number
    of discharges, not with the number of samples.

    Parameters
    ----------
    recording : Recording
        At least 2 kHz; below 10 kHz shape is not used and the result is flagged ``low_rate``. Any state is analysed.
    threads : int
        Pieces that are analysed at the same time, each by a copy of this process (on Linux; elsewhere one after the
        other). The result is the same for any number.

    Returns
    -------
    SpontaneousActivity

    Raises
    ------
    SignalError
        When the rate is below 2 kHz, or less than a second is left when flat line, clipping, movement and contraction
        are taken away.
    UnknownNameError
        When the muscle is not known.

    References
    ----------
    Source keys ``heckmann_1982`` and ``partanen_2013`` for rhythm before shape.

    Examples
    --------
    >>> import emgkit
    >>> recording, truth = emgkit.simulate_recording(["fibrillation"], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> activity = emgkit.find_spontaneous_activity(recording)
    >>> activity.trains["label"].tolist()
    ['fibrillation']
    """
    keep_freed_memory()
    with one_blas_thread():
        return _analysed(recording, threads)


def _analysed(recording: Recording, threads: int) -> SpontaneousActivity:
    muscle = find_muscle(recording.muscle)
    values = criteria_values("detection_criteria")
    whole = join_parts(recording, _parts(recording, threads), processes=threads)
    check_usable(recording, whole.left_out)
    analysed_s = recording.duration_s - covered_s(whole.left_out)
    measured = [train.measured for train in whole.trains]
    flags = ["low_rate"] * (recording.rate_hz < values["shape_rate_hz"])
    flags += ["mains_removed"] * (whole.hum_uv > 0)
    names, flags = _named(measured, flags, analysed_s)
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        trains=train_table(measured, names),
        events=event_table(whole.trains, whole.loose),
        templates_uv={number: train.average_uv for number, train in enumerate(measured)},
        waveforms_uv={number: train.waveforms_uv for number, train in enumerate(measured)},
        window_ms=measured[0].window_ms if measured else np.array([]),
        noise_uv={"fibrillation": whole.noise_uv[0], "positive_sharp_wave": whole.noise_uv[1]},
        excluded=make_table(EXCLUDED, [vars(span) for span in whole.left_out]),
        spans=make_table(SPANS, [_span_row(span) for span in whole.noise]),
        analysed_s=analysed_s,
        flags=tuple(flags),
        criteria={**values, **criteria_values("naming_criteria")},
    )


def _parts(recording: Recording, threads: int) -> list[Part]:
    pieces = pieces_of(recording)
    if len(pieces) == 1:
        return [analyse_piece(recording, pieces[0])]
    return follow_pieces(recording, pieces, processes=threads)


def _span_row(span: Skewed) -> dict[str, object]:
    return {"start_s": span.start_s, "stop_s": span.stop_s, "what": "endplate_noise", "level_uv": span.level_uv}


def _named(measured: Sequence[MeasuredTrain], flags: list[str], analysed_s: float) -> tuple[list[Name], list[str]]:
    leave = ["shape", "polarity"] if "low_rate" in flags else []
    rate_hz = sum(len(train.train.time_s) for train in measured) / analysed_s
    crowded = rate_hz > criteria_values("naming_criteria")["crowded_rate_hz"]
    flags = [*flags, *["crowded"] * int(crowded)]
    names = _names(measured, leave, crowded=crowded)
    if polarity_is_suspect(measured, names):
        leave, flags = [*leave, "polarity"], [*flags, "polarity_suspect"]
        names = _names(measured, leave, crowded=crowded)
    return names, flags


def _names(measured: Sequence[MeasuredTrain], leave: Sequence[str], *, crowded: bool) -> list[Name]:
    names = [name_train(train, leave=leave, crowded=crowded) for train in measured]
    if not crowded:
        among = _among_voluntary(measured, names)
        names = [
            name_train(train, leave=leave, contracting=True) if contracting else name
            for train, name, contracting in zip(measured, names, among, strict=True)
        ]
    if any(name.label == MYOTONIC for name in names):
        names = [unless_of_myotonia(name, train) for name, train in zip(names, measured, strict=True)]
    if any(name.label == ENDPLATE for name in names):
        names = [unless_of_endplate(name) for name in names]
    complexes = [train for name, train in zip(names, measured, strict=True) if name.label == COMPLEX]
    names = [unless_of_complex(name, train, complexes=complexes) for name, train in zip(names, measured, strict=True)]
    return [
        unless_locked(name, train, others=[other for other in measured if other is not train])
        for name, train in zip(names, measured, strict=True)
    ]


def _among_voluntary(measured: Sequence[MeasuredTrain], names: Sequence[Name]) -> list[bool]:
    # Among voluntary motor units, which may be fairly regular, a fibrillation must be more regular than at rest. Small
    # ones are far away: what is active there says nothing of what is near.
    values = criteria_values("naming_criteria")
    likely = [name.runner_up if name.label == INDETERMINATE else name.label for name in names]
    size_uv = np.array([np.ptp(train.average_uv) for train in measured])
    units = np.array(
        [label == VOLUNTARY and may_be_voluntary(train) for label, train in zip(likely, measured, strict=True)],
        dtype=bool,
    )
    rhythms = np.array([voluntary_rhythm(train) for train in measured], dtype=bool)
    near = size_uv >= values["voluntary_near_share"] * size_uv[:, None]
    return [bool((units & each).any() or (rhythms & each).sum() >= values["voluntary_fewest_trains"]) for each in near]
