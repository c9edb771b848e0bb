"""One simulated examination: recordings and conduction values that follow a lesion, and their truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import StudyError
from emgkit.knowledge.anatomy import find_site
from emgkit.model.recording import SIDES
from emgkit.model.study import Study, StudyEvent
from emgkit.simulate.lesion import Lesion, denervated_units, fasciculating, lost_responses, plan_needle
from emgkit.simulate.nerves import simulated_conduction
from emgkit.simulate.quantities import draw, limited, read_quantities
from emgkit.simulate.recording import simulate_recording
from emgkit.simulate.units import SimulatedUnit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from emgkit.model.recording import Recording, Side
    from emgkit.simulate.lesion import NeedlePosition
    from emgkit.simulate.truth import RecordingTruth


@dataclass(frozen=True, eq=False, repr=False)
class StudyTruth:
    """What a simulated examination was made from.

    Parameters
    ----------
    lesion : Lesion
        Site, side, severity and weeks since onset.
    recordings : tuple of RecordingTruth
        In the order of the study's recordings.
    muscles : pandas.DataFrame
        One row a recording: ``muscle, side, site, share`` (of the supply that the lesion takes), ``trains`` (of
        fibrillations and positive sharp waves), ``endplate`` (recorded inside the endplate zone).
    conduction : pandas.DataFrame
        ``study, side, lost``: share of the response that the lesion takes.
    """

    lesion: Lesion
    recordings: tuple[RecordingTruth, ...]
    muscles: pd.DataFrame
    conduction: pd.DataFrame

    def __repr__(self) -> str:
        denervated = int((self.muscles["trains"] > 0).sum())
        place = f"{self.lesion.side} {self.lesion.site}"
        return f"<StudyTruth {place}, {denervated} of {len(self.muscles)} recordings denervated>"


def simulate_study(
    site: str,
    *,
    side: Side = "left",
    rate_hz: float = 24000.0,
    duration_s: float = 12.0,
    weeks_since_onset: float = 6.0,
    severity: float | None = None,
    muscles: Sequence[str] | None = None,
    rng: np.random.Generator | int | None = None,
) -> tuple[Study, StudyTruth]:
    """Simulate an examination whose muscles and nerves follow a lesion.

    Parameters
    ----------
    site : str
        Site id, such as ``"inferior_gluteal"`` or ``"root_S1"``; a pair is written ``"a+b"``; ``"none"`` is healthy.
    side : {"left", "right"}
        Side of the lesion and of the complaint.
    rate_hz, duration_s : float
        Of every recording.
    weeks_since_onset : float
        Fibrillations take weeks to appear, and grow smaller over months.
    severity : float, optional
        Share of the axons that the lesion interrupts, 0 to 1; the table's default otherwise.
    muscles : sequence of str, optional
        Muscle ids; only they are examined. The protocol of ``simulated_protocol.csv`` otherwise.
    rng : numpy.random.Generator, int or None
        Generator, or the seed of one.

    Returns
    -------
    study : Study
    truth : StudyTruth

    Raises
    ------
    StudyError
        When side, severity or weeks are impossible.
    UnknownNameError
        For a site or muscle that the knowledge tables do not know.

    Examples
    --------
    >>> from emgkit.simulate.study import simulate_study
    >>> study, truth = simulate_study("inferior_gluteal", duration_s=2.0, rng=1)
    >>> study
    <Study 'simulated inferior gluteal': 14 recordings, 6 nerve studies>
    >>> sorted(set(truth.muscles.loc[truth.muscles["trains"] > 0, "muscle"]))
    ['gluteus_maximus']
    """
    lesion = _checked_lesion(site, side, severity, weeks_since_onset)
    person, planner, needle = np.random.default_rng(rng).spawn(3)
    age_years, height_cm = _patient(person)
    plan = plan_needle(lesion, muscles=muscles, rng=planner)
    made = [
        _record(position, lesion, rate_hz=rate_hz, duration_s=duration_s, rng=each)
        for position, each in zip(plan, needle.spawn(len(plan)), strict=True)
    ]
    lost = lost_responses(lesion)
    study = Study(
        f"simulated {lesion.site.replace('_', ' ')}",
        conduction=simulated_conduction(lost, age_years=age_years, height_cm=height_cm, rng=person),
        recordings=tuple(recording for recording, _ in made),
        age_years=age_years,
        height_cm=height_cm,
        affected_side=side,
        events=(StudyEvent("onset of symptoms", weeks_since_onset, side),),
    )
    return study, _truth(lesion, plan, [truth for _, truth in made], lost)


def _checked_lesion(site: str, side: Side, severity: float | None, weeks: float) -> Lesion:
    usual = read_quantities("simulated_lesion")["lesion"]["severity"].value
    if side not in SIDES:
        msg = f"side is {side!r}; it must be 'left' or 'right'."
        raise StudyError(msg)
    if severity is not None and not 0 <= severity <= 1:
        msg = f"severity is {severity!r}; it must be a share from 0 to 1."
        raise StudyError(msg)
    if not weeks >= 0:
        msg = f"weeks_since_onset is {weeks!r}; it must be 0 or more."
        raise StudyError(msg)
    return Lesion(find_site(site), side, usual if severity is None else severity, weeks)


def _patient(rng: np.random.Generator) -> tuple[float, float]:
    rows = read_quantities("simulated_lesion")["patient"]
    height_cm = limited(draw(rows["height_cm"], rng), rows["height_limits_cm"])
    return float(round(draw(rows["age_years"], rng))), float(round(height_cm))


def _record(
    position: NeedlePosition, lesion: Lesion, *, rate_hz: float, duration_s: float, rng: np.random.Generator
) -> tuple[Recording, RecordingTruth]:
    rows = read_quantities("simulated_lesion")
    units = denervated_units(position.trains, weeks=lesion.weeks, rng=rng)
    if position.share and fasciculating(lesion, rng=rng):
        units.append(SimulatedUnit("fasciculation", rate_hz=draw(rows["lesion"]["fasciculation_hz"], rng)))
    if position.endplate:
        units += [SimulatedUnit("endplate_spike")] * round(draw(rows["needle"]["endplate_spikes"], rng))
    return simulate_recording(
        units,
        duration_s=duration_s,
        rate_hz=rate_hz,
        muscle=position.muscle,
        side=position.side,
        site=position.site,
        noise_uv=draw(rows["needle"]["noise_uv"], rng),
        mains_uv=draw(rows["needle"]["mains_uv"], rng),
        hum_uv=draw(rows["needle"]["hum_uv"], rng),
        endplate_noise=position.endplate,
        insertion=bool(rng.uniform() < draw(rows["needle"]["insertion_share"], rng)),
        rng=rng,
    )


def _truth(
    lesion: Lesion,
    plan: Sequence[NeedlePosition],
    recordings: Sequence[RecordingTruth],
    lost: Mapping[tuple[str, Side], float],
) -> StudyTruth:
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when the first table is made

    muscles = pd.DataFrame(list(plan), columns=["muscle", "side", "site", "share", "trains", "endplate"])
    conduction = pd.DataFrame([(*key, share) for key, share in lost.items()], columns=["study", "side", "lost"])
    return StudyTruth(lesion, tuple(recordings), muscles, conduction)
