"""The report as a file: answer first, nothing from outside, every string escaped, the same study the same bytes."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
import re
import time
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from emgkit.errors import InputFileError
from emgkit.model.findings import CONDUCTION, NEEDLE, MuscleFinding, StudyFindings
from emgkit.model.localization import (
    EVIDENCE,
    FAMILIES,
    POSTERIOR,
    SUGGESTIONS,
    Explanation,
    Localization,
    Rival,
    Verdict,
)
from emgkit.model.study import Study
from emgkit.model.table import make_table
from emgkit.show.pictures import drawing, picture
from emgkit.show.recording_plots import plot_recording, plot_sweeps
from emgkit.show.report import render_report, write_report
from emgkit.show.report_provenance import given_hash, tables_hash
from emgkit.show.report_reasons import settling_text
from emgkit.show.train_plots import plot_train
from emgkit.show.words import PROBABILITY_NOTE
from tests.house.source_code import PACKAGE
from tests.show.made_by_hand import (
    MUSCLES,
    Case,
    Train,
    make_activities,
    make_activity,
    make_answer,
    make_case,
    many_muscles,
)
from tests.show.test_plots import outside, texts_that_overlap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Law 11: what a report never says.
NEVER_PRINTED = (
    r"\bconfirm",
    r"\bexclud",
    r"\brule[sd]? out",
    r"\btreat",
    r"\btherap",
    r"\bprognos",
    r"\bdrugs?\b",
    r"\bcured?\b",
    r"\bcaused? by",
    r"\bdue to\b",
    r"\bfault",
    r"\bnegligen",
    r"\bmalpractice",
    r"\biatrogenic",
    r"no nerve injury",
    r"\bnormal (study|examination|emg)",
    r"(is|are|was|were) normal\b",
    r"piriformis syndrome",
    r"motor neuron disease",
    r"amyotrophic",
    r"\bthe lesion (began|occurred|dates)",
    r"\brecommend",
    r"\bprescri",
    r"\bdefinite\b",
)
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """What a browser would make of a page, as far as the tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.visible = ""
        self.feed(text)
        self.close()
        assert self.open == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"style", "script"}:
            return
        self.visible += data
        inside = [tag for tag in self.open if re.fullmatch(r"h[1-6]", tag)]
        if inside:
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def words_of(page: Page) -> str:
    alternatives = " ".join(str(image["alt"]) for image in page.all("img"))
    return " ".join((page.visible + " " + alternatives).split())


def test_the_answer_comes_before_the_differential_before_the_tables_before_the_muscles(page: str) -> None:
    headings = [text for level, text in Page(page).headings if level == 2]
    assert headings == [
        "The answer",
        "Differential",
        "Needle findings",
        "Nerve conduction",
        "Evidence",
        "Muscles",
        "Small print",
    ]


def test_headings_descend_without_gaps_from_one_h1(page: str) -> None:
    levels = [level for level, _ in Page(page).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_page_one_has_the_site_its_probability_the_verdict_and_the_next_tests(page: str) -> None:
    answer = " ".join(Page(page[: page.index('<section id="differential"')] + "</main></body></html>").visible.split())
    for words in (
        "Leading site: supported",
        "Left inferior gluteal nerve",
        "85 %",
        PROBABILITY_NOTE,
        "the gluteal nerves",
        "90 %",
        "Main electrodiagnostic criteria met, others open.",
        "gluteus maximus abnormal at two or more insertions",
        "posterior femoral cutaneous sensory not tested",
        "Left posterior femoral cutaneous sensory response, 0.21 bit expected",
        "Caution: deep muscle; sciatic nerve nearby",
        "Urgent.",
        "a pelvic mass has not been looked for",
        "Prior: gluteal referral",
    ):
        assert words in answer, words


def test_an_urgent_caution_stands_before_the_answer_itself(page: str) -> None:
    assert page.index("Urgent.") < page.index("Leading site")
    assert page.index("Leading site") < page.index("Direct injury of the muscle itself")


def test_nothing_in_the_page_leaves_the_file(page: str) -> None:
    for tag, attributes in Page(page).tags:
        assert tag not in {"link", "iframe", "object", "embed", "form", "base"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            if name in {"src", "srcset", "href", "action", "poster", "data"}:
                assert str(value).startswith(("#", "data:image/", "data:audio/")), (tag, name, str(value)[:60])
    assert "@import" not in page
    assert not re.search(r"url\(\s*['\"]?(?!#)", page)


def test_the_page_runs_its_own_script_and_no_other(page: str) -> None:
    own = (PACKAGE / "show" / "templates" / "report.js").read_text(encoding="utf-8")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, flags=re.DOTALL)
    assert [text for attributes, text in scripts if not attributes] == [own]
    data = [text for attributes, text in scripts if attributes]
    assert {attributes for attributes, _ in scripts if attributes} == {' type="application/json"'}
    assert len(data) == len(make_activities())
    assert all(json.loads(text)["seconds"] == 12.0 for text in data)
    (policy,) = (tag["content"] for tag in Page(page).all("meta") if "http-equiv" in tag)
    hashed = base64.b64encode(hashlib.sha256(own.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hashed}'"
    )


def test_links_inside_the_page_lead_somewhere(page: str) -> None:
    parsed = Page(page)
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in parsed.all("a")} <= set(ids)
    labelled = {
        value for _, attributes in parsed.tags for name, value in attributes.items() if name == "aria-labelledby"
    }
    assert labelled <= set(ids)


