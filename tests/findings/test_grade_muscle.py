"""Grades from trains made by hand: every rule, and the needle table."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from emgkit import Recording, grade_muscle
from emgkit.errors import StudyError
from emgkit.findings.spontaneous.muscles import grade_muscles, needle_table
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, SpontaneousActivity
from emgkit.model.findings import NEEDLE, MuscleFinding
from emgkit.model.table import make_table

SILENT: tuple[tuple[str, float, bool], ...] = ()
FIB = ("fibrillation", 1.5, True)
SHARP = ("positive_sharp_wave", 1.5, True)
TRANSIENT = ("fibrillation", 1.5, False)


def site(*trains, analysed_s: float = 10.0, muscle="gluteus_maximus", side="left", state="rest") -> SpontaneousActivity:
    """Return one needle position with trains of (label, discharges per second, persistent)."""
    recording = Recording(np.zeros(100), 10.0, muscle=muscle, side=side, state=state)
    events, rows = [], []
    for number, (label, rate_hz, persistent) in enumerate(trains):
        count = round(rate_hz * analysed_s)
        times_s = (np.arange(count) + 0.5) * analysed_s / max(count, 1)
        # Trains are shifted against each other, so that no two discharges share a bin of 10 ms.
        events += [
            {"time_s": time + 0.013 * number, "train": number, "peak_to_peak_uv": 100.0, "snr": 20.0}
            for time in times_s
        ]
        rows.append(
            {
                "train": number,
                "label": label,
                "probability": 0.95,
                "runner_up": "indeterminate",
                "n_events": count,
                "phases": 2,
                "spikes": 1,
                "initial_deflection": "positive",
                "sharp_wave": label == "positive_sharp_wave",
                "persistent": persistent,
                "reasons": "made by hand",
            }
        )
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        events=make_table(EVENTS, sorted(events, key=lambda row: row["time_s"])),
        trains=make_table(TRAINS, rows),
        templates_uv={},
        waveforms_uv={},
        window_ms=np.array([]),
        noise_uv={},
        excluded=make_table(EXCLUDED),
        spans=make_table(SPANS),
        analysed_s=analysed_s,
    )


def sites(*trains_at: tuple) -> list[SpontaneousActivity]:
    return [site(*trains) for trains in trains_at]


RULES = [
    # four or more positions, trains at each; grade, equivocal
    ("no train", [SILENT] * 4, 0, False),
    ("other discharges do not count", [(("fasciculation", 2.0, True), ("motor_unit", 8.0, True))] * 4, 0, False),
    ("a complex repetitive discharge does not count", [(("complex_repetitive_discharge", 40.0, True),)] * 4, 0, False),
    ("transient trains only", [(TRANSIENT,), SILENT, SILENT, SILENT], 0, True),
    ("transient trains everywhere", [(TRANSIENT,)] * 6, 0, True),
    ("one positive position of four", [(FIB,), SILENT, SILENT, SILENT], 0, True),
    ("one very positive position of four", [(FIB,) * 5, SILENT, SILENT, SILENT], 0, True),
    ("two positive positions", [(FIB,), (SHARP,), SILENT, SILENT], 1, False),
    ("two very positive positions", [(FIB,) * 5, (FIB,) * 5, SILENT, SILENT], 1, False),
    ("three positions, few each", [(FIB,), (FIB,), (FIB,), SILENT], 1, False),
    ("three positions, two trains each", [(FIB,) * 2, (FIB,) * 2, (FIB,) * 2, SILENT], 2, False),
    ("three positions, two trains at two of them", [(FIB,), (FIB,) * 2, (FIB,) * 3, SILENT], 1, False),
    ("three positions, one fast train each", [(("fibrillation", 5.0, True),)] * 3 + [SILENT], 2, False),
    ("four positions, two trains at three of them", [(FIB,), (FIB,) * 2, (FIB,) * 2, (FIB,) * 2], 2, False),
    ("large numbers in three of four", [(FIB,) * 4] * 3 + [SILENT], 2, False),
    ("large numbers in four of five", [(FIB,) * 4] * 4 + [SILENT], 3, False),
    ("large rate everywhere", [(("fibrillation", 15.0, True),)] * 4, 3, False),
    ("just below the large rate", [(("fibrillation", 14.8, True),)] * 4, 2, False),
    ("large numbers in all, one position silent of ten", [(FIB,) * 4] * 9 + [SILENT], 3, False),
    ("the baseline is filled", [(("fibrillation", 26.0, True),) * 2] * 4, 4, False),
    ("the baseline is filled in four of five", [(("fibrillation", 26.0, True),) * 2] * 4 + [SILENT], 4, False),
    ("the baseline is filled in three of four", [(("fibrillation", 26.0, True),) * 2] * 3 + [SILENT], 2, False),
    ("not quite filled", [(("fibrillation", 24.0, True),) * 2] * 4, 3, False),
]


@pytest.mark.parametrize(
    ("trains_at", "grade", "equivocal"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
def test_every_rule_of_the_grade(trains_at, grade, equivocal):
    finding = grade_muscle(sites(*trains_at))
    assert (finding.grade, finding.equivocal) == (grade, equivocal)
    assert finding.reason == ""
    assert finding.reasons
    assert finding.sites == len(trains_at)
    counted = [
        [train for train in trains if train[0] in {"fibrillation", "positive_sharp_wave"} and train[2]]
        for trains in trains_at
    ]
    assert finding.positive_sites == sum(bool(trains) for trains in counted)
    assert finding.trains == sum(len(trains) for trains in counted)


def test_the_raw_vector_is_that_of_the_positive_positions():
    finding = grade_muscle(sites((("fibrillation", 6.0, True), FIB), (("fibrillation", 9.0, True),), (SHARP,), SILENT))
    assert finding.discharges_per_s == pytest.approx(np.median([7.5, 9.0, 1.5]))
    assert finding.fill == pytest.approx(np.median([0.075, 0.09, 0.015]))


def test_fibrillations_and_positive_sharp_waves_carry_the_grade_of_what_was_seen():
    both = grade_muscle(sites((FIB,), (SHARP,), SILENT, SILENT))
    assert (both.fibrillation, both.positive_sharp_wave) == (1, 1)
    only = grade_muscle(sites((SHARP,), (SHARP,), SILENT, SILENT))
    assert (only.fibrillation, only.positive_sharp_wave) == (0, 1)
    silent = grade_muscle(sites(SILENT, SILENT, SILENT, SILENT))
    assert (silent.fibrillation, silent.positive_sharp_wave) == (0, 0)


def test_a_muscle_without_enough_signal_is_not_gradable():
    short = grade_muscle([site(FIB, FIB, analysed_s=4.9)] * 5, left_out=["needle 6: flat"])
    assert (short.grade, short.fibrillation, short.positive_sharp_wave) == (None, None, None)
    assert "5 s" in short.reason
    assert "needle 6: flat" in short.reason


def test_a_short_position_does_not_count_beside_long_ones():
    finding = grade_muscle([*sites((FIB,), SILENT, SILENT, SILENT), site(FIB, FIB, analysed_s=4.9)])
    assert (finding.grade, finding.sites, finding.positive_sites) == (0, 4, 1)


def test_only_rest_is_graded():
    moving = [site(FIB, FIB, state="slight") for _ in range(4)]
    assert grade_muscle(moving).grade is None
    finding = grade_muscle([*moving, *sites(SILENT, SILENT, SILENT, SILENT)])
    assert (finding.grade, finding.sites) == (0, 4)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_fewer_than_four_positions_are_provisional(count):
    for trains in (SILENT, (FIB,)):
        finding = grade_muscle(sites(*[trains] * count))
        assert finding.grade is not None
        assert "provisional" in finding.reason
        assert f"{count} of 4" in finding.reason
    assert grade_muscle(sites(*[SILENT] * 4)).reason == ""


def test_more_trains_at_positive_positions_never_lower_the_grade():
    position = [site(*(FIB,) * count) for count in range(6)]
    for counts in itertools.combinations_with_replacement([1, 2, 4], 4):
        before = grade_muscle([position[count] for count in counts]).grade
        assert grade_muscle([position[count] for count in reversed(counts)]).grade == before
        for place in range(4):
            more = [position[count + (place == number)] for number, count in enumerate(counts)]
            assert grade_muscle(more).grade >= before, (counts, place)


def test_the_grade_grows_with_the_number_of_trains_from_nothing_to_many():
    grades = [grade_muscle(sites(*[(FIB,) * count] * 5)).grade for count in range(6)]
    assert grades == [0, 1, 2, 2, 3, 3]


def test_a_grade_belongs_to_one_muscle_and_side():
    with pytest.raises(StudyError, match=r"left gluteus_maximus, left soleus.*each muscle by itself"):
        grade_muscle([site(), site(muscle="soleus")])
    with pytest.raises(StudyError, match=r"left gluteus_maximus, right gluteus_maximus"):
        grade_muscle([site(), site(side="right")])
    with pytest.raises(StudyError, match=r"nothing was given"):
        grade_muscle([])


def test_fasciculations_are_reported_and_do_not_count():
    finding = grade_muscle(sites((("fasciculation", 1.0, True),), SILENT, SILENT, SILENT))
    assert finding.fasciculation
    assert finding.grade == 0
    assert not grade_muscle(sites(SILENT, SILENT, SILENT, SILENT)).fasciculation


# The needle table


def finding(muscle: str = "soleus", side: str = "left", grade: int | None = 2, **more) -> MuscleFinding:
    return MuscleFinding(muscle, side, grade, grade, grade, **more)


def row_of(table: pd.DataFrame, muscle: str, side: str = "left") -> pd.Series:
    mine = table[(table["muscle"] == muscle) & (table["side"] == side)]
    assert len(mine) == 1
    return mine.iloc[0]


def test_measured_grades_become_rows():
    row = row_of(needle_table([finding(sites=5, positive_sites=4)]), "soleus")
    assert (row["fibrillation"], row["positive_sharp_wave"], row["source"]) == (2, 2, "recording")
    assert (row["sites"], row["positive_sites"], row["fasciculation"]) == (5, 4, "none")
    # What a resting recording does not tell stays empty.
    assert (row["motor_unit"], row["recruitment"], row["insertional"]) == ("", "", "")


def test_what_the_examiner_scored_is_kept_as_it_is():
    scored = make_table(
        NEEDLE,
        [{"muscle": "soleus", "side": "left", "fibrillation": 0, "recruitment": "reduced", "source": "examiner"}],
    )
    table = needle_table([finding(), finding(side="right"), finding("tibialis_anterior")], scored)
    assert len(table) == 3
    row = row_of(table, "soleus")
    assert (row["fibrillation"], row["recruitment"], row["source"]) == (0, "reduced", "examiner")
    assert pd.isna(row["positive_sharp_wave"])  # the examiner did not assess it; the measured 2 does not creep in
    assert row_of(table, "soleus", "right")["source"] == "recording"
    assert row_of(table, "tibialis_anterior")["fibrillation"] == 2
    assert list(table.columns) == NEEDLE.names


def test_equivocal_and_not_gradable_are_empty_and_say_why():
    table = needle_table(
        [finding(grade=0, equivocal=True), finding("tibialis_anterior", grade=None, reason="no position of 5 s")]
    )
    for muscle, note in (("soleus", "equivocal"), ("tibialis_anterior", "no position of 5 s")):
        row = row_of(table, muscle)
        assert pd.isna(row["fibrillation"])
        assert pd.isna(row["positive_sharp_wave"])
        assert note in row["note"]
    assert row_of(table, "tibialis_anterior")["fasciculation"] == ""  # not assessed, which is not "none"


def test_muscles_are_graded_by_place_and_lost_ones_keep_their_reason():
    activities = [site(FIB), site(side="right"), site(FIB), site(FIB), site(FIB)]
    lost = {("gluteus_maximus", "left"): ["needle 5: flat"], ("soleus", "left"): ["flat throughout"]}
    graded = grade_muscles(activities, lost)
    assert [(muscle.muscle, muscle.side, muscle.grade) for muscle in graded] == [
        ("gluteus_maximus", "left", 1), ("gluteus_maximus", "right", 0), ("soleus", "left", None)
    ]  # fmt: skip
    assert graded[-1].reason == "flat throughout"
