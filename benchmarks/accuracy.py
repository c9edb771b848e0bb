"""How well are discharges found, sorted and named? Scenes with known truth, emgkit beside its rivals.

    python benchmarks/accuracy.py [--scenes silent,crd] [--seeds 0-4] [--duration 30] [--rivals si_sc2_tuned]
                                  [--workers 2] [--out benchmarks/results/accuracy.csv] [--verbose]

Scenes are simulated, simulated in real quiet baselines (``hybrid_*``), made like the files on which published sorters
were measured (``peers_*``), or real (``silver_*``: trains that one reader saw; ``negative_*``: nothing to be called
denervation). One CSV: a row for every scene, seed and tool (``row`` is ``scene``), one for every true unit (``unit``)
and one for every train that is none of them (``extra train``). One figure of the same name. A rival that is not
installed is named and left out.
"""

from __future__ import annotations

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from figure import draw
from peers import PEERS, make_peers
from recorded import DATA, HYBRID, NEGATIVE, SILVER, make_hybrid, make_negative, make_silver
from rivals import TOOLS, missing, sort_with
from scenes import RECIPES, Scene, make_simulated
from scoring import Found, score
from summary import NO_UNITS, SORTED, TARGETS, by_group, by_scene, pooled, reached, with_snr_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ONCE = {*PEERS, *SILVER, *NEGATIVE}  # scenes that are the same for every seed
_COLUMNS = [
    *("row", "scene", "seed", "kind", "tool", "complete", "denervated", "n_true", "n_found", "n_matched", "recall"),
    *("precision", "n_units", "n_trains", "loose", "seconds", "real_time", "family_true", "family_found"),
    *("family_matched", "family_told", "denervation_trains", "unit", "label", "variant", "rate_hz", "peak_to_peak_uv"),
    *("duration_ms", "snr", "n_events", "train", "n_train", "n_in_train", "accuracy", "offset_ms", "label_found"),
    *("probability", "label_right"),
]
_ALL = (*RECIPES, *PEERS, *HYBRID, *SILVER, *NEGATIVE)


def main() -> None:
    """Judge every chosen scene, seed and tool; print, write the table and draw the figure."""
    chosen = _arguments()
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the processes that do the work
    jobs = [(name, seed) for name in chosen.scenes for seed in (chosen.seeds[:1] if name in _ONCE else chosen.seeds)]
    one = partial(judge, tools=chosen.tools, duration_s=chosen.duration)
    parts = []
    with ProcessPoolExecutor(chosen.workers, mp_context=get_context("spawn")) as pool:
        for rows in pool.map(one, jobs):
            parts.append(rows)
            _print_progress(rows, verbose=chosen.verbose)
    table = pd.concat([*parts, *_earlier(chosen.rivals_from, jobs)], ignore_index=True)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(chosen.out, index=False, float_format="%.6g")
    scenes, units = (table[table["row"] == row].astype({"complete": bool}) for row in ("scene", "unit"))
    units = with_snr_range(units)
    _print_tables(scenes.astype({"denervated": bool}), units)
    draw(units[units["complete"]], chosen.out.with_suffix(".png"))
    print(f"written: {chosen.out}, {chosen.out.with_suffix('.png')}")


def judge(job: tuple[str, int], *, tools: Sequence[str], duration_s: float) -> pd.DataFrame:
    """Return the rows of one scene: for each tool one row for the whole, one a true unit and one an extra train.

    Parameters
    ----------
    job : (str, int)
        Name of the scene, and its seed.
    tools : sequence of str
    duration_s : float
    """
    scene = make_scene(*job, duration_s=duration_s)
    if not scene.complete:  # only names are asked for, and only emgkit gives them
        tools = [tool for tool in tools if tool == "emgkit"]
    return pd.concat([_rows(scene, tool) for tool in tools], ignore_index=True)


