"""From findings to a probability for each site, with the evidence: the way through this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import TableError
from emgkit.knowledge.anatomy import sites
from emgkit.knowledge.charts import DEFAULT_CHART
from emgkit.localization.ages import read_ages
from emgkit.localization.caveats import find_caveats
from emgkit.localization.context import read_context
from emgkit.localization.evidence import model_value
from emgkit.localization.explain import evidence_table, rows_assumed
from emgkit.localization.hypotheses import enumerate_hypotheses
from emgkit.localization.injury import injured_muscles
from emgkit.localization.lesions import Patient, side_shares
from emgkit.localization.observe import observe_conduction, observe_needle
from emgkit.localization.outcomes import found_at
from emgkit.localization.outlook import look_ahead
from emgkit.localization.pairs import pair_log_likelihoods
from emgkit.localization.reasons import explain
from emgkit.localization.scenarios import likelihoods, unfold
from emgkit.localization.selection import select_rows
from emgkit.localization.suggest import caution_beside, find_settling, suggest_tests
from emgkit.localization.tables import read_conduction_table, read_needle_table
from emgkit.localization.verdict import judge_inferior_gluteal
from emgkit.localization.weigh import Weighed, most_probable, weigh
from emgkit.model.localization import FAMILIES, POSTERIOR, Localization
from emgkit.model.recording import SIDES
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import TypeAlias

    import pandas as pd

    from emgkit.localization.ages import Ages
    from emgkit.localization.context import Context
    from emgkit.localization.evidence import AgeGroup, Floats
    from emgkit.localization.hypotheses import Hypotheses
    from emgkit.localization.observe import Observation
    from emgkit.localization.outcomes import Outcomes
    from emgkit.model.study import StudyEvent

    Table: TypeAlias = "pd.DataFrame | Iterable[Mapping[str, object]]"


def localize(
    needle: pd.DataFrame | Iterable[Mapping[str, object]],
    conduction: pd.DataFrame | Iterable[Mapping[str, object]] | None = None,
    *,
    clinical: Mapping[str, object] | Iterable[str] | None = None,
    imaging: Mapping[str, object] | Iterable[str] | None = None,
    history: Mapping[str, object] | Iterable[str] | None = None,
    weeks_since_onset: float | None = None,
    events: Iterable[StudyEvent | Mapping[str, object]] | None = None,
    affected_side: str | None = None,
    age_years: float | None = None,
    chart: str = DEFAULT_CHART,
    candidates: Iterable[str] | None = None,
    prior: str | Mapping[str, float] | None = None,
) -> Localization:
    """Say where the lesion is likely to be, given the findings of one examination.

    Every hypothesis is a site, or a pair of sites, each on a side. How severe a lesion is, is not known and is shared
    by all muscles it reaches; it is summed out exactly. So is, for the lesion of one root, whether its leg is prefixed,
    ordinary or postfixed; roots within a pair are those of the average leg. A muscle reports one state, and what was
    not assessed changes nothing.

    Parameters
    ----------
    needle : pandas.DataFrame or iterable of mapping
        Needle findings, one row a muscle and side; see ``read_needle_table``. May be empty.
    conduction : pandas.DataFrame or iterable of mapping, optional
        Results of nerve studies; see ``read_conduction_table``.
    clinical, imaging, history : mapping or iterable of str, optional
        Ids of the table of clinical findings, with True (present), False (looked for and absent) or a side. A list of
        ids means present. What is left out was not looked for.
    weeks_since_onset : float, optional
        At least 0. An absent fibrillation says little before week 3. When left out, as long as the last event.
    events : iterable of StudyEvent or mapping, optional
        What happened to the patient: ``weeks_ago`` and perhaps ``side`` and ``what``, as in ``study.toml``. A lesion
        may be as old as one of them instead of the onset, each of two lesions on its own.
    affected_side : {"left", "right"}, optional
        Side of the complaint. When left out, the side that was examined.
    age_years : float, optional
        Over 60, superficial fibular responses and paraspinals are judged by what is usual at that age, and an H reflex
        absent on both sides is kept for display only. When left out, as up to 60.
    chart : str
        Which roots a muscle is taken to have: ``"tsao"`` (the default, from needle findings in proven lesions),
        ``"phillips_park"`` (stimulation of roots) or ``"classical"`` (Kendall and older charts). Published counts are
        measurements and stay under every chart, also where they contradict it; the chart says what no count says.
    candidates : iterable of str, optional
        The only hypotheses to consider, pairs written ``a+b``. When left out, all single sites and all pairs; with a
        mapping as prior, what it names.
    prior : str or mapping, optional
        ``"general"`` (the default), ``"gluteal_referral"``, or the weight of each site.

    Returns
    -------
    Localization
        Probabilities among the hypotheses considered, the contribution of every finding, what to test next, and the
        statement on the inferior gluteal nerve.

    Raises
    ------
    TableError
        For an unknown column, side, grade or result, a negative time, or an age that no patient has.
    UnknownNameError
        For an unknown muscle, study, site, finding, chart or prior.
    StudyError
        For candidates or a prior that leave nothing to consider.

    References
    ----------
    Frequencies in surgically proven single roots: ``tsao_2003``. The rest is in the evidence tables, row by row.

    Examples
    --------
    >>> import emgkit
    >>> silent = ["gluteus medius", "semitendinosus", "BFSH", "medial gastroc", "TA", "paraspinals"]
    >>> rows = [{"muscle": "gluteus max.", "side": "L", "fibrillation": "2+"}]
    >>> rows += [{"muscle": name, "side": "L", "fibrillation": 0} for name in silent]
    >>> answer = emgkit.localize(rows, weeks_since_onset=6, prior="gluteal_referral")
    >>> answer.posterior["site"][0], answer.side
    ('inferior_gluteal', 'left')
    """
    _require_side(affected_side)
    ages = read_ages(weeks_since_onset, events)
    selection = select_rows(age_years=age_years, chart=chart)
    context = read_context(clinical=clinical, imaging=imaging, history=history, chart=selection.chart)
    hypotheses = enumerate_hypotheses(candidates, prior=prior, several_events=len(ages.weeks) > 1)
    by_age = _observe(needle, conduction, ages, operated=context.operated, age=selection.age)
    readable = [[one for one in found if not one.says_nothing] for found in by_age]
    observations, used, weeks = by_age[0], readable[0], ages.weeks[0]
    patient = Patient(injured_muscles(used, context), side_shares(used, affected_side), ages, selection)
    weighed, found = _weigh(hypotheses, patient, outcomes=found_at(readable), context=context)
    outlook = look_ahead(weighed, observations, ages=ages)
    suggestions = suggest_tests(weighed, outlook, context=context)
    settling, settling_probability = find_settling(weighed, outlook)
    verdict = judge_inferior_gluteal(weighed, observations, context=context, weeks=weeks)
    return Localization(
        posterior=_posterior(weighed),
        families=_families(weighed),
        evidence=evidence_table(weighed, observations, context=context),
        suggestions=suggestions,
        verdict=verdict,
        side=weighed.side,
        caveats=find_caveats(weighed, observations, context=context, weeks=weeks),
        assumed=tuple(sorted({*rows_assumed(weighed, used, context=context), *selection.assumed})),
        prior_name=hypotheses.prior_name,
        chart=selection.chart,
        weeks_since_onset=weeks,
        age_years=age_years,
        explanation=explain(
            weighed, used, found=found, context=context, outlook=outlook, suggested=suggestions["test"]
        ),
        idle_pairs=weighed.idle_pairs,
        settling=settling,
        settling_hazards=tuple(caution_beside(test, context) for test in settling),
        settling_probability=settling_probability,
    )


def _require_side(affected_side: str | None) -> None:
    if affected_side not in {None, *SIDES}:
        msg = f"affected_side is {affected_side!r}; it must be left or right, or None if not known."
        raise TableError(msg)


def _observe(
    needle: Table, conduction: Table | None, ages: Ages, *, operated: Collection[str], age: AgeGroup
) -> list[list[Observation]]:
    muscles, nerves = read_needle_table(needle), read_conduction_table([] if conduction is None else conduction)
    return [
        [
            *observe_needle(muscles, operated=operated, weeks=weeks, age=age),
            *observe_conduction(nerves, weeks=weeks, age=age),
        ]
        for weeks in ages.weeks
    ]


def _weigh(hypotheses: Hypotheses, patient: Patient, *, outcomes: Outcomes, context: Context) -> tuple[Weighed, Floats]:
    """Weigh all hypotheses; of many pairs, only the most probable ones are unfolded and told of."""
    told, pairs, log_likelihood = np.arange(len(hypotheses.names)), hypotheses.pairs, None
    count = int(model_value("pairs_told"))
    if len(pairs) > count:
        members = [hypotheses.members[pair] for pair in pairs]
        log_likelihood = pair_log_likelihoods(members, patient, outcomes=outcomes, context=context)
        kept = most_probable(log_likelihood, np.array(hypotheses.prior)[pairs], count=count)
        told = np.delete(told, np.delete(pairs, kept))
    scenarios = unfold(hypotheses, patient, only=told)
    found = likelihoods(scenarios, outcomes)
    if context.findings:
        found = np.concatenate([found, np.exp(context.log_likelihoods(scenarios))], axis=1)
    return weigh(hypotheses, scenarios, found=found, pairs=log_likelihood), found


def _posterior(weighed: Weighed) -> pd.DataFrame:
    hypotheses, order = weighed.hypotheses, weighed.order
    return make_table(
        POSTERIOR,
        {
            "site": [hypotheses.names[index] for index in order],
            "probability": weighed.probability[order].tolist(),
            "log_likelihood": weighed.log_likelihood[order].tolist(),
            "prior": np.array(hypotheses.prior)[order].tolist(),
        },
    )


def _families(weighed: Weighed) -> pd.DataFrame:
    """Sum the sites of each family; a pair counts half for each of its two."""
    total: dict[str, float] = dict.fromkeys(dict.fromkeys(site.family for site in sites().values()), 0.0)
    share = weighed.probability / np.array([len(members) for members in weighed.hypotheses.members])
    for site, holding in weighed.hypotheses.holding.items():
        total[sites()[site].family] += float(share[holding].sum())
    rows = [{"family": family, "probability": value} for family, value in total.items()]
    return make_table(FAMILIES, sorted(rows, key=lambda row: -float(str(row["probability"]))))
