"""One picture of the benchmark of localization: calibration, and the first site right by site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from localization_scoring import by_group, calibration

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

_COLOURS = {"own": "0.55", "emgkit": "#0b3c5d"}
_NAMES = {"own": "the generating model itself", "emgkit": "emgkit"}


def draw(rows: pd.DataFrame, path: Path) -> None:
    """Draw the calibration and the share of right first sites of both posteriors, and write a PNG.

    Parameters
    ----------
    rows : pandas.DataFrame
        Of one variant, as ``localization_scoring.judge`` makes them.
    path : pathlib.Path
    """
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 6), layout="constrained", width_ratios=(1, 1.3))
    _calibration(left, rows)
    _by_site(right, rows)
    figure.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _calibration(axis: Axes, rows: pd.DataFrame) -> None:
    axis.plot([0, 1], [0, 1], color="0.8", linewidth=1, zorder=0)
    for who, colour in _COLOURS.items():
        bins = calibration(rows, who)
        error = np.sqrt(bins["right"] * (1 - bins["right"]) / bins["studies"])
        axis.errorbar(bins["said"], bins["right"], 1.96 * error, color=colour, marker="o", capsize=3)
    for at, mine in calibration(rows, "emgkit").iterrows():
        axis.annotate(f"{mine['studies']:.0f}", (mine["said"], 0.015), ha="center", fontsize=8, gid=str(at))
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability of the first site", ylabel="share that was right")
    axis.set_title("Calibration (numbers: studies in emgkit's bin; bars: 95 %)", fontsize=10, loc="left")


def _by_site(axis: Axes, rows: pd.DataFrame) -> None:
    table = by_group(rows, "site").sort_values("own top-1")
    places = np.arange(len(table))
    for who, shift in (("emgkit", -0.2), ("own", 0.2)):
        axis.barh(places + shift, table[f"{who} top-1"], 0.38, color=_COLOURS[who], label=_NAMES[who])
    axis.set_yticks(places, list(table.index))
    axis.set(xlim=(0, 1), xlabel="first site right")
    axis.set_title("By site", fontsize=10, loc="left")
