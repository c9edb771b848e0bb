"""Nerve conduction values judged against limits that are known, and against the other side."""

import pytest

from emgkit.errors import StudyError, TableError, UnknownNameError
from emgkit.findings.conduction.judge import conduction_table, judge_conduction
from emgkit.findings.conduction.limits import conduction_limits, limit_for
from emgkit.knowledge.anatomy import studies
from emgkit.model.findings import CONDUCTION
from emgkit.model.table import make_table


def judged(*rows, **facts):
    return judge_conduction(make_table(CONDUCTION, [{"side": "left", **row} for row in rows]), **facts)


@pytest.mark.parametrize(
    ("study", "measure", "normal", "abnormal", "result"),
    [
        ("sural_sensory", "amplitude_uv", 4.0, 3.9, "reduced"),
        ("sural_sensory", "latency_ms", 4.5, 4.6, "delayed"),
        ("tibial_motor_ah", "amplitude_mv", 4.4, 4.3, "reduced"),
        ("tibial_motor_ah", "velocity_m_per_s", 39.0, 38.0, "delayed"),
        ("fibular_motor_edb", "latency_ms", 6.5, 6.6, "delayed"),
        ("h_reflex", "latency_ms", 35.0, 35.1, "delayed"),
        ("posterior_femoral_cutaneous_sensory", "amplitude_uv", 6.5, 3.0, "reduced"),
    ],
)
def test_a_value_at_its_limit_is_normal_and_one_beyond_it_is_not(study, measure, normal, abnormal, result):
    (at_limit,) = judged({"study": study, measure: normal})
    (beyond,) = judged({"study": study, measure: abnormal})
    assert (at_limit.result, beyond.result) == ("normal", result)
    assert "limit" in beyond.reasons[0]
    source = next(limit.source for limit in conduction_limits() if limit.study == study and limit.measure == measure)
    assert source in beyond.reference


@pytest.mark.parametrize(
    ("age_years", "height_cm", "limit"),
    [(25, 155, 29.8), (39.9, 165, 32.3), (40, 165, 32.8), (60, 185, 36.4), (60, None, 35.0), (None, 185, 35.0)],
)
def test_the_h_reflex_limit_follows_age_and_height(age_years, height_cm, limit):
    found = limit_for("h_reflex", "latency_ms", age_years=age_years, height_cm=height_cm)
    assert found.value == limit
    (late,) = judged({"study": "h_reflex", "latency_ms": limit + 0.1}, age_years=age_years, height_cm=height_cm)
    assert late.result == "delayed"


@pytest.mark.parametrize("age_years", [8, 85])
def test_outside_the_ages_of_the_reference_only_sides_are_compared(age_years):
    (alone,) = judged({"study": "sural_sensory", "amplitude_uv": 1.0}, age_years=age_years)
    assert (alone.result, alone.reference) == ("not_assessed", "no applicable reference")
    low, high = judged(
        {"study": "sural_sensory", "amplitude_uv": 1.0},
        {"study": "sural_sensory", "amplitude_uv": 9.0, "side": "right"},
        age_years=age_years,
    )
    assert (low.result, high.result) == ("reduced", "normal")


@pytest.mark.parametrize(
    ("study", "measure", "worse_within_other", "result"),
    [
        ("sural_sensory", "amplitude_uv", (5.0, 6.0, 20.0), "reduced"),
        ("tibial_motor_ah", "amplitude_mv", (9.0, 11.0, 20.0), "reduced"),
        ("h_reflex", "latency_ms", (32.1, 31.9, 30.0), "delayed"),
        ("tibial_f_wave", "latency_ms", (54.5, 53.5, 50.0), "delayed"),
        ("fibular_motor_edb", "velocity_m_per_s", (41.0, 43.0, 50.0), "delayed"),
    ],
)
def test_only_the_worse_side_is_abnormal_by_a_side_difference(study, measure, worse_within_other, result):
    worse, within, other = worse_within_other
    for value, expected in ((worse, result), (within, "normal")):
        left, right = judged({"study": study, measure: value}, {"study": study, measure: other, "side": "right"})
        assert (left.result, right.result) == (expected, "normal")


def test_sides_swapped_give_swapped_results():
    rows = [{"study": "h_reflex", "latency_ms": 33.0}, {"study": "h_reflex", "latency_ms": 30.0, "side": "right"}]
    swapped = [{**row, "side": "right" if row.get("side", "left") == "left" else "left"} for row in rows]
    results = {finding.side: finding.result for finding in judged(*rows)}
    assert results == {"left": "delayed", "right": "normal"}
    assert {finding.side: finding.result for finding in judged(*swapped)} == {"left": "normal", "right": "delayed"}


def test_no_response_is_absent_and_the_other_side_is_not_judged_by_it():
    left, right = judged(
        {"study": "h_reflex", "amplitude_mv": 0.0},
        {"study": "h_reflex", "amplitude_mv": 2.0, "latency_ms": 30.0, "side": "right"},
    )
    assert (left.result, left.reasons) == ("absent", ("no response",))
    assert right.result == "normal"


def test_a_given_result_is_used_as_it_is():
    (finding,) = judged({"study": "sural_sensory", "result": "normal", "amplitude_uv": 1.0, "note": "oedema"})
    assert (finding.result, finding.reference) == ("normal", "as given")
    assert finding.reasons == ("result as given", "oedema")
    assert finding.values == {"amplitude_uv": 1.0}


