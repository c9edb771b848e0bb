"""Figures: negative up, drawn where asked, whole at every size, and never a window."""

from __future__ import annotations

import inspect
import itertools
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

import emgkit
import emgkit.show.report
from emgkit.errors import SignalError, UnknownNameError
from emgkit.knowledge.anatomy import labels
from emgkit.model.activity import SpontaneousActivity
from emgkit.model.localization import EVIDENCE, FAMILIES, POSTERIOR, SUGGESTIONS, Localization, Verdict
from emgkit.model.recording import Recording
from emgkit.model.table import make_table
from emgkit.show.localization_plots import plot_evidence, plot_posterior
from emgkit.show.recording_plots import envelope, plot_recording, plot_sweeps
from emgkit.show.style import LABEL_COLORS, LABEL_MARKERS, label_marker
from emgkit.show.train_plots import plot_discharges, plot_rhythm
from tests.show.made_by_hand import Case, Train, make_activity, make_answer, make_case, many_muscles

LABELS = (
    "fibrillation",
    "positive_sharp_wave",
    "complex_repetitive_discharge",
    "neuromyotonic_discharge",
    "indeterminate",
)


def busy(count: int) -> SpontaneousActivity:
    trains = tuple(Train(LABELS[k % 5], 3 + k / 2, 60 + 20 * k, 0.02, 0.1, 3.9) for k in range(count))
    return make_activity(
        trains=trains,
        duration_s=4.0,
        rate_hz=10_000.0,
        excluded=((0.5, 0.52, "click"), (1.0, 2.0, "contraction"), (3.7, 4.0, "movement")),
        spans=((2.2, 3.2, "endplate_noise", 9.0),),
    )


def texts_that_overlap(figure: Figure) -> list[tuple[str, str]]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = {text: text.get_window_extent(renderer).shrunk(0.96, 0.8) for text in drawn_texts(figure)}
    return [(a.get_text(), b.get_text()) for a, b in itertools.combinations(boxes, 2) if boxes[a].overlaps(boxes[b])]


def drawn_texts(figure: Figure) -> list[Text]:
    # matplotlib keeps tick labels beyond the limits as objects but does not draw them.
    hidden = set()
    for axes in figure.axes:
        for axis, place, limits in ((axes.xaxis, 0, axes.get_xlim()), (axes.yaxis, 1, axes.get_ylim())):
            labels = [label for tick in axis.get_major_ticks() for label in (tick.label1, tick.label2)]
            hidden |= {label for label in labels if not min(limits) <= label.get_position()[place] <= max(limits)}
    return [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip() and text not in hidden
    ]


def outside(figure: Figure) -> list[str]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    width, height = figure.bbox.width, figure.bbox.height
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in drawn_texts(figure)]
    return [text for text, box in boxes if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1]


