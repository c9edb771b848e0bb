"""The small print of a report: assumed values, thresholds, versions, and what was left out; only what records say."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from emgkit.knowledge.names import readable
from emgkit.knowledge.tables import read_criteria
from emgkit.show.words import number_text

if TYPE_CHECKING:
    from emgkit.knowledge.tables import Criterion
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization


def small_print_parts(findings: StudyFindings, answer: Localization) -> dict[str, Any]:
    """Return the assumed values, the thresholds and the recordings left out.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_small_print import small_print_parts
    >>> parts = small_print_parts(examples.study_and_findings()[1], examples.answer())
    >>> parts["left_out"]
    []
    """
    return {
        "assumed": _assumed(answer),
        "thresholds": _thresholds(findings),
        "left_out": [readable(line) for line in findings.left_out],
    }


def _assumed(answer: Localization) -> list[tuple[str, str]]:
    # A key is ``table:row``, and a row may be ``site:test``: one line for each table and site.
    lines: dict[str, list[str]] = {}
    for key in answer.assumed:
        *place, last = key.split(":")
        lines.setdefault(": ".join(readable(part) for part in place), []).append(readable(last))
    return [(place, ", ".join(rows)) for place, rows in lines.items()]


def _thresholds(findings: StudyFindings) -> list[dict[str, str]]:
    criteria = [found.criteria for found in findings.activities] + [found.criteria for found in findings.muscles]
    used = {row for table in criteria for row in table.items()}
    known = _criteria()
    return [_threshold(key, value, known.get(key)) for key, value in sorted(used)]


def _threshold(key: str, value: float, row: Criterion | None) -> dict[str, str]:
    return {
        "key": readable(key),
        "value": number_text(value),
        "unit": row.unit if row else "",
        "meaning": row.meaning if row else "",
        "basis": row.basis if row else "",
        "source": row.source if row else "",
    }


def _criteria() -> dict[str, Criterion]:
    names = sorted(entry.name for entry in files("emgkit.knowledge").iterdir() if entry.name.endswith("_criteria.csv"))
    return {key: row for name in names for key, row in read_criteria(name.removesuffix(".csv")).items()}
