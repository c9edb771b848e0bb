"""Lesions: one site on one side, of one extent and one age; what each of them reaches, and what then shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import extents, sites
from emgkit.localization.ages import ONE_AGE
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
_PROCESS = {"motor_neuron_disease": "motor_neuron", "myopathy": "myopathic"}


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
        return PROCESSES.index(_PROCESS.get(self.site, "neurogenic"))


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
    if affected_side is not None:
        likely, on = model_value("side_told"), affected_side
    else:
        normal = sorted((sum(not one.abnormal and one.side == side for one in observations), side) for side in SIDES)
        (fewer, _), (more, on) = normal
        if more < model_value("side_fuller") * fewer or more == fewer:
            return 0.5, 0.5
        likely = model_value("side_examined")
    return (likely, 1 - likely) if on == SIDES[0] else (1 - likely, likely)


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
    6
    """
    if site != LOCAL_INJURY:
        return _lesions(site, patient.shares, patient.ages, patient.selection, by_leg=by_leg)
    muscles = [
        Lesion(site, on, name, part * share, selection=patient.selection)
        for on, share in zip(SIDES, patient.shares, strict=True)
        for name, part in [(name, part) for (name, side), part in patient.injured.items() if side == on] or [("", 1.0)]
    ]
    return _aged(muscles, patient.ages)


@cache
def _lesions(
    site: str, shares: tuple[float, float], ages: Ages, selection: Selection, *, by_leg: bool
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


def _aged(lesions: Sequence[Lesion], ages: Ages) -> tuple[Lesion, ...]:
    return tuple(
        replace(lesion, age=age, n_older=len(fitting) - 1) if len(fitting) > 1 else lesion
        for lesion in lesions
        for fitting in [ages.of_side(lesion.side)]
        for age in fitting
    )


def lesion_reach(lesions: Sequence[Lesion], tests: Sequence[str], *, test_sides: Sequence[str]) -> Floats:
    """Return the probability that each lesion changes each test, shape (n_lesions, n_severities, n_tests).

    Examples
    --------
    >>> from emgkit.localization.lesions import Lesion, lesion_reach
    >>> lesion_reach([Lesion("root_S1", "left")], ["soleus", "soleus"], test_sides=["left", "right"])[0, :, 1]
    array([0., 0., 0.])
    """
    (selection,) = {lesion.selection for lesion in lesions}
    table = reach(selection)
    columns = [table.test_index[test] for test in tests]
    rows = [table.site_index[reach_key(lesion.site, lesion.extent or lesion.leg)] for lesion in lesions]
    changed = table.by_severity[np.ix_(rows, columns)].transpose(0, 2, 1)
    sides = np.array([lesion.side for lesion in lesions])
    same = (sides[:, None] == np.array(test_sides)) | (sides[:, None] == BOTH)
    changed = changed * same[:, None, :]
    for row, lesion in enumerate(lesions):
        if lesion.muscle:
            hit = [test == lesion.muscle and side == lesion.side for test, side in zip(tests, test_sides, strict=True)]
            changed[row] = _local_reach()[:, None] * np.array(hit)
    return np.asarray(changed)


@cache
def _local_reach() -> Floats:
    return spread_over_severities(np.array(model_value("local_injury_reach")))


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
    table = reach()
    hidden = model_value("silent_per_reach") * table.silent[[table.test_index[test] for test in tests]]
    active = changed * visible
    silent = changed * (1 - visible) + (1 - changed) * hidden * changed
    return active, silent, 1 - active - silent


def shown_and_left(lesions: Sequence[Lesion], outcomes: Outcomes) -> tuple[Floats, Floats]:
    """Return what two lesions of one test share between them, each (4, n_lesions + 1, n_severities, n_tests, ...).

    Of two lesions the more severe one shows: a test that it changes is read so, else what the other does. So the
    likelihood of an outcome is the sum of four products, one for each way the two may meet: the more severe lesion
    shows; it hides and the other shows; it hides and the other does not show; it spares the test. The first array holds
    the factors of the more severe lesion, the second those of the other. The last row is no lesion at all, with which
    every lesion meets what it does alone.

    Parameters
    ----------
    lesions : sequence of Lesion
    outcomes : Outcomes

    Examples
    --------
    >>> from emgkit.localization.lesions import Lesion, shown_and_left
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.outcomes import found_at
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = read_needle_table([{"muscle": "soleus", "side": "left", "fibs": 2}])
    >>> found = found_at([observe_needle(rows, weeks=6)])
    >>> shown, left = shown_and_left([Lesion("root_S1", "left")], found)
    >>> alone, nothing = (shown * left[:, -1:]).sum(axis=0)[:, 1, 0]
    >>> bool(alone > nothing)
    True
    """
    age, process = [*(lesion.age for lesion in lesions), 0], [*(lesion.process for lesion in lesions), 0]
    changed = lesion_reach(lesions, outcomes.tests, test_sides=outcomes.sides)
    changed = np.concatenate([changed, np.zeros_like(changed[:1])])
    states = lesion_states(changed, outcomes.visible[age][:, None], tests=outcomes.tests)
    active, silent = outcomes.active[age, process], outcomes.silent[age, process][:, None]
    outer = (None,) * (outcomes.untouched.ndim - 1)
    shows, hides, spares = (state[(..., *outer)] for state in states)
    shown, hidden = shows * active, hides * silent
    alone = shown + hidden + spares * outcomes.untouched
    every = [np.broadcast_to(each, shown.shape) for each in (hides, spares, np.ones(1), 1 - shows)]
    return np.stack([shown, every[0], hidden, every[1]]), np.stack([every[2], shown, every[3], alone])
