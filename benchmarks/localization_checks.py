"""Numbers of ``localize`` that need no drawn study: published frequencies, the gluteal verdict, and speed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import emgkit
from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, sites

Rows: TypeAlias = list[dict[str, object]]

DEFAULT_CALL = "default: all sites and all pairs"
_COUNTS = Path(__file__).parent / "localization_counts.csv"
INFORMATIVE_WEEKS = 8.0  # every muscle that will fibrillate does, and none has ceased
_GLUTEAL = ("gluteus_medius", "tensor_fasciae_latae")
_HAMSTRINGS = ("semitendinosus", "biceps_femoris_long_head", "biceps_femoris_short_head")
_CALF = ("gastrocnemius_medial", "gastrocnemius_lateral", "soleus")
_ABNORMAL = ("gluteus_maximus", "biceps_femoris_short_head", "gastrocnemius_medial", "soleus")
_SILENT = (
    *_GLUTEAL, "vastus_medialis", "adductor_longus", "tibialis_anterior", "peroneus_longus",
    "tibialis_posterior", "lumbar_paraspinals",
)  # fmt: skip
_STUDIES = ("sural_sensory", "superficial_fibular_sensory", "h_reflex", "tibial_motor_ah", "fibular_motor_edb")
_MORE_STUDIES = [*_STUDIES, "saphenous_sensory", "femoral_motor", "fibular_motor_ta", "tibial_f_wave"]
_MANY_ROWS = 80
_REPEATS = 50


def fibrillation_chance(site: str, muscle: str) -> float:
    """Return emgkit's chance that a muscle shows fibrillations with a lesion at this site, severity summed out.

    It is one minus the likelihood of their absence in an examination of this muscle alone.
    """
    answer = emgkit.localize(
        [{"muscle": muscle, "side": "left", "fibrillation": 0}],
        weeks_since_onset=INFORMATIVE_WEEKS,
        affected_side="left",
        candidates=[site],
        prior={site: 1.0},
    )
    return float(1 - np.exp(answer.posterior["log_likelihood"].iloc[0]))


def check_counts() -> pd.DataFrame:
    """Return the predicted frequency of every published count beside its 95 % interval, the worst first."""
    rows = []
    for count in pd.read_csv(_COUNTS, comment="#").itertuples():
        interval = binomtest(count.abnormal, count.tested).proportion_ci(0.95)
        predicted = fibrillation_chance(count.site, count.muscle)
        rows.append({
            "site": count.site,
            "muscle": count.muscle,
            "count": f"{count.abnormal}/{count.tested}",
            "published": count.abnormal / count.tested,
            "low": interval.low,
            "high": interval.high,
            "predicted": predicted,
            "margin": min(predicted - interval.low, interval.high - predicted),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values("margin", kind="stable", ignore_index=True)


def check_verdict() -> pd.DataFrame:
    """Return what is said of gluteus maximus abnormal alone, with the calf muscles and without them."""
    silent = (*_GLUTEAL[:1], *_HAMSTRINGS, "lumbar_paraspinals")
    rows = []
    for words, others, status in (("with calf", (*silent, *_CALF), "probable"), ("without", silent, "indeterminate")):
        answer = emgkit.localize(
            [{"muscle": "gluteus_maximus", "side": "left", "fibrillation": 2}]
            + [{"muscle": muscle, "side": "left", "fibrillation": 0} for muscle in others],
            weeks_since_onset=INFORMATIVE_WEEKS,
            prior="gluteal_referral",
        )
        first = answer.posterior["site"].iloc[0]
        rows.append({
            "muscles": words,
            "first": first,
            "probability": answer.posterior["probability"].iloc[0],
            "verdict": answer.verdict.status,
            "asked": status,
            "right": answer.verdict.status == status and (words == "without" or first == "inferior_gluteal"),
            "missing": "; ".join(answer.verdict.missing),
            "caveats": "; ".join(answer.caveats),
        })  # fmt: skip
    return pd.DataFrame(rows)


def check_speed() -> pd.DataFrame:
    """Return processor milliseconds of an answer, the default call first: 12 muscles and 5 nerve studies of one side.

    It considers all single sites and all pairs. Beside it stand the same with an earlier event in the history, whose
    age either lesion of a pair may have, with both sides examined, with 80 rows, and single sites alone. The time since
    onset differs from one repeat to the next, so that nothing is remembered of it.
    """
    both, all_muscles = ("left", "right"), [name for name, one in muscles().items() if one.region in LOWER_LIMB]
    needle, conduction = _speed_rows(("left",), [*_ABNORMAL, *_SILENT], list(_STUDIES))
    both_sides = _speed_rows(both, [*_ABNORMAL, *_SILENT], list(_STUDIES))
    many = [*_ABNORMAL, *(name for name in all_muscles if name not in _ABNORMAL)]
    many = many[: _MANY_ROWS // 2 - len(_MORE_STUDIES)]
    calls: dict[str, tuple[Rows, Rows, dict[str, Any]]] = {
        DEFAULT_CALL: (needle, conduction, {}),
        "with an earlier event": (needle, conduction, {"events": [{"weeks_ago": 200}]}),
        "both sides": (*both_sides, {}),
        "both sides with an earlier event": (*both_sides, {"events": [{"weeks_ago": 200}]}),
        "80 rows": (*_speed_rows(both, many, _MORE_STUDIES), {}),
        "single sites only": (needle, conduction, {"candidates": list(sites())}),
    }
    rows = []
    for words, (muscle_rows, study_rows, options) in calls.items():
        emgkit.localize(muscle_rows, study_rows, weeks_since_onset=8, **options)  # loads the tables
        times_ms = []
        for repeat in range(_REPEATS):
            start = time.process_time()
            answer = emgkit.localize(muscle_rows, study_rows, weeks_since_onset=8 + repeat / 100, **options)
            times_ms.append((time.process_time() - start) * 1e3)
        rows.append({
            "call": words,
            "rows": len(muscle_rows) + len(study_rows),
            "n": len(answer.posterior),
            "best_ms": min(times_ms),
            "median_ms": float(np.median(times_ms)),
            "worst_ms": max(times_ms),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _speed_rows(sides: tuple[str, ...], names: list[str], studies: list[str]) -> tuple[Rows, Rows]:
    """Four muscles and the H reflex are abnormal on the left, all others normal."""
    needle: Rows = [
        {"muscle": name, "side": side, "fibrillation": grade, "recruitment": words, "motor_unit": "normal"}
        for side in sides
        for name in names
        for grade, words in [(2, "reduced") if name in _ABNORMAL and side == "left" else (0, "normal")]
    ]
    absent = ("h_reflex", "left")
    return needle, [
        {"study": study, "side": side, "result": "absent" if (study, side) == absent else "normal"}
        for side in sides
        for study in studies
    ]
