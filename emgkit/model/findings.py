"""Clinical statements: one for each muscle and nerve, and the tables of a whole examination."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emgkit.model.recording import SIDES
from emgkit.model.table import Column, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.recording import Side

GRADES = (0, 1, 2, 3, 4)
MOTOR_UNITS = ("", "normal", "large", "small", "polyphasic", "nascent")
RECRUITMENTS = ("", "normal", "reduced", "early", "none")
INSERTIONALS = ("", "normal", "increased", "decreased")
PRESENCES = ("", "none", "present")
RESULTS = ("", "normal", "reduced", "delayed", "absent", "not_assessed")

NEEDLE = Schema("needle", (
    Column("muscle", "text", "", "muscle id"),
    Column("side", "text", "", "side of the body", SIDES),
    Column("fibrillation", "grade", "0-4", "fibrillation potentials; empty is not assessed", GRADES),
    Column("positive_sharp_wave", "grade", "0-4", "positive sharp waves; empty is not assessed", GRADES),
    Column("fasciculation", "text", "", "fasciculation potentials", PRESENCES),
    Column("motor_unit", "text", "", "motor unit potentials", MOTOR_UNITS),
    Column("motor_unit_amplitude_uv", "number", "uV", "mean amplitude of the motor unit potentials, peak to peak"),
    Column("motor_unit_duration_ms", "number", "ms", "mean duration of the motor unit potentials"),
    Column("polyphasic_percent", "number", "%", "share of the motor unit potentials that are polyphasic"),
    Column("recruitment", "text", "", "recruitment", RECRUITMENTS),
    Column("insertional", "text", "", "insertional activity", INSERTIONALS),
    Column("sites", "grade", "", "needle positions that could be analysed"),
    Column("positive_sites", "grade", "", "needle positions with a persistent train of denervation"),
    Column("parts", "text", "", "parts of the muscle that the grade was found in, such as 'upper;lower'"),
    Column("scheme", "text", "", "grading scheme of a grade; empty where the examiner does not say"),
    Column("source", "text", "", "where the row comes from", ("recording", "examiner")),
    Column("note", "text", "", "why a value is missing or provisional"),
))  # fmt: skip

CONDUCTION = Schema("conduction", (
    Column("study", "text", "", "nerve study id"),
    Column("side", "text", "", "side of the body", SIDES),
    Column("result", "text", "", "empty is not yet judged", RESULTS),
    Column("amplitude_uv", "number", "uV", "sensory amplitude"),
    Column("amplitude_mv", "number", "mV", "motor or reflex amplitude"),
    Column("latency_ms", "number", "ms", "onset or peak latency, as the study's reference defines it"),
    Column("velocity_m_per_s", "number", "m/s", "conduction velocity"),
    Column("distance_mm", "number", "mm", "stimulus to recording electrode"),
    Column("temperature_c", "number", "degree Celsius", "skin temperature"),
    Column("note", "text", "", "why this result: limit, side difference, or no applicable reference"),
))  # fmt: skip


@dataclass(frozen=True)
class NeedlePosition:
    """What one needle position shows of denervation: a row of the raw vector behind a grade.

    Parameters
    ----------
    site : str
        Needle position, as the recording names it.
    analysed_s : float
    trains : int
        Persistent trains of denervation, about one a fibre.
    discharges_per_s : float
        Of these trains.
    fill : float
        Share of the baseline that they fill, 0 to 1.
    level : int
        0-4: the highest grade whose numbers this position shows.
    transient, doubtful : int
        Trains of denervation that do not count: shorter than persistent, or too irregular to be sure of.
    left_out : str
        Why the position does not count for the grade; empty when it does.
    """

    site: str
    analysed_s: float
    trains: int = 0
    discharges_per_s: float = 0.0
    fill: float = 0.0
    level: int = 0
    transient: int = 0
    doubtful: int = 0
    left_out: str = ""


@dataclass(frozen=True)
class MuscleFinding:
    """One muscle and side, graded.

    Parameters
    ----------
    muscle, side : str
    grade : int or None
        0-4 for fibrillations and positive sharp waves together; None is *not gradable*, see ``reason``. A rank, never
        to be averaged.
    fibrillation, positive_sharp_wave : int or None
        The same grade for the kind that was seen, 0 for the kind that was not.
    equivocal : bool
        Transient or doubtful trains only, or one positive site among several: written ± and neither 0 nor 1.
    sites, positive_sites, trains : int
        Raw vector: needle positions that count, those with a persistent train, persistent trains in all.
    discharges_per_s, fill : float
        Raw vector: median over positive sites of discharges per second, and of the share of 10 ms bins that are filled.
    fasciculation : bool
    scheme : str
        Grading scheme by name.
    reason : str
        Why not gradable, or why provisional; empty otherwise.
    reasons : tuple of str
        The criteria that gave the grade.
    interval : tuple of int, optional
        Lowest and highest grade of the bootstrap interval over needle positions; None when there is none.
    interval_level : float
        Probability that the interval was made for, such as 0.95.
    positions : tuple of NeedlePosition
        The raw vector of every position at rest, also of those that do not count.
    amp95_uv : float or None
        95th percentile of the amplitudes of the trains that count; None with too few of them.
    amplitude_trains : int
        Trains whose amplitude was measured.
    amplitude_statement, amplitude_caution : str
        What that amplitude is compatible with, and why it says no more, or nothing.
    criteria : mapping of str to float
        Every threshold used, by its key in the criteria tables.

    Examples
    --------
    >>> from emgkit.model.findings import MuscleFinding
    >>> finding = MuscleFinding("soleus", "left", 2, 2, 0, sites=4, positive_sites=3, trains=6, discharges_per_s=5.5)
    >>> finding.raw_vector
    (4, 3, 6, 5.5, 0.0)
    """

    muscle: str
    side: Side
    grade: int | None
    fibrillation: int | None
    positive_sharp_wave: int | None
    equivocal: bool = False
    sites: int = 0
    positive_sites: int = 0
    trains: int = 0
    discharges_per_s: float = 0.0
    fill: float = 0.0
    fasciculation: bool = False
    scheme: str = "mayo"
    reason: str = ""
    reasons: tuple[str, ...] = ()
    interval: tuple[int, int] | None = None
    interval_level: float = 0.0
    positions: tuple[NeedlePosition, ...] = ()
    amp95_uv: float | None = None
    amplitude_trains: int = 0
    amplitude_statement: str = ""
    amplitude_caution: str = ""
    criteria: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def raw_vector(self) -> tuple[int, int, int, float, float]:
        """Sites, positive sites, trains, discharges per second and fill: what the grade was made from."""
        return self.sites, self.positive_sites, self.trains, self.discharges_per_s, self.fill


@dataclass(frozen=True)
class ConductionFinding:
    """One nerve study of one side, judged.

    Parameters
    ----------
    study, side : str
    result : {"normal", "reduced", "delayed", "absent", "not_assessed"}
    values : mapping of column to float
        Measured values, by their column in the conduction table.
    reference : str
        The limit used with its source, or ``"no applicable reference"``.
    reasons : tuple of str
    """

    study: str
    side: Side
    result: str
    values: Mapping[str, float] = field(default_factory=dict)
    reference: str = "no applicable reference"
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class StudyFindings:
    """All findings of one examination.

    Parameters
    ----------
    needle, conduction : pandas.DataFrame
        Schemas ``NEEDLE`` and ``CONDUCTION``: what ``localize`` takes.
    activities : tuple of SpontaneousActivity
        In the order of the study's recordings, those that could be analysed.
    muscles : tuple of MuscleFinding
    nerves : tuple of ConductionFinding
    left_out : tuple of str
        One line for each recording that could not be analysed, with the reason.
    """

    needle: pd.DataFrame
    conduction: pd.DataFrame
    activities: tuple[SpontaneousActivity, ...] = ()
    muscles: tuple[MuscleFinding, ...] = ()
    nerves: tuple[ConductionFinding, ...] = ()
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        abnormal = [f"{m.side} {m.muscle} {m.grade}+" for m in self.muscles if m.grade]
        needle = f"{len(self.needle)} muscles, abnormal: {', '.join(abnormal) or 'none'}"
        return f"<StudyFindings {needle}; {len(self.conduction)} nerve studies>"
