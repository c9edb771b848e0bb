"""Plain mappings as TOML text; the standard library reads TOML and does not write it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np

from emgkit.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(content: Mapping[str, object]) -> str:
    """Return a mapping as TOML: values first, then its tables and lists of tables, in their order.

    Parameters
    ----------
    content : mapping
        Of text, whole and real numbers, truth values, lists of them, mappings of these, and lists of mappings.

    Raises
    ------
    InputFileError
        For a value of another kind.

    Examples
    --------
    >>> from emgkit.files.toml_text import toml_text
    >>> print(toml_text({"id": "case 1", "history": {"diabetes": False}, "events": [{"what": "fall"}]}))
    id = "case 1"
    <BLANKLINE>
    [history]
    diabetes = false
    <BLANKLINE>
    [[events]]
    what = "fall"
    <BLANKLINE>
    """
    single = {key: value for key, value in content.items() if not _tables(value)}
    blocks = [_pairs(single)]
    for key, value in content.items():
        title = f"[{_key(key)}]" if isinstance(value, dict) else f"[[{_key(key)}]]"
        blocks += [f"{title}\n{_pairs(table)}" for table in _tables(value)]
    return "\n".join(block for block in blocks if block)


def _tables(value: object) -> list[dict[str, object]]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, dict)]


def _pairs(values: Mapping[str, object]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _value(value: object) -> str:
    if isinstance(value, np.generic):
        return _value(value.item())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_value(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in value.items())} }}"
    msg = f"{value!r} cannot be written as TOML; text, a number, true, false or a list of them is required."
    raise InputFileError(msg)
