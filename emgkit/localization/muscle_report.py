"""All rows of one muscle and side, put together into one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REMODELLED = ("large", "polyphasic", "nascent")
_WORST_UNITS = ("", "normal", *REMODELLED, "small")
_WORST_RECRUITMENTS = ("", "normal", "reduced", "none", "early")


@dataclass(frozen=True)
class MuscleReport:
    """All rows of one muscle and side put together."""

    fibrillation: int | None = None
    positive_sharp_wave: int | None = None
    motor_unit: str = ""
    recruitment: str = ""
    fasciculation: str = ""
    sites: int | None = None
    positive_sites: int | None = None
    parts: tuple[str, ...] = ()

    @property
    def grade(self) -> int | None:
        """Fibrillations and sharp waves are one sign: the larger grade counts, once."""
        return max((one for one in (self.fibrillation, self.positive_sharp_wave) if one is not None), default=None)

    @property
    def lone_sharp_wave(self) -> bool:
        """A few sharp waves where fibrillations were looked for and not found."""
        return self.positive_sharp_wave == 1 and self.fibrillation == 0

    @property
    def assessed(self) -> bool:
        """Anything at all was assessed."""
        return self.grade is not None or bool(self.motor_unit or self.recruitment or self.fasciculation)

    @property
    def text(self) -> str:
        """What was found, in the words of the table."""
        told = {
            "fibrillation": self.fibrillation,
            "positive sharp wave": self.positive_sharp_wave,
            "units": self.motor_unit or None,
            "recruitment": self.recruitment or None,
            "fasciculation": self.fasciculation if self.fasciculation == "present" or self.grade is None else None,
        }
        return ", ".join(f"{name} {value}" for name, value in told.items() if value not in {None, ""})

    @property
    def units_changed(self) -> bool:
        """Units or recruitment are called abnormal."""
        return self.motor_unit not in {"", "normal"} or self.recruitment not in {"", "normal"}


def put_together(rows: Iterable[Mapping[str, Any]]) -> MuscleReport:
    """Put the rows of one muscle and side together: the most abnormal of each column counts.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the needle table. Several rows are several needle positions.

    Examples
    --------
    >>> from emgkit.localization.muscle_report import put_together
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "L", "fibs": grade} for grade in (0, 2)])
    >>> report = put_together(rows.to_dict("records"))
    >>> report.grade, report.sites, report.positive_sites
    (2, 2, 1)
    """
    rows = list(rows)
    grades = [_largest([row], "fibrillation", "positive_sharp_wave") for row in rows]
    assessed = [grade for grade in grades if grade is not None]
    told = {name: [int(row[name]) for row in rows if _is_told(row[name])] for name in ("sites", "positive_sites")}
    parts = {part for row, grade in zip(rows, grades, strict=True) if grade for part in row["parts"].split(";") if part}
    several = len(rows) > 1
    return MuscleReport(
        fibrillation=_largest(rows, "fibrillation"),
        positive_sharp_wave=_largest(rows, "positive_sharp_wave"),
        motor_unit=max((row["motor_unit"] for row in rows), key=_WORST_UNITS.index),
        recruitment=max((row["recruitment"] for row in rows), key=_WORST_RECRUITMENTS.index),
        fasciculation=max((row["fasciculation"] for row in rows), key=("", "none", "present").index),
        sites=sum(told["sites"]) if told["sites"] else len(assessed) if several else None,
        positive_sites=(
            sum(told["positive_sites"]) if told["positive_sites"] else sum(map(bool, assessed)) if several else None
        ),
        parts=tuple(sorted(parts)),
    )


def _largest(rows: Iterable[Mapping[str, Any]], *names: str) -> int | None:
    return max((int(row[name]) for row in rows for name in names if _is_told(row[name])), default=None)


def _is_told(value: object) -> bool:
    import pandas as pd  # noqa: PLC0415 - the table is already one of pandas

    return not bool(pd.isna(value))  # type: ignore[call-overload]
