"""Slow twins: the same answer by the plainest way, to judge the fast one.

``localization_by_enumeration`` builds the joint table of hypothesis, side, age, severity and muscle state with loops.
It reads the same tables of knowledge and shares no arithmetic with ``emgkit.localization``. Every leg is prefixed,
ordinary or postfixed, a few of them by a whole root; both legs are enumerated where the hypothesis is one root, else
averaged for every test.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product

import numpy as np
from scipy.optimize import brentq

from emgkit.knowledge.anatomy import extents, muscle_share, muscles, sites, studies, study_share
from emgkit.knowledge.charts import own_subjects
from emgkit.localization.evidence import (
    counts,
    expectations,
    false_positive,
    model_value,
    reach_probability,
    severities,
    timed,
)

GRADES = ("grade_0", "grade_1", "grade_2", "grade_3")
RECRUITMENTS = ("normal", "reduced", "early")
UNITS = ("normal", "remodelled", "small")
ROOTS = [site for site in sites() if site.startswith("root_")]
LEGS = {"wholly_prefixed": 1, "prefixed": 1, "ordinary": 0, "postfixed": -1, "wholly_postfixed": -1}


def localization_by_enumeration(needle, conduction, *, weeks, weights, age="younger", chart="tsao", older=()):
    """Return {hypothesis: (probability, log likelihood)} for rows (muscle, side, grade, unit, recruitment) and results.

    ``weights`` maps sites and pairs ``a+b`` to prior weights. Local injury is left out: it depends on what was sampled.
    ``older`` are events (weeks, side or None) of other ages than the onset, at most as many as are considered.
    """
    normal = [row[1] for row in needle if _is_normal_muscle(row)] + [row[1] for row in conduction if row[2] == "normal"]
    assessed = [row for row in needle if row[2] is not None or row[3] or row[4]]
    examined = {side for _, side, *_ in [*assessed, *conduction]}
    vote, one_sided = model_value("side_vote"), model_value("side_examined")
    on_left, on_right = normal.count("left"), normal.count("right")
    left = vote**on_left / (vote**on_left + vote**on_right)
    most = one_sided if len(examined) == 1 else model_value("side_compared")
    left = min(max(left, 1 - most), most)
    joint, likelihoods = {}, {}
    for name, prior in weights.items():
        likelihood = 0.0
        told = {"tables": (age, chart), "weeks": weeks, "older": older}
        for weight, scenario in _scenarios(name.split("+"), {"left": left, "right": 1 - left}, told):
            chance = weight
            for muscle, side, grade, unit, recruitment in needle:
                chance *= _needle_chance(scenario, muscle, side, (grade, unit, recruitment))
            for study, side, result in conduction:
                opposite = (study, "left" if side == "right" else "right", "normal")
                chance *= _conduction_chance(scenario, study, side, result, alone=opposite in conduction)
            likelihood += chance
        likelihoods[name] = math.log(likelihood)
        joint[name] = prior * likelihood
    total = sum(joint.values())
    return {name: (joint[name] / total, likelihoods[name]) for name in weights}


def _is_normal_muscle(row):
    _, _, grade, unit, recruitment = row
    assessed = grade is not None or unit or recruitment
    return assessed and not grade and unit in {"", "normal"} and recruitment in {"", "normal"}


def _ages(side, told):
    """The weeks that a lesion of this side may be old, the onset first."""
    return [told["weeks"], *(weeks for weeks, on in told["older"] if side == "both" or (side and on in {None, side}))]


def _age_chance(scenario, told):
    """One lesion is seldom older than the onset; of two, one is as old as the onset, and all such ways are alike."""
    ways = list(product(*(_ages(part["side"], told) for part in scenario)))
    if len(scenario) > 1:
        allowed = [way for way in ways if told["weeks"] in way]
        return (tuple(part["weeks"] for part in scenario) in allowed) / len(allowed)
    older = model_value("lone_older") if len(ways) > 1 else 0.0
    return 1 - older if scenario[0]["weeks"] == told["weeks"] else older / (len(ways) - 1)


def _scenarios(members, shares, told):
    latent = severities()
    choices = []
    for site in members:
        sides = [""] if site == "none" else ["both"] if sites()[site].bilateral else ["left", "right"]
        choices.append(
            [
                {
                    "site": site,
                    "extent": extent,
                    "side": side,
                    "severity": level,
                    "weeks": weeks,
                    "weight": float(latent.weight[level]) * shares.get(side, 1.0) * share,
                }
                for side in sides
                for weeks in _ages(side, told)
                for extent, share in [(one.extent, one.weight) for one in extents(site)] or [("", 1.0)]
                for level in range(len(latent.names))
            ]
        )
    legs = _pairs_of_legs() if len(members) == 1 and members[0] in ROOTS else [(1.0, {})]
    for scenario, (likely, kinds) in product(product(*choices), legs):
        weight = likely * _age_chance(scenario, told) * math.prod(part["weight"] for part in scenario)
        yield weight, [part | {"leg": kinds.get(part["side"], ""), "tables": told["tables"]} for part in scenario]


def _pairs_of_legs():
    likely = _leg_weights()
    return [(likely[one] * likely[two], {"left": one, "right": two}) for one, two in product(LEGS, repeat=2)]


def _leg_weights():
    wholly, likely = model_value("leg_shifted_wholly"), {"ordinary": 1.0}
    for kind in ("prefixed", "postfixed"):
        both = model_value(f"leg_{kind}")
        likely["ordinary"] -= both
        likely |= {kind: both * (1 - wholly), f"wholly_{kind}": both * wholly}
    return likely


def _shift(leg):
    return 1.0 if leg.startswith("wholly") else model_value("leg_shift_extent")


def _needle_chance(scenario, muscle, side, seen):
    """Sum over the states of the muscle under every lesion, and over the cells that fit what was assessed."""
    chance = 0.0
    for states in product(("active", "silent", "untouched"), repeat=len(scenario)):
        weight = _states_chance(scenario, states, muscle, side)
        if weight > 0:
            lesion, state = _shown(scenario, states)
            for part, severity in _looks(lesion, state, muscle, side):
                kind = "block" if lesion["extent"] == "block" else lesion["site"]
                key = (kind, severity, lesion["tables"][0])
                chance += weight * part * _shown_chance(key, state, muscle, lesion["weeks"], seen)
    key = ("none", 0, scenario[0]["tables"][0])
    healthy, slip = _shown_chance(key, "untouched", muscle, scenario[0]["weeks"], seen), model_value("slip")
    return (1 - slip) * chance + slip * healthy


def _looks(lesion, state, test, side):
    """How severe a lesion looks in one test: what it takes only in part looks mild, by that part."""
    full = min(1.0, _reached(lesion, test, side) / model_value("full_reach")) if state == "active" else 1.0
    return (full, lesion["severity"]), (1 - full, 0)


def _reached(lesion, test, side):
    if lesion["side"] not in {side, "both"}:
        return 0.0
    key = (lesion["site"], lesion["extent"])
    return _changed(key, test, lesion["severity"], lesion["leg"], lesion["tables"])


def _states_chance(scenario, states, test, side):
    chances = [
        _state_chance(part, test, side, state, part["weeks"]) for part, state in zip(scenario, states, strict=True)
    ]
    return math.prod(chances)


def _shown(scenario, states):
    """The more severe lesion shows: first whoever fibrillates, then whoever is silent."""
    order = sorted(range(len(scenario)), key=lambda index: -scenario[index]["severity"])
    for state in ("active", "silent"):
        for index in order:
            if states[index] == state:
                return scenario[index], state
    return scenario[0], "untouched"


def _state_chance(lesion, test, side, state, weeks):
    changed = _reached(lesion, test, side)
    if test in muscles():
        visible = timed("fibrillation", weeks, length_class=muscles()[test].length_class)
        if lesion["extent"] == "block":
            visible = max(visible * model_value("block_fibrillating"), model_value("block_fibrillating_least"))
        hidden = model_value("silent_per_reach")
    else:
        visible, hidden = timed(studies()[test].kind, weeks), 0.0
    active = changed * visible
    silent = changed * (1 - visible) + (1 - changed) * changed * hidden
    return {"active": active, "silent": silent, "untouched": 1 - active - silent}[state]


@cache
def _changed(key, test, severity, leg, tables):
    site, _ = key
    mean, share = _mean(key, test, tables)
    if mean <= 0 or share == 0:
        return mean
    if site not in ROOTS or (test in muscles() and muscles()[test].ramus == "dorsal"):
        return _at_severity(mean, severity)
    legs = {leg: 1.0} if leg else _leg_weights()
    return sum(likely * _at_severity(_in_leg(site, test, kind, tables), severity) for kind, likely in legs.items())


def _at_severity(mean, severity):
    """One logistic step for each severity, so that the weighted mean is kept."""
    latent = severities()

    def excess(intercept):
        return sum(
            weight / (1 + math.exp(-intercept - shift))
            for weight, shift in zip(latent.weight, latent.logit_shift, strict=True)
        ) - mean  # fmt: skip

    if mean <= 0:
        return 0.0
    return 1 / (1 + math.exp(-brentq(excess, -40, 40, xtol=1e-13) - float(latent.logit_shift[severity])))


def _in_leg(site, test, leg, tables):
    """What a root reaches in one kind of leg: a mixture of its own and its neighbour's part in an ordinary leg."""
    ordinary, extent = _ordinary_leg(test, tables), _shift(leg)
    return (1 - extent) * ordinary.get(site, 0.0) + extent * ordinary.get(_neighbour(site, leg), 0.0)