def test_pictures_have_words_and_table_headers_have_a_scope(page: str) -> None:
    parsed = Page(page)
    assert len(parsed.all("img")) > 20
    assert all(len(str(image["alt"])) > 20 for image in parsed.all("img"))
    assert all(header.get("scope") in {"row", "col", "rowgroup"} for header in parsed.all("th"))
    assert any(attributes.get("lang") == "en" for attributes in parsed.all("html"))


def test_words_that_law_11_forbids_are_nowhere(page: str) -> None:
    sites = [
        {"site": "motor_neuron_disease", "probability": 0.6},
        {"site": "none", "probability": 0.3},
        {"site": "root_S1", "probability": 0.1},
    ]
    plain = make_case(many_muscles(2))
    other = make_answer(
        plain.findings,
        posterior=make_table(POSTERIOR, sites),
        caveats=("only_legs_tested",),
        verdict=Verdict("definite", "left"),
    )
    other_page = render_report(study=plain.study, findings=plain.findings, answer=other)
    script = (PACKAGE / "show" / "templates" / "report.js").read_text(encoding="utf-8")
    for words in (words_of(Page(page)), words_of(Page(other_page)), script):
        for pattern in NEVER_PRINTED:
            found = re.search(f".{{0,40}}{pattern}.{{0,20}}", words, flags=re.IGNORECASE)
            assert found is None, found


def test_every_probability_is_rounded_and_bounded(page: str) -> None:
    words = words_of(Page(page))
    percents = re.findall(r"(\d+(?:\.\d+)?) %", words.replace("% of the baseline filled", ""))
    assert percents
    assert all(float(percent) % 5 == 0 for percent in percents if percent != "11")
    assert words.count(PROBABILITY_NOTE) >= 3


def test_names_dates_and_file_names_do_not_appear(page: str) -> None:
    assert "SMITH" not in page
    assert "2024" not in page


def test_a_file_that_an_error_names_is_not_named_in_the_report(small_case: Case) -> None:
    findings = replace(small_case.findings, left_out=("left soleus: SMITH_JOHN_1961.edf has changed",))
    page = render_report(**small_case.parts | {"findings": findings})
    assert "SMITH" not in page
    assert "left soleus: the file has changed" in page
    assert "SMITH JOHN 1961.edf has changed" in render_report(
        **small_case.parts | {"findings": findings}, identified=True
    )


def test_names_of_files_and_times_are_shown_when_asked_for_and_stay_text(small_case: Case) -> None:
    evil = "<script>alert('Smith').edf"
    recordings = tuple(
        replace(one, source_file=evil, channel="<b>1</b>", start_time="2024-03-05T10:00:00")
        for one in small_case.study.recordings
    )
    parts = small_case.parts | {"study": replace(small_case.study, recordings=recordings)}
    parsed = Page(render_report(**parts, identified=True))
    assert f"{evil}, <b>1</b>" in parsed.visible
    assert "2024-03-05T10:00:00" in parsed.visible
    assert len(parsed.all("script")) == len(recordings) + 1
    assert "alert" not in Page(render_report(**parts)).visible


