"""Prior times likelihood, summed over scenarios: the posterior, and what it would be without each finding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from emgkit.localization.ages import lone_log_weight
from emgkit.localization.evidence import model_value
from emgkit.localization.logs import log_product
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from emgkit.localization.evidence import Floats
    from emgkit.localization.hypotheses import Hypotheses
    from emgkit.localization.scenarios import Scenarios

_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Weighed:
    """Hypotheses with the findings weighed in.

    Parameters
    ----------
    hypotheses : Hypotheses
    scenarios : Scenarios
        Of the hypotheses that are told of: all but pairs that hardly count.
    log_likelihood : array of shape (n_hypotheses,)
        Of all findings, sides and severities summed out.
    probability : array of shape (n_hypotheses,)
    scenario_probability : array of shape (n_scenarios,)
        Those of one hypothesis sum to its probability.
    contribution : array of shape (n_findings, n_hypotheses)
        Log likelihood of a finding given all the others, sides and severities summed out: all findings minus all but
        this one. Findings share a severity, so the contributions of one site need not add up to its log likelihood.
        NaN where a hypothesis is not told of.
    side : {"left", "right", ""}
        Of the leading hypothesis.
    """

    hypotheses: Hypotheses
    scenarios: Scenarios
    log_likelihood: Floats
    probability: Floats
    scenario_probability: Floats
    contribution: Floats
    side: str

    @cached_property
    def order(self) -> NDArray[np.intp]:
        """Hypotheses from the most probable on; equal ones keep the order of the site table."""
        return np.argsort(-self.probability, kind="stable")

    @cached_property
    def told(self) -> NDArray[np.intp]:
        """Hypotheses that are told of, from the most probable on."""
        return self.order[np.isin(self.order, self.scenarios.hypotheses)]

    @cached_property
    def idle(self) -> NDArray[np.bool_]:
        """Pairs that make the findings hardly likelier than one of their two sites alone does, or hardly count.

        The leading hypothesis is none of them.
        """
        pairs = self.hypotheses.pairs
        alone = np.append(self._at_any_age(), -np.inf)[self.hypotheses.alone].max(axis=1, initial=-np.inf)
        idle = np.zeros(len(self.probability), dtype=bool)
        idle[pairs] = (self.log_likelihood[pairs] < alone + np.log(model_value("pair_adds"))) | (
            self.probability[pairs] < model_value("pair_named")
        )
        idle[self.order[0]] = False
        return idle

    @property
    def idle_pairs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.hypotheses.names[index] for index in np.flatnonzero(self.idle))

    @cached_property
    def named(self) -> NDArray[np.intp]:
        """Those that are told of without idle pairs."""
        return self.told[~self.idle[self.told]]

    def _at_any_age(self) -> Floats:
        """Log likelihood of lone lesions if every age were as good as that of the onset: a pair may choose its ages."""
        scenarios, log_likelihood = self.scenarios, self.log_likelihood.copy()
        age = np.array([(lesion.age, lesion.n_older) for lesion in scenarios.lesions]).T
        freed = self.scenario_probability * np.exp(-lone_log_weight(age[:, scenarios.first]))
        told = scenarios.hypotheses[self.probability[scenarios.hypotheses] > 0]
        summed = np.bincount(scenarios.hypothesis, freed, minlength=len(log_likelihood))
        log_likelihood[told] += np.log(summed[told] / self.probability[told])
        return log_likelihood

    @property
    def leading(self) -> tuple[str, ...]:
        """Sites of the most probable hypothesis."""
        return self.hypotheses.members[int(self.order[0])]

    def probability_of(self, *wanted: str, with_idle: bool = True) -> float:
        """Return the probability that at least one of these sites carries a lesion, with or without idle pairs."""
        holding = self.hypotheses.holding
        holds = np.zeros(len(self.probability), dtype=bool)
        for site in wanted:
            holds[holding.get(site, [])] = True
        if not with_idle:
            holds &= ~self.idle
        return float(self.probability[holds].sum())


def weigh(hypotheses: Hypotheses, scenarios: Scenarios, *, found: Floats, pairs: Floats | None = None) -> Weighed:
    """Weigh findings into hypotheses.

    Parameters
    ----------
    hypotheses : Hypotheses
    scenarios : Scenarios
        Of these hypotheses; of all that are no pairs.
    found : array of shape (n_scenarios, n_findings)
        Likelihood of every finding in every scenario.
    pairs : array of shape (n_pairs,), optional
        Log likelihood of all findings for every pair; those that have scenarios do not need it.

    Returns
    -------
    Weighed

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.lesions import Patient
    >>> from emgkit.localization.scenarios import unfold
    >>> from emgkit.localization.weigh import weigh
    >>> hypotheses = enumerate_hypotheses(["root_S1", "none"], prior={"root_S1": 1, "none": 3})
    >>> scenarios = unfold(hypotheses, Patient({}))
    >>> weigh(hypotheses, scenarios, found=np.ones((len(scenarios.hypothesis), 0))).probability
    array([0.25, 0.75])
    """
    told = scenarios.hypotheses
    total = scenarios.log_weight + log_product(found)
    log_likelihood = np.full(len(hypotheses.names), np.nan)
    if pairs is not None:
        log_likelihood[hypotheses.pairs] = pairs
    log_likelihood[told] = _sum_scenarios(total, scenarios)
    share = np.exp(total - log_likelihood[scenarios.hypothesis])
    contribution = np.full((found.shape[1], len(log_likelihood)), np.nan)
    ends = [*scenarios.starts[1:], len(total)]
    for hypothesis, start, end in zip(told, scenarios.starts, ends, strict=True):
        contribution[:, hypothesis] = -np.log(share[start:end] @ (1 / found[start:end]))
    with np.errstate(divide="ignore"):
        joint = np.log(np.array(hypotheses.prior)) + log_likelihood
    probability = np.exp(joint - joint.max())
    probability /= probability.sum()
    scenario_probability = share * probability[scenarios.hypothesis]
    return Weighed(
        hypotheses,
        scenarios,
        log_likelihood,
        probability,
        scenario_probability,
        contribution=contribution,
        side=_side(probability, scenario_probability, scenarios),
    )


def most_probable(log_likelihood: Floats, prior: Floats, *, count: int) -> NDArray[np.intp]:
    """Return the positions of the most probable hypotheses, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.weigh import most_probable
    >>> most_probable(np.log([0.5, 0.1, 0.9]), np.array([0.3, 0.4, 0.3]), count=2)
    array([0, 2])
    """
    with np.errstate(divide="ignore"):
        return np.sort(np.argsort(-(np.log(prior) + log_likelihood), kind="stable")[:count])


def _sum_scenarios(total: Floats, scenarios: Scenarios) -> Floats:
    largest = np.maximum.reduceat(total, scenarios.starts)
    lengths = np.diff(scenarios.starts, append=len(total))
    return np.asarray(largest + np.log(np.add.reduceat(np.exp(total - np.repeat(largest, lengths)), scenarios.starts)))


def _side(probability: Floats, scenario_probability: Floats, scenarios: Scenarios) -> str:
    leading = scenarios.hypothesis == int(np.argmax(probability))
    sides = np.array([*(lesion.side for lesion in scenarios.lesions), ""])  # the last: no second lesion
    left, right = (
        float(
            scenario_probability[leading & ((sides[scenarios.first] == side) | (sides[scenarios.second] == side))].sum()
        )
        for side in SIDES
    )
    if abs(left - right) <= _SAME * (left + right):
        return ""
    return SIDES[0] if left > right else SIDES[1]
