"""What was found in a recording as marks on its time axis: annotations for MNE, ``events.tsv`` for BIDS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emgkit.knowledge.anatomy import labels
from emgkit.knowledge.mdc import activity_code
from emgkit.knowledge.names import label_name
from emgkit.model.activity import UNSORTED
from emgkit.model.table import Column, Schema, check_table, make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from emgkit.model.activity import SpontaneousActivity

EXCLUDED = "excluded"

MARKS = Schema("marks", (
    Column("onset_s", "number", "s", "from the start of the recording"),
    Column("duration_s", "number", "s", "0 for a discharge, whose time is a point"),
    Column("what", "text", "", "label of the train, unsorted, endplate_noise or excluded"),
    Column("train", "integer", "", "number of the train; -1 for none"),
    Column("peak_to_peak_uv", "number", "uV", "size of the discharge; missing for a span"),
    Column("reason", "text", "", "why a span was left out"),
))  # fmt: skip

_LINE_BREAKERS = re.compile(r"[,#:\r\n]")  # would end a cell, a line or a name in MNE's text


def marks(activity: SpontaneousActivity) -> pd.DataFrame:
    """Return every discharge and span of a recording as a mark, in the order of time.

    Parameters
    ----------
    activity : SpontaneousActivity

    Returns
    -------
    pandas.DataFrame
        Schema ``MARKS``; seconds and microvolt.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.marks import marks
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> marks(emgkit.find_spontaneous_activity(recording))["what"].value_counts().index.tolist()
    ['fibrillation']
    """
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when tables are written

    names = dict(zip(activity.trains["train"], activity.trains["label"], strict=True))
    events = activity.events
    discharges = {
        "onset_s": events["time_s"],
        "duration_s": 0.0,
        "what": [names.get(train, "unsorted") for train in events["train"]],
        "train": events["train"],
        "peak_to_peak_uv": events["peak_to_peak_uv"],
        "reason": "",
    }
    spans = [_span(row, str(row.what), "") for row in activity.spans.itertuples()]
    spans += [_span(row, EXCLUDED, str(row.reason)) for row in activity.excluded.itertuples()]
    parts = [part for part in (pd.DataFrame(discharges), pd.DataFrame(spans)) if len(part)]
    table = pd.concat(parts, ignore_index=True) if parts else make_table(MARKS)
    return check_table(table.reindex(columns=MARKS.names).sort_values("onset_s", kind="stable"), MARKS)


def _span(row: Any, what: str, reason: str) -> dict[str, Any]:
    length_s = row.stop_s - row.start_s
    return {"onset_s": row.start_s, "duration_s": length_s, "what": what, "train": UNSORTED, "reason": reason}


def descriptions(table: pd.DataFrame) -> list[str]:
    """Return what MNE calls each mark: spans that were left out begin with ``BAD_``, and MNE passes over them.

    Examples
    --------
    >>> from emgkit.files.marks import MARKS, descriptions
    >>> from emgkit.model.table import make_table
    >>> span = {"onset_s": 1.0, "duration_s": 0.5, "what": "excluded", "train": -1, "reason": "movement"}
    >>> descriptions(make_table(MARKS, [span]))
    ['BAD_movement']
    """
    pairs = zip(table["what"], table["reason"], strict=True)
    return [f"BAD_{_LINE_BREAKERS.sub(';', reason)}" if what == EXCLUDED else str(what) for what, reason in pairs]


def annotations_text(activity: SpontaneousActivity, *, identified: bool = False) -> str:
    """Return the marks as text that ``mne.read_annotations`` reads: seconds from the start, without a date.

    The size of a span is written as 0.

    Parameters
    ----------
    activity : SpontaneousActivity
    identified : bool
        The name of the channel goes along, where it has one that MNE's text can hold.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.marks import annotations_text
    >>> unit = emgkit.SimulatedUnit("fibrillation", rate_hz=8.0)
    >>> recording, truth = emgkit.simulate_recording([unit], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> annotations_text(emgkit.find_spontaneous_activity(recording)).splitlines()[:2]
    ['# MNE-Annotations', '# onset, duration, description, train, peak_to_peak_uv']
    """
    table = marks(activity)
    channel = activity.recording.channel.strip()
    spans = {EXCLUDED, *activity.spans["what"]}
    named = identified and bool(channel) and not _LINE_BREAKERS.search(channel)
    columns = ["onset", "duration", "description", *(["ch_names"] if named else []), "train", "peak_to_peak_uv"]
    lines = ["# MNE-Annotations", f"# {', '.join(columns)}"]
    sizes_uv = table["peak_to_peak_uv"].mask(table["what"].isin(spans), 0.0)  # an empty cell would make text of all
    cells = zip(table["onset_s"], table["duration_s"], descriptions(table), table["train"], sizes_uv, strict=True)
    for onset_s, duration_s, description, train, size_uv in cells:
        place = [repr(onset_s), repr(duration_s), description, *([channel] if named else [])]
        lines.append(",".join([*place, str(train), repr(size_uv)]))
    return "\n".join(lines) + "\n"


def events_table(activity: SpontaneousActivity) -> pd.DataFrame:
    """Return the marks with the columns of a BIDS ``events.tsv``; missing cells are ``n/a``.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.marks import events_table
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, rng=4)
    >>> list(events_table(emgkit.find_spontaneous_activity(recording)))
    ['onset', 'duration', 'trial_type', 'train', 'mdc_code', 'peak_to_peak', 'reason']
    """
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when tables are written

    table = marks(activity)
    codes = {what: activity_code(what) for what in table["what"].unique()}
    return pd.DataFrame({
        "onset": table["onset_s"].map(repr),
        "duration": table["duration_s"].map(repr),
        "trial_type": table["what"],
        "train": [str(train) if train != UNSORTED else "n/a" for train in table["train"]],
        "mdc_code": [str(codes[what] or "n/a") for what in table["what"]],
        "peak_to_peak": [repr(size) if size == size else "n/a" for size in table["peak_to_peak_uv"]],  # noqa: PLR0124
        "reason": [" ".join(reason.split()) or "n/a" for reason in table["reason"]],
    })  # fmt: skip


def events_sidecar() -> dict[str, Any]:
    """Return what the columns of ``events.tsv`` mean, as BIDS has it in a JSON file beside.

    Examples
    --------
    >>> from emgkit.files.marks import events_sidecar
    >>> events_sidecar()["trial_type"]["Levels"]["fibrillation"]
    'Fibrillation potential'
    """
    levels = {label: label_name(label) for label in labels()}
    levels |= {
        "unsorted": "Discharge that belongs to no train",
        "endplate_noise": "Span of endplate noise; its discharges are not counted",
        EXCLUDED: "Span that was not analysed, see reason",
    }
    return {
        "onset": {"Description": "Fixed point of the discharge, or start of the span", "Units": "s"},
        "duration": {"Description": "0 for a discharge, whose time is a point", "Units": "s"},
        "trial_type": {
            "LongName": "Kind of activity",
            "Description": "Given by software, not reviewed by an examiner",
            "Levels": levels,
        },
        "train": {
            "Description": "Number of the train in this recording; discharges of one train are of one fibre or unit"
        },
        "mdc_code": {
            "Description": "Code of ISO/IEEE 11073-10101 for the kind of activity, partition times 65536 plus term"
        },
        "peak_to_peak": {"Description": "Size of the discharge", "Units": "uV"},
        "reason": {"Description": "Why a span was not analysed"},
    }


def bids_names(activities: Sequence[SpontaneousActivity], *, subject: str = "") -> list[str]:
    """Return the path of each recording's ``events.tsv`` in a BIDS folder.

    Parameters
    ----------
    activities : sequence of SpontaneousActivity
    subject : str
        Free text, of which letters and digits are kept; ``01`` when none remain.

    Examples
    --------
    >>> import emgkit
    >>> from emgkit.files.marks import bids_names
    >>> recording, truth = emgkit.simulate_recording([], duration_s=6.0, rate_hz=24000.0, muscle="TA", rng=4)
    >>> bids_names([emgkit.find_spontaneous_activity(recording)], subject="case 7")
    ['sub-case7/emg/sub-case7_task-rest_acq-leftTibialisAnterior_run-01_events.tsv']
    """
    label = re.sub(r"[^A-Za-z0-9]", "", subject) or "01"
    runs: dict[str, int] = {}
    names = []
    for activity in activities:
        words = activity.muscle.split("_")
        place = activity.recording.side + "".join(word[:1].upper() + word[1:] for word in words)
        start = f"sub-{label}_task-{activity.recording.state}_acq-{place}"
        runs[start] = runs.get(start, 0) + 1
        names.append(f"sub-{label}/emg/{start}_run-{runs[start]:02d}_events.tsv")
    return names
