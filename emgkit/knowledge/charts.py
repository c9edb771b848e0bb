"""Myotome charts: competing tables of the roots of a muscle, by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from emgkit.errors import UnknownNameError
from emgkit.knowledge.anatomy_records import RootWeight
from emgkit.knowledge.tables import Basis, normalized, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CHART = "tsao"


@dataclass(frozen=True)
class Chart:
    """One chart; what it says of single muscles are the rows of the weights."""

    chart: str
    name: str
    aliases: tuple[str, ...]
    note: str
    source: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True)
class ChartRootWeight(RootWeight):
    """A root weight of one chart that is not the default."""

    chart: str


@cache
def charts() -> Mapping[str, Chart]:
    """Return every chart by id, the default first.

    Examples
    --------
    >>> from emgkit.knowledge.charts import charts
    >>> list(charts())
    ['tsao', 'phillips_park', 'classical']
    """
    return MappingProxyType({row.chart: row for row in read_rows("charts.csv", Chart)})


def find_chart(name: str) -> str:
    """Return the id of a chart from any usual spelling.

    Raises
    ------
    UnknownNameError
        Offering the names.

    Examples
    --------
    >>> from emgkit.knowledge.charts import find_chart
    >>> find_chart("Phillips and Park"), find_chart("Kendall")
    ('phillips_park', 'classical')
    """
    spellings = {normalized(text): key for key, row in charts().items() for text in (key, row.name, *row.aliases)}
    if normalized(name) not in spellings:
        msg = f"Unknown myotome chart {name!r}; the charts are {', '.join(charts())}."
        raise UnknownNameError(msg)
    return spellings[normalized(name)]


@cache
def weights_by_subject(chart: str = DEFAULT_CHART) -> Mapping[str, Mapping[str, float]]:
    """Return the root weights of every muscle and nerve study in a chart; see ``anatomy.root_weights``.

    Examples
    --------
    >>> from emgkit.knowledge.charts import weights_by_subject
    >>> for chart in ("tsao", "phillips_park"):
    ...     print(dict(weights_by_subject(chart)["tibialis_anterior"]))
    {'root_L5': 1.0, 'root_L4': 0.6, 'root_S1': 0.1}
    {'root_L4': 1.0, 'root_L5': 0.6, 'root_S1': 0.1}
    """
    usual = [row for name in ("root_weights.csv", "study_root_weights.csv") for row in read_rows(name, RootWeight)]
    own = own_subjects(chart)
    found: dict[str, dict[str, float]] = {}
    for row in [*(row for row in usual if row.subject not in own), *_rows_of(chart)]:
        found.setdefault(row.subject, {})[row.root] = row.value
    return MappingProxyType({subject: MappingProxyType(weights) for subject, weights in found.items()})


@cache
def own_subjects(chart: str) -> frozenset[str]:
    """Return the muscles and nerve studies for which a chart has rows of its own; none for the default.

    Examples
    --------
    >>> from emgkit.knowledge.charts import own_subjects
    >>> "semitendinosus" in own_subjects("classical"), len(own_subjects("tsao"))
    (True, 0)
    """
    return frozenset(row.subject for row in _rows_of(chart))


def _rows_of(chart: str) -> tuple[ChartRootWeight, ...]:
    return tuple(row for row in read_rows("chart_root_weights.csv", ChartRootWeight) if row.chart == chart)
