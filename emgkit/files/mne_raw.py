"""The border to MNE: its volts become microvolt here, and microvolt volts."""

from __future__ import annotations

import datetime as dt
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from emgkit.errors import InputFileError, UnitError
from emgkit.files.marks import descriptions, marks
from emgkit.model.recording import Recording

if TYPE_CHECKING:
    from mne.io import BaseRaw, RawArray

    from emgkit.model.activity import SpontaneousActivity
    from emgkit.model.recording import Side, State

_MICROVOLTS_IN_VOLT = 1e6
_GAPS = ("BAD_ACQ_SKIP", "EDGE boundary")  # how MNE marks that samples do not follow each other


def from_mne(
    raw: BaseRaw,
    *,
    muscle: str,
    side: Side,
    channel: str | None = None,
    site: str = "",
    state: State = "rest",
    electrode: str = "",
    invert: bool = False,
) -> Recording:
    """Return one channel of an MNE Raw object as a recording in microvolt.

    Parameters
    ----------
    raw : mne.io.BaseRaw
    muscle : str
        Muscle id or one of its usual spellings.
    side : {"left", "right"}
    channel : str, optional
        Channel name; needed when there are several channels of type EMG, or none and several of others.
    site, state, electrode : str
        See ``Recording``.
    invert : bool
        True when positive numbers mean a negative electrode.

    Returns
    -------
    Recording

    Raises
    ------
    InputFileError
        When the choice of channel is open, or the recording has gaps.
    UnitError
        When the channel does not hold volts, or its file named no unit and MNE took it for volts.
    UnknownNameError
        For a muscle that no table knows.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.mne_raw import from_mne, to_mne
    >>> from emgkit.model.recording import Recording
    >>> recording = Recording(np.array([0.0, 50.0, -20.0]), 4000.0, muscle="soleus", side="left")
    >>> from_mne(to_mne(recording), muscle="soleus", side="left").samples_uv.round(9)
    array([  0.,  50., -20.])
    """
    from emgkit.knowledge.anatomy import find_muscle  # noqa: PLC0415 - the tables are read when a muscle is named

    name = _choose(raw, channel)
    _require_volts(raw, name)
    _refuse_gaps(raw)
    volts = raw.get_data(picks=[raw.ch_names.index(name)])[0]
    start = raw.info["meas_date"]
    return Recording(
        volts * (-_MICROVOLTS_IN_VOLT if invert else _MICROVOLTS_IN_VOLT),
        float(raw.info["sfreq"]),
        muscle=find_muscle(muscle),
        side=side,
        site=site,
        state=state,
        electrode=electrode,
        start_time=start.replace(tzinfo=None).isoformat() if start else "",
        source_file=str(raw.filenames[0] or ""),
        channel=name,
    )


def to_mne(recording: Recording, activity: SpontaneousActivity | None = None) -> RawArray:
    """Return a recording as an MNE Raw object in volts, its discharges as annotations.

    Parameters
    ----------
    recording : Recording
    activity : SpontaneousActivity, optional
        What was found in it. Every discharge becomes an annotation whose description is the label of its train, or
        ``unsorted``; where MNE can hold them, its train and size go along as extras. So do spans of endplate noise,
        and spans that were left out, as ``BAD_`` with the reason.

    Returns
    -------
    mne.io.RawArray
        One channel of type EMG. A start time without zone is taken as UTC.

    Raises
    ------
    InputFileError
        When ``start_time`` is not an ISO date and time.

    Examples
    --------
    >>> import numpy as np
    >>> from emgkit.files.mne_raw import to_mne
    >>> from emgkit.model.recording import Recording
    >>> raw = to_mne(Recording(np.full(4000, 100.0), 4000.0, muscle="soleus", side="left"))
    >>> raw.get_channel_types(), float(raw.get_data()[0, 0])
    (['emg'], 0.0001)
    """
    import mne  # noqa: PLC0415 - a heavy library, loaded when it is asked for

    name = recording.channel or "EMG"
    info = mne.create_info([name], recording.rate_hz, ["emg"])
    volts = np.asarray(recording.samples_uv, dtype=np.float64)[np.newaxis] / _MICROVOLTS_IN_VOLT
    raw = mne.io.RawArray(volts, info, verbose="error")
    if recording.start_time:
        raw.set_meas_date(_start(recording.start_time))
    if activity is not None:
        raw.set_annotations(_annotations(activity, name, raw.info["meas_date"]))
    return raw


def _start(text: str) -> dt.datetime:
    try:
        start = dt.datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"start_time is {text!r}; an ISO date and time such as '2024-05-06T07:08:09' is required, or none."
        raise InputFileError(msg) from error
    return start.astimezone(dt.UTC) if start.tzinfo else start.replace(tzinfo=dt.UTC)


def _annotations(activity: SpontaneousActivity, channel: str, start: dt.datetime | None) -> Any:
    import mne  # noqa: PLC0415

    table = marks(activity)
    extras = [
        {"train": int(train)} if np.isnan(size) else {"train": int(train), "peak_to_peak_uv": float(size)}
        for train, size in zip(table["train"], table["peak_to_peak_uv"], strict=True)
    ]
    more = {"extras": extras} if "extras" in signature(mne.Annotations).parameters else {}
    return mne.Annotations(
        table["onset_s"].to_numpy(),
        table["duration_s"].to_numpy(),
        descriptions(table),
        orig_time=start,
        ch_names=[[channel]] * len(table),
        **more,
    )


def _choose(raw: BaseRaw, channel: str | None) -> str:
    names = list(raw.ch_names)
    if channel is not None and channel not in names:
        msg = f"The Raw object has no channel {channel!r}; it has {', '.join(map(repr, names))}."
        raise InputFileError(msg)
    if channel is not None:
        return channel
    electromyography = [name for name, kind in zip(names, raw.get_channel_types(), strict=True) if kind == "emg"]
    candidates = electromyography or names
    if len(candidates) == 1:
        return str(candidates[0])
    msg = (
        f"The Raw object has {len(candidates)} channels to choose from: {', '.join(map(repr, candidates))}; choose "
        "with channel=..."
    )
    raise InputFileError(msg)


def _refuse_gaps(raw: BaseRaw) -> None:
    for onset, description in zip(raw.annotations.onset, raw.annotations.description, strict=True):
        if description in _GAPS:
            msg = f"The Raw object has a gap at {onset:g} s ({description}); crop it there, one recording has no gaps."
            raise InputFileError(msg)


def _require_volts(raw: BaseRaw, name: str) -> None:
    from mne.io.constants import FIFF  # noqa: PLC0415

    unit = raw.info["chs"][raw.ch_names.index(name)]["unit"]
    if unit != FIFF.FIFF_UNIT_V:
        msg = (
            f"Channel {name!r} is not in volts ({unit!r}); choose another with channel=, or set its type to 'emg' "
            "where it is one."
        )
        raise UnitError(msg)
    original = getattr(raw, "_orig_units", {}).get(name)
    if original is not None and original.strip().lower() in {"", "n/a"}:
        msg = (
            f"The file of channel {name!r} names no unit and MNE took it for volts; read it with read_recording(..., "
            "uv_per_unit=)."
        )
        raise UnitError(msg)
