"""What recordings of the muscle say about its parts reaches the statement on its nerve."""

import pytest

from emgkit.findings.spontaneous.muscles import needle_table
from emgkit.localization.posterior import localize
from emgkit.localization.tables import read_needle_table
from emgkit.model.findings import MuscleFinding, NeedlePosition
from tests.localization.patterns import shipped_tables

NOTHING_DONE = {"injection": False, "muscle_surgery": False, "hip_arthroplasty": "none"}
POSITIVE = ("upper medial", "lower lateral")


def recorded(positive=POSITIVE, silent=("Upper Lateral", "lower medial")):
    positions = [NeedlePosition(name, 60.0, trains=2, level=1) for name in positive]
    positions += [NeedlePosition(name, 60.0) for name in silent]
    grade = 2 if positive else 0
    return MuscleFinding(
        "gluteus_maximus", "left", grade, grade, 0,
        sites=len(positions), positive_sites=len(positive), positions=tuple(positions),
    )  # fmt: skip


def judged(muscle):
    needle, conduction = shipped_tables("inferior_gluteal")
    others = [row for row in needle if (row["muscle"], row["side"]) != ("gluteus_maximus", "left")]
    table = needle_table([muscle], read_needle_table(others))
    return localize(table, conduction, weeks_since_onset=6, history=NOTHING_DONE).verdict


def test_recordings_of_both_parts_reach_the_definite_verdict():
    verdict = judged(recorded())
    assert verdict.status == "definite"
    assert "gluteus maximus abnormal in its upper and lower parts" in verdict.met


@pytest.mark.parametrize("positive", [("upper medial", "superior lateral"), ("medial", "lateral")])
def test_one_part_or_none_named_leaves_the_parts_missing(positive):
    verdict = judged(recorded(positive, silent=("lower medial",)))
    assert verdict.status == "probable"
    assert verdict.missing == ("gluteus maximus abnormal in its upper and lower parts",)


def test_parts_are_those_that_were_positive_and_those_judged_where_none_was():
    parts = [needle_table([one])["parts"][0] for one in (recorded(), recorded(("upper",)), recorded(()))]
    assert parts == ["upper;lower", "upper", "upper;lower"]


def test_a_position_that_does_not_count_gives_no_part():
    muscle = recorded(("upper",), silent=())
    lost = NeedlePosition("lower", 1.0, trains=1, left_out="1.0 s at rest of the 5 s that are needed")
    table = needle_table([MuscleFinding("gluteus_maximus", "left", 1, 1, 0, positions=(*muscle.positions, lost))])
    assert table["parts"][0] == "upper"
