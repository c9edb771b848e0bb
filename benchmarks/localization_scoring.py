"""Two posteriors on the same drawn studies: top-1, log score, calibration and confusions, pooled and by group."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from localization_draws import draw_study
from localization_model import SITES

import emgkit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localization_draws import Study
    from localization_model import Model

BINS = 10
LEAST = 1e-9  # a true site that was given no chance at all costs this much and not everything
FLAT: Mapping[str, float] = MappingProxyType(dict.fromkeys(SITES, 1.0))

# What is to be reached: the sense (+1 at least, -1 at most) and the limit.
TARGETS: Mapping[str, tuple[int, float]] = MappingProxyType({
    "top-1 ratio": (1, 0.95),
    "log score lost": (-1, 0.12),
    "calibration error": (-1, 0.05),
    "cases missed": (-1, 1.0),
    "counts outside 95 %": (-1, 0.0),
    "verdicts wrong": (-1, 0.0),
    "ms for an answer": (-1, 50.0),
    "ms for the slowest call": (-1, 50.0),
})  # fmt: skip


def judge(name: str, model: Model, *, studies: int, seed: int) -> pd.DataFrame:
    """Draw studies from a model and return one row a study: both posteriors' first site and what the truth got.

    Parameters
    ----------
    name : str
        Of the variant, a column of the rows.
    model : Model
    studies, seed : int
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(studies):
        study = draw_study(model, rng)
        own = dict(zip(SITES, model.posterior(study.needle, study.nerves, study.weeks), strict=True))
        row = {"variant": name, "study": number, "site": study.site, "extent": study.extent}
        row |= {
            "weeks": study.weeks,
            "muscles": len({each.muscle for each in study.needle}),
            "nerves": len(study.nerves),
        }
        rows.append(row | _scored("own", own, study.site) | _scored("emgkit", ask(study), study.site))
    return pd.DataFrame(rows)


def ask(study: Study) -> dict[str, float]:
    """Return emgkit's probabilities of the sites of the model, no site preferred beforehand.

    Both are told the side of the complaint.
    """
    answer = emgkit.localize(
        study.needle_table,
        study.conduction_table,
        weeks_since_onset=study.weeks,
        affected_side=study.side,
        candidates=SITES,
        prior=dict(FLAT),
    )
    return answer.posterior.groupby("site")["probability"].sum().to_dict()


def _scored(who: str, chances: Mapping[str, float], site: str) -> dict[str, object]:
    first = max(chances, key=chances.__getitem__)
    return {
        f"{who}_first": first,
        f"{who}_top": chances[first],
        f"{who}_true": chances.get(site, 0.0),
        f"{who}_log": float(np.log(max(chances.get(site, 0.0), LEAST))),
    }


def pooled(rows: pd.DataFrame) -> dict[str, float]:
    """Return the numbers of some rows of ``judge``: both tools', and the three to be reached."""
    right = {who: float((rows[f"{who}_first"] == rows["site"]).mean()) for who in ("own", "emgkit")}
    lost = rows["own_log"] - rows["emgkit_log"]
    return {
        "studies": len(rows),
        "own top-1": right["own"],
        "emgkit top-1": right["emgkit"],
        "top-1 ratio": right["emgkit"] / right["own"] if right["own"] else np.nan,
        "own log score": float(rows["own_log"].mean()),
        "emgkit log score": float(rows["emgkit_log"].mean()),
        "log score lost": float(lost.mean()),
        "+-": float(lost.std() / np.sqrt(len(rows))),
        "own calibration": calibration_error(rows, "own"),
        "calibration error": calibration_error(rows, "emgkit"),
        "overconfidence": float(rows["emgkit_top"].mean()) - right["emgkit"],
    }


def calibration(rows: pd.DataFrame, who: str) -> pd.DataFrame:
    """Return one row a bin of the first site's probability: studies, mean probability, share that was right."""
    number = np.minimum((rows[f"{who}_top"] * BINS).astype(int), BINS - 1)
    right = (rows[f"{who}_first"] == rows["site"]).astype(float)
    grouped = pd.DataFrame({"bin": number, "said": rows[f"{who}_top"], "right": right}).groupby("bin")
    return grouped.agg(studies=("right", "size"), said=("said", "mean"), right=("right", "mean"))


def calibration_error(rows: pd.DataFrame, who: str) -> float:
    """Return the mean distance of the bins' said probability from the share that was right, weighted by studies."""
    bins = calibration(rows, who)
    return float(((bins["said"] - bins["right"]).abs() * bins["studies"]).sum() / bins["studies"].sum())


def reached(name: str, number: float) -> bool:
    """Return whether a pooled number reaches what is asked."""
    sense, limit = TARGETS[name]
    return sense * number >= sense * limit


def by_group(rows: pd.DataFrame, group: str | Sequence[str]) -> pd.DataFrame:
    """Return the pooled numbers of every group, the one that loses most log score first."""
    table = pd.DataFrame({name: pooled(mine) for name, mine in rows.groupby(group, observed=True)}).T
    return table.rename_axis(group).sort_values("log score lost", ascending=False)


def confusions(rows: pd.DataFrame, *, most: int = 15) -> pd.DataFrame:
    """Return the pairs of true and first site that emgkit takes for each other more often than the model does."""
    wrong = {
        who: rows[rows[f"{who}_first"] != rows["site"]].groupby(["site", f"{who}_first"]).size()
        for who in ("own", "emgkit")
    }
    table = pd.DataFrame({who: counts.rename_axis(["site", "taken for"]) for who, counts in wrong.items()}).fillna(0)
    table = table.astype(int).assign(more=lambda each: each["emgkit"] - each["own"])
    lost = (rows["own_log"] - rows["emgkit_log"]).groupby([rows["site"], rows["emgkit_first"]]).sum()
    table["log score lost"] = lost.rename_axis(["site", "taken for"]) / len(rows)
    return table.sort_values("log score lost", ascending=False).head(most)


def with_time(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a word for when the study was done."""
    words = ["before week 4", "weeks 4-16", "later"]
    return rows.assign(time=pd.cut(rows["weeks"], [0, 3.5, 18, np.inf], labels=words))
