"""What every reader hands to the front door: one channel in microvolt, and how a channel is chosen among several."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emgkit.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from emgkit.model.recording import Samples


@dataclass(frozen=True, eq=False)
class ChannelData:
    """One channel as a file holds it, with what the file says about it; ``samples_uv`` has shape (n_samples,)."""

    samples_uv: Samples
    rate_hz: float
    channel: str
    electrode: str = ""
    highpass_hz: float | None = None
    lowpass_hz: float | None = None
    start_time: str = ""


def choose_channel(names: Sequence[str], channel: str | None, *, path: Path) -> int:
    """Return the position of the wanted channel.

    Parameters
    ----------
    names : sequence of str
        Channel names as the file gives them; the second of two equal names is called ``"EMG (2)"``.
    channel : str or None
        The wanted name. None will do when the file has one channel.
    path : Path
        For the error message.

    Raises
    ------
    InputFileError
        Listing the names, when there is no such channel or the choice is open.

    Examples
    --------
    >>> from pathlib import Path
    >>> from emgkit.files.channel_data import choose_channel
    >>> choose_channel(["EMG", "EMG", "Trigger"], "EMG (2)", path=Path("two.edf"))
    1
    """
    if not names:
        msg = (
            f"{path.name} has no signal channel, only annotations or nothing; one channel of EMG is required, export "
            "it again with its signals."
        )
        raise InputFileError(msg)
    unique = _unique(names)
    listed = ", ".join(repr(name) for name in unique)
    if channel is None:
        if len(unique) == 1:
            return 0
        msg = (
            f"{path.name} has {len(unique)} channels: {listed}; one recording is one channel, choose with channel=... "
            "(--channel)."
        )
        raise InputFileError(msg)
    if channel in unique:
        return unique.index(channel)
    msg = f"{path.name} has no channel {channel!r}; it has {listed}."
    raise InputFileError(msg)


def _unique(names: Sequence[str]) -> list[str]:
    totals, seen, unique = Counter(names), Counter[str](), []
    for name in names:
        seen[name] += 1
        unique.append(name if totals[name] == 1 else f"{name} ({seen[name]})")
    return unique
