"""What every finding did to every site, and which assumptions were used."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import extents
from emgkit.knowledge.tables import read_criteria
from emgkit.localization.evidence import counts, expectations
from emgkit.localization.hypotheses import PRIORS
from emgkit.localization.reach import LOCAL_INJURY, reach, reach_key
from emgkit.model.localization import EVIDENCE
from emgkit.model.table import check_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from emgkit.localization.context import Context
    from emgkit.localization.observe import Observation
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
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when a table is made

    order = weighed.order
    names = [weighed.hypotheses.names[index] for index in order]
    members = [weighed.hypotheses.members[index] for index in order]
    used = iter(weighed.contribution)
    blocks = []
    for one in observations:
        gain = np.zeros(len(order)) if one.says_nothing else next(used)[order]
        against = gain if one.says_nothing else gain - np.log(one.untouched)
        origin = [_origin(sites, one.test, weighed.scenarios.selection) for sites in members]
        blocks.append((one.text, one.kind, one.test, one.side, gain, against, origin))
    for told in context.findings:
        gain = next(used)[order]
        against = gain - np.log(told.without_lesion)
        blocks.append((told.text, told.kind, told.finding, told.side, gain, against, [told.origin] * len(order)))
    size = len(order)
    texts = {
        name: np.repeat(np.array([block[at] for block in blocks], dtype=object), size)
        for at, name in enumerate(("finding", "kind", "subject", "side"))
    }
    origins = [origin for block in blocks for origin in block[6]]
    frame = pd.DataFrame({
        **texts,
        "site": names * len(blocks),
        "log_likelihood": np.concatenate([[], *(block[4] for block in blocks)]),
        "against_none": np.concatenate([[], *(block[5] for block in blocks)]),
        "basis": [basis for basis, _ in origins],
        "source": [source for _, source in origins],
    })  # fmt: skip
    return check_table(frame, EVIDENCE)


def rows_assumed(weighed: Weighed, observations: Sequence[Observation], *, context: Context) -> tuple[str, ...]:
    """Return the keys of the assumed rows that the answer rests on, as ``table`` or ``table:row``.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> "prior_general" in localize([{"muscle": "soleus", "side": "left", "fibs": 2}]).assumed
    True
    """
    keys: list[str] = []
    considered = {site for members in weighed.hypotheses.members for site in members}
    tests = dict.fromkeys(one.test for one in observations)
    selection = weighed.scenarios.selection
    basis, counted = reach(selection).basis, counts(selection.age)
    for site in considered:
        names = [reach_key(site, one.extent) for one in extents(site)] or [site]
        keys += [f"extents:{site}"] * len(extents(site))
        for name in names:
            for test in tests:
                told = next((one for one in (name, site) if (one, test) in expectations()), None)
                if basis[name, test][0] == "assumed" and (site, test) not in counted:
                    keys.append("evidence_reach" if told is None else f"evidence_expected:{told}:{test}")
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


@cache
def _origin(sites: tuple[str, ...], test: str, selection: Selection) -> tuple[str, str]:
    basis = reach(selection).basis
    found = [basis[site, test] for site in sites]
    return next((one for one in found if one[0] == "assumed"), found[0])
