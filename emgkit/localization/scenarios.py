"""Hypotheses unfolded into scenarios: which side, which extent, how severe, how old.

A scenario fixes the probability of every finding. The sum over scenarios is exact. All work is on arrays of shape
(n_scenarios, n_findings); ``tests/naive.py`` does the same with loops over a joint table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from emgkit.localization.ages import lone_log_weight, pair_log_weight
from emgkit.localization.evidence import severities
from emgkit.localization.lesions import Patient, effects, lesions_of
from emgkit.localization.reach import is_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from emgkit.localization.evidence import Floats
    from emgkit.localization.hypotheses import Hypotheses
    from emgkit.localization.lesions import Lesion
    from emgkit.localization.outcomes import Outcomes
    from emgkit.localization.selection import Selection

_NUMBERS = 20_000  # likelihoods worked on at a time: what stays in the nearest memory


@dataclass(frozen=True, eq=False)
class Scenarios:
    """Hypotheses x lesions x severities, for a single root also x kinds of leg.

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

    @property
    def hypotheses(self) -> NDArray[np.intp]:
        """Hypotheses that have scenarios, sorted."""
        return self.hypothesis[self.starts]

    def merged(
        self, keep: NDArray[np.bool_], weight: Floats, *, reaching: NDArray[np.bool_] | None = None
    ) -> tuple[Scenarios, Floats]:
        """Return the scenarios to keep with their weights, those put together that differ in no test.

        ``reaching`` tells of every lesion whether it reaches any of the tests; when left out, each does.
        """
        reaching = np.append(np.ones(len(self.lesions), dtype=bool) if reaching is None else reaching, False)
        first, second = (np.where(reaching[each], each, -1) for each in (self.first[keep], self.second[keep]))
        severity, beside = self.first_severity[keep] * (first >= 0), self.second_severity[keep] * (second >= 0)
        alone = first < 0  # what is left stands first
        first, second = np.where(alone, second, first), np.where(alone, -1, second)
        severity, beside = np.where(alone, beside, severity), np.where(alone, 0, beside)
        used = np.union1d(np.concatenate([first, second]), [-1, 0])[1:]  # the rest is not asked for
        place = np.full(len(reaching), -1)
        place[used] = np.arange(len(used))
        first, second = place[first], place[second]
        size = max(len(reaching), len(severities().names))
        key = self.hypothesis[keep]
        for each in (first + 1, severity, second + 1, beside):
            key = key * size + each
        _, at, group = np.unique(key, return_index=True, return_inverse=True)
        return Scenarios(
            self.hypothesis[keep][at],
            log_weight=self.log_weight[keep][at],
            first=first[at],
            second=second[at],
            first_severity=severity[at],
            second_severity=beside[at],
            lesions=tuple(self.lesions[one] for one in used),
        ), np.bincount(group, weight[keep]).astype(float)


def unfold(hypotheses: Hypotheses, patient: Patient, *, only: Iterable[int] | None = None) -> Scenarios:
    """Unfold hypotheses into scenarios.

    Which kind of leg it is, prefixed, ordinary or postfixed, is a scenario where the hypothesis is one root. Within a
    pair a root reaches what it reaches in the average leg: three times the scenarios would buy little there.

    Parameters
    ----------
    hypotheses : Hypotheses
    patient : Patient
    only : iterable of int, optional
        Positions of the hypotheses to unfold, in their order; all when left out.

    Examples
    --------
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.scenarios import unfold
    >>> scenarios = unfold(enumerate_hypotheses(["none", "root_S1", "root_S1+inferior_gluteal"]), Patient({}))
    >>> [int((scenarios.hypothesis == number).sum()) for number in range(3)]
    [3, 30, 36]
    """
    chosen = range(len(hypotheses.members)) if only is None else only
    lesions: list[Lesion] = []
    places: dict[tuple[str, bool], NDArray[np.intp]] = {}
    levels = np.arange(len(severities().names))
    tables = []
    for number in chosen:
        members = hypotheses.members[number]
        by_leg = len(members) == 1 and is_root(members[0])
        for site in members:
            if (site, by_leg) not in places:
                found = lesions_of(site, patient, by_leg=by_leg)
                places[site, by_leg] = np.arange(len(lesions), len(lesions) + len(found))
                lesions.extend(found)
        second = (places[members[1], by_leg], levels) if len(members) > 1 else (np.array([-1]), np.array([0]))
        tables.append(_grid(np.array([number]), places[members[0], by_leg], levels, *second))
    hypothesis, first, first_severity, second_lesion, second_severity = np.concatenate(tables, axis=1)
    share, weight = np.log([lesion.share for lesion in lesions]), np.log(severities().weight)
    age = np.array([(lesion.age, lesion.n_older) for lesion in lesions]).T
    lone, both = lone_log_weight(age[:, first]), pair_log_weight(age[:, first], age[:, second_lesion])
    is_pair = second_lesion >= 0
    log_weight = share[first] + weight[first_severity] + np.where(is_pair, both, lone)
    log_weight += np.where(is_pair, share[second_lesion] + weight[second_severity], 0.0)
    possible = np.isfinite(log_weight)
    return Scenarios(
        hypothesis[possible],
        log_weight=log_weight[possible],
        first=first[possible],
        second=second_lesion[possible],
        first_severity=first_severity[possible],
        second_severity=second_severity[possible],
        lesions=tuple(lesions),
    )


