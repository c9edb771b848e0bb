"""What a row of the anatomy tables holds."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - as the next
from dataclasses import dataclass
from typing import Literal

from emgkit.knowledge.tables import Basis  # noqa: TC001 - the reader of tables looks the types of the columns up

Region = Literal["paraspinal", "pelvis", "leg", "arm", "trunk", "bulbar"]
StudyKind = Literal["sensory", "motor", "reflex", "late_response"]
Family = Literal["root", "plexus", "sciatic", "gluteal", "other_nerve", "local_muscle", "diffuse", "none"]


@dataclass(frozen=True)
class Muscle:
    """One muscle.

    Parameters
    ----------
    muscle, name : str
        Id and the name to print.
    aliases : tuple of str
        Usual spellings.
    region : {"paraspinal", "pelvis", "leg", "arm", "trunk", "bulbar"}
        The last three speak for or against diffuse disease only.
    ramus : {"dorsal", "ventral", "cranial"}
    path : tuple of str
        Nodes of the nerve table from the plexus or dorsal rami to the muscle; empty outside the leg.
    length_class : int
        0 paraspinal, 1 pelvis and buttock, 2 thigh, 3 leg, 4 foot.
    hazard, note : str
    source : tuple of str
    basis : {"measured", "consensus", "assumed"}
    """

    muscle: str
    name: str
    aliases: tuple[str, ...]
    region: Region
    ramus: Literal["dorsal", "ventral", "cranial"]
    path: tuple[str, ...]
    length_class: int
    hazard: str
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class NerveStudy:
    """One nerve study; ``path`` runs from the plexus to where the response is recorded."""

    study: str
    name: str
    aliases: tuple[str, ...]
    kind: StudyKind
    path: tuple[str, ...]
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class Nerve:
    """One node of the graph and the nodes it comes from."""

    nerve: str
    name: str
    kind: Literal["root", "ramus", "plexus", "passage", "nerve", "branch"]
    parents: tuple[str, ...]
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class Site:
    """One place where a lesion may be.

    ``cuts`` are the nodes a complete lesion cuts, ``pattern`` names a disease that is no cut; ``bilateral`` says that
    both sides are expected to be affected.
    """

    site: str
    name: str
    aliases: tuple[str, ...]
    family: Family
    cuts: tuple[str, ...]
    pattern: str
    bilateral: bool
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class Label:
    """One name that a train of discharges can get."""

    label: str
    name: str
    short: str
    denervation: bool
    dicom_code: int | None
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class RootWeight:
    """How much a root contributes to a muscle or nerve study: 1 dominant, 0.6 substantial, 0.3 minor, 0.1 rare."""

    subject: str
    root: str
    value: float
    unit: str
    source: tuple[str, ...]
    basis: Basis
    note: str


@dataclass(frozen=True)
class SecondPath:
    """The share (0-1) of a muscle or nerve study that runs through another path than its main one."""

    subject: str
    path: tuple[str, ...]
    value: float
    unit: str
    source: tuple[str, ...]
    basis: Basis
    note: str


@dataclass(frozen=True)
class ExtentRow:
    """The weight of an extent of a site, or, with a node, the share of it (0-1) that a lesion of this extent cuts."""

    site: str
    extent: str
    node: str
    value: float
    unit: Literal["weight", "share"]
    source: tuple[str, ...]
    basis: Basis
    note: str


@dataclass(frozen=True)
class Extent:
    """Which part of a site a lesion takes: name, how often (0-1), and the share that it cuts of each node."""

    extent: str
    weight: float
    cuts: Mapping[str, float]


@dataclass(frozen=True)
class PartialCut:
    """A node that a site cuts in part, or only in some patients: the mean share (0-1) cut by a complete lesion."""

    site: str
    node: str
    value: float
    unit: str
    source: tuple[str, ...]
    basis: Basis
    note: str


@dataclass(frozen=True)
class PatternReach:
    """The mean share (0-1) of a muscle, region, length class or kind of study that a diffuse disease reaches."""

    pattern: str
    subject: str
    value: float
    unit: str
    source: tuple[str, ...]
    basis: Basis
    note: str
