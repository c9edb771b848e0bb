"""Numbers of ``localize`` that need no drawn study: published frequencies, the gluteal verdict, and speed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import emgkit
from emgkit.knowledge.anatomy import sites

DEFAULT_CALL = "default: all sites and all pairs"
_COUNTS = Path(__file__).parent / "localization_counts.csv"
INFORMATIVE_WEEKS = 8.0  # every muscle that will fibrillate does, and none has ceased
_GLUTEAL = ("gluteus_medius", "tensor_fasciae_latae")
_HAMSTRINGS = ("semitendinosus", "biceps_femoris_long_head", "biceps_femoris_short_head")
_CALF = ("gastrocnemius_medial", "gastrocnemius_lateral", "soleus")
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
    """Return processor milliseconds of an answer from 12 muscles and 5 nerve studies, the default call first.

    It considers all single sites and all pairs. Beside it stand the same with an earlier event in the history, whose
    age either lesion of a pair may have, and single sites alone.
    """
    abnormal = ("gluteus_maximus", "biceps_femoris_short_head", "gastrocnemius_medial", "soleus")
    silent = (*_GLUTEAL, "vastus_medialis", "adductor_longus", "tibialis_anterior", "peroneus_longus")
    silent = (*silent, "tibialis_posterior", "lumbar_paraspinals")
    needle: list[dict[str, object]] = [
        {"muscle": muscle, "side": "left", "fibrillation": grade, "recruitment": words, "motor_unit": "normal"}
        for muscles, grade, words in ((abnormal, 2, "reduced"), (silent, 0, "normal"))
        for muscle in muscles
    ]
    studies = {"sural_sensory": "normal", "superficial_fibular_sensory": "normal", "h_reflex": "absent"}
    studies |= {"tibial_motor_ah": "normal", "fibular_motor_edb": "normal"}
    conduction: list[dict[str, object]] = [{"study": s, "side": "left", "result": r} for s, r in studies.items()]
    calls: dict[str, dict[str, Any]] = {
        DEFAULT_CALL: {},
        "with an earlier event": {"events": [{"weeks_ago": 200}]},
        "single sites only": {"candidates": list(sites())},
    }
    rows = []
    for words, options in calls.items():
        emgkit.localize(needle, conduction, weeks_since_onset=8, **options)  # loads the tables
        times_ms = []
        for _ in range(_REPEATS):
            start = time.process_time()
            answer = emgkit.localize(needle, conduction, weeks_since_onset=8, **options)
            times_ms.append((time.process_time() - start) * 1e3)
        median, worst = float(np.median(times_ms)), max(times_ms)
        rows.append({"call": words, "n": len(answer.posterior), "median_ms": median, "worst_ms": worst})
    return pd.DataFrame(rows)
