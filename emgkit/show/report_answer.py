"""The first page of a report: the answer, what it rests on, and what stays open; only fields of records, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emgkit.knowledge.caveats import Caveat, read_caveats
from emgkit.knowledge.names import lowered, muscle_or_study_name, readable, sided, site_name
from emgkit.show.report_reasons import reason_parts
from emgkit.show.rows import each_row
from emgkit.show.words import (
    PROBABILITY_NOTE,
    counted,
    family_text,
    number_text,
    probability_text,
    site_word,
    verdict_text,
    weeks_text,
)

if TYPE_CHECKING:
    from emgkit.model.localization import Localization
    from emgkit.model.study import Study

_MOST_SITES = 8
_MOST_TESTS = 4
_MOST_RUNNERS_UP = 2

# The rivals of an isolated inferior gluteal lesion that a reader asks about, each always named with its word.
_RIVALS = (
    "root_L5", "root_S1", "root_S2", "cauda_equina", "sacral_plexus", "lumbosacral_trunk", "sciatic_notch",
    "infrapiriform_foramen", "superior_gluteal", "posterior_femoral_cutaneous", "pudendal", "local_muscle_injury",
)  # fmt: skip


def answer_parts(answer: Localization) -> dict[str, Any]:
    """Return what the first page says about the site, the verdict, the rivals and the next tests.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_answer import answer_parts
    >>> parts = answer_parts(examples.answer())
    >>> parts["probability"], parts["word"]
    ('80 %', 'supported')
    """
    leading = answer.posterior.iloc[0]["site"] if len(answer.posterior) else "none"
    family = answer.families.iloc[0] if len(answer.families) else None
    verdict = answer.verdict
    second = list(each_row(answer.differential.iloc[1 : 1 + _MOST_RUNNERS_UP]))
    return {
        "site": sided("" if leading == "none" else answer.side, site_name(leading)),
        "leading": "Leading" if leading == "none" else "Leading site",
        "word": site_word(answer, leading),
        "probability": probability_text(answer.posterior.iloc[0]["probability"])
        if len(answer.posterior)
        else "not given",
        "family": family_text(family["family"]) if family is not None else "",
        "family_probability": probability_text(family["probability"]) if family is not None else "",
        "note": PROBABILITY_NOTE,
        "prior": readable(answer.prior_name),
        "weeks": weeks_text(answer.weeks_since_onset) if answer.weeks_since_onset is not None else "",
        "verdict": verdict_text(verdict.status),
        "verdict_status": verdict.status,
        "verdict_side": verdict.side,
        "criteria": [
            (kind, name, [readable(criterion) for criterion in criteria])
            for kind, name, criteria in (
                ("met", "Met", verdict.met),
                ("failed", "Not met", verdict.failed),
                ("missing", "Not judged, test missing", verdict.missing),
            )
        ],
        "runners_up": [(site_name(row.site), probability_text(row.probability)) for row in second],
        "rivals": _rivals(answer, leading),
        "differential": differential_rows(answer),
        "n_sites": _considered(answer),
        "families": [(family_text(row.family), probability_text(row.probability)) for row in each_row(answer.families)],
        "tests": next_tests(answer),
        **{f"why_{key}": value for key, value in reason_parts(answer).items()},
    }


def differential_rows(answer: Localization) -> list[dict[str, str]]:
    """Return the leading sites with their words and probabilities.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_answer import differential_rows
    >>> [row["probability"] for row in differential_rows(examples.answer())]
    ['80 %', '20 %']
    """
    return [
        {
            "site": site_name(row.site),
            "word": site_word(answer, row.site),
            "probability": probability_text(row.probability),
            "prior": probability_text(row.prior),
            "log_likelihood": number_text(row.log_likelihood),
        }
        for row in each_row(answer.differential.head(_MOST_SITES))
    ]


def caveat_sentences(answer: Localization) -> list[Caveat]:
    """Return the cautions of an answer, the urgent ones first; an id that no table knows is printed as words.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_answer import caveat_sentences
    >>> caveat_sentences(examples.answer())
    []
    """
    if not answer.caveats:
        return []
    known = read_caveats()
    found = [
        known.get(caveat, Caveat(caveat, urgent=False, sentence=readable(caveat), source="", basis="assumed"))
        for caveat in answer.caveats
    ]
    return sorted(found, key=lambda caveat: not caveat.urgent)


def context_facts(study: Study) -> list[tuple[str, str]]:
    """Return the facts given with the study; names, dates and file names are not among them.

    Examples
    --------
    >>> from emgkit.show import examples
    >>> from emgkit.show.report_answer import context_facts
    >>> context_facts(examples.study_and_findings()[0])
    [('Recordings', '1 recording')]
    """
    facts = []
    if study.age_years is not None:
        facts.append(("Age", f"{study.age_years:g} years"))
    if study.height_cm is not None:
        facts.append(("Height", f"{study.height_cm:g} cm"))
    if study.affected_side:
        facts.append(("Side of the complaint", study.affected_side))
    facts += [
        ("Event", f"{readable(event.what)}{', ' + event.side if event.side else ''}, {weeks_text(event.weeks_ago)} ago")
        for event in study.events
    ]
    if study.onset_weeks is not None:
        facts.append(("Onset as stated", f"{weeks_text(study.onset_weeks)} ago"))
    for name, given in (("History", study.history), ("Clinical", study.clinical), ("Imaging", study.imaging)):
        if given:
            facts.append((name, "; ".join(_fact(key, value) for key, value in given.items())))
    facts.append(("Recordings", counted(len(study.recordings), "recording")))
    return facts


def _fact(key: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{readable(key)}: {'yes' if value else 'no'}"
    return f"{readable(key)}: {readable(str(value))}"


def _considered(answer: Localization) -> str:
    pairs = int(answer.posterior["site"].str.contains("+", regex=False).sum())
    single = counted(len(answer.posterior) - pairs, "site")
    return f"{single} and {counted(pairs, 'pair')} of sites" if pairs else single


def _rivals(answer: Localization, leading: str) -> list[tuple[str, list[str]]]:
    words: dict[str, list[str]] = {}
    explained = {leading, "none", *leading.split("+")}
    others = [site for site in answer.differential["site"] if site not in explained]
    for site in [*others, *(site for site in _RIVALS if site not in explained and site not in others)]:
        word = site_word(answer, site)
        if site in _RIVALS or word in {"supported", "possible"}:
            words.setdefault(word, []).append(site_name(site))
    order = ("supported", "possible", "unlikely", "not supported by what was tested", "not tested")
    return [(word, words[word]) for word in order if word in words]


def next_tests(answer: Localization, *, most: int = _MOST_TESTS) -> list[dict[str, Any]]:
    """Return the tests that are expected to tell most, with what they gain in bits, separate, and a caution.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.show.report_answer import next_tests
    >>> rows = [{"muscle": "TA", "side": "left", "fibs": 2}]
    >>> [test["test"] for test in next_tests(emgkit.localize(rows, candidates=["root_L5", "common_fibular"]), most=1)]
    ['Left tibialis posterior']
    """
    return [
        {
            "test": sided(row.side, muscle_or_study_name(row.test)),
            "gain": number_text(row.information_bits, 2),
            "separates": [site_name(site.strip()) for site in str(row.separates).split("|") if site.strip()],
            "hazard": lowered(readable(row.hazard).removesuffix(".")),
        }
        for row in each_row(answer.suggestions.head(most))
    ]