def test_provenance_has_the_hash_of_every_file_the_tables_the_settings_and_the_versions(
    tmp_path: Path, small_case: Case
) -> None:
    stored = tmp_path / "one.edf"
    stored.write_bytes(b"samples of one")
    first, second = small_case.study.recordings
    study = replace(small_case.study, recordings=(replace(first, source_file=str(stored)), second))
    answer = make_answer(small_case.findings, chart="phillips_park")
    page = render_report(study=study, findings=small_case.findings, answer=answer)
    words = words_of(Page(page[page.index("<h3>Provenance") : page.rindex("</section>")]))
    samples = np.asarray(second.samples_uv).astype("<f8").tobytes()
    for told in (
        hashlib.sha256(b"samples of one").hexdigest(),
        hashlib.sha256(samples).hexdigest(),
        given_hash(study),
        tables_hash(),
        f"emgkit {version('emgkit')}",
        (
            "Prior: gluteal referral; Myotome chart: phillips park; Sites considered: 12; Grading scheme: Mayo; "
            "Weeks since onset: 8."
        ),
    ):
        assert told in words, told
    assert str(tmp_path) not in page


def test_a_script_tag_in_any_string_of_a_file_stays_text() -> None:
    evil = '<script>alert("x")</script>'
    activity = make_activity(
        site=evil,
        trains=(Train("fibrillation", 5, 100, 0.02, 0.1, 1.9),),
        duration_s=2.0,
        rate_hz=10_000.0,
        excluded=((0.5, 0.7, evil),),
        flags=(evil,),
    )
    case = make_case(
        (activity,),
        study_id=evil,
        caveats=(evil,),
        assumed=(evil,),
        verdict=Verdict(evil, evil, (evil,), (evil,), (evil,)),
        prior_name=evil,
    )
    needle = case.findings.needle.assign(note=evil)
    findings = StudyFindings(
        needle,
        case.findings.conduction.assign(note=evil),
        (activity,),
        case.findings.muscles,
        case.findings.nerves,
        (evil,),
    )
    study = Study(evil, conduction=case.study.conduction, history={evil: evil}, clinical={evil: True})
    parsed = Page(render_report(study=study, findings=findings, answer=case.answer))
    assert [tag.get("type") for tag in parsed.all("script")] == ["application/json", None]
    assert parsed.visible.count("<script>") >= 10
    assert parsed.headings[0] == (1, evil)


def test_the_same_study_gives_the_same_bytes_whatever_the_user_set(small_case: Case) -> None:
    first = render_report(**small_case.parts)
    with mpl.rc_context(
        {
            "lines.linewidth": 9,
            "axes.facecolor": "red",
            "svg.hashsalt": "other",
            "font.size": 30,
            "svg.fonttype": "none",
        }
    ):
        assert render_report(**small_case.parts) == first


def test_a_changed_finding_changes_the_page(small_case: Case) -> None:
    other = make_answer(small_case.findings, prior_name="general")
    parts = small_case.parts | {"answer": other}
    assert render_report(**parts) != render_report(**small_case.parts)


def test_the_hash_of_what_was_given_changes_with_each_of_it(case: Case) -> None:
    study = case.study
    changes: dict[str, Any] = {
        "id": "other", "age_years": 55.0, "affected_side": "right", "events": (), "onset_weeks": 9.0,
        "history": {}, "clinical": {"hip_extension_power": "absent"}, "imaging": {"muscle_oedema": True},
        "conduction": study.conduction.iloc[1:], "needle": case.findings.needle,
    }  # fmt: skip
    hashes = {given_hash(replace(study, **{name: value})) for name, value in changes.items()}
    assert len(hashes | {given_hash(study)}) == len(changes) + 1


@pytest.mark.parametrize("count", [1, 2, 5, 12, 20])
def test_studies_of_one_to_twenty_muscles_have_a_part_for_each(count: int) -> None:
    calls: list[int] = []
    case = make_case(many_muscles(count))
    parsed = Page(render_report(**case.parts, advance=lambda: calls.append(1)))
    parts = [
        attributes["id"] for tag, attributes in parsed.tags if tag == "section" and attributes.get("class") == "muscle"
    ]
    assert parts == [f"left-{muscle}" for muscle in MUSCLES[:count]]
    assert len(calls) == count


