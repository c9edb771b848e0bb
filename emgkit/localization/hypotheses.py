"""Hypotheses: where the lesion may be, on which side and how severe, and how likely each was before any finding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import prod
from sys import float_info
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from emgkit.errors import StudyError, UnknownNameError
from emgkit.knowledge.anatomy import find_site, sites
from emgkit.knowledge.tables import Basis, read_rows
from emgkit.localization.evidence import model_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    candidates: Iterable[str] | None = None, *, prior: str | Mapping[str, float] | None = None
) -> Hypotheses:
    """Return the hypotheses to be considered with their prior.

    Parameters
    ----------
    candidates : iterable of str, optional
        Site names and pairs ``a+b``; every single site when left out.
    prior : str or mapping, optional
        Name of a prior table, or weight of each site (and of pairs, where known). A pair without a weight gets a part
        of its sites' weights.

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
    name, weights = _weights(prior)
    if isinstance(candidates, str):
        msg = f"candidates is the text {candidates!r}; it must be a list of sites: write [{candidates!r}]."
        raise StudyError(msg)
    if candidates is None:
        pairs = () if name in PRIORS else tuple(tuple(key.split("+")) for key in weights if "+" in key)
        members = (*((site,) for site in sites() if site in weights), *pairs)
    else:
        members = tuple({frozenset(given): given for given in map(_members, candidates)}.values())
    total_single = sum(value for key, value in weights.items() if "+" not in key)
    prior_weight = [_weight(sites_, weights, total_single) for sites_ in members]
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


def _weights(prior: str | Mapping[str, float] | None) -> tuple[str, Mapping[str, float]]:
    if prior is None or isinstance(prior, str):
        name = prior or DEFAULT_PRIOR
        return name, read_prior(name)
    weights = {_key(_members(key)): float(value) for key, value in prior.items()}
    wrong = [f"{key}={value:g}" for key, value in weights.items() if not 0 <= value < float("inf")]
    if wrong:
        msg = f"The prior has {wrong[0]}; weights are finite numbers of at least 0."
        raise StudyError(msg)
    return "given", weights


@cache
def _members(candidate: str) -> tuple[str, ...]:
    found = [find_site(part.strip()) for part in candidate.split("+")]
    if len(found) > 2 or (len(found) == 2 and (found[0] == found[1] or "none" in found)):
        msg = f"Candidate {candidate!r} must be a site or a pair 'a+b' of two different lesions; split it."
        raise StudyError(msg)
    return tuple(found)


def _key(members: tuple[str, ...]) -> str:
    return "+".join(sorted(members))


def _weight(members: tuple[str, ...], weights: Mapping[str, float], total: float) -> float:
    name = _key(members)
    if name in weights:
        return weights[name]
    missing = [site for site in members if site not in weights]
    if missing:
        msg = f"Candidate {name!r}: {missing[0]} has no weight in the prior; add it there or leave the candidate out."
        raise StudyError(msg)
    factor = model_value("pair_factor")
    if all(sites()[site].bilateral for site in members):
        factor *= model_value("pair_diffuse_factor")
    return factor * prod(weights[site] for site in members) / max(total, float_info.min)