def make_scene(name: str, seed: int, *, duration_s: float) -> Scene:
    """Make a scene of any kind by its name; recorded ones and those of the peers have their own length."""
    if name in RECIPES:
        return make_simulated(name, seed, duration_s=duration_s)
    if name in HYBRID:
        return make_hybrid(name, seed, duration_s=duration_s)
    return (make_peers if name in PEERS else make_silver if name in SILVER else make_negative)(name)


def _rows(scene: Scene, tool: str) -> pd.DataFrame:
    try:
        found = sort_with(tool, scene.recording)
    except Exception as error:  # noqa: BLE001 - a tool that fails has found nothing, which is a result
        lines = [line for line in f"{type(error).__name__}: {error}".splitlines() if "Error" in line]
        print(f"{scene.name} {scene.seed}: {tool} failed and found nothing: {lines[-1]}", flush=True)
        found = Found([], labels=[] if tool == "emgkit" else None)
    made = score(scene.units, scene.events, found)
    every = {"scene": scene.name, "seed": scene.seed, "kind": scene.kind, "tool": tool, "complete": scene.complete}
    whole = {"row": "scene"} | every | {"denervated": scene.denervated} | made.scene
    whole["loose"], whole["real_time"] = len(found.loose_s), scene.recording.duration_s / found.seconds
    if not scene.complete:  # what else is in a real record is not known
        whole["precision"] = np.nan
    extra = pd.DataFrame(
        [
            {"train": train, "n_train": len(times), "label_found": (found.labels or [""] * (train + 1))[train]}
            for train, times in enumerate(found.trains_s)
            if train not in set(made.units["train"])
        ],
        columns=["train", "n_train", "label_found"],
    )
    units = made.units.assign(row="unit", denervated=scene.denervated, **every)
    parts = [pd.DataFrame([whole]), units, extra.assign(row="extra train", **every)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=_COLUMNS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", default="", help="names or their beginnings, with commas; all of them when empty")
    parser.add_argument("--seeds", type=_seeds, default="0-2", help="a number or a range such as 0-4")
    parser.add_argument("--duration", type=float, default=30.0, help="seconds of a simulated scene")
    parser.add_argument("--rivals", default=",".join(TOOLS), help="tools beside emgkit, with commas; 'none' for none")
    parser.add_argument("--rivals-from", type=Path, help="take the rivals' rows from an earlier table: they are slow")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "accuracy.csv")
    parser.add_argument("--verbose", action="store_true", help="a line for every true unit and every extra train")
    chosen = parser.parse_args()
    chosen.scenes = _present(_named(chosen.scenes.split(",")))
    rivals = (
        []
        if chosen.rivals == "none" or chosen.rivals_from
        else [name for name in chosen.rivals.split(",") if name != "emgkit"]
    )
    unknown = sorted(set(rivals) - set(TOOLS))
    if unknown or not chosen.scenes:
        parser.error(f"unknown: {', '.join(unknown) or 'scenes'}; known are {', '.join((*TOOLS, *_ALL))}")
    if chosen.rivals_from and not chosen.rivals_from.is_file():  # now, not after all the work
        parser.error(f"there is no table {chosen.rivals_from} to take the rivals' rows from")
    for name in filter(missing, rivals):
        print(f"{name} is left out: {missing(name)} is not installed")
    chosen.tools = ["emgkit", *(name for name in rivals if not missing(name))]
    return chosen


def _seeds(text: str) -> range:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal() and int(low) <= int(high or low)):
        msg = f"{text!r} is no number and no range such as 0-4"
        raise argparse.ArgumentTypeError(msg)
    return range(int(low), int(high or low) + 1)


def _earlier(path: Path | None, jobs: Sequence[tuple[str, int]]) -> list[pd.DataFrame]:
    """Return the rivals' rows of the same scenes and seeds from an earlier table, when there is one."""
    if path is None:
        return []
    table = pd.read_csv(path)
    return [table[(table["tool"] != "emgkit") & pd.MultiIndex.from_frame(table[["scene", "seed"]]).isin(jobs)]]


