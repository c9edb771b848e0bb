"""Prior times likelihood, summed over scenarios: the posterior, and what it would be without each finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    log_likelihood : array of shape (n_hypotheses,)
        Of all findings, sides and severities summed out.
    probability : array of shape (n_hypotheses,)
    scenario_probability : array of shape (n_scenarios,)
        Sums to one.
    contribution : array of shape (n_findings, n_hypotheses)
        Log likelihood of a finding given all the others, sides and severities summed out: all findings minus all but
        this one. Findings share a severity, so the contributions of one site need not add up to its log likelihood.
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

    @property
    def order(self) -> NDArray[np.intp]:
        """Hypotheses from the most probable on; equal ones keep the order of the site table."""
        return np.argsort(-self.probability, kind="stable")

    @property
    def leading(self) -> tuple[str, ...]:
        """Sites of the most probable hypothesis."""
        return self.hypotheses.members[int(self.order[0])]

    def probability_of(self, *wanted: str) -> float:
        """Return the probability that at least one of these sites carries a lesion."""
        holds = [bool(set(members) & set(wanted)) for members in self.hypotheses.members]
        return float(self.probability[holds].sum())


def weigh(hypotheses: Hypotheses, scenarios: Scenarios, *, found: Floats) -> Weighed:
    """Weigh findings into hypotheses.

    Parameters
    ----------
    hypotheses : Hypotheses
    scenarios : Scenarios
        Of these hypotheses.
    found : array of shape (n_scenarios, n_findings)
        Log likelihood of every finding in every scenario.

    Returns
    -------
    Weighed

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.localization.hypotheses import enumerate_hypotheses
    >>> from emgkit.localization.scenarios import unfold
    >>> from emgkit.localization.weigh import weigh
    >>> hypotheses = enumerate_hypotheses(["root_S1", "none"], prior={"root_S1": 1, "none": 3})
    >>> scenarios = unfold(hypotheses, {})
    >>> weigh(hypotheses, scenarios, found=np.zeros((len(scenarios.hypothesis), 0))).probability
    array([0.25, 0.75])
    """
    total = scenarios.log_weight + found.sum(axis=1)
    log_likelihood = _sum_scenarios(total, scenarios)
    without = _sum_scenarios(total[:, None] - found, scenarios)
    with np.errstate(divide="ignore"):
        log_prior = np.log(np.array(hypotheses.prior))
    joint = log_prior + log_likelihood
    joint -= joint.max()
    probability = np.exp(joint) / np.exp(joint).sum()
    share = np.exp(total - log_likelihood[scenarios.hypothesis])
    scenario_probability = share * probability[scenarios.hypothesis]
    return Weighed(
        hypotheses,
        scenarios,
        log_likelihood,
        probability,
        scenario_probability,
        contribution=(log_likelihood[:, None] - without).T,
        side=_side(probability, scenario_probability, scenarios),
    )


def _sum_scenarios(values: Floats, scenarios: Scenarios) -> Floats:
    starts, hypothesis = scenarios.starts, scenarios.hypothesis
    largest = np.maximum.reduceat(values, starts, axis=0)
    return np.asarray(largest + np.log(np.add.reduceat(np.exp(values - largest[hypothesis]), starts, axis=0)))


def _side(probability: Floats, scenario_probability: Floats, scenarios: Scenarios) -> str:
    leading = scenarios.hypothesis == int(np.argmax(probability))
    sides = np.array([lesion.side for lesion in scenarios.lesions])[scenarios.first]
    left, right = (float(scenario_probability[leading & (sides == side)].sum()) for side in SIDES)
    if abs(left - right) <= _SAME * (left + right):
        return ""
    return SIDES[0] if left > right else SIDES[1]
