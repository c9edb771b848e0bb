"""From a lesion to what the needle and the nerve studies will meet, before anything is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.knowledge.anatomy import find_muscle, muscle_share, sites, study_share
from emgkit.knowledge.tables import Basis, read_rows
from emgkit.model.recording import SIDES
from emgkit.simulate.nerves import simulated_studies
from emgkit.simulate.quantities import draw, read_quantities
from emgkit.simulate.units import SimulatedUnit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from emgkit.model.recording import Side
    from emgkit.simulate.quantities import Quantity

_LOCAL_INJURY = "local_muscle_injury"

Relation = Literal["affected", "opposite"]


@dataclass(frozen=True)
class ProtocolRow:
    """One row of ``simulated_protocol.csv``: a needle position of the examination."""

    muscle: str
    relation: Relation
    site: str
    value: int
    unit: str
    meaning: str
    source: str
    basis: Basis


@dataclass(frozen=True)
class Lesion:
    """Where, on which side, how much and how long ago.

    Parameters
    ----------
    site : str
        Site id; a pair is written ``"a+b"``; ``"none"`` is a healthy person.
    side : {"left", "right"}
    severity : float
        Share of the axons that are interrupted, 0 to 1.
    weeks : float
        Since onset.
    """

    site: str
    side: Side
    severity: float
    weeks: float


@dataclass(frozen=True)
class NeedlePosition:
    """One recording to be made, with the share of the muscle's supply that the lesion takes."""

    muscle: str
    side: Side
    site: str
    share: float
    trains: int
    endplate: bool


def plan_needle(
    lesion: Lesion, *, muscles: Sequence[str] | None = None, rng: np.random.Generator
) -> tuple[NeedlePosition, ...]:
    """Return the recordings of an examination and how many denervated fibres each will meet.

    Parameters
    ----------
    lesion : Lesion
    muscles : sequence of str, optional
        Muscle ids; only they are examined. All of ``simulated_protocol.csv`` otherwise.
    rng : numpy.random.Generator

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.lesion import Lesion, plan_needle
    >>> plan = plan_needle(Lesion("none", "left", 1.0, 6.0), rng=np.random.default_rng(1))
    >>> sum(position.trains for position in plan)
    0
    """
    rows = _protocol(muscles)
    shares = [_muscle_share(lesion.site, row, rows[0].muscle) for row in rows]
    silent = [at for at, row in enumerate(rows) if row.value and not shares[at]]
    endplate = min(silent, key=lambda at: rows[at].value, default=-1)
    grown = lesion.severity * _grown(lesion.weeks)
    return tuple(
        NeedlePosition(
            row.muscle, _side(lesion.side, row.relation), row.site, share, _n_trains(share * grown, rng), at == endplate
        )
        for at, (row, share) in enumerate(zip(rows, shares, strict=True))
    )


def denervated_units(n_trains: int, *, weeks: float, rng: np.random.Generator) -> list[SimulatedUnit]:
    """Return trains of fibrillations and positive sharp waves of one needle position.

    Parameters
    ----------
    n_trains : int
    weeks : float
        Since onset; the largest potentials shrink over months (source ``kraft_1990``).
    rng : numpy.random.Generator

    Notes
    -----
    Sizes are spread evenly on a logarithmic scale, so that trains differ as those of real fibres do.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.lesion import denervated_units
    >>> len(denervated_units(3, weeks=6.0, rng=np.random.default_rng(1)))
    3
    """
    rules = read_quantities("simulated_lesion")["lesion"]
    smallest_uv = rules["smallest_uv"].value
    steps = (rng.permutation(n_trains) + rng.uniform(size=n_trains)) / max(n_trains, 1)
    sizes_uv = smallest_uv * (max(_largest_uv(weeks), smallest_uv) / smallest_uv) ** steps
    sharp_waves = draw(rules["sharp_wave_share"], rng)
    return [
        SimulatedUnit("positive_sharp_wave", peak_to_peak_uv=float(size))
        if rng.uniform() < sharp_waves
        else SimulatedUnit("fibrillation", _fibrillation_variant(rules, rng), peak_to_peak_uv=float(size))
        for size in sizes_uv
    ]


