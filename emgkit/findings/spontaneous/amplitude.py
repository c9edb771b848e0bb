"""What the size of a muscle's fibrillations may say about their age, and what it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from emgkit.knowledge.tables import criteria_values

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_A_DATE = "no date: distant fibres are small as well, and the electrode of the published series is unknown"


@dataclass(frozen=True)
class AmplitudeStatement:
    """Largest fibrillations of a muscle, and the bounded words they allow.

    Parameters
    ----------
    amp95_uv : float or None
        Peak to peak; None with too few trains.
    trains : int
        Trains it was taken over.
    statement : str
        Empty when nothing may be said about age.
    caution : str
        Why nothing may be said, or how little the statement says.
    """

    amp95_uv: float | None
    trains: int
    statement: str
    caution: str


def judge_amplitude(amplitudes_uv: Sequence[float], *, electrodes: Sequence[str]) -> AmplitudeStatement:
    """Summarize the sizes of denervation trains, and say what they are compatible with.

    The largest potentials shrink with the fibres. In the one published series none were larger than 100 uV after the
    first year; it took the largest potential of a patient, where this takes a percentile, which one train cannot carry.

    Parameters
    ----------
    amplitudes_uv : sequence of float
        Peak to peak of the averaged discharge of each denervation train; NaN where it was not measured.
    electrodes : sequence of str
        Of the positions these come from; empty where unknown.

    Returns
    -------
    AmplitudeStatement

    References
    ----------
    Source key ``kraft_1990``.

    Examples
    --------
    >>> from emgkit.findings.spontaneous.amplitude import judge_amplitude
    >>> judge_amplitude([90.0, 120.0, 150.0, 200.0, 310.0], electrodes=["concentric"]).statement
    'compatible with less than 12 months of denervation'
    >>> judge_amplitude([40.0] * 6, electrodes=["concentric"]).statement
    ''
    """
    values = criteria_values("amplitude_criteria")
    sizes_uv = np.array([size for size in amplitudes_uv if np.isfinite(size)])
    count, fewest = len(sizes_uv), values["amplitude_least_trains"]
    if count < fewest:
        caution = f"{count} of at least {fewest:g} trains that a summary of amplitudes needs" if count else ""
        return AmplitudeStatement(None, count, "", caution)
    amp95_uv = float(np.percentile(sizes_uv, values["amplitude_percentile"]))
    used = sorted({electrode.strip().casefold() for electrode in electrodes})
    if used in ([], [""]) or len(used) > 1:
        which = "the electrode is not recorded" if not any(used) else "the electrodes differ or are partly unknown"
        return AmplitudeStatement(amp95_uv, count, "", f"{which}, so the amplitude says nothing about age")
    return AmplitudeStatement(amp95_uv, count, *_words(amp95_uv, count))


def _words(amp95_uv: float, count: int) -> tuple[str, str]:
    values = criteria_values("amplitude_criteria")
    limit_uv, months = values["amplitude_limit_uv"], values["amplitude_limit_months"]
    if amp95_uv > limit_uv:
        return f"compatible with less than {months:g} months of denervation", NOT_A_DATE
    if count < values["amplitude_small_trains"]:
        fewest = f"with fewer than {values['amplitude_small_trains']:g} trains"
        return "", f"not above {limit_uv:g} μV, no evidence of chronicity {fewest}: distant fibres are small as well"
    described = f"not above {limit_uv:g} μV, as described after {months:g} months of denervation"
    return described, f"weak evidence at most, and {NOT_A_DATE}"
