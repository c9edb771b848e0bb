"""Examinations drawn from a model of ``localization_model.py``, chosen and written down as an examiner would.

What is examined next depends only on what has been found, never on the truth: the choice itself then says nothing
about the site, and the model's posterior is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from localization_model import (
    HEALTHY_RECRUITMENT,
    RECRUITMENTS,
    RESULTS,
    SITES,
    UNITS,
    Model,
    Needle,
    Nerve,
    involved_units,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# First muscles of a study: usual screens of the leg, one is chosen at random and taken in random order.
SCREENS = (
    (
        *("vastus_medialis", "tibialis_anterior", "tibialis_posterior", "gastrocnemius_medial"),
        *("biceps_femoris_short_head", "lumbar_paraspinals"),
    ),
    (
        *("adductor_longus", "vastus_lateralis", "tensor_fasciae_latae", "tibialis_anterior"),
        *("gastrocnemius_lateral", "gluteus_maximus"),
    ),
    (
        *("vastus_medialis", "gluteus_medius", "gluteus_maximus", "peroneus_longus"),
        *("soleus", "lumbar_paraspinals"),
    ),
    (
        *("rectus_femoris", "gluteus_medius", "extensor_hallucis_longus", "gastrocnemius_medial"),
        *("abductor_hallucis", "semitendinosus"),
    ),
    (
        *("gluteus_maximus", "semitendinosus", "peroneus_longus", "gastrocnemius_lateral"),
        *("vastus_medialis", "tibialis_anterior"),
    ),
)
# What an abnormal muscle makes one look at: other nerves of the same root, other roots of the same nerve.
NEXT: Mapping[str, tuple[str, ...]] = {
    "vastus_medialis": ("adductor_longus", "iliopsoas", "rectus_femoris", "lumbar_paraspinals", "tibialis_anterior"),
    "vastus_lateralis": ("adductor_longus", "iliopsoas", "vastus_medialis", "lumbar_paraspinals", "gracilis"),
    "rectus_femoris": ("adductor_longus", "iliopsoas", "vastus_lateralis", "lumbar_paraspinals", "gracilis"),
    "adductor_longus": ("gracilis", "vastus_lateralis", "iliopsoas", "lumbar_paraspinals"),
    "iliopsoas": ("adductor_longus", "vastus_medialis", "lumbar_paraspinals"),
    "tensor_fasciae_latae": ("gluteus_medius", "peroneus_longus", "gluteus_maximus", "tibialis_posterior"),
    "gluteus_medius": ("tensor_fasciae_latae", "gluteus_maximus", "peroneus_longus", "biceps_femoris_short_head"),
    "gluteus_maximus": (
        *("gluteus_medius", "biceps_femoris_short_head", "biceps_femoris_long_head", "gastrocnemius_lateral"),
        *("lumbar_paraspinals", "abductor_hallucis", "external_anal_sphincter"),
    ),
    "semitendinosus": ("biceps_femoris_long_head", "gluteus_medius", "tibialis_posterior", "semimembranosus"),
    "biceps_femoris_short_head": ("biceps_femoris_long_head", "gluteus_maximus", "semitendinosus", "soleus"),
    "tibialis_anterior": (
        *("peroneus_longus", "tibialis_posterior", "biceps_femoris_short_head", "tensor_fasciae_latae"),
        *("extensor_digitorum_longus", "gastrocnemius_medial", "gluteus_medius", "lumbar_paraspinals"),
    ),
    "extensor_hallucis_longus": ("peroneus_longus", "tibialis_posterior", "biceps_femoris_short_head"),
    "peroneus_longus": (
        *("tibialis_posterior", "extensor_digitorum_brevis", "biceps_femoris_short_head", "gluteus_medius"),
        "semimembranosus",
    ),
    "tibialis_posterior": ("tibialis_anterior", "flexor_digitorum_longus", "semimembranosus", "gastrocnemius_medial"),
    "gastrocnemius_medial": (
        *("biceps_femoris_short_head", "gluteus_maximus", "soleus", "tibialis_posterior", "biceps_femoris_long_head"),
        *("abductor_digiti_minimi_pedis", "flexor_hallucis_longus"),
    ),
    "gastrocnemius_lateral": ("biceps_femoris_short_head", "gluteus_maximus", "soleus", "tibialis_posterior"),
    "soleus": ("gastrocnemius_medial", "biceps_femoris_long_head", "gluteus_maximus", "abductor_hallucis"),
    "abductor_hallucis": (
        *("abductor_digiti_minimi_pedis", "soleus", "extensor_digitorum_brevis", "dorsal_interossei_pedis"),
    ),
    "lumbar_paraspinals": ("gluteus_maximus", "peroneus_longus", "vastus_lateralis", "gastrocnemius_medial"),
}  # fmt: skip
COMMON = tuple(dict.fromkeys(name for screen in SCREENS for name in screen))
FEWEST, MOST = 6, 11
BEYOND_SCREEN = 0.2  # a muscle that nothing asked for, also when something is abnormal
NOTED = 0.8  # studies in which recruitment and motor units are written down at all
OTHER_SIDE = 0.25  # studies with some of it done on the other side
USUAL = {"sural_sensory": 0.75, "superficial_fibular_sensory": 0.7, "fibular_motor_edb": 0.6, "tibial_motor_ah": 0.6,
         "h_reflex": 0.5, "fibular_motor_ta": 0.15, "saphenous_sensory": 0.1, "femoral_motor": 0.1,
         "posterior_femoral_cutaneous_sensory": 0.05}  # fmt: skip
ASKED = {  # likelier once one of these muscles is abnormal
    "saphenous_sensory": ("vastus_medialis", "vastus_lateralis", "rectus_femoris", "iliopsoas"),
    "femoral_motor": ("vastus_medialis", "vastus_lateralis", "rectus_femoris", "iliopsoas"),
    "posterior_femoral_cutaneous_sensory": ("gluteus_maximus", "external_anal_sphincter"),
}
ASKED_CHANCE = 0.5


@dataclass(frozen=True)
class Study:
    """One drawn examination: truth, side of the complaint, findings, and the tables as an examiner writes them."""

    site: str
    extent: str
    side: str
    weeks: float
    needle: tuple[Needle, ...]
    nerves: tuple[Nerve, ...]
    needle_table: tuple[dict[str, object], ...]
    conduction_table: tuple[dict[str, object], ...]


@dataclass(frozen=True)
class _Truth:
    column: int
    node: int
    weeks: float


def draw_study(model: Model, rng: np.random.Generator) -> Study:
    """Draw a site, then its examination.

    Parameters
    ----------
    model : Model
    rng : numpy.random.Generator
    """
    site = rng.integers(len(SITES))
    columns = np.flatnonzero(model.site_of == site)
    column, node = rng.choice(columns, p=model.share[columns]), rng.choice(len(model.nodes), p=model.weights)
    truth = _Truth(int(column), int(node), _weeks(rng))
    noted = rng.random() < NOTED
    needle = _examine(model, truth, rng, noted=noted)
    nerves = _conduct(model, truth, needle, rng)
    if rng.random() < OTHER_SIDE:
        again = rng.permutation(len(needle))[: rng.integers(1, 4)]
        needle += [_insert(model, needle[i].muscle, truth, rng, opposite=True, noted=noted) for i in again]
        nerves += [_stimulate(model, study.study, truth, rng, opposite=True) for study in nerves if rng.random() < 0.5]
    side = str(rng.choice(["left", "right"]))
    tables = _needle_table(needle, side, rng), _conduction_table(nerves, side)
    return Study(SITES[site], model.columns[column], side, truth.weeks, tuple(needle), tuple(nerves), *tables)


def _weeks(rng: np.random.Generator) -> float:
    """Weeks since onset: seven in ten at an informative time, the others early or late."""
    when = rng.random()
    if when < 0.12:
        return float(rng.integers(1, 4))
    return float(rng.integers(4, 17)) if when < 0.82 else float(rng.integers(20, 81))


def _examine(model: Model, truth: _Truth, rng: np.random.Generator, *, noted: bool) -> list[Needle]:
    """Examine a screen, then what its abnormal muscles ask for, or any muscle."""
    planned = list(rng.permutation(SCREENS[rng.integers(len(SCREENS))]))
    found: list[Needle] = []
    for _ in range(rng.integers(FEWEST, MOST + 1)):
        done = {each.muscle for each in found}
        asked = [name for each in found if abnormal(each) for name in NEXT.get(each.muscle, ()) if name not in done]
        if planned:
            muscle = str(planned.pop())
        elif asked and rng.random() > BEYOND_SCREEN:
            muscle = str(rng.choice(asked))
        else:
            muscle = str(rng.choice([name for name in COMMON if name not in done]))
        found.append(_insert(model, muscle, truth, rng, opposite=False, noted=noted))
    return found


def abnormal(found: Needle) -> bool:
    """Return whether a needle finding would make an examiner look further."""
    return found.denervation > 0 or found.recruitment > 0


def _insert(
    model: Model, muscle: str, truth: _Truth, rng: np.random.Generator, *, opposite: bool, noted: bool
) -> Needle:
    at = truth.column, truth.node
    shown, false = model.grades(muscle, truth.weeks, opposite=opposite)
    if rng.random() < model.involved(muscle, opposite=opposite)[at]:
        chances = shown[:, *at], model.recruitments()[:, truth.node], involved_units(truth.weeks)
    else:
        chances = false, np.array(HEALTHY_RECRUITMENT), model.healthy_units(muscle)
    grade, recruitment, unit = (int(rng.choice(len(chance), p=chance)) for chance in chances)
    return Needle(muscle, opposite, grade, *((recruitment, unit) if noted else (-1, -1)))


def _conduct(model: Model, truth: _Truth, needle: Sequence[Needle], rng: np.random.Generator) -> list[Nerve]:
    seen = {each.muscle for each in needle if abnormal(each)}
    chances = {study: ASKED_CHANCE if seen & {*ASKED.get(study, ())} else usual for study, usual in USUAL.items()}
    done = [study for study, chance in chances.items() if rng.random() < chance]
    return [_stimulate(model, study, truth, rng, opposite=False) for study in done]


def _stimulate(model: Model, study: str, truth: _Truth, rng: np.random.Generator, *, opposite: bool) -> Nerve:
    chances = model.results(study, truth.weeks, opposite=opposite)[:, truth.column, truth.node]
    return Nerve(study, opposite, int(rng.choice(len(chances), p=chances)))


def _needle_table(found: Sequence[Needle], side: str, rng: np.random.Generator) -> tuple[dict[str, object], ...]:
    """Write the denervation as fibrillations, sharp waves or both: the larger of the two is the grade."""
    rows = []
    both = rng.random() < 0.6
    for each in found:
        smaller = max(0, each.denervation - int(rng.integers(0, 2)))
        grades = [each.denervation, smaller] if rng.random() < 0.7 else [smaller, each.denervation]
        row: dict[str, object] = {"muscle": each.muscle, "side": _side(side, opposite=each.opposite)}
        row |= dict(zip(("fibrillation", "positive_sharp_wave"), grades if both else [each.denervation], strict=False))
        row["recruitment"] = RECRUITMENTS[each.recruitment] if each.recruitment >= 0 else ""
        row["motor_unit"] = UNITS[each.unit] if each.unit >= 0 else ""
        rows.append(row)
    return tuple(rows)


def _conduction_table(found: Sequence[Nerve], side: str) -> tuple[dict[str, object], ...]:
    return tuple(
        {"study": each.study, "side": _side(side, opposite=each.opposite), "result": RESULTS[each.result]}
        for each in found
    )


def _side(side: str, *, opposite: bool) -> str:
    return side if not opposite else {"left": "right", "right": "left"}[side]
