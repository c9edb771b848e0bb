"""One examination: the patient's facts, recordings, conduction values and what the clinician saw."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from emgkit.model.recording import Recording, Side


@dataclass(frozen=True)
class StudyEvent:
    """Something that happened to the patient, such as an injection or an operation."""

    what: str
    weeks_ago: float
    side: Side | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Study:
    """One examination.

    Parameters
    ----------
    id : str
        Free text chosen by the examiner; escaped wherever it is shown.
    recordings : tuple of Recording
    conduction : pandas.DataFrame
        Measured values or results of nerve studies, schema ``CONDUCTION``.
    needle : pandas.DataFrame, optional
        Findings scored by the examiner, schema ``NEEDLE``; used as they are and marked as such.
    age_years, height_cm : float, optional
    affected_side : {"left", "right"}, optional
        The side of the complaint.
    events : tuple of StudyEvent
        The last one is the onset unless ``onset_weeks`` says otherwise.
    onset_weeks : float, optional
        Weeks since onset as stated by the examiner.
    grading_scheme : str, optional
        Whose words the grades of the recordings follow; ``analyze_study`` takes Mayo where it is not said.
    history, clinical, imaging : mapping of str to value
        Closed ids from the knowledge tables, such as ``{"spine_surgery": True}``.

    Examples
    --------
    >>> from emgkit.model.findings import CONDUCTION
    >>> from emgkit.model.study import Study, StudyEvent
    >>> from emgkit.model.table import make_table
    >>> study = Study("case 1", conduction=make_table(CONDUCTION), events=(StudyEvent("injection", 6.0, "left"),))
    >>> study.weeks_since_onset
    6.0
    """

    id: str
    _: KW_ONLY
    conduction: pd.DataFrame
    recordings: tuple[Recording, ...] = ()
    needle: pd.DataFrame | None = None
    age_years: float | None = None
    height_cm: float | None = None
    affected_side: Side | None = None
    events: tuple[StudyEvent, ...] = ()
    onset_weeks: float | None = None
    grading_scheme: str | None = None
    history: Mapping[str, object] = field(default_factory=dict)
    clinical: Mapping[str, object] = field(default_factory=dict)
    imaging: Mapping[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Study {self.id!r}: {len(self.recordings)} recordings, {len(self.conduction)} nerve studies>"

    @property
    def weeks_since_onset(self) -> float | None:
        """Weeks since onset: as stated, else since the last event, else None."""
        if self.onset_weeks is not None:
            return self.onset_weeks
        return self.events[-1].weeks_ago if self.events else None
