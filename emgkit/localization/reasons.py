"""Why the first site leads, what it leaves unexplained, what would change the answer, and what ties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.anatomy import sites, studies
from emgkit.knowledge.names import site_name
from emgkit.localization.evidence import model_value
from emgkit.localization.logs import log_sum
from emgkit.localization.observe import Observation
from emgkit.localization.sentences import are_several, found_text, joined, kind_of_finding, odds_text, outcome_text
from emgkit.model.localization import Explanation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from emgkit.localization.context import Context, Told
    from emgkit.localization.evidence import Floats
    from emgkit.localization.outlook import Outlook
    from emgkit.localization.weigh import Weighed

PLEXUS_FAMILIES = ("root", "plexus", "sciatic")
_SAME = 1e-9  # what sums in another order may differ by


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
        Likelihood of every finding in every scenario.
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
    ('inferior_gluteal', 'Left biceps femoris short head and soleus without fibrillations')
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
    gain = _gain(weighed, observations)[:, int(weighed.order[0])]
    return [bool(one) for one in gain >= np.log(model_value("explains_odds"))]


def _reasons(weighed: Weighed, findings: Sequence[Observation | Told], *, found: Floats) -> tuple[str, ...]:
    if not findings:
        return ()
    first, *others = (int(index) for index in weighed.named if weighed.probability[index])
    elsewhere = [rival for rival in others if _is_elsewhere(weighed, rival, than=first)]
    nearest = list(dict.fromkeys([*others[:1], *elsewhere[:1]]))
    # where the nearest look alike, the next is taken from a family not spoken of: why not elsewhere is half the answer
    families = [_family(weighed, index) for index in [first, *nearest]]
    for rival in elsewhere:
        if _family(weighed, rival) not in families:
            families.append(_family(weighed, rival))
            nearest.append(rival)
    reasons: list[str] = []
    for rank, rival in enumerate(nearest[: int(model_value("reason_rivals"))]):
        strong = _strong_groups(weighed, findings, found=found, pair=(first, rival))
        if strong or not rank or rival == elsewhere[0]:
            reasons += _sentences(weighed, findings, strong=strong, pair=(first, rival))
        if strong and rival in elsewhere:
            break
    return tuple(reasons[: int(model_value("reason_count"))])


def _is_elsewhere(weighed: Weighed, rival: int, *, than: int) -> bool:
    members = weighed.hypotheses.members
    return "none" not in members[rival] and not set(members[rival]) & set(members[than])


def _family(weighed: Weighed, hypothesis: int) -> str:
    return sites()[weighed.hypotheses.members[hypothesis][0]].family


def _strong_groups(
    weighed: Weighed, findings: Sequence[Observation | Told], *, found: Floats, pair: tuple[int, int]
) -> list[tuple[float, list[int]]]:
    first, second = pair
    difference = weighed.contribution[:, first] - weighed.contribution[:, second]
    least, member = np.log([model_value("reason_odds"), model_value("reason_member_odds")])
    scored = []
    for group in _groups(findings, marks=_gain(weighed, findings)[:, second] >= np.log(model_value("explains_odds"))):
        told = [at for at in group if difference[at] >= member] or group
        told.sort(key=lambda at: (-round(float(difference[at]) / _SAME), findings[at].text))
        scored.append((_together(weighed, told, found=found, pair=pair), told))
    strong = [one for one in scored if one[0] >= least]
    return sorted(strong, key=lambda one: (-round(one[0] / _SAME), findings[one[1][0]].text))


def _sentences(
    weighed: Weighed,
    findings: Sequence[Observation | Told],
    *,
    strong: Sequence[tuple[float, list[int]]],
    pair: tuple[int, int],
) -> list[str]:
    first, second = pair
    one, two = (site_name(weighed.hypotheses.names[index]) for index in pair)
    sentences = []
    for odds, group in strong:
        named = [findings[place] for place in group]
        expected = _expectation(named, _gain(weighed, findings)[group, second])
        sentences.append(
            f"{found_text(named)} {'speak' if are_several(named) else 'speaks'} for {one} rather than {two}{expected} "
            f"({odds_text(np.exp(odds))})."
        )
    if sentences:
        return sentences
    together = float(weighed.log_likelihood[first] - weighed.log_likelihood[second])
    if together >= np.log(model_value("reason_odds")):
        return [f"Only all findings together speak for {one} rather than {two} ({odds_text(np.exp(together))})."]
    return [f"What was tested hardly tells {one} from {two}: their order rests on the prior."]


def _groups(findings: Sequence[Observation | Told], *, marks: Sequence[bool] | NDArray[np.bool_]) -> list[list[int]]:
    """Put together the findings of one kind and side that show the same and have the same mark."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for at, (one, mark) in enumerate(zip(findings, marks, strict=True)):
        alike: tuple[object, ...] = (at,)
        if isinstance(one, Observation):
            alike = (one.kind, one.side, kind_of_finding(one), one.abnormal and bool(mark))
        groups.setdefault(alike, []).append(at)
    return list(groups.values())


