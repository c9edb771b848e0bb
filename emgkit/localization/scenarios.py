"""Every hypothesis unfolded into scenarios: which side, and how severe.

A scenario fixes the probability of every finding. The sum over scenarios is exact. All work is on arrays of shape
(n_scenarios, n_findings); ``tests/naive.py`` does the same with loops over a joint table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import extents, sites
from emgkit.localization.evidence import model_value, severities
from emgkit.localization.legs import LEGS, leg_weights
from emgkit.localization.observe import PROCESSES
from emgkit.localization.reach import LOCAL_INJURY, is_root, reach, reach_key, spread_over_severities
from emgkit.localization.selection import USUAL
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from emgkit.localization.evidence import Floats
    from emgkit.localization.hypotheses import Hypotheses
    from emgkit.localization.observe import Observation
    from emgkit.localization.selection import Selection

BOTH = "both"
_PROCESS = {"motor_neuron_disease": "motor_neuron", "myopathy": "myopathic"}


@dataclass(frozen=True)
class Lesion:
    """One site on one side, perhaps one extent of it, and the rows of the tables that tell its reach.

    A local injury also names its muscle, a root the kind of leg; without one, it is the average leg.
    """

    site: str
    side: str
    muscle: str = ""
    share: float = 1.0
    extent: str = ""
    leg: str = ""
    selection: Selection = USUAL

    @property
    def process(self) -> int:
        """Position in ``PROCESSES``."""
        return PROCESSES.index(_PROCESS.get(self.site, "neurogenic"))


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Hypotheses x sides x severities, for a single root also x kinds of leg.

    Parameters
    ----------
    hypothesis : int array of shape (n_scenarios,)
        Sorted: scenarios of one hypothesis stand together.
    log_weight : array of shape (n_scenarios,)
        Of the scenario within its hypothesis.
    first, second : int array of shape (n_scenarios,)
        Lesion; the second is -1 where there is none.
    first_severity, second_severity : int array of shape (n_scenarios,)
    lesions : tuple of Lesion
    """

    hypothesis: NDArray[np.intp]
    log_weight: Floats
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    first_severity: NDArray[np.intp]
    second_severity: NDArray[np.intp]
    lesions: tuple[Lesion, ...]

    @property
    def selection(self) -> Selection:
        """Which rows of the tables hold."""
        return self.lesions[0].selection

    @property
    def starts(self) -> NDArray[np.intp]:
        """First scenario of every hypothesis."""
        return np.flatnonzero(np.diff(self.hypothesis, prepend=-1))

    def chosen(self, keep: NDArray[np.bool_]) -> Scenarios:
        """Return the scenarios to keep."""
        return replace(
            self,
            **{
                field: getattr(self, field)[keep]
                for field in ("hypothesis", "log_weight", "first", "second", "first_severity", "second_severity")
            },
        )


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
    >>> from emgkit.localization.scenarios import side_shares
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


