"""Exports read back by others: FHIR models, MNE, MNE-BIDS, the BIDS validator, DICOM's own code tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mne
import numpy as np
import pandas as pd
import pytest

import emgkit
from emgkit.errors import InputFileError
from emgkit.files import results
from emgkit.files.fhir import fhir_bundle
from emgkit.files.marks import annotations_text, bids_names, events_sidecar, events_table, marks
from emgkit.files.results import localization_document, write_results
from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.mdc import SYSTEM, activity_code, mdc_codes, muscle_code
from emgkit.knowledge.names import lowered, muscle_name, sided, site_name, study_name
from emgkit.model.findings import CONDUCTION
from tests.show.made_by_hand import Case, Train, make_activity, make_case
from tests.show.test_report import NEVER_PRINTED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emgkit.model.activity import SpontaneousActivity

FIB = Train("fibrillation", 7.1, 130.0)
MEASURED = {"uv", "mv", "ms", "s", "mm", "c"}
MICROSECOND = 6  # decimals that MNE keeps of a second


@pytest.fixture(scope="module")
def case() -> Case:
    return make_case()


@pytest.fixture(scope="module")
def bundle(case: Case) -> dict[str, Any]:
    return fhir_bundle(case.findings, case.answer, study_id=case.study.id)


def rich(**facts: str) -> SpontaneousActivity:
    activity = make_activity(
        trains=(FIB, Train("positive_sharp_wave", 3.3, 80.0)),
        excluded=((2.0, 3.0, "movement, twice"), (8.0, 8.5, "clipped")),
        spans=((5.0, 6.0, "endplate_noise", 9.0),),
    )
    samples = np.round(activity.recording.samples_uv, 1)
    events = activity.events.copy()
    events.loc[3, "train"] = -1
    recording = replace(activity.recording, samples_uv=samples, **facts)
    return replace(activity, recording=recording, events=events)


def walk(part: object) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    elif isinstance(part, list):
        for value in part:
            yield from walk(value)


# MNE


@pytest.mark.parametrize(("channel", "shown"), [("GMAX L", ("GMAX L",)), ("", ()), ("a,b", ()), ("a:b", ())])
def test_mne_reads_every_mark_to_the_last_digit(tmp_path: Path, channel: str, shown: tuple[str, ...]) -> None:
    activity = rich(channel=channel, start_time="2024-03-05T10:00:00")
    path = tmp_path / "x-annot.txt"
    path.write_text(annotations_text(activity, identified=True), encoding="utf-8")
    read, table = mne.read_annotations(path), marks(activity)
    np.testing.assert_array_equal(read.onset, table["onset_s"])
    np.testing.assert_array_equal(read.duration, table["duration_s"])
    assert read.orig_time is None, "a date would tell when the patient was there"
    assert set(read.ch_names) == {shown}
    discharges = table["what"].isin(["fibrillation", "positive_sharp_wave", "unsorted"]).to_numpy()
    assert [extra["train"] for extra in read.extras] == table["train"].tolist()
    sizes = np.array([extra["peak_to_peak_uv"] for extra in read.extras])
    np.testing.assert_array_equal(sizes[discharges], table["peak_to_peak_uv"][discharges])
    counts = pd.Series(read.description).value_counts().to_dict()
    trains = dict(zip(activity.trains["train"], activity.trains["label"], strict=True))
    for train, label in trains.items():
        assert counts[label] == (activity.events["train"] == train).sum()
    assert {name: counts[name] for name in counts if name not in trains.values()} == {
        "unsorted": 1, "endplate_noise": 1, "BAD_movement; twice": 1, "BAD_clipped": 1,
    }  # fmt: skip


@pytest.mark.parametrize("trains", [(), (Train("fasciculation", 0.5, 100.0),)])
def test_mne_reads_recordings_of_no_discharge_and_of_one(tmp_path: Path, trains: tuple[Train, ...]) -> None:
    path = tmp_path / "x-annot.txt"
    path.write_text(annotations_text(make_activity(trains=trains, duration_s=4.0)), encoding="utf-8")
    assert list(mne.read_annotations(path).description) == [train.label for train in trains]


def test_the_text_and_the_raw_object_have_the_same_annotations(tmp_path: Path) -> None:
    activity = rich(channel="GMAX L", start_time="")
    path = tmp_path / "x-annot.txt"
    path.write_text(annotations_text(activity, identified=True), encoding="utf-8")
    raw, read = emgkit.to_mne(activity.recording, activity), mne.read_annotations(path)
    np.testing.assert_allclose(raw.annotations.onset, read.onset, atol=10.0**-MICROSECOND)
    assert list(raw.annotations.description) == list(read.description)
    raw.set_annotations(read)  # refuses a channel that it does not have
    assert len(raw.annotations) == len(read)


# BIDS


def bids_dataset(root: Path, activity: SpontaneousActivity) -> Any:
    mne_bids = pytest.importorskip("mne_bids")
    root.mkdir()
    emgkit.write_recording(root.parent / "one.edf", activity.recording)
    raw = mne.io.read_raw_edf(root.parent / "one.edf", verbose="error")
    raw.set_channel_types({raw.ch_names[0]: "emg"})
    raw.info["line_freq"] = 50
    path = mne_bids.BIDSPath(
        subject="case7",
        task="rest",
        acquisition="leftGluteusMaximus",
        run="01",
        datatype="emg",
        suffix="emg",
        root=root,
    )
    mne_bids.write_raw_bids(raw, path, emg_placement="Other", verbose="error")
    name = bids_names([activity], subject="case 7")[0]
    (root / name).write_text(events_table(activity).to_csv(sep="\t", index=False), encoding="utf-8")
    (root / "task-rest_events.json").write_text(json.dumps(events_sidecar()), encoding="utf-8")
    return path


@pytest.mark.filterwarnings("ignore:No electrode location info")
def test_mne_bids_finds_the_events_beside_their_recording(tmp_path: Path) -> None:
    activity = rich(channel="GMAX", start_time="")
    path = bids_dataset(tmp_path / "dataset", activity)
    import mne_bids

    read, table = mne_bids.read_raw_bids(path, verbose="error").annotations, marks(activity)
    np.testing.assert_allclose(read.onset, table["onset_s"], atol=10.0**-MICROSECOND)
    assert list(read.description) == table["what"].tolist()
    assert {
        extra["mdc_code"] for extra, what in zip(read.extras, table["what"], strict=True) if what == "fibrillation"
    } == {"155488"}


@pytest.mark.filterwarnings("ignore:No electrode location info")
def test_the_bids_validator_finds_no_error(tmp_path: Path) -> None:
    pytest.importorskip("bids_validator_deno")
    bids_dataset(tmp_path / "dataset", rich(channel="GMAX", start_time=""))

    def issues() -> list[dict[str, Any]]:
        command = [Path(sys.executable).with_name("bids-validator-deno"), tmp_path / "dataset", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        return json.loads(done.stdout)["issues"]["issues"]

    def told() -> list[tuple[str, str]]:
        return [
            (i["code"], i.get("subCode", "")) for i in issues() if i["severity"] == "error" or "ADDITIONAL" in i["code"]
        ]

    assert told() == []
    events = next((tmp_path / "dataset").rglob("*_events.tsv"))
    events.write_text(events.read_text(encoding="utf-8").replace("onset", "start", 1), encoding="utf-8")
    assert told() != [], "the validator did not look at the events"


def test_every_kind_of_event_has_its_meaning_in_the_sidecar() -> None:
    table = events_table(rich())
    assert set(table["trial_type"]) <= set(events_sidecar()["trial_type"]["Levels"])
    assert set(labels()) < set(events_sidecar()["trial_type"]["Levels"])
    assert set(table) == set(events_sidecar())
    assert not (table == "").any(axis=None), "BIDS writes n/a for what is missing"


def test_recordings_of_one_muscle_are_runs_and_no_two_share_a_name(case: Case) -> None:
    names = bids_names(case.findings.activities, subject="Müller/../7")
    assert len(set(names)) == len(names) == 14
    assert names[3] == "sub-Mller7/emg/sub-Mller7_task-rest_acq-leftGluteusMaximus_run-04_events.tsv"
    assert bids_names(case.findings.activities[:1], subject="../")[0].startswith("sub-01/")


# FHIR


def test_fhir_models_read_the_bundle_and_give_it_back(bundle: dict[str, Any]) -> None:
    models = pytest.importorskip("fhir.resources.R4B.bundle")
    assert json.loads(models.Bundle.model_validate(bundle).model_dump_json()) == bundle
    broken = json.loads(json.dumps(bundle))
    del broken["entry"][1]["resource"]["code"]
    with pytest.raises(ValueError, match="code"):
        models.Bundle.model_validate(broken)


def test_a_report_that_nobody_reviewed_does_not_call_itself_final(bundle: dict[str, Any]) -> None:
    report, *observations = [entry["resource"] for entry in bundle["entry"]]
    assert (report["resourceType"], report["status"]) == ("DiagnosticReport", "partial")
    assert {(each["resourceType"], each["status"]) for each in observations} == {("Observation", "preliminary")}
    assert "not a diagnosis" in report["conclusion"]
    text = json.dumps(bundle)
    assert "2024-03" not in text
    assert "SMITH" not in text
    assert [pattern for pattern in NEVER_PRINTED if re.search(pattern, text.lower())] == []
    assert not [part for part in walk(bundle) if {"subject", "effectiveDateTime", "issued", "timestamp"} & set(part)]


def test_every_reference_leads_to_an_observation_of_the_bundle(bundle: dict[str, Any]) -> None:
    addresses = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(addresses)) == len(addresses)
    report = bundle["entry"][0]["resource"]
    assert [part["reference"] for part in report["result"]] == addresses[1:]


def test_grades_values_and_probabilities_are_those_of_the_tables(case: Case, bundle: dict[str, Any]) -> None:
    needle, conduction = case.findings.needle, case.findings.conduction
    observations = [entry["resource"] for entry in bundle["entry"][1:]]
    assert len(observations) == len(needle) + len(conduction) + 2
    assert needle["fibrillation"].notna().any()
    assert conduction["amplitude_uv"].notna().any()
    for row, each in zip(needle.itertuples(), observations, strict=False):
        assert each["bodySite"]["text"] == sided(row.side, muscle_name(row.muscle))
        told = [part.get("valueInteger", "?") for part in each["component"][:2]]
        assert told == ["?" if pd.isna(grade) else grade for grade in (row.fibrillation, row.positive_sharp_wave)]
    for row, each in zip(conduction.itertuples(), observations[len(needle) :], strict=False):
        assert (each["code"]["text"], each["bodySite"]["text"]) == (
            study_name(row.study),
            f"{row.side.capitalize()} leg",
        )
        if row.result == "not_assessed":
            assert each["dataAbsentReason"]["text"] == "not assessed"
        else:
            assert each["valueCodeableConcept"]["text"] == row.result
        told = [part["valueQuantity"]["value"] for part in each.get("component", ())]
        values = [getattr(row, column) for column in CONDUCTION.names if column.rpartition("_")[2] in MEASURED]
        assert told == [value for value in values if not pd.isna(value)]
    told = [part["valueQuantity"]["value"] for part in observations[-1]["component"]]
    assert told == case.answer.posterior["probability"].tolist()
    assert (
        lowered(site_name(case.answer.posterior["site"][0])) in observations[-1]["component"][0]["code"]["text"].lower()
    )


def test_only_checked_systems_have_codes(bundle: dict[str, Any]) -> None:
    dicom = pytest.importorskip("pydicom.sr._concepts_dict").concepts
    known = {code for row in dicom["UCUM"].values() for code in row}
    codings = [part for part in walk(bundle) if "system" in part and "code" in part]
    systems = {part["system"] for part in codings}
    assert systems == {
        SYSTEM, "http://loinc.org", "http://unitsofmeasure.org",
        "http://terminology.hl7.org/CodeSystem/observation-category",
    }  # fmt: skip
    assert {part["code"] for part in codings if part["system"] == "http://loinc.org"} == {"18749-2"}
    units = {part["code"] for part in codings if part["system"] == "http://unitsofmeasure.org"}
    assert units <= known | {"m/s"}, units - known  # DICOM has no velocity


def test_the_codes_of_muscles_and_discharges_are_those_of_dicom() -> None:
    concepts = pytest.importorskip("pydicom.sr._concepts_dict").concepts["MDC"]
    names = {code: name for row in concepts.values() for code, (name, _) in row.items()}

    def name(code: int) -> str:
        return names[f"{code >> 16}:{code & 0xFFFF}"].lower()

    words = {"lateral": "laterale", "medial": "mediale", "long": "longum", "short": "breve", "head": "caput"}
    words |= {"external": "externus", "anal": "ani", "deltoid": "deltoideus"}
    for thing, row in mdc_codes().items():
        if row.partition == 7:
            for side in ("left", "right"):
                told = name(muscle_code(thing, side))
                assert all(words.get(word, word) in told for word in thing.split("_")), (thing, told)
                assert told.endswith(f", {side}") == row.sided
    assert name(activity_code("endplate_noise")) == "emg endplate noise"
    for label in labels():
        if (code := activity_code(label)) is not None:
            assert label.split("_")[0] in name(code) or (label, name(code)) == (
                "indeterminate",
                "emg unspecified waveform",
            )


# All of it


def test_one_call_writes_everything_and_the_same_study_the_same_bytes(case: Case, tmp_path: Path) -> None:
    parts = {"findings": case.findings, "answer": case.answer, "study_id": case.study.id, "exports": True}
    written = write_results(tmp_path / "a", **parts)
    there = sorted(path for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert sorted(written) == there
    assert len(there) == 8 + 14 + 14 + 1
    write_results(tmp_path / "b", **parts)
    assert [path.read_bytes() for path in there] == [
        (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes() for path in there
    ]
    posterior = pd.read_csv(tmp_path / "a" / "posterior.csv")
    np.testing.assert_array_equal(posterior["probability"], case.answer.posterior["probability"])
    evidence = pd.read_csv(tmp_path / "a" / "evidence.csv")
    np.testing.assert_array_equal(evidence["against_none"], case.answer.evidence["against_none"])
    json.loads((tmp_path / "a" / "fhir.json").read_text(), parse_constant=pytest.fail)


def test_names_and_dates_of_files_are_written_only_when_asked_for(case: Case, tmp_path: Path) -> None:
    activities = tuple(
        replace(each, recording=replace(each.recording, channel="SMITH JOHN")) for each in case.findings.activities
    )
    parts = {"findings": replace(case.findings, activities=activities), "answer": case.answer, "exports": True}

    def told(word: str) -> set[str]:
        paths = [path for path in tmp_path.rglob("*") if path.is_file()]
        return {path.parent.name or path.name for path in paths if word in path.read_text(encoding="utf-8")}

    write_results(tmp_path, **parts)
    assert told("SMITH") == told("2024-03") == set()
    write_results(tmp_path, **parts, identified=True)
    assert told("SMITH") == {"annotations", tmp_path.name}
    assert told("2024-03") == set()


def test_every_field_of_an_answer_is_in_its_document(case: Case) -> None:
    other_names = {"prior_name": "prior", "verdict": "inferior_gluteal"}
    settling = {"settling": "tests", "settling_hazards": "hazards", "settling_probability": "probability"}
    document = localization_document(case.answer)
    kept = {other_names.get(field.name, field.name) for field in fields(case.answer)} - set(settling)
    assert kept <= set(document)
    assert set(settling.values()) == set(document["settling"])
    assert {field.name for field in fields(case.answer.verdict)} == set(document["inferior_gluteal"])
    assert {field.name for field in fields(case.answer.explanation)} == set(document["explanation"])


def test_a_second_study_leaves_nothing_of_the_first(case: Case, tmp_path: Path) -> None:
    write_results(tmp_path, findings=case.findings, answer=case.answer, study_id="first", exports=True)
    fewer = replace(case.findings, activities=case.findings.activities[:2])
    write_results(tmp_path, findings=fewer, answer=case.answer, study_id="second", exports=True)
    assert len(list((tmp_path / "annotations").iterdir())) == 2
    assert {path.name for path in (tmp_path / "bids").iterdir()} == {"sub-second", "task-rest_events.json"}
    assert not list(tmp_path.rglob("*.part"))


def test_files_of_others_are_not_replaced_and_nothing_is_written(case: Case, tmp_path: Path) -> None:
    (tmp_path / "bids").mkdir()
    (tmp_path / "bids" / "participants.tsv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputFileError, match=r"nothing is overwritten: .* It holds participants\.tsv"):
        write_results(tmp_path, findings=case.findings, answer=case.answer, exports=True)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["participants.tsv"]


def test_a_format_that_fails_leaves_the_old_results_whole(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_results(tmp_path, findings=case.findings, answer=case.answer, exports=True)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def broken(activity: object, **options: object) -> str:
        raise RuntimeError

    monkeypatch.setattr(results, "annotations_text", broken)
    other = replace(case.findings, needle=case.findings.needle.head(1))
    with pytest.raises(RuntimeError):
        write_results(tmp_path, findings=other, answer=case.answer, exports=True)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
