"""The first minutes of a newcomer: help, and commands written wrongly."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from click.shell_completion import ShellComplete

from emgkit.cli import main
from tests.cli.command import call

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = ("analyze", "localize", "rest", "simulate")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_first_help_says_what_this_is_how_to_start_and_what_it_is_not(flag: str) -> None:
    done = call(flag)
    assert done.code == 0
    for said in ("where the lesion is", "not a diagnosis", "Start with", "emgkit analyze", "report.html", *COMMANDS):
        assert said in done.out


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (
            "analyze",
            (
                "STUDY",
                "study.toml",
                "recordings.csv",
                "report.html",
                "localization.json",
                "--output",
                "--prior",
                "mayo|preston_shapiro",
            ),
        ),
        ("rest", ("FILE", "EDF", "WAV", "--muscle", "--side", "left|right", "--channel", "--invert", "--uv-per-unit")),
        ("localize", ("NEEDLE", "muscle,side,fibrillation", "not assessed", "--conduction", "--weeks", "--json")),
        ("simulate", ("OUT", "--site", "inferior_gluteal", "root_S1", "none", "--seed", "--duration", "default: 12.0")),
    ],
)
def test_the_help_of_a_command_says_what_to_give_it(command: str, needed: tuple[str, ...]) -> None:
    done = call(command, "--help")
    assert done.code == 0
    for said in needed:
        assert said in done.out


@pytest.mark.parametrize("width", [80, 100])
def test_help_fits_the_screen(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in ((), *((each,) for each in COMMANDS)):
        assert max(map(len, call(*command, "--help").out.splitlines())) <= 100


def test_the_version_is_the_one_installed() -> None:
    assert version("emgkit") in call("--version").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("analyse", "study"), "No such command 'analyse'"),
        (("analyze", "study"), "Missing option '-o' / '--output'"),
        (("analyze", "study", "-o", "out", "--scheme", "kimura"), "'kimura' is not one of 'mayo', 'preston_shapiro'"),
        (("rest", "a.edf", "--side", "left"), "Missing option '--muscle'"),
        (("rest", "a.edf", "--muscle", "TA", "--side", "up"), "'up' is not one of 'left', 'right'"),
        (
            ("rest", "a.edf", "--muscle", "TA", "--side", "left", "--plot", "a.xls"),
            "'a.xls' does not end in one of .png, .svg",
        ),
        (("localize", "needle.csv", "--weeks", "-1"), "-1.0 is not in the range x>=0"),
        (("simulate", "out"), "Missing option '--site'"),
        (("simulate", "out", "--site", "none", "--seed", "-1"), "-1 is not in the range x>=0"),
        (("simulate", "out", "--site", "none", "--duration", "1e9"), "is not in the range"),
        (("simulate", "out", "--site", "none", "--rate", "inf"), "is not in the range"),
    ],
)
def test_a_command_written_wrongly_ends_with_two_and_says_what_is_wrong(arguments: tuple[str, ...], says: str) -> None:
    done = call(*arguments)
    assert done.code == 2
    assert done.out == ""
    (line,) = (line for line in done.err.splitlines() if line.startswith("Error: "))
    assert says in line


def test_the_first_help_names_every_command_in_a_whole_line() -> None:
    assert "..." not in call("--help").out.partition("Commands:")[2]


def test_words_to_choose_from_may_be_written_large(tmp_path: Path) -> None:
    options = ("--muscle", "TA", "--side", "Left", "--state", "REST")
    assert "does not exist" in call("rest", tmp_path / "missing.edf", *options).refusal
    assert "does not exist" in call("analyze", tmp_path / "missing", "-o", tmp_path / "out", "--scheme", "Mayo").refusal


def test_the_shell_completes_the_names_of_grading_schemes() -> None:
    shell = ShellComplete(main, {}, "emgkit", "_EMGKIT_COMPLETE")
    offered = shell.get_completions(["analyze", "study", "--scheme"], "pre")
    assert [each.value for each in offered] == ["preston_shapiro"]


def _process(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from emgkit.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter


def test_a_true_process_refuses_in_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = _process("rest", str(tmp_path / "missing.edf"), "--muscle", "TA", "--side", "left")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"Error: {tmp_path / 'missing.edf'} does not exist; check the name and the folder.\n"


def test_a_reader_that_stops_reading_ends_the_process_quietly(tmp_path: Path) -> None:
    needle = tmp_path / "needle.csv"
    needle.write_text("muscle,side,fibrillation\nTA,left,2\n")
    command = [sys.executable, "-c", "from emgkit.cli import main; main()", "localize", str(needle), "--json"]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""
    assert process.returncode != 0
