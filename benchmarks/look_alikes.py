"""Does each look-alike get its own site first? Simulated studies from signal to site, and what the parts cost.

    python benchmarks/look_alikes.py [--seeds 1 2 3] [--output benchmarks/results/look_alikes.csv]

One row a study: the true site, the leading one with its probability, the probability of the true one, muscles that are
denervated in the truth but graded 0, muscles graded above 0 that are not, trains of the truth that were named rightly.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import emgkit

SITES = ("inferior_gluteal", "root_S1", "root_L5", "sacral_plexus", "sciatic_notch", "superior_gluteal", "none")
DENERVATION = ("fibrillation", "positive_sharp_wave")


def main() -> None:
    """Judge every chosen site and seed, print a row for each and write them all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--sites", nargs="+", default=SITES, choices=SITES)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "look_alikes.csv")
    chosen = parser.parse_args()
    print_costs()
    rows = []
    for seed in chosen.seeds:
        for site in chosen.sites:
            rows.append(judge(site, seed))
            print(pd.DataFrame(rows[-1:]).to_string(index=False, header=len(rows) == 1), flush=True)
    table = pd.DataFrame(rows)
    chosen.output.parent.mkdir(exist_ok=True)
    table.to_csv(chosen.output, index=False)
    print(f"own site first: {(table['leading'] == table['site']).sum()} of {len(table)}")
    print(f"muscles missed: {table['missed'].sum()}, falsely graded: {table['false'].sum()}")


def print_costs() -> None:
    """Print what the import and a simulation cost."""
    bare, loaded = (min(_seconds(code) for _ in range(5)) for code in ("pass", "import emgkit"))
    print(f"import emgkit: {1000 * (loaded - bare):.0f} ms over bare Python")
    emgkit.simulate_recording(["fibrillation"], duration_s=1.0, rng=0)
    start = time.perf_counter()
    emgkit.simulate_recording(["fibrillation", "positive_sharp_wave"] * 3, duration_s=30.0, rate_hz=48000.0, rng=1)
    print(f"simulate 30 s at 48 kHz with six trains: {time.perf_counter() - start:.2f} s")


def _seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter and code
    return time.perf_counter() - start


def judge(site: str, seed: int) -> dict[str, object]:
    """Return one row: what the whole way makes of one simulated study."""
    study, truth = emgkit.simulate_study(site, rng=seed)
    start = time.perf_counter()
    findings = emgkit.analyze_study(study)
    answer = emgkit.localize_study(study, findings)
    seconds = time.perf_counter() - start
    posterior = answer.posterior.set_index("site")["probability"]
    denervated = {
        (recording.muscle, recording.side)
        for recording, made in zip(study.recordings, truth.recordings, strict=True)
        if made.units["label"].isin(DENERVATION).any()
    }
    graded = {(muscle.muscle, muscle.side) for muscle in findings.muscles if muscle.grade}
    return {
        "site": site,
        "seed": seed,
        "leading": posterior.index[0],
        "probability": round(float(posterior.iloc[0]), 3),
        "own": round(float(posterior[site]), 3),
        "missed": len(denervated - graded),
        "false": len(graded - denervated),
        "named": named_rightly(findings.activities, truth.recordings),
        "seconds": round(seconds, 1),
    }


def named_rightly(activities: tuple, recordings: tuple) -> str:
    """Return how many simulated units have a train of their name with an accuracy of at least 0.8."""
    right = total = 0
    for activity, made in zip(activities, recordings, strict=True):
        times = {train: group["time_s"].to_numpy() for train, group in activity.events.groupby("train")}
        labels = dict(zip(activity.trains["train"], activity.trains["label"], strict=True))
        for unit, discharges in made.events.groupby("unit"):
            agreement = {train: agree(discharges["time_s"].to_numpy(), found) for train, found in times.items()}
            best = max(agreement, key=agreement.__getitem__, default=None)
            total += 1
            right += best is not None and agreement[best] >= 0.8 and labels.get(best) == made.units["label"].iloc[unit]
    return f"{right}/{total}"


def agree(true_s: np.ndarray, found_s: np.ndarray) -> float:
    """Return TP / (TP + FN + FP) within 1 ms after the median offset is taken away."""
    nearest = found_s[np.abs(found_s[None, :] - true_s[:, None]).argmin(axis=1)] - true_s
    near = np.abs(nearest) < 0.005
    if not near.any():
        return 0.0
    matched = int((np.abs(nearest - np.median(nearest[near])) < 0.001).sum())
    return matched / (len(true_s) + len(found_s) - matched)


if __name__ == "__main__":
    main()
