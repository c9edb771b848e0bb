"""A small examination made by hand, without chance or detector: for the examples in this room's docstrings."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, SpontaneousActivity
from emgkit.model.change import CONDUCTION_CHANGES, NEEDLE_CHANGES, StudyChange
from emgkit.model.findings import CONDUCTION, NEEDLE, MuscleFinding, StudyFindings
from emgkit.model.localization import EVIDENCE, FAMILIES, POSTERIOR, SUGGESTIONS, Localization, Verdict
from emgkit.model.recording import Recording
from emgkit.model.study import Study
from emgkit.model.table import make_table


def activity() -> SpontaneousActivity:
    """Return two seconds of a muscle with one regular train.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> examples.activity()
    <SpontaneousActivity left gluteus_maximus: 1 trains (fibrillation x1), 24 events in 2.0 s>
    """
    rate_hz = 10_000.0
    window_ms = np.arange(-20, 61) / rate_hz * 1000
    pulse = 60.0 * window_ms * np.exp(-(window_ms**2) / 0.5)
    times_s = 0.05 + 0.08 * np.arange(24)
    samples = 2.0 * np.sin(np.arange(20_000) * 0.37) * np.cos(np.arange(20_000) * 0.011)
    for time_s in times_s:
        centre = round(time_s * rate_hz)
        samples[centre - 20 : centre + 61] -= pulse
    train = {
        "train": 1, "label": "fibrillation", "probability": 0.9, "runner_up": "endplate_spike", "n_events": 24,
        "start_s": times_s[0], "stop_s": times_s[-1], "rate_hz": 12.5, "irregularity": 0.0, "interval_cv": 0.0,
        "amplitude_uv": 51.0, "duration_ms": 2.4, "initial_deflection": "positive", "sharp_wave": False, "snr": 15.0,
        "turns": 2,
        "phases": 2, "spikes": 1, "persistent": False, "counted": True,
        "reasons": "regular rhythm; positive first",
    }  # fmt: skip
    return SpontaneousActivity(
        Recording(samples, rate_hz, muscle="gluteus_maximus", side="left", site="upper lateral"),
        "gluteus_maximus",
        make_table(EVENTS, [{"time_s": t, "train": 1, "peak_to_peak_uv": 51.0, "snr": 15.0} for t in times_s]),
        make_table(TRAINS, [train]),
        MappingProxyType({1: -pulse}),
        MappingProxyType({1: np.tile(-pulse, (24, 1))}),
        window_ms,
        MappingProxyType({"fibrillation": 2.0, "positive_sharp_wave": 2.0}),
        make_table(EXCLUDED),
        make_table(SPANS),
        2.0,
    )


def answer() -> Localization:
    """Return an answer with two sites.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> examples.answer()
    <Localization left inferior_gluteal 80%, root_S1 20%>
    """
    finding = {
        "finding": "left gluteus_maximus: fibrillation 2",
        "kind": "needle",
        "subject": "gluteus_maximus",
        "side": "left",
    }
    weight = {"basis": "measured", "source": "tsao_2003"}
    sites = (("inferior_gluteal", 0.8, 2.0), ("root_S1", 0.2, 0.6))
    return Localization(
        make_table(POSTERIOR, [{"site": s, "probability": p, "log_likelihood": c, "prior": 0.5} for s, p, c in sites]),
        make_table(FAMILIES, [{"family": "gluteal", "probability": 0.8}, {"family": "root", "probability": 0.2}]),
        make_table(
            EVIDENCE, [{**finding, **weight, "site": s, "log_likelihood": c, "against_none": c} for s, _, c in sites]
        ),
        make_table(SUGGESTIONS),
        Verdict("indeterminate", "left"),
        side="left",
    )


def study_and_findings() -> tuple[Study, StudyFindings]:
    """Return an examination of one muscle and its findings.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> study, findings = examples.study_and_findings()
    >>> findings
    <StudyFindings 1 muscles, abnormal: left gluteus_maximus 2+; 0 nerve studies>
    """
    found = activity()
    needle = {
        "muscle": "gluteus_maximus",
        "side": "left",
        "fibrillation": 2,
        "positive_sharp_wave": 0,
        "source": "recording",
    }
    findings = StudyFindings(
        make_table(NEEDLE, [needle]),
        make_table(CONDUCTION),
        activities=(found,),
        muscles=(MuscleFinding("gluteus_maximus", "left", 2, 2, 0),),
    )
    return Study("example", conduction=make_table(CONDUCTION), recordings=(found.recording,)), findings


def change() -> StudyChange:
    """Return a follow-up of one muscle.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> examples.change()
    <StudyChange 1 muscles: fewer fibrillations in 1, more in 0; 0 values of nerve conduction>
    """
    row = {
        "muscle": "gluteus_maximus",
        "side": "left",
        "grade_first": 3.0,
        "grade_second": 1.0,
        "grade_change": "fewer",
        "motor_unit_first": "normal",
        "motor_unit_second": "nascent",
        "sign": "compatible with reinnervation",
        "reason": "intervals of the grades 2 to 4 and 0 to 1 lie apart",
    }
    return StudyChange(make_table(NEEDLE_CHANGES, [row]), make_table(CONDUCTION_CHANGES), 6.0, 20.0)
