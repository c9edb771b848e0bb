"""Laws that every table of the knowledge room keeps."""

import csv
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from emgkit.errors import TableError, UnknownNameError
from emgkit.knowledge.tables import parse_rows, read_sources, resolve

FOLDER = Path(str(files("emgkit.knowledge")))
TABLES = sorted(FOLDER.glob("*.csv"))
NAMES = [path.name for path in TABLES]
SPELLING_TABLES = {"finding_spellings.csv"}  # how examiners write; the words themselves, no medicine


def rows_of(path: Path) -> list[dict[str, str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return list(csv.DictReader(lines[first:], strict=True))


def keys_of(cell: str) -> list[str]:
    return [key.strip() for key in cell.split(";")]


def cited() -> set[str]:
    keys = {key for path in TABLES for row in rows_of(path) for key in keys_of(row.get("source", "")) if key}
    others = [path for path in FOLDER.glob("*.toml") if path.name != "sources.toml"]
    return keys | {key for path in others for key in _toml_sources(tomllib.loads(path.read_text(encoding="utf-8")))}


def _toml_sources(content: object) -> set[str]:
    if isinstance(content, dict):
        own = keys_of(content["source"]) if isinstance(content.get("source"), str) else []
        return set(own).union(*map(_toml_sources, content.values()))
    return set().union(*map(_toml_sources, content)) if isinstance(content, list) else set()


def test_every_source_key_resolves():
    assert cited() - set(read_sources()) == set()


def test_no_source_is_unused():
    code = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py"))
    named_in_docstrings = {key for key in read_sources() if f"``{key}``" in code}
    assert set(read_sources()) - cited() - named_in_docstrings == set()


def test_every_source_says_what_was_read():
    assert {source.status for source in read_sources().values()} <= {"read", "recalled", "project"}
    assert all(len(source.citation) > 20 for source in read_sources().values())


@pytest.mark.parametrize("path", TABLES, ids=NAMES)
def test_a_table_opens_by_saying_what_it_is_and_has_whole_rows(path):
    assert path.read_text(encoding="utf-8").startswith("# ")
    rows = rows_of(path)
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


@pytest.mark.parametrize(
    "path", [path for path in TABLES if path.name not in SPELLING_TABLES], ids=lambda path: path.name
)
def test_every_row_has_a_source_and_a_valid_basis(path):
    for row in rows_of(path):
        assert row["basis"] in {"measured", "consensus", "assumed"}, row
        assert all(keys_of(row["source"])), row
        if "value" in row and path.name != "clinical_scales.csv":
            assert "unit" in row, path.name


@pytest.mark.parametrize("path", TABLES, ids=NAMES)
def test_no_table_knows_left_from_right(path):
    rows = [row for row in rows_of(path) if row.get("field") != "side"]
    words = {word for row in rows for cell in row.values() for word in re.findall(r"[a-z]+", cell.casefold())}
    assert not words & {"left", "right"}


@pytest.mark.parametrize("path", TABLES, ids=NAMES)
def test_no_row_is_given_twice(path):
    twice = [row for row, count in Counter(tuple(row.items()) for row in rows_of(path)).items() if count > 1]
    assert twice == []


@pytest.mark.parametrize(
    "path", [path for path in TABLES if path.name.endswith("_criteria.csv")], ids=lambda path: path.name
)
def test_no_criterion_is_given_two_values(path):
    twice = [key for key, count in Counter(row["key"] for row in rows_of(path)).items() if count > 1]
    assert twice == []


@dataclass(frozen=True)
class _Row:
    name: str
    value: float
    known: bool


GOOD = "# A table.\nname,value,known\nfibula,1.5,yes\n"


def test_a_good_table_becomes_records():
    assert parse_rows(GOOD, _Row, name="bones.csv") == (_Row("fibula", 1.5, known=True),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            GOOD.replace("known\n", "known,colour\n"),
            r"bones\.csv, line 2: column 'colour' is unknown; .*name, value, known",
        ),
        (GOOD.replace(",known", ""), r"bones\.csv, line 2: column 'known' is missing"),
        (GOOD.replace("1.5", "much"), r"bones\.csv, line 3, column 'value': 'much' cannot be read"),
        (GOOD.replace("yes", "maybe"), r"bones\.csv, line 3, column 'known': 'maybe' cannot be read .*yes or no"),
        (GOOD + "tibia,2\n", r"bones\.csv, line 4: 2 cells where the header has 3 columns"),
    ],
)
def test_a_wrong_table_is_refused_naming_file_line_and_column(text, message):
    with pytest.raises(TableError, match=message):
        parse_rows(text, _Row, name="bones.csv")


def test_an_unknown_name_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Unknown bone 'tibea'; did you mean tibia\?"):
        resolve("tibea", {"tibia": "tibia", "fibula": "fibula"}, what="bone")
