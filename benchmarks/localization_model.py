"""An independent model of examinations: draws studies of 14 sites and knows its own exact posterior.

Written from the published counts and patterns alone; it shares neither code nor numbers with what it judges. Its
chances are in ``localization_needle.csv`` and ``localization_nerves.csv``, a comment there says what is published.

A lesion has a site, an extent (such as upper, lower or whole plexus) and a severity. Severity is a standard normal
variable on nine nodes, shared by all muscles and nerves of the lesion by a one-factor probit, so that the chance of
each one over all severities stays the one of the table. A muscle is involved or not; what its needle shows depends on
that, on severity and on time only. The sums over extents and nodes are exact: truth is drawn from the same nodes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import comb, ndtr, ndtri

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

_HERE = Path(__file__).parent
SITES = (
    *("root_L4", "root_L5", "root_S1", "root_S2", "lumbosacral_trunk", "sacral_plexus", "sciatic_notch"),
    *("common_fibular", "tibial_popliteal", "superior_gluteal", "inferior_gluteal", "femoral", "lumbar_plexus"),
    "polyneuropathy",
)
BILATERAL = "polyneuropathy"
RECRUITMENTS = ("normal", "reduced", "none")
UNITS = ("normal", "polyphasic", "large")
RESULTS = ("normal", "reduced", "absent")

# All assumed. Of involved muscles some show no fibrillations even at the best time: the published frequencies are
# those of fibrillations, units and recruitment change more often.
FIBRILLATE = 0.93
MOST = 0.985  # no muscle is certain to be involved
CERTAIN = 1 - 1e-6  # nor at any severity: no finding is impossible
WRONG_MUSCLE = 0.3  # a needle in a neighbour of the muscle finds it involved
# Weeks from which fibrillations may appear, and until which all of them have, by length (paraspinal ... foot).
ONSET_WEEKS = ((1.0, 2.0), (2.0, 3.0), (2.0, 3.0), (3.0, 5.0), (3.0, 6.0))
FADE_WEEKS = (13.0, 52.0)  # they fade over 3 to 12 months, the proximal ones more
REMAIN = (0.3, 0.4, 0.5, 0.7, 0.8)
# Motor units of an involved muscle (normal, polyphasic, large) until this many weeks; of a healthy one; of a foot.
INVOLVED_UNITS = ((6.0, (0.88, 0.10, 0.02)), (26.0, (0.40, 0.45, 0.15)), (np.inf, (0.30, 0.20, 0.50)))
HEALTHY_UNITS = (0.92, 0.06, 0.02)
HEALTHY_FOOT_UNITS = (0.80, 0.10, 0.10)
HEALTHY_RECRUITMENT = (0.965, 0.035, 0.0)
FALSE_GRADE = (0.9, 0.1, 0.0, 0.0)  # grades 1 to 4 of a false positive


@dataclass(frozen=True)
class Settings:
    """What a variant of the model changes.

    Parameters
    ----------
    severity : float
        Shift of every chance in probits: negative is milder disease.
    correlation : float
        Share of the variance of involvement that the muscles of a lesion have in common.
    false_positives : float
        Factor of all false positives of needle and nerves.
    examiner_error : float
        Chance that the needle was in another muscle.
    older_charts : bool
        Roots as older myotome charts give them instead of the surgically proven ones.
    partial_plexus : bool
        Most lesions of the sacral plexus are of its upper or lower part.
    """

    severity: float = 0.0
    correlation: float = 0.4
    false_positives: float = 1.0
    examiner_error: float = 0.02
    older_charts: bool = False
    partial_plexus: bool = False


VARIANTS: Mapping[str, Settings] = {
    "base": Settings(),
    "milder": Settings(severity=-0.5),
    "severer": Settings(severity=0.5),
    "false positives x3": Settings(false_positives=3.0),
    "examiner error 8 %": Settings(examiner_error=0.08),
    "less correlated": Settings(correlation=0.1),
    "more correlated": Settings(correlation=0.7),
    "older charts": Settings(older_charts=True),
    "partial plexus": Settings(partial_plexus=True),
}


@dataclass(frozen=True)
class Needle:
    """What the needle found in one muscle: denervation 0-4, recruitment and units as indices, -1 for not noted."""

    muscle: str
    opposite: bool
    denervation: int
    recruitment: int = -1
    unit: int = -1


@dataclass(frozen=True)
class Nerve:
    """Result of one nerve study, an index of ``RESULTS``."""

    study: str
    opposite: bool
    result: int


class Model:
    """Chances of all findings, given site and extent (columns) and severity (nodes).

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.needle_rows = {row["muscle"]: row for row in _table("localization_needle.csv")}
        whole, partial = self.needle_rows.pop("share"), self.needle_rows.pop("share_partial")
        share = partial if settings.partial_plexus else whole
        self.nerve_rows = {row["study"]: row for row in _table("localization_nerves.csv")}
        self.columns = [name for name in share if name.partition(":")[0] in SITES]
        self.site_of = np.array([SITES.index(name.partition(":")[0]) for name in self.columns])
        shares = np.array([_chance(share[name], exact=True) for name in self.columns])
        self.share = shares / np.bincount(self.site_of, shares)[self.site_of]
        self.nodes, weights = np.polynomial.hermite_e.hermegauss(9)
        self.weights = weights / weights.sum()
        self.muscles = tuple(self.needle_rows)
        self.studies = tuple(self.nerve_rows)
        bilateral = self.site_of == SITES.index(BILATERAL)
        self.reach = {
            **{name: self._reach(row) for name, row in self.needle_rows.items()},
            **{name: self._reach(row) for name, row in self.nerve_rows.items()},
        }
        self.other_side = {name: np.where(bilateral, chance, 0.0) for name, chance in self.reach.items()}

    def _reach(self, row: Mapping[str, str]) -> Array:
        """Return the chance of fibrillations or of an abnormal study, by column; zero where nothing is reached."""
        cells = [row[name] for name in self.columns]
        if self.settings.older_charts and "older_L4" in row:
            cells = [row.get("older_" + name.removeprefix("root_"), row[name]) for name in self.columns]
        chance = np.array([_chance(cell) for cell in cells])
        shifted = ndtr(ndtri(chance) + self.settings.severity)
        return np.where(chance > 0, np.minimum(shifted, MOST), 0.0)

    def involved(self, name: str, *, opposite: bool) -> Array:
        """Return the chance that a muscle or nerve is involved, columns by nodes."""
        chance = (self.other_side if opposite else self.reach)[name]
        needle = name in self.needle_rows
        if needle:
            chance = np.minimum(chance / FIBRILLATE, MOST)
        shared = self.settings.correlation
        given = ndtr((ndtri(chance)[:, None] + np.sqrt(shared) * self.nodes) / np.sqrt(1 - shared))
        error = self.settings.examiner_error if needle else 0.0
        return np.minimum((1 - error) * given + error * WRONG_MUSCLE, CERTAIN)

    def grades(self, muscle: str, weeks: float, *, opposite: bool) -> tuple[Array, Array]:
        """Return the chances of denervation 0-4: if involved (grade, column, node), and if not (grade)."""
        row = self.needle_rows[muscle]
        shown = FIBRILLATE * visible(int(row["length"]), weeks)
        chance = np.clip((self.other_side if opposite else self.reach)[muscle], 0.05, 0.95)
        more = ndtr(-0.5 + 0.5 * self.nodes + 0.3 * ndtri(chance)[:, None])  # graver and better reached: higher
        steps = np.arange(4)[:, None, None]  # a binomial of three steps above grade 1
        grades = shown * comb(3, steps) * more**steps * (1 - more) ** (3 - steps)
        false = min(0.5, self.settings.false_positives * _chance(row["false_positive"]))
        return (
            np.concatenate([np.full((1, *more.shape), 1 - shown), grades]),
            np.array([1 - false, *(false * np.array(FALSE_GRADE))]),
        )

    def recruitments(self) -> Array:
        """Return the chances of the recruitments of an involved muscle, by node."""
        fewer = ndtr(0.2 + 0.6 * self.nodes)
        none = 0.3 * ndtr(-1.5 + self.nodes)
        return np.array([1 - fewer, fewer * (1 - none), fewer * none])

    def results(self, study: str, weeks: float, *, opposite: bool) -> Array:
        """Return the chances of normal, reduced and absent, columns by nodes last."""
        row = self.nerve_rows[study]
        start, full = float(row["start_days"]) / 7, float(row["full_days"]) / 7
        seen = float(np.clip((weeks - start) / (full - start), 0, 1)) if full else 1.0
        lesion = seen * self.involved(study, opposite=opposite)
        absent = ndtr(-0.3 + 0.5 * self.nodes)
        false = min(0.6, self.settings.false_positives * float(row["false_positive"]))
        lost = float(row["absent_share"])
        return np.array([
            (1 - lesion) * (1 - false),
            lesion * (1 - absent) + (1 - lesion) * false * (1 - lost),
            lesion * absent + (1 - lesion) * false * lost,
        ])  # fmt: skip

    def needle_chance(self, found: Needle, weeks: float) -> Array:
        """Return the chance of one needle finding, columns by nodes."""
        involved = self.involved(found.muscle, opposite=found.opposite)
        shown, false = self.grades(found.muscle, weeks, opposite=found.opposite)
        sick, healthy = shown[found.denervation], false[found.denervation]
        if found.recruitment >= 0:
            sick = sick * self.recruitments()[found.recruitment]
            healthy *= HEALTHY_RECRUITMENT[found.recruitment]
        if found.unit >= 0:
            sick = sick * involved_units(weeks)[found.unit]
            healthy *= self.healthy_units(found.muscle)[found.unit]
        return involved * sick + (1 - involved) * healthy

    def healthy_units(self, muscle: str) -> tuple[float, ...]:
        """Return the chances of normal, polyphasic and large units in a muscle that is not involved."""
        return HEALTHY_FOOT_UNITS if self.needle_rows[muscle]["length"] == "4" else HEALTHY_UNITS

    def posterior(self, needle: Iterable[Needle], nerves: Iterable[Nerve], weeks: float) -> Array:
        """Return the exact probabilities of ``SITES`` under a flat prior, extents and severities summed out."""
        log = np.log(self.share)[:, None] + np.log(self.weights)
        for found in needle:
            log = log + np.log(self.needle_chance(found, weeks))
        for study in nerves:
            log = log + np.log(self.results(study.study, weeks, opposite=study.opposite)[study.result])
        columns = np.exp(log - log.max()).sum(axis=1)
        sites = np.bincount(self.site_of, columns)
        return sites / sites.sum()


def visible(length: int, weeks: float) -> float:
    """Return the share of fibrillating muscles of this length that show it so many weeks after onset."""
    start, full = ONSET_WEEKS[length]
    arrived = np.clip((weeks - start) / (full - start), 0.03, 1)
    faded = np.clip((weeks - FADE_WEEKS[0]) / (FADE_WEEKS[1] - FADE_WEEKS[0]), 0, 1)
    return float(arrived * (1 - faded * (1 - REMAIN[length])))


def involved_units(weeks: float) -> tuple[float, ...]:
    """Return the chances of normal, polyphasic and large units in an involved muscle."""
    return next(chances for until, chances in INVOLVED_UNITS if weeks < until)


@cache
def _table(name: str) -> list[dict[str, str]]:
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def _chance(cell: str, *, exact: bool = False) -> float:
    """Read a decimal, or a count k/n as (k + 1/2) / (n + 1); ``exact`` reads k/n as it is, empty is 0."""
    found, _, tested = cell.partition("/")
    if not tested:
        return float(found or 0)
    return int(found) / int(tested) if exact else (int(found) + 0.5) / (int(tested) + 1)
