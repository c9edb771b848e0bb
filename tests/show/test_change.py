"""A follow-up in pictures and in the report."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

import emgkit
from emgkit.knowledge.anatomy import studies
from emgkit.model.change import CONDUCTION_CHANGES, NEEDLE_CHANGES, StudyChange
from emgkit.model.table import make_table
from emgkit.show.change_plots import describe_change, plot_change
from emgkit.show.change_table import change_parts
from emgkit.show.report import render_report
from tests.show.made_by_hand import MUSCLES, Case
from tests.show.test_plots import outside, texts_that_overlap
from tests.show.test_report import NEVER_PRINTED

CHANGES = (
    (4.0, 1.0, "fewer", "compatible with reinnervation", ""),
    (1.0, 0.5, "possibly fewer", "", ""),
    (0.0, 2.0, "more", "", ""),
    (2.0, 2.0, "unchanged", "compatible with reinnervation", ""),
    (None, 2.0, "not comparable", "", "not graded at first: 2 of 4 needle positions, provisional"),
)


def change_of(count: int) -> StudyChange:
    names = ("grade_first", "grade_second", "grade_change", "sign", "reason")
    rows = [
        {"muscle": muscle, "side": "left", **dict(zip(names, CHANGES[k % len(CHANGES)], strict=True))}
        for k, muscle in enumerate(MUSCLES[:count])
    ]
    nerve = {
        "study": "sural_sensory", "side": "left", "measure": "amplitude_uv", "first": 4.0, "second": 9.0,
        "repeatability": 3.57, "change": "larger", "reason": "differs by more than repeats do",
    }  # fmt: skip
    return StudyChange(make_table(NEEDLE_CHANGES, rows), make_table(CONDUCTION_CHANGES, [nerve]), 6.0, 20.0)


def nerves_of(count: int) -> StudyChange:
    told = (
        {"measure": "amplitude_uv", "first": 4.0, "second": 9.0, "repeatability": 3.57, "change": "larger"},
        {"measure": "amplitude_mv", "first": 12.25, "second": 0.75, "repeatability": 2.0, "change": "smaller"},
        {"measure": "latency_ms", "first": 3.9, "second": 4.0, "repeatability": 1.1, "change": "within repeatability"},
        {"measure": "", "result_first": "absent", "result_second": "reduced", "change": "obtained now"},
        {"measure": "", "change": "not comparable", "reason": "not done at first"},
        {"measure": "amplitude_uv", "first": 0.0, "second": 0.0, "change": "unchanged"},
        {"measure": "velocity_m_per_s", "first": 40.0, "second": 52.0, "repeatability": 6.0,
         "change": "not comparable", "reason": "skin of 28 °C at first and 33 °C now"},
    )  # fmt: skip
    rows = [
        {"study": list(studies())[k % len(studies())], "side": ("left", "right")[k % 2], **told[k % len(told)]}
        for k in range(count)
    ]
    return StudyChange(make_table(NEEDLE_CHANGES), make_table(CONDUCTION_CHANGES, rows), 6.0, 20.0)


@pytest.mark.parametrize("count", [0, 1, 7, 16, 40])
def test_words_of_nerves_neither_overlap_nor_leave_the_picture(count: int) -> None:
    figure = plot_change(nerves_of(count), what="nerves")
    assert texts_that_overlap(figure) == []
    assert outside(figure) == []


def test_a_nerve_that_moved_by_less_than_repeats_do_stays_in_the_grey_band() -> None:
    axes = plot_change(nerves_of(7), what="nerves").axes[0]
    band = next(patch for patch in axes.patches if patch.get_width() == 2.0)
    assert band.get_x() == -1.0
    marks = [line for line in axes.lines if line.get_linestyle() == "None"]
    shown = [(line.get_marker(), round(float(line.get_xdata()[0]), 2)) for line in marks]
    # What has no repeatability, or cannot be compared, has words only; the fall by 5.75 repeatabilities points on.
    assert shown == [("o", 1.4), ("<", -3.85), ("o", 0.09)]
    words = " ".join(text.get_text() for text in axes.texts)
    assert "4 to 9 μV: larger" in words
    assert "absent to reduced: obtained now" in " ".join(words.split())


@pytest.mark.parametrize("count", [0, 1, 5, 12, 20])
def test_words_neither_overlap_nor_leave_the_picture(count: int) -> None:
    figure = plot_change(change_of(count))
    assert texts_that_overlap(figure) == []
    assert outside(figure) == []


def test_the_picture_shows_the_grades_of_the_table_and_draws_where_asked() -> None:
    mine = Figure(figsize=(14, 5))
    left, right = mine.subplots(1, 2)
    assert plot_change(change_of(5), ax=left) is mine
    assert not right.has_data()
    marks = [line for line in left.lines if line.get_linestyle() == "None"]
    shown = {(line.get_marker(), float(line.get_xdata()[0])) for line in marks}
    assert {("<", 1.0), ("<", 0.5), (">", 2.0), ("o", 4.0), ("o", 1.0), ("o", 0.0), ("o", 2.0)} == shown


def test_what_differs_only_possibly_looks_so_without_colour() -> None:
    lines = [line for line in plot_change(change_of(3)).axes[0].lines if len(line.get_xdata()) == 2]
    assert [line.is_dashed() for line in lines] == [False, True, False]


def test_the_report_has_the_change_only_when_there_is_one(case: Case) -> None:
    page = render_report(**case.parts, change=change_of(5))
    without = render_report(**case.parts)
    assert 'id="change"' in page
    assert 'id="change"' not in without
    assert page.index('id="answer"') < page.index('id="change"') < page.index('id="needle"')
    text = re.sub(r"<[^>]+>", " ", page)
    for told in ("4+ to 1+", "compatible with reinnervation", "6 weeks after the onset", "4 to 9", "3.6"):
        assert told in text
    assert change_parts(None) is None


def test_a_change_is_never_told_as_cause_or_outlook() -> None:
    parts = change_parts(change_of(5))
    told = " ".join(
        [describe_change(change_of(5)), str(parts["muscles"]), str(parts["nerves"]), parts["which"]]
    ).lower()
    assert [
        pattern
        for pattern in (*NEVER_PRINTED, r"\brecover", r"\bheal", r"\bimprov", r"\bworse")
        if re.search(pattern, told)
    ] == []


def test_a_reason_from_a_file_stays_text(case: Case) -> None:
    bad = "<script>alert(1)</script>"
    change = change_of(5)
    needle = change.needle.assign(reason=bad)
    page = render_report(**case.parts, change=replace(change, needle=needle))
    assert bad not in page
    assert html.escape(bad) in page


def test_the_front_door_gives_the_picture() -> None:
    assert emgkit.plot_change is plot_change
