"""Examinations made by hand: pulses in noise, with tables that fit them. No detector and no simulator is involved."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from emgkit.findings.spontaneous.amplitude import judge_amplitude
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, SpontaneousActivity
from emgkit.model.findings import (
    CONDUCTION,
    NEEDLE,
    ConductionFinding,
    MuscleFinding,
    NeedlePosition,
    StudyFindings,
)
from emgkit.model.localization import EVIDENCE, FAMILIES, POSTERIOR, SUGGESTIONS, Localization, Verdict
from emgkit.model.recording import Recording
from emgkit.model.study import Study, StudyEvent
from emgkit.model.table import make_table

WINDOW_MS = (-8.0, 22.0)
MUSCLES = (
    "gluteus_maximus",
    "gluteus_medius",
    "tensor_fasciae_latae",
    "biceps_femoris_short_head",
    "semitendinosus",
    "gastrocnemius_medial",
    "soleus",
    "tibialis_anterior",
    "lumbar_paraspinals_L5",
    "vastus_medialis",
    "semimembranosus",
    "adductor_longus",
    "iliopsoas",
    "rectus_femoris",
    "peroneus_longus",
    "tibialis_posterior",
    "extensor_hallucis_longus",
    "gastrocnemius_lateral",
    "flexor_digitorum_longus",
    "abductor_hallucis",
)


@dataclass(frozen=True)
class Train:
    label: str
    rate_hz: float
    amplitude_uv: float
    irregularity: float = 0.02
    start_s: float = 0.4
    stop_s: float = 11.6


@dataclass(frozen=True)
class Case:
    study: Study
    findings: StudyFindings
    answer: Localization

    @property
    def parts(self) -> dict[str, Any]:
        return {"study": self.study, "findings": self.findings, "answer": self.answer}


def shape(label: str, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Unit peak-to-peak discharge, electrode positivity positive, and its time in ms."""
    ms = np.arange(round(WINDOW_MS[0] * rate_hz / 1000), round(WINDOW_MS[1] * rate_hz / 1000)) / rate_hz * 1000
    if label == "positive_sharp_wave":
        wave = np.where(ms >= 0, (1 - np.exp(-np.clip(ms, 0, None) / 0.25)) * np.exp(-np.clip(ms, 0, None) / 1.4), 0.0)
        wave -= 0.22 * np.clip(ms - 1.5, 0, None) / 4 * np.exp(1 - np.clip(ms - 1.5, 0, None) / 4)
    elif label == "endplate_spike":
        wave = -np.exp(-(((ms - 0.4) / 0.45) ** 2)) + 0.55 * np.exp(-(((ms - 1.5) / 0.7) ** 2))
    elif label == "motor_unit":
        wave = sum(
            a * np.exp(-(((ms - c) / w) ** 2))
            for a, c, w in ((0.3, -1.5, 0.9), (-1, 0.2, 0.8), (0.6, 2.2, 1.4), (-0.2, 5, 2))
        )
    else:
        wave = (
            0.55 * np.exp(-(((ms + 0.5) / 0.35) ** 2))
            - np.exp(-(((ms - 0.2) / 0.3) ** 2))
            + 0.35 * np.exp(-(((ms - 1.0) / 0.5) ** 2))
        )
    return wave / np.ptp(wave), ms


