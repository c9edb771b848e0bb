"""What the evidence tables say, read once into numbers by name."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from emgkit.errors import TableError
from emgkit.knowledge.tables import Basis, criteria_values, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GRADE_CLASSES = ("grade_0", "grade_1", "grade_2", "grade_3")
AgeGroup = Literal["younger", "older"]


@dataclass(frozen=True)
class Count:
    """In ``abnormal`` of ``tested`` legs with a lesion at ``site`` the test was abnormal; no ``age`` is any age."""

    site: str
    test: str
    abnormal: int
    tested: int
    unit: str
    age: AgeGroup | None
    used: bool
    source: str
    basis: Basis
    note: str

    @property
    def probability(self) -> float:
        """Mean of Beta(k + 1/2, n - k + 1/2)."""
        return (self.abnormal + 0.5) / (self.tested + 1)


@dataclass(frozen=True)
class Expectation:
    """Assumed probability that a test is abnormal, where the share of the supply alone would mislead."""

    site: str
    tests: tuple[str, ...]
    value: float
    unit: str
    source: tuple[str, ...]
    basis: Basis
    note: str


@dataclass(frozen=True)
class Severities:
    """Latent severities: weight, shift of the log odds, grades given fibrillation, absent responses, recruitment."""

    names: tuple[str, ...]
    weight: Floats
    logit_shift: Floats
    grades: Floats
    absent: Floats
    reduced: Floats


@dataclass(frozen=True)
class _SeverityRow:
    severity: str
    quantity: Literal["weight", "logit_shift", "grade_1", "grade_2", "grade_3", "absent", "reduced"]
    value: float
    unit: str
    source: str
    basis: Basis


@dataclass(frozen=True)
class _ReachRow:
    kind: str
    share: float
    value: float
    unit: str
    source: str
    basis: Basis
    note: str


@dataclass(frozen=True)
class _FalsePositiveRow:
    subject: str
    quantity: str
    age: AgeGroup | None
    value: float
    unit: str
    source: str
    basis: Basis
    note: str


@dataclass(frozen=True)
class _TimingRow:
    what: str
    length_class: int | None
    weeks: float | None
    value: float
    unit: str
    source: str
    basis: Basis


def model_value(key: str) -> float:
    """Return a single number of the evidence model.

    Examples
    --------
    >>> from emgkit.localization.evidence import model_value
    >>> 0 < model_value("silent_reduced") < 1
    True
    """
    return criteria_values("evidence_model")[key]


@cache
def severities() -> Severities:
    """Return the latent severities of a lesion.

    Examples
    --------
    >>> from emgkit.localization.evidence import severities
    >>> severities().names, round(float(severities().weight.sum()), 9)
    (('mild', 'moderate', 'severe'), 1.0)
    """
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    for row in read_rows("evidence_severity.csv", _SeverityRow):
        rows[row.severity][row.quantity] = row.value
    column = {key: np.array([row[key] for row in rows.values()]) for key in next(iter(rows.values()))}
    grades = np.stack([column[grade] for grade in GRADE_CLASSES[1:]], axis=-1)
    return Severities(tuple(rows), column["weight"], column["logit_shift"], grades, column["absent"], column["reduced"])


def age_group(age_years: float | None) -> AgeGroup:
    """Return which rows of the evidence tables hold at an age.

    Parameters
    ----------
    age_years : float or None
        None when not told: as the younger, whose tests are read at face value.

    Raises
    ------
    TableError
        For an age that no patient has.

    Examples
    --------
    >>> from emgkit.localization.evidence import age_group
    >>> age_group(45), age_group(None), age_group(72)
    ('younger', 'younger', 'older')
    """
    if age_years is None:
        return "younger"
    oldest = model_value("oldest_years")
    if not 0 <= age_years <= oldest:
        msg = f"age_years is {age_years}; it must be from 0 to {oldest:g} years, or None if not known."
        raise TableError(msg)
    return "older" if age_years > model_value("older_years") else "younger"


@cache
def counts(age: AgeGroup = "younger") -> Mapping[tuple[str, str], Count]:
    """Return the published counts in use at an age, by site and test.

    Examples
    --------
    >>> from emgkit.localization.evidence import counts
    >>> count = counts()["root_S1", "gluteus_maximus"]
    >>> count.abnormal, count.tested
    (7, 11)
    """
    rows = [row for row in read_rows("evidence_counts.csv", Count) if row.used and row.age in {None, age}]
    return MappingProxyType({(row.site, row.test): row for row in rows})


@cache
def expectations() -> Mapping[tuple[str, str], Expectation]:
    """Return the assumed probabilities that stand in for a share, by site (or ``site:extent``) and test.

    Examples
    --------
    >>> from emgkit.localization.evidence import expectations
    >>> all(row.basis == "assumed" for row in expectations().values())
    True
    """
    rows = read_rows("evidence_expected.csv", Expectation)
    return MappingProxyType({(row.site, test): row for row in rows for test in row.tests})


def reach_probability(kind: str, share: Floats) -> Floats:
    """Return how likely tests become abnormal when a lesion interrupts a share of their supply.

    Parameters
    ----------
    kind : {"needle", "sensory", "motor", "reflex", "late_response"}
    share : array of any shape, 0-1

    Returns
    -------
    array of the same shape, 0-1

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.evidence import reach_probability
    >>> bool(np.all(np.diff(reach_probability("needle", np.linspace(0, 1, 50))) > 0))
    True
    """
    knots = _reach_knots()[kind]
    return np.interp(share, knots[0], knots[1])


def timed(what: str, weeks: float | None, *, length_class: int | None = None) -> float:
    """Return the part of a change that can be seen at this time.

    Parameters
    ----------
    what : {"fibrillation", "dwindled", "remodelled", "sensory", "motor", "reflex", "late_response"}
    weeks : float or None
        Weeks since onset; None when not told.
    length_class : int, optional
        0 paraspinal to 4 foot, for fibrillations only.

    Returns
    -------
    float, 0-1

    Examples
    --------
    >>> from emgkit.localization.evidence import timed
    >>> timed("fibrillation", 2, length_class=3) < timed("fibrillation", 6, length_class=3)
    True
    """
    knots = _timing_knots()[what, length_class]
    known = [(at, value) for at, value in knots if at is not None]
    if weeks is None or not known:
        return next(value for at, value in knots if at is None)
    return float(np.interp(weeks, [at for at, _ in known], [value for _, value in known]))


def grades_at(weeks: float | None) -> Floats:
    """Return the grades of a fibrillating muscle by severity, shape (n_severities, 3): fewer fibres when it is old.

    Examples
    --------
    >>> from emgkit.localization.evidence import grades_at
    >>> bool(grades_at(300)[-1, -1] < grades_at(6)[-1, -1])
    True
    """
    grades, dwindled = severities().grades, timed("dwindled", weeks)
    return np.asarray((1 - dwindled) * grades + dwindled * grades[0])


def false_positive(
    kind: str, subject: str, *, length_class: int | None = None, age: AgeGroup = "younger"
) -> Mapping[str, float]:
    """Return how often a test is called abnormal without a lesion.

    Parameters
    ----------
    kind : {"needle", "sensory", "motor", "reflex", "late_response"}
    subject : str
        Muscle or study id.
    length_class : int, optional
        Of the muscle.
    age : {"younger", "older"}
        From ``age_group``.

    Returns
    -------
    mapping of quantity to float
        A muscle has ``grade_1, grade_2, grade_3`` and ``reduced, early, remodelled, small``; a study ``abnormal``
        and, of those, ``absent``.

    Examples
    --------
    >>> from emgkit.localization.evidence import false_positive
    >>> buttock = false_positive("needle", "gluteus_maximus", length_class=1)
    >>> foot = false_positive("needle", "abductor_hallucis", length_class=4)
    >>> buttock["grade_2"] < foot["grade_2"]
    True
    """
    rows = _false_positive_rows(age)
    rates = dict(rows.get(subject) or rows.get(f"length_{length_class}") or rows[kind])
    count = counts(age).get(("none", subject))
    if count is None:
        return rates
    grades = [key for key in rates if key in GRADE_CLASSES] or ["abnormal"]
    scale = count.probability / sum(rates[key] for key in grades)
    return rates | {key: rates[key] * scale for key in grades}


@cache
def _reach_knots() -> Mapping[str, tuple[Floats, Floats]]:
    rows = read_rows("evidence_reach.csv", _ReachRow)
    return {
        kind: (
            np.array([row.share for row in rows if row.kind == kind]),
            np.array([row.value for row in rows if row.kind == kind]),
        )
        for kind in {row.kind for row in rows}
    }


@cache
def _timing_knots() -> Mapping[tuple[str, int | None], list[tuple[float | None, float]]]:
    knots: dict[tuple[str, int | None], list[tuple[float | None, float]]] = defaultdict(list)
    for row in read_rows("evidence_timing.csv", _TimingRow):
        knots[row.what, row.length_class].append((row.weeks, row.value))
    return dict(knots)


@cache
def _false_positive_rows(age: AgeGroup) -> Mapping[str, Mapping[str, float]]:
    rows: dict[str, dict[str, float]] = defaultdict(dict)
    table = read_rows("evidence_false_positive.csv", _FalsePositiveRow)
    for group in (None, age):  # a row of the age group comes after, and so before, that of any age
        for row in table:
            if row.age == group:
                rows[row.subject][row.quantity] = row.value
    return dict(rows)
