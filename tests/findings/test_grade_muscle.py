"""Grades from trains made by hand: every rule, and the needle table."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emgkit import Recording, grade_muscle
from emgkit.errors import StudyError, UnknownNameError
from emgkit.findings.spontaneous.muscles import grade_muscles, needle_table
from emgkit.findings.spontaneous.schemes import (
    grade_chances,
    grade_interval,
    grade_of,
    positions_needed,
    read_scheme,
)
from emgkit.knowledge.grading import SCHEMES
from emgkit.knowledge.tables import criteria_values
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS, SpontaneousActivity
from emgkit.model.findings import NEEDLE, MuscleFinding
from emgkit.model.table import make_table

SILENT: tuple[tuple[str, float, bool], ...] = ()
FIB = ("fibrillation", 1.5, True)
SHARP = ("positive_sharp_wave", 1.5, True)
TRANSIENT = ("fibrillation", 1.5, False)


def site(
    *trains,
    analysed_s: float = 10.0,
    muscle="gluteus_maximus",
    side="left",
    name="",
    state="rest",
    electrode="concentric",
    span_s: float = 9.5,
    amplitudes_uv=(),
    counted=(),
    excluded=(),
    flags=(),
) -> SpontaneousActivity:
    """Return one needle position with trains of (label, discharges per second, persistent)."""
    recording = Recording(np.zeros(100), 10.0, muscle=muscle, side=side, state=state, site=name, electrode=electrode)
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
                "start_s": 0.2,
                "stop_s": 0.2 + span_s,
                "rate_hz": rate_hz,
                "amplitude_uv": amplitudes_uv[number] if amplitudes_uv else 100.0,
                "phases": 2,
                "turns": 2,
                "spikes": 1,
                "initial_deflection": "positive",
                "sharp_wave": label == "positive_sharp_wave",
                "persistent": persistent,
                "reasons": "made by hand",
                "counted": True,
            }
        )
    table = make_table(TRAINS, rows)
    spans = [{"start_s": start_s, "stop_s": stop_s, "reason": reason} for start_s, stop_s, reason in excluded]
    return SpontaneousActivity(
        recording=recording,
        muscle=muscle,
        events=make_table(EVENTS, sorted(events, key=lambda row: row["time_s"])),
        trains=table.assign(counted=list(counted)) if counted else table,
        templates_uv={},
        waveforms_uv={},
        window_ms=np.array([]),
        noise_uv={},
        excluded=make_table(EXCLUDED, spans),
        spans=make_table(SPANS),
        analysed_s=analysed_s,
        flags=tuple(flags),
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
    assert "4.9 s at rest of the 5 s that are needed" in short.reason
    assert "needle 6: flat" in short.reason
    assert [position.trains for position in short.positions] == [2] * 5  # what was seen is not hidden
    assert (short.interval, short.amp95_uv, short.amplitude_statement) == (None, None, "")


def test_a_short_position_does_not_count_beside_long_ones():
    finding = grade_muscle([*sites((FIB,), SILENT, SILENT, SILENT), site(FIB, FIB, analysed_s=4.9)])
    assert (finding.grade, finding.sites, finding.positive_sites) == (0, 4, 1)
    assert finding.reasons[-1] == "position not counted: 4.9 s at rest of the 5 s that are needed"


def test_a_position_full_of_contraction_does_not_count_whatever_it_shows():
    busy = site(FIB, FIB, name="deep", excluded=[(0.0, 2.0, "contraction"), (1.0, 3.1, "clipped")])
    assert grade_muscle([busy] * 4).reason == (
        "no needle position at rest could be judged; 31 % contraction or artefact, more than 30 %"
    )
    finding = grade_muscle([busy, *sites((FIB,), (FIB,), SILENT, SILENT)])
    assert (finding.grade, finding.sites) == (1, 4)
    assert finding.reasons[-1] == "position not counted (deep): 31 % contraction or artefact, more than 30 %"
    assert finding.positions[0].trains == 2


@pytest.mark.parametrize(
    "excluded",
    [
        [(0.0, 1.0, "contraction"), (0.5, 3.0, "contraction")],  # overlaps count once
        [(0.0, 2.5, "movement"), (2.5, 4.5, "insertional activity"), (5.0, 7.5, "contraction")],
    ],
)
def test_a_little_contraction_and_any_movement_of_the_needle_are_allowed(excluded):
    finding = grade_muscle([site(FIB, excluded=excluded)] * 4)
    assert (finding.grade, finding.sites) == (1, 4)


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


def test_doubtful_trains_are_told_and_not_counted():
    doubtful = [site(FIB, SHARP, counted=[False, False])] * 5
    finding = grade_muscle(doubtful)
    assert (finding.grade, finding.equivocal, finding.trains) == (0, True, 0)
    assert "doubtful trains, reported and not counted: 10" in finding.reasons
    mixed = grade_muscle([site(FIB, SHARP, counted=[True, False])] * 5)
    assert (mixed.grade, mixed.trains, mixed.fibrillation, mixed.positive_sharp_wave) == (1, 5, 1, 0)
    assert mixed.discharges_per_s == pytest.approx(1.5)
    assert mixed.positions[0].doubtful == 1


def test_every_position_is_told_with_its_own_numbers():
    activities = [site(FIB, SHARP, name="upper"), site(("fibrillation", 15.0, True)), site(TRANSIENT, name="deep")]
    upper, fast, deep = grade_muscle(activities).positions
    assert (upper.site, upper.trains, upper.level, upper.transient) == ("upper", 2, 2, 0)
    assert (fast.trains, fast.discharges_per_s, fast.level) == (1, 15.0, 3)
    assert fast.fill == pytest.approx(0.15)
    assert (deep.trains, deep.level, deep.transient, deep.left_out) == (0, 0, 1, "")


def test_the_reasons_say_what_the_grade_and_the_next_one_ask_for():
    assert grade_muscle(sites((FIB,) * 4, (FIB,) * 2, (FIB,) * 2, SILENT)).reasons == (
        "2+ asks for moderate numbers (2 trains or 5 discharges/s) at 3 or more positions: 3 of 4",
        "3+ asks for large numbers (4 trains or 15 discharges/s) at 4 or more positions: 1 of 4",
    )
    assert grade_muscle(sites(SILENT, SILENT, SILENT, (TRANSIENT,))).reasons == (
        "1+ asks for persistent trains (3 s or longer) at 2 or more positions: 0 of 4",
        "transient trains, not counted: 1",
    )


def test_every_threshold_that_was_used_is_told():
    used = grade_muscle(sites(*[SILENT] * 4), scheme="preston_shapiro").criteria
    assert used["preston_shapiro_persistent_span_s"] == 2
    assert used["amplitude_limit_uv"] == 100
    assert used["least_site_s"] == 5
    assert not any(key.startswith("mayo") for key in used)


# Schemes


def test_preston_and_shapiro_count_trains_of_two_seconds_and_mayo_does_not():
    for span_s, fits in ((1.9, False), (2.1, True), (2.9, True)):
        run = [site(TRANSIENT, span_s=span_s)] * 4
        mayo, other = grade_muscle(run), grade_muscle(run, scheme="preston_shapiro")
        assert (mayo.grade, mayo.equivocal, mayo.scheme) == (0, True, "mayo")
        assert (other.grade, other.equivocal, other.scheme) == (int(fits), not fits, "preston_shapiro")


def test_a_short_run_needs_enough_discharges_unless_it_is_slow():
    few = [site(("fibrillation", rate_hz, False), span_s=2.9) for rate_hz in (0.5, 0.3, 0.2)]
    assert [activity.trains["n_events"][0] for activity in few] == [5, 3, 2]
    levels = [grade_muscle([one] * 4, scheme="preston_shapiro").grade for one in few]
    assert levels == [1, 1, 0]
    fast = site(("fibrillation", 1.0, False), span_s=2.9, analysed_s=5.0)
    assert fast.trains["n_events"][0] == 5
    assert grade_muscle([fast] * 4, scheme="preston_shapiro").grade == 0


@pytest.mark.parametrize(("trains_at", "grade"), [rule[1:3] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_the_schemes_agree_on_long_trains(trains_at, grade):
    long = [tuple(train for train in trains if train[2]) for trains in trains_at]
    assert grade_muscle(sites(*long), scheme="preston_shapiro").grade == grade


def test_a_scheme_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(UnknownNameError, match=r"Unknown grading scheme 'kimura'.*mayo, preston_shapiro"):
        grade_muscle([site()], scheme="kimura")
    with pytest.raises(UnknownNameError, match="grading scheme"):
        grade_muscles([], {("soleus", "left"): ["flat"]}, scheme="kimura")
    assert grade_muscle([site()], scheme="Preston-Shapiro").scheme == "preston_shapiro"


@pytest.mark.parametrize("scheme", [read_scheme(name) for name in SCHEMES], ids=SCHEMES)
def test_a_higher_grade_never_needs_fewer_positions_than_a_lower_one(scheme):
    for count in range(1, 60):
        needed = positions_needed(scheme, count)
        assert list(needed) == sorted(needed)
    assert positions_needed(scheme, 35)[2] == 28  # 0.8 * 35, whatever the binary fractions say


def test_the_flag_of_the_table_of_trains_is_that_of_the_strictest_scheme():
    spans_s = [read_scheme(name).persistent_span_s for name in SCHEMES]
    assert criteria_values("grading_criteria")["persistent_span_s"] == max(spans_s)


# Monotone: more denervation never lowers a grade

_POSITION = st.lists(st.tuples(st.floats(0.4, 30.0), st.booleans()), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_POSITION, min_size=1, max_size=7),
    st.data(),
    st.sampled_from(SCHEMES),
    st.sampled_from(["fibrillation", "positive_sharp_wave"]),
)
def test_one_more_denervated_fibre_never_lowers_the_grade(positions, data, scheme, label):
    where = data.draw(st.integers(0, len(positions) - 1))
    fibre = data.draw(st.tuples(st.floats(0.4, 30.0), st.booleans()))
    more = [[*trains, fibre] if number == where else trains for number, trains in enumerate(positions)]
    before, after = (
        grade_muscle([site(*[(label, *train) for train in trains]) for trains in muscle], scheme=scheme)
        for muscle in (positions, more)
    )
    assert (after.grade, after.equivocal and after.grade == 0) >= (before.grade, before.equivocal and before.grade == 0)
    assert all(low <= high for low, high in zip(before.interval or (), after.interval or (), strict=True))
    assert after.positions[where].level >= before.positions[where].level


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.data(), st.sampled_from(SCHEMES))
def test_grade_and_interval_never_fall_when_a_position_shows_more(levels, data, name):
    scheme = read_scheme(name)
    where = data.draw(st.integers(0, len(levels) - 1))
    more = [min(level + (number == where), 4) for number, level in enumerate(levels)]
    assert grade_of(more, scheme) >= grade_of(levels, scheme)
    pairs = zip(grade_interval(levels, scheme, level=0.9), grade_interval(more, scheme, level=0.9), strict=True)
    assert all(before <= after for before, after in pairs)


# The bootstrap over positions


def chances_by_enumeration(levels, scheme):
    """Grade every resample there is: the slow twin of the exact distribution."""
    resamples = list(itertools.product(levels, repeat=len(levels)))
    counts = np.bincount([grade_of(resample, scheme) for resample in resamples], minlength=5)
    return counts / len(resamples)


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(
    "levels", [[0], [4], [0, 3], [0, 1, 2], [1, 1, 0, 0], [2, 2, 3, 0], [3, 4, 4, 3, 0], [1, 2, 2, 3, 4, 0]]
)
def test_the_exact_distribution_is_that_of_all_resamples(levels, name):
    scheme = read_scheme(name)
    np.testing.assert_allclose(grade_chances(levels, scheme), chances_by_enumeration(levels, scheme), atol=1e-14)


def test_the_exact_distribution_is_that_of_drawn_resamples():
    scheme, rng = read_scheme("mayo"), np.random.default_rng(7)
    levels = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3])
    drawn = [grade_of(levels[rng.integers(0, 12, 12)].tolist(), scheme) for _ in range(20_000)]
    exact = grade_chances(levels.tolist(), scheme)
    assert min(exact[:3]) > 0.05
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 20_000, exact, atol=4 * 0.5 / np.sqrt(20_000))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.sampled_from(SCHEMES), st.floats(0.05, 0.99))
def test_the_grade_lies_in_every_interval_and_the_chances_sum_to_one(levels, name, level):
    scheme = read_scheme(name)
    chances = np.array(grade_chances(levels, scheme))
    low, high = grade_interval(levels, scheme, level=level)
    assert low <= grade_of(levels, scheme) <= high
    assert chances.sum() == pytest.approx(1)
    assert chances.min() >= 0
    assert chances[low : high + 1].sum() >= level - 1e-9
    assert grade_chances(levels[::-1], scheme) == tuple(chances)


def test_intervals_with_known_answers():
    # Two positive of four: none or one is drawn in (1/2)^4 + 4 (1/2)^4 = 5 of 16 resamples.
    two = grade_muscle(sites((FIB,), (SHARP,), SILENT, SILENT))
    assert (two.grade, two.interval, two.interval_level) == (1, (0, 1), 0.95)
    # Alike positions give no width; what no position showed cannot be drawn.
    assert grade_muscle(sites(*[(FIB,) * 4] * 6)).interval == (3, 3)
    assert grade_muscle(sites(*[SILENT] * 6)).interval == (0, 0)
    # One positive of four is no 1+, but 1 - (3/4)^4 - 4 (1/4) (3/4)^3 = 26 % of resamples are.
    assert grade_muscle(sites((FIB,), SILENT, SILENT, SILENT)).interval == (0, 1)
    assert grade_muscle([site(FIB)]).interval is None


# Amplitude


def amplitudes(*sizes_uv, **more):
    """Grade four positions that hold trains of these sizes."""
    parts = [sizes_uv[number::4] for number in range(4)]
    return grade_muscle([site(*[FIB] * len(part), amplitudes_uv=part, **more) for part in parts])


def test_large_fibrillations_are_compatible_with_less_than_a_year_and_no_date_is_given():
    finding = amplitudes(80.0, 120.0, 160.0, 240.0, 400.0)
    assert finding.amp95_uv == pytest.approx(np.percentile([80, 120, 160, 240, 400], 95))
    assert finding.amplitude_trains == 5
    assert finding.amplitude_statement == "compatible with less than 12 months of denervation"
    assert "no date" in finding.amplitude_caution


@pytest.mark.parametrize("count", [5, 9])
def test_small_fibrillations_are_no_evidence_of_chronicity_with_few_trains(count):
    finding = amplitudes(*[60.0] * count)
    assert finding.amp95_uv == 60
    assert finding.amplitude_statement == ""
    assert "no evidence of chronicity with fewer than 10 trains" in finding.amplitude_caution


def test_small_fibrillations_in_many_trains_are_weak_evidence_in_cautious_words():
    finding = amplitudes(*[100.0] * 10)
    assert finding.amplitude_statement == "not above 100 μV, as described after 12 months of denervation"
    assert "weak evidence at most" in finding.amplitude_caution
    assert "no date" in finding.amplitude_caution
    assert amplitudes(*[100.1] * 10).amplitude_statement.startswith("compatible with less than 12 months")


def test_too_few_trains_have_no_summary():
    finding = amplitudes(100.0, 200.0, 300.0, 400.0)
    assert (finding.amp95_uv, finding.amplitude_statement) == (None, "")
    assert "4 of at least 5 trains" in finding.amplitude_caution
    silent = grade_muscle(sites(*[SILENT] * 4))
    assert (silent.amp95_uv, silent.amplitude_statement, silent.amplitude_caution) == (None, "", "")


def test_an_unknown_or_mixed_electrode_silences_the_statement_and_says_so():
    unknown = amplitudes(*[300.0] * 6, electrode="")
    assert (unknown.amp95_uv, unknown.amplitude_statement) == (300, "")
    assert unknown.amplitude_caution == "the electrode is not recorded, so the amplitude says nothing about age"
    sizes = [300.0] * 3
    for other in ("monopolar", ""):
        mixed = grade_muscle(
            [site(*[FIB] * 3, amplitudes_uv=sizes), site(*[FIB] * 3, amplitudes_uv=sizes, electrode=other)]
        )
        assert (mixed.amp95_uv, mixed.amplitude_statement) == (300, "")
        assert "electrodes differ" in mixed.amplitude_caution
    # The electrode of a silent position does not matter.
    beside = grade_muscle([site(*[FIB] * 3, amplitudes_uv=sizes)] * 2 + [site(electrode="")] * 2)
    assert beside.amplitude_statement


def test_only_trains_that_count_and_were_measured_have_an_amplitude():
    nan = float("nan")
    one = site(FIB, FIB, TRANSIENT, ("motor_unit", 8.0, True), amplitudes_uv=[120.0, nan, 900.0, 2000.0])
    finding = grade_muscle([one] * 5)
    assert (finding.amp95_uv, finding.amplitude_trains) == (120, 5)
    slow = grade_muscle([site(FIB, FIB, flags=["low_rate"])] * 5)
    assert (slow.amp95_uv, slow.amplitude_trains) == (None, 0)


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
    assert row["scheme"] == "mayo"
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
    assert row["scheme"] == "", "whose words an examiner follows is not for us to say"
    assert pd.isna(row["positive_sharp_wave"])  # the examiner did not assess it; the measured 2 does not creep in
    assert row_of(table, "soleus", "right")["source"] == "recording"
    assert row_of(table, "tibialis_anterior")["fibrillation"] == 2
    assert list(table.columns) == NEEDLE.names


def test_the_raw_vector_goes_with_the_grade_into_the_needle_table():
    muscle = finding(sites=4, positive_sites=4, trains=9, discharges_per_s=11.24, fill=0.108, reason="provisional")
    assert row_of(needle_table([muscle]), "soleus")["note"] == "provisional; 9 trains, 11.2 discharges/s, fill 11 %"
    assert muscle.raw_vector == (4, 4, 9, 11.24, 0.108)


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
