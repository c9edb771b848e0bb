"""How likely a lesion at every site changes every test: published counts first, then the share of its supply."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import extents, muscle_share, muscles, nerves, sites, studies, study_share
from emgkit.knowledge.charts import own_subjects
from emgkit.localization.evidence import (
    GRADE_CLASSES,
    counts,
    expectations,
    false_positive,
    reach_probability,
    severities,
)
from emgkit.localization.legs import LEGS, leg_weights, reach_by_leg
from emgkit.localization.selection import USUAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from emgkit.localization.evidence import Count, Floats
    from emgkit.localization.selection import Selection

LOCAL_INJURY = "local_muscle_injury"
_HALVINGS = 60
_OF = ":"  # between a site and its extent


@dataclass(frozen=True, eq=False)
class Reach:
    """What lesions reach.

    Parameters
    ----------
    sites : tuple of str
        Each followed by its extents, ``site:extent``, a root by the kinds of leg, ``root:leg``; a root alone is the
        average over legs.
    tests : tuple of str
        Muscles, then nerve studies.
    by_severity : array of shape (n_sites, n_tests, n_severities)
        Probability that the lesion changes the test (fibrillations for a muscle), at the best time.
    silent : array of shape (n_tests,)
        Share, times the reach, of what is reached and not changed that may still show in units or recruitment.
    basis, source : array of str, shape (n_sites, n_tests)
        Where each number comes from.
    site_index, test_index : mapping of id to position
    """

    sites: tuple[str, ...]
    tests: tuple[str, ...]
    by_severity: Floats
    silent: Floats
    basis: Mapping[tuple[str, str], tuple[str, str]]
    site_index: Mapping[str, int]
    test_index: Mapping[str, int]


def spread_over_severities(mean: Floats) -> Floats:
    """Spread average probabilities over the severities so that their weighted mean is kept.

    Parameters
    ----------
    mean : array of any shape, 0-1
        Average over the severities, by their weight.

    Returns
    -------
    array of shape (..., n_severities), 0-1
        One logistic step apart for each severity; 0 and 1 stay what they are.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.evidence import severities
    >>> from emgkit.localization.reach import spread_over_severities
    >>> spread = spread_over_severities(np.array([0.64]))
    >>> round(float((spread @ severities().weight)[0]), 6)
    0.64
    """
    latent = severities()
    inside = np.clip(mean, 1e-12, 1 - 1e-12)
    low, high = np.full(inside.shape, -60.0), np.full(inside.shape, 60.0)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        above = _logistic(middle[..., None] + latent.logit_shift) @ latent.weight > inside
        high, low = np.where(above, middle, high), np.where(above, low, middle)
    spread = _logistic(((low + high) / 2)[..., None] + latent.logit_shift)
    return np.where((mean <= 0)[..., None], 0.0, np.where((mean >= 1)[..., None], 1.0, spread))


@cache
def reach(selection: Selection = USUAL) -> Reach:
    """Return the reach of every single site.

    Parameters
    ----------
    selection : Selection
        From ``select_rows``.

    Examples
    --------
    >>> from emgkit.localization.reach import reach
    >>> table = reach()
    >>> gluteal = table.by_severity[table.site_index["inferior_gluteal"]]
    >>> float(gluteal[table.test_index["tibialis_anterior"]].max())
    0.0
    """
    names = tuple(key for site in sites() for key in (site, *(reach_key(site, part) for part in parts_of(site))))
    tests = (*muscles(), *studies())
    mean = np.zeros((len(names), len(tests)))
    variant = np.zeros(mean.shape, dtype=bool)
    basis: dict[tuple[str, str], tuple[str, str]] = {}
    for row, name in enumerate(names):
        site = name.partition(_OF)[0]
        told = site if is_root(site) else name  # the tables know no kinds of leg: these follow from the root's average
        for column, test in enumerate(tests):
            mean[row, column], basis[name, test] = _mean_reach(told, test, selection)
            variant[row, column] = mean[row, column] > 0 and _share(told, test, selection.chart) == 0
    return Reach(
        names,
        tests,
        by_severity=_by_severity(mean, variant, names, tests),
        silent=np.array([float(test in muscles()) for test in tests]),
        basis=MappingProxyType(basis),
        site_index=MappingProxyType({site: index for index, site in enumerate(names)}),
        test_index=MappingProxyType({test: index for index, test in enumerate(tests)}),
    )


def _mean_reach(site: str, test: str, selection: Selection) -> tuple[float, tuple[str, str]]:
    if site == "none":
        return 0.0, ("consensus", "emgkit")
    if site == LOCAL_INJURY:
        return 0.0, ("assumed", "emgkit")  # the injured muscle is one of those sampled: see injury
    kind, share, whole = _kind(test), _share(site, test, selection.chart), site.partition(_OF)[0]
    count = counts(selection.age).get((whole, test))  # what is told of a site holds for each extent of it
    if count is not None and (share > 0 or count.abnormal > 0):
        return _beyond_false_positives(count, kind, selection), (count.basis, count.source)
    expected = expectations().get((site, test)) or expectations().get((whole, test))
    # an assumption on a root speaks for the default chart; where another chart has rows of its own, these say it
    if expected is not None and not (is_root(site) and test in own_subjects(selection.chart)):
        return expected.value, (expected.basis, expected.source[0])
    return float(reach_probability(kind, np.array(share))), ("assumed", "emgkit")


def _by_severity(mean: Floats, variant: NDArray[np.bool_], names: Sequence[str], tests: Sequence[str]) -> Floats:
    # what counts show out of the graph's reach is a variant of anatomy (a ganglion in the canal), not severity
    found = np.where(variant[..., None], mean[..., None], spread_over_severities(mean))
    roots = [site for site in names if is_root(site)]
    # the rami of the back leave each root on their own: only what runs through the plexus is shifted
    shifts = [test not in muscles() or muscles()[test].ramus != "dorsal" for test in tests]

    def cells(leg: str) -> tuple[NDArray[np.intp], ...]:
        rows = np.array([names.index(reach_key(root, leg)) for root in roots])
        return np.ix_(rows, np.flatnonzero(shifts))

    whole = cells("")
    fixed = variant[whole][..., None]
    legs = np.where(fixed, found[whole], spread_over_severities(reach_by_leg(np.where(variant, 0.0, mean)[whole])))
    for leg, of_leg in zip(LEGS, legs, strict=True):
        found[cells(leg)] = of_leg
    found[whole] = np.where(fixed, found[whole], np.tensordot(leg_weights(), legs, axes=1))
    return found


def parts_of(site: str) -> tuple[str, ...]:
    """Return the extents of a lesion at a site, or for a root the kinds of leg, each a row of its own.

    Examples
    --------
    >>> from emgkit.localization.reach import parts_of
    >>> parts_of("root_L5")
    ('wholly_prefixed', 'prefixed', 'ordinary', 'postfixed', 'wholly_postfixed')
    >>> parts_of("inferior_gluteal")
    ()
    """
    return LEGS if is_root(site) else tuple(one.extent for one in extents(site))


def is_root(site: str) -> bool:
    """Return whether a site is one root.

    Examples
    --------
    >>> from emgkit.localization.reach import is_root
    >>> is_root("root_S1"), is_root("polyradiculopathy")
    (True, False)
    """
    return site in nerves() and nerves()[site].kind == "root"


def _kind(test: str) -> str:
    return "needle" if test in muscles() else studies()[test].kind


def _share(key: str, test: str, chart: str) -> float:
    site, _, extent = key.partition(_OF)
    share = muscle_share if test in muscles() else study_share
    return share(site, test, extent=extent, chart=chart)


def reach_key(site: str, extent: str) -> str:
    """Return the row of a site in this table, or that of one of its extents.

    Examples
    --------
    >>> from emgkit.localization.reach import reach_key
    >>> reach_key("sciatic_notch", "even"), reach_key("root_S1", "")
    ('sciatic_notch:even', 'root_S1')
    """
    return f"{site}{_OF}{extent}" if extent else site


def _beyond_false_positives(count: Count, kind: str, selection: Selection) -> float:
    length_class = muscles()[count.test].length_class if kind == "needle" else None
    rates = false_positive(kind, count.test, length_class=length_class, age=selection.age)
    false = sum(rates[grade] for grade in GRADE_CLASSES[1:]) if kind == "needle" else rates["abnormal"]
    return max(0.0, (count.probability - false) / (1 - false))


def _logistic(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))
