"""What a recording refuses, and what it promises."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from emgkit.errors import EmgkitError, SignalError
from emgkit.model.recording import Recording, Samples


def recorded(samples: object, rate_hz: float = 10000.0, **facts: object) -> Recording:
    return Recording(samples, rate_hz, **{"muscle": "soleus", "side": "left", **facts})


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "A recording of 0 samples holds nothing to analyse; give at least one second of signal."),
        (np.zeros((2, 50)), "samples_uv has shape (2, 50); one recording is one channel"),
        (np.float64(3.0), "0 samples|shape ()"),
        (
            [0.0, 1.0, np.nan, np.nan],
            "samples_uv has 2 values that are not numbers (NaN or infinite), the first at sample 2;",
        ),
        ([0.0, -np.inf], "samples_uv has 1 values that are not numbers (NaN or infinite), the first at sample 1;"),
        (["a", "b"], "it must hold real numbers in microvolt"),
        ([1j, 2j], "samples_uv holds complex128; it must hold real numbers in microvolt"),
        ([True, False], "samples_uv holds bool; it must hold real numbers in microvolt"),
    ],
)
def test_samples_that_nothing_could_analyse_are_refused(samples: object, says: str) -> None:
    expected = "|".join(map(re.escape, says.split("|")))
    with pytest.raises(SignalError, match=expected):
        recorded(np.asarray(samples))


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused_with_its_value(rate_hz: float) -> None:
    with pytest.raises(SignalError, match=f"rate_hz is {rate_hz!r}; it must be a number of samples per second"):
        recorded(np.zeros(10), rate_hz)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"side": "Left"}, "side is 'Left'; it must be 'left' or 'right'"),
        ({"side": ""}, "side is ''; it must be 'left' or 'right'"),
        ({"state": "active"}, "state is 'active'; it must be one of rest, insertion, slight, maximal"),
        ({"muscle": "  "}, "muscle is empty; name the muscle that was recorded"),
    ],
)
def test_facts_outside_their_closed_lists_are_refused(facts: dict[str, str], says: str) -> None:
    with pytest.raises(SignalError, match=re.escape(says)):
        recorded(np.zeros(10), **facts)


def test_every_refusal_is_one_line_and_an_emgkit_error() -> None:
    with pytest.raises(EmgkitError, match="NaN") as caught:
        recorded(np.array([np.nan]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "samples", [np.arange(5.0), np.arange(5, dtype=np.float32), np.arange(5), [0.0, 1, 2, 3, 4], (0, 1, 2, 3, 4)]
)
def test_samples_are_read_only_real_numbers_with_the_values_given(samples: object) -> None:
    kept = recorded(samples).samples_uv
    assert kept.dtype.kind == "f"
    assert kept.tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 7.0


def test_the_callers_own_array_stays_writeable() -> None:
    mine = np.arange(5.0)
    recorded(mine)
    mine[0] = 9.0
    assert mine[0] == 9.0


def test_a_float32_recording_is_not_widened() -> None:
    assert recorded(np.zeros(5, dtype=np.float32)).samples_uv.dtype == np.float32


class _Steps:
    """A file-backed view, as an algorithm sees it."""

    def __len__(self) -> int:
        return 20000

    def __getitem__(self, item: slice, /) -> np.ndarray:
        return np.arange(20000.0)[item]

    def __array__(self, dtype: object = None, *, copy: bool | None = None) -> np.ndarray:
        return np.arange(20000.0)


def test_a_view_with_length_and_slices_is_kept_as_it_is() -> None:
    view = _Steps()
    recording = recorded(view)
    assert isinstance(view, Samples)
    assert recording.samples_uv is view
    assert recording.duration_s == 2.0


class _Untouched(_Steps):
    """A view that must not be read."""

    def __getitem__(self, item: slice, /) -> np.ndarray:
        raise AssertionError

    __array__ = None


def test_a_recording_is_made_and_told_without_reading_a_view() -> None:
    recording = replace(recorded(_Untouched()), site="upper")
    assert repr(recording) == "<Recording left soleus, upper, rest, 2.0 s at 10000 Hz>"


def test_a_view_of_no_samples_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Steps, "__len__", lambda _self: 0)
    with pytest.raises(SignalError, match="A recording of 0 samples"):
        recorded(_Steps())


def test_a_recording_says_what_it_is() -> None:
    recording = recorded(np.zeros(25000), 12500.0, side="right", site="upper lateral", state="slight")
    assert repr(recording) == "<Recording right soleus, upper lateral, slight, 2.0 s at 12500 Hz>"
    assert repr(recorded(np.zeros(5000))) == "<Recording left soleus, rest, 0.5 s at 10000 Hz>"


def test_a_recording_cannot_be_changed_and_a_changed_copy_is_checked_again() -> None:
    recording = recorded(np.zeros(5))
    with pytest.raises(FrozenInstanceError, match="side"):
        recording.side = "right"
    assert replace(recording, side="right").side == "right"
    with pytest.raises(SignalError, match="side is 'up'"):
        replace(recording, side="up")


def test_what_is_required_has_no_default() -> None:
    with pytest.raises(TypeError, match="muscle"):
        Recording(np.zeros(5), 10000.0, side="left")
    with pytest.raises(TypeError, match="positional"):
        Recording(np.zeros(5), 10000.0, "soleus", "left")
