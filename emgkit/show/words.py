"""Numbers and ids as a careful reader would say them: bounded words, rounded probabilities, the usual notation."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from emgkit.knowledge.grading import SCHEME_NAMES
from emgkit.knowledge.names import PROBABILITY_NOTE as PROBABILITY_NOTE  # noqa: PLC0414 - to be had here, too
from emgkit.knowledge.names import VERDICT_WORDS, lowered, muscle_or_study_name, readable
from emgkit.knowledge.tables import criteria_values
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emgkit.model.findings import MuscleFinding
    from emgkit.model.localization import Localization

NOT_ASSESSED = "not assessed"
NOT_MEASURED = "not measured"
NOT_TESTED = "not tested"

_FAMILIES = {
    "root": "a root, the cauda equina or the conus",
    "plexus": "the lumbosacral plexus",
    "sciatic": "the sciatic nerve",
    "gluteal": "the gluteal nerves",
    "other_nerve": "another nerve",
    "local_muscle": "the muscle itself",
    "diffuse": "a widespread disorder",
    "none": "no lesion shown by what was tested",
}
_FLAGS = {
    "low_rate": "Sampled too slowly to judge shapes: the shape of discharges was not used.",
    "polarity_suspect": "The polarity of this recording may be inverted; initial deflections are uncertain.",
    "mains_removed": "Mains interference was removed before the analysis.",
}


def probability_text(probability: float) -> str:
    """Return a probability as it is printed: to the next 5 %, open at both ends.

    Parameters
    ----------
    probability : float
        From 0 to 1.

    Examples
    --------
    >>> from emgkit.show.words import probability_text
    >>> [probability_text(value) for value in (0.003, 0.42, 0.95, 0.998)]
    ['< 5 %', '40 %', '95 %', '> 95 %']
    """
    wording = criteria_values("wording")
    lowest, highest, step = (wording[key] for key in ("printed_lowest", "printed_highest", "printed_step"))
    if math.isnan(probability):
        return "not given"
    if probability < lowest:
        return f"< {100 * lowest:.0f} %"
    if probability > highest:
        return f"> {100 * highest:.0f} %"
    steps = math.floor(round(probability / step, 9) + 0.5)  # halves go up, also where binary fractions fall just below
    return f"{100 * step * steps:.0f} %"


def site_word(answer: Localization, site: str) -> str:
    """Return the bounded word for a site.

    Parameters
    ----------
    answer : Localization
    site : str
        Site id.

    Returns
    -------
    str
        ``supported``, ``possible``, ``unlikely``, ``not supported by what was tested`` or ``not tested``. A site is
        *not tested* when it was not considered, or when no finding speaks for or against it.

    Examples
    --------
    >>> from emgkit.model.localization import EVIDENCE, FAMILIES, POSTERIOR, SUGGESTIONS, Localization, Verdict
    >>> from emgkit.model.table import make_table
    >>> from emgkit.show.words import site_word
    >>> answer = Localization(
    ...     make_table(POSTERIOR, [{"site": "root_S1", "probability": 0.8}, {"site": "femoral", "probability": 0.2}]),
    ...     make_table(FAMILIES),
    ...     make_table(EVIDENCE, [{"site": "root_S1", "against_none": 2.0}]),
    ...     make_table(SUGGESTIONS),
    ...     Verdict("indeterminate"),
    ... )
    >>> [site_word(answer, site) for site in ("root_S1", "femoral", "tarsal_tunnel")]
    ['supported', 'not tested', 'not tested']
    """
    wording = criteria_values("wording")
    row = answer.posterior.loc[answer.posterior["site"] == site, "probability"]
    of_site = answer.evidence["site"].isin([site, *site.split("+")])  # a pair is tested where one of its sites is
    contributions = answer.evidence.loc[of_site, "against_none"]
    tested = bool((contributions.abs() >= wording["tested_at_least"]).any())
    if row.empty or not (tested or site == "none"):
        return NOT_TESTED
    for word in ("supported", "possible", "unlikely"):
        if float(row.iloc[0]) >= wording[f"{word}_at_least"]:
            return word
    return "not supported by what was tested"


def verdict_text(status: str) -> str:
    """Return the words for a verdict on the inferior gluteal nerve.

    Examples
    --------
    >>> from emgkit.show.words import verdict_text
    >>> verdict_text("definite")
    'all listed electrodiagnostic criteria met'
    """
    return VERDICT_WORDS.get(status, readable(status))


def family_text(family: str) -> str:
    """Return the words for a family of sites.

    Examples
    --------
    >>> from emgkit.show.words import family_text
    >>> family_text("gluteal")
    'the gluteal nerves'
    """
    return _FAMILIES.get(family, readable(family))


def flag_text(flag: str) -> str:
    """Return the sentence for a caution on a recording.

    Examples
    --------
    >>> from emgkit.show.words import flag_text
    >>> flag_text("low_rate")
    'Sampled too slowly to judge shapes: the shape of discharges was not used.'
    """
    return _FLAGS.get(flag, readable(flag))


def grade_text(finding: MuscleFinding) -> str:
    """Return a muscle's grade in the usual notation.

    Returns
    -------
    str
        ``0``, ``±``, ``1+`` to ``4+``, or ``not gradable: reason``.

    Examples
    --------
    >>> from emgkit.model.findings import MuscleFinding
    >>> from emgkit.show.words import grade_text
    >>> grade_text(MuscleFinding("gluteus_maximus", "left", 2, 2, 0))
    '2+'
    >>> grade_text(MuscleFinding("soleus", "left", None, None, None, reason="2 needle positions"))
    'not gradable: 2 needle positions'
    """
    if finding.equivocal:
        return "±"
    if finding.grade is None:
        return f"not gradable: {finding.reason}" if finding.reason else "not gradable"
    return grade_notation(finding.grade)


def grade_notation(grade: int | None) -> str:
    """Return a grade of the needle table: ``0``, ``1+`` to ``4+``, or *not assessed*.

    Examples
    --------
    >>> from emgkit.show.words import grade_notation
    >>> [grade_notation(grade) for grade in (0, 3, None)]
    ['0', '3+', 'not assessed']
    """
    if grade is None:
        return NOT_ASSESSED
    return f"{grade}+" if grade else "0"


def scheme_text(scheme: str) -> str:
    """Return the name of a grading scheme.

    Examples
    --------
    >>> from emgkit.show.words import scheme_text
    >>> scheme_text("preston_shapiro")
    'Preston and Shapiro'
    """
    return SCHEME_NAMES.get(scheme, readable(scheme))


def graded_by_text(muscles: Iterable[MuscleFinding]) -> str:
    """Return whose words the grades of recorded muscles follow, or nothing when no muscle was recorded.

    Examples
    --------
    >>> from emgkit.model.findings import MuscleFinding
    >>> from emgkit.show.words import graded_by_text
    >>> graded_by_text([MuscleFinding("soleus", "left", 2, 2, 0)])
    'Grades from recordings follow Mayo'
    """
    names = dict.fromkeys(scheme_text(muscle.scheme) for muscle in muscles)
    return f"Grades from recordings follow {', '.join(names)}" if names else ""


def interval_text(finding: MuscleFinding) -> str:
    """Return the bootstrap interval of a grade, or nothing when there is none or nothing was found.

    Examples
    --------
    >>> from emgkit.model.findings import MuscleFinding
    >>> from emgkit.show.words import interval_text
    >>> interval_text(MuscleFinding("soleus", "left", 2, 2, 0, sites=5, interval=(1, 3), interval_level=0.95))
    '95 % bootstrap interval over 5 needle positions: 1+ to 3+'
    """
    if finding.interval is None or finding.interval[1] == 0:
        return ""
    ends = " to ".join(dict.fromkeys(grade_notation(grade) for grade in finding.interval))
    positions = counted(finding.sites, "needle position")
    return f"{100 * finding.interval_level:g} % bootstrap interval over {positions}: {ends}"


def amplitude_text(finding: MuscleFinding) -> str:
    """Return what the size of a muscle's fibrillations is compatible with, always with its caution.

    Examples
    --------
    >>> from emgkit.model.findings import MuscleFinding
    >>> from emgkit.show.words import amplitude_text
    >>> finding = MuscleFinding("soleus", "left", 1, 1, 0, amplitude_trains=3, amplitude_caution="too few trains")
    >>> amplitude_text(finding)
    'too few trains'
    """
    if finding.amp95_uv is None:
        return finding.amplitude_caution
    size = (
        f"{finding.criteria['amplitude_percentile']:g}th percentile of the amplitudes of "
        f"{counted(finding.amplitude_trains, 'train')}: {number_text(finding.amp95_uv)} μV"
    )
    if not finding.amplitude_statement:
        return f"{size}; {finding.amplitude_caution}"
    return f"{size}, {finding.amplitude_statement} ({finding.amplitude_caution})"


def finding_text(finding: str) -> str:
    """Return a finding of the evidence with the names of muscles and nerve studies that readers know.

    Examples
    --------
    >>> from emgkit.show.words import finding_text
    >>> finding_text("left gluteus_maximus: fibrillation 2"), finding_text("right h_reflex: absent")
    ('left gluteus maximus: fibrillation 2', 'right soleus H reflex: absent')
    """
    side, _, rest = finding.partition(" ")
    subject, colon, told = rest.partition(":")
    if side not in SIDES or not colon:
        return readable(finding)
    return f"{side} {lowered(muscle_or_study_name(subject))}:{readable(told)}"


def number_text(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits and a true minus sign, or nothing when it is missing.

    Examples
    --------
    >>> from emgkit.show.words import number_text
    >>> [number_text(value) for value in (0.01234, 48000.0, -2.5, float("nan"))]
    ['0.0123', '48000', '\u22122.5', '']
    """
    if math.isnan(value):
        return ""
    text = f"{value:.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:.{digits}g}"
    return text.replace("-", "\u2212")


def counted(count: int, noun: str, *, plural: str = "") -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> from emgkit.show.words import counted
    >>> [counted(number, "train") for number in (0, 1, 12)]
    ['no trains', '1 train', '12 trains']
    """
    return f"{count or 'no'} {noun if count == 1 else plural or noun + 's'}"


def weeks_text(weeks: float) -> str:
    """Return a number of weeks with its noun.

    Examples
    --------
    >>> from emgkit.show.words import weeks_text
    >>> [weeks_text(number) for number in (1.0, 6, 2.5)]
    ['1 week', '6 weeks', '2.5 weeks']
    """
    return f"{number_text(weeks)} week{'' if weeks == 1 else 's'}"


def units_text(text: str) -> str:
    """Return text of a table or a record with the signs that print has for its units and comparisons.

    Examples
    --------
    >>> from emgkit.show.words import units_text
    >>> units_text("amplitude >= 4 uV, latency <= 4.5 ms")
    'amplitude ≥ 4 μV, latency ≤ 4.5 ms'
    """
    return re.sub(r"\buV\b", "μV", text).replace(">=", "≥").replace("<=", "≤")
