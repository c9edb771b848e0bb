"""What every finding did to every site, and which assumptions were used."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.knowledge.anatomy import extents
from emgkit.knowledge.tables import read_criteria
from emgkit.localization.evidence import counts, expectations
from emgkit.localization.hypotheses import PRIORS
from emgkit.localization.observe import Observation
from emgkit.localization.reach import LOCAL_INJURY, reach, reach_key
from emgkit.model.localization import EVIDENCE
from emgkit.model.table import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from emgkit.localization.context import Context, Told
    from emgkit.localization.selection import Selection
    from emgkit.localization.weigh import Weighed


def evidence_table(weighed: Weighed, observations: Sequence[Observation], *, context: Context) -> pd.DataFrame:
    """Return the contribution of every finding at every site.

    The contribution is the log likelihood of the finding given all other findings (leave one out), with side and
    severity summed out: what would be lost if this finding were taken away.

    Parameters
    ----------
    weighed : Weighed
        Its findings are the observations that say something, then the findings of the context.
    observations : sequence of Observation
    context : Context

    Returns
    -------
    pandas.DataFrame
        Schema ``EVIDENCE``, in the order of the findings, then from the most probable site on. A finding that is not
        interpretable stands there with zeros.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> rows = [{"muscle": "gluteus maximus", "side": "left", "fibs": 2}]
    >>> evidence = localize(rows, candidates=["inferior_gluteal", "none"]).evidence
    >>> evidence[["finding", "site"]]
                                    finding              site
    0  left gluteus_maximus: fibrillation 2  inferior_gluteal
    1  left gluteus_maximus: fibrillation 2              none
    """
    import pandas as pd  # noqa: PLC0415 - the tables of findings are already of pandas

    order, members = weighed.told, [weighed.hypotheses.members[index] for index in weighed.told]
    origins = _origins(members, [one.test for one in observations], weighed.scenarios.selection)
    gains = iter(weighed.contribution[:, order])
    told, gain, without = [], [], []
    basis, source = origins["basis"].T.tolist(), origins["source"].T.tolist()
    findings: list[Observation | Told] = [*observations, *context.findings]
    for one in findings:
        if isinstance(one, Observation):
            gain.append(np.zeros(len(order)) if one.says_nothing else next(gains))
            without.append(1.0 if one.says_nothing else one.untouched)
            told.append((one.text, one.kind, one.test, one.side))
        else:
            gain.append(next(gains))
            without.append(one.without_lesion)
            told.append((one.text, one.kind, one.finding, one.side))
            basis.append([one.origin[0]] * len(order))
            source.append([one.origin[1]] * len(order))
    found = np.array(gain).reshape(len(told), len(order))
    columns: dict[str, object] = {
        name: pd.array([row[at] for row in told], dtype="str").repeat(len(order))
        for at, name in enumerate(("finding", "kind", "subject", "side"))
    }
    names = pd.array([weighed.hypotheses.names[index] for index in order], dtype="str")
    columns["site"] = names.take(np.tile(np.arange(len(order)), len(told)))
    columns["log_likelihood"] = found.reshape(-1)
    columns["against_none"] = (found - np.log(without)[:, None]).reshape(-1)
    columns["basis"], columns["source"] = ([one for row in rows for one in row] for rows in (basis, source))
    return make_table(EVIDENCE, columns)


def rows_assumed(weighed: Weighed, observations: Sequence[Observation], *, context: Context) -> tuple[str, ...]:
    """Return the keys of the assumed rows that the answer rests on, as ``table`` or ``table:row``.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> "prior_general" in localize([{"muscle": "soleus", "side": "left", "fibs": 2}]).assumed
    True
    """
    considered = frozenset(weighed.hypotheses.holding)
    tests = frozenset(one.test for one in observations)
    keys = list(_assumed_reach(considered, tests, weighed.scenarios.selection))
    if tests:
        keys += ["evidence_severity", "evidence_timing", "evidence_false_positive"]
        keys += [
            f"evidence_model:{key}" for key, row in read_criteria("evidence_model").items() if row.basis == "assumed"
        ]
    if LOCAL_INJURY in considered:
        keys.append("evidence_local_injury")
    keys += [f"evidence_clinical:{told.finding}" for told in context.findings if told.origin[0] == "assumed"]
    if weighed.hypotheses.prior_name in PRIORS:
        keys.append(f"prior_{weighed.hypotheses.prior_name}")
    return tuple(sorted(set(keys)))


@lru_cache
def _assumed_reach(considered: frozenset[str], tests: frozenset[str], selection: Selection) -> frozenset[str]:
    keys = set()
    basis, counted = reach(selection).basis, counts(selection.age)
    for site in considered:
        if extents(site):
            keys.add(f"extents:{site}")
        for name in [reach_key(site, one.extent) for one in extents(site)] or [site]:
            for test in tests:
                told = next((one for one in (name, site) if (one, test) in expectations()), None)
                if basis[name, test][0] == "assumed" and (site, test) not in counted:
                    keys.add("evidence_reach" if told is None else f"evidence_expected:{told}:{test}")
    return frozenset(keys)


def _origins(members: Sequence[tuple[str, ...]], tests: Sequence[str], selection: Selection) -> dict[str, NDArray[Any]]:
    """Basis and source of the reach of every hypothesis, (n_hypotheses, n_tests): of a pair, an assumed one if any."""
    table, origins = reach(selection), _origin_table(selection)
    columns = [table.test_index[test] for test in tests]
    first, last = (np.array([table.site_index[sites[at]] for sites in members], dtype=np.intp) for at in (0, -1))
    assumed = (origins["basis"] == "assumed")[:, columns]
    place = np.where(assumed[first], first[:, None], np.where(assumed[last], last[:, None], first[:, None]))
    return {name: of_site[place, columns] for name, of_site in origins.items()}


@cache
def _origin_table(selection: Selection) -> dict[str, NDArray[Any]]:
    table = reach(selection)
    found = [[table.basis[site, test] for test in table.tests] for site in table.sites]
    return {
        name: np.array([[cell[at] for cell in row] for row in found], dtype=object)
        for at, name in enumerate(("basis", "source"))
    }
