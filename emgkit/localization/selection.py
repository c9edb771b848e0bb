"""Which rows of the tables hold for this patient, told once and handed down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgkit.knowledge.charts import DEFAULT_CHART, find_chart
from emgkit.localization.evidence import age_group

if TYPE_CHECKING:
    from emgkit.localization.evidence import AgeGroup


@dataclass(frozen=True)
class Selection:
    """What chooses among the rows of the tables; what depends on it is kept by it.

    Parameters
    ----------
    age : {"younger", "older"}
        From ``age_group``.
    chart : str
        Id of a myotome chart.
    """

    age: AgeGroup = "younger"
    chart: str = DEFAULT_CHART

    @property
    def assumed(self) -> tuple[str, ...]:
        """Keys of the assumed rows chosen: those of a chart other than the default."""
        return () if self.chart == DEFAULT_CHART else (f"chart_root_weights:{self.chart}",)


USUAL = Selection()


def select_rows(*, age_years: float | None = None, chart: str = DEFAULT_CHART) -> Selection:
    """Return which rows of the tables hold.

    Parameters
    ----------
    age_years : float, optional
        When left out, as up to 60 years.
    chart : str
        Name of a myotome chart.

    Raises
    ------
    TableError
        For an age that no patient has.
    UnknownNameError
        For an unknown chart, offering the names.

    Examples
    --------
    >>> from emgkit.localization.selection import select_rows
    >>> select_rows(age_years=72, chart="kendall")
    Selection(age='older', chart='classical')
    """
    return Selection(age_group(age_years), find_chart(chart))
