"""Published cases: read, mapped to the tables that ``localize`` takes, and judged by their confirmed site.

The case files stand beside the checkout and are not copied. What the words of a file mean is in
``localization_words.csv``, which site counts as right in ``localization_cases.csv``; what cannot be read is listed.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

import emgkit
from emgkit.errors import UnknownNameError
from emgkit.knowledge.anatomy import find_muscle, sites

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HERE = Path(__file__).parent
CASES = _HERE.parent.parent / "shared" / "reference" / "cases"
ABNORMAL = 2  # grade of what is only said to be present
GRADES = (("marked", 3), ("significant", 3), ("small", 1), ("present", ABNORMAL), ("abnormal", ABNORMAL))
NORMAL: Mapping[str, object] = {
    "fibrillation": 0, "positive_sharp_wave": 0, "recruitment": "normal", "motor_unit": "normal",
}  # fmt: skip


@dataclass
class Case:
    """One published case as tables.

    Parameters
    ----------
    name, confirmed : str
        Id and confirmed site in the words of the file.
    vector : str
        Cases with the same one are one pattern.
    side : str
    weeks : float or None
    needle, conduction : list of dict
        Rows for ``localize``.
    clinical, imaging : dict
    unread : list of str
        What the file says and no table holds.
    """

    name: str
    confirmed: str
    vector: str
    side: str
    weeks: float | None
    needle: list[dict[str, object]] = field(default_factory=list)
    conduction: list[dict[str, object]] = field(default_factory=list)
    clinical: dict[str, object] = field(default_factory=dict)
    imaging: dict[str, object] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def scorable_cases(folder: Path = CASES) -> list[Case]:
    """Return the published cases that can be scored, the first of each jointly reported vector only."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))]
    found = {}
    for content in files:
        if content["kind"] == "published" and content["usable_for_scoring"] is True:
            case = read_case(content)
            found.setdefault(case.vector, case)
    return list(found.values())


def read_case(content: Mapping[str, Any]) -> Case:
    """Return the case of one file's content.

    Parameters
    ----------
    content : mapping
        Fields of a case file: muscles, muscle_groups, ncs, clinical, imaging and what identifies it.
    """
    side = content.get("side")
    case = Case(
        content["id"],
        content["confirmed_site"],
        str(content.get("shared_vector_group") or content["id"]),
        side if side in {"left", "right"} else "left",  # where it is not told, one as good as the other
        read_weeks(content.get("weeks_since_onset")),
    )
    _read_muscles(case, content)
    for name, words in (content.get("ncs") or {}).items():
        _read_study(case, str(name), str(words))
    _read_words(case, "clinical", content.get("clinical") or {}, case.clinical)
    _read_words(case, "imaging", content.get("imaging") or {}, case.imaging)
    return case


def read_weeks(words: object) -> float | None:
    """Return the weeks that a number or a phrase such as ``about 8-9 (two months)`` begins with, if it does."""
    met = re.match(
        r"(?:about |more than |at least |~)?(\d+(?:\.\d+)?)(?:\s*-\s*(\d+(?:\.\d+)?))?(?! ?days)", str(words)
    )
    if met is None:
        return None
    low, high = met.groups()
    return (float(low) + float(high or low)) / 2


def _read_muscles(case: Case, content: Mapping[str, Any]) -> None:
    rows: dict[tuple[str, str], dict[str, object]] = {}
    other = {"left": "right", "right": "left"}[case.side]
    for part, side in (("muscles", case.side), ("muscle_groups", case.side), ("contralateral", other)):
        for name, said in (content.get(part) or {}).items():
            muscles = _muscles(str(name))
            found, left = read_needle(said)
            if not muscles or not found:
                case.unread.append(f"{name}: {said}")
                continue
            case.unread += [f"{name} {words}" for words in left]
            for muscle in muscles:  # a muscle that is named itself is not overruled by its group
                rows.setdefault((muscle, side), {"muscle": muscle, "side": side} | found)
    case.needle += rows.values()


def _muscles(name: str) -> list[str]:
    try:
        return [find_muscle(name.replace("_", " "))]
    except UnknownNameError:
        return next((finds for _, finds, _ in _rules("group", name.lower(), whole=True)), [])


