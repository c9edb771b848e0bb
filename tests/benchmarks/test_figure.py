"""The figure of the benchmark is drawn whatever the chosen scenes hold."""

import figure
import matplotlib.figure
import pandas as pd
import pytest
from summary import NO_UNITS, with_snr_range

UNITS = pd.DataFrame({
    "tool": ["emgkit", "emgkit", "rival"],
    "complete": True,
    "label": ["fibrillation", "motor_unit", "fibrillation"],
    "snr": [40.0, 200.0, 40.0],
    "n_events": [100, 50, 100],
    "n_matched": [90, 50, 20],
    "n_train": [90, 0, 20],
    "n_in_train": [90, 0, 20],
    "accuracy": [0.9, 0.0, 0.2],
    "label_right": [1.0, 0.0, float("nan")],
})  # fmt: skip


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Return a function that draws units and returns the panels of the figure."""

    def draw(units):
        saved = []
        monkeypatch.setattr(matplotlib.figure.Figure, "savefig", lambda self, *_, **__: saved.append(self))
        figure.draw(with_snr_range(units), tmp_path / "accuracy.png")
        return saved[0]

    return draw


def words(axis):
    return [text.get_text() for text in axis.texts]


def test_every_panel_says_so_when_no_scene_has_a_unit(drawn):
    panels = drawn(UNITS.iloc[:0]).axes
    assert len(panels) == 8
    assert all(words(panel) == [NO_UNITS] for panel in panels)


def test_units_too_small_to_be_judged_are_no_units(drawn):
    made = drawn(UNITS.assign(n_events=4))
    assert all(words(panel) == [NO_UNITS] for panel in made.axes)
    assert not any(panel.patches for panel in made.axes)


def test_a_bar_is_as_high_as_what_was_measured(drawn):
    made = drawn(UNITS)
    assert not any(words(panel) for panel in made.axes)
    recall = made.axes[0]
    bars = {tool.get_label(): [bar.get_height() for bar in tool] for tool in recall.containers}
    assert bars["emgkit"] == pytest.approx([0.9, 1.0])
    assert bars["rival"][0] == pytest.approx(0.2)
    assert [label.get_text() for label in made.legends[0].get_texts()] == ["emgkit", "rival"]


def test_a_picture_is_written_without_a_unit(tmp_path):
    figure.draw(with_snr_range(UNITS.iloc[:0]), tmp_path / "accuracy.png")
    assert (tmp_path / "accuracy.png").read_bytes().startswith(b"\x89PNG")