def fasciculating(lesion: Lesion, *, rng: np.random.Generator) -> bool:
    """Say whether a recording of an affected muscle meets fasciculations.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.simulate.lesion import Lesion, fasciculating
    >>> fasciculating(Lesion("inferior_gluteal", "left", 0.8, 6.0), rng=np.random.default_rng(1))
    False
    """
    shares = read_quantities("simulated_lesion")["fasciculating"]
    chance = max((shares[part].value for part in lesion.site.split("+") if part in shares), default=0.0)
    return bool(rng.uniform() < chance)


def lost_responses(lesion: Lesion) -> dict[tuple[str, Side], float]:
    """Return the share of each nerve response that the lesion takes, by study and side.

    Examples
    --------
    >>> from emgkit.simulate.lesion import Lesion, lost_responses
    >>> lost_responses(Lesion("none", "left", 1.0, 6.0))["h_reflex", "left"]
    0.0
    """
    sensory_weeks = read_quantities("simulated_lesion")["timing"]["sensory_weeks"].value
    lost: dict[tuple[str, Side], float] = {}
    for study in simulated_studies():
        for side in SIDES:
            relation: Relation = "affected" if side == lesion.side else "opposite"
            share = _either(study_share(part, study) * _reach(part, relation) for part in lesion.site.split("+"))
            early = study.endswith("_sensory") and lesion.weeks < sensory_weeks
            lost[study, side] = 0.0 if early else share * lesion.severity
    return lost


def _protocol(muscles: Sequence[str] | None) -> tuple[ProtocolRow, ...]:
    rows = read_rows("simulated_protocol.csv", ProtocolRow)
    if muscles is None:
        return rows
    chosen: list[ProtocolRow] = []
    for muscle in map(find_muscle, muscles):
        known = [row for row in rows if row.muscle == muscle]
        chosen += known or [ProtocolRow(muscle, "affected", "", 0, "order", "asked for", "emgkit", "assumed")]
    return tuple(chosen)


def _muscle_share(site: str, row: ProtocolRow, first: str) -> float:
    """Return the share of the muscle's supply that the lesion takes, 0 when too small to show."""
    parts = site.split("+")
    share = _either(_one_share(part, row.muscle, first) * _reach(part, row.relation) for part in parts)
    return share if share >= read_quantities("simulated_lesion")["lesion"]["lowest_share"].value else 0.0


def _one_share(site: str, muscle: str, first: str) -> float:
    """Return the share of one muscle; an injury of a muscle itself is taken to be of the first one examined."""
    return float(muscle == first) if site == _LOCAL_INJURY else muscle_share(site, muscle)


def _either(shares: Iterable[float]) -> float:
    """Return what is lost to several lesions that act independently."""
    return 1.0 - prod(1.0 - share for share in shares)


def _reach(site: str, relation: Relation) -> float:
    """Return how much of a lesion is on that side; most are on one side only."""
    if relation == "affected":
        return 1.0
    return read_quantities("simulated_lesion")["opposite"]["bilateral"].value if sites()[site].bilateral else 0.0


def _side(side: Side, relation: Relation) -> Side:
    if relation == "affected":
        return side
    return "right" if side == "left" else "left"


def _grown(weeks: float) -> float:
    timing = read_quantities("simulated_lesion")["timing"]
    return float(np.interp(weeks, [timing["first_weeks"].value, timing["full_weeks"].value], [0.0, 1.0]))


def _n_trains(lost: float, rng: np.random.Generator) -> int:
    mean = lost * read_quantities("simulated_lesion")["lesion"]["trains"].value
    return int(1 + rng.poisson(mean - 1)) if mean >= 1 else int(rng.poisson(mean))


def _largest_uv(weeks: float) -> float:
    rows = read_quantities("simulated_lesion")["largest_uv"]
    return float(np.interp(weeks, [float(key) for key in rows], [row.value for row in rows.values()]))


def _fibrillation_variant(rules: Mapping[str, Quantity], rng: np.random.Generator) -> str:
    limits = np.cumsum([rules["irregular_share"].value, rules["near_origin_share"].value])
    return ("irregular", "near_origin", "regular")[int(np.searchsorted(limits, rng.uniform()))]