def read_needle(said: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """Return the needle findings that a file's words for one muscle or group mean, and the words not understood."""
    if "state" in said:
        if said["state"] == "normal":
            return dict(NORMAL), []
        return ({"fibrillation": ABNORMAL}, []) if said["state"] == "abnormal" else ({}, [f"state: {said['state']}"])
    found: dict[str, object] = {}
    left = []
    for key, words in said.items():
        text = str(words).lower()
        value: object = None
        if key in {"fibs", "psw"}:
            value = int(text) if text.isdecimal() else next((grade for word, grade in GRADES if word in text), None)
        elif key == "recruitment":
            value = next((word for word in ("normal", "reduced", "early", "none") if word in text), None)
        elif key == "mup":
            kinds = {"long duration": "large", "large": "large", "polyphasic": "polyphasic", "normal": "normal"}
            value = next((kind for word, kind in kinds.items() if word in text), None)
        if value is None:
            left.append(f"{key}: {words}")
        else:
            column = {"fibs": "fibrillation", "psw": "positive_sharp_wave", "mup": "motor_unit"}.get(key, key)
            found[column] = value
    return found, left


def _read_study(case: Case, name: str, words: str) -> None:
    studies = next((finds for _, finds, _ in _rules("ncs", name.lower(), whole=True)), [])
    both = {"left", "right"} if "bilateral" in words else {case.side}
    for part in words.split(";"):
        sides = {side for side in ("left", "right") if side in part.split()} or both
        result = next((value for word, value in _RESULTS if re.match(rf"\s*{word}", part)), None)
        if "absent" in words and re.match(r"\s*[1-9]\d* uV", part):  # the response that the absent one is compared with
            result = "normal"
        if not studies or result is None:
            case.unread.append(f"{name}: {part.strip()}")
            continue
        case.conduction += [
            {"study": study, "side": side, "result": result} for study in studies for side in sorted(sides)
        ]


_RESULTS = (("normal", "normal"), ("absent", "absent"), ("(very |significantly )?(low|reduced)", "reduced"))


def _read_words(case: Case, section: str, said: Mapping[str, object], into: dict[str, object]) -> None:
    for key, value in said.items():
        text = f"{key}: {value}"
        met = list(_rules(section, text, whole=False))
        for rule, finds, meaning in met:
            means: object = rule.expand(meaning)
            if re.match(r"\d", str(means)):
                means = "normal" if str(means) == "5" else "weak"
            elif ";" in str(means):
                means = str(means).split(";")
            into.update(dict.fromkeys(finds, means))
        if not any(finds for _, finds, _ in met):
            case.unread.append(text)


def _rules(section: str, text: str, *, whole: bool) -> Iterator[tuple[re.Match[str], list[str], str]]:
    for row in _table("localization_words.csv"):
        if row["section"] == section:
            met = (re.fullmatch if whole else re.search)(row["words"], text)
            if met is not None:
                yield met, [each for each in row["finds"].split(";") if each], row["value"]


def _table(name: str) -> list[dict[str, str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def everything() -> list[str]:
    """Return all single sites and all pairs of two that are a lesion."""
    single = list(sites())
    lesions = [name for name in single if name != "none"]
    return [*single, *(f"{one}+{two}" for one, two in combinations(lesions, 2))]


def judge_case(case: Case) -> dict[str, object]:
    """Return what ``localize`` says of a case: the first site, and rank and probability of the confirmed one."""
    rows = _table("localization_cases.csv")
    named = [row for row in rows if row["id"] == case.name] or [
        row for row in rows if not row["id"] and row["confirmed_site"] == case.confirmed
    ]
    if not named:
        return {"case": case.name, "confirmed": case.confirmed, "verdict": "not mapped"}
    posterior = emgkit.localize(
        case.needle,
        case.conduction,
        clinical=case.clinical or None,
        imaging=case.imaging or None,
        weeks_since_onset=case.weeks,
        affected_side=case.side,
        candidates=everything() if named[0]["candidates"] == "pairs" else None,
        prior=named[0]["prior"] or None,
    ).posterior
    accepted = {_order(name) for name in named[0]["accepted"].split(";")}
    ranks = [at for at, site in enumerate(posterior["site"]) if _order(site) in accepted]
    chance = posterior["probability"].iloc[ranks]
    return {
        "case": case.name,
        "confirmed": " or ".join(sorted(accepted)),
        "prior": named[0]["prior"] or "general",
        "first": posterior["site"].iloc[0],
        "p first": posterior["probability"].iloc[0],
        "second": posterior["site"].iloc[1],
        "p second": posterior["probability"].iloc[1],
        "rank": ranks[0] + 1,
        "p confirmed": float(chance.sum()),
        "verdict": "hit" if ranks[0] == 0 else "MISS",
    }


def _order(site: str) -> str:
    return "+".join(sorted(site.split("+")))


def judge_cases(cases: list[Case]) -> pd.DataFrame:
    """Return one row a case, misses first."""
    table = pd.DataFrame([judge_case(case) for case in cases])
    return table.sort_values("p confirmed", ignore_index=True) if "p confirmed" in table else table
