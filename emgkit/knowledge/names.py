"""The names that readers know, for the ids of muscles, nerves, sites, nerve studies and labels."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from emgkit.knowledge import anatomy
from emgkit.knowledge.tables import criteria_values, normalized, read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBABILITY_NOTE = "among the sites considered, given these findings and this prior; not a diagnosis"
VERDICT_WORDS = {
    "definite": "all listed electrodiagnostic criteria met",
    "probable": "main electrodiagnostic criteria met, others open",
    "not_supported": "not supported by what was tested",
    "indeterminate": "cannot be told from what was tested",
}

# Law 11: what an examination of legs may not conclude is said as what it is; so is the absence of a lesion.
_BOUNDED_SITES = {
    "none": "no lesion shown by what was tested",
    "motor_neuron_disease": "several roots or anterior horn",
}


@dataclass(frozen=True)
class _Spelling:
    field: str
    spelling: str
    value: str


@cache
def finding_spellings() -> Mapping[str, Mapping[str, str]]:
    """Return what examiners write in tables of findings: for each field, spelling to value.

    Examples
    --------
    >>> from emgkit.knowledge.names import finding_spellings
    >>> finding_spellings()["grade"]["2+"], finding_spellings()["part"]["superior"]
    ('2', 'upper')
    """
    known: dict[str, dict[str, str]] = defaultdict(dict)
    for row in read_rows("finding_spellings.csv", _Spelling):
        key = "".join(row.spelling.casefold().split()) if row.field == "grade" else normalized(row.spelling)
        known[row.field][key] = row.value
    return MappingProxyType(known)


def parts_in(text: str) -> tuple[str, ...]:
    """Return the parts of a muscle that a text names, such as a needle position; each once.

    Examples
    --------
    >>> from emgkit.knowledge.names import parts_in
    >>> parts_in("superior lateral"), parts_in("upper; lower"), parts_in("deep")
    (('upper',), ('upper', 'lower'), ())
    """
    known = finding_spellings()["part"]
    return tuple(dict.fromkeys(known[word] for word in normalized(text).split() if word in known))


def muscle_name(muscle: str) -> str:
    """Return the name of a muscle; an id that no table knows becomes words.

    Examples
    --------
    >>> from emgkit.knowledge.names import muscle_name
    >>> muscle_name("gluteus_maximus")
    'Gluteus maximus'
    """
    return _name(anatomy.muscles(), muscle)


def nerve_and_roots(muscle: str) -> tuple[str, str]:
    """Return the nerve and the roots of a muscle as a needle table prints them; both empty when no table knows it.

    Examples
    --------
    >>> from emgkit.knowledge.names import nerve_and_roots
    >>> nerve_and_roots("gluteus_maximus")
    ('inferior gluteal', 'L5 S1 S2')
    >>> nerve_and_roots("no_such_muscle")
    ('', '')
    """
    muscle_row = anatomy.muscles().get(muscle)
    nodes = anatomy.nerves()
    path = [nodes[node] for node in muscle_row.path if node in nodes] if muscle_row is not None else []
    named = [node for node in path if node.kind == "nerve"] or path
    nerve = named[-1].name.removesuffix(" nerve") if named else ""
    return nerve, " ".join(_roots(muscle)) if muscle_row is not None else ""


def label_name(label: str) -> str:
    """Return the name of a label.

    Examples
    --------
    >>> from emgkit.knowledge.names import label_name
    >>> label_name("positive_sharp_wave")
    'Positive sharp wave'
    """
    return _name(anatomy.labels(), label)


def study_name(study: str) -> str:
    """Return the name of a nerve study.

    Examples
    --------
    >>> from emgkit.knowledge.names import study_name
    >>> study_name("h_reflex")
    'Soleus H reflex'
    """
    return _name(anatomy.studies(), study)


def site_name(site: str) -> str:
    """Return the name of a site; a pair ``a+b`` is named as both.

    Examples
    --------
    >>> from emgkit.knowledge.names import site_name
    >>> site_name("root_S1+superior_gluteal")
    'S1 root and superior gluteal nerve'
    >>> site_name("none")
    'no lesion shown by what was tested'
    >>> site_name("root_L5+root_S1")
    'L5 and S1 roots (adjacent levels)'
    """
    parts = site.split("+")
    if len(parts) > 1 and are_adjacent_levels(*parts):
        first, second = (_name(anatomy.sites(), part).removesuffix("s").removesuffix(" root") for part in parts)
        return f"{first} and {second} roots (adjacent levels)"
    return " and ".join(_BOUNDED_SITES.get(part) or _name(anatomy.sites(), part) for part in parts)


def are_adjacent_levels(one: str, other: str) -> bool:
    """Return whether these are, in this order, roots of two neighbouring levels, which one disc may hurt together.

    Examples
    --------
    >>> from emgkit.knowledge.names import are_adjacent_levels
    >>> are_adjacent_levels("root_L4", "root_L5"), are_adjacent_levels("root_L4", "root_S1")
    (True, False)
    """
    roots = [site for site in anatomy.sites() if site.startswith("root_")]
    return (one, other) in pairwise(roots)


def muscle_or_study_name(test: str) -> str:
    """Return the name of what can be tested: a muscle or a nerve study.

    Examples
    --------
    >>> from emgkit.knowledge.names import muscle_or_study_name
    >>> muscle_or_study_name("soleus"), muscle_or_study_name("sural_sensory")
    ('Soleus', 'Sural sensory response')
    """
    return muscle_name(test) if test in anatomy.muscles() else study_name(test)


def sided(side: str, name: str) -> str:
    """Return a side and a name as the start of a line.

    Examples
    --------
    >>> from emgkit.knowledge.names import sided
    >>> sided("left", "Gluteus maximus"), sided("right", "L5 root"), sided("", "sacral plexus")
    ('Left gluteus maximus', 'Right L5 root', 'Sacral plexus')
    """
    if not side:
        return name[:1].upper() + name[1:]
    return f"{side.capitalize()} {lowered(name)}"


def lowered(name: str) -> str:
    """Return a name for the middle of a sentence.

    Examples
    --------
    >>> from emgkit.knowledge.names import lowered
    >>> lowered("Fibrillation potential"), lowered("L5 root")
    ('fibrillation potential', 'L5 root')
    """
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def readable(text: str) -> str:
    """Return text in which ids have become words.

    Examples
    --------
    >>> from emgkit.knowledge.names import readable
    >>> readable("left gluteus_maximus: fibrillation 2")
    'left gluteus maximus: fibrillation 2'
    """
    return re.sub(r"(?<=\w)_+(?=\w)", " ", text)


def _name(records: Mapping[str, Any], key: str) -> str:
    return str(records[key].name) if key in records else readable(key)


def _roots(muscle: str) -> list[str]:
    least = criteria_values("wording")["root_printed_at_least"]
    weights = anatomy.root_weights(muscle)
    printed = [root for root in anatomy.nerves() if weights.get(root, 0.0) >= least]
    return [root.removeprefix("root_").replace("_", "-") for root in printed]
