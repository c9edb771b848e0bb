"""Muscles, nerve studies, sites and labels by id, and what a lesion at a site interrupts.

The tables form a graph: root, ramus, plexus, nerve, branch, muscle. A lesion is a cut at one or several nodes. The
share of a muscle that a complete lesion interrupts is the sum of the weights of the roots whose way to the muscle is
cut, over the sum of all its root weights. So the shares of all roots of a muscle add up to 1, a nerve on its path gives
1, and the lumbosacral trunk gives the L4 and L5 part of what the sacral plexus supplies. A sensory response starts
beyond the dorsal root ganglion: a cut at a root does not reach it. Diffuse diseases are no cuts; a table says what they
reach.
"""

from __future__ import annotations

from functools import cache
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.knowledge.anatomy_records import (
    Extent,
    ExtentRow,
    Label,
    Muscle,
    Nerve,
    NerveStudy,
    PartialCut,
    PatternReach,
    Region,
    SecondPath,
    Site,
)
from emgkit.knowledge.charts import DEFAULT_CHART, weights_by_subject
from emgkit.knowledge.tables import normalized, read_rows, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

LOWER_LIMB: tuple[Region, ...] = ("paraspinal", "pelvis", "leg")


@cache
def muscles() -> Mapping[str, Muscle]:
    """Return every muscle by id, in the order of the table.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import muscles
    >>> muscles()["gluteus_maximus"].path
    ('sacral_plexus', 'infrapiriform_foramen', 'inferior_gluteal')
    """
    return MappingProxyType({row.muscle: row for row in read_rows("muscles.csv", Muscle)})


@cache
def nerves() -> Mapping[str, Nerve]:
    """Return every node of the graph by id, roots first.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import nerves
    >>> nerves()["lumbosacral_trunk"].parents
    ('ventral_ramus_L4', 'ventral_ramus_L5')
    """
    return MappingProxyType({row.nerve: row for row in read_rows("nerves.csv", Nerve)})


@cache
def studies() -> Mapping[str, NerveStudy]:
    """Return every nerve study by id, in the order of the table.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import studies
    >>> studies()["h_reflex"].kind
    'reflex'
    """
    return MappingProxyType({row.study: row for row in read_rows("studies.csv", NerveStudy)})


@cache
def sites() -> Mapping[str, Site]:
    """Return every single site by id, in the order of the table; pairs are written ``a+b``.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import sites
    >>> sites()["inferior_gluteal"].family
    'gluteal'
    """
    return MappingProxyType({row.site: row for row in read_rows("sites.csv", Site)})


@cache
def labels() -> Mapping[str, Label]:
    """Return every label of a train by id.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import labels
    >>> [label for label, row in labels().items() if row.denervation]
    ['fibrillation', 'positive_sharp_wave']
    """
    return MappingProxyType({row.label: row for row in read_rows("labels.csv", Label)})


def find_muscle(name: str) -> str:
    """Return the id of a muscle from any usual spelling.

    Raises
    ------
    UnknownNameError
        Offering the nearest.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import find_muscle
    >>> find_muscle("Gluteus Max."), find_muscle("TA"), find_muscle("fibularis longus")
    ('gluteus_maximus', 'tibialis_anterior', 'peroneus_longus')
    """
    return resolve(name, _muscle_spellings(), what="muscle")


def find_study(name: str) -> str:
    """Return the id of a nerve study from any usual spelling.

    Raises
    ------
    UnknownNameError
        Offering the nearest.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import find_study
    >>> find_study("Sural SNAP")
    'sural_sensory'
    """
    return resolve(name, _study_spellings(), what="nerve study")


def find_site(name: str) -> str:
    """Return the id of a site, or of a pair of sites joined by ``+``, from any usual spelling.

    The parts of a pair come back in the order of the site table, so that ``a+b`` and ``b+a`` are one.

    Raises
    ------
    UnknownNameError
        Offering the nearest.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import find_site
    >>> find_site("IGN"), find_site("inferior gluteal nerve + S1 root")
    ('inferior_gluteal', 'root_S1+inferior_gluteal')
    """
    found = {resolve(part, _site_spellings(), what="site") for part in name.split("+")}
    return "+".join(site for site in sites() if site in found)


