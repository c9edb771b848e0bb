"""Laws that the syntax tree can hold: arguments, randomness, clinical numbers, imports."""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.house.source_code import imports, listed, modules, public_functions

if TYPE_CHECKING:
    from collections.abc import Iterator

ARITHMETIC = {0, 1, 2, 0.5, 100, 1000}
TINY = 1e-9  # what keeps a division or a logarithm finite
NO_CLINICAL_NUMBER = ("emgkit/findings/", "emgkit/localization/", "emgkit/pipeline.py", "emgkit/model/")

# (file, number): why it is no clinical number.
ARGUED = {
    ("emgkit/findings/spontaneous/settings.py", 50): "what public mains have, as a fact of engineering",
    ("emgkit/findings/spontaneous/settings.py", 60): "what public mains have, as a fact of engineering",
    ("emgkit/findings/spontaneous/naming.py", 10): "from where on a printed number needs no decimals",
    ("emgkit/findings/spontaneous/naming.py", 1e-6): "keeps a logarithm finite",
    ("emgkit/localization/legs.py", 40): "sweeps of an iteration, beyond the precision of a float",
    ("emgkit/localization/logs.py", 16): "how many probabilities are multiplied at once, far from the smallest float",
    (
        "emgkit/localization/reach.py",
        60,
    ): "halvings of a bisection, and its outermost logits: both beyond the precision of a float",
    ("emgkit/localization/observe.py", 1024): "how many reports are remembered: memory, not medicine",
    ("emgkit/localization/scenarios.py", 20_000): "how many likelihoods are worked on at once: memory, not medicine",
    ("emgkit/localization/suggest.py", 4): "how many leading sites are compared in pairs",
    ("emgkit/model/localization.py", 3): "how many sites a repr shows",
    ("emgkit/model/findings.py", 3): "a grade by its name",
    ("emgkit/model/findings.py", 4): "a grade by its name",
}


def test_no_import_is_relative() -> None:
    assert [module.place for module in modules() if any(level for _, level in imports(module.tree))] == []


def test_pyplot_and_its_hidden_state_are_never_imported() -> None:
    users = [
        module.place
        for module in modules()
        if any(name.startswith("matplotlib.pyplot") for name, _ in imports(module.tree))
    ]
    assert users == []


def test_public_functions_take_data_first_and_at_most_two_positional_arguments() -> None:
    counts = {
        f"{module.place}:{function.name}": len(function.args.posonlyargs) + len(function.args.args) - is_method
        for module in modules()
        if module.place != "emgkit/cli.py"  # click calls its commands by keyword
        for function, is_method in public_functions(module.tree)
    }
    assert len(counts) > 50, "the functions were not found"
    many = {place: count for place, count in counts.items() if count > 2}
    assert not many, listed(many)


def test_randomness_lives_in_simulate_only() -> None:
    users = {
        module.place: found
        for module in modules()
        if not module.place.startswith("emgkit/simulate/") and (found := sorted(set(_random(module.tree))))
    }
    assert users == {}


def test_the_search_for_randomness_finds_it() -> None:
    source = "import random\nfrom numpy.random import default_rng\nx = np.random.rand()\ny = default_rng(1)\n"
    assert set(_random(ast.parse(source))) == {"random", "numpy.random.default_rng", "np.random", "default_rng"}
    assert list(_random(ast.parse('def f():\n    """>>> np.random.default_rng(1)"""\n'))) == []


@pytest.mark.parametrize("room", NO_CLINICAL_NUMBER)
def test_no_clinical_number_stands_in_python(room: str) -> None:
    rooms = [module for module in modules() if module.place.startswith(room)]
    assert rooms, f"{room} has no module"
    met = {
        f"{module.place}:{line}": number
        for module in rooms
        for number, line in _numbers(module.tree)
        if not _is_arithmetic(number) and (module.place, number) not in ARGUED
    }
    assert not met, f"thresholds, limits, weights and rates live in the tables of emgkit/knowledge:{listed(met)}"


def test_every_argued_number_still_stands_where_it_is_argued() -> None:
    met = Counter((module.place, number) for module in modules() for number, _ in _numbers(module.tree))
    assert [key for key in ARGUED if not met[key]] == []
    assert [key for key, reason in ARGUED.items() if not reason.strip()] == []


def test_the_search_for_numbers_sees_them_and_not_truth_values_or_text() -> None:
    tree = ast.parse('x = [3.5, -7, True, "12", 2, 1e-12]\ny = x[3:4]\n')
    assert [number for number, _ in _numbers(tree) if not _is_arithmetic(number)] == [3.5, 7]


def _random(tree: ast.AST) -> Iterator[str]:
    for name, _ in imports(tree):
        if name.split(".")[0] in {"random", "secrets"} or name.startswith("numpy.random"):
            yield name
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "random" and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.random"
        if isinstance(node, (ast.Name, ast.Attribute)):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if name in {"default_rng", "RandomState"}:
                yield name


def _numbers(tree: ast.AST) -> Iterator[tuple[float, int]]:
    # A place in a sequence is no quantity.
    places = {id(each) for node in ast.walk(tree) if isinstance(node, ast.Subscript) for each in ast.walk(node.slice)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in {int, float} and id(node) not in places:
            yield node.value, node.lineno


def _is_arithmetic(number: float) -> bool:
    return number in ARITHMETIC or 0 < number <= TINY
