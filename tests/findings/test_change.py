"""A follow-up beside the first examination: what differs by more than chance, and what cannot be compared."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

import emgkit
from emgkit.errors import StudyError
from emgkit.knowledge.tables import criteria_values
from emgkit.model.change import StudyChange
from emgkit.model.findings import CONDUCTION, NEEDLE, MuscleFinding, StudyFindings
from emgkit.model.table import make_table

SURAL = {"study": "sural_sensory", "side": "left", "result": "normal", "distance_mm": 140.0, "temperature_c": 33.0}


def graded(grade: int | None, interval: tuple[int, int] | None = None, **cells: Any) -> StudyFindings:
    """One muscle that was recorded, with its grade."""
    row = {
        "muscle": "soleus",
        "side": "left",
        "fibrillation": grade,
        "positive_sharp_wave": 0 if grade is not None else None,
    }
    row |= {"source": "recording", "scheme": "mayo"} | {k: v for k, v in cells.items() if k != "equivocal"}
    finding = MuscleFinding(
        "soleus", "left", grade, grade, 0, interval=interval, equivocal=cells.get("equivocal", False)
    )
    return StudyFindings(make_table(NEEDLE, [row]), make_table(CONDUCTION), muscles=(finding,))


def conducted(*rows: dict[str, Any]) -> StudyFindings:
    return StudyFindings(make_table(NEEDLE), make_table(CONDUCTION, rows))


def muscle(first: StudyFindings, second: StudyFindings) -> Any:
    (row,) = emgkit.compare_findings(first, second).needle.itertuples()
    return row


def values(first: StudyFindings, second: StudyFindings) -> dict[str, Any]:
    return {row.measure: row for row in emgkit.compare_findings(first, second).conduction.itertuples()}


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        ((3, (2, 4)), (0, (0, 1)), "fewer"),
        ((3, (2, 4)), (1, (0, 2)), "possibly fewer"),
        ((0, (0, 0)), (2, (1, 3)), "more"),
        ((1, (0, 2)), (2, (1, 3)), "possibly more"),
        ((2, (1, 3)), (2, (1, 3)), "unchanged"),
        ((3, None), (1, (0, 2)), "fewer"),
        ((3, None), (2, None), "possibly fewer"),
        ((0, None), (4, None), "more"),
    ],
)
def test_grades_differ_clearly_only_beyond_their_uncertainty(first: tuple, second: tuple, word: str) -> None:
    assert muscle(graded(*first), graded(*second)).grade_change == word
    backwards = {"fewer": "more", "more": "fewer"}
    turned = " ".join(backwards.get(part, part) for part in word.split())
    assert muscle(graded(*second), graded(*first)).grade_change == turned, "the other way round is the opposite"


def test_an_equivocal_muscle_lies_between_none_and_one_and_never_differs_clearly() -> None:
    doubtful = graded(None, equivocal=True)
    assert muscle(graded(4, (4, 4)), doubtful).grade_change == "possibly fewer"
    assert muscle(graded(0, (0, 0)), doubtful).grade_change == "possibly more"
    assert muscle(doubtful, graded(1, (1, 1))).grade_change == "possibly more"
    assert muscle(doubtful, doubtful).grade_change == "unchanged"


def test_what_was_not_graded_twice_in_one_way_is_not_comparable_and_says_why() -> None:
    empty = conducted()
    assert muscle(graded(2), empty).reason == "not sampled now"
    assert muscle(empty, graded(2)).reason == "not sampled at first"
    row = muscle(graded(2), graded(None, note="flat throughout"))
    assert (row.grade_change, row.reason) == ("not comparable", "not graded now: flat throughout")
    row = muscle(graded(2), graded(0, scheme="preston_shapiro"))
    assert (row.grade_change, row.reason) == ("not comparable", "graded by mayo at first and by preston_shapiro now")


def test_an_examiners_row_has_no_interval_whatever_the_recordings_say() -> None:
    row = muscle(graded(2, (2, 2), source="examiner", scheme=""), graded(1, (1, 1)))
    assert row.grade_change == "possibly fewer"
    assert "without an interval" in row.reason


@pytest.mark.parametrize(
    ("grade", "recruitment", "before", "now", "sign"),
    [
        (2, "", "normal", "nascent", True),
        (0, "reduced", "normal", "polyphasic", True),
        (0, "normal", "normal", "polyphasic", False),  # nothing was denervated
        (3, "", "", "nascent", False),  # nobody looked at first
        (3, "", "nascent", "nascent", False),
        (3, "", "nascent", "normal", False),
        (3, "none", "normal", "small", False),
    ],
)
def test_only_what_was_denervated_can_show_reinnervation(
    grade: int, recruitment: str, before: str, now: str, *, sign: bool
) -> None:
    first = graded(grade, motor_unit=before, recruitment=recruitment)
    assert muscle(first, graded(grade, motor_unit=now)).sign == ("compatible with reinnervation" if sign else "")


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        ("none", "reduced", "fuller"),
        ("normal", "reduced", "poorer"),
        ("reduced", "reduced", "unchanged"),
        ("reduced", "early", "not comparable"),
        ("", "normal", ""),
    ],
)
def test_recruitment_has_an_order_and_early_is_not_in_it(before: str, now: str, word: str) -> None:
    assert muscle(graded(0, recruitment=before), graded(0, recruitment=now)).recruitment_change == word


def test_a_value_differs_when_it_does_so_by_more_than_repeats() -> None:
    criteria = criteria_values("change_criteria")
    limit = criteria["level_z"] * math.sqrt(2) * criteria["amplitude_session_cv"] / 100
    edge = 10 * (2 + limit) / (2 - limit)  # where the difference is the limit of the mean of both
    for amplitude_uv, word in ((edge - 0.01, "within repeatability"), (edge + 0.01, "larger")):
        found = values(conducted(SURAL | {"amplitude_uv": 10.0}), conducted(SURAL | {"amplitude_uv": amplitude_uv}))
        assert found["amplitude_uv"].change == word
    assert found["amplitude_uv"].repeatability == pytest.approx(limit * (10 + edge + 0.01) / 2)
    found = values(conducted(SURAL | {"velocity_m_per_s": 50.0}), conducted(SURAL | {"velocity_m_per_s": 30.0}))
    assert found["velocity_m_per_s"].change == "smaller"


def test_colder_skin_and_another_distance_spoil_times_and_not_amplitudes() -> None:
    measured = {"amplitude_uv": 10.0, "latency_ms": 3.5, "velocity_m_per_s": 50.0}
    first = conducted(SURAL | measured)
    colder = values(first, conducted(SURAL | measured | {"temperature_c": 28.0}))
    assert {name: row.change for name, row in colder.items()} == {
        "amplitude_uv": "within repeatability", "latency_ms": "not comparable", "velocity_m_per_s": "not comparable",
    }  # fmt: skip
    assert colder["latency_ms"].reason == "skin of 33 °C at first and 28 °C now"
    longer = values(first, conducted(SURAL | measured | {"distance_mm": 160.0}))
    assert [longer[name].change for name in measured] == [
        "within repeatability",
        "not comparable",
        "within repeatability",
    ]


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        ("absent", "delayed", "obtained now"),
        ("reduced", "absent", "absent now"),
        ("reduced", "normal", "changed"),
        ("normal", "normal", "unchanged"),
        ("", "normal", "not comparable"),
        ("not_assessed", "normal", "not comparable"),
    ],
)
def test_results_are_compared_where_no_value_was_given_twice(before: str, now: str, word: str) -> None:
    reflex = {"study": "h_reflex", "side": "left"}
    found = values(conducted(reflex | {"result": before}), conducted(reflex | {"result": now, "latency_ms": 31.0}))
    assert {name: row.change for name, row in found.items()} == {"": word}


def test_no_response_is_no_small_number() -> None:
    absent, there = conducted(SURAL | {"amplitude_uv": 0.0}), conducted(SURAL | {"amplitude_uv": 4.0})
    assert values(absent, there)["amplitude_uv"].change == "obtained now"
    assert values(there, absent)["amplitude_uv"].change == "absent now"
    assert values(absent, absent)["amplitude_uv"].change == "unchanged"


def test_a_follow_up_before_the_first_examination_is_refused() -> None:
    with pytest.raises(
        StudyError, match="3 weeks after the onset and the first examination 6; give the earlier one first"
    ):
        emgkit.compare_findings(graded(2), graded(1), first_weeks=6, second_weeks=3)


def test_the_raw_numbers_behind_a_grade_stand_beside_it() -> None:
    first, second = (graded(2, sites=4, positive_sites=positive) for positive in (3, 1))
    finding = replace(second.muscles[0], discharges_per_s=1.5)
    row = muscle(first, replace(second, muscles=(finding,)))
    assert (row.sites_first, row.positive_sites_first, row.positive_sites_second) == (4, 3, 1)
    assert (row.discharges_per_s_first, row.discharges_per_s_second) == (0.0, 1.5)
    scored = muscle(graded(2, source="examiner"), second)
    assert math.isnan(scored.discharges_per_s_first)


def test_an_examination_beside_itself_has_not_changed() -> None:
    study, _ = emgkit.simulate_study("inferior_gluteal", duration_s=5.0, muscles=["gluteus_maximus", "soleus"], rng=1)
    findings = emgkit.analyze_study(study)
    change = emgkit.compare_findings(findings, findings)
    assert isinstance(change, StudyChange)
    assert set(change.needle["grade_change"]) <= {"unchanged", "not comparable"}
    assert set(change.conduction["change"]) <= {"within repeatability", "unchanged", "not comparable"}
    assert set(change.needle["sign"]) == {""}
    assert set(change.conduction["study"]) == set(findings.conduction["study"])
