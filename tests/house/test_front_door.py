"""The names that everybody may use: few, typed, documented, each with an example."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache

import pytest

import emgkit
from tests.house.source_code import PACKAGE

MOST_NAMES = 40


@cache
def front_door() -> dict[str, str]:
    """Return each name with the module it comes from, as the stub says."""
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    return {
        alias.asname or alias.name: f"emgkit.{node.module}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def functions() -> list[str]:
    return [name for name in front_door() if inspect.isfunction(getattr(emgkit, name))]


def test_the_front_door_has_at_most_forty_names_and_lists_them() -> None:
    assert 0 < len(front_door()) <= MOST_NAMES
    assert sorted(dir(emgkit)) == sorted(front_door()) == sorted(emgkit.__all__)


@pytest.mark.parametrize("name", front_door())
def test_every_name_leads_to_what_its_module_defines(name: str) -> None:
    thing = getattr(emgkit, name)
    assert thing.__name__ == name
    assert thing.__module__ == front_door()[name]


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = emgkit.no_such_name


@pytest.mark.parametrize("name", functions())
def test_every_function_is_typed(name: str) -> None:
    signature = inspect.signature(getattr(emgkit, name))
    untyped = [each.name for each in signature.parameters.values() if each.annotation is inspect.Parameter.empty]
    assert untyped == []
    assert signature.return_annotation is not inspect.Signature.empty
    assert "Any" not in str(signature.return_annotation)


@pytest.mark.parametrize("name", functions())
def test_every_function_says_what_it_takes_and_gives(name: str) -> None:
    function = getattr(emgkit, name)
    sections = _sections(inspect.getdoc(function))
    signature = inspect.signature(function)
    assert _documented(sections["Parameters"]) == list(signature.parameters)
    assert ("Returns" in sections) == (signature.return_annotation != "None")
    assert ">>> " in sections["Examples"]


@pytest.mark.parametrize("name", sorted(set(front_door()) - set(functions())))
def test_every_class_is_documented_with_its_fields_and_an_example(name: str) -> None:
    thing = getattr(emgkit, name)
    sections = _sections(inspect.getdoc(thing))
    assert ">>> " in sections["Examples"]
    if hasattr(thing, "__dataclass_fields__"):
        shown = [field.name for field in thing.__dataclass_fields__.values() if field.init and field.name != "_"]
        assert sorted(_documented(sections["Parameters"])) == sorted(shown)


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(\w+)\n-{3,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _documented(section: str) -> list[str]:
    heads = [line.partition(" : ")[0] for line in section.splitlines() if line and not line.startswith(" ")]
    return [name.strip() for head in heads for name in head.split(",")]


def test_the_readme_tells_every_public_name():
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in emgkit.__all__ if f"`{name}`" not in readme] == []