def make_activity(
    muscle: str = "gluteus_maximus",
    side: str = "left",
    *,
    site: str = "upper lateral",
    trains: tuple[Train, ...] = (),
    seed: int = 0,
    duration_s: float = 12.0,
    rate_hz: float = 24_000.0,
    excluded: tuple[tuple[float, float, str], ...] = (),
    spans: tuple[tuple[float, float, str, float], ...] = (),
    flags: tuple[str, ...] = (),
) -> SpontaneousActivity:
    rng = np.random.default_rng(seed)
    n = round(duration_s * rate_hz)
    noise = rng.normal(0, 5.0, n + 4)
    samples = 1.6 * (noise[4:] + noise[3:-1] + noise[2:-2]) / 3 + 3.0 * np.sin(2 * np.pi * 3 * np.arange(n) / rate_hz)
    for start, stop, reason in excluded:
        inside = slice(round(start * rate_hz), round(stop * rate_hz))
        length = len(samples[inside])
        if reason != "flat":
            samples[inside] += 900 * np.sin(np.linspace(0, 9, length)) * np.hanning(length)
        else:
            samples[inside] = 0.0
    for start, stop, _, level in spans:
        inside = slice(round(start * rate_hz), round(stop * rate_hz))
        samples[inside] += -np.abs(rng.normal(0, 1.6 * level, len(samples[inside])))
    events, rows, templates, waveforms = [], [], {}, {}
    window = shape("fibrillation", rate_hz)[1]
    for number, train in enumerate(trains, start=1):
        wave, _ = shape(train.label, rate_hz)
        times = _times(train, rng, min(train.stop_s, duration_s - 0.05))
        times = np.array([t for t in times if not any(a - 0.02 <= t <= b + 0.02 for a, b, _ in excluded)])
        sizes = train.amplitude_uv * rng.normal(1, 0.03, len(times))
        places = np.round(times * rate_hz).astype(int) + round(WINDOW_MS[0] * rate_hz / 1000)
        for place, size in zip(places, sizes, strict=True):
            begin, end = max(place, 0), min(place + len(wave), n)
            samples[begin:end] += size * wave[begin - place : end - place]
        events += [
            {"time_s": t, "train": number, "peak_to_peak_uv": s, "snr": s / 6}
            for t, s in zip(times, sizes, strict=True)
        ]
        rows.append(_train_row(number, train, times))
        templates[number] = train.amplitude_uv * wave
        waveforms[number] = np.array([samples[p : p + len(wave)] for p in places if p >= 0 and p + len(wave) <= n][:40])
    recording = Recording(
        samples,
        rate_hz,
        muscle=muscle,
        side=side,
        site=site,
        electrode="concentric",
        highpass_hz=10.0,
        lowpass_hz=10_000.0,
        source_file="SMITH_JOHN_1961.edf",
        start_time="2024-03-05T10:00:00",
    )
    left_out = sum(stop - start for start, stop, _ in excluded)
    return SpontaneousActivity(
        recording,
        muscle,
        make_table(EVENTS, sorted(events, key=lambda event: event["time_s"])),
        make_table(TRAINS, rows),
        MappingProxyType(templates),
        MappingProxyType({k: v for k, v in waveforms.items() if len(v)}),
        window,
        MappingProxyType({"fibrillation": 2.7, "positive_sharp_wave": 3.4}),
        make_table(EXCLUDED, [{"start_s": a, "stop_s": b, "reason": r} for a, b, r in excluded]),
        make_table(SPANS, [{"start_s": a, "stop_s": b, "what": w, "level_uv": x} for a, b, w, x in spans]),
        duration_s - left_out,
        flags,
        MappingProxyType({"min_snr": 5.0, "max_irregularity": 0.12, "persistent_span_s": 3.0}),
    )


def _times(train: Train, rng: np.random.Generator, stop_s: float) -> np.ndarray:
    count = int((stop_s - train.start_s) * train.rate_hz)
    slowing = 1 + 0.15 * np.linspace(0, 1, max(count, 1))
    spread = rng.gamma(1 / max(train.irregularity, 1e-6) ** 2, max(train.irregularity, 1e-6) ** 2, max(count, 1))
    times = train.start_s + np.cumsum(slowing * spread / train.rate_hz)
    return times[times < stop_s]


