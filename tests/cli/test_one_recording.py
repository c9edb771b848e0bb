"""``emgkit rest``: one recording, and every bad one in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import emgkit
from tests.cli.command import RATE_HZ, call, refuse_constant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAXIMUS = ("--muscle", "gluteus maximus", "--side", "left")


def test_rest_prints_each_train_with_its_reasons(needle_recording: Path) -> None:
    done = call("rest", needle_recording, *MAXIMUS)
    assert (done.code, done.err) == (0, "")
    first, train, reasons, *_ = done.out.splitlines()
    assert first.startswith("left gluteus_maximus: 6.0 s analysed, 1 train")
    assert train.split()[0] == "fibrillation"
    assert " Hz " in train
    assert reasons.strip()


def test_json_has_the_trains_with_their_times_and_what_was_excluded(needle_recording: Path) -> None:
    done = call("rest", needle_recording, *MAXIMUS, "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out, parse_constant=refuse_constant)
    (train,) = document["trains"]
    assert train["label"] == "fibrillation"
    assert len(train["times_s"]) == train["n_events"] > 10
    assert train["times_s"] == sorted(train["times_s"])
    assert 0 <= train["times_s"][0] < train["times_s"][-1] <= document["duration_s"] == 6.0
    assert document["excluded"] == []
    assert (document["muscle"], document["side"], document["flags"]) == ("gluteus_maximus", "left", [])


def test_json_says_which_spans_were_excluded_and_why(text_recording: Callable[..., Path], quiet_uv: np.ndarray) -> None:
    held = quiet_uv.copy()
    held[RATE_HZ : 2 * RATE_HZ] = 0.0
    document = json.loads(call("rest", text_recording(held), *MAXIMUS, "--json").out, parse_constant=refuse_constant)
    (span,) = (span for span in document["excluded"] if span["reason"] == "flat")
    assert span["start_s"] == pytest.approx(1.0, abs=0.1)
    assert span["stop_s"] == pytest.approx(2.0, abs=0.1)
    assert document["analysed_s"] == pytest.approx(2.0, abs=0.2)


def test_inverting_turns_the_polarity_that_is_judged(needle_recording: Path) -> None:
    as_stored = json.loads(call("rest", needle_recording, *MAXIMUS, "--json").out)["trains"][0]
    inverted = json.loads(call("rest", needle_recording, *MAXIMUS, "--json", "--invert").out)["trains"][0]
    assert {as_stored["initial_deflection"], inverted["initial_deflection"]} == {"positive", "negative"}


@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".PDF", b"%PDF")])
def test_a_picture_is_drawn_besides(needle_recording: Path, tmp_path: Path, suffix: str, begins: bytes) -> None:
    picture = tmp_path / f"trace{suffix}"
    done = call("rest", needle_recording, *MAXIMUS, "--plot", picture)
    assert (done.code, done.err) == (0, "")
    assert picture.read_bytes().startswith(begins)
    assert list(tmp_path.iterdir()) == [picture]


def test_a_picture_that_cannot_be_written_is_refused(needle_recording: Path, tmp_path: Path) -> None:
    refusal = call("rest", needle_recording, *MAXIMUS, "--plot", tmp_path / "nowhere" / "a.png").refusal
    assert f"The folder {tmp_path / 'nowhere'} does not exist" in refusal


@pytest.mark.parametrize("rate_hz", [2000, 5000, 9999])
def test_a_low_rate_is_analysed_and_flagged(
    rate_hz: int, text_recording: Callable[..., Path], quiet_uv: np.ndarray
) -> None:
    path = text_recording(quiet_uv[: 2 * rate_hz], rate_hz)
    done = call("rest", path, *MAXIMUS)
    assert (done.code, done.err) == (0, "")
    assert "flags: low_rate" in done.out
    assert "low_rate" in json.loads(call("rest", path, *MAXIMUS, "--json").out)["flags"]


def test_a_train_at_a_low_rate_is_printed_without_an_unmeasured_number(tmp_path: Path) -> None:
    unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    recording, _ = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=5000.0, rng=4)
    emgkit.write_recording(tmp_path / "slow.wav", recording)
    done = call("rest", tmp_path / "slow.wav", *MAXIMUS)
    assert done.code == 0
    assert "discharges" in done.out
    assert "nan" not in done.out.split()


def test_ten_kilohertz_is_not_low(text_recording: Callable[..., Path], quiet_uv: np.ndarray) -> None:
    assert "low_rate" not in call("rest", text_recording(quiet_uv[:20000], 10000), *MAXIMUS).out


def _square(seconds: float) -> np.ndarray:
    return np.where(np.arange(round(seconds * RATE_HZ)) // 75 % 2, 1000.0, -1000.0)


@pytest.mark.parametrize(
    ("samples", "rate_hz", "says"),
    [
        ([], RATE_HZ, "has a header and no rows; one row a sample is required"),
        ([1.0, 2.0, float("nan"), 4.0], RATE_HZ, "the first at sample 2; cut the recording there"),
        (np.zeros(3 * RATE_HZ), RATE_HZ, "(flat); at least 1 s are needed"),
        (np.full(3 * RATE_HZ, 7.5), RATE_HZ, "(flat); at least 1 s are needed"),
        (_square(3), RATE_HZ, "(clipped); at least 1 s are needed"),
        (np.sin(np.arange(3000)), 1500, "A rate of 1500 Hz cannot show fibrillations; at least 2000 Hz are needed"),
        (np.sin(np.arange(6000)), RATE_HZ, "(too short); at least 1 s are needed"),
        (["1.0", "two"], RATE_HZ, "every cell must be a number with a decimal point"),
    ],
)
def test_a_recording_that_cannot_be_analysed_gets_one_line(
    samples: object, rate_hz: int, says: str, text_recording: Callable[..., Path]
) -> None:
    assert says in call("rest", text_recording(samples, rate_hz), *MAXIMUS).refusal


def test_an_unknown_muscle_is_refused_with_the_nearest(text_recording: Callable[..., Path]) -> None:
    refusal = call("rest", text_recording([1.0, 2.0]), "--muscle", "gluteus maximos", "--side", "left").refusal
    assert refusal.startswith("Unknown muscle 'gluteus maximos'; did you mean gluteus_maximus")


@pytest.mark.parametrize("options", [(), ("--channel", "EMG 2")])
def test_a_channel_that_is_open_or_wrong_is_refused_with_the_names(
    options: tuple[str, ...], text_recording: Callable[..., Path]
) -> None:
    path = text_recording([[1.0, 2.0], [3.0, 4.0]], columns="needle (uV),trigger (V)")
    refusal = call("rest", path, *MAXIMUS, *options).refusal
    assert "'needle', 'trigger'" in refusal


def test_a_channel_is_chosen_by_its_name(text_recording: Callable[..., Path], quiet_uv: np.ndarray) -> None:
    columns = np.column_stack([quiet_uv, np.zeros_like(quiet_uv)])
    path = text_recording(columns, columns="needle (uV),trigger (V)")
    assert call("rest", path, *MAXIMUS, "--channel", "needle").code == 0


def test_a_file_that_does_not_say_its_unit_asks_for_it(
    text_recording: Callable[..., Path], quiet_uv: np.ndarray
) -> None:
    path = text_recording(quiet_uv / 1000, columns="EMG")
    assert "uv_per_unit" in call("rest", path, *MAXIMUS).refusal
    assert call("rest", path, *MAXIMUS, "--uv-per-unit", 1000).code == 0


@pytest.mark.parametrize("name", ["missing.edf", "missing", "", "notes.docx", "empty.edf", "noise.edf", "noise.wav"])
def test_a_file_that_is_no_recording_gets_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.docx").write_bytes(b"PK")
    (tmp_path / "empty.edf").write_bytes(b"")
    for noise in ("noise.edf", "noise.wav"):
        (tmp_path / noise).write_bytes(np.random.default_rng(1).bytes(5000))
    refusal = call("rest", tmp_path / name, *MAXIMUS).refusal
    assert (name or tmp_path.name) in refusal
