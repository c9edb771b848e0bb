"""What is known about a simulated recording: every unit and every discharge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from emgkit.simulate.firing import Firing
    from emgkit.simulate.potential import Potential
    from emgkit.simulate.units import Variant

_UNIT_COLUMNS = [
    "unit",
    "label",
    "variant",
    "rate_hz",
    "peak_to_peak_uv",
    "duration_ms",
    "n_events",
    "start_s",
    "stop_s",
]


@dataclass(frozen=True, eq=False, repr=False)
class RecordingTruth:
    """What is in a simulated recording.

    Parameters
    ----------
    events : pandas.DataFrame
        Every discharge in order of time: ``time_s`` (when the potential's largest peak passes), ``unit``, ``label``.
    units : pandas.DataFrame
        Every unit: ``unit, label, variant, rate_hz`` (nominal, at the start)``, peak_to_peak_uv, duration_ms`` (of the
        template)``, n_events, start_s, stop_s`` (first and last discharge).
    spans : pandas.DataFrame
        Activity without events: ``start_s, stop_s, what`` (``insertion``, ``endplate_noise``).
    """

    events: pd.DataFrame
    units: pd.DataFrame
    spans: pd.DataFrame

    def __repr__(self) -> str:
        return f"<RecordingTruth {len(self.units)} units, {len(self.events)} events>"


@dataclass(frozen=True, eq=False)
class Made:
    """One unit as it was drawn."""

    variant: Variant
    potential: Potential
    firing: Firing


def recording_truth(made: Sequence[Made], *, spans: Sequence[tuple[float, float, str]]) -> RecordingTruth:
    """Return the truth of a recording from its units.

    Parameters
    ----------
    made : sequence of Made
    spans : sequence of (start_s, stop_s, what)

    Examples
    --------
    >>> from emgkit.simulate.truth import recording_truth
    >>> recording_truth([], spans=[(0.0, 1.0, "endplate_noise")])
    <RecordingTruth 0 units, 0 events>
    """
    import pandas as pd  # noqa: PLC0415 - pandas is loaded when the first table is made

    times = [unit.firing.times_s for unit in made]
    counts = [len(each) for each in times]
    labels = np.array([unit.variant.label for unit in made], dtype=object)
    events = pd.DataFrame(
        {
            "time_s": np.concatenate([np.empty(0), *times]),
            "unit": np.repeat(np.arange(len(made)), counts),
            "label": np.repeat(labels, counts).astype(str),
        }
    )
    units = [_unit_row(number, unit) for number, unit in enumerate(made)]
    return RecordingTruth(
        events=events.sort_values("time_s", kind="stable", ignore_index=True),
        units=pd.DataFrame(units, columns=_UNIT_COLUMNS),
        spans=pd.DataFrame(list(spans), columns=["start_s", "stop_s", "what"]),
    )


def _unit_row(number: int, unit: Made) -> dict[str, object]:
    times = unit.firing.times_s
    return {
        "unit": number,
        "label": unit.variant.label,
        "variant": unit.variant.variant,
        "rate_hz": unit.firing.rate_hz,
        "peak_to_peak_uv": unit.potential.peak_to_peak_uv,
        "duration_ms": unit.potential.duration_ms,
        "n_events": len(times),
        "start_s": float(times.min()) if len(times) else np.nan,
        "stop_s": float(times.max()) if len(times) else np.nan,
    }