def _train_row(number: int, train: Train, times: np.ndarray) -> dict[str, Any]:
    denervation = train.label in {"fibrillation", "positive_sharp_wave"}
    return {
        "train": number,
        "label": train.label,
        "probability": 0.93 if denervation else 0.81,
        "runner_up": "endplate_spike" if denervation else "fibrillation",
        "n_events": len(times),
        "start_s": times[0] if len(times) else 0.0,
        "stop_s": times[-1] if len(times) else 0.0,
        "rate_hz": train.rate_hz,
        "irregularity": train.irregularity,
        "interval_cv": 1.3 * train.irregularity,
        "interval_p5_ms": 900 / train.rate_hz,
        "rate_trend_per_s": 0.01,
        "rate_range": 1.2,
        "amplitude_uv": train.amplitude_uv,
        "amplitude_cv": 0.03,
        "duration_ms": 12.4 if "sharp" in train.label else 2.6,
        "rise_ms": 0.4,
        "phases": 3,
        "turns": 3,
        "variability": 0.01,
        "counted": True,
        "spikes": 1,
        "initial_deflection": "negative" if train.label == "endplate_spike" else "positive",
        "sharp_wave": train.label == "positive_sharp_wave",
        "snr": train.amplitude_uv / 6,
        "persistent": train.stop_s - train.start_s > 3,
        "reasons": (
            f"irregularity {train.irregularity:.2f} (regular below 0.12); initial deflection positive; duration within "
            "the limits of single fibres"
            if denervation
            else f"irregularity {train.irregularity:.2f} (irregular); initial deflection negative; endplate noise"
        ),
    }


def make_activities() -> tuple[SpontaneousActivity, ...]:
    fib, psw = "fibrillation", "positive_sharp_wave"
    gmax = [
        make_activity(
            site="upper lateral",
            seed=1,
            trains=(Train(fib, 7.1, 130), Train(psw, 4.3, 210, 0.03)),
            excluded=((9.4, 10.1, "movement"),),
        ),
        make_activity(
            site="upper medial",
            seed=2,
            trains=(Train(psw, 9.8, 160), Train(fib, 5.2, 95, 0.03, 2.0, 9.0), Train(fib, 2.4, 60, 0.04)),
        ),
        make_activity(site="lower lateral", seed=3, trains=(Train(fib, 11.5, 180, 0.02, 0.2, 8.1),)),
        make_activity(site="lower medial", seed=4, excluded=((0.0, 1.6, "movement"), (6.0, 6.15, "click"))),
    ]
    spike = Train("endplate_spike", 14.0, 150, 0.75, 0.3, 10.5)
    rest = [
        make_activity(
            "gluteus_medius", site="middle", seed=5, trains=(spike,), spans=((0.0, 10.6, "endplate_noise", 11.0),)
        ),
        make_activity("tensor_fasciae_latae", site="middle", seed=6),
        make_activity("biceps_femoris_short_head", site="above the knee", seed=7),
        make_activity(
            "semitendinosus",
            site="middle",
            seed=8,
            trains=(Train("motor_unit", 7.5, 420, 0.15, 0.5, 5.5),),
            excluded=((6.0, 8.2, "contraction"),),
        ),
        make_activity("gastrocnemius_medial", site="upper third", seed=9),
        make_activity("soleus", site="below the gastrocnemius", seed=10, flags=("mains_removed",)),
        make_activity("tibialis_anterior", site="upper third", seed=11),
        make_activity("lumbar_paraspinals_L5", site="L5, deep", seed=12, excluded=((3.0, 3.6, "movement"),)),
        make_activity("sacral_paraspinals_S1", site="S1, deep", seed=13),
        make_activity("gluteus_maximus", "right", site="upper lateral", seed=14),
    ]
    return (*gmax, *rest)


def make_findings(activities: tuple[SpontaneousActivity, ...]) -> StudyFindings:
    keys = list(dict.fromkeys((activity.muscle, activity.recording.side) for activity in activities))
    muscles, needle = [], []
    for muscle, side in keys:
        own = [a for a in activities if (a.muscle, a.recording.side) == (muscle, side)]
        positive = [a for a in own if a.trains["label"].isin(["fibrillation", "positive_sharp_wave"]).any()]
        grade = min(len(positive), 2)
        kinds = {
            k: grade if any((a.trains["label"] == k).any() for a in own) else 0
            for k in ("fibrillation", "positive_sharp_wave")
        }
        reason = "one needle position, provisional" if len(own) < 2 else ""
        muscles.append(
            MuscleFinding(
                muscle,
                side,
                grade,
                kinds["fibrillation"],
                kinds["positive_sharp_wave"],
                sites=len(own),
                positive_sites=len(positive),
                trains=sum(len(a.trains) for a in positive),
                discharges_per_s=11.2 if positive else 0.0,
                fill=0.11 if positive else 0.0,
                reason=reason,
                reasons=("persistent trains at three of four needle positions",) if positive else (),
                **(_beside_the_grade(own, grade) if positive else {}),
            )
        )
        needle.append(
            {
                "muscle": muscle,
                "side": side,
                **kinds,
                "sites": len(own),
                "positive_sites": len(positive),
                "source": "recording",
                "note": reason,
            }
        )
    needle[0] |= {"insertional": "increased", "motor_unit": "normal", "recruitment": "reduced", "fasciculation": "none"}
    needle.append(
        {
            "muscle": "peroneus_longus",
            "side": "left",
            "fibrillation": 0,
            "positive_sharp_wave": 0,
            "insertional": "normal",
            "motor_unit": "normal",
            "recruitment": "normal",
            "source": "examiner",
        }
    )
    conduction, nerves = make_conduction()
    return StudyFindings(
        make_table(NEEDLE, needle),
        make_table(CONDUCTION, conduction),
        activities,
        tuple(muscles),
        nerves,
        ("left gluteus_medius, posterior: flat throughout",),
    )


