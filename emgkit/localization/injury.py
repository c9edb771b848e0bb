"""Which sampled muscle a direct injury would have hit, before its findings are looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge.anatomy import muscles
from emgkit.knowledge.tables import Basis, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emgkit.localization.context import Context
    from emgkit.localization.observe import Observation

LISTED = "listed"


@dataclass(frozen=True)
class _WeightRow:
    history: str
    subject: str
    value: float
    unit: str
    source: str
    basis: Basis
    note: str


def injured_muscles(observations: Iterable[Observation], context: Context) -> dict[tuple[str, str], float]:
    """Return the share of each sampled muscle among direct injuries of its side.

    Parameters
    ----------
    observations : iterable of Observation
        Muscles that were not sampled cannot be the injured one.
    context : Context
        A history or image that names a muscle moves weight to it; so does the approach of a hip arthroplasty.

    Returns
    -------
    dict of (muscle, side) to float
        Sums to one for each side that was sampled.

    Examples
    --------
    >>> from emgkit.localization.context import Context
    >>> from emgkit.localization.injury import injured_muscles
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"muscle": name, "side": "left", "fibs": 0} for name in ("gluteus maximus", "soleus")]
    >>> shares = injured_muscles(observe_needle(read_needle_table(rows), weeks=6), Context())
    >>> shares["gluteus_maximus", "left"] > shares["soleus", "left"]
    True
    """
    sampled = [(one.test, one.side) for one in observations if one.kind == "needle"]
    weights = {key: _weight(*key, context.hurt) for key in sampled}
    total: dict[str, float] = defaultdict(float)
    for (_, side), weight in weights.items():
        total[side] += weight
    return {(muscle, side): weight / total[side] for (muscle, side), weight in weights.items()}


def may_have_hurt(told: object, muscle: str, *, side: str) -> bool:
    """Return whether what was told of an injury or operation may concern this muscle on this side.

    Parameters
    ----------
    told : object
        Value of one finding of ``Context.hurt``: True, muscles, the approach of a hip arthroplasty, or these by side.
    muscle, side : str

    Examples
    --------
    >>> from emgkit.localization.injury import may_have_hurt
    >>> may_have_hurt(("gluteus_medius",), "gluteus_maximus", side="left")
    False
    >>> may_have_hurt({"left": "posterior"}, "gluteus_maximus", side="left")
    True
    """
    value = told.get(side) if isinstance(told, Mapping) else told
    return muscle in value if isinstance(value, tuple) else bool(value) and value != "none"


def _weight(muscle: str, side: str, hurt: Mapping[str, object]) -> float:
    rows = _weights()
    candidates = [rows.get(("", muscle), rows.get(("", muscles()[muscle].region), 0.0))]
    for finding, told in hurt.items():
        value = told.get(side) if isinstance(told, Mapping) else told
        if isinstance(value, tuple) and muscle in value:
            candidates.append(rows[LISTED, ""])
        if isinstance(value, str):
            candidates.append(rows.get((f"{finding}:{value}", muscle), 0.0))
    return max(candidates)


@cache
def _weights() -> Mapping[tuple[str, str], float]:
    rows = read_rows("evidence_local_injury.csv", _WeightRow)
    return MappingProxyType({(row.history, row.subject): row.value for row in rows})
