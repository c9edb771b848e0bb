"""Which cautions go with an answer; their sentences are in the table of caveats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, root_weights, sites
from emgkit.knowledge.caveats import read_caveats
from emgkit.localization.context import is_paraspinal
from emgkit.localization.evidence import model_value
from emgkit.localization.reach import LOCAL_INJURY
from emgkit.localization.reasons import leading_tie, tied_families
from emgkit.localization.rivals import MUSCLE
from emgkit.model.recording import SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emgkit.localization.context import Context
    from emgkit.localization.observe import Observation
    from emgkit.localization.weigh import Weighed

_LOWEST_ROOTS = ("root_S2", "root_S3_S4")
_SADDLE_SITES = ("cauda_equina", "conus_medullaris", "root_S3_S4")
_ANTERIOR_HORN = ("motor_neuron_disease", "polyradiculopathy")


def find_caveats(
    weighed: Weighed, observations: Sequence[Observation], *, context: Context, weeks: float | None
) -> tuple[str, ...]:
    """Return the ids of the cautions that apply, urgent ones first.

    Parameters
    ----------
    weighed : Weighed
    observations : sequence of Observation
    context : Context
    weeks : float or None

    Examples
    --------
    >>> from emgkit.localization.posterior import localize
    >>> localize([{"muscle": "gluteus maximus", "side": "left", "fibs": 0}], weeks_since_onset=1).caveats
    ('before_week_3', 'no_paraspinals', 'opposite_side_not_tested', 'few_tests')
    """
    used = [one for one in observations if not one.says_nothing]
    abnormal = {(one.test, one.side) for one in used if one.abnormal}
    holds = _urgent(weighed, used, context) | {
        "before_week_3": weeks is not None and weeks < model_value("informative_weeks"),
        "onset_not_told": weeks is None,
        "no_paraspinals": not any(is_paraspinal(one.test) for one in _limb(used)),
        "root_plexus_sciatic_tie": bool(tied_families(weighed)),
        "leading_tie": len(leading_tie(weighed)) > 1,
        "only_legs_tested": weighed.probability_of(*_ANTERIOR_HORN) >= model_value("caveat_anterior_horn")
        and len(_limb(used)) == sum(one.kind == "needle" for one in used),
        "opposite_abnormal": all((MUSCLE, side) in abnormal for side in SIDES),
        "opposite_side_not_tested": len({one.side for one in used}) < len(SIDES),
        "local_injury_open": weighed.probability_of(LOCAL_INJURY) >= model_value("caveat_local_injury"),
        "operated_spine": len(used) < len(observations),
        "few_tests": len(_limb(used)) < model_value("caveat_few_muscles"),
    }
    return tuple(name for name in read_caveats() if holds[name])


def _urgent(weighed: Weighed, used: Sequence[Observation], context: Context) -> dict[str, bool]:
    likely = model_value("caveat_pattern")
    pattern = weighed.probability_of(
        "inferior_gluteal", *(site.site for site in sites().values() if site.family == "plexus")
    )
    recorded = context.hurt or context.present(
        "history", "trauma", "pelvic_surgery", "childbirth", "hip_arthroplasty", "muscle_surgery", "injection"
    )
    low = {one.side for one in used if one.abnormal and _is_low(one)}
    saddle = context.present("clinical", "saddle_sensation", "bladder_or_bowel_disturbance", "anal_reflex")
    return {
        "bilateral_s2_s4": len(low) > 1 or saddle or weighed.probability_of(*_SADDLE_SITES) >= likely,
        "buttock_compartment": context.present("clinical", "buttock_swelling")
        and context.present("history", "anticoagulation", "immobilization"),
        "pelvic_mass": pattern >= likely and not recorded and not context.present("imaging", "pelvis_imaged"),
    }


def _limb(used: Sequence[Observation]) -> list[Observation]:
    return [one for one in used if one.kind == "needle" and muscles()[one.test].region in LOWER_LIMB]


def _is_low(one: Observation) -> bool:
    roots = root_weights(one.test)
    return bool(roots) and sum(roots.get(root, 0.0) for root in _LOWEST_ROOTS) > sum(roots.values()) / 2