def unfold(
    hypotheses: Hypotheses,
    injured: Mapping[tuple[str, str], float],
    *,
    shares: tuple[float, float] = (0.5, 0.5),
    selection: Selection = USUAL,
) -> Scenarios:
    """Unfold hypotheses into scenarios.

    Which kind of leg it is, prefixed, ordinary or postfixed, is a scenario where the hypothesis is one root. Within a
    pair a root reaches what it reaches in the average leg: three times the scenarios would buy little there.

    Parameters
    ----------
    hypotheses : Hypotheses
    injured : mapping of (muscle, side) to float
        Muscles that a local injury may have hit: those sampled, with shares that sum to one for each side.
    shares : tuple of float
        From ``side_shares``.
    selection : Selection
        From ``select_rows``.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.scenarios import unfold
    >>> scenarios = unfold(enumerate_hypotheses(["none", "root_S1", "root_S1+inferior_gluteal"]), {})
    >>> [int((scenarios.hypothesis == number).sum()) for number in range(3)]
    [3, 18, 36]
    """
    lesions: list[Lesion] = []
    of_site: dict[tuple[str, bool], list[int]] = {}
    for site, by_leg in dict.fromkeys(_by_leg(site, of) for of in hypotheses.members for site in of):
        found = [replace(lesion, selection=selection) for lesion in _lesions(site, injured, shares, by_leg=by_leg)]
        of_site[site, by_leg] = list(range(len(lesions), len(lesions) + len(found)))
        lesions.extend(found)
    share = np.log([lesion.share for lesion in lesions])
    severity = np.log(severities().weight)
    levels = list(range(len(severity)))
    columns: list[NDArray[np.intp]] = []
    weights = []
    for number, members in enumerate(hypotheses.members):
        second = (of_site[_by_leg(members[1], members)], levels) if len(members) > 1 else ([-1], [0])
        grid = _grid(of_site[_by_leg(members[0], members)], levels, *second)
        weight = share[grid[:, 0]] + severity[grid[:, 1]]
        if len(members) > 1:
            weight = weight + share[grid[:, 2]] + severity[grid[:, 3]]
        columns.append(np.column_stack([np.full(len(grid), number), grid]))
        weights.append(weight)
    table = np.concatenate(columns)
    return Scenarios(
        hypothesis=table[:, 0],
        log_weight=np.concatenate(weights),
        first=table[:, 1],
        first_severity=table[:, 2],
        second=table[:, 3],
        second_severity=table[:, 4],
        lesions=tuple(lesions),
    )


def log_likelihoods(scenarios: Scenarios, observations: Sequence[Observation]) -> Floats:
    """Return the log likelihood of every finding in every scenario, shape (n_scenarios, n_observations).

    Given the scenario, findings are independent. Of two lesions the more severe one shows: a muscle that it makes
    fibrillate is read so, else what the other does.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.scenarios import log_likelihoods, unfold
    >>> log_likelihoods(unfold(enumerate_hypotheses(["none"]), {}), []).shape
    (3, 0)
    """
    if not observations:
        return np.zeros((len(scenarios.hypothesis), 0))
    active = np.stack([one.active for one in observations], axis=-1)
    silent = np.stack([one.silent for one in observations], axis=-1)
    untouched = np.array([one.untouched for one in observations])
    visible = np.array([one.visible for one in observations])
    tests = [one.test for one in observations]
    changed = lesion_reach(scenarios.lesions, tests, test_sides=[one.side for one in observations])
    states = lesion_states(changed, visible, tests=tests)
    likelihood = mixture(scenarios, states, active=active, silent=silent, untouched=untouched)
    return np.asarray(np.log(likelihood))


def lesion_reach(lesions: Sequence[Lesion], tests: Sequence[str], *, test_sides: Sequence[str]) -> Floats:
    """Return the probability that each lesion changes each test, shape (n_lesions, n_severities, n_tests).

    Examples
    --------
    >>> from emgkit.localization.scenarios import Lesion, lesion_reach
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
    local = spread_over_severities(np.array(model_value("local_injury_reach")))
    for row, lesion in enumerate(lesions):
        if lesion.muscle:
            hit = [test == lesion.muscle and side == lesion.side for test, side in zip(tests, test_sides, strict=True)]
            changed[row] = local[:, None] * np.array(hit)
    return np.asarray(changed)


def lesion_states(changed: Floats, visible: Floats, *, tests: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Return the probabilities of the states active, silent and untouched, each (n_lesions, n_severities, n_tests).

    Parameters
    ----------
    changed : array of shape (n_lesions, n_severities, n_tests)
        From ``lesion_reach``.
    visible : array of shape (n_tests,)
        Part of the change that can be seen at this time.
    tests : sequence of str

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.scenarios import lesion_states
    >>> states = lesion_states(np.full((1, 1, 1), 0.5), np.ones(1), tests=["sural_sensory"])
    >>> [float(state[0, 0, 0]) for state in states]
    [0.5, 0.0, 0.5]
    """
    table = reach()
    hidden = model_value("silent_per_reach") * table.silent[[table.test_index[test] for test in tests]]
    active = changed * visible
    silent = changed * (1 - visible) + (1 - changed) * hidden * changed
    return active, silent, 1 - active - silent


