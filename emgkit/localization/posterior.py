"""From findings to a probability for each site, with the evidence: the way through this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import TableError
from emgkit.knowledge.anatomy import sites
from emgkit.knowledge.charts import DEFAULT_CHART
from emgkit.localization.caveats import find_caveats
from emgkit.localization.context import read_context
from emgkit.localization.explain import evidence_table, rows_assumed
from emgkit.localization.hypotheses import enumerate_hypotheses
from emgkit.localization.injury import injured_muscles
from emgkit.localization.observe import observe_conduction, observe_needle
from emgkit.localization.outlook import look_ahead
from emgkit.localization.reasons import explain
from emgkit.localization.scenarios import log_likelihoods, side_shares, unfold
from emgkit.localization.selection import select_rows
from emgkit.localization.suggest import caution_beside, find_settling, suggest_tests
from emgkit.localization.tables import read_conduction_table, read_needle_table
from emgkit.localization.verdict import judge_inferior_gluteal
from emgkit.localization.weigh import Weighed, weigh
from emgkit.model.localization import FAMILIES, POSTERIOR, Localization
from emgkit.model.recording import SIDES
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import TypeAlias

    import pandas as pd

    from emgkit.localization.evidence import AgeGroup
    from emgkit.localization.observe import Observation

    Table: TypeAlias = "pd.DataFrame | Iterable[Mapping[str, object]]"


def localize(
    needle: pd.DataFrame | Iterable[Mapping[str, object]],
    conduction: pd.DataFrame | Iterable[Mapping[str, object]] | None = None,
    *,
    clinical: Mapping[str, object] | Iterable[str] | None = None,
    imaging: Mapping[str, object] | Iterable[str] | None = None,
    history: Mapping[str, object] | Iterable[str] | None = None,
    weeks_since_onset: float | None = None,
    affected_side: str | None = None,
    age_years: float | None = None,
    chart: str = DEFAULT_CHART,
    candidates: Iterable[str] | None = None,
    prior: str | Mapping[str, float] | None = None,
) -> Localization:
    """Say where the lesion is likely to be, given the findings of one examination.

    Every hypothesis is a site (or a pair of sites, where listed) on a side. How severe the lesion is, is not known and
    is shared by all muscles it reaches; it is summed out exactly. So is, for the lesion of one root, whether its leg is
    prefixed, ordinary or postfixed; roots within a pair are those of the average leg. A muscle reports one state, and
    what was not assessed changes nothing.

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
        At least 0. An absent fibrillation says little before week 3.
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
        The only hypotheses to consider, pairs written ``a+b``. All single sites when left out.
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
    _check_told(weeks_since_onset, affected_side)
    selection = select_rows(age_years=age_years, chart=chart)
    context = read_context(clinical=clinical, imaging=imaging, history=history, chart=selection.chart)
    observations = _observe(needle, conduction, weeks_since_onset, operated=context.operated, age=selection.age)
    hypotheses = enumerate_hypotheses(candidates, prior=prior)
    used = [one for one in observations if not one.says_nothing]
    shares = side_shares(used, affected_side)
    scenarios = unfold(hypotheses, injured_muscles(used, context), shares=shares, selection=selection)
    found = log_likelihoods(scenarios, used)
    found = np.concatenate([found, context.log_likelihoods(scenarios)], axis=1)
    weighed = weigh(hypotheses, scenarios, found=found)
    outlook = look_ahead(weighed, observations, weeks=weeks_since_onset)
    suggestions = suggest_tests(weighed, outlook, context=context)
    settling, settling_probability = find_settling(weighed, outlook)
    verdict = judge_inferior_gluteal(weighed, observations, context=context, weeks=weeks_since_onset)
    return Localization(
        posterior=_posterior(weighed),
        families=_families(weighed),
        evidence=evidence_table(weighed, observations, context=context),
        suggestions=suggestions,
        verdict=verdict,
        side=weighed.side,
        caveats=find_caveats(weighed, observations, context=context, weeks=weeks_since_onset),
        assumed=tuple(sorted({*rows_assumed(weighed, used, context=context), *selection.assumed})),
        prior_name=hypotheses.prior_name,
        weeks_since_onset=weeks_since_onset,
        age_years=age_years,
        chart=selection.chart,
        explanation=explain(
            weighed, used, found=found, context=context, outlook=outlook, suggested=suggestions["test"]
        ),
        settling=settling,
        settling_hazards=tuple(caution_beside(test, context) for test in settling),
        settling_probability=settling_probability,
    )


def _observe(
    needle: Table, conduction: Table | None, weeks: float | None, *, operated: Collection[str], age: AgeGroup
) -> list[Observation]:
    muscles, nerves = read_needle_table(needle), read_conduction_table([] if conduction is None else conduction)
    return [
        *observe_needle(muscles, operated=operated, weeks=weeks, age=age),
        *observe_conduction(nerves, weeks=weeks, age=age),
    ]


def _check_told(weeks_since_onset: float | None, affected_side: str | None) -> None:
    if weeks_since_onset is not None and not 0 <= weeks_since_onset < float("inf"):
        msg = f"weeks_since_onset is {weeks_since_onset}; it must be at least 0, or None if not known."
        raise TableError(msg)
    if affected_side not in {None, *SIDES}:
        msg = f"affected_side is {affected_side!r}; it must be left or right, or None if not known."
        raise TableError(msg)


def _posterior(weighed: Weighed) -> pd.DataFrame:
    hypotheses, order = weighed.hypotheses, weighed.order
    return make_table(
        POSTERIOR,
        [
            {
                "site": hypotheses.names[index],
                "probability": float(weighed.probability[index]),
                "log_likelihood": float(weighed.log_likelihood[index]),
                "prior": hypotheses.prior[index],
            }
            for index in order
        ],
    )


def _families(weighed: Weighed) -> pd.DataFrame:
    total: dict[str, float] = dict.fromkeys(dict.fromkeys(site.family for site in sites().values()), 0.0)
    for index, members in enumerate(weighed.hypotheses.members):
        for site in members:
            total[sites()[site].family] += float(weighed.probability[index]) / len(members)
    rows = [{"family": family, "probability": value} for family, value in total.items()]
    return make_table(FAMILIES, sorted(rows, key=lambda row: -float(str(row["probability"]))))
