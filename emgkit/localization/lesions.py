"""Lesions: one site on one side, of one extent and one age; what each of them reaches, and what then shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import extents, sites
from emgkit.localization.ages import ONE_AGE, ages_of_side
from emgkit.localization.evidence import model_value
from emgkit.localization.legs import LEGS, leg_weights
from emgkit.localization.observe import PROCESSES
from emgkit.localization.reach import LOCAL_INJURY, is_root, reach, reach_key, spread_over_severities
from emgkit.localization.selection import USUAL
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emgkit.localization.ages import Ages
    from emgkit.localization.evidence import Floats
    from emgkit.localization.observe import Observation
    from emgkit.localization.outcomes import Outcomes
    from emgkit.localization.selection import Selection

BOTH = "both"
BLOCK = "block"
_PROCESS = {"motor_neuron_disease": "motor_neuron", "myopathy": "myopathic", LOCAL_INJURY: "injured"}


@dataclass(frozen=True)
class Lesion:
    """One site on one side, perhaps one extent of it, and the rows of the tables that tell its reach.

    A local injury also names its muscle, a root the kind of leg; without one, it is the average leg. ``age`` is a
    position in ``Ages.weeks``, ``n_older`` counts the ages other than the onset that it might have. ``share`` is how
    likely it is among the lesions of its site that are as old.
    """

    site: str
    side: str
    muscle: str = ""
    share: float = 1.0
    extent: str = ""
    leg: str = ""
    selection: Selection = USUAL
    age: int = 0
    n_older: int = 0

    @property
    def process(self) -> int:
        """Position in ``PROCESSES``."""
        return PROCESSES.index("blocked" if self.extent == BLOCK else _PROCESS.get(self.site, "neurogenic"))


@dataclass(frozen=True)
class Patient:
    """What chooses the lesions of a site besides the site itself.

    Parameters
    ----------
    injured : mapping of (muscle, side) to float
        Muscles that a local injury may have hit: those sampled, with shares that sum to one for each side.
    shares : tuple of float
        From ``side_shares``.
    ages : Ages
    selection : Selection
        From ``select_rows``.
    """

    injured: Mapping[tuple[str, str], float]
    shares: tuple[float, float] = (0.5, 0.5)
    ages: Ages = ONE_AGE
    selection: Selection = USUAL


def side_shares(observations: Sequence[Observation], affected_side: str | None = None) -> tuple[float, float]:
    """Return how likely a lesion of one side is on the left and on the right before its findings are looked at.

    Parameters
    ----------
    observations : sequence of Observation
        The side that was examined, or examined far more, is that of the complaint. Only tests found normal are
        asked, because abnormal ones speak for their side by themselves.
    affected_side : {"left", "right"}, optional
        Side of the complaint, where told.

    Examples
    --------
    >>> from emgkit.localization.lesions import side_shares
    >>> side_shares([]), side_shares([], "left")[0] > 0.9
    ((0.5, 0.5), True)
    """
    examined = {one.side for one in observations}
    if affected_side is not None:
        likely = model_value("side_examined" if examined == {affected_side} else "side_told")
        return (likely, 1 - likely) if affected_side == SIDES[0] else (1 - likely, likely)
    normal = Counter(one.side for one in observations if not one.abnormal)
    odds = model_value("side_vote") ** (normal[SIDES[0]] - normal[SIDES[1]])
    most = model_value("side_examined" if len(examined) == 1 else "side_compared")
    left = min(max(odds / (1 + odds), 1 - most), most)
    return left, 1 - left


def lesions_of(site: str, patient: Patient, *, by_leg: bool = False) -> tuple[Lesion, ...]:
    """Return the lesions that a site may have: sides and extents, whose shares sum to one, in every age.

    Parameters
    ----------
    site : str
    patient : Patient
    by_leg : bool
        A root in each kind of leg, and not in the average one.

    Examples
    --------
    >>> from emgkit.localization.lesions import Patient, lesions_of
    >>> [(one.side, one.extent) for one in lesions_of("lumbosacral_trunk", Patient({}))]
    [('left', 'whole'), ('left', 'leg'), ('right', 'whole'), ('right', 'leg')]
    >>> len(lesions_of("root_S1", Patient({}), by_leg=True))
    10
    """
    if site != LOCAL_INJURY:
        return _lesions(site, patient.shares, patient.ages.sides, patient.selection, by_leg=by_leg)
    muscles = [
        Lesion(site, on, name, part * share, selection=patient.selection)
        for on, share in zip(SIDES, patient.shares, strict=True)
        for name, part in [(name, part) for (name, side), part in patient.injured.items() if side == on] or [("", 1.0)]
    ]
    return _aged(muscles, patient.ages.sides)


@cache
def _lesions(
    site: str, shares: tuple[float, float], ages: tuple[tuple[str, ...], ...], selection: Selection, *, by_leg: bool
) -> tuple[Lesion, ...]:
    if site == "none":
        return (Lesion(site, "", selection=selection),)
    on = [(BOTH, 1.0)] if sites()[site].bilateral else list(zip(SIDES, shares, strict=True))
    parts = [(one.extent, one.weight) for one in extents(site)] or [("", 1.0)]
    legs = list(zip(LEGS, leg_weights().tolist(), strict=True)) if by_leg and is_root(site) else [("", 1.0)]
    return _aged(
        [
            Lesion(site, side, share=share * part * likely, extent=extent, leg=leg, selection=selection)
            for side, share in on
            for extent, part in parts
            for leg, likely in legs
        ],
        ages,
    )


def _aged(lesions: Sequence[Lesion], ages: Sequence[Sequence[str]]) -> tuple[Lesion, ...]:
    return tuple(
        replace(lesion, age=age, n_older=len(fitting) - 1) if len(fitting) > 1 else lesion
        for lesion in lesions
        for fitting in [ages_of_side(lesion.side, ages)]
        for age in fitting
    )


def lesion_reach(lesions: Sequence[Lesion], tests: Sequence[str], *, test_sides: Sequence[str]) -> Floats:
    """Return the probability that each lesion changes each test, shape (n_lesions, n_severities, n_tests).

    All lesions go by the same rows of the tables.

    Examples
    --------
    >>> from emgkit.localization.lesions import Lesion, lesion_reach
    >>> lesion_reach([Lesion("root_S1", "left")], ["soleus", "soleus"], test_sides=["left", "right"])[0, :, 1]
    array([0., 0., 0.])
    """
    table = reach(lesions[0].selection)
    columns = [table.test_index[test] for test in tests]
    rows = [table.site_index[reach_key(lesion.site, lesion.extent or lesion.leg)] for lesion in lesions]
    here = {side: [side in {one, BOTH} for one in test_sides] for side in SIDES} | {BOTH: [True] * len(tests)}
    same = np.array([here.get(lesion.side, [False] * len(tests)) for lesion in lesions])
    changed = table.by_severity.take(rows, axis=0).transpose(0, 2, 1).take(columns, axis=2) * same[:, None]
    place = {where: at for at, where in enumerate(zip(tests, test_sides, strict=True))}
    for row, lesion in enumerate(lesions):
        if lesion.muscle:
            changed[row] = 0.0
            if (lesion.muscle, lesion.side) in place:
                changed[row, :, place[lesion.muscle, lesion.side]] = _local_reach()
    return np.asarray(changed)


@cache
def _local_reach() -> Floats:
    return spread_over_severities(np.array(model_value("local_injury_reach")))


def _behind_blocks(visible: Floats, blocks: Sequence[bool], tests: Sequence[str]) -> Floats:
    """Fibrillations that can be seen, (n_lesions, n_tests): few where the nerve is blocked and not cut."""
    few = np.maximum(visible * model_value("block_fibrillating"), model_value("block_fibrillating_least"))
    return np.where(np.outer(blocks, _needle(tests)) > 0, few, visible)


def _needle(tests: Sequence[str]) -> Floats:
    table = reach()
    return table.silent[[table.test_index[test] for test in tests]]


def _fullness(changed: Floats, tests: Sequence[str]) -> Floats:
    """How far each muscle shows the severity of each lesion; a response that falls does so by its whole nerve."""
    return np.asarray(1 - _needle(tests) * (1 - np.minimum(1.0, changed / model_value("full_reach"))))


def lesion_states(changed: Floats, visible: Floats, *, tests: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities of the states active, silent and untouched, each (n_lesions, n_severities, n_tests).

    Parameters
    ----------
    changed : array of shape (n_lesions, n_severities, n_tests)
        From ``lesion_reach``.
    visible : array of shape (n_tests,), or one that fits ``changed``
        Part of the change that can be seen at this time.
    tests : sequence of str

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.lesions import lesion_states
    >>> states = lesion_states(np.full((1, 1, 1), 0.5), np.ones(1), tests=["sural_sensory"])
    >>> [float(state[0, 0, 0]) for state in states]
    [0.5, 0.0, 0.5]
    """
    hidden = model_value("silent_per_reach") * _needle(tests)
    active = changed * visible
    silent = changed * (1 - visible) + (1 - changed) * hidden * changed
    return active, silent, 1 - active - silent


