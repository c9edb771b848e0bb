"""The example scripts run as they stand, and draw something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PICTURES = {
    "follow_up": {"change", "body"},
    "one_recording": {
        "recording",
        "sweeps",
        "fibrillation_discharges",
        "fibrillation_rhythm",
        "positive_sharp_wave_discharges",
        "positive_sharp_wave_rhythm",
    },
    "one_study": {"posterior", "evidence"},
    "scored_findings": {
        "two_muscles_posterior",
        "two_muscles_evidence",
        "whole_table_posterior",
        "whole_table_evidence",
    },
}


def _run(script: Path, *arguments: str, folder: Path) -> str:
    command = [sys.executable, "-W", "error", str(script), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=900)  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout


def _assert_drawn(picture: Path) -> None:
    pixels = imread(picture)[..., :3]
    assert min(pixels.shape[:2]) >= 200, f"{picture.name} is only {pixels.shape[:2]} pixels"
    drawn = np.mean(np.any(pixels < 0.9, axis=-1))
    assert drawn > 0.005, f"{picture.name} is empty: {drawn:.2%} of it is drawn on"


def test_every_example_is_tested() -> None:
    assert {script.stem for script in EXAMPLES.glob("*.py")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_an_example_runs_and_draws(name: str, tmp_path: Path) -> None:
    said = _run(EXAMPLES / f"{name}.py", str(tmp_path / "pictures"), folder=tmp_path)
    assert str(tmp_path / "pictures") in said
    drawn = {file.stem: file for file in (tmp_path / "pictures").glob("*.png")}
    assert set(drawn) == PICTURES[name]
    for picture in drawn.values():
        _assert_drawn(picture)


def test_without_arguments_the_pictures_go_below_the_current_folder(tmp_path: Path) -> None:
    _run(EXAMPLES / "scored_findings.py", folder=tmp_path)
    assert {file.stem for file in (tmp_path / "example-output").glob("*.png")} == PICTURES["scored_findings"]


def test_the_scored_example_shows_that_silent_muscles_move_the_answer(tmp_path: Path) -> None:
    said = _run(EXAMPLES / "scored_findings.py", folder=tmp_path)
    few, whole = said.split("whole table")
    leading = [part.split("diagnosis:")[1].split("\n")[1].split()[-1] for part in (few, whole)]
    assert leading[0] != "inferior_gluteal"
    assert leading[1] == "inferior_gluteal"


def test_the_follow_up_example_tells_clear_changes_from_possible_ones_and_from_none(tmp_path: Path) -> None:
    said = _run(EXAMPLES / "follow_up.py", folder=tmp_path).splitlines()
    assert said[0].startswith("left gluteus_maximus: fewer (")
    assert said[0].endswith(" - compatible with reinnervation")
    assert said[1].startswith("left gluteus_medius: unchanged")
    assert said[2].startswith("left gastrocnemius_medial: possibly fewer")
    assert "amplitude_uv: 11 to 14, within repeatability" in said[3]
    assert "velocity_m_per_s: 48 to 41, not comparable (skin of 33 °C at first and 29 °C now)" in said[4]


@pytest.mark.parametrize("name", PICTURES)
def test_an_example_is_short(name: str) -> None:
    assert len((EXAMPLES / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 60