def _neighbour(site, leg):
    return ROOTS[min(max(ROOTS.index(site) + LEGS[leg], 0), len(ROOTS) - 1)]


@cache
def _ordinary_leg(test, tables):
    """Try for every root whether it is free or at a limit, until all the averages over legs fit."""
    wanted = {
        root: mean for root in ROOTS for mean, share in [_mean((root, ""), test, tables)] if mean > 0 and share > 0
    }
    most = {root: max(mean, model_value("leg_reach_most")) for root, mean in wanted.items()}
    roots = list(wanted)
    average = np.zeros((len(roots), len(roots)))
    for (row, root), (leg, likely) in product(enumerate(roots), _leg_weights().items()):
        for source, part in ((root, 1 - _shift(leg)), (_neighbour(root, leg), _shift(leg))):
            if source in roots:
                average[row, roots.index(source)] += likely * part
    for states in product(("free", "low", "high"), repeat=len(roots)):
        matrix, right = average.copy(), np.array([wanted[root] for root in roots])
        for row, state in enumerate(states):
            if state != "free":
                matrix[row] = np.eye(len(roots))[row]
                right[row] = 0.0 if state == "low" else most[roots[row]]
        found = np.linalg.solve(matrix, right)
        over = average @ found - np.array([wanted[root] for root in roots])
        fits = {
            "free": lambda row, found=found: -1e-12 <= found[row] <= most[roots[row]] + 1e-12,
            "low": lambda row, over=over: over[row] >= -1e-12,
            "high": lambda row, over=over: over[row] <= 1e-12,
        }
        if all(fits[state](row) for row, state in enumerate(states)):
            return dict(zip(roots, found.tolist(), strict=True))
    raise AssertionError(test)