@dataclass(frozen=True, eq=False)
class Effects:
    """What lesions do to tests; all arrays have shape (n_lesions + 1, n_severities, n_tests, ...), no lesion last.

    Parameters
    ----------
    shows, hides, spares : array
        Probability that the lesion shows in the test, that it reaches it without showing, and that it does not.
    shown, hidden : array
        That it shows, or hides, and the outcome is seen.
    alone : array
        Likelihood of the outcome where there is no other lesion.
    """

    shows: Floats
    hides: Floats
    spares: Floats
    shown: Floats
    hidden: Floats
    alone: Floats

    @property
    def ways(self) -> tuple[tuple[Floats, Floats], ...]:
        """What two lesions of one test share between them, for each way in which the more severe one does not show.

        Of two lesions the more severe one shows: a test that it changes is read so, else what the other does. So the
        likelihood of an outcome is what the more severe one has as ``shown``, and the sum of three products: it hides
        and the other shows; it hides and the other does not show; it spares the test. The first factor is that of the
        more severe lesion.
        """
        return (self.hides, self.shown), (self.hidden, 1 - self.shows), (self.spares, self.alone)


def effects(lesions: Sequence[Lesion], outcomes: Outcomes) -> Effects:
    """Return what every lesion does to every test.

    Parameters
    ----------
    lesions : sequence of Lesion
    outcomes : Outcomes

    Examples
    --------
    >>> from emgkit.localization.lesions import Lesion, effects
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.outcomes import found_at
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "left", "fibs": 2}])
    >>> alone, nothing = effects([Lesion("root_S1", "left")], found_at([observe_needle(rows, weeks=6)])).alone[:, 1, 0]
    >>> bool(alone > nothing)
    True
    """
    age, process = [*(lesion.age for lesion in lesions), 0], [*(lesion.process for lesion in lesions), 0]
    changed = lesion_reach(lesions, outcomes.tests, test_sides=outcomes.sides)
    changed = np.concatenate([changed, np.zeros_like(changed[:1])])
    blocks = [*(lesion.extent == BLOCK for lesion in lesions), False]
    visible = _behind_blocks(outcomes.visible[age], blocks, outcomes.tests)
    states = lesion_states(changed, visible[:, None], tests=outcomes.tests)
    outer = (None,) * (outcomes.untouched.ndim - 1)
    shows, hides, spares = (state[(..., *outer)] for state in states)
    full, active = _fullness(changed, outcomes.tests)[(..., *outer)], outcomes.active[age, process]
    shown = shows * (full * active + (1 - full) * active[:, :1])  # what it takes only in part looks mild
    hidden = hides * outcomes.silent[age, process][:, None]
    return Effects(shows, hides, spares, shown, hidden, alone=shown + hidden + spares * outcomes.untouched)