def find_nerve(name: str) -> str:
    """Return the id of a node of the graph (root, plexus, nerve or branch) from its id or name.

    Raises
    ------
    UnknownNameError
        Offering the nearest.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import find_nerve
    >>> find_nerve("inferior gluteal nerve"), find_nerve("S1 root")
    ('inferior_gluteal', 'root_S1')
    """
    return resolve(name, _nerve_spellings(), what="nerve")


@cache
def _muscle_spellings() -> Mapping[str, str]:
    return _spellings(muscles())


@cache
def _study_spellings() -> Mapping[str, str]:
    return _spellings(studies())


@cache
def _site_spellings() -> Mapping[str, str]:
    return _spellings(sites())


@cache
def _nerve_spellings() -> Mapping[str, str]:
    return MappingProxyType({normalized(text): key for key, row in nerves().items() for text in (row.name, key)})


def _spellings(rows: Mapping[str, Muscle] | Mapping[str, NerveStudy] | Mapping[str, Site]) -> Mapping[str, str]:
    return MappingProxyType(
        {normalized(spelling): key for key, row in rows.items() for spelling in (*row.aliases, row.name, key)}
    )


@cache
def root_weights(subject: str, *, chart: str = DEFAULT_CHART) -> Mapping[str, float]:
    """Return the weight of every root that contributes to a muscle or nerve study.

    Parameters
    ----------
    subject : str
        Id of a muscle or nerve study.
    chart : str
        Id of a myotome chart; see ``charts``.

    Returns
    -------
    mapping of root to float
        Weight above 0 and at most 1; they are not forced to add up to 1. Empty outside the leg.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import root_weights
    >>> dict(root_weights("gluteus_maximus"))
    {'root_S1': 1.0, 'root_L5': 0.6, 'root_S2': 0.6}
    """
    return weights_by_subject(chart).get(subject, MappingProxyType({}))


@cache
def extents(site: str) -> tuple[Extent, ...]:
    """Return the parts of a site that a lesion may take alone; none for a site that is cut as a whole.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import extents
    >>> [extent.extent for extent in extents("sciatic_notch")], extents("root_S1")
    (['fibular_worse', 'even', 'tibial_worse', 'block'], ())
    """
    rows = [row for row in read_rows("extents.csv", ExtentRow) if row.site == site]
    return tuple(
        Extent(
            weight.extent,
            weight.value,
            MappingProxyType({row.node: row.value for row in rows if row.node and row.extent == weight.extent}),
        )
        for weight in rows
        if not weight.node
    )


@cache
def muscle_share(site: str, muscle: str, *, extent: str = "", chart: str = DEFAULT_CHART) -> float:
    """Return how much of a muscle's motor supply a complete lesion at a site interrupts.

    Parameters
    ----------
    site : str
        A site or a pair ``a+b``; the parts of a pair act independently, ``1 - (1 - a)(1 - b)``.
    muscle : str
    extent : str
        One of ``extents(site)``, of a single site; all that the site cuts when empty.
    chart : str
        Id of a myotome chart; see ``charts``.

    Returns
    -------
    float
        0 to 1. For a root its weight over the sum of the muscle's weights, 1 for a nerve on its only path. For a
        diffuse disease the mean share of its fibres lost. 0 for ``local_muscle_injury``: which muscle was injured is
        a matter of the history, not of the anatomy.

    Raises
    ------
    UnknownNameError
        For a site or muscle that the tables do not have.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import muscle_share
    >>> muscle_share("inferior_gluteal", "gluteus_maximus"), muscle_share("inferior_gluteal", "gluteus_medius")
    (1.0, 0.0)
    >>> round(muscle_share("root_S1", "gluteus_maximus"), 2)
    0.45
    """
    row = muscles()[find_muscle(muscle)]
    subjects = (row.muscle, f"length_{row.length_class}" if row.region in LOWER_LIMB else row.region)
    parts = find_site(site).split("+")
    return 1.0 - prod(1.0 - _share((part, extent), row.path, subjects, spared="", chart=chart) for part in parts)


