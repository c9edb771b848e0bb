"""The body map: every muscle of the legs has its place, every grade its look, and names keep apart."""

from __future__ import annotations

import colorsys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from emgkit.knowledge.anatomy import LOWER_LIMB, muscles, nerves, sites
from emgkit.knowledge.names import muscle_name
from emgkit.model.findings import CONDUCTION, NEEDLE, StudyFindings
from emgkit.model.table import make_table
from emgkit.show.body_plots import _FILLS, body_shapes, describe_body, plot_body
from tests.show.made_by_hand import MUSCLES, Case, make_answer, make_case, many_muscles
from tests.show.test_plots import outside, texts_that_overlap

DRAWN = [shape.id for shape in body_shapes() if shape.kind == "muscle"]


def scored(*rows: tuple[str, str, int | None]) -> StudyFindings:
    cells = [
        {"muscle": muscle, "side": side, "fibrillation": grade, "source": "examiner"} for muscle, side, grade in rows
    ]
    return StudyFindings(make_table(NEEDLE, cells), make_table(CONDUCTION))


def leading(case: Case, site: str) -> object:
    posterior = case.answer.posterior.copy()
    posterior.loc[0, "site"] = site
    return replace(case.answer, posterior=posterior)


def test_every_muscle_of_the_legs_and_every_nerve_that_a_site_cuts_has_one_place() -> None:
    legs = [row.muscle for row in muscles().values() if row.region in LOWER_LIMB]
    assert sorted(DRAWN) == sorted(legs)
    lines = {shape.id for shape in body_shapes() if shape.kind == "nerve"}
    assert {node for row in sites().values() for node in row.cuts} <= lines | {"psoas_branches"}
    assert lines <= set(nerves())


def test_every_shape_lies_in_the_body_and_can_be_drawn() -> None:
    for shape in body_shapes():
        x, y = shape.line.T
        assert len(x) >= 2, shape.id
        assert 0 <= x.min() <= x.max() <= 1.6, shape.id
        assert -0.6 <= y.min() <= y.max() <= 10, shape.id
        assert (shape.width is not None) == (shape.kind == "muscle"), shape.id


@pytest.mark.parametrize("count", [1, 2, 5, 8, 12, 16, 20])
def test_names_neither_overlap_nor_leave_the_picture(count: int) -> None:
    made = make_case(many_muscles(count))
    figure = plot_body(made.findings, answer=made.answer)
    assert texts_that_overlap(figure) == []
    assert outside(figure) == []
    told = {" ".join(text.get_text().split()) for text in figure.axes[0].texts}
    assert {muscle_name(muscle) for muscle in MUSCLES[:count]} <= {text.rpartition(" ")[0] for text in told}


def test_both_legs_of_twenty_muscles_keep_apart(case: Case) -> None:
    rows = [(muscle, side, number % 5) for side in ("left", "right") for number, muscle in enumerate(MUSCLES)]
    figure = plot_body(scored(*rows, ("deltoid", "left", None)), answer=case.answer)
    assert texts_that_overlap(figure) == []
    assert outside(figure) == []
    assert "Elsewhere: Left deltoid not gradable" in figure.axes[0].texts[-1].get_text()


def test_grades_grow_darker_so_that_they_survive_without_colour() -> None:
    light = [
        colorsys.rgb_to_yiq(*(int(_FILLS[grade][k : k + 2], 16) / 255 for k in (1, 3, 5)))[0] for grade in range(5)
    ]
    assert (np.diff(light) < -0.08).all()


def test_left_is_left_from_behind_and_right_from_the_front() -> None:
    figure = plot_body(scored(("soleus", "left", 2), ("tibialis_anterior", "left", 1)))
    texts = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}
    assert texts["Soleus  2+"] < texts["from behind"] < texts["from the front"] < texts["Tibialis anterior  1+"]


@pytest.mark.parametrize(
    ("site", "lines"), [("root_S1", 1), ("root_S1+superior_gluteal", 2), ("polyneuropathy", 0), ("none", 0)]
)
def test_the_leading_site_is_drawn_where_it_cuts(case: Case, site: str, lines: int) -> None:
    figure = plot_body(case.findings, answer=leading(case, site))
    assert sum(line.get_linewidth() == 2.6 for line in figure.axes[0].lines) == lines
    assert ("No line drawn" in figure.axes[0].texts[-1].get_text()) == (lines == 0)


def test_a_study_without_needle_says_so_and_axes_are_used(case: Case) -> None:
    empty = StudyFindings(make_table(NEEDLE), make_table(CONDUCTION))
    assert plot_body(empty).axes[0].texts[0].get_text() == "no muscle was sampled"
    assert "none sampled" in describe_body(empty)
    mine = Figure(figsize=(14, 6))
    left, right = mine.subplots(1, 2)
    assert plot_body(case.findings, ax=left) is mine
    assert left.has_data()
    assert not right.has_data()


def test_doubt_and_what_cannot_be_graded_have_a_pattern_and_words() -> None:
    made = make_case(many_muscles(2))
    doubtful = replace(
        made.findings, muscles=(replace(made.findings.muscles[0], equivocal=True), made.findings.muscles[1])
    )
    figure = plot_body(doubtful, answer=make_answer(doubtful))
    assert "Gluteus maximus  ±" in {text.get_text() for text in figure.axes[0].texts}
    assert "gluteus maximus ±" in describe_body(doubtful)
    assert sum(patch.get_hatch() is not None for patch in figure.axes[0].patches) == 3  # one muscle, two of the key


def test_a_name_is_not_torn_where_its_grade_is_long() -> None:
    texts = {text.get_text() for text in plot_body(scored(("gluteus_medius", "left", None))).axes[0].texts}
    assert "Gluteus medius\nnot gradable" in texts