def _gain(weighed: Weighed, findings: Sequence[Observation | Told]) -> Floats:
    """Return how much likelier each hypothesis makes each finding than no lesion does, as a log ratio."""
    usual = [one.untouched if isinstance(one, Observation) else one.without_lesion for one in findings]
    return np.asarray(weighed.contribution[: len(findings)] - np.log(usual)[:, None])


def _together(weighed: Weighed, group: Sequence[int], *, found: Floats, pair: tuple[int, int]) -> float:
    """Return the log odds of the first over the second that these findings give together, given all others."""
    scenarios = weighed.scenarios
    gain = []
    for hypothesis in pair:
        rows = scenarios.hypothesis == hypothesis
        every = np.log(found[rows])
        total = scenarios.log_weight[rows] + every.sum(axis=1)
        gain.append(log_sum(total) - log_sum(total - every[:, list(group)].sum(axis=1)))
    return float(gain[0] - gain[1])


def _expectation(named: Sequence[Observation | Told], gain: Floats) -> str:
    """Say what the second site, which makes these findings so much likelier, would lead to expect."""
    if not isinstance(named[0], Observation):
        return ""
    several = are_several(named)
    if not named[0].abnormal:
        return f", which would lead to expect {'changes' if several else 'a change'} there"
    them = "them" if several else "it"
    if (gain < np.log(model_value("explains_odds"))).all():
        return f", which would not lead to expect {them}"
    return f", which would lead to expect {them} less often"


def _unexplained(weighed: Weighed, findings: Sequence[Observation | Told]) -> tuple[str, ...]:
    leading, least = int(weighed.order[0]), np.log(model_value("explains_odds"))
    left_over = [
        one
        for one, gain in zip(findings, _gain(weighed, findings), strict=True)
        if gain[leading] < least and _is_abnormal(one, likeliest=float(np.nanmax(gain)))
    ]
    name = weighed.hypotheses.names[leading]
    by = "without a lesion" if name == "none" else f"by {site_name(name)}"
    rest = "a chance finding remains" if name == "none" else "another site or a chance finding remains"
    texts = [[left_over[at] for at in group] for group in _groups(left_over, marks=[False] * len(left_over))]
    return tuple(
        f"{found_text(group)} {'are' if are_several(group) else 'is'} not explained {by}; {rest} possible."
        for group in texts
    )


def _is_abnormal(one: Observation | Told, *, likeliest: float) -> bool:
    if isinstance(one, Observation):
        return one.abnormal
    # a sign that is there is likelier at some site; one that is absent, hardly
    return one.kind != "history" and likeliest >= np.log(model_value("explains_odds"))


def _would_change(weighed: Weighed, outlook: Outlook, *, tests: Iterable[str]) -> tuple[str, ...]:
    joint, leading = outlook.joint, int(weighed.order[0])
    leader = outlook.kept[joint.argmax(axis=0)]
    changes: dict[tuple[int, int, bool, str], list[str]] = {}
    chance: dict[tuple[int, int, bool, str], float] = {}
    for test in tests:
        at, is_study = outlook.tests.index(test), test in studies()
        after = leader[at][: -1 if is_study else None]
        likely = joint[:, at].sum(axis=0)
        # from this outcome on, every worse one puts the same site first
        least = next(start for start in range(1, len(after)) if (after[start:] == after[-1]).all())
        for outcome, probability in ((0, likely[0]), (least, likely[least:].sum())):
            change = (outcome, int(after[outcome]), is_study, outlook.sides[at])
            if after[outcome] != leading:
                changes.setdefault(change, []).append(test)
                chance[change] = max(chance.get(change, 0.0), float(probability))
    likeliest = sorted(changes, key=lambda change: -chance[change])[: int(model_value("change_count"))]
    return tuple(
        f"{outcome_text(changes[change], change[3], least=change[0], is_study=change[2])} would make "
        f"{site_name(weighed.hypotheses.names[change[1]])} lead."
        for change in likeliest
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
