"""The grading scheme of a study: the caller's, else the study's own, else Mayo."""

from __future__ import annotations

from dataclasses import replace

import pytest

import emgkit
from emgkit.errors import UnknownNameError
from emgkit.model.findings import CONDUCTION
from emgkit.model.study import Study
from emgkit.model.table import make_table


@pytest.fixture(scope="module")
def study() -> Study:
    """One muscle whose fibrillations last longer than the span of one scheme and shorter than that of the other."""
    unit = emgkit.SimulatedUnit("fibrillation", rate_hz=9.0, peak_to_peak_uv=150.0, start_s=1.0, stop_s=3.6)
    recordings = [
        emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, site=f"position {seed}", rng=seed)[0]
        for seed in (1, 2)
    ]
    return Study("short runs", conduction=make_table(CONDUCTION), recordings=tuple(recordings))


@pytest.mark.parametrize(
    ("asked", "own", "used"),
    [
        (None, None, "mayo"),
        (None, "preston_shapiro", "preston_shapiro"),
        ("mayo", "preston_shapiro", "mayo"),
        ("Preston & Shapiro", None, "preston_shapiro"),
    ],
)
def test_the_grade_follows_the_scheme_that_was_asked_for(
    study: Study, asked: str | None, own: str | None, used: str
) -> None:
    findings = emgkit.analyze_study(replace(study, grading_scheme=own), scheme=asked)
    (muscle,) = findings.muscles
    assert muscle.scheme == used
    assert (muscle.grade, muscle.equivocal) == ((0, True) if used == "mayo" else (1, False))
    assert findings.needle["scheme"].tolist() == [used]


@pytest.mark.parametrize(("asked", "own"), [("kimura", None), (None, "kimura")])
def test_a_scheme_that_does_not_exist_is_refused_before_anything_is_analysed(
    study: Study, asked: str | None, own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emgkit.pipeline.find_activities", lambda _: pytest.fail("the recordings were analysed first"))
    with pytest.raises(UnknownNameError, match=r"Unknown grading scheme 'kimura'; known are mayo, preston_shapiro\."):
        emgkit.analyze_study(replace(study, grading_scheme=own), scheme=asked)
