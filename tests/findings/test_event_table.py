"""The table of discharges holds every discharge once, in order of time, with the size its train gives it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from emgkit.findings.spontaneous.part import Loose, Sized
from emgkit.findings.spontaneous.record import event_table


def a_train(times_s: list[float], sizes_uv: list[float], *, snr: float, whole_uv: float | None) -> Sized:
    shape = None if whole_uv is None else SimpleNamespace(peak_to_peak_uv=whole_uv)
    train = SimpleNamespace(time_s=np.array(times_s), snr=snr)
    return Sized(SimpleNamespace(train=train, shape=shape), np.array(sizes_uv, np.float32))  # type: ignore[arg-type]


def test_every_discharge_is_there_in_order_with_its_own_size():
    trains = [
        a_train([0.5, 0.1, 0.9], [10.0, 20.0, 30.0], snr=8.0, whole_uv=100.0),  # out of order
        a_train([0.2, 0.5], [4.0, 8.0], snr=6.0, whole_uv=None),
    ]
    loose = Loose(np.array([0.3, 0.5]), np.array([7.0, 9.0]), np.array([55.0, 66.0]))
    table = event_table(trains, loose)
    assert table["time_s"].tolist() == [0.1, 0.2, 0.3, 0.5, 0.5, 0.5, 0.9]
    assert table["train"].tolist() == [0, 1, -1, 0, 1, -1, 0]
    assert table["peak_to_peak_uv"].tolist() == pytest.approx([100.0, 4.0, 55.0, 50.0, 8.0, 66.0, 150.0])
    assert table["snr"].tolist() == pytest.approx([8.0, 4.0, 7.0, 4.0, 8.0, 9.0, 12.0])


def test_without_trains_only_loose_discharges_are_left():
    table = event_table([], Loose(np.array([0.7, 0.2]), np.array([5.0, 6.0]), np.array([20.0, 30.0])))
    assert table["time_s"].tolist() == [0.2, 0.7]
    assert table["train"].tolist() == [-1, -1]
    assert table["peak_to_peak_uv"].tolist() == [30.0, 20.0]
    assert event_table([], Loose(*[np.empty(0)] * 3)).empty
