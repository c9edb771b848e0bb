"""The stored studies are what their script makes, and their analysis gives the answer they were made for."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import fields
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import emgkit

if TYPE_CHECKING:
    from emgkit.model.findings import StudyFindings
    from emgkit.model.localization import Localization
    from emgkit.model.study import Study

DATA = Path(__file__).resolve().parents[2] / "data"
STORED = DATA / "inferior-gluteal"
ALL = sorted(path.parent for path in DATA.glob("*/study.toml"))
DENERVATION = {"fibrillation", "positive_sharp_wave"}


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(DATA / "make_studies.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)  # noqa: S603


@pytest.fixture(scope="module")
def study() -> Study:
    return emgkit.read_study(STORED)


@pytest.fixture(scope="module")
def findings(study: Study) -> StudyFindings:
    return emgkit.analyze_study(study)


@pytest.fixture(scope="module")
def answer(study: Study, findings: StudyFindings) -> Localization:
    return emgkit.localize_study(study, findings)


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name)
def test_the_script_makes_a_stored_study_again(folder: Path, tmp_path: Path) -> None:
    study = emgkit.read_study(folder)
    done = _make(str(tmp_path), folder.name)
    assert done.returncode == 0, done.stderr
    again = emgkit.read_study(tmp_path / folder.name)
    assert_frame_equal(again.conduction, study.conduction, check_exact=True)
    for field in fields(study):
        if field.name not in {"conduction", "recordings", "needle"}:
            assert getattr(again, field.name) == getattr(study, field.name), field.name
    assert len(again.recordings) == len(study.recordings)
    for made, stored in zip(again.recordings, study.recordings, strict=True):
        np.testing.assert_array_equal(np.asarray(made.samples_uv), np.asarray(stored.samples_uv), strict=True)
        for field in fields(stored):
            if field.name not in {"samples_uv", "source_file"}:
                assert getattr(made, field.name) == getattr(stored, field.name), field.name
    made_truth, stored_truth = (place / "truth.json" for place in (tmp_path / folder.name, folder))
    assert loads(made_truth.read_text()) == loads(stored_truth.read_text())


def test_an_existing_study_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "normal").mkdir()
    (tmp_path / "normal" / "mine.txt").write_text("keep")
    done = _make(str(tmp_path), "normal")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "already holds files" in done.stderr
    assert [file.name for file in (tmp_path / "normal").iterdir()] == ["mine.txt"]


def test_an_unknown_study_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = _make(str(tmp_path), "normal", "s2-root")
    assert done.returncode == 2
    assert "there is no study s2-root" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_readme_states_the_site_and_seed_of_every_study() -> None:
    done = _make("--list")
    text = (DATA / "README.md").read_text(encoding="utf-8")
    lines = [line.split(":")[0].replace(",", "").split() for line in done.stdout.splitlines()]
    assert len(lines) == 9
    for name, _, site, _, seed in lines:
        assert f"| `{name}` | `{site}` | {seed} |" in text


def test_the_data_folder_is_small() -> None:
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) <= 15e6


def test_the_stored_truth_is_a_textbook_case(study: Study) -> None:
    truth = loads((STORED / "truth.json").read_text())["recordings"]
    labels = [set(recording["units"].values()) for recording in truth]
    here = [recording.muscle == "gluteus_maximus" and recording.side == "left" for recording in study.recordings]
    assert sum(here) == 4
    assert sum(found >= DENERVATION for found, gluteus in zip(labels, here, strict=True) if gluteus) >= 3
    elsewhere = Counter(label for found, gluteus in zip(labels, here, strict=True) if not gluteus for label in found)
    assert elsewhere == {"endplate_spike": 1}


def test_the_inferior_gluteal_nerve_leads(answer: Localization) -> None:
    assert answer.posterior["site"].iloc[0] == "inferior_gluteal"
    assert answer.side == "left"


def test_the_gluteus_maximus_alone_is_denervated(findings: StudyFindings) -> None:
    assert not findings.left_out
    grades = {(muscle.side, muscle.muscle): muscle.grade for muscle in findings.muscles}
    assert len(grades) == 11
    gluteus_maximus = grades.pop(("left", "gluteus_maximus"))
    assert gluteus_maximus is not None
    assert gluteus_maximus >= 2
    assert set(grades.values()) == {0}


def test_both_kinds_of_denervation_are_named_in_the_gluteus_maximus(findings: StudyFindings) -> None:
    named = [set(activity.trains["label"]) for activity in findings.activities if activity.muscle == "gluteus_maximus"]
    assert sum(found >= DENERVATION for found in named) >= 2


def test_the_nerve_studies_are_normal(findings: StudyFindings) -> None:
    assert {nerve.result for nerve in findings.nerves} == {"normal"}
    assert len(findings.nerves) == 6


@pytest.mark.parametrize(("name", "site", "abnormal"), [
    ("s1-root-small", "root_S1", "gastrocnemius_medial gluteus_maximus sacral_paraspinals_S1 semitendinosus"),
    ("early-small", "none", ""),
])  # fmt: skip
def test_a_small_study_has_the_answer_it_was_made_for(name: str, site: str, abnormal: str) -> None:
    study = emgkit.read_study(DATA / name)
    findings = emgkit.analyze_study(study)
    assert " ".join(sorted({muscle.muscle for muscle in findings.muscles if muscle.grade})) == abnormal
    assert emgkit.localize_study(study, findings).posterior["site"].iloc[0] == site
