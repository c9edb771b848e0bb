"""Why the answer is what it is and what would settle it, in the words of its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emgkit.knowledge.names import are_adjacent_levels, lowered, muscle_or_study_name, readable, sided, site_name
from emgkit.knowledge.rivals import read_rivals
from emgkit.knowledge.tables import criteria_values
from emgkit.show.words import probability_text

if TYPE_CHECKING:
    from emgkit.model.localization import Localization

_WORDS = ("open", "not told", "not tested", "unlikely")


def reason_parts(answer: Localization) -> dict[str, Any]:
    """Return why the first site leads, what would change that, and what would settle the two leading sites.

    Returns
    -------
    dict
        ``tie`` and ``beside`` (texts), ``reasons``, ``unexplained``, ``would_change`` (lists of sentences),
        ``settling`` (text and the hazards of its tests) and ``rivals`` (for each word, names with why).

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_reasons import reason_parts
    >>> reason_parts(examples.answer())["reasons"]
    []
    """
    explanation = answer.explanation
    return {
        "tie": explanation.tie,
        "beside": beside_text(answer),
        "reasons": list(explanation.reasons),
        "unexplained": list(explanation.unexplained),
        "would_change": list(explanation.would_change),
        "settling": settling_text(answer),
        "settling_hazards": [
            f"{lowered(muscle_or_study_name(test))}: {lowered(readable(hazard).removesuffix('.'))}"
            for test, hazard in zip(answer.settling, answer.settling_hazards, strict=True)
            if hazard
        ],
        "rivals": rival_groups(answer),
    }


def beside_text(answer: Localization) -> str:
    """Return how likely a second lesion is beside the first site, though no finding asks for it; empty where it is not.

    Such pairs are no rivals of the first site: it leads in each of them.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.show.report_reasons import beside_text
    >>> found = {"gluteus medius": 1, "TFL": 1, "TA": 2, "L5 paraspinals": 1, "vastus medialis": 0}
    >>> rows = [{"muscle": name, "side": "left", "fibs": grade} for name, grade in found.items()]
    >>> beside_text(emgkit.localize(rows, weeks_since_onset=6)).partition(":")[0]
    'L5 root with a second lesion that the findings do not ask for'
    """
    beside = answer.beside_leading
    total = float(beside["probability"].sum())
    if total < criteria_values("wording")["printed_lowest"]:
        return ""
    leading = str(answer.posterior["site"].iloc[0])
    others = [next(iter(set(site.split("+")) - {leading}), "") for site in beside["site"]]
    shares = beside["probability"] / total
    most = [other for other, share in zip(others, shares, strict=True) if share >= shares.iloc[0] / 2][:2]
    names = " or ".join(
        f"{site_name(other)}{' (adjacent level)' if is_next else ''}"
        for other in most
        for is_next in [are_adjacent_levels(leading, other) or are_adjacent_levels(other, leading)]
    )
    return (
        f"{sided('', site_name(leading))} with a second lesion that the findings do not ask for: "
        f"{probability_text(total)} more, most often {names}."
    )


def settling_text(answer: Localization) -> str:
    """Return which tests are expected to settle the two leading sites; empty when there are no two.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.show.report_reasons import settling_text
    >>> rows = [{"muscle": "gluteus maximus", "side": "left", "fibs": 2}]
    >>> settling_text(emgkit.localize(rows, weeks_since_onset=6, candidates=["inferior_gluteal", "root_S1"]))[:45]
    'S1 root or inferior gluteal nerve: expected t'
    """
    probability = answer.settling_probability
    if probability is None:
        return ""
    pair = " or ".join(site_name(site) for site in answer.differential["site"].head(2))
    pair = sided("", pair)
    expected = f"{probability_text(probability)} expected for the true one, if it is one of these two"
    settled = probability >= criteria_values("evidence_model")["settled_probability"]
    if not answer.settling:
        return f"{pair}: {'already told apart' if settled else 'no further test tells them apart'} ({expected})."
    sides = answer.suggestions["side"].mode()  # now and then a test of the opposite side is among them
    side = answer.side or (sides[0] if len(sides) else "")
    tests = ", ".join(lowered(muscle_or_study_name(test)) for test in answer.settling)
    lead = "expected to be settled by" if settled else "not expected to be settled; closest with"
    return f"{pair}: {lead} {f'{side} {tests}'.strip()} ({expected})."


def rival_groups(answer: Localization) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the rivals of an isolated inferior gluteal lesion by word, open ones first, each with why.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.show.report_reasons import rival_groups
    >>> answer = emgkit.localize([{"muscle": "TA", "side": "left", "fibs": 2}], weeks_since_onset=6)
    >>> [word for word, _ in rival_groups(answer)]
    ['open', 'not told', 'not tested']
    """
    names = {rival: row.name for rival, row in read_rivals().items()}
    groups: dict[str, list[tuple[str, str]]] = {word: [] for word in _WORDS}
    for one in answer.verdict.rivals:
        groups[one.word].append((names.get(one.site, readable(one.site)), one.why))
    return [(word, found) for word, found in groups.items() if found]
