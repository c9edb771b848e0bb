"""Judge measured nerve conduction values against reference limits and against the other side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from emgkit.errors import StudyError
from emgkit.findings.conduction.limits import limit_for, why_not_judged
from emgkit.knowledge.anatomy import find_study
from emgkit.model.findings import CONDUCTION, ConductionFinding
from emgkit.model.table import check_table, make_table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    import pandas as pd

    from emgkit.findings.conduction.limits import ConductionLimit
    from emgkit.model.recording import Side

    _LimitFor = Callable[..., ConductionLimit | None]

_AMPLITUDES = ("amplitude_uv", "amplitude_mv")
_MEASURES = (*_AMPLITUDES, "latency_ms", "velocity_m_per_s")
_COLUMNS = tuple(column.name for column in CONDUCTION.columns if column.kind == "number")
_WORST_FIRST = ("absent", "reduced", "delayed", "normal")
_OPPOSITE: Mapping[Side, Side] = {"left": "right", "right": "left"}
_NO_REFERENCE = "no applicable reference"
_UNITS = {column.name: column.unit for column in CONDUCTION.columns}


@dataclass(frozen=True)
class _Measured:
    """One row of the table, with the values that are there."""

    study: str
    side: Side
    result: str
    note: str
    found: Mapping[str, float]


@dataclass(frozen=True)
class _Statement:
    """What one comparison says: a result (empty when it could not be made), the words, and the limit used."""

    result: str
    reason: str
    reference: str = ""


def judge_conduction(
    conduction: pd.DataFrame, *, age_years: float | None = None, height_cm: float | None = None
) -> tuple[ConductionFinding, ...]:
    """Give every nerve study a result, with the limits that decided it.

    A row that has a ``result`` already is used as it is. Otherwise an amplitude of 0 is *absent*; other values are
    compared with the limit for this age and height and with the other side. An amplitude below its limit, or fallen too
    far below the other side, is *reduced*; a late latency or slow velocity is *delayed*. A study without any limit that
    holds is *not assessed*, with the values kept.

    Parameters
    ----------
    conduction : pandas.DataFrame
        Schema ``CONDUCTION``: microvolt, millivolt, millisecond, metre per second, millimetre, degree Celsius.
    age_years : float, optional
        Limits of the reference populations hold for 19 to 79 years; sides are compared at any age.
    height_cm : float, optional
        Without it the limits for all heights are used.

    Returns
    -------
    tuple of ConductionFinding
        In the order of the rows.

    Raises
    ------
    StudyError
        When a study is given twice for a side, or a value cannot be one.
    TableError
        When the table does not have its columns.
    UnknownNameError
        For a study that the tables do not have.

    References
    ----------
    ``buschbacher_2003_sural``, ``buschbacher_1999_h``, ``buschbacher_1999_fibular``, ``buschbacher_1999_tibial``;
    every limit names its own.

    Examples
    --------
    >>> from emgkit.findings.conduction.judge import judge_conduction
    >>> from emgkit.model.findings import CONDUCTION
    >>> from emgkit.model.table import make_table
    >>> table = make_table(CONDUCTION, [
    ...     {"study": "sural_sensory", "side": "left", "amplitude_uv": 3.0},
    ...     {"study": "sural_sensory", "side": "right", "amplitude_uv": 14.0},
    ... ])
    >>> left, right = judge_conduction(table)
    >>> left.result, right.result
    ('reduced', 'normal')
    >>> left.reasons[0]
    'amplitude 3 uV, lower limit 4 uV'
    """
    rows = [_measured(row) for row in check_table(conduction, CONDUCTION).to_dict("records")]
    by_side = {(row.study, row.side): row for row in rows}
    twice = [row for row in rows if by_side[row.study, row.side] is not row]
    if twice:
        msg = f"{twice[0].study} of the {twice[0].side} side is given twice; keep the row that counts."
        raise StudyError(msg)
    limit = partial(limit_for, age_years=age_years, height_cm=height_cm)
    return tuple(_judged(row, by_side.get((row.study, _OPPOSITE[row.side])), limit) for row in rows)


def conduction_table(findings: Iterable[ConductionFinding]) -> pd.DataFrame:
    """Return judged nerve studies as a table.

    Parameters
    ----------
    findings : iterable of ConductionFinding

    Returns
    -------
    pandas.DataFrame
        Schema ``CONDUCTION``; ``note`` holds the reasons.

    Examples
    --------
    >>> from emgkit.findings.conduction.judge import conduction_table
    >>> from emgkit.model.findings import ConductionFinding
    >>> conduction_table([ConductionFinding("h_reflex", "left", "absent")])[["study", "side", "result"]]
          study  side  result
    0  h_reflex  left  absent
    """
    return make_table(
        CONDUCTION,
        [
            {
                "study": finding.study,
                "side": finding.side,
                "result": finding.result,
                **finding.values,  # noqa: PD011 - a mapping of a record, not a table
                "note": "; ".join(finding.reasons),
            }
            for finding in findings
        ],
    )


def _measured(row: Mapping[Hashable, Any]) -> _Measured:
    values = {name: float(row[name]) for name in _COLUMNS if not math.isnan(row[name])}
    for name, value in values.items():
        if not 0 <= value < math.inf or (value == 0 and name not in _AMPLITUDES):
            needed = "0 or more" if name in _AMPLITUDES else "above 0"
            msg = f"{row['study']} of the {row['side']} side has {name} {value:g}; it must be {needed}, or empty."
            raise StudyError(msg)
    return _Measured(find_study(row["study"]), row["side"], row["result"], row["note"], values)


def _judged(row: _Measured, other: _Measured | None, limit: _LimitFor) -> ConductionFinding:
    finding = partial(ConductionFinding, row.study, row.side, values=row.found)
    if row.result:
        return finding(row.result, reference="as given", reasons=tuple(filter(None, ("result as given", row.note))))
    if not any(name in row.found for name in _MEASURES):
        return finding("not_assessed", reasons=("nothing was measured",))
    if any(row.found.get(name) == 0 for name in _AMPLITUDES):
        return finding("absent", reference="amplitude 0", reasons=("no response",))
    statements = [_against_limit(name, row, limit) for name in _MEASURES if name in row.found]
    if other is not None:
        statements += [
            statement
            for name in _MEASURES
            if row.found.get(name) and other.found.get(name)
            for statement in _against_side(name, row, other, limit)
        ]
    results = {statement.result for statement in statements}
    result = next((name for name in _WORST_FIRST if name in results), "not_assessed")
    ordered = sorted(statements, key=lambda statement: statement.result != result)
    return finding(
        result,
        reference="; ".join(statement.reference for statement in ordered if statement.reference) or _NO_REFERENCE,
        reasons=tuple(statement.reason for statement in ordered),
    )


def _against_limit(name: str, row: _Measured, limit_for_patient: _LimitFor) -> _Statement:
    limit = limit_for_patient(row.study, name)
    told = f"{_word(name)} {row.found[name]:g} {_UNITS[name]}"
    if limit is None:
        return _Statement("", f"{told}, {_NO_REFERENCE}")
    obstacle = why_not_judged(limit, row.found)
    if obstacle:
        return _Statement("", f"{told}, not judged: {obstacle}")
    beyond = row.found[name] < limit.value if limit.bound == "lower" else row.found[name] > limit.value
    reason = f"{told}, {limit.bound} limit {limit.value:g} {limit.unit}"
    return _Statement(_abnormal(name) if beyond else "normal", reason, _cited(limit))


def _against_side(name: str, row: _Measured, other: _Measured, limit_for_patient: _LimitFor) -> list[_Statement]:
    limit = limit_for_patient(row.study, name, other_side=True)
    if limit is None or why_not_judged(limit, row.found) or why_not_judged(limit, other.found):
        return []
    later = row.found[name] - other.found[name]
    worse_by = later if name == "latency_ms" else -later  # only the worse side can be abnormal by a difference
    if limit.bound == "side_drop":
        worse_by *= 100.0 / other.found[name]
    if worse_by <= 0:
        return [_Statement("normal", f"{_word(name)} not {_worse(name)} than the other side", _cited(limit))]
    by = f"by {worse_by:.3g} {limit.unit}, limit {limit.value:g} {limit.unit}"
    reason = f"{_word(name)} {_worse(name)} than the other side {by}"
    return [_Statement(_abnormal(name) if worse_by > limit.value else "normal", reason, _cited(limit))]


def _abnormal(name: str) -> str:
    return "reduced" if name in _AMPLITUDES else "delayed"


def _word(name: str) -> str:
    return "amplitude" if name in _AMPLITUDES else name.partition("_")[0]


def _worse(name: str) -> str:
    return "later" if name == "latency_ms" else "lower"


def _cited(limit: ConductionLimit) -> str:
    sign = {"lower": ">=", "upper": "<=", "side_drop": "fall <=", "side_difference": "side difference <="}[limit.bound]
    assumed = ", assumed" if limit.basis == "assumed" else ""
    return f"{_word(limit.measure)} {sign} {limit.value:g} {limit.unit} ({limit.population}; {limit.source}{assumed})"
