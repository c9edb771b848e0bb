"""Where is the lesion? emgkit's probabilities against a model that knows the truth, and against published cases.

    python benchmarks/localization.py [--studies 1400] [--seed 0] [--variants]
                                      [--out benchmarks/results/localization.csv]

The studies are drawn from a model of its own (``localization_model.py``), whose exact posterior is the best that can be
done on them. With ``--variants`` also from models that differ from it, so that what fits one model only shows.
One CSV with a row a study, one figure of the same name.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from localization_figure import draw
from localization_model import VARIANTS, Model
from localization_scoring import TARGETS, by_group, confusions, judge, pooled, reached, with_time


def main() -> None:
    """Judge on drawn studies, print the tables worst first, write the table and the figure."""
    chosen = _arguments()
    names = list(VARIANTS) if chosen.variants else ["base"]
    parts = []
    for name in names:
        parts.append(judge(name, Model(VARIANTS[name]), studies=chosen.studies, seed=chosen.seed))
        print(f"{name}: {_line(parts[-1])}", flush=True)
    rows = with_time(pd.concat(parts, ignore_index=True))
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(chosen.out, index=False, float_format="%.5g")
    base = rows[rows["variant"] == "base"]
    draw(base, chosen.out.with_suffix(".png"))
    _print_drawn(rows, base)
    print(f"written: {chosen.out}, {chosen.out.with_suffix('.png')}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--studies", type=int, default=1400, help="studies drawn from each model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", action="store_true", help="also draw from models that differ from the first")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "localization.csv")
    chosen = parser.parse_args()
    if chosen.studies < 1:
        parser.error(f"{chosen.studies} studies cannot be drawn; at least 1 is needed")
    return chosen


def _line(rows: pd.DataFrame) -> str:
    numbers = pooled(rows)
    return ", ".join(f"{name} {numbers[name]:.3f}" for name in ("own top-1", "emgkit top-1", *TARGETS))


def _print_drawn(rows: pd.DataFrame, base: pd.DataFrame) -> None:
    pd.set_option("display.width", 250, "display.max_columns", None, "display.max_rows", None)
    if len(rows) > len(base):
        _print("models that the studies are drawn from, worst first", by_group(rows, "variant"))
    sites = by_group(base, "site")  # a calibration among studies of one true site means nothing
    _print("base model by site, worst first", sites.drop(columns=[name for name in sites if "calib" in name]))
    for group in ("time", "muscles"):
        _print(f"base model by {group}, worst first", by_group(base, group))
    _print("taken for each other, where most is lost", confusions(base))
    numbers = pooled(base)
    for name in sorted(TARGETS, key=lambda each: reached(each, numbers[each])):
        sense, limit = TARGETS[name]
        verdict = "reached" if reached(name, numbers[name]) else "NOT reached"
        print(f"{name:20} {numbers[name]:.3f}  asked {'>=' if sense > 0 else '<='} {limit:.2f}  {verdict}")


def _print(title: str, table: pd.DataFrame) -> None:
    print(f"\n{title}\n{table.round(3).to_string()}\n")


if __name__ == "__main__":
    main()
