"""From a study to its results: what is left behind, and what is never lost."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import emgkit
from emgkit.model.activity import EVENTS, TRAINS
from emgkit.model.findings import CONDUCTION, NEEDLE
from tests.cli.command import Done, call, check_answer

if TYPE_CHECKING:
    from pathlib import Path

TABLES = {"needle.csv", "conduction.csv", "trains.csv", "events.csv", "posterior.csv", "evidence.csv"}
RESULTS = {"report.html", "localization.json"} | TABLES
PLACE = ["recording", "file", "muscle", "side", "site"]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_simulate_writes_a_study_that_can_be_read_and_its_truth(simulated: tuple[Path, Done]) -> None:
    folder, done = simulated
    assert done.code == 0
    assert done.err == ""
    assert f"Wrote 14 recordings to {folder}" in done.out
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert (truth["site"], truth["side"], truth["seed"]) == ("inferior_gluteal", "left", 1)
    assert len(truth["recordings"]) == 14
    first = truth["recordings"][0]
    assert set(first["units"].values()) & {"fibrillation", "positive_sharp_wave"}
    assert set(first["units"]) == set(first["times_s"])
    assert all(0 <= time_s <= 5 for times_s in first["times_s"].values() for time_s in times_s)
    assert len(emgkit.read_study(folder).recordings) in {3, 14}


def test_simulate_overwrites_nothing(simulated: tuple[Path, Done]) -> None:
    folder, _ = simulated
    before = contents(folder)
    refusal = call("simulate", "--site", "none", "--duration", 1, "--rate", 4000, folder).refusal
    assert "nothing is overwritten" in refusal
    assert contents(folder) == before


def test_analyze_leaves_every_result(analysed: tuple[Path, Done]) -> None:
    folder, done = analysed
    assert done.code == 0, done.err
    assert "Error" not in done.err
    assert set(contents(folder)) == RESULTS
    assert "not a diagnosis" in done.out
    assert "Inferior gluteal nerve:" in done.out
    assert done.out.splitlines()[-1] == f"Report: {folder / 'report.html'}"


def test_the_answer_follows_its_published_schema(analysed: tuple[Path, Done]) -> None:
    document = check_answer((analysed[0] / "localization.json").read_text(encoding="utf-8"))
    assert document["side"] == "left"
    assert document["weeks_since_onset"] == 6.0


def test_the_tables_have_their_declared_columns_and_tell_recordings_apart(
    analysed: tuple[Path, Done], small_study: Path
) -> None:
    tables = {name: pd.read_csv(analysed[0] / name) for name in sorted(RESULTS) if name.endswith(".csv")}
    assert list(tables["needle.csv"]) == NEEDLE.names
    assert list(tables["conduction.csv"]) == CONDUCTION.names
    assert list(tables["trains.csv"]) == [*PLACE, *TRAINS.names]
    assert list(tables["events.csv"]) == [*PLACE, *EVENTS.names]
    trains, events = tables["trains.csv"], tables["events.csv"]
    assert not trains.duplicated(["recording", "train"]).any()
    sorted_events = events[events["train"] >= 0].groupby(["recording", "train"]).size()
    assert sorted_events.to_dict() == trains.set_index(["recording", "train"])["n_events"].to_dict()
    assert len(events[["recording", "muscle", "side"]].drop_duplicates()) == len(set(events["recording"])) > 1
    listed = pd.read_csv(small_study / "recordings.csv")
    for number, muscle, side in trains[["recording", "muscle", "side"]].itertuples(index=False):
        assert (listed["muscle"][number - 1], listed["side"][number - 1]) == (muscle, side)
    assert events["file"].isna().all(), "the name of a file often is the patient's"
    assert trains["file"].isna().all()
    maximus = trains[(trains["muscle"] == "gluteus_maximus") & (trains["side"] == "left")]
    assert set(maximus["label"]) & {"fibrillation", "positive_sharp_wave"}


def test_the_report_is_one_whole_page_that_names_the_study(analysed: tuple[Path, Done]) -> None:
    page = (analysed[0] / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert "simulated inferior gluteal" in page
    assert ".edf" not in page


def test_files_are_named_in_the_report_when_asked_for(small_study: Path, tmp_path: Path) -> None:
    assert call("analyze", small_study, "-o", tmp_path / "named", "--identified", "--quiet").code == 0
    page = (tmp_path / "named" / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in pd.read_csv(small_study / "recordings.csv")["file"])


@pytest.fixture
def scored_study(tmp_path: Path) -> Path:
    folder = tmp_path / "scored"
    folder.mkdir()
    (folder / "study.toml").write_text('id = "scored"\nweeks_since_onset = 6\n', encoding="utf-8")
    (folder / "needle.csv").write_text(
        "muscle,side,fibrillation\ngluteus maximus,left,2\nTA,left,0\n", encoding="utf-8"
    )
    return folder


def test_a_second_run_replaces_the_results_of_the_first(scored_study: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert call("analyze", scored_study, "-o", results).code == 0
    first = contents(results)
    assert call("analyze", scored_study, "-o", results, "--quiet").code == 0
    again = contents(results)
    assert set(again) == RESULTS
    assert again["localization.json"] == first["localization.json"], "the same input gives the same answer"
    (scored_study / "needle.csv").write_text("muscle,side,fibrillation\nTA,right,3\n", encoding="utf-8")
    assert call("analyze", scored_study, "-o", results, "--quiet").code == 0
    other = contents(results)
    assert set(other) == RESULTS
    assert b"gluteus_maximus" in first["needle.csv"]
    assert b"gluteus_maximus" not in other["needle.csv"]
    assert all(other[name] != first[name] for name in ("report.html", "localization.json"))


def test_a_study_of_scored_findings_alone_has_whole_empty_tables(scored_study: Path, tmp_path: Path) -> None:
    assert call("analyze", scored_study, "-o", tmp_path / "results").code == 0
    check_answer((tmp_path / "results" / "localization.json").read_text(encoding="utf-8"))
    assert (tmp_path / "results" / "trains.csv").read_text().strip() == ",".join([*PLACE, *TRAINS.names])
    assert (tmp_path / "results" / "events.csv").read_text().strip() == ",".join([*PLACE, *EVENTS.names])


def test_exports_are_written_beside_the_report_when_asked_for(scored_study: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert call("analyze", scored_study, "-o", results, "--exports", "--quiet").code == 0
    assert {path.name for path in results.iterdir()} == RESULTS | {"fhir.json", "annotations", "bids"}
    bundle = json.loads((results / "fhir.json").read_text(encoding="utf-8"))
    assert bundle["entry"][0]["resource"]["identifier"] == [{"value": "scored"}]
    (results / "bids" / "notes.txt").touch()
    refusal = call("analyze", scored_study, "-o", results, "--exports", "--quiet").refusal
    assert "nothing is overwritten" in refusal
    assert refusal.endswith("It holds notes.txt.")


@pytest.fixture
def later_study(scored_study: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "later"
    shutil.copytree(scored_study, folder)
    (folder / "study.toml").write_text('id = "later"\nweeks_since_onset = 20\n', encoding="utf-8")
    table = "muscle,side,fibrillation\ngluteus maximus,left,0\nsoleus,left,1\n"
    (folder / "needle.csv").write_text(table, encoding="utf-8")
    return folder


def test_a_follow_up_stands_beside_the_first_examination(scored_study: Path, later_study: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    done = call("follow-up", scored_study, later_study, "-o", results)
    assert done.code == 0, done.err
    assert {path.name for path in results.iterdir()} == RESULTS | {"needle_changes.csv", "conduction_changes.csv"}
    table = pd.read_csv(results / "needle_changes.csv").set_index("muscle")
    assert table["grade_change"].to_dict() == {
        "gluteus_maximus": "fewer", "tibialis_anterior": "not comparable", "soleus": "not comparable",
    }  # fmt: skip
    assert "Change: left gluteus maximus 2+ to 0, fewer" in done.out.splitlines()
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "first, 6 weeks after the onset" in page
    assert "<h1>later</h1>" in page


def test_a_follow_up_in_the_wrong_order_is_refused_before_any_work(
    scored_study: Path, later_study: Path, tmp_path: Path
) -> None:
    refusal = call("follow-up", later_study, scored_study, "-o", tmp_path / "results").refusal
    assert "give the earlier one first" in refusal
    assert not any((tmp_path / "results").iterdir())


def test_quiet_says_nothing(scored_study: Path, tmp_path: Path) -> None:
    assert call("analyze", scored_study, "-o", tmp_path / "results", "--quiet") == Done(0, "", "")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("study.toml", "id = ", "study.toml cannot be read"),
        ("study.toml", "age_year = 3\n", "unknown key 'age_year'; did you mean 'age_years'?"),
        ("needle.csv", "muscle,side,fibrillation\ngluteus maximos,left,2\n", "needle.csv, line 2, column 'muscle'"),
        ("recordings.csv", "file,muscle,side\nlost.edf,TA,left\n", "recordings.csv, line 2: "),
    ],
)
def test_a_broken_study_is_refused_and_older_results_stay_as_they_were(
    scored_study: Path, tmp_path: Path, name: str, text: str, says: str
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for each in RESULTS:
        (results / each).write_text(f"older {each}", encoding="utf-8")
    before = contents(results)
    (scored_study / name).write_text(text, encoding="utf-8")
    assert says in call("analyze", scored_study, "-o", results).refusal
    assert contents(results) == before


def test_the_grading_scheme_that_was_used_is_named_in_every_result(small_study: Path, tmp_path: Path) -> None:
    done = call("analyze", small_study, "-o", tmp_path, "--scheme", "preston_shapiro")
    assert done.code == 0, done.err
    assert "Grades from recordings follow Preston and Shapiro." in done.out.splitlines()
    needle = pd.read_csv(tmp_path / "needle.csv")
    assert set(needle["scheme"]) == {"preston_shapiro"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Grades from recordings follow Preston and Shapiro." in page
    assert "Grading scheme: Preston and Shapiro." in page
    assert "Mayo" not in page
    assert call("localize", tmp_path / "needle.csv").code == 0, "a table of results can be localized again"


def test_the_grading_scheme_of_the_study_is_used_unless_another_is_asked_for(small_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(small_study, study)
    facts = study / "study.toml"
    facts.write_text('grading_scheme = "Preston & Shapiro"\n' + facts.read_text(encoding="utf-8"), encoding="utf-8")
    for options, used in ((), "preston_shapiro"), (("--scheme", "mayo"), "mayo"):
        assert call("analyze", study, "-o", tmp_path / used, "--quiet", *options).code == 0
        assert set(pd.read_csv(tmp_path / used / "needle.csv")["scheme"]) == {used}


def test_a_study_without_recordings_names_no_grading_scheme(scored_study: Path, tmp_path: Path) -> None:
    done = call("analyze", scored_study, "-o", tmp_path / "results", "--scheme", "mayo")
    assert "Grades from recordings" not in done.out
    assert "Grades from recordings" not in (tmp_path / "results" / "report.html").read_text(encoding="utf-8")


def _hours_of_work(study: object, *, scheme: str | None, progress: bool) -> None:
    pytest.fail("the recordings were analysed first")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--chart", "mayo"), "Unknown myotome chart 'mayo'; the charts are tsao, phillips_park, classical"),
        (("--prior", "general_practice"), "Unknown prior 'general_practice'; the tables are general, gluteal_referral"),
        (("--candidate", "inferior_glutael"), "Unknown site 'inferior_glutael'; did you mean inferior_gluteal"),
    ],
)
def test_a_misspelt_hypothesis_is_refused_before_the_recordings_are_analysed(
    small_study: Path, tmp_path: Path, options: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emgkit, "analyze_study", _hours_of_work)
    assert says in call("analyze", small_study, "-o", tmp_path / "results", *options).refusal


def test_candidates_are_the_only_sites_considered(scored_study: Path, tmp_path: Path) -> None:
    options = ("--candidate", "inferior_gluteal", "--candidate", "root_S1", "--prior", "gluteal_referral", "--quiet")
    assert call("analyze", scored_study, "-o", tmp_path / "results", *options).code == 0
    document = check_answer((tmp_path / "results" / "localization.json").read_text(encoding="utf-8"))
    assert {row["site"] for row in document["posterior"]} == {"inferior_gluteal", "root_S1"}
    assert document["prior"] == "gluteal_referral"


def test_results_are_not_written_over_the_study_itself(scored_study: Path) -> None:
    before = contents(scored_study)
    refusal = call("analyze", scored_study, "-o", scored_study).refusal
    assert "is a study folder, whose own tables would be lost" in refusal
    assert contents(scored_study) == before


@pytest.mark.parametrize("below", ["", "deeper"])
def test_an_output_that_cannot_be_a_folder_is_refused(scored_study: Path, tmp_path: Path, below: str) -> None:
    place = tmp_path / "taken"
    place.write_text("mine", encoding="utf-8")
    refusal = call("analyze", scored_study, "-o", place / below).refusal
    assert f"The output folder {str(place / below)!r} cannot be made" in refusal
    assert place.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing", "does not exist; give the folder"),
        ("file", "is a file; give the folder"),
        ("empty", "has no study.toml"),
    ],
)
def test_a_study_folder_that_is_none_is_refused(tmp_path: Path, name: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("text", encoding="utf-8")
    assert says in call("analyze", tmp_path / name, "-o", tmp_path / "results").refusal
    assert not (tmp_path / "results").exists()


def test_a_recording_that_cannot_be_analysed_is_named_and_the_rest_is_done(small_study: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    shutil.copytree(small_study, study)
    text = (study / "recordings.csv").read_text(encoding="utf-8")
    flat = ["# rate_hz=12000", "EMG (uV)", *["0"] * 24000]
    (study / "flat.csv").write_text("\n".join(flat) + "\n", encoding="utf-8")
    header, kept = text.splitlines()[:2]
    cells = dict(zip(header.split(","), [""] * 99, strict=False))
    cells |= {"file": "flat.csv", "muscle": "soleus", "side": "right"}
    lines = [header, ",".join(cells.values()), kept]
    (study / "recordings.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = call("analyze", study, "-o", tmp_path / "results", "--quiet", "--identified")
    assert done.code == 3
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("Left out: ")
    assert "soleus" in line
    assert "flat" in line
    assert set(contents(tmp_path / "results")) == RESULTS
    needle = pd.read_csv(tmp_path / "results" / "needle.csv")
    soleus = needle[needle["muscle"] == "soleus"].iloc[0]
    assert np.isnan(soleus["fibrillation"]), "what could not be analysed was not found silent"
    assert "flat" in soleus["note"]
    files = pd.read_csv(tmp_path / "results" / "events.csv")["file"]
    assert set(files) == {kept.split(",")[0]}, "results name their file although another was left out"
