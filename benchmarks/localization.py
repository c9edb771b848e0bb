"""Where is the lesion? emgkit's probabilities against a model that knows the truth, and against published cases.

    python benchmarks/localization.py [--studies 1400] [--seed 0] [--variants]
                                      [--out benchmarks/results/localization.csv]

The studies are drawn from a model of its own (``localization_model.py``), whose exact posterior is the best that can be
done on them. With ``--variants`` also from models that differ from it, so that what fits one model only shows. Then
published cases (``localization_cases.py``), published frequencies, the gluteal verdict and speed
(``localization_checks.py``). One CSV with a row for each study, case, count, verdict and timing (column ``row``), one
figure of the same name.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from localization_cases import CASES, judge_cases, scorable_cases
from localization_checks import DEFAULT_CALL, check_counts, check_speed, check_verdict
from localization_figure import draw
from localization_model import VARIANTS, Model
from localization_scoring import TARGETS, by_group, confusions, judge, pooled, reached, with_time


def main() -> None:
    """Judge drawn studies and what is published, print the tables worst first, write the table and the figure."""
    chosen = _arguments()
    pd.set_option("display.width", 250, "display.max_columns", None, "display.max_rows", None)
    pd.set_option("display.max_colwidth", 60)
    parts = []
    for name in VARIANTS if chosen.variants else ["base"]:
        parts.append(judge(name, Model(VARIANTS[name]), studies=chosen.studies, seed=chosen.seed))
        print(f"{name}: {_line(parts[-1])}", flush=True)
    rows = with_time(pd.concat(parts, ignore_index=True))
    base = rows[rows["variant"] == "base"]
    other = {"case": _cases(), "count": check_counts(), "verdict": check_verdict(), "speed": check_speed()}
    table = pd.concat([part.assign(row=name) for name, part in {"study": rows, **other}.items()], ignore_index=True)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    table[["row", *table.columns.drop("row")]].to_csv(chosen.out, index=False, float_format="%.5g")
    draw(base, chosen.out.with_suffix(".png"))
    _print_drawn(rows, base)
    for name, part in other.items():
        if len(part):
            _print(f"{name}, worst first", part)
    _print_targets(pooled(base) | _numbers(other))
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


def _cases() -> pd.DataFrame:
    if not CASES.is_dir():
        print(f"published cases are left out: there is no {CASES}")
        return pd.DataFrame()
    cases = scorable_cases()
    for case in cases:
        print(f"{case.name}: not read: {' | '.join(case.unread) or 'nothing'}")
    return judge_cases(cases)


def _line(rows: pd.DataFrame) -> str:
    numbers = pooled(rows)
    return ", ".join(
        f"{name} {numbers[name]:.3f}" for name in ("own top-1", "emgkit top-1", *TARGETS) if name in numbers
    )


def _print_drawn(rows: pd.DataFrame, base: pd.DataFrame) -> None:
    if len(rows) > len(base):
        _print("models that the studies are drawn from, worst first", by_group(rows, "variant"))
    partial = base[base["extent"].str.contains(":")]
    for group, mine in (("site", base), ("extent", partial)):
        table = by_group(mine, group)  # a calibration among studies of one true site means nothing
        table = table.drop(columns=[name for name in table if "calib" in name])
        _print(f"base model by {group}, worst first", table)
    for group in ("time", "muscles"):
        _print(f"base model by {group}, worst first", by_group(base, group))
    _print("taken for each other, where most is lost", confusions(base))


def _numbers(other: dict[str, pd.DataFrame]) -> dict[str, float]:
    """Return the number of each part that is to be reached; a part that could not be judged has none."""
    speed = other["speed"].set_index("call")
    numbers = {
        "counts outside 95 %": float((other["count"]["margin"] < 0).sum()),
        "verdicts wrong": float((~other["verdict"]["right"]).sum()),
        "ms for an answer": float(speed.loc[DEFAULT_CALL, "worst_ms"]),
        "ms for the slowest call": float(speed["median_ms"].max()),
    }
    return numbers | ({"cases missed": float((other["case"]["verdict"] != "hit").sum())} if len(other["case"]) else {})


def _print_targets(numbers: dict[str, float]) -> None:
    asked = [name for name in TARGETS if name in numbers]
    for name in sorted(asked, key=lambda each: reached(each, numbers[each])):
        sense, limit = TARGETS[name]
        verdict = "reached" if reached(name, numbers[name]) else "NOT reached"
        print(f"{name:20} {numbers[name]:8.3f}  asked {'>=' if sense > 0 else '<='} {limit:.2f}  {verdict}")


def _print(title: str, table: pd.DataFrame) -> None:
    print(f"\n{title}\n{table.round(3).to_string()}\n")


if __name__ == "__main__":
    main()