def test_nothing_measured_is_not_assessed_and_never_normal():
    (finding,) = judged({"study": "sural_sensory", "temperature_c": 32.0})
    assert (finding.result, finding.reasons) == ("not_assessed", ("nothing was measured",))


def test_a_study_without_limits_keeps_its_value_and_says_so():
    (finding,) = judged({"study": "bulbocavernosus_reflex", "latency_ms": 34.0})
    assert (finding.result, finding.reference) == ("not_assessed", "no applicable reference")
    assert finding.values == {"latency_ms": 34.0}


def test_a_cold_foot_delays_nothing_and_still_shows_a_lost_amplitude():
    (cold,) = judged({"study": "sural_sensory", "amplitude_uv": 2.0, "latency_ms": 5.5, "temperature_c": 26.0})
    assert cold.result == "reduced"
    assert any("skin at 26 C" in reason for reason in cold.reasons)
    (only_late,) = judged({"study": "sural_sensory", "latency_ms": 5.5, "temperature_c": 26.0})
    assert only_late.result == "not_assessed"


def test_a_latency_over_another_distance_is_not_judged():
    (finding,) = judged({"study": "sural_sensory", "latency_ms": 5.0, "amplitude_uv": 12.0, "distance_mm": 180.0})
    assert finding.result == "normal"
    assert any("over 180 mm" in reason for reason in finding.reasons)


def test_a_lost_amplitude_outranks_a_delay():
    (finding,) = judged({"study": "tibial_motor_ah", "amplitude_mv": 1.0, "latency_ms": 8.0})
    assert finding.result == "reduced"
    assert finding.reasons[0].startswith("amplitude")


def test_assumed_limits_are_marked():
    left, _ = judged(
        {"study": "femoral_motor", "amplitude_mv": 3.4},
        {"study": "femoral_motor", "amplitude_mv": 12.5, "side": "right"},
    )
    assert left.result == "reduced"
    assert "assumed" in left.reference


def test_usual_spellings_of_studies_are_understood():
    (finding,) = judged({"study": "Sural SNAP", "amplitude_uv": 12.0})
    assert finding.study == "sural_sensory"


def test_findings_go_into_a_table_and_back_unchanged():
    findings = judged(
        {"study": "sural_sensory", "amplitude_uv": 3.0, "latency_ms": 3.5},
        {"study": "h_reflex", "amplitude_mv": 0.0, "side": "right"},
    )
    table = conduction_table(findings)
    assert table["result"].tolist() == ["reduced", "absent"]
    assert "lower limit 4 uV" in table["note"][0]
    again = judge_conduction(table)
    assert [(f.study, f.side, f.result, f.values) for f in again] == [
        (f.study, f.side, f.result, f.values) for f in findings
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"amplitude_uv": -3.0}, "amplitude_uv -3; it must be 0 or more"),
        ({"latency_ms": 0.0}, "latency_ms 0; it must be above 0"),
    ],
)
def test_an_impossible_value_is_refused(row, message):
    with pytest.raises(StudyError, match=message):
        judged({"study": "sural_sensory", **row})


def test_a_study_given_twice_is_refused():
    with pytest.raises(StudyError, match="sural_sensory of the left side is given twice"):
        judged({"study": "sural_sensory", "amplitude_uv": 9.0}, {"study": "sural", "amplitude_uv": 3.0})


def test_an_unknown_study_or_a_missing_column_is_refused():
    with pytest.raises(UnknownNameError, match="Unknown nerve study 'surral'; did you mean sural_sensory"):
        judged({"study": "surral", "amplitude_uv": 9.0})
    with pytest.raises(TableError, match="lacks the column side"):
        judge_conduction(make_table(CONDUCTION).drop(columns="side"))


def test_no_rows_give_no_findings():
    assert judge_conduction(make_table(CONDUCTION)) == ()
    assert conduction_table(()).columns.tolist() == CONDUCTION.names


def test_every_limit_belongs_to_a_known_study_and_has_the_unit_of_its_column():
    units = {column.name: column.unit for column in CONDUCTION.columns}
    for limit in conduction_limits():
        assert limit.study in studies()
        assert limit.unit == ("%" if limit.bound == "side_drop" else units[limit.measure])
        assert (limit.bound == "upper") <= (limit.measure == "latency_ms")


@pytest.mark.parametrize("height_cm", [150, 160, 169.5, 175, 180, 195])
@pytest.mark.parametrize("age_years", [19, 29.5, 35, 45, 55, 79.9])
def test_every_adult_has_at_most_one_most_specific_limit(age_years, height_cm):
    for study in studies():
        for measure in ("amplitude_uv", "amplitude_mv", "latency_ms", "velocity_m_per_s"):
            chosen = limit_for(study, measure, age_years=age_years, height_cm=height_cm)
            general = limit_for(study, measure, age_years=None, height_cm=None)
            assert (chosen is None) == (general is None)
            if chosen is None:
                continue
            alike = [
                limit
                for limit in conduction_limits()
                if (limit.study, limit.measure, limit.bound, limit.age_from, limit.height_from, limit.height_below)
                == (study, measure, chosen.bound, chosen.age_from, chosen.height_from, chosen.height_below)
            ]
            assert len(alike) == 1