@cache
def _mean(key, test, tables):
    """Average over severities and legs, and the share of the supply."""
    age, chart = tables
    site, extent = key
    kind = "needle" if test in muscles() else studies()[test].kind
    share = (muscle_share if kind == "needle" else study_share)(site, test, extent=extent, chart=chart)
    count = counts(age).get((site, test))
    expected = expectations().get((f"{site}:{extent}", test), expectations().get((site, test)))
    if site in ROOTS and test in own_subjects(chart):
        expected = None
    if site == "none":
        return 0.0, share
    if count and (share > 0 or count.abnormal > 0):
        rates = false_positive(
            kind, test, length_class=muscles()[test].length_class if kind == "needle" else None, age=age
        )
        false = sum(rates[grade] for grade in GRADES[1:]) if kind == "needle" else rates["abnormal"]
        mean = max(0.0, (count.probability - false) / (1 - false))
    elif expected:
        mean = expected.value
    else:
        mean = float(reach_probability(kind, share))
    return mean, share


@cache
def _shown_chance(lesion, state, muscle, weeks, seen):
    site = lesion[0]
    chance = sum(value for cell, value in _cells(lesion, state, muscle, weeks).items() if _fits(cell, seen))
    if seen[2] not in {"reduced", "none"} or (site == "myopathy" and state != "untouched"):
        return chance
    lost = model_value("none_error" if state == "untouched" else "none_involved")
    return chance * (lost if seen[2] == "none" else 1 - lost)


