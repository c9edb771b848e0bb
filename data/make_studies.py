"""Make the simulated studies of this folder and their look-alikes: ``python data/make_studies.py OUT [name ...]``.

Every study is one line of the table ``STUDIES``. The seed fixes all that is random, so the same version of emgkit makes
the same samples and values again. ``data/README.md`` says how the seeds were chosen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import emgkit
from emgkit.errors import EmgkitError
from emgkit.files.truth import write_truth

if TYPE_CHECKING:
    from collections.abc import Mapping


class Line(NamedTuple):
    """One study: where the lesion is, the seed of everything random, and what differs from the usual simulation."""

    site: str
    seed: int
    what: str
    differs: Mapping[str, Any] = MappingProxyType({})


SIDE = "left"
FEW = ["gluteus_maximus", "semitendinosus", "gastrocnemius_medial", "tibialis_anterior", "sacral_paraspinals_S1"]
SMALL = {"duration_s": 8.0, "rate_hz": 12_000.0, "muscles": FEW}
STUDIES = {
    "inferior-gluteal": Line("inferior_gluteal", 3, "the study in this folder: gluteus maximus alone is denervated"),
    "s1-root": Line("root_S1", 1, "gluteus maximus and calf, sacral paraspinals, H reflex; sensory responses kept"),
    "l5-root": Line("root_L5", 1, "gluteus medius, tensor fasciae latae and tibialis anterior, lumbar paraspinals"),
    "sacral-plexus": Line("sacral_plexus", 1, "both gluteal nerves, hamstrings and leg; sensory responses reduced"),
    "sciatic-notch": Line("sciatic_notch", 1, "hamstrings and leg; the glutei are silent"),
    "superior-gluteal": Line("superior_gluteal", 1, "gluteus medius and tensor fasciae latae alone"),
    "normal": Line("none", 1, "no lesion"),
    "s1-root-small": Line("root_S1", 1, "in this folder: an S1 root, few muscles, short recordings", SMALL),
    "early-small": Line(
        "inferior_gluteal", 1, "in this folder: too early for fibrillations", {**SMALL, "weeks_since_onset": 1.5}
    ),
}


def make_study(name: str, folder: Path) -> None:
    """Write the study ``name`` into the new folder ``folder``, with its truth in ``truth.json``."""
    line = STUDIES[name]
    study, truth = emgkit.simulate_study(line.site, side=SIDE, rng=line.seed, **line.differs)
    emgkit.write_study(folder, study)
    events = [recording.events for recording in truth.recordings]
    write_truth(folder, site=line.site, side=SIDE, seed=line.seed, events=events)


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and make the studies; return the exit code."""
    parser = argparse.ArgumentParser(description="Make simulated example studies, each in its own folder below OUT.")
    parser.add_argument("out", nargs="?", type=Path, help="folder for the studies; made when it is missing")
    parser.add_argument("names", nargs="*", metavar="name", help="studies to make (default: all)")
    parser.add_argument("--list", action="store_true", help="list the studies and stop")
    options = parser.parse_args(arguments)
    if options.list:
        for name, line in STUDIES.items():
            print(f"{name:<17} site {line.site}, seed {line.seed}: {line.what}")
        return 0
    if options.out is None:
        parser.error("give the folder for the studies, or --list")
    unknown = [name for name in options.names if name not in STUDIES]
    if unknown:
        parser.error(f"there is no study {', '.join(unknown)}; choose from {', '.join(STUDIES)}")
    for name in options.names or STUDIES:
        try:
            make_study(name, options.out / name)
        except EmgkitError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
        print(f"made {options.out / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