def _named(words: Sequence[str]) -> list[str]:
    """Return the scenes of these names; a word that is no name stands for all that begin with it."""
    return [
        name for name in _ALL if any(name == word or (word not in _ALL and name.startswith(word)) for word in words)
    ]


def _present(names: Iterable[str]) -> list[str]:
    recorded = {*HYBRID, *SILVER, *NEGATIVE}
    names = list(names)
    if not (DATA / "n2001").is_dir() and recorded & set(names):
        print(f"scenes from real recordings are left out: there is no {DATA}")
        return [name for name in names if name not in recorded]
    return names


def _print_progress(rows: pd.DataFrame, *, verbose: bool) -> None:
    for _, mine in rows.groupby("tool", sort=False):
        whole = mine[mine["row"] == "scene"].iloc[0]
        print(
            f"{whole['scene']:35} {whole['seed']:2} {whole['tool']:15} recall {whole['recall']:.3f} "
            f"precision {whole['precision']:.3f} true {whole['n_true']:.0f} found {whole['n_found']:.0f} "
            f"unsorted {whole['loose']:.0f} units {whole['n_units']:.0f} trains {whole['n_trains']:.0f} "
            f"denervation {whole.get('denervation_trains', np.nan):.0f}, {whole['seconds']:.2f} s",
            flush=True,
        )
        if verbose and mine["accuracy"].notna().any():
            _print_units(mine)


def _print_units(rows: pd.DataFrame) -> None:
    for unit in rows[rows["row"] == "unit"].itertuples():
        good = unit.accuracy >= SORTED and unit.label_found in {unit.label, ""}
        print(
            f"   {'ok ' if good else 'BAD'} {unit.label} {unit.variant} {unit.rate_hz:.1f} Hz "
            f"{unit.peak_to_peak_uv:.0f} uV {unit.duration_ms:.1f} ms snr {unit.snr:.0f} n {unit.n_events:.0f} -> "
            f"accuracy {unit.accuracy:.2f} recall {unit.recall:.2f} train {unit.train:.0f} n {unit.n_train:.0f} "
            f"offset {unit.offset_ms:+.2f} ms {unit.label_found} {unit.probability:.2f}"
        )
    for train in rows[rows["row"] == "extra train"].itertuples():
        print(f"   extra train {train.train:.0f} n {train.n_train:.0f} {train.label_found}")


def _print_tables(scenes: pd.DataFrame, units: pd.DataFrame) -> None:
    pd.set_option("display.width", 250, "display.max_columns", None, "display.max_rows", None)
    for tool, mine in scenes.groupby("tool", sort=False):
        own = units[units["tool"] == tool]
        failed = int(mine["seconds"].isna().sum())
        print(f"\n{tool}" + f", which failed in {failed} of {len(mine)} recordings" * bool(failed))
        if tool == "emgkit":
            print(by_scene(mine, own).round(3).to_string(index=False, na_rep=""))
        for group in ("label", "snr_range", *([["label", "snr_range"]] if tool == "emgkit" else [])):
            table = by_group(own, group)
            print(NO_UNITS if table.empty else table.round(3).to_string(na_rep=""))
    for kinds in (["simulated"], ["hybrid"], ["peers"], ["silver", "negative"]):
        numbers = {
            tool: pooled(mine, units[(units["tool"] == tool) & units["kind"].isin(kinds)])
            for tool, mine in scenes[scenes["kind"].isin(kinds)].groupby("tool", sort=False)
        }
        for name, (sense, limit) in TARGETS.items():
            if name in numbers.get("emgkit", {}):
                rivals = ", ".join(f"{tool} {each[name]:.3f}" for tool, each in numbers.items() if name in each)
                verdict = "reached" if reached(name, numbers["emgkit"][name]) else "MISSED"
                print(f"{'/'.join(kinds):16} {name:16} {'>=' if sense > 0 else '<='} {limit:.3f} {verdict:8} {rivals}")


if __name__ == "__main__":
    main()