def _beside_the_grade(own: list[SpontaneousActivity], grade: int) -> dict[str, Any]:
    shown = [NeedlePosition(a.recording.site, a.analysed_s, len(a.trains), 5.6, 0.05, 1) for a in own]
    size = judge_amplitude([90.0, 130.0, 160.0, 180.0, 214.0], electrodes=["concentric"])
    return {
        "positions": (*shown, NeedlePosition("deep", 4.2, left_out="4.2 s at rest of the 5 s that are needed")),
        "interval": (max(grade - 1, 0), grade),
        "interval_level": 0.95,
        "amp95_uv": size.amp95_uv,
        "amplitude_trains": size.trains,
        "amplitude_statement": size.statement,
        "amplitude_caution": size.caution,
        "criteria": MappingProxyType({"amplitude_percentile": 95.0}),
    }


def make_conduction() -> tuple[list[dict[str, Any]], tuple[ConductionFinding, ...]]:
    rows = [
        {
            "study": "sural_sensory",
            "side": s,
            "result": "normal",
            "amplitude_uv": a,
            "latency_ms": 3.6,
            "velocity_m_per_s": 47.0,
            "distance_mm": 140.0,
            "temperature_c": 32.4,
        }
        for s, a in (("left", 14.0), ("right", 15.5))
    ]
    rows += [
        {
            "study": "superficial_fibular_sensory",
            "side": s,
            "result": "normal",
            "amplitude_uv": a,
            "latency_ms": 3.1,
            "velocity_m_per_s": 49.0,
            "distance_mm": 120.0,
            "temperature_c": 32.4,
        }
        for s, a in (("left", 11.0), ("right", 12.0))
    ]
    rows += [
        {"study": "h_reflex", "side": s, "result": "normal", "amplitude_mv": 3.1, "latency_ms": x}
        for s, x in (("left", 30.1), ("right", 29.8))
    ]
    rows.append({"study": "tibial_motor_ah", "side": "left", "result": "not_assessed", "note": "not done"})
    nerves = tuple(
        ConductionFinding(row["study"], row["side"], row["result"], reference="lower limit 4 μV (Buschbacher 2003)")
        for row in rows[:2]
    )
    return rows, nerves


SITES = (
    ("inferior_gluteal", 0.87, 0.01),
    ("local_muscle_injury", 0.06, 0.03),
    ("root_S1", 0.02, 0.2),
    ("none", 0.013, 0.3),
    ("infrapiriform_foramen", 0.012, 0.01),
    ("root_S2", 0.008, 0.02),
    ("sacral_plexus", 0.006, 0.05),
    ("root_L5", 0.004, 0.2),
    ("superior_gluteal", 0.003, 0.02),
    ("sciatic_notch", 0.002, 0.05),
    ("posterior_femoral_cutaneous", 0.001, 0.005),
    ("pudendal", 0.001, 0.005),
)


