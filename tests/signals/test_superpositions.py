"""Templates that are two others that fired together."""

from __future__ import annotations

import numpy as np
import pytest

from emgkit.signals.superpositions import WHOLE_SUM, sums_of_two

ONE, TWO = np.pad(np.diff(np.hanning(21)), (5, 15)), np.pad(np.hanning(9), (16, 15))
OWN = np.pad(np.diff(np.hanning(11)), (14, 16))


def which(template: np.ndarray, *, count: int = 9, **limits) -> bool:
    unit = np.repeat([0, 1, 2], [300, 400, count])
    return bool(sums_of_two([ONE, TWO, template], unit, span=120_000, **limits)[2])


@pytest.mark.parametrize("lag", [-6, -3, 4])
def test_two_that_fired_together_at_any_lag_are_their_sum(lag):
    template = 1.3 * ONE + np.roll(1.2 * TWO, lag)
    assert which(template)
    assert which(template, limits=WHOLE_SUM)


def test_a_shape_of_its_own_is_no_sum():
    assert not which(1.5 * OWN)
    assert not which(1.5 * OWN, limits=WHOLE_SUM)


def test_what_comes_far_more_often_than_by_chance_is_no_sum():
    assert not which(ONE + TWO, count=290)


def test_what_two_leave_over_is_no_sum_of_the_whole():
    assert which(0.6 * ONE + 0.6 * TWO)
    assert not which(0.6 * ONE + 0.6 * TWO, limits=WHOLE_SUM)