def _cells(lesion, state, muscle, weeks):
    """Joint table of grade class, recruitment and units of a muscle in one state."""
    site, severity, age = lesion
    rates = false_positive("needle", muscle, length_class=muscles()[muscle].length_class, age=age)
    false = [1 - sum(rates[grade] for grade in GRADES[1:]), *(rates[grade] for grade in GRADES[1:])]
    small = [model_value(f"myopathic_{grade}") for grade in GRADES[1:]]
    table = {}
    for grade, recruitment, unit in product(range(4), RECRUITMENTS, UNITS):
        if state == "untouched":
            told = {key: model_value(f"false_active_{key}") if grade else rates[key] for key in _CHANGES}
            together = model_value("error_together")
            of_grade, changes = false[grade], _by_error(recruitment, unit, told, together, together)
        elif site == "myopathy":
            told = {key: model_value(f"myopathic_{key}") for key in _CHANGES}
            together = model_value("error_together"), model_value("myopathic_together")
            of_grade, changes = [1 - sum(small), *small][grade], _by_error(recruitment, unit, told, *together)
        else:
            active = state == "active"
            of_grade = [0.0, *_grades_shown(severity, weeks)][grade] if active else false[grade]
            reduced = float(severities().reduced[severity]) if active else model_value("silent_reduced")
            early, tiny, late = model_value("involved_early"), model_value("involved_small"), timed("remodelled", weeks)
            if site == "block":
                reduced, late = model_value("block_reduced"), model_value("block_remodelled")
            told = {"reduced": reduced, "early": early, "remodelled": late, "small": tiny}
            changes = _by_error(recruitment, unit, told, reduced, model_value("error_together"))
        table[grade, recruitment, unit] = of_grade * changes
    return table


def _grades_shown(severity, weeks):
    few = timed("dwindled", weeks)
    own, mild = severities().grades[severity], severities().grades[0]
    return [few * one + (1 - few) * other for one, other in zip(mild, own, strict=True)]


_CHANGES = ("reduced", "early", "remodelled", "small")


def _by_error(recruitment, unit, told, reduced_if_remodelled, early_if_small):
    """Changes of recruitment come with changes of units; over all muscles each is as frequent as told."""
    units = {"remodelled": told["remodelled"], "small": told["small"]}
    units["normal"] = 1 - sum(units.values())
    given = {("reduced", "remodelled"): reduced_if_remodelled, ("early", "small"): early_if_small}
    given |= {("reduced", "small"): told["reduced"], ("early", "remodelled"): told["early"]}
    for change in ("reduced", "early"):
        elsewhere = sum(units[name] * given[change, name] for name in ("remodelled", "small"))
        given[change, "normal"] = (told[change] - elsewhere) / units["normal"]
    for name in UNITS:
        given["normal", name] = 1 - given["reduced", name] - given["early", name]
    return units[unit] * given[recruitment, unit]


def _fits(cell, seen):
    grade, unit, recruitment = seen
    if grade is not None and cell[0] != min(grade, 3):
        return False
    unit = "remodelled" if unit in {"large", "polyphasic", "nascent"} else unit
    recruitment = "reduced" if recruitment == "none" else recruitment
    return recruitment in {"", cell[1]} and unit in {"", cell[2]}


def _conduction_chance(scenario, study, side, result, *, alone):
    kind = studies()[study].kind
    rates = false_positive(kind, study, age=scenario[0]["tables"][0])
    outcome = {"normal": 0, "reduced": 1, "delayed": 1, "absent": 2}[result]
    false = [1 - rates["abnormal"], rates["abnormal"] * (1 - rates["absent"]), rates["abnormal"] * rates["absent"]]
    if alone and outcome:
        false = [share * model_value("false_positive_one_sided") for share in false]
    chance = 0.0
    for states in product(("active", "silent", "untouched"), repeat=len(scenario)):
        weight = _states_chance(scenario, states, study, side)
        if weight > 0:
            lesion, state = _shown(scenario, states)
            absent = float(severities().absent[lesion["severity"]])
            chance += weight * ([0.0, 1 - absent, absent] if state == "active" else false)[outcome]
    return chance