def make_answer(findings: StudyFindings, **changes: Any) -> Localization:
    posterior = [
        {"site": s, "probability": p, "log_likelihood": -12 + 4 * np.log10(p), "prior": q} for s, p, q in SITES
    ]
    names = [f"{row.side} {row.muscle}: fibrillation {row.fibrillation}" for row in findings.needle.itertuples()]
    names += [f"{row.side} {row.study}: {row.result}" for row in findings.conduction.itertuples()]
    evidence = []
    rng = np.random.default_rng(5)
    for number, name in enumerate(names):
        for rank, (site, _, _) in enumerate(SITES):
            reached = site not in {"none", "pudendal", "posterior_femoral_cutaneous"}
            value = (3.1 - 0.3 * rank if number == 0 else -0.25 * rank * rng.random()) if reached else 0.0
            evidence.append(
                {
                    "finding": name,
                    "kind": "needle",
                    "subject": name.split(":")[0],
                    "site": site,
                    "log_likelihood": value - 1,
                    "against_none": value,
                    "basis": "measured" if number % 3 else "assumed",
                    "source": "tsao_2003" if number % 3 else "emgkit",
                }
            )
    parts: dict[str, Any] = {
        "posterior": make_table(POSTERIOR, posterior),
        "families": make_table(
            FAMILIES,
            [
                {"family": f, "probability": p}
                for f, p in (
                    ("gluteal", 0.885),
                    ("local_muscle", 0.06),
                    ("root", 0.032),
                    ("none", 0.013),
                    ("plexus", 0.006),
                    ("sciatic", 0.002),
                )
            ],
        ),
        "evidence": make_table(EVIDENCE, evidence),
        "suggestions": make_table(
            SUGGESTIONS,
            [
                {
                    "test": "posterior_femoral_cutaneous_sensory",
                    "side": "left",
                    "information_bits": 0.21,
                    "separates": "inferior_gluteal | infrapiriform_foramen",
                },
                {
                    "test": "abductor_hallucis",
                    "side": "left",
                    "information_bits": 0.12,
                    "separates": "inferior_gluteal | root_S2",
                    "hazard": "",
                },
                {
                    "test": "semimembranosus",
                    "side": "left",
                    "information_bits": 0.08,
                    "separates": "inferior_gluteal | sciatic_notch",
                    "hazard": "deep muscle; sciatic nerve nearby",
                },
            ],
        ),
        "verdict": Verdict(
            "probable",
            "left",
            missing=(
                "posterior_femoral_cutaneous_sensory not tested",
                "upper and lower part at two insertions: lower part single",
            ),
            failed=(),
            met=(
                "gluteus_maximus abnormal at two or more insertions",
                "gluteus_medius and tensor_fasciae_latae without fibrillation",
                "hamstrings, calf and L5-S1 paraspinals without fibrillation",
                "sural and superficial fibular sensory answers present and symmetric",
                "opposite gluteus_maximus without fibrillation",
                "at least 6 weeks since onset",
            ),
        ),
        "side": "left",
        "caveats": ("local_injury_open", "pelvic_mass"),
        "assumed": tuple(f"evidence_expected:sacral_plexus:{muscle}" for muscle in MUSCLES[:9]),
        "prior_name": "gluteal_referral",
        "weeks_since_onset": 8.0,
    }
    return Localization(**(parts | changes))


def make_case(
    activities: tuple[SpontaneousActivity, ...] | None = None, *, study_id: str = "inferior-gluteal", **changes: Any
) -> Case:
    activities = make_activities() if activities is None else activities
    findings = make_findings(activities)
    study = Study(
        study_id,
        conduction=findings.conduction,
        recordings=tuple(activity.recording for activity in activities),
        age_years=54.0,
        height_cm=171.0,
        affected_side="left",
        events=(StudyEvent("fall on the buttock", 8.0, "left"),),
        onset_weeks=8.0,
        history={"spine_surgery": False, "anticoagulant": False},
        clinical={"hip_extension_power": "reduced"},
    )
    return Case(study, findings, make_answer(findings, **changes))


def many_muscles(count: int) -> tuple[SpontaneousActivity, ...]:
    fib = Train("fibrillation", 7.0, 120, 0.02, 0.2, 1.9)
    return tuple(
        make_activity(muscle, seed=number, trains=(fib,) if number == 0 else (), duration_s=2.0, rate_hz=10_000.0)
        for number, muscle in enumerate(MUSCLES[:count])
    )
