"""Pooled numbers by hand."""

import numpy as np
import pandas as pd
import pytest
from summary import by_group, by_scene, pooled, reached

SCENES = pd.DataFrame({
    "scene": ["a", "a", "b", "c", "d"],
    "kind": ["simulated", "simulated", "simulated", "silver", "negative"],
    "complete": [True, True, True, False, False],
    "denervated": [True, True, False, True, False],
    "n_true": [100, 300, 0, 50, 0],
    "n_found": [100, 200, 20, 500, 10],
    "n_matched": [90, 190, 0, 50, 0],
    "family_true": [100, 100, 0, 50, 0],
    "family_found": [50, 100, 0, 99, 4],
    "family_matched": [50, 90, 0, 40, 0],
    "family_told": [50, 20, 0, 40, 0],
    "denervation_trains": [1, 1, 0, 3, 2],
})  # fmt: skip
UNITS = pd.DataFrame({
    "scene": ["a", "a", "a", "c"],
    "kind": ["simulated", "simulated", "simulated", "silver"],
    "complete": [True, True, True, False],
    "label": ["fibrillation", "fibrillation", "motor_unit", "fibrillation"],
    "n_events": [100, 200, 4, 50],
    "n_matched": [90, 190, 0, 50],
    "n_train": [95, 0, 0, 50],
    "n_in_train": [90, 0, 0, 50],
    "accuracy": [0.8, 0.7, 0.0, 0.0],
    "label_right": [1.0, 0.0, np.nan, 0.0],
})  # fmt: skip


def test_pooled_numbers_are_sums_over_scenes_whose_truth_is_complete():
    assert pooled(SCENES, UNITS) == pytest.approx({
        "event recall": 280 / 400,
        "event precision": 280 / 320,
        "family recall": 140 / 200,
        "family precision": 140 / 150,
        "told apart": 70 / 140,
        "trains sorted": 1 / 2,
        "labels right": 1 / 2,
        "false scenes": 0.0,
        "silver recall": 40 / 50,
        "false records": 1.0,
    })  # fmt: skip


def test_what_cannot_be_asked_is_not_answered():
    silent = SCENES[SCENES["scene"] == "b"]
    assert set(pooled(silent, UNITS.iloc[:0])) == {"event precision", "false scenes"}


def test_a_number_at_its_limit_is_reached():
    assert reached("event recall", 0.97)
    assert not reached("event recall", 0.9699)
    assert reached("false scenes", 0.02)
    assert not reached("false scenes", 0.021)


def test_the_worst_scene_comes_first():
    table = by_scene(SCENES, UNITS)
    assert table["scene"].tolist() == ["d", "b", "a", "c"]
    assert table["margin"].tolist() == pytest.approx([-1.0, -0.97, -0.45, -0.12])


def test_groups_leave_out_what_is_no_train():
    table = by_group(UNITS, "label")
    assert table.index.tolist() == ["fibrillation"]
    assert table.loc["fibrillation"].tolist() == pytest.approx([2, 280 / 300, 90 / 95, 0.75, 0.5, 0.5])


def test_a_tool_that_does_not_sort_has_no_share_of_sorted_trains():
    events_only = UNITS.assign(accuracy=np.nan, label_right=np.nan)
    assert "trains sorted" not in pooled(SCENES, events_only)
    assert by_group(events_only, "label")["sorted"].isna().all()
