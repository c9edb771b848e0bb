"""One picture of the benchmark: recall, precision, sorting and names by class and by size over noise."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from summary import NO_UNITS, SORTED, TARGETS, by_group

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes

_MEASURES = {
    "recall": ("events found", TARGETS["event recall"][1]),
    "train precision": ("events of the train that are the unit's", TARGETS["event precision"][1]),
    "sorted": (f"trains with accuracy >= {SORTED}", TARGETS["trains sorted"][1]),
    "labels right": ("named rightly", TARGETS["labels right"][1]),
}
_COLOURS = ("#0b3c5d", "#d95f02", "#7570b3", "#b3aed8", "#1b9e77", "#8fd3bd", "#999999")


def draw(units: pd.DataFrame, path: Path) -> None:
    """Draw every measure by class and by size over noise, a line of marks a tool, and write a PNG.

    Parameters
    ----------
    units : pandas.DataFrame
        Rows of all tools with ``tool``, ``label`` and ``snr_range``; the figure of none says so.
    path : pathlib.Path
    """
    mpl.use("Agg")
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    tools = list(dict.fromkeys(units["tool"]))
    figure, axes = plt.subplots(len(_MEASURES), 2, figsize=(13, 13), sharey=True, layout="constrained")
    for column, (group, title) in enumerate({"label": "by class", "snr_range": "by peak to peak over noise"}.items()):
        tables = {tool: by_group(units[units["tool"] == tool], group) for tool in tools}
        for row, (measure, (words, target)) in enumerate(_MEASURES.items()):
            _marks(axes[row, column], tables, measure, target)
            axes[row, column].set_title(f"{words}, {title}", fontsize=10, loc="left")
    if tools:
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(tools), fontsize=9)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _marks(axis: Axes, tables: dict[str, pd.DataFrame], measure: str, target: float) -> None:
    groups = list(dict.fromkeys(group for table in tables.values() for group in table.index))
    if not groups:
        axis.text(0.5, 0.5, NO_UNITS, transform=axis.transAxes, ha="center", va="center", fontsize=9, color="0.3")
    values = {tool: table[measure].reindex(groups).to_numpy(dtype=float) for tool, table in tables.items()}
    colours = dict(zip(tables, cycle(_COLOURS), strict=False))
    shown = {tool: each for tool, each in values.items() if not np.isnan(each).all()}
    width = 0.8 / max(len(shown), 1)
    for number, (tool, each) in enumerate(shown.items()):
        place = np.arange(len(groups)) + width * (number - (len(shown) - 1) / 2)
        axis.bar(place, each, width, color=colours[tool], label=tool)
    axis.axhline(target, color="0.3", linewidth=0.8, linestyle=":")
    axis.set_ylim(0.0, 1.05)
    axis.set_xlim(-0.6, len(groups) - 0.4)
    axis.set_xticks(range(len(groups)), [str(each).replace("_", "\n") for each in groups], fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
