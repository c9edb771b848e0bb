"""The judge is judged: answers worked out by hand, and a slow general matching as its twin."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scoring import Found, assign, compare, found_events, match, offset_s, score


def truth(*trains):
    """Return tables of true units and events from pairs of label and times."""
    units = pd.DataFrame({"unit": range(len(trains)), "label": [label for label, _ in trains]})
    events = pd.concat(
        [pd.DataFrame({"time_s": times, "unit": unit, "label": label}) for unit, (label, times) in enumerate(trains)]
    )
    return units, events.sort_values("time_s", ignore_index=True)


REGULAR = np.arange(10) * 0.1
SHIFTED = REGULAR + 0.05


def test_two_found_events_near_two_true_ones_are_two_matches():
    true_at, found_at = match(np.array([0.0, 0.0004]), np.array([0.0005, 0.0006]), 0.001)
    assert true_at.tolist() == [0, 1]
    assert found_at.tolist() == [0, 1]


def test_an_event_found_twice_counts_once():
    assert len(match(np.array([1.0]), np.array([0.9995, 1.0005]), 0.001)[0]) == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_matching_is_as_large_as_any(seed):
    rng = np.random.default_rng(seed)
    true_s, found_s = (np.sort(rng.uniform(0, 0.05, rng.integers(1, 60))) for _ in range(2))
    near = np.abs(true_s[:, None] - found_s) <= 0.001
    largest = (maximum_bipartite_matching(csr_array(near.astype(int))) >= 0).sum()
    true_at, found_at = match(true_s, found_s, 0.001)
    assert len(true_at) == largest
    assert near[true_at, found_at].all()
    assert len(set(true_at)) == len(set(found_at)) == len(true_at)


@pytest.mark.parametrize("apart_s", [-0.0049, 0.0, 0.003])
def test_a_constant_offset_is_taken_away(apart_s):
    assert offset_s(REGULAR, REGULAR + apart_s) == pytest.approx(apart_s)
    agreement = compare([REGULAR], [REGULAR + apart_s])
    assert agreement.accuracy[0, 0] == 1.0


def test_a_train_further_away_than_five_milliseconds_is_another():
    assert np.isnan(offset_s(REGULAR, REGULAR + 0.006))
    assert compare([REGULAR], [REGULAR + 0.006]).accuracy[0, 0] == 0.0


def test_an_empty_or_a_single_event_train_can_be_compared():
    agreement = compare([REGULAR, np.empty(0)], [np.empty(0), REGULAR[3:4]])
    assert agreement.accuracy.tolist() == [[0.0, 0.1], [0.0, 0.0]]


def test_accuracy_is_right_over_right_and_missed_and_false():
    found = np.sort(np.concatenate([REGULAR[:8], [0.73, 0.76]]))
    assert compare([REGULAR], [found]).accuracy[0, 0] == pytest.approx(8 / 12)


def test_trains_go_to_units_so_that_all_together_agree_best():
    # Taking the best pair first would leave the second unit with nothing.
    assert assign(np.array([[0.9, 0.8], [0.7, 0.0]])).tolist() == [1, 0]


def test_a_train_that_agrees_by_chance_is_no_train_of_the_unit():
    assert assign(np.array([[0.05]])).tolist() == [-1]
    assert assign(np.zeros((2, 0))).tolist() == [-1, -1]


def test_sorted_events_need_one_millisecond_and_unsorted_five():
    true_s = np.array([0.1, 0.2, 0.3, 0.4])
    hit, n_found = found_events(true_s, [np.array([0.1005, 0.2015])], np.array([0.304, 0.407]))
    assert hit.tolist() == [True, False, True, False]
    assert n_found == 4


def test_an_unsorted_event_cannot_take_what_a_train_has():
    hit, n_found = found_events(np.array([0.1]), [np.array([0.1])], np.array([0.101]))
    assert hit.sum() == 1
    assert n_found == 2


def test_every_event_is_judged_with_the_offset_of_its_train():
    made = score(*truth(("fibrillation", REGULAR)), Found([REGULAR + 0.004], labels=["fibrillation"]))
    assert made.scene["recall"] == made.scene["precision"] == 1.0
    assert made.units["offset_ms"].item() == pytest.approx(4.0)


def test_a_unit_split_in_two_is_found_but_badly_sorted():
    halves = [REGULAR[::2], REGULAR[1::2]]
    made = score(*truth(("fibrillation", REGULAR)), Found(halves, labels=["fibrillation"] * 2))
    assert made.scene["recall"] == made.scene["precision"] == 1.0
    assert made.units["accuracy"].item() == 0.5
    assert made.units["label_right"].item() == 1.0


def test_the_family_and_its_two_names_are_counted_apart():
    units = truth(("fibrillation", REGULAR), ("positive_sharp_wave", SHIFTED[:5]), ("motor_unit", REGULAR[:3] + 0.02))
    names = ["positive_sharp_wave", "positive_sharp_wave", "fibrillation"]
    made = score(*units, Found([REGULAR, SHIFTED[:5], REGULAR[:3] + 0.02], labels=names)).scene
    assert (made["family_true"], made["family_found"], made["family_matched"]) == (15, 18, 15)
    assert made["family_told"] == 5
    assert made["denervation_trains"] == 3


def test_a_fibrillation_with_another_name_is_missed_by_the_family():
    made = score(*truth(("fibrillation", REGULAR)), Found([REGULAR], labels=["indeterminate"]))
    assert (made.scene["family_true"], made.scene["family_found"], made.scene["family_matched"]) == (10, 0, 0)
    assert made.units["label_right"].item() == 0.0


def test_a_unit_of_four_events_is_not_asked_for_its_name():
    units = truth(("fasciculation", REGULAR[:4]), ("fasciculation", SHIFTED[:5]))
    made = score(*units, Found([SHIFTED[:5]], labels=["fasciculation"])).units
    assert np.isnan(made["label_right"][0])
    assert made["label_right"][1] == 1.0


def test_a_missed_unit_has_no_name_and_no_accuracy():
    made = score(*truth(("fibrillation", REGULAR)), Found([], labels=[])).units
    assert made["accuracy"].item() == 0.0
    assert made["label_right"].item() == 0.0
    assert made["train"].item() == -1


def test_a_tool_without_names_or_trains_is_not_judged_by_them():
    no_names = score(*truth(("fibrillation", REGULAR)), Found([REGULAR]))
    assert no_names.units["label_right"].isna().all()
    assert "family_found" not in no_names.scene
    no_trains = score(*truth(("fibrillation", REGULAR)), Found([], REGULAR, sorts=False))
    assert no_trains.units["accuracy"].isna().all()
    assert no_trains.scene["recall"] == 1.0


def test_in_silence_everything_found_is_false():
    nothing = truth(("fibrillation", REGULAR))
    units, events = nothing[0].iloc[:0], nothing[1].iloc[:0]
    made = score(units, events, Found([REGULAR], SHIFTED[:2], labels=["fibrillation"])).scene
    assert np.isnan(made["recall"])
    assert made["precision"] == 0.0
    assert made["n_found"] == 12
    assert (made["family_true"], made["family_found"], made["denervation_trains"]) == (0, 10, 1)
