from __future__ import annotations

import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emgkit.errors import InputFileError
from emgkit.files.table_text import read_table, write_table
from emgkit.files.toml_text import toml_text
from emgkit.model.findings import CONDUCTION
from emgkit.model.table import make_table

values = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text())
flat = st.dictionaries(st.text(min_size=1), st.one_of(values, st.lists(st.text()), st.lists(st.integers(0, 9))))


@given(top=flat, table=flat, tables=st.lists(flat, min_size=1, max_size=3))
def test_toml_text_reads_back_as_the_same_mapping(top, table, tables):
    content = {**top, "a table": table, "tables": tables}
    assert tomllib.loads(toml_text(content)) == content


def test_toml_refuses_what_it_cannot_say():
    with pytest.raises(InputFileError, match="cannot be written as TOML; text, a number, true, false or a list"):
        toml_text({"a": None})
    assert tomllib.loads(toml_text({"a": np.float64(0.5), "b": np.bool_(True)})) == {"a": 0.5, "b": True}


texts = st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: not text or text.strip())
numbers = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))


@given(rows=st.lists(st.fixed_dictionaries({"study": st.just("h_reflex"), "side": st.sampled_from(["left", "right"]),
       "note": texts, "amplitude_mv": numbers, "latency_ms": numbers}), max_size=6))  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_tables_come_back_with_every_value(tmp_path, rows):
    table = make_table(CONDUCTION, rows)
    write_table(tmp_path / "conduction.csv", table, keep=("study", "side"))
    read = [row for _, row in read_table(tmp_path / "conduction.csv", CONDUCTION, required=("study", "side"))]
    pd.testing.assert_frame_equal(make_table(CONDUCTION, read), table, check_exact=True)
