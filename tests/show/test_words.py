"""Words are bounded: probabilities are rounded, a site gets one of five words, grades have their usual notation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emgkit.findings.spontaneous.amplitude import judge_amplitude
from emgkit.knowledge import anatomy
from emgkit.knowledge.names import label_name, muscle_name, nerve_and_roots, readable, site_name, study_name
from emgkit.knowledge.tables import read_criteria, read_sources
from emgkit.model.findings import MuscleFinding
from emgkit.model.localization import POSTERIOR, VERDICTS
from emgkit.model.table import make_table
from emgkit.show.style import LABEL_COLORS
from emgkit.show.words import (
    amplitude_text,
    counted,
    family_text,
    grade_text,
    interval_text,
    number_text,
    probability_text,
    site_word,
    verdict_text,
)
from tests.show.made_by_hand import Case, make_answer

WORDS = ("supported", "possible", "unlikely", "not supported by what was tested", "not tested")


@given(st.floats(0, 1))
def test_a_printed_probability_is_a_multiple_of_five_percent_or_an_open_end(probability: float) -> None:
    text = probability_text(probability)
    if text not in {"< 5 %", "> 95 %"}:
        percent = int(text.removesuffix(" %"))
        assert percent % 5 == 0
        assert abs(percent / 100 - probability) <= 0.025 + 1e-9
        assert 5 <= percent <= 95


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0, "< 5 %"),
        (0.0499, "< 5 %"),
        (0.05, "5 %"),
        (0.075, "10 %"),
        (0.124, "10 %"),
        (0.95, "95 %"),
        (0.951, "> 95 %"),
        (1, "> 95 %"),
    ],
)
def test_probabilities_at_the_edges_are_printed_as_law_11_says(probability: float, text: str) -> None:
    assert probability_text(probability) == text


def test_a_more_probable_site_never_gets_a_weaker_word(case: Case) -> None:
    ranks = []
    for probability in np.linspace(0, 1, 201):
        rows = [{"site": "root_S1", "probability": probability}, {"site": "none", "probability": 1 - probability}]
        answer = make_answer(case.findings, posterior=make_table(POSTERIOR, rows))
        ranks.append(WORDS.index(site_word(answer, "root_S1")))
    assert all(later <= earlier for earlier, later in itertools.pairwise(ranks))
    assert set(ranks) == {0, 1, 2, 3}


def test_a_site_that_no_finding_touches_is_not_tested_however_probable(case: Case) -> None:
    answer = make_answer(case.findings, posterior=make_table(POSTERIOR, [{"site": "pudendal", "probability": 0.9}]))
    assert site_word(answer, "pudendal") == "not tested"
    assert site_word(answer, "tarsal_tunnel") == "not tested"


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (MuscleFinding("soleus", "left", 0, 0, 0), "0"),
        (MuscleFinding("soleus", "left", 1, 1, 0), "1+"),
        (MuscleFinding("soleus", "left", 4, 4, 4), "4+"),
        (MuscleFinding("soleus", "left", None, None, None, equivocal=True), "±"),
        (
            MuscleFinding("soleus", "left", None, None, None, reason="contraction throughout"),
            "not gradable: contraction throughout",
        ),
    ],
)
def test_grades_have_their_usual_notation(finding: MuscleFinding, text: str) -> None:
    assert grade_text(finding) == text


def test_an_interval_is_said_only_where_something_was_found() -> None:
    def said(*interval: int) -> str:
        return interval_text(MuscleFinding("soleus", "left", 2, 2, 0, sites=4, interval=interval, interval_level=0.9))

    assert said(1, 3) == "90 % bootstrap interval over 4 needle positions: 1+ to 3+"
    assert said(0, 1).endswith(": 0 to 1+")
    assert said(2, 2).endswith(": 2+")
    assert said(0, 0) == ""
    assert interval_text(MuscleFinding("soleus", "left", 2, 2, 0, sites=1)) == ""


def test_an_amplitude_is_never_said_without_its_caution() -> None:
    def said(*sizes_uv: float, electrode: str = "concentric") -> str:
        size = judge_amplitude(sizes_uv, electrodes=[electrode])
        return amplitude_text(
            MuscleFinding(
                "soleus",
                "left",
                2,
                2,
                0,
                amp95_uv=size.amp95_uv,
                amplitude_trains=size.trains,
                amplitude_statement=size.statement,
                amplitude_caution=size.caution,
                criteria={"amplitude_percentile": 95.0},
            )
        )

    size = "95th percentile of the amplitudes of {} trains: {} μV"
    unknown = "distant fibres are small as well, and the electrode of the published series is unknown"
    assert said() == ""
    assert said(150.0) == "1 of at least 5 trains that a summary of amplitudes needs"
    assert said(*[240.0] * 5) == (
        size.format(5, 240) + f", compatible with less than 12 months of denervation (no date: {unknown})"
    )
    assert said(*[80.0] * 10) == (
        size.format(10, 80)
        + ", not above 100 μV, as described after 12 months of denervation "
        + f"(weak evidence at most, and no date: {unknown})"
    )
    assert said(*[80.0] * 9) == (
        size.format(9, 80)
        + "; not above 100 μV, no evidence of chronicity with fewer than 10 trains: distant fibres are small as well"
    )
    assert said(*[240.0] * 9, electrode="") == (
        size.format(9, 240) + "; the electrode is not recorded, so the amplitude says nothing about age"
    )


def test_every_verdict_has_words_and_definite_claims_no_more_than_its_criteria() -> None:
    assert verdict_text("definite") == "all listed electrodiagnostic criteria met"
    assert len({verdict_text(status) for status in VERDICTS}) == len(VERDICTS)
    assert not set(VERDICTS) & {verdict_text(status) for status in VERDICTS}


def test_every_id_of_the_knowledge_tables_has_a_name_colour_and_family_words() -> None:
    assert set(anatomy.labels()) == set(LABEL_COLORS)
    for label in anatomy.labels():
        assert "_" not in label_name(label)
    for muscle in anatomy.muscles().values():
        assert muscle_name(muscle.muscle) == muscle.name
        nerve, roots = nerve_and_roots(muscle.muscle)
        if muscle.region in anatomy.LOWER_LIMB:
            assert nerve, muscle.muscle
            assert roots, muscle.muscle
    for study in anatomy.studies().values():
        assert study_name(study.study) == study.name
    for site in anatomy.sites().values():
        assert "_" not in site_name(site.site)
        assert "_" not in family_text(site.family)


def test_legs_alone_never_name_motor_neuron_disease_and_no_lesion_is_said_as_tested() -> None:
    assert site_name("motor_neuron_disease") == "several roots or anterior horn"
    assert site_name("none") == "no lesion shown by what was tested"
    assert "motor neuron" not in site_name("root_S1+motor_neuron_disease")


def test_every_cut_off_of_the_wording_has_a_source_and_the_words_are_in_order() -> None:
    rows = read_criteria("wording")
    assert all(row.source in read_sources() for row in rows.values())
    cuts = [rows[f"{word}_at_least"].value for word in ("supported", "possible", "unlikely")]
    assert cuts == sorted(cuts, reverse=True)
    assert rows["printed_lowest"].value < rows["printed_highest"].value


def test_missing_numbers_and_zero_counts_are_said_without_inventing_a_value() -> None:
    assert number_text(float("nan")) == ""
    assert probability_text(float("nan")) == "not given"
    assert counted(0, "train") == "no trains"
    assert readable("left h_reflex_x: a_b") == "left h reflex x: a b"
