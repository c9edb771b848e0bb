"""What the tests of findings share: comparison with a truth, and the folder of real recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def share_found(wanted_s, found_s, *, tolerance_s: float = 0.001, largest_offset_s: float = 0.005) -> float:
    """Return the share of wanted events that are found, one found event for each, after the median offset is removed.

    Two people who mark the same potential mark another point of it; the offset is one number for the whole train.
    """
    wanted_s, found_s = np.sort(np.asarray(wanted_s)), np.sort(np.asarray(found_s))
    if len(found_s) == 0:
        return 0.0
    nearest = np.abs(found_s[:, None] - wanted_s).argmin(axis=0)
    off = found_s[nearest] - wanted_s
    near = np.abs(off) <= largest_offset_s
    if not near.any():
        return 0.0
    hit = near & (np.abs(off - np.median(off[near])) < tolerance_s)
    return len(np.unique(nearest[hit])) / len(wanted_s)


@pytest.fixture
def found_share():
    return share_found


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the real recordings are not at {SHARED}")
    return SHARED
