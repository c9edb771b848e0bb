"""What is loaded when: a bare import costs little, a help text needs no analysis."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.source_code import ROOT

HEAVY = {"numpy", "scipy", "pandas", "matplotlib", "mne", "jinja2", "edfio", "soundfile", "pyarrow", "wfdb", "tqdm"}
MOST_MODULES = 40


def loaded_by(statement: str) -> set[str]:
    """Return the names of the modules that a statement loads in a new interpreter, besides those already there."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run(  # noqa: S603 - this interpreter, on the line above
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(done.stdout.split())


def heavy(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names} & HEAVY


def test_importing_the_package_loads_no_library_and_few_modules() -> None:
    loaded = loaded_by("import emgkit")
    assert heavy(loaded) == set()
    assert 0 < len(loaded) <= MOST_MODULES


def test_the_ruler_sees_a_heavy_import() -> None:
    assert heavy(loaded_by("import numpy")) == {"numpy"}


@pytest.mark.parametrize(
    ("statement", "needed"),
    [
        ("import emgkit; emgkit.EmgkitError", set()),
        ("import emgkit.cli", set()),
        ("import emgkit; emgkit.Recording", {"numpy"}),
        ("import emgkit; emgkit.read_recording", {"numpy"}),
    ],
)
def test_a_name_loads_only_what_it_needs(statement: str, needed: set[str]) -> None:
    assert heavy(loaded_by(statement)) == needed


def test_finding_discharges_draws_nothing() -> None:
    loaded = heavy(loaded_by("import emgkit; emgkit.find_spontaneous_activity; emgkit.localize; emgkit.analyze_study"))
    assert loaded.isdisjoint({"matplotlib", "mne", "jinja2", "edfio", "soundfile"})
