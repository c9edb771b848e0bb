"""What changed from one examination of a patient to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emgkit.model.findings import GRADES, MOTOR_UNITS, RECRUITMENTS, RESULTS
from emgkit.model.recording import SIDES
from emgkit.model.table import Column, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

NOT_COMPARABLE = "not comparable"
GRADE_CHANGES = ("fewer", "possibly fewer", "unchanged", "possibly more", "more", NOT_COMPARABLE)
RECRUITMENT_CHANGES = ("", "fuller", "unchanged", "poorer", NOT_COMPARABLE)
VALUE_CHANGES = (
    "larger", "smaller", "within repeatability", "obtained now", "absent now", "unchanged", "changed", NOT_COMPARABLE,
)  # fmt: skip
MEASURES = ("", "amplitude_uv", "amplitude_mv", "latency_ms", "velocity_m_per_s")

NEEDLE_CHANGES = Schema("needle_changes", (
    Column("muscle", "text", "", "muscle id"),
    Column("side", "text", "", "side of the body", SIDES),
    Column("fibrillation_first", "grade", "0-4", "fibrillation potentials at first; empty is not assessed", GRADES),
    Column("fibrillation_second", "grade", "0-4", "fibrillation potentials now", GRADES),
    Column("positive_sharp_wave_first", "grade", "0-4", "positive sharp waves at first", GRADES),
    Column("positive_sharp_wave_second", "grade", "0-4", "positive sharp waves now", GRADES),
    Column("grade_first", "number", "0-4", "the higher of both at first; 0.5 is equivocal, between 0 and 1+"),
    Column("grade_second", "number", "0-4", "the higher of both now; 0.5 is equivocal"),
    Column("grade_change", "text", "", "fibrillations and positive sharp waves", GRADE_CHANGES),
    Column("sites_first", "grade", "", "needle positions that could be analysed at first"),
    Column("sites_second", "grade", "", "needle positions that could be analysed now"),
    Column("positive_sites_first", "grade", "", "positions with a persistent train of denervation at first"),
    Column("positive_sites_second", "grade", "", "positions with a persistent train of denervation now"),
    Column("discharges_per_s_first", "number", "1/s", "median of the positive positions at first; missing when scored"),
    Column("discharges_per_s_second", "number", "1/s", "median of the positive positions now; missing when scored"),
    Column("motor_unit_first", "text", "", "motor unit potentials at first", MOTOR_UNITS),
    Column("motor_unit_second", "text", "", "motor unit potentials now", MOTOR_UNITS),
    Column("recruitment_first", "text", "", "recruitment at first", RECRUITMENTS),
    Column("recruitment_second", "text", "", "recruitment now", RECRUITMENTS),
    Column("recruitment_change", "text", "", "empty when not assessed both times", RECRUITMENT_CHANGES),
    Column("sign", "text", "", "what a change of the motor units is compatible with; empty for nothing"),
    Column("reason", "text", "", "why this change, or why none can be told"),
))  # fmt: skip

CONDUCTION_CHANGES = Schema("conduction_changes", (
    Column("study", "text", "", "nerve study id"),
    Column("side", "text", "", "side of the body", SIDES),
    Column("measure", "text", "", "column of the conduction table; empty when only the results are compared", MEASURES),
    Column("first", "number", "as named by the measure", "value at first"),
    Column("second", "number", "as named by the measure", "value now"),
    Column("repeatability", "number", "as named by the measure", "a smaller difference says nothing"),
    Column("result_first", "text", "", "result at first", RESULTS),
    Column("result_second", "text", "", "result now", RESULTS),
    Column("change", "text", "", "from the first to the second", VALUE_CHANGES),
    Column("reason", "text", "", "why this change, or why none can be told"),
))  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class StudyChange:
    """A follow-up examination beside the first.

    Parameters
    ----------
    needle : pandas.DataFrame
        Schema ``NEEDLE_CHANGES``: a row for each muscle and side of either examination.
    conduction : pandas.DataFrame
        Schema ``CONDUCTION_CHANGES``: a row for each value, or study, of either examination.
    first_weeks, second_weeks : float or None
        Weeks since onset as told with each examination.
    criteria : mapping of str to float
        Every threshold used, by its key in the criteria table.
    """

    needle: pd.DataFrame
    conduction: pd.DataFrame
    first_weeks: float | None = None
    second_weeks: float | None = None
    criteria: Mapping[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        fewer = int(self.needle["grade_change"].isin(["fewer", "possibly fewer"]).sum())
        more = int(self.needle["grade_change"].isin(["more", "possibly more"]).sum())
        return (
            f"<StudyChange {len(self.needle)} muscles: fewer fibrillations in {fewer}, more in {more}; "
            f"{len(self.conduction)} values of nerve conduction>"
        )
