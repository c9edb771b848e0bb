"""Sizes that keep the code readable."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.source_code import functions, imports_at_load, length, listed, modules

MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 50


def test_the_ruler_measures_a_function_without_its_docstring() -> None:
    function = next(functions(ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x\n')))
    assert length(function) == 3


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    lengths = {module.place: len(module.text.splitlines()) for module in modules()}
    assert lengths, "no source was found"
    long = {place: lines for place, lines in lengths.items() if lines > MOST_LINES_OF_A_MODULE}
    assert not long, listed(long)


def test_no_function_is_longer_than_fifty_lines() -> None:
    lengths = {
        f"{module.place}:{function.name}": length(function)
        for module in modules()
        for function in functions(module.tree)
    }
    long = {place: lines for place, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION}
    assert not long, listed(long)


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    names = {module.name for module in modules()}
    graph = {
        module.name: {
            owner
            for name in imports_at_load(module.tree)
            for owner in (name, name.rpartition(".")[0])
            if owner in names
        }
        for module in modules()
    }
    assert sum(map(len, graph.values())) > len(graph), "the imports were not read"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import circle: {' -> '.join(error.args[1])}")


def test_the_pipeline_decides_nothing() -> None:
    (pipeline,) = (module for module in modules() if module.place == "emgkit/pipeline.py")
    decisions = [
        node.lineno
        for node in ast.walk(pipeline.tree)
        if isinstance(node, (ast.IfExp, ast.Match, ast.While, ast.Try))
        or (isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING")
        or (isinstance(node, ast.comprehension) and node.ifs)
    ]
    assert decisions == []
