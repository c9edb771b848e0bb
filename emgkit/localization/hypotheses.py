"""Hypotheses: where the lesion may be, on which side and how severe, and how likely each was before any finding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import combinations
from math import prod
from sys import float_info
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.errors import StudyError, UnknownNameError
from emgkit.knowledge.anatomy import find_site, sites
from emgkit.knowledge.tables import Basis, read_rows
from emgkit.localization.evidence import model_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

PRIORS = ("general", "gluteal_referral")
DEFAULT_PRIOR = "general"


@dataclass(frozen=True)
class _PriorRow:
    site: str
    value: float
    unit: Literal["weight"]
    source: str
    basis: Basis
    note: str


@dataclass(frozen=True)
class Hypotheses:
    """The hypotheses considered and their prior.

    Parameters
    ----------
    names : tuple of str
        Site ids, pairs written ``a+b``.
    members : tuple of tuple of str
        The sites of each hypothesis.
    prior : tuple of float
        Sums to one.
    prior_name : str
    """

    names: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    prior: tuple[float, ...]
    prior_name: str

    @cached_property
    def pairs(self) -> NDArray[np.intp]:
        """Positions of the pairs."""
        return np.flatnonzero([len(sites_) > 1 for sites_ in self.members])

    @cached_property
    def alone(self) -> NDArray[np.intp]:
        """Positions of the two members of every pair as hypotheses of their own, -1 where they are none."""
        single = {sites_[0]: position for position, sites_ in enumerate(self.members) if len(sites_) == 1}
        found = [[single.get(site, -1) for site in self.members[pair]] for pair in self.pairs]
        return np.array(found, dtype=np.intp).reshape(-1, 2)

    @cached_property
    def holding(self) -> Mapping[str, NDArray[np.intp]]:
        """Positions of the hypotheses that hold each site, alone or in a pair."""
        found: dict[str, list[int]] = {}
        for position, sites_ in enumerate(self.members):
            for site in sites_:
                found.setdefault(site, []).append(position)
        return MappingProxyType({site: np.array(positions) for site, positions in found.items()})


@cache
def read_prior(name: str) -> Mapping[str, float]:
    """Return a prior table by its name: site to weight.

    Parameters
    ----------
    name : {"general", "gluteal_referral"}

    Raises
    ------
    UnknownNameError
        If there is no such table.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import read_prior
    >>> read_prior("gluteal_referral")["inferior_gluteal"] > read_prior("general")["inferior_gluteal"]
    True
    """
    if name not in PRIORS:
        msg = f"Unknown prior {name!r}; the tables are {', '.join(PRIORS)}, or give a mapping of site to weight."
        raise UnknownNameError(msg)
    rows = read_rows(f"prior_{name}.csv", _PriorRow)
    return MappingProxyType({_key(tuple(row.site.split("+"))): row.value for row in rows})


def enumerate_hypotheses(
    candidates: Iterable[str] | None = None,
    *,
    prior: str | Mapping[str, float] | None = None,
    several_events: bool = False,
) -> Hypotheses:
    """Return the hypotheses to be considered with their prior.

    Parameters
    ----------
    candidates : iterable of str, optional
        Site names and pairs ``a+b``. When left out, every single site and every pair of two lesions; with a mapping as
        prior, what it names.
    prior : str or mapping, optional
        Name of a prior table, or weight of each site (and of pairs, where known). A pair without a weight gets a part
        of its sites' weights, a smaller one where no candidates are listed: who lists a pair asks about two lesions.
    several_events : bool
        The history has events of several ages, each of which may have made a lesion.

    Raises
    ------
    UnknownNameError
        For an unknown site or prior table.
    StudyError
        If a candidate has no weight, or all weights are zero.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> both = enumerate_hypotheses(["inferior gluteal", "root_S1"], prior={"root_S1": 3, "inferior_gluteal": 1})
    >>> both.names, both.prior
    (('inferior_gluteal', 'root_S1'), (0.25, 0.75))
    """
    if isinstance(candidates, str):
        msg = f"candidates is the text {candidates!r}; it must be a list of sites: write [{candidates!r}]."
        raise StudyError(msg)
    listed = None if candidates is None else tuple(candidates)
    if prior is None or isinstance(prior, str):
        return _of_table(listed, prior or DEFAULT_PRIOR, several_events)
    weights = _checked(prior)
    named = (*(site for site in sites() if site in weights), *(key for key in weights if "+" in key))
    return _weighed(listed, weights, default=named, name="given", several_events=several_events)


@lru_cache
def _of_table(candidates: tuple[str, ...] | None, name: str, several_events: bool) -> Hypotheses:
    default = (*sites(), *all_pairs())
    return _weighed(candidates, read_prior(name), default=default, name=name, several_events=several_events)


def _weighed(
    listed: tuple[str, ...] | None,
    weights: Mapping[str, float],
    *,
    default: tuple[str, ...],
    name: str,
    several_events: bool,
) -> Hypotheses:
    members = tuple(
        {frozenset(given): given for given in map(_members, default if listed is None else listed)}.values()
    )
    factor = model_value("pair_factor")
    if listed is None:
        factor *= model_value("pair_events_factor" if several_events else "pair_unlisted_factor")
    total_single = sum(value for key, value in weights.items() if "+" not in key)
    prior_weight = [_weight(sites_, weights, factor=factor / max(total_single, float_info.min)) for sites_ in members]
    total = sum(prior_weight)
    if not members or total <= 0:
        msg = f"{len(members)} candidates with a total prior weight of {total:g}; at least one needs a weight above 0."
        raise StudyError(msg)
    return Hypotheses(
        tuple("+".join(sites_) for sites_ in members), members, tuple(value / total for value in prior_weight), name
    )


def all_pairs() -> list[str]:
    """Return every pair of two different sites with a lesion, as candidates.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import all_pairs
    >>> "root_S1+inferior_gluteal" in all_pairs()
    True
    """
    return ["+".join(pair) for pair in combinations([site for site in sites() if site != "none"], 2)]


def _checked(prior: Mapping[str, float]) -> Mapping[str, float]:
    weights = {_key(_members(key)): float(value) for key, value in prior.items()}
    wrong = [f"{key}={value:g}" for key, value in weights.items() if not 0 <= value < float("inf")]
    if wrong:
        msg = f"The prior has {wrong[0]}; weights are finite numbers of at least 0."
        raise StudyError(msg)
    return weights


@cache
def _members(candidate: str) -> tuple[str, ...]:
    found = [find_site(part.strip()) for part in candidate.split("+")]
    if len(found) > 2 or (len(found) == 2 and (found[0] == found[1] or "none" in found)):
        msg = f"Candidate {candidate!r} must be a site or a pair 'a+b' of two different lesions; split it."
        raise StudyError(msg)
    return tuple(found)


def _key(members: tuple[str, ...]) -> str:
    return "+".join(sorted(members))


def _weight(members: tuple[str, ...], weights: Mapping[str, float], *, factor: float) -> float:
    name = _key(members)
    if name in weights:
        return weights[name]
    missing = [site for site in members if site not in weights]
    if missing:
        msg = f"Candidate {name!r}: {missing[0]} has no weight in the prior; add it there or leave the candidate out."
        raise StudyError(msg)
    if all(sites()[site].bilateral for site in members):
        factor *= model_value("pair_diffuse_factor")
    return factor * prod(weights[site] for site in members)