DRAWN = {
    "recording": lambda case, ax: plot_recording(case.findings.activities[0], ax=ax),
    "sweeps": lambda case, ax: plot_sweeps(case.findings.activities[0], ax=ax),
    "discharges": lambda case, ax: plot_discharges(case.findings.activities[0], 1, ax=ax),
    "rhythm": lambda case, ax: plot_rhythm(case.findings.activities[0], 1, ax=ax),
    "posterior": lambda case, ax: plot_posterior(case.answer, ax=ax),
    "evidence": lambda case, ax: plot_evidence(case.answer, ax=ax),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_plot_returns_a_figure_and_draws_in_the_axes_it_is_given(name: str, case: Case) -> None:
    assert isinstance(DRAWN[name](case, None), Figure)
    mine = Figure(figsize=(8, 6))
    left, right = mine.subplots(1, 2)
    assert DRAWN[name](case, left) is mine
    assert mine.axes == [left, right]
    assert left.has_data()
    assert not right.has_data()


@pytest.mark.parametrize("name", DRAWN)
def test_text_on_figures_neither_overlaps_nor_leaves_the_figure(name: str, case: Case) -> None:
    figure = DRAWN[name](case, None)
    assert texts_that_overlap(figure) == []
    assert outside(figure) == []


@pytest.mark.parametrize("count", [0, 1, 8, 24])
def test_recordings_with_none_to_many_trains_stay_legible(count: int) -> None:
    activity = busy(count)
    for draw in (plot_recording, plot_sweeps):
        figure = draw(activity)
        assert texts_that_overlap(figure) == []
        assert outside(figure) == []


@pytest.mark.parametrize("count", [1, 5, 12, 20])
def test_answers_from_one_to_twenty_muscles_stay_legible(count: int) -> None:
    made = make_case(many_muscles(count))
    for figure in (plot_evidence(made.answer), plot_posterior(made.answer)):
        assert texts_that_overlap(figure) == []
        assert outside(figure) == []


def test_every_plot_of_the_front_door_takes_axes_and_gives_a_figure() -> None:
    plots = [name for name in emgkit.__all__ if name.startswith("plot_")]
    assert len(plots) == 8
    for name in plots:
        signature = inspect.signature(getattr(emgkit, name))
        ax = signature.parameters["ax"]
        assert (ax.kind, ax.default, signature.return_annotation) == (ax.KEYWORD_ONLY, None, "Figure"), name


def test_every_figure_of_the_report_is_to_be_had_by_the_front_door() -> None:
    show = Path(emgkit.show.report.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in (*show.glob("report*.py"), show / "change_table.py")]
    used = {name for text in texts for name in re.findall(r"\bplot_\w+", text)}
    assert used - {"plot_train"} <= set(emgkit.__all__), "a train is two plots side by side, both public"
    assert {"plot_posterior", "plot_recording"} <= used


def test_labels_are_told_apart_by_their_shape_alone() -> None:
    assert len(set(LABEL_MARKERS.values())) == len(LABEL_MARKERS) == len(LABEL_COLORS) == len(labels())
    marks = [line.get_marker() for line in plot_sweeps(busy(5)).axes[0].lines if line.get_marker() not in {"None", ""}]
    assert set(marks) == {label_marker(label) for label in LABELS}


@pytest.mark.parametrize("name", ["recording", "sweeps", "discharges"])
def test_negative_is_up(name: str, case: Case) -> None:
    assert DRAWN[name](case, None).axes[0].yaxis_inverted()


def test_a_negative_discharge_points_up_in_the_picture() -> None:
    samples = np.zeros(10_000)
    samples[5_000] = -200.0
    quiet = make_activity(duration_s=1.0, rate_hz=10_000.0)
    activity = SpontaneousActivity(
        **{**vars(quiet), "recording": Recording(samples, 10_000.0, muscle="soleus", side="left")}
    )
    for axes in (plot_recording(activity).axes[0], plot_sweeps(activity, n_sweeps=10).axes[0]):
        trace = next(line for line in axes.lines if np.ptp(np.nan_to_num(line.get_ydata())) > 0)
        heights = axes.transData.transform(np.column_stack([trace.get_xdata(), trace.get_ydata()]))[:, 1]
        middle = np.nanmedian(heights)
        assert np.nanmax(heights) - middle > 10 * abs(middle - np.nanmin(heights))


def test_the_envelope_loses_no_discharge_and_reads_slices_only() -> None:
    class Sliced:
        def __init__(self, samples: np.ndarray) -> None:
            self.samples = samples
            self.largest = 0

        def __len__(self) -> int:
            return len(self.samples)

        def __getitem__(self, item: slice) -> np.ndarray:
            assert isinstance(item, slice)
            self.largest = max(self.largest, item.stop - item.start)
            return self.samples[item]

        def __array__(self, dtype: object = None, copy: bool | None = None) -> np.ndarray:
            msg = "the whole file was read"
            raise AssertionError(msg)

    samples = np.zeros(1_000_003)
    samples[[10, 500_000, 1_000_002]] = (70.0, -90.0, 40.0)
    view = Sliced(samples)
    time_s, low, high = envelope(
        Recording(view, 48_000.0, muscle="soleus", side="left"), start_s=0, stop_s=1_000_003 / 48_000, columns=1_400
    )
    assert len(time_s) == len(low) == len(high) == 1_400
    assert low.min() == -90.0
    assert sorted(high)[-2:] == [40.0, 70.0]
    assert view.largest < 100_000


def test_the_envelope_of_every_column_is_its_lowest_and_highest_sample() -> None:
    samples = np.random.default_rng(3).normal(size=977)
    recording = Recording(samples, 1000.0, muscle="soleus", side="left")
    time_s, low, high = envelope(recording, start_s=0.1, stop_s=0.9, columns=130)
    edges = np.append(np.round(time_s * 1000).astype(int), 900)
    slow = [(samples[a:b].min(), samples[a:b].max()) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.column_stack([low, high]), slow)


def test_spans_left_out_and_their_reasons_are_in_the_picture() -> None:
    words = {text.get_text() for text in plot_recording(busy(2)).findobj(Text)}
    assert {"contraction", "endplate noise"} <= words


def test_no_interval_is_drawn_across_a_span_that_was_left_out() -> None:
    activity = make_activity(
        trains=(Train("fibrillation", 10.0, 100, 0.01, 0.1, 3.9),),
        duration_s=4.0,
        rate_hz=10_000.0,
        excluded=((1.0, 2.5, "movement"),),
    )
    points = plot_rhythm(activity, 1).axes[0].lines[0].get_ydata()
    times = activity.events["time_s"].to_numpy()
    assert np.diff(times).max() > 1.0
    assert max(points) < 200
    assert len(points) == len(times) - 2


def test_a_long_interval_does_not_flatten_the_others_and_is_marked_at_the_edge() -> None:
    activity = make_activity(trains=(Train("fibrillation", 10.0, 100, 0.01, 0.1, 9.0),), rate_hz=10_000.0)
    times = activity.events["time_s"]
    gapped = replace(activity, events=activity.events.loc[(times < 3.0) | (times > 7.0)].reset_index(drop=True))
    axes = plot_rhythm(gapped, 1).axes[0]
    usual, long = axes.lines
    assert axes.get_ylim()[1] < 600
    assert max(usual.get_ydata()) < 200
    assert (long.get_marker(), len(long.get_ydata())) == ("^", 1)
    assert long.get_ydata()[0] < axes.get_ylim()[1]


def test_a_train_of_one_discharge_says_that_there_is_no_interval() -> None:
    activity = make_activity(
        trains=(Train("fasciculation", 0.5, 300, 0.01, 0.1, 3.9),), duration_s=4.0, rate_hz=10_000.0
    )
    assert len(activity.events) == 1
    assert "too few discharges for an interval" in {text.get_text() for text in plot_rhythm(activity, 1).findobj(Text)}


def test_discharges_without_kept_waveforms_or_average_say_so() -> None:
    activity = make_activity(trains=(Train("fibrillation", 5, 100),), duration_s=4.0, rate_hz=10_000.0)
    bare = SpontaneousActivity(**{**vars(activity), "templates_uv": {}, "waveforms_uv": {}})
    assert "no discharge of this train was kept" in {text.get_text() for text in plot_discharges(bare, 1).findobj(Text)}


@pytest.mark.parametrize(("start_s", "stop_s"), [(5.0, 4.0), (-1.0, 2.0), (0.0, 99.0), (2.0, 2.0)])
def test_a_part_outside_the_recording_is_refused(start_s: float, stop_s: float) -> None:
    activity = make_activity(duration_s=4.0, rate_hz=10_000.0)
    with pytest.raises(SignalError, match="does not lie in the recording"):
        plot_recording(activity, start_s=start_s, stop_s=stop_s)


def test_an_unknown_train_and_an_unknown_site_are_refused(case: Case) -> None:
    with pytest.raises(UnknownNameError, match="Train 77 is not in this recording; its trains are 1, 2"):
        plot_discharges(case.findings.activities[0], 77)
    with pytest.raises(UnknownNameError, match="nowhere is not among them"):
        plot_evidence(case.answer, sites=["nowhere"])


def test_an_answer_without_findings_is_drawn(case: Case) -> None:
    empty = Localization(
        make_table(POSTERIOR),
        make_table(FAMILIES),
        make_table(EVIDENCE),
        make_table(SUGGESTIONS),
        Verdict("indeterminate"),
    )
    for figure in (
        plot_posterior(empty),
        plot_evidence(empty),
        plot_evidence(make_answer(case.findings, evidence=make_table(EVIDENCE))),
    ):
        assert outside(figure) == []


def test_bars_and_marks_are_the_numbers_of_the_answer(case: Case) -> None:
    axes = plot_posterior(case.answer).axes[0]
    assert [bar.get_width() for bar in axes.patches] == list(case.answer.posterior["probability"].head(8))
    evidence = case.answer.evidence
    shown = plot_evidence(case.answer, sites=["root_S1"]).axes[0].lines[0].get_xdata()
    np.testing.assert_array_equal(shown, evidence.loc[evidence["site"] == "root_S1", "against_none"])


def test_a_dollar_sign_in_a_finding_is_text_and_no_formula(case: Case) -> None:
    rows = [{"finding": "left $x^2_$ : y$", "site": "root_S1", "against_none": 1.0}]
    figure = plot_evidence(make_answer(case.findings, evidence=make_table(EVIDENCE, rows)), sites=["root_S1"])
    assert texts_that_overlap(figure) == []


def test_drawing_never_loads_pyplot() -> None:
    code = (
        "import sys; from emgkit.show import examples; from emgkit.show.report import render_report;"
        "study, findings = examples.study_and_findings();"
        "render_report(study=study, findings=findings, answer=examples.answer());"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own words


def test_a_small_train_is_framed_by_itself_and_not_by_larger_ones_in_its_window() -> None:
    pair = (Train("motor_unit", 17.0, 2000, 0.1, 0.1, 3.9), Train("fibrillation", 6.1, 40, 0.02, 0.1, 3.9))
    activity = make_activity(trains=pair, duration_s=4.0, rate_hz=10_000.0)
    assert np.ptp(activity.waveforms_uv[2]) > 1000
    assert abs(np.ptp(plot_discharges(activity, 2).axes[0].get_ylim())) < 100


def test_noise_alone_does_not_fill_the_picture_of_a_silent_recording() -> None:
    activity = make_activity(duration_s=4.0, rate_hz=10_000.0)
    assert abs(np.ptp(plot_recording(activity).axes[0].get_ylim())) > 2 * np.ptp(activity.recording.samples_uv[:])
