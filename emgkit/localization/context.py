"""What is known besides the tests: clinical, imaging and history findings as likelihoods of the sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.errors import TableError
from emgkit.knowledge.anatomy import muscle_share, muscles, root_weights, sites, study_share
from emgkit.knowledge.charts import DEFAULT_CHART
from emgkit.knowledge.clinical import FindingKind, check_findings, clinical_findings, scale_values
from emgkit.knowledge.tables import Basis, read_rows
from emgkit.localization.lesions import BOTH
from emgkit.localization.reach import LOCAL_INJURY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from emgkit.localization.evidence import Floats
    from emgkit.localization.lesions import Lesion
    from emgkit.localization.scenarios import Scenarios

How = Literal["muscles", "studies", "sites", "injured", "listed_muscles", "listed_nerves", "listed_roots"]


@dataclass(frozen=True)
class ClinicalEvidence:
    """One row of the table of clinical likelihoods."""

    finding: str
    state: str
    how: How
    subjects: tuple[str, ...]
    value: float
    baseline: float
    unit: str
    source: str
    basis: Basis
    note: str


@dataclass(frozen=True)
class Told:
    """One finding and its likelihood at every site.

    ``by_site`` holds the sites that differ from ``without_lesion``; ``by_injured`` the muscles whose direct injury
    would show it (empty id: any).
    """

    finding: str
    kind: str
    side: str
    text: str
    without_lesion: float
    by_site: Mapping[str, float]
    by_injured: Mapping[str, float]
    origin: tuple[str, str]

    def likelihood(self, lesion: Lesion) -> float:
        """Return the probability of the finding given one lesion."""
        if self.side and lesion.side not in {self.side, BOTH}:
            return self.without_lesion
        if lesion.site == LOCAL_INJURY and (lesion.muscle in self.by_injured or "" in self.by_injured):
            return self.by_injured.get(lesion.muscle, self.by_injured.get("", self.without_lesion))
        return self.by_site.get(lesion.site, self.without_lesion)


@dataclass(frozen=True)
class Context:
    """Everything told besides the tests; ``told`` maps kind to checked findings, or to None where nothing was said."""

    findings: tuple[Told, ...] = ()
    told: Mapping[FindingKind, Mapping[str, object] | None] = field(default_factory=dict)

    def value(self, kind: FindingKind, finding: str) -> object:
        """Return what was told of a finding; None when nothing was."""
        return (self.told.get(kind) or {}).get(finding)

    def present(self, kind: FindingKind, *findings: str) -> bool:
        """Return whether any of these findings was told to be there, on any side."""
        return any(
            _is_present(one, value) for one in findings for value in _parts(self.value(kind, one)) if value is not None
        )

    @property
    def operated(self) -> frozenset[str]:
        """Paraspinal muscles at an operated level; all of them when the level was not told."""
        told = self.value("history", "spine_surgery")
        back = [
            name for name, muscle in muscles().items() if muscle.region == "paraspinal" and muscle.ramus == "dorsal"
        ]
        if told is True:
            return frozenset(back)
        levels = set(told) if isinstance(told, tuple) else set()
        return frozenset(name for name in back if levels & set(root_weights(name)))

    @property
    def hurt(self) -> Mapping[str, object]:
        """Findings that name a muscle operated, injected, torn or with a haematoma, by id."""
        named = {row.finding: row.kind for row in clinical_findings().values() if row.finding in _hurting()}
        values = {finding: self.value(kind, finding) for finding, kind in named.items()}
        return {finding: value for finding, value in values.items() if self.present(named[finding], finding)}

    def log_likelihoods(self, scenarios: Scenarios) -> Floats:
        """Return the log likelihood of every finding in every scenario, shape (n_scenarios, n_findings).

        Of two lesions the one that makes the finding more likely counts.
        """
        ratio = np.vstack([self._log_ratios(scenarios.lesions), np.zeros(len(self.findings))])  # -1: no second lesion
        without = np.log([told.without_lesion for told in self.findings])
        return without + _of_two(ratio[scenarios.first], ratio[scenarios.second])

    def pair_log_likelihoods(self, lesions: Sequence[Lesion]) -> Floats:
        """Return the log likelihood of all findings for every two lesions, shape (n_lesions, n_lesions)."""
        total = np.full((len(lesions), len(lesions)), np.log([told.without_lesion for told in self.findings]).sum())
        for ratio in self._log_ratios(lesions).T:
            total += _of_two(ratio[:, None], ratio[None, :])
        return total

    def _log_ratios(self, lesions: Sequence[Lesion]) -> Floats:
        """How much likelier every lesion makes every finding than none does, shape (n_lesions, n_findings)."""
        likely = np.array([[told.likelihood(lesion) for told in self.findings] for lesion in lesions])
        without = np.array([told.without_lesion for told in self.findings])
        return np.asarray(np.log(likely.reshape(len(lesions), len(without)) / without))


def _of_two(first: Floats, second: Floats) -> Floats:
    return np.where(np.abs(second) > np.abs(first), second, first)


def read_context(
    *,
    clinical: Mapping[str, object] | Iterable[str] | None = None,
    imaging: Mapping[str, object] | Iterable[str] | None = None,
    history: Mapping[str, object] | Iterable[str] | None = None,
    chart: str = DEFAULT_CHART,
) -> Context:
    """Read clinical, imaging and history findings.

    Parameters
    ----------
    clinical, imaging, history : mapping or iterable of str, optional
        Ids with values as ``check_findings`` takes them; a list of ids means that each is there.
    chart : str
        Id of the myotome chart by which weak muscles speak for roots.

    Raises
    ------
    UnknownNameError, StudyError
        For an unknown id or value.
    TableError
        For a single word where a list or mapping is needed.

    Examples
    --------
    >>> from emgkit.localization.context import read_context
    >>> [one.text for one in read_context(clinical={"trendelenburg": False}).findings]
    ['trendelenburg: no']
    """
    given: dict[FindingKind, Mapping[str, object] | Iterable[str] | None] = {
        "clinical": clinical, "imaging": imaging, "history": history,
    }  # fmt: skip
    told = {kind: _checked(found, kind) or None for kind, found in given.items()}  # an empty section told nothing
    findings = [
        one
        for kind, found in told.items()
        for finding, value in (found or {}).items()
        for one in _tell(kind, finding, value, chart)
    ]
    return Context(tuple(findings), told)


def _checked(found: Mapping[str, object] | Iterable[str] | None, kind: FindingKind) -> Mapping[str, object] | None:
    if found is None:
        return None
    if isinstance(found, str):
        msg = f"{kind} is the text {found!r}; give a list of findings or a mapping of finding to value."
        raise TableError(msg)
    return check_findings(found if isinstance(found, Mapping) else dict.fromkeys(found, True), kind=kind)


def _tell(kind: str, finding: str, value: object, chart: str) -> Iterator[Told]:
    sided = value if isinstance(value, Mapping) else {"": value}
    for side, part in sided.items():
        rows = _rows().get(finding, ())
        state = part if isinstance(part, str) else ""
        present = _is_present(finding, part)
        fitting = [row for row in rows if not row.state] + [row for row in rows if row.state and row.state == state]
        if not fitting or (not present and clinical_findings()[finding].scale in {"muscles", "nerves", "roots"}):
            continue
        listed = part if isinstance(part, tuple) else ()
        per_item = any(row.how.startswith("listed") for row in fitting)
        for item in listed if per_item else [""]:
            shown = (item,) if item else listed
            yield _told((kind, finding, str(side)), (part, item, present), fitting, shown, chart=chart)


def _told(
    what: tuple[str, str, str],
    seen: tuple[object, str, bool],
    rows: list[ClinicalEvidence],
    listed: tuple[str, ...],
    *,
    chart: str,
) -> Told:
    kind, finding, side = what
    part, item, present = seen
    by_site: dict[str, float] = {}
    by_injured: dict[str, float] = {}
    for row in rows:
        if row.how == "injured":
            by_injured |= dict.fromkeys(listed or ("",), row.value)
        else:
            by_site |= _by_site(row, item, chart)
    baseline = rows[-1].baseline
    word = item or ("yes" if part is True else "no" if not part else ", ".join(listed) or str(part))
    return Told(
        finding,
        kind,
        side,
        f"{side} {finding}: {word}".strip(),
        without_lesion=_seen(baseline, present=present),
        by_site={site: _seen(value, present=present) for site, value in by_site.items()},
        by_injured={muscle: _seen(value, present=present) for muscle, value in by_injured.items()},
        origin=(rows[0].basis, rows[0].source),
    )


def _seen(probability: float, *, present: bool) -> float:
    return probability if present else 1 - probability


def _by_site(row: ClinicalEvidence, item: str, chart: str) -> dict[str, float]:
    if row.how == "sites":
        return dict.fromkeys(row.subjects, row.value)
    if row.how == "listed_nerves":
        return {name: row.value for name, site in sites().items() if item in site.cuts}
    if row.how == "listed_roots":
        return {item: row.value} if item else {}
    share = study_share if row.how == "studies" else muscle_share
    subjects = (item,) if row.how == "listed_muscles" else row.subjects
    reached = {
        site: float(np.mean([share(site, subject, chart=chart) for subject in subjects]))
        for site in sites()
        if subjects[0]
    }
    return {site: row.baseline + (row.value - row.baseline) * part for site, part in reached.items() if part > 0}


def _is_present(finding: str, value: object) -> bool:
    if isinstance(value, str):
        return value != scale_values(clinical_findings()[finding].scale)[0]
    return bool(value)


def _parts(value: object) -> list[object]:
    return list(value.values()) if isinstance(value, Mapping) else [value]


def is_paraspinal(muscle: str) -> bool:
    """Return whether a muscle belongs to the dorsal rami of the lumbosacral roots.

    Examples
    --------
    >>> from emgkit.localization.context import is_paraspinal
    >>> is_paraspinal("lumbar_paraspinals"), is_paraspinal("quadratus_lumborum")
    (True, False)
    """
    return muscles()[muscle].region == "paraspinal" and muscles()[muscle].ramus == "dorsal"


@cache
def _rows() -> Mapping[str, tuple[ClinicalEvidence, ...]]:
    rows = read_rows("evidence_clinical.csv", ClinicalEvidence)
    return {finding: tuple(row for row in rows if row.finding == finding) for finding in {row.finding for row in rows}}


@cache
def _hurting() -> frozenset[str]:
    takes_muscles = {row.finding for row in clinical_findings().values() if row.scale in {"muscles", "hip_approach"}}
    kinds = {"muscle_surgery", "injection", "muscle_tear", "muscle_haematoma", "hip_arthroplasty"}
    return frozenset(takes_muscles & kinds)
