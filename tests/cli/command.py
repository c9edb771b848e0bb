"""A way to call the command line, and what its answers must be."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from importlib import resources

import jsonschema
import pytest
from click.testing import CliRunner

from emgkit.cli import main

RATE_HZ = 12000


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def refusal(self) -> str:
        """The one line that says what was refused; fails when there is another line or a result."""
        assert self.code == 1, (self.code, self.err)
        assert self.out == ""
        (line,) = self.err.splitlines()
        assert line.startswith("Error: ")
        return line.removeprefix("Error: ")


def call(*arguments: object) -> Done:
    """Run ``emgkit`` with these arguments; an exception that is not meant for the user fails the test."""
    separated = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    done = CliRunner(**separated).invoke(main, [str(each) for each in arguments], prog_name="emgkit")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


def refuse_constant(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


def check_answer(text: str) -> dict[str, object]:
    document = json.loads(text, parse_constant=refuse_constant)
    schema = json.loads((resources.files("emgkit.files") / "localization.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert sum(row["probability"] for row in document["posterior"]) == pytest.approx(1.0)
    return document