@pytest.mark.parametrize("count", [1, 4, 12, 20])
def test_text_on_the_figures_of_a_report_neither_overlaps_nor_leaves_them(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[list[Any]] = []

    def judge(figure: Figure) -> bytes:  # at once: the next picture of its size is drawn in the same axes
        drawn.append([*texts_that_overlap(figure), *outside(figure)])
        return b""

    monkeypatch.setattr("emgkit.show.pictures._png", judge)
    monkeypatch.setattr("emgkit.show.pictures._svg", judge)
    case = make_case((*many_muscles(count), make_activity("deltoid", seed=50, duration_s=2.0, rate_hz=10_000.0)))
    needle = case.findings.needle.copy()
    needle["fibrillation"] = pd.array([pd.NA, 0, 1, 2, 3, 4] * len(needle), dtype="Int64")[: len(needle)]
    findings = replace(case.findings, needle=needle, muscles=())
    longest = ("sciatic_midthigh", "superior_gluteal_tfl_branch", "femoral", "sciatic_fibular_division+root_S1")
    posterior = [{"site": site, "probability": 0.25, "prior": 0.1, "log_likelihood": -1.0} for site in longest]
    evidence = [
        {"finding": f"left {muscle}: fibrillation 1, positive sharp wave 2", "site": site, "against_none": 1.5 - rank}
        for muscle in MUSCLES[:count]
        for rank, site in enumerate(longest)
    ]
    answer = make_answer(findings, posterior=make_table(POSTERIOR, posterior), evidence=make_table(EVIDENCE, evidence))
    render_report(study=case.study, findings=findings, answer=answer, threads=1)
    assert len(drawn) >= count + 3
    assert [wrong for wrong in drawn if wrong] == []


def test_a_report_of_twelve_muscles_takes_less_than_ten_seconds(case: Case, tmp_path: Path) -> None:
    assert len({activity.muscle for activity in case.findings.activities}) == 10
    started = time.process_time()
    write_report(tmp_path / "report.html", **case.parts, threads=1)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_processes_changes_nothing_in_the_report(threads: int, case: Case, page: str) -> None:
    calls: list[None] = []
    assert render_report(**case.parts, threads=threads, advance=lambda: calls.append(None)) == page
    assert len(calls) == len(case.findings.activities)


def test_a_picture_in_axes_used_again_is_the_picture_in_new_ones() -> None:
    silent, busy = make_activity(duration_s=4.0), make_activity(trains=(Train("fibrillation", 9, 100),), duration_s=4.0)
    two = make_activity(trains=tuple(Train("fasciculation", rate, 900) for rate in (0.4, 7)), duration_s=4.0, seed=3)
    draw = [
        lambda: plot_train(busy, 1),
        lambda: plot_train(two, 1),
        lambda: plot_train(two, 2),
        *(partial(plot, one) for plot in (plot_sweeps, plot_recording) for one in (two, silent, busy)),
    ]
    alone = [picture(one, "", form="png").data for one in draw]
    with drawing():
        for order in (range(len(draw)), reversed(range(len(draw)))):
            for place in order:
                assert picture(draw[place], "", form="png").data == alone[place], place


def test_an_examiners_table_without_a_recording_or_nerve_study_renders() -> None:
    needle = make_table(
        NEEDLE,
        [
            {"muscle": "gluteus_maximus", "side": "left", "fibrillation": 2, "source": "examiner"},
            {"muscle": "soleus", "side": "left", "fibrillation": 0, "positive_sharp_wave": 0, "source": "examiner"},
        ],
    )
    findings = StudyFindings(needle, make_table(CONDUCTION))
    study = Study("scored by hand", conduction=make_table(CONDUCTION), needle=needle)
    parsed = Page(render_report(study=study, findings=findings, answer=make_answer(findings)))
    assert "Muscles" not in [text for _, text in parsed.headings]
    words = words_of(parsed)
    assert "No nerve conduction study was given." in words
    assert "scored by the examiner" in words
    assert "not assessed" in words


def test_an_examination_with_nothing_in_it_renders() -> None:
    findings = StudyFindings(make_table(NEEDLE), make_table(CONDUCTION))
    answer = Localization(
        make_table(POSTERIOR),
        make_table(FAMILIES),
        make_table(EVIDENCE),
        make_table(SUGGESTIONS),
        Verdict("indeterminate"),
    )
    words = words_of(
        Page(render_report(study=Study("empty", conduction=make_table(CONDUCTION)), findings=findings, answer=answer))
    )
    assert "No muscle was assessed." in words
    assert "Cannot be told from what was tested." in words


def test_not_assessed_is_never_printed_as_zero_and_equivocal_is_neither() -> None:
    needle = make_table(
        NEEDLE,
        [
            {"muscle": "soleus", "side": "left", "source": "recording"},
            {"muscle": "gluteus_medius", "side": "left", "positive_sharp_wave": 0, "source": "recording"},
        ],
    )
    muscles = (
        MuscleFinding("soleus", "left", None, None, None, reason="contraction throughout"),
        MuscleFinding("gluteus_medius", "left", None, None, 0, equivocal=True),
    )
    findings = StudyFindings(needle, make_table(CONDUCTION), muscles=muscles)
    page = render_report(
        study=Study("s", conduction=make_table(CONDUCTION)), findings=findings, answer=make_answer(findings)
    )
    cells = re.findall(r'<td class="grade">(.*?)</td>', page)
    assert cells == ["not gradable", "not gradable", "±", "0"]
    assert "contraction throughout" in page


def test_all_sites_that_a_reader_asks_about_are_named_with_a_word(page: str) -> None:
    words = words_of(Page(page[page.index('<dl class="rivals">') : page.index("</dl>")] + "</dl>"))
    for site in (
        "L5 root",
        "S1 root",
        "S2 root",
        "cauda equina",
        "sacral plexus",
        "sciatic nerve",
        "superior gluteal",
        "pudendal",
        "injury of the muscle",
    ):
        assert site in words, site


def test_a_report_says_why_what_is_open_and_what_would_settle_it_in_the_words_of_the_records() -> None:
    told = Explanation(
        tie="Plexus or sciatic: not separable by the muscles tested.",
        reasons=("Left soleus without fibrillations speaks for inferior gluteal nerve rather than <b>S1</b> root.",),
        unexplained=("Right soleus with fibrillations or sharp waves is not explained by inferior gluteal nerve.",),
        would_change=("Fibrillations in left piriformis would make S1 root lead.",),
    )
    rivals = (Rival("root_S1", "unlikely", "normal: soleus"), Rival("pudendal", "not tested", "not done: sphincter"))
    case = make_case(
        explanation=told,
        verdict=Verdict("probable", "left", rivals=rivals),
        settling=("piriformis", "soleus"),
        settling_hazards=("Deep: guidance needed.", ""),
        settling_probability=0.87,
    )
    page = render_report(**case.parts)
    words = words_of(Page(page))
    for sentence in (told.tie, told.unexplained[0], told.would_change[0], "rather than <b>S1</b> root."):
        assert sentence in words
    assert "rather than &lt;b&gt;S1&lt;/b&gt; root" in page
    assert "not expected to be settled; closest with left piriformis, soleus (85 % expected for the true one" in words
    assert "Caution: piriformis: deep: guidance needed." in words
    assert "What an inferior gluteal lesion has to be told from SiteIn wordsWhy" in words
    assert "S1 rootunlikelynormal: soleus" in words


def test_what_would_settle_the_leading_sites_is_said_for_every_state_of_it() -> None:
    def said(**changes: Any) -> str:
        return settling_text(make_case(**changes).answer)

    assert said() == ""
    assert "already told apart (> 95 % expected" in said(settling_probability=0.97)
    assert "no further test tells them apart (60 % expected" in said(settling_probability=0.6)
    settled = said(settling=("soleus",), settling_hazards=("",), settling_probability=0.96)
    assert settled.startswith(
        "Inferior gluteal nerve or injury of the muscle itself: expected to be settled by left soleus"
    )


def test_a_report_is_replaced_whole_or_not_at_all(
    tmp_path: Path, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.html"
    write_report(target, **small_case.parts)
    first = target.read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InputFileError, match=r"cannot be written \(No space left on device\); give the path"):
        write_report(target, **small_case.parts | {"answer": make_answer(small_case.findings, prior_name="general")})
    assert target.read_text(encoding="utf-8") == first
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_a_report_into_a_missing_folder_is_refused_before_any_work(tmp_path: Path, small_case: Case) -> None:
    with pytest.raises(InputFileError, match="does not exist; make it first"):
        write_report(tmp_path / "missing" / "report.html", **small_case.parts)


@pytest.mark.skipif(os.name == "nt", reason="file modes of POSIX systems")
def test_a_report_can_be_read_by_whoever_may_read_new_files(tmp_path: Path, small_case: Case) -> None:
    write_report(tmp_path / "report.html", **small_case.parts)
    (tmp_path / "other").write_text("x", encoding="utf-8")
    assert (tmp_path / "report.html").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_full_study_stays_light(page: str) -> None:
    assert len(page.encode()) < 10_000_000


def test_thresholds_sources_and_assumed_rows_are_in_the_small_print(page: str) -> None:
    words = words_of(Page(page[page.index('<section id="small-print"') : page.index("</main>")]))
    assert "left gluteus medius, posterior: flat throughout" in words
    row = page[page.index(">persistent span s<") :]
    cells = re.findall(r">([^<>]+)</t[dh]>", row[: row.index("</tr>")])
    meaning = "span from which the table of trains calls a train persistent"
    assert cells[:5] == ["persistent span s", "3", "s", meaning, "consensus"]
    assert "evidence expected: sacral plexus: gluteus maximus, gluteus medius" in words
    assert "Tsao BE, Levin KH, Bodner RA." in words


def test_a_grade_stands_beside_its_raw_numbers_its_interval_and_the_caution_on_amplitude(page: str) -> None:
    muscle = words_of(
        Page(page[page.index('<section class="muscle"') : page.index('<section class="recording"')] + "</section>")
    )
    for words in (
        "3 of 4 needle positions with a persistent train of denervation; 6 persistent trains",
        "11 discharges per second, 11 % of the baseline filled. Grading scheme: Mayo.",
        "95 % bootstrap interval over 4 needle positions: 1+ to 2+.",
        "upper lateral: 2 trains, 5.6 discharges per second, 5 % of the baseline filled",
        "lower medial: no trains",
        "deep: no trains; not counted, 4.2 s at rest of the 5 s that are needed",
        "Size of the discharges: 95th percentile of the amplitudes of 5 trains: 207 μV, compatible with less than",
        "12 months of denervation (no date: distant fibres are small as well",
    ):
        assert words in muscle, words
    assert words_of(Page(page)).count("bootstrap interval") == 1  # the silent muscles have none to tell
    assert words_of(Page(page)).count("Size of the discharges") == 1


def test_trains_beyond_those_pictured_are_still_in_the_table() -> None:
    trains = tuple(Train("fibrillation", 3 + k, 80 + 20 * k, 0.02, 0.1, 1.9) for k in range(9))
    case = make_case((make_activity(trains=trains, duration_s=2.0, rate_hz=10_000.0),))
    page = render_report(**case.parts)
    assert page.count('<div class="train"') == 6
    assert "6 of 9 trains are drawn below, each label before the second of one; the table has all." in page
    assert len(re.findall(r'class="swatch"[^>]*></span>Fibrillation potential</th>', page)) == 9


def test_of_each_label_a_train_is_pictured_before_a_second_of_another() -> None:
    labels = ("fibrillation",) * 6 + ("positive_sharp_wave", "endplate_spike")
    trains = tuple(Train(label, 3 + k, 80 + 20 * k, 0.02, 0.1, 1.9) for k, label in enumerate(labels))
    page = render_report(**make_case((make_activity(trains=trains, duration_s=2.0, rate_hz=10_000.0),)).parts)
    assert re.findall(r'class="train" id="recording-1-train-(\d)"', page) == ["1", "2", "3", "4", "7", "8"]


def test_every_recording_with_trains_has_a_picture_of_one_also_in_a_large_study() -> None:
    trains = tuple(Train("fibrillation", 3 + k, 80 + 20 * k, 0.02, 0.1, 1.9) for k in range(3))
    many = tuple(make_activity(trains=trains, site=str(k), seed=k, duration_s=2.0, rate_hz=10_000.0) for k in range(20))
    page = render_report(**make_case(many).parts)
    pictured = re.findall(r'class="train" id="recording-(\d+)-train-\d"', page)
    assert set(pictured) == {str(k) for k in range(1, 21)}
    assert len(pictured) == 48


def test_motor_units_are_in_the_needle_table_and_what_was_not_measured_is_said(case: Case) -> None:
    measured = {"motor_unit_amplitude_uv": 5200.0, "motor_unit_duration_ms": 17.5, "polyphasic_percent": 30.0}
    needle = case.findings.needle.copy()
    needle.loc[0, list(measured)] = list(measured.values())
    page = render_report(**(case.parts | {"findings": replace(case.findings, needle=needle)}))
    table = page.split('id="needle"')[1].split("</table>")[0]
    rows = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL)
    ]
    assert rows[0] == [
        "Side", "Muscle", "Nerve", "Roots", "Insert.", "Fib", "PSW", "Fasc", "MUP", "Amp, μV", "Dur, ms", "Poly, %",
        "Recruit.", "Sites",
    ]  # fmt: skip
    assert rows[1][9:12] == ["5200", "17.5", "30"]
    assert rows[2][9:12] == ["\u2013not measured"] * 3
