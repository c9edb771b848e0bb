"""``emgkit localize``: from an examiner's table alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import BashComplete

from emgkit.cli import main
from emgkit.errors import EmgkitError
from emgkit.files.scored import read_scored
from tests.cli.command import call, check_answer

if TYPE_CHECKING:
    from pathlib import Path

USUAL = """Muscle,Side,Fibs,PSW,Recruitment
Gluteus Max.,L,2+,1+,reduced
glut med,left,0,0,normal
TA,L,0,0,normal
BFSH,L,0,0,
medial gastroc,L,0,0,
paraspinals,L,0,0,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "needle.csv"
    path.write_text(USUAL, encoding="utf-8")
    return path


def posterior(*arguments: object) -> dict[str, float]:
    done = call("localize", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return {row["site"]: row["probability"] for row in check_answer(done.out)["posterior"]}


def test_usual_spellings_give_a_differential_with_its_note(table: Path) -> None:
    done = call("localize", table, "--weeks", 6, "--prior", "gluteal_referral")
    assert (done.code, done.err) == (0, "")
    assert "inferior gluteal nerve" in done.out.splitlines()[0]
    assert "not a diagnosis" in done.out
    assert "Inferior gluteal nerve:" in done.out.splitlines()[-1]


def test_cautions_are_printed_with_the_answer_urgent_ones_first(tmp_path: Path) -> None:
    path = tmp_path / "both sides.csv"
    rows = [f"{muscle},{side},3" for muscle in ("gluteus maximus", "bulbocavernosus") for side in ("left", "right")]
    path.write_text("\n".join(["muscle,side,fibrillation", *rows]) + "\n", encoding="utf-8")
    lines = call("localize", path).out.splitlines()
    kinds = [line.partition(":")[0] for line in lines if line.startswith(("Urgent:", "Caution:"))]
    assert kinds == sorted(kinds, reverse=True)
    assert kinds[0] == "Urgent"
    assert any("both sides in S2 to S4" in line for line in lines if line.startswith("Urgent:"))
    assert any("time since onset was not told" in line for line in lines if line.startswith("Caution:"))
    assert not any("time since onset" in line for line in call("localize", path, "--weeks", 6).out.splitlines())


def test_the_reasons_the_rivals_and_what_would_settle_it_are_printed_and_written(table: Path) -> None:
    lines = call("localize", table, "--weeks", 6).out.splitlines()
    kinds = [line.partition(":")[0] for line in lines]
    assert {"Why", "Would change it", "Would settle it"} <= set(kinds)
    assert kinds.index("Why") < kinds.index("Would change it") < kinds.index("Would settle it")
    told = [line for line in lines if line.startswith("To be told from the inferior gluteal nerve, ")]
    assert any("not tested: " in line and "pudendal nerve" in line for line in told)
    document = check_answer(call("localize", table, "--weeks", 6, "--json").out)
    for sentence in document["explanation"]["reasons"] + document["explanation"]["would_change"]:
        assert any(line.endswith(sentence) for line in lines)
    assert [one["site"] for one in document["inferior_gluteal"]["rivals"]][:2] == ["root_S1", "root_S2"]
    assert 0.5 <= document["settling"]["probability"] <= 1
    assert len(document["settling"]["tests"]) == len(document["settling"]["hazards"]) <= 3


@pytest.mark.parametrize("separator", [";", "\t"])
def test_any_usual_separator_and_a_byte_order_mark_give_the_same_answer(table: Path, separator: str) -> None:
    expected = posterior(table)
    table.write_bytes(b"\xef\xbb\xbf" + USUAL.replace(",", separator).replace("\n", "\r\n").encode())
    assert posterior(table) == expected


def test_nerve_studies_and_weeks_change_the_answer(table: Path, tmp_path: Path) -> None:
    nerves = tmp_path / "nerves.csv"
    nerves.write_text("Nerve,Side,Result\nsural,L,absent\n", encoding="utf-8")
    alone, given = posterior(table), posterior(table, "--conduction", nerves)
    odds = [each["root_S1"] / each["sacral_plexus"] for each in (given, alone)]
    assert odds[0] < odds[1] / 3, "a root spares the sensory potential"
    assert posterior(table, "--weeks", 1) != alone


def test_age_changes_what_a_superficial_fibular_response_says(table: Path, tmp_path: Path) -> None:
    nerves = tmp_path / "nerves.csv"
    nerves.write_text("Nerve,Side,Result\nsuperficial fibular,L,reduced\n", encoding="utf-8")
    given = ("--conduction", nerves)
    assert posterior(table, *given, "--age", 72) != posterior(table, *given, "--age", 50) == posterior(table, *given)


def test_candidates_are_the_only_sites_considered(table: Path) -> None:
    assert set(posterior(table, "--candidate", "inferior_gluteal", "--candidate", "root_S1+root_L5")) == {
        "inferior_gluteal",
        "root_S1+root_L5",
    }


def test_an_empty_cell_is_not_assessed_and_changes_nothing(table: Path) -> None:
    alone = posterior(table)
    table.write_text(USUAL + "soleus,L,,,\n\n,,,,\n", encoding="utf-8")
    assert posterior(table) == pytest.approx(alone)
    table.write_text(USUAL + "soleus,L,0,0,\n", encoding="utf-8")
    assert posterior(table) != pytest.approx(alone)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no row below its header"),
        (b"\n\n", "no row below its header"),
        (b"muscle,side,fibrillation\n", "no row below its header"),
        (b"muscle\nTA\n", "lacks the column side; every row needs a muscle and a side"),
        (b"side,fibrillation\nleft,1\n", "muscle"),
        (b"muscle,side,fibrilation\nTA,left,1\n", "no column 'fibrilation'; did you mean fibrillation"),
        (b"muscle,side,fibrillation\nTA,left,7\n", "'7' is not a grade; write 0 to 4"),
        (b"muscle,side,fibrillation\nTA,both,1\n", "'both'"),
        (
            b"muscle,side,fibrillation\nglutus maximus,left,1\n",
            "Unknown muscle 'glutus maximus'; did you mean gluteus_maximus",
        ),
        (b"muscle,side,fibrillation\nTA,left\n", "line 2: 2 cells where the header has 3 columns"),
        (b"muscle,side,fibrillation\nTA,left,1,2\n", "line 2: 4 cells where the header has 3 columns"),
        (b"muscle,side,muscle\nTA,left,TA\n", "has the column 'muscle' 2 times"),
        (b'muscle,side,fibrillation\n"TA,left,1\n', "cannot be read as a table"),
        (b"\xff\xfe\x00m\x00u", "cannot be read as a table"),
        (b"PK\x03\x04\x00\x00\x00\x00", ""),
    ],
)
def test_a_table_that_cannot_be_understood_gets_one_line(table: Path, text: bytes, says: str) -> None:
    table.write_bytes(text)
    assert says in call("localize", table).refusal


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--conduction", "missing.csv"), "There is no file 'missing.csv'"),
        (("--prior", "nosuch"), "Unknown prior 'nosuch'"),
        (("--candidate", "root_S9"), "Unknown site 'root_S9'"),
        (("--weeks", "nan"), "weeks_since_onset is nan"),
        (("--chart", "nosuch"), "the charts are tsao, phillips_park, classical"),
        (("--age", 150), "age_years is 150.0; it must be from 0 to 120 years"),
    ],
)
def test_options_that_name_nothing_get_one_line(table: Path, options: tuple[str, str], says: str) -> None:
    assert says in call("localize", table, *options).refusal


