"""What is shipped, and what no file may say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.house.source_code import PACKAGE, ROOT

DATA = {".csv", ".toml", ".json", ".html", ".css", ".js", ".typed", ".pyi"}
TEXT = {
    ".py",
    ".pyi",
    ".md",
    ".toml",
    ".csv",
    ".json",
    ".html",
    ".css",
    ".js",
    ".txt",
    ".yml",
    ".yaml",
    ".sh",
    ".cfg",
    "",
}
# A place that exists on one machine only; addresses of web pages are none.
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:opt|work|root|home|Users|mnt|private|var/folders)/\w")


@cache
def repository_files() -> tuple[Path, ...]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout, so its files cannot be told from what was made in it")
    command = [git, "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)  # noqa: S603 - fixed arguments
    return tuple(path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file())


def package_data() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.suffix in DATA or path.name in DATA
    }


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_every_table_template_and_schema_is_in_the_wheel() -> None:
    wheel = pytest.importorskip(
        "hatchling.builders.wheel", reason="hatchling is not installed; the build makes the list"
    )
    shipped = {included.distribution_path for included in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}
    suffixes = {Path(name).suffix for name in package_data()}
    assert {".csv", ".toml", ".json", ".html", ".css", ".js", ".typed", ".pyi"} <= suffixes
    assert package_data() - shipped == set()
    assert [name for name in shipped if not name.startswith("emgkit/")] == []


def test_every_table_template_and_schema_is_known_to_git() -> None:
    known = {path.relative_to(ROOT).as_posix() for path in repository_files()}
    assert package_data() - known == set()


def test_no_file_names_a_place_on_one_machine() -> None:
    met = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in repository_files()
        if path.suffix in TEXT
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATH.search(line)
    ]
    assert met == []


def test_the_search_for_places_finds_them() -> None:
    place = PurePosixPath("/", "opt", "tool").as_posix()
    assert MACHINE_PATH.search(f"run {place} now")
    assert MACHINE_PATH.search(f'"{place}"')
    assert not MACHINE_PATH.search(f"https://example.org{place}")


def test_the_rooms_import_downwards_only() -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or shutil.which("lint-imports")
    if command is None:
        pytest.skip("import-linter is not installed; continuous integration runs the contract")
    done = subprocess.run(  # noqa: S603 - the program found above
        [command, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
