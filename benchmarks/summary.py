"""Pooled numbers beside the numbers to reach, and tables by scene, class and size over noise."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scoring import LEAST_EVENTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SORTED = 0.8  # sorting accuracy from which a train counts as sorted
SNR_EDGES = (0.0, 30.0, 60.0, 120.0, 250.0, 500.0, np.inf)

NO_UNITS = f"no unit with {LEAST_EVENTS} discharges or more whose truth is complete"

# What is to be reached: the sense (+1 at least, -1 at most) and the limit. The family is fibrillation and positive
# sharp wave; false are scenes and real records without denervation in which a train bears one of its names.
TARGETS: Mapping[str, tuple[int, float]] = MappingProxyType({
    "event recall": (1, 0.97),
    "event precision": (1, 0.97),
    "family recall": (1, 0.96),
    "family precision": (1, 0.985),
    "told apart": (1, 0.95),
    "trains sorted": (1, 0.95),
    "labels right": (1, 0.95),
    "false scenes": (-1, 0.02),
    "silver recall": (1, 0.92),
    "false records": (-1, 0.0),
})  # fmt: skip


def pooled(scenes: pd.DataFrame, units: pd.DataFrame) -> dict[str, float]:
    """Return every pooled number of the scenes of one tool that the scenes can answer.

    Parameters
    ----------
    scenes, units : pandas.DataFrame
        Rows of one tool, as ``accuracy.py`` writes them.
    """
    complete, healthy = scenes[scenes["complete"]], scenes[~scenes["denervated"]]
    silver, negative = scenes[scenes["kind"] == "silver"], healthy[healthy["kind"] == "negative"]
    healthy = healthy[healthy["kind"] != "negative"]
    trains = units[units["complete"] & (units["n_events"] >= LEAST_EVENTS)]
    numbers = {
        "event recall": _share(complete, "n_matched", "n_true"),
        "event precision": _share(complete, "n_matched", "n_found"),
        "family recall": _share(complete, "family_matched", "family_true"),
        "family precision": _share(complete, "family_matched", "family_found"),
        "told apart": _share(complete, "family_told", "family_matched"),
        "trains sorted": float(_is_sorted(trains["accuracy"]).mean()) if len(trains) else np.nan,
        "labels right": float(trains["label_right"].mean()) if len(trains) else np.nan,
        "false scenes": _denervated(healthy),
        "silver recall": _share(silver, "family_matched", "family_true"),
        "false records": _denervated(negative),
    }
    return {name: number for name, number in numbers.items() if np.isfinite(number)}


def _share(rows: pd.DataFrame, part: str, whole: str) -> float:
    known = rows[[part, whole]].dropna()
    total = known[whole].sum()
    return float(known[part].sum() / total) if total else np.nan


def _is_sorted(accuracy: pd.Series[float]) -> pd.Series[float]:
    return (accuracy >= SORTED).astype(float).where(accuracy.notna())


def _denervated(rows: pd.DataFrame) -> float:
    trains = rows["denervation_trains"].dropna()
    return float((trains > 0).mean()) if len(trains) else np.nan


def reached(name: str, number: float) -> bool:
    """Return whether a pooled number reaches what is asked."""
    sense, limit = TARGETS[name]
    return sense * number >= sense * limit


def by_scene(scenes: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return one row a scene of one tool over all seeds, the worst first: by its smallest number over the target."""
    rows = []
    for name, mine in scenes.groupby("scene", sort=False):
        numbers = pooled(mine, units[units["scene"] == name])
        short = [0.0 + TARGETS[key][0] * (number - TARGETS[key][1]) for key, number in numbers.items()]
        rows.append({"scene": name, "seeds": len(mine), "margin": min(short, default=0.0)} | numbers)
    table = pd.DataFrame(rows, columns=["scene", "seeds", "margin", *TARGETS])
    return table.sort_values("margin", kind="stable", ignore_index=True).dropna(axis=1, how="all")


def by_group(units: pd.DataFrame, group: str | Sequence[str]) -> pd.DataFrame:
    """Return recall, precision of the trains, sorting and names of true units with enough events, by group.

    Parameters
    ----------
    units : pandas.DataFrame
    group : str or sequence of str
        Columns such as ``label`` or ``snr_range``.
    """
    asked = units[units["complete"] & (units["n_events"] >= LEAST_EVENTS)]
    asked = asked.assign(sorted=_is_sorted(asked["accuracy"]))
    grouped = asked.groupby(group, observed=True, sort=True)
    sums = grouped[["n_matched", "n_events", "n_in_train", "n_train"]].sum()
    return pd.DataFrame({
        "units": grouped.size(),
        "recall": sums["n_matched"] / sums["n_events"],
        "train precision": sums["n_in_train"] / sums["n_train"].where(sums["n_train"] > 0),
        "accuracy": grouped["accuracy"].mean(),
        "sorted": grouped["sorted"].mean(),
        "labels right": grouped["label_right"].mean(),
    })  # fmt: skip


def with_snr_range(units: pd.DataFrame) -> pd.DataFrame:
    """Return the units with the range in which their peak to peak over the noise lies."""
    names = [f"{low:.0f}-{high:.0f}" for low, high in pairwise(SNR_EDGES[:-1])]
    names.append(f"> {SNR_EDGES[-2]:.0f}")
    return units.assign(snr_range=pd.cut(units["snr"], SNR_EDGES, labels=names))