@cache
def study_share(site: str, study: str, *, extent: str = "", chart: str = DEFAULT_CHART) -> float:
    """Return how much of what a nerve study measures a complete lesion at a site interrupts.

    Parameters
    ----------
    site : str
        A site or a pair ``a+b``; the parts of a pair act independently, ``1 - (1 - a)(1 - b)``.
    study : str
    extent : str
        One of ``extents(site)``, of a single site; all that the site cuts when empty.
    chart : str
        Id of a myotome chart; see ``charts``.

    Returns
    -------
    float
        0 to 1, as in ``muscle_share``. 0 for a sensory study when the lesion is proximal to the ganglion: roots, cauda
        equina and conus.

    Raises
    ------
    UnknownNameError
        For a site or study that the tables do not have.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import study_share
    >>> study_share("root_S1", "sural_sensory"), study_share("sacral_plexus", "sural_sensory")
    (0.0, 1.0)
    """
    row = studies()[find_study(study)]
    spared = "root" if row.kind == "sensory" else ""
    parts = find_site(site).split("+")
    kinds = (row.study, row.kind)
    return 1.0 - prod(1.0 - _share((part, extent), row.path, kinds, spared=spared, chart=chart) for part in parts)


def _share(cut: tuple[str, str], path: tuple[str, ...], subjects: tuple[str, ...], *, spared: str, chart: str) -> float:
    site, extent = cut
    reach = _pattern_reach()
    pattern = sites()[site].pattern
    if pattern:
        return next((reach[pattern, key] for key in subjects if (pattern, key) in reach), 0.0)
    if not path:
        return 0.0
    cuts = {node: cut for node, cut in _cuts(site, extent).items() if nerves()[node].kind != spared}
    second = _second_paths().get(subjects[0], ())
    paths = [(1.0 - sum(row.value for row in second), path), *((row.value, row.path) for row in second)]
    weights = root_weights(subjects[0], chart=chart)
    return sum(part * _share_of_path(weights, way, cuts) for part, way in paths)


def _share_of_path(weights: Mapping[str, float], path: tuple[str, ...], cuts: Mapping[str, float]) -> float:
    ways = [(weight, chain(root, path)) for root, weight in weights.items()]
    lost = sum(weight * (1.0 - prod(1.0 - cuts.get(node, 0.0) for node in way)) for weight, way in ways)
    return lost / sum(weight for weight, way in ways if way)


@cache
def chain(root: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return all nodes from a root to the end of a path.

    Parameters
    ----------
    root : str
    path : tuple of str
        Nodes from the plexus on.

    Returns
    -------
    tuple of str
        Empty when the root does not lead to the path.

    Examples
    --------
    >>> from emgkit.knowledge.anatomy import chain
    >>> chain("root_L5", ("sacral_plexus", "superior_gluteal"))
    ('root_L5', 'ventral_ramus_L5', 'lumbosacral_trunk', 'sacral_plexus', 'superior_gluteal')
    """
    if path[0] == root:
        return path
    return next(
        (found for parent in nerves()[path[0]].parents if (found := chain(root, (parent, *path)))),
        (),
    )


@cache
def _second_paths() -> Mapping[str, tuple[SecondPath, ...]]:
    rows = read_rows("second_paths.csv", SecondPath)
    return {row.subject: tuple(other for other in rows if other.subject == row.subject) for row in rows}


@cache
def _cuts(site: str, extent: str) -> Mapping[str, float]:
    if extent:
        return next(one.cuts for one in extents(site) if one.extent == extent)
    whole = dict.fromkeys(sites()[site].cuts, 1.0)
    return whole | {row.node: row.value for row in read_rows("partial_cuts.csv", PartialCut) if row.site == site}


@cache
def _pattern_reach() -> Mapping[tuple[str, str], float]:
    return {(row.pattern, row.subject): row.value for row in read_rows("pattern_reach.csv", PatternReach)}
