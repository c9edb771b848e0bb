"""Grading schemes: what one needle position reaches, what a muscle needs for each grade, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import ceil, comb
from typing import TYPE_CHECKING

from emgkit.knowledge.grading import SCHEMES, find_scheme
from emgkit.knowledge.tables import criteria_values
from emgkit.model.findings import GRADES

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABNORMAL = GRADES[1:]


@dataclass(frozen=True)
class Scheme:
    """Thresholds of one grading scheme; every field but the name is a row of the grading table.

    Parameters
    ----------
    name : str
    persistent_span_s : float
        A train that spans less is transient.
    positive_sites_1, positive_sites_2 : float
        Positions needed with a persistent train for 1+, and with moderate numbers for 2+.
    trains_2, rate_2_hz : float
        Moderate numbers: trains, or discharges per second, at one position.
    share_3 : float
        Share of all positions that stands for "all areas" in 3+ and 4+.
    trains_3, rate_3_hz : float
        Large numbers, likewise.
    fill_4 : float
        Share of the baseline that is filled, at one position, for 4+.
    """

    name: str
    persistent_span_s: float
    positive_sites_1: float
    positive_sites_2: float
    trains_2: float
    rate_2_hz: float
    share_3: float
    trains_3: float
    rate_3_hz: float
    fill_4: float


def read_scheme(name: str) -> Scheme:
    """Return a grading scheme by name.

    Parameters
    ----------
    name : str
        ``"mayo"`` or ``"preston_shapiro"``. Their words differ little: persistent is more than 3 s in the first, more
        than 2-3 s in the second, and the highest grade fills the baseline in one and is a full interference pattern in
        the other. Neither says how many are "moderate" or "many".

    Raises
    ------
    UnknownNameError
        Naming the schemes there are.

    References
    ----------
    Source keys ``statpearls_spontaneous`` and ``preston_shapiro_2013``.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import read_scheme
    >>> [read_scheme(name).persistent_span_s for name in ("mayo", "Preston & Shapiro")]
    [3.0, 2.0]
    """
    found = find_scheme(name)
    values = criteria_values("grading_criteria")
    return Scheme(found, *(values[f"{found}_{field.name}"] for field in fields(Scheme) if field.name != "name"))


def scheme_criteria(scheme: Scheme) -> dict[str, float]:
    """Return every row of the grading table that this scheme uses: its own, and those that all schemes share.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import read_scheme, scheme_criteria
    >>> used = scheme_criteria(read_scheme("mayo"))
    >>> "full_sites" in used, "mayo_fill_4" in used, "preston_shapiro_fill_4" in used
    (True, True, False)
    """
    others = tuple(f"{name}_" for name in SCHEMES if name != scheme.name)
    return {key: value for key, value in criteria_values("grading_criteria").items() if not key.startswith(others)}


def level_reached(scheme: Scheme, *, trains: int, discharges_per_s: float, fill: float) -> int:
    """Return the highest grade whose numbers one needle position shows.

    Parameters
    ----------
    scheme : Scheme
    trains : int
        Persistent trains of denervation.
    discharges_per_s : float
    fill : float
        Share of the baseline that is filled, 0 to 1.

    Returns
    -------
    int
        0 (no such train), 1 (some), 2 (moderate numbers), 3 (large numbers) or 4 (fills the baseline).

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import level_reached, read_scheme
    >>> level_reached(read_scheme("mayo"), trains=1, discharges_per_s=6.0, fill=0.06)
    2
    """
    reached = (
        trains > 0,
        trains >= scheme.trains_2 or discharges_per_s >= scheme.rate_2_hz,
        trains >= scheme.trains_3 or discharges_per_s >= scheme.rate_3_hz,
        fill >= scheme.fill_4,
    )
    return max((grade for grade, yes in zip(_ABNORMAL, reached, strict=True) if yes), default=0)


def level_words(scheme: Scheme, grade: int) -> str:
    """Return what a position must show to reach a level, in words and numbers.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import level_words, read_scheme
    >>> level_words(read_scheme("mayo"), 2)
    'moderate numbers (2 trains or 5 discharges/s)'
    """
    words = (
        f"persistent trains ({scheme.persistent_span_s:g} s or longer)",
        f"moderate numbers ({scheme.trains_2:g} trains or {scheme.rate_2_hz:g} discharges/s)",
        f"large numbers ({scheme.trains_3:g} trains or {scheme.rate_3_hz:g} discharges/s)",
        f"a baseline filled by {100 * scheme.fill_4:g} %",
    )
    return words[grade - 1]


def positions_needed(scheme: Scheme, sites: int) -> tuple[int, ...]:
    """Return how many positions must reach the levels 1 to 4 for the grades 1+ to 4+.

    Two positions cannot be positive where one was sampled: one suffices then, and the grade is provisional.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import positions_needed, read_scheme
    >>> positions_needed(read_scheme("mayo"), 10)
    (2, 3, 8, 8)
    """
    some = int(max(min(scheme.positive_sites_1, sites), 1))
    several = int(scheme.positive_sites_2)
    everywhere = max(several, ceil(scheme.share_3 * sites - 1e-9))
    return (some, several, everywhere, everywhere)


def grade_of(levels: Sequence[int], scheme: Scheme) -> int:
    """Return the grade of a muscle from the level that each of its positions reaches.

    The positions that reach a level are counted, as the schemes word it. The median over positive positions would be
    another reading, but it can fall when a weak position becomes positive; a count cannot, so more denervation never
    lowers a grade.

    Parameters
    ----------
    levels : sequence of int
        One of 0 to 4 for each position.
    scheme : Scheme

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import grade_of, read_scheme
    >>> [grade_of(levels, read_scheme("mayo")) for levels in ([0, 0, 0, 3], [0, 0, 1, 3], [2, 2, 3, 0], [3, 3, 3, 4])]
    [0, 1, 2, 3]
    """
    needed = positions_needed(scheme, len(levels))
    met = (grade for grade, least in zip(_ABNORMAL, needed, strict=True) if _reaching(levels, grade) >= least)
    return max(met, default=0)


def grade_chances(levels: Sequence[int], scheme: Scheme) -> tuple[float, ...]:
    """Return the exact bootstrap distribution of a grade over resampled positions.

    A resample draws as many positions as there are, with replacement; all resamples are equally probable. A grade of at
    least g means that enough of them reach level g, and each drawn position does so with the share p of positions that
    do: their number is binomial. The resamples that reach g are therefore counted in whole numbers, out of
    ``sites ** sites``, without drawing any. No chance is involved and nothing is approximated.

    Parameters
    ----------
    levels : sequence of int
        One of 0 to 4 for each position, at least one position.
    scheme : Scheme

    Returns
    -------
    tuple of float
        Probability of the grades 0 to 4 in a resample; they sum to 1. Grade 0 includes the equivocal one.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import grade_chances, read_scheme
    >>> [round(chance, 3) for chance in grade_chances([1, 1, 0, 0], read_scheme("mayo"))]
    [0.312, 0.688, 0.0, 0.0, 0.0]
    """
    at_least = [*_at_least(levels, scheme), 0.0]
    return tuple(at_least[grade] - at_least[grade + 1] for grade in GRADES)


def grade_interval(levels: Sequence[int], scheme: Scheme, *, level: float) -> tuple[int, int]:
    """Return the lowest and highest grade of the central bootstrap interval over positions.

    The grade itself always lies in it: it is a median of the distribution. The interval says how much the choice of
    positions weighs. It cannot know what no position showed, so positions that are all alike give no width.

    Parameters
    ----------
    levels : sequence of int
    scheme : Scheme
    level : float
        Such as 0.95.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.schemes import grade_interval, read_scheme
    >>> grade_interval([1, 1, 0, 0], read_scheme("mayo"), level=0.95)
    (0, 1)
    """
    at_least = _at_least(levels, scheme)
    tail = (1 - level) / 2
    low, high = (max(grade for grade in GRADES if at_least[grade] > cut) for cut in (1 - tail, tail))
    return low, high


def _at_least(levels: Sequence[int], scheme: Scheme) -> list[float]:
    # Probability of at least grade 0, 1, ... 4: what a higher grade needs is never less, so each is one binomial tail.
    sites = len(levels)
    needed = positions_needed(scheme, sites)
    tails = (
        _resamples(sites, _reaching(levels, grade), least) / sites**sites
        for grade, least in zip(_ABNORMAL, needed, strict=True)
    )
    return [1.0, *tails]


def _resamples(sites: int, reaching: int, least: int) -> int:
    # Of the sites ** sites resamples, those in which at least so many drawn positions reach a level.
    return sum(
        comb(sites, count) * reaching**count * (sites - reaching) ** (sites - count)
        for count in range(least, sites + 1)
    )


def _reaching(levels: Sequence[int], grade: int) -> int:
    return sum(level >= grade for level in levels)
