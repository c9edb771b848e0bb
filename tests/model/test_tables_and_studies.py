"""Tables hold what their schemas declare; a study knows when it began."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from emgkit.errors import EmgkitError, InputFileError, SignalError, StudyError, TableError, UnitError, UnknownNameError
from emgkit.model.activity import EVENTS, EXCLUDED, SPANS, TRAINS
from emgkit.model.findings import CONDUCTION, NEEDLE, StudyFindings
from emgkit.model.localization import EVIDENCE, FAMILIES, POSTERIOR, SUGGESTIONS, Localization, Verdict
from emgkit.model.study import Study, StudyEvent
from emgkit.model.table import Column, Schema, check_table, make_table

SCHEMAS = (EVENTS, TRAINS, EXCLUDED, SPANS, NEEDLE, CONDUCTION, POSTERIOR, FAMILIES, EVIDENCE, SUGGESTIONS)
UNIT_SUFFIXES = {"_uv": "uV", "_mv": "mV", "_ms": "ms", "_s": "s", "_m_per_s": "m/s", "_mm": "mm", "_bits": "bit"}
PULSES = Schema("pulses", (
    Column("time_s", "number", "s", "when"),
    Column("train", "integer", "", "which"),
    Column("shown", "flag", "", "on the screen"),
    Column("grade", "grade", "0-4", "how many", (0, 1, 2, 3, 4)),
    Column("side", "text", "", "where", ("", "left", "right")),
))  # fmt: skip
PULSE = {"time_s": 0.5, "train": 1, "shown": True, "grade": 2, "side": "left"}


def test_a_table_has_the_declared_columns_in_their_order_and_kinds() -> None:
    table = make_table(PULSES, [dict(reversed(PULSE.items()))])
    assert list(table.columns) == PULSES.names == ["time_s", "train", "shown", "grade", "side"]
    assert [str(table[name].dtype) for name in PULSES.names[:4]] == ["float64", "int64", "bool", "Int64"]
    assert table.to_dict("records") == [PULSE]


def test_an_empty_table_has_its_columns_and_kinds_too() -> None:
    empty, full = make_table(PULSES), make_table(PULSES, [PULSE])
    assert len(empty) == 0
    assert empty.dtypes.equals(full.dtypes)


def test_what_a_row_leaves_out_is_missing_and_never_zero() -> None:
    table = make_table(PULSES, [{"train": 1, "shown": False}, PULSE])
    assert np.isnan(table["time_s"][0])
    assert table["grade"][0] is pd.NA
    assert table["side"].tolist() == ["", "left"]
    assert table["grade"][1] == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"when": 1.0}, "Table 'pulses' has no column when; its columns are time_s, train, shown, grade, side."),
        ({"train": None}, "Table 'pulses', column train, row 2: a value is required."),
        ({"shown": None}, "Table 'pulses', column shown, row 2: a value is required."),
        ({"train": "first"}, "Table 'pulses', column train: "),
        ({"time_s": "soon"}, "Table 'pulses', column time_s: "),
        ({"grade": 5}, "Table 'pulses', column grade, row 2: 5 is not one of 0, 1, 2, 3, 4."),
        ({"side": "both"}, "Table 'pulses', column side, row 2: 'both' is not one of '', 'left', 'right'."),
    ],
)
def test_a_row_that_breaks_the_declaration_is_refused_by_column_and_row(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(TableError, match=re.escape(says)) as caught:
        make_table(PULSES, [PULSE, {**PULSE, **wrong}])
    assert "\n" not in str(caught.value)


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(TableError, match="column train"):
        make_table(PULSES, [{**PULSE, "train": 1.5}])
    with pytest.raises(TableError, match="column grade"):
        make_table(PULSES, [{**PULSE, "grade": 1.5}])


def test_a_text_is_no_flag() -> None:
    with pytest.raises(TableError, match="column shown"):
        make_table(PULSES, [{**PULSE, "shown": "False"}])


def test_a_table_that_lacks_a_column_is_refused_by_its_name() -> None:
    frame = make_table(PULSES, [PULSE]).drop(columns=["train", "side"])
    with pytest.raises(TableError, match="Table 'pulses' lacks the column train, side"):
        check_table(frame, PULSES)


def test_checking_keeps_the_given_table_as_it_was_and_counts_rows_anew() -> None:
    frame = pd.DataFrame([{**PULSE, "extra": 1}], index=[7])
    before = frame.copy(deep=True)
    checked = check_table(frame, PULSES)
    pd.testing.assert_frame_equal(frame, before)
    assert list(checked.columns) == PULSES.names
    assert checked.index.tolist() == [0]


def test_a_long_table_of_arrays_takes_no_memory_beside_them() -> None:
    count = 200_000
    columns = {"time_s": np.arange(count) / 10, "train": np.zeros(count, np.int64)}
    schema = Schema("long", tuple(each for each in PULSES.columns if each.name in columns))
    make_table(schema)  # what is loaded with the first table
    tracemalloc.start()
    table = make_table(schema, columns)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == count
    assert peak < columns["time_s"].nbytes / 4


def test_a_checked_table_can_be_changed_without_the_one_it_came_from() -> None:
    frame = make_table(PULSES, [PULSE])
    checked = check_table(frame, PULSES)
    checked.loc[0, "time_s"] = 9.0
    assert frame.loc[0, "time_s"] == PULSE["time_s"]


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_column_has_a_meaning_and_numbers_have_their_unit(schema: Schema) -> None:
    assert len(set(schema.names)) == len(schema.names)
    for column in schema.columns:
        assert column.meaning.strip(), column.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        suffix = max((each for each in UNIT_SUFFIXES if column.name.endswith(each)), key=len, default=None)
        if suffix and not column.name.endswith("_per_s"):
            assert column.unit == UNIT_SUFFIXES[suffix], column.name
        if column.kind == "text":
            assert not column.unit, column.name
    assert make_table(schema).columns.tolist() == schema.names


def test_schemas_have_names_of_their_own() -> None:
    assert len({schema.name for schema in SCHEMAS}) == len(SCHEMAS)


def test_weeks_since_onset_are_as_stated_or_since_the_last_event_or_unknown() -> None:
    conduction = make_table(CONDUCTION)
    events = (StudyEvent("injection", 30.0), StudyEvent("fall", 6.0, "left"))
    assert Study("a", conduction=conduction).weeks_since_onset is None
    assert Study("a", conduction=conduction, events=events).weeks_since_onset == 6.0
    assert Study("a", conduction=conduction, events=events, onset_weeks=0.0).weeks_since_onset == 0.0
    assert repr(Study("a", conduction=conduction)) == "<Study 'a': 0 recordings, 0 nerve studies>"


def test_records_say_what_they_hold() -> None:
    findings = StudyFindings(needle=make_table(NEEDLE), conduction=make_table(CONDUCTION))
    assert repr(findings) == "<StudyFindings 0 muscles, abnormal: none; 0 nerve studies>"
    posterior = make_table(POSTERIOR, [{"site": "root_S1", "probability": 1.0, "log_likelihood": -1.0, "prior": 1.0}])
    tables = {
        "families": make_table(FAMILIES),
        "evidence": make_table(EVIDENCE),
        "suggestions": make_table(SUGGESTIONS),
    }
    answer = Localization(posterior, **tables, verdict=Verdict("indeterminate"), side="left")
    assert repr(answer) == "<Localization left root_S1 100%>"


@pytest.mark.parametrize("error", [InputFileError, UnitError, TableError, SignalError, UnknownNameError, StudyError])
def test_all_refusals_are_one_family(error: type[Exception]) -> None:
    assert issubclass(error, EmgkitError)
    assert issubclass(error, ValueError)