def _by_leg(site: str, members: tuple[str, ...]) -> tuple[str, bool]:
    return site, members == (site,) and is_root(site)


def _lesions(
    site: str, injured: Mapping[tuple[str, str], float], shares: tuple[float, float], *, by_leg: bool
) -> list[Lesion]:
    if site == LOCAL_INJURY:
        of_side = {
            on: [Lesion(site, on, name, part * share) for (name, side), part in injured.items() if side == on]
            or [Lesion(site, on, share=share)]
            for on, share in zip(SIDES, shares, strict=True)
        }
        return [lesion for lesions in of_side.values() for lesion in lesions]
    if site == "none":
        return [Lesion(site, "")]
    if sites()[site].bilateral:
        return [Lesion(site, BOTH)]
    sided = [Lesion(site, side, share=share) for side, share in zip(SIDES, shares, strict=True)]
    if by_leg:
        kinds = list(zip(LEGS, leg_weights().tolist(), strict=True))
        return [replace(lesion, share=lesion.share * part, leg=leg) for lesion in sided for leg, part in kinds]
    parts = [(one.extent, one.weight) for one in extents(site)] or [("", 1.0)]
    return [replace(lesion, share=lesion.share * part, extent=extent) for lesion in sided for extent, part in parts]


def _grid(*choices: Sequence[int]) -> NDArray[np.intp]:
    places = _places(tuple(map(len, choices)))
    return np.column_stack([np.asarray(choice, dtype=np.intp)[at] for choice, at in zip(choices, places, strict=True)])


@cache
def _places(shape: tuple[int, ...]) -> NDArray[np.intp]:
    return np.indices(shape).reshape(len(shape), -1)


def mixture(
    scenarios: Scenarios,
    states: tuple[Floats, Floats, Floats],
    *,
    active: Floats,
    silent: Floats,
    untouched: Floats,
) -> Floats:
    """Return the probability of every outcome in every scenario, shape (n_scenarios, n_tests).

    Parameters
    ----------
    scenarios : Scenarios
    states : tuple of array
        From ``lesion_states``.
    active : array of shape (n_processes, n_severities, n_tests)
        P(outcome | the lesion shows in this test).
    silent : array of shape (n_processes, n_tests)
        P(outcome | reached, not fibrillating).
    untouched : array of shape (n_tests,)
        P(outcome | no lesion).

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.scenarios import mixture, unfold
    >>> scenarios = unfold(enumerate_hypotheses(["none"]), {})
    >>> states = (np.zeros((1, 3, 1)), np.zeros((1, 3, 1)), np.ones((1, 3, 1)))
    >>> mixture(
    ...     scenarios, states, active=np.ones((3, 3, 1)), silent=np.ones((3, 1)), untouched=np.array([0.25])
    ... ).ravel()
    array([0.25, 0.25, 0.25])
    """
    shows, hides, spared = states
    process = [lesion.process for lesion in scenarios.lesions]
    shown = shows * active[process]
    quiet = silent[process][:, None, :]
    alone = shown + hides * quiet + spared * untouched
    likelihood = alone[scenarios.first, scenarios.first_severity]
    pairs = scenarios.second >= 0
    if not pairs.any():
        return np.asarray(likelihood)
    first, level = scenarios.first[pairs], scenarios.first_severity[pairs]
    second, second_level = scenarios.second[pairs], scenarios.second_severity[pairs]
    swap = second_level > level
    one = np.where(swap, second, first), np.where(swap, second_level, level)
    two = np.where(swap, first, second), np.where(swap, level, second_level)
    # the more severe lesion shows, or it hides and the other shows or hides too, or it spares the muscle
    likelihood[pairs] = (
        shown[one] + hides[one] * shown[two] + (hides * quiet)[one] * (1 - shows)[two] + spared[one] * alone[two]
    )
    return np.asarray(likelihood)
