"""Time and size of the report of a large study.

    python benchmarks/report.py [--positions 4] [--seconds 30] [--output benchmarks/results/report.csv]

Twelve muscles of a simulated S1 root at several needle positions, analysed before the time is taken. Asked: less than
10 s, at most 10 MB.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

import emgkit

MUSCLES = (
    "gluteus_maximus", "gluteus_medius", "tensor_fasciae_latae", "semitendinosus", "biceps_femoris_short_head",
    "gastrocnemius_medial", "soleus", "tibialis_anterior", "peroneus_longus", "vastus_lateralis",
    "lumbar_paraspinals_L5", "sacral_paraspinals_S1",
)  # fmt: skip
MOST_S, MOST_MB = 10.0, 10.0


def large_study(positions: int, seconds: float) -> emgkit.Study:
    """Simulate one examination in which every muscle is recorded at so many positions."""
    studies = [
        emgkit.simulate_study("root_S1", muscles=MUSCLES, duration_s=seconds, rng=seed)[0]
        for seed in range(1, positions + 1)
    ]
    recordings = {
        (recording.muscle, number): replace(recording, site=f"position {number}")
        for number, study in enumerate(studies, start=1)
        for recording in study.recordings
        if recording.side == "left"
    }
    return replace(studies[0], recordings=tuple(recordings[key] for key in sorted(recordings)))


def main() -> None:
    """Write the report with two processes and with one; print seconds and size, and write them as CSV."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--positions", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30.0, help="of a recording")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results" / "report.csv")
    chosen = parser.parse_args()
    study = large_study(chosen.positions, chosen.seconds)
    findings = emgkit.analyze_study(study)
    answer = emgkit.localize_study(study, findings)
    rows = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        for processes in (2, 1):
            start = time.perf_counter()
            emgkit.write_report(path, study=study, findings=findings, answer=answer, threads=processes)
            rows.append(
                {
                    "recordings": len(study.recordings),
                    "muscles": len({recording.muscle for recording in study.recordings}),
                    "trains": sum(len(activity.trains) for activity in findings.activities),
                    "processes": processes,
                    "seconds": round(time.perf_counter() - start, 2),
                    "megabytes": round(path.stat().st_size / 1e6, 2),
                }
            )
    table = pd.DataFrame(rows).assign(most_seconds=MOST_S, most_megabytes=MOST_MB)
    chosen.output.parent.mkdir(exist_ok=True)
    table.to_csv(chosen.output, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