def likelihoods(scenarios: Scenarios, outcomes: Outcomes) -> Floats:
    """Return the probability of every outcome in every scenario, shape (n_scenarios, n_tests, ...).

    Given the scenario, tests are independent. Of two lesions the more severe one shows, of two alike the first: see
    ``Effects``.

    Parameters
    ----------
    scenarios : Scenarios
    outcomes : Outcomes

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.observe import observe_needle
    >>> from emgkit.localization.outcomes import found_at
    >>> from emgkit.localization.scenarios import likelihoods, unfold
    >>> from emgkit.localization.tables import read_needle_table
    >>> rows = [{"muscle": "soleus", "side": "left", "fibs": grade} for grade in (0, 1, 2, 3)]
    >>> found = [found_at([observe_needle(read_needle_table([row]), weeks=6)]) for row in rows]
    >>> scenarios = unfold(enumerate_hypotheses(["root_S1+femoral"]), Patient({}))
    >>> bool(np.allclose(sum(likelihoods(scenarios, one) for one in found), 1))
    True
    """
    (more, less), effect = _meeting(scenarios), effects(scenarios.lesions, outcomes)
    found = np.empty((len(more), *effect.shown.shape[2:]))
    step = max(1, _NUMBERS * len(more) // max(1, found.size))
    for start in range(0, len(more), step):
        of = slice(start, start + step)
        found[of] = _rows(effect.shown).take(more[of], axis=0)
        for one, other in effect.ways:
            found[of] += _rows(one).take(more[of], axis=0) * _rows(other).take(less[of], axis=0)
    return found


def summed_likelihoods(scenarios: Scenarios, outcomes: Outcomes, *, weight: Floats) -> Floats:
    """Return the sum of weight times likelihood over the scenarios of each hypothesis, (n_hypotheses, n_tests, ...).

    The same as ``likelihoods`` would give, without the likelihoods of every scenario: what the less severe lesions
    leave is added up for each more severe one.

    Parameters
    ----------
    scenarios : Scenarios
    outcomes : Outcomes
    weight : array of shape (n_scenarios,)

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.outcomes import found_at
    >>> from emgkit.localization.scenarios import summed_likelihoods, unfold
    >>> scenarios = unfold(enumerate_hypotheses(["none", "root_S1"]), Patient({}))
    >>> weight = np.exp(scenarios.log_weight)
    >>> summed_likelihoods(scenarios, found_at([[]]), weight=weight).shape
    (2, 0)
    """
    (more, less), effect = _meeting(scenarios), effects(scenarios.lesions, outcomes)
    order = np.lexsort((more, scenarios.hypothesis))
    hypothesis, more, less = scenarios.hypothesis[order], more[order], less[order]
    starts = np.flatnonzero(np.diff(hypothesis, prepend=-1) | np.diff(more, prepend=-1))
    more, size = more[starts], len(_rows(effect.shown))
    beside = csr_array((weight[order], less, np.append(starts, len(order))), shape=(len(starts), size))
    outer = (None,) * (effect.shown.ndim - 2)
    total = _rows(effect.shown).take(more, axis=0) * np.asarray(beside.sum(axis=1))[(..., *outer)]
    for one, other in effect.ways:
        left = beside @ other.reshape(size, prod(other.shape[2:]))
        total += _rows(one).take(more, axis=0) * left.reshape(len(starts), *other.shape[2:])
    return np.asarray(np.add.reduceat(total, np.flatnonzero(np.diff(hypothesis[starts], prepend=-1)), axis=0))


def _rows(values: Floats) -> Floats:
    """Lesions x severities as one axis."""
    return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])


def _meeting(scenarios: Scenarios) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the more and the less severe lesion of every scenario as rows of lesion x severity, no lesion last."""
    severity, beside = scenarios.first_severity, scenarios.second_severity
    first, second = (np.where(one < 0, len(scenarios.lesions), one) for one in (scenarios.first, scenarios.second))
    swap = (scenarios.second >= 0) & (beside > severity)
    levels = len(severities().names)
    one, other = first * levels + severity, second * levels + beside
    return np.where(swap, other, one), np.where(swap, one, other)


def _grid(*choices: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    places = _places(tuple(map(len, choices)))
    return np.stack([np.asarray(choice)[at] for choice, at in zip(choices, places, strict=True)])


@cache
def _places(shape: tuple[int, ...]) -> NDArray[np.intp]:
    return np.indices(shape).reshape(len(shape), -1)