def test_a_missing_table_and_an_unknown_site_get_one_line(tmp_path: Path) -> None:
    assert "There is no file" in call("localize", tmp_path / "needle.csv").refusal
    refusal = call("simulate", "--site", "inferior_glutael", tmp_path / "study").refusal
    assert refusal == "Unknown site 'inferior_glutael'; did you mean inferior_gluteal, superior_gluteal?"
    assert not (tmp_path / "study").exists()


def test_the_reader_keeps_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "needle.csv"
    path.write_text('# scored on paper\nmuscle;side;note\nTA; left ;"a, b; c"\n', encoding="utf-8")
    assert read_scored(path).to_dict("records") == [{"muscle": "TA", "side": " left ", "note": "a, b; c"}]
    assert json.dumps(read_scored(path).to_dict("records"))
    with pytest.raises(EmgkitError, match="is a folder; give a CSV with a header row"):
        read_scored(tmp_path)


def test_an_event_of_the_history_gives_lesions_an_age_of_their_own(table: Path) -> None:
    plain = posterior(table, "--weeks", 6)
    assert posterior(table, "--weeks", 6, "--event", 200) != plain
    assert posterior(table, "--weeks", 6, "--event", 6) == plain
    assert posterior(table, "--event", 200) == posterior(table, "--weeks", 200)
    assert call("localize", table, "--event", -1).code == 2


