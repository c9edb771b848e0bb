"""Why the first site leads, what it leaves unexplained, what would change the answer, and what ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import sites, studies
from emgkit.knowledge.names import site_name
from emgkit.localization.evidence import model_value
from emgkit.localization.observe import Observation
from emgkit.localization.sentences import are_several, found_text, joined, kind_of_finding, odds_text, outcome_text
from emgkit.model.localization import Explanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from emgkit.localization.context import Context, Told
    from emgkit.localization.evidence import Floats
    from emgkit.localization.outlook import Outlook
    from emgkit.localization.weigh import Weighed

PLEXUS_FAMILIES = ("root", "plexus", "sciatic")


def explain(
    weighed: Weighed,
    observations: Sequence[Observation],
    *,
    found: Floats,
    context: Context,
    outlook: Outlook,
    suggested: Iterable[str],
) -> Explanation:
    """Say why the first hypothesis leads.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
        Those that say something, in the order of the findings of ``weighed``; the findings of the context follow.
    found : array of shape (n_scenarios, n_findings)
        Log likelihood of every finding in every scenario.
    context : Context
    outlook : Outlook
    suggested : iterable of str
        Tests whose outcomes are looked at, the most informative first.

    Returns
    -------
    Explanation
        Sentences with bounded words.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> rows = [{"muscle": "gluteus maximus", "side": "left", "fibs": 2}]
    >>> rows += [{"muscle": name, "side": "left", "fibs": 0} for name in ("soleus", "BFSH")]
    >>> answer = localize(rows, weeks_since_onset=6, candidates=["inferior_gluteal", "root_S1"])
    >>> answer.posterior["site"][0], answer.explanation.reasons[0].split(" speak")[0]
    ('inferior_gluteal', 'Left soleus and biceps femoris short head without fibrillations')
    """
    findings: list[Observation | Told] = [*observations, *context.findings]
    return Explanation(
        tie=_tie(weighed, observations),
        reasons=_reasons(weighed, findings, found=found),
        unexplained=_unexplained(weighed, findings),
        would_change=_would_change(weighed, outlook, tests=suggested),
    )


def leading_tie(weighed: Weighed) -> tuple[str, ...]:
    """Return the hypotheses that tie with the first; only itself when none does.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> "leading_tie" in localize([], prior={"root_S1": 1, "root_S2": 1}).caveats
    True
    """
    least = model_value("caveat_tie_ratio") * float(weighed.probability.max())
    return tuple(weighed.hypotheses.names[index] for index in weighed.order if weighed.probability[index] >= least)


def tied_families(weighed: Weighed) -> tuple[str, ...]:
    """Return which of root, plexus and sciatic are each likely enough to be open, the likeliest first.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> "root_plexus_sciatic_tie" in localize([], prior={"root_S1": 1, "sacral_plexus": 1}).caveats
    True
    """
    total = dict.fromkeys(PLEXUS_FAMILIES, 0.0)
    for members, probability in zip(weighed.hypotheses.members, weighed.probability, strict=True):
        family = sites()[members[0]].family
        if len(members) == 1 and family in total:
            total[family] += float(probability)
    likely = [family for family, value in total.items() if value >= model_value("caveat_tie")]
    return tuple(sorted(likely, key=lambda family: -total[family])) if len(likely) > 1 else ()


def explained(weighed: Weighed, observations: Sequence[Observation]) -> list[bool]:
    """Return for each finding whether the first hypothesis makes it likelier than no lesion does.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
        Those that say something, in the order of the findings of ``weighed``.

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> rows = [{"muscle": name, "side": "left", "fibs": 2} for name in ("gluteus maximus", "TA")]
    >>> localize(rows, weeks_since_onset=6, candidates=["inferior_gluteal"]).explanation.unexplained[0].split(" is")[0]
    'Left tibialis anterior with fibrillations or sharp waves'
    """
    gain = weighed.contribution[: len(observations), int(weighed.order[0])]
    return [
        bool(one >= np.log(model_value("explains_odds") * each.untouched))
        for one, each in zip(gain, observations, strict=True)
    ]


def _reasons(weighed: Weighed, findings: Sequence[Observation | Told], *, found: Floats) -> tuple[str, ...]:
    if not findings:
        return ()
    first, *others = (int(index) for index in weighed.order if weighed.probability[index])
    rivals = others[:1]
    if rivals and weighed.hypotheses.names[rivals[0]] == "none":
        rivals = others[:2]  # why there is a lesion at all is half the answer: why not elsewhere is the other
    reasons = [one for rival in rivals for one in _reasons_against(weighed, findings, found=found, pair=(first, rival))]
    return tuple(reasons[: int(model_value("reason_count"))])


def _reasons_against(
    weighed: Weighed, findings: Sequence[Observation | Told], *, found: Floats, pair: tuple[int, int]
) -> list[str]:
    first, second = pair
    one, two = (site_name(weighed.hypotheses.names[index]) for index in pair)
    difference = weighed.contribution[:, first] - weighed.contribution[:, second]
    least, member = np.log([model_value("reason_odds"), model_value("reason_member_odds")])
    groups = [[at for at in group if difference[at] >= member] or group for group in _groups(findings)]
    gain = [_together(weighed, group, found=found, pair=pair) for group in groups]
    strong = [at for at in np.argsort(-np.array(gain), kind="stable") if gain[at] >= least]
    sentences = []
    for odds, group in ((gain[at], groups[at]) for at in strong):
        named = [findings[place] for place in group]
        expected = _expectation(named, weighed.contribution[group, second])
        sentences.append(
            f"{found_text(named)} {'speak' if are_several(named) else 'speaks'} for {one} rather than {two}{expected} "
            f"({odds_text(np.exp(odds))})."
        )
    if sentences:
        return sentences
    together = float(weighed.log_likelihood[first] - weighed.log_likelihood[second])
    if together >= least:
        return [f"Only all findings together speak for {one} rather than {two} ({odds_text(np.exp(together))})."]
    return [f"What was tested hardly tells {one} from {two}: their order rests on the prior."]


def _groups(findings: Sequence[Observation | Told]) -> list[list[int]]:
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, one in enumerate(findings):
        alike = (one.kind, one.side, kind_of_finding(one)) if isinstance(one, Observation) else (at,)
        groups.setdefault(alike, []).append(at)
    return list(groups.values())


def _together(weighed: Weighed, group: Sequence[int], *, found: Floats, pair: tuple[int, int]) -> float:
    """Return the log odds of the first over the second that these findings give together, given all others."""
    own = found[:, list(group)].sum(axis=1)
    total = weighed.scenarios.log_weight + found.sum(axis=1)
    first, second = (weighed.scenarios.hypothesis == index for index in pair)
    one, two = (np.logaddexp.reduce(total[rows]) - np.logaddexp.reduce((total - own)[rows]) for rows in (first, second))
    return float(one - two)


def _expectation(named: Sequence[Observation | Told], gain: Floats) -> str:
    """Say what the second site, with these contributions, would lead to expect."""
    observed = [one for one in named if isinstance(one, Observation)]
    if not observed:
        return ""
    several = are_several(named)
    if not observed[0].abnormal:
        return f", which would lead to expect {'changes' if several else 'a change'} there"
    against = gain - np.log([one.untouched for one in observed])
    them = "them" if several else "it"
    if (against < np.log(model_value("explains_odds"))).all():
        return f", which would not lead to expect {them}"
    return f", which would lead to expect {them} less often"


def _unexplained(weighed: Weighed, findings: Sequence[Observation | Told]) -> tuple[str, ...]:
    leading = int(weighed.order[0])
    least = np.log(model_value("explains_odds"))
    open_: list[Observation | Told] = []
    for one, gain in zip(findings, weighed.contribution, strict=True):
        usual = one.untouched if isinstance(one, Observation) else one.without_lesion
        against = gain - np.log(usual)
        # a sign that is there, is likelier at some site; one that is absent, hardly
        abnormal = one.abnormal if isinstance(one, Observation) else against.max() >= least and one.kind != "history"
        if abnormal and against[leading] < least:
            open_.append(one)
    name = weighed.hypotheses.names[leading]
    by = "without a lesion" if name == "none" else f"by {site_name(name)}"
    rest = "a chance finding remains" if name == "none" else "a second site or a chance finding remains"
    texts = [[open_[at] for at in group] for group in _groups(open_)]
    return tuple(
        f"{found_text(group)} {'are' if are_several(group) else 'is'} not explained {by}; {rest} possible."
        for group in texts
    )


def _would_change(weighed: Weighed, outlook: Outlook, *, tests: Iterable[str]) -> tuple[str, ...]:
    joint, leading = outlook.joint(), int(weighed.order[0])
    leader = outlook.kept[joint.argmax(axis=0)]
    changes: dict[tuple[int, int, bool], list[str]] = {}
    chance: dict[tuple[int, int, bool], float] = {}
    for test in tests:
        at, is_study = outlook.tests.index(test), test in studies()
        after = leader[at][: -1 if is_study else None]
        likely = joint[:, at].sum(axis=0)
        # from this outcome on, every worse one puts the same site first
        least = next(start for start in range(1, len(after)) if (after[start:] == after[-1]).all())
        for outcome, probability in ((0, likely[0]), (least, likely[least:].sum())):
            change = (outcome, int(after[outcome]), is_study)
            if after[outcome] != leading:
                changes.setdefault(change, []).append(test)
                chance[change] = max(chance.get(change, 0.0), float(probability))
    likeliest = sorted(changes, key=lambda change: -chance[change])[: int(model_value("change_count"))]
    return tuple(
        f"{outcome_text(changes[outcome, site, is_study], outlook.side, least=outcome, is_study=is_study)} would make "
        f"{site_name(weighed.hypotheses.names[site])} lead."
        for outcome, site, is_study in likeliest
    )


def _tie(weighed: Weighed, observations: Sequence[Observation]) -> str:
    if not observations:
        return ""
    tied, families = leading_tie(weighed), tied_families(weighed)
    if len(tied) > 1:
        of = list(dict.fromkeys(sites()[name.split("+")[0]].family for name in tied))
        between_families = 1 < len(of) < len(tied) and set(of) <= set(families)
        names = of if between_families else [site_name(name) for name in tied]
    elif families and sites()[weighed.leading[0]].family in families:
        names = list(families)
    else:
        return ""
    text = joined(names, "or")
    what = "the muscles tested" if all(one.kind == "needle" for one in observations) else "what was tested"
    return f"{text[0].upper()}{text[1:]}: not separable by {what}."