def test_pairs_that_add_nothing_are_in_the_json_and_not_in_the_list(table: Path) -> None:
    assert any("+" in site for site in posterior(table, "--weeks", 6))
    lines = [line for line in call("localize", table, "--weeks", 6).out.splitlines() if " %  " in line]
    assert len(lines) == 8
    assert not any(" and " in line for line in lines)


def test_findings_besides_the_tests_move_the_answer(table: Path) -> None:
    alone = posterior(table, "--weeks", 6)
    oedema = posterior(table, "--weeks", 6, "--imaging", "muscle oedema=gluteus maximus@left")
    assert oedema["inferior_gluteal"] > alone["inferior_gluteal"]
    jerk = posterior(table, "--weeks", 6, "--clinical", "ankle_jerk=absent@left", "--clinical", "hip extension=weak")
    assert jerk["root_S1"] / jerk["inferior_gluteal"] > 1.5 * alone["root_S1"] / alone["inferior_gluteal"]
    operated = posterior(table, "--weeks", 6, "--history", "muscle surgery=gluteus max.", "--side", "left")
    assert operated["local_muscle_injury"] > alone["local_muscle_injury"]


@pytest.mark.parametrize(
    ("option", "word", "told"),
    [
        ("--clinical", "ankle jurk=absent", "ankle_jerk"),
        ("--clinical", "ankle_jerk=blue", "it takes one of normal, reduced, absent"),
        ("--clinical", "ankle_jerk=absent@up", "the sides 'left' and 'right'"),
        ("--history", "diabetis", "diabetes"),
        ("--imaging", "muscle_oedema=gluteus maxinus", "gluteus_maximus"),
    ],
)
def test_a_finding_that_no_table_has_is_refused_with_the_way_out(
    table: Path, option: str, word: str, told: str
) -> None:
    assert told in call("localize", table, option, word).refusal


def test_a_finding_of_both_sides_is_two_words_and_of_one_side_not_twice(table: Path) -> None:
    one, other = "ankle_jerk=absent@left", "ankle jerk=normal@right"
    assert posterior(table, "--clinical", one, "--clinical", other)
    assert "twice" in call("localize", table, "--clinical", one, "--clinical", one).refusal
    assert "twice" in call("localize", table, "--clinical", one, "--clinical", "ankle_jerk").refusal


def test_the_shell_completes_ids_and_values() -> None:
    complete = BashComplete(main, {}, "emgkit", "_EMGKIT_COMPLETE")
    names = [one.value for one in complete.get_completions(["localize", "x.csv", "--clinical"], "ankle_")]
    assert "ankle_jerk" in names
    assert "ankle_dorsiflexion_power" in names
    values = [one.value for one in complete.get_completions(["localize", "x.csv", "--history"], "trauma=f")]
    assert values == ["trauma=femoral_fracture"]
